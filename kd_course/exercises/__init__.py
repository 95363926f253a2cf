"""Exercises: one spec each, and the check a learner calls: `check("03.2", my_function)`.

spec.py says what an exercise is; a lesson's room (lessons/lesson03/) lists its own, and keeps what
their references answer; attempts.py runs an attempt, engine.py judges it, messages.py says what
came of it. `hint("03.2")` helps, in stages. Heavy libraries load with the first check.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from kd_course.console import say
from kd_course.exercises.catalogue import all_exercises, find, lessons, of_lesson

if TYPE_CHECKING:
    from kd_course.exercises.messages import Report

__all__ = [
    "CheckFailed",
    "all_exercises",
    "check",
    "examine",
    "find",
    "hint",
    "lessons",
    "of_lesson",
    "show_progress",
]


class CheckFailed(AssertionError):
    """A check did not pass, in a run that gives marks."""


def check(id: str, attempt: Any) -> None:
    """Try your answer and print what came of it: passed, or what is wrong and where.

    id: the exercise's, as in its heading. attempt: the function itself, or the value.
    What passes is kept as progress, see `show_progress`.
    Raises KeyError for an unknown exercise. Raises CheckFailed when the answer does not pass and
    the environment variable NBGRADER_EXECUTION is set: nbgrader reads an error as no points. An
    answer that is only noted is in order where nbgrader validates, and no point where it marks.
    """
    from kd_course.exercises import engine, progress

    report = engine.examine(id, attempt)
    say(report.message)
    if report.passed and (note := progress.keep(engine.public_sheet(id))):
        say(f"  {note}")
    occasion = os.environ.get("NBGRADER_EXECUTION")
    in_order = report.passed or (report.status == "noted" and occasion == "validate")
    if occasion and not in_order:
        raise CheckFailed(report.message)


def hint(id: str, stage: int | None = None) -> None:
    """Print the next piece of help with an exercise: a question, a direction, the worked answer.

    Raises KeyError for an unknown exercise; see `hints.hint`.
    """
    from kd_course.exercises import hints

    hints.hint(id, stage)


def show_progress(lesson: str | None = None) -> None:
    """Show what was passed so far, and where to go on: of a lesson ("03"), or of them all."""
    from kd_course.exercises import progress

    progress.show_progress(lesson)


def examine(id: str, attempt: Any, **options: Any) -> Report:
    """As `check`, but returns the report instead of printing it; see `engine.examine`."""
    from kd_course.exercises import engine

    return engine.examine(id, attempt, **options)
