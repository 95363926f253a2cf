"""A capstone as bytes: read once, out of a folder or an archive, before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kd_course.capstone.briefs import Brief, brief
from kd_course.capstone.claims import MODEL, REPORT, parsed
from kd_course.capstone.model_folder import Refused, read_files, read_plain
from kd_course.capstone.schema import NotReadable
from kd_course.capstone.trained_texts import LARGEST, TRAINED


@dataclass(frozen=True)
class HandedIn:
    """A capstone as bytes. refused: file or "model" -> why it was not read."""

    report: bytes = b""
    trained: bytes = b""
    model: Mapping[str, bytes] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def read_folder(folder: Path) -> HandedIn:
    """The files of a capstone: no link is followed, and each is bounded."""
    return gathered(
        lambda name: read_plain(folder / name, LARGEST),
        lambda chosen: read_files(folder / MODEL, chosen),
    )


def gathered(
    read: Callable[[str], bytes], read_model: Callable[[Brief], dict[str, bytes]]
) -> HandedIn:
    """A capstone out of wherever its files lie.

    read: gives a file's bytes by its name. read_model: those of the model's files, for the brief that
    the report names. Both raise Refused, which is kept.
    """
    found, refused = {}, {}
    for name in (REPORT, TRAINED):
        try:
            found[name] = read(name)
        except Refused as why:
            refused[name] = str(why)
    model: dict[str, bytes] = {}
    try:
        model = read_model(brief(parsed(found[REPORT])["brief"]))
    except (KeyError, NotReadable):
        refused["model"] = "it was not looked at, for the report says of no brief what it is"
    except Refused as why:
        refused["model"] = str(why)
    return HandedIn(found.get(REPORT, b""), found.get(TRAINED, b""), model, refused)
