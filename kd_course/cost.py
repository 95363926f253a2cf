"""What a model costs: parameters, bytes, multiply-adds, latency and throughput."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from kd_course.modes import eval_mode

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
    floating-point operations. Attention's own two products are counted, queries with keys and
    weights with values: for the count they run one by one instead of in one fused kernel, of which
    PyTorch's counter knows some and not others. Softmax, normalisation and look-ups are not.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with eval_mode(model), torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        model(**inputs)
    return counter.get_total_flops() // 2


def latency(call: Callable[[], object], *, repeats: int = 50, warm_up: int = 5) -> dict[str, float]:
    """How long one call takes, in milliseconds: the median (p50) and the slow tail (p95).

    The clock is PyTorch's own: on a GPU it waits for the work that was submitted before it reads.
    """
    from torch.utils import benchmark

    for _ in range(warm_up):
        call()
    # Not benchmark.Timer: for every single call that it times, it makes two more to warm up.
    seconds = timeit.repeat(call, repeat=repeats, number=1, timer=benchmark.timer)
    p50, p95 = np.percentile(seconds, [50, 95])
    return {"p50": 1e3 * float(p50), "p95": 1e3 * float(p95)}
