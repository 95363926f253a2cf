"""On what lesson 08's exercises are tried: plain cases first, then one clause at a time."""

from __future__ import annotations

import math

import torch

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case
from kd_course.lessons.lesson08 import slips
from kd_course.lessons.lesson08.slips import NOT_HERE

# -- 08.1 the window's map --------------------------------------------------------------------


def window(begin, words, gap=1, lead=3):
    """Offsets: tokens of question and special ones, tokens of a passage, [SEP]."""
    offsets, at = [(0, 0)] * lead, begin
    for size in words:
        offsets.append((at, at + size))
        at += size + gap
    return [*offsets, (0, 0)]


def passage_of(offsets):
    return [span for span in offsets if span != (0, 0)]


def map_cases(random) -> list[Case]:
    def some(low, high):
        return int(random.integers(low, high))

    def sizes(number, low=2, high=6):
        return random.integers(low, high, size=number).tolist()

    def words(number, **more):
        """A window of words, and where each stands."""
        offsets = window(some(20, 60), sizes(number), lead=some(2, 6), **more)
        return offsets, passage_of(offsets)

    offsets = window(some(10, 40), sizes(8, 4, 8), lead=some(2, 6))
    word = passage_of(offsets)
    at = some(1, 3)
    one, (_, middle, _) = words(3)
    joined, apart = words(4, gap=0)
    first = window(0, sizes(some(3, 6)), lead=some(2, 6))
    sized = sizes(4, 1, 5)
    touching = window(some(5, 30), sized[:3], gap=0, lead=some(2, 6))
    _, touched, last = passage_of(touching)
    touching.insert(-1, (last[1] + 1, last[1] + 1 + sized[3]))
    narrow, empty, between, before = some(2, 6), some(2, 6), some(2, 6), some(2, 20)
    within = "an answer that begins or ends inside a token"
    gapless = "tokens that follow each other without a gap"
    sharing = "an answer that shares no character with any token"
    return [
        Case((one, *middle), "one word in the middle"),
        Case((offsets, word[at][0], word[at + 2][1]), "three words"),
        Case((offsets, word[at][0] + 1, word[at + 1][1] - 1), "inside two tokens", clause=within),
        Case((offsets, word[at][0] + 2, word[at + 2][1] - 2), "inside three", clause=within),
        Case(
            (offsets, word[narrow][0] + 1, word[narrow][0] + 3),
            "narrower than a token",
            clause=within,
        ),
        Case(
            (first, 0, passage_of(first)[0][1]),
            "an answer at the passage's first character",
            clause="an answer at character 0, where the special tokens' (0, 0) begins, too",
        ),
        Case(
            (offsets, word[some(4, 7)][0], word[7][1]),
            "it ends with the window",
            clause="an answer that ends with the window's last character",
        ),
        Case((touching, *touched), "no blank before it, none behind", clause=gapless),
        Case((joined, apart[1][0], apart[2][1]), "no blanks at all", clause=gapless),
        Case(
            (offsets, word[some(4, 7)][0], word[7][1] + some(2, 9)),
            "its end is cut off by the window",
            clause="an answer whose end lies behind the window",
        ),
        Case(
            (offsets, word[0][0] - some(2, 9), word[some(1, 4)][1]),
            "its beginning is cut off by the window",
            clause="an answer whose beginning lies before the window",
        ),
        Case(
            (offsets, word[7][1] + 1, word[7][1] + some(3, 9)),
            "it lies behind the window",
            clause="an answer that is wholly outside the window",
        ),
        Case(
            (window(40, sizes(8), lead=some(2, 6)), before, before + some(3, 15)),
            "it lies before the window",
            clause="an answer that is wholly outside the window",
        ),
        Case((offsets, *[word[empty][0] + 2] * 2), "an empty answer", clause=sharing),
        Case(
            (offsets, word[between][1], word[between + 1][0]),
            "a blank between two words",
            clause=sharing,
        ),
        Case(
            ([(0, 0)] * some(3, 9), 0, some(3, 20)),
            "a window of question and special tokens alone",
            clause="a window without any token of the passage",
        ),
    ]


# -- 08.2 the best spans ----------------------------------------------------------------------


_APART = "two tokens that are farther apart than an answer may be long"
_BETWEEN = "a token between start and end at which no answer may start or end"

# length, passage, n, longest, label, all of it moved by what is drawn; and what is not plain: lift, tokens whose logits are raised
# (s3: the start's at 3); hole, tokens of the passage where mask is false; less, taken off all
# logits; short, whether all of the best answers have two tokens and fewer than longest.
_SPANS: tuple = (
    (9, (3, 8), 1, 5, "the best one", {}),
    (11, (3, 10), 4, 6, "the four best ones", {}),
    (9, (2, 9), 2, 7, "the end's best token stands before the start's", {"lift": "s6 e3"}),
    (11, (3, 9), 2, 6, "the largest logits stand in question and padding", {"lift": "s1 e9"}),
    (
        *(11, (2, 11), 2, 4, "the two best tokens are farther apart than longest"),
        {"lift": "s2 e8", "clause": _APART, "short": False},
    ),
    (
        *(11, (2, 11), 2, 4, "the two best tokens are one too far apart"),
        {"lift": "s4 e8", "clause": _APART, "short": False},
    ),
    (
        *(10, (2, 10), 1, 4, "an answer just as long as it may be"),
        {"lift": "s3 e6", "clause": "an answer that is just as long as it may be", "short": False},
    ),
    (
        *(10, (2, 10), 1, 4, "start and end are best at one token"),
        {"lift": "s5 e5", "clause": "an answer of a single token", "short": False},
    ),
    (11, (3, 10), 3, 6, "all logits below 0", {"less": 40.0, "clause": "logits below 0"}),
    (
        *(11, (2, 11), 1, 5, "the best pair has such a token between its ends"),
        {"lift": "s5 e7", "hole": (6,), "clause": _BETWEEN},
    ),
    (
        *(12, (2, 12), 2, 5, "the pair would be too long, but for that token"),
        {"lift": "s4 e9", "hole": (6,), "clause": _BETWEEN, "short": False},
    ),
    (
        *(7, (3, 5), 9, 4, "there are fewer than n"),
        {"clause": "a window with fewer than n pairs", "short": False},
    ),
)


def span_cases(random) -> list[Case]:
    def logits(length, lift, moved):
        # Starts are whole numbers of quarters, ends a little more: no two sums are equal.
        start, end = (
            torch.from_numpy(random.permutation(4 * length)[:length] / 4.0) + 1 for _ in "se"
        )
        end = end + torch.arange(length) * 1e-3 + 1e-5 * torch.arange(length) ** 2
        for which, *place in lift.split():
            (start if which == "s" else end)[moved + int("".join(place))] += 100.0
        return start, end

    def case(length, passage, n, longest, label, lift="", hole=(), clause="", less=0.0, short=True):
        moved, padding = random.integers(0, [5, 3]).tolist()
        length += moved + padding
        mask = torch.zeros(length, dtype=torch.bool)
        mask[moved + passage[0] : moved + passage[1]] = True
        mask[[moved + place for place in hole]] = False
        while True:
            start, end = logits(length, lift, moved)
            best = slips.spans_with()(start, end, mask, n, longest)
            if not short or all(0 < j - i < longest - 1 for i, j in best):
                break
        return Case((start - less, end - less, mask, n, longest), label, clause=clause)

    return [case(*plain, **special) for *plain, special in _SPANS]


# -- 08.4 F1 of two answers -------------------------------------------------------------------


def f1_cases(random) -> list[Case]:
    def some(low, high):
        return int(random.integers(low, high))

    def drawn(number):
        return [f"w{n}" for n in random.permutation(40)[:number].tolist()]

    def again(number):
        """Words, and the same once more behind them."""
        said = drawn(number)
        return said * 2, said

    words = drawn(40)
    own, other, common = some(2, 5), some(2, 5), some(1, 3)
    left = words[: common + own]
    right = [*words[:common], *words[20 : 20 + other]]
    whole, apart = drawn(some(1, 5)), drawn(5)
    twice = "words that are repeated"
    return [
        Case((["anna", "berg"], ["chief", "executive", "anna", "berg"]), "an answer and its title"),
        Case((whole, [*whole]), "the same"),
        Case((words[:9], words[6:12]), "three of nine words, three of six"),
        Case((words[:2], words[1:9]), "one of two words, one of eight"),
        Case((left, right), "some words in common"),
        Case((words[:3], words[2::-1]), "the same words in another order"),
        Case((apart[: some(1, 4)], apart[3:]), "nothing in common", clause="no word in common"),
        Case(([], drawn(some(1, 4))), "no answer given", clause="an empty prediction"),
        Case(again(some(2, 4)), "said twice", clause=twice),
        Case(again(some(2, 4))[::-1], "asked for twice", clause=twice),
        Case(
            ([*left, words[0]], [*right, words[0], words[0]]), "one of them repeated", clause=twice
        ),
    ]


# -- 08.5 the masked softmax ------------------------------------------------------------------


def turned(random, rows):
    return [rows[i] for i in random.permutation(len(rows))]


def softmax_cases(random) -> list[Case]:
    def logits(*shape):
        return random_normal(random, *shape)

    def mask_of(*rows):
        return torch.tensor(turned(random, rows), dtype=torch.bool)

    def case(values, mask, label, clause=""):
        return Case((values, mask), label, gradient_of=(0,), clause=clause)

    def elsewhere(number):
        part = behind_a_question()
        return torch.where(part, logits(2, 6), number), part

    def behind_a_question():
        return mask_of([0, 0, 1, 1, 1, 0], [0, 1, 1, 1, 0, 0])

    whole = torch.ones(2, 5, dtype=torch.bool)
    gaps = mask_of([0, 1, 0, 1, 1, 0], [1, 1, 0, 0, 1, 0])
    none = mask_of([0, 1, 1, 1], [0, 0, 0, 0])
    far = torch.tensor(turned(random, [[200.0], [-200.0]]))
    lowest = logits(2, 6) - 1010.0
    loud = "logits at masked positions that are larger than all others"
    endless = "infinities and NaN at masked positions"
    return [
        case(logits(2, 5), whole, "every position allowed"),
        case(logits(2, 6), behind_a_question(), "question in front, padding behind"),
        case(*elsewhere(90.0), "a logit of 90 where no answer may be", loud),
        case(*elsewhere(300.0), "a logit of 300 where no answer may be", loud),
        case(*elsewhere(1e30), "a logit of 1e30 where no answer may be", loud),
        case(*elsewhere(-math.inf), "-inf where no answer may be", endless),
        case(*elsewhere(math.inf), "inf where no answer may be", endless),
        case(*elsewhere(math.nan), "NaN where no answer may be", endless),
        case(
            logits(2, 4),
            none,
            "a window without any allowed position",
            "a window without any allowed position",
        ),
        case(
            logits(2, 6) + far,
            behind_a_question(),
            "one window's logits around 200, the other's around -200",
            "allowed logits far above or below 0",
        ),
        # The value alone, and no lower: a log-sum-exp in float32 is right, and is as coarse as that.
        Case(
            (lowest, behind_a_question()),
            "all logits around -1010",
            clause="allowed logits far above or below 0",
        ),
        case(logits(2, 6), gaps, "allowed positions with gaps", "a gap between allowed positions"),
    ]


# -- 08.6 the span loss -----------------------------------------------------------------------


_WHOLE = [[1] * 6] * 3
_RAGGED = [[0, 0, 1, 1, 1, 1], [0, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 0]]
_EMPTY, _NONE = [0] * 6, [NOT_HERE] * 3
_NOWHERE = "a batch in which no window holds the answer"

# The windows come in an order that is drawn. mask, starts, ends, temperature, alpha, label, clause
_LOSSES = (
    (_WHOLE, [1, 2, 3], [2, 4, 5], 1.0, 0.0, "the labels alone", ""),
    (_WHOLE, [1, 2, 3], [2, 4, 5], 3.0, 1.0, "the teacher alone, T = 3", ""),
    (_RAGGED, [2, 1, 3], [4, 3, 4], 2.0, 0.3, "question and padding masked", ""),
    (
        *(_WHOLE, [1, 0, 0], [2, 0, 5], 2.0, 0.4),
        *("two answers that start at token 0", "an answer that starts at token 0"),
    ),
    (
        *(_RAGGED, [2, NOT_HERE, 3], [4, NOT_HERE, 4], 2.0, 0.6),
        *("one window has no answer", "a window without the answer"),
    ),
    (
        *([*_RAGGED, _EMPTY], [2, 1, 3, NOT_HERE], [4, 3, 3, NOT_HERE], 2.0, 0.5),
        *("one window is wholly masked", "a window that is wholly masked"),
    ),
    (
        *([*_RAGGED, _EMPTY], [2, 1, 3, 1], [4, 3, 3, 2], 2.0, 0.5),
        "one window is wholly masked, and has a label",
        "a label in a window that is wholly masked",
    ),
    (_RAGGED, _NONE, _NONE, 2.0, 0.5, "no window holds the answer", _NOWHERE),
    (_RAGGED, _NONE, _NONE, 2.0, 1.0, "no window holds it, α = 1", _NOWHERE),
    (
        *([_EMPTY] * 2, _NONE[:2], _NONE[:2], 2.0, 0.5),
        *("every window is wholly masked", "a batch that is wholly masked"),
    ),
    (_RAGGED, [2, 1, 3], [4, 3, 4], 0.5, 0.5, "T = 0.5", "a temperature below 1"),
)


def drawn_windows(random, mask, starts, ends) -> tuple[torch.Tensor, ...]:
    """The windows in a drawn order, and where answers stand; what is nowhere or at token 0 stays."""

    def answer(row, start, end):
        if start == NOT_HERE or end == 0:
            return start, end
        tokens = [i for i, allowed in enumerate(row) if i and (allowed or not any(row))]
        first, last = sorted(random.choice(tokens, size=2).tolist())
        return (0, last) if start == 0 else (first, last)

    rows = [(row, *answer(row, *labels)) for row, *labels in zip(mask, starts, ends)]
    mask, starts, ends = zip(*turned(random, rows))
    return torch.tensor(mask, dtype=torch.bool), torch.tensor(starts), torch.tensor(ends)


def loss_cases(random) -> list[Case]:
    def case(mask, starts, ends, temperature, alpha, label, clause):
        mask, starts, ends = drawn_windows(random, mask, starts, ends)
        logits = [random_normal(random, *mask.shape, scale=2.0) for _ in range(4)]
        return Case(
            (*logits, starts, ends, mask, temperature, alpha),
            label,
            gradient_of=(0, 1),
            clause=clause,
        )

    return [case(*about) for about in _LOSSES]


# -- 08.7 the bug hunt ------------------------------------------------------------------------


def hunt_cases(random) -> list[Case]:
    def case(mask, starts, ends, label, clause=""):
        mask, starts, ends = drawn_windows(random, mask, starts, ends)
        logits = [random_normal(random, *mask.shape, scale=2.0) for _ in range(2)]
        return Case(
            (*logits, starts, ends, mask),
            label,
            gradient_of=(0, 1),
            clause=clause,
        )

    ragged = [[0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1]]
    return [
        case(_WHOLE, [1, 2, 3], [2, 4, 5], "three windows with their answers"),
        case(ragged, [2, 3, 3], [5, 4, 4], "question and padding to be left out"),
        case(
            _WHOLE,
            [1, 0, 0],
            [2, 0, 5],
            "two answers that start at token 0",
            "an answer that starts at token 0",
        ),
        case(
            ragged,
            [2, NOT_HERE, 3],
            [4, NOT_HERE, 4],
            "one window has no answer",
            "a window without the answer",
        ),
        case(
            ragged,
            _NONE,
            _NONE,
            "no window holds an answer",
            "a batch in which no window holds the answer",
        ),
        case(
            [*ragged, _EMPTY],
            [2, 3, 3, NOT_HERE],
            [5, 4, 4, NOT_HERE],
            "one window is wholly masked",
            "a window that is wholly masked",
        ),
    ]
