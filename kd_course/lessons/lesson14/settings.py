"""Lesson 14: who writes what for whom, how each arm is taught, and what is expected."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kd_course.settings import HUB_DATA, LessonSettings, Recipe, Switches

# The sign of each main comparison, written down before the reference run reads its test rows: from
# theory, and from trials on other rows. "?" is no guess. Of a KL below the other's is better.
EXPECTED = {
    "offline": {
        "labels, more text/valid share minus labels": "+",
        "sequence-level/valid share minus labels": "?",
        "forward KL/KL minus labels": "-",
        "forward KL/valid share minus labels": "+",
        "forward KL/valid share minus labels, more text": "?",
        "reverse KL, own prefixes/valid share minus labels": "+",
        "reverse KL, own prefixes/valid share minus forward KL": "+",
        "reverse KL, own prefixes/KL minus forward KL": "+",
        "reverse KL, own prefixes/valid share minus reverse KL, data prefixes": "+",
        "forward KL, own prefixes/valid share minus forward KL": "-",
        "JSD, own prefixes/valid share minus forward KL": "?",
        "reverse KL, cold/valid share minus labels": "-",
        "reverse KL, own prefixes/KL minus forward KL, colder": "?",
        "forward KL/acceptance minus labels": "+",
        "reverse KL, own prefixes/acceptance minus forward KL": "?",
        "encoder-decoder/F1 minus decoder": "+",
    },
    "small": {
        "forward KL/F1 minus labels": "?",
        "forward KL/surprise minus labels": "+",
        "sequence-level/F1 minus labels": "?",
        "sequence-level/surprise minus labels": "+",
        "forward KL/acceptance minus labels": "+",
    },
    "small, summaries": {
        "forward KL/F1 minus labels": "?",
        "sequence-level/F1 minus labels": "-",
        "forward KL/acceptance minus labels": "+",
    },
}

# What is compared with what, row by row, in each measure.
QUESTIONS = {
    "labels, more text": ("labels",),
    "sequence-level": ("labels",),
    "forward KL": ("labels", "labels, more text"),
    "forward KL, own prefixes": ("forward KL",),
    "reverse KL, cold": ("labels",),
    "reverse KL, data prefixes": ("forward KL",),
    "JSD, own prefixes": ("forward KL",),
    "reverse KL, own prefixes": ("labels", "forward KL", "reverse KL, data prefixes"),
}

# The learning rate of each arm, chosen on validation prompts: see the grid.
CHOSEN = {
    "labels": 2e-2,
    "labels, more text": 1e-2,
    "sequence-level": 1e-2,
    "forward KL": 2e-2,
    "forward KL, own prefixes": 2e-2,
    "reverse KL, cold": 2e-2,
    "reverse KL, data prefixes": 1e-2,
    "reverse KL, own prefixes": 5e-3,
    "JSD, own prefixes": 1e-2,
}

# Section 7, at `offline` and `small`: chosen on rows of another seed than the test's.
ANSWERS = {"encoder-decoder": Recipe(2e-3, 150), "decoder": Recipe(2e-3, 40)}


@dataclass(frozen=True)
class GenerativeTeachers(LessonSettings):
    """Lesson 14: who writes what for whom, how each arm is taught, and what is expected."""

    dataset: str  # "headlines" or "summaries", embedded; anything else is the hub's identifier
    one_sentence: bool  # whether a question of the hub is asked about one sentence of its passage
    teacher: str  # a shipped teacher's name, or the hub's identifier
    teacher_texts: int  # that it learnt from, where others trained it; 0: not known
    student: (
        str | int
    )  # one of models.DECODERS, untrained; how many layers to copy; or an identifier
    students: tuple[str, ...]  # their sizes on the axis of capacity; none: not tried
    texts: int  # that a student may learn from
    more_texts: int  # in the arm with more of them; 0: no such arm
    validated: int  # texts for choosing recipes
    tested: int  # test texts
    batch_size: int
    at_once: int  # prompts that are written to at the same time
    longest: int  # tokens of a completion, its end included
    longest_prompt: int  # tokens; longer prompts are left out
    kept: int | None  # words of the teacher's answer that are kept at each token; None: all
    beta: float  # of the arm with the Jensen-Shannon divergence
    temperatures: tuple[float, ...]  # at which students write as well, 1 among them
    drafted: int  # tokens that a draft runs ahead
    spoken: int  # texts that are written with a draft
    asked: int  # passages of the section on written answers
    answers_tested: int  # test questions there
    answers_seed: int  # draws them: generated at every scale, and read by nothing else
    answer_recipes: dict[str, Recipe]
    writer: str | int  # its encoder-decoder: layers beside the shipped reader, or an identifier
    writers_teacher: str  # a larger one of its kind that teaches it, an identifier; "": none
    zero_shot: str  # news that the teacher labels without training, the hub's identifier; "": none
    trl_steps: int  # of TRL's trainer, where it is installed; 0: it is not tried
    recipes: dict[str, Recipe]  # one an arm; "teacher" where it is trained here
    learning_rates: tuple[float, ...]  # what every arm's was chosen from, on validation

    def grid(self, arm: str) -> list[Recipe]:
        """The recipes that an arm's was chosen from: as many for every arm."""
        return [replace(self.recipes[arm], learning_rate=rate) for rate in self.learning_rates]


def settings(run: Switches) -> GenerativeTeachers:
    """Lesson 14 at the scale that the switches name."""
    if run.scale == "offline":
        return GenerativeTeachers(
            run=run,
            test_seed=1314,
            dataset="headlines",
            one_sentence=False,
            teacher="headlines",
            teacher_texts=20_000,
            student="tiny",
            students=("mini", "tiny", "little"),
            texts=2000,
            more_texts=6000,
            validated=500,
            tested=600,
            batch_size=64,
            at_once=256,
            longest=44,
            longest_prompt=1,
            kept=None,
            beta=0.5,
            temperatures=(1.2, 1.0, 0.9, 0.8, 0.7, 0.6),
            drafted=3,
            spoken=20,
            asked=400,
            answers_tested=300,
            answers_seed=1314,
            answer_recipes=ANSWERS,
            writer=1,
            writers_teacher="",
            zero_shot="",
            trl_steps=0,
            recipes={arm: Recipe(rate, 400) for arm, rate in CHOSEN.items()},
            learning_rates=(2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2),
        )
    if run.scale == "small":
        summaries = run.dataset == "summaries"
        return GenerativeTeachers(
            run=run,
            test_seed=1315 if summaries else None,
            dataset=run.dataset or "rajpurkar/squad",
            one_sentence=True,
            teacher="HuggingFaceTB/SmolLM2-135M-Instruct",
            teacher_texts=0,
            student=10,
            students=(),
            # Those that are short enough are kept, and both halves draw from them.
            texts=270 if summaries else 850,
            more_texts=0,
            validated=60 if summaries else 150,
            tested=60 if summaries else 300,  # to read their prompts takes as long as to learn
            batch_size=6 if summaries else 16,
            at_once=32,
            longest=48 if summaries else 16,
            longest_prompt=360 if summaries else 110,
            kept=32,
            beta=0.5,
            temperatures=(),
            drafted=3,
            spoken=2 if summaries else 5,
            asked=400,
            answers_tested=300,
            answers_seed=1314,
            answer_recipes=ANSWERS,
            writer=1,
            writers_teacher="",
            zero_shot=HUB_DATA,
            trl_steps=0,
            # About four seconds a step on one core: three arms and three seeds in half an hour.
            recipes={
                "labels": Recipe(3e-4, 40),
                "sequence-level": Recipe(3e-4, 40),
                "forward KL": Recipe(6e-4, 40),
            },
            learning_rates=(1e-4, 3e-4, 6e-4, 1e-3),  # of the questions; summaries took theirs over
        )
    return GenerativeTeachers(
        run=run,
        dataset=run.dataset or "rajpurkar/squad",
        one_sentence=False,
        teacher="openai-community/gpt2-medium",
        teacher_texts=0,
        student="openai-community/gpt2",
        students=(),
        texts=20_000,
        more_texts=0,
        validated=500,
        tested=1000,
        batch_size=16,
        at_once=64,
        longest=32,
        longest_prompt=480,
        kept=64,
        beta=0.5,
        temperatures=(),
        drafted=4,
        spoken=50,
        asked=3600,
        answers_tested=1500,
        answers_seed=1314,
        answer_recipes={
            "teacher": Recipe(1e-4, 3000),
            "encoder-decoder": Recipe(3e-4, 3000),
            "encoder-decoder, taught": Recipe(3e-4, 3000),
            "decoder": Recipe(3e-4, 3000),
        },
        writer="google-t5/t5-small",
        writers_teacher="google-t5/t5-base",
        zero_shot=HUB_DATA,
        trl_steps=50,
        recipes={
            "teacher": Recipe(2e-5, 2500),
            **{
                arm: Recipe(5e-5, 2500)
                for arm in CHOSEN
                # Reverse KL on the data's prefixes needs all words of the teacher's kept answers.
                if arm not in ("labels, more text", "reverse KL, cold", "reverse KL, data prefixes")
            },
        },
        learning_rates=(2e-5, 5e-5, 1e-4),
    )
