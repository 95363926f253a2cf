"""The trainers that compare insides: which layers, which gradients, and where the projections are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tiny_models import WORDS, assert_same_weights, bert, causal, letters, prompts, sentences
from transformers import (
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertModel,
    DataCollatorWithFlattening,
    DataCollatorWithPadding,
    DistilBertConfig,
    DistilBertModel,
    RoFormerConfig,
    RoFormerModel,
)

from kd_course import models
from kd_course.distillation import (
    Attention,
    Contrastive,
    DistillationTrainer,
    HiddenStates,
    InsideDistillationTrainer,
    InsideSpanDistillationTrainer,
    Relations,
    add_teacher_logits,
    layer_map,
    training_arguments,
)
from kd_course.distillation.internals import ask_inside, refuse_impossible
from kd_course.losses import (
    attention_loss,
    contrastive_loss,
    distillation_loss,
    hidden_state_loss,
    relation_loss,
)

EXACTLY = {"rtol": 0, "atol": 0}
TO_FLOAT = {"rtol": 1e-4, "atol": 2e-6}
SGD = {"optim": "sgd", "lr_scheduler_type": "constant", "learning_rate": 0.1, "max_grad_norm": 0}
NARROW = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 16}


@pytest.fixture(scope="module")
def tokenizer():
    return letters()


def eager(model):
    model.set_attn_implementation("eager")
    return model


def deep(seed: int, **options):
    """A teacher of four layers."""
    return bert(seed, **{"num_hidden_layers": 4, **options})


def distil(
    folder,
    tokenizer,
    rows,
    *,
    student=None,
    options=None,
    resume=None,
    kind=InsideDistillationTrainer,
    start=True,
    **distillation,
):
    trainer = kind(
        model=student if student is not None else bert(1),
        args=training_arguments(
            folder,
            **{
                "per_device_train_batch_size": 8,
                "num_train_epochs": 2,
                "logging_steps": 1,
                "disable_tqdm": True,
                "use_cpu": True,
                **SGD,
                **(options or {}),
            },
        ),
        train_dataset=rows,
        processing_class=tokenizer,
        **distillation,
    )
    if start:
        trainer.train(resume_from_checkpoint=resume)
    return trainer


# -- which layer ------------------------------------------------------------------------------


def test_the_map_counts_from_one_and_ends_with_the_last_layer():
    assert layer_map(2, 4) == {1: 2, 2: 4}
    assert layer_map(4, 12) == {1: 3, 2: 6, 3: 9, 4: 12}  # TinyBERT's g(m) = 3m
    assert layer_map(3, 4) == {1: 1, 2: 2, 3: 4}
    assert layer_map(4, 4) == {1: 1, 2: 2, 3: 3, 4: 4}
    assert layer_map(2, 4, kind="last") == {2: 4}
    assert layer_map(2, 4, kind="reversed") == {1: 4, 2: 2}
    with pytest.raises(ValueError, match="student_layers must lie in 1 … 4"):
        layer_map(5, 4)
    with pytest.raises(ValueError, match='"even", "last" or "reversed", but is \'skip\''):
        layer_map(2, 4, kind="skip")


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_the_map_goes_to_the_layers_that_are_copied(layers):
    teacher = deep(0)
    student = models.copy_layers(teacher, layers)
    for ours, theirs in layer_map(layers, 4).items():
        assert_same_weights(
            student.bert.encoder.layer[ours - 1], teacher.bert.encoder.layer[theirs - 1], **EXACTLY
        )


def batch_of(rows, tokenizer):
    return dict(DataCollatorWithPadding(tokenizer)(rows))


@pytest.mark.parametrize("kind", [HiddenStates, Attention, Relations, Contrastive])
def test_layer_k_of_a_copy_is_layer_k_of_the_teacher_and_no_other(tokenizer, kind):
    teacher = eager(deep(0))
    copied = eager(models.copy_layers(teacher, 4).eval())
    batch = batch_of(sentences(4), tokenizer)
    mask, ids = batch["attention_mask"].bool(), torch.arange(4)
    layers = range(0 if kind in (HiddenStates, Contrastive) else 1, 5)
    found = [
        ask_inside(model, batch, [kind(layer, layer) for layer in layers])[1]
        for model in (copied, teacher)
    ]
    for i, ours in enumerate(found[0]):
        losses = [kind(1, 1).loss(ours, theirs, mask, ids).item() for theirs in found[1]]
        assert min(losses) == losses[i]
        assert all(losses[i] < other - 1e-4 for j, other in enumerate(losses) if j != i)
        if kind is not Contrastive:
            assert losses[i] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("layer", [1, 2])
def test_what_is_read_is_what_transformers_and_the_weights_give(tokenizer, layer):
    model = eager(bert(0))
    batch = batch_of(sentences(5), tokenizer)
    kinds = [
        HiddenStates(0, layer),
        Attention(0, layer),
        Relations(0, layer),
        Contrastive(0, layer),
    ]
    _, (states, attention, relations, pooled) = ask_inside(model, batch, kinds)
    before = model.bert.embeddings(input_ids=batch["input_ids"])
    lowest = torch.where(batch["attention_mask"].bool(), 0.0, torch.finfo(torch.float32).min)
    for i in range(layer):
        block = model.bert.encoder.layer[i]
        part, entering = block.attention.self, before
        q, k, v = (getattr(part, name)(before) for name in ("query", "key", "value"))
        before = block(before, attention_mask=lowest[:, None, None])
    torch.testing.assert_close(states, before)
    for found, expected in zip(relations, (q, k, v), strict=True):
        torch.testing.assert_close(found, expected)
    heads = [x.unflatten(-1, (2, 8)).transpose(1, 2) for x in (q, k)]
    scores = heads[0] @ heads[1].transpose(-1, -2) / 8**0.5 + lowest[:, None, None]
    torch.testing.assert_close(attention, scores.softmax(-1))
    assert entering.shape == states.shape
    for row, length in enumerate(batch["attention_mask"].sum(1)):
        torch.testing.assert_close(pooled[row], states[row, :length].mean(0))


def test_relations_are_read_where_several_heads_share_a_key():
    """Queries are 16 wide there, keys and values 8: each is compared by itself."""
    student, teacher = (causal(seed, "llama", num_key_value_heads=1) for seed in (0, 1))
    ids = torch.arange(5, 15).view(2, 5)
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    compared, mask = Relations(1, 2, heads=2), batch["attention_mask"].bool()
    refuse_impossible([compared], student, teacher)
    _, (theirs,) = ask_inside(teacher, batch, [compared])
    _, (mine,) = ask_inside(student, batch, [Relations(1, 1, heads=2)])
    assert [part.shape[-1] for part in theirs] == [16, 8, 8]
    expected = sum(relation_loss(s, t, mask=mask, heads=2) for s, t in zip(mine, theirs))
    torch.testing.assert_close(compared.loss(mine, theirs, mask, ids[:, 0]), expected)
    with pytest.raises(ValueError, match="the student's width, 8 of the key, but is 16"):
        refuse_impossible([Relations(1, 2, heads=16)], student, teacher)
    refuse_impossible([Relations(1, 2, heads=16, of=("query",))], student, teacher)


def test_queries_keys_and_values_are_found_in_every_family():
    shape = {"vocab_size": WORDS, "num_hidden_layers": 2, "hidden_size": 16}
    roformer = RoFormerModel(
        RoFormerConfig(**shape, embedding_size=16, num_attention_heads=2, intermediate_size=32)
    )
    distilbert = DistilBertModel(
        DistilBertConfig(vocab_size=WORDS, n_layers=2, dim=16, n_heads=2, hidden_dim=32)
    )
    for model, first in (
        (roformer, roformer.encoder.layer[1].attention.self.query),
        (distilbert, distilbert.transformer.layer[1].attention.q_lin),
        (bert(0), None),
    ):
        found = models.queries_keys_values(model, 2)
        assert list(found) == ["query", "key", "value"]
        assert first is None or found["query"] is first
    with pytest.raises(ValueError, match="layer must lie in 1 … 2.*but is 0: 0 is the embeddings"):
        models.queries_keys_values(distilbert, 0)
    with pytest.raises(ValueError, match="not those of Linear"):
        models.queries_keys_values(torch.nn.Linear(2, 2), 1)


# -- the loss ---------------------------------------------------------------------------------

ALL = (
    HiddenStates(0, 0, weight=0.5),
    HiddenStates(2, 4, weight=2.0, kind="cosine"),
    Attention(1, 2, weight=3.0),
    Relations(2, 4, heads=4),
    Contrastive(2, 3, weight=0.7, temperature=0.5),
)


def insides(model, batch):
    """hidden_states, attentions, and queries, keys and values by layer, from the weights."""
    outputs = model(**batch, output_hidden_states=True, output_attentions=True)
    vectors = {
        layer: [
            getattr(block.attention.self, name)(outputs.hidden_states[layer - 1])
            for name in ("query", "key", "value")
        ]
        for layer, block in enumerate(model.bert.encoder.layer, start=1)
    }
    return outputs, vectors


@pytest.mark.parametrize("outputs_weight", [1.0, 0.25])
def test_a_step_goes_down_the_gradient_of_all_losses(tmp_path, tokenizer, outputs_weight):
    rows, teacher = sentences(8, unlabelled=(1, 5)), eager(deep(0))
    options = {"max_steps": 1}
    trainer = distil(
        tmp_path,
        tokenizer,
        rows,
        student=eager(bert(1, **NARROW)),
        teacher=teacher,
        comparisons=ALL,
        outputs_weight=outputs_weight,
        alpha=0.7,
        temperature=3.0,
        options=options,
        start=False,
    )
    assert sorted(trainer.projections) == ["0", "1", "4"]
    before = {name: part.weight.detach().clone() for name, part in trainer.projections.items()}
    trainer.train()

    student = eager(bert(1, **NARROW)).train()
    batch = batch_of(rows, tokenizer)
    labels, mask = batch.pop("labels"), batch["attention_mask"].bool()
    w = {name: weight.requires_grad_() for name, weight in before.items()}
    (ours, our_vectors), (theirs, their_vectors) = (insides(m, batch) for m in (student, teacher))

    def pooled(states):
        return torch.stack([row[keep].mean(0) for row, keep in zip(states, mask, strict=True)])

    parts = {
        "hidden states 0:0": hidden_state_loss(
            ours.hidden_states[0] @ w["0"].T, theirs.hidden_states[0], mask=mask
        ),
        "hidden states 2:4": hidden_state_loss(
            ours.hidden_states[2] @ w["1"].T, theirs.hidden_states[4], mask=mask, kind="cosine"
        ),
        "attention 1:2": attention_loss(ours.attentions[0], theirs.attentions[1], mask=mask),
        "relations 2:4": sum(
            relation_loss(s, t, mask=mask, heads=4)
            for s, t in zip(our_vectors[2], their_vectors[4], strict=True)
        ),
        "contrastive 2:3": contrastive_loss(
            pooled(ours.hidden_states[2]) @ w["4"].T,
            pooled(theirs.hidden_states[3]),
            temperature=0.5,
        ),
    }
    of_outputs = distillation_loss(ours.logits, theirs.logits, labels, temperature=3.0, alpha=0.7)
    loss = outputs_weight * of_outputs + sum(each.weight * parts[str(each)] for each in ALL)
    loss.backward()
    torch.optim.SGD([*student.parameters(), *w.values()], lr=0.1).step()
    assert_same_weights(trainer.model, student, **TO_FLOAT)
    for name, part in trainer.projections.items():
        torch.testing.assert_close(part.weight, w[name], **TO_FLOAT)
        assert not torch.equal(part.weight, torch.zeros(1)) and part.weight.grad is None
    log = trainer.state.log_history[0]
    assert log["loss"] == pytest.approx(loss.item(), rel=1e-4)
    for name, value in parts.items():
        assert log[name] == pytest.approx(value.item(), rel=1e-3)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_packed_texts_are_compared_as_they_are_apart(tmp_path, tokenizer, kind):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*packed")
        padded, packed = (
            distil(
                tmp_path,
                tokenizer,
                prompts(8),
                student=causal(1, kind),
                teacher=causal(0, kind),
                comparisons=[HiddenStates(2, 2)],
                options={"max_steps": 1},
                **given,
            )
            for given in ({}, {"data_collator": DataCollatorWithFlattening(return_tensors="pt")})
        )
    one, other = (trainer.state.log_history[0] for trainer in (padded, packed))
    for name in ("soft_loss", "hard_loss", "hidden states 2:2"):
        assert one[name] == pytest.approx(other[name], rel=1e-5)
    assert_same_weights(padded.model, packed.model, **TO_FLOAT)


def test_an_evaluation_measures_the_labels_where_training_leaves_them_out(tmp_path, tokenizer):
    rows, held_out = sentences(8), sentences(7, seed=1, unlabelled=(0, 1))
    given = {"teacher": deep(0), "comparisons": [HiddenStates(2, 4)], "outputs_weight": 0.0}
    options = {"max_steps": 1, "per_device_eval_batch_size": 2}
    trainer = distil(tmp_path, tokenizer, rows, options=options, **given)
    batch = batch_of(held_out, tokenizer)
    labels = batch.pop("labels")
    with torch.no_grad():
        logits = trainer.model(**batch).logits
    expected = torch.nn.functional.cross_entropy(logits, labels, ignore_index=-100).item()
    assert trainer.evaluate(held_out)["eval_loss"] == pytest.approx(expected, rel=1e-5)


def test_accumulated_batches_weigh_every_token_alike(tmp_path, tokenizer):
    rows = sorted(sentences(16), key=lambda row: len(row["input_ids"]))
    common = {"max_steps": 1, "train_sampling_strategy": "sequential"}
    one, other = (
        distil(
            tmp_path,
            tokenizer,
            rows,
            student=eager(bert(1, **NARROW)),
            teacher=eager(deep(0)),
            comparisons=ALL[:4],  # a contrastive loss has other wrong answers in smaller batches
            options={**common, "per_device_train_batch_size": size} | more,
        )
        for size, more in ((16, {}), (4, {"gradient_accumulation_steps": 4}))
    )
    assert_same_weights(one.model, other.model, **TO_FLOAT)
    assert_same_weights(one.projections, other.projections, **TO_FLOAT)


def test_comparisons_that_weigh_nothing_change_nothing(tmp_path, tokenizer):
    options = {"optim": "adamw_torch", "learning_rate": 1e-2}
    plain, weightless = (
        distil(
            tmp_path,
            tokenizer,
            sentences(),
            student=bert(1, dropout=0.1),
            teacher=deep(0),
            options=options,
            kind=kind,
            **more,
        ).model
        for kind, more in (
            (DistillationTrainer, {}),
            (InsideDistillationTrainer, {"comparisons": [Relations(2, 4, weight=0.0)]}),
        )
    )
    assert_same_weights(plain, weightless, **EXACTLY)


def test_one_teacher_is_asked_once_a_batch_for_logits_and_insides(tmp_path, tokenizer):
    teacher, asked = deep(0), []
    teacher.register_forward_pre_hook(lambda *_: asked.append(1))
    distil(
        tmp_path,
        tokenizer,
        sentences(8),
        teacher=teacher,
        comparisons=[Relations(2, 4)],
        options={"max_steps": 3},
    )
    assert len(asked) == 3


def test_the_insides_may_be_another_models_than_the_logits(tmp_path, tokenizer):
    rows, knows, untrained = sentences(8), deep(0), deep(7)
    logits = torch.cat(
        [knows(input_ids=torch.tensor([row["input_ids"]])).logits for row in rows]
    ).detach()
    common = {"comparisons": [Relations(2, 4)], "options": {"max_steps": 2}}
    live = distil(tmp_path, tokenizer, rows, teacher=knows, inside_teacher=untrained, **common)
    column = distil(
        tmp_path,
        tokenizer,
        add_teacher_logits(rows, logits),
        inside_teacher=untrained,
        **common,
    )
    own = distil(tmp_path, tokenizer, rows, teacher=knows, **common)
    assert_same_weights(live.model, column.model, **TO_FLOAT)
    assert not torch.equal(live.model.classifier.weight, own.model.classifier.weight)


def test_texts_that_are_alike_are_no_wrong_answers(tmp_path, tokenizer):
    rows = sentences(4)
    common = {"comparisons": [Contrastive(2, 4)], "outputs_weight": 0, "options": {"max_steps": 1}}

    def first_loss(rows):
        trainer = distil(tmp_path, tokenizer, rows, teacher=deep(0), **common)
        return trainer.state.log_history[0]["contrastive 2:4"]

    assert first_loss(rows) > 0
    assert first_loss([rows[0]] * 4) == 0  # equal input ids
    assert first_loss([{**row, "text_ids": 3} for row in rows]) == 0


# -- before the task is known -------------------------------------------------------------------


@pytest.mark.parametrize("kind", [BertForSequenceClassification, BertModel])
def test_without_outputs_neither_labels_nor_heads_are_needed(tmp_path, tokenizer, kind):
    rows = [{"input_ids": row["input_ids"]} for row in sentences(8)]
    student, start = bert(1, kind), bert(1, kind)
    teacher = deep(0, kind=BertModel)
    trained = distil(
        tmp_path,
        tokenizer,
        rows,
        student=student,
        teacher=teacher,
        comparisons=[Relations(2, 4, heads=2)],
        outputs_weight=0,
        options={"optim": "adamw_torch", "weight_decay": 0.1},
    ).model
    layers = trained.base_model.encoder.layer
    old = start.base_model.encoder.layer
    assert not torch.equal(
        layers[1].attention.self.value.weight, old[1].attention.self.value.weight
    )
    if kind is BertForSequenceClassification:
        assert torch.equal(trained.classifier.weight, start.classifier.weight)


def test_answer_markers_are_compared_inside_too(tmp_path, tokenizer):
    rows = [
        {
            "input_ids": row["input_ids"],
            "attention_mask": [1] * len(row["input_ids"]),
            "answer_mask": [False] + [True] * (len(row["input_ids"]) - 1),
            "start_positions": 1,
            "end_positions": 2,
            "text_ids": i // 2,
        }
        for i, row in enumerate(sentences(8))
    ]
    common = {"num_labels": 2}
    trainer = distil(
        tmp_path,
        tokenizer,
        rows,
        kind=InsideSpanDistillationTrainer,
        student=bert(1, BertForQuestionAnswering, **common),
        teacher=deep(0, kind=BertForQuestionAnswering, **common),
        comparisons=[Relations(2, 4), Contrastive(2, 4)],
        eval_dataset=rows,
    )
    log = trainer.state.log_history[0]
    assert {"soft_loss", "hard_loss", "relations 2:4", "contrastive 2:4"} <= set(log)
    assert trainer.evaluate()["eval_loss"] > 0


# -- several processes ------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_two_processes_are_one_large_batch(tmp_path):
    script, kinds = Path(__file__).with_name("two_processes.py"), ("inside", "before the task")
    done = subprocess.run(
        [sys.executable, script, tmp_path, *kinds], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for kind in kinds:
        folders = [tmp_path / number / f"{kind}, live" for number in ("one", "two")]
        one, two = (load_file(folder / "weights.safetensors") for folder in folders)
        assert any(name.startswith("projections") for name in one)
        for name in one:
            torch.testing.assert_close(one[name], two[name], **TO_FLOAT)


# -- the projections --------------------------------------------------------------------------


def names_in(file: Path) -> set[str]:
    with safe_open(file, "pt") as weights:
        return set(weights.keys())


def test_projections_are_trained_kept_in_checkpoints_and_gone_from_what_is_saved(
    tmp_path, tokenizer
):
    common = {"student": bert(1, **NARROW), "teacher": deep(0), "comparisons": [HiddenStates(2, 4)]}
    trainer = distil(tmp_path, tokenizer, sentences(8), start=False, **common)
    before = trainer.projections["0"].weight.detach().clone()
    trainer.args.save_strategy = "no"
    trainer.train()
    assert not torch.equal(trainer.projections["0"].weight, before)
    assert trainer.model.state_dict().keys() == bert(1, **NARROW).state_dict().keys()
    trainer.save_model(tmp_path / "saved")
    assert not any("projection" in name for name in names_in(tmp_path / "saved/model.safetensors"))
    again = BertForSequenceClassification.from_pretrained(tmp_path / "saved")
    assert_same_weights(again, trainer.model, **EXACTLY)


def test_an_interrupted_run_ends_with_the_same_weights_and_projections(tmp_path, tokenizer):
    saving = {"save_strategy": "steps", "save_steps": 2, "optim": "adamw_torch"}
    saving |= {"learning_rate": 1e-2}

    def run(**more):
        return distil(
            tmp_path / "run",
            tokenizer,
            sentences(),
            student=bert(1, dropout=0.1, **NARROW),
            teacher=deep(0),
            comparisons=[HiddenStates(1, 2), HiddenStates(2, 4), Relations(2, 4)],
            options=saving,
            **more,
        )

    whole = run()
    folder = Path(whole.args.output_dir)
    held = names_in(folder / "checkpoint-4" / "model.safetensors")
    assert {"inside_projections.0.weight", "inside_projections.1.weight"} <= held
    shutil.rmtree(folder / "checkpoint-6")
    again = run(resume=True)
    assert again.state.global_step == 6
    assert_same_weights(whole.model, again.model, **EXACTLY)
    assert_same_weights(whole.projections, again.projections, **EXACTLY)


def test_saving_in_the_midst_of_training_leaves_projections_out_and_training_on(
    tmp_path, tokenizer
):
    from transformers import TrainerCallback

    trainer = distil(
        tmp_path,
        tokenizer,
        sentences(8),
        student=bert(1, **NARROW),
        teacher=deep(0),
        comparisons=[HiddenStates(2, 4)],
        options={"max_steps": 3},
        start=False,
    )

    class Saves(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            trainer.save_model(tmp_path / f"at{state.global_step}")

    trainer.add_callback(Saves())
    trainer.train()
    for step in (1, 2, 3):
        held = names_in(tmp_path / f"at{step}" / "model.safetensors")
        assert held and not any("projection" in name for name in held)
    losses = [entry["hidden states 2:4"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses[2] < losses[1] < losses[0]


def test_an_optimiser_made_without_the_projections_is_refused(tmp_path, tokenizer):
    student = bert(1, **NARROW)
    common = {"teacher": deep(0), "comparisons": [HiddenStates(2, 4)], "start": False}
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    trainer = distil(
        tmp_path, tokenizer, sentences(8), student=student, optimizers=(optimizer, None), **common
    )
    with pytest.raises(ValueError, match="optimizers must hold the projections"):
        trainer.train()
    optimizer.add_param_group({"params": list(trainer.projections.parameters())})
    before = trainer.projections["0"].weight.detach().clone()
    trainer.train()
    assert not torch.equal(trainer.projections["0"].weight, before)
    trainer.train()  # a second time, with the optimiser of the first


# -- what is refused --------------------------------------------------------------------------


def test_attention_that_is_not_returned_is_refused_with_what_to_do(tmp_path, tokenizer):
    common = {"comparisons": [Attention(2, 4)]}
    rows = sentences(8)
    with pytest.raises(ValueError, match=r"the student returned no attention.*set_attn_impl"):
        distil(tmp_path, tokenizer, rows, teacher=eager(deep(0)), **common)
    with pytest.raises(ValueError, match=r"the teacher returned no attention.*set_attn_impl"):
        distil(tmp_path, tokenizer, rows, student=eager(bert(1)), teacher=deep(0), **common)


def test_attention_after_dropout_is_refused(tmp_path, tokenizer):
    with pytest.raises(ValueError, match="student_attention must have rows.*dropout on it"):
        distil(
            tmp_path,
            tokenizer,
            sentences(8),
            student=eager(bert(1, dropout=0.1)),
            teacher=eager(deep(0)),
            comparisons=[Attention(2, 4)],
        )


def test_what_cannot_be_compared_is_refused(tmp_path, tokenizer):
    def refused(match, comparisons=None, **more):
        with pytest.raises(ValueError, match=match):
            distil(
                tmp_path,
                tokenizer,
                sentences(8),
                start=False,
                comparisons=[HiddenStates(2, 4)] if comparisons is None else comparisons,
                **{"teacher": deep(0)} | more,
            )

    refused("student_layer of hidden states must lie in 0 … 2", [HiddenStates(3, 4)])
    refused("teacher_layer of attention must lie in 1 … 4", [Attention(2, 0)])
    refused("heads of relations must divide the student's width, 16", [Relations(2, 4, heads=3)])
    refused("given once", [Relations(2, 4), Relations(2, 4, heads=2)])
    refused("comparisons need a model to compare with", teacher=None, alpha=0.0)
    refused("comparisons must not be empty", [], outputs_weight=0)
    refused("outputs_weight must not be negative", outputs_weight=-1.0)
    refused("teacher must know the student's words", inside_teacher=deep(0, vocab_size=90))
    student = bert(1)
    refused("must share nothing", [HiddenStates(2, 2)], student=student, inside_teacher=student)


def test_an_inside_teacher_in_train_mode_is_put_in_eval_mode(tmp_path, tokenizer):
    teacher = deep(0, dropout=0.1).train()
    with pytest.warns(UserWarning, match="the teacher was in train mode"):
        distil(
            tmp_path,
            tokenizer,
            sentences(8),
            inside_teacher=teacher,
            alpha=0.0,
            comparisons=[Relations(2, 4)],
            options={"max_steps": 1},
        )
    assert not teacher.training


def test_evaluation_asks_neither_teacher_nor_for_insides(tmp_path, tokenizer):
    teacher = deep(0)
    trainer = distil(
        tmp_path,
        tokenizer,
        sentences(8),
        teacher=teacher,
        comparisons=[HiddenStates(2, 4)],
        eval_dataset=sentences(8),
    )
    teacher.register_forward_pre_hook(lambda *_: pytest.fail("the teacher was asked"))
    assert trainer.predict(sentences(8)).predictions.shape == (8, 3)
