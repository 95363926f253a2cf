"""All sentences of a grammar that agree with what can still be read: some letters are hidden.

`context_free` reads a sentence whose words are known. Here a word may have hidden letters, so at
every place several words fit, and a reading is one choice of all of them. What is added up is the
same: every derivation of every reading counts with its probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

from kd_course.corpora.grammars.context_free import Grammar, to_text
from kd_course.corpora.grammars.context_free_charts import NUMBER, Node, Symbol, Words
from kd_course.corpora.grammars.figures import Comparison, Uniform

HIDDEN = "■"  # stands for one letter, whichever

Stretch = tuple[int, tuple[str, ...], float]  # where it ends, its words, their probability


def readings(grammar: Grammar, pattern: str) -> dict[str, dict[int, float]]:
    """p(text | meaning) of every sentence that fits, in capitals, by the meaning's number.

    pattern: a sentence in capitals, HIDDEN in place of letters; gaps, signs and figures are as they
    are. Capitals and small letters are one. Empty when no sentence of the grammar fits.
    """
    chart = _Chart(to_patterns(pattern))
    found: dict[str, dict[int, float]] = {}
    for end, words, p, final in chart.walk(grammar.root, 0):
        if end == len(chart.patterns):
            meanings = found.setdefault(to_text(words).upper(), {})
            for meaning, q in final.items():
                meanings[meaning] = meanings.get(meaning, 0.0) + p * q
    return found


def to_patterns(pattern: str) -> list[str]:
    """A sentence in capitals as the grammar's words: commas and 's are words of their own."""
    spaced = f"{pattern[:-1]} "
    for sign in ",;:":
        spaced = spaced.replace(f"{sign} ", f" {sign} ")
    for ending in ("'S ", f"'{HIDDEN} "):
        spaced = spaced.replace(ending, f" {ending}")
    return spaced[:-1].split(" ")


def fits(pattern: str, word: str) -> bool:
    """Whether a word in capitals could be what stands there."""
    return len(pattern) == len(word) and all(
        seen == letter or (seen == HIDDEN and letter.isalpha())
        for seen, letter in zip(pattern, word)
    )


class _Chart:
    """What has been found so far: (symbol, start) -> its stretches."""

    def __init__(self, patterns: list[str]) -> None:
        self.patterns = patterns
        self.found: dict[tuple[Symbol | Words, int], list[Stretch]] = {}

    def walk(
        self, root: Node, start: int
    ) -> Iterator[tuple[int, tuple[str, ...], float, dict[int, float]]]:
        """(end, words, probability on the way, what ends there) for each path that fits."""
        todo: list[tuple[Node, int, float, tuple[str, ...]]] = [(root, start, 1.0, ())]
        while todo:
            node, at, p, words = todo.pop()
            if node.final:
                yield at, words, p, node.final
            if at == len(self.patterns):
                continue
            for word, child in _words_that_fit(node, self.patterns[at]):
                todo.append((child, at + 1, p, (*words, word)))
            for symbol, child in _symbols_that_fit(node, self.patterns[at]):
                for end, read, q in self.stretches(symbol, at):
                    todo.append((child, end, p * q, words + read))

    def stretches(self, symbol: Symbol | Words, start: int) -> list[Stretch]:
        if (symbol, start) not in self.found:
            if isinstance(symbol, Symbol):
                sums: dict[tuple[int, tuple[str, ...]], float] = {}
                for end, words, p, final in self.walk(symbol.trie, start):
                    sums[end, words] = sums.get((end, words), 0.0) + p * final[0]
                stretches = [(end, words, p) for (end, words), p in sums.items()]
            else:
                stretches = [
                    (start + end, words, p)
                    for words in _figures_that_fit(symbol, self.patterns[start:])
                    for end, p in symbol.spans(words, 0)
                ]
            self.found[symbol, start] = stretches
        return self.found[symbol, start]


def _figures_that_fit(symbol: Words, patterns: Sequence[str]) -> list[tuple[str, ...]]:
    """The stretches of words that figures could be, where these patterns begin."""
    if isinstance(symbol, Uniform):
        return [(word,) for word in symbol.written if fits(patterns[0], word.upper())]
    assert isinstance(symbol, Comparison)
    if len(symbol.pattern) > len(patterns):
        return []
    choices = []
    for expected, pattern in zip(symbol.pattern, patterns):
        if expected in ("OLD", "NEW"):
            choices.append([pattern])  # no letters: never hidden
        else:
            there = symbol.words.get(expected, [expected])
            choices.append([word for word in there if fits(pattern, word.upper())])
    return list(product(*choices))


@cache
def _by_capitals(node: Node) -> dict[str, list[tuple[str, Node]]]:
    found: dict[str, list[tuple[str, Node]]] = {}
    for word, child in node.words.items():
        found.setdefault(word.upper(), []).append((word, child))
    return found


@cache
def _symbols_by_capitals(node: Node) -> dict[str, list[tuple[Symbol | Words, Node]]]:
    found: dict[str, list[tuple[Symbol | Words, Node]]] = {}
    for first, there in node.by_first.items():
        found.setdefault(first.upper(), []).extend(there)
    return found


def _words_that_fit(node: Node, pattern: str) -> list[tuple[str, Node]]:
    there = _by_capitals(node)
    if HIDDEN not in pattern:
        return there.get(pattern, [])
    return [pair for word, pairs in there.items() if fits(pattern, word) for pair in pairs]


def _symbols_that_fit(node: Node, pattern: str) -> list[tuple[Symbol | Words, Node]]:
    """Each symbol that may begin here, with where it leads: once."""
    there = _symbols_by_capitals(node)
    if pattern[:1].isdigit():
        firsts = [NUMBER]
    elif HIDDEN not in pattern:
        firsts = [pattern]
    else:
        firsts = [first for first in there if fits(pattern, first)]
    return list(dict.fromkeys(pair for first in firsts for pair in there.get(first, ())))
