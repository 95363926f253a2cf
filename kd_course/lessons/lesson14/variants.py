"""Lesson 14 under other conventions: what a mean is taken over, whose β it is, what stands at its ends."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from kd_course.exercises.slips import mean_of_means
from kd_course.exercises.variants import Collection, slip_table, then
from kd_course.lessons.lesson14 import loss_slips as losses

variant = Collection()

# -- 14.1 the completion alone ----------------------------------------------------------------

_COUNTED = """Counted are the tokens of each completion up to its first `end`, that included. The tokens of the
    prompt are not counted, nor is what follows the first end. A completion without an end counts to its last
    token. A prompt may hold an `end`, too, which ends nothing. The logits at a position foretell the token at
    the next one. The teacher is not trained."""


def _completion_slips(mean):
    """The slips of a loss whose tokens are brought together in another way."""
    table = {
        "the prompt's tokens are counted": losses.of_positions(losses._with_prompt, mean=mean),
        "the padding is counted": losses.of_positions(losses._with_padding, mean=mean),
        "the end token is left out with the padding": losses.of_positions(
            losses._without_end, mean=mean
        ),
        "not shifted: the logits are those at the token itself": losses.of_positions(
            place=lambda counts: counts, mean=mean
        ),
        "the arguments of KL are swapped": losses.of_positions(kl=losses._reverse, mean=mean),
    }
    return slip_table("14.1", table)


@variant(
    "14.1",
    "the loss is in bits",
    instead="the loss is in nats",
    statement=f"""
    Return KL(teacher ‖ student) **in bits**, the mean over all counted tokens of the batch, at temperature 1:
    the logarithm is that to base 2. {_COUNTED}
    """,
    adapt=then(lambda nats: nats / math.log(2)),
)
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    """KL(teacher ‖ student) over what was written, in bits.

    student_logits, teacher_logits: (batch, length, vocabulary); input_ids: (batch, length);
    prompt_lengths: (batch,), how many tokens each prompt has; end: a token's number. Returns a scalar.
    """
    ### BEGIN SOLUTION
    total, tokens = 0.0, 0
    for z, t, ids, begin in zip(
        student_logits, teacher_logits, input_ids.tolist(), prompt_lengths.tolist(), strict=True
    ):
        stop = ids.index(end, begin) if end in ids[begin:] else len(ids) - 1
        q = z[begin - 1 : stop].log_softmax(-1)
        p = t[begin - 1 : stop].detach().log_softmax(-1)
        total = total + (p.exp() * (p - q)).sum()
        tokens += stop + 1 - begin
    return total / tokens / torch.log(torch.tensor(2.0))
    ### END SOLUTION


@variant(
    "14.1",
    "every text weighs the same",
    instead="every token weighs the same",
    statement=f"""
    Return KL(teacher ‖ student) in nats at temperature 1: of each completion the mean over its counted tokens,
    and of these **the mean over the texts**, so that a short completion weighs as much as a long one. {_COUNTED}
    """,
    slips=_completion_slips(mean_of_means),
    without=("a mean over sentences of their means",),
)
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    """KL(teacher ‖ student) over what was written, every text weighing the same.

    student_logits, teacher_logits: (batch, length, vocabulary); input_ids: (batch, length);
    prompt_lengths: (batch,), how many tokens each prompt has; end: a token's number. Returns a scalar.
    """
    ### BEGIN SOLUTION
    means = []
    for z, t, ids, begin in zip(
        student_logits, teacher_logits, input_ids.tolist(), prompt_lengths.tolist(), strict=True
    ):
        stop = ids.index(end, begin) if end in ids[begin:] else len(ids) - 1
        q = z[begin - 1 : stop].log_softmax(-1)
        p = t[begin - 1 : stop].detach().log_softmax(-1)
        means.append((p.exp() * (p - q)).sum(-1).mean())
    return torch.stack(means).mean()
    ### END SOLUTION


@variant(
    "14.1",
    "the tokens are summed",
    instead="the tokens are averaged",
    statement=f"""
    Return KL(teacher ‖ student) in nats at temperature 1, **summed over all counted tokens** of the batch.
    {_COUNTED}
    """,
    slips=_completion_slips(losses._sum),
)
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    """KL(teacher ‖ student) over what was written, summed over its tokens.

    student_logits, teacher_logits: (batch, length, vocabulary); input_ids: (batch, length);
    prompt_lengths: (batch,), how many tokens each prompt has; end: a token's number. Returns a scalar.
    """
    ### BEGIN SOLUTION
    total = 0.0
    for z, t, ids, begin in zip(
        student_logits, teacher_logits, input_ids.tolist(), prompt_lengths.tolist(), strict=True
    ):
        stop = ids.index(end, begin) if end in ids[begin:] else len(ids) - 1
        q = z[begin - 1 : stop].log_softmax(-1)
        p = t[begin - 1 : stop].detach().log_softmax(-1)
        total = total + (p.exp() * (p - q)).sum()
    return total
    ### END SOLUTION


# -- 14.3 between the two ---------------------------------------------------------------------

_ROWS = """in nats, the mean over the rows. The teacher is not trained. Both may be so sure of the same words that a
    probability is rounded to 0."""


def _jsd_slips(inner, ends=None):
    """The slips of a divergence between the two, under another convention."""
    zero = (losses._zero, losses._zero)

    def of_logs(p, q, beta):
        """The same, with a mixture of log-probabilities made to sum to one."""
        m = (beta * p + (1 - beta) * q).log_softmax(-1)
        return beta * losses.kl(p, m) + (1 - beta) * losses.kl(q, m)

    return slip_table(
        "14.3",
        {
            "β is ignored: always the symmetric one": losses.between(
                lambda p, q, beta: inner(p, q, 0.5), ends
            ),
            "the mixture is made of logits": losses.between(of_logs, ends),
            "a weighted sum of forward and reverse KL": losses.between(losses.weighted_sum, ends),
            "the rows are summed, not averaged": losses.between(inner, ends, torch.sum),
            **(
                {}
                if ends == zero
                else {"the ends are left to the formula: 0": losses.between(inner, zero)}
            ),
        },
    )


@variant(
    "14.3",
    "the weights are exchanged: the continuous convention",
    instead="the paper's weights",
    statement=f"""
    With $M = \\beta P + (1 - \\beta) Q$, teacher $P$ and student $Q$, return
    $(1 - \\beta)\\,\\mathrm{{KL}}(P\\,\\|\\,M) + \\beta\\,\\mathrm{{KL}}(Q\\,\\|\\,M)$ for `beta` between 0 and 1, {_ROWS}
    **Mind which weight stands where**: at 0 this is KL(teacher ‖ student), at 1 KL(student ‖ teacher).
    """,
    slips=_jsd_slips(losses.continuous),
)
def generalised_jsd(student_logits, teacher_logits, beta):
    """A divergence that runs from forward to reverse KL without a jump.

    student_logits, teacher_logits: (rows, classes); beta: 0 to 1. Returns a scalar.
    """
    ### BEGIN SOLUTION
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    share, rest = torch.tensor([beta, 1 - beta]).log()
    m = torch.logaddexp(p + share, q + rest)
    forward = F.kl_div(m, p, reduction="batchmean", log_target=True)
    reverse = F.kl_div(m, q, reduction="batchmean", log_target=True)
    return (1 - beta) * forward + beta * reverse
    ### END SOLUTION


@variant(
    "14.3",
    "β belongs to the student",
    instead="β belongs to the teacher",
    statement=f"""
    With $M = \\beta Q + (1 - \\beta) P$, teacher $P$ and student $Q$, return
    $\\beta\\,\\mathrm{{KL}}(Q\\,\\|\\,M) + (1 - \\beta)\\,\\mathrm{{KL}}(P\\,\\|\\,M)$ for `beta` between 0 and 1, {_ROWS}
    **β belongs to the student** here. At `beta` 0 return KL(student ‖ teacher), at 1 KL(teacher ‖ student).
    """,
    slips=_jsd_slips(losses.both_turned, (lambda p, q: losses.kl(q, p), losses.kl)),
)
def generalised_jsd(student_logits, teacher_logits, beta):
    """GKD's divergence with β on the student, and its ends.

    student_logits, teacher_logits: (rows, classes); beta: 0 to 1. Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_p, log_q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return (log_q.exp() * (log_q - log_p)).sum(-1).mean()
    if beta == 1:
        return (log_p.exp() * (log_p - log_q)).sum(-1).mean()
    share, rest = torch.tensor([beta, 1 - beta]).log()
    m = torch.logaddexp(log_q + share, log_p + rest)
    rows = beta * log_q.exp() * (log_q - m) + (1 - beta) * log_p.exp() * (log_p - m)
    return rows.sum(-1).mean()
    ### END SOLUTION


@variant(
    "14.3",
    "the ends are those of the formula",
    instead="the ends are treated apart",
    statement=f"""
    With $M = \\beta P + (1 - \\beta) Q$, teacher $P$ and student $Q$, return
    $\\beta\\,\\mathrm{{KL}}(P\\,\\|\\,M) + (1 - \\beta)\\,\\mathrm{{KL}}(Q\\,\\|\\,M)$ for `beta` from 0 to 1, {_ROWS}
    **Nothing is treated apart**: at both ends the loss is what the formula says, 0.
    """,
    slips=_jsd_slips(losses.paper, (losses._zero, losses._zero)),
)
def generalised_jsd(student_logits, teacher_logits, beta):
    """GKD's divergence as the formula has it, ends included.

    student_logits, teacher_logits: (rows, classes); beta: 0 to 1. Returns a scalar.
    """
    ### BEGIN SOLUTION
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    share, rest = torch.tensor([beta, 1 - beta]).log()
    m = torch.logaddexp(p + share, q + rest)
    forward = F.kl_div(m, p, reduction="batchmean", log_target=True)
    reverse = F.kl_div(m, q, reduction="batchmean", log_target=True)
    return beta * forward + (1 - beta) * reverse
    ### END SOLUTION


VARIANTS = tuple(variant)
