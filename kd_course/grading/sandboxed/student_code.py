"""A student's cells, then the function that the exercise asks for. All of this is the student's:
whatever is said here may be a lie, and whoever reads it checks it.
"""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
import linecache
import operator
import os
import socket
import sys
import types
from typing import Any

from . import wire

# How much of a cell runs: all of it, or only what defines something and does nothing.
WHOLE, DEFINITIONS = "whole", "definitions"
_MESSAGE = 300  # characters of an error's text


def serve(channel: socket.socket, main: types.ModuleType) -> None:
    """One exercise, from its cells to its last outcome.

    main: the namespace that the lesson's setup has left, as the module that a kernel calls __main__.
    Messages in: the job, then the cases. Messages out: what was loaded, then an outcome a case, one
    by one.
    """
    job, own = wire.receive(channel), os.getpid()
    values = vars(main)
    values.update(display=_silent, get_ipython=Shell(values))
    if job["place"]:
        os.chdir(job["place"])
        sys.path.insert(0, job["place"])  # what `%%writefile` has written can be imported
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
    """Run the cells one after the other in one namespace.

    After an error only what the rest of its cell defines is run, and the next cell as if nothing had been.

    cells: each with `name`, `source` and `run` (WHOLE or DEFINITIONS). Returns a list of [number
    of the cell, class of the error, its text, the line it arose on].
    """
    errors: list[list] = []
    flags = 0  # of __future__, which a kernel keeps from cell to cell
    for cell in cells:
        name, source = cell["name"], cell["source"]
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        definitions = cell["run"] == DEFINITIONS
        try:
            for statement in ast.parse(source, name).body:
                if definitions and not defines(statement):
                    continue
                try:
                    # As in a kernel: by itself, and without what this module's own code is under.
                    code = _compiled(statement, name, flags)
                    flags |= code.co_flags & _FUTURE
                    _executed(code, statement, values)
                except Exception as error:
                    errors.append(_told(name, error))
                    # What a kernel has and a box has not may have failed, or a comparison with what is
                    # withheld here: an answer that is defined below it still counts.
                    definitions = True
        except BaseException as error:  # SystemExit too
            errors.append(_told(name, error))
    return errors[:50]


_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_FUTURE = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


def _compiled(statement: ast.stmt, name: str, flags: int) -> types.CodeType:
    if isinstance(statement, ast.Expr):
        tree, kind = ast.Expression(statement.value), "eval"
    else:
        tree, kind = ast.Module([statement], []), "exec"
    return compile(tree, name, kind, flags | _AWAIT, dont_inherit=True)


def _executed(code: types.CodeType, statement: ast.stmt, values: dict[str, Any]) -> None:
    """Run a statement; one with `await` at its top level in a loop of its own."""
    if code.co_flags & inspect.CO_COROUTINE:
        import asyncio

        given = asyncio.run(eval(code, values))
    else:
        given = eval(code, values)
    if isinstance(statement, ast.Expr) and given is not None:
        values["_"] = given  # as a kernel has the last result


def defines(statement: ast.stmt) -> bool:
    """Whether a statement only gives something a name: imports, functions, classes, plain values."""
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
        return True
    if isinstance(statement, ast.AsyncFunctionDef):
        return True
    if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
        return _is_plain(statement.value)
    if isinstance(statement, ast.If):
        return _is_plain(statement.test) and _all_define(statement.body, statement.orelse)
    if isinstance(statement, ast.Try):
        handlers = [handler.body for handler in statement.handlers]
        return _all_define(statement.body, *handlers, statement.orelse, statement.finalbody)
    return False


def _is_plain(value: ast.expr) -> bool:
    computing = (ast.Call, ast.Await, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)
    return not any(isinstance(node, computing) for node in ast.walk(value))


def _all_define(*bodies: list[ast.stmt]) -> bool:
    return all(defines(s) or isinstance(s, ast.Pass) for body in bodies for s in body)


def packed(outcome: Any) -> dict[str, Any]:
    """An Outcome as plain values."""
    raised = outcome.raised
    return {
        "value": outcome.value,
        "gradients": outcome.gradients,
        "attached": outcome.attached,
        "after": outcome.after,
        "raised": [raised.types, raised.text[:_MESSAGE], raised.line] if raised else None,
        "refused": outcome.refused,
    }


def packed_refusal(why: str) -> dict[str, Any]:
    """As `packed`, for a result that is nothing that an exercise asks for."""
    nothing = {"value": None, "gradients": (), "attached": True, "after": (), "raised": None}
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


class Shell:
    """What `get_ipython()` gives where there is no IPython: what computes is run, the rest says nothing."""

    def __init__(self, values: dict[str, Any]):
        self.user_ns = values

    def __call__(self) -> Shell:
        return self

    def __getattr__(self, _: str) -> Any:
        return _silent

    def run_line_magic(self, name: str, line: str, *_: Any, **__: Any) -> Any:
        """`%time x = f()` gives x, `%pwd` a place; `%timeit`, `%pip` and all others give nothing."""
        if name in ("pwd", "cd"):
            return os.getcwd()
        if name != "time":
            return None
        try:
            code = compile(line.strip(), "<%time>", "eval", dont_inherit=True)
        except SyntaxError:
            code = compile(line.strip(), "<%time>", "exec", dont_inherit=True)
        return eval(code, self.user_ns)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """`%%writefile` writes; what other languages would do is not done."""
        if name == "writefile" and line.split():
            with open(line.split()[-1], "a" if "-a" in line.split() else "w") as file:
                file.write(cell)

    def getoutput(self, *_: Any, **__: Any) -> list[str]:
        """What a command of the shell has said: nothing."""
        return []
