"""Translators: Marian's encoder-decoder, built by size, loaded by name, copied layer by layer.

Junczys-Dowmunt et al., Marian: Fast Neural Machine Translation in C++, 2018.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kd_course.models import LONGEST
from kd_course.models.encoders import source_of

if TYPE_CHECKING:
    from transformers import MarianMTModel, PreTrainedModel

    from kd_course.translation.vocabulary import PairTokenizer

# width, layers of the encoder and of the decoder, width of the layers in between; heads are 32 wide.
# The encoder runs once a sentence, the decoder once a token: a student saves where it pays.
# Kasai et al., Deep Encoder, Shallow Decoder, 2021.
SIZES = {
    "tiny": {"d_model": 96, "encoder_layers": 2, "decoder_layers": 1, "inner": 256},
    "mini": {"d_model": 96, "encoder_layers": 4, "decoder_layers": 1, "inner": 384},
    "small": {"d_model": 128, "encoder_layers": 3, "decoder_layers": 3, "inner": 512},
    "medium": {"d_model": 192, "encoder_layers": 3, "decoder_layers": 2, "inner": 512},
    "base": {"d_model": 192, "encoder_layers": 4, "decoder_layers": 4, "inner": 768},
}


def translator(
    size: str,
    tokenizer: PairTokenizer,
    *,
    seed: int,
    dropout: float = 0.1,
    **changed: int,
) -> MarianMTModel:
    """An untrained translator of one of our SIZES, the same weights for the same seed.

    changed: entries of SIZES[size] that are to be otherwise, decoder_layers=2 for one.
    The two languages have embeddings of their own; the output layer is the target's, once more.
    Raises ValueError for a size that is not in SIZES, an entry that it has not, or a d_model that
    is no multiple of 32.
    """
    from transformers import MarianConfig, MarianMTModel, set_seed

    if size not in SIZES:
        raise ValueError(f"size must be one of {', '.join(SIZES)}, but is {size!r}")
    unknown = set(changed) - set(SIZES[size])
    if unknown:
        raise ValueError(f"changed: a size has {', '.join(SIZES[size])}, but not {sorted(unknown)}")
    shape = {**SIZES[size], **changed}
    if shape["d_model"] < 32 or shape["d_model"] % 32:
        raise ValueError(
            f"d_model must be a multiple of 32, a head's width, but is {shape['d_model']}"
        )
    inner, heads = shape.pop("inner"), shape["d_model"] // 32
    config = MarianConfig(
        vocab_size=len(tokenizer.source),
        decoder_vocab_size=len(tokenizer.target),
        share_encoder_decoder_embeddings=False,
        encoder_ffn_dim=inner,
        decoder_ffn_dim=inner,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        activation_function="relu",
        dropout=dropout,
        scale_embedding=True,
        init_std=shape["d_model"] ** -0.5,
        max_position_embeddings=LONGEST,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
        forced_eos_token_id=None,
        **shape,
    )
    set_seed(seed)
    return MarianMTModel(config)


def load(name: str) -> tuple[PreTrainedModel, Any]:
    """A translator and its tokenizer, in eval mode and full precision, by name.

    name: a teacher the package ships ("translation"), a folder that save_pretrained wrote, or an
    identifier of the hub ("Helsinki-NLP/opus-mt-en-zh").
    Raises HubError, naming the cause and the way on, when the hub does not give the model.
    """
    from pathlib import Path

    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    from kd_course.downloads import fetch
    from kd_course.translation.vocabulary import PairTokenizer

    source = Path(source_of(name))
    if (source / "target").is_dir():
        tokenizer: Any = PairTokenizer.from_pretrained(source)
    else:
        tokenizer = fetch(name, lambda: AutoTokenizer.from_pretrained(name))
    folder = source if source.is_dir() else name
    # Weights may be stored in half precision, to be small; arithmetic is in full.
    model = fetch(name, lambda: AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32))
    return model.eval(), tokenizer


def copy_layers(
    teacher: PreTrainedModel, *, encoder: int | Sequence[int], decoder: int | Sequence[int]
) -> PreTrainedModel:
    """A student with some of the teacher's layers and everything else of it, copied.

    encoder, decoder: which layers, counted from 0, bottom first; or how many, spread evenly from
    the first to the last (one: the first).
    Returns a model of the same class, in training mode; it shares no tensor with the teacher.
    Raises ValueError for layers that the teacher has not, and for a model that does not keep its
    layers in `layers` of encoder and decoder, as Marian, BART and their kind do.

    Shleifer & Rush, Pre-trained Summarization Distillation, 2020: shrink and fine-tune.
    """
    student = copy.deepcopy(teacher)
    sides = {"encoder": student.get_encoder(), "decoder": student.get_decoder()}
    for name, wanted in (("encoder", encoder), ("decoder", decoder)):
        layers = getattr(sides[name], "layers", None)
        if layers is None:
            raise ValueError(
                f"teacher: the {name} of a {type(teacher).__name__} has no `layers` to copy from"
            )
        chosen = _chosen(name, wanted, len(layers))
        kept = [layers[i] for i in chosen]
        del layers[:]
        layers.extend(kept)
        _number(kept)
        setattr(student.config, f"{name}_layers", len(chosen))
    student.requires_grad_(True)
    return student.train()


def _number(layers: list) -> None:
    """Tell the layers where they stand now: each keeps its place in the cache by its number."""
    for place, layer in enumerate(layers):
        for module in layer.modules():
            if getattr(module, "layer_idx", None) is not None:
                module.layer_idx = place


def _chosen(name: str, wanted: int | Sequence[int], total: int) -> list[int]:
    if isinstance(wanted, bool):
        raise ValueError(f"{name} must be a number of layers, or which, but is {wanted}")
    if isinstance(wanted, int | np.integer):
        if not 1 <= wanted <= total:
            raise ValueError(f"{name} must lie in 1 … {total}, the teacher's own, but is {wanted}")
        return [round(i * (total - 1) / max(wanted - 1, 1)) for i in range(wanted)]
    chosen = list(wanted)
    if not chosen or chosen != sorted(set(chosen) & set(range(total))):
        raise ValueError(f"{name} must be ascending and among 0 … {total - 1}, but is {chosen}")
    return chosen
