"""Two tokenizations of one text: which tokens of the one are which of the other.

Two tokenizers cut a text at different places. Where both cut, what lies between two such places is
the same stretch of text: a *span*, some tokens of the one and some of the other. Within a span a
token has no partner. But the probability of a whole span can be compared, and by the chain rule it
is the product of its tokens' conditional probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence

Offsets = Sequence[tuple[int, int]]  # of every token the first character and the one behind it


def shared_spans(one: Offsets, other: Offsets) -> list[tuple[list[int], list[int]]]:
    """The shortest stretches that both tokenizations cut out: tokens of the one, of the other.

    one, other: (start, end) of each token in characters, in order, as a fast tokenizer gives them
    with return_offsets_mapping. Tokens that cover no character, as a mark of the beginning, belong
    to no span. The tokens of each must follow one another without a gap, from the same place to the
    same place. A tokenizer of bytes may cut one character (€ has three bytes) into several tokens,
    and each of them is then said to cover that character: they stay together.
    Raises ValueError for gaps and for other overlaps.
    """
    first, second = _covering(one, "one"), _covering(other, "other")
    if bool(first) != bool(second):
        raise ValueError("one and other must cover the same text, but one of them covers none")
    if first and (first[0][1], first[-1][2]) != (second[0][1], second[-1][2]):
        raise ValueError(
            f"one and other must cover the same text, but run from {first[0][1]} to {first[-1][2]} "
            f"and from {second[0][1]} to {second[-1][2]}"
        )
    found: list[tuple[list[int], list[int]]] = []
    begun = -1
    cuts = {end for _, _, end in first} & {end for _, _, end in second}
    # A token may hold the last bytes of a character and more: where it lies across, there is no cut.
    cuts -= {cut for cut in cuts for _, start, end in (*first, *second) if start < cut < end}
    for cut in sorted(cuts):
        found.append((_within(first, begun, cut), _within(second, begun, cut)))
        begun = cut
    return found


def _within(side: list[tuple[int, int, int]], begun: int, cut: int) -> list[int]:
    """The numbers of the tokens that end after the one cut, and not after the other."""
    return [number for number, _, end in side if begun < end <= cut]


def _covering(offsets: Offsets, name: str) -> list[tuple[int, int, int]]:
    """(number, start, end) of the tokens that cover something; ValueError for gaps and overlaps.

    Two tokens may have one character in common, the last of the one: each has some of its bytes.
    """
    kept = [(i, start, end) for i, (start, end) in enumerate(offsets) if end > start]
    for (_, _, end), (number, start, stop) in zip(kept, kept[1:], strict=False):
        if not end - 1 <= start <= end <= stop:
            raise ValueError(
                f"{name}: token {number} begins at {start}, but the one before it ends at {end}"
            )
    return kept
