"""The benchmark runs whole on a tiny model; its figures mean something only on a real one."""

from __future__ import annotations

import gc
import json
import sys

import numpy as np
import pytest

from kd_course.authoring import bench_block, readme
from kd_course.commands import bench, bench_memory, bench_share, bench_tokens


@pytest.fixture
def tiny(monkeypatch):
    width = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
    monkeypatch.setattr(bench, "WIDTH", width)
    monkeypatch.setattr(bench_share, "STUDENT", width)
    monkeypatch.setattr(bench_share, "MATRIX", 16)
    monkeypatch.setattr(bench_share, "WORDS", 2000)
    heads = {"num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 32}
    for name in ("STUDENT", "TEACHER"):
        monkeypatch.setattr(bench_tokens, name, {"hidden_size": 16, **heads})
    monkeypatch.setattr(bench_tokens, "WORDS", 200)
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
        "at most 1.1",
        "none",
        *["at least 0.5" if switch.best else "none" for switch in bench_share.switches()],
    ]
    assert all(len(ratio["ratios"]) == 1 and min(ratio["ratios"]) > 0 for ratio in ratios)
    assert status == int(not all(ratio["met"] for ratio in ratios))
    assert {"device", "cores", "torch"} <= told["machine"].keys()


def test_the_operations_of_a_step_are_those_of_its_matrices(monkeypatch):
    monkeypatch.setattr(bench_share, "WORDS", 2000)
    rows, width, wide = 32 * 13, 384, 1536
    layer = rows * (4 * width**2 + 2 * width * wide) + 2 * 32 * 12 * 13**2 * 32
    head = 32 * (width**2 + width * 2)
    # Two an element of a product, and the backward pass takes two products for each of the forward's.
    assert bench_share.operations_of_a_step() == pytest.approx(2 * 3 * (3 * layer + head), rel=0.03)


def test_frozen_words_are_not_trained_and_nothing_else_is_frozen(tiny):
    steps = bench_share.Steps(1, bench.tokenizer())
    (frozen,) = [switch for switch in bench_share.switches() if switch.best]
    assert steps.reached(frozen) > 0
    still = [
        name
        for name, weight in steps.trainers[frozen.name].model.named_parameters()
        if not weight.requires_grad
    ]
    assert still == ["bert.embeddings.word_embeddings.weight"]


def test_a_record_is_kept_for_the_page_with_the_load_it_was_made_under(tmp_path):
    found = [0.5012, 0.6, 0.52, 0.55, 0.52, 0.51]
    ratio = bench.Ratio(f"{bench.SHARE}, words frozen", found, at_least=0.53).as_dict()
    machine = {"device": "x86_64", "cores": "2, 2 used", "load": "0.1", "torch": "2.x"}
    path = tmp_path / "bench.json"
    bench.record({"machine": machine, "ratios": [ratio]}, path)
    shown = bench_block.table(path)
    assert bench_block.RECORD == bench.RECORD
    assert "words frozen | 0.52 | 0.50 – 0.60 | at least 0.53, missed |" in shown
    assert "6 pairs" in shown and "load 0.1" in shown


def test_the_page_shows_what_was_recorded():
    text = bench_block.PAGE.read_text(encoding="utf-8")
    assert "<!-- begin:bench -->" in text
    assert readme.filled(text, bench_block.blocks()) == text, (
        "python -m kd_course.authoring readme fills it"
    )


def test_what_the_page_says_of_the_switches_is_in_the_record():
    kept = json.loads(bench.RECORD.read_text(encoding="utf-8"))["ratios"]
    share = {
        ratio["name"].partition(f"{bench.SHARE}, ")[2]: ratio["median"]
        for ratio in kept
        if bench.SHARE in ratio["name"]
    }
    plain, frozen = share["as it comes"], share["words frozen"]
    assert share["AdamW in single operations"] < plain  # "fused already"
    gains = {name: of - plain for name, of in share.items() if "frozen" not in name}
    assert frozen - plain > max(gains.values())  # "worth its line"
    assert share.get("words frozen, bfloat16", 1.0) > frozen  # "then bf16=True"


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


@pytest.mark.parametrize("pairs", [6, 9, 12])
def test_an_interval_misses_the_median_of_all_pairs_in_at_most_a_twentieth(pairs):
    chance = np.random.default_rng(0)
    found = np.exp(chance.standard_normal((4000, pairs)))  # of a lopsided spread, with median 1
    intervals = np.array([bench.Ratio("a", list(ratios)).interval for ratios in found])
    missed = ((intervals[:, 0] > 1) | (intervals[:, 1] < 1)).mean()
    assert 0.02 < missed < 0.05
    assert bench.Ratio("a", list(found[0, :5])).interval is None


def test_a_ratio_tells_whether_its_median_meets_its_target():
    assert bench.Ratio("a", [0.9, 1.04, 2.0], at_most=1.05).met
    assert not bench.Ratio("b", [2.0, 3.2, 9.0], at_least=3.3).met
    assert "MISSED" in bench.Ratio("b", [2.0, 3.2, 9.0], at_least=3.3).row()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="malloc's settings are those of Linux' glibc")
@pytest.mark.parametrize("loss, status", [(0.5, 0), (0.5000001, 1)])
def test_kept_memory_is_compared_in_pairs_and_other_losses_fail(loss, status, monkeypatch, capsys):
    def in_a_process(batches, kept):
        order.append(kept)
        told = {"seconds": 9.0 if kept else 10.0, "memory": 3.0 if kept else 2.0}
        return told | {"loss": loss if kept else 0.5}

    order: list[bool] = []
    monkeypatch.setattr(bench_memory.allocator, "has_glibc", lambda: True)
    monkeypatch.setattr(bench_memory, "in_a_process", in_a_process)
    assert bench_memory.main(["--pairs", "2", "--json"]) == status
    time, memory = json.loads(capsys.readouterr().out)["ratios"]
    assert (time["median"], memory["median"]) == (0.9, 1.5)
    assert order == [False, True, True, False]


@pytest.mark.skipif(sys.platform != "linux", reason="malloc's settings are those of Linux' glibc")
def test_a_training_tells_its_processor_time_its_memory_and_its_loss(tiny):
    told = bench_memory.trained(batches=1)
    assert told["seconds"] > 0 and told["memory"] > 50 and 0 < told["loss"] < 10
