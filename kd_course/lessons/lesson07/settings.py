"""Lesson 07: which sentence pairs, which teacher, which student, and how each arm is trained."""

from __future__ import annotations

from dataclasses import dataclass

from kd_course.settings import LessonSettings, Recipe, Switches

# The sign of each main comparison, written down before the reference run read its test sentences:
# from theory and from trials on validation sentences. "?" is no guess.
EXPECTED = {
    "sequence-level/gain in BLEU, greedy": "+",
    "sequence-level/gain in BLEU, beam": "+",
    "word-level/gain in BLEU, greedy": "+",
    "word-level/gain in BLEU, beam": "+",
    "both/gain in BLEU, greedy": "+",
    "usual wording/gain in BLEU, greedy": "+",
    "word-level/minus sequence-level in BLEU, greedy": "-",
    "word-level/minus sequence-level in BLEU, beam": "-",
    "both/minus sequence-level in BLEU, greedy": "?",
    "usual wording/minus sequence-level in BLEU, greedy": "+",
    "sequence-level/minus the teacher in BLEU, greedy": "-",
    "word-level/minus the control in nats a sentence": "-",
    "sequence-level/minus the control in nats a sentence": "+",
    "sequence-level/gain in right, greedy": "+",
    "word-level/gain in right, greedy": "+",
    "usual wording/gain in right, greedy": "+",
}


@dataclass(frozen=True)
class MachineTranslation(LessonSettings):
    """Lesson 07: which sentence pairs, which teacher, which student, and how each arm is trained."""

    dataset: str  # "parallel" is the embedded corpus; anything else is the hub's identifier
    teacher: str  # a shipped teacher's name, one of translation.SIZES, or the hub's identifier
    student: str | tuple[int, int]  # one of translation.SIZES; or layers to copy: encoder, decoder
    pairs: int | None  # training pairs that every arm uses; None: all there are
    vocabulary: tuple[int, int]  # pieces of English, of Chinese, where a tokenizer is trained
    longest: int  # tokens: pairs with a longer side are left out
    beams: int
    candidates: int  # translations of a source that the teacher writes down
    batch_size: int
    recipes: dict[str, Recipe]  # one an arm, and the teacher's where it is trained here
    main_arms: tuple[str, ...]  # those that train even when one seed is asked for and no maps
    learning_rates: tuple[float, ...]  # what every arm's recipe was chosen from, on validation


def settings(run: Switches) -> MachineTranslation:
    """Lesson 07 at the scale that the switches name."""
    taught = {"alpha": 0.9, "temperature": 1.0}
    if run.scale == "offline":
        return MachineTranslation(
            run=run,
            test_seed=1107,
            dataset="parallel",
            teacher="translation",
            student="tiny",
            pairs=8000,
            vocabulary=(1500, 1200),
            longest=64,
            beams=4,
            candidates=4,
            batch_size=32,
            recipes={
                "control": Recipe(3e-3, 2500),
                "word-level": Recipe(3e-3, 2500, **taught),
                "sequence-level": Recipe(3e-3, 2500),
                "both": Recipe(3e-3, 2500, **taught),
                "usual wording": Recipe(3e-3, 2500),
            },
            main_arms=("control", "sequence-level"),
            learning_rates=(2e-3, 3e-3, 5e-3),
        )
    if run.scale == "small":
        return MachineTranslation(
            run=run,
            dataset=run.dataset or "Helsinki-NLP/opus-100",
            teacher="medium",
            student="tiny",
            pairs=20_000,  # of a million: what a teacher from scratch reads and rewrites in an hour
            # Real Chinese has thousands of characters, each of them a piece before any two are one.
            vocabulary=(3000, 4000),
            longest=64,
            beams=4,
            candidates=4,
            batch_size=64,
            recipes={
                # At 1.5e-3 and three layers of decoder a teacher learnt to repeat itself, no more.
                "teacher": Recipe(7e-4, 3000),
                "control": Recipe(3e-3, 1500),
                "word-level": Recipe(3e-3, 1500, **taught),
                "sequence-level": Recipe(3e-3, 1500),
                "both": Recipe(3e-3, 1500, **taught),
            },
            main_arms=("control", "word-level", "sequence-level", "both"),
            learning_rates=(2e-3, 4e-3),
        )
    return MachineTranslation(
        run=run,
        dataset=run.dataset or "Helsinki-NLP/opus-100",
        teacher="Helsinki-NLP/opus-mt-en-zh",
        student=(6, 2),
        pairs=1_000_000,
        vocabulary=(0, 0),  # the teacher brings its own
        longest=128,
        beams=4,
        candidates=1,
        batch_size=128,
        recipes={
            "control": Recipe(2e-4, 20_000),
            "word-level": Recipe(2e-4, 20_000, **taught),
            "sequence-level": Recipe(2e-4, 20_000),
            "both": Recipe(2e-4, 20_000, **taught),
        },
        main_arms=("control", "word-level", "sequence-level", "both"),
        learning_rates=(2e-4, 5e-4),
    )
