"""Smaller models: what pruning and int8 promise, held to NumPy; and the lesson's arithmetic."""

from __future__ import annotations

import functools
import sys
import types
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from kd_course import compression, experiments, settings
from kd_course.authoring.source import read, source_of
from kd_course.exercises import examine
from kd_course.lessons.lesson01 import exercises as lesson01


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))


IDS = torch.arange(20)


def matrices(model):
    return [getattr(module, name).detach() for module, name in compression.weight_matrices(model)]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_pruning_zeroes_the_smallest_magnitudes_of_all_layers_together(model, share):
    before = np.concatenate([w.numpy().ravel() for w in matrices(model)])
    smaller = compression.make_permanent(compression.pruned(model, share))
    after = np.concatenate([w.numpy().ravel() for w in matrices(smaller)])
    gone = np.argsort(np.abs(before))[: round(share * len(before))]
    expected = before.copy()
    expected[gone] = 0
    assert np.array_equal(after, expected)
    assert compression.sparsity(smaller) == pytest.approx(share, abs=1 / len(before))
    assert compression.sparsity(model) == 0  # the model itself is left alone


def test_pruned_weights_stay_zero_while_the_others_learn(model):
    smaller = compression.pruned(model, 0.5)
    zeros = [w == 0 for w in matrices(smaller)]
    optimizer = torch.optim.SGD(smaller.parameters(), lr=0.1)
    smaller(IDS).square().mean().backward()
    optimizer.step()
    after = matrices(compression.make_permanent(smaller))
    assert all((w[z] == 0).all() for w, z in zip(after, zeros))
    assert any(not torch.equal(w, v) for w, v in zip(after, matrices(model)))


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_sparsity_out_of_range_is_refused(model, share):
    with pytest.raises(ValueError, match=r"sparsity must lie in \[0, 1\)"):
        compression.pruned(model, share)


def test_int8_errs_by_at_most_half_a_step_and_keeps_zero_and_the_largest():
    weight = torch.randn(7, 11) * torch.logspace(-3, 2, 7)[:, None]
    weight[2] = 0
    weight[3, 4] = 0
    codes, scale = compression.quantize_rows(weight)
    back = codes * scale
    assert codes.dtype == torch.int8 and codes.min() >= -127
    assert ((back - weight).abs() <= 0.5001 * scale).all()
    assert (back[weight == 0] == 0).all() and scale[2] == 1
    assert torch.allclose(back.abs().amax(1), weight.abs().amax(1))


def test_an_int8_model_answers_nearly_as_before_in_about_a_quarter_of_the_bytes():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(500, 64), nn.Linear(64, 128), nn.Tanh(), nn.Linear(128, 3))
    smaller, ids = compression.int8(model), torch.arange(500)
    assert (smaller(ids) - model(ids)).abs().max() < 0.02
    share = compression.bytes_on_disk(smaller) / compression.bytes_on_disk(model)
    assert 0.25 < share < 0.35
    assert type(model[1]) is nn.Linear  # the model itself is left alone


def test_without_torchao_there_are_no_int8_kernels_and_nothing_is_warned_of(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchao", None)  # as if it were not installed
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compression.with_int8_kernels(model) is None


def test_with_torchao_a_copy_is_quantized_and_compiled(model, monkeypatch):
    given = []
    stand_in = types.ModuleType("torchao.quantization")
    stand_in.Int8DynamicActivationInt8WeightConfig = lambda **settings: settings
    stand_in.quantize_ = lambda model, config: given.append((model, config))
    monkeypatch.setitem(sys.modules, "torchao", types.ModuleType("torchao"))
    monkeypatch.setitem(sys.modules, "torchao.quantization", stand_in)
    monkeypatch.setattr(nn.Module, "compile", lambda self, **settings: given.append(self))
    faster = compression.with_int8_kernels(model.train())
    assert given == [(faster, {"set_inductor_config": False}), faster]
    assert faster is not model and model.training and not faster.training


def test_what_is_saved_sparse_is_loaded_again_entry_for_entry(model, tmp_path):
    smaller = compression.make_permanent(compression.pruned(model, 0.9))
    plain = compression.save(smaller, tmp_path / "plain", sparse=False)
    packed = compression.save(smaller, tmp_path / "packed", sparse=True)
    assert packed < plain
    for file in ("plain", "packed"):
        again = compression.load(
            nn.Sequential(*[type(m)(*_shape(m)) for m in model]), tmp_path / file
        )
        for name, tensor in smaller.state_dict().items():
            assert torch.equal(again.state_dict()[name], tensor), name


def _shape(module):
    if isinstance(module, nn.Embedding):
        return module.num_embeddings, module.embedding_dim
    return (module.in_features, module.out_features) if isinstance(module, nn.Linear) else ()


def test_a_dense_model_gains_nothing_from_the_sparse_form(model):
    assert compression.bytes_on_disk(model, sparse=True) == compression.bytes_on_disk(model)


@pytest.mark.parametrize("row", lesson01.TABLE)
def test_a_table_with_one_wrong_row_is_told_which_and_why(row):
    right = {name: answer for name, (answer, _) in lesson01.TABLE.items()}
    assert examine("01.7", right).passed
    for wrong, why in lesson01.TABLE[row][1].items():
        report = examine("01.7", right | {row: wrong})
        told = " ".join(report.message.split())
        assert f"{row} = {wrong}" in told and " ".join(why.split()) in told


@pytest.mark.parametrize("scale", settings.SCALES)
def test_all_trained_arms_take_the_same_number_of_steps(monkeypatch, scale):
    monkeypatch.setenv("KD_SCALE", scale)
    setting = settings.for_lesson("01")
    arms = {k: r for k, r in setting.recipes.items() if k not in ("teacher", "pretraining")}
    assert len(arms) == 6 and len({recipe.steps for recipe in arms.values()}) == 1
    assert all(recipe in setting.grid(arm) for arm, recipe in arms.items())


def test_no_arms_rate_stands_at_the_edge_of_its_grid_and_all_grids_are_of_one_size(monkeypatch):
    monkeypatch.setenv("KD_SCALE", "offline")
    setting = settings.for_lesson("01")
    arms = [arm for arm in setting.recipes if arm != "pretraining"]
    assert len({len(setting.grid(arm)) for arm in arms}) == 1
    for arm in arms:
        rates = sorted(recipe.learning_rate for recipe in setting.grid(arm))
        assert setting.recipes[arm].learning_rate in rates[1:-1], arm


def median_times(calls):
    """The lesson's function, run with a clock of our own: what each call takes, call by call."""
    (cell,) = (c for c in read(source_of("01")).cells if c.source.startswith("def median_times("))
    taken = []

    def repeat(call, repeat, number):
        return [call() for _ in range(repeat * number)]

    def model(name):
        def call():
            taken.append(name)
            return calls[name](len(taken))

        return call

    space = {"torch": torch, "np": np, "functools": functools}
    space["timeit"] = types.SimpleNamespace(repeat=repeat)
    exec(cell.source, space)
    return space["median_times"]({name: model(name) for name in calls}, 40), taken


def test_models_of_one_network_get_one_time_though_the_machine_is_busy_for_a_while():
    busy = range(60, 160)  # the machine is three times as slow during these calls

    def network(now):
        return 0.003 if now in busy else 0.001

    times, taken = median_times({"control": network, "distilled": network, "transfer": network})
    assert times == pytest.approx({"control": 1.0, "distilled": 1.0, "transfer": 1.0})
    assert [taken[i] for i in range(0, 27, 9)] == ["control", "distilled", "transfer"]  # in turns


def test_a_call_that_was_interrupted_counts_for_nothing():
    times, _ = median_times({"model": lambda now: 0.5 if now % 3 else 0.002})
    assert times == pytest.approx({"model": 2.0})


# -- what the reference run shows ---------------------------------------------------------------


def test_the_prose_tells_the_signs_that_the_reference_run_found():
    told = {
        "distilled/gain over control": "+",
        "transfer/gain over control": "open",
        "transfer and distilled/gain over distilled": "open",
        "teacher, pruned, distilled/gain over teacher, pruned, retrained": "+",
        "transfer and distilled/gain over teacher, pruned": "-",
    }
    for name, sign in told.items():
        found = experiments.ledger().interval(f"01/offline/{name}")
        settled = "+" if found.mean > 0 else "-"
        assert (settled if found.excludes(0.0) else "open") == sign, name
    seeds = experiments.ledger().values("01/offline/transfer/gain over control")
    assert max(seeds) > 0.5 * sum(seeds)  # "one seed makes most of that"
