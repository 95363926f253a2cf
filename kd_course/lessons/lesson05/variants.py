"""Lesson 05 under other conventions: the shape of a schedule, the parts of a step, what teachers' mean is."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import math
from dataclasses import replace

import torch
import torch.nn.functional as F

from kd_course.exercises import find
from kd_course.exercises.slips import mixture, with_other_alpha
from kd_course.exercises.spec import Misconception
from kd_course.exercises.variants import Collection, slip_table, then_with, with_arguments

variant = Collection()

# -- 05.2 the schedule ------------------------------------------------------------------------

_UP_THEN_DOWN = """Steps are counted from 0. The rate is 0 at step 0 and rises on a straight line to `peak` at step
    `warmup`; from there it falls to 0 at step `total`"""


def _up(step, warmup):
    return step / warmup if step < warmup else 1.0


def _schedule(height, *, late=0, start=None, length=None, both=False, warm=True, bounded=True):
    """A warm-up and a way down of any shape, with the slips that can be made in it.

    height: the share of the peak when a share of the way down is done. late: what is added to the
    step. start, length: from where, and over how many steps, it falls, given (warmup, total).
    """

    def rate(step, warmup, total, peak):
        step = step + late
        begin = warmup if start is None else start(warmup, total)
        over = total - warmup if length is None else length(warmup, total)
        done = max(0.0, (step - begin) / over)
        down = height(min(1.0, done) if bounded else done)
        if both:
            return peak * _up(step, warmup) * down
        return peak * (step / warmup if warm and step < warmup else down)

    return rate


def _slips_of(height, end):
    """The slips of a schedule of this shape. end: where it comes down to, in words."""
    whole = {"start": lambda warmup, total: 0, "length": lambda warmup, total: total}
    return slip_table(
        "05.2",
        {
            "steps are counted from one": _schedule(height, late=1),
            "the rate never comes down": (
                _schedule(lambda done: 1.0),
                f"After the warm-up it falls, to {end} at `total`.",
            ),
            "the way down begins at step 0": _schedule(height, **whole),
            "the way down is as long as the whole training": _schedule(
                height, length=whole["length"]
            ),
            "warm-up and decay are multiplied": _schedule(height, both=True, **whole),
            "there is no warm-up": _schedule(height, warm=False),
        },
    )


def _cosine(done):
    return (1 + math.cos(math.pi * done)) / 2


@variant(
    "05.2",
    "the way down is half a cosine",
    instead="the way down is a straight line",
    statement=f"""
    {_UP_THEN_DOWN} along **half a cosine**,
    $\\tfrac12 (1 + \\cos \\pi x)$ with $x$ the share of the way down that is done, and stays 0
    afterwards. `warmup` may be 0.
    """,
    slips=(
        *_slips_of(_cosine, "0"),
        Misconception(
            "beyond the end it rises again",
            _schedule(_cosine, bounded=False),
            hint="A cosine comes back. Beyond the end the rate is 0.",
        ),
        Misconception(
            "a quarter of a cosine: it falls fastest at the end",
            _schedule(lambda done: math.cos(math.pi * done / 2)),
            hint="Level at the top *and* at the end.",
        ),
    ),
    hint="On the way up, which share of `warmup` is done? On the way down, which share of the steps from "
    "`warmup` to `total`? A cosine goes on beyond its half.",
    allowed="plain Python and math",
)
def learning_rate_at(step, warmup, total, peak):
    """The learning rate of a step, counted from 0: a straight line up, half a cosine down.

    step, warmup, total: whole numbers, warmup < total; peak: a float. Returns a float.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * (step / warmup)
    done = min(1.0, (step - warmup) / (total - warmup))
    return peak * 0.5 * (1.0 + math.cos(math.pi * done))
    ### END SOLUTION


def _to_a_tenth(done):
    return 1 - 0.9 * done


@variant(
    "05.2",
    "the rate falls to a tenth of the peak, not to 0",
    instead="the rate falls to 0",
    statement="""
    Steps are counted from 0. The rate is 0 at step 0, rises on a straight line to `peak` at step
    `warmup`, falls on a straight line to **a tenth of `peak`** at step `total`, and **stays there**
    afterwards. `warmup` may be 0.
    """,
    slips=(
        *_slips_of(_to_a_tenth, "a tenth of the peak"),
        Misconception(
            "it falls on the old line, and is held at a tenth of the peak",
            _schedule(lambda done: max(0.1, 1 - done)),
            hint="The straight line ends at a tenth, at `total`: it is less steep.",
        ),
        Misconception(
            "beyond the end it falls on",
            _schedule(_to_a_tenth, bounded=False),
            hint="Beyond the end the rate stays at a tenth of the peak.",
        ),
    ),
    hint="On the way up, which share of `warmup` is done? On the way down, how far is it from the peak to its "
    "tenth, and which share of that is done?",
)
def learning_rate_at(step, warmup, total, peak):
    """The learning rate of a step, counted from 0: a straight line up, another down to a tenth.

    step, warmup, total: whole numbers, warmup < total; peak: a float. Returns a float.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * (step / warmup)
    done = min(1.0, (step - warmup) / (total - warmup))
    return peak * (1.0 - 0.9 * done)
    ### END SOLUTION


def _squared(done):
    return (1 - done) ** 2


@variant(
    "05.2",
    "the way down is the square of a straight line",
    instead="the way down is a straight line",
    statement=f"""
    {_UP_THEN_DOWN} like **the square of what is left**,
    $(1 - x)^2$ with $x$ the share of the way down that is done (a *polynomial* schedule of power 2), and
    stays 0 afterwards. `warmup` may be 0.
    """,
    slips=(
        *_slips_of(_squared, "0"),
        Misconception(
            "beyond the end it rises again",
            _schedule(_squared, bounded=False),
            hint="The square of a negative number is positive. Beyond the end the rate is 0.",
        ),
        Misconception(
            "1 - x² in place of (1 - x)²",
            _schedule(lambda done: 1 - done**2),
            hint="What is left is squared, not what is done.",
        ),
    ),
    hint="On the way up, which share of `warmup` is done? On the way down, which share of the steps from "
    "`warmup` to `total` is left? A square is never negative.",
)
def learning_rate_at(step, warmup, total, peak):
    """The learning rate of a step, counted from 0: a straight line up, a parabola down.

    step, warmup, total: whole numbers, warmup < total; peak: a float. Returns a float.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * (step / warmup)
    left = max(0.0, (total - step) / (total - warmup))
    return peak * left * left
    ### END SOLUTION


# -- 05.4 the loss of a step in parts ---------------------------------------------------------


_IN_PARTS = """An optimiser step is made of several parts. Part i has `rows[i]` rows, of which `labelled[i]` have a
    label. You know `soft[i]`, the mean soft loss of all its rows, and `hard[i]`, the mean hard loss of
    those with a label; where none has one, `hard[i]` is 0.0. Return the loss of the step"""


def _weighted(values, counts):
    return sum(v * n for v, n in zip(values, counts))


def _soft_sum(soft, hard, rows, labelled):
    return _weighted(soft, rows)


def _hard_sum(soft, hard, rows, labelled):
    return _weighted(hard, labelled)


by_all_rows = then_with(lambda total, soft, hard, rows, *others: total / sum(rows))


def _hard_by_rows(soft, hard, rows, labelled):
    return _weighted(hard, rows)


@variant(
    "05.4",
    "α weighs the hard loss",
    instead="α weighs the soft loss",
    statement=f"""
    {_IN_PARTS}, what one large batch of all rows would have given, where **α
    weighs the hard loss** and 1 − α the soft one. Where no row of the whole step has a label, the hard
    part is 0.
    """,
    adapt=with_other_alpha,
    without=("α weighs", "alpha weighs", "Alpha weighs"),
)
def step_loss(soft, hard, rows, labelled, alpha):
    """The loss of a step that came in parts, as one large batch would have given it; α: the hard part.

    soft, hard: lists of floats, the parts' means; rows, labelled: lists of int. Returns a float.
    """
    ### BEGIN SOLUTION
    of_teacher = sum(a * b for a, b in zip(soft, rows))
    of_labels = sum(a * b for a, b in zip(hard, labelled))
    return (1 - alpha) * of_teacher / sum(rows) + alpha * of_labels / max(sum(labelled), 1)
    ### END SOLUTION


@variant(
    "05.4",
    "both parts are divided by all rows, labelled or not",
    instead="the hard part is divided by the labelled rows",
    statement=f"""
    {_IN_PARTS} for a loss that **divides both parts by the number of all rows**: a
    row without a label adds 0 to the hard part, and is counted all the same. α weighs the soft loss.
    """,
    slips=(
        Misconception(
            "the parts' means are averaged",
            lambda soft, hard, rows, labelled, alpha: (
                (alpha * sum(soft) + (1 - alpha) * sum(hard)) / len(soft)
            ),
            hint="A part of two rows must not weigh as much as a part of eight.",
        ),
        Misconception(
            "a part's hard loss is weighed by all of its rows",
            by_all_rows(mixture(_soft_sum, _hard_by_rows)),
            hint="How many rows does hard[i] speak for?",
        ),
        Misconception(
            "α weighs the hard loss",
            by_all_rows(with_other_alpha(mixture(_soft_sum, _hard_sum))),
            hint="The exercise's text says which part α weighs.",
        ),
    ),
    hint="From each part's mean you can get back to its sum; mind how many rows each mean speaks for.",
)
def step_loss(soft, hard, rows, labelled, alpha):
    """The loss of a step that came in parts; both kinds of loss are divided by all rows.

    soft, hard: lists of floats, the parts' means; rows, labelled: lists of int. Returns a float.
    """
    ### BEGIN SOLUTION
    of_teacher = sum(a * b for a, b in zip(soft, rows))
    of_labels = sum(a * b for a, b in zip(hard, labelled))
    return (alpha * of_teacher + (1 - alpha) * of_labels) / sum(rows)
    ### END SOLUTION


@variant(
    "05.4",
    "the losses of all rows are summed, not averaged",
    instead="the losses of all rows are averaged",
    statement=f"""
    {_IN_PARTS} as **a sum over the rows**: α times the sum of all rows' soft losses
    plus 1 − α times the sum of all labelled rows' hard losses.
    """,
    slips=(
        Misconception(
            "the parts' means are added",
            lambda soft, hard, rows, labelled, alpha: alpha * sum(soft) + (1 - alpha) * sum(hard),
            hint="What do the rows of a part of eight add up to, if their mean is 1?",
        ),
        Misconception(
            "a part's hard loss is weighed by all of its rows",
            mixture(_soft_sum, _hard_by_rows),
            hint="How many rows does hard[i] speak for?",
        ),
        Misconception(
            "α weighs the hard loss",
            with_other_alpha(mixture(_soft_sum, _hard_sum)),
            hint="The exercise's text says which part α weighs.",
        ),
        Misconception(
            "divided by the number of parts",
            then_with(lambda total, soft, *others: total / len(soft))(
                mixture(_soft_sum, _hard_sum)
            ),
            hint="Sums over rows: how the rows were cut into parts has no say.",
        ),
    ),
    hint="From each part's mean you can get back to its sum; mind how many rows each mean speaks for.",
)
def step_loss(soft, hard, rows, labelled, alpha):
    """The loss of a step that came in parts: a sum over its rows. α weighs the soft losses.

    soft, hard: lists of floats, the parts' means; rows, labelled: lists of int. Returns a float.
    """
    ### BEGIN SOLUTION
    of_teacher = sum(a * b for a, b in zip(soft, rows))
    of_labels = sum(a * b for a, b in zip(hard, labelled))
    return alpha * of_teacher + (1 - alpha) * of_labels
    ### END SOLUTION


# -- 05.7 an ensemble of teachers -------------------------------------------------------------


@variant(
    "05.7",
    "the mean is geometric: the teachers' log-probabilities are averaged",
    instead="the mean is arithmetic: the teachers' probabilities are averaged",
    statement="""
    Return, for each row, the log of the teachers' **geometric** mean, made to sum to one: average the
    teachers' **log-probabilities**, then normalise, so that the exponentials of each row sum to one
    again. (A teacher that finds a class impossible can veto it: weigh that against the mean of
    probabilities above.)
    """,
    slips=(
        Misconception(
            "the mean is not normalised: its exponentials sum to less than one",
            lambda logits: F.log_softmax(logits, dim=-1).mean(0),
            hint="Averaged logs are no logs of a distribution yet.",
        ),
        Misconception(
            "these are the raw logits' means",
            lambda logits: logits.mean(0),
            hint="Right up to a constant in each row; the exponentials must sum to one.",
        ),
        Misconception(
            "these are probabilities, not their logarithms",
            lambda logits: F.log_softmax(logits, dim=-1).mean(0).softmax(-1),
            hint="A loss takes logits; log-probabilities are logits, probabilities are not.",
        ),
        Misconception(
            "the log-probabilities are added, not averaged",
            lambda logits: F.log_softmax(logits, dim=-1).sum(0).log_softmax(-1),
            hint="A product of experts: with more teachers it grows surer. A mean does not.",
        ),
        Misconception(
            "softmax over the teachers, not over the classes",
            lambda logits: F.log_softmax(logits, dim=0).mean(0).log_softmax(-1),
            hint="Which dimension holds the classes?",
        ),
    ),
    hint="Stay with logarithms throughout. What makes the exponentials of a row sum to one?",
)
def ensemble_logits(logits):
    """The log of the teachers' geometric mean, normalised: logits of the ensemble.

    logits: (teachers, rows, classes). Returns (rows, classes); each row's exp sums to one.
    """
    ### BEGIN SOLUTION
    average = torch.log_softmax(logits, dim=2).mean(dim=0)
    return average - torch.logsumexp(average, dim=1, keepdim=True)
    ### END SOLUTION


@variant(
    "05.7",
    "the teachers stand in the last dimension",
    instead="the teachers stand in the first dimension",
    statement="""
    The teachers' logits come as **(rows, classes, teachers)**: the teachers stand **last**. Return the
    logarithm of the mean of their probabilities, for each row. Teachers may be very sure: a
    probability of $e^{-1000}$ is 0 in float32 and in float64, and its logarithm is not.
    """,
    adapt=with_arguments(lambda logits: (logits.movedim(-1, 0),)),
    cases=lambda random: [
        replace(case, args=(case.args[0].movedim(0, -1).contiguous(),))
        for case in find("05.7").cases(random)
    ],
    hint="Stay with logarithms from the first line to the last, and mind which dimension holds what.",
)
def ensemble_logits(logits):
    """The log of the mean of the teachers' probabilities: logits of the ensemble.

    logits: (rows, classes, teachers). Returns (rows, classes); each row's exp sums to one.
    """
    ### BEGIN SOLUTION
    each = torch.log_softmax(logits, dim=1)
    return each.logsumexp(dim=2) - math.log(logits.shape[2])
    ### END SOLUTION


def _halves(values):
    """The weighted mean over the first dimension: one half is the first one's."""
    return values[0] / 2 + values[1:].mean(0) / 2


@variant(
    "05.7",
    "the first teacher weighs as much as all others together",
    instead="all teachers weigh the same",
    statement="""
    Return the logarithm of a **weighted** mean of the teachers' probabilities, for each row: the **first**
    teacher weighs **one half**, the others share the other half evenly. (There are at least two.) Teachers
    may be very sure: a probability of $e^{-1000}$ is 0 in float32 and in float64, and its logarithm is
    not.
    """,
    slips=(
        Misconception(
            "the logits are averaged with these weights",
            _halves,
            hint="Probabilities are averaged here, not logits.",
        ),
        Misconception(
            "the log-probabilities are averaged with these weights",
            lambda logits: _halves(F.log_softmax(logits, -1)),
            hint="The mean is that of the probabilities; its logarithm comes last.",
        ),
        Misconception(
            "these are probabilities, not their logarithms",
            lambda logits: _halves(F.softmax(logits, -1)),
            hint="A loss takes logits; log-probabilities are logits, probabilities are not.",
        ),
        Misconception(
            "the logarithm of a probability that was rounded to zero",
            lambda logits: _halves(F.softmax(logits.float(), -1)).log(),
            hint="Which number that you compute on the way is too small for a float?",
        ),
        Misconception(
            "each of the others weighs one half as well",
            lambda logits: torch.logsumexp(F.log_softmax(logits, -1), 0) - math.log(2),
            hint="Do your weights add up to one with three teachers?",
        ),
    ),
    cases=lambda random: [c for c in find("05.7").cases(random) if len(c.args[0]) > 1],
    hint="Stay with logarithms: what is added to the log of a probability that counts one half?",
)
def ensemble_logits(logits):
    """The log of a weighted mean of the teachers' probabilities: one half is the first teacher's.

    logits: (teachers, rows, classes), at least two teachers. Returns (rows, classes); each row's
    exp sums to one.
    """
    ### BEGIN SOLUTION
    each = torch.log_softmax(logits, dim=2)
    others = each[1:].logsumexp(dim=0) - math.log(len(logits) - 1)
    return torch.logaddexp(each[0], others) - math.log(2)
    ### END SOLUTION


VARIANTS = tuple(variant)
