"""Where annotators begin and end an answer: the truth behind the column `spans`.

Every annotator marks the core. From there outwards, piece by piece, each takes the next piece in
with a probability that depends on what the piece is and on whether the question has said it
already: asked "When …?", three in ten write "on 3 May"; asked "On which day …?", hardly anybody
does. The two ends are chosen independently, so p(start, end) = p(start) · p(end), and a model with
one softmax for the start and one for the end can be exactly right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from kd_course.corpora.grammars.cast import Draw
from kd_course.corpora.grammars.stories import Mention

# piece -> how many take it in: usually, and where the question has said it (see _SAID)
SHARES = {
    "prep": (0.30, 0.04),  # (on) 3 May, (in) Malmo
    "article": (0.60, 0.60),  # (the) Holm family
    "title": (0.35, 0.15),  # (chief executive) Anna Berg
    "nation": (0.75, 0.75),  # (Danish) competition authority
    "description": (0.20, 0.05),  # (the Danish city of) Aarhus
    "country": (0.30, 0.10),  # Malmo(, Sweden)
    "apposition": (0.15, 0.05),  # Anna Berg(, chief executive of Halvaro)
    "currency": (0.97, 0.97),  # 45.2 million( euros)
    "hedge": (0.35, 0.35),  # (about) 45.2 million
    "unit": (0.60, 0.25),  # 340( jobs)
    "year": (0.85, 0.85),  # June( 2023)
    "link": (0.35, 0.10),  # (because of) weak demand
    "detail": (0.65, 0.65),  # weak demand( from builders)
}
_SAID = {  # piece -> what in a question makes it superfluous
    "prep": r"^(In|On|At|From|Since|By|Which) ",
    "title": r"^(Which|Whose) ",
    "description": r"\bcity\b",
    "country": r"\bcity\b",
    "apposition": r"^(Which|Whose) ",
    "unit": r"^How many ",
    "link": r"^(?!Why )",
}


@dataclass(frozen=True)
class Span:
    """An acceptable answer: characters start … end (exclusive), and how many mark just it."""

    start: int
    end: int
    probability: float


def spans(mention: Mention, question: str) -> list[Span]:
    """All acceptable answers to a question, the most probable first; they sum to one."""
    starts = _edges(mention.starts, question)
    ends = _edges(mention.ends, question)
    found = [Span(start, end, p * q) for start, p in starts for end, q in ends]
    return sorted(found, key=lambda span: (-span.probability, span.start, span.end))


def mark(acceptable: list[Span], draw: Draw) -> Span:
    """What one annotator marks."""
    left = draw()
    for span in acceptable:
        left -= span.probability
        if left < 0:
            return span
    return acceptable[0]  # the probabilities may sum to a hair less than one


def taken(piece: str, question: str) -> float:
    """The share of annotators who take in a piece, having taken in what lies inside it."""
    usual, said = SHARES[piece]
    pattern = _SAID.get(piece)
    return said if pattern and re.search(pattern, question) else usual


def _edges(edges: tuple[tuple[int, str], ...], question: str) -> list[tuple[int, float]]:
    """(offset, probability), from the core outwards.

    Edges are listed from the core's own; an edge's piece is what lies between it and the edge
    before it.
    """
    found = []
    reached = 1.0  # the share of annotators who come as far as this edge
    for (offset, _), (_, piece) in pairwise(edges):
        further = taken(piece, question)
        found.append((offset, reached * (1 - further)))
        reached *= further
    return [*found, (edges[-1][0], reached)]
