"""Where expensive things are kept, and how they get there: whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_DAY = 24 * 60 * 60.0  # seconds


def cache_folder() -> Path:
    """The folder that holds what was dear to compute: the user's cache, or what KD_CACHE names.

    Returns an absolute path; the folder need not exist yet (`write_whole` makes it).
    Everything in it can be deleted at any time: it is then computed or downloaded again.
    Raises FileNotFoundError for a user without a home folder, where KD_CACHE names none.
    """
    chosen = os.environ.get("KD_CACHE", "").strip()
    if chosen:
        try:
            return Path(chosen).expanduser().absolute()
        except RuntimeError:
            raise _no_home(f"KD_CACHE is {chosen!r}, but there is no such home folder") from None
    from platformdirs import user_cache_path

    folder = user_cache_path("kd_course", appauthor=False)
    if not folder.is_absolute():  # "~" is what is left of a home that nobody knows
        raise _no_home("this user has no home folder")
    return folder


def _no_home(reason: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, f"{reason}: let KD_CACHE name a folder of your own")


def refuse_unwritable(
    folder: str | os.PathLike,
    advice: str = "choose another folder, or let KD_CACHE name one for all that is kept",
) -> None:
    """OSError for a folder that cannot be written, before anything dear is computed for it.

    advice: what to do then; it ends the message. The folder is made where it does not exist yet.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            error.errno,
            f"{folder} cannot be written ({error.strerror}): {advice}",
        ) from None


def write_whole(path: str | os.PathLike, writer: Callable[[Path], object]) -> Path:
    """Write a file, or a folder, so that nobody ever sees half of it: not a reader, not a crash.

    path: what is to exist in the end; missing parents are made.
    writer: called once with a path of the same name in a temporary folder beside it, which it
    must turn into a file or a folder (`lambda p: p.write_text("…")`, `model.save_pretrained`).
    Returns path. When the writer raises, or the machine stops, what stood at `path` stands there
    still. Raises FileNotFoundError when the writer wrote nothing, and whatever the writer raises.
    """
    path = Path(path).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}.part-"
    _sweep(path.parent, prefix)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=prefix) as folder:
        fresh = Path(folder, path.name)
        writer(fresh)
        if not fresh.exists():
            raise FileNotFoundError(
                f"writer must write to the path it is given, but left nothing at {fresh}"
            )
        _to_disk(fresh)
        if path.is_dir():
            # A folder with content cannot be replaced in one step: the old one steps aside first.
            os.replace(path, Path(folder, "old"))
        os.replace(fresh, path)
        _to_disk_folder(path.parent)
    return path


def _to_disk(path: Path) -> None:
    """Wait until the content has left the system's buffers: a rename may overtake it otherwise."""
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    for file in files:
        with open(file, "rb+") as handle:
            os.fsync(handle.fileno())


def _to_disk_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened, and need not be
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(parent: Path, prefix: str) -> None:
    """Remove what a process that was killed left half-written more than a day ago."""
    for left_over in parent.glob(f"{prefix}*"):
        with contextlib.suppress(FileNotFoundError):  # its owner was only just finishing
            if time.time() - left_over.stat().st_mtime > _DAY:
                shutil.rmtree(left_over, ignore_errors=True)
