"""Outcomes as they come out of the box: every part checked before an Outcome is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kd_course.exercises.attempts import Outcome, Raised, gradient_shape
from kd_course.exercises.spec import Case
from kd_course.exercises.values import changed_in
from kd_course.grading.job import Run
from kd_course.grading.sandboxed.wire import WireError

KEYS = {"value", "gradients", "attached", "after", "raised", "refused"}


def read_loaded(run: Run, told: Any) -> None:
    """Take over what the box says it has loaded. Raises WireError where it is not of that form."""
    flags = ("found", "empty", "stub", "callable")
    if type(told) is not dict or set(told) != {*flags, "errors"}:
        raise WireError("not what was loaded")
    if any(type(told[name]) is not bool for name in flags) or type(told["errors"]) is not list:
        raise WireError("not what was loaded")
    for error in told["errors"]:
        if type(error) is not list or [type(part) for part in error] != [str, str, str, int]:
            raise WireError("not an error")
    for name in flags:
        setattr(run, name, told[name])
    run.errors, run.loaded = told["errors"][:50], True


def outcome_from(told: Any, case: Case | None, names: Sequence[str] = ()) -> Outcome:
    """An outcome out of a decoded reply. case: what it is an outcome of; None for a value.

    names: of the arguments. Which of them were changed in place is found out here.
    Raises WireError for anything that no attempt can bring about: whoever sent it did not run one.
    """
    if type(told) is not dict or set(told) != KEYS:
        raise WireError("no outcome")
    if type(told["attached"]) is not bool or type(told["refused"]) is not str:
        raise WireError("an outcome with a part of the wrong type")
    raised = _raised(told["raised"])
    failed = bool(raised or told["refused"])
    gradients = _gradients(told["gradients"], case, failed)
    if failed and told["value"] is not None:
        raise WireError("an outcome that is an error and a value")
    _plain(told["value"])
    if type(told["after"]) is not tuple:
        raise WireError("not what is left of the arguments")
    _plain(told["after"])
    return Outcome(
        value=told["value"],
        gradients=gradients,
        attached=told["attached"],
        changed=changed_in(case, names, told["after"]) if case and not failed else (),
        raised=raised,
        refused=told["refused"][:200],
    )


def _strings(told: Any) -> tuple[str, ...]:
    if type(told) is not tuple or len(told) > 50 or any(type(item) is not str for item in told):
        raise WireError("no list of names")
    return tuple(item[:100] for item in told)


def _raised(told: Any) -> Raised | None:
    if told is None:
        return None
    if (
        type(told) is not list
        or len(told) != 3
        or type(told[1]) is not str
        or type(told[2]) is not str
    ):
        raise WireError("not an error")
    types = _strings(told[0])
    if not types:
        raise WireError("an error without a class")
    return Raised(types, told[1][:300], told[2][:300])


def _gradients(told: Any, case: Case | None, failed: bool) -> tuple[np.ndarray, ...]:
    if type(told) is not tuple or any(type(array) is not np.ndarray for array in told):
        raise WireError("not gradients")
    wanted = case.gradient_of if case else ()
    if failed and not told:
        return ()
    shapes = [gradient_shape(case.args[i]) for i in wanted]
    if [array.shape for array in told] != shapes or any(a.dtype != np.float64 for a in told):
        raise WireError("gradients that do not fit their inputs")
    return told


def _plain(value: Any) -> None:
    """Raises WireError for what `values.plain` never gives: a list."""
    if type(value) is list:
        raise WireError("a list where a tuple is written")
    if type(value) is tuple:
        for item in value:
            _plain(item)
    elif type(value) is dict:
        for item in value.values():
            _plain(item)
