"""How fast `grade` is beside nbgrader's own autograde: the same submissions, one after the other.

    python -m kd_course.grading.throughput --students 4 --record

The assignment is lesson 02's ten exercises with its setup (which imports torch) and its checks; the
lesson's other cells are left out, so that nbgrader does not wait for its plots. What docs/teaching.md
says of it is what --record has kept, with where and when it was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from kd_course.authoring.editions import worked
from kd_course.authoring.readme import THROUGHPUT
from kd_course.authoring.source import read, source_of
from kd_course.commands.ledger_entry import circumstances
from kd_course.storage import write_whole

LESSON = "02"
ASSIGNMENT = "week1"


class Times(NamedTuple):
    """nbgrader, grade: seconds a submission; loading: seconds until torch is loaded, once for all.

    points: what both gave. ratio: of the two, with the loading spread over these few submissions;
    ratio_in_a_class: without it, as it is where hundreds share it.
    """

    nbgrader: float
    grade: float
    loading: float
    students: int
    points: float

    @property
    def ratio(self) -> float:
        return self.nbgrader / self.grade

    @property
    def ratio_in_a_class(self) -> float:
        return self.nbgrader / (self.grade - self.loading / self.students)


def measure(students: int = 4, *, place: Path | None = None) -> Times:
    """Grade `students` worked submissions with both, one after the other.

    Raises RuntimeError when the two do not give the same, full marks.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = place or Path(folder)
        names = [f"student{i}" for i in range(students)]
        notebook = nbformat.writes(_assignment())
        slug = source_of(LESSON).stem
        for folder_of in (f"source/{ASSIGNMENT}", *(f"submitted/{n}/{ASSIGNMENT}" for n in names)):
            (place / folder_of).mkdir(parents=True)
            (place / folder_of / f"{slug}.ipynb").write_text(notebook, encoding="utf-8")
        theirs, their_points = _nbgrader(place, names)
        ours, loading, our_points = _grade(place, names)
        if set(their_points) != set(our_points) or len(set(our_points)) != 1:
            raise RuntimeError(f"marks differ: nbgrader {their_points}, grade {our_points}")
        return Times(theirs / students, ours / students, loading, students, our_points[0])


def _assignment() -> Any:
    """Lesson 02 as it was solved, without what is neither setup nor exercise nor check."""
    lesson = read(source_of(LESSON))
    kept = {c.id for c in lesson.cells if c.role in ("setup", "exercise", "check")}
    notebook = worked(lesson)
    notebook.cells = [cell for cell in notebook.cells if cell.id in kept]
    return notebook


def _nbgrader(place: Path, names: list[str]) -> tuple[float, list[float]]:
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    # nbgrader starts alembic by its name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.environ["PATH"] = path
    config = Config()
    config.CourseDirectory.root = str(place)
    config.CourseDirectory.db_url = f"sqlite:///{place}/gradebook.db"
    config.Exchange.root = str(place / "exchange")
    grader = NbGraderAPI(config=config)
    _must(grader.generate_assignment(ASSIGNMENT))

    def all_of_them() -> None:
        for name in names:
            _must(grader.autograde(ASSIGNMENT, name, create=True))

    seconds = _timed(all_of_them)
    with Gradebook(config.CourseDirectory.db_url) as book:
        points = [book.find_submission(ASSIGNMENT, name).score for name in names]
    return seconds, points


def _must(result: dict[str, Any]) -> None:
    if not result["success"]:
        raise RuntimeError(f"nbgrader: {result.get('error') or result.get('log')}")


def _grade(place: Path, names: list[str]) -> tuple[float, float, list[float]]:
    from kd_course.grading import grade_command, results, secret
    from kd_course.grading.box import Box
    from kd_course.grading.collect import collect
    from kd_course.grading.conversation import Limits
    from kd_course.grading.isolation import find_isolation

    folder = place / "marks.results"
    folder.mkdir()
    isolation = find_isolation()
    assignment = grade_command._assignment([LESSON], None, secret.drawn(), isolation, Limits())
    submissions, mark = collect(place), assignment.fingerprint
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        with Box(LESSON, isolation) as box:
            box.close()  # the system has read the libraries once, for both
            loading = _timed(box.start)
        seconds = _timed(lambda: grade_command.run(submissions, assignment, folder))
    return seconds, loading, [result.points for result in results.all_results(folder, mark)]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _told(times: Times) -> dict[str, Any]:
    ratios = {"ratio": times.ratio, "ratio_in_a_class": times.ratio_in_a_class}
    return {**times._asdict(), **ratios}


def record(times: Times, load: float, path: Path = THROUGHPUT) -> None:
    """Keep what was measured, and where, when and with what. load: the machine's, as it began."""
    found = circumstances()
    kept = {name: found["versions"][name] for name in ("python", "torch")}
    versions = {**kept, "nbgrader": version("nbgrader")}
    about = {"date": found["date"], "hardware": found["hardware"], "load": round(load, 1)}
    figures = {name: round(figure, 2) for name, figure in _told(times).items()}
    text = json.dumps({**about, "versions": versions, **figures}, indent=1) + "\n"
    write_whole(path, lambda file: file.write_text(text, "utf-8"))


def main(argv: list[str] | None = None) -> int:
    """Measure, and print the two times and their ratio; with --json, for programs."""
    parser = argparse.ArgumentParser(prog="python -m kd_course.grading.throughput")
    parser.add_argument("--students", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--record", action="store_true", help=f"keep it in {THROUGHPUT.name}")
    options = parser.parse_args(argv)
    load = os.getloadavg()[0]
    times = measure(options.students)
    if options.record:
        record(times, load)
        print("recorded; `python -m kd_course.authoring readme` takes it over", file=sys.stderr)
    if options.json:
        print(json.dumps(_told(times)))
        return 0
    print(f"{options.students} submissions, ten exercises each, one after the other:")
    print(f"  nbgrader autograde  {times.nbgrader:6.2f} s a submission")
    print(f"  kd_course grade     {times.grade:6.2f} s a submission, loading torch included")
    print(f"  ratio               {times.ratio:6.1f}")
    print(f"  ratio in a class    {times.ratio_in_a_class:6.1f}   (torch is loaded once for all)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
