"""The code cells of a notebook file, as Python: of any version, in any usual encoding, bounded.

Nothing is executed here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kd_course.grading.names import Names, names_of
from kd_course.grading.python_of import Effort, is_piled_up, python_of
from kd_course.text_files import with_patience

MOST_CELLS = 5_000
LARGEST_CELL = 100_000  # characters; nobody writes an answer of that size
MOST_SOURCE = 1_000_000  # characters of a submission's code that are read, the first ones


class Unreadable(ValueError):
    """The file is no notebook: why."""


@dataclass(frozen=True)
class StudentCell:
    """A code cell as it was handed in.

    source: as Python reads it, without IPython's own lines. id: nbgrader's grade_id, or the cell's
    own; may be anything. points: that its metadata claims.
    """

    source: str
    id: str = ""
    points: float | None = None

    @cached_property
    def names(self) -> Names:
        """What it gives and needs; read once, whichever exercises ask."""
        return names_of(self.source)


@dataclass
class Allowance:
    """What may still be read of one submission, whose notebooks share it. notes: what was left out."""

    source: int = MOST_SOURCE
    effort: Effort = field(default_factory=Effort)
    notes: list[str] = field(default_factory=list)


def cells_of(data: bytes, allowance: Allowance | None = None) -> list[StudentCell]:
    """The code cells of a notebook file.

    Raises Unreadable, and nothing else, where it is none.
    """
    allowance = allowance or Allowance()
    if not data.strip():
        raise Unreadable("the file is empty")
    try:
        tree = json.loads(with_patience(data))
    except (ValueError, RecursionError):
        raise Unreadable("the file is no notebook: it is not JSON") from None
    cells = tree.get("cells") if isinstance(tree, dict) else None
    if cells is None and isinstance(tree, dict) and isinstance(tree.get("worksheets"), list):
        sheets = [sheet for sheet in tree["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in _listed(sheet.get("cells"))]
    if not isinstance(cells, list):
        raise Unreadable("the file is no notebook: it has no cells")
    if len(cells) > MOST_CELLS:
        allowance.notes.append(f"more than {MOST_CELLS} cells; the rest was not read")
    kept = []
    for number, cell in enumerate(cells[:MOST_CELLS], start=1):
        source = _source(cell) if isinstance(cell, dict) else None
        if source is None:
            continue
        # Python's parser takes a thousand bytes of the grader's memory for one of a student's.
        if len(source) > allowance.source:
            allowance.notes.append(f"more code than is read; cell {number} and the rest were not")
            break
        if len(source) > LARGEST_CELL or is_piled_up(source):
            why = "it is too large" if len(source) > LARGEST_CELL else "it holds no readable names"
            allowance.notes.append(f"cell {number} was left out: {why}")
            continue
        allowance.source -= len(source)
        kept.append(_cell(cell, python_of(source, allowance.effort)))
    return kept


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else []


def _source(cell: dict[str, Any]) -> str | None:
    """A code cell's text; None of a cell that is none."""
    if cell.get("cell_type") != "code":
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""


def _cell(cell: dict[str, Any], source: str) -> StudentCell:
    metadata = cell.get("metadata")
    graded = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    graded = graded if isinstance(graded, dict) else {}
    id = graded.get("grade_id") or cell.get("id") or ""
    return StudentCell(source, id if isinstance(id, str) else "", _points(graded.get("points")))


def _points(value: Any) -> float | None:
    """The points that a cell claims, as a number; one too large for any float is infinite."""
    if type(value) not in (int, float):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf")
