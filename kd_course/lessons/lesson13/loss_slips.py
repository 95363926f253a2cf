"""Wrong answers that people really give in 13.6 to 13.8: losses of scores, with a part to replace."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import kl_of_logits
from kd_course.lessons.lesson13.slips import named

Function = Callable[..., Any]


# -- 13.6 Margin-MSE --------------------------------------------------------------------------


def leads(scores: Tensor) -> Tensor:
    """(questions, candidates - 1): how far the right passage is ahead of each wrong one."""
    return scores[:, :1] - scores[:, 1:]


def margins(
    student: Function = leads,
    teacher: Function = leads,
    *,
    apart: Function = lambda s, t: (s - t).square(),
    detached: bool = True,
    mean: Function = torch.mean,
) -> Function:
    """Margin-MSE, with a part replaced."""

    def loss(student_scores, teacher_scores):
        known = teacher_scores.detach() if detached else teacher_scores
        return mean(apart(student(student_scores), teacher(known)))

    return loss


def _as_last(scores):
    return scores[:, -1:] - scores[:, :-1]


def _hinge(student_scores, teacher_scores):
    return (1 - leads(student_scores)).clamp(min=0).square().mean()


MARGIN = named(
    {
        "the scores themselves are compared": (
            margins(lambda s: s, lambda t: t),
            "The two models' scores have neither zero nor unit in common. What can be compared?",
        ),
        "the margins have no sign": (
            margins(lambda s: leads(s).abs(), lambda t: leads(t).abs()),
            "A teacher may find a wrong passage better. Which margin is that?",
        ),
        "the teacher's margins are turned round": (
            margins(teacher=lambda t: -leads(t)),
            "For both: the right passage less the wrong one.",
        ),
        "the teacher's scores are squeezed into 0 to 1": (
            margins(teacher=lambda t: leads(t.sigmoid())),
            "A sigmoid leaves margins of at most 1. Distil logits.",
        ),
        "both models' scores are squeezed into 0 to 1": (
            margins(lambda s: leads(s.sigmoid()), lambda t: leads(t.sigmoid())),
            "A sigmoid leaves margins of at most 1. Distil logits.",
        ),
        "a softmax over the candidates comes first": (
            margins(lambda s: leads(s.softmax(-1)), lambda t: leads(t.softmax(-1))),
            "Scores are logits, and are compared as they are.",
        ),
        "the difference is not squared": (
            margins(apart=lambda s, t: (s - t).abs()),
            "A mean of squares is asked for.",
        ),
        "the pairs are summed, not averaged": (
            margins(mean=torch.sum),
            "A mean over the pairs is asked for.",
        ),
        "divided by the candidates, the right one counted": (
            margins(mean=lambda pairs: pairs.sum() / (pairs.numel() + len(pairs))),
            "How many pairs of a right and a wrong passage does a question have?",
        ),
        "a question's pairs are summed": (
            margins(mean=lambda pairs: pairs.sum(-1).mean()),
            "A mean over all pairs is asked for.",
        ),
        "the mean margin of a question is compared": (
            margins(
                lambda s: leads(s).mean(-1, keepdim=True), lambda t: leads(t).mean(-1, keepdim=True)
            ),
            "Each wrong passage has a margin of its own.",
        ),
        "only the best wrong passage is looked at": (
            margins(
                lambda s: leads(s).amin(-1, keepdim=True), lambda t: leads(t).amin(-1, keepdim=True)
            ),
            "Each wrong passage has a margin of its own.",
        ),
        "only the first wrong passage is looked at": (
            margins(lambda s: leads(s)[:, :1], lambda t: leads(t)[:, :1]),
            "Each wrong passage has a margin of its own.",
        ),
        "the last passage is taken for the right one": (
            margins(_as_last, _as_last),
            "The right passage stands first.",
        ),
        "the teacher is not detached": (
            margins(detached=False),
            "A teacher is not trained: what of its gradient?",
        ),
        "the student's margins are compared with 1, not with the teacher's": (
            _hinge,
            "That is a hinge: the labels teach, and the teacher says nothing.",
        ),
        "half of it": (
            margins(apart=lambda s, t: 0.5 * (s - t).square()),
            "A mean of squares is asked for, without a factor.",
        ),
    }
)


# -- 13.7 the listwise loss -------------------------------------------------------------------


def belief(student: Tensor, teacher: Tensor, a: float, b: float) -> tuple[Tensor, Tensor]:
    """What both models' scores stand for, as logits: the student's, the teacher's."""
    return student / a, teacher / b


def lists(
    at: Function = belief,
    *,
    rows: Function = lambda s, t: kl_of_logits(t, s),
    detached: bool = True,
    mean: Function = lambda rows, a, b: rows.mean(),
) -> Function:
    """The listwise KL, with a part replaced."""

    def loss(student_scores, teacher_scores, student_temperature, teacher_temperature):
        known = teacher_scores.detach() if detached else teacher_scores
        s, t = at(student_scores, known, student_temperature, teacher_temperature)
        return mean(rows(s, t), student_temperature, teacher_temperature)

    return loss


def without_entropy(s, t):
    return -(t.softmax(-1) * s.log_softmax(-1)).sum(-1)


def _over_questions(s, t):
    return kl_of_logits(t.T, s.T)


def _right_first(s, t):
    return F.cross_entropy(s, torch.zeros(len(s), dtype=torch.long), reduction="none")


def _teachers_choice(s, t):
    return F.cross_entropy(s, t.argmax(-1), reduction="none")


LISTS = named(
    {
        "the arguments of KL are swapped": (
            lists(rows=lambda s, t: kl_of_logits(s, t)),
            "Whose belief weighs the terms?",
        ),
        "the softmax runs over the questions": (
            lists(rows=_over_questions, mean=lambda rows, a, b: rows.mean()),
            "Among what does the teacher share its belief?",
        ),
        "the student's temperature is used for both": (
            lists(lambda s, t, a, b: (s / a, t / a)),
            "Each model has a temperature of its own.",
        ),
        "the teacher's temperature is used for both": (
            lists(lambda s, t, a, b: (s / b, t / b)),
            "Each model has a temperature of its own.",
        ),
        "the temperatures are exchanged": (
            lists(lambda s, t, a, b: (s / b, t / a)),
            "Which temperature is whose?",
        ),
        "scores are multiplied by the temperature": (
            lists(lambda s, t, a, b: (s * a, t * b)),
            "A higher temperature flattens.",
        ),
        "the temperatures are left out": (
            lists(lambda s, t, a, b: (s, t)),
            "Each model has a temperature of its own.",
        ),
        "T² of the student's temperature": (
            lists(mean=lambda rows, a, b: a * a * rows.mean()),
            "No factor is asked for.",
        ),
        "T² of the teacher's temperature": (
            lists(mean=lambda rows, a, b: b * b * rows.mean()),
            "No factor is asked for.",
        ),
        "the product of both temperatures as a factor": (
            lists(mean=lambda rows, a, b: a * b * rows.mean()),
            "No factor is asked for.",
        ),
        "the teacher's entropy is missing": (
            lists(rows=without_entropy),
            "This is a cross-entropy. What does it come to where both agree?",
        ),
        "divided by the candidates, too": (
            lists(
                rows=lambda s, t: kl_of_logits(t, s) / s.shape[-1],
            ),
            "F.kl_div's own mean divides by questions times candidates.",
        ),
        "the questions are summed": (
            lists(mean=lambda rows, a, b: rows.sum()),
            "A mean over the questions is asked for.",
        ),
        "the teacher is not detached": (
            lists(detached=False),
            "A teacher is not trained: what of its gradient?",
        ),
        "the label alone teaches: the right passage first": (
            lists(rows=_right_first),
            "What the teacher believes of the wrong passages is the lesson.",
        ),
        "the teacher's choice teaches": (
            lists(rows=_teachers_choice),
            "What the teacher is unsure of is lost by an argmax.",
        ),
        "one loss a question": (
            lists(mean=lambda rows, a, b: rows),
            "One number is asked for.",
        ),
    }
)


# -- 13.8 in-batch negatives ------------------------------------------------------------------


def repeats(ids: Tensor) -> Tensor:
    """(batch, batch), true where passage j has the text of question i's own, and is not that one."""
    same = ids[:, None] == ids[None, :]
    return same & ~torch.eye(len(ids), dtype=torch.bool)


def in_batch(
    out: Function = lambda questions, passages, ids: repeats(ids),
    *,
    scores: Function = lambda questions, passages: questions @ passages.T,
    excluded: float = -math.inf,
    rows: Function = lambda scores, ids: F.cross_entropy(
        scores, torch.arange(len(scores)), reduction="none"
    ),
    mean: Function = lambda rows, ids: rows.mean(),
) -> Function:
    """-log of the share that a question's own passage has, with a part replaced."""

    def loss(questions, passages, ids):
        found = scores(questions, passages).masked_fill(out(questions, passages, ids), excluded)
        return mean(rows(found, ids), ids)

    return loss


def dots(questions: Tensor, passages: Tensor) -> Tensor:
    return questions @ passages.T


def cosines(questions: Tensor, passages: Tensor) -> Tensor:
    """(batch, passages): the cosines, divided by 0.1."""
    return F.normalize(questions, dim=-1) @ F.normalize(passages, dim=-1).T / 0.1


def nothing(questions, passages, ids):
    return torch.zeros(len(ids), len(ids), dtype=torch.bool)


def _by_vectors(questions, passages, ids):
    same = (passages[:, None] == passages[None, :]).all(-1)
    return same & ~torch.eye(len(ids), dtype=torch.bool)


def _by_near_vectors(questions, passages, ids):
    near = torch.cdist(passages.detach(), passages.detach()) < 0.5
    return near & ~torch.eye(len(ids), dtype=torch.bool)


def _later_only(questions, passages, ids):
    return repeats(ids).triu()


def _earlier_only(questions, passages, ids):
    return repeats(ids).tril()


def all_right(scores, ids):
    """Every copy of the right text counts as right."""
    same = ids[:, None] == ids[None, :]
    right = scores.masked_fill(~same, -math.inf).logsumexp(-1)
    return scores.logsumexp(-1) - right


def _repeated_rows_left_out(rows, ids):
    counts = (ids[:, None] == ids[None, :]).sum(-1)
    kept = counts == 1
    return rows[kept].sum() / max(int(kept.sum()), 1)


def _without_own(scores, ids):
    """The right passage is not among those that the share is of."""
    own = torch.eye(len(scores), dtype=torch.bool)
    others = scores.masked_fill(own, -1e4).logsumexp(-1)
    return others - scores.diagonal()


IN_BATCH = named(
    {
        "a text that stands twice is its own wrong answer": (
            in_batch(nothing),
            "Two questions have the same passage. What is each of them told about the other's copy?",
        ),
        "repeated passages are told by their vectors": (
            in_batch(_by_vectors),
            "With dropout two vectors of one text differ. What tells them reliably?",
        ),
        "passages with nearly the same vector are taken for one text": (
            in_batch(_by_near_vectors),
            "Near is not the same. What tells two texts apart?",
        ),
        "only the copies further down are left out": (
            in_batch(_later_only),
            "A copy may stand above as well as below.",
        ),
        "only the copies further up are left out": (
            in_batch(_earlier_only),
            "A copy may stand above as well as below.",
        ),
        "copies get the score 0": (
            in_batch(excluded=0.0),
            "A score of 0 is a score: the softmax gives it a share.",
        ),
        "copies count as right, too": (
            in_batch(nothing, rows=all_right),
            "They are left out: neither right nor wrong.",
        ),
        "questions whose passage is repeated are left out": (
            in_batch(mean=_repeated_rows_left_out),
            "The copy is left out, not the question.",
        ),
        "the right passage is not in the sum below": (
            in_batch(rows=_without_own),
            "A share of what? The right passage is one of those that share.",
        ),
        "passages choose among questions": (
            in_batch(scores=lambda questions, passages: passages @ questions.T),
            "Of one question, the passages are compared: over which dimension?",
        ),
        "both directions are averaged": (
            lambda questions, passages, ids: (
                (in_batch()(questions, passages, ids) + in_batch()(passages, questions, ids)) / 2
            ),
            "A question looks for its passage, not the other way.",
        ),
        "vectors are made to have length 1": (
            in_batch(
                scores=lambda q, p: F.normalize(q, dim=-1) @ F.normalize(p, dim=-1).T,
            ),
            "A score is the dot product of the vectors as they are.",
        ),
        "scores are divided by the root of the width": (
            in_batch(scores=lambda q, p: q @ p.T / math.sqrt(q.shape[-1])),
            "A score is the dot product of the vectors as they are.",
        ),
        "the questions are summed": (
            in_batch(mean=lambda rows, ids: rows.sum()),
            "A mean over the questions is asked for.",
        ),
        "the share itself, not its logarithm": (
            in_batch(rows=lambda scores, ids: 1 - scores.softmax(-1).diagonal()),
            "-log of the share is asked for.",
        ),
        "one loss a question": (
            in_batch(mean=lambda rows, ids: rows),
            "One number is asked for.",
        ),
    }
)
