"""Financial news whose truth is known: every sentence carries its exact p(label | text).

The label comes first. A sentence is drawn as label, then meaning, then wording, and its posterior
is Bayes' rule over every derivation of the text. So a sentence's label noise is its posterior, no
more and no less: no classifier can beat the average of max p(label | text), and soft targets have a
truth to be compared with.

What can be said and with which words is data, words/news_*.toml; `grammars.news_meanings` and
`grammars.news_rules` assemble it, `grammars.context_free` draws and reads.

After Malo et al., Good debt or bad debt: detecting semantic orientations in economic texts, 2014,
whose Financial PhraseBank this imitates in tone, labels and imbalance.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from kd_course.corpora.grammars.context_free import Derivation, Grammar
from kd_course.corpora.grammars.news_meanings import build_meanings, prior
from kd_course.corpora.grammars.news_rules import build_rules

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

NAMES = ("negative", "neutral", "positive")
UNLABELLED = -100  # the label that the losses of this course leave out

SIZES = {
    "train": 4_000,
    "unlabelled": 12_000,
    "validation": 2_000,
    "test": 4_000,
    "test_unseen_templates": 2_000,
}
UNSEEN_SIZES = {"train": 1_000, "unlabelled": 8_000, "validation": 2_000, "test": 4_000}
TEACHER_SIZE = 40_000
WORDS = range(6, 41)  # a sentence has at least 6 words and at most 40

# Where a sentence may go is a function of its text alone (`_place`), the same for every seed: no
# seed's training sentence is another seed's test sentence, and none is in the teacher's corpus.
# Choosing by the text leaves p(label | text) as it is, for the label has no part in the choice.
# The same holds for dropping repeated texts and for the limits on length.
_PRIVATE = 7  # of _PARTS parts of all texts, for the teacher's corpus
_PUBLIC = {"train": 4, "unlabelled": 12, "validation": 2, "test": 4}
_PARTS = _PRIVATE + sum(_PUBLIC.values())
_UNSEEN_STREAM = 7_919  # draws of the unseen templates do not follow those of the seen ones


def load(
    seed: int = 0, *, sizes: Mapping[str, int] | None = None, test_seed: int | None = None
) -> DatasetDict:
    """Financial news in five splits, each sentence with its label and its exact posterior.

    Returns train, unlabelled (labels -100), validation, test and test_unseen_templates, whose
    templates occur in no other split. Columns: text; label (0 negative, 1 neutral, 2 positive);
    posterior, three probabilities. `sizes` makes some splits smaller or larger than SIZES: a
    smaller split is the beginning of a larger one. The same seed gives the same rows everywhere.
    test_seed: draws the test rows, where they are not to be those of `seed`: rows that nobody has
    read yet. Raises ValueError when a seed or a size is no whole number >= 0, or a split does not exist.
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


def load_unseen_templates(
    seed: int = 0, *, sizes: Mapping[str, int] | None = None, test_seed: int | None = None
) -> DatasetDict:
    """Another ground: financial news of templates that `load`'s training rows never have.

    The labels, their shares and the names of firms are the same, the wording is not. Returns train,
    unlabelled (labels -100), validation and test, with the columns of `load`; no text stands in two
    of them, whatever the seeds. Its sentences and those of `load`'s test_unseen_templates are drawn
    from one grammar, so texts may be shared with that split, which is for models that have read
    nothing of this ground.
    sizes: other numbers of rows than UNSEEN_SIZES. test_seed: as in `load`.
    Raises ValueError when a seed or a size is no whole number >= 0, or a split does not exist.
    """
    from datasets import DatasetDict

    _check_count(seed, "seed:")
    unknown = set(sizes or {}) - set(UNSEEN_SIZES)
    if unknown:
        raise ValueError(f"sizes: no such split {sorted(unknown)}; there are {list(UNSEEN_SIZES)}")
    wanted = {**UNSEEN_SIZES, **(sizes or {})}
    for name, size in wanted.items():
        _check_count(size, f"sizes: {name!r}")
    rest = {name: n for name, n in wanted.items() if name != "test"}
    _check_count(seed if test_seed is None else test_seed, "test_seed:")
    splits = {
        **_unseen_splits(seed, tuple(rest.items())),
        **_unseen_splits(seed if test_seed is None else test_seed, (("test", wanted["test"]),)),
    }
    return DatasetDict({name: copy.copy(split) for name, split in splits.items()})


def teacher_corpus(seed: int = 0, size: int = TEACHER_SIZE) -> Dataset:
    """Labelled sentences that `load` gives for no seed: what the shipped teacher is trained on.

    Returns `size` distinct rows with the columns of `load`.
    Raises ValueError when seed or size is no whole number >= 0.
    """
    _check_count(seed, "seed:")
    _check_count(size, "size:")
    return copy.copy(_teacher_corpus(seed, size))


def posterior(texts: Sequence[str]) -> np.ndarray:
    """p(label | text) for sentences of the corpus, those with unseen templates too.

    Returns (len(texts), 3), float64; each row sums to one.
    Raises ValueError naming the sentence when neither grammar derives it, TypeError for one string.
    """
    if isinstance(texts, str):
        raise TypeError("texts: must be a list of sentences, not one string")
    rows = [_grammar_of(text).posterior(text) for text in texts]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))


def derivations(text: str) -> list[Derivation]:
    """The meanings that can produce a sentence, the most probable one first.

    Each has `meaning`, a name; `wording`, p(text | meaning); and for each of the three labels
    `given_label`, p(meaning | label), and `joint`, p(label, meaning | text), which sums to the
    posterior over the meanings.
    Raises ValueError naming the sentence when neither grammar derives it.
    """
    return _grammar_of(text).derivations(text)


@lru_cache(maxsize=2)
def grammar(*, unseen_templates: bool = False) -> Grammar:
    """The grammar behind the corpus, or behind the split whose templates training never sees."""
    return Grammar(prior(), build_meanings(unseen=unseen_templates), build_rules())


def draws(seed: int) -> Iterator[tuple[str, int, str]]:
    """Sentences without end, repeated ones too: text, label, and the split that it may stand in.

    "teacher" is the split of the teacher's corpus. Raises ValueError as `load` does.
    """
    _check_count(seed, "seed:")
    for text, label in _sentences(grammar(), seed):
        yield text, label, _place(text)


def _grammar_of(text: str) -> Grammar:
    seen = grammar()
    return seen if seen.inside(text) else grammar(unseen_templates=True)


def _check_count(value: int, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number >= 0, not {value!r}")


@lru_cache(maxsize=4)
def _splits(seed: int, sizes: tuple[tuple[str, int], ...]) -> dict[str, Dataset]:
    wanted = dict(sizes)
    unseen_size = wanted.pop("test_unseen_templates")
    rows = _placed(grammar(), seed, wanted)
    unseen: dict[str, int] = {}
    for text, label in _sentences(grammar(unseen_templates=True), _UNSEEN_STREAM + seed):
        if len(unseen) == unseen_size:
            break
        unseen.setdefault(text, label)
    datasets = {name: _dataset(split, grammar()) for name, split in rows.items()}
    datasets["unlabelled"] = _dataset(dict.fromkeys(rows["unlabelled"], UNLABELLED), grammar())
    datasets["test_unseen_templates"] = _dataset(unseen, grammar(unseen_templates=True))
    return datasets


@lru_cache(maxsize=4)
def _unseen_splits(seed: int, sizes: tuple[tuple[str, int], ...]) -> dict[str, Dataset]:
    source = grammar(unseen_templates=True)
    rows = _placed(source, _UNSEEN_STREAM + seed, dict(sizes))
    if "unlabelled" in rows:
        rows["unlabelled"] = dict.fromkeys(rows["unlabelled"], UNLABELLED)
    return {name: _dataset(split, source) for name, split in rows.items()}


def _placed(source: Grammar, seed: int, wanted: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Of a stream of sentences, the first that may stand in each split: text -> label, by split."""
    rows: dict[str, dict[str, int]] = {name: {} for name in wanted}
    missing = sum(wanted.values())
    for text, label in _sentences(source, seed):
        if not missing:
            break
        place = _place(text)
        if place in rows and len(rows[place]) < wanted[place] and text not in rows[place]:
            rows[place][text] = label
            missing -= 1
    return rows


@lru_cache(maxsize=1)
def _teacher_corpus(seed: int, size: int) -> Dataset:
    rows: dict[str, int] = {}
    for text, label in _sentences(grammar(), seed):
        if len(rows) == size:
            break
        if _place(text) == "teacher":
            rows.setdefault(text, label)
    return _dataset(rows, grammar())


def _sentences(source: Grammar, seed: int) -> Iterator[tuple[str, int]]:
    """Labelled sentences of admissible length without end; repeated ones too."""
    # Random.random() is the same on every machine and in every Python version; nothing else of
    # the random module is used.
    draw = random.Random(seed).random
    while True:
        text, label = source.draw(draw)
        if text.count(" ") + 1 in WORDS:
            yield text, label


def _place(text: str) -> str:
    """The one split, or the teacher's corpus, that a sentence of the grammar may stand in."""
    part = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % _PARTS
    for name, parts in _PUBLIC.items():
        if part < parts:
            return name
        part -= parts
    return "teacher"


def _dataset(rows: Mapping[str, int], source: Grammar) -> Dataset:
    import pyarrow
    from datasets import ClassLabel, Dataset, DatasetInfo, Features, List, Value

    columns = {
        "text": list(rows),
        "label": list(rows.values()),
        "posterior": _posteriors(rows, source),
    }
    features = Features(
        text=Value("string"),
        label=ClassLabel(names=list(NAMES)),
        posterior=List(Value("float64"), length=len(NAMES)),
    )
    # Straight into Arrow, for ClassLabel refuses to encode the -100 of the unlabelled split.
    table = pyarrow.table(columns, schema=pyarrow.schema(features.arrow_schema))
    return Dataset(table, info=DatasetInfo(features=features))


def _posteriors(texts: Iterable[str], source: Grammar) -> list[tuple[float, ...]]:
    return [source.posterior(text) for text in texts]
