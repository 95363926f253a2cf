"""Lesson 02, From surprise to KL: what is asked, and on what it is tried.

Plain cases are matrices without zeros, of uneven shapes, so that a wrong dimension cannot pass by
luck. Zeros, other shapes, a single row and logits far apart are clauses of their own. The wrong
answers stand in slips.py and loss_slips.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import random_distributions, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson02 import loss_slips, slips

SHAPES = "any leading shape: one distribution by itself, or (sentences, words, classes)"
ALONE = "a leading dimension of size one"
BOTH = "a class that both rule out"
HAPPENS = "a class that happens although q rules it out"
NEVER = "a class that never happens"
RARE = "a class that hardly ever happens"

_logits = partial(random_normal, scale=1.5)


def _rows(random: numpy.random.Generator, *shape: int) -> Tensor:
    """Distributions without zeros, uneven enough to tell a direction: float32."""
    drawn = random_distributions(random, *shape, concentration=0.8)
    return (0.95 * drawn + 0.05 / shape[-1]).float()


def _without(rows: Tensor, classes: int | Tensor) -> Tensor:
    """The same distributions with one class ruled out: in all rows the same, or (...), one a row."""
    out = F.one_hot(torch.as_tensor(classes).expand(rows.shape[:-1]), rows.shape[-1]).bool()
    kept = rows.masked_fill(out, 0)
    return kept / kept.sum(-1, keepdim=True)


def _unlike(random: numpy.random.Generator, classes: int, count: int) -> Tensor:
    """Classes, no two of them the same: (count,)."""
    return torch.tensor(random.choice(classes, count, replace=False))


def _certainties(random: numpy.random.Generator, classes: int, rows: int) -> Tensor:
    """One-hot rows, no two of them alike: (rows, classes)."""
    return torch.eye(classes)[_unlike(random, classes, rows)]


def _with_rare_classes(random: numpy.random.Generator) -> Tensor:
    """Three classes, two of which hardly ever happen: one in a hundred, and one in a thousand."""
    some, few = random.uniform(0.008, 0.0098), random.uniform(0.0008, 0.0012)
    return torch.tensor(random.permutation([1 - some - few, some, few]), dtype=torch.float32)


def _shaped(make: Callable[..., tuple], **about) -> list[Case]:
    """Cases of every shape there is: plain ones, and those of SHAPES and ALONE.

    make: sizes of a shape -> the arguments.
    """
    return [
        Case(make(4, 3), "four rows of three classes", **about),
        Case(make(2, 5), "two rows of five classes", **about),
        Case(make(3), "one row by itself", clause=SHAPES, **about),
        Case(make(2, 3, 5), "two sentences of three words, five classes", clause=SHAPES, **about),
        Case(make(1, 4), "a batch of one", clause=ALONE, **about),
        Case(make(2, 1, 3), "two sentences of one word", clause=ALONE, **about),
    ]


# -- 02.1 surprise ----------------------------------------------------------------------------


def _surprise_cases(random: numpy.random.Generator) -> list[Case]:
    beyond = "another number of classes than three"

    def labels(*least: int, classes: int) -> Tensor:
        """These labels, one more, and all of them shuffled."""
        return torch.tensor(random.permutation([*least, random.integers(classes)]))

    row, wrong = random.integers(2), int(random.integers(3))
    ruled_out, of_ruled_out = _rows(random, 2, 3), torch.tensor(random.integers(3, size=2))
    ruled_out[row], of_ruled_out[row] = _without(ruled_out[row], wrong), wrong

    never, happens, certain = *_unlike(random, 3, 2), int(random.integers(3))
    elsewhere = torch.stack([torch.eye(3)[certain], _without(_rows(random, 3), never)])
    of_elsewhere, order = torch.tensor([certain, happens]), random.permutation(2)
    return [
        Case(
            (torch.tensor([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1]]), torch.tensor([2, 0])),
            "two headlines",
        ),
        Case((_rows(random, 4, 3), labels(0, 1, 2, classes=3)), "four headlines"),
        Case(
            (_rows(random, 2, 5), labels(int(random.integers(3, 5)), classes=3)),
            "five classes",
            clause=beyond,
        ),
        Case((_rows(random, 3, 2), labels(0, 1, classes=2)), "two classes", clause=beyond),
        Case(
            (_rows(random, 1, 3), labels(classes=3)),
            "one headline",
            clause="a batch of one",
        ),
        Case(
            (ruled_out, of_ruled_out),
            "an impossibility that happens",
            clause="what was held impossible and happens: inf",
        ),
        Case(
            (elsewhere[order], of_elsewhere[order]),
            "a certainty that happens, and zeros elsewhere",
            clause="a zero in a class that did not happen",
        ),
    ]


SURPRISE = Exercise(
    id="02.1",
    name="surprise",
    title="Surprise",
    lesson="02",
    signature="surprise(q, labels)",
    points=2,
    minutes=5,
    difficulty=2,
    importance=4,
    cases=_surprise_cases,
    misconceptions=slips.SURPRISE,
    question="Take row 0 and its label: which single number of q counts? How do you get at that number"
    " in every row at once?",
    hint="torch.gather, or indexing with row numbers and labels together, picks one number a row. The"
    " formula of section 1 does the rest, for a zero as well.",
    withheld=("kd_course.divergences.*", "kd_course.losses.*", "kd_course.metrics.*"),
    allowed="anything in torch; not the package's own metrics, losses and divergences, which have it",
)


# -- 02.2 entropy -----------------------------------------------------------------------------


def _entropy_cases(random: numpy.random.Generator) -> list[Case]:
    often, seldom = random.uniform(0.5, 0.7), random.uniform(0.8e-4, 1.2e-4)
    rare = torch.tensor(random.permutation([often, 1 - often - seldom, seldom]))
    classes = int(random.integers(3, 7))
    return [
        Case((torch.tensor([[0.5, 0.25, 0.25], [0.7, 0.2, 0.1]]),), "the readers and the model"),
        *_shaped(lambda *shape: (_rows(random, *shape),)),
        Case((_without(_rows(random, 2, 3), _unlike(random, 3, 2)),), "zeros", clause=NEVER),
        Case(
            (_certainties(random, classes, int(random.integers(2, classes))),),
            "certainties",
            clause=NEVER,
        ),
        Case(
            (torch.stack([_with_rare_classes(random), rare.float()]),),
            "small probabilities",
            clause=RARE,
        ),
    ]


ENTROPY = Exercise(
    id="02.2",
    name="entropy",
    title="Entropy",
    lesson="02",
    signature="entropy(p)",
    points=2,
    minutes=6,
    difficulty=2,
    importance=5,
    cases=_entropy_cases,
    misconceptions=slips.ENTROPY,
    question="What does torch give for 0 times the logarithm of 0, and what should that class add?",
    hint="Build the terms first, class by class, with something that knows what 0 · log 0 is (look for"
    " xlogy, or choose with torch.where before the logarithm is taken). Then one sum.",
    withheld=("kd_course.divergences.*", "kd_course.losses.*", "kd_course.metrics.*"),
    allowed="anything in torch; not the package's own divergences, losses and metrics, which have it",
)


# -- 02.3 KL ----------------------------------------------------------------------------------


def _two_beliefs(random: numpy.random.Generator) -> list[Case]:
    """What every divergence is tried on: two distributions without zeros, of several shapes."""
    readers = torch.tensor([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]])
    model = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4]])
    return [
        Case((readers, model), "the readers and the model"),
        *_shaped(lambda *shape: (_rows(random, *shape), _rows(random, *shape))),
    ]


def _kl_cases(random: numpy.random.Generator) -> list[Case]:
    never, neither, happens = random.integers([4, 4, 3])
    row = random.integers(2)
    p, q = _rows(random, 2, 3), _rows(random, 2, 3)
    q[row] = _without(q[row], happens)
    seldom = random.uniform(0.0015, 0.0025)
    believed = torch.tensor(random.permutation([seldom, 0.6 - seldom, 0.4]), dtype=torch.float32)
    return [
        *_two_beliefs(random),
        Case(
            (_without(_rows(random, 2, 4), never), _rows(random, 2, 4)),
            "p = 0 where q is not",
            clause=NEVER,
        ),
        Case(
            (_without(_rows(random, 2, 4), neither), _without(_rows(random, 2, 4), neither)),
            "both zero",
            clause=BOTH,
        ),
        Case(
            (p, q),
            "q rules out what happens in one of the rows",
            clause=HAPPENS,
        ),
        Case(
            (
                torch.stack([_with_rare_classes(random), _rows(random, 3)]),
                torch.stack([_rows(random, 3), believed]),
            ),
            "small probabilities",
            clause=RARE,
        ),
    ]


KL = Exercise(
    id="02.3",
    name="kl_divergence",
    title="KL divergence",
    lesson="02",
    signature="kl_divergence(p, q)",
    points=3,
    minutes=10,
    difficulty=3,
    importance=5,
    cases=_kl_cases,
    misconceptions=slips.KL,
    question="Write down one term of the sum for the four kinds of class: p and q positive, only p zero,"
    " only q zero, both zero. Which of the four does plain torch get wrong?",
    hint="The zero that must vanish is p's, never q's. torch.xlogy(a, b) is 0 wherever a is 0, whatever"
    " b is; torch.where can do the same.",
    withheld=("kd_course.divergences.*", "kd_course.losses.*", "kd_course.metrics.*"),
    allowed="anything in torch; not the package's own divergences, losses and metrics, which have it",
)


# -- 02.4 quiz: a negative KL -----------------------------------------------------------------

NEGATIVE_KL = Exercise(
    id="02.4",
    name="negative_kl",
    title="A negative KL",
    lesson="02",
    signature="negative_kl",
    points=1,
    minutes=4,
    difficulty=2,
    importance=4,
    kind="value",
    choices=(
        Choice(
            "a",
            "The student has overtaken its teacher: its beliefs cost less than the truth",
            "KL does not ask who is right. It compares two beliefs, and the best that the student"
            " can do is to believe the same: 0. Below that there is nothing.",
        ),
        Choice(
            "b",
            "The student's beliefs add up to more than one, so they are no distribution",
            "Gibbs' inequality used Σ q ≤ 1 in its last step. A q that promises more than 100 % can"
            " be less surprised everywhere. With p a true distribution, a negative sum leaves no"
            " other way out. Look at q.sum(-1).",
        ),
        Choice(
            "c",
            "The logarithms are natural ones; to base 2 the result would not be negative",
            "Another base multiplies the result by a positive constant. The sign stays.",
        ),
        Choice(
            "d",
            "The arguments are swapped: this is KL(student ‖ teacher), which is negative",
            "It would be another number, but KL is at least 0 in either direction. A swap never"
            " shows by its sign.",
        ),
        Choice(
            "e",
            "The student is more confident than its teacher: its entropy is the smaller one",
            "The student's own entropy is no part of KL(teacher ‖ student). A student that is too"
            " confident pays more, not less.",
        ),
    ),
    question="The proof in section 4 says that this cannot happen. What did it take for granted?",
    hint="Go through the proof line by line, and ask of each step which property of p or q it needs. Which"
    " of these properties could a tensor lack without an error?",
)


# -- 02.5 two directions, on logits -----------------------------------------------------------


def _fit_cases(random: numpy.random.Generator) -> list[Case]:
    far = _logits(random, 2, 3)
    high, low = _unlike(random, 3, 2)
    far[:, high] += 150
    far[:, low] -= 150
    out = "a class that the target rules out"
    cases = []
    for way in ("forward", "reverse"):
        shaped = _shaped(
            lambda *shape, way=way: (_rows(random, *shape), _logits(random, *shape), way),
            gradient_of=(1,),
        )
        cases += [replace(case, label=f"{case.label}, {way}") for case in shaped]
        cases.append(
            Case(
                (_rows(random, 2, 3), far, way),
                f"logits 300 apart, {way}",
                gradient_of=(1,),
                clause="logits that lie hundreds apart",
            )
        )
    with_zero = _without(_rows(random, 2, 4), random.integers(4))
    return [
        *cases,
        Case(
            (with_zero, _logits(random, 2, 4), "forward"),
            "a zero in the target, forward",
            gradient_of=(1,),
            clause=f"{out}, in forward KL",
        ),
        Case(
            (_certainties(random, 3, 2), _logits(random, 2, 3), "forward"),
            "a one-hot target, forward",
            gradient_of=(1,),
            clause=f"{out}, in forward KL",
        ),
        Case(
            (with_zero, _logits(random, 2, 4), "reverse"),
            "a zero in the target, reverse",
            clause=f"{out}, in reverse KL",
        ),
    ]


FIT_LOSS = Exercise(
    id="02.5",
    name="fit_loss",
    title="Two losses for one fit",
    lesson="02",
    signature="fit_loss(target, logits, direction)",
    points=4,
    minutes=12,
    difficulty=3,
    importance=5,
    cases=_fit_cases,
    misconceptions=loss_slips.FIT_LOSS,
    question="What do both directions need from the logits? And what becomes of it, computed as the"
    " logarithm of a softmax, when one logit lies 300 below the others?",
    hint="F.log_softmax never forms the zero that a softmax rounds to. With log q at hand, each direction"
    " is a sum over the classes; mind what a zero in the target does in either.",
    withheld=("kd_course.divergences.*", "kd_course.losses.*", "kd_course.metrics.*"),
    allowed="anything in torch; not the package's own divergences, losses and metrics",
)


# -- 02.6 Jensen–Shannon ----------------------------------------------------------------------


def _js_cases(random: numpy.random.Generator) -> list[Case]:
    one_each = "a class that one of the two rules out"
    ours, theirs = _unlike(random, 4, 2)
    neither = random.integers(4)
    classes = int(random.integers(2, 6))
    certain = _certainties(random, classes, classes)
    return [
        *_two_beliefs(random),
        Case(
            (_without(_rows(random, 2, 4), ours), _without(_rows(random, 2, 4), theirs)),
            "each rules out something else",
            clause=one_each,
        ),
        Case(
            (certain, certain.roll(1, dims=0)),
            "certain of opposite labels",
            clause=one_each,
        ),
        Case(
            (_without(_rows(random, 2, 4), neither), _without(_rows(random, 2, 4), neither)),
            "both zero",
            clause=BOTH,
        ),
    ]


JS = Exercise(
    id="02.6",
    name="js_divergence",
    title="Jensen–Shannon divergence",
    lesson="02",
    signature="js_divergence(p, q)",
    points=2,
    minutes=6,
    difficulty=2,
    importance=3,
    cases=_js_cases,
    misconceptions=slips.JS,
    question="Who believes what here? For each of the two parts: whose outcomes happen, and which"
    " distribution is believed?",
    hint="Name the midpoint first. Two calls of a function that you have, and an average, are enough; try"
    " it on two opposite certainties, where log 2 must come out.",
    withheld=("kd_course.divergences.js_divergence", "kd_course.losses.*"),
    allowed="anything in torch, and divergences.kl_divergence; not divergences.js_divergence, which is the answer, nor kd_course.losses",
)


# -- 02.7 KL from samples ---------------------------------------------------------------------


def _samples_cases(random: numpy.random.Generator) -> list[Case]:
    def drawn(*shape: int, apart: float = 0.5, least: float = -6.0) -> tuple[Tensor, Tensor]:
        log_p = torch.tensor(random.uniform(least, least + 5.5, size=shape), dtype=torch.float64)
        return log_p, log_p + torch.tensor(
            random.normal(scale=apart, size=shape), dtype=torch.float64
        )

    shapes = "any leading shape: one estimate by itself, or a table of them"
    same, _ = drawn(2, 4)
    pair = torch.tensor(random.permutation([random.uniform(0.4, 0.8), random.uniform(0.1, 0.3)]))
    return [
        Case(drawn(3, 5), "three estimates of five samples each"),
        Case(drawn(2, 6, apart=2.0), "a student far from its teacher"),
        Case((same, same.clone()), "the same belief"),
        Case(
            (pair.float().log(), pair.float().flip(0).log()),
            "two samples",
            clause=shapes,
        ),
        Case(drawn(8), "eight samples", clause=shapes),
        Case(drawn(2, 3, 4, apart=0.3), "a table of two by three estimates", clause=shapes),
        Case(drawn(3, 1), "one sample each", clause="a single sample"),
        Case(drawn(1, 5), "one estimate of five samples", clause=ALONE),
        Case(
            drawn(2, 5, least=-905.0),
            "log-probabilities around −900",
            clause="long sentences, whose log-probabilities lie around −900",
        ),
    ]


KL_FROM_SAMPLES = Exercise(
    id="02.7",
    name="kl_from_samples",
    title="KL from samples",
    lesson="02",
    signature="kl_from_samples(log_p, log_q)",
    points=2,
    minutes=6,
    difficulty=2,
    importance=3,
    cases=_samples_cases,
    misconceptions=loss_slips.KL_FROM_SAMPLES,
    question="What is exp(−900) for a computer, and what is the ratio of two such numbers? Which of r and"
    " log r can you have without them?",
    hint="Start from log r: a ratio's logarithm is a difference. r itself comes from log r.",
    allowed="anything in torch",
)


# -- 02.8 smoothing ---------------------------------------------------------------------------


def _smoothed_cases(random: numpy.random.Generator) -> list[Case]:
    def counts(*shape: int) -> Tensor:
        """Floats, about half of them zero; something was seen in every row."""
        drawn = random.poisson(3.0, size=shape) * random.integers(0, 2, size=shape)
        drawn += numpy.eye(shape[-1], dtype=int)[random.integers(shape[-1], size=shape[:-1])]
        return torch.tensor(drawn, dtype=torch.float32)

    shapes = "any leading shape: one row by itself, or a table for each text"
    alone = random.permutation([random.integers(3, 9), random.integers(1, 3), 0])
    nothing = counts(2, 4)
    nothing[random.integers(2)] = 0
    return [
        Case((torch.tensor([[3.0, 1.0, 0.0], [0.0, 2.0, 6.0]]), 0.5), "two rows, ½ added"),
        Case((counts(4, 3), 0.1), "four rows of three classes, 0.1 added"),
        Case((counts(2, 5), 3.0), "two rows of five classes, 3 added"),
        Case((torch.tensor(alone, dtype=torch.float32), 0.5), "one row by itself", clause=shapes),
        Case((counts(2, 3, 5), 0.25), "a table for each of two texts", clause=shapes),
        Case((counts(1, 4), 0.5), "a batch of one", clause=ALONE),
        Case(
            (counts(2, 5).long(), 0.5),
            "whole numbers, ½ added",
            clause="counts that are whole numbers (int64), and a strength that is not",
        ),
        Case(
            (nothing, 2.0),
            "a row in which nothing was seen",
            clause="a row in which nothing was seen",
        ),
    ]


SMOOTHED = Exercise(
    id="02.8",
    name="smoothed",
    title="Smoothing",
    lesson="02",
    signature="smoothed(counts, strength)",
    points=2,
    minutes=5,
    difficulty=2,
    importance=3,
    cases=_smoothed_cases,
    misconceptions=loss_slips.SMOOTHED,
    question="A row holds 3, 1 and 0, and λ is 1. How many observations does the row hold after smoothing"
    " as if it had always been so?",
    hint="Try that row by hand before you write a line, and check that it sums to one.",
    allowed="anything in torch",
)


# -- 02.9 the gradient ------------------------------------------------------------------------


def _gradient_cases(random: numpy.random.Generator) -> list[Case]:
    one_hot = torch.eye(5)[random.integers(5, size=3)]
    large = _logits(random, 2, 3)
    large[:, random.integers(3)] += 300
    out = "classes that the target rules out"
    return [
        Case((_logits(random, 4, 3), _rows(random, 4, 3)), "four rows of three classes"),
        Case((_logits(random, 2, 5), _rows(random, 2, 5)), "two rows of five classes"),
        Case((_logits(random, 3, 4), _rows(random, 3, 4)), "three rows of four classes"),
        Case(
            (_logits(random, 1, 3), _rows(random, 1, 3)),
            "one row",
            clause="a batch of one",
        ),
        Case((_logits(random, 3, 5), one_hot), "hard labels: one-hot targets", clause=out),
        Case(
            (_logits(random, 2, 4), _without(_rows(random, 2, 4), random.integers(4))),
            "a zero in the target",
            clause=out,
        ),
        Case((large, _rows(random, 2, 3)), "logits 300 apart", clause="logits of several hundred"),
    ]


GRADIENT = Exercise(
    id="02.9",
    name="cross_entropy_gradient",
    title="Which way is down?",
    lesson="02",
    signature="cross_entropy_gradient(logits, target)",
    points=3,
    minutes=8,
    difficulty=3,
    importance=5,
    cases=_gradient_cases,
    misconceptions=loss_slips.GRADIENT,
    question="Step 2 has two parts. In which terms of the first does z_k stand? And what does the chain"
    " rule make of the second: have you met that quotient before?",
    hint="Differentiate one row on paper until only probabilities are left. Each entry should lie between"
    " −1 and 1 and a row should sum to zero; then think of the mean over the batch.",
    withheld=("kd_course.losses.*",),
    allowed="anything in torch; not kd_course.losses; please without autograd (the check cannot tell)",
)


# -- 02.10 quiz: done or stuck? ---------------------------------------------------------------

DONE_OR_STUCK = Exercise(
    id="02.10",
    name="done_or_stuck",
    title="Done or stuck?",
    lesson="02",
    signature="done_or_stuck",
    points=1,
    minutes=3,
    difficulty=2,
    importance=5,
    kind="value",
    choices=(
        Choice(
            "a",
            "The student is stuck, since a good loss goes to zero: raise the learning rate",
            "Cross-entropy ends at zero only for a teacher that never hedges. What it ends at"
            " otherwise is no fault of the student.",
        ),
        Choice(
            "b",
            "Nothing yet: first compare it with the mean entropy of the teacher's targets",
            "Cross-entropy = H(teacher) + KL. If H(teacher) is 0.83 the student is done; if it is"
            " 0.40, then 0.43 nats of KL are left to be won. The number alone cannot tell.",
        ),
        Choice(
            "c",
            "The student is too small, since it stops above zero: a larger one gets nearer",
            "Perhaps it is too small, but this number does not show it. No student of any size gets"
            " below the teacher's own entropy.",
        ),
        Choice(
            "d",
            "The loss is the wrong one: switch to KL, whose gradient does not stop there",
            "KL has the same gradient, entry by entry; the training would be the same. Only the"
            " number shown changes.",
        ),
        Choice(
            "e",
            "The loss is in bits by mistake: divide it by 1.44, and the true value appears",
            "Nothing points to bits, and PyTorch's losses are in nats. In another unit it would"
            " still have a floor above zero.",
        ),
    ),
    question="What would this loss read if the student believed exactly what its teacher believes?",
    hint="Section 3 splits a cross-entropy into two parts. Which of them can the student change, and what"
    " do you know of the other?",
)


EXERCISES = (
    SURPRISE,
    ENTROPY,
    KL,
    NEGATIVE_KL,
    FIT_LOSS,
    JS,
    KL_FROM_SAMPLES,
    SMOOTHED,
    GRADIENT,
    DONE_OR_STUCK,
)
