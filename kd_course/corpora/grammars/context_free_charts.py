"""The chart behind `context_free`: rules made ready, and every way to read a stretch of words.

A rule becomes a `Symbol`, its alternatives one trie of words and symbols; a `Chart` walks the tries
over one sentence and works out only once what a symbol can cover from a given word on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, product
from typing import Protocol

Draw = Callable[[], float]  # a number in [0, 1): random.Random(seed).random, the same everywhere
CLOSING = (",", ";", ":", "'s")  # written without a space before them
NUMBER = "0"  # every word that starts with a digit has this key in the first-word index


class Words(Protocol):
    """A stretch of words whose probabilities a list of alternatives could not hold."""

    first: frozenset[str]
    words_written: int  # always as many, and no punctuation among them

    def draw(self, draw: Draw, out: list[str]) -> None:
        """Append one stretch, drawn from its distribution."""

    def spans(self, words: Sequence[str], start: int) -> list[tuple[int, float]]:
        """(end, probability) of the stretch that starts at `start`, if there is one."""


class Symbol:
    """A rule made ready: its alternatives as sequences of words and symbols, with probabilities."""

    __slots__ = (
        "name",
        "weights",
        "sequences",
        "_cumulated",
        "_trie",
        "empty",
        "_first",
        "_counts",
    )

    def __init__(self, name: str, weights: Sequence[float], sequences: Sequence[tuple]) -> None:
        total = sum(weights)
        self.name = name
        self.weights = [weight / total for weight in weights]
        self.sequences = sequences
        self._cumulated = cumulated(weights)
        self._trie: Node | None = None
        self._first: frozenset[str] | None = None
        self._counts: dict[int, float] | None = None
        self.empty = sum(  # the probability of standing for no words at all
            p * _product(getattr(item, "empty", 0.0) for item in sequence)
            for p, sequence in zip(self.weights, sequences, strict=True)
        )

    def draw(self, draw: Draw, out: list[str]) -> None:
        for item in self.sequences[bisect_right(self._cumulated, draw())]:
            if isinstance(item, str):
                out.append(item)
            else:
                item.draw(draw, out)

    def spelled_out(self) -> Iterable[tuple[float, tuple]]:
        """The alternatives with every symbol that may be empty once there and once left out.

        So the chart never meets an empty stretch, and the first word always tells what may follow.
        """
        for p, sequence in zip(self.weights, self.sequences, strict=True):
            choices = [
                ((1.0, (item,)), (item.empty, ()))
                if getattr(item, "empty", 0.0)
                else ((1.0, (item,)),)
                for item in sequence
            ]
            for choice in product(*choices):
                yield (
                    p * _product(q for q, _ in choice),
                    tuple(item for _, items in choice for item in items),
                )

    @property
    def trie(self) -> Node:
        if self._trie is None:
            self._trie = Node()
            for p, sequence in self.spelled_out():
                if sequence:
                    final = self._trie.grow(sequence)
                    final[0] = final.get(0, 0.0) + p
            self._trie.index()
        return self._trie

    @property
    def first(self) -> frozenset[str]:
        """The words this symbol can start with."""
        if self._first is None:
            self._first = frozenset(
                word
                for _, sequence in self.spelled_out()
                if sequence
                for word in _first(sequence[0])
            )
        return self._first

    @property
    def word_counts(self) -> dict[int, float]:
        """How probable each number of words is; punctuation that closes up is no word of its own."""
        if self._counts is None:
            counts: dict[int, float] = defaultdict(float)
            for p, sequence in zip(self.weights, self.sequences, strict=True):
                sums = {0: p}
                for item in sequence:
                    sums = _convolved(sums, _counts_of(item))
                for number, probability in sums.items():
                    counts[number] += probability
            self._counts = dict(counts)
        return self._counts


class Node:
    """A place in a trie of sequences: where the next word, or the next symbol, leads."""

    __slots__ = ("words", "symbols", "by_first", "final")

    def __init__(self) -> None:
        self.words: dict[str, Node] = {}
        self.symbols: dict[Symbol | Words, Node] = {}
        self.by_first: dict[str, list[tuple[Symbol | Words, Node]]] = {}
        self.final: dict[int, float] = {}

    def grow(self, sequence: tuple) -> dict[int, float]:
        node = self
        for item in sequence:
            if isinstance(item, str):
                node = node.words.setdefault(item, Node())
            else:
                node = node.symbols.setdefault(item, Node())
        return node.final

    def starts_with(self, word: str) -> bool:
        return word in self.words or _key(word) in self.by_first

    def index(self) -> None:
        by_first: dict[str, list[tuple[Symbol | Words, Node]]] = defaultdict(list)
        for symbol, child in self.symbols.items():
            for word in symbol.first:
                by_first[word].append((symbol, child))
        self.by_first = dict(by_first)
        for child in (*self.words.values(), *self.symbols.values()):
            child.index()


class Chart:
    """What has been found in one sentence so far: (symbol, start) -> [(end, probability)]."""

    __slots__ = ("words", "keys", "found")

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.keys = [_key(word) for word in words]
        self.found: dict[tuple[Symbol | Words, int], list[tuple[int, float]]] = {}

    def walk(self, root: Node, start: int) -> Iterable[tuple[int, dict[int, float], float]]:
        """(end, what ends there, probability on the way) for each path from the root that fits."""
        words, keys, found = self.words, self.keys, self.found
        length = len(words)
        todo = [(root, start, 1.0)]
        ends = []
        while todo:
            node, at, p = todo.pop()
            if node.final:
                ends.append((at, node.final, p))
            if at == length:
                continue
            child = node.words.get(words[at])
            if child is not None:
                todo.append((child, at + 1, p))
            for symbol, child in node.by_first.get(keys[at], ()):
                spans = found.get((symbol, at))
                if spans is None:
                    spans = self.spans(symbol, at)
                for end, q in spans:
                    todo.append((child, end, p * q))
        return ends

    def spans(self, symbol: Symbol | Words, start: int) -> list[tuple[int, float]]:
        if isinstance(symbol, Symbol):
            sums: dict[int, float] = {}
            for end, final, p in self.walk(symbol.trie, start):
                sums[end] = sums.get(end, 0.0) + p * final[0]
            spans = list(sums.items())
        else:
            spans = symbol.spans(self.words, start)
        self.found[symbol, start] = spans
        return spans


def _key(word: str) -> str:
    return NUMBER if word[:1].isdigit() else word


def _first(item: str | Symbol | Words) -> Iterable[str]:
    return (_key(item),) if isinstance(item, str) else item.first


def _counts_of(item: str | Symbol | Words) -> dict[int, float]:
    if isinstance(item, str):
        return {0 if item in CLOSING else 1: 1.0}
    return item.word_counts if isinstance(item, Symbol) else {item.words_written: 1.0}


def _convolved(these: dict[int, float], those: dict[int, float]) -> dict[int, float]:
    """The distribution of a sum: of one number from each."""
    sums: dict[int, float] = defaultdict(float)
    for a, p in these.items():
        for b, q in those.items():
            sums[a + b] += p * q
    return sums


def _product(numbers: Iterable[float]) -> float:
    result = 1.0
    for number in numbers:
        result *= number
    return result


def cumulated(weights: Sequence[float]) -> list[float]:
    """Running sums up to exactly 1, for `bisect_right` with a number in [0, 1)."""
    total = sum(weights)
    sums = list(accumulate(weight / total for weight in weights))
    # Zero weights at the end must stay unreachable, so every sum that is as large as the last is 1.
    return [1.0 if value >= sums[-1] else value for value in sums]
