"""Figures, computed from the answers that a report keeps; and the rows on which a model is timed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from kd_course.capstone.answering import timed_rows
from kd_course.capstone.briefs import (
    ANSWERS,
    CLASSES,
    HEADLINES,
    Brief,
    Row,
    asked,
    clusters,
    scores,
)
from kd_course.capstone.schema import NotReadable
from kd_course.capstone.trained_texts import digest_of

METHOD, CONTROL = "method", "control"  # the two arms that every report has


def pack(brief: Brief, answers: Sequence[Any]) -> Any:
    """Answers as a report keeps them: classes as one string of digits, texts as a list."""
    if brief.task == CLASSES:
        return "".join(str(int(answer)) for answer in answers)
    return [str(answer) for answer in answers]


def unpack(brief: Brief, kept: Any) -> list[Any]:
    """What `pack` made. Raises NotReadable for answers of another kind."""
    if brief.task == CLASSES:
        if not isinstance(kept, str) or not re.fullmatch("[0-9]*", kept):
            raise NotReadable("runs: answers of this brief are one string of digits")
        return [int(digit) for digit in kept]
    if not isinstance(kept, list):
        raise NotReadable("runs: answers of this brief are a list of texts")
    return list(kept)


def score_table(
    brief: Brief, rows: Sequence[Row], runs: Sequence[dict[str, Any]], arm: str
) -> dict[int, np.ndarray]:
    """Of every seed of an arm: (rows,), 0 … 100."""
    return {
        run["seed"]: 100 * scores(brief, rows, unpack(brief, run["answers"]))
        for run in sorted(runs, key=lambda run: run["seed"])
        if run["arm"] == arm
    }


def figures(brief: Brief, rows: Sequence[Row], runs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """{"method", "control", "difference", "low", "high"}: means over seeds and rows, and the interval.

    Raises ValueError where method and control have not the same seeds.
    """
    from kd_course.experiments import paired_interval

    method, control = (score_table(brief, rows, runs, arm) for arm in (METHOD, CONTROL))
    if not method or list(method) != list(control):
        raise ValueError(
            f"method and control must have been run with the same seeds, but have {list(method)} "
            f"and {list(control)}"
        )
    tables = [np.stack(list(arm.values())) for arm in (method, control)]
    interval = paired_interval(*tables, clusters=clusters(brief, rows))
    return {
        "method": float(tables[0].mean()),
        "control": float(tables[1].mean()),
        "difference": interval.mean,
        "low": interval.low,
        "high": interval.high,
    }


def mean_and_error(
    brief: Brief, rows: Sequence[Row], answers: Sequence[Any]
) -> tuple[float, float]:
    """One model's figure on these rows, 0 … 100, and its standard error; rows that hang together are one."""
    scored = 100 * scores(brief, rows, answers)
    _, groups = np.unique(clusters(brief, rows) or range(len(rows)), return_inverse=True)
    means = np.bincount(groups, scored) / np.bincount(groups)
    error = means.std(ddof=1) / len(means) ** 0.5 if len(means) > 1 else np.inf
    return float(means.mean()), float(error)


def not_copied(answers: Sequence[str], trained: Collection[str]) -> np.ndarray:
    """(answers,): 1 where a text stands for the first time, 0 for a text once more or trained on.

    trained: digests of the training texts.
    """
    seen, first = set(trained), []
    for digest in map(digest_of, answers):
        first.append(digest not in seen)
        seen.add(digest)
    return np.array(first, dtype=np.float64)


def towards_goal(
    brief: Brief, rows: Sequence[Row], answers: Sequence[Any], trained: Collection[str]
) -> float:
    """One run's figure as a goal counts it, 0 … 100: of headlines without those that are copies.

    trained: digests of the training texts.
    """
    worth = scores(brief, rows, answers)
    if brief.task == HEADLINES:
        worth = worth * not_copied(answers, trained)
    return 100 * float(np.mean(worth))


def timing_questions(brief: Brief) -> list[Any]:
    """Rows on which a model is timed: no test row, so that timing opens no test."""

    if brief.task == HEADLINES:
        return [number % 3 for number in range(timed_rows(brief.task))]
    if brief.scale != "offline":
        return [_SENTENCE] * timed_rows(brief.task)
    rows = brief.corpus().load(0, sizes=_only_validation(brief))["validation"]
    if brief.task == ANSWERS:
        return [[row["question"], row["context"]] for row in rows][: timed_rows(brief.task)]
    if "translation" in rows.column_names:
        return asked(brief.task, [{"text": row["translation"]["en"]} for row in rows])
    return asked(brief.task, [{"text": text} for text in rows["text"]])


_SENTENCE = (
    "Operating profit rose to EUR 13.1 mn from EUR 8.7 mn in the corresponding period, which "
    "represents 7.7 % of net sales."
)


def _only_validation(brief: Brief) -> dict[str, int]:

    corpus = brief.corpus()
    count = timed_rows(brief.task)
    if brief.task == ANSWERS:
        count = -(-count // corpus.QUESTIONS)
    return dict.fromkeys(corpus.SIZES, 0) | {"validation": count}
