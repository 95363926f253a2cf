"""Question and passage read together: what a cross-encoder takes, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from kd_course import models, spans

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MARKS = 4  # token types of a model that is told which words question and passage share


def cross_encoder(name: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A model that gives a pair of texts one logit, and its tokenizer, in eval mode, by name.

    name: a teacher that ships ("ranking"), a folder, or an encoder of the hub, whose head is untrained.
    Such an encoder is given token types for the words that question and passage share, as far as it
    has any token types; they begin near that of a passage, by torch's random numbers.
    """
    model, tokenizer = models.load(name, ["relevance"])
    if not any("ForSequenceClassification" in kind for kind in model.config.architectures or ()):
        _add_marks(model)
    return model, tokenizer


def _add_marks(model: PreTrainedModel) -> None:
    """Room for the marks of shared words in an encoder that knows two token types."""
    old = getattr(model.base_model.embeddings, "token_type_embeddings", None)
    if old is None or old.num_embeddings >= MARKS:
        return
    rows = old.weight.detach()
    apart = model.config.initializer_range * torch.randn(MARKS - len(rows), rows.shape[1])
    wider = nn.Embedding(MARKS, rows.shape[1])
    wider.weight.data = torch.cat([rows, rows[-1] + apart])
    model.base_model.embeddings.token_type_embeddings = wider
    model.config.type_vocab_size = MARKS


def pair_rows(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[str],
    passages: Sequence[str],
    *,
    length: int = 256,
) -> list[dict[str, Any]]:
    """One row a pair: [CLS] question [SEP] passage [SEP], the passage cut where the row is too long.

    A model with four token types is told which words the two share, see `spans.shared_words`.
    Returns input_ids and the like, as lists. Raises ValueError for a question that leaves no room.
    """
    columns = spans.windows(
        tokenizer,
        questions,
        passages,
        length=length,
        stride=0,
        mark_shared=getattr(model.config, "type_vocab_size", 0) >= MARKS,
    )
    names = [name for name in spans.MODEL_INPUTS if name in columns]
    rows: dict[int, dict[str, Any]] = {}
    for window, example in enumerate(columns["example"]):
        rows.setdefault(example, {name: columns[name][window] for name in names})
    return [rows[example] for example in range(len(questions))]


def cross_scores(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[str],
    passages: Sequence[str],
    *,
    length: int = 256,
    batch_size: int = 64,
) -> np.ndarray:
    """What a cross-encoder says of each pair, as a logit: (pairs,), no sigmoid."""
    from kd_course.distillation import predict_logits

    rows = pair_rows(model, tokenizer, questions, passages, length=length)
    return predict_logits(model, rows, tokenizer, batch_size=batch_size)[:, 0]
