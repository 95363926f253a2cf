"""Trackers see what a distillation logs, and the model card says what was distilled: no network."""

import pytest
from huggingface_hub import HfApi
from tiny_models import bert, causal, letters, prompts, sentences
from transformers import TrainerCallback
from transformers.integrations import integration_utils

from kd_course.distillation import (
    DistillationTrainer,
    HiddenStates,
    InsideDistillationTrainer,
    add_teacher_logits,
    cached_teacher_outputs,
    training_arguments,
)
from kd_course.experiments import Interval


def trainer(folder, *, kind=DistillationTrainer, rows=None, report_to="none", **options):
    arguments = {"max_steps": 2, "logging_steps": 1, "disable_tqdm": True, "use_cpu": True}
    if report_to != "none":
        arguments["report_to"] = report_to
    options = {"model": bert(1), "processing_class": letters(), **options}
    args = training_arguments(folder, **arguments)
    return kind(args=args, train_dataset=rows or sentences(16), **options)


def card(trained, folder, **options):
    trained.train()
    trained.create_model_card(**options)
    return (folder / "README.md").read_text(encoding="utf-8")


def test_a_tracker_that_is_named_is_told_both_parts_and_by_default_there_is_none(
    tmp_path, monkeypatch
):
    told = []

    class Tracker(TrainerCallback):
        def on_log(self, args, state, control, logs=None, **_):
            told.append(dict(logs))

    monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, "tensorboard", Tracker)
    trainer(tmp_path, teacher=bert(0)).train()
    assert not told
    trainer(tmp_path, teacher=bert(0), report_to="tensorboard").train()
    assert {"loss", "soft_loss", "hard_loss"} <= told[0].keys()


def test_the_card_states_teacher_data_losses_and_figures_with_their_interval(tmp_path):
    trained = trainer(
        tmp_path, teacher=bert(0), alpha=0.75, temperature=4.0, eval_dataset=sentences(5)
    )
    trained.teacher.config._name_or_path = "somebody/large"
    figures = {"accuracy on test": Interval(0.8125, 0.79, 0.83), "gain": (0.02, -0.01, 0.05)}
    text = card(trained, tmp_path, dataset="somebody/news", figures={**figures, "BLEU": 31.26})
    assert text.startswith("---\n") and "- knowledge-distillation\n" in text
    assert "learning_rate" in text  # the library's own card is there too
    for row in (
        "| α, the weight of the soft loss | 0.75 |",
        "| temperature T | 4 |",
        "| data | somebody/news: 16 training rows, 5 validation rows |",
        "| steps of the optimiser | 2 |",
        "| accuracy on test | 0.813 [0.790, 0.830] |",
        "| gain | 0.020 [-0.010, 0.050] |",
        "| BLEU | 31.3 |",
    ):
        assert row in text
    size = f"{sum(p.numel() for p in trained.teacher.parameters()):,} parameters"
    teacher = f"somebody/large (BertForSequenceClassification), {size}, asked for every batch"
    assert f"| teacher | {teacher} |" in text
    assert "α · T² · KL(teacher ‖ student)" in text


def test_a_teacher_whose_outputs_were_kept_is_named_too(tmp_path):
    teacher = bert(0)
    teacher.config._name_or_path = "somebody/large"
    where = {"folder": tmp_path / "cache", "progress": False}
    outputs = cached_teacher_outputs(teacher, sentences(16), letters(), **where)
    text = card(trainer(tmp_path, teacher_outputs=outputs), tmp_path)
    assert "| teacher | somebody/large (BertForSequenceClassification), whose outputs were" in text
    teacher = causal(0)
    teacher.config._name_or_path = str(tmp_path)  # a folder's own place is nobody's business
    outputs = cached_teacher_outputs(teacher, prompts(16), letters(), top_k=3, **where)
    options = {"teacher_outputs": outputs, "model": causal(1), "rows": prompts(16)}
    text = card(trainer(tmp_path, **options), tmp_path)
    assert f"| teacher | {tmp_path.name} ({type(teacher).__name__}), whose outputs were" in text
    assert str(tmp_path.parent) not in text


def test_a_teacher_that_nothing_names_is_named_by_the_caller(tmp_path):
    rows = sentences(16)
    where = {"folder": tmp_path / "cache", "progress": False}
    outputs = cached_teacher_outputs(bert(0), rows, letters(), **where)
    trained = trainer(tmp_path, rows=add_teacher_logits(rows, outputs))
    assert "| teacher | not named: its logits came with the data |" in card(trained, tmp_path)
    assert "| teacher | the mean of five |" in card(trained, tmp_path, teacher="the mean of five")


def test_a_control_has_no_teacher_and_an_inside_comparison_is_told(tmp_path):
    text = card(trainer(tmp_path, alpha=0.0), tmp_path)
    assert "(α = 0): this is a control." in text and "| teacher" not in text
    options = {"kind": InsideDistillationTrainer, "comparisons": [HiddenStates(1, 1)]}
    text = card(trainer(tmp_path, teacher=bert(0), outputs_weight=0, **options), tmp_path)
    assert "| teacher, compared inside | BertForSequenceClassification" in text
    assert "| compared inside, 1 | `hidden states 1:1` |" in text
    assert "No teacher's outputs had a part in the loss (α = 0)." in text


def test_a_figure_that_is_none_is_refused_before_anything_is_written(tmp_path):
    trained = trainer(tmp_path, teacher=bert(0))
    with pytest.raises(TypeError, match=r"figures\['accuracy'\] must be a number, or an interval"):
        trained.create_model_card(figures={"accuracy": "high"})
    assert not (tmp_path / "README.md").exists()


def test_what_is_pushed_to_the_hub_goes_with_this_card(tmp_path, monkeypatch):
    sent = {}

    def upload(_, *, repo_id, folder_path, **__):
        sent["card"] = (tmp_path / "README.md").read_text(encoding="utf-8")
        sent["to"] = repo_id, str(folder_path)

    monkeypatch.setattr(HfApi, "upload_folder", upload)
    monkeypatch.setattr(
        DistillationTrainer,
        "init_hf_repo",
        lambda self, **_: setattr(self, "hub_model_id", "me/small"),
    )
    trained = trainer(tmp_path, teacher=bert(0), temperature=3.0)
    trained.train()
    trained.push_to_hub(figures={"accuracy": Interval(0.8, 0.7, 0.9)})
    assert sent["to"] == ("me/small", str(tmp_path))
    assert "| temperature T | 3 |" in sent["card"]
    assert "| accuracy | 0.800 [0.700, 0.900] |" in sent["card"]
