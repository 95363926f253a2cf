"""What is right: every exercise's spec and reference, of the drawn variant where there is one.

For the trusted side only. A process that holds an Answer never runs a student's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kd_course.authoring.references import references
from kd_course.authoring.source import ROOT, read, source_of
from kd_course.exercises import catalogue, variants
from kd_course.exercises.sheets import Sheet, cases_of, outcomes_of
from kd_course.exercises.spec import Exercise


@dataclass(frozen=True)
class Answer:
    """An exercise as it is marked: its spec, and the function or the value that is right.

    variant: the name of the drawn variant, "" where the exercise is the course's own.
    """

    exercise: Exercise
    reference: Any
    variant: str = ""

    def sheet(self, seed: int) -> Sheet:
        """What submissions are held against: the cases of a secret seed, and what is right there."""
        cases = cases_of(self.exercise, seed)
        return Sheet(self.exercise, cases, outcomes_of(self.exercise, self.reference, cases))


def answer_key(lessons: Sequence[str] | None = None, seed: int | None = None) -> dict[str, Answer]:
    """The answers of these lessons' exercises, by id; of all lessons where none are named.

    seed: the course's; it draws a variant of every exercise that has some. None: the course's own
    exercises, whose solutions are public.
    Raises FileNotFoundError for a lesson that does not exist, and LessonError where a lesson's
    solution cells do not run.
    """
    chosen = catalogue.lessons() if lessons is None else list(dict.fromkeys(lessons))
    return {
        exercise.id: _answer(exercise, seed)
        for number in chosen
        for exercise in catalogue.of_lesson(number)
    }


def answer_of(variant: variants.Variant) -> Answer:
    """The answer to one variant, drawn or not."""
    return Answer(variant.spec(public_reference(variant.exercise)), variant.reference, variant.name)


def public_reference(id: str) -> Any:
    """The answer to the course's own exercise: what its lesson's solution cell defines."""
    return _references(id.split(".")[0])[id]


def _answer(exercise: Exercise, seed: int | None) -> Answer:
    drawn = None if seed is None else variants.draw(exercise.id, seed)
    return answer_of(drawn) if drawn else Answer(exercise, public_reference(exercise.id))


@lru_cache
def _references(number: str, root: Path = ROOT) -> dict[str, Any]:
    return references(read(source_of(number, root)))
