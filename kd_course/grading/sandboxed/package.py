"""The course's package inside the box: imported from memory, without the answers.

No file of it lies on the box's disk. What an exercise asks for is taken out of it before the
student's code runs: out of the functions that are loaded already, and out of the sources that
could be loaded again.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from collections.abc import Iterator
from typing import Any


class Finder(importlib.abc.MetaPathFinder, importlib.abc.ExecutionLoader):
    """Finds modules in a dict of sources, "kd_course.losses" -> its text, and what they read beside.

    data: "/kd_course/corpora/words/news_words.toml" -> its text (pkgutil.get_data asks for it).
    """

    def __init__(self, sources: dict[str, str], data: dict[str, str] | None = None):
        self.sources, self.data = dict(sources), dict(data or {})

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self.sources:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=self.is_package(name))

    def is_package(self, name: str) -> bool:
        folder = "/" + name.replace(".", "/") + "/"
        below = any(other.startswith(name + ".") for other in self.sources)
        return below or any(path.startswith(folder) for path in self.data)

    def get_source(self, name: str) -> str:
        return self.sources[name]

    def get_filename(self, name: str) -> str:
        file = "/" + name.replace(".", "/")
        return file + ("/__init__.py" if self.is_package(name) else ".py")

    def get_data(self, path: str) -> bytes:
        if path not in self.data:
            raise FileNotFoundError(path)
        return self.data[path].encode()

    def hook(self, path: str) -> Folder:
        """For sys.path_hooks: lists what lies below one of the package's own places (pkgutil)."""
        if path.strip("/").replace("/", ".") not in self.sources:
            raise ImportError(path)
        return Folder(self, path.strip("/").replace("/", ".") + ".")


class Folder:
    """What a package holds, for `pkgutil.iter_modules`."""

    def __init__(self, finder: Finder, prefix: str):
        self.finder, self.prefix = finder, prefix

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        for name in self.finder.sources:
            inside = name.removeprefix(self.prefix)
            if name.startswith(self.prefix) and "." not in inside:
                yield prefix + inside, self.finder.is_package(name)

    def find_spec(self, name: str, target: Any = None) -> None:
        """Nothing: the Finder itself has been asked before."""


def withhold(finder: Finder, names: dict[str, str], stripped: dict[str, str]) -> None:
    """Take out what an exercise asks for.

    names: "kd_course.losses.soft_loss" -> what is said to whoever calls it.
    stripped: the sources without these functions, in place of those that hold them.
    """
    finder.sources.update(stripped)
    from kd_course.exercises.refusing import functions_in, refuse

    for name, message in names.items():
        module, _, attribute = name.rpartition(".")
        held = getattr(sys.modules.get(module), attribute, None)
        # The function itself, and so every name under which it was imported already.
        for function in functions_in(held):
            refuse(function, message)
            function.__defaults__ = function.__kwdefaults__ = None
