"""Lesson 01: one task, several ways to a smaller model, and the same number of steps for each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kd_course.settings import HUB_DATA, LessonSettings, Recipe, Switches

# The sign of each main comparison, written down before the reference run read its test rows: from
# trials on validation rows, and from theory. "?" is no guess.
EXPECTED = {
    "transfer/gain over control": "+",
    "distilled/gain over control": "+",
    "transfer and distilled/gain over control": "+",
    "transfer and distilled/gain over distilled": "?",
    "teacher, pruned, retrained/gain over teacher, pruned": "+",
    "teacher, pruned, distilled/gain over teacher, pruned": "+",
    "teacher, pruned, distilled/gain over teacher, pruned, retrained": "+",
    "teacher, int8/gain over teacher": "?",
    "transfer and distilled/gain over teacher, pruned": "-",
}


@dataclass(frozen=True)
class SideBySide(LessonSettings):
    """Lesson 01: which data, which deployed model, which student, and how each arm is trained."""

    dataset: str  # "news" is the embedded corpus; anything else is the hub's identifier
    teacher: str  # a shipped teacher's name, or the hub's identifier: the model that is too large
    student: str | int  # one of models.SIZES; or how many of the pretrained model's layers
    labelled: int | None  # labelled sentences that are at hand; None: all of them
    transfer: int  # unlabelled sentences beside them
    batch_size: int
    max_length: int  # tokens
    sparsity: float  # the share of weights that pruning sets to zero
    # One an arm, and the teacher's or the pretraining's where it is trained here.
    recipes: dict[str, Recipe]
    learning_rates: tuple[float, ...]  # what every student's was chosen from, on validation …
    teacher_rates: tuple[float, ...]  # … and every pruned teacher's

    def grid(self, arm: str) -> list[Recipe]:
        """The recipes that an arm's was chosen from: as many for every arm."""
        rates = self.teacher_rates if arm.startswith("teacher") else self.learning_rates
        return [replace(self.recipes[arm], learning_rate=rate) for rate in rates]


def settings(run: Switches) -> SideBySide:
    """Lesson 01 at the scale that the switches name."""
    if run.scale == "offline":
        steps, taught = 400, {"alpha": 0.9, "temperature": 2.0}
        return SideBySide(
            run=run,
            test_seed=1101,
            dataset="news",
            teacher="news",
            student="tiny",
            labelled=2000,
            transfer=12_000,
            batch_size=32,
            max_length=64,
            sparsity=0.9,
            recipes={
                "pretraining": Recipe(4e-3, 3 * steps),
                "control": Recipe(2e-3, steps),
                "transfer": Recipe(4e-3, steps),
                "distilled": Recipe(1e-3, steps, **taught),
                "transfer and distilled": Recipe(4e-3, steps, **taught),
                "teacher, pruned, retrained": Recipe(1e-3, steps),
                "teacher, pruned, distilled": Recipe(1e-3, steps, **taught),
            },
            learning_rates=(5e-4, 1e-3, 2e-3, 4e-3, 8e-3),
            teacher_rates=(2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3),
        )
    small = run.scale == "small"
    rate, steps = (2e-4, 760) if small else (5e-5, 600)
    taught = {"alpha": 0.9, "temperature": 2.0}
    return SideBySide(
        run=run,
        dataset=run.dataset or HUB_DATA,
        teacher="sentence-transformers/all-MiniLM-L6-v2"
        if small
        else "google-bert/bert-base-uncased",
        student=2 if small else 6,
        labelled=None,
        transfer=0,
        batch_size=16 if small else 32,
        max_length=128,
        sparsity=0.5,
        recipes={
            "teacher": Recipe(5e-5, 570) if small else Recipe(3e-5, 400),
            "control": Recipe(rate, steps),
            "transfer": Recipe(rate, steps),
            "distilled": Recipe(rate, steps, **taught),
            "transfer and distilled": Recipe(rate, steps, **taught),
            "teacher, pruned, retrained": Recipe(rate / 2, steps),
            "teacher, pruned, distilled": Recipe(rate / 2, steps, **taught),
        },
        learning_rates=(rate / 2, rate, 2 * rate),
        teacher_rates=(rate / 4, rate / 2, rate),
    )
