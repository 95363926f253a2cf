"""A student out of its teacher: some of the layers, and everything else, copied."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kd_course.models.layers import layer_stack

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def copy_layers(teacher: PreTrainedModel, layers: int | Sequence[int]) -> PreTrainedModel:
    """A student with some of the teacher's layers and everything else of it, copied.

    layers: which ones, counted from 0, bottom first; or how many, spread evenly, the last included.
    Returns a model of the same class, in training mode; it shares no tensor with the teacher. A
    decoder's layers are numbered anew, for each finds its place in the cache by its number.
    Raises ValueError for layers that the teacher has not, or an architecture not known here.

    Sanh et al., DistilBERT, 2019, section 2: every other layer.
    """
    stack, counter = layer_stack(teacher)
    total = len(stack)
    if isinstance(layers, int):
        if not 1 <= layers <= total:
            raise ValueError(f"layers must lie in 1 … {total}, the teacher's own, but is {layers}")
        layers = [(i + 1) * total // layers - 1 for i in range(layers)]
    chosen = list(layers)
    if not chosen or chosen != sorted(set(chosen) & set(range(total))):
        raise ValueError(f"layers must be ascending and among 0 … {total - 1}, but are {chosen}")
    student = copy.deepcopy(teacher)
    student_stack, _ = layer_stack(student)
    kept = [student_stack[i] for i in chosen]
    del student_stack[:]
    student_stack.extend(kept)
    setattr(student.config, counter, len(chosen))
    _number(kept)
    kinds = getattr(student.config, "layer_types", None)
    if kinds is not None:  # what a cache keeps for each layer
        student.config.layer_types = [kinds[i] for i in chosen]
    student.requires_grad_(True)
    return student.train()


def _number(layers: list) -> None:
    """Tell the layers where they stand now, where they keep that."""
    for place, layer in enumerate(layers):
        for module in layer.modules():
            if isinstance(getattr(module, "layer_idx", None), int):
                module.layer_idx = place
