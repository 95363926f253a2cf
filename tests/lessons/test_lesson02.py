"""Lesson 02's answers against independent figures (NumPy and SciPy, float64), its claims by
enumeration, and right answers written in other ways than the lesson's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr
from scipy.special import softmax as scipy_softmax
from scipy.stats import entropy as scipy_entropy

from kd_course import divergences
from kd_course.authoring.references import references
from kd_course.authoring.source import read, source_of
from kd_course.exercises import examine
from kd_course.exercises.catalogue import of_lesson

FUNCTIONS = [exercise for exercise in of_lesson("02") if exercise.kind == "function"]


@pytest.fixture(scope="module")
def answers():
    return references(read(source_of("02")))


# -- the answers, computed by others ----------------------------------------------------------


def numpy_surprise(q, labels):
    return np.array(
        [
            -math.log(row[label]) if row[label] > 0 else math.inf
            for row, label in zip(q, labels.astype(int))
        ]
    )


def numpy_fit(target, logits, direction):
    q = scipy_softmax(logits, axis=-1)
    log_q = logits - logits.max(-1, keepdims=True)
    log_q = log_q - np.log(np.exp(log_q).sum(-1, keepdims=True))
    if direction == "forward":
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.where(target > 0, target * np.log(target), 0.0)
        return (own - target * log_q).sum(-1)
    with np.errstate(divide="ignore"):
        return (q * (log_q - np.log(target))).sum(-1)


def numpy_samples(log_p, log_q):
    ratio = np.exp(log_q - log_p)
    return np.mean(ratio - 1 - np.log(ratio), axis=-1)


def numpy_smoothed(counts, strength):
    classes = counts.shape[-1]
    return (counts + strength) / (counts.sum(-1, keepdims=True) + classes * strength)


INDEPENDENT = {
    "02.1": numpy_surprise,
    "02.2": lambda p: scipy_entropy(p, axis=-1),
    "02.3": lambda p, q: rel_entr(p, q).sum(-1),
    "02.5": numpy_fit,
    "02.6": lambda p, q: jensenshannon(p, q, axis=-1) ** 2,
    "02.7": numpy_samples,
    "02.8": numpy_smoothed,
    "02.9": lambda logits, target: (scipy_softmax(logits, axis=-1) - target) / len(logits),
}


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.id)
def test_an_answer_is_what_numpy_and_scipy_compute(exercise, answers):
    for seed in range(3):
        for case in exercise.cases(np.random.default_rng(seed)):
            plain = [a.double().numpy() if torch.is_tensor(a) else a for a in case.args]
            expected = INDEPENDENT[exercise.id](*plain)
            got = answers[exercise.id](*case.args)
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6, err_msg=case.label)


# -- right answers, written another way -------------------------------------------------------


def surprise_by_picking(beliefs, happened):
    return -torch.log(beliefs[torch.arange(len(happened)), happened])


def surprise_in_logs(q, labels):
    return F.nll_loss(q.log(), labels, reduction="none")


def entropy_in_a_loop(p):
    rows = p.reshape(-1, p.shape[-1]).tolist()
    return torch.tensor([-sum(x * math.log(x) for x in row if x > 0) for row in rows]).reshape(
        p.shape[:-1]
    )


def entropy_with_a_small_number(p):
    return -(p * (p + 1e-12).log()).sum(-1)  # for entropy it hides no infinity: there is none


def entropy_of_categorical(p):
    return torch.distributions.Categorical(probs=p).entropy()


def kl_by_where(p, q):
    one = torch.ones_like(p)
    terms = p * (torch.where(p > 0, p, one).log() - q.log())
    return torch.where(p > 0, terms, torch.zeros_like(terms)).sum(-1)


def kl_by_einsum(p, q):
    log_p = torch.where(p > 0, p.log(), torch.zeros_like(p))
    log_q = torch.where(p > 0, q.log(), torch.zeros_like(q))
    return torch.einsum("...c,...c->...", p, log_p - log_q)


def kl_of_categoricals(p, q):
    return torch.distributions.kl_divergence(
        torch.distributions.Categorical(probs=p), torch.distributions.Categorical(probs=q)
    )


def fit_with_the_library(target, logits, direction):
    log_q = torch.log_softmax(logits, -1)
    if direction == "reverse":
        return F.kl_div(target.log(), log_q, reduction="none", log_target=True).sum(-1)
    return F.kl_div(log_q, target, reduction="none").sum(-1)


def fit_with_logsumexp(target, logits, direction):
    log_q = logits - logits.logsumexp(-1, keepdim=True)
    if direction == "reverse":
        return (log_q.exp() * log_q).sum(-1) - (log_q.exp() * target.log()).sum(-1)
    return torch.xlogy(target, target).sum(-1) - torch.einsum("...c,...c->...", target, log_q)


def js_by_entropies(p, q):
    return divergences.entropy((p + q) / 2) - (divergences.entropy(p) + divergences.entropy(q)) / 2


def samples_with_expm1(log_p, log_q):
    return (torch.expm1(log_q - log_p) + log_p - log_q).mean(dim=-1)


def smoothed_in_float64(counts, strength):
    raised = counts.to(torch.float64) + strength
    return raised / raised.sum(-1).unsqueeze(-1)


def gradient_by_autograd(logits, target):
    logits = logits.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(logits, target), logits)
    return gradient


def gradient_in_log_space(z, y):
    return (torch.exp(z - z.logsumexp(1, keepdim=True)) - y).div(z.shape[0])


RIGHT = [
    ("02.1", surprise_by_picking),
    ("02.1", surprise_in_logs),
    ("02.2", entropy_in_a_loop),
    ("02.2", entropy_with_a_small_number),
    ("02.2", entropy_of_categorical),
    ("02.3", kl_by_where),
    ("02.3", kl_by_einsum),
    ("02.3", kl_of_categoricals),
    ("02.5", fit_with_the_library),
    ("02.5", fit_with_logsumexp),
    ("02.6", js_by_entropies),
    ("02.7", samples_with_expm1),
    ("02.8", smoothed_in_float64),
    ("02.9", gradient_by_autograd),
    ("02.9", gradient_in_log_space),
]


@pytest.mark.parametrize("id, attempt", RIGHT, ids=lambda x: getattr(x, "__name__", x))
def test_a_right_answer_passes_however_it_is_written(id, attempt, answers):
    for seed in (None, 1, 2):
        report = examine(id, attempt, seed=seed, reference=None if seed is None else answers[id])
        assert report.passed, report.message


@pytest.mark.parametrize(
    "id, held",
    [
        ("02.2", divergences.entropy),
        ("02.3", divergences.kl_divergence),
        ("02.6", divergences.js_divergence),
        ("02.5", lambda p, z, way: divergences.kl_divergence(p, torch.softmax(z, -1))),
    ],
)
def test_what_the_package_has_is_withheld(id, held):
    assert examine(id, held).status == "withheld"


# -- what the prose claims --------------------------------------------------------------------


def test_k3_is_right_on_average_where_p_covers_q(answers):
    p, q = torch.tensor([0.5, 0.3, 0.2]).double(), torch.tensor([0.1, 0.6, 0.3]).double()
    each = torch.stack([answers["02.7"](p[i : i + 1].log(), q[i : i + 1].log()) for i in range(3)])
    assert torch.allclose((p * each).sum(), divergences.kl_divergence(p, q))


def test_k3_falls_short_by_the_mass_that_p_rules_out(answers):
    p, q = torch.tensor([0.6, 0.4, 0.0]).double(), torch.tensor([0.5, 0.2, 0.3]).double()
    each = torch.stack([answers["02.7"](p[i : i + 1].log(), q[i : i + 1].log()) for i in range(2)])
    assert torch.allclose((p[:2] * each).sum(), divergences.kl_divergence(p, q) - 0.3)


def test_the_gradient_of_a_target_that_does_not_sum_to_one_points_elsewhere():
    target = torch.tensor([0.25, 0.3, 0.15, 0.1, 0.1]).double()
    z = torch.tensor([0.3, -1.0, 0.2, 0.9, 0.0]).double().requires_grad_()
    (gradient,) = torch.autograd.grad(-(target * torch.log_softmax(z, -1)).sum(), z)
    assert torch.allclose(gradient, 0.9 * torch.softmax(z, -1) - target)


def test_the_gradient_of_reverse_kl_is_as_the_lesson_gives_it():
    p = torch.tensor([0.2, 0.5, 0.3]).double()
    z = torch.tensor([0.3, -1.0, 0.2]).double().requires_grad_()
    q = torch.softmax(z, -1)
    kl = divergences.kl_divergence(q, p)
    (gradient,) = torch.autograd.grad(kl, z)
    assert torch.allclose(gradient, q * (q.log() - p.log() - kl))


def test_a_row_that_sums_to_more_than_one_can_make_kl_negative():
    p, q = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.55, 0.31, 0.2])
    assert (p * (p.log() - q.log())).sum() < 0
