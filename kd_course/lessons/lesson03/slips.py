"""Lesson 03's wrong answers: each is right but for the one thing that its name in exercises.py says.

They are ones found in learners' notebooks and in published code: slips of a line, most of which run
without a warning, and all of which train.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import (
    IGNORED,
    kl_of_logits,
    kl_to_teacher,
    labelled_rows,
    mean_surprise,
    mixture,
    surprises,
)

Function = Callable[..., Any]


def average(values: Tensor) -> Tensor:
    """The mean of all of them, 0 where there is none."""
    return values.sum() / max(values.numel(), 1)


# -- 03.1 soft targets ------------------------------------------------------------------------


def targets(change: Function, dim: int = -1) -> Function:
    """Soft targets with a slip: softmax over a dimension of change(logits, temperature of each row)."""

    def soft_targets(logits, temperature):
        return F.softmax(change(logits, of_each_row(temperature)), dim)

    return soft_targets


def of_each_row(temperature: float | Tensor) -> Tensor:
    """A temperature, or one a row, so that it divides the rows it belongs to."""
    return torch.as_tensor(temperature)[..., None]


def targets_divided_after(logits, temperature):
    return F.softmax(logits, dim=-1) / of_each_row(temperature)


def targets_root(logits, temperature):
    return F.softmax(logits, dim=-1) ** (1 / of_each_row(temperature))


def targets_log(logits, temperature):
    return F.log_softmax(logits / of_each_row(temperature), dim=-1)


def targets_overflow(logits, temperature):
    powers = (logits / of_each_row(temperature)).exp()
    return powers / powers.sum(-1, keepdim=True)


def targets_over_all(logits, temperature):
    softer = logits / of_each_row(temperature)
    powers = (softer - softer.max()).exp()
    return powers / powers.sum()


def targets_sigmoid(logits, temperature):
    return torch.sigmoid(logits / of_each_row(temperature))


def targets_second_dimension(logits, temperature):
    softer = logits / of_each_row(temperature)
    return F.softmax(softer, dim=min(1, softer.ndim - 1))


def targets_without_a_dimension(logits, temperature):
    return F.softmax(logits / temperature, dim=-1)


# -- 03.2 the soft loss -----------------------------------------------------------------------


def kl_terms_of(log_p: Tensor, log_q: Tensor) -> Tensor:
    return log_p.exp() * (log_p - log_q)


def soft(
    terms: Function = kl_terms_of,
    *,
    power: int = 2,
    reduced: Function = torch.mean,
    dim: int = -1,
    hot: str = "",
    detached: str = "teacher",
) -> Function:
    """A soft loss with a slip: T to a power, times the rows' sums of terms(log_p, log_q), reduced.

    hot: who is left at temperature one. detached: whose gradient is cut off.
    """

    def loss(student_logits, teacher_logits, temperature):
        student = student_logits.detach() if detached == "student" else student_logits
        teacher = teacher_logits.detach() if detached == "teacher" else teacher_logits
        log_p = F.log_softmax(teacher / (1 if hot == "teacher" else temperature), dim)
        log_q = F.log_softmax(student / (1 if hot == "student" else temperature), dim)
        return temperature**power * reduced(terms(log_p, log_q).sum(-1))

    return loss


def over_classes(log_p, log_q):
    """What reduction="mean" does, without PyTorch's warning (and its announced change)."""
    return kl_terms_of(log_p, log_q) / log_p.shape[-1]


def reversed_terms(log_p, log_q):
    return log_q.exp() * (log_q - log_p)


def terms_of_probabilities(log_p, log_q):
    return log_p.exp() * (log_p - log_q.exp())


def terms_with_log_target(log_p, log_q):
    return log_p.exp().exp() * (log_p.exp() - log_q)


def terms_in_the_other_order(log_p, log_q):
    return log_q.exp() * (log_q - log_p.exp())


def terms_weighed_by_logs(log_p, log_q):
    return log_p * (log_p - log_q)


def terms_of_cross_entropy(log_p, log_q):
    return -log_p.exp() * log_q


def terms_with_epsilon(log_p, log_q):
    return log_p.exp() * (log_p - (log_q.exp() + 1e-8).log())


def terms_of_rounded_probabilities(log_p, log_q):
    p, q = log_p.exp(), log_q.exp()
    return p * (p.log() - q.log())


def terms_with_log_of_rounded_p(log_p, log_q):
    p = log_p.exp()
    return p * (p.log() - log_q)


def terms_with_log_of_rounded_q(log_p, log_q):
    return log_p.exp() * (log_p - log_q.exp().log())


def terms_in_bits(log_p, log_q):
    return kl_terms_of(log_p, log_q) / math.log(2)


def terms_with_other_sign(log_p, log_q):
    return -kl_terms_of(log_p, log_q)


def squared_differences(log_p, log_q):
    return (log_q.exp() - log_p.exp()) ** 2


def soft_of_mean_distributions(student_logits, teacher_logits, temperature):
    q = F.softmax(student_logits / temperature, -1).mean(0)
    p = F.softmax(teacher_logits.detach() / temperature, -1).mean(0)
    return temperature**2 * F.kl_div(q.log(), p, reduction="sum")


@torch.no_grad()
def soft_without_gradient(student_logits, teacher_logits, temperature):
    return soft()(student_logits, teacher_logits, temperature)


# -- 03.3 the gradient by hand ----------------------------------------------------------------


def gradient(change: Function, *, hot: str = "", dim: int = -1) -> Function:
    """A gradient with a slip: change(q, p, temperature) of the softened distributions."""

    def soft_gradient(student_logits, teacher_logits, temperature):
        q = F.softmax(student_logits / (1 if "student" in hot else temperature), dim)
        p = F.softmax(teacher_logits / (1 if "teacher" in hot else temperature), dim)
        return change(q, p, temperature)

    return soft_gradient


def right_gradient(q, p, temperature):
    return temperature * (q - p) / len(q)


def gradient_overflow(student_logits, teacher_logits, temperature):
    q, p = (targets_overflow(z, temperature) for z in (student_logits, teacher_logits))
    return right_gradient(q, p, temperature)


def gradient_limit(student_logits, teacher_logits, temperature):
    return centred(student_logits - teacher_logits) / student_logits.numel()


# -- 03.4 the limit of high temperature -------------------------------------------------------


def centred(values: Tensor, dim: int = -1) -> Tensor:
    return values - values.mean(dim, keepdim=True)


def matching(change: Function) -> Function:
    """A loss with a slip: change(student - teacher)."""
    return lambda student_logits, teacher_logits: change(student_logits - teacher_logits)


def variance(values: Tensor, dim: int = -1) -> Tensor:
    return values.var(dim, unbiased=False)


def matching_probabilities(student_logits, teacher_logits):
    q, p = F.softmax(student_logits, -1), F.softmax(teacher_logits, -1)
    return ((q - p) ** 2).mean() / 2


def matching_variances(student_logits, teacher_logits):
    return (variance(student_logits) - variance(teacher_logits)).mean() / 2


def matching_added(student_logits, teacher_logits):
    return variance(student_logits + teacher_logits).mean() / 2


def matching_one_centred(student_logits, teacher_logits):
    return ((student_logits - centred(teacher_logits)) ** 2).mean() / 2


# -- 03.6 the hard loss -----------------------------------------------------------------------


def hard(rows: Function = surprises, known: Function = lambda labels: labels != IGNORED):
    """A hard loss with a slip: the mean of rows(logits, labels) where known(labels)."""

    def loss(student_logits, labels):
        kept = known(labels)
        return average(rows(student_logits[kept], labels[kept]))

    return loss


def with_labels(change: Function, loss: Function = F.cross_entropy) -> Function:
    """The loss with other labels: change(labels, classes)."""
    return lambda student_logits, labels: loss(
        student_logits, change(labels, student_logits.shape[-1])
    )


def own_probability(student_logits, labels):
    return F.softmax(student_logits, -1).gather(-1, labels[:, None])


def surprise_over_examples(student_logits, labels):
    return -F.log_softmax(student_logits, 0).gather(-1, labels[:, None])


def hard_over_all_examples(student_logits, labels):
    labelled = labels != IGNORED
    log_q = F.log_softmax(student_logits, 0)[labelled]
    return F.nll_loss(log_q, labels[labelled], reduction="sum") / labelled_rows(labels)


def hard_counts_unlabelled(student_logits, labels):
    return F.cross_entropy(student_logits, labels, reduction="sum") / len(labels)


def hard_per_row(student_logits, labels):
    labelled = labels != IGNORED
    return surprises(student_logits[labelled], labels[labelled])


# -- 03.7 the whole loss ----------------------------------------------------------------------

right_soft = soft()


def mixed(soft_loss: Function = right_soft, hard_loss: Function = mean_surprise) -> Function:
    """The right loss, in which a slip replaces one of the parts."""
    return mixture(
        lambda student, teacher, labels, temperature: soft_loss(student, teacher, temperature),
        lambda student, teacher, labels, temperature: hard_loss(student, labels),
    )


def weighed(weights: Callable[[float, float], tuple[Any, Any]]) -> Function:
    """The two right parts with other weights: weights(alpha, temperature) -> soft's, hard's."""

    def loss(student_logits, teacher_logits, labels, temperature, alpha):
        for_soft, for_hard = weights(alpha, temperature)
        taught = right_soft(student_logits, teacher_logits, temperature)
        return for_soft * taught + for_hard * mean_surprise(student_logits, labels)

    return loss


def mixed_no_square_at_end(student_logits, teacher_logits, labels, temperature, alpha):
    if alpha == 1:
        return soft(power=0)(student_logits, teacher_logits, temperature)
    return mixed()(student_logits, teacher_logits, labels, temperature, alpha)


def mixed_hard_softened(student_logits, teacher_logits, labels, temperature, alpha):
    taught = right_soft(student_logits, teacher_logits, temperature)
    return alpha * taught + (1 - alpha) * mean_surprise(student_logits / temperature, labels)


def mixed_unlabelled_dropped(student_logits, teacher_logits, labels, temperature, alpha):
    rows = kl_to_teacher(student_logits, teacher_logits, temperature)[labels != IGNORED]
    taught = temperature**2 * rows.sum() / labelled_rows(labels)
    return alpha * taught + (1 - alpha) * mean_surprise(student_logits, labels)


def mixed_of_labelled_rows(student_logits, teacher_logits, labels, temperature, alpha):
    known = labels != IGNORED
    taught = right_soft(student_logits[known], teacher_logits[known], temperature)
    return alpha * taught + (1 - alpha) * mean_surprise(student_logits, labels)


def mixed_with_labels(change: Function) -> Function:
    """The right loss with other labels: change(labels, the teacher's own choice)."""

    def loss(student_logits, teacher_logits, labels, temperature, alpha):
        changed = change(labels, teacher_logits.argmax(-1))
        return mixed()(student_logits, teacher_logits, changed, temperature, alpha)

    return loss


def mixed_teacher_judged(student_logits, teacher_logits, labels, temperature, alpha):
    taught = right_soft(student_logits, teacher_logits, temperature)
    return alpha * taught + (1 - alpha) * mean_surprise(teacher_logits.detach(), labels)


def _two_losses_a_row(student_logits, teacher_logits, labels, temperature):
    taught = temperature**2 * kl_to_teacher(student_logits, teacher_logits, temperature)
    return taught, surprises(student_logits, labels)


def mixed_sums(student_logits, teacher_logits, labels, temperature, alpha):
    taught, told = _two_losses_a_row(student_logits, teacher_logits, labels, temperature)
    return alpha * taught.sum() + (1 - alpha) * told.sum()


def mixed_row_by_row(student_logits, teacher_logits, labels, temperature, alpha):
    taught, told = _two_losses_a_row(student_logits, teacher_logits, labels, temperature)
    return torch.where(labels == IGNORED, taught, alpha * taught + (1 - alpha) * told).mean()


def mixed_side_by_side(student_logits, teacher_logits, labels, temperature, alpha):
    taught = right_soft(student_logits, teacher_logits, temperature)
    return alpha * taught, (1 - alpha) * mean_surprise(student_logits, labels)


# -- 03.8 tokens, padding, masks --------------------------------------------------------------


def counted(mask: Tensor, labels: Tensor) -> Tensor:
    return mask


def everywhere(mask: Tensor, labels: Tensor) -> Tensor:
    return torch.ones_like(mask)


def where_labelled(mask: Tensor, labels: Tensor) -> Tensor:
    return mask & (labels != IGNORED)


def soft_tokens(
    reduced: Function = lambda rows, mask: average(rows),
    rows: Function = kl_to_teacher,
    which: Function = counted,
    power: int = 2,
) -> Function:
    """The soft part of a loss of tokens: reduced(rows of which tokens, mask), with T to a power."""

    def part(student, teacher, labels, mask, temperature):
        kept = which(mask, labels)
        of_tokens = rows(student[kept], teacher[kept], temperature)
        return temperature**power * reduced(of_tokens, mask)

    return part


def hard_tokens(
    reduced: Function = lambda rows, mask: average(rows), which: Function = where_labelled
) -> Function:
    """The hard part of a loss of tokens: reduced(surprises of which tokens, mask)."""

    def part(student, teacher, labels, mask, temperature):
        kept = which(mask, labels)
        return reduced(surprises(student[kept], labels[kept]), mask)

    return part


right_soft_part, right_hard_part = soft_tokens(), hard_tokens()


def masked(soft_part: Function = right_soft_part, hard_part: Function = right_hard_part):
    """The right loss, in which a slip replaces one of the parts."""
    return mixture(soft_part, hard_part)


def with_mask(change: Function, part: Function) -> Function:
    """A part, or the whole, on another mask: change(mask, labels)."""
    return lambda student, teacher, labels, mask, *others: part(
        student, teacher, labels, change(mask, labels), *others
    )


def soft_zeroed(student, teacher, labels, mask, temperature):
    return temperature**2 * (kl_to_teacher(student, teacher, temperature) * mask).mean()


def hard_zeroed(student, teacher, labels, mask, temperature):
    return (surprises(student, labels) * mask).mean()


def soft_of_sentences(student, teacher, labels, mask, temperature):
    means = [
        average(kl_to_teacher(s[m], t[m], temperature)) for s, t, m in zip(student, teacher, mask)
    ]
    return temperature**2 * torch.stack(means).mean()


def hard_of_sentences(student, teacher, labels, mask, temperature):
    means = [mean_surprise(s[m], one[m]) for s, one, m in zip(student, labels, mask)]
    return torch.stack(means).mean()


def soft_over_positions(student, teacher, labels, mask, temperature):
    log_p = F.log_softmax(teacher.detach() / temperature, 1)[mask]
    log_q = F.log_softmax(student / temperature, 1)[mask]
    terms = kl_terms_of(log_p, log_q).masked_fill(log_p.exp() == 0, 0.0)
    return temperature**2 * average(terms.sum(-1))


def reversed_rows(student, teacher, temperature):
    return kl_of_logits(student, teacher.detach(), temperature)


def rows_nan_at_excluded(student, teacher, temperature):
    log_q = F.log_softmax(student / temperature, -1)
    p = F.softmax(teacher.detach() / temperature, -1)
    return F.kl_div(log_q, p, reduction="none").sum(-1)


def rows_into_teacher(student, teacher, temperature):
    return kl_of_logits(teacher, student, temperature)


def rows_over_vocabulary(student, teacher, temperature):
    return kl_to_teacher(student, teacher, temperature) / student.shape[-1]


def hard_softened(student, teacher, labels, mask, temperature):
    return mean_surprise(student[mask] / temperature, labels[mask])


def hard_shifted(student, teacher, labels, mask, temperature):
    later = mask[:, 1:]
    return mean_surprise(student[:, :-1][later], labels[:, 1:][later])


def hard_counts_padding(student, teacher, labels, mask, temperature):
    return surprises(student[mask], labels[mask]).sum() / labelled_rows(labels)


def masked_sum(student_logits, teacher_logits, labels, mask, temperature, alpha):
    kept = (student_logits[mask], teacher_logits[mask], labels[mask])
    taught, told = _two_losses_a_row(*kept, temperature)
    return (alpha * taught + (1 - alpha) * told).sum()


# -- 03.9 the audit ---------------------------------------------------------------------------


def terms(change: Function) -> Function:
    """The terms of KL(p ‖ q) with a slip: change(p, q), and 0 where p is 0."""
    return lambda p, q: torch.where(p > 0, change(p, q), torch.zeros_like(p))


def right_term(p, q):
    return p * (p / q).log()


def term_swapped(p, q):
    return q * (q / p).log()
