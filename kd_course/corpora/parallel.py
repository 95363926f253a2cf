"""English sentences with Chinese translations whose truth is known: p(zh | en) is exact.

One grammar writes both languages at once (`grammars.synchronous` draws and reads; the words and
sentences are in words/parallel_*.toml, and `grammars.parallel_sentences` makes them rules). Nearly
every sentence has several translations that are all right: synonyms (电脑 or 计算机), word order
(他昨天… or 昨天他…), words that may be left out (的, 了, 都). As in any language one wording is usual
and the others are less so. The corpus holds one of them, drawn with its probability. So a
translation's uncertainty is choice among what is right, and how much of it there is can be
computed: no model can expect a lower cross-entropy than the mean of `entropy`.

Rows are those of opus-100: {"translation": {"en": …, "zh": …}}. Zhang et al., Improving massively
multilingual neural machine translation and zero-shot translation, 2020.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from kd_course.corpora.grammars.english_text import words_of
from kd_course.corpora.grammars.parallel_sentences import all_rules
from kd_course.corpora.grammars.synchronous import Reading, SynchronousGrammar
from kd_course.corpora.grammars.synchronous_charts import Link

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

__all__ = [
    "Link", "alignment", "entropy", "grammar", "load", "log_probability", "references",
    "teacher_corpus", "translations", "words_of",
]  # fmt: skip

SIZES = {"train": 26_000, "validation": 1_000, "test": 1_000}
TEACHER_SIZE = 60_000
WORDS = range(3, 21)  # a source has at least 3 words and at most 20
MOST_WAYS = 200_000  # no sentence of the grammar can be translated in more ways; a test looks

# Where a sentence may go is a function of its English alone (`_place`), the same for every seed: no
# seed's training source is another seed's test source, and none is in the teacher's corpus.
# Choosing by the source leaves p(zh | en) as it is. The same holds for dropping repeated sources.
_PRIVATE = 12  # of _PARTS parts of all sources, for the teacher's corpus
_PUBLIC = {"train": 16, "validation": 2, "test": 2}
_PARTS = _PRIVATE + sum(_PUBLIC.values())


def load(
    seed: int = 0, *, sizes: Mapping[str, int] | None = None, test_seed: int | None = None
) -> DatasetDict:
    """English sentences with one right Chinese translation each, in train, validation and test.

    Each row is {"translation": {"en": str, "zh": str}}; no source occurs twice, in whatever split.
    `sizes` makes some splits smaller or larger than SIZES: a smaller split is the beginning of a
    larger one. The same seed gives the same rows everywhere.
    test_seed: draws the test rows, where they are not to be those of `seed`: rows that nobody has
    read yet. Common sentences are common: of two seeds' test sources about one in eight is the same.
    Raises ValueError when a seed or a size is no whole number >= 0, or a split does not exist.
    """
    from datasets import DatasetDict

    _check_count(seed, "seed:")
    unknown = set(sizes or {}) - set(SIZES)
    if unknown:
        raise ValueError(f"sizes: no such split {sorted(unknown)}; there are {list(SIZES)}")
    wanted = {**SIZES, **(sizes or {})}
    for name, size in wanted.items():
        _check_count(size, f"sizes: {name!r}")
    splits = _splits(seed, tuple(wanted.items()))
    if test_seed not in (None, seed):
        _check_count(test_seed, "test_seed:")
        tests = {name: n if name.startswith("test") else 0 for name, n in wanted.items()}
        fresh = _splits(test_seed, tuple(tests.items()))
        splits = splits | {name: fresh[name] for name in fresh if name.startswith("test")}
    # Copies: whoever changes a split's format changes nobody else's.
    return DatasetDict({name: copy.copy(split) for name, split in splits.items()})


def teacher_corpus(seed: int = 0, size: int = TEACHER_SIZE) -> Dataset:
    """Sentence pairs that `load` gives for no seed: what the shipped teacher is trained on.

    Returns `size` rows with distinct sources.
    Raises ValueError when seed or size is no whole number >= 0.
    """
    _check_count(seed, "seed:")
    _check_count(size, "size:")
    return copy.copy(_teacher_corpus(seed, size))


def log_probability(en: str, zh: str) -> float:
    """ln p(zh | en) in nats: how probable the grammar finds this translation of this sentence.

    −inf for a translation that it never gives. What is asked is exactness: a right translation
    that the grammar does not know has −inf too.
    Raises ValueError when `en` is no sentence of the grammar, TypeError when either is no text.
    """
    if not isinstance(zh, str):
        raise TypeError(f"zh: must be a text, but is a {type(zh).__name__}")
    p = _read(en).probability(zh)
    return math.log(p) if p > 0 else -math.inf


def translations(en: str, best: int | None = None) -> list[tuple[str, float]]:
    """(zh, p(zh | en)) for every right translation, or the `best` ones; the most probable first.

    The probabilities of all of them sum to one.
    Raises ValueError when `en` is no sentence of the grammar, or best is below 1.
    """
    if best is not None and best < 1:
        raise ValueError(f"best: must be at least 1, or None for all, not {best!r}")
    return list(_read(en).translations(MOST_WAYS).items())[:best]


def references(en: str, count: int = 4) -> list[str]:
    """The `count` most probable translations, for scores that take several references.

    Fewer where there are fewer. Raises ValueError as `translations` does.
    """
    return [zh for zh, _ in translations(en, count)]


def entropy(en: str) -> float:
    """−Σ p(zh | en) ln p(zh | en) in nats: how much choice there is among right translations.

    0 where there is one, ln n where n are equally good. Raises ValueError as `translations` does.
    """
    return 0.0 - math.fsum(p * math.log(p) for _, p in translations(en))  # never -0.0


def alignment(en: str, zh: str) -> list[Link]:
    """Which words of the source became which characters of the target, most probably.

    Each Link has `words`, positions in `words_of(en)`, and `spans`, (start, end) in zh: the words
    that one rule of the grammar wrote in both languages. Every word and every character is in
    exactly one link; a link may have words only, or characters only.
    Raises ValueError when `en` is no sentence of the grammar, or zh no translation of it.
    """
    return _read(en).alignment(zh)


@lru_cache(maxsize=1)
def grammar() -> SynchronousGrammar:
    """The grammar behind the corpus."""
    return SynchronousGrammar(all_rules())


def _read(en: str) -> Reading:
    if not isinstance(en, str):
        raise TypeError(f"en: must be a text, but is a {type(en).__name__}")
    return _read_once(en)


@lru_cache(maxsize=8192)
def _read_once(en: str) -> Reading:
    return grammar().read(en)


def _check_count(value: int, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number >= 0, not {value!r}")


@lru_cache(maxsize=4)
def _splits(seed: int, sizes: tuple[tuple[str, int], ...]) -> dict[str, Dataset]:
    wanted = dict(sizes)
    rows: dict[str, dict[str, str]] = {name: {} for name in wanted}
    missing = sum(wanted.values())
    pairs = _pairs(seed, set(_PUBLIC))
    while missing:
        place, en, zh = next(pairs)
        if len(rows[place]) < wanted[place] and en not in rows[place]:
            rows[place][en] = zh
            missing -= 1
    return {name: _dataset(split) for name, split in rows.items()}


@lru_cache(maxsize=1)
def _teacher_corpus(seed: int, size: int) -> Dataset:
    rows: dict[str, str] = {}
    pairs = _pairs(seed, {"teacher"})
    while len(rows) < size:
        _, en, zh = next(pairs)
        rows.setdefault(en, zh)
    return _dataset(rows)


def _pairs(seed: int, places: set[str]) -> Iterator[tuple[str, str, str]]:
    """(place, en, zh) of admissible length for some places, without end; repeated ones too."""
    # Random.random() is the same on every machine and in every Python version; nothing else of
    # the random module is used. A stream depends on the seed and the places, not on the sizes.
    draw, source = random.Random(seed).random, grammar()
    while True:
        en, derivation = source.draw(draw)
        if en.count(" ") + 1 in WORDS and (place := _place(en)) in places:
            yield place, en, source.translate(derivation, draw)


def _place(en: str) -> str:
    """The one split, or the teacher's corpus, that a sentence of the grammar may stand in."""
    part = int.from_bytes(blake2b(en.encode(), digest_size=8).digest(), "big") % _PARTS
    for name, parts in _PUBLIC.items():
        if part < parts:
            return name
        part -= parts
    return "teacher"


def _dataset(rows: Mapping[str, str]) -> Dataset:
    from datasets import Dataset, Features, Translation

    pairs = [{"en": en, "zh": zh} for en, zh in rows.items()]
    features = Features(translation=Translation(languages=["en", "zh"]))
    return Dataset.from_dict({"translation": pairs}, features=features)
