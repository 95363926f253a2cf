"""Smaller without another architecture: weights left out, weights in eight bits, and their bytes.

Both take a trained model and change its weights; neither needs a teacher, and neither changes how
many layers there are or how wide they are. What is here is weight-only: the arithmetic itself
stays in float32, so it saves bytes, not time. Time needs kernels made for it (`with_int8_kernels`).

Han et al., Learning both Weights and Connections for Efficient Neural Networks, 2015 (pruning);
Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference, 2018 (int8).
"""

from __future__ import annotations

import copy
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import prune

# -- pruning ----------------------------------------------------------------------------------


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


# -- int8 -------------------------------------------------------------------------------------


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
    codes have no gradient.
    """
    smaller = copy.deepcopy(model)
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
    faster = copy.deepcopy(model).eval()
    # Inductor's settings are this process's, not the copy's: they stay as they are.
    quantize_(faster, Int8DynamicActivationInt8WeightConfig(set_inductor_config=False))
    faster.compile(dynamic=True)
    return faster


# -- on disk ----------------------------------------------------------------------------------


def save(model: nn.Module, path: str | Path, *, sparse: bool = False) -> int:
    """Write a model's weights to a file; returns how many bytes the file takes.

    sparse: a matrix with zeros is written as one bit an entry, saying where something stands, and
    the entries that are not zero; as it is where that would take more.
    """
    tensors, shapes = {}, {}
    for name, tensor in model.state_dict().items():
        tensor = tensor.detach().contiguous()
        full = tensor != 0
        packed = full.sum().item() * tensor.element_size() + -(-tensor.numel() // 8)
        if sparse and packed < tensor.numel() * tensor.element_size():
            tensors[f"{name}:values"] = tensor[full]
            tensors[f"{name}:where"] = _pack(full)
            shapes[name] = list(tensor.shape)
        else:
            tensors[name] = tensor
    save_file(tensors, path, metadata={"shapes": json.dumps(shapes)})
    return Path(path).stat().st_size


def load(model: nn.Module, path: str | Path) -> nn.Module:
    """Fill a model of the same shape with the weights that `save` wrote; returns it."""
    with safe_open(path, "pt") as file:
        shapes = json.loads(file.metadata()["shapes"])
        state = {name: file.get_tensor(name) for name in file.keys() if ":" not in name}  # noqa: SIM118
        for name, shape in shapes.items():
            values = file.get_tensor(f"{name}:values")
            tensor = torch.zeros(shape, dtype=values.dtype)
            tensor[_unpack(file.get_tensor(f"{name}:where"), shape)] = values
            state[name] = tensor
    model.load_state_dict(state)
    return model


def bytes_on_disk(model: nn.Module, *, sparse: bool = False) -> int:
    """What a model's weights take in a file: they are written to one, which is then deleted."""
    with tempfile.TemporaryDirectory() as folder:
        return save(model, Path(folder, "model.safetensors"), sparse=sparse)


def _pack(mask: Tensor) -> Tensor:
    """Eight booleans to a byte, (ceil(entries / 8),)."""
    return torch.from_numpy(np.packbits(mask.cpu().numpy()))


def _unpack(packed: Tensor, shape: list[int]) -> Tensor:
    bits = np.unpackbits(packed.numpy(), count=math.prod(shape))
    return torch.from_numpy(bits).bool().reshape(shape)
