"""The references' outputs, kept in a lesson's room: recorded.json (structure), recorded.npz (arrays).

A learner's check compares with these, not with code that holds the answer. The builder records
them from the lessons' solution cells: `python -m kd_course.authoring record`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kd_course.exercises.attempts import Outcome, Raised
from kd_course.exercises.spec import Case, Exercise
from kd_course.exercises.values import difference

ROOMS = Path(__file__).parents[1] / "lessons"  # one folder a lesson


def load(exercise: Exercise, cases: Sequence[Case]) -> tuple[Outcome, ...]:
    """The recorded outcomes of an exercise's reference on its public cases.

    Raises LookupError, with the command that records them, when there are none for these cases.
    """
    recorded = _lesson(exercise.lesson).get(exercise.id)
    labels = [case.label for case in cases]
    if recorded is None or recorded[0] != labels:
        what = "no recorded outputs" if recorded is None else "recorded outputs of other cases"
        raise LookupError(
            f"exercise {exercise.id} has {what}: python -m kd_course.authoring record {exercise.lesson}"
        )
    return recorded[1]


def save(lesson: str, recorded: dict[str, tuple[Sequence[Case], Sequence[Outcome]]]) -> bool:
    """Write a lesson's recording: id -> (cases, outcomes). Returns whether anything changed.

    Numbers that differ in their last digits only (another processor) leave the files alone.
    """
    new = {
        id: ([case.label for case in cases], tuple(outcomes))
        for id, (cases, outcomes) in recorded.items()
    }
    _lesson.cache_clear()
    if _same(_lesson(lesson), new):
        return False
    arrays: list[np.ndarray] = []
    tree = {
        id: {"cases": labels, "outcomes": [pack_outcome(outcome, arrays) for outcome in outcomes]}
        for id, (labels, outcomes) in new.items()
    }
    room = _room(lesson)
    room.mkdir(exist_ok=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{f"a{i}": array for i, array in enumerate(arrays)})
    (room / "recorded.npz").write_bytes(buffer.getvalue())
    (room / "recorded.json").write_text(
        json.dumps(tree, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    _lesson.cache_clear()
    return True


def _room(lesson: str) -> Path:
    return ROOMS / f"lesson{lesson}"


@lru_cache
def _lesson(lesson: str) -> dict[str, tuple[list[str], tuple[Outcome, ...]]]:
    try:
        tree = json.loads((_room(lesson) / "recorded.json").read_text(encoding="utf-8"))
        with np.load(_room(lesson) / "recorded.npz", allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        return {}
    return {
        id: (entry["cases"], tuple(unpack_outcome(o, arrays) for o in entry["outcomes"]))
        for id, entry in tree.items()
    }


def _same(old: dict, new: dict) -> bool:
    if list(old) != list(new):
        return False
    for id in new:
        (labels, before), (new_labels, after) = old[id], new[id]
        if labels != new_labels or len(before) != len(after):
            return False
        for a, b in zip(before, after):
            if (a.attached, _error_name(a)) != (b.attached, _error_name(b)):
                return False
            for x, y in ((a.value, b.value), (a.gradients, b.gradients)):
                if difference(x, y, rtol=1e-6, atol=1e-9):
                    return False
    return True


def _error_name(outcome: Outcome) -> str:
    return outcome.raised.name if outcome.raised else ""


def pack_outcome(outcome: Outcome, arrays: list[np.ndarray]) -> dict[str, Any]:
    """An outcome in what JSON can hold; its arrays are appended to `arrays`, and named."""
    packed: dict[str, Any] = {"value": _pack(outcome.value, arrays)}
    if outcome.raised:
        packed["raised"] = list(outcome.raised.types)
    if outcome.gradients:
        packed["gradients"] = [_pack(gradient, arrays) for gradient in outcome.gradients]
        packed["attached"] = outcome.attached
    if outcome.changed:
        packed["changed"] = list(outcome.changed)
    if outcome.refused:
        packed["refused"] = outcome.refused
    return packed


def unpack_outcome(packed: dict[str, Any], arrays: dict[str, np.ndarray]) -> Outcome:
    """The outcome that pack_outcome took apart. arrays: by their names, a0, a1, …"""
    return Outcome(
        value=_unpack(packed["value"], arrays),
        gradients=tuple(_unpack(gradient, arrays) for gradient in packed.get("gradients", ())),
        attached=packed.get("attached", True),
        changed=tuple(packed.get("changed", ())),
        refused=packed.get("refused", ""),
        raised=Raised(tuple(packed["raised"]), "") if "raised" in packed else None,
    )


def _pack(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": f"a{len(arrays) - 1}"}
    if isinstance(value, tuple):
        return {"tuple": [_pack(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[key, _pack(item, arrays)] for key, item in value.items()]}
    return value


def _unpack(packed: Any, arrays: dict[str, np.ndarray]) -> Any:
    if not isinstance(packed, dict):
        return packed
    if "array" in packed:
        return arrays[packed["array"]]
    if "tuple" in packed:
        return tuple(_unpack(item, arrays) for item in packed["tuple"])
    return {key: _unpack(item, arrays) for key, item in packed["dict"]}
