"""One arm of an experiment, trained with its recipe: what lesson 06 writes out, for later lessons."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import nn
from transformers import PrinterCallback, Seq2SeqTrainer

from kd_course.distillation.options import seq2seq_training_arguments, training_arguments
from kd_course.distillation.trainer import DistillationTrainer


class Recipe(Protocol):
    """How an arm is trained: `kd_course.settings.Recipe` is one."""

    learning_rate: float
    steps: int
    alpha: float
    temperature: float


def train_with_recipe(
    model: nn.Module,
    rows: Any,
    recipe: Recipe,
    setting: Any,
    *,
    seed: int,
    kind: type[DistillationTrainer] = DistillationTrainer,
    folder: str = "results/training",
    **options: Any,
) -> DistillationTrainer:
    """Train a model with one recipe; every arm goes through here, the control like the others.

    rows: the trainer's train_dataset. setting: a lesson's settings; their batch_size and switches
    (run.max_steps cuts a training short, run.scale decides on mixed precision on a GPU) count.
    kind: the trainer's class. folder: where it may write; nothing is kept there.
    options: what else the trainer takes: teacher=, data_collator=, processing_class= …
    Returns the trainer: its `model` is trained, its `state.log_history` has twenty losses. A tenth
    of the steps warms up, then the learning rate falls linearly; weight decay 0.01.
    """
    arguments = training_arguments
    if issubclass(kind, Seq2SeqTrainer):
        arguments = seq2seq_training_arguments
    steps = setting.run.max_steps if setting.run.max_steps > 0 else recipe.steps
    trainer = kind(
        model=model,
        args=arguments(
            folder,
            seed=seed,
            learning_rate=recipe.learning_rate,
            max_steps=steps,
            per_device_train_batch_size=setting.batch_size,
            warmup_steps=0.1,
            weight_decay=0.01,
            logging_steps=max(1, steps // 20),
            disable_tqdm=True,
            bf16=setting.run.scale != "offline" and torch.cuda.is_available(),
        ),
        train_dataset=rows,
        alpha=recipe.alpha,
        temperature=recipe.temperature,
        **options,
    )
    trainer.remove_callback(PrinterCallback)  # the log is kept, not printed
    trainer.train()
    # Mixed precision wraps the model; afterwards it answers in full precision again.
    trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return trainer
