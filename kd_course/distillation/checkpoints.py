"""Where an interrupted training is taken up: the last checkpoint that is whole."""

from __future__ import annotations

import json
import os
import re
import zipfile
from pathlib import Path

from safetensors import SafetensorError, safe_open


def last_checkpoint(folder: str | os.PathLike) -> str | None:
    """The newest checkpoint in a folder that is whole; None where there is none.

    A run that is killed while it saves leaves a checkpoint that cannot be read. The library's own
    `get_last_checkpoint` returns it all the same, because its number is the highest.
    """
    named = {
        p: re.fullmatch(r"checkpoint-(\d+)", p.name) for p in Path(folder).glob("checkpoint-*")
    }
    found = {int(name[1]): p for p, name in named.items() if name and p.is_dir()}
    whole = [step for step, checkpoint in found.items() if _is_whole(checkpoint, step)]
    return str(found[max(whole)]) if whole else None


def _is_whole(checkpoint: Path, step: int) -> bool:
    """Whether everything in a checkpoint can be read, the state that is written last included."""
    try:
        if (
            json.loads((checkpoint / "trainer_state.json").read_text("utf-8"))["global_step"]
            != step
        ):
            return False
        for weights in checkpoint.glob("*.safetensors"):
            with safe_open(weights, "pt"):  # compares the file's length with its table of contents
                pass
    except (OSError, ValueError, KeyError, SafetensorError):
        return False
    # torch.save writes a zip file, whose directory stands at its end.
    saved = [file for kind in ("*.pt", "*.pth", "*.bin") for file in checkpoint.glob(kind)]
    return bool(saved) and all(zipfile.is_zipfile(file) for file in saved)
