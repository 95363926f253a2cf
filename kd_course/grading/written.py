"""What a run and a merge write in the end: the table, the pages, the overview, the gradebook."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kd_course.grading import results
from kd_course.grading.identity import Person, Student
from kd_course.grading.isolation import UNSAFE


def check_gradebook(options: argparse.Namespace, exercises: Sequence[Any], isolation: str) -> None:
    if options.gradebook:
        if isolation == UNSAFE.name:
            raise ValueError(
                "--gradebook: marks given without a locked box say so, and a gradebook has no "
                "place for it: leave --gradebook out, or grade where there is a box"
            )
        from kd_course.grading import gradebook

        gradebook.check(options.gradebook, options.assignment, exercises)


@dataclass(frozen=True)
class Current:
    """The results that count, read anew each time: of one assignment, and of these students."""

    folder: Path
    assignment: str
    students: set[str]

    def __iter__(self) -> Iterator[results.Result]:
        for result in results.all_results(self.folder, self.assignment):
            if result.student in self.students:
                yield result


def write_out(
    options: argparse.Namespace,
    current: Iterable[results.Result],
    exercises: Sequence[Any],
    roster: Sequence[Student] | None,
    people: Sequence[Person],
) -> list[str]:
    """The table, the pages, the overview, the gradebook; returns who has no marks as yet."""
    out, feedback = options.out, options.feedback
    graded = {result.student for result in current}
    rows = results.rows_of(current, exercises, roster, people)
    lost = sorted({person.student for person in people} - graded)
    results.write_table(out, rows, exercises)
    print(f"{len(rows)} students in {out}", file=sys.stderr)
    if feedback:
        from kd_course.grading import feedback as pages

        pages.write_all(feedback, current, rows, exercises)
        print(f"feedback in {feedback}", file=sys.stderr)
    if options.gradebook:
        from kd_course.grading import gradebook

        ids = {row["submission"]: row["student"] for row in rows if "submission" in row}
        gradebook.enter(options.gradebook, options.assignment, current, exercises, ids)
    return lost
