"""A cell as Python: IPython's own transformer, on the trusted side, with bounds on what it may take.

A kernel hands a cell to IPython's input transformer before Python sees it, and so does the grader:
`%time x`, `x = !ls`, `soften?`, a pasted `>>>`. What Python reads as it stands (a line that begins
with `% b` or `!= b` in a bracket, a magic inside a string) is left alone there as well.
"""

from __future__ import annotations

import re
import unicodedata

from kd_course.exercises.sheets import parsed

NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
_KEEPS_NAMES = ("time", "capture", "prun")  # cell magics whose cell runs among the kernel's names
_CELL_MAGIC = re.compile(r"%%(\w+)[^\n]*")
_CANDIDATE = re.compile(r"[%!?]|^\s*[/,;>]|^\s*In \[")  # a line that may mean something to IPython
# IPython reads a cell anew after every line that it has changed, and its patterns take the square
# of a line's length.
_LONGEST_LINE = 1_000
_COMBINING = (
    30  # Unicode's own bound (UAX 15); sorting more of them takes the square of their number
)


class Effort:
    """What may be spent on transforming one submission's cells, in characters read."""

    def __init__(self, left: int = 5_000_000):
        self.left = left


def python_of(source: str, effort: Effort | None = None) -> str:
    """The source as a kernel would hand it to Python; a cell that is all another language's is empty."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if is_python(source):
        return source
    body = source.lstrip("\n")
    while magic := _CELL_MAGIC.match(body):
        if magic[1] not in _KEEPS_NAMES:
            return _told(body, magic)
        # An empty line in its place, so that errors keep their lines.
        body = body[magic.end() :]
        if not body.lstrip("\n").startswith("%%"):
            break
        body = body.lstrip("\n")
    return body if is_python(body) else _transformed(body, effort or Effort())


def is_python(source: str) -> bool:
    """Whether Python can read it."""
    try:
        parsed(source)
    except NO_PYTHON:
        return False
    return True


def _told(body: str, magic: re.Match) -> str:
    """Another language's cell: only a file that it writes concerns the cells below."""
    if magic[1] in ("writefile", "file"):
        line = magic[0].partition(magic[1])[2].strip()
        text = body[magic.end() + 1 :]
        return f"get_ipython().run_cell_magic('writefile', {line!r}, {text!r})\n"
    return ""


def _transformed(source: str, effort: Effort) -> str:
    source = re.sub(
        r"(?m)^[\f\v]+", "", source
    )  # to Python no line ends there, to IPython one does
    candidates = [line for line in source.splitlines() if _CANDIDATE.search(line)]
    takes = len(source) * (1 + len(candidates))
    if takes > effort.left or any(len(line) > _LONGEST_LINE for line in candidates):
        return _emptied(source)
    effort.left -= takes
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return TransformerManager().transform_cell(source)
    except Exception:  # a cell that is no Python for IPython either
        return _emptied(source)


def _emptied(source: str) -> str:
    """Without IPython's lines, where it would take too long to ask IPython which those are."""
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + "pass"
        if line.lstrip().startswith(("%", "!"))
        else line
        for line in source.split("\n")
    )


def is_piled_up(source: str) -> bool:
    """Whether more marks stand on one letter than any script needs: Python sorts them, slowly."""
    if source.isascii():
        return False
    row = 0
    for character in source:
        row = row + 1 if unicodedata.combining(character) else 0
        if row > _COMBINING:
            return True
    return False
