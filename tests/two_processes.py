"""Train in one process, then in two at once; test_trainer.py compares the weights.

    python two_processes.py FOLDER

Every trainer, its teacher live and kept. The processes are forked from here, so that the libraries
are imported once.
"""

from __future__ import annotations

import gc
import os
import random
import socket
import sys
from pathlib import Path

from safetensors.torch import save_file
from tiny_models import UNEVEN, WORDS, bert, causal, encoder_decoder, letters, prompts, sentences
from tiny_models import targets as pairs
from transformers import BertForQuestionAnswering

from kd_course.distillation import (
    DistillationTrainer,
    Seq2SeqDistillationTrainer,
    SpanDistillationTrainer,
    cached_teacher_outputs,
    seq2seq_training_arguments,
    training_arguments,
)


def windows(number: int) -> list[dict]:
    chance, found = random.Random(0), []
    for place in range(number):
        length = chance.randrange(5, 14)
        answer = chance.randrange(2, length) if place % 3 else -100
        found.append(
            {
                "input_ids": [chance.randrange(5, WORDS) for _ in range(length)],
                "attention_mask": [1] * length,
                "answer_mask": [place >= 2 for place in range(length)],
                "start_positions": answer,
                "end_positions": answer,
            }
        )
    return found


def reader(seed: int):
    return bert(seed, BertForQuestionAnswering, num_labels=2)


# name: the trainer, the model of a seed, the rows, what the cache is asked besides
KINDS = {
    "classes": (DistillationTrainer, bert, sentences(24, unlabelled=UNEVEN), {}),
    "causal": (DistillationTrainer, causal, prompts(24), {"top_k": 7}),
    "targets": (Seq2SeqDistillationTrainer, encoder_decoder, pairs(24), {"top_k": 7}),
    "windows": (SpanDistillationTrainer, reader, windows(24), {}),
}


def train(folder: Path, name: str, kept: bool, batch: int, accumulated: int) -> None:
    kind, model, rows, besides = KINDS[name]
    arguments = training_arguments
    if kind is Seq2SeqDistillationTrainer:
        arguments = seq2seq_training_arguments
    taught = {"teacher": model(0)}
    if kept:
        cache = folder / "cache"
        taught = {
            "teacher_outputs": cached_teacher_outputs(
                model(0), rows, letters(), folder=cache, progress=False, **besides
            )
        }
    trainer = kind(
        model=model(1),
        args=arguments(
            folder,
            per_device_train_batch_size=batch,
            per_device_eval_batch_size=5,
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
        train_dataset=rows,
        eval_dataset=rows[:11],
        processing_class=letters(),
        **taught,
    )
    trainer.train()
    trainer.evaluate()
    if trainer.is_world_process_zero():
        trainer.state.save_to_json(str(folder / "state.json"))
        save_file(
            {n: w.clone() for n, w in trainer.model.state_dict().items()},
            folder / "weights.safetensors",
        )


def processes(number: int, folder: Path, batch: int, accumulated: int) -> None:
    folder.mkdir()
    children = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(number)}
    for rank in map(str, range(number)):
        children.append(os.fork())
        if children[-1] == 0:
            if number > 1:
                os.environ.update(world, RANK=rank, LOCAL_RANK=rank)
            for name in KINDS:
                for kept in (False, True):
                    run = folder / f"{name}, {'kept' if kept else 'live'}"
                    run.mkdir(exist_ok=True)
                    train(run, name, kept, batch, accumulated)
            os._exit(0)
    if any(os.waitpid(child, 0)[1] for child in children):
        raise SystemExit(f"training in {number} processes failed")


if __name__ == "__main__":
    gc.freeze()  # each training begins with a collection: not over the libraries, in every child
    target = Path(sys.argv[1])
    processes(1, target / "one", batch=8, accumulated=1)
    processes(2, target / "two", batch=2, accumulated=2)
