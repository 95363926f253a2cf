"""One matrix as the product of two thin ones: fewer numbers, and fewer multiply-adds.

Eckart & Young, The Approximation of One Matrix by Another of Lower Rank, 1936; Ben Noach & Goldberg,
Compressing Pre-trained Language Models by Matrix Decomposition, 2020.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from kd_course.compression.magnitude_pruning import copied
from kd_course.divergences import in_full_precision
from kd_course.models.layers import layer_stack


def break_even_rank(outputs: int, inputs: int) -> float:
    """The rank at which two factors hold as many numbers as the matrix: m·n / (m + n)."""
    return outputs * inputs / (outputs + inputs)


def rank_for(outputs: int, inputs: int, share: float) -> int:
    """The largest rank whose two factors hold at most this share of the matrix's numbers; 1 at least.

    Raises ValueError for a share outside (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must lie in (0, 1], but is {share:g}")
    return max(1, int(share * break_even_rank(outputs, inputs) + 1e-9))


def split(layer: nn.Linear, rank: int) -> nn.Sequential:
    """The layer as two: down to `rank` numbers without a bias, and up again with the layer's own.

    The product of the two weights is the nearest matrix of that rank, in squared error; each has the
    square root of the singular values, so that neither learns at another pace than the other.
    Both keep the layer's dtype and device; the factors of a layer in half precision are found in float32.
    Raises ValueError for a rank that the weight cannot have.
    """
    outputs, inputs = layer.weight.shape
    if not 1 <= rank <= min(outputs, inputs):
        raise ValueError(f"rank must lie in 1 … {min(outputs, inputs)}, but is {rank}")
    weight = layer.weight.detach()
    u, s, vh = torch.linalg.svd(in_full_precision(weight, "weight"), full_matrices=False)
    root = s[:rank].sqrt()
    kind: dict[str, Any] = {"dtype": weight.dtype, "device": weight.device}
    down = nn.Linear(inputs, rank, bias=False, **kind)
    up = nn.Linear(rank, outputs, bias=layer.bias is not None, **kind)
    with torch.no_grad():
        down.weight.copy_(root[:, None] * vh[:rank])
        up.weight.copy_(u[:, :rank] * root)
        if layer.bias is not None:
            up.bias.copy_(layer.bias)
    return nn.Sequential(down, up)


def low_rank(model: nn.Module, share: float) -> nn.Module:
    """A copy whose encoder layers' linear maps are split, each into factors of at most that share.

    share: of each weight's numbers, in (0, 1]. Look-up tables, the pooler and the head stay. A pruned
    weight is split with its zeros in it, and its factors have no mask. Raises ValueError for a share
    outside, or an encoder not known here.
    """
    smaller = copied(model)
    stack, _ = layer_stack(smaller)
    for module in list(stack.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                rank = rank_for(child.out_features, child.in_features, share)
                setattr(module, name, split(child, rank))
    return smaller
