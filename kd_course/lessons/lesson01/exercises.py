"""The exercises of lesson 01: bytes, multiply-adds, pruning, int8, and what differs from transfer."""

from __future__ import annotations

from functools import partial
from itertools import product

import torch

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception

# -- 01.1 gigabytes ---------------------------------------------------------------------------


def gigabyte_cases(random) -> list[Case]:
    count = int(random.integers(10**8, 10**10))
    return [
        Case((1_000_000_000, 32), "a billion parameters in float32"),
        Case((1_000_000_000, 8), "the same in int8"),
        Case((175_000_000_000, 16), "GPT-3's 175 billion in 16 bits"),
        Case((count, 4), "four bits a parameter"),
    ]


def _bits_as_bytes(parameters, bits):
    return parameters * bits / 1e9


def _gibibytes(parameters, bits):
    return parameters * bits / 8 / 2**30


def _always_float32(parameters, bits):
    return parameters * 4 / 1e9


def _megabytes(parameters, bits):
    return parameters * bits / 8 / 1e6


def _divided_by_bits(parameters, bits):
    return parameters * (8 / bits) / 1e9


# -- 01.2 multiply-adds -----------------------------------------------------------------------


def layer_cases(random) -> list[Case]:
    length, hidden = int(random.integers(20, 90)), int(random.integers(5, 12)) * 32
    return [
        Case((1, 4, 8), "one token, width 4, 8 inside the feed-forward part"),
        Case((32, 768, 3072), "BERT-base, a sentence of 32 tokens"),
        Case((512, 768, 3072), "BERT-base, 512 tokens"),
        Case((length, hidden, 3 * hidden + 8), "another shape"),
    ]


def _layer(length, hidden, intermediate, *, projections=4, products=2, matrices=2):
    return (
        projections * length * hidden**2
        + products * length**2 * hidden
        + matrices * length * hidden * intermediate
    )


def _without_products(length, hidden, intermediate):
    return _layer(length, hidden, intermediate, products=0)


def _one_product(length, hidden, intermediate):
    return _layer(length, hidden, intermediate, products=1)


def _three_projections(length, hidden, intermediate):
    return _layer(length, hidden, intermediate, projections=3)


def _one_matrix(length, hidden, intermediate):
    return _layer(length, hidden, intermediate, matrices=1)


def _operations(length, hidden, intermediate):
    return 2 * _layer(length, hidden, intermediate)


def _one_token(length, hidden, intermediate):
    return 4 * hidden**2 + 2 * hidden * intermediate


def _products_without_width(length, hidden, intermediate):
    return _layer(length, hidden, intermediate, products=0) + 2 * length**2


# -- 01.3 a mask by magnitude -----------------------------------------------------------------


def mask_cases(random) -> list[Case]:
    draw = partial(random_normal, random)
    ties = [torch.tensor([[0.5, -0.5], [0.5, 2.0]]), torch.tensor([-0.5, 3.0])]
    return [
        Case(([torch.tensor([[0.1, -3.0], [2.0, -0.2]])], 0.5), "one matrix, half of it"),
        Case(
            ([draw(3, 4, scale=0.1), draw(4, 5)], 0.5), "a layer of small and one of large weights"
        ),
        Case((ties, 0.5), "equal magnitudes: three of six go"),
        Case(([draw(5, 4), draw(10), draw(2, 5, scale=0.3)], 0.9), "nine in ten go"),
        Case(([draw(4, 4), draw(4)], 0.0), "nothing goes"),
    ]


def _smallest_first(weights, count, key=torch.abs):
    """Masks with False for the `count` first entries in the order of a key."""
    flat = torch.cat([key(w).reshape(-1) for w in weights])
    keep = torch.ones(len(flat), dtype=torch.bool)
    keep[torch.sort(flat, stable=True).indices[:count]] = False
    parts = keep.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


def _size(weights) -> int:
    return sum(w.numel() for w in weights)


def _each_layer(weights, sparsity):
    return [_smallest_first([w], round(sparsity * w.numel()))[0] for w in weights]


def _signed(weights, sparsity):
    return _smallest_first(weights, round(sparsity * _size(weights)), key=lambda w: w)


def _inverted(weights, sparsity):
    return [~m for m in _smallest_first(weights, round(sparsity * _size(weights)))]


def _share_kept(weights, sparsity):
    return _smallest_first(weights, _size(weights) - round(sparsity * _size(weights)))


def _largest_go(weights, sparsity):
    return _smallest_first(weights, round(sparsity * _size(weights)), key=lambda w: -w.abs())


def _ties_go_together(weights, sparsity):
    count = round(sparsity * _size(weights))
    if count == 0:
        return [torch.ones(w.shape, dtype=torch.bool) for w in weights]
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    threshold = flat.sort().values[count - 1]
    return [w.abs() > threshold for w in weights]


def _weights_not_masks(weights, sparsity):
    masks = _smallest_first(weights, round(sparsity * _size(weights)))
    return [w * m for w, m in zip(weights, masks)]


def _share_of_largest(weights, sparsity):
    threshold = sparsity * max(w.abs().max() for w in weights)
    return [w.abs() >= threshold for w in weights]


# -- 01.4 eight bits --------------------------------------------------------------------------


def quantize_cases(random) -> list[Case]:
    draw = partial(random_normal, random)
    uneven = draw(4, 6) * torch.tensor([[0.01], [1.0], [0.2], [5.0]])
    lopsided = draw(3, 5).abs() * torch.tensor([[-1.0], [0.3], [-2.0]])
    zeros = torch.cat([draw(1, 4), torch.zeros(1, 4)])
    return [
        Case(
            (torch.tensor([[1.0, -0.4, 0.26], [0.02, 0.011, -0.013]]),), "two rows of unlike size"
        ),
        Case((uneven,), "four rows of very unlike size"),
        Case((lopsided,), "rows of one sign"),
        Case((zeros,), "a row of zeros"),
    ]


def _safe(scale):
    return torch.where(scale > 0, scale, torch.ones_like(scale))


def _codes(weight, scale):
    return (weight / scale).round().clamp(-127, 127).to(torch.int8)


def _row_scale(weight, levels=127):
    return _safe(weight.abs().amax(dim=1, keepdim=True) / levels)


def _one_scale(weight):
    scale = _safe(weight.abs().max() / 127).expand(len(weight), 1).clone()
    return _codes(weight, scale), scale


def _truncated(weight):
    scale = _row_scale(weight)
    return (weight / scale).trunc().clamp(-127, 127).to(torch.int8), scale


def _wraps(weight):
    scale = _row_scale(weight, 128)
    codes = (weight / scale).round().to(torch.int64)
    return ((codes + 128) % 256 - 128).to(torch.int8), scale


def _largest_not_magnitude(weight):
    scale = _safe(weight.amax(dim=1, keepdim=True).clamp(min=0) / 127)
    return _codes(weight, scale), scale


def _whole_range(weight):
    spread = weight.amax(dim=1, keepdim=True) - weight.amin(dim=1, keepdim=True)
    scale = _safe(spread / 255)
    return _codes(weight, scale), scale


def _inverse_scale(weight):
    scale = _row_scale(weight)
    return _codes(weight, scale), 1 / scale


def _zero_scale(weight):
    true = weight.abs().amax(dim=1, keepdim=True) / 127
    return _codes(weight, _safe(true)), true


def _widened(weight):
    scale = _row_scale(weight)
    return _codes(weight, scale) * scale, scale


# -- 01.7 the table ---------------------------------------------------------------------------

# Row -> its right answer, and why each wrong one is wrong.
TABLE = {
    "weights": (
        "transfer",
        {
            "distillation": "Distilling asks the teacher what it says, not for its weights: a student "
            "may start from random numbers, as `distilled` did. Which arm started from learnt ones?",
            "both": "A distilled student may start from learnt weights, but it need not: `distilled` "
            "started from random ones. What must be there to speak of the method at all?",
        },
    ),
    "targets": (
        "distillation",
        {
            "transfer": "Fine-tuning a pretrained model compares its output with labels. In which "
            "method does another model's output stand on the other side of the loss?",
            "both": "The loss of the arm `transfer` knew labels only. In which method does another "
            "model's output stand on the other side of the loss?",
        },
    ),
    "input": (
        "both",
        {
            "transfer": "A distilled student reads the sentence too: the teacher's output is its "
            "target, never its input. Otherwise the teacher would have to run for ever.",
            "distillation": "A fine-tuned model reads the sentence as well. Nothing else is ever fed "
            "into either.",
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
            "transfer": "Pretraining reads unlabelled sentences, but learns something else from them "
            "(which word is hidden). Who says of such a sentence whether it is good news?",
            "both": "Pretraining does read unlabelled sentences, but the task there is another one "
            "(which word is hidden). Who says of such a sentence whether it is good news?",
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
        misconceptions=(
            Misconception(
                "bits are counted as if they were bytes",
                _bits_as_bytes,
                hint="How many bits make a byte?",
            ),
            Misconception(
                "these are GiB, of 2**30 bytes",
                _gibibytes,
                hint="Asked are GB, of 10**9 bytes, as on a disk's label. Memory is often given in GiB, 7 % larger.",
            ),
            Misconception(
                "every parameter takes four bytes, whatever `bits` says",
                _always_float32,
                hint="Four bytes are float32's. The precision is an argument.",
            ),
            Misconception("these are megabytes", _megabytes, hint="A gigabyte has 10**9 bytes."),
            Misconception(
                "fewer bits make more bytes",
                _divided_by_bits,
                hint="bits / 8 bytes a parameter: half the bits, half the bytes.",
            ),
        ),
        hint="parameters × bytes a parameter, over 10**9.",
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
        misconceptions=(
            Misconception(
                "attention's own two products are missing",
                _without_products,
                hint="Queries meet keys (length × length dot products of width hidden), and the values are mixed.",
            ),
            Misconception(
                "only one of attention's two products is counted",
                _one_product,
                hint="Queries with keys is one; the second mixes the values by the weights that come out.",
            ),
            Misconception(
                "attention's output projection is missing",
                _three_projections,
                hint="Query, key, value, and one more matrix after the heads are put together.",
            ),
            Misconception(
                "only one of the feed-forward part's two matrices is counted",
                _one_matrix,
                hint="From hidden to intermediate, and back again.",
            ),
            Misconception(
                "these are floating-point operations, two for each multiply-add",
                _operations,
                hint="One multiplication and one addition together count as one here.",
            ),
            Misconception(
                "this is one token's share, and leaves out what tokens do with each other",
                _one_token,
                hint="Every token passes all six matrices, and meets every other token in attention.",
            ),
            Misconception(
                "a dot product of two tokens is counted as one multiply-add",
                _products_without_width,
                hint="A query and a key have `hidden` entries each, over all heads.",
            ),
        ),
        hint="An (a, b) by (b, c) product takes a · b · c multiply-adds. Write down the eight products.",
        allowed="plain Python",
    ),
    Exercise(
        id="01.3",
        name="magnitude_masks",
        title="Which weights go?",
        lesson="01",
        signature="magnitude_masks(weights, sparsity)",
        points=4,
        minutes=10,
        difficulty=3,
        importance=4,
        cases=mask_cases,
        misconceptions=(
            Misconception(
                "every layer loses the same share",
                _each_layer,
                hint="One order for the weights of all layers together: a layer of small weights loses more.",
            ),
            Misconception(
                "the smallest numbers go, not the smallest magnitudes",
                _signed,
                hint="A weight of -3 matters as much as one of 3.",
            ),
            Misconception(
                "the mask is inverted: True stands where a weight goes",
                _inverted,
                hint="Weight times mask should be the pruned weight.",
            ),
            Misconception(
                "the sparsity is taken for the share that stays",
                _share_kept,
                hint="At a sparsity of 0.9, nine weights in ten become zero.",
            ),
            Misconception(
                "the largest weights go", _largest_go, hint="Which weights will be missed least?"
            ),
            Misconception(
                "weights as large as the threshold all go, or all stay",
                _ties_go_together,
                hint="Exactly round(sparsity · all) weights go; of equal ones those that come first.",
            ),
            Misconception(
                "these are the pruned weights, not the masks",
                _weights_not_masks,
                hint="Return booleans: True where a weight stays.",
            ),
            Misconception(
                "the threshold is a share of the largest weight",
                _share_of_largest,
                hint="Sparsity is a share of how many weights there are, not of how large they get.",
            ),
        ),
        hint="Put all magnitudes into one vector, sort it (stable=True), and take the first round(sparsity · all).",
        withheld=("kd_course.compression.pruned", "kd_course.compression.make_permanent"),
        allowed="torch; not torch.nn.utils.prune, nor kd_course.compression",
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
        misconceptions=(
            Misconception(
                "one scale for the whole matrix",
                _one_scale,
                hint="A row of small weights then has only a few codes left. Take each row's own largest.",
            ),
            Misconception(
                "codes are cut off, not rounded",
                _truncated,
                hint="`.to(torch.int8)` drops what stands behind the point: round first.",
            ),
            Misconception(
                "the scale is the largest magnitude over 128, and the code 128 wraps around to -128",
                _wraps,
                hint="int8 ends at 127. What becomes of the largest weight of a row?",
            ),
            Misconception(
                "the largest weight is taken, not the largest magnitude",
                _largest_not_magnitude,
                hint="A row's most extreme weight may be a negative one.",
            ),
            Misconception(
                "the row's whole range is spread over 255 steps",
                _whole_range,
                hint="That needs a zero point as well. Asked is the symmetric form: 0 stays 0.",
            ),
            Misconception(
                "the scale is upside down",
                _inverse_scale,
                hint="codes · scale should give the weights back.",
            ),
            Misconception(
                "a row of zeros has a scale of 0",
                _zero_scale,
                hint="0 / 0 is no number. Let the scale of such a row be 1.",
            ),
            Misconception(
                "these are the weights after the round trip, not the codes",
                _widened,
                hint="Return the whole numbers, as torch.int8; multiplying by the scale comes later.",
            ),
        ),
        hint="scale = largest magnitude of the row / 127; codes = round(weight / scale).",
        withheld=("kd_course.compression.quantize_rows", "kd_course.compression.int8"),
        allowed="torch; not torch.ao, nor kd_course.compression",
    ),
    Exercise(
        id="01.5",
        name="first_step",
        title="What would you try first?",
        lesson="01",
        signature="first_step",
        points=1,
        minutes=3,
        difficulty=2,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "Distil a student with half the layers.",
                "It may well come second. But it needs text, a training run and tuning, and the "
                "deadline is tomorrow. And a student can be quantized later on, too.",
            ),
            Choice(
                "b",
                "Prune half of the weights.",
                "In memory a zero takes as many bytes as any number, unless the format and the kernels "
                "are made for zeros. Pruning without retraining also costs accuracy sooner.",
            ),
            Choice(
                "c",
                "Quantize the weights to int8, and measure the accuracy again.",
                "Right. No labels, no teacher, no training; about a quarter of the bytes, and the "
                "accuracy is known within minutes. If it were speed that was missing, think again.",
            ),
            Choice(
                "d",
                "Fine-tune a smaller pretrained model on the task's labels.",
                "A fine second plan where labels are plenty. It needs them, though, and a training "
                "run, and throws away what the deployed model knows about the task.",
            ),
        ),
        hint="What does each need: labels, text, a training run? Only one needs nothing.",
        allowed="thinking",
    ),
    Exercise(
        id="01.6",
        name="what_is_saved",
        title="What does distillation save?",
        lesson="01",
        signature="what_is_saved",
        points=1,
        minutes=3,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "Training cost: a small model is cheaper to train than a large one.",
                "The teacher had to be trained as well, and asked about every training sentence. "
                "Distilling comes on top of that. Only where the teacher is there anyway does the "
                "student's own training look cheap.",
            ),
            Choice(
                "b",
                "The cost of every answer that the model gives from then on; training costs more.",
                "Right. One pays once more in training, and saves on every call. So it pays where a "
                "model is called often, and the more often, the better.",
            ),
            Choice(
                "c",
                "Labels: the student needs none.",
                "It can learn from unlabelled text, but its teacher needed labels (or somebody who "
                "trained it did). The arm `distilled` used labels of its own as well.",
            ),
            Choice(
                "d",
                "Nothing that int8 would not save as well.",
                "In bytes, int8 does well. But it leaves all layers in place: the multiply-adds are as "
                "many as before. A student with fewer layers has fewer of them.",
            ),
        ),
        hint="Write down who computes what, once and for every call.",
        allowed="thinking",
    ),
    Exercise(
        id="01.7",
        name="table",
        title="Transfer learning and distillation: where do they differ?",
        lesson="01",
        signature="table",
        points=3,
        minutes=6,
        difficulty=2,
        importance=5,
        kind="value",
        misconceptions=_wrong_tables(),
        hint='A dict with the five rows\' names; each value is "transfer", "distillation" or "both".',
        allowed="thinking, and the tables above",
    ),
)
