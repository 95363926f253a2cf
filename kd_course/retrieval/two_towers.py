"""A text a vector: the encoder that passages are found with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kd_course import models
from kd_course.losses import mean_pooled
from kd_course.modes import eval_mode

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


SCALE = 20.0  # of the cosine of two texts


class BiEncoder(nn.Module):
    """An encoder whose text vector is the mean over its tokens; question and passage share it.

    Vectors have length √SCALE, in training and when they are served: a dot product is SCALE times
    the cosine, and two scores of one question can be apart by as much as a teacher's logits.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Vectors of texts: (batch, length) twice -> (batch, width)."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return SCALE**0.5 * F.normalize(mean_pooled(states, attention_mask), dim=-1)


def bi_encoder(start: PreTrainedModel, layers: int | Sequence[int]) -> BiEncoder:
    """A bi-encoder out of some of a model's layers, its head left away; no tensor is shared.

    layers: as `models.copy_layers` takes them; 0 keeps the token vectors alone, so that a text's
    vector knows its words and not their order.
    """
    encoder = models.copy_layers(start, layers or 1).base_model
    if layers == 0:
        stack, _ = models.layer_stack(encoder)
        del stack[:]
    return BiEncoder(encoder)


def encode(
    model: BiEncoder,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    *,
    length: int = 256,
    batch_size: int = 128,
) -> Tensor:
    """The vectors of texts in their order, in eval mode, without gradients: (texts, width).

    Texts are cut at `length` tokens. Longest first, so that little is spent on padding. No texts have
    no vectors: (0, width).
    """
    if not len(texts):
        config: Any = model.encoder.config
        return torch.zeros(0, config.hidden_size)
    device = next(model.parameters()).device
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    found: list[Any] = [None] * len(texts)
    with eval_mode(model), torch.no_grad():
        for begin in range(0, len(order), batch_size):
            numbers = order[begin : begin + batch_size]
            batch = tokenizer(
                [texts[i] for i in numbers],
                truncation=True,
                max_length=length,
                padding=True,
                return_tensors="pt",
            ).to(device)
            vectors = model(batch["input_ids"], batch["attention_mask"]).cpu()
            for number, vector in zip(numbers, vectors):
                found[number] = vector
    return torch.stack(found)
