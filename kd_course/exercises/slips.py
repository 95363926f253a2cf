"""What slips are made of: random inputs, right losses with a part to replace, and ways to vary one.

For the lessons' exercises.py and variants.py. A slip that is built here is right but for its one
mistake, so what stands here is right: teachers alone have it, as they have the slips.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]

IGNORED = -100  # the label of a row that has none
SMALL = (1e-12, 1e-10, 1e-9, 1e-8, 1e-7)  # what people add inside a logarithm


# -- random inputs ----------------------------------------------------------------------------


def random_normal(
    random: numpy.random.Generator,
    *shape: int,
    scale: float = 1.0,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Logits, weights or features, normally distributed around 0: of this shape."""
    return torch.tensor(random.normal(scale=scale, size=shape), dtype=dtype)


def random_labels(random: numpy.random.Generator, classes: int, *shape: int) -> Tensor:
    """Labels, each class as likely as any other: whole numbers below classes, of this shape."""
    return torch.tensor(random.integers(classes, size=shape), dtype=torch.long)


def random_distributions(
    random: numpy.random.Generator, *shape: int, concentration: float = 1.0
) -> Tensor:
    """Distributions, the more even the larger the concentration: (*rows, classes), float64."""
    drawn = random.dirichlet([concentration] * shape[-1], size=shape[:-1])
    return torch.tensor(drawn, dtype=torch.float64)


# -- losses row by row ------------------------------------------------------------------------


def kl_of_logits(p: Tensor, q: Tensor, temperature: float = 1.0) -> Tensor:
    """KL(p ‖ q) of what two models' logits stand for at a temperature: (..., classes) -> (...).

    A class that p excludes with -inf adds nothing.
    """
    log_p, log_q = (F.log_softmax(logits / temperature, -1) for logits in (p, q))
    terms = log_p.exp() * (log_p - log_q)
    return terms.masked_fill(log_p == -math.inf, 0.0).sum(-1)


def kl_to_teacher(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """KL(teacher ‖ student) a row, no gradient into the teacher: logits (..., classes) -> (...)."""
    return kl_of_logits(teacher.detach(), student, temperature)


def surprises(student: Tensor, labels: Tensor) -> Tensor:
    """-log q(label) a row, 0 where there is no label: logits (..., classes), labels (...) -> (...)."""
    flat = F.cross_entropy(student.flatten(0, -2), labels.flatten(), reduction="none")
    return flat.view(labels.shape)


def believed(q: Tensor, labels: Tensor) -> Tensor:
    """What is held likely of what happened: probabilities (rows, classes), labels (rows,) -> (rows,)."""
    return q.gather(-1, labels.unsqueeze(-1)).squeeze(-1)


# -- sums and means of them -------------------------------------------------------------------


def mean_over(values: Tensor, counts: Tensor) -> Tensor:
    """The mean of the values that count, 0 where none does: (...), booleans (...) -> one number."""
    return values[counts].sum() / max(int(counts.sum()), 1)


def mean_of_means(values: Tensor, counts: Tensor) -> Tensor:
    """The mean over sentences of the mean over their tokens that count: (batch, length), twice."""
    return ((values * counts).sum(-1) / counts.sum(-1).clamp(min=1)).mean()


def labelled_rows(labels: Tensor) -> int:
    """How many rows have a label, but at least one: something to divide by. labels: (rows,)."""
    return max(int((labels != IGNORED).sum()), 1)


def summed_surprise(student: Tensor, labels: Tensor) -> Tensor:
    """The labelled rows' -log q(label), added up: logits (rows, classes), labels (rows,)."""
    labelled = labels != IGNORED
    return F.cross_entropy(student[labelled], labels[labelled], reduction="sum")


def mean_surprise(student: Tensor, labels: Tensor) -> Tensor:
    """The mean over labelled rows, 0 where there is none: logits (rows, classes), labels (rows,)."""
    return summed_surprise(student, labels) / labelled_rows(labels)


# -- losses of two parts, and slips by the dozen ----------------------------------------------


def mixture(soft: Function, hard: Function) -> Function:
    """alpha · soft + (1 - alpha) · hard. The last argument is alpha; both parts get all the others."""

    def loss(*args):
        *others, alpha = args
        return alpha * soft(*others) + (1 - alpha) * hard(*others)

    return loss


def with_other_alpha(function: Function) -> Function:
    """The same loss with its last argument, alpha, weighing the other part."""
    return lambda *args: function(*args[:-1], 1 - args[-1])


def hidden_infinities(function: Function, what: str) -> tuple[Misconception, ...]:
    """One misconception for each SMALL number: function(*args, small=…)."""
    return tuple(
        Misconception(
            f"A small number ({small:g}) inside the logarithm hides an infinity",
            partial(function, small=small),
            hint=(
                f"{what} The {-math.log(small):.1f} nats that come out are the small number's, not"
                " the data's. Handle the zero exactly instead: torch.where, torch.xlogy or a mask."
            ),
        )
        for small in SMALL
    )
