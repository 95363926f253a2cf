"""Every sentence of an exercise's statement is tried by a case, and every slip a lesson names by a check.

tests/lessons/clauses/lesson03.toml lists, for every function that is asked for:

    ["03.2"]
    clauses = [["the mean over the examples", "The examples are summed, not averaged"]]
    slips = [["`reduction='mean'` divides", "reduction=\"mean\": the loss is divided …"]]
    informs = ["`student_logits` and `teacher_logits`"]

A clause's first half is quoted from the statement, a slip's from anywhere in the lesson. The second
half is a wrong answer that ignores it: the name of a known slip, or "bank: …", an answer out of
tests/lessons/answers/. Sentences that ask for nothing are listed by their beginnings, in `informs`.
"""

from __future__ import annotations

import ast
import re
import tomllib
from functools import lru_cache
from pathlib import Path

import pytest
from test_answers import bank, report_on

from kd_course.authoring.source import read
from kd_course.exercises import all_exercises, catalogue, examine

ROOT = Path(__file__).parents[1]
FUNCTIONS = [exercise.id for exercise in all_exercises() if exercise.kind == "function"]


@lru_cache
def lesson_of(number: str):
    (path,) = (ROOT / "solutions").glob(f"{number}_*.py")
    return read(path)


@lru_cache
def listed(number: str) -> dict:
    path = ROOT / "tests" / "lessons" / "clauses" / f"lesson{number}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def plain(text: str) -> str:
    return " ".join(text.split())


def statement(id: str) -> str:
    """What the lesson says an exercise asks for: its text from the heading on, and its docstring."""
    number = id.split(".")[0]
    field = f"{{{{exercise:{id}}}}}"
    (text,) = (c.source for c in lesson_of(number).cells if field in c.source)
    name = catalogue.find(id).name
    (function,) = (
        node
        for cell in lesson_of(number).cells
        if cell.exercise == id
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.FunctionDef) and node.name == name
    )
    return text.partition(field)[2] + "\n\n" + (ast.get_docstring(function) or "")


def sentences(text: str) -> list[str]:
    """The sentences and lines of a list, of a text in markdown; what is only a formula stays with them."""
    parts = re.split(r"(?<=[.!?])[\s*]+(?=\S)|\n\s*\n|\n(?=\s*[-*] )", text)
    return [sentence for part in parts if len(re.findall(r"\w", sentence := plain(part))) > 2]


@pytest.mark.parametrize("id", FUNCTIONS)
def test_every_sentence_of_a_statement_is_tried_or_asks_for_nothing(id):
    about = listed(id.split(".")[0])[id]
    quotes = [plain(quote) for quote, _ in about["clauses"]]
    informs = [plain(beginning) for beginning in about.get("informs", ())]
    for sentence in sentences(statement(id)):
        tried = any(quote in sentence for quote in quotes)
        assert tried or any(map(sentence.startswith, informs)), f"no case is for: {sentence!r}"


@pytest.mark.parametrize("id", FUNCTIONS)
def test_what_is_quoted_stands_in_the_lesson_and_whoever_ignores_it_fails(id):
    number = id.split(".")[0]
    about = listed(number)[id]
    asked = plain(statement(id))
    said = plain("\n".join(cell.source for cell in lesson_of(number).cells))
    known = {wrong.name: wrong for wrong in catalogue.find(id).misconceptions}
    written = {a.what: a for a in bank(number)[1] if a.id == id and not a.right}
    assert about["clauses"], "a statement asks for something"
    pairs = [(asked, *pair) for pair in about["clauses"]]
    pairs += [(said, *pair) for pair in about.get("slips", ())]
    for text, quote, wrong in pairs:
        assert plain(quote) in text, f"{quote!r} is not there any more"
        if wrong.startswith("bank: "):
            assert not report_on(number, written[wrong.removeprefix("bank: ")]).passed, quote
        else:
            report = examine(id, known[wrong].function)
            assert report.misconception == wrong, f"{quote!r}: {report.message}"
