"""How a student in training is evaluated: on its labels, and, where a teacher is at hand, on that.

The library's own evaluation needs labels. A student that learns from a teacher alone (alpha = 1) has
none on its validation rows, and yet wants to stop early: `eval_soft_loss` is what it is stopped by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Trainer

from kd_course.distillation.asking import logits_of
from kd_course.distillation.columns import has_teacher_logits, with_teacher_outputs
from kd_course.losses import TopK

_LABELS_TOO = {"label", "label_ids"}  # columns that the library's collators make `labels` of


class EvaluationWithTeacher(Trainer):
    """A Trainer whose evaluation measures the teacher's part of the loss beside the labels'.

    Two means over all rows of an evaluation that have the part, however they are divided into batches:
    `eval_loss`, over the labelled ones, and `eval_soft_loss` where a teacher can be asked. (The library's
    own is a mean over batches.) What a batch's parts are, the trainer made from this one says.
    """

    alpha: float
    teacher: nn.Module | None
    _student_takes: set[str]
    _labels_take: frozenset[str]
    eval_dataset: Any
    data_collator: Any
    _batch: list[Tensor]  # (2, 2) each: the sums of both parts, and the rows they are over
    _sums: Tensor | None = None  # of all batches so far; None where nothing is measured

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        """As the library's; rows that `teacher_outputs` knows come with what the teacher said."""
        if self._outputs is not None and not isinstance(eval_dataset, str):
            rows = self.eval_dataset if eval_dataset is None else eval_dataset
            eval_dataset = None if rows is None else self._with_teacher(rows)
        return super().get_eval_dataloader(eval_dataset)

    def _with_teacher(self, rows: Any) -> Any:
        if isinstance(rows, dict):  # several data sets, each under its name
            return {name: self._with_teacher(some) for name, some in rows.items()}
        if rows is None or not len(rows) or has_teacher_logits(rows):
            return rows
        try:
            return with_teacher_outputs(rows, self._outputs, self.temperature)
        except KeyError as error:
            labels = self._labels_take | (_LABELS_TOO if "labels" in self._labels_take else set())
            if labels & set(rows[0]):
                return rows  # measured on its labels alone
            raise ValueError(
                f"eval_dataset has no labels, so it is measured on what the teacher says: "
                f"{error.args[0]}"
            ) from None

    def prediction_step(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
        **options: Any,
    ):
        """An evaluation's step, as the library's; what is the teacher's goes to the soft loss alone."""
        keep = self._student_takes | self._labels_take
        given = {name: value for name, value in inputs.items() if name in keep}
        self._student_logits: Tensor | None = None  # `compute_loss` leaves them here
        answer = super().prediction_step(
            model, given, prediction_loss_only, ignore_keys=ignore_keys, **options
        )
        if self._sums is not None:
            self._measure(model, self._prepare_inputs(inputs))
        return answer

    def _measure(self, model: nn.Module, inputs: Mapping[str, Tensor]) -> None:
        """Add a batch to the sums of both parts, and to how many rows they are sums over."""
        soft = self.alpha > 0 and self._teacher_at_hand(inputs)
        hard = self._labels_take <= set(inputs)
        if not soft and not hard:
            return
        inputs = self._with_decoder_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            student = self._student_logits
            if student is None:
                student = logits_of(model(**self._for_student(inputs)), "the student")
            compared, teacher = student, None
            if soft:
                compared, teacher, _ = self._comparable(student, self._teacher_logits(inputs))
        # Several processes leave the rows out that only fill up the last batch: row by row.
        apart = self.accelerator.num_processes > 1
        size = len(student)
        for rows in [slice(i, i + 1) for i in range(size)] if apart else [slice(0, size)]:
            part = {name: _rows(value, rows, size) for name, value in inputs.items()}
            counts = self._count_rows(part)[:2].float()
            sums = counts.new_zeros(2)
            if soft and counts[0]:
                sums[0] = self._soft_loss(compared[rows], _rows(teacher, rows, size), part)
            if hard and counts[1]:
                sums[1] = self._hard_loss(student[rows], part)
            self._batch.append(torch.stack([sums * counts, counts]))
        gathered = self.accelerator.gather_for_metrics(torch.stack(self._batch))
        self._batch = []
        self._sums += gathered.cpu().double().sum(0)
        self._measured = (soft, hard)

    def evaluation_loop(self, dataloader: Any, description: str, *args: Any, **options: Any):
        """As the library's, with both losses; where no row is labelled, `eval_loss` is the soft one.

        Where no teacher can be asked either, there is no `eval_loss`. A prediction's loss is the library's.
        """
        if description == "Prediction":
            self._sums = None
            return super().evaluation_loop(dataloader, description, *args, **options)
        self._sums = torch.zeros(2, 2, dtype=torch.float64)  # sums and rows of both parts
        self._batch = []
        self._measured = (False, False)
        output = super().evaluation_loop(dataloader, description, *args, **options)
        (soft, hard), (sums, rows) = self._measured, self._sums.tolist()
        prefix = options.get("metric_key_prefix", "eval")
        if hard and rows[1]:
            output.metrics[f"{prefix}_loss"] = sums[1] / rows[1]
        elif hard:  # the library's 0 is a mean of no labels at all
            output.metrics.pop(f"{prefix}_loss", None)
        if soft and rows[0]:
            output.metrics[f"{prefix}_soft_loss"] = sums[0] / rows[0]
            output.metrics.setdefault(f"{prefix}_loss", sums[0] / rows[0])
        self._sums = None
        return output


def _rows(value: Any, rows: slice, size: int) -> Any:
    if isinstance(value, TopK):
        return TopK(*(part[rows] for part in value))
    return value[rows] if torch.is_tensor(value) and value.ndim and len(value) == size else value
