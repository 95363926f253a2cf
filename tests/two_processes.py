"""Train in one process, then in two at once; test_trainer.py compares the weights.

    python two_processes.py FOLDER

The processes are forked from here, so that the libraries are imported once.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
from pathlib import Path

from safetensors.torch import save_file
from tiny_models import UNEVEN, bert, letters, sentences

from kd_course.distillation import DistillationTrainer, training_arguments


def train(folder: Path, batch: int, accumulated: int) -> None:
    trainer = DistillationTrainer(
        model=bert(1),
        args=training_arguments(
            folder,
            per_device_train_batch_size=batch,
            gradient_accumulation_steps=accumulated,
            train_sampling_strategy="sequential",
            num_train_epochs=2,
            optim="sgd",
            lr_scheduler_type="constant",
            learning_rate=0.1,
            max_grad_norm=0,
            logging_steps=1,
            disable_tqdm=True,
            use_cpu=True,
        ),
        teacher=bert(0),
        train_dataset=sentences(24, unlabelled=UNEVEN),
        processing_class=letters(),
    )
    trainer.train()
    if trainer.is_world_process_zero():
        trainer.state.save_to_json(str(folder / "state.json"))
        save_file(trainer.model.state_dict(), folder / "weights.safetensors")


def processes(number: int, folder: Path, batch: int, accumulated: int) -> None:
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(number)}
    children = []
    for rank in map(str, range(number)):
        children.append(os.fork())
        if children[-1] == 0:
            if number > 1:
                os.environ.update(world, RANK=rank, LOCAL_RANK=rank)
            train(folder, batch, accumulated)
            os._exit(0)
    if any(os.waitpid(child, 0)[1] for child in children):
        raise SystemExit(f"training in {number} processes failed")


if __name__ == "__main__":
    gc.freeze()  # each training begins with a collection: not over the libraries, in every child
    target = Path(sys.argv[1])
    processes(1, target / "one", batch=8, accumulated=1)
    processes(2, target / "two", batch=2, accumulated=2)
