"""Wrong answers that people really give in lesson 15, and what the checks tell them.

The slips of 15.1 and 15.3 are each built of one right computation with a part to replace; those of
15.4 are all the other triples of sentences.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]


def named(table: Mapping[str, tuple[Function, str]]) -> tuple[Misconception, ...]:
    """Misconceptions as a table: name -> (function, hint)."""
    return tuple(
        Misconception(name, function, hint=hint) for name, (function, hint) in table.items()
    )


# -- 15.1 the best of n trials ----------------------------------------------------------------


def expected_with(
    below: Function = lambda rank, count, n: (rank / count) ** n,
    *,
    weigh: Function = np.diff,
    order: Function = sorted,
    trials: Function = lambda n: n,
) -> Function:
    """The expected best of n trials, with a part replaced.

    below(rank, count, n): the chance that the best of n is among the `rank` lowest of `count` values.
    weigh: turns these chances, from rank 0 on, into a weight for each value. order: the values,
    lowest first. trials: how many are drawn.
    """

    def expected(values, n):
        ordered = list(order(values))
        count = len(ordered)
        chances = np.array([below(rank, count, trials(n)) for rank in range(count + 1)])
        return float(np.dot(weigh(chances), ordered))

    return expected


def without_replacement(rank: int, count: int, n: int) -> float:
    """As `below` of expected_with, where no trial is drawn twice; n at most count."""
    n = min(n, count)
    return math.comb(rank, n) / math.comb(count, n)


def _of_all_choices(values, n):
    best = [max(choice) for choice in itertools.combinations(values, n)]
    return sum(best) / len(best)


BEST = named(
    {
        "the best of all values, whatever n is": (
            lambda values, n: max(values),
            "What does somebody get who can pay for one trial only?",
        ),
        "the mean of all values, whatever n is": (
            lambda values, n: float(np.mean(values)),
            "That is what a single trial gives on average. Of several, the best is kept.",
        ),
        "the best of the first n": (
            lambda values, n: max(values[:n]),
            "The order in which the trials were made is chance. What is the mean over all orders?",
        ),
        "the mean of the n best": (
            lambda values, n: float(np.mean(sorted(values)[-n:])),
            "Nobody knows beforehand which trials are the best.",
        ),
        "drawn without replacement": (
            expected_with(without_replacement),
            "The same value may be drawn again: how likely is it that all n draws are at most v?",
        ),
        "draws that differ in their order only are counted once": (
            lambda values, n: float(
                np.mean([max(d) for d in itertools.combinations_with_replacement(values, n)])
            ),
            "Of two coins, head and tail comes up twice as often as two heads. How many orders has each draw?",
        ),
        "all choices of n, none of which there is where n is above their number": (
            _of_all_choices,
            "The same value may be drawn again: how likely is it that all n draws are at most v?",
        ),
        "the lowest of n is kept": (
            expected_with(weigh=lambda chances: np.diff(chances)[::-1]),
            "Of accuracies, which of n would be kept?",
        ),
        "the chances are not subtracted from one another": (
            expected_with(weigh=lambda chances: chances[1:]),
            "F(v)ⁿ is the chance that the best is at most v. What is the chance that it is v?",
        ),
        "the values are not sorted": (
            expected_with(order=list),
            "Which share of the values is at most the first one in the list?",
        ),
        "equal values are counted once": (
            expected_with(order=lambda values: sorted(set(values))),
            "A score that came up twice is twice as likely to be drawn.",
        ),
        "n is not an exponent: the chances are multiplied by n": (
            expected_with(lambda rank, count, n: n * rank / count),
            "All n draws are at most v. How likely is that, if one of them is with probability F?",
        ),
        "one draw too few": (
            expected_with(trials=lambda n: n - 1),
            "What comes out for n = 1?",
        ),
        "one draw too many": (
            expected_with(trials=lambda n: n + 1),
            "What comes out for n = 1? It should be the mean.",
        ),
        "the lowest value has rank 0": (
            expected_with(lambda rank, count, n: (max(rank - 1, 0) / count) ** n),
            "The share of values that are at most the highest one is 1. Do your weights sum to 1?",
        ),
        "a quantile of the values": (
            lambda values, n: float(np.quantile(values, n / (n + 1))),
            "That is where the best of n is expected to lie if scores are spread evenly. These are "
            "not; take the mean over what the best can be.",
        ),
    }
)


# -- 15.3 the Pareto front --------------------------------------------------------------------


def front_with(
    beats: Function | None = None,
    *,
    figures: Function = lambda model: (-model[0], -model[1], model[2]),
    rivals: Function = lambda i, models: range(len(models)),
    keep: Function = lambda beaten: not beaten,
    first: int = 0,
) -> Function:
    """The positions of the models that no other beats, with a part replaced.

    beats(a, b): whether one model's figures throw out another's, all of them the higher the better.
    figures(model): the figures. rivals(i, models): the positions that model i is compared with.
    """
    beats = beats or dominates

    def front(models):
        seen = [figures(model) for model in models]
        return [
            i + first
            for i in range(len(seen))
            if keep(any(j != i and beats(seen[j], seen[i]) for j in rivals(i, models)))
        ]

    return front


def at_least(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(x >= y for x, y in zip(a, b))


def dominates(a: Sequence[float], b: Sequence[float]) -> bool:
    return at_least(a, b) and any(x > y for x, y in zip(a, b))


def better_in_all(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(x > y for x, y in zip(a, b))


def first_of_equals(models: Sequence[tuple], front: Function | None = None) -> list[int]:
    """The front, and of equal models the first alone."""
    found = (front or front_with())(models)
    return [i for i in found if models.index(models[i]) == i]


def without_figure(place: int) -> Function:
    """The models' figures, the higher the better, without one of them."""

    def figures(model):
        signed = (-model[0], -model[1], model[2])
        return (*signed[:place], *signed[place + 1 :])

    return figures


def best_in_something(models):
    ends = (
        min(m[0] for m in models),
        min(m[1] for m in models),
        max(m[2] for m in models),
    )
    return [i for i, m in enumerate(models) if any(x == end for x, end in zip(m, ends))]


def best_by_accuracy(models):
    best = max(models, key=lambda m: (m[2], -m[0], -m[1]))
    return [i for i, m in enumerate(models) if m == best]


_TIED = "What if both take the same bytes, and one is faster and as accurate?"

FRONT = named(
    {
        "only a model that is better in all three throws another out": (
            front_with(better_in_all),
            _TIED,
        ),
        "equal models throw one another out": (
            front_with(at_least),
            "Is one of two equal models better than the other in anything?",
        ),
        "of equal models only the first stays": (
            first_of_equals,
            "The second is beaten by nobody either.",
        ),
        "of equal models only the last stays": (
            lambda models: [i for i in front_with()(models) if models[i] not in models[i + 1 :]],
            "The first is beaten by nobody either.",
        ),
        "a lower accuracy counts as better": (
            front_with(figures=lambda m: (-m[0], -m[1], -m[2])),
            "Of bytes and milliseconds less is better. And of accuracy?",
        ),
        "more bytes and more time count as better": (
            front_with(figures=lambda m: m),
            "Of accuracy more is better. And of bytes and milliseconds?",
        ),
        "better in one figure is enough to throw another out": (
            front_with(lambda a, b: any(x > y for x, y in zip(a, b))),
            "One is smaller, the other more accurate. Which of the two throws the other out?",
        ),
        "every model is also compared with itself, and beaten": (
            lambda models: [],
            "Is a model somewhere better than itself?",
        ),
        "equal models get the position of the first": (
            lambda models: [models.index(models[i]) for i in front_with()(models)],
            "list.index finds the first of equals. Which positions do the others have?",
        ),
        "in the order of their bytes, not of their positions": (
            lambda models: sorted(front_with()(models), key=lambda i: (models[i], i)),
            "Positions, in ascending order.",
        ),
        "the bytes are left out": (
            front_with(figures=without_figure(0)),
            "A model that is slower and less accurate may still be the smallest.",
        ),
        "the time is left out": (
            front_with(figures=without_figure(1)),
            "A model that is larger and less accurate may still be the fastest.",
        ),
        "the accuracy is left out": (
            front_with(figures=without_figure(2)),
            "What is a small, fast model for that answers at random?",
        ),
        "only the best in each figure stays": (
            best_in_something,
            "A model may be best in nothing, and yet nobody be better in everything.",
        ),
        "only the most accurate stays": (
            best_by_accuracy,
            "That is one end of the front. What if it is too large for the telephone?",
        ),
        "two of three are enough to throw a model out": (
            front_with(lambda a, b: sum(x > y for x, y in zip(a, b)) >= 2),
            "Smaller and faster, but less accurate: is that better?",
        ),
        "the models that are thrown out are returned": (
            front_with(keep=lambda beaten: beaten),
            "Asked for are those that stay.",
        ),
        "positions are counted from 1": (front_with(first=1), "Python counts from 0."),
        "each is compared with those before it only": (
            front_with(rivals=lambda i, models: range(i)),
            "A better model may come later in the list.",
        ),
        "each is compared with its neighbours only": (
            front_with(
                rivals=lambda i, models: [j for j in (i - 1, i + 1) if 0 <= j < len(models)]
            ),
            "Any of the others may be better.",
        ),
    }
)


# -- 15.4 three dishonest sentences -----------------------------------------------------------

DISHONEST = (3, 5, 8)
HONEST = {  # why a sentence of the report is none of the three
    1: "Sentence 1 says what was tried, that it was the same for every arm, and by what it was chosen.",
    2: "Sentence 2 says exactly what the control is. One may wish for a stronger one; hidden it is not.",
    4: "Sentence 4 gives the difference, its interval, and over what the interval was taken.",
    6: "Sentence 6 tells bad news that nobody would have found. That it has no explanation, it says.",
    7: "Sentence 7 tells of failed attempts and of what they cost.",
    9: "Sentence 9 says under which condition the time was measured, and what was not measured.",
}


def triples() -> tuple[Misconception, ...]:
    """Every other triple of the nine sentences, with why the honest ones in it are honest."""
    found = [
        Misconception(
            f"Sentences {a}, {b} and {c}, in this order",
            value=(a, b, c),
            hint="These are the three. Give their numbers in ascending order.",
        )
        for a, b, c in itertools.permutations(DISHONEST)
        if (a, b, c) != DISHONEST
    ]
    for triple in itertools.combinations(range(1, 10), 3):
        if triple == DISHONEST:
            continue
        right = len(set(triple) & set(DISHONEST))
        why = " ".join(HONEST[number] for number in triple if number in HONEST)
        found.append(
            Misconception(
                f"Sentences {triple[0]}, {triple[1]} and {triple[2]}",
                value=triple,
                hint=f"{('None', 'One', 'Two')[right]} of these three is dishonest. {why}".replace(
                    "Two of these three is", "Two of these three are"
                ),
            )
        )
    return tuple(found)
