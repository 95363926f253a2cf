"""Models of a few thousand weights and rows of random words, for tests that train in a blink."""

from __future__ import annotations

import random
from string import ascii_lowercase

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
    set_seed,
)

CLASSES = 3
WORDS = 100
# Rows to leave unlabelled: three of the first four and none of the next, one, none, four.
UNEVEN = (0, 1, 2, 9, 16, 17, 18, 19)


def letters() -> PreTrainedTokenizerFast:
    """A tokenizer of a hundred words of one or two letters, the same every time."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *ascii_lowercase]
    words += [a + b for a in "aeiou" for b in ascii_lowercase][: WORDS - len(words)]
    tokenizer = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")


def bert(seed: int, kind=BertForSequenceClassification, *, dropout: float = 0.0, **config):
    """A BERT of a few thousand weights, whose logits are not all alike."""
    set_seed(seed)
    shape = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    model = kind(
        BertConfig(
            **{
                "vocab_size": WORDS,
                "num_labels": CLASSES,
                "initializer_range": 0.3,
                **shape,
                **config,
            },
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
        )
    )
    return model.eval()


def sentences(number: int = 22, *, seed: int = 0, unlabelled: tuple[int, ...] = ()) -> list[dict]:
    chance = random.Random(seed)
    rows = []
    for row in range(number):
        ids = [chance.randrange(5, 100) for _ in range(chance.randrange(3, 15))]
        label = chance.randrange(CLASSES)
        rows.append({"input_ids": ids, "labels": -100 if row in unlabelled else label})
    return rows


def causal(seed: int, kind: str = "gpt2", made_by=None, **config):
    """A GPT-2 or Llama of a few thousand weights, whose logits are not all alike."""
    set_seed(seed)
    special = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    if kind == "gpt2":
        shape = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 256}
        dropout = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
        shape |= {"initializer_range": 0.3, **dropout}
        return (made_by or GPT2LMHeadModel)(
            GPT2Config(**{"vocab_size": WORDS, **special, **shape, **config})
        ).eval()
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    shape |= {"num_attention_heads": 2, "initializer_range": 0.3, "max_position_embeddings": 256}
    return (made_by or LlamaForCausalLM)(
        LlamaConfig(**{"vocab_size": WORDS, **special, **shape, **config})
    ).eval()


def prompts(number: int, *, seed: int = 0) -> list[dict]:
    """Rows for a causal model: the answer's tokens are their own labels, the prompt's are -100."""
    chance = random.Random(seed)
    rows = []
    for row in sentences(number, seed=seed):
        ids = row["input_ids"]
        asked = chance.randrange(1, len(ids))
        rows.append({"input_ids": ids, "labels": [-100] * asked + ids[asked:]})
    return rows


def encoder_decoder(seed: int, kind: str = "bart", **config):
    """A BART or T5 of a few thousand weights."""
    set_seed(seed)
    special = {"pad_token_id": 0, "eos_token_id": 3, "decoder_start_token_id": 2}
    if kind == "t5":
        shape = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
        config = {"vocab_size": WORDS, "dropout_rate": 0.0, **special, **shape, **config}
        return T5ForConditionalGeneration(T5Config(**config)).eval()
    half = {"layers": 1, "attention_heads": 2, "ffn_dim": 32}
    shape = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in half.items()}
    shape |= {"d_model": 16, "dropout": 0.0, "init_std": 0.3, "forced_eos_token_id": None}
    config = {"vocab_size": WORDS, **special, **shape, **config}
    return BartForConditionalGeneration(BartConfig(**config)).eval()


def targets(number: int, *, seed: int = 0) -> list[dict]:
    """Rows for an encoder-decoder: the target is the source's beginning, read backwards."""
    return [
        row | {"labels": row["input_ids"][::-1][: i % 7 + 2]}
        for i, row in enumerate(sentences(number, seed=seed))
    ]


def assert_same_weights(one, other, **tolerance):
    """Two models, weight by weight: the message names the one that differs."""
    ours, theirs = one.state_dict(), other.state_dict()
    assert ours.keys() == theirs.keys()
    for name in ours:
        torch.testing.assert_close(
            ours[name], theirs[name], msg=lambda m, n=name: f"{n}: {m}", **tolerance
        )
