# %% setup
import math
from collections import OrderedDict
from fractions import Fraction

import numpy as np
import torch


# %% 01.1 wrong: bits taken for bytes
def gigabytes(parameters, bits):
    return parameters * bits / 1e9


# %% 01.1 wrong: multiplied by eight
def gigabytes(parameters, bits):
    return parameters * bits * 8 / 1e9


# %% 01.1 wrong: GiB, a power of two
def gigabytes(parameters, bits):
    return parameters * bits / 8 / 2**30


# %% 01.1 wrong: bytes
def gigabytes(parameters, bits):
    return parameters * bits / 8


# %% 01.1 wrong: megabytes
def gigabytes(parameters, bits):
    return parameters * bits / 8 / 10**6


# %% 01.1 wrong: bytes a number cut to whole ones
def gigabytes(parameters, bits):
    return parameters * (bits // 8) / 1e9


# %% 01.1 wrong: bytes a number rounded up to whole ones
def gigabytes(parameters, bits):
    return parameters * math.ceil(bits / 8) / 1e9


# %% 01.1 wrong: cut to whole GB
def gigabytes(parameters, bits):
    return float(parameters * bits // 8 // 10**9)


# %% 01.1 wrong: rounded up to whole GB
def gigabytes(parameters, bits):
    return float(math.ceil(parameters * bits / 8 / 1e9))


# %% 01.1 wrong: rounded to one decimal
def gigabytes(parameters, bits):
    return round(parameters * bits / 8 / 1e9, 1)


# %% 01.1 wrong: 32 bits hard-coded
def gigabytes(parameters, bits):
    return parameters * 4 / 1e9


# %% 01.1 wrong: bits forgotten, a byte a number
def gigabytes(parameters, bits):
    return parameters / 1e9


# %% 01.1 wrong: divided by the bits
def gigabytes(parameters, bits):
    return parameters / bits / 8 / 1e9


# %% 01.1 wrong: two to the power of the bits
def gigabytes(parameters, bits):
    return parameters * 2**bits / 8 / 1e9


# %% 01.1 wrong: parameters taken to be in millions
def gigabytes(parameters, bits):
    return parameters * 1e6 * bits / 8 / 1e9


# %% 01.1 wrong: gradients and two optimiser states counted as well
def gigabytes(parameters, bits):
    return 4 * parameters * bits / 8 / 1e9


# %% 01.1 wrong: a piece of text with the unit
def gigabytes(parameters, bits):
    return f"{parameters * bits / 8 / 1e9} GB"


# %% 01.1 right: an exact Fraction made a float at the end
def gigabytes(parameters, bits):
    return float(Fraction(parameters) * Fraction(bits) / (8 * 10**9))


# %% 01.1 right: one factor, other argument names
def gigabytes(count, width):
    return count * width * 1.25e-10


# %% 01.1 right: numpy double
def gigabytes(parameters, bits):
    return np.float64(parameters) * np.float64(bits) / np.float64(8e9)


# %% 01.1 right: a lambda that divides first
gigabytes = lambda p, b: (p / 1e9) * (b / 8)


# %% 01.1 wrong: bits taken for bytes (once more)
def gigabytes(parameters, bits):
    return parameters * bits / 10**9


# %% 01.1 wrong: 1024 cubed
def gigabytes(parameters, bits):
    return parameters * bits / 8 / 1024**3


# %% 01.1 wrong: whole bytes only
def gigabytes(parameters, bits):
    bytes_each = bits // 8
    return parameters * bytes_each / 1e9


# %% 01.1 wrong: rounded to two decimals
def gigabytes(parameters, bits):
    return round(parameters * bits / 8 / 1e9, 2)


# %% 01.1 right: with fractions
def gigabytes(parameters, bits):
    return float(Fraction(bits, 8) * parameters / 10**9)


# %% 01.2 wrong: three projections, the output's forgotten
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 3 * n * h * h + 2 * n * n * h + 2 * n * h * i


# %% 01.2 wrong: one projection for all
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return n * h * h + 2 * n * n * h + 2 * n * h * i


# %% 01.2 wrong: attention's own products forgotten
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * h * i


# %% 01.2 wrong: attention's own product once only
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + n * n * h + 2 * n * h * i


# %% 01.2 wrong: attention linear in the length
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * h + 2 * n * h * i


# %% 01.2 wrong: attention's own products without the width
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * n + 2 * n * h * i


# %% 01.2 wrong: attention squares the width, not the length
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * h * h + 2 * n * h * i


# %% 01.2 wrong: attention counted for twelve heads of full width
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 12 * 2 * n * n * h + 2 * n * h * i


# %% 01.2 wrong: attention looks backwards only
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + n * (n + 1) * h + 2 * n * h * i


# %% 01.2 wrong: attention over the feed-forward width
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * n * i + 2 * n * h * i


# %% 01.2 wrong: feed-forward one way only
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * n * h + n * h * i


# %% 01.2 wrong: the way back taken as intermediate by intermediate
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * n * h + n * h * i + n * i * i


# %% 01.2 wrong: feed-forward forgotten
def layer_multiply_adds(length, hidden, intermediate):
    n, h = length, hidden
    return 4 * n * h * h + 2 * n * n * h


# %% 01.2 wrong: feed-forward width hard-coded as four times the hidden one
def layer_multiply_adds(length, hidden, intermediate):
    n, h = length, hidden
    return 4 * n * h * h + 2 * n * n * h + 8 * n * h * h


# %% 01.2 wrong: feed-forward for one token only
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * n * h + 2 * h * i


# %% 01.2 wrong: projections for one token only
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * h * h + 2 * n * n * h + 2 * n * h * i


# %% 01.2 wrong: projections from length to width, without the square of the width
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h + 2 * n * n * h + 2 * n * h * i


# %% 01.2 wrong: multiplications and additions counted apart
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 2 * (4 * n * h * h + 2 * n * n * h + 2 * n * h * i)


# %% 01.2 wrong: per token instead of per text
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * h * h + 2 * n * h + 2 * h * i


# %% 01.2 wrong: the layer's weights in place of its products
def layer_multiply_adds(length, hidden, intermediate):
    h, i = hidden, intermediate
    return 4 * h * h + 2 * h * i


# %% 01.2 wrong: the rule of thumb, every weight once a token
def layer_multiply_adds(length, hidden, intermediate):
    h, i = hidden, intermediate
    return length * (4 * h * h + 2 * h * i + 9 * h + i)


# %% 01.2 wrong: biases added on top
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * n * h + 2 * n * h * i + n * (5 * h + i)


# %% 01.2 wrong: twelve layers instead of one
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 12 * (4 * n * h * h + 2 * n * n * h + 2 * n * h * i)


# %% 01.2 wrong: hidden and intermediate widths swapped
def layer_multiply_adds(length, intermediate, hidden):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * n * h + 2 * n * h * i


# %% 01.2 wrong: length and hidden width swapped
def layer_multiply_adds(hidden, length, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * n * h + 2 * n * h * i


# %% 01.2 wrong: one bracket wrong, the four covers every product
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * (n * h * h + 2 * n * n * h + 2 * n * h * i)


# %% 01.2 wrong: in millions
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return (4 * n * h * h + 2 * n * n * h + 2 * n * h * i) / 1e6


# %% 01.2 right: summed over the shapes of the eight products
def layer_multiply_adds(length, hidden, intermediate):
    products = [(length, hidden, hidden)] * 4
    products += [(length, hidden, length), (length, length, hidden)]
    products += [(length, hidden, intermediate), (length, intermediate, hidden)]
    return sum(a * b * c for a, b, c in products)


# %% 01.2 right: factored out, with other argument names
def layer_multiply_adds(n, h, i):
    return 2 * n * h * (2 * h + n + i)


# %% 01.2 right: a scalar product in numpy, whole numbers of 64 bits
def layer_multiply_adds(length, hidden, intermediate):
    counts = np.array([4, 2, 2], dtype=np.int64)
    widths = np.array([hidden, length, intermediate], dtype=np.int64)
    return int(length * hidden * (counts @ widths))


# %% 01.2 right: attention counted by heads of one column each
def layer_multiply_adds(length, hidden, intermediate):
    total = 0
    for _ in range(hidden):
        total += 2 * length * length
    for columns in (hidden, hidden, hidden, hidden, intermediate, intermediate):
        total += length * hidden * columns
    return total


# %% 01.2 wrong: takes the intermediate width for 4 h
def layer_multiply_adds(length, hidden, intermediate):
    return 12 * length * hidden**2 + 2 * length**2 * hidden


# %% 01.2 wrong: attention's products counted once
def layer_multiply_adds(length, hidden, intermediate):
    projections = 4 * length * hidden * hidden
    attention = length * length * hidden
    feed_forward = 2 * length * hidden * intermediate
    return projections + attention + feed_forward


# %% 01.2 wrong: counts a multiplication and an addition as two
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 2 * (4 * n * h * h + 2 * n * n * h + 2 * n * h * i)


# %% 01.2 wrong: attention linear in the length (once more)
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    return 4 * n * h * h + 2 * n * h * h + 2 * n * h * i


# %% 01.2 right: a list of shapes
def layer_multiply_adds(length, hidden, intermediate):
    n, h, i = length, hidden, intermediate
    shapes = [(n, h, h)] * 4 + [(n, h, n), (n, n, h), (n, h, i), (n, i, h)]
    return sum(math.prod(s) for s in shapes)


# %% 01.3 wrong: each layer on its own
def magnitude_masks(weights, sparsity):
    masks = []
    for w in weights:
        order = torch.sort(w.abs().reshape(-1), stable=True).indices
        mask = torch.ones(w.numel(), dtype=torch.bool)
        mask[order[: round(sparsity * w.numel())]] = False
        masks.append(mask.reshape(w.shape))
    return masks


# %% 01.3 wrong: signs kept, so the most negative go
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: True for the weights that go
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.zeros(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = True
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: the largest magnitudes go
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, descending=True, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: sparsity taken as the share that stays
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round((1 - sparsity) * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: number that goes is cut, not rounded
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: int(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: number that goes is rounded up
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: math.ceil(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: one more goes than should
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat)) + 1]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: at least one goes, even at sparsity zero
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: max(1, round(sparsity * len(flat)))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: everything up to the k-th magnitude goes, all ties with it
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    k = round(sparsity * len(flat))
    threshold = torch.sort(flat).values[k - 1] if k else -1.0
    return [w.abs() > threshold for w in weights]


# %% 01.3 wrong: everything from the next magnitude on stays, ties with it
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    k = round(sparsity * len(flat))
    threshold = torch.sort(flat).values[k] if k < len(flat) else math.inf
    return [w.abs() >= threshold for w in weights]


# %% 01.3 wrong: the k-th magnitude itself stays
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    k = round(sparsity * len(flat))
    threshold = torch.kthvalue(flat, k).values if k else -1.0
    return [w.abs() >= threshold for w in weights]


# %% 01.3 wrong: an interpolated quantile as threshold
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    threshold = torch.quantile(flat, sparsity)
    return [w.abs() > threshold for w in weights]


# %% 01.3 wrong: sparsity itself used as threshold
def magnitude_masks(weights, sparsity):
    return [w.abs() >= sparsity for w in weights]


# %% 01.3 wrong: threshold is a share of the largest magnitude
def magnitude_masks(weights, sparsity):
    largest = max(w.abs().max() for w in weights)
    return [w.abs() >= sparsity * largest for w in weights]


# %% 01.3 wrong: of equal magnitudes the last go first
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, descending=True, stable=True).indices
    mask = torch.zeros(len(flat), dtype=torch.bool)
    mask[order[: len(flat) - round(sparsity * len(flat))]] = True
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: of equal magnitudes the negative ones go first
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.reshape(-1) for w in weights]).tolist()
    order = sorted(range(len(flat)), key=lambda j: (abs(flat[j]), flat[j]))
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: of equal magnitudes the ones in earlier columns go first
def magnitude_masks(weights, sparsity):
    turned = [w.permute(tuple(range(w.ndim - 1, -1, -1))) for w in weights]
    flat = torch.cat([t.abs().reshape(-1) for t in turned])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = [p.reshape(t.shape) for p, t in zip(mask.split([t.numel() for t in turned]), turned)]
    return [p.permute(tuple(range(p.ndim - 1, -1, -1))) for p in parts]


# %% 01.3 wrong: slice from minus zero keeps all when all must go
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.zeros(len(flat), dtype=torch.bool)
    stay = len(flat) - round(sparsity * len(flat))
    mask[order[-stay:]] = True
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: the masks come back flat
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    return list(mask.split([w.numel() for w in weights]))


# %% 01.3 wrong: one long mask instead of a list
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    return mask


# %% 01.3 wrong: masks of floats, one and zero
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat))
    mask[order[: round(sparsity * len(flat))]] = 0.0
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: the pruned weights instead of the masks
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [w * part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: the weights are made positive in place
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs_().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: the weights themselves are set to zero besides
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    masks = [part.reshape(w.shape) for part, w in zip(parts, weights)]
    for w, m in zip(weights, masks):
        w *= m
    return masks


# %% 01.3 wrong: magnitudes measured against their layer's largest
def magnitude_masks(weights, sparsity):
    flat = torch.cat([(w.abs() / w.abs().max()).reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: distance from the layer's mean as magnitude
def magnitude_masks(weights, sparsity):
    flat = torch.cat([(w - w.mean()).abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: vectors such as biases always stay and are not counted
def magnitude_masks(weights, sparsity):
    pruned = [w for w in weights if w.ndim > 1]
    masks = [torch.ones(w.shape, dtype=torch.bool) for w in weights]
    if not pruned:
        return masks
    flat = torch.cat([w.abs().reshape(-1) for w in pruned])
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[torch.sort(flat, stable=True).indices[: round(sparsity * len(flat))]] = False
    parts = iter(mask.split([w.numel() for w in pruned]))
    return [next(parts).reshape(w.shape) if w.ndim > 1 else m for w, m in zip(weights, masks)]


# %% 01.3 wrong: zeros always go, however many
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) & (w != 0) for part, w in zip(parts, weights)]


# %% 01.3 wrong: the number that goes is counted over the first layer
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * weights[0].numel())]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: the sorting order taken for the ranks
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = order >= round(sparsity * len(flat))
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: whole rows go, by their summed magnitude
def magnitude_masks(weights, sparsity):
    wide = [torch.atleast_1d(w) for w in weights]
    rows = torch.cat([w.abs().reshape(len(w), -1).sum(1) for w in wide])
    mask = torch.ones(len(rows), dtype=torch.bool)
    mask[torch.sort(rows, stable=True).indices[: round(sparsity * len(rows))]] = False
    parts = mask.split([len(w) for w in wide])
    parts = [p.reshape(-1, *[1] * (w.ndim - 1)).expand(w.shape) for p, w in zip(parts, wide)]
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: view fails on a transposed weight
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.view(-1).abs() for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: squares as magnitudes, which underflow for tiny weights
def magnitude_masks(weights, sparsity):
    flat = torch.cat([(w * w).reshape(-1) for w in weights])
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[order[: round(sparsity * len(flat))]] = False
    parts = mask.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: tensors must be matrices, others fail
def magnitude_masks(weights, sparsity):
    entries = []
    for layer, w in enumerate(weights):
        rows, columns = w.shape
        entries += [(abs(w[r, c].item()), layer, r, c) for r in range(rows) for c in range(columns)]
    masks = [torch.ones(w.shape, dtype=torch.bool) for w in weights]
    for _, layer, r, c in sorted(entries)[: round(sparsity * len(entries))]:
        masks[layer][r, c] = False
    return masks


# %% 01.3 right: plain Python, sorted tuples of magnitude and place
def magnitude_masks(weights, sparsity):
    entries = [
        (abs(value), layer, place)
        for layer, w in enumerate(weights)
        for place, value in enumerate(w.reshape(-1).tolist())
    ]
    masks = [torch.ones(w.numel(), dtype=torch.bool) for w in weights]
    for _, layer, place in sorted(entries)[: round(sparsity * len(entries))]:
        masks[layer][place] = False
    return [mask.reshape(w.shape) for mask, w in zip(masks, weights)]


# %% 01.3 right: with numpy's stable argsort, other argument names
def magnitude_masks(tensors, share):
    flat = np.concatenate([np.abs(t.detach().numpy()).ravel() for t in tensors])
    stays = np.full(flat.size, True)
    stays[np.argsort(flat, kind="stable")[: round(share * flat.size)]] = False
    ends = np.cumsum([t.numel() for t in tensors])[:-1]
    parts = np.split(stays, ends)
    return [torch.tensor(part).reshape(t.shape) for part, t in zip(parts, tensors)]


# %% 01.3 right: every entry's rank by two argsorts
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.detach().abs().flatten() for w in weights])
    rank = torch.argsort(torch.argsort(flat, stable=True))
    mask, masks = rank >= round(sparsity * flat.numel()), []
    for w in weights:
        masks.append(mask[: w.numel()].reshape(w.shape))
        mask = mask[w.numel() :]
    return masks


# %% 01.3 right: a threshold, and the first of its ties until the number is reached
def magnitude_masks(weights, sparsity):
    flat = torch.cat([w.abs().reshape(-1) for w in weights])
    k = round(sparsity * flat.numel())
    if k == 0:
        return [torch.ones_like(w, dtype=torch.bool) for w in weights]
    threshold = torch.kthvalue(flat, k).values
    ties = flat == threshold
    left = k - (flat < threshold).sum()
    goes = (flat < threshold) | (ties & (ties.cumsum(0) <= left))
    parts = torch.split(~goes, [w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: the share of every layer by itself
def magnitude_masks(weights, sparsity):
    masks = []
    for w in weights:
        k = round(sparsity * w.numel())
        order = w.abs().reshape(-1).sort(stable=True).indices
        mask = torch.ones(w.numel(), dtype=torch.bool)
        mask[order[:k]] = False
        masks.append(mask.reshape(w.shape))
    return masks


# %% 01.3 wrong: a threshold, so all equal magnitudes go together
def magnitude_masks(weights, sparsity):
    everything = torch.cat([w.abs().reshape(-1) for w in weights])
    k = round(sparsity * everything.numel())
    if k == 0:
        return [torch.ones_like(w, dtype=torch.bool) for w in weights]
    threshold = everything.kthvalue(k).values
    return [w.abs() > threshold for w in weights]


# %% 01.3 wrong: int instead of round
def magnitude_masks(weights, sparsity):
    everything = torch.cat([w.abs().reshape(-1) for w in weights])
    k = int(sparsity * everything.numel())
    keep = torch.ones(everything.numel(), dtype=torch.bool)
    keep[everything.argsort(stable=True)[:k]] = False
    parts = keep.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 wrong: sorted by value, not by magnitude
def magnitude_masks(weights, sparsity):
    everything = torch.cat([w.reshape(-1) for w in weights])
    k = round(sparsity * everything.numel())
    keep = torch.ones(everything.numel(), dtype=torch.bool)
    keep[everything.argsort(stable=True)[:k]] = False
    parts = keep.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]


# %% 01.3 right: plain Python's sorted, which is stable
def magnitude_masks(weights, sparsity):
    lists = [w.reshape(-1).tolist() for w in weights]
    places = [(i, j) for i, values in enumerate(lists) for j in range(len(values))]
    places.sort(key=lambda ij: abs(lists[ij[0]][ij[1]]))
    gone = set(places[: round(sparsity * len(places))])
    return [
        torch.tensor([(i, j) not in gone for j in range(len(lists[i]))], dtype=torch.bool).reshape(
            w.shape
        )
        for i, w in enumerate(weights)
    ]


# %% 01.4 wrong: the largest value, not the largest magnitude
def quantize(weight):
    scale = weight.amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).clamp(-127, 127).to(torch.int8), scale


# %% 01.4 wrong: divided by 128 and kept from overflowing
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 128
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).clamp(-128, 127).to(torch.int8), scale


# %% 01.4 wrong: divided by 128, so the largest wraps round
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 128
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int16).to(torch.int8), scale


# %% 01.4 wrong: divided by 255, so the codes wrap round
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 255
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int16).to(torch.int8), scale


# %% 01.4 wrong: seven bits, the largest becomes 63
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 63
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: one scale for the whole matrix, repeated
def quantize(weight):
    scale = (weight.abs().max() / 127).expand(len(weight), 1)
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: one scale a column
def quantize(weight):
    scale = weight.abs().amax(dim=0, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: cut towards zero instead of rounded
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (weight / scale).to(torch.int8), scale


# %% 01.4 wrong: rounded down
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.floor(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: rounded away from zero always
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    steps = weight / scale
    codes = steps.sign() * steps.abs().ceil().clamp(max=127)
    return codes.to(torch.int8), scale


# %% 01.4 wrong: half a step added before cutting, which is wrong below zero
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (weight / scale + 0.5).to(torch.int8), scale


# %% 01.4 wrong: a row of zeros divides by zero
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: a row of zeros keeps the scale zero
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    codes = torch.where(scale == 0, torch.zeros_like(weight), torch.round(weight / scale))
    return codes.to(torch.int8), scale


# %% 01.4 wrong: a row of zeros gets 1/127
def quantize(weight):
    largest = weight.abs().amax(dim=1, keepdim=True)
    largest = torch.where(largest == 0, torch.ones_like(largest), largest)
    scale = largest / 127
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: a row of zeros gets a tiny scale
def quantize(weight):
    scale = (weight.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-12)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: only a matrix all of zeros is seen to
def quantize(weight):
    if not weight.any():
        return torch.zeros(weight.shape, dtype=torch.int8), weight.new_ones(len(weight), 1)
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: one row of zeros makes every scale one
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    if (scale == 0).any():
        scale = torch.ones_like(scale)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: a row that sums to zero is taken for a row of zeros
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    empty = weight.sum(dim=1, keepdim=True) == 0
    scale = torch.where(empty, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: rows of small weights get the scale one as well
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale < 1e-3, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: a constant added to every scale against division by zero
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale + 1e-3)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: every scale at least one
def quantize(weight):
    scale = (weight.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: the scale has no second dimension
def quantize(weight):
    scale = weight.abs().amax(dim=1) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale[:, None]).to(torch.int8), scale


# %% 01.4 wrong: the scale is spread over the columns
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale).repeat(1, weight.shape[1])
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: the scale upside down
def quantize(weight):
    largest = weight.abs().amax(dim=1, keepdim=True)
    scale = torch.where(largest == 0, torch.ones_like(largest), 127 / largest)
    return torch.round(weight * scale).to(torch.int8), scale


# %% 01.4 wrong: the largest magnitude returned as scale
def quantize(weight):
    largest = weight.abs().amax(dim=1, keepdim=True)
    largest = torch.where(largest == 0, torch.ones_like(largest), largest)
    return torch.round(weight / largest * 127).to(torch.int8), largest


# %% 01.4 wrong: codes as 32-bit whole numbers
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int32), scale


# %% 01.4 wrong: codes left as floats
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale), scale


# %% 01.4 wrong: codes without a sign, uint8
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int16).to(torch.uint8), scale


# %% 01.4 wrong: codes of the magnitudes, signs lost
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight.abs() / scale).to(torch.int8), scale


# %% 01.4 wrong: scale first, then the codes
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return scale, torch.round(weight / scale).to(torch.int8)


# %% 01.4 wrong: the restored weights in place of the codes
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale) * scale, scale


# %% 01.4 wrong: only the codes come back
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int8)


# %% 01.4 wrong: asymmetric, the least becomes -127 and zero moves
def quantize(weight):
    low, high = weight.amin(dim=1, keepdim=True), weight.amax(dim=1, keepdim=True)
    scale = (high - low) / 254
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (torch.round((weight - low) / scale) - 127).clamp(-127, 127).to(torch.int8), scale


# %% 01.4 wrong: scale from half the row's range
def quantize(weight):
    scale = (weight.amax(dim=1, keepdim=True) - weight.amin(dim=1, keepdim=True)) / 254
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).clamp(-127, 127).to(torch.int8), scale


# %% 01.4 wrong: scale from the mean magnitude
def quantize(weight):
    scale = weight.abs().mean(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).clamp(-127, 127).to(torch.int8), scale


# %% 01.4 wrong: scale from the row's length
def quantize(weight):
    scale = weight.norm(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).to(torch.int8), scale


# %% 01.4 wrong: scale rounded to two decimals
def quantize(weight):
    scale = torch.round(weight.abs().amax(dim=1, keepdim=True) / 127, decimals=2)
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight / scale).clamp(-127, 127).to(torch.int8), scale


# %% 01.4 wrong: the weights are rounded before the scale is divided by
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (torch.round(weight) / scale).clamp(-127, 127).to(torch.int8), scale


# %% 01.4 wrong: the weight is divided in place
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return weight.div_(scale).round_().to(torch.int8), scale


# %% 01.4 right: row by row in plain Python
def quantize(weight):
    codes, scales = [], []
    for row in weight.tolist():
        largest = max(abs(x) for x in row)
        step = largest / 127 if largest > 0 else 1.0
        codes.append([round(x / step) for x in row])
        scales.append([step])
    return torch.tensor(codes, dtype=torch.int8), torch.tensor(scales)


# %% 01.4 right: with numpy inside, other argument name
def quantize(matrix):
    values = matrix.detach().numpy()
    largest = np.maximum(values.max(axis=1), -values.min(axis=1))[:, None]
    scale = np.where(largest > 0, largest / 127, 1).astype(values.dtype)
    return torch.from_numpy(np.rint(values / scale).astype(np.int8)), torch.from_numpy(scale)


# %% 01.4 right: maximum norm, scale of empty rows filled in
def quantize(weight):
    scale = torch.linalg.vector_norm(weight, ord=math.inf, dim=1, keepdim=True).div(127)
    scale = scale.masked_fill(scale.eq(0), 1.0)
    return weight.div(scale).round().char(), scale


# %% 01.4 right: a loop over rows that fills two tensors
def quantize(weight):
    codes = torch.zeros(weight.shape, dtype=torch.int8)
    scale = torch.ones(weight.shape[0], 1, dtype=weight.dtype)
    for r in range(weight.shape[0]):
        if weight[r].count_nonzero() > 0:
            scale[r, 0] = weight[r].abs().max() / 127
            codes[r] = torch.round(weight[r] / scale[r, 0]).to(torch.int8)
    return codes, scale


# %% 01.4 right: in double precision throughout
def quantize(weight):
    w = weight.double()
    largest, _ = torch.max(torch.cat([w, -w], dim=1), dim=1, keepdim=True)
    scale = largest / 127 + (largest == 0)
    return torch.round(w / scale).to(torch.int8), scale


# %% 01.4 wrong: one scale for the whole matrix
def quantize(weight):
    top = weight.abs().max()
    scale = top / 127 if top > 0 else torch.tensor(1.0)
    codes = torch.round(weight / scale).clamp(-127, 127).to(torch.int8)
    return codes, scale.expand(weight.shape[0], 1)


# %% 01.4 wrong: the scale is clamped to 1e-8
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = scale.clamp(min=1e-8)
    codes = torch.round(weight / scale).clamp(-127, 127).to(torch.int8)
    return codes, scale


# %% 01.4 wrong: .to(int8) cuts instead of rounding
def quantize(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (weight / scale).clamp(-127, 127).to(torch.int8), scale


# %% 01.4 wrong: the largest, not the most extreme
def quantize(weight):
    scale = weight.max(dim=1, keepdim=True).values / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    codes = torch.round(weight / scale).clamp(-127, 127).to(torch.int8)
    return codes, scale


# %% 01.4 right: a row at a time, in float64
def quantize(weight):
    codes, scales = [], []
    for row in weight.double():
        extreme = torch.linalg.vector_norm(row, ord=math.inf).item()
        s = extreme / 127 if extreme else 1.0
        codes.append([int(round(x / s)) for x in row.tolist()])
        scales.append([s])
    return torch.tensor(codes, dtype=torch.int8), torch.tensor(scales, dtype=torch.float64)


# %% 01.5 wrong: distil a student
first_step = "a"

# %% 01.5 wrong: prune
first_step = "b"

# %% 01.5 wrong: fine-tune a smaller model
first_step = "d"

# %% 01.5 wrong: distil, in brackets
first_step = "(a)"

# %% 01.5 wrong: prune, capital
first_step = "B"

# %% 01.5 wrong: fine-tune, with spaces
first_step = " d "

# %% 01.5 wrong: prune and quantize both
first_step = "b and c"

# %% 01.5 wrong: all letters
first_step = "abcd"

# %% 01.5 wrong: no letter
first_step = ""

# %% 01.5 wrong: a letter that is not offered
first_step = "e"

# %% 01.5 right: the letter
first_step = "c"

# %% 01.5 right: capital
first_step = "C"

# %% 01.5 right: in brackets
first_step = "(c)"

# %% 01.5 right: with spaces
first_step = " c "

# %% 01.6 wrong: for both
what_is_saved = "a"

# %% 01.6 wrong: for the one without a model
what_is_saved = "c"

# %% 01.6 wrong: for neither
what_is_saved = "d"

# %% 01.6 wrong: for both, in brackets
what_is_saved = "(a)"

# %% 01.6 wrong: for the one without a model, capital
what_is_saved = "C"

# %% 01.6 wrong: for neither, with spaces
what_is_saved = " d "

# %% 01.6 wrong: two letters
what_is_saved = "a and b"

# %% 01.6 wrong: all letters
what_is_saved = "abcd"

# %% 01.6 wrong: no letter
what_is_saved = ""

# %% 01.6 wrong: a letter that is not offered
what_is_saved = "e"

# %% 01.6 right: the letter
what_is_saved = "b"

# %% 01.6 right: capital
what_is_saved = "B"

# %% 01.6 right: in brackets
what_is_saved = "(b)"

# %% 01.6 right: with spaces
what_is_saved = " b "

# %% 01.7 wrong: weights said to be distillation
table = {
    "weights": "distillation",
    "targets": "distillation",
    "input": "both",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: weights said to be both
table = {
    "weights": "both",
    "targets": "distillation",
    "input": "both",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: targets said to be transfer
table = {
    "weights": "transfer",
    "targets": "transfer",
    "input": "both",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: targets said to be both
table = {
    "weights": "transfer",
    "targets": "both",
    "input": "both",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: input said to be transfer only
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "transfer",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: input said to be distillation only
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "distillation",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: shape said to be transfer
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "both",
    "shape": "transfer",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: shape said to be both
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "both",
    "shape": "both",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: unlabelled said to be transfer
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "both",
    "shape": "distillation",
    "unlabelled": "transfer",
}

# %% 01.7 wrong: unlabelled said to be both
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "both",
    "shape": "distillation",
    "unlabelled": "both",
}

# %% 01.7 wrong: transfer and distillation exchanged
table = {
    "weights": "distillation",
    "targets": "transfer",
    "input": "both",
    "shape": "transfer",
    "unlabelled": "transfer",
}

# %% 01.7 wrong: both in every row
table = {
    "weights": "both",
    "targets": "both",
    "input": "both",
    "shape": "both",
    "unlabelled": "both",
}

# %% 01.7 wrong: distillation in every row
table = {
    "weights": "distillation",
    "targets": "distillation",
    "input": "distillation",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: the row weights left out
table = {
    "targets": "distillation",
    "input": "both",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: the row targets left out
table = {
    "weights": "transfer",
    "input": "both",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: the row input left out
table = {
    "weights": "transfer",
    "targets": "distillation",
    "shape": "distillation",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: the row shape left out
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "both",
    "unlabelled": "distillation",
}

# %% 01.7 wrong: the row unlabelled left out
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "both",
    "shape": "distillation",
}

# %% 01.7 wrong: a row's name in American spelling
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "both",
    "shape": "distillation",
    "unlabeled": "distillation",
}

# %% 01.7 wrong: the word student for distillation
table = {
    "weights": "transfer",
    "targets": "student",
    "input": "both",
    "shape": "student",
    "unlabelled": "student",
}

# %% 01.7 wrong: neither in the row shape
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "both",
    "shape": "neither",
    "unlabelled": "distillation",
}

# %% 01.7 right: rows in another order
table = {
    "unlabelled": "distillation",
    "shape": "distillation",
    "input": "both",
    "targets": "distillation",
    "weights": "transfer",
}

# %% 01.7 right: from two lists
rows = ["weights", "targets", "input", "shape", "unlabelled"]
columns = ["transfer", "distillation", "both", "distillation", "distillation"]
table = dict(zip(rows, columns))

# %% 01.7 right: an OrderedDict, distillation first and the rest put right
table = OrderedDict.fromkeys(["weights", "targets", "input", "shape", "unlabelled"], "distillation")
table.update(weights="transfer", input="both")

# %% 01.7 right: dict with keywords
table = dict(
    weights="transfer",
    targets="distillation",
    input="both",
    shape="distillation",
    unlabelled="distillation",
)
