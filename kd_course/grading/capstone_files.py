"""Capstones as they come: a folder or a zip for each student, read into memory and bounded.

As for notebooks nothing is unpacked and no link is followed. A capstone is where report.json lies;
of what is around it, nothing but its own files is read.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from kd_course.capstone import model_folder
from kd_course.capstone.briefs import Brief
from kd_course.capstone.claims import MODEL, REPORT
from kd_course.capstone.handed_in import HandedIn, gathered
from kd_course.capstone.trained_texts import LARGEST
from kd_course.grading import collect
from kd_course.grading.identity import MOODLE, clean, platform_of, told_apart, whose

Reader = Callable[[int], bytes]  # at most so many bytes of a file; Refused for more


@dataclass
class Listing:
    """What a submission holds, unread. files: path -> how to read it; links: that were not followed."""

    files: dict[PurePosixPath, Reader] = field(default_factory=dict)
    links: list[PurePosixPath] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class Submitted:
    """One student's capstone. handed: None where there is none; notes: what a teacher should know."""

    student: str
    handed: HandedIn | None
    notes: list[str] = field(default_factory=list)
    tampered: bool = False


def submitted(root: Path) -> Iterator[Submitted]:
    """Everybody's capstone, one at a time, below a folder with a folder or a zip for each student.

    Raises FileNotFoundError, or ValueError for a file: an export is unpacked first.
    """
    if not root.exists():
        raise FileNotFoundError(f"there are no submissions at {root}")
    if root.is_file():
        raise ValueError(f"{root} is a file: unpack it into a folder with one entry a student")
    scanned = sorted(os.scandir(collect._class_in(root)), key=lambda entry: entry.name)
    entries = [e for e in scanned if not collect._is_ignored(e.name) and _may_be_work(e)]
    platform = platform_of(entry.name for entry in entries)
    found: dict[tuple[str, str], list[os.DirEntry]] = {}
    for entry in entries:
        by = whose(entry.name, platform and (MOODLE if entry.is_dir() else platform))
        found.setdefault((by.name, by.id), []).append(entry)
    names = {key: clean(key[0]) for key in found} | told_apart(found)
    for key, several in sorted(found.items(), key=lambda pair: names[pair[0]]):
        listing = Listing()
        for entry in several:
            try:
                _list(Path(entry.path), listing)
            except Exception as error:  # a crafted file finds ways of its own to be unreadable
                listing.problems.append(
                    f"{clean(entry.name)} could not be read ({type(error).__name__})"
                )
        yield _of_listing(names[key], listing)


def _may_be_work(entry: os.DirEntry) -> bool:
    if entry.is_symlink() or entry.is_dir(follow_symlinks=False):
        return True
    return entry.name.lower().endswith(".zip")


# -- listing ----------------------------------------------------------------------------------


def _list(path: Path, listing: Listing) -> None:
    if path.is_symlink():
        listing.links.append(PurePosixPath(path.name))
    elif path.is_dir():
        _list_folder(path, PurePosixPath(), listing, 0)
    else:
        _list_zip(path.read_bytes() if path.stat().st_size <= _LARGEST_ZIP else b"", listing)


_LARGEST_ZIP = 256 * 2**20  # bytes of a student's archive


def _list_folder(folder: Path, inside: PurePosixPath, listing: Listing, depth: int) -> None:
    if depth > collect.DEEPEST:
        return
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        name = inside / entry.name
        if len(listing.files) >= collect.MOST_ENTRIES:
            return
        if entry.is_symlink():
            listing.links.append(name)
        elif collect._is_ignored(entry.name):
            continue
        elif entry.is_dir(follow_symlinks=False):
            _list_folder(Path(entry.path), name, listing, depth + 1)
        elif entry.name.lower().endswith(".zip") and depth == 0:
            _list(Path(entry.path), listing)
        else:
            path = Path(entry.path)
            listing.files[name] = lambda most, path=path: model_folder.read_plain(path, most)


def _list_zip(data: bytes, listing: Listing) -> None:
    archive = collect._archive(io.BytesIO(data))
    for member in archive.infolist():
        name = PurePosixPath(collect._name_in(member))
        if member.is_dir() or not name.parts:
            continue
        if stat.S_ISLNK(member.external_attr >> 16):
            listing.links.append(name)
        elif ".." in name.parts or name.is_absolute() or ":" in name.parts[0]:
            listing.problems.append(
                f"the archive has a path that leads out of it, to {clean(name.name)}"
            )
        elif not any(map(collect._is_ignored, name.parts)):
            listing.files[name] = lambda most, member=member: _member(archive, member, most)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    name = PurePosixPath(member.filename).name
    try:
        with archive.open(member) as file:
            data = file.read(most + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise model_folder.Refused(
            f"{clean(name)} cannot be read ({type(error).__name__})"
        ) from None
    if len(data) > most:
        raise model_folder.Refused(
            f"{clean(name)} is larger than what is read of it, {most:,} bytes: make a smaller one"
        )
    return data


# -- reading ----------------------------------------------------------------------------------


def _of_listing(student: str, listing: Listing) -> Submitted:
    """The capstone among what was handed in: the report that lies least deep."""
    notes = [f"{clean(str(name))} is a link; links are not followed" for name in listing.links]
    notes += listing.problems
    leads_out = any("leads out" in problem for problem in listing.problems)
    reports = [name for name in listing.files if name.name == REPORT]
    if not reports:
        return Submitted(student, None, notes, leads_out)
    chosen = min(reports, key=lambda name: (len(name.parts), str(name)))
    if len(reports) > 1:
        notes.append(f"{len(reports)} reports; looked at is {clean(str(chosen))}")
    # A checkpoint elsewhere may hold links that a library made; a capstone's own folder has none.
    tampered = leads_out or any(link.is_relative_to(chosen.parent) for link in listing.links)
    return Submitted(student, _read(listing, chosen.parent), notes, tampered)


def _read(listing: Listing, place: PurePosixPath) -> HandedIn:
    def read(name: str) -> bytes:
        if place / name not in listing.files:
            raise model_folder.Refused(f"{name} is missing")
        return listing.files[place / name](LARGEST)

    return gathered(read, lambda chosen: _read_model(listing, place / MODEL, chosen))


def _read_model(listing: Listing, folder: PurePosixPath, chosen: Brief) -> dict[str, bytes]:
    if any(link.is_relative_to(folder) or folder.is_relative_to(link) for link in listing.links):
        raise model_folder.Refused("there is a link in model/: put the files themselves there")
    there = [str(name.relative_to(folder)) for name in listing.files if name.is_relative_to(folder)]
    model_folder.refuse_names(sorted(there), chosen.task)
    files, left = {}, model_folder.most_bytes(chosen)
    for name in model_folder.names_of(chosen.task):
        files[name] = listing.files[folder / name](left)
        left -= len(files[name])
    return files
