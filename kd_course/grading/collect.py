"""Submissions as they come: a folder per student, nbgrader's submitted/, a zip out of an LMS.

Nothing is unpacked and no link is followed: archives are read member by member, into memory, with
a bound on every size. A path inside an archive is a piece of text, never a place on this disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

LARGEST = 32 * 2**20  # bytes of one notebook
LARGEST_ARCHIVE = 4 * 2**30  # bytes of a student's archive, packed; what is read of it is bounded
ALTOGETHER = 96 * 2**20  # bytes that are read of one submission
MOST_FILES = 50  # notebooks of one student
MOST_ENTRIES = 20_000  # of a student's folder, environments left out
MOST_LISTED = 100_000  # in an archive's table of contents
DEEPEST = 6  # folders in folders
IGNORED = ("__MACOSX",)  # and every folder whose name begins with a dot
ENVIRONMENT = "pyvenv.cfg"  # a folder with this file is a virtual environment, and no work

# How learning platforms name what they export; `rest` is the student's own file name.
_EXPORTS = (
    re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)"),  # Moodle
    re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<rest>.+)"),  # Canvas
    re.compile(r".+?_(?P<id>[^_]+)_attempt_[\d-]+(?:_(?P<rest>.+))?"),  # Blackboard
)
_FLAT = re.compile(r"(?P<name>.+?)[_ -]+(?P<rest>\d\d_[a-z][a-z_]*\.ipynb)", re.I)


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
    """What one student handed in. student: as the folder or the export names them.

    other_id: the platform's number for them. sources: each adds to the files when it is called.
    """

    student: str
    other_id: str = ""
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


def collect(root: Path) -> list[Submission]:
    """The submissions below a folder, or in a zip, by student; nothing of them is read yet.

    Raises FileNotFoundError, or ValueError for a file that is no zip.
    """
    root = Path(root)
    if not root.exists():
        raise FileNotFoundError(f"there are no submissions at {root}")
    found: dict[tuple[str, str], Submission] = {}
    if root.is_file():
        _from_export(root, found)
    else:
        if (root / "submitted").is_dir() and not (root / "submitted").is_symlink():
            root = root / "submitted"
        for entry in sorted(os.scandir(root), key=lambda e: e.name):
            _from_entry(entry, found)
    return sorted(_told_apart(found.values()), key=lambda submission: submission.student)


def _add(found: dict[tuple[str, str], Submission], student: str, id: str, source: Callable) -> None:
    student = clean(student)
    found.setdefault((student, id), Submission(student, id)).sources.append(source)


def _told_apart(submissions: Iterable[Submission]) -> list[Submission]:
    """The submissions, the platform's number in the name where two students have one name."""
    submissions = list(submissions)
    bearers = Counter(submission.student for submission in submissions)
    for submission in submissions:
        if bearers[submission.student] > 1 and submission.other_id:
            submission.student += f" ({clean(submission.other_id)})"
    return submissions


def clean(name: str) -> str:
    """A student's name on one line, in one Unicode form, with nothing that is no character."""
    name = unicodedata.normalize("NFC", name)
    name = "".join(" " if c.isspace() else c for c in name if c.isprintable() or c.isspace())
    return " ".join(name.split())[:200] or "(no name)"


def whose(name: str) -> tuple[str, str, str]:
    """Student, the platform's id, and the file's own name, from how an export names an entry."""
    for pattern in _EXPORTS:
        match = pattern.fullmatch(name)
        if match:
            parts = match.groupdict()
            return parts.get("name") or parts["id"], parts["id"], parts.get("rest") or ""
    match = _FLAT.fullmatch(name)
    if match:
        return match["name"], "", match["rest"]
    return name.removesuffix(".ipynb").removesuffix(".zip"), "", name


# -- a folder ---------------------------------------------------------------------------------


def _from_entry(entry: os.DirEntry, found: dict[tuple[str, str], Submission]) -> None:
    if _is_ignored(entry.name):
        return
    path = Path(entry.path)
    student, id, rest = whose(entry.name)
    if entry.is_symlink():
        _add(found, student, id, lambda files: files.escapes.append("the submission is a link"))
    elif entry.is_dir(follow_symlinks=False):
        _add(found, student, id, lambda files: _read_folder(path, files))
    elif entry.name.lower().endswith(".zip"):
        # Whatever names its members bear, a student's archive holds that student's work.
        _add(found, student, id, lambda files: _read_archive(path, files))
    elif entry.name.lower().endswith(".ipynb"):
        _add(found, student, id, lambda files: _read_file(path, rest or path.name, files))


def _read_folder(folder: Path, files: Files) -> None:
    seen = 0
    for path, entry in _walk(folder, files, 0):
        seen += 1
        if seen > MOST_ENTRIES:
            files.problems.append(f"more than {MOST_ENTRIES} files; the rest was not looked at")
            return
        if entry.name.lower().endswith(".ipynb"):
            _read_file(path, entry.name, files)
        elif entry.name.lower().endswith(".zip"):
            _read_archive(path, files)


def _walk(folder: Path, files: Files, depth: int) -> Iterator[tuple[Path, os.DirEntry]]:
    if depth > DEEPEST:
        files.problems.append("folders in folders in folders; the deepest were not looked at")
        return
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
                    _read_member(archive, member, PurePosixPath(member.filename).name, files)


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
    if not parts or member.is_dir() or any(map(_is_ignored, parts)) or name.startswith("._"):
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
                _read_member(inner, one, PurePosixPath(one.filename).name, files, depth + 1)


def _from_export(path: Path, found: dict[tuple[str, str], Submission]) -> None:
    """An LMS's export: one archive with everybody's work, by folder or by file name."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is no zip: {error}") from None
    paths = [PurePosixPath(m.filename.replace("\\", "/")) for m in members]
    # nbgrader's layout, zipped, or one folder around it all
    while (
        paths
        and all(len(p.parts) > 2 for p in paths)
        and (len({p.parts[0] for p in paths}) == 1 or all(p.parts[0] == "submitted" for p in paths))
        and not any(whose(p.parts[0])[1] for p in paths)
    ):
        paths = [PurePosixPath(*p.parts[1:]) for p in paths]
    grouped: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for member, inside in zip(members, paths):
        if not inside.parts or ".." in inside.parts or any(map(_is_ignored, inside.parts)):
            continue
        student, id, rest = whose(inside.parts[0])
        name = inside.name if len(inside.parts) > 1 else rest or inside.name
        grouped.setdefault((student, id), []).append((member.filename, name))
    for (student, id), listed in grouped.items():
        _add(found, student, id, lambda files, listed=listed: _read_listed(path, listed, files))


def _read_listed(path: Path, listed: list[tuple[str, str]], files: Files) -> None:
    with zipfile.ZipFile(path) as archive:
        for filename, name in listed[:MOST_ENTRIES]:
            try:
                _read_member(archive, archive.getinfo(filename), name, files)
            except Exception as error:  # as in Submission.read: of this file only
                files.problems.append(f"{clean(name)} could not be read ({type(error).__name__})")
