"""Lesson 15 under other conventions: how trials are drawn, which end is better, who counts as beaten."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import math

import numpy as np

from kd_course.exercises.spec import Case
from kd_course.exercises.variants import Collection, slip_table, with_arguments
from kd_course.lessons.lesson15 import exercises, slips

variant = Collection()

# -- 15.1 the best of n trials ----------------------------------------------------------------


def _no_more_than_there_are(random):
    """The course's cases, n never above the number of values."""
    return [
        Case((values, min(n, len(values) - (len(values) > 2))), case.label, clause=case.clause)
        for case in exercises.best_cases(random)
        for values, n in [case.args]
        if "more than" not in case.label
    ]


def _unlike(**parts):
    """A slip of the draws without replacement: right but for one part."""
    return slips.expected_with(**{"below": slips.without_replacement, **parts})


@variant(
    "15.1",
    "no trial is drawn twice",
    instead="trials are drawn with replacement",
    statement="""
    `values` are the scores that trials had on the validation split, the higher the better, in no order; some
    may be equal, some below zero. Choose `n` of these trials, **without replacement** (no trial twice; two
    trials of equal score are two), all choices equally likely, and keep the best score. Return its mean over
    all choices, exactly: no random numbers. `n` is at least 1 and at most the number of values.
    """,
    hint="Sort the values. In how many of the choices are all n trials among the i lowest? The chance that the "
    "best is the i-th is the difference of two such shares.",
    cases=_no_more_than_there_are,
    slips=slip_table(
        "15.1",
        {
            "the best of all values, whatever n is": lambda values, n: max(values),
            "the mean of all values, whatever n is": lambda values, n: sum(values) / len(values),
            "the best of the first n": lambda values, n: max(values[:n]),
            "the mean of the n best": lambda values, n: sum(sorted(values)[-n:]) / n,
            "the lowest of n is kept": _unlike(weigh=lambda chances: np.diff(chances)[::-1]),
            "the values are not sorted": _unlike(order=list),
        },
    ),
)
def expected_best(values, n):
    """The best score that n trials have on average, no trial being chosen twice.

    values: list of float, one a trial, not sorted; n: int, 1 … number of values. Returns a float.
    """
    ### BEGIN SOLUTION
    ordered = sorted(values)
    choices = math.comb(len(ordered), n)
    return sum(value * math.comb(below, n - 1) for below, value in enumerate(ordered)) / choices
    ### END SOLUTION


@variant(
    "15.1",
    "the scores are losses: the lower the better",
    instead="the higher a score, the better",
    statement="""
    `values` are the **losses** that trials had on the validation split, **the lower the better**, in no order;
    some may be equal, some below zero. Draw `n` times from them, with replacement, each trial as likely as any
    other, and keep the **lowest**. Return its mean over all such draws, exactly: no random numbers. `n` is at
    least 1 and may be larger than the number of values.
    """,
    hint="Sort the values. The chance that the lowest of n is at least the i-th is a power; the chance that it is "
    "the i-th is the difference of two of them.",
    adapt=lambda function: lambda values, n: -function([-value for value in values], n),
    without=("the lowest of n is kept", "the values are not sorted"),
    hints={
        "the best of all values, whatever n is": "What does somebody get who can pay for one trial only?",
        "the mean of all values, whatever n is": "That is what a single trial gives on average. Of several, the "
        "lowest is kept.",
        "drawn without replacement": "The same value may be drawn again: how likely is it that all n draws are at "
        "least v?",
        "all choices of n, none of which there is where n is above their number": "The same value may be drawn "
        "again: how likely is it that all n draws are at least v?",
        "the chances are not subtracted from one another": "The chance that the lowest is at least v is a power. "
        "What is the chance that it is v?",
        "n is not an exponent: the chances are multiplied by n": "All n draws are at least v. How likely is that?",
        "the lowest value has rank 0": "The share of values that are at least the lowest one is 1. Do your weights "
        "sum to 1?",
    },
)
def expected_best(values, n):
    """The lowest loss that n trials have on average.

    values: list of float, one a trial, not sorted; n: int, at least 1. Returns a float.
    """
    ### BEGIN SOLUTION
    ordered = sorted(values, reverse=True)
    count = len(ordered)
    chances = [(rank / count) ** n for rank in range(count + 1)]
    return sum(value * (chances[i + 1] - chances[i]) for i, value in enumerate(ordered))
    ### END SOLUTION


# -- 15.3 the Pareto front --------------------------------------------------------------------

_MODELS = "`models` holds one tuple a model:"
_POSITIONS = "Return the positions of the models that no other model beats, counted from 0, in ascending order."


def _first(**parts):
    """A slip, of whose front only the first of equal models stays."""
    return lambda models: slips.first_of_equals(models, slips.front_with(**parts))


@variant(
    "15.3",
    "of equal models only the first is returned",
    instead="equal models do not beat one another",
    statement=f"""
    {_MODELS} bytes, milliseconds, accuracy. Of the first two less is better, of the third more. A model beats
    another that is different if it is nowhere worse and somewhere better. **Of models that are equal in all
    three, only the first may be returned.** {_POSITIONS}
    """,
    slips=slip_table(
        "15.3",
        {
            "a lower accuracy counts as better": _first(figures=lambda m: (-m[0], -m[1], -m[2])),
            "the bytes are left out": _first(figures=slips.without_figure(0)),
            "the time is left out": _first(figures=slips.without_figure(1)),
            "the accuracy is left out": _first(figures=slips.without_figure(2)),
            "two of three are enough to throw a model out": _first(
                beats=lambda a, b: sum(x > y for x, y in zip(a, b)) >= 2
            ),
            "each is compared with those before it only": _first(rivals=lambda i, models: range(i)),
        },
    ),
)
def pareto_front(models):
    """The positions of the models that none beats, one for models that are the same.

    models: list of (bytes, milliseconds, accuracy), at least one. Returns a list of int, ascending.
    """
    ### BEGIN SOLUTION
    found = []
    for i, (size, time, right) in enumerate(models):
        rivals = [m for m in models if m != models[i]]
        beaten = any(a <= size and b <= time and c >= right for a, b, c in rivals)
        if not beaten and models[i] not in models[:i]:
            found.append(i)
    return found
    ### END SOLUTION


@variant(
    "15.3",
    "the third figure is an error rate: the lower the better",
    instead="the third figure is an accuracy: the higher the better",
    statement=f"""
    {_MODELS} bytes, milliseconds and **error rate**. Of **all three** less is better. A model beats another if
    it is nowhere worse than the other and somewhere better; models that are equal in all three do not beat one
    another. {_POSITIONS}
    """,
    adapt=with_arguments(lambda models: ([(a, b, -c) for a, b, c in models],)),
    without=("a lower accuracy counts as better",),
    hints={
        "more bytes and more time count as better": "Of all three figures less is better.",
        "the accuracy is left out": "What is a small, fast model for that is mostly wrong?",
        "only the most accurate stays": "That is one end of the front. What if it is too large for the telephone?",
        "two of three are enough to throw a model out": "Smaller and faster, but wrong more often: is that better?",
    },
)
def pareto_front(models):
    """The positions of the models that no other beats in bytes, time and error rate together.

    models: list of (bytes, milliseconds, error rate), at least one. Returns a list of int, ascending.
    """

    ### BEGIN SOLUTION
    def beats(one, other):
        return one != other and all(x <= y for x, y in zip(one, other))

    return [i for i, m in enumerate(models) if not any(beats(rival, m) for rival in models)]
    ### END SOLUTION


@variant(
    "15.3",
    "a model is beaten only by one that is better in all three",
    instead="nowhere worse and somewhere better is enough to beat a model",
    statement=f"""
    {_MODELS} bytes, milliseconds, accuracy. Of the first two less is better, of the third more. A model beats
    another only if it is **better in all three figures**; as good in one of them is not enough. {_POSITIONS}
    """,
    slips=slip_table(
        "15.3",
        {
            "a lower accuracy counts as better": slips.front_with(
                slips.better_in_all, figures=lambda m: (-m[0], -m[1], -m[2])
            ),
            "the bytes are left out": slips.front_with(
                slips.better_in_all, figures=slips.without_figure(0)
            ),
            "the time is left out": slips.front_with(
                slips.better_in_all, figures=slips.without_figure(1)
            ),
            "the accuracy is left out": slips.front_with(
                slips.better_in_all, figures=slips.without_figure(2)
            ),
            "two of three are enough to throw a model out": slips.front_with(
                lambda a, b: sum(x > y for x, y in zip(a, b)) >= 2
            ),
            "each is compared with those before it only": slips.front_with(
                slips.better_in_all, rivals=lambda i, models: range(i)
            ),
            "positions are counted from 1": slips.front_with(slips.better_in_all, first=1),
        },
    ),
)
def pareto_front(models):
    """The positions of the models than which no other is smaller, faster and more accurate at once.

    models: list of (bytes, milliseconds, accuracy), at least one. Returns a list of int, ascending.
    """

    ### BEGIN SOLUTION
    def beats(one, other):
        return one[0] < other[0] and one[1] < other[1] and one[2] > other[2]

    return [i for i, m in enumerate(models) if not any(beats(rival, m) for rival in models)]
    ### END SOLUTION


VARIANTS = tuple(variant)
