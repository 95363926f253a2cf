"""The order of the rows: the same whatever was computed before, and in an evaluation their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import RandomSampler, Sampler
from transformers import Trainer
from transformers.trainer_pt_utils import LengthGroupedSampler


class SeededLengthGroups(LengthGroupedSampler):
    """The library's order by length, drawn from the seed and the epoch alone.

    The library's own draws from the generator that dropout uses too: an epoch's order would then
    depend on all that was computed before it, and a resumed run would see another one.
    """

    def __init__(self, batch_size: int, *, lengths: list[int], seed: int):
        super().__init__(batch_size, lengths=lengths, generator=torch.Generator())
        self.seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self):
        self.generator.manual_seed(self.seed + self.epoch)
        return super().__iter__()


class SeededShuffle(Sampler[int]):
    """A random order of the rows, drawn from the seed and the epoch alone.

    Not a RandomSampler: accelerate would put its own in its place, whose seed is whatever torch was
    seeded with last.
    """

    def __init__(self, rows: int, *, seed: int):
        self.rows, self.seed, self.epoch = rows, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        yield from torch.randperm(self.rows, generator=generator).tolist()


class RowsInSeededOrder(Trainer):
    """A Trainer whose training rows come in an order that its seed alone decides.

    By length, at random (the library's default) or as they are: `args.train_sampling_strategy` says.
    """

    def _get_train_sampler(self, train_dataset: Any = None):
        sampler = super()._get_train_sampler(train_dataset)
        seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
        if type(sampler) is LengthGroupedSampler:
            return SeededLengthGroups(sampler.batch_size, lengths=sampler.lengths, seed=seed)
        if type(sampler) is RandomSampler:
            return SeededShuffle(len(sampler), seed=seed)
        return sampler

    def _get_eval_sampler(self, eval_dataset: Any) -> None:
        """The data set's own order, grouped by length or not: predictions line up with its rows."""
        return None
