"""What the labels of a batch say: which rows count, and for which of them a causal model answers.

A causal language model's logits at a position speak of the next token. Its labels come as
transformers has them: beside the tokens themselves, -100 outside the answer. `next_token_labels`
moves each to the position that has to foretell it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DataCollatorForSeq2Seq, DataCollatorForTokenClassification
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from kd_course.losses import IGNORED_LABEL

_CAUSAL = frozenset(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values())


def is_causal(model: nn.Module) -> bool:
    """Whether a model's logits speak of the next token: a *ForCausalLM, or a class made from one."""
    if getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        return False
    names = [kind.__name__ for kind in type(model).__mro__]
    return any(name in _CAUSAL or name.endswith(("ForCausalLM", "LMHeadModel")) for name in names)


def next_token_labels(labels: Tensor, position_ids: Tensor | None = None) -> Tensor:
    """The labels, each one position earlier: what the logits there have to foretell.

    labels: (batch, length), unshifted, -100 outside the answer. position_ids: the same shape; where
    they do not go on from the position before, another text begins (a packed batch), and its first
    token is nothing that the text before it could foretell.
    Returns (batch, length), the last column -100.
    """
    moved = torch.full_like(labels, IGNORED_LABEL)
    moved[:, :-1] = labels[:, 1:]
    if position_ids is not None and position_ids.shape == labels.shape:
        begins = position_ids[:, 1:] <= position_ids[:, :-1]
        moved[:, :-1].masked_fill_(begins, IGNORED_LABEL)
    return moved


class CountedRows:
    """The rows of a batch that count, taken out once for both parts of the loss.

    To select is to copy, and a vocabulary is wide. Where a row is an example, and where labels are no
    tokens' (answer spans), all stays as it is.
    labels: as the logits have to foretell them. student_logits: what tells how many rows there are.
    """

    def __init__(self, labels: Tensor | None, student_logits: Tensor):
        self._labels = labels
        self._counts: Tensor | None = None
        if labels is not None and labels.ndim == 2 and labels.shape == student_logits.shape[:-1]:
            self._counts = labels != IGNORED_LABEL

    def of(self, logits: Any) -> Any:
        """The student's or the teacher's: a tensor, or several under their names (TopK)."""
        if isinstance(logits, tuple):
            return type(logits)(*map(self.of, logits))
        # What has another shape is for the loss to refuse, by its name.
        fits = self._counts is not None and logits.shape[:2] == self._counts.shape
        return logits[self._counts] if fits else logits

    def with_labels(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The batch, with the labels of these rows."""
        if self._counts is None or self._labels is None:
            return inputs
        return {**inputs, "labels": self._labels[self._counts]}


def count_rows(labels: Tensor | None, inputs: Mapping[str, Any]) -> Tensor:
    """How many rows of a batch have a soft part, and how many a hard one: (2,)."""
    if labels is None:
        some = next(value for value in inputs.values() if torch.is_tensor(value))
        return torch.tensor([len(some), 0], device=some.device)
    labelled = (labels != IGNORED_LABEL).sum()
    # Token by token, a label of -100 is padding; example by example, only a missing label.
    rows = labelled if labels.ndim == 2 else labelled.new_tensor(len(labels))
    return torch.stack([rows, labelled])


def refuse_missing_labels(labels: Tensor | None, student_logits: Tensor, alpha: float) -> None:
    if labels is None and alpha < 1:
        raise ValueError(
            f"train_dataset must have labels where alpha is below 1 (here {alpha:g}): "
            f"-100 for a row that has none"
        )
    if labels is None and student_logits.ndim == 3:
        raise ValueError(
            "train_dataset must have labels where logits are (batch, length, vocabulary): "
            "-100 tells which positions are padding"
        )


def refuse_labelled_padding(inputs: Mapping[str, Any], config: Any) -> None:
    """ValueError for labels that count the padding: it would be learnt, and lower every loss.

    inputs: a batch as the collator made it. config: the student's.
    """
    labels, mask = inputs.get("labels"), inputs.get("attention_mask")
    if labels is None or labels.ndim != 2 or not labels.numel():
        return
    decodes, end = (
        getattr(config, "is_encoder_decoder", False),
        getattr(config, "eos_token_id", None),
    )
    padding = getattr(config, "pad_token_id", None) if decodes else None
    if padding is not None:
        # A decoder's labels have no mask of their own: what stands last tells.
        last = labels[:, -2:] if padding == end else labels[:, -1:]
        if padding == end and labels.shape[1] < 2:
            return  # an end, and no padding
        wrong = (last == padding).all(-1)
        number = int((labels[wrong] == padding).sum())
    elif mask is not None and mask.shape == labels.shape:
        wrong = (labels != IGNORED_LABEL) & (mask == 0)
        number = int(wrong.sum())
    else:
        return
    if number:
        raise ValueError(
            f"labels must be -100 in the padding, but {number} padded positions of a batch are "
            f"labelled: the student would learn them. DataCollatorForSeq2Seq(tokenizer) pads labels "
            f"with -100; labels that are padded already: [-100 if m == 0 else label …]"
        )


def warn_of_packing_with_a_mask(inputs: Mapping[str, Any]) -> None:
    """Packed texts see one another where a batch has an attention_mask: say so."""
    positions, mask = inputs.get("position_ids"), inputs.get("attention_mask")
    if positions is None or mask is None or positions.shape != mask.shape:
        return
    both = (mask[:, 1:] != 0) & (mask[:, :-1] != 0)
    if ((positions[:, 1:] <= positions[:, :-1]) & both).any():
        warnings.warn(
            "position_ids begin anew within a row, so several texts are packed into it, but the "
            "batch has an attention_mask: each text sees those before it. Leave attention_mask out "
            "(DataCollatorWithFlattening does): transformers then keeps them apart",
            stacklevel=3,
        )


def collator_for(model: nn.Module | None, tokenizer: Any) -> Any:
    """What pads the labels of tokens with -100; None where the library's own choice pads enough."""
    if model is None or not hasattr(tokenizer, "pad"):
        return None
    if getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        return DataCollatorForSeq2Seq(tokenizer, model=model)
    if is_causal(model) or type(model).__name__.endswith("ForTokenClassification"):
        return DataCollatorForTokenClassification(tokenizer)
    return None
