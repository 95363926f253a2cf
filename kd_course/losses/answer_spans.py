"""The loss of a model that marks answers: where one starts, and where it ends."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from kd_course.divergences import in_full_precision
from kd_course.losses.rows import IGNORED_LABEL, as_mask
from kd_course.losses.targets import distillation_loss


def span_distillation_loss(
    student_start: Tensor,
    student_end: Tensor,
    teacher_start: Tensor,
    teacher_end: Tensor,
    start_positions: Tensor,
    end_positions: Tensor,
    *,
    temperature: float = 2.0,
    alpha: float = 0.5,
    mask: Tensor,
) -> Tensor:
    """What a student that marks answers is trained on: where an answer starts, and where it ends.

    student_start, student_end, teacher_start, teacher_end: (batch, length), a logit a token.
    start_positions, end_positions: (batch,), the answer's first and last token; both -100 where the
    window holds no answer, which removes it from the hard part only.
    mask: (batch, length), true where an answer may start or end: passage tokens, not the question,
    not padding. Both models' softmaxes run over these positions alone; what the logits hold
    elsewhere, -inf and NaN included, has no say. A window without any counts as nothing.
    Returns a scalar in nats, the mean of start and end: each is distillation_loss over windows.
    Raises ValueError for shapes that differ, positions that the mask or the length excludes (they
    are never clamped), one position without the other or end before start, and for a window in
    which a model gives -inf to every allowed position.

    Sanh et al., DistilBERT, 2019: the second, task-specific distillation on SQuAD.
    """
    logits = {
        "student_start": student_start,
        "student_end": student_end,
        "teacher_start": teacher_start,
        "teacher_end": teacher_end,
    }
    mask = _span_mask(mask, logits)
    counts = mask.any(-1)  # (batch,)
    _check_positions(start_positions, end_positions, mask, counts)
    kept = {name: _only_allowed(values, mask, name) for name, values in logits.items()}

    def one_end(which: str, positions: Tensor) -> Tensor:
        return distillation_loss(
            kept[f"student_{which}"],
            kept[f"teacher_{which}"],
            positions,
            temperature=temperature,
            alpha=alpha,
            mask=counts,
        )

    return (one_end("start", start_positions) + one_end("end", end_positions)) / 2


# -- pieces ------------------------------------------------------------------------------------

# The logit of a position that no answer may use. Finite, for 0 · (-inf) is NaN; yet no softmax in
# float32 gives it anything, whatever the temperature.
_EXCLUDED = -1e30


def _only_allowed(logits: Tensor, mask: Tensor, name: str) -> Tensor:
    """The logits in full precision, with _EXCLUDED wherever the mask is false."""
    if not logits.is_floating_point():
        raise TypeError(f"{name} must be floating-point logits, but has dtype {logits.dtype}")
    empty = ((logits == -math.inf) | ~mask).all(-1) & mask.any(-1)
    if empty.any():
        raise ValueError(
            f"{name} is -inf at every position that mask allows in window "
            f"{empty.nonzero()[0].item()}: there is no distribution. Leave masking to mask."
        )
    # torch.where passes no gradient to what it leaves out, so a NaN there stays there.
    return torch.where(mask, in_full_precision(logits, name), _EXCLUDED)


def _span_mask(mask: Tensor, logits: dict[str, Tensor]) -> Tensor:
    shapes = {name: tuple(values.shape) for name, values in logits.items()}
    shape = shapes["student_start"]
    if len(shape) != 2 or set(shapes.values()) != {shape}:
        raise ValueError(f"the four logits must have one shape, (batch, length), but have {shapes}")
    if tuple(mask.shape) != shape:
        raise ValueError(
            f"mask must have one entry a position, shape {shape}, but has shape {tuple(mask.shape)}"
        )
    return as_mask(mask, mask.shape)


def _check_positions(starts: Tensor, ends: Tensor, mask: Tensor, counts: Tensor) -> None:
    """ValueError unless every window that counts has two allowed positions in order, or none."""
    batch, length = mask.shape
    for name, positions in (("start_positions", starts), ("end_positions", ends)):
        if tuple(positions.shape) != (batch,):
            raise ValueError(
                f"{name} must have one entry a window, shape {(batch,)}, but has shape "
                f"{tuple(positions.shape)}"
            )
        if positions.is_floating_point() or positions.dtype == torch.bool:
            raise TypeError(f"{name} must be whole numbers (torch.long), but are {positions.dtype}")
        given = counts & (positions != IGNORED_LABEL)
        inside = (positions >= 0) & (positions < length)
        allowed = inside & mask.gather(1, positions.clamp(0, length - 1).long()[:, None])[:, 0]
        _refuse(
            given & ~allowed,
            f"{name} of window {{}} is {{}}, where mask allows no answer (length {length}): an "
            "answer that is not in the window is marked -100, not moved to its edge",
            positions,
        )
    _refuse(
        counts & ((starts == IGNORED_LABEL) != (ends == IGNORED_LABEL)),
        "start_positions and end_positions must both be -100 or neither, but in window {} the "
        "start is {}",
        starts,
    )
    _refuse(
        counts & (starts > ends),
        "end_positions must not lie before start_positions, but in window {} the start is {}",
        starts,
    )


def _refuse(wrong: Tensor, message: str, positions: Tensor) -> None:
    if wrong.any():
        first = int(wrong.nonzero()[0])
        raise ValueError(message.format(first, positions[first].item()))
