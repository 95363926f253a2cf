"""What an attempt is held against: cases, what is right on them, and how an outcome differs from it."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from kd_course.exercises.attempts import SECONDS, Outcome, Raised, run, run_here
from kd_course.exercises.spec import Case, Exercise, Misconception
from kd_course.exercises.values import (
    Difference,
    NotPlain,
    difference,
    dtypes_differ,
    plain,
    show,
)

PUBLIC_SEED = 0
_PARSING = threading.Lock()


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
            return (as_it_is_meant(exercise, Outcome(plain(attempt))),)
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


def mismatch(
    exercise: Exercise, got: Outcome, expected: Outcome, case: Case | None = None
) -> Difference | None:
    """Why an outcome is not the expected one: the first reason found, the gravest first.

    case: what both are of; with it, a wrong gradient is told with its argument's name.
    """
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
    if exercise.dtypes and (found := dtypes_differ(got.value, expected.value)):
        return found
    if got.changed:
        return Difference(
            "changed input",
            f"the result is right, but {' and '.join(got.changed)} "
            f"{'were' if len(got.changed) > 1 else 'was'} changed in place: "
            f"whoever called the function still needs {'them' if len(got.changed) > 1 else 'it'}",
        )
    return _gradients_differ(exercise, got, expected, case)


def _gradients_differ(
    exercise: Exercise, got: Outcome, expected: Outcome, case: Case | None
) -> Difference | None:
    names = argument_names(exercise.signature)
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
            at = case.gradient_of[i] if case else len(names)
            of = f" in {names[at]}" if at < len(names) else ""
            return Difference(
                "gradient",
                f"the value is right, its gradient is not: the gradient{of}\n{found.text}",
            )
    return None


def _same_error(got: Raised, expected: Raised | None) -> bool:
    """Whether the attempt raises what is expected, or a more special kind of it."""
    return expected is not None and expected.name in got.types


def _error(raised: Raised) -> str:
    if raised.name == "WrongSignature":
        return raised.text[0].upper() + raised.text[1:]
    where = f"\n{raised.line}" if raised.line else ""
    return f"raised {raised.name}: {raised.text or '(no message)'}{where}"


def as_it_is_meant(exercise: Exercise, outcome: Outcome) -> Outcome:
    """A value without its clothes: "(d)" and "d." are d to a quiz, "0.5" is a number, "b, d" is "bd".

    Whoever compares a value goes through here: a check and a mark must not differ in it.
    """
    value = outcome.value
    if exercise.kind != "value":
        return outcome
    if exercise.choices:
        if isinstance(value, str):
            value = value.strip().strip("().:").strip()
        return replace(outcome, value=value)
    if isinstance(value, str):
        try:
            return replace(outcome, value=float(value))
        except ValueError:
            return replace(outcome, value=_put_together(value) or value.strip())
    if isinstance(value, tuple) and value and all(type(item) is str for item in value):
        letters = _put_together(", ".join(value))
        return replace(outcome, value=letters if letters.isalpha() else value)
    return outcome


def _put_together(text: str) -> str:
    """Single letters or digits with anything between them ("(b) (d)", "b, d") as "bd"; else "".

    Two digits with one sign between them stay apart: "1,5" and "1/2" are meant for numbers.
    """
    parts = re.findall(r"[^\W_]+", text)
    if any(len(part) > 1 for part in parts) or re.fullmatch(r"\s*\d\S\d\s*", text):
        return ""
    return "".join(parts)
