"""Whole heads and whole neurons left out: what remains is dense, smaller, and faster on any machine.

Michel, Levy & Neubig, Are Sixteen Heads Really Better than One?, 2019; Molchanov et al., Importance
Estimation for Neural Network Pruning, 2019.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from kd_course.compression.magnitude_pruning import copied
from kd_course.models.layers import layer_stack
from kd_course.modes import eval_mode

Importance = list[dict[str, Tensor]]


def importance(model: nn.Module, batches: Iterable[Mapping[str, Tensor]]) -> Importance:
    """How much the loss would change, to first order, were a head or a neuron not there.

    batches: with `labels`, as the model takes them; its own loss is used, in eval mode.
    Returns, for every layer, "heads" (heads,) and "neurons" (intermediate width,): the sum over batches
    of |Σ w · ∂loss/∂w| over the weights by which its output is read.
    Raises ValueError for a pruned model, in which these weights are computed and keep no gradient.
    """
    if prune.is_pruned(model):
        raise ValueError("model is pruned, and its masks compute its weights: make_permanent first")
    found = [
        {"heads": torch.zeros(heads), "neurons": torch.zeros(layer.output.dense.in_features)}
        for layer in _layers(model)
        for heads in [layer.attention.self.num_attention_heads]
    ]
    with eval_mode(model):
        for batch in batches:
            model.zero_grad()
            model(**batch).loss.backward()
            for layer, scores in zip(_layers(model), found, strict=True):
                for name, reader in (
                    ("heads", layer.attention.output.dense.weight),
                    ("neurons", layer.output.dense.weight),
                ):
                    each = (reader * reader.grad).sum(0)  # one number a column
                    scores[name] += each.view(len(scores[name]), -1).sum(1).abs().detach().cpu()
    model.zero_grad()
    return found


def narrowed(model: nn.Module, scores: Importance, *, heads: int, neurons: int) -> nn.Module:
    """A copy that keeps, in every layer, the so many heads and neurons with the highest scores.

    scores: from `importance`. Those that stay keep their order. Rows and biases go with whatever they
    made, columns with whatever read it. A pruned weight goes with its zeros and without its mask. Raises
    ValueError for more than there are, or none.
    """
    smaller = copied(model)
    for layer, score in zip(_layers(smaller), scores, strict=True):
        for name, number in (("heads", heads), ("neurons", neurons)):
            if not 1 <= number <= len(score[name]):
                raise ValueError(f"{name} must lie in 1 … {len(score[name])}, but is {number}")
        attention = layer.attention.self
        width = attention.attention_head_size
        kept = _best(score["heads"], heads)
        places = (kept[:, None] * width + torch.arange(width)).flatten()
        for name in ("query", "key", "value"):
            setattr(attention, name, _rows(getattr(attention, name), places))
        layer.attention.output.dense = _columns(layer.attention.output.dense, places)
        attention.num_attention_heads, attention.all_head_size = heads, heads * width
        kept = _best(score["neurons"], neurons)
        layer.intermediate.dense = _rows(layer.intermediate.dense, kept)
        layer.output.dense = _columns(layer.output.dense, kept)
    return smaller


def _best(scores: Tensor, number: int) -> Tensor:
    return scores.topk(number).indices.sort().values


def _rows(layer: nn.Linear, kept: Tensor) -> nn.Linear:
    return _linear(layer.weight[kept], layer.bias[kept])


def _columns(layer: nn.Linear, kept: Tensor) -> nn.Linear:
    return _linear(layer.weight[:, kept], layer.bias)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype, device=weight.device)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer


def _layers(model: nn.Module) -> Any:
    stack, _ = layer_stack(model)
    if not hasattr(stack[0], "intermediate"):
        raise ValueError(
            f"only layers of BERT's kind can be narrowed here, not those of {type(model).__name__}"
        )
    return stack
