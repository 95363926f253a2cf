"""A run beside its reference, as text and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

import numpy as np
from tabulate import tabulate

from kd_course import metrics
from kd_course.experiments.reference_runs import interval_of, ledger
from kd_course.experiments.report import Report, reference_interval


def comparison_table(report: Report, arms: Sequence[str], figure: str) -> str:
    """One figure of every arm as text: this run's mean, and the reference's mean and interval.

    An arm that this run did not train has a dash for its mean.
    """
    covered = _covered(report, [f"{arm}/{figure}" for arm in arms])
    header = (figure, "this run", f"reference (mean and 95 % interval over {covered})")
    rows = []
    for arm in arms:
        name = f"{arm}/{figure}"
        own = "–"
        if name in report.figures:
            own = metrics.shown(float(np.mean(report.values(name))), figure)
        reference = reference_interval(report, name)
        shown = reference.shown(figure) if reference else "no reference for these data"
        rows.append((arm, own, shown))
    return tabulate(
        rows,
        header,
        tablefmt="plain",
        disable_numparse=True,
        colalign=("left", "right", "left"),
    )


def reference_table(lesson: str, figure: str) -> str:
    """One figure of every arm of a lesson, at every scale that the ledger holds, as text."""
    lines = []
    for run in ledger().runs_of(lesson):
        if not any(name.endswith(f"/{figure}") for name in run["figures"]):
            continue  # only its duration is known, or it had no such arm
        where = ", ".join(filter(None, [run["scale"], run["dataset"]]))
        lines.append(f"{where}: {run['hardware']}, {run['date']}")
        rows = []
        for name in (name for name in run["figures"] if name.endswith(f"/{figure}")):
            found = run["figures"][name]
            number = len(found["values"])
            seeds = f"({number} seed{'s' * (number > 1)})"
            arm = name.removesuffix(f"/{figure}")
            rows.append((arm, interval_of(found).shown(figure), seeds))
        table = tabulate(rows, tablefmt="plain", disable_numparse=True)
        lines += indent(table, "    ").splitlines()
    return "\n".join(lines) or f"the ledger holds no {figure} of lesson {lesson}"


def expectation_table(report: Report) -> str:
    """What the reference run was expected to show, written down before it, beside what it showed.

    A sign that the interval does not settle is open, whatever was expected.
    """
    reference = ledger().find(report.lesson, report.scale, data=report.data) or {}
    rows = []
    for name, sign in reference.get("expected", {}).items():
        if name not in reference["figures"]:  # an arm that this scale lacks
            rows.append((name, sign, "–", "not measured"))
            continue
        found = interval_of(reference["figures"][name])
        if not found.excludes(0.0):
            outcome = "open"
        elif sign == "?":
            outcome = "no guess was made"
        else:
            outcome = "as expected" if (found.mean > 0) == (sign == "+") else "the other way"
        rows.append((name, sign, found.shown(name), outcome))
    if not rows:
        return "no expectation is on record for these data"
    header = ("comparison", "expected", "reference, 95 % interval", "came out")
    return tabulate(rows, header, tablefmt="plain", disable_numparse=True)


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
    known = {arm: reference_interval(report, f"{arm}/{figure}") for arm in arms}
    arms = [arm for arm in arms if own[arm] or known[arm]]
    references = {arm: known[arm] or interval_of(report.figures[f"{arm}/{figure}"]) for arm in arms}
    covered = _covered(report, [f"{arm}/{figure}" for arm in arms])
    longest = max(map(len, arms), default=0)  # a long name leaves its row no room
    picture, axes = plt.subplots(
        figsize=(7.2 + 0.09 * max(0, longest - 24), 0.9 + 0.55 * len(arms))
    )
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
    axes.plot([], [], "o-", color=plots.COLOURS["ink"], label=f"reference, 95 % over {covered}")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    axes.set_title(title)
    rows = []  # what the picture shows of each arm
    for arm in arms:
        said = [f"your run {metrics.shown(float(np.mean(own[arm])), figure)}"] if own[arm] else []
        said += [f"reference {reference.shown(figure)}"] if (reference := known[arm]) else []
        rows.append(f"{arm}: {', '.join(said)}")
    plots.show(
        picture,
        alt="One row an arm, the reference's mean and interval as a bar, your run as a ring. "
        f"{unit[:1].upper()}{unit[1:]}, {'; '.join(rows)}.",
    )


def _covered(report: Report, names: Sequence[str]) -> str:
    """What the reference's intervals of these figures cover: "seeds and test rows", or "seeds"."""
    reference = ledger().find(report.lesson, report.scale, data=report.data) or {"figures": {}}
    there = [reference["figures"][name] for name in names if name in reference["figures"]]
    several = [figure for figure in there if len(figure["values"]) > 1]
    return (
        "seeds and test rows"
        if several and all("interval" in figure for figure in several)
        else "seeds"
    )
