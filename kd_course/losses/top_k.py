"""The soft loss from a teacher's k best words and the mass of the rest: what is small enough to keep.

A vocabulary of 50,000 words is 200 kB of logits a token. Its k best with one number for all the
others are 500 bytes, and still a distribution: over k + 1 classes, the last of them "another word".
The student's own distribution is summed up in the same way, so that the KL between the two is never
negative and never more than the KL over the whole vocabulary (no split of classes can add to it).
Truncated or renormalised to the k best, it would be neither.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from kd_course.divergences import in_full_precision, positive_temperature
from kd_course.losses.rows import as_mask, counted_rows, mean_over_rows
from kd_course.losses.targets import soft_target_loss


class TopK(NamedTuple):
    """A teacher's k best words at each position, best first, and the mass of all others.

    ids, logits: (..., k), k different words. rest: (...), log Σ exp(z / T) over all other words at the temperature T at
    which they are compared; -inf where there are none.
    """

    ids: Tensor
    logits: Tensor
    rest: Tensor


def top_k_of(logits: Tensor, k: int, *, temperature: float) -> TopK:
    """The k largest logits of each position, and log Σ exp(z / T) over all the others.

    logits: (..., classes). Raises ValueError for a k outside 1 … classes.
    """
    temperature, logits = positive_temperature(temperature), in_full_precision(logits, "logits")
    if not 1 <= k <= logits.shape[-1]:
        raise ValueError(f"k must lie in 1 … {logits.shape[-1]}, the classes, but is {k}")
    best = logits.topk(k, dim=-1)
    return TopK(best.indices, best.values, log_mass_outside(logits, best.indices, temperature))


def top_k_target_loss(
    student_logits: Tensor,
    teacher: TopK,
    *,
    temperature: float,
    mask: Tensor | None = None,
) -> Tensor:
    """How far the student is from the teacher over its k best words and "another word", times T².

    student_logits: (batch, classes) or (batch, length, vocabulary). teacher: `TopK` of the same
    leading shape, its rest at this temperature. mask: (batch,) or (batch, length), true where a row
    counts; rows left out may hold anything.
    Returns a scalar in nats, the mean over rows: T² Σ P (log P - log Q) over k + 1 classes, where P
    and Q are the softened distributions with all other words taken together. With k = classes it is
    `soft_target_loss`, to the last bit. No gradient reaches the teacher.
    Raises ValueError for shapes that do not belong together, and for words the student does not know.

    Cover & Thomas, Elements of Information Theory, 2006, section 2.7: the log sum inequality.
    """
    temperature, rows = positive_temperature(temperature), student_logits.shape[:-1]
    classes, k = student_logits.shape[-1], teacher.ids.shape[-1]
    shapes = [tuple(part.shape) for part in teacher]
    if shapes != [(*rows, k), (*rows, k), tuple(rows)]:
        raise ValueError(
            f"teacher must have ids and logits of shape {(*rows, 'k')} and rest of shape "
            f"{tuple(rows)}, as student_logits {tuple(student_logits.shape)}, but has {shapes}"
        )
    student = counted_rows(student_logits, "student_logits", mask)
    ids, logits, rest = (part.detach() for part in teacher)
    if mask is not None:
        counts = as_mask(mask, rows)
        ids, logits, rest = ids[counts], logits[counts], rest[counts]
    ids, logits = ids.reshape(-1, k).long(), logits.reshape(-1, k).to(student.dtype)
    if ids.numel() and not 0 <= ids.min() <= ids.max() < classes:
        raise ValueError(
            f"teacher.ids must be among the student's {classes} words, but range from "
            f"{ids.min().item()} to {ids.max().item()}"
        )
    if k == classes:  # nothing is left over: the whole distribution, in the words' own order
        whole = torch.empty_like(student).scatter(-1, ids, logits)
        return soft_target_loss(student, whole, temperature=temperature)

    student_log_p = _LogMasses.apply(student, ids, temperature).log_softmax(-1)  # (rows, k + 1)
    rest = rest.reshape(-1, 1).to(student.dtype)
    teacher_log_p = torch.cat([logits / temperature, rest], dim=-1).log_softmax(-1)
    teacher_p = teacher_log_p.exp()
    terms = (teacher_p * (teacher_log_p - student_log_p)).masked_fill(teacher_p == 0, 0.0)
    return temperature**2 * mean_over_rows(terms.sum(-1))


def log_mass_outside(logits: Tensor, ids: Tensor, temperature: float) -> Tensor:
    """log Σ exp(z / T) over all classes but these: (...).

    logits: (..., classes), ids: (..., k). It is -inf where all others are excluded. No gradient passes.
    """
    scaled = in_full_precision(logits.detach(), "logits") / temperature
    return scaled.scatter_(-1, ids, -math.inf).logsumexp(-1)


class _LogMasses(torch.autograd.Function):
    """z / T of k classes, and log Σ exp(z / T) over all others: (rows, classes) -> (rows, k + 1).

    A vocabulary is wide, and a step of training waits for memory: left to autograd, values and gradient
    would pass through several tensors of that width. Both are known: a class among the k has a
    gradient of its own, any other its share of the rest's. A gradient of this gradient is refused.
    """

    @staticmethod
    def forward(context: Any, logits: Tensor, ids: Tensor, temperature: float) -> Tensor:
        scaled = logits / temperature
        best = scaled.gather(-1, ids)
        others = scaled.scatter_(-1, ids, -math.inf)
        rest = others.logsumexp(-1, keepdim=True)
        context.save_for_backward(others, ids, rest)
        context.temperature = temperature
        return torch.cat([best, rest], dim=-1)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        others, ids, rest = context.saved_tensors
        rest = rest.masked_fill(rest == -math.inf, 0.0)  # no others: they keep exp(-inf - 0) = 0
        passed_on = (others - rest).exp_().mul_(gradient[:, -1:])
        passed_on.scatter_(-1, ids, gradient[:, :-1])
        return passed_on.div_(context.temperature), None, None
