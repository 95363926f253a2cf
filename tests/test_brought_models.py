"""Models as people bring them, and what would go wrong with them without a word."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from tiny_models import (
    CLASSES,
    WORDS,
    bert,
    causal,
    encoder_decoder,
    letters,
    prompts,
    sentences,
    targets,
)
from transformers import (
    BertForSequenceClassification,
    BertForTokenClassification,
    DataCollatorForSeq2Seq,
    EarlyStoppingCallback,
    GPT2Config,
    GPT2ForSequenceClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
    Trainer,
    set_seed,
)

from kd_course import models, translation
from kd_course.distillation import (
    DistillationTrainer,
    Seq2SeqDistillationTrainer,
    SpanDistillationTrainer,
    cached_teacher_outputs,
    last_checkpoint,
    predict_logits,
    seq2seq_training_arguments,
    training_arguments,
)
from kd_course.distillation.asking import arguments_for
from kd_course.distillation.batches import longest_input
from kd_course.translation.search import translate_batch

NAMES = ["negative", "neutral", "positive"]


@pytest.fixture(scope="module")
def tokenizer():
    return letters()


def arguments(folder, **options):
    options = {"max_steps": 1, "per_device_train_batch_size": 8, **options}
    return training_arguments(folder, **options, disable_tqdm=True, use_cpu=True)


def distil(folder, tokenizer, *, student=None, rows=None, options=None, train=True, **given):
    trainer = DistillationTrainer(
        model=student or bert(1),
        args=arguments(folder, **(options or {})),
        train_dataset=sentences(8) if rows is None else rows,
        processing_class=tokenizer,
        **given,
    )
    if train:
        trainer.train()
    return trainer


def named(names, seed=0, **config):
    return bert(seed, id2label=dict(enumerate(names)), **config)


def words(order):
    """A tokenizer of the same size, whose words are numbered in another order."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = letters().get_vocab()
    kept = {word: n for word, n in vocabulary.items() if n < 5}
    rest = [word for word in sorted(vocabulary) if word not in kept]
    kept |= {word: n for n, word in enumerate(rest[::order], start=5)}
    tokenizer = Tokenizer(models.WordLevel(kept, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")


# -- what would be a wrong number without a word ----------------------------------------------


def test_outputs_of_a_teacher_with_another_order_of_classes_are_refused(tmp_path, tokenizer):
    rows = sentences(8)
    outputs = cached_teacher_outputs(
        named(NAMES[::-1]), rows, tokenizer, folder=tmp_path, progress=False
    )
    with pytest.raises(ValueError, match="number the classes"):
        distil(tmp_path, tokenizer, student=named(NAMES, 1), rows=rows, teacher_outputs=outputs)
    distil(
        tmp_path,
        tokenizer,
        student=named([name.upper() for name in NAMES[::-1]], 1),  # capitals are no difference
        rows=rows,
        teacher_outputs=outputs,
    )


def test_names_are_not_written_over_a_trained_head(tmp_path, tokenizer):
    named(NAMES).save_pretrained(tmp_path / "head")
    tokenizer.save_pretrained(tmp_path / "head")
    loaded, _ = models.load(str(tmp_path / "head"))
    assert list(loaded.config.id2label.values()) == NAMES
    models.load(str(tmp_path / "head"), NAMES)
    with pytest.raises(ValueError, match="in its order, .*'negative', 'neutral', 'positive'"):
        models.load(str(tmp_path / "head"), NAMES[::-1])
    with pytest.raises(TypeError, match="one text"):
        models.load(str(tmp_path / "head"), "negative")


def test_a_checkpoint_in_half_precision_is_loaded_in_full(tmp_path, tokenizer):
    bert(0).bfloat16().save_pretrained(tmp_path / "half")
    tokenizer.save_pretrained(tmp_path / "half")
    loaded, _ = models.load(str(tmp_path / "half"))
    assert {weight.dtype for weight in loaded.parameters()} == {torch.float32}
    with pytest.warns(UserWarning, match="bfloat16.*model.float"):
        distil(tmp_path, tokenizer, student=bert(1).bfloat16(), teacher=bert(0), train=False)


def test_another_tokenizer_of_the_same_size_is_noticed(tmp_path, tokenizer):
    rows, other = sentences(8), words(-1)
    assert len(other.get_vocab()) == len(tokenizer.get_vocab())
    outputs = cached_teacher_outputs(bert(0), rows, other, folder=tmp_path, progress=False)
    with pytest.raises(ValueError, match="number the words.*text_column"):
        distil(tmp_path, tokenizer, rows=rows, teacher_outputs=outputs)

    bert(0).save_pretrained(tmp_path / "teacher")
    other.save_pretrained(tmp_path / "teacher")
    teacher, _ = models.load(str(tmp_path / "teacher"))
    with pytest.raises(ValueError, match="number the words.*text_column"):
        distil(tmp_path, tokenizer, rows=rows, teacher=teacher)
    tokenizer.save_pretrained(tmp_path / "teacher")
    distil(tmp_path, tokenizer, rows=rows, teacher=models.load(str(tmp_path / "teacher"))[0])


def test_labels_padded_with_a_token_are_refused(tmp_path, tokenizer):
    def pad_with_zero(rows):
        batch = DataCollatorForSeq2Seq(tokenizer)(rows)
        batch["labels"][batch["labels"] == -100] = 0
        return batch

    trainer = Seq2SeqDistillationTrainer(
        model=encoder_decoder(1),
        args=seq2seq_training_arguments(tmp_path, max_steps=1, disable_tqdm=True, use_cpu=True),
        teacher=encoder_decoder(0),
        train_dataset=targets(8),
        data_collator=pad_with_zero,
    )
    with pytest.raises(ValueError, match="labels must be -100 in the padding"):
        trainer.train()


# -- models as people bring them --------------------------------------------------------------


def roberta():
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    shape |= {"intermediate_size": 32, "max_position_embeddings": 34, "vocab_size": WORDS}
    set_seed(0)
    config = RobertaConfig(**shape, num_labels=CLASSES, pad_token_id=1)
    return RobertaForSequenceClassification(config).eval()


def test_roberta_reads_two_tokens_less_than_it_has_positions(tmp_path):
    tokenizer = letters()
    tokenizer.pad_token = "[UNK]"
    long = " ".join("a" * 60)
    assert longest_input(roberta(), tokenizer) == 32
    assert predict_logits(roberta(), [long, "a b"], tokenizer).shape == (2, CLASSES)
    cached_teacher_outputs(
        roberta(), [{"text": long}], tokenizer, folder=tmp_path, text_column="text", progress=False
    )


def test_a_tokenizer_without_a_length_is_cut_where_the_teacher_ends(tmp_path, tokenizer):
    assert tokenizer.model_max_length > 10**20
    rows = [{"text": " ".join("a" * 600)}, {"text": "a b"}]
    outputs = cached_teacher_outputs(
        bert(0), rows, tokenizer, folder=tmp_path, text_column="text", progress=False
    )
    assert outputs.logits.shape == (2, CLASSES)


@pytest.mark.parametrize("wrap", [torch.compile, torch.nn.DataParallel])
def test_a_wrapped_teacher_is_asked_as_it_is_alone(tmp_path, tokenizer, wrap):
    teacher = wrap(bert(0))
    assert {"input_ids", "token_type_ids"} <= arguments_for(teacher)
    if wrap is torch.compile:
        return  # to compile takes longer than to train
    live = distil(tmp_path, tokenizer, teacher=teacher)
    plain = distil(tmp_path, tokenizer, teacher=bert(0))
    assert live.state.log_history[-1]["train_loss"] == plain.state.log_history[-1]["train_loss"]


def test_a_decoder_that_classifies_is_told_which_token_pads(tmp_path, tokenizer):
    set_seed(0)
    config = GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=WORDS, num_labels=CLASSES)
    teacher, rows = GPT2ForSequenceClassification(config).eval(), sentences(6)
    assert teacher.config.pad_token_id is None
    with torch.no_grad():
        alone = [teacher(torch.tensor([row["input_ids"]])).logits[0].numpy() for row in rows]
    with pytest.warns(UserWarning, match="pad_token_id was None"):
        said = cached_teacher_outputs(teacher, rows, tokenizer, folder=tmp_path, progress=False)
    np.testing.assert_allclose(said.of(rows).numpy(), alone, rtol=1e-4, atol=1e-6)


def test_checkpoints_are_told_from_files_of_like_names(tmp_path):
    for name in ("checkpoint-best", "checkpoint-v2", "checkpoint-1e5", "checkpoint-7-old"):
        (tmp_path / name).mkdir()
    (tmp_path / "checkpoint-9").write_text("a file")
    assert last_checkpoint(tmp_path) is None
    whole = tmp_path / "checkpoint-3"
    whole.mkdir()
    (whole / "trainer_state.json").write_text(json.dumps({"global_step": 3}))
    torch.save({}, whole / "optimizer.pt")
    assert last_checkpoint(tmp_path) == str(whole)
    shutil.copytree(whole, tmp_path / "checkpoint-copy-5")
    assert last_checkpoint(tmp_path) == str(whole)


def test_a_t5_translates_and_rewrites(tmp_path, tokenizer):
    teacher = encoder_decoder(0, "t5")
    sources = ["a b c", "d e", "f"]
    assert len(translation.translate(teacher, tokenizer, sources, longest=6)) == 3
    assert tokenizer.eos_token_id is None
    with pytest.warns(UserWarning, match="had not ended"):
        lines = translation.rewrite(
            teacher, tokenizer, sources, tmp_path / "lines", longest=6, beams=2, progress=False
        )
    assert [len(line) for line in lines] == [1, 1, 1]
    teacher.generation_config.eos_token_id = None
    with pytest.raises(ValueError, match="which token ends a text"):
        translate_batch(
            teacher, tokenizer, [[5, 6]], beams=1, candidates=1, longest=4, whole_only=True
        )


def test_a_t5_of_a_padded_vocabulary_teaches_the_words_that_both_know(tmp_path, tokenizer):
    options = {"max_steps": 1, "logging_steps": 1, "use_cpu": True, "disable_tqdm": True}
    trainer = Seq2SeqDistillationTrainer(
        model=encoder_decoder(1, "t5"),
        args=seq2seq_training_arguments(tmp_path, **options),
        teacher=encoder_decoder(0, "t5", vocab_size=128),
        vocabulary="common",
        train_dataset=targets(8),
        processing_class=tokenizer,
    )
    trainer.train()
    assert 0 < trainer.state.log_history[0]["teacher_mass_left_out"] < 1


# -- other tasks ------------------------------------------------------------------------------


def test_a_regression_is_refused_and_what_is_said_instead_works(tmp_path, tokenizer):
    rows = [row | {"labels": float(row["labels"])} for row in sentences(8)]
    teacher, student = (bert(seed, num_labels=1) for seed in (0, 1))
    with pytest.raises(ValueError, match="is a regression.*alpha \\* teacher_scores"):
        distil(tmp_path, tokenizer, student=student, rows=rows, teacher=teacher)
    said = predict_logits(teacher, rows, tokenizer)[:, 0]
    mixed = [
        row | {"labels": 0.5 * float(s) + 0.5 * row["labels"]}
        for row, s in zip(rows, said, strict=True)
    ]
    Trainer(
        model=student, args=arguments(tmp_path), train_dataset=mixed, processing_class=tokenizer
    ).train()


def test_several_labels_at_once_are_refused_and_what_is_said_instead_works(tmp_path, tokenizer):
    kind = {"problem_type": "multi_label_classification"}
    rows = [row | {"labels": [1.0, 0.0, 1.0]} for row in sentences(8)]
    teacher, student = (bert(seed, **kind) for seed in (0, 1))
    with pytest.raises(ValueError, match="multi-label.*sigmoid"):
        distil(tmp_path, tokenizer, student=student, rows=rows, teacher=teacher)
    said = torch.from_numpy(predict_logits(teacher, rows, tokenizer)).sigmoid()
    mixed = [
        row | {"labels": (0.5 * s + 0.5 * torch.tensor(row["labels"])).tolist()}
        for row, s in zip(rows, said, strict=True)
    ]
    Trainer(
        model=student, args=arguments(tmp_path), train_dataset=mixed, processing_class=tokenizer
    ).train()


def test_tokens_are_classified(tmp_path, tokenizer):
    rows = [row | {"labels": [-100, *[1] * (len(row["input_ids"]) - 1)]} for row in sentences(8)]
    teacher, student = (bert(seed, BertForTokenClassification) for seed in (0, 1))
    trainer = distil(tmp_path, tokenizer, student=student, rows=rows, teacher=teacher)
    assert trainer.state.log_history[-1]["train_loss"] > 0
    assert "eval_soft_loss" in trainer.evaluate(rows)


def test_windows_of_the_hugging_face_course_are_refused_with_three_lines(tmp_path, tokenizer):
    from transformers import BertForQuestionAnswering

    features = [
        {
            "input_ids": [5, 6, 7],
            "attention_mask": [1] * 3,
            "start_positions": 1,
            "end_positions": 2,
        }
    ]
    for rows in (features, Dataset.from_list(features)):
        with pytest.raises(ValueError, match=r"spans.windows(.|\n)*spans.labels(.|\n)*spans.rows"):
            SpanDistillationTrainer(
                model=bert(1, BertForQuestionAnswering, num_labels=2),
                args=arguments(tmp_path),
                teacher=bert(0, BertForQuestionAnswering, num_labels=2),
                train_dataset=rows,
                processing_class=tokenizer,
            )


# -- validation by the teacher ----------------------------------------------------------------


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("metric", ["eval_soft_loss", None])
def test_unlabelled_rows_are_enough_to_stop_early(tmp_path, tokenizer, live, metric):
    rows = [{"input_ids": row["input_ids"]} for row in sentences(30)]
    teacher = bert(0)
    given = {"teacher": teacher}
    if not live:
        outputs = cached_teacher_outputs(teacher, rows, tokenizer, folder=tmp_path, progress=False)
        given = {"teacher_outputs": outputs}
    options = {"max_steps": 30, "eval_strategy": "steps", "eval_steps": 1, "learning_rate": 3e-2}
    options |= {"save_strategy": "steps", "save_steps": 1, "save_total_limit": 2}
    options |= {"load_best_model_at_end": True, "metric_for_best_model": metric}
    trainer = distil(
        tmp_path,
        tokenizer,
        rows=rows[:20],
        eval_dataset=rows[20:],
        alpha=1,
        options=options,
        callbacks=[EarlyStoppingCallback(1)],
        **given,
    )
    found = [log["eval_soft_loss"] for log in trainer.state.log_history if "eval_loss" in log]
    assert len(found) < 30 and min(found) == pytest.approx(trainer.evaluate()["eval_soft_loss"])
    with torch.no_grad():
        z, y = (
            np.stack([m(torch.tensor([r["input_ids"]])).logits[0].double() for r in rows[20:]]) / 2
            for m in (teacher, trainer.model.eval())
        )
    p, q = (np.exp(a) / np.exp(a).sum(-1, keepdims=True) for a in (z, y))
    by_hand = 4 * (p * np.log(p / q)).sum(-1).mean()
    assert trainer.evaluate()["eval_soft_loss"] == pytest.approx(by_hand, rel=1e-4)


def test_unlabelled_rows_that_the_teacher_was_not_asked_are_named(tmp_path, tokenizer):
    rows = [{"input_ids": row["input_ids"]} for row in sentences(12)]
    outputs = cached_teacher_outputs(bert(0), rows[:8], tokenizer, folder=tmp_path, progress=False)
    trainer = distil(tmp_path, tokenizer, rows=rows[:8], alpha=1, teacher_outputs=outputs)
    with pytest.raises(ValueError, match="eval_dataset has no labels.*4 rows .*was not asked"):
        trainer.evaluate(rows[8:])


@pytest.mark.parametrize("name", ["label", "label_ids"])
def test_labels_under_a_name_that_collators_know_are_labels(tmp_path, tokenizer, name):
    rows = sentences(12)
    outputs = cached_teacher_outputs(bert(0), rows[:8], tokenizer, folder=tmp_path, progress=False)
    trainer = distil(tmp_path, tokenizer, rows=rows[:8], teacher_outputs=outputs)
    others = [{"input_ids": row["input_ids"], name: row["labels"]} for row in rows[8:]]
    found = trainer.evaluate(others)
    assert found["eval_loss"] == pytest.approx(trainer.evaluate(rows[8:])["eval_loss"])
    assert "eval_soft_loss" not in found


def test_several_validation_sets_are_each_looked_up(tmp_path, tokenizer):
    rows = sentences(12)
    outputs = cached_teacher_outputs(bert(0), rows, tokenizer, folder=tmp_path, progress=False)
    trainer = distil(
        tmp_path,
        tokenizer,
        rows=rows[:8],
        teacher_outputs=outputs,
        eval_dataset={"near": rows[:4], "far": rows[4:]},
    )
    found = trainer.evaluate()
    assert found["eval_near_soft_loss"] != found["eval_far_soft_loss"]


def test_an_evaluation_at_alpha_0_asks_no_teacher(tmp_path, tokenizer):
    class Forbidden(BertForSequenceClassification):
        def forward(self, *args, **kwargs):
            raise AssertionError("the teacher was asked")

    trainer = distil(tmp_path, tokenizer, alpha=0, teacher=bert(0, Forbidden))
    assert "eval_soft_loss" not in trainer.evaluate(sentences(6))


def test_a_folder_of_ones_own_is_not_taken_for_a_teacher_that_ships(
    tmp_path, tokenizer, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    named(NAMES).save_pretrained("news")
    tokenizer.save_pretrained("news")
    with pytest.raises(ValueError, match="'./news' is the folder"):
        models.load("news")
    assert models.load("./news")[0].config.hidden_size == 16
    monkeypatch.setattr(Path, "is_file", lambda path: True)  # as a disk that minds no capitals says
    assert models.encoders.source_of("News") == "News"


def test_a_folder_that_cannot_be_written_is_found_before_the_teacher_works(tmp_path, tokenizer):
    (tmp_path / "file").write_text("in the way")
    teacher = bert(0)
    teacher.register_forward_pre_hook(lambda *_: pytest.fail("the teacher was asked"))
    with pytest.raises(OSError, match="cannot be written.*KD_CACHE"):
        cached_teacher_outputs(
            teacher, sentences(3), tokenizer, folder=tmp_path / "file" / "cache", progress=False
        )


# -- any make of model ------------------------------------------------------------------------

MAKES = {  # how one is made, its rows, its trainer, and what the cache is asked besides
    "t5": (partial(encoder_decoder, kind="t5"), targets, Seq2SeqDistillationTrainer, {"top_k": 7}),
    "bart": (encoder_decoder, targets, Seq2SeqDistillationTrainer, {"top_k": 7}),
    "gpt2": (causal, prompts, DistillationTrainer, {"top_k": 7}),
    "llama": (partial(causal, kind="llama"), prompts, DistillationTrainer, {"top_k": 7}),
}


@pytest.mark.parametrize(
    "make, kept",
    [
        ("t5", False),
        ("t5", True),
        ("bart", True),
        ("gpt2", False),
        ("llama", False),
        ("llama", True),
    ],
)
def test_any_make_is_trained_stopped_early_and_kept_at_its_best(make, kept, tmp_path, tokenizer):
    model, rows_of, kind, asked = MAKES[make]
    rows, teacher = rows_of(24), model(0)
    said = {"teacher": teacher}
    if kept:
        asked = {"folder": tmp_path / "cache", "progress": False, **asked}
        said = {"teacher_outputs": cached_teacher_outputs(teacher, rows, tokenizer, **asked)}
    options = {"max_steps": -1, "num_train_epochs": 9, "learning_rate": 3.0, "optim": "sgd"}
    options |= {"max_grad_norm": 0.0, "eval_strategy": "epoch", "save_strategy": "epoch"}
    options |= {"load_best_model_at_end": True, "metric_for_best_model": "soft_loss"}
    trainer = kind(
        model=model(1),
        args=(
            seq2seq_training_arguments if kind is Seq2SeqDistillationTrainer else training_arguments
        )(
            tmp_path / "runs",
            per_device_train_batch_size=8,
            use_cpu=True,
            disable_tqdm=True,
            **options,
        ),
        train_dataset=rows[:16],
        eval_dataset=rows[16:],
        processing_class=tokenizer,
        callbacks=[EarlyStoppingCallback(1)],
        **said,
    )
    trainer.train()
    seen = [
        entry["eval_soft_loss"] for entry in trainer.state.log_history if "eval_soft_loss" in entry
    ]
    assert len(seen) < 9 and seen[-1] > min(seen)  # such a rate does harm, and it was stopped
    assert trainer.evaluate()["eval_soft_loss"] == pytest.approx(min(seen), rel=1e-5)
