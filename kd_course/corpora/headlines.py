"""Short headlines to be written for a label, each with its exact log p(text | label).

A headline is a sentence of the news grammar with six to nine words. Its label is the prompt, "write
something negative", and what a writer is judged by is known: which texts can be said at all under a
label, and how often each is. So one sees apart what elsewhere is one number: whether a model says
what is wrong, and whether it leaves out what is right.

    p(text | label) = Σ_meaning p(meaning | label) p(text | meaning) / p(six to nine words | label)

The rows are plain draws, and a text that is likely stands there more than once.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from kd_course.corpora import news

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

NAMES = news.NAMES
PROMPTS = tuple(f"<{name}>" for name in NAMES)  # one token each
SIZES = {"train": 2_000, "validation": 500, "test": 1_000}
TEACHER_SIZE = 20_000
WORDS = range(6, 10)  # a headline has at least 6 words and at most 9

# Where a headline may stand is a function of its text alone, the same for every seed: nobody is
# tested on what anybody was trained on, and no teacher has read what its student reads.
_PARTS = {"teacher": 8, "train": 4, "validation": 2, "test": 2}


def load(
    seed: int = 0, *, sizes: Mapping[str, int] | None = None, test_seed: int | None = None
) -> DatasetDict:
    """Headlines in three splits: train, validation, test.

    Columns: text; label (0 negative, 1 neutral, 2 positive); log_p, log p(text | label) in nats.
    `sizes` makes some splits smaller or larger than SIZES: a smaller split is the beginning of a
    larger one. test_seed: draws the test rows, where they are not to be those of `seed`: rows that
    nobody has read yet. Raises ValueError when a seed or a size is no whole number >= 0, or a split
    does not exist.
    """
    from datasets import DatasetDict

    unknown = set(sizes or {}) - set(SIZES)
    if unknown:
        raise ValueError(f"sizes: no such split {sorted(unknown)}; there are {list(SIZES)}")
    wanted = {**SIZES, **(sizes or {})}
    for name, value in {"seed": seed, **wanted}.items():
        _check_count(value, name)
    splits = _splits(seed, tuple(wanted.items()))
    if test_seed not in (None, seed):
        _check_count(test_seed, "test_seed")
        splits = splits | _splits(test_seed, (("test", wanted["test"]),))
    # Copies: whoever changes a split's format changes nobody else's.
    return DatasetDict({name: copy.copy(split) for name, split in splits.items()})


def teacher_corpus(seed: int = 0, size: int = TEACHER_SIZE) -> Dataset:
    """Headlines that `load` gives for no seed: what the shipped teacher is trained on."""
    _check_count(seed, "seed")
    _check_count(size, "size")
    return copy.copy(_splits(seed, (("teacher", size),))["teacher"])


def log_truth(texts: Sequence[str], labels: Sequence[int]) -> np.ndarray:
    """log p(text | label) in nats, -inf for what cannot be said under the label, or is too long.

    Returns (len(texts),), float64. Raises TypeError for one string, ValueError for another number
    of labels.
    """
    if isinstance(texts, str):
        raise TypeError("texts: must be a list of texts, not one string")
    if len(texts) != len(labels):
        raise ValueError(f"labels: must be as many as texts, {len(texts)}, but are {len(labels)}")
    return np.array([_log_p(t, int(y)) for t, y in zip(texts, labels, strict=True)], np.float64)


def meaning_of(text: str) -> str | None:
    """What a headline most probably says: a meaning's name; None where no grammar derives it."""
    if not _admissible(text) or not news.grammar().inside(text):
        return None
    return news.grammar().derivations(text)[0].meaning


def share_of_short(label: int) -> float:
    """How many of the news grammar's sentences with this label are headlines: exactly."""
    return _shares()[label]


@lru_cache(maxsize=1)
def _shares() -> tuple[float, ...]:
    counts = [news.grammar().word_counts(label) for label in range(len(NAMES))]
    return tuple(sum(p for n, p in one.items() if n in WORDS) for one in counts)


@lru_cache(maxsize=50_000)
def _log_p(text: str, label: int) -> float:
    if not _admissible(text):
        return -math.inf
    given, inside = news.grammar().given_label, news.grammar().inside(text)
    p = sum(given[meaning][label] * q for meaning, q in inside.items())
    return math.log(p / share_of_short(label)) if p > 0 else -math.inf


def _admissible(text: str) -> bool:
    return text.count(" ") + 1 in WORDS


@lru_cache(maxsize=4)
def _splits(seed: int, sizes: tuple[tuple[str, int], ...]) -> dict[str, Dataset]:
    # Random.random() is the same on every machine and in every Python version; nothing else of
    # the random module is used.
    draw = random.Random(seed).random
    rows: dict[str, list[tuple[str, int]]] = {name: [] for name, _ in sizes}
    wanted = dict(sizes)
    missing = sum(wanted.values())
    while missing:
        text, label = news.grammar().draw(draw)
        if not _admissible(text):
            continue
        place = _place(text)
        if place in wanted and len(rows[place]) < wanted[place]:
            rows[place].append((text, label))
            missing -= 1
    return {name: _dataset(split) for name, split in rows.items()}


def _place(text: str) -> str:
    """The one split, or the teacher's corpus, that a headline may stand in."""
    digest = blake2b(text.encode(), digest_size=8, person=b"headlines").digest()
    part = int.from_bytes(digest, "big") % sum(_PARTS.values())
    for name, parts in _PARTS.items():
        if part < parts:
            return name
        part -= parts
    raise AssertionError("the parts add up")


def _dataset(rows: Sequence[tuple[str, int]]) -> Dataset:
    from datasets import ClassLabel, Dataset, Features, Value

    texts, labels = [text for text, _ in rows], [label for _, label in rows]
    features = Features(
        text=Value("string"), label=ClassLabel(names=list(NAMES)), log_p=Value("float64")
    )
    columns = {"text": texts, "label": labels, "log_p": log_truth(texts, labels).tolist()}
    return Dataset.from_dict(columns, features=features)


def _check_count(value: int, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name}: must be a whole number >= 0, not {value!r}")
