"""What a learner's file defines: a script, a notebook, or a lesson's source."""

from __future__ import annotations

import contextlib
import linecache
import tokenize
import traceback
from pathlib import Path
from typing import Any

from kd_course import text_files


def definitions(file: Path) -> tuple[dict[str, Any], str]:
    """What the file defines, and the first error on the way ("" when there was none).

    A lesson (a notebook, or its percent script) is run only as far as exercises need: its setup
    cells and its exercises. Any other file runs whole, though not its `if __name__ == "__main__"`.
    Raises ValueError for a file that is no text, or in an encoding that nobody can tell.
    """
    values: dict[str, Any] = {"__name__": "attempt", "__file__": str(file)}
    error = ""
    for name, source in _pieces(file):
        # So that a traceback can quote the line.
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            exec(compile(source, name, "exec"), values)
        except BaseException as raised:  # the file may raise anything, SystemExit too
            frames = [f for f in traceback.extract_tb(raised.__traceback__) if f.filename == name]
            where = f", line {frames[-1].lineno}: {frames[-1].line}" if frames else ""
            error = error or f"{type(raised).__name__}: {raised}{where}"
    return values, error


def _pieces(file: Path) -> list[tuple[str, str]]:
    text = _text_of(file)
    if file.suffix == ".py" and "# %%" not in text:
        return [(str(file), text)]
    import jupytext

    notebook = jupytext.reads(text, fmt="py:percent" if file.suffix == ".py" else "ipynb")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    needed = [cell for cell in code if _is_needed(cell.metadata)]
    return [
        (f"<{file.name}, code cell {i + 1}>", without_magics(cell.source))
        for i, cell in enumerate(code)
        if cell in needed
        or not any("exercise" in c.metadata or "nbgrader" in c.metadata for c in code)
    ]


def _text_of(file: Path) -> str:
    """As editors save it, and in the encoding that a script declares in its first two lines.

    Raises ValueError for what cannot be read, see `text_files.decoded`.
    """
    if file.suffix == ".py":
        with contextlib.suppress(SyntaxError, UnicodeDecodeError):  # which `read` tells better
            with open(file, "rb") as script:
                encoding, _ = tokenize.detect_encoding(script.readline)
            return file.read_text(encoding=encoding)
    return text_files.read(file)


def _is_needed(metadata: dict[str, Any]) -> bool:
    """Whether a cell is setup or an exercise, in a lesson's source or in a built notebook."""
    solution = metadata.get("nbgrader", {}).get("solution", False)
    return "setup" in metadata.get("tags", []) or "exercise" in metadata or solution


def without_magics(source: str) -> str:
    """The source with IPython's % and ! lines emptied: they mean nothing to plain Python."""
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n")
    )
