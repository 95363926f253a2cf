"""What a learner has passed: kept in one small file on this machine, and shown.

The file lies in the user's own data folder; nothing leaves the machine. KD_PROGRESS=0 keeps
nothing, KD_PROGRESS=FOLDER keeps it there. An assignment (a folder with its checks) keeps its own.
A run that gives marks, builds or tests the course keeps nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kd_course.console import say
from kd_course.exercises import catalogue, recording, sealed
from kd_course.exercises.sheets import Sheet
from kd_course.exercises.spec import Exercise
from kd_course.storage import write_whole

FORMAT = 1


@dataclass(frozen=True)
class Standing:
    """How a learner stands with one exercise. passed: the date, "" when it was not; changed: since then."""

    exercise: Exercise
    passed: str = ""
    changed: bool = False

    @property
    def points(self) -> int:
        return self.exercise.points if self.passed else 0


# -- keeping ----------------------------------------------------------------------------------


def folder() -> Path | None:
    """Where progress is kept; None where none is."""
    chosen = os.environ.get("KD_PROGRESS", "").strip()
    session = Path(os.environ.get("JPY_SESSION_NAME", ""))  # the notebook, as Jupyter names it
    # Whoever runs the worked edition has passed nothing.
    if chosen == "0" or "NBGRADER_EXECUTION" in os.environ or session.parent.name == "solutions":
        return None
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("kd_course", appauthor=False)


def file_for(checks: Path | None) -> Path | None:
    """The file that progress is kept in; None where none is kept.

    checks: an assignment's file of checks, None for the course. Its content names the file, so that
    an assignment that is moved keeps its progress.
    """
    where = folder()
    if where is None:
        return None
    if checks is None:
        return where / "progress.json"
    return where / f"assignment-{hashlib.sha256(checks.read_bytes()).hexdigest()[:12]}.json"


def keep(sheet: Sheet) -> str:
    """Note that the exercise of this sheet was passed today; returns what the learner is to know.

    The date is that of the first time; passing a changed exercise again is a first time. What cannot
    be written is told, and raises nothing: a right answer stays right.
    """
    exercise = sheet.exercise
    assigned = Path.cwd() / sealed.file_name(exercise.id)
    try:
        path = file_for(assigned if assigned.is_file() else None)
        if path is None:
            return ""
        passed, note = _read(path)
        of = fingerprint(sheet)
        if passed.get(exercise.id, {}).get("of") != of:
            passed[exercise.id] = {"date": datetime.date.today().isoformat(), "of": of}
            text = json.dumps({"format": FORMAT, "passed": passed}, indent=1, sort_keys=True)
            write_whole(path, lambda fresh: fresh.write_text(text + "\n", encoding="utf-8"))
        return note
    except OSError as error:
        return f"(This could not be kept as progress: {error}. KD_PROGRESS=0 stops the attempt.)"


def _read(path: Path) -> tuple[dict[str, dict[str, str]], str]:
    """What a file says was passed, and a note to the learner. A damaged file is put aside, not lost."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        passed = content["passed"]
        if not all(entry["date"] and entry["of"] for entry in passed.values()):
            raise ValueError("an entry without a date")
        return passed, ""
    except FileNotFoundError:
        return {}, ""
    except (ValueError, KeyError, TypeError, AttributeError):
        aside = path.with_suffix(f".damaged-{datetime.date.today().isoformat()}.json")
        os.replace(path, aside)
        return {}, f"(The file of your progress could not be read. It is kept as {aside}.)"


def fingerprint(sheet: Sheet) -> str:
    """Another one when what is asked has changed: signature, choices, cases, expected outcomes."""
    exercise = sheet.exercise
    arrays: list[np.ndarray] = []
    asked = [
        *(exercise.kind, exercise.name, exercise.signature),
        [[choice.key, choice.text] for choice in exercise.choices],
        [case.label for case in sheet.cases],
        [recording.pack_outcome(outcome, arrays) for outcome in sheet.expected],
    ]
    found = hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode())
    for array in arrays:
        # Another processor rounds the last digits otherwise, and the exercise is the same.
        found.update(f"{array.shape}{[float(f'{x:.3g}') for x in array.ravel().tolist()]}".encode())
    return found.hexdigest()[:16]


# -- standing ---------------------------------------------------------------------------------


def standings(lesson: str | None = None) -> list[Standing]:
    """How the learner stands with every exercise (of a lesson) in the course's order.

    In an assignment's folder these are the assignment's exercises.
    """
    from kd_course.exercises.engine import public_sheet

    files = {path.name[:2]: path for path in sorted(Path.cwd().glob("[0-9][0-9]_checks.npz"))}
    numbers = [lesson] if lesson else list(files) or catalogue.lessons()
    found = []
    for number in numbers:
        checks = files.get(number)
        asked: Sequence[Exercise] = (
            [entry.exercise for entry in sealed.read(checks).values()]
            if checks
            else catalogue.of_lesson(number)
        )
        path = file_for(checks)
        passed = _read(path)[0] if path else {}
        for exercise in asked:
            entry = passed.get(exercise.id)
            changed = entry is not None and entry["of"] != fingerprint(public_sheet(exercise.id))
            found.append(Standing(exercise, entry["date"] if entry else "", changed))
    return found


def go_on_with(all_of_them: Sequence[Standing]) -> Standing | None:
    """The exercise to go on with: the first open one after the last that was passed, or the first open."""
    last = max((i for i, one in enumerate(all_of_them) if one.passed), default=-1)
    order = [*all_of_them[last + 1 :], *all_of_them[: last + 1]]
    return next((one for one in order if not one.passed or one.changed), None)


def by_lesson(all_of_them: Sequence[Standing]) -> Mapping[str, list[Standing]]:
    found: dict[str, list[Standing]] = {}
    for one in all_of_them:
        found.setdefault(one.exercise.lesson, []).append(one)
    return found


# -- showing ----------------------------------------------------------------------------------


def as_table(all_of_them: Sequence[Standing], lesson: str | None = None) -> str:
    """The standing as text: a line a lesson, or a line an exercise of one lesson; then where to go on."""
    from tabulate import tabulate

    rows: list[tuple[Any, ...]]
    if lesson:
        header: tuple[str, ...] = ("exercise", "", "points", "minutes", "passed")
        rows = [_line(one) for one in all_of_them if one.exercise.lesson == lesson]
    else:
        header = ("lesson", "passed", "points", "minutes to go")
        rows = [
            (
                number,
                f"{sum(bool(one.passed) for one in those)} of {len(those)}",
                f"{sum(one.points for one in those)} of {sum(one.exercise.points for one in those)}",
                sum(one.exercise.minutes for one in those if not one.passed),
            )
            for number, those in by_lesson(all_of_them).items()
        ]
    table = tabulate(rows, header, tablefmt="plain", disable_numparse=True)
    return f"{table}\n\n{_advice(all_of_them)}"


def _line(one: Standing) -> tuple[Any, ...]:
    told = "changed since: worth another look" if one.changed else one.passed or "–"
    exercise = one.exercise
    return exercise.id, exercise.title, exercise.points, exercise.minutes, told


def _advice(all_of_them: Sequence[Standing]) -> str:
    following = go_on_with(all_of_them)
    if following is None:
        return "Everything is passed."
    exercise = following.exercise
    return f"Go on with {exercise.id}, {exercise.title} ({exercise.minutes} minutes)."


def draw(all_of_them: Sequence[Standing]) -> None:
    """A small picture: a row a lesson, a square an exercise, filled where it was passed."""
    import matplotlib.pyplot as plt

    from kd_course import plots

    rows = by_lesson(all_of_them)
    longest = max(map(len, rows.values()))
    figure, axes = plt.subplots(figsize=(1.2 + 0.34 * longest, 0.7 + 0.3 * len(rows)))
    for y, those in enumerate(rows.values()):
        for x, one in enumerate(those):
            colour = "highlight" if one.changed else "truth" if one.passed else "control"
            filled = plots.COLOURS[colour] if one.passed else "none"
            axes.plot(x + 1, y, "s", markersize=11, color=plots.COLOURS[colour], mfc=filled)
            if one.changed:
                axes.text(x + 1, y, "!", ha="center", va="center", fontsize=9)
    axes.set(
        xlim=(0.4, longest + 0.6), ylim=(len(rows) - 0.4, -0.6), xlabel="number of the exercise"
    )
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(range(1, longest + 1))
    axes.set_ylabel("lesson")
    axes.grid(False)
    axes.set_title("Passed so far: filled squares")
    told = "; ".join(
        f"lesson {number}: {sum(bool(one.passed) for one in those)} of {len(those)}"
        for number, those in rows.items()
    )
    plots.show(figure, alt=f"A row a lesson, a square an exercise, filled where passed: {told}.")


def show_progress(lesson: str | None = None) -> None:
    """In a notebook: a lesson's exercises as a table, and the course (or assignment) as a picture.

    lesson: "03"; None for one line a lesson. Raises KeyError for a lesson without exercises.
    """
    if folder() is None:
        print("Progress is not kept in this run.")
        return
    all_of_them = standings()
    if lesson and lesson not in by_lesson(all_of_them):
        all_of_them = standings(lesson)
    say(as_table(all_of_them, lesson))
    draw(all_of_them)
