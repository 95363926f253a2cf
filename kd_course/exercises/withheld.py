"""What an exercise asks for is not called but written: while an attempt runs, the package refuses it."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from functools import lru_cache

from kd_course.exercises.attempts import Outcome
from kd_course.exercises.refusing import Withheld, functions_in, refuse
from kd_course.exercises.spec import Exercise

WHOLE = ".*"  # behind a module's name: all that it and the modules below it define


def told(exercise: Exercise) -> dict[str, str]:
    """Every name that an exercise withholds, and what is said to whoever calls what it stands for.

    Withheld by a module's name, a function is named where it is defined; and the private ones are
    withheld, too, for the answer is often in one of them.
    """
    found = {
        name: f"{name} is {_asked_for(exercise)}"
        for name in exercise.withheld
        if not name.endswith(WHOLE)
    }
    for module in whole_modules(exercise):
        for name in defined_below(module):
            found.setdefault(name, f"{name} is {_done_without(module, exercise)}")
    return found


def whole_modules(exercise: Exercise) -> list[str]:
    """The modules of which an exercise withholds everything."""
    return [name.removesuffix(WHOLE) for name in exercise.withheld if name.endswith(WHOLE)]


def why(exercise: Exercise, name: str) -> str:
    """Why one of these names does not count, in the words of its refusal."""
    return told(exercise)[name].removeprefix(f"{name} is ")


def _asked_for(exercise: Exercise) -> str:
    return f"what exercise {exercise.id} asks for"


def _done_without(module: str, exercise: Exercise) -> str:
    return f"part of {module}, which exercise {exercise.id} does without"


@lru_cache
def defined_below(module: str) -> tuple[str, ...]:
    """The functions and classes that a module and those below it define, by their whole names."""
    first = importlib.import_module(module)
    below = pkgutil.walk_packages(getattr(first, "__path__", ()), f"{module}.")
    return tuple(
        f"{one.__name__}.{name}"
        for one in (first, *(importlib.import_module(found.name) for found in below))
        for name, held in vars(one).items()
        if callable(held) and getattr(held, "__module__", "") == one.__name__
    )


@contextlib.contextmanager
def refused(exercise: Exercise) -> Iterator[None]:
    """While this lasts, what the exercise withholds raises Withheld, under whatever name it is called."""
    with contextlib.ExitStack() as stack:
        for dotted, message in told(exercise).items():
            module, _, name = dotted.rpartition(".")
            for function in functions_in(getattr(importlib.import_module(module), name)):
                stack.callback(setattr, function, "__code__", refuse(function, message))
        yield


def called(exercise: Exercise, outcomes: Sequence[Outcome]) -> str:
    """The package's own version that the attempt has called, "" where it has called none."""
    raised = [o.raised for o in outcomes if o.raised]
    return named(exercise, [r.text for r in raised if r.name == Withheld.__name__])


def named(exercise: Exercise, said: Sequence[str]) -> str:
    """The name that a refusal among these texts begins with, "" where none does."""
    names = (name for name in told(exercise) if any(text.startswith(name) for text in said))
    return max(names, key=len, default="")
