"""What the checks look at: the report, the files, and what is worked out of them, once.

The model is asked again, and every figure is computed from the answers again. A check reads both
here beside what the report says.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from kd_course.capstone import answering
from kd_course.capstone.briefs import CLASSES, HEADLINES, Brief, Row, asked, brief
from kd_course.capstone.handed_in import HandedIn
from kd_course.capstone.model_config import checked_config
from kd_course.capstone.model_files import teacher_files
from kd_course.capstone.model_folder import CONFIG, Refused
from kd_course.capstone.recomputed import CONTROL, METHOD, figures, towards_goal, unpack
from kd_course.capstone.trained_texts import parsed_trained
from kd_course.capstone.verdicts import Failed

NEW_ROWS = 400  # that are drawn for one check and never again

# What answers for a model: (task, its files, the teacher's, questions) -> as answering.reply
Ask = Callable[[str, Mapping[str, bytes], Mapping[str, bytes], bytes], dict[str, Any]]


def ask_here(
    task: str, files: Mapping[str, bytes], teacher: Mapping[str, bytes], questions: bytes
) -> dict[str, Any]:
    """In this process: for one's own model. `grade` asks in the locked box."""
    return answering.reply(task, dict(files), dict(teacher), questions)


@lru_cache(maxsize=8)
def test_rows(key: str, seed: int | None = None) -> list[Row]:
    """The test rows of a brief, drawn once."""
    return brief(key).test(seed)


class Evidence:
    """What was handed in, and what is worked out of it, once."""

    def __init__(self, handed: HandedIn, told: dict[str, Any], ask: Ask):
        self.handed, self.told, self.ask = handed, told, ask
        self.brief: Brief = brief(told["brief"])

    @cached_property
    def rows(self) -> list[Row]:
        return test_rows(self.brief.key)

    @cached_property
    def opened(self) -> list[Row]:
        """The rows that the report's answers are to: fewer than the test has, in a test of the path."""
        seed, there = self.told["test_seed"], self.told["test_openings"]
        rows = self.rows if seed == self.brief.test_seed else test_rows(self.brief.key, seed)
        return rows[: there[-1]["rows"]] if there else rows

    @cached_property
    def new_rows(self) -> list[Row]:
        """Rows of the test's kind that nobody can have trained on: of a seed that is drawn here and now.

        None where the data have one test split, and of headlines: there a model is given a label, and no
        text that it could know.
        """
        if self.brief.test_seed is None or self.brief.task == HEADLINES:
            return []
        return test_rows(self.brief.key, 10_000 + secrets.randbelow(2**31))[:NEW_ROWS]

    @cached_property
    def _asked(self) -> dict[str, Any]:
        """What comes back of the model, or {"refused": why}; it is asked once, whatever comes."""
        if "model" in self.handed.refused:
            return {"refused": self.handed.refused["model"]}
        task = self.brief.task
        try:
            checked_config(self.handed.model[CONFIG], task)
        except Refused as why:
            return {"refused": str(why)}
        rows = [*self.opened, *self.new_rows]
        questions = json.dumps(asked(task, rows), ensure_ascii=False).encode()
        teacher = teacher_files(self.brief)
        return self.ask(task, self.handed.model, teacher, questions)

    @property
    def reply(self) -> dict[str, Any]:
        """What the model answers and how long it takes. Raises Failed where it does not."""
        if "refused" in self._asked:
            raise Failed(str(self._asked["refused"])[:400])
        return self._asked

    @property
    def answers(self) -> list[Any]:
        """What the model answers to the rows that were opened."""
        return self._decided[: len(self.opened)]

    @property
    def answers_to_new(self) -> list[Any]:
        return self._decided[len(self.opened) :]

    @cached_property
    def _decided(self) -> list[Any]:
        """The model's answers, checked for form: whoever sent them may have been anybody."""
        told, count = self.reply.get("answers"), len(self.opened) + len(self.new_rows)
        if self.brief.task == CLASSES:
            fits = isinstance(told, np.ndarray) and told.ndim == 2 and len(told) == count
            if not fits or not np.isfinite(told).all():
                raise Failed("the model's logits are not one finite row a test row: train it anew")
            return answering.decided(told)
        if not isinstance(told, (list, tuple)) or len(told) != count:
            raise Failed("the model gives another number of answers than there are test rows")
        if not all(isinstance(text, str) for text in told):
            raise Failed("the model's answers are no texts")
        return answering.decided(list(told))

    @cached_property
    def figures(self) -> dict[str, float]:
        for arm in (METHOD, CONTROL):
            self._refuse_other_lengths(arm)
        try:
            return figures(self.brief, self.opened, self.told["runs"])
        except ValueError as error:
            raise Failed(f"{error}: run both arms with the same seeds") from None

    @cached_property
    def figure_of_goal(self) -> float:
        """The method's figure as a goal counts it, the mean of its runs."""
        _ = self.figures  # Failed where a run has another number of answers
        trained = parsed_trained(self.handed.trained)
        runs = [unpack(self.brief, r["answers"]) for r in self.told["runs"] if r["arm"] == METHOD]
        return float(np.mean([towards_goal(self.brief, self.opened, a, trained) for a in runs]))

    def seeds(self, arm: str) -> list[int]:
        return sorted(run["seed"] for run in self.told["runs"] if run["arm"] == arm)

    def _refuse_other_lengths(self, arm: str) -> None:
        for run in self.told["runs"]:
            answers = unpack(self.brief, run["answers"]) if run["arm"] == arm else self.opened
            if len(answers) != len(self.opened):
                raise Failed(
                    f"{arm}, seed {run['seed']}, has {len(answers)} answers to "
                    f"{len(self.opened)} test rows: answer all rows that open_test gives"
                )
