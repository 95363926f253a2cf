"""The book in a real browser: built once, every page opened once, and looked at as a reader would.

Where there is no chromium, no Playwright, or not what the book is built with, the tests are skipped
and say so; see the fixture `browser` in conftest.py.
"""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from kd_course.authoring.web import alternatives, deck

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),  # of Sphinx's extensions
]
ROOT = Path(__file__).resolve().parents[1]
WORKED = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))
PATIENCE = 120_000  # milliseconds: a machine may be busy with other tests
NARROW = {"width": 400, "height": 800}
WIDE = {"width": 1280, "height": 900}
SERIOUS = {"serious", "critical"}
AXE = {
    "resultTypes": ["violations"],
    "preload": False,
}  # it asks for style sheets that are not there

# What a page says of itself, asked in the browser.
PICTURES = """() => [...document.querySelectorAll('article img')].map(img => ({
    alt: img.alt, loaded: img.complete && img.naturalWidth > 0 }))"""
TYPESET = """() => ({
    set: document.querySelectorAll('mjx-container').length,
    asked: document.querySelectorAll('.math').length,
    wrong: [...document.querySelectorAll('mjx-merror')].map(e => e.textContent) })"""
OVERFLOW = """() => {
    const width = document.documentElement.clientWidth;
    return {page: document.documentElement.scrollWidth, width}; }"""
FOLDED = """() => [...document.querySelectorAll('article details')].map(d => d.open)"""
# The brightness, 0 to 1, of a picture's corners as they are painted in the page.
CORNERS = """() => [...document.querySelectorAll('article .cell_output img')].map(img => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
    const brush = canvas.getContext('2d');
    brush.fillStyle = getComputedStyle(img).backgroundColor;
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(img, 0, 0);
    const at = (x, y) => brush.getImageData(x, y, 1, 1).data.slice(0, 3).reduce((a, b) => a + b) / 765;
    return Math.min(at(1, 1), at(canvas.width - 2, canvas.height - 2)); })"""


# Of slides, each shown for a moment: how many blocks of code and output there are, and which of
# them are wider than they are shown.
CUT = """() => {
    for (const slide of document.querySelectorAll('.slides section')) {
        slide.style.setProperty('display', 'block', 'important');
        slide.hidden = false;
    }
    const blocks = [...document.querySelectorAll('.slides pre')].filter(b => b.clientWidth);
    const cut = blocks.filter(block => block.scrollWidth > block.clientWidth + 1);
    return [blocks.length, cut.map(block => block.innerText.slice(0, 200))]; }"""
# Looked at in the dark, too: equations and plots, a table in colours, tables and long equations.
DARK = ("02", "07", "10")


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """The book's HTML, built as `make book` builds it."""
    for needed in ("myst_nb", "sphinx_book_theme", "mathjax"):
        pytest.importorskip(needed, reason="the book is built with what the extra [book] brings")
    from kd_course.authoring.web import pages

    return pages.build_book(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def parsed(book) -> dict[str, BeautifulSoup]:
    """Each page's HTML as it was written, by the file's name."""
    return {
        path.name: BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in sorted(book.glob("*.html"))
    }


@pytest.fixture(scope="module")
def server(book) -> Iterator[str]:
    """Serves the book on this machine; its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(book))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.fixture(scope="module")
def opened(browser, server, book) -> dict[str, SimpleNamespace]:
    """What was seen on every page, wide and narrow: each is loaded once."""
    from axe_playwright_python.sync_playwright import Axe

    axe, seen = Axe(), {}
    context = browser.new_context(viewport=WIDE, color_scheme="light")
    context.set_default_timeout(PATIENCE)
    for path in sorted(book.glob("*.html")):
        page = context.new_page()
        about = SimpleNamespace(errors=[], asked=[])
        page.on("console", lambda m, to=about: m.type == "error" and to.errors.append(m.text))
        page.on("pageerror", lambda error, to=about: to.errors.append(str(error)))
        page.on("requestfailed", lambda r, to=about: to.errors.append(f"not loaded: {r.url}"))
        page.on("request", lambda r, to=about: to.asked.append(r.url))
        page.goto(f"{server}/{path.name}", wait_until="load", timeout=PATIENCE)
        page.evaluate("() => window.MathJax && MathJax.startup.promise.then(() => null)")
        about.pictures = page.evaluate(PICTURES)
        about.typeset = page.evaluate(TYPESET)
        about.open = page.evaluate(FOLDED)
        found = axe.run(page, options=AXE).response["violations"]
        about.violations = [v for v in found if v["impact"] in SERIOUS]
        page.set_viewport_size(NARROW)
        about.narrow = page.evaluate(OVERFLOW)
        seen[path.name] = about
        page.close()
    context.close()
    return seen


def by_page(found: dict[str, list]) -> dict[str, list]:
    """The pages where something was found."""
    return {page: what for page, what in found.items() if what}


def test_every_lesson_and_page_has_its_page(opened):
    wanted = {f"{path.stem}.html" for path in (*WORKED, *(ROOT / "book").glob("*.md"))}
    assert wanted | {"index.html", "search.html"} <= set(opened)


def test_pages_load_without_an_error(opened):
    assert by_page({page: about.errors for page, about in opened.items()}) == {}


def test_pages_ask_nobody_but_their_own_server(opened, server):
    elsewhere = {
        page: [url for url in about.asked if not url.startswith((server, "data:", "blob:"))]
        for page, about in opened.items()
    }
    assert by_page(elsewhere) == {}


def test_every_picture_is_there_with_the_alternative_that_the_lesson_gave(opened):
    for path in WORKED:
        outputs = alternatives.pictures(nbformat.read(path, as_version=4))
        said = [alternatives.alternative(output) for _, output in outputs]
        shown = opened[f"{path.stem}.html"].pictures
        assert said and [picture["alt"] for picture in shown] == said
        assert all(picture["loaded"] for picture in shown)


def test_equations_are_set(opened):
    for page, about in opened.items():
        assert about.typeset["wrong"] == [], page
        assert about.typeset["set"] >= about.typeset["asked"], page
    assert opened["03_distillation_losses.html"].typeset["set"] > 50


def test_code_that_draws_hints_and_solutions_are_folded(opened):
    for path in WORKED:
        folded = opened[f"{path.stem}.html"].open
        assert folded and not any(folded)


def test_nothing_scrolls_sideways_on_a_narrow_screen(opened):
    too_wide = {
        page: [about.narrow] if about.narrow["page"] > about.narrow["width"] else []
        for page, about in opened.items()
    }
    assert by_page(too_wide) == {}


def test_axe_finds_no_serious_violation(opened):
    found = {
        page: [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in about.violations]
        for page, about in opened.items()
    }
    assert by_page(found) == {}


def test_the_search_finds_temperature_in_the_lesson_about_it(browser, server):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server}/index.html", timeout=PATIENCE)
    page.keyboard.press("Control+k")
    page.keyboard.type("temperature")
    page.keyboard.press("Enter")
    for place in ("03_distillation_losses.html", "glossary.html"):
        page.wait_for_selector(f"#search-results li a[href*='{place}']")
    page.close()


@pytest.mark.parametrize("lesson", DARK)
def test_in_the_dark_text_is_readable_and_pictures_stay_on_white(lesson, browser, server):
    from axe_playwright_python.sync_playwright import Axe

    (path,) = [path for path in WORKED if path.stem.startswith(lesson)]
    page = browser.new_page(viewport=WIDE, color_scheme="dark")
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server}/{path.stem}.html", timeout=PATIENCE)
    assert page.get_attribute("html", "data-theme") == "dark"
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 80
    corners = page.evaluate(CORNERS)
    found = Axe().run(page, options={**AXE, "runOnly": ["color-contrast"]}).response["violations"]
    page.close()
    assert len(corners) == len(list(alternatives.pictures(nbformat.read(path, as_version=4)))) > 0
    assert min(corners) > 0.9
    assert [violation["nodes"][0]["html"][:200] for violation in found] == []


def test_no_line_of_a_slide_is_cut(browser, tmp_path):
    """A projector has no scroll bar."""
    pytest.importorskip("sphinx_revealjs", reason="reveal.js comes with the extra [book]")
    made, long = nbformat.v4, f"words = {' + '.join(['distillation'] * 15)}"
    printed = made.new_output("stream", name="stdout", text="x" * 300)
    cells = [
        made.new_markdown_cell(f"# Long lines\n\n```python\n{long}\n```"),
        made.new_code_cell(long, outputs=[printed]),
    ]
    nbformat.write(made.new_notebook(cells=cells), tmp_path / "98_test.ipynb")
    page = browser.new_page(viewport={"width": 1100, "height": 720})
    page.set_default_timeout(PATIENCE)
    page.goto(deck.slides(tmp_path / "98_test.ipynb", tmp_path).as_uri(), timeout=PATIENCE)
    blocks, cut = page.evaluate(CUT)
    page.close()
    assert blocks == 3 and cut == []


def test_every_link_within_the_book_leads_somewhere(book, parsed):
    names = {
        page: {tag.get("id") or tag.get("name") for tag in soup.select("[id], a[name]")}
        for page, soup in parsed.items()
    }
    dead = []
    for page, soup in parsed.items():
        for tag in soup.select("a[href], img[src], link[href], script[src]"):
            url = tag.get("href") or tag.get("src")
            if urlsplit(url).scheme:
                continue
            place, fragment = (unquote(part) for part in urldefrag(url))
            place = urlsplit(place).path or page
            if not (book / place).exists() or fragment and fragment not in names.get(place, ()):
                dead.append(f"{page}: {url}")
    assert dead == []


def test_chinese_is_marked_as_such(parsed):
    seen = 0
    for page, soup in parsed.items():
        for text in soup.find_all(string=re.compile("[\u3400-\u9fff]")):
            if text.find_parent(["script", "style", "pre", "code", "title"]) is None:
                assert text.find_parent(lang=True)["lang"] == "zh-Hans", f"{page}: {text}"
                seen += 1
    assert seen > 200


def test_terms_of_a_lesson_lead_to_the_glossary(parsed):
    linked = {a["href"]: a for a in parsed["03_distillation_losses.html"].select("a.kd-term")}
    assert linked["glossary.html#soft-target"]["title"].startswith(
        "The probabilities that a teacher"
    )
    assert 5 <= len(linked) <= 30


def test_each_lesson_offers_both_its_notebooks_unchanged(book, parsed):
    for path in WORKED:
        links = parsed[f"{path.stem}.html"].select("article a.download[href$='.ipynb']")
        wanted = [ROOT / folder / path.name for folder in ("notebooks", "solutions")]
        assert [(book / a["href"]).read_bytes() for a in links] == [p.read_bytes() for p in wanted]


def test_before_and_next_lead_through_the_lessons(parsed):
    pages = [f"{path.stem}.html" for path in WORKED]
    for before, page in zip(pages, pages[1:]):
        assert parsed[page].select_one("a.left-prev")["href"] == before
        assert parsed[before].select_one("a.right-next")["href"] == page
