"""What a teacher said, as a column of the data set: it travels with its row, through any shuffle."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from kd_course.distillation.cache import TeacherOutputs
from kd_course.distillation.token_outputs import TOP_IDS, TopKOutputs

TEACHER_LOGITS = "teacher_logits"  # the column's name


def add_teacher_logits(dataset: Any, outputs: TeacherOutputs | Tensor) -> Any:
    """The data set with a column `teacher_logits`, from which a student can be taught.

    outputs: what `cached_teacher_outputs` returned, or any logits (rows, classes) in the order of
    the data set: a mean of teachers, or log p(y | text) where the truth is known; for windows a
    list of (2, tokens), start and end.
    Returns a datasets.Dataset where it is given one, else a list of dicts; what stood in the
    column before is replaced. Raises KeyError for rows that the outputs do not hold, ValueError for
    logits that are not one row an example.
    """
    if isinstance(outputs, TopKOutputs):
        raise TypeError(
            "outputs for tokens go to the trainer whole, teacher_outputs=…: it knows the temperature"
        )
    logits = outputs.of(dataset) if isinstance(outputs, TeacherOutputs) else outputs
    if isinstance(logits, list):
        return _add_span_logits(dataset, logits)
    logits = logits.detach().float().cpu()
    if logits.ndim != 2 or len(logits) != len(dataset):
        raise ValueError(
            f"outputs must have shape (rows, classes) with the data set's {len(dataset)} rows, "
            f"but have shape {tuple(logits.shape)}"
        )
    if not hasattr(dataset, "add_column"):
        rows = (dataset[i] for i in range(len(dataset)))
        return [
            {**row, TEACHER_LOGITS: given} for row, given in zip(rows, logits.tolist(), strict=True)
        ]
    if has_teacher_logits(dataset):
        dataset = dataset.remove_columns(TEACHER_LOGITS)
    return dataset.add_column(TEACHER_LOGITS, list(logits.numpy()))


def with_teacher_outputs(dataset: Any, outputs: Any, temperature: float) -> Any:
    """The data set with what a trainer needs of the outputs: the teacher's column, or its three."""
    if isinstance(outputs, TopKOutputs):
        return outputs.add_to(dataset, temperature)
    return add_teacher_logits(dataset, outputs)


def _add_span_logits(dataset: Any, logits: list) -> list[dict]:
    """Windows as a list of dicts, each with its (2, tokens) in the column."""
    if len(logits) != len(dataset):
        raise ValueError(
            f"outputs must have one entry for each of the data set's {len(dataset)} windows, but "
            f"have {len(logits)}"
        )
    rows = [{**dataset[i], TEACHER_LOGITS: given} for i, given in enumerate(logits)]
    for i, row in enumerate(rows):
        shape, tokens = tuple(row[TEACHER_LOGITS].shape), len(row["input_ids"])
        if shape != (2, tokens):
            raise ValueError(
                f"outputs must give a window of {tokens} tokens logits of shape (2, {tokens}), "
                f"start and end, but those of window {i} have shape {shape}"
            )
    return rows


def has_teacher_logits(dataset: Any) -> bool:
    columns = getattr(dataset, "column_names", None)
    found = set(next(iter(dataset), ()) if columns is None else columns)
    return bool(found & {TEACHER_LOGITS, TOP_IDS})
