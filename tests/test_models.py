"""Students start as asked: from the seed, or from their teacher's layers, and share nothing with it."""

import pytest
import torch
from transformers import (
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

from kd_course import models

NAMES = ("negative", "neutral", "positive")


@pytest.fixture(scope="module")
def tokenizer():
    return models.train_tokenizer(
        ["profit rose sharply", "sales fell", "the board met in may"] * 5, vocabulary=290
    )


@pytest.fixture
def teacher(tokenizer):
    return models.classifier("small", tokenizer, NAMES, seed=0)


def test_the_same_seed_gives_the_same_student(tokenizer):
    one, same, other = (
        models.classifier("tiny", tokenizer, NAMES, seed=s).state_dict() for s in (1, 1, 2)
    )
    assert all(torch.equal(one[k], same[k]) for k in one)
    assert not all(torch.equal(one[k], other[k]) for k in one)


def test_the_tokenizer_is_the_same_every_time_and_lowers_case(tokenizer):
    again = models.train_tokenizer(
        ["profit rose sharply", "sales fell", "the board met in may"] * 5, vocabulary=290
    )
    assert again.get_vocab() == tokenizer.get_vocab()
    ids = tokenizer("PROFIT rose")["input_ids"]
    assert ids == tokenizer("profit rose")["input_ids"]
    assert tokenizer.convert_ids_to_tokens([ids[0], ids[-1]]) == ["[CLS]", "[SEP]"]


def test_copied_layers_are_the_teachers(teacher):
    student = models.copy_layers(teacher, [0, 2])
    assert student.config.num_hidden_layers == 2 and teacher.config.num_hidden_layers == 3
    own, theirs = student.state_dict(), teacher.state_dict()
    assert torch.equal(
        own["bert.encoder.layer.1.output.dense.weight"],
        theirs["bert.encoder.layer.2.output.dense.weight"],
    )
    assert torch.equal(
        own["bert.embeddings.word_embeddings.weight"],
        theirs["bert.embeddings.word_embeddings.weight"],
    )


def test_a_student_shares_no_memory_with_its_teacher(teacher):
    pointers = {p.data_ptr() for p in teacher.parameters()}
    assert not pointers & {p.data_ptr() for p in models.copy_layers(teacher, 1).parameters()}


def test_all_layers_copied_is_the_teacher_itself(teacher):
    inputs = {
        "input_ids": torch.tensor([[5, 6, 7]]),
        "attention_mask": torch.ones(1, 3, dtype=torch.long),
    }
    student = models.copy_layers(teacher, 3).eval()
    torch.testing.assert_close(student(**inputs).logits, teacher.eval()(**inputs).logits)


def test_a_number_of_layers_is_spread_evenly_up_to_the_last():
    teacher = DistilBertForSequenceClassification(
        DistilBertConfig(vocab_size=50, dim=8, hidden_dim=8, n_heads=2, n_layers=6)
    )
    for layer, block in enumerate(teacher.distilbert.transformer.layer):
        block.ffn.lin1.bias.data.fill_(layer)
    student = models.copy_layers(teacher, 2)
    assert [b.ffn.lin1.bias[0].item() for b in student.distilbert.transformer.layer] == [2, 5]
    assert student.config.n_layers == 2


def test_a_copied_student_survives_saving_and_loading(teacher, tmp_path):
    student = models.copy_layers(teacher, 2).eval()
    student.save_pretrained(tmp_path)
    again = type(student).from_pretrained(tmp_path).eval()
    inputs = {"input_ids": torch.tensor([[5, 6, 7]])}
    torch.testing.assert_close(again(**inputs).logits, student(**inputs).logits)


@pytest.mark.parametrize("layers", [0, 4, [], [0, 3], [2, 0], [1, 1]])
def test_layers_the_teacher_has_not_are_refused(teacher, layers):
    with pytest.raises(ValueError, match="layers must"):
        models.copy_layers(teacher, layers)


def test_an_architecture_that_is_not_known_is_refused_by_name():
    shape = {"d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 1}
    t5 = T5ForConditionalGeneration(T5Config(vocab_size=20, **shape))
    with pytest.raises(ValueError, match="T5ForConditionalGeneration"):
        models.copy_layers(t5, 1)


def test_an_unknown_size_is_refused_with_the_sizes_there_are(tokenizer):
    with pytest.raises(ValueError, match="tiny"):
        models.classifier("huge", tokenizer, NAMES, seed=0)


# -- models that write ------------------------------------------------------------------------


def test_a_decoders_layers_are_copied_and_numbered_anew():
    gpt = GPT2LMHeadModel(GPT2Config(vocab_size=20, n_positions=16, n_embd=32, n_layer=3, n_head=1))
    llama = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=20,
            hidden_size=32,
            intermediate_size=32,
            num_hidden_layers=3,
            num_attention_heads=1,
        )
    )
    ids = torch.tensor([[3, 4, 5]])
    for teacher in (gpt, llama):
        student = models.copy_layers(teacher, [0, 2]).eval()
        whole = student(input_ids=ids, use_cache=False).logits
        # layer 2 stands second now, and finds its own place in the cache
        begun = student(input_ids=ids[:, :2], use_cache=True)
        went_on = student(input_ids=ids[:, 2:], past_key_values=begun.past_key_values)
        torch.testing.assert_close(went_on.logits[0, 0], whole[0, 2])
        assert models.copy_layers(teacher, 3).state_dict().keys() == teacher.state_dict().keys()
    assert set(models.queries_keys_values(llama, 1)) == {"query", "key", "value"}
    with pytest.raises(ValueError, match="one map"):
        models.queries_keys_values(gpt, 1)
