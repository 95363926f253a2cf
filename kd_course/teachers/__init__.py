"""The teachers that ship with the package, and the one command that makes each.

    python -m kd_course teacher news            make it again, in the cache folder
    python -m kd_course teacher news --ship     and put it where the package ships it

A teacher is a folder below shipped/, as `save_pretrained` writes it, with `recipe.json` beside the
weights: how it was trained, and its curve. Its figures are in the ledger under "teacher-news/offline",
from reference/news/. news_recipe.py knows how it is made: RECIPE, all that decides what it becomes;
`fit`, which trains it; `measure`, which gives its figures.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kd_course.models import SHIPPED
from kd_course.teachers import (
    headlines_recipe,
    news_recipe,
    ranking_recipe,
    reading_recipe,
    translation_recipe,
)

if TYPE_CHECKING:
    from kd_course.experiments import Report

MAKERS = {
    "headlines": headlines_recipe,
    "news": news_recipe,
    "ranking": ranking_recipe,
    "reading": reading_recipe,
    "translation": translation_recipe,
}  # the module that makes each teacher
RECIPES = {name: maker.RECIPE for name, maker in MAKERS.items()}


def obtain(name: str, *, retrain: bool = False) -> str:
    """Where to load a teacher from: a folder the package ships, or `name` itself for the hub.

    retrain: train a shipped teacher again from its recipe first (once; then it is in the cache).
    """
    from kd_course.storage import cache_folder

    if name not in RECIPES:
        return name
    if not retrain:
        return str(SHIPPED / name)
    folder = cache_folder() / "teachers" / f"{name}-{_digest(name)}"
    return str(folder if (folder / "recipe.json").is_file() else train(name, folder))


def notes(folder: str) -> dict:
    """What is written down about a teacher of ours: its recipe, its curve, the command that made it."""
    return json.loads(Path(folder, "recipe.json").read_text(encoding="utf-8"))


def train(name: str, folder: Path, *, quiet: bool = False) -> Path:
    """Train a shipped teacher from its recipe into a folder; returns the folder.

    name: a key of RECIPES. The folder appears whole, when training has ended; OSError comes before,
    where it cannot be written.
    """
    import torch

    from kd_course.storage import cache_folder, refuse_unwritable, write_whole

    refuse_unwritable(folder.parent)
    recipe = RECIPES[name]
    scratch = cache_folder() / "teachers" / f"{name}-{_digest(name)}-training"
    model, tokenizer, curve = MAKERS[name].fit(recipe, scratch, quiet=quiet)
    notes = {
        "command": f"python -m kd_course teacher {name} --ship",
        "recipe": asdict(recipe),
        "curve": curve,
        "torch": str(torch.__version__),
    }

    def write(target: Path) -> None:
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
        for file in target.rglob("tokenizer.json"):
            _shorten(file)
        (target / "recipe.json").write_text(json.dumps(notes, indent=1) + "\n", encoding="utf-8")

    write_whole(folder, write)
    shutil.rmtree(scratch, ignore_errors=True)  # checkpoints, where the maker keeps any
    return folder


def _shorten(file: Path) -> None:
    """The same tokenizer in a third of the bytes: no indentation, and a merge as "a b", not ["a", "b"].

    tokenizers reads both forms. A token with a space in it needs the longer one.
    """
    known = json.loads(file.read_text(encoding="utf-8"))
    merges = known["model"].get("merges", [])
    if not any(" " in part for merge in merges for part in merge):
        known["model"]["merges"] = [" ".join(merge) for merge in merges]
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    file.write_text(text + "\n", encoding="utf-8")


def _digest(name: str) -> str:
    """Another recipe is another teacher: neither its folder nor its checkpoints are taken for it."""
    return hashlib.blake2b(repr(RECIPES[name]).encode(), digest_size=4).hexdigest()


def measure(name: str, folder: Path | None = None) -> Report:
    """The teacher's figures on the public corpus, which it has never seen: a report for the ledger."""
    return MAKERS[name].measure(folder or SHIPPED / name)
