"""Weights left out, one by one: the smallest become zeros, and stay zeros in training.

Han et al., Learning both Weights and Connections for Efficient Neural Networks, 2015.
"""

from __future__ import annotations

import copy

from torch import nn
from torch.nn.utils import prune


def weight_matrices(model: nn.Module) -> list[tuple[nn.Module, str]]:
    """Where nearly all of a model's bytes are: the weights of its linear layers and look-up tables."""
    kinds = (nn.Linear, nn.Embedding)
    return [(module, "weight") for module in model.modules() if isinstance(module, kinds)]


def pruned(model: nn.Module, sparsity: float) -> nn.Module:
    """A copy whose smallest weights are 0, and stay 0 when it is trained on: magnitude pruning.

    sparsity: the share of all weights (of linear layers and look-up tables together) to set to
    zero, in [0, 1). One threshold for all layers, so that some lose more than others.
    The masks are held by torch.nn.utils.prune; `make_permanent` ends that.
    Raises ValueError for a sparsity outside [0, 1).

    Han et al., 2015; Gordon et al., Compressing BERT, 2020.
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity must lie in [0, 1), but is {sparsity:g}")
    smaller = copy.deepcopy(model)
    prune.global_unstructured(
        weight_matrices(smaller), pruning_method=prune.L1Unstructured, amount=float(sparsity)
    )
    return smaller


def make_permanent(model: nn.Module) -> nn.Module:
    """The same model with its zeros written into the weights and no mask kept; returns it."""
    for module, name in weight_matrices(model):
        if prune.is_pruned(module):
            prune.remove(module, name)
    return model


def sparsity(model: nn.Module) -> float:
    """The share of zeros among the weights of linear layers and look-up tables."""
    weights = [getattr(module, name) for module, name in weight_matrices(model)]
    return sum((w == 0).sum().item() for w in weights) / sum(w.numel() for w in weights)
