"""Nothing that goes out to students holds an answer: every file of it is searched before it exists.

What counts as an answer: nbgrader's delimiters, lines of any solution (the course's own, every
variant's), the answer to a quiz as it is written there, the modules that hold references and slips,
an answer in an assignment's checks, and the course's seed, from which hidden inputs are drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import nbformat

from kd_course.authoring.source import Lesson, outside_solution, read, solution_lines, source_of
from kd_course.exercises import catalogue, sealed, variants
from kd_course.grading.student_files import for_teachers, package_files

DELIMITERS = (
    "### BEGIN SOLUTION",
    "### END SOLUTION",
    "### BEGIN HIDDEN TESTS",
    "### END HIDDEN TESTS",
    "=== BEGIN MARK SCHEME ===",
    "=== END MARK SCHEME ===",
)
PACKAGE = "package"  # the folder in a bundle that holds the students' edition of kd_course
_SHORTEST_SEED = 6  # digits: a shorter one stands in any text by chance


def answers_found(
    folder: Path, lessons: Sequence[Lesson], seed: int, package: Path, hidden: str = ""
) -> list[str]:
    """Every place in a folder that gives an answer away, in words; an empty list for none.

    folder: a bundle, or nbgrader's release/. lessons: as released, with their solutions.
    package: the teacher's kd_course, whose own text is no secret. hidden: the secret of the
    hidden inputs.
    """
    shown = _shown(lessons, package)
    secrets = {line: where for line, where in _solutions(lessons) if _squeezed(line) not in shown}
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder)
        _, _, inner = name.as_posix().rpartition(f"{PACKAGE}/kd_course/")
        if inner != name.as_posix() and (part := for_teachers(PurePosixPath(inner))):
            found.append(f"{name}: {part} is for teachers only")
        for where, text in _texts(path):
            place = f"{name}{where}"
            found += [f"{place}: the delimiter {d!r}" for d in DELIMITERS if d in text]
            squeezed = _squeezed(text)
            found += [
                f"{place}: {line!r}, of the solution of {of}"
                for line, of in secrets.items()
                if _squeezed(line) in squeezed
            ]
            if len(str(seed)) >= _SHORTEST_SEED and str(seed) in text:
                found.append(f"{place}: the course's seed")
            if hidden and hidden in text:
                found.append(f"{place}: the secret of the hidden inputs")
        if path.name.endswith("_checks.npz"):
            found += [
                f"{name}: the answer to {entry['id']}"
                for entry in sealed.tree_of(path)["exercises"]
                if entry["kind"] == "value" and {"expected", "slips", "cases"} & set(entry)
            ]
    return found


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """(where in the file, text): a notebook cell by cell, any other file whole."""
    if path.suffix == ".ipynb":
        notebook = nbformat.read(path, as_version=4)
        for number, cell in enumerate(notebook.cells, start=1):
            yield f", cell {number}", cell.source
            yield f", outputs of cell {number}", json.dumps(cell.get("outputs", []))
            yield f", metadata of cell {number}", json.dumps(cell.metadata)
        yield ", metadata", json.dumps(notebook.metadata)
    elif path.name.endswith("_checks.npz"):
        yield "", json.dumps(sealed.tree_of(path), ensure_ascii=False)
    else:
        yield "", path.read_bytes().decode("utf-8", errors="ignore")


def _solutions(lessons: Sequence[Lesson]) -> Iterable[tuple[str, str]]:
    """(text, exercise) for every telling line of the course's own solutions and of all variants.

    Of an exercise that asks for a value or a choice it is the whole answer.
    """
    for lesson in lessons:
        own = read(source_of(lesson.number))
        cells = [(cell.source, cell.exercise) for cell in own.cells if cell.exercise]
        cells += [(v.cell, f"{v.exercise}, {v.name}") for v in variants.of_lesson(lesson.number)]
        for source, exercise in cells:
            lines = solution_lines(source)
            if catalogue.find(exercise.partition(",")[0]).kind == "value":
                yield " ".join(lines), exercise  # the letter of a quiz tells all, however short
            yield from ((line, exercise) for line in lines if _tells_something(line))


def _shown(lessons: Sequence[Lesson], package: Path) -> str:
    """What everybody may read: a lesson's text and code outside solutions, and the package's."""
    cells = [outside_solution(cell.source) for lesson in lessons for cell in lesson.cells]
    modules = [path.read_text(encoding="utf-8") for path in package_files(package).values()
               if path.suffix == ".py"]  # fmt: skip
    return _squeezed("\n".join([*cells, *modules]))


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def _tells_something(line: str) -> bool:
    """A line that would help whoever is looking for an answer: not `else:`, not `return loss`."""
    enough = len(_squeezed(line)) >= 16 and not line.startswith("#")
    return enough and bool(re.search(r"[(*/+\-]", line))
