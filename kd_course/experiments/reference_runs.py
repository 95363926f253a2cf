"""The ledger: reference runs, and how far a new figure may stray before something is wrong.

A reference run is one JSON file: figures by seed, tables, hardware, versions, date, and a
fingerprint of the data. A lesson's lie in its room, lessons/lesson06/reference/; those of the
teachers that ship in teachers/reference/.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kd_course import metrics
from kd_course.experiments.intervals import Interval, seed_interval

PACKAGE = Path(__file__).parents[1]
ROOMS = ("lessons/lesson[0-9][0-9]/reference", "teachers/reference/*")
_TEACHER = "teacher-"  # how the ledger calls what a shipped teacher was measured on


def folder_of(lesson: str) -> Path:
    """Where the reference runs of a lesson ("06") or of a shipped teacher ("teacher-news") lie."""
    if lesson.startswith(_TEACHER):
        return PACKAGE / "teachers" / "reference" / lesson.removeprefix(_TEACHER)
    return PACKAGE / "lessons" / f"lesson{lesson}" / "reference"


@dataclass(frozen=True)
class Band:
    """Where a new run's mean should fall, from the spread of the reference run's seeds."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


class Ledger:
    """The reference runs. A key reads lesson/scale/figure: "06/offline/distilled/accuracy".

    "06/small:sst2/distilled/accuracy" is of the run on the data set of that name, with whatever owner.
    There may be several runs of a lesson at a scale: on a laptop and on a GPU, on another data set
    than the lesson's own. Where a call names none of these, the lesson's own data set comes first,
    then the laptop's run.
    """

    def __init__(self, runs: Iterable[Mapping[str, Any]]):
        self._runs = sorted(
            (dict(run) for run in runs), key=lambda run: (run["dataset"] != "", run["device"])
        )  # "CPU" comes before "GPU"

    def __iter__(self) -> Iterator[dict]:
        return iter(self._runs)

    def find(
        self, lesson: str, scale: str, *, data: str | None = None, device: str | None = None
    ) -> dict | None:
        """The first run of a lesson at a scale (on these data, on this device); None if none is.

        scale: "small", or with another data set's name "small:sst2". data: a fingerprint.
        device: "CPU" or "GPU".
        """
        scale, _, dataset = scale.partition(":")
        for run in self._runs:
            if (run["lesson"], run["scale"]) != (lesson, scale):
                continue
            if dataset and run["dataset"].rpartition("/")[2] != dataset:
                continue
            if data in (None, run["data"]) and device in (None, run["device"]):
                return run
        return None

    def run(self, lesson: str, scale: str, *, device: str | None = None) -> dict:
        """One reference run whole: its figures, tables, hardware, versions, seeds, date."""
        found = self.find(lesson, scale, device=device)
        if found is None:
            there = sorted({f"{run['lesson']}/{run['scale']}" for run in self._runs})
            raise KeyError(
                f"the ledger holds no run of lesson {lesson} at scale {scale}; it holds "
                f"{', '.join(there) or 'none'}"
            )
        return found

    def runs_of(self, lesson: str) -> list[dict]:
        """All runs of a lesson, the lesson's own data and the laptop first."""
        return [run for run in self._runs if run["lesson"] == lesson]

    def has(self, lesson: str, scale: str, *, data: str | None = None) -> bool:
        """Whether there is a reference for this lesson and scale (and for just these data)."""
        return self.find(lesson, scale, data=data) is not None

    def values(self, key: str) -> list[float]:
        """A figure's values, one a seed."""
        return list(self._figure(key)["values"].values())

    def _figure(self, key: str) -> dict:
        lesson, scale, name = key.split("/", 2)
        figures = self.run(lesson, scale)["figures"]
        if name not in figures:
            raise KeyError(
                f"the ledger has no figure {key}; this run has {', '.join(sorted(figures))}"
            )
        return figures[name]

    def table(self, key: str) -> Any:
        """A map, curve or grid of a reference run."""
        lesson, scale, name = key.split("/", 2)
        tables = self.run(lesson, scale)["tables"]
        if name not in tables:
            raise KeyError(
                f"the ledger has no table {key}; this run has {', '.join(sorted(tables))}"
            )
        return tables[name]

    def interval(self, key: str) -> Interval:
        """A figure's mean and interval: over seeds and test rows where the run noted both."""
        return interval_of(self._figure(key))

    def field(self, key: str, form: str = "") -> str:
        """The figure as text for a lesson's prose.

        form: "percent", "points" (a difference in percentage points, signed), "interval", "range"
        (smallest to largest seed), "count" (how many seeds), or a Python format such as ".2f"; of
        the mean over seeds. Where none is given, the figure decides: see `metrics.shown`.
        """
        values = self.values(key)
        mean = float(np.mean(values))
        if form == "":
            return metrics.shown(mean, key)
        if form == "percent":
            return metrics.shown(mean, key, percent=True)
        if form == "points":
            return f"{100 * mean:+.1f} points"
        if form == "count":
            return str(len(values))
        if form == "interval":
            return self.interval(key).shown(key)
        if form == "range":
            return f"{metrics.shown(min(values), key)} to {metrics.shown(max(values), key)}"
        return format(mean, form)

    def band(self, key: str, *, seeds: int = 1) -> Band | None:
        """Where the mean of `seeds` further seeds should fall; None for a figure with no band."""
        return band_of(self._figure(key), key, seeds=seeds)

    def compare(self, report: Mapping[str, Any]) -> list[dict]:
        """A report's figures beside the ledger: name, value, reference, band, and the verdict.

        The verdict is "inside", "outside", "shown" (no band: a timing) or "no reference".
        The reference is a run on the same data, on the same device where there is one.
        A figure that the reference run has but the report lacks is not judged.
        """
        known: dict[str, Any] = {}
        if not report["shortened"]:
            where = report["lesson"], report["scale"]
            same_device = self.find(*where, data=report["data"], device=device())
            found = same_device or self.find(*where, data=report["data"])
            known = found["figures"] if found else {}
        rows = []
        for name, figure in report["figures"].items():
            value = float(np.mean(list(figure["values"].values())))
            row = {"name": name, "value": value, "reference": None, "band": None}
            row["verdict"] = "no reference"
            if name in known:
                band = band_of(known[name], name, seeds=len(figure["values"]))
                row["reference"] = float(np.mean(list(known[name]["values"].values())))
                row["band"] = band
                row["verdict"] = (
                    "shown" if band is None else "inside" if band.holds(value) else "outside"
                )
            rows.append(row)
        return rows


def interval_of(figure: Mapping[str, Any]) -> Interval:
    """The interval that a run noted with a figure, over seeds and test rows; else the one over seeds.

    figure: as a run keeps it, {"kind": …, "values": {seed: value}, "interval": [mean, low, high]}.
    """
    if "interval" in figure:
        return Interval(*figure["interval"])
    return seed_interval(figure["values"].values())


def band_of(
    figure: Mapping[str, Any], name: str = "", *, seeds: int = 1, level: float = 0.99
) -> Band | None:
    """Where the mean of `seeds` further seeds of a figure should fall; None where it has no band.

    figure: as a run keeps it, {"kind": …, "values": {seed: value}}.
    name: "control/ECE"; it says what the figure can be at all (`metrics.possible`), and beyond that
    no band goes: Student's interval knows nothing of it.
    Several seeds: Student's prediction interval, at least ± 0.002 wide, since other processors
    round otherwise. One value: ± 0.5 % of it, at least ± 0.002.
    """
    from scipy.stats import t as student_t

    if figure["kind"] != "measured":
        return None
    values = np.asarray(list(figure["values"].values()))
    mean, n = values.mean(), len(values)
    if n > 1:
        spread = values.std(ddof=1) * math.sqrt(1 / seeds + 1 / n)
        half = student_t.ppf((1 + level) / 2, n - 1) * spread
    else:
        half = 0.005 * abs(mean)
    half = max(half, 0.002)
    least, most = metrics.possible(name)
    return Band(max(float(mean - half), least), min(float(mean + half), most))


def device() -> str:
    """What this machine trains on, as the ledger names it: "GPU" or "CPU"."""
    import torch

    return "GPU" if torch.cuda.is_available() else "CPU"


@lru_cache(maxsize=1)
def ledger() -> Ledger:
    """The ledger that the package ships."""
    paths = [path for room in ROOMS for path in sorted(PACKAGE.glob(f"{room}/*.json"))]
    return Ledger(json.loads(path.read_text(encoding="utf-8")) for path in paths)
