"""Lesson 04: how many sentences, students and teachers the truth is put to, at each scale.

The corpus is the embedded one at every scale: only there is the truth known. No scale needs a
network; the larger ones have more of everything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kd_course.settings import LessonSettings, Recipe, Switches


@dataclass(frozen=True)
class DarkKnowledge(LessonSettings):
    """Lesson 04: the main experiment, the many small ones, and what holds a student back."""

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
    more_text: int  # sentences of the arms that have more text; a teacher needs no labels for them
    larger_student: str  # one size larger


# Learning rates at the offline scale, by the log that the lesson prints.
CHOSEN = {
    "control": 4e-3,
    "hard answers": 4e-3,
    "truth": 1e-3,
    "teacher": 1e-3,
    "softened teacher": 1e-3,
    "distilled": 1e-3,
    "larger student": 1e-3,
    "more text": 1e-3,  # of both teachers' students that have it
}

# What the main comparisons were expected to show, before test sentences were read: by trials of
# single arms on sentences of the training pool, and by the theory that the lesson tells.
EXPECTED = {
    "another sentence/excess over the teacher": "+",
    "favourite only/excess over the teacher": "+",
    "hard answers − control/gain, scaled": "+",
    "teacher − hard answers/gain, scaled": "+",
    "teacher − truth/gain, scaled": "?",
    "softened teacher − teacher/gain, as trained": "-",
    "softened teacher − teacher/gain, scaled": "-",
    "distilled − teacher/gain, scaled": "-",
    "smoothed labels − control/sets: gain, own penalty, scaled": "?",
    "softened truth/sets: gain over truth, one weak penalty": "+",
    "softened truth/sets: gain over truth, own penalty, scaled": "-",
    "teacher/sets: gain over truth, own penalty, scaled": "+",
    "teacher − hard answers/sets: gain, own penalty, scaled": "+",
    "softened teacher − teacher/sets: gain, own penalty, scaled": "-",
    "shuffled error/sets: gain over truth, own penalty, scaled": "-",
    "teacher − weaker teacher/gain, scaled": "+",
    "larger student − teacher/gain, scaled": "?",
    "teacher, more text − teacher/gain, scaled": "+",
    "teacher, more text − weaker teacher, more text/gain, scaled": "+",
    "better teacher/gain by more text, less gain by few sentences": "?",
    "faulty − sound, α = 1/accuracy gain in the faulty slice": "-",
    "faulty − sound, α = 1/accuracy gain everywhere else": "+",
}


def settings(run: Switches) -> DarkKnowledge:
    """Lesson 04 at the scale of the switches."""
    grown = {"offline": 1, "small": 2, "full": 4}[run.scale]
    offline = run.scale == "offline"
    slower = 1 if offline else 2  # a larger student takes smaller steps
    recipes = {arm: Recipe(rate / slower, 450 * grown) for arm, rate in CHOSEN.items()}
    recipes["distilled"] = replace(recipes["distilled"], alpha=1.0, temperature=2.0)
    return DarkKnowledge(
        run=run,
        test_seed=1204,
        corpus="news",
        student="tiny" if offline else "mini",
        labelled=2000 if offline else 4000,
        batch_size=32,
        recipes=recipes,
        learning_rates=tuple(rate / slower for rate in (5e-4, 1e-3, 2e-3, 4e-3, 8e-3)),
        pool=8000 if offline else 16_000,
        training_sets=16 * grown,
        set_size=1000,
        penalties=(1e-3, 4e-3, 1.6e-2, 6.4e-2),
        more_text=16_000,
        larger_student="mini" if offline else "small",
    )
