"""Which rows of a batch count, and their mean: what all losses have in common."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from kd_course.divergences import in_full_precision

IGNORED_LABEL = -100  # PyTorch's own convention for "this row has no label"


def same_shape(student_logits: Tensor, teacher_logits: Tensor) -> None:
    if student_logits.shape != teacher_logits.shape:
        raise ValueError(
            f"student_logits and teacher_logits must have one shape, but have "
            f"{tuple(student_logits.shape)} and {tuple(teacher_logits.shape)}: the same rows, and "
            f"the same classes (or vocabulary) in the same order"
        )


def counted_rows(logits: Tensor, name: str, mask: Tensor | None) -> Tensor:
    """The rows that count, in full precision: (rows, classes)."""
    if logits.ndim not in (2, 3):
        raise ValueError(
            f"{name} must have shape (batch, classes) or (batch, length, vocabulary), "
            f"but has shape {tuple(logits.shape)}"
        )
    if not logits.is_floating_point():
        raise TypeError(f"{name} must be floating-point logits, but has dtype {logits.dtype}")
    if mask is not None:
        # Selecting, rather than multiplying by zero, keeps a NaN in the padding out for good.
        logits = logits[as_mask(mask, logits.shape[:-1])]
    return in_full_precision(logits, name).reshape(-1, logits.shape[-1])


def as_mask(mask: Tensor, shape: torch.Size) -> Tensor:
    if mask.shape != shape:
        raise ValueError(
            f"mask must have one entry a row, shape {tuple(shape)}, but has shape {tuple(mask.shape)}"
        )
    if mask.dtype != torch.bool and not ((mask == 0) | (mask == 1)).all():
        raise ValueError("mask must hold true and false (or 1 and 0): true where a row counts")
    return mask.bool()


def all_excluded(student: Tensor, teacher: Tensor) -> Tensor:
    """(rows,): true where both give every class -inf: such a row has nothing to compare."""
    return (student.amax(-1) == -math.inf) & (teacher.amax(-1) == -math.inf)


def mean_over_rows(per_row: Tensor) -> Tensor:
    """The mean over rows; over no rows it is 0, and still part of the graph."""
    return per_row.sum() / max(per_row.numel(), 1)
