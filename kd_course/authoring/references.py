"""An exercise's reference is its solution cell: here it is run, and what it answers is recorded."""

from __future__ import annotations

import contextlib
import io
import linecache
from typing import Any

from kd_course.authoring.source import Lesson, LessonError
from kd_course.exercises import catalogue, recording
from kd_course.exercises.attempts import Outcome
from kd_course.exercises.files import without_magics
from kd_course.exercises.sheets import PUBLIC_SEED, cases_of, outcomes_of

# A reference may refuse bad input, and the exercise may ask for just that.
MAY_RAISE = ("ValueError", "TypeError")


def references(lesson: Lesson) -> dict[str, Any]:
    """The lesson's own answers: exercise id -> function or value, as its cells define them.

    Only setup cells and exercise cells are run, in one namespace. Raises LessonError, with the
    cell, when one of them fails or does not define what its exercise is called.
    """
    values: dict[str, Any] = {"__name__": f"lesson{lesson.number}"}
    found = {}
    for cell in lesson.cells:
        if cell.role not in ("setup", "exercise"):
            continue
        name, source = f"<{lesson.slug}, cell {cell.number}>", without_magics(cell.source)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(source, name, "exec"), values)
        except Exception as error:
            where = f"{lesson.slug}, cell {cell.number}"
            raise LessonError(f"{where}: {type(error).__name__}: {error}") from error
        if cell.exercise:
            exercise = catalogue.find(cell.exercise)
            if values.get(exercise.name) in (None, Ellipsis):
                raise LessonError(
                    f"{lesson.slug}, cell {cell.number}: does not define {exercise.name}"
                )
            found[cell.exercise] = values[exercise.name]
    return found


def record(lesson: Lesson) -> bool:
    """Record what the references answer on the public cases; returns whether anything changed.

    Raises LessonError when a reference does what a check would complain of.
    """
    recorded = {}
    for id, reference in references(lesson).items():
        exercise = catalogue.find(id)
        cases = cases_of(exercise, PUBLIC_SEED)
        outcomes = outcomes_of(exercise, reference, cases)
        for i, outcome in enumerate(outcomes):
            trouble = _trouble(outcome)
            if trouble:
                label = f", case {cases[i].label!r}" if cases else ""
                raise LessonError(f"the reference of {id}{label}: {trouble}")
        recorded[id] = (cases, outcomes)
    return recording.save(lesson.number, recorded)


def _trouble(outcome: Outcome) -> str:
    if outcome.raised and outcome.raised.name not in MAY_RAISE:
        return f"raises {outcome.raised.name}: {outcome.raised.text} {outcome.raised.line}"
    if outcome.refused:
        return f"gives {outcome.refused}"
    if outcome.changed:
        return f"changes {', '.join(outcome.changed)} in place"
    return ""
