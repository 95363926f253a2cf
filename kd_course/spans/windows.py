"""Windows over a passage: what a model reads, and where in it an answer stands.

Devlin et al., BERT, 2018, section 4.2; windows with stride as in its published code for SQuAD.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kd_course.text_files import as_list

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BatchEncoding, PreTrainedTokenizerBase

NOT_HERE = -100  # as `losses.IGNORED_LABEL`: this window has no label
MODEL_INPUTS = ("input_ids", "attention_mask", "token_type_ids")

Columns = dict[str, list]


def windows(
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[str],
    contexts: Sequence[str],
    *,
    length: int = 384,
    stride: int = 128,
    no_answer: bool = False,
    mark_shared: bool = False,
) -> Columns:
    """Questions and passages as windows of at most `length` tokens, unpadded.

    stride: how many tokens of the passage two neighbouring windows share.
    no_answer: let a model point at the first token, [CLS], to say "not in this window", as BERT
    does; without it only passage tokens can be answers.
    mark_shared: let token_type_ids say which passage tokens belong to words that the question has
    too, see `shared_words`; for a model with four token types.
    Returns columns with one entry a window: the model's inputs (input_ids, attention_mask, and
    token_type_ids where the tokenizer has them); example, the question's number; offsets, per
    token its characters (start, end) in the passage without spaces around them, (0, 0) for what is
    no passage token; answer_mask, per token whether an answer may start or end there; no_answer,
    the position that says so, or -100.
    Raises ValueError for a question that leaves no room for the passage (it is not cut) and for an
    entry that is no text, TypeError for one text, for a table, and for a tokenizer that cannot tell
    which characters a token came from.
    """
    # A column of pandas that was shuffled or cut has other numbers than its rows' places.
    questions, contexts = as_list(questions, "questions"), as_list(contexts, "contexts")
    _check_arguments(tokenizer, questions, contexts, no_answer)
    names = [name for name in MODEL_INPUTS if name in tokenizer.model_input_names]
    if not len(questions):
        return {name: [] for name in (*names, "example", "offsets", "answer_mask", "no_answer")}
    _check_room(tokenizer, questions, length, stride)
    encoded = tokenizer(
        questions,
        contexts,
        truncation="only_second",
        max_length=length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    found: Columns = {name: encoded[name] for name in names}
    found["example"] = encoded["overflow_to_sample_mapping"]
    found["offsets"] = [
        _offsets_in(contexts[example], encoded, window)
        for window, example in enumerate(found["example"])
    ]
    found["answer_mask"] = [[s < e for s, e in offsets] for offsets in found["offsets"]]
    found["no_answer"] = [NOT_HERE] * len(found["example"])
    if no_answer:
        found["no_answer"] = [ids.index(tokenizer.cls_token_id) for ids in found["input_ids"]]
        for mask, cls in zip(found["answer_mask"], found["no_answer"], strict=True):
            mask[cls] = True
    if mark_shared:
        found["token_type_ids"] = shared_words(found, questions, contexts)
    return found


def shared_words(
    columns: Mapping[str, list], questions: Sequence[str], contexts: Sequence[str]
) -> list[list[int]]:
    """Per window and token: 0 no passage token, 1 a passage token, 2 or 3 of a word like a question's.

    3: the question has the word, whatever its capitals; 2: it has one with the same first five
    letters ("founder" and "founded"). Words that every question has ("the", "of", "did") never count.
    A reader is told what it would otherwise have to learn: that two equal words are equal.

    Chen et al., Reading Wikipedia to Answer Open-Domain Questions, 2017, section 3.2: exact match.
    """
    asked = [{word for word, _ in _words(question)} - _COMMON for question in questions]
    stems = [{word[:_STEM] for word in words} for words in asked]
    kinds = []  # per example: character -> 1, 2 or 3
    for context, words, begun in zip(contexts, asked, stems, strict=True):
        kind = np.ones(len(context) + 1, dtype=int)
        for word, place in _words(context):
            if word in words or word[:_STEM] in begun:
                kind[place] = 3 if word in words else 2
        kinds.append(kind)
    return [
        [int(kinds[example][start]) if start < end else 0 for start, end in offsets]
        for example, offsets in each_window(columns, "example", "offsets")
    ]


_STEM = 5  # letters
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been by did do does for from had has have how in is it its of on or "
        "that the this to was were what when where which who whom whose why will with would",
    )
)


def _words(text: str) -> list[tuple[str, slice]]:
    """The words of a text in lower case, and where they stand."""
    return [(m.group().lower(), slice(*m.span())) for m in re.finditer(r"\w+", text)]


def labels(
    columns: Mapping[str, list], contexts: Sequence[str], answers: Sequence[Mapping[str, Sequence]]
) -> Columns:
    """Where the answer is in each window: start_positions and end_positions, tokens, both included.

    columns: from `windows`. answers: per example {"text": […], "answer_start": […]} as in SQuAD;
    the first one counts, and there may be none.
    A window that holds the answer only in part, or not at all, gets its no_answer position: -100,
    or [CLS] where that was asked for.
    Raises ValueError, with the example, when the passage does not have the text where it should.
    """
    spans = [
        _checked(example, context, answer)
        for example, (context, answer) in enumerate(zip(contexts, answers, strict=True))
    ]
    found: Columns = {"start_positions": [], "end_positions": []}
    for example, offsets, no_answer in each_window(columns, "example", "offsets", "no_answer"):
        span = spans[example]
        first, last = to_tokens(offsets, *span) if span else (NOT_HERE, NOT_HERE)
        found["start_positions"].append(no_answer if first == NOT_HERE else first)
        found["end_positions"].append(no_answer if last == NOT_HERE else last)
    return found


def targets(
    columns: Mapping[str, list], spans: Sequence[Sequence[Mapping[str, Any]]]
) -> list[np.ndarray | None]:
    """How probable it is that the answer starts, or ends, at each token: the truth as soft targets.

    spans: per example the acceptable answers, [{start, end, probability}, …] as in
    `corpora.reading`. Returns per window (2, tokens), float64, rows for start and end that sum to
    one; None for a window that does not hold all of the example's acceptable answers.
    """
    found: list[np.ndarray | None] = []
    for example, offsets in each_window(columns, "example", "offsets"):
        target = np.zeros((2, len(offsets)))
        for span in spans[example]:
            first, last = to_tokens(offsets, span["start"], span["end"])
            if first == NOT_HERE:
                target[:] = 0
                break
            target[0, first] += span["probability"]
            target[1, last] += span["probability"]
        found.append(target if target.any() else None)
    return found


def to_tokens(offsets: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """The first and last token of characters start … end (exclusive), or (-100, -100).

    offsets: per token its characters, (0, 0) where it has none. The tokens may be wider than the
    characters, where an answer begins or ends inside a token; they are never narrower: when the
    window does not reach as far as the characters do, on either side, they are not in it. No
    characters (start == end) stand in no token.
    """
    inside = [i for i, (s, e) in enumerate(offsets) if s < end and start < e]
    if start >= end or not inside or offsets[inside[0]][0] > start or offsets[inside[-1]][1] < end:
        return NOT_HERE, NOT_HERE
    return inside[0], inside[-1]


def to_characters(offsets: Sequence[tuple[int, int]], first: int, last: int) -> tuple[int, int]:
    """Characters start … end (exclusive) that tokens first … last (inclusive) stand for."""
    return offsets[first][0], offsets[last][1]


def rows(columns: Mapping[str, list]) -> list[dict]:
    """Windows one by one, with what a trainer needs of them: inputs, answer_mask, positions.

    columns: from `windows`, with those of `labels` where they are to be trained on. Offsets and the
    like stay behind. Returns a list of dicts, which a trainer takes as its data set.
    """
    names = (*MODEL_INPUTS, "answer_mask", "start_positions", "end_positions")
    kept = [name for name in names if name in columns]
    return [dict(zip(kept, row, strict=True)) for row in each_window(columns, *kept)]


def collate(
    rows: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase
) -> dict[str, Tensor]:
    """Windows as one batch, padded to its longest: what a model takes, and the masks and labels.

    rows: windows as dictionaries, with start_positions and end_positions or without.
    Returns input_ids and its like, (batch, length); answer_mask, (batch, length), false in the
    padding; start_positions, end_positions and text_ids (which passage it is), (batch,), and
    teacher_logits, (batch, 2, length), where the rows have them.
    """
    import torch

    if tokenizer.padding_side != "right":
        raise ValueError("tokenizer.padding_side must be 'right', or positions would move")
    inputs = [{name: row[name] for name in MODEL_INPUTS if name in row} for row in rows]
    batch = dict(tokenizer.pad(inputs, return_tensors="pt"))
    mask = torch.zeros(batch["input_ids"].shape, dtype=torch.bool)
    for i, row in enumerate(rows):
        mask[i, : len(row["answer_mask"])] = torch.tensor(row["answer_mask"], dtype=torch.bool)
    batch["answer_mask"] = mask
    for name in ("start_positions", "end_positions", "text_ids"):
        if name in rows[0]:
            batch[name] = torch.tensor([row[name] for row in rows])
    if "teacher_logits" in rows[0]:
        batch["teacher_logits"] = torch.zeros(len(rows), 2, mask.shape[1])
        for i, row in enumerate(rows):
            batch["teacher_logits"][i, :, : len(row["input_ids"])] = torch.as_tensor(
                row["teacher_logits"]
            )
    return batch


# -- pieces ---------------------------------------------------------------------------------------


def _check_arguments(
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[str],
    contexts: Sequence[str],
    no_answer: bool,
) -> None:
    if not getattr(tokenizer, "is_fast", False):
        raise TypeError("tokenizer must be a fast one (of the tokenizers library), for its offsets")
    if len(questions) != len(contexts):
        raise ValueError(
            f"questions and contexts must have one entry an example, but have {len(questions)} "
            f"and {len(contexts)}"
        )
    if no_answer and tokenizer.cls_token_id is None:
        raise ValueError("no_answer=True needs a tokenizer that starts every window with [CLS]")


def _check_room(
    tokenizer: PreTrainedTokenizerBase, questions: Sequence[str], length: int, stride: int
) -> None:
    """ValueError unless every question leaves more than `stride` tokens for the passage."""
    if stride < 0:
        raise ValueError(f"stride must be 0 or more, but is {stride}")
    special = tokenizer.num_special_tokens_to_add(pair=True)
    encoded = tokenizer(list(questions), add_special_tokens=False)
    for example, ids in enumerate(encoded["input_ids"]):
        room = length - special - len(ids)
        if room <= stride:
            raise ValueError(
                f"question {example} has {len(ids)} tokens and leaves {max(room, 0)} of {length} "
                f"for the passage, but windows that share {stride} (stride) need more than that. "
                f"Choose a larger length or a smaller stride, or shorten the question: "
                f"{questions[example][:60]!r}"
            )


def _offsets_in(context: str, encoded: BatchEncoding, window: int) -> list[tuple[int, int]]:
    """Per token of a window its characters in the passage, (0, 0) for what is no passage token."""
    parts, offsets = encoded.sequence_ids(window), encoded["offset_mapping"][window]
    return [
        _without_spaces(context, *offset) if part == 1 else (0, 0)
        for part, offset in zip(parts, offsets, strict=True)
    ]


def _without_spaces(text: str, start: int, end: int) -> tuple[int, int]:
    """The same characters without white space around them: some tokenizers count it in."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else (0, 0)


def _checked(example: int, context: str, answer: Mapping[str, Sequence]) -> tuple[int, int] | None:
    """The first answer's characters, without white space around them; None where there is none."""
    if not len(answer["text"]):
        return None
    text, start = answer["text"][0], answer["answer_start"][0]
    there = context[start : start + len(text)] if start >= 0 else ""
    if there != text:
        raise ValueError(
            f"answers: example {example} should have {text!r} at character {start} of its "
            f"passage, but {there!r} stands there"
        )
    span = _without_spaces(context, start, start + len(text))
    return span if span != (0, 0) else None


def each_window(columns: Mapping[str, list], *names: str):
    return zip(*(columns[name] for name in names), strict=True)
