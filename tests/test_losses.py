"""The losses are what the papers say, and none of the known traps is built in.

Expected values come from NumPy in float64, written out here, not from the package.
"""

import math

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from torch.autograd import gradcheck

from kd_course.losses import distillation_loss, hard_target_loss, soft_target_loss


def numpy_soft(student, teacher, temperature, kind="kl"):
    """(rows,): T² KL(teacher ‖ student), or T² H(teacher, student), by the formula."""
    log_s, log_t = (log_softmax(np.float64(z) / temperature, axis=-1) for z in (student, teacher))
    p = np.exp(log_t)
    return temperature**2 * (p * ((log_t if kind == "kl" else 0) - log_s)).sum(-1)


def numpy_hard(student, labels):
    return -np.take_along_axis(log_softmax(np.float64(student), axis=-1), labels[..., None], -1)[
        ..., 0
    ]


@pytest.fixture
def batch():
    random = np.random.default_rng(0)
    return (
        random.normal(size=(6, 4)) * 2,
        random.normal(size=(6, 4)) * 2,
        random.integers(4, size=6),
    )


@pytest.fixture
def sequences():
    random = np.random.default_rng(1)
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0]], dtype=bool)
    return (
        random.normal(size=(3, 5, 7)),
        random.normal(size=(3, 5, 7)),
        random.integers(7, size=(3, 5)),
        mask,
    )


def tensors(*arrays):
    return tuple(torch.from_numpy(np.asarray(a)) for a in arrays)


# -- the formulas -----------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 16.0])
@pytest.mark.parametrize("kind", ["kl", "cross_entropy"])
def test_soft_loss_is_the_mean_over_examples_with_t_squared(batch, temperature, kind):
    student, teacher, _ = batch
    got = soft_target_loss(*tensors(student, teacher), temperature=temperature, kind=kind)
    assert got.item() == pytest.approx(
        numpy_soft(student, teacher, temperature, kind).mean(), rel=1e-10
    )


def test_hard_loss_is_the_mean_surprise_at_temperature_one(batch):
    student, _, labels = batch
    got = hard_target_loss(*tensors(student, labels))
    assert got.item() == pytest.approx(numpy_hard(student, labels).mean(), rel=1e-10)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_alpha_weighs_the_soft_part_and_t_squared_stays_at_its_ends(batch, alpha):
    student, teacher, labels = batch
    expected = (
        alpha * numpy_soft(student, teacher, 3.0).mean()
        + (1 - alpha) * numpy_hard(student, labels).mean()
    )
    got = distillation_loss(*tensors(student, teacher, labels), temperature=3.0, alpha=alpha)
    assert got.item() == pytest.approx(expected, rel=1e-10)


def test_the_gradient_is_t_times_the_difference_of_softened_probabilities(batch):
    student, teacher, _ = tensors(*batch)
    student.requires_grad_()
    soft_target_loss(student, teacher, temperature=5.0).backward()
    expected = (
        5.0 * (torch.softmax(student / 5, -1) - torch.softmax(teacher / 5, -1)) / len(student)
    )
    torch.testing.assert_close(student.grad, expected.detach())


def test_kl_and_cross_entropy_differ_in_value_but_not_in_gradient(batch):
    student, teacher, _ = tensors(*batch)
    gradients, values = [], []
    for kind in ("kl", "cross_entropy"):
        leaf = student.clone().requires_grad_()
        value = soft_target_loss(leaf, teacher, temperature=2.0, kind=kind)
        value.backward()
        gradients.append(leaf.grad)
        values.append(value.item())
    torch.testing.assert_close(*gradients)
    assert values[1] > values[0] + 0.1


def test_gradients_agree_with_finite_differences(sequences):
    student, teacher, labels, mask = tensors(*sequences)
    student.requires_grad_()
    assert gradcheck(lambda z: distillation_loss(z, teacher, labels, mask=mask), (student,))


# -- the traps --------------------------------------------------------------------------------


def test_more_classes_do_not_make_the_loss_smaller():
    # Trap 1: reduction="mean" divides by the number of classes as well.
    student, teacher = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    never = torch.full((1, 98), -1e4)
    more = soft_target_loss(
        torch.cat([student, never], 1), torch.cat([teacher, never], 1), temperature=1.0
    )
    torch.testing.assert_close(more, soft_target_loss(student, teacher, temperature=1.0))


def test_longer_sequences_do_not_make_the_loss_larger(sequences):
    # Trap 2: batchmean on (batch, length, vocabulary) grows with the length.
    student, teacher, labels, _ = tensors(*sequences)
    once = distillation_loss(student, teacher, labels)
    twice = distillation_loss(*(torch.cat([x, x], dim=1) for x in (student, teacher, labels)))
    torch.testing.assert_close(once, twice)


def test_at_high_temperature_the_gradient_does_not_vanish(batch):
    # Trap 3: without T² the gradient falls as 1/T²; with it, it tends to that of matching logits.
    student, teacher, _ = tensors(*batch)
    student.requires_grad_()
    soft_target_loss(student, teacher, temperature=1000.0).backward()
    centred = [z - z.mean(-1, keepdim=True) for z in (student.detach(), teacher)]
    expected = (centred[0] - centred[1]) / student.shape[-1] / len(student)
    torch.testing.assert_close(student.grad, expected, rtol=1e-2, atol=1e-4)


def test_the_teacher_comes_first_in_the_divergence():
    # Trap 4: swapped arguments. Teacher sure, student not: KL(teacher ‖ student) = log 2.
    sure, unsure = torch.tensor([[50.0, -50.0]]), torch.zeros(1, 2)
    assert soft_target_loss(unsure, sure, temperature=1.0).item() == pytest.approx(math.log(2))
    assert soft_target_loss(sure, unsure, temperature=1.0).item() == pytest.approx(
        50 - math.log(2), rel=1e-5
    )


def test_the_same_number_added_to_a_row_changes_nothing(batch, sequences):
    # Trap 5: a softmax over the batch or the length would see it.
    for student, teacher in (tensors(*batch[:2]), tensors(*sequences[:2])):
        shift = torch.arange(student.shape[0], dtype=torch.float64).reshape(
            -1, *[1] * (student.ndim - 1)
        )
        plain = soft_target_loss(student, teacher, temperature=2.0)
        torch.testing.assert_close(
            soft_target_loss(student + shift, teacher, temperature=2.0), plain
        )


def test_no_gradient_reaches_the_teacher(batch):
    # Trap 7.
    student, teacher, labels = tensors(*batch)
    student.requires_grad_(), teacher.requires_grad_()
    distillation_loss(student, teacher, labels).backward()
    assert teacher.grad is None and student.grad is not None


def test_padding_has_no_say_in_the_loss(sequences):
    # Trap 8, with NaN in the padding: multiplying it by zero would not keep it out.
    student, teacher, labels, mask = sequences
    expected = (
        0.5 * numpy_soft(student, teacher, 2.0)[mask].mean()
        + 0.5 * numpy_hard(student, labels)[mask].mean()
    )
    student, teacher = student.copy(), teacher.copy()
    student[~mask], teacher[~mask] = np.nan, np.nan
    leaf = torch.from_numpy(student).requires_grad_()
    got = distillation_loss(leaf, *tensors(teacher, labels), mask=torch.from_numpy(mask))
    got.backward()
    assert got.item() == pytest.approx(expected, rel=1e-10)
    assert leaf.grad.isfinite().all() and (leaf.grad[~torch.from_numpy(mask)] == 0).all()


def test_a_class_that_both_exclude_counts_as_nothing(batch):
    # Trap 10: 0 · (-inf) is NaN.
    student, teacher, labels = tensors(*batch)
    column = torch.full((len(student), 1), -math.inf, dtype=torch.float64)
    leaf = torch.cat([student, column], 1).requires_grad_()
    got = distillation_loss(leaf, torch.cat([teacher, column], 1), labels)
    got.backward()
    torch.testing.assert_close(got, distillation_loss(student, teacher, labels))
    assert leaf.grad.isfinite().all() and (leaf.grad[:, -1] == 0).all()


def test_a_class_that_only_the_teacher_excludes_is_learnt(batch):
    student, teacher, _ = (x[:1] for x in tensors(*batch))
    teacher[0, 1] = -math.inf
    leaf = student.clone().requires_grad_()
    soft_target_loss(leaf, teacher, temperature=1.0).backward()
    torch.testing.assert_close(leaf.grad, student.softmax(-1) - teacher.softmax(-1))


@pytest.mark.parametrize("kind", ["kl", "cross_entropy"])
def test_a_row_in_which_every_class_is_excluded_counts_as_nothing(batch, kind):
    student, teacher, _ = tensors(*batch)
    expected = soft_target_loss(student, teacher, temperature=2.0, kind=kind)
    empty = torch.full((1, 4), -math.inf, dtype=torch.float64)
    got = soft_target_loss(
        torch.cat([student, empty]), torch.cat([teacher, empty]), temperature=2.0, kind=kind
    )
    torch.testing.assert_close(got, expected)


def test_nothing_unmasked_gives_zero_and_not_nan(sequences):
    # Trap 11: 0/0.
    student, teacher, labels, _ = tensors(*sequences)
    student.requires_grad_()
    got = distillation_loss(student, teacher, labels, mask=torch.zeros(3, 5, dtype=torch.bool))
    got.backward()
    assert got.item() == 0 and (student.grad == 0).all()


def test_a_wholly_masked_row_does_not_thin_the_others(sequences):
    student, teacher, labels, mask = tensors(*sequences)
    none = torch.zeros(1, 5, dtype=torch.bool)
    with_row = distillation_loss(
        *(torch.cat([x, x[:1]]) for x in (student, teacher, labels)), mask=torch.cat([mask, none])
    )
    torch.testing.assert_close(with_row, distillation_loss(student, teacher, labels, mask=mask))


def test_an_unlabelled_row_still_learns_from_the_teacher(batch):
    student, teacher, labels = batch
    kept = np.array([0, 2, 5])
    unlabelled = np.full(6, -100)
    unlabelled[kept] = labels[kept]
    expected = (
        0.4 * numpy_soft(student, teacher, 2.0).mean()
        + 0.6 * numpy_hard(student, labels)[kept].mean()
    )
    got = distillation_loss(*tensors(student, teacher, unlabelled), alpha=0.4)
    assert got.item() == pytest.approx(expected, rel=1e-10)


def test_no_label_at_all_leaves_the_soft_part(batch):
    student, teacher, _ = tensors(*batch)
    got = distillation_loss(student, teacher, torch.full((6,), -100), alpha=0.4)
    torch.testing.assert_close(got, 0.4 * soft_target_loss(student, teacher, temperature=2.0))


def test_nothing_given_is_edited_in_place(sequences):
    # Trap 16.
    given = tensors(*sequences)
    before = [x.clone() for x in given]
    distillation_loss(*given[:3], mask=given[3])
    assert all(torch.equal(x, y) for x, y in zip(given, before, strict=True))


# -- precision --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_large_logits_in_any_precision_give_finite_values_and_gradients(dtype):
    student = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], dtype=dtype, requires_grad=True)
    teacher = torch.tensor([[-1e4, 1e4, 0.0], [1e4, -1e4, 1e4]], dtype=dtype)
    for temperature in (0.5, 1.0, 4.0):
        student.grad = None
        got = distillation_loss(student, teacher, torch.tensor([1, 0]), temperature=temperature)
        got.backward()
        assert got.dtype == torch.float32
        assert got.isfinite() and student.grad.isfinite().all()
        assert student.grad.dtype == dtype


def test_half_precision_loses_nothing_beyond_its_own_rounding(batch):
    student, teacher, labels = tensors(*batch)
    student, teacher = student.half(), teacher.half()
    got = distillation_loss(student, teacher, labels, temperature=8.0)
    exact = distillation_loss(student.double(), teacher.double(), labels, temperature=8.0)
    assert exact.dtype == torch.float64
    assert got.item() == pytest.approx(exact.item(), rel=1e-4)


def test_equal_logits_cost_nothing_at_any_temperature():
    logits = torch.randn(8, 1000)
    assert soft_target_loss(logits, logits, temperature=30.0).item() == 0.0


# -- what is refused --------------------------------------------------------------------------


def refused(match, **changes):
    given = {
        "student_logits": torch.zeros(2, 3),
        "teacher_logits": torch.zeros(2, 3),
        "labels": torch.tensor([0, 1]),
    }
    with pytest.raises((ValueError, TypeError), match=match):
        distillation_loss(**{**given, **changes})


@pytest.mark.parametrize("temperature", [0.0, -2.0, math.nan])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    refused("temperature must be", temperature=temperature)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, math.nan])
def test_an_alpha_outside_zero_to_one_is_refused(alpha):
    refused(r"alpha must lie in \[0, 1\]", alpha=alpha)


def test_shapes_that_differ_are_refused_with_both_shapes():
    refused(r"\(2, 3\) and \(2, 4\)", teacher_logits=torch.zeros(2, 4))
    refused(r"labels must have the shape.*\(2,\).*\(3,\)", labels=torch.zeros(3, dtype=torch.long))
    refused(r"mask must have one entry a row", mask=torch.ones(2, 3))


def test_labels_that_are_no_class_are_refused():
    refused(r"labels must lie in 0 … 2", labels=torch.tensor([0, 3]))
    refused(r"labels must lie in 0 … 2", labels=torch.tensor([0, -1]))
    refused(r"whole numbers", labels=torch.tensor([0.0, 1.0]))


def test_a_mask_that_is_no_mask_is_refused():
    refused(r"true and false", mask=torch.tensor([1, 2]))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match='kind must be "kl" or "cross_entropy"'):
        soft_target_loss(torch.zeros(1, 2), torch.zeros(1, 2), temperature=1.0, kind="js")


def test_whole_numbers_are_no_logits():
    refused("floating-point logits", student_logits=torch.zeros(2, 3, dtype=torch.long))
