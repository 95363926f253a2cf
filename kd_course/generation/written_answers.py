"""Answers that are written: models that read a question with its passage and write, and do not mark.

An encoder-decoder reads both and writes beside them, as T5 does; a decoder writes on after them. Either
may write what stands nowhere in the passage.

Raffel et al., Exploring the limits of transfer learning with a unified text-to-text transformer, 2020.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from kd_course.modes import eval_mode

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def encoder_decoder(
    reader: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, layers: int, seed: int
) -> PreTrainedModel:
    """A reader's encoder, copied and kept as it is, and an untrained decoder that looks at it.

    reader: a RoFormer that marks answers, "reading" for one. layers: of the decoder, which has the
    reader's width and begins with its embeddings. Only the decoder has gradients. What a reader makes
    of a passage says where the answer stands; the word that stands there is added back to it, for a
    decoder has to write the word. Raises ValueError for another architecture.
    """
    from transformers import EncoderDecoderModel, RoFormerForCausalLM, set_seed

    if not hasattr(reader, "roformer"):
        raise ValueError(f"reader must be a RoFormer, but is a {type(reader).__name__}")
    config = copy.deepcopy(reader.config)
    config.num_hidden_layers = layers
    config.is_decoder = config.add_cross_attention = config.tie_word_embeddings = True
    set_seed(seed)
    decoder = RoFormerForCausalLM(config)
    words = decoder.get_input_embeddings().weight
    with torch.no_grad():
        words.copy_(reader.get_input_embeddings().weight)
    model = EncoderDecoderModel(encoder=copy.deepcopy(reader.roformer), decoder=decoder)
    model.encoder.encoder.register_forward_hook(_add_what_came_in)
    model.encoder.requires_grad_(False)
    model.config.decoder_start_token_id = tokenizer.cls_token_id
    model.config.pad_token_id = tokenizer.pad_token_id
    model.config.eos_token_id = tokenizer.sep_token_id
    return model


def _add_what_came_in(module: Any, inputs: tuple, outputs: Any) -> Any:
    """A hook on an encoder's layers: their output and their input, the embedded words, added up."""
    outputs.last_hidden_state = outputs.last_hidden_state + inputs[0]
    return outputs


def decoder_inputs(
    answers: Sequence[Sequence[int]], *, start: int, pad: int
) -> tuple[Tensor, Tensor]:
    """What a decoder reads and what it has to foretell there: (batch, length) both.

    answers: token numbers, the end token last. A decoder reads the start token and then what it
    should have written so far; labels are -100 in the padding.
    """
    length = max(len(answer) for answer in answers)
    read = torch.full((len(answers), length), pad)
    labels = torch.full((len(answers), length), -100)
    for row, answer in enumerate(answers):
        read[row, : len(answer)] = torch.tensor([start, *answer[:-1]])
        labels[row, : len(answer)] = torch.tensor(list(answer))
    return read, labels


def write_beside(
    model: PreTrainedModel, inputs: dict[str, Any], *, start: int, end: int, longest: int
) -> Tensor:
    """What an encoder-decoder writes beside what it reads, greedily: (batch, at most longest).

    inputs: input_ids, attention_mask and whatever else the encoder reads. What is written is read anew
    for every token, which is easy to follow, and quick for answers of a few words.
    """
    with eval_mode(model), torch.inference_mode():
        read = model.get_encoder()(**inputs)
        written = torch.full((len(inputs["input_ids"]), 1), start, device=model.device)
        while written.shape[1] <= longest and not (written[:, 1:] == end).any(-1).all():
            logits = model(
                encoder_outputs=read,
                attention_mask=inputs["attention_mask"],
                decoder_input_ids=written,
            ).logits
            written = torch.cat([written, logits[:, -1:].argmax(-1)], dim=-1)
    return written[:, 1:].cpu()


def not_in_passage(answers: Sequence[str], passages: Sequence[str]) -> list[bool]:
    """Which answers stand nowhere in their passage, whatever their capitals: spans cannot do that."""
    return [
        " ".join(answer.lower().split()) not in " ".join(passage.lower().split())
        for answer, passage in zip(answers, passages, strict=True)
    ]
