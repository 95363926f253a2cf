"""`python -m kd_course grade SUBMISSIONS --out marks.csv` and `python -m kd_course merge`."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from tqdm import tqdm

from kd_course.exercises import catalogue
from kd_course.grading import cgroups, results, secret
from kd_course.grading.class_run import run
from kd_course.grading.collect import Submission, collect
from kd_course.grading.conversation import Limits
from kd_course.grading.course import CONVENTION, MANIFEST
from kd_course.grading.identity import Person, Student, read_roster
from kd_course.grading.isolation import UNSAFE, NoBox, find_isolation
from kd_course.grading.submission import Assignment, fingerprint_of
from kd_course.grading.written import Current, check_gradebook, write_out
from kd_course.storage import write_whole

DONE, UNFINISHED, USAGE = 0, 1, 2
CASES_IN_FULL = 6  # may each take all of --seconds before the exercise as a whole is stopped


def grade_main(argv: list[str]) -> int:
    """Grade submissions: 0 all have their marks, 1 some have not, 2 not called as it must be."""
    try:
        options = _grade_parser().parse_args(argv)
        shard = _shard(options.shard)
        if options.jobs < 1:
            raise ValueError(f"--jobs must be at least 1, not {options.jobs}")
        for name in ("seconds", "memory"):
            if not 0 < getattr(options, name) < float("inf"):
                raise ValueError(f"--{name} must be above 0, not {getattr(options, name)}")
        isolation = find_isolation(unsafe=options.unsafe)
        if options.capstone:
            return _graded_capstones(options, isolation)
        if options.rubric:
            raise ValueError("--rubric goes with --capstone")
        roster = read_roster(options.roster) if options.roster else None
        submissions = collect(options.submissions, [row.id for row in roster or ()])
        _take_over(options)
        if options.seed is None:
            _refuse_released(submissions)
        lessons = _lessons(options, submissions)
        if shard and not (options.hidden or options.secret):
            raise ValueError(
                "--shard: every part would draw hidden inputs of its own: give all of them the "
                "released course (--course), or one file (--secret)"
            )
        exercises = [e for lesson in lessons for e in catalogue.of_lesson(lesson)]
        check_gradebook(options, exercises, isolation.name)
    except SystemExit as error:
        return int(error.code or 0)
    except (NoBox, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return USAGE
    if isolation == UNSAFE:
        print(
            "UNSAFE: students' code runs with your own rights; every mark says so.", file=sys.stderr
        )
    try:
        return _graded(options, lessons, isolation, roster, submissions, shard)
    except OSError as error:  # a disk that is full, a folder that is gone
        print(_not_written(error), file=sys.stderr)
        return UNFINISHED


def _graded_capstones(options: argparse.Namespace, isolation: Any) -> int:
    from kd_course.grading import capstone_marks

    capstone_marks.warn_unsafe(isolation)
    return UNFINISHED if capstone_marks.mark_capstones(options, isolation) else DONE


def _not_written(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"nothing more can be written: {error.strerror}{where}; the same command goes on"


def _graded(
    options: argparse.Namespace,
    lessons: Sequence[str],
    isolation: Any,
    roster: Sequence[Student] | None,
    submissions: Sequence[Submission],
    shard: tuple[int, int] | None,
) -> int:
    """Mark everything that is this run's, and write the table; returns as `grade_main`."""
    folder = results.folder_of(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    limits = Limits(
        seconds=options.seconds,
        total=max(Limits.total, CASES_IN_FULL * options.seconds),
        memory=int(options.memory * 2**30),
    )
    hidden = [options.submissions.absolute(), options.out.absolute().parent]
    with tqdm(total=0, desc="answers", file=sys.stderr, disable=None, bar_format="{desc}"):
        drawn_from = options.hidden or secret.of_table(folder)
        assignment = _assignment(lessons, options.seed, drawn_from, isolation, limits)
    _remember(folder, assignment, submissions, shard, options.seed)
    mine = [s for s in submissions if shard is None or _part(s.student, shard[1]) == shard[0] - 1]
    print(
        f"{len(mine)} submissions, lessons {', '.join(lessons)} "
        f"({len(assignment.sheets)} exercises), isolation: {isolation.name}"
        + (", memory bounded by the kernel" if isolation.alone and cgroups.where() else ""),
        file=sys.stderr,
    )
    if options.seed is None:
        print(
            f"conventions: the course's own (no --course, and no {MANIFEST} beside the submissions)",
            file=sys.stderr,
        )
    failed = run(mine, assignment, folder, jobs=options.jobs, hidden=hidden)
    for student, why in failed[:20]:
        print(f"not graded: {student}: {why}", file=sys.stderr)
    if shard is None:
        people = [_person(submission) for submission in submissions]
        # Of whoever could not be marked now, no mark that an earlier run has left.
        kept = {person.student for person in people} - {student for student, _ in failed}
        current = Current(folder, assignment.fingerprint, kept)
        write_out(options, current, assignment.exercises, roster, people)
    if failed:
        print(
            f"{len(failed)} submissions have no marks yet; the same command goes on.",
            file=sys.stderr,
        )
    return UNFINISHED if failed else DONE


def _person(submission: Submission) -> Person:
    return Person(submission.student, submission.name, submission.other_id, submission.platform)


def _grade_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kd_course grade",
        description="Mark submissions in a locked box: a folder per student, nbgrader's "
        "submitted/ layout, or a zip as a learning platform exports it.",
    )
    parser.add_argument("submissions", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the table of marks, marks.csv")
    parser.add_argument("--lessons", help="02,03,06; else what was released, or was handed in")
    parser.add_argument("--roster", type=Path, help="a CSV with every student; column id, or name")
    parser.add_argument("--course", type=Path, help="the released course, if they lie elsewhere")
    parser.add_argument("--seed", type=int, help="draws the conventions, where there is no course")
    parser.add_argument(
        "--secret", type=Path, help="a file for what draws hidden inputs; made where there is none"
    )
    parser.add_argument("--jobs", type=int, default=1, help="submissions at a time (1)")
    parser.add_argument("--shard", help="i/n: the i-th part of n; `merge` puts the parts together")
    parser.add_argument("--feedback", type=Path, help="a folder for an HTML page per student")
    parser.add_argument(
        "--capstone", action="store_true", help="mark the capstones of lesson 15, and nothing else"
    )
    parser.add_argument(
        "--rubric", type=Path, help="with --capstone: a CSV with a person's fifty points"
    )
    parser.add_argument("--seconds", type=float, default=Limits.seconds, help="per case (30)")
    parser.add_argument("--memory", type=float, default=2.0, help="GiB per exercise (2)")
    parser.add_argument(
        "--gradebook", type=Path, help="nbgrader's course folder, to enter marks in"
    )
    parser.add_argument("--assignment", help="its name in nbgrader's gradebook")
    parser.add_argument(
        "--unsafe", action="store_true", help="without a locked box; every mark says so"
    )
    return parser


def merge_main(argv: list[str]) -> int:
    """Put the parts of a sharded run together: 0 complete, 1 parts are missing, 2 misused."""
    parser = argparse.ArgumentParser(
        prog="python -m kd_course merge",
        description="Put the results of `grade --shard i/n` together into one table of marks.",
    )
    parser.add_argument(
        "parts", type=Path, nargs="+", help="what was --out, or its .results folder"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--roster", type=Path)
    parser.add_argument("--feedback", type=Path)
    parser.add_argument("--gradebook", type=Path)
    parser.add_argument("--assignment")
    try:
        options = parser.parse_args(argv)
        roster = read_roster(options.roster) if options.roster else None
        folders = [p if p.is_dir() else results.folder_of(p) for p in options.parts]
        told = _told_by(folders)
        exercises = [catalogue.find(id) for id in told["exercises"]]
        check_gradebook(options, exercises, told["isolation"])
    except SystemExit as error:
        return int(error.code or 0)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return USAGE
    try:
        lost = _merged(options, folders, told, exercises, roster)
    except OSError as error:
        print(_not_written(error), file=sys.stderr)
        return UNFINISHED
    if lost:
        count = told["shards"] or "?"
        parts = (
            sorted({_part(student, told["shards"]) + 1 for student in lost})
            if told["shards"]
            else []
        )
        print(
            f"{len(lost)} submissions have no marks yet"
            + (f": run again --shard {', '.join(f'{i}/{count}' for i in parts)}" if parts else ""),
            file=sys.stderr,
        )
    return UNFINISHED if lost else DONE


def _merged(
    options: argparse.Namespace,
    folders: Sequence[Path],
    told: dict[str, Any],
    exercises: Sequence[Any],
    roster: Sequence[Student] | None,
) -> list[str]:
    """Bring the parts' results together and write the table; returns who has no marks as yet."""
    target = results.folder_of(options.out)
    target.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        if folder.resolve() != target.resolve():
            for result in results.all_results(folder, told["fingerprint"]):
                results.save(target, result)
    current = Current(target, told["fingerprint"], {person.student for person in told["people"]})
    return write_out(options, current, exercises, roster, told["people"])


# -- what is marked ---------------------------------------------------------------------------


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    try:
        i, n = (int(part) for part in text.split("/"))
    except ValueError:
        raise ValueError(f"--shard must be i/n, like 2/8, not {text!r}") from None
    if not 1 <= i <= n:
        raise ValueError(f"--shard {text}: i must be from 1 to n")
    return i, n


def _part(student: str, n: int) -> int:
    """Which of n parts a student is in: always the same, whoever else has handed in."""
    return int.from_bytes(hashlib.sha256(student.encode()).digest()[:8]) % n


def _take_over(options: argparse.Namespace) -> None:
    """Seed, secret and lessons of the released course: the one that is named, or lies around the submissions.

    Raises ValueError where another seed is asked for, or the course is of another version.
    """
    options.hidden = secret.of_file(options.secret) if options.secret else ""
    course = options.course or _course_around(options.submissions.absolute())
    if course is None:
        return
    from kd_course.grading.release import released

    of_course = released(course)
    if options.seed not in (None, of_course.seed):
        raise ValueError(f"--seed: {course} was released with another seed; leave it out")
    options.seed = of_course.seed
    options.hidden = options.hidden or of_course.secret
    options.lessons = options.lessons or ",".join(dict.fromkeys(id[:2] for id in of_course.key))
    if not options.hidden:
        print(
            f"{course / MANIFEST}: hidden inputs have no secret of their own there, as courses of "
            f"earlier versions have none; they are drawn for this table alone",
            file=sys.stderr,
        )


def _course_around(submissions: Path) -> Path | None:
    places = [submissions] if (submissions / "submitted").is_dir() else []
    return next((p for p in (*places, *submissions.parents[:2]) if (p / MANIFEST).is_file()), None)


def _refuse_released(submissions: Sequence[Submission]) -> None:
    """ValueError where submissions come from a released course, and nobody gave its seed.

    Only where most of them do, so that no single student can bring it about.
    """
    looked_at = submissions[:20]
    mark = CONVENTION.encode()
    carry = sum(any(mark in data for _, data in s.read().notebooks) for s in looked_at)
    if 2 * carry > len(looked_at):
        raise ValueError(
            f"{carry} of the first {len(looked_at)} submissions come from a released course, whose "
            f"conventions only it tells: pass --course (the folder with {MANIFEST}), or put the "
            f"submissions into that folder"
        )


def _lessons(options: argparse.Namespace, submissions: Sequence[Submission]) -> tuple[str, ...]:
    """The lessons to mark: named or released, else handed in by anybody, else all of them."""
    known = catalogue.lessons()
    if options.lessons:
        chosen = tuple(part.strip() for part in options.lessons.split(",") if part.strip())
        unknown = [lesson for lesson in chosen if lesson not in known]
        if unknown or not chosen:
            raise ValueError(
                f"--lessons: there is no lesson {', '.join(unknown)}; there: {', '.join(known)}"
            )
        return chosen
    from kd_course.grading.cells import cells_of
    from kd_course.grading.notebook import lesson_of

    names = {lesson: frozenset(e.name for e in catalogue.of_lesson(lesson)) for lesson in known}
    found: set[str] = set()
    for submission in submissions:
        for name, data in submission.read().notebooks:
            with contextlib.suppress(Exception):  # what cannot be read names no lesson
                found.update(lesson_of(name, cells_of(data), names)[:1])
    return tuple(sorted(found)) or tuple(known)


def _assignment(
    lessons: Sequence[str], seed: int | None, hidden: str, isolation: Any, limits: Limits
) -> Assignment:
    from kd_course.grading.answers import answer_key
    from kd_course.grading.marking import prepared

    key = answer_key(lessons, seed)
    sheets = {
        id: prepared(a.sheet(secret.of_exercise(hidden, id)), a.variant) for id, a in key.items()
    }
    mark = fingerprint_of(lessons, sheets, hidden, isolation, limits)
    return Assignment(tuple(lessons), sheets, isolation, limits, mark)


def _remember(
    folder: Path, assignment: Assignment, submissions: Sequence[Submission], shard, seed: int | None
) -> None:
    """What `merge` must know of this part: who has handed in, what is marked, how many parts."""
    told = {
        "lessons": list(assignment.lessons),
        "exercises": [exercise.id for exercise in assignment.exercises],
        "people": [astuple(_person(submission)) for submission in submissions],
        "shards": shard[1] if shard else 0,
        "isolation": assignment.isolation.name,
        "fingerprint": assignment.fingerprint,
    }
    name = f"run-{shard[0]}-of-{shard[1]}.run" if shard else "run.run"
    text = json.dumps(told, ensure_ascii=False)
    write_whole(folder / name, lambda path: path.write_text(text, "utf-8"))


def _told_by(folders: Sequence[Path]) -> dict[str, Any]:
    told: dict[str, Any] = {"exercises": [], "people": []}
    for folder in folders:
        for file in sorted(folder.glob("*.run")) if folder.is_dir() else ():
            part = json.loads(file.read_text("utf-8"))
            told["people"] = sorted({*told["people"], *(Person(*p) for p in part["people"])})
            told["exercises"] = list(dict.fromkeys([*told["exercises"], *part["exercises"]]))
            if told.setdefault("shards", part["shards"]) != part["shards"]:
                raise ValueError(
                    f"{file}: this is one of {part['shards'] or 1} parts, the others are of "
                    f"{told['shards'] or 1}: a submission may be in none of them, or in two"
                )
            told["isolation"] = part.get("isolation", "")
            if told.setdefault("fingerprint", part["fingerprint"]) != part["fingerprint"]:
                raise ValueError(
                    f"{file}: this part was marked otherwise than the others (seed, lessons, "
                    f"limits, isolation or the course's version): grade it again"
                )
    if not told["exercises"]:
        raise ValueError(f"no results of `grade` in {', '.join(map(str, folders))}")
    return told
