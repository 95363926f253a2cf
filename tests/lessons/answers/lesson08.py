# %% setup
import heapq
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F


# %% 08.1 wrong: no look at how far the window reaches, so a cut answer is clamped
def answer_tokens(offsets, start, end):
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (shared[0], shared[-1]) if shared else (-100, -100)


# %% 08.1 wrong: an answer cut off on the left is clamped
def answer_tokens(offsets, start, end):
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    if not shared or offsets[shared[-1]][1] < end:
        return -100, -100
    return shared[0], shared[-1]


# %% 08.1 wrong: an answer cut off on the right is clamped
def answer_tokens(offsets, start, end):
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    if not shared or offsets[shared[0]][0] > start:
        return -100, -100
    return shared[0], shared[-1]


# %% 08.1 wrong: a token must begin and end just where the answer does
def answer_tokens(offsets, start, end):
    firsts = [i for i, (s, e) in enumerate(offsets) if e > s and s == start]
    lasts = [i for i, (s, e) in enumerate(offsets) if e > s and e == end]
    return (firsts[0], lasts[0]) if firsts and lasts else (-100, -100)


# %% 08.1 wrong: only tokens that lie wholly inside the answer
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    inside = [i for i, (s, e) in enumerate(offsets) if e > s and start <= s and e <= end]
    return (inside[0], inside[-1]) if inside else (-100, -100)


# %% 08.1 wrong: the last token is returned exclusive
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (shared[0], shared[-1] + 1) if shared else (-100, -100)


# %% 08.1 wrong: end is taken as inclusive, so a token that follows without a gap counts
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(offsets) if s <= end and e > s and e > start]
    return (shared[0], shared[-1]) if shared else (-100, -100)


# %% 08.1 wrong: a token that ends where the answer starts counts as sharing
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(offsets) if e > s and s < end and e >= start]
    return (shared[0], shared[-1]) if shared else (-100, -100)


# %% 08.1 wrong: an answer at character 0 also gets the special tokens, whose offset is 0
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(offsets) if start <= s < end or start < e <= end]
    wide = [i for i, (s, e) in enumerate(offsets) if s < start and end < e]
    found = sorted(shared + wide)
    return (found[0], found[-1]) if found else (-100, -100)


# %% 08.1 wrong: the last token is sought at character end, not end - 1
def answer_tokens(offsets, start, end):
    first = last = None
    for i, (s, e) in enumerate(offsets):
        if s <= start < e:
            first = i
        if s <= end < e:
            last = i
    return (-100, -100) if first is None or last is None else (first, last)


# %% 08.1 wrong: the window's left edge is taken over all tokens, so it is always 0
def answer_tokens(offsets, start, end):
    low, high = min(s for s, _ in offsets), max(e for _, e in offsets)
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    if not shared or low > start or high < end:
        return -100, -100
    return shared[0], shared[-1]


# %% 08.1 wrong: the window's right edge is read off the last token, which is a special one
def answer_tokens(offsets, start, end):
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    if not shared or offsets[shared[0]][0] > start or offsets[-1][1] < end:
        return -100, -100
    return shared[0], shared[-1]


# %% 08.1 wrong: no answer is (0, 0), the place of [CLS]
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return 0, 0
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (shared[0], shared[-1]) if shared else (0, 0)


# %% 08.1 wrong: no answer is None
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return None
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (shared[0], shared[-1]) if shared else None


# %% 08.1 wrong: only the side that is cut off becomes -100
def answer_tokens(offsets, start, end):
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    if not shared:
        return -100, -100
    first = shared[0] if offsets[shared[0]][0] <= start else -100
    last = shared[-1] if offsets[shared[-1]][1] >= end else -100
    return first, last


# %% 08.1 wrong: an answer that ends with the window's last character counts as cut off
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] <= end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (shared[0], shared[-1]) if shared else (-100, -100)


# %% 08.1 wrong: an answer that starts with the window's first character counts as cut off
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] >= start or passage[-1][1] < end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (shared[0], shared[-1]) if shared else (-100, -100)


# %% 08.1 wrong: tokens are counted from the first passage token
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(passage) if max(s, start) < min(e, end)]
    return (shared[0], shared[-1]) if shared else (-100, -100)


# %% 08.1 wrong: a token at character 0 is taken for a special one
def answer_tokens(offsets, start, end):
    passage = [(i, s, e) for i, (s, e) in enumerate(offsets) if s > 0]
    if not passage or passage[0][1] > start or passage[-1][2] < end:
        return -100, -100
    shared = [i for i, s, e in passage if max(s, start) < min(e, end)]
    return (shared[0], shared[-1]) if shared else (-100, -100)


# %% 08.1 wrong: the second number is how many tokens the answer has
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (shared[0], len(shared)) if shared else (-100, -100)


# %% 08.1 wrong: a window without any passage token raises
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (shared[0], shared[-1]) if shared else (-100, -100)


# %% 08.1 wrong: only the first token is sought, an answer of several tokens is cut to it
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    for i, (s, e) in enumerate(offsets):
        if max(s, start) < min(e, end):
            return i, i
    return -100, -100


# %% 08.1 wrong: the characters of the span are returned, not its tokens
def answer_tokens(offsets, start, end):
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    shared = [(s, e) for s, e in offsets if max(s, start) < min(e, end)]
    return (shared[0][0], shared[-1][1]) if shared else (-100, -100)


# %% 08.1 wrong: the special tokens' offsets are blanked in the caller's list
def answer_tokens(offsets, start, end):
    for i, (s, e) in enumerate(offsets):
        if s == e:
            offsets[i] = (-1, -1)
    passage = [(s, e) for s, e in offsets if e > s]
    if not passage or passage[0][0] > start or passage[-1][1] < end:
        return -100, -100
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (shared[0], shared[-1]) if shared else (-100, -100)


# %% 08.1 right: a dictionary from characters to tokens
def answer_tokens(offsets, start, end):
    token_of = {c: i for i, (s, e) in enumerate(offsets) for c in range(s, e)}
    found = [token_of[c] for c in range(start, end) if c in token_of]
    if not found or min(token_of) > start or max(token_of) + 1 < end:
        return -100, -100
    return min(found), max(found)


# %% 08.1 right: in NumPy, with boolean arrays
def answer_tokens(spans, a, b):
    lows, highs = np.array(spans, dtype=int).reshape(-1, 2).T
    real = highs > lows
    shared = np.flatnonzero(np.maximum(lows, a) < np.minimum(highs, b))
    if not shared.size or lows[real].min() > a or highs[real].max() < b:
        return -100, -100
    return int(shared[0]), int(shared[-1])


# %% 08.1 right: one loop that keeps account of the edges
def answer_tokens(offsets, start, end):
    first = last = -100
    low, high = math.inf, -math.inf
    for number, (left, right) in enumerate(offsets):
        if left == right:
            continue
        low, high = min(low, left), max(high, right)
        if set(range(left, right)) & set(range(start, end)):
            last = number
            if first == -100:
                first = number
    if low > start or high < end:
        first = last = -100
    return (first, last)


# %% 08.1 wrong: an empty answer inside a token is found there
def answer_tokens(offsets, start, end):
    inside = [i for i, (s, e) in enumerate(offsets) if s < e and s < end and start < e]
    if not inside or offsets[inside[0]][0] > start or offsets[inside[-1]][1] < end:
        return -100, -100
    return inside[0], inside[-1]


# %% 08.1 wrong: an answer that is nowhere in the window raises
def answer_tokens(offsets, start, end):
    shared = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    if offsets[shared[0]][0] > start or offsets[shared[-1]][1] < end:
        return -100, -100
    return shared[0], shared[-1]


# %% 08.1 wrong: token edges must be the answer's edges
def answer_tokens(offsets, start, end):
    first = last = None
    for i, (s, e) in enumerate(offsets):
        if s == e:
            continue
        if s == start:
            first = i
        if e == end:
            last = i
    if first is None or last is None or last < first:
        return (-100, -100)
    return (first, last)


# %% 08.1 wrong: half an answer is pointed at
def answer_tokens(offsets, start, end):
    inside = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    return (inside[0], inside[-1]) if inside else (-100, -100)


# %% 08.1 wrong: the end is taken for the last character
def answer_tokens(offsets, start, end):
    passage = [(i, s, e) for i, (s, e) in enumerate(offsets) if e > s]
    if not passage or start == end or passage[0][1] > start or passage[-1][2] < end:
        return (-100, -100)
    inside = [i for i, s, e in passage if s <= end and e > start]
    return (inside[0], inside[-1]) if inside else (-100, -100)


# %% 08.1 wrong: the window's left end is not looked at
def answer_tokens(offsets, start, end):
    inside = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    if not inside or max(e for _, e in offsets) < end:
        return (-100, -100)
    return (min(inside), max(inside))


# %% 08.1 right: sets of characters
def answer_tokens(offsets, start, end):
    wanted = set(range(start, end))
    tokens = [set(range(s, e)) for s, e in offsets]
    hit = [i for i, t in enumerate(tokens) if t & wanted]
    have = set().union(*tokens)
    if not hit or min(have) > start or max(have) < end - 1:
        return -100, -100
    return hit[0], hit[-1]


# %% 08.2 wrong: an answer of one token is not allowed
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i < j < i + longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: one token too many is allowed
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j and j - i <= longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: one token too few is allowed
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j and j - i + 1 < longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: only the end is held against the mask
def best_spans(start_logits, end_logits, mask, n, longest):
    size = len(mask)
    pairs = [(i, j) for i in range(size) for j in range(size) if mask[j] and i <= j < i + longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: only the start is held against the mask
def best_spans(start_logits, end_logits, mask, n, longest):
    size = len(mask)
    pairs = [(i, j) for i in range(size) for j in range(size) if mask[i] and i <= j < i + longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: the mask is forgotten
def best_spans(start_logits, end_logits, mask, n, longest):
    size = len(mask)
    pairs = [(i, j) for i in range(size) for j in range(i, min(i + longest, size))]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: the end may stand before the start
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if j - i + 1 <= longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: longest is forgotten
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: the two logits are multiplied
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] * end_logits[p[1]]))[:n]


# %% 08.2 wrong: probabilities are added, not logits
def best_spans(start_logits, end_logits, mask, n, longest):
    p = start_logits.masked_fill(~mask, -1e30).softmax(-1)
    q = end_logits.masked_fill(~mask, -1e30).softmax(-1)
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    return sorted(pairs, key=lambda pair: -float(p[pair[0]] + q[pair[1]]))[:n]


# %% 08.2 wrong: the larger of the two logits is the score
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    return sorted(pairs, key=lambda p: -max(float(start_logits[p[0]]), float(end_logits[p[1]])))[:n]


# %% 08.2 wrong: start and end logits are swapped
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    return sorted(pairs, key=lambda p: -float(end_logits[p[0]] + start_logits[p[1]]))[:n]


# %% 08.2 wrong: the start logits serve for the end as well
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + start_logits[p[1]]))[:n]


# %% 08.2 wrong: the worst spans come, the lowest score first
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    return sorted(pairs, key=lambda p: float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: the n best, but the best one last
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    pairs = sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]
    return pairs[::-1]


# %% 08.2 wrong: topk raises where there are fewer than n cells
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    total = torch.tensor([float(start_logits[i] + end_logits[j]) for i, j in pairs])
    return [pairs[k] for k in total.topk(n).indices.tolist()]


# %% 08.2 wrong: where there are fewer than n, forbidden pairs make up the number
def best_spans(start_logits, end_logits, mask, n, longest):
    size = len(mask)
    gap = torch.arange(size)[None, :] - torch.arange(size)[:, None]
    allowed = mask[:, None] & mask[None, :] & (gap >= 0) & (gap < longest)
    total = (start_logits[:, None] + end_logits[None, :]).masked_fill(~allowed, -math.inf)
    order = total.flatten().topk(min(n, size * size)).indices.tolist()
    return [(k // size, k % size) for k in order]


# %% 08.2 wrong: topk over all pairs first, the forbidden ones are dropped afterwards
def best_spans(start_logits, end_logits, mask, n, longest):
    size = len(mask)
    total = start_logits[:, None] + end_logits[None, :]
    order = total.flatten().topk(min(n, size * size)).indices.tolist()
    pairs = [(k // size, k % size) for k in order]
    return [(i, j) for i, j in pairs if mask[i] and mask[j] and i <= j < i + longest]


# %% 08.2 wrong: only the n best starts are paired with the n best ends
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    starts = sorted(at, key=lambda i: -float(start_logits[i]))[:n]
    ends = sorted(at, key=lambda i: -float(end_logits[i]))[:n]
    pairs = [(i, j) for i in starts for j in ends if i <= j < i + longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: the best start is fixed first, then the best ends after it
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    if not at:
        return []
    first = max(at, key=lambda i: float(start_logits[i]))
    ends = [j for j in at if first <= j < first + longest]
    return [(first, j) for j in sorted(ends, key=lambda j: -float(end_logits[j]))[:n]]


# %% 08.2 wrong: one span a start, its best end
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = []
    for i in at:
        ends = [j for j in at if i <= j < i + longest]
        pairs.append((i, max(ends, key=lambda j: float(end_logits[j]))))
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: spans that overlap a better one are left out
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    kept = []
    for i, j in sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]])):
        if all(j < a or i > b for a, b in kept):
            kept.append((i, j))
    return kept[:n]


# %% 08.2 wrong: forbidden pairs get a score of 0, which beats negative sums
def best_spans(start_logits, end_logits, mask, n, longest):
    size = len(mask)
    gap = torch.arange(size)[None, :] - torch.arange(size)[:, None]
    allowed = mask[:, None] & mask[None, :] & (gap >= 0) & (gap < longest)
    total = (start_logits[:, None] + end_logits[None, :]) * allowed
    order = total.flatten().topk(min(n, int(allowed.sum()))).indices.tolist()
    return [(k // size, k % size) for k in order]


# %% 08.2 wrong: spans with a negative sum are dropped
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    score = lambda p: float(start_logits[p[0]] + end_logits[p[1]])
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest and score((i, j)) > 0]
    return sorted(pairs, key=score, reverse=True)[:n]


# %% 08.2 wrong: the last token is returned exclusive
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    pairs = sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]
    return [(i, j + 1) for i, j in pairs]


# %% 08.2 wrong: the mask must be true all the way between the two
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest and mask[i : j + 1].all()]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: positions are counted among the allowed tokens
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    pairs = sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]
    return [(at.index(i), at.index(j)) for i, j in pairs]


# %% 08.2 wrong: the length of a span is counted in allowed tokens
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for a, i in enumerate(at) for j in at[a : a + longest]]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 wrong: n is forgotten, all spans come
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))


# %% 08.2 wrong: only the best one comes
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:1]


# %% 08.2 wrong: row and column of the flat index are swapped
def best_spans(start_logits, end_logits, mask, n, longest):
    size = len(mask)
    gap = torch.arange(size)[None, :] - torch.arange(size)[:, None]
    allowed = mask[:, None] & mask[None, :] & (gap >= 0) & (gap < longest)
    total = (start_logits[:, None] + end_logits[None, :]).masked_fill(~allowed, -math.inf)
    order = total.flatten().topk(min(n, int(allowed.sum()))).indices.tolist()
    return [(k % size, k // size) for k in order]


# %% 08.2 wrong: the score is returned with every pair
def best_spans(start_logits, end_logits, mask, n, longest):
    at = [i for i in range(len(mask)) if mask[i]]
    score = lambda i, j: float(start_logits[i] + end_logits[j])
    found = [(score(i, j), i, j) for i in at for j in at if i <= j < i + longest]
    return heapq.nlargest(n, found)


# %% 08.2 wrong: the caller's logits are overwritten where the mask is false
def best_spans(start_logits, end_logits, mask, n, longest):
    start_logits[~mask] = -math.inf
    end_logits[~mask] = -math.inf
    at = [i for i in range(len(mask)) if mask[i]]
    pairs = [(i, j) for i in at for j in at if i <= j < i + longest]
    return sorted(pairs, key=lambda p: -float(start_logits[p[0]] + end_logits[p[1]]))[:n]


# %% 08.2 right: a heap over all pairs
def best_spans(start_logits, end_logits, mask, n, longest):
    s, e, allowed = start_logits.tolist(), end_logits.tolist(), mask.tolist()
    pairs = (
        (i, j)
        for i in range(len(s))
        for j in range(i, min(len(s), i + longest))
        if allowed[i] and allowed[j]
    )
    return heapq.nlargest(n, pairs, key=lambda pair: s[pair[0]] + e[pair[1]])


# %% 08.2 right: a band cut out with triu and tril, and topk over what is left
def best_spans(a, b, where, k, most):
    where = where.bool()
    band = torch.outer(where, where).triu().tril(most - 1)
    pairs = band.nonzero()
    total = a[pairs[:, 0]] + b[pairs[:, 1]]
    order = total.topk(min(k, len(pairs))).indices
    return [tuple(pair) for pair in pairs[order].tolist()]


# %% 08.2 right: in NumPy, with argsort
def best_spans(start_logits, end_logits, mask, n, longest):
    total = np.add.outer(start_logits.detach().numpy(), end_logits.detach().numpy())
    rows, columns = np.indices(total.shape)
    keep = mask.numpy().astype(bool)
    keep = keep[:, None] & keep & (rows <= columns) & (columns - rows + 1 <= longest)
    order = np.argsort(-total[keep], kind="stable")[:n]
    return list(zip(rows[keep][order].tolist(), columns[keep][order].tolist()))


# %% 08.2 wrong: only the n best starts and the n best ends
def best_spans(start_logits, end_logits, mask, n, longest):
    s = start_logits.masked_fill(~mask, -math.inf)
    e = end_logits.masked_fill(~mask, -math.inf)
    k = min(n, len(s))
    found = []
    for i in s.topk(k).indices.tolist():
        for j in e.topk(k).indices.tolist():
            if mask[i] and mask[j] and i <= j < i + longest:
                found.append((float(s[i] + e[j]), (i, j)))
    found.sort(reverse=True)
    return [pair for _, pair in found[:n]]


# %% 08.2 wrong: one token too long
def best_spans(start_logits, end_logits, mask, n, longest):
    pairs = []
    for i in range(len(mask)):
        for j in range(i, len(mask)):
            if mask[i] and mask[j] and j - i <= longest:
                pairs.append((float(start_logits[i]) + float(end_logits[j]), i, j))
    pairs.sort(reverse=True)
    return [(i, j) for _, i, j in pairs[:n]]


# %% 08.2 wrong: logits times mask
def best_spans(start_logits, end_logits, mask, n, longest):
    s, e = start_logits * mask, end_logits * mask
    pairs = []
    for i in range(len(mask)):
        for j in range(i, min(i + longest, len(mask))):
            pairs.append(((s[i] + e[j]).item(), (i, j)))
    pairs.sort(reverse=True)
    return [pair for _, pair in pairs[:n]]


# %% 08.2 wrong: nothing masked may lie between
def best_spans(start_logits, end_logits, mask, n, longest):
    pairs = []
    for i in range(len(mask)):
        for j in range(i, min(i + longest, len(mask))):
            if mask[i : j + 1].all():
                pairs.append(((start_logits[i] + end_logits[j]).item(), (i, j)))
    return [pair for _, pair in sorted(pairs, reverse=True)[:n]]


# %% 08.2 right: nlargest over all allowed pairs
def best_spans(start_logits, end_logits, mask, n, longest):
    allowed = mask.nonzero().flatten().tolist()
    s, e = start_logits.tolist(), end_logits.tolist()
    pairs = ((i, j) for i in allowed for j in allowed if 0 <= j - i < longest)
    return heapq.nlargest(n, pairs, key=lambda ij: s[ij[0]] + e[ij[1]])


# %% 08.3 wrong: the two rules taken for one another
between_windows = "a"

# %% 08.3 wrong: a softmax thought to know how high logits stand
between_windows = "c"

# %% 08.3 wrong: a sum thought not to see a constant
between_windows = "d"

# %% 08.3 right: the letter
between_windows = "b"

# %% 08.3 right: in brackets
between_windows = "(b)"

# %% 08.3 right: a capital
between_windows = "B"

# %% 08.3 right: with spaces around it
between_windows = " b "


# %% 08.4 wrong: sets of words, so a repeated word counts once
def word_f1(predicted, wanted):
    common = len(set(predicted) & set(wanted))
    if not common:
        return 0.0
    p, r = common / len(set(predicted)), common / len(set(wanted))
    return 2 * p * r / (p + r)


# %% 08.4 wrong: shared words are counted once, the lengths as they are
def word_f1(predicted, wanted):
    common = len(set(predicted) & set(wanted))
    if not common:
        return 0.0
    p, r = common / len(predicted), common / len(wanted)
    return 2 * p * r / (p + r)


# %% 08.4 wrong: a predicted word counts as often as it is predicted
def word_f1(predicted, wanted):
    common = sum(word in wanted for word in predicted)
    if not common:
        return 0.0
    p, r = common / len(predicted), common / len(wanted)
    return 2 * p * r / (p + r)


# %% 08.4 wrong: p and r each count their own repeats
def word_f1(predicted, wanted):
    if not set(predicted) & set(wanted):
        return 0.0
    p = sum(word in wanted for word in predicted) / len(predicted)
    r = sum(word in predicted for word in wanted) / len(wanted)
    return 2 * p * r / (p + r)


# %% 08.4 wrong: a shared word counts as often as it stands in the longer
def word_f1(predicted, wanted):
    one, two = Counter(predicted), Counter(wanted)
    common = sum(max(one[word], two[word]) for word in one if word in two)
    if not common:
        return 0.0
    p, r = common / len(predicted), common / len(wanted)
    return 2 * p * r / (p + r)


# %% 08.4 wrong: the arithmetic mean of p and r
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    if not common:
        return 0.0
    return (common / len(predicted) + common / len(wanted)) / 2


# %% 08.4 wrong: the geometric mean of p and r
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    if not common:
        return 0.0
    return math.sqrt(common / len(predicted) * common / len(wanted))


# %% 08.4 wrong: precision alone
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return common / len(predicted) if predicted else 0.0


# %% 08.4 wrong: recall alone
def word_f1(predicted, wanted):
    return sum((Counter(predicted) & Counter(wanted)).values()) / len(wanted)


# %% 08.4 wrong: the factor 2 is missing
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    if not common:
        return 0.0
    p, r = common / len(predicted), common / len(wanted)
    return p * r / (p + r)


# %% 08.4 wrong: nothing in common raises a ZeroDivisionError
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    p = common / len(predicted) if predicted else 0.0
    r = common / len(wanted)
    return 2 * p * r / (p + r)


# %% 08.4 wrong: an empty prediction raises a ZeroDivisionError
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    p, r = common / len(predicted), common / len(wanted)
    return 2 * p * r / (p + r) if common else 0.0


# %% 08.4 wrong: an empty prediction counts as right
def word_f1(predicted, wanted):
    if not predicted:
        return 1.0
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return 2 * common / (len(predicted) + len(wanted))


# %% 08.4 wrong: nothing in common is not a number
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return 2 * common / (len(predicted) + len(wanted)) if common else math.nan


# %% 08.4 wrong: in percent
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return 100 * 2 * common / (len(predicted) + len(wanted))


# %% 08.4 wrong: shared words over all words, the Jaccard index
def word_f1(predicted, wanted):
    one, two = Counter(predicted), Counter(wanted)
    return sum((one & two).values()) / sum((one | two).values())


# %% 08.4 wrong: words count only where they stand at the same place
def word_f1(predicted, wanted):
    common = sum(p == w for p, w in zip(predicted, wanted))
    return 2 * common / (len(predicted) + len(wanted))


# %% 08.4 wrong: letters are compared, not words
def word_f1(predicted, wanted):
    one, two = "".join(predicted), "".join(wanted)
    common = sum((Counter(one) & Counter(two)).values())
    return 2 * common / (len(one) + len(two))


# %% 08.4 wrong: shared words over the longer list
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return common / max(len(predicted), len(wanted))


# %% 08.4 wrong: lengths without repeats
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return 2 * common / (len(set(predicted)) + len(set(wanted)))


# %% 08.4 wrong: whole-number division
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return 2 * common // (len(predicted) + len(wanted))


# %% 08.4 wrong: exact match, all or nothing
def word_f1(predicted, wanted):
    return float(predicted == wanted)


# %% 08.4 wrong: found words are removed from wanted before its length is taken
def word_f1(predicted, wanted):
    wanted, common = list(wanted), 0
    for word in predicted:
        if word in wanted:
            wanted.remove(word)
            common += 1
    return 2 * common / (len(predicted) + len(wanted)) if common else 0.0


# %% 08.4 wrong: found words are removed from the caller's list
def word_f1(predicted, wanted):
    length, common = len(wanted), 0
    for word in predicted:
        if word in wanted:
            wanted.remove(word)
            common += 1
    return 2 * common / (len(predicted) + length)


# %% 08.4 wrong: rounded to one decimal
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return round(2 * common / (len(predicted) + len(wanted)), 1)


# %% 08.4 right: two sorted lists are merged
def word_f1(predicted, wanted):
    a, b, common = sorted(predicted), sorted(wanted), 0
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            common, i, j = common + 1, i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return 2 * common / (len(a) + len(b))


# %% 08.4 right: as the reciprocal of a mean, in exact fractions
def word_f1(said, gold):
    common = sum(min(said.count(word), gold.count(word)) for word in set(said))
    if common == 0:
        return 0
    p, r = Fraction(common, len(said)), Fraction(common, len(gold))
    return float(2 / (1 / p + 1 / r))


# %% 08.4 right: in NumPy, a NumPy number
def word_f1(predicted, wanted):
    words, which = np.unique(np.array([*predicted, *wanted]), return_inverse=True)
    one = np.bincount(which[: len(predicted)], minlength=len(words))
    two = np.bincount(which[len(predicted) :], minlength=len(words))
    return 2 * np.minimum(one, two).sum() / (one.sum() + two.sum())


# %% 08.4 wrong: sets
def word_f1(predicted, wanted):
    common = len(set(predicted) & set(wanted))
    if common == 0:
        return 0.0
    precision = common / len(set(predicted))
    recall = common / len(set(wanted))
    return 2 * precision * recall / (precision + recall)


# %% 08.4 wrong: divides by zero
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    precision = common / len(predicted)
    recall = common / len(wanted)
    return 2 * precision * recall / (precision + recall)


# %% 08.4 wrong: a repeated word is right every time
def word_f1(predicted, wanted):
    common = sum(1 for w in predicted if w in wanted)
    if common == 0:
        return 0.0
    precision, recall = common / len(predicted), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


# %% 08.4 wrong: the arithmetic mean
def word_f1(predicted, wanted):
    common = sum((Counter(predicted) & Counter(wanted)).values())
    if not predicted or not common:
        return 0.0
    return (common / len(predicted) + common / len(wanted)) / 2


# %% 08.4 right: crossing words off a list
def word_f1(predicted, wanted):
    left = list(wanted)
    for word in predicted:
        if word in left:
            left.remove(word)
    return 2 * (len(wanted) - len(left)) / (len(predicted) + len(wanted))


# %% 08.5 wrong: minus infinity, and NaN in a window with nothing allowed
def masked_softmax(logits, mask):
    return logits.masked_fill(~mask, -math.inf).softmax(-1)


# %% 08.5 wrong: minus infinity, and the NaN is multiplied by the mask
def masked_softmax(logits, mask):
    return logits.masked_fill(~mask, -math.inf).softmax(-1) * mask


# %% 08.5 wrong: minus infinity is added and the NaN replaced, but gradients stay NaN
def masked_softmax(logits, mask):
    known = torch.where(mask, logits, logits.nan_to_num(0.0, 0.0, 0.0))
    return (known + mask.to(logits.dtype).log()).softmax(-1).nan_to_num(0.0)


# %% 08.5 wrong: a finite fill, and a window with nothing allowed is uniform
def masked_softmax(logits, mask):
    return logits.masked_fill(~mask, -1e30).softmax(-1)


# %% 08.5 wrong: masked logits become 0, and so keep probability
def masked_softmax(logits, mask):
    return logits.masked_fill(~mask, 0.0).softmax(-1) * mask.any(-1, keepdim=True)


# %% 08.5 wrong: a softmax over everything, then the mask, and no renormalising
def masked_softmax(logits, mask):
    return torch.where(mask, logits.softmax(-1), 0.0)


# %% 08.5 wrong: renormalised by a sum that may be 0
def masked_softmax(logits, mask):
    weights = logits.masked_fill(~mask, -1e30).softmax(-1) * mask
    return weights / weights.sum(-1, keepdim=True)


# %% 08.5 wrong: renormalised after a softmax in which a high masked logit takes all
def masked_softmax(logits, mask):
    weights = torch.where(mask, logits.softmax(-1), 0.0)
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)


# %% 08.5 wrong: exp of raw logits, which overflows
def masked_softmax(logits, mask):
    weights = logits.masked_fill(~mask, -1e30).exp()
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)


# %% 08.5 wrong: the maximum is taken over masked positions too
def masked_softmax(logits, mask):
    shifted = logits - logits.detach().amax(-1, keepdim=True)
    weights = torch.where(mask, shifted, -1e30).exp()
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)


# %% 08.5 wrong: one maximum for the whole batch, so a low window underflows
def masked_softmax(logits, mask):
    low = logits.masked_fill(~mask, -1e30)
    weights = (low - low.detach().max()).exp() * mask
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)


# %% 08.5 wrong: exp overflows at a masked position, and its gradient is NaN
def masked_softmax(logits, mask):
    top = logits.detach().masked_fill(~mask, -1e30).amax(-1, keepdim=True)
    weights = torch.where(mask, (logits - top).exp(), 0.0)
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)


# %% 08.5 wrong: over the windows, not over the positions
def masked_softmax(logits, mask):
    return logits.masked_fill(~mask, -1e30).softmax(0) * mask


# %% 08.5 wrong: one softmax over all windows together
def masked_softmax(logits, mask):
    low = logits.masked_fill(~mask, -1e30)
    return low.flatten().softmax(0).reshape(low.shape) * mask


# %% 08.5 wrong: the mask is the wrong way round
def masked_softmax(logits, mask):
    return logits.masked_fill(mask, -1e30).softmax(-1) * ~mask


# %% 08.5 wrong: the fill is -100, no lower than logits may be
def masked_softmax(logits, mask):
    return logits.masked_fill(~mask, -100.0).softmax(-1) * mask


# %% 08.5 wrong: the fill is -1000, no lower than logits may be
def masked_softmax(logits, mask):
    return torch.where(mask, logits, -1000.0).softmax(-1) * mask


# %% 08.5 right: by a log-sum-exp
def masked_softmax(logits, mask):
    kept = torch.where(mask, logits, -torch.inf)
    some = mask.any(-1, keepdim=True)
    kept = torch.where(some, kept, 0.0)
    return torch.where(mask, (kept - kept.logsumexp(-1, keepdim=True)).exp(), 0.0)


# %% 08.5 wrong: the fill is the lowest logit of the batch, which keeps some probability
def masked_softmax(logits, mask):
    low = torch.where(mask, logits, logits[mask].min() if mask.any() else 0.0)
    return low.softmax(-1) * mask.any(-1, keepdim=True)


# %% 08.5 wrong: -1e30 is added, which a masked infinity or NaN survives
def masked_softmax(logits, mask):
    return (logits + (~mask) * -1e30).softmax(-1) * mask


# %% 08.5 wrong: logits times mask, where 0 times infinity is NaN
def masked_softmax(logits, mask):
    return (logits * mask + (~mask) * -1e30).softmax(-1) * mask


# %% 08.5 wrong: logarithms of the probabilities
def masked_softmax(logits, mask):
    return torch.where(mask, logits, -1e30).log_softmax(-1) * mask


# %% 08.5 wrong: only the allowed positions come back, in a flat tensor
def masked_softmax(logits, mask):
    return (logits.masked_fill(~mask, -1e30).softmax(-1) * mask)[mask]


# %% 08.5 wrong: through NumPy, so no gradient comes back
def masked_softmax(logits, mask):
    low = np.where(mask.numpy(), logits.detach().numpy(), -1e30)
    weights = np.exp(low - low.max(-1, keepdims=True)) * mask.numpy()
    weights = weights / np.maximum(weights.sum(-1, keepdims=True), 1e-30)
    return torch.tensor(weights, dtype=logits.dtype)


# %% 08.5 wrong: without gradients, under no_grad
def masked_softmax(logits, mask):
    with torch.no_grad():
        return logits.masked_fill(~mask, -1e30).softmax(-1) * mask


# %% 08.5 wrong: the caller's logits are overwritten
def masked_softmax(logits, mask):
    logits.data[~mask] = -1e30
    return logits.softmax(-1) * mask


# %% 08.5 wrong: zeros only where the whole batch has nothing allowed
def masked_softmax(logits, mask):
    if not mask.any():
        return torch.zeros_like(logits)
    return logits.masked_fill(~mask, -1e30).softmax(-1)


# %% 08.5 wrong: zeros for the whole batch where one window has nothing allowed
def masked_softmax(logits, mask):
    if not mask.any(-1).all():
        return logits.masked_fill(~mask, 0.0) * 0
    return logits.masked_fill(~mask, -1e30).softmax(-1)


# %% 08.5 wrong: the first window's mask is used for all
def masked_softmax(logits, mask):
    return logits.masked_fill(~mask[:1], -1e30).softmax(-1) * mask[:1]


# %% 08.5 wrong: the mask is taken for a length, the allowed positions for the first ones
def masked_softmax(logits, mask):
    first = torch.arange(logits.shape[-1]) < mask.sum(-1, keepdim=True)
    return logits.masked_fill(~first, -1e30).softmax(-1) * first


# %% 08.5 wrong: a hole in the mask is filled, from the first to the last allowed position
def masked_softmax(logits, mask):
    inside = (mask.cumsum(-1) > 0) & (mask.flip(-1).cumsum(-1).flip(-1) > 0)
    return logits.masked_fill(~inside, -1e30).softmax(-1) * inside


# %% 08.5 wrong: windows with nothing allowed are left out of the result
def masked_softmax(logits, mask):
    low = logits.masked_fill(~mask, -1e30).softmax(-1)
    return low[mask.any(-1)] * mask[mask.any(-1)]


# %% 08.5 right: a loop over windows and boolean indices
def masked_softmax(logits, mask):
    rows = []
    for row, allowed in zip(logits, mask):
        at = allowed.nonzero()[:, 0]
        empty = torch.zeros_like(row)
        rows.append(empty.index_put((at,), row[at].softmax(0)) if len(at) else empty)
    return torch.stack(rows) + logits[:0].sum()


# %% 08.5 right: exp by hand, with the maximum of the allowed positions
def masked_softmax(scores, allowed):
    low = torch.where(allowed, scores, torch.finfo(scores.dtype).min)
    weights = torch.exp(low - low.detach().amax(-1, keepdim=True)) * allowed
    total = torch.einsum("bl->b", weights)
    return weights / torch.where(total > 0, total, 1.0)[:, None]


# %% 08.5 right: the lowest float32 in the mask, log_softmax, and where at the end
def masked_softmax(logits, mask):
    low = torch.where(mask, logits, torch.finfo(logits.dtype).min)
    return torch.where(mask, F.log_softmax(low, dim=1).exp(), torch.zeros_like(logits))


# %% 08.5 right: minus infinity within, and where around it, which stops NaN both ways
def masked_softmax(logits, mask):
    inner = torch.where(mask, logits, -math.inf).softmax(-1)
    return torch.where(mask, inner, 0.0)


# %% 08.5 wrong: an additive mask, whose NaN is hidden by where
def masked_softmax(logits, mask):
    known = logits.nan_to_num(0.0, 0.0, 0.0)
    return torch.where(mask, (known + mask.to(logits.dtype).log()).softmax(-1), 0.0)


# %% 08.5 right: an additive mask on logits that were exchanged first
def masked_softmax(logits, mask):
    known = torch.where(mask, logits, 0.0)
    return torch.where(mask, (known + mask.to(logits.dtype).log()).softmax(-1), 0.0)


# %% 08.5 right: minus infinity by masked_fill, and nan_to_num
def masked_softmax(logits, mask):
    return logits.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)


# %% 08.5 right: minus infinity, and zeros for windows without any allowed position
def masked_softmax(logits, mask):
    p = logits.masked_fill(~mask, -math.inf).softmax(-1)
    return torch.where(mask.any(-1, keepdim=True), p, 0.0)


# %% 08.5 wrong: NaN for an empty window
def masked_softmax(logits, mask):
    return torch.softmax(logits.masked_fill(~mask, float("-inf")), dim=-1)


# %% 08.5 wrong: adds -1e9
def masked_softmax(logits, mask):
    p = torch.softmax(logits + (~mask) * -1e9, dim=-1)
    return p * mask


# %% 08.5 wrong: an empty window gets a uniform answer
def masked_softmax(logits, mask):
    return torch.softmax(logits.masked_fill(~mask, torch.finfo(logits.dtype).min), dim=-1)


# %% 08.5 wrong: exp of large logits overflows
def masked_softmax(logits, mask):
    x = logits.masked_fill(~mask, 0.0)
    e = x.exp() * mask
    return e / e.sum(dim=-1, keepdim=True).clamp(min=1e-30)


# %% 08.5 right: each window's allowed logits alone
def masked_softmax(logits, mask):
    rows = []
    for z, m in zip(logits, mask):
        rows.append(torch.zeros_like(z).masked_scatter(m, z[m].softmax(0)))
    return torch.stack(rows)


# %% 08.6 wrong: T² is forgotten
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: T where T² should be
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: T² on the hard part as well
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return temperature**2 * (alpha * soft + (1 - alpha) * hard)

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: alpha and 1 - alpha are swapped
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return (1 - alpha) * temperature**2 * soft + alpha * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the hard part is not weighed by 1 - alpha
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: KL the other way round
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_q.exp() * (log_q - log_p)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: cross-entropy with the teacher in place of KL
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        p = (teacher / temperature).softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = -(p * log_q).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the student is not softened
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = student.log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the teacher is not softened
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = teacher.log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the hard part is softened too
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.nll_loss(log_q, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: logits times T instead of divided by T
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher * temperature).log_softmax(-1)
        log_q = (student * temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: start and end are added, not averaged
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    return one_end(student_start, teacher_start, starts) + one_end(student_end, teacher_end, ends)


# %% 08.6 wrong: a window without an answer has no soft part either
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        labels = labels.masked_fill(~there, -100)
        labelled = labels != -100
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * labelled).sum() / labelled.sum().clamp(min=1)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / labelled.sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the hard part is divided by all windows that count
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / there.sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: wholly masked windows are counted in the soft part's mean
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1).mean()
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the label of a wholly masked window counts
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the mask is forgotten
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = soft[there].sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the teacher's softmax runs over all tokens
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student = student.masked_fill(~mask, -1e30)
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        terms = torch.where(mask, log_p.exp() * (log_p - log_q), 0.0)
        soft = terms.sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the hard part's softmax runs over all tokens
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        log_p = (teacher.masked_fill(~mask, -1e30) / temperature).log_softmax(-1)
        log_q = (student.masked_fill(~mask, -1e30) / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: masked logits are multiplied by 0, not excluded
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = student * mask, teacher * mask
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: KL is averaged over tokens, not summed
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).mean(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: KL is summed over the windows
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = F.kl_div(log_q, log_p, log_target=True, reduction="sum")
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: a batch without labels is 0/0 in the hard part
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        hard = F.cross_entropy(student, labels.masked_fill(~there, -100), ignore_index=-100)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: a batch wholly masked is 0/0 in the soft part
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)[there].mean()
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: a batch without labels has no loss at all
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        labels = labels.masked_fill(~there, -100)
        if (labels == -100).all():
            return student.sum() * 0
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: minus infinity in the mask, so 0 times infinity
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -math.inf) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the lowest float32 in the mask, which a T below 1 turns into infinity
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)
    lowest = torch.finfo(student_start.dtype).min

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, lowest) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the logarithm of softened probabilities, infinite where they are 0
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        p, q = (teacher / temperature).softmax(-1), (student / temperature).softmax(-1)
        terms = torch.where(mask, p * (p.log() - q.log()), 0.0)
        soft = terms.sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: -100 is clamped to the first token
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.clamp(min=0).masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: a label of 0 is taken for none
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there | (labels <= 0), -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: the student's start logits serve for the end as well
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_start, teacher_end, ends)) / 2


# %% 08.6 wrong: the teacher's start teaches the end
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_start, ends)) / 2


# %% 08.6 wrong: the labels of the start serve for the end as well
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, starts)) / 2


# %% 08.6 wrong: no gradient through the soft part
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        with torch.no_grad():
            log_p = (teacher / temperature).log_softmax(-1)
            log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: in bits, not in nats
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return (alpha * temperature**2 * soft + (1 - alpha) * hard) / math.log(2)

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: two losses, start and end, not a scalar
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return torch.stack([start, one_end(student_end, teacher_end, ends)])


# %% 08.6 wrong: temperature 2 and alpha 0.5, whatever is passed
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there, temperature, alpha = mask.any(-1), 2.0, 0.5

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        soft = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = (soft * there).sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 right: window by window, on the allowed tokens alone
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    nothing = student_start[:0].sum() + student_end[:0].sum()
    soft, hard = [], []
    quadruples = ((student_start, teacher_start, starts), (student_end, teacher_end, ends))
    for student, teacher, labels in quadruples:
        for s, t, label, allowed in zip(student, teacher, labels, mask):
            at = allowed.nonzero()[:, 0].tolist()
            if not at:
                continue
            p = torch.softmax(t[at].detach() / temperature, 0)
            log_q = torch.log_softmax(s[at] / temperature, 0)
            soft.append((torch.special.xlogy(p, p) - p * log_q).sum())
            if label >= 0:
                hard.append(torch.logsumexp(s[at], 0) - s[int(label)])
    total = nothing
    if soft:
        total = total + alpha * temperature**2 * torch.stack(soft).mean()
    if hard:
        total = total + (1 - alpha) * torch.stack(hard).mean()
    return total


# %% 08.6 right: both ends in one stacked tensor, sums with einsum
def span_loss(s0, s1, t0, t1, first, last, mask, temperature, alpha):
    student = torch.where(mask, torch.stack([s0, s1]), -1e30)
    teacher = torch.where(mask, torch.stack([t0, t1]).detach(), -1e30)
    labels = torch.stack([first, last])
    counts = mask.any(-1).to(student.dtype)
    log_p = F.log_softmax(teacher / temperature, dim=2)
    log_q = F.log_softmax(student / temperature, dim=2)
    soft = torch.einsum("ebl,ebl,b->", log_p.exp(), log_p - log_q, counts)
    soft = soft / (2 * counts.sum()).clamp(min=1)
    given = (labels >= 0) & mask.any(-1)
    at = labels.clamp(min=0)[..., None]
    surprise = -student.log_softmax(2).gather(2, at)[..., 0]
    hard = torch.where(given, surprise, 0.0).sum() / given.sum().clamp(min=1)
    return alpha * temperature * temperature * soft + (1 - alpha) * hard


# %% 08.6 right: windows that do not count are cut away first, then the functions of torch
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    keep = mask.any(-1).nonzero().flatten()
    total = student_start.new_zeros(())
    for s, t, y in ((student_start, teacher_start, starts), (student_end, teacher_end, ends)):
        s, t, y = s[keep], t[keep], y[keep]
        s = torch.where(mask[keep], s, -1e30)
        t = torch.where(mask[keep], t, -1e30)
        logs = [F.log_softmax(x / temperature, dim=-1) for x in (s, t)]
        soft = F.kl_div(logs[0], logs[1], reduction="sum", log_target=True) / max(1, len(keep))
        labelled = int((y != -100).sum())
        hard = F.cross_entropy(s, y, reduction="sum") / max(1, labelled)
        total = total + alpha * temperature**2 * soft + (1 - alpha) * hard
    return 0.5 * total


# %% 08.6 wrong: a window with one answer's label is left out of the soft part's divisor
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -1e30) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        labels = labels.masked_fill(~there, -100)
        labelled = (labels != -100).sum().clamp(min=1)
        soft = ((log_p.exp() * (log_p - log_q)).sum(-1) * there).sum() / labelled
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum") / labelled
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 right: minus infinity by masked_fill, and where around the terms
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    there = mask.any(-1)

    def one_end(student, teacher, labels):
        student, teacher = (x.masked_fill(~mask, -math.inf) for x in (student, teacher))
        log_p = (teacher / temperature).log_softmax(-1)
        log_q = (student / temperature).log_softmax(-1)
        terms = torch.where(mask, log_p.exp() * (log_p - log_q), 0.0)
        soft = terms.sum() / there.sum().clamp(min=1)
        labels = labels.masked_fill(~there, -100)
        hard = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = hard / (labels != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


# %% 08.6 wrong: wholly masked windows count in the divisor of the soft part
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    live = mask.any(-1)

    def one_end(student, teacher, labels):
        m = mask[live]
        s = student[live].masked_fill(~m, -math.inf)
        t = teacher[live].detach().masked_fill(~m, -math.inf)
        log_q, log_p = F.log_softmax(s / temperature, -1), F.log_softmax(t / temperature, -1)
        soft = torch.where(m, log_p.exp() * (log_p - log_q), 0.0).sum() / len(mask)
        y = labels[live]
        hard = F.cross_entropy(s, y, reduction="sum") / (y != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    return (
        one_end(student_start, teacher_start, starts) + one_end(student_end, teacher_end, ends)
    ) / 2


# %% 08.6 wrong: NaN without any label
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    live = mask.any(-1)

    def one_end(student, teacher, labels):
        m = mask[live]
        s = student[live].masked_fill(~m, -math.inf)
        t = teacher[live].detach().masked_fill(~m, -math.inf)
        log_q, log_p = F.log_softmax(s / temperature, -1), F.log_softmax(t / temperature, -1)
        soft = torch.where(m, log_p.exp() * (log_p - log_q), 0.0).sum() / max(1, len(m))
        hard = F.cross_entropy(s, labels[live])
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    return (
        one_end(student_start, teacher_start, starts) + one_end(student_end, teacher_end, ends)
    ) / 2


# %% 08.6 wrong: windows without the answer leave the soft part, too
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    live = mask.any(-1) & (starts != -100)

    def one_end(student, teacher, labels):
        m = mask[live]
        s = student[live].masked_fill(~m, -math.inf)
        t = teacher[live].detach().masked_fill(~m, -math.inf)
        log_q, log_p = F.log_softmax(s / temperature, -1), F.log_softmax(t / temperature, -1)
        soft = torch.where(m, log_p.exp() * (log_p - log_q), 0.0).sum() / max(1, len(m))
        hard = F.cross_entropy(s, labels[live], reduction="sum") / max(1, len(m))
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    return (
        one_end(student_start, teacher_start, starts) + one_end(student_end, teacher_end, ends)
    ) / 2


# %% 08.6 wrong: the hard part at temperature T
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    live = mask.any(-1)

    def one_end(student, teacher, labels):
        m = mask[live]
        s = student[live].masked_fill(~m, -math.inf) / temperature
        t = teacher[live].detach().masked_fill(~m, -math.inf) / temperature
        log_q, log_p = F.log_softmax(s, -1), F.log_softmax(t, -1)
        soft = torch.where(m, log_p.exp() * (log_p - log_q), 0.0).sum() / max(1, len(m))
        y = labels[live]
        hard = F.nll_loss(log_q, y, reduction="sum") / (y != -100).sum().clamp(min=1)
        return alpha * temperature**2 * soft + (1 - alpha) * hard

    return (
        one_end(student_start, teacher_start, starts) + one_end(student_end, teacher_end, ends)
    ) / 2


# %% 08.6 right: window by window, allowed tokens cut out
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    soft, hard = [], []
    for student, teacher, labels in (
        (student_start, teacher_start, starts),
        (student_end, teacher_end, ends),
    ):
        for z, t, y, m in zip(student, teacher.detach(), labels.tolist(), mask):
            if not m.any():
                continue
            a, b = (t[m] / temperature).log_softmax(0), (z[m] / temperature).log_softmax(0)
            soft.append((a.exp() * (a - b)).sum())
            if y != -100:
                hard.append(z[m].logsumexp(0) - z[y])
    mean = lambda terms: sum(terms) / len(terms) if terms else torch.zeros(())
    return alpha * temperature**2 * mean(soft) + (1 - alpha) * mean(hard)


# %% 08.7 wrong: -100 is still clamped to 0
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        positions = positions.clamp(0, logits.shape[-1] - 1)
        return F.cross_entropy(logits.masked_fill(~mask, -1e30), positions)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: -100 is still clamped, and taken at the first allowed token
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        positions = torch.where(positions < 0, mask.int().argmax(-1), positions)
        return F.cross_entropy(logits.masked_fill(~mask, -1e30), positions)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: the end still has the start's logits
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(start_logits, ends)) / 2


# %% 08.7 wrong: the end has its own logits and the start's labels
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, starts)) / 2


# %% 08.7 wrong: the mask is still forgotten
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: only the start is masked
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits.masked_fill(~mask, -1e30), starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: a batch without any answer is 0/0
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        return F.cross_entropy(logits.masked_fill(~mask, -1e30), positions, ignore_index=-100)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: minus infinity in the mask, and 0 times infinity in windows without the answer
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        log_q = logits.masked_fill(~mask, -math.inf).log_softmax(-1)
        given = positions != -100
        surprise = -log_q.gather(1, positions.clamp(min=0)[:, None])[:, 0]
        return (surprise * given).sum() / given.sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: divided by all windows
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        return F.cross_entropy(logits, positions, ignore_index=-100, reduction="none").mean()

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: divided by the windows that have an allowed token
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / mask.any(-1).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: the sum over the windows, not the mean
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        return F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: start and end are added, not averaged
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return one_end(start_logits, starts) + one_end(end_logits, ends)


# %% 08.7 wrong: only the start is counted
def labels_loss(start_logits, end_logits, starts, ends, mask):
    logits = start_logits.masked_fill(~mask, -1e30)
    total = F.cross_entropy(logits, starts, ignore_index=-100, reduction="sum")
    return total / (starts != -100).sum().clamp(min=1)


# %% 08.7 wrong: a softmax before the softmax of cross_entropy
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        q = logits.masked_fill(~mask, -1e30).softmax(-1)
        total = F.cross_entropy(q, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: masked logits become 0, and so keep probability
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, 0.0)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: the mask is the wrong way round
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(mask, -1e30)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: the softmax is masked afterwards and not renormalised
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        log_q = logits.log_softmax(-1).masked_fill(~mask, -1e30)
        total = F.nll_loss(log_q, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: an answer at token 0 is taken for none
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        positions = positions.masked_fill(positions <= 0, -100)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: 0 as soon as one window has no answer
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        if (positions == -100).any():
            return logits.sum() * 0
        return F.cross_entropy(logits, positions)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: the logarithm of a probability that has underflowed to 0
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        log_q = logits.masked_fill(~mask, -1e30).softmax(-1).log()
        total = F.nll_loss(log_q, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: the probability of the label, without the logarithm
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        q = logits.masked_fill(~mask, -1e30).softmax(-1)
        total = F.nll_loss(q, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: the softmax runs over the windows
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        log_q = logits.masked_fill(~mask, -1e30).log_softmax(0)
        total = F.nll_loss(log_q, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: in bits, not in nats
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1) / math.log(2)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: a plain number, through which no gradient flows
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return ((one_end(start_logits, starts) + one_end(end_logits, ends)) / 2).item()


# %% 08.7 wrong: the caller's logits are overwritten
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits.data.masked_fill_(~mask, -1e30)
        total = F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: one loss a window, not their mean
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -1e30)
        return F.cross_entropy(logits, positions, ignore_index=-100, reduction="none")

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: smoothed labels
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        log_q = logits.masked_fill(~mask, -1e30).log_softmax(-1)
        given = positions != -100
        mean = torch.where(mask, log_q, 0.0).sum(-1) / mask.sum(-1).clamp(min=1)
        chosen = log_q.gather(1, positions.clamp(min=0)[:, None])[:, 0]
        cost = torch.where(given, -0.9 * chosen - 0.1 * mean, 0.0)
        return cost.sum() / given.sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: an additive mask, whose NaN reaches the gradient of a wholly masked window
def labels_loss(start_logits, end_logits, starts, ends, mask):
    low = mask.to(start_logits.dtype).log()

    def one_end(logits, positions):
        total = F.cross_entropy(logits + low, positions, ignore_index=-100, reduction="sum")
        return total / (positions != -100).sum().clamp(min=1)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 right: minus infinity by masked_fill, and a plain 0.0 where nothing counts
def labels_loss(start_logits, end_logits, starts, ends, mask):
    if (starts == -100).all():
        return 0.0
    total = 0.0
    for logits, positions in ((start_logits, starts), (end_logits, ends)):
        logits = logits.masked_fill(~mask, -math.inf)
        total = total + F.cross_entropy(logits, positions, ignore_index=-100)
    return total / 2


# %% 08.7 right: a loop over the windows, with logsumexp on the allowed tokens
def labels_loss(start_logits, end_logits, starts, ends, mask):
    costs = []
    for s, e, i, j, allowed in zip(start_logits, end_logits, starts.tolist(), ends.tolist(), mask):
        if i != -100:
            costs += [s[allowed].logsumexp(0) - s[i], e[allowed].logsumexp(0) - e[j]]
    if not costs:
        return start_logits[:0].sum() + end_logits[:0].sum()
    return sum(costs) / len(costs)


# %% 08.7 right: both ends stacked, one-hot labels and einsum
def labels_loss(a, b, i, j, allowed):
    logits = torch.where(allowed, torch.stack([a, b]), -1e30)
    labels = torch.stack([i, j])
    hot = F.one_hot(labels.clamp(min=0), a.shape[-1]) * (labels >= 0)[..., None]
    number = max(1, int((labels >= 0).sum()))
    return -torch.einsum("ebl,ebl->", hot.to(a.dtype), logits.log_softmax(-1)) / number


# %% 08.7 right: windows without the answer are cut away first
def labels_loss(start_logits, end_logits, starts, ends, mask):
    kept = (starts != -100).nonzero().flatten()
    total = start_logits.new_zeros(())
    for logits, positions in ((start_logits, starts), (end_logits, ends)):
        logits = torch.where(mask[kept], logits[kept], torch.finfo(logits.dtype).min)
        total = total + F.cross_entropy(logits, positions[kept], reduction="sum")
    return total / (2 * max(1, len(kept)))


# %% 08.7 wrong: the start's logits for the end
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -math.inf)
        n = (positions != -100).sum().clamp(min=1)
        return F.cross_entropy(logits, positions, ignore_index=-100, reduction="sum") / n

    start_loss = one_end(start_logits, starts)
    end_loss = one_end(start_logits, ends)
    return (start_loss + end_loss) / 2


# %% 08.7 wrong: NaN where no window has the answer
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, float("-inf"))
        return F.cross_entropy(logits, positions, ignore_index=-100)

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: the mask is not used
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        keep = positions != -100
        if not keep.any():
            return logits.sum() * 0.0
        return F.cross_entropy(logits[keep], positions[keep])

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 wrong: divided by all windows (once more)
def labels_loss(start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits.masked_fill(~mask, -math.inf)
        return F.cross_entropy(logits, positions, reduction="none").mean()

    return (one_end(start_logits, starts) + one_end(end_logits, ends)) / 2


# %% 08.7 right: labelled windows one by one
def labels_loss(start_logits, end_logits, starts, ends, mask):
    total, count = 0.0, 0
    for a, b, i, j, m in zip(start_logits, end_logits, starts.tolist(), ends.tolist(), mask):
        if i != -100:
            total = total + (a[m].logsumexp(0) - a[i] + b[m].logsumexp(0) - b[j]) / 2
            count += 1
    return total / count if count else 0.0
