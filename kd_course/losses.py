"""The losses a student learns from: the labels' (hard), the teacher's (soft), and their mixture.

All take logits, of shape (batch, classes) or (batch, length, vocabulary), and return one number,
in nats: the mean over the rows that count. A row is an example, or a token; padding is left out by
`mask`, so a batch's loss depends neither on how many classes there are nor on how far it is padded.

    L = α · L_soft + (1 - α) · L_hard          α weighs the soft part; L_soft carries T²

Computed and returned in float32, whatever precision the logits come in (float64 for float64).

Hinton, Vinyals & Dean, Distilling the Knowledge in a Neural Network, 2015.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.divergences import in_full_precision, positive_temperature

IGNORED_LABEL = -100  # PyTorch's own convention for "this row has no label"


def soft_target_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    *,
    temperature: float,
    kind: str = "kl",
    mask: Tensor | None = None,
) -> Tensor:
    """How far the student's softened distribution is from the teacher's, per row, times T².

    student_logits, teacher_logits: (batch, classes) or (batch, length, vocabulary).
    mask: (batch,) or (batch, length), true where a row counts; rows left out may hold anything.
    kind: "kl" gives T² KL(teacher ‖ student); "cross_entropy" gives T² H(teacher, student): the
    same gradient, and a value larger by T² times the teacher's entropy.
    Returns a scalar in nats, 0 when no row counts. A class that both exclude with -inf counts as
    nothing. No gradient reaches the teacher.
    Raises ValueError for a temperature that is not positive, an unknown kind, shapes that differ.

    Hinton, Vinyals & Dean 2015, section 2; T² keeps the gradient's size as T grows.
    """
    temperature = positive_temperature(temperature)
    if kind not in ("kl", "cross_entropy"):
        raise ValueError(f'kind must be "kl" or "cross_entropy", but is {kind!r}')
    _same_shape(student_logits, teacher_logits)
    student = _rows(student_logits, "student_logits", mask)
    teacher = _rows(teacher_logits.detach(), "teacher_logits", mask)

    # A row in which both exclude every class has nothing to compare. To select is to copy, and a
    # vocabulary is wide: only where there is such a row.
    empty = (student.amax(-1) == -math.inf) & (teacher.amax(-1) == -math.inf)
    if empty.any():
        student, teacher = student[~empty], teacher[~empty]  # (rows, classes)

    student_log_p = F.log_softmax(student / temperature, dim=-1)
    teacher_log_p = F.log_softmax(teacher / temperature, dim=-1)
    teacher_p = teacher_log_p.exp()
    reference = teacher_log_p if kind == "kl" else torch.zeros_like(teacher_log_p)
    terms = teacher_p * (reference - student_log_p)
    per_row = terms.masked_fill(teacher_p == 0, 0.0).sum(-1)  # 0 · log 0 = 0
    return temperature**2 * _mean(per_row)


def hard_target_loss(
    student_logits: Tensor, labels: Tensor, *, mask: Tensor | None = None
) -> Tensor:
    """How surprised the student is by the labels: cross-entropy at temperature one, per row.

    student_logits: (batch, classes) or (batch, length, vocabulary).
    labels: (batch,) or (batch, length), whole numbers below classes; -100 removes a row.
    mask: as labels, true where a row counts.
    Returns a scalar in nats, the mean over the rows that are labelled and count; 0 if none is.
    Raises ValueError for shapes that differ and for labels that are no class.
    """
    if labels.shape != student_logits.shape[:-1]:
        raise ValueError(
            f"labels must have the shape of student_logits without its last dimension, "
            f"{tuple(student_logits.shape[:-1])}, but have shape {tuple(labels.shape)}"
        )
    if labels.is_floating_point() or labels.dtype == torch.bool:
        raise TypeError(f"labels must be whole numbers (torch.long), but are {labels.dtype}")
    labelled = labels != IGNORED_LABEL
    counts = labelled if mask is None else labelled & _as_mask(mask, labels.shape)
    student = _rows(student_logits, "student_logits", counts)
    labels = labels[counts].long()
    if labels.numel() and not 0 <= labels.min() <= labels.max() < student.shape[-1]:
        raise ValueError(
            f"labels must lie in 0 … {student.shape[-1] - 1} (or be -100), but range from "
            f"{labels.min().item()} to {labels.max().item()}"
        )
    return _mean(F.cross_entropy(student, labels, reduction="none"))


def distillation_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
    *,
    temperature: float = 2.0,
    alpha: float = 0.5,
    mask: Tensor | None = None,
) -> Tensor:
    """What a student is trained on: α times the teacher's soft loss, 1 - α times the labels' hard one.

    student_logits, teacher_logits: (batch, classes) or (batch, length, vocabulary).
    labels: (batch,) or (batch, length); -100 removes a row from the hard part only, so that
    unlabelled text still teaches through the teacher.
    mask: as labels; governs both parts.
    Returns a scalar in nats: α · T² KL(teacher ‖ student) + (1 - α) · H(labels, student).
    Raises ValueError for an alpha outside [0, 1], and whatever the two parts refuse.

    Hinton, Vinyals & Dean 2015, section 2.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1] (it weighs the soft loss), but is {alpha:g}")
    soft = soft_target_loss(student_logits, teacher_logits, temperature=temperature, mask=mask)
    hard = hard_target_loss(student_logits, labels, mask=mask)
    # A part of weight zero is left out, not multiplied by zero: 0 · inf would be NaN.
    if alpha == 0:
        return hard
    if alpha == 1:
        return soft
    return alpha * soft + (1 - alpha) * hard


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


# -- spans ------------------------------------------------------------------------------------

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
    return _as_mask(mask, mask.shape)


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
        first = wrong.nonzero()[0].item()
        raise ValueError(message.format(first, positions[first].item()))


# -- rows -------------------------------------------------------------------------------------


def _same_shape(student_logits: Tensor, teacher_logits: Tensor) -> None:
    if student_logits.shape != teacher_logits.shape:
        raise ValueError(
            f"student_logits and teacher_logits must have one shape, but have "
            f"{tuple(student_logits.shape)} and {tuple(teacher_logits.shape)}: the same rows, and "
            f"the same classes (or vocabulary) in the same order"
        )


def _rows(logits: Tensor, name: str, mask: Tensor | None) -> Tensor:
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
        logits = logits[_as_mask(mask, logits.shape[:-1])]
    return in_full_precision(logits, name).reshape(-1, logits.shape[-1])


def _as_mask(mask: Tensor, shape: torch.Size) -> Tensor:
    if mask.shape != shape:
        raise ValueError(
            f"mask must have one entry a row, shape {tuple(shape)}, but has shape {tuple(mask.shape)}"
        )
    if mask.dtype != torch.bool and not ((mask == 0) | (mask == 1)).all():
        raise ValueError("mask must hold true and false (or 1 and 0): true where a row counts")
    return mask.bool()


def _mean(per_row: Tensor) -> Tensor:
    """The mean over rows; over no rows it is 0, and still part of the graph."""
    return per_row.sum() / max(per_row.numel(), 1)
