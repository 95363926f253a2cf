"""Lesson 14's answers against the package and independent figures, and what it says."""

from __future__ import annotations

import copy
import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hub_contents import write_writer
from scipy.stats import chisquare

from kd_course import generation, losses, models, teachers
from kd_course.authoring.references import references
from kd_course.authoring.source import read, review, source_of
from kd_course.corpora import reading
from kd_course.exercises.catalogue import of_lesson
from kd_course.lessons.lesson14.settings import CHOSEN, EXPECTED, QUESTIONS, settings
from kd_course.settings import Switches


@pytest.fixture(scope="module")
def lesson():
    return read(source_of("14"))


@pytest.fixture(scope="module")
def answers(lesson):
    return references(lesson)


def cases(id, seed=3):
    exercise = next(e for e in of_lesson("14") if e.id == id)
    return [case.args for case in exercise.cases(np.random.default_rng(seed))]


# -- the answers, computed by others ----------------------------------------------------------


def test_what_counts_of_a_text_is_what_the_package_counts(answers):
    for student, teacher, ids, begins, end in cases("14.1"):
        mask = losses.completion_mask(ids, begins, end=end)
        expected = losses.forward_kl_loss(student, teacher, mask=mask)
        torch.testing.assert_close(answers["14.1"](student, teacher, ids, begins, end), expected)


def test_the_two_directions_and_what_lies_between_are_the_packages(answers):
    for student, teacher, mask in cases("14.2"):
        torch.testing.assert_close(
            answers["14.2"](student, teacher, mask),
            losses.reverse_kl_loss(student, teacher, mask=mask),
        )
    for student, teacher, beta in cases("14.3"):
        torch.testing.assert_close(
            answers["14.3"](student, teacher, beta),
            losses.generalised_jsd_loss(student, teacher, beta=beta),
        )


def test_what_the_student_wrote_is_what_a_batch_counts(answers):
    for prompt, teacher_prompt, sampled, end in cases("14.5"):
        answer = answers["14.5"](prompt, teacher_prompt, sampled, end)
        for who, head in (("student", prompt), ("teacher", teacher_prompt)):
            (row,) = generation.written_rows([head], torch.tensor([sampled]), end=end)
            batch = generation.collate([row], end=end)
            assert answer[f"{who}_ids"] == batch.input_ids[0].tolist()
            assert answer[f"{who}_positions"] == batch.mask[0].nonzero()[:, 0].tolist()


def test_accepted_or_replaced_a_token_has_the_targets_distribution(answers):
    random, number = np.random.default_rng(0), 20_000
    p, q = np.array([0.45, 0.25, 0.15, 0.1, 0.05]), np.array([0.1, 0.2, 0.2, 0.2, 0.3])
    drafted = torch.from_numpy(random.choice(5, size=number, p=q))
    rows = [torch.tensor(x, dtype=torch.float32).expand(number, -1) for x in (q, p)]
    u, v = (torch.tensor(random.random(number), dtype=torch.float32) for _ in range(2))
    tokens = answers["14.6"](drafted, *rows, u, v)
    assert chisquare(np.bincount(tokens, minlength=5), number * p).pvalue > 1e-3


def test_sizes_without_words_are_the_packages(answers):
    for student, teacher in cases("14.9"):
        expected = losses.uld_loss(student[None], teacher[None])
        torch.testing.assert_close(answers["14.9"](student, teacher), expected)


def test_spans_are_the_packages(answers):
    for one, other in cases("14.8"):
        expected = [[list(a), list(b)] for a, b in generation.shared_spans(one, other)]
        assert [list(pair) for pair in answers["14.8"](one, other)] == expected


def test_what_a_draft_buys_is_tokens_a_call_over_its_price(answers):
    assert answers["14.7"] == pytest.approx(generation.tokens_per_call(0.75, 3) / 1.3)


# -- what the lesson says ---------------------------------------------------------------------


def test_the_lesson_can_be_built(lesson):
    assert review(lesson) == []


def test_every_arm_has_a_recipe_of_its_grid(lesson):
    code = "\n".join(cell.source for cell in lesson.cells if cell.is_code)
    for scale in ("offline", "small", "full"):
        setting = settings(Switches(scale))
        arms = set(setting.recipes) - {"teacher"}
        assert arms <= set(CHOSEN) and {"labels", "forward KL", "sequence-level"} <= arms
        for arm in arms:
            assert setting.recipes[arm] in setting.grid(arm)
            assert f'"{arm}": ((' in code
    assert set(settings(Switches("offline")).recipes) == set(CHOSEN)


def test_all_that_is_expected_is_measured():
    for expected in (name for run in EXPECTED.values() for name in run):
        arm, figure = expected.split("/")
        measure, other = figure.split(" minus ")
        assert measure in ("valid share", "KL", "acceptance", "F1", "surprise")
        if arm in QUESTIONS and not other.endswith("colder"):
            assert other in QUESTIONS[arm], expected


def test_the_test_rows_are_its_own():
    assert settings(Switches("offline")).test_seed == 1314
    assert settings(Switches("small")).test_seed is None  # the hub's one test split
    summaries = settings(Switches("small", dataset="summaries"))
    assert summaries.test_seed == 1315 and summaries.dataset == "summaries"


def test_the_settings_show_the_recipes_of_both_experiments():
    shown = str(settings(Switches("offline")))
    assert re.search(r"(?m)^recipe: labels +learning rate \S+, \d+ steps$", shown)
    assert re.search(r"(?m)^answer recipe: decoder +learning rate \S+, \d+ steps$", shown)


def test_the_loss_between_fades_at_both_ends_as_the_lesson_says():
    student, teacher = torch.randn(2, 1, 4, 6, generator=torch.Generator().manual_seed(0))
    reverse = losses.reverse_kl_loss(student, teacher).item()
    nearly = losses.generalised_jsd_loss(student.double(), teacher.double(), beta=0.999).item()
    assert nearly == pytest.approx(reverse / 1000, rel=0.02)  # "a thousand times too slowly"


def test_a_teacher_that_says_the_opposite_has_a_uld_of_nothing():
    rose, fell = torch.tensor([[[3.0, 0.0, 1.0]]]), torch.tensor([[[0.0, 3.0, 1.0]]])
    assert losses.uld_loss(rose, fell) < 1e-6 < losses.forward_kl_loss(rose, fell)


def test_no_measured_figure_is_typed_into_the_prose(lesson):
    prose = "\n".join(cell.source for cell in lesson.cells if not cell.is_code)
    shares = [f for f in re.findall(r"\b0\.\d\d\d\b", prose) if f not in ("0.999",)]
    assert not shares


def test_every_training_says_which_arm_it_is(lesson):
    code = "\n".join(cell.source for cell in lesson.cells if cell.is_code)
    assert len(re.findall(r'arm="(?:teacher that writes|encoder-decoder|decoder)"', code)) == 3
    for call in re.findall(r"(?<!def )\bteach\((?:[^()]|\([^()]*\))*\)", code):
        assert "arm=" in call, call


def test_the_lesson_has_between_2500_and_4000_words(lesson):
    prose = "\n".join(cell.source for cell in lesson.cells if not cell.is_code)
    prose = prose.partition("## Further reading")[0]
    prose = re.sub(r"### Exercise .*?(?=\n#|\Z)", "", prose, flags=re.S)  # what is asked, not told
    prose = re.sub(r"(?m)^\|.*$|\]\([^)]*\)|\{\{.*?\}\}|<!--.*?-->", " ", prose)
    assert 2500 <= len(prose.split()) <= 4000


# -- the scales ---------------------------------------------------------------------------------

WRITERS = {
    "small": {"HuggingFaceTB/SmolLM2-135M-Instruct": "llama"},
    "full": {
        "openai-community/gpt2-medium": "gpt2",
        "openai-community/gpt2": "gpt2",
        "google-t5/t5-base": "t5",
        "google-t5/t5-small": "t5",
    },
}


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("scale", "dataset"), [("small", ""), ("small", "summaries"), ("full", "")]
)
def test_the_lesson_runs_whole_through_the_hub(scale, dataset, make_hub, tmp_path):
    hub = make_hub()
    texts = ()  # what the models' words are learnt from
    if dataset == "summaries":
        texts = reading.load(0, sizes={"train": 60, "validation": 1, "test": 1})["train"][
            "context"
        ][:]
    for identifier, kind in WRITERS[scale].items():
        hub.add_model(identifier, write_writer(tmp_path / identifier, kind, texts=texts))
    environment = hub.environment(tmp_path / "home") | {
        "KD_CACHE": str(tmp_path / "cache"),
        "KD_DATASET": dataset,
    }
    command = [sys.executable, "-m", "kd_course", "run", "--plain", "14", "--scale", scale]
    command += ["--limit", "8", "--max-steps", "2", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["scale"] == scale and results["shortened"]
    expected = {"teacher/F1", "labels/F1", "forward KL/F1 minus labels", "forward KL/acceptance"}
    expected |= {
        "teacher, zero-shot/accuracy",
        "encoder-decoder/F1",
        "decoder/share not in passage",
    }
    if scale == "full":
        expected |= {"encoder-decoder, taught/F1", "reverse KL, own prefixes/F1 minus labels"}
    assert expected <= set(results["figures"])


def test_the_librarys_trainer_trains_in_its_cell(lesson, tmp_path, monkeypatch, capsys):
    pytest.importorskip("trl", reason="TRL is not installed: pip install trl")
    import datasets

    monkeypatch.chdir(tmp_path)  # it writes under results/
    teacher, tokenizer = models.load_decoder(teachers.obtain("headlines"))
    begun = {}

    def untaught(seed):
        begun["student"] = models.decoder("tiny", tokenizer, seed=seed)
        begun["weights"] = copy.deepcopy(begun["student"].state_dict())
        return begun["student"]

    setting = replace(settings(Switches("offline")), trl_steps=2, batch_size=4, longest=8)
    space = {
        "datasets": datasets,
        "importlib": importlib,
        "setting": setting,
        "untaught": untaught,
        "teacher": teacher,
        "tokenizer": tokenizer,
        "data": {"train": SimpleNamespace(prompts=["positive\n", "negative\n"] * 8)},
        "gpu": False,
        "device": "cpu",
        "first": 0,
        "known": True,
        "quality": "valid share",
        "write": lambda model, split, **how: (None, ["a text"]),
        "good": lambda texts: np.array([1.0]),
        "report": SimpleNamespace(add_rows=lambda name, own, **more: name),
    }
    (cell,) = (c.source for c in lesson.cells if c.is_code and "from trl import" in c.source)
    exec(cell, space)
    assert "the library/valid share" in capsys.readouterr().out
    after = begun["student"].state_dict()
    assert any(not torch.equal(after[name], value) for name, value in begun["weights"].items())
