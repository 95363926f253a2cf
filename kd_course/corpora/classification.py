"""Sentences to classify, from one place or another, in one form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kd_course.losses import IGNORED_LABEL

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

UNSEEN_TEMPLATES = "news, unseen templates"  # the embedded corpus on another ground: lesson 11
EMBEDDED = ("news", UNSEEN_TEMPLATES)


def load(
    name: str,
    *,
    labelled: int | None = None,
    transfer: int = 0,
    pool: str = "own",
    only: Sequence[str] = (),
    limit: int | None = None,
    seed: int = 0,
    test_seed: int | None = None,
) -> DatasetDict:
    """The splits of a classification lesson: train, validation, test, and unlabelled where wanted.

    name: "news" for the embedded corpus, UNSEEN_TEMPLATES for its other ground, or an identifier
    that `corpora.hub` knows.
    labelled: how many training sentences keep their label; None for all.
    transfer: how many unlabelled sentences there are beside them.
    pool: where those come from. "own": the embedded corpus has a pool of its own; elsewhere they are
    training sentences beyond the labelled ones, their labels hidden. "news": the embedded corpus's
    pool, whatever `name` is; more text of the same field, from another source.
    test_seed: draws the embedded corpus's test rows; elsewhere there is one test split.
    only: these classes alone, numbered in this order, where data sets with other classes are to be
    compared; () for all.
    limit: at most so many rows in every split, for a test of the path.
    Columns: text, label (-100 in unlabelled), and posterior where the truth is known.
    Raises ValueError when there are fewer sentences than asked for.
    """
    if pool not in ("own", "news"):
        raise ValueError(f'pool must be "own" or "news", but is {pool!r}')
    if only and name in EMBEDDED:
        raise ValueError(f"only is for data of the hub: {name} keeps its classes")
    if limit is not None:  # a test of the path asks for no more than it uses
        labelled, transfer = labelled and min(labelled, limit), min(transfer, limit)
    embedded = name in EMBEDDED
    if embedded:
        data, unlabelled = _embedded(name, seed, test_seed)
    else:
        data, unlabelled = _of_the_hub(name, labelled, only, seed)
    if pool == "news" and not embedded:
        unlabelled = _embedded("news", seed, None)[1].select_columns(["text", "label"])
    for what, wanted, there in (
        ("labelled", labelled or 0, len(data["train"])),
        ("transfer", transfer, len(unlabelled)),
    ):
        if wanted > there:
            raise ValueError(f"{what} asks for {wanted} sentences of {name}, but there are {there}")
    if labelled:
        data["train"] = data["train"].select(range(labelled))
    if transfer:
        data["unlabelled"] = hide_labels(unlabelled.select(range(transfer)))
    if limit is not None:
        data = type(data)(
            {split: rows.select(range(min(limit, len(rows)))) for split, rows in data.items()}
        )
    return data


def _embedded(name: str, seed: int, test_seed: int | None) -> tuple[DatasetDict, Dataset]:
    """A corpus that the course generates, and its pool of unlabelled text."""
    from kd_course.corpora import news

    draw = news.load if name == "news" else news.load_unseen_templates
    data = draw(seed, test_seed=test_seed)
    return data, data.pop("unlabelled")


def _of_the_hub(
    name: str, labelled: int | None, only: Sequence[str], seed: int
) -> tuple[DatasetDict, Dataset]:
    """A data set of the hub, shuffled, and its training sentences beyond the labelled ones."""
    from kd_course.corpora import hub

    data = hub.load_dataset(name)
    if only:
        data = type(data)({split: of_classes(rows, only) for split, rows in data.items()})
    data["train"] = data["train"].shuffle(seed=seed)
    beyond = list(range(len(data["train"])))[labelled:] if labelled else []
    return data, data["train"].select(beyond)


def of_classes(rows: Dataset, names: Sequence[str]) -> Dataset:
    """The rows of these classes, renumbered: the first of names is 0.

    Raises ValueError for a class that the data do not have.
    """
    from datasets import ClassLabel

    there = rows.features["label"].names
    unknown = [name for name in names if name not in there]
    if unknown:
        raise ValueError(f"only: no class {unknown}; there are {there}")
    new = {there.index(name): number for number, name in enumerate(names)}
    labels = rows["label"]
    kept = rows.select([i for i, label in enumerate(labels) if label in new])
    numbers = [new[label] for label in labels if label in new]
    return (
        kept.remove_columns("label")
        .add_column("label", numbers)
        .cast_column("label", ClassLabel(names=list(names)))
    )


def hide_labels(rows: Dataset) -> Dataset:
    """The rows with every label -100: text that only a teacher can teach from."""
    from datasets import Value

    rows = rows.cast_column("label", Value("int64"))
    return rows.map(lambda batch: {"label": [IGNORED_LABEL] * len(batch["label"])}, batched=True)


def with_answers(rows: Dataset, probabilities: np.ndarray) -> Dataset:
    """The rows labelled with the class that a teacher thinks most probable: its hard answers.

    probabilities: (rows, classes), or logits. What the teacher was unsure of is lost.
    """
    from datasets import Value

    answers = np.asarray(probabilities).argmax(-1)
    if len(answers) != len(rows):
        raise ValueError(
            f"probabilities must have one row a sentence, {len(rows)}, but has {len(answers)}"
        )
    return (
        rows.remove_columns("label")
        .add_column("label", answers)
        .cast_column("label", Value("int64"))
    )


def join(*parts: Dataset) -> Dataset:
    """Labelled and unlabelled rows in one data set, in this order."""
    from datasets import Value, concatenate_datasets

    return concatenate_datasets([part.cast_column("label", Value("int64")) for part in parts])


def leaks(
    train_texts: Sequence[str], other_texts: Sequence[str], *, figures: bool = True
) -> list[int]:
    """Positions in other_texts of what train_texts hold too, whatever the case and the spaces.

    figures: whether texts differ that differ in a run of digits only.
    """

    def plain(text: str) -> str:
        one = " ".join(text.lower().split())
        return one if figures else re.sub(r"\d+", "0", one)

    known = {plain(text) for text in train_texts}
    return [i for i, text in enumerate(other_texts) if plain(text) in known]
