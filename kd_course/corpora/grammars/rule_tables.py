"""Tables of words and sentences out of words/*.toml, read as rules of a synchronous grammar.

A table is text, so that people can read and mend it; words/parallel_words.toml shows how one looks,
`synchronous` says what a rule means. `file` is a file's name without .toml; `table` is where its
table stands in it, with dots between: "people.everyone.rules".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kd_course.corpora.words import read

Rules = dict[str, list[str]]  # symbol -> its rules: "3: english => chinese / another chinese"

_NUMBER = re.compile(r"\d+(\.\d+)?")
_NAME = re.compile(r"[\w.]+")


def entry(file: str, table: str) -> Any:
    """What stands under a name in a file, whatever it is.

    Raises ValueError naming the file and the table when there is none.
    """
    found: Any = read(file)
    for part in table.split("."):
        if not isinstance(found, dict) or part not in found:
            raise ValueError(f"words/{file}.toml: has no table {table!r}")
        found = found[part]
    return found


def row_error(file: str, table: str, row: str, must: str) -> ValueError:
    """The error of a row that does not read as it must: names the file, the table and the row."""
    return ValueError(f"words/{file}.toml, table {table!r}, row {row.strip()!r}: {must}")


def rows(file: str, table: str, cells: int) -> list[list[str]]:
    """The rows of a table with bars, cell by cell; a cell may be empty.

    Raises ValueError naming the file, the table and the row when one has more cells, or fewer.
    """
    found = []
    for row in entry(file, table).strip().splitlines():
        found.append(_cells(row))
        if len(found[-1]) != cells:
            raise row_error(file, table, row, f"must have {cells} cells, not {len(found[-1])}")
    return found


def tables(file: str, table: str) -> Rules:
    """Several tables: each a name, and its rows below, indented. A row may be a rule itself.

    Where `table` holds several texts, they are read one after the other.
    Raises ValueError naming the file, the table and the row when one is neither `english | chinese`
    nor `english => chinese`, or a name occurs twice.
    """
    text = entry(file, table)
    if isinstance(text, dict):
        text = "\n".join(text.values())
    found: Rules = {}
    name = ""
    for line in filter(str.strip, text.splitlines()):
        if line.startswith(" ") and name:
            found[name].append(_rule(file, f"{table} > {name}", line))
            continue
        name = line.strip()
        if not _NAME.fullmatch(name) or name in found or line.startswith(" "):
            must = "is no table's name, and rows are indented below one; a name may occur once"
            raise row_error(file, table, line, must)
        found[name] = []
    return found


def sentences(file: str, table: str) -> list[str]:
    """Rules, each a weight with an English line, and its translations below, indented.

    Raises ValueError naming the file, the table and the line when a sentence has no weight or no
    translation.
    """
    found: list[str] = []
    for english, translations in _sentences(entry(file, table)):
        weight, colon, body = english.partition(": ")
        if not colon or not _NUMBER.fullmatch(weight) or not body.strip() or "=>" in body:
            raise row_error(file, table, english, "must read 'weight: english'")
        if not translations or any("=>" in translation for translation in translations):
            raise row_error(file, table, english, "needs its translations below, indented")
        found.append(f"{english} => {' / '.join(translations)}")
    return found


def either(words: str) -> str:
    """'车,汽车' as '(车|汽车)': a choice, in the grammar's notation."""
    return f"({words.replace(',', '|')})" if "," in words else words


def _cells(row: str) -> list[str]:
    """The cells of a row; a bar without space around it is none of the table's."""
    return [cell.strip() for cell in re.split(r"\s+\|(?=\s|$)", row)]


def _rule(file: str, table: str, row: str) -> str:
    """'3: cat | 猫,小猫' as '3: cat => (猫|小猫)'; a rule as it is."""
    sides = row.split("=>") if "=>" in row else _cells(row)
    if len(sides) != 2 or not all(side.strip() for side in sides):
        must = "must read 'english | chinese' or 'english => chinese'"
        raise row_error(file, table, row, must)
    weight, colon, _ = sides[0].strip().partition(": ")
    if colon and not _NUMBER.fullmatch(weight):
        raise row_error(file, table, row, f"must begin with a number, not {weight!r}")
    return row.strip() if "=>" in row else f"{sides[0]} => {either(sides[1])}"


def _sentences(text: str) -> Iterator[tuple[str, list[str]]]:
    """(English line, its indented lines) for each sentence."""
    english, translations = "", []
    for line in filter(str.strip, text.splitlines()):
        if line.startswith(" "):
            translations.append(line.strip())
            continue
        if english or translations:
            yield english, translations
        english, translations = line.strip(), []
    yield english, translations
