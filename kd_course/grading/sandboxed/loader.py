"""The process that has torch loaded, and from which every exercise's process is forked.

It runs the course's own code only: no line of a student's is ever executed in it, and where
processes can be shut off from each other none that runs such a line can see it. Its one
standing channel leads to the grader; each room and each exercise gets its own.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import types

from . import confine, package, stand_ins, student_code, wire


def main(descriptor: int) -> None:
    """Load, then open a room for every channel that arrives; ends with the grader."""
    control = socket.socket(fileno=descriptor)
    job = wire.receive(control)
    if job["limits"]["boxed"]:
        confine.leave_root()
        confine.touchable(False)
    # Taken out of what stays in this frame: a student's code can walk up to it.
    finder = package.Finder(job.pop("package"), job.pop("data"))
    sys.meta_path.insert(0, finder)
    sys.path_hooks.insert(0, finder.hook)
    if job["limits"]["boxed"]:
        stand_ins.install()
    main, errors = _setup(job.pop("setup"))
    with open(os.devnull, "r+b") as nowhere:
        for descriptor in (0, 1, 2):  # what students print must not meet anywhere
            os.dup2(nowhere.fileno(), descriptor)
    wire.send(control, {"errors": errors})
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the dead
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _room(job, finder, main, socket.socket(fileno=descriptors[0]))
            os._exit(0)
        os.close(descriptors[0])


def _setup(cells: list[dict[str, str]]) -> tuple[types.ModuleType, list]:
    """Run the lesson's setup in what is __main__ from now on; its errors, as `run_cells` tells them."""
    import torch

    torch.set_num_threads(1)  # threads would not survive the fork
    import kd_course.exercises.attempts  # noqa: F401

    # Dataclasses, pickle and get_type_hints look a class's module up by its name.
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    errors = student_code.run_cells(cells, vars(main))
    confine.remember_size()
    gc.collect()
    gc.freeze()  # what no collection visits stays shared with the forks
    return main, errors


def _room(job: dict, finder: package.Finder, main: types.ModuleType, door: socket.socket) -> None:
    """In a process of its own: shut off a room, and keep it for one submission's exercises.

    It never runs a student's code. Those that do are forked from it, one after the other; between
    two of them everything is killed and /tmp, home and shared memory are new.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    alone = job["limits"]["alone"]
    try:
        if alone:
            confine.shut_off()
            first = os.fork()
            if first:
                door.close()
                os.waitpid(first, 0)
                return
            confine.own_places()
            confine.touchable(False)
    except OSError as error:
        wire.send(door, {"failed": str(error)})
        return
    wire.send(door, {"watching": os.getpid()})
    while True:
        message, descriptors, _, _ = socket.recv_fds(door, 1, 2)
        if not message:
            return
        if alone:
            confine.empty_places(job["limits"]["scratch"])
        worker = os.fork()
        if worker == 0:
            _worker(job, finder, main, descriptors[0])
        os.close(descriptors[0])
        code = _wait_for(worker)
        if alone:
            _kill_all()
        with socket.socket(fileno=descriptors[1]) as status:
            wire.send(status, {"ended": code})


def _kill_all() -> None:
    """End whatever a student's process has left; the first process of a namespace may do that."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def _worker(job: dict, finder: package.Finder, main: types.ModuleType, own: int) -> None:
    """Never returns: whatever happens in here, the process ends. own: its one channel."""
    code = 1
    try:
        os.setsid()
        os.closerange(3, own)
        os.closerange(own + 1, 4096)
        channel = socket.socket(fileno=own)
        if job["limits"]["boxed"]:
            confine.give_up_rights()
        withheld = wire.receive(channel)
        package.withhold(finder, withheld["names"], withheld["sources"])
        confine.bound(job["limits"])
        if job["limits"]["boxed"]:
            confine.filter_calls()
        os.environ["HOME"] = job["limits"]["home"] or os.environ.get("HOME", "/")
        student_code.serve(channel, main)
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
