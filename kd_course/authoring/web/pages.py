"""The book by Sphinx, and one notebook as HTML by nbconvert: both from outputs that are there."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from kd_course.authoring.web import staging
from kd_course.authoring.web.staging import ROOT

BUILD = ROOT / "build" / "book"
TEMPLATES = Path(__file__).with_name("templates")
# Of MathJax, what a page loads: the program with every extension, and its fonts.
MATHJAX = ("tex-chtml-full.js", "output/chtml/fonts/woff-v2")


def build_book(build: Path = BUILD, root: Path = ROOT) -> Path:
    """Build the book; the folder with its index.html.

    Warnings are errors: a link that leads nowhere stops the build. Raises RuntimeError then.
    """
    from sphinx.cmd.build import build_main

    source, html = build / "source", build / "html"
    for folder in (source, html):
        shutil.rmtree(folder, ignore_errors=True)
    staging.stage(source, root)
    copy_mathjax(source / "static" / "mathjax")
    options = ["--builder", "html", "--quiet", "--fail-on-warning", "--keep-going"]
    doctrees = ["--doctree-dir", str(build / "doctrees"), "--fresh-env"]
    if build_main([*options, *doctrees, str(source), str(html)]):
        raise RuntimeError("Sphinx could not build the book; what was wrong stands above")
    return html


def copy_mathjax(target: Path) -> None:
    """MathJax as a package brings it, so that no page asks a server elsewhere for it."""
    _copy("mathjax", "static/mathjax/es5", MATHJAX, target)


def copy_reveal(target: Path) -> None:
    """reveal.js as a package brings it: the program, its look, its window for speakers."""
    program = ("dist/reveal.js", "dist/reveal.css", "plugin/notes/notes.js", "LICENSE")
    look = ("dist/theme/white.css", "dist/theme/fonts/source-sans-pro")
    _copy("sphinx_revealjs", "_static/revealjs", (*program, *look), target)


def _copy(package: str, folder: str, wanted: tuple[str, ...], target: Path) -> None:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            f"the package that brings {package} is not installed: "
            "pip install -c constraints.txt -e '.[book]'"
        )
    home = Path(spec.submodule_search_locations[0]) / folder
    for name in wanted:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (home / name).is_dir():
            shutil.copytree(home / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copy(home / name, target / name)


def as_html(notebook: Path, target: Path) -> Path:
    """A notebook as one HTML file beside MathJax, by nbconvert, with the pictures' alternatives."""
    from nbconvert import HTMLExporter

    copy_mathjax(target / "mathjax")
    exporter = HTMLExporter(
        template_name="kd_course",
        extra_template_basedirs=[str(TEMPLATES)],
        extra_template_paths=[str(TEMPLATES)],
        mathjax_url="mathjax/tex-chtml-full.js",
    )
    text, _ = exporter.from_filename(str(notebook))
    page = target / f"{notebook.stem}.html"
    page.write_text(text, encoding="utf-8")
    return page
