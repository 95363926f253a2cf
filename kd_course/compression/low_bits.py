"""Few bits a weight, with rounding inside the training: fake quantization, straight through.

The weight itself stays in float32 and goes on learning; what the layer multiplies with is its rounded
version. Real codes are packed when the training is over, and stand for the same numbers.

Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference, 2018; Bengio et al., Estimating or Propagating Gradients Through Stochastic Neurons, 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune

from kd_course.compression.magnitude_pruning import copied

PER = ("row", "tensor")
SHRUNK = tuple(i / 40 for i in range(8, 41))  # shares of the largest magnitude that are tried


def scales(weight: Tensor, bits: int, *, per: str = "row", fit: bool = False) -> Tensor:
    """How far apart two neighbouring codes are: weight ≈ code · scale, codes from -Q to Q.

    weight: (rows, columns); Q = 2**(bits - 1) - 1, so that two bits have the codes -1, 0 and 1.
    per: one scale for each "row", or for the whole "tensor". Returns (rows, 1) or (1, 1), 1 where all
    weights are 0.
    fit: False makes the largest magnitude the last code; True takes, of 33 smaller ones, the scale with
    the least squared error: what lies beyond the last code is cut off.
    Raises ValueError for bits outside 2 … 16, or another word for per.
    """
    if bits not in range(2, 17):
        raise ValueError(f"bits must lie in 2 … 16, but is {bits}")
    if per not in PER:
        raise ValueError(f'per must be "row" or "tensor", but is {per!r}')
    last = 2 ** (bits - 1) - 1
    rows = weight.detach() if per == "row" else weight.detach().reshape(1, -1)
    largest = rows.abs().amax(dim=1, keepdim=True)
    largest = torch.where(largest > 0, largest, float(last) * torch.ones_like(largest))
    if not fit:
        return largest / last
    tried = torch.stack([share * largest / last for share in SHRUNK])  # (tried, rows, 1)
    errors = torch.stack(
        [((rows / s).round().clamp(-last, last) * s - rows).square().sum(1) for s in tried]
    )
    return tried[errors.argmin(0), torch.arange(len(rows))]


def rounded(weight: Tensor, scale: Tensor, bits: int) -> Tensor:
    """The weight that its codes stand for, with a slope of 1 where nothing is cut off.

    scale: what `scales` gives, a constant. Rounding has no slope of its own: the gradient passes as if
    it were not there, and is 0 beyond the last code.
    """
    return _StraightThrough.apply(weight, scale, 2 ** (bits - 1) - 1)


class _StraightThrough(torch.autograd.Function):
    """Round and clamp on the way forward; on the way back, a mask of what was not clamped."""

    @staticmethod
    def forward(context: Any, weight: Tensor, scale: Tensor, last: int) -> Tensor:  # type: ignore[override]
        codes = weight / scale
        # half a code beyond the last one still rounds to it
        context.save_for_backward(codes.abs() <= last + 0.5)
        return codes.round().clamp(-last, last) * scale

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        (inside,) = context.saved_tensors
        return gradient * inside, None, None


class FakeQuantized(nn.Module):
    """What a layer's weight passes through: `torch.nn.utils.parametrize` calls it at every use."""

    def __init__(self, bits: int, per: str, fit: bool):
        super().__init__()
        self.bits, self.per, self.fit = bits, per, fit

    def forward(self, weight: Tensor) -> Tensor:
        scale = scales(weight, self.bits, per=self.per, fit=self.fit)
        return rounded(weight, scale, self.bits)


def fake_quantized(
    model: nn.Module,
    bits: int,
    *,
    per: str = "row",
    fit: bool = False,
    leave: Sequence[str] = ("classifier",),
) -> nn.Module:
    """A copy whose linear layers and look-up tables compute with weights of so many bits.

    per, fit: as in `scales`, which is asked anew at every call, since the weights move. leave: a
    module whose name has one of these parts stays as it is; biases and normalisation stay anyway.
    The copy can be trained: gradients pass straight through. Raises ValueError for a pruned model, in
    which the masks compute the weights already.
    """
    if prune.is_pruned(model):
        raise ValueError("model is pruned, and its masks compute its weights: make_permanent first")
    smaller = copied(model)
    for _, module in _quantizable(smaller, leave):
        parametrize.register_parametrization(module, "weight", FakeQuantized(bits, per, fit))
    return smaller


def rounded_for_good(model: nn.Module) -> nn.Module:
    """The same model with its rounded weights written in, and nothing computed any more; returns it."""
    for module in model.modules():
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    return model


def bytes_at(
    model: nn.Module, bits: int, *, per: str = "row", leave: Sequence[str] = ("classifier",)
) -> int:
    """What a model of float32 would take on disk, were its weights packed in so many bits.

    Each quantized matrix takes its codes, eight bits to a byte with the last one filled up, and a
    float32 a scale; all else four bytes a number, as it is. Masks of pruning count for nothing.
    """
    stored = (_stored_weight(module) for _, module in _quantizable(model, leave))
    matrices = {id(weight): weight for weight in stored}
    total = sum(4 * p.numel() for p in model.parameters() if id(p) not in matrices)
    for weight in matrices.values():
        total += -(-weight.numel() * bits // 8) + 4 * (len(weight) if per == "row" else 1)
    return total


def _stored_weight(module: nn.Module) -> nn.Parameter:
    """A layer's weight, or what it is computed from: pruning and rounding keep that beside it."""
    names = ("weight", "weight_orig", "parametrizations.weight.original")
    held = dict(module.named_parameters())
    return next(held[name] for name in names if name in held)


def _quantizable(model: nn.Module, leave: Sequence[str]) -> list[tuple[str, Any]]:
    kinds = (nn.Linear, nn.Embedding)
    return [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, kinds) and not set(leave) & set(name.split("."))
    ]
