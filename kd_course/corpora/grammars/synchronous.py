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

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from kd_course.corpora.grammars.english_text import candidates, text_of
from kd_course.corpora.grammars.rule_notation import (
    RARER,
    SLOT,
    chinese_pieces,
    spelled_out,
    weighted_texts,
)
from kd_course.corpora.grammars.synchronous_charts import (
    Link,
    Node,
    best_links,
    parse,
    spans_of,
    strings_of,
)
from kd_course.corpora.grammars.synchronous_rules import Alternative, Draw, Symbol, Tree

Rules = Mapping[str, Sequence[str]]


class SynchronousGrammar:
    """Rules for two languages at once: enough to draw pairs and to weigh any translation exactly.

    rules: symbol -> alternatives, in the notation above; start: the symbol of a whole sentence.
    Raises ValueError naming the rule: a symbol that is not defined or refers to itself, sides that
    do not hold the same symbols, an English side without a word, a weight that is not positive.
    """

    def __init__(self, rules: Rules, start: str = "sentence") -> None:
        self._rules = rules
        self._symbols: dict[str, Symbol] = {}
        self.start = self._symbol(start, ())

    # Drawing: from the top symbol down, both sides at once.

    def draw(self, draw: Draw) -> tuple[str, Tree]:
        """An English sentence, and the derivation that `translate` turns into Chinese."""
        words: list[str] = []
        tree = self.start.draw(draw, words)
        return text_of(words), tree

    def translate(self, tree: Tree, draw: Draw) -> str:
        """One Chinese sentence for a derivation, each choice drawn with its probability."""
        alternative, children = tree
        pieces = alternative.targets[bisect_right(alternative.sums, draw())].pieces
        return "".join(
            self.translate(children[piece], draw)
            if isinstance(piece, int)
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
        for words in candidates(en):
            chart: dict[tuple[Symbol, int], dict[int, Node]] = {}
            node = parse(self.start, words, 0, chart).get(len(words))
            if node is not None:
                found.append(node)
        if not found:
            shown = en if len(en) <= 80 else f"{en[:77]}..."
            raise ValueError(f"en: the grammar has no such sentence: {shown!r}")
        # The two ways to read a first word's capital are two derivations like any others.
        return Reading(found[0] if len(found) == 1 else Node.joined(found))

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
            if isinstance(item, str)
        }

    # Building: text to symbols.

    def _symbol(self, name: str, open_: tuple[str, ...]) -> Symbol:
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
            self._symbols[name] = Symbol(name, alternatives)
        return self._symbols[name]

    def _alternatives(
        self, name: str, rule: str, open_: tuple[str, ...]
    ) -> Iterator[tuple[float, Alternative]]:
        """A rule, once for each way to choose its English words and its optional symbols."""
        where = f"rule {name!r}, {rule!r}"
        head = re.fullmatch(r"\s*(?:([\d.]+):)?(.*?)=>(.*)", rule, re.DOTALL)
        if not head:
            raise ValueError(f"{where}: must read 'english => chinese'")
        weight = float(head[1] or 1)
        if not weight > 0:
            raise ValueError(f"{where}: a weight must be positive, not {weight}")
        targets = weighted_texts(head[3].split(" / "), RARER, where)
        for share, source in spelled_out(head[2], where):
            slots = [part for part in source if part.startswith("{")]
            if len(set(slots)) != len(slots):
                raise ValueError(f"{where}: a symbol occurs twice; write {{name:2}} for the second")
            symbols = {f"{{{m[1]}{m[2] or ''}}}": m[1] for m in SLOT.finditer(head[2])}
            items = [
                self._symbol(symbols[part], open_) if part in slots else part for part in source
            ]
            if not items:
                raise ValueError(f"{where}: an English side needs a word or a symbol")
            left_out = set(symbols) - set(slots)
            pieces: dict[tuple, float] = {}  # what falls together when a symbol is left out
            for text, w in targets:
                key = tuple(chinese_pieces(text, slots, left_out, where))
                pieces[key] = pieces.get(key, 0.0) + w
            yield weight * share, Alternative(tuple(items), pieces)


class Reading:
    """An English sentence understood: the distribution over its translations."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._strings: dict[str, float] | None = None

    def probability(self, zh: str) -> float:
        """p(zh | en), 0 for what the grammar never gives.

        The probabilities of all ways to get zh are added up over a chart, whose size grows with
        the derivations' nodes times the length of zh, not with the number of translations.
        """
        chart: dict[tuple[int, int], dict[int, float]] = {}
        return spans_of(self._root, zh, 0, chart).get(len(zh), 0.0)

    def alignment(self, zh: str) -> list[Link]:
        """Which words became which characters, in the most probable derivation of the pair.

        Raises ValueError when the grammar never gives zh for this sentence.
        """
        best = best_links(self._root, zh, 0, {}).get(len(zh))
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
            found = strings_of(self._root, {})
            self._strings = dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
        return self._strings
