"""Lessons run whole at the scales that need the hub: a test of the path, never of a figure.

The hub is a stand-in with a few invented rows; its models have random weights.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hub_contents import BERT, MINILM, REVIEWS, write_encoder

ARMS = {
    "01": {"control/accuracy", "transfer and distilled/accuracy", "teacher, pruned/accuracy"},
    "05": {"distilled/accuracy", "student of the ensemble/accuracy"},
    "06": {"teacher/accuracy", "control/accuracy", "distilled/accuracy"},
    "12": {"full/accuracy", "2 bits, distilled/surprise", "narrow, labels/flips", "student/MB"},
}


@pytest.mark.parametrize(
    ("lesson", "scale"),
    [
        pytest.param("01", "small", marks=pytest.mark.thorough),
        pytest.param("05", "small", marks=pytest.mark.thorough),
        ("06", "small"),
        pytest.param("06", "full", marks=pytest.mark.thorough),
        pytest.param("12", "small", marks=pytest.mark.thorough),
        pytest.param("12", "full", marks=pytest.mark.thorough),
    ],
)
def test_a_lesson_runs_whole_through_the_hub(lesson, scale, make_hub, tmp_path):
    identifier = {"small": MINILM, "full": BERT}[scale]
    hub = make_hub()
    hub.add_model(identifier, write_encoder(tmp_path / "model", identifier))
    environment = hub.environment(tmp_path / "home") | {"KD_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "kd_course", "run", "--plain", lesson, "--scale", scale]
    command += ["--limit", "60", "--max-steps", "3", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "no reference for these data: the run was shortened" in done.stdout
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["scale"] == scale and results["shortened"]
    assert ARMS[lesson] <= set(results["figures"])


@pytest.mark.thorough
def test_sst2_takes_one_setting(make_hub, tmp_path):
    hub = make_hub()
    hub.add_model(MINILM, write_encoder(tmp_path / "model", MINILM))
    environment = hub.environment(tmp_path / "home") | {
        "KD_CACHE": str(tmp_path / "cache"),
        "KD_DATASET": REVIEWS,
    }
    command = [sys.executable, "-m", "kd_course", "run", "--plain", "06", "--scale", "small"]
    command += ["--limit", "24", "--max-steps", "2", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads((tmp_path / "out" / "results.json").read_text())["figures"]
    assert {"distilled, more text/gain over hard answers", "hard answers/accuracy"} <= set(figures)
