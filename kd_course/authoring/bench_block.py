"""What a step costs, as `python -m kd_course bench --record` has measured it: a block of the engineers' page."""

from __future__ import annotations

import json
from pathlib import Path

from kd_course.authoring.source import ROOT

RECORD = ROOT / "kd_course" / "commands" / "bench.json"  # bench.RECORD, without loading torch
PAGE = ROOT / "docs" / "distil_your_own.md"


def blocks() -> dict[str, str]:
    """The page's generated blocks by name."""
    return {"bench": table()}


def table(path: Path = RECORD) -> str:
    """Every ratio with its interval, and under what circumstances they were measured."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        "| ratio of two timings, taken in turns | median | its 95 % interval | target |",
        "| --- | --- | --- | --- |",
    ]
    for ratio in kept["ratios"]:
        interval = "{:.2f} – {:.2f}".format(*ratio["interval"]) if ratio["interval"] else "–"
        target = "" if ratio["target"] == "none" else ratio["target"]
        missed = "" if ratio["met"] else ", missed"
        cells = ratio["name"], f"{ratio['median']:.2f}", interval, target + missed
        lines.append(f"| {' | '.join(cells)} |")
    machine = ", ".join(f"{name} {value}" for name, value in kept["machine"].items())
    pairs = len(kept["ratios"][0]["ratios"])
    return "\n".join(lines) + f"\n\nMeasured {kept['date']} in {pairs} pairs each: {machine}."
