"""Memory bounded and time shared by the kernel, where this process may make control groups (v2).

A room gets as much of the processors as another one, however many processes it has. A group counts what no process is said to hold: what lies in sockets and pipes, in /tmp and in shared
memory. Where there is none to be had, the grader counts for itself, a few times a second; see
conversation.py. On a machine with systemd, a run that may make groups is begun by

    systemd-run --user --scope -p Delegate=yes python -m kd_course grade …
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from functools import lru_cache
from pathlib import Path

from kd_course.grading import resources

_numbers = itertools.count()


class NoGroups(RuntimeError):
    """This process may make no control groups: why."""


class Group:
    """A control group for one room: whatever is started in it is held to `memory` bytes together."""

    def __init__(self, parent: Path, memory: int):
        """Raises OSError where it cannot be made."""
        self.place = parent / f"kd-room-{os.getpid()}-{next(_numbers)}"
        self.place.mkdir()
        try:
            (self.place / "memory.max").write_text(str(memory))
            (self.place / "memory.oom.group").write_text("1")  # all of it ends, or nothing
            with contextlib.suppress(OSError):  # where nothing is swapped out at all
                (self.place / "memory.swap.max").write_text("0")
        except OSError:
            self.close()
            raise

    def add(self, pid: int) -> None:
        """Have a process, and all that it starts from now on, counted here. Raises OSError."""
        (self.place / "cgroup.procs").write_text(str(pid))

    @property
    def burst(self) -> bool:
        """Whether the kernel has ended something in here because it wanted more."""
        with contextlib.suppress(OSError, ValueError):
            lines = (self.place / "memory.events").read_text().splitlines()
            return int(dict(line.split() for line in lines)["oom_kill"]) > 0
        return False

    def close(self) -> None:
        """Remove it once it is empty; what has just been killed needs a moment to be gone."""
        for _ in range(50):
            try:
                return self.place.rmdir()
            except FileNotFoundError:
                return None
            except OSError:
                time.sleep(0.01)
        return None  # it goes with the scope that the grader was started in


def bounded(pid: int, memory: int) -> Group | None:
    """A group that holds a process and whatever it starts to so many bytes; None where there are none."""
    place = where()
    if place is None:
        return None
    try:
        group = Group(place, memory)
    except OSError:
        return None
    try:
        group.add(pid)
    except OSError:
        group.close()
        return None
    return group


@lru_cache
def where() -> Path | None:
    """Where groups can be made, found once; None where they cannot."""
    try:
        return parent()
    except NoGroups:
        return None


def parent(mounts: Path = Path("/proc/self/mounts"), own: Path = Path("/proc/self/cgroup")) -> Path:
    """Where groups with a bound on memory can be made: this process's own group, made ready for it.

    A group that has members of its own can bound no others below it, so the grader moves into one
    below. Time is shared by groups where that has been handed down, too. mounts, own: where the system says what is mounted, and which group this process is in.
    Raises NoGroups that says what is missing.
    """
    place = _own_group(mounts, own)
    try:
        given = (place / "cgroup.controllers").read_text().split()
        if "memory" not in given:
            raise NoGroups("the control group of this process has no bound on memory to give")
        members = {int(pid) for pid in (place / "cgroup.procs").read_text().split()}
        if not members <= set(resources.below(os.getpid())):
            raise NoGroups("other programs are in this process's control group")
        _move(members, place)
        handed_down = "+cpu +memory" if "cpu" in given else "+memory"
        (place / "cgroup.subtree_control").write_text(handed_down)
        Group(place, 2**30).close()  # found by making one
    except OSError as error:
        raise NoGroups(f"this process may make no control groups ({error.strerror})") from None
    return place


def _own_group(mounts: Path, own: Path) -> Path:
    try:
        listed = [line.split() for line in mounts.read_text().splitlines()]
        root = next(Path(line[1]) for line in listed if line[2] == "cgroup2")
        path = next(line[3:] for line in own.read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration, IndexError):
        raise NoGroups("there are no control groups of version 2 on this machine") from None
    return root / path.strip("/")


def _move(members: set[int], place: Path) -> None:
    """Leave a group for one below it. Raises OSError where that is not allowed."""
    if not members:
        return
    below = place / "kd-grader"
    below.mkdir(exist_ok=True)
    for pid in members:
        (below / "cgroup.procs").write_text(str(pid))
