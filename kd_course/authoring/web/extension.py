"""What Sphinx does for the book besides its own work: alternatives, Chinese, links to the glossary.

Loaded by book/web/conf.py. Sphinx calls `alternatives_of_pictures` when it has read a page,
`link_terms` when it writes one, and `mark_chinese` when all are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from docutils import nodes

GLOSSARY = "glossary"
# Han characters with the punctuation and the digits between them.
CHINESE = re.compile(
    r"[\u3400-\u9fff](?:[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]|\d(?=[\u3400-\u9fff]))*"
)
NO_TEXT = re.compile(
    r"(<!--.*?-->|<(script|style|pre|code|title|textarea)\b.*?</\2>|<[^>]*>)", re.S
)
ANCHORED = re.compile(r'(?m)^\| <a id="([^"]+)"></a>\*\*(.+?)\*\* \| .*? \| (.*?) \|')


def setup(app) -> dict:
    app.connect("doctree-read", alternatives_of_pictures)
    app.connect("doctree-resolved", link_terms)
    app.connect("build-finished", mark_chinese)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def alternatives_of_pictures(app, doctree: nodes.document) -> None:
    """Give each picture of a notebook's output its text alternative."""
    said = json.loads((Path(app.srcdir) / "alternatives.json").read_text(encoding="utf-8"))
    for image in doctree.findall(nodes.image):
        digest = Path(image["uri"]).stem
        if digest in said:
            image["alt"] = said[digest]


# -- Chinese ----------------------------------------------------------------------------------


def mark_chinese(app, error: Exception | None) -> None:
    """Mark the Chinese of every page that was written, menus included."""
    if error is None:
        for page in Path(app.outdir).glob("*.html"):
            page.write_text(marked(page.read_text(encoding="utf-8")), encoding="utf-8")


def marked(page: str) -> str:
    """HTML that says of each run of Chinese that it is: for fonts, line breaks, screen readers.

    Code and what a browser does not show as text stay as they are.
    """
    parts = NO_TEXT.split(page)  # text, what is no text, the name of a tag or None, text, …
    for place in range(0, len(parts), 3):
        parts[place] = CHINESE.sub(r'<span lang="zh-Hans">\g<0></span>', parts[place])
    del parts[2::3]
    return "".join(parts)


def _above(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


# -- the glossary -----------------------------------------------------------------------------


@cache
def terms(srcdir: str) -> dict[str, tuple[str, str]]:
    """Each term of the staged glossary, in lower case: its anchor and what it means."""
    page = (Path(srcdir) / f"{GLOSSARY}.md").read_text(encoding="utf-8")
    return {term.lower(): (anchor, says) for anchor, term, says in ANCHORED.findall(page)}


def link_terms(app, doctree: nodes.document, page: str) -> None:
    """Link a lesson's terms to the glossary: where it prints one in bold, and where it first uses one
    of two words or more, so that no page is full of links.
    """
    if not re.match(r"\d\d_", page):
        return
    there = terms(str(app.srcdir))
    to_glossary = app.builder.get_relative_uri(page, GLOSSARY)
    linked: set[str] = set()
    for bold in list(doctree.findall(nodes.strong)):
        term = _known(bold.astext(), there)
        if term and not _in(bold, nodes.reference, nodes.title):
            bold.parent.replace(bold, _link(to_glossary, there[term], bold))
            linked.add(term)
    wanted = {term for term in there if " " in term or "-" in term} - linked
    for text in list(doctree.findall(nodes.Text)):
        if not wanted:
            break
        if not _in(text, nodes.paragraph) or _in(text, nodes.reference, nodes.literal, nodes.math):
            continue
        if _in(text, nodes.title, nodes.strong, nodes.raw, nodes.table):
            continue
        found = re.search(
            r"\b(" + "|".join(sorted(map(re.escape, wanted), key=len, reverse=True)) + r")(e?s)?\b",
            text,
            re.I,
        )
        if found:
            term = found[1].lower()
            word = nodes.Text(found[0])
            new = [
                text[: found.start()],
                _link(to_glossary, there[term], word),
                text[found.end() :],
            ]
            text.parent.replace(
                text, [nodes.Text(part) if isinstance(part, str) else part for part in new if part]
            )
            wanted.discard(term)


def _known(text: str, there: dict[str, tuple[str, str]]) -> str:
    """The term that a text is, in the singular or the plural; "" for none."""
    text = " ".join(text.lower().split()).rstrip(".:,")
    return next((form for form in (text, text.removesuffix("s")) if form in there), "")


def _in(node: nodes.Node, *kinds: type) -> bool:
    return any(isinstance(above, kinds) for above in _above(node))


def _link(to_glossary: str, entry: tuple[str, str], shown: nodes.Node) -> nodes.reference:
    anchor, says = entry
    plain = re.sub(r"[`*$]", "", says)
    return nodes.reference(
        "",
        "",
        shown.deepcopy(),
        refuri=f"{to_glossary}#{anchor}",
        internal=True,
        reftitle=plain,
        classes=["kd-term"],
    )
