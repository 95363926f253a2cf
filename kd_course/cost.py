"""What a model costs: parameters, bytes, multiply-adds, latency and throughput."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import nn


def parameters(model: nn.Module, *, embeddings: bool = True) -> int:
    """How many numbers the model learns; shared ones count once.

    embeddings: whether look-up tables count. Looking up takes next to no time; but a table that is
    the output layer, too, is multiplied whole for every token written, and is left out with them.
    """
    from torch import nn

    tables = {id(p) for m in model.modules() if isinstance(m, nn.Embedding) for p in m.parameters()}
    return sum(p.numel() for p in model.parameters() if embeddings or id(p) not in tables)


def size_in_bytes(model: nn.Module) -> int:
    """The bytes its parameters and stored buffers take, in memory as on disk; shared ones once."""
    tensors = {t.data_ptr(): t for t in model.state_dict().values()}
    return sum(t.numel() * t.element_size() for t in tensors.values())


def multiply_adds(model: nn.Module, inputs: Mapping[str, torch.Tensor]) -> int:
    """The multiply-adds of the matrix products in one forward pass, as PyTorch counts them.

    inputs: what the model is called with; for one sentence, a batch of one. A multiply-add is two
    floating-point operations. Softmax, normalisation and look-ups are not counted; nor, on the
    CPU, are attention's own two products, which run there as one fused kernel that PyTorch's
    counter does not know (a few per cent at the length of a headline).
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    was_training = model.training
    model.eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(**inputs)
    model.train(was_training)
    return counter.get_total_flops() // 2


def latency(call: Callable[[], object], *, repeats: int = 50, warm_up: int = 5) -> dict[str, float]:
    """How long one call takes, in milliseconds: the median (p50) and the slow tail (p95).

    On a GPU the queue is emptied around each call, so that the work is timed, not its submission.
    """
    import torch

    settle = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    for _ in range(warm_up):
        call()
    times = []
    for _ in range(repeats):
        settle()
        start = time.perf_counter()
        call()
        settle()
        times.append(1e3 * (time.perf_counter() - start))
    return {"p50": float(np.percentile(times, 50)), "p95": float(np.percentile(times, 95))}
