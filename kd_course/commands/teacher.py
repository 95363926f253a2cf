"""`python -m kd_course teacher NAME`: a shipped teacher made again, from its recipe."""

from __future__ import annotations

import argparse

from kd_course import experiments, teachers
from kd_course.commands import ledger_entry, run
from kd_course.models import SHIPPED
from kd_course.storage import cache_folder


def main(argv: list[str]) -> int:
    """`python -m kd_course teacher NAME [--ship]`."""
    parser = argparse.ArgumentParser(
        prog="python -m kd_course teacher", description="Make a shipped teacher again."
    )
    parser.add_argument("name", choices=sorted(teachers.RECIPES))
    parser.add_argument(
        "--ship", action="store_true", help="for authors: replace the shipped one, and its figures"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    arguments = parser.parse_args(argv)
    folder = (
        SHIPPED / arguments.name if arguments.ship else cache_folder() / "teachers" / arguments.name
    )
    teachers.train(arguments.name, folder, quiet=arguments.quiet)
    report = teachers.measure(arguments.name, folder).as_dict()
    if arguments.ship:
        ledger_entry.write_reference(report["lesson"], report, 0.0, "figures")
    print(f"{folder}\n" + run.as_table(experiments.ledger().compare(report)))
    return 0
