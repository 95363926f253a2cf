"""Texts as people bring them: files as editors and spreadsheets save them, lists and columns."""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# UTF-32 first: its mark begins as that of UTF-16 does.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
AS_UTF_8 = (
    "save it as UTF-8 first: in an editor by Save as, in Excel as CSV UTF-8, or by "
    "iconv -f CP1252 -t UTF-8 (from Chinese Windows -f GB18030)"
)


def encoding_of(data: bytes) -> str:
    """What the byte order mark in front says; UTF-8 where there is none."""
    return next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")


def decoded(data: bytes, name: str | os.PathLike) -> str:
    """The text of a file's bytes: UTF-8, or UTF-16 and UTF-32 with the mark that editors put in front.

    name: the file's, for the message. Raises ValueError that names the first line that is neither,
    and what to do: to guess between cp1252 and its like would change letters without a word.
    """
    encoding = encoding_of(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n")
        kind = encoding.removesuffix("-sig").upper()
        raise ValueError(
            f"{name}: line {line} (counted from 0) is not {kind}: {AS_UTF_8}"
        ) from error


def with_patience(data: bytes) -> str:
    """As `decoded`, but cp1252 is taken for what else it may be, and nothing is refused.

    For names and notebooks that somebody handed in, who cannot be asked.
    """
    encoding = encoding_of(data)
    if encoding != "utf-8":
        return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read(path: str | os.PathLike) -> str:
    """A text file's content, every line ended by a line feed; raises ValueError as `decoded` does."""
    text = decoded(Path(path).read_bytes(), path)
    return text.replace("\r\n", "\n").replace("\r", "\n")


# -- lists ------------------------------------------------------------------------------------


def refuse_no_list(texts: Any, name: str) -> None:
    """TypeError for one text and for a table where a list of texts is meant.

    Both would be gone through without a word: a text by its letters, a table by its columns' names.
    """
    if isinstance(texts, str):
        raise TypeError(f"{name} must be a list of texts, but is one text")
    columns = getattr(texts, "column_names", getattr(texts, "columns", None))
    if columns is not None or isinstance(texts, Mapping):
        names = ", ".join(map(str, texts if columns is None else columns))
        raise TypeError(
            f"{name} must be a list of texts, but is a table with {names}: name one of these"
        )


def as_list(texts: Any, name: str) -> list[str]:
    """Texts out of a list, a column of pandas or of a datasets.Dataset, or whatever gives them in turn.

    Raises TypeError as `refuse_no_list`, ValueError for an entry that is no text, naming its row.
    """
    refuse_no_list(texts, name)
    found = list(texts)
    for number, text in enumerate(found):
        if not isinstance(text, str):
            raise ValueError(
                f"{name} must be texts, but row {number} (counted from 0) is {text!r}: leave it out, or "
                f"write '' for a text that is empty"
            )
    return found
