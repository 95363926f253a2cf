"""What a lesson imports of Jupyter, where there is no Jupyter: a display that prints, sliders at rest.

`python -m kd_course run NN --plain` puts these two modules in the place of IPython and ipywidgets
for as long as a lesson runs. They hold what lessons use of them, and no more.
"""

from __future__ import annotations

import base64
import contextlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Display:
    """`IPython.display.display` for a terminal: text is printed, a picture goes into a file.

    folder: where pictures go, as picture-01.png and so on; those of an earlier run are removed.
    None: they go nowhere, for a process that is not the first of several.
    """

    def __init__(self, folder: Path | None):
        self._folder, self._pictures = folder, 0
        if folder is not None:
            for left_over in folder.glob("picture-[0-9][0-9]*.png"):
                left_over.unlink()

    def __call__(self, *shown: Any, raw: bool = False, **_: Any) -> None:
        """Show each; raw: it is a dict from kinds to content, as lessons give it."""
        for one in shown:
            if not raw:
                print(one if isinstance(one, str) else repr(one))
                continue
            if "image/png" in one:
                self._keep(one["image/png"])
            print(one.get("text/plain", ""))

    def _keep(self, png: str) -> None:
        self._pictures += 1
        if self._folder is not None:
            name = f"picture-{self._pictures:02}.png"
            (self._folder / name).write_bytes(base64.b64decode(png))
            print(f"{name}: ", end="")


class Widget:
    """Any widget: it keeps the values it was made with, and nobody moves it."""

    def __init__(self, *_: Any, **values: Any):
        self.__dict__.update(values)

    def observe(self, *_: Any, **__: Any) -> None:
        """Nothing will change, so nobody has to be told."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {}


def modules(display: Display) -> dict[str, types.ModuleType]:
    """The modules by their names, as `sys.modules` takes them."""
    ipython, shown = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    shown.display = display  # type: ignore[attr-defined]
    ipython.display = shown  # type: ignore[attr-defined]
    # Libraries that find IPython loaded ask it for the shell around them: there is none.
    ipython.get_ipython = lambda: None  # type: ignore[attr-defined]
    ipython.version_info = (0,)  # type: ignore[attr-defined]
    widgets = types.ModuleType("ipywidgets")
    widgets.__getattr__ = _widget  # type: ignore[method-assign]
    return {"IPython": ipython, "IPython.display": shown, "ipywidgets": widgets}


def _widget(name: str) -> type[Widget]:
    """Whatever kind of widget is asked for by a name that can be one's."""
    if not name[:1].isupper():
        raise AttributeError(f"there is no {name} among the widgets of a lesson without Jupyter")
    return Widget


@contextlib.contextmanager
def installed(display: Display) -> Iterator[None]:
    """Within this, an import of IPython or ipywidgets finds the stand-ins; afterwards what was."""
    ours = modules(display)
    before = {name: sys.modules.get(name) for name in ours}
    sys.modules.update(ours)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
