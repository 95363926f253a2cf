"""Who handed in: from how a platform names an entry to a student's row, decided once and never guessed.

A name is what a student, a platform or an archiver has made of it. So an entry's name is read by a
platform's pattern only where most entries fit it; what is exact goes before what is merely alike;
and where two could be meant, neither is taken and the table says so.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kd_course.text_files import with_patience

LONGEST = 200  # characters of a name

# How learning platforms name what they export; `rest` is the student's own file name.
MOODLE, CANVAS, BLACKBOARD = "Moodle", "Canvas", "Blackboard"
_EXPORTS = {
    MOODLE: re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)", re.S),
    CANVAS: re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<rest>.+)", re.S),
    BLACKBOARD: re.compile(r".+?_(?P<id>[^_]+)_attempt_[\d-]+(?:_(?P<rest>.+))?", re.S),
}
_FLAT = re.compile(r"(?P<name>.+?)[_ -]+(?P<rest>\d\d_[a-z][a-z_]*\.ipynb)", re.I | re.S)


@dataclass(frozen=True)
class Entry:
    """Whose an entry is. name: as it came; id: the platform's number; rest: the file's own name.

    doubt: why that is not certain, "" where it is.
    """

    name: str
    id: str = ""
    rest: str = ""
    platform: str = ""
    doubt: str = ""


def platform_of(entries: Iterable[str]) -> str:
    """The platform whose pattern most of the entries follow, "" where none's."""
    entries = list(entries)
    for platform, pattern in _EXPORTS.items():
        if 2 * sum(bool(pattern.fullmatch(entry)) for entry in entries) > len(entries) > 0:
            return platform
    return ""


def whose(entry: str, platform: str | None = None, known: frozenset[str] = frozenset()) -> Entry:
    """Whose an entry is. platform: of all entries beside it; None: this one alone decides.

    known: ids of the roster; an entry that is called like one is that student's, whatever it looks like.
    """
    bare = re.sub(r"(?i)\.(ipynb|zip)$", "", entry)
    if entry in known or bare in known:
        return Entry(bare if bare in known else entry, rest=entry)
    platform = platform_of([entry]) if platform is None else platform
    match = _EXPORTS[platform].fullmatch(entry) if platform else None
    if match:
        parts = match.groupdict()
        doubt = ""
        if platform == MOODLE and "_assignsubmission_" in parts["rest"]:
            doubt = "its name holds the platform's pattern twice: whose it is cannot be told"
            return Entry(bare, rest=entry, doubt=doubt)
        name = parts.get("name") or parts["id"]
        return Entry(name, parts["id"], parts.get("rest") or "", platform)
    match = _FLAT.fullmatch(entry)
    if match:
        return Entry(match["name"], rest=match["rest"])
    return Entry(bare, rest=entry)


def as_text(name: str) -> str:
    """A name in one Unicode form, all of it.

    What is no UTF-8 is read as Windows-1252: a byte that is no text would else be lost, and two names one.
    """
    name = name[: 4 * LONGEST]  # marks piled on a letter take the square of their number to sort
    if any("\udc80" <= c <= "\udcff" for c in name):
        name = name.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return unicodedata.normalize("NFC", name)


def clean(name: str) -> str:
    """A name on one line, with nothing in it that is no character."""
    name = "".join(
        " " if c.isspace() else c for c in as_text(name) if c.isprintable() or c.isspace()
    )
    return " ".join(name.split())[:LONGEST] or "(no name)"


def told_apart(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """A name of its own for everyone: the cleaned one, and where several have it the platform's number.

    keys: (name as it came, platform's number). Where the number does not tell them apart, or would
    make a third one's name, a few digits of the name as it came do. One that needed no cleaning and
    has no number keeps its name: it is exact.
    """
    plain = {key: clean(key[0]) for key in keys}
    exact = {key for key in plain if key[0] == plain[key] and not key[1]}
    bearers = Counter(plain.values())
    made = {}
    for key, name in plain.items():
        alone = bearers[name] == 1 or key in exact
        made[key] = name if alone or not key[1] else f"{name} ({clean(key[1])})"
    taken = Counter(made.values())
    for key, name in plain.items():
        if taken[made[key]] > 1 and key not in exact:
            told = hashlib.sha256(repr(key).encode("utf-8", "backslashreplace")).hexdigest()[:6]
            made[key] = f"{name} [{told}]"
    return made


# -- the roster -------------------------------------------------------------------------------


@dataclass
class Student:
    """A row of the roster. id: what the table of marks calls them.

    participant: Moodle's number of this assignment. numbers: a platform's own ids of the person.
    """

    id: str
    name: str = ""
    aliases: frozenset[str] = field(default_factory=frozenset)
    participant: str = ""
    numbers: frozenset[str] = field(default_factory=frozenset)


_ID = ("id", "student_id", "student", "username", "login", "user", "sis_user_id", "sis login id")
_NUMBERS = ("lms_user_id", "canvas_id", "sis user id", "username", "login", "user", "sis login id")
_OTHER = ("email", "email address", "e-mail", "id number", "idnumber", "sis user id", "lms_user_id")


def read_roster(path: Path) -> list[Student]:
    """The students of a CSV with a heading, nbgrader's, an LMS's, or as a spreadsheet saves it.

    Raises ValueError where no column says who a row is.
    """
    text = with_patience(path.read_bytes())
    # Where a comma parts euros from cents, Excel parts columns by semicolons; "Unicode text" has tabs.
    heading = text.partition("\n")[0]
    lines, mark = text.splitlines(keepends=True), max(",;\t", key=heading.count)
    rows = [
        {(k or "").strip().lower(): v.strip() for k, v in row.items() if isinstance(v, str)}
        for row in csv.DictReader(lines, delimiter=mark)
    ]
    found: dict[str, Student] = {}
    for student in filter(None, map(_student, rows)):
        if found.setdefault(student.id, student) != student:
            raise ValueError(
                f"{path}: two rows are called {student.id}; give every student an id of their own"
            )
    if rows and not found:
        raise ValueError(f"{path}: no column tells who a row is; one must be called id, or name")
    return list(found.values())


def _student(row: Mapping[str, str]) -> Student | None:
    first = row.get("first_name") or row.get("first name")
    last = row.get("last_name") or row.get("last name") or row.get("surname")
    name = " ".join(filter(None, (first, last))) or row.get("name", "") or row.get("full name", "")
    email = row.get("email") or row.get("email address", "")
    id = next((row[key] for key in _ID if row.get(key)), "") or email or name
    if not id or id.casefold() == "points possible":  # a row of Canvas's own
        return None
    participant = re.sub(r"(?i)participant\s*", "", row.get("identifier", ""))
    last_first = " ".join(reversed(name.split(" ", 1)))
    known = [id, name, last_first, *(row.get(key, "") for key in _OTHER)]
    numbers = frozenset(filter(None, (row.get(key) for key in _NUMBERS)))
    return Student(id, name, frozenset(filter(None, map(_key, known))), participant, numbers)


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", text)).casefold()


@dataclass(frozen=True, order=True)
class Person:
    """Who has handed in, as far as the submission says.

    student: what it is called in this run, nobody else's. name: as it came; id: the platform's number.
    """

    student: str
    name: str = ""
    id: str = ""
    platform: str = ""


@dataclass(frozen=True)
class Match:
    """The row of the roster that is a person's; None with the reason, for the table's note."""

    row: Student | None
    note: str = ""


def matched(roster: Sequence[Student], people: Sequence[Person]) -> dict[str, Match]:
    """Person.student -> the row that is theirs: what is exact for everybody, then what is alike.

    A row is given once, and to nobody where two could be meant by it, or two rows by one person.
    """
    found: dict[str, Match] = {}
    taken: dict[str, str] = {}  # row -> who has it
    for alike in (_number, _exact, _same_id, _id_as_number, _same_name, _alias):
        open_ = {p.student: alike(p, roster) for p in people if p.student not in found}
        claims = Counter(row.id for rows in open_.values() for row in rows)
        for student, rows in open_.items():
            free = [row for row in rows if row.id not in taken]
            if not rows:
                continue
            if not free:
                note = f"{rows[0].id} is on the roster once, and {taken[rows[0].id]} has that row"
                found[student] = Match(None, note)
            elif len(rows) > 1:
                either = " or ".join(row.id for row in rows[:4])
                found[student] = Match(None, f"could be {either} on the roster")
            elif claims[rows[0].id] > 1:
                note = (
                    f"{claims[rows[0].id]} submissions could be that of {rows[0].id} on the roster"
                )
                found[student] = Match(None, note)
            else:
                found[student] = Match(rows[0])
        taken |= {m.row.id: s for s, m in found.items() if m.row}
    return {p.student: found.get(p.student, Match(None, "not on the roster")) for p in people}


def _number(person: Person, roster: Sequence[Student]) -> list[Student]:
    """By the platform's number, where the roster has a column of that platform's."""
    if person.platform == MOODLE:  # a number of the assignment, and no id of anybody's
        return [row for row in roster if person.id and row.participant == person.id]
    return [row for row in roster if person.id and person.id in row.numbers]


def _exact(person: Person, roster: Sequence[Student]) -> list[Student]:
    return [row for row in roster if row.id == person.name]


def _same_id(person: Person, roster: Sequence[Student]) -> list[Student]:
    name = clean(person.name)
    return [row for row in roster if clean(row.id) == name]


def _id_as_number(person: Person, roster: Sequence[Student]) -> list[Student]:
    """By an id that may be the platform's number or another one: the name must not speak for another row."""
    if not person.id or person.platform == MOODLE:
        return []
    known, key = [row for row in roster if row.id == person.id], _key(person.name)
    return (
        [*known, *(row for row in roster if key in row.aliases and row not in known)]
        if known
        else []
    )


def _same_name(person: Person, roster: Sequence[Student]) -> list[Student]:
    name = clean(person.name)
    return [row for row in roster if row.name and clean(row.name) == name]


def _alias(person: Person, roster: Sequence[Student]) -> list[Student]:
    keys = {_key(person.name), _key(person.id) if person.platform == BLACKBOARD else ""} - {""}
    return [row for row in roster if keys & row.aliases]
