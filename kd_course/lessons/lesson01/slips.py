"""Wrong answers that people give to lesson 01's functions: sizes, products, masks and codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]


def _of(entries: Sequence[tuple[str, Function, str]]) -> tuple[Misconception, ...]:
    return tuple(Misconception(name, function, hint=hint) for name, function, hint in entries)


# -- 01.1 gigabytes ---------------------------------------------------------------------------


def _times(factor: float) -> Function:
    return lambda parameters, bits: parameters * bits / 8 / 1e9 * factor


GIGABYTES = _of(
    [
        (
            "bits are counted as if they were bytes",
            _times(8),
            "How many bits make a byte?",
        ),
        (
            "the bits are multiplied by eight",
            _times(64),
            "Is a byte more than a bit, or less?",
        ),
        (
            "these are GiB, of 2**30 bytes",
            _times(1e9 / 2**30),
            "Asked are GB, of 10**9 bytes, as on a disk's label. Memory is often given in GiB, 7 % larger.",
        ),
        ("these are megabytes", _times(1e3), "A gigabyte has 10**9 bytes."),
        ("these are bytes", _times(1e9), "A gigabyte has 10**9 bytes."),
        (
            "the parameters are taken to be given in millions",
            _times(1e6),
            "`parameters` is how many numbers there are, each of them counted.",
        ),
        (
            "gradients and an optimiser's state are counted as well",
            _times(4),
            "That is about what training takes. Asked are the weights alone.",
        ),
        (
            "every parameter takes four bytes, whatever `bits` says",
            lambda parameters, bits: parameters * 4 / 1e9,
            "Four bytes are float32's. The precision is an argument.",
        ),
        (
            "every parameter takes one byte, whatever `bits` says",
            lambda parameters, bits: parameters / 1e9,
            "One byte is int8's. The precision is an argument.",
        ),
        (
            "fewer bits make more bytes",
            lambda parameters, bits: parameters * (8 / bits) / 1e9,
            "Half the bits, half the bytes: on which side of the line do the bits stand?",
        ),
        (
            "the bits are divided by, and by eight as well",
            lambda parameters, bits: parameters / bits / 8 / 1e9,
            "Half the bits, half the bytes: on which side of the line do the bits stand?",
        ),
        (
            "2 to the power of the bits is counted: how many values a number can take",
            lambda parameters, bits: parameters * 2.0**bits / 8 / 1e9,
            "A number of eight bits can take 256 values, and it takes eight bits.",
        ),
    ]
)


# -- 01.2 multiply-adds -----------------------------------------------------------------------


def _layer(n, h, i, *, projections=4, products=2, matrices=2):
    return projections * n * h**2 + products * n**2 * h + matrices * n * h * i


def _instead(part: str, count: Function) -> Function:
    """The right sum, in which one of the three parts is counted another way: (n, h, i) -> count."""
    return lambda n, h, i: _layer(n, h, i, **{part: 0}) + count(n, h, i)


_two_products = partial(_instead, "products")
_two_matrices = partial(_instead, "matrices")
_four_projections = partial(_instead, "projections")
_WIDTHS = "Write down the two shapes whose product it is. Which widths do they have?"
_TOKENS = "Each token passes through each of the matrices."
_MEET = "Every token meets every token, itself among them."

MULTIPLY_ADDS = _of(
    [
        (
            "attention's own two products are missing",
            partial(_layer, products=0),
            "Queries meet keys, and the values are mixed: no matrix of weights is in it, but products.",
        ),
        (
            "only one of attention's two products is counted",
            partial(_layer, products=1),
            "Queries with keys is one; the second mixes the values by the weights that come out.",
        ),
        (
            "attention's products grow with the length, not with its square",
            _two_products(lambda n, h, i: 2 * n * h),
            _MEET,
        ),
        (
            "a dot product of two tokens is counted as one multiply-add",
            _two_products(lambda n, h, i: 2 * n * n),
            "A query and a key have `hidden` entries each, over all heads.",
        ),
        (
            "attention's products square the width, not the length",
            _two_products(lambda n, h, i: 2 * n * h * h),
            _WIDTHS,
        ),
        (
            "attention's products are as wide as the feed-forward part",
            _two_products(lambda n, h, i: 2 * n * n * i),
            _WIDTHS,
        ),
        (
            "attention is counted once for each of twelve heads, all of full width",
            partial(_layer, products=24),
            "The heads share the width among them: together they are as wide as the layer.",
        ),
        (
            "every token meets only those before it",
            _two_products(lambda n, h, i: n * (n + 1) * h),
            "That is a decoder's mask. In an encoder every token sees all the others.",
        ),
        (
            "attention's output projection is missing",
            partial(_layer, projections=3),
            "Query, key, value, and one more matrix after the heads are put together.",
        ),
        (
            "only one projection is counted",
            partial(_layer, projections=1),
            "Queries, keys and values are made by a matrix each, and there is one more.",
        ),
        (
            "the projections' matrices are taken for vectors",
            _four_projections(lambda n, h, i: 4 * n * h),
            _WIDTHS,
        ),
        (
            "the projections are counted for one token",
            _four_projections(lambda n, h, i: 4 * h * h),
            _TOKENS,
        ),
        (
            "only one of the feed-forward part's two matrices is counted",
            partial(_layer, matrices=1),
            "From hidden to intermediate, and back again.",
        ),
        (
            "the feed-forward part is missing",
            partial(_layer, matrices=0),
            "Which products come after attention?",
        ),
        (
            "the way back is taken to be as wide as the way there ends",
            _two_matrices(lambda n, h, i: n * h * i + n * i * i),
            "The second matrix leads back to the layer's own width.",
        ),
        (
            "the feed-forward part is counted for one token",
            _two_matrices(lambda n, h, i: 2 * h * i),
            _TOKENS,
        ),
        (
            "these are floating-point operations, two for each multiply-add",
            lambda n, h, i: 2 * _layer(n, h, i),
            "One multiplication and one addition together count as one here.",
        ),
        (
            "the four of the projections multiplies every part",
            lambda n, h, i: 4 * (n * h**2 + 2 * n**2 * h + 2 * n * h * i),
            "A bracket reaches too far.",
        ),
        (
            "these are twelve layers, not one",
            lambda n, h, i: 12 * _layer(n, h, i),
            "Asked is one layer. A model is as many times as much as it has layers.",
        ),
        (
            "these are millions",
            lambda n, h, i: _layer(n, h, i) / 1e6,
            "Return the number itself.",
        ),
        (
            "this is one token's share",
            lambda n, h, i: _layer(n, h, i) / n,
            "Asked is the whole text, all its tokens.",
        ),
        (
            "this is how many weights the layer has, and not how often they are multiplied",
            lambda n, h, i: 4 * h**2 + 2 * h * i,
            "Every token passes all six matrices, and meets every other token in attention.",
        ),
        (
            "every parameter is counted once a token, biases too, and attention's own products not",
            lambda n, h, i: n * (4 * h**2 + 2 * h * i + 9 * h + i),
            "That is a rule of thumb. Which of the eight products has no parameters in it?",
        ),
        (
            "biases are counted as well",
            lambda n, h, i: _layer(n, h, i) + n * (5 * h + i),
            "A bias is added, not multiplied. Asked are the eight products.",
        ),
        (
            "the widths are swapped: hidden for intermediate",
            lambda n, h, i: _layer(n, i, h),
            "The arguments come in the order of the signature.",
        ),
        (
            "length and width are swapped",
            lambda n, h, i: _layer(h, n, i),
            "The arguments come in the order of the signature.",
        ),
    ]
)


# -- 01.3 a mask by magnitude -----------------------------------------------------------------


def _size(weights: Sequence[Tensor]) -> int:
    return sum(w.numel() for w in weights)


def _flat(weights: Sequence[Tensor]) -> Tensor:
    return torch.cat([w.reshape(-1) for w in weights])


def _like(flat: Tensor, weights: Sequence[Tensor]) -> list[Tensor]:
    """One long tensor, cut into the shapes of the weights."""
    parts = flat.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


def _smallest_first(
    weights: Sequence[Tensor], count: int, key: Function = torch.abs
) -> list[Tensor]:
    """Masks with False for the first entries in the order of a key, `count` of them."""
    order = torch.sort(_flat([key(w) for w in weights]), stable=True).indices
    keep = torch.ones(len(order), dtype=torch.bool)
    keep[order[:count]] = False
    return _like(keep, weights)


def _by(key: Function = torch.abs, count: Function | None = None) -> Function:
    """Masks by another key than the magnitude, or with another count: (sparsity, weights) -> count."""
    count = count or (lambda sparsity, weights: round(sparsity * _size(weights)))
    return lambda weights, sparsity: _smallest_first(weights, count(sparsity, weights), key)


def _above(threshold: Function) -> Function:
    """Masks of what is at least as large as a threshold: (weights, sparsity) -> threshold."""
    return lambda weights, sparsity: [w.abs() >= threshold(weights, sparsity) for w in weights]


def _right_masks(change: Function) -> Function:
    """The right masks, to which something is done: (masks, weights) -> result."""
    return lambda weights, sparsity: change(_by()(weights, sparsity), weights)


def _each_layer(weights, sparsity):
    return [_by()([w], sparsity)[0] for w in weights]


def _kth(weights, sparsity):
    """The largest magnitude that should go; less than nothing where none should."""
    count = round(sparsity * _size(weights))
    return _flat(weights).abs().sort().values[count - 1] if count else -1.0


def _ties_go_together(weights, sparsity):
    return [w.abs() > _kth(weights, sparsity) for w in weights]


def _above_a_quantile(weights, sparsity):
    threshold = torch.quantile(_flat(weights).abs(), sparsity)
    return [w.abs() > threshold for w in weights]


def _order_for_rank(weights, sparsity):
    order = torch.sort(_flat(weights).abs(), stable=True).indices
    return _like(order >= round(sparsity * len(order)), weights)


def _rows_go(weights, sparsity):
    wide = [torch.atleast_1d(w) for w in weights]
    masks = _by()([w.abs().reshape(len(w), -1).sum(1) for w in wide], sparsity)
    return [m.reshape(-1, *[1] * (w.ndim - 1)).expand(w.shape).clone() for m, w in zip(masks, wide)]


_ONE_ORDER = "Print how many entries of each tensor go. Who decides about that?"
_HOW_MANY = "Count the False entries of all masks together. How many should there be?"

MASKS = _of(
    [
        (
            "every layer loses the same share",
            _each_layer,
            "One order for the weights of all layers together: a layer of small weights loses more.",
        ),
        (
            "a weight is measured against its layer's largest",
            _by(lambda w: w.abs() / w.abs().max()),
            _ONE_ORDER,
        ),
        (
            "a weight is measured by its distance from its layer's mean",
            _by(lambda w: (w - w.mean()).abs()),
            "Which weights are nearly zero already?",
        ),
        (
            "the smallest numbers go, not the smallest magnitudes",
            _by(lambda w: w),
            "A weight of -3 matters as much as one of 3.",
        ),
        (
            "the largest weights go",
            _by(lambda w: -w.abs()),
            "Which weights will be missed least?",
        ),
        (
            "the mask is inverted: True stands where a weight goes",
            _right_masks(lambda masks, weights: [~m for m in masks]),
            "Weight times mask should be the pruned weight.",
        ),
        (
            "the sparsity is taken for the share that stays",
            _by(count=lambda s, weights: _size(weights) - round(s * _size(weights))),
            "At a sparsity of 0.9, nine weights in ten become zero.",
        ),
        (
            "one weight too many goes",
            _by(count=lambda s, weights: round(s * _size(weights)) + 1),
            _HOW_MANY,
        ),
        (
            "the number that goes is a share of the first tensor's entries alone",
            _by(count=lambda s, weights: round(s * weights[0].numel())),
            _HOW_MANY,
        ),
        (
            "the last of those that should go stays: it is as large as the threshold",
            _above(_kth),
            _HOW_MANY,
        ),
        (
            "weights as large as the threshold all go, or all stay",
            _ties_go_together,
            "Print how many of equal magnitudes go. Does a threshold settle which of them?",
        ),
        (
            "the threshold is a quantile, read off between two weights",
            _above_a_quantile,
            _HOW_MANY,
        ),
        (
            "the sparsity itself is the threshold",
            _above(lambda weights, sparsity: sparsity),
            "Sparsity is a share of how many weights there are, not a magnitude.",
        ),
        (
            "the threshold is a share of the largest weight",
            _above(lambda weights, sparsity: sparsity * max(w.abs().max() for w in weights)),
            "Sparsity is a share of how many weights there are, not of how large they get.",
        ),
        (
            "the order is taken for the ranks",
            _order_for_rank,
            "`sort` says which entry comes at a place, not at which place an entry comes.",
        ),
        (
            "whole rows go",
            _rows_go,
            "Each entry stays or goes by itself.",
        ),
        (
            "these are the pruned weights, not the masks",
            _right_masks(lambda masks, weights: [w * m for w, m in zip(weights, masks)]),
            "Return booleans: True where a weight stays.",
        ),
        (
            "the masks have lost their shape",
            _right_masks(lambda masks, weights: [m.reshape(-1) for m in masks]),
            "Each mask has the shape of its tensor.",
        ),
        (
            "one long mask, not one for each tensor",
            _right_masks(lambda masks, weights: _flat(masks)),
            "A list goes in, a list comes out.",
        ),
    ]
)


# -- 01.4 eight bits --------------------------------------------------------------------------


def _largest(weight: Tensor, dim: int = 1) -> Tensor:
    return weight.abs().amax(dim=dim, keepdim=True)


def _safe(scale: Tensor) -> Tensor:
    return torch.where(scale == 0, torch.ones_like(scale), scale)


def _scale(weight: Tensor) -> Tensor:
    return _safe(_largest(weight) / 127)


def _nearest(steps: Tensor) -> Tensor:
    return steps.round().clamp(-127, 127).to(torch.int8)


def _wrapped(steps: Tensor) -> Tensor:
    """Codes that begin again at -128 where they pass 127."""
    return ((steps.round().to(torch.int64) + 128) % 256 - 128).to(torch.int8)


def _scaled(scale: Function, codes: Function = _nearest) -> Function:
    """Codes and scale of a matrix, with another scale: weight -> scale; or other codes."""

    def quantize(weight):
        step = _safe(scale(weight))
        return codes(weight / step), step

    return quantize


def _coded(codes: Function) -> Function:
    """The right scale, and other codes: weight / scale -> codes."""
    return _scaled(_scale, codes)


def _restored(change: Function) -> Function:
    """The right answer, to which something is done: (weight, codes, scale) -> result."""
    return lambda weight: change(weight, _nearest(weight / _scale(weight)), _scale(weight))


def _spread(weight: Tensor) -> Tensor:
    return weight.amax(dim=1, keepdim=True) - weight.amin(dim=1, keepdim=True)


def _with_zero_point(weight):
    scale = _safe(_spread(weight) / 254)
    return _nearest((weight - weight.amin(dim=1, keepdim=True)) / scale - 127), scale


def _zero_scale(weight):
    return _nearest(weight / _scale(weight)), _largest(weight) / 127


_BACK = "codes · scale should give the weights back, as nearly as eight bits can."
_EACH_ROW = "Each row has a scale of its own. Whose largest magnitude is it?"
_LARGEST = "Which code does the most extreme weight of a row get? Is it the last one there is?"
_NEAREST = "Take a step of -1.3 and one of 1.7. Which whole numbers are nearest?"

CODES = _of(
    [
        (
            "one scale for the whole matrix",
            _scaled(lambda w: (w.abs().max() / 127).expand(len(w), 1).clone()),
            "A row of small weights then has only a few codes left. " + _EACH_ROW,
        ),
        ("one scale a column", _scaled(lambda w: _largest(w, 0) / 127), _EACH_ROW),
        ("codes are cut off, not rounded", _coded(lambda s: s.to(torch.int8)), _NEAREST),
        ("codes are rounded down", _coded(lambda s: s.floor().to(torch.int8)), _NEAREST),
        (
            "codes are rounded away from zero",
            _coded(lambda s: (s.sign() * s.abs().ceil().clamp(max=127)).to(torch.int8)),
            _NEAREST,
        ),
        (
            "half a step is added before codes are cut off, which is wrong below zero",
            _coded(lambda s: (s + 0.5).to(torch.int8)),
            _NEAREST,
        ),
        (
            "the scale is the largest magnitude over 128, and the code 128 wraps around to -128",
            _scaled(lambda w: _largest(w) / 128, _wrapped),
            "int8 ends at 127. What becomes of the largest weight of a row?",
        ),
        (
            "the scale is the largest magnitude over 128, and the codes are cut at 127",
            _scaled(
                lambda w: _largest(w) / 128, lambda s: s.round().clamp(-128, 127).to(torch.int8)
            ),
            "int8 ends at 127. " + _BACK,
        ),
        (
            "the scale is the largest magnitude over 255, and large codes wrap around",
            _scaled(lambda w: _largest(w) / 255, _wrapped),
            "There are 255 codes for both signs together. How many for one of them?",
        ),
        ("seven bits: the largest code is 63", _scaled(lambda w: _largest(w) / 63), _LARGEST),
        (
            "the row's whole range is spread over 255 steps",
            _scaled(lambda w: _spread(w) / 255),
            "That needs a zero point as well. Asked is the symmetric form: 0 stays 0.",
        ),
        (
            "the row's whole range is spread over 254 steps",
            _scaled(lambda w: _spread(w) / 254),
            "That needs a zero point as well. Asked is the symmetric form: 0 stays 0.",
        ),
        (
            "the smallest weight becomes -127, and zero moves",
            _with_zero_point,
            "Asked is the symmetric form: 0 stays 0, so that codes · scale gives the weights back.",
        ),
        (
            "the scale comes from the mean magnitude",
            _scaled(lambda w: w.abs().mean(1, keepdim=True) / 127),
            _LARGEST,
        ),
        (
            "the scale comes from the row's length (its norm)",
            _scaled(lambda w: w.norm(dim=1, keepdim=True) / 127),
            _LARGEST,
        ),
        (
            "the scale is at least 1",
            _scaled(lambda w: (_largest(w) / 127).clamp(min=1)),
            "Weights are small numbers, and steps smaller still. Only for zeros is the scale 1.",
        ),
        (
            "a constant is added to every scale",
            _scaled(lambda w: torch.where(w.any(1, keepdim=True), _largest(w) / 127 + 1e-3, 0)),
            "It keeps a division by zero away, and changes all the other rows. " + _LARGEST,
        ),
        (
            "the scale is rounded to two decimals",
            _scaled(lambda w: torch.round(_largest(w) / 127, decimals=2)),
            "The scale is a float: only codes are whole numbers.",
        ),
        (
            "the weights are rounded before they are divided by the scale",
            lambda w: (_nearest(w.round() / _scale(w)), _scale(w)),
            "What is left of weights below a half when they are rounded?",
        ),
        (
            "a row of zeros has a scale of 0",
            _zero_scale,
            "0 / 0 is no number. What does the docstring say of such a row?",
        ),
        (
            "the scale is upside down",
            _restored(lambda w, codes, scale: (codes, 1 / scale)),
            _BACK,
        ),
        (
            "this is the largest magnitude, not the scale",
            _restored(lambda w, codes, scale: (codes, _safe(_largest(w)))),
            _BACK,
        ),
        (
            "the scale has lost its second dimension",
            _restored(lambda w, codes, scale: (codes, scale[:, 0])),
            "What would `codes * scale` do for a matrix with as many rows as columns?",
        ),
        (
            "the scale is repeated for every column",
            _restored(lambda w, codes, scale: (codes, scale.repeat(1, w.shape[1]))),
            "One number a row is enough, and saves memory: (rows, 1).",
        ),
        (
            "the signs are lost",
            _coded(lambda s: _nearest(s.abs())),
            _BACK,
        ),
        (
            "the codes have no sign: uint8",
            _restored(lambda w, codes, scale: (codes.to(torch.uint8), scale)),
            "int8 goes from -128 to 127, uint8 from 0 to 255.",
        ),
        (
            "the scale comes first, then the codes",
            _restored(lambda w, codes, scale: (scale, codes)),
            "The docstring says in which order they are returned.",
        ),
        (
            "only the codes come back",
            _restored(lambda w, codes, scale: codes),
            "Without the scale nobody can turn codes into weights again.",
        ),
        (
            "these are the weights after the round trip, not the codes",
            _restored(lambda w, codes, scale: (codes * scale, scale)),
            "Return the whole numbers, as torch.int8; multiplying by the scale comes later.",
        ),
    ]
)
