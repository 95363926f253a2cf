"""A model's weights in a file, sparse ones packed, and how many bytes that takes."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn


def save(model: nn.Module, path: str | Path, *, sparse: bool = False) -> int:
    """Write a model's weights to a file; returns how many bytes the file takes.

    sparse: a matrix with zeros is written as one bit an entry, saying where something stands, and
    the entries that are not zero; as it is where that would take more. A tensor of two names, as a
    decoder's embeddings that are its output layer too, is written once.
    """
    tensors, shapes, shared = {}, {}, {}
    first: dict[tuple, str] = {}  # where a tensor lies in memory, and its first name
    for name, tensor in model.state_dict().items():
        tensor = tensor.detach()
        place = (tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
        if tensor.numel() and first.setdefault(place, name) != name:
            shared[name] = first[place]
            continue
        tensor = tensor.contiguous()
        full = tensor != 0
        packed = full.sum().item() * tensor.element_size() + -(-tensor.numel() // 8)
        if sparse and packed < tensor.numel() * tensor.element_size():
            tensors[f"{name}:values"] = tensor[full]
            tensors[f"{name}:where"] = _pack(full)
            shapes[name] = list(tensor.shape)
        else:
            tensors[name] = tensor
    metadata = {"shapes": json.dumps(shapes)}
    if shared:
        metadata["shared"] = json.dumps(shared)
    save_file(tensors, path, metadata=metadata)
    return Path(path).stat().st_size


def load(model: nn.Module, path: str | Path) -> nn.Module:
    """Fill a model of the same shape with the weights that `save` wrote; returns it."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        shapes = json.loads(metadata["shapes"])
        state = {name: file.get_tensor(name) for name in file.keys() if ":" not in name}  # noqa: SIM118
        for name, shape in shapes.items():
            values = file.get_tensor(f"{name}:values")
            tensor = torch.zeros(shape, dtype=values.dtype)
            tensor[_unpack(file.get_tensor(f"{name}:where"), shape)] = values
            state[name] = tensor
    for name, other in json.loads(metadata.get("shared", "{}")).items():
        state[name] = state[other]
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
