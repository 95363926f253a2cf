"""What a check says: reports, and the words in which they are told to a learner."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kd_course.exercises.attempts import Outcome
from kd_course.exercises.sheets import argument_names
from kd_course.exercises.spec import Case, Exercise
from kd_course.exercises.values import Difference, NotPlain, difference, named, plain, show

WIDTH = 98  # of a message, in characters


@dataclass(frozen=True)
class Report:
    """What a check found.

    status: "passed", "not attempted", "noted" (an answer that is only marked once it is handed in),
    "misconception" (its name in `misconception`), or what is wrong: "signature", "raised", "stopped",
    "withheld", "clause" (only the cases that try one clause fail), "type", "shape", "not finite", "value", "dtype", "changed input", "gradient".
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


# What helps with these is not the exercise's own hint.
ADVICE = {
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
    return report_of(exercise, "not attempted", text)


def noted(exercise: Exercise, outcome: Outcome) -> Report:
    """The report on an answer that no sheet here could judge: what was understood of it."""
    keys = [choice.key for choice in exercise.choices]
    wrong_kind = (
        outcome.refused
        or keys
        and not any(difference(outcome.value, key, rtol=0, atol=0) is None for key in keys)
    )
    if wrong_kind:
        return report_of(exercise, "type", _shown_value(exercise, Difference("type", ""), outcome))
    text = f"{show(outcome.value)} is what will be marked, once it is handed in."
    return report_of(exercise, "noted", text)


def passed(exercise: Exercise, cases: Sequence[Case]) -> Report:
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
    return report_of(exercise, "passed", text)


def report_of(exercise: Exercise, status: str, text: str) -> Report:
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


def failing_case(
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
            text = _shown(value, WIDTH - len(name) - 10)
        except NotPlain:
            text = f"<{type(value).__name__}>"
        lines.append(f"    {name} = " + text.replace("\n", "\n" + " " * (len(name) + 7)))
    return "\n".join([f"Case “{case.label}”:", *lines])


def _shown(value: Any, width: int) -> str:
    """An argument as it would be written: a list of one number is no number. Raises NotPlain."""
    if type(value) is dict:
        pairs = [f"{key!r}: {_shown(item, width)}" for key, item in list(value.items())[:8]]
        return f"{{{', '.join(pairs)}}}"
    if type(value) not in (list, tuple):
        return show(plain(value), width)
    items = [_shown(item, width) for item in value[:8]] + ["…"] * (len(value) > 8)
    if type(value) is list:
        return f"[{', '.join(items)}]"
    return f"({', '.join(items)}{',' * (len(items) == 1)})"


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
    if outcome.refused:
        stop = "" if outcome.refused.endswith("?") else "."
        return f"A number, a string, a list or a dict can be right; this is {outcome.refused}{stop}"
    if found.kind in ("type", "shape"):
        return found.text
    return f"Not {show(outcome.value)}."
