"""The losses over classes or a vocabulary: the labels' (hard), the teacher's (soft), their mixture.

Hinton, Vinyals & Dean, Distilling the Knowledge in a Neural Network, 2015.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.divergences import positive_temperature
from kd_course.losses.rows import (
    IGNORED_LABEL,
    all_excluded,
    as_mask,
    counted_rows,
    mean_over_rows,
    same_shape,
)


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
    nothing, and a row in which they exclude every class is left out. No gradient reaches the teacher.
    Raises ValueError for a temperature that is not positive, an unknown kind, shapes that differ.

    Hinton, Vinyals & Dean 2015, section 2; T² keeps the gradient's size as T grows.
    """
    temperature = positive_temperature(temperature)
    if kind not in ("kl", "cross_entropy"):
        raise ValueError(f'kind must be "kl" or "cross_entropy", but is {kind!r}')
    same_shape(student_logits, teacher_logits)
    student = counted_rows(student_logits, "student_logits", mask)
    teacher = counted_rows(teacher_logits.detach(), "teacher_logits", mask)

    # To select is to copy, and a vocabulary is wide: only where there is such a row.
    empty = all_excluded(student, teacher)
    if empty.any():
        student, teacher = student[~empty], teacher[~empty]  # (rows, classes)

    student_log_p = F.log_softmax(student / temperature, dim=-1)
    teacher_log_p = F.log_softmax(teacher / temperature, dim=-1)
    teacher_p = teacher_log_p.exp()
    reference = teacher_log_p if kind == "kl" else torch.zeros_like(teacher_log_p)
    terms = teacher_p * (reference - student_log_p)
    per_row = terms.masked_fill(teacher_p == 0, 0.0).sum(-1)  # 0 · log 0 = 0
    return temperature**2 * mean_over_rows(per_row)


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
    counts = labelled if mask is None else labelled & as_mask(mask, labels.shape)
    # To select is to copy, and a vocabulary is wide: only where a row is left out.
    all_count = bool(counts.all())
    student = counted_rows(student_logits, "student_logits", None if all_count else counts)
    labels = labels[counts].long()
    if labels.numel() and not 0 <= labels.min() <= labels.max() < student.shape[-1]:
        raise ValueError(
            f"labels must lie in 0 … {student.shape[-1] - 1} (or be -100), but range from "
            f"{labels.min().item()} to {labels.max().item()}"
        )
    return mean_over_rows(F.cross_entropy(student, labels, reduction="none"))


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
