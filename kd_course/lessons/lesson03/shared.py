"""What the exercises of lesson 03 share: inputs, clauses, and what several hints say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy
import torch
from torch import Tensor

from kd_course.exercises.slips import IGNORED, random_normal
from kd_course.exercises.spec import Misconception

some_logits = partial(random_normal, scale=2.0)


def both(random: numpy.random.Generator, *shape: int) -> tuple[Tensor, Tensor]:
    """A student's and a teacher's logits."""
    return some_logits(random, *shape), some_logits(random, *shape)


def wrong(name: str, function: Callable[..., Any], hint: str) -> Misconception:
    return Misconception(name, function, hint=hint)


def far_student(random: numpy.random.Generator) -> Tensor:
    """Logits so far apart that a softmax rounds a probability to 0, two rows of four classes."""
    return some_logits(random, 2, 4) + _by_row(random, 2, 300.0, -300.0, 0.0, 0.0)


def sure_teacher(random: numpy.random.Generator) -> Tensor:
    """Logits so far apart that a softmax rounds probabilities to 0, two rows of three classes."""
    return some_logits(random, 2, 3) + _by_row(random, 2, 300.0, 0.0, -300.0)


def _by_row(random: numpy.random.Generator, rows: int, *values: float) -> Tensor:
    """Every row has these values, each in an order of its own."""
    return torch.tensor(random.permuted([values] * rows, axis=1), dtype=torch.float32)


def every_label(random: numpy.random.Generator, classes: int, rows: int) -> Tensor:
    """Labels among which every class is found, in any order; there are rows enough for that."""
    more = random.integers(classes, size=rows - classes)
    return torch.tensor(random.permutation([*range(classes), *more]))


def without_some(random: numpy.random.Generator, labels: Tensor, count: int) -> Tensor:
    """These labels, of which some rows' are taken away. labels: (rows,)."""
    labels[random.choice(len(labels), count, replace=False)] = IGNORED
    return labels


FAR = "a student whose logits lie hundreds apart"
SURE = "a teacher so sure that a probability rounds to 0"

DETACH = "The value is right. The teacher is not trained: cut its gradient off."
EVERY_ROW = "Every row must sum to one. Over which dimension did you normalise?"
BOTH_SOFT = "T divides the logits of both."
