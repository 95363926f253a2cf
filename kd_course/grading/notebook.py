"""A student's notebook, read with patience: which cells are answers, which are the student's own.

An answer is found by the name of its function first, by its cell's metadata second; so it does not
matter whether cells were moved, doubled, stripped of their metadata or pasted into another file.
Nothing is executed here.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from kd_course.authoring.source import read, source_of
from kd_course.exercises.sheets import parsed
from kd_course.exercises.spec import Exercise
from kd_course.grading.sandboxed.student_code import DEFINITIONS, WHOLE, defines, without_magics

MOST_CELLS = 5_000
LARGEST_CELL = 100_000  # characters; nobody writes an answer of that size
MOST_SOURCE = 1_000_000  # characters of a notebook's code that are read, the first ones
_ANSWER = re.compile(r"ex-(\d\d)-(\d+)")
_CHECK = re.compile(r"check-(\d\d)-(\d+)")
_LOOKS = re.compile(r"(?:(?:def|class) +)?(\w+) *(?:\(.*\) *(?:->.*)?:|=[^=])")
_LOOKED_AT = 300  # characters of a line: what _LOOKS takes grows faster than the line


class Unreadable(ValueError):
    """The file is no notebook: why."""


@dataclass(frozen=True)
class StudentCell:
    """A code cell as it was handed in. id: nbgrader's grade_id, or the cell's own; may be anything."""

    source: str
    id: str = ""
    points: float | None = None

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names that it gives at its top level."""
        return names_defined(self.source)


@dataclass(frozen=True)
class Ways:
    """How a student's cells can be run for one exercise; each is a list of cells, for Job.cells.

    careful: from the fullest to the barest, one to be tried when the one before does not come to
    its end: of the other answers' cells only what they define, of all other cells too, none.
    whole: every cell as it stands, should an answer need what another answer's cell computes.
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


# -- reading ----------------------------------------------------------------------------------


def cells_of(data: bytes) -> list[StudentCell]:
    """The code cells of a notebook file, of any version and in any usual encoding.

    Raises Unreadable, and nothing else, where it is none.
    """
    if not data.strip():
        raise Unreadable("the file is empty")
    try:
        tree = json.loads(_text(data))
    except (ValueError, RecursionError):
        raise Unreadable("the file is no notebook: it is not JSON") from None
    cells = tree.get("cells") if isinstance(tree, dict) else None
    if cells is None and isinstance(tree, dict) and isinstance(tree.get("worksheets"), list):
        sheets = [sheet for sheet in tree["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in _listed(sheet.get("cells"))]
    if not isinstance(cells, list):
        raise Unreadable("the file is no notebook: it has no cells")
    found = [_code(cell) for cell in cells[:MOST_CELLS] if isinstance(cell, dict)]
    kept, size = [], 0
    for cell in found:
        # Python's parser takes a thousand bytes of the grader's memory for one of a student's.
        if cell is None or len(cell.source) > LARGEST_CELL:
            continue
        size += len(cell.source)
        if size > MOST_SOURCE:
            break
        kept.append(cell)
    return kept


def _text(data: bytes) -> str:
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else []


def _code(cell: dict[str, Any]) -> StudentCell | None:
    if cell.get("cell_type") != "code":
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    metadata = cell.get("metadata")
    graded = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    graded = graded if isinstance(graded, dict) else {}
    id = graded.get("grade_id") or cell.get("id") or ""
    points = graded.get("points")
    return StudentCell(
        source.encode("utf-8", "replace").decode() if isinstance(source, str) else "",
        id if isinstance(id, str) else "",
        _points(points),
    )


def _points(value: Any) -> float | None:
    """The points that a cell claims, as a number; one too large for any float is infinite."""
    if type(value) not in (int, float):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def names_defined(source: str) -> frozenset[str]:
    """The names that a cell gives at its top level; by their look where it is no Python."""
    source = without_magics(source)
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        looks = (_LOOKS.match(line[:_LOOKED_AT]) for line in source.splitlines())
        return frozenset(look[1] for look in looks if look)
    found = set()
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(statement.name)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found |= {
                node.id for t in targets for node in ast.walk(t) if isinstance(node, ast.Name)
            }
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    return frozenset(found)


# -- sorting ----------------------------------------------------------------------------------


@lru_cache
def _teachers(lesson: str) -> tuple[frozenset[str], frozenset[str]]:
    """What the teacher's copy has beside answers: the sources of its code cells, and their ids."""
    cells = [c for c in read(source_of(lesson)).cells if c.is_code and c.role != "exercise"]
    return frozenset(_squeezed(c.source) for c in cells), frozenset(c.id for c in cells)


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
    sources, ids = _teachers(lesson)
    cells = [cell for notebook in notebooks for cell in notebook if cell.source.strip()]
    belongs: list[tuple[StudentCell, str, list[Exercise]]] = []  # cell, how it runs, answers in it
    for cell in cells:
        if cell.points is not None and cell.points > points.get(cell.id, cell.points):
            found.raised_points = True
        if _squeezed(cell.source) in sources:
            continue
        answers = [by_name[name] for name in cell.defined if name in by_name]
        if not answers and cell.id in by_id:
            answers = [by_id[cell.id]]
        run = WHOLE if answers or cell.id not in ids else DEFINITIONS
        belongs.append((cell, run, answers))
    belongs = _without_stubs(belongs, found)
    for exercise in exercises:
        _ways(found, exercise, belongs)
    return found


def _without_stubs(belongs: list, found: Answers) -> list:
    """Leave out a stub where the same answer stands in another cell as well."""
    counted: dict[str, int] = {}
    for cell, _, answers in belongs:
        for exercise in answers:
            counted[exercise.id] = counted.get(exercise.id, 0) + (not _is_stub(cell, exercise))
    for id in sorted(id for id, n in counted.items() if n > 1):
        found.notes.append(f"{id} is defined in {counted[id]} cells; the last one counts")
    return [
        (cell, run, answers)
        for cell, run, answers in belongs
        if not answers
        or any(not counted[exercise.id] or not _is_stub(cell, exercise) for exercise in answers)
    ]


def _is_stub(cell: StudentCell, exercise: Exercise) -> bool:
    """Whether nothing was written into an answer's cell yet."""
    try:
        body = parsed(without_magics(cell.source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for statement in body:
        if isinstance(statement, ast.FunctionDef) and statement.name == exercise.name:
            if not all(_says_nothing(part) for part in statement.body):
                return False
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            if not (isinstance(statement.value, ast.Constant) and statement.value.value is ...):
                return False
        elif not _says_nothing(statement):
            return False
    return True


def _says_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _ways(found: Answers, exercise: Exercise, belongs: list) -> None:
    own = [i for i, (_, _, answers) in enumerate(belongs) if exercise in answers]
    if not own:
        return
    if not any(exercise.name in belongs[i][0].defined for i in own):
        names = sorted(_last_defined(belongs[own[-1]][0].source))
        if not names and not belongs[own[-1]][0].source.strip():
            return
        found.other_names[exercise.id] = names[0] if names else ""
        found.notes.append(f"{exercise.id}: nothing is called {exercise.name}; its cell was taken")

    only_defines = [_only_defines(cell.source) for cell, _, _ in belongs]

    def cells(how: Callable[[int], str]) -> tuple[dict[str, str], ...]:
        return tuple(
            {"name": f"<cell {i + 1}>", "source": cell.source, "run": WHOLE if bare else how(i)}
            for (i, (cell, _, _)), bare in zip(enumerate(belongs), only_defines)
            if how(i)
        )

    careful = [
        cells(lambda i: WHOLE if i in own else DEFINITIONS if belongs[i][2] else belongs[i][1]),
        cells(lambda i: WHOLE if i in own else DEFINITIONS),
        cells(lambda i: WHOLE if i in own else ""),
    ]
    distinct = tuple(way for i, way in enumerate(careful) if way not in careful[:i])
    found.ways[exercise.id] = Ways(distinct, cells(lambda i: belongs[i][1]))


def _only_defines(source: str) -> bool:
    """Whether running all of a cell is the same as taking what it defines."""
    try:
        return all(map(defines, parsed(without_magics(source)).body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _last_defined(source: str) -> set[str]:
    """The function, or else the variable, that a cell defines last."""
    try:
        body = parsed(without_magics(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    functions = [s.name for s in body if isinstance(s, ast.FunctionDef)]
    if functions:
        return {functions[-1]}
    assigned = [s.targets[-1] for s in body if isinstance(s, ast.Assign)]
    return {t.id for t in assigned[-1:] if isinstance(t, ast.Name)}


def lesson_of(
    name: str, cells: Sequence[StudentCell], names: dict[str, frozenset[str]]
) -> list[str]:
    """The lessons that a notebook may be an answer to, the likeliest first.

    name: of its file. names: lesson -> the names that its exercises ask for. What it holds counts
    before what it is called.
    """
    score: dict[str, float] = {}
    defined = {name for cell in cells for name in cell.defined}
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
