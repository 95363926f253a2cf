"""A run over a class: what has no result yet is marked, each result kept, one failure costs one submission."""

from __future__ import annotations

import contextlib
import hashlib
import io
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from tqdm import tqdm

from kd_course.grading import results
from kd_course.grading.box import Box, BoxBroken
from kd_course.grading.collect import Submission
from kd_course.grading.submission import Assignment, grade, unreadable


def run(
    submissions: Sequence[Submission],
    assignment: Assignment,
    folder: Path,
    *,
    jobs: int = 1,
    hidden: Sequence[Path] = (),
) -> list[tuple[str, str]]:
    """Mark what has no result yet, and keep each result; returns who could not be marked, and why.

    One submission that cannot be read or run costs no other anything. At most `jobs` are held in
    memory.
    """
    failed: list[tuple[str, str]] = []
    with contextlib.ExitStack() as stack:
        boxes = _Boxes(assignment, hidden, stack)
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=jobs))
        bar = stack.enter_context(_progress(len(submissions)))
        for submission, done in _in_turn(
            pool, submissions, jobs, lambda s: _one(s, assignment, folder, boxes)
        ):
            if done.exception() is not None:
                failed.append((submission.student, f"{done.exception()}"))
            if done.exception() is None and not done.result():
                bar.initial += 1  # it had its marks: that says nothing of the time the others take
            bar.update()
    return failed


def _progress(total: int) -> tqdm:
    """A bar with the time left; where nobody looks at a terminal, a line a minute."""
    terminal = sys.stderr.isatty()
    return tqdm(
        total=total,
        unit=" submissions",
        file=sys.stderr if terminal else _Lines(),
        smoothing=0,  # the mean of the whole run: submissions differ widely
        mininterval=0.1 if terminal else 60,
        maxinterval=10 if terminal else 60,
    )


class _Lines(io.TextIOBase):
    """Standard error, where a state of the bar does not replace the one before."""

    def write(self, text: str) -> int:
        if text.strip():
            print(text.strip(), file=sys.stderr, flush=True)
        return len(text)


def _in_turn(pool, submissions, jobs, work) -> Iterator[tuple[Submission, Future]]:
    """Submissions as they are done; no more are begun than are worked on."""
    waiting: dict[Future, Submission] = {}
    left = iter(submissions)
    while True:
        for submission in left:
            waiting[pool.submit(work, submission)] = submission
            if len(waiting) >= jobs:
                break
        if not waiting:
            return
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            yield waiting.pop(future), future


class _Boxes:
    """The lessons' boxes: one for all threads where students cannot meet in it, else one a thread."""

    def __init__(self, assignment: Assignment, hidden: Sequence[Path], stack: contextlib.ExitStack):
        self.assignment, self.hidden, self.stack = assignment, hidden, stack
        self.shared = assignment.isolation.alone
        self.own = threading.local()
        self.lock = threading.Lock()
        # In this thread: what a thread has started dies with it.
        self.common = self._made() if self.shared else None

    def _made(self) -> dict[str, Box]:
        made = {}
        for lesson in self.assignment.lessons:
            box = Box(lesson, self.assignment.isolation, self.assignment.limits, hidden=self.hidden)
            made[lesson] = box
            with self.lock:
                self.stack.callback(box.close)
        return made

    def get(self) -> dict[str, Box]:
        if self.common is not None:
            return self.common
        if not hasattr(self.own, "boxes"):
            self.own.boxes = self._made()
        return self.own.boxes


def _one(submission: Submission, assignment: Assignment, folder: Path, boxes: _Boxes) -> bool:
    """Mark a submission, unless it has its marks; returns whether it was marked now."""
    files = submission.read()
    fingerprint = hashlib.sha256(f"{assignment.fingerprint} {files.digest}".encode()).hexdigest()
    before = results.load(results.file_of(folder, submission.student))
    if before is not None and before.fingerprint == fingerprint:
        return False
    try:
        result = grade(submission, files, assignment, boxes.get(), fingerprint=fingerprint)
    except (BoxBroken, OSError):
        raise  # the grader's own trouble: the same command goes on
    except Exception as error:
        result = unreadable(submission, assignment, f"{type(error).__name__}: {error}")
    results.save(folder, result)
    return True
