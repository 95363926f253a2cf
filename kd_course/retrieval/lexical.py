"""Passages found by the words that they share with a question, and the candidates made of them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

SATURATION, LENGTH_SHARE = 1.2, 0.75  # k₁ and b, the values of most systems


def lexical_scores(questions: Sequence[str], passages: Sequence[str]) -> np.ndarray:
    """BM25: how much of a question's words a passage holds, rare words counting more.

    Returns (questions, passages), float32: Σ over the question's words of idf · tf·(k₁ + 1) /
    (tf + k₁·(1 - b + b·length/mean length)), with idf = log(1 + (N - n + ½)/(n + ½)), never negative.
    Raises ValueError for no passages.

    Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009.
    """
    if not len(passages):
        raise ValueError("passages must not be empty: there is nothing to find")
    counts = [Counter(_words(passage)) for passage in passages]
    lengths = np.array([sum(count.values()) for count in counts], dtype=np.float64)
    norms = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths / max(lengths.mean(), 1.0))
    holding: dict[str, list[int]] = {}
    for number, count in enumerate(counts):
        for word in count:
            holding.setdefault(word, []).append(number)
    scores = np.zeros((len(questions), len(passages)), dtype=np.float32)
    for row, question in enumerate(questions):
        for word in _words(question):
            there = holding.get(word, [])
            if not there:
                continue
            rare = math.log(1 + (len(passages) - len(there) + 0.5) / (len(there) + 0.5))
            times = np.array([counts[number][word] for number in there], dtype=np.float64)
            weight = times * (SATURATION + 1) / (times + norms[there])
            scores[row, there] += (rare * weight).astype(np.float32)
    return scores


def candidates(
    scores: np.ndarray, right: np.ndarray, number: int, *, ids: np.ndarray | None = None
) -> np.ndarray:
    """For every question its right passage, and the wrong ones that score best: (questions, number).

    scores: (questions, passages); right: (questions,), the right passage's number. ids: (passages,),
    the same for the same text: another copy of the right one is no wrong one.
    The right passage comes first; equals in the order of the passages.
    Raises ValueError where there are not so many passages.
    """
    ids = np.arange(scores.shape[1]) if ids is None else np.asarray(ids)
    found = np.empty((len(scores), number), dtype=np.int64)
    for row, own in enumerate(right):
        order = np.argsort(-scores[row], kind="stable")
        wrong = order[ids[order] != ids[own]][: number - 1]
        if len(wrong) < number - 1:
            raise ValueError(
                f"number must be at most the different passages, {len(wrong) + 1}, but is {number}"
            )
        found[row] = [own, *wrong]
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
