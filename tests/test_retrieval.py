"""Passages found by words, by vectors and by reading both: what each promises, on models that are tiny."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kd_course import models, retrieval

QUESTIONS = ["Who bought Askarhav?", "Where is the harbour?"]
PASSAGES = [
    "Ylivesi bought Askarhav in May.",
    "The harbour is in Kotka, and the harbour is old.",
    "Nothing happened in May.",
]


def test_bm25_is_the_formula():
    """One word of one question in one passage, by hand."""
    scores = retrieval.lexical_scores(["harbour"], PASSAGES)
    lengths = np.array([5, 10, 4])
    idf = np.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    norm = 1.2 * (0.25 + 0.75 * 10 / lengths.mean())
    np.testing.assert_allclose(scores, [[0, idf * 2 * 2.2 / (2 + norm), 0]], rtol=1e-5)


def test_the_right_passage_stands_first_and_the_best_wrong_ones_behind_it():
    scores = np.array([[0.2, 0.9, 0.5, 0.5], [0.1, 0.2, 0.3, 0.4]])
    found = retrieval.candidates(scores, np.array([2, 3]), 3)
    assert found.tolist() == [[2, 1, 3], [3, 2, 1]]


def test_a_copy_of_the_right_passage_is_no_wrong_one():
    scores = np.array([[0.2, 0.9, 0.5, 0.4]])
    found = retrieval.candidates(scores, np.array([2]), 2, ids=np.array([0, 7, 7, 1]))
    assert found.tolist() == [[2, 3]]
    with pytest.raises(ValueError, match="at most the different passages, 3"):
        retrieval.candidates(scores, np.array([2]), 4, ids=np.array([0, 7, 7, 1]))


@pytest.fixture(scope="module")
def reader():
    tokenizer = models.train_tokenizer([*QUESTIONS, *PASSAGES], vocabulary=400)
    return models.reader("mini", tokenizer, seed=0).eval(), tokenizer


def test_a_text_has_the_same_vector_alone_and_in_a_batch(reader):
    model, tokenizer = reader
    tower = retrieval.bi_encoder(model, (0,)).eval()
    together = retrieval.encode(tower, tokenizer, PASSAGES, batch_size=3)
    alone = retrieval.encode(tower, tokenizer, PASSAGES, batch_size=1)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
    assert together.shape == (3, 128)


def test_no_texts_have_no_vectors(reader):
    model, tokenizer = reader
    tower = retrieval.bi_encoder(model, (0,)).train()
    found = retrieval.encode(tower, tokenizer, [])
    assert found.shape == (0, 128) and found.dtype == torch.float32 and tower.training


def test_a_bi_encoder_shares_no_weight_with_the_model_it_comes_from(reader):
    model, _ = reader
    tower = retrieval.bi_encoder(model, (0,))
    with torch.no_grad():
        for weight in tower.parameters():
            weight.zero_()
    assert all(p.abs().sum() > 0 for n, p in model.named_parameters() if n.endswith("query.weight"))


def test_a_pair_is_one_row_and_says_which_words_are_shared(reader):
    model, tokenizer = reader
    rows = retrieval.pair_rows(model, tokenizer, QUESTIONS, PASSAGES[:2], length=64)
    assert len(rows) == 2
    for row, question, passage in zip(rows, QUESTIONS, PASSAGES):
        assert row["input_ids"] == tokenizer(question, passage)["input_ids"]
    assert 3 in rows[0]["token_type_ids"]


def test_a_long_passage_is_cut_and_stays_one_row(reader):
    model, tokenizer = reader
    rows = retrieval.pair_rows(model, tokenizer, QUESTIONS[:1], [" ".join(PASSAGES * 9)], length=40)
    assert len(rows) == 1 and len(rows[0]["input_ids"]) == 40


def test_without_a_layer_the_order_of_the_words_says_nothing(reader):
    model, tokenizer = reader
    bag = retrieval.bi_encoder(model, 0).eval()
    vectors = retrieval.encode(bag, tokenizer, ["may may in happened", "happened in may may"])
    torch.testing.assert_close(vectors[0], vectors[1], atol=1e-5, rtol=1e-4)
    assert vectors.norm(dim=-1).tolist() == pytest.approx([20**0.5] * 2, rel=1e-5)


def test_an_encoder_of_the_hub_is_told_which_words_are_shared(reader, tmp_path):
    """Its two token types stay as they were; the words in common get two of their own, apart from them."""
    from transformers import BertConfig, BertModel, set_seed

    _, tokenizer = reader
    tokenizer.save_pretrained(tmp_path)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    shape |= {"intermediate_size": 32, "vocab_size": len(tokenizer)}
    encoder = BertModel(BertConfig(**shape))
    encoder.embeddings.token_type_embeddings.weight.data[1] += 5  # far from a question's
    encoder.save_pretrained(tmp_path)
    before = models.load(str(tmp_path), ["relevance"])[0].bert.embeddings.token_type_embeddings
    found = []
    for _ in range(2):
        set_seed(0)
        found.append(retrieval.cross_encoder(str(tmp_path))[0])
    table = found[0].bert.embeddings.token_type_embeddings.weight
    assert found[0].config.type_vocab_size == len(table) == 4
    torch.testing.assert_close(table[:2], before.weight)
    assert not torch.isclose(table[2], table[3]).any()
    assert (table[2:] - table[1]).abs().max() < 1, "new kinds begin near a passage's"
    torch.testing.assert_close(table, found[1].bert.embeddings.token_type_embeddings.weight)
    rows = retrieval.pair_rows(found[0], tokenizer, QUESTIONS[:1], PASSAGES[:1], length=64)
    assert 3 in rows[0]["token_type_ids"]
    assert retrieval.cross_scores(found[0], tokenizer, QUESTIONS, PASSAGES[:2]).shape == (2,)


def test_a_trained_cross_encoder_keeps_its_token_types(reader, tmp_path):
    from transformers import BertConfig, BertForSequenceClassification

    _, tokenizer = reader
    tokenizer.save_pretrained(tmp_path)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    labels = {"id2label": {0: "relevance"}, "label2id": {"relevance": 0}}
    config = BertConfig(**shape, intermediate_size=32, vocab_size=len(tokenizer), **labels)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    assert retrieval.cross_encoder(str(tmp_path))[0].config.type_vocab_size == 2
