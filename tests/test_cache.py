"""The cache's promises: never an old answer, never another row's, never half a file."""

from __future__ import annotations

import copy
import hashlib
import math
import os
import random
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import bert, letters, sentences
from transformers import BertForSequenceClassification

from kd_course.distillation import add_teacher_logits, cached_teacher_outputs
from kd_course.distillation.cache import _digest, _keys


@pytest.fixture(scope="module")
def tokenizer():
    return letters()


@pytest.fixture
def ask(tmp_path, tokenizer):
    """cached_teacher_outputs, in a folder of its own; it counts the rows that the teacher reads."""

    def asked(teacher, dataset, tokenizer=tokenizer, **options):
        counted = teacher.register_forward_pre_hook(
            lambda module, args, kwargs: rows.append(len(kwargs["input_ids"])), with_kwargs=True
        )
        rows: list[int] = []
        try:
            outputs = cached_teacher_outputs(
                teacher, dataset, tokenizer, **{"folder": tmp_path, "progress": False} | options
            )
        finally:
            counted.remove()
        asked.rows = sum(rows)
        return outputs

    return asked


def one_by_one(teacher, rows):
    with torch.no_grad():
        return torch.stack([teacher(torch.tensor([row["input_ids"]])).logits[0] for row in rows])


def assert_said(outputs, teacher, rows):
    torch.testing.assert_close(outputs.of(rows), one_by_one(teacher, rows), rtol=1e-4, atol=1e-5)


# -- aligned ----------------------------------------------------------------------------------


def test_every_row_has_what_the_teacher_says_to_it_alone(ask):
    teacher, rows = bert(0), sentences(50)
    outputs = ask(teacher, rows, batch_size=7)
    assert outputs.logits.dtype == torch.float32 and not outputs.logits.requires_grad
    assert_said(outputs, teacher, rows)


def test_shuffles_subsets_and_repetitions_stay_aligned(ask):
    teacher, rows = bert(0), sentences(30)
    outputs = ask(teacher, rows)
    shuffled = random.Random(1).sample(rows, 30)
    for some in (shuffled, rows[5:9], rows[::-3], rows[:2] * 4):
        assert_said(outputs, teacher, some)
        assert_said(ask(teacher, some), teacher, some)
        assert ask.rows == 0  # all known from the first call


def test_equal_rows_are_asked_once(ask):
    teacher, rows = bert(0), sentences(6)
    outputs = ask(teacher, rows * 5)
    assert ask.rows == len(outputs) == 6
    assert outputs.of(rows * 5).shape == (30, 3)


def test_rows_that_differ_in_fractions_alone_are_different_rows(ask):
    class Weighing(BertForSequenceClassification):
        def forward(self, input_ids, attention_mask=None, features=None):
            said = super().forward(input_ids, attention_mask)
            said.logits = said.logits + features.sum(-1, keepdim=True)
            return said

    teacher = bert(0, Weighing)
    rows = [{"input_ids": [5, 6, 7], "features": numbers} for numbers in ([0.2, 0.1], [0.9, 0.7])]
    first = ask(teacher, rows[:1])
    both = ask(teacher, rows)
    assert ask.rows == 1
    torch.testing.assert_close(both.of(rows)[1] - both.of(rows)[0], torch.full((3,), 1.3))
    with pytest.raises(KeyError, match="1 rows .of 2.*first is row 1"):
        first.of(rows)


def test_what_a_column_is_decides_what_its_key_is():
    def key(value):
        return _keys([{"given": value}], ["given"])[0]

    numbers = np.array([5, 6, 7], dtype="<i8").tobytes()
    kept = hashlib.blake2b(len(numbers).to_bytes(8, "big") + numbers).digest()[:16]
    for value in ([5, 6, 7], (5, 6, 7), torch.tensor([5, 6, 7], dtype=torch.int32)):
        assert key(value) == kept  # as ever: what was cached stays valid
    assert key([5.0, 6.0, 7.0]) != kept
    assert key([0.5, 1.5]) == key(torch.tensor([0.5, 1.5]))
    assert key([[0.5, 1.5]]) != key([0.5, 1.5]) != key([[0.5], [1.5]])
    assert key([0.0]) != key([-0.0])  # a model can tell them apart
    assert key([math.nan]) == key([-math.nan]) != key([math.inf])
    with pytest.raises(TypeError):
        key([None, 1])


def test_the_column_stays_aligned_in_a_data_set_of_the_library(ask):
    datasets = pytest.importorskip("datasets")
    teacher, rows = bert(0), sentences(40)
    table = datasets.Dataset.from_list(rows)
    outputs = ask(teacher, table)
    for dataset in (
        add_teacher_logits(table, outputs).shuffle(seed=3).select(range(7, 31)),
        add_teacher_logits(table.shuffle(seed=3).select(range(7, 31)), outputs),
        add_teacher_logits(add_teacher_logits(table, torch.zeros(40, 2)), outputs),
        add_teacher_logits(table.with_format("torch"), outputs).with_format(None),
    ):
        said = torch.tensor(dataset["teacher_logits"][:])
        torch.testing.assert_close(said, one_by_one(teacher, dataset), rtol=1e-4, atol=1e-5)
    ask(teacher, rows)
    assert ask.rows == 0  # the same rows, in a list


def test_a_torch_data_set_gets_the_column(ask):
    class Rows(torch.utils.data.Dataset):
        def __init__(self, rows):
            self.rows = [{name: torch.tensor(value) for name, value in row.items()} for row in rows]

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, i):
            return self.rows[i]

    teacher, rows = bert(0), sentences(9)
    outputs = ask(teacher, Rows(rows))
    added = add_teacher_logits(Rows(rows), outputs)
    assert torch.tensor([row["teacher_logits"] for row in added]).equal(outputs.of(rows))
    assert all(set(row) == {"input_ids", "labels", "teacher_logits"} for row in added)


def test_rows_that_were_not_asked_are_named(ask):
    outputs = ask(bert(0), sentences(10))
    with pytest.raises(KeyError, match="3 rows .of 13.*first is row 10"):
        outputs.of(sentences(10) + sentences(3, seed=9))


def test_only_new_rows_cost_anything(ask):
    teacher = bert(0)
    ask(teacher, sentences(10))
    both = sentences(10) + sentences(4, seed=9)
    outputs = ask(teacher, both)
    assert ask.rows == 4
    assert_said(outputs, teacher, both)


# -- never an old answer ------------------------------------------------------------------------


def test_another_teacher_is_asked(ask):
    rows = sentences(8)
    ask(bert(0), rows)
    for other in (bert(1), bert(0, layer_norm_eps=1e-3), bert(0).double()):
        outputs = ask(other, rows)
        assert ask.rows == 8
        torch.testing.assert_close(
            outputs.of(rows), one_by_one(other, rows).float(), rtol=1e-4, atol=1e-5
        )


def test_one_changed_weight_is_another_teacher(ask):
    teacher, rows = bert(0), sentences(8)
    ask(teacher, rows)
    with torch.no_grad():
        teacher.classifier.bias[1] += 1e-3
    assert_said(ask(teacher, rows), teacher, rows)
    assert ask.rows == 8


def test_another_tokenizer_is_asked(ask, tokenizer):
    teacher, rows = bert(0), sentences(8)
    ask(teacher, rows)
    other = copy.deepcopy(tokenizer)
    other.add_tokens(["[NEW]"])
    ask(teacher, rows, other)
    assert ask.rows == 8


def test_other_segments_are_other_rows(ask):
    teacher = bert(0)
    rows = [row | {"token_type_ids": [0] * len(row["input_ids"])} for row in sentences(4)]
    other = [row | {"token_type_ids": [1] * len(row["input_ids"])} for row in rows]
    first, second = ask(teacher, rows).of(rows), ask(teacher, other).of(other)
    assert ask.rows == 4
    assert not torch.allclose(first, second)


def test_what_is_hashed_cannot_be_cut_in_another_place():
    assert _digest(b"ab", b"c") != _digest(b"a", b"bc")


def test_the_same_teacher_saved_and_loaded_or_used_is_known(ask, tokenizer, tmp_path):
    teacher, rows = bert(0), sentences(8)
    ask(teacher, rows)
    teacher.save_pretrained(tmp_path / "model")
    teacher.config.use_cache = False  # as the Trainer sets it
    tokenizer(["a b ab", "e"], padding=True, truncation=True, max_length=4)
    ask(type(teacher).from_pretrained(tmp_path / "model").eval(), rows)
    assert ask.rows == 0
    ask(teacher, rows)
    assert ask.rows == 0


def test_a_teacher_with_its_own_tokenizer_reads_the_text(ask, tokenizer):
    teacher = bert(0)
    texts = ["a b", "ed ba e ab u ut i", "z", "a b"]
    of_student = [{"text": text, "input_ids": [7, 8, 9]} for text in texts]
    outputs = ask(teacher, of_student, text_column="text", max_length=5)
    assert ask.rows == 3
    as_read = [
        {"input_ids": tokenizer(t, truncation=True, max_length=5)["input_ids"]} for t in texts
    ]
    expected = one_by_one(teacher, as_read)
    torch.testing.assert_close(outputs.of(of_student), expected, rtol=1e-4, atol=1e-5)
    ask(teacher, of_student, text_column="text", max_length=3)
    assert ask.rows == 3  # cut elsewhere: another question


# -- the file -----------------------------------------------------------------------------------


def the_file(folder: Path) -> Path:
    (file,) = folder.glob("*.safetensors")
    return file


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def one_bit_flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def one_key_changed(content: bytes) -> bytes:
    start = 8 + int.from_bytes(content[:8], "little")
    return content[:start] + bytes([content[start] ^ 1]) + content[start + 1 :]


@pytest.mark.parametrize(
    "harm", [cut_short, one_bit_flipped, one_key_changed, lambda content: b"", bytes.upper]
)
def test_a_damaged_file_is_found_and_redone(ask, tmp_path, harm):
    teacher, rows = bert(0), sentences(8)
    ask(teacher, rows)
    whole = the_file(tmp_path).read_bytes()
    the_file(tmp_path).write_bytes(harm(whole))
    with pytest.warns(UserWarning, match="is damaged"):
        outputs = ask(teacher, rows)
    assert ask.rows == 8
    assert_said(outputs, teacher, rows)
    assert the_file(tmp_path).read_bytes() == whole
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask(teacher, rows)
    assert ask.rows == 0


def test_a_file_under_another_teachers_name_is_not_believed(ask, tmp_path):
    rows = sentences(8)
    ask(bert(0), rows)
    of_first = the_file(tmp_path).read_bytes()
    the_file(tmp_path).unlink()
    ask(bert(1), rows)
    the_file(tmp_path).write_bytes(of_first)
    with pytest.warns(UserWarning, match="is damaged"):
        assert_said(ask(bert(1), rows), bert(1), rows)


def test_an_interrupted_call_leaves_no_half_file(ask, tmp_path):
    class Stopping(type(bert(0))):
        asked = 0

        def forward(self, input_ids=None, attention_mask=None, **kwargs):
            Stopping.asked += 1
            if Stopping.asked == 3:
                raise KeyboardInterrupt
            return super().forward(input_ids, attention_mask=attention_mask)

    teacher = bert(0, Stopping)
    with pytest.raises(KeyboardInterrupt):
        ask(teacher, sentences(8), batch_size=2)
    assert not list(tmp_path.iterdir())
    assert_said(ask(teacher, sentences(8), batch_size=2), teacher, sentences(8))


def test_two_writers_do_each_other_no_harm(tmp_path, ask):
    teachers, tokenizers = [bert(0), bert(0)], [letters(), letters()]
    parts = [[sentences(10, seed=100 * writer + part) for part in range(12)] for writer in (1, 2)]

    def write(writer: int) -> None:
        for rows in parts[writer]:
            cached_teacher_outputs(
                teachers[writer], rows, tokenizers[writer], folder=tmp_path, progress=False
            )

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(write, (0, 1)))
        # Rows that one lost to the other are asked again; none is another row's.
        rows = [row for part in parts[0] + parts[1] for row in part]
        assert_said(ask(bert(0), rows), bert(0), rows)
    assert ask.rows < len(rows)
    assert [path.name for path in tmp_path.iterdir()] == [the_file(tmp_path).name]


def test_what_another_wrote_while_the_teacher_was_asked_is_kept(ask, tmp_path, tokenizer):
    def write_meanwhile(module, args):
        interruption.remove()
        cached_teacher_outputs(bert(0), sentences(5, seed=9), tokenizer, folder=tmp_path)

    teacher = bert(0)
    interruption = teacher.register_forward_pre_hook(write_meanwhile)
    ask(teacher, sentences(8))
    ask(teacher, sentences(8) + sentences(5, seed=9))
    assert ask.rows == 0


def test_a_file_that_windows_keeps_in_use_gets_another_beside_it(ask, tmp_path, monkeypatch):
    ask(bert(0), sentences(8))
    replace, (old,) = os.replace, tmp_path.iterdir()

    def refusing(this, by):
        if Path(by) == old:
            error = PermissionError(13, "Access is denied")
            error.winerror = 1224
            raise error
        replace(this, by)

    monkeypatch.setattr(os, "replace", refusing)
    monkeypatch.setattr("kd_course.storage._WAITS", ())
    more = sentences(8) + sentences(5, seed=9)
    with pytest.warns(UserWarning, match="another program has it open.* What the teacher said is"):
        ask(bert(0), more)
    assert_said(ask(bert(0), more), bert(0), more)
    assert ask.rows == 0 and len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="asks Linux what is mapped")
def test_a_file_that_was_read_is_not_kept_open(ask, tmp_path):
    ask(bert(0), sentences(8))
    outputs = ask(bert(0), sentences(8))  # noqa: F841  held while it is looked
    assert str(tmp_path) not in Path("/proc/self/maps").read_text()


def test_the_cache_lies_in_the_users_cache_folder(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("KD_CACHE", str(tmp_path / "elsewhere"))
    ask(bert(0), sentences(3), folder=None)
    assert the_file(tmp_path / "elsewhere" / "teacher_outputs")


# -- what is refused ------------------------------------------------------------------------------


def test_a_teacher_in_train_mode_is_put_in_eval_mode(ask):
    teacher, rows = bert(0, dropout=0.5).train(), sentences(5)
    with pytest.warns(UserWarning, match="train mode"):
        outputs = ask(teacher, rows)
    assert_said(outputs, teacher, rows)


def test_rows_without_input_ids_are_refused(ask):
    with pytest.raises(ValueError, match="input_ids.*but has text"):
        ask(bert(0), [{"text": "profit rose"}])
    with pytest.raises(ValueError, match="headline"):
        ask(bert(0), [{"text": "profit rose"}], text_column="headline")


def test_logits_for_every_token_are_refused(ask):
    from transformers import BertForTokenClassification

    with pytest.raises(ValueError, match="one row of logits an example"):
        ask(bert(0, BertForTokenClassification), sentences(3))


def test_nan_is_never_kept(ask, tmp_path):
    teacher = bert(0)
    with torch.no_grad():
        teacher.classifier.bias[0] = torch.nan
    with pytest.raises(ValueError, match="NaN"):
        ask(teacher, sentences(3))
    assert not list(tmp_path.iterdir())


def test_a_column_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"4 rows.*\(3, 3\)"):
        add_teacher_logits(sentences(4), torch.zeros(3, 3))
