"""Submissions as they come: a folder per student, nbgrader's submitted/, a zip out of an LMS.

Nothing is unpacked and no link is followed: archives are read member by member, into memory, with
a bound on every size. A path inside an archive is a piece of text, never a place on this disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from kd_course.grading.course import MANIFEST
from kd_course.grading.identity import MOODLE, Entry, as_text, clean, platform_of, told_apart, whose

LARGEST = 32 * 2**20  # bytes of one notebook
LARGEST_ARCHIVE = 4 * 2**30  # bytes of a student's archive, packed; what is read of it is bounded
ALTOGETHER = 96 * 2**20  # bytes that are read of one submission
MOST_FILES = 50  # notebooks of one student
MOST_ENTRIES = 20_000  # of a student's folder, environments left out
MOST_LISTED = 100_000  # in an archive's table of contents
DEEPEST = 6  # folders in folders
IGNORED = ("__MACOSX",)  # and every folder whose name begins with a dot
# Beside submitted/ in a course that was released, or is nbgrader's.
_OF_A_COURSE = (MANIFEST, "nbgrader_config.py", "gradebook.db", "source", "release")
ENVIRONMENT = "pyvenv.cfg"  # a folder with this file is a virtual environment, and no work


@dataclass
class Files:
    """What a submission holds: its notebooks, and what a teacher should know of the rest.

    notebooks: (name, bytes). escapes: paths that point out of the submission, and links: nobody
    makes them by accident.
    """

    notebooks: list[tuple[str, bytes]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    escapes: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Changes when anything in it does."""
        found = hashlib.sha256()
        for name, data in self.notebooks:
            found.update(f"{len(name)}:{name}:{len(data)}:".encode("utf-8", "replace"))
            found.update(data)
        found.update("\n".join([*self.problems, *self.escapes]).encode("utf-8", "replace"))
        return found.hexdigest()

    @property
    def room(self) -> int:
        return ALTOGETHER - sum(len(data) for _, data in self.notebooks)


@dataclass
class Submission:
    """What one student handed in. student: what it is called in this run, nobody else's.

    name: as the folder or the export has it; other_id: the platform's number for them; platform:
    which one. sources: each adds to the files when it is called.
    """

    student: str
    other_id: str = ""
    name: str = ""
    platform: str = ""
    sources: list[Callable[[Files], None]] = field(default_factory=list)

    def read(self) -> Files:
        """Everything in it, bounded; never raises for what a student could have brought about."""
        files = Files()
        for source in self.sources:
            try:
                source(files)
            except Exception as error:  # a crafted file finds ways of its own to be unreadable
                files.problems.append(f"could not be read ({type(error).__name__})")
        files.notebooks.sort(key=lambda pair: pair[0])
        return files


def collect(root: Path, known: Iterable[str] = ()) -> list[Submission]:
    """The submissions below a folder, or in a zip, by student; nothing of them is read yet.

    known: ids of the roster, which an entry may be called like whatever it looks like.
    Raises FileNotFoundError, or ValueError for a file that is no zip.
    """
    root, known = Path(root), frozenset(known)
    if not root.exists():
        raise FileNotFoundError(f"there are no submissions at {root}")
    found: dict[tuple[str, str], Submission] = {}
    if root.is_file():
        _from_export(root, found, known)
    else:
        entries = [e for e in os.scandir(_class_in(root)) if not _is_ignored(e.name)]
        entries = [e for e in sorted(entries, key=lambda e: e.name) if _may_be_work(e)]
        platform = platform_of(e.name for e in entries)
        for entry in entries:
            # Of the platforms only Moodle makes folders; another's pattern in one is a student's name.
            made = MOODLE if entry.is_dir() else platform
            _from_entry(entry, found, whose(entry.name, platform and made, known))
    for key, name in told_apart(found).items():
        found[key].student = name
    return sorted(found.values(), key=lambda submission: submission.student)


def _class_in(root: Path) -> Path:
    """The folder that holds a folder for each student: nbgrader's submitted/, or the one that was named.

    A student may be called "submitted": others have folders with work beside theirs.
    """
    inner = root / "submitted"
    if not inner.is_dir() or inner.is_symlink():
        return root
    if any((root / name).exists() for name in _OF_A_COURSE):
        return inner
    beside = [e for e in os.scandir(root) if e.name != "submitted" and not _is_ignored(e.name)]
    alone = not any(_may_be_work(e) and _holds_work(Path(e.path)) for e in beside)
    return inner if alone and not any(inner.glob("*.ipynb")) else root


def _holds_work(path: Path) -> bool:
    if not path.is_dir():
        return True
    with contextlib.suppress(OSError):
        return any(any(path.glob(pattern)) for pattern in ("*.ipynb", "*.zip", "*/*.ipynb"))
    return False


def _may_be_work(entry: os.DirEntry) -> bool:
    if entry.is_symlink() or entry.is_dir(follow_symlinks=False):
        return True
    return entry.name.lower().endswith((".zip", ".ipynb"))


def _add(found: dict[tuple[str, str], Submission], entry: Entry, source: Callable) -> None:
    key = as_text(entry.name), entry.id
    submission = found.setdefault(
        key, Submission(clean(entry.name), entry.id, key[0], entry.platform)
    )
    submission.sources.append(source)
    if entry.doubt:
        submission.sources.append(lambda files: files.problems.append(entry.doubt))


# -- a folder ---------------------------------------------------------------------------------


def _from_entry(entry: os.DirEntry, found: dict[tuple[str, str], Submission], by: Entry) -> None:
    path = Path(entry.path)
    if entry.is_symlink():
        _add(found, by, lambda files: files.escapes.append("the submission is a link"))
    elif entry.is_dir(follow_symlinks=False):
        _add(found, by, lambda files: _read_folder(path, files))
    elif entry.name.lower().endswith(".zip"):
        # Whatever names its members bear, a student's archive holds that student's work.
        _add(found, by, lambda files: _read_archive(path, files))
    else:
        _add(found, by, lambda files: _read_file(path, by.rest or path.name, files))


@contextlib.contextmanager
def _alone(name: str, files: Files) -> Iterator[None]:
    """What cannot be read costs itself, and nothing that comes after it."""
    try:
        yield
    except Exception as error:  # a crafted file finds ways of its own to be unreadable
        files.problems.append(f"{clean(name)} could not be read ({type(error).__name__})")


def _read_folder(folder: Path, files: Files) -> None:
    seen = 0
    for path, entry in _walk(folder, files, 0):
        seen += 1
        if seen > MOST_ENTRIES:
            files.problems.append(f"more than {MOST_ENTRIES} files; the rest was not looked at")
            return
        with _alone(entry.name, files):
            if entry.name.lower().endswith(".ipynb"):
                _read_file(path, entry.name, files)
            elif entry.name.lower().endswith(".zip"):
                _read_archive(path, files)


def _walk(folder: Path, files: Files, depth: int) -> Iterator[tuple[Path, os.DirEntry]]:
    if depth > DEEPEST:
        files.problems.append("folders in folders in folders; the deepest were not looked at")
        return
    entries: list[os.DirEntry] = []
    with _alone(folder.name, files):
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    if depth and any(entry.name == ENVIRONMENT for entry in entries):
        return
    for entry in entries:
        if entry.name in IGNORED or entry.name.startswith(".") and entry.is_dir():
            continue
        if entry.is_symlink():
            files.escapes.append(f"{clean(entry.name)} is a link; links are not followed")
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), files, depth + 1)
        else:
            yield Path(entry.path), entry


def _is_ignored(name: str) -> bool:
    """Whether a folder of this name holds nobody's work: the platform's, or one that is hidden."""
    return name in IGNORED or name.startswith(".") and name not in (".", "..")


def _opened(path: Path) -> io.BufferedReader | None:
    """A regular file, and not what a link or a pipe would make of its name; None for others."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def _read_file(path: Path, name: str, files: Files) -> None:
    with _opened(path) or contextlib.nullcontext() as file:
        if file is None:
            files.problems.append(f"{clean(name)} is no file")
        else:
            _keep(name, file, files)


def _keep(name: str, file: io.BufferedIOBase, files: Files) -> None:
    """Add a notebook, unless it is larger than any notebook need be."""
    name = clean(name)
    if len(files.notebooks) >= MOST_FILES:
        told = f"more than {MOST_FILES} notebooks; the rest was not read"
        if told not in files.problems:
            files.problems.append(told)
        return
    data = _at_most(file, min(LARGEST, max(files.room, 0)))
    if data is None:
        files.problems.append(f"{name} is too large to be a notebook")
    else:
        files.notebooks.append((name, data))


def _at_most(file: io.BufferedIOBase, size: int) -> bytes | None:
    """All that a file holds; None when that is more than `size` bytes."""
    parts, left = [], size + 1
    while left > 0 and (part := file.read(min(left, 2**18))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts) if left > 0 else None


# -- archives ---------------------------------------------------------------------------------


def _read_archive(path: Path, files: Files) -> None:
    with _opened(path) or contextlib.nullcontext() as file:
        if file is None:
            files.problems.append(f"{clean(path.name)} is no file")
        else:
            with _archive(file) as archive:
                for member in _work(archive):
                    name = PurePosixPath(_name_in(member)).name
                    with _alone(name, files):
                        _read_member(archive, member, name, files)


def _work(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """The members that may be a student's work: none of those of a virtual environment."""
    members = archive.infolist()
    paths = [PurePosixPath(member.filename.replace("\\", "/")) for member in members]
    environments = {path.parent for path in paths if path.name == ENVIRONMENT}
    for member, path in zip(members, paths):
        if environments.isdisjoint(path.parents):
            yield member


def _archive(file: io.BufferedIOBase) -> zipfile.ZipFile:
    """The archive; its table of contents is bounded before it is read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 16:
        raise zipfile.BadZipFile("no table of contents")
    entries = int.from_bytes(tail[at + 10 : at + 12], "little")
    table = int.from_bytes(tail[at + 12 : at + 16], "little")
    if size > LARGEST_ARCHIVE or table > 2**24 or entries > MOST_LISTED:
        raise zipfile.BadZipFile("too large")
    file.seek(0)
    return zipfile.ZipFile(file)


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, files: Files, depth: int = 0
) -> None:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if not parts or member.is_dir() or any(map(_is_ignored, parts)):
        return
    kind = member.external_attr >> 16
    if stat.S_ISLNK(kind):
        files.escapes.append(f"{clean(name)} in the archive is a link; links are not followed")
    elif ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0]:
        files.escapes.append(f"the archive has a path that leads out of it, to {clean(name)}")
    elif member.flag_bits & 1:
        files.problems.append(f"{clean(name)} is encrypted")
    elif name.lower().endswith(".ipynb"):
        with archive.open(member) as file:
            _keep(name, file, files)
    elif name.lower().endswith(".zip") and depth == 0:
        with archive.open(member) as file:
            data = _at_most(file, min(LARGEST, max(files.room, 0)))
        if data is None:
            files.problems.append(f"{clean(name)} is too large")
            return
        with _archive(io.BytesIO(data)) as inner:
            for one in _work(inner):
                name = PurePosixPath(_name_in(one)).name
                with _alone(name, files):
                    _read_member(inner, one, name, files, depth + 1)


def _name_in(member: zipfile.ZipInfo) -> str:
    """A member's name. macOS writes UTF-8 without saying so; zipfile then reads it as code page 437."""
    name = member.filename
    if not member.flag_bits & 0x800 and not name.isascii():
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _from_export(
    path: Path, found: dict[tuple[str, str], Submission], known: frozenset[str]
) -> None:
    """An LMS's export: one archive with everybody's work, by folder or by file name."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is no zip: {error}") from None
    # By number: two members may bear one name. What an archiver adds holds nobody's work.
    listed = [
        (number, inside)
        for number, member in enumerate(members)
        if not member.is_dir() and (inside := PurePosixPath(_name_in(member))).parts
        if ".." not in inside.parts and not any(map(_is_ignored, inside.parts))
    ]
    # nbgrader's layout, zipped, or one folder around it all
    while (
        listed
        and all(len(p.parts) > 2 for _, p in listed)
        and len(tops := {p.parts[0] for _, p in listed}) == 1
        and not platform_of(tops)
        and tops.isdisjoint(known)
    ):
        listed = [(number, PurePosixPath(*p.parts[1:])) for number, p in listed]
    platform = platform_of({p.parts[0] for _, p in listed})
    grouped: dict[Entry, list[tuple[int, str]]] = {}
    for number, inside in listed:
        by = whose(inside.parts[0], platform, known)
        name = inside.name if len(inside.parts) > 1 else by.rest or inside.name
        grouped.setdefault(by, []).append((number, name))
    for by, work in grouped.items():
        _add(found, by, lambda files, work=work: _read_listed(path, work, files))


def _read_listed(path: Path, listed: list[tuple[int, str]], files: Files) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for number, name in listed[:MOST_ENTRIES]:
            with _alone(name, files):
                _read_member(archive, members[number], name, files)
