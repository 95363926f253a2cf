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
    ends = [[end for _, _, end in side] for side in (first, second)]
    if first and second and (first[0][1] != second[0][1] or ends[0][-1] != ends[1][-1]):
        raise ValueError(
            f"one and other must cover the same text, but run from {first[0][1]} to {ends[0][-1]} "
            f"and from {second[0][1]} to {ends[1][-1]}"
        )
    if bool(first) != bool(second):
        raise ValueError("one and other must cover the same text, but one of them covers none")
    spans = []
    for cut in sorted(set(ends[0]) & set(ends[1])):
        before = [sum(end <= cut for end in side) for side in ends]
        spans.append(before)
    begun, found = [0, 0], []
    for stop in spans:
        found.append(
            tuple(
                range(side[a][0], side[b - 1][0] + 1)
                for side, a, b in zip((first, second), begun, stop, strict=True)
            )
        )
        begun = stop
    return [(a, b) for a, b in found]


def _covering(offsets: Offsets, name: str) -> list[tuple[int, int, int]]:
    """(number, start, end) of the tokens that cover something; ValueError for gaps and overlaps."""
    kept = [(i, start, end) for i, (start, end) in enumerate(offsets) if end > start]
    for (_, _, end), (number, start, _) in zip(kept, kept[1:], strict=False):
        if start != end:
            raise ValueError(
                f"{name}: token {number} begins at {start}, but the one before it ends at {end}"
            )
    return kept
