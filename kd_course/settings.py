"""What a lesson runs with: three scales, one settings object a lesson, a few switches.

    KD_SCALE=offline    embedded corpora, small models, two cores, minutes, no network (the default)
    KD_SCALE=small      real data and a small pretrained teacher from the hub
    KD_SCALE=full       BERT-base and its kind, on a GPU

Further switches, all read here and nowhere else:

    KD_SEEDS=N          train every main arm with seeds 0 … N-1 (by default the first only)
    KD_MAPS=1           compute the maps and curves that a lesson otherwise takes from the ledger
    KD_RETRAIN=1        train the teacher that ships with the course again, in front of you
    KD_MAX_STEPS=N      stop every training run after N steps: a test of the path, not a result
    KD_LIMIT=N          use at most N rows of every split: likewise
    KD_DATASET=NAME     another data set of the hub than the lesson's own, at `small` and `full`

The scale changes the settings object, never a code cell. A lesson's own stand in its room,
lessons/lesson06/settings.py: a dataclass, and `settings(run)`, which gives its values at a scale.
"""

from __future__ import annotations

import difflib
import importlib
import os
from dataclasses import dataclass, field, fields

LESSONS = "kd_course.lessons"  # loaded by name: a lesson's room imports from here
SCALES = ("offline", "small", "full")
KNOWN = frozenset(
    f"KD_{name}"
    for name in "SCALE SEEDS MAPS RETRAIN MAX_STEPS LIMIT DATASET CACHE PROGRESS RESULTS".split()
)
HUB_DATA = "atrost/financial_phrasebank"  # what the lessons on classification take from the hub


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
    retrain: bool = False
    max_steps: int = -1  # transformers' own "no limit"
    limit: int | None = None
    dataset: str = ""  # another one than the lesson's own

    @property
    def shortened(self) -> bool:
        """Whether this run is a test of the path, whose figures mean nothing."""
        return self.max_steps > 0 or self.limit is not None


def switches() -> Switches:
    """The switches as the environment sets them; ValueError naming one whose value is none.

    A misspelt one, KD_RETRIAN, is refused as well.
    """
    _refuse_misspelt()
    dataset = os.environ.get("KD_DATASET", "").strip()
    own = scale() == "offline" or dataset == HUB_DATA
    return Switches(
        scale=scale(),
        seeds=tuple(range(_whole_number("KD_SEEDS") or 1)),
        maps=_on("KD_MAPS"),
        retrain=_on("KD_RETRAIN"),
        max_steps=_whole_number("KD_MAX_STEPS") or -1,
        limit=_whole_number("KD_LIMIT"),
        dataset="" if own else dataset,
    )


def _on(variable: str) -> bool:
    text = os.environ.get(variable, "").strip()
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("", "0", "false", "no", "off"):
        return False
    raise ValueError(f"{variable} must be 1 or 0, but is {text!r}")


def _refuse_misspelt() -> None:
    """ValueError for a variable that is almost a switch: it would do nothing."""
    for variable in os.environ:
        meant = difflib.get_close_matches(variable, KNOWN, 1, 0.85)
        if variable.startswith("KD_") and variable not in KNOWN and meant:
            raise ValueError(f"{variable} is no switch of the course: {meant[0]} must be meant")


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
    steps: int  # of the optimiser
    alpha: float = 0.0
    temperature: float = 1.0

    def __str__(self) -> str:
        taught = f", α = {self.alpha:g}, T = {self.temperature:g}" if self.alpha else ""
        return f"learning rate {self.learning_rate:g}, {self.steps} steps{taught}"


@dataclass(frozen=True)
class LessonSettings:
    """What every lesson's settings have in common: the switches, the test rows, and how they print.

    test_seed: draws the generated test rows; each lesson has its own, which nothing has read before
    its reference run. None where the data have one test split, or the lesson has none.

    Printed, it is a table of two columns: the scale, each field, and each recipe on a line of its
    own. None reads as "all"; a field whose value is a long tuple or dict is better left to a cell.
    """

    run: Switches
    test_seed: int | None = field(default=None, kw_only=True)

    def __str__(self) -> str:
        from tabulate import tabulate  # here, so that the doctor runs where it is missing

        rows = [("scale", self.run.scale)]
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "run" or one.name == "test_seed" and value is None:
                continue
            if one.name.endswith("recipes"):
                kind = one.name[:-1].replace("_", " ")
                rows += [(f"{kind}: {arm}", str(recipe)) for arm, recipe in value.items()]
            else:
                rows.append((one.name, "all" if value is None else str(value)))
        return tabulate(rows, tablefmt="plain", disable_numparse=True)


def for_lesson(lesson: str) -> LessonSettings:
    """The settings object of a lesson that trains, at the scale that the environment chooses.

    Raises KeyError for a lesson that has none.
    """
    there = importlib.import_module(LESSONS).rooms_with("settings")
    if lesson not in there:
        raise KeyError(
            f"lesson {lesson} has no settings of its own; lessons {', '.join(there)} have"
        )
    return importlib.import_module(there[lesson]).settings(switches())
