"""The losses that teach to rank: which of several passages answers a question.

A cross-encoder reads question and passage together and gives one score. A bi-encoder gives each a
vector, and a score is a dot product. The two scores have neither zero nor unit in common, so a student
cannot copy the teacher's numbers: what it can copy is how far apart two of them are (margin_loss),
or how they share the belief (listwise_loss). in_batch_loss is what labels alone teach.

Scores are logits: of a teacher that squeezes them into 0 to 1 the differences are lost. All return one
number; no gradient reaches the teacher. Computed and returned in float32 (float64 for float64), under
torch.autocast too.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.divergences import in_full_precision, positive_temperature, without_autocast
from kd_course.losses.rows import as_mask, mean_over_rows


def margin_loss(
    student_scores: Tensor, teacher_scores: Tensor, *, mask: Tensor | None = None
) -> Tensor:
    """How far the student's lead of the right passage over a wrong one is from the teacher's.

    student_scores, teacher_scores: (questions, candidates), the right passage first.
    mask: (questions, candidates), true where a candidate counts; a question whose right passage does
    not count is left out.
    Returns a scalar: the mean over pairs of ((s⁺ - s⁻) - (t⁺ - t⁻))², signed margins; 0 without a
    pair. Raises ValueError for shapes that differ, or fewer than two candidates.

    Hofstätter et al., Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge
    Distillation, 2020: Margin-MSE.
    """
    student, teacher, mask = _scores(student_scores, teacher_scores, mask)
    pairs = mask[:, :1] & mask[:, 1:]
    # Exchanged before they are subtracted: what is masked may be -inf or NaN.
    student, teacher = (torch.where(mask, scores, 0.0) for scores in (student, teacher))
    apart = (student[:, :1] - student[:, 1:]) - (teacher[:, :1] - teacher[:, 1:])
    return mean_over_rows(apart[pairs].square())


def listwise_loss(
    student_scores: Tensor,
    teacher_scores: Tensor,
    *,
    student_temperature: float = 1.0,
    teacher_temperature: float = 1.0,
    mask: Tensor | None = None,
) -> Tensor:
    """How far the student's belief in each candidate is from the teacher's.

    student_scores, teacher_scores: (questions, candidates), in the same order.
    mask: (questions, candidates), true where a candidate counts.
    Returns a scalar in nats: KL(softmax(t/τ_t) ‖ softmax(s/τ_s)) over candidates, the mean over the
    questions that have at least one; there is no factor τ². Raises ValueError for shapes that differ, and
    for a temperature that is not positive.

    Ren et al., RocketQAv2, 2021: listwise distillation.
    """
    student_temperature = positive_temperature(student_temperature)
    teacher_temperature = positive_temperature(teacher_temperature)
    student, teacher, mask = _scores(student_scores, teacher_scores, mask)
    there = mask.any(-1)
    student, teacher, mask = student[there], teacher[there], mask[there]
    log_q = torch.where(mask, student / student_temperature, _EXCLUDED).log_softmax(-1)
    log_p = torch.where(mask, teacher / teacher_temperature, _EXCLUDED).log_softmax(-1)
    terms = torch.where(mask, log_p.exp() * (log_p - log_q), 0.0)
    return mean_over_rows(terms.sum(-1))


def in_batch_loss(
    questions: Tensor,
    passages: Tensor,
    *,
    ids: Tensor | None = None,
    temperature: float = 1.0,
) -> Tensor:
    """How hard it is to tell a question's passage from all others of the batch: no teacher needed.

    questions: (batch, width); passages: (batch or more, width), question i's own at i, and behind them
    passages that are nobody's. ids: (passages,), whole numbers, the same for the same text: a text
    that stands twice is not its own wrong answer. Not told by the vectors: with dropout two of one
    text differ.
    Returns a scalar in nats, the mean over questions of -log softmax_j(q_i · p_j / temperature) at
    j = i. Raises ValueError for other shapes, and for a temperature that is not positive.

    Karpukhin et al., Dense Passage Retrieval for Open-Domain Question Answering, 2020.
    """
    temperature = positive_temperature(temperature)
    questions = in_full_precision(questions, "questions")
    passages = in_full_precision(passages, "passages")
    fits = questions.ndim == passages.ndim == 2 and questions.shape[1] == passages.shape[1]
    if not fits or len(passages) < len(questions):
        raise ValueError(
            f"questions must be (batch, width) and passages (batch or more, width), but they have "
            f"shapes {tuple(questions.shape)} and {tuple(passages.shape)}"
        )
    with without_autocast(questions):
        scores = questions @ passages.T / temperature  # (batch, passages)
    own = torch.arange(len(questions), device=questions.device)
    if ids is not None:
        if ids.shape != passages.shape[:1] or ids.is_floating_point():
            raise ValueError(
                f"ids must be one whole number a passage, shape {tuple(passages.shape[:1])}, "
                f"but are {ids.dtype} of shape {tuple(ids.shape)}"
            )
        others = torch.arange(len(passages), device=passages.device) != own[:, None]
        scores = torch.where(others & (ids[None] == ids[own, None]), -math.inf, scores)
    return mean_over_rows(F.cross_entropy(scores, own, reduction="none"))


def mean_pooled(vectors: Tensor, mask: Tensor) -> Tensor:
    """One vector a text: the mean over its tokens, padding left out.

    vectors: (batch, length, width); mask: (batch, length), true (or 1) where there is text.
    Returns (batch, width); zeros for a row without a token.

    Reimers & Gurevych, Sentence-BERT, 2019.
    """
    mask = as_mask(mask, vectors.shape[:-1])
    kept = torch.where(mask[..., None], in_full_precision(vectors, "vectors"), 0.0)
    return kept.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


# The score of a candidate that does not count. Finite, for 0 · (-inf) is NaN; no softmax gives it anything.
_EXCLUDED = -1e30


def _scores(student: Tensor, teacher: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Both in full precision, the teacher without its gradient, and which candidates count."""
    if student.shape != teacher.shape or student.ndim != 2 or student.shape[1] < 2:
        raise ValueError(
            f"student_scores and teacher_scores must have one shape (questions, two candidates or "
            f"more), but have {tuple(student.shape)} and {tuple(teacher.shape)}"
        )
    mask = (
        torch.ones_like(student, dtype=torch.bool) if mask is None else as_mask(mask, student.shape)
    )
    return (
        in_full_precision(student, "student_scores"),
        in_full_precision(teacher, "teacher_scores").detach(),
        mask,
    )
