"""The course from the command line: `python -m kd_course COMMAND`."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence

from kd_course import __version__
from kd_course.console import make_readable

# command: (the module that does it, its function of the remaining arguments, what it is for)
COMMANDS = {
    "doctor": (
        "kd_course.commands.doctor",
        "main",
        "says whether the course can run here, and what to do if not",
    ),
    "lab": ("kd_course.commands.lab", "main", "opens JupyterLab on the first lesson"),
    "run": (
        "kd_course.commands.run",
        "main",
        "runs a lesson headless and holds its results to the ledger",
    ),
    "check": ("kd_course.commands.check", "check_main", "checks a solution that stands in a file"),
    "progress": (
        "kd_course.commands.standing",
        "main",
        "shows what you have passed, and where to go on",
    ),
    "exercises": ("kd_course.commands.check", "list_main", "lists the exercises"),
    "teacher": (
        "kd_course.commands.teacher",
        "main",
        "trains a shipped teacher again, from its recipe",
    ),
    "release": (
        "kd_course.grading.release",
        "main",
        "makes what students get of some lessons, without answers",
    ),
    "grade": ("kd_course.grading.grade_command", "grade_main", "marks submissions in a locked box"),
    "merge": (
        "kd_course.grading.grade_command",
        "merge_main",
        "puts the parts of a sharded grading together",
    ),
    "bench": (
        "kd_course.commands.bench",
        "main",
        "measures what caching and padding save, and where a step's time goes",
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status (2: it was not called as it must be)."""
    make_readable()
    there = {name: about for name, about in COMMANDS.items() if _is_there(about[0])}
    width = max(map(len, there))
    parser = argparse.ArgumentParser(
        prog="python -m kd_course",
        description="Knowledge distillation for NLP: a course you run.",
        epilog="commands:\n"
        + "\n".join(f"  {name:<{width}}  {what}" for name, (_, _, what) in there.items())
        + "\n\npython -m kd_course COMMAND --help tells more of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("command", choices=there, metavar="COMMAND", help="one of those below")
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="...", help="what it is given"
    )
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv:
        parser.print_help()
        return 0
    chosen = parser.parse_args(argv)
    module, function, _ = there[chosen.command]
    try:
        # Only the room that is asked for is opened: most of them import torch.
        run = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "kd_course":
            raise
        print(
            f"{chosen.command} needs {(error.name or '').partition('.')[0]}, which is not "
            f'installed here: {sys.executable} -m pip install -c constraints.txt -e ".[dev]"',
            file=sys.stderr,
        )
        return 2
    try:
        return run(chosen.arguments) or 0
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _is_there(module: str) -> bool:
    """The edition of the package that students install lacks the rooms for teachers."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    sys.exit(main())
