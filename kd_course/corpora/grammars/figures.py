"""Figures in a generated text: numbers of a range, and an old figure beside a new one.

Their probabilities are worked out, for a list of alternatives could not hold them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from kd_course.corpora.grammars.context_free_charts import NUMBER, Draw, cumulated


class Uniform:
    """One number, all of a range equally likely: `Uniform(range(30, 400), tenths)`."""

    first = frozenset([NUMBER])
    words_written = 1

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
        self.words_written = len(self.pattern)
        self.old = old
        self.sign = 1 if step[0] > 0 else -1
        self.step = sorted(abs(s) for s in step)
        self.choices = {name: words for name, words in choices.items() if name in self.pattern}
        self.words = {name: list(words) for name, words in self.choices.items()}
        self.sums = {name: cumulated(list(words.values())) for name, words in self.choices.items()}
        self.write = write
        self.read = _values(write, 3 * old.stop)
        head = self.pattern[0]
        self.first = frozenset(
            [NUMBER] if head in ("OLD", "NEW") else self.choices.get(head, [head])
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


@lru_cache
def _values(write: Callable[[int], str], stop: int) -> dict[str, int]:
    """The numbers from 1 to below stop, by how they are written: shared by many comparisons."""
    return {write(value): value for value in range(1, stop)}


def tenths(value: int) -> str:
    """453 as 45.3."""
    return f"{value // 10}.{value % 10}"


def hundredths(value: int) -> str:
    """45 as 0.45."""
    return f"{value // 100}.{value % 100:02d}"


def thousands(value: int) -> str:
    """1200 as 1,200."""
    return f"{value:,}"
