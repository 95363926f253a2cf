"""The README's one picture: what lesson 06 measured, from the ledger, as that lesson draws it."""

from __future__ import annotations

from pathlib import Path

from kd_course import experiments, metrics
from kd_course.authoring.source import ROOT
from kd_course.experiments import Interval

PICTURE = ROOT / "docs" / "lesson_06.png"
ARMS = ("teacher", "control", "distilled", "distilled, more text", "hard answers")
SCALES = {
    "offline": "generated headlines (offline)",
    "small": "Financial PhraseBank (small)",
    "small:sst2": "SST-2, 2,000 labels for all (small)",
}


def draw(target: Path = PICTURE) -> None:
    """Test accuracy of every arm, with its interval over seeds and test rows, at each scale that was measured."""
    import matplotlib.pyplot as plt

    from kd_course import plots

    plots.style()
    measured = _measured()
    # One below the other: three beside one another cannot be read at a page's width.
    figure, panels = plt.subplots(
        len(measured), 1, figsize=(7.2, 2.2 * len(measured)), squeeze=False
    )
    for axes, (title, results) in zip(panels[:, 0], measured.items(), strict=True):
        colours = [plots.role_colour(arm) for arm in results]
        plots.intervals(axes, results, colours=colours, unit="test accuracy")
        axes.set_title(title.replace(", over", ", intervals over"), fontsize=10)
        axes.margins(x=0.12)
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target, dpi=130, metadata={"Software": None})
    plt.close(figure)


def text_alternative() -> str:
    """What the picture shows, in words and figures."""
    parts = [
        f"{title}: "
        + ", ".join(f"{arm} {metrics.shown(result.mean)}" for arm, result in results.items())
        for title, results in _measured().items()
    ]
    return "Test accuracy, with 95 % intervals. " + "; ".join(parts) + "."


def _covered(run: dict) -> str:
    """What a run's intervals cover: an older one has kept no scores of single sentences."""
    joint = "interval" in run["figures"]["control/accuracy"]
    return "over seeds and test rows" if joint else "over seeds alone"


def _measured() -> dict[str, dict[str, Interval]]:
    ledger = experiments.ledger()
    return {
        f"{title}, {_covered(ledger.run('06', scale))}": {
            arm: ledger.interval(f"06/{scale}/{arm}/accuracy")
            for arm in ARMS
            if f"{arm}/accuracy" in ledger.run("06", scale)["figures"]
        }
        for scale, title in SCALES.items()
        if ledger.has("06", scale)
    }
