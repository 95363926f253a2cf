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
    """Every ratio with its spread, and under what circumstances they were measured."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        "| ratio of two timings, taken in turns | median | of all pairs |",
        "| --- | --- | --- |",
    ]
    for ratio in kept["ratios"]:
        spread = f"{min(ratio['ratios']):.2f} – {max(ratio['ratios']):.2f}"
        lines.append(f"| {ratio['name']} | {ratio['median']:.2f} | {spread} |")
    machine = ", ".join(f"{name} {value}" for name, value in kept["machine"].items())
    return "\n".join(lines) + f"\n\nMeasured {kept['date']}: {machine}."
