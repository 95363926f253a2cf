"""Entering a run into the ledger: `python -m kd_course run NN --reference figures`, for authors.

What has looked at a test set has used it up. An entry therefore tells which seed drew its test rows,
how often figures were read from them, and what was expected before: lessons/lessonNN/settings.py
holds EXPECTED, the sign of each main comparison, and is committed before the run.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from kd_course import experiments, settings
from kd_course.experiments import reference_runs
from kd_course.lessons import rooms_with
from kd_course.storage import write_whole

VERSIONS_KEPT = ("torch", "transformers", "datasets", "tokenizers", "numpy", "scikit-learn")


def write_reference(
    lesson: str,
    report: dict | None,
    minutes: float,
    what: str,
    sample: str | None = None,
    again: str = "",
) -> None:
    """Enter a run into the ledger's folder: its figures, or only how long it takes.

    report: `Report.as_dict()`; None for a lesson that measures nothing. minutes: of the whole run.
    what: "figures" or "minutes". sample: what the data were, where they were not the hub's own.
    again: why test rows that the ledger knows already are read for other figures; it is counted.
    Raises ValueError for a run that was shortened, and for figures as `refuse_early` does.
    """
    if report and report["shortened"]:
        raise ValueError("a shortened run is no reference: leave out --limit and --max-steps")
    if what == "figures" and report:
        refuse_early(lesson)
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
        entry |= readings(key, report, again)
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


def refuse_early(lesson: str) -> None:
    """Raises ValueError where a run's figures could not be entered: better told before it than after.

    What was expected has to stand in a commit that the run can name. A lesson that has no settings
    measures nothing.
    """
    if lesson not in rooms_with("settings"):
        return
    if not expected(lesson):
        raise ValueError(
            f"lesson {lesson} says nowhere what its comparisons are expected to show: EXPECTED in "
            f"lessons/lesson{lesson}/settings.py, a figure's name -> '+', '-' or '?'"
        )
    if commit().endswith("*"):
        raise ValueError(
            "files of kd_course/ or solutions/ are not committed: commit them, so that the entry can "
            "name the recipe and the expectation it was made with"
        )


def expected(lesson: str) -> dict[str, str]:
    """What a lesson expected of its main comparisons: figure -> "+", "-", or "?" for no guess.

    EXPECTED in its settings holds that, or one for each run: "offline", "small, stanfordnlp/sst2".
    Empty for what is no lesson: a shipped teacher's figures.
    """
    rooms = rooms_with("settings")
    if lesson not in rooms:
        return {}
    found = dict(getattr(importlib.import_module(rooms[lesson]), "EXPECTED", {}))
    if any(isinstance(signs, Mapping) for signs in found.values()):
        run = settings.switches()
        found = dict(found.get(", ".join(filter(None, [run.scale, run.dataset])), {}))
    return found


def readings(key: dict[str, str], report: dict, again: str) -> dict:
    """What an entry says of its test rows: the seed, how often they were read and why, the commit.

    Raises ValueError when the ledger has figures of these rows already, this lesson's or another's,
    and `again` does not say why they are read once more.
    """
    before = [
        run for run in experiments.ledger() if run["figures"] and run["data"] == report["data"]
    ]
    count = max((run.get("readings", {}).get("count", 1) for run in before), default=0)
    why = [reason for run in before for reason in run.get("readings", {}).get("again", [])]
    if before and not again:
        who = ", ".join(sorted({f"lesson {run['lesson']}, {run['scale']}" for run in before}))
        raise ValueError(
            f"these test rows were read already ({who}; {count} times): draw others with another "
            "test_seed, or say why they are read again (--again), which the ledger counts"
        )
    return {
        "commit": commit(),
        "expected": expected(key["lesson"]),
        "readings": {
            "test_seed": report["test_seed"],
            "count": count + 1,
            "again": list(dict.fromkeys([*why, *filter(None, [again])])),
        },
    }


def commit() -> str:
    """The commit of the course's tree, with a star where something of it differs; "" outside of git."""
    tree = reference_runs.PACKAGE.parent

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tree), *arguments]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", "kd_course", "solutions")
        return git("rev-parse", "HEAD") + "*" * bool(changed)
    except (OSError, subprocess.CalledProcessError):
        return ""


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
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    device = f"{processes} x {device}" if processes > 1 else device
    return {
        "hardware": f"{device}, {os.cpu_count()} cores, {platform.machine()}",
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version()}
        | {p: version_of(p) for p in VERSIONS_KEPT},
        "date": datetime.now(UTC).date().isoformat(),
    }
