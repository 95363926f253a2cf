"""Lesson 15: which brief the rehearsal takes, the student it trains, and how each arm is tuned."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kd_course.settings import LessonSettings, Recipe, Switches

ARMS = ("method", "control", "answers dealt out")

# The sign of each comparison, written down before the reference run read its test rows: from theory,
# and from trials on validation rows. "?" is no guess.
EXPECTED = {
    "offline": {
        "method/gain over control": "?",
        "method/gain over answers dealt out": "+",
        "answers dealt out/gain over control": "?",
    },
    "small": {"method/gain over control": "?"},
}


@dataclass(frozen=True)
class Capstone(LessonSettings):
    """Lesson 15: which brief the rehearsal takes, the student it trains, and how each arm is tuned."""

    brief: str  # of capstone.BRIEFS
    student: str  # one of models.SIZES
    vocabulary: int  # pieces of the student's own tokenizer
    candidates: tuple[
        tuple[str, int], ...
    ]  # sizes and vocabularies of the picture in section 6, step 4
    seeds: tuple[int, ...]  # three at least, or the machine does not believe it
    batch_size: int
    max_length: int  # tokens
    validated: int  # validation sentences that a trial is judged by, at most
    tested: int | None  # test sentences; None: all that the brief has
    recipes: dict[
        str, Recipe
    ]  # where each arm's search begins; "teacher" where it has to learn first
    learning_rates: tuple[float, ...]  # the trials: one each for every arm

    def grid(self, arm: str) -> list[Recipe]:
        """The recipes that an arm tries: as many for every arm."""
        return [replace(self.recipes[arm], learning_rate=rate) for rate in self.learning_rates]


def _recipes(steps: int) -> dict[str, Recipe]:
    taught = {"alpha": 0.9, "temperature": 2.0}
    return {
        "method": Recipe(1e-3, steps, **taught),
        "control": Recipe(1e-3, steps),
        "answers dealt out": Recipe(1e-3, steps, **taught),
    }


def _seeds(run: Switches) -> tuple[int, ...]:
    """Those that were asked for, where they are enough for an interval that covers; or else three."""
    return run.seeds if len(run.seeds) >= 3 else (0, 1, 2)


def settings(run: Switches) -> Capstone:
    """Lesson 15 at the scale that the switches name. The brief of Financial PhraseBank is the only real one."""
    if run.scale == "offline":
        return Capstone(
            run=run,
            test_seed=1415,  # a rehearsal's: the briefs' own rows stay unread
            brief="A",
            student="tiny",
            vocabulary=400,
            candidates=(("tiny", 400), ("tiny", 1000), ("mini", 400)),
            seeds=_seeds(run),
            batch_size=16,
            max_length=64,
            validated=2000,
            tested=2000,
            recipes=_recipes(300),
            learning_rates=(2.5e-4, 5e-4, 1e-3, 2e-3),
        )
    steps = 600 if run.scale == "small" else 1200
    return Capstone(
        run=run,
        brief="E",
        student="small",
        vocabulary=4000,
        candidates=(("tiny", 2000), ("mini", 4000), ("small", 4000)),
        seeds=_seeds(run),
        batch_size=16,
        max_length=128,
        validated=2000,
        tested=None,
        recipes={"teacher": Recipe(5e-5, 570), **_recipes(steps)},
        learning_rates=(2.5e-4, 5e-4, 1e-3, 2e-3),
    )
