"""Train in one process, then in two at once; the trainers' tests compare the weights.

    python two_processes.py FOLDER WAY

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

from kd_course.distillation import (
    DistillationTrainer,
    HiddenStates,
    InsideDistillationTrainer,
    Relations,
    training_arguments,
)

# A narrow student: a projection is trained with it.
NARROW = {"hidden_size": 8, "intermediate_size": 16}
COMPARED = (HiddenStates(1, 1), Relations(2, 2, heads=2))
WAYS: dict = {
    "plain": (DistillationTrainer, {}, {}),
    "inside": (InsideDistillationTrainer, NARROW, {"comparisons": COMPARED}),
    # The layers above the one that is compared, and the head, learn nothing.
    "before the task": (
        InsideDistillationTrainer,
        NARROW,
        {"comparisons": COMPARED[:1], "outputs_weight": 0},
    ),
}


def train(folder: Path, way: str, batch: int, accumulated: int) -> None:
    kind, shape, more = WAYS[way]
    trainer = kind(
        model=bert(1, **shape),  # made in the process: torch's threads do not survive a fork
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
        **more,
    )
    trainer.train()
    if trainer.is_world_process_zero():
        trainer.state.save_to_json(str(folder / "state.json"))
        weights = trainer.model.state_dict()
        if more:
            projections = trainer.projections.state_dict()
            weights |= {f"projections.{name}": weight for name, weight in projections.items()}
        save_file(weights, folder / "weights.safetensors")


def processes(number: int, folder: Path, way: str, batch: int, accumulated: int) -> None:
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
            train(folder, way, batch, accumulated)
            os._exit(0)
    if any(os.waitpid(child, 0)[1] for child in children):
        raise SystemExit(f"training in {number} processes failed")


if __name__ == "__main__":
    gc.freeze()  # each training begins with a collection: not over the libraries, in every child
    target, way = Path(sys.argv[1]), sys.argv[2]
    processes(1, target / "one", way, batch=8, accumulated=1)
    processes(2, target / "two", way, batch=2, accumulated=2)
