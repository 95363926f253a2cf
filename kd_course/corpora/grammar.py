"""Weighted grammars without recursion: draw sentences from one, and read a sentence back exactly.

A corpus made here starts from a label. The label chooses a *meaning* (the only choice it has a say
in), the meaning chooses its wording, symbol by symbol:

    label  --p(meaning | label)-->  meaning  --p(text | meaning)-->  text

Reading goes the other way. Several meanings may produce one text, each along several derivations;
`Grammar.inside` adds up the probability of all of them, and `Grammar.posterior` is Bayes' rule:

    p(label | text) ∝ p(label) Σ_meaning p(meaning | label) p(text | meaning)

Templates are plain strings. `{name}` is another rule, `{name?30}` the same in 30 of 100 cases and
nothing otherwise, `(rose|grew)` a choice with equal chances. Everything else stands for itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from typing import Protocol

Draw = Callable[[], float]  # a number in [0, 1): random.Random(seed).random, the same everywhere

_ITEM = re.compile(r"\{[^}]*\}|\([^)]*\)|'s\b|[,;:]|[^\s{}(),;:]+?(?='s\b|[\s{}(),;:]|$)")
_NUMBER = "0"  # every word that starts with a digit has this key in the first-word index


class Words(Protocol):
    """A stretch of words whose probabilities a list of alternatives could not hold."""

    first: frozenset[str]

    def draw(self, draw: Draw, out: list[str]) -> None:
        """Append one stretch, drawn from its distribution."""

    def spans(self, words: Sequence[str], start: int) -> list[tuple[int, float]]:
        """(end, probability) of the stretch that starts at `start`, if there is one."""


@dataclass(frozen=True)
class Meaning:
    """Something a sentence can say: how often each label says it, and in which words.

    weights: one number per label; only their ratios within a label count.
    templates: strings, or (weight, string).
    """

    name: str
    weights: tuple[float, ...]
    templates: tuple[str | tuple[float, str], ...]


@dataclass(frozen=True)
class Derivation:
    """One meaning that a text can have, and how likely it is."""

    meaning: str
    wording: float  # p(text | meaning), all derivations of it together
    given_label: tuple[float, ...]  # p(meaning | label)
    joint: tuple[float, ...]  # p(label, meaning | text)

    def __str__(self) -> str:
        given = " ".join(f"{p:7.2%}" for p in self.given_label)
        joint = " ".join(f"{p:6.3f}" for p in self.joint)
        return f"{self.meaning:40}  p(meaning | label) {given}   p(label, meaning | text) {joint}"


class Grammar:
    """Rules, meanings and a prior over labels: enough to draw labelled text and to read it exactly.

    prior: one probability per label.
    rules: name -> alternatives, each a template, a pair (weight, template), or a `Words` object.
    Raises ValueError when a rule is missing or refers to itself, or a weight is not positive.
    """

    def __init__(
        self,
        prior: Sequence[float],
        meanings: Sequence[Meaning],
        rules: Mapping[str, Sequence[str | tuple[float, str] | Words]],
    ) -> None:
        if not prior or min(prior) < 0 or abs(sum(prior) - 1) > 1e-9:
            raise ValueError(f"prior: must be probabilities that sum to 1, not {tuple(prior)}")
        for meaning in meanings:
            if len(meaning.weights) != len(prior) or min(meaning.weights) < 0:
                raise ValueError(
                    f"meaning {meaning.name!r}: needs {len(prior)} weights, none negative, "
                    f"not {meaning.weights}"
                )
        self.prior = tuple(prior)
        self.meanings = tuple(meanings)
        totals = [sum(column) for column in zip(*(m.weights for m in meanings), strict=True)]
        self.given_label = tuple(  # [meaning][label]: p(meaning | label)
            tuple(w / total if total else 0.0 for w, total in zip(m.weights, totals, strict=True))
            for m in meanings
        )
        self._rules = rules
        self._symbols: dict[str, _Symbol] = {}
        self._wordings = tuple(self._compile(m.name, m.templates, ()) for m in self.meanings)
        self._labels = _cumulated(self.prior)
        self._by_label = tuple(_cumulated(column) for column in zip(*self.given_label, strict=True))
        self._root: _Node | None = None

    # Drawing: from the label down to the words.

    def draw(self, draw: Draw) -> tuple[str, int]:
        """One sentence and the label it was written for."""
        label = bisect_right(self._labels, draw())
        wording = self._wordings[bisect_right(self._by_label[label], draw())]
        words: list[str] = []
        wording.draw(draw, words)
        return to_text(words), label

    # Reading: from the words back to the label.

    def inside(self, text: str) -> dict[int, float]:
        """p(text | meaning) for every meaning that can produce the text, by the meaning's number.

        The probabilities of all derivations are added up over a chart: what a symbol can cover
        from a given word on is worked out once per sentence. Empty when nothing derives the text.

        Baker, Trainable grammars for speech recognition, 1979.
        """
        if self._root is None:  # the index is built by the first reader; drawing does not need it
            self._root = self._build_root()
        found: dict[int, float] = {}
        for words in to_words(text):
            if not self._root.starts_with(words[0]):
                continue
            chart = _Chart(words)
            for end, final, p in chart.walk(self._root, 0):
                if end == len(words):
                    for meaning, q in final.items():
                        found[meaning] = found.get(meaning, 0.0) + p * q
        return found

    def posterior(self, text: str) -> tuple[float, ...]:
        """p(label | text), one number per label.

        Raises ValueError naming the sentence when no meaning can produce it.
        """
        return self._normalised(text, self.inside(text))

    def derivations(self, text: str) -> list[Derivation]:
        """The meanings a text can have, the most probable one first; see `Derivation`.

        Raises ValueError naming the sentence when no meaning can produce it.
        """
        inside = self.inside(text)
        self._normalised(text, inside)
        evidence = sum(
            self.prior[label] * self.given_label[m][label] * p
            for m, p in inside.items()
            for label in range(len(self.prior))
        )
        found = [
            Derivation(
                meaning=self.meanings[m].name,
                wording=p,
                given_label=self.given_label[m],
                joint=tuple(
                    prior * given * p / evidence
                    for prior, given in zip(self.prior, self.given_label[m], strict=True)
                ),
            )
            for m, p in inside.items()
        ]
        return sorted(found, key=lambda d: -sum(d.joint))

    def _normalised(self, text: str, inside: Mapping[int, float]) -> tuple[float, ...]:
        joint = [0.0] * len(self.prior)
        for meaning, p in inside.items():
            for label, given in enumerate(self.given_label[meaning]):
                joint[label] += self.prior[label] * given * p
        evidence = sum(joint)
        if not evidence > 0:
            raise ValueError(f"text: the grammar cannot derive {text!r}")
        return tuple(value / evidence for value in joint)

    # Building: templates to symbols, symbols to tries.

    def _compile(
        self, name: str, alternatives: Iterable[str | tuple[float, str] | Words], open_: tuple
    ) -> _Symbol:
        weights, sequences = [], []
        for alternative in alternatives:
            weight, body = alternative if isinstance(alternative, tuple) else (1.0, alternative)
            if not weight > 0:
                raise ValueError(f"rule {name!r}: a weight must be positive, not {weight}")
            weights.append(float(weight))
            sequences.append(
                tuple(self._item(item, (*open_, name)) for item in _ITEM.findall(body))
                if isinstance(body, str)
                else (body,)
            )
        if not weights:
            raise ValueError(f"rule {name!r}: has no alternatives")
        return _Symbol(name, weights, sequences)

    def _item(self, item: str, open_: tuple) -> str | _Symbol:
        if item.startswith("("):
            if item not in self._symbols:
                self._symbols[item] = self._compile(item, item[1:-1].split("|"), open_)
            return self._symbols[item]
        if not item.startswith("{"):
            return item
        name, _, percent = item[1:-1].partition("?")
        if name in open_:
            raise ValueError(f"rule {name!r}: refers to itself, by way of {' > '.join(open_)}")
        if name not in self._rules:
            raise ValueError(f"rule {name!r}: is used by {open_[-1]!r} but not defined")
        if name not in self._symbols:
            self._symbols[name] = self._compile(name, self._rules[name], open_)
        if not percent:
            return self._symbols[name]
        if item not in self._symbols:
            share = int(percent)
            self._symbols[item] = _Symbol(item, [share, 100 - share], [(self._symbols[name],), ()])
        return self._symbols[item]

    def _build_root(self) -> _Node:
        root = _Node()
        for number, wording in enumerate(self._wordings):
            for p, sequence in wording.spelled_out():
                if sequence:
                    final = root.grow(sequence)
                    final[number] = final.get(number, 0.0) + p
        root.index()
        return root


class Uniform:
    """One number, all of a range equally likely: `Uniform(range(30, 400), tenths)`."""

    first = frozenset([_NUMBER])

    def __init__(self, values: range, write: Callable[[int], str] = str, after: str = "") -> None:
        self.values = values
        self.written = [write(value) + after for value in values]
        self.known = set(self.written)

    def draw(self, draw: Draw, out: list[str]) -> None:
        out.append(self.written[int(draw() * len(self.written))])

    def spans(self, words: Sequence[str], start: int) -> list[tuple[int, float]]:
        return [(start + 1, 1 / len(self.written))] if words[start] in self.known else []


class Comparison:
    """An old figure and a new one that is larger or smaller by a sensible share of it.

    pattern: words, among them OLD and NEW, and names of `choices`, which stay the same wherever
    they stand: "to CURRENCY NEW UNIT from CURRENCY OLD UNIT".
    old: the old figures, all equally likely; step: how far the new one is away, at least and at
    most, in thousandths of the old one; negative when it is smaller. All steps are equally likely.
    """

    def __init__(
        self,
        pattern: str,
        old: range,
        step: tuple[int, int],
        write: Callable[[int], str],
        choices: Mapping[str, Mapping[str, float]],
    ) -> None:
        self.pattern = pattern.split()
        self.old = old
        self.sign = 1 if step[0] > 0 else -1
        self.step = sorted(abs(s) for s in step)
        self.choices = {name: words for name, words in choices.items() if name in self.pattern}
        self.words = {name: list(words) for name, words in self.choices.items()}
        self.sums = {name: _cumulated(list(words.values())) for name, words in self.choices.items()}
        self.write = write
        self.read = {write(value): value for value in range(1, 3 * old.stop)}
        head = self.pattern[0]
        self.first = frozenset(
            [_NUMBER] if head in ("OLD", "NEW") else self.choices.get(head, [head])
        )
        if not all(self._steps(value) for value in old):
            raise ValueError(f"step: leaves some figure of {old} without a neighbour")

    def _steps(self, old: int) -> range:
        least, most = self.step
        return range(-(-old * least // 1000), old * most // 1000 + 1)

    def draw(self, draw: Draw, out: list[str]) -> None:
        bound = {
            name: self.words[name][bisect_right(sums, draw())] for name, sums in self.sums.items()
        }
        old = self.old[int(draw() * len(self.old))]
        steps = self._steps(old)
        bound["OLD"] = self.write(old)
        bound["NEW"] = self.write(old + self.sign * steps[int(draw() * len(steps))])
        out.extend(bound.get(word, word) for word in self.pattern)

    def spans(self, words: Sequence[str], start: int) -> list[tuple[int, float]]:
        end = start + len(self.pattern)
        if end > len(words):
            return []
        bound: dict[str, str] = {}
        for expected, word in zip(self.pattern, words[start:end], strict=True):
            if expected in ("OLD", "NEW") or expected in self.choices:
                if bound.setdefault(expected, word) != word:
                    return []
            elif expected != word:
                return []
        old, new = self.read.get(bound["OLD"]), self.read.get(bound["NEW"])
        if old is None or new is None or old not in self.old:
            return []
        steps = self._steps(old)
        if self.sign * (new - old) not in steps:
            return []
        p = 1 / len(self.old) / len(steps)
        for name, chances in self.choices.items():
            p *= chances.get(bound[name], 0.0) / sum(chances.values())
        return [(end, p)] if p else []


def tenths(value: int) -> str:
    """453 as 45.3."""
    return f"{value // 10}.{value % 10}"


def hundredths(value: int) -> str:
    """45 as 0.45."""
    return f"{value // 100}.{value % 100:02d}"


def thousands(value: int) -> str:
    """1200 as 1,200."""
    return f"{value:,}"


def to_text(words: Sequence[str]) -> str:
    """Words as a sentence: a capital first, commas and 's close up, a full stop."""
    text = " ".join(words).replace(" ,", ",").replace(" ;", ";").replace(" :", ":")
    text = text.replace(" 's", "'s")
    return text[:1].upper() + text[1:] + "."


def to_words(text: str) -> list[list[str]]:
    """Every list of words that `to_text` would join to this text; empty when there is none.

    There may be two, because a first word is written with a capital whether or not it is a name.
    """
    spaced = f"{text[:-1]} ".replace(", ", " , ").replace("; ", " ; ").replace(": ", " : ")
    words = spaced.replace("'s ", " 's ")[:-1].split(" ")
    small = [words[0][:1].lower() + words[0][1:], *words[1:]]
    candidates = [words] if small == words else [words, small]
    return [candidate for candidate in candidates if to_text(candidate) == text]


class _Symbol:
    """A rule made ready: its alternatives as sequences of words and symbols, with probabilities."""

    __slots__ = ("name", "weights", "sequences", "_cumulated", "_trie", "empty", "_first")

    def __init__(self, name: str, weights: Sequence[float], sequences: Sequence[tuple]) -> None:
        total = sum(weights)
        self.name = name
        self.weights = [weight / total for weight in weights]
        self.sequences = sequences
        self._cumulated = _cumulated(weights)
        self._trie: _Node | None = None
        self._first: frozenset[str] | None = None
        self.empty = sum(  # the probability of standing for no words at all
            p * _product(getattr(item, "empty", 0.0) for item in sequence)
            for p, sequence in zip(self.weights, sequences, strict=True)
        )

    def draw(self, draw: Draw, out: list[str]) -> None:
        for item in self.sequences[bisect_right(self._cumulated, draw())]:
            if type(item) is str:
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
    def trie(self) -> _Node:
        if self._trie is None:
            self._trie = _Node()
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


class _Node:
    """A place in a trie of sequences: where the next word, or the next symbol, leads."""

    __slots__ = ("words", "symbols", "by_first", "final")

    def __init__(self) -> None:
        self.words: dict[str, _Node] = {}
        self.symbols: dict[object, _Node] = {}
        self.by_first: dict[str, list[tuple[object, _Node]]] = {}
        self.final: dict[int, float] = {}

    def grow(self, sequence: tuple) -> dict[int, float]:
        node = self
        for item in sequence:
            branch = node.words if type(item) is str else node.symbols
            node = branch.setdefault(item, _Node())
        return node.final

    def starts_with(self, word: str) -> bool:
        return word in self.words or _key(word) in self.by_first

    def index(self) -> None:
        by_first: dict[str, list[tuple[object, _Node]]] = defaultdict(list)
        for symbol, child in self.symbols.items():
            for word in symbol.first:
                by_first[word].append((symbol, child))
        self.by_first = dict(by_first)
        for child in (*self.words.values(), *self.symbols.values()):
            child.index()


class _Chart:
    """What has been found in one sentence so far: (symbol, start) -> [(end, probability)]."""

    __slots__ = ("words", "keys", "found")

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.keys = [_key(word) for word in words]
        self.found: dict[tuple[object, int], list[tuple[int, float]]] = {}

    def walk(self, root: _Node, start: int) -> Iterable[tuple[int, dict[int, float], float]]:
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

    def spans(self, symbol: object, start: int) -> list[tuple[int, float]]:
        if type(symbol) is _Symbol:
            sums: dict[int, float] = {}
            for end, final, p in self.walk(symbol.trie, start):
                sums[end] = sums.get(end, 0.0) + p * final[0]
            spans = list(sums.items())
        else:
            spans = symbol.spans(self.words, start)
        self.found[symbol, start] = spans
        return spans


def _key(word: str) -> str:
    return _NUMBER if word[:1].isdigit() else word


def _first(item: object) -> Iterable[str]:
    return (_key(item),) if type(item) is str else item.first


def _product(numbers: Iterable[float]) -> float:
    result = 1.0
    for number in numbers:
        result *= number
    return result


def _cumulated(weights: Sequence[float]) -> list[float]:
    """Running sums up to exactly 1, for `bisect_right` with a number in [0, 1)."""
    total = sum(weights)
    sums = list(accumulate(weight / total for weight in weights))
    # Zero weights at the end must stay unreachable, so every sum that is as large as the last is 1.
    return [1.0 if value >= sums[-1] else value for value in sums]
