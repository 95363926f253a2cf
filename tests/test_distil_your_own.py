"""Every block of docs/distil_your_own.md runs, on models small enough for that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tiny_models import bert, causal, encoder_decoder, letters
from transformers import BertForQuestionAnswering

PAGE = Path(__file__).parents[1] / "docs" / "distil_your_own.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = {
    title: re.findall(r"```python\n(.*?)```", section, re.S)
    for title, section in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.S | re.M)
}


def run(title: str, **settings):
    """A section's blocks, one after the other, with these settings in place of the page's."""
    first, *blocks = SECTIONS[title]
    assert first.startswith("# settings\n")
    names = re.findall(r"\b[A-Z]{2,}\b(?=[^=]*=)", first)
    assert set(names) == set(settings), "the page's settings are others"
    room = dict(settings)
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), room)  # noqa: S102
    return room


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KD_CACHE", str(tmp_path / "cache"))

    def save(name, model):
        tokenizer = letters()
        tokenizer.eos_token = "[SEP]"
        model.save_pretrained(name)
        tokenizer.save_pretrained(name)
        return f"./{name}"

    return save


def test_a_classifier(folder, capsys, tmp_path):
    names = {0: "good", 1: "bad"}
    teacher = folder("teacher", bert(0, num_labels=2, id2label=names))
    student = folder("student", bert(1, num_labels=2).base_model)
    lines = [f"{chr(97 + i % 26)} {chr(97 + i % 7)},{names[i % 2]}" for i in range(60)]
    Path("mine.csv").write_text("\n".join(["text,label", *lines]))
    run("A classifier", TABLE="mine.csv", TEACHER=teacher, STUDENT=student, EPOCHS=1, SEEDS=(0, 1))
    printed = capsys.readouterr().out
    assert "distilled - control" in printed and "parameters" in printed
    assert (tmp_path / "my_student" / "config.json").is_file()


def test_a_translator(folder, capsys):
    teacher = encoder_decoder(0, encoder_layers=4, decoder_layers=2)
    teacher.final_logits_bias[0, 3] = 4.0  # an end comes soon
    run(
        "A translator or summariser",
        SOURCES=["a b c", "d e", "f g h i"],
        TEACHER=folder("teacher", teacher),
        STEPS=2,
    )
    assert "[" in capsys.readouterr().out


def test_a_question_answerer(folder, capsys):
    teacher, student = (
        folder(f"model{seed}", bert(seed, BertForQuestionAnswering, num_labels=2))
        for seed in (0, 1)
    )
    data = {
        "question": ["a b", "c"],
        "context": ["d e f g", "h i j"],
        "answers": [
            {"text": ["e f"], "answer_start": [2]},
            {"text": ["j"], "answer_start": [4]},
        ],
    }
    run("A question answerer", DATA=data, TEACHER=teacher, STUDENT=student, EPOCHS=1)
    assert "[" in capsys.readouterr().out


def test_a_causal_language_model(folder, capsys):
    teacher = folder("teacher", causal(0, "llama", vocab_size=128))
    student = folder("student", causal(1, "llama"))
    pairs = [("a b", "c d e"), ("f", "g"), ("h i j", "k l")]
    run("A causal language model", PAIRS=pairs, TEACHER=teacher, STUDENT=student, EPOCHS=1)
    assert "bytes_per_token=540" in capsys.readouterr().out


def test_its_tables_and_links_lead_somewhere():
    assert len(re.findall(r"^\| \d+ \|", TEXT, re.M)) == 11
    for target in re.findall(r"\]\(([^)#\s]+)", TEXT):
        assert (PAGE.parent / target).exists(), target
    titles = {
        re.sub(r"[^\w\s-]", "", title).strip().lower().replace(" ", "-") for title in SECTIONS
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= titles
