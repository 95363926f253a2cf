"""The locked box, seen from outside: it is started here, watched, and killed from here.

    isolation = find_isolation()
    with Box("03", isolation) as box:
        run = box.attempt(job, draw=lambda: cases)

What comes out of `attempt` is checked for form, not for truth: outcomes of the exact types that an
attempt may have. Which are right is said elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kd_course.authoring.source import ROOT
from kd_course.exercises.running import Outcome
from kd_course.exercises.spec import Case
from kd_course.grading import course, watching
from kd_course.grading.inside import confine, wire
from kd_course.grading.outcomes import outcome_from

INSIDE = Path(__file__).with_name("inside")
STARTING = 180.0  # seconds that torch and a lesson's libraries may take to load
INSTALL = (
    "Grading runs students' code in a locked box, which bubblewrap makes. Linux: install it "
    "(Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap; Arch: pacman -S "
    "bubblewrap). In a container, user namespaces must be allowed (docker run --privileged, or "
    "--security-opt seccomp=unconfined). macOS, Windows: use a Linux machine, WSL 2 or a virtual "
    "machine. --unsafe runs students' code with your own rights, and every mark says so."
)


class NoBox(RuntimeError):
    """Students' code cannot be locked in on this machine: why, and what to install."""


class BoxBroken(RuntimeError):
    """The box did not start, or its loader died: no student's fault."""


@dataclass(frozen=True)
class Limits:
    """What one exercise may use.

    seconds: for loading the student's cells, and again for each case. total: seconds for the whole
    exercise. memory: bytes added to what the libraries take, of all its processes together.
    scratch: bytes in /tmp, in the home and of one file. reply: bytes of one message from inside.
    """

    seconds: float = 30.0
    total: float = 180.0
    memory: int = 2 * 2**30
    processes: int = 64
    scratch: int = 64 * 2**20
    reply: int = 16 * 2**20


@dataclass(frozen=True)
class Isolation:
    """How students' code is locked in here.

    name: as marks record it. boxed: bubblewrap works. alone: an exercise's process can be shut off
    from the loader, so that one loader serves all submissions; else each has a loader of its own.
    """

    name: str
    boxed: bool
    alone: bool


BUBBLEWRAP = Isolation("bubblewrap", boxed=True, alone=True)
BUBBLEWRAP_EACH = Isolation("bubblewrap, a loader each", boxed=True, alone=False)
UNSAFE = Isolation("none (--unsafe)", boxed=False, alone=False)


@dataclass(frozen=True)
class Job:
    """One exercise of one submission.

    cells: the student's, each with `name`, `source` and `run` (see inside/attempt.py).
    name: of the function or value. other_name: what the exercise's cell defines, should there be
    nothing of that name. withheld: see course.withheld.
    """

    cells: Sequence[dict[str, str]]
    name: str
    kind: str
    arguments: tuple[str, ...] = ()
    other_name: str = ""
    withheld: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Run:
    """What came of a job.

    ended: "" when it came to its end; else "timeout", "crashed" or "tampered", and `why` in words.
    loaded: whether the student's cells came to an end. errors: [cell, class, text, line] of theirs,
    as the box tells it: not to be trusted. outcomes: one a case, as far as it came.
    """

    ended: str = ""
    why: str = ""
    loaded: bool = False
    found: bool = False
    empty: bool = False
    stub: bool = False
    callable: bool = False
    errors: list = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)


class _Stopped(Exception):
    """The exercise is over before its end: `how` as in Run.ended, and why."""

    def __init__(self, how: str, why: str):
        super().__init__(why)
        self.how = how


# -- what works here --------------------------------------------------------------------------

_PROBE = """
import os, sys, json
sys.path.insert(0, "/box")
from inside import confine
told = {"sees": [p for p in json.loads(sys.argv[1]) if os.path.exists(p)], "alone": False}
confine.leave_root()
told["root"] = os.getuid() == 0
reader, writer = os.pipe()
if os.fork() == 0:
    try:
        confine.shut_off()
        if os.fork() == 0:
            confine.own_places(2**20)
            confine.give_up_rights()
            confine.filter_calls()
            os.write(writer, b"alone")
    finally:
        os._exit(0)
os.close(writer)
told["alone"] = os.read(reader, 9) == b"alone"
print(json.dumps(told))
"""


def find_isolation(*, unsafe: bool = False) -> Isolation:
    """The best isolation that works on this machine, found by running it.

    Raises NoBox that says what is missing; with unsafe=True gives UNSAFE instead of raising.
    """
    try:
        return _probe()
    except NoBox:
        if unsafe:
            return UNSAFE
        raise


def _probe() -> Isolation:
    bwrap = shutil.which("bwrap")
    if sys.platform != "linux" or bwrap is None:
        what = "no bubblewrap (bwrap) on this machine" if sys.platform == "linux" else sys.platform
        raise NoBox(f"No locked box: {what}.\n{INSTALL}")
    with tempfile.NamedTemporaryFile() as canary:
        secrets = [canary.name, str(ROOT / "solutions"), str(course.PACKAGE / "exercises")]
        command = [*_bubblewrap(scratch=2**20), *_python(), "-c", _PROBE, json.dumps(secrets)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            told = json.loads(done.stdout)
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            said = getattr(locals().get("done"), "stderr", "") or str(error)
            raise NoBox(
                f"No locked box: bubblewrap does not work here: {said.strip()}\n{INSTALL}"
            ) from None
    if told["sees"] or told["root"]:
        raise NoBox(
            f"No locked box: what runs in it still sees {told['sees'] or 'root'}.\n{INSTALL}"
        )
    if not told["alone"] and not _bounds_places():
        raise NoBox(
            f"No locked box: this bubblewrap is older than 0.7 and /tmp has no bound.\n{INSTALL}"
        )
    return BUBBLEWRAP if told["alone"] else BUBBLEWRAP_EACH


def _bounds_places() -> bool:
    told = subprocess.run(["bwrap", "--help"], capture_output=True, text=True)
    return "--size" in told.stdout + told.stderr


def _python() -> list[str]:
    """Python without the user's environment, writing no bytecode."""
    return [sys.executable, "-I", "-B"]


def _bubblewrap(scratch: int, hidden: Sequence[Path] = ()) -> list[str]:
    """The command that runs what follows it in a box: Python and libraries, read-only; no more."""
    command = [shutil.which("bwrap") or "bwrap", "--die-with-parent", "--new-session"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--hostname", "box", "--clearenv"]
    if os.getuid() == 0:  # to become a user without rights once everything is in place
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user"]
    for name, value in _environment().items():
        command += ["--setenv", name, value]
    bound = [Path("/usr")]
    command += ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            command += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
        command += ["--ro-bind-try", name, name]
    room = ["--perms", "1777", *(["--size", str(scratch)] if _bounds_places() else [])]
    command += ["--proc", "/proc", "--dev", "/dev", *room, "--tmpfs", "/tmp"]
    command += [*_parents(Path(confine.HOME)), *room, "--tmpfs", confine.HOME]
    for prefix in dict.fromkeys(
        path
        for given in (sys.base_prefix, sys.prefix, *_libraries())
        for path in (Path(given), Path(given).resolve())
    ):
        if not any(prefix.is_relative_to(other) for other in bound):
            command += [*_parents(prefix), "--ro-bind", str(prefix), str(prefix)]
            bound.append(prefix)
    for secret in (*hidden, *_answers()):
        secret = secret.resolve()
        if secret.is_dir() and any(secret.is_relative_to(other) for other in bound):
            command += ["--tmpfs", str(secret), "--remount-ro", str(secret)]
    command += ["--dir", "/box", "--ro-bind", str(INSIDE), "/box/inside"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*command, "--chdir", "/", "--"]


def _parents(path: Path) -> list[str]:
    """Makes the folders above a path; those that bubblewrap makes of itself only root can open."""
    above = [parent for parent in reversed(path.parents) if parent != Path("/")]
    return [part for parent in above for part in ("--dir", str(parent))]


def _libraries() -> list[str]:
    """Where this Python's packages lie, should it not be below its prefix."""
    return [path for path in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")) if path]


def _answers() -> list[Path]:
    """Every place where the course with its answers may lie among what the box gets to see."""
    inside = [Path(path) / "kd_course" for path in _libraries()]
    return [*inside, course.PACKAGE, *(ROOT / name for name in ("solutions", "notebooks", "tests"))]


def _environment() -> dict[str, str]:
    one = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": confine.HOME,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": "/tmp",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "KD_SCALE": "offline",
        **dict.fromkeys(one, "1"),
    }


# -- one lesson's box -------------------------------------------------------------------------


class Box:
    """A box with one lesson's libraries loaded; any number of attempts, from several threads.

    hidden: folders that nobody inside may see, should they lie among Python's own.
    Where an exercise cannot be shut off from the loader, whoever uses the box calls `renew` between
    submissions, and uses it from one thread.
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
        self._starting = threading.Lock()

    def __enter__(self) -> Box:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> Box:
        """Load; raises BoxBroken with what was said when torch or the lesson's setup does not."""
        with self._starting:
            if self._process is None:
                self._start()
        return self

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        program = (
            f"import sys; sys.path.insert(0, {self._folder()!r}); from inside import loader; "
            f"loader.main({theirs.fileno()})"
        )
        before = []
        environment = None
        if self.isolation.boxed:
            before = _bubblewrap(self.limits.scratch, self._hidden)
        else:
            self._scratch = tempfile.TemporaryDirectory(prefix="kd-unsafe-")
            places = {"HOME": self._scratch.name, "TMPDIR": self._scratch.name}
            environment = {**_environment(), **places, "MPLCONFIGDIR": self._scratch.name}
        self._said = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [*before, *_python(), "-c", program],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            env=environment,
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
        self._base = watching.use(self._process.pid)

    def _folder(self) -> str:
        return "/box" if self.isolation.boxed else str(INSIDE.parent)

    def _package(self) -> dict[str, Any]:
        limits = self.limits
        return {
            "package": course.package(),
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
        process, self._process = self._process, None
        if process is None:
            return
        if not self.isolation.boxed:
            watching.kill_below(process.pid)
        process.kill()
        process.wait()
        self._control.close()
        self._said.close()
        if not self.isolation.boxed:
            self._scratch.cleanup()

    def renew(self) -> None:
        """Between submissions: a new loader, where the old one could have been reached."""
        if not self.isolation.alone:
            self.close()

    # -- one attempt --------------------------------------------------------------------------

    def attempt(self, job: Job, draw: Callable[[], Sequence[Case]]) -> Run:
        """Run one exercise of a submission in a process of its own.

        draw: gives the cases; called when the student's code has loaded, and not before.
        Raises BoxBroken when the box, not the student, is at fault.
        """
        for again in (True, False):
            self.start()
            try:
                with self._conversation() as talk:
                    return self._attempt(talk, job, draw)
            except BoxBroken:
                # Without shutting off, an earlier exercise may have reached the loader.
                if not again:
                    raise
                self.close()
        raise AssertionError("unreachable")

    @contextlib.contextmanager
    def _conversation(self) -> Iterator[_Conversation]:
        channel, theirs = socket.socketpair()
        status, also_theirs = socket.socketpair()
        with channel, status:
            _want_sender(status)
            try:
                socket.send_fds(self._control, [b"."], [theirs.fileno(), also_theirs.fileno()])
            except OSError:
                raise BoxBroken("the box's loader is gone") from None
            finally:
                theirs.close()
                also_theirs.close()
            talk = _Conversation(self, channel, status)
            try:
                yield talk
            finally:
                talk.end()

    def _attempt(self, talk: _Conversation, job: Job, draw: Callable[[], Sequence[Case]]) -> Run:
        run = Run()
        talk.meet()
        try:
            talk.say({"names": {}, "sources": {}, **job.withheld})
            talk.say(
                {
                    "cells": list(job.cells),
                    "name": job.name,
                    "other_name": job.other_name,
                    "kind": job.kind,
                    "arguments": list(job.arguments),
                    "largest": self.limits.reply,
                    "place": "/tmp" if self.isolation.boxed else self._scratch.name,
                }
            )
            _read_loaded(run, talk.hear())
            cases: list[Case | None] = [None]
            if job.kind != "value":
                if not run.found or not run.callable or run.empty:
                    return run
                if talk.has_more():
                    raise _Stopped("tampered", "an answer was given before the question")
                cases = list(draw())
                talk.say([(case.args, dict(case.kwargs), case.gradient_of) for case in cases])
            for case in cases:
                run.outcomes.append(outcome_from(talk.hear(), case))
            talk.listen_to_the_end()
        except wire.WireError as error:
            run.ended, run.why = "tampered", f"a reply that is none: {error}"
        except _Stopped as stopped:
            run.ended, run.why = stopped.how, str(stopped)
        return run


def _read_loaded(run: Run, told: Any) -> None:
    """Take over what the box says it has loaded. Raises WireError where it is not of that form."""
    flags = ("found", "empty", "stub", "callable")
    if type(told) is not dict or set(told) != {*flags, "errors"}:
        raise wire.WireError("not what was loaded")
    if any(type(told[name]) is not bool for name in flags) or type(told["errors"]) is not list:
        raise wire.WireError("not what was loaded")
    for error in told["errors"]:
        if type(error) is not list or [type(part) for part in error] != [str, str, str, int]:
            raise wire.WireError("an error that is none")
    for name in flags:
        setattr(run, name, told[name])
    run.errors, run.loaded = told["errors"][:50], True


def _want_sender(status: socket.socket) -> None:
    if hasattr(socket, "SO_PASSCRED"):
        status.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


class _Conversation:
    """With one exercise's process: bounded in time and bytes, its resources watched meanwhile."""

    def __init__(self, box: Box, channel: socket.socket, status: socket.socket):
        self.box, self.channel, self.status = box, channel, status
        self.limits = box.limits
        self.buffer = bytearray()
        self.watched: int | None = None
        self.pidfd: int | None = None
        self.done = False
        self.last_look = self.began = time.monotonic()
        channel.setblocking(False)

    def meet(self) -> None:
        """Wait for the process that will watch over the student's; the kernel says which one it is."""
        told, pid = self._status(30.0)
        if "watching" not in told:
            raise BoxBroken(f"an exercise could not be shut off: {told.get('failed', 'no word')}")
        self.watched = pid or told["watching"]
        if self.box.isolation.alone:
            with contextlib.suppress(OSError):  # it may have come to its end already
                self.pidfd = os.pidfd_open(self.watched)
        if not self.box.isolation.alone:
            self.watched = self.box._process.pid
        self.base = watching.use(self.watched)
        self.began = self.last_look = time.monotonic()

    def _status(self, seconds: float) -> tuple[dict, int | None]:
        self.status.settimeout(seconds)
        room = socket.CMSG_SPACE(struct.calcsize("3i"))
        try:
            part, ancillary, _, _ = self.status.recvmsg(65536, room)
            told = wire.decode(part)
        except (OSError, wire.WireError):
            raise BoxBroken("the box's loader is gone") from None
        for _, kind, data in ancillary:
            if hasattr(socket, "SCM_CREDENTIALS") and kind == socket.SCM_CREDENTIALS:
                return told, struct.unpack("3i", data)[0]
        return told, None

    def say(self, value: Any) -> None:
        """Send, to somebody who may not listen."""
        message = memoryview(wire.encode(value))
        until = self._deadline()
        while message:
            _, writable, _ = select.select([], [self.channel], [], self._patience(until))
            if writable:
                try:
                    message = message[self.channel.send(message) :]
                except BlockingIOError:
                    continue
                except OSError:
                    raise self._ending() from None
            elif self._is_over():
                raise self._ending()

    def hear(self) -> Any:
        """The next message. Raises _Stopped, or WireError when it is none."""
        until = self._deadline()
        while not self._complete():
            readable, _, _ = select.select([self.channel], [], [], self._patience(until))
            if readable and not self._read():
                raise self._ending()
        size = 8 + int.from_bytes(self.buffer[:8])
        message = bytes(self.buffer[:size])
        del self.buffer[:size]
        return wire.decode(message, tensors=False, longest=wire.LONGEST)

    def has_more(self) -> bool:
        """Whether something was sent that nobody has asked for yet."""
        readable, _, _ = select.select([self.channel], [], [], 0)
        return bool(self.buffer) or bool(readable and self._read() and self.buffer)

    def listen_to_the_end(self) -> None:
        """After the last outcome there is nothing more to be said."""
        until = time.monotonic() + 1.0
        while time.monotonic() < until and not self.buffer:
            readable, _, _ = select.select([self.channel], [], [], 0.1)
            if readable and not self._read():
                return
            if not readable and self._is_over():
                return
        if self.buffer:
            raise _Stopped("tampered", "more was sent than was asked for")

    def _complete(self) -> bool:
        if len(self.buffer) < 8:
            return False
        size = int.from_bytes(self.buffer[:8])
        if size > self.limits.reply:
            raise _Stopped("tampered", f"a reply of {size} bytes")
        return len(self.buffer) >= 8 + size

    def _read(self) -> bool:
        """Take what there is; False when the other side has closed."""
        try:
            part = self.channel.recv(2**18)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.buffer += part
        return bool(part)

    def _deadline(self) -> float:
        now = time.monotonic()
        return min(now + self.limits.seconds, self.began + self.limits.total)

    def _patience(self, until: float) -> float:
        """How long to wait now; looks at time, memory and processes first."""
        now = time.monotonic()
        if now >= until:
            raise _Stopped("timeout", f"not done after {now - self.began:.0f} s")
        if now - self.last_look > 0.2:
            self.last_look = now
            used = watching.use(self.watched) - self.base
            if used.memory > self.limits.memory or used.size > 4 * self.limits.memory:
                raise _Stopped(
                    "crashed", f"more than {self.limits.memory / 2**30:.2g} GiB of memory"
                )
            if used.processes > self.limits.processes:
                raise _Stopped("crashed", f"more than {self.limits.processes} processes")
        return min(0.2, until - now)

    def _is_over(self) -> bool:
        readable, _, _ = select.select([self.status], [], [], 0)
        return bool(readable)

    def _ending(self) -> _Stopped:
        """Why the process has ended, as the process that watched over it tells."""
        try:
            told, _ = self._status(3.0)
            code = int(told["ended"])
            self.done = True
        except (BoxBroken, KeyError, ValueError):
            if not self.box.isolation.alone and self.box._process.poll() is not None:
                self.box.close()
            return _Stopped("crashed", "it ended the processes around it, or closed its channel")
        if code < 0:
            with contextlib.suppress(ValueError):
                return _Stopped("crashed", f"ended by {signal.Signals(-code).name}")
        if code == 66:
            return _Stopped("crashed", "out of memory")
        return _Stopped("crashed", f"it ended its own process (exit code {code})")

    def end(self) -> None:
        """Kill all that is left of the exercise."""
        if self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            select.select([self.pidfd], [], [], 5.0)  # readable once it is gone
            os.close(self.pidfd)
        elif self.watched:
            self._wait_for_quiet()

    def _wait_for_quiet(self) -> None:
        """No namespace that could be ended: what is still there after a moment ends with the box."""
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            if self.box._process is None:
                return
            if watching.use(self.watched).processes <= self.box._base.processes:
                return
            time.sleep(0.01)
        self.box.close()
