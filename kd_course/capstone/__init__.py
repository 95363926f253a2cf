"""The capstone: distil a model for a budget, and report it honestly.

    report = capstone.start("A", "capstone")       a brief, a folder
    report.tried(…), report.arm(…)                 what was tried, what was trained
    capstone.save_model(report, model, …)          what is handed in
    rows = report.open_test()                      once
    report.answered(…), report.claim("…")          the figures, and one sentence

briefs.py says what is asked, claims.py keeps the report, model_files.py writes a model and builds it
again without ever opening a pickle, answering.py asks it, checks.py looks at all of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kd_course.capstone.answering import answers
from kd_course.capstone.briefs import BRIEFS, Brief, Budget, brief, normalised, scores
from kd_course.capstone.checks import check_folder
from kd_course.capstone.claims import MODEL, Report, read_report, start, timed
from kd_course.capstone.model_files import build
from kd_course.capstone.model_folder import Refused, read_files
from kd_course.capstone.schema import SCHEMA, NotReadable
from kd_course.capstone.verdicts import Finding, Verdict

__all__ = [
    "BRIEFS",
    "SCHEMA",
    "Brief",
    "Budget",
    "Finding",
    "NotReadable",
    "Refused",
    "Report",
    "Verdict",
    "answers",
    "brief",
    "check_folder",
    "load_model",
    "normalised",
    "read_report",
    "save_model",
    "scores",
    "start",
    "timed",
]


def save_model(report: Report, model: Any, tokenizer: Any, *, seed: int, int8: bool = False) -> int:
    """Write the model that is handed in into the report's folder; returns its bytes on disk.

    It is the method's run of this seed. int8: matrices in eight bits, else half precision. Answers
    and times are those of what `load_model` reads back, not of the model before it was rounded.
    Raises Refused for a class that the brief does not allow.
    """
    return report.keep_model(model, tokenizer, seed=seed, int8=int8)


def load_model(folder: str | Path, brief: Brief) -> tuple[Any, Any]:
    """The model of a capstone's folder and its tokenizer, read as it is read when it is marked.

    Raises Refused where that cannot be done: a pickle, a link, a class that is not allowed.
    """
    return build(read_files(Path(folder) / MODEL, brief), brief.task)
