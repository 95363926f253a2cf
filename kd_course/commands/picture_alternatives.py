"""Pictures keep their text alternative in HTML that `jupyter nbconvert` makes, whatever the template.

nbconvert's templates drop it. jupyter/environment/etc/ beside this has the settings, installed with the
course, by which nbconvert (and JupyterLab, when it exports) passes each notebook through here first.
"""

from __future__ import annotations

from html import escape, unescape
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

PICTURE = "image/png"


class PictureAlternatives(Preprocessor):
    """Gives a picture whose output's metadata hold an alternative as HTML, which templates prefer.

    Others stay as they are; so do all where HTML is to be sanitised, which would take the picture out.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        if not resources.get("should_sanitize_html"):
            for output in cell.get("outputs", ()):
                about = output.get("metadata", {}).get(PICTURE, {})
                if about.get("alt") and PICTURE in output.data and "text/html" not in output.data:
                    output.data["text/html"] = as_html(output.data[PICTURE], about)
        return cell, resources


def as_html(png: str, about: dict[str, Any]) -> str:
    """A picture as nbconvert writes it, with its alternative.

    png: in base64. about: the output's metadata for it. They hold the alternative as it is, or escaped
    for HTML, as `plots.show` has it.
    """
    said = escape(unescape(str(about["alt"])))
    sizes = "".join(
        f' {name}="{about[name]:d}"' for name in ("width", "height") if is_whole(about.get(name))
    )
    grounds = ("light", "dark")
    ground = about.get("needs_background")
    kind = f' class="jp-needs-{ground}-background"' if ground in grounds else ""
    source = escape("".join(png.split()))
    return f'<div class="jp-RenderedImage"><img alt="{said}"{sizes}{kind} src="data:{PICTURE};base64,{source}"></div>'


def is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
