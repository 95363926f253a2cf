"""Weights in eight bits: bytes saved, and time as well where there are kernels made for it.

What is here is weight-only: the arithmetic itself stays in float32, so it saves bytes, not time. Time
needs kernels made for it (`with_int8_kernels`, or `onnx_model.int8_onnx`).

Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference, 2018.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kd_course.compression.magnitude_pruning import copied, make_permanent


def quantize_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Eight-bit whole numbers for a matrix, and one scale a row to get back: weight ≈ codes · scale.

    weight: (rows, columns). Returns codes, int8 in [-127, 127], and scale, (rows, 1): each row's
    largest magnitude over 127 (1 for a row of zeros). Rounding errs by at most half a scale.
    """
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    codes = (weight / scale).round().clamp(-127, 127).to(torch.int8)
    return codes, scale


class Int8Linear(nn.Module):
    """A linear layer that keeps its weight as int8 and widens it whenever it is called."""

    codes: Tensor  # (out, in)
    scale: Tensor  # (out, 1)

    def __init__(self, layer: nn.Linear):
        super().__init__()
        codes, scale = quantize_rows(layer.weight.detach())
        self.register_buffer("codes", codes)
        self.register_buffer("scale", scale)
        self.bias = layer.bias

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.codes * self.scale, self.bias)


class Int8Embedding(nn.Module):
    """A look-up table that keeps its rows as int8 and widens only those that are asked for."""

    codes: Tensor  # (entries, width)
    scale: Tensor  # (entries, 1)

    def __init__(self, table: nn.Embedding):
        super().__init__()
        codes, scale = quantize_rows(table.weight.detach())
        self.register_buffer("codes", codes)
        self.register_buffer("scale", scale)

    def forward(self, ids: Tensor) -> Tensor:
        return self.codes[ids] * self.scale[ids]


def int8(model: nn.Module) -> nn.Module:
    """A copy, in eval mode, whose linear layers and look-up tables hold int8 weights.

    Everything else (biases, normalisation) and all arithmetic stays in float32. For inference: the
    codes have no gradient. Of a pruned model the zeros are codes, and no mask is kept.
    """
    smaller = copied(model)
    kinds = {nn.Linear: Int8Linear, nn.Embedding: Int8Embedding}
    for module in list(smaller.modules()):
        for name, child in list(module.named_children()):
            if type(child) in kinds:
                setattr(module, name, kinds[type(child)](child))
    return smaller.eval()


def with_int8_kernels(model: nn.Module) -> nn.Module | None:
    """A copy, in eval mode, whose linear layers multiply in int8, by the package torchao.

    Inputs are quantized on the fly, row by row. None where torchao is not installed: the course
    does not need it. The copy is compiled in its first calls, which takes a C++ compiler and a
    minute or more; not compiled, it would be slower than float32.
    """
    try:
        from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_
    except ModuleNotFoundError:
        return None
    faster = make_permanent(copied(model)).eval()
    # Inductor's settings are this process's, not the copy's: they stay as they are.
    quantize_(faster, Int8DynamicActivationInt8WeightConfig(set_inductor_config=False))
    faster.compile(dynamic=True)
    return faster
