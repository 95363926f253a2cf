"""Causal language models: the labels beside the tokens, the shift inside the trainer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_models import bert, causal, letters, prompts
from transformers import (
    BertForMaskedLM,
    DataCollatorForTokenClassification,
    DataCollatorWithFlattening,
    LlamaForCausalLM,
)

from kd_course.distillation import DistillationTrainer, training_arguments
from kd_course.distillation.labels import next_token_labels
from kd_course.losses import distillation_loss

SGD = {"optim": "sgd", "lr_scheduler_type": "constant", "learning_rate": 0.1, "max_grad_norm": 0}


@pytest.fixture(scope="module")
def tokenizer():
    return letters()


def distil(folder, tokenizer, rows, *, student=None, options=None, **distillation):
    options = {"per_device_train_batch_size": 8, "max_steps": 1, **SGD, **(options or {})}
    trainer = DistillationTrainer(
        model=student or causal(1),
        args=training_arguments(
            folder,
            **{"train_sampling_strategy": "sequential", "logging_steps": 1, **options},
            disable_tqdm=True,
            use_cpu=True,
        ),
        train_dataset=rows,
        processing_class=tokenizer,
        **distillation,
    )
    trainer.train()
    return trainer


def logged(trainer, name="loss"):
    return trainer.state.log_history[0][name]


def weights(trainer):
    return {name: weight.clone() for name, weight in trainer.model.state_dict().items()}


def assert_same(one, other, **tolerance):
    for name, weight in one.items():
        torch.testing.assert_close(weight, other[name], **tolerance)


TO_FLOAT = {"rtol": 1e-4, "atol": 2e-6}


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_the_loss_is_that_of_a_shift_by_hand_to_the_last_bit(tmp_path, tokenizer, kind):
    teacher, student, rows = causal(0, kind), causal(1, kind), prompts(8)
    batch = DataCollatorForTokenClassification(tokenizer)(rows)
    labels = batch.pop("labels")
    with torch.no_grad():
        one, other = (model(**batch).logits[:, :-1] for model in (student, teacher))
        answer = labels[:, 1:]
        by_hand = distillation_loss(
            one, other, answer, temperature=3.0, alpha=0.3, mask=answer != -100
        )
    trainer = distil(
        tmp_path, tokenizer, rows, student=student, teacher=teacher, temperature=3.0, alpha=0.3
    )
    assert logged(trainer) == by_hand.item()


def test_the_loss_is_numpys_in_double_precision(tmp_path, tokenizer):
    teacher, student, rows = causal(0), causal(1), prompts(6)
    soft, hard = [], []
    for row in rows:
        ids = torch.tensor([row["input_ids"]])
        with torch.no_grad():
            z, y = (model(ids).logits[0].double().numpy() for model in (teacher, student))
        for place, label in enumerate(row["labels"][1:]):
            if label == -100:
                continue
            log_p, log_q = (a[place] / 2 - np.logaddexp.reduce(a[place] / 2) for a in (z, y))
            soft.append(4 * (np.exp(log_p) * (log_p - log_q)).sum())
            hard.append(np.logaddexp.reduce(y[place]) - y[place][label])
    trainer = distil(tmp_path, tokenizer, rows, student=student, teacher=teacher)
    assert logged(trainer, "soft_loss") == pytest.approx(np.mean(soft), rel=1e-5)
    assert logged(trainer, "hard_loss") == pytest.approx(np.mean(hard), rel=1e-5)


def test_prompt_and_padding_are_out_of_both_parts(tmp_path, tokenizer):
    """Whatever stands for padding, and on which side: the same weights."""

    def collate(rows):
        batch = DataCollatorForTokenClassification(tokenizer)(rows)
        batch["input_ids"][batch["attention_mask"] == 0] = 7
        return batch

    given = {"options": {"max_steps": 3}}
    plain = distil(tmp_path, tokenizer, prompts(8), teacher=causal(0), **given)
    other = distil(
        tmp_path, tokenizer, prompts(8), teacher=causal(0), data_collator=collate, **given
    )
    assert_same(weights(plain), weights(other), **TO_FLOAT)

    nothing = [row | {"labels": [-100] * len(row["labels"])} for row in prompts(8)]
    silent = distil(tmp_path, tokenizer, nothing, teacher=causal(0))
    assert logged(silent) == 0


@pytest.mark.parametrize("batch, accumulated", [(4, 2), (1, 8)])
def test_accumulated_batches_are_one_large_batch(tmp_path, tokenizer, batch, accumulated):
    rows = prompts(20)

    def train(batch, accumulated):
        options = {"per_device_train_batch_size": batch, "max_steps": 3}
        options["gradient_accumulation_steps"] = accumulated
        return distil(tmp_path, tokenizer, rows, options=options, teacher=causal(0))

    whole, parts = train(8, 1), train(batch, accumulated)
    assert_same(weights(whole), weights(parts), **TO_FLOAT)
    assert logged(whole) == pytest.approx(logged(parts), rel=1e-4)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("separator", [-100, None])
def test_packed_texts_are_what_they_are_apart(tmp_path, tokenizer, kind, separator):
    """Also where the first token of each text keeps its label: the text before cannot know it."""

    def pack(rows):
        batch = DataCollatorWithFlattening(return_tensors="pt")(rows)
        if separator is None:
            batch["labels"] = batch["input_ids"].clone()
        return batch

    rows = prompts(8)
    if separator is None:
        rows = [row | {"labels": list(row["input_ids"])} for row in rows]
    trained = [
        distil(
            tmp_path,
            tokenizer,
            rows,
            student=causal(1, kind),
            teacher=causal(0, kind),
            **given,
        )
        for given in ({}, {"data_collator": pack})
    ]
    assert logged(trained[0]) == pytest.approx(logged(trained[1]), rel=1e-5)
    assert_same(weights(trained[0]), weights(trained[1]), **TO_FLOAT)


def test_texts_packed_under_a_mask_are_told_to_see_one_another(tmp_path, tokenizer):
    def pack(rows):
        batch = DataCollatorWithFlattening(return_tensors="pt")(rows)
        return batch | {"attention_mask": torch.ones_like(batch["input_ids"])}

    with pytest.warns(UserWarning, match="packed.*DataCollatorWithFlattening"):
        distil(tmp_path, tokenizer, prompts(8), teacher=causal(0), data_collator=pack)


def test_labels_move_one_position_forward():
    labels = torch.tensor([[1, 2, -100, 4, 5]])
    positions = torch.tensor([[0, 1, 2, 0, 1]])
    assert next_token_labels(labels).tolist() == [[2, -100, 4, 5, -100]]
    assert next_token_labels(labels, positions).tolist() == [[2, -100, -100, 5, -100]]
    assert labels.tolist() == [[1, 2, -100, 4, 5]]


class Renamed(LlamaForCausalLM):
    """As people derive a model of their own: its name says nothing."""


def test_a_class_made_from_a_causal_model_is_one(tmp_path, tokenizer):
    rows = prompts(8)
    named = distil(
        tmp_path, tokenizer, rows, student=causal(1, "llama"), teacher=causal(0, "llama")
    )
    renamed = Renamed(causal(1, "llama").config)
    renamed.load_state_dict(causal(1, "llama").state_dict())
    other = distil(tmp_path, tokenizer, rows, student=renamed, teacher=causal(0, "llama"))
    assert logged(named) == logged(other)


def test_a_teacher_that_fills_gaps_cannot_teach_the_next_token(tmp_path, tokenizer):
    with pytest.raises(ValueError, match="BertForMaskedLM.*next token"):
        distil(tmp_path, tokenizer, prompts(8), teacher=bert(0, BertForMaskedLM))


def test_labelled_padding_is_refused(tmp_path, tokenizer):
    def pad_with_zero(rows):
        batch = DataCollatorForTokenClassification(tokenizer)(rows)
        batch["labels"][batch["attention_mask"] == 0] = 0
        return batch

    with pytest.raises(ValueError, match="labels must be -100 in the padding"):
        distil(tmp_path, tokenizer, prompts(8), teacher=causal(0), data_collator=pad_with_zero)


def test_an_evaluation_is_a_mean_over_answer_tokens(tmp_path, tokenizer):
    held_out = prompts(11, seed=5)
    trainer = distil(
        tmp_path,
        tokenizer,
        prompts(8),
        teacher=causal(0),
        options={"per_device_eval_batch_size": 4},
    )
    losses = []
    for row in held_out:
        with torch.no_grad():
            logits = trainer.model(torch.tensor([row["input_ids"]])).logits[0, :-1]
        labels = torch.tensor(row["labels"][1:])
        losses += torch.nn.functional.cross_entropy(
            logits[labels != -100], labels[labels != -100], reduction="none"
        ).tolist()
    assert trainer.evaluate(held_out)["eval_loss"] == pytest.approx(np.mean(losses), rel=1e-5)
