"""The divergences are what the textbooks say, up to and on the edge of the simplex."""

import math

import numpy as np
import pytest
import torch
from scipy.special import rel_entr
from torch.autograd import gradcheck

from kd_course.divergences import cross_entropy, entropy, js_divergence, kl_divergence, softmax

PAIRED = (cross_entropy, kl_divergence, js_divergence)


def random_distributions(*shape: int, seed: int = 0, zeros: bool = False) -> np.ndarray:
    random = np.random.default_rng(seed)
    p = random.dirichlet(np.full(shape[-1], 0.5), size=shape[:-1])
    if zeros:
        p[..., 0] = 0.0
        p /= p.sum(-1, keepdims=True)
    return p


def test_entropy_of_a_fair_coin_is_log_two():
    assert entropy(torch.tensor([0.5, 0.5])).item() == pytest.approx(math.log(2))


def test_entropy_is_zero_when_nothing_is_uncertain():
    assert entropy(torch.tensor([0.0, 1.0, 0.0])).item() == 0.0


@pytest.mark.parametrize("zeros", [False, True])
def test_all_agree_with_scipy_in_float64(zeros):
    p, q = (random_distributions(7, 5, seed=s, zeros=zeros) for s in (1, 2))
    m = (p + q) / 2
    expected = {
        kl_divergence: rel_entr(p, q).sum(-1),
        js_divergence: (rel_entr(p, m).sum(-1) + rel_entr(q, m).sum(-1)) / 2,
        cross_entropy: rel_entr(p, q).sum(-1) - rel_entr(p, np.ones_like(p)).sum(-1),
    }
    for function, values in expected.items():
        got = function(torch.from_numpy(p), torch.from_numpy(q))
        np.testing.assert_allclose(got, values, rtol=1e-12, atol=1e-14, err_msg=function.__name__)


def test_kl_is_not_symmetric_but_js_is():
    p, q = (torch.from_numpy(random_distributions(4, 3, seed=s)) for s in (3, 4))
    assert (kl_divergence(p, q) - kl_divergence(q, p)).abs().min() > 1e-3
    torch.testing.assert_close(js_divergence(p, q), js_divergence(q, p))


def test_what_q_rules_out_costs_infinitely_much():
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([1.0, 0.0, 0.0])
    assert kl_divergence(p, q).item() == math.inf
    assert cross_entropy(p, q).item() == math.inf
    assert kl_divergence(q, p).item() == pytest.approx(math.log(2))
    assert js_divergence(p, q).item() < math.log(2)


def test_js_of_disjoint_distributions_is_log_two():
    p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert js_divergence(p, q).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("function", PAIRED)
def test_gradients_inside_the_simplex_are_right(function):
    # Moved along logits, so that finite differences stay distributions.
    a, b = (torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert gradcheck(lambda a, b: function(a.softmax(-1), b.softmax(-1)), (a, b))


def test_gradient_of_entropy_is_right():
    a = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda a: entropy(a.softmax(-1)), (a,))


EDGES = [
    ([0.0, 0.5, 0.5], [0.2, 0.3, 0.5]),
    ([0.0, 0.5, 0.5], [0.0, 0.5, 0.5]),
    ([0.5, 0.5, 0.0], [1.0, 0.0, 0.0]),
    ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]),
]


@pytest.mark.parametrize("function", PAIRED)
@pytest.mark.parametrize("edge", EDGES)
def test_no_gradient_at_the_edge_is_nan(function, edge):
    p, q = (torch.tensor(x, requires_grad=True) for x in edge)
    value = function(p, q)
    value.backward()
    assert not value.isnan()
    assert p.grad.isfinite().all() and q.grad.isfinite().all()


def test_no_nan_reaches_logits_through_an_excluded_class():
    logits = torch.tensor([1.0, -math.inf, 0.0], requires_grad=True)
    entropy(softmax(logits, 1.0)).backward()
    assert logits.grad.isfinite().all()


def test_a_high_temperature_flattens_and_a_low_one_sharpens():
    logits = torch.tensor([2.0, 1.0, 0.0])
    values = [entropy(softmax(logits, t)).item() for t in (0.1, 1.0, 10.0, 1e4)]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(math.log(3), abs=1e-6)


def test_softmax_at_temperature_two_is_the_formula():
    z = np.array([[1.0, -2.0, 0.5], [1e4, -1e4, 0.0]])
    e = np.exp((z - z.max(-1, keepdims=True)) / 2)
    np.testing.assert_allclose(
        softmax(torch.from_numpy(z), 2.0), e / e.sum(-1, keepdims=True), atol=1e-15
    )


@pytest.mark.parametrize("temperature", [0, -1.0, math.nan, math.inf])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(ValueError, match="temperature"):
        softmax(torch.zeros(3), temperature)


@pytest.mark.parametrize("function", PAIRED)
def test_the_articles_student_is_refused_with_its_sum(function):
    y, p = torch.tensor([0.2, 0.3, 0.1, 0.2, 0.2]), torch.tensor([0.25, 0.3, 0.15, 0.1, 0.1])
    with pytest.raises(ValueError, match=r"q .*sums to 0\.9"):
        function(y, p)
    with pytest.raises(ValueError, match=r"p .*sums to 0\.9"):
        function(p, y)


def test_a_negative_probability_is_refused_though_the_sum_is_one():
    with pytest.raises(ValueError, match=r"sums to 1 .*negative value -0\.5"):
        entropy(torch.tensor([1.5, -0.5]))


def test_the_row_that_is_no_distribution_is_named():
    with pytest.raises(ValueError, match=r"row \(1,\) sums to 0\.7"):
        entropy(torch.tensor([[0.5, 0.5], [0.5, 0.2]]))


def test_nan_is_no_distribution():
    with pytest.raises(ValueError, match="nan"):
        entropy(torch.tensor([math.nan, 1.0]))


def test_different_classes_are_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        kl_divergence(torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5, 0.0]))


def test_a_list_is_refused_by_name():
    with pytest.raises(TypeError, match="p must be a torch.Tensor"):
        entropy([0.5, 0.5])


def test_one_distribution_is_compared_with_many():
    q = torch.from_numpy(random_distributions(6, 3))
    p = q[0]
    got = kl_divergence(p, q)
    assert got.shape == (6,)
    assert got[0] == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_softmax_passes_for_a_distribution(dtype):
    p = torch.randn(50, 30).softmax(-1).to(dtype)
    assert entropy(p).dtype == torch.float32


def test_float64_stays_float64():
    p = torch.from_numpy(random_distributions(2, 3))
    assert kl_divergence(p, p).dtype == torch.float64
