"""The benchmark runs whole on a tiny model; its figures mean something only on a real one."""

from __future__ import annotations

import gc
import json

import pytest

from kd_course.commands import bench


@pytest.fixture
def tiny(monkeypatch):
    width = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
    monkeypatch.setattr(bench, "WIDTH", width)
    gc.freeze()  # each training begins with a collection, which would walk over all that is loaded
    yield
    gc.unfreeze()


def test_every_ratio_is_measured_in_pairs_and_said_with_its_target(tiny, capsys, monkeypatch):
    monkeypatch.setattr(bench, "QUICK", {"pairs": 1, "batches": 2})
    status = bench.main(["--quick", "--json"])
    told = json.loads(capsys.readouterr().out)
    ratios = told["ratios"]
    assert [ratio["target"] for ratio in ratios] == [
        "at most 1.05",
        "none",
        "at least 3.3",
        "at least 5",
    ]
    assert all(len(ratio["ratios"]) == 1 and min(ratio["ratios"]) > 0 for ratio in ratios)
    assert status == int(not all(ratio["met"] for ratio in ratios))
    assert {"device", "cores", "torch"} <= told["machine"].keys()


def test_a_turn_has_its_share_of_short_and_of_long_batches(tiny):
    ways = bench.Ways(batches=8)
    assert ways._rows(0) == ways._rows(0) != ways._rows(1)
    whole = sum(map(bench._longest, ways.epoch)) / len(ways.epoch)
    for turn in range(1, 8):
        rows = ways._rows(turn)
        batches = [rows[start : start + bench.BATCH] for start in range(0, len(rows), bench.BATCH)]
        assert len(batches) == 8
        assert sum(map(bench._longest, batches)) / 8 == pytest.approx(whole, rel=0.1)


def test_the_lengths_are_those_of_the_sentences_they_were_counted_on():
    lengths = [len(row["input_ids"]) for row in bench.sentences()]
    assert len(lengths) == bench.ROWS == 3038
    assert sum(lengths) / len(lengths) == pytest.approx(30.76, abs=0.01)


def test_a_ratio_tells_whether_its_median_meets_its_target():
    assert bench.Ratio("a", [0.9, 1.04, 2.0], at_most=1.05).met
    assert not bench.Ratio("b", [2.0, 3.2, 9.0], at_least=3.3).met
    assert "MISSED" in bench.Ratio("b", [2.0, 3.2, 9.0], at_least=3.3).row()[-1]
