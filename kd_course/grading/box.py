"""The locked box, seen from outside: it is started here, watched, and killed from here.

    with Box("03", find_isolation()) as box, box.room() as room:
        run = room.attempt(job, draw=lambda: cases)

A box has one lesson's libraries loaded. A room in it is one submission's: processes, /tmp and home
of its own, new for every exercise. What comes out of `attempt` is checked for form, not for truth:
outcomes of the exact types that an attempt may have. Which are right is said elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kd_course.exercises.spec import Case
from kd_course.grading import cgroups, course, resources
from kd_course.grading.conversation import Conversation, Limits, Stopped
from kd_course.grading.isolation import SANDBOXED, Isolation, bubblewrap, environment, python
from kd_course.grading.job import Job, Run
from kd_course.grading.outcomes import outcome_from, read_loaded
from kd_course.grading.sandboxed import confine, wire

STARTING = 180.0  # seconds that torch and a lesson's libraries may take to load
OPENING = 30.0  # seconds until a room is there


class BoxBroken(RuntimeError):
    """The box did not start, or its loader died: no student's fault."""


# -- one lesson's box -------------------------------------------------------------------------


class Box:
    """A box with one lesson's libraries loaded; any number of attempts, from several threads.

    hidden: folders that nobody inside may see, should they lie among Python's own.
    The box dies with the thread that has started it (to the kernel a thread is a parent): let that
    thread last as long as the box does, as those of a pool do.
    Where a room cannot be shut off from the loader, the box ends with its room, and one thread alone
    uses it.
    """

    def __init__(
        self,
        lesson: str,
        isolation: Isolation,
        limits: Limits = Limits(),
        *,
        hidden: Sequence[Path] = (),
    ):
        self.lesson, self.isolation, self.limits = lesson, isolation, limits
        self._hidden = tuple(hidden)
        self._process: subprocess.Popen | None = None
        self._changing = threading.RLock()  # held while the loader is started or ended

    def __enter__(self) -> Box:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> Box:
        """Load; raises BoxBroken with what was said when torch or the lesson's setup does not."""
        self.loader()
        return self

    def loader(self) -> subprocess.Popen:
        """The process that all rooms hang on, started where there is none. Raises as `start` does."""
        with self._changing:
            if self._process is None:
                self._start()
            return self._process

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        program = (
            f"import sys; sys.path.insert(0, {self._folder()!r}); from sandboxed import loader; "
            f"loader.main({theirs.fileno()})"
        )
        before: list[str] = []
        variables = None
        if self.isolation.boxed:
            before = bubblewrap(self.limits.scratch, self._hidden)
        else:
            self._scratch = tempfile.TemporaryDirectory(prefix="kd-unsafe-")
            places = {"HOME": self._scratch.name, "TMPDIR": self._scratch.name}
            variables = {**environment(), **places, "MPLCONFIGDIR": self._scratch.name}
        self._said = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [*before, *python(boxed=self.isolation.boxed), "-c", program],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            env=variables,
            start_new_session=True,
        )
        theirs.close()
        self._control = ours
        ours.settimeout(STARTING)
        try:
            wire.send(ours, self._package())
            told = wire.receive(ours)
        except (OSError, EOFError, wire.WireError) as error:
            raise self._broken(f"nothing was loaded ({type(error).__name__})") from None
        if told["errors"]:
            cell, kind, text, line = told["errors"][0]
            raise self._broken(f"{cell}, line {line}: {kind}: {text}")
        # What students' processes write here from now on goes nowhere.
        self._base = resources.use(self._process.pid)

    @property
    def scratch(self) -> str:
        """Where an attempt's working folder is, as it sees it."""
        return "/tmp" if self.isolation.boxed else self._scratch.name

    @property
    def memory(self) -> int:
        """Bytes that a room may make the kernel keep: the limit, full folders, what it writes of the loader's."""
        folders = len(confine.EMPTIED) * self.limits.scratch
        return self.limits.memory + folders + self._base.memory

    def _folder(self) -> str:
        return "/box" if self.isolation.boxed else str(SANDBOXED.parent)

    def _package(self) -> dict[str, Any]:
        limits = self.limits
        return {
            "package": course.package(),
            "data": course.data(),
            "setup": course.setup(self.lesson),
            "limits": {
                "memory": limits.memory,
                "scratch": limits.scratch,
                "processes": limits.processes if self.isolation.boxed else -1,
                "seconds": int(limits.total) + 1,
                "boxed": self.isolation.boxed,
                "alone": self.isolation.alone,
                "home": confine.HOME if self.isolation.boxed else "",
            },
        }

    def _broken(self, why: str) -> BoxBroken:
        with contextlib.suppress(OSError):
            self._said.seek(0)
            said = self._said.read(4000).decode("utf-8", "replace").strip()
            why += f"\n{said}" if said else ""
        self.close()
        return BoxBroken(f"lesson {self.lesson}: its box did not start: {why}")

    def close(self) -> None:
        """Kill everything in the box."""
        self.end(self._process)

    def end(self, process: subprocess.Popen | None) -> None:
        """Kill everything in the box, should this be its loader still."""
        with self._changing:
            if process is None or process is not self._process:
                return
            self._process = None
            if not self.isolation.boxed:
                resources.kill_below(process.pid)
            process.kill()
            process.wait()
            self._control.close()
            self._said.close()
            if not self.isolation.boxed:
                self._scratch.cleanup()

    # -- rooms --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def room(self) -> Iterator[Room]:
        """A room for one submission; whatever is in it ends with it."""
        room = Room(self)
        try:
            yield room
        finally:
            room.close()

    def attempt(self, job: Job, draw: Callable[[], Sequence[Case]]) -> Run:
        """One exercise in a room of its own; see Room.attempt."""
        with self.room() as room:
            return room.attempt(job, draw)


class Room:
    """One submission's part of the box, opened when it is needed, and anew after anything odd."""

    def __init__(self, box: Box):
        self.box = box
        self._door: socket.socket | None = None
        self._pidfd: int | None = None
        self._group: cgroups.Group | None = None  # that bounds its memory, where there are groups
        self._keeper = 0  # the process that keeps the room, as this side numbers it
        self._loader: subprocess.Popen | None = None  # the one that has opened it

    def attempt(
        self, job: Job, draw: Callable[[], Sequence[Case]], seconds: float = float("inf")
    ) -> Run:
        """Run one exercise in a process of its own.

        draw: gives the cases; called, and the inputs handed over, when the student's code has
        loaded and not before. seconds: that are left for it, should they be fewer than the limits'.
        Raises BoxBroken when the box, not the student, is at fault.
        """
        for again in (True, False):
            opened = False
            try:
                self._open()
                opened = True
                return self._attempt(job, draw, seconds)
            except BoxBroken:
                # Where exercises are not shut off, an earlier one may have reached the loader.
                # Where they are, other rooms hang on it: it ends only when it is gone or stuck.
                alone = self.box.isolation.alone
                self.close()
                if not alone or not again or self._loader_has_ended():
                    self.box.end(self._loader)
                if not again and opened and not alone:
                    # A loader that nobody else uses, dead twice: this exercise has killed it.
                    return Run(ended="crashed", why="it ended the processes around it")
                if not again:
                    raise
        raise AssertionError("unreachable")

    def _open(self) -> None:
        """Have the loader fork the process that keeps the room; the kernel says which one it is."""
        if self._door is not None:
            return
        self._loader = None  # should none start
        self._door, theirs = socket.socketpair()
        if hasattr(socket, "SO_PASSCRED"):
            self._door.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._door.settimeout(OPENING)
        try:
            with self.box._changing:  # another room may find that the loader is gone, and start one
                self._loader = self.box.loader()
                socket.send_fds(self.box._control, [b"."], [theirs.fileno()])
            theirs.close()
            told, pid = _signed(self._door)
        except (OSError, wire.WireError):
            raise BoxBroken("the box's loader is gone") from None
        if "watching" not in told:
            raise BoxBroken(f"a room could not be shut off: {told.get('failed', 'no word')}")
        self._keeper = pid or told["watching"]
        if self.box.isolation.alone:
            self._pidfd = os.pidfd_open(self._keeper)
            self._group = cgroups.bounded(self._keeper, self.box.memory)

    def _loader_has_ended(self) -> bool:
        """Whether this room's loader is gone; not one that another room may have started since."""
        if self._loader is not None:
            # What hangs on it ends a moment before it does.
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._loader.wait(1.0) is not None
        return False

    def close(self) -> None:
        """Kill everything in the room, and wait until it is gone."""
        if self._pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            select.select([self._pidfd], [], [], 5.0)  # readable once it is gone
            os.close(self._pidfd)
        elif self._door is not None:
            self.box.end(self._loader)  # there is no namespace that could be ended
        if self._door is not None:
            self._door.close()
        if self._group is not None:
            self._group.close()
        self._door = self._pidfd = self._group = None

    def _attempt(self, job: Job, draw: Callable[[], Sequence[Case]], seconds: float) -> Run:
        limits = replace(self.box.limits, total=min(self.box.limits.total, seconds))
        channel, theirs = socket.socketpair()
        status, also_theirs = socket.socketpair()
        with channel, status, theirs, also_theirs:
            try:
                socket.send_fds(self._door, [b"."], [theirs.fileno(), also_theirs.fileno()])
            except OSError:
                raise BoxBroken("the room's keeper is gone") from None
            theirs.close()
            also_theirs.close()
            # Where there is no namespace, whatever is started counts, wherever it hangs.
            watched = self._keeper if self.box.isolation.alone else self.box._process.pid
            # In a group, what its sockets hold is counted by the kernel.
            own_network = self.box.isolation.boxed and self._group is None
            conversation = Conversation(channel, status, limits, watched, own_network)
            run = self._held(conversation, job, draw)
            if run.ended == "crashed" and self._group is not None and self._group.burst:
                run.why = f"more than {limits.memory / 2**30:.2g} GiB of memory"
            # Nobody told of an end: the keeper was killed, or the loader and all that hangs on it.
            if run.ended == "crashed" and conversation.ended is None and self._loader_has_ended():
                raise BoxBroken("the box's loader is gone")  # no fault of the student's
            if run.ended in ("timeout", "tampered") or not conversation.wait_for_the_end(2.0):
                self.close()
            elif not self.box.isolation.alone:
                self._wait_for_quiet()
        return run

    def _held(
        self, conversation: Conversation, job: Job, draw: Callable[[], Sequence[Case]]
    ) -> Run:
        run = Run()
        try:
            conversation.say({"names": {}, "sources": {}, **job.withheld})
            conversation.say(
                {
                    "cells": list(job.cells),
                    "name": job.name,
                    "other_name": job.other_name,
                    "kind": job.kind,
                    "arguments": list(job.arguments),
                    "largest": self.box.limits.reply,
                    "place": self.box.scratch,
                }
            )
            read_loaded(run, conversation.hear())
            cases: list[Case | None] = [None]
            if job.kind != "value":
                if not run.found or not run.callable or run.empty:
                    conversation.hang_up()
                    return run
                if conversation.has_more():
                    raise Stopped("tampered", "an answer was given before the question")
                cases = list(draw())
                conversation.say([_asked(case) for case in cases])
            for case in cases:
                run.outcomes.append(outcome_from(conversation.hear(), case, job.arguments))
            conversation.listen_to_the_end()
        except wire.WireError as error:
            run.ended, run.why = "tampered", f"not a reply: {error}"
        except Stopped as stopped:
            run.ended, run.why = stopped.how, str(stopped)
        return run

    def _wait_for_quiet(self) -> None:
        """What is still there after a moment ends with the box."""
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            if resources.use(self.box._process.pid).processes <= self.box._base.processes + 1:
                return
            time.sleep(0.01)
        self.close()


def _asked(case: Case) -> dict[str, Any]:
    """What the box is told of a case: not what it is about."""
    told = {"args": case.args, "kwargs": dict(case.kwargs), "gradient_of": case.gradient_of}
    return {**told, "inputs": case.inputs}


def _signed(door: socket.socket) -> tuple[dict, int | None]:
    """A message, and the process that has sent it, which the kernel vouches for."""
    part, ancillary, _, _ = door.recvmsg(65536, socket.CMSG_SPACE(struct.calcsize("3i")))
    for _, kind, data in ancillary:
        if kind == getattr(socket, "SCM_CREDENTIALS", None):
            return wire.decode(part), struct.unpack("3i", data)[0]
    return wire.decode(part), None
