"""Prompts and what should be written after them, whatever the data set: one form for lesson 14.

"headlines" is the embedded corpus whose truth is known. "summaries" asks for one sentence about a
passage of the embedded reading corpus; the reference is its first, which tells what happened. Anything
else is an identifier of the hub, a data set of questions in SQuAD's schema: the prompt is the passage
with its question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kd_course.corpora import headlines, hub, reading

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ANSWER = (
    "Answer the question with a few words from the text.\n\nText: {context}\n\nQuestion: {question}"
)
SUMMARISE = "Sum up this text in one sentence.\n\nText: {context}"


class Prompted(NamedTuple):
    """One split. prompts, completions: texts. references: all completions that count as right.

    labels, log_p: of headlines, the label and log p(text | label); else None. groups: rows that belong
    together (questions on one passage) have the same name.
    """

    prompts: list[str]
    completions: list[str]
    references: list[list[str]]
    groups: list[str]
    labels: list[int] | None = None
    log_p: list[float] | None = None

    def first(self, number: int | None) -> Prompted:
        """The first rows of a split; all where number is None."""
        return Prompted._make(part and part[:number] for part in self)


def load(
    dataset: str,
    tokenizer: PreTrainedTokenizerBase,
    *,
    sizes: dict[str, int],
    test_seed: int | None = None,
    one_sentence: bool = False,
) -> dict[str, Prompted]:
    """train, validation and test of a data set, at most so many rows of each.

    tokenizer: its chat template, where it has one, is put around what is asked. test_seed: draws the
    test rows of generated data. one_sentence: of a question's passage only the sentence in which the
    answer stands, which makes a prompt of about half the tokens, and an easier question. Raises
    HubError where a data set of the hub does not come.
    """
    if dataset == "headlines":
        splits = headlines.load(0, sizes=sizes, test_seed=test_seed)
        return {name: _headlines(splits[name]) for name in sizes}
    if dataset == "summaries":
        # Every passage has several questions, one after the other, and is summed up once.
        loaded = reading.load(0, sizes=sizes, test_seed=test_seed)
        return {
            name: _asked(
                loaded[name].select(range(0, len(loaded[name]), reading.QUESTIONS)), tokenizer
            )
            for name in sizes
        }
    loaded = hub.load_questions(dataset)
    # Questions on one article stand together: the first few would all be about the same.
    mixed = {name: loaded[name].shuffle(seed=0) for name in sizes}
    asked = {
        name: mixed[name].select(range(min(size, len(mixed[name])))) for name, size in sizes.items()
    }
    return {
        name: _asked(
            rows, tokenizer, answers=True, seen=_sentence_of_answer if one_sentence else None
        )
        for name, rows in asked.items()
    }


def _headlines(rows: Any) -> Prompted:
    texts = rows["text"][:]
    return Prompted(
        prompts=[headlines.PROMPTS[label] for label in rows["label"]],
        completions=texts,
        references=[[text] for text in texts],
        groups=[str(i) for i in range(len(texts))],
        labels=rows["label"][:],
        log_p=rows["log_p"][:],
    )


def _asked(
    rows: Any,
    tokenizer: PreTrainedTokenizerBase,
    answers: bool = False,
    seen: Callable[[dict], str] | None = None,
) -> Prompted:
    """seen: what a prompt shows of a row's passage; None: all of it."""
    form = ANSWER if answers else SUMMARISE
    references: list[list[str]] = (
        [answer["text"] for answer in rows["answers"]]
        if answers
        else [[_lead(text)] for text in rows["context"]]
    )
    return Prompted(
        prompts=[
            in_chat(form.format(**row | ({"context": seen(row)} if seen else {})), tokenizer)
            for row in rows
        ],
        completions=[answer_to(some[0], tokenizer) for some in references],
        references=references,
        groups=rows["context"][:],
    )


SENTENCE_ENDS = re.compile(r"(?<=[.!?]) (?=[A-Z])")


def _lead(text: str) -> str:
    """The first sentence of a passage."""
    return SENTENCE_ENDS.split(text)[0]


def _sentence_of_answer(row: dict) -> str:
    """The sentence of a passage in which its question's first answer stands; if in several, them."""
    text, answer = row["context"], row["answers"]["text"][0]
    start = row["answers"]["answer_start"][0]
    ends = [end.start() for end in SENTENCE_ENDS.finditer(text)] + [len(text)]
    begins = [0, *(end + 1 for end in ends[:-1])]
    first = max(begin for begin in begins if begin <= start)
    last = min(end for end in ends if end >= start + len(answer))
    return str(text[first:last])


def in_chat(request: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """A request as a model reads it: in its chat template, or with "Answer:" behind it."""
    if getattr(tokenizer, "chat_template", None):
        messages: Sequence[dict] = [{"role": "user", "content": request}]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return str(text)
    return f"{request}\n\nAnswer:"


def answer_to(text: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """An answer as it stands behind `in_chat`: after "Answer:" with a space before it."""
    return text if getattr(tokenizer, "chat_template", None) else f" {text}"
