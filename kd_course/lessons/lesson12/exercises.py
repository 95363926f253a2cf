"""The exercises of lesson 12: few codes, thin factors, narrow layers, and what each of them saves."""

from __future__ import annotations

import torch

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson12 import slips

# -- 12.1 fewer codes -------------------------------------------------------------------------


def code_cases(random) -> list[Case]:
    def weights(rows, columns, bits):
        """Weights near their codes, none of them halfway, in rows of very different size."""
        last = 2 ** (bits - 1) - 1
        codes = random.integers(-last, last + 1, size=(rows, columns))
        codes[:, 0] = random.choice([-last, last], size=rows)
        off = random.uniform(0.1, 0.4, size=codes.shape) * random.choice([-1, 1], size=codes.shape)
        off[:, 0] = 0.0
        values = (codes + off).clip(-last, last)
        values[:, 1] = 0.7  # rounded and cut off differ, whatever else is drawn
        values[:, 2] = -0.3
        values *= 10.0 ** random.uniform(-2, 0.5, size=(rows, 1))
        return torch.tensor(random.permuted(values, axis=1), dtype=torch.float32)

    zero = weights(3, 5, 4)
    zero[int(random.integers(3))] = 0.0
    return [
        Case((weights(2, 5, 4), 4), "four bits"),
        Case((weights(4, 6, 3), 3), "three bits"),
        Case((weights(3, 7, 2), 2), "two bits", clause="two bits"),
        Case((weights(5, 4, 8), 8), "eight bits"),
        Case((zero, 4), "a row of zeros", clause="a row of zeros"),
    ]


# -- 12.2 straight through --------------------------------------------------------------------


def straight_cases(random) -> list[Case]:
    def inputs(rows, columns, last, beyond=True, near=False):
        scale = torch.tensor(random.uniform(0.2, 0.8, size=(rows, 1)), dtype=torch.float32)
        codes = random.integers(-last, last + 1, size=(rows, columns))
        off = random.uniform(0.1, 0.4, size=codes.shape) * random.choice([-1, 1], size=codes.shape)
        values = (codes + off).clip(-last + 0.1, last - 0.1)
        if beyond:
            values[:, 0] = (last + random.uniform(0.7, 3, size=rows)) * random.choice(
                [-1, 1], size=rows
            )
        if near:  # past the last code, and still rounded to it
            values[:, 1] = last + random.uniform(0.1, 0.4, size=rows)
            values[:, 2] = -last - random.uniform(0.1, 0.4, size=rows)
        return torch.tensor(values, dtype=torch.float32) * scale, scale, last

    edge, _, last = inputs(3, 4, 3)
    power = torch.tensor([[0.25], [0.5], [2.0]])
    edge = edge.clone()
    edge[:, 1] = last * power[:, 0]
    edge[:, 2] = -last * power[:, 0]
    return [
        Case(inputs(2, 4, 1), "two bits: the last code is 1", gradient_of=(0, 1)),
        Case(inputs(3, 5, 7), "four bits: the last code is 7", gradient_of=(0, 1)),
        Case(inputs(4, 3, 3), "three bits: the last code is 3", gradient_of=(0, 1)),
        Case(inputs(2, 5, 3, beyond=False), "nothing is cut off", gradient_of=(0, 1)),
        Case(
            (edge, power, last),
            "weights that are exactly the last code",
            gradient_of=(0, 1),
            clause="a weight that is exactly the last code",
        ),
        Case(
            inputs(2, 4, 3, near=True),
            "weights less than half a step beyond the last code",
            gradient_of=(0, 1),
            clause="a weight less than half a step beyond the last code",
        ),
    ]


# -- 12.3 bytes -------------------------------------------------------------------------------


def packed_cases(random) -> list[Case]:
    def between(low, high):
        return int(random.integers(low, high))

    def shapes(count):
        return [[between(5, 30), between(31, 90)] for _ in range(count)]

    odd = [[2 * between(3, 9) + 1, 2 * between(10, 20) + 1] for _ in range(3)]
    return [
        Case((shapes(2), 4, between(20, 80)), "four bits"),
        Case((shapes(3), 2, between(20, 80)), "two bits"),
        Case((shapes(2), 8, between(20, 80)), "eight bits"),
        Case((odd, 4, between(20, 80)), "odd numbers of four-bit codes", clause="a byte left over"),
        Case((odd, 3, between(20, 80)), "three bits", clause="a byte left over"),
        Case((shapes(1), 4, 0), "one matrix, nothing else", clause="nothing but matrices"),
    ]


# -- 12.4 two factors -------------------------------------------------------------------------


def factor_cases(random) -> list[Case]:
    def matrix(rows, columns):
        """Singular values well apart, and rows of V in which one entry is clearly the largest."""
        while True:
            u, _ = torch.linalg.qr(random_normal(random, rows, rows, dtype=torch.float64))
            v, _ = torch.linalg.qr(random_normal(random, columns, columns, dtype=torch.float64))
            full = min(rows, columns)
            ratio = torch.tensor(random.uniform(1.5, 2.0, size=full))
            s = 6.0 / torch.cumprod(ratio, 0)
            weight = (u[:, :full] * s @ v[:full]).float()
            u, _, vh = torch.linalg.svd(weight, full_matrices=False)
            top = vh.abs().topk(2, dim=1).values
            signs = slips.signs(vh)[:2, 0]
            others = (vh.sum(1)[:2].sign(), vh[:2, 0].sign(), slips.signs(u.T)[:2, 0])
            telling = signs[0] != signs[1] and all((signs != other).any() for other in others)
            if telling and (top[:, 0] > 1.1 * top[:, 1]).all():
                return weight

    return [
        Case((matrix(4, 3), 2), "(4, 3), rank 2"),
        Case((matrix(5, 6), 3), "(5, 6), rank 3"),
        Case((matrix(4, 4), 2), "(4, 4), rank 2"),
        Case((matrix(3, 6), 3), "full rank", clause="full rank"),
    ]


# -- 12.5 rank --------------------------------------------------------------------------------


def rank_cases(random) -> list[Case]:
    def between(low, high):
        return int(random.integers(low, high))

    def uneven(share, bias=False):
        """Sides for which the share is met by no rank exactly; a bias, or singular values, do not fit in."""
        while True:
            m, n = between(40, 90), between(150, 300)
            rank, left = divmod(share * m * n, m + n)
            too_much = rank <= left < m if bias else 0.001 < left < min(m, rank)
            if rank > 4 and too_much:
                return m, n, share

    def nearly():
        """Sides for which the next rank is nearer than the one that fits."""
        while True:
            m, n, share = between(40, 90), between(150, 300), between(5, 12) / 16
            rank, left = divmod(share * m * n, m + n)
            if rank < m and 0.6 < left / (m + n) < 0.95:
                return m, n, share

    exact = 4 * between(3, 9)
    wide = between(4, 7), between(20, 40)
    many = float(between(12, 16))  # more than the larger side, too
    return [
        Case(uneven(0.5), "half of the numbers"),
        Case(uneven(0.25, bias=True), "a quarter"),
        Case((between(100, 200), between(30, 60), 0.375), "three eighths, a tall matrix"),
        Case((exact, exact, 0.5), "a share that is met exactly", clause="a share met exactly"),
        Case(
            (between(5, 9), between(10, 20), 1 / 32), "less than rank 1", clause="no rank will do"
        ),
        Case((*wide, many), "more room than is needed", clause="the smaller side"),
        Case((between(50, 90), between(50, 90), 1.0), "all of the numbers"),
        Case(nearly(), "the next rank would almost fit"),
    ]


# -- 12.6 narrower ----------------------------------------------------------------------------


def narrow_cases(random) -> list[Case]:
    def inputs(neurons, keep, ties=False, negative=False):
        while True:
            scores = torch.tensor(random.uniform(0.1, 1.0, size=neurons), dtype=torch.float32)
            if negative:
                lowest = scores.argmin()
                scores = scores - scores.mean()
                scores[lowest] = -5.0
            if ties:
                pair = torch.sort(scores, descending=True).indices[keep - 1 : keep + 1]
                scores[pair] = scores[pair].mean()
            order = torch.sort(scores, descending=True, stable=True).indices[:keep]
            if keep in (1, neurons) or (order.tolist() != sorted(order.tolist())):
                break
        return (
            random_normal(random, neurons, 3),
            random_normal(random, neurons),
            random_normal(random, 2, neurons),
            scores,
            keep,
        )

    def crowded():
        """Fourteen neurons, seven of them with one score; four of the seven stay."""
        up, bias, down, _, _ = inputs(14, 5)
        scores = torch.tensor([1.0, *[0.8] * 7, *random.uniform(0.1, 0.7, size=6)])
        order = torch.from_numpy(random.permutation(14))
        return up, bias, down, scores[order].float(), 5

    return [
        Case(inputs(6, 4), "four of six"),
        Case(inputs(7, 2), "two of seven"),
        Case(inputs(5, 3, negative=True), "scores below 0", clause="scores below 0"),
        Case(inputs(7, 3, ties=True), "equal scores", clause="equal scores"),
        Case(crowded(), "seven equal scores", clause="equal scores"),
        Case(inputs(5, 1), "one neuron", clause="a single neuron"),
    ]


# -- 12.7 the Pareto front --------------------------------------------------------------------


def pareto_cases(random) -> list[Case]:
    def shuffled(pairs):
        order = random.permutation(len(pairs))
        sizes, accuracies = zip(*(pairs[i] for i in order))
        return list(sizes), list(accuracies)

    def unsorted(pairs):
        """An order in which positions and sizes do not run together."""
        while True:
            sizes, accuracies = shuffled(pairs)
            front = slips.unbeaten()(sizes, accuracies)
            if len(front) > 1 and front != sorted(front, key=lambda i: sizes[i]):
                return sizes, accuracies

    def part(low, high):
        return int(random.integers(low, high)) / 64

    a = part(20, 30)
    # small, medium, large on the front, medium below their line; two beaten by a much smaller one
    plain = [(1.0, a), (5.0, a + part(2, 4)), (8.0, a + part(16, 20)), (6.0, a - part(1, 4))]
    plain += [(7.0, a - part(0, 1) + 1 / 128), (9.0, a + 1 / 4)]
    alike = [(2.0, a), (2.0, a), (4.0, a + 1 / 8), (3.0, a - 1 / 8)]
    same_size = [(2.0, a), (2.0, a + 1 / 16), (5.0, a + 1 / 8), (7.0, a + 1 / 8)]
    return [
        Case(unsorted(plain), "six variants"),
        Case(unsorted(alike), "two are alike", clause="two that are equal in both"),
        Case(unsorted(same_size), "equal in one of the two", clause="two that are equal in one"),
        Case(([3.0], [0.5]), "one variant"),
    ]


# -- the exercises ----------------------------------------------------------------------------


EXERCISES = (
    Exercise(
        id="12.1",
        name="fake_quantize",
        title="As many bits as you like",
        lesson="12",
        signature="fake_quantize(weight, bits)",
        points=3,
        minutes=10,
        difficulty=2,
        importance=5,
        cases=code_cases,
        misconceptions=slips.QUANTIZE,
        question="Write down all codes of three bits that lie evenly around zero. Which is the last one?",
        hint="A scale for each row first, such that its most extreme weight is the last code; then the nearest "
        "codes; then back. What does a row of zeros do to the division?",
        withheld=("kd_course.compression.*",),
        allowed="torch; not kd_course.compression",
    ),
    Exercise(
        id="12.2",
        name="straight_through",
        title="A slope for a staircase",
        lesson="12",
        signature="straight_through(weight, scale, last)",
        points=4,
        minutes=15,
        difficulty=3,
        importance=5,
        cases=straight_cases,
        misconceptions=slips.STRAIGHT,
        question="Which gradient does torch.round have, and which torch.clamp?",
        hint="x + (y - x).detach() has the value of y and the gradient of x. What must x be, so that it follows "
        "the weight inside and stands still outside?",
        withheld=("kd_course.compression.*",),
        allowed="torch; not kd_course.compression",
    ),
    Exercise(
        id="12.3",
        name="packed_bytes",
        title="How many bytes, really?",
        lesson="12",
        signature="packed_bytes(shapes, bits, other)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=packed_cases,
        misconceptions=slips.PACKED,
        question="What does a matrix of 3 rows and 5 columns take at 3 bits? Count the codes' bits, then the "
        "scales' bytes.",
        hint="Each matrix for itself: its bits in whole bytes, rounded up, and four bytes a row. All other numbers "
        "stay float32.",
        withheld=("kd_course.compression.*",),
        allowed="plain Python; not kd_course.compression",
    ),
    Exercise(
        id="12.4",
        name="two_factors",
        title="One matrix, two factors",
        lesson="12",
        signature="two_factors(weight, rank)",
        points=4,
        minutes=15,
        difficulty=3,
        importance=4,
        cases=factor_cases,
        rtol=1e-3,
        atol=1e-4,
        misconceptions=slips.FACTORS,
        question="The product is the sum of rank terms, each a number times a column times a row. Where may the "
        "number go?",
        hint="torch.linalg.svd, the first rank terms, and the same share of each singular value on both sides. "
        "Choose signs last, for both factors together.",
        withheld=("kd_course.compression.*",),
        allowed="torch; not kd_course.compression",
    ),
    Exercise(
        id="12.5",
        name="largest_rank",
        title="A rank that pays",
        lesson="12",
        signature="largest_rank(outputs, inputs, share)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=rank_cases,
        misconceptions=slips.RANKS,
        question="How many numbers do both factors hold at rank 1, and how many at rank 2?",
        hint="Set that number, at rank r, against the share of the matrix's own. Then think of the two ends: no "
        "rank is small enough; more room than the matrix has singular values.",
        withheld=("kd_course.compression.*",),
        allowed="plain Python; not kd_course.compression",
    ),
    Exercise(
        id="12.6",
        name="narrower",
        title="Take a neuron out, whole",
        lesson="12",
        signature="narrower(up_weight, up_bias, down_weight, scores, keep)",
        points=3,
        minutes=10,
        difficulty=2,
        importance=4,
        cases=narrow_cases,
        misconceptions=slips.NARROW,
        question="Which numbers make neuron 3, and which read it?",
        hint="Find the places that stay, once. Then index three tensors with them, each along the dimension that "
        "counts neurons.",
        withheld=("kd_course.compression.*",),
        allowed="torch; not kd_course.compression",
    ),
    Exercise(
        id="12.7",
        name="pareto_front",
        title="Whom nobody beats",
        lesson="12",
        signature="pareto_front(sizes, accuracies)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=pareto_cases,
        misconceptions=slips.PARETO,
        question="For two variants: write down when the first beats the second. What if they are equal?",
        hint="Go through all variants, and for each through all others.",
        allowed="plain Python",
    ),
    Exercise(
        id="12.8",
        name="what_to_ship",
        title="What would you ship?",
        lesson="12",
        signature="what_to_ship",
        points=1,
        minutes=5,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "4 bits, trained with labels: it was trained for the very bits that it is served with, and the others "
                "were not.",
                "Training has a price here: its probabilities are farther from the truth than those of the model that "
                "was only rounded. What is not broken need not be mended.",
            ),
            Choice(
                "b",
                "2 bits, distilled: it is by far the smallest of those that still work.",
                "It loses accuracy, and nobody asked for so few bytes: 4 bits meet the limit and lose far "
                "less.",
            ),
            Choice(
                "c",
                "4 bits, as it is: within the limit, hardly less accurate than before, nearest to the truth, and nobody has to "
                "train anything.",
                "Right. First look where it breaks; at 4 bits it does not. The doing nothing is a control, and here "
                "it wins.",
            ),
            Choice(
                "d",
                "8 bits, as it is: the safest choice, since it changes least.",
                "It is above the limit. And the table shows no difference to 4 bits that would be worth the bytes.",
            ),
        ),
        question="Which lines meet the limit at all? Of these, which is best in each column?",
        hint="Cross out what is too large. Then ask of every line what it needs beside the model itself.",
        allowed="pen and paper",
    ),
)
