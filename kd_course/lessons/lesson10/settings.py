"""Lesson 10: the data, who stands in for an expensive teacher, and how each arm is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kd_course.settings import HUB_DATA, LessonSettings, Recipe, Switches

# The sign of each main comparison, written down before the reference run read its test rows: from
# theory, and from trials on validation rows. "?" is no guess. A KL below the control's is better,
# and so is less churn.
EXPECTED = {
    "offline": {
        "control, twice the steps/gain over control": "?",
        "mutual/gain over control": "?",
        "mutual/KL minus control": "-",
        "mutual/scaled KL minus control": "?",
        "mutual/sharpness minus control": "-",
        "mutual/gain over control, twice the steps": "?",
        "mutual, stale/gain over mutual": "?",
        "mutual/gain over distilled": "-",
        "mutual/gain over distilled, twice the steps": "-",
        "mutual/gain over distilled, same labels": "?",
        "distilled from an ensemble/gain over control": "?",
        "distilled from an ensemble/KL minus control": "-",
        "distilled/gain over control": "+",
        "distilled/scaled KL minus control": "-",
        "distilled/sharpness minus control": "-",
        "distilled/gain over distilled, dealt out": "+",
        "distilled/gain over hard answers": "+",
        "distilled, dealt out/gain over control": "?",
        "distilled, dealt out/scaled KL minus control": "?",
        "distilled, assistant/gain over control": "+",
        "distilled, assistant/gain over distilled": "?",
        "hard answers, proxy/gain over hard answers": "?",
        "mutual/churn minus control": "-",
        "distilled/churn minus control": "-",
    },
    "small": {
        "mutual/gain over control": "?",
        "mutual/gain over control, twice the steps": "?",
        "mutual/surprise minus control": "-",
        "distilled/gain over control": "+",
        "distilled/gain over distilled, dealt out": "+",
        "mutual/gain over distilled": "-",
        "mutual/churn minus control": "-",
    },
}

# The learning rate that was most accurate on validation rows, out of `learning_rates`: for each arm, and for
# the medium models. Twins are the control by another road, so they take the control's.
CHOSEN = {
    "control": 2e-3,
    "control, twice the steps": 2e-3,
    "mutual": 2e-3,
    "mutual, same seed": 2e-3,
    "mutual, stale": 2e-3,
    "distilled from an ensemble": 1e-3,
    "distilled": 2e-3,
    "distilled, twice the steps": 2e-3,
    "distilled, dealt out": 2e-3,
    "distilled, assistant": 2e-3,
    "distilled, same labels": 2e-3,
    "hard answers": 2e-3,
    "hard answers, proxy": 2e-3,
    "larger model": 1e-3,
    "assistant": 2e-3,
    "proxy": 2e-3,
}
MEDIUM = ("larger model", "assistant", "proxy")  # no arms: they teach one


# At `small` one seed tried three rates for each arm that is trained there (see FEWER), with the same
# judge. *Control, twice the steps* and *dealt out* were best at the lowest of the three.
CHOSEN_AT_SMALL = {
    "control": 4e-4,
    "control, twice the steps": 2e-4,
    "mutual": 4e-4,
    "distilled from an ensemble": 4e-4,  # level with 8e-4; its two controls had 2e-4 in the trial
    "distilled": 4e-4,
    "distilled, dealt out": 2e-4,
}


# At `small` and `full` a training takes a minute and more, and the teacher has learnt from the students' own
# labels: there the arms are those that its question needs.
FEWER = (
    "control",
    "control, twice the steps",
    "mutual",
    "distilled from an ensemble",
    "distilled",
    "distilled, dealt out",
)


@dataclass(frozen=True)
class ExpensiveTeachers(LessonSettings):
    """Lesson 10: the data, who stands in for an expensive teacher, and how each arm is trained."""

    dataset: str  # "news" is the embedded corpus; anything else is the hub's identifier
    teacher: str  # a shipped teacher's name, or the hub's identifier
    teacher_labels: int  # what it learnt from, where others trained it; 0: the students' own
    student: str | int  # one of models.SIZES, untrained; or how many layers to copy
    assistant: str | int  # a model between the two, in the same form
    labelled: int | None  # labelled sentences a student may use; None: all of them
    tested: int  # test sentences, at most
    batch_size: int
    max_length: int  # tokens
    stale: int  # steps for which a peer is asked as it was, in the arm of that name
    translator: str  # the shipped teacher of sections 1 to 3, which are the same at all scales
    sentences: int  # that it is asked about there
    arms: tuple[str, ...]  # those that are trained with every seed
    recipes: dict[str, Recipe]  # one an arm, and one for each medium model
    learning_rates: tuple[float, ...]  # what every arm's was chosen from, on validation
    choosing: tuple[int, ...]  # by students of these seeds …
    deciding: tuple[int, ...]  # … and the best two by these as well

    def grid(self, arm: str) -> list[Recipe]:
        """The recipes on offer to an arm. The ledger's log has five of these or more, whoever the arm."""
        return [replace(self.recipes[arm], learning_rate=rate) for rate in self.learning_rates]


def _recipes(rates: dict[str, float], steps: int) -> dict[str, Recipe]:
    """A recipe an arm: the same steps for all, but for the one that is given twice as many."""
    taught = {"alpha": 0.9, "temperature": 2.0}
    # Half of a loss of equal parts at T = 1 is what Zhang and others (2018) write for two peers.
    peers = {"alpha": 0.5, "temperature": 1.0}
    about = {
        "control": {},
        "control, twice the steps": {},
        "mutual": peers,
        "mutual, same seed": peers,
        "mutual, stale": peers,
        "distilled from an ensemble": taught,
        "distilled": taught,
        "distilled, twice the steps": taught,
        "distilled, dealt out": taught,
        "distilled, assistant": taught,
        "distilled, same labels": taught,
        "hard answers": {},
        "hard answers, proxy": taught,
        "larger model": {},
        "assistant": taught,
        "proxy": {},
    }
    return {
        arm: Recipe(rates[arm], 2 * steps if arm.endswith("twice the steps") else steps, **more)
        for arm, more in about.items()
    }


def settings(run: Switches) -> ExpensiveTeachers:
    """Lesson 10 at the scale that the switches name."""
    if run.scale == "offline":
        return ExpensiveTeachers(
            run=run,
            test_seed=1320,
            dataset="news",
            teacher="news",
            teacher_labels=40_000,
            student="tiny",
            assistant="mini",
            labelled=2000,
            tested=2000,
            batch_size=16,
            max_length=64,
            stale=50,
            translator="translation",
            sentences=200,
            arms=tuple(arm for arm in CHOSEN if arm not in MEDIUM),
            recipes=_recipes(CHOSEN, 400),
            learning_rates=(1.25e-4, 2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3),
            choosing=(0, 1, 2),
            deciding=(3, 4),
        )
    if run.scale == "small":
        return ExpensiveTeachers(
            run=run,
            dataset=run.dataset or HUB_DATA,
            teacher="sentence-transformers/all-MiniLM-L6-v2",
            teacher_labels=0,
            student=2,
            assistant=4,
            labelled=2000,
            tested=2000,
            batch_size=16,
            max_length=128,
            stale=50,
            translator="translation",
            sentences=200,
            arms=FEWER,
            recipes={
                "teacher": Recipe(5e-5, 375),
                **_recipes(dict.fromkeys(CHOSEN, 4e-4) | CHOSEN_AT_SMALL, 250),
            },
            learning_rates=(2e-4, 4e-4, 8e-4),
            choosing=(0,),
            deciding=(),
        )
    return ExpensiveTeachers(
        run=run,
        dataset=run.dataset or HUB_DATA,
        teacher="google-bert/bert-base-uncased",
        teacher_labels=0,
        student=4,
        assistant=6,
        labelled=None,
        tested=2000,
        batch_size=32,
        max_length=128,
        stale=50,
        translator="translation",
        sentences=200,
        arms=FEWER,
        recipes={"teacher": Recipe(3e-5, 400), **_recipes(dict.fromkeys(CHOSEN, 5e-5), 300)},
        learning_rates=(3e-5, 5e-5, 1e-4),
        choosing=(0,),
        deciding=(),
    )
