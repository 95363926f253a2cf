"""Where expensive things are kept, and how they get there: whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
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


_ELSEWHERE = "choose another folder, or let KD_CACHE name one for all that is kept"
_ROOM = "make room, or choose a folder on another disk (KD_CACHE names one for all that is kept)"
# What the system refuses, and what to do then.
_ADVICE = dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR), _ELSEWHERE)
_ADVICE |= dict.fromkeys((errno.EEXIST, errno.ENAMETOOLONG, errno.EIO), _ELSEWHERE)
_ADVICE |= {errno.ENOSPC: _ROOM, getattr(errno, "EDQUOT", errno.ENOSPC): _ROOM}


class Unwritable(OSError):
    """A folder that cannot be written; the message names it, the reason, and what to do."""

    def __str__(self) -> str:
        return str(self.strerror)


class InUse(Unwritable):
    """A file that cannot be replaced, as another program has it open; only Windows refuses that."""


def refuse_unwritable(folder: str | os.PathLike, advice: str = _ELSEWHERE) -> None:
    """Unwritable for a folder that cannot be written, before anything dear is computed for it.

    advice: what to do then; it ends the message. The folder is made where it does not exist yet.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(error, folder, advice) from None


def _unwritable(error: OSError, folder: str | os.PathLike, advice: str) -> Unwritable:
    return Unwritable(error.errno, f"{folder} cannot be written ({error.strerror}): {advice}")


def write_whole(path: str | os.PathLike, writer: Callable[[Path], object]) -> Path:
    """Write a file, or a folder, so that nobody ever sees half of it: not a reader, not a crash.

    path: what is to exist in the end; missing parents are made.
    writer: called once with a path of the same name in a temporary folder beside it, which it
    must turn into a file or a folder (`lambda p: p.write_text("…")`, `model.save_pretrained`).
    Returns path. When the writer raises, or the machine stops, what stood at `path` stands there
    still. Raises FileNotFoundError when the writer wrote nothing, and whatever the writer raises;
    Unwritable, an OSError, where the folder cannot be written or its disk is full; and InUse where,
    on Windows, another program keeps open what stands at `path`.
    """
    path = Path(path).absolute()
    with _telling(path.parent), _beside(path) as folder:
        fresh = Path(folder, path.name)
        writer(fresh)
        if not fresh.exists():
            raise FileNotFoundError(
                f"writer must write to the path it is given, but left nothing at {fresh}"
            )
        _to_disk(fresh)
        _put(fresh, path, aside=Path(folder, "old"))
        _to_disk_folder(path.parent)
    return path


@contextlib.contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Within this, what the system says of a folder becomes a sentence with the way on."""
    try:
        yield
    except Unwritable:
        raise
    except OSError as error:
        if error.errno not in _ADVICE or not _concerns(error, folder):
            raise
        raise _unwritable(error, folder, _ADVICE[error.errno]) from error


def _concerns(error: OSError, folder: Path) -> bool:
    """Whether it is about this folder: a writer may have failed to read something elsewhere."""
    if not isinstance(error.filename, str):  # of a disk that is full no file is named
        return True
    place = Path(error.filename).absolute()
    return place.is_relative_to(folder) or folder.is_relative_to(place)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[str]:
    """A temporary folder on the same disk as what is to be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}.part-"
    _sweep(path.parent, prefix)
    with tempfile.TemporaryDirectory(
        dir=path.parent,
        prefix=prefix,
        # What a program keeps open cannot be removed on Windows: it is swept away another day.
        ignore_cleanup_errors=True,
    ) as folder:
        yield folder


def _put(fresh: Path, path: Path, *, aside: Path) -> None:
    """In place of what stands at `path`, in one step; a folder with content steps aside before."""
    if not path.is_dir():
        return _replace(fresh, path, path)
    _replace(path, aside, path)
    try:
        _replace(fresh, path, path)
    except OSError:
        os.replace(aside, path)
        raise


_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)  # seconds between attempts: a virus scanner needs as long
_WINDOWS_IN_USE = (5, 32, 33, 1224)  # access denied, shared, locked, mapped into memory


def _replace(this: Path, by: Path, shown: Path) -> None:
    """os.replace, for three seconds where Windows says that somebody has the file open.

    shown: which of the two the message names. Raises InUse where it stays open.
    """
    for wait in (*_WAITS, None):
        try:
            os.replace(this, by)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in _WINDOWS_IN_USE:
                raise
            if wait is None:
                raise InUse(
                    errno.EACCES,
                    f"{shown} cannot be replaced, as another program has it open: close what reads "
                    f"it (another notebook, a sync program, a virus scanner), and run this again",
                ) from error
            time.sleep(wait)


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
