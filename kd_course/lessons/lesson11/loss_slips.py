"""Wrong answers that people really give in 11.3 to 11.6: weights, temperatures, standardised logits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from kd_course.exercises.slips import kl_of_logits
from kd_course.lessons.lesson11.slips import named

Function = Callable[..., Any]


# -- 11.3 weights -----------------------------------------------------------------------------


def entropies(logits, dim=-1):
    """Nats: (rows, classes) -> (rows,)."""
    p = logits.softmax(dim)
    return -torch.xlogy(p, p).sum(-1)


def sureness(logits):
    return 1 - entropies(logits) / math.log(logits.shape[-1])


def averaging_one(values):
    total = values.sum()
    return values / total * len(values) if total > 1e-6 else torch.ones_like(values)


def weights_of(sure: Function = sureness, scaled: Function = averaging_one) -> Function:
    """The weights, out of how sure each row is and of how they are scaled."""
    return lambda logits: scaled(sure(logits))


_SCALE = "What do the weights of n rows have to sum to, so that they average 1?"

WEIGHTS = named(
    {
        "the weights are not scaled": (weights_of(scaled=lambda v: v), _SCALE),
        "the weights sum to 1": (
            weights_of(scaled=lambda v: averaging_one(v) / len(v)),
            _SCALE,
        ),
        "the largest weight is 1": (weights_of(scaled=lambda v: v / v.max()), _SCALE),
        "a softmax of the certainties": (
            weights_of(scaled=lambda v: v.softmax(0) * len(v)),
            "Twice as sure, twice the weight: does a softmax keep that?",
        ),
        "unsure rows weigh more": (
            weights_of(lambda z: entropies(z) / math.log(z.shape[-1])),
            "Of which row is the entropy largest?",
        ),
        "the entropy in bits, the logarithm of the classes in nats": (
            weights_of(lambda z: 1 - entropies(z) / math.log(2) / math.log(z.shape[-1])),
            "Both in nats, or both in bits.",
        ),
        "the entropy in nats, the logarithm of the classes to base 2": (
            weights_of(lambda z: 1 - entropies(z) / math.log2(z.shape[-1])),
            "Both in nats, or both in bits.",
        ),
        "the certainties are shifted to a mean of 1, not scaled": (
            weights_of(scaled=lambda v: v - v.mean() + 1),
            "Twice as sure, twice the weight: does adding a number keep that?",
        ),
        "the entropy is not divided by its largest value": (
            weights_of(lambda z: 1 - entropies(z)),
            "What is the entropy of three classes that are all alike? It should give 0.",
        ),
        "divided by the number of classes, not by its logarithm": (
            weights_of(lambda z: 1 - entropies(z) / z.shape[-1]),
            "What is the largest entropy that C classes can have?",
        ),
        "the largest probability in place of the entropy": (
            weights_of(lambda z: z.softmax(-1).max(-1).values),
            "Asked for is 1 minus the entropy over its largest value.",
        ),
        "softmax over the rows": (
            weights_of(lambda z: 1 - entropies(z, 0) / math.log(z.shape[-1])),
            "Each row is a distribution of its own.",
        ),
        "one row's weight is what the others leave": (
            weights_of(scaled=lambda v: (1 - v / v.sum()) * len(v)),
            "The surer, the more.",
        ),
    }
)


# -- 11.4 a temperature a row -----------------------------------------------------------------


def soft_rows(student, teacher, temperatures):
    """(rows,): KL(teacher ‖ student), each row at its own temperature."""
    scale = temperatures[:, None]
    return kl_of_logits(teacher.detach() / scale, student / scale)


def row_wise(
    rows: Function = soft_rows,
    square: Function = lambda nats, t: t**2 * nats,
    mean: Function = torch.mean,
) -> Function:
    """The loss, with a part replaced: the KL of a row, its factor, how rows are brought together."""
    return lambda student, teacher, t: mean(square(rows(student, teacher, t), t))


def _cross_entropies(student, teacher):
    return -(teacher.softmax(-1) * student.log_softmax(-1)).sum(-1)


def _mean_temperature(student, teacher, t):
    return soft_rows(student, teacher, t.mean().expand_as(t))


_INSIDE = "Which row's gradient is too small, and by how much, when T² stands outside the mean?"
_SHAPES = (
    " (You wrote it inside? Then look at the shapes that you multiply: a column of numbers times a row of numbers"
    " is a table.)"
)

ROW_WISE = named(
    {
        "T² stands outside the mean, as the mean of T²": (
            row_wise(square=lambda nats, t: nats * (t**2).mean()),
            _INSIDE + _SHAPES,
        ),
        "T² stands outside the mean, as the square of the mean T": (
            row_wise(square=lambda nats, t: nats * t.mean() ** 2),
            _INSIDE,
        ),
        "T² is missing": (row_wise(square=lambda nats, t: nats), _INSIDE),
        "T in place of T²": (
            row_wise(square=lambda nats, t: nats * t),
            "Twice the temperature: the gradient shrinks twice, once in the softmax and once in its argument.",
        ),
        "one temperature for all: the mean": (
            row_wise(_mean_temperature, lambda nats, t: t.mean() ** 2 * nats),
            "Every row has its own.",
        ),
        "a temperature for every class, not for every row": (
            row_wise(lambda s, z, t: kl_of_logits(z.detach() / t, s / t)),
            "(rows, classes) divided by (rows,): along which dimension do the numbers meet?",
        ),
        "the teacher's entropy is missing": (
            row_wise(lambda s, z, t: _cross_entropies(s / t[:, None], z.detach() / t[:, None])),
            "This is a cross-entropy. What is the loss of a student that says what its teacher says?",
        ),
        "only the teacher is softened": (
            row_wise(lambda s, z, t: kl_of_logits(z.detach() / t[:, None], s)),
            "Two distributions are compared at the same temperature.",
        ),
        "only the student is softened": (
            row_wise(lambda s, z, t: kl_of_logits(z.detach(), s / t[:, None])),
            "Two distributions are compared at the same temperature.",
        ),
        "the logits are multiplied by T": (
            row_wise(lambda s, z, t: soft_rows(s, z, 1 / t)),
            "Does a high temperature make a distribution flat or sharp?",
        ),
        "the arguments of KL are swapped": (
            row_wise(lambda s, z, t: kl_of_logits(s / t[:, None], z.detach() / t[:, None])),
            "Whose belief weighs the terms?",
        ),
        "the rows are summed, not averaged": (
            row_wise(mean=torch.sum),
            "The mean over the rows.",
        ),
        "divided by the classes, too": (
            lambda s, z, t: row_wise()(s, z, t) / s.shape[-1],
            "A sum over the classes, a mean over the rows.",
        ),
        "the teacher is trained, too": (
            row_wise(lambda s, z, t: kl_of_logits(z / t[:, None], s / t[:, None])),
            "Of a teacher no gradient is wanted.",
        ),
        "the mean is weighed by T": (
            lambda s, z, t: (t * t**2 * soft_rows(s, z, t)).sum() / t.sum(),
            "Each row counts once.",
        ),
    }
)


# -- 11.5 the annealed temperature ------------------------------------------------------------


def annealed(progress: Function, shape: Function | None = None) -> Function:
    """A temperature out of progress(step, steps), which is 0 at the first step and 1 at the last."""
    curve = shape or (lambda highest, done: highest - (highest - 1) * done)
    return lambda step, steps, highest: float(
        curve(highest, min(1.0, max(0.0, progress(step, steps))))
    )


def straight(step, steps):
    return step / (steps - 1) if steps > 1 else 1.0


def unbounded(step, steps, highest):
    return highest - (highest - 1) * straight(step, steps)


def _from_a_list(step, steps, highest):
    """As numpy.linspace(highest, 1, steps)[step]."""
    fall = (highest - 1) / max(1, steps - 1)
    return [highest - fall * i for i in range(steps)][step]


ANNEALED = named(
    {
        "the last step does not get to 1: steps counts one too many": (
            annealed(lambda step, steps: step / steps if steps > 1 else 1.0),
            "Steps are numbered from 0: which number has the last of 5?",
        ),
        "step / steps: the last step does not get to 1, and a single one does not begin there": (
            annealed(lambda step, steps: step / steps),
            "Steps are numbered from 0: which number has the last of 5? And the last of 1?",
        ),
        "step / steps, without an end": (
            lambda step, steps, highest: highest - (highest - 1) * step / steps,
            "Steps are numbered from 0: which number has the last of 5? And where does the line go after it?",
        ),
        "looked up in a list that ends with the last step": (
            _from_a_list,
            "What is the temperature of step 10 of 10? And which end of the list has a single step?",
        ),
        "the first step has moved already: steps are counted from 1": (
            annealed(lambda step, steps: (step + 1) / steps if steps > 1 else 1.0),
            "At step 0 the temperature is the highest.",
        ),
        "it rises from 1": (
            annealed(lambda step, steps: 1 - straight(step, steps) if steps > 1 else 1.0),
            "From soft to sharp: where does it begin?",
        ),
        "it falls to 0, not to 1": (
            annealed(straight, lambda highest, done: highest * (1 - done) if done < 1 else 0.0),
            "At temperature 0 a softmax divides by 0. What is its last value to be?",
        ),
        "highest is added to 1": (
            annealed(straight, lambda highest, done: 1 + highest * (1 - done)),
            "At step 0 it is `highest`.",
        ),
        "multiplied by the same factor at every step": (
            annealed(straight, lambda highest, done: highest ** (1 - done)),
            "A straight line takes the same amount off at every step.",
        ),
        "along a cosine": (
            annealed(
                straight,
                lambda highest, done: 1 + (highest - 1) * (1 + math.cos(math.pi * done)) / 2,
            ),
            "A straight line takes the same amount off at every step.",
        ),
        "in whole numbers": (
            annealed(straight, lambda highest, done: round(highest - (highest - 1) * done)),
            "A temperature need not be whole.",
        ),
        "halfway it is at 1": (
            annealed(lambda step, steps: 2 * straight(step, steps)),
            "It reaches 1 at the last step.",
        ),
        "after the last step it falls on": (
            unbounded,
            "A step after the last still has temperature 1.",
        ),
        "a single step has the highest": (
            annealed(lambda step, steps: straight(step, steps) if steps > 1 else float(step > 0)),
            "The only step is the last one, too.",
        ),
    }
)


# -- 11.6 standardised logits -----------------------------------------------------------------


def spread(logits, correction=0):
    """(rows, 1): the standard deviation over the classes; 1 where all are alike."""
    deviation = logits.std(-1, correction=correction, keepdim=True)
    return torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation))


def z_scores(
    centre: Function = lambda z: z.mean(-1, keepdim=True), scale: Function = spread
) -> Function:
    return lambda logits: (logits - centre(logits)) / scale(logits)


_OVER_ROWS = "Mean and deviation belong to a row: over its classes."

STANDARDISED = named(
    {
        "over the rows of the batch, not over the classes": (
            z_scores(
                lambda z: z.mean(0, keepdim=True),
                lambda z: z.std(0, correction=0, keepdim=True).clamp(min=1e-6),
            ),
            _OVER_ROWS,
        ),
        "over the whole batch": (
            z_scores(lambda z: z.mean(), lambda z: z.std(correction=0)),
            _OVER_ROWS,
        ),
        "the deviation divides by the classes less one": (
            z_scores(scale=lambda z: spread(z, 1)),
            "What does torch's std divide by, if nothing is said?",
        ),
        "divided by the variance": (
            z_scores(scale=lambda z: spread(z) ** 2),
            "Multiply all logits by ten: what should change?",
        ),
        "the mean is not taken off": (
            z_scores(lambda z: 0.0),
            "The mean of every row is to be 0.",
        ),
        "the deviation is left as it is": (
            z_scores(scale=lambda z: 1.0),
            "Multiply all logits by ten: nothing should change.",
        ),
        "divided by the largest distance from the mean": (
            z_scores(
                scale=lambda z: (
                    (z - z.mean(-1, keepdim=True)).abs().amax(-1, keepdim=True).clamp(min=1e-6)
                )
            ),
            "The standard deviation is asked for.",
        ),
        "divided by the mean distance from the mean": (
            z_scores(
                scale=lambda z: (
                    (z - z.mean(-1, keepdim=True)).abs().mean(-1, keepdim=True).clamp(min=1e-6)
                )
            ),
            "The standard deviation squares the distances first.",
        ),
        "made to lie between 0 and 1": (
            lambda z: (
                (z - z.amin(-1, keepdim=True))
                / (z.amax(-1, keepdim=True) - z.amin(-1, keepdim=True)).clamp(min=1e-6)
            ),
            "Mean 0 and standard deviation 1.",
        ),
        "of the probabilities, not of the logits": (
            lambda z: z_scores()(z.softmax(-1)),
            "Before the softmax.",
        ),
        "1e-5 is added to the variance, as F.layer_norm does": (
            lambda z: F.layer_norm(z, z.shape[-1:]),
            "What is added against a division by 0 changes all other rows. Treat that row by itself.",
        ),
        "1e-7 is added to the deviation, as the authors' code does": (
            z_scores(scale=lambda z: 1e-7 + z.std(-1, correction=0, keepdim=True)),
            "Divide logits by a hundred thousand: which deviation do they have then, and is 1e-7 little beside it?",
        ),
        "every row is brought to length 1": (
            z_scores(scale=lambda z: spread(z) * math.sqrt(z.shape[-1])),
            "The length sums the squares. What does the standard deviation do with them?",
        ),
        "1 is added to the deviation": (
            z_scores(scale=lambda z: 1 + z.std(-1, correction=0, keepdim=True)),
            "What is added against a division by 0 changes all other rows. Treat that row by itself.",
        ),
    }
)
