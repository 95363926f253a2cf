"""The notation of a synchronous grammar's rules, read (`synchronous` says what it means)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from kd_course.corpora.grammars.english_text import words_of
from kd_course.corpora.grammars.synchronous_rules import Choice, cumulated

RARER = 1 / 3  # of Chinese wordings: how often one occurs for each time the one before it does

SLOT = re.compile(r"\{([^}:?]+)(:\d+)?(?:\?(\d+))?\}")
_PART = re.compile(r"\{[^}]*\}|\([^)]*\)|[^{}()]+")
_WEIGHT = re.compile(r"(.*?)\s*(?:\*([\d.]+))?", re.DOTALL)


def weighted_texts(texts: Sequence[str], rarer: float, where: str) -> list[tuple[str, float]]:
    """'text *2' as ('text', 2.0); without a weight, `rarer` times that of the text before it."""
    found: list[tuple[str, float]] = []
    weight = 1.0
    for text in texts:
        match = _WEIGHT.fullmatch(text.strip())
        assert match, "the pattern fits every text"
        weight = float(match[2] or weight)
        if not weight > 0:
            raise ValueError(f"{where}: a weight must be positive, not {weight}")
        found.append((match[1].strip(), weight))
        weight *= rarer
    return found


def _options(part: str, rarer: float, where: str) -> list[tuple[str, float]]:
    """'(a|b*2)' as [('a', 1/3), ('b', 2/3)]."""
    pairs = weighted_texts(part[1:-1].split("|"), rarer, where)
    total = sum(weight for _, weight in pairs)
    return [(text, weight / total) for text, weight in pairs]


def spelled_out(text: str, where: str) -> Iterator[tuple[float, list[str]]]:
    """(share, words and {symbols}) for every way to take the choices of an English side."""
    choices: list[list[tuple[list[str], float]]] = []
    for part in _PART.findall(text):
        if part.startswith("{"):
            match = SLOT.fullmatch(part)
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


def chinese_pieces(
    text: str, slots: Sequence[str], left_out: Iterable[str], where: str
) -> list[int | Choice]:
    """A Chinese side as numbers of symbols and choices of text."""
    pieces: list[int | Choice] = []
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
        pieces.append(Choice(tuple((p, t) for t, p in options), cumulated([p for _, p in options])))
    used = sorted(piece for piece in pieces if isinstance(piece, int))
    if used != list(range(len(slots))):
        raise ValueError(f"{where}: each side must hold the same symbols, each once")
    return pieces
