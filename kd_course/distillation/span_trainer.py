"""The trainer that distils models which mark answers: DistillationTrainer, with a start and an end.

A row is a window, as `spans.windows` and `spans.rows` make them. Its loss is
`losses.span_distillation_loss`: a softmax over the window's passage tokens for the start, one for
the end, of student and teacher alike. A window without the answer has no hard part; one without a
passage token has none at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from kd_course import spans
from kd_course.distillation.asking import marks_answers
from kd_course.distillation.batches import ask_all
from kd_course.distillation.trainer import DistillationTrainer
from kd_course.losses import IGNORED_LABEL, span_distillation_loss
from kd_course.modes import eval_mode

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_NEEDED = ("start_positions", "end_positions", "answer_mask")


class SpanDistillationTrainer(DistillationTrainer):
    """A transformers.Trainer whose student learns from a teacher where answers start and end.

    As DistillationTrainer, whose teacher= and teacher_outputs= and column it takes alike.
    model: a *ForQuestionAnswering. train_dataset: windows, from `spans.rows`; a window whose
    positions are -100 learns from the teacher alone, and not at all at alpha=0.
    processing_class: the tokenizer, which pads the windows.
    The means that the log shows are over windows: all that have a passage token, and of the labels'
    part all that hold the answer.
    Raises ValueError for a model that marks no answers, for windows without positions or mask, for
    no tokenizer, and whatever DistillationTrainer refuses.
    """

    _labels_take = frozenset(_NEEDED)

    def __init__(
        self,
        model: nn.Module | None = None,
        args: Any = None,
        *,
        processing_class: PreTrainedTokenizerBase | None = None,
        **options: Any,
    ):
        if processing_class is None:
            raise ValueError("processing_class must be the tokenizer: it pads the windows")
        if model is not None and not marks_answers(model):
            raise ValueError(
                f"model must mark answers (a *ForQuestionAnswering), but {type(model).__name__} "
                f"has no start_positions"
            )
        for name in ("train_dataset", "eval_dataset"):
            _refuse_windows_without_a_mask(options.get(name), name)
        options.setdefault("data_collator", partial(spans.collate, tokenizer=processing_class))
        super().__init__(model=model, args=args, processing_class=processing_class, **options)

    def _soft_loss(
        self, student_logits: Tensor, teacher_logits: Tensor, inputs: Mapping[str, Tensor]
    ) -> Tensor:
        return self._span_loss(student_logits, teacher_logits, inputs, alpha=1.0)

    def _hard_loss(self, student_logits: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        return self._span_loss(student_logits, student_logits.detach(), inputs, alpha=0.0)

    def _span_loss(
        self, student: Tensor, teacher: Tensor, inputs: Mapping[str, Tensor], *, alpha: float
    ) -> Tensor:
        """student, teacher: (batch, 2, length), start and end."""
        student_start, student_end = student.unbind(1)
        teacher_start, teacher_end = teacher.unbind(1)
        return span_distillation_loss(
            student_start,
            student_end,
            teacher_start,
            teacher_end,
            inputs["start_positions"],
            inputs["end_positions"],
            temperature=self.temperature,
            alpha=alpha,
            mask=inputs["answer_mask"],
        )

    def _count_rows(self, inputs: Mapping[str, Tensor]) -> Tensor:
        missing = [name for name in _NEEDED if name not in inputs]
        if missing:
            raise ValueError(
                f"train_dataset must have the columns {', '.join(_NEEDED)} (spans.rows makes "
                f"them), but lacks {', '.join(missing)}"
            )
        counts = inputs["answer_mask"].bool().any(-1)
        labelled = counts & (inputs["start_positions"] != IGNORED_LABEL)
        return torch.stack([counts.sum(), labelled.sum()])

    def _refuse_labels(self, *_: Any) -> None:
        """Windows without an answer are no mistake; without positions, `_count_rows` refuses."""

    def _set_signature_columns_if_needed(self) -> None:
        first_time = self._signature_columns is None
        super()._set_signature_columns_if_needed()
        if first_time:
            self._signature_columns += _NEEDED


def _refuse_windows_without_a_mask(windows: Any, name: str) -> None:
    """Windows as the Hugging Face course makes them say where an answer is, not where one may be."""
    if windows is None or isinstance(windows, Mapping) or not len(windows):
        return
    missing = [column for column in _NEEDED if column not in windows[0]]
    if missing == ["answer_mask"]:
        raise ValueError(
            f"{name} lacks the column answer_mask: per token, whether an answer may start or end "
            f"there. Three lines make windows with it out of SQuAD's columns:\n"
            f"    columns = spans.windows(tokenizer, data['question'], data['context'])\n"
            f"    columns |= spans.labels(columns, data['context'], data['answers'])\n"
            f"    {name} = spans.rows(columns)"
        )


def predict_spans(
    model: PreTrainedModel,
    rows: Any,
    tokenizer: PreTrainedTokenizerBase,
    *,
    batch_size: int = 64,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Start and end logits of every window, in eval mode and without gradients: (tokens,) each.

    rows: windows, as `spans.rows` makes them. Returns two lists in their order, for
    `spans.best_answers`.
    """
    inputs = [{name: row[name] for name in spans.MODEL_INPUTS if name in row} for row in rows]
    with eval_mode(model):
        logits = ask_all(model, inputs, tokenizer, batch_size, progress=False)
    return [row[0].numpy() for row in logits], [row[1].numpy() for row in logits]
