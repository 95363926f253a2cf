"""What more than one test file needs."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Pictures are drawn, but no window opens.
os.environ.setdefault("MPLBACKEND", "Agg")


# Files whose few tests take longest. They come first, so that no process is left alone with one.
LONGEST = (
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


class StandIn:
    """A hub on this machine, whose health the test decides: `hub.fault = ("503", 2)`."""

    def __init__(self, module, root: Path):
        self._handler = type(
            "Handler",
            (module.Hub,),
            {
                "root": root,
                "extra": {},
                "fault": ("none", 1),
                "counter": itertools.count(1),
                "digests": {},
            },
        )
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def fault(self) -> tuple[str, int]:
        return self._handler.fault

    @fault.setter
    def fault(self, kind_and_every: tuple[str, int]) -> None:
        self._handler.counter = itertools.count(1)
        self._handler.fault = kind_and_every

    def add_model(self, identifier: str, folder: Path) -> None:
        self._handler.extra[identifier] = folder

    def environment(self, home: Path) -> dict[str, str]:
        """The environment of a process that takes this for the hub and keeps its cache in home."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name
            not in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN")
        }
        kept |= {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
        kept.pop("HF_HUB_CACHE", None)
        return kept | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _stand_in_folder() -> Path | None:
    """Where the stand-in for the hub lies: KD_HUB, or shared/hub beside the checkout."""
    for folder in (os.environ.get("KD_HUB"), ROOT.parent / "shared" / "hub"):
        if folder and Path(folder, "serve.py").is_file():
            return Path(folder)
    return None


@pytest.fixture
def make_hub():
    """make_hub(root=None) -> StandIn, which serves root, or the data sets that come with it."""
    folder = _stand_in_folder()
    if folder is None:
        pytest.skip(
            "no stand-in for the hub: ../shared/hub/serve.py is missing, and KD_HUB names none"
        )
    spec = importlib.util.spec_from_file_location("hub_stand_in", folder / "serve.py")
    module = importlib.util.module_from_spec(spec)
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # the folder is not ours to write to
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    running = []

    def make(root: Path | None = None) -> StandIn:
        running.append(StandIn(module, root or folder))
        return running[-1]

    yield make
    for stand_in in running:
        stand_in.close()


@pytest.fixture(scope="session")
def needs_box():
    """Bubblewrap, or a reason: what runs hostile code in earnest runs it locked in or not at all."""
    import shutil
    import subprocess

    from kd_course.grading.isolation import NoBox, find_isolation

    if shutil.which("bwrap") is None and os.getuid() == 0 and shutil.which("apt-get"):
        options = "-q -y -o DPkg::Lock::Timeout=120 --no-install-recommends"
        install = f"apt-get update -q; apt-get install {options} bubblewrap"
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["sh", "-c", install], capture_output=True, timeout=180)
    try:
        return find_isolation()
    except NoBox as error:
        pytest.skip(str(error))
