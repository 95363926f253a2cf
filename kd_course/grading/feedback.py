"""An HTML page for every student. A page shows what earned what and which slip was met; hidden
inputs, references and anything that a submission has printed stand on none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kd_course.exercises.spec import Exercise
from kd_course.grading import overview, results
from kd_course.grading.results import Result
from kd_course.grading.templates import templates
from kd_course.storage import write_whole


def write_all(
    folder: Path,
    found: Iterable[Result],
    rows: Sequence[dict[str, Any]],
    exercises: Sequence[Exercise],
) -> None:
    """A page per student, and overview.html for the teacher.

    found: read one at a time. rows: of the table of marks; pages are named as students are there,
    and who has no result gets a page that says so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    summary = overview.Summary(exercises)
    known = {row["submission"]: row for row in rows if "submission" in row}

    for result in found:
        summary.add(result)
        row = known.get(result.student, {})
        page = folder / file_of(row.get("student", result.student))
        text = page_of(result, exercises, row.get("name", ""))
        write_whole(page, lambda path, text=text: path.write_text(text, "utf-8"))

    for row in rows:
        if "submission" not in row:
            page = folder / file_of(row["student"])
            text = templates().get_template("nothing.html").render(row=row, exercises=exercises)
            write_whole(page, lambda path, text=text: path.write_text(text, "utf-8"))

    text = overview.page_of(summary, rows)
    write_whole(folder / "overview.html", lambda path: path.write_text(text, "utf-8"))


def file_of(student: str) -> str:
    """A page's name: the student's, as far as it is a name for a file, and never another's."""
    plain = student if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,60}", student) else ""
    if plain and plain.casefold() == plain and plain != "overview":
        return f"{plain}.html"
    return results.file_of(Path(), student).with_suffix(".html").name


def page_of(result: Result, exercises: Sequence[Exercise], name: str = "") -> str:
    """The page of one student, as HTML; whatever the student has written in it is text."""
    marks = {mark.exercise: mark for mark in result.marks}
    listed = [(marks[e.id], e) for e in exercises if e.id in marks]
    return (
        templates()
        .get_template("feedback.html")
        .render(
            result=result,
            name=name,
            marks=listed,
            lessons=sorted({exercise.lesson for _, exercise in listed}),
            out_of=sum(mark.out_of for mark, _ in listed),
        )
    )
