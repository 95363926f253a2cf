"""Lesson 12: the data, how far a model is made smaller in each way, and how each arm is mended."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kd_course.settings import HUB_DATA, LessonSettings, Recipe, Switches

# The sign of each main comparison, written down before the reference run read its test rows: from
# theory, and from trials of others on other rows. "?" is no guess. A KL below another is better.
EXPECTED = {
    "offline": {
        "8 bits/gain over full": "?",
        "4 bits/gain over full": "?",
        "4 bits, labels/KL minus 4 bits": "+",
        "4 bits, distilled/KL minus 4 bits": "+",
        "2 bits/gain over full": "-",
        "2 bits, fitted/gain over 2 bits": "+",
        "2 bits, labels/gain over 2 bits": "+",
        "2 bits, distilled/gain over 2 bits, fitted": "?",
        "2 bits, distilled/gain over 2 bits": "+",
        "2 bits, distilled/gain over 2 bits, labels": "+",
        "2 bits, distilled/KL minus 2 bits, labels": "-",
        "2 bits, distilled/gain over 2 bits, dealt out": "+",
        "2 bits, dealt out/gain over 2 bits, labels": "?",
        "2 bits, hard answers/gain over 2 bits, labels": "+",
        "2 bits, distilled/gain over 2 bits, hard answers": "?",
        "2 bits, distilled/KL minus 2 bits, hard answers": "-",
        "2 bits, no labels/gain over 2 bits, distilled": "?",
        "2 bits, no labels/KL minus 2 bits, distilled": "?",
        "low rank/gain over full": "-",
        "low rank, distilled/gain over low rank": "+",
        "low rank, distilled/gain over low rank, labels": "+",
        "narrow/gain over full": "-",
        "narrow, distilled/gain over narrow": "+",
        "narrow, distilled/gain over narrow, labels": "+",
        "student, 8 bits/gain over student": "?",
        "student/gain over 2 bits, distilled": "-",
    },
    "small": {
        "8 bits/gain over full": "?",
        "2 bits/gain over full": "-",
        "2 bits, distilled/gain over 2 bits": "+",
        "2 bits, distilled/gain over 2 bits, labels": "?",
        "low rank, distilled/gain over low rank, labels": "?",
        "narrow, distilled/gain over narrow, labels": "?",
    },
}

# What every arm learns from, beside its way of being smaller. α = 0: no soft target is used; 1: no label.
TARGETS = {
    "labels": {},
    "hard answers": {},  # the full model's choices stand where the labels stood
    "distilled": {"alpha": 0.9, "temperature": 2.0},
    "no labels": {"alpha": 1.0, "temperature": 2.0},
    "dealt out": {"alpha": 0.9, "temperature": 2.0},
}

# The arms that are trained, each with its learning rate out of `learning_rates`: the best on
# validation rows, by accuracy, the mean of two seeds.
CHOSEN = {
    "4 bits, labels": 1.25e-4,
    "4 bits, distilled": 6.25e-5,
    "2 bits, labels": 5e-4,
    "2 bits, hard answers": 5e-4,
    "2 bits, distilled": 5e-4,
    "2 bits, no labels": 5e-4,
    "2 bits, dealt out": 2.5e-4,
    "low rank, labels": 5e-4,
    "low rank, distilled": 1e-3,
    "narrow, labels": 2.5e-4,
    "narrow, distilled": 2.5e-4,
    "student": 2e-3,
}
# At `small` a mended model takes a minute and more: of each way its two trainings, their rates chosen by one
# seed, and the student, with lesson 06's rate.
CHOSEN_AT_SMALL = {
    "2 bits, labels": 4e-4,
    "2 bits, distilled": 2e-4,
    "low rank, labels": 2e-4,
    "low rank, distilled": 2e-4,
    "narrow, labels": 2e-4,
    "narrow, distilled": 4e-4,
    "student": 4e-4,
}
# What nothing is trained for: they are made, and measured.
MADE = ("8 bits", "4 bits", "2 bits", "2 bits, fitted", "low rank", "narrow")


@dataclass(frozen=True)
class SmallerStill(LessonSettings):
    """Lesson 12: the data, how far a model is made smaller in each way, and how each arm is mended."""

    dataset: str  # "news" is the embedded corpus; anything else is the hub's identifier
    teacher: str  # the model to be made smaller: a shipped teacher's name, or the hub's identifier
    teacher_labels: int  # what it learnt from, where others trained it; 0: the labels at hand
    student: str | int  # another, smaller model: one of models.SIZES, or how many layers to copy
    labelled: int | None  # labelled sentences at hand; None: all of them
    tested: int  # test sentences, at most
    batch_size: int
    max_length: int  # tokens
    share: float  # of each linear map's numbers that low rank keeps
    heads: float  # the share of its heads that a layer keeps when it is made narrow …
    neurons: float  # … and of its feed-forward part's neurons
    recipes: dict[str, Recipe]  # one for every arm that is trained
    learning_rates: tuple[float, ...]  # what a mended model's was chosen from, on validation …
    student_rates: tuple[float, ...]  # … and the student's, which starts from nothing
    torchao: bool  # whether the library of that name trains a model as well, where it is installed

    def grid(self, arm: str) -> list[Recipe]:
        """The recipes that an arm's was chosen from: as many for every arm."""
        rates = self.student_rates if arm == "student" else self.learning_rates
        return [replace(self.recipes[arm], learning_rate=rate) for rate in rates]


def _recipes(rates: dict[str, float], steps: int, student_steps: int) -> dict[str, Recipe]:
    """A recipe an arm: the same steps for all that are mended."""
    return {
        arm: Recipe(rate, student_steps, **TARGETS["distilled"])
        if arm == "student"
        else Recipe(rate, steps, **TARGETS[arm.partition(", ")[2]])
        for arm, rate in rates.items()
    }


def settings(run: Switches) -> SmallerStill:
    """Lesson 12 at the scale that the switches name."""
    if run.scale == "offline":
        return SmallerStill(
            run=run,
            test_seed=1212,
            dataset="news",
            teacher="news",
            teacher_labels=40_000,
            student="tiny",
            labelled=2000,
            tested=2000,
            batch_size=16,
            max_length=64,
            share=1 / 24,
            heads=1 / 4,
            neurons=1 / 8,
            recipes=_recipes(CHOSEN, 150, 900),
            learning_rates=(6.25e-5, 1.25e-4, 2.5e-4, 5e-4, 1e-3, 2e-3),
            student_rates=(1.25e-4, 2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3),
            torchao=False,
        )
    small = run.scale == "small"
    rate = 4e-4 if small else 5e-5
    return SmallerStill(
        run=run,
        dataset=run.dataset or HUB_DATA,
        teacher="sentence-transformers/all-MiniLM-L6-v2"
        if small
        else "google-bert/bert-base-uncased",
        teacher_labels=0,
        student=2 if small else 6,
        labelled=2000 if small and run.dataset == "stanfordnlp/sst2" else None,
        tested=2000,
        batch_size=16 if small else 32,
        max_length=128,
        share=1 / 4,
        heads=1 / 2,
        neurons=1 / 4,
        recipes={
            "teacher": Recipe(5e-5, 570) if small else Recipe(3e-5, 400),
            **_recipes(
                CHOSEN_AT_SMALL if small else dict.fromkeys(CHOSEN, rate) | {"student": 2 * rate},
                100 if small else 190,
                250 if small else 380,
            ),
        },
        learning_rates=(rate / 2, rate, 2 * rate),
        student_rates=(rate / 2, rate, 2 * rate),
        torchao=not small,
    )
