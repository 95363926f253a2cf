"""Soft losses that adapt: a temperature for every step or row, a weight for every row, standardised logits.

All of them answer one question, "how much should this row say at this moment?", and none of them
"should this row be asked about at all?": that is `distillation.most_uncertain`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.losses.rows import all_excluded, counted_rows, mean_over_rows, same_shape


def annealed_temperature(step: int, steps: int, highest: float) -> float:
    """The temperature of a step: `highest` at the first, 1 at the last, a straight line between.

    step: counted from 0, in steps of the optimiser; steps: how many there are. Of a single step it
    is 1. T = highest - (highest - 1) · step / (steps - 1).
    Raises ValueError for a step outside 0 … steps - 1 and for a highest temperature below 1.

    After Jafari et al., Annealing knowledge distillation, 2021, who anneal a mean squared error of
    logits and then train on labels alone; here it is the temperature of Hinton's loss.
    """
    if not 0 <= step < steps:
        raise ValueError(f"step must lie in 0 … {steps - 1} (steps is {steps}), but is {step}")
    if not (math.isfinite(highest) and highest >= 1):
        raise ValueError(f"highest must be a temperature of at least 1, but is {highest:g}")
    if steps == 1:
        return 1.0
    return highest - (highest - 1) * step / (steps - 1)


def certainty(logits: Tensor) -> Tensor:
    """How sure each row is: 1 - H(p) / log C, 0 where all classes are alike, 1 where one has it all.

    logits: (rows, classes). Returns (rows,). No gradient goes through it: it judges a teacher.
    """
    logits = counted_rows(logits.detach(), "logits", None)
    log_p = F.log_softmax(logits, dim=-1)
    p = log_p.exp()
    entropy = -(p * log_p).masked_fill(p == 0, 0.0).sum(-1)  # nats
    return (1 - entropy / math.log(logits.shape[-1])).clamp(0, 1)


def certainty_weights(teacher_logits: Tensor) -> Tensor:
    """What each row weighs where a sure teacher counts more: its certainty, made to average 1.

    teacher_logits: (rows, classes). Returns (rows,), which sums to the number of rows, so that the
    learning rate keeps its meaning; all 1 where no row is any surer than chance.
    """
    sure = certainty(teacher_logits)
    total = sure.sum()
    # Rounding leaves a little where nobody is surer than chance, and its ratios mean nothing.
    return sure * len(sure) / total if total > 1e-6 else torch.ones_like(sure)


def row_temperatures(teacher_logits: Tensor, highest: float) -> Tensor:
    """A temperature a row: 1 where the teacher knows nothing, `highest` where it is wholly sure.

    teacher_logits: (rows, classes). Returns (rows,): 1 + (highest - 1) · certainty. What a sure
    teacher holds of the other classes shows at a high temperature only; an unsure one shows it as it is.
    Raises ValueError for a highest temperature below 1.
    """
    if not (math.isfinite(highest) and highest >= 1):
        raise ValueError(f"highest must be a temperature of at least 1, but is {highest:g}")
    return 1 + (highest - 1) * certainty(teacher_logits)


def standardised(logits: Tensor) -> Tensor:
    """Every row with mean 0 and standard deviation 1 over its classes; a row of equal logits is 0.

    logits: (rows, classes). Returns the same shape. The deviation divides by the number of classes.
    Sun et al., Logit standardization in knowledge distillation, 2024: teacher and student are then
    compared in the order and spacing of their classes, whatever the size of their logits. (Their
    code divides by classes - 1, a temperature in disguise.)
    """
    logits = counted_rows(logits, "logits", None)
    centred = logits - logits.mean(-1, keepdim=True)
    deviation = centred.square().mean(-1, keepdim=True)
    # Of equal numbers the mean may be rounded to another one, and the deviation is then not quite 0.
    alike = (logits == logits[:, :1]).all(-1, keepdim=True)
    return centred.masked_fill(alike, 0.0) / deviation.masked_fill(alike, 1.0).sqrt()


def row_wise_soft_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    *,
    temperatures: Tensor,
    weights: Tensor | None = None,
) -> Tensor:
    """The soft loss where every row has its own temperature and weight: the mean of w T² KL.

    student_logits, teacher_logits: (rows, classes). temperatures, weights: (rows,); None weighs all
    alike. Each row's T² stands beside its own KL: taken out of the mean it would be another loss.
    Returns a scalar in nats: Σ w_i T_i² KL(teacher_i ‖ student_i) / rows. No gradient reaches the
    teacher. A row in which both exclude every class with -inf is left out. With one temperature and no
    weights it is `soft_target_loss`.
    Raises ValueError for shapes that differ, temperatures that are not positive, negative weights.
    """
    same_shape(student_logits, teacher_logits)
    student = counted_rows(student_logits, "student_logits", None)
    teacher = counted_rows(teacher_logits.detach(), "teacher_logits", None)
    temperatures = _one_a_row(temperatures, "temperatures", student)
    if not (temperatures > 0).all():
        raise ValueError(f"temperatures must be positive, but one is {temperatures.min().item():g}")
    if weights is not None:
        weights = _one_a_row(weights, "weights", student)
        if (weights < 0).any():
            raise ValueError(f"weights must not be negative, but one is {weights.min().item():g}")
    empty = all_excluded(student, teacher)
    if empty.any():
        student, teacher, temperatures = student[~empty], teacher[~empty], temperatures[~empty]
        weights = None if weights is None else weights[~empty]
    scale = temperatures[:, None]
    log_q = F.log_softmax(student / scale, dim=-1)
    log_p = F.log_softmax(teacher / scale, dim=-1)
    p = log_p.exp()
    nats = (p * (log_p - log_q)).masked_fill(p == 0, 0.0).sum(-1)  # (rows,)
    nats = temperatures**2 * nats
    if weights is not None:
        nats = weights * nats
    return mean_over_rows(nats)


def _one_a_row(values: Tensor, name: str, logits: Tensor) -> Tensor:
    if values.shape != logits.shape[:-1]:
        raise ValueError(
            f"{name} must have one entry a row, shape {tuple(logits.shape[:-1])}, "
            f"but has shape {tuple(values.shape)}"
        )
    return values.detach().to(logits)
