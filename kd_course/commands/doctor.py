"""Whether the course can run here, looked at from the outside in; and what to do where it cannot.

Each row looks at one thing. What is required stands in pyproject.toml and is read from the
installed package, so that no version stands twice.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from kd_course.silence import ask_briefly as _ask

GIB = 2**30  # bytes
MEMORY = {"offline": 2, "small": 4, "full": 12}  # GiB that must be free, by scale
DISK = {"offline": 1, "small": 3, "full": 20}  # GiB that must be free where the cache is, by scale
INSTALL = "python -m pip install -c constraints.txt -e ."
OFFLINE = "set KD_SCALE=offline, which needs no network"


@dataclass(frozen=True)
class Row:
    """One line of the table: what was looked at, what was found, what to do if that will not do."""

    what: str
    found: str
    advice: str = ""  # empty: nothing to do

    @property
    def fine(self) -> bool:
        return not self.advice


def examine() -> list[Row]:
    """Look at everything the course needs; never raises, for the answer is in the rows."""
    scale, scale_row = _scale()
    return [
        _python(),
        _package("torch"),
        _package("transformers"),
        _other_packages(),
        _device(),
        _cores(),
        _memory(scale),
        _disk(scale),
        _jupyter(),
        _cache(),
        *_course(),
        scale_row,
        _hub(scale),
    ]


def table(rows: Sequence[Row] | None = None) -> str:
    """The rows as text: what, found, and "ok" or "to do" with the way on below it."""
    # By hand, as this must print where every package is missing, tabulate too.
    rows = examine() if rows is None else rows
    what = max(len(row.what) for row in rows)
    found = max(len(row.found) for row in rows)
    lines = []
    for row in rows:
        lines.append(f"{row.what:<{what}}  {row.found:<{found}}  {'ok' if row.fine else 'TO DO'}")
        if not row.fine:
            lines.append(f"{'':<{what}}  → {row.advice}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; returns 0 when the course can run here, otherwise 1."""
    parser = argparse.ArgumentParser(
        prog="python -m kd_course doctor", description="Says whether the course can run here."
    )
    parser.parse_args(argv)
    rows = examine()
    print(table(rows))
    left = [row.what for row in rows if not row.fine]
    print()
    print(f"To do first: {', '.join(left)}." if left else "The course can run here.")
    return 1 if left else 0


# -- what is installed ------------------------------------------------------------------------


def _python() -> Row:
    found = platform.python_version()
    try:
        wanted = metadata.metadata("kd_course")["Requires-Python"]
        from packaging.specifiers import SpecifierSet
    except (metadata.PackageNotFoundError, ModuleNotFoundError):
        return Row("Python", found, f"the course is not installed for this Python: {INSTALL}")
    if platform.python_version() not in SpecifierSet(wanted):
        return Row(
            "Python", found, f"the course needs Python {wanted}; name one: make clean lab PYTHON=…"
        )
    return Row("Python", found)


def _requirements() -> dict:
    """What the installed course asks for: name -> requirement; empty where it is not installed."""
    try:
        from packaging.requirements import Requirement

        lines = metadata.requires("kd_course") or []
    except (metadata.PackageNotFoundError, ModuleNotFoundError):
        return {}
    wanted = [Requirement(line) for line in lines]
    return {r.name: r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})}


def _missing(requirement) -> str:
    """Why an installed package does not meet a requirement; empty when it does."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return "not installed"
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{version}, but needed is {requirement.specifier}"
    return ""


def _package(name: str) -> Row:
    requirement = _requirements().get(name)
    reason = _missing(requirement) if requirement else ""
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        found, reason = "none", "not installed"
    way_on = INSTALL
    if name == "torch" and sys.platform == "darwin" and platform.machine() == "x86_64":
        way_on = (
            "PyTorch has no build of it for Intel Macs, nor for an Intel Python on Apple silicon: "
            "take a Python for arm64 there, elsewhere another machine or a container with Linux"
        )
    return Row(name, found, f"{reason}: {way_on}" if reason else "")


def _other_packages() -> Row:
    wanted = {n: r for n, r in _requirements().items() if n not in ("torch", "transformers")}
    wrong = [f"{name} ({reason})" for name, r in wanted.items() if (reason := _missing(r))]
    found = f"{len(wanted) - len(wrong)} of {len(wanted)}"
    return Row("packages", found, f"{', '.join(wrong)}: {INSTALL}" if wrong else "")


def _jupyter() -> Row:
    try:
        found = (
            f"JupyterLab {metadata.version('jupyterlab')}, kernel {metadata.version('ipykernel')}"
        )
    except metadata.PackageNotFoundError as missing:
        return Row("Jupyter", "none", f"{missing.name} is not installed: {INSTALL}")
    return Row("Jupyter", found)


# -- the machine ------------------------------------------------------------------------------


def _device() -> Row:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library that torch needs does not load
        return Row("device", "unknown", f"torch does not load ({error}): {INSTALL}")
    if torch.cuda.is_available():
        gpu = torch.cuda.get_device_properties(0)
        more = f", {torch.cuda.device_count()} of them" if torch.cuda.device_count() > 1 else ""
        return Row("device", f"{gpu.name}, {gpu.total_memory / GIB:.0f} GiB{more}")
    if torch.backends.mps.is_available():
        return Row("device", "Apple GPU (mps)")
    return Row("device", "CPU")


def cores() -> int:
    """The processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cores() -> Row:
    count = cores()
    return Row("cores", str(count) if count > 1 else "1 (lessons take longer than they say)")


def _memory(scale: str) -> Row:
    try:
        import psutil
    except ModuleNotFoundError:
        return Row("memory", "unknown", f"psutil is not installed: {INSTALL}")
    memory = psutil.virtual_memory()
    found = f"{memory.available / GIB:.1f} GiB free of {memory.total / GIB:.1f}"
    if memory.available < MEMORY[scale] * GIB:
        return Row(
            "memory",
            found,
            f"{MEMORY[scale]} GiB must be free at scale {scale}: close other programs",
        )
    return Row("memory", found)


def _shown(path: Path) -> str:
    """The path as a person would say it: ~ for their own folder."""
    try:
        home = Path.home()
    except RuntimeError:  # a user that has none
        return str(path)
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next(p for p in (path, *path.parents) if p.exists())


def _disk(scale: str) -> Row:
    from kd_course.storage import cache_folder

    try:
        folder = cache_folder()
    except ModuleNotFoundError as missing:
        return Row("disk", "unknown", f"{missing.name} is not installed: {INSTALL}")
    except OSError as error:
        return Row("disk", "unknown", str(error.strerror))
    free = shutil.disk_usage(_existing(folder)).free
    found = f"{free / GIB:.1f} GiB free"
    if free < DISK[scale] * GIB:
        return Row(
            "disk",
            found,
            f"{DISK[scale]} GiB must be free at scale {scale}: make room, or let KD_CACHE and "
            "HF_HOME name folders on another disk",
        )
    return Row("disk", found)


def _course() -> list[Row]:
    """Whether notebooks can be saved and lessons write beside them; no row where there are none."""
    folder = Path(__file__).resolve().parents[2]
    if not (folder / "notebooks").is_dir():
        return []
    try:
        with tempfile.TemporaryFile(dir=folder / "notebooks"):
            return [Row("course folder", _shown(folder))]
    except OSError as error:
        advice = (
            f"nothing can be written there ({error.strerror}): copy it to a folder of your own; "
            f"`run` works as it is, with --out FOLDER"
        )
        return [Row("course folder", _shown(folder), advice)]


def _cache() -> Row:
    from kd_course.storage import cache_folder

    try:
        folder = cache_folder()
    except ModuleNotFoundError as missing:
        return Row("cache folder", "unknown", f"{missing.name} is not installed: {INSTALL}")
    except OSError as error:
        return Row("cache folder", "unknown", str(error.strerror))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"kd_course")
    except OSError as error:
        return Row(
            "cache folder",
            _shown(folder),
            f"nothing can be written there ({error.strerror}): let KD_CACHE name another folder",
        )
    return Row("cache folder", _shown(folder))


# -- the scale, and the network it may need ---------------------------------------------------


def _scale() -> tuple[str, Row]:
    from kd_course import settings

    try:
        scale = settings.scale()
    except ValueError as error:
        return "offline", Row("scale", os.environ["KD_SCALE"], str(error))
    try:
        settings.switches()
    except ValueError as error:
        return scale, Row("scale", scale, str(error))
    return scale, Row("scale", scale)


def _hub(scale: str, seconds: float = 3.0) -> Row:
    """Whether the hub that models and data come from answers; it need not at scale offline."""
    try:
        from huggingface_hub import constants
    except ModuleNotFoundError:
        return Row("hub", "unknown", f"huggingface_hub is not installed: {INSTALL}")
    if constants.is_offline_mode():
        answer, way_on = "not asked, as HF_HUB_OFFLINE is set", "unset HF_HUB_OFFLINE"
    else:
        answer, way_on = _ask(constants.ENDPOINT, seconds), "look at the network, or at HF_ENDPOINT"
    if answer == "answers":
        return Row("hub", answer)
    if scale == "offline":
        return Row("hub", f"{answer}; not needed at scale offline")
    return Row(
        "hub", answer, f"scale {scale} takes models and data from it: {way_on}; or {OFFLINE}"
    )
