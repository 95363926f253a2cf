"""Lesson 11 under other conventions: how weights are scaled, how rows are brought together, how T falls."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from kd_course.exercises.slips import kl_of_logits
from kd_course.exercises.variants import Collection, slip_table
from kd_course.lessons.lesson11 import loss_slips as slips

variant = Collection()

# -- 11.3 weights -----------------------------------------------------------------------------

_SURE = """at temperature 1. A teacher may be so sure that a probability is rounded to 0."""


def _summing_to_one(values):
    return slips.averaging_one(values) / len(values)


@variant(
    "11.3",
    "the weights sum to 1",
    instead="the weights average 1",
    statement=f"""
    Return each row's weight: in proportion to its certainty, $1 - H/\\log C$, and scaled so that the
    weights of all rows **sum to 1**. Where the certainties sum to less than 1e-6, every row weighs the
    same. The entropy $H$ is taken {_SURE}
    """,
    slips=slip_table(
        "11.3",
        {
            "the entropy is not divided by its largest value": slips.weights_of(
                lambda z: 1 - slips.entropies(z), _summing_to_one
            ),
            "divided by the number of classes, not by its logarithm": slips.weights_of(
                lambda z: 1 - slips.entropies(z) / z.shape[-1], _summing_to_one
            ),
            "unsure rows weigh more": slips.weights_of(
                lambda z: slips.entropies(z) / math.log(z.shape[-1]), _summing_to_one
            ),
        },
    ),
    hint="First how sure each row is, between 0 and 1. Then divide by one number. Which rows leave nothing "
    "to divide by?",
)
def sure_rows_weigh_more(teacher_logits):
    """A share for every row, all of them together 1: the surer the teacher, the more.

    teacher_logits: (rows, classes). Returns (rows,).
    """
    ### BEGIN SOLUTION
    entropy = torch.special.entr(torch.softmax(teacher_logits, 1)).sum(1)
    sure = 1 - entropy / math.log(teacher_logits.shape[1])
    if sure.sum() < 1e-6:
        return torch.full_like(sure, 1 / len(sure))
    return sure / sure.sum()
    ### END SOLUTION


@variant(
    "11.3",
    "unsure rows weigh more",
    instead="sure rows weigh more",
    statement=f"""
    Return each row's weight: in proportion to its **uncertainty**, $H/\\log C$, and scaled so that the
    weights average 1. The entropy $H$ is taken {_SURE}
    """,
    slips=slip_table(
        "11.3",
        {
            "the weights are not scaled": (
                slips.weights_of(lambda z: slips.entropies(z) / math.log(z.shape[-1]), lambda v: v),
                "What do the weights of n rows have to sum to, so that they average 1?",
            ),
            "the largest weight is 1": (
                slips.weights_of(slips.entropies, lambda v: v / v.max()),
                "What do the weights of n rows have to sum to, so that they average 1?",
            ),
            "softmax over the rows": (
                slips.weights_of(lambda z: slips.entropies(z, 0)),
                "Each row is a distribution of its own.",
            ),
        },
    ),
    hint="The entropy of every row, then one number for all rows that makes them average 1.",
)
def sure_rows_weigh_more(teacher_logits):
    """A weight for every row: the less sure the teacher, the more (whatever the function is called).

    teacher_logits: (rows, classes). Returns (rows,).
    """
    ### BEGIN SOLUTION
    entropy = torch.special.entr(torch.softmax(teacher_logits, 1)).sum(1)
    return entropy / entropy.mean()
    ### END SOLUTION


@variant(
    "11.3",
    "a row's certainty is its largest probability",
    instead="a row's certainty is 1 − H/log C",
    statement=f"""
    Return each row's weight: in proportion to the teacher's **largest probability** and scaled so that the
    weights average 1. Probabilities are taken {_SURE}
    """,
    slips=slip_table(
        "11.3",
        {
            "the weights are not scaled": slips.weights_of(
                lambda z: z.softmax(-1).amax(-1), lambda v: v
            ),
            "the largest weight is 1": slips.weights_of(
                lambda z: z.softmax(-1).amax(-1), lambda v: v / v.max()
            ),
            "softmax over the rows": slips.weights_of(lambda z: z.softmax(0).amax(-1)),
        },
    ),
    hint="One probability of each row, then one number for all rows that makes them average 1.",
)
def sure_rows_weigh_more(teacher_logits):
    """A weight for every row: the more probable the teacher finds its choice, the more.

    teacher_logits: (rows, classes). Returns (rows,).
    """
    ### BEGIN SOLUTION
    largest = torch.softmax(teacher_logits, 1).amax(1)
    return largest / largest.mean()
    ### END SOLUTION


# -- 11.4 a temperature a row -----------------------------------------------------------------

_OWN_T = """Row i has the temperature `temperatures[i]`, for the student and for the teacher; $p_i$ is the
    teacher's and $q_i$ the student's distribution at that temperature"""
_TEACHER = """The teacher is not trained. Teacher or student may be so sure that a probability is rounded
    to 0."""


def _row_slips(rows=slips.soft_rows, mean=torch.mean):
    """The slips of a row-wise loss under another convention: what it changes stays, one thing is wrong."""
    table = {
        "T² is missing": slips.row_wise(rows, lambda nats, t: nats, mean),
        "T in place of T²": slips.row_wise(rows, lambda nats, t: t * nats, mean),
        "T² stands outside the mean, as the mean of T²": slips.row_wise(
            rows, lambda nats, t: (t**2).mean() * nats, mean
        ),
        "the logits are multiplied by T": slips.row_wise(
            lambda s, z, t: rows(s, z, 1 / t), mean=mean
        ),
    }
    return slip_table("11.4", table)


def _reverse(student, teacher, temperatures):
    scale = temperatures[:, None]
    return kl_of_logits(student / scale, teacher.detach() / scale)


@variant(
    "11.4",
    "the rows are summed",
    instead="the rows are averaged",
    statement=f"""
    {_OWN_T}. Return the **sum over the rows** of $T_i^2\\,\\mathrm{{KL}}(p_i\\,\\|\\,q_i)$. {_TEACHER}
    """,
    slips=_row_slips(mean=torch.sum),
)
def row_wise_loss(student_logits, teacher_logits, temperatures):
    """T² KL(teacher ‖ student), each row at its own temperature: the sum over the rows, in nats.

    student_logits, teacher_logits: (rows, classes); temperatures: (rows,), above 0. Returns a scalar.
    """
    ### BEGIN SOLUTION
    t = temperatures.unsqueeze(1)
    log_q, log_p = (
        F.log_softmax(student_logits / t, 1),
        F.log_softmax(teacher_logits.detach() / t, 1),
    )
    return (t**2 * F.kl_div(log_q, log_p, reduction="none", log_target=True)).sum()
    ### END SOLUTION


@variant(
    "11.4",
    "the student's belief weighs: KL(student ‖ teacher)",
    instead="the teacher's belief weighs: KL(teacher ‖ student)",
    statement=f"""
    {_OWN_T}. Return the mean over the rows of $T_i^2\\,\\mathrm{{KL}}(q_i\\,\\|\\,p_i)$, **the reverse** of
    what the lesson takes. {_TEACHER}
    """,
    slips=_row_slips(_reverse),
)
def row_wise_loss(student_logits, teacher_logits, temperatures):
    """T² KL(student ‖ teacher), each row at its own temperature: the mean over the rows, in nats.

    student_logits, teacher_logits: (rows, classes); temperatures: (rows,), above 0. Returns a scalar.
    """
    ### BEGIN SOLUTION
    t = temperatures.unsqueeze(1)
    log_q, log_p = (
        F.log_softmax(student_logits / t, 1),
        F.log_softmax(teacher_logits.detach() / t, 1),
    )
    nats = F.kl_div(log_p, log_q, reduction="none", log_target=True).sum(1)
    return (temperatures**2 * nats).mean()
    ### END SOLUTION


@variant(
    "11.4",
    "one loss a row is returned",
    instead="the mean over the rows is returned",
    statement=f"""
    {_OWN_T}. Return $T_i^2\\,\\mathrm{{KL}}(p_i\\,\\|\\,q_i)$, **one number a row**: (rows,). {_TEACHER}
    """,
    slips=_row_slips(mean=lambda rows: rows),
)
def row_wise_loss(student_logits, teacher_logits, temperatures):
    """T² KL(teacher ‖ student) of every row, each at its own temperature, in nats.

    student_logits, teacher_logits: (rows, classes); temperatures: (rows,), above 0. Returns (rows,).
    """
    ### BEGIN SOLUTION
    t = temperatures.unsqueeze(1)
    log_q, log_p = (
        F.log_softmax(student_logits / t, 1),
        F.log_softmax(teacher_logits.detach() / t, 1),
    )
    return temperatures**2 * F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(1)
    ### END SOLUTION


# -- 11.5 the annealed temperature ------------------------------------------------------------


def _falling_by_a_factor(highest, done):
    return highest ** (1 - done)


def _rising(highest, done):
    return 1 + (highest - 1) * done


@variant(
    "11.5",
    "the same factor at every step",
    instead="the same amount at every step",
    statement="""
    Return the temperature of a training step. It is `highest` at the first step, 0, and 1 at the last of
    the `steps` steps; in between it is **divided by the same factor at every step**. Where there is a
    single step, it is 1. A step after the last still has temperature 1.
    """,
    slips=slip_table(
        "11.5",
        {
            "the last step does not get to 1: steps counts one too many": slips.annealed(
                lambda step, steps: step / steps if steps > 1 else 1.0, _falling_by_a_factor
            ),
            "the first step has moved already: steps are counted from 1": slips.annealed(
                lambda step, steps: (step + 1) / steps, _falling_by_a_factor
            ),
            "halfway it is at 1": slips.annealed(
                lambda step, steps: 2 * slips.straight(step, steps), _falling_by_a_factor
            ),
        },
    ),
    hint="How far the training is, as a share: 0 at the first step, 1 at the last. Then a power. Try one step, "
    "and one too many.",
)
def annealed(step, steps, highest):
    """The temperature at a step of the optimiser: it falls from highest to 1 by one factor a step.

    step: an int, counted from 0; steps: an int, how many there are; highest: a number above 1.
    Returns a float.
    """
    ### BEGIN SOLUTION
    left = max(0, steps - 1 - step)
    return highest ** (left / (steps - 1)) if left else 1.0
    ### END SOLUTION


@variant(
    "11.5",
    "it rises from 1",
    instead="it falls to 1",
    statement="""
    Return the temperature of a training step. It is **1 at the first step, 0, and `highest` at the last** of
    the `steps` steps; in between it rises by the same amount at every step. Where there is a single step,
    it is `highest`. A step after the last still has `highest`.
    """,
    slips=slip_table(
        "11.5",
        {
            "the last step does not get there: steps counts one too many": (
                slips.annealed(lambda step, steps: step / steps if steps > 1 else 1.0, _rising),
                "Steps are numbered from 0: which number has the last of 5?",
            ),
            "the first step has moved already: steps are counted from 1": (
                slips.annealed(lambda step, steps: (step + 1) / steps, _rising),
                "At step 0 the temperature is 1.",
            ),
            "in whole numbers": (
                slips.annealed(slips.straight, lambda highest, done: round(_rising(highest, done))),
                "A temperature need not be whole.",
            ),
        },
    ),
    hint="How far the training is, as a share: 0 at the first step, 1 at the last. Then what is added to 1. Try "
    "one step, and one too many.",
)
def annealed(step, steps, highest):
    """The temperature at a step of the optimiser: it rises in a straight line from 1 to highest.

    step: an int, counted from 0; steps: an int, how many there are; highest: a number above 1.
    Returns a float.
    """
    ### BEGIN SOLUTION
    left = max(0, steps - 1 - step)
    return highest - (highest - 1) * left / (steps - 1) if left else highest
    ### END SOLUTION


@variant(
    "11.5",
    "1 is reached one step after the last",
    instead="1 is reached at the last step",
    statement="""
    Return the temperature of a training step. It is `highest` at the first step, 0, and falls by the same
    amount at every step, so that it would reach 1 at **the step after the last**, number `steps`. From
    there on it is 1. Where there is a single step, it is `highest`.
    """,
    slips=slip_table(
        "11.5",
        {
            "it falls to 0, not to 1": (
                lambda step, steps, highest: highest * max(0.0, 1 - step / steps),
                "At temperature 0 a softmax divides by 0. What is its last value to be?",
            ),
            "highest is added to 1": (
                lambda step, steps, highest: 1 + highest * max(0.0, 1 - step / steps),
                "At step 0 it is `highest`.",
            ),
            "in whole numbers": (
                lambda step, steps, highest: round(1 + (highest - 1) * max(0.0, 1 - step / steps)),
                "A temperature need not be whole.",
            ),
        },
    ),
    hint="How many of the steps are still to come, as a share of all? Try one step, and one too many.",
)
def annealed(step, steps, highest):
    """The temperature at a step of the optimiser: from highest in a straight line to 1 after the last.

    step: an int, counted from 0; steps: an int, how many there are; highest: a number above 1.
    Returns a float.
    """
    ### BEGIN SOLUTION
    return 1 + (highest - 1) * max(0, steps - step) / steps
    ### END SOLUTION


VARIANTS = tuple(variant)
