"""What an attempt may hand back, how it is compared, and how it is shown.

A result is first made plain: exact built-in types and NumPy arrays, nothing that brings its own
idea of equality. Everything after that (comparing, recording, marking) sees plain values only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import torch

DEEPEST = 6  # lists in lists; nothing in the course goes further
LONGEST = 100_000  # numbers of a range: it is short to write, and as long as one likes
LARGEST = 1023  # bits of a whole number, as many as the largest float has
WHOLE = ("bool", "uint8", "int8", "int16", "int32", "int64")
_NUMBERS = (bool, int, float)
_TENSORS = (torch.Tensor, torch.nn.Parameter)
_NUMPY_SCALARS = frozenset(np.sctypeDict.values())
_PECULIAR = {
    "generator": "a generator: it holds a `yield`, so nothing was computed yet",
    "coroutine": "a coroutine: it is declared `async`, so nothing was computed yet",
    "function": "a function: was it meant to be called?",
    "method": "a method: its brackets are missing, as in `x.sum` for `x.sum()`",
    "builtin_function_or_method": "a method: its brackets are missing, as in `x.sum` for `x.sum()`",
    "ellipsis": "`...`",
}


class NotPlain(TypeError):
    """The result is of a type that no exercise asks for; the message says what it is."""


def plain(value: Any, depth: int = 0) -> Any:
    """The value in exact built-in types and NumPy arrays (float64, bool, or whole numbers as they are).

    Tensors and arrays become arrays, lists, tuples and ranges become tuples; None, numbers, strings and
    dicts stay. Of a module its parameters and buffers remain, by name. Types are matched exactly, so that an object which merely claims to be equal to the
    answer is refused. Raises NotPlain.
    """
    kind = type(value)
    if kind is int and value.bit_length() > LARGEST:
        return math.inf if value > 0 else -math.inf  # 10**400: so it is to every float
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (Fraction, Decimal):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if kind in _TENSORS:
        # Called on the class: a tensor may carry an attribute that shadows its own method.
        tensor = torch.Tensor.detach(value)
        if tensor.is_complex() or tensor.is_quantized:
            raise NotPlain(f"a tensor of {tensor.dtype}")
        if tensor.layout != torch.strided:
            tensor = tensor.to_dense()
        return _plain_array(
            tensor.to("cpu", torch.float64 if tensor.is_floating_point() else None).numpy()
        )
    if kind is np.ndarray:
        return _plain_array(value)
    if kind in _NUMPY_SCALARS:
        return _plain_array(np.asarray(value))
    if depth > DEEPEST:
        raise NotPlain(f"nested more than {DEEPEST} deep")
    if isinstance(value, tuple):
        return tuple(plain(item, depth + 1) for item in tuple.__iter__(value))
    if isinstance(value, list):
        return tuple(plain(item, depth + 1) for item in list.__iter__(value))
    if kind is range:
        if value[LONGEST:]:
            raise NotPlain(f"a range of more than {LONGEST:,} numbers")
        return tuple(plain(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return {_plain_key(key): plain(item, depth + 1) for key, item in dict.items(value)}
    if isinstance(value, torch.nn.Module):
        # The class's own method: a module may carry one that tells another story.
        return plain(dict(torch.nn.Module.state_dict(value)), depth + 1)
    if isinstance(value, torch.Tensor):
        raise NotPlain(f"a subclass of torch.Tensor ({kind.__name__}); return a plain tensor")
    raise NotPlain(_PECULIAR.get(kind.__name__, f"of type {kind.__name__}"))


def _plain_array(array: np.ndarray) -> np.ndarray:
    # Copies: nobody else holds them.
    if array.dtype.kind == "f":
        return np.array(array, dtype=np.float64)
    if array.dtype.name in WHOLE:
        return np.array(array)
    raise NotPlain(f"an array of {array.dtype}")


def _plain_key(key: Any) -> str | int:
    if type(key) not in (str, int):
        raise NotPlain(f"a dict whose keys are not strings ({type(key).__name__})")
    return key


def copied(value: Any) -> Any:
    """A copy that shares no memory with the value; what is no data (a function) is passed as it is."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, torch.Generator):
        return torch.Generator(value.device).set_state(value.get_state())
    if type(value) in (list, tuple):
        return type(value)(copied(item) for item in value)
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return value


def unchanged(value: Any, before: Any) -> bool:
    """Whether an argument still holds what it held before the call."""
    try:
        before = plain(before)
    except NotPlain:
        return True  # no data (a function): nothing that could be edited in place
    try:
        return _identical(plain(value), before)
    except NotPlain:
        return False


def left_of(argument: Any) -> Any:
    """What an argument holds after the call, as a plain value; None for what is no data."""
    try:
        return plain(argument)
    except NotPlain:
        return None


def changed_in(case: Any, names: Sequence[str], after: Sequence[Any]) -> tuple[str, ...]:
    """The arguments that no longer hold what a Case had given. after: as in Outcome.

    Whoever sends `after` may send less, or anything: what does not fit was changed.
    """
    called = [*names, *(f"argument {i + 1}" for i in range(len(names), len(case.args)))]
    given = [*zip(called, case.args), *case.kwargs.items()]
    left = [*after, *(None for _ in given)]
    return tuple(name for (name, before), held in zip(given, left) if not unchanged(held, before))


def _identical(a: Any, b: Any) -> bool:
    """Whether two plain values are the same to the letter; NaN is NaN."""
    if isinstance(b, np.ndarray):
        both = isinstance(a, np.ndarray) and a.shape == b.shape
        return both and bool(np.isclose(a, b, rtol=0.0, atol=0.0, equal_nan=True).all())
    if type(a) is not type(b):
        return False
    if isinstance(b, tuple):
        return len(a) == len(b) and all(map(_identical, a, b))
    if isinstance(b, dict):
        return list(a) == list(b) and all(_identical(a[key], b[key]) for key in b)
    return a == b or a != a and b != b


# -- comparing --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """Why a result is not the expected one: kind ("type", "dtype", "shape", "not finite", "value"), in words."""

    kind: str
    text: str


def difference(got: Any, expected: Any, *, rtol: float, atol: float) -> Difference | None:
    """How two plain values differ; None when they agree within |got - expected| ≤ atol + rtol·|expected|.

    A number and a tensor of no dimensions are the same; so are 1 and 1.0. NaN agrees with NaN.
    """
    if isinstance(expected, (*_NUMBERS, np.ndarray)):
        return _numbers_differ(got, np.asarray(expected), rtol, atol)
    if isinstance(expected, tuple):
        if isinstance(got, np.ndarray) and got.ndim and len(got) == len(expected):
            got = tuple(plain(item) for item in got)
        elif isinstance(got, np.ndarray) and got.ndim:  # as many as nobody wants to unpack
            return Difference("shape", f"expected {len(expected)} results, but got {len(got)}")
        if not isinstance(got, tuple):
            return Difference("type", f"expected {len(expected)} results, but got {named(got)}")
        if len(got) != len(expected):
            count = f"expected {len(expected)} results, but got {len(got)}"
            return Difference("shape", f"{count}{_whole(got, expected)}")
        pairs = [(f"result {i + 1} of {len(got)}", got[i], expected[i]) for i in range(len(got))]
    elif isinstance(expected, dict):
        if not isinstance(got, dict):
            return Difference("type", f"expected a dict, but got {named(got)}")
        if set(got) != set(expected):
            return Difference(
                "type", f"expected a dict with keys {list(expected)}, but got keys {list(got)}"
            )
        pairs = [(f"[{key!r}]", got[key], expected[key]) for key in expected]
    elif isinstance(expected, str):
        if not isinstance(got, str):
            return Difference("type", f"expected a string, but got {named(got)}")
        same = got.strip().casefold() == expected.strip().casefold()
        return None if same else Difference("value", f"expected {expected!r}\ngot      {got!r}")
    else:  # None
        return None if got is None else Difference("type", f"expected None, but got {named(got)}")
    for where, a, b in pairs:
        found = difference(a, b, rtol=rtol, atol=atol)
        if found:
            return Difference(found.kind, f"{where}: {found.text}{_whole(got, expected)}")
    return None


def _whole(got: Any, expected: Any) -> str:
    """Two lists of numbers, shown whole below what is wrong with one entry; "" for anything else."""
    for listed in (got, expected):
        if not isinstance(listed, tuple) or len(listed) > 12:
            return ""
        if not all(isinstance(item, _NUMBERS) for item in listed):
            return ""
    if len(expected) < 2:
        return ""
    whole, given = (f"[{', '.join(map(show, listed))}]" for listed in (expected, got))
    return f"\nthe lists: expected {whole}, got {given}"


def _numbers_differ(got: Any, expected: np.ndarray, rtol: float, atol: float) -> Difference | None:
    if not isinstance(got, (*_NUMBERS, np.ndarray)):
        wanted = "a number" if expected.ndim == 0 else f"a tensor of shape {expected.shape}"
        advice = ""
        if got is None:
            advice = " (is there a `return` on every way through the function?)"
        elif isinstance(got, tuple) and expected.ndim:
            advice = " (torch.stack or torch.tensor makes one of it)"
        return Difference("type", f"expected {wanted}, but got {named(got)}{advice}")
    got = np.asarray(got)
    if got.shape != expected.shape:
        return Difference(
            "shape",
            f"expected {_shape(expected)}, but got {_shape(got)}\n{_both(got, expected)}",
        )
    a, b = got.astype(np.float64), expected.astype(np.float64)
    off = ~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    if not off.any():
        return None
    text = _both(got, expected)
    if a.size > 12:
        with np.errstate(invalid="ignore"):
            worst = np.unravel_index(
                np.argmax(np.where(off, np.nan_to_num(abs(a - b), nan=np.inf), -1.0)), a.shape
            )
        at = ", ".join(str(int(i)) for i in worst)
        text += f"\nfurthest apart at [{at}]: expected {show(b[worst])}, got {show(a[worst])}"
    if (~np.isfinite(a) & np.isfinite(b)).any():
        what = "NaN" if np.isnan(a).any() else "inf"
        return Difference("not finite", f"{what} where a finite number is expected\n{text}")
    return Difference("value", text + _ratio(a, b, rtol, atol))


def _both(got: np.ndarray, expected: np.ndarray) -> str:
    """What was expected above what was got, the rows of a matrix below one another."""
    lines = ("expected " + show(expected), "got      " + show(got))
    return "\n".join(line.replace("\n", "\n" + " " * len("expected ")) for line in lines)


def dtypes_differ(got: Any, expected: Any) -> Difference | None:
    """Whether tensors of two plain values that agree hold other kinds of numbers.

    Booleans are booleans, and whole numbers those of the same width; floats of any width are alike.
    What is no tensor (a Python number) has no such kind.
    """
    if isinstance(got, np.ndarray) and isinstance(expected, np.ndarray):
        if got.dtype == expected.dtype:
            return None
        wanted, given = (_numbers_of(array) for array in (expected, got))
        return Difference("dtype", f"the numbers are right, but they are {given}, not {wanted}")
    pairs: list[tuple[Any, Any]] = []
    if isinstance(got, tuple) and isinstance(expected, (tuple, np.ndarray)):
        pairs = list(zip(got, expected))
    elif isinstance(got, dict) and isinstance(expected, dict):
        pairs = [(got[key], expected[key]) for key in expected]
    return next(filter(None, (dtypes_differ(a, b) for a, b in pairs)), None)


def _numbers_of(array: np.ndarray) -> str:
    if array.dtype.kind == "f":
        return "floating-point numbers"
    return "booleans (bool)" if array.dtype.kind == "b" else f"whole numbers ({array.dtype})"


def _ratio(a: np.ndarray, b: np.ndarray, rtol: float, atol: float) -> str:
    """A remark when the result is the expected one times a constant: a strong hint to what is missing."""
    seen = np.isfinite(a) & np.isfinite(b) & (abs(b) > 100 * atol)
    # Of whole numbers (token ids, positions, counts) a ratio says nothing.
    if not seen.any() or not np.isfinite(a).all() or (b == b.round()).all():
        return ""
    ratio = float(np.median(a[seen] / b[seen]))
    if abs(ratio) < 1e-3 or not np.allclose(a, ratio * b, rtol=max(rtol, 1e-4), atol=atol):
        return ""
    return f"\n(that is {ratio:.4g} times what is expected{', everywhere' if a.size > 1 else ''})"


# -- showing ----------------------------------------------------------------------------------


def named(value: Any) -> str:
    """What a plain value is, in a few words: "None", "a string", "a tensor of shape (2, 3)"."""
    if value is None:
        return "None"
    if isinstance(value, str):
        return f"the string {value[:40]!r}"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"a tensor of shape {value.shape}"
    if isinstance(value, (*_NUMBERS, np.ndarray)):
        return f"the number {show(value)}"
    if isinstance(value, tuple):
        return f"a list or tuple of {len(value)}"
    return f"a dict with keys {list(value)[:6]}"


def _shape(array: np.ndarray) -> str:
    return f"shape {array.shape}" if array.ndim else "one number (shape ())"


def show(value: Any, width: int = 80) -> str:
    """A plain value on one or a few short lines, with four significant digits.

    width: of an array's lines, in characters.
    """
    if isinstance(value, np.ndarray) and value.ndim:
        if value.size > 60:
            text = np.array2string(value.ravel()[:4], formatter={"all": show}, separator=", ")
            return f"{text[:-1]}, …] of shape {value.shape}"
        return np.array2string(value, formatter={"all": show}, separator=", ", max_line_width=width)
    if isinstance(value, np.ndarray):
        value = value.item()
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        text = f"{float(value):.4g}"
        return text if not math.isfinite(value) or set(text) & set(".e") else f"{text}.0"
    if isinstance(value, tuple):
        return (
            "(" + ", ".join(show(item) for item in value[:8]) + (", …)" if len(value) > 8 else ")")
        )
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {show(v)}" for k, v in list(value.items())[:8]) + "}"
    return repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "…"


def size(value: Any) -> int:
    """How many numbers or characters a value holds: the smallest failing case is shown."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return int(np.prod(value.shape))
    if isinstance(value, (list, tuple)):
        return sum(size(item) for item in value)
    if isinstance(value, dict):
        return sum(size(item) for item in value.values())
    return len(value) if isinstance(value, str) else 1
