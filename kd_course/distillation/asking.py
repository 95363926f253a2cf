"""How a teacher is asked: in eval mode, without gradients, and only one that fits its student."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


def ask(teacher: nn.Module, inputs: Mapping[str, Tensor]) -> Tensor:
    """The teacher's logits for a batch, as it would give them to a user.

    inputs: a batch's tensors; those that the teacher does not take, and the labels, are left out.
    Returns (batch, classes) or (batch, length, vocabulary), or (batch, 2, length) of a model that
    marks answers, start and end; without gradients.
    """
    in_eval_mode(teacher)
    takes = arguments_for(teacher)
    with torch.no_grad():
        outputs = teacher(**{name: value for name, value in inputs.items() if name in takes})
    return logits_of(outputs, "the teacher")


def marks_answers(model: nn.Module) -> bool:
    """Whether a model gives start and end logits over its input: a *ForQuestionAnswering."""
    return {"start_positions", "end_positions"} <= set(inspect.signature(model.forward).parameters)


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


def arguments_for(model: nn.Module) -> set[str]:
    """The names of a batch's columns that a model is given.

    Not the labels: the losses here are computed from logits. An encoder-decoder is the exception,
    it makes its decoder's inputs from them.
    """
    names = set(inspect.signature(model.forward).parameters) - {"start_positions", "end_positions"}
    if not getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        names.discard("labels")
    return names


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


_READ = {
    "vocab_size": "words",
    "decoder_vocab_size": "target words",
    "decoder_start_token_id": "first token of a target",
}


def refuse_misfit(teacher: nn.Module, student: nn.Module, *, outputs: bool = True) -> None:
    """ValueError for a teacher that cannot teach this student, naming what does not fit.

    outputs: whether its outputs are compared; where they are not, its classes may be others.
    """
    _refuse_shared(teacher, student)
    theirs, ours = getattr(teacher, "config", None), getattr(student, "config", None)
    compared = _READ | ({"num_labels": "classes"} if outputs else {})
    for name, meaning in compared.items():
        sizes = getattr(theirs, name, None), getattr(ours, name, None)
        if None not in sizes and sizes[0] != sizes[1]:
            raise ValueError(
                f"teacher must know the student's {meaning}: its {name} is {sizes[0]}, "
                f"the student's is {sizes[1]}"
            )
    names = [getattr(config, "id2label", None) or {} for config in (theirs, ours)]
    named = all(n and not str(n.get(0, "LABEL_0")).startswith("LABEL_") for n in names)
    if outputs and named and names[0] != names[1]:
        raise ValueError(
            f"teacher must number the classes as the student does: its id2label is {names[0]}, the "
            f"student's is {names[1]}"
        )


def _refuse_shared(teacher: nn.Module, student: nn.Module) -> None:
    """What is shared goes to eval mode with the teacher, and is trained with the student."""
    own = {id(part) for part in [*student.modules(), *student.parameters()]}
    for name, part in [*teacher.named_modules(), *teacher.named_parameters()]:
        if id(part) in own:
            raise ValueError(
                f"teacher must share nothing with the student, but shares {name or 'all'!r}: "
                f"the student would lose its dropout with the teacher's, and training it would "
                f"change the teacher (copy.deepcopy makes a teacher of its own)"
            )
