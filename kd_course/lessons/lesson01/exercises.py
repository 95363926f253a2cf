"""The exercises of lesson 01: bytes, multiply-adds, pruning, int8, and what differs from transfer."""

from __future__ import annotations

from functools import partial
from itertools import product

import torch
from torch import Tensor

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception
from kd_course.lessons.lesson01 import slips

# -- where they are tried ---------------------------------------------------------------------


def gigabyte_cases(random) -> list[Case]:
    odd = "bits that are no multiple of 8"
    less = "weights of less than one GB"
    billions = 2 * int(random.integers(1, 40)) * 10**9
    large = int(random.integers(50, 300)) * 10**9
    small, smaller = (int(random.integers(3 * 10**7, 10**8)) for _ in range(2))
    return [
        Case((1_000_000_000, 32), "a billion parameters in float32"),
        Case((billions, 8), "some billions in int8"),
        Case((large, 16), "as many billions as GPT-3 has, in 16 bits"),
        Case((billions, 4), "four bits a parameter", clause=odd),
        Case((billions, 12), "twelve bits a parameter", clause=odd),
        Case((smaller, 32), "as many millions as DistilBERT has, in float32", clause=less),
        Case((small, 16), "some millions in 16 bits", clause=less),
    ]


def layer_cases(random) -> list[Case]:
    other = "a feed-forward part that is not four times as wide as the layer"
    length, hidden = int(random.integers(20, 90)), int(random.integers(5, 12)) * 32
    some, many = int(random.integers(20, 100)), int(random.integers(300, 513))
    few, narrow = int(random.integers(5, 20)), 4 * int(random.integers(1, 12))
    return [
        Case((5, 4, 16), "five tokens, width 4, 16 inside the feed-forward part"),
        Case((some, 768, 3072), "BERT-base, a sentence of some tens of tokens"),
        Case((many, 768, 3072), "BERT-base, hundreds of tokens"),
        Case((length, hidden, 4 * hidden), "another shape"),
        Case((few, narrow, 2 * narrow + 2), "about twice as wide inside", clause=other),
        Case((length, hidden, 3 * hidden + 8), "about three times as wide inside", clause=other),
    ]


def mask_cases(random) -> list[Case]:
    draw = partial(random_normal, random)
    level = torch.tensor([-1.0, -0.5, 0.5, 1.0])
    signs = torch.tensor(random.choice([-1.0, 1.0], size=(2, 8)), dtype=torch.float32)
    equals = torch.tensor(random.permutation([0.1, *[0.5] * 5, 2.0, 3.0])).float() * signs[0]
    ties = [equals[:6].view(2, 3), equals[6:].view(1, 2)]
    drawn = [level[torch.tensor(random.integers(4, size=shape))] for shape in ((3, 4), (4, 2))]
    empty = torch.tensor(random.permutation([0.0] * 4 + [1.0, 2.0, 3.0, 4.0])).float()
    zeros = list(torch.where(empty == 0, empty, empty * signs[1]).view(2, 2, 2))
    ten = [draw(2, 3), draw(2, 2)]
    share = "a share of all entries that is no whole number"
    equal = "equal magnitudes"
    return [
        Case(([torch.tensor([[0.1, -3.0], [2.0, -0.2]])], 0.5), "one matrix, half of it"),
        Case(([draw(3, 4, scale=0.1), draw(4, 5)], 0.5), "one of small and one of large weights"),
        Case(([draw(5, 4), draw(2, 5), draw(2, 5, scale=0.3)], 0.9), "nine in ten go"),
        Case((ties, 0.5), "equal magnitudes, four of eight go", clause=equal),
        Case((drawn, 0.3), "many equal magnitudes", clause=equal),
        Case((zeros, 0.25), "four zeros, and two entries go", clause=equal),
        Case((ten, 0.25), "2.5 of ten", clause=share),
        Case((ten, 0.35), "3.5 of ten", clause=share),
        Case((ten, 0.28), "2.8 of ten", clause=share),
        Case((ten, 0.72), "7.2 of ten", clause=share),
        Case(([draw(2, 2), draw(3, 2)], 0.0), "a sparsity of 0", clause="that nothing may go"),
        Case(([draw(2, 2), draw(3, 2)], 1.0), "a sparsity of 1", clause="that all may go"),
        Case(
            ([draw(3, 2), draw(10, scale=0.2), draw(2, 2, 1)], 0.5),
            "a vector and a tensor of three dimensions",
            clause="tensors that are no matrices",
        ),
        Case(
            ([draw(4, 3).T, draw(4, 2)], 0.5),
            "a transposed matrix",
            clause="a tensor whose entries do not lie in order in memory (`.T`)",
        ),
        Case(
            ([draw(3, 4) * 1e-30, draw(2, 4) * 1e-30], 0.5),
            "weights around 1e-30",
            clause="weights so small that their squares are 0",
        ),
    ]


def quantize_cases(random) -> list[Case]:
    rows = partial(_rows, random)
    sizes = [0.4, 1.0, 5.0, 50.0]
    zeros = torch.zeros(*(int(size) for size in random.integers([1, 2], [5, 7])))
    summing_to_zero = torch.stack([_summing_to_zero(random, largest) for largest in (1.0, 4.0)])
    return [
        Case((torch.tensor([[1.0, -0.4, 0.26], [0.3, 0.165, -0.195]]),), "two rows of unlike size"),
        Case((rows(6, *random.permutation(sizes)),), "four rows of very unlike size"),
        Case((rows(5, *random.uniform(0.5, 3.0, size=3)),), "three rows"),
        Case(
            (rows(4, -2.0, 0.7, -0.5),),
            "rows whose largest magnitude has a minus",
            clause="a row whose largest magnitude is a negative weight",
        ),
        Case(
            (torch.cat([rows(4, 1.5), torch.zeros(1, 4), rows(4, 0.6)]),),
            "a row of zeros between two others",
            clause="a row of zeros",
        ),
        Case((zeros,), "nothing but zeros", clause="a row of zeros"),
        Case((summing_to_zero,), "rows that sum to 0", clause="a row that sums to 0"),
        Case(
            (rows(4, 0.05, 0.06),),
            "rows of small weights",
            clause="a row of nothing but small weights",
        ),
        Case(
            (rows(4, 1e-10, 3e-20),),
            "rows of weights that are next to nothing",
            clause="a row of nothing but small weights",
        ),
    ]


def _rows(random, columns: int, *largest: float) -> Tensor:
    """Rows whose most extreme weight is given. No weight lies near the middle between two codes."""
    steps = random.integers(-120, 121, size=(len(largest), columns))
    steps = steps + random.uniform(-0.45, 0.45, size=steps.shape)
    for row in steps:
        row[random.integers(columns)] = 127
    return torch.tensor(steps * [[one / 127] for one in largest], dtype=torch.float32)


def _summing_to_zero(random, largest: float) -> Tensor:
    """Three weights with the sum 0, exactly. None lies near the middle between two codes."""
    parts = [
        n for n in range(1, 16) if all(abs(127 * k / 16 % 1 - 0.5) > 0.05 for k in (n, 16 - n))
    ]
    part = random.choice(parts) / 16
    signed = random.choice([-1, 1]) * random.permutation([1, -part, part - 1])
    return torch.tensor(largest * signed, dtype=torch.float32)


# -- 01.7 the table ---------------------------------------------------------------------------

# Row -> its right answer, and why each wrong one is wrong.
TABLE = {
    "weights": (
        "transfer",
        {
            "distillation": "A student may start from random weights, as `distilled` did, and still "
            "learns from its teacher. Which arm of section 8 would be the control without the weights "
            "it was given?",
            "both": "The arm `distilled` started from random weights, and had its teacher all the same. "
            "What is left of *transfer* without the weights?",
        },
    ),
    "targets": (
        "distillation",
        {
            "transfer": "Once somebody has pretrained a model, its weights are loaded from a file. Who "
            "runs it again, and on what, while `transfer` is trained?",
            "both": "Weights are loaded from a file, and that is all `transfer` needs. In which method "
            "must the other model be asked about the new one's own sentences?",
        },
    ),
    "input": (
        "both",
        {
            "transfer": "The teacher's answers are what the loss compares with. When a sentence is "
            "classified there is no loss: what does a finished student need its teacher for?",
            "distillation": "The fine-tuned model has its weights, and took them once. What does it need "
            "the other model for after that?",
        },
    ),
    "shape": (
        "distillation",
        {
            "transfer": "Weights that are taken over must fit: width and vocabulary stay. What has to "
            "fit when only outputs are passed on?",
            "both": "Weights that are taken over must fit, so the widths of both models agree. Only "
            "where outputs are passed on may everything inside differ.",
        },
    ),
    "unlabelled": (
        "distillation",
        {
            "transfer": "A pretrained model comes with an untrained head: it knows words, and nobody has "
            "told it which news is good. What tells it, if no label does?",
            "both": "A pretrained model's head is untrained, so that without labels nothing tells it "
            "which news is good. In which method does somebody tell, label or no label?",
        },
    ),
}
ANSWERS = ("transfer", "distillation", "both")


def _wrong_tables() -> tuple[Misconception, ...]:
    """One misconception for every table that is not right: each wrong row named and explained."""
    found = []
    for answers in product(ANSWERS, repeat=len(TABLE)):
        table = dict(zip(TABLE, answers))
        wrong = [row for row, answer in table.items() if answer != TABLE[row][0]]
        if wrong:
            rows = ", ".join(f"{row} = {table[row]}" for row in wrong)
            reasons = [f"{row}: {TABLE[row][1][table[row]]}" for row in wrong]
            found.append(Misconception(f"not so: {rows}", value=table, hint="\n".join(reasons)))
    return tuple(found)


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="01.1",
        name="gigabytes",
        title="What the weights weigh",
        lesson="01",
        signature="gigabytes(parameters, bits)",
        points=1,
        minutes=3,
        difficulty=1,
        importance=4,
        cases=gigabyte_cases,
        misconceptions=slips.GIGABYTES,
        question="How many bytes does one number of 4 bits take? And of 12?",
        hint="First all the bits, then bytes, then GB. Round nothing on the way.",
        allowed="plain Python",
    ),
    Exercise(
        id="01.2",
        name="layer_multiply_adds",
        title="What one layer multiplies",
        lesson="01",
        signature="layer_multiply_adds(length, hidden, intermediate)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=layer_cases,
        rtol=1e-6,
        misconceptions=slips.MULTIPLY_ADDS,
        question="What are the two shapes in each of the eight products?",
        hint="Write the eight products down as pairs of shapes, for three tokens of width 4, before "
        "you write a formula. Queries with keys: how many numbers come out, and how long is the dot "
        "product behind each?",
        withheld=("kd_course.cost.*",),
        allowed="plain Python; not kd_course.cost",
    ),
    Exercise(
        id="01.3",
        name="magnitude_masks",
        title="Which weights go?",
        lesson="01",
        signature="magnitude_masks(weights, sparsity)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=4,
        cases=mask_cases,
        dtypes=True,
        misconceptions=slips.MASKS,
        question="Two entries are equally large, and only one of them may go. Can a threshold decide "
        "which? What could?",
        hint="Make one long vector first, and let a stable order (torch.sort or torch.argsort) say "
        "*which entries* go, not how large they are. At the end cut what you have into the shapes that "
        "came in.",
        withheld=("kd_course.compression.*",),
        allowed="torch; not kd_course.compression. Please do without torch.nn.utils.prune, which the "
        "check cannot tell from your own",
    ),
    Exercise(
        id="01.4",
        name="quantize",
        title="Eight bits a weight",
        lesson="01",
        signature="quantize(weight)",
        points=4,
        minutes=10,
        difficulty=3,
        importance=4,
        cases=quantize_cases,
        atol=0.0,
        dtypes=True,
        misconceptions=slips.CODES,
        question="A row's most extreme weight gets the last code there is. How long is one step, then?",
        hint="Take one row of three weights and work out its scale and its codes by hand. Then for all "
        "rows at once: which dimension must stay, so that (rows, columns) can be divided by the scale?",
        withheld=("kd_course.compression.*",),
        allowed="torch; not kd_course.compression. Please do without torch.ao and "
        "torch.quantize_per_channel, which the check cannot tell from your own",
    ),
    Exercise(
        id="01.5",
        name="first_step",
        title="What would you try first?",
        lesson="01",
        signature="first_step",
        points=1,
        minutes=4,
        difficulty=3,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "Distil a student with a third of the layers, on sentences that you make up today.",
                "It may well come second. But it needs text like the app's, a training run and tuning, "
                "and nothing is left to tune on. A student can be quantized later on, too.",
            ),
            Choice(
                "b",
                "Set seven in ten weights to zero, and store what is left in the sparse form.",
                "It needs no training, and comes down to about a third: three weights in ten, and "
                "one bit an entry. But look at section 4's curve at 0.7, and at int8's accuracy in "
                "section 5. And unpacked in memory, the zeros take their place again.",
            ),
            Choice(
                "c",
                "Write the weights with eight bits and a scale for each row, and change nothing else.",
                "Right. Int8 and pruning both do without data, and both fit: int8 with about a quarter of "
                "the bytes, pruning with about a third. But int8 moves every weight by half a step at most, where pruning takes seven in ten away.",
            ),
            Choice(
                "d",
                "Fine-tune a pretrained model a third as large on the labels that still exist.",
                "A fine plan where labels are plenty. The 50 that exist are few, it needs a training run, "
                "and it throws away what the deployed model knows about the task.",
            ),
        ),
        question="Which of the four could be in the app tomorrow? How many bytes does each leave?",
        hint="Two of them need no training. Compare these two where both are small enough: "
        "section 4's table has one, section 5's the other.",
        allowed="thinking, and the tables of sections 4 and 5",
    ),
    Exercise(
        id="01.6",
        name="what_is_saved",
        title="What does distillation save?",
        lesson="01",
        signature="what_is_saved",
        points=1,
        minutes=4,
        difficulty=3,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "For both: a student has fewer layers than its teacher, so each sum gets smaller.",
                "Each answer gets cheaper. But a student must be made first, and for that a teacher: B "
                "would do more arithmetic on two trainings than its few answers will ever cost.",
            ),
            Choice(
                "b",
                "For A alone: B would have to train two models in order to answer a few sentences.",
                "Right. Distilling adds to the cost of training, and takes away from the cost of every "
                "answer. It pays where a model is called often, and the more often, the better.",
            ),
            Choice(
                "c",
                "For B alone: A has long paid for its large model, and B can still train a small one.",
                "B can train a small model straight away, that is the control; a teacher comes on top. "
                "And what A has paid is paid: what counts is what its next million answers will cost.",
            ),
            Choice(
                "d",
                "For neither: asking the teacher about the training text costs as much as serving it.",
                "The teacher is asked about each training sentence once. Whether that is much depends on "
                "how many sentences are answered afterwards: work it out below.",
            ),
        ),
        question="What is computed once, and what for every sentence? Who has how many of either?",
        hint="Write two sums for each firm, with and without distilling: training, the teacher's "
        "answers, and what is served.",
        allowed="thinking",
    ),
    Exercise(
        id="01.7",
        name="table",
        title="Transfer learning and distillation: where do they differ?",
        lesson="01",
        signature="table",
        points=3,
        minutes=8,
        difficulty=2,
        importance=5,
        kind="value",
        misconceptions=_wrong_tables(),
        question="Think of the arms `transfer` and `distilled` of section 8. For which of them is the "
        "sentence true?",
        hint="For each row, ask of each method: what exactly is handed over, when, and what would be "
        "left without it?",
        allowed="thinking, and the tables above",
    ),
)
