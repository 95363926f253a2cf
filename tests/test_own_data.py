"""Data as people bring it: a right answer, or a message that says what would be right."""

from __future__ import annotations

import numpy as np
import pandas
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from tiny_models import bert, letters, sentences

from kd_course import models, spans
from kd_course.corpora import hub
from kd_course.corpora.splitting import carve
from kd_course.distillation import (
    DistillationTrainer,
    cached_teacher_outputs,
    predict_logits,
)

NAMES = ("bad", "fine")


@pytest.fixture
def own(monkeypatch):
    """`hub.load_dataset` of a table in every split."""

    def load(table, **described):
        table = table if isinstance(table, Dataset) else Dataset.from_dict(table)
        raw = DatasetDict({split: table for split in ("train", "validation", "test")})
        monkeypatch.setattr(hub, "download_dataset", lambda identifier: raw)
        source = hub.Source(
            **{"text": "text", "label": "label", "labels": NAMES, "licence": "ours", **described}
        )
        return hub.load_dataset("own/data", source=source)

    return load


@pytest.mark.parametrize("kind", ["string", "large_string"])
def test_texts_and_named_labels_of_pandas_are_read(own, kind):
    features = Features({"text": Value(kind), "label": Value(kind)})
    table = Dataset.from_dict({"text": [" a ", "b"], "label": ["fine", "bad"]}, features=features)
    data = own(table)
    assert data["train"]["text"][:] == ["a", "b"] and data["train"]["label"][:] == [1, 0]


@pytest.mark.parametrize("labels", [[1, 0], [1.0, 0.0]])
def test_numbered_labels_are_read_also_as_pandas_makes_them_of_a_column_with_gaps(own, labels):
    assert own({"text": ["a", "b"], "label": labels})["train"]["label"][:] == [1, 0]


def test_labels_of_another_order_are_renumbered_by_name(own):
    features = Features({"text": Value("string"), "label": ClassLabel(names=["fine", "bad"])})
    table = Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}, features=features)
    assert own(table)["train"]["label"][:] == [1, 0]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"text": ["a", None], "label": [0, 1]}, "row 1 .*with None"),
        ({"text": ["a", "b"], "label": [0, None]}, "no label; the first is in row 1"),
        ({"text": ["a", "b"], "label": ["bad", "odd"]}, "'odd'; the first is in row 1"),
        ({"text": [], "label": []}, "has none"),
        ({"text": ["a"], "label": [[0, 1]]}, r"'\[0, 1\]'; the first is in row 0"),
    ],
)
def test_a_row_that_is_not_as_described_is_named(own, table, said):
    with pytest.raises(hub.HubError, match=said):
        own(table)


def test_a_validation_split_that_would_leave_nothing_is_refused():
    rows = Dataset.from_dict({"text": ["a", "b", "A", "c"], "label": [0, 1, 0, 1]})
    with pytest.raises(ValueError, match="is 3, and train has only 3 different texts"):
        carve(rows, 3, seed=0)
    assert [len(part) for part in carve(rows, 1, seed=0)][1] == 1


def test_one_text_for_a_list_is_refused():
    tokenizer = letters()
    for wrong in (
        lambda: predict_logits(bert(0), "a b", tokenizer),
        lambda: models.train_tokenizer("a b"),
        lambda: models.classifier("tiny", tokenizer, "abc", seed=0),
        lambda: hub.Source(text="t", label="l", labels="abc", licence="ours"),
        lambda: cached_teacher_outputs(bert(0), "a b", tokenizer),
        lambda: spans.windows(tokenizer, "who", "a b"),
    ):
        with pytest.raises(TypeError, match="one text"):
            wrong()


def test_a_gap_in_a_text_column_is_named(tmp_path):
    for gap in (None, float("nan")):  # as a table of pandas has it
        rows = [{"text": "a"}, {"text": gap}]
        with pytest.raises(ValueError, match=r"no gaps, but row 1 \(counted from 0\) holds"):
            cached_teacher_outputs(bert(0), rows, letters(), folder=tmp_path, text_column="text")
    with pytest.raises(ValueError, match=r"texts must be texts, but row 1 \(.*\) is None"):
        models.train_tokenizer(["a", None])
    with pytest.raises(ValueError, match=r"questions must be texts, but row 0 \(.*\) is None"):
        spans.windows(letters(), [None], ["a b"])


def test_a_table_where_rows_or_texts_are_meant_is_told_what_makes_them(tmp_path):
    table, tokenizer = pandas.DataFrame({"text": ["a b", "c"], "label": [0, 1]}), letters()
    whole = DatasetDict({split: Dataset.from_pandas(table) for split in ("train", "test")})
    for given, said in (
        (table, "Dataset.from_pandas"),
        (whole, "DatasetDict of train, test: name one"),
        (tokenizer(["a b", "c"]), "of columns: datasets.Dataset.from_dict"),
    ):
        with pytest.raises(TypeError, match=said):
            cached_teacher_outputs(bert(0), given, tokenizer, folder=tmp_path)
        with pytest.raises(TypeError, match=said):
            DistillationTrainer(model=bert(1), alpha=0, train_dataset=given)
    for wrong in (
        lambda: predict_logits(bert(0), table, tokenizer),  # it would answer to "text" and "label"
        lambda: models.train_tokenizer(table),
        lambda: spans.windows(tokenizer, table, table),
    ):
        with pytest.raises(TypeError, match="a table with text, label: name one"):
            wrong()


def test_labels_that_are_texts_are_told_how_they_become_numbers():
    rows = [{"input_ids": [5, 6], "label": "fine"}]
    with pytest.raises(TypeError, match="its first row has 'fine': student.config.label2id"):
        DistillationTrainer(model=bert(1), alpha=0, train_dataset=rows)


def test_a_shuffled_column_of_pandas_keeps_its_rows_together():
    tokenizer = letters()
    table = pandas.DataFrame({"question": ["a", "b"], "context": ["c d e f g", "h i"]})[::-1]
    by_list = spans.windows(tokenizer, list(table["question"]), list(table["context"]))
    assert spans.windows(tokenizer, table["question"], table["context"]) == by_list
    logits = [np.arange(len(ids), dtype=float) for ids in by_list["input_ids"]]
    best = spans.best_answers(by_list, table["context"], logits, logits)
    assert spans.texts(best) == ["i", "g"]


def test_no_rows_are_refused(tmp_path):
    tokenizer = letters()
    with pytest.raises(ValueError, match="at least one row"):
        cached_teacher_outputs(bert(0), [], tokenizer, folder=tmp_path)
    with pytest.raises(ValueError, match="at least one row"):
        predict_logits(bert(0), [], tokenizer)


def test_texts_come_as_lists_columns_and_rows():
    model, tokenizer, texts = bert(0), letters(), ["a b c", "d", "e f"]
    expected = predict_logits(model, texts, tokenizer)
    encoded = tokenizer(texts)
    rows = [dict(zip(encoded, row, strict=True)) for row in zip(*encoded.values(), strict=True)]
    for given in (
        pandas.Series(texts),
        np.array(texts),
        Dataset.from_dict({"text": texts})["text"],
        encoded,
        dict(encoded),
        rows,
        Dataset.from_list(rows),
    ):
        np.testing.assert_array_equal(predict_logits(model, given, tokenizer), expected)
    with pytest.raises(ValueError, match=r"row 1 \(counted from 0\) is nan"):
        predict_logits(model, pandas.Series(["a", None]), tokenizer)
    with pytest.raises(ValueError, match="'input_ids'.*but have text"):
        predict_logits(model, {"text": texts}, tokenizer)


# -- what would be a wrong number without a word ----------------------------------------------


def alone(model, row):
    with torch.no_grad():
        return model(**{name: torch.tensor([ids]) for name, ids in row.items()}).logits[0].numpy()


def test_a_model_that_reads_token_types_gets_them():
    model, tokenizer = bert(0), letters()
    rows = [
        {"input_ids": row["input_ids"], "token_type_ids": [0, *[1] * (len(row["input_ids"]) - 1)]}
        for row in sentences(6)
    ]
    expected = np.stack([alone(model, row) for row in rows])
    for given in (rows, Dataset.from_list(rows)):
        found = predict_logits(model, given, tokenizer, batch_size=4)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_tokenizer_that_pads_on_the_left_moves_no_answer(tmp_path):
    tokenizer, rows = letters(), [{"input_ids": row["input_ids"]} for row in sentences(6)]
    tokenizer.padding_side = "left"
    model = bert(0)
    expected = np.stack([alone(model, row) for row in rows])
    np.testing.assert_allclose(predict_logits(model, rows, tokenizer), expected, rtol=1e-4)
    said = cached_teacher_outputs(model, rows, tokenizer, folder=tmp_path, progress=False)
    np.testing.assert_allclose(said.of(rows).numpy(), expected, rtol=1e-4)
