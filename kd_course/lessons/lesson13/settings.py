"""Lesson 13: what the students see, who teaches them, and how each arm is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kd_course.settings import LessonSettings, Recipe, Switches

# The sign of each main comparison, written down before the reference run reads its test rows. "?" is
# no guess. Of a KL, a surprise and a calibration error, below the other's is better.
EXPECTED = {
    "offline": {
        "distilled/gain over control": "+",
        "distilled/KL minus control": "-",
        "distilled/gain over control, as many steps": "+",
        "control, as many steps/gain over control": "?",
        "control, as many steps/KL minus control": "+",
        "distilled/gain over hard answers": "?",
        "distilled/KL minus hard answers": "-",
        "distilled, same pictures/gain over control": "+",
        "distilled, same pictures/KL minus control": "-",
        "distilled, same pictures, as many steps/gain over control, as many steps": "+",
        "distilled, same pictures, as many steps/KL minus control, as many steps": "-",
        "distilled, same pictures, as many steps/gain over distilled, same pictures": "?",
        "distilled/gain over distilled, same pictures, as many steps": "+",
        "distilled/KL minus distilled, same pictures, as many steps": "-",
        "distilled/scaled KL minus hard answers": "-",
        "MSE on logits/gain over distilled": "-",
        "MSE on logits/KL minus distilled": "+",
        "MSE on logits/open KL minus distilled": "+",
        "slipped by one/gain over control": "-",
        "margins/gain over labels": "-",
        "lists/gain over labels": "-",
        "lists/gain over labels, same candidates": "?",
        "labels, same candidates/gain over labels": "-",
        "lists and labels/gain over labels": "?",
        "margins/gain over dealt out": "?",
        "lists/gain over dealt out": "+",
        "labels/gain over words in common": "-",
        "MSE on scores/gain over margins": "-",
        "dealt out/gain over labels": "-",
    },
    "small": {
        "distilled/gain over control": "+",
        "distilled/KL minus control": "-",
        "MSE on logits/KL minus distilled": "+",
        "slipped by one/gain over control": "-",
        "margins/gain over labels": "?",
        "lists/gain over labels": "?",
        "lists/gain over labels, same candidates": "?",
        "labels, same candidates/gain over labels": "-",
        "lists and labels/gain over labels": "?",
        "MSE on scores/gain over margins": "-",
        "dealt out/gain over labels": "-",
        "lists/gain over dealt out": "+",
        "labels/gain over before training": "+",
        "labels/gain over words in common": "-",
    },
    "small, sound": {
        "distilled/gain over control": "+",
        "distilled/surprise minus control": "-",
        "distilled/gain over control, as many steps": "+",
        "distilled/gain over hard answers": "?",
        "distilled, same pictures/gain over control": "?",
        "distilled, same pictures/surprise minus control": "?",
        "distilled/gain over distilled, same pictures, as many steps": "+",
        "MSE on logits/gain over distilled": "?",
        "MSE on logits/surprise minus distilled": "?",
        "slipped by one/gain over control": "-",
    },
}

SEEING = (  # the arms of the pictures
    "control",
    "control, as many steps",
    "distilled, same pictures",
    "distilled, same pictures, as many steps",
    "distilled",
    "hard answers",
    "MSE on logits",
    "slipped by one",
)
FEW_PICTURES = ("control", "distilled, same pictures")  # these take a fifth of the others' steps
RANKING = (  # those of the passages
    "labels",
    "labels, same candidates",
    "margins",
    "lists",
    "lists and labels",
    "MSE on scores",
    "dealt out",
)

# The learning rate that was best for each arm on validation rows, out of `learning_rates`.
CHOSEN = {
    "control": 8e-3,
    "control, as many steps": 1.6e-2,
    "distilled, same pictures": 4e-3,
    "distilled, same pictures, as many steps": 1.6e-2,
    "distilled": 2e-3,
    "hard answers": 8e-3,
    "MSE on logits": 1.6e-2,
    "slipped by one": 2e-3,  # it learns the same at all of them: how often each label comes up
    "labels": 2.5e-3,
    "labels, same candidates": 2.5e-3,
    "margins": 5e-3,
    "lists": 2.5e-3,
    "lists and labels": 2.5e-3,
    "MSE on scores": 1e-3,
    "dealt out": 4e-4,  # the lowest on offer: the less it learns the better it ranks
}

# The same for the headlines when they are heard, by one seed.
CHOSEN_FOR_SOUND = {
    "control": 5e-4,
    "control, as many steps": 2e-3,
    "distilled, same pictures": 5e-4,
    "distilled, same pictures, as many steps": 1.25e-4,  # the lowest; half of it was worse
    "distilled": 5e-4,
    "hard answers": 2.5e-4,
    "MSE on logits": 2e-3,
    "slipped by one": 5e-4,
}


# And those of the passages at `small`, by one seed.
CHOSEN_AT_SMALL = {
    "labels": 2e-4,
    "labels, same candidates": 2e-4,
    "margins": 4e-4,
    "lists": 2e-4,
    "lists and labels": 2e-4,
    "MSE on scores": 1e-4,
    "dealt out": 1e-4,
}


@dataclass(frozen=True)
class AcrossModalities(LessonSettings):
    """Lesson 13: what the students see, who teaches them, and how each arm is trained."""

    medium: str  # what a headline becomes: "pictures"; or "sound", which espeak-ng has to speak
    teacher: str  # of the headlines: the shipped news teacher, which reads their text
    teacher_labels: int  # what it has learnt from
    student: str  # one of models.SEEING_SIZES
    labelled: int  # labelled headlines that a student may see
    paired: int  # further headlines, which have a text and a picture, and no label
    tested: int  # test headlines
    batch_size: int
    dataset: str  # of the questions: "reading" is the embedded corpus, else the hub's identifier
    ranker: str  # the cross-encoder: a teacher that ships, or an encoder that is trained here
    started_from: str  # whose layers a bi-encoder begins with
    layers: int  # how many of them; 0: its token vectors alone
    passages: int  # that training questions are asked about
    questions: int  # that a bi-encoder learns from
    tested_passages: int  # among which the right one is looked for
    tested_questions: int
    reranked: int  # of these, for how many the cross-encoder reads the ten best by words
    candidates: int  # passages a question that the teacher compares: the right one and wrong ones
    questions_a_step: int
    max_length: int  # tokens of question and passage together
    recipes: dict[str, Recipe]  # one an arm, and the ranker's where it is trained here
    learning_rates: tuple[float, ...]  # of the pictures' arms: what each was chosen from
    ranking_rates: tuple[float, ...]  # of the passages' arms

    def grid(self, arm: str) -> list[Recipe]:
        """The recipes that an arm's was chosen from: as many for every arm of its kind."""
        rates = self.learning_rates if arm in SEEING else self.ranking_rates
        return [replace(self.recipes[arm], learning_rate=rate) for rate in rates]


def _recipes(rates: dict[str, float], seeing: int, ranking: int) -> dict[str, Recipe]:
    """A recipe an arm: the same steps for all of a kind, but for those that see few pictures.

    At `offline` every arm then sees each of its pictures five times. Teachers teach at T = 1, alone.
    """
    without = ("control", "control, as many steps", "hard answers", *RANKING[:2])
    recipes = {}
    for arm in (*SEEING, *RANKING):
        alpha = 0.0 if arm in without else 0.5 if arm == "lists and labels" else 1.0
        steps = seeing if arm in SEEING else ranking
        recipes[arm] = Recipe(rates[arm], steps // 5 if arm in FEW_PICTURES else steps, alpha)
    return recipes


def settings(run: Switches) -> AcrossModalities:
    """Lesson 13 at the scale that the switches name.

    KD_DATASET=sound, at `small` or `full`, lets the headlines of `offline` be spoken, and leaves all
    else as it is there: no network is needed.
    """
    offline = AcrossModalities(
        run=run,
        test_seed=1316,
        medium="pictures",
        teacher="news",
        teacher_labels=40_000,
        student="small",
        labelled=2_000,
        paired=8_000,
        tested=2_000,
        batch_size=32,
        dataset="reading",
        ranker="ranking",
        started_from="reading",
        layers=0,
        passages=300,
        questions=600,
        tested_passages=400,
        tested_questions=1_000,
        reranked=200,
        candidates=4,
        questions_a_step=16,
        max_length=256,
        recipes=_recipes(CHOSEN, 1_500, 300),
        learning_rates=(5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2),
        ranking_rates=(4e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2e-2),
    )
    if run.scale == "offline":
        return offline
    if run.dataset == "sound":
        return replace(
            offline,
            medium="sound",
            test_seed=1318,
            recipes=_recipes(CHOSEN | CHOSEN_FOR_SOUND, 1_500, 300),
            learning_rates=(1.25e-4, 2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3),
        )
    if run.scale == "small":
        return replace(
            offline,
            test_seed=1317,
            paired=16_000,
            dataset=run.dataset or "rajpurkar/squad",
            ranker="sentence-transformers/all-MiniLM-L6-v2",
            started_from="sentence-transformers/all-MiniLM-L6-v2",
            layers=2,
            passages=400,
            questions=640,
            tested_passages=300,
            tested_questions=500,
            reranked=100,
            candidates=3,
            questions_a_step=8,
            max_length=144,
            recipes={
                **_recipes(CHOSEN | CHOSEN_AT_SMALL, 2_000, 80),
                "ranker": Recipe(1e-4, 200),
            },
            ranking_rates=(1e-4, 2e-4, 4e-4),
        )
    return replace(
        offline,
        student="medium",
        paired=40_000,
        batch_size=64,
        dataset=run.dataset or "rajpurkar/squad",
        ranker="google-bert/bert-base-uncased",
        started_from="google-bert/bert-base-uncased",
        layers=6,
        passages=10_000,
        questions=40_000,
        tested_passages=2_000,
        tested_questions=5_000,
        reranked=1_000,
        candidates=4,
        questions_a_step=16,  # 64 pairs of 256 tokens at once: a GPU of 24 GB holds them
        max_length=256,
        recipes={
            **_recipes(dict.fromkeys(SEEING, 4e-3) | dict.fromkeys(RANKING, 5e-5), 4_000, 2_000),
            "ranker": Recipe(3e-5, 3_000),
        },
        ranking_rates=(2e-5, 5e-5, 1e-4),
    )
