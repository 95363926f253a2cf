"""A class of any size, generated: honest, awkward and hostile submissions with what each must earn.

    students = write(place, size=300, seed=0)     place/submitted/…, place/roster.csv

One in ten means harm, one in five is honest and hard to read, the others are solved, wrong, solved in part
or untouched, as classes are. What depends on how fast the machine is (which of two bounds is met first) is
left out: whoever grades a class twice must get the same table.
"""

from __future__ import annotations

import json
import random
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import honest
import hostile

# How one hands in: (the folder of all submissions, what the student is called there).
Make = Callable[[Path, str], None]
_FILL = {"{SECRETS}": repr(["/etc/shadow"] * 12), "{TCP}": "9", "{UDP}": "9"}
_FILL |= {"{MARKER}": "98765", "{ROOT}": str(hostile.ROOT)}
# Two bounds are near each other here, or the machine's own speed decides.
_UNSTEADY = {*hostile.STATUSES_ALIKE, "memory-in-sockets", "a-thread-that-never-rests"}
_MEANT = {"points-raised", "link-to-another", "folder-that-is-a-link", "zip-upwards", "zip-bomb"}
_MEANT |= {"zip-with-a-link", "zip-of-many", "nested-json", "pipe", "points-beyond-any-float"}


@dataclass(frozen=True)
class Student:
    """One of the class. kind: honest, awkward or hostile; how: which of these. status: of the row.

    least, most: what the whole submission may earn.
    """

    id: str
    kind: str
    how: str
    least: float
    most: float
    status: str
    make: Make

    @classmethod
    def exact(cls, id: str, kind: str, how: str, points: float, status: str, make: Make) -> Student:
        return cls(id, kind, how, points, points, status, make)


def write(place: Path, size: int, seed: int = 0) -> list[Student]:
    """Write a class with its roster below a folder, and return who is in it."""
    chance = random.Random(seed)
    root = place / "submitted"
    root.mkdir(parents=True)
    made = [_student(number, chance) for number in range(size)]
    for student in made:
        student.make(root, student.id)
    rows = [f"{student.id},{_name(student.id)}\n" for student in made]
    absent = [f"absent{i},Nobody {i}\n" for i in range(max(size // 20, 1))]
    (place / "roster.csv").write_text("id,name\n" + "".join(rows + absent), "utf-8")
    return made


def _name(id: str) -> str:
    return f"Zoë {id.title()} Müller"


def _student(number: int, chance: random.Random) -> Student:
    id = f"s{number:04}"
    if number % 10 == 3:
        return _hostile(id, number // 10, chance)
    if number % 5 == 1:
        return _awkward(id, number // 5, chance)
    return _honest(id, chance)


def _writes(made: dict | bytes) -> Make:
    return lambda root, me: hostile.put(root / me, made)


def _hostile(id: str, turn: int, chance: random.Random) -> Student:
    cells = sorted(set(hostile.CELLS) - _UNSTEADY)
    ways = [*cells, *sorted(_MEANT)]
    random.Random(1).shuffle(ways)
    how = ways[turn % len(ways)]  # in turns: a class of 600 has nearly all of them
    if how in _MEANT:
        make, points, status = hostile.HANDED_IN[how]
        return Student.exact(id, "hostile", how, points, status, make)
    answer, points, status = hostile.CELLS[how]
    for field, value in _FILL.items():
        answer = answer.replace(field, value)
    return Student.exact(id, "hostile", how, points + 2, status, _writes(hostile.notebook(answer)))


def _awkward(id: str, turn: int, chance: random.Random) -> Student:
    handed_in = sorted(set(hostile.HANDED_IN) - _MEANT)
    ways = [*PACKED, *handed_in, *honest.STYLES]
    random.Random(2).shuffle(ways)
    how = ways[turn % len(ways)]
    if how in PACKED:
        return Student.exact(id, "awkward", how, 4, "graded", PACKED[how])
    if how in hostile.HANDED_IN:
        make, points, status = hostile.HANDED_IN[how]
        return Student.exact(id, "awkward", how, points, status, make)
    return Student.exact(id, "awkward", how, 2, "graded", _writes(honest.notebook(how)))


def _honest(id: str, chance: random.Random) -> Student:
    how = chance.choices(("solved", "wrong", "in part", "untouched"), (10, 3, 3, 2))[0]
    if how == "solved":
        return Student.exact(id, "honest", how, 4, "graded", _writes(hostile.notebook()))
    if how == "wrong":
        wrong = hostile.notebook(hostile.WRONG)
        return Student.exact(id, "honest", how, 2, "graded", _writes(wrong))
    if how == "untouched":
        text = (hostile.ROOT / "notebooks" / hostile.NAME).read_bytes()
        return Student.exact(id, "honest", how, 0, "missing", _writes(text))
    answer = hostile.returning("torch.softmax(scores / max(temperature, 1), dim=-1)")
    part = _writes(hostile.notebook(answer, retention="retention = 0.5"))
    return Student(id, "honest", how, 1.01, 2.99, "graded", part)


# -- ways to pack what is right ---------------------------------------------------------------


def _deep(root: Path, me: str) -> None:
    hostile.put(root / me / "week 1" / "final (2)", hostile.notebook(), "Homework FINAL.ipynb")
    hostile.put(root / me / "__MACOSX", b"x", "._" + hostile.NAME)
    hostile.put(root / me, b"x", ".DS_Store")


def _zipped(root: Path, me: str) -> None:
    with zipfile.ZipFile(root / f"{me}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"__MACOSX/._{hostile.NAME}", "x")
        archive.writestr(f"my work/{hostile.NAME}", json.dumps(hostile.notebook()))


def _zip_in_a_folder(root: Path, me: str) -> None:
    (root / me).mkdir()
    _zipped(root / me, "all of it")


def _one_file(root: Path, me: str) -> None:
    hostile.put(root, hostile.notebook(), f"{me}_{hostile.NAME}")


def _upper_case(root: Path, me: str) -> None:
    hostile.put(root / me.upper(), hostile.notebook())


def _by_name_as_a_mac_writes_it(root: Path, me: str) -> None:
    hostile.put(root / unicodedata.normalize("NFD", _name(me)), hostile.notebook())


def _in_other_characters(root: Path, me: str) -> None:
    text = json.dumps(hostile.notebook(hostile.RIGHT + "# Größe\n"), ensure_ascii=False)
    hostile.put(root / me, text.encode("utf-16"))


PACKED: dict[str, Make] = {
    "deep": _deep,
    "zipped": _zipped,
    "zip-in-a-folder": _zip_in_a_folder,
    "one-file": _one_file,
    "upper-case": _upper_case,
    "by-name-as-a-mac-writes-it": _by_name_as_a_mac_writes_it,
    "in-other-characters": _in_other_characters,
}
