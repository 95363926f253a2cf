"""Lesson 10 under other conventions: how a loss is averaged, what α weighs, when a cache is cheaper."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from kd_course.exercises.slips import kl_of_logits, with_other_alpha
from kd_course.exercises.spec import Misconception
from kd_course.exercises.variants import Collection, slip_table, then
from kd_course.lessons.lesson10 import loss_slips as losses
from kd_course.lessons.lesson10.slips import smallest

variant = Collection()

# -- 10.2 the tail bucket ---------------------------------------------------------------------

_TAIL = """Compare teacher and student over $k + 1$ classes: the $k$ pieces in `ids`, of which `kept` holds the
    teacher's probabilities, and all other pieces together, for the teacher and for the student alike.
    `kept` may sum to one, or by rounding to a little more: then nothing is left for the last class. A
    student may be so sure that a probability is rounded to 0. The temperature is 1. Return
    $\\sum P \\log (P/Q)$"""


def _tail_slips(mean, *more):
    """The slips of a tail-bucket loss whose rows are brought together in another way."""
    rows = {
        "truncated: all other pieces are left out": losses.truncated,
        "the teacher alone is renormalised on the k best": losses.teacher_renormalised,
        "both are renormalised on the k best": losses.both_renormalised,
        "the student's mass of all others is forgotten": losses.students_rest_forgotten,
        "the teacher's entropy is missing": lambda p, log_q: -(p * log_q).sum(-1),
    }
    table = {name: losses.tail_loss(row, mean) for name, row in rows.items()}
    return (*slip_table("10.2", table), *more)


@variant(
    "10.2",
    "the loss is in bits",
    instead="the loss is in nats",
    statement=f"{_TAIL}, the mean over the rows, **in bits**: the logarithm is that to base 2.",
    adapt=then(lambda nats: nats / np.log(2)),
)
def tail_bucket_loss(student_logits, ids, kept):
    """KL(teacher ‖ student) over a teacher's k best pieces and "another piece", in bits.

    student_logits: (rows, classes); ids: (rows, k), class numbers, k < classes; kept: (rows, k).
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_q = torch.log_softmax(student_logits, dim=1)
    inside = torch.zeros_like(log_q).scatter(1, ids, 1.0) > 0
    others = log_q.masked_fill(inside, -torch.inf).logsumexp(dim=1)
    rest = torch.clamp(1 - kept.sum(dim=1), min=0)
    nats = (torch.xlogy(kept, kept) - kept * log_q.gather(1, ids)).sum(dim=1)
    nats = nats + torch.xlogy(rest, rest) - rest * others
    return nats.mean() / np.log(2)
    ### END SOLUTION


@variant(
    "10.2",
    "the rows are summed",
    instead="the rows are averaged",
    statement=f"{_TAIL}, in nats, **summed over the rows**.",
    slips=_tail_slips(torch.sum),
)
def tail_bucket_loss(student_logits, ids, kept):
    """KL(teacher ‖ student) over a teacher's k best pieces and "another piece": the sum over rows.

    student_logits: (rows, classes); ids: (rows, k), class numbers, k < classes; kept: (rows, k).
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_q = torch.log_softmax(student_logits, dim=1)
    inside = torch.zeros_like(log_q).scatter(1, ids, 1.0) > 0
    others = log_q.masked_fill(inside, -torch.inf).logsumexp(dim=1)
    rest = torch.clamp(1 - kept.sum(dim=1), min=0)
    nats = (torch.xlogy(kept, kept) - kept * log_q.gather(1, ids)).sum(dim=1)
    return (nats + torch.xlogy(rest, rest) - rest * others).sum()
    ### END SOLUTION


@variant(
    "10.2",
    "one loss a row is returned",
    instead="the mean over the rows is returned",
    statement=f"{_TAIL} in nats, **one number a row**: (rows,).",
    slips=_tail_slips(lambda rows: rows),
)
def tail_bucket_loss(student_logits, ids, kept):
    """KL(teacher ‖ student) over a teacher's k best pieces and "another piece", row by row.

    student_logits: (rows, classes); ids: (rows, k), class numbers, k < classes; kept: (rows, k).
    Returns (rows,).
    """
    ### BEGIN SOLUTION
    log_q = torch.log_softmax(student_logits, dim=1)
    inside = torch.zeros_like(log_q).scatter(1, ids, 1.0) > 0
    others = log_q.masked_fill(inside, -torch.inf).logsumexp(dim=1)
    rest = torch.clamp(1 - kept.sum(dim=1), min=0)
    nats = (torch.xlogy(kept, kept) - kept * log_q.gather(1, ids)).sum(dim=1)
    return nats + torch.xlogy(rest, rest) - rest * others
    ### END SOLUTION


# -- 10.6 break-even --------------------------------------------------------------------------

_COSTS = """All costs are seconds a row. A live teacher is asked about every row in every epoch, at `ask`. With
    a cache it is asked about every row once, and the answer is written once, at `write`"""
_STEPS = "The student's own steps, at `step`, are the same in both."


@variant(
    "10.6",
    "just as cheap is cheap enough",
    instead="the cache has to be cheaper",
    statement=f"""
    {_COSTS}, before the first epoch, and read in every epoch, at `read`. {_STEPS} Return the smallest
    whole number of epochs for which the cache costs **as much or less**; None where it never does.
    """,
    slips=slip_table(
        "10.6",
        {
            "writing costs nothing": smallest(lambda e, a, w, r, s: e * (a - r) >= a),
            "reading costs nothing": smallest(lambda e, a, w, r, s: e * a >= a + w),
            "answers are read once, not in every epoch": smallest(
                lambda e, a, w, r, s: e * a >= a + w + r
            ),
            "answers are written in every epoch": smallest(
                lambda e, a, w, r, s: e * (a - r - w) >= a
            ),
        },
    ),
)
def break_even(ask, write, read, step):
    """From how many epochs on a cache costs no more than a live teacher.

    ask, write, read, step: int or float, seconds a row, none negative. Returns an int, or None.
    """
    ### BEGIN SOLUTION
    if ask <= read:
        return None
    return int(np.ceil((ask + write) / (ask - read)))
    ### END SOLUTION


@variant(
    "10.6",
    "the first epoch is live, and its answers are kept",
    instead="all rows are asked before the first epoch",
    statement=f"""
    {_COSTS}: the **first epoch is live and keeps its answers**, and every epoch after the first reads
    them, at `read`. {_STEPS} Return the smallest whole number of epochs for which the cache is cheaper in
    all, not just as cheap; None where it never is.
    """,
    slips=(
        *slip_table(
            "10.6",
            {
                "just as cheap counts as cheaper": smallest(
                    lambda e, a, w, r, s: (e - 1) * (a - r) >= w and a > r
                ),
                "reading costs nothing": smallest(lambda e, a, w, r, s: (e - 1) * a > w),
            },
        ),
        Misconception(
            "the epochs after the first are counted, without it",
            smallest(lambda e, a, w, r, s: e * (a - r) > w),
            hint="The first epoch is one of them.",
        ),
    ),
)
def break_even(ask, write, read, step):
    """From how many epochs on it is cheaper to keep a live teacher's answers of the first epoch.

    ask, write, read, step: int or float, seconds a row, none negative. Returns an int, or None.
    """
    ### BEGIN SOLUTION
    if ask <= read:
        return None
    epochs = 1
    while ask + write + (epochs - 1) * read >= epochs * ask:
        epochs += 1
    return epochs
    ### END SOLUTION


# -- 10.7 two peers ---------------------------------------------------------------------------

_PEERS = """Return the losses of both peers, first that of a, then that of b. The soft loss of a peer compares its
    own probabilities with the other's at temperature 1, the mean over all rows"""
_DETACHED = """While a peer teaches, it is a teacher: its loss must not move the other. A peer may be so sure that a
    probability is rounded to 0."""


def _peer_slips(**base):
    """The slips of two peers under another convention: what it changes stays, one thing is wrong."""
    soft = base.get("soft", lambda own, other, labels: losses.soft_of(own, other))
    table = {
        "the other peer is not detached": {**base, "detached": False},
        "each is taught by itself, or by the labels alone": {
            **base,
            "soft": lambda own, other, labels: soft(own, own.detach(), labels),
        },
        "the mean of both teaches": {
            **base,
            "soft": lambda own, other, labels: soft(
                own, ((own.detach().softmax(-1) + other.softmax(-1)) / 2).log(), labels
            ),
        },
        "the loss of b comes first": {**base, "give": lambda a, b: torch.stack([b, a])},
    }
    return slip_table("10.7", {name: losses.peers(**parts) for name, parts in table.items()})


@variant(
    "10.7",
    "α weighs the hard loss",
    instead="α weighs the soft loss",
    statement=f"""
    {_PEERS}: KL(other ‖ own); the hard loss is its cross-entropy with the labels, the mean over the rows
    that have one (a label of -100 is none), and 0 where no row has one. **α weighs the hard loss**, and
    1 − α the soft one. {_DETACHED}
    """,
    adapt=with_other_alpha,
    without=("α weighs the hard loss",),
)
def mutual_losses(logits_a, logits_b, labels, alpha):
    """What each of two peers has to lose.

    logits_a, logits_b: (rows, classes); labels: (rows,); alpha: weighs the hard loss.
    Returns (2,).
    """
    ### BEGIN SOLUTION
    found = []
    for own, other in ((logits_a, logits_b), (logits_b, logits_a)):
        log_q, log_p = F.log_softmax(own, 1), F.log_softmax(other.detach(), 1)
        soft = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
        hard = F.cross_entropy(own, labels, ignore_index=-100, reduction="sum")
        found.append((1 - alpha) * soft + alpha * hard / max(int((labels != -100).sum()), 1))
    return torch.stack(found)
    ### END SOLUTION


@variant(
    "10.7",
    "the soft loss is KL(own ‖ other)",
    instead="the soft loss is KL(other ‖ own)",
    statement=f"""
    {_PEERS}: **KL(own ‖ other)**, the reverse of what the lesson takes; the hard loss is its cross-entropy
    with the labels, the mean over the rows that have one (a label of -100 is none), and 0 where no row has
    one. α weighs the soft loss, 1 − α the hard one. {_DETACHED}
    """,
    slips=_peer_slips(soft=lambda own, other, labels: kl_of_logits(own, other).mean()),
)
def mutual_losses(logits_a, logits_b, labels, alpha):
    """What each of two peers has to lose, where its own belief weighs what it has to lose to the other.

    logits_a, logits_b: (rows, classes); labels: (rows,); alpha: weighs the soft loss.
    Returns (2,).
    """
    ### BEGIN SOLUTION
    found = []
    for own, other in ((logits_a, logits_b), (logits_b, logits_a)):
        log_q, log_p = F.log_softmax(own, 1), F.log_softmax(other.detach(), 1)
        soft = F.kl_div(log_p, log_q, reduction="batchmean", log_target=True)
        hard = F.cross_entropy(own, labels, ignore_index=-100, reduction="sum")
        found.append(alpha * soft + (1 - alpha) * hard / max(int((labels != -100).sum()), 1))
    return torch.stack(found)
    ### END SOLUTION


@variant(
    "10.7",
    "the hard loss is divided by the number of all rows",
    instead="the hard loss is a mean over the labelled rows",
    statement=f"""
    {_PEERS}: KL(other ‖ own); the hard loss is the sum of its cross-entropies with the labels, **divided by
    the number of all rows**: a row without a label (-100) adds 0 and is counted all the same. α weighs the
    soft loss, 1 − α the hard one. {_DETACHED}
    """,
    slips=_peer_slips(hard=losses.by_all_rows),
)
def mutual_losses(logits_a, logits_b, labels, alpha):
    """What each of two peers has to lose; both of its parts are divided by all rows.

    logits_a, logits_b: (rows, classes); labels: (rows,); alpha: weighs the soft loss.
    Returns (2,).
    """
    ### BEGIN SOLUTION
    found = []
    for own, other in ((logits_a, logits_b), (logits_b, logits_a)):
        log_q, log_p = F.log_softmax(own, 1), F.log_softmax(other.detach(), 1)
        soft = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
        hard = F.cross_entropy(own, labels, ignore_index=-100, reduction="sum")
        found.append(alpha * soft + (1 - alpha) * hard / len(labels))
    return torch.stack(found)
    ### END SOLUTION


# -- 10.8 the proxy ---------------------------------------------------------------------------

_PROXY = """`answers` are the classes that a black box chose. The hard part of a row is the student's cross-entropy
    with the answer, its soft part KL(proxy ‖ student), at temperature 1"""
_TRUST = "A row's weight is the probability that the proxy gives to the black box's answer."
_SURE = """The proxy is a teacher, and is not trained. A student may be so sure that a probability is rounded
    to 0."""


def _proxy_slips(**base):
    """The slips of a proxy's loss under another convention: what it changes stays, one thing is wrong."""
    changes = {
        "the proxy is trained, too": {"detached": False},
        "the arguments of KL are swapped": {
            "soft": lambda student, proxy: kl_of_logits(student, proxy)
        },
        "the answers alone teach": {
            "mix": lambda hard, soft, weight, alpha: (1 - alpha) * hard,
        },
        "the proxy alone teaches": {
            "mix": lambda hard, soft, weight, alpha: alpha * weight * soft,
        },
        "both parts are weighed": {
            "mix": lambda hard, soft, weight, alpha: weight * ((1 - alpha) * hard + alpha * soft),
        },
    }
    table = {name: losses.proxied(**{**base, **change}) for name, change in changes.items()}
    return slip_table("10.8", table)


@variant(
    "10.8",
    "α weighs the hard part",
    instead="α weighs the soft part",
    statement=f"""
    {_PROXY}. {_TRUST} Return the mean over the rows of **α times the hard part plus 1 − α times the weight
    times the soft part**; it divides by the number of rows. {_SURE}
    """,
    adapt=with_other_alpha,
    without=("α weighs the hard part",),
)
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    """The loss of a student of a black box and its proxy.

    student_logits, proxy_logits: (rows, classes); answers: (rows,); alpha: weighs the hard part.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_q, log_p = F.log_softmax(student_logits, 1), F.log_softmax(proxy_logits.detach(), 1)
    soft = F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    trust = log_p.gather(1, answers.unsqueeze(1)).squeeze(1).exp()
    return (alpha * hard + (1 - alpha) * trust * soft).mean()
    ### END SOLUTION


@variant(
    "10.8",
    "the rows' sum is divided by the sum of the weights",
    instead="the rows' sum is divided by the number of rows",
    statement=f"""
    {_PROXY}. {_TRUST} Add up, over the rows, (1 − α) times the hard part plus α times the weight times the
    soft part, and **divide by the sum of the weights**. {_SURE}
    """,
    slips=_proxy_slips(mean=lambda rows, weight: rows.sum() / weight.sum()),
)
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    """The loss of a student of a black box and its proxy, over the sum of the rows' weights.

    student_logits, proxy_logits: (rows, classes); answers: (rows,); alpha: weighs the soft part.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_q, log_p = F.log_softmax(student_logits, 1), F.log_softmax(proxy_logits.detach(), 1)
    soft = F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    trust = log_p.gather(1, answers.unsqueeze(1)).squeeze(1).exp()
    return ((1 - alpha) * hard + alpha * trust * soft).sum() / trust.sum()
    ### END SOLUTION


@variant(
    "10.8",
    "the weight is 1 where the proxy chooses the answer, else 0",
    instead="the weight is the probability that the proxy gives to the answer",
    statement=f"""
    {_PROXY}. A row's weight is **1 where the answer is the class that the proxy finds most probable, and 0
    elsewhere**. Return the mean over the rows of (1 − α) times the hard part plus α times the weight times
    the soft part; it divides by the number of rows. {_SURE}
    """,
    slips=_proxy_slips(weight=losses.same_choice),
)
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    """The loss of a student of a black box and its proxy, which is heard where it chooses as the box does.

    student_logits, proxy_logits: (rows, classes); answers: (rows,); alpha: weighs the soft part.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_q, log_p = F.log_softmax(student_logits, 1), F.log_softmax(proxy_logits.detach(), 1)
    soft = F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    heard = (proxy_logits.argmax(1) == answers).to(soft.dtype)
    return ((1 - alpha) * hard + alpha * heard * soft).mean()
    ### END SOLUTION


VARIANTS = tuple(variant)
