"""Synchronous grammars without recursion: draw a sentence with its translation, and read both back.

One rule writes both languages at once. Its English side is chosen with the rule's weight; its
Chinese side is then one of several that are all right, the commoner first:

    3: {who} bought {thing} {when}  =>  {who}{when}买了{thing}  /  {when}{who}买了{thing}

`3:` is the weight of the rule among those of its symbol. A translation occurs RARER times as often
as the one before it, for in a language one wording is usual and the others are rarer; `*2` behind
it gives it a weight of its own (the first has 1). `{name}` is another symbol, `{name:2}` the same a
second time, `{name?60}` there in 60 of 100 cases and left out of both sides otherwise. `(会|将)` is
a choice of words, weighted in the same way; in English, `(did not|didn't)`, an option without a
weight is as common as the one before it. An option may be empty.

The English of a derivation d has the probability p(d), the product of its rules' shares, and the
Chinese p(zh | d), the product of the shares of its choices. One English sentence may have several
derivations, and one Chinese sentence may come about in several ways; both are added up:

    p(zh | en) = Σ_d p(d | en) p(zh | d)

Lewis & Stearns, Syntax-directed transduction, 1968; Wu, Stochastic inversion transduction
grammars and bilingual parsing of parallel corpora, 1997.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, product

Draw = Callable[[], float]  # a number in [0, 1): random.Random(seed).random, the same everywhere
Rules = Mapping[str, Sequence[str]]

RARER = 1 / 3  # of Chinese wordings: how often one occurs for each time the one before it does

_SLOT = re.compile(r"\{([^}:?]+)(:\d+)?(?:\?(\d+))?\}")
_PART = re.compile(r"\{[^}]*\}|\([^)]*\)|[^{}()]+")
_WEIGHT = re.compile(r"(.*?)\s*(?:\*([\d.]+))?", re.DOTALL)


@dataclass(frozen=True)
class Link:
    """Words of the source and pieces of the target that one rule wrote together.

    words: positions in `words_of(en)`; spans: (start, end) in characters of zh. Either may be
    empty: "the" has no counterpart in Chinese, nor a measure word in English.
    """

    words: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


class SynchronousGrammar:
    """Rules for two languages at once: enough to draw pairs and to weigh any translation exactly.

    rules: symbol -> alternatives, in the notation above; start: the symbol of a whole sentence.
    Raises ValueError naming the rule: a symbol that is not defined or refers to itself, sides that
    do not hold the same symbols, an English side without a word, a weight that is not positive.
    """

    def __init__(self, rules: Rules, start: str = "sentence") -> None:
        self._rules = rules
        self._symbols: dict[str, _Symbol] = {}
        self.start = self._symbol(start, ())

    # Drawing: from the top symbol down, both sides at once.

    def draw(self, draw: Draw) -> tuple[str, _Tree]:
        """An English sentence, and the derivation that `translate` turns into Chinese."""
        words: list[str] = []
        tree = self.start.draw(draw, words)
        return text_of(words), tree

    def translate(self, tree: _Tree, draw: Draw) -> str:
        """One Chinese sentence for a derivation, each choice drawn with its probability."""
        alternative, children = tree
        pieces = alternative.targets[bisect_right(alternative.sums, draw())].pieces
        return "".join(
            self.translate(children[piece], draw)
            if type(piece) is int
            else (
                piece.options[0][1]
                if len(piece.options) == 1
                else piece.options[bisect_right(piece.sums, draw())][1]
            )
            for piece in pieces
        )

    # Reading: every derivation of an English sentence, and what each makes of it in Chinese.

    def read(self, en: str) -> Reading:
        """All derivations of an English sentence.

        Raises ValueError naming the sentence when there is none.
        """
        found = []
        for words in _candidates(en):
            chart: dict[tuple[_Symbol, int], dict[int, _Node]] = {}
            node = _parse(self.start, words, 0, chart).get(len(words))
            if node is not None:
                found.append(node)
        if not found:
            shown = en if len(en) <= 80 else f"{en[:77]}..."
            raise ValueError(f"en: the grammar has no such sentence: {shown!r}")
        # The two ways to read a first word's capital are two derivations like any others.
        return Reading(found[0] if len(found) == 1 else _Node.joined(found))

    def sizes(self) -> tuple[int, int]:
        """(symbols, alternatives), for whoever wants to know how large the grammar is."""
        return len(self._symbols), sum(len(s.alternatives) for s in self._symbols.values())

    def words(self) -> set[str]:
        """Every English word of the grammar, punctuation too."""
        return {
            item
            for symbol in self._symbols.values()
            for alternative in symbol.alternatives
            for item in alternative.source
            if type(item) is str
        }

    # Building: text to symbols.

    def _symbol(self, name: str, open_: tuple[str, ...]) -> _Symbol:
        if name in open_:
            raise ValueError(f"rule {name!r}: refers to itself, by way of {' > '.join(open_)}")
        if name not in self._symbols:
            if name not in self._rules:
                raise ValueError(f"rule {name!r}: is used by {(open_ or ('?',))[-1]!r} but missing")
            alternatives = [
                alternative
                for rule in self._rules[name]
                for alternative in self._alternatives(name, rule, (*open_, name))
            ]
            if not alternatives:
                raise ValueError(f"rule {name!r}: has no alternatives")
            self._symbols[name] = _Symbol(name, alternatives)
        return self._symbols[name]

    def _alternatives(
        self, name: str, rule: str, open_: tuple[str, ...]
    ) -> Iterator[tuple[float, _Alternative]]:
        """A rule, once for each way to choose its English words and its optional symbols."""
        where = f"rule {name!r}, {rule!r}"
        head = re.fullmatch(r"\s*(?:([\d.]+):)?(.*?)=>(.*)", rule, re.DOTALL)
        if not head:
            raise ValueError(f"{where}: must read 'english => chinese'")
        weight = float(head[1] or 1)
        if not weight > 0:
            raise ValueError(f"{where}: a weight must be positive, not {weight}")
        targets = _weighted(head[3].split(" / "), RARER, where)
        for share, source in _spelled_out(head[2], where):
            slots = [part for part in source if part.startswith("{")]
            if len(set(slots)) != len(slots):
                raise ValueError(f"{where}: a symbol occurs twice; write {{name:2}} for the second")
            every = [f"{{{m[1]}{m[2] or ''}}}" for m in _SLOT.finditer(head[2])]
            items = [
                self._symbol(_SLOT.fullmatch(part)[1], open_) if part in slots else part
                for part in source
            ]
            if not items:
                raise ValueError(f"{where}: an English side needs a word or a symbol")
            left_out = set(every) - set(slots)
            pieces: dict[tuple, float] = {}  # what falls together when a symbol is left out
            for text, w in targets:
                key = tuple(_pieces(text, slots, left_out, where))
                pieces[key] = pieces.get(key, 0.0) + w
            yield weight * share, _Alternative(tuple(items), pieces)


class Reading:
    """An English sentence understood: the distribution over its translations."""

    def __init__(self, root: _Node) -> None:
        self._root = root
        self._strings: dict[str, float] | None = None

    def probability(self, zh: str) -> float:
        """p(zh | en), 0 for what the grammar never gives.

        The probabilities of all ways to get zh are added up over a chart, whose size grows with
        the derivations' nodes times the length of zh, not with the number of translations.
        """
        chart: dict[tuple[int, int], dict[int, float]] = {}
        return _spans(self._root, zh, 0, chart).get(len(zh), 0.0)

    def alignment(self, zh: str) -> list[Link]:
        """Which words became which characters, in the most probable derivation of the pair.

        Raises ValueError when the grammar never gives zh for this sentence.
        """
        best = _best(self._root, zh, 0, {}).get(len(zh))
        if best is None:
            raise ValueError(f"zh: is no translation that the grammar knows: {zh[:80]!r}")
        return sorted(best[1], key=lambda link: (link.words or (10**6,), link.spans))

    def count(self) -> int:
        """How many ways there are to translate the sentence; some may give the same string."""
        return self._root.count()

    def translations(self, limit: int) -> dict[str, float]:
        """zh -> p(zh | en), every one of them, the most probable first; they sum to one.

        Raises ValueError when there are more than `limit` ways to get one.
        """
        if self._strings is None:
            if self.count() > limit:
                raise ValueError(f"there are {self.count()} ways to translate this, over {limit}")
            found = _strings(self._root, {})
            self._strings = dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
        return self._strings


# --- Text and words -----------------------------------------------------------------------------


def text_of(words: Sequence[str]) -> str:
    """Words as a sentence: a capital first, punctuation and 's close up."""
    text = " ".join(words)
    for mark in (",", ".", "?", "'s"):
        text = text.replace(f" {mark}", mark)
    return text[:1].upper() + text[1:]


def words_of(text: str) -> list[str]:
    """Words and punctuation marks of an English sentence, one by one; 's is a word of its own."""
    words: list[str] = []
    for chunk in text.split():
        tail: list[str] = []
        while len(chunk) > 1 and chunk[-1] in ",.?":
            tail.insert(0, chunk[-1])
            chunk = chunk[:-1]
        if chunk.endswith("'s") and len(chunk) > 2:
            tail.insert(0, "'s")
            chunk = chunk[:-2]
        words += [chunk, *tail]
    return words


def _candidates(text: str) -> list[list[str]]:
    """The lists of words that `text_of` would join to this text.

    There may be two, because a first word is written with a capital whether or not it is a name.
    """
    words = words_of(text)
    if not words:
        return []
    small = [words[0][:1].lower() + words[0][1:], *words[1:]]
    found = [words] if small == words else [words, small]
    return [candidate for candidate in found if text_of(candidate) == text]


# --- Rules made ready ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Choice:
    """A stretch of Chinese text with alternatives: (probability, text)."""

    options: tuple[tuple[float, str], ...]
    sums: tuple[float, ...]


@dataclass(frozen=True)
class _Target:
    p: float
    pieces: tuple[int | _Choice, ...]  # a number stands for the alternative's symbol of that rank


class _Alternative:
    """One English side, and the Chinese sides that translate it."""

    __slots__ = ("source", "sums", "targets")

    def __init__(self, source: tuple[str | _Symbol, ...], pieces: Mapping[tuple, float]) -> None:
        total = sum(pieces.values())
        self.source = source
        self.targets = tuple(_Target(w / total, p) for p, w in pieces.items())
        self.sums = _cumulated([target.p for target in self.targets])


_Tree = tuple[_Alternative, list]


class _Symbol:
    """A rule made ready: its alternatives, their shares, and the words that each may start with."""

    __slots__ = ("alternatives", "by_first", "name", "shares", "sums")

    def __init__(self, name: str, weighted: Sequence[tuple[float, _Alternative]]) -> None:
        total = sum(weight for weight, _ in weighted)
        self.name = name
        self.alternatives = [alternative for _, alternative in weighted]
        self.shares = [weight / total for weight, _ in weighted]
        self.sums = _cumulated(self.shares)
        self.by_first: dict[str, list[tuple[float, _Alternative]]] = defaultdict(list)
        for share, alternative in zip(self.shares, self.alternatives, strict=True):
            head = alternative.source[0]
            for word in (head,) if type(head) is str else head.by_first:
                self.by_first[word].append((share, alternative))

    def draw(self, draw: Draw, out: list[str]) -> _Tree:
        alternative = self.alternatives[bisect_right(self.sums, draw())]
        children = []
        for item in alternative.source:
            if type(item) is str:
                out.append(item)
            else:
                children.append(item.draw(draw, out))
        return alternative, children


class _Node:
    """A symbol over a stretch of the sentence: all the ways to derive it, packed.

    edges: (p(this way | the stretch), alternative, a node for each of its symbols).
    inside: the probability that the symbol writes this stretch. own: for each edge, the positions
    of the words that the alternative itself writes.
    """

    __slots__ = ("edges", "inside", "own")

    def __init__(self, ways: Sequence[tuple[float, _Alternative, list[_Node], tuple]]) -> None:
        self.inside = sum(p for p, *_ in ways)
        self.edges = [(p / self.inside, way, children) for p, way, children, _ in ways]
        self.own = [positions for *_, positions in ways]

    @classmethod
    def joined(cls, nodes: Sequence[_Node]) -> _Node:
        """Several readings of the same stretch as one."""
        return cls(
            [
                (node.inside * p, alternative, children, positions)
                for node in nodes
                for (p, alternative, children), positions in zip(node.edges, node.own, strict=True)
            ]
        )

    def count(self) -> int:
        return sum(
            math.prod(
                children[piece].count() if type(piece) is int else len(piece.options)
                for piece in target.pieces
            )
            for _, alternative, children in self.edges
            for target in alternative.targets
        )


# --- The chart over the English sentence --------------------------------------------------------


def _parse(symbol: _Symbol, words: Sequence[str], start: int, chart: dict) -> dict[int, _Node]:
    """end -> node, for every stretch from `start` that the symbol can write."""
    if (symbol, start) in chart:
        return chart[symbol, start]
    found: dict[int, list] = defaultdict(list)
    fitting = symbol.by_first.get(words[start], ()) if start < len(words) else ()
    for share, alternative in fitting:
        states = [(start, share, (), ())]  # where we are, probability, nodes, own words
        for item in alternative.source:
            following = []
            for at, p, children, own in states:
                if type(item) is str:
                    if at < len(words) and words[at] == item:
                        following.append((at + 1, p, children, (*own, at)))
                else:
                    for end, node in _parse(item, words, at, chart).items():
                        following.append((end, p * node.inside, (*children, node), own))
            states = following
            if not states:
                break
        for end, p, children, own in states:
            found[end].append((p, alternative, list(children), own))
    chart[symbol, start] = {end: _Node(ways) for end, ways in found.items()}
    return chart[symbol, start]


# --- The chart over the Chinese sentence --------------------------------------------------------


def _spans(node: _Node, zh: str, start: int, chart: dict) -> dict[int, float]:
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
                    if type(piece) is int:
                        for end, r in _spans(children[piece], zh, at, chart).items():
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


def _best(node: _Node, zh: str, start: int, chart: dict) -> dict[int, tuple[float, tuple]]:
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
                    if type(piece) is int:
                        ways = [
                            (end, q * r, links + below, own)
                            for end, (r, below) in _best(children[piece], zh, at, chart).items()
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


def _strings(node: _Node, done: dict[int, dict[str, float]]) -> dict[str, float]:
    """Every string that a node can become, with its probability."""
    if id(node) in done:
        return done[id(node)]
    found: dict[str, float] = defaultdict(float)
    for p, alternative, children in node.edges:
        for target in alternative.targets:
            parts = [
                list(_strings(children[piece], done).items())
                if type(piece) is int
                else [(text, q) for q, text in piece.options]
                for piece in target.pieces
            ]
            for choice in product(*parts):
                text = "".join(part for part, _ in choice)
                found[text] += p * target.p * math.prod(q for _, q in choice)
    done[id(node)] = found
    return found


# --- The notation -------------------------------------------------------------------------------


def _weighted(texts: Sequence[str], rarer: float, where: str) -> list[tuple[str, float]]:
    """'text *2' as ('text', 2.0); without a weight, `rarer` times that of the text before it."""
    found: list[tuple[str, float]] = []
    weight = 1.0
    for text in texts:
        match = _WEIGHT.fullmatch(text.strip())
        weight = float(match[2] or weight)
        if not weight > 0:
            raise ValueError(f"{where}: a weight must be positive, not {weight}")
        found.append((match[1].strip(), weight))
        weight *= rarer
    return found


def _options(part: str, rarer: float, where: str) -> list[tuple[str, float]]:
    """'(a|b*2)' as [('a', 1/3), ('b', 2/3)]."""
    pairs = _weighted(part[1:-1].split("|"), rarer, where)
    total = sum(weight for _, weight in pairs)
    return [(text, weight / total) for text, weight in pairs]


def _spelled_out(text: str, where: str) -> Iterator[tuple[float, list[str]]]:
    """(share, words and {symbols}) for every way to take the choices of an English side."""
    choices: list[list[tuple[list[str], float]]] = []
    for part in _PART.findall(text):
        if part.startswith("{"):
            match = _SLOT.fullmatch(part)
            if not match:
                raise ValueError(f"{where}: {part} is no symbol")
            slot, percent = f"{{{match[1]}{match[2] or ''}}}", match[3]
            share = float(percent or 100) / 100
            choices.append([([slot], share)] + ([([], 1 - share)] if percent else []))
        elif part.startswith("("):
            choices.append([(words_of(option), p) for option, p in _options(part, 1, where)])
        else:
            choices.append([(words_of(part), 1.0)])
    for choice in product(*choices):
        yield math.prod(p for _, p in choice), [word for words, _ in choice for word in words]


def _pieces(
    text: str, slots: Sequence[str], left_out: Iterable[str], where: str
) -> list[int | _Choice]:
    """A Chinese side as numbers of symbols and choices of text."""
    pieces: list[int | _Choice] = []
    for part in _PART.findall(text):
        if part in left_out:
            continue
        if part.startswith("{"):
            if part not in slots:
                raise ValueError(f"{where}: {part} stands in the Chinese side alone")
            pieces.append(slots.index(part))
            continue
        options = _options(part, RARER, where) if part.startswith("(") else [(part, 1.0)]
        if any(set(option) & set("(){}|*") for option, _ in options):
            raise ValueError(f"{where}: {part!r} is no choice; choices hold text only")
        pieces.append(
            _Choice(tuple((p, t) for t, p in options), _cumulated([p for _, p in options]))
        )
    used = sorted(piece for piece in pieces if type(piece) is int)
    if used != list(range(len(slots))):
        raise ValueError(f"{where}: each side must hold the same symbols, each once")
    return pieces


def _cumulated(weights: Sequence[float]) -> tuple[float, ...]:
    """Running sums up to exactly 1, for `bisect_right` with a number in [0, 1)."""
    total = sum(weights)
    sums = list(accumulate(weight / total for weight in weights))
    return (*sums[:-1], 1.0)
