"""The files of a handed-in model, as bytes: these names and no others, each a plain file, none without end.

    model/model.safetensors   the weights: half precision, or int8 as `compression.int8` keeps them
    model/config.json         the class and its sizes; of what else stands there nothing is read
    model/tokenizer.json      for a translator source.json and target.json

None of them can name code, so that reading them runs none: no pickle is opened.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from kd_course.capstone.briefs import TRANSLATION, Brief

WEIGHTS, CONFIG = "model.safetensors", "config.json"
LARGEST = 16 * 2**20  # bytes that are read of a model whose budget is smaller
_PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".py")


class Refused(ValueError):
    """A model that is not read, or does not load: why, and what to do."""


def names_of(task: str) -> tuple[str, ...]:
    """The files of a model folder: all of them, and no others."""
    tokenizers = ("source.json", "target.json") if task == TRANSLATION else ("tokenizer.json",)
    return (WEIGHTS, CONFIG, *tokenizers)


def most_bytes(brief: Brief) -> int:
    """How much is read of a model folder: beyond twice the budget nothing more is to be learnt."""
    return max(LARGEST, 2 * brief.budget.size)


def read_files(folder: Path, brief: Brief) -> dict[str, bytes]:
    """The files of a model folder: name -> bytes. Raises Refused.

    No link is followed, nothing is read beyond `most_bytes`, and a file of another name is refused,
    for a model that needs it would cost more than it says.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise Refused(f"{folder.name}/ is no folder: capstone.save_model writes one")
    wanted, left = names_of(brief.task), most_bytes(brief)
    there = sorted(entry.name for entry in os.scandir(folder))
    refuse_names(there, brief.task)
    files = {}
    for name in wanted:
        files[name] = read_plain(folder / name, left)
        left -= len(files[name])
    return files


def refuse_names(there: list[str], task: str) -> None:
    """Refused where files are missing from a model folder, or others lie in it."""
    wanted = names_of(task)
    pickled = [name for name in there if name.lower().endswith(_PICKLED)]
    if pickled:
        raise Refused(
            f"{pickled[0]} may run code when it is opened, so it is not: hand in {WEIGHTS}, as "
            f"capstone.save_model writes it, and delete {pickled[0]}"
        )
    others = [name for name in there if name not in wanted]
    if others:
        raise Refused(f"only {', '.join(wanted)} are read: delete {', '.join(others)[:200]}")
    missing = [name for name in wanted if name not in there]
    if missing:
        raise Refused(f"{', '.join(missing)} is missing: capstone.save_model writes it")


def read_plain(path: Path, most: int) -> bytes:
    """A regular file of at most so many bytes. Raises Refused for a link, a pipe, or a larger one."""
    if path.is_symlink():
        raise Refused(
            f"{path.name} is a link, and links are not followed: put the file itself there"
        )
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise Refused(f"{path.name} cannot be read ({error.strerror})") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused(f"{path.name} is no plain file")
        data = file.read(most + 1)
    if len(data) > most:
        raise Refused(
            f"{path.name} is larger than what is read of it, {most:,} bytes: make a smaller one"
        )
    return data


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
