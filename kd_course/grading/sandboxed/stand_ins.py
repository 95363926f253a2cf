"""What runs in place of a part of torch that cannot work where there are no sockets: the same, by itself.

Workers of a DataLoader hand tensors over as descriptors, through sockets, and the box has none: the
loader would wait for them until its time is up. So it loads without workers, which gives the same
batches. (That `torch.compile` compiles nothing is said by a variable; see isolation.py.)
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

# What is said of workers, and what a DataLoader without any must be given instead.
_ALONE = {
    "num_workers": 0,
    "timeout": 0,
    "multiprocessing_context": None,
    "prefetch_factor": None,
    "persistent_workers": False,
}


def install() -> None:
    """Have every DataLoader of this process, and of those that are forked from it, load by itself."""
    from torch.utils.data import DataLoader

    real = DataLoader.__init__
    signature = inspect.signature(real)

    @functools.wraps(real)
    def alone(*args: Any, **named: Any) -> None:
        given = signature.bind(*args, **named)
        given.arguments |= {name: _ALONE[name] for name in given.arguments.keys() & _ALONE.keys()}
        real(*given.args, **given.kwargs)

    DataLoader.__init__ = alone  # type: ignore[method-assign]
