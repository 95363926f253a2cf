"""`python -m kd_course run NN`: a lesson without a browser, held to the ledger.

The worked edition of the lesson is executed, cell by cell, in a kernel of its own; what it measures
(its `experiments.Report`) is compared with the reference run. The executed notebook and
`results.json` stay in the output folder, also when a cell fails.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from tabulate import tabulate
from tqdm import tqdm

from kd_course import experiments, settings
from kd_course.commands import ledger_entry

ROOT = Path(__file__).resolve().parents[2]
SECONDS_BETWEEN_LINES = 10.0  # of the bar, where it goes into a file
BAND = """\
band: where 99 in 100 further runs should fall, by the spread of the reference run's seeds (Student's
prediction interval; around a single value ± 0.5 %); at least ± 0.002, cut to what a figure can be."""


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    os.environ.update(_switches(arguments))
    try:
        settings.switches()  # a bad value is refused here, before anything runs
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    worst = 0
    for lesson in arguments.lesson:
        try:
            notebook = find_lesson(lesson)
        except FileNotFoundError as error:
            print(error, file=sys.stderr)
            return 2
        folder = arguments.out or Path("results") / f"{lesson}-{settings.scale()}"
        reference = {"reference": arguments.reference, "sample": arguments.sample}
        reference["again"] = arguments.again
        worst = max(worst, run_lesson(lesson, notebook, folder, **reference))
    return worst


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kd_course run", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("lesson", nargs="+", help="number of a lesson, such as 06")
    parser.add_argument("--scale", choices=settings.SCALES, help="default: KD_SCALE, or offline")
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="train every main arm with seeds 0 … N-1"
    )
    parser.add_argument("--maps", action="store_true", help="compute the maps and curves as well")
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
    """The worked edition of a lesson; FileNotFoundError that lists the lessons there are."""
    found = sorted((ROOT / "solutions").glob(f"{lesson}_*.ipynb"))
    if len(found) != 1:
        there = (
            ", ".join(p.name[:2] for p in sorted((ROOT / "solutions").glob("*.ipynb"))) or "none"
        )
        raise FileNotFoundError(
            f"no worked edition of lesson {lesson!r} in {ROOT / 'solutions'} (there: {there}); "
            f"run this in a checkout of the course"
        )
    return found[0]


def run_lesson(
    lesson: str,
    notebook: Path,
    folder: Path,
    *,
    reference: str | None = None,
    sample: str | None = None,
    again: str = "",
) -> int:
    """Execute, compare, print; 0 when every judged figure lies in its band, otherwise 1."""
    if reference == "figures":
        ledger_entry.refuse_early(lesson)
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "results.json"
    results.unlink(missing_ok=True)
    os.environ["KD_RESULTS"] = str(results.resolve())
    os.environ["KD_PROGRESS"] = "0"  # a run of the worked edition is nobody's progress
    start = time.monotonic()
    failure = execute(notebook, folder / notebook.name)
    minutes = (time.monotonic() - start) / 60
    if failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    report = json.loads(results.read_text(encoding="utf-8")) if results.exists() else None
    print(
        f"\nLesson {lesson}, scale {settings.scale()}: {minutes:.1f} minutes; {folder / notebook.name}"
    )
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

        kernel = LessonKernel(content, notebook.parent, on_cell=on_cell, on_step=on_step)
        try:
            kernel.execute()
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
