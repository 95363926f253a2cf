"""Train in one process, then in two at once; the trainers' tests compare the weights.

    python two_processes.py FOLDER NAME [NAME …]

The trainings of KINDS that are named, their teacher live, and kept where that can be. The processes
are forked from here, so that the libraries are imported once.
"""

from __future__ import annotations

import gc
import os
import random
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from safetensors.torch import save_file
from tiny_models import UNEVEN, WORDS, bert, causal, encoder_decoder, letters, prompts, sentences
from tiny_models import targets as pairs
from transformers import BertForQuestionAnswering

from kd_course.distillation import (
    DistillationTrainer,
    HiddenStates,
    InsideDistillationTrainer,
    Relations,
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


class Kind(NamedTuple):
    """What is trained. student, teacher: made in each process, as torch's threads survive no fork."""

    trainer: type
    student: Any  # seed -> model
    teacher: Any
    rows: list[dict]
    kept: dict | None = None  # what the cache is asked besides; None: the teacher is asked live
    more: dict = {}


TEXTS = sentences(24, unlabelled=UNEVEN)
narrow = partial(bert, hidden_size=8, intermediate_size=16)  # a projection is trained with it
COMPARED = (HiddenStates(1, 1), Relations(2, 2, heads=2))
KINDS = {
    "classes": Kind(DistillationTrainer, bert, bert, TEXTS, {}),
    "causal": Kind(DistillationTrainer, causal, causal, prompts(24), {"top_k": 7}),
    "targets": Kind(
        Seq2SeqDistillationTrainer, encoder_decoder, encoder_decoder, pairs(24), {"top_k": 7}
    ),
    "windows": Kind(SpanDistillationTrainer, reader, reader, windows(24), {}),
    "inside": Kind(InsideDistillationTrainer, narrow, bert, TEXTS, more={"comparisons": COMPARED}),
    # The layers above the one that is compared, and the head, learn nothing.
    "before the task": Kind(
        InsideDistillationTrainer,
        narrow,
        bert,
        TEXTS,
        more={"comparisons": COMPARED[:1], "outputs_weight": 0},
    ),
}


def train(folder: Path, kind: Kind, kept: bool, batch: int, accumulated: int) -> None:
    arguments = training_arguments
    if kind.trainer is Seq2SeqDistillationTrainer:
        arguments = seq2seq_training_arguments
    taught = {"teacher": kind.teacher(0)}
    if kept:
        taught = {
            "teacher_outputs": cached_teacher_outputs(
                kind.teacher(0),
                kind.rows,
                letters(),
                folder=folder / "cache",
                progress=False,
                **kind.kept,
            )
        }
    trainer = kind.trainer(
        model=kind.student(1),
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
        train_dataset=kind.rows,
        eval_dataset=kind.rows[:11],
        processing_class=letters(),
        **taught,
        **kind.more,
    )
    trainer.train()
    trainer.evaluate()
    if trainer.is_world_process_zero():
        trainer.state.save_to_json(str(folder / "state.json"))
        weights = dict(trainer.model.state_dict())
        if kind.more:
            projections = trainer.projections.state_dict()
            weights |= {f"projections.{name}": weight for name, weight in projections.items()}
        save_file({n: w.clone() for n, w in weights.items()}, folder / "weights.safetensors")


def processes(number: int, folder: Path, names: list[str], batch: int, accumulated: int) -> None:
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
            for name in names:
                for kept in (False, True)[: 1 if KINDS[name].kept is None else 2]:
                    run = folder / f"{name}, {'kept' if kept else 'live'}"
                    run.mkdir(exist_ok=True)
                    train(run, KINDS[name], kept, batch, accumulated)
            os._exit(0)
    if any(os.waitpid(child, 0)[1] for child in children):
        raise SystemExit(f"training in {number} processes failed")


if __name__ == "__main__":
    gc.freeze()  # each training begins with a collection: not over the libraries, in every child
    target, names = Path(sys.argv[1]), sys.argv[2:]
    processes(1, target / "one", names, batch=8, accumulated=1)
    processes(2, target / "two", names, batch=2, accumulated=2)
