"""Intervals cover what they claim to: simulated experiments of which the truth is known."""

import numpy as np
import pytest
from scipy.stats import norm

from kd_course.experiments import paired_interval, paired_score_interval

ROWS = 200
# How far seeds and rows (standard deviations) shift a score whose residual has a deviation of 1.
DOMINATING = {"seeds": (1.0, 0.5), "rows": (0.0, 1.0), "both": (0.1, 1.0)}


def experiment(random, seeds, dominating, effect, *, binary, clustered):
    """One simulated comparison: treatment and control (seeds, rows), the clusters, the true effect."""
    of_seeds, of_rows = DOMINATING[dominating]
    clusters = np.repeat(np.arange(ROWS), random.integers(1, 6, size=ROWS)) if clustered else None
    rows = len(clusters) if clustered else ROWS

    def by_row(scale):
        drawn = random.normal(scale=scale, size=ROWS)
        return drawn[clusters] if clustered else drawn

    shift = effect + random.normal(scale=of_seeds, size=(seeds, 1)) + by_row(of_rows)
    hard = by_row(1.0)  # the same rows are hard for both arms
    treatment, control = hard + random.normal(size=(2, seeds, rows))
    treatment = treatment + shift
    if not binary:
        return treatment, control, clusters, effect
    chance = norm.cdf(effect / np.sqrt(2 + of_seeds**2 + of_rows**2)) - 0.5
    return (treatment > 0) * 1.0, (control > 0) * 1.0, clusters, chance


def coverage(trials, seeds, dominating, **kind):
    """The share of intervals that hold the truth, half of the trials without any effect."""
    random = np.random.default_rng(0)
    covered = 0
    for trial in range(trials):
        effect = 0.3 * (trial % 2)
        *arms, clusters, truth = experiment(random, seeds, dominating, effect, **kind)
        covered += not paired_interval(*arms, clusters=clusters).excludes(truth)
    return covered / trials


KINDS = [
    {"binary": binary, "clustered": clustered}
    for binary in (False, True)
    for clustered in (False, True)
]


@pytest.mark.parametrize("dominating", DOMINATING)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_interval_covers_about_as_often_as_it_says(dominating, kind):
    for seeds in (3, 5, 10):
        assert 0.91 <= coverage(300, seeds, dominating, **kind) <= 0.985, seeds


@pytest.mark.thorough
@pytest.mark.parametrize("dominating", DOMINATING)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_interval_covers_95_percent_in_the_long_run(dominating, kind):
    for seeds in (3, 5, 10):
        assert 0.92 <= coverage(3000, seeds, dominating, **kind) <= 0.97, seeds
    # Two seeds that happen to agree say nothing of how far seeds lie apart: it may fall below.
    assert 0.86 <= coverage(3000, 2, dominating, **kind) <= 0.985


def macro_f1(table):
    """The mean F1 of two classes from a flattened confusion matrix (truth, answer)."""
    right, other, another, left = table
    return (2 * right / (2 * right + other + another) + 2 * left / (2 * left + other + another)) / 2


def answers(random, seeds, rows, shift):
    """(seeds, rows, 4): what each row adds to a confusion matrix of classes 70 : 30."""
    truth = (random.random(rows) < 0.3).astype(int)
    signal = 1.2 * truth + random.normal(size=rows) + random.normal(size=(seeds, rows)) / 2
    answered = (signal + shift > 1.0).astype(int)
    return np.eye(4)[2 * truth + answered]


def test_the_interval_of_a_corpus_score_covers_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    expected = {
        scale: np.mean(
            [
                macro_f1(answers(random, 1, 20_000, shift).sum((0, 1)))
                for shift in random.normal(scale=scale, size=200)
            ]
        )
        for scale in (0.0, 0.3)
    }
    for scale, truth in expected.items():
        covered = 0
        for _ in range(200):
            found = answers(random, 5, 120, random.normal(scale=scale, size=(5, 1)))
            covered += not paired_score_interval(found, None, macro_f1).excludes(truth)
        assert 0.89 <= covered / 200 <= 0.99, scale
