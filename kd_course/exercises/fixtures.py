"""What an exercise's cases may have made for an attempt: modules and optimizers, from plain values.

Made("student", "kd_course.exercises.fixtures.linear", (weight,))
Made("optimizer", "kd_course.exercises.fixtures.sgd", (Handle("student"), 0.1))
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def linear(weight: Tensor, bias: Tensor | None = None) -> nn.Linear:
    """A linear layer with these weights. weight: (outputs, inputs); bias: (outputs,), or none."""
    outputs, inputs = weight.shape
    layer = nn.Linear(inputs, outputs, bias=bias is not None, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer


def sgd(module: nn.Module, learning_rate: float) -> torch.optim.SGD:
    """Plain gradient descent over a module's parameters."""
    return torch.optim.SGD(module.parameters(), lr=learning_rate)


def linear_with_frozen_bias(weight: Tensor, bias: Tensor) -> nn.Linear:
    """A linear layer whose bias is not meant to be trained."""
    layer = linear(weight, bias)
    layer.bias.requires_grad_(False)
    return layer


def tied_to(other: nn.Linear, bias: Tensor) -> nn.Linear:
    """A linear layer whose weight is another layer's own, not a copy of it; the bias is not."""
    layer = linear(other.weight.detach(), bias)
    layer.weight = other.weight
    return layer


def under(name: str, layer: nn.Module) -> nn.ModuleDict:
    """A module that holds this layer under a name, which its parameters' names begin with."""
    return nn.ModuleDict({name: layer})


def sgd_over(learning_rate: float, *modules: nn.Module) -> torch.optim.SGD:
    """Plain gradient descent over several modules, a group of parameters each."""
    groups = [{"params": list(module.parameters())} for module in modules]
    return torch.optim.SGD(groups, lr=learning_rate)


def sgd_over_weights(learning_rate: float, *modules: nn.Linear) -> torch.optim.SGD:
    """Plain gradient descent over the weights of several layers, a group each; over no bias."""
    return torch.optim.SGD([{"params": [each.weight]} for each in modules], lr=learning_rate)


class TinyEncoder(nn.Module):
    """Words to vectors, made from a config as transformers' models are: {"words", "width"}."""

    def __init__(self, config: dict):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config["words"], config["width"])
        self.dropout = nn.Dropout(0.5)
        self.layer = nn.Linear(config["width"], config["width"])
        self.classifier = nn.Linear(config["width"], 2)

    def forward(self, ids: Tensor) -> Tensor:
        return self.classifier(self.dropout(self.layer(self.embedding(ids))))

    # A check compares modules by their state: mode and config belong to it, so that an answer which
    # leaves a teacher in train mode, or edits the config that both models share, is seen.

    def get_extra_state(self) -> dict:
        return {"training": self.training, "config": dict(self.config)}

    def set_extra_state(self, state: dict) -> None:
        """A state that is loaded brings weights only, as with any other model."""


def trained_encoder(words: int, width: int, weight: Tensor) -> TinyEncoder:
    """A TinyEncoder in eval mode whose layer and classifier have been trained. weight: (width, width)."""
    encoder = TinyEncoder({"words": words, "width": width})
    with torch.no_grad():
        encoder.embedding.weight.copy_(weight.repeat(words, 1)[:words])
        encoder.layer.weight.copy_(weight)
        encoder.classifier.weight.copy_(weight[:2])
        for part in (encoder.layer, encoder.classifier):
            part.bias.zero_()
    return encoder.eval()
