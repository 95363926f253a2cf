"""What only the embedded corpus can tell: how probable an output truly is, and how much is choice."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from kd_course.corpora import parallel


class Truth(NamedTuple):
    """What the grammar says to a model's outputs, a row each."""

    right: np.ndarray  # (rows,): 1.0 where the output is a right translation, else 0.0
    log_probability: (
        np.ndarray
    )  # (rows,): ln p(output | source) in nats; -inf where it is not right
    behind: np.ndarray  # (rows,): how many nats less probable than the most probable translation


def truth_of(sources: Sequence[str], outputs: Sequence[str]) -> Truth:
    """How right, and how probable under the true distribution, a model's outputs are.

    sources: sentences of the embedded corpus; outputs: a translation each.
    Raises ValueError when there are more of one than of the other.
    """
    log_p = np.array(
        [parallel.log_probability(en, zh) for en, zh in zip(sources, outputs, strict=True)]
    )
    best = np.array([math.log(parallel.translations(en, 1)[0][1]) for en in sources])
    return Truth((log_p > -math.inf).astype(np.float64), log_p, best - log_p)


class ChoiceOfWords(NamedTuple):
    """How freely a corpus renders the words of its sources."""

    nats: float  # entropy of a target phrase given its source words, mean over all that occur
    by_words: dict[str, dict[str, int]]  # source words -> target phrase -> how often
    left_out: int  # pairs that are no right translation, and so have no alignment


def choice_of_words(pairs: Iterable[tuple[str, str]]) -> ChoiceOfWords:
    """The conditional entropy of target phrases given the source words that they are aligned with.

    pairs: (en, zh) of the embedded corpus, whose grammar knows the alignment. Zero would mean that
    the same words are always rendered in the same way. -Σ p(s, t) ln p(t | s), in nats: a source
    phrase counts as often as it occurs.

    Zhou, Gu & Neubig, Understanding knowledge distillation in non-autoregressive machine
    translation, 2020, section 3: their complexity, there a mean over source words by an aligner.
    """
    found: dict[str, Counter] = defaultdict(Counter)
    left_out = 0
    for en, zh in pairs:
        try:
            links = parallel.alignment(en, zh)
        except ValueError:
            left_out += 1
            continue
        words = parallel.words_of(en)
        for link in links:
            if link.words:
                phrase = " … ".join(zh[start:end] for start, end in link.spans)
                found[" ".join(words[i] for i in link.words)][phrase] += 1
    total = sum(map(Counter.total, found.values()))
    nats = -math.fsum(
        count / total * math.log(count / phrases.total())
        for phrases in found.values()
        for count in phrases.values()
    )
    by_words = {words: dict(phrases.most_common()) for words, phrases in found.items()}
    return ChoiceOfWords(nats if total else 0.0, by_words, left_out)
