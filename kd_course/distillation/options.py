"""What every training of this course has in common, as the library's TrainingArguments."""

from __future__ import annotations

import os
from typing import Any

import torch
from transformers import Seq2SeqTrainingArguments, TrainingArguments

# What every training of this course has in common, until an option says otherwise.
COMMON: dict[str, Any] = {"save_strategy": "no", "report_to": "none"}


def training_arguments(
    output_dir: str | os.PathLike, *, kind: type = TrainingArguments, **options: Any
) -> TrainingArguments:
    """The library's TrainingArguments, with what every run of this course has in common.

    Batches grouped by length, no checkpoints, nothing reported to a tracker. Whatever is given in
    `options` counts instead: report_to="tensorboard" for one, which then has soft_loss and hard_loss
    beside the loss. kind: TrainingArguments, or a class made from it.
    """
    by_length: dict[str, Any] = {"train_sampling_strategy": "group_by_length"}
    if "train_sampling_strategy" not in TrainingArguments.__dataclass_fields__:
        by_length = {"group_by_length": True}  # its name before transformers 5.2
    # Pinned memory speeds the way to a GPU, and only warns where there is none.
    pinned = {"dataloader_pin_memory": torch.cuda.is_available()}
    return kind(output_dir=str(output_dir), **{**by_length, **pinned, **COMMON, **options})


def seq2seq_training_arguments(
    output_dir: str | os.PathLike, **options: Any
) -> Seq2SeqTrainingArguments:
    """The library's Seq2SeqTrainingArguments, with what every run of this course has in common."""
    return training_arguments(output_dir, kind=Seq2SeqTrainingArguments, **options)
