"""Lesson 04: how many sentences, students and teachers the truth is put to, at each scale.

The corpus is the embedded one at every scale: only there is the truth known. No scale needs a
network; the larger ones have more of everything.
"""

from __future__ import annotations

from dataclasses import dataclass

from kd_course.settings import LessonSettings, Recipe, Switches


@dataclass(frozen=True)
class DarkKnowledge(LessonSettings):
    """Lesson 04: the main experiment, the many small ones, and the map of capacities."""

    corpus: str  # "news" at every scale: the corpus whose truth is known
    student: str  # one of models.SIZES: who learns in the main experiment
    labelled: int  # sentences that every arm of the main experiment learns from
    batch_size: int
    recipes: dict[str, Recipe]  # one an arm, each chosen on validation …
    learning_rates: tuple[float, ...]  # … from these
    pool: int  # sentences that small training sets are drawn from
    training_sets: int  # small training sets a seed
    set_size: int  # sentences in each
    penalties: tuple[float, ...]  # what every arm's weight penalty is chosen from
    map_students: dict[str, float]  # students in the map of capacities: size, learning rate
    map_seeds: int  # students a cell of that map


CHOSEN = {
    "control": 4e-3,
    "truth": 2e-3,
    "softened truth": 2e-3,
    "teacher": 4e-3,
    "softened teacher": 4e-3,
}  # learning rates, at the offline scale, by the log that the lesson prints

# A larger student takes smaller steps: at the rate of the smallest, some seeds learn nothing.
MAP_RATES = {"tiny": 4e-3, "mini": 2e-3, "small": 1e-3}


def settings(run: Switches) -> DarkKnowledge:
    """Lesson 04 at the scale of the switches."""
    grown = {"offline": 1, "small": 2, "full": 4}[run.scale]
    slower = 1 if run.scale == "offline" else 2  # a larger student takes smaller steps
    return DarkKnowledge(
        run=run,
        corpus="news",
        student="tiny" if run.scale == "offline" else "mini",
        labelled=2000 if run.scale == "offline" else 4000,
        batch_size=32,
        recipes={arm: Recipe(rate / slower, 450 * grown) for arm, rate in CHOSEN.items()},
        learning_rates=(2e-3 / slower, 4e-3 / slower),
        pool=8000 if run.scale == "offline" else 16_000,
        training_sets=16 * grown,
        set_size=1000,
        penalties=(1e-3, 4e-3, 1.6e-2),
        map_students={size: MAP_RATES[size] for size in ("tiny", "mini", "small")[: 1 + grown]},
        map_seeds=2 * grown,
    )
