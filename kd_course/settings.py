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
    retrain: bool = False
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
        maps=_on("KD_MAPS"),
        retrain=_on("KD_RETRAIN"),
        max_steps=_whole_number("KD_MAX_STEPS") or -1,
        limit=_whole_number("KD_LIMIT"),
    )


def _on(variable: str) -> bool:
    return os.environ.get(variable, "0").strip() not in ("", "0")


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
class TextClassification:
    """Lesson 06: which data, which teacher, which student, and how each arm is trained."""

    run: Switches
    dataset: str  # "news" is the embedded corpus; anything else is the hub's identifier
    teacher: str  # a shipped teacher's name, or the hub's identifier
    student: (
        str | int
    )  # one of models.SIZES, untrained; or how many of the teacher's layers to copy
    labelled: int | None  # labelled sentences a student may use; None: all of them
    transfer: int  # unlabelled sentences the teacher may label for its student
    batch_size: int
    max_length: int  # tokens
    recipes: dict[str, Recipe]  # one an arm, and the teacher's where it is trained here
    learning_rates: tuple[float, ...]  # what every arm's recipe was chosen from …
    lengths: tuple[int, ...]  # … on validation: optimiser steps

    def grid(self, arm: str) -> list[Recipe]:
        """The recipes that an arm's was chosen from: as many for every arm."""
        return [
            replace(self.recipes[arm], learning_rate=rate, steps=steps)
            for rate in self.learning_rates
            for steps in self.lengths
        ]

    def __str__(self) -> str:
        rows = [("scale", self.run.scale)]
        rows += [
            (f.name, getattr(self, f.name))
            for f in fields(self)
            if f.name not in ("run", "recipes")
        ]
        rows += [(f"recipe: {arm}", recipe) for arm, recipe in self.recipes.items()]
        return "\n".join(f"{name:<30}{'all' if value is None else value}" for name, value in rows)


def text_classification() -> TextClassification:
    """Lesson 06 at the scale, and with the switches, that the environment chooses.

    KD_DATASET=stanfordnlp/sst2 takes another data set at `small` and `full`.
    """
    run = switches()
    if run.scale == "offline":
        return TextClassification(
            run=run,
            dataset="news",
            teacher="news",
            student="tiny",
            labelled=2000,
            transfer=12_000,
            batch_size=32,
            max_length=64,
            recipes={
                "control": Recipe(4e-3, 900),
                "distilled": Recipe(2e-3, 900, alpha=0.9, temperature=2.0),
                "distilled, more text": Recipe(2e-3, 900, alpha=0.9, temperature=2.0),
                "truth": Recipe(4e-3, 900, alpha=1.0, temperature=1.0),
                "softened truth": Recipe(4e-3, 900, alpha=1.0, temperature=1.0),
            },
            learning_rates=(2e-3, 4e-3),
            lengths=(450, 900),
        )
    if run.scale == "small":
        return TextClassification(
            run=run,
            dataset=os.environ.get("KD_DATASET", "atrost/financial_phrasebank"),
            teacher="sentence-transformers/all-MiniLM-L6-v2",
            student=2,
            labelled=None,
            transfer=0,
            batch_size=16,
            max_length=128,
            recipes={
                "teacher": Recipe(1e-4, 950),
                "control": Recipe(2e-4, 760),
                "distilled": Recipe(2e-4, 760, alpha=0.9, temperature=2.0),
            },
            learning_rates=(1e-4, 2e-4),
            lengths=(380, 760),
        )
    return TextClassification(
        run=run,
        dataset=os.environ.get("KD_DATASET", "atrost/financial_phrasebank"),
        teacher="google-bert/bert-base-uncased",
        student=6,
        labelled=None,
        transfer=0,
        batch_size=32,
        max_length=128,
        recipes={
            "teacher": Recipe(3e-5, 400),
            "control": Recipe(5e-5, 600),
            "distilled": Recipe(5e-5, 600, alpha=0.9, temperature=2.0),
        },
        learning_rates=(3e-5, 5e-5, 1e-4),
        lengths=(400, 600),
    )


_LESSONS = {"06": text_classification}


def for_lesson(lesson: str) -> TextClassification:
    """The settings object of a lesson that trains; KeyError for one that does not."""
    if lesson not in _LESSONS:
        raise KeyError(
            f"lesson {lesson} has no settings of its own; lessons {', '.join(_LESSONS)} have"
        )
    return _LESSONS[lesson]()
