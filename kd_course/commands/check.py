"""`python -m kd_course check 03.2 FILE`, `check 15 FOLDER` and `python -m kd_course exercises`.

A capstone's folder (lesson 15) is only read: see kd_course/capstone/. A file runs in a process of its own, which is killed when it does not come to an end; no report
from it is no pass.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tabulate import tabulate

from kd_course.exercises.catalogue import all_exercises, find

SECONDS = 16.0  # for the file and the check together, once torch is loaded
LOADING = 60.0  # for the libraries
PASSED, FAILED, USAGE = 0, 1, 2
CAPSTONE = "15"  # the lesson of which a folder is handed in


def check_main(argv: list[str]) -> int:
    """Check one exercise in a .py or .ipynb file: 0 passed, 1 not passed, 2 not understood."""
    parser = argparse.ArgumentParser(
        prog="python -m kd_course check",
        description="Check your answer to one exercise, taken by its name from a file; or the "
        "folder of your capstone (check 15 FOLDER).",
    )
    parser.add_argument("exercise", help='its number, like "03.2"; 15 for the capstone')
    parser.add_argument(
        "file", type=Path, help="a .py or .ipynb file that defines it; the capstone's folder"
    )
    try:
        options = parser.parse_args(argv)
        if options.exercise == CAPSTONE:
            return _check_capstone(options.file)
        if options.file.suffix not in (".py", ".ipynb"):
            raise ValueError(f"the file must end in .py or .ipynb, but is {options.file.name!r}")
        if not options.file.is_file():
            raise FileNotFoundError(f"there is no file {options.file}")
    except (ValueError, FileNotFoundError) as error:
        print(error.args[0], file=sys.stderr)
        return USAGE
    except SystemExit as error:  # argparse has said what is wrong, or printed its help
        return int(error.code or 0)
    report = _in_a_process(options.exercise, options.file.resolve())
    if "usage" in report:
        print(report["usage"], file=sys.stderr)
        return USAGE
    print(report["message"])
    return PASSED if report["passed"] else FAILED


def _check_capstone(folder: Path) -> int:
    """What the machine finds in a capstone's folder, printed. Raises FileNotFoundError."""
    from kd_course.capstone import check_folder
    from kd_course.downloads import HubError

    try:
        verdict = check_folder(folder)
    except (HubError, ModuleNotFoundError) as error:  # of data that are not here
        raise FileNotFoundError(str(error)) from None
    print(verdict)
    return PASSED if verdict.passed else FAILED


def list_main(argv: list[str]) -> int:
    """List the exercises: id, lesson, name, signature, points, minutes."""
    parser = argparse.ArgumentParser(
        prog="python -m kd_course exercises", description=list_main.__doc__
    )
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    try:
        options = parser.parse_args(argv)
    except SystemExit as error:
        return int(error.code or 0)
    columns = ("id", "lesson", "name", "signature", "points", "minutes")
    rows = [
        {column: getattr(exercise, column) for column in columns} for exercise in all_exercises()
    ]
    if options.json:
        print(json.dumps(rows, indent=1))
        return PASSED
    print(tabulate(rows, headers="keys", tablefmt="plain", disable_numparse=True))
    return PASSED


# -- the process, from outside ----------------------------------------------------------------------------------


def _in_a_process(id: str, file: Path) -> dict[str, Any]:
    """The report of the process that runs the file, or why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        answer, complaints = Path(folder) / "report.json", Path(folder) / "stderr"
        with open(complaints, "wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "kd_course.commands.check", id, str(file), str(answer)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=_environment(),
            )
        try:
            # Loading torch takes long on a busy machine and is not the learner's fault.
            ready = _line_within(process, LOADING)
            process.wait(SECONDS if ready else 1)
        except subprocess.TimeoutExpired:
            if not ready:
                return _failed(
                    id, f"torch and the exercise did not load within {LOADING:.0f} s; try again"
                )
            return _failed(id, f"stopped after {SECONDS:.0f} s: the file does not come to an end")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        try:
            return json.loads(answer.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            said = (
                complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            )
            because = f": {said[0]}" if said else ""
            return _failed(
                id,
                f"the file ended the process (exit code {process.returncode}) before the check{because}",
            )


def _environment() -> dict[str, str]:
    """Of the process: what the file prints may be Chinese, and what it complains of is read as UTF-8."""
    kept = {name: value for name, value in os.environ.items() if name != "NBGRADER_EXECUTION"}
    return kept | {"PYTHONIOENCODING": "utf-8:backslashreplace"}


def _line_within(process: subprocess.Popen, seconds: float) -> bool:
    """Whether the process has written its first line before the time is up."""
    import threading

    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(process.stdout.readline()), daemon=True)
    reader.start()
    reader.join(seconds)
    return bool(lines and lines[0])


def _failed(id: str, why: str) -> dict[str, Any]:
    return {"passed": False, "message": f"✗ {id}: not yet.\n  {why}."}


# -- in the process -----------------------------------------------------------------------------------


def _check_here(id: str, file: Path, answer: Path) -> None:
    from kd_course.exercises import engine, sealed
    from kd_course.exercises.files import definitions

    os.chdir(file.parent)  # as a notebook's kernel does: an assignment's checks lie there
    try:
        exercise = sealed.beside(id).exercise if sealed.beside(id) else find(id)
    except KeyError as error:
        exercise, report = None, {"usage": error.args[0]}
    os.write(1, b"ready\n")
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # what the file prints is not the check's
    if exercise:
        try:
            values, error = definitions(file)
        except ValueError as unreadable:
            report = {"usage": str(unreadable)}
        else:
            if exercise.name in values:
                report = dataclasses.asdict(engine.examine(id, values[exercise.name]))
            else:
                after = f"; it stopped at {error}" if error else ""
                report = _failed(id, f"{file.name} defines no {exercise.name}{after}")
    answer.write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    _check_here(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
