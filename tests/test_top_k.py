"""A teacher's best words for every token, kept: what a student learns from them, and what a kill costs."""

from __future__ import annotations

import pytest
import torch
from tiny_models import WORDS, causal, encoder_decoder, letters, prompts, targets
from transformers import (
    DataCollatorForTokenClassification,
    DataCollatorWithFlattening,
    LlamaForCausalLM,
)

from kd_course.distillation import (
    DistillationTrainer,
    Seq2SeqDistillationTrainer,
    add_teacher_logits,
    cached_teacher_outputs,
    seq2seq_training_arguments,
    training_arguments,
)
from kd_course.losses import top_k_of, top_k_target_loss

SGD = {"optim": "sgd", "lr_scheduler_type": "constant", "learning_rate": 0.1, "max_grad_norm": 0}
TO_FLOAT = {"rtol": 1e-4, "atol": 2e-6}


@pytest.fixture(scope="module")
def tokenizer():
    return letters()


def keep(teacher, rows, tokenizer, folder, **options):
    options = {"top_k": WORDS, "batch_size": 4, **options}
    return cached_teacher_outputs(
        teacher, rows, tokenizer, folder=folder, progress=False, **options
    )


def distil(folder, tokenizer, rows, *, student=None, kind=DistillationTrainer, steps=3, **given):
    arguments = training_arguments if kind is DistillationTrainer else seq2seq_training_arguments
    trainer = kind(
        model=student or causal(1),
        args=arguments(
            folder,
            **SGD,
            per_device_train_batch_size=8,
            train_sampling_strategy="sequential",
            max_steps=steps,
            logging_steps=1,
            disable_tqdm=True,
            use_cpu=True,
        ),
        train_dataset=rows,
        processing_class=tokenizer,
        **given,
    )
    trainer.train()
    return trainer


def assert_same_weights(one, other):
    ours, theirs = one.model.state_dict(), other.model.state_dict()
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], **TO_FLOAT)


def flattened(rows):
    return DataCollatorWithFlattening(return_tensors="pt")(rows)


def padded_left(rows):
    tokenizer = letters()
    tokenizer.padding_side = "left"
    batch = DataCollatorForTokenClassification(tokenizer)(rows)
    # Where a text begins is told, so that it is what it is with the padding on the right.
    batch["position_ids"] = (batch["attention_mask"].cumsum(-1) - 1).clamp(min=0)
    return batch


@pytest.mark.parametrize("collate", [None, flattened, padded_left])
def test_all_words_kept_teach_what_a_live_teacher_does(tmp_path, tokenizer, collate):
    teacher, rows = causal(0, "llama"), prompts(16)
    given = {"data_collator": collate, "temperature": 3.0, "alpha": 0.7}
    outputs = keep(teacher, rows, tokenizer, tmp_path)
    students = [causal(1, "llama") for _ in range(2)]
    live = distil(tmp_path, tokenizer, rows, student=students[0], teacher=teacher, **given)
    kept = distil(tmp_path, tokenizer, rows, student=students[1], teacher_outputs=outputs, **given)
    assert_same_weights(live, kept)


def test_the_loss_is_that_of_the_words_kept(tmp_path, tokenizer):
    teacher, student, rows = causal(0), causal(1), prompts(8)
    outputs = keep(teacher, rows, tokenizer, tmp_path, top_k=5)
    batch = DataCollatorForTokenClassification(tokenizer)(rows)
    labels = batch.pop("labels")
    with torch.no_grad():
        one, other = (model(**batch).logits[:, :-1] for model in (student, teacher))
    said = top_k_target_loss(
        one, top_k_of(other, 5, temperature=2.0), temperature=2.0, mask=labels[:, 1:] != -100
    )
    trainer = distil(
        tmp_path, tokenizer, rows, student=student, teacher_outputs=outputs, alpha=1, steps=1
    )
    assert trainer.state.log_history[0]["loss"] == pytest.approx(said.item(), rel=1e-5)


def test_a_translators_words_are_kept_by_its_labels(tmp_path, tokenizer):
    teacher, rows = encoder_decoder(0), targets(16)
    outputs = keep(teacher, rows, tokenizer, tmp_path)
    live, kept = (
        distil(
            tmp_path,
            tokenizer,
            rows,
            student=encoder_decoder(1),
            kind=Seq2SeqDistillationTrainer,
            **given,
        )
        for given in ({"teacher": teacher}, {"teacher_outputs": outputs})
    )
    assert_same_weights(live, kept)


class Stopping(LlamaForCausalLM):
    """It is interrupted at the batch after so many, and counts the rows that it was asked."""

    left, asked = 10**9, 0

    def forward(self, input_ids=None, **options):
        if Stopping.left == 0:
            raise KeyboardInterrupt
        Stopping.left -= 1
        Stopping.asked += len(input_ids)
        return super().forward(input_ids, **options)


def test_an_interrupted_teacher_goes_on_where_it_was(tmp_path, tokenizer):
    teacher, rows = causal(0, "llama", Stopping), prompts(22)
    Stopping.left, Stopping.asked = 3, 0
    with pytest.raises(KeyboardInterrupt):
        keep(teacher, rows, tokenizer, tmp_path)
    assert Stopping.asked == 12
    Stopping.left = 10**9
    again = keep(teacher, rows, tokenizer, tmp_path)
    assert Stopping.asked == 22
    whole = keep(causal(0, "llama"), rows, tokenizer, tmp_path / "elsewhere")
    for one, other in zip(again.of(rows, 2.0), whole.of(rows, 2.0), strict=True):
        assert torch.equal(one.ids[:, 0], other.ids[:, 0])
        torch.testing.assert_close(one.logits, other.logits, **TO_FLOAT)
    keep(teacher, rows[::-1], tokenizer, tmp_path)
    assert Stopping.asked == 22  # all is known


def test_a_damaged_file_is_asked_again(tmp_path, tokenizer):
    teacher, rows = causal(0), prompts(6)
    first = keep(teacher, rows, tokenizer, tmp_path)
    (file,) = tmp_path.rglob("*.safetensors")
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.warns(UserWarning, match="damaged"):
        second = keep(teacher, rows, tokenizer, tmp_path)
    assert torch.equal(first.of(rows, 2.0)[0].logits, second.of(rows, 2.0)[0].logits)


def test_it_says_how_many_bytes_a_token_takes(tmp_path, tokenizer):
    outputs = keep(causal(0), prompts(6), tokenizer, tmp_path, top_k=64)
    assert outputs.bytes_per_token == 64 * (4 + 4) + 7 * 4 == 540
    assert "bytes_per_token=540" in repr(outputs)
    tokens = sum(len(row["input_ids"]) for row in prompts(6))
    (file,) = tmp_path.rglob("*.safetensors")
    assert file.stat().st_size < 540 * tokens + 2000


def test_a_temperature_that_was_not_kept_is_refused(tmp_path, tokenizer):
    rows = prompts(6)
    outputs = keep(causal(0), rows, tokenizer, tmp_path, top_k=5)
    with pytest.raises(ValueError, match=r"1, 2, 3.*but is 2.5.*temperatures=\(2.5,\)"):
        distil(tmp_path, tokenizer, rows, teacher_outputs=outputs, temperature=2.5)
    other = keep(causal(0), rows, tokenizer, tmp_path, top_k=5, temperatures=(2.5,))
    distil(tmp_path, tokenizer, rows, teacher_outputs=other, temperature=2.5, steps=1)


def test_what_cannot_be_kept_or_taken_is_refused(tmp_path, tokenizer):
    rows = prompts(6)
    with pytest.raises(ValueError, match="k must lie in 1 … 100"):
        keep(causal(0), rows, tokenizer, tmp_path, top_k=101)
    with pytest.raises(ValueError, match="text_column.*lesson 14"):
        texts = [{"text": "a b"}]
        keep(causal(0), texts, tokenizer, tmp_path, text_column="text", max_length=8)
    outputs = keep(causal(0), rows, tokenizer, tmp_path, top_k=5)
    with pytest.raises(TypeError, match="teacher_outputs="):
        add_teacher_logits(rows, outputs)
    with pytest.raises(KeyError, match="was not asked"):
        outputs.of(prompts(3, seed=9), 2.0)


def test_a_teacher_of_a_padded_vocabulary_is_cut_when_it_is_kept(tmp_path, tokenizer):
    rows = prompts(8)
    outputs = keep(causal(0, vocab_size=128), rows, tokenizer, tmp_path, top_k=5)
    with pytest.raises(ValueError, match="words=100"):
        distil(tmp_path, tokenizer, rows, teacher_outputs=outputs)
    cut = keep(causal(0, vocab_size=128), rows, tokenizer, tmp_path, top_k=5, words=100)
    assert max(said.ids.max().item() for said in cut.of(rows, 2.0)) < 100
    distil(tmp_path, tokenizer, rows, teacher_outputs=cut, steps=1)


# -- vocabularies of two sizes, live ----------------------------------------------------------


@pytest.mark.parametrize("sizes", [(128, WORDS), (WORDS, 128)])
def test_common_words_are_compared_and_the_rest_is_told(tmp_path, tokenizer, sizes):
    teacher, student = (causal(seed, vocab_size=size) for seed, size in enumerate(sizes))
    rows = prompts(8)
    with pytest.raises(ValueError, match='vocabulary="common"'):
        distil(tmp_path, tokenizer, rows, student=student, teacher=teacher)

    batch = DataCollatorForTokenClassification(tokenizer)(rows)
    labels = batch.pop("labels")[:, 1:]
    counts = (labels != -100).numpy()
    with torch.no_grad():
        z, y = (m(**batch).logits[:, :-1].double().numpy()[counts] / 2 for m in (teacher, student))
    import numpy as np

    def softmax(a):
        return np.exp(a) / np.exp(a).sum(-1, keepdims=True)

    wide, name = (z, "teacher") if sizes[0] > sizes[1] else (y, "student")
    left_out = softmax(wide)[:, WORDS:].sum(-1).mean()
    p, q = softmax(z[:, :WORDS]), softmax(y[:, :WORDS])
    by_hand = 4 * (p * np.log(p / q)).sum(-1).mean()
    trainer = distil(
        tmp_path,
        tokenizer,
        rows,
        student=student,
        teacher=teacher,
        vocabulary="common",
        steps=1,
    )
    logged = trainer.state.log_history[0]
    assert logged["soft_loss"] == pytest.approx(by_hand, rel=1e-4)
    assert logged[f"{name}_mass_left_out"] == pytest.approx(left_out, rel=1e-4)


def test_of_equal_vocabularies_nothing_is_left_out(tmp_path, tokenizer):
    rows = prompts(8)
    trainer = distil(tmp_path, tokenizer, rows, teacher=causal(0), vocabulary="common", steps=1)
    plain = distil(tmp_path, tokenizer, rows, teacher=causal(0), steps=1)
    assert trainer.state.log_history[0]["loss"] == plain.state.log_history[0]["loss"]
    assert not any("left_out" in name for name in trainer.state.log_history[0])
    with pytest.raises(ValueError, match='"same" or "common"'):
        distil(tmp_path, tokenizer, rows, teacher=causal(0), vocabulary="both")
