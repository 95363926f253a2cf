"""Running an attempt: bounded in time, on copies of the inputs, leaving no trace behind.

Knows nothing of answers. What comes out is plain data (an Outcome a case), so that an attempt can
run in one place and be judged in another.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import importlib
import inspect
import io
import linecache
import random
import sys
import textwrap
import threading
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from kd_course.exercises.spec import Case, Handle, Made
from kd_course.exercises.values import NotPlain, changed_in, copied, left_of, plain

SECONDS = 10.0  # for all cases together
PRINTED = 2_000  # characters kept of what an attempt prints on one case


@dataclass(frozen=True)
class Raised:
    """An exception: the names of its class and its ancestors, what it says, and where it arose."""

    types: tuple[str, ...]
    text: str
    line: str = ""

    @property
    def name(self) -> str:
        return self.types[0]


@dataclass(frozen=True)
class Outcome:
    """What came of one case: a plain value, or why there is none.

    gradients: one array for each of the case's gradient_of (zeros where none arrived).
    attached: whether the result is connected to the inputs at all, so that a gradient can flow.
    changed: names of the arguments that were edited in place. after: what they held after the call,
    in order, as plain values; None for what is no data.
    refused: what the result is, when it is nothing that an exercise asks for.
    stopped: the case did not come to an end in time.
    """

    value: Any = None
    gradients: tuple[np.ndarray, ...] = ()
    attached: bool = True
    changed: tuple[str, ...] = ()
    raised: Raised | None = None
    refused: str = ""
    stopped: bool = False
    printed: str = ""
    after: tuple[Any, ...] = field(default=(), compare=False, repr=False)


class WrongSignature(TypeError):
    """The attempt cannot be called with as many arguments as the exercise has."""


def run(
    attempt: Callable[..., Any],
    cases: Sequence[Case],
    names: Sequence[str] = (),
    *,
    seconds: float = SECONDS,
) -> tuple[Outcome, ...]:
    """One Outcome a case, in order; the last one is `stopped` when time ran out on it.

    names: of the arguments, for messages. seconds: of computing, see `_wait`. The attempt runs in a
    thread of its own, which is interrupted when time is up and abandoned when that does not help. PyTorch's, NumPy's and
    Python's random state, the default dtype and the warning filters are as before afterwards.
    """
    outcomes: list[Outcome] = []

    printed = _Bounded()

    finished, released = threading.Event(), threading.Event()

    def work() -> None:
        with contextlib.suppress(_TimeIsUp):
            try:
                for case in cases:
                    outcomes.append(_run_case(attempt, case, names, printed))
            finally:
                finished.set()
                released.wait()  # the clock of a thread that is gone must not be read

    # Streams are exchanged here, not in the thread: one that is left behind would put back, some
    # day, the streams of now.
    with _no_trace(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        worker = threading.Thread(target=work, name="attempt", daemon=True)
        worker.start()
        try:
            _wait(worker, finished, seconds)
        finally:  # also when the learner interrupts the cell
            released.set()
            if finished.is_set():
                worker.join(1.0)
            _interrupt(worker)
    done = tuple(outcomes)
    return done if len(done) == len(cases) else (*done, Outcome(stopped=True))


def _wait(worker: threading.Thread, finished: threading.Event, seconds: float) -> None:
    """Until the worker has finished, or computed for so long, or three times as long has gone by.

    Its own computing counts, where the system tells it: a crowded machine is nobody's mistake.
    """
    clock = getattr(time, "pthread_getcpuclockid", None)  # Windows has none
    give_up = time.monotonic() + seconds * (3 if clock else 1)
    while not finished.wait(0.02) and time.monotonic() < give_up:
        if clock and worker.ident and time.clock_gettime(clock(worker.ident)) > seconds:
            return


def run_here(
    attempt: Callable[..., Any], cases: Sequence[Case], names: Sequence[str] = ()
) -> tuple[Outcome, ...]:
    """As `run`, for code that is trusted: in this thread and without a limit."""
    printed = _Bounded()
    with _no_trace(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        return tuple(_run_case(attempt, case, names, printed) for case in cases)


def _run_case(attempt: Callable, case: Case, names: Sequence[str], printed: _Bounded) -> Outcome:
    if not case.gradient_of:
        return _once(attempt, case, names, printed, with_gradients=False)
    outcome = _once(attempt, case, names, printed, with_gradients=True)
    if outcome.raised:
        # NumPy and in-place edits refuse tensors that want a gradient. Whether that is all that is
        # wrong shows without gradients.
        bare = _once(attempt, case, names, printed, with_gradients=False)
        if not bare.raised:
            zeros = tuple(np.zeros(gradient_shape(case.args[i])) for i in case.gradient_of)
            return Outcome(
                bare.value,
                zeros,
                False,
                bare.changed,
                refused=bare.refused,
                printed=bare.printed,
                after=bare.after,
            )
        outcome = bare
    return outcome


def _once(
    attempt: Callable, case: Case, names: Sequence[str], printed: _Bounded, *, with_gradients: bool
) -> Outcome:
    held: dict[str, Any] = {}
    _seed_torch()  # what is made from a recipe may draw
    args = [_given(value, held) for value in case.args]
    kwargs = {name: _given(value, held) for name, value in case.kwargs.items()}
    watched = [args[i] for i in case.gradient_of] if with_gradients else []
    for tensor in _tensors(watched):
        tensor.requires_grad_(True)
    _seed_torch()
    np.random.seed(0)
    random.seed(0)
    printed.start()
    try:
        with torch.enable_grad():
            result = call(attempt, args, kwargs)
        value = plain(result)
        if isinstance(result, torch.nn.Module) and case.inputs:
            value = (value, *(plain(result(copied(one))) for one in case.inputs))
        if held:
            value = (value, {handle: _state(thing) for handle, thing in held.items()})
        gradients, attached = _gradients(result, watched)
    except _TimeIsUp:
        raise
    except NotPlain as error:
        return Outcome(refused=str(error), printed=printed.text())
    except BaseException as error:  # SystemExit and KeyboardInterrupt are the attempt's, too
        return Outcome(raised=_raised(error, attempt), printed=printed.text())
    after = tuple(map(left_of, (*args, *kwargs.values())))
    changed = changed_in(case, names, after)
    return Outcome(value, gradients, attached, changed, printed=printed.text(), after=after)


def _seed_torch() -> None:
    """As torch.manual_seed(0), which notes a stack trace for every kind of device that sleeps.

    Those notes took two thirds of an exercise's check, and are kept until the device wakes up.
    """
    torch.default_generator.manual_seed(0)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(0)


def _given(value: Any, held: dict[str, Any]) -> Any:
    """An argument as the attempt gets it: a copy, or what a recipe makes, kept under its handle."""
    if isinstance(value, Handle):
        return held[value.name]
    if isinstance(value, Made):
        module, _, function = value.recipe.rpartition(".")
        recipe = getattr(importlib.import_module(module), function)
        held[value.handle] = recipe(*(_given(one, held) for one in value.args))
        return held[value.handle]
    if type(value) in (list, tuple):
        return type(value)(_given(one, held) for one in value)
    return copied(value)


def _state(thing: Any) -> Any:
    """What is left of a made object after the call, as plain values."""
    if isinstance(thing, torch.optim.Optimizer):
        return tuple(float(group["lr"]) for group in thing.param_groups)
    return plain(thing)


def call(attempt: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Call by position; what the attempt takes by name only, or names differently, goes by order."""
    try:
        signature = inspect.signature(attempt)
    except (TypeError, ValueError):  # a builtin
        return attempt(*args, **kwargs)
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        args, kwargs = _by_order(signature, [*args, *kwargs.values()])
    return attempt(*args, **kwargs)


def _by_order(signature: inspect.Signature, values: Sequence[Any]) -> tuple[list, dict]:
    named = [
        p for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    by_position = [v for v, p in zip(values, named) if p.kind != p.KEYWORD_ONLY]
    by_name = {p.name: v for v, p in zip(values, named) if p.kind == p.KEYWORD_ONLY}
    try:
        if len(values) > len(named):
            raise TypeError
        signature.bind(*by_position, **by_name)
    except TypeError:
        raise WrongSignature(
            f"it takes {signature}, but is called with {len(values)} argument{'s' * (len(values) != 1)}"
        ) from None
    return by_position, by_name


def gradient_shape(value: Any) -> tuple[int, ...]:
    """Of a tensor its shape; of a tuple or list of tensors, all their numbers in one row."""
    if isinstance(value, torch.Tensor):
        return tuple(value.shape)
    return (sum(tensor.numel() for tensor in _tensors(value)),)


def _gradients(result: Any, watched: Sequence[Any]) -> tuple[tuple[np.ndarray, ...], bool]:
    """The gradients of the result with respect to the watched inputs.

    A result of several numbers is weighted by 1/n, 2/n … 1 and summed: a plain sum would be blind
    to a softmax, whose rows always sum to one.
    """
    if not watched:
        return (), True
    parts = [tensor for tensor in _tensors(result) if tensor.requires_grad]
    if not parts:
        return tuple(np.zeros(gradient_shape(one)) for one in watched), False
    inputs = list(_tensors(watched))
    with torch.enable_grad():  # the attempt may have switched gradients off and left it at that
        found = torch.autograd.grad(sum(map(_weighted, parts)), inputs, allow_unused=True)
    arrived = iter(torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs))
    grouped = [
        torch.cat([next(arrived).reshape(-1) for _ in _tensors(one)]).reshape(gradient_shape(one))
        for one in watched
    ]
    return tuple(map(plain, grouped)), any(g is not None for g in found)


def _weighted(part: torch.Tensor) -> torch.Tensor:
    flat = part.double().reshape(-1)
    return (flat * torch.arange(1, len(flat) + 1, device=part.device) / max(len(flat), 1)).sum()


def _tensors(result: Any) -> Iterator[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        yield result
    elif isinstance(result, (list, tuple)):
        for item in result:
            yield from _tensors(item)
    elif isinstance(result, dict):
        for item in result.values():
            yield from _tensors(item)


# -- what went wrong --------------------------------------------------------------------------


def _raised(error: BaseException, attempt: Any) -> Raised:
    try:
        text = str(error)
    except Exception:  # an exception may be unable to say what it is
        text = ""
    types_ = tuple(kind.__name__ for kind in type(error).__mro__ if issubclass(kind, BaseException))
    home = getattr(getattr(attempt, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == home]
    line = ""
    if frames:
        source = (frames[-1].line or linecache.getline(home, frames[-1].lineno or 0)).strip()
        line = f"line {frames[-1].lineno}: {source}" if source else f"line {frames[-1].lineno}"
    return Raised(types_, text[:500], line)


def is_empty(attempt: Any) -> bool:
    """Whether nothing was written yet: `...`, None, or a function with an empty body."""
    if attempt is None or attempt is Ellipsis:
        return True
    if type(attempt) is not types.FunctionType:
        return False
    try:
        body = ast.parse(_source(attempt)).body[0].body
    except (OSError, TypeError, SyntaxError, IndexError, AttributeError):
        # No source to read: compare what it compiles to with what an empty function compiles to.
        code, empty = attempt.__code__, _empty.__code__
        says = set(code.co_consts) - {None, Ellipsis, attempt.__doc__}
        return code.co_code[::2] == empty.co_code[::2] and not says
    return all(_says_nothing(statement) for statement in body)


def has_stub(attempt: Any) -> bool:
    """Whether the learner's edition's `...` still stands somewhere in the function."""
    if type(attempt) is not types.FunctionType:
        return False
    try:
        tree = ast.parse(_source(attempt))
    except (OSError, TypeError, SyntaxError):
        return False
    return any(_is_ellipsis(node) for node in ast.walk(tree))


def _source(function: types.FunctionType) -> str:
    return textwrap.dedent(inspect.getsource(function))


def _empty() -> None:
    """Nothing."""


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return True  # a docstring, or `...`
    return isinstance(statement, ast.Return) and (
        statement.value is None
        or isinstance(statement.value, ast.Constant)
        and statement.value.value in (None, Ellipsis)
    )


def _is_ellipsis(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and node.value.value is Ellipsis
    )


# -- bounds -----------------------------------------------------------------------------------


class _TimeIsUp(BaseException):
    """Raised inside the attempt's thread when its time is up."""


def _interrupt(worker: threading.Thread) -> None:
    """Raise inside the thread until it ends; give up after a second and leave it behind."""
    give_up = time.monotonic() + 1.0
    while worker.is_alive() and worker.ident and time.monotonic() < give_up:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(worker.ident), ctypes.py_object(_TimeIsUp)
        )
        worker.join(0.05)


@contextlib.contextmanager
def _no_trace() -> Iterator[None]:
    """Leave random states, default dtype, warning filters and standard streams as they were."""
    streams = sys.stdout, sys.stderr
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    dtype = torch.get_default_dtype()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_rng_state(states[0])
            np.random.set_state(states[1])
            random.setstate(states[2])
            sys.stdout, sys.stderr = streams


class _Bounded(io.TextIOBase):
    """Keeps the first characters written to it, and swallows the rest."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.kept: list[str] = []
        self.room = PRINTED

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.room > 0:
            self.kept.append(text[: self.room])
            self.room -= len(text)
        return len(text)

    def close(self) -> None:
        """An attempt may close its standard output; there is nothing to close here."""

    def text(self) -> str:
        return "".join(self.kept)
