"""The trainer that distils: the library's own Trainer, with a teacher's part in the loss.

What is here is what distilling adds: a teacher that is asked but never trained, a loss in two
parts, and the care that each part stays a mean over all the rows of an optimiser step. Everything
else (mixed precision, schedules, early stopping, checkpoints, several GPUs) is the library's.

Hinton, Vinyals & Dean, Distilling the Knowledge in a Neural Network, 2015.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import TrainingArguments

from kd_course.distillation.asking import (
    arguments_for,
    ask,
    in_eval_mode,
    logits_of,
    share_padding,
    unwrapped,
    without_cache,
)
from kd_course.distillation.cache import TeacherOutputs
from kd_course.distillation.checkpoints import last_checkpoint
from kd_course.distillation.columns import TEACHER_LOGITS, with_teacher_outputs
from kd_course.distillation.evaluation import EvaluationWithTeacher
from kd_course.distillation.fitting import (
    refuse_all_but_one_teacher,
    refuse_misfit,
    refuse_other_names,
    refuse_other_tasks,
    refuse_other_words,
    refuse_unreadable_rows,
    tokenizer_of,
    warn_of_half_precision,
)
from kd_course.distillation.labels import (
    CountedRows,
    collator_for,
    count_rows,
    is_causal,
    next_token_labels,
    refuse_labelled_padding,
    refuse_missing_labels,
    warn_of_packing_with_a_mask,
)
from kd_course.distillation.loss_log import LossPartsInLog
from kd_course.distillation.model_card import DistillationCard
from kd_course.distillation.row_order import RowsInSeededOrder
from kd_course.distillation.token_outputs import COLUMNS, TOP_IDS, TopKCollator, TopKOutputs
from kd_course.distillation.vocabularies import Compared, mass_beyond, over_the_same_words
from kd_course.divergences import positive_temperature
from kd_course.losses import (
    IGNORED_LABEL,
    TopK,
    hard_target_loss,
    soft_target_loss,
    top_k_target_loss,
)


class DistillationTrainer(
    DistillationCard, EvaluationWithTeacher, LossPartsInLog, RowsInSeededOrder
):
    """A transformers.Trainer whose student learns from a teacher as well as from labels.

    The loss of an optimiser step is `losses.distillation_loss` of all its rows at once,
    α · T² KL(teacher ‖ student) + (1 - α) · H(labels, student), however the step is divided into
    accumulated batches and processes. A label of -100 takes its row out of the hard part only.
    For logits of shape (batch, length, vocabulary) it marks padding: out of both parts.
    A causal language model takes labels as transformers has them: beside the tokens, -100 for
    prompt and padding; the shift by one is made here. Several texts may be packed into a row, with
    position_ids that begin anew and no attention_mask, as DataCollatorWithFlattening makes them.
    The log shows the parts as `soft_loss` and `hard_loss`, beside their mixture, `loss`.
    An evaluation measures the labels' loss (`eval_loss`, in nats) and, where a teacher is at hand,
    the teacher's (`eval_soft_loss`); of rows without labels both are the teacher's.

    The teacher comes in one of three ways:
    teacher=            a model, asked for every batch, in eval mode and without gradients;
    teacher_outputs=    what `cached_teacher_outputs` returned: no teacher runs any more;
    a column            `teacher_logits` in train_dataset, as `add_teacher_logits` makes it from
                        any logits at all.
    alpha=0 needs none, and asks none: plain fine-tuning, the control of every experiment.

    temperature: positive. alpha: in [0, 1], the weight of the soft part.
    vocabulary: "common" compares the words that both know, where one's vocabulary is only padded
    (151,936 and 152,064); the log says what share of the other's belief is left out of the soft part,
    as `teacher_mass_left_out` or `student_mass_left_out`.
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
        teacher_outputs: TeacherOutputs | TopKOutputs | None = None,
        temperature: float = 2.0,
        alpha: float = 0.5,
        vocabulary: str = "same",
        train_dataset: Any = None,
        **options: Any,
    ):
        self.temperature = positive_temperature(temperature)
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must lie in [0, 1]: it weighs the soft loss; but is {alpha:g}")
        self.alpha = float(alpha)
        if vocabulary not in ("same", "common"):
            raise ValueError(f'vocabulary must be "same" or "common", but is {vocabulary!r}')
        self.vocabulary = vocabulary
        if options.get("compute_loss_func") or (args and args.label_smoothing_factor):
            raise ValueError(
                "compute_loss_func and label_smoothing_factor bring a loss of their own, which "
                "would take the place of the distillation loss: leave them out"
            )
        if train_dataset is not None:
            refuse_unreadable_rows(train_dataset, "train_dataset")
        if self.alpha > 0 and train_dataset is not None:
            refuse_all_but_one_teacher(teacher, teacher_outputs, train_dataset)
            if teacher_outputs is not None:
                # An evaluation looks its own rows up in the same outputs.
                train_dataset = with_teacher_outputs(
                    train_dataset, teacher_outputs, self.temperature
                )
        if options.get("data_collator") is None:
            options["data_collator"] = collator_for(model, options.get("processing_class"))
        super().__init__(model=model, args=args, train_dataset=train_dataset, **options)

        refuse_other_tasks(self.model, spans="answer_mask" in self._labels_take)
        warn_of_half_precision(self.model)
        self._student_takes = arguments_for(self.model)
        self._causal = is_causal(unwrapped(self.model))
        self._outputs = teacher_outputs if self.alpha > 0 else None
        # Tells the library that our loss is a mean over the whole step already, so that it does
        # not divide every accumulated batch's share by their number again.
        self.model_accepts_loss_kwargs = True
        # An attribute, and no part of the model: neither optimiser nor checkpoint ever sees it.
        self.teacher = teacher
        if teacher is not None:
            self._take(teacher)
        if self._outputs is not None:
            self._take_outputs(self._outputs)

    def _take(self, teacher: nn.Module) -> None:
        """Make a live teacher ready, if it fits."""
        refuse_misfit(teacher, self.model, common=self.vocabulary == "common")
        if self.processing_class is not None:
            refuse_other_words(tokenizer_of(teacher), self.processing_class)
            share_padding(teacher, self.processing_class)
        in_eval_mode(teacher)
        if self.alpha > 0:
            teacher.to(self.args.device)

    def _take_outputs(self, outputs: TeacherOutputs | TopKOutputs) -> None:
        """Make a teacher's outputs ready, if they fit."""
        if isinstance(self.eval_dataset, dict):
            self.eval_dataset = self._with_teacher(self.eval_dataset)
        if outputs.tokenizer is not None and self.processing_class is not None:
            refuse_other_words(outputs.tokenizer, self.processing_class)
        config = getattr(unwrapped(self.model), "config", None)
        if isinstance(outputs, TopKOutputs):
            decodes = getattr(config, "is_encoder_decoder", False)
            self.data_collator = TopKCollator(self.data_collator, decodes=decodes)
        else:
            refuse_other_names(outputs.id2label, getattr(config, "id2label", None))

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
        inputs = self._with_decoder_inputs(inputs)
        outputs = model(**self._for_student(inputs))
        if not model.training:
            self._student_logits = logits_of(outputs, "the student")  # for `_measure`
            loss = self._hard_loss(self._student_logits, inputs)
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
        self._refuse_labels(student_logits, inputs)
        counted = CountedRows(self._labels(inputs), student_logits)
        student, labelled = counted.of(student_logits), counted.with_labels(inputs)
        parts = {}
        if self.alpha > 0:
            whole, teacher, left_out = self._comparable(
                student_logits, self._teacher_logits(inputs)
            )
            compared = student if whole is student_logits else counted.of(whole)
            soft_loss = self._soft_loss(compared, counted.of(teacher), labelled)
            parts["soft_loss"] = (self.alpha, shares[0] * soft_loss)
            if left_out is not None:
                mass = mass_beyond(counted.of(left_out.logits), left_out.words, self.temperature)
                self._note({left_out.name: shares[0] * mass * self.accelerator.num_processes})
        if self.alpha < 1:
            parts["hard_loss"] = (1 - self.alpha, shares[1] * self._hard_loss(student, labelled))
        return parts

    def _comparable(self, student: Tensor, teacher: Tensor | TopK) -> Compared:
        """Both logits over the same words; what is of classes stays as it is."""
        if student.ndim == 2:
            return Compared(student, teacher)
        if isinstance(teacher, TopK):
            words = getattr(self._outputs, "words", None) or student.shape[-1]
        else:
            words = teacher.shape[-1]
        return over_the_same_words(student, teacher, words, common=self.vocabulary == "common")

    # What follows is another thing where logits mark answers: `SpanDistillationTrainer`.

    def _soft_loss(
        self, student_logits: Tensor, teacher_logits: Any, inputs: Mapping[str, Tensor]
    ) -> Tensor:
        """The teacher's part, a mean over the batch's rows."""
        labels = self._labels(inputs)
        refuse_missing_labels(labels, student_logits, alpha=1.0)
        mask: Any = None if student_logits.ndim == 2 else labels != IGNORED_LABEL
        loss: Any = top_k_target_loss if isinstance(teacher_logits, TopK) else soft_target_loss
        return loss(student_logits, teacher_logits, temperature=self.temperature, mask=mask)

    def _hard_loss(self, student_logits: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        """The labels' part, a mean over the batch's labelled rows."""
        labels = self._labels(inputs)
        if labels is None:
            raise ValueError(f"a batch must have labels for its hard loss, but has {list(inputs)}")
        return hard_target_loss(student_logits, labels)

    def _count_rows(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """How many rows have a soft part, and how many a hard one: (2,)."""
        return count_rows(self._labels(inputs), inputs)

    def _refuse_labels(self, student_logits: Tensor, inputs: Mapping[str, Tensor]) -> None:
        refuse_missing_labels(inputs.get("labels"), student_logits, self.alpha)
        refuse_labelled_padding(inputs, getattr(unwrapped(self.model), "config", None))
        if self._causal:
            warn_of_packing_with_a_mask(inputs)

    def _labels(self, inputs: Mapping[str, Tensor]) -> Tensor | None:
        """What each row of logits is to say: (batch,) or (batch, length); None where none is given."""
        labels = inputs.get("labels")
        if self._causal and labels is not None and labels.ndim == 2:  # not taken out yet
            return next_token_labels(labels, inputs.get("position_ids"))
        return labels

    def _with_decoder_inputs(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """What an encoder-decoder reads beside them: `Seq2SeqDistillationTrainer`."""
        return inputs

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

    def _teacher_at_hand(self, inputs: Mapping[str, Tensor]) -> bool:
        return TEACHER_LOGITS in inputs or TOP_IDS in inputs or self.teacher is not None

    def _teacher_logits(self, inputs: Mapping[str, Tensor]) -> Tensor | TopK:
        if TOP_IDS in inputs:
            return TopK(*(inputs[name] for name in COLUMNS))
        if TEACHER_LOGITS in inputs:
            return inputs[TEACHER_LOGITS]
        if self.teacher is None:
            raise ValueError(
                f"teacher must be given, or teacher_outputs: alpha is {self.alpha:g}, and "
                f"the batch has no {TEACHER_LOGITS!r} (dropped by the data_collator?)"
            )
        with self.accelerator.autocast():
            return ask(self.teacher, inputs)

    # -- what the data set's columns are for --------------------------------------------------

    def _set_signature_columns_if_needed(self) -> None:
        """Keep the columns that the student has no use for, but the teacher has."""
        first_time = self._signature_columns is None
        super()._set_signature_columns_if_needed()
        if first_time:
            self._signature_columns += [TEACHER_LOGITS, *COLUMNS]
            if self.teacher is not None and self.alpha > 0:
                self._signature_columns += sorted(arguments_for(self.teacher))

    def _for_student(self, inputs: Mapping[str, Tensor]) -> dict[str, Any]:
        given = {name: value for name, value in inputs.items() if name in self._student_takes}
        return given | without_cache(self.model)

    # -- taking up where one was interrupted -----------------------------------------------------

    def train(self, resume_from_checkpoint: str | bool | None = None, **kwargs: Any):
        """Train, or go on from a checkpoint to the same weights as without the interruption.

        resume_from_checkpoint: a folder, or True for the last whole one in args.output_dir (where
        there is none, training starts at the beginning).
        """
        if resume_from_checkpoint is True:
            resume_from_checkpoint = last_checkpoint(self.args.output_dir)
        return super().train(resume_from_checkpoint=resume_from_checkpoint, **kwargs)
