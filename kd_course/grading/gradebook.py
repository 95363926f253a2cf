"""Marks into nbgrader's gradebook, through nbgrader's own API.

nbgrader's autograde runs its tests in the student's process; these marks were given outside of it.
They are entered as the automatic scores of the cells that nbgrader knows as check-03-2; its export
reads them there. Its formgrader shows only what its own autograde has run.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kd_course.authoring.source import source_of
from kd_course.exercises.spec import Exercise
from kd_course.grading import nbgrader_programs
from kd_course.grading.marking import MISSING
from kd_course.grading.results import Result

DATABASE = "gradebook.db"


class NoAssignment(ValueError):
    """Marks cannot be entered in this gradebook: why, and what to name."""


def check(place: Path, assignment: str | None, exercises: Sequence[Exercise]) -> None:
    """Whether marks can be entered; raises NoAssignment, before a night is spent on grading."""
    try:
        with _opened(place) as book:
            if not assignment:
                _places(book, None, _notebooks(exercises))
    except NoAssignment:
        raise
    except ImportError as error:
        raise NoAssignment(f"--gradebook needs nbgrader (pip install nbgrader): {error}") from None
    except Exception as error:  # sqlalchemy's and alembic's, and there are many
        told = str(error).splitlines()[:1]
        raise NoAssignment(
            f"--gradebook: {place} cannot be opened as nbgrader's gradebook, or a folder with one: "
            f"{type(error).__name__}: {''.join(told)}"
        ) from None


def enter(
    place: Path,
    assignment: str | None,
    found: Iterable[Result],
    exercises: Sequence[Exercise],
    ids: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Enter every submission's points; returns how many submissions were entered.

    place: nbgrader's course folder, or its gradebook.db. assignment: its name there, made when
    there is none of that name; None: the one that holds these lessons' notebooks. ids: what a
    student is called there, by the name the submission came under; others keep theirs. What is
    entered twice is the same; scores given by hand stay. A student who has handed in nothing gets
    no entry. Raises NoAssignment.
    """
    notebooks = _notebooks(exercises)
    count = 0
    with _opened(place) as book, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Object of type .* not in session")  # nbgrader's own
        places = _places(book, assignment, notebooks)
        for exercise in exercises:
            book.update_or_create_grade_cell(
                cell_of(exercise),
                notebooks[exercise.lesson],
                places[exercise.lesson],
                max_score=exercise.points,
                cell_type="code",
            )
        by_id = {exercise.id: exercise for exercise in exercises}
        for result in found:
            if result.status != MISSING:
                student = ids.get(result.student, result.student)
                _enter_one(book, student, result, by_id, places, notebooks)
                count += 1
    return count


def _notebooks(exercises: Sequence[Exercise]) -> dict[str, str]:
    return {e.lesson: source_of(e.lesson).stem for e in exercises}


def _opened(place: Path) -> Any:
    from nbgrader.api import Gradebook

    file = place / DATABASE if place.is_dir() or not place.suffix else place
    with nbgrader_programs.beside_python():
        return Gradebook(f"sqlite:///{os.path.abspath(file)}")


def cell_of(exercise: Exercise) -> str:
    """What nbgrader calls the cell that gives an exercise's points."""
    return f"check-{exercise.id.replace('.', '-')}"


def _places(book: Any, assignment: str | None, notebooks: dict[str, str]) -> dict[str, str]:
    """Lesson -> the name of the assignment that its notebook is in."""
    if assignment:
        book.update_or_create_assignment(assignment)
        for name in notebooks.values():
            book.update_or_create_notebook(name, assignment)
        return dict.fromkeys(notebooks, assignment)
    found = {}
    for lesson, name in notebooks.items():
        known = [a.name for a in book.assignments if name in {n.name for n in a.notebooks}]
        if len(known) != 1:
            what = f"{len(known)} assignments" if known else "no assignment"
            raise NoAssignment(f"the gradebook has {what} with {name}: name one with --assignment")
        found[lesson] = known[0]
    return found


def _enter_one(
    book: Any,
    student: str,
    result: Result,
    exercises: dict[str, Exercise],
    places: dict[str, str],
    notebooks: dict[str, str],
) -> None:
    book.update_or_create_student(student)
    for assignment in sorted(set(places.values())):
        submission = book.update_or_create_submission(assignment, student)
        lessons = [lesson for lesson, name in places.items() if name == assignment]
        points = {
            (notebooks[e.lesson], cell_of(e)): mark.points
            for mark in result.marks
            if (e := exercises[mark.exercise]).lesson in lessons
        }
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                if (notebook.name, grade.name) in points:
                    grade.auto_score = points[notebook.name, grade.name]
                    grade.needs_manual_grade = False
        book.db.commit()
