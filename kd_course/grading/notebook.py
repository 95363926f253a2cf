"""A student's notebook, read with patience: which cells are answers, which are the student's own.

An answer is found by the name of its function first, by its cell's metadata second; so it does not
matter whether cells were moved, doubled, stripped of their metadata or pasted into another file.
Nothing is executed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from kd_course.authoring import install_cell
from kd_course.authoring.source import read, source_of
from kd_course.exercises.spec import Exercise
from kd_course.grading.cells import StudentCell
from kd_course.grading.names import names_of
from kd_course.grading.python_of import python_of
from kd_course.grading.sandboxed.student_code import DEFINITIONS, WHOLE

_ANSWER = re.compile(r"ex-(\d\d)-(\d+)")
_CHECK = re.compile(r"check-(\d\d)-(\d+)")


@dataclass(frozen=True)
class Ways:
    """How a student's cells can be run for one exercise; each is a list of cells, for Job.cells.

    careful: from the fullest to the barest, one to be tried when the one before does not come to
    its end: every cell of the student's, of other answers what they define; then of the student's
    own cells only those whole that the answer needs; then none of them whole; then the answer alone.
    whole: every cell as it stands, should an answer need what nobody can read from its text.
    """

    careful: tuple[tuple[dict[str, str], ...], ...]
    whole: tuple[dict[str, str], ...]


@dataclass
class Answers:
    """A lesson's answers in a student's notebooks.

    ways: exercise id -> how its cells can be run; no entry where the student has nothing for it.
    other_names: what the exercise's cell defines, where nothing has its name. notes: what a teacher should know.
    raised_points: whether a cell's metadata promises more points than the exercise has.
    """

    ways: dict[str, Ways] = field(default_factory=dict)
    other_names: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    raised_points: bool = False


# -- sorting ----------------------------------------------------------------------------------

OWN, LESSONS, EDITED = "the student's own", "the lesson's", "the lesson's, edited"
SETUP, NEW_SETUP = "setup, as it has run already", "setup, edited"
MOST_STEPS = (
    200_000  # that are gone to find what one answer builds on; an honest one takes some tens
)


@dataclass(frozen=True)
class Sorted:
    """A cell of the student's notebook, and what it is there for."""

    cell: StudentCell
    kind: str
    answers: tuple[Exercise, ...] = ()


@lru_cache
def _teachers(lesson: str) -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Of what the teacher's copy has beside answers: source -> role, id -> role, and what setup gives."""
    cells = [c for c in read(source_of(lesson)).cells if c.is_code and c.role != "exercise"]
    python = {c.id: python_of(c.source) for c in cells}
    given = frozenset().union(
        *(names_of(python[c.id]).gives for c in cells if c.role == "setup"), ()
    )
    roles = {c.id: c.role for c in cells} | {install_cell.ID: "code"}
    python[install_cell.ID] = python_of(install_cell.source())
    return {_squeezed(python[id]): roles[id] for id in python}, roles, given


def _squeezed(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines() if line.strip())


def answers_in(
    lesson: str, exercises: Sequence[Exercise], notebooks: Sequence[Sequence[StudentCell]]
) -> Answers:
    """Sort a student's cells, one notebook after the other, into answers and the rest."""
    found = Answers()
    by_name = {exercise.name: exercise for exercise in exercises}
    by_id = {f"ex-{exercise.id.replace('.', '-')}": exercise for exercise in exercises}
    points = {f"check-{exercise.id.replace('.', '-')}": exercise.points for exercise in exercises}
    sources, roles, _ = _teachers(lesson)
    belongs: list[Sorted] = []
    for cell in (cell for notebook in notebooks for cell in notebook if cell.source.strip()):
        if cell.points is not None and cell.points > points.get(cell.id, cell.points):
            found.raised_points = True
        role = sources.get(_squeezed(cell.source))
        if role is not None:
            if role != "check":  # which says nothing in the box
                belongs.append(Sorted(cell, SETUP if role == "setup" else LESSONS))
            continue
        answers = tuple(by_name[name] for name in sorted(cell.names.gives) if name in by_name)
        if not answers and cell.id in by_id:
            answers = (by_id[cell.id],)
        edited = {"code": EDITED, "check": EDITED, "setup": NEW_SETUP}
        kind = OWN if answers else edited.get(roles.get(cell.id, ""), OWN)
        belongs.append(Sorted(cell, kind, answers))
    belongs = _without_stubs(belongs, found)
    for exercise in exercises:
        _ways(found, lesson, exercise, belongs)
    return found


def _without_stubs(belongs: list[Sorted], found: Answers) -> list[Sorted]:
    """Leave out a stub where the same answer stands in another cell as well."""
    counted: dict[str, int] = {}
    for one in belongs:
        for exercise in one.answers:
            counted[exercise.id] = counted.get(exercise.id, 0) + (not one.cell.names.stub)
    for id in sorted(id for id, n in counted.items() if n > 1):
        found.notes.append(f"{id} is defined in {counted[id]} cells; the last one counts")
    return [
        one
        for one in belongs
        if not one.answers
        or not one.cell.names.stub
        or any(not counted[exercise.id] for exercise in one.answers)
    ]


def _ways(found: Answers, lesson: str, exercise: Exercise, belongs: list[Sorted]) -> None:
    own = [i for i, one in enumerate(belongs) if exercise in one.answers]
    if not own:
        return
    if not any(exercise.name in belongs[i].cell.names.gives for i in own):
        last = belongs[own[-1]].cell
        found.other_names[exercise.id] = last.names.last
        found.notes.append(f"{exercise.id}: nothing is called {exercise.name}; its cell was taken")
    needed = _needed(own, belongs, _teachers(lesson)[2])

    def of_another(i: int) -> str:
        return WHOLE if i in needed else DEFINITIONS

    def everything(i: int) -> str:
        """As a kernel has it: the student's own whole, and what it needs of the lesson's."""
        if belongs[i].kind == OWN and not belongs[i].answers:
            return WHOLE
        return what_is_needed(i)

    def what_is_needed(i: int) -> str:
        return "" if belongs[i].kind in (LESSONS, SETUP) and i not in needed else of_another(i)

    def definitions(i: int) -> str:
        return "" if belongs[i].kind in (LESSONS, SETUP) else DEFINITIONS

    def whole(i: int) -> str:
        return WHOLE if belongs[i].kind == OWN else everything(i)

    def cells(how: Callable[[int], str]) -> tuple[dict[str, str], ...]:
        ways = {i: WHOLE if i in own else how(i) for i in range(len(belongs))}
        given: set[str] = set()
        for i, one in enumerate(belongs):
            # Setup has run before all cells: once more, where a cell above it gives one of its names.
            if one.kind in (SETUP, NEW_SETUP) and given & one.cell.names.gives:
                ways[i] = WHOLE
            elif ways[i]:
                given |= one.cell.names.gives - one.cell.names.imports
        return tuple(
            {
                "name": f"<cell {i + 1}>",
                "source": belongs[i].cell.source,
                "run": WHOLE if belongs[i].cell.names.only_defines else way,
            }
            for i, way in ways.items()
            if way
        )

    careful = (everything, what_is_needed, definitions, lambda i: "")
    found.ways[exercise.id] = Ways(tuple(map(cells, careful)), cells(whole))


def _needed(own: Collection[int], belongs: Sequence[Sorted], setup: frozenset[str]) -> set[int]:
    """The cells that an answer's cells build on, directly or through others.

    Of a name that setup does not give, the nearest cell above that gives it, and what changes it on
    the way; where there is none above, one of the student's own below (cells are run in any order).
    """
    gives: dict[str, list[int]] = {}  # or changes
    for i, one in enumerate(belongs):
        names = one.cell.names
        for name in names.gives | names.changes - setup:  # `plt.show()` changes nothing that counts
            gives.setdefault(name, []).append(i)
    found: set[int] = set()
    waiting = [(name, i) for i in own for name in sorted(belongs[i].cell.names.needs)]
    seen, steps = set(waiting), 0
    while waiting and steps < MOST_STEPS:
        name, at = waiting.pop()
        there = gives.get(name, ())
        above = [i for i in reversed(there) if i < at]
        below = [i for i in there if i > at and belongs[i].kind == OWN and name not in setup]
        for i in (*above, *below):
            steps += 1
            names = belongs[i].cell.names
            if belongs[i].kind in (SETUP, NEW_SETUP) and name in setup:
                break  # it is there
            found.add(i)
            for further in names.needs:
                steps += 1
                if (further, i) not in seen:
                    seen.add((further, i))
                    waiting.append((further, i))
            if name in names.gives and name not in names.needs:
                break
    return found - set(own)


def lesson_of(
    name: str, cells: Sequence[StudentCell], names: dict[str, frozenset[str]]
) -> list[str]:
    """The lessons that a notebook may be an answer to, the likeliest first.

    name: of its file. names: lesson -> the names that its exercises ask for. What it holds counts
    before what it is called.
    """
    score: dict[str, float] = {}
    defined = {name for cell in cells for name in cell.names.gives}
    for cell in cells:
        for pattern in (_ANSWER, _CHECK):
            match = pattern.fullmatch(cell.id)
            if match and match[1] in names:
                score[match[1]] = score.get(match[1], 0) + 1
    for lesson, asked in names.items():
        if defined & asked:
            score[lesson] = score.get(lesson, 0) + len(defined & asked)
    called = re.search(r"(?<!\d)(\d\d)_[a-z]", name)
    if called and called[1] in names:
        score[called[1]] = score.get(called[1], 0) + 0.5
    return sorted(score, key=lambda lesson: -score[lesson])
