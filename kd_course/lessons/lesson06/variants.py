"""Lesson 06 under other conventions: which interval, which mean over the bins."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import torch

from kd_course.exercises.spec import Misconception
from kd_course.exercises.variants import Collection, slip_table, with_arguments

variant = Collection()

# -- 06.3 the paired bootstrap ----------------------------------------------------------------

_ROWS = (
    "`student` and `control` hold 1.0 for a right answer and 0.0 for a wrong one, row by row. "
    "`draws[i]` holds the row numbers of the i-th pretended test set."
)


def _quantiles(values, low=0.025, high=0.975):
    return torch.quantile(values.double(), torch.tensor([low, high], dtype=torch.float64))


def _of_draws(scores, draws):
    return scores.double()[draws].mean(-1)


def _ninety(values):
    return _quantiles(values, 0.05, 0.95)


def _slips_in_pairing(interval):
    """What goes wrong before an interval is taken of the drawn means' differences."""
    return {
        "student and control are drawn separately": lambda student, control, draws: interval(
            _of_draws(student, draws) - _of_draws(control, draws.flip(0))
        ),
        "this is control minus student": lambda student, control, draws: interval(
            _of_draws(control - student, draws)
        ),
    }


@variant(
    "06.3",
    "the interval is the 90 % interval",
    instead="the interval is the 95 % interval",
    statement=f"""
    {_ROWS} Return the ends of the **90 %** interval: the **5 % and 95 % quantiles** of the mean
    difference, student minus control.
    """,
    slips=slip_table(
        "06.3",
        {
            **_slips_in_pairing(_ninety),
            "this is the 80 % interval": (
                lambda student, control, draws: _quantiles(
                    _of_draws(student - control, draws), 0.1, 0.9
                ),
                "90 % leaves out 5 % on either side, 10 % in all.",
            ),
            "quantiles of single rows, not of means": (
                lambda student, control, draws: _ninety(student - control)
            ),
        },
    ),
)
def bootstrap_interval(student, control, draws):
    """The 90 % interval of the mean difference student - control over drawn test sets.

    student, control: (rows,); draws: (resamples, rows), row numbers. Returns (2,): low and high.
    """
    ### BEGIN SOLUTION
    gains = (student.double() - control.double())[draws].mean(dim=1)
    return torch.stack([gains.quantile(0.05), gains.quantile(0.95)])
    ### END SOLUTION


@variant(
    "06.3",
    "the difference is control minus student",
    instead="the difference is student minus control",
    statement=f"""
    {_ROWS} Return the 2.5 % and 97.5 % quantiles of how much the **control** is ahead: the mean
    difference **control minus student**. (Negative means that the student is better.)
    """,
    adapt=with_arguments(lambda student, control, draws: (control, student, draws)),
    without=("this is control minus student",),
)
def bootstrap_interval(student, control, draws):
    """The 95 % interval of the mean difference control - student over drawn test sets.

    student, control: (rows,); draws: (resamples, rows), row numbers. Returns (2,): low and high.
    """
    ### BEGIN SOLUTION
    losses = (control.double() - student.double())[draws].mean(dim=1)
    return torch.stack([losses.quantile(0.025), losses.quantile(0.975)])
    ### END SOLUTION


def _normal(values, *, width=1.96, correction=1):
    middle, spread = values.double().mean(), values.double().std(correction=correction)
    return torch.stack([middle - width * spread, middle + width * spread])


@variant(
    "06.3",
    "the interval is the mean ± 1.96 standard deviations",
    instead="the interval's ends are quantiles",
    statement=f"""
    {_ROWS} Return the **normal** interval: of the drawn mean differences, student minus control, take the
    mean **minus and plus 1.96 times their standard deviation** (divided by the number of draws less one,
    as `torch.std` has it). It is smoother than quantiles, and assumes that the differences are about
    normally distributed.
    """,
    slips=(
        *slip_table("06.3", _slips_in_pairing(_normal)),
        Misconception(
            "one standard deviation on either side",
            lambda student, control, draws: _normal(_of_draws(student - control, draws), width=1.0),
            hint="That holds about 68 % of a normal distribution.",
        ),
        Misconception(
            "the standard deviation of single rows, not of means",
            lambda student, control, draws: _normal(student - control),
            hint="The question is how the *mean* over a test set would vary: average each draw first.",
        ),
    ),
    hint="scores[draws] has shape (draws, rows): average each draw, then mean and .std() of those.",
)
def bootstrap_interval(student, control, draws):
    """A normal 95 % interval of the mean difference student - control over drawn test sets.

    student, control: (rows,); draws: (resamples, rows), row numbers.
    Returns (2,): the mean of the drawn differences minus and plus 1.96 standard deviations.
    """
    ### BEGIN SOLUTION
    gains = (student.double() - control.double())[draws].mean(dim=1)
    reach = 1.96 * gains.std()
    return gains.mean() + torch.stack([-reach, reach])
    ### END SOLUTION


# -- 06.5 calibration error -------------------------------------------------------------------

_BINS = (
    "Sort the rows into equal bins by confidence (the largest probability): a row with confidence c goes "
    "to bin int(c · bins), and to the last bin when c is 1. In each bin take the gap between mean "
    "confidence and accuracy."
)


def _gaps(probabilities, labels, bins, *, of_label=False):
    """(confidence − accuracy, share of the rows) of each bin that holds a row."""
    confidence, predicted = probabilities.double().max(-1)
    if of_label:
        confidence = probabilities.double()[torch.arange(len(labels)), labels]
    right = (predicted == labels).double()
    which = (confidence * bins).long().clamp(max=bins - 1)
    found = [which == b for b in which.unique()]
    gaps = torch.stack([confidence[rows].mean() - right[rows].mean() for rows in found])
    return gaps, torch.stack([rows.double().mean() for rows in found])


def _scored(score, **how):
    """A calibration error: score(gaps, shares of the rows), both (bins that hold a row,)."""
    return lambda probabilities, labels, bins: score(
        *_gaps(probabilities, labels, bins, **how)
    ).item()


def _at_the_label(score):
    return Misconception(
        "confidence is read off at the label, not at the prediction",
        _scored(score, of_label=True),
        hint="A model's confidence is what it gives to its own choice: the largest probability.",
    )


_ALL_ROWS = Misconception(
    "gaps of either sign cancel: the same as mean confidence less accuracy over all rows",
    lambda probabilities, labels, bins: (
        (
            (probabilities.max(-1).values.double().mean())
            - (probabilities.argmax(-1) == labels).double().mean()
        )
        .abs()
        .item()
    ),
    hint="A model can be too modest here and too sure there, and right on average: take each bin's gap.",
)


@variant(
    "06.5",
    "the largest gap of any bin is asked for",
    instead="the gaps are averaged",
    statement=f"""
    The **maximum** calibration error (MCE) puts that picture into one number for whoever fears the worst
    bin. {_BINS} Return the **largest absolute gap** of any bin that holds a row, however few rows it has.
    """,
    slips=(
        _ALL_ROWS,
        Misconception(
            "the largest gap where the model is too sure; too modest does not count",
            _scored(lambda gaps, shares: gaps.max()),
            hint="Take the absolute gap: too modest is a gap as well.",
        ),
        Misconception(
            "gaps are weighed by the share of rows before the largest is taken",
            _scored(lambda gaps, shares: (gaps * shares).abs().max()),
            hint="However few rows a bin holds, its gap counts in full.",
        ),
        _at_the_label(lambda gaps, shares: gaps.abs().max()),
    ),
)
def calibration_error(probabilities, labels, bins):
    """The largest gap between confidence and accuracy in any of several equal bins of confidence.

    probabilities: (rows, classes); labels: (rows,); bins: how many. Returns a float.
    """
    ### BEGIN SOLUTION
    surest, choice = probabilities.double().max(dim=1)
    hit = choice.eq(labels).double()
    place = torch.clamp((surest * bins).long(), max=bins - 1)
    gaps = [(surest - hit)[place == b].mean().abs() for b in place.unique()]
    return torch.stack(gaps).max().item()
    ### END SOLUTION


@variant(
    "06.5",
    "the root of the mean squared gap is asked for",
    instead="the mean of the absolute gaps",
    statement=f"""
    The **root mean square** calibration error puts that picture into one number that large gaps dominate.
    {_BINS} Average the **squared** gaps, weighted by the share of rows in the bin, and return the **square
    root** of that.
    """,
    slips=(
        _ALL_ROWS,
        Misconception(
            "the square root is missing",
            _scored(lambda gaps, shares: (gaps**2 * shares).sum()),
            hint="Averaged squares are no gap yet: take the root.",
        ),
        Misconception(
            "every bin counts the same, however few rows it holds",
            _scored(lambda gaps, shares: gaps.square().mean().sqrt()),
            hint="Weigh each bin's squared gap by its share of the rows.",
        ),
        _at_the_label(lambda gaps, shares: (gaps**2 * shares).sum().sqrt()),
    ),
    hint="For each bin the share of rows times the squared gap; the root of their sum.",
)
def calibration_error(probabilities, labels, bins):
    """The root mean square gap between confidence and accuracy over equal bins of confidence.

    probabilities: (rows, classes); labels: (rows,); bins: how many. Returns a float.
    """
    ### BEGIN SOLUTION
    surest, choice = probabilities.double().max(dim=1)
    hit = choice.eq(labels).double()
    place = torch.clamp((surest * bins).long(), max=bins - 1)
    gaps = torch.stack([(surest - hit)[place == b].mean() for b in place.unique()])
    shares = torch.bincount(place)[place.unique()] / len(labels)
    return (shares * gaps**2).sum().sqrt().item()
    ### END SOLUTION


@variant(
    "06.5",
    "every bin that holds a row counts the same",
    instead="a bin counts by its share of the rows",
    statement=f"""
    An **average** calibration error (ACE) puts that picture into one number in which rare confidences have
    a say. {_BINS} Return the **plain mean of the absolute gaps** over the bins that hold a row: every one
    of them **counts the same**, however few rows it has.
    """,
    slips=(
        _ALL_ROWS,
        Misconception(
            "empty bins count as a gap of zero",
            lambda probabilities, labels, bins: (
                _gaps(probabilities, labels, bins)[0].abs().sum().item() / bins
            ),
            hint="Of an empty bin nothing is known. Divide by how many bins hold a row.",
        ),
        Misconception(
            "gaps of opposite sign cancel",
            _scored(lambda gaps, shares: gaps.mean()),
            hint="Too sure in one bin does not make up for too modest in another: absolute gaps.",
        ),
        _at_the_label(lambda gaps, shares: gaps.abs().mean()),
    ),
)
def calibration_error(probabilities, labels, bins):
    """The plain mean, over the bins of confidence that hold a row, of confidence against accuracy.

    probabilities: (rows, classes); labels: (rows,); bins: how many. Returns a float.
    """
    ### BEGIN SOLUTION
    surest, choice = probabilities.double().max(dim=1)
    hit = choice.eq(labels).double()
    place = torch.clamp((surest * bins).long(), max=bins - 1)
    gaps = [(surest - hit)[place == b].mean().abs() for b in place.unique()]
    return torch.stack(gaps).mean().item()
    ### END SOLUTION


VARIANTS = tuple(variant)
