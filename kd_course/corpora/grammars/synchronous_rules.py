"""The rules of a synchronous grammar made ready: shares added up, words and symbols in order."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

Draw = Callable[[], float]  # a number in [0, 1): random.Random(seed).random, the same everywhere


def cumulated(weights: Sequence[float]) -> tuple[float, ...]:
    """Running sums up to exactly 1, for `bisect_right` with a number in [0, 1)."""
    total = sum(weights)
    sums = list(accumulate(weight / total for weight in weights))
    return (*sums[:-1], 1.0)


@dataclass(frozen=True)
class Choice:
    """A stretch of Chinese text with alternatives: (probability, text)."""

    options: tuple[tuple[float, str], ...]
    sums: tuple[float, ...]


@dataclass(frozen=True)
class Target:
    """One Chinese side, and its share among those of its alternative."""

    p: float
    pieces: tuple[int | Choice, ...]  # a number stands for the alternative's symbol of that rank


class Alternative:
    """One English side, and the Chinese sides that translate it."""

    __slots__ = ("source", "sums", "targets")

    def __init__(self, source: tuple[str | Symbol, ...], pieces: Mapping[tuple, float]) -> None:
        total = sum(pieces.values())
        self.source = source
        self.targets = tuple(Target(w / total, p) for p, w in pieces.items())
        self.sums = cumulated([target.p for target in self.targets])


Tree = tuple[Alternative, list]  # what a symbol became, and a tree for each symbol in that


class Symbol:
    """A rule made ready: its alternatives, their shares, and the words that each may start with."""

    __slots__ = ("alternatives", "by_first", "name", "shares", "sums")

    def __init__(self, name: str, weighted: Sequence[tuple[float, Alternative]]) -> None:
        total = sum(weight for weight, _ in weighted)
        self.name = name
        self.alternatives = [alternative for _, alternative in weighted]
        self.shares = [weight / total for weight, _ in weighted]
        self.sums = cumulated(self.shares)
        self.by_first: dict[str, list[tuple[float, Alternative]]] = defaultdict(list)
        for share, alternative in zip(self.shares, self.alternatives, strict=True):
            head = alternative.source[0]
            for word in (head,) if isinstance(head, str) else head.by_first:
                self.by_first[word].append((share, alternative))

    def draw(self, draw: Draw, out: list[str]) -> Tree:
        """The derivation of what the symbol becomes; its English words are added to `out`."""
        alternative = self.alternatives[bisect_right(self.sums, draw())]
        children = []
        for item in alternative.source:
            if isinstance(item, str):
                out.append(item)
            else:
                children.append(item.draw(draw, out))
        return alternative, children
