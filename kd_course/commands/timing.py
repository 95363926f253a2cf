"""Two ways of doing a thing, timed in turns: A B A B …, so that what else the machine does falls on both."""

from __future__ import annotations

import math
import os
import platform
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
import transformers
from transformers import PrinterCallback, Trainer

from kd_course.distillation import training_arguments


@dataclass(frozen=True)
class Ratio:
    """How many times as long (or as fast) one way is as another, in every pair of timings."""

    name: str
    ratios: list[float]
    at_most: float | None = None
    at_least: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the median of all such pairs lies, with 95 % or more; None for fewer than six pairs.

        A pair is above that median as often as below it, however the ratios are spread. So the median is
        below the smallest ratio, or above the largest, as rarely as all coins fall on one side.
        """
        ordered, pairs = sorted(self.ratios), len(self.ratios)
        interval = None
        for left_out in range((pairs + 1) // 2):  # of the smallest, and of the largest
            missed = 2 * sum(math.comb(pairs, i) for i in range(left_out + 1)) / 2**pairs
            if missed <= 0.05:
                interval = ordered[left_out], ordered[-1 - left_out]
        return interval

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return "none" if self.at_least is None else f"at least {self.at_least:g}"

    @property
    def met(self) -> bool:
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= self.median <= high

    def as_dict(self) -> dict[str, Any]:
        found = {"median": self.median, "interval": self.interval}
        return {**asdict(self), **found, "target": self.target, "met": self.met}

    def row(self) -> tuple[str, ...]:
        """Its row of the printed table: name, median, interval, pairs, target."""
        verdict = (
            "" if self.target == "none" else f"{self.target}: {'met' if self.met else 'MISSED'}"
        )
        interval = "–" if self.interval is None else "{:.2f} – {:.2f}".format(*self.interval)
        return self.name, f"{self.median:.2f}", interval, str(len(self.ratios)), verdict


def paired(
    way: Callable[[int], float],
    other: Callable[[int], float],
    pairs: int,
    tick: Callable[[], object] = lambda: None,
) -> list[float]:
    """The ratios of so many pairs of timings; a first pair, which warms up, does not count.

    way, other: of a turn's number -> seconds, or anything else that is compared. tick: called after each pair.
    """
    found = []
    for turn in range(pairs + 1):
        found.append(way(turn) / other(turn))
        tick()
    return found[1:]


def trainer_of(kind: type[Trainer], *, batch: int, **options: Any) -> Trainer:
    """A trainer that keeps and prints nothing, for one epoch of batches in the rows' order.

    options: of the trainer; those of its arguments under `arguments`.
    """
    arguments = {"train_sampling_strategy": "sequential", "num_train_epochs": 1}
    arguments |= {"per_device_train_batch_size": batch, "disable_tqdm": True}
    nowhere = os.path.join(tempfile.gettempdir(), "kd_course_bench")  # nothing is kept there
    arguments |= options.pop("arguments", {})
    trainer = kind(args=training_arguments(nowhere, **arguments), **options)
    trainer.remove_callback(PrinterCallback)
    return trainer


def seconds_an_example(trainer: Trainer) -> float:
    """Of one epoch, as the library measures it: from the first batch to the last."""
    return trainer.train().metrics["train_runtime"] / len(trainer.train_dataset)


def machine() -> dict[str, str]:
    """What the figures were measured on, and how busy it was."""
    cuda = torch.cuda.is_available()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "device": torch.cuda.get_device_name() if cuda else platform.machine(),
        "cores": f"{os.cpu_count()}, {torch.get_num_threads()} used",
        "load": load,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
