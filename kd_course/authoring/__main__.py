"""`python -m kd_course.authoring`: build the notebooks, record the references, fill the README.

build [NN ...] [--no-execute]    both editions of these lessons; of all, and the pages,
                                 where none is named
record [NN ...]                  only what the references answer
readme                           only the pages: the README's generated tables, and book/
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import nbformat

from kd_course.authoring import book, editions, execution, install_cell, readme, references
from kd_course.authoring.source import ROOT, Lesson, LessonError, read, review, source_of, sources
from kd_course.console import make_readable
from kd_course.storage import write_whole


def main(argv: list[str] | None = None) -> int:
    make_readable()
    parser = argparse.ArgumentParser(
        prog="python -m kd_course.authoring",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("build", "record", "readme"))
    parser.add_argument(
        "lessons", nargs="*", metavar="NN", help="numbers of lessons; all by default"
    )
    parser.add_argument(
        "--no-execute",
        action="store_true",
        help="keep the outputs of cells that have not changed, run nothing",
    )
    options = parser.parse_args(argv)
    try:
        if options.command == "readme":
            for pages, changed in (("README.md", readme.fill()), ("book/", book.fill())):
                print(pages, "changed" if changed else "is up to date")
            return 0
        paths = [source_of(number) for number in options.lessons] or sources()
        for path in paths:
            lesson = read(path)
            if options.command == "record":
                changed = references.record(lesson)
                print(
                    f"{lesson.slug}: {'recorded' if changed else 'recorded outputs are up to date'}"
                )
            else:
                build(lesson, run=not options.no_execute)
        if options.command == "build" and not options.lessons:
            readme.fill()
            book.fill()
    except (LessonError, FileNotFoundError, KeyError) as error:
        print(error.args[0] if error.args else error, file=sys.stderr)
        return 1
    return 0


def build(lesson: Lesson, *, run: bool = True, root: Path = ROOT) -> None:
    """Review the source, record its references, write both editions. Raises LessonError."""
    problems = review(lesson)
    if problems:
        raise LessonError("\n".join(problems))
    references.record(lesson)
    others = [read(path) for path in sources(root)]
    for folder in ("solutions", "notebooks"):
        notebook = editions.of_course(folder, lesson, others)
        target = root / folder / f"{lesson.slug}.ipynb"
        start = time.monotonic()
        if run:
            execution.execute(notebook, f"{folder}/{lesson.slug}", target.parent)
        elif target.exists():
            keep_outputs(notebook, nbformat.read(target, as_version=4))
        nbformat.validate(notebook)
        text = nbformat.writes(notebook) + "\n"
        write_whole(target, lambda path, text=text: path.write_text(text, encoding="utf-8"))
        print(
            f"{folder}/{lesson.slug}.ipynb  {len(notebook.cells)} cells  {time.monotonic() - start:.1f} s",
            flush=True,
        )


def keep_outputs(notebook: nbformat.NotebookNode, before: nbformat.NotebookNode) -> None:
    """Carry outputs over from an earlier build, for code cells whose id and source are the same.

    Where every cell has them the notebook is numbered as if it had been run. The cell that installs
    the course needs no earlier build: where the course is, and so here, it prints nothing.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    old = {(cell.id, cell.source): cell for cell in before.cells if cell.cell_type == "code"}
    complete = True
    for cell in code:
        if (cell.id, cell.source) in old:
            kept = old[cell.id, cell.source]
            cell.outputs, cell.execution_count = kept.outputs, kept.execution_count
        elif cell.id != install_cell.ID:
            complete = False
    if complete:
        for number, cell in enumerate(code, start=1):
            cell.execution_count = number


if __name__ == "__main__":
    sys.exit(main())
