"""The config.json of a handed-in model: one of a few classes, and the numbers that say how large it is.

Whatever else a configuration can say is not read, and what could make a library load somebody's code
is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kd_course.capstone.briefs import ANSWERS, CLASSES, HEADLINES, TRANSLATION
from kd_course.capstone.model_folder import CONFIG, Refused

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


def written_config(model: Any, task: str) -> bytes:
    """The config.json of a model: its class, and what is read of it. Raises Refused for another class."""
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
