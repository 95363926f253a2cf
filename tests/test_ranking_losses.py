"""The losses that teach to rank, against float64 NumPy; what a mask, a repeated text, a tie mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kd_course import losses, metrics

RANDOM = np.random.default_rng(13)
STUDENT, TEACHER = 3 * RANDOM.normal(size=(4, 5)), 6 * RANDOM.normal(size=(4, 5))
QUESTIONS, PASSAGES = RANDOM.normal(size=(3, 6)), RANDOM.normal(size=(5, 6))


def tensors(*arrays):
    return tuple(torch.tensor(array) for array in arrays)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_margin_mse_is_the_formula():
    expected = np.mean(
        [
            ((STUDENT[q, 0] - STUDENT[q, j]) - (TEACHER[q, 0] - TEACHER[q, j])) ** 2
            for q in range(4)
            for j in range(1, 5)
        ]
    )
    assert losses.margin_loss(*tensors(STUDENT, TEACHER)).item() == pytest.approx(expected)


def test_margins_do_not_see_where_a_models_zero_is():
    student, teacher = tensors(STUDENT, TEACHER)
    moved = losses.margin_loss(student + 100, teacher - 3)
    torch.testing.assert_close(moved, losses.margin_loss(student, teacher))


@pytest.mark.parametrize("hidden", [float("-inf"), float("nan"), 7.0])
def test_what_is_masked_may_hold_anything(hidden):
    student, teacher = tensors(STUDENT[:, :3], TEACHER[:, :3])
    mask = torch.tensor([[True, True, True, False]]).expand(4, -1)
    wide = [torch.cat([z, torch.full((4, 1), hidden)], 1) for z in (student, teacher)]
    wide[0].requires_grad_(True)
    for loss in (losses.margin_loss, losses.listwise_loss):
        found = loss(*wide, mask=mask)
        torch.testing.assert_close(found.detach(), loss(student, teacher))
        (gradient,) = torch.autograd.grad(found, wide[0])
        assert gradient.isfinite().all() and (gradient[:, 3] == 0).all()


def test_the_listwise_loss_is_the_formula():
    p, q = softmax(TEACHER / 2.0), softmax(STUDENT / 0.5)
    expected = (p * (np.log(p) - np.log(q))).sum(-1).mean()
    found = losses.listwise_loss(
        *tensors(STUDENT, TEACHER), student_temperature=0.5, teacher_temperature=2.0
    )
    assert found.item() == pytest.approx(expected)


def test_no_gradient_reaches_the_teacher():
    student, teacher = (z.requires_grad_(True) for z in tensors(STUDENT, TEACHER))
    for loss in (losses.margin_loss, losses.listwise_loss):
        loss(student, teacher).backward()
        assert student.grad.abs().sum() > 0 and teacher.grad is None


def test_no_candidate_that_counts_costs_nothing():
    mask = torch.zeros(4, 5, dtype=torch.bool)
    for loss in (losses.margin_loss, losses.listwise_loss):
        assert loss(*tensors(STUDENT, TEACHER), mask=mask).item() == 0


def test_in_batch_negatives_are_the_formula():
    scores = QUESTIONS @ PASSAGES.T / 0.5
    expected = -np.mean([np.log(softmax(scores)[i, i]) for i in range(3)])
    found = losses.in_batch_loss(*tensors(QUESTIONS, PASSAGES), temperature=0.5)
    assert found.item() == pytest.approx(expected)


def test_a_text_that_stands_twice_is_not_its_own_wrong_answer():
    scores = QUESTIONS @ PASSAGES.T
    ids = np.array([7, 8, 7, 9, 7])
    expected = -np.mean(
        [
            np.log(softmax(scores[i, [j for j in range(5) if j == i or ids[j] != ids[i]]][None]))[
                0, sum(ids[j] != ids[i] for j in range(i))
            ]
            for i in range(3)
        ]
    )
    found = losses.in_batch_loss(*tensors(QUESTIONS, PASSAGES), ids=torch.tensor(ids))
    assert found.item() == pytest.approx(expected)


def test_padding_is_in_no_mean():
    vectors = torch.tensor(RANDOM.normal(size=(2, 3, 4)))
    vectors[1, 2] = float("nan")
    mask = torch.tensor([[1, 1, 1], [1, 1, 0]])
    found = losses.mean_pooled(vectors, mask)
    torch.testing.assert_close(found[0], vectors[0].mean(0))
    torch.testing.assert_close(found[1], vectors[1, :2].mean(0))
    assert (losses.mean_pooled(vectors, torch.zeros(2, 3)) == 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.margin_loss(torch.zeros(2, 1), torch.zeros(2, 1)), "two candidates"),
        (lambda: losses.listwise_loss(torch.zeros(2, 3), torch.zeros(3, 2)), "one shape"),
        (lambda: losses.in_batch_loss(torch.zeros(3, 2), torch.zeros(2, 2)), "batch or more"),
        (
            lambda: losses.in_batch_loss(torch.zeros(2, 2), torch.zeros(2, 2), ids=torch.zeros(2)),
            "one whole number a passage",
        ),
        (
            lambda: losses.listwise_loss(
                torch.zeros(2, 2), torch.zeros(2, 2), teacher_temperature=0
            ),
            "temperature",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_rank_counts_the_passages_that_are_as_good():
    scores = np.array([[3.0, 1.0, 2.0], [1.0, 2.0, 2.0], [5.0, 5.0, 5.0], [0.0, 1.0, 2.0]])
    right = np.array([0, 1, 2, 0])
    found = metrics.reciprocal_ranks(scores, right, k=2)
    np.testing.assert_allclose(found, [1.0, 0.5, 0.0, 0.0])
    np.testing.assert_allclose(metrics.reciprocal_ranks(scores, right), [1, 1 / 2, 1 / 3, 1 / 3])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_under_autocast_the_in_batch_loss_is_that_without_it(dtype):
    questions, passages = torch.randn(3, 8, dtype=dtype), torch.randn(5, 8, dtype=dtype)
    expected = losses.in_batch_loss(questions, passages)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = losses.in_batch_loss(questions, passages)
    assert found.dtype == dtype and torch.equal(found, expected)
