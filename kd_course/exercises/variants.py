"""Exercises with another convention than the course's own, so that a copied solution fails.

The course's solutions are public. A variant asks for the same thing under another convention: alpha
on the hard loss, a sum for a mean, bits for nats. A lesson's stand in its room, lessons/lesson03/variants.py; the
seed of a teacher's course draws one for each exercise that has some. A variant's function is its
reference, and its source is the exercise's cell.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from kd_course.exercises import catalogue
from kd_course.exercises.spec import Case, Exercise, Misconception

Function = Callable[..., Any]


@dataclass(frozen=True)
class Variant:
    """An exercise under another convention.

    exercise: the id of the course's own. name: the convention in words ("α weighs the hard loss").
    instead: what the course's own exercise has in its place ("α weighs the soft loss").
    statement: what is asked, whole, in markdown; hint, allowed: as in the spec ("" keeps it).
    reference: the right function; its source, with solution markers, becomes the exercise's cell.
    adapt: turns a known slip of the course's own exercise into the same slip under this convention;
    without: the names (or beginnings of names) of slips that do not exist under it; hints: by name,
    where the course's own hint would mislead; slips: further ones.
    cases: where the course's own do not fit.
    """

    exercise: str
    name: str
    instead: str
    statement: str
    reference: Function
    adapt: Callable[[Function], Function] | None = None
    without: tuple[str, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    slips: tuple[Misconception, ...] = ()
    hint: str = ""
    allowed: str = ""
    cases: Callable[[Any], Sequence[Case]] | None = None

    @property
    def cell(self) -> str:
        """The exercise's cell: signature, docstring and, between markers, the solution."""
        source = inspect.getsource(self.reference)
        return source[re.search(r"^def ", source, re.M).start() :].rstrip()

    def spec(self, public_reference: Function) -> Exercise:
        """The exercise as it is marked. public_reference: the answer to the course's own exercise.

        The course's own convention and the other variants' are misconceptions of this one.
        """
        own = catalogue.find(self.exercise)
        asked = f"This assignment asks for another one: {self.name}. The exercise's text says so."
        return replace(
            own,
            cases=self.cases or own.cases,
            misconceptions=(
                Misconception(
                    f"The lesson's own convention: {self.instead}",
                    public_reference,
                    hint=asked,
                    convention=True,
                ),
                *(
                    Misconception(
                        f"Another convention: {v.name}", v.reference, hint=asked, convention=True
                    )
                    for v in of(self.exercise)
                    if v.name != self.name
                ),
                *self.slips,
                *self._adapted(own),
            ),
            hint=self.hint or own.hint,
            allowed=self.allowed or own.allowed,
        )

    def _adapted(self, own: Exercise) -> list[Misconception]:
        if self.adapt is None:
            return []
        return [
            Misconception(
                wrong.name, self.adapt(wrong.function), hint=self.hints.get(wrong.name, wrong.hint)
            )
            for wrong in own.misconceptions
            if not wrong.name.startswith(self.without)
        ]


class Collection(list[Variant]):
    """A lesson's variants: `variant = Collection()`, then `@variant(…)` above each reference."""

    def __call__(self, exercise: str, name: str, **about: Any) -> Callable[[Function], Function]:
        def collect(reference: Function) -> Function:
            about["statement"] = inspect.cleandoc(about["statement"])
            self.append(Variant(exercise, name, reference=reference, **about))
            return reference

        return collect


@lru_cache
def of_lesson(lesson: str) -> tuple[Variant, ...]:
    """A lesson's variants, in their order; none where nobody has written any."""
    name = f"kd_course.lessons.lesson{lesson}.variants"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return ()
    return tuple(module.VARIANTS)


def of(id: str) -> tuple[Variant, ...]:
    """The variants of one exercise."""
    return tuple(v for v in of_lesson(id.split(".")[0]) if v.exercise == id)


def draw(id: str, seed: int) -> Variant | None:
    """The variant that a course's seed draws for an exercise; None where it has none.

    Every exercise is drawn by itself: which other lessons are assigned makes no difference.
    """
    there = of(id)
    if not there:
        return None
    digest = hashlib.sha256(f"{seed} {id}".encode()).digest()
    return there[int.from_bytes(digest[:8], "big") % len(there)]


# -- what variants are made with --------------------------------------------------------------


def then(change: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """An `adapt` that changes what a function returns."""
    return lambda function: lambda *args: change(function(*args))


def then_with(change: Callable[..., Any]) -> Callable[[Function], Function]:
    """As `then`, for a change that depends on the arguments: change(result, *args)."""
    return lambda function: lambda *args: change(function(*args), *args)


def with_arguments(change: Callable[..., tuple]) -> Callable[[Function], Function]:
    """An `adapt` that changes what a function gets: change(*args) returns its arguments."""
    return lambda function: lambda *args: function(*change(*args))


def slip_table(
    exercise: str, table: Mapping[str, Function | tuple[Function, str]]
) -> tuple[Misconception, ...]:
    """Slips as a table: name -> (function, hint), or -> function for a slip that the course knows.

    Of a function alone, the hint is the one that the course's own exercise gives to that name.
    """
    known = {wrong.name: wrong.hint for wrong in catalogue.find(exercise).misconceptions}
    rows = {
        name: row if isinstance(row, tuple) else (row, known[name]) for name, row in table.items()
    }
    return tuple(
        Misconception(name, function, hint=hint) for name, (function, hint) in rows.items()
    )
