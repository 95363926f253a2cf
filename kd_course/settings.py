"""What a lesson runs with: three scales, one settings object a lesson, a few switches.

    KD_SCALE=offline    embedded corpora, small models, two cores, minutes, no network (the default)
    KD_SCALE=small      real data and a small pretrained teacher from the hub
    KD_SCALE=full       BERT-base and its kind, on a GPU

Further switches, all read here and nowhere else:

    KD_SEEDS=N          train every main arm with seeds 0 … N-1 (by default the first only)
    KD_MAPS=1           compute the maps and curves that a lesson otherwise takes from the ledger
    KD_MAX_STEPS=N      stop every training run after N steps: a test of the path, not a result
    KD_LIMIT=N          use at most N rows of every split: likewise

The scale changes this object, never a code cell.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace

SCALES = ("offline", "small", "full")


def scale() -> str:
    """The scale that KD_SCALE chooses; ValueError when it names none."""
    name = os.environ.get("KD_SCALE", "offline").strip().lower() or "offline"
    if name not in SCALES:
        raise ValueError(f"KD_SCALE must be one of {', '.join(SCALES)}, but is {name!r}")
    return name


@dataclass(frozen=True)
class Switches:
    """What the environment asks of every run, whatever the lesson."""

    scale: str
    seeds: tuple[int, ...] = (0,)
    maps: bool = False
    max_steps: int = -1  # transformers' own "no limit"
    limit: int | None = None

    @property
    def shortened(self) -> bool:
        """Whether this run is a test of the path, whose figures mean nothing."""
        return self.max_steps > 0 or self.limit is not None


def switches() -> Switches:
    """The switches as the environment sets them; ValueError naming a variable that is no number."""
    return Switches(
        scale=scale(),
        seeds=tuple(range(_whole_number("KD_SEEDS") or 1)),
        maps=os.environ.get("KD_MAPS", "0").strip() not in ("", "0"),
        max_steps=_whole_number("KD_MAX_STEPS") or -1,
        limit=_whole_number("KD_LIMIT"),
    )


def _whole_number(variable: str) -> int | None:
    text = os.environ.get(variable, "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{variable} must be a whole number above zero, but is {text!r}")
    return int(text)


@dataclass(frozen=True)
class Recipe:
    """How one arm is trained: chosen on validation, from a grid of the same size for every arm."""

    learning_rate: float
    epochs: float
    alpha: float = 0.0
    temperature: float = 1.0


@dataclass(frozen=True)
class TextClassification:
    """Lesson 06: which data, which teacher, which student, and how each arm is trained."""

    run: Switches
    dataset: str  # "news" is the embedded corpus; anything else is the hub's identifier
    teacher: str  # a shipped teacher's name, or the hub's identifier
    student_layers: int
    labelled: int | None  # labelled sentences a student may use; None: all of them
    transfer: int  # unlabelled sentences the teacher may label for its student
    batch_size: int
    max_length: int
    teacher_recipe: Recipe | None  # None: the teacher is shipped, trained
    recipes: dict[str, Recipe]  # one an arm
    minutes: str

    def __str__(self) -> str:
        rows = [(f.name, getattr(self, f.name)) for f in fields(self) if f.name not in ("run", "recipes")]
        width = max(len(name) for name, _ in rows)
        lines = [f"{'scale':<{width}}  {self.run.scale}"] + [f"{n:<{width}}  {v}" for n, v in rows]
        lines += [f"{'recipe: ' + name:<{width}}  {recipe}" for name, recipe in self.recipes.items()]
        return "\n".join(lines)
