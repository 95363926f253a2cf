"""What a machine can check of a capstone: eleven findings, fifty points. The rest is for a person.

A check looks at what was handed in, works it out again, and says what differs and what to do. What
the report alone can know is not checked: what the runs answered whose models are not handed in, how
much was tried, and how often the test rows were looked at without `open_test`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kd_course.capstone import comparison_checks, model_checks, test_row_checks
from kd_course.capstone.claims import REPORT, parsed
from kd_course.capstone.evidence import Ask, Evidence, ask_here
from kd_course.capstone.handed_in import HandedIn, read_folder
from kd_course.capstone.recomputed import CONTROL, METHOD
from kd_course.capstone.schema import NotReadable
from kd_course.capstone.verdicts import POINTS, Failed, Finding, Verdict

Check = Callable[[Evidence], str]  # what was seen, in words; Failed says what is wrong


def check_folder(folder: str | Path, ask: Ask = ask_here) -> Verdict:
    """Look at a capstone's folder. Raises FileNotFoundError where there is none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    return examine(read_folder(folder), ask)


def examine(handed: HandedIn, ask: Ask = ask_here) -> Verdict:
    """All checks on what was handed in; nothing that it holds raises here."""
    try:
        if REPORT in handed.refused:
            raise NotReadable(handed.refused[REPORT])
        evidence = Evidence(handed, parsed(handed.report), ask)
        _refuse_unfinished(evidence.told)
    except NotReadable as why:
        found = [Finding("report", False, f"{why}; nothing else was looked at")]
        found += [Finding(key, False, "not looked at") for key in POINTS if key != "report"]
        return Verdict("", tuple(found))
    title = f"brief {evidence.brief.key}: {evidence.brief.title}"
    return Verdict(title, tuple(_finding(key, check, evidence) for key, check in CHECKS.items()))


def _refuse_unfinished(told: dict[str, Any]) -> None:
    for name, how in (
        ("model", "capstone.save_model"),
        ("latency", "report.measure"),
        ("claim", "report.claim"),
    ):
        if not told[name]:
            raise NotReadable(f"{REPORT} is not finished: {name} is empty; {how} fills it in")
    for arm in (METHOD, CONTROL):
        if arm not in told["arms"]:
            raise NotReadable(f"{REPORT} is not finished: report.arm({arm!r}, …) declares that arm")


def _finding(key: str, check: Check, evidence: Evidence) -> Finding:
    try:
        return Finding(key, True, check(evidence))
    except (Failed, NotReadable) as why:
        return Finding(key, False, str(why))


def _report(evidence: Evidence) -> str:
    return f"{REPORT} is whole"


CHECKS: Mapping[str, Check] = {
    "report": _report,
    "model": model_checks.model,
    "answers": model_checks.answers,
    "seeds": comparison_checks.seeds,
    "control": comparison_checks.control,
    "figure": comparison_checks.figure,
    "interval": comparison_checks.interval,
    "opened": test_row_checks.opened,
    "leaks": test_row_checks.leaks,
    "budget": model_checks.budget,
    "latency": model_checks.latency,
}
