"""The order of the rows: the same whatever was computed before, and in an evaluation their own."""

from __future__ import annotations

from typing import Any

import torch
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


class RowsInSeededOrder(Trainer):
    """A Trainer whose training rows come in an order that its seed alone decides."""

    def _get_train_sampler(self, train_dataset: Any = None):
        sampler = super()._get_train_sampler(train_dataset)
        if type(sampler) is LengthGroupedSampler:
            seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
            return SeededLengthGroups(sampler.batch_size, lengths=sampler.lengths, seed=seed)
        return sampler

    def _get_eval_sampler(self, eval_dataset: Any) -> None:
        """The data set's own order, grouped by length or not: predictions line up with its rows."""
        return None
