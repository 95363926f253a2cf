"""Lesson 08: its answers against the package's and independent figures, its claims, its scales."""

from __future__ import annotations

import ast
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


def told_sign(name):
    """What the prose may tell of a difference: "+", "-", or "open" where its interval holds 0."""
    found = experiments.ledger().interval(f"08/offline/{name}")
    return "open" if not found.excludes(0.0) else "+" if found.mean > 0 else "-"


def test_the_prose_tells_the_signs_that_the_reference_run_found():
    for figure in ("F1", "exact match"):
        signs = {
            kind: told_sign(f"distilled/gain in {figure}, {kind}")
            for kind in ("when", "how much", "who", "where", "why")
        }
        assert {kind for kind, sign in signs.items() if sign == "+"} == {"when", "how much"}
        assert {kind for kind, sign in signs.items() if sign == "open"} == {"who", "where", "why"}
    told = {
        "from random weights/gain over control": "-",
        "from random weights/gain in exact match": "open",
        "from random weights/KL to the truth, over control": "+",
        "short windows/sum over product, CLS": "open",
        "distilled/F1, test_new_names, over control": "+",
        "distilled/F1, test_other_words, over control": "open",
    }
    assert {name: told_sign(name) for name in told} == told
    for figure in ("F1", "exact match"):  # "its intervals in the table do not meet"
        below, above = (
            experiments.ledger().interval(f"08/offline/{arm}/{figure}")
            for arm in ("from random weights", "distilled")
        )
        assert below.high < above.low


def test_the_student_has_half_the_teachers_layers(monkeypatch):
    monkeypatch.delenv("KD_SCALE", raising=False)
    from kd_course import models

    teacher, _ = models.load_reader("reading")
    student = settings.for_lesson("08").student
    layers = student if isinstance(student, int) else len(student)
    assert 2 * layers <= teacher.config.num_hidden_layers


def test_what_was_expected_is_what_the_reference_compares():
    from kd_course.lessons.lesson08.settings import EXPECTED

    entry = next(run for run in experiments.ledger().runs_of("08") if run["scale"] == "offline")
    if not entry.get("expected"):
        pytest.skip("the reference run was made before expectations were written down")
    assert entry["expected"] == EXPECTED
    assert set(EXPECTED) <= set(entry["figures"])


# -- windows without the answer -----------------------------------------------------------------


def function_of_the_lesson(name):
    """A function that a cell of the lesson defines, as it stands there."""
    tree = ast.parse(source_of("08").read_text(encoding="utf-8"))
    (found,) = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    namespace = {"spans": spans}
    exec(compile(ast.Module([found], []), str(source_of("08")), "exec"), namespace)
    return namespace[name]


@pytest.fixture(scope="module")
def short_windows():
    """(columns, contexts, answers) of validation passages in the windows of section 7."""
    from kd_course import models
    from kd_course.corpora import reading

    setting = settings.for_lesson("08")
    _, tokenizer = models.load_reader("reading")
    sizes = {"train": 0, "validation": 60, "test": 0, "test_new_names": 0}
    rows = reading.load(seed=1, level="plain", sizes=sizes)["validation"]
    contexts, answers = rows["context"][:], rows["answers"][:]
    size = {"length": setting.short_length, "stride": setting.short_stride}
    columns = spans.windows(tokenizer, rows["question"][:], contexts, mark_shared=True, **size)
    return columns, contexts, answers


def test_many_short_windows_hold_no_answer_some_half_of_one_and_every_question_has_one(
    monkeypatch, short_windows
):
    monkeypatch.delenv("KD_SCALE", raising=False)
    columns, contexts, answers = short_windows
    first = np.array(spans.labels(columns, contexts, answers)["start_positions"])
    assert 0.4 < (first < 0).mean() < 0.7
    assert {e for e, f in zip(columns["example"], first) if f >= 0} == set(range(len(contexts)))
    halved = 0
    for example, offsets, found in zip(columns["example"], columns["offsets"], first):
        start = answers[example]["answer_start"][0]
        end = start + len(answers[example]["text"][0])
        halved += found < 0 and any(max(s, start) < min(e, end) for s, e in offsets)
    assert halved > 10


def test_clamped_labels_are_the_answers_where_it_is_whole_and_the_windows_edge_elsewhere(
    short_windows,
):
    columns, contexts, answers = short_windows
    clamped = function_of_the_lesson("clamped_labels")(columns, contexts, answers)
    exact = spans.labels(columns, contexts, answers)
    seen = set()
    for window, (example, offsets) in enumerate(zip(columns["example"], columns["offsets"])):
        first, last = (clamped[f"{end}_positions"][window] for end in ("start", "end"))
        passage = [i for i, (s, e) in enumerate(offsets) if s < e]
        start = answers[example]["answer_start"][0]
        end = start + len(answers[example]["text"][0])
        if exact["start_positions"][window] >= 0:
            expected = (exact["start_positions"][window], exact["end_positions"][window])
            seen.add("whole")
        elif end <= offsets[passage[0]][0]:
            expected = (passage[0], passage[0])
            seen.add("before")
        elif start >= offsets[passage[-1]][1]:
            expected = (passage[-1], passage[-1])
            seen.add("behind")
        elif start < offsets[passage[0]][0]:
            expected = (passage[0], last)
            seen.add("cut on the left")
        else:
            expected = (first, passage[-1])
            seen.add("cut on the right")
        assert (first, last) == expected
    assert seen >= {"whole", "before", "behind", "cut on the right"}


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
    command = [sys.executable, "-m", "kd_course", "run", "--plain", "08", "--scale", scale]
    command += ["--limit", "6", "--max-steps", "2", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["scale"] == scale and results["shortened"]
    assert {"teacher/F1", "control/F1", "distilled/F1"} <= set(results["figures"])
