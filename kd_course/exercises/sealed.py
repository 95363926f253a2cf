"""An assignment's exercises as data: what a check needs, without any code that holds an answer.

A released lesson has one such file beside its notebook, 03_checks.npz. It holds the public cases,
and what the reference and every known slip answer there. Of a quiz, or of a number that is asked
for, it holds no answer at all: there the outcome would be the answer.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kd_course.exercises.attempts import Outcome
from kd_course.exercises.recording import pack_outcome, unpack_outcome
from kd_course.exercises.sheets import Sheet
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception

FORMAT = 2
_TREE = "tree"  # the member that holds the structure, as JSON
_PLAIN = (
    "id", "name", "title", "lesson", "signature", "points", "minutes", "difficulty", "importance",
    "kind", "rtol", "atol", "question", "hint", "dtypes", "allowed",
    "withheld",
)  # fmt: skip


@dataclass(frozen=True)
class Sealed:
    """One exercise out of such a file. slips: what each misconception answers, by its name."""

    exercise: Exercise
    cases: tuple[Case, ...]
    expected: tuple[Outcome, ...]
    slips: Mapping[str, tuple[Outcome, ...]]


def file_name(id: str) -> str:
    """The name of the file that holds an exercise's checks: "03.7" -> "03_checks.npz"."""
    return f"{str(id).split('.')[0]}_checks.npz"


def beside(id: str) -> Sealed | None:
    """The exercise as the assignment in the working directory has it; None where there is none.

    Raises ValueError when the file cannot be read.
    """
    path = Path.cwd() / file_name(id)
    if not path.is_file():
        return None
    about = path.stat()
    return _read(path, about.st_mtime_ns, about.st_size).get(str(id))


def seal(sheets: Sequence[Sheet]) -> bytes:
    """The file's content for these sheets. Raises TypeError for an input that is no data."""
    arrays: list[np.ndarray] = []
    tree = {
        "format": FORMAT,
        "exercises": [_pack_sheet(sheet, arrays) for sheet in sheets],
    }
    members, tree["arrays"] = _joined(arrays)
    text = np.frombuffer(json.dumps(tree, ensure_ascii=False).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{_TREE: text}, **members)
    return buffer.getvalue()


def digest(sheet: Sheet) -> str:
    """Changes when anything does that an attempt is held against: cases, answers, slips, tolerances."""
    arrays: list[np.ndarray] = []
    packed = _pack_sheet(sheet, arrays)
    if sheet.exercise.kind == "value":
        packed["expected"] = repr(sheet.expected)
    found = hashlib.sha256(json.dumps(packed, ensure_ascii=False).encode())
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def inputs_of(case: Case) -> str:
    """A digest of what a case passes to an attempt: two cases with the same inputs have the same."""
    arrays: list[np.ndarray] = []
    given = (case.args, dict(case.kwargs), tuple(case.inputs))
    found = hashlib.sha256(json.dumps(_pack_input(given, arrays, case.label)).encode())
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def tree_of(path: Path) -> dict[str, Any]:
    """The structure of such a file, without its arrays."""
    with np.load(path, allow_pickle=False) as archive:
        return json.loads(archive[_TREE].tobytes())


def read(path: Path) -> dict[str, Sealed]:
    """The exercises of a file, by id. Raises ValueError when it cannot be read."""
    try:
        tree = tree_of(path)
        if tree["format"] != FORMAT:
            raise ValueError(f"format {tree['format']}, but this package reads {FORMAT}")
        with np.load(path, allow_pickle=False) as archive:
            arrays = _apart({name: archive[name] for name in archive.files}, tree["arrays"])
        return {entry["id"]: _unpack_sheet(entry, arrays) for entry in tree["exercises"]}
    except Exception as error:
        raise ValueError(
            f"{path.name} cannot be read ({error}); fetch the assignment's own copy again"
        ) from error


@lru_cache
def _read(path: Path, changed: int, size: int) -> dict[str, Sealed]:
    return read(path)


# -- packing ----------------------------------------------------------------------------------


def _joined(arrays: Sequence[np.ndarray]) -> tuple[dict[str, np.ndarray], list[list[Any]]]:
    """One flat array a dtype, and of each array its dtype and shape.

    A lesson has thousands of arrays of a few numbers: as members of an archive they took ten times
    as long to write and to read.
    """
    flat: dict[str, list[np.ndarray]] = {}
    for array in arrays:
        flat.setdefault(array.dtype.str, []).append(array.reshape(-1))
    members = {name: np.concatenate(parts) for name, parts in flat.items()}
    return members, [[array.dtype.str, list(array.shape)] for array in arrays]


def _apart(members: Mapping[str, np.ndarray], places: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The arrays that `_joined` put together, by their names: a0, a1, …"""
    begin = dict.fromkeys(members, 0)
    arrays = {}
    for i, (name, shape) in enumerate(places):
        end = begin[name] + math.prod(shape)
        arrays[f"a{i}"] = members[name][begin[name] : end].reshape(shape)
        begin[name] = end
    return arrays


def _pack_sheet(sheet: Sheet, arrays: list[np.ndarray]) -> dict[str, Any]:
    exercise = sheet.exercise
    packed = {name: getattr(exercise, name) for name in _PLAIN}
    packed["choices"] = [[choice.key, choice.text] for choice in exercise.choices]
    if exercise.kind == "value":
        return packed
    packed["cases"] = [
        {
            "label": case.label,
            "args": _pack_input(case.args, arrays, exercise.id),
            "kwargs": _pack_input(dict(case.kwargs), arrays, exercise.id),
            "gradient_of": list(case.gradient_of),
            "inputs": _pack_input(tuple(getattr(case, "inputs", ())), arrays, exercise.id),
            "clause": case.clause,
        }
        for case in sheet.cases
    ]
    packed["expected"] = [pack_outcome(outcome, arrays) for outcome in sheet.expected]
    packed["slips"] = [
        {
            "name": wrong.name,
            "hint": wrong.hint,
            "outcomes": [pack_outcome(outcome, arrays) for outcome in sheet.slip(wrong)],
        }
        for wrong in exercise.misconceptions
    ]
    return packed


def _unpack_sheet(packed: dict[str, Any], arrays: dict[str, np.ndarray]) -> Sealed:
    about = {name: packed[name] for name in _PLAIN if name in packed}  # an older file lacks some
    about["withheld"] = tuple(about.get("withheld", ()))
    choices = tuple(
        Choice(key, text, "Explained once it is marked.") for key, text in packed["choices"]
    )
    if about["kind"] == "value":
        return Sealed(Exercise(**about, choices=choices), (), (), {})
    cases = tuple(
        Case(
            _unpack_input(case["args"], arrays),
            case["label"],
            _unpack_input(case["kwargs"], arrays),
            tuple(case["gradient_of"]),
            clause=case.get("clause", ""),
            **({"inputs": given} if (given := _unpack_input(case["inputs"], arrays)) else {}),
        )
        for case in packed["cases"]
    )
    exercise = Exercise(
        **about,
        cases=lambda random: cases,
        misconceptions=tuple(
            Misconception(slip["name"], _not_here, hint=slip["hint"]) for slip in packed["slips"]
        ),
    )
    slips = {
        slip["name"]: tuple(unpack_outcome(outcome, arrays) for outcome in slip["outcomes"])
        for slip in packed["slips"]
    }
    return Sealed(
        exercise, cases, tuple(unpack_outcome(o, arrays) for o in packed["expected"]), slips
    )


def _not_here(*args: Any) -> Any:
    raise RuntimeError("an assignment holds what a slip answers, not its code")


def _pack_input(value: Any, arrays: list[np.ndarray], where: str) -> Any:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        kind = "tensor" if isinstance(value, torch.Tensor) else "array"
        arrays.append(value.detach().numpy() if kind == "tensor" else value)
        return {kind: f"a{len(arrays) - 1}"}
    if type(value) in (list, tuple):
        return {type(value).__name__: [_pack_input(item, arrays, where) for item in value]}
    if type(value) is dict:
        return {"dict": [[key, _pack_input(item, arrays, where)] for key, item in value.items()]}
    if value is None or type(value) in (bool, int, float, str):
        return value
    # What is made anew for every run is written down as its recipe.
    if type(value).__name__ == "Made":
        return {"made": [value.handle, value.recipe, _pack_input(value.args, arrays, where)]}
    if type(value).__name__ == "Handle":
        return {"handle": value.name}
    raise TypeError(f"exercise {where}: a case holds a {type(value).__name__}, which is no data")


def _unpack_input(packed: Any, arrays: dict[str, np.ndarray]) -> Any:
    if not isinstance(packed, dict):
        return packed
    ((kind, content),) = packed.items()
    if kind == "tensor":
        return torch.from_numpy(arrays[content].copy())
    if kind == "array":
        return arrays[content]
    if kind == "dict":
        return {key: _unpack_input(item, arrays) for key, item in content}
    if kind in ("made", "handle"):
        from kd_course.exercises.spec import Handle, Made

        if kind == "handle":
            return Handle(content)
        return Made(content[0], content[1], _unpack_input(content[2], arrays))
    return {"list": list, "tuple": tuple}[kind](_unpack_input(item, arrays) for item in content)
