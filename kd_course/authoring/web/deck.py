"""Slides of a worked lesson, made from its headings and the tags of its cells, for reveal.js.

A section begins a slide, and what follows in it goes below. A slide shows the first sentence of
each paragraph, with lists, equations and tables whole; the whole text is in the speaker's notes
(press S). Of code tagged "hide-input" only the output is shown; "setup", solutions and checks are
left out. A cell tagged "slide-skip" is left out too, one tagged "slide-full" is shown whole.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from kd_course.authoring import install_cell
from kd_course.authoring.web import pages

LONGEST_CODE = 20  # lines that fit on a slide; of longer code only the output is shown
DETAILS = re.compile(r"<details>.*?</details>\s*", re.S)
LINE_OF_LINKS = re.compile(r"(?m)^\[The \S+ edition\]\(.*\n?")
FENCED = re.compile(r"(```.*?```|\$\$.*?\$\$)", re.S)
HEADING = re.compile(r"(?m)^(?=#{1,3} )")
END_OF_SENTENCE = re.compile(r"(?<=[^.\s]{2}[.!?])\s+(?=[A-Z*`$\[“\"(])|(?<=:)\s*$")


def slides(notebook: Path, target: Path) -> Path:
    """Write a lesson's slides, beside reveal.js and MathJax; the page that shows them."""
    from nbconvert import SlidesExporter

    pages.copy_mathjax(target / "mathjax")
    pages.copy_reveal(target / "reveal")
    exporter = SlidesExporter(
        template_name="kd_slides",
        extra_template_basedirs=[str(pages.TEMPLATES)],
        extra_template_paths=[str(pages.TEMPLATES)],
        mathjax_url="mathjax/tex-chtml-full.js",
        reveal_url_prefix="reveal",
        reveal_theme="white",
    )
    deck = as_deck(nbformat.read(notebook, as_version=4))
    title = deck.cells[0].source.splitlines()[0].lstrip("# ")
    deck.metadata["title"] = title
    text, _ = exporter.from_notebook_node(deck)
    page = target / f"{notebook.stem}.slides.html"
    page.write_text(text, encoding="utf-8")
    return page


def as_deck(lesson: NotebookNode) -> NotebookNode:
    """The cells that become slides, each with the type of slide that nbconvert asks for."""
    deck = nbformat.v4.new_notebook(metadata=lesson.metadata)
    for cell in lesson.cells:
        tags = cell.metadata.get("tags", ())
        if "slide-skip" in tags or cell.id == install_cell.ID:
            continue
        if cell.cell_type == "markdown":
            deck.cells += _text(cell, whole="slide-full" in tags)
        elif "setup" not in tags and "nbgrader" not in cell.metadata:
            deck.cells += _code(cell, folded="hide-input" in tags)
    return deck


def _text(cell: NotebookNode, *, whole: bool) -> list[NotebookNode]:
    """A slide for each heading, with the gist, and the whole as notes."""
    made = []
    text = LINE_OF_LINKS.sub("", cell.source).strip()
    for part in HEADING.split(text):
        shown = part.strip() if whole else gist(part)
        if not shown:
            continue
        slide = nbformat.v4.new_markdown_cell(shown, id=f"{cell.id}-{len(made)}")
        is_section = re.match(r"##? ", part)
        slide.metadata["slideshow"] = {"slide_type": "slide" if is_section else "subslide"}
        made.append(slide)
        if shown != part.strip():
            all_of_it = re.sub(r"</?details>|</?summary>", "", part.strip())
            notes = nbformat.v4.new_markdown_cell(all_of_it, id=f"{cell.id}-{len(made)}")
            notes.metadata["slideshow"] = {"slide_type": "notes"}
            made.append(notes)
    return made


def gist(text: str) -> str:
    """A cell's text with the first sentence of each paragraph; folded parts are left out."""
    kept = []
    for block in FENCED.split(DETAILS.sub("", text)):
        if block.startswith(("```", "$$")):
            kept.append(block)
            continue
        for paragraph in re.split(r"\n\s*\n", block):
            if paragraph.strip():
                kept.append(_first_sentence(paragraph.strip()))
    return "\n\n".join(kept)


def _first_sentence(paragraph: str) -> str:
    lines = paragraph.splitlines()
    if re.match(r"#", lines[0]) and len(lines) > 1:
        return f"{lines[0]}\n\n{_first_sentence(chr(10).join(lines[1:]))}"
    if re.match(r"#|\||>|[-*] |\d+\. |\*\*.*\*\*$|\*difficulty", lines[0]):
        return paragraph
    return END_OF_SENTENCE.split(" ".join(lines))[0]


def _code(cell: NotebookNode, *, folded: bool) -> list[NotebookNode]:
    """The cell on a slide, and each picture on one of its own; folded code without text is not shown."""
    folded = folded or len(cell.source.splitlines()) > LONGEST_CODE
    pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    others = [output for output in cell.outputs if output not in pictures]
    shown = [("" if folded else cell.source, others)] if others or not folded else []
    shown += [("", [picture]) for picture in pictures]
    made = []
    for number, (source, outputs) in enumerate(shown):
        slide = nbformat.v4.new_code_cell(source, outputs=outputs, id=f"{cell.id}-{number}")
        slide.metadata["slideshow"] = {"slide_type": "subslide"}
        if not source:
            slide.metadata["transient"] = {"remove_source": True}
        made.append(slide)
    return made
