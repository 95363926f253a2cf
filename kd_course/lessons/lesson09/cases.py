"""On what lesson 09's exercises are tried: plain cases first, then one clause at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Handle, Made

FIXTURES = "kd_course.exercises.fixtures."

# -- 09.1 the layer map -----------------------------------------------------------------------


def layer_cases(random) -> list[Case]:
    def whole(low: int, high: int) -> int:
        return int(random.integers(low, high + 1))

    def case(own: int, of: int, clause: str = "") -> Case:
        layers = "layer" if own == 1 else "layers"
        return Case((own, of), f"{own} {layers} of {of}", clause=clause)

    def uneven(low: int, high: int, times: int) -> Case:
        """A teacher of `times` as many layers as the student, and some, but not that many, more."""
        own = whole(low, high)
        more = whole(1, own - 1)
        return case(
            own, times * own + more, "a number of layers that the student's does not divide"
        )

    half, third, same = whole(2, 12), whole(2, 9), whole(5, 16)
    return [
        case(half, 2 * half),
        case(third, 3 * third),
        uneven(3, 6, 3),
        uneven(4, 8, 2),
        uneven(4, 9, 1),
        uneven(7, 11, 1),
        case(same, same, "as many layers as the teacher has"),
        case(1, whole(12, 48), "a student of a single layer"),
    ]


# -- batches with padding ---------------------------------------------------------------------


def mask_of(*lengths: int) -> Tensor:
    return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]


def lengths(random, rows: int, longest: int) -> list[int]:
    found = random.integers(1, longest, size=rows).tolist()
    found[int(random.integers(rows))] = longest
    return found


NOTHING = "a row that is padding alone"
RUBBISH = "NaN or infinity in the padding"


# -- 09.2 hidden states -----------------------------------------------------------------------


def hidden_cases(random) -> list[Case]:
    def batch(rows, longest, width, wanted, *, mask=None):
        """Student, teacher, mask, and the weight between them (none for equal widths)."""
        mask = mask_of(*lengths(random, rows, longest)) if mask is None else mask
        student = random_normal(random, rows, longest, width)
        teacher = random_normal(random, rows, longest, wanted) + 0.5
        weight = None if width == wanted else random_normal(random, wanted, width)
        return student, teacher, mask, weight

    with_rubbish = batch(3, 5, 3, 4, mask=mask_of(5, 2, 3))
    for value, rubbish in zip(with_rubbish[:2], (math.nan, math.inf), strict=True):
        value[~with_rubbish[2]] = rubbish
    without_row = batch(3, 4, 3, 5, mask=mask_of(4, 0, 2))
    empty = batch(2, 3, 3, 4, mask=mask_of(3, 3) & False)
    watched = {"gradient_of": (0, 1, 3)}
    return [
        Case(batch(2, 4, 3, 3, mask=mask_of(4, 4)), "equal widths, no padding", gradient_of=(0, 1)),
        Case(batch(2, 4, 3, 5, mask=mask_of(4, 4)), "3 wide onto 5, no padding", **watched),
        Case(batch(3, 6, 4, 4), "equal widths, padding", gradient_of=(0, 1)),
        Case(batch(3, 6, 5, 2), "5 wide onto 2, padding", **watched),
        Case(without_row, "the second row is padding alone", clause=NOTHING, **watched),
        Case(with_rubbish, "NaN and infinity in the padding", clause=RUBBISH, **watched),
        Case(empty, "no token counts", clause="a batch in which no token counts", **watched),
    ]


# -- 09.3 who trains the projection ------------------------------------------------------------


def unheld_cases(random) -> list[Case]:
    def weights(outputs, inputs):
        return random_normal(random, outputs, inputs)

    def under_a_name(handle, recipe, *args):
        """A module with this layer in it, under a drawn name: a list learnt by heart fits no case."""
        layer = Made(f"{handle} layer", FIXTURES + recipe, args)
        return Made(handle, FIXTURES + "under", (f"part{random.integers(10, 1000)}", layer))

    def linear(handle, weight, bias=None):
        return under_a_name(handle, "linear", weight, bias)

    def sgd_elsewhere():
        """An optimizer that holds a layer of neither module."""
        other = Made("another layer", FIXTURES + "linear", (weights(2, 2),))
        return Made("optimizer", FIXTURES + "sgd_over", (0.1, other))

    def sgd(*handles):
        return Made("optimizer", FIXTURES + "sgd_over", (0.1, *map(Handle, handles)))

    square = weights(3, 3)
    frozen = under_a_name(
        "student", "linear_with_frozen_bias", weights(2, 3), random_normal(random, 2)
    )
    bias = random_normal(random, 4)
    tied = under_a_name("projection", "tied_to", Handle("student layer"), bias[:3].clone())
    loose = under_a_name("projection", "tied_to", Handle("student layer"), bias[1:].clone())
    weights_only = (0.1, Handle("student layer"), Handle("projection layer"))
    return [
        Case(
            (linear("student", weights(2, 3)), linear("projection", weights(4, 2)), sgd("student")),
            "the optimizer was made before the projection",
        ),
        Case(
            (
                linear("student", weights(2, 3), random_normal(random, 2)),
                linear("projection", weights(4, 2), bias),
                sgd("projection"),
            ),
            "the student was forgotten",
        ),
        Case(
            (
                linear("student", weights(2, 3), random_normal(random, 2)),
                linear("projection", weights(4, 2), bias.clone()),
                Made("optimizer", FIXTURES + "sgd_over_weights", weights_only),
            ),
            "both weights are held, in two groups, and no bias",
            clause="an optimizer with several groups",
        ),
        Case(
            (frozen, linear("projection", weights(4, 2)), sgd("projection")),
            "a bias of the student is frozen",
            clause="a parameter that needs no gradient",
        ),
        Case(
            (linear("student", square), linear("projection", square.clone()), sgd("student")),
            "the projection begins as a copy of the student's weight",
            clause="two parameters with the same numbers",
        ),
        Case(
            (linear("student", square.clone()), tied, sgd("student")),
            "the projection's weight is the student's own, its bias is not",
            clause="one parameter in both modules",
        ),
        Case(
            (linear("student", square.clone()), loose, sgd_elsewhere()),
            "the projection's weight is the student's own, and the optimizer holds neither",
            clause="one parameter in both modules",
        ),
    ]


# -- 09.4 attention ---------------------------------------------------------------------------


def attention(random, rows: int, heads: int, mask: Tensor) -> Tensor:
    """Probabilities over the tokens that count; a padded token looks at them, too."""
    length = mask.shape[1]
    scores = 2 * random_normal(random, rows, heads, length, length)
    keys = torch.where(mask.any(-1, keepdim=True), mask, True)
    return scores.masked_fill(~keys[:, None, None], -math.inf).softmax(-1)


def attention_cases(random, *, turned: bool = False) -> list[Case]:
    """turned: for KL(student ‖ teacher), where the student is the one that may give nothing alone."""

    def batch(layers, heads, mask):
        def maps():
            return tuple(attention(random, len(mask), heads, mask) for _ in range(layers))

        return maps(), maps(), mask

    sharp = tuple(
        torch.tensor([[[[1.0, 0.0], [p, 1 - p]]]])
        for p in random.uniform(0.2, 0.8, size=2).tolist()
    )
    none = mask_of(3, 2)
    watched = {"gradient_of": (0, 1)}
    teacher = (attention(random, 2, 2, none),)
    soft = attention(random, 1, 1, mask_of(2))
    nothing_alone = ((sharp[0],), (soft,)) if turned else ((soft,), (sharp[0],))
    return [
        Case(batch(1, 1, mask_of(4, 4)), "one layer, one head, no padding", **watched),
        Case(batch(1, 3, mask_of(5, 3, 2)), "three heads, padding", **watched),
        Case(batch(3, 2, mask_of(4, 1)), "three layers, two heads, padding", **watched),
        Case(
            batch(2, 2, mask_of(3, 0, 2)),
            "the second row is padding alone",
            clause=NOTHING,
            **watched,
        ),
        Case(
            ((sharp[0],), (sharp[1],), mask_of(2)),
            "a token that looks at itself alone",
            clause="a probability of 0 in both models",
            **watched,
        ),
        Case(
            (*nothing_alone, mask_of(2)),
            f"a token to which only the {'student' if turned else 'teacher'} gives nothing",
            clause=f"a probability of 0 in the {'student' if turned else 'teacher'} alone",
            **watched,
        ),
        Case(
            ((), (), none),
            "the empty tuples that a model returns which is not eager",
            clause="empty tuples",
        ),
        Case(((), teacher, none), "only the student's is empty", clause="empty tuples"),
        Case((teacher, (), none), "only the teacher's is empty", clause="empty tuples"),
    ]


# -- 09.5 relations ---------------------------------------------------------------------------


def relation_cases(random) -> list[Case]:
    def batch(width, wanted, heads, mask):
        rows, length = mask.shape
        return (
            random_normal(random, rows, length, width),
            random_normal(random, rows, length, wanted),
            mask,
            heads,
        )

    with_rubbish = batch(4, 6, 2, mask_of(5, 2, 3))
    for value, rubbish in zip(with_rubbish[:2], (math.nan, math.inf), strict=True):
        value[~with_rubbish[2]] = rubbish
    watched = {"gradient_of": (0, 1)}
    return [
        Case(batch(4, 4, 1, mask_of(4, 4)), "one head, no padding", **watched),
        Case(batch(6, 6, 3, mask_of(4, 4)), "three heads, no padding", **watched),
        Case(
            batch(4, 12, 2, mask_of(4, 4)),
            "4 wide and 12 wide, two relation heads",
            clause="models of different widths",
            **watched,
        ),
        Case(batch(6, 6, 2, mask_of(6, 3, 1)), "two heads, padding", **watched),
        Case(
            batch(4, 8, 4, mask_of(4, 0, 2)),
            "the second row is padding alone",
            clause=NOTHING,
            **watched,
        ),
        Case(with_rubbish, "NaN and infinity in the padding", clause=RUBBISH, **watched),
    ]


# -- 09.6 contrastive -------------------------------------------------------------------------


def contrastive_cases(random) -> list[Case]:
    def batch(ids, width, temperature, *, scale=1.0):
        rows = len(ids)
        student = scale * random_normal(random, rows, width)
        teacher = random_normal(random, rows, width) + 0.3
        return student, teacher, torch.tensor(ids), temperature

    watched = {"gradient_of": (0, 1)}
    same = "rows of the same text"
    return [
        Case(batch([0, 1, 2, 3], 5, 1.0), "four texts, temperature 1", **watched),
        Case(batch([7, 3, 5], 4, 0.2), "three texts, temperature 0.2", **watched),
        Case(batch([4, 1, 9, 2, 6], 6, 0.1, scale=9.0), "long vectors of the student", **watched),
        Case(batch([0, 1, 0, 2], 5, 0.5), "two rows of one text", clause=same, **watched),
        Case(
            batch([5, 5, 2, 5, 2], 4, 0.3),
            "three rows of one text, two of another",
            clause=same,
            **watched,
        ),
        Case(
            batch([3, 3, 3], 4, 0.5),
            "all rows of one text",
            clause="a batch in which no row has a wrong answer",
            **watched,
        ),
    ]


# -- 09.7 the random teacher ------------------------------------------------------------------


def random_teacher_cases(random) -> list[Case]:
    def teacher(words, width):
        weight = random_normal(random, width, width)
        return Made("teacher", FIXTURES + "trained_encoder", (words, width, weight))

    def one(words, width):
        ids = torch.tensor(random.integers(words, size=(2, 4)))
        return {"args": (teacher(words, width), int(random.integers(1, 1000))), "inputs": (ids,)}

    return [
        Case(**one(7, 3), label="a small teacher"),
        Case(**one(11, 5), label="a wider one"),
        Case(**one(5, 4), label="another seed"),
    ]
