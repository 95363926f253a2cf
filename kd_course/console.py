"""What is printed can be read, whatever the screen or the file it goes to can show.

On Windows, output that goes into a file or a pipe is written in the machine's code page (cp1252,
cp437, cp936, …), which lacks ✓, → or Chinese: Python then stops with UnicodeEncodeError in the
middle of a line. Here such a character becomes a few that every code page has.
"""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from typing import Any, TextIO

_HANDLER = "kd_course.readable"  # its name among Python's error handlers
_INSTEAD = {
    **{"✓": "[ok]", "✗": "[x]", "○": "[ ]", "●": "[*]", "→": "->", "←": "<-", "…": "...", "·": "-"},
    **{
        "–": "-",
        "—": "--",
        "−": "-",
        "‖": "||",
        "×": "x",
        "±": "+-",
        "≈": "~",
        "≤": "<=",
        "≥": ">=",
    },
    **{"“": '"', "”": '"', "‘": "'", "’": "'", "√": "sqrt ", "∞": "inf", "Σ": "sum", "∂": "d"},
    **{"α": "alpha", "β": "beta", "ε": "eps", "λ": "lambda", "²": "^2", "⁄": "/"},
    **{
        "，": ",",
        "。": ".",
        "、": ",",
        "：": ":",
        "；": ";",
        "？": "?",
        "！": "!",
        "（": "(",
        "）": ")",
    },
}


def make_readable(*streams: Any) -> None:
    """From now on these streams write what their encoding lacks in other characters, and never raise.

    streams: standard output and error where none is given. Those that no text layer of Python's
    writes (a notebook's), and those whose errors the user has chosen (PYTHONIOENCODING), stay as they are.
    """
    for stream in streams or (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "backslashreplace"):
            stream.reconfigure(errors=_HANDLER)


def say(text: str, *, file: TextIO | None = None) -> None:
    """As `print`, in other characters where the stream's encoding lacks some."""
    stream = file or sys.stdout
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = text.encode(stream.encoding, _HANDLER).decode(stream.encoding)
    print(text, file=stream)


def _readable(error: UnicodeError) -> tuple[str, int]:
    """Python's error handler: what is written for the characters that cannot be, and where it goes on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_in_ascii, error.object[error.start : error.end])), error.end


def _in_ascii(character: str) -> str:
    """A sign's stand-in, a letter without its accent, or the character's number: \\u4f60."""
    if character in _INSTEAD:
        return _INSTEAD[character]
    parts = [_INSTEAD.get(part, part) for part in unicodedata.normalize("NFKD", character)]
    plain = "".join(part for part in parts if not unicodedata.combining(part[0]))
    return (
        plain
        if plain.isascii() and plain
        else character.encode("ascii", "backslashreplace").decode()
    )


codecs.register_error(_HANDLER, _readable)
