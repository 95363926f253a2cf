"""A generated class graded twice, once killed in the middle: each gets what is due, and the tables are the same.

KD_CLASS=300 python -m pytest -m thorough -s tests/test_generated_class.py    grades one of 300.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import generated_class
import hostile
import pytest

from kd_course.grading import results

SIZE = int(os.environ.get("KD_CLASS", "24"))
LIMITS = ("--lessons", "00", "--seconds", "10", "--memory", "0.5", "--jobs", "2")


def test_one_in_ten_means_harm_and_one_in_five_is_awkward(tmp_path):
    students = generated_class.write(tmp_path, 60)
    kinds = Counter(student.kind for student in students)
    assert kinds == {"hostile": 6, "awkward": 12, "honest": 42}
    assert {student.how for student in students if student.kind == "honest"} == {
        "solved", "wrong", "in part", "untouched",
    }  # fmt: skip
    again = generated_class.write(tmp_path / "again", 60)
    assert [student.how for student in again] == [student.how for student in students]


def command(place: Path, out: Path) -> list[str]:
    grade = [sys.executable, "-m", "kd_course", "grade", str(place / "submitted")]
    shared = ["--roster", str(place / "roster.csv"), "--secret", str(place / "secret")]
    return [*grade, "--out", str(out), *shared, *LIMITS]


def graded(place: Path, out: Path) -> float:
    """Grade the class; returns the seconds it took."""
    began = time.monotonic()
    done = subprocess.run(command(place, out), cwd=hostile.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def killed(place: Path, out: Path) -> dict[Path, int]:
    """Begin to grade, and kill -9 when a third is done; returns the results that were there, with their times."""
    process = subprocess.Popen(command(place, out), cwd=hostile.ROOT, stderr=subprocess.DEVNULL)
    folder = results.folder_of(out)
    while process.poll() is None and len(list(folder.glob("*.json"))) < SIZE // 3:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return {path: path.stat().st_mtime_ns for path in folder.glob("*.json")}


@pytest.fixture(scope="module")
def both(tmp_path_factory, needs_box):
    """The class, graded in one go, and killed and resumed."""
    place = tmp_path_factory.mktemp("class")
    students = generated_class.write(place, SIZE)
    whole, resumed = place / "whole.csv", place / "resumed.csv"
    seconds = graded(place, whole)
    print(f"\n{SIZE} submissions of lesson 00: {seconds / SIZE:.2f} s each, loading torch included")
    before = killed(place, resumed)
    graded(place, resumed)
    return SimpleNamespace(**locals())


def kept(out: Path) -> dict[str, dict]:
    """What is kept of each submission, but for times: its own, and those in words for the teacher."""
    found = {}
    for path in results.folder_of(out).glob("*-????????????.json"):
        told = json.loads(path.read_text("utf-8"))
        del told["seconds"]
        for mark in told["marks"]:
            del mark["why"]
        found[path.name] = told
    return found


@pytest.mark.thorough
def test_killed_and_resumed_it_is_the_same_table_byte_for_byte(both):
    assert len(both.before) >= SIZE // 3 and len(both.before) < SIZE, "it was killed in the middle"
    assert both.whole.read_bytes() == both.resumed.read_bytes()
    assert kept(both.whole) == kept(both.resumed)
    for path, when in both.before.items():
        assert path.stat().st_mtime_ns == when, f"{path.name} was graded twice"


@pytest.mark.thorough
def test_everybody_in_the_class_gets_what_is_due_and_a_status(both):
    with open(both.whole, newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    wrong = []
    for student in both.students:
        row = rows.pop(student.id, None)
        points = float(row["total"] or 0) if row else -1
        if not student.least <= points <= student.most or row["status"] != student.status:
            wrong.append((student.id, student.kind, student.how, row))
    assert not wrong
    assert {(row["status"], row["total"]) for row in rows.values()} == {("missing", "")}
    assert all(name.startswith("absent") for name in rows)
