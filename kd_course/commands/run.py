"""`python -m kd_course run NN`: a lesson without a browser, held to the ledger.

The worked edition of the lesson is executed, cell by cell, in a kernel of its own; what it measures
(its `experiments.Report`) is compared with the reference run. The executed notebook and
`results.json` stay in the output folder, also when a cell fails. With --plain there is no kernel and
no notebook: the cells run in this process (plain.py).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

from tabulate import tabulate
from tqdm import tqdm

from kd_course import experiments, settings
from kd_course.commands import allocator, ledger_entry, plain
from kd_course.console import make_readable
from kd_course.storage import refuse_unwritable

ROOT = Path(__file__).resolve().parents[2]
SECONDS_BETWEEN_LINES = 10.0  # of the bar, where it goes into a file
BAND = """\
band: where 99 in 100 further runs should fall, by the spread of the reference run's seeds (Student's
prediction interval; around a single value ± 0.5 %); at least ± 0.002, cut to what a figure can be."""


def main(argv: list[str]) -> int:
    """Run the lessons that are named; 0 when every judged figure lies in its band, 1 when not.

    2 when it was not called as it must be, 130 when it was stopped by Ctrl-C.
    """
    arguments = _parser().parse_args(argv)
    os.environ.update(_switches(arguments))
    try:
        runs = _asked_for(arguments)
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(error.strerror, file=sys.stderr)
        return 2
    options = {"reference": arguments.reference, "sample": arguments.sample}
    options |= {"again": arguments.again, "without_jupyter": arguments.plain}
    run = _in_a_fresh_process if arguments.plain and len(runs) > 1 else run_lesson
    worst = 0
    for notebook, folder in runs:
        try:
            worst = max(worst, run(notebook.name[:2], notebook, folder, **options))
        except KeyboardInterrupt:
            print(f"\nStopped. What there was by then is in {folder}", file=sys.stderr)
            return 130
        except ValueError as error:  # what cannot be entered into the ledger
            print(error, file=sys.stderr)
            return 2
    return worst


def _asked_for(arguments: argparse.Namespace) -> list[tuple[Path, Path]]:
    """The notebooks to run, each with its output folder; what will not do is told before any runs.

    Raises ValueError for a bad switch, FileNotFoundError for a lesson that is none, and OSError for
    a folder that cannot be written.
    """
    settings.switches()
    if plain.processes() > 1 and not (arguments.plain and len(arguments.lesson) == 1):
        raise ValueError("under torchrun, run one lesson at a time, with --plain")
    runs = []
    for notebook in map(find_lesson, arguments.lesson):
        folder = arguments.out or Path("results") / f"{notebook.name[:2]}-{settings.scale()}"
        refuse_unwritable(folder, "let --out name a folder of your own")
        runs.append((notebook, folder))
    return runs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kd_course run", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("lesson", nargs="+", help="a lesson's number, such as 06, or its name")
    parser.add_argument("--scale", choices=settings.SCALES, help="default: KD_SCALE, or offline")
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="train every main arm with seeds 0 … N-1"
    )
    parser.add_argument("--maps", action="store_true", help="compute the maps and curves as well")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="without Jupyter, in this process: on a GPU server, in a scheduled job, under torchrun",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="at most N rows of every split")
    parser.add_argument(
        "--max-steps", type=int, metavar="N", help="stop every training after N steps"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: results/NN-SCALE")
    parser.add_argument(
        "--sample",
        metavar="TEXT",
        help="for authors, with --reference: what the data were, where they were not the hub's own",
    )
    parser.add_argument(
        "--again",
        default="",
        metavar="WHY",
        help="for authors, with --reference figures: why test rows are read that were read before",
    )
    parser.add_argument(
        "--reference",
        choices=("figures", "minutes"),
        help="for authors: make this run the ledger's reference (figures), or its duration (minutes)",
    )
    return parser


def _switches(arguments: argparse.Namespace) -> dict[str, str]:
    chosen = {
        "KD_SCALE": arguments.scale,
        "KD_SEEDS": arguments.seeds,
        "KD_MAPS": "1" if arguments.maps else None,
        "KD_LIMIT": arguments.limit,
        "KD_MAX_STEPS": arguments.max_steps,
    }
    return {name: str(value) for name, value in chosen.items() if value is not None}


def find_lesson(lesson: str) -> Path:
    """The worked edition of a lesson, by its number or its whole name: "06", "06_text_classification".

    Raises FileNotFoundError that lists the lessons there are, and the one that must be meant.
    """
    there = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))
    for path in there:
        if lesson in (path.name[:2], path.stem):
            return path
    meant = [path for path in there if path.name[:2] == lesson.zfill(2)[:2]]
    close = f"; is {meant[0].name[:2]} meant, {meant[0].stem}?" if meant else ""
    numbers = ", ".join(path.name[:2] for path in there)
    way_on = f"there are {numbers}" if there else "run this in a checkout of the course"
    raise FileNotFoundError(
        f"no worked edition of lesson {lesson!r} in {ROOT / 'solutions'}: {way_on}{close}"
    )


def working_folder(notebook: Path, folder: Path) -> Path:
    """Where a lesson's cells run: beside the notebook, or in its output folder.

    Lessons keep what they train in results/ of where they run; a course that several people share
    may not be theirs to write.
    """
    try:
        refuse_unwritable(notebook.parent / "results")
    except OSError:
        return folder
    return notebook.parent


def run_lesson(
    lesson: str,
    notebook: Path,
    folder: Path,
    *,
    reference: str | None = None,
    sample: str | None = None,
    again: str = "",
    without_jupyter: bool = False,
) -> int:
    """Execute, compare, print; 0 when every judged figure lies in its band, otherwise 1.

    Of torchrun's processes, which are there without Jupyter only, the first compares and prints.
    """
    if reference == "figures":
        ledger_entry.refuse_early(lesson)
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "results.json"
    if plain.rank() == 0:
        results.unlink(missing_ok=True)
    os.environ["KD_RESULTS"] = str(results.resolve()) if plain.rank() == 0 else ""
    os.environ["KD_PROGRESS"] = "0"  # a run of the worked edition is nobody's progress
    left = folder if without_jupyter else folder / notebook.name
    start = time.monotonic()
    if without_jupyter:
        allocator.keep_here()
        failure = plain.execute(notebook, folder, working_folder(notebook, folder))
    else:
        failure = execute(notebook, left)
    minutes = (time.monotonic() - start) / 60
    if failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    if plain.rank() > 0:
        return 0
    report = json.loads(results.read_text(encoding="utf-8")) if results.exists() else None
    print(f"\nLesson {lesson}, scale {settings.scale()}: {minutes:.1f} minutes; {left}")
    if reference:
        ledger_entry.write_reference(lesson, report, minutes, reference, sample, again)
    if report is None:
        print("This lesson trains nothing: there is no figure to compare.")
        return 0
    rows = experiments.ledger().compare(report)
    print(as_table(rows))
    if any(row["band"] for row in rows):
        print(f"\n{BAND}")
    print(f"\n{in_one_line(rows, shortened=report['shortened'])}")
    return int(any(row["verdict"] == "outside" for row in rows))


def _in_a_fresh_process(*where: Any, **options: Any) -> int:
    """As `run_lesson`, for one of several without Jupyter: each finds the libraries as they come."""
    arguments = {"target": _end_with, "args": where, "kwargs": options}
    process = multiprocessing.get_context("spawn").Process(**arguments)
    process.start()
    process.join()
    return int(process.exitcode or 0)


def _end_with(*where: Any, **options: Any) -> None:
    make_readable()
    try:
        sys.exit(run_lesson(*where, **options))
    except KeyboardInterrupt:  # which is told in the first process
        sys.exit(130)


def in_one_line(rows: list[dict], *, shortened: bool = False) -> str:
    """What a comparison comes to: that all is well, or which figures are not, or why none is judged.

    rows: of `Ledger.compare`. shortened: whether the run was cut short.
    """
    if all(row["verdict"] == "no reference" for row in rows):
        why = "the run was shortened" if shortened else "the ledger has no run on these data"
        return f"no reference for these data: {why}"
    judged = [row for row in rows if row["band"]]
    outside = [row["name"] for row in judged if row["verdict"] == "outside"]
    if outside:
        names = "; ".join(outside)  # which have commas in them
        chance = "by chance about one in a hundred is"
        return f"outside: {names} ({len(outside)} of {len(judged)} judged figures; {chance})"
    if len(judged) < 2:
        return "the one judged figure lies inside its band" if judged else "no figure has a band"
    return f"all {len(judged)} judged figures lie inside their bands"


def execute(notebook: Path, target: Path) -> str | None:
    """Run every cell, with a progress bar; write the executed notebook; the error's text, if any."""
    import nbformat
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    from kd_course.commands.lesson_kernel import LessonKernel

    content = nbformat.read(notebook, as_version=4)
    cells = sum(cell.cell_type == "code" for cell in content.cells)
    failure = None
    with _bar(notebook.stem, cells) as bar:

        def on_step(line: str) -> None:
            bar.set_postfix_str(line, refresh=False)
            bar.update(0)

        def on_cell() -> None:
            bar.set_postfix_str("", refresh=False)
            bar.update()

        where = working_folder(notebook, target.parent)
        kernel = LessonKernel(content, where, on_cell=on_cell, on_step=on_step)
        try:
            kernel.execute(env=os.environ | allocator.settings())
        except (CellExecutionError, DeadKernelError) as error:
            failure = str(error)
        finally:
            nbformat.write(content, target)
    return failure


def _bar(name: str, cells: int) -> tqdm:
    """Cells done, minutes passed, and what is being trained; no forecast, as cells are so unlike.

    Into a file it writes a line now and then; on a screen, as often as there is news.
    """
    return tqdm(
        total=cells,
        desc=name,
        bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} cells [{elapsed}{postfix}]",
        miniters=0,  # a step is news as well, though no further cell is done
        mininterval=0.1 if sys.stderr.isatty() else SECONDS_BETWEEN_LINES,
    )


def as_table(rows: list[dict]) -> str:
    """The comparison as text: figure, this run, the ledger, its band, the verdict."""
    header = ("figure", "this run", "ledger", "band", "verdict")
    lines = [
        (
            row["name"],
            f"{row['value']:.4g}",
            "–" if row["reference"] is None else f"{row['reference']:.4g}",
            "–" if row["band"] is None else f"{row['band'].low:.4g} … {row['band'].high:.4g}",
            row["verdict"],
        )
        for row in rows
    ]
    return tabulate(lines, header, tablefmt="plain", disable_numparse=True)
