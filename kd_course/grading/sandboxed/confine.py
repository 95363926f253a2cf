"""What a process loses before it sees a line of a student's code. Linux; from the standard library.

Imported everywhere, since the grader must be able to say that there is no box on a machine.

The box (bubblewrap) has shut the disk, the network and the machine's processes out already. Here
one exercise is shut off from the next one, and from the process that all of them are forked from:
its own processes, its own /tmp and home, bounds on what it may use, and no system call that an
exercise could need only for mischief.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct

with contextlib.suppress(ImportError):  # Windows has none, and no box either
    import resource

NEW_USER, NEW_MOUNTS, NEW_PROCESSES, NEW_IPC, NEW_NETWORK = (
    0x10000000,
    0x00020000,
    0x20000000,
    0x08000000,
    0x40000000,
)
_NOSUID, _NODEV, _NOEXEC, _READ_ONLY, _PRIVATE = 2, 4, 8, 1, 0x4000 | 0x40000
_SET_DUMPABLE, _SET_SECCOMP, _CAPBSET_DROP, _NO_NEW_PRIVS = 4, 22, 24, 38
_DETACH = 2
HOME = "/home/student"
NOBODY = 65533  # a user that has no account; a grader that is root becomes it

with contextlib.suppress(TypeError, OSError):  # Windows: a library must be named
    _libc = ctypes.CDLL(None, use_errno=True)


def _call(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def leave_root() -> None:
    """Become a user without rights, where the grader is root. Nothing of root's is left."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def touchable(yes: bool) -> None:
    """Whether another process of this user may look into this one's memory."""
    _libc.prctl(_SET_DUMPABLE, int(yes), 0, 0, 0)


def shut_off() -> None:
    """Leave the loader's namespaces. The next process that is forked is the first of its own."""
    uid, gid = os.getuid(), os.getgid()
    touchable(True)  # or its own entries in /proc would belong to root
    everything = NEW_USER | NEW_MOUNTS | NEW_PROCESSES | NEW_IPC | NEW_NETWORK
    _call(_libc.unshare(everything), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def own_places() -> None:
    """A view of the disk of its own: no /proc, and nothing of the loader's files."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # the first to go where the machine itself runs out of memory
    _call(_libc.mount(b"none", b"/", None, _PRIVATE, None), "mount")
    for place in (b"/proc", b"/box/sandboxed"):
        _mount_empty(place, b"size=4k,mode=555", _READ_ONLY)


EMPTIED = ("/tmp", "/dev/shm", HOME)
_emptied = False


def empty_places(scratch: int) -> None:
    """An empty home, /tmp and /dev/shm, of at most `scratch` bytes each."""
    global _emptied
    for place in map(str.encode, EMPTIED):
        if _emptied:  # what the exercise before has left
            _call(_libc.umount2(place, _DETACH), f"umount {place.decode()}")
        _mount_empty(place, f"size={scratch},nr_inodes=4096,mode=700".encode())
    _emptied = True


def _mount_empty(place: bytes, options: bytes, flags: int = 0) -> None:
    flags |= _NOSUID | _NODEV | _NOEXEC
    _call(_libc.mount(b"tmpfs", place, b"tmpfs", flags, options), f"mount {place.decode()}")


def give_up_rights() -> None:
    """No capability, none to come, and no look into this process from another."""
    _libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(64):
        _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("Ii", 0x20080522, 0)
    _call(_libc.capset(header, bytes(24)), "capset")
    touchable(False)


def bound(limits: dict[str, int]) -> None:
    """Limits that the kernel keeps. limits: of `memory`, `scratch` (bytes), `processes`, `seconds`."""
    for name, value in (
        ("RLIMIT_AS", limits["memory"] + _held()),
        ("RLIMIT_CPU", limits["seconds"] * 4 + 60),  # a loop that outlives whoever kills it
        ("RLIMIT_NPROC", limits["processes"]),
        ("RLIMIT_FSIZE", limits["scratch"]),
        ("RLIMIT_NOFILE", 256),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_MSGQUEUE", 0),
        ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_SIGPENDING", 64),
    ):
        kind = getattr(resource, name, None)
        if kind is None or value < 0:
            continue
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):  # macOS, under --unsafe, knows some of these by name only
            continue


_size_when_loaded = 0


def remember_size() -> None:
    """How much address space torch and the lesson's libraries take; the limit is on what is added."""
    global _size_when_loaded
    try:
        with open("/proc/self/statm") as file:
            _size_when_loaded = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:  # no /proc: macOS
        _size_when_loaded = 0


def _held() -> int:
    return _size_when_loaded


# -- system calls -----------------------------------------------------------------------------

# name: its number on x86_64 and on aarch64 (the kernel's unistd tables).
_DENIED = {
    "socket": (41, 198),  # no network of any kind, loopback and abstract names included
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "ptrace": (101, 117),
    "setsid": (112, 157),  # the scheduler may give every session as much time as every other
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    # memory that belongs to no process, and so would not be counted
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "open_by_handle_at": (304, 265),
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
}
_CLONE, _CLONE3 = (56, 220), 435
_NAMESPACES = 0x7E020000  # every CLONE_NEW… flag of clone
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026


def filter_program(machine: str) -> list[tuple[int, int, int, int]] | None:
    """The seccomp filter: (code, jump if true, jump if false, k) a step; None for another machine."""
    if machine not in _ARCHITECTURES:
        return None
    column, architecture = _ARCHITECTURES[machine]
    steps = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the call's number
        (_AT_LEAST, 0, 1, 0x40000000),  # x32: the same calls under other numbers
        (_RETURN, 0, 0, _EPERM),
        (_EQUAL, 0, 1, _CLONE3),  # its flags lie in memory, out of a filter's sight; libc has clone
        (_RETURN, 0, 0, _ENOSYS),
    ]
    for numbers in _DENIED.values():
        steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _EPERM)]
    steps += [
        (_EQUAL, 0, 3, _CLONE[column]),
        (_LOAD, 0, 0, 16),  # its first argument
        (_ANY_BIT, 0, 1, _NAMESPACES),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return steps


def filter_calls() -> bool:
    """Refuse the calls above from here on; returns whether this machine has such a filter."""
    program = filter_program(platform.machine())
    if program is None:
        return False
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    _call(_libc.prctl(_SET_SECCOMP, 2, ctypes.c_char_p(head), 0, 0), "seccomp")
    return True
