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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kd_course.corpora.grammars.context_free_charts import (
    Chart,
    Draw,
    Node,
    Symbol,
    Words,
    cumulated,
)

_ITEM = re.compile(r"\{[^}]*\}|\([^)]*\)|'s\b|[,;:]|[^\s{}(),;:]+?(?='s\b|[\s{}(),;:]|$)")


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
        self._symbols: dict[str, Symbol] = {}
        self._wordings = tuple(self._compile(m.name, m.templates, ()) for m in self.meanings)
        self._labels = cumulated(self.prior)
        self._by_label = tuple(cumulated(column) for column in zip(*self.given_label, strict=True))
        self._root: Node | None = None

    # Drawing: from the label down to the words.

    def draw(self, draw: Draw) -> tuple[str, int]:
        """One sentence and the label it was written for."""
        label = bisect_right(self._labels, draw())
        wording = self._wordings[bisect_right(self._by_label[label], draw())]
        words: list[str] = []
        wording.draw(draw, words)
        return to_text(words), label

    def word_counts(self, label: int) -> dict[int, float]:
        """How probable each number of words of a sentence is, given its label: exactly."""
        counts: dict[int, float] = {}
        for given, wording in zip(self.given_label, self._wordings, strict=True):
            for number, p in wording.word_counts.items():
                counts[number] = counts.get(number, 0.0) + given[label] * p
        return counts

    # Reading: from the words back to the label.

    def inside(self, text: str) -> dict[int, float]:
        """p(text | meaning) for every meaning that can produce the text, by the meaning's number.

        The probabilities of all derivations are added up over a chart: what a symbol can cover
        from a given word on is worked out once per sentence. Empty when nothing derives the text.

        Baker, Trainable grammars for speech recognition, 1979.
        """
        found: dict[int, float] = {}
        for words in to_words(text):
            if not self.root.starts_with(words[0]):
                continue
            chart = Chart(words)
            for end, final, p in chart.walk(self.root, 0):
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
    ) -> Symbol:
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
        return Symbol(name, weights, sequences)

    def _item(self, item: str, open_: tuple) -> str | Symbol:
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
            self._symbols[item] = Symbol(item, [share, 100 - share], [(self._symbols[name],), ()])
        return self._symbols[item]

    @property
    def root(self) -> Node:
        """Where reading begins: the wordings of all meanings as one trie."""
        if self._root is None:  # built by the first reader; drawing does not need it
            self._root = self._build_root()
        return self._root

    def _build_root(self) -> Node:
        root = Node()
        for number, wording in enumerate(self._wordings):
            for p, sequence in wording.spelled_out():
                if sequence:
                    final = root.grow(sequence)
                    final[number] = final.get(number, 0.0) + p
        root.index()
        return root


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
