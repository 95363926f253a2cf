"""What Sphinx builds the book from: worked notebooks and the pages of book/, laid out in one folder.

A staged lesson is its worked notebook, outputs and all, with five changes. Of an exercise the
learner's stub is shown, and its two hints and the solution are folded below it. A widget, which
lives only where a kernel runs, leaves its sentence. The line below the title offers both notebooks
to download. Links between folders become links between pages. The cell that installs the course is
left out.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import zipfile
from html import escape
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from kd_course.authoring import install_cell
from kd_course.authoring.web import alternatives

ROOT = Path(__file__).resolve().parents[3]
BOOK = ROOT / "book"
OWN = BOOK / "web"  # conf.py, the first page, styles
DRAWING = "hide-input"
SLUG = re.compile(r"[0-9][0-9]_\w+")


def stage(target: Path, root: Path = ROOT) -> list[str]:
    """Lay out the book's pages in target, an empty folder; the names of the lessons among them.

    Raises ValueError for a picture without an alternative, FileNotFoundError where no lesson is.
    """
    target.mkdir(parents=True, exist_ok=True)
    shutil.copytree(root / "book" / "web", target, dirs_exist_ok=True)
    worked = sorted((root / "solutions").glob("[0-9][0-9]_*.ipynb"))
    if not worked:
        raise FileNotFoundError(f"no worked lesson in {root / 'solutions'}: run `make notebooks`")
    said: dict[str, str] = {}
    for path in worked:
        lesson = nbformat.read(path, as_version=4)
        try:
            said |= alternatives.by_digest(lesson)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
        stub_of = stubs(root / "notebooks" / path.name)
        help_of = hints(root / "kd_course" / "lessons" / f"lesson{path.stem[:2]}")
        page = lesson_page(lesson, path.stem, stub_of, help_of)
        for cell in page.cells:
            if cell.cell_type == "markdown":
                cell.source = relinked(cell.source, root / "solutions", target)
        nbformat.write(page, target / path.name)
        for folder in ("notebooks", "solutions"):
            if (root / folder / path.name).exists():
                (target / "files" / folder).mkdir(parents=True, exist_ok=True)
                shutil.copy(root / folder / path.name, target / "files" / folder)
    for path in sorted((root / "book").glob("*.md")):
        text = relinked(path.read_text(encoding="utf-8"), path.parent, target)
        (target / path.name).write_text(text, encoding="utf-8")
    (target / "alternatives.json").write_text(json.dumps(said), encoding="utf-8")
    return [path.stem for path in worked]


def lesson_page(
    lesson: NotebookNode, slug: str, stub_of: dict[str, str], help_of: dict[str, tuple[str, ...]]
) -> NotebookNode:
    """The notebook as a page of the book: see the module's first lines.

    stub_of: a learner's code by the cell's id. help_of: an exercise's hints by its id, "03.1".
    """
    page = nbformat.v4.new_notebook(metadata=lesson.metadata)
    for cell in lesson.cells:
        if cell.id == install_cell.ID:  # a page of the book is not run
            continue
        exercise = _exercise(cell)
        if exercise:
            page.cells += folded_exercise(cell, stub_of.get(cell.id, ""), help_of.get(exercise, ()))
        else:
            page.cells.append(cell)
        if cell.cell_type == "code" and (sentence := instead_of_widget(cell.source)):
            page.cells.append(
                _markdown(f"{cell.id}-widget", f"*Interactive in the notebook:* {sentence}")
            )
    head = page.cells[0]
    title, _, rest = head.source.partition("\n")
    rest = re.sub(r"\A\s*\[The \S+ edition\]\(.*\n", "", rest)
    head.source = f"{title}\n\n{downloads(slug, bool(stub_of))}\n\n{rest.lstrip()}"
    return page


def downloads(slug: str, has_learners: bool) -> str:
    """The line below a title: both notebooks to download, and what one reads here."""
    learners = f"{{download}}`to work on <files/notebooks/{slug}.ipynb>` and " * has_learners
    return (
        f"Notebook of this lesson: {learners}{{download}}`worked <files/solutions/{slug}.ipynb>`. "
        "Hints and solutions are folded below each exercise."
    )


# -- exercises --------------------------------------------------------------------------------


def _exercise(cell: NotebookNode) -> str:
    """The exercise whose answer a cell holds, "03.1"; "" for any other cell."""
    about = cell.metadata.get("nbgrader", {})
    return cell.id.removeprefix("ex-").replace("-", ".", 1) if about.get("solution") else ""


def folded_exercise(cell: NotebookNode, stub: str, help: tuple[str, ...]) -> list[NotebookNode]:
    """The stub, the hints folded, and the worked cell folded."""
    made = []
    if stub:
        made.append(_markdown(f"{cell.id}-stub", f"```python\n{stub}\n```"))
    labels = ("A hint: a question", "A second hint: a direction")
    folds = "\n".join(
        f'<details class="kd-fold"><summary>{label}</summary><p>{_as_html(text)}</p></details>'
        for label, text in zip(labels, help)
        if text
    )
    if folds:
        made.append(_markdown(f"{cell.id}-hints", folds))
    answer = cell.copy()
    answer.source = re.sub(r"(?m)^[ \t]*### (BEGIN|END) SOLUTION\n?", "", cell.source).rstrip()
    answer.metadata = cell.metadata.copy()
    answer.metadata["tags"] = sorted({*cell.metadata.get("tags", ()), DRAWING})
    answer.metadata["mystnb"] = {
        "code_prompt_show": "A solution",
        "code_prompt_hide": "Hide the solution",
    }
    return [*made, answer]


def _as_html(text: str) -> str:
    """A hint, which is printed as it stands, as HTML; what is between backticks is code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escape(text)).replace("\n", "<br>")


def stubs(path: Path) -> dict[str, str]:
    """A learner's exercise cells by their ids; empty where there is no learner's edition."""
    if not path.exists():
        return {}
    cells = nbformat.read(path, as_version=4).cells
    return {cell.id: cell.source for cell in cells if cell.get("id", "").startswith("ex-")}


def hints(room: Path) -> dict[str, tuple[str, str]]:
    """What `hint` says of a lesson's exercises, question and direction, by the exercise's id.

    Read from the specs' text: to import them is to load torch. Raises ValueError for a spec whose
    id or hints are no plain strings.
    """
    found = {}
    for path in sorted(room.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Exercise":
                given = {word.arg: word.value for word in node.keywords}
                try:
                    id, *help = (
                        ast.literal_eval(given[name]) if name in given else ""
                        for name in ("id", "question", "hint")
                    )
                except ValueError as error:
                    raise ValueError(
                        f"{path.name}, line {node.lineno}: an exercise's id, question and hint "
                        "must be plain strings, so that the book can read them"
                    ) from error
                found[id] = tuple(help)
    return found


# -- widgets and links ------------------------------------------------------------------------


def instead_of_widget(source: str) -> str:
    """The sentence that `widgets.show(…, instead="…")` gives readers without a kernel; or ""."""
    if "widgets.show(" not in source:
        return ""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "widgets.show":
            for word in node.keywords:
                if word.arg == "instead" and isinstance(word.value, ast.Constant):
                    return str(word.value.value)
    return ""


def _zipped(folder: Path, archive: Path) -> Path:
    """A folder's files in one archive, without what Python leaves behind."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                packed.write(file, file.relative_to(folder.parent))
    return archive


def relinked(text: str, folder: Path, target: Path) -> str:
    """The text of a file in folder with its links fit for target, where lessons and pages lie flat.

    folder: one of the course's first level. A link to another file of the repository becomes one to download that
    file (a page of docs/ as plain text); to a folder, one to download it as a zip file.
    """

    def new_link(match: re.Match) -> str:
        place, hash, anchor = match[1].partition("#")
        if not place or re.match(r"[a-z]+:", place):
            return match[0]
        there = Path(os.path.normpath(folder / place))
        if there.suffix == ".ipynb" and SLUG.fullmatch(there.stem):
            return f"]({there.name}{hash}{anchor})"
        if there.suffix == ".md" and there.parent.name == "book":
            return f"]({there.name}{hash}{anchor})"
        inside = there.relative_to(folder.parent)  # many lessons have a settings.py
        copy = target / "files" / inside
        copy.parent.mkdir(parents=True, exist_ok=True)
        if there.is_dir():
            copy = _zipped(there, copy.with_suffix(".zip"))
        else:
            if there.suffix == ".md":  # else it would be looked for among the book's pages
                copy = copy.with_suffix(".txt")
            shutil.copy(there, copy)
        return f"](files/{copy.relative_to(target / 'files').as_posix()})"

    return re.sub(r"\]\(([^)\s]+)\)", new_link, text)


def _markdown(id: str, text: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text, id=id)
