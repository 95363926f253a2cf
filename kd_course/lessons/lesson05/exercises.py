"""The exercises of lesson 05: a step, its schedule, its clipping, when to stop, fusion, a bug hunt."""

from __future__ import annotations

import math

import numpy as np
import torch

from kd_course.exercises.slips import random_labels, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson05 import fusion_slips, loop_slips, slips

# -- 05.1 one step of training ----------------------------------------------------------------

TOO_SURE = "logits so far apart that the softmax holds a 0, whose logarithm is infinite"


def _otherwise(random) -> torch.Tensor:
    """Two labels against two sure students of three classes: of class 0 the one, of 1 the other."""
    return torch.tensor([int(random.choice([1, 2])), int(random.choice([0, 2]))])


def step_cases(random) -> list[Case]:
    def inputs(rows, features, classes):
        return (
            random_normal(random, classes, features),
            random_normal(random, rows, features),
            random_labels(random, classes, rows),
            3 * random_normal(random, rows, classes),
        )

    weights, features, labels, teacher_logits = inputs(3, 2, 3)
    weights = torch.tensor([[1.0, 0.3], [-1.0, 0.2], [0.1, -0.4]])
    features = torch.tensor([[3000.0, 1.0], [-4000.0, 2.0], [0.5, -1.0]])
    labels[:2] = _otherwise(random)
    return [
        Case((*inputs(2, 3, 3), 2.0, 0.5, 0.1), "two rows, T = 2, α = 0.5"),
        Case((*inputs(6, 4, 5), 4.0, 0.9, 0.05), "six rows, T = 4, α = 0.9"),
        Case((*inputs(3, 2, 3), 1.0, 1.0, 0.2), "the teacher alone", clause="α = 1"),
        Case((*inputs(3, 2, 3), 3.0, 0.0, 0.2), "the labels alone", clause="α = 0"),
        Case(
            (weights, features, labels, teacher_logits, 2.0, 0.5, 1e-4),
            "a student that is very sure",
            clause=TOO_SURE,
        ),
    ]


# -- 05.2 the schedule ------------------------------------------------------------------------


def schedule_cases(random) -> list[Case]:
    def between(low, high):
        return int(random.integers(low, high))

    def training(*, warm=True, peak=None):
        """(warmup, total, peak)"""
        warmup = between(5, 20) if warm else 0
        return warmup, warmup + between(40, 90), between(3, 25) / 8 if peak is None else peak

    first, rising, small, top, down, falling, end, beyond = (
        training(peak=peak) for peak in (None, None, 3e-5, None, None, 7e-5, None, None)
    )
    cold, cold_later = training(warm=False), training(warm=False)
    third = between(15, 30)
    at_end, none = "step `total` and the steps after it", "a warm-up of 0 steps"
    return [
        Case((0, *first), "the first step"),
        Case((between(1, rising[0]), *rising), "on the way up"),
        Case((between(1, 5), *small), "on the way up, to a peak of 0.00003"),
        Case((top[0], *top), "the top"),
        Case(
            (down[0] + third, down[0], down[0] + 3 * third, down[2]),
            "a third of the way down",
        ),
        Case((falling[0] + between(2, 30), *falling), "on the way down, from a peak of 0.00007"),
        Case((end[1], *end), "the end", clause=at_end),
        Case((beyond[1] + between(5, 40), *beyond), "a step beyond the end", clause=at_end),
        Case((0, *cold), "no warm-up: the first step", clause=none),
        Case((between(5, 35), *cold_later), "no warm-up: a step on the way down", clause=none),
    ]


# -- 05.3 clipping ----------------------------------------------------------------------------


TRIPLES = ((5, 3, 4), (13, 5, 12), (17, 8, 15), (25, 7, 24))


def clip_cases(random) -> list[Case]:
    def long(*shape):
        return 5 * random_normal(random, *shape) + 1

    def beside_its_square(low, high):
        """Two tensors of a length between these, a bound half-way to its square or so, the length."""
        hypotenuse, *legs = TRIPLES[int(random.integers(len(TRIPLES)))]
        unit = int(random.integers(math.ceil(low / hypotenuse), high // hypotenuse + 1)) / 128
        one, other = unit * random.permutation(legs) * random.choice([-1, 1], size=2)
        norm = unit * hypotenuse  # exactly: all of these numbers are binary fractions
        bound = norm + int(random.integers(2, 7)) / 8 * (norm**2 - norm)
        first = torch.tensor(random.permutation([one, 0.0]), dtype=torch.float32)
        return [first, torch.tensor([[other]], dtype=torch.float32)], bound, norm

    longer, below_one = beside_its_square(180, 400), beside_its_square(40, 104)
    zeros = [
        torch.zeros(*random.integers(1, 5, size=dimensions).tolist())
        for dimensions in random.permutation([1, 2, 2])[: random.integers(2, 4)].tolist()
    ]
    short = torch.tensor([0.6, -0.8]) * float(random.uniform(0.5, 0.9))
    near = "a norm so near to the bound that its square lies on the other side of it"
    return [
        Case(([torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])], 1.0), "together 5 long"),
        Case(([short, torch.tensor([0.1])], 1.0), "short enough already"),
        Case(
            ([long(3, 2), random_normal(random, 4), 0.1 * random_normal(random, 2)], 0.5),
            "three tensors of different sizes",
        ),
        Case(([long(2, 2), long(3), torch.tensor([2.0, -2.0])], 3.0), "a bound of 3"),
        Case(
            longer[:2],
            f"{longer[2]:.3g} long, a bound of {longer[1]:.3g}",
            clause=near,
        ),
        Case(
            below_one[:2],
            f"{below_one[2]:.3g} long, a bound of {below_one[1]:.3g}",
            clause=near,
        ),
        Case(
            (zeros, int(random.integers(2, 25)) / 8),
            "no gradient at all",
            clause="a gradient of zeros",
        ),
        Case(
            ([torch.tensor(float(random.uniform(3, 5))), long(2)], 2.0),
            "a tensor of a single number, without dimensions",
            clause="a tensor without dimensions",
        ),
    ]


# -- 05.4 accumulation ------------------------------------------------------------------------


def accumulation_cases(random) -> list[Case]:
    rows = random.choice(np.arange(3, 12), size=4, replace=False).tolist()
    labelled = [int(random.integers(1, n)) for n in rows]
    labelled[0] = rows[0]
    soft, hard = (1 + random.random((2, 4))).tolist()

    def means(parts):
        return (random.choice(np.arange(4, 28), size=parts, replace=False) / 8).tolist()

    def sizes(parts):
        """Rows and labels, of no two parts the same share."""
        while True:
            rows = random.choice(np.arange(3, 13), size=parts, replace=False).tolist()
            labelled = [int(random.integers(1, n)) for n in rows]
            if len({m / n for m, n in zip(labelled, rows, strict=True)}) == parts:
                return rows, labelled

    def alpha():
        return float(random.choice([0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]))

    bare, (all_rows, some_labelled), some_hard = int(random.integers(3)), sizes(3), means(3)
    some_labelled[bare], some_hard[bare] = 0, 0.0
    parts = int(random.integers(2, 5))
    none_labelled = ([0.0] * parts, sizes(parts)[0], [0] * parts)
    some = "a part without any label, beside parts that have some"
    none = "a step without any label"
    return [
        Case(([1.0, 2.0], [3.0, 1.0], [8, 2], [8, 2], 0.3), "a short last part"),
        Case((means(2), means(2), *sizes(2), alpha()), "some rows without a label"),
        Case((soft, hard, rows, labelled, 0.3), "four parts of different sizes"),
        Case(
            (means(3), some_hard, all_rows, some_labelled, alpha()),
            f"no label in the {('first', 'middle', 'last')[bare]} part",
            clause=some,
        ),
        Case((means(parts), *none_labelled, alpha()), "no label at all", clause=none),
    ]


# -- 05.5 early stopping ----------------------------------------------------------------------


def stopping_cases(random) -> list[Case]:
    def some(low, high):
        return int(random.integers(low, high + 1))

    def gains(count, delta, more=4):
        """Steps down that count, one after the other."""
        return [-delta - some(1, more) for _ in range(count)]

    def above(count):
        """Steps up from the mark and about there, all of them back at the end."""
        heights = [some(1, 8) for _ in range(count)]
        return [b - a for a, b in zip([0, *heights], [*heights, 0])]

    def worse(count, delta):
        """Evaluations above the mark, then one that counts."""
        *steps, back = above(count)
        return [*steps, back + gains(1, delta)[0]]

    def curve(steps, unit=16, lowest=None):
        """Losses with these steps between them, in parts of a unit: exact in binary."""
        levels = np.cumsum([0, *steps])
        return ((levels - levels.min() + (lowest or some(6, 20))) / unit).tolist()

    def later_better():
        patience, delta = some(2, 4), some(1, 3)
        return (
            curve([*gains(some(1, 3), delta), *worse(patience + some(0, 1), delta)]),
            patience,
            delta / 16,
        )

    def never_a_reason():
        patience, delta = some(2, 4), some(1, 3)
        steps = [*gains(some(2, 4), delta), *above(some(1, patience - 1))[:-1]]
        return curve(steps), patience, delta / 16

    def up_and_down():
        patience, delta = some(2, 3), some(1, 3)
        blocks = [worse(some(1, patience - 1), delta) for _ in range(2)]
        return curve([*blocks[0], *blocks[1], *above(patience + 1)[:-1]]), patience, delta / 16

    def above_the_mark():
        patience = some(2, 4)
        falls = [-some(1, 2) for _ in range(patience + some(0, 2))]
        return curve([some(1, 4) - sum(falls), *falls]), patience, 0.0

    def twice_worse():
        delta = some(1, 4)
        blocks = [step for _ in range(some(2, 3)) for step in worse(2, delta)]
        return curve([*blocks, *above(4 + some(0, 1))[:-1]]), 4, delta / 16

    def falling_above_one():
        patience, delta = some(2, 3), some(1, 3)
        return curve(gains(some(5, 7), delta), lowest=some(20, 36)), patience, delta / 16

    def two_that_do_not():
        patience, delta = some(2, 3), some(4, 8)
        small = sorted(random.choice(np.arange(1, delta), size=2, replace=False).tolist())
        heights = [0, -small[0], -small[1], *(some(0, 3) - small[0] for _ in range(2))]
        steps = [*gains(1, delta), *np.diff(heights).tolist()]
        return curve(steps), patience, delta / 16

    def exactly():
        patience, delta = some(2, 3), some(2, 6)
        steps = [*gains(some(0, 2), delta), -delta, -some(1, delta - 1), *[0] * patience]
        return curve(steps), patience, delta / 16

    def the_same_again():
        patience = some(2, 4)
        return curve([*gains(some(1, 3), 0), *[0] * (patience + some(0, 1))]), patience, 0.0

    def small_gains():
        """A gain, and how many of it are needed to count: half a gain more than the last that do not."""
        gain, needed = some(1, 3), some(3, 4)
        steps = [-2 * gain] * (2 * needed + some(0, 2))
        return curve(steps, unit=64), needed + some(0, 1), (2 * needed - 1) * gain / 64

    noisy = [1 / (1 + k / 3) + k / 20 + 0.08 * random.random() for k in range(16)]
    noisy = [
        round(128 * loss) / 128 for loss in noisy
    ]  # no gain is 0.01, or so near that it rounds
    on_the_edge, creeping = exactly(), small_gains()
    exact = "a gain of exactly `min_delta`, which is none"
    small = "small gains, none of which counts, that add up to one that does"
    return [
        Case(later_better(), "it would have become better later"),
        Case(never_a_reason(), "never a reason to stop"),
        Case(up_and_down(), "worse, better, worse, better, worse"),
        Case(above_the_mark(), "falling, but not below the mark"),
        Case(twice_worse(), "twice worse, then better, again and again"),
        Case(falling_above_one(), "losses above 1, falling"),
        Case(two_that_do_not(), "a gain that counts, and two that do not"),
        Case((noisy, 3, 0.01), "sixteen noisy evaluations"),
        Case(
            on_the_edge, f"{on_the_edge[2]:g} lower, min_delta = {on_the_edge[2]:g}", clause=exact
        ),
        Case(the_same_again(), "the same again, min_delta = 0", clause=exact),
        Case(
            creeping,
            f"gains of {creeping[0][0] - creeping[0][1]:g}, min_delta = {creeping[2]:g}",
            clause=small,
        ),
        Case(
            ([some(8, 80) / 32], some(1, 4), some(0, 3) / 16),
            "one evaluation alone",
            clause="a single evaluation",
        ),
    ]


# -- 05.6 averaging weights -------------------------------------------------------------------


def average_cases(random) -> list[Case]:
    def weights():
        return {
            "layer.weight": random_normal(random, 2, 3),
            "layer.bias": random_normal(random, 2),
            "projection": random_normal(random, 3, 2),
        }

    def with_one(name, *tensors):
        return [{**weights(), name: tensor} for tensor in tensors]

    def all_other(draw, count):
        """So many draws, no two of them alike in any number."""
        while True:
            drawn = np.stack([draw() for _ in range(count)])
            if all(len(set(column)) == count for column in drawn.reshape(count, -1).T.tolist()):
                return drawn

    counters = torch.tensor(all_other(lambda: random.integers(5, 100), 3))
    seen = torch.tensor(all_other(lambda: random.integers(2, 50, size=2), 2), dtype=torch.int32)
    masks = torch.tensor(random.permutation([[True, False], [True, True], [False, True]]))
    whole = "tensors of whole numbers, or of True and False"
    return [
        Case(([{"w": torch.tensor([1.0, 2.0])}, {"w": torch.tensor([3.0, 6.0])}],), "one tensor"),
        Case(([weights() for _ in range(3)],), "three checkpoints"),
        Case(([weights() for _ in range(4)],), "four checkpoints"),
        Case(([weights()],), "one checkpoint", clause="a single checkpoint"),
        Case(
            (with_one("steps", *counters),),
            "a counter, int64",
            clause=whole,
        ),
        Case(
            (with_one("seen", *seen),),
            "two counters, int32",
            clause=whole,
        ),
        Case(
            (with_one("keep", *masks),),
            "a mask",
            clause=whole,
        ),
        Case(
            (with_one("scale", *random_normal(random, 3)),),
            "a weight that is a single number",
            clause="a weight without dimensions",
        ),
    ]


# -- 05.7 an ensemble of teachers -------------------------------------------------------------


def ensemble_cases(random) -> list[Case]:
    apart = float(random.uniform(1000, 1500))
    sure = "teachers so sure that a probability is 0 in 64 bits as well"
    of_the_same, of_others = (torch.from_numpy(random.permutation(3)) for _ in range(2))
    return [
        Case(
            (
                torch.tensor(
                    [[[2.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [[-4.0, 0.0], [3.0, 0.0], [0.0, 3.0]]]
                ),
            ),
            "two teachers that disagree, three rows",
        ),
        Case((3 * random_normal(random, 3, 4, 5),), "three teachers, four rows, five classes"),
        Case((2 * random_normal(random, 5, 3, 2),), "five teachers, three rows, two classes"),
        Case((2 * random_normal(random, 3, 1, 4),), "one row", clause="a single row"),
        Case((2 * random_normal(random, 1, 3, 4),), "one teacher", clause="a single teacher"),
        Case(
            (torch.tensor([[[apart, 0, 1.0]] * 2, [[apart - 10, 1, 0]] * 2])[..., of_the_same],),
            "two teachers that are very sure, of the same",
            clause=sure,
        ),
        Case(
            (torch.tensor([[[apart, 0, 1.0]] * 2, [[0, apart, 1.0]] * 2])[..., of_others],),
            "two teachers that are very sure, of different things",
            clause=sure,
        ),
    ]


# -- 05.9 logits back in order ----------------------------------------------------------------


def order_cases(random) -> list[Case]:
    def shuffled(rows):
        """An order that is not its own inverse, nor the other way round."""
        while True:
            order = torch.from_numpy(random.permutation(rows))
            if not torch.equal(order[order], torch.arange(rows)):
                return order

    return [
        Case(
            (random_normal(random, 5, 2), torch.tensor([1, 2, 3, 4, 0])), "five rows, turned by one"
        ),
        Case((random_normal(random, 9, 3), shuffled(9)), "nine rows, shuffled"),
        Case(
            (random_normal(random, 3, 2), torch.tensor([0, 1, 2])),
            "rows that come in order",
            clause="rows that come in order",
        ),
        Case(
            (random_normal(random, 13, 2), shuffled(13)),
            "thirteen rows",
            clause="more than ten rows (10 comes after 9, not after 1)",
        ),
    ]


# -- 05.10 the bug hunt -----------------------------------------------------------------------


def hunt_cases(random) -> list[Case]:
    def inputs(rows, features, classes):
        keep = (random.random((rows, features)) < 0.6).astype("float32")
        keep[0, 0], keep[-1, -1] = 0.0, 1.0  # in any draw something is dropped, and something kept
        return (
            random_normal(random, classes, features),
            2 * random_normal(random, classes, features),
            random_normal(random, classes, features),
            random_normal(random, rows, features),
            torch.from_numpy(keep) / 0.6,
            random_labels(random, classes, rows),
        )

    far = [[3000.0, 1.0], [-4000.0, 2.0], [0.5, -1.0], [1.0, 0.5], [-2.0, 1.0]]
    kept = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 1.0], [0.0, 1.0]]
    sure = (
        torch.tensor([[1.0, 0.3], [-1.0, 0.2], [0.1, -0.4]]),
        random_normal(random, 3, 2) / 2000,
        random_normal(random, 3, 2),
        torch.tensor(far),
        torch.tensor(kept) / 0.6,
        torch.cat([_otherwise(random), random_labels(random, 3, 3)]),
    )
    return [
        Case((*inputs(2, 3, 3), 2.0, 0.5, 0.1), "two rows, T = 2, α = 0.5"),
        Case((*inputs(5, 4, 4), 4.0, 0.9, 0.05), "five rows, T = 4, α = 0.9"),
        Case((*inputs(4, 3, 3), 1.0, 1.0, 0.2), "the teacher alone, at T = 1", clause="α = 1"),
        Case((*sure, 2.0, 0.5, 1e-4), "a student that is very sure", clause=TOO_SURE),
    ]


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="05.1",
        name="distillation_step",
        title="One step of training",
        lesson="05",
        signature="distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate)",
        points=4,
        minutes=10,
        difficulty=2,
        importance=5,
        cases=step_cases,
        misconceptions=slips.STEP,
        question="The loss hangs on the weights by way of the logits. What is the first thing to write "
        "down, and who takes the derivative?",
        hint="Three steps: the student's logits; the two parts of the loss, of log-probabilities that were "
        "never probabilities; the gradient of the whole with respect to a copy of the weights.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="05.2",
        name="learning_rate_at",
        title="Warm up, then come down",
        lesson="05",
        signature="learning_rate_at(step, warmup, total, peak)",
        points=2,
        minutes=6,
        difficulty=2,
        importance=4,
        cases=schedule_cases,
        atol=1e-9,
        misconceptions=loop_slips.SCHEDULE,
        question="Draw the rate over the steps. At which steps does the curve bend, and which values has it "
        "there?",
        hint="On the way up, which share of `warmup` is done? On the way down, which share of what lies "
        "between `warmup` and `total` is left? Then look at step `total` + 1, and at a `warmup` of 0.",
        allowed="plain Python",
    ),
    Exercise(
        id="05.3",
        name="clip_gradients",
        title="A bound on the step's length",
        lesson="05",
        signature="clip_gradients(gradients, max_norm)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=clip_cases,
        misconceptions=loop_slips.CLIPPING,
        question="If all entries of all tensors stood in one long vector, how long would it be? And by "
        "which factor is it too long?",
        hint="First one number, the norm; then one factor, which is 1 where nothing is to be done; then a "
        "new list. Try a gradient of zeros.",
        allowed="torch; please do without clip_grad_norm_ (the check cannot tell)",
    ),
    Exercise(
        id="05.4",
        name="step_loss",
        title="The loss of a step in parts",
        lesson="05",
        signature="step_loss(soft, hard, rows, labelled, alpha)",
        points=3,
        minutes=8,
        difficulty=3,
        importance=5,
        cases=accumulation_cases,
        misconceptions=loop_slips.ACCUMULATION,
        question="How much have all rows of part i lost together, by their teacher and by their labels?",
        hint="What one large batch gives are two means, over different rows. From each part's mean you can "
        "get back to its sum; mind how many rows each of the two means speaks for.",
        allowed="plain Python",
    ),
    Exercise(
        id="05.5",
        name="early_stop",
        title="When to stop",
        lesson="05",
        signature="early_stop(losses, patience, min_delta)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=stopping_cases,
        misconceptions=loop_slips.STOPPING,
        question="Follow the losses 1, 0.9, 0.8, 0.7 with min_delta = 0.15 by hand. Which of them are "
        "improvements?",
        hint="Go through the evaluations and remember two things: which one set the mark, and with it how "
        "many have passed since. Of a loss that is lower by too little nothing is remembered.",
        allowed="plain Python",
    ),
    Exercise(
        id="05.6",
        name="average_weights",
        title="One model out of several checkpoints",
        lesson="05",
        signature="average_weights(checkpoints)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=3,
        cases=average_cases,
        dtypes=True,
        misconceptions=fusion_slips.AVERAGING,
        question="Which tensors of a model are weights, and by what can a program tell?",
        hint="Name by name. A tensor knows of which type its numbers are; those of all checkpoints, laid on "
        "top of each other, have one dimension more.",
        allowed="torch",
    ),
    Exercise(
        id="05.7",
        name="ensemble_logits",
        title="Several teachers, one opinion",
        lesson="05",
        signature="ensemble_logits(logits)",
        points=3,
        minutes=8,
        difficulty=3,
        importance=4,
        cases=ensemble_cases,
        misconceptions=fusion_slips.ENSEMBLE,
        question="Which of the numbers that you compute on the way can be too small for a float, though "
        "the result is not?",
        hint="Stay with logarithms from the first line to the last: torch has a function that adds numbers "
        "of which it is given the logarithms. What does dividing become there?",
        allowed="torch and torch.nn.functional",
    ),
    Exercise(
        id="05.8",
        name="what_the_output_shows",
        title="Reading a printed loss",
        lesson="05",
        signature="what_the_output_shows",
        points=1,
        minutes=4,
        difficulty=3,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "The teacher does better than by guessing: 0.56 is below ln 2 ≈ 0.69, which guessing costs.",
                "It would say that if it were a mean. A sum of 250 batches has another yardstick: 250 · 0.69.",
            ),
            Choice(
                "b",
                "It is not this program's output: its first terms alone would come to more than that.",
                "Right. A head that knows nothing yet is about as good as guessing, 0.69 nats for the first "
                "batch; each later batch adds something that is not negative. A sum of 0.56 over 250 batches would "
                "mean 0.002 a batch, from the first one on.",
            ),
            Choice(
                "c",
                "It is a very good model: divided by its 250 batches, the sum is 0.002 nats a batch.",
                "0.002 nats means a probability of 99.8 % for the right class, on average, over all batches, the "
                "untrained beginning included. How much does the first batch cost?",
            ),
            Choice(
                "d",
                "It shows that distilling works: after one epoch the student's loss is below the teacher's.",
                "The student of the listing learns from labels only, and would do so without any teacher. A small "
                "training loss says that something learns, not what it learns from.",
            ),
        ),
        question="What does the program add up, and how many terms has the sum?",
        hint="How large is the first term, of a head that knows nothing yet, and can later ones take it back?",
        allowed="pen and paper",
    ),
    Exercise(
        id="05.9",
        name="in_row_order",
        title="Put shuffled answers back",
        lesson="05",
        signature="in_row_order(logits, order)",
        points=2,
        minutes=5,
        difficulty=2,
        importance=4,
        cases=order_cases,
        misconceptions=fusion_slips.ORDER,
        question="Take three rows in the order 2, 0, 1. Where does the first answer have to go, and which "
        "answer does row 0 get?",
        hint="Either a new tensor is filled, each answer at the place that it names; or the order is turned "
        "round first, so that it says of each row when it was answered.",
        allowed="torch",
    ),
    Exercise(
        id="05.10",
        name="repaired_step",
        title="Six bugs in one step",
        lesson="05",
        signature="repaired_step(weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate)",
        points=6,
        minutes=20,
        difficulty=4,
        importance=5,
        cases=hunt_cases,
        misconceptions=slips.HUNT,
        question="Go through the step in order: who reads what, what is compared with what, whose gradient "
        "is taken, whose weights move?",
        hint="Two bugs lie in what is read, two in the soft loss, one in who learns, one in the update. Hand in what you have: "
        "the check names the bugs that it recognises in it.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
)
