"""What a run measures: figures and tables, kept on disk as they come."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kd_course.experiments.intervals import (
    Interval,
    NotFiniteError,
    paired_interval,
    paired_score_interval,
)
from kd_course.experiments.reference_runs import interval_of, ledger


class Report:
    """Collects a lesson's figures, and keeps them on disk when `kd_course run` asks for it.

    lesson: "06". scale: of the run. data: a fingerprint of the test rows, from `fingerprint`.
    test_seed: what drew them; None where the data have one test split. shortened: true where training was cut short, so that no figure means anything.
    """

    def __init__(
        self,
        lesson: str,
        scale: str,
        *,
        data: str,
        test_seed: int | None = None,
        shortened: bool = False,
    ):
        self.lesson, self.scale, self.data = lesson, scale, data
        self.test_seed, self.shortened = test_seed, shortened
        self.figures: dict[str, dict] = {}
        self.tables: dict[str, Any] = {}

    def add(
        self, name: str, value: float, *, seed: int | None = None, kind: str = "measured"
    ) -> float:
        """Note one figure, of one seed or of none; returns it.

        name: "distilled/accuracy". kind: "measured" figures are held to the ledger's band;
        "timing" ones depend on the machine and are only shown, as is what was "trained once"
        and so has no spread to make a band of.
        """
        figure = self.figures.setdefault(name, {"kind": kind, "values": {}})
        figure["values"]["-" if seed is None else str(seed)] = float(value)
        self._save()
        return float(value)

    def add_rows(
        self,
        name: str,
        treatment: np.ndarray,
        control: np.ndarray | float = 0.0,
        *,
        seeds: Sequence[int | None],
        clusters: Sequence | None = None,
        kind: str = "measured",
    ) -> Interval:
        """Note a mean over test rows, seed by seed, and its interval over seeds and rows; returns that.

        treatment, control, clusters: as in `paired_interval`, one row of scores for each of seeds.
        seeds: [None] for what has none. kind: as in `add`.
        Where a score is NaN or infinite, as after a training that diverged, every seed's mean is noted
        all the same, and the interval is not known (`Interval.known`): a run loses no other arm by it.
        """
        try:
            interval = paired_interval(treatment, control, clusters=clusters)
        except NotFiniteError:
            interval = None
        with np.errstate(invalid="ignore"):  # inf - inf
            means = (treatment - control).mean(-1)
        for seed, mean in zip(seeds, means, strict=True):
            self.add(name, mean, seed=seed, kind=kind)
        return self._keep(name, interval)

    def add_scores(
        self,
        name: str,
        treatment: np.ndarray,
        control: np.ndarray | None,
        score: Callable[[np.ndarray], float],
        *,
        seeds: Sequence[int | None],
        clusters: Sequence | None = None,
        kind: str = "measured",
    ) -> Interval:
        """As `add_rows`, for a score of sums over rows; see `paired_score_interval`."""
        try:
            interval = paired_score_interval(treatment, control, score, clusters=clusters)
        except NotFiniteError:
            interval = None
        for i, seed in enumerate(seeds):
            value = score(treatment[i].sum(0)) - (
                0 if control is None else score(control[i].sum(0))
            )
            self.add(name, value, seed=seed, kind=kind)
        return self._keep(name, interval)

    def _keep(self, name: str, interval: Interval | None) -> Interval:
        if interval is None:
            interval = Interval(float(np.mean(self.values(name))), math.nan, math.nan)
        self.figures[name]["interval"] = list(interval)
        self._save()
        return interval

    def add_table(self, name: str, table: Any) -> Any:
        """Note a map, curve or grid: anything JSON can hold; returns it."""
        self.tables[name] = json.loads(json.dumps(table))
        self._save()
        return table

    def table(self, name: str) -> Any:
        """A table of this run, or else the reference's for the same data; None where there is neither."""
        if name in self.tables:
            return self.tables[name]
        reference = ledger().find(self.lesson, self.scale, data=self.data)
        return reference["tables"].get(name) if reference else None

    def values(self, name: str) -> list[float]:
        return list(self.figures[name]["values"].values())

    def as_dict(self) -> dict:
        return {
            "lesson": self.lesson,
            "scale": self.scale,
            "data": self.data,
            "test_seed": self.test_seed,
            "shortened": self.shortened,
            "figures": self.figures,
            "tables": self.tables,
        }

    def _save(self) -> None:
        target = os.environ.get("KD_RESULTS")
        if target:
            from kd_course.storage import write_whole

            text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False)
            write_whole(Path(target), lambda path: Path(path).write_text(text, encoding="utf-8"))


def reference_interval(report: Report, name: str) -> Interval | None:
    """The ledger's interval for a figure of this report; None where it has none for these data."""
    reference = ledger().find(report.lesson, report.scale, data=report.data)
    if reference is None or name not in reference["figures"]:
        return None
    return interval_of(reference["figures"][name])


def fingerprint(texts: Iterable[str]) -> str:
    """A short digest of the data, the same on every machine and for no other data."""
    import hashlib

    digest = hashlib.blake2b(digest_size=8)
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def tune(candidates: Iterable[Any], score: Callable[[Any], float]) -> tuple[Any, list[dict]]:
    """Try every candidate on validation; keep the best, and the log of all of them.

    score: candidate -> a figure on the validation split, the larger the better.
    Returns the best candidate (the first of equals) and [{"candidate": …, "score": …}, …]. A score of
    NaN, as of a candidate that diverged, stands in the log as it is and is below every other.
    """
    log = [{"candidate": candidate, "score": float(score(candidate))} for candidate in candidates]
    if not log:
        raise ValueError("candidates must not be empty: there is nothing to choose from")
    best = max(log, key=lambda entry: (not math.isnan(entry["score"]), entry["score"]))
    return best["candidate"], log
