"""From a lesson's cells to its two notebooks: the worked edition and the learner's.

The same source gives the same notebooks: ids, metadata and text are derived from it, nothing from
the clock or the machine. The learner's stubs are made by nbgrader's own ClearSolutions.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions
from traitlets.config import Config

from kd_course.authoring import install_cell
from kd_course.authoring.source import FIELD, Cell, Lesson, LessonError
from kd_course.exercises import catalogue
from kd_course.exercises.spec import Exercise

STUB = "...  # your code here"
GLOSSARY = "../book/glossary.md"  # from a notebook's folder
HIDDEN = "hide-input"  # a tag: JupyterLab folds the cell's code away and shows its output
WORKED, SCAFFOLD = "worked", "scaffold"  # tags: cells that stand in one edition only
ABOUT = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}


def of_course(folder: str, lesson: Lesson, others: Sequence[Lesson]) -> NotebookNode:
    """The edition that lies in "solutions" or "notebooks": what every lesson has beside its source.

    Below its title stand links to the other edition, the lessons before and after, and the glossary;
    its first code cell installs the course where it is missing.
    others: the course's lessons in their order, this one among them. Raises LessonError.
    """
    notebook = worked(lesson) if folder == "solutions" else for_learners(lesson)
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = f"{title}\n\n{_way(folder, lesson, others)}\n{rest}"
    first = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells.insert(first, _installing())
    return notebook


def _installing() -> NotebookNode:
    made = nbformat.v4.new_code_cell(install_cell.source(), id=install_cell.ID)
    made.metadata.tags = [HIDDEN, install_cell.ID]
    made.metadata.jupyter = {"source_hidden": True}
    return made


def _way(folder: str, lesson: Lesson, others: Sequence[Lesson]) -> str:
    """The line of links below a lesson's title."""
    here = [other.slug for other in others].index(lesson.slug)
    other = ("notebooks", "learner's") if folder == "solutions" else ("solutions", "worked")
    links = [f"[The {other[1]} edition](../{other[0]}/{lesson.slug}.ipynb)"]
    for word, place in (("before", here - 1), ("next", here + 1)):
        if 0 <= place < len(others):
            near = others[place]
            links.append(f"{word}: [{near.number} {near.title}]({near.slug}.ipynb)")
    links.append(f"[glossary]({GLOSSARY})")
    return " · ".join(links)


def worked(lesson: Lesson) -> NotebookNode:
    """The worked edition, without outputs. Raises LessonError for a field that cannot be filled."""
    return _notebook(lesson, without=SCAFFOLD)


def assigned(lesson: Lesson) -> NotebookNode:
    """The learner's cells with their solutions still in them: what nbgrader releases from."""
    return _notebook(lesson, without=WORKED)


def _notebook(lesson: Lesson, *, without: str) -> NotebookNode:
    """The lesson's cells, solutions included, but for those that have a tag."""
    notebook = nbformat.v4.new_notebook(
        metadata=copy.deepcopy(ABOUT),
        cells=[_cell(lesson, c) for c in lesson.cells if without not in c.tags],
    )
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return notebook


def for_learners(lesson: Lesson) -> NotebookNode:
    """The learner's edition, without outputs: every solution replaced by a stub.

    A cell tagged "worked" is left out; one tagged "scaffold" stands here alone.
    """
    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}}})
    notebook, _ = ClearSolutions(config=config).preprocess(assigned(lesson), {})
    for cell in notebook.cells:
        # Where a value is asked for, `name = ...` stands there already; a second `...` would only
        # be echoed below the cell.
        if cell.cell_type == "code" and re.search(r"^\w+ = \.\.\.( *#.*)?$", cell.source, re.M):
            cell.source = cell.source.replace(f"\n{STUB}", "")
    nbformat.validate(notebook)
    return notebook


def _cell(lesson: Lesson, cell: Cell) -> NotebookNode:
    if cell.role == "markdown":
        made = nbformat.v4.new_markdown_cell(filled(lesson, cell), id=cell.id)
    else:
        made = nbformat.v4.new_code_cell(cell.source, id=cell.id)
    if cell.tags:
        made.metadata.tags = list(cell.tags)
    if HIDDEN in cell.tags:
        made.metadata.jupyter = {"source_hidden": True}
    if cell.exercise:
        made.metadata.nbgrader = _nbgrader(cell)
    return made


def _nbgrader(cell: Cell) -> dict:
    """nbgrader's cell metadata, schema 3: an exercise is a solution, its check is what gives marks."""
    about = {
        "cell_type": "code",
        "grade": cell.role == "check",
        "grade_id": cell.id,
        "locked": cell.role == "check",
        "schema_version": 3,
        "solution": cell.role == "exercise",
        "task": False,
    }
    if cell.role == "check":
        about["points"] = catalogue.find(cell.exercise).points
    return about


# -- fields -----------------------------------------------------------------------------------


def filled(lesson: Lesson, cell: Cell) -> str:
    """A markdown cell's text with its {{fields}} filled in."""

    def fill(match) -> str:
        kind, _, rest = match[1].strip().partition(":")
        try:
            if kind == "exercise":
                return exercise_line(catalogue.find(rest))
            if kind == "choices":
                return choices_list(catalogue.find(rest))
            if kind == "ledger":
                from kd_course import experiments

                key, *form = rest.split("|")
                return experiments.ledger().field(key.strip(), *(f.strip() for f in form))
        except (KeyError, ValueError, TypeError) as error:
            why = error.args[0] if error.args else error
            raise LessonError(
                f"{lesson.slug}, cell {cell.number}: field {match[0]}: {why}"
            ) from error
        raise LessonError(
            f"{lesson.slug}, cell {cell.number}: unknown field {match[0]}; "
            "there are {{exercise:ID}}, {{choices:ID}} and {{ledger:KEY|format}}"
        )

    return FIELD.sub(fill, cell.source)


def exercise_line(exercise: Exercise) -> str:
    """An exercise's difficulty, importance, minutes and points, and what may be used."""

    def dots(n: int) -> str:
        return "●" * n + "○" * (5 - n)

    points = f"{exercise.points} point{'s' * (exercise.points != 1)}"
    line = (
        f"*difficulty {dots(exercise.difficulty)} · importance {dots(exercise.importance)} · "
        f"{exercise.minutes} min · {points}*"
    )
    return line + (
        f"  \n*You may use:* {exercise.allowed.rstrip('.')}." if exercise.allowed else ""
    )


def choices_list(exercise: Exercise) -> str:
    """A quiz's choices, as a list."""
    return "\n".join(f"- **({choice.key})** {choice.text}" for choice in exercise.choices)
