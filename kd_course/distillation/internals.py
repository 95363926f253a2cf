"""What is compared inside two models: which layers, what of them, and how it is read off.

Layers are counted from 1 everywhere here, as in transformers' `hidden_states`, where 0 is the
embeddings. (`attentions` has no entry for the embeddings, so layer k is its entry k - 1, and
`models.copy_layers` counts layers from 0: neither shift is left to the caller.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from kd_course.distillation.asking import arguments_for, in_eval_mode, without_cache
from kd_course.losses import attention_loss, contrastive_loss, hidden_state_loss, relation_loss
from kd_course.models import queries_keys_values

Recorded = Mapping[tuple[int, str], Tensor]  # (layer, "query" or "key" or "value"): what it gave


def layer_map(student_layers: int, teacher_layers: int, *, kind: str = "even") -> dict[int, int]:
    """Which layer of the teacher each layer of the student is compared with, counted from 1.

    kind: "even" spreads the student's layers over the teacher's, the last on the last: k goes to
    ⌊k · teacher_layers / student_layers⌋, the very layers that `models.copy_layers` copies. "last"
    compares the last two only. "reversed" is "even" from the other end, a control: the student's
    first layer is compared with the teacher's last.
    Returns {student's layer: teacher's layer}; both index `hidden_states`, whose 0 is the embeddings.
    Raises ValueError for an unknown kind, and for a student with more layers than its teacher.

    Jiao et al., TinyBERT, 2020, section 3.1; Yu, Wen & Mou, Revisiting Intermediate-Layer
    Matching, 2025, on reversed maps.
    """
    if kind not in ("even", "last", "reversed"):
        raise ValueError(f'kind must be "even", "last" or "reversed", but is {kind!r}')
    if not 1 <= student_layers <= teacher_layers:
        raise ValueError(
            f"student_layers must lie in 1 … {teacher_layers}, the teacher's own, but is "
            f"{student_layers}"
        )
    if kind == "last":
        return {student_layers: teacher_layers}
    even = [k * teacher_layers // student_layers for k in range(1, student_layers + 1)]
    return dict(enumerate(even if kind == "even" else reversed(even), start=1))


@dataclass(frozen=True)
class Comparison:
    """One layer of the student beside one of the teacher's, and what the difference weighs.

    student_layer, teacher_layer: counted from 1; 0 is the embeddings, where those can be compared.
    weight: what its loss is multiplied by before it is added to the others.
    """

    student_layer: int
    teacher_layer: int
    weight: float = 1.0

    name: ClassVar[str]  # in the log
    first_layer: ClassVar[int] = 1
    asks_for: ClassVar[dict[str, bool]] = {}  # arguments of the model's forward
    records: ClassVar[bool] = False  # whether queries, keys and values are taken down
    projects: ClassVar[bool] = False  # whether widths that differ are made to agree
    over_rows: ClassVar[bool] = False  # whether its loss is a mean over rows, not over tokens

    def read(self, outputs: Any, recorded: Recorded, layer: int, mask: Tensor, whose: str) -> Any:
        """What is compared, of one model: out of its outputs, or of what was recorded in it.

        A tensor, or a tuple of them where they need not be of one shape.
        """
        raise NotImplementedError

    def loss(self, student: Any, teacher: Any, mask: Tensor, ids: Tensor) -> Tensor:
        """The loss of what was read of the two: a mean over the tokens, or the rows."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.name} {self.student_layer}:{self.teacher_layer}"


@dataclass(frozen=True)
class HiddenStates(Comparison):
    """Every token's vector: `losses.hidden_state_loss`. Layer 0 is the embeddings.

    kind: "mse" or "cosine".
    """

    kind: str = "mse"

    name = "hidden states"
    first_layer = 0
    asks_for = {"output_hidden_states": True}
    projects = True

    def read(
        self, outputs: Any, recorded: Recorded, layer: int, mask: Tensor, whose: str
    ) -> Tensor:
        return outputs.hidden_states[layer]

    def loss(self, student: Tensor, teacher: Tensor, mask: Tensor, ids: Tensor) -> Tensor:
        return hidden_state_loss(student, teacher, mask=mask, kind=self.kind)


@dataclass(frozen=True)
class Attention(Comparison):
    """What every token looks at: `losses.attention_loss`, head by head.

    Both models must be eager, `model.set_attn_implementation("eager")`, and the student without
    dropout on its attention: what transformers returns in training is after dropout.
    """

    name = "attention"
    asks_for = {"output_attentions": True}

    def read(
        self, outputs: Any, recorded: Recorded, layer: int, mask: Tensor, whose: str
    ) -> Tensor:
        if not outputs.attentions:
            raise ValueError(
                f"{whose} returned no attention: transformers' fast implementations have none to "
                f'return, and only warn. model.set_attn_implementation("eager") changes that.'
            )
        return outputs.attentions[layer - 1]

    def loss(self, student: Tensor, teacher: Tensor, mask: Tensor, ids: Tensor) -> Tensor:
        return attention_loss(student, teacher, mask=mask)


@dataclass(frozen=True)
class Relations(Comparison):
    """Which tokens resemble one another: `losses.relation_loss`, the sum over what `of` names.

    heads: relation heads, whatever heads the models have; it must divide the widths of both. Where
    several heads share a key and a value, those are narrower than the query.
    of: "query", "key" and "value", or some of them. In a RoFormer, before the rotation.
    """

    heads: int = 4
    of: tuple[str, ...] = ("query", "key", "value")

    name = "relations"
    records = True

    def read(
        self, outputs: Any, recorded: Recorded, layer: int, mask: Tensor, whose: str
    ) -> tuple[Tensor, ...]:
        return tuple(recorded[layer, part] for part in self.of)  # (batch, length, width) each

    def loss(
        self, student: Sequence[Tensor], teacher: Sequence[Tensor], mask: Tensor, ids: Tensor
    ) -> Tensor:
        parts = zip(student, teacher, strict=True)
        losses = [relation_loss(s, t, mask=mask, heads=self.heads) for s, t in parts]
        return torch.stack(losses).sum()


@dataclass(frozen=True)
class Contrastive(Comparison):
    """Whose vector is it? `losses.contrastive_loss`, of the mean over a row's tokens.

    The wrong answers are the other rows of the same batch, the process's own, but no row of the
    same text: the column `text_ids` says which text a row is of, and without it equal input ids do.
    """

    temperature: float = 0.1

    name = "contrastive"
    first_layer = 0
    asks_for = {"output_hidden_states": True}
    projects = True
    over_rows = True

    def read(
        self, outputs: Any, recorded: Recorded, layer: int, mask: Tensor, whose: str
    ) -> Tensor:
        counted = mask[..., None]
        total = torch.where(counted, outputs.hidden_states[layer], 0.0).sum(1)
        return total / counted.sum(1).clamp(min=1)  # (batch, width)

    def loss(self, student: Tensor, teacher: Tensor, mask: Tensor, ids: Tensor) -> Tensor:
        counts = mask.any(-1)
        return contrastive_loss(
            student, teacher, temperature=self.temperature, ids=ids, mask=counts
        )


# -- reading ----------------------------------------------------------------------------------


@contextmanager
def recording(model: nn.Module, layers: set[int]) -> Iterator[dict[tuple[int, str], Tensor]]:
    """While it is open, what makes queries, keys and values in these layers is taken down."""
    recorded: dict[tuple[int, str], Tensor] = {}

    def keep(at: tuple[int, str]):
        return lambda module, inputs, output: recorded.__setitem__(at, output)

    parts = {
        (layer, name): part
        for layer in sorted(layers)
        for name, part in queries_keys_values(model, layer).items()
    }
    handles = [part.register_forward_hook(keep(at)) for at, part in parts.items()]
    try:
        yield recorded
    finally:
        for handle in handles:
            handle.remove()


def asked_for(comparisons: Sequence[Comparison]) -> dict[str, bool]:
    """What must be asked of a model's forward to compare all this."""
    return {name: True for comparison in comparisons for name in comparison.asks_for}


def tokens_read(inputs: Mapping[str, Tensor]) -> Tensor:
    """Which positions of a batch hold a token, (batch, length), bool; all, where it has no mask."""
    mask = inputs.get("attention_mask")
    return torch.ones_like(inputs["input_ids"], dtype=torch.bool) if mask is None else mask.bool()


def ask_inside(
    teacher: nn.Module, inputs: Mapping[str, Tensor], comparisons: Sequence[Comparison]
) -> tuple[Any, list[Tensor]]:
    """The teacher's outputs for a batch, and what each comparison reads of it, without gradients.

    inputs: a batch's tensors; what the teacher does not take is left out. Without an attention_mask
    every token counts, and packed texts do not see one another (`asking.without_cache`).
    """
    in_eval_mode(teacher)
    takes = arguments_for(teacher)
    known = {name: value for name, value in inputs.items() if name in takes}
    mask = tokens_read(inputs)
    layers = {each.teacher_layer for each in comparisons if each.records}
    with torch.no_grad(), recording(teacher, layers) as recorded:
        outputs = teacher(**known, **asked_for(comparisons), **without_cache(teacher))
        found = [
            each.read(outputs, recorded, each.teacher_layer, mask, "the teacher")
            for each in comparisons
        ]
    return outputs, found


def refuse_impossible(comparisons: Sequence[Comparison], student: Any, teacher: Any) -> None:
    """ValueError for a comparison of layers that a model has not, or of widths or heads that differ."""
    for each in comparisons:
        for whose, model, layer in (
            ("student", student, each.student_layer),
            ("teacher", teacher, each.teacher_layer),
        ):
            layers = model.config.num_hidden_layers
            if not each.first_layer <= layer <= layers:
                raise ValueError(
                    f"{whose}_layer of {each.name} must lie in {each.first_layer} … {layers}, the "
                    f"{whose}'s own (0 is the embeddings), but is {layer}"
                )
            if isinstance(each, Relations):
                _refuse_heads(each, model, layer, whose)
    names = [str(each) for each in comparisons]
    if len(set(names)) < len(names):
        raise ValueError(f"comparisons must each be given once, but are {', '.join(names)}")


def _refuse_heads(compared: Relations, model: Any, layer: int, whose: str) -> None:
    """ValueError for relation heads into which a query, key or value of this layer cannot be cut."""
    maps = queries_keys_values(model, layer)
    for part in compared.of:
        width = getattr(maps[part], "out_features", model.config.hidden_size)
        if compared.heads < 1 or width % compared.heads:
            raise ValueError(
                f"heads of relations must divide the {whose}'s width, {width} of the {part}, but is "
                f"{compared.heads}"
            )
