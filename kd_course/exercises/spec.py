"""What an exercise is: data, not code that checks. One spec serves the learner's check, the marks
and the exercise's own test.

The answer does not stand here. An exercise's reference is the solution cell of its lesson; its
outputs on the spec's cases are recorded when the lesson is built. What stands here is where to
try it (cases), how closely to look (tolerances), and the wrong answers people really give
(misconceptions), each of which a check names when it meets it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

KINDS = ("function", "value")


@dataclass(frozen=True)
class Made:
    """An argument that is made where the attempt runs, anew for every run: a module, an optimizer.

    handle: its name among the case's arguments. recipe: the dotted name of a function of the
    package that makes it. args: what that function gets: plain values, tensors, other Made, or the
    Handle of one that was made before it.
    The attempt gets the object itself. Beside its result, the object's state after the call is
    compared: a module's parameters and buffers, an optimizer's learning rates.
    """

    handle: str
    recipe: str
    args: tuple = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"kd_course(\.\w+){2,}", self.recipe):
            raise ValueError(f"Made.recipe must name a function of kd_course, not {self.recipe!r}")


@dataclass(frozen=True)
class Handle:
    """Stands for what a Made of this case has made: an optimizer's module."""

    name: str


@dataclass(frozen=True)
class Case:
    """One call that an attempt is tried on.

    args: what the function gets, in the order of its signature: tensors, numbers, strings, None,
    or lists, tuples and dicts of these; or Made, for what cannot be written down. Every run gets its
    own copy.
    label: what the case is, in words a learner sees when it fails ("T = 4", "a padded token").
    kwargs: what is passed by name.
    clause: what this case tries that the plain ones do not, as a learner is told when such cases alone
    fail: "a row that is wholly masked", "α = 0". "" for a plain case.
    gradient_of: indices of floating-point tensors in args, or of tuples of such; the gradients of the
    result with respect to them are compared too (of a weighted sum, when it is more than one number).
    inputs: where the result is a module, what it is called on; its outputs are compared, beside its
    parameters.
    """

    args: tuple
    label: str
    kwargs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    gradient_of: tuple[int, ...] = ()
    inputs: tuple = ()
    clause: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.args, tuple):
            raise TypeError(f"Case.args must be a tuple, but is a {type(self.args).__name__}")
        if not self.label.strip():
            raise ValueError("Case.label must say in words what the case is")
        beyond = [i for i in self.gradient_of if not 0 <= i < len(self.args)]
        if beyond:
            raise ValueError(
                f"Case.gradient_of must hold indices of args, 0 … {len(self.args) - 1}, "
                f"but holds {beyond[0]} (case {self.label!r})"
            )


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that people really give, and what to tell them.

    name: what was done, as a learner would recognise it ("T² is missing").
    function: the wrong implementation, with the exercise's signature; or, where the exercise asks
    for a value, `value`.
    hint: what to think about next; it does not give the answer away.
    convention: whether it is right under another convention than the one that is asked for; where
    both agree, being right shows nothing.
    """

    name: str
    function: Callable[..., Any] | None = None
    value: Any = None
    hint: str = ""
    convention: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("Misconception.name must say what was done")
        if (self.function is None) == (self.value is None):
            raise ValueError(
                f"Misconception {self.name!r} needs a function or a value, and not both"
            )


@dataclass(frozen=True)
class Choice:
    """One answer of a quiz: its key ("a"), its text, and why it is right or wrong."""

    key: str
    text: str
    why: str

    def __post_init__(self) -> None:
        if not (self.key and self.text.strip() and self.why.strip()):
            raise ValueError(f"Choice {self.key!r} needs a key, a text and an explanation")


@dataclass(frozen=True)
class Exercise:
    """One exercise: what is asked, on what it is tried, and the wrong answers that are known.

    id: lesson and number, "03.2". name: of the function or variable that the learner writes.
    kind: "function" (tried on cases) or "value" (a number, a string, or a quiz's letter).
    signature: as the lesson prints it, `soft_loss(student_logits, teacher_logits, temperature)`;
    for a value, its name.
    cases: a function of a seeded generator, so that marks are given on inputs nobody has seen.
    dtypes: whether the kind of numbers in a tensor counts: booleans, int8; see `values.dtypes_differ`.
    rtol, atol: an attempt's number x passes against the reference's y when |x - y| ≤ atol + rtol·|y|.
    difficulty, importance: 1 to 5. minutes: for somebody who has read the lesson so far.
    question, hint: what `hint("03.2")` tells, one after the other: a question that leads on, then a
    direction. allowed: what of the package and of torch may be used.
    withheld: the package's own versions of what is asked for, "kd_course.losses.soft_loss", or a whole
    module of them, "kd_course.losses.*", with all below it: whoever calls one of them in place of an
    answer earns nothing. `allowed` says so.
    choices: a quiz's answers; the learner's value is the key of one of them.
    """

    id: str
    name: str
    title: str
    lesson: str
    signature: str
    points: int
    minutes: int
    difficulty: int
    importance: int
    kind: str = "function"
    cases: Callable[[numpy.random.Generator], Sequence[Case]] | None = None
    rtol: float = 1e-4
    atol: float = 1e-6
    misconceptions: tuple[Misconception, ...] = ()
    choices: tuple[Choice, ...] = ()
    question: str = ""
    hint: str = ""
    dtypes: bool = False
    allowed: str = ""
    withheld: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d\d\.\d+", self.id) or self.id.split(".")[0] != self.lesson:
            raise ValueError(
                f'Exercise.id must be lesson and number, like "03.2" in lesson "03", '
                f"but is {self.id!r} in lesson {self.lesson!r}"
            )
        if not self.name.isidentifier():
            raise ValueError(f"exercise {self.id}: name {self.name!r} is no Python name")
        if self.kind not in KINDS:
            raise ValueError(f"exercise {self.id}: kind must be one of {KINDS}, not {self.kind!r}")
        if (self.kind == "function") != (self.cases is not None):
            raise ValueError(f"exercise {self.id}: a function has cases, a value has none")
        if self.choices and self.kind != "value":
            raise ValueError(f'exercise {self.id}: a quiz (choices) has kind="value"')
        for name in ("difficulty", "importance"):
            if getattr(self, name) not in range(1, 6):
                raise ValueError(f"exercise {self.id}: {name} must be 1 to 5")
        for dotted in self.withheld:
            if not re.fullmatch(r"kd_course(\.\w+){2,}|kd_course(\.\w+)+\.\*", dotted):
                raise ValueError(
                    f"exercise {self.id}: withheld must hold names like kd_course.losses.soft_loss "
                    f"or kd_course.losses.*, not {dotted!r}"
                )
        if self.points < 1 or self.minutes < 1:
            raise ValueError(f"exercise {self.id}: points and minutes must be at least 1")
        for wrong in self.misconceptions:
            if (wrong.function is not None) != (self.kind == "function"):
                raise ValueError(
                    f"exercise {self.id}: misconception {wrong.name!r} must have "
                    f"a {'function' if self.kind == 'function' else 'value'}"
                )
        names = [wrong.name for wrong in self.misconceptions]
        keys = [choice.key for choice in self.choices]
        for what, listed in (("misconception", names), ("choice", keys)):
            if len(set(listed)) != len(listed):
                raise ValueError(f"exercise {self.id}: a {what} is listed twice")
