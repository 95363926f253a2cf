"""The text alternative of a lesson's picture, as `plots.show` left it in the notebook's output."""

from __future__ import annotations

import hashlib
from binascii import a2b_base64
from collections.abc import Iterator
from html import unescape

from nbformat import NotebookNode

PICTURE = "image/png"


def alternative(output: NotebookNode) -> str:
    """What is seen in an output's picture; "" where nothing says so.

    The metadata have it, escaped for HTML; a picture without them may say it as "[Picture: …]".
    """
    about = output.get("metadata", {}).get(PICTURE, {})
    if about.get("alt"):
        return unescape(about["alt"])
    text = "".join(output.get("data", {}).get("text/plain", ""))
    return text[len("[Picture: ") : -1] if text.startswith("[Picture: ") else ""


def pictures(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """Each picture among a notebook's outputs, with the id of its cell."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if PICTURE in output.get("data", {}):
                yield cell.get("id", ""), output


def by_digest(notebook: NotebookNode) -> dict[str, str]:
    """The alternative of every picture by the SHA-256 of its bytes, by which MyST-NB names its file.

    Raises ValueError that names the cell of a picture without an alternative.
    """
    found = {}
    for cell, output in pictures(notebook):
        said = alternative(output)
        if not said:
            raise ValueError(
                f"cell {cell}: a picture without a text alternative; plots.show gives one"
            )
        found[hashlib.sha256(a2b_base64(output.data[PICTURE])).hexdigest()] = said
    return found
