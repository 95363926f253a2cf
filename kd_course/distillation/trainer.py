"""The trainer that distils: the library's own Trainer, with a teacher's part in the loss.

What is here is what distilling adds: a teacher that is asked but never trained, a loss in two
parts, and the care that each part stays a mean over all the rows of an optimiser step. Everything
else (mixed precision, schedules, early stopping, checkpoints, several GPUs) is the library's.

Hinton, Vinyals & Dean, Distilling the Knowledge in a Neural Network, 2015.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from transformers import Trainer, TrainingArguments
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from transformers.trainer_pt_utils import LengthGroupedSampler

from kd_course.distillation.asking import (
    arguments_for,
    ask,
    in_eval_mode,
    logits_of,
    marks_answers,
    refuse_misfit,
)
from kd_course.distillation.cache import (
    TEACHER_LOGITS,
    TeacherOutputs,
    add_teacher_logits,
    has_teacher_logits,
)
from kd_course.divergences import positive_temperature
from kd_course.losses import IGNORED_LABEL, hard_target_loss, soft_target_loss


class DistillationTrainer(Trainer):
    """A transformers.Trainer whose student learns from a teacher as well as from labels.

    The loss of an optimiser step is `losses.distillation_loss` of all its rows at once,
    α · T² KL(teacher ‖ student) + (1 - α) · H(labels, student), however the step is divided into
    accumulated batches and processes. A label of -100 takes its row out of the hard part only.
    For logits of shape (batch, length, vocabulary) it marks padding: out of both parts.
    The log shows the parts as `soft_loss` and `hard_loss`, beside their mixture, `loss`.
    An evaluation measures the labels' loss (`eval_loss`, in nats) and never asks the teacher.

    The teacher comes in one of three ways:
    teacher=            a model, asked for every batch, in eval mode and without gradients;
    teacher_outputs=    what `cached_teacher_outputs` returned: no teacher runs any more;
    a column            `teacher_logits` in train_dataset, as `add_teacher_logits` makes it from
                        any logits at all.
    alpha=0 needs none, and asks none: plain fine-tuning, the control of every experiment.

    temperature: positive. alpha: in [0, 1], the weight of the soft part.
    Raises ValueError for a teacher that shares a module or a weight with the student, that knows
    other classes or another vocabulary, for no teacher or two of them, and for options of Trainer
    that bring a loss of their own.
    """

    _labels_take = frozenset({"labels"})  # columns that the labels' loss needs beside the model's

    def __init__(
        self,
        model: nn.Module | None = None,
        args: TrainingArguments | None = None,
        *,
        teacher: nn.Module | None = None,
        teacher_outputs: TeacherOutputs | None = None,
        temperature: float = 2.0,
        alpha: float = 0.5,
        train_dataset: Any = None,
        **options: Any,
    ):
        self.temperature = positive_temperature(temperature)
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must lie in [0, 1]: it weighs the soft loss; but is {alpha:g}")
        self.alpha = float(alpha)
        if options.get("compute_loss_func") or (args and args.label_smoothing_factor):
            raise ValueError(
                "compute_loss_func and label_smoothing_factor bring a loss of their own, which "
                "would take the place of the distillation loss: leave them out"
            )
        if self.alpha > 0 and train_dataset is not None:
            _refuse_all_but_one_teacher(teacher, teacher_outputs, train_dataset)
            if teacher_outputs is not None:
                train_dataset = add_teacher_logits(train_dataset, teacher_outputs)
        super().__init__(model=model, args=args, train_dataset=train_dataset, **options)

        if type(self.model).__name__ in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values():
            raise ValueError(
                f"model must not be a causal language model ({type(self.model).__name__}): its "
                f"logits speak of the next token, and the labels here are not shifted"
            )
        if marks_answers(self.model) and "answer_mask" not in self._labels_take:
            raise ValueError(
                f"model must give classes, but {type(self.model).__name__} marks answers: "
                f"SpanDistillationTrainer is for it"
            )
        self._student_takes = arguments_for(self.model)
        self._parts: dict[str, Tensor] = {}  # the loss's parts, summed since they were last logged
        # Tells the library that our loss is a mean over the whole step already, so that it does
        # not divide every accumulated batch's share by their number again.
        self.model_accepts_loss_kwargs = True
        # An attribute, and no part of the model: neither optimiser nor checkpoint ever sees it.
        self.teacher = teacher
        if teacher is not None:
            refuse_misfit(teacher, self.model)
            in_eval_mode(teacher)
            if self.alpha > 0:
                teacher.to(self.args.device)

    # -- the loss -----------------------------------------------------------------------------

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Mapping[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | None = None,
    ) -> Any:
        """A batch's loss; in training, its share of the loss of the optimiser step.

        inputs: what the student takes, labels (batch,) or (batch, length), and, where no live
        teacher is asked, teacher_logits of the student's own shape.
        num_items_in_batch: (2,), the rows of the whole step that have a soft part and those that
        have a hard one; None where this batch is the whole step.
        """
        outputs = model(**self._for_student(inputs))
        if not model.training:
            loss = self._hard_loss(logits_of(outputs, "the student"), inputs)
            return (loss, outputs) if return_outputs else loss

        rows = self._count_rows(inputs)  # (2,)
        rows_of_step = rows if num_items_in_batch is None else num_items_in_batch
        parts = self._parts_of_loss(outputs, inputs, rows / rows_of_step.clamp(min=1))
        # Several processes' gradients are averaged; the shares are of the sum over all of them.
        processes = self.accelerator.num_processes
        self._note({name: part * processes for name, (_, part) in parts.items()})
        loss = sum(weight * part * processes for weight, part in parts.values())
        return (loss, outputs) if return_outputs else loss

    def _parts_of_loss(
        self, outputs: Any, inputs: Mapping[str, Tensor], shares: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        """The loss's parts by name, each with its weight, and scaled to its share of the step.

        shares: (2,), the batch's share of the step's rows that have a soft part, and a hard one.
        A part of weight zero is not computed: neither its cost, nor 0 · inf = NaN.
        """
        student_logits = logits_of(outputs, "the student")
        self._refuse_missing_labels(student_logits, inputs)
        parts = {}
        if self.alpha > 0:
            soft_loss = self._soft_loss(student_logits, self._teacher_logits(inputs), inputs)
            parts["soft_loss"] = (self.alpha, shares[0] * soft_loss)
        if self.alpha < 1:
            hard_loss = self._hard_loss(student_logits, inputs)
            parts["hard_loss"] = (1 - self.alpha, shares[1] * hard_loss)
        return parts

    # What follows is another thing where logits mark answers: `SpanDistillationTrainer`.

    def _soft_loss(
        self, student_logits: Tensor, teacher_logits: Tensor, inputs: Mapping[str, Tensor]
    ) -> Tensor:
        """The teacher's part, a mean over the batch's rows."""
        mask = inputs["labels"] != IGNORED_LABEL if student_logits.ndim == 3 else None
        return soft_target_loss(
            student_logits, teacher_logits, temperature=self.temperature, mask=mask
        )

    def _hard_loss(self, student_logits: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        """The labels' part, a mean over the batch's labelled rows."""
        return hard_target_loss(student_logits, inputs["labels"])

    def _count_rows(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """How many rows have a soft part, and how many a hard one: (2,)."""
        return _count_rows(inputs)

    def _refuse_missing_labels(self, student_logits: Tensor, inputs: Mapping[str, Tensor]) -> None:
        _refuse_missing_labels(inputs.get("labels"), student_logits, self.alpha)

    def _get_num_items_in_batch(self, batch_samples: list, device: torch.device) -> Tensor | None:
        """How many rows of a whole optimiser step have a soft part, and how many a hard one: (2,).

        Counted over the step's batches and over all processes. The library calls this before the
        first batch of a step and hands the result to `compute_loss`; its own would count labels
        alone, but a row labelled -100 has a soft part too.
        """
        if not batch_samples:
            return None
        rows = torch.stack([self._count_rows(batch) for batch in batch_samples]).sum(0).to(device)
        return self.accelerator.gather(rows[None]).sum(0)

    def _teacher_logits(self, inputs: Mapping[str, Tensor]) -> Tensor:
        if TEACHER_LOGITS in inputs:
            return inputs[TEACHER_LOGITS]
        if self.teacher is None:
            raise ValueError(
                f"teacher must be given, or teacher_outputs: alpha is {self.alpha:g}, and "
                f"the batch has no {TEACHER_LOGITS!r} (dropped by the data_collator?)"
            )
        with self.accelerator.autocast():
            return ask(self.teacher, inputs)

    # -- the log ------------------------------------------------------------------------------

    def _note(self, parts: dict[str, Tensor]) -> None:
        if not self._parts:
            self._noted_from = self.state.global_step
        for name, part in parts.items():
            self._parts[name] = self._parts.get(name, 0.0) + part.detach()

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log as the library does; beside a training loss, its parts over the same steps."""
        if "loss" in logs and self._parts:
            steps = self.state.global_step - self._noted_from
            for name, total in self._parts.items():
                logs[name] = self.accelerator.gather(total).mean().item() / steps
            self._parts = {}
        super().log(logs, *args, **kwargs)

    # -- what the data set's columns are for --------------------------------------------------

    def _set_signature_columns_if_needed(self) -> None:
        """Keep the columns that the student has no use for, but the teacher has."""
        first_time = self._signature_columns is None
        super()._set_signature_columns_if_needed()
        if first_time:
            self._signature_columns += [TEACHER_LOGITS]
            if self.teacher is not None and self.alpha > 0:
                self._signature_columns += sorted(arguments_for(self.teacher))

    def _for_student(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: value for name, value in inputs.items() if name in self._student_takes}

    def prediction_step(
        self, model: nn.Module, inputs: Mapping[str, Tensor], *args: Any, **kwargs: Any
    ):
        """An evaluation's step, as the library's: what is the teacher's is left out."""
        keep = self._student_takes | self._labels_take
        inputs = {name: value for name, value in inputs.items() if name in keep}
        return super().prediction_step(model, inputs, *args, **kwargs)

    # -- the order of the rows, and taking up where one was interrupted ------------------------

    def _get_train_sampler(self, train_dataset: Any = None):
        sampler = super()._get_train_sampler(train_dataset)
        if type(sampler) is LengthGroupedSampler:
            seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
            return _SeededLengthGroups(sampler.batch_size, lengths=sampler.lengths, seed=seed)
        return sampler

    def _get_eval_sampler(self, eval_dataset: Any) -> None:
        """The data set's own order, grouped by length or not: predictions line up with its rows."""
        return None

    def train(self, resume_from_checkpoint: str | bool | None = None, **kwargs: Any):
        """Train, or go on from a checkpoint to the same weights as without the interruption.

        resume_from_checkpoint: a folder, or True for the last whole one in args.output_dir (where
        there is none, training starts at the beginning).
        """
        if resume_from_checkpoint is True:
            resume_from_checkpoint = last_checkpoint(self.args.output_dir)
        self._parts = {}
        return super().train(resume_from_checkpoint=resume_from_checkpoint, **kwargs)


class _SeededLengthGroups(LengthGroupedSampler):
    """The library's order by length, drawn from the seed and the epoch alone.

    The library's own draws from the generator that dropout uses too: an epoch's order would then
    depend on all that was computed before it, and a resumed run would see another one.
    """

    def __init__(self, batch_size: int, *, lengths: list[int], seed: int):
        super().__init__(batch_size, lengths=lengths, generator=torch.Generator())
        self.seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self):
        self.generator.manual_seed(self.seed + self.epoch)
        return super().__iter__()


def _count_rows(inputs: Mapping[str, Tensor]) -> Tensor:
    """How many rows have a soft part, and how many a hard one: (2,)."""
    labels = inputs.get("labels")
    if labels is None:
        some = next(value for value in inputs.values() if torch.is_tensor(value))
        return torch.tensor([len(some), 0], device=some.device)
    labelled = (labels != IGNORED_LABEL).sum()
    # Token by token, a label of -100 is padding; example by example, only a missing label.
    rows = labelled if labels.ndim == 2 else labelled.new_tensor(len(labels))
    return torch.stack([rows, labelled])


def _refuse_missing_labels(labels: Tensor | None, student_logits: Tensor, alpha: float) -> None:
    if labels is None and alpha < 1:
        raise ValueError(
            f"train_dataset must have labels where alpha is below 1 (here {alpha:g}): "
            f"-100 for a row that has none"
        )
    if labels is None and student_logits.ndim == 3:
        raise ValueError(
            "train_dataset must have labels where logits are (batch, length, vocabulary): "
            "-100 tells which positions are padding"
        )


def _refuse_all_but_one_teacher(teacher: Any, teacher_outputs: Any, train_dataset: Any) -> None:
    given = {
        "teacher=": teacher is not None,
        "teacher_outputs=": teacher_outputs is not None,
        f"a column {TEACHER_LOGITS!r} of train_dataset": has_teacher_logits(train_dataset),
    }
    if sum(given.values()) != 1:
        found = " and ".join(name for name, there in given.items() if there) or "none of them"
        raise ValueError(f"alpha > 0 needs one teacher, out of {', '.join(given)}; found: {found}")


# -- checkpoints ------------------------------------------------------------------------------


def last_checkpoint(folder: str | os.PathLike) -> str | None:
    """The newest checkpoint in a folder that is whole; None where there is none.

    A run that is killed while it saves leaves a checkpoint that cannot be read. The library's own
    `get_last_checkpoint` returns it all the same, because its number is the highest.
    """
    found = {int(p.name.rpartition("-")[2]): p for p in Path(folder).glob("checkpoint-*[0-9]")}
    whole = [step for step, checkpoint in found.items() if _is_whole(checkpoint, step)]
    return str(found[max(whole)]) if whole else None


def _is_whole(checkpoint: Path, step: int) -> bool:
    """Whether everything in a checkpoint can be read, the state that is written last included."""
    try:
        if json.loads((checkpoint / "trainer_state.json").read_text())["global_step"] != step:
            return False
        for weights in checkpoint.glob("*.safetensors"):
            with safe_open(weights, "pt"):  # compares the file's length with its table of contents
                pass
    except (OSError, ValueError, KeyError, SafetensorError):
        return False
    # torch.save writes a zip file, whose directory stands at its end.
    saved = [file for kind in ("*.pt", "*.pth", "*.bin") for file in checkpoint.glob(kind)]
    return bool(saved) and all(zipfile.is_zipfile(file) for file in saved)


# -- options ----------------------------------------------------------------------------------


def training_arguments(
    output_dir: str | os.PathLike, *, kind: type = TrainingArguments, **options: Any
) -> TrainingArguments:
    """The library's TrainingArguments, with what every run of this course has in common.

    Batches grouped by length, no checkpoints, nothing reported to outside services. Whatever is
    given in `options` counts instead. kind: TrainingArguments, or a class made from it.
    """
    by_length: dict[str, Any] = {"train_sampling_strategy": "group_by_length"}
    if "train_sampling_strategy" not in TrainingArguments.__dataclass_fields__:
        by_length = {"group_by_length": True}  # its name before transformers 5.2
    common = {
        "save_strategy": "no",
        "report_to": "none",
        # Pinned memory speeds the way to a GPU, and only warns where there is none.
        "dataloader_pin_memory": torch.cuda.is_available(),
    }
    return kind(output_dir=str(output_dir), **{**by_length, **common, **options})
