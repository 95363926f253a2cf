"""Lesson 09: which questions, which student, what is compared inside, and how each arm is trained."""

from __future__ import annotations

from dataclasses import dataclass

from kd_course.settings import HUB_DATA, LessonSettings, Recipe, Switches

# The arms of section 6, in the order of its table: two without a look inside, four with one, and the
# controls, each named after the arm that it is set beside.
READING_ARMS = (
    "labels",
    "soft targets",
    "hidden states",
    "attention",
    "relations",
    "contrastive",
    "hidden states, untrained teacher",
    "attention, untrained teacher",
    "relations, untrained teacher",
    "contrastive, untrained teacher",
    "hidden states, reversed map",
)
# The arms of section 8. The two controls come last: as many steps, and a teacher that knows nothing.
TASK_ARMS = (
    "fine-tuned",
    "distilled first",
    "fine-tuned longer",
    "untrained teacher first",
)

# What the reference runs are expected to show, in F1 (section 6) and accuracy (section 8), from
# trials on validation rows; written down before the test rows are read. "?" is no guess.
_BEFORE_THE_TASK = {
    "distilled first, few labels/gain over fine-tuned": "+",
    "distilled first, few labels/gain over fine-tuned longer": "+",
    "distilled first, few labels/gain over untrained teacher first": "+",
    "distilled first, all labels/gain over fine-tuned longer": "?",
}
EXPECTED = {
    "offline": {
        "soft targets/gain over labels": "+",
        "hidden states/gain over soft targets": "?",
        "attention/gain over soft targets": "?",
        "relations/gain over soft targets": "+",
        "contrastive/gain over soft targets": "?",
        "hidden states/gain over untrained teacher": "?",
        "attention/gain over untrained teacher": "?",
        "relations/gain over untrained teacher": "?",
        "contrastive/gain over untrained teacher": "?",
        "hidden states/gain over reversed map": "?",
        **_BEFORE_THE_TASK,
    },
    "small": _BEFORE_THE_TASK,
}


@dataclass(frozen=True)
class InsideTheTeacher(LessonSettings):
    """Lesson 09: which questions, which student, what is compared, how each arm is trained.

    Sections 1 to 7 are about reading, and the same at every scale; section 8 is about a task that
    is not known yet, and has a teacher, texts and labels of its own.
    """

    teacher: str  # a shipped teacher's name
    student: str  # of models.READERS, from random weights
    labelled: int  # questions that a student learns from
    tested: int  # test questions
    length: int  # tokens of a window
    batch_size: int
    heads: int  # relation heads
    weight: float  # what a comparison inside weighs in the loss
    live: tuple[str, ...]  # the arms trained in front of the learner; the ledger has them all
    watched_every: int  # steps between two looks at the validation questions
    recipes: dict[str, Recipe]  # section 6's, by arm; section 8's, by arm and labels
    learning_rates: tuple[float, ...]  # what section 6's were chosen from, on validation
    general_teacher: str  # a shipped teacher's name, or the hub's identifier
    general_student: str | int  # one of models.SIZES, untrained; or how many layers are copied
    general_text: str  # where the unlabelled sentences come from
    general_texts: int  # how many
    general_heads: int  # relation heads
    task: str  # the labelled sentences: "news", or the hub's identifier
    few: int  # labels of the task, where they are few
    many: int | None  # and where they are not; None: all of them
    max_length: int  # tokens of a sentence
    task_rates: tuple[float, ...]  # what section 8's were chosen from, on validation

    def task_recipe(self, arm: str, labels: str) -> Recipe:
        """How an arm of section 8 is fine-tuned. labels: "few" or "all"."""
        return self.recipes[f"{arm}, {labels} labels"]


def task_recipes(
    few: dict[str, float], many: dict[str, float], steps: tuple[int, int], general: Recipe
) -> dict[str, Recipe]:
    """Section 8's recipes. few, many: arm -> learning rate; steps: of fine-tuning, few and many.

    What was distilled took the steps of `general` before; "fine-tuned longer" takes them as well.
    """
    found = {"distilled before the task": general}
    for labels, rates, number in (("few", few, steps[0]), ("all", many, steps[1])):
        for arm in TASK_ARMS:
            longer = general.steps if arm == "fine-tuned longer" else 0
            found[f"{arm}, {labels} labels"] = Recipe(rates[arm], number + longer)
    return found


def _reading() -> dict:
    """Sections 1 to 7, the same at every scale."""
    taught = {"alpha": 0.5, "temperature": 2.0}
    rates = dict.fromkeys(READING_ARMS, 4e-3)
    return {
        "teacher": "reading",
        "student": "mini",
        "labelled": 1000,
        "tested": 1000,
        "length": 256,
        "batch_size": 32,
        "heads": 4,
        "weight": 1.0,
        "live": ("labels", "soft targets", "relations"),
        "watched_every": 25,
        "recipes": {
            arm: Recipe(rate, 150, **({} if arm == "labels" else taught))
            for arm, rate in rates.items()
        },
        "learning_rates": (2e-3, 4e-3, 8e-3),
    }


def settings(run: Switches) -> InsideTheTeacher:
    """Lesson 09 at the scale that the switches name."""
    reading = _reading()
    if run.scale == "offline":
        general = Recipe(2e-3, 300)
        rates = dict.fromkeys(TASK_ARMS, 2e-3)
        return InsideTheTeacher(
            run=run,
            test_seed=1209,
            **reading
            | {"recipes": reading["recipes"] | task_recipes(rates, rates, (150, 300), general)},
            general_teacher="news",
            general_student="mini",
            general_text="news",
            general_texts=8000,
            general_heads=4,
            task="news",
            few=200,
            many=2000,
            max_length=64,
            task_rates=(1e-3, 2e-3, 4e-3),
        )
    if run.scale == "small":
        general = Recipe(4e-4, 500)
        rates = dict.fromkeys(TASK_ARMS, 2e-4)
        return InsideTheTeacher(
            run=run,
            **reading
            | {"recipes": reading["recipes"] | task_recipes(rates, rates, (200, 400), general)},
            general_teacher="sentence-transformers/all-MiniLM-L6-v2",
            general_student=3,
            general_text="stanfordnlp/sst2",
            general_texts=16_000,
            general_heads=12,
            task=run.dataset or HUB_DATA,
            few=500,
            many=None,
            max_length=64,
            task_rates=(1e-4, 2e-4, 4e-4),
        )
    general = Recipe(2e-4, 6000)
    rates = dict.fromkeys(TASK_ARMS, 5e-5)
    return InsideTheTeacher(
        run=run,
        **reading
        | {"recipes": reading["recipes"] | task_recipes(rates, rates, (200, 600), general)},
        general_teacher="google-bert/bert-base-uncased",
        general_student=6,
        general_text="stanfordnlp/sst2",
        general_texts=60_000,
        general_heads=12,
        task=run.dataset or HUB_DATA,
        few=500,
        many=None,
        max_length=128,
        task_rates=(3e-5, 5e-5, 1e-4),
    )
