"""`python -m kd_course grade SUBMISSIONS --capstone --out capstone.csv`: fifty points by the machine.

The model of a student is loaded and asked in the locked box, by the course's own lines; what it
answers crosses the border as arrays and texts, and is compared out here. The other fifty points are
a person's: capstone.rubric.csv is written to be filled in, and the same command adds them up.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kd_course.capstone.checks import examine
from kd_course.capstone.verdicts import MACHINE, POINTS, RUBRIC
from kd_course.downloads import HubError
from kd_course.exercises.spec import Case
from kd_course.grading import capstone_files, course, results
from kd_course.grading.box import Box, BoxBroken, Room
from kd_course.grading.conversation import Limits
from kd_course.grading.isolation import UNSAFE, Isolation
from kd_course.grading.job import Job
from kd_course.grading.marking import GRADED, MISSING, TAMPERED
from kd_course.storage import write_whole

LEVELS = (0, 3, 7, 10)  # of the rubric's five columns
NO_RUBRIC = "rubric missing"  # the machine's points are there, a person's are not
LIMITS = Limits(seconds=240.0, total=300.0)  # a translator answers some hundred sentences
_ARGUMENTS = ("task", "files", "teacher", "questions")
_ENDED = {
    "timeout": "it had not answered when its time was up",
    "crashed": "it ended its own process, or needed more memory than there is",
    "tampered": "what came back was no answer",
}
_COLUMNS = (
    "student",
    *POINTS,
    "machine",
    *(f"rubric {name}" for name in RUBRIC),  # a check is called control, too
    "rubric",
    "total",
    "out_of",
    "status",
    "isolation",
    "note",
)


def mark_capstones(options: argparse.Namespace, isolation: Isolation) -> int:
    """Mark every capstone below options.submissions; returns how many could not be marked.

    Raises ValueError for a rubric that cannot be read and for options that have no say here,
    FileNotFoundError without submissions.
    """
    for name in ("course", "gradebook", "lessons", "roster", "shard"):
        if getattr(options, name):
            raise ValueError(f"--{name} is for notebooks: --capstone goes without it")
    given = read_rubric(options.rubric) if options.rubric else {}
    if options.feedback:
        options.feedback.mkdir(parents=True, exist_ok=True)
    rows, failed = [], []
    hidden = [options.submissions.absolute(), options.out.absolute().parent]
    with Box(course.CAPSTONE, isolation, LIMITS, hidden=hidden) as box:
        for one in capstone_files.submitted(options.submissions):
            try:
                row, text = _marked(one, box, given.get(one.student))
            except (
                BoxBroken,
                HubError,
                ModuleNotFoundError,
            ) as error:  # the last two: no data here
                failed.append(one.student)
                print(f"not graded: {one.student}: {error}", file=sys.stderr)
                continue
            row["isolation"] = isolation.name
            rows.append(row)
            print(f"{one.student}: {row['machine']} of {MACHINE}", file=sys.stderr)
            if options.feedback:
                page = results.file_of(options.feedback, one.student).with_suffix(".txt")
                write_whole(page, lambda path, text=text: path.write_text(text, "utf-8"))
    unknown = sorted(set(given) - {row["student"] for row in rows} - set(failed))
    if unknown:
        print(f"in the rubric, but without a submission: {', '.join(unknown)}", file=sys.stderr)
    _write(options.out, _COLUMNS, rows)
    empty = [row for row in rows if row["status"] == NO_RUBRIC]
    if empty:
        place = options.out.with_suffix(".rubric.csv")
        if options.rubric is None or place.absolute() != options.rubric.absolute():
            _write(place, ("student", *RUBRIC), [_template(row) for row in rows])
            print(f"to be filled in, {', '.join(map(str, LEVELS))} each: {place}", file=sys.stderr)
    return len(failed)


def _template(row: Mapping[str, Any]) -> dict[str, Any]:
    """A student's line of the rubric: what is given already stays."""
    return {name: row.get(f"rubric {name}", "") for name in RUBRIC} | {"student": row["student"]}


def _marked(
    one: capstone_files.Submitted, box: Box, rubric: Mapping[str, int] | None
) -> tuple[dict[str, Any], str]:
    """A student's row, and what the student may read."""
    row: dict[str, Any] = {"student": one.student, "note": results._note(one.notes)}
    row["out_of"] = MACHINE + 10 * len(RUBRIC)
    if one.handed is None:
        row |= {"machine": 0, "status": TAMPERED if one.tampered else MISSING}
        return row, "No report.json was handed in.\n"
    with box.room() as room:
        verdict = examine(one.handed, lambda *asked: _ask(room, *asked))
    row |= {finding.key: finding.points for finding in verdict.findings}
    row["machine"] = verdict.points
    row["status"] = NO_RUBRIC
    text = f"{verdict}\n" + "".join(f"{note}\n" for note in one.notes)
    if rubric is not None:
        row |= {f"rubric {name}": points for name, points in rubric.items()}
        row["rubric"] = sum(rubric.values())
        row["status"] = GRADED
        row["total"] = row["machine"] + row["rubric"]
        points = ", ".join(f"{name} {rubric[name]}" for name in RUBRIC)
        text += f"By the rubric: {points}; {row['total']} of {row['out_of']} in all.\n"
    if one.tampered:
        row["status"] = TAMPERED
    return row, text


def _ask(
    room: Room,
    task: str,
    files: Mapping[str, bytes],
    teacher: Mapping[str, bytes],
    questions: bytes,
) -> dict[str, Any]:
    """`answering.reply`, in the box. What comes out is of the types that it gives, or refused."""
    job = Job(cells=[], name="reply", kind="function", arguments=_ARGUMENTS)
    case = Case((task, dict(files), dict(teacher), questions), label="a model")
    run = room.attempt(job, lambda: [case])
    if run.ended:
        return {"refused": f"asked in the locked box, {_ENDED[run.ended]}"}
    if not run.outcomes:
        raise BoxBroken("the box has nothing that asks a model")
    (outcome,) = run.outcomes
    told = outcome.value
    if outcome.raised or outcome.refused or not isinstance(told, dict):
        why = outcome.raised.name if outcome.raised else outcome.refused or "nothing came back"
        return {"refused": f"asked in the locked box, it failed ({why})"}
    return told if _is_reply(told) else {"refused": "what came back was no answer"}


def _is_reply(told: dict[str, Any]) -> bool:
    if set(told) == {"refused"}:
        return isinstance(told["refused"], str)
    answers = told.get("answers")
    return set(told) == {"answers", "ms", "teacher_ms"} and isinstance(answers, (np.ndarray, tuple))


# -- the rubric -------------------------------------------------------------------------------


def read_rubric(path: Path) -> dict[str, dict[str, int]]:
    """A person's points: student -> column -> 0, 3, 7 or 10. Who is not marked yet is left out.

    Raises ValueError naming the line that is not of this form.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            lines = list(table)
    except (UnicodeError, csv.Error) as error:
        raise ValueError(f"{path} is no CSV in UTF-8: {error}") from None
    lacking = {"student", *RUBRIC} - set(table.fieldnames or ())
    if lacking:
        raise ValueError(f"{path} lacks the column {', '.join(sorted(lacking))}")
    found = {}
    for number, line in enumerate(lines, 2):
        points = {name: (line[name] or "").strip() for name in RUBRIC}
        if not any(points.values()):
            continue
        wrong = {name: text for name, text in points.items() if text not in map(str, LEVELS)}
        if wrong:
            name, text = next(iter(wrong.items()))
            raise ValueError(
                f"{path}, line {number}: {name} must be one of {', '.join(map(str, LEVELS))}, but "
                f"is {text!r}"
            )
        found[results.from_cell(line["student"] or "")] = {
            name: int(text) for name, text in points.items()
        }
    return found


def _write(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    def write(target: Path) -> None:
        with open(target, "w", newline="", encoding="utf-8", errors="replace") as file:
            table = csv.DictWriter(file, columns, extrasaction="ignore", restval="")
            table.writeheader()
            table.writerows({k: results._cell(v) for k, v in row.items()} for row in rows)

    write_whole(path, write)


def warn_unsafe(isolation: Isolation) -> None:
    if isolation == UNSAFE:
        print(
            "UNSAFE: models are loaded with your own rights; every mark says so.", file=sys.stderr
        )
