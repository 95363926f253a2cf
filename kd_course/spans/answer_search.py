"""From logits back to text: the best answers to a question, over all its windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kd_course.spans.windows import each_window, to_characters


@dataclass(frozen=True)
class Answer:
    """A stretch of the passage: characters start … end (exclusive), and its score."""

    text: str
    start: int
    end: int
    score: float  # logit of the start + logit of the end
    window: int  # the window in which it scored so


def best_answers(
    columns: Mapping[str, list],
    contexts: Sequence[str],
    start_logits: Sequence[np.ndarray],
    end_logits: Sequence[np.ndarray],
    *,
    n: int = 20,
    longest: int = 30,
) -> list[list[Answer]]:
    """The n best answers to every question, best first, over all its windows.

    start_logits, end_logits: per window (length,); entries beyond the window's tokens are padding.
    longest: tokens that an answer may have.
    An answer starts and ends at passage tokens of one window, its end not before its start; every
    such pair is looked at. Windows are compared by the sum of two *logits*: probabilities sum to
    one within each window, also within one that does not hold the answer, and would make its best
    guess look as good as any. A stretch that several windows offer keeps its best score.
    Returns fewer than n where there are fewer, and none for an empty passage.
    Raises ValueError for logits that do not fit the windows, or are NaN.
    """
    if n < 1 or longest < 1:
        raise ValueError(f"n and longest must be at least 1, but are {n} and {longest}")
    if not len(start_logits) == len(end_logits) == len(columns["example"]):
        raise ValueError(
            f"start_logits and end_logits must have one entry a window, {len(columns['example'])}, "
            f"but have {len(start_logits)} and {len(end_logits)}"
        )
    contexts = list(contexts)  # by place, whatever numbers a column of pandas has
    found: list[dict[tuple[int, int], Answer]] = [{} for _ in contexts]
    for window, (example, offsets) in enumerate(each_window(columns, "example", "offsets")):
        for first, last, score in _best_pairs(
            offsets, start_logits[window], end_logits[window], window, n, longest
        ):
            span = to_characters(offsets, first, last)
            known = found[example].get(span)
            if known is None or known.score < score:
                text = contexts[example][slice(*span)]
                found[example][span] = Answer(text, *span, score, window)
    return [
        sorted(answers.values(), key=lambda a: (-a.score, a.start, a.end))[:n] for answers in found
    ]


def texts(answers: Sequence[Sequence[Answer]]) -> list[str]:
    """The best answer of every question; an empty text where there is none."""
    return [best[0].text if best else "" for best in answers]


def _best_pairs(
    offsets: Sequence[tuple[int, int]],
    start_logits: np.ndarray,
    end_logits: np.ndarray,
    window: int,
    n: int,
    longest: int,
) -> list[tuple[int, int, float]]:
    """The n pairs (first, last, score) of one window that score most."""
    tokens = np.array([i for i, (start, end) in enumerate(offsets) if start < end], dtype=int)
    starts, ends = (
        _of_tokens(logits, tokens, len(offsets), name, window)
        for name, logits in (("start_logits", start_logits), ("end_logits", end_logits))
    )
    scores = starts[:, None] + ends[None, :]  # (first, last)
    lengths = tokens[None, :] - tokens[:, None] + 1
    scores[(lengths < 1) | (lengths > longest)] = -np.inf
    flat = scores.ravel()
    best = np.argsort(-flat, kind="stable")[:n] if len(flat) <= n else _largest(flat, n)
    pairs = [(*divmod(int(i), len(tokens)), float(flat[i])) for i in best]
    return [(int(tokens[i]), int(tokens[j]), p) for i, j, p in pairs if p > -np.inf]


def _largest(values: np.ndarray, n: int) -> np.ndarray:
    """Where the n largest values are, the largest first; the earlier one of equals."""
    threshold = np.partition(values, -n)[-n]
    candidates = np.flatnonzero(values >= threshold)
    return candidates[np.argsort(-values[candidates], kind="stable")][:n]


def _of_tokens(
    logits: np.ndarray, tokens: np.ndarray, length: int, name: str, window: int
) -> np.ndarray:
    logits = np.asarray(logits, dtype=np.float64)
    if logits.ndim != 1 or len(logits) < length:
        raise ValueError(
            f"{name} of window {window} must have shape (length,) with at least its {length} "
            f"tokens, but has shape {logits.shape}"
        )
    logits = logits[tokens]
    if np.isnan(logits).any():
        raise ValueError(f"{name} of window {window} is NaN at a token of the passage")
    return logits
