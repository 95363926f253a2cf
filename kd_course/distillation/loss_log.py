"""The log of a training: the parts of the loss beside their mixture, over the same steps."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers import Trainer


class LossPartsInLog(Trainer):
    """A Trainer that logs the parts of its loss as well; what they are, the trainer made from it notes."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self._parts: dict[str, Tensor] = {}  # summed since they were last logged

    def _note(self, parts: dict[str, Tensor]) -> None:
        """Add what a batch contributes to its optimiser step, in this process."""
        if not self._parts:
            self._noted_from = self.state.global_step
        for name, part in parts.items():
            self._parts[name] = self._parts.get(name, 0.0) + part.detach()

    def log(self, logs: dict[str, float], *args: Any, **options: Any) -> None:
        """Log as the library does; beside a training loss, the mean of its parts a step."""
        if "loss" in logs and self._parts:
            steps = self.state.global_step - self._noted_from
            for name, total in self._parts.items():
                logs[name] = self.accelerator.gather(total).mean().item() / steps
            self._parts = {}
        super().log(logs, *args, **options)

    def train(self, *args: Any, **options: Any):
        """Train as the library does; what an interrupted training noted is forgotten."""
        self._parts = {}
        return super().train(*args, **options)
