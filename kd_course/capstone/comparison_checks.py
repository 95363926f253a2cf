"""The comparison: enough seeds, a control with the method's budget, and figures that follow from the answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

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
    _refuse_copies(evidence)
    return f"{len(taught)} seeds, the same in method and control"


def _refuse_copies(evidence: Evidence) -> None:
    """Failed where two runs gave the same answer to every row: then it is one run, told twice."""
    seen: dict[str, str] = {}
    for run in evidence.told["runs"]:
        if run["arm"] not in (METHOD, CONTROL):
            continue
        name, answers = f"{run['arm']}, seed {run['seed']},", json.dumps(run["answers"])
        if answers in seen:
            raise Failed(
                f"{seen[answers]} and {name} answer every row alike: either one run stands there "
                f"twice, or what was trained has learnt nothing"
            )
        seen[answers] = name


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
    _refuse_fewer_rows(evidence)
    if not trials[METHOD]:
        raise Failed("no trial of the method was counted: report.tried(…) after every one")
    for what, of_method, of_control in (
        ("trials", len(trials[METHOD]), len(trials[CONTROL])),
        (
            "tuning steps altogether",
            sum(t["steps"] for t in trials[METHOD]),
            sum(t["steps"] for t in trials[CONTROL]),
        ),
        ("different recipes", len(_recipes(trials[METHOD])), len(_recipes(trials[CONTROL]))),
        ("steps in a final run", taught["steps"], alone["steps"]),
    ):
        if of_method != of_control:
            raise Failed(
                f"{what}: the method had {of_method}, the control {of_control}. Give both the same, "
                f"or the difference is one of budgets"
            )
    for arm in (METHOD, CONTROL):
        if not _recipes([evidence.told["arms"][arm]]) <= _recipes(trials[arm]):
            raise Failed(
                f"the recipe of the {arm}'s final runs is none that was tried: choose among the trials"
            )
    return f"no teacher, and {counted(len(trials[METHOD]), 'trial')}, steps and rows as the method"


def _recipes(entries: Sequence[dict[str, Any]]) -> set[str]:
    return {json.dumps(entry["recipe"], sort_keys=True) for entry in entries}


def _refuse_fewer_rows(evidence: Evidence) -> None:
    """Failed where the control was given less to learn from.

    Text without labels is of use to whoever has a teacher. So a method may read it and its control need
    not, if the control has every label that there is.
    """
    taught, alone = (evidence.told["arms"][arm] for arm in (METHOD, CONTROL))
    for arm, about in ((METHOD, taught), (CONTROL, alone)):
        if about["labels"] > about["rows"]:
            raise Failed(f"the {arm} cannot have {about['labels']} labels on {about['rows']} rows")
    most = evidence.brief.labelled
    wanted = taught["rows"] if most is None else min(taught["rows"], most)
    for what, least, got in (
        ("training rows", wanted, alone["rows"]),
        ("labels", taught["labels"], alone["labels"]),
    ):
        if got < least:
            raise Failed(
                f"{what}: the control had {got}, and {least} are the least. Give it what the method "
                f"had, or the difference is one of data"
            )


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
