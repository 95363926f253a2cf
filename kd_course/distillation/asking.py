"""How a teacher is asked: in eval mode, without gradients, and only one that fits its student."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from kd_course.distillation.labels import is_causal


def ask(teacher: nn.Module, inputs: Mapping[str, Tensor]) -> Tensor:
    """The teacher's logits for a batch, as it would give them to a user.

    inputs: a batch's tensors; those that the teacher does not take, and the labels, are left out.
    Returns (batch, classes) or (batch, length, vocabulary), or (batch, 2, length) of a model that
    marks answers, start and end; without gradients.
    """
    in_eval_mode(teacher)
    takes = arguments_for(teacher)
    with torch.no_grad():
        outputs = teacher(
            **{name: value for name, value in inputs.items() if name in takes},
            **without_cache(teacher),
        )
    return logits_of(outputs, "the teacher")


def marks_answers(model: nn.Module) -> bool:
    """Whether a model gives start and end logits over its input: a *ForQuestionAnswering."""
    takes = inspect.signature(unwrapped(model).forward).parameters
    return {"start_positions", "end_positions"} <= set(takes)


def in_eval_mode(teacher: nn.Module) -> nn.Module:
    """Switch the teacher's dropout off, and warn if it was on: it would have taught noise."""
    if any(module.training for module in teacher.modules()):
        warnings.warn(
            "the teacher was in train mode, its dropout on; it has been put in eval mode "
            "(teacher.eval())",
            stacklevel=3,
        )
        teacher.eval()
    return teacher


def share_padding(model: nn.Module, tokenizer: Any) -> None:
    """Tell a decoder that classifies (GPT-2, Llama) which token pads: it reads the last one before.

    Without it such a model refuses a batch; with another than the tokenizer's it would read padding.
    """
    config: Any = getattr(unwrapped(model), "config", None)
    padding = getattr(tokenizer, "pad_token_id", None)
    reads_last = hasattr(unwrapped(model), "score") and hasattr(config, "pad_token_id")
    if reads_last and padding is not None and config.pad_token_id != padding:
        warnings.warn(
            f"{type(unwrapped(model)).__name__}'s config.pad_token_id was {config.pad_token_id}; it has "
            f"been set to the tokenizer's, {padding}",
            stacklevel=3,
        )
        config.pad_token_id = padding


def arguments_for(model: nn.Module) -> set[str]:
    """The names of a batch's columns that a model is given.

    Not the labels: the losses here are computed from logits. An encoder-decoder is the exception,
    it makes its decoder's inputs from them.
    """
    model = unwrapped(model)
    names = set(inspect.signature(model.forward).parameters) - {"start_positions", "end_positions"}
    if not getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        names.discard("labels")
    return names


def without_cache(model: nn.Module) -> dict[str, bool]:
    """A causal model keeps nothing for a next token: with a cache, packed texts see one another."""
    model = unwrapped(model)
    if is_causal(model) and "use_cache" in inspect.signature(model.forward).parameters:
        return {"use_cache": False}
    return {}


def unwrapped(model: nn.Module) -> nn.Module:
    """The model itself, out of torch.compile, DataParallel and the like, which hide what it takes."""
    while True:
        inner = getattr(model, "_orig_mod", None) or getattr(model, "module", None)
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def name_of(model: nn.Module) -> str:
    """What a model goes by: the name or the folder it was loaded from, or its class's."""
    path = str(getattr(getattr(model, "config", None), "_name_or_path", "") or "")
    if Path(path).exists():
        path = Path(path).name  # a folder of this machine says nothing elsewhere
    return f"{path} ({type(model).__name__})" if path else type(model).__name__


def logits_of(outputs: Any, whose: str) -> Tensor:
    """A model's logits, start and end stacked; ValueError naming what it gives instead."""
    if isinstance(outputs, Mapping) and outputs.get("start_logits") is not None:
        return torch.stack([outputs["start_logits"], outputs["end_logits"]], dim=1)
    logits = outputs.get("logits") if isinstance(outputs, Mapping) else None
    if logits is None:
        given = ", ".join(outputs) if isinstance(outputs, Mapping) else type(outputs).__name__
        raise ValueError(
            f"{whose} must give logits (a model of transformers with a head), but gives {given}"
        )
    return logits
