"""Judging an attempt: against the reference's outputs first, then against the known mistakes.

    outcomes = run(attempt, sheet.cases)        no answers there
    judge(sheet, outcomes)                      no attempt there

A failure is always explained: by the misconception whose outputs are the same on every case, or
else by the smallest case that fails.
"""

from __future__ import annotations

import ast
import textwrap
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from kd_course.exercises import catalogue, recording, sealed
from kd_course.exercises.running import SECONDS, Outcome, Raised, has_stub, is_empty, run, run_here
from kd_course.exercises.spec import Case, Exercise, Misconception
from kd_course.exercises.values import Difference, NotPlain, difference, named, plain, show, size

PUBLIC_SEED = 0
WIDTH = 98  # of a message, in characters
_PARSING = threading.Lock()


@dataclass(frozen=True)
class Report:
    """What a check found.

    status: "passed", "not attempted", "noted" (an answer that is only marked once it is handed in),
    "misconception" (its name in `misconception`), or what is wrong: "signature", "raised", "stopped", "type", "shape", "not finite", "value", "gradient",
    "changed input".
    message: for the learner, ready to print. points: all of them or none.
    case: the label of the case that is shown.
    """

    exercise: str
    passed: bool
    status: str
    message: str
    points: int
    max_points: int
    misconception: str = ""
    case: str = ""


class Sheet:
    """What an attempt at an exercise is held against: cases, expected outcomes, known slips.

    One sheet serves any number of attempts; what a misconception gives is computed when it is
    first needed.
    """

    def __init__(
        self,
        exercise: Exercise,
        cases: Sequence[Case],
        expected: Sequence[Outcome],
        slips: Mapping[str, Sequence[Outcome]] = MappingProxyType({}),
    ):
        self.exercise, self.cases, self.expected = exercise, tuple(cases), tuple(expected)
        self._slips = {name: tuple(outcomes) for name, outcomes in slips.items()}

    def slip(self, wrong: Misconception) -> tuple[Outcome, ...]:
        """The outcomes of a misconception on this sheet's cases."""
        if wrong.name not in self._slips:
            content = wrong.value if wrong.function is None else wrong.function
            self._slips[wrong.name] = outcomes_of(self.exercise, content, self.cases)
        return self._slips[wrong.name]

    @cached_property
    def telling(self) -> tuple[int, ...]:
        """The cases on which no other convention gives what is asked for.

        Partial credit is for these alone: on the others a copied solution is right without having
        read the exercise. All of them, where no other convention is known.
        """
        others = [self.slip(w) for w in self.exercise.misconceptions if w.convention]
        return tuple(
            i
            for i, expected in enumerate(self.expected)
            if all(mismatch(self.exercise, other[i], expected) for other in others)
        )


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
        return _report(exercise, "signature", text)
    outcomes = outcomes_of(exercise, attempt, sheet.cases, seconds=seconds, bounded=True)
    if not sheet.expected:
        return _noted(exercise, outcomes[0])
    return judge(sheet, outcomes, stub=has_stub(attempt))


def judge(sheet: Sheet, outcomes: Sequence[Outcome], *, stub: bool = False) -> Report:
    """The report on outcomes that were got from an attempt, here or elsewhere.

    outcomes: one a case, in order; fewer, the last one `stopped`, when time ran out.
    stub: whether the learner's edition's `...` still stands in the attempt.
    """
    exercise, cases, expected = sheet.exercise, sheet.cases, sheet.expected
    if not expected:
        raise ValueError(f"the sheet of {exercise.id} holds no answer to judge by")
    found = [mismatch(exercise, got, wanted) for got, wanted in zip(outcomes, expected)]
    failures = {i: why for i, why in enumerate(found) if why}
    if not failures:
        if len(outcomes) < len(expected):
            return _report(exercise, "stopped", "The attempt was not run on every case.")
        return _passed(exercise, cases)
    if _is_unfinished(outcomes[0], stub):
        return not_attempted(exercise)
    smallest = min(
        failures,
        key=lambda i: (failures[i].kind != "stopped", size(cases[i].args) if cases else 0, i),
    )
    shown = _shown(exercise, cases, smallest, failures[smallest], outcomes[smallest])
    known = misconception_of(sheet, outcomes)
    if known:
        name = known.name[0].lower() + known.name[1:] if known.name[1:2].islower() else known.name
        text = "\n".join(
            filter(None, [f"A known slip: {name.rstrip('.')}.", known.hint, shown if cases else ""])
        )
        report = replace(_report(exercise, "misconception", text), misconception=known.name)
    else:
        kind, right = failures[smallest].kind, len(expected) - len(failures)
        share = f"Right on {right} of {len(cases)} cases." if right and kind != "stopped" else ""
        hint = _ADVICE.get(kind) or exercise.hint and f"Hint: {exercise.hint}"
        report = _report(exercise, kind, "\n".join(filter(None, [share, shown, hint])))
    return replace(report, case=cases[smallest].label if cases else "")


def cases_of(exercise: Exercise, seed: int) -> list[Case]:
    """The cases that a seed draws; none for an exercise that asks for a value."""
    return list(exercise.cases(np.random.default_rng(seed))) if exercise.cases else []


def outcomes_of(
    exercise: Exercise,
    attempt: Any,
    cases: Sequence[Case],
    *,
    seconds: float = SECONDS,
    bounded: bool = False,
) -> tuple[Outcome, ...]:
    """An attempt's outcomes: one a case, or the one value where a value is asked for."""
    if exercise.kind == "value":
        try:
            return (Outcome(_as_number_if_it_is_one(plain(attempt))),)
        except NotPlain as error:
            return (Outcome(refused=str(error)),)
    names = argument_names(exercise.signature)
    if bounded:
        return run(attempt, cases, names, seconds=seconds)
    return run_here(attempt, cases, names)


def parsed(source: str) -> ast.Module:
    """As ast.parse, for code that runs in several threads: one of them at a time.

    Python 3.11 counts how deep a tree is for all threads together, and may raise SystemError when
    one is interrupted while it parses. A student's work is not to be called unreadable for that.
    """
    with _PARSING:
        return ast.parse(source)


@lru_cache
def argument_names(signature: str) -> tuple[str, ...]:
    """The arguments' names in a signature as a lesson prints it."""
    try:
        arguments = parsed(f"def {signature.removeprefix('def ').rstrip(':')}: ...").body[0].args
    except SyntaxError:
        return ()
    return tuple(a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))


def mismatch(exercise: Exercise, got: Outcome, expected: Outcome) -> Difference | None:
    """Why an outcome is not the expected one: the first reason found, the gravest first."""
    if got.stopped:
        return Difference("stopped", "it did not come to an end in time")
    if got.raised and not _same_error(got.raised, expected.raised):
        return Difference(
            "signature" if got.raised.name == "WrongSignature" else "raised", _error(got.raised)
        )
    if expected.raised and not got.raised:
        what = f"got {show(got.value)}" if not got.refused else f"got something {got.refused}"
        return Difference("value", f"expected {expected.raised.name} to be raised, but {what}")
    if expected.raised:
        return None
    if got.refused:
        return Difference("type", f"the result is {got.refused}")
    found = difference(got.value, expected.value, rtol=exercise.rtol, atol=exercise.atol)
    if found:
        return found
    if got.changed:
        return Difference(
            "changed input",
            f"the result is right, but {' and '.join(got.changed)} was changed in place: "
            "whoever called the function still needs it",
        )
    return _gradients_differ(exercise, got, expected)


def _gradients_differ(exercise: Exercise, got: Outcome, expected: Outcome) -> Difference | None:
    for i in range(len(expected.gradients)):
        found = difference(
            got.gradients[i], expected.gradients[i], rtol=exercise.rtol, atol=exercise.atol
        )
        if found and not got.attached:
            return Difference(
                "gradient",
                "the value is right, but no gradient flows back: .detach(), .item(), .data, "
                "torch.tensor(…), no_grad or NumPy cuts it off, and nothing could be trained with it",
            )
        if found:
            return Difference(
                "gradient", f"the value is right, its gradient is not ({found.kind})\n{found.text}"
            )
    return None


# -- known mistakes ---------------------------------------------------------------------------


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


def _same_error(got: Raised, expected: Raised | None) -> bool:
    """Whether the attempt raises what is expected, or a more special kind of it."""
    return expected is not None and expected.name in got.types


# -- words ------------------------------------------------------------------------------------

# What helps with these is not the exercise's own hint.
_ADVICE = {
    "signature": "The check calls your function with the arguments in this order; their names are yours.",
    "changed input": "x = x / 2 makes a new tensor; x /= 2, x[0] = 0 and methods ending in _ edit the old one.",
    "stopped": "If the notebook stays slow after this, restart its kernel.",
}


def not_attempted(exercise: Exercise) -> Report:
    """The report on an exercise that nobody has tried yet; no failure, and no points."""
    where = (
        "in the cell above"
        if exercise.kind == "function"
        else f"for {exercise.name} in the cell above"
    )
    text = f"Not attempted yet. Write your answer {where} in place of `...`, run that cell, then this one."
    return _report(exercise, "not attempted", text)


def _noted(exercise: Exercise, outcome: Outcome) -> Report:
    """The report on an answer that no sheet here could judge: what was understood of it."""
    keys = [choice.key for choice in exercise.choices]
    wrong_kind = (
        outcome.refused
        or keys
        and not any(difference(outcome.value, key, rtol=0, atol=0) is None for key in keys)
    )
    if wrong_kind:
        return _report(exercise, "type", _shown_value(exercise, Difference("type", ""), outcome))
    text = f"{show(outcome.value)} is what will be marked, once it is handed in."
    return _report(exercise, "noted", text)


def _is_unfinished(first: Outcome, stub: bool) -> bool:
    if first.raised:
        return (
            first.raised.name == "NotImplementedError" or stub and "NameError" in first.raised.types
        )
    return first.refused == "`...`" or stub and first.value is None and not first.refused


def _passed(exercise: Exercise, cases: Sequence[Case]) -> Report:
    if exercise.choices:
        text = "\n".join(f"({c.key}) {c.text}\n    {c.why}" for c in exercise.choices)
    elif exercise.kind == "value":
        text = ""
    else:
        gradients = ", gradients included" if any(case.gradient_of for case in cases) else ""
        text = (
            f"Right on all {len(cases)} cases{gradients}."
            if len(cases) > 1
            else f"Right{gradients}."
        )
    return _report(exercise, "passed", text)


def _report(exercise: Exercise, status: str, text: str) -> Report:
    passed = status == "passed"
    sign = "✓" if passed else "○" if status in ("not attempted", "noted") else "✗"
    points = f"{exercise.points} point{'s' * (exercise.points != 1)}"
    head = {
        "passed": f"passed, {points}",
        "not attempted": f"worth {points}",
        "noted": f"noted, worth {points}",
    }.get(status, "not yet")
    body = "".join(f"\n{line}" for long in text.splitlines() for line in _wrapped("  " + long))
    return Report(
        exercise=exercise.id,
        passed=passed,
        status=status,
        message=f"{sign} {exercise.id} {exercise.name}: {head}.{body}",
        points=exercise.points if passed else 0,
        max_points=exercise.points,
    )


def _wrapped(line: str) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _shown(
    exercise: Exercise, cases: Sequence[Case], i: int, found: Difference, outcome: Outcome
) -> str:
    """One failing case: what went in, what was expected, what came out, what was printed."""
    if exercise.kind == "value":
        return _shown_value(exercise, found, outcome)
    if found.kind == "signature":
        return f"{found.text}. The exercise's signature: {exercise.signature}"
    case = cases[i]
    if found.kind == "stopped":
        text = "It does not come to an end and was stopped. Is there a loop that never ends?"
        return f"{text}\n{_inputs(exercise, case)}"
    lines = [_inputs(exercise, case), *found.text.splitlines()]
    if outcome.printed.strip():
        lines += [
            "your function printed:",
            *(f"| {line}" for line in outcome.printed.splitlines()[:8]),
        ]
    return lines[0] + "".join(f"\n    {line}" for line in lines[1:])


def _inputs(exercise: Exercise, case: Case) -> str:
    names = argument_names(exercise.signature)
    given = [
        *zip([*names, *(f"argument {i + 1}" for i in range(len(names), len(case.args)))], case.args)
    ]
    given += list(case.kwargs.items())
    lines = []
    for name, value in given:
        try:
            text = show(plain(value))
        except NotPlain:
            text = f"<{type(value).__name__}>"
        lines.append(f"    {name} = " + text.replace("\n", "\n" + " " * (len(name) + 7)))
    return "\n".join([f"Case “{case.label}”:", *lines])


def _shown_value(exercise: Exercise, found: Difference, outcome: Outcome) -> str:
    """For a value: why it is not right, without telling which one is."""
    chosen = [
        c for c in exercise.choices if difference(outcome.value, c.key, rtol=0, atol=0) is None
    ]
    if chosen:
        return f"({chosen[0].key}) {chosen[0].text}\n    {chosen[0].why}"
    if exercise.choices:
        keys = ", ".join(f'"{choice.key}"' for choice in exercise.choices)
        return f"The answer is one of {keys}; this is {outcome.refused or named(outcome.value)}."
    if found.kind == "value" and isinstance(outcome.value, (int, float, str, np.ndarray)):
        return f"Not {show(outcome.value)}."
    return (
        found.text
        if found.kind in ("type", "shape") and not outcome.refused
        else f"Not {show(outcome.value)}."
    )


def _error(raised: Raised) -> str:
    if raised.name == "WrongSignature":
        return raised.text[0].upper() + raised.text[1:]
    where = f"\n{raised.line}" if raised.line else ""
    return f"raised {raised.name}: {raised.text or '(no message)'}{where}"


def _as_number_if_it_is_one(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value.strip()
    return value
