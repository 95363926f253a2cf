"""What the translation package promises: tokenizers, loss, search, the rewritten corpus, scores."""

from __future__ import annotations

import copy
import itertools
import json
import math
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers

from kd_course import cost, experiments, metrics, translation
from kd_course.corpora import parallel
from kd_course.distillation import (
    DistillationTrainer,
    Seq2SeqDistillationTrainer,
    seq2seq_training_arguments,
    training_arguments,
)
from kd_course.translation import search
from kd_course.translation.search import Path as Partial
from kd_course.translation.vocabulary import END, PAD, UNKNOWN

PAIRS = [
    ("I saw Tom yesterday.", "我昨天看见了汤姆。"),
    ("Did Tom see a red bicycle?", "汤姆看见一辆红色的自行车了吗？"),
    ("Tom bought 3 books in 2018.", "汤姆在2018年买了3本书。"),
    ("We won 3-1.", "我们以三比一获胜。"),
    ("She is not a teacher.", "她不是老师。"),
    ("The train was late again this morning.", "今天早上火车又晚点了。"),
]
SOURCES = [en for en, _ in PAIRS] * 3 + [f"Tom saw {n} red books in 201{n}." for n in range(20)]


@lru_cache(maxsize=1)
def tiny_teacher():
    """A translator that knows PAIRS by heart, and their tokenizers: the same every time."""
    sources, targets = map(list, zip(*PAIRS))
    tokenizer = translation.train_tokenizers(sources, targets, vocabulary=(90, 90))
    model = fresh(3, tokenizer, encoder_layers=1)
    batch = translation.collator(tokenizer, model)(list(rows_of(tokenizer)))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        model(**batch).loss.backward()
        optimizer.step()
    return model.eval(), tokenizer


@pytest.fixture
def tokenizer():
    return tiny_teacher()[1]


def fresh(seed: int, tokenizer, **changed):
    shape = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 1, "inner": 32, **changed}
    return translation.translator("tiny", tokenizer, seed=seed, dropout=0.0, **shape)


def rows_of(tokenizer):
    sources, targets = zip(*PAIRS)
    return translation.tokenised(translation.pairs_from(sources, targets), tokenizer)


# -- tokenizers -------------------------------------------------------------------------------


def test_what_is_read_is_written_again(tokenizer):
    for _, zh in PAIRS:
        (text,) = tokenizer.batch_decode(tokenizer(text_target=[zh])["labels"])
        assert text == zh


def test_both_sides_end_with_the_same_number_and_pad_with_the_same(tokenizer):
    read = tokenizer(["I saw Tom."], text_target=["我看见了汤姆。"])
    assert read["input_ids"][0][-1] == read["labels"][0][-1] == tokenizer.eos_token_id
    for side in (tokenizer.source, tokenizer.target):
        assert [side.convert_tokens_to_ids(t) for t in (PAD, END, UNKNOWN)] == [0, 1, 2]


def test_a_figure_never_shares_a_piece_with_a_word(tokenizer):
    pieces = tokenizer.target.convert_ids_to_tokens(
        tokenizer(text_target=["在2018年"])["labels"][0]
    )
    assert [p for p in pieces if any(c.isdigit() for c in p)] == ["2", "0", "1", "8"]


def test_an_emoji_is_unknown_and_the_rest_is_read(tokenizer):
    (ids,) = tokenizer(["I saw 😀 Tom."])["input_ids"]
    assert ids.count(tokenizer.unk_token_id) == 1
    assert set(tokenizer(["I saw Tom."])["input_ids"][0]) <= set(ids)


def test_tokenizers_are_the_same_after_saving(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    again = translation.PairTokenizer.from_pretrained(tmp_path)
    sources, targets = zip(*PAIRS)
    assert again(list(sources), list(targets)) == tokenizer(list(sources), list(targets))


def test_languages_that_number_padding_otherwise_are_refused(tokenizer):
    from tiny_models import letters

    with pytest.raises(ValueError, match="pad_token_id|eos_token_id"):
        translation.PairTokenizer(tokenizer.source, letters())


# -- models -----------------------------------------------------------------------------------


def test_a_translator_is_the_same_for_the_same_seed(tokenizer):
    one, same, other = (fresh(seed, tokenizer).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_the_shipped_sizes_keep_the_quarter():
    tokenizer = tiny_teacher()[1]
    sizes = {
        size: cost.parameters(translation.translator(size, tokenizer, seed=0), embeddings=False)
        for size in translation.SIZES
    }
    assert 4 * sizes["tiny"] <= sizes["small"] and 4 * sizes["mini"] <= sizes["base"]


def test_copied_layers_are_the_teachers_and_share_nothing(tokenizer):
    teacher = fresh(0, tokenizer, encoder_layers=4, decoder_layers=3)
    student = translation.copy_layers(teacher, encoder=2, decoder=[0, 2])
    theirs, ours = teacher.model, student.model
    for copied, original in zip(ours.encoder.layers, (theirs.encoder.layers[i] for i in (0, 3))):
        assert torch.equal(copied.fc1.weight, original.fc1.weight)
    assert torch.equal(ours.decoder.layers[1].fc1.weight, theirs.decoder.layers[2].fc1.weight)
    assert (student.config.encoder_layers, student.config.decoder_layers) == (2, 2)
    assert student.training and not {id(p) for p in teacher.parameters()} & {
        id(p) for p in student.parameters()
    }


def test_a_copied_student_is_saved_and_loaded_whole(tokenizer, tmp_path):
    student = translation.copy_layers(fresh(0, tokenizer), encoder=1, decoder=1).eval()
    student.half().save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    again, _ = translation.load(str(tmp_path))
    assert again.dtype == torch.float32 and not again.training
    # Positions are a formula, computed anew: in full precision, not as rounded.
    for (name, ours), theirs in zip(again.named_parameters(), student.parameters(), strict=True):
        rounding = 1e-3 if "positions" in name else 0.0
        torch.testing.assert_close(ours, theirs.float(), rtol=0, atol=rounding)


def test_a_copied_student_writes_what_it_would_write_without_a_cache(tokenizer):
    teacher = fresh(0, tokenizer, encoder_layers=2, decoder_layers=3)
    student = translation.copy_layers(teacher, encoder=1, decoder=[0, 2]).eval()
    read = torch.tensor(tokenizer(["I saw Tom."])["input_ids"])
    options = {"max_new_tokens": 6, "num_beams": 1}
    with_cache, without = (student.generate(read, use_cache=c, **options) for c in (True, False))
    assert with_cache.tolist() == without.tolist()


def test_a_number_of_layers_may_be_numpys_and_a_teacher_without_them_is_named(tokenizer):
    student = translation.copy_layers(fresh(0, tokenizer), encoder=np.int64(1), decoder=1)
    assert student.config.encoder_layers == 1
    sizes = {"d_model": 8, "d_ff": 8, "num_layers": 1, "num_heads": 1, "d_kv": 8}
    t5 = transformers.T5ForConditionalGeneration(transformers.T5Config(vocab_size=20, **sizes))
    with pytest.raises(ValueError, match="T5ForConditionalGeneration has no `layers`"):
        translation.copy_layers(t5, encoder=1, decoder=1)


@pytest.mark.parametrize("width", [16, 40])
def test_a_width_that_heads_do_not_divide_is_refused(tokenizer, width):
    with pytest.raises(ValueError, match="multiple of 32"):
        translation.translator("tiny", tokenizer, seed=0, d_model=width)


@pytest.mark.parametrize(
    "wrong", [{"encoder": 0}, {"encoder": 3}, {"encoder": True}, {"decoder": [1]}]
)
def test_layers_that_are_not_there_are_refused(tokenizer, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        translation.copy_layers(fresh(0, tokenizer), **{"encoder": 1, "decoder": 1, **wrong})


# -- the loss ---------------------------------------------------------------------------------


def trainer_for(model, tokenizer, folder, *, alpha=1.0, temperature=1.0, teacher=None, **options):
    return Seq2SeqDistillationTrainer(
        model=model,
        args=seq2seq_training_arguments(
            folder, **{"max_steps": 2, "disable_tqdm": True, "use_cpu": True, **options}
        ),
        teacher=teacher,
        train_dataset=rows_of(tokenizer),
        data_collator=translation.collator(tokenizer),
        alpha=alpha,
        temperature=temperature,
    )


def by_hand(model, row):
    """Log probabilities of one row's target tokens, from the row alone: no batch, no padding."""
    labels = torch.tensor([row["labels"]])
    start = torch.full_like(labels[:, :1], model.config.decoder_start_token_id)
    with torch.no_grad():
        logits = model(
            input_ids=torch.tensor([row["input_ids"]]),
            decoder_input_ids=torch.cat([start, labels[:, :-1]], 1),
        ).logits
    return logits[0].log_softmax(-1)


def test_word_level_is_the_mean_over_target_tokens_whatever_the_padding(tokenizer, tmp_path):
    teacher, student = fresh(1, tokenizer), fresh(2, tokenizer)
    trainer = trainer_for(student, tokenizer, tmp_path, teacher=teacher.eval(), alpha=0.7)
    rows = list(rows_of(tokenizer))
    batch = trainer.data_collator(rows)
    assert (batch["labels"] == -100).any()
    got = trainer.compute_loss(student.train(), batch)

    soft, hard, tokens = 0.0, 0.0, 0
    for row in rows:
        p, q = by_hand(teacher, row), by_hand(student, row)
        soft += F.kl_div(q, p, log_target=True, reduction="sum").item()
        hard += F.nll_loss(q, torch.tensor(row["labels"]), reduction="sum").item()
        tokens += len(row["labels"])
    assert got.item() == pytest.approx((0.7 * soft + 0.3 * hard) / tokens, rel=1e-4)


def test_the_end_of_the_sentence_counts(tokenizer, tmp_path):
    # A mask from the shifted inputs would leave it out: there, no end of sentence is ever seen.
    teacher, student = fresh(1, tokenizer).eval(), fresh(2, tokenizer)
    trainer = trainer_for(student, tokenizer, tmp_path, teacher=teacher)
    end = trainer.data_collator(list(rows_of(tokenizer)))
    end["labels"] = torch.where(
        end["labels"] == tokenizer.eos_token_id, tokenizer.eos_token_id, -100
    )
    end["decoder_input_ids"] = torch.ones_like(end["labels"])
    assert trainer.compute_loss(student.train(), end).item() > 0


def test_a_batch_without_decoder_inputs_gets_the_labels_shifted(tokenizer, tmp_path):
    student = fresh(2, tokenizer)
    trainer = trainer_for(student, tokenizer, tmp_path, alpha=0.0)
    rows = list(rows_of(tokenizer))
    plain = trainer.data_collator(rows)
    shifted = translation.collator(tokenizer, student)(rows)
    assert "decoder_input_ids" not in plain and "decoder_input_ids" in shifted
    losses = [trainer.compute_loss(student.train(), batch).item() for batch in (plain, shifted)]
    assert losses[0] == losses[1]


def test_without_a_teacher_it_is_the_librarys_own_training(tokenizer, tmp_path):
    from transformers import Seq2SeqTrainer

    weights = []
    for kind in (Seq2SeqTrainer, Seq2SeqDistillationTrainer):
        student = fresh(2, tokenizer)
        trainer = kind(
            model=student,
            args=seq2seq_training_arguments(
                tmp_path,
                max_steps=3,
                per_device_train_batch_size=3,
                train_sampling_strategy="sequential",
                disable_tqdm=True,
                use_cpu=True,
            ),
            train_dataset=rows_of(tokenizer),
            data_collator=translation.collator(tokenizer, student),
            **({"alpha": 0.0} if kind is Seq2SeqDistillationTrainer else {}),
        )
        trainer.train()
        weights.append(student.state_dict())
    for name, one in weights[0].items():
        torch.testing.assert_close(weights[1][name], one, rtol=1e-3, atol=1e-5)


def test_accumulated_batches_make_one_step(tokenizer, tmp_path):
    weights = []
    for batch_size, accumulated in ((6, 1), (2, 3)):
        student = fresh(2, tokenizer)
        trainer = trainer_for(
            student,
            tokenizer,
            tmp_path,
            teacher=fresh(1, tokenizer).eval(),
            alpha=0.5,
            max_steps=1,
            per_device_train_batch_size=batch_size,
            gradient_accumulation_steps=accumulated,
        )
        trainer.train()
        weights.append(student.state_dict())
    for name, one in weights[0].items():
        torch.testing.assert_close(weights[1][name], one, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("generate", [False, True])
def test_an_evaluation_is_a_mean_over_target_tokens(tokenizer, tmp_path, generate, batch_size):
    student = fresh(2, tokenizer)
    trainer = trainer_for(
        student,
        tokenizer,
        tmp_path,
        alpha=0.0,
        predict_with_generate=generate,
        generation_max_length=8,
        per_device_eval_batch_size=batch_size,
    )
    found = trainer.evaluate(rows_of(tokenizer))
    surprise = [
        F.nll_loss(by_hand(student, row), torch.tensor(row["labels"]), reduction="none")
        for row in rows_of(tokenizer)
    ]
    assert found["eval_loss"] == pytest.approx(torch.cat(surprise).mean().item(), rel=1e-4)


def test_evaluation_measures_the_labels_and_can_generate(tokenizer, tmp_path):
    student = fresh(2, tokenizer)
    trainer = trainer_for(
        student, tokenizer, tmp_path, alpha=0.0, predict_with_generate=True, generation_max_length=8
    )
    found = trainer.predict(rows_of(tokenizer))
    expected = [
        F.nll_loss(by_hand(student, row), torch.tensor(row["labels"]), reduction="sum").item()
        for row in rows_of(tokenizer)
    ]
    tokens = sum(len(row["labels"]) for row in rows_of(tokenizer))
    assert found.metrics["test_loss"] == pytest.approx(sum(expected) / tokens, rel=1e-4)
    said = (found.predictions > tokenizer.pad_token_id).sum(
        -1
    )  # the library pads to its own length
    assert said.shape == (len(PAIRS),) and 0 < said.max() <= 8


def test_a_teacher_of_another_target_vocabulary_is_refused(tokenizer, tmp_path):
    other = translation.train_tokenizers(*zip(*PAIRS), vocabulary=(90, 70))
    with pytest.raises(ValueError, match="decoder_vocab_size"):
        trainer_for(fresh(2, tokenizer), tokenizer, tmp_path, teacher=fresh(1, other).eval())


def test_a_teacher_that_starts_with_another_token_is_refused(tokenizer, tmp_path):
    teacher = fresh(1, tokenizer).eval()
    teacher.config.decoder_start_token_id = 1
    with pytest.raises(ValueError, match="decoder_start_token_id"):
        trainer_for(fresh(2, tokenizer), tokenizer, tmp_path, teacher=teacher)


def test_a_model_without_a_decoder_is_sent_to_the_other_trainer(tmp_path):
    from tiny_models import bert, sentences

    with pytest.raises(ValueError, match="DistillationTrainer"):
        Seq2SeqDistillationTrainer(
            model=bert(0),
            args=seq2seq_training_arguments(tmp_path, use_cpu=True),
            alpha=0.0,
            train_dataset=sentences(3),
        )
    with pytest.raises(TypeError, match=r"args must be seq2seq_training_arguments\(…\)"):
        Seq2SeqDistillationTrainer(model=bert(0), args=training_arguments(tmp_path, use_cpu=True))


def test_it_shares_what_the_other_trainer_has():
    assert issubclass(Seq2SeqDistillationTrainer, DistillationTrainer)


# -- search -----------------------------------------------------------------------------------

START, STOP = 0, 1


def three_words(prefixes):
    """A made-up language of the words 2 and 3, in which what comes next depends on what came last."""
    table = {0: [0.0, 0.1, 0.5, 0.4], 2: [0.0, 0.2, 0.3, 0.5], 3: [0.0, 0.7, 0.2, 0.1]}
    return torch.tensor([table[prefix[-1]] for prefix in prefixes]).log()


def all_paths(longest):
    """Every path of at most `longest` tokens, ended or cut off: by enumeration."""
    found, open_paths = [], [Partial((START,), 0.0)]
    for _ in range(longest):
        log_p = three_words([path.tokens for path in open_paths])
        continued = [
            Partial((*path.tokens, token), path.log_probability + row[token].item())
            for path, row in zip(open_paths, log_p)
            for token in (STOP, 2, 3)
        ]
        found += [path for path in continued if path.tokens[-1] == STOP]
        open_paths = [path for path in continued if path.tokens[-1] != STOP]
    return found + open_paths


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_a_wide_beam_finds_what_enumeration_finds(length_penalty):
    expected = sorted(all_paths(4), key=lambda path: -path.score(length_penalty))[:5]
    found = search.beam_search(
        three_words, start=START, end=STOP, beams=60, longest=4, length_penalty=length_penalty
    )[:5]
    assert [path.score(length_penalty) for path in found] == pytest.approx(
        [path.score(length_penalty) for path in expected], abs=1e-5
    )


def test_one_beam_is_greedy():
    (path,) = search.beam_search(three_words, start=START, end=STOP, beams=1, longest=9)
    assert path.tokens == (START, 2, 3, STOP)
    assert path.log_probability == pytest.approx(math.log(0.5 * 0.5 * 0.7), abs=1e-6)


def test_without_a_length_penalty_short_ones_win():
    one, two = Partial((0, 1), -1.0), Partial((0, 2, 3, 1), -1.5)
    assert one.score(0.0) > two.score(0.0) and one.score(1.0) < two.score(1.0)


@pytest.mark.parametrize("wrong", [{"beams": 0}, {"longest": 0}])
def test_a_search_that_cannot_find_anything_is_refused(wrong):
    with pytest.raises(ValueError, match="beams and longest"):
        search.beam_search(
            three_words, start=START, end=STOP, **{"beams": 2, "longest": 3, **wrong}
        )


def test_the_open_search_finds_what_the_librarys_finds():
    model, tokenizer = tiny_teacher()
    found = translation.n_best(model, tokenizer, SOURCES[:6], beams=4, candidates=4)
    for sentence, expected in zip(SOURCES[:6], found, strict=True):
        ids = torch.tensor(tokenizer([sentence])["input_ids"])
        paths = translation.beam_search(
            translation.next_token_of(model, ids),
            start=model.config.decoder_start_token_id,
            end=tokenizer.eos_token_id,
            beams=4,
            longest=search.LONGEST_OUTPUT,
        )
        assert tokenizer.batch_decode([path.tokens for path in paths]) == expected


def test_translations_come_in_the_order_of_their_sources():
    model, tokenizer = tiny_teacher()
    together = translation.translate(model, tokenizer, SOURCES, beams=2, batch_size=5)
    alone = [translation.translate(model, tokenizer, [s], beams=2)[0] for s in SOURCES]
    assert len(set(alone)) > 5 and together == alone


def test_every_row_is_in_one_batch_and_rows_of_like_length_are_together():
    lengths = [3, 9, 1, 9, 4, 4, 2]
    batches = list(search.batches_by_length(lengths, 2))
    assert sorted(itertools.chain(*batches)) == list(range(7))
    assert [[lengths[row] for row in rows] for rows in batches] == [[9, 9], [4, 4], [3, 2], [1]]


def test_a_model_in_training_is_put_back_into_training():
    model, tokenizer = tiny_teacher()
    model.train()
    try:
        translation.translate(model, tokenizer, SOURCES[:2])
        assert model.training
        with pytest.raises(RuntimeError, match="dies"), pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                model, "generate", lambda **_: (_ for _ in ()).throw(RuntimeError("dies"))
            )
            translation.translate(model, tokenizer, SOURCES[:2])
        assert model.training
    finally:
        model.eval()


def test_the_open_search_is_asked_without_dropout(tokenizer):
    model = translation.translator("tiny", tokenizer, seed=0, dropout=0.5).train()
    ask = translation.next_token_of(model, torch.tensor([[5, 6, 1]]))
    assert torch.equal(ask([(0, 4)]), ask([(0, 4)])) and model.training
    with pytest.raises(ValueError, match="one sentence"):
        translation.next_token_of(model, torch.ones(2, 3, dtype=torch.long))


@pytest.mark.parametrize(
    "wrong",
    [{"beams": 0}, {"candidates": 0}, {"candidates": 5}, {"batch_size": -1}, {"longest": 0}],
)
def test_a_search_for_nothing_is_refused_by_name(wrong, tmp_path):
    model, tokenizer = tiny_teacher()
    options = {"beams": 4, "candidates": 1, **wrong}
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} must"):
        translation.n_best(model, tokenizer, SOURCES[:2], **options)
    with pytest.raises(ValueError, match=f"{name} must"):
        translation.rewrite(model, tokenizer, SOURCES[:2], tmp_path / "c.jsonl", **options)
    assert list(tmp_path.iterdir()) == []


# -- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize("empty", ["", "   ", None])
def test_an_empty_line_is_named_before_anything_is_translated(empty, tmp_path):
    model, tokenizer = tiny_teacher()
    with pytest.raises(ValueError, match=r"line 1 \(counted from 0\) is empty"):
        translation.rewrite(
            model, tokenizer, ["I saw Tom.", empty, "We won."], tmp_path / "c.jsonl"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_line_of_a_thousand_words_is_named_with_its_length(tmp_path):
    model, tokenizer = tiny_teacher()
    with pytest.raises(ValueError, match=r"line 1 .* has \d{4,} tokens.*at most 128"):
        translation.rewrite(
            model, tokenizer, ["I saw Tom.", "Tom " * 1000], tmp_path / "c.jsonl", progress=False
        )


def test_a_folder_that_cannot_be_written_is_told_before_the_teacher_works(tmp_path, monkeypatch):
    monkeypatch.setattr("kd_course.translation.rewriting.translate_batch", None)
    model, tokenizer = tiny_teacher()
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file cannot be written .*: choose another path"):
        translation.rewrite(model, tokenizer, SOURCES[:2], tmp_path / "file" / "c.jsonl")
    with pytest.raises(ValueError, match="path must name a file"):
        translation.rewrite(model, tokenizer, SOURCES[:2], tmp_path)


def test_emoji_keep_their_place_in_the_corpus(tmp_path):
    model, tokenizer = tiny_teacher()
    sources = ["We won 3-1.", "😀😀😀", "I saw 😀 Tom yesterday.", "She is not a teacher."]
    found = translation.rewrite(model, tokenizer, sources, tmp_path / "c.jsonl", progress=False)
    best = [row[0] for row in found]
    assert best == [translation.translate(model, tokenizer, [s], beams=4)[0] for s in sources]


def test_a_text_for_a_list_of_texts_is_refused(tmp_path):
    model, tokenizer = tiny_teacher()
    with pytest.raises(TypeError, match="list of texts"):
        translation.translate(model, tokenizer, "I saw Tom.")
    with pytest.raises(TypeError, match="list of texts"):
        translation.rewrite(model, tokenizer, "I saw Tom.", tmp_path / "c.jsonl")
    with pytest.raises(TypeError, match="list of texts"):
        translation.pairs_from("ab", "甲乙")
    with pytest.raises(TypeError, match="list of texts"):
        translation.closest("甲乙", "甲", metrics.sentence_bleu)
    with pytest.raises(ValueError, match="at least one"):
        translation.rewrite(model, tokenizer, [], tmp_path / "c.jsonl")


def two_files(folder, source: bytes, target: bytes):
    (folder / "en").write_bytes(source)
    (folder / "zh").write_bytes(target)
    return folder / "en", folder / "zh"


def test_two_files_are_read_line_by_line(tmp_path):
    # A line separator within a sentence is no end of a line, nor is a form feed.
    files = two_files(tmp_path, "One\u2028more.\r\nTwo.\r\n".encode(), "一\x0c个。\n二。".encode())
    assert translation.read_lines(*files) == (["One\u2028more.", "Two."], ["一\x0c个。", "二。"])


def test_files_of_unequal_length_are_refused_with_both_lengths(tmp_path):
    files = two_files(tmp_path, b"One.\nTwo.\nThree.\n", "一。\n二。\n".encode())
    with pytest.raises(ValueError, match=r"3 lines.* 2"):
        translation.read_lines(*files)


def test_an_empty_line_in_a_file_is_named(tmp_path):
    files = two_files(tmp_path, b"One.\n\nThree.\n", "一。\n二。\n三。\n".encode())
    with pytest.raises(ValueError, match=r"en: line 1 .* is empty"):
        translation.read_lines(*files)


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path):
    files = two_files(tmp_path, b"\xef\xbb\xbfOne.\n", "\ufeff一。\n".encode())
    assert translation.read_lines(*files) == (["One."], ["一。"])
    files = two_files(tmp_path, "One.\r\n".encode("utf-16"), "一。\n".encode("utf-16"))
    assert translation.read_lines(*files) == (["One."], ["一。"])


def test_a_file_in_another_encoding_is_named_with_the_line_and_the_way_on(tmp_path):
    files = two_files(tmp_path, b"One.\nTwo.\n", b"1\n" + "二。\n".encode("gb18030"))
    with pytest.raises(ValueError, match=r"zh: line 1 .* not UTF-8.*iconv"):
        translation.read_lines(*files)


def test_unequal_sides_make_no_pairs():
    with pytest.raises(ValueError, match="2 and 1"):
        translation.pairs_from(["One.", "Two."], ["一。"])


def test_an_empty_translation_takes_its_source_out_with_it():
    pairs = translation.pairs_from(["One.", "Two.", "Three."], ["一。", " ", "三。"])
    assert pairs["translation"][:] == [
        {"en": "One.", "zh": "一。"},
        {"en": "Three.", "zh": "三。"},
    ]


# -- the rewritten corpus ---------------------------------------------------------------------


@pytest.fixture
def rewritten(tmp_path):
    model, tokenizer = tiny_teacher()
    path = tmp_path / "rewritten.jsonl"
    translation.rewrite(
        model, tokenizer, SOURCES, path, beams=3, candidates=2, batch_size=4, progress=False
    )
    return path


def test_the_corpus_is_read_back_in_line_with_its_sources(rewritten):
    model, tokenizer = tiny_teacher()
    found = translation.read_rewritten(rewritten, SOURCES)
    alone = [
        translation.n_best(model, tokenizer, [s], beams=3, candidates=2)[0] for s in SOURCES[:8]
    ]
    assert found[:8] == alone
    assert [p.name for p in rewritten.parent.iterdir()] == [rewritten.name]


def test_a_finished_corpus_is_read_and_not_made_again(rewritten, monkeypatch):
    monkeypatch.setattr("kd_course.translation.rewriting.translate_batch", None)
    model, tokenizer = tiny_teacher()
    options = {"beams": 3, "candidates": 2, "batch_size": 4, "progress": False}
    assert translation.rewrite(model, tokenizer, SOURCES, rewritten, **options)


@pytest.mark.thorough
def test_a_teacher_killed_again_and_again_writes_the_same_corpus(tmp_path):
    script = Path(__file__).with_name("killed_rewriting.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        capture_output=True,
        check=False,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(script.parent), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) >= 3
    files = [tmp_path / name / "rewritten.jsonl" for name in ("whole", "killed")]
    assert files[0].read_bytes() == files[1].read_bytes()
    left = [p.name for p in files[1].parent.iterdir()]
    assert not [name for name in left if "batches" in name]


def edited(path, edit):
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, *edit(lines)]) + "\n", encoding="utf-8")


def test_two_lines_that_changed_places_are_found(rewritten):
    edited(rewritten, lambda lines: [*lines[:20], lines[21], lines[20], *lines[22:]])
    with pytest.raises(ValueError, match=r"line 20 .* slipped"):
        translation.read_rewritten(rewritten, SOURCES)


def test_a_line_too_few_or_too_many_is_found(rewritten):
    edited(rewritten, lambda lines: lines[:5] + lines[6:])
    with pytest.raises(ValueError, match="37 sources, but there are 38"):
        translation.read_rewritten(rewritten, SOURCES)


def test_sources_that_slipped_are_found_too(rewritten):
    slipped = [*SOURCES[1:], SOURCES[0]]
    with pytest.raises(ValueError, match="line 0 .* slipped"):
        translation.read_rewritten(rewritten, slipped)


def test_a_corpus_of_another_teacher_or_other_options_is_not_taken(rewritten):
    model, tokenizer = tiny_teacher()
    with pytest.raises(ValueError, match="beams 3, not 2"):
        translation.rewrite(model, tokenizer, SOURCES, rewritten, beams=2, progress=False)
    other = fresh(9, tokenizer)
    with pytest.raises(ValueError, match="teacher"):
        translation.rewrite(
            other, tokenizer, SOURCES, rewritten, beams=3, candidates=2, batch_size=4
        )


def test_a_corpus_of_another_tokenizer_or_other_settings_is_not_taken(rewritten):
    model, tokenizer = tiny_teacher()
    options = {"beams": 3, "candidates": 2, "batch_size": 4, "progress": False}
    sources, targets = map(list, zip(*PAIRS))
    other = translation.train_tokenizers(sources, targets[::-1][:4], vocabulary=(90, 90))
    with pytest.raises(ValueError, match="tokenizer"):
        translation.rewrite(model, other, SOURCES, rewritten, **options)
    with pytest.raises(ValueError, match="longest"):
        translation.rewrite(model, tokenizer, SOURCES, rewritten, **options, longest=50)
    changed = copy.deepcopy(model)
    changed.generation_config.repetition_penalty = 5.0
    with pytest.raises(ValueError, match="generation"):
        translation.rewrite(changed, tokenizer, SOURCES, rewritten, **options)


@pytest.mark.parametrize("text", ["这是我的语料。\n", "[1]\n", '"x"\n', '{"a": 1}\n', "", "\n"])
def test_a_file_of_another_kind_is_left_as_it_is(text, tmp_path):
    model, tokenizer = tiny_teacher()
    path = tmp_path / "train.zh"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="no rewritten corpus"):
        translation.rewrite(model, tokenizer, SOURCES[:3], path, progress=False)
    assert path.read_text(encoding="utf-8") == text


def with_texts(change):
    """An edit of line 3: its `texts` changed, all else as it was written."""

    def edit(lines):
        line = json.loads(lines[3])
        return [*lines[:3], json.dumps({**line, "texts": change(line["texts"])}), *lines[4:]]

    return edit


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:1],
        lambda t: t[::-1],
        lambda t: "abc",
        lambda t: [t[0] + "。", t[1]],
        lambda t: [],
    ],
    ids=["one lost", "exchanged", "no list", "one changed", "none"],
)
def test_translations_that_were_changed_are_found(rewritten, change):
    edited(rewritten, with_texts(change))
    with pytest.raises(ValueError, match="line 3 .* not what was written"):
        translation.read_rewritten(rewritten, SOURCES)


def test_translations_of_two_sources_exchanged_are_found(rewritten):
    def exchanged(lines):
        first, second = json.loads(lines[0]), json.loads(lines[1])
        first["texts"], second["texts"] = second["texts"], first["texts"]
        return [json.dumps(first), json.dumps(second), *lines[2:]]

    edited(rewritten, exchanged)
    with pytest.raises(ValueError, match="line 0 .* not what was written"):
        translation.read_rewritten(rewritten, SOURCES)


def test_a_corpus_that_lost_its_last_lines_is_made_anew(rewritten):
    model, tokenizer = tiny_teacher()
    whole = rewritten.read_bytes()
    edited(rewritten, lambda lines: lines[:20])
    options = {"beams": 3, "candidates": 2, "batch_size": 4, "progress": False}
    with pytest.warns(UserWarning, match="made anew"):
        translation.rewrite(model, tokenizer, SOURCES, rewritten, **options)
    assert rewritten.read_bytes() == whole


@pytest.mark.parametrize("forced", [False, True])
def test_a_translation_that_does_not_end_is_not_taught_as_a_whole_one(tmp_path, forced):
    model, tokenizer = tiny_teacher()
    model = copy.deepcopy(model)
    model.generation_config.forced_eos_token_id = tokenizer.eos_token_id if forced else None
    sources = [en for en, _ in PAIRS]
    lengths = [len(ids) for ids in tokenizer(text_target=[zh for _, zh in PAIRS])["labels"]]
    longest = sorted(lengths)[2] + (1 if forced else 0)  # an end in the last place may be forced
    whole = [length <= longest - (1 if forced else 0) for length in lengths]
    with pytest.warns(UserWarning, match=f"{whole.count(False)} of 6 translations had not ended"):
        found = translation.rewrite(
            model, tokenizer, sources, tmp_path / "c.jsonl", longest=longest, progress=False
        )
    assert [bool(texts[0]) for texts in found] == whole
    assert {texts[0] for texts in found} - {""} <= {zh for _, zh in PAIRS}
    pairs = translation.pairs_from(sources, [texts[0] for texts in found])
    assert len(pairs) == whole.count(True)


def test_a_damaged_corpus_is_told_and_made_anew(rewritten):
    model, tokenizer = tiny_teacher()
    whole = rewritten.read_bytes()
    rewritten.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        translation.read_rewritten(rewritten, SOURCES)
    with pytest.warns(UserWarning, match="made anew"):
        translation.rewrite(
            model,
            tokenizer,
            SOURCES,
            rewritten,
            beams=3,
            candidates=2,
            batch_size=4,
            progress=False,
        )
    assert rewritten.read_bytes() == whole


def test_a_damaged_batch_is_translated_again(tmp_path, rewritten):
    model, tokenizer = tiny_teacher()
    path = tmp_path / "again" / "rewritten.jsonl"
    options = {"beams": 3, "candidates": 2, "batch_size": 4, "progress": False}

    class Killed(Exception):
        pass

    real, calls = translation.rewriting.translate_batch, []

    def dies_at_the_fifth(*args, **kwargs):
        calls.append(1)
        if len(calls) == 5:
            raise Killed
        return real(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kd_course.translation.rewriting.translate_batch", dies_at_the_fifth)
        with pytest.raises(Killed):
            translation.rewrite(model, tokenizer, SOURCES, path, **options)
        parts = sorted(path.parent.glob(".rewritten.jsonl.batches-*/*.json"))
        assert len(parts) == 4 and not path.exists()
        parts[1].write_text(parts[1].read_text()[:-40])  # torn
        parts[2].write_text(parts[0].read_text())  # another batch's
        translation.rewrite(model, tokenizer, SOURCES, path, **options)
    assert len(calls) == 5 + 2 + 10 - 4  # the two damaged ones, and those not yet done
    assert path.read_bytes() == rewritten.read_bytes()


def test_the_candidate_most_like_the_reference_is_chosen():
    candidates = ["甲乙丙丁", "甲乙丙戊己", "甲"]
    assert translation.closest(candidates, "甲乙丙戊", metrics.sentence_bleu) == "甲乙丙戊己"
    alike = ["五一", "五二"]  # equally far: what the teacher prefers
    assert translation.closest(alike, "六七八九", metrics.sentence_bleu) is alike[0]
    with pytest.raises(ValueError, match="at least one"):
        translation.closest([], "甲", metrics.sentence_bleu)


# -- scores -----------------------------------------------------------------------------------


def test_bleu_parts_chinese_into_characters_and_says_so():
    predictions, references = ["我 昨天看见了汤姆。"], [["我昨天看见汤姆了。"]]
    score = metrics.bleu(predictions, references)
    # By hand: 我昨天看见 了 汤姆 。 against 我昨天看见 汤姆 了 。, nine characters each.
    # Shared runs: 9 of 9, 5 of 8, 3 of 7, 2 of 6; no brevity penalty.
    expected = 100 * math.exp((math.log(9 / 9 * 5 / 8 * 3 / 7 * 2 / 6)) / 4)
    assert score.value == pytest.approx(expected, abs=1e-6)
    assert "tok:zh" in score.signature and "version:" in score.signature


def test_an_english_tokenizer_takes_a_chinese_sentence_for_one_word():
    predictions, references = ["我昨天看见了汤姆"], [["我昨天看见汤姆了"]]
    assert metrics.bleu(predictions, references, tokenize="13a").value == 0
    assert metrics.bleu(predictions, references).value > 40


def test_chrf_has_a_signature_and_full_marks_for_the_reference():
    score = metrics.chrf(["今天早上火车又晚点了。"], [["今天早上火车又晚点了。"]])
    assert score.value == pytest.approx(100) and "chrF" not in score.signature
    assert score.signature.startswith("nrefs:1")


def test_a_tokenizer_that_sacrebleu_has_not_is_refused_by_name():
    with pytest.raises(ValueError, match="tokenize must be one of .*zh.*'xx'"):
        metrics.bleu(["甲"], [["甲"]], tokenize="xx")
    with pytest.raises(ValueError, match="row 0 has none"):
        metrics.sentence_bleu("甲", [])


def test_any_of_several_references_counts():
    predictions = ["她不是老师。", "我去书店。"]
    one, two = (
        [["她不是教师。"], ["我要去书店。"]],
        [["她不是教师。", "她不是老师。"], ["我要去书店。"]],
    )
    assert metrics.bleu(predictions, two).value > metrics.bleu(predictions, one).value


def test_a_corpus_score_follows_from_the_rows_counts():
    rows = parallel.load(sizes={"train": 0, "validation": 0, "test": 60})["test"]["translation"]
    references = [[row["zh"]] for row in rows]
    predictions = [parallel.translations(row["en"])[-1][0] for row in rows]
    counts = metrics.bleu_counts(predictions, references)
    assert metrics.bleu_of(counts.sum(0)) == pytest.approx(
        metrics.bleu(predictions, references).value, abs=1e-9
    )


@pytest.mark.parametrize(
    ("predictions", "references", "error"),
    [
        (["一"], [["一"], ["二"]], ValueError),
        (["一"], [[]], ValueError),
        (["一"], ["一"], TypeError),
    ],
)
def test_rows_that_do_not_match_are_refused(predictions, references, error):
    for score in (metrics.bleu, metrics.chrf, metrics.bleu_counts):
        with pytest.raises(error):
            score(predictions, references)


def test_an_interval_of_a_corpus_score_covers_seeds_and_rows():
    random = np.random.default_rng(0)
    control = np.stack([np.full((3, 200), 50.0), np.full((3, 200), 100.0)], -1)
    treatment = control.copy()
    treatment[..., 0] += random.integers(0, 20, size=(3, 200))

    def ratio(sums):
        return 100 * sums[0] / sums[1]

    found = experiments.paired_score_interval(treatment, control, ratio)
    assert found.mean == pytest.approx(np.mean(treatment[..., 0]) - 50, abs=1e-9)
    assert found.low < found.mean < found.high and found.excludes(0.0)
    same = experiments.paired_score_interval(control, control, ratio)
    assert (same.mean, same.low, same.high) == (0.0, 0.0, 0.0)


# -- the truth --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def some_rows():
    rows = parallel.load(sizes={"train": 300, "validation": 0, "test": 0})["train"]["translation"]
    return [(row["en"], row["zh"]) for row in rows]


def test_the_truth_of_an_output_is_the_grammars(some_rows):
    (en, zh), *_ = some_rows
    best, p = parallel.translations(en, 1)[0]
    truth = translation.truth_of([en, en, en], [zh, best, "不对。"])
    assert truth.right.tolist() == [1.0, 1.0, 0.0]
    assert truth.log_probability[1] == pytest.approx(math.log(p))
    assert truth.behind[1] == 0 and truth.behind[2] == math.inf and truth.behind[0] >= 0


def test_one_wording_for_all_leaves_no_choice_of_words(some_rows):
    always = [(en, parallel.translations(en, 1)[0][0]) for en, _ in some_rows]
    drawn, best = translation.choice_of_words(some_rows), translation.choice_of_words(always)
    assert best.nats < 0.5 * drawn.nats and drawn.left_out == 0
    wrong = translation.choice_of_words([*some_rows, (some_rows[0][0], "不对。")])
    assert wrong.left_out == 1 and wrong.nats == drawn.nats


def test_choice_of_words_by_hand():
    # One source word, rendered in one way three times and in another once.
    ways = {}
    for zh, _ in parallel.translations("It was very cool in Hong Kong yesterday."):
        for link in parallel.alignment("It was very cool in Hong Kong yesterday.", zh):
            words = tuple(link.words)
            ways.setdefault(words, set()).add("|".join(zh[a:b] for a, b in link.spans))
    en = "It was very cool in Hong Kong yesterday."
    texts = [zh for zh, _ in parallel.translations(en)]
    found = translation.choice_of_words([(en, zh) for zh in texts])
    assert sum(map(len, found.by_words.values())) == sum(len(w) for k, w in ways.items() if k)
    one = translation.choice_of_words([(en, texts[0])] * 4)
    assert one.nats == 0.0


def test_the_file_of_a_corpus_says_what_it_was_made_with(rewritten):
    head = json.loads(rewritten.read_text(encoding="utf-8").splitlines()[0])
    assert (head["beams"], head["candidates"], head["batch_size"]) == (3, 2, 4)
