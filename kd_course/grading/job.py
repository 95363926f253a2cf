"""What is asked of the box for one exercise of one submission, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kd_course.exercises.attempts import Outcome

NO_TIME_LEFT = "the time for the whole submission was used up"


@dataclass(frozen=True)
class Job:
    """One exercise of one submission.

    cells: the student's, each with `name`, `source` and `run` (see sandboxed/student_code.py).
    name: of the function or value. other_name: what the exercise's cell defines, should there be
    nothing of that name. withheld: see course.withheld.
    """

    cells: Sequence[dict[str, str]]
    name: str
    kind: str
    arguments: tuple[str, ...] = ()
    other_name: str = ""
    withheld: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Run:
    """What came of a job.

    ended: "" when it came to its end; else "timeout", "crashed" or "tampered", and `why` in words.
    loaded: whether the student's cells came to an end. errors: [cell, class, text, line] of theirs,
    as the box tells it: not to be trusted. outcomes: one a case, as far as it came.
    """

    ended: str = ""
    why: str = ""
    loaded: bool = False
    found: bool = False
    empty: bool = False
    stub: bool = False
    callable: bool = False
    errors: list = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
