"""Who asks a model leaves each of its modules in the mode that it was in."""

from __future__ import annotations

import pytest
import torch
from tiny_models import bert, causal, encoder_decoder, letters, sentences
from torch import nn
from transformers import BertForQuestionAnswering

from kd_course import compression, cost, generation, retrieval
from kd_course.distillation import predict_logits, predict_spans
from kd_course.modes import eval_mode
from kd_course.translation.search import next_token_of

IDS = torch.tensor([[5, 6, 7]])
ROWS = [{"input_ids": row["input_ids"]} for row in sentences(3)]


def ask_next_token(model):
    next_token_of(model, IDS)([(2,)])


def write(model):
    inputs = {"input_ids": IDS, "attention_mask": torch.ones_like(IDS)}
    generation.write_beside(model, inputs, start=2, end=3, longest=2)


ASKED = {
    "predict_logits": (lambda: bert(0), lambda m: predict_logits(m, ROWS, letters())),
    "predict_spans": (
        lambda: bert(0, BertForQuestionAnswering, num_labels=2),
        lambda m: predict_spans(m, ROWS, letters()),
    ),
    "multiply_adds": (lambda: bert(0), lambda m: cost.multiply_adds(m, {"input_ids": IDS})),
    "importance": (
        lambda: bert(0),
        lambda m: compression.importance(m, [{"input_ids": IDS, "labels": torch.tensor([1])}]),
    ),
    "encode": (
        lambda: retrieval.bi_encoder(bert(0), 1),
        lambda m: retrieval.encode(m, letters(), ["a b"]),
    ),
    "sample": (lambda: causal(0), lambda m: generation.sample(m, [[5, 6]], longest=2, end=3)),
    "log_probabilities": (
        lambda: causal(0),
        lambda m: generation.log_probabilities(
            m, [{"prompt": [5, 6], "completion": [7, 3]}], end=3
        ),
    ),
    "write_beside": (lambda: encoder_decoder(0), write),
    "next_token_of": (lambda: encoder_decoder(0), ask_next_token),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ASKED)
def test_whoever_asks_leaves_every_module_in_its_own_mode(name, training):
    """A frozen part stays without dropout while the rest trains."""
    make, ask = ASKED[name]
    model = make().train(training)
    frozen = [module for module in model.modules() if not [*module.children()]][::2]
    for module in frozen:
        module.training = not training
    before = [module.training for module in model.modules()]
    assert len(set(before)) == 2
    ask(model)
    assert [module.training for module in model.modules()] == before


def test_the_modes_are_restored_after_an_error_too():
    model = nn.Sequential(nn.Dropout(), nn.Linear(1, 1)).train()
    model[0].eval()
    with pytest.raises(RuntimeError, match="halfway"), eval_mode(model):
        assert not any(module.training for module in model.modules())
        raise RuntimeError("halfway")
    assert [module.training for module in model.modules()] == [True, False, True]
