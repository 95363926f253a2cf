"""A student's cells, then the function that the exercise asks for. All of this is the student's:
whatever is said here may be a lie, and whoever reads it checks it.
"""

from __future__ import annotations

import ast
import linecache
import os
import socket
import types
from typing import Any

from . import wire

# How much of a cell runs: all of it, or only what defines something and does nothing.
WHOLE, DEFINITIONS = "whole", "definitions"
_MESSAGE = 300  # characters of an error's text


def serve(channel: socket.socket, values: dict[str, Any]) -> None:
    """One exercise, from its cells to its last outcome.

    values: the namespace that the lesson's setup has left. Messages in: the job, then the cases.
    Messages out: what was loaded, then an outcome a case, one by one.
    """
    job, own = wire.receive(channel), os.getpid()
    values = {**values, "__name__": "__main__", "display": _silent, "get_ipython": _Shell}
    if job["place"]:
        os.chdir(job["place"])
    errors = run_cells(job["cells"], values)
    attempt = values.get(job["name"])
    if job["other_name"] and (attempt is None or attempt is Ellipsis):
        attempt = values.get(job["other_name"])
    from kd_course.exercises import attempts

    wire.send(
        channel,
        {
            "found": attempt is not None,
            "empty": attempts.is_empty(attempt),
            "stub": attempts.has_stub(attempt),
            "callable": callable(attempt),
            "errors": errors,
        },
    )
    if job["kind"] == "value":
        _send(channel, _value(attempt), job["largest"])
        return
    from kd_course.exercises.spec import Case

    for given in wire.receive(channel):
        case = Case(label="a case", **given)
        (outcome,) = attempts.run_here(attempt, [case], job["arguments"])
        if os.getpid() != own:
            return  # the attempt has forked; one of it is enough
        _send(channel, packed(outcome), job["largest"])


def _send(channel: socket.socket, outcome: dict[str, Any], largest: int) -> None:
    """An outcome; of one that is larger than any answer only that it is."""
    message = wire.encode(outcome)
    try:
        wire.decode(message, tensors=False, longest=wire.LONGEST)
        fits = len(message) <= largest
    except wire.WireError:
        fits = False
    if not fits:
        message = wire.encode(packed_refusal("larger than any answer"))
    channel.sendall(message)


def run_cells(cells: list[dict[str, str]], values: dict[str, Any]) -> list[list]:
    """Run the cells one after the other in one namespace; an error ends its cell and no other.

    cells: each with `name`, `source` and `run` (WHOLE or DEFINITIONS). Returns a list of [number
    of the cell, class of the error, its text, the line it arose on].
    """
    errors: list[list] = []
    for cell in cells:
        name, source = cell["name"], without_magics(cell["source"])
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            tree = ast.parse(source, name)
            if cell["run"] == DEFINITIONS:
                tree.body = [statement for statement in tree.body if defines(statement)]
                for statement in tree.body:  # one that fails takes no other with it
                    try:
                        exec(compile(ast.Module([statement], []), name, "exec"), values)
                    except Exception as error:
                        errors.append(_told(name, error))
            else:
                exec(compile(tree, name, "exec"), values)
        except BaseException as error:  # SystemExit too
            errors.append(_told(name, error))
    return errors[:50]


def defines(statement: ast.stmt) -> bool:
    """Whether a statement only gives something a name: imports, functions, classes, plain values."""
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
        return True
    if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
        return not any(
            isinstance(node, (ast.Call, ast.Await, ast.ListComp, ast.GeneratorExp, ast.DictComp))
            or isinstance(node, ast.SetComp)
            for node in ast.walk(statement.value)
        )
    return False


def without_magics(source: str) -> str:
    """The source with IPython's % and ! lines emptied; a cell that is all another language's, too."""
    if source.lstrip().startswith("%%") and not source.lstrip().startswith(("%%time", "%%capture")):
        return ""
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + "pass"
        if line.lstrip().startswith(("%", "!"))
        else line
        for line in source.split("\n")
    )


def packed(outcome: Any) -> dict[str, Any]:
    """An Outcome as plain values."""
    raised = outcome.raised
    return {
        "value": outcome.value,
        "gradients": outcome.gradients,
        "attached": outcome.attached,
        "changed": outcome.changed,
        "raised": [raised.types, raised.text[:_MESSAGE], raised.line] if raised else None,
        "refused": outcome.refused,
    }


def packed_refusal(why: str) -> dict[str, Any]:
    """As `packed`, for a result that is nothing that an exercise asks for."""
    nothing = {"value": None, "gradients": (), "attached": True, "changed": (), "raised": None}
    return {**nothing, "refused": why}


def _value(attempt: Any) -> dict[str, Any]:
    from kd_course.exercises.attempts import Outcome
    from kd_course.exercises.values import NotPlain, plain

    try:
        return packed(Outcome(plain(attempt)))
    except NotPlain as error:
        return packed(Outcome(refused=str(error)))


def _told(cell: str, error: BaseException) -> list:
    line, traceback = 0, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == cell:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    if isinstance(error, SyntaxError):
        line = error.lineno or 0
    try:
        text = str(error)
    except BaseException:
        text = ""
    return [cell, _builtin_name(type(error)), text[:_MESSAGE], line]


def _builtin_name(kind: type) -> str:
    return next((c.__name__ for c in kind.__mro__ if c.__module__ == "builtins"), "Exception")


def _silent(*_: Any, **__: Any) -> None:
    """What `display` does where nobody looks."""


class _Shell(types.SimpleNamespace):
    """What `get_ipython()` gives where there is no IPython: it takes every call and does nothing."""

    def __getattr__(self, _: str) -> Any:
        return _silent
