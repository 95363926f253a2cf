"""Every check, against a bank of right and wrong answers that was written without looking at it.

tests/lessons/answers/lesson03.py is a percent script, one answer a cell:

    # %% 03.2 wrong: the teacher is not softened
    # %% 03.2 right: with einsum
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

from kd_course.exercises import catalogue, examine

FOLDER = Path(__file__).parent / "lessons" / "answers"
HEADING = re.compile(r"# %% (?P<id>\d\d\.\d+) (?P<kind>wrong|right): (?P<what>.+)")
# What a report says by name: what was done, not merely that a number is off.
NAMED = {
    "misconception",
    "clause",
    "withheld",
    "signature",
    "stopped",
    "raised",
    "dtype",
    "changed input",
}


@dataclass(frozen=True)
class Answer:
    id: str
    right: bool
    what: str
    source: str


@lru_cache
def bank(lesson: str) -> tuple[str, tuple[Answer, ...]]:
    """The setup's source, and the answers."""
    text = (FOLDER / f"lesson{lesson}.py").read_text(encoding="utf-8")
    setup, *cells = re.split(r"^(?=# %% \d)", text, flags=re.M)
    answers = []
    for cell in cells:
        heading, _, source = cell.partition("\n")
        found = HEADING.fullmatch(heading)
        assert found, f"lesson{lesson}.py: {heading!r} is no heading of an answer"
        answers.append(Answer(found["id"], found["kind"] == "right", found["what"], source))
    return setup, tuple(answers)


def report_on(lesson: str, answer: Answer):
    """What the check says of an answer."""
    names: dict = {"__name__": "answers"}
    setup, _ = bank(lesson)
    exec(compile(setup, f"<answers of {lesson}>", "exec"), names)
    exec(compile(answer.source, f"<{answer.id} {answer.what}>", "exec"), names)
    return examine(answer.id, names[catalogue.find(answer.id).name])


def is_choice(exercise) -> bool:
    return exercise.kind == "value"


@pytest.mark.parametrize("lesson", catalogue.lessons())
def test_every_exercise_has_eight_wrong_answers_and_two_right_ones(lesson):
    number = Counter((answer.id, answer.right) for answer in bank(lesson)[1])
    for exercise in catalogue.of_lesson(lesson):
        wrong = len(exercise.choices) - 1 if exercise.choices else 8
        assert number[exercise.id, False] >= wrong, exercise.id
        assert number[exercise.id, True] >= 2, exercise.id


@pytest.mark.parametrize("lesson", catalogue.lessons())
def test_every_wrong_answer_is_rejected_nine_in_ten_by_name_and_every_right_one_accepted(lesson):
    passed, refused, named, functions = [], [], 0, 0
    for answer in bank(lesson)[1]:
        report = report_on(lesson, answer)
        if answer.right and not report.passed:
            refused.append(f"{answer.id} {answer.what}: {report.message}")
        if not answer.right and report.passed:
            passed.append(f"{answer.id} {answer.what}")
        if not answer.right and not is_choice(catalogue.find(answer.id)):
            functions += 1
            named += report.status in NAMED
    assert not passed, "wrong answers that pass:\n" + "\n".join(passed)
    assert not refused, "right answers that are refused:\n" + "\n".join(refused)
    assert named >= 0.9 * functions, f"only {named} of {functions} are named"
