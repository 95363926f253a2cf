"""How sure one may be of a difference: intervals over seeds and test rows, and the verdict in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from kd_course import metrics


class Interval(NamedTuple):
    """A mean and the range that it is likely to lie in; of one run alone, no range."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return self.shown()

    def shown(self, figure: str = "") -> str:
        """The interval as text, with as many decimals as this figure has: "77.5 [76.9, 78.2]"."""
        mean, low, high = (metrics.shown(value, figure) for value in self)
        return mean if self.low == self.high else f"{mean} [{low}, {high}]"

    def excludes(self, value: float) -> bool:
        return not self.low <= value <= self.high


def paired_interval(
    treatment: np.ndarray,
    control: np.ndarray | float = 0.0,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """How much better the treatment scores than the control, and how sure one may be of it.

    treatment, control: (seeds, rows), one score a seed and test row (1.0 for a right answer, say);
    the same seeds and the same rows in both. Leave control out for one arm's own interval.
    Returns mean, low and high of the mean difference. Seeds and rows are drawn again together, in
    pairs, `resamples` times: the interval covers another seed *and* another test set.
    Raises ValueError when the shapes differ. With one seed the interval covers the rows only,
    with a handful it is somewhat too narrow, as every bootstrap of a few things is.

    Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13.
    """
    treatment = np.asarray(treatment, dtype=np.float64)
    control = np.asarray(control, dtype=np.float64)
    if treatment.ndim != 2:
        raise ValueError(
            f"treatment must have shape (seeds, rows), but has shape {treatment.shape}"
        )
    if control.ndim and control.shape != treatment.shape:
        raise ValueError(
            f"treatment and control must have one shape, the same seeds and rows, "
            f"but have {treatment.shape} and {control.shape}"
        )
    difference = treatment - control  # (seeds, rows)
    seeds, rows = difference.shape
    random = np.random.default_rng(seed)
    means = np.empty(resamples)
    for i in range(resamples):
        # Drawing rows with replacement is giving each row a count; a product is then enough.
        counts = np.bincount(random.integers(rows, size=rows), minlength=rows)
        drawn = random.integers(seeds, size=seeds)
        means[i] = (difference @ counts)[drawn].mean() / rows
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(difference.mean()), float(low), float(high))


def paired_score_interval(
    treatment: np.ndarray,
    control: np.ndarray,
    score: Callable[[np.ndarray], float],
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """As `paired_interval`, for a score of a whole corpus that is no mean of rows, such as BLEU.

    treatment, control: (seeds, rows, counts), what each row adds to a corpus's sums.
    score: (counts,), the sums over rows -> the figure. A difference is the mean over seeds of
    score(treatment) - score(control).
    Raises ValueError when the shapes differ.

    Koehn, Statistical significance tests for machine translation evaluation, 2004.
    """
    treatment = np.asarray(treatment, dtype=np.float64)
    control = np.asarray(control, dtype=np.float64)
    if treatment.ndim != 3 or treatment.shape != control.shape:
        raise ValueError(
            f"treatment and control must have one shape, (seeds, rows, counts), but have "
            f"{treatment.shape} and {control.shape}"
        )
    seeds, rows, _ = treatment.shape

    def difference(row_counts: np.ndarray, drawn: np.ndarray) -> float:
        return float(
            np.mean(
                [score(row_counts @ treatment[s]) - score(row_counts @ control[s]) for s in drawn]
            )
        )

    random = np.random.default_rng(seed)
    found = [
        difference(
            np.bincount(random.integers(rows, size=rows), minlength=rows).astype(np.float64),
            random.integers(seeds, size=(seeds,)),
        )
        for _ in range(resamples)
    ]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    mean = difference(np.ones(rows), np.arange(seeds))
    return Interval(mean, float(low), float(high))


def seed_interval(values: Sequence[float], *, level: float = 0.95) -> Interval:
    """The mean over seeds and Student's interval around it; just the value where there is one seed.

    Student, The Probable Error of a Mean, 1908.
    """
    from scipy.stats import t as student_t

    sample = np.asarray(list(values), dtype=np.float64)
    mean = float(sample.mean())
    if len(sample) < 2:
        return Interval(mean, mean, mean)
    half = (
        student_t.ppf((1 + level) / 2, len(sample) - 1)
        * sample.std(ddof=1)
        / math.sqrt(len(sample))
    )
    return Interval(mean, mean - float(half), mean + float(half))


def verdict(difference: Interval, *, seeds: int) -> str:
    """What a paired interval of a difference allows one to say, either way; of one seed, less."""
    if not difference.excludes(0.0):
        return "the sign is open: the interval contains 0"
    found = "better" if difference.mean > 0 else "worse"
    return (
        f"{found}, beyond chance"
        if seeds > 1
        else f"{found} with this seed; it cannot speak for others"
    )
