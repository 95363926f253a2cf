"""The loss from a teacher's k best words: exact over k + 1 classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kd_course.losses import TopK, soft_target_loss, top_k_of, top_k_target_loss

BATCH, LENGTH, WORDS = 3, 5, 11


@pytest.fixture
def logits():
    chance = torch.Generator().manual_seed(0)
    return [3 * torch.randn(BATCH, LENGTH, WORDS, generator=chance) for _ in range(2)]


def numpys(student, teacher, k, temperature, mask):
    """In double precision, from the sums of probabilities themselves."""
    found = []
    for z, y, counts in zip(
        teacher.double().numpy().reshape(-1, WORDS),
        student.double().numpy().reshape(-1, WORDS),
        mask.numpy().reshape(-1),
        strict=True,
    ):
        if not counts:
            continue
        p, q = (np.exp(a / temperature) / np.exp(a / temperature).sum() for a in (z, y))
        best = np.argsort(-z)[:k]
        p, q = (np.append(a[best], 1 - a[best].sum()) for a in (p, q))
        found.append(temperature**2 * (p * np.log(p / q)).sum())
    return np.mean(found)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 8.0])
@pytest.mark.parametrize("k", [1, 4, WORDS - 1])
def test_it_is_numpys_in_double_precision(logits, k, temperature):
    student, teacher = logits
    mask = torch.arange(LENGTH).expand(BATCH, LENGTH) < torch.tensor([[5], [2], [0]])
    loss = top_k_target_loss(
        student,
        top_k_of(teacher, k, temperature=temperature),
        temperature=temperature,
        mask=mask,
    )
    assert loss.item() == pytest.approx(numpys(student, teacher, k, temperature, mask), rel=1e-5)


def test_all_words_are_the_full_loss_to_the_last_bit(logits):
    student, teacher = logits
    said = top_k_of(teacher, WORDS, temperature=2.0)
    whole = soft_target_loss(student, teacher, temperature=2.0)
    assert top_k_target_loss(student, said, temperature=2.0).item() == whole.item()


def test_more_words_never_make_it_smaller_and_it_is_never_negative(logits):
    student, teacher = logits
    losses = [
        top_k_target_loss(student, top_k_of(teacher, k, temperature=2.0), temperature=2.0).item()
        for k in range(1, WORDS + 1)
    ]
    assert losses[0] >= 0
    assert all(a <= b + 1e-5 for a, b in zip(losses, losses[1:], strict=False))
    own = top_k_target_loss(teacher, top_k_of(teacher, 3, temperature=2.0), temperature=2.0)
    assert abs(own.item()) < 1e-5


def test_its_gradient_is_that_of_double_precision(logits):
    student, teacher = (part.double() for part in logits)
    said = top_k_of(teacher, 4, temperature=2.0)
    assert torch.autograd.gradcheck(
        lambda s: top_k_target_loss(s, said, temperature=2.0), student.requires_grad_()
    )


def by_autograd(student, teacher, temperature, mask):
    """The same loss as the library would differentiate it: no gradient by hand."""
    z, ids, logits = student[mask] / temperature, teacher.ids[mask], teacher.logits[mask]
    others = z.scatter(-1, ids, -torch.inf)
    none = others.detach().amax(-1, keepdim=True) == -torch.inf
    rest = others.masked_fill(none, 0.0).logsumexp(-1, keepdim=True).masked_fill(none, -torch.inf)
    log_q = torch.cat([z.gather(-1, ids), rest], dim=-1).log_softmax(-1)
    log_p = torch.cat([logits / temperature, teacher.rest[mask][:, None]], dim=-1).log_softmax(-1)
    terms = (log_p.exp() * (log_p - log_q)).masked_fill(log_p == -torch.inf, 0.0)
    return temperature**2 * terms.sum() / len(z)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("k", [1, 4, WORDS - 1])
def test_its_gradient_by_hand_is_autograds_to_the_last_bit(logits, k, dtype):
    student, teacher = (part.to(dtype) for part in logits)
    teacher[0, 0, 5:] = student[0, 0, 5:] = -torch.inf  # words that both exclude
    student[0, 1, teacher[0, 1].argmin()] = -torch.inf  # one that the student excludes, of the rest
    teacher[0, 2], student[0, 2] = -torch.inf, -torch.inf
    teacher[0, 2, :k], student[0, 2, :k] = 1.0, 2.0  # nothing is left beside the k best
    mask = torch.arange(LENGTH).expand(BATCH, LENGTH) < torch.tensor([[5], [2], [0]])
    said = top_k_of(teacher, k, temperature=2.0)
    gradients = []
    for loss in (
        lambda s: top_k_target_loss(s, said, temperature=2.0, mask=mask),
        lambda s: by_autograd(s, said, 2.0, mask),
    ):
        own = student.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(own), own)
        gradients.append(gradient)
    assert torch.equal(*gradients) and gradients[0].abs().sum() > 0


def test_a_gradient_of_the_gradient_is_refused_and_not_made_up(logits):
    student, teacher = logits
    said = top_k_of(teacher, 4, temperature=2.0)
    student.requires_grad_()
    (first,) = torch.autograd.grad(
        top_k_target_loss(student, said, temperature=2.0), student, create_graph=True
    )
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_a_word_that_is_excluded_makes_no_nan(logits):
    student, teacher = (part.clone() for part in logits)
    teacher[..., 4:] = -torch.inf  # nothing is left beside the four best
    student[0, ..., 4:] = -torch.inf
    student.requires_grad_()
    loss = top_k_target_loss(student, top_k_of(teacher, 4, temperature=1.0), temperature=1.0)
    loss.backward()
    assert loss.isfinite() and student.grad.isfinite().all()
    assert loss.item() == pytest.approx(
        soft_target_loss(student, teacher, temperature=1.0).item(), rel=1e-5
    )


def test_what_does_not_fit_is_refused(logits):
    student, teacher = logits
    said = top_k_of(teacher, 4, temperature=1.0)
    with pytest.raises(ValueError, match="k must lie in 1 … 11"):
        top_k_of(teacher, 12, temperature=1.0)
    with pytest.raises(ValueError, match="ids and logits of shape"):
        top_k_target_loss(student[:2], said, temperature=1.0)
    with pytest.raises(ValueError, match="among the student's 11 words"):
        top_k_target_loss(student, TopK(said.ids + 9, *said[1:]), temperature=1.0)
