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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kd_course.exercises.spec import Exercise
from kd_course.grading.marking import CRASHED, GRADED, MISSING, TAMPERED, TIMEOUT, UNREADABLE, Mark
from kd_course.storage import write_whole

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
    write_whole(file_of(folder, result.student), lambda path: path.write_text(text, "utf-8"))


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


# -- the roster -------------------------------------------------------------------------------


@dataclass
class Student:
    """A row of the roster. id: what the table of marks calls them."""

    id: str
    name: str = ""
    aliases: frozenset[str] = field(default_factory=frozenset)


_ID = ("id", "student_id", "student", "username", "login", "user", "sis_user_id", "sis login id")
_OTHER = (
    "lms_user_id",
    "email",
    "email address",
    "e-mail",
    "id number",
    "idnumber",
    "sis user id",
    "canvas_id",
)


def read_roster(path: Path) -> list[Student]:
    """The students of a CSV with a heading, nbgrader's or an LMS's.

    Raises ValueError where no column says who a row is.
    """
    with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = [
            {
                (key or "").strip().lower(): (value or "").strip()
                for key, value in row.items()
                if isinstance(value, str)
            }
            for row in csv.DictReader(file)
        ]
    found: dict[str, Student] = {}
    for row in rows:
        full = " ".join(
            filter(
                None,
                [
                    row.get("first_name") or row.get("first name"),
                    row.get("last_name") or row.get("last name") or row.get("surname"),
                ],
            )
        )
        name = full or row.get("name", "") or row.get("full name", "")
        email = row.get("email") or row.get("email address", "")
        id = next((row[key] for key in _ID if row.get(key)), "") or email or name
        if not id or id.casefold() == "points possible":  # a row of Canvas's own
            continue
        last_first = " ".join(reversed(name.split(" ", 1)))
        moodle = re.sub(r"(?i)participant\s*", "", row.get("identifier", ""))
        known = [id, name, last_first, moodle, *(row.get(key, "") for key in _OTHER)]
        student = Student(id, name, frozenset(filter(None, map(_key, known))))
        if found.setdefault(id, student) != student:
            raise ValueError(
                f"{path}: two rows are called {id}; give every student an id of their own"
            )
    if rows and not found:
        raise ValueError(f"{path}: no column tells who a row is; one must be called id, or name")
    return list(found.values())


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def match(roster: Sequence[Student], student: str, other_id: str) -> Student | None:
    """The row of the roster that a submission belongs to: by id, then by name where that is one's own."""
    for wanted in (student, other_id):
        exact = [row for row in roster if wanted and row.id == wanted]
        if exact:
            return exact[0]
    for wanted in (other_id, student):
        known = [row for row in roster if wanted and _key(wanted) in row.aliases]
        if len(known) == 1:
            return known[0]
    return None


# -- the table --------------------------------------------------------------------------------


def rows_of(
    results: Iterable[Result], exercises: Sequence[Exercise], roster: Sequence[Student] | None
) -> list[dict[str, Any]]:
    """The table's rows: the roster's students in its order, then whoever is not on it."""
    made: dict[str, dict[str, Any]] = {}
    extra: dict[str, dict[str, Any]] = {}
    for result in results:
        student = match(roster, result.student, result.other_id) if roster else None
        row = _row(result, exercises)
        if student is None:
            if roster:
                row["note"] = "; ".join(filter(None, ["not on the roster", row["note"]]))
            extra[result.student] = row
        elif student.id in made:
            row["note"] = "; ".join(
                filter(None, [f"{student.id} is on the roster once", row["note"]])
            )
            extra[result.student] = row
        else:
            made[student.id] = {**row, "student": student.id, "name": student.name}
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
    row["note"] = "; ".join(result.notes)
    return row


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
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, columns_of(exercises), extrasaction="ignore")
            table.writeheader()
            table.writerows({k: _cell(v) for k, v in row.items()} for row in rows)

    write_whole(out, write)


def _number(points: float) -> int | float:
    return int(points) if points == int(points) else points


def _cell(value: Any) -> Any:
    """A text as a spreadsheet must read it: one that begins like a formula is none."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
