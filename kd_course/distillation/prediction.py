"""A trained model's logits for sentences, in the sentences' order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import DataCollatorWithPadding

from kd_course.distillation.cache import ask_all

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def predict_logits(
    model: PreTrainedModel, rows: Any, tokenizer: PreTrainedTokenizerBase, *, batch_size: int = 128
) -> np.ndarray:
    """What the model says to every row, in eval mode and without gradients: (rows, classes).

    rows: a list of sentences, or tokenised rows with `input_ids` and `attention_mask`.
    Longest rows first, each batch padded to its own longest, so that little is spent on padding.
    """
    if isinstance(rows, Sequence) and isinstance(rows[0], str):
        texts = list(rows)
        encoded = tokenizer(texts, truncation=True, max_length=model.config.max_position_embeddings)
        columns = {name: encoded[name] for name in ("input_ids", "attention_mask")}
    else:
        columns = {name: rows[name] for name in ("input_ids", "attention_mask")}
    inputs = [dict(zip(columns, values)) for values in zip(*columns.values(), strict=True)]
    was_training = model.training
    model.eval()
    logits = ask_all(model, inputs, DataCollatorWithPadding(tokenizer), batch_size, progress=False)
    model.train(was_training)
    return torch.stack(logits).numpy()
