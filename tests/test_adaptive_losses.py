"""Losses that adapt, and the choice of rows: against NumPy, the plain losses, and their own limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kd_course import losses
from kd_course.distillation import most_uncertain


@pytest.fixture
def logits():
    """(6, 4), twice: a student's and a teacher's."""
    generator = torch.Generator().manual_seed(0)
    return tuple(3 * torch.randn(6, 4, generator=generator) for _ in range(2))


def entropy(row):
    p = np.exp(row - row.max())
    p = p / p.sum()
    return float(-(p * np.log(p)).sum())


def test_a_temperature_is_annealed_from_the_highest_to_one():
    found = [losses.annealed_temperature(step, 5, 9.0) for step in range(5)]
    assert found == [9.0, 7.0, 5.0, 3.0, 1.0]
    assert losses.annealed_temperature(0, 1, 9.0) == 1.0


@pytest.mark.parametrize(("step", "highest"), [(5, 2.0), (-1, 2.0), (0, 0.5), (0, float("inf"))])
def test_a_schedule_that_makes_no_sense_is_refused(step, highest):
    with pytest.raises(ValueError, match="step must|highest must"):
        losses.annealed_temperature(step, 5, highest)


def test_certainty_is_one_minus_entropy_over_its_largest_value(logits):
    expected = [1 - entropy(row) / np.log(4) for row in logits[1].double().numpy()]
    torch.testing.assert_close(losses.certainty(logits[1]).double(), torch.tensor(expected))


def test_certainty_of_nothing_is_zero_and_of_a_one_hot_teacher_one():
    sure = torch.tensor([[0.0, 0.0, 0.0], [1e4, 0.0, 0.0]])
    assert losses.certainty(sure).tolist() == pytest.approx([0.0, 1.0], abs=1e-6)


def test_weights_average_one_and_are_all_one_where_nobody_is_sure(logits):
    weights = losses.certainty_weights(logits[1])
    assert weights.mean().item() == pytest.approx(1.0, abs=1e-6)
    assert weights.argmax() == losses.certainty(logits[1]).argmax()
    for classes in (2, 3, 7):
        nobody = torch.full((3, classes), 0.7)
        assert losses.certainty_weights(nobody).tolist() == [1.0, 1.0, 1.0]


def test_a_sure_row_has_the_highest_temperature():
    found = losses.row_temperatures(torch.tensor([[0.0, 0.0], [1e4, 0.0]]), 4.0)
    assert found.tolist() == pytest.approx([1.0, 4.0], abs=1e-5)


def test_standardised_rows_have_mean_zero_and_deviation_one_over_the_classes(logits):
    z = losses.standardised(5 + 7 * logits[0])
    torch.testing.assert_close(z.mean(-1), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(z.std(-1, correction=0), torch.ones(6))
    torch.testing.assert_close(z, losses.standardised(logits[0]), atol=1e-5, rtol=1e-4)


def test_a_row_of_equal_logits_is_zero_and_passes_no_nan_back():
    for value in (2.0, -0.719):  # three times the second, divided by three, is another number
        row = torch.full((1, 3), value, requires_grad=True)
        losses.standardised(row).sum().backward()
        assert row.grad is not None and row.grad.abs().max() < 2
        assert losses.standardised(row).tolist() == [[0.0, 0.0, 0.0]]


def test_a_row_whose_logits_hardly_differ_is_standardised_all_the_same():
    found = losses.standardised(torch.tensor([[5e-7, 0.0, -5e-7]]))
    torch.testing.assert_close(found, torch.tensor([[1.5**0.5, 0.0, -(1.5**0.5)]]))


def test_with_one_temperature_the_row_wise_loss_is_the_plain_one(logits):
    student, teacher = logits
    found = losses.row_wise_soft_loss(student, teacher, temperatures=torch.full((6,), 2.5))
    torch.testing.assert_close(found, losses.soft_target_loss(student, teacher, temperature=2.5))


def test_a_row_that_both_exclude_wholly_is_left_out_as_in_the_plain_loss(logits):
    student, teacher = (x.detach().clone() for x in logits)
    student[2] = teacher[2] = -torch.inf
    student.requires_grad_()
    found = losses.row_wise_soft_loss(student, teacher, temperatures=torch.full((6,), 2.5))
    torch.testing.assert_close(found, losses.soft_target_loss(student, teacher, temperature=2.5))
    others = [0, 1, 3, 4, 5]
    about = {"temperatures": torch.arange(1.0, 7.0), "weights": torch.arange(6.0)}
    found = losses.row_wise_soft_loss(student, teacher, **about)
    kept = {name: value[others] for name, value in about.items()}
    expected = losses.row_wise_soft_loss(student[others], teacher[others], **kept)
    torch.testing.assert_close(found, expected)
    (gradient,) = torch.autograd.grad(found, student)
    assert gradient.isfinite().all() and not gradient[2].any()
    alone = {name: value[2:3] for name, value in about.items()}
    assert losses.row_wise_soft_loss(student[2:3], teacher[2:3], **alone) == 0


def test_every_row_has_its_own_temperature_square_and_weight(logits):
    student, teacher = logits
    temperatures, weights = torch.arange(1.0, 7.0), torch.arange(6.0)
    rows = [
        weights[i]
        * losses.soft_target_loss(student[i : i + 1], teacher[i : i + 1], temperature=i + 1.0)
        for i in range(6)
    ]
    found = losses.row_wise_soft_loss(student, teacher, temperatures=temperatures, weights=weights)
    torch.testing.assert_close(found, sum(rows) / 6)


def test_no_gradient_reaches_the_teacher(logits):
    student, teacher = (values.requires_grad_() for values in logits)
    ones = torch.ones(6)
    losses.row_wise_soft_loss(student, teacher, temperatures=ones, weights=ones).backward()
    assert teacher.grad is None and student.grad is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"temperatures": torch.ones(5)}, "temperatures must have one entry a row"),
        ({"temperatures": torch.zeros(6)}, "temperatures must be positive"),
        ({"weights": -torch.ones(6)}, "weights must not be negative"),
    ],
)
def test_what_belongs_to_no_row_is_refused(change, said, logits):
    with pytest.raises(ValueError, match=said):
        losses.row_wise_soft_loss(*logits, **{"temperatures": torch.ones(6), **change})


def test_the_least_sure_rows_are_chosen_in_their_order():
    logits = np.array([[9.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [4.0, 0.0]])
    assert most_uncertain(logits, 0.4) == [1, 3]
    assert most_uncertain(logits, 0.2) == [1]  # the earlier of two that are equally unsure
    assert most_uncertain(logits, 0.5) == [1, 2, 3]  # half of five is three
    assert len(most_uncertain(np.zeros((30, 2)), 0.1)) == 3


@pytest.mark.parametrize("share", [0.0, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="share must"):
        most_uncertain(np.zeros((3, 2)), share)
