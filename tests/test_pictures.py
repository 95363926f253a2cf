"""The pictures: what is drawn, what a smudge leaves open, and the student that sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kd_course import cost, experiments, models
from kd_course.corpora import news, pictures
from kd_course.corpora.grammars import hidden_letters
from kd_course.corpora.grammars.context_free import Grammar, Meaning
from kd_course.corpora.pictures import HIDDEN

FEW = {"train": 12, "unlabelled": 6, "validation": 6, "test": 12}
OPEN = "TARNEFORS'S OPERATING ■■■■■■ ■■■■ SLIGHTLY IN 2010."


def first(iterator, count):
    return [next(iterator) for _ in range(count)]


@pytest.fixture(scope="module")
def data():
    return pictures.load(0, sizes=FEW)


def test_the_same_seed_gives_the_same_headlines_everywhere(data):
    texts = [text for split in data.values() for text in split["seen"]]
    assert experiments.fingerprint(texts) == "be0f2ec2a61bc7f4"


def test_the_same_seed_gives_the_same_dots_everywhere(data):
    grey = np.round(255 * pictures.picture(data["train"]["seen"][0]))
    assert int(grey.sum()) == 232_219


def test_other_test_rows_leave_the_other_splits_as_they_are(data):
    other = pictures.load(0, sizes=FEW, test_seed=5)
    for name in FEW:
        assert (other[name]["seen"] == data[name]["seen"]) == (name != "test")
    assert not set(other["test"]["text"]) & set(other["train"]["text"])


def test_every_headline_fits_on_its_line_and_every_letter_has_a_glyph(data):
    for split in data.values():
        for seen in split["seen"]:
            assert pictures.picture(seen).shape == (9, 6 * pictures.LONGEST)


def test_every_letter_of_the_corpus_has_a_glyph_of_its_own():
    letters = {letter for text, _, _ in first(news.draws(1), 300) for letter in text.upper()}
    assert letters <= set(pictures.glyphs())
    drawn = {cell.tobytes() for cell in pictures.glyphs().values()}
    assert len(drawn) == len(pictures.glyphs())


def test_a_smudge_hides_letters_and_nothing_else():
    assert pictures.hide("Profit rose 4.5%, to 12.", 4, 12) == "PROF■■ ■■■■ 4.5%, TO 12."
    dots = pictures.picture("A■ 1", noise=False)
    assert (dots[:, 6:12] == 0.5).all() and (dots[:, 12:18] == 0).all()


def test_a_picture_has_the_ink_that_its_glyphs_have_but_for_the_noise():
    clean = pictures.picture("PROFIT ROSE.", noise=False)
    noisy = pictures.picture("PROFIT ROSE.", seed=3)
    assert np.array_equal(noisy, pictures.picture("PROFIT ROSE.", seed=3))
    assert not np.array_equal(noisy, pictures.picture("PROFIT ROSE.", seed=4))
    wrong = (noisy > 0.5) != (clean > 0.5)
    assert 0.01 < wrong.mean() < 0.06


@pytest.mark.parametrize(
    ("seen", "message"), [("A" * 73, "at most 72"), ("ÅBO", "no glyph: \\['Å'\\]")]
)
def test_what_cannot_be_drawn_is_refused(seen, message):
    with pytest.raises(ValueError, match=message):
        pictures.picture(seen)


# -- the readings -----------------------------------------------------------------------------


def test_without_a_smudge_there_is_one_reading_and_its_posterior_is_the_texts(data):
    for text in data["test"]["text"][:6]:
        (only,) = pictures.readings(text.upper())
        assert only.text == text.upper() and only.weight == 1
        np.testing.assert_allclose(only.posterior, news.posterior([text])[0], atol=1e-12)


def test_the_text_itself_is_always_among_the_readings(data):
    for row in data["test"]:
        assert row["text"].upper() in {reading.text for reading in pictures.readings(row["seen"])}


def test_readings_are_weighed_by_how_often_the_grammar_says_them():
    """Against a count over drawn sentences: what the smudge leaves open, drawn by the grammar itself."""
    grammar = news.grammar()
    found = pictures.readings(OPEN)
    assert sum(reading.weight for reading in found) == pytest.approx(1)
    likely = {}
    for reading in found:
        inside = inside_of(grammar, reading.text)
        likely[reading.text] = sum(
            prior * given * p
            for m, p in inside.items()
            for prior, given in zip(grammar.prior, grammar.given_label[m])
        )
    whole = sum(likely.values())
    for reading in found:
        assert reading.weight == pytest.approx(likely[reading.text] / whole)


def inside_of(grammar, capitals):
    """p(text | meaning) by the word-level chart, of a sentence whose small letters are known."""
    words = capitals.lower()
    text = words.replace("tarnefors", "Tarnefors")
    return grammar.inside(text[0].upper() + text[1:])


def test_no_reading_is_left_out_and_none_is_counted_twice():
    """Against all sentences of a small grammar, spelled out by hand."""
    grammar = Grammar(
        (0.5, 0.5),
        [
            Meaning("up", (3, 1), ("{who} (rose|grew) {how?50}", "it (rose|fell)")),
            Meaning("down", (1, 2), ((3, "{who} (fell|lost) {how?50}"), "{who} rose")),
        ],
        {"who": ["Anna", (2, "Otto"), "Otto's cat"], "how": ["fast", "a lot"]},
    )
    seen = hidden_letters.readings(grammar, "■■■O ■■■■.")
    expected = {  # who · verb · nothing behind it, by hand
        "OTTO ROSE.": {0: 0.5 * 0.5 * 0.5 * 0.5, 1: 0.25 * 0.5},
        "OTTO GREW.": {0: 0.5 * 0.5 * 0.5 * 0.5},
        "OTTO FELL.": {1: 0.75 * 0.5 * 0.5 * 0.5},
        "OTTO LOST.": {1: 0.75 * 0.5 * 0.5 * 0.5},
    }
    assert seen.keys() == expected.keys()
    for text, meanings in expected.items():
        assert seen[text] == pytest.approx(meanings)
    (cat,) = hidden_letters.readings(grammar, "OTTO'■ CAT ROS■ ■ LOT.")
    assert cat == "OTTO'S CAT ROSE A LOT."
    assert not hidden_letters.readings(grammar, "■■■O ■■■■■.")


def test_the_posterior_of_a_picture_is_the_average_of_its_readings():
    found = pictures.readings(OPEN)
    mean = np.sum([reading.weight * np.array(reading.posterior) for reading in found], axis=0)
    np.testing.assert_allclose(pictures.posterior([OPEN])[0], mean)
    assert len(found) > 2 and mean.min() > 0.1


def test_a_picture_that_no_sentence_looks_like_is_refused():
    with pytest.raises(ValueError, match="no sentence of the grammar"):
        pictures.readings(f"QUITE ANOTHER {HIDDEN * 4}.")


def test_sizes_and_seeds_that_are_none_are_refused():
    with pytest.raises(ValueError, match="no such split"):
        pictures.load(0, sizes={"tests": 3})
    with pytest.raises(ValueError, match="smudge: must be a whole number"):
        pictures.load(0, smudge=-1)


# -- the student that sees --------------------------------------------------------------------


def test_a_student_that_sees_is_the_same_for_the_same_seed():
    one, same, other = (
        models.picture_classifier("tiny", pictures.CELL, 3, seed=seed).eval() for seed in (0, 0, 1)
    )
    seen = torch.tensor(np.stack([pictures.picture("PROFIT ROSE.")] * 2))
    assert one(seen).shape == (2, 3)
    assert torch.equal(one(seen), same(seen)) and not torch.equal(one(seen), other(seen))


def test_the_students_sizes_are_what_they_are_called():
    tiny, small = (
        cost.parameters(models.picture_classifier(size, pictures.CELL, 3, seed=0))
        for size in ("tiny", "small")
    )
    assert tiny < small < 150_000


def test_a_student_that_sees_refuses_what_is_no_picture():
    model = models.picture_classifier("tiny", pictures.CELL, 3, seed=0)
    with pytest.raises(ValueError, match="multiple of 6"):
        model(torch.zeros(2, 9, 13))
    with pytest.raises(ValueError, match="size must be one of"):
        models.picture_classifier("huge", pictures.CELL, 3, seed=0)
