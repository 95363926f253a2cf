"""The losses of a model that writes: token by token, over what it writes and nothing else.

A causal model's logits at a position speak of the next token. `completion_mask` says which positions
those are that foretell a token of the completion: not those within the prompt, not those in the
padding, but the one that foretells the end. The three divergences take it as their mask:

    forward_kl_loss       KL(teacher ‖ student)   dear where the student misses what the teacher says
    reverse_kl_loss       KL(student ‖ teacher)   dear where it says what the teacher would not
    generalised_jsd_loss  between the two, by β

All return one number in nats, the mean over the tokens that count, so that a long completion counts
for more than a short one, and a batch's padding for nothing. A token for which both exclude every
word with -inf is left out. No gradient reaches the teacher. (Where the student wrote the tokens
itself, no gradient flows through the choice of them, either.)

`uld_loss` is for a teacher with another vocabulary.

Computed and returned in float32, whatever precision the logits come in (float64 for float64).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.losses.rows import all_excluded, counted_rows, mean_over_rows, same_shape
from kd_course.losses.targets import soft_target_loss

CONVENTIONS = ("paper", "continuous")


def completion_mask(input_ids: Tensor, prompt_lengths: Tensor, *, end: int) -> Tensor:
    """Which positions' logits foretell a token of the completion, the end token included.

    input_ids: (batch, length): prompt, completion, end token, padding. prompt_lengths: (batch,), how
    many positions stand before the completion, at least one; padding on the left counts as prompt.
    end: the token that ends a completion; it may be the one that pads, for only the first after the
    prompt counts. A completion that was cut before its end counts up to the last token.
    Returns (batch, length), bool; the last column is false, since no token follows it.
    Raises ValueError for prompt_lengths that do not fit input_ids.
    """
    batch, length = input_ids.shape
    if tuple(prompt_lengths.shape) != (batch,):
        raise ValueError(
            f"prompt_lengths must have one entry a row, shape {(batch,)}, but has shape "
            f"{tuple(prompt_lengths.shape)}"
        )
    if batch and not 1 <= prompt_lengths.min() <= prompt_lengths.max() <= length:
        raise ValueError(
            f"prompt_lengths must lie in 1 … {length}, the positions of input_ids, but range from "
            f"{prompt_lengths.min().item()} to {prompt_lengths.max().item()}"
        )
    place = torch.arange(length, device=input_ids.device)
    written = place >= prompt_lengths[:, None]  # prompt out
    ended = ((input_ids == end) & written).cumsum(-1)
    written &= ended - (input_ids == end).long() < 1  # the first end in, what follows it out
    foretells = torch.zeros_like(written)
    foretells[:, :-1] = written[:, 1:]
    return foretells


def forward_kl_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """How much of what the teacher might say the student misses: KL(teacher ‖ student) a token.

    student_logits, teacher_logits: (batch, length, vocabulary); mask: (batch, length), as
    `completion_mask` gives it. It is `soft_target_loss` at temperature one.
    Kim & Rush, Sequence-level knowledge distillation, 2016: "word-level".
    """
    return soft_target_loss(student_logits, teacher_logits, temperature=1.0, mask=mask)


def reverse_kl_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """How much the student says that the teacher would not: KL(student ‖ teacher) a token.

    student_logits, teacher_logits: (batch, length, vocabulary); mask: (batch, length), true where a
    token counts; what is left out may hold anything.
    Returns a scalar in nats: Σ q (log q - log p), with 0·log 0 = 0; inf where the student holds
    possible what the teacher excludes. Raises ValueError for shapes that differ.

    Gu et al., MiniLLM, 2024, of whole sequences; Agarwal et al., GKD, 2024, of tokens, as here.
    """
    log_q, log_p = _log_probabilities(student_logits, teacher_logits, mask)
    return mean_over_rows(_kl(log_q, log_p))


def generalised_jsd_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    *,
    beta: float = 0.5,
    convention: str = "paper",
    mask: Tensor | None = None,
) -> Tensor:
    """How far teacher and student are from a mixture of them: between forward and reverse KL.

    student_logits, teacher_logits: (batch, length, vocabulary); mask: as in `reverse_kl_loss`.
    With p the teacher, q the student and m = β p + (1 - β) q:
    convention "paper": β KL(p ‖ m) + (1 - β) KL(q ‖ m). It goes to 0 at both ends, so that close to
    them β scales the gradient; at β = 0 and 1 themselves the forward and the reverse KL are returned,
    as libraries do. "continuous": (1 - β) KL(p ‖ m) + β KL(q ‖ m), which runs from the forward KL at
    β = 0 to the reverse KL at β = 1 without a jump. At β = ½ both are the Jensen-Shannon divergence.
    Raises ValueError for a beta outside 0 … 1 and for an unknown convention.

    Agarwal et al., On-policy distillation of language models (GKD), 2024; Huszár, How (not) to train
    your generative model, 2015.
    """
    if not 0 <= beta <= 1:
        raise ValueError(f"beta must lie in [0, 1] (0 forward, 1 reverse), but is {beta:g}")
    if convention not in CONVENTIONS:
        raise ValueError(f"convention must be one of {CONVENTIONS}, but is {convention!r}")
    if beta == 0:
        return forward_kl_loss(student_logits, teacher_logits, mask=mask)
    if beta == 1:
        return reverse_kl_loss(student_logits, teacher_logits, mask=mask)
    log_q, log_p = _log_probabilities(student_logits, teacher_logits, mask)
    log_m = _log_mixture(log_p, log_q, beta)
    weight = beta if convention == "paper" else 1 - beta
    return mean_over_rows(weight * _kl(log_p, log_m) + (1 - weight) * _kl(log_q, log_m))


def uld_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """How far two distributions are from one another that share no vocabulary: sizes, not words.

    student_logits: (batch, length, own vocabulary), teacher_logits: (batch, length, another); position
    by position of the same text. mask: (batch, length).
    Returns a scalar between 0 and 2, the mean over tokens of Σ |p₍ᵢ₎ - q₍ᵢ₎|, where p₍ᵢ₎ is the i-th
    largest probability, and the shorter vocabulary is filled up with zeros. It is 0 for any two that
    have the same probabilities, whichever words they give them to.
    Raises ValueError for another number of rows or positions.

    Boizard et al., Towards cross-tokenizer distillation: the universal logit distillation loss, 2025.
    """
    if student_logits.shape[:-1] != teacher_logits.shape[:-1]:
        raise ValueError(
            f"student_logits and teacher_logits must be of the same rows and positions, but have "
            f"shapes {tuple(student_logits.shape)} and {tuple(teacher_logits.shape)}"
        )
    student, teacher = _not_excluded(
        counted_rows(student_logits, "student_logits", mask),
        counted_rows(teacher_logits.detach(), "teacher_logits", mask),
    )
    q, p = student.softmax(-1), teacher.softmax(-1)
    width = max(q.shape[-1], p.shape[-1])
    q, p = (F.pad(x.sort(dim=-1, descending=True).values, (0, width - x.shape[-1])) for x in (q, p))
    return mean_over_rows((p - q).abs().sum(-1))


# -- pieces ------------------------------------------------------------------------------------


def _log_probabilities(
    student_logits: Tensor, teacher_logits: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor]:
    """log q and log p of the tokens that count: (tokens, vocabulary) each."""
    same_shape(student_logits, teacher_logits)
    student, teacher = _not_excluded(
        counted_rows(student_logits, "student_logits", mask),
        counted_rows(teacher_logits.detach(), "teacher_logits", mask),
    )
    return F.log_softmax(student, dim=-1), F.log_softmax(teacher, dim=-1)


def _not_excluded(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """The rows in which one of the two leaves a word at least: (rows, vocabulary) each."""
    empty = all_excluded(student, teacher)
    return (student[~empty], teacher[~empty]) if empty.any() else (student, teacher)


def _log_mixture(log_p: Tensor, log_q: Tensor, beta: float) -> Tensor:
    """log (β p + (1 - β) q); what both exclude passes no gradient, where logaddexp would give NaN."""
    both = (log_p == -math.inf) & (log_q == -math.inf)
    log_p, log_q = log_p.masked_fill(both, 0.0), log_q.masked_fill(both, 0.0)
    log_m = torch.logaddexp(log_p + math.log(beta), log_q + math.log1p(-beta))
    return log_m.masked_fill(both, -math.inf)


def _kl(log_a: Tensor, log_b: Tensor) -> Tensor:
    """KL(a ‖ b) of each row; what a excludes counts as nothing, and passes no gradient."""
    excluded = log_a == -math.inf
    log_a = log_a.masked_fill(excluded, 0.0)
    terms = log_a.exp() * (log_a - log_b.masked_fill(excluded, 0.0))
    return terms.masked_fill(excluded, 0.0).sum(-1)
