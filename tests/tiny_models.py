"""Models of a few thousand weights and rows of random words, for tests that train in a blink."""

from __future__ import annotations

import random
from string import ascii_lowercase

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
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
