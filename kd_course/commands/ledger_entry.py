"""Entering a run into the ledger: `python -m kd_course run NN --reference figures`, for authors."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from kd_course import experiments, settings
from kd_course.experiments import reference_runs
from kd_course.storage import write_whole

VERSIONS_KEPT = ("torch", "transformers", "datasets", "tokenizers", "numpy", "scikit-learn")


def write_reference(
    lesson: str, report: dict | None, minutes: float, what: str, sample: str | None = None
) -> None:
    """Enter a run into the ledger's folder: its figures, or only how long it takes.

    report: `Report.as_dict()`; None for a lesson that measures nothing. minutes: of the whole run.
    what: "figures" or "minutes". sample: what the data were, where they were not the hub's own.
    Raises ValueError for a run that was shortened.
    """
    if report and report["shortened"]:
        raise ValueError("a shortened run is no reference: leave out --limit and --max-steps")
    key = {
        "lesson": lesson,
        "scale": report["scale"] if report else settings.scale(),
        "dataset": settings.switches().dataset,
        "device": reference_runs.device(),
    }
    path = reference_runs.folder_of(lesson) / _file_name(key)
    entry = key | {"data": "", "figures": {}, "tables": {}}
    if path.exists():
        entry = json.loads(path.read_text(encoding="utf-8"))
    if what == "figures" and report:
        # Maps cost more than figures: those of an earlier run on the same data stay.
        kept = entry["tables"] if entry["data"] == report["data"] else {}
        entry |= {"data": report["data"], "figures": report["figures"]}
        entry |= {"tables": {**kept, **report["tables"]}, **circumstances()}
        entry["seeds"] = len(settings.switches().seeds)
        if sample:
            entry["sample"] = sample
    if what == "minutes":
        entry["minutes"] = round(minutes, 2)
    text = json.dumps(entry, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_whole(path, lambda fresh: Path(fresh).write_text(text, encoding="utf-8"))
    experiments.ledger.cache_clear()


def _file_name(key: dict[str, str]) -> str:
    """ "offline-cpu.json"; with another data set than the lesson's own, its name between the two."""
    parts = (key["scale"], key["dataset"].replace("/", "_"), key["device"].lower())
    return "-".join(filter(None, parts)) + ".json"


def circumstances() -> dict:
    """Where and with what a run was made: hardware, threads, versions, date.

    The number of threads decides how sums are rounded, and so where a training ends: to a trained
    figure another number of threads is much like another seed.
    """
    import torch

    def version_of(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "absent"

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return {
        "hardware": f"{device}, {os.cpu_count()} cores, {platform.machine()}",
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version()}
        | {p: version_of(p) for p in VERSIONS_KEPT},
        "date": datetime.now(UTC).date().isoformat(),
    }
