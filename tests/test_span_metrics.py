"""Exact match and F1 are SQuAD's: held to the published definition, written out here again."""

import random
import re
import string
from collections import Counter

import numpy as np
import pytest
import torch
from torchmetrics.functional.text import squad

from kd_course import metrics

# -- the official definition --------------------------------------------------------------------
# After evaluate-v1.1.py, the script published with SQuAD v1.1: the same steps in the same order,
# punctuation taken out character by character, articles by a regular expression.


def official_normal_form(answer):
    without = "".join(c for c in answer.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", without).split())


def official_scores(prediction, golds):
    matches, overlaps = [], []
    for gold in golds:
        left, right = official_normal_form(prediction), official_normal_form(gold)
        matches.append(left == right)
        common = sum((Counter(left.split()) & Counter(right.split())).values())
        if not common:
            overlaps.append(0)
            continue
        precision = 1.0 * common / len(left.split())
        recall = 1.0 * common / len(right.split())
        overlaps.append((2 * precision * recall) / (precision + recall))
    return max(matches), max(overlaps)


PIECES = (
    "the", "The", "THE", "a", "an", "A.", "an,", "theatre", "Anna", "Berg", "berg", "Berg's",
    "EUR", "3.5", "3,500", "million", "-", "--", "—", "“Berg”", "‘a’", "…", ".", "!", "$5", "€5",
    "U.S.", "state-of-the-art", "naïve", "nai\u0308ve", "ÉCOLE", "école", "ß", "SS", "İstanbul",
    "北京", "北京。", "答案", "🙂", "👩‍🔬", "\u00a0", "\u3000", "\t", "\n", "", " ", "½", "a\u200bn",
    "O'Neill", "O’Neill", "the-the", "@", "a/an", "№7",
)  # fmt: skip


def awkward_pairs(size, seed=0):
    """Predictions and gold answers that share pieces, repeat them, or have nothing at all."""
    draw = random.Random(seed)
    for _ in range(size):
        pool = draw.sample(PIECES, draw.randint(1, 6))

        def text(pool=pool):
            pieces = [draw.choice(pool) for _ in range(draw.randint(0, 5))]
            return draw.choice((" ", "  ", "")).join(pieces)

        yield text(), [text() for _ in range(draw.randint(1, 4))]


def test_a_thousand_awkward_pairs_score_as_the_official_definition_says():
    pairs = list(awkward_pairs(1_000))
    predictions, golds = (list(column) for column in zip(*pairs, strict=True))
    expected = np.array([official_scores(*pair) for pair in pairs], dtype=float)
    # The pairs are awkward in every way that matters.
    assert 0.2 < expected[:, 0].mean() < 0.8
    assert ((expected[:, 1] > 0) & (expected[:, 1] < 1)).sum() > 100
    assert ((expected[:, 0] == 1) & (expected[:, 1] == 0)).sum() > 20  # nothing left on both sides
    assert sum(not text.isascii() for text in predictions) > 200
    np.testing.assert_array_equal(metrics.exact_match(predictions, golds), expected[:, 0])
    np.testing.assert_array_equal(metrics.f1(predictions, golds), expected[:, 1])


def test_the_library_agrees_except_where_nothing_is_left_of_both():
    """Why metrics has lines of its own: torchmetrics follows SQuAD 2.0 there."""
    differing = 0
    for prediction, golds in awkward_pairs(300, seed=1):
        result = squad(
            {"prediction_text": prediction, "id": "0"},
            {"answers": {"text": golds, "answer_start": [0] * len(golds)}, "id": "0"},
        )
        assert result["exact_match"] == 100 * metrics.exact_match([prediction], [golds])[0]
        ours = 100 * metrics.f1([prediction], [golds])[0]
        empty = not official_normal_form(prediction) and not all(map(official_normal_form, golds))
        if empty:
            assert (ours, result["f1"]) == (0, 100)
            differing += 1
        else:
            torch.testing.assert_close(result["f1"].double(), torch.tensor(ours).double())
    assert differing > 10


@pytest.mark.parametrize(
    ("prediction", "golds", "match", "overlap"),
    [
        ("The Anna Berg!", ["anna berg"], 1, 1),
        ("chief executive Anna Berg", ["Anna Berg"], 0, 2 / 3),
        ("Berg", ["Anna Berg", "chief executive Berg"], 0, 2 / 3),
        ("3.5 million", ["35 million"], 1, 1),  # punctuation goes, even inside a number
        ("the", ["a"], 1, 0),  # nothing is left of either: equal, and no word in common
        ("", ["Berg"], 0, 0),
        ("Berg Berg", ["Berg"], 0, 2 / 3),  # words count as often as they occur
        ("“Berg”", ["Berg"], 0, 0),  # only ASCII punctuation is taken out
        ("theatre", ["atre"], 0, 0),  # an article is a whole word
    ],
)
def test_scores_by_hand(prediction, golds, match, overlap):
    assert metrics.exact_match([prediction], [golds]).tolist() == [match]
    assert metrics.f1([prediction], [golds])[0] == pytest.approx(overlap)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="one entry a row, but have 2 and 1"):
        metrics.f1(["a", "b"], [["a"]])
    with pytest.raises(ValueError, match="row 1 has none"):
        metrics.exact_match(["a", "b"], [["a"], []])
    with pytest.raises(TypeError, match="list of lists"):
        metrics.f1(["a"], ["a"])
    with pytest.raises(TypeError, match="list of texts"):
        metrics.f1("a", [["a"]])
    assert metrics.f1([], []).shape == (0,)
