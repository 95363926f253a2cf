"""What more than one test file needs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

# Pictures are drawn, but no window opens.
os.environ.setdefault("MPLBACKEND", "Agg")
# Nobody's own progress is touched.
os.environ["KD_PROGRESS"] = "0"


# Files whose few tests take longest. They come first, so that no process is left alone with one.
LONGEST = (
    "test_book_browser.py",
    "test_lab_browser.py",
    "test_scales.py",
    "test_authoring.py",
    "test_release.py",
    "test_lesson08.py",
    "test_lesson07.py",
    "test_grading.py",
    "test_grading_hostile.py",
    "test_teachers.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def data_sets(tmp_path_factory) -> Path:
    """A root folder with the data sets that our stand-in for the hub serves."""
    from hub_contents import write_data_sets

    return write_data_sets(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def make_hub(data_sets):
    """make_hub(root=None) -> StandIn, which serves root, or the data sets of hub_contents."""
    from hub_stand_in import StandIn

    running = []

    def make(root: Path | None = None) -> StandIn:
        running.append(StandIn(root or data_sets))
        return running[-1]

    yield make
    for stand_in in running:
        stand_in.close()


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium, driven by Playwright; or a reason. KD_CHROMIUM names another of its kind."""
    import shutil

    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    names = (os.environ.get("KD_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, filter(None, names))), None)
    if program is None:
        pytest.skip("no chromium on this machine (on Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"], timeout=120_000
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def needs_box():
    """Bubblewrap, or a reason: what runs hostile code in earnest runs it locked in or not at all."""
    import shutil
    import subprocess

    from kd_course.grading.isolation import NoBox, find_isolation

    root = hasattr(os, "getuid") and os.getuid() == 0
    if shutil.which("bwrap") is None and root and shutil.which("apt-get"):
        options = "-q -y -o DPkg::Lock::Timeout=120 --no-install-recommends"
        install = f"apt-get update -q; apt-get install {options} bubblewrap"
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["sh", "-c", install], capture_output=True, timeout=180)
    try:
        return find_isolation()
    except NoBox as error:
        pytest.skip(str(error))
