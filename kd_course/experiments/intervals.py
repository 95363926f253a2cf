"""How sure one may be of a difference: intervals over seeds and test rows, and the verdict in words.

There is one kind of interval in the course. Two arms are trained with the same seeds and answer the
same test rows, which gives a table of differences, (seeds, rows). Its mean would come out otherwise
with other seeds, and otherwise with other rows; the interval covers both.
"""

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
        if not self.known:
            return f"{mean}, no interval"
        return mean if self.low == self.high else f"{mean} [{low}, {high}]"

    @property
    def known(self) -> bool:
        """Whether there is an interval at all: not where a score was NaN or infinite."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def excludes(self, value: float) -> bool:
        """Whether the value lies outside; an interval that is not known excludes nothing."""
        return self.low > value or self.high < value


class NotFiniteError(ValueError):
    """A score is NaN or infinite, as those of a model that diverged are: no interval covers it."""


def paired_interval(
    treatment: np.ndarray,
    control: np.ndarray | float = 0.0,
    *,
    level: float = 0.95,
    clusters: Sequence | None = None,
) -> Interval:
    """How much better the treatment scores than the control, and how sure one may be of it.

    treatment, control: (seeds, rows), one score a seed and test row (1.0 for a right answer, say);
    the same seeds and the same rows in both. Leave control out for one arm's own interval.
    clusters: (rows,), what each row belongs to, where rows hang together: the passage that a
    question asks about. A cluster then counts as one row.
    Returns mean, low and high of the mean difference, for other seeds *and* another test set. With
    one seed it covers the test set only, with one row (or cluster) the seeds only, with one of each
    nothing: low and high are the mean. Of no effect it covers 92 to 97 % with three seeds and more;
    with two, which may agree by accident, 87 to 96 % (tests/test_coverage.py).
    Raises ValueError when the shapes differ, and NotFiniteError, a ValueError that names seed and row,
    where a difference is NaN or infinite.

    Two-way random effects: Searle, Casella & McCulloch, Variance Components, 1992, chapter 4;
    degrees of freedom by Satterthwaite, An Approximate Distribution of Estimates of Variance
    Components, 1946.
    """
    treatment = np.asarray(treatment, dtype=np.float64)
    control = np.asarray(control, dtype=np.float64)
    if treatment.ndim != 2 or 0 in treatment.shape:
        raise ValueError(
            f"treatment must have shape (seeds, rows), one at least of each, but has shape "
            f"{treatment.shape}"
        )
    if control.ndim and control.shape != treatment.shape:
        raise ValueError(
            f"treatment and control must have one shape, the same seeds and rows, "
            f"but have {treatment.shape} and {control.shape}"
        )
    with np.errstate(invalid="ignore"):  # inf - inf, which is refused in the next line
        difference = treatment - control
    _refuse_not_finite(difference, "treatment - control")
    return _interval(difference, float(difference.mean()), level, clusters)


def paired_score_interval(
    treatment: np.ndarray,
    control: np.ndarray | None,
    score: Callable[[np.ndarray], float],
    *,
    level: float = 0.95,
    clusters: Sequence | None = None,
) -> Interval:
    """As `paired_interval`, for a score of a whole corpus that is no mean of rows, such as BLEU.

    treatment, control: (seeds, rows, counts), what each row adds to a corpus's sums; without a
    control (None), it is the treatment's own score. score: (counts,), the sums over rows -> the
    figure. A difference is the mean over seeds of score(treatment) - score(control).
    clusters, level: as in `paired_interval`. Raises ValueError when the shapes differ, and
    NotFiniteError where a count, or the score of one seed with or without a row, is NaN or infinite.

    A row's share in the score is what the jackknife says: R·score - (R - 1)·score without the row.
    Of a mean that is the row itself; with these shares in place of rows the interval is the same.
    Miller, The jackknife: a review, 1974.
    """
    arms = [np.asarray(treatment, dtype=np.float64)]
    if control is not None:
        arms.append(np.asarray(control, dtype=np.float64))
    if arms[0].ndim != 3 or arms[0].shape != arms[-1].shape:
        raise ValueError(
            f"treatment and control must have one shape, (seeds, rows, counts), but have "
            f"{arms[0].shape} and {arms[-1].shape}"
        )
    for name, arm in zip(("treatment", "control"), arms):
        _refuse_not_finite(arm.sum(-1), name)
    if clusters is not None:  # the score is one of sums, so that a cluster's rows may be summed
        arms = [_summed(arm, clusters) for arm in arms]
    seeds, rows, _ = arms[0].shape
    scores, shares = [], []
    for arm in arms:
        totals = arm.sum(1)  # (seeds, counts)
        whole = np.array([score(total) for total in totals])
        if rows > 1:
            without = np.array(
                [[score(totals[s] - arm[s, r]) for r in range(rows)] for s in range(seeds)]
            )
            shares.append(rows * whole[:, None] - (rows - 1) * without)
        else:
            shares.append(whole[:, None])
        _refuse_not_finite(shares[-1], "the score's shares")
        scores.append(float(whole.mean()))
    if control is None:
        return _interval(shares[0], scores[0], level)
    return _interval(shares[0] - shares[1], scores[0] - scores[1], level)


def _refuse_not_finite(values: np.ndarray, name: str) -> None:
    """NotFiniteError for a table (seeds, rows) that holds a NaN or an infinity, with its first place."""
    places = np.argwhere(~np.isfinite(values))
    if len(places):
        seed, row = places[0]
        raise NotFiniteError(
            f"{name} must be finite, but at [{seed}, {row}] (seed, row, counted from 0) is "
            f"{values[seed, row]:g}, and at {len(places)} places in all: has a model diverged?"
        )


def _interval(
    values: np.ndarray, mean: float, level: float, clusters: Sequence | None = None
) -> Interval:
    """Student's interval around the mean of a table (seeds, rows), both taken as drawn."""
    from scipy.stats import t as student_t

    if clusters is not None:
        values = _by_cluster(values, clusters)
    variance, freedom = _variance_of_the_mean(values)
    if not freedom:
        return Interval(mean, mean, mean)
    half = float(student_t.ppf((1 + level) / 2, freedom)) * math.sqrt(variance)
    return Interval(mean, mean - half, mean + half)


def _variance_of_the_mean(values: np.ndarray) -> tuple[float, float]:
    """The variance of the mean of a table (seeds, rows), and its degrees of freedom; (0, 0) if unknown.

    The mean squares of seeds and of rows both hold the residual's, which is therefore taken off once.
    """
    seeds, rows = values.shape
    of_seeds, of_rows = values.mean(1), values.mean(0)
    if seeds == 1 or rows == 1:
        sample = of_rows if seeds == 1 else of_seeds
        n = len(sample)
        return (float(sample.var(ddof=1)) / n, n - 1.0) if n > 1 else (0.0, 0.0)
    residuals = values - of_seeds[:, None] - of_rows + values.mean()
    between = (rows * of_seeds.var(ddof=1), seeds - 1)
    among = (seeds * of_rows.var(ddof=1), rows - 1)
    left = (float((residuals**2).sum()) / ((seeds - 1) * (rows - 1)), (seeds - 1) * (rows - 1))
    # Neither seeds nor rows can vary the mean by less than nothing.
    total = max(between[0] + among[0] - left[0], left[0])
    spread = sum(square**2 / freedom for square, freedom in (between, among, left))
    return float(total) / (seeds * rows), float(total**2 / spread) if spread else 0.0


def _by_cluster(values: np.ndarray, clusters: Sequence) -> np.ndarray:
    """One column a cluster: (seeds, rows) -> (seeds, clusters), with every seed's mean as before.

    A cluster's column is the overall mean plus the sum of its rows' deviations from it, over the
    mean size of a cluster: the linear form of a mean whose number of rows is itself drawn.
    """
    overall = values.mean()
    sums = _summed((values - overall)[..., None], clusters)[..., 0]
    return overall + sums * sums.shape[1] / values.shape[1]


def _summed(values: np.ndarray, clusters: Sequence) -> np.ndarray:
    """The sums over every cluster's rows: (seeds, rows, counts) -> (seeds, clusters, counts)."""
    labels = np.asarray(clusters)
    if labels.shape != values.shape[1:2]:
        raise ValueError(
            f"clusters must name one cluster a row, {values.shape[1]} of them, but has shape "
            f"{labels.shape}"
        )
    names, where = np.unique(labels, return_inverse=True)
    summed = np.zeros((len(names), values.shape[0], values.shape[2]))
    np.add.at(summed, where, values.swapaxes(0, 1))
    return summed.swapaxes(0, 1)


def seed_interval(values: Sequence[float], *, level: float = 0.95) -> Interval:
    """Student's interval over seeds alone: for a figure that is no mean over test rows.

    Just the value where there is one seed. Student, The Probable Error of a Mean, 1908.
    """
    sample = np.asarray(list(values), dtype=np.float64)
    return _interval(sample[:, None], float(sample.mean()), level)


def verdict(difference: Interval, *, seeds: int) -> str:
    """What a paired interval of a difference allows one to say, either way; of few seeds, less.

    Of an interval that is not known, since a score is NaN or infinite, that there is no verdict.
    """
    if not difference.known:
        return "no verdict: a score is not finite (has a model diverged?)"
    if not difference.excludes(0.0):
        return "the sign is open: the interval contains 0"
    found = "better" if difference.mean > 0 else "worse"
    if seeds == 1:
        return f"{found} with this seed; it cannot speak for others"
    few = ", as far as two seeds can tell" if seeds == 2 else ""
    return f"{found}, beyond chance{few}"
