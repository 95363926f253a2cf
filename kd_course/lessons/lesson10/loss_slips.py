"""Wrong answers that people really give in 10.2, 10.7 and 10.8: losses, with a part to replace."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import IGNORED, kl_of_logits, mean_surprise, surprises
from kd_course.lessons.lesson10.slips import named

Function = Callable[..., Any]


# -- 10.2 the tail bucket ---------------------------------------------------------------------


def log_outside(log_q: Tensor, ids: Tensor) -> Tensor:
    """(rows, 1): the log of the mass outside ids."""
    inside = torch.zeros_like(log_q, dtype=torch.bool).scatter(-1, ids, True)
    return log_q.masked_fill(inside, -math.inf).logsumexp(-1, keepdim=True)


def bucketed(student_logits: Tensor, ids: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """P and log Q over k + 1 classes: (rows, k + 1), twice."""
    log_q = student_logits.log_softmax(-1)
    rest = (1 - kept.sum(-1, keepdim=True)).clamp(min=0)
    log_q = torch.cat([log_q.gather(-1, ids), log_outside(log_q, ids)], -1)
    return torch.cat([kept, rest], -1), log_q


def kl_terms(p: Tensor, log_q: Tensor) -> Tensor:
    return torch.xlogy(p, p) - p * log_q


def tail_loss(rows: Function = lambda p, log_q: kl_terms(p, log_q).sum(-1), mean=torch.mean):
    """The loss, of what rows(P, log Q) says a row."""

    def loss(student_logits, ids, kept):
        return mean(rows(*bucketed(student_logits, ids, kept)))

    return loss


def truncated(p, log_q):
    return kl_terms(p, log_q)[..., :-1].sum(-1)


def teacher_renormalised(p, log_q):
    kept = p[..., :-1] / p[..., :-1].sum(-1, keepdim=True)
    return kl_terms(kept, log_q[..., :-1]).sum(-1)


def both_renormalised(p, log_q):
    kept = p[..., :-1] / p[..., :-1].sum(-1, keepdim=True)
    return kl_terms(kept, log_q[..., :-1].log_softmax(-1)).sum(-1)


def students_rest_forgotten(p, log_q):
    return truncated(p, log_q) + torch.xlogy(p[..., -1], p[..., -1])


def _rest_counts_one(p, log_q):
    """The rest added as a class of its own to a truncated softmax of k + 1 logits: both twice."""
    return kl_terms(p, log_q)[..., :-1].sum(-1) + (p[..., -1] - log_q[..., -1].exp()).abs()


def _swapped(p, log_q):
    q = log_q.exp()
    return (q * (log_q - p.clamp(min=1e-12).log())).sum(-1)


def _students_best(student_logits, ids, kept):
    best = student_logits.topk(ids.shape[-1], -1).indices
    return tail_loss()(student_logits, best, kept)


def _spread_evenly(student_logits, ids, kept):
    log_q = student_logits.log_softmax(-1)
    others = log_q.shape[-1] - ids.shape[-1]
    rest = (1 - kept.sum(-1, keepdim=True)).clamp(min=0) / others
    p = rest.expand_as(log_q).scatter(-1, ids, kept)
    return kl_terms(p, log_q).sum(-1).mean()


def _over_rows(student_logits, ids, kept):
    log_q = student_logits.log_softmax(0)
    p, _ = bucketed(student_logits, ids, kept)
    log_q = torch.cat([log_q.gather(-1, ids), log_outside(log_q, ids)], -1)
    return kl_terms(p, log_q).sum(-1).mean()


def _ids_in_order(student_logits, ids, kept):
    """The first k pieces in place of those in ids."""
    first = torch.arange(ids.shape[-1]).expand_as(ids)
    return tail_loss()(student_logits, first, kept)


_FORGOTTEN = "The last class stands for all other pieces: on which of the two sides does it lack?"

TAIL = named(
    {
        "truncated: all other pieces are left out": (tail_loss(truncated), _FORGOTTEN),
        "the teacher alone is renormalised on the k best": (
            tail_loss(teacher_renormalised),
            "What would a student learn of pieces outside ids from that?",
        ),
        "both are renormalised on the k best": (
            tail_loss(both_renormalised),
            "What would a student learn from that about how much lies outside ids?",
        ),
        "the student's mass of all others is forgotten": (
            tail_loss(students_rest_forgotten),
            _FORGOTTEN,
        ),
        "the masses of all others are subtracted, not compared as a class": (
            tail_loss(_rest_counts_one),
            "The last class has a term like each of the others.",
        ),
        "the k best of the student, not of the teacher": (
            _students_best,
            "Which pieces do the kept probabilities belong to?",
        ),
        "the first k pieces, not those in ids": (
            _ids_in_order,
            "ids says which pieces the kept probabilities belong to.",
        ),
        "the teacher's rest is spread over all other pieces": (
            _spread_evenly,
            "One class for all others, not one for each.",
        ),
        "the arguments of KL are swapped": (
            tail_loss(_swapped),
            "Whose belief weighs the terms?",
        ),
        "the teacher's entropy is missing": (
            tail_loss(lambda p, log_q: -(p * log_q).sum(-1)),
            "This is a cross-entropy. What does it come to where student and teacher agree?",
        ),
        "the rows are summed, not averaged": (
            tail_loss(mean=torch.sum),
            "A mean over the rows is asked for.",
        ),
        "divided by the classes, too": (
            tail_loss(kl_terms),
            "The terms of a row are summed; the mean is over rows.",
        ),
        "the softmax runs over the rows": (_over_rows, "Which dimension holds the classes?"),
        "one loss a row": (
            tail_loss(mean=lambda rows: rows),
            "One number is asked for.",
        ),
    }
)


# -- 10.7 two peers ---------------------------------------------------------------------------


def soft_of(own: Tensor, other: Tensor) -> Tensor:
    """KL(other ‖ own), the mean over rows."""
    return kl_of_logits(other, own).mean()


def peers(
    soft: Function = lambda own, other, labels: soft_of(own, other),
    hard: Function = lambda own, labels: mean_surprise(own, labels),
    *,
    detached: bool = True,
    weigh: Function = lambda soft, hard, alpha: alpha * soft + (1 - alpha) * hard,
    give: Function = lambda a, b: torch.stack([a, b]),
) -> Function:
    """Both losses, with a part replaced: soft(own, other, labels), hard(own, labels)."""

    def losses(logits_a, logits_b, labels, alpha):
        def one(own, other):
            other = other.detach() if detached else other
            return weigh(soft(own, other, labels), hard(own, labels), alpha)

        return give(one(logits_a, logits_b), one(logits_b, logits_a))

    return losses


def _mean_teaches(own, other, labels):
    both = (own.detach().softmax(-1) + other.softmax(-1)) / 2
    return kl_of_logits(both.log(), own).mean()


def _mean_of_logits_teaches(own, other, labels):
    return kl_of_logits((own.detach() + other) / 2, own).mean()


def _labelled_soft(own, other, labels):
    counts = labels != IGNORED
    return kl_of_logits(other, own)[counts].sum() / counts.sum().clamp(min=1)


def by_all_rows(own, labels):
    return surprises(own, labels).sum() / len(labels)


def _one_direction(logits_a, logits_b, labels, alpha):
    """b teaches a, and a's loss is b's as well, but for the labels."""
    soft = soft_of(logits_a, logits_b.detach())
    return torch.stack(
        [alpha * soft + (1 - alpha) * mean_surprise(z, labels) for z in (logits_a, logits_b)]
    )


def _choice_teaches(own, other, labels):
    return F.cross_entropy(own, other.argmax(-1))


MUTUAL = named(
    {
        "the other peer is not detached": (
            peers(detached=False),
            "While it teaches it is a teacher: what of its gradient?",
        ),
        "the arguments of KL are swapped": (
            peers(lambda own, other, labels: kl_of_logits(own, other).mean()),
            "Whose belief weighs the terms, the teacher's or the learner's?",
        ),
        "both directions are added": (
            peers(lambda own, other, labels: soft_of(own, other) + kl_of_logits(own, other).mean()),
            "One KL a peer: from the one that teaches.",
        ),
        "both have the same soft loss": (
            _one_direction,
            "In the second loss, who teaches whom?",
        ),
        "the mean of both teaches": (
            peers(_mean_teaches),
            "Of two peers, the other one teaches; its own opinion a peer knows.",
        ),
        "the mean of both logits teaches": (
            peers(_mean_of_logits_teaches),
            "Of two peers, the other one teaches; its own opinion a peer knows.",
        ),
        "the other's choice teaches, not its probabilities": (
            peers(_choice_teaches),
            "What the other is unsure of is lost by an argmax.",
        ),
        "the other's entropy is missing": (
            peers(
                lambda own, other, labels: -(other.softmax(-1) * own.log_softmax(-1)).sum(-1).mean()
            ),
            "This is a cross-entropy. What does it come to where both agree?",
        ),
        "the soft loss is summed over the rows": (
            peers(lambda own, other, labels: kl_of_logits(other, own).sum()),
            "A mean over the rows is asked for.",
        ),
        "the soft loss is divided by the classes, too": (
            peers(lambda own, other, labels: soft_of(own, other) / own.shape[-1]),
            "F.kl_div's own mean divides by rows times classes.",
        ),
        "rows without a label are left out of the soft loss": (
            peers(_labelled_soft),
            "A row without a label still has a peer's opinion.",
        ),
        "the hard loss is divided by all rows": (
            peers(hard=by_all_rows),
            "The mean over the rows that have a label.",
        ),
        "α weighs the hard loss": (
            peers(weigh=lambda soft, hard, alpha: (1 - alpha) * soft + alpha * hard),
            "The exercise's text says which part α weighs.",
        ),
        "the parts are added, α is ignored": (
            peers(weigh=lambda soft, hard, alpha: soft + hard),
            "The two parts have weights.",
        ),
        "each is taught by itself, or by the labels alone": (
            peers(lambda own, other, labels: soft_of(own, own.detach())),
            "KL of a model from itself is 0, and its gradient too: who is the other?",
        ),
        "the peers alone teach": (
            peers(weigh=lambda soft, hard, alpha: alpha * soft),
            "Then two beginners teach one another, and nobody knows anything.",
        ),
        "the loss of b comes first": (
            peers(give=lambda a, b: torch.stack([b, a])),
            "First that of a, then that of b.",
        ),
        "both losses in one": (
            peers(give=lambda a, b: a + b),
            "Two numbers are asked for, one a peer.",
        ),
    }
)


# -- 10.8 the proxy ---------------------------------------------------------------------------


def agreement(student: Tensor, proxy: Tensor, answers: Tensor) -> Tensor:
    """(rows,): the probability that the proxy gives to the black box's answer."""
    return proxy.softmax(-1).gather(-1, answers[:, None])[:, 0]


def proxied(
    weight: Function = agreement,
    soft: Function = lambda student, proxy: kl_of_logits(proxy, student),
    *,
    detached: bool = True,
    mix: Function = lambda hard, soft, weight, alpha: (1 - alpha) * hard + alpha * weight * soft,
    mean: Function = lambda rows, weight: rows.mean(),
) -> Function:
    """The loss, with a part replaced."""

    def loss(student_logits, proxy_logits, answers, alpha):
        proxy = proxy_logits.detach() if detached else proxy_logits
        trust = weight(student_logits, proxy, answers)
        hard = surprises(student_logits, answers)
        return mean(mix(hard, soft(student_logits, proxy), trust, alpha), trust)

    return loss


def normalised_weights(hard, soft, weight, alpha):
    """The soft part's weights made to have the mean 1."""
    return (1 - alpha) * hard + alpha * weight / weight.mean() * soft


def same_choice(student, proxy, answers):
    return (proxy.argmax(-1) == answers).to(proxy.dtype)


PROXY = named(
    {
        "the soft part is not weighed": (
            proxied(mix=lambda hard, soft, weight, alpha: (1 - alpha) * hard + alpha * soft),
            "Where the proxy disagrees with the black box, how much is it to be believed?",
        ),
        "the hard part is weighed": (
            proxied(
                mix=lambda hard, soft, weight, alpha: (1 - alpha) * weight * hard + alpha * soft
            ),
            "The answer is the black box's own. Whose word is to be doubted?",
        ),
        "both parts are weighed": (
            proxied(
                mix=lambda hard, soft, weight, alpha: weight * ((1 - alpha) * hard + alpha * soft)
            ),
            "The answer is the black box's own: it needs no weight.",
        ),
        "weighed by how far the proxy disagrees": (
            proxied(lambda student, proxy, answers: 1 - agreement(student, proxy, answers)),
            "Is a proxy to be believed the more, or the less, where it gives the answer little?",
        ),
        "weighed by the student's agreement": (
            proxied(lambda student, proxy, answers: agreement(student, student, answers).detach()),
            "Whose agreement with the black box says whether the proxy is to be trusted?",
        ),
        "weighed by the student's agreement, and trained by way of it": (
            proxied(lambda student, proxy, answers: agreement(student, student, answers)),
            "Whose agreement with the black box says whether the proxy is to be trusted?",
        ),
        "weighed by the proxy's largest probability": (
            proxied(lambda student, proxy, answers: proxy.softmax(-1).amax(-1)),
            "How sure the proxy is, and whether it agrees, are two things.",
        ),
        "weighed by whether the proxy chooses the answer": (
            proxied(same_choice),
            "A probability is asked for, not yes or no.",
        ),
        "weighed by the logarithm of the agreement": (
            proxied(lambda student, proxy, answers: agreement(student, proxy, answers).log()),
            "A probability is asked for; its logarithm is below 0.",
        ),
        "divided by the sum of the weights": (
            proxied(mean=lambda rows, weight: rows.sum() / weight.sum()),
            "The statement says by what the mean divides.",
        ),
        "the soft part's weights are made to have the mean 1": (
            proxied(mix=normalised_weights),
            "The statement says by what the mean divides.",
        ),
        "the mean weight weighs all rows": (
            proxied(
                mix=lambda hard, soft, weight, alpha: (
                    (1 - alpha) * hard + alpha * weight.mean() * soft
                )
            ),
            "Every row has a weight of its own.",
        ),
        "the arguments of KL are swapped": (
            proxied(soft=lambda student, proxy: kl_of_logits(student, proxy)),
            "Whose belief weighs the terms, the teacher's or the learner's?",
        ),
        "the proxy's entropy is missing": (
            proxied(
                soft=lambda student, proxy: -(proxy.softmax(-1) * student.log_softmax(-1)).sum(-1)
            ),
            "This is a cross-entropy. What does it come to where both agree?",
        ),
        "the proxy is trained, too": (
            proxied(detached=False),
            "The proxy is a teacher: what of its gradient?",
        ),
        "α weighs the hard part": (
            proxied(
                mix=lambda hard, soft, weight, alpha: alpha * hard + (1 - alpha) * weight * soft
            ),
            "The exercise's text says which part α weighs.",
        ),
        "the rows are summed": (
            proxied(mean=lambda rows, weight: rows.sum()),
            "A mean over the rows is asked for.",
        ),
        "the soft part is divided by the classes": (
            proxied(soft=lambda student, proxy: kl_of_logits(proxy, student) / student.shape[-1]),
            "F.kl_div's own mean divides by rows times classes.",
        ),
        "the answers alone teach": (
            proxied(mix=lambda hard, soft, weight, alpha: (1 - alpha) * hard),
            "What has the proxy been trained for?",
        ),
        "the proxy alone teaches": (
            proxied(mix=lambda hard, soft, weight, alpha: alpha * weight * soft),
            "The black box's answers are there, too.",
        ),
        "one loss a row": (
            proxied(mean=lambda rows, weight: rows),
            "One number is asked for.",
        ),
    }
)
