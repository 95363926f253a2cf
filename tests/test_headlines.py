"""The headlines: their truth is exact, their splits share no text, their length is theirs."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from kd_course.corpora import headlines, news


@pytest.fixture(scope="module")
def splits():
    return headlines.load(0, sizes={"train": 120, "validation": 40, "test": 60})


def test_the_same_seed_gives_the_same_and_a_smaller_split_is_the_beginning(splits):
    again = headlines.load(0, sizes={"train": 50, "validation": 40, "test": 60})
    assert again["train"]["text"][:] == splits["train"]["text"][:50]


def test_fresh_test_rows_leave_the_others_alone(splits):
    fresh = headlines.load(0, sizes={"train": 120, "validation": 40, "test": 60}, test_seed=7)
    assert fresh["train"]["text"][:] == splits["train"]["text"][:]
    assert fresh["test"]["text"][:] != splits["test"]["text"][:]


def test_no_text_stands_in_two_splits_or_in_the_teachers_corpus(splits):
    sets = [set(split["text"]) for split in splits.values()]
    sets.append(set(headlines.teacher_corpus(0, 60)["text"]))
    assert sum(map(len, sets)) == len(set.union(*sets))


def test_a_headline_has_six_to_nine_words_and_its_truth_is_finite(splits):
    for split in splits.values():
        assert all(len(text.split()) in headlines.WORDS for text in split["text"])
        assert np.isfinite(split["log_p"]).all() and max(split["log_p"]) < 0


def test_the_truth_is_bayes_rule_read_backwards(splits):
    """p(label | text) of the news grammar, from p(text | label) here and the shares of short texts."""
    grammar = news.grammar()
    for text in splits["test"]["text"][:10]:
        joint = [
            prior
            * headlines.share_of_short(label)
            * math.exp(headlines.log_truth([text], [label])[0])
            for label, prior in enumerate(grammar.prior)
        ]
        expected = grammar.posterior(text)
        assert np.array(joint) / sum(joint) == pytest.approx(np.array(expected), abs=1e-9)


def test_the_share_of_short_texts_is_the_one_that_is_drawn():
    draw, drawn = random.Random(11).random, np.zeros((3, 2))
    for _ in range(4000):
        text, label = news.grammar().draw(draw)
        drawn[label] += (1, text.count(" ") + 1 in headlines.WORDS)
    for label, (number, short) in enumerate(drawn):
        share = headlines.share_of_short(label)
        assert short / number == pytest.approx(share, abs=4 * (share / number) ** 0.5)
        assert sum(news.grammar().word_counts(label).values()) == pytest.approx(1.0)


def test_what_cannot_be_said_or_is_too_long_has_no_probability(splits):
    text = splits["test"]["text"][0]
    assert headlines.log_truth([text + " Again."], [0])[0] == -math.inf
    assert headlines.log_truth([text.lower()], [0])[0] == -math.inf
    assert headlines.meaning_of(text) is not None and headlines.meaning_of("Rose.") is None


def test_bad_calls_are_told_what_is_wrong():
    with pytest.raises(ValueError, match="no such split"):
        headlines.load(0, sizes={"dev": 3})
    with pytest.raises(TypeError, match="list of texts"):
        headlines.log_truth("a text", [0])
    with pytest.raises(ValueError, match="as many as texts"):
        headlines.log_truth(["a text"], [0, 1])
