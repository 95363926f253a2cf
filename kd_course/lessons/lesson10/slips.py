"""Wrong answers that people really give in 10.1 to 10.4 and 10.6, and what the checks tell them.

loss_slips.py has those of the losses: 10.2, 10.7, 10.8. Each exercise's slips are built of one right
computation with a part to replace.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import torch

from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]


def named(table: Mapping[str, tuple[Function, str]]) -> tuple[Misconception, ...]:
    """Misconceptions as a table: name -> (function, hint)."""
    return tuple(
        Misconception(name, function, hint=hint) for name, (function, hint) in table.items()
    )


# -- 10.1 bytes -------------------------------------------------------------------------------


def whole_bytes(vocabulary: int) -> int:
    return ((vocabulary - 1).bit_length() + 7) // 8


def weight_with(
    id_bytes: Function = lambda vocabulary, value_bytes: whole_bytes(vocabulary),
    *,
    a_token: Function = lambda k, id_bytes, value: k * (id_bytes + value) + value,
    whole: Function = lambda vocabulary, id_bytes, value: vocabulary * value,
    tokens: Function = sum,
    after: Function = lambda total: total,
) -> Function:
    """The bytes of a cache, with a part replaced: of a number, of a token, of a token kept whole."""

    def weight(lengths, vocabulary, k, value_bytes):
        number = id_bytes(vocabulary, value_bytes)
        each = (
            whole(vocabulary, number, value_bytes) if k is None else a_token(k, number, value_bytes)
        )
        return after(tokens(lengths) * each)

    return weight


def _others_once(lengths, vocabulary, k, value_bytes):
    if k is None:
        return weight_with()(lengths, vocabulary, k, value_bytes)
    return sum(lengths) * k * (whole_bytes(vocabulary) + value_bytes) + value_bytes


BYTES = named(
    {
        "the pieces' numbers are forgotten": (
            weight_with(a_token=lambda k, number, value: k * value + value),
            "How would a reader of the cache know which pieces the values belong to?",
        ),
        "the value of all others is forgotten": (
            weight_with(a_token=lambda k, number, value: k * (number + value)),
            "One more value belongs to every token.",
        ),
        "the value of all others is counted once, not at every token": (
            _others_once,
            "Every token has other pieces of its own.",
        ),
        "all others have a number, too": (
            weight_with(a_token=lambda k, number, value: (k + 1) * (number + value)),
            "Which piece would that number name?",
        ),
        "these are bits": (
            weight_with(after=lambda total: 8 * total),
            "A byte has eight bits; asked for are bytes.",
        ),
        "a number takes a fraction of a byte": (
            weight_with(lambda vocabulary, value: (vocabulary - 1).bit_length() / 8),
            "Whole bytes: 11 bits take two.",
        ),
        "a number takes four bytes, whatever the vocabulary": (
            weight_with(lambda vocabulary, value: 4),
            "How many bytes can tell this vocabulary's pieces apart?",
        ),
        "a number takes eight bytes, as torch's do": (
            weight_with(lambda vocabulary, value: 8),
            "torch has int64 for indices. As few bytes as will do are asked for.",
        ),
        "a number takes one, two, four or eight bytes, as machines have them": (
            weight_with(lambda vocabulary, value: 1 << (whole_bytes(vocabulary) - 1).bit_length()),
            "As few whole bytes as will do: three are allowed.",
        ),
        "a number is as wide as a value": (
            weight_with(lambda vocabulary, value: value),
            "The width of a value has nothing to do with how many pieces there are.",
        ),
        "pieces are numbered from 1": (
            weight_with(lambda vocabulary, value: (vocabulary.bit_length() + 7) // 8),
            "Numbered from 0, which is the largest number of 256 pieces?",
        ),
        "rows are padded to the longest": (
            weight_with(tokens=lambda lengths: len(lengths) * max(lengths)),
            "Rows are stored one after the other.",
        ),
        "rows are counted, not tokens": (
            weight_with(tokens=len),
            "Every token has an answer of its own.",
        ),
        "this is one token's weight": (
            weight_with(tokens=lambda lengths: 1),
            "How many tokens are there in all?",
        ),
        "kept whole, it has numbers, too": (
            weight_with(whole=lambda vocabulary, number, value: vocabulary * (number + value)),
            "All values in their order: the place says which piece it is.",
        ),
        "kept whole, it has a value for all others, too": (
            weight_with(whole=lambda vocabulary, number, value: (vocabulary + 1) * value),
            "Where everything is kept, nothing is left over.",
        ),
    }
)


# -- 10.3 sampled targets ---------------------------------------------------------------------


def target_of(weigh: Function) -> Function:
    """A target out of counts: weigh(counts, n, p, proposal) is its value at the classes drawn."""

    def target(draws, p, proposal):
        counts = torch.bincount(draws, minlength=len(p)).to(p.dtype)
        drawn = counts > 0
        found = torch.zeros_like(p)
        found[drawn] = weigh(counts[drawn], len(draws), p[drawn], proposal[drawn])
        return found

    return target


def right_target(draws, p, proposal):
    return target_of(lambda counts, n, p, proposal: counts / n * p / proposal)(draws, p, proposal)


def summing_to_one(draws, p, proposal):
    target = right_target(draws, p, proposal)
    return target / target.sum()


def one_weight_a_draw(draws, p, proposal):
    return p[draws] / proposal[draws] / len(draws)


_UNWEIGHED = "A class that the proposal draws twice as often as p: how much should each draw count?"

SAMPLING = named(
    {
        "the draws are counted, not weighed": (
            target_of(lambda counts, n, p, proposal: counts / n),
            _UNWEIGHED,
        ),
        "weighed with p alone": (
            target_of(lambda counts, n, p, proposal: counts / n * p),
            "Of a class with p = 0.5, drawn half of the time, what would this come to on average?",
        ),
        "the ratio is upside down": (
            target_of(lambda counts, n, p, proposal: counts / n * proposal / p),
            _UNWEIGHED,
        ),
        "not divided by the number of draws": (
            target_of(lambda counts, n, p, proposal: counts * p / proposal),
            "With twice as many draws, should the target be twice as large?",
        ),
        "divided by the number of different classes drawn": (
            target_of(lambda counts, n, p, proposal: counts / len(counts) * p / proposal),
            "How often was drawn, and how many classes came up, are two numbers.",
        ),
        "a class that was drawn twice counts once": (
            target_of(lambda counts, n, p, proposal: p / proposal / n),
            "With replacement: what comes up twice counts twice.",
        ),
        "p itself, wherever something was drawn": (
            target_of(lambda counts, n, p, proposal: p),
            "That is p, but for the zeros: its mean over draws lies below p.",
        ),
        "p itself, drawn or not": (
            lambda draws, p, proposal: p.clone(),
            "It has no need of draws, and needs all of p to be kept.",
        ),
        "made to sum to one": (
            summing_to_one,
            "Its expectation is no longer p. What does the sum of many such targets come to?",
        ),
        "only one class comes back: the one drawn most": (
            target_of(
                lambda counts, n, p, proposal: (counts == counts.max()) * counts / n * p / proposal
            ),
            "Every class that was drawn has a share.",
        ),
        "one number a draw, not one a class": (
            one_weight_a_draw,
            "Returned is a target over the classes.",
        ),
    }
)


# -- 10.4 the same question -------------------------------------------------------------------


def read_of(row: Mapping) -> list[int]:
    """What the teacher reads of a row, before it is cut."""
    return [i for i, m in zip(row["input_ids"], row["attention_mask"], strict=True) if m == 1]


def question_of(row: Mapping) -> Hashable:
    return row["tokenizer"], tuple(read_of(row)[: row["max_length"]])


def first_by(key: Callable[[Mapping], Hashable] = question_of) -> Function:
    """The first row with the same key."""

    def firsts(rows):
        seen: dict = {}
        return [seen.setdefault(key(row), i) for i, row in enumerate(rows)]

    return firsts


def last_before(rows):
    """The row that asked last, in place of the first."""
    seen: dict = {}
    found = []
    for i, row in enumerate(rows):
        found.append(seen.get(question_of(row), i))
        seen[question_of(row)] = i
    return found


def last_of_all(rows):
    seen = {question_of(row): i for i, row in enumerate(rows)}
    return [seen[question_of(row)] for row in rows]


def numbered(rows):
    """Questions numbered as they come, in place of rows."""
    seen: dict = {}
    return [seen.setdefault(question_of(row), len(seen)) for row in rows]


def _neighbour(rows):
    found: list[int] = []
    for i, row in enumerate(rows):
        same = i > 0 and question_of(row) == question_of(rows[i - 1])
        found.append(found[-1] if same else i)
    return found


def _trailing_only(row):
    ids, mask = list(row["input_ids"]), list(row["attention_mask"])
    while mask and mask[-1] == 0:
        mask.pop()
        ids.pop()
    return row["tokenizer"], tuple(ids[: row["max_length"]])


def _cut_first(row):
    cut = {name: row[name][: row["max_length"]] for name in ("input_ids", "attention_mask")}
    return row["tokenizer"], tuple(read_of(cut))


KEYS = named(
    {
        "a row is known by its place: every one is asked anew": (
            lambda rows: list(range(len(rows))),
            "Two rows that read alike need only one answer.",
        ),
        "padding is part of the question": (
            first_by(lambda row: (row["tokenizer"], tuple(row["input_ids"][: row["max_length"]]))),
            "How long a batch happened to be is nothing that the teacher reads.",
        ),
        "the padding's number is taken off, wherever it stands": (
            first_by(
                lambda row: (
                    row["tokenizer"],
                    tuple([i for i in row["input_ids"] if i != 0][: row["max_length"]]),
                )
            ),
            "The same number may be a word's. What tells padding apart?",
        ),
        "padding is taken off on the right only": (
            first_by(_trailing_only),
            "Some tokenizers pad on the left.",
        ),
        "cut before the padding is taken off": (
            first_by(_cut_first),
            "The teacher reads the first max_length of the ids that are there.",
        ),
        "nothing is cut": (
            first_by(lambda row: (row["tokenizer"], tuple(read_of(row)))),
            "Two long texts that differ after max_length: what does the teacher see of that?",
        ),
        "max_length is part of the question": (
            first_by(lambda row: (question_of(row), row["max_length"])),
            "A short text is read whole by both.",
        ),
        "the tokenizer is left out": (
            first_by(lambda row: question_of(row)[1]),
            "The same numbers are other words to another tokenizer.",
        ),
        "the label is part of the question": (
            first_by(lambda row: (question_of(row), row["label"])),
            "Does the teacher read the label?",
        ),
        "the order of the ids is left out": (
            first_by(lambda row: (row["tokenizer"], tuple(sorted(question_of(row)[1])))),
            "Dog bites man.",
        ),
        "ids that come twice count once": (
            first_by(lambda row: (row["tokenizer"], tuple(dict.fromkeys(question_of(row)[1])))),
            "A word said twice is said twice.",
        ),
        "only the number of ids is compared": (
            first_by(lambda row: (row["tokenizer"], len(question_of(row)[1]))),
            "Two texts of one length are two texts.",
        ),
        "the row that asked last, not first": (
            last_before,
            "Of three that ask the same, the third should name the first.",
        ),
        "the last row of all that asks it": (last_of_all, "The first is asked for."),
        "questions are numbered, not rows": (
            numbered,
            "The position of a row is asked for, among all rows.",
        ),
        "positions are counted from 1": (
            lambda rows: [i + 1 for i in first_by()(rows)],
            "The first row has position 0.",
        ),
        "compared with the row before only": (
            _neighbour,
            "The row that asked first may be far away.",
        ),
    }
)


# -- 10.6 break-even --------------------------------------------------------------------------


def smallest(cheaper: Callable[..., bool], never: Callable[..., bool] | None = None) -> Function:
    """The smallest number of epochs with cheaper(epochs, ask, write, read, step); None if none soon."""

    def found(ask, write, read, step):
        if never and never(ask, write, read, step):
            return None
        for epochs in range(1, 2000):
            if cheaper(epochs, ask, write, read, step):
                return epochs
        return None

    return found


def _fraction(ask, write, read, step):
    return (ask + write) / (ask - read) if ask > read else None


def _down(ask, write, read, step):
    return math.floor((ask + write) / (ask - read)) if ask > read else None


def _minus_one(ask, write, read, step):
    found = smallest(lambda e, a, w, r, s: e * (a - r) > a + w)(ask, write, read, step)
    return -1 if found is None else found


BREAK_EVEN = named(
    {
        "just as cheap counts as cheaper": (
            smallest(lambda e, a, w, r, s: e * (a - r) >= a + w),
            "At the number of epochs that you return, what do both cost?",
        ),
        "a number of epochs that is not whole": (
            _fraction,
            "Nobody trains for two thirds of an epoch.",
        ),
        "rounded down": (_down, "Half-way through an epoch is not yet cheaper."),
        "writing costs nothing": (
            smallest(lambda e, a, w, r, s: e * (a - r) > a),
            "Answers have to be written once.",
        ),
        "reading costs nothing": (
            smallest(lambda e, a, w, r, s: e * a > a + w),
            "In every epoch, kept answers are read.",
        ),
        "answers are read once, not in every epoch": (
            smallest(lambda e, a, w, r, s: e * a > a + w + r),
            "What happens in the second epoch?",
        ),
        "in the first epoch nothing is read": (
            smallest(lambda e, a, w, r, s: e * a > a + w + (e - 1) * r),
            "In every epoch, the first too, kept answers are read.",
        ),
        "answers are written in every epoch": (
            smallest(lambda e, a, w, r, s: e * (a - r - w) > a),
            "A cache is written once.",
        ),
        "the first asking is forgotten": (
            smallest(lambda e, a, w, r, s: e * (a - r) > w, lambda a, w, r, s: a <= r),
            "Before it can be read, every answer has to be asked for, once.",
        ),
        "the live teacher's student makes its steps, the cached one's does not": (
            smallest(lambda e, a, w, r, s: e * (a + s - r) > a + w),
            "The student's steps are the same in both.",
        ),
        "the cached teacher's student makes its steps, the live one's does not": (
            smallest(lambda e, a, w, r, s: e * (a - s - r) > a + w),
            "The student's steps are the same in both.",
        ),
        "-1 where it never is": (_minus_one, "None, where it never is."),
    }
)
