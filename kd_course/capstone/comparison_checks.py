"""The comparison: enough seeds, a control with the method's budget, and figures that follow from the answers."""

from __future__ import annotations

from collections.abc import Sequence

from kd_course.capstone.evidence import Evidence
from kd_course.capstone.recomputed import CONTROL, METHOD
from kd_course.capstone.verdicts import Failed, counted

LEAST_SEEDS = 3


def seeds(evidence: Evidence) -> str:
    taught, alone = evidence.seeds(METHOD), evidence.seeds(CONTROL)
    if len(taught) < LEAST_SEEDS:
        raise Failed(
            f"the method was run with {counted(len(taught), 'seed')}: {LEAST_SEEDS} are the least, for "
            f"one run's luck is no finding"
        )
    if taught != alone:
        raise Failed(
            f"method and control have other seeds ({taught} and {alone}): run both with the same"
        )
    return f"{len(taught)} seeds, the same in method and control"


def control(evidence: Evidence) -> str:
    taught, alone = (evidence.told["arms"][arm] for arm in (METHOD, CONTROL))
    if alone["teacher"]:
        raise Failed(
            f"the control has a teacher ({alone['teacher'][:40]}): the control is the same student "
            f"with the same budget, and no teacher"
        )
    if not taught["teacher"]:
        raise Failed("the method names no teacher: report.arm(…, teacher=…) says which it has")
    trials = {
        arm: [t for t in evidence.told["trials"] if t["arm"] == arm] for arm in (METHOD, CONTROL)
    }
    if not trials[METHOD]:
        raise Failed("no trial of the method was counted: report.tried(…) after every one")
    for what, of_method, of_control in (
        ("trials", len(trials[METHOD]), len(trials[CONTROL])),
        (
            "tuning steps altogether",
            sum(t["steps"] for t in trials[METHOD]),
            sum(t["steps"] for t in trials[CONTROL]),
        ),
        ("steps in a final run", taught["steps"], alone["steps"]),
        ("training rows", taught["rows"], alone["rows"]),
    ):
        if of_method != of_control:
            raise Failed(
                f"{what}: the method had {of_method}, the control {of_control}. Give both the same, "
                f"or the difference is one of budgets"
            )
    return f"no teacher, and {counted(len(trials[METHOD]), 'trial')}, steps and rows as the method"


def figure(evidence: Evidence) -> str:
    claim = evidence.told["claim"]
    if claim["figure"] != evidence.brief.figure:
        raise Failed(
            f"the claim is about {claim['figure'][:40]!r}, but this brief's figure is "
            f"{evidence.brief.figure!r}"
        )
    return _as_stated(evidence, ("method", "control", "difference"))


def interval(evidence: Evidence) -> str:
    return _as_stated(evidence, ("low", "high"))


def _as_stated(evidence: Evidence, names: Sequence[str]) -> str:
    """What is stated beside what is computed from the answers, to the digits that are stated."""
    claim, shown = evidence.told["claim"], []
    for name in names:
        stated = claim[name]
        decimals = len(stated.partition(".")[2])
        again = f"{evidence.figures[name]:.{decimals}f}"
        if float(stated) != float(again):
            raise Failed(
                f"{name} is stated as {stated}, but computed from the answers it is {again}: "
                f"report.claim(…) computes it"
            )
        shown.append(f"{name} {stated}")
    return f"{', '.join(shown)}: as computed again"
