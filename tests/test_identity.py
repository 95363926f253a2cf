"""Whose row: names that merge, move or mean two, and files that cost their neighbours nothing."""

from __future__ import annotations

import csv
import errno
import json
import os
import unicodedata
import zipfile
from pathlib import Path

import hostile
import pytest

from kd_course.exercises import of_lesson
from kd_course.grading import grade_command, results
from kd_course.grading.collect import collect
from kd_course.grading.identity import (
    CANVAS,
    MOODLE,
    Person,
    Student,
    clean,
    matched,
    read_roster,
    told_apart,
    whose,
)
from kd_course.grading.marking import GRADED, Mark

NB = hostile.NAME
DATA = json.dumps(hostile.notebook())


def folders(root: Path, *names: str | bytes) -> Path:
    for name in names:
        folder = root / (os.fsdecode(name) if isinstance(name, bytes) else name)
        hostile.put(folder, DATA)
    return root


def zipped(path: Path, *members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, DATA)
    return path


def students(root: Path, known=()) -> list[str]:
    return [submission.student for submission in collect(root, known)]


# -- names ------------------------------------------------------------------------------------


def test_a_folder_that_looks_like_a_platforms_entry_keeps_its_name(tmp_path):
    names = ["anna_12_34_x", "bob", "cy_7_assignsubmission_me", "dee"]
    assert students(folders(tmp_path, *names)) == names
    assert students(folders(tmp_path / "all", "a_1_2_x", "b_1_2_x")) == ["a_1_2_x", "b_1_2_x"]


def test_an_id_of_the_roster_is_that_students_whatever_it_looks_like(tmp_path):
    names = [
        "a_1_assignsubmission_file_",
        "b_2_assignsubmission_file_",
        "c_3_assignsubmission_file_",
    ]
    root = folders(tmp_path, *names)
    assert students(root) == ["a", "b", "c"]
    assert students(root, [names[1]]) == ["a", names[1], "c"]


def test_a_display_name_that_holds_the_pattern_is_said_and_not_guessed(tmp_path):
    flat = f"Eve_7_assignsubmission_file_x_8_assignsubmission_file_{NB}"
    (submission, other) = collect(
        zipped(tmp_path / "c.zip", flat, f"Bob_9_assignsubmission_file_{NB}")
    )
    assert (submission.student, other.other_id) == ("Bob", "") or (
        submission.other_id,
        other.other_id,
    ) == ("9", "")
    doubtful = next(s for s in (submission, other) if s.student != "Bob")
    assert "cannot be told" in doubtful.read().problems[0] and not doubtful.other_id


def test_names_that_look_alike_do_not_merge_and_the_exact_one_keeps_its_own(tmp_path):
    found = students(folders(tmp_path, "anna", "an\u200bna", "Eve (12)"))
    assert len(found) == 3 and {"anna", "Eve (12)"} <= set(found)
    assert any(name.startswith("anna [") for name in found)


def test_a_namesakes_number_makes_nobody_elses_name():
    keys = [("Eve", "12"), ("Eve", "13"), ("Eve (12)", "")]
    made = told_apart(keys)
    assert len(set(made.values())) == 3 and made["Eve (12)", ""] == "Eve (12)"
    assert made["Eve", "13"] == "Eve (13)"
    assert len({results.file_of(Path(), name) for name in made.values()}) == 3


def test_a_student_called_submitted_is_one_of_them_and_nbgraders_folder_is_the_class(tmp_path):
    assert students(folders(tmp_path / "a", "submitted", "zoe")) == ["submitted", "zoe"]
    assert students(folders(tmp_path / "b", "submitted/ada/week1", "submitted/bob/week1")) == [
        "ada",
        "bob",
    ]
    course = folders(tmp_path / "c", "submitted/ada/week1", "source/week1")
    assert students(course) == ["ada"]
    assert students(zipped(tmp_path / "d.zip", f"submitted/{NB}", f"zoe/{NB}")) == [
        "submitted",
        "zoe",
    ]
    assert students(folders(tmp_path / "e", "submitted/week1", "zoe/week1")) == ["submitted", "zoe"]


def test_a_zip_that_a_mac_has_packed_again_holds_the_same_students(tmp_path):
    path = tmp_path / "class.zip"
    names = ("Zoë", "Müller")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("export/.DS_Store", "x")
        archive.writestr("__MACOSX/export/._x", "x")
        for name in names:
            decomposed = unicodedata.normalize("NFD", name)
            member = zipfile.ZipInfo(f"export/{decomposed}_12_assignsubmission_file_/{NB}")
            archive.writestr(member, DATA)
    # As macOS writes it: UTF-8, and nothing that says so.
    data = path.read_bytes()
    for at in [i for i in range(len(data)) if data[i : i + 4] in (b"PK\x01\x02", b"PK\x03\x04")]:
        flags = at + (8 if data[at + 2] == 1 else 6)
        data = data[: flags + 1] + bytes([data[flags + 1] & ~8]) + data[flags + 2 :]
    path.write_bytes(data)
    assert sorted(students(path)) == sorted(names)


def test_a_byte_that_is_no_utf_8_is_a_letter_and_tells_two_names_apart(tmp_path):
    assert students(folders(tmp_path, b"Ren\xe9", "Ren")) == ["Ren", "René"]
    assert clean("a" + "\u0301\u0316" * 30_000).startswith("á")
    roster = tmp_path / "roster.csv"
    roster.write_bytes("id,name\nrené,René Müller\n".encode("latin-1"))
    assert [(row.id, row.name) for row in read_roster(roster)] == [("rené", "René Müller")]


# -- rows -------------------------------------------------------------------------------------


def row(id, name="", **about):
    keys = {results_key(id), results_key(name)} - {""}
    return Student(id, name, frozenset(keys), **about)


def results_key(text):
    from kd_course.grading.identity import _key

    return _key(text)


def decided(roster, *people):
    return {s: m.row.id if m.row else m.note for s, m in matched(roster, people).items()}


def person(name, id="", platform=""):
    return Person(name, name, id, platform)


def test_an_exact_id_goes_before_case_and_punctuation_whatever_the_order():
    roster = [row("AB-12"), row("cd")]
    people = [person("ab 12"), person("AB-12"), person("CD")]
    for order in (people, people[::-1]):
        told = decided(roster, *order)
        assert (told["AB-12"], told["CD"]) == ("AB-12", "cd")
        assert told["ab 12"] == "AB-12 is on the roster once, and AB-12 has that row"


def test_two_that_could_be_one_and_one_that_could_be_two_are_said():
    told = decided([row("AB-12")], person("ab12"), person("a.b.1.2"))
    assert set(told.values()) == {"2 submissions could be that of AB-12 on the roster"}
    told = decided([row("1", "Li Wei"), row("2", "Li Wei")], person("Li Wei"))
    assert told == {"Li Wei": "could be 1 or 2 on the roster"}
    assert decided([row("1")], person("x")) == {"x": "not on the roster"}


def test_a_number_of_the_assignment_is_no_id_and_a_platforms_number_is():
    roster = [row("7", "Bob Stone"), row("8", "Ada King")]
    assert decided(roster, person("Ada King", "7", MOODLE)) == {"Ada King": "8"}
    numbered = [row("b", "Bob Stone", participant="7"), row("a", "Ada King", participant="9")]
    assert decided(numbered, person("Ada King", "7", MOODLE)) == {"Ada King": "b"}
    assert decided([row("b", numbers=frozenset({"815"}))], person("x", "815", CANVAS)) == {"x": "b"}
    assert decided([row("815")], person("stonebob", "815", CANVAS)) == {"stonebob": "815"}
    # The number says one, the name another: nobody can tell which of them is wrong.
    assert decided(roster, person("Ada King", "7", CANVAS)) == {
        "Ada King": "could be 7 or 8 on the roster"
    }


# -- files ------------------------------------------------------------------------------------


def test_a_member_that_is_broken_costs_itself_and_nothing_sorted_after_it(tmp_path):
    folder = tmp_path / "class" / "ada"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr(f"1/{NB}", DATA)
        archive.writestr(f"2/{NB}", DATA)
        archive.writestr("inner.zip", b"PK no zip")
        archive.writestr(f"z/{NB}", DATA)
    data = bytearray((folder / "a.zip").read_bytes())
    data[data.index(b'"cells"')] ^= 1  # the first member's bytes are not those of its checksum
    (folder / "a.zip").write_bytes(data)
    (folder / "b.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    hostile.put(folder / "zz", DATA)
    (submission,) = collect(tmp_path / "class")
    files = submission.read()
    assert len(files.notebooks) == 3 and not files.escapes
    assert [p.split(" could")[0] for p in files.problems] == [NB, "inner.zip", "b.zip"]


def test_a_folder_that_is_locked_costs_itself(tmp_path, monkeypatch):
    folders(tmp_path, "ada/a", "ada/locked", "ada/z")
    real = os.scandir

    def scandir(path):
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (submission,) = collect(tmp_path)
    files = submission.read()
    assert len(files.notebooks) == 2
    assert files.problems == ["locked could not be read (PermissionError)"]


# -- the table --------------------------------------------------------------------------------


def test_no_note_makes_the_table_unreadable_and_half_a_character_is_kept_as_a_mark(tmp_path):
    exercises = of_lesson("00")
    marks = tuple(Mark(e.id, GRADED, 1.0, e.points, why="line 1: '\ud800'") for e in exercises)
    notes = ("x\r\n\0" * 100_000, "=1+1")
    result = results.Result("ada", "", "f", GRADED, "bubblewrap", marks, notes, assignment="a")
    results.save(tmp_path, result)
    (loaded,) = results.all_results(tmp_path, "a")
    assert loaded.marks[0].why == "line 1: '?'"
    rows = results.rows_of([result], exercises, None)
    results.write_table(tmp_path / "marks.csv", rows, exercises)
    with open(tmp_path / "marks.csv", newline="", encoding="utf-8") as file:
        (read,) = csv.DictReader(file)
    assert read["student"] == "ada" and len(read["note"]) <= results.LONGEST_NOTE
    assert read["note"].isprintable()


def test_a_full_disk_ends_in_a_sentence_and_the_same_command_goes_on(tmp_path, monkeypatch, capsys):
    folders(tmp_path / "in", "ada")
    monkeypatch.setattr(grade_command, "run", lambda *a, **k: [])

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "marks.csv")

    arguments = [
        str(tmp_path / "in"),
        "--out",
        str(tmp_path / "m.csv"),
        "--lessons",
        "00",
        "--unsafe",
    ]
    with monkeypatch.context() as patch:
        patch.setattr(results, "write_table", full)
        assert grade_command.grade_main(arguments) == grade_command.UNFINISHED
    told = capsys.readouterr().err
    assert "nothing more can be written: No space left on device (marks.csv)" in told
    assert "Traceback" not in told and grade_command.grade_main(arguments) == 0


@pytest.mark.parametrize("entry", ["ada", f"ada_{NB}", "ada.zip"])
def test_one_student_is_one_however_it_comes(entry):
    assert whose(entry, "").name == "ada"
