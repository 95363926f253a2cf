"""A lesson's source: a jupytext percent script, read into cells and reviewed.

# %% [markdown]             prose; {{exercise:02.1}}, {{choices:02.3}} and {{ledger:KEY|format}}
# %% tags=["setup"]         imports and settings, on which every exercise relies
# %% exercise="02.1"        an exercise; what stands between ### BEGIN SOLUTION and
                            ### END SOLUTION is the answer and is left out for learners
# %% check="02.1"           check("02.1", surprise)
# %%                        any other code
# %% tags=["worked"]        code of the worked edition alone; "scaffold": of the learner's alone
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import jupytext

from kd_course.exercises import catalogue
from kd_course.exercises.spec import Exercise

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
COMPARED = "nbval-check-output"
HEAD = ("You will be able to", "You need", "Minutes", "What runs")
FOOT = ("What you can now do", "Where this goes wrong in practice", "Further reading")
LONGEST_COMMENT = 3  # lines: what is longer is prose, and belongs in a cell of its own
FIELD = re.compile(r"\{\{(.*?)\}\}")


class LessonError(ValueError):
    """What is wrong with a lesson's source, cell by cell."""


@dataclass(frozen=True)
class Cell:
    """One cell: role is "markdown", "setup", "exercise", "check" or "code"; id is derived from it."""

    role: str
    source: str
    id: str
    number: int  # counted from 1, as messages give it
    tags: tuple[str, ...] = ()
    exercise: str = ""

    @property
    def is_code(self) -> bool:
        return self.role != "markdown"


@dataclass(frozen=True)
class Lesson:
    """A lesson as its source has it. number: "02"; slug: "02_from_surprise_to_kl"."""

    number: str
    slug: str
    cells: tuple[Cell, ...]

    @property
    def head(self) -> str:
        return self.cells[0].source

    @property
    def title(self) -> str:
        return self.head.splitlines()[0].split("·", 1)[-1].strip()

    def head_entry(self, name: str) -> str:
        """What the head says under "You need", "Minutes" …, on one line; "" where it says nothing."""
        found = re.search(
            rf"^(?:[-*] )?\*\*{name}:?\*\*:?(.*?)(?=^[-*] \*\*|^\*\*|^$|\Z)", self.head, re.M | re.S
        )
        return " ".join(found[1].split()) if found else ""


def sources(root: Path = ROOT) -> list[Path]:
    """The lessons' sources, in the course's order."""
    return sorted((root / "solutions").glob("[0-9][0-9]_*.py"))


def source_of(number: str, root: Path = ROOT) -> Path:
    """The source of one lesson. Raises FileNotFoundError that lists the lessons there are."""
    found = [path for path in sources(root) if path.name.startswith(f"{number}_")]
    if len(found) != 1:
        there = ", ".join(path.name[:2] for path in sources(root)) or "none"
        raise FileNotFoundError(
            f"no source for lesson {number!r} in {root / 'solutions'}; there: {there}"
        )
    return found[0]


def read(path: Path) -> Lesson:
    """Read a source into cells with derived ids. Raises LessonError for a cell of no known kind."""
    number = path.stem[:2]
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    cells = []
    for i, raw in enumerate(notebook.cells, start=1):
        about = raw.metadata
        tags = tuple(about.get("tags", ()))
        role = raw.cell_type
        if role not in ("markdown", "code"):
            raise LessonError(
                f"{path.name}, cell {i}: a {role} cell; a lesson has markdown and code"
            )
        exercise = about.get("exercise") or about.get("check") or ""
        if role == "code" and exercise:
            role = "exercise" if "exercise" in about else "check"
        elif role == "code" and "setup" in tags:
            role = "setup"
        prefix = {"exercise": "ex", "check": "check"}.get(role)
        id = f"{prefix}-{exercise.replace('.', '-')}" if prefix else f"l{number}-c{i:03}"
        cells.append(Cell(role, raw.source.rstrip(), id, i, tags, exercise))
    return Lesson(number, path.stem, tuple(cells))


def review(lesson: Lesson) -> list[str]:
    """Everything that is wrong with a lesson; an empty list when it can be built."""
    specs = (
        {e.id: e for e in catalogue.of_lesson(lesson.number)}
        if lesson.number in catalogue.lessons()
        else {}
    )
    found = [*_head_and_foot(lesson), *_exercises(lesson, specs)]
    code = [cell for cell in lesson.cells if cell.is_code]
    if not code or code[0].role != "setup":
        found.append('the first code cell must be tagged "setup": it holds the imports')
    compared = sum(COMPARED in cell.tags for cell in code)
    if compared < 3:
        found.append(f"{compared} cells are tagged {COMPARED}; at least 3 must be")
    for cell in code:
        longest = max(
            (
                len(run.splitlines())
                for run in re.findall(r"(?:^[ \t]*#(?!##).*\n?)+", cell.source, re.M)
            ),
            default=0,
        )
        if longest > LONGEST_COMMENT:
            found.append(
                f"cell {cell.number}: a comment of {longest} lines; prose belongs in a markdown cell"
            )
        if "plt.show(" in cell.source:
            found.append(
                f"cell {cell.number}: plt.show(); plots.show(figure, alt=…) gives a text alternative"
            )
    return [f"{lesson.slug}: {problem}" for problem in found]


def _head_and_foot(lesson: Lesson) -> list[str]:
    found = []
    if lesson.cells[0].role != "markdown" or not lesson.head.startswith(f"# {lesson.number} · "):
        found.append(
            f'cell 1: must be markdown that begins with "# {lesson.number} · " and the title'
        )
    found += [
        f"cell 1: the head does not say **{part}**" for part in HEAD if not lesson.head_entry(part)
    ]
    headings = [
        line
        for cell in lesson.cells
        if not cell.is_code
        for line in cell.source.splitlines()
        if line.startswith("#")
    ]
    found += [
        f'the foot has no heading "{part}"'
        for part in FOOT
        if not any(part in line for line in headings)
    ]
    return found


def _exercises(lesson: Lesson, specs: dict[str, Exercise]) -> list[str]:
    found = []
    asked = [cell.exercise for cell in lesson.cells if cell.role == "exercise"]
    checked = [cell.exercise for cell in lesson.cells if cell.role == "check"]
    for what, ids in (("exercise", asked), ("check", checked)):
        found += [
            f"{what} {id} stands twice" for id in sorted({id for id in ids if ids.count(id) > 1})
        ]
    found += [f"exercise {id} has no check cell after it" for id in asked if id not in checked]
    found += [f"check {id} has no exercise cell before it" for id in checked if id not in asked]
    found += [
        f"exercise {id} has no spec in lesson{lesson.number}.py" for id in asked if id not in specs
    ]
    found += [f"the spec of {id} has no exercise cell" for id in specs if id not in asked]
    prose = "\n".join(cell.source for cell in lesson.cells if not cell.is_code)
    found += [
        f"no text shows the field {{{{exercise:{id}}}}}"
        for id in asked
        if f"{{{{exercise:{id}}}}}" not in prose
    ]
    for cell in lesson.cells:
        spec = specs.get(cell.exercise)
        if not spec:
            continue
        where = f"cell {cell.number}"
        if cell.role == "check" and cell.source.strip() != f'check("{spec.id}", {spec.name})':
            found.append(
                f'{where}: the check cell of {spec.id} must be check("{spec.id}", {spec.name})'
            )
        if cell.role != "exercise":
            continue
        if cell.source.count(BEGIN) == 0 or cell.source.count(BEGIN) != cell.source.count(END):
            found.append(f"{where}: exercise {spec.id} needs {BEGIN} and {END}, once each")
        defined = (
            rf"^(def|class) {spec.name}\b"
            if spec.kind == "function"
            else rf"^{spec.name}\s*=\s*\.\.\."
        )
        if not re.search(defined, outside_solution(cell.source), re.M):
            needed = f"def {spec.name}(…)" if spec.kind == "function" else f"{spec.name} = ..."
            found.append(
                f"{where}: exercise {spec.id} must have {needed} outside its solution markers"
            )
    return found


def outside_solution(source: str) -> str:
    """What stands outside the solution markers: what a learner gets to see."""
    return re.sub(rf"^[ \t]*{BEGIN}.*?{END}[ \t]*$", "", source, flags=re.M | re.S)


def solution_lines(source: str) -> list[str]:
    """The lines between the solution markers, stripped."""
    regions = re.findall(rf"{BEGIN}\n(.*?)^[ \t]*{END}", source, flags=re.M | re.S)
    return [line.strip() for region in regions for line in region.splitlines() if line.strip()]
