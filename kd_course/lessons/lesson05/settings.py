"""Lesson 05: the data, the teacher, and how long each of the loop's many small trainings is."""

from __future__ import annotations

from dataclasses import dataclass

from kd_course.settings import HUB_DATA, LessonSettings, Recipe, Switches

# The sign of each main comparison, written down before the reference run read its test rows: from
# trials on validation rows, and from theory. "?" is no guess.
EXPECTED = {
    "distilled/gain over control": "+",
    "no warm-up/minus the whole loop": "?",
    "constant rate/minus the whole loop": "-",
    "no clipping/minus the whole loop": "?",
    "no dropout/minus the whole loop": "?",
    "control, stopped/nats saved by stopping": "+",
    "control, stopped/gain by stopping": "+",
    "distilled, stopped/nats saved by stopping": "+",
    "distilled, to the end/nats saved by a teacher": "+",
    "control from layers/gain over random": "+",
    "control from layers/gain over the lesson": "+",
    "distilled from random/gain over its control": "+",
    "constant rate, averaged/gain by averaging": "+",
    "mean of probabilities/gain over one member": "+",
    "student of one member/gain over one member": "?",
    "student of the ensemble/gain over one member": "+",
    "student of the ensemble/gain over the student of one": "?",
    "student of the ensemble/nats saved over the student of one": "+",
    "distilled, listed/gain over listed": "+",
}


@dataclass(frozen=True)
class TrainingLoop(LessonSettings):
    """Lesson 05: the data, the teacher, and how long each of the loop's many small trainings is."""

    dataset: str  # "news" is the embedded corpus; anything else is the hub's identifier
    teacher: str  # a shipped teacher's name, or the hub's identifier
    student: str | int  # one of models.SIZES, untrained; or how many of the teacher's layers
    shallow: int  # layers of the student whose initialisation is compared
    labelled: int | None  # labelled sentences a student may use; None: all of them
    tested: int  # test sentences, at most
    batch_size: int
    max_length: int  # tokens
    recipes: dict[str, Recipe]
    rates: tuple[float, ...]  # learning rates of the map, for distilled student and control alike


def settings(run: Switches) -> TrainingLoop:
    """Lesson 05 at the scale that the switches name."""
    if run.scale == "offline":
        return TrainingLoop(
            run=run,
            dataset="news",
            teacher="news",
            student="tiny",
            shallow=1,
            labelled=2000,
            tested=2000,
            batch_size=16,
            max_length=64,
            recipes={
                "control": Recipe(2e-3, 400),
                "distilled": Recipe(2e-3, 400, alpha=0.9, temperature=2.0),
                "long, control": Recipe(1e-3, 1200),
                "long, distilled": Recipe(1e-3, 1200, alpha=0.9, temperature=2.0),
                "shallow, control": Recipe(1e-3, 120),
                "shallow, distilled": Recipe(1e-3, 120, alpha=0.9, temperature=2.0),
            },
            rates=(5e-4, 1e-3, 2e-3, 4e-3, 8e-3),
        )
    if run.scale == "small":
        return TrainingLoop(
            run=run,
            dataset=run.dataset or HUB_DATA,
            teacher="sentence-transformers/all-MiniLM-L6-v2",
            student=2,
            shallow=2,
            labelled=None,
            tested=2000,
            batch_size=16,
            max_length=128,
            recipes={
                "teacher": Recipe(5e-5, 570),
                "control": Recipe(2e-4, 380),
                "distilled": Recipe(2e-4, 380, alpha=0.9, temperature=2.0),
                "long, control": Recipe(2e-4, 760),
                "long, distilled": Recipe(2e-4, 760, alpha=0.9, temperature=2.0),
                "shallow, control": Recipe(2e-4, 200),
                "shallow, distilled": Recipe(2e-4, 200, alpha=0.9, temperature=2.0),
            },
            rates=(5e-5, 1e-4, 2e-4, 4e-4),
        )
    return TrainingLoop(
        run=run,
        dataset=run.dataset or HUB_DATA,
        teacher="google-bert/bert-base-uncased",
        student=6,
        shallow=3,
        labelled=None,
        tested=2000,
        batch_size=32,
        max_length=128,
        recipes={
            "teacher": Recipe(3e-5, 400),
            "control": Recipe(5e-5, 300),
            "distilled": Recipe(5e-5, 300, alpha=0.9, temperature=2.0),
            "long, control": Recipe(5e-5, 600),
            "long, distilled": Recipe(5e-5, 600, alpha=0.9, temperature=2.0),
            "shallow, control": Recipe(5e-5, 200),
            "shallow, distilled": Recipe(5e-5, 200, alpha=0.9, temperature=2.0),
        },
        rates=(3e-5, 5e-5, 1e-4, 2e-4),
    )
