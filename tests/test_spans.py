"""Windows, characters to tokens and back, and the best answers: right, or a clear error."""

import itertools

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from kd_course import losses, spans
from kd_course.corpora import reading
from kd_course.models import train_tokenizer

CONTEXT = "Halvaro has opened a new factory in Gdansk, Poland. It cost about 45.2 million euros."
QUESTION = "Where is the new plant?"


@pytest.fixture(scope="module")
def corpus():
    return reading.load(sizes={"train": 40, "validation": 10, "test": 10, "test_new_names": 5})


@pytest.fixture(scope="module")
def bert_like(corpus):
    """[CLS] question [SEP] passage [SEP], two segments; a token takes in the space before it."""
    return train_tokenizer(corpus["train"]["context"], vocabulary=600)


@pytest.fixture(scope="module")
def roberta_like(bert_like):
    """<s> question </s></s> passage </s>, offsets without spaces, no segments."""
    backend = Tokenizer.from_str(bert_like.backend_tokenizer.to_str())
    sep, cls = (("[SEP]", bert_like.sep_token_id), ("[CLS]", bert_like.cls_token_id))
    backend.post_processor = processors.RobertaProcessing(sep, cls, trim_offsets=True)
    names = {f"{n}_token": getattr(bert_like, f"{n}_token") for n in ("pad", "unk", "cls", "sep")}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, model_input_names=["input_ids", "attention_mask"], **names
    )


@pytest.fixture(scope="module")
def word_pieces():
    """BERT's own: WordPiece after its normalizer, which drops accents and splits Chinese."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "where", "?", "in", "gdansk", "malmo", ",", "."]
    words += [
        *"北京的在哪里abcdefghijklmnopqrstuvwxyz",
        *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
    ]
    backend = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]",
    )  # fmt: skip


@pytest.fixture(params=["bert_like", "roberta_like"])
def tokenizer(request):
    return request.getfixturevalue(request.param)


def answer(context, text, start=None):
    return {"text": [text], "answer_start": [context.index(text) if start is None else start]}


def oracle_logits(columns, wanted, high=8.0):
    """Logits of a model that knows: high at the labels of a window, flat elsewhere."""
    starts, ends = [], []
    for i, offsets in enumerate(columns["offsets"]):
        start, end = np.zeros(len(offsets)), np.zeros(len(offsets))
        if wanted["start_positions"][i] != -100:
            start[wanted["start_positions"][i]] = high
            end[wanted["end_positions"][i]] = high
        starts.append(start)
        ends.append(end)
    return starts, ends


def there_and_back(tokenizer, question, context, text, **options):
    """The answer, by way of windows, labels and a model that knows."""
    columns = spans.windows(tokenizer, [question], [context], **options)
    labels = spans.labels(columns, [context], [answer(context, text)])
    logits = oracle_logits(columns, labels)
    longest = options.get("length", 384)
    return spans.texts(spans.best_answers(columns, [context], *logits, longest=longest))[0]


# -- windows ------------------------------------------------------------------------------------


def test_windows_cover_the_passage_share_the_stride_and_carry_the_question(tokenizer):
    context = " ".join([CONTEXT] * 6)
    columns = spans.windows(tokenizer, [QUESTION], [context], length=60, stride=20)
    whole = tokenizer(context, add_special_tokens=False)["input_ids"]
    question = tokenizer(QUESTION, add_special_tokens=False)["input_ids"]
    pieces = []
    for ids, mask in zip(columns["input_ids"], columns["answer_mask"], strict=True):
        assert len(ids) <= 60
        assert ids[1 : 1 + len(question)] == question
        pieces.append([token for token, allowed in zip(ids, mask, strict=True) if allowed])
    assert len(pieces) > 3
    put_together = pieces[0]
    for before, piece in itertools.pairwise(pieces):
        assert before[-20:] == piece[:20]
        put_together = put_together + piece[20:]
    assert put_together == whole


def test_only_passage_tokens_may_be_answers(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], [CONTEXT])
    allowed = [
        CONTEXT[start:end]
        for (start, end), ok in zip(columns["offsets"][0], columns["answer_mask"][0], strict=True)
        if ok
    ]
    assert "".join(allowed) == CONTEXT.replace(" ", "")
    assert columns["no_answer"] == [-100]
    assert not any(columns["answer_mask"][0][: len(tokenizer(QUESTION)["input_ids"])])


def test_the_first_token_can_stand_for_no_answer(tokenizer):
    context = "It is far away. " * 30 + "Gdansk it was."
    columns = spans.windows(tokenizer, [QUESTION], [context], length=50, stride=10, no_answer=True)
    labels = spans.labels(columns, [context], [answer(context, "Gdansk")])
    assert set(columns["no_answer"]) == {0}
    assert all(mask[0] for mask in columns["answer_mask"])
    assert labels["start_positions"][0] == labels["end_positions"][0] == 0
    assert labels["start_positions"][-1] > 0
    # Decoding never gives it as an answer, however sure the model is of it.
    logits = [np.where(np.arange(len(o)) == 0, 50.0, 0.0) for o in columns["offsets"]]
    best = spans.best_answers(columns, [context], logits, logits)[0]
    assert best[0].text in context
    assert best[0].score == 0


def test_several_examples_keep_apart(tokenizer):
    contexts = [" ".join([CONTEXT] * 4), "Only one sentence.", ""]
    columns = spans.windows(tokenizer, [QUESTION] * 3, contexts, length=60, stride=10)
    assert columns["example"] == sorted(columns["example"])
    assert set(columns["example"]) == {0, 1, 2}
    logits = [np.arange(len(o), dtype=float) for o in columns["offsets"]]
    best = spans.texts(spans.best_answers(columns, contexts, logits, logits))
    assert best[0] in contexts[0]
    assert best[1] == "."
    assert best[2] == ""


# -- characters to tokens and back --------------------------------------------------------------


def test_every_acceptable_answer_of_the_corpus_comes_back(tokenizer, corpus):
    rows = corpus["train"].to_list()
    contexts = [row["context"] for row in rows]
    columns = spans.windows(tokenizer, [row["question"] for row in rows], contexts, length=512)
    assert columns["example"] == list(range(len(rows)))
    for row, offsets in zip(rows, columns["offsets"], strict=True):
        for span in row["spans"]:
            tokens = spans.to_tokens(offsets, span["start"], span["end"])
            assert spans.to_characters(offsets, *tokens) == (span["start"], span["end"])


@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_an_answer_at_either_end_of_a_long_passage_comes_back(tokenizer, where):
    filler = ("The company gave no reason for the step it had taken. " * 300).split()  # 3,000 words
    at = {"first": 0, "middle": 1500, "last": len(filler)}[where]
    context = " ".join([*filler[:at], "Gdansk", *filler[at:]])
    assert len(context.split()) >= 3_000
    assert there_and_back(tokenizer, QUESTION, context, "Gdansk", length=128, stride=32) == "Gdansk"


@pytest.mark.parametrize("context", ["Gdansk", "Gdansk.", " Gdansk", "7", "é", "\u00a0Gdansk\n"])
def test_a_passage_of_one_word_is_its_own_answer(tokenizer, context):
    text = context.strip().strip(".")
    assert there_and_back(tokenizer, QUESTION, context, text) == text


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ("总部在北京。公司有三百名员工。", "北京"),
        ("总部在北京。公司有三百名员工。", "三百名员工"),
        ("The winner 🎉 was 👩‍🔬 Anna 🙂 Berg, of course.", "👩‍🔬 Anna 🙂 Berg"),
        ("🙂", "🙂"),
        ("A🙂B🙂C", "🙂B🙂"),
        ("Prix de l’École Supérieure: 3 000 €", "l’École Supérieure"),
        ("İstanbul'da, nai\u0308ve ise \u200bburada.", "nai\u0308ve ise"),
    ],
)
def test_chinese_emoji_and_accents_come_back(tokenizer, context, text):
    assert there_and_back(tokenizer, "在哪里 🙂?", context, text) == text


@pytest.mark.parametrize(
    ("context", "text"),
    [("他在北京的。", "北京"), ("in Gdańsk, Malmö.", "Malmö"), ("IN MALMO.", "MALMO")],
)
def test_answers_come_back_through_berts_own_normalizer(word_pieces, context, text):
    assert there_and_back(word_pieces, "where 哪里?", context, text) == text


def test_an_answer_inside_a_token_comes_back_as_the_whole_token(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], ["Malmo Malmo Malmo"])
    offsets = columns["offsets"][0]
    whole = next((s, e) for s, e in offsets if e - s >= 2)
    tokens = spans.to_tokens(offsets, whole[0] + 1, whole[1])
    assert spans.to_characters(offsets, *tokens) == whole


def test_spaces_around_a_marked_answer_do_not_matter(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], [CONTEXT])
    loose = {"text": [" Gdansk"], "answer_start": [CONTEXT.index(" Gdansk")]}
    assert spans.labels(columns, [CONTEXT], [loose]) == spans.labels(
        columns, [CONTEXT], [answer(CONTEXT, "Gdansk")]
    )


# -- answers that a window cuts off -------------------------------------------------------------


def test_an_answer_that_a_window_cuts_is_not_in_it_and_is_not_clamped(tokenizer):
    # Trap 12.
    text = "Anna Berg of the port of Gdansk and Lars Holm of the city of Oslo"
    context = "They came. " * 12 + text + " spoke. " + "They went. " * 12
    columns = spans.windows(tokenizer, ["Who spoke?"], [context], length=64, stride=44)
    labels = spans.labels(columns, [context], [answer(context, text)])
    start = context.index(text)
    whole, cut = 0, 0
    for i, offsets in enumerate(columns["offsets"]):
        inside = [(s, e) for s, e in offsets if s < e]
        low, high = inside[0][0], inside[-1][1]
        first, last = labels["start_positions"][i], labels["end_positions"][i]
        if low <= start and start + len(text) <= high:
            whole += 1
            assert spans.to_characters(offsets, first, last) == (start, start + len(text))
        else:
            cut += start < high and low < start + len(text)
            assert (first, last) == (-100, -100)
    assert cut >= 2, "no window cuts the answer, so nothing is tested"


def test_an_answer_too_long_for_any_window_leaves_every_window_without_one(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], [CONTEXT], length=24, stride=4)
    labels = spans.labels(columns, [CONTEXT], [answer(CONTEXT, CONTEXT)])
    assert len(columns["example"]) > 1
    assert set(labels["start_positions"]) == set(labels["end_positions"]) == {-100}


def test_no_marked_answer_gives_no_label(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], [CONTEXT])
    labels = spans.labels(columns, [CONTEXT], [{"text": [], "answer_start": []}])
    assert labels == {"start_positions": [-100], "end_positions": [-100]}


def test_an_answer_that_does_not_stand_where_it_should_is_refused(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], [CONTEXT])
    for start in (3, -1, 10_000):
        with pytest.raises(
            ValueError, match=f"example 0 should have 'Gdansk' at character {start}"
        ):
            spans.labels(columns, [CONTEXT], [answer(CONTEXT, "Gdansk", start)])


# -- soft targets -------------------------------------------------------------------------------


def test_targets_are_the_two_ends_of_the_truth(tokenizer, corpus):
    rows = corpus["train"].to_list()
    contexts = [row["context"] for row in rows]
    columns = spans.windows(tokenizer, [row["question"] for row in rows], contexts, length=512)
    truth = spans.targets(columns, [row["spans"] for row in rows])
    for row, target, mask in zip(rows, truth, columns["answer_mask"], strict=True):
        np.testing.assert_allclose(target.sum(1), 1)
        assert (target[:, ~np.array(mask)] == 0).all()
        by_start = {}
        for span in row["spans"]:
            by_start[span["start"]] = by_start.get(span["start"], 0) + span["probability"]
        np.testing.assert_allclose(sorted(target[0][target[0] > 0]), sorted(by_start.values()))


def test_a_window_without_all_acceptable_answers_has_no_target(tokenizer):
    start = CONTEXT.index("45.2 million")
    acceptable = [
        {"start": start, "end": start + 12, "probability": 0.4},
        {"start": start, "end": start + 18, "probability": 0.6},
    ]
    columns = spans.windows(tokenizer, [QUESTION], [CONTEXT], length=30, stride=8)
    found = spans.targets(columns, [acceptable])
    assert len(found) > 1
    for target, offsets in zip(found, columns["offsets"], strict=True):
        complete = spans.to_tokens(offsets, start, start + 18)[0] != -100
        assert (target is not None) == complete


# -- batches ------------------------------------------------------------------------------------


def test_a_batch_feeds_the_model_and_the_loss(tokenizer, corpus):
    rows = corpus["train"].select(range(10)).to_list()
    contexts = [row["context"] for row in rows]
    columns = spans.windows(
        tokenizer, [row["question"] for row in rows], contexts, length=64, stride=16
    )
    columns |= spans.labels(columns, contexts, [row["answers"] for row in rows])
    windows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values())]
    batch = spans.collate(windows, tokenizer)
    shape = batch["input_ids"].shape
    assert shape == batch["attention_mask"].shape == batch["answer_mask"].shape
    assert not batch["answer_mask"][batch["attention_mask"] == 0].any()
    assert (batch["start_positions"] == -100).any()
    assert (batch["start_positions"] >= 0).any()
    logits = [torch.randn(shape) for _ in range(4)]
    value = losses.span_distillation_loss(
        *logits,
        batch["start_positions"],
        batch["end_positions"],
        mask=batch["answer_mask"],
    )
    assert value.isfinite()
    assert value > 0


def test_labels_agree_with_the_mask_that_the_loss_uses(tokenizer, corpus):
    rows = corpus["test"].to_list()
    contexts = [row["context"] for row in rows]
    columns = spans.windows(
        tokenizer, [row["question"] for row in rows], contexts, length=96, stride=24
    )
    labels = spans.labels(columns, contexts, [row["answers"] for row in rows])
    for name in labels:
        for position, mask in zip(labels[name], columns["answer_mask"], strict=True):
            assert position == -100 or mask[position]


# -- the best answers ---------------------------------------------------------------------------


def brute_force(columns, contexts, starts, ends, n, longest):
    """Every pair of every window, written out."""
    found = [{} for _ in contexts]
    for window, example in enumerate(columns["example"]):
        offsets = columns["offsets"][window]
        for i, j in itertools.product(range(len(offsets)), repeat=2):
            if offsets[i][0] == offsets[i][1] or offsets[j][0] == offsets[j][1]:
                continue
            if i <= j < i + longest:
                span = (offsets[i][0], offsets[j][1])
                score = starts[window][i] + ends[window][j]
                found[example][span] = max(score, found[example].get(span, -np.inf))
    return [sorted(spans_.items(), key=lambda x: (-x[1], x[0]))[:n] for spans_ in found]


@pytest.mark.parametrize("longest", [1, 4, 30])
def test_best_answers_are_those_of_looking_at_every_pair(tokenizer, longest):
    random = np.random.default_rng(longest)
    contexts = [" ".join([CONTEXT] * 2), CONTEXT]
    columns = spans.windows(tokenizer, [QUESTION] * 2, contexts, length=40, stride=12)
    starts, ends = (
        [random.normal(size=len(o)) + 5 * (np.arange(len(o)) < 3) for o in columns["offsets"]]
        for _ in range(2)
    )
    got = spans.best_answers(columns, contexts, starts, ends, n=15, longest=longest)
    expected = brute_force(columns, contexts, starts, ends, 15, longest)
    for answers, wanted, context in zip(got, expected, contexts, strict=True):
        assert [(a.start, a.end) for a in answers] == [span for span, _ in wanted]
        np.testing.assert_allclose([a.score for a in answers], [score for _, score in wanted])
        assert all(a.text == context[a.start : a.end] for a in answers)


def test_windows_are_compared_by_logits_and_not_by_probabilities(tokenizer):
    """A window that is sure of little beats, by probability, one that sees two good answers."""
    context = " ".join([CONTEXT] * 6)
    columns = spans.windows(tokenizer, [QUESTION], [context], length=50, stride=0)
    starts = [np.full(len(o), -9.0) for o in columns["offsets"]]
    answer_mask = np.array(columns["answer_mask"][1])
    good = np.flatnonzero(answer_mask)[[3, 12]]
    starts[1][good] = 5.0, 4.9
    starts[0][np.flatnonzero(columns["answer_mask"][0])[2]] = 1.0  # the best of a bad window
    best = spans.best_answers(columns, [context], starts, starts)[0][0]
    assert best.window == 1
    shares = [np.exp(s).max() / np.exp(s).sum() for s in starts[:2]]
    assert shares[0] > shares[1], "by probability the other window would have won"


def test_the_end_is_never_before_the_start_nor_the_answer_too_long(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], [CONTEXT])
    tokens = np.flatnonzero(columns["answer_mask"][0])
    start, end = np.zeros(len(columns["offsets"][0])), np.zeros(len(columns["offsets"][0]))
    start[tokens[10]], end[tokens[4]] = 9.0, 9.0  # the two peaks cannot be joined
    for found in spans.best_answers(columns, [CONTEXT], [start], [end], n=50, longest=3)[0]:
        assert found.start < found.end
        assert found.score <= 9.0
        first, last = spans.to_tokens(columns["offsets"][0], found.start, found.end)
        assert last - first < 3


def test_question_special_tokens_and_padding_are_never_answers(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], [CONTEXT])
    mask = np.array(columns["answer_mask"][0])
    logits = np.concatenate([np.where(mask, 0.0, 100.0), np.full(20, 100.0)])
    best = spans.best_answers(columns, [CONTEXT], [logits], [logits])[0]
    assert best[0].score == 0
    infinite = np.where(np.append(mask, [False] * 20), 0.0, -np.inf)
    assert spans.best_answers(columns, [CONTEXT], [infinite], [infinite])[0][0].score == 0


def test_fewer_answers_than_asked_for_is_no_error(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], ["7"])
    logits = [np.zeros(len(columns["offsets"][0]))]
    assert len(spans.best_answers(columns, ["7"], logits, logits, n=20)[0]) == 1


# -- what is refused ----------------------------------------------------------------------------


def test_a_question_longer_than_the_window_is_refused_and_not_cut(tokenizer):
    question = "Where " + "on earth " * 30 + "is it?"
    with pytest.raises(ValueError, match=r"question 1 has \d+ tokens and leaves 0 of 64"):
        spans.windows(tokenizer, [QUESTION, question], [CONTEXT] * 2, length=64, stride=16)
    # The same question fits a longer window.
    assert there_and_back(tokenizer, question, CONTEXT, "Gdansk", length=384) == "Gdansk"


def test_a_stride_that_leaves_no_way_forward_is_refused(tokenizer):
    with pytest.raises(ValueError, match="larger length or a smaller stride"):
        spans.windows(tokenizer, [QUESTION], [CONTEXT], length=40, stride=35)
    with pytest.raises(ValueError, match="stride must be 0 or more"):
        spans.windows(tokenizer, [QUESTION], [CONTEXT], stride=-1)


def test_an_empty_question_and_an_empty_list_are_no_error(tokenizer):
    assert there_and_back(tokenizer, "", CONTEXT, "Gdansk") == "Gdansk"
    assert spans.windows(tokenizer, [], [])["example"] == []


def test_a_window_without_passage_is_wholly_masked_and_counts_as_nothing(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION] * 2, ["", CONTEXT])
    columns |= spans.labels(
        columns, ["", CONTEXT], [{"text": [], "answer_start": []}, answer(CONTEXT, "Gdansk")]
    )
    windows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values())]
    batch = spans.collate(windows, tokenizer)
    assert not batch["answer_mask"][0].any()
    logits = [torch.randn(batch["input_ids"].shape) for _ in range(4)]
    positions = [batch["start_positions"], batch["end_positions"]]
    both = losses.span_distillation_loss(*logits, *positions, mask=batch["answer_mask"])
    alone = losses.span_distillation_loss(
        *(z[1:] for z in logits), *(p[1:] for p in positions), mask=batch["answer_mask"][1:]
    )
    torch.testing.assert_close(both, alone)


def test_logits_that_do_not_fit_are_refused(tokenizer):
    columns = spans.windows(tokenizer, [QUESTION], [CONTEXT])
    right = [np.zeros(len(columns["offsets"][0]))]
    with pytest.raises(ValueError, match="one entry a window, 1, but have 2 and 1"):
        spans.best_answers(columns, [CONTEXT], right * 2, right)
    with pytest.raises(ValueError, match="end_logits of window 0 must have shape"):
        spans.best_answers(columns, [CONTEXT], right, [right[0][:-1]])
    with pytest.raises(ValueError, match="start_logits of window 0 is NaN"):
        spans.best_answers(columns, [CONTEXT], [right[0] * np.nan], right)
    with pytest.raises(ValueError, match="n and longest must be at least 1"):
        spans.best_answers(columns, [CONTEXT], right, right, n=0)


def test_a_slow_tokenizer_is_refused():
    with pytest.raises(TypeError, match="fast one"):
        spans.windows(object(), [QUESTION], [CONTEXT])


def test_padding_on_the_left_is_refused(bert_like):
    columns = spans.windows(bert_like, [QUESTION], [CONTEXT])
    windows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values())]
    bert_like.padding_side = "left"
    try:
        with pytest.raises(ValueError, match="padding_side must be 'right'"):
            spans.collate(windows, bert_like)
    finally:
        bert_like.padding_side = "right"
