"""A model as it is handed in: safetensors, a configuration of an allowed class, a tokenizer's JSON.

    model/model.safetensors   the weights: half precision, or int8 as `compression.int8` keeps them
    model/config.json         the class and its sizes; of what else stands there nothing is read
    model/tokenizer.json      for a translator source.json and target.json

None of the three can name code, so that reading them runs none: no pickle is opened, the class is
one of CLASSES or it is refused, and nothing is fetched. A file is read whole, and only a plain file.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kd_course.capstone.briefs import ANSWERS, CLASSES, HEADLINES, TRANSLATION, Brief
from kd_course.storage import write_whole

if TYPE_CHECKING:
    from torch import Tensor, nn

Files = Mapping[str, bytes]
WEIGHTS, CONFIG = "model.safetensors", "config.json"
# task: class -> its configuration's; both of transformers, and no others.
ALLOWED: Mapping[str, Mapping[str, str]] = {
    CLASSES: {
        "BertForSequenceClassification": "BertConfig",
        "DistilBertForSequenceClassification": "DistilBertConfig",
        "RoFormerForSequenceClassification": "RoFormerConfig",
    },
    TRANSLATION: {"MarianMTModel": "MarianConfig"},
    ANSWERS: {
        "RoFormerForQuestionAnswering": "RoFormerConfig",
        "BertForQuestionAnswering": "BertConfig",
        "DistilBertForQuestionAnswering": "DistilBertConfig",
    },
    HEADLINES: {"GPT2LMHeadModel": "GPT2Config"},
}
# What a configuration may say: sizes, numbers of tokens, switches of the architecture.
_NUMBERS = frozenset(
    "vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size "
    "max_position_embeddings type_vocab_size embedding_size dim n_layers n_heads hidden_dim d_model "
    "encoder_layers decoder_layers encoder_attention_heads decoder_attention_heads encoder_ffn_dim "
    "decoder_ffn_dim decoder_vocab_size n_embd n_head n_layer n_inner n_positions num_labels "
    "pad_token_id eos_token_id bos_token_id decoder_start_token_id layer_norm_eps "
    "layer_norm_epsilon".split()
)
_SWITCHES = frozenset(
    "rotary_value sinusoidal_pos_embds scale_embedding share_encoder_decoder_embeddings "
    "tie_word_embeddings".split()
)
_CHOICES = dict.fromkeys(
    ("hidden_act", "activation", "activation_function"),
    ("gelu", "gelu_new", "relu", "silu", "swish", "tanh"),
)
# Each of these can make a library load somebody's code.
_REMOTE = (
    "auto_map",
    "custom_pipelines",
    "trust_remote_code",
    "quantization_config",
    "attn_implementation",
    "_attn_implementation",
)
LARGEST_NUMBER = 1_000_000
LARGEST = 16 * 2**20  # bytes that are read of a model whose budget is smaller
_PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".py")
_SAME = "same"  # metadata: which tensors are another one's, once more


class Refused(ValueError):
    """A model that is not read, or does not load: why, and what to do."""


# -- files ------------------------------------------------------------------------------------


def names_of(task: str) -> tuple[str, ...]:
    """The files of a model folder: all of them, and no others."""
    tokenizers = ("source.json", "target.json") if task == TRANSLATION else ("tokenizer.json",)
    return (WEIGHTS, CONFIG, *tokenizers)


def most_bytes(brief: Brief) -> int:
    """How much is read of a model folder: beyond twice the budget nothing more is to be learnt."""
    return max(LARGEST, 2 * brief.budget.size)


def read_files(folder: Path, brief: Brief) -> dict[str, bytes]:
    """The files of a model folder: name -> bytes. Raises Refused.

    No link is followed, nothing is read beyond `most_bytes`, and a file of another name is refused,
    for a model that needs it would cost more than it says.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise Refused(f"{folder.name}/ is no folder: capstone.save_model writes one")
    wanted, left = names_of(brief.task), most_bytes(brief)
    there = sorted(entry.name for entry in os.scandir(folder))
    refuse_names(there, brief.task)
    files = {}
    for name in wanted:
        files[name] = read_plain(folder / name, left)
        left -= len(files[name])
    return files


def refuse_names(there: list[str], task: str) -> None:
    """Refused where files are missing from a model folder, or others lie in it."""
    wanted = names_of(task)
    pickled = [name for name in there if name.lower().endswith(_PICKLED)]
    if pickled:
        raise Refused(
            f"{pickled[0]} may run code when it is opened, so it is not: hand in {WEIGHTS}, as "
            f"capstone.save_model writes it, and delete {pickled[0]}"
        )
    others = [name for name in there if name not in wanted]
    if others:
        raise Refused(f"only {', '.join(wanted)} are read: delete {', '.join(others)[:200]}")
    missing = [name for name in wanted if name not in there]
    if missing:
        raise Refused(f"{', '.join(missing)} is missing: capstone.save_model writes it")


def read_plain(path: Path, most: int) -> bytes:
    """A regular file of at most so many bytes. Raises Refused for a link, a pipe, or a larger one."""
    if path.is_symlink():
        raise Refused(
            f"{path.name} is a link, and links are not followed: put the file itself there"
        )
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise Refused(f"{path.name} cannot be read ({error.strerror})") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused(f"{path.name} is no plain file")
        data = file.read(most + 1)
    if len(data) > most:
        raise Refused(f"{path.name} is larger than what is read of a model, {most:,} bytes")
    return data


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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


# -- saving -----------------------------------------------------------------------------------


def write_model(
    folder: Path, model: nn.Module, tokenizer: Any, task: str, *, int8: bool = False
) -> int:
    """Write a model folder, whole or not at all; returns its bytes. Raises Refused for another class.

    Floating-point weights are written in half precision, and with int8 matrices as `compression.int8`
    keeps them; a tensor that two layers share is written once.
    """
    from kd_course import compression

    config = _written_config(model, task)
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


def _written_config(model: Any, task: str) -> bytes:
    kind = type(model).__name__
    if kind not in ALLOWED[task]:
        raise Refused(
            f"a {kind} cannot be handed in for this brief: {', '.join(ALLOWED[task])} can"
        )
    told = model.config.to_dict()
    known = {k: v for k, v in told.items() if k in _NUMBERS | _SWITCHES | set(_CHOICES)}
    if task == CLASSES:
        known["num_labels"] = model.config.num_labels
    known = {name: value for name, value in known.items() if value is not None}
    data = json.dumps({"architectures": [kind], **known}, indent=1).encode()
    checked_config(data, task)
    return data


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


def checked_config(data: bytes, task: str) -> tuple[str, dict[str, Any]]:
    """The class that a config.json names, and what it says of it. Raises Refused.

    What no allowed class needs is not read; what could make a library load code is refused.
    """
    try:
        told = json.loads(data.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(f"{CONFIG} is no JSON: save the model with capstone.save_model") from None
    if not isinstance(told, dict):
        raise Refused(f"{CONFIG} must be a JSON object: save the model with capstone.save_model")
    remote = [name for name in _REMOTE if told.get(name)]
    if remote:
        raise Refused(
            f"{CONFIG} asks for code that is not the course's ({remote[0]}): no such code is run. "
            f"Hand in a plain model of an allowed class"
        )
    kinds = told.get("architectures")
    kind = kinds[0] if isinstance(kinds, list) and kinds else None
    if not isinstance(kind, str) or kind not in ALLOWED[task]:
        raise Refused(
            f"{CONFIG} names the class {str(kind)[:80]!r}, but this brief allows "
            f"{', '.join(ALLOWED[task])}"
        )
    labels = told.get("id2label")
    if isinstance(labels, dict):
        told.setdefault("num_labels", len(labels))
    fields = {name: value for name, value in told.items() if _says_something(name, value)}
    return kind, fields


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _says_something(name: str, value: Any) -> bool:
    """Whether a field is one that counts; Refused for one that holds what it cannot."""
    if value is None or name not in _NUMBERS | _SWITCHES | set(_CHOICES):
        return False
    if name in _SWITCHES:
        fits = isinstance(value, bool)
    elif name in _CHOICES:
        fits = isinstance(value, str) and value in _CHOICES[name]
    else:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        fits = number and 0 <= value <= LARGEST_NUMBER
    if not fits:
        raise Refused(f"{CONFIG}: {name} cannot be {str(value)[:60]!r}")
    return True


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
