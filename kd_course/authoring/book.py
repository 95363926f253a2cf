"""The pages of book/, made from the data and the texts in book/sources/.

glossary.toml and map.toml become tables. In faq.md, reading.md and errata.md fields are filled in:
{{ledger:KEY|format}} as in lessons, {{lesson:05}} and {{lesson:05|heading of a section}} with a link.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from kd_course.authoring.source import FIELD, ROOT, LessonError, read, sources
from kd_course.storage import write_whole

BOOK = ROOT / "book"
SOURCES = BOOK / "sources"
GENERATED = (
    "<!-- Made by `python -m kd_course.authoring readme` from book/sources/{}: edit that. -->"
)


def pages() -> dict[str, str]:
    """Every page by its file's name, as the sources make it. Raises LessonError for a bad field."""
    made = {"glossary.md": glossary_page(terms()), "map.md": map_page(sections())}
    for name in ("faq.md", "reading.md", "errata.md"):
        text = (SOURCES / name).read_text(encoding="utf-8")
        made[name] = f"{GENERATED.format(name)}\n{filled(text, name)}"
    return made


def fill(book: Path = BOOK) -> bool:
    """Write the pages; True when that changed one of them."""
    changed = False
    for name, text in pages().items():
        page = book / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            write_whole(page, lambda path, text=text: path.write_text(text, encoding="utf-8"))
            changed = True
    return changed


# -- the glossary -----------------------------------------------------------------------------


def terms() -> list[dict]:
    """The glossary's terms: en, zh, lesson (a slug), says, and maybe also (other forms)."""
    return _data("glossary.toml")["term"]


def no_terms() -> set[str]:
    """What lessons print in bold for emphasis, in lower case: words that are no terms."""
    return {word.lower() for word in _data("glossary.toml")["bold_but_no_term"]}


def glossary_page(entries: list[dict]) -> str:
    """The glossary as one table in alphabetical order; each term has an anchor of its own."""
    rows = [
        f'| <a id="{anchor(entry["en"])}"></a>**{entry["en"]}** | {entry["zh"]} '
        f"| {entry['says']} | {link(entry['lesson'])} |"
        for entry in sorted(entries, key=lambda entry: _alphabetical(entry["en"]))
    ]
    return "\n".join(
        [
            GENERATED.format("glossary.toml"),
            "# Glossary",
            "",
            f"{len(entries)} terms in English and Chinese, each with the lesson that introduces it. "
            "*Calibration*, 校准, is that of probabilities here. A quantizer's search for its "
            "scales bears the same name in both languages.",
            "",
            "| term | 中文 | what it means | lesson |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _alphabetical(term: str) -> str:
    """α stands under alpha, [CLS] under C."""
    return re.sub(r"^\W+", "", term.lower().replace("α", "alpha"))


# -- the map of the article -------------------------------------------------------------------


def sections() -> list[dict]:
    """The article's sections in its order: number, zh, en, and rows (zh, en, lesson, section, remark)."""
    return _data("map.toml")["part"]


def map_page(parts: list[dict]) -> str:
    """The map: a table for each section of the article."""
    lines = [GENERATED.format("map.toml"), (SOURCES / "map_head.md").read_text(encoding="utf-8")]
    for part in parts:
        lines += ["## " + f"{part['number']} {part['zh']}".strip(), "", f"*{part['en']}*", ""]
        lines += ["| what the article names | treated in | remark |", "| --- | --- | --- |"]
        for row in part["row"]:
            name = f"{row['zh']} ({row['en']})"
            where = row_link(row)
            lines.append(f"| {name} | {where} | {row.get('remark', '')} |")
        lines.append("")
    return "\n".join(lines)


def row_link(row: dict) -> str:
    """Where a row's subject is treated: a lesson's section, or a section of another page of the book."""
    if "page" not in row:
        return link(row["lesson"], row.get("section", ""))
    page, section = row["page"], row["section"]
    there = re.findall(r"(?m)^#+ (.+?)\s*$", (SOURCES / page).read_text(encoding="utf-8"))
    if section not in there:
        raise KeyError(f"{page} has no section {section!r}; it has {there}")
    return f"[{section}]({page}#{anchor(section)})"


# -- links and fields -------------------------------------------------------------------------


def link(slug: str, section: str = "") -> str:
    """A lesson, or a section of it, as text with a link.

    section: the heading without its "11 · ". Raises KeyError for what is not there.
    """
    number, slugs = slug[:2], [path.stem for path in sources()]
    if slug not in slugs:
        raise KeyError(f"no lesson {slug!r}; there are {', '.join(slugs)}")
    target = f"../solutions/{slug}.ipynb"
    if not section:
        return f"[lesson {number}]({target})"
    for heading in headings(slug):
        place, _, words = heading.rpartition(" · ")
        if words == section:
            shown = f"section {place}" if place.isdigit() else place or f"*{words}*"
            return f"[lesson {number}, {shown}]({target}#{anchor(heading)})"
    raise KeyError(f"lesson {number} has no section {section!r}; it has {headings(slug)}")


@cache
def headings(slug: str) -> tuple[str, ...]:
    """The headings of an existing lesson, as its source has them."""
    return tuple(re.findall(r"(?m)^#{2,} (.+?)\s*$", prose(slug)))


@cache
def prose(slug: str) -> str:
    """The text of an existing lesson's markdown cells, with its fields as they stand there."""
    lesson = read(ROOT / "solutions" / f"{slug}.py")
    return "\n\n".join(cell.source for cell in lesson.cells if not cell.is_code)


def anchor(heading: str) -> str:
    """A heading's anchor, as GitHub and MyST make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def filled(text: str, name: str) -> str:
    """A page's text with its {{fields}} filled in. Raises LessonError that names page and field."""

    def fill_one(match: re.Match) -> str:
        kind, _, rest = match[1].strip().partition(":")
        key, *form = (part.strip() for part in rest.split("|"))
        try:
            if kind == "ledger":
                from kd_course import experiments

                return experiments.ledger().field(key, *form)
            if kind == "lesson":
                return link(next((p.stem for p in sources() if p.stem[:2] == key), key), *form)
        except (KeyError, ValueError, TypeError) as error:
            raise LessonError(f"{name}: field {match[0]}: {error.args[0]}") from error
        raise LessonError(f"{name}: unknown field {match[0]}; there are ledger and lesson")

    return FIELD.sub(fill_one, text)


def _data(name: str) -> dict:
    return tomllib.loads((SOURCES / name).read_text(encoding="utf-8"))
