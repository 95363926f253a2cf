"""Lesson 09: which questions, which student, what is compared inside, and how each arm is trained."""

from __future__ import annotations

from dataclasses import dataclass

from kd_course.settings import LessonSettings, Recipe, Switches

# The arms of section 6, in the order of its table, and what each asks of the inside (section 6
# makes comparisons of these words). The two controls come last.
ARMS = (
    "labels",
    "soft targets",
    "hidden states",
    "attention",
    "relations",
    "contrastive",
    "relations, untrained teacher",
    "hidden states, reversed map",
)

# What the reference run is expected to show, in F1; the figures' names are section 6's.
EXPECTED = {
    "soft targets − labels/F1": "+",
    "hidden states − soft targets/F1": "?",
    "attention − soft targets/F1": "?",
    "relations − soft targets/F1": "+",
    "contrastive − soft targets/F1": "?",
    "relations − relations, untrained teacher/F1": "?",
    "hidden states − hidden states, reversed map/F1": "?",
}


@dataclass(frozen=True)
class InsideTheTeacher(LessonSettings):
    """Lesson 09: which questions, which student, what is compared, how each arm is trained."""

    dataset: str  # "reading" is the embedded corpus; anything else is the hub's identifier
    teacher: str  # a shipped teacher's name, or the hub's identifier
    student: str  # of models.READERS, from random weights; or how many layers are copied
    labelled: int  # questions, or sentences, that a student learns from
    tested: int
    length: int  # tokens of a window
    batch_size: int
    heads: int  # relation heads
    live: tuple[str, ...]  # the arms trained in front of the learner; the ledger has them all
    found_from: float  # the F1 from which on a student counts as having found out how to read
    watched_every: int  # steps between two looks at the validation questions
    recipes: dict[str, Recipe]
    weights: dict[str, float]  # what an arm's comparisons weigh
    learning_rates: tuple[float, ...]
    general_steps: int  # before the task is known, on unlabelled text


def settings(run: Switches) -> InsideTheTeacher:
    """Lesson 09 at the scale that the switches name."""
    if run.scale != "offline":
        raise NotImplementedError(f"lesson 09 has no settings at {run.scale} yet")
    alike = Recipe(4e-3, 150, alpha=0.5, temperature=2.0)
    return InsideTheTeacher(
        run=run,
        dataset="reading",
        teacher="reading",
        student="mini",
        labelled=1000,
        tested=1000,
        length=256,
        batch_size=32,
        heads=4,
        live=("soft targets", "relations"),
        found_from=0.8,
        watched_every=25,
        recipes={arm: alike for arm in ARMS} | {"labels": Recipe(4e-3, 150)},
        weights={arm: 1.0 for arm in ARMS[2:]},
        learning_rates=(2e-3, 4e-3, 8e-3),
        general_steps=150,
    )
