"""For the teacher: how the class did, which exercises were hard, which slips are common."""

from __future__ import annotations

import base64
import io
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kd_course import plots
from kd_course.exercises.spec import Exercise
from kd_course.grading.marking import GRADED, MISSING, UNREADABLE
from kd_course.grading.results import Result
from kd_course.grading.templates import templates

MOST = 12  # bars in a picture
MOST_LISTED = 200  # submissions to look at


@dataclass(frozen=True)
class Picture:
    """A plot: its title, the PNG in base64, and what is seen in it."""

    title: str
    png: str
    alt: str


class Summary:
    """What is counted over all submissions; keeps no submission."""

    def __init__(self, exercises: Sequence[Exercise]):
        self.exercises = list(exercises)
        self.count = 0
        self.totals: list[float] = []
        self.isolations: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        self.full: Counter[str] = Counter()
        self.attempted: Counter[str] = Counter()
        self.slips: dict[str, Counter[str]] = {exercise.id: Counter() for exercise in exercises}
        self.looked_at: list[tuple[str, str, str]] = []

    def add(self, result: Result) -> None:
        """Count one submission in."""
        self.count += 1
        self.isolations[result.isolation] += 1
        if result.status != MISSING:
            self.totals.append(result.points)
        for mark in result.marks:
            self.points[mark.exercise] += mark.points
            self.full[mark.exercise] += mark.points == mark.out_of
            self.attempted[mark.exercise] += mark.status not in (MISSING, UNREADABLE)
            if mark.misconception and mark.exercise in self.slips:
                self.slips[mark.exercise][mark.misconception] += 1
        if result.status not in (GRADED, MISSING) and len(self.looked_at) < MOST_LISTED:
            why = [f"{m.exercise}: {m.why}" for m in result.marks if m.why]
            self.looked_at.append((result.student, result.status, "; ".join([*result.notes, *why])))

    @property
    def out_of(self) -> int:
        return sum(exercise.points for exercise in self.exercises)

    def share(self, exercise: Exercise) -> float:
        """The mean share of an exercise's points, over those who attempted it."""
        return self.points[exercise.id] / max(self.attempted[exercise.id], 1) / exercise.points


def page_of(summary: Summary, rows: Sequence[dict[str, Any]]) -> str:
    """The overview as HTML. rows: of the table of marks."""
    table = []
    for exercise in summary.exercises:
        slip, times = (summary.slips[exercise.id].most_common(1) or [("", 0)])[0]
        table.append(
            {
                "exercise": exercise,
                "share": summary.share(exercise),
                "full": summary.full[exercise.id],
                "attempted": summary.attempted[exercise.id],
                "misconception": slip,
                "times": times,
            }
        )
    isolations = sorted(name for name in summary.isolations if name)
    return (
        templates()
        .get_template("overview.html")
        .render(
            count=len(rows),
            exercises=summary.exercises,
            out_of=summary.out_of,
            isolations=isolations,
            unsafe=any(not name.startswith("bubblewrap") for name in isolations),
            statuses=sorted(Counter(row["status"] for row in rows).items()),
            pictures=pictures(summary),
            table=table,
            looked_at=summary.looked_at,
        )
    )


def pictures(summary: Summary) -> list[Picture]:
    """The distribution, the hardest exercises, the commonest misconceptions; none without marks."""
    if not summary.totals:
        return []
    found = [_distribution(summary), _hardest(summary)]
    slips = Counter(
        {
            f"{id}: {name}": times
            for id, counted in summary.slips.items()
            for name, times in counted.items()
        }
    )
    return found + ([_misconceptions(slips)] if slips else [])


def _distribution(summary: Summary) -> Picture:
    totals = sorted(summary.totals)
    middle = totals[len(totals) // 2]

    def draw(axes: Any) -> None:
        step = max(1, summary.out_of // 20)
        edges = [step * (i - 0.5) for i in range(summary.out_of // step + 2)]
        axes.hist(totals, bins=edges, rwidth=0.9, color=plots.COLOURS["student"])
        axes.axvline(middle, color=plots.COLOURS["ink"], linestyle="--", label=f"median {middle:g}")
        axes.set_xlabel(f"total (points, of {summary.out_of})")
        axes.set_ylabel("submissions")
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.legend()

    alt = (
        f"Histogram of the totals of {len(totals)} submissions: from {totals[0]:g} to "
        f"{totals[-1]:g} of {summary.out_of} points, half of them at {middle:g} or more."
    )
    return _picture("How the totals are distributed", alt, draw)


def _hardest(summary: Summary) -> Picture:
    tried = [e for e in summary.exercises if summary.attempted[e.id]]
    hard = sorted(tried, key=summary.share)[:MOST]

    def draw(axes: Any) -> None:
        _bars(
            axes,
            [f"{e.id} {e.title}" for e in hard],
            [100 * summary.share(e) for e in hard],
            "teacher",
        )
        axes.set_xlim(0, 100)
        axes.set_xlabel("mean share of the points, over those who attempted it (%)")

    alt = "Bars, the hardest exercise first: " + ", ".join(
        f"{e.id} with {100 * summary.share(e):.0f} %" for e in hard
    )
    return _picture("The hardest exercises", alt + " of its points on average.", draw, len(hard))


def _misconceptions(slips: Counter[str]) -> Picture:
    common = slips.most_common(MOST)

    def draw(axes: Any) -> None:
        _bars(axes, [name for name, _ in common], [times for _, times in common], "accent")
        axes.set_xlabel("submissions")
        axes.xaxis.get_major_locator().set_params(integer=True)

    alt = "Bars, the commonest misconception first: " + "; ".join(
        f"{name}, {times} times" for name, times in common[:5]
    )
    return _picture("The commonest misconceptions", alt + ".", draw, len(common))


def _bars(axes: Any, names: Sequence[str], values: Sequence[float], colour: str) -> None:
    axes.barh(range(len(names)), values, color=plots.COLOURS[colour])
    axes.set_yticks(range(len(names)), [textwrap.fill(name, 44) for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)


def _picture(title: str, alt: str, draw: Callable[[Any], None], bars: int = 0) -> Picture:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        plots.style()
        figure = Figure(figsize=(8.0, 0.42 * bars + 1.1 if bars else 3.2))
        axes = figure.add_subplot()
        axes.set_title(title)
        draw(axes)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(title, base64.b64encode(buffer.getvalue()).decode(), alt)
