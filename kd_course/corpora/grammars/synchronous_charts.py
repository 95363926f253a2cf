"""Charts over an English sentence and over a Chinese one: every way to derive them, packed.

What a stretch of a sentence can be is worked out once and kept under its symbol (or node) and
where it starts, so that the work does not multiply with the number of derivations.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from kd_course.corpora.grammars.synchronous_rules import Alternative, Symbol


@dataclass(frozen=True)
class Link:
    """Words of the source and pieces of the target that one rule wrote together.

    words: positions in `words_of(en)`; spans: (start, end) in characters of zh. Either may be
    empty: "the" has no counterpart in Chinese, nor a measure word in English.
    """

    words: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


class Node:
    """A symbol over a stretch of the sentence: all the ways to derive it, packed.

    edges: (p(this way | the stretch), alternative, a node for each of its symbols).
    inside: the probability that the symbol writes this stretch. own: for each edge, the positions
    of the words that the alternative itself writes.
    """

    __slots__ = ("edges", "inside", "own")

    def __init__(self, ways: Sequence[tuple[float, Alternative, list[Node], tuple]]) -> None:
        self.inside = sum(p for p, *_ in ways)
        self.edges = [(p / self.inside, way, children) for p, way, children, _ in ways]
        self.own = [positions for *_, positions in ways]

    @classmethod
    def joined(cls, nodes: Sequence[Node]) -> Node:
        """Several readings of the same stretch as one."""
        return cls(
            [
                (node.inside * p, alternative, children, positions)
                for node in nodes
                for (p, alternative, children), positions in zip(node.edges, node.own, strict=True)
            ]
        )

    def count(self) -> int:
        """How many ways there are to write it in Chinese; some may give the same string."""
        return sum(
            math.prod(
                children[piece].count() if isinstance(piece, int) else len(piece.options)
                for piece in target.pieces
            )
            for _, alternative, children in self.edges
            for target in alternative.targets
        )


# --- The chart over the English sentence --------------------------------------------------------

# Halfway through an alternative: where we are, probability, nodes so far, positions of own words.
_State = tuple[int, float, tuple[Node, ...], tuple[int, ...]]


def parse(symbol: Symbol, words: Sequence[str], start: int, chart: dict) -> dict[int, Node]:
    """end -> node, for every stretch from `start` that the symbol can write."""
    if (symbol, start) in chart:
        return chart[symbol, start]
    found: dict[int, list] = defaultdict(list)
    fitting = symbol.by_first.get(words[start], ()) if start < len(words) else ()
    for share, alternative in fitting:
        states: list[_State] = [(start, share, (), ())]
        for item in alternative.source:
            following: list[_State] = []
            for at, p, children, own in states:
                if isinstance(item, str):
                    if at < len(words) and words[at] == item:
                        following.append((at + 1, p, children, (*own, at)))
                else:
                    for end, node in parse(item, words, at, chart).items():
                        following.append((end, p * node.inside, (*children, node), own))
            states = following
            if not states:
                break
        for end, p, children, own in states:
            found[end].append((p, alternative, list(children), own))
    chart[symbol, start] = {end: Node(ways) for end, ways in found.items()}
    return chart[symbol, start]


# --- The chart over the Chinese sentence --------------------------------------------------------


def spans_of(node: Node, zh: str, start: int, chart: dict) -> dict[int, float]:
    """end -> p(zh[start:end] | node), for every end."""
    key = (id(node), start)
    if key in chart:
        return chart[key]
    found: dict[int, float] = defaultdict(float)
    for p, alternative, children in node.edges:
        for target in alternative.targets:
            states = {start: p * target.p}
            for piece in target.pieces:
                following: dict[int, float] = defaultdict(float)
                for at, q in states.items():
                    if isinstance(piece, int):
                        for end, r in spans_of(children[piece], zh, at, chart).items():
                            following[end] += q * r
                    else:
                        for r, text in piece.options:
                            if zh.startswith(text, at):
                                following[at + len(text)] += q * r
                states = following
                if not states:
                    break
            for end, q in states.items():
                found[end] += q
    chart[key] = found
    return found


def best_links(node: Node, zh: str, start: int, chart: dict) -> dict[int, tuple[float, tuple]]:
    """end -> (probability, links) of the most probable way to write zh[start:end]."""
    key = (id(node), start)
    if key in chart:
        return chart[key]
    found: dict[int, tuple[float, tuple]] = {}
    for (p, alternative, children), words in zip(node.edges, node.own, strict=True):
        for target in alternative.targets:
            states: dict[int, tuple] = {start: (p * target.p, (), ())}  # links, own spans
            for piece in target.pieces:
                following: dict[int, tuple] = {}
                for at, (q, links, own) in states.items():
                    if isinstance(piece, int):
                        found_below = best_links(children[piece], zh, at, chart)
                        ways = [
                            (end, q * r, links + below, own)
                            for end, (r, below) in found_below.items()
                        ]
                    else:
                        ways = [
                            (
                                at + len(text),
                                q * r,
                                links,
                                (*own, (at, at + len(text))) if text else own,
                            )
                            for r, text in piece.options
                            if zh.startswith(text, at)
                        ]
                    for end, *state in ways:
                        if end not in following or state[0] > following[end][0]:
                            following[end] = tuple(state)
                states = following
            for end, (q, links, own) in states.items():
                if end not in found or q > found[end][0]:
                    mine = (Link(words, own),) if words or own else ()
                    found[end] = (q, links + mine)
    chart[key] = found
    return found


def strings_of(node: Node, done: dict[int, dict[str, float]]) -> dict[str, float]:
    """Every string that a node can become, with its probability."""
    if id(node) in done:
        return done[id(node)]
    found: dict[str, float] = defaultdict(float)
    for p, alternative, children in node.edges:
        for target in alternative.targets:
            parts = [
                list(strings_of(children[piece], done).items())
                if isinstance(piece, int)
                else [(text, q) for q, text in piece.options]
                for piece in target.pieces
            ]
            for choice in product(*parts):
                text = "".join(part for part, _ in choice)
                found[text] += p * target.p * math.prod(q for _, q in choice)
    done[id(node)] = found
    return found
