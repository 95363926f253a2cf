"""One submission, from its files to its result."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kd_course import __version__
from kd_course.exercises.sealed import digest
from kd_course.exercises.sheets import argument_names
from kd_course.exercises.spec import Exercise
from kd_course.grading import course
from kd_course.grading.box import Box, Room
from kd_course.grading.cells import Allowance, StudentCell, Unreadable, cells_of
from kd_course.grading.collect import Files, Submission
from kd_course.grading.conversation import Limits
from kd_course.grading.isolation import Isolation
from kd_course.grading.job import NO_TIME_LEFT, Job, Run
from kd_course.grading.marking import (
    MISSING,
    TAMPERED,
    TIMEOUT,
    UNREADABLE,
    Mark,
    Sheets,
    mark,
    missing,
)
from kd_course.grading.notebook import Answers, Ways, answers_in, lesson_of
from kd_course.grading.results import Result, overall

NOTHING = "Nothing was handed in for this exercise."


@dataclass(frozen=True)
class Assignment:
    """What is marked, and how: the same for every submission of a run.

    sheets: exercise id -> what is right. fingerprint: changes when any mark might.
    """

    lessons: tuple[str, ...]
    sheets: Mapping[str, Sheets]
    isolation: Isolation
    limits: Limits
    fingerprint: str

    @property
    def seconds(self) -> float:
        """For all of a submission: enough for every exercise but one to take two full cases."""
        return self.limits.total + 2 * self.limits.seconds * len(self.sheets)

    @property
    def exercises(self) -> list[Exercise]:
        return [held.exercise for held in self.sheets.values()]

    def of_lesson(self, lesson: str) -> list[Exercise]:
        return [exercise for exercise in self.exercises if exercise.lesson == lesson]


def fingerprint_of(
    lessons: Sequence[str],
    sheets: Mapping[str, Sheets],
    secret: str,
    isolation: Isolation,
    limits: Limits,
) -> str:
    """What a mark depends on, beside the submission."""
    described = [
        [
            e.exercise.id,
            e.variant,
            e.exercise.points,
            e.exercise.signature,
            e.exercise.rtol,
            e.exercise.atol,
        ]
        + [e.exercise.withheld, [w.name + w.hint for w in e.exercise.misconceptions]]
        + [digest(e.sheet)]
        for e in sheets.values()
    ]
    told = [
        __version__,
        list(lessons),
        described,
        secret,
        isolation.name,
        [str(v) for v in vars(limits).values()],
    ]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def grade(
    submission: Submission,
    files: Files,
    assignment: Assignment,
    boxes: Mapping[str, Box],
    *,
    fingerprint: str = "",
    told: Callable[[str], None] = lambda _: None,
) -> Result:
    """Mark one submission. told: is given the id of every exercise that is done.

    Raises BoxBroken when the box is at fault; nothing that a student hands in raises here.
    """
    began = time.monotonic()
    until = began + assignment.seconds
    by_lesson, broken, notes = _notebooks(files, assignment)
    marks: list[Mark] = []
    tampered = bool(files.escapes)
    for lesson in assignment.lessons:
        exercises = assignment.of_lesson(lesson)
        if not by_lesson.get(lesson):
            lost = lesson in broken or files.problems and not by_lesson
            status = UNREADABLE if lost else MISSING
            marks += [missing(exercise, NOTHING, status) for exercise in exercises]
            continue
        answers = answers_in(lesson, exercises, by_lesson[lesson])
        notes += answers.notes
        tampered = tampered or answers.raised_points
        if answers.raised_points:
            notes.append("points in the notebook's metadata were raised; they count for nothing")
        with boxes[lesson].room() as room:
            marks += _marks(exercises, _Runner(answers, assignment, room, until), told)
    return Result(
        student=submission.student,
        other_id=submission.other_id,
        fingerprint=fingerprint,
        status=overall(marks, tampered=tampered),
        isolation=assignment.isolation.name,
        marks=tuple(marks),
        notes=tuple(dict.fromkeys([*files.escapes, *files.problems, *notes])),
        seconds=round(time.monotonic() - began, 2),
        assignment=assignment.fingerprint,
    )


def unreadable(submission: Submission, assignment: Assignment, why: str) -> Result:
    """The result of a submission that the grader itself stumbled over: nothing, and a note.

    It bears no fingerprint, so that the next run tries again.
    """
    return Result(
        student=submission.student,
        other_id=submission.other_id,
        fingerprint="",
        status=UNREADABLE,
        isolation=assignment.isolation.name,
        marks=tuple(missing(e, NOTHING, UNREADABLE) for e in assignment.exercises),
        notes=(f"the grader could not read it ({why}): look at it yourself",),
        assignment=assignment.fingerprint,
    )


def _notebooks(
    files: Files, assignment: Assignment
) -> tuple[dict[str, list[list[StudentCell]]], set[str], list[str]]:
    """The notebooks by lesson; the lessons that broken ones may have been; what there is to say."""
    names = {
        lesson: frozenset(e.name for e in assignment.of_lesson(lesson))
        for lesson in assignment.lessons
    }
    found: dict[str, list[list[StudentCell]]] = {}
    others: list[tuple[list[str], list[StudentCell]]] = []
    notes: list[str] = []
    broken: set[str] = set()
    allowance = Allowance()
    for name, data in files.notebooks:
        try:
            cells = cells_of(data, allowance)
        except Unreadable as error:
            notes.append(f"{name}: {error}")
            broken.update(lesson_of(name, [], names) or assignment.lessons)
            continue
        lessons = lesson_of(name, cells, names)
        if lessons:
            found.setdefault(lessons[0], []).append(cells)
            others.append((lessons[1:], cells))
    for lessons, cells in others:  # one notebook may answer several lessons
        for lesson in lessons:
            found.setdefault(lesson, [cells])
    return found, broken, [*notes, *allowance.notes]


def _marks(
    exercises: Sequence[Exercise], runner: _Runner, told: Callable[[str], None]
) -> list[Mark]:
    marks = []
    for exercise in exercises:
        if exercise.id in runner.answers.ways:
            marks.append(runner.mark(exercise))
        else:
            marks.append(missing(exercise, NOTHING))
        told(exercise.id)
    return marks


class _Runner:
    """Runs a notebook's exercises one by one, and remembers which way of running it came to an end."""

    def __init__(self, answers: Answers, assignment: Assignment, room: Room, until: float):
        """until: when the time of the submission is used up, as time.monotonic() has it."""
        self.answers, self.assignment, self.room, self.until = answers, assignment, room, until
        self.first = 0  # of the careful ways: those before it do not load
        self.whole = True  # whether running everything is worth trying

    def mark(self, exercise: Exercise) -> Mark:
        """One answer counts: that of a careful run, or of a whole one where the careful one lacked something.

        The better of the two would be two guesses, for a notebook can tell in which it is.
        """
        ways = self.answers.ways[exercise.id]
        run = self._carefully(exercise, ways)
        if _lacks_something(run) and self.whole and ways.whole != ways.careful[0]:
            whole = self._run(exercise, ways.whole)
            self.whole = whole.loaded
            run = whole if whole.loaded else run
        return mark(self.assignment.sheets[exercise.id], run)

    def _carefully(self, exercise: Exercise, ways: Ways) -> Run:
        tried = []
        for i, way in enumerate(ways.careful):
            if i < min(self.first, len(ways.careful) - 1) or way in tried:
                continue
            tried.append(way)
            run = self._run(exercise, way)
            if run.ended != TAMPERED and (run.loaded or not run.ended):
                self.first = max(self.first, i)
                return run
        # Its own cell is at fault; of the other ones, what it needs will do from now on.
        self.first = max(self.first, 1)
        return run

    def _run(self, exercise: Exercise, cells: Sequence[dict[str, str]]) -> Run:
        job = Job(
            cells=cells,
            name=exercise.name,
            other_name=self.answers.other_names.get(exercise.id, ""),
            kind=exercise.kind,
            arguments=argument_names(exercise.signature),
            withheld=course.withheld(exercise),
        )
        left = self.until - time.monotonic()
        if left <= 0:
            return Run(ended=TIMEOUT, why=NO_TIME_LEFT)
        cases = self.assignment.sheets[exercise.id].sheet.cases
        return self.room.attempt(job, lambda: cases, left)


def _lacks_something(run: Run) -> bool:
    """Whether a run gave no answer, or one that missed a name: another cell may define it."""
    if run.ended:
        return run.ended != TIMEOUT
    missed = any("NameError" in outcome.raised.types for outcome in run.outcomes if outcome.raised)
    return not run.found or missed
