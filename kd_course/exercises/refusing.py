"""Functions that refuse to be called, under whatever name: for the check, and for the marking box.

A function's code is exchanged, not its name in a module: a notebook has imported it already.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any


class Withheld(RuntimeError):
    """The attempt has called what its exercise withholds; the message begins with the name of that."""


def functions_in(held: Any) -> Iterator[FunctionType]:
    """Whose code makes up `held`: a function itself, what a decorator has wrapped, a class's methods.

    Of a class only what its own module has written: what it inherits serves others, too.
    """
    if not isinstance(held, type):
        held = inspect.unwrap(held)
        if isinstance(held, FunctionType):
            yield held
        return
    for part in list(vars(held).values()):
        method = inspect.unwrap(getattr(part, "fget", None) or getattr(part, "__func__", part))
        if isinstance(method, FunctionType) and method.__module__ == held.__module__:
            yield method


def refuse(function: FunctionType, message: str) -> CodeType:
    """From now on a call of this function raises Withheld. Returns the code that it had."""
    code = function.__code__
    made: dict[str, Any] = {}
    # Only a code with as many free variables may take a function's place: methods that call
    # super() have one.
    free = ", ".join(code.co_freevars)
    exec(_REFUSAL.format(outer=free, free=f"({free},)" if free else "()", message=message), made)
    function.__code__ = made["make"](*code.co_freevars).__code__
    return code


# It runs with the globals of the function it stands in for.
_REFUSAL = """
def make({outer}):
    def refusal(*_given, **_named):
        from kd_course.exercises.refusing import Withheld
        raise Withheld({message!r})
        {free}
    return refusal
"""
