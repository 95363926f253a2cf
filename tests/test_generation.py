"""Models that write: rows and batches, sampling, drafts that change nothing, spans of two tokenizers."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_models
import torch
from scipy.stats import chisquare
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from kd_course import generation, models

TEXTS = [
    "Net sales rose 7.4% to EUR 12.5 mn.",
    "Kallanen's shares fell in 2012.",
    "Zentrica Oyj employs about 3,800 people.",
]


@pytest.fixture(scope="module")
def tokenizer():
    return models.train_spelling_tokenizer(
        TEXTS, vocabulary=300, prompts=("<negative>", "<positive>")
    )


@pytest.fixture(scope="module")
def model(tokenizer):
    return models.decoder("mini", tokenizer, seed=0).eval()


def gen(seed=0):
    return torch.Generator().manual_seed(seed)


# -- texts and rows ---------------------------------------------------------------------------


def test_the_tokenizer_gives_every_text_back_and_spells_numbers(tokenizer):
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.decode(ids) == text and tokenizer.eos_token_id not in ids
    pieces = tokenizer.convert_ids_to_tokens(tokenizer("12.5")["input_ids"])
    assert pieces == ["1", "2", ".", "5"]
    assert tokenizer.eos_token_id == tokenizer.pad_token_id
    assert len(tokenizer("<positive>")["input_ids"]) == 1


def test_a_batch_knows_what_was_written_though_end_and_padding_are_one_token(tokenizer):
    end = tokenizer.eos_token_id
    rows = generation.rows_of(["<negative>", "<positive>"], ["a bc", "a"], tokenizer)
    rows.append({"prompt": [1], "completion": [5, 6]})  # cut: it has no end
    batch = generation.collate(rows, end=end)
    for i, row in enumerate(rows):
        assert batch.labels[i][batch.mask[i]].tolist() == row["completion"]
        assert int(batch.attention_mask[i].sum()) == len(row["prompt"]) + len(row["completion"])
    assert (batch.labels[~batch.mask] == -100).all()


def test_the_log_probability_of_a_text_is_the_sum_over_its_tokens(model, tokenizer):
    end = tokenizer.eos_token_id
    rows = generation.rows_of(["<negative>", "<positive>"], TEXTS[:2], tokenizer)
    found = generation.log_probabilities(model, rows, end=end)
    for row, value in zip(rows, found.tolist(), strict=True):
        ids = row["prompt"] + row["completion"]
        with torch.no_grad():
            log_q = model(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
        expected = sum(log_q[i - 1, ids[i]].item() for i in range(len(row["prompt"]), len(ids)))
        assert value == pytest.approx(expected, abs=1e-3)


def test_long_prompts_in_a_large_vocabulary_do_not_fill_the_memory(model, tokenizer, monkeypatch):
    """All logits of a hundred prompts of 400 tokens in 49,152 words took 18 gigabytes."""
    end = tokenizer.eos_token_id
    rows = generation.rows_of(["<negative>" * 9, "<positive>"] * 4, TEXTS[:2] * 4, tokenizer)
    at_once = generation.log_probabilities(model, rows, end=end)
    sizes = []
    handle = model.register_forward_hook(lambda *call: sizes.append(call[-1].logits.numel()))
    longest = max(len(row["prompt"]) + len(row["completion"]) for row in rows)
    limit = 3 * longest * model.config.vocab_size
    monkeypatch.setattr("kd_course.generation.prompts.LOGITS_AT_ONCE", limit)
    in_parts = generation.log_probabilities(model, rows, end=end)
    handle.remove()
    torch.testing.assert_close(in_parts, at_once, atol=1e-4, rtol=0)
    assert len(sizes) == 3 and max(sizes) < limit


def test_what_was_sampled_is_cut_at_its_first_end():
    rows = generation.written_rows([[1], [2]], torch.tensor([[5, 0, 0], [5, 6, 7]]), end=0)
    assert [row["completion"] for row in rows] == [[5, 0], [5, 6, 7]]


# -- sampling ---------------------------------------------------------------------------------


def test_the_same_generator_writes_the_same_and_another_one_something_else(model):
    def written(seed):
        return generation.sample(model, [[1], [2]], longest=6, end=0, generator=gen(seed))

    assert torch.equal(written(3), written(3)) and not torch.equal(written(3), written(4))


def test_padding_on_the_left_changes_nothing(model):
    alone = generation.sample(model, [[1, 9]], longest=5, end=0, temperature=0)
    beside = generation.sample(model, [[1, 9], [4, 5, 6, 7]], longest=5, end=0, temperature=0)
    assert torch.equal(alone[0, : alone.shape[1]], beside[0, : alone.shape[1]])


def test_greedy_is_what_generate_writes(model):
    found = generation.sample(model, [[1, 9]], longest=5, end=0, temperature=0)[0].tolist()
    ids = torch.tensor([[1, 9]])
    library = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=5, do_sample=False, pad_token_id=0
    )
    assert found == library[0, 2:].tolist()


def test_the_first_token_is_drawn_from_the_models_distribution(model):
    number = 4000
    first = generation.sample(model, [[1]] * number, longest=1, end=0, generator=gen())[:, 0]
    with torch.no_grad():
        p = model(input_ids=torch.tensor([[1]])).logits[0, -1].double().softmax(-1).numpy()
    counts = np.bincount(first.numpy(), minlength=len(p))
    order = np.argsort(p)  # in eight groups of about equal probability
    groups = np.minimum((p[order].cumsum() * 8).astype(int), 7)
    seen, expected = np.bincount(groups, counts[order]), number * np.bincount(groups, p[order])
    assert chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-3


def test_the_model_is_left_in_its_own_mode(model):
    model.train()
    generation.sample(model, [[1]], longest=2, end=0, generator=gen())
    assert model.training
    model.eval()


@pytest.mark.parametrize(
    ("prompts", "options"),
    (([], {}), ([[]], {}), ([[1]], {"longest": 0}), ([[1]], {"temperature": -1})),
)
def test_what_cannot_be_sampled_is_refused(model, prompts, options):
    with pytest.raises(ValueError, match="must"):
        generation.sample(model, prompts, **{"longest": 3, "end": 0, **options})


# -- positions --------------------------------------------------------------------------------


def test_what_is_longer_than_the_models_positions_is_refused_and_no_token_less(model, tokenizer):
    """Ours reads 64 tokens. The last one of a completion is written and not read."""
    wide = models.decoder("mini", tokenizer, seed=0, longest=200).eval()
    prompt, never = [1] * 40, 999
    assert generation.sample(model, [prompt] * 2, longest=25, end=never).shape == (2, 25)
    with pytest.raises(ValueError, match=r"40 tokens\).*longest \(26\).*at most 64"):
        generation.sample(model, [prompt[:1], prompt], longest=26, end=never)
    row = {"prompt": prompt, "completion": [1] * 24}
    assert generation.log_probabilities(model, [row], end=0).shape == (1,)
    with pytest.raises(ValueError, match="row 1 must be at most 64 tokens.*but are 65"):
        generation.log_probabilities(model, [row, {**row, "completion": [1] * 25}], end=0)
    about = {"ahead": 3, "end": never, "generator": gen()}
    assert len(generation.speculate(model, model, prompt, longest=24, **about)[0]) == 24
    assert len(generation.speculate(wide, model, prompt, longest=25, **about)[0]) == 25
    with pytest.raises(ValueError, match="for the target"):
        generation.speculate(model, wide, prompt, longest=25, **about)
    with pytest.raises(ValueError, match="for the draft"):
        generation.speculate(wide, model, prompt, longest=26, **about)


def test_rotary_positions_have_no_end():
    llama = tiny_models.causal(0, "llama", max_position_embeddings=8)
    assert generation.sample(llama, [[5] * 6], longest=8, end=999).shape == (1, 8)
    row = {"prompt": [5] * 6, "completion": [6] * 6}
    assert generation.log_probabilities(llama, [row], end=3).isfinite().all()
    generation.speculate(llama, llama, [5] * 6, ahead=2, longest=6, end=999, generator=gen())


# -- drafts -----------------------------------------------------------------------------------


def test_accepted_or_replaced_a_token_has_the_targets_distribution():
    p, q = torch.tensor([0.5, 0.3, 0.15, 0.05]), torch.tensor([0.1, 0.2, 0.3, 0.4])
    number, generator = 20_000, gen(1)
    drafted = torch.multinomial(q, number, replacement=True, generator=generator)
    tokens, kept = generation.accept_or_replace(
        drafted, q.expand(number, -1), p.expand(number, -1), generator=generator
    )
    expected = number * p.double().numpy()
    assert chisquare(np.bincount(tokens, minlength=4), expected, sum_check=False).pvalue > 1e-3
    assert kept.float().mean().item() == pytest.approx(torch.minimum(p, q).sum().item(), abs=0.01)
    assert torch.equal(tokens[kept], drafted[kept])


def test_a_draft_that_is_the_target_is_always_kept(model):
    completion, calls, kept = generation.speculate(
        model, model, [1], ahead=3, longest=8, end=0, generator=gen()
    )
    assert len(completion) == 8 or completion[-1] == 0
    assert all(k == 3 for k in kept[:-1]) and calls == len(kept)


def test_with_a_draft_the_first_token_is_still_drawn_from_the_target(model, tokenizer):
    target = models.decoder("mini", tokenizer, seed=5).eval()
    generator, number = gen(2), 300
    firsts = [
        generation.speculate(target, model, [1], ahead=2, longest=2, end=0, generator=generator)[0][
            0
        ]
        for _ in range(number)
    ]
    with torch.no_grad():
        p = target(input_ids=torch.tensor([[1]])).logits[0, -1].double().softmax(-1).numpy()
    half = np.argsort(p)[: int(np.searchsorted(np.sort(p).cumsum(), 0.5))]
    share = np.isin(firsts, half).mean()
    assert share == pytest.approx(p[half].sum(), abs=4 * 0.5 / number**0.5)


def test_tokens_per_call_is_the_geometric_sum():
    assert generation.tokens_per_call(0.5, 2) == pytest.approx(1.75)
    assert generation.tokens_per_call(1.0, 3) == 4 and generation.tokens_per_call(0.0, 3) == 1
    assert generation.tokens_per_call(0.8, 4) == pytest.approx((1 - 0.8**5) / (1 - 0.8))
    with pytest.raises(ValueError, match="acceptance"):
        generation.tokens_per_call(1.2, 3)


# -- two tokenizers ---------------------------------------------------------------------------


def test_spans_end_where_both_cut():
    one = [(0, 3), (3, 9), (9, 12)]
    other = [(0, 0), (0, 3), (3, 7), (7, 12)]
    assert generation.shared_spans(one, other) == [
        ([0], [1]),
        ([1, 2], [2, 3]),
    ]


def test_a_mark_within_the_text_belongs_to_no_span():
    assert generation.shared_spans([(0, 2), (2, 2), (2, 4)], [(0, 4)]) == [([0, 2], [0])]
    one, other = [(0, 2), (2, 2), (2, 4)], [(0, 2), (2, 4)]
    assert generation.shared_spans(one, other) == [([0], [0]), ([2], [1])]


def test_the_bytes_of_a_character_stay_together():
    """€ has three bytes; a piece may hold the last of them and more, or those before the last."""
    bytes_ = Tokenizer(BPE({c: i for i, c in enumerate(sorted(ByteLevel.alphabet()))}, []))
    bytes_.pre_tokenizer = ByteLevel(add_prefix_space=False)
    words = [(0, 2), (2, 3), (3, 7)]
    spans = generation.shared_spans(bytes_.encode("€5 müde").offsets, words)
    assert spans == [([0, 1, 2, 3], [0]), ([4], [1]), ([5, 6, 7, 8, 9], [2])]
    for one in ([(0, 2), (1, 2), (2, 4)], [(0, 1), (1, 2), (1, 4)], [(0, 2), (1, 3), (3, 4)]):
        (span,) = generation.shared_spans(one, [(0, 4)])
        assert span == ([0, 1, 2], [0])
    across = generation.shared_spans([(0, 2), (1, 2), (1, 4)], [(0, 2), (2, 4)])
    assert across == [([0, 1, 2], [0, 1])]  # the last token has a byte of the first word


def test_every_token_that_covers_text_stands_in_one_span():
    random = np.random.default_rng(0)
    for _ in range(20):
        sides = []
        for _ in range(2):
            cuts = [0, *sorted(random.choice(range(1, 20), size=6, replace=False).tolist()), 20]
            sides.append(list(zip(cuts[:-1], cuts[1:], strict=True)))
        spans = generation.shared_spans(*sides)
        for side, place in zip(sides, (0, 1), strict=True):
            numbers = [i for span in spans for i in span[place]]
            assert numbers == list(range(len(side)))
        for a, b in spans:
            assert (
                sides[0][a[0]][0] == sides[1][b[0]][0] and sides[0][a[-1]][1] == sides[1][b[-1]][1]
            )


@pytest.mark.parametrize(
    ("one", "other"),
    (
        ([(0, 3), (4, 6)], [(0, 6)]),
        ([(0, 4), (1, 6)], [(0, 6)]),
        ([(0, 3), (1, 2)], [(0, 3)]),
        ([(0, 3)], [(0, 4)]),
        ([(1, 3)], [(0, 3)]),
        ([], [(0, 3)]),
    ),
)
def test_texts_that_are_not_the_same_are_refused(one, other):
    with pytest.raises(ValueError, match="one"):
        generation.shared_spans(one, other)


# -- answers ----------------------------------------------------------------------------------


def test_a_decoder_reads_what_it_should_have_written_so_far():
    read, labels = generation.decoder_inputs([[5, 6, 2], [7, 2]], start=1, pad=0)
    assert read.tolist() == [[1, 5, 6], [1, 7, 0]]
    assert labels.tolist() == [[5, 6, 2], [7, 2, -100]]


def test_an_answer_in_other_capitals_stands_in_the_passage():
    passage = ["Anna Berg leads  Kallanen."]
    assert generation.not_in_passage(["anna berg"], passage) == [False]
    assert generation.not_in_passage(["berg anna"], passage) == [True]


def test_a_t5_is_taught_and_writes_as_its_library_does_it():
    model = tiny_models.encoder_decoder(3, "t5")
    start, end, pad = model.config.decoder_start_token_id, 3, 0
    ids = torch.tensor([[9, 8, 7, 3], [6, 5, 3, 0]])
    inputs = {"input_ids": ids, "attention_mask": (ids != pad).long()}
    answers = [[5, 6, end], [7, end]]
    read, labels = generation.decoder_inputs(answers, start=start, pad=pad)
    with torch.no_grad():
        logits = model(**inputs, decoder_input_ids=read).logits
        expected = model(**inputs, labels=labels)
    torch.testing.assert_close(logits[labels != -100], expected.logits[labels != -100])
    written = generation.write_beside(model, inputs, start=start, end=end, longest=6)
    library = model.generate(**inputs, max_new_tokens=6, do_sample=False)
    for ours, theirs in zip(written.tolist(), library[:, 1:].tolist(), strict=True):
        stop = ours.index(end) + 1 if end in ours else len(ours)
        assert ours[:stop] == theirs[:stop]


def test_an_encoder_decoder_keeps_its_readers_encoder_and_is_taught_beside_it():
    reader, words = models.load_reader("reading")
    model = generation.encoder_decoder(reader, words, layers=1, seed=0)
    inputs = words(["Who leads Kallanen?"], ["Anna Berg leads Kallanen."], return_tensors="pt")
    inputs["token_type_ids"] = (torch.arange(inputs["input_ids"].shape[1]) > 5).long()[None]
    with torch.no_grad():
        seen = model.get_encoder()(**inputs).last_hidden_state
        about = {name: inputs[name] for name in ("input_ids", "token_type_ids")}
        marked = reader.roformer(**inputs).last_hidden_state
        torch.testing.assert_close(seen, marked + reader.roformer.embeddings(**about))
    taught = {name for name, weights in model.named_parameters() if weights.requires_grad}
    assert taught and all(name.startswith("decoder.") for name in taught)
    assert model.encoder.embeddings.word_embeddings.weight is not (
        reader.get_input_embeddings().weight
    )
    with pytest.raises(ValueError, match="RoFormer"):
        generation.encoder_decoder(tiny_models.bert(0), words, layers=1, seed=0)
