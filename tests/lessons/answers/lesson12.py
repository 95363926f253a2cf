# %% setup
import math

import numpy as np
import torch


# %% 12.1 wrong: divided by 2 ** (bits - 1)
def fake_quantize(weight, bits):
    q = 2 ** (bits - 1)
    s = weight.abs().max(dim=1, keepdim=True).values / q
    s[s == 0] = 1
    return torch.clamp(torch.round(weight / s), -q + 1, q - 1) * s


# %% 12.1 wrong: per tensor
def fake_quantize(weight, bits):
    q = 2 ** (bits - 1) - 1
    s = weight.abs().max() / q
    return torch.round(weight / s) * s


# %% 12.1 wrong: columns
def fake_quantize(weight, bits):
    q = 2 ** (bits - 1) - 1
    s = weight.abs().max(0).values / q
    return torch.round(weight / s) * s


# %% 12.1 wrong: codes alone
def fake_quantize(weight, bits):
    q = 2 ** (bits - 1) - 1
    s = weight.abs().amax(1, keepdim=True) / q
    s = torch.where(s == 0, torch.ones_like(s), s)
    return torch.round(weight / s)


# %% 12.1 wrong: zeros are forgotten
def fake_quantize(weight, bits):
    q = 2 ** (bits - 1) - 1
    s = weight.abs().amax(1, keepdim=True) / q
    return torch.round(weight / s) * s


# %% 12.1 wrong: truncated by a cast
def fake_quantize(weight, bits):
    q = 2 ** (bits - 1) - 1
    s = weight.abs().amax(1, keepdim=True) / q
    s = torch.where(s == 0, torch.ones_like(s), s)
    return torch.trunc(weight / s) * s


# %% 12.1 wrong: min and max
def fake_quantize(weight, bits):
    lo = weight.min(1, keepdim=True).values
    hi = weight.max(1, keepdim=True).values
    s = (hi - lo) / (2**bits - 1)
    s[s == 0] = 1
    return torch.round((weight - lo) / s) * s + lo


# %% 12.1 wrong: int8 always
def fake_quantize(weight, bits):
    s = weight.abs().amax(1, keepdim=True) / 127
    s[s == 0] = 1
    return torch.round(weight / s) * s


# %% 12.1 wrong: 2 ** bits - 1 on each side
def fake_quantize(weight, bits):
    q = 2**bits - 1
    s = weight.abs().amax(1, keepdim=True) / q
    s[s == 0] = 1
    return torch.round(weight / s) * s


# %% 12.1 wrong: 2 ** (bits - 1), nothing cut off
def fake_quantize(weight, bits):
    q = 2 ** (bits - 1)
    s = weight.abs().amax(1, keepdim=True) / q
    s = torch.where(s == 0, torch.ones_like(s), s)
    return torch.round(weight / s) * s


# %% 12.1 wrong: the largest, not the most extreme
def fake_quantize(weight, bits):
    q = 2 ** (bits - 1) - 1
    s = weight.amax(1, keepdim=True) / q
    s = torch.where(s == 0, torch.ones_like(s), s)
    return torch.round(weight / s).clamp(-q, q) * s


# %% 12.1 wrong: 2 ** bits values from -max to max
def fake_quantize(weight, bits):
    top = weight.abs().amax(1, keepdim=True)
    s = 2 * top / (2**bits - 1)
    s = torch.where(s == 0, torch.ones_like(s), s)
    return torch.round((weight + top) / s) * s - top


# %% 12.1 right: row by row
def fake_quantize(weight, bits):
    last = (1 << (bits - 1)) - 1
    rows = []
    for row in weight:
        top = row.abs().max()
        rows.append(row if top == 0 else torch.round(row * last / top) * top / last)
    return torch.stack(rows)


# %% 12.1 right: a small number in place of 0
def fake_quantize(weight, bits):
    q = 2 ** (bits - 1) - 1
    s = torch.linalg.vector_norm(weight, ord=math.inf, dim=1, keepdim=True).clamp(min=1e-30) / q
    return (weight / s).round() * s


# %% 12.2 wrong: no estimator
def straight_through(weight, scale, last):
    return torch.clamp(torch.round(weight / scale), -last, last) * scale.detach()


# %% 12.2 wrong: through everywhere
def straight_through(weight, scale, last):
    s = scale.detach()
    q = torch.clamp(torch.round(weight / s), -last, last) * s
    return weight + (q - weight).detach()


# %% 12.2 wrong: the scale has a gradient
def straight_through(weight, scale, last):
    x = (weight / scale).clamp(-last, last)
    return (x + (x.round() - x).detach()) * scale


# %% 12.2 wrong: codes
def straight_through(weight, scale, last):
    x = (weight / scale.detach()).clamp(-last, last)
    return x + (x.round() - x).detach()


# %% 12.2 wrong: not clamped
def straight_through(weight, scale, last):
    s = scale.detach()
    inside = ((weight / s).abs() <= last).float()
    q = (weight / s).round() * s
    return weight * inside + (q - weight * inside).detach()


# %% 12.2 wrong: strictly inside
def straight_through(weight, scale, last):
    s = scale.detach()
    inside = ((weight / s).abs() < last).float()
    q = (weight / s).round().clamp(-last, last) * s
    return weight * inside + (q - weight * inside).detach()


# %% 12.2 wrong: clamped before it is divided
def straight_through(weight, scale, last):
    s = scale.detach()
    inside = (weight.abs() <= last).float()
    q = (weight / s).round().clamp(-last, last) * s
    return weight * inside + (q - weight * inside).detach()


# %% 12.2 wrong: the gradient is that of the codes
def straight_through(weight, scale, last):
    s = scale.detach()
    x = (weight / s).clamp(-last, last)
    return x + (x.round() * s - x).detach()


# %% 12.2 wrong: floor
def straight_through(weight, scale, last):
    s = scale.detach()
    x = (weight / s).clamp(-last, last)
    return (x + (x.floor() - x).detach()) * s


# %% 12.2 wrong: clamped after it was rounded
def straight_through(weight, scale, last):
    s = scale.detach()
    x = weight / s
    x = x + (x.round() - x).detach()
    return x.clamp(-last, last) * s


# %% 12.2 wrong: no clamp at all
def straight_through(weight, scale, last):
    s = scale.detach()
    x = weight / s
    return (x + (x.round() - x).detach()) * s


# %% 12.2 right: a function of autograd
class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, weight, scale, last):
        ratio = weight / scale
        ctx.save_for_backward(ratio.abs() <= last)
        return ratio.round().clamp(-last, last) * scale

    @staticmethod
    def backward(ctx, gradient):
        (inside,) = ctx.saved_tensors
        return gradient * inside, None, None


def straight_through(weight, scale, last):
    return Rounded.apply(weight, scale, last)


# %% 12.2 right: with where
def straight_through(weight, scale, last):
    s = scale.detach()
    q = (weight / s).round().clamp(-last, last) * s
    followed = torch.where((weight / s).abs() <= last, weight, weight.detach())
    return followed + (q - followed).detach()


# %% 12.3 wrong: codes alone
def packed_bytes(shapes, bits, other):
    return sum(math.ceil(r * c * bits / 8) for r, c in shapes) + 4 * other


# %% 12.3 wrong: one scale a matrix
def packed_bytes(shapes, bits, other):
    return sum(math.ceil(r * c * bits / 8) + 4 for r, c in shapes) + 4 * other


# %% 12.3 wrong: scale by column
def packed_bytes(shapes, bits, other):
    return sum(math.ceil(r * c * bits / 8) + 4 * c for r, c in shapes) + 4 * other


# %% 12.3 wrong: other numbers forgotten
def packed_bytes(shapes, bits, other):
    return sum(math.ceil(r * c * bits / 8) + 4 * r for r, c in shapes)


# %% 12.3 wrong: bits
def packed_bytes(shapes, bits, other):
    return sum(8 * math.ceil(r * c * bits / 8) + 32 * r for r, c in shapes) + 32 * other


# %% 12.3 wrong: int8 storage
def packed_bytes(shapes, bits, other):
    return sum(r * c + 4 * r for r, c in shapes) + 4 * other


# %% 12.3 wrong: rounded down
def packed_bytes(shapes, bits, other):
    return sum(r * c * bits // 8 + 4 * r for r, c in shapes) + 4 * other


# %% 12.3 wrong: not rounded
def packed_bytes(shapes, bits, other):
    return sum(r * c * bits / 8 + 4 * r for r, c in shapes) + 4 * other


# %% 12.3 wrong: rounded up at the end
def packed_bytes(shapes, bits, other):
    return (
        math.ceil(sum(r * c * bits for r, c in shapes) / 8)
        + sum(4 * r for r, c in shapes)
        + 4 * other
    )


# %% 12.3 wrong: all is packed
def packed_bytes(shapes, bits, other):
    return sum(math.ceil(r * c * bits / 8) + 4 * r for r, c in shapes) + math.ceil(other * bits / 8)


# %% 12.3 wrong: other numbers are bytes
def packed_bytes(shapes, bits, other):
    return sum(math.ceil(r * c * bits / 8) + 4 * r for r, c in shapes) + other


# %% 12.3 wrong: how many codes fit into a byte
def packed_bytes(shapes, bits, other):
    per_byte = 8 // bits
    return sum(math.ceil(r * c / per_byte) + 4 * r for r, c in shapes) + 4 * other


# %% 12.3 right: with ceil
def packed_bytes(shapes, bits, other):
    return sum(math.ceil(r * c * bits / 8) + 4 * r for r, c in shapes) + 4 * other


# %% 12.3 right: with NumPy's packbits
def packed_bytes(shapes, bits, other):
    total = np.zeros(other, np.float32).nbytes
    for r, c in shapes:
        total += np.packbits(np.zeros(r * c * bits, bool)).nbytes + np.zeros(r, np.float32).nbytes
    return total


# %% 12.4 wrong: sigma on the left
def two_factors(weight, rank):
    u, s, v = torch.svd(weight)
    up, down = u[:, :rank] * s[:rank], v[:, :rank].T
    sign = torch.stack([row[row.abs().argmax()].sign() for row in down])
    return up * sign, down * sign[:, None]


# %% 12.4 wrong: sigma on the right
def two_factors(weight, rank):
    u, s, v = torch.svd(weight)
    up, down = u[:, :rank], (v[:, :rank] * s[:rank]).T
    sign = torch.stack([row[row.abs().argmax()].sign() for row in down])
    return up * sign, down * sign[:, None]


# %% 12.4 wrong: no sigma
def two_factors(weight, rank):
    u, s, v = torch.svd(weight)
    up, down = u[:, :rank], v[:, :rank].T
    sign = torch.stack([row[row.abs().argmax()].sign() for row in down])
    return up * sign, down * sign[:, None]


# %% 12.4 wrong: sigma twice
def two_factors(weight, rank):
    u, s, v = torch.svd(weight)
    up, down = u[:, :rank] * s[:rank], (v[:, :rank] * s[:rank]).T
    sign = torch.stack([row[row.abs().argmax()].sign() for row in down])
    return up * sign, down * sign[:, None]


# %% 12.4 wrong: signs as they come
def two_factors(weight, rank):
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    root = s[:rank] ** 0.5
    return u[:, :rank] * root, root[:, None] * vh[:rank]


# %% 12.4 wrong: one sign
def two_factors(weight, rank):
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    root = s[:rank] ** 0.5
    down = root[:, None] * vh[:rank]
    sign = torch.stack([row[row.abs().argmax()].sign() for row in down])
    return u[:, :rank] * root, down * sign[:, None]


# %% 12.4 wrong: Vh is taken for V
def two_factors(weight, rank):
    u, s, v = torch.linalg.svd(weight, full_matrices=False)
    root = s[:rank] ** 0.5
    down = root[:, None] * v.T[:rank]
    sign = torch.stack([row[row.abs().argmax()].sign() for row in down])
    return u[:, :rank] * root * sign, down * sign[:, None]


# %% 12.4 wrong: the last ones
def two_factors(weight, rank):
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    root = s[-rank:] ** 0.5
    down = root[:, None] * vh[-rank:]
    sign = torch.stack([row[row.abs().argmax()].sign() for row in down])
    return u[:, -rank:] * root * sign, down * sign[:, None]


# %% 12.4 wrong: ascending
def two_factors(weight, rank):
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    root = s[:rank] ** 0.5
    down = root[:, None] * vh[:rank]
    sign = torch.stack([row[row.abs().argmax()].sign() for row in down])
    return (u[:, :rank] * root * sign).flip(1), (down * sign[:, None]).flip(0)


# %% 12.4 wrong: signs by the first factor
def two_factors(weight, rank):
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    root = s[:rank].sqrt()
    up, down = u[:, :rank] * root, root[:, None] * vh[:rank]
    place = up.abs().argmax(0, keepdim=True)
    sign = up.gather(0, place).sign()
    return up * sign, down * sign.T


# %% 12.4 wrong: signs by the sum
def two_factors(weight, rank):
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    root = s[:rank].sqrt()
    sign = vh[:rank].sum(1).sign()
    return u[:, :rank] * root * sign, root[:, None] * vh[:rank] * sign[:, None]


# %% 12.4 wrong: by the first entry
def two_factors(weight, rank):
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    root = s[:rank].sqrt()
    sign = vh[:rank, 0].sign()
    return u[:, :rank] * root * sign, root[:, None] * vh[:rank] * sign[:, None]


# %% 12.4 right: by eigenvectors
def two_factors(weight, rank):
    values, v = torch.linalg.eigh(weight.double().T @ weight.double())
    v = v.flip(1)[:, :rank].T
    s = values.flip(0)[:rank].clamp(min=0).sqrt()
    sign = torch.stack([row[row.abs().argmax()].sign() for row in v])
    v = v * sign[:, None]
    u = weight.double() @ v.T / s
    return (u * s.sqrt()).to(weight.dtype), (s.sqrt()[:, None] * v).to(weight.dtype)


# %% 12.4 right: term by term
def two_factors(weight, rank):
    u, s, v = np.linalg.svd(weight.numpy(), full_matrices=False)
    up, down = [], []
    for i in range(rank):
        sign = np.sign(v[i][np.abs(v[i]).argmax()])
        up.append(sign * u[:, i] * np.sqrt(s[i]))
        down.append(sign * v[i] * np.sqrt(s[i]))
    return torch.tensor(np.stack(up, 1)), torch.tensor(np.stack(down))


# %% 12.5 wrong: a share of the rank
def largest_rank(outputs, inputs, share):
    return min(int(share * min(outputs, inputs)), outputs, inputs) or None


# %% 12.5 wrong: break-even
def largest_rank(outputs, inputs, share):
    return outputs * inputs // (outputs + inputs)


# %% 12.5 wrong: round
def largest_rank(outputs, inputs, share):
    r = math.ceil(share * outputs * inputs / (outputs + inputs))
    return min(r, outputs, inputs)


# %% 12.5 wrong: strictly below
def largest_rank(outputs, inputs, share):
    best = None
    for r in range(1, min(outputs, inputs) + 1):
        if r * (outputs + inputs) < share * outputs * inputs:
            best = r
    return best


# %% 12.5 wrong: one factor
def largest_rank(outputs, inputs, share):
    best = None
    for r in range(1, min(outputs, inputs) + 1):
        if r * outputs <= share * outputs * inputs:
            best = r
    return best


# %% 12.5 wrong: with the bias
def largest_rank(outputs, inputs, share):
    best = None
    for r in range(1, min(outputs, inputs) + 1):
        if r * (outputs + inputs) + outputs <= share * outputs * inputs:
            best = r
    return best


# %% 12.5 wrong: with the singular values
def largest_rank(outputs, inputs, share):
    best = None
    for r in range(1, min(outputs, inputs) + 1):
        if r * (outputs + inputs + 1) <= share * outputs * inputs:
            best = r
    return best


# %% 12.5 wrong: zero
def largest_rank(outputs, inputs, share):
    return min(int(share * outputs * inputs / (outputs + inputs)), outputs, inputs)


# %% 12.5 wrong: at least one
def largest_rank(outputs, inputs, share):
    return max(1, min(int(share * outputs * inputs / (outputs + inputs)), outputs, inputs))


# %% 12.5 wrong: without a bound
def largest_rank(outputs, inputs, share):
    return int(share * outputs * inputs / (outputs + inputs)) or None


# %% 12.5 wrong: rounded to the nearest
def largest_rank(outputs, inputs, share):
    rank = round(share * outputs * inputs / (outputs + inputs))
    return min(rank, outputs, inputs) or None


# %% 12.5 right: counting up
def largest_rank(outputs, inputs, share):
    best = None
    for r in range(1, min(outputs, inputs) + 1):
        if r * outputs + r * inputs <= share * outputs * inputs:
            best = r
    return best


# %% 12.5 right: counting down
def largest_rank(outputs, inputs, share):
    r = min(outputs, inputs)
    while r and r * (outputs + inputs) > share * outputs * inputs:
        r -= 1
    return r if r else None


# %% 12.6 wrong: columns forgotten
def narrower(up_weight, up_bias, down_weight, scores, keep):
    k = scores.topk(keep).indices.sort().values
    k = scores.argsort(descending=True, stable=True)[:keep].sort().values
    return up_weight[k], up_bias[k], down_weight


# %% 12.6 wrong: bias forgotten
def narrower(up_weight, up_bias, down_weight, scores, keep):
    k = scores.argsort(descending=True, stable=True)[:keep].sort().values
    return up_weight[k], up_bias, down_weight[:, k]


# %% 12.6 wrong: best first
def narrower(up_weight, up_bias, down_weight, scores, keep):
    k = scores.argsort(descending=True, stable=True)[:keep]
    return up_weight[k], up_bias[k], down_weight[:, k]


# %% 12.6 wrong: worst stay
def narrower(up_weight, up_bias, down_weight, scores, keep):
    k = scores.argsort(stable=True)[:keep].sort().values
    return up_weight[k], up_bias[k], down_weight[:, k]


# %% 12.6 wrong: keep are removed
def narrower(up_weight, up_bias, down_weight, scores, keep):
    k = scores.argsort(descending=True, stable=True)[: len(scores) - keep].sort().values
    return up_weight[k], up_bias[k], down_weight[:, k]


# %% 12.6 wrong: zeros
def narrower(up_weight, up_bias, down_weight, scores, keep):
    k = scores.argsort(descending=True, stable=True)[:keep]
    m = torch.zeros_like(scores)
    m[k] = 1
    return up_weight * m[:, None], up_bias * m, down_weight * m


# %% 12.6 wrong: magnitudes
def narrower(up_weight, up_bias, down_weight, scores, keep):
    k = scores.abs().argsort(descending=True, stable=True)[:keep].sort().values
    return up_weight[k], up_bias[k], down_weight[:, k]


# %% 12.6 wrong: the first columns
def narrower(up_weight, up_bias, down_weight, scores, keep):
    k = scores.argsort(descending=True, stable=True)[:keep].sort().values
    return up_weight[k], up_bias[k], down_weight[:, :keep]


# %% 12.6 wrong: the last of equals
def narrower(up_weight, up_bias, down_weight, scores, keep):
    k = scores.argsort(stable=True)[-keep:].sort().values
    return up_weight[k], up_bias[k], down_weight[:, k]


# %% 12.6 wrong: all above the last one kept
def narrower(up_weight, up_bias, down_weight, scores, keep):
    edge = scores.sort(descending=True).values[keep - 1]
    kept = scores >= edge
    return up_weight[kept], up_bias[kept], down_weight[:, kept]


# %% 12.6 wrong: topk
def narrower(up_weight, up_bias, down_weight, scores, keep):
    kept = scores.topk(keep).indices
    return up_weight[kept], up_bias[kept], down_weight[:, kept]


# %% 12.6 wrong: rows forgotten
def narrower(up_weight, up_bias, down_weight, scores, keep):
    kept = scores.argsort(descending=True, stable=True)[:keep].sort().values
    return up_weight, up_bias[kept], down_weight[:, kept]


# %% 12.6 wrong: only the side that reads
def narrower(up_weight, up_bias, down_weight, scores, keep):
    kept = scores.argsort(descending=True, stable=True)[:keep].sort().values
    return up_weight, up_bias, down_weight[:, kept]


# %% 12.6 wrong: columns best first
def narrower(up_weight, up_bias, down_weight, scores, keep):
    order = scores.argsort(descending=True, stable=True)[:keep]
    kept = order.sort().values
    return up_weight[kept], up_bias[kept], down_weight[:, order]


# %% 12.6 wrong: rows best first
def narrower(up_weight, up_bias, down_weight, scores, keep):
    order = scores.argsort(descending=True, stable=True)[:keep]
    return up_weight[order], up_bias[order], down_weight[:, order.sort().values]


# %% 12.6 right: a mask
def narrower(up_weight, up_bias, down_weight, scores, keep):
    ranked = sorted(range(len(scores)), key=lambda i: -scores[i].item())
    mask = torch.zeros(len(scores), dtype=torch.bool)
    mask[ranked[:keep]] = True
    return up_weight[mask], up_bias[mask], down_weight[:, mask]


# %% 12.6 right: one neuron after the other
def narrower(up_weight, up_bias, down_weight, scores, keep):
    ranked = sorted(range(len(scores)), key=lambda i: (-scores[i].item(), i))[:keep]
    kept = [i for i in range(len(scores)) if i in ranked]
    return (
        torch.stack([up_weight[i] for i in kept]),
        torch.stack([up_bias[i] for i in kept]),
        torch.stack([down_weight[:, i] for i in kept], dim=1),
    )


# %% 12.7 wrong: strictly worse in both
def pareto_front(sizes, accuracies):
    p = list(zip(sizes, accuracies))
    return [i for i, (s, a) in enumerate(p) if not any(t < s and b > a for t, b in p)]


# %% 12.7 wrong: equals are lost
def pareto_front(sizes, accuracies):
    n = range(len(sizes))
    return [
        i
        for i in n
        if not any(j != i and sizes[j] <= sizes[i] and accuracies[j] >= accuracies[i] for j in n)
    ]


# %% 12.7 wrong: the first of equals
def pareto_front(sizes, accuracies):
    order = sorted(range(len(sizes)), key=lambda i: (sizes[i], -accuracies[i], i))
    best, found = -1.0, []
    for i in order:
        if accuracies[i] > best:
            best = accuracies[i]
            found.append(i)
    return sorted(found)


# %% 12.7 wrong: sorted by size
def pareto_front(sizes, accuracies):
    p = list(zip(sizes, accuracies))
    found = [
        i
        for i, (s, a) in enumerate(p)
        if not any(t <= s and b >= a and (t, b) != (s, a) for t, b in p)
    ]
    return sorted(found, key=lambda i: (sizes[i], i))


# %% 12.7 wrong: the best alone
def pareto_front(sizes, accuracies):
    return [i for i, a in enumerate(accuracies) if a == max(accuracies)]


# %% 12.7 wrong: the smallest alone
def pareto_front(sizes, accuracies):
    return [i for i, s in enumerate(sizes) if s == min(sizes)]


# %% 12.7 wrong: larger is better
def pareto_front(sizes, accuracies):
    p = list(zip(sizes, accuracies))
    return [
        i
        for i, (s, a) in enumerate(p)
        if not any(t >= s and b >= a and (t, b) != (s, a) for t, b in p)
    ]


# %% 12.7 wrong: from one
def pareto_front(sizes, accuracies):
    p = list(zip(sizes, accuracies))
    return [
        i + 1
        for i, (s, a) in enumerate(p)
        if not any(t <= s and b >= a and (t, b) != (s, a) for t, b in p)
    ]


# %% 12.7 wrong: the neighbour
def pareto_front(sizes, accuracies):
    order = sorted(range(len(sizes)), key=lambda i: (sizes[i], -accuracies[i]))
    found = order[:1]
    for before, i in zip(order, order[1:]):
        if accuracies[i] > accuracies[before]:
            found.append(i)
    return sorted(found)


# %% 12.7 wrong: smaller and no less accurate
def pareto_front(sizes, accuracies):
    p = list(zip(sizes, accuracies))
    return [i for i, (s, a) in enumerate(p) if not any(t < s and b >= a for t, b in p)]


# %% 12.7 wrong: more accurate and no larger
def pareto_front(sizes, accuracies):
    p = list(zip(sizes, accuracies))
    return [i for i, (s, a) in enumerate(p) if not any(t <= s and b > a for t, b in p)]


# %% 12.7 right: sorted, equals thought of
def pareto_front(sizes, accuracies):
    order = sorted(range(len(sizes)), key=lambda i: (sizes[i], -accuracies[i]))
    best, found = None, []
    for i in order:
        own = (sizes[i], accuracies[i])
        if best is None or own[1] > best[1] or own == best:
            found.append(i)
            best = own
    return sorted(found)


# %% 12.7 right: with NumPy
def pareto_front(sizes, accuracies):
    s, a = np.array(sizes), np.array(accuracies)
    no_worse = (s[:, None] <= s) & (a[:, None] >= a)
    better = (s[:, None] < s) | (a[:, None] > a)
    return np.flatnonzero(~(no_worse & better).any(0)).tolist()


# %% 12.8 wrong: trained for its bits
what_to_ship = "a"


# %% 12.8 wrong: the smallest
what_to_ship = "b"


# %% 12.8 wrong: the safest
what_to_ship = "d"


# %% 12.8 right: nothing to mend
what_to_ship = "c"


# %% 12.8 right: in brackets
what_to_ship = "(C)"
