"""Result files, one a submission, and the table that is made of them.

A result is written whole or not at all, and bears the fingerprint of what it was made from: the
submission, the exercises, the seed. A run that finds a result with the right fingerprint takes it.
It bears the assignment's own fingerprint too: a table is made of results of one assignment alone,
so that marks of an earlier run with another seed do not stand among those of this one.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kd_course.exercises.spec import Exercise
from kd_course.grading.identity import Person, Student, matched
from kd_course.grading.marking import CRASHED, GRADED, MISSING, TAMPERED, TIMEOUT, UNREADABLE, Mark
from kd_course.storage import write_whole

LONGEST_NOTE = 1_000  # characters; a spreadsheet's cell holds 32,767, a CSV reader 131,072
NOT_YET = "not graded"  # of a row whose shard has not come; never of a finished run
_GRAVEST = (TAMPERED, TIMEOUT, CRASHED, UNREADABLE)


@dataclass(frozen=True)
class Result:
    """Everything that is kept of one submission.

    fingerprint: of the submission and the assignment together; assignment: of the latter alone.
    """

    student: str
    other_id: str
    fingerprint: str
    status: str
    isolation: str
    marks: tuple[Mark, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    assignment: str = ""

    @property
    def points(self) -> float:
        return round(sum(mark.points for mark in self.marks), 2)


def overall(marks: Sequence[Mark], *, tampered: bool = False) -> str:
    """One status for a submission: the gravest of its exercises', `graded` where there is none."""
    found = {mark.status for mark in marks}
    if tampered:
        return TAMPERED
    for status in _GRAVEST:
        if status in found:
            return status
    return MISSING if found <= {MISSING} else GRADED


# -- files ------------------------------------------------------------------------------------


def folder_of(out: Path) -> Path:
    """Where the results behind a table of marks are kept: marks.csv -> marks.results/"""
    return out.with_suffix(".results")


def file_of(folder: Path, student: str) -> Path:
    """A name of its own for every student, whatever the student is called."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", student)[:40].strip("-") or "student"
    return folder / f"{plain}-{hashlib.sha256(student.encode()).hexdigest()[:12]}.json"


def save(folder: Path, result: Result) -> None:
    """Write one result, whole or not at all."""
    text = json.dumps(asdict(result), ensure_ascii=False, indent=1) + "\n"
    data = text.encode("utf-8", "replace")  # half a character may stand in a student's line
    write_whole(file_of(folder, result.student), lambda path: path.write_bytes(data))


def load(path: Path) -> Result | None:
    """A result that was written; None where there is none, or none that can be read."""
    try:
        told = json.loads(path.read_text("utf-8"))
        marks = tuple(Mark(**{**mark, "words": tuple(mark["words"])}) for mark in told.pop("marks"))
        return Result(**{**told, "notes": tuple(told["notes"]), "marks": marks})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def all_results(folder: Path, assignment: str) -> Iterator[Result]:
    """The results of one assignment in a folder, one at a time; `assignment`: its fingerprint."""
    for path in sorted(folder.glob("*-????????????.json")):
        result = load(path)
        if result is not None and result.assignment == assignment:
            yield result


# -- the table --------------------------------------------------------------------------------


def rows_of(
    results: Iterable[Result],
    exercises: Sequence[Exercise],
    roster: Sequence[Student] | None,
    people: Sequence[Person] = (),
) -> list[dict[str, Any]]:
    """The table's rows: the roster's students in its order, then whoever is not on it.

    people: everybody who has handed in, also those of whom there is no result yet.
    """
    known = {person.student: person for person in people}
    for result in results:
        known.setdefault(result.student, Person(result.student, result.student, result.other_id))
    matches = matched(roster, list(known.values())) if roster else {}
    made: dict[str, dict[str, Any]] = {}
    extra: dict[str, dict[str, Any]] = {}
    graded = {result.student: _row(result, exercises) for result in results}
    for student in known:
        row = graded.get(student)
        if row is None:
            row = nothing(Student(student), exercises)
            row["status"] = NOT_YET
            row.update({f"{exercise.id} status": NOT_YET for exercise in exercises})
        match = matches.get(student)
        if match and match.row:
            made[match.row.id] = {**row, "student": match.row.id, "name": match.row.name}
        else:
            row["note"] = _note([match.note if match else "", row["note"]])
            extra[student] = row
    listed = [made.get(s.id) or nothing(s, exercises) for s in roster or ()]
    return listed + [extra[key] for key in sorted(extra)]


def _row(result: Result, exercises: Sequence[Exercise]) -> dict[str, Any]:
    marks = {mark.exercise: mark for mark in result.marks}
    # "submission", the name it came under, is for other tables; the table of marks has no column.
    row: dict[str, Any] = {"submission": result.student, "student": result.student, "name": ""}
    for exercise in exercises:
        mark = marks.get(exercise.id)
        handed_in = mark is not None and mark.status not in (MISSING, UNREADABLE)
        row[exercise.id] = _number(mark.points) if handed_in else ""
        row[f"{exercise.id} status"] = mark.status if mark else MISSING
    row["total"] = _number(result.points)
    row["out_of"] = sum(exercise.points for exercise in exercises)
    row["status"], row["isolation"] = result.status, result.isolation
    row["note"] = _note(result.notes)
    return row


def _note(parts: Iterable[str]) -> str:
    """What there is to say, on one line that any program can read: names in it are the students' own."""
    text = "; ".join(filter(None, parts))[: 4 * LONGEST_NOTE]
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LONGEST_NOTE else text[: LONGEST_NOTE - 1] + "…"


def nothing(student: Student, exercises: Sequence[Exercise]) -> dict[str, Any]:
    """The row of somebody of whom there is no result."""
    row: dict[str, Any] = {"student": student.id, "name": student.name}
    for exercise in exercises:
        row[exercise.id], row[f"{exercise.id} status"] = "", MISSING
    out_of = sum(exercise.points for exercise in exercises)
    return {**row, "total": "", "out_of": out_of, "status": MISSING, "isolation": "", "note": ""}


def columns_of(exercises: Sequence[Exercise]) -> list[str]:
    """The table's columns, in order."""
    each = [column for e in exercises for column in (e.id, f"{e.id} status")]
    return ["student", "name", *each, "total", "out_of", "status", "isolation", "note"]


def write_table(out: Path, rows: Sequence[dict[str, Any]], exercises: Sequence[Exercise]) -> None:
    """Write marks.csv, whole or not at all."""

    def write(path: Path) -> None:
        with open(path, "w", newline="", encoding="utf-8", errors="replace") as file:
            table = csv.DictWriter(file, columns_of(exercises), extrasaction="ignore")
            table.writeheader()
            table.writerows({k: _cell(v) for k, v in row.items()} for row in rows)

    write_whole(out, write)


def _number(points: float) -> int | float:
    return int(points) if points == int(points) else points


# Quotes before it count, too, so that one more can be told from one that was there.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def _cell(value: Any) -> Any:
    """A text as a spreadsheet must read it: one that begins like a formula is none."""
    return "'" + value if isinstance(value, str) and _FORMULA.match(value) else value


def from_cell(text: str) -> str:
    """The text that `_cell` wrote so; a spreadsheet may have taken the quote off already."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
