"""What an exercise asks for is not called but written: while an attempt runs, the package refuses it."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import Any

from kd_course.exercises.attempts import Outcome
from kd_course.exercises.spec import Exercise


class Withheld(RuntimeError):
    """The attempt has called what the exercise asks for; the message begins with its name."""


@contextlib.contextmanager
def refused(exercise: Exercise) -> Iterator[None]:
    """While this lasts, what the exercise withholds raises Withheld, under whatever name it is called.

    A function's code is exchanged, not its name in a module: a notebook has imported it already.
    """
    with contextlib.ExitStack() as stack:
        for dotted in exercise.withheld:
            module, _, name = dotted.rpartition(".")
            stack.enter_context(_refusing(getattr(importlib.import_module(module), name), dotted))
        yield


@contextlib.contextmanager
def _refusing(held: Any, dotted: str) -> Iterator[None]:
    target = held.__init__ if isinstance(held, type) else held
    if not isinstance(target, FunctionType) or target.__code__.co_freevars:
        yield  # a marking run takes it out of the module, which a notebook's own names would not see
        return
    made: dict[str, Any] = {}
    exec(_REFUSAL.format(message=f"{dotted} is what the exercise asks for"), made)
    code = target.__code__
    target.__code__ = made["refuse"].__code__
    try:
        yield
    finally:
        target.__code__ = code


# It runs with the globals of the function it stands in for.
_REFUSAL = """
def refuse(*args, **kwargs):
    from kd_course.exercises.withheld import Withheld
    raise Withheld({message!r})
"""


def called(exercise: Exercise, outcomes: Sequence[Outcome]) -> str:
    """The package's own version that the attempt has called, "" where it has called none."""
    raised = [o.raised for o in outcomes if o.raised]
    return named(exercise, [r.text for r in raised if r.name == Withheld.__name__])


def named(exercise: Exercise, said: Sequence[str]) -> str:
    """The name that a refusal among these texts begins with, "" where none does."""
    names = (name for name in exercise.withheld if any(text.startswith(name) for text in said))
    return max(names, key=len, default="")
