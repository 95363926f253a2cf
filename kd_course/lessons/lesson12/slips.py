"""Wrong answers that people really give in lesson 12, and what the checks tell them.

Each exercise's slips are built of one right computation with a part to replace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]


def named(table: Mapping[str, tuple[Function, str]]) -> tuple[Misconception, ...]:
    """Misconceptions as a table: name -> (function, hint)."""
    return tuple(
        Misconception(name, function, hint=hint) for name, (function, hint) in table.items()
    )


# -- 12.1 fewer codes -------------------------------------------------------------------------


def last_code(bits: int) -> int:
    return 2 ** (bits - 1) - 1


def by_row(weight: Tensor) -> Tensor:
    return weight.abs().amax(1, keepdim=True)


def by_column(weight: Tensor) -> Tensor:
    return weight.abs().amax(0, keepdim=True)


def by_tensor(weight: Tensor) -> Tensor:
    return weight.abs().amax().view(1, 1)


def quantizer(
    largest: Function = by_row,
    *,
    last: Function = last_code,
    steps: Function | None = None,
    to_whole: Function = torch.round,
    back: bool = True,
    zero_is_safe: bool = True,
) -> Function:
    """Fake quantization with a part replaced.

    last: bits -> the last code; steps: bits -> how many steps the largest weight is, where that is
    not the last code; to_whole: how codes are rounded; back: whether the codes are scaled again.
    """

    def quantize(weight, bits):
        scale = largest(weight) / (steps or last)(bits)
        if zero_is_safe:
            scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        codes = to_whole(weight / scale).clamp(-last(bits), last(bits))
        return codes * scale if back else codes

    return quantize


def from_lowest_to_highest(weight, bits):
    """The affine form: 2**bits codes between the row's smallest and largest weight."""
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    scale = (high - low) / (2**bits - 1)
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return ((weight - low) / scale).round() * scale + low


def from_end_to_end(weight, bits):
    """2**bits values between the row's most extreme weight and its negative, evenly spaced."""
    last = by_row(weight)
    scale = 2 * last / (2**bits - 1)
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return ((weight + last) / scale).round() * scale - last


def of_the_mean(weight):
    return 2 * weight.abs().mean(1, keepdim=True)


QUANTIZE = named(
    {
        "the largest weight is 2 ** (bits - 1) steps, which no code can be": (
            quantizer(steps=lambda bits: 2 ** (bits - 1)),
            "Which is the largest code of two bits, and does the row's largest weight come back?",
        ),
        "2 ** (bits - 1) codes on either side of zero: with zero one too many": (
            quantizer(last=lambda bits: 2 ** (bits - 1)),
            "Count the codes, zero among them: how many values can so many bits tell apart?",
        ),
        "the scale comes from the largest weight, not from the most extreme": (
            quantizer(lambda weight: weight.amax(1, keepdim=True)),
            "What becomes of a row whose most extreme weight is negative?",
        ),
        "2 ** bits values from one end to the other, none of them at zero": (
            from_end_to_end,
            "An even number of values around zero: which of them is zero itself?",
        ),
        "all 2 ** bits codes are laid on one side of zero": (
            quantizer(last=lambda bits: 2**bits - 1),
            "Codes have a sign, and it takes one of the bits.",
        ),
        "half of 2 ** bits - 1, which is no whole number": (
            quantizer(last=lambda bits: (2**bits - 1) / 2),
            "Zero must have a code, and the codes lie evenly around it.",
        ),
        "one bit too few": (
            quantizer(last=lambda bits: max(1, 2 ** (bits - 2) - 1)),
            "How many values has a number of so many bits?",
        ),
        "eight bits, whatever `bits` says": (
            quantizer(last=lambda bits: 127),
            "How many bits there are is an argument.",
        ),
        "one scale for the whole matrix": (
            quantizer(by_tensor),
            "A row of small weights next to a row of large ones: what is left of it?",
        ),
        "one scale a column": (
            quantizer(by_column),
            "A linear layer's weight is (outputs, inputs). Which dimension is a row?",
        ),
        "cut off towards zero, not rounded": (
            quantizer(to_whole=torch.trunc),
            "Which code is nearest to 1.9?",
        ),
        "rounded down": (quantizer(to_whole=torch.floor), "Which code is nearest to 1.9?"),
        "a row of zeros is divided by zero": (
            quantizer(zero_is_safe=False),
            "0/0 is no number. What should come of a row of zeros?",
        ),
        "the codes are returned, not the weights that they stand for": (
            quantizer(back=False),
            "Asked for is what the layer would multiply with.",
        ),
        "codes from the smallest to the largest weight: zero has none": (
            from_lowest_to_highest,
            "That form is not symmetric. Where does a weight of 0 go?",
        ),
        "the scale comes from the mean magnitude": (
            quantizer(of_the_mean),
            "The row's most extreme weight must come back as it was.",
        ),
        "nothing is rounded": (
            quantizer(to_whole=lambda codes: codes),
            "How many different values may a row have?",
        ),
    }
)


# -- 12.2 straight through --------------------------------------------------------------------


def with_slope(values: Tensor, slopes: Tensor, weight: Tensor) -> Tensor:
    """These values, with a gradient of `slopes` into the weight."""
    through = weight * slopes.detach()
    return through + (values - through).detach()


def straight(
    slope: Function = lambda weight, scale, last: ((weight / scale).abs() <= last).to(weight.dtype),
    value: Function = lambda weight, scale, last: (
        (weight / scale).round().clamp(-last, last) * scale
    ),
) -> Function:
    """The rounded weight with a part replaced: its slope, or its value."""

    def rounded(weight, scale, last):
        constant = scale.detach()
        return with_slope(
            value(weight.detach(), constant, last), slope(weight.detach(), constant, last), weight
        )

    return rounded


def scale_learns(weight, scale, last):
    codes = weight / scale
    near = codes.clamp(-last, last)
    return (near + (near.round() - near).detach()) * scale


STRAIGHT = named(
    {
        "rounding's own slope is left: it is 0, and nothing learns": (
            straight(lambda w, s, last: torch.zeros_like(w)),
            "What is the derivative of a staircase? (If you have added and subtracted something: which of the parts "
            "must carry the gradient, and which must be cut off from it?)",
        ),
        "the gradient passes where the weight is cut off, too": (
            straight(lambda w, s, last: torch.ones_like(w)),
            "A weight far beyond the last code moves a little. Does the result?",
        ),
        "the gradient passes half a step beyond the last code": (
            straight(lambda w, s, last: ((w / s).round().abs() <= last).to(w.dtype)),
            "Which of the two did you cut off, the weight or its rounded value? The text says where the gradient ends.",
        ),
        "the gradient passes only where the weight is cut off": (
            straight(lambda w, s, last: ((w / s).abs() > last).to(w.dtype)),
            "Where does the result follow the weight, roughly: inside or outside?",
        ),
        "the gradient is multiplied by the scale": (
            straight(lambda w, s, last: ((w / s).abs() <= last).to(w.dtype) * s),
            "Dividing by the scale and multiplying by it: which slope is left?",
        ),
        "the gradient is divided by the scale": (
            straight(lambda w, s, last: ((w / s).abs() <= last).to(w.dtype) / s),
            "Dividing by the scale and multiplying by it: which slope is left?",
        ),
        "the weight is compared with the last code before it is divided by the scale": (
            straight(lambda w, s, last: (w.abs() <= last).to(w.dtype)),
            "The last code is a whole number of scales.",
        ),
        "the last code itself gets no gradient": (
            straight(lambda w, s, last: ((w / s).abs() < last).to(w.dtype)),
            "A weight that is exactly the last code is not cut off.",
        ),
        "the scale learns, too": (
            scale_learns,
            "The scale is a constant here. (In LSQ it learns; that is another method.)",
        ),
        "nothing is cut off": (
            straight(value=lambda w, s, last: (w / s).round() * s),
            "Which code would a weight far outside get?",
        ),
        "nothing is cut off, neither the weight nor its gradient": (
            straight(lambda w, s, last: torch.ones_like(w), lambda w, s, last: (w / s).round() * s),
            "Which code would a weight far outside get?",
        ),
        "the codes come back, not the weights that they stand for": (
            straight(value=lambda w, s, last: (w / s).round().clamp(-last, last)),
            "Codes times scale is what the layer multiplies with.",
        ),
        "the weight comes back as it was": (
            straight(value=lambda w, s, last: w.clone()),
            "What the layer multiplies with must be rounded.",
        ),
        "rounded down": (
            straight(value=lambda w, s, last: (w / s).floor().clamp(-last, last) * s),
            "The nearest code is asked for.",
        ),
    }
)


# -- 12.3 bytes -------------------------------------------------------------------------------


def whole(bits: int) -> int:
    """Bits in whole bytes."""
    return -(-bits // 8)


def weighing(
    codes: Function = lambda rows, columns, bits: whole(rows * columns * bits),
    scale: Function = lambda rows, columns, bits: 4 * rows,
    others: Function = lambda other, bits: 4 * other,
    after: Function = lambda total: total,
) -> Function:
    """The bytes of a model with a part replaced."""

    def weigh(shapes, bits, other):
        matrices = sum(codes(r, c, bits) + scale(r, c, bits) for r, c in shapes)
        return after(matrices + others(other, bits))

    return weigh


def filled_up_once(shapes, bits, other):
    total = sum(r * c * bits for r, c in shapes)
    return whole(total) + 4 * sum(r for r, _ in shapes) + 4 * other


PACKED = named(
    {
        "the scales are forgotten": (
            weighing(scale=lambda r, c, bits: 0),
            "Codes alone are no weights: what else does a reader need?",
        ),
        "one scale a matrix": (
            weighing(scale=lambda r, c, bits: 4),
            "How many scales does a matrix have?",
        ),
        "a scale a column": (
            weighing(scale=lambda r, c, bits: 4 * c),
            "Shapes are (rows, columns), and a scale belongs to a row.",
        ),
        "the scales are packed, too": (
            weighing(scale=lambda r, c, bits: whole(r * bits)),
            "A scale is a float32, however few bits a code has.",
        ),
        "a scale takes two bytes": (
            weighing(scale=lambda r, c, bits: 2 * r),
            "How many bytes has a float32?",
        ),
        "what is not quantized is forgotten": (
            weighing(others=lambda other, bits: 0),
            "Biases and normalisation are in the file as well.",
        ),
        "what is not quantized takes a byte a number": (
            weighing(others=lambda other, bits: other),
            "How many bytes has a float32?",
        ),
        "what is not quantized is packed, too": (
            weighing(others=lambda other, bits: whole(other * bits)),
            "Those numbers stay as they are.",
        ),
        "every code takes a byte": (
            weighing(codes=lambda r, c, bits: r * c),
            "That is what int8 tensors of four-bit codes take. Packed, two share a byte.",
        ),
        "no code lies in two bytes": (
            weighing(codes=lambda r, c, bits: -(-r * c // (8 // bits))),
            "With three bits two codes would leave a quarter of every byte empty: is that without a gap?",
        ),
        "these are bits": (weighing(after=lambda total: 8 * total), "A byte has eight bits."),
        "a fraction of a byte is left": (
            weighing(codes=lambda r, c, bits: r * c * bits / 8),
            "A file has whole bytes: the last one is filled up.",
        ),
        "the last byte is cut off": (
            weighing(codes=lambda r, c, bits: r * c * bits // 8),
            "The codes that do not fill a byte are still needed.",
        ),
        "every row begins with a new byte": (
            weighing(codes=lambda r, c, bits: r * whole(c * bits)),
            "Within a matrix codes follow one another without a gap.",
        ),
        "matrices share a byte": (filled_up_once, "Each matrix begins with a new byte."),
        "float32, as before": (
            weighing(codes=lambda r, c, bits: 4 * r * c, scale=lambda r, c, bits: 0),
            "That is the model before it was quantized.",
        ),
    }
)


# -- 12.4 two factors -------------------------------------------------------------------------


def signs(down: Tensor) -> Tensor:
    """(rank, 1): the sign of the entry of largest magnitude of each row."""
    place = down.abs().argmax(1, keepdim=True)
    return down.gather(1, place).sign()


def factors(
    pick: Function = lambda s, rank: slice(0, rank),
    *,
    up: float = 0.5,
    down: float = 0.5,
    right: Function = lambda vh: vh,
    sign: Function = lambda down: (signs(down), signs(down)),
) -> Function:
    """Two factors with a part replaced: which values are kept, their power on each side, the signs."""

    def split(weight, rank):
        u, s, vh = torch.linalg.svd(weight, full_matrices=False)
        kept = pick(s, rank)
        rows = right(vh)[kept]
        of_up, of_down = sign(rows)
        return (u[:, kept] * s[kept] ** up) * of_up.T, s[kept, None] ** down * rows * of_down

    return split


def signs_of_the_first(weight, rank):
    """As asked for, but that in each column of the first factor the largest entry is positive."""
    up, down = factors()(weight, rank)
    return up * signs(up.T).T, down * signs(up.T)


def cut_out(weight, rank):
    """The first columns and rows of the matrix."""
    down = weight[:rank]
    return weight[:, :rank] * signs(down).T, down * signs(down)


FACTORS = named(
    {
        "the singular values are all in the first factor": (
            factors(up=1.0, down=0.0),
            "The product is right, but one factor is large and the other small: compare their norms.",
        ),
        "the singular values are all in the second factor": (
            factors(up=0.0, down=1.0),
            "The product is right, but one factor is large and the other small: compare their norms.",
        ),
        "the singular values are forgotten": (
            factors(up=0.0, down=0.0),
            "Multiply the factors at full rank: is it the matrix?",
        ),
        "the singular values are in both factors, whole": (
            factors(up=1.0, down=1.0),
            "Multiply the factors at full rank: each singular value comes twice.",
        ),
        "the smallest singular values are kept": (
            factors(lambda s, rank: slice(len(s) - rank, len(s))),
            "Which part of the matrix may be missed?",
        ),
        "the rank is one too large": (
            factors(lambda s, rank: slice(0, min(rank + 1, len(s)))),
            "The first factor has rank columns.",
        ),
        "from the smallest kept value to the largest": (
            factors(lambda s, rank: torch.arange(rank).flip(0)),
            "The largest singular value comes first.",
        ),
        "torch gives the second matrix transposed already": (
            factors(right=lambda vh: vh.T.contiguous()),
            "torch.linalg.svd returns U, S and Vh. Which of V's vectors stand in its rows?",
        ),
        "signs as the library gives them": (
            factors(sign=lambda down: (torch.ones(len(down), 1), torch.ones(len(down), 1))),
            "Both u and v may change their sign together. The text says which to choose.",
        ),
        "the signs are chosen by the first factor": (
            signs_of_the_first,
            "In which of the two factors is the entry of largest magnitude to be positive?",
        ),
        "the signs are chosen by the sum of a row": (
            factors(sign=lambda down: 2 * (down.sum(1, keepdim=True).sign(),)),
            "One entry decides: that of largest magnitude.",
        ),
        "the signs are chosen by the first entry of a row": (
            factors(sign=lambda down: 2 * (down[:, :1].sign(),)),
            "One entry decides: that of largest magnitude.",
        ),
        "only one of the two factors changes its sign": (
            factors(sign=lambda down: (torch.ones(len(down), 1), signs(down))),
            "Multiply the factors: has the product changed its sign?",
        ),
        "rows and columns cut out of the matrix": (
            cut_out,
            "The nearest matrix of that rank is asked for.",
        ),
    }
)


# -- 12.5 rank --------------------------------------------------------------------------------


def largest_with(
    numbers: Function = lambda rank, m, n: rank * (m + n),
    *,
    fits: Function = lambda numbers, budget: numbers <= budget,
    budget: Function = lambda share, m, n: share * m * n,
    most: Function = min,
    otherwise: Any = None,
) -> Function:
    """The largest rank that fits, with a part replaced."""

    def rank_of(outputs, inputs, share):
        allowed = budget(share, outputs, inputs)
        ranks = range(1, most(outputs, inputs) + 1)
        return max(
            (r for r in ranks if fits(numbers(r, outputs, inputs), allowed)), default=otherwise
        )

    return rank_of


def share_of_the_rank(outputs, inputs, share):
    rank = int(share * min(outputs, inputs))
    return min(rank, outputs, inputs) or None


def rounded_up(outputs, inputs, share):
    return min(-int(-share * outputs * inputs // (outputs + inputs)), outputs, inputs)


def no_share(outputs, inputs, share):
    return outputs * inputs // (outputs + inputs) or None


RANKS = named(
    {
        "a share of the full rank, not of the numbers": (
            share_of_the_rank,
            "At half the rank of a square matrix, how many numbers do both factors hold?",
        ),
        "the share is left out: where both hold as many numbers": (
            no_share,
            "That is the rank from which nothing is saved. The share is an argument.",
        ),
        "rounded up: one number too many": (
            rounded_up,
            "Count the numbers at the rank that you return.",
        ),
        "rounded to the nearest rank": (
            lambda outputs, inputs, share: (
                min(round(share * outputs * inputs / (outputs + inputs)), outputs, inputs) or None
            ),
            "Count the numbers at the rank that you return.",
        ),
        "less than the share, not at most": (
            largest_with(fits=lambda numbers, budget: numbers < budget),
            "A rank that meets the share exactly may be used.",
        ),
        "only the first factor is counted": (
            largest_with(lambda r, m, n: r * m),
            "There are two factors. How many numbers has each?",
        ),
        "only the second factor is counted": (
            largest_with(lambda r, m, n: r * n),
            "There are two factors. How many numbers has each?",
        ),
        "the singular values are stored, too": (
            largest_with(lambda r, m, n: r * (m + n + 1)),
            "They are multiplied into the factors: nothing is stored beside these.",
        ),
        "a bias is counted": (
            largest_with(lambda r, m, n: r * (m + n) + m),
            "The bias is no part of the matrix, before or after.",
        ),
        "larger than the matrix's own rank": (
            largest_with(most=lambda m, n: 16 * max(m, n)),
            "A matrix of three columns has at most three singular values.",
        ),
        "up to the larger side": (
            largest_with(most=max),
            "How many singular values has a matrix of 5 rows and 9 columns?",
        ),
        "0 where no rank will do": (
            largest_with(otherwise=0),
            "None, where there is no such rank.",
        ),
        "1 where no rank will do": (
            largest_with(otherwise=1),
            "None, where there is no such rank.",
        ),
    }
)


# -- 12.6 narrower ----------------------------------------------------------------------------


def places(scores: Tensor, keep: int) -> Tensor:
    """The neurons that stay, in their order; of equal scores the first."""
    return torch.sort(scores, descending=True, stable=True).indices[:keep].sort().values


def narrowing(
    choose: Function = places,
    *,
    up: Function = lambda up, kept: up[kept],
    bias: Function = lambda bias, kept: bias[kept],
    down: Function = lambda down, kept: down[:, kept],
) -> Function:
    """What is left of a feed-forward part, with a part replaced."""

    def narrow(up_weight, up_bias, down_weight, scores, keep):
        kept = choose(scores, keep)
        return up(up_weight, kept), bias(up_bias, kept), down(down_weight, kept)

    return narrow


def by_score(scores: Tensor, keep: int) -> Tensor:
    """The neurons that stay, in the order of their scores."""
    return torch.sort(scores, descending=True, stable=True).indices[:keep]


def lowest(scores: Tensor, keep: int) -> Tensor:
    """As many neurons as stay, but those with the lowest scores."""
    return torch.sort(scores, stable=True).indices[:keep].sort().values


def unlike(first: Function = places, second: Function = places) -> Function:
    """What is left where the second weight's neurons are chosen otherwise than the first one's."""

    def narrow(up_weight, up_bias, down_weight, scores, keep):
        kept = first(scores, keep)
        return up_weight[kept], up_bias[kept], down_weight[:, second(scores, keep)]

    return narrow


def zeroed(dim: int) -> Function:
    def zero(tensor, kept):
        mask = torch.zeros(tensor.shape[dim], dtype=tensor.dtype)
        mask[kept] = 1
        return tensor * (mask[:, None] if dim == 0 and tensor.ndim == 2 else mask)

    return zero


NARROW = named(
    {
        "nothing is taken from the second weight": (
            narrowing(down=lambda down, kept: down.clone()),
            "Can the second map read a neuron that is not there?",
        ),
        "nothing is taken from the first weight": (
            narrowing(up=lambda up, kept: up.clone()),
            "Which row of the first weight makes a neuron that has gone?",
        ),
        "nothing is taken from the first weight, nor from the bias": (
            narrowing(up=lambda up, kept: up.clone(), bias=lambda bias, kept: bias.clone()),
            "A neuron that nobody reads is still computed. Which numbers make it?",
        ),
        "the bias is left whole": (
            narrowing(bias=lambda bias, kept: bias.clone()),
            "A neuron has a row of the weight and a number of the bias.",
        ),
        "the second weight loses its last columns, not those of the neurons": (
            narrowing(down=lambda down, kept: down[:, : len(kept)]),
            "Which column reads which neuron?",
        ),
        "the bias loses its last numbers, not those of the neurons": (
            narrowing(bias=lambda bias, kept: bias[: len(kept)]),
            "Which number belongs to which neuron?",
        ),
        "the first weight loses its last rows, not those of the neurons": (
            narrowing(up=lambda up, kept: up[: len(kept)]),
            "Which row makes which neuron?",
        ),
        "the second weight's columns stand in another order than the first one's rows": (
            unlike(second=by_score),
            "Column 0 reads what row 0 makes. Is that the same neuron on both sides?",
        ),
        "the first weight's rows and the bias stand in another order than the second one's columns": (
            unlike(first=by_score),
            "Row 0 makes what column 0 reads. Is that the same neuron on both sides?",
        ),
        "the second weight keeps other neurons than the first one": (
            unlike(second=lowest),
            "Find the places that stay once, and use them for all three.",
        ),
        "all scores stay that reach the last one kept": (
            narrowing(lambda scores, keep: scores >= scores.sort(descending=True).values[keep - 1]),
            "Of equal scores not all may stay: `keep` says how many are left.",
        ),
        "the lowest scores stay": (
            narrowing(lowest),
            "Who matters most stays.",
        ),
        "in the order of their scores": (
            narrowing(by_score),
            "Those that stay keep their order.",
        ),
        "as torch.topk has them: in the order of their scores": (
            narrowing(lambda scores, keep: scores.topk(keep).indices),
            "Those that stay keep their order. And which of equal scores does topk take? Its documentation does not say.",
        ),
        "of equal scores the last stay": (
            narrowing(lambda scores, keep: len(scores) - 1 - places(scores.flip(0), keep).flip(0)),
            "Of equal scores those stay that come first.",
        ),
        "the highest magnitudes stay": (
            narrowing(lambda scores, keep: places(scores.abs(), keep)),
            "A score below 0 is a low one.",
        ),
        "so many go, instead of so many stay": (
            narrowing(lambda scores, keep: places(scores, len(scores) - keep)),
            "keep says how many are left.",
        ),
        "the first neurons stay, whatever the scores": (
            narrowing(lambda scores, keep: torch.arange(keep)),
            "The scores decide.",
        ),
        "zeroed, not taken out": (
            narrowing(up=zeroed(0), bias=zeroed(0), down=zeroed(1)),
            "Zeros take as much time as any other number.",
        ),
    }
)


# -- 12.7 the Pareto front --------------------------------------------------------------------


def unbeaten(
    beats: Function = lambda a, b: a[0] <= b[0] and a[1] >= b[1] and a != b,
    after: Function = lambda found, pairs: found,
) -> Function:
    """The positions that no other beats: beats(one, other), each (size, accuracy)."""

    def front(sizes, accuracies):
        pairs = list(zip(sizes, accuracies, strict=True))
        found = [i for i, own in enumerate(pairs) if not any(beats(one, own) for one in pairs)]
        return after(found, pairs)

    return front


def beats_or_equals(sizes, accuracies):
    pairs = list(zip(sizes, accuracies, strict=True))
    return [
        i
        for i, (size, right) in enumerate(pairs)
        if not any(a <= size and b >= right for j, (a, b) in enumerate(pairs) if j != i)
    ]


def first_of_equals(sizes, accuracies):
    pairs = list(zip(sizes, accuracies, strict=True))
    return [i for i in unbeaten()(sizes, accuracies) if pairs[i] not in pairs[:i]]


def above_the_next_smaller(sizes, accuracies):
    order = sorted(range(len(sizes)), key=lambda i: (sizes[i], -accuracies[i]))
    return sorted(
        b for a, b in zip([None, *order], order) if a is None or accuracies[b] > accuracies[a]
    )


def on_the_hull(sizes, accuracies):
    """Those above every straight line between two others: what a mixture cannot reach."""
    front = sorted(unbeaten()(sizes, accuracies), key=lambda i: sizes[i])

    def below(i, a, b):
        if not sizes[a] < sizes[i] < sizes[b]:
            return False
        share = (sizes[i] - sizes[a]) / (sizes[b] - sizes[a])
        return accuracies[i] < accuracies[a] + share * (accuracies[b] - accuracies[a]) - 1e-9

    return sorted(i for i in front if not any(below(i, a, b) for a in front for b in front))


PARETO = named(
    {
        "only who is worse in both counts as beaten": (
            unbeaten(lambda a, b: a[0] < b[0] and a[1] > b[1]),
            "Two of one size, and one is more accurate: who would take the other?",
        ),
        "of two equals neither is left": (
            beats_or_equals,
            "Is a variant beaten by one that is its equal in both?",
        ),
        "of equals only the first is left": (
            first_of_equals,
            "Neither of two equals beats the other.",
        ),
        "larger is taken for better": (
            unbeaten(lambda a, b: a[0] >= b[0] and a[1] >= b[1] and a != b),
            "Of two that are equally accurate, which one would you ship?",
        ),
        "who is larger than one as accurate stays": (
            unbeaten(lambda a, b: a[0] <= b[0] and a[1] > b[1]),
            "Two are equally accurate, and one is smaller: who would take the other?",
        ),
        "who is less accurate than one as small stays": (
            unbeaten(lambda a, b: a[0] < b[0] and a[1] >= b[1]),
            "Two of one size, and one is more accurate: who would take the other?",
        ),
        "who is worse in one of the two counts as beaten": (
            unbeaten(lambda a, b: a[0] < b[0] or a[1] > b[1]),
            "A larger variant that is more accurate is a choice, too.",
        ),
        "only the most accurate": (
            unbeaten(lambda a, b: a[1] > b[1]),
            "A smaller variant that is less accurate is a choice, too.",
        ),
        "only the smallest": (
            unbeaten(lambda a, b: a[0] < b[0]),
            "A larger variant that is more accurate is a choice, too.",
        ),
        "those that are beaten": (
            lambda sizes, accuracies: [
                i for i in range(len(sizes)) if i not in unbeaten()(sizes, accuracies)
            ],
            "The others are asked for.",
        ),
        "compared with the next smaller only": (
            above_the_next_smaller,
            "Whoever beats a variant may be much smaller.",
        ),
        "only who lies above the line between two others": (
            on_the_hull,
            "Nobody ships half of one model and half of another.",
        ),
        "by size, not by position": (
            unbeaten(after=lambda found, pairs: sorted(found, key=lambda i: (pairs[i], i))),
            "Positions, in ascending order.",
        ),
        "positions are counted from 1": (
            unbeaten(after=lambda found, pairs: [i + 1 for i in found]),
            "The first variant has position 0.",
        ),
    }
)
