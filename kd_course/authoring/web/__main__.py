"""`python -m kd_course.authoring.web`: the book, slides of lessons, a notebook as HTML.

book                       the web edition, into build/book/html
slides 02 [03 …]           slides of lessons, into build/slides
html NOTEBOOK [NOTEBOOK …] notebooks as HTML files, into build/html
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kd_course.authoring.web import deck, pages
from kd_course.authoring.web.staging import ROOT


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m kd_course.authoring.web",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("book", "slides", "html"))
    parser.add_argument("names", nargs="*", help="lessons (02) for slides, files for html")
    asked = parser.parse_args(argv)
    if (asked.what == "book") == bool(asked.names):
        parser.error("book takes no names, slides takes lessons (02), html takes notebooks")
    try:
        if asked.what == "book":
            print(pages.build_book() / "index.html")
        for name in asked.names:
            if asked.what == "slides":
                print(deck.slides(_worked(name), ROOT / "build" / "slides"))
            else:
                print(pages.as_html(Path(name), ROOT / "build" / "html"))
    except (FileNotFoundError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _worked(lesson: str) -> Path:
    found = sorted((ROOT / "solutions").glob(f"{lesson}_*.ipynb"))
    if not found:
        there = [path.name[:2] for path in sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))]
        raise FileNotFoundError(f"no worked lesson {lesson!r}; there are {', '.join(there)}")
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
