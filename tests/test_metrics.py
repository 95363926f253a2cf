"""Metrics and costs equal figures worked out by hand, or by another library."""

import math
import time

import numpy as np
import pytest
import torch
from torch import nn

from kd_course import cost, experiments, metrics

P = np.array([[0.9, 0.1, 0.0], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]])
LABELS = np.array([0, 1, 1, 2])


def test_correct_is_row_by_row():
    assert metrics.correct(P, LABELS).tolist() == [1, 0, 1, 1]


def test_macro_f1_by_hand():
    # class 0: 2·1/(2+1); class 1: 2·1/(1+2); class 2: 2·1/(1+1)
    assert metrics.macro_f1(P, LABELS) == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_a_class_that_does_not_occur_has_f1_zero_in_both_macro_f1s():
    p = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0]])
    labels = np.array([0, 1])
    # class 0: 2·1/(2+1); class 1: 0; class 2: never given, never a label
    assert metrics.macro_f1(p, labels) == pytest.approx(2 / 9)
    assert metrics.macro_f1_of(metrics.class_counts(p, labels).sum(0)) == pytest.approx(2 / 9)


def test_a_confidence_of_one_falls_into_the_last_bin_of_every_calibration_error():
    p = np.array([[1.0, 0.0], [1.0, 0.0], [0.95, 0.05], [0.95, 0.05]])
    labels = np.array([0, 1, 1, 0])
    p[2:] = [[0.95, 0.05], [0.95, 0.05]]
    expected = abs((1 + 1 + 0.95 + 0.95) - 2) / 4  # all four in the last of fifteen bins
    counts = metrics.confidence_counts(p, labels).sum(0)
    assert metrics.calibration_error_of(counts) == pytest.approx(expected)
    assert metrics.calibration_error(p, labels) == pytest.approx(expected, abs=1e-6)
    labels = np.array([1, 0, 0, 0])
    counts = metrics.confidence_counts(p, labels).sum(0)
    expected = abs((1 + 1 + 0.95 + 0.95) - 3) / 4
    assert metrics.calibration_error_of(counts) == pytest.approx(expected)
    assert metrics.calibration_error(p, labels) == pytest.approx(expected, abs=1e-6)
    assert metrics.calibration_error(p.astype(np.float32), labels) == pytest.approx(
        expected, abs=1e-6
    )
    assert metrics.reliability(p, labels, bins=15)["rows"][-1] == 4


@pytest.mark.parametrize("bins", [4, 5, 8, 15])
def test_on_an_edge_the_calibration_errors_agree(bins):
    edges = np.arange(bins // 2 + 1, bins + 1) / bins
    p = np.stack([edges, 1 - edges], -1)
    labels = np.arange(len(p)) % 2
    counts = metrics.confidence_counts(p, labels, bins=bins).sum(0)
    assert metrics.calibration_error(p, labels, bins=bins) == pytest.approx(
        metrics.calibration_error_of(counts), abs=1e-6
    )


def test_a_model_that_diverged_has_no_calibration_error_and_no_row_is_lost():
    p = P.copy()
    p[1] = np.nan
    assert np.isnan(metrics.calibration_error(p, LABELS))
    assert np.isnan(metrics.calibration_error_of(metrics.confidence_counts(p, LABELS).sum(0)))
    bins = metrics.reliability(p, LABELS)
    assert bins["rows"].sum() == 4 and np.isnan(bins["confidence"][0])


def test_nan_scores_rank_last():
    nan = np.nan
    scores = np.array([[nan, nan, nan], [0.3, nan, 0.1], [0.3, 0.2, nan], [0.3, 0.2, 0.1]])
    found = metrics.reciprocal_ranks(scores, np.array([0, 1, 0, 1]))
    assert found.tolist() == [1 / 3, 1 / 3, 1 / 2, 1 / 2]
    assert metrics.reciprocal_ranks(scores, np.array([0, 1, 0, 1]), k=2).tolist() == [
        0,
        0,
        0.5,
        0.5,
    ]


def test_calibration_error_by_hand():
    # five bins: 0.6 and 0.7 share [0.6, 0.8) with accuracy ½; 0.9 and 0.8 share [0.8, 1] with accuracy 1
    expected = (abs(0.65 - 0.5) * 2 + abs(0.85 - 1.0) * 2) / 4
    assert metrics.calibration_error(P, LABELS, bins=5) == pytest.approx(expected, abs=1e-6)


def test_reliability_counts_every_row_once_and_leaves_empty_bins_nan():
    bins = metrics.reliability(P, LABELS, bins=10)
    assert bins["rows"].sum() == 4
    assert np.isnan(bins["accuracy"][0])


def test_agreement_ignores_who_is_right():
    assert metrics.agreement(P, P[:, [1, 0, 2]]) == 0.25


def test_kl_rows_by_hand():
    truth = np.array([[0.5, 0.5, 0.0]])
    assert metrics.kl_rows(truth, np.array([[0.25, 0.75, 0.0]]))[0] == pytest.approx(
        0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    )
    assert np.isinf(metrics.kl_rows(truth, np.array([[1.0, 0.0, 0.0]])))[0]


@pytest.mark.parametrize("true_temperature", [0.4, 1.0, 3.0])
def test_the_best_temperature_is_found(true_temperature):
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 3)) * 2
    p = metrics.probabilities(logits)
    labels = (p.cumsum(-1) > random.random((len(p), 1))).argmax(-1)
    assert metrics.best_temperature(logits * true_temperature, labels) == pytest.approx(
        true_temperature, rel=0.05
    )


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.table.weight
        self.middle = nn.Linear(4, 4)

    def forward(self, ids):
        return self.head(self.middle(self.table(ids)))


def test_shared_parameters_count_once():
    assert cost.parameters(Tied()) == 40 + 20
    assert cost.parameters(Tied(), embeddings=False) == 20
    assert cost.size_in_bytes(Tied()) == 60 * 4


def test_multiply_adds_by_hand_and_the_mode_is_left_as_it_was():
    model = Tied().train()
    # five tokens: a 4×4 and a 4×10 product each
    assert cost.multiply_adds(model, {"ids": torch.arange(5)[None]}) == 5 * (16 + 40)
    assert model.training


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_attentions_own_two_products_are_counted_whichever_kernel_computes_them(attention):
    import transformers

    layers, tokens, width, inner, classes = 3, 7, 16, 40, 2
    config = transformers.BertConfig(
        vocab_size=50,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=inner,
        num_labels=classes,
        attn_implementation=attention,
    )
    model = transformers.BertForSequenceClassification(config)
    projections = 4 * tokens * width**2  # queries, keys, values, output
    attended = 2 * tokens**2 * width  # queries with keys, weights with values
    feed_forward = 2 * tokens * width * inner
    head = width**2 + width * classes  # on the first token only
    ids = torch.arange(tokens)[None]
    by_hand = layers * (projections + attended + feed_forward) + head
    assert cost.multiply_adds(model, {"input_ids": ids}) == by_hand


def test_latency_calls_as_often_as_it_says():
    calls = []
    times = cost.latency(lambda: calls.append(1), repeats=7, warm_up=2)
    assert len(calls) == 9
    assert 0 <= times["p50"] <= times["p95"]


def test_latency_sees_single_calls_so_that_a_slow_tail_shows():
    pauses = iter([0.05] * 2 + [0.0] * 8 + [0.05] * 2)  # two to warm up, then ten
    times = cost.latency(lambda: time.sleep(next(pauses)), repeats=10, warm_up=2)
    assert times["p50"] < 25 < 50 <= times["p95"]


@pytest.mark.parametrize(
    ("value", "figure", "written"),
    [
        (77.512, "BLEU, greedy", "77.5"),
        (4.814, "control/BLEU, beam", "4.8"),
        (-1.3, "gain in BLEU, greedy", "-1.3"),
        (41.08, "chrF, greedy", "41.1"),
        (0.9651, "share of the teacher's BLEU, greedy", "0.965"),
        (0.8034, "accuracy", "0.803"),
        (12.3456, "KL to the truth, nats", "12.346"),
        (0.5, "", "0.500"),
    ],
)
def test_a_score_has_one_decimal_and_all_else_three(value, figure, written):
    assert metrics.shown(value, figure) == written


def test_in_percent_a_share_is_and_a_score_stays_as_it_is():
    assert metrics.shown(0.8034, "accuracy", percent=True) == "80.3 %"
    assert metrics.shown(77.512, "BLEU, greedy", percent=True) == "77.5"


@pytest.mark.parametrize(
    ("figure", "bounds"),
    [
        ("control/ECE, scaled", (0, 1)),
        ("06/offline/distilled, more text/macro F1", (0, 1)),
        ("teacher-news/offline/test/accuracy_of_the_truth", (0, 1)),
        ("share nearly right", (0, 1)),
        ("both/BLEU, beam", (0, 100)),
        ("both/share of the teacher's BLEU, greedy", (0, math.inf)),  # a student may be better
        ("control/retention", (0, math.inf)),
        ("teacher/sets: KL to its own targets", (0, math.inf)),
        ("student/ms at batch 32", (0, math.inf)),
        ("both/gain in BLEU, beam", (-math.inf, math.inf)),
        ("teacher/sets: gain, own penalty", (-math.inf, math.inf)),
        ("control/minus the whole loop", (-math.inf, math.inf)),
        ("distilled/share wrong, over control", (-math.inf, math.inf)),
        ("distilled/F1, test_new_names, over teacher", (-math.inf, math.inf)),
        ("sound teacher/excess surprise in the slice", (-math.inf, math.inf)),
        ("gain/ECE", (0, 1)),  # an arm's name says nothing
        ("minutes", (-math.inf, math.inf)),
    ],
)
def test_a_name_says_what_a_figure_can_be(figure, bounds):
    assert metrics.possible(figure) == bounds


def test_no_reference_run_has_a_figure_beyond_what_its_name_allows():
    for lesson in [f"{number:02}" for number in range(9)] + ["teacher-news", "teacher-translation"]:
        for run in experiments.ledger().runs_of(lesson):
            for name, figure in run["figures"].items():
                least, most = metrics.possible(name)
                assert all(least <= value <= most for value in figure["values"].values()), name


def test_a_share_and_its_percentage_are_rounded_alike():
    assert metrics.shown(0.6845, "accuracy") == "0.685"
    assert metrics.shown(0.6845, "accuracy", percent=True) == "68.5 %"
    assert metrics.shown(2.675 / 1000) == "0.003" and metrics.shown(0.0025) == "0.003"
    assert metrics.shown(-0.0004) == "-0.000" and metrics.shown(12345.0) == "12345.000"
    assert metrics.shown(float("nan")) == "nan" and metrics.shown(float("inf")) == "inf"


def test_scores_of_sums_are_the_scores_of_all_rows():
    random = np.random.default_rng(0)
    p = random.dirichlet([0.7, 1, 0.4], size=500)
    labels = np.array([random.choice(3, p=row) for row in p])
    counts = metrics.class_counts(p, labels).sum(0)
    assert metrics.macro_f1_of(counts) == pytest.approx(metrics.macro_f1(p, labels))
    counts = metrics.confidence_counts(p, labels).sum(0)
    assert metrics.calibration_error_of(counts) == pytest.approx(
        metrics.calibration_error(p, labels), abs=1e-6
    )
