"""Lessons run whole at the scales that need the hub: a test of the path, never of a figure.

The hub is a stand-in, its models have random weights. They are thin, so that the test is quick;
KD_FULL_SIZE=1 gives them the published width (a BERT-base of 440 MB: minutes).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from transformers import BertConfig, BertModel, set_seed

from kd_course import models

FULL_SIZE = os.environ.get("KD_FULL_SIZE") == "1"
STAND_INS = {
    "small": (
        "sentence-transformers/all-MiniLM-L6-v2",
        {
            "num_hidden_layers": 6,
            "hidden_size": 384,
            "num_attention_heads": 12,
            "intermediate_size": 1536,
        },
    ),
    "full": (
        "google-bert/bert-base-uncased",
        {
            "num_hidden_layers": 12,
            "hidden_size": 768,
            "num_attention_heads": 12,
            "intermediate_size": 3072,
        },
    ),
}


FEW_WORDS = ("profit rose, sales fell, the board met in may",) * 3


def random_weights(folder, shape, *, texts=FEW_WORDS, vocabulary=300):
    """A pretrained encoder's folder, of this shape, as the hub would serve it.

    texts: what its tokenizer learns its words from.
    """
    tokenizer = models.train_tokenizer(list(texts), vocabulary=vocabulary)
    if not FULL_SIZE:
        shape = {**shape, "hidden_size": 24, "intermediate_size": 48}
    set_seed(0)
    words = 30_522 if FULL_SIZE else len(tokenizer)
    BertModel(BertConfig(vocab_size=words, **shape)).save_pretrained(folder)
    tokenizer.model_max_length = 512
    tokenizer.save_pretrained(folder)


ARMS = {
    "01": {"control/accuracy", "transfer and distilled/accuracy", "teacher, pruned/accuracy"},
    "05": {"distilled/accuracy", "student of the ensemble/accuracy"},
    "06": {"teacher/accuracy", "control/accuracy", "distilled/accuracy"},
}


@pytest.mark.parametrize(
    ("lesson", "scale"), [("01", "small"), ("05", "small"), ("06", "small"), ("06", "full")]
)
def test_a_lesson_runs_whole_through_the_hub(lesson, scale, make_hub, tmp_path):
    identifier, shape = STAND_INS[scale]
    random_weights(tmp_path / "model", shape)
    hub = make_hub()
    hub.add_model(identifier, tmp_path / "model")
    environment = hub.environment(tmp_path / "home") | {"KD_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "kd_course", "run", lesson, "--scale", scale]
    command += ["--limit", "60", "--max-steps", "3", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "no reference for these data: the run was shortened" in done.stdout
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["scale"] == scale and results["shortened"]
    assert ARMS[lesson] <= set(results["figures"])


def test_sst2_takes_one_setting(make_hub, tmp_path):
    identifier, shape = STAND_INS["small"]
    random_weights(tmp_path / "model", shape)
    hub = make_hub()
    hub.add_model(identifier, tmp_path / "model")
    environment = hub.environment(tmp_path / "home") | {
        "KD_CACHE": str(tmp_path / "cache"),
        "KD_DATASET": "stanfordnlp/sst2",
    }
    command = [sys.executable, "-m", "kd_course", "run", "06", "--scale", "small", "--limit", "24"]
    command += ["--max-steps", "2", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
