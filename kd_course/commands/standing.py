"""`python -m kd_course progress`: what was passed, and where to go on."""

from __future__ import annotations

import argparse
import sys

from kd_course.exercises import progress


def main(argv: list[str]) -> int:
    """Print the standing: a line a lesson, or with a lesson's number a line an exercise."""
    parser = argparse.ArgumentParser(
        prog="python -m kd_course progress",
        description="What you have passed, by lesson, and where to go on. It is kept on this "
        "machine alone; KD_PROGRESS=0 keeps nothing.",
    )
    parser.add_argument("lesson", nargs="?", help="number of a lesson, such as 03")
    chosen = parser.parse_args(argv)
    try:
        found = progress.standings(chosen.lesson)
    except KeyError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    print(progress.as_table(found, chosen.lesson))
    where = progress.folder()
    print(f"Kept in {where}." if where else "Progress is not kept: KD_PROGRESS is 0.")
    return 0
