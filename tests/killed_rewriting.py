"""Let a teacher rewrite a corpus, and kill it again and again; test_translation.py compares the files.

    python killed_rewriting.py FOLDER

Every run is a child forked from here, so that the libraries are imported once. It gets SIGKILL as
soon as it has kept another batch or two, and some milliseconds more: in the middle of a batch, or of
writing one. Prints how often it was killed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
from test_translation import SOURCES, tiny_teacher

from kd_course import translation


def start(path: Path) -> int:
    child = os.fork()
    if child == 0:
        model, tokenizer = tiny_teacher()
        translation.rewrite(
            model, tokenizer, SOURCES, path, beams=3, candidates=2, batch_size=2, progress=False
        )
        os._exit(0)
    return child


def batches_kept(folder: Path) -> int:
    try:
        return len(list(folder.glob(".rewritten.jsonl.batches-*/*.json")))
    except FileNotFoundError:  # done between two looks
        return 0


def killed_until_done(path: Path) -> int:
    chance, kills = random.Random(time.time_ns()), 0
    while True:
        child, goal = start(path), batches_kept(path.parent) + chance.randint(1, 2)
        while batches_kept(path.parent) < goal:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                assert status == 0, "the rewriting failed"
                return kills
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return kills
        kills += 1


if __name__ == "__main__":
    torch.set_num_threads(1)  # a forked child has none of its parent's threads
    tiny_teacher()  # trained once, for all children
    folder = Path(sys.argv[1])
    for name in ("whole", "killed"):
        (folder / name).mkdir()
    os.waitpid(start(folder / "whole" / "rewritten.jsonl"), 0)
    print(killed_until_done(folder / "killed" / "rewritten.jsonl"))
