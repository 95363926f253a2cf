"""A validation split out of train, where a data set has none: by title, or by text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset


def carve_titles(train: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """Train without, and the validation split with, a share of its titles: at least one each."""
    import numpy as np

    titles = np.array(train["title"][:])
    different = np.unique(titles)
    number = min(max(1, round(share * len(different))), len(different) - 1)
    drawn = np.random.default_rng(seed).permutation(different)[:number]
    taken = np.isin(titles, drawn)
    return train.select(np.flatnonzero(~taken)), train.select(np.flatnonzero(taken))


def carve(train: Dataset, rows: int, seed: int) -> tuple[Dataset, Dataset]:
    """Train without, and the validation split with, `rows` rows drawn from it.

    A text that stands in train more than once goes to one side with all its copies, whatever
    their case and spaces; validation keeps one of them.
    """
    import numpy as np

    plain = np.array([" ".join(text.lower().split()) for text in train["text"]])
    _, first = np.unique(plain, return_index=True)
    if rows >= len(first):
        raise ValueError(
            f"validation must leave rows to train on, but is {rows}, and train has only {len(first)} "
            f"different texts"
        )
    drawn = np.random.default_rng(seed).permutation(first)[:rows]
    taken = np.isin(plain, plain[drawn])
    return train.select(np.flatnonzero(~taken)), train.select(drawn)
