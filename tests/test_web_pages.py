"""Pages made of the notebooks: what the book's are laid out from, nbconvert's HTML, and slides.

The book itself is built and opened in a browser by test_book_browser.py.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from kd_course.authoring import install_cell
from kd_course.authoring.web import alternatives, deck, pages, staging
from kd_course.commands import lab
from kd_course.exercises import catalogue

ROOT = Path(__file__).resolve().parents[1]
WORKED = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))
PROGRAM = re.compile(r"<(?:script|link)[^>]*\b(?:src|href)=\"([^\"]+)\"")


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def worked(number: str) -> Path:
    return next(path for path in WORKED if path.stem.startswith(number))


@pytest.fixture(scope="module")
def no_programs():
    """MathJax and reveal.js stay where they are: these tests look at the text of a page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "_copy", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def staged(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("staged")
    assert staging.stage(target) == [path.stem for path in WORKED]
    return target


# -- what the book is made of -----------------------------------------------------------------


@pytest.mark.parametrize("path", WORKED, ids=lambda path: path.stem[:2])
def test_every_picture_of_a_lesson_says_what_is_seen(path):
    said = list(alternatives.by_digest(read(path)).values())
    assert said and all(len(text.split()) >= 6 for text in said)
    assert not any("&quot;" in text or "&#x27;" in text for text in said)


COLOURED = re.compile(r'style="background:([^;"]+);color:([^;"]+)"')


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("path", WORKED, ids=lambda path: path.stem[:2])
def test_text_in_a_coloured_cell_of_a_table_is_readable_on_any_page(path):
    """The colours hide the page below, and their contrast is 4.5 or more (WCAG 2.2, 1.4.3)."""
    found = [
        pair
        for cell in read(path).cells
        for output in cell.get("outputs", ())
        for pair in COLOURED.findall("".join(output.get("data", {}).get("text/html", "")))
    ]
    for ground, text in found:
        assert re.fullmatch(r"#[0-9a-f]{6} #[0-9a-f]{6}", f"{ground} {text}"), (ground, text)
        dark, light = sorted((luminance(ground), luminance(text)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ground, text)
    assert found or path.stem[:2] != "07"  # which has such tables


def test_a_picture_without_an_alternative_stops_the_book():
    lesson = read(worked("03"))
    (cell, output), *_ = alternatives.pictures(lesson)
    output.metadata, output.data["text/plain"] = {}, "<Figure size 720x360 with 4 Axes>"
    with pytest.raises(ValueError, match=f"cell {cell}: a picture without a text alternative"):
        alternatives.by_digest(lesson)


def test_the_books_hints_are_those_that_hint_gives():
    for number in ("00", "03"):
        found = staging.hints(ROOT / "kd_course" / "lessons" / f"lesson{number}")
        specs = {e.id: (e.question, e.hint) for e in catalogue.of_lesson(number)}
        assert found == specs and len(found) > 2


def test_a_hint_that_the_book_cannot_read_is_named(tmp_path):
    (tmp_path / "exercises.py").write_text('A = Exercise(id="03.1", question=HELP, hint="b")\n')
    with pytest.raises(ValueError, match="exercises.py, line 1: .* plain strings"):
        staging.hints(tmp_path)


def test_an_exercise_shows_its_stub_and_folds_hints_and_solution(staged):
    cells = read(staged / "03_distillation_losses.ipynb").cells
    ids = [cell.id for cell in cells]
    here = ids.index("ex-03-1")
    stub, hints, answer, check = cells[here - 2 : here + 2]
    assert "# your code here" in stub.source and "softmax" not in stub.source
    assert hints.source.count("<details") == 2
    assert "softmax" in answer.source and "SOLUTION" not in answer.source
    assert staging.DRAWING in answer.metadata.tags
    assert check.id == "check-03-1" and staging.DRAWING not in check.metadata.get("tags", ())


def test_the_cell_that_installs_the_course_is_on_no_page_and_no_slide(staged):
    lesson = read(worked("03"))
    assert install_cell.ID in {cell.id for cell in lesson.cells}
    shown = [*read(staged / "03_distillation_losses.ipynb").cells, *deck.as_deck(lesson).cells]
    assert not any("find_spec" in cell.source for cell in shown)


def test_a_widget_leaves_its_sentence(staged):
    cells = read(staged / "03_distillation_losses.ipynb").cells
    (left,) = [cell for cell in cells if cell.id.endswith("-widget")]
    assert "two sliders, T and alpha" in left.source


def test_no_link_leads_back_into_the_folders_of_the_course(staged):
    for path in sorted(staged.glob("*.md")):
        assert "](../" not in path.read_text(encoding="utf-8"), path.name
    for path in sorted(staged.glob("*.ipynb")):
        text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
        assert "](../" not in text, path.name
        assert f"{{download}}`to work on <files/notebooks/{path.name}>`" in text
        assert (staged / "files" / "notebooks" / path.name).is_file()


def test_files_of_one_name_are_downloaded_each_by_itself(tmp_path):
    for lesson in ("06", "10"):
        (tmp_path / lesson).mkdir()
        (tmp_path / lesson / "settings.py").write_text(lesson)
    (tmp_path / "solutions").mkdir()
    text = staging.relinked(
        "[a](../06/settings.py) [b](../10/settings.py)", tmp_path / "solutions", tmp_path / "book"
    )
    links = re.findall(r"\]\((.*?)\)", text)
    assert [(tmp_path / "book" / link).read_text() for link in links] == ["06", "10"]


def test_a_folder_is_downloaded_whole_and_a_page_of_docs_as_text(tmp_path):
    for place in (
        "solutions/capstone/report.json",
        "solutions/capstone/__pycache__/x",
        "docs/a.md",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(place)
    text = staging.relinked(
        "[a](../solutions/capstone/) [b](../docs/a.md)", tmp_path / "solutions", tmp_path / "book"
    )
    folder, page = [tmp_path / "book" / link for link in re.findall(r"\]\((.*?)\)", text)]
    with zipfile.ZipFile(folder) as packed:
        assert packed.namelist() == ["capstone/report.json"]
    assert page.suffix == ".txt" and page.read_text() == "docs/a.md"


def test_a_hint_that_holds_what_looks_like_html_is_shown_as_it_stands():
    cell = nbformat.v4.new_code_cell("answer = 1", id="ex-00-1")
    (hints, _) = staging.folded_exercise(cell, "", ("Is `a < b`, or <b> & c?", ""))
    assert "<p>Is <code>a &lt; b</code>, or &lt;b&gt; &amp; c?</p>" in hints.source


def test_chinese_is_marked_where_a_reader_sees_it_and_nowhere_else():
    extension = pytest.importorskip("kd_course.authoring.web.extension", reason="needs docutils")
    page = '<title>蒸馏</title><p title="教师">从教师（BERT）学</p><pre><b>代码</b></pre><code>学</code>'
    assert extension.marked(page) == (
        '<title>蒸馏</title><p title="教师"><span lang="zh-Hans">从教师（</span>BERT'
        '）<span lang="zh-Hans">学</span></p><pre><b>代码</b></pre><code>学</code>'
    )


# -- nbconvert's HTML -------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["00", pytest.param("07", marks=pytest.mark.thorough)])
def test_nbconverts_html_carries_the_alternatives(number, tmp_path, no_programs):
    path = worked(number)
    text = pages.as_html(path, tmp_path).read_text(encoding="utf-8")
    shown = [
        img["alt"] for img in BeautifulSoup(text, "html.parser").select(".jp-RenderedImage img")
    ]
    assert shown == [alternatives.alternative(out) for _, out in alternatives.pictures(read(path))]
    assert "No description has been provided" not in text
    assert PROGRAM.findall(text) == ["mathjax/tex-chtml-full.js"]


@pytest.fixture
def convert(tmp_path, monkeypatch):
    """convert(notebook, to): what plain `jupyter nbconvert --to …` makes of it where the course is installed."""
    from nbconvert.nbconvertapp import NbConvertApp

    # Installed, these two lie under the environment's own share/ and etc/.
    monkeypatch.setenv("JUPYTER_PATH", str(lab.ENVIRONMENT / "share" / "jupyter"))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(lab.ENVIRONMENT / "etc" / "jupyter"))

    def convert(notebook: Path, to: str, *options: str) -> BeautifulSoup:
        app = NbConvertApp()
        where = f"--output-dir={tmp_path}"
        app.initialize([str(notebook), f"--to={to}", "--output=page", where, *options])
        app.start()
        (page,) = tmp_path.glob("page*.html")
        return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")

    return convert


@pytest.mark.parametrize("to", ["html", "slides"])
def test_plain_nbconvert_keeps_the_alternatives_where_the_course_is_installed(to, convert):
    path = worked("00")
    shown = [img["alt"] for img in convert(path, to).select(".jp-RenderedImage img")]
    assert shown == [alternatives.alternative(out) for _, out in alternatives.pictures(read(path))]


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_any_template_keeps_them_and_a_picture_that_has_none_is_as_it_was(
    template, convert, tmp_path
):
    about = ({"alt": 'A "bar" < a line &amp; more', "width": 30}, {"width": 40})
    pictures = [
        nbformat.v4.new_output("display_data", {"image/png": "AAAA"}, metadata={"image/png": one})
        for one in about
    ]
    cell = nbformat.v4.new_code_cell("show()", outputs=pictures)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "other.ipynb")
    page = convert(tmp_path / "other.ipynb", "html", f"--template={template}")
    said, silent = page.select("img[src^='data:image/png']")
    assert (said["alt"], said["width"]) == ('A "bar" < a line & more', "30")
    assert (silent["alt"][:14], silent["width"]) == ("No description", "40")
    assert bool(page.select(".jp-Cell")) == (template == "lab")  # it is the template asked for


def test_where_html_is_sanitised_the_picture_stays(convert):
    page = convert(worked("00"), "html", "--HTMLExporter.sanitize_html=True")
    assert page.select("img[src^='data:image/png']")


def test_jupyterlab_finds_what_shows_the_alternatives_where_the_course_is_installed(monkeypatch):
    from jupyter_core.paths import jupyter_path
    from jupyterlab_server.config import get_federated_extensions

    monkeypatch.setenv("JUPYTER_PATH", str(lab.ENVIRONMENT / "share" / "jupyter"))
    found = get_federated_extensions(jupyter_path("labextensions"))["kd-course-alternatives"]
    program = Path(found["ext_path"]) / found["jupyterlab"]["_build"]["load"]
    assert program.is_relative_to(lab.ENVIRONMENT) and program.is_file()


def test_an_export_of_jupyterlabs_has_the_same_settings():
    settings = lab.ENVIRONMENT / "etc" / "jupyter"
    of_nbconvert = settings / "jupyter_nbconvert_config.json"
    of_the_server = settings / "jupyter_server_config.d" / "kd_course_alternatives.json"
    assert json.loads(of_nbconvert.read_text()) == json.loads(of_the_server.read_text())


# -- slides -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", ["03", *(pytest.param(n, marks=pytest.mark.thorough) for n in ("02", "06"))]
)
def test_a_lessons_slides_show_every_section_and_picture_and_no_solution(
    number, tmp_path, no_programs
):
    path = worked(number)
    lesson = read(path)
    text = deck.slides(path, tmp_path).read_text(encoding="utf-8")
    slides = BeautifulSoup(text, "html.parser").select(".slides > section")
    sections = [
        line
        for cell in lesson.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if re.match(r"##? ", line)
    ]
    assert len(slides) == len(sections)
    shown = [img["alt"] for slide in slides for img in slide.select(".jp-RenderedImage img")]
    assert shown == [alternatives.alternative(out) for _, out in alternatives.pictures(lesson)]
    assert "BEGIN SOLUTION" not in text
    assert not [url for url in PROGRAM.findall(text) if re.match(r"(https?:)?//", url)]


def test_reveal_js_and_its_look_load_from_beside_the_slides(tmp_path):
    pytest.importorskip("sphinx_revealjs", reason="reveal.js comes with the extra [book]")
    pages.copy_reveal(tmp_path)
    for sheet in tmp_path.rglob("*.css"):
        for url in re.findall(r"""url\(['"]?([^'")]+)""", sheet.read_text(encoding="utf-8")):
            assert url.startswith("data:") or (sheet.parent / url).resolve().is_file(), url


def test_a_slide_has_first_sentences_and_its_notes_have_all():
    cell = nbformat.v4.new_markdown_cell(
        "## Why T²?\n\nA loss matters through its gradient. The rest is detail.\n\n$$x = 1$$\n\n"
        "- one. two\n\n<details><summary>More</summary>\n\nFolded.\n\n</details>"
    )
    deck_cells = deck.as_deck(nbformat.v4.new_notebook(cells=[cell])).cells
    assert [c.metadata.slideshow.slide_type for c in deck_cells] == ["slide", "notes"]
    assert deck_cells[0].source == (
        "## Why T²?\n\nA loss matters through its gradient.\n\n$$x = 1$$\n\n- one. two"
    )
    assert "The rest is detail." in deck_cells[1].source and "Folded." in deck_cells[1].source


def test_tags_leave_a_cell_out_of_the_slides_or_show_it_whole():
    cells = [nbformat.v4.new_markdown_cell(f"{word}. Second.") for word in ("One", "Two", "Three")]
    cells[0].metadata.tags, cells[2].metadata.tags = ["slide-skip"], ["slide-full"]
    shown = deck.as_deck(nbformat.v4.new_notebook(cells=cells)).cells
    assert [c.source for c in shown] == ["Two.", "Two. Second.", "Three. Second."]
