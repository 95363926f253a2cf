"""Lesson 06: which data, which teacher, which student, and how each arm is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kd_course.settings import HUB_DATA, LessonSettings, Recipe, Switches

MINILM = "sentence-transformers/all-MiniLM-L6-v2"  # tuned to tell how similar sentences are

# What the main comparisons are expected to show, by what was seen on validation sentences and by
# what the arms learn from; written down before the test rows are read. (Those of "small" were
# read before; see the ledger.) An ECE below the control's is better.
EXPECTED = {
    "offline": {
        "distilled/gain over control": "+",
        "distilled, more text/gain over control": "+",
        "hard answers/gain over control": "+",
        "control, more labels/gain over control": "+",
        "distilled, more text/gain over hard answers": "+",
        "distilled, more text/gain over control, more labels": "?",
        "distilled, more text/gain over control, unseen templates": "+",
        "distilled, more text/gain over control, contrast": "?",
        "distilled/ECE minus control": "?",
        "distilled/gain over truth": "?",
    },
    "small": {
        "distilled/gain over control": "+",
        "distilled, more text/gain over control": "?",
        "hard answers/gain over control": "?",
        "distilled, more text/gain over hard answers": "+",
    },
    "small, stanfordnlp/sst2": {
        "distilled/gain over control": "?",
        "distilled, more text/gain over control": "+",
        "hard answers/gain over control": "+",
        "distilled, more text/gain over hard answers": "?",
    },
}


@dataclass(frozen=True)
class TextClassification(LessonSettings):
    """Lesson 06: which data, which teacher, which student, and how each arm is trained."""

    dataset: str  # "news" is the embedded corpus; anything else is the hub's identifier
    teacher: str  # a shipped teacher's name, or the hub's identifier
    student: str | int  # one of models.SIZES, untrained; or how many layers to copy
    labelled: int | None  # labelled sentences a student may use; None: all of them
    teacher_labels: int  # what the teacher learnt from, where others trained it; 0: just those
    transfer: int  # unlabelled sentences the teacher may label for its student
    pool: str  # where those come from: "own", the data set itself, or "news", generated headlines
    batch_size: int
    max_length: int  # tokens
    recipes: dict[str, Recipe]  # one an arm, and the teacher's where it is trained here
    learning_rates: tuple[float, ...]  # what every arm's recipe was chosen from …
    lengths: tuple[int, ...]  # … on validation: optimiser steps

    def grid(self, arm: str) -> list[Recipe]:
        """The recipes that an arm's was chosen from: as many for every arm (on SST-2 some tried more)."""
        return [
            replace(self.recipes[arm], learning_rate=rate, steps=steps)
            for rate in self.learning_rates
            for steps in self.lengths
        ]


def settings(run: Switches) -> TextClassification:
    """Lesson 06 at the scale that the switches name.

    KD_DATASET=stanfordnlp/sst2 takes another data set at `small` and `full`.
    """
    taught = {"alpha": 0.9, "temperature": 2.0}
    if run.scale == "offline":
        return TextClassification(
            run=run,
            test_seed=1106,
            dataset="news",
            teacher="news",
            student="tiny",
            labelled=2000,
            teacher_labels=40_000,
            transfer=12_000,
            pool="own",
            batch_size=32,
            max_length=64,
            recipes={
                "control": Recipe(4e-3, 900),
                "distilled": Recipe(1e-3, 900, **taught),
                "distilled, more text": Recipe(2e-3, 900, **taught),
                "hard answers": Recipe(2e-3, 900),
                "control, more labels": Recipe(5e-4, 900),
                "truth": Recipe(2e-3, 900, alpha=1.0, temperature=1.0),
            },
            learning_rates=(2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3),
            lengths=(900,),
        )
    if run.scale == "small" and run.dataset == "stanfordnlp/sst2":
        # Few labels, the same for teacher and students, and all other phrases without theirs.
        return TextClassification(
            run=run,
            dataset=run.dataset,
            teacher=MINILM,
            student=2,
            labelled=2000,
            teacher_labels=0,
            transfer=63_000,
            pool="own",
            batch_size=32,
            max_length=128,
            recipes={
                # Of 5e-5 and 1e-4, 190 and 320 steps: the smallest cross-entropy on validation.
                "teacher": Recipe(5e-5, 190),
                "control": Recipe(1e-4, 1000),
                "distilled": Recipe(2e-4, 1000, **taught),
                "distilled, more text": Recipe(8e-4, 1000, **taught),
                "hard answers": Recipe(8e-4, 1000),
            },
            learning_rates=(5e-5, 1e-4, 2e-4, 4e-4, 8e-4, 1.6e-3),
            lengths=(1000,),
        )
    if run.scale == "small":
        # Generated headlines are more text for a teacher of financial news, and for no other.
        on_news = not run.dataset
        return TextClassification(
            run=run,
            dataset=run.dataset or HUB_DATA,
            teacher=MINILM,
            student=2,
            labelled=None,
            teacher_labels=0,
            transfer=6000 if on_news else 0,
            pool="news" if on_news else "own",
            batch_size=16,
            max_length=128,
            recipes={
                # Of 5e-5 and 1e-4, 570 and 950 steps: the smallest cross-entropy on validation.
                "teacher": Recipe(5e-5, 570),
                "control": Recipe(2e-4, 570),
                "distilled": Recipe(4e-4, 570, **taught),
                "distilled, more text": Recipe(2e-4, 570, **taught),
                "hard answers": Recipe(2e-4, 570),
            },
            learning_rates=(2e-4, 4e-4),
            lengths=(570,),
        )
    return TextClassification(
        run=run,
        dataset=run.dataset or HUB_DATA,
        teacher="google-bert/bert-base-uncased",
        student=6,
        labelled=None,
        teacher_labels=0,
        transfer=0,
        pool="own",
        batch_size=32,
        max_length=128,
        recipes={
            "teacher": Recipe(3e-5, 400),
            "control": Recipe(5e-5, 600),
            "distilled": Recipe(5e-5, 600, **taught),
        },
        learning_rates=(3e-5, 5e-5, 1e-4),
        lengths=(400, 600),
    )
