"""One room a lesson: what belongs to it and is no library.

    settings.py                what it runs with at each scale (lessons that train)
    exercises.py               its exercises: what is asked, and where an answer is tried
    slips.py, loop_slips.py …  the wrong answers that people give, each with its name
    variants.py                exercises under another convention, for assignments
    recorded.json, .npz        what the references answer, which a learner's check compares with
    reference/offline-cpu.json its part of the ledger: the reference run at a scale, on a device

The lesson itself, text and cells, is solutions/NN_slug.py.
"""

from __future__ import annotations

import importlib.util
import pkgutil


def rooms_with(module: str) -> dict[str, str]:
    """The lessons whose room holds such a module: "settings" -> {"06": its dotted name, …}."""
    found = {}
    for room in pkgutil.iter_modules(__path__):
        name = f"{__name__}.{room.name}.{module}"
        if room.ispkg and importlib.util.find_spec(name):
            found[room.name.removeprefix("lesson")] = name
    return dict(sorted(found.items()))
