"""The losses of models that write, against NumPy in float64 and against what theory says of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from kd_course.losses import (
    completion_mask,
    forward_kl_loss,
    generalised_jsd_loss,
    reverse_kl_loss,
    soft_target_loss,
    uld_loss,
)

END = 0


def inputs(seed=0, batch=3, length=5, vocabulary=7):
    random = np.random.default_rng(seed)
    student, teacher = (2 * random.normal(size=(batch, length, vocabulary)) for _ in range(2))
    mask = random.random((batch, length)) < 0.6
    mask[0, 0] = True
    return student, teacher, mask


def softmax(logits):
    exp = np.exp(logits - logits.max(-1, keepdims=True))
    return exp / exp.sum(-1, keepdims=True)


def kl(a, b):
    return (a * np.log(a / b)).sum(-1)


def tensors(*arrays):
    return [torch.tensor(array) for array in arrays]


# -- which positions count --------------------------------------------------------------------


def test_the_mask_counts_the_completion_and_its_end_and_nothing_else():
    #               prompt  completion end  padding
    ids = torch.tensor([[5, 6, 7, 8, END, END, END], [5, 7, 8, 9, 6, 5, END]])
    mask = completion_mask(ids, torch.tensor([2, 1]), end=END)
    foretold = [ids[row, 1:][mask[row, :-1]].tolist() for row in range(2)]
    assert foretold == [[7, 8, END], [7, 8, 9, 6, 5, END]]
    assert not mask[:, -1].any() and mask.dtype == torch.bool


def test_a_completion_that_was_cut_counts_to_its_last_token():
    ids = torch.tensor([[5, 6, 7, 8]])
    assert completion_mask(ids, torch.tensor([1]), end=END).tolist() == [[True, True, True, False]]


def test_an_end_token_within_the_prompt_ends_nothing():
    ids = torch.tensor(
        [[END, 5, END, 7, END, END]]
    )  # padded on the left; a turn ends in the prompt
    mask = completion_mask(ids, torch.tensor([3]), end=END)
    assert mask.tolist() == [[False, False, True, True, False, False]]


@pytest.mark.parametrize("lengths", ([0], [5], [1, 1]))
def test_prompts_that_do_not_fit_are_refused(lengths):
    with pytest.raises(ValueError, match="prompt_lengths"):
        completion_mask(torch.zeros(1, 4, dtype=torch.long), torch.tensor(lengths), end=END)


# -- the divergences ---------------------------------------------------------------------------


def test_forward_and_reverse_are_what_numpy_computes():
    student, teacher, mask = inputs()
    q, p = softmax(student), softmax(teacher)
    z, t, m = tensors(student, teacher, mask)
    assert forward_kl_loss(z, t, mask=m).item() == pytest.approx(kl(p, q)[mask].mean(), abs=1e-12)
    assert reverse_kl_loss(z, t, mask=m).item() == pytest.approx(kl(q, p)[mask].mean(), abs=1e-12)


@pytest.mark.parametrize("beta", (0.1, 0.5, 0.9))
def test_the_generalised_jsd_is_what_numpy_computes_in_both_conventions(beta):
    student, teacher, mask = inputs(1)
    q, p = softmax(student), softmax(teacher)
    m = beta * p + (1 - beta) * q
    expected = {
        "paper": beta * kl(p, m) + (1 - beta) * kl(q, m),
        "continuous": (1 - beta) * kl(p, m) + beta * kl(q, m),
    }
    for convention, rows in expected.items():
        z, t, counts = tensors(student, teacher, mask)
        found = generalised_jsd_loss(z, t, beta=beta, convention=convention, mask=counts)
        assert found.item() == pytest.approx(rows[mask].mean(), abs=1e-12)


def test_the_continuous_convention_reaches_its_ends_and_the_papers_jumps_there():
    student, teacher, _ = inputs(2)
    z, t = tensors(student, teacher)
    near = 1e-6
    for beta, end in ((near, forward_kl_loss(z, t)), (1 - near, reverse_kl_loss(z, t))):
        continuous = generalised_jsd_loss(z, t, beta=beta, convention="continuous")
        assert continuous.item() == pytest.approx(end.item(), rel=1e-4)
        assert generalised_jsd_loss(z, t, beta=beta).item() == pytest.approx(
            near * end.item(), rel=1e-3
        )
    for convention in ("paper", "continuous"):
        ends = [generalised_jsd_loss(z, t, beta=b, convention=convention) for b in (0, 1)]
        assert ends[0] == forward_kl_loss(z, t) and ends[1] == reverse_kl_loss(z, t)


def test_half_way_the_two_conventions_agree_and_teacher_and_student_may_change_places():
    z, t = tensors(*inputs(3)[:2])
    found = [generalised_jsd_loss(z, t, convention=c) for c in ("paper", "continuous")]
    torch.testing.assert_close(found[0], found[1])
    torch.testing.assert_close(found[0], generalised_jsd_loss(t, z))
    assert 0 < found[0] < math.log(2)


@pytest.mark.parametrize("loss", (forward_kl_loss, reverse_kl_loss, generalised_jsd_loss))
def test_padding_has_no_say_and_the_teacher_gets_no_gradient(loss):
    student, teacher, mask = inputs(4)
    student[~mask], teacher[~mask] = np.nan, np.inf
    z, t, m = tensors(student, teacher, mask)
    z.requires_grad_()
    t.requires_grad_()
    loss(z, t, mask=m).backward()
    assert t.grad is None
    assert torch.isfinite(z.grad).all() and not z.grad[~m].any() and z.grad[m].any()
    assert loss(z, t, mask=torch.zeros_like(m)).item() == 0


@pytest.mark.parametrize("loss", (reverse_kl_loss, generalised_jsd_loss))
def test_the_gradient_is_the_one_that_finite_differences_find(loss):
    student, teacher, mask = inputs(5, 1, 2, 3)
    z, t, m = tensors(student, teacher, mask)
    z.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, t, mask=m), (z,))


def test_a_word_that_both_exclude_counts_as_nothing():
    z, t = torch.tensor([[[1.0, 0.0, -math.inf]]]), torch.tensor([[[0.0, 1.0, -math.inf]]])
    z.requires_grad_()
    for loss in (reverse_kl_loss, generalised_jsd_loss):
        found = loss(z, t)
        torch.testing.assert_close(found, loss(z[..., :2], t[..., :2]))
        (gradient,) = torch.autograd.grad(found, z)
        assert torch.isfinite(gradient).all()
    assert (
        reverse_kl_loss(torch.zeros(1, 1, 2), torch.tensor([[[0.0, -math.inf]]])).item() == math.inf
    )


def test_half_precision_is_computed_in_full():
    z, t = tensors(*inputs(6)[:2])
    found = reverse_kl_loss(z.bfloat16(), t.bfloat16())
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(
        reverse_kl_loss(z.bfloat16().float(), t.bfloat16().float()).item()
    )


def test_what_lies_outside_is_refused():
    z = torch.zeros(1, 2, 3)
    with pytest.raises(ValueError, match="beta must lie"):
        generalised_jsd_loss(z, z, beta=1.1)
    with pytest.raises(ValueError, match="convention must be"):
        generalised_jsd_loss(z, z, convention="trl")
    with pytest.raises(ValueError, match="one shape"):
        reverse_kl_loss(z, torch.zeros(1, 2, 4))


def test_forward_kl_is_the_soft_loss_of_all_other_lessons():
    z, t, m = tensors(*inputs(7))
    assert forward_kl_loss(z, t, mask=m) == soft_target_loss(z, t, temperature=1.0, mask=m)


# -- another vocabulary ------------------------------------------------------------------------


def test_uld_is_what_numpy_computes_over_two_vocabularies():
    student, _, mask = inputs(8, vocabulary=5)
    _, teacher, _ = inputs(9, vocabulary=8)
    q, p = (np.sort(softmax(x))[..., ::-1] for x in (student, teacher))
    q = np.concatenate([q, np.zeros((*q.shape[:-1], 3))], -1)
    expected = np.abs(p - q).sum(-1)[mask].mean()
    z, t, m = tensors(student, teacher, mask)
    assert uld_loss(z, t, mask=m).item() == pytest.approx(expected, abs=1e-12)
    z.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: uld_loss(x, t, mask=m), (z,))


def test_uld_does_not_see_which_word_is_meant():
    says_good, says_bad = torch.tensor([[[3.0, 0.0, 1.0]]]), torch.tensor([[[0.0, 3.0, 1.0]]])
    assert uld_loss(says_good, says_bad).item() == pytest.approx(0, abs=1e-7)
    assert forward_kl_loss(says_good, says_bad) > 2


def test_uld_needs_the_same_positions():
    with pytest.raises(ValueError, match="same rows and positions"):
        uld_loss(torch.zeros(1, 2, 3), torch.zeros(1, 3, 3))


@pytest.mark.parametrize("loss", (forward_kl_loss, reverse_kl_loss, generalised_jsd_loss, uld_loss))
def test_a_token_whose_words_both_exclude_is_left_out(loss):
    generator = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(2, 3, 5, generator=generator) for _ in range(2))
    student[0, 1] = teacher[0, 1] = -math.inf
    student.requires_grad_()
    counts = torch.ones(2, 3, dtype=torch.bool)
    counts[0, 1] = False
    found = loss(student, teacher)
    torch.testing.assert_close(found, loss(student, teacher, mask=counts))
    (gradient,) = torch.autograd.grad(found, student)
    assert found > 0 and gradient.isfinite().all() and not gradient[0, 1].any()
    assert loss(student[:1, 1:2], teacher[:1, 1:2]) == 0
