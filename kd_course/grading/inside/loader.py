"""The process that has torch loaded, and from which every exercise's process is forked.

It runs the course's own code only: no line of a student's is ever executed in it, and where
processes can be shut off from each other none that runs such a line can see it. Its one
standing channel leads to the grader; each exercise gets two of its own.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from typing import Any

from . import attempt, confine, package, wire


def main(descriptor: int) -> None:
    """Load, then fork an exercise for every pair of channels that arrives; ends with the grader."""
    control = socket.socket(fileno=descriptor)
    job = wire.receive(control)
    if job["limits"]["boxed"]:
        confine.leave_root()
        confine.touchable(False)
    finder = package.Finder(job["package"])
    sys.meta_path.insert(0, finder)
    sys.path_hooks.insert(0, finder.hook)
    values = _setup(job["setup"])
    with open(os.devnull, "r+b") as nowhere:
        for descriptor in (0, 1, 2):  # what students print must not meet anywhere
            os.dup2(nowhere.fileno(), descriptor)
    wire.send(control, {"errors": values.pop("__errors__")})
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the dead
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _exercise(job, finder, values, *descriptors)
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def _setup(cells: list[dict[str, str]]) -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)  # threads would not survive the fork
    import kd_course.exercises.running  # noqa: F401

    values: dict[str, Any] = {"__name__": "__main__"}
    values["__errors__"] = attempt.run_cells(cells, values)
    confine.remember_size()
    gc.collect()
    gc.freeze()  # what no collection visits stays shared with the forks
    return values


def _exercise(
    job: dict, finder: package.Finder, values: dict, channel_fd: int, status_fd: int
) -> None:
    """In a process of its own: shut it off, fork the one that runs the student's code, outlive it."""
    status = socket.socket(fileno=status_fd)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    limits = job["limits"]
    try:
        if limits["alone"]:
            confine.shut_off()
            first = os.fork()
            if first:
                os.close(channel_fd)
                status.close()
                os.waitpid(first, 0)
                return
            confine.own_places(limits["scratch"])
        if limits["boxed"]:
            confine.give_up_rights()
    except OSError as error:
        wire.send(status, {"failed": str(error)})
        return
    wire.send(status, {"watching": os.getpid()})
    worker = os.fork()
    if worker == 0:
        status.close()
        os.setsid()
        _worker(job, finder, values, socket.socket(fileno=channel_fd))
    os.close(channel_fd)
    wire.send(status, {"ended": _wait_for(worker)})


def _worker(job: dict, finder: package.Finder, values: dict, channel: socket.socket) -> None:
    """Never returns: whatever happens in here, the process ends."""
    code, own = 1, channel.fileno()
    os.closerange(3, own)
    os.closerange(own + 1, 4096)
    try:
        withheld = wire.receive(channel)
        package.withhold(finder, withheld["names"], withheld["sources"])
        confine.bound(job["limits"])
        if job["limits"]["boxed"]:
            confine.filter_calls()
        os.environ["HOME"] = job["limits"]["home"] or os.environ.get("HOME", "/")
        attempt.serve(channel, values)
        code = 0
    except BaseException as error:
        code = 66 if isinstance(error, MemoryError) else 67
    finally:
        os._exit(code)


def _wait_for(worker: int) -> int:
    """The worker's exit code, or minus the signal that ended it; buries whoever else dies."""
    while True:
        pid, how = os.wait()
        if pid == worker:
            return os.waitstatus_to_exitcode(how)
