"""JupyterLab in a real browser, as a learner has it: three lessons run from top to bottom, a slider
moves a picture, an exercise is got wrong and then right, and the progress says so.

As test_book_browser.py: skipped, with the reason, where there is no chromium or no Playwright.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough
ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 240_000  # milliseconds: a kernel starts, and imports torch
LESSONS = ("00_start_here", "02_from_surprise_to_kl", "03_distillation_losses")

PROGRESS = "l00-c029"  # the last cell of lesson 00: show_progress

RUN_ALL = "() => jupyterapp.commands.execute('notebook:run-all-cells')"
READY = """() => {
    const panel = window.jupyterapp && jupyterapp.shell.currentWidget;
    const kernel = panel && panel.sessionContext && panel.sessionContext.session;
    return kernel && kernel.kernel && kernel.kernel.status === 'idle'; }"""
CELLS = "() => jupyterapp.shell.currentWidget.model.toJSON().cells"
# Selects a cell by its id and scrolls to it.
SELECT = """id => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = notebook.widgets.findIndex(cell => cell.model.id === id);
    return notebook.scrollToItem(notebook.activeCellIndex); }"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[str]:
    """`python -m kd_course lab` on a copy of the three lessons; its address."""
    folder = tmp_path_factory.mktemp("learner")
    (folder / "notebooks").mkdir()
    for lesson in LESSONS:
        shutil.copy(ROOT / "notebooks" / f"{lesson}.ipynb", folder / "notebooks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = (
        *("--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *("--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"),
    )
    # The command itself, but with the copy for the course's folder.
    start = (
        "import pathlib, sys; from kd_course.commands import lab; lab.ROOT = pathlib.Path.cwd(); "
    )
    environment = {
        **os.environ,
        "KD_PROGRESS": str(folder / "progress"),
        "KD_SCALE": "offline",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", f"{start} sys.exit(lab.main(sys.argv[1:]))", *options],
            env=environment, stdout=log, stderr=log, cwd=folder,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(PATIENCE // 500):
            if server.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        assert server.poll() is None, (folder / "server.log").read_text()
        yield address
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture
def learner(browser, lab) -> Iterator:
    """learner(lesson): the page with that lesson open, its kernel ready."""
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    context.set_default_timeout(PATIENCE)

    def open_lesson(lesson: str):
        page = context.new_page()
        page.goto(f"{lab}/lab/tree/notebooks/{lesson}.ipynb?reset", timeout=PATIENCE)
        page.wait_for_function(READY)
        return page

    yield open_lesson
    context.close()


def test_a_picture_in_the_notebook_has_its_text_alternative(browser, lab):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{lab}/lab/tree/notebooks/{LESSONS[0]}.ipynb?reset", timeout=PATIENCE)
    picture = page.wait_for_selector(".jp-Notebook .jp-RenderedImage img")
    said = picture.get_attribute("alt")
    assert said.startswith("A diagram. A headline goes to a large teacher")
    assert picture.evaluate("img => img.naturalWidth") > 300
    page.close()
    assert errors == []


def test_an_export_from_jupyterlab_keeps_the_text_alternatives(lab):
    url = f"{lab}/nbconvert/html/notebooks/{LESSONS[0]}.ipynb"
    asked = urllib.request.Request(url, headers={"Referer": f"{lab}/lab"})  # as its menu asks
    with urllib.request.urlopen(asked) as answer:
        exported = answer.read().decode()
    assert 'alt="A diagram. A headline goes to a large teacher' in exported
    assert "No description has been provided" not in exported


def output_of(page, id: str) -> str:
    """What a cell has printed, and what its pictures say of themselves."""
    (cell,) = [cell for cell in page.evaluate(CELLS) if cell["id"] == id]
    texts = [
        out.get("text") or out.get("data", {}).get("text/plain", "") for out in cell["outputs"]
    ]
    return "".join("".join(text) for text in texts)


def wait_for_output(page, id: str, expected: str) -> None:
    """Until a cell has printed what is expected; fails with what it has printed instead."""
    for _ in range(60):
        if expected in output_of(page, id):
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{id} printed {output_of(page, id)!r}, not {expected!r}")


def answer(page, exercise: str, code: str) -> None:
    """Write an exercise's cell anew, as a learner does; run it and its check."""
    page.evaluate(SELECT, f"ex-{exercise.replace('.', '-')}")
    page.click(".jp-Notebook .jp-mod-active .cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)
    for _ in range(2):  # the exercise, then its check
        page.keyboard.press("Shift+Enter")


def test_an_exercise_got_wrong_and_then_right_moves_the_progress(learner):
    page = learner("00_start_here")
    assert page.evaluate(RUN_ALL)
    assert "lesson 00: 0 of 3" in output_of(page, PROGRESS)
    answer(page, "00.2", "retention = 0.90 / 0.87")
    wait_for_output(page, "check-00-2", "✗ 00.2 retention")
    answer(page, "00.2", "retention = 0.87 / 0.90")
    wait_for_output(page, "check-00-2", "✓ 00.2 retention: passed")
    page.evaluate(SELECT, PROGRESS)
    page.keyboard.press("Shift+Enter")
    wait_for_output(page, PROGRESS, "lesson 00: 1 of 3")


@pytest.mark.parametrize("lesson", LESSONS[1:])
def test_a_lesson_runs_to_its_end_and_a_slider_moves_picture_and_numbers(learner, lesson):
    page = learner(lesson)
    assert page.evaluate(RUN_ALL)
    failed = [
        cell["id"]
        for cell in page.evaluate(CELLS)
        for output in cell.get("outputs", ())
        if output["output_type"] == "error"
    ]
    assert failed == []
    cell = {"02": "l02-c046", "03": "l03-c048"}[lesson[:2]]
    page.evaluate(SELECT, cell)
    box = page.locator(".jp-Notebook .jp-mod-active .jupyter-widgets.widget-vbox").first
    seen = "box => [box.querySelector('img').src, box.innerText]"
    before = box.evaluate(seen)
    box.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1500)
    picture, numbers = box.evaluate(seen)
    assert picture != before[0] and numbers != before[1]
