"""A trained model's logits for sentences, in the sentences' order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kd_course.distillation.asking import arguments_for
from kd_course.distillation.batches import ask_all, longest_input, refuse_no_rows
from kd_course.modes import eval_mode
from kd_course.text_files import as_list, refuse_no_list

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# What tokenizer.pad can pad; other columns that a model takes have to be rectangular already.
_PADDED = ("input_ids", "attention_mask", "token_type_ids")


def predict_logits(
    model: PreTrainedModel, rows: Any, tokenizer: PreTrainedTokenizerBase, *, batch_size: int = 128
) -> np.ndarray:
    """What the model says to every row, in eval mode and without gradients: (rows, classes).

    rows: sentences (a list, a column of pandas or of a datasets.Dataset), or tokenised rows with
    `input_ids` (a datasets.Dataset, a list of dicts, a dict of columns): the model is given all of
    input_ids, attention_mask and token_type_ids that it takes.
    Longest rows first, each batch padded to its own longest, so that little is spent on padding.
    Raises TypeError for one text and for a table of pandas, ValueError for no rows, and for a row that
    is no text, naming it.
    """
    takes = [name for name in _PADDED if name in arguments_for(model)]
    inputs = _inputs(rows, model, tokenizer, takes)
    with eval_mode(model):
        logits = ask_all(model, inputs, tokenizer, batch_size, progress=False)
    return torch.stack(logits).numpy()


def _inputs(rows: Any, model: Any, tokenizer: Any, takes: list[str]) -> list[dict]:
    """The rows as dicts of plain lists, with the columns that the model takes."""
    if isinstance(rows, Mapping) or hasattr(rows, "column_names"):
        names = getattr(rows, "column_names", None) or list(rows)
        columns = {name: rows[name] for name in takes if name in names}
        if "input_ids" not in columns:
            raise ValueError(
                f"rows must have a column 'input_ids' (tokenizer(texts) makes it), but have "
                f"{', '.join(map(str, names))}"
            )
        inputs = [dict(zip(columns, values)) for values in zip(*columns.values(), strict=True)]
        refuse_no_rows(inputs, "rows")
        return inputs
    refuse_no_list(rows, "rows")
    rows = list(rows)
    refuse_no_rows(rows, "rows")
    if isinstance(rows[0], Mapping):
        return [{name: row[name] for name in takes if name in row} for row in rows]
    limit = longest_input(model, tokenizer)
    encoded = tokenizer(as_list(rows, "rows"), truncation=limit is not None, max_length=limit)
    columns = {name: encoded[name] for name in takes if name in encoded}
    return [dict(zip(columns, values)) for values in zip(*columns.values(), strict=True)]
