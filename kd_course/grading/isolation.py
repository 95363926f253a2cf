"""Where students' code can be locked in, and how: found by running it, not by looking for it.

The box has Python and its libraries, read-only, an empty home and /tmp, and nothing else of this
machine: no network, no other process, no file of the course, the grader or another student.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kd_course.authoring.source import ROOT
from kd_course.grading import course
from kd_course.grading.sandboxed import confine

SANDBOXED = Path(__file__).with_name("sandboxed")
INSTALL = (
    "Grading runs students' code in a locked box, which bubblewrap makes. Linux: install it "
    "(Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap; Arch: pacman -S "
    "bubblewrap). In a container, user namespaces must be allowed (docker run --privileged, or "
    "--security-opt seccomp=unconfined). macOS, Windows: use a Linux machine, WSL 2 or a virtual "
    "machine. --unsafe (Linux, macOS) runs students' code with your own rights, and every mark says "
    "so."
)


class NoBox(RuntimeError):
    """Students' code cannot be locked in on this machine: why, and what to install."""


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


_PROBE = """
import os, sys, json
sys.path.insert(0, "/box")
from sandboxed import confine
told = {"sees": [p for p in json.loads(sys.argv[1]) if os.path.exists(p)], "alone": False}
confine.leave_root()
told["root"] = os.getuid() == 0
reader, writer = os.pipe()
if os.fork() == 0:
    try:
        confine.shut_off()
        if os.fork() == 0:
            confine.own_places()
            confine.empty_places(2**20)
            confine.empty_places(2**20)
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

    Raises NoBox that says what is missing; with unsafe=True gives UNSAFE instead of raising, where
    processes can be forked at all: not on Windows.
    """
    try:
        return _probe()
    except NoBox:
        if unsafe and hasattr(os, "fork"):
            return UNSAFE
        raise


def _probe() -> Isolation:
    bwrap = shutil.which("bwrap")
    if sys.platform != "linux" or bwrap is None:
        what = "no bubblewrap (bwrap) on this machine" if sys.platform == "linux" else sys.platform
        raise NoBox(f"No locked box: {what}.\n{INSTALL}")
    with tempfile.NamedTemporaryFile() as canary:
        secrets = [canary.name, str(ROOT / "solutions"), str(course.PACKAGE / "exercises")]
        command = [*bubblewrap(scratch=2**20), *python(), "-c", _PROBE, json.dumps(secrets)]
        try:
            done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)
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
    told = subprocess.run(["bwrap", "--help"], capture_output=True, encoding="utf-8")
    return "--size" in told.stdout + told.stderr


def python(*, boxed: bool = True) -> list[str]:
    """Python without the user's environment, writing no bytecode; as the box has it, or as it is."""
    executable = Path(sys.executable)
    return [str(_place(executable) if boxed else executable), "-I", "-B"]


def bubblewrap(scratch: int, hidden: Sequence[Path] = ()) -> list[str]:
    """The command that runs what follows it in a box: Python and libraries, read-only; no more."""
    command = [shutil.which("bwrap") or "bwrap", "--die-with-parent", "--new-session"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--hostname", "box", "--clearenv"]
    if os.getuid() == 0:  # to become a user without rights once everything is in place
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user"]
    for name, value in environment().items():
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
            place = _place(prefix)
            if _is_emptied(place):
                raise NoBox(
                    f"No locked box: a part of Python lies in {prefix}, and students get an empty "
                    f"{prefix.parts[1]} of their own. Install Python elsewhere."
                )
            command += [*_parents(place), "--ro-bind", str(prefix), str(place)]
            bound.append(prefix)
    for secret in (*hidden, *_answers()):
        secret = secret.resolve()
        if secret.is_dir() and any(secret.is_relative_to(other) for other in bound):
            command += ["--tmpfs", str(_place(secret)), "--remount-ro", str(_place(secret))]
    command += ["--dir", "/box", "--ro-bind", str(SANDBOXED), "/box/sandboxed"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*command, "--chdir", "/", "--"]


_ENVIRONMENT = Path("/box/python")  # where an environment below an emptied place is bound instead


def _place(path: Path) -> Path:
    """Where the box has a path of this machine's: the same, unless an empty place would cover it."""
    for prefix in (Path(sys.prefix), Path(sys.prefix).resolve()):
        if _is_emptied(prefix) and path.is_relative_to(prefix):
            return _ENVIRONMENT / path.relative_to(prefix)
    return path


def _is_emptied(path: Path) -> bool:
    return any(path.is_relative_to(place) for place in confine.EMPTIED)


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


def environment() -> dict[str, str]:
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
        # A compiler's processes meet through sockets, and what they build must lie where it may be run.
        "TORCHDYNAMO_DISABLE": "1",
        **dict.fromkeys(one, "1"),
    }
