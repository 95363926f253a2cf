"""News headlines as small grey pictures, a smudge on each: what a student sees that reads pixels.

The sentences are those of `news` that fit on one line. A sentence is drawn in capitals, letter by
letter (words/glyphs.toml), with noise, and a smudge hides the letters of one stretch of it. Gaps,
signs and figures show through. A teacher reads the sentence, its student sees the picture.

What a smudge leaves open is known exactly: `readings` are all sentences of the grammar that agree
with what can still be seen, each with its probability, and `posterior` is the average of their
p(label | text). Where a smudge lies depends on how long a sentence is and on nothing else, so it
says nothing about the letters below it. Two things are left out of account: noise is taken to hide
nothing, and that a split has some texts of the grammar only is not known to whoever sees a picture.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from kd_course.corpora import news
from kd_course.corpora.grammars import hidden_letters
from kd_course.corpora.grammars.hidden_letters import HIDDEN
from kd_course.corpora.words import read

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

NAMES = news.NAMES
LONGEST = 72  # letters, gaps and signs of a line
SMUDGE = 24  # of them, hidden where they are letters
CELL = (9, 6)  # dots of one letter with its margin: rows, columns
FLIPPED = 0.03  # of all dots: ink where there is none, or none where there is
GREY = 0.25  # how far a dot's grey is off at most

SIZES = {"train": 2_000, "unlabelled": 8_000, "validation": 1_000, "test": 2_000}


@dataclass(frozen=True)
class Reading:
    """One sentence that a picture may show, in capitals."""

    text: str
    weight: float  # p(text | what can be seen)
    posterior: tuple[float, ...]  # p(label | text)


def load(
    seed: int = 0,
    *,
    sizes: Mapping[str, int] | None = None,
    test_seed: int | None = None,
    smudge: int = SMUDGE,
) -> DatasetDict:
    """Headlines of one line, and what a smudge leaves of each, in four splits.

    Returns train, unlabelled (labels -100), validation and test. Columns: text; label (0 negative, 1
    neutral, 2 positive); seen, the text in capitals with HIDDEN in place of every letter below the
    smudge. `picture(seen)` draws it.
    A sentence stands in a split where it stands in `news`, for every seed. `sizes` makes some splits smaller
    or larger: a smaller one is the beginning of a larger one. test_seed: draws the test rows, where
    they are not to be those of `seed`. smudge: how many letters, gaps and signs it covers.
    Raises ValueError when a seed, a size or a smudge is no whole number >= 0, or a split does not exist.
    """
    from datasets import DatasetDict

    unknown = set(sizes or {}) - set(SIZES)
    if unknown:
        raise ValueError(f"sizes: no such split {sorted(unknown)}; there are {list(SIZES)}")
    wanted = {**SIZES, **(sizes or {})}
    counts = {"seed:": seed, "smudge:": smudge, **{f"sizes: {n!r}": s for n, s in wanted.items()}}
    if test_seed is not None:
        counts["test_seed:"] = test_seed
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ValueError(f"{name} must be a whole number >= 0, not {count!r}")
    splits = _splits(seed, tuple(wanted.items()), smudge)
    if test_seed not in (None, seed):
        tests = {name: size if name == "test" else 0 for name, size in wanted.items()}
        splits = splits | {"test": _splits(test_seed, tuple(tests.items()), smudge)["test"]}
    # Copies: whoever changes a split's format changes nobody else's.
    return DatasetDict({name: copy.copy(split) for name, split in splits.items()})


def hide(text: str, start: int, smudge: int = SMUDGE) -> str:
    """What can be seen of a sentence: in capitals, HIDDEN in place of the letters below the smudge."""
    return "".join(
        HIDDEN if start <= place < start + smudge and letter.isalpha() else letter
        for place, letter in enumerate(text.upper())
    )


def picture(seen: str, *, seed: int = 0, noise: bool = True) -> np.ndarray:
    """A headline as it looks: (9, 6 · LONGEST), float32, 0 paper, 1 ink, and grey below the smudge.

    seen: a text in capitals, HIDDEN where the smudge is. The noise is the same for the same seed
    and text. Raises ValueError for a text that is too long, and for a letter that has no glyph.
    """
    if len(seen) > LONGEST:
        raise ValueError(f"seen must have at most {LONGEST} letters, but has {len(seen)}")
    strange = sorted(set(seen) - set(glyphs()))
    if strange:
        raise ValueError(f"seen holds letters that have no glyph: {strange}")
    dots = np.concatenate([glyphs()[letter] for letter in seen.ljust(LONGEST)], axis=1)
    if not noise:
        return dots
    digest = blake2b(f"{seed}\n{seen}".encode(), digest_size=8).digest()
    drawn = np.random.default_rng(int.from_bytes(digest, "big")).random((2, *dots.shape))
    flipped = np.where((drawn[0] < FLIPPED) & (dots != 0.5), 1 - dots, dots)
    return (flipped + GREY * (2 * drawn[1] - 1)).astype(np.float32)


@lru_cache
def glyphs() -> dict[str, np.ndarray]:
    """What each letter looks like in its cell, and the gap and the smudge: CELL, float32."""
    drawn = {" ": np.zeros(CELL, np.float32), HIDDEN: np.full(CELL, 0.5, np.float32)}
    for letter, rows in read("glyphs").items():
        cell = np.zeros(CELL, np.float32)
        cell[1:8, :5] = [[dot == "#" for dot in row] for row in rows]
        drawn[letter] = cell
    for cell in drawn.values():
        cell.flags.writeable = False
    return drawn


def readings(seen: str) -> list[Reading]:
    """All sentences that a picture may show, the most probable one first; the weights sum to one.

    Raises ValueError naming it when no sentence of the grammar looks like this.
    """
    grammar = news.grammar()
    found = []
    for text, meanings in hidden_letters.readings(grammar, seen).items():
        joint = [
            prior * sum(grammar.given_label[m][label] * p for m, p in meanings.items())
            for label, prior in enumerate(grammar.prior)
        ]
        found.append((sum(joint), text, joint))
    if not found:
        raise ValueError(f"seen: no sentence of the grammar looks like {seen!r}")
    whole = sum(p for p, _, _ in found)
    return [
        Reading(text, p / whole, tuple(value / p for value in joint))
        for p, text, joint in sorted(found, key=lambda one: (-one[0], one[1]))
    ]


def posterior(seen: Sequence[str]) -> np.ndarray:
    """p(label | picture): the readings' p(label | text), averaged with their weights.

    Returns (len(seen), 3), float64. Raises ValueError as `readings` does, TypeError for one text.
    """
    if isinstance(seen, str):
        raise TypeError("seen: must be a list of texts, not one text")
    rows = [sum(r.weight * np.array(r.posterior) for r in readings(one)) for one in seen]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))


@lru_cache(maxsize=4)
def _splits(seed: int, sizes: tuple[tuple[str, int], ...], smudge: int) -> dict[str, Dataset]:
    wanted = dict(sizes)
    rows: dict[str, dict[str, int]] = {name: {} for name in wanted}
    missing = sum(wanted.values())
    for text, label, place in news.draws(seed):
        if not missing:
            break
        if len(text) > LONGEST or place not in rows or len(rows[place]) == wanted[place]:
            continue
        if text not in rows[place]:
            rows[place][text] = news.UNLABELLED if place == "unlabelled" else label
            missing -= 1
    return {name: _dataset(split, seed, smudge) for name, split in rows.items()}


def _dataset(rows: Mapping[str, int], seed: int, smudge: int) -> Dataset:
    from datasets import Dataset

    return Dataset.from_dict(
        {
            "text": list(rows),
            "label": list(rows.values()),
            "seen": list(_smudged(rows, seed, smudge)),
        }
    )


def _smudged(texts: Mapping[str, int], seed: int, smudge: int) -> Iterator[str]:
    for text in texts:
        digest = blake2b(f"{seed}\n{text}".encode(), digest_size=8).digest()
        places = max(1, len(text) - smudge + 1)
        yield hide(text, int(random.Random(digest).random() * places), smudge)
