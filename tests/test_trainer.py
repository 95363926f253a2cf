"""The trainer's promises, each held on models small enough to train in a blink."""

from __future__ import annotations

import copy
import gc
import json
import os
import random
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_models import CLASSES, UNEVEN, WORDS, assert_same_weights, bert, letters, sentences
from torch.utils.data import DataLoader
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertForSequenceClassification,
    BertForTokenClassification,
    DataCollatorForSeq2Seq,
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    Trainer,
    get_linear_schedule_with_warmup,
    set_seed,
)

from kd_course.distillation import (
    DistillationTrainer,
    add_teacher_logits,
    cached_teacher_outputs,
    last_checkpoint,
    training_arguments,
)
from kd_course.distillation.asking import ask
from kd_course.losses import distillation_loss


@pytest.fixture(scope="module", autouse=True)
def quick_collections():
    """Every training begins with a garbage collection: not over all that is loaded already."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module")
def tokenizer():
    return letters()


def tagged(number: int = 12, *, seed: int = 0) -> list[dict]:
    """Rows of several lengths, with a label (or none) for every token."""
    chance = random.Random(seed)
    rows = sentences(number, seed=seed)
    for row in rows:
        row["labels"] = [chance.choice([-100, 0, 1, 2]) for _ in row["input_ids"]]
    return rows


def distil(folder, tokenizer, rows, *, student=None, options=None, **distillation):
    """A student, trained; the same one for the same arguments."""
    student = student if student is not None else bert(seed=1, dropout=0.1)
    trainer = DistillationTrainer(
        model=student,
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
    trainer.train()
    return trainer


HALF = {"layers": 1, "attention_heads": 2, "ffn_dim": 32}  # of an encoder-decoder
SGD = {"optim": "sgd", "lr_scheduler_type": "constant", "learning_rate": 0.1, "max_grad_norm": 0}


EXACTLY = {"rtol": 0, "atol": 0}
TO_FLOAT = {"rtol": 1e-4, "atol": 2e-6}


# -- the same numbers, however one gets there --------------------------------------------------


def test_the_same_seed_gives_the_same_weights(tmp_path, tokenizer):
    one, other = (
        distil(
            tmp_path, tokenizer, sentences(), student=bert(1, dropout=0.1), teacher=bert(0)
        ).model
        for _ in range(2)
    )
    assert_same_weights(one, other, **EXACTLY)


@pytest.mark.parametrize("strategy", ["group_by_length", "random"])
def test_the_order_of_the_rows_is_that_of_the_data_seed_where_there_is_one(
    tmp_path, tokenizer, strategy
):
    def order(**seeds):
        seeds["train_sampling_strategy"] = strategy
        options = training_arguments(tmp_path, use_cpu=True, **seeds)
        rows = tagged(40)
        trainer = DistillationTrainer(
            model=bert(1), args=options, train_dataset=rows, processing_class=tokenizer, alpha=0.0
        )
        return list(trainer._get_train_sampler(rows))

    assert order(seed=1, data_seed=5) == order(seed=2, data_seed=5) == order(seed=5)
    assert order(seed=1, data_seed=5) != order(seed=1, data_seed=6)


def test_a_cached_teacher_teaches_what_a_live_one_does(tmp_path, tokenizer):
    teacher, rows = bert(0), sentences()
    outputs = cached_teacher_outputs(teacher, rows, tokenizer, folder=tmp_path, progress=False)
    live = distil(tmp_path, tokenizer, rows, options=SGD, teacher=teacher)
    cached = distil(tmp_path, tokenizer, rows, options=SGD, teacher_outputs=outputs)
    assert_same_weights(live.model, cached.model, **TO_FLOAT)


def test_a_column_of_any_logits_teaches(tmp_path, tokenizer):
    teacher, rows = bert(0), sentences()
    outputs = cached_teacher_outputs(teacher, rows, tokenizer, folder=tmp_path, progress=False)
    cached = distil(tmp_path, tokenizer, rows, teacher_outputs=outputs)
    column = distil(tmp_path, tokenizer, add_teacher_logits(rows, outputs.of(rows)))
    assert_same_weights(cached.model, column.model, **EXACTLY)


def test_a_loop_written_by_hand_gives_the_same_weights(tmp_path, tokenizer):
    teacher, rows, steps = bert(0), sentences(), 6
    options = {"train_sampling_strategy": "sequential", "weight_decay": 0.0}
    trained = distil(
        tmp_path, tokenizer, rows, options=options, teacher=teacher, temperature=3.0, alpha=0.7
    ).model

    student = bert(1, dropout=0.1)
    set_seed(42)  # the Trainer's own seed decides what dropout drops
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-2, weight_decay=0.0, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, 0, steps)
    batches = DataLoader(rows, batch_size=8, collate_fn=DataCollatorWithPadding(tokenizer))
    student.train()
    for _ in range(2):
        for batch in batches:
            labels = batch.pop("labels")
            with torch.no_grad():
                teacher_logits = teacher(**batch).logits
            loss = distillation_loss(
                student(**batch).logits, teacher_logits, labels, temperature=3.0, alpha=0.7
            )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    assert_same_weights(trained, student, **EXACTLY)


def test_alpha_0_is_plain_fine_tuning(tmp_path, tokenizer):
    ours = distil(tmp_path, tokenizer, sentences(), alpha=0)
    student = bert(seed=1, dropout=0.1)
    theirs = Trainer(
        model=student,
        args=copy.copy(ours.args),
        train_dataset=sentences(),
        processing_class=tokenizer,
    )
    theirs._get_train_sampler = ours._get_train_sampler  # the same order of the rows
    theirs.train()
    assert_same_weights(ours.model, theirs.model, **TO_FLOAT)


def test_padding_has_no_say_in_the_weights(tmp_path, tokenizer):
    rows = sentences()
    to_longest = distil(tmp_path, tokenizer, rows, options=SGD, student=bert(1), teacher=bert(0))
    to_60 = distil(
        tmp_path,
        tokenizer,
        rows,
        options=SGD,
        student=bert(1),
        teacher=bert(0),
        data_collator=DataCollatorWithPadding(tokenizer, padding="max_length", max_length=60),
    )
    assert_same_weights(to_longest.model, to_60.model, **TO_FLOAT)


# -- a step's loss is a mean over the step's rows ----------------------------------------------


class WithoutKeywords(BertForSequenceClassification):
    """As models are whose forward takes no more keywords: their loss the library scales itself."""

    accepts_loss_kwargs = False


@pytest.mark.parametrize("kind", [BertForSequenceClassification, WithoutKeywords])
@pytest.mark.parametrize("batch, accumulated", [(4, 2), (1, 8)])
def test_accumulated_batches_are_one_large_batch(tmp_path, tokenizer, kind, batch, accumulated):
    rows = sentences(20, unlabelled=UNEVEN)  # steps of 8, 8 and 4 rows: the last one is partial

    def train(batch, accumulated):
        options = SGD | {
            "per_device_train_batch_size": batch,
            "gradient_accumulation_steps": accumulated,
            "train_sampling_strategy": "sequential",
        }
        student = bert(1, kind)
        return distil(tmp_path, tokenizer, rows, student=student, options=options, teacher=bert(0))

    whole, parts = train(8, 1), train(batch, accumulated)
    assert whole.state.global_step == parts.state.global_step == 6
    assert_same_weights(whole.model, parts.model, **TO_FLOAT)
    for once, summed in zip(whole.state.log_history[:6], parts.state.log_history[:6], strict=True):
        for name in ("loss", "soft_loss", "hard_loss"):
            assert once[name] == pytest.approx(summed[name], rel=1e-4)


def test_accumulated_tokens_are_one_large_batch(tmp_path, tokenizer):
    rows = tagged()

    def train(batch, accumulated):
        options = SGD | {
            "per_device_train_batch_size": batch,
            "gradient_accumulation_steps": accumulated,
            "train_sampling_strategy": "sequential",
        }
        return distil(
            tmp_path,
            tokenizer,
            rows,
            student=bert(1, BertForTokenClassification),
            options=options,
            teacher=bert(0, BertForTokenClassification),
            data_collator=DataCollatorForTokenClassification(tokenizer),
        )

    assert_same_weights(train(8, 1).model, train(2, 4).model, **TO_FLOAT)


@pytest.mark.thorough
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_two_processes_are_one_large_batch(tmp_path):
    """Every trainer, its teacher live and kept: the same weights, and the same losses in the log."""
    script = Path(__file__).with_name("two_processes.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path, "classes", "causal", "targets", "windows"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    runs = sorted(folder.name for folder in (tmp_path / "one").iterdir())
    assert len(runs) == 8
    for run in runs:
        folders = [tmp_path / number / run for number in ("one", "two")]
        one, two = (load_file(folder / "weights.safetensors") for folder in folders)
        for name in one:
            torch.testing.assert_close(
                one[name], two[name], **TO_FLOAT, msg=lambda m, n=f"{run} {name}": f"{n}: {m}"
            )
        logs = [
            json.loads((folder / "state.json").read_text())["log_history"] for folder in folders
        ]
        for single, double in list(zip(*logs, strict=True))[:6]:
            for name in ("loss", "soft_loss", "hard_loss"):
                assert single.get(name) == pytest.approx(double.get(name), rel=1e-4), (run, name)
        for name in ("eval_loss", "eval_soft_loss"):
            assert logs[0][-1][name] == pytest.approx(logs[1][-1][name], rel=1e-4), (run, name)


def test_a_step_loses_what_the_losses_say(tmp_path, tokenizer):
    teacher, student, rows = bert(0), bert(1), sentences(8, unlabelled=(1, 5))
    batch = DataCollatorWithPadding(tokenizer)(rows)
    labels = batch.pop("labels")
    with torch.no_grad():
        said = distillation_loss(
            student(**batch).logits, teacher(**batch).logits, labels, temperature=5.0, alpha=0.3
        )
    options = {"max_steps": 1}
    trainer = distil(
        tmp_path,
        tokenizer,
        rows,
        student=student,
        options=options,
        teacher=teacher,
        temperature=5.0,
        alpha=0.3,
    )
    assert trainer.state.log_history[0]["loss"] == pytest.approx(said.item(), rel=1e-5)


def test_a_translators_padding_is_taken_from_its_labels(tmp_path, tokenizer):
    def translator(seed):
        set_seed(seed)
        shape = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in HALF.items()}
        special = {"pad_token_id": 0, "decoder_start_token_id": 2, "forced_eos_token_id": None}
        return BartForConditionalGeneration(
            BartConfig(vocab_size=WORDS, d_model=16, dropout=0.0, init_std=0.3, **shape, **special)
        ).eval()

    teacher, student = translator(0), translator(1)
    rows = [
        row | {"labels": row["input_ids"][::-1][: i % 7 + 2]} for i, row in enumerate(sentences(8))
    ]
    collator = DataCollatorForSeq2Seq(tokenizer, model=student)
    batch = collator([dict(row) for row in rows])
    labels = batch["labels"]
    assert (labels == -100).any()
    with torch.no_grad():
        logits = [model(**batch).logits for model in (student, teacher)]
        said = distillation_loss(*logits, labels, temperature=2.0, alpha=0.5, mask=labels != -100)
    options = {"gradient_accumulation_steps": 4, "per_device_train_batch_size": 2, "max_steps": 1}
    trainer = distil(
        tmp_path,
        tokenizer,
        rows,
        student=student,
        options=options,
        teacher=teacher,
        data_collator=collator,
    )
    assert trainer.state.log_history[0]["loss"] == pytest.approx(said.item(), rel=1e-4)
    assert "eval_loss" in trainer.evaluate(rows)


def test_t_squared_stands_at_alpha_1(tmp_path, tokenizer):
    teacher, student, rows = bert(0), bert(1), sentences(8)
    batch = DataCollatorWithPadding(tokenizer)(rows)
    batch.pop("labels")
    with torch.no_grad():
        logits = [model(**batch).logits.double().numpy() / 16.0 for model in (teacher, student)]
    p, q = (np.exp(z) / np.exp(z).sum(-1, keepdims=True) for z in logits)
    by_hand = 16.0**2 * (p * np.log(p / q)).sum(-1).mean()
    trainer = distil(
        tmp_path,
        tokenizer,
        rows,
        student=student,
        options={"max_steps": 1},
        teacher=teacher,
        temperature=16.0,
        alpha=1,
    )
    logged = trainer.state.log_history[0]
    assert logged["loss"] == logged["soft_loss"] == pytest.approx(by_hand, rel=1e-4)
    assert "hard_loss" not in logged


def test_the_log_shows_both_parts_of_the_loss(tmp_path, tokenizer):
    options = {
        "logging_steps": 2,
        "gradient_accumulation_steps": 2,
        "per_device_train_batch_size": 4,
    }
    trainer = distil(
        tmp_path,
        tokenizer,
        sentences(unlabelled=UNEVEN),
        options=options,
        teacher=bert(0),
        alpha=0.7,
    )
    logged = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert len(logged) == 3
    for entry in logged:
        mixed = 0.7 * entry["soft_loss"] + 0.3 * entry["hard_loss"]
        assert entry["loss"] == pytest.approx(mixed, rel=1e-5)


def test_unlabelled_rows_still_teach(tmp_path, tokenizer):
    rows = sentences(8, unlabelled=tuple(range(8)))
    student = bert(1)
    before = copy.deepcopy(student)
    trainer = distil(
        tmp_path, tokenizer, rows, student=student, options={"max_steps": 1}, teacher=bert(0)
    )
    assert trainer.state.log_history[0]["hard_loss"] == 0
    assert not torch.equal(before.classifier.weight, student.classifier.weight)


def test_rows_need_no_labels_at_alpha_1(tmp_path, tokenizer):
    rows = [{"input_ids": row["input_ids"]} for row in sentences(8)]
    kwargs = {"options": {"max_steps": 1}, "teacher": bert(0)}
    soft = distil(tmp_path, tokenizer, rows, student=bert(1), alpha=1, **kwargs)
    labelled = distil(tmp_path, tokenizer, sentences(8), student=bert(1), alpha=1, **kwargs)
    assert_same_weights(soft.model, labelled.model, **EXACTLY)
    with pytest.raises(ValueError, match="labels where alpha is below 1"):
        distil(tmp_path, tokenizer, rows, alpha=0.5, **kwargs)


# -- the teacher ------------------------------------------------------------------------------


def test_the_teacher_stays_as_it_was(tmp_path, tokenizer):
    teacher = bert(0)
    before = copy.deepcopy(teacher)
    trainer = distil(tmp_path, tokenizer, sentences(), teacher=teacher)
    assert_same_weights(before, teacher, **EXACTLY)
    assert all(weight.grad is None for weight in teacher.parameters())
    assert all(
        weight.requires_grad for weight in teacher.parameters()
    )  # still the caller's to train
    trained = {id(weight) for group in trainer.optimizer.param_groups for weight in group["params"]}
    assert trained == {id(weight) for weight in trainer.model.parameters()}


def test_a_teacher_in_train_mode_is_put_in_eval_mode_and_the_student_is_not(tmp_path, tokenizer):
    modes = []

    class Watched(DistillationTrainer):
        def compute_loss(self, model, *args, **kwargs):
            result = super().compute_loss(model, *args, **kwargs)
            modes.append((model.training, self.teacher.training))
            return result

    teacher = bert(0, dropout=0.5).train()
    with pytest.warns(UserWarning, match="train mode"):
        trainer = Watched(
            model=bert(1, dropout=0.5),
            args=training_arguments(tmp_path, max_steps=2, disable_tqdm=True, use_cpu=True),
            teacher=teacher,
            train_dataset=sentences(),
            processing_class=tokenizer,
        )
    trainer.train()
    assert modes == [(True, False)] * 2
    with pytest.warns(UserWarning, match="train mode"):
        teacher.train()
        trainer.train()
    assert modes == [(True, False)] * 4


def test_a_teacher_in_eval_mode_goes_without_a_warning(tmp_path, tokenizer):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*train mode")
        distil(tmp_path, tokenizer, sentences(8), options={"max_steps": 1}, teacher=bert(0))


def test_what_the_teacher_says_has_no_gradient(tokenizer):
    batch = DataCollatorWithPadding(tokenizer)(sentences(4))
    assert not ask(bert(0), batch).requires_grad


class Forbidden(BertForSequenceClassification):
    def forward(self, *args, **kwargs):
        raise AssertionError("the teacher was asked")


def test_at_alpha_0_the_teacher_is_not_asked(tmp_path, tokenizer):
    teacher = bert(0, Forbidden)
    asked_none = distil(tmp_path, tokenizer, sentences(), teacher=teacher, alpha=0)
    alone = distil(tmp_path, tokenizer, sentences(), alpha=0)
    assert_same_weights(asked_none.model, alone.model, **EXACTLY)


def test_what_the_teacher_said_is_not_edited(tmp_path, tokenizer):
    rows = sentences()
    outputs = cached_teacher_outputs(bert(0), rows, tokenizer, folder=tmp_path, progress=False)
    before = outputs.logits.clone()
    distil(tmp_path, tokenizer, rows, teacher_outputs=outputs)
    assert torch.equal(before, outputs.logits)

    said = []

    class Remembering(BertForSequenceClassification):
        def forward(self, input_ids=None, attention_mask=None, **kwargs):
            result = super().forward(input_ids, attention_mask=attention_mask)
            said.append((result.logits, result.logits.clone()))
            return result

    distil(tmp_path, tokenizer, rows, teacher=bert(0, Remembering))
    assert said and all(torch.equal(now, then) for now, then in said)


def test_a_checkpoint_holds_the_student_alone(tmp_path, tokenizer):
    options = {"save_strategy": "steps", "save_steps": 2, "max_steps": 2}
    student = bert(1, num_hidden_layers=1)
    distil(tmp_path, tokenizer, sentences(), student=student, options=options, teacher=bert(0))
    again = BertForSequenceClassification.from_pretrained(tmp_path / "checkpoint-2")
    assert_same_weights(student, again, **EXACTLY)
    size = sum(w.numel() * w.element_size() for w in student.state_dict().values())
    assert (tmp_path / "checkpoint-2" / "model.safetensors").stat().st_size < size + 10_000


@pytest.mark.parametrize("share", ["classifier", "bert.encoder.layer.0.output.dropout"])
def test_a_teacher_that_shares_a_module_is_refused(tmp_path, tokenizer, share):
    teacher, student = bert(0), bert(1)
    student.set_submodule(share, teacher.get_submodule(share))
    with pytest.raises(ValueError, match=f"share nothing.*{share}"):
        distil(tmp_path, tokenizer, sentences(), student=student, teacher=teacher)


def test_a_teacher_that_shares_a_weight_is_refused(tmp_path, tokenizer):
    teacher, student = bert(0), bert(1)
    student.classifier.bias = teacher.classifier.bias
    with pytest.raises(ValueError, match="classifier.bias"):
        distil(tmp_path, tokenizer, sentences(), student=student, teacher=teacher)


@pytest.mark.parametrize(
    "other, sizes", [({"num_labels": 5}, "5.*3"), ({"vocab_size": 120}, "120.*100")]
)
def test_a_teacher_of_another_world_is_refused_by_its_size(tmp_path, tokenizer, other, sizes):
    with pytest.raises(ValueError, match=sizes):
        distil(tmp_path, tokenizer, sentences(), teacher=bert(0, **other))


def test_a_teacher_that_numbers_the_classes_otherwise_is_refused(tmp_path, tokenizer):
    names = ["negative", "neutral", "positive"]
    teacher = bert(0, id2label=dict(enumerate(names[::-1])))
    student = bert(1, id2label=dict(enumerate(names)))
    with pytest.raises(ValueError, match="number the classes"):
        distil(tmp_path, tokenizer, sentences(), student=student, teacher=teacher)


def test_cached_outputs_of_other_classes_are_refused(tmp_path, tokenizer):
    rows = sentences()
    outputs = cached_teacher_outputs(
        bert(0, num_labels=5), rows, tokenizer, folder=tmp_path, progress=False
    )
    with pytest.raises(ValueError, match=r"\(8, 3\) and \(8, 5\)"):
        distil(tmp_path, tokenizer, rows, teacher_outputs=outputs)


def test_no_teacher_and_two_teachers_are_refused(tmp_path, tokenizer):
    rows = sentences()
    outputs = cached_teacher_outputs(bert(0), rows, tokenizer, folder=tmp_path, progress=False)
    with pytest.raises(ValueError, match="none of them"):
        distil(tmp_path, tokenizer, rows)
    with pytest.raises(ValueError, match="found: teacher= and teacher_outputs="):
        distil(tmp_path, tokenizer, rows, teacher=bert(0), teacher_outputs=outputs)
    with pytest.raises(ValueError, match="teacher= and a column"):
        distil(tmp_path, tokenizer, add_teacher_logits(rows, outputs), teacher=bert(0))


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"alpha": 1.5}, "alpha must lie in"),
        ({"temperature": 0.0}, "temperature"),
        ({"options": {"label_smoothing_factor": 0.1}}, "label_smoothing_factor"),
        ({"compute_loss_func": lambda *_, **__: 0}, "compute_loss_func"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, tokenizer, wrong, message):
    with pytest.raises(ValueError, match=message):
        distil(tmp_path, tokenizer, sentences(), teacher=bert(0), **wrong)


def test_the_teacher_is_given_columns_that_the_student_does_not_take(tmp_path, tokenizer):
    rows = [row | {"token_type_ids": [1] * len(row["input_ids"])} for row in sentences(8)]
    seen = []

    class Watched(BertForSequenceClassification):
        def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, **kwargs):
            seen.append(token_type_ids)
            return super().forward(
                input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            )

    shape = {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32, "vocab_size": 100}
    student = DistilBertForSequenceClassification(DistilBertConfig(**shape, num_labels=CLASSES))
    trainer = distil(
        tmp_path,
        tokenizer,
        rows,
        student=student,
        options={"max_steps": 1},
        teacher=bert(0, Watched),
    )
    assert seen and all(types is not None and types.max() == 1 for types in seen)
    assert "eval_loss" in trainer.evaluate(rows)


# -- evaluation -------------------------------------------------------------------------------


def accuracy(prediction):
    return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}


def test_an_evaluation_asks_no_teacher_and_measures_the_labels(tmp_path, tokenizer):
    rows, held_out = sentences(), sentences(11, seed=1)  # 11 rows: the last batch of 4 is partial
    options = {"max_steps": 1, "per_device_eval_batch_size": 4}
    outputs = cached_teacher_outputs(bert(0), rows, tokenizer, folder=tmp_path, progress=False)
    trainer = distil(
        tmp_path,
        tokenizer,
        rows,
        options=options,
        teacher_outputs=outputs,
        compute_metrics=accuracy,
    )
    measured = trainer.evaluate(held_out)

    batch = DataCollatorWithPadding(tokenizer)(held_out)
    labels = batch.pop("labels")
    with torch.no_grad():
        logits = trainer.model(**batch).logits
    assert measured["eval_loss"] == pytest.approx(
        torch.nn.functional.cross_entropy(logits, labels).item(), rel=1e-5
    )
    assert measured["eval_accuracy"] == (logits.argmax(-1) == labels).double().mean().item()


@pytest.mark.parametrize("batch_size", [1, 4, 22])
@pytest.mark.parametrize("kind", [BertForSequenceClassification, BertForTokenClassification])
def test_an_evaluation_is_a_mean_over_all_labels(tmp_path, tokenizer, kind, batch_size):
    """Not over batches, of which each has another number of labels, and some have none."""
    tokens = kind is BertForTokenClassification
    held_out = tagged(22) if tokens else sentences(22, unlabelled=UNEVEN)
    student = bert(1, kind)
    trainer = DistillationTrainer(
        model=student,
        args=training_arguments(tmp_path, per_device_eval_batch_size=batch_size, use_cpu=True),
        processing_class=tokenizer,
        alpha=0.0,
    )
    surprise = []
    for row in held_out:
        labels = np.atleast_1d(row["labels"])
        with torch.no_grad():
            logits = student(torch.tensor([row["input_ids"]])).logits.double()
        log_q = logits.log_softmax(-1).reshape(-1, CLASSES).numpy()
        surprise += [-log_q[i, label] for i, label in enumerate(labels) if label != -100]
    assert trainer.evaluate(held_out)["eval_loss"] == pytest.approx(np.mean(surprise), rel=1e-5)


def test_where_no_row_is_labelled_no_loss_of_labels_is_made_up(tmp_path, tokenizer):
    held_out = sentences(6, unlabelled=tuple(range(6)))
    options = {"max_steps": 1, "per_device_eval_batch_size": 4}
    taught = distil(tmp_path, tokenizer, sentences(), options=options, teacher=bert(0))
    found = taught.evaluate(held_out)
    assert found["eval_loss"] == found["eval_soft_loss"] > 0
    alone = distil(tmp_path, tokenizer, sentences(), options=options, alpha=0.0)
    assert "eval_loss" not in alone.evaluate(held_out)


def test_predictions_come_in_the_order_of_the_rows(tmp_path, tokenizer):
    rows = sentences()
    trainer = distil(tmp_path, tokenizer, rows, options={"max_steps": 1}, teacher=bert(0))
    unlabelled = [{"input_ids": row["input_ids"], "teacher_logits": [0.0] * 3} for row in rows]
    for given in (rows, unlabelled):
        predicted = torch.from_numpy(trainer.predict(given).predictions)
        with torch.no_grad():
            alone = [trainer.model(torch.tensor([row["input_ids"]])).logits[0] for row in rows]
        torch.testing.assert_close(predicted, torch.stack(alone), **TO_FLOAT)


def test_a_data_set_of_the_library_is_trained_on_as_a_list_is(tmp_path, tokenizer):
    datasets = pytest.importorskip("datasets")
    rows = sentences()
    table = datasets.Dataset.from_list([row | {"text": "left aside"} for row in rows])
    outputs = cached_teacher_outputs(bert(0), table, tokenizer, folder=tmp_path, progress=False)
    from_list = distil(tmp_path, tokenizer, rows, teacher_outputs=outputs)
    from_table = distil(tmp_path, tokenizer, table, teacher_outputs=outputs, eval_dataset=table)
    assert_same_weights(from_list.model, from_table.model, **EXACTLY)
    assert from_table.evaluate()["eval_loss"] == pytest.approx(
        from_list.evaluate(rows)["eval_loss"]
    )


# -- interruptions ----------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["group_by_length", "random"])
def test_a_loaders_order_does_not_depend_on_what_was_drawn_before(tmp_path, tokenizer, strategy):
    options = {"max_steps": 1, "train_sampling_strategy": strategy}
    trainer = distil(tmp_path, tokenizer, sentences(40), options=options, alpha=0)
    orders = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        batches = trainer.get_train_dataloader()
        orders.append([batch["input_ids"].tolist() for batch in batches])
    assert orders[0] == orders[1]


@pytest.mark.parametrize("save_steps", [2, 3])  # within the second epoch, and where it begins
def test_a_run_in_random_order_is_resumed_in_the_same_order(tmp_path, tokenizer, save_steps):
    options = {"train_sampling_strategy": "random", "save_strategy": "steps"}
    options |= {"save_steps": save_steps, "max_steps": 6}
    whole = distil(tmp_path, tokenizer, sentences(), options=options, alpha=0)
    shutil.rmtree(tmp_path / "checkpoint-6")
    again = DistillationTrainer(
        model=bert(5, dropout=0.1),
        args=whole.args,
        train_dataset=sentences(),
        processing_class=tokenizer,
        alpha=0,
    )
    again.train(resume_from_checkpoint=True)
    assert_same_weights(whole.model, again.model, **EXACTLY)


@pytest.mark.parametrize("strategy", ["group_by_length", "random"])
def test_an_epochs_order_depends_on_seed_and_epoch_alone(tmp_path, tokenizer, strategy):
    options = {"max_steps": 1, "train_sampling_strategy": strategy}
    trainer = distil(tmp_path, tokenizer, sentences(40), options=options, alpha=0)
    sampler = trainer._get_train_sampler()
    first = list(sampler)
    torch.rand(5)
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert sorted(sampler) == list(range(40))


@pytest.mark.thorough
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the killed runs are forked")
def test_killed_again_and_again_a_run_ends_with_the_same_weights(tmp_path):
    script = Path(__file__).with_name("killed_training.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path, "plain"], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["kills"] >= 3
    assert told["resumed_from"] and max(told["resumed_from"]) > 5
    whole, killed = (
        (tmp_path / run / "model.safetensors").read_bytes() for run in ("whole", "killed")
    )
    assert whole == killed


@pytest.fixture
def checkpoints(tmp_path, tokenizer):
    options = {"save_strategy": "steps", "save_steps": 2, "max_steps": 6}
    distil(tmp_path, tokenizer, sentences(), options=options, teacher=bert(0))
    return tmp_path


def cut(file: Path):
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: cut(folder / "model.safetensors"),
        lambda folder: cut(folder / "optimizer.pt"),
        lambda folder: cut(folder / "trainer_state.json"),
        lambda folder: (folder / "trainer_state.json").unlink(),
        lambda folder: [file.unlink() for file in folder.iterdir()],
    ],
)
def test_a_checkpoint_cut_short_is_passed_over(checkpoints, harm):
    assert last_checkpoint(checkpoints) == str(checkpoints / "checkpoint-6")
    harm(checkpoints / "checkpoint-6")
    assert last_checkpoint(checkpoints) == str(checkpoints / "checkpoint-4")


def test_resume_true_takes_the_last_whole_checkpoint(checkpoints, tokenizer):
    weights = checkpoints / "checkpoint-6" / "model.safetensors"
    undisturbed = weights.read_bytes()
    cut(weights)
    trainer = DistillationTrainer(
        model=bert(5, dropout=0.1),
        args=training_arguments(
            checkpoints,
            **{"per_device_train_batch_size": 8, "max_steps": 6, "learning_rate": 1e-2},
            **{"save_strategy": "steps", "save_steps": 2, "logging_steps": 1},
            **{"disable_tqdm": True, "use_cpu": True},
        ),
        teacher=bert(0),
        train_dataset=sentences(),
        processing_class=tokenizer,
    )
    trainer.train(resume_from_checkpoint=True)
    assert weights.read_bytes() == undisturbed
    assert [entry["step"] for entry in trainer.state.log_history if "soft_loss" in entry] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]


def test_without_a_checkpoint_there_is_nothing_to_resume(tmp_path):
    assert last_checkpoint(tmp_path) is None
    assert last_checkpoint(tmp_path / "nowhere") is None
