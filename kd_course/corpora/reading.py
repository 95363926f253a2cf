"""Short news to be questioned: passages, questions, and how often annotators mark which answer.

A passage is a small story (words/stories/*.toml) about people, companies, places, dates and sums
(words/reading_words.toml), told by a written grammar (`grammars.stories`, `grammars.cast`). Every
question has one right answer, and the passage holds at least one other phrase of its kind. What
counts as the answer is a matter of degree, "chief executive Anna Berg" or "Anna Berg", and how many
annotators mark which is known (`grammars.annotators`): the column `spans`.

The schema is SQuAD's: Rajpurkar et al., SQuAD: 100,000+ questions for machine comprehension of
text, 2016. The two columns that are ours are `kind` and `spans`.
"""

from __future__ import annotations

import copy
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from kd_course.corpora.grammars.annotators import mark, spans
from kd_course.corpora.grammars.cast import choose
from kd_course.corpora.grammars.stories import Passage, Question, ask, questions, tell_story
from kd_course.corpora.grammars.story_files import read_stories
from kd_course.corpora.words import read

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

KINDS = ("who", "when", "where", "how much", "why")
LEVELS = ("full", "plain")

SIZES = {"train": 3_600, "validation": 400, "test": 800, "test_new_names": 400}  # passages
QUESTIONS = 5  # per passage
ANNOTATORS = {"train": 1, "teacher": 1}  # answers per question; elsewhere three, as in SQuAD
TEACHER_SIZE = 8_000
WORDS = {"full": range(60, 251), "plain": range(30, 251)}
SENTENCES = {"full": range(5, 17), "plain": range(4, 17)}

# Where a passage may stand is a function of its text alone (`_place`), the same for every seed: no
# seed's training passage is another seed's test passage, and none is in the teacher's corpus.
_PRIVATE = 6  # of _PARTS parts of all passages, for the teacher's corpus
_PUBLIC = {"train": 9, "validation": 1, "test": 2}
_PARTS = _PRIVATE + sum(_PUBLIC.values())
_NEW_LISTS = ("new_companies", "new_surnames", "new_cities")
_NEW_NAMES = re.compile("|".join(name for key in _NEW_LISTS for name in read("reading_words")[key]))
Passages = dict[str, tuple[Passage, list[Question]]]  # by text
STORIES = read_stories()


def load(
    seed: int = 0,
    *,
    level: str = "full",
    sizes: Mapping[str, int] | None = None,
    test_seed: int | None = None,
    one_passage: bool = False,
) -> DatasetDict:
    """Questions about short news, in SQuAD's schema, in four splits.

    level: "full", 60 to 250 words, question and passage share little but the names; "plain", a
    curriculum's first step: fewer and shorter sentences, and questions in the passage's own words.
    Returns train, validation, test and test_new_names, whose people, companies and cities have
    names that occur in no other split. Columns: id, title, context, question; answers, {text: […],
    answer_start: […]}, what annotators marked: one in train, three elsewhere; kind, one of KINDS;
    spans, [{start, end, probability}, …], every acceptable answer as characters start … end
    (exclusive) with the share of annotators who mark it, the most probable first, sum one.
    An answer counts where it stands in the sentence that answers the question; what all acceptable
    answers share stands nowhere else in the passage.
    `sizes` counts passages, each with QUESTIONS rows one after the other, and makes some splits
    smaller or larger than SIZES: a smaller split is the beginning of a larger one.
    test_seed: draws the test rows, where they are not to be those of `seed`: rows that nobody has
    read yet.
    one_passage: leaves out each question that several passages of its split answer, whether it is asked
    about them or not: for whoever looks for the passage, any of them would do. A passage then has
    QUESTIONS rows or fewer, or none.
    Raises ValueError when a seed or a size is no whole number >= 0, or a level or split is unknown.
    """
    from datasets import DatasetDict

    _check_count(seed, "seed:")
    _check_level(level)
    unknown = set(sizes or {}) - set(SIZES)
    if unknown:
        raise ValueError(f"sizes: no such split {sorted(unknown)}; there are {list(SIZES)}")
    wanted = {**SIZES, **(sizes or {})}
    for name, size in wanted.items():
        _check_count(size, f"sizes: {name!r}")
    splits = _splits(seed, level, tuple(wanted.items()), one_passage)
    if test_seed not in (None, seed):
        _check_count(test_seed, "test_seed:")
        tests = {name: n if name.startswith("test") else 0 for name, n in wanted.items()}
        fresh = _splits(test_seed, level, tuple(tests.items()), one_passage)
        splits = splits | {name: fresh[name] for name in fresh if name.startswith("test")}
    # Copies: whoever changes a split's format changes nobody else's.
    return DatasetDict({name: copy.copy(split) for name, split in splits.items()})


def teacher_corpus(
    seed: int = 0, size: int = TEACHER_SIZE, *, level: str = "full", one_passage: bool = False
) -> Dataset:
    """Questions that `load` gives for no seed: what the shipped teachers are trained on.

    size: passages, each with QUESTIONS rows. one_passage: as `load` has it. Returns the columns of
    `load`, one answer a question.
    Raises ValueError when seed or size is no whole number >= 0, or the level is unknown.
    """
    _check_count(seed, "seed:")
    _check_count(size, "size:")
    _check_level(level)
    return copy.copy(_teacher_corpus(seed, level, size, one_passage))


def _check_count(value: int, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number >= 0, not {value!r}")


def _check_level(level: str) -> None:
    if level not in LEVELS:
        raise ValueError(f"level: must be one of {LEVELS}, not {level!r}")


@lru_cache(maxsize=2)
def _splits(
    seed: int, level: str, sizes: tuple[tuple[str, int], ...], one_passage: bool
) -> dict[str, Dataset]:
    wanted = dict(sizes)
    found: dict[str, Passages] = {name: {} for name in wanted}
    for new_names in (False, True):
        names = [name for name in wanted if (name == "test_new_names") == new_names]
        _fill({name: found[name] for name in names}, wanted, seed, level, new_names=new_names)
    if one_passage:
        found = {name: _only_of_one(passages) for name, passages in found.items()}
    return {name: _dataset(passages, name, seed) for name, passages in found.items()}


@lru_cache(maxsize=1)
def _teacher_corpus(seed: int, level: str, size: int, one_passage: bool) -> Dataset:
    found: Passages = {}
    _fill({"teacher": found}, {"teacher": size}, seed, level, new_names=False)
    return _dataset(_only_of_one(found) if one_passage else found, "teacher", seed)


def _fill(
    found: Mapping[str, Passages],
    wanted: Mapping[str, int],
    seed: int,
    level: str,
    *,
    new_names: bool,
) -> None:
    """Draw passages until every split has its number, dropping those that belong elsewhere."""
    # Random.random() is the same on every machine and in every Python version; nothing else of
    # the random module is used.
    draw = random.Random(4 * seed + 2 * new_names + (level == "plain")).random
    missing = sum(wanted[name] for name in found)
    while missing:
        passage = tell_story(choose(STORIES, draw), level, draw, new_names=new_names)
        split = _place(passage.text)
        if split not in found or len(found[split]) == wanted[split]:
            continue
        if passage.text in found[split] or not _admissible(passage, level):
            continue
        asked = _asked(passage, seed, level)
        if len(asked) == QUESTIONS:
            found[split][passage.text] = (passage, asked)
            missing -= 1


def _admissible(passage: Passage, level: str) -> bool:
    text = passage.text
    return (
        text.count(" ") + 1 in WORDS[level]
        and len(re.findall(r'[.?!]"?(?: |$)', text)) in SENTENCES[level]
        and all(text.count(mention.phrase.core) == 1 for mention in passage.mentions.values())
    )


def _asked(passage: Passage, seed: int, level: str) -> list[Question]:
    """The questions of a passage: the same whichever split it stands in."""
    return questions(passage, level, _own_draw("questions", seed, passage.text), QUESTIONS)


def _only_of_one(passages: Passages) -> Passages:
    """The same passages, without the questions that another of them answers, too."""
    told = {text: _facts(passage) for text, (passage, _) in passages.items()}
    count = Counter(fact for facts in told.values() for fact in set(facts.values()))
    return {
        text: (passage, [question for question in asked if count[told[text][question.slot]] == 1])
        for text, (passage, asked) in passages.items()
    }


def _facts(passage: Passage) -> dict[str, str]:
    """All that a passage tells: slot -> its plain question, the same text for the same fact asked for."""
    draw = _own_draw("facts")  # asked for by `ask`; no plain question has a choice
    return {
        slot: ask(asked[0], passage.slots, draw)
        for beat in passage.beats
        for slot, asked in beat.asked.items()
        if slot in passage.mentions
    }


def _own_draw(*parts: object):
    """A source of random numbers that depends on nothing but the parts."""
    digest = blake2b("\n".join(map(str, parts)).encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big")).random


def _place(text: str) -> str:
    """The one split, or the teacher's corpus, that a passage may stand in."""
    if _NEW_NAMES.search(text):
        return "test_new_names"
    part = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % _PARTS
    for name, parts in _PUBLIC.items():
        if part < parts:
            return name
        part -= parts
    return "teacher"


def _rows(passage: Passage, asked: list[Question], split: str, seed: int) -> Iterator[dict]:
    text = passage.text
    for question in asked:
        acceptable = spans(passage.mentions[question.slot], question.text)
        draw = _own_draw("annotators", seed, text, question.text)
        marked = [mark(acceptable, draw) for _ in range(ANNOTATORS.get(split, 3))]
        yield {
            "id": blake2b(f"{text}\n{question.text}".encode(), digest_size=12).hexdigest(),
            "title": passage.title,
            "context": text,
            "question": question.text,
            "answers": {
                "text": [text[span.start : span.end] for span in marked],
                "answer_start": [span.start for span in marked],
            },
            "kind": question.kind,
            "spans": [vars(span) for span in acceptable],
        }


def _dataset(passages: Passages, split: str, seed: int) -> Dataset:
    from datasets import Dataset, Features, List, Value

    rows = [row for item in passages.values() for row in _rows(*item, split, seed)]
    features = Features(
        id=Value("string"),
        title=Value("string"),
        context=Value("string"),
        question=Value("string"),
        answers={"text": List(Value("string")), "answer_start": List(Value("int32"))},
        kind=Value("string"),
        spans=List(
            {"start": Value("int32"), "end": Value("int32"), "probability": Value("float64")}
        ),
    )
    columns = {name: [row[name] for row in rows] for name in features}
    return Dataset.from_dict(columns, features=features)
