"""The pages of book/: what they say of lessons is there, and nothing in them is left open."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from kd_course.authoring import book
from kd_course.authoring.source import FIELD, ROOT, LessonError, sources

PAGES = ("glossary.md", "map.md", "faq.md", "reading.md", "errata.md")
STATUSES = {"replicated", "contested", "single source", "reference"}
# The article's sections and the techniques that it names, written down from the article itself.
ARTICLE = (
    *("", "1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "4.1", "4.2", "4.3"),
    *(
        "5.1",
        "5.2",
        "5.3",
        "5.4",
        "6.1",
        "6.2",
        "6.3",
        "7.1",
        "7.2",
        "7.3",
        "8",
        "9.1",
        "9.2",
        "10",
    ),
)
TECHNIQUES = (
    *(
        "规则",
        "统计",
        "隐马尔可夫",
        "循环神经网络",
        "Transformer",
        "预训练",
        "编码",
        "解码",
        "微调",
    ),
    *("蒸馏代理模型", "在线知识蒸馏", "自适应知识蒸馏", "跨域知识蒸馏", "对比蒸馏", "动态知识蒸馏"),
    *(
        "迁移学习",
        "DistilBERT",
        "TinyBERT",
        "MiniGPT",
        "软标签损失",
        "硬标签损失",
        "交叉熵",
        "Kullback-Leibler",
    ),
    *("数据预处理", "模型初始化", "学习率调整", "早期停止", "模型融合", "参数更新"),
    *("低秩知识蒸馏", "量化蒸馏", "自适应蒸馏", "跨模态蒸馏", "TensorFlow", "PyTorch", "NLTK"),
)


@pytest.fixture(scope="module")
def prose() -> dict[str, str]:
    """The text of each lesson's markdown cells, by slug."""
    return {path.stem: book.prose(path.stem) for path in sources()}


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return book.pages()


def names_of(entry: dict) -> list[str]:
    return [entry["en"], *entry.get("also", [])]


def says(text: str, name: str) -> bool:
    """Whether a text has a term, with or without a plural's s, as a word of its own."""
    plain = " ".join(text.replace("*", "").lower().split())
    return bool(re.search(rf"(?<!\w){re.escape(name.lower())}(?:s|es)?(?!\w)", plain))


def without_their_term(entries: list[dict], prose: dict[str, str]) -> list[str]:
    """The terms that their lesson does not have, or whose lesson is not there."""
    return [
        f"{entry['lesson']}: {entry['en']}"
        for entry in entries
        if not any(says(prose.get(entry["lesson"], ""), name) for name in names_of(entry))
    ]


def bold_words(text: str) -> set[str]:
    """What stands in bold and is short enough to be a term: no sentence, no figure, no code."""
    found = {" ".join(bold.split()) for bold in re.findall(r"\*\*(.+?)\*\*", text, re.S)}
    return {
        bold.lower()
        for bold in found
        if len(bold.split()) <= 4 and not re.search(r"[.:?,]$|`|^[-−\d]", bold)
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_its_source_makes(made, name):
    there = (book.BOOK / name).read_text(encoding="utf-8")
    assert there == made[name], "python -m kd_course.authoring readme fills it"


# -- the glossary -----------------------------------------------------------------------------


def test_no_term_stands_twice():
    entries = book.terms()
    names = Counter(name.lower() for entry in entries for name in names_of(entry))
    assert [name for name, count in names.items() if count > 1] == []
    for field in ("zh", "says"):
        assert len({entry[field] for entry in entries}) == len(entries) >= 110


def test_a_term_is_said_in_both_languages_and_in_one_sentence():
    for entry in book.terms():
        assert re.search(r"[\u4e00-\u9fff]|top-k", entry["zh"]), entry
        assert re.fullmatch(r"[A-Z].*[^.]\.", entry["says"]), entry
        assert not re.search(r"[.!?] [A-Z]", entry["says"]), entry


def test_each_term_occurs_in_its_lesson(prose):
    assert without_their_term(book.terms(), prose) == []


def test_a_lesson_without_its_term_is_found():
    entry = {"en": "budget", "lesson": "15_capstone"}
    assert without_their_term([entry], {"15_capstone": "About budgets."}) == []
    assert without_their_term([entry], {"15_capstone": "About nothing."}) == ["15_capstone: budget"]
    assert without_their_term([{**entry, "lesson": "16_no_such_lesson"}], prose={})


def test_what_a_lesson_prints_in_bold_is_a_term_or_named_as_none(prose):
    known = {name.lower() for entry in book.terms() for name in names_of(entry)} | book.no_terms()
    for slug, text in prose.items():
        head_and_help = {"you need", "minutes", "what runs", "when an exercise resists"}
        assert bold_words(text) - known - head_and_help == set(), slug


def test_the_list_of_bold_words_that_are_no_terms_holds_nothing_else(prose):
    assert book.no_terms() - set().union(*map(bold_words, prose.values())) == set()


# -- the map of the article -------------------------------------------------------------------


def test_the_map_has_every_section_of_the_article_and_every_technique():
    parts = book.sections()
    assert tuple(part["number"] for part in parts) == ARTICLE
    named = " ".join(row["zh"] for part in parts for row in part["row"])
    assert [technique for technique in TECHNIQUES if technique not in named] == []


def test_no_row_of_the_map_is_empty():
    for part in book.sections():
        assert part["zh"] and part["en"] and part["row"], part
        for row in part["row"]:
            assert row["zh"] and row["en"], row
            assert row.get("section") and "](" in book.row_link(row), row


# -- links and fields -------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_to_something(made, name):
    targets = set(re.findall(r"\]\(([^)\s]+)\)", made[name]))
    assert targets
    for target in targets:
        if target.startswith(("https:", "http:")):
            continue
        path, _, anchor = target.partition("#")
        file = (book.BOOK / path).resolve()
        assert file.is_file() and file.is_relative_to(ROOT), target
        if anchor and file.suffix == ".ipynb":
            headings = book.headings(file.stem)
        else:
            headings = re.findall(r"(?m)^#+ (.+?)\s*$", file.read_text(encoding="utf-8"))
        assert not anchor or anchor in map(book.anchor, headings), target


@pytest.mark.parametrize(
    "field",
    (
        "{{lesson:05|No such section}}",
        "{{lesson:77}}",
        "{{ledger:06/offline/no such figure}}",
        "{{exercise:03.1}}",
    ),
)
def test_a_field_that_leads_nowhere_is_refused_by_name(field):
    with pytest.raises(LessonError, match=re.escape(field)):
        book.filled(f"See {field}.", "faq.md")


# -- the other pages --------------------------------------------------------------------------


def test_each_of_fifteen_questions_is_answered_by_a_figure_of_the_ledger():
    text = (book.SOURCES / "faq.md").read_text(encoding="utf-8")
    questions = re.split(r"(?m)^## (\d+) · (.+)$", text)[1:]
    assert list(map(int, questions[::3])) == list(range(1, 16))
    for question, answer in zip(questions[1::3], questions[2::3]):
        kinds = Counter(field.partition(":")[0] for field in FIELD.findall(answer))
        assert question.endswith("?") and kinds["ledger"] and kinds["lesson"], question
        for paragraph in answer.split("\n\n"):  # at most two figures, as in a lesson
            assert len(re.findall(r"\{\{ledger:", paragraph)) <= 2, question


def test_each_entry_of_the_reading_list_has_a_status_and_a_link():
    text = (book.SOURCES / "reading.md").read_text(encoding="utf-8")
    head, *parts = re.split(r"(?m)^## ", text)
    assert set(re.findall(r"(?m)^- \*\*(.+?)\*\*:", head)) == STATUSES
    entries = [line for part in parts for line in part.splitlines() if line.startswith("- ")]
    links = []
    for entry in entries:
        match = re.match(r"- \*\*(.+?)\*\* · [^\[]+: \[\*.+?\*\]\((https://\S+)\)", entry)
        assert match and match[1] in STATUSES, entry
        links.append(match[2])
    assert len(links) == len(set(links)) >= 45


def test_the_tools_are_compared_by_version_or_date():
    text = (book.SOURCES / "reading.md").read_text(encoding="utf-8")
    rows = [
        line.split("|")[1:-1] for line in text.partition("## Tools")[2].splitlines() if "|" in line
    ]
    tools = " ".join(row[0] for row in rows)
    for tool in ("PyTorch", "TensorFlow", "transformers", "TRL", "TextBrewer", "torchdistill"):
        assert tool in tools
    assert "sentence-transformers" in tools and "NLTK" in tools
    for row in rows[2:]:
        assert all(cell.strip() for cell in row) and re.search(r"\d\.\d+.*20\d\d", row[1]), row


def test_each_erratum_has_its_quotation_the_truth_the_lesson_and_a_source():
    text = (book.SOURCES / "errata.md").read_text(encoding="utf-8")
    errata = re.split(r"(?m)^### (\d+) · .+$", text)[1:]
    assert list(map(int, errata[::2])) == list(range(1, len(errata) // 2 + 1))
    for number, body in zip(errata[::2], errata[1::2]):
        assert re.search(r"(?m)^> .+ \(.*sections? \d", body) or "(abstract" in body, number
        for part in ("What is true", "Where the course shows it", "Source"):
            assert re.search(rf"(?m)^- \*\*{part}\.\*\* .{{12,}}", body), (number, part)
        assert "{{lesson:" in body or "reading.md#" in body, number
