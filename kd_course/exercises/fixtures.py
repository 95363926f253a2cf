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
