"""The templates of the pages that `grade` writes; every value is escaped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from kd_course.grading.marking import MISSING, Mark

PAGES = Path(__file__).with_name("pages")


@lru_cache
def templates() -> Any:
    """The pages' templates; every value is escaped."""
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    found.filters["number"] = lambda points: f"{points:g}"
    found.filters["kind"] = kind_of
    return found


def kind_of(mark: Mark) -> str:
    """How a mark is coloured: "full", "part", "none" or "missing"."""
    if mark.status == MISSING:
        return "missing"
    if mark.points == mark.out_of:
        return "full"
    return "part" if mark.points else "none"
