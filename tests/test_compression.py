"""Low bits, low rank, narrower layers and ONNX: each held to NumPy, or to the model it came from."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import tiny_models
import torch
import transformers
from torch import nn

from kd_course import compression


@pytest.fixture
def bert():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=24,
        max_position_embeddings=16,
        num_labels=3,
    )
    return transformers.BertForSequenceClassification(config).eval()


@pytest.fixture
def batch():
    ids = torch.arange(1, 33).view(4, 8) % 40
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


# -- few bits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("per", ["row", "tensor"])
def test_rounded_weights_are_what_numpy_rounds_to(bits, per):
    weight = torch.randn(5, 7, dtype=torch.float64) * torch.logspace(-2, 1, 5)[:, None]
    weight[2] = 0
    scale = compression.scales(weight, bits, per=per)
    w, last = weight.numpy(), 2 ** (bits - 1) - 1
    largest = np.abs(w).max(1, keepdims=True) if per == "row" else np.abs(w).max()
    step = np.where(largest > 0, largest, last) / last
    expected = np.clip(np.round(w / step), -last, last) * step
    found = compression.rounded(weight, scale, bits)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)
    assert len((found[0] / scale[0]).round().unique()) <= 2 * last + 1


def test_a_fitted_scale_errs_less_and_never_more_than_one_that_keeps_the_largest():
    weight = torch.randn(6, 64)
    errors = {}
    for fit in (False, True):
        scale = compression.scales(weight, 2, fit=fit)
        errors[fit] = (compression.rounded(weight, scale, 2) - weight).square().sum(1)
    assert (errors[True] < errors[False]).all()
    assert (compression.scales(weight, 8, fit=True) <= compression.scales(weight, 8)).all()


def test_gradients_pass_straight_through_and_stop_at_what_is_cut_off():
    weight = torch.tensor([[0.2, -0.9, 1.4, -3.0]], requires_grad=True)
    pulled = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    (compression.rounded(weight, torch.ones(1, 1), 2) * pulled).sum().backward()
    assert weight.grad.tolist() == [[1.0, 2.0, 3.0, 0.0]]


def test_a_fake_quantized_model_learns_and_ends_with_few_values(bert, batch):
    smaller = compression.fake_quantized(bert, 2).train()
    key = smaller.bert.encoder.layer[0].intermediate.dense
    before = key.parametrizations.weight.original.detach().clone()
    optimizer = torch.optim.SGD(smaller.parameters(), lr=0.5)
    smaller(**batch, labels=torch.tensor([0, 1, 2, 0])).loss.backward()
    optimizer.step()
    assert not torch.equal(before, key.parametrizations.weight.original)
    now = key.weight.detach().clone()
    done = compression.rounded_for_good(smaller.eval())
    assert torch.equal(done.bert.encoder.layer[0].intermediate.dense.weight, now)
    assert all(len(row.unique()) <= 3 for row in now)
    assert set(done.state_dict()) == set(bert.state_dict())
    assert torch.equal(
        compression.fake_quantized(bert, 2).classifier.weight, bert.classifier.weight
    )


def test_sixteen_bits_change_next_to_nothing(bert, batch):
    with torch.no_grad():
        near = compression.fake_quantized(bert, 16)(**batch).logits
        torch.testing.assert_close(near, bert(**batch).logits, atol=1e-3, rtol=0)


def test_bytes_are_those_of_packed_codes_and_their_scales():
    model = nn.Sequential(nn.Embedding(10, 3), nn.Linear(3, 5))
    table, layer = -(-30 * 4 // 8) + 4 * 10, -(-15 * 4 // 8) + 4 * 5
    assert compression.bytes_at(model, 4) == table + layer + 4 * 5  # and the layer's bias
    assert compression.bytes_at(model, 4, per="tensor") == 15 + 4 + 8 + 4 + 20
    assert compression.bytes_at(model, 8, leave=("1",)) == 30 + 40 + 4 * 20


def test_a_model_whose_weights_are_computed_takes_the_same_bytes_as_before():
    model = nn.Sequential(nn.Embedding(10, 3), nn.Linear(3, 5))
    expected = compression.bytes_at(model, 4)
    assert compression.bytes_at(compression.pruned(model, 0.5), 4) == expected
    assert compression.bytes_at(compression.fake_quantized(model, 4), 4) == expected


@pytest.mark.parametrize(
    ("options", "match"), [({"bits": 1}, "bits"), ({"bits": 4, "per": "x"}, "per")]
)
def test_what_cannot_be_quantized_is_refused(options, match):
    with pytest.raises(ValueError, match=match):
        compression.scales(torch.ones(2, 2), **options)


# -- low rank ---------------------------------------------------------------------------------


def test_a_split_layer_is_the_nearest_of_its_rank_with_balanced_factors():
    layer = nn.Linear(12, 8)
    u, s, vh = np.linalg.svd(layer.weight.detach().numpy())
    down, up = parts = compression.split(layer, 3)
    expected = (u[:, :3] * s[:3]) @ vh[:3]
    np.testing.assert_allclose((up.weight @ down.weight).detach().numpy(), expected, atol=1e-6)
    torch.testing.assert_close(up.weight.norm(dim=0), down.weight.norm(dim=1))
    x = torch.randn(2, 12)
    whole = compression.split(layer, 8)
    torch.testing.assert_close(whole(x), layer(x))
    assert parts[0].bias is None and torch.equal(parts[1].bias, layer.bias)
    with pytest.raises(ValueError, match="rank must lie in 1 … 8"):
        compression.split(layer, 9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_factors_have_the_dtype_of_their_layer(dtype):
    layer = nn.Linear(12, 8).to(dtype)
    whole = compression.split(layer, 8)
    assert {p.dtype for p in whole.parameters()} == {dtype}
    x = torch.randn(2, 12).to(dtype)
    tolerance = 1e-12 if dtype == torch.float64 else 0.05
    torch.testing.assert_close(whole(x), layer(x), atol=tolerance, rtol=tolerance)
    assert {p.device.type for p in compression.split(layer.to("meta"), 3).parameters()} == {"meta"}


@pytest.mark.parametrize("share", [1.0, 0.5, 0.25, 1 / 16])
def test_the_rank_keeps_its_budget_and_the_next_would_not(share):
    for outputs, inputs in ((128, 512), (64, 64), (7, 30)):
        rank = compression.rank_for(outputs, inputs, share)
        budget = share * outputs * inputs
        assert rank == 1 or rank * (outputs + inputs) <= budget + 1e-6
        assert (rank + 1) * (outputs + inputs) > budget
    with pytest.raises(ValueError, match="share"):
        compression.rank_for(8, 8, 0.0)


def test_a_low_rank_model_is_smaller_and_keeps_its_head(bert, batch):
    smaller = compression.low_rank(bert, 0.5)
    linear = [m for m in bert.bert.encoder.modules() if isinstance(m, nn.Linear)]
    kept = sum(m.weight.numel() for m in smaller.bert.encoder.modules() if isinstance(m, nn.Linear))
    assert kept <= 0.5 * sum(m.weight.numel() for m in linear)
    assert smaller(**batch).logits.shape == (4, 3)
    assert type(smaller.classifier) is nn.Linear


# -- narrower ---------------------------------------------------------------------------------


def test_what_is_removed_is_what_a_zeroed_reader_would_lose(bert, batch):
    scores = compression.importance(bert, [{**batch, "labels": torch.tensor([0, 1, 2, 0])}])
    smaller = compression.narrowed(bert, scores, heads=2, neurons=10)
    with torch.no_grad():
        for layer, score in zip(bert.bert.encoder.layer, scores, strict=True):
            gone = score["heads"].argsort()[:2]
            for head in gone.tolist():
                layer.attention.output.dense.weight[:, 4 * head : 4 * head + 4] = 0
            layer.output.dense.weight[:, score["neurons"].argsort()[:14]] = 0
        torch.testing.assert_close(smaller(**batch).logits, bert(**batch).logits)
    first = smaller.bert.encoder.layer[0]
    assert first.attention.self.query.weight.shape == (8, 16)
    assert first.intermediate.dense.weight.shape == (10, 16)


def test_importance_is_the_slope_of_the_loss_when_an_output_is_scaled(bert, batch):
    labelled = {**batch, "labels": torch.tensor([0, 1, 2, 0])}
    bert = bert.double()
    (first, _) = compression.importance(bert, [labelled])
    reader = bert.bert.encoder.layer[0].output.dense.weight
    column, step = reader[:, 5].detach().clone(), 1e-3
    losses = []
    with torch.no_grad():
        for factor in (1 - step, 1 + step):
            reader[:, 5] = factor * column
            losses.append(bert(**labelled).loss.item())
    assert first["neurons"][5] == pytest.approx(abs(losses[1] - losses[0]) / (2 * step), rel=0.05)
    assert not bert.training and all(p.grad is None for p in bert.parameters())


def test_more_heads_than_there_are_and_another_kind_of_model_are_refused(bert):
    scores = [{"heads": torch.ones(4), "neurons": torch.ones(24)}] * 2
    with pytest.raises(ValueError, match="heads must lie in 1 … 4"):
        compression.narrowed(bert, scores, heads=5, neurons=3)
    config = transformers.DistilBertConfig(
        vocab_size=40, dim=16, n_layers=1, n_heads=2, hidden_dim=24
    )
    other = transformers.DistilBertForSequenceClassification(config)
    with pytest.raises(ValueError, match="BERT's kind"):
        compression.narrowed(other, scores[:1], heads=1, neurons=3)


# -- pruned models -----------------------------------------------------------------------------


def step_of(model, batch):
    """One step of training, with a rate that changes every weight."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    model(**batch, labels=torch.tensor([0, 1, 2, 0])).loss.backward()
    optimizer.step()
    optimizer.zero_grad()


def test_prune_train_and_prune_again_leaves_out_the_smallest_of_the_trained(bert, batch):
    once = compression.pruned(bert, 0.3)
    step_of(once, batch)
    twice = compression.pruned(once, 0.5)
    assert compression.sparsity(twice) == pytest.approx(0.5, abs=1e-3)
    weights = [m.weight_orig * m.weight_mask for m, _ in compression.weight_matrices(once)]
    flat = np.concatenate([w.detach().abs().numpy().ravel() for w in weights])
    threshold = np.sort(flat)[round(0.5 * flat.size) - 1]
    for (module, _), weight in zip(compression.weight_matrices(twice), weights, strict=True):
        expected = torch.where(weight.abs() > threshold, weight, 0.0)
        assert torch.equal(module.weight, expected)
    step_of(twice, batch)
    assert compression.sparsity(compression.make_permanent(twice)) >= 0.5
    less = compression.pruned(twice, 0.1)  # written in by now: zeros are the smallest, once more
    assert compression.sparsity(less) >= 0.5


def test_a_model_that_is_pruned_less_than_it_is_stays_as_it_is(bert):
    more = compression.pruned(bert, 0.5)
    assert compression.sparsity(compression.pruned(more, 0.2)) == compression.sparsity(more)


def test_a_copy_of_a_pruned_model_shares_nothing_and_is_up_to_date(bert, batch):
    once = compression.pruned(bert, 0.3)
    step_of(once, batch)  # its weights are now older than what they are made of
    twin = compression.pruned(once, 0.3)
    torch.testing.assert_close(twin(**batch).logits, once(**batch).logits, rtol=0, atol=0)
    before = {name: value.clone() for name, value in once.state_dict().items()}
    step_of(twin, batch)
    assert all(torch.equal(value, before[name]) for name, value in once.state_dict().items())


@pytest.mark.parametrize(
    "smaller",
    [
        compression.int8,
        lambda model: compression.low_rank(model, 0.5),
        lambda model: compression.narrowed(
            model, [{"heads": torch.arange(4), "neurons": torch.arange(24)}] * 2, heads=2, neurons=9
        ),
    ],
    ids=["int8", "low rank", "narrowed"],
)
def test_a_pruned_model_is_made_smaller_like_one_with_its_zeros_written_in(bert, batch, smaller):
    once = compression.pruned(bert, 0.3)
    step_of(once, batch)
    found = smaller(once)(**batch).logits
    torch.testing.assert_close(found, smaller(compression.make_permanent(once))(**batch).logits)


def test_what_a_pruned_model_has_no_place_for_is_refused_with_the_way_on(bert, batch):
    once = compression.pruned(bert, 0.3)
    with pytest.raises(ValueError, match="make_permanent first"):
        compression.fake_quantized(once, 4)
    with pytest.raises(ValueError, match="make_permanent first"):
        compression.importance(once, [{**batch, "labels": torch.tensor([0, 1, 2, 0])}])
    with pytest.raises(ValueError, match="rounded_for_good first"):
        compression.pruned(compression.fake_quantized(bert, 4), 0.3)
    quantized = compression.fake_quantized(compression.make_permanent(once), 4)
    assert quantized(**batch).logits.shape == (4, 3)


# -- on disk -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sparse", [False, True])
def test_a_tensor_of_two_names_is_written_once_and_read_for_both(tmp_path, sparse):
    tied = tiny_models.causal(0)
    if sparse:
        tied = compression.make_permanent(compression.pruned(tied, 0.5))
    size = compression.save(tied, tmp_path / "tied.safetensors", sparse=sparse)
    assert size == compression.bytes_on_disk(tied, sparse=sparse)
    numbers = sum(p.numel() for p in tied.parameters())
    assert sparse or 4 * numbers < size < 4 * numbers + 4000
    other = compression.load(tiny_models.causal(1), tmp_path / "tied.safetensors")
    for name, value in tied.state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name
    assert other.lm_head.weight is other.transformer.wte.weight


# -- out of PyTorch ---------------------------------------------------------------------------

SERVE = all(map(importlib.util.find_spec, ("onnx", "onnxscript", "onnxruntime")))


@pytest.mark.skipif(SERVE, reason="the extra serve is installed")
def test_without_the_extra_it_says_what_to_install(bert, tmp_path):
    with pytest.raises(ModuleNotFoundError, match=r"'\.\[serve\]'"):
        compression.to_onnx(bert, tmp_path / "model.onnx")


@pytest.mark.thorough
@pytest.mark.skipif(not SERVE, reason="the extra serve is not installed")
def test_onnx_answers_as_the_model_does_for_any_shape_and_leaves_its_mode_alone(
    bert, batch, tmp_path
):
    bert.train().bert.embeddings.eval()  # some modules in one mode, some in the other
    modes = [module.training for module in bert.modules()]
    path = compression.to_onnx(bert, tmp_path / "model.onnx")
    assert [module.training for module in bert.modules()] == modes and len(set(modes)) == 2
    bert.eval()  # as it was exported: with its dropout on, the answers would not be these
    served = compression.OnnxModel(path)
    assert next(served.parameters()).device.type == "cpu"  # which `predict_logits` asks for
    for rows, length in ((4, 8), (1, 3)):
        part = {name: tensor[:rows, :length] for name, tensor in batch.items()}
        with torch.no_grad():
            torch.testing.assert_close(
                served(**part).logits, bert(**part).logits, atol=1e-5, rtol=1e-4
            )
    small = compression.OnnxModel(compression.int8_onnx(path, tmp_path / "int8.onnx"))
    assert (small(**batch).logits - bert(**batch).logits).abs().max() < 0.1
