"""The loss for spans is what it says, and the traps that concern spans are not built in.

Expected values come from NumPy in float64, position by position, not from the package.
"""

import math

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from torch.autograd import gradcheck

from kd_course.losses import span_distillation_loss

LENGTH = 7
NAMES = ("student_start", "student_end", "teacher_start", "teacher_end")


@pytest.fixture
def windows():
    """Four windows: a short one, one without an answer, one wholly masked, a full one."""
    random = np.random.default_rng(0)
    logits = [random.normal(size=(4, LENGTH)) * 3 for _ in range(4)]
    mask = np.zeros((4, LENGTH), dtype=bool)
    mask[0, 2:5] = mask[1, 1:] = mask[3, 3:] = True
    starts, ends = np.array([2, -100, -100, 4]), np.array([4, -100, -100, 4])
    return logits, starts, ends, mask


def by_hand(logits, starts, ends, mask, temperature=2.0, alpha=0.5):
    """Window by window, over the allowed positions alone."""
    halves = []
    for student, teacher, positions in ((*logits[::2], starts), (*logits[1::2], ends)):
        soft, hard = [], []
        for row in range(len(mask)):
            allowed = np.flatnonzero(mask[row])
            if not len(allowed):
                continue
            log_s, log_t = (log_softmax(z[row, allowed] / temperature) for z in (student, teacher))
            soft.append(temperature**2 * (np.exp(log_t) * (log_t - log_s)).sum())
            if positions[row] != -100:
                at = list(allowed).index(positions[row])
                hard.append(-log_softmax(student[row, allowed])[at])
        halves.append(
            alpha * (np.mean(soft) if soft else 0) + (1 - alpha) * (np.mean(hard) if hard else 0)
        )
    return np.mean(halves)


def loss(logits, starts, ends, mask, **options):
    given = [torch.as_tensor(x) for x in (*logits, starts, ends)]
    return span_distillation_loss(*given, mask=torch.as_tensor(mask), **options)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 8.0])
def test_the_loss_is_the_mean_of_start_and_end_over_windows(windows, temperature, alpha):
    got = loss(*windows, temperature=temperature, alpha=alpha)
    expected = by_hand(*windows, temperature=temperature, alpha=alpha)
    assert got.item() == pytest.approx(expected, rel=1e-10)


def test_gradients_agree_with_finite_differences(windows):
    (student_start, student_end, *teacher), starts, ends, mask = windows
    leaves = tuple(torch.tensor(z, requires_grad=True) for z in (student_start, student_end))
    assert gradcheck(lambda s, e: loss((s, e, *teacher), starts, ends, mask), leaves)


def test_start_and_end_are_not_mixed_up(windows):
    logits, starts, ends, mask = windows
    crossed = [logits[0], logits[1], logits[3], logits[2]]
    assert abs(loss(crossed, starts, ends, mask) - loss(*windows)) > 0.1


# -- the traps --------------------------------------------------------------------------------


@pytest.mark.parametrize("rubbish", [-math.inf, math.inf, math.nan, 1e4, -1e4])
def test_what_stands_outside_the_mask_has_no_say(windows, rubbish):
    # Traps 8 and 10: padding and question tokens; 0 · (-inf) is NaN.
    logits, starts, ends, mask = windows
    leaves = []
    for z in logits:
        z = z.copy()
        z[~mask] = rubbish
        leaves.append(torch.tensor(z, requires_grad=True))
    got = loss(leaves, starts, ends, mask)
    got.backward()
    assert got.item() == pytest.approx(by_hand(*windows), rel=1e-10)
    outside = torch.as_tensor(~mask)
    for leaf in leaves[:2]:
        assert leaf.grad.isfinite().all()
        assert (leaf.grad[outside] == 0).all()


def test_more_padding_does_not_change_the_loss(windows):
    logits, starts, ends, mask = windows
    wider = [np.pad(z, ((0, 0), (0, 9))) for z in logits]
    got = loss(wider, starts, ends, np.pad(mask, ((0, 0), (0, 9))))
    assert got.item() == pytest.approx(by_hand(*windows), rel=1e-10)


def test_no_probability_leaks_to_masked_positions_at_any_temperature():
    # A finite mask of -10,000 leaks as soon as it is divided by a high temperature.
    flat = torch.zeros(1, 6)
    peaked = torch.tensor([[-1e4, -1e4, 0.0, 0.0, 0.0, 0.0]])
    mask = torch.tensor([[True, True, False, False, False, False]])
    none = torch.tensor([-100])
    for temperature in (0.1, 1.0, 100.0, 1e4):
        got = span_distillation_loss(
            flat, flat, peaked, peaked, none, none, temperature=temperature, alpha=1.0, mask=mask
        )
        assert got.item() == pytest.approx(0, abs=1e-4)


def test_a_wholly_masked_window_counts_as_nothing(windows):
    # Trap 11: neither 0/0, nor a zero that thins the mean of the others.
    logits, starts, ends, mask = windows
    kept = [0, 1, 3]
    without = loss([z[kept] for z in logits], starts[kept], ends[kept], mask[kept])
    assert loss(*windows).item() == pytest.approx(without.item(), rel=1e-12)
    starts, ends = starts.copy(), ends.copy()
    starts[2], ends[2] = 5, 1  # the mask governs both parts: its positions are not even looked at
    assert loss(logits, starts, ends, mask).item() == pytest.approx(without.item(), rel=1e-12)


def test_a_batch_of_wholly_masked_windows_gives_zero_and_not_nan(windows):
    logits, starts, ends, mask = windows
    leaves = [torch.tensor(z, requires_grad=True) for z in logits]
    got = loss(leaves, starts, ends, np.zeros_like(mask))
    got.backward()
    assert got.item() == 0
    assert (leaves[0].grad == 0).all()


def test_a_batch_of_windows_without_an_answer_still_teaches(windows):
    logits, starts, ends, mask = windows
    nowhere = np.full(4, -100)
    got = loss(logits, nowhere, nowhere, mask, alpha=0.4)
    assert got.item() == pytest.approx(by_hand(logits, nowhere, nowhere, mask, alpha=0.4))
    assert got.item() > 0.1
    hard = loss(logits, nowhere, nowhere, mask, alpha=0.0)
    assert hard.item() == 0


@pytest.mark.parametrize("position", [LENGTH, 1000, -1, 0, 1])
def test_a_position_where_no_answer_may_be_is_refused_and_never_clamped(windows, position):
    # Trap 12. Window 0 allows positions 2, 3, 4.
    logits, starts, ends, mask = windows
    changed = starts.copy()
    changed[0] = position
    with pytest.raises(ValueError, match=rf"start_positions of window 0 is {position}, .*-100"):
        loss(logits, changed, ends, mask)
    changed = ends.copy()
    changed[0] = position
    with pytest.raises(ValueError, match=rf"end_positions of window 0 is {position}, .*-100"):
        loss(logits, starts, changed, mask)


def test_one_position_without_the_other_and_an_end_before_the_start_are_refused(windows):
    logits, starts, ends, mask = windows
    with pytest.raises(ValueError, match="both be -100 or neither, but in window 3"):
        loss(logits, starts, np.array([4, -100, -100, -100]), mask)
    with pytest.raises(ValueError, match="must not lie before start_positions, but in window 3"):
        loss(logits, starts, np.array([4, -100, -100, 3]), mask)


def test_a_model_that_excludes_every_allowed_position_is_refused(windows):
    logits, starts, ends, mask = windows
    logits[1] = logits[1].copy()
    logits[1][3, 3:] = -math.inf
    with pytest.raises(ValueError, match="student_end is -inf at every position .* in window 3"):
        loss(logits, starts, ends, mask)


def test_an_allowed_position_that_the_teacher_excludes_is_learnt(windows):
    logits, starts, ends, mask = windows
    logits[2] = logits[2].copy()
    logits[2][0, 3] = -math.inf
    leaves = [torch.tensor(z, requires_grad=True) for z in logits]
    got = loss(leaves, starts, ends, mask, alpha=1.0)
    got.backward()
    assert got.isfinite()
    assert leaves[0].grad[0, 3] > 0  # descent lowers the logit
    assert leaves[0].grad.isfinite().all()


def test_no_gradient_reaches_the_teacher_and_nothing_is_edited_in_place(windows):
    # Traps 7 and 16.
    logits, starts, ends, mask = windows
    leaves = [torch.tensor(z, requires_grad=True) for z in logits]
    loss(leaves, starts, ends, mask).backward()
    assert leaves[0].grad is not None
    assert leaves[2].grad is None
    assert leaves[3].grad is None
    assert all(np.array_equal(leaf.detach(), z) for leaf, z in zip(leaves, logits, strict=True))


def test_at_high_temperature_the_gradient_does_not_vanish(windows):
    # Trap 3, and over the allowed positions alone: it tends to that of matching centred logits.
    logits, starts, ends, mask = windows
    leaves = [torch.tensor(z, requires_grad=True) for z in logits]
    loss(leaves, starts, ends, mask, temperature=1e4, alpha=1.0).backward()
    student, teacher = (z[0, 2:5] - z[0, 2:5].mean() for z in (logits[0], logits[2]))
    expected = (student - teacher) / 3 / 3 / 2  # positions; windows that count; start and end
    np.testing.assert_allclose(leaves[0].grad[0, 2:5], expected, rtol=1e-2, atol=1e-4)


# -- precision, and what is refused -------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_large_logits_in_any_precision_give_finite_values_and_gradients(windows, dtype):
    logits, starts, ends, mask = windows
    leaves = [
        torch.tensor(np.sign(z) * 1e4).to(dtype).masked_fill(torch.tensor(~mask), -math.inf)
        for z in logits
    ]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    got = loss(leaves, starts, ends, mask)
    got.backward()
    assert got.dtype == torch.float32
    assert got.isfinite()
    assert leaves[0].grad.isfinite().all()
    assert leaves[0].grad.dtype == dtype


def test_double_precision_stays(windows):
    assert loss(*windows).dtype == torch.float64


def test_a_mask_of_ones_and_zeros_is_a_mask_and_another_is_none(windows):
    logits, starts, ends, mask = windows
    assert loss(logits, starts, ends, mask.astype(int)) == loss(*windows)
    with pytest.raises(ValueError, match="true and false"):
        loss(logits, starts, ends, mask * 2)


def test_shapes_and_types_that_do_not_fit_are_refused(windows):
    logits, starts, ends, mask = windows
    with pytest.raises(ValueError, match=r"one shape, \(batch, length\).*\(4, 6\)"):
        loss([*logits[:3], logits[3][:, :6]], starts, ends, mask)
    with pytest.raises(ValueError, match=r"mask must have one entry a position.*\(4, 7\).*\(4,\)"):
        loss(logits, starts, ends, mask[:, 0])
    with pytest.raises(ValueError, match=r"end_positions must have one entry a window.*\(3,\)"):
        loss(logits, starts, ends[:3], mask)
    with pytest.raises(TypeError, match="start_positions must be whole numbers"):
        loss(logits, starts.astype(float), ends, mask)
    with pytest.raises(TypeError, match="student_start must be floating-point"):
        loss([z.astype(int) for z in logits], starts, ends, mask)
    with pytest.raises(ValueError, match="alpha must lie"):
        loss(*windows, alpha=2.0)
    with pytest.raises(ValueError, match="temperature must be"):
        loss(*windows, temperature=0.0)
