"""A model into its files, and out of them again: never a pickle, never a class that is not allowed.

model_folder.py reads the files as bytes, model_config.py says which classes there may be. Here the
weights are rounded and packed, and a model is built of what was read; nothing is fetched.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kd_course.capstone.briefs import TRANSLATION, Brief
from kd_course.capstone.model_config import ALLOWED, checked_config, written_config
from kd_course.capstone.model_folder import CONFIG, WEIGHTS, Refused, digest, names_of
from kd_course.storage import write_whole

if TYPE_CHECKING:
    from torch import Tensor, nn

Files = Mapping[str, bytes]
_SAME = "same"  # metadata: which tensors are another one's, once more


# -- saving -----------------------------------------------------------------------------------


def write_model(
    folder: Path, model: nn.Module, tokenizer: Any, task: str, *, int8: bool = False
) -> int:
    """Write a model folder, whole or not at all; returns its bytes. Raises Refused for another class.

    Floating-point weights are written in half precision, and with int8 matrices as `compression.int8`
    keeps them; a tensor that two layers share is written once.
    """
    from kd_course import compression

    config = written_config(model, task)
    kept = compression.int8(model) if int8 else model
    state = {name: t for name, t in kept.state_dict().items() if name not in _fixed(model)}
    files = {WEIGHTS: _pack_weights(state), CONFIG: config}
    parts = {"tokenizer.json": tokenizer}
    if task == TRANSLATION:
        parts = {"source.json": tokenizer.source, "target.json": tokenizer.target}
    for name, part in parts.items():
        files[name] = part.backend_tokenizer.to_str(pretty=False).encode("utf-8")

    def write(target: Path) -> None:
        target.mkdir()
        for name, data in files.items():
            (target / name).write_bytes(data)

    write_whole(folder, write)
    return sum(map(len, files.values()))


def _pack_weights(state: dict[str, Tensor]) -> bytes:
    import torch
    from safetensors.torch import save

    kept: dict[str, Tensor] = {}
    same: dict[str, str] = {}
    first: dict[tuple, str] = {}
    for name, tensor in state.items():
        tensor = tensor.detach().cpu().contiguous()
        # A scale of int8 rows is small, and half precision has few digits down there.
        if tensor.is_floating_point() and not name.endswith(".scale"):
            tensor = tensor.half()
        raw = digest(tensor.view(torch.uint8).numpy().tobytes() if tensor.ndim else b"")
        mark = (str(tensor.dtype), tuple(tensor.shape), raw if tensor.ndim else name)
        if mark in first:
            same[name] = first[mark]
        else:
            first[mark] = name
            kept[name] = tensor.clone()
    return save(kept, metadata={_SAME: json.dumps(same)} if same else None)


# -- loading ----------------------------------------------------------------------------------


def build(files: Files, task: str) -> tuple[Any, Any]:
    """A model in eval mode and its tokenizer, out of the bytes of their files. Raises Refused.

    Without weights (the teacher of brief E) the model is untrained; without a tokenizer there is none.
    """
    kind, fields = checked_config(files[CONFIG], task)
    library = importlib.import_module("transformers")
    try:
        config = getattr(library, ALLOWED[task][kind])(**fields)
        config.forced_eos_token_id = (
            None  # Marian's default would end a cut translation with token 0
        )
        model = getattr(library, kind)(config)
        if WEIGHTS in files:
            model = _filled(model, files[WEIGHTS])
        if task == TRANSLATION:
            from kd_course.translation import PairTokenizer

            sides = (_tokenizer(files[name]) for name in ("source.json", "target.json"))
            return model.eval(), PairTokenizer(*sides)
        given = files.get("tokenizer.json")
        return model.eval(), None if given is None else _tokenizer(given)
    except Refused:
        raise
    except Exception as error:  # a crafted file finds ways of its own not to load
        raise Refused(f"it does not load ({type(error).__name__}: {str(error)[:200]})") from None


def _filled(model: Any, data: bytes) -> Any:
    """The model with the weights of a file, every one of them and no others."""
    import torch
    from safetensors.torch import load

    state = load(data)
    size = int.from_bytes(data[:8], "little")
    told = json.loads(data[8 : 8 + size]).get("__metadata__", {})
    state |= {name: state[other] for name, other in json.loads(told.get(_SAME, "{}")).items()}
    for name, tensor in state.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise Refused(f"{WEIGHTS}: {name} holds NaN or infinity: the training has broken down")
    state = {n: t.float() if t.is_floating_point() else t for n, t in state.items()}
    for name in [name for name in state if name.endswith(".codes")]:
        whose = name.removesuffix("codes")  # int8 saves bytes on disk; it is widened once, here
        state[f"{whose}weight"] = state.pop(name) * state.pop(f"{whose}scale")
    _refuse_other_names(model, set(state))
    model.load_state_dict(state, strict=False)
    return model


def _fixed(model: Any) -> set[str]:
    """What the architecture itself computes, sinusoidal positions for one: transformers saves none of it."""
    return set(getattr(model, "_keys_to_ignore_on_save", None) or ())


def _refuse_other_names(model: Any, given: set[str]) -> None:
    """Refused where a tensor is missing, or is none of the model's. A shared one is there once."""
    own = model.state_dict()
    filled = {own[name].data_ptr() for name in given & own.keys()}
    missing = [name for name in own if name not in given and own[name].data_ptr() not in filled]
    missing = [name for name in missing if name not in _fixed(model)]
    others = sorted(given - own.keys())
    if missing or others:
        what = (
            f"lacks {missing[0]}"
            if missing
            else f"has {others[0][:80]}, which is none of the model's"
        )
        raise Refused(f"{WEIGHTS} {what}: save the model with capstone.save_model")


_SPECIAL = {
    "pad_token": ("[PAD]", "<pad>", "<end>", "</s>"),
    "eos_token": ("</s>", "<end>"),
    "unk_token": ("[UNK]", "<unk>"),
    "cls_token": ("[CLS]",),
    "sep_token": ("[SEP]",),
    "mask_token": ("[MASK]",),
}


def _tokenizer(data: bytes) -> Any:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    from kd_course.models import LONGEST

    inner = Tokenizer.from_str(data.decode("utf-8"))
    inner.no_padding()
    inner.no_truncation()
    words = inner.get_vocab()
    special = {
        kind: next((word for word in names if word in words), None)
        for kind, names in _SPECIAL.items()
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        model_max_length=4 * LONGEST,
        clean_up_tokenization_spaces=False,
        **{kind: word for kind, word in special.items() if word is not None},
    )


# -- the teacher ------------------------------------------------------------------------------


def teacher_files(brief: Brief) -> dict[str, bytes]:
    """The teacher's files, for timing it beside a student.

    Of brief E's the configuration alone: how long a model takes does not depend on its weights, and
    they would have to be fetched.
    """
    if brief.scale != "offline":
        return {CONFIG: json.dumps(_MINILM).encode()}
    from kd_course.models import SHIPPED

    folder = SHIPPED / brief.teacher
    places = {"source.json": "source/tokenizer.json", "target.json": "target/tokenizer.json"}
    return {name: (folder / places.get(name, name)).read_bytes() for name in names_of(brief.task)}


_MINILM = {
    "architectures": ["BertForSequenceClassification"],
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "max_position_embeddings": 512,
    "vocab_size": 30522,
    "num_labels": 3,
}
