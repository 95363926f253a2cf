"""A model's layers, and what of each makes queries, keys and values: where each kind keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

# For each family: the list of layers, the config's name for how many there are, and within a layer
# the linear maps that make its queries, keys and values; none where one map makes all three.
_FAMILIES = (
    (
        "encoder.layer",
        "num_hidden_layers",
        ("attention.self.query", "attention.self.key", "attention.self.value"),
    ),
    (
        "transformer.layer",
        "n_layers",
        ("attention.q_lin", "attention.k_lin", "attention.v_lin"),
    ),
    ("h", "n_layer", ()),  # GPT-2
    (
        "layers",  # Llama, and most that came after it
        "num_hidden_layers",
        ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    ),
)


def layer_stack(model: nn.Module) -> tuple[nn.ModuleList, str]:
    """A model's list of layers, and its config's name for how many there are.

    model: an encoder of BERT's, RoBERTa's, MiniLM's, RoFormer's or DistilBERT's architecture, or a
    decoder of GPT-2's or Llama's, with a head or without. Raises ValueError for another one.
    """
    stack, counter, _ = _family(model)
    return stack, counter


def queries_keys_values(model: nn.Module, layer: int) -> dict[str, nn.Module]:
    """The three linear maps of one layer, by name: "query", "key", "value".

    layer: counted from 1, as in `hidden_states`, where 0 is the embeddings.
    What they give is (batch, length, width), all heads side by side; in a RoFormer before the
    rotation that tells positions. Raises ValueError for a layer that the model has not, and for a
    GPT-2, which has one map for all three.
    """
    stack, _, names = _family(model)
    if not names:
        raise ValueError(
            f"queries, keys and values of a {type(model).__name__} come out of one map, not of three"
        )
    if not 1 <= layer <= len(stack):
        raise ValueError(
            f"layer must lie in 1 … {len(stack)}, the model's own, but is {layer}: 0 is the "
            f"embeddings, which have no queries"
        )
    parts = (stack[layer - 1].get_submodule(name) for name in names)
    return dict(zip(("query", "key", "value"), parts, strict=True))


def _family(model: nn.Module) -> tuple[nn.ModuleList, str, tuple[str, ...]]:
    encoder: Any = getattr(model, "base_model", model)
    for path, counter, names in _FAMILIES:
        try:
            return encoder.get_submodule(path), counter, names
        except AttributeError:
            continue
    raise ValueError(
        f"only the layers of BERT, RoBERTa, MiniLM, RoFormer, DistilBERT, GPT-2 and Llama are known "
        f"here, not those of {type(model).__name__}"
    )
