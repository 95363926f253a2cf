"""Train once undisturbed and once killed again and again; test_trainer.py compares the weights.

    python killed_training.py FOLDER

Every run is a child forked from here, so that the libraries are imported once. The one to be killed
tells each step through a pipe; after a few of them, drawn at random, and some milliseconds more, it
gets SIGKILL, in the middle of a step or of a checkpoint.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from tiny_models import bert, letters, sentences
from transformers import TrainerCallback

from kd_course.distillation import DistillationTrainer, last_checkpoint, training_arguments


class TellSteps(TrainerCallback):
    def __init__(self, pipe: int):
        self.pipe = pipe

    def on_step_end(self, args, state, control, **kwargs):
        os.write(self.pipe, b".")


def train(folder: Path, pipe: int) -> None:
    trainer = DistillationTrainer(
        model=bert(1, num_hidden_layers=1, dropout=0.1),
        args=training_arguments(
            folder,
            per_device_train_batch_size=4,
            gradient_accumulation_steps=2,
            num_train_epochs=3,  # of 11 steps, the last of them of one batch
            learning_rate=1e-2,
            save_strategy="steps",
            save_steps=5,
            save_total_limit=3,
            logging_steps=4,
            disable_tqdm=True,
            use_cpu=True,
        ),
        teacher=bert(0),
        train_dataset=sentences(84),
        processing_class=letters(),
        callbacks=[TellSteps(pipe)],
    )
    trainer.train(resume_from_checkpoint=last_checkpoint(folder))
    trainer.save_model()


def start(folder: Path) -> tuple[int, int]:
    """Train in a child: its process id, and the end of a pipe from which its steps can be read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(2, 1)  # the trainer's log goes to stderr
        train(folder, writing)
        os._exit(0)
    os.close(writing)
    return child, reading


def killed_until_done(folder: Path) -> dict:
    chance = random.Random(time.time_ns())
    told = {"kills": 0, "resumed_from": []}
    while True:
        if checkpoint := last_checkpoint(folder):
            told["resumed_from"].append(int(checkpoint.rpartition("-")[2]))
        child, steps = start(folder)
        # Fewer steps than lie between two checkpoints would not get on.
        for _ in range(chance.randint(4, 12)):
            if not os.read(steps, 1):
                break  # done
        time.sleep(chance.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(steps)
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status):
                raise SystemExit(f"the training ended with {os.WEXITSTATUS(status)}")
            return told
        told["kills"] += 1


if __name__ == "__main__":
    gc.freeze()  # each training begins with a collection: not over the libraries, in every child
    target = Path(sys.argv[1])
    child, steps = start(target / "whole")
    while os.read(steps, 64):
        pass
    if os.waitpid(child, 0)[1]:
        raise SystemExit("the undisturbed training failed")
    print(json.dumps(killed_until_done(target / "killed")))
