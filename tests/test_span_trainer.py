"""Distilling models that mark answers: the trainer, the cache, the marks of shared words."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import WORDS, assert_same_weights, bert, letters
from transformers import BertForQuestionAnswering

from kd_course import models, spans
from kd_course.distillation import (
    DistillationTrainer,
    SpanDistillationTrainer,
    add_teacher_logits,
    cached_teacher_outputs,
    predict_spans,
    training_arguments,
)
from kd_course.losses import span_distillation_loss

EXACTLY = {"rtol": 0, "atol": 0}
TO_FLOAT = {"rtol": 1e-4, "atol": 2e-6}
SGD = {"optim": "sgd", "lr_scheduler_type": "constant", "learning_rate": 0.1, "max_grad_norm": 0}


@pytest.fixture(scope="module")
def tokenizer():
    return letters()


def reader(seed: int, **options):
    return bert(seed, BertForQuestionAnswering, num_labels=2, **options)


def made_up_windows(number: int = 20, *, seed: int = 0) -> list[dict]:
    """Windows of several lengths; a third of them without the answer."""
    chance = random.Random(seed)
    found = []
    for number_of_window in range(number):
        question, passage = chance.randrange(2, 5), chance.randrange(3, 12)
        length = question + passage
        start = chance.randrange(question, length)
        end = chance.randrange(start, length)
        if number_of_window % 3 == 0:
            start = end = -100
        found.append(
            {
                "input_ids": [chance.randrange(5, WORDS) for _ in range(length)],
                "attention_mask": [1] * length,
                "answer_mask": [False] * question + [True] * passage,
                "start_positions": start,
                "end_positions": end,
            }
        )
    return found


def distil(folder, tokenizer, rows, *, student=None, options=None, resume=None, **distillation):
    trainer = SpanDistillationTrainer(
        model=student if student is not None else reader(1, dropout=0.1),
        args=training_arguments(
            folder,
            **{
                "per_device_train_batch_size": 8,
                "num_train_epochs": 2,
                "learning_rate": 1e-2,
                "logging_steps": 1,
                "disable_tqdm": True,
                "use_cpu": True,
                **(options or {}),
            },
        ),
        train_dataset=rows,
        processing_class=tokenizer,
        **distillation,
    )
    trainer.train(resume_from_checkpoint=resume)
    return trainer


# -- the loss ---------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
def test_a_step_goes_down_the_gradient_of_the_span_loss(tmp_path, tokenizer, alpha):
    rows, teacher = made_up_windows(8), reader(0)
    options = {**SGD, "max_steps": 1, "per_device_train_batch_size": 8}
    trained = distil(
        tmp_path,
        tokenizer,
        rows,
        student=reader(1),
        options=options,
        teacher=teacher,
        alpha=alpha,
        temperature=3.0,
    ).model

    student = reader(1).train()
    batch = spans.collate(rows, tokenizer)
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        taught = teacher(**inputs)
    said = student(**inputs)
    loss = span_distillation_loss(
        said.start_logits,
        said.end_logits,
        taught.start_logits,
        taught.end_logits,
        batch["start_positions"],
        batch["end_positions"],
        temperature=3.0,
        alpha=alpha,
        mask=batch["answer_mask"],
    )
    loss.backward()
    torch.optim.SGD(student.parameters(), lr=0.1).step()
    assert_same_weights(trained, student, **TO_FLOAT)


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_accumulated_batches_weigh_every_window_alike(tmp_path, tokenizer, alpha):
    rows = made_up_windows(16)
    for row in rows[:8]:  # the first batch has one answer, the second has its share
        row["start_positions"] = row["end_positions"] = -100
    rows[7] |= {"start_positions": len(rows[7]["input_ids"]) - 1}
    rows[7] |= {"end_positions": len(rows[7]["input_ids"]) - 1}
    common = {**SGD, "max_steps": 1, "train_sampling_strategy": "sequential"}
    arms = [
        distil(
            tmp_path,
            tokenizer,
            rows,
            student=reader(1),
            teacher=reader(0),
            alpha=alpha,
            options={**common, "per_device_train_batch_size": size} | more,
        ).model
        for size, more in ((16, {}), (4, {"gradient_accumulation_steps": 4}))
    ]
    assert_same_weights(*arms, **TO_FLOAT)


def test_windows_without_an_answer_teach_through_the_teacher_alone(tmp_path, tokenizer):
    rows = [row | {"start_positions": -100, "end_positions": -100} for row in made_up_windows(8)]
    start = reader(1)
    common = {"options": SGD, "student": None}
    untouched = distil(tmp_path, tokenizer, rows, **common | {"student": reader(1)}, alpha=0.0)
    assert_same_weights(untouched.model, start, **EXACTLY)
    taught = distil(
        tmp_path, tokenizer, rows, **common | {"student": reader(1)}, teacher=reader(0), alpha=0.5
    )
    assert not torch.equal(taught.model.qa_outputs.weight, start.qa_outputs.weight)


def test_the_question_and_the_padding_have_no_say(tmp_path, tokenizer):
    rows = made_up_windows(8)
    logits = predict_spans(reader(0), rows, tokenizer)
    honest = [torch.tensor(np.stack(pair)) for pair in zip(*logits, strict=True)]
    spoilt = [pair.clone() for pair in honest]
    for pair, row in zip(spoilt, rows, strict=True):
        pair[:, ~torch.tensor(row["answer_mask"])] = 1e4
    one, other = (
        distil(tmp_path, tokenizer, add_teacher_logits(rows, said), options=SGD, alpha=1.0).model
        for said in (honest, spoilt)
    )
    assert_same_weights(one, other, **EXACTLY)


# -- the same numbers, however one gets there ---------------------------------------------------


def test_a_cached_teacher_teaches_what_a_live_one_does(tmp_path, tokenizer):
    teacher, rows = reader(0), made_up_windows()
    outputs = cached_teacher_outputs(teacher, rows, tokenizer, folder=tmp_path, progress=False)
    live = distil(tmp_path, tokenizer, rows, options=SGD, teacher=teacher)
    cached = distil(tmp_path, tokenizer, rows, options=SGD, teacher_outputs=outputs)
    column = distil(tmp_path, tokenizer, add_teacher_logits(rows, outputs), options=SGD)
    assert_same_weights(live.model, cached.model, **TO_FLOAT)
    assert_same_weights(column.model, cached.model, **EXACTLY)


@pytest.mark.thorough
def test_the_same_seed_gives_the_same_weights(tmp_path, tokenizer):
    one, other = (
        distil(tmp_path, tokenizer, made_up_windows(), teacher=reader(0)).model for _ in range(2)
    )
    assert_same_weights(one, other, **EXACTLY)


@pytest.mark.thorough
def test_an_interrupted_run_ends_with_the_same_weights(tmp_path, tokenizer):
    rows, saving = made_up_windows(), {"save_strategy": "steps", "save_steps": 2}
    whole = distil(tmp_path / "whole", tokenizer, rows, options=saving, teacher=reader(0))
    last = Path(whole.args.output_dir, "checkpoint-6")
    assert last.is_dir()
    shutil.rmtree(last)
    again = distil(
        tmp_path / "whole", tokenizer, rows, options=saving, teacher=reader(0), resume=True
    )
    assert again.state.global_step == 6
    assert_same_weights(whole.model, again.model, **EXACTLY)


@pytest.mark.parametrize("batch_size", [1, 3, 8])  # by ones, three batches have no answer at all
def test_evaluation_measures_the_labels_loss_beside_the_teachers(tmp_path, tokenizer, batch_size):
    rows, teacher = made_up_windows(), reader(0)
    trainer = distil(
        tmp_path,
        tokenizer,
        rows,
        teacher=teacher,
        eval_dataset=made_up_windows(8),
        options={"per_device_eval_batch_size": batch_size},
    )
    measured = trainer.evaluate()
    found = measured["eval_loss"]
    batch = spans.collate(made_up_windows(8), tokenizer)
    said = trainer.model.eval()(batch["input_ids"], batch["attention_mask"])
    log_p = [
        torch.where(batch["answer_mask"], logits, -1e30).log_softmax(-1)
        for logits in (said.start_logits, said.end_logits)
    ]
    there = [i for i, row in enumerate(made_up_windows(8)) if row["start_positions"] >= 0]
    surprise = [
        -(log_p[0][i, batch["start_positions"][i]] + log_p[1][i, batch["end_positions"][i]]) / 2
        for i in there
    ]
    assert found == pytest.approx(torch.stack(surprise).mean().item(), rel=1e-5)
    with torch.no_grad():
        theirs = teacher(batch["input_ids"], batch["attention_mask"])
        soft = span_distillation_loss(
            said.start_logits,
            said.end_logits,
            theirs.start_logits,
            theirs.end_logits,
            batch["start_positions"],
            batch["end_positions"],
            temperature=2.0,
            alpha=1.0,
            mask=batch["answer_mask"],
        )
    assert measured["eval_soft_loss"] == pytest.approx(soft.item(), rel=1e-5)


# -- what the teacher said, kept ----------------------------------------------------------------


def test_every_window_has_what_the_teacher_says_to_it_alone(tmp_path, tokenizer):
    teacher, rows = reader(0), made_up_windows(30)
    asked = []
    teacher.register_forward_pre_hook(
        lambda module, args, kwargs: asked.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    common = {"folder": tmp_path, "progress": False, "batch_size": 7}
    outputs = cached_teacher_outputs(teacher, rows, tokenizer, **common)
    assert sum(asked) == 30
    shuffled = random.Random(0).sample(rows, 12)
    kept = cached_teacher_outputs(teacher, shuffled, tokenizer, **common)
    assert sum(asked) == 30, "what is kept is not asked again"
    for found in (outputs.of(shuffled), kept.of(shuffled)):
        for row, logits in zip(shuffled, found, strict=True):
            said = teacher(input_ids=torch.tensor([row["input_ids"]]))
            expected = torch.cat([said.start_logits, said.end_logits])
            torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


def test_a_damaged_file_of_span_logits_is_asked_again(tmp_path, tokenizer):
    teacher, rows = reader(0), made_up_windows(6)
    common = {"folder": tmp_path, "progress": False}
    outputs = cached_teacher_outputs(teacher, rows, tokenizer, **common)
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.warns(UserWarning, match="damaged"):
        again = cached_teacher_outputs(teacher, rows, tokenizer, **common)
    for one, other in zip(outputs.of(rows), again.of(rows), strict=True):
        torch.testing.assert_close(one, other, **EXACTLY)


def test_logits_that_do_not_fit_the_windows_are_refused():
    rows = made_up_windows(2)
    with pytest.raises(ValueError, match="one entry for each of the data set's 2 windows"):
        add_teacher_logits(rows, [torch.zeros(2, 3)])
    wrong = [torch.zeros(2, len(rows[0]["input_ids"])), torch.zeros(2, 1)]
    with pytest.raises(ValueError, match=r"window 1 have shape \(2, 1\)"):
        add_teacher_logits(rows, wrong)


@pytest.mark.parametrize("side", ["right", "left"])
def test_predictions_are_the_models_own_whatever_the_batch(tokenizer, monkeypatch, side):
    monkeypatch.setattr(tokenizer, "padding_side", side)
    model, rows = reader(0), made_up_windows(9)
    model.train()
    starts, ends = predict_spans(model, rows, tokenizer, batch_size=4)
    assert model.training
    model.eval()
    for row, start, end in zip(rows, starts, ends, strict=True):
        said = model(input_ids=torch.tensor([row["input_ids"]]))
        assert start.shape == end.shape == (len(row["input_ids"]),)
        np.testing.assert_allclose(start, said.start_logits[0].detach(), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(end, said.end_logits[0].detach(), rtol=1e-4, atol=1e-5)


# -- what is refused ----------------------------------------------------------------------------


def test_what_cannot_be_trained_is_refused(tmp_path, tokenizer):
    rows = made_up_windows()
    with pytest.raises(ValueError, match="model must mark answers.*BertForSequence"):
        distil(tmp_path, tokenizer, rows, student=bert(1), alpha=0.0)
    with pytest.raises(ValueError, match="processing_class"):
        SpanDistillationTrainer(model=reader(1), args=training_arguments(tmp_path), alpha=0.0)
    bare = [{name: row[name] for name in ("input_ids", "attention_mask")} for row in rows]
    for row in bare:
        row["answer_mask"] = [True] * len(row["input_ids"])
    with pytest.raises(ValueError, match="lacks start_positions, end_positions"):
        distil(tmp_path, tokenizer, bare, alpha=0.0)
    with pytest.raises(ValueError, match="alpha > 0 needs one teacher"):
        distil(tmp_path, tokenizer, rows)


def test_the_plain_trainer_says_which_one_is_for_windows(tmp_path):
    with pytest.raises(ValueError, match="BertForQuestionAnswering.*SpanDistillationTrainer"):
        DistillationTrainer(model=reader(1), args=training_arguments(tmp_path), alpha=0.0)


# -- readers ------------------------------------------------------------------------------------


def test_shared_words_are_marked_by_word_and_by_stem():
    tokenizer = models.train_tokenizer(["a b c"], vocabulary=300)
    question, context = "Who founded the Factory?", "Founder of the factory, he founded it. who"
    columns = spans.windows(
        tokenizer, [question], [context], length=128, stride=16, mark_shared=True
    )
    kinds = [None] * len(context)
    for (start, end), kind in zip(columns["offsets"][0], columns["token_type_ids"][0], strict=True):
        assert (kind == 0) == (start == end)
        for place in range(start, end):
            kinds[place] = kind
    by_word = [(m[0], set(kinds[m.start() : m.end()])) for m in re.finditer(r"\w+", context)]
    assert by_word == [
        ("Founder", {2}),
        ("of", {1}),
        ("the", {1}),
        ("factory", {3}),
        ("he", {1}),
        ("founded", {3}),
        ("it", {1}),
        ("who", {1}),
    ]


def test_a_reader_sees_distances_not_places():
    tokenizer = models.train_tokenizer(["a b c"], vocabulary=300)
    model = models.reader("mini", tokenizer, seed=0).eval()
    ids = torch.arange(10, 20)[None]
    shifted = torch.cat([torch.full((1, 7), 5), ids], dim=1)
    mask = torch.cat([torch.zeros(1, 7, dtype=torch.long), torch.ones_like(ids)], dim=1)
    with torch.no_grad():
        one = model(input_ids=ids).start_logits
        other = model(input_ids=shifted, attention_mask=mask).start_logits[:, 7:]
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert torch.equal(
        models.reader("mini", tokenizer, seed=0).qa_outputs.weight, model.qa_outputs.weight
    )
    with pytest.raises(ValueError, match="size must be one of small, mini"):
        models.reader("huge", tokenizer, seed=0)


def test_layers_of_a_reader_are_copied():
    tokenizer = models.train_tokenizer(["a b c"], vocabulary=300)
    teacher = models.reader("small", tokenizer, seed=0)
    student = models.copy_layers(teacher, 2)
    assert student.config.num_hidden_layers == len(student.roformer.encoder.layer) == 2
    assert_same_weights(
        student.roformer.encoder.layer[1], teacher.roformer.encoder.layer[3], **EXACTLY
    )
    assert student(input_ids=torch.arange(8)[None]).start_logits.shape == (1, 8)
