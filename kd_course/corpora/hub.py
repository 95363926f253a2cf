"""Real data sets from the hub, in the course's form: which column is which, and which split.

Reaching the hub is the work of `kd_course.downloads`, and so is what to say when it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kd_course.corpora.splitting import carve, carve_titles
from kd_course.downloads import OFFLINE, HubError, download_dataset

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


def _its_own_splits() -> dict[str, str]:
    return {name: name for name in ("train", "validation", "test")}


@dataclass(frozen=True)
class Source:
    """Where a data set keeps what a lesson needs.

    text, label: its columns. labels: the classes, in the order of the numbers that a lesson sees;
    a data set that names its classes in another order is renumbered by name.
    splits: ours -> its own. validation: rows to take out of train where it has no such split.
    """

    text: str
    label: str
    labels: tuple[str, ...]
    licence: str
    splits: Mapping[str, str] = field(default_factory=_its_own_splits)
    validation: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.labels, str):
            raise TypeError(f"labels must be a list of classes, but is one text, {self.labels!r}")
        if len(self.labels) < 2 or len(set(self.labels)) < len(self.labels):
            raise ValueError(f"labels must be two or more different classes, but are {self.labels}")
        if self.validation < 0:
            raise ValueError(f"validation must be a number of rows, but is {self.validation}")


SOURCES = {
    "atrost/financial_phrasebank": Source(
        text="sentence",
        label="label",
        labels=("negative", "neutral", "positive"),
        licence="CC BY-NC-SA 3.0",
        note="Financial news, the sentences on which half of the annotators or more agreed. "
        "Malo et al., Good Debt or Bad Debt, 2014.",
    ),
    "stanfordnlp/sst2": Source(
        text="sentence",
        label="label",
        labels=("negative", "positive"),
        licence="for research, by the terms of GLUE",
        # The labels of its test split were never published (they read -1). As is usual, results
        # are reported on its validation split, so that one is our test split.
        splits={"train": "train", "test": "validation"},
        validation=2000,
        note="Phrases of film reviews. Train holds phrases cut from the same sentences, so scores "
        "on a validation split taken out of it are too good; to choose between recipes, that does. "
        "Socher et al., Recursive Deep Models for Semantic Compositionality, 2013.",
    ),
}


@dataclass(frozen=True)
class QuestionSource:
    """Where a data set in SQuAD's schema keeps questions, and what is to be known about it.

    splits: ours -> its own. validation: the share of train's titles to take out of train for it,
    where there is no such split: passages of one article resemble each other too much to stand on
    both sides.
    """

    licence: str
    splits: Mapping[str, str] = field(default_factory=_its_own_splits)
    validation: float = 0.0
    note: str = ""


QUESTIONS = {
    "rajpurkar/squad": QuestionSource(
        licence="CC BY-SA 4.0",
        # Its test split was never published: as is usual, results are reported on validation.
        splits={"train": "train", "test": "validation"},
        validation=0.1,
        note="Questions on Wikipedia articles, version 1.1: every one has an answer. "
        "Rajpurkar et al., SQuAD: 100,000+ Questions for Machine Comprehension of Text, 2016.",
    ),
}
_TEXT = ("string", "large_string", "string_view")  # as Arrow, pandas and polars keep texts
_MISPLACED = 0.01  # the share of rows whose answer may be elsewhere than it says; they are left out


def load_dataset(
    identifier: str, *, source: Source | None = None, limit: int | None = None, seed: int = 0
) -> DatasetDict:
    """A data set of the hub with the columns text and label, split into train, validation, test.

    identifier: a key of SOURCES, or any other together with a Source that describes it.
    limit: at most so many rows of every split, drawn with the seed.
    Returns a datasets.DatasetDict; label is a ClassLabel with the Source's names, text has no
    spaces around it. A validation split that has to be taken out of train is drawn with the seed,
    and no text of it stays in train.
    Raises HubError: no network, a broken download, no such data set, other columns, and so on.
    """
    _check_limit(limit)
    source = source or SOURCES.get(identifier)
    if source is None:
        raise HubError(
            f"{identifier!r}: the course knows the columns of {', '.join(SOURCES)} only. "
            f"Describe it with load_dataset({identifier!r}, source=Source(text=…, label=…, …)); "
            f"{OFFLINE}"
        )
    import datasets

    raw = download_dataset(identifier)
    data = {
        ours: _mapped(raw, theirs, source, identifier) for ours, theirs in source.splits.items()
    }
    if "validation" not in data:
        data["train"], data["validation"] = carve(data["train"], source.validation, seed)
    return datasets.DatasetDict(
        {split: _limited(data[split], limit, seed) for split in ("train", "validation", "test")}
    )


def load_translation(
    identifier: str = "Helsinki-NLP/opus-100",
    *,
    config: str = "en-zh",
    limit: int | None = None,
    seed: int = 0,
) -> DatasetDict:
    """Sentence pairs of the hub in opus-100's schema, split into train, validation, test.

    config: the pair of languages, as the data set names it; rows are then
    {"translation": {"en": str, "zh": str}}. limit: at most so many rows of every split, drawn with
    the seed. Sentences have no spaces around them; a row with an empty side is left out.
    Raises HubError: no network, a broken download, no such data set, other columns, and so on.

    Zhang et al., Improving massively multilingual neural machine translation and zero-shot
    translation, 2020.
    """
    _check_limit(limit)
    languages = config.split("-")
    if len(languages) != 2 or not all(languages):
        raise ValueError(f"config: must name two languages, as in 'en-zh', not {config!r}")
    import datasets

    raw = download_dataset(identifier, config)
    return datasets.DatasetDict(
        {
            split: _pairs(_translations(raw, split, languages, identifier), languages, limit, seed)
            for split in ("train", "validation", "test")
        }
    )


def load_questions(
    identifier: str = "rajpurkar/squad",
    *,
    source: QuestionSource | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> DatasetDict:
    """Questions, passages and answers of the hub in SQuAD's schema: train, validation, test.

    identifier: a key of QUESTIONS, or any other in this schema with a QuestionSource for it.
    limit: at most so many rows of every split, drawn with the seed.
    Columns: id, title, context, question, and answers, {text: […], answer_start: […]}, one or more.
    A validation split that has to be taken out of train takes whole titles, drawn with the seed. A
    row whose answer does not stand in the passage where it should is left out.
    Raises HubError: no network, a broken download, no such data set, other columns, more than one
    row in a hundred without an answer in its place, and so on.
    """
    _check_limit(limit)
    source = source or QUESTIONS.get(identifier)
    if source is None:
        raise HubError(
            f"{identifier!r}: of data sets with questions the course knows {', '.join(QUESTIONS)} "
            f"only. Describe another with load_questions({identifier!r}, "
            f"source=QuestionSource(licence=…, splits=…)); {OFFLINE}"
        )
    import datasets

    raw = download_dataset(identifier)
    data = {ours: _questions(raw, theirs, identifier) for ours, theirs in source.splits.items()}
    if "validation" not in data:
        data["train"], data["validation"] = carve_titles(data["train"], source.validation, seed)
    return datasets.DatasetDict(
        {split: _limited(data[split], limit, seed) for split in ("train", "validation", "test")}
    )


def _check_limit(limit: int | None) -> None:
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, or None for all rows, but is {limit}")


def _limited(rows: Dataset, limit: int | None, seed: int) -> Dataset:
    if limit is None:
        return rows
    return rows.shuffle(seed=seed).select(range(min(limit, len(rows))))


# -- columns ----------------------------------------------------------------------------------


def _other_form(identifier: str, reason: str, advice: str = "") -> HubError:
    """What is raised for a data set whose columns or splits are not those expected."""
    return HubError(
        f"{identifier} has changed, or is not what it is taken for: {reason}. "
        f"Look at its page{advice}; {OFFLINE}"
    )


def _translations(raw: DatasetDict, split: str, languages: list[str], identifier: str) -> Dataset:
    """One split, which has a column translation with a text in each of the languages."""
    from datasets import Translation

    found = None
    if split not in raw:
        found = f"a split {split!r} is expected, but there are {', '.join(raw)}"
    elif "translation" not in raw[split].column_names:
        columns = ", ".join(map(repr, raw[split].column_names))
        found = f"a column 'translation' is expected in split {split!r}, but there are {columns}"
    else:
        feature = raw[split].features["translation"]
        sides = feature.languages if isinstance(feature, Translation) else feature
        texts = isinstance(feature, Translation) or (
            isinstance(feature, dict)
            and all(getattr(feature.get(side), "dtype", "") in _TEXT for side in languages)
        )
        if not texts or not set(languages) <= set(sides):
            found = (
                f"column 'translation' of split {split!r} is expected to hold texts in "
                f"{' and '.join(map(repr, languages))}, but is {feature}"
            )
    if found:
        raise _other_form(identifier, found)
    return raw[split].select_columns("translation")


def _pairs(rows: Dataset, languages: list[str], limit: int | None, seed: int) -> Dataset:
    """The rows whose sides are both there, without spaces around them; at most `limit`."""
    from datasets import Dataset, Features, Translation

    pairs = [
        {side: (pair[side] or "").strip() for side in languages}
        for pair in _limited(rows, limit, seed)["translation"]
    ]
    return Dataset.from_dict(
        {"translation": [pair for pair in pairs if all(pair.values())]},
        features=Features(translation=Translation(languages=languages)),
    )


def _mapped(raw: DatasetDict, split: str, source: Source, identifier: str) -> Dataset:
    """One split with the columns text and label, and nothing else."""
    from datasets import ClassLabel, Features, Value

    def refuse(reason: str) -> HubError:
        return _other_form(
            identifier, reason, " and describe it with load_dataset(…, source=Source(…))"
        )

    if split not in raw:
        raise refuse(f"a split {split!r} is expected, but there are {', '.join(raw)}")
    rows = raw[split]
    missing = [column for column in (source.text, source.label) if column not in rows.column_names]
    if missing:
        raise refuse(
            f"columns {source.text!r} (text) and {source.label!r} (label) are expected "
            f"in split {split!r}, but there are {', '.join(map(repr, rows.column_names))}"
        )
    if not len(rows):
        raise refuse(f"rows are expected in split {split!r}, but it has none")
    names = _names_of(rows, source)
    unknown = {name for name in names if name not in source.labels}
    if unknown:
        found = ", ".join(sorted("no label" if name is None else repr(name) for name in unknown))
        first = next(row for row, name in enumerate(names) if name not in source.labels)
        raise refuse(
            f"labels {', '.join(source.labels)} are expected in split {split!r}, but it has {found}; "
            f"the first is in row {first} (counted from 0)"
        )
    texts = rows[source.text][:]
    wrong = [row for row, text in enumerate(texts) if not isinstance(text, str)]
    if wrong:
        raise refuse(
            f"column {source.text!r} is expected to hold text, but is "
            f"{rows.features[source.text]}; {len(wrong)} rows of split {split!r} have none, the first "
            f"is row {wrong[0]} (counted from 0) with {texts[wrong[0]]!r}"
        )

    from datasets import Dataset

    return Dataset.from_dict(
        {
            "text": [text.strip() for text in texts],
            "label": [source.labels.index(name) for name in names],
        },
        features=Features(
            {"text": Value("string"), "label": ClassLabel(names=list(source.labels))}
        ),
    )


def _names_of(rows: Dataset, source: Source) -> list[str | None]:
    """Every row's class by its name; None where it has no label."""
    from datasets import ClassLabel

    feature, values = rows.features[source.label], rows[source.label][:]
    if isinstance(feature, ClassLabel):
        known: Any = dict(enumerate(feature.names))
    elif getattr(feature, "dtype", None) in _TEXT:
        return values
    elif not hasattr(feature, "dtype"):  # lists and the like: nothing that a class is called
        return [repr(value) for value in values]
    else:
        known = dict(enumerate(source.labels))  # 1.0 finds what 1 does: pandas makes floats of gaps
    return [known.get(value) for value in values]


def _questions(raw: DatasetDict, split: str, identifier: str) -> Dataset:
    """One split in SQuAD's schema: the rows whose answers stand where they should."""
    import numpy as np

    if split not in raw:
        raise _other_form(
            identifier, f"a split {split!r} is expected, but there are {', '.join(raw)}"
        )
    rows = raw[split]
    texts = ("id", "title", "context", "question")
    missing = [name for name in (*texts, "answers") if name not in rows.column_names]
    if missing:
        raise _other_form(
            identifier,
            f"columns {', '.join(map(repr, missing))} are expected in split {split!r}, but there "
            f"are {', '.join(map(repr, rows.column_names))}",
        )
    other = {name: rows.features[name] for name in texts if rows.features[name].dtype not in _TEXT}
    if other:
        raise _other_form(
            identifier, f"text is expected in split {split!r}, but {other} is something else"
        )
    answers = rows["answers"][:]
    if not all(isinstance(a, Mapping) and {"text", "answer_start"} <= set(a) for a in answers):
        raise _other_form(
            identifier,
            f"column 'answers' of split {split!r} is expected to hold text and answer_start, but "
            f"is {rows.features['answers']}",
        )
    there = np.array(
        [_stand_there(*pair) for pair in zip(rows["context"][:], answers, strict=True)]
    )
    if len(there) and (~there).mean() > _MISPLACED:
        first = rows[int(np.argmin(there))]["id"]
        raise _other_form(
            identifier,
            f"{(~there).sum()} of {len(there)} rows of split {split!r} have no answer, or not in "
            f"the passage where answer_start says; the first is {first!r}",
        )
    return rows.select_columns([*texts, "answers"]).select(np.flatnonzero(there))


def _stand_there(context: str, answers: Mapping[str, list]) -> bool:
    """Whether there is an answer, and every one stands in the passage where it should."""
    return bool(answers["text"]) and all(
        text.strip() and start >= 0 and context.startswith(text, start)
        for text, start in zip(answers["text"], answers["answer_start"], strict=True)
    )
