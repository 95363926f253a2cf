"""Lesson 13's answers against the package and independent figures, its proof, and its claims."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from hub_contents import BERT, MINILM, QUESTIONS, tables, write_encoder

from kd_course import losses, metrics
from kd_course.authoring.references import references
from kd_course.authoring.source import read, source_of
from kd_course.corpora import news, pictures
from kd_course.exercises import examine
from kd_course.exercises.catalogue import of_lesson
from kd_course.lessons.lesson13.settings import (
    CHOSEN,
    EXPECTED,
    FEW_PICTURES,
    RANKING,
    SEEING,
    settings,
)
from kd_course.settings import Switches


@pytest.fixture(scope="module")
def lesson():
    return read(source_of("13"))


@pytest.fixture(scope="module")
def answers(lesson):
    return references(lesson)


def cases(id, seed=3):
    exercise = next(e for e in of_lesson("13") if e.id == id)
    return [case.args for case in exercise.cases(np.random.default_rng(seed))]


# -- the answers, computed by others ----------------------------------------------------------


def learnt_by_kl(weights, p):
    """The distribution that descent finds, of KL(p_i ‖ q) weighed by w_i: (classes,)."""
    logits = torch.zeros(p.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        nats = (weights[:, None] * p * (p.log() - logits.log_softmax(-1))).sum()
        nats.backward()
        return nats

    optimizer.step(loss)
    return logits.detach().softmax(-1)


def test_the_averaged_answer_is_where_descent_on_kl_goes(answers):
    for weights, logits in cases("13.1")[:3]:
        expected = learnt_by_kl(weights.double() / weights.sum(), logits.double().softmax(-1))
        found = answers["13.1"](weights, logits).double()
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_what_mse_teaches_is_where_descent_on_squares_goes(answers):
    z = torch.tensor([[0.96, 0.03, 0.01], [0.01, 0.05, 0.94]], dtype=torch.float64).log()
    learnt = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([learnt], lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        (learnt - z).square().mean(0).sum().backward()
        optimizer.step()
    assert answers["13.3"] == pytest.approx(learnt.detach().softmax(0)[1].item(), abs=1e-6)


def test_every_line_of_the_proof_is_the_line_before_it():
    """Lines b, d, a, c in numbers; line f, the false one, is not equal to them."""
    random = np.random.default_rng(0)
    w, q = random.dirichlet([1.0] * 4), random.dirichlet([1.0] * 3)
    p = random.dirichlet([1.0] * 3, size=4)
    mean = w @ p
    b = w @ (p * np.log(p / q)).sum(1)
    d = w @ (p * (np.log(p / mean) + np.log(mean / q))).sum(1)
    a = w @ (p * np.log(p / mean)).sum(1) + ((w @ p) * np.log(mean / q)).sum()
    rest = w @ metrics.kl_rows(p, np.broadcast_to(mean, p.shape))
    f = metrics.kl_rows(mean[None], q[None])[0]
    assert b == pytest.approx(d) == pytest.approx(a) == pytest.approx(rest + f)
    assert f < b - 0.01


def test_the_averages_of_the_lesson_are_those_of_the_corpus(lesson):
    """The lesson's own functions of a picture's readings, and the corpus's own posterior."""
    space = {"np": np}
    trees = [ast.parse(c.source) for c in lesson.cells if c.is_code]
    functions = {f.name: f for tree in trees for f in tree.body if isinstance(f, ast.FunctionDef)}
    for name in ("average_of", "geometric_mean_of", "disagreement_of"):
        exec(ast.unparse(functions[name]), space)
    seen = pictures.hide("Tarnefors's operating profit fell slightly in 2010.", 12, 24)
    found = pictures.readings(seen)
    average, of_logits = space["average_of"](found), space["geometric_mean_of"](found)
    np.testing.assert_allclose(average, pictures.posterior([seen])[0])
    logits = np.log([one.posterior for one in found])
    weights = np.array([one.weight for one in found])
    expected = torch.tensor(weights @ logits).softmax(-1).numpy()
    np.testing.assert_allclose(of_logits, expected, atol=1e-9)
    assert of_logits[news.NAMES.index("neutral")] > 1.5 * average[news.NAMES.index("neutral")]
    apart = sum(w * np.abs(one.posterior - average).sum() / 2 for w, one in zip(weights, found))
    assert space["disagreement_of"](found) == pytest.approx(apart) and apart > 0.1
    alone = [dataclasses.replace(found[0], weight=1.0)]
    assert space["disagreement_of"](alone) == pytest.approx(
        0
    )  # a single reading leaves nothing open


def test_pairs_are_those_of_a_join(answers):
    for picture_keys, text_keys in cases("13.4"):
        expected = [
            (i, j)
            for i, one in enumerate(picture_keys)
            for j, other in enumerate(text_keys)
            if one == other and picture_keys.count(one) == 1 and text_keys.count(other) == 1
        ]
        assert answers["13.4"](picture_keys, text_keys) == expected


def test_the_ranking_losses_are_the_packages(answers):
    for student, teacher in cases("13.6"):
        torch.testing.assert_close(
            answers["13.6"](student, teacher), losses.margin_loss(student, teacher)
        )
    for student, teacher, a, b in cases("13.7"):
        expected = losses.listwise_loss(
            student, teacher, student_temperature=a, teacher_temperature=b
        )
        torch.testing.assert_close(answers["13.7"](student, teacher, a, b), expected)
    for questions, passages, ids in cases("13.8"):
        torch.testing.assert_close(
            answers["13.8"](questions, passages, ids),
            losses.in_batch_loss(questions, passages, ids=ids),
        )


def test_pooling_and_ranks_are_the_packages(answers):
    for vectors, mask in cases("13.9"):
        torch.testing.assert_close(
            answers["13.9"](vectors, mask), losses.mean_pooled(vectors, mask)
        )
    for scores, right, k in cases("13.10"):
        expected = metrics.reciprocal_ranks(scores.numpy(), right.numpy(), k=k).mean()
        assert float(answers["13.10"](scores, right, k)) == pytest.approx(expected)


def test_a_right_answer_written_otherwise_passes():
    report = examine(
        "13.1", lambda weights, logits: (logits.softmax(-1).T @ weights) / weights.sum()
    )
    assert report.passed, report.message


# -- what the lesson says ---------------------------------------------------------------------


def test_a_temperature_of_two_teaches_no_answer_to_the_picture_at_any_temperature():
    """Section 4: the average of softened answers, sharpened again, is not the average."""
    p = np.array([[0.97, 0.02, 0.01], [0.01, 0.02, 0.97]])
    w = np.array([0.7, 0.3])
    softened = p**0.5 / (p**0.5).sum(1, keepdims=True)
    taught, average = w @ softened, w @ p
    nearest = min(
        np.abs(taught**power / (taught**power).sum() - average).sum()
        for power in np.linspace(0.2, 8, 400)
    )
    assert nearest > 0.02


def test_every_arm_has_a_recipe_of_the_grid_and_is_expected_nowhere_else():
    for scale, dataset in (("offline", ""), ("small", ""), ("small", "sound"), ("full", "")):
        setting = settings(Switches(scale, dataset=dataset))
        assert set(setting.recipes) - {"ranker"} == set(CHOSEN) == {*SEEING, *RANKING}
        for arm in CHOSEN:
            assert setting.recipes[arm] in setting.grid(arm), (scale, arm)
        steps = {arm: setting.recipes[arm].steps for arm in CHOSEN}
        assert len({steps[arm] for arm in RANKING}) == 1
        assert {5 * steps[arm] for arm in FEW_PICTURES} == {
            steps[arm] for arm in SEEING if arm not in FEW_PICTURES
        }
        for expected in EXPECTED.get(", ".join(filter(None, (scale, dataset))), {}):
            assert expected.split("/")[0] in CHOSEN, expected


def test_sound_is_a_setting_that_needs_no_network():
    for scale in ("small", "full"):
        sound = settings(Switches(scale, dataset="sound"))
        assert (sound.medium, sound.dataset, sound.ranker) == ("sound", "reading", "ranking")
        assert settings(Switches(scale)).medium == "pictures"
    assert settings(Switches("offline")).medium == "pictures"


def test_all_that_is_expected_is_noted(lesson):
    code = "\n".join(cell.source for cell in lesson.cells if cell.is_code)
    for arm, figure in (name.split("/") for run in EXPECTED.values() for name in run):
        other = re.split(r"gain over |minus ", figure)[-1]
        assert f'("{arm}", "{other}")' in code or f"{arm}/{figure}" in code, (arm, figure)


def test_every_arm_is_trained_and_compared(lesson):
    code = "\n".join(cell.source for cell in lesson.cells if cell.is_code)
    for arm in CHOSEN:
        assert code.count(f'"{arm}"') >= 2, arm


def test_the_lesson_has_between_2500_and_4000_words(lesson):
    prose = "\n".join(cell.source for cell in lesson.cells if not cell.is_code)
    prose = prose.partition("## Further reading")[0]
    prose = re.sub(r"### Exercise .*?(?=\n#|\Z)", "", prose, flags=re.S)  # what is asked, not told
    prose = re.sub(r"(?m)^\|.*$|\]\([^)]*\)|\{\{.*?\}\}|<!--.*?-->", " ", prose)
    assert 2500 <= len(prose.split()) <= 4000


def test_a_paragraph_has_two_figures_of_the_ledger_at_most(lesson):
    prose = "\n\n".join(cell.source for cell in lesson.cells if not cell.is_code)
    prose = re.sub(r"(?m)^\|.*$", "", prose)  # a table is there to hold many
    assert max(p.count("{{ledger:") for p in prose.split("\n\n")) <= 2


def test_the_lesson_has_five_pictures_and_a_widget(lesson):
    code = "\n".join(cell.source for cell in lesson.cells if cell.is_code)
    assert len(re.findall(r"plots\.show\(|plot_comparison\(", code)) >= 5
    assert "widgets.show(" in code


def run(scale, environment, folder, limit=24):
    """The figures of a lesson that was run whole at a scale, with few rows and two steps."""
    command = [sys.executable, "-m", "kd_course", "run", "--plain", "13", "--scale", scale]
    command += ["--limit", str(limit), "--max-steps", "2", "--out", str(folder)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((folder / "results.json").read_text())
    assert results["scale"] == scale and results["shortened"]
    return set(results["figures"])


@pytest.mark.thorough
@pytest.mark.parametrize("scale", ["small", "full"])
def test_the_lesson_runs_whole_through_the_hub(scale, make_hub, tmp_path):
    identifier = {"small": MINILM, "full": BERT}[scale]
    # A tokenizer that knows words: one that spells them makes dozens of windows of every passage.
    passages = tables(QUESTIONS)["train"]["context"].to_pylist()
    hub = make_hub()
    hub.add_model(
        identifier,
        write_encoder(tmp_path / "model", identifier, texts=passages, vocabulary=2000),
    )
    environment = hub.environment(tmp_path / "home") | {"KD_CACHE": str(tmp_path / "cache")}
    # Twelve layers of attention over 64 pairs at once take 18 GB without a GPU's kernels.
    limit = {"small": 24, "full": 6}[scale]
    figures = run(scale, environment, tmp_path / "out", limit)
    assert {f"{arm}/KL" for arm in SEEING} | {f"{arm}/MRR@10" for arm in RANKING} <= figures


# Says every letter as a tone of its own, 50 milliseconds long.
SPEAKER = """#!{python}
import math, struct, sys, wave
rate, tones = 8000, [200 + 40 * (ord(letter) % 64) for letter in sys.argv[-1]]
samples = [round(9000 * math.sin(6.28 * hertz * i / rate)) for hertz in tones for i in range(400)]
with wave.open(sys.stdout.buffer, "wb") as file:
    file.setparams((1, 2, rate, len(samples), "NONE", ""))
    file.writeframes(struct.pack(f"<{{len(samples)}}h", *samples))
"""


@pytest.mark.thorough
def test_the_same_cells_take_sound_and_no_network(tmp_path):
    """With a program of another voice in espeak-ng's place, so that none has to be installed."""
    program = tmp_path / "bin" / "espeak-ng"
    program.parent.mkdir()
    program.write_text(SPEAKER.format(python=sys.executable))
    program.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "KD_CACHE": str(tmp_path / "cache"),
        "KD_DATASET": "sound",
        "HF_HUB_OFFLINE": "1",
    }
    figures = run("small", environment, tmp_path / "out")
    assert {f"{arm}/surprise" for arm in SEEING} | {f"{arm}/MRR@10" for arm in RANKING} <= figures
    assert not any(figure.endswith("/KL") for figure in figures)  # whose truth nobody knows
