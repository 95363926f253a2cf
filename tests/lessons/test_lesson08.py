"""Lesson 08: its answers against the package's and independent figures, its claims, its scales."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from hub_contents import BERT, MINILM, QUESTIONS, tables, write_encoder

from kd_course import experiments, metrics, settings, spans
from kd_course.authoring.references import references
from kd_course.authoring.source import read, source_of
from kd_course.exercises.catalogue import of_lesson
from kd_course.losses import span_distillation_loss


@pytest.fixture(scope="module")
def answers():
    return references(read(source_of("08")))


def cases(id, seed=3):
    exercise = next(e for e in of_lesson("08") if e.id == id)
    return [case.args for case in exercise.cases(np.random.default_rng(seed))]


# -- the answers, computed by others ------------------------------------------------------------


def test_tokens_are_found_as_the_package_finds_them(answers):
    for offsets, start, end in cases("08.1"):
        assert answers["08.1"](offsets, start, end) == spans.to_tokens(offsets, start, end)


def test_the_best_spans_are_the_packages(answers):
    for starts, ends, mask, n, longest in cases("08.2"):
        offsets = [(i, i + 1) if allowed else (0, 0) for i, allowed in enumerate(mask.tolist())]
        columns = {"example": [0], "offsets": [offsets]}
        text = "x" * len(offsets)
        (best,) = spans.best_answers(
            columns, [text], [starts.numpy()], [ends.numpy()], n=n, longest=longest
        )
        found = answers["08.2"](starts, ends, mask, n, longest)
        assert found == [(answer.start, answer.end - 1) for answer in best]


def test_f1_is_the_metrics(answers):
    for predicted, wanted in cases("08.4"):
        expected = metrics.f1([" ".join(predicted)], [[" ".join(wanted)]])[0]
        assert answers["08.4"](predicted, wanted) == pytest.approx(expected)
        shared = sum((Counter(predicted) & Counter(wanted)).values())
        assert expected == pytest.approx(2 * shared / (len(predicted) + len(wanted)))


def test_the_masked_softmax_is_numpys(answers):
    for logits, mask in cases("08.5"):
        expected = np.zeros(logits.shape)
        for row, (values, allowed) in enumerate(zip(logits.double().numpy(), mask.numpy())):
            if allowed.any():
                weights = np.exp(values[allowed] - values[allowed].max())
                expected[row, allowed] = weights / weights.sum()
        np.testing.assert_allclose(answers["08.5"](logits, mask), expected, atol=1e-6)


def test_the_span_loss_is_the_packages(answers):
    for *logits, starts, ends, mask, temperature, alpha in cases("08.6"):
        expected = span_distillation_loss(
            *logits, starts, ends, mask=mask, temperature=temperature, alpha=alpha
        )
        found = answers["08.6"](*logits, starts, ends, mask, temperature, alpha)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_the_mended_loss_is_the_packages(answers):
    for start_logits, end_logits, starts, ends, mask in cases("08.7"):
        given = (start_logits, end_logits)
        expected = span_distillation_loss(*given, *given, starts, ends, mask=mask, alpha=0.0)
        found = answers["08.7"](start_logits, end_logits, starts, ends, mask)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


# -- what the reference run shows ---------------------------------------------------------------


def values(name):
    return np.array(experiments.ledger().values(f"08/offline/{name}"))


def test_half_the_layers_keep_most_of_the_teacher_and_beat_the_control():
    assert len(values("distilled/F1")) >= 5
    assert values("distilled/retention").mean() >= 0.97
    gain = experiments.ledger().interval("08/offline/distilled/gain over control")
    assert gain.low > 0
    assert values("from random weights/F1").mean() < values("control/F1").mean()


def test_the_student_has_half_the_teachers_layers(monkeypatch):
    monkeypatch.delenv("KD_SCALE", raising=False)
    from kd_course import models

    teacher, _ = models.load_reader("reading")
    student = settings.for_lesson("08").student
    layers = student if isinstance(student, int) else len(student)
    assert 2 * layers <= teacher.config.num_hidden_layers


# -- the scales ---------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.parametrize("scale", ["small", "full"])
def test_the_lesson_runs_whole_through_the_hub(scale, make_hub, tmp_path):
    identifier = {"small": MINILM, "full": BERT}[scale]
    # A tokenizer that knows words: one that spells them makes dozens of windows of every passage.
    passages = tables(QUESTIONS)["train"]["context"].to_pylist()
    model = write_encoder(tmp_path / "model", identifier, texts=passages, vocabulary=2000)
    hub = make_hub()
    hub.add_model(identifier, model)
    environment = hub.environment(tmp_path / "home") | {"KD_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "kd_course", "run", "08", "--scale", scale]
    command += ["--limit", "6", "--max-steps", "2", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["scale"] == scale and results["shortened"]
    assert {"teacher/F1", "control/F1", "distilled/F1"} <= set(results["figures"])
