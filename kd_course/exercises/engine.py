"""Judging an attempt: against the reference's outputs first, then against the known mistakes.

    outcomes = run(attempt, sheet.cases)        no answers there
    judge(sheet, outcomes)                      no attempt there

A failure is always explained: by the misconception whose outputs are the same on every case, or
else by the smallest case that fails.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from kd_course.exercises import catalogue, recording, sealed, withheld
from kd_course.exercises.attempts import SECONDS, Outcome, has_stub, is_empty
from kd_course.exercises.messages import (
    ADVICE,
    Report,
    failing_case,
    not_attempted,
    noted,
    passed,
    report_of,
)
from kd_course.exercises.sheets import PUBLIC_SEED, Sheet, cases_of, mismatch, outcomes_of
from kd_course.exercises.spec import Case, Exercise, Misconception
from kd_course.exercises.values import size


def public_sheet(id: str) -> Sheet:
    """The sheet of a learner's check: an assignment's, where one lies in this folder, or the course's.

    An assignment's sheet of a value or a quiz expects nothing: it does not hold the answer.
    """
    assigned = sealed.beside(id)
    if assigned:
        return Sheet(assigned.exercise, assigned.cases, assigned.expected, assigned.slips)
    return _course_sheet(id)


@lru_cache
def _course_sheet(id: str) -> Sheet:
    """The course's own: public cases, and what was recorded of the reference."""
    exercise = catalogue.find(id)
    cases = cases_of(exercise, PUBLIC_SEED)
    return Sheet(exercise, cases, recording.load(exercise, cases))


def secret_sheet(id: str, seed: int, reference: Any) -> Sheet:
    """A sheet on the cases of another seed. reference: the exercise's own function or value."""
    exercise = catalogue.find(id)
    cases = cases_of(exercise, seed)
    return Sheet(exercise, cases, outcomes_of(exercise, reference, cases))


def examine(
    id: str,
    attempt: Any,
    *,
    seed: int | None = None,
    reference: Any = None,
    seconds: float = SECONDS,
) -> Report:
    """Try an attempt on an exercise's cases and say what came of it.

    seed, reference: without them, the public cases and the reference's recorded outputs; with
    them, the cases of that seed and the outputs of that callable (or that value).
    Raises KeyError for an unknown exercise, and ValueError for a seed without a reference.
    """
    if (seed is None) != (reference is None):
        raise ValueError(
            "a seed of your own and a reference go together: what is recorded is of the public seed"
        )
    sheet = public_sheet(id) if seed is None else secret_sheet(id, seed, reference)
    exercise = sheet.exercise
    if is_empty(attempt):
        return not_attempted(exercise)
    if exercise.kind == "function" and not callable(attempt):
        call = f'check("{exercise.id}", {exercise.name})'
        text = f"The check needs the function itself: {call}, without brackets after its name."
        return report_of(exercise, "signature", text)
    with withheld.refused(exercise):
        outcomes = outcomes_of(exercise, attempt, sheet.cases, seconds=seconds, bounded=True)
    if not sheet.expected:
        return noted(exercise, outcomes[0])
    return judge(sheet, outcomes, stub=has_stub(attempt))


def judge(sheet: Sheet, outcomes: Sequence[Outcome], *, stub: bool = False) -> Report:
    """The report on outcomes that were got from an attempt, here or elsewhere.

    outcomes: one a case, in order; fewer, the last one `stopped`, when time ran out.
    stub: whether the learner's edition's `...` still stands in the attempt.
    """
    exercise, cases, expected = sheet.exercise, sheet.cases, sheet.expected
    if not expected:
        raise ValueError(f"the sheet of {exercise.id} holds no answer to judge by")
    found = [
        mismatch(exercise, got, wanted, case)
        for got, wanted, case in zip(outcomes, expected, cases or [None] * len(expected))
    ]
    failures = {i: why for i, why in enumerate(found) if why}
    if not failures:
        if len(outcomes) < len(expected):
            return report_of(exercise, "stopped", "The attempt was not run on every case.")
        return passed(exercise, cases)
    if all(_is_unfinished(outcome, stub) for outcome in outcomes):
        return not_attempted(exercise)
    if called := withheld.called(exercise, outcomes):
        text = f"{called} is {withheld.why(exercise, called)}; the check does not count it."
        return report_of(exercise, "withheld", text)
    smallest = min(
        failures,
        key=lambda i: (failures[i].kind != "stopped", size(cases[i].args) if cases else 0, i),
    )
    shown = failing_case(exercise, cases, smallest, failures[smallest], outcomes[smallest])
    known = misconception_of(sheet, outcomes)
    if known:
        name = known.name[0].lower() + known.name[1:] if known.name[1:2].islower() else known.name
        text = "\n".join(
            filter(None, [f"A known slip: {name.rstrip('.')}.", known.hint, shown if cases else ""])
        )
        report = replace(report_of(exercise, "misconception", text), misconception=known.name)
    else:
        kind, right = failures[smallest].kind, len(expected) - len(failures)
        share = f"Right on {right} of {len(cases)} cases." if right and kind != "stopped" else ""
        clause = _clause(cases, failures)
        if clause:
            kind, share = "clause", f"{share} What it does not see to: {clause}."
        hint = (
            ADVICE.get(kind)
            or (exercise.question or exercise.hint)
            and (f'hint("{exercise.id}") helps, one step at a time.')
        )
        report = report_of(exercise, kind, "\n".join(filter(None, [share, shown, hint])))
    return replace(report, case=cases[smallest].label if cases else "")


def _clause(cases: Sequence[Case], failures: Collection[int]) -> str:
    """What the failing cases try, and no other case does; "" where a plain one fails, too."""
    clauses = {cases[i].clause for i in failures} if cases else set()
    return clauses.pop() if len(clauses) == 1 else ""


def _is_unfinished(outcome: Outcome, stub: bool) -> bool:
    """Whether nobody has written yet what this case needs; on one case of several it is a mistake."""
    if outcome.raised:
        return (
            outcome.raised.name == "NotImplementedError"
            or stub
            and "NameError" in outcome.raised.types
        )
    return outcome.refused == "`...`" or stub and outcome.value is None and not outcome.refused


def misconception_of(sheet: Sheet, outcomes: Sequence[Outcome]) -> Misconception | None:
    """The misconception whose outcomes are these on every case, if one's are."""
    if len(outcomes) < len(sheet.expected) or any(outcome.stopped for outcome in outcomes):
        return None
    for wrong in sheet.exercise.misconceptions:
        if all(_alike(sheet.exercise, a, b) for a, b in zip(outcomes, sheet.slip(wrong))):
            return wrong
    return None


def _alike(exercise: Exercise, a: Outcome, b: Outcome) -> bool:
    if a.raised or b.raised:
        return bool(a.raised and b.raised and a.raised.name == b.raised.name)
    if a.refused or b.refused:
        return a.refused == b.refused
    same = (a.changed, a.attached) == (b.changed, b.attached)
    return same and mismatch(exercise, replace(a, changed=()), b) is None
