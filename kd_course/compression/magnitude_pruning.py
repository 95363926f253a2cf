"""Weights left out, one by one: the smallest become zeros, and stay zeros in training.

Han et al., Learning both Weights and Connections for Efficient Neural Networks, 2015.
"""

from __future__ import annotations

import copy

from torch import nn
from torch.nn.utils import parametrize, prune


def weight_matrices(model: nn.Module) -> list[tuple[nn.Module, str]]:
    """Where nearly all of a model's bytes are: the weights of its linear layers and look-up tables."""
    kinds = (nn.Linear, nn.Embedding)
    return [(module, "weight") for module in model.modules() if isinstance(module, kinds)]


def copied(model: nn.Module) -> nn.Module:
    """A deep copy, also of a model whose masks torch.nn.utils.prune holds, which deepcopy alone refuses.

    Such a layer's weight is computed, weight_orig · weight_mask, whenever the layer is called, and so has
    a history. It is left out of the copying, and computed anew in the copy: after a step of training it
    is up to date there, too.
    """
    masks = [(module, hook) for module in model.modules() for hook in _masks(module)]
    # What stands in the memo counts as copied already.
    computed = [getattr(module, hook._tensor_name) for module, hook in masks]
    twin = copy.deepcopy(model, {id(weight): weight.detach() for weight in computed})
    for module in twin.modules():
        for hook in _masks(module):
            setattr(module, hook._tensor_name, hook.apply_mask(module))
    return twin


def _masks(module: nn.Module) -> list[prune.BasePruningMethod]:
    hooks = module._forward_pre_hooks.values()
    return [hook for hook in hooks if isinstance(hook, prune.BasePruningMethod)]


def pruned(model: nn.Module, sparsity: float) -> nn.Module:
    """A copy whose smallest weights are 0, and stay 0 when it is trained on: magnitude pruning.

    sparsity: the share of all weights (of linear layers and look-up tables together) to set to
    zero, in [0, 1). One threshold for all layers, so that some lose more than others.
    The masks are held by torch.nn.utils.prune; `make_permanent` ends that. A pruned model may be pruned
    again, after more training or at once: what was left out stays out, and counts in the share.
    Raises ValueError for a sparsity outside [0, 1), and for a model of `fake_quantized`'s.

    Han et al., 2015; Gordon et al., Compressing BERT, 2020.
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity must lie in [0, 1), but is {sparsity:g}")
    smaller = copied(model)
    weights = weight_matrices(smaller)
    if any(parametrize.is_parametrized(module, name) for module, name in weights):
        raise ValueError(
            "model computes its weights by rounding: rounded_for_good first, then prune"
        )
    entries = sum(getattr(module, name).numel() for module, name in weights)
    masks = [getattr(module, f"{name}_mask", None) for module, name in weights]
    out = sum(int((mask == 0).sum()) for mask in masks if mask is not None)
    # torch counts a share of what no mask leaves out yet; a number it takes as it is.
    further = max(0, round(sparsity * entries) - out)
    prune.global_unstructured(weights, pruning_method=prune.L1Unstructured, amount=further)
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
