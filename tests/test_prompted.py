"""Prompts and completions in one form, whatever the data set."""

from __future__ import annotations

from types import SimpleNamespace

from kd_course.corpora import headlines, prompted, reading

SIZES = {"train": 6, "validation": 3, "test": 4}
PLAIN = SimpleNamespace(chat_template=None)


class Chat:
    chat_template = "…"

    def apply_chat_template(self, messages, *, tokenize, add_generation_prompt):
        assert not tokenize and add_generation_prompt
        return f"<user>{messages[0]['content']}<model>"


def test_a_headline_is_asked_for_by_its_label_and_keeps_its_truth():
    splits = prompted.load("headlines", PLAIN, sizes=SIZES)
    rows = headlines.load(0, sizes=SIZES)["test"]
    assert splits["test"].completions == rows["text"][:]
    assert splits["test"].prompts == [headlines.PROMPTS[label] for label in rows["label"]]
    assert splits["test"].log_p == rows["log_p"][:]
    assert len(splits["train"].first(2).prompts) == 2 and splits["train"].first(2).labels


def test_a_summary_is_of_the_passage_in_its_prompt_and_asked_for_once():
    sizes = {"train": 2, "validation": 1, "test": 2}
    splits = prompted.load("summaries", PLAIN, sizes=sizes)
    passages = reading.load(0, sizes=sizes)["test"]["context"][:: reading.QUESTIONS]
    assert [len(splits[name].prompts) for name in sizes] == [2, 1, 2]
    for passage, prompt, lead in zip(
        passages, splits["test"].prompts, splits["test"].completions, strict=True
    ):
        assert passage in prompt and passage.startswith(lead.strip()) and lead.endswith(".")
        assert len(lead) < len(passage) and prompt.endswith("Answer:")
    assert splits["test"].log_p is None


def test_a_request_is_put_into_the_models_own_template():
    assert prompted.in_chat("Why?", Chat()) == "<user>Why?<model>"
    assert prompted.in_chat("Why?", PLAIN) == "Why?\n\nAnswer:"


def test_an_answer_stands_behind_its_prompt_as_text_does():
    assert prompted.answer_to("Oslo", Chat()) == "Oslo"
    assert prompted.in_chat("Where?", PLAIN) + prompted.answer_to("Oslo", PLAIN) == (
        "Where?\n\nAnswer: Oslo"
    )


def test_questions_on_one_article_do_not_all_come_first(monkeypatch):
    from datasets import Dataset, DatasetDict

    rows = [
        {"context": f"article {i // 20}", "question": "?", "answers": {"text": ["a", "b"]}}
        for i in range(60)
    ]
    splits = DatasetDict({name: Dataset.from_list(rows) for name in SIZES})
    monkeypatch.setattr(prompted.hub, "load_questions", lambda _: splits)
    loaded = prompted.load("somebody/questions", PLAIN, sizes={name: 12 for name in SIZES})
    assert len(set(loaded["train"].groups)) == 3 and len(loaded["train"].prompts) == 12
    assert loaded["test"].references[0] == ["a", "b"] and loaded["test"].completions[0] == " a"
    again = prompted.load("somebody/questions", PLAIN, sizes={name: 12 for name in SIZES})
    assert again["test"].groups == loaded["test"].groups


def test_one_sentence_is_the_one_in_which_the_answer_stands(monkeypatch):
    from datasets import Dataset, DatasetDict

    text = "It rained in Oslo. The U.S. team won in Bergen! Nobody saw it."
    rows = [
        {
            "context": text,
            "question": "Where?",
            "answers": {"text": [answer], "answer_start": [text.index(answer)]},
        }
        for answer in ("Oslo", "Bergen", "Nobody", "Oslo. The U.S.")
    ]
    splits = DatasetDict({name: Dataset.from_list(rows) for name in SIZES})
    monkeypatch.setattr(prompted.hub, "load_questions", lambda _: splits)
    loaded = prompted.load("any/one", PLAIN, sizes=dict.fromkeys(SIZES, 4), one_sentence=True)
    asked = dict(zip(loaded["train"].completions, loaded["train"].prompts))
    shown = {answer: prompt.split("Text: ")[1].split("\n")[0] for answer, prompt in asked.items()}
    assert shown == {
        " Oslo": "It rained in Oslo.",
        " Bergen": "The U.S. team won in Bergen!",
        " Nobody": "Nobody saw it.",
        " Oslo. The U.S.": "It rained in Oslo. The U.S. team won in Bergen!",  # it stands in two
    }
    assert set(loaded["train"].groups) == {text}
