"""Arms, seeds, intervals, and the ledger of reference runs that every printed figure comes from.

An experiment is a handful of *arms* (teacher, control, distilled, …) that are tuned with the same
budget on validation, trained with several seeds, and compared row by row on a test split that is
read once. A `Report` collects what a lesson measures; the *ledger* keeps the reports of reference
runs, with the hardware, versions, seeds, date and a fingerprint of the data, and tells how far a
new figure may stray before something is wrong.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

LEDGER = Path(__file__).with_name("ledger")  # a folder, one file a reference run


# -- intervals --------------------------------------------------------------------------------


class Interval(NamedTuple):
    """A mean and the range that it is likely to lie in; of one run alone, no range."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def excludes(self, value: float) -> bool:
        return not self.low <= value <= self.high


def paired_interval(
    treatment: np.ndarray,
    control: np.ndarray | float = 0.0,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """How much better the treatment scores than the control, and how sure one may be of it.

    treatment, control: (seeds, rows), one score a seed and test row (1.0 for a right answer, say);
    the same seeds and the same rows in both. Leave control out for one arm's own interval.
    Returns mean, low and high of the mean difference. Seeds and rows are drawn again together, in
    pairs, `resamples` times: the interval covers another seed *and* another test set.
    Raises ValueError when the shapes differ. With one seed the interval covers the rows only,
    with a handful it is somewhat too narrow, as every bootstrap of a few things is.

    Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13.
    """
    treatment = np.asarray(treatment, dtype=np.float64)
    control = np.asarray(control, dtype=np.float64)
    if treatment.ndim != 2:
        raise ValueError(
            f"treatment must have shape (seeds, rows), but has shape {treatment.shape}"
        )
    if control.ndim and control.shape != treatment.shape:
        raise ValueError(
            f"treatment and control must have one shape, the same seeds and rows, "
            f"but have {treatment.shape} and {control.shape}"
        )
    difference = treatment - control  # (seeds, rows)
    seeds, rows = difference.shape
    random = np.random.default_rng(seed)
    means = np.empty(resamples)
    for i in range(resamples):
        # Drawing rows with replacement is giving each row a count; a product is then enough.
        counts = np.bincount(random.integers(rows, size=rows), minlength=rows)
        drawn = random.integers(seeds, size=seeds)
        means[i] = (difference @ counts)[drawn].mean() / rows
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(difference.mean()), float(low), float(high))


def paired_score_interval(
    treatment: np.ndarray,
    control: np.ndarray,
    score: Callable[[np.ndarray], float],
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """As `paired_interval`, for a score of a whole corpus that is no mean of rows, such as BLEU.

    treatment, control: (seeds, rows, counts), what each row adds to a corpus's sums.
    score: (counts,), the sums over rows -> the figure. A difference is the mean over seeds of
    score(treatment) - score(control).
    Raises ValueError when the shapes differ.

    Koehn, Statistical significance tests for machine translation evaluation, 2004.
    """
    treatment = np.asarray(treatment, dtype=np.float64)
    control = np.asarray(control, dtype=np.float64)
    if treatment.ndim != 3 or treatment.shape != control.shape:
        raise ValueError(
            f"treatment and control must have one shape, (seeds, rows, counts), but have "
            f"{treatment.shape} and {control.shape}"
        )
    seeds, rows, _ = treatment.shape

    def difference(row_counts: np.ndarray, drawn: np.ndarray) -> float:
        return float(
            np.mean(
                [score(row_counts @ treatment[s]) - score(row_counts @ control[s]) for s in drawn]
            )
        )

    random = np.random.default_rng(seed)
    found = [
        difference(
            np.bincount(random.integers(rows, size=rows), minlength=rows).astype(np.float64),
            random.integers(seeds, size=seeds),
        )
        for _ in range(resamples)
    ]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    mean = difference(np.ones(rows), np.arange(seeds))
    return Interval(mean, float(low), float(high))


def seed_interval(values: Sequence[float], *, level: float = 0.95) -> Interval:
    """The mean over seeds and Student's interval around it; just the value where there is one seed.

    Student, The Probable Error of a Mean, 1908.
    """
    from scipy.stats import t as student_t

    values = np.asarray(list(values), dtype=np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, mean, mean)
    half = (
        student_t.ppf((1 + level) / 2, len(values) - 1)
        * values.std(ddof=1)
        / math.sqrt(len(values))
    )
    return Interval(mean, mean - float(half), mean + float(half))


# -- tuning -----------------------------------------------------------------------------------


def tune(candidates: Iterable[Any], score: Callable[[Any], float]) -> tuple[Any, list[dict]]:
    """Try every candidate on validation; keep the best, and the log of all of them.

    score: candidate -> a figure on the validation split, the larger the better.
    Returns the best candidate (the first of equals) and [{"candidate": …, "score": …}, …].
    """
    log = [{"candidate": candidate, "score": float(score(candidate))} for candidate in candidates]
    if not log:
        raise ValueError("candidates must not be empty: there is nothing to choose from")
    return max(log, key=lambda entry: entry["score"])["candidate"], log


# -- what a lesson measures -------------------------------------------------------------------


class Report:
    """Collects a lesson's figures, and keeps them on disk when `kd_course run` asks for it.

    lesson: "06". scale: of the run. data: a fingerprint of the data, from `fingerprint`.
    shortened: true where training was cut short, so that no figure means anything.
    """

    def __init__(self, lesson: str, scale: str, *, data: str, shortened: bool = False):
        self.lesson, self.scale, self.data, self.shortened = lesson, scale, data, shortened
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


def verdict(difference: Interval, *, seeds: int) -> str:
    """What a paired interval of a difference allows one to say, either way; of one seed, less."""
    if not difference.excludes(0.0):
        return "the sign is open: the interval contains 0"
    found = "better" if difference.mean > 0 else "worse"
    return (
        f"{found}, beyond chance"
        if seeds > 1
        else f"{found} with this seed; it cannot speak for others"
    )


def comparison_table(report: Report, arms: Sequence[str], figure: str) -> str:
    """One figure of every arm as text: this run's mean, and the reference's mean and interval.

    An arm that this run did not train has a dash for its mean.
    """
    lines = [f"{figure:<30}{'this run':>10}   reference (mean and 95 % interval over seeds)"]
    for arm in arms:
        name = f"{arm}/{figure}"
        own = f"{np.mean(report.values(name)):.3f}" if name in report.figures else "–"
        reference = reference_interval(report, name) or "no reference for these data"
        lines.append(f"{arm:<30}{own:>10}   {reference}")
    return "\n".join(lines)


def reference_table(lesson: str, figure: str) -> str:
    """One figure of every arm of a lesson, at every scale that the ledger holds, as text."""
    lines = []
    for run in ledger().runs_of(lesson):
        if not run["figures"]:  # only its duration is known
            continue
        where = ", ".join(filter(None, [run["scale"], run["dataset"]]))
        lines.append(f"{where}: {run['hardware']}, {run['date']}")
        for name in (name for name in run["figures"] if name.endswith(f"/{figure}")):
            values = list(run["figures"][name]["values"].values())
            seeds = f"{len(values)} seed{'s' * (len(values) > 1)}"
            lines.append(
                f"    {name.removesuffix('/' + figure):<30}{seed_interval(values)}   ({seeds})"
            )
    return "\n".join(lines) or f"the ledger holds no run of lesson {lesson}"


def plot_comparison(
    report: Report, arms: Sequence[str], figure: str, *, title: str, unit: str
) -> None:
    """One figure of every arm: the reference's interval as a bar, this run's seeds as rings.

    An arm that this run did not train has its bar only; one that the ledger lacks as well, no row.
    """
    import matplotlib.pyplot as plt

    from kd_course import plots

    own = {arm: report.figures.get(f"{arm}/{figure}", {}).get("values", {}) for arm in arms}
    own = {arm: list(values.values()) for arm, values in own.items()}
    references = {arm: reference_interval(report, f"{arm}/{figure}") for arm in arms}
    arms = [arm for arm in arms if own[arm] or references[arm]]
    references = {arm: references[arm] or seed_interval(own[arm]) for arm in arms}
    picture, axes = plt.subplots(figsize=(7.2, 0.9 + 0.55 * len(arms)))
    colours = [plots.role_colour(arm) for arm in arms]
    plots.intervals(axes, references, colours=colours, unit=unit)
    for row, arm in enumerate(arms):
        axes.plot(
            own[arm],
            [row] * len(own[arm]),
            "o",
            markersize=11,
            fillstyle="none",
            color=plots.COLOURS["ink"],
            label="your run" if row == 0 else None,
        )
    axes.plot([], [], "o-", color=plots.COLOURS["ink"], label="reference, 95 % over seeds")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    axes.set_title(title)
    described = "; ".join(f"{arm} {np.mean(own[arm]):.3f}" for arm in arms if own[arm])
    plots.show(
        picture,
        alt=f"One row an arm, the reference's mean and interval as a bar, your run as a ring. Your run, {unit}: {described}.",
    )


def reference_interval(report: Report, name: str) -> Interval | None:
    """The ledger's interval for a figure of this report; None where it has none for these data."""
    reference = ledger().find(report.lesson, report.scale, data=report.data)
    if reference is None or name not in reference["figures"]:
        return None
    return seed_interval(reference["figures"][name]["values"].values())


def fingerprint(texts: Iterable[str]) -> str:
    """A short digest of the data, the same on every machine and for no other data."""
    import hashlib

    digest = hashlib.blake2b(digest_size=8)
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


# -- the ledger -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Band:
    """Where a new run's mean should fall, from the spread of the reference run's seeds."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


class Ledger:
    """The reference runs. A key reads lesson/scale/figure: "06/offline/distilled/accuracy".

    There may be several runs of a lesson at a scale: on a laptop and on a GPU, on another data set
    than the lesson's own. Where a call names none of these, the lesson's own data set comes first,
    then the laptop's run.
    """

    def __init__(self, runs: Iterable[Mapping[str, Any]]):
        self._runs = sorted(
            (dict(run) for run in runs), key=lambda run: (run["dataset"] != "", run["device"])
        )  # "CPU" comes before "GPU"

    def find(
        self, lesson: str, scale: str, *, data: str | None = None, device: str | None = None
    ) -> dict | None:
        """The first run of a lesson at a scale (on these data, on this device); None if none is.

        data: a fingerprint. device: "CPU" or "GPU".
        """
        for run in self._runs:
            if (run["lesson"], run["scale"]) != (lesson, scale):
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
        return seed_interval(self.values(key))

    def field(self, key: str, form: str = ".3f") -> str:
        """The figure as text for a lesson's prose.

        form: "percent", "points" (a difference in percentage points, signed), "interval", "range"
        (smallest to largest seed), "count" (how many seeds), or a Python format such as ".2f"; of the mean over seeds.
        """
        values = self.values(key)
        mean = float(np.mean(values))
        if form == "percent":
            return f"{100 * mean:.1f} %"
        if form == "points":
            return f"{100 * mean:+.1f} points"
        if form == "count":
            return str(len(values))
        if form == "interval":
            return str(self.interval(key))
        if form == "range":
            return f"{min(values):.3f} to {max(values):.3f}"
        return format(mean, form)

    def band(self, key: str, *, seeds: int = 1) -> Band | None:
        """Where the mean of `seeds` further seeds should fall; None for a figure with no band."""
        return band_of(self._figure(key), seeds=seeds)

    def compare(self, report: Mapping[str, Any]) -> list[dict]:
        """A report's figures beside the ledger: name, value, reference, band, and the verdict.

        The verdict is "inside", "outside", "shown" (no band: a timing) or "no reference".
        The reference is a run on the same data, on the same device where there is one.
        A figure that the reference run has but the report lacks is not judged.
        """
        known = {}
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
                band = band_of(known[name], seeds=len(figure["values"]))
                row["reference"] = float(np.mean(list(known[name]["values"].values())))
                row["band"] = band
                row["verdict"] = (
                    "shown" if band is None else "inside" if band.holds(value) else "outside"
                )
            rows.append(row)
        return rows


def band_of(figure: Mapping[str, Any], *, seeds: int = 1, level: float = 0.99) -> Band | None:
    """Where the mean of `seeds` further seeds of a figure should fall; None where it has no band.

    figure: as a run keeps it, {"kind": …, "values": {seed: value}}.
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
    return Band(float(mean - half), float(mean + half))


def device() -> str:
    """What this machine trains on, as the ledger names it: "GPU" or "CPU"."""
    import torch

    return "GPU" if torch.cuda.is_available() else "CPU"


@lru_cache(maxsize=1)
def ledger() -> Ledger:
    """The ledger that the package ships."""
    return Ledger(json.loads(path.read_text(encoding="utf-8")) for path in LEDGER.glob("*.json"))
