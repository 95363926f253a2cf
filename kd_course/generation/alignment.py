"""Two tokenizations of one text: which tokens of the one are which of the other.

Two tokenizers cut a text at different places. Where both cut, what lies between two such places is
the same stretch of text: a *span*, some tokens of the one and some of the other. Within a span a
token has no partner. But the probability of a whole span can be compared, and by the chain rule it
is the product of its tokens' conditional probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence

Offsets = Sequence[tuple[int, int]]  # of every token the first character and the one behind it


def shared_spans(one: Offsets, other: Offsets) -> list[tuple[range, range]]:
    """The shortest stretches that both tokenizations cut out: tokens of the one, of the other.

    one, other: (start, end) of each token in characters, in order, as a fast tokenizer gives them
    with return_offsets_mapping. Tokens that cover no character, as a mark of the beginning, belong
    to no span. The tokens of each must follow one another without a gap, from the same place to the
    same place.
    Raises ValueError where they do not.
    """
    first, second = _covering(one, "one"), _covering(other, "other")
    if bool(first) != bool(second):
        raise ValueError("one and other must cover the same text, but one of them covers none")
    if first and (first[0][1], first[-1][2]) != (second[0][1], second[-1][2]):
        raise ValueError(
            f"one and other must cover the same text, but run from {first[0][1]} to {first[-1][2]} "
            f"and from {second[0][1]} to {second[-1][2]}"
        )
    found: list[tuple[range, range]] = []
    begun = -1
    for cut in sorted({end for _, _, end in first} & {end for _, _, end in second}):
        found.append((_within(first, begun, cut), _within(second, begun, cut)))
        begun = cut
    return found


def _within(side: list[tuple[int, int, int]], begun: int, cut: int) -> range:
    """The numbers of the tokens that end after the one cut, and not after the other."""
    numbers = [number for number, _, end in side if begun < end <= cut]
    return range(numbers[0], numbers[-1] + 1)


def _covering(offsets: Offsets, name: str) -> list[tuple[int, int, int]]:
    """(number, start, end) of the tokens that cover something; ValueError for gaps and overlaps."""
    kept = [(i, start, end) for i, (start, end) in enumerate(offsets) if end > start]
    for (_, _, end), (number, start, _) in zip(kept, kept[1:], strict=False):
        if start != end:
            raise ValueError(
                f"{name}: token {number} begins at {start}, but the one before it ends at {end}"
            )
    return kept
