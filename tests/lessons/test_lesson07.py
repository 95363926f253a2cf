"""Lesson 07 runs whole at every scale; what it says of its teacher and student holds.

The hub is a stand-in with a few invented rows; OPUS-MT is a Marian of random weights.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from hub_contents import OPUS_MT, OPUS_MT_CODE, write_opus_mt

from kd_course import cost, models, settings, teachers, translation
from kd_course.corpora import parallel


def run(scale, hub, tmp_path, limit="24"):
    environment = hub.environment(tmp_path / "home") | {"KD_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "kd_course", "run", "--plain", "07", "--scale", scale]
    command += ["--limit", limit, "--max-steps", "2", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, env=environment, capture_output=True, check=False, text=True, timeout=1800
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "no reference for these data: the run was shortened" in done.stdout
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["scale"] == scale and results["shortened"]
    arms = ("teacher", "control", "word-level", "sequence-level", "both")
    assert {f"{arm}/BLEU, greedy" for arm in arms} <= set(results["figures"])


@pytest.mark.thorough
def test_small_trains_its_own_teacher_on_pairs_of_the_hub(make_hub, tmp_path):
    run("small", make_hub(), tmp_path)


@pytest.mark.thorough
def test_full_copies_layers_of_opus_mt(make_hub, tmp_path):
    hub = make_hub()
    hub.add_model(OPUS_MT, write_opus_mt(tmp_path / "model"))
    run("full", hub, tmp_path)


def test_opus_mt_is_fed_and_copied_like_our_own(tmp_path):
    teacher, tokenizer = translation.load(str(write_opus_mt(tmp_path / "model")))
    pairs = translation.pairs_from([f"{OPUS_MT_CODE} I saw Tom."], ["我看见了汤姆。"])
    (row,) = translation.tokenised(pairs, tokenizer)
    code = tokenizer.convert_tokens_to_ids(OPUS_MT_CODE)
    assert row["input_ids"][0] == code and row["labels"][-1] == tokenizer.eos_token_id
    batch = translation.collator(tokenizer, teacher)([row])
    assert batch["decoder_input_ids"][0, 0] == teacher.config.decoder_start_token_id
    student = translation.copy_layers(teacher, encoder=6, decoder=2)
    assert (student.config.encoder_layers, student.config.decoder_layers) == (6, 2)
    assert translation.translate(student.eval(), tokenizer, [f"{OPUS_MT_CODE} I saw Tom."])


def test_the_student_has_a_quarter_of_its_teachers_parameters_or_less():
    teacher, tokenizer = translation.load("translation")
    setting = settings.for_lesson("07")
    student = translation.translator(setting.student, tokenizer, seed=0)
    sizes = [cost.parameters(model, embeddings=False) for model in (student, teacher)]
    assert 4 * sizes[0] <= sizes[1]


def test_no_source_of_the_teachers_stands_in_the_lessons_splits():
    own = {row["en"] for row in parallel.teacher_corpus(size=4000)["translation"]}
    for split in parallel.load().values():
        assert not own & {row["en"] for row in split["translation"]}


def test_the_shipped_teacher_answers_in_full_precision():
    teacher, _ = translation.load(teachers.obtain("translation"))
    assert {weights.dtype for weights in teacher.parameters()} == {torch.float32}
    assert (models.SHIPPED / "translation" / "source" / "tokenizer.json").is_file()
