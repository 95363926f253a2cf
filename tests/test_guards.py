"""Each guard of the border and of the collector by itself: what it is there for, and that it does it.

tests/mutations.py takes them out one by one, and sees one of these tests, or of the others, fail.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import socket
import stat
import subprocess
import sys
import time
import types
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import hostile
import numpy as np
import pytest
import torch

from kd_course.exercises import find
from kd_course.exercises.attempts import Outcome, Raised
from kd_course.exercises.sheets import Sheet
from kd_course.exercises.spec import Case, Handle, Made
from kd_course.grading import (
    box,
    class_run,
    collect,
    conversation,
    isolation,
    marking,
    outcomes,
    resources,
    results,
    secret,
    submission,
)
from kd_course.grading.answers import answer_key
from kd_course.grading.job import Job, Run
from kd_course.grading.sandboxed import confine, package, wire

linux = pytest.mark.skipif(sys.platform != "linux", reason="what Linux's kernel refuses")


# -- bytes ------------------------------------------------------------------------------------


def message(tree: object, blobs: bytes = b"", *, head: int | None = None) -> bytes:
    """A message by hand: its tree as JSON, its bytes, and lengths that fit unless head is given."""
    text = json.dumps(tree).encode()
    total = 4 + len(text) + len(blobs)
    return total.to_bytes(8) + (len(text) if head is None else head).to_bytes(4) + text + blobs


def nested(depth: int) -> object:
    return {"t": [nested(depth - 1)]} if depth else 1


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (message(1, head=10**6), "lengths do not fit"),
        (message(1, b"more"), "belong to nothing"),
        (message(nested(wire.DEEPEST + 1)), "too much"),
        (message({"t": [0] * wire.MOST}), "too much"),
        (message(10**400), "no float"),
        (message("x" * 30_000), "30000 characters"),
        (message({"l": [], "t": []}), "no known kind"),
        (message({"q": 1}), "no known kind"),
        (message({"a": ["float16", [1]]}, b"xx"), "dtype"),
        (message({"a": ["int8", [True]]}, b"x"), "list of lengths"),
        (message({"a": ["int8", [-1, -1]]}, b"x"), "list of lengths"),
        (message({"a": ["float64", [2**20]]}), "promises more"),
        (message({"a": ["bool", [1]]}, b"\2"), "truth value"),
        (message({"d": [[1.5, 1]]}), "neither strings"),
        (message({"d": [[2**61, 1]]}), "counts nothing"),
    ],
)
def test_a_reply_of_another_form_is_none(data, why):
    with pytest.raises(wire.WireError, match=why):
        wire.decode(data, tensors=False, longest=wire.LONGEST)


@pytest.mark.parametrize(
    "value", [b"x", torch.ones(1), Handle("x"), Made("x", "kd_course.exercises.fixtures.sgd", ())]
)
def test_what_only_goes_in_does_not_come_out(value):
    data = wire.encode(value)
    wire.decode(data)
    with pytest.raises(wire.WireError):
        wire.decode(data, tensors=False)


OUTCOME = {"value": None, "gradients": (), "attached": True, "after": (), "refused": ""}


@pytest.mark.parametrize(
    "part",
    [
        {"points": 300},
        {"attached": 1},
        {"refused": None},
        {"value": 1.0, "refused": "no"},
        {"value": 1.0, "raised": [("ValueError",), "", ""]},
        {"value": ([1],)},
        {"value": {"a": [1]}},
        {"after": None},
        {"after": ([1],)},
        {"value": None, "raised": ["ValueError", "", ""]},
        {"value": None, "raised": [("ValueError",), 3, ""]},
        {"value": None, "raised": [(), "", ""]},
        {"value": None, "raised": [("E",) * 51, "", ""]},
        {"gradients": [np.ones(2)]},
        {"gradients": (np.ones(3),)},
        {"gradients": (np.ones(2, np.int64),)},
    ],
)
def test_an_outcome_that_no_attempt_can_have_is_refused(part):
    case = Case((torch.ones(2),), "a", gradient_of=(0,))
    good = {**OUTCOME, "raised": None, "gradients": (np.ones(2),), "value": 1.0}
    assert outcomes.outcome_from(good, case).value == 1.0
    base = {**good, "gradients": ()} if "gradients" not in part else good
    case = case if "gradients" in part else Case((torch.ones(2),), "a")
    with pytest.raises(wire.WireError):
        outcomes.outcome_from({**base, **part}, case)


LOADED = {"found": True, "empty": False, "stub": False, "callable": True, "errors": []}


@pytest.mark.parametrize(
    "told",
    [
        None,
        {**LOADED, "points": 2},
        {**LOADED, "found": 1},
        {**LOADED, "errors": ()},
        {**LOADED, "errors": [["a", "b", "c", "d"]]},
        {**LOADED, "errors": [("a", "b", "c", 1)]},
    ],
)
def test_what_was_loaded_is_told_in_one_form(told):
    outcomes.read_loaded(run := Run(), LOADED)
    assert run.loaded and run.found and not run.empty
    with pytest.raises(wire.WireError):
        outcomes.read_loaded(Run(), told)


# -- a conversation ---------------------------------------------------------------------------


@pytest.fixture
def talk():
    """talk(limits) -> a conversation, and the other side's ends of its channel and its status."""
    made: list[socket.socket] = []

    def begin(**limits):
        channel, theirs = socket.socketpair()
        status, also_theirs = socket.socketpair()
        made.extend((channel, theirs, status, also_theirs))
        held = conversation.Limits(**{"seconds": 5.0, **limits})
        return conversation.Conversation(channel, status, held, os.getpid()), theirs, also_theirs

    yield begin
    for one in made:
        one.close()


def stopped(work: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(conversation.Stopped) as caught:
        work()
    return caught.value.how, str(caught.value)


def test_a_reply_that_says_it_is_large_is_not_waited_for(talk):
    with_them, theirs, _ = talk(reply=1000)
    theirs.sendall((10**9).to_bytes(8) + b"x")
    assert stopped(with_them.hear) == ("tampered", "a reply of 1000000000 bytes")


def test_silence_is_waited_for_as_long_as_was_said_and_all_of_them_as_long_as_all_may_take(talk):
    began = time.monotonic()
    with_them, _, _ = talk(seconds=0.3, total=8.0)
    assert stopped(with_them.hear)[0] == "timeout"
    assert stopped(lambda: with_them.say("x" * 10**7))[0] == "timeout"  # nobody listens
    with_them, _, _ = talk(seconds=8.0, total=0.3)
    assert stopped(with_them.hear)[0] == "timeout"
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    ("used", "why"),
    [
        ({"memory": 2**31}, "of memory"),
        ({"channels": 2**31}, "of memory"),
        ({"memory": 2**29 + 1, "channels": 2**29}, "of memory"),
        ({"size": 2**33}, "of memory"),
        ({"processes": 100}, "more than 64 processes"),
    ],
)
def test_more_than_its_share_ends_it(talk, monkeypatch, used, why):
    with_them, _, _ = talk(memory=2**30, seconds=2.0)
    with_them.base = resources.Use()
    monkeypatch.setattr(resources, "use", lambda *_, **__: resources.Use(**used))
    how, said = stopped(with_them.hear)
    assert how == "crashed" and why in said


@pytest.mark.parametrize("used", [{"memory": 2**31}, {"processes": 100}])
def test_what_is_used_after_the_last_outcome_counts_too(talk, monkeypatch, used):
    with_them, _, _ = talk(memory=2**30)
    monkeypatch.setattr(resources, "use", lambda *_, **__: resources.Use(**used))
    with_them.base = resources.Use()
    assert stopped(with_them.listen_to_the_end)[0] == "crashed"
    began = time.monotonic()
    assert not with_them.wait_for_the_end(30.0)  # nobody tells of an end
    assert time.monotonic() - began < 10


def test_what_is_said_after_the_last_outcome_is_too_much(talk):
    with_them, theirs, _ = talk()
    theirs.sendall(wire.encode({"more": 1}))
    assert stopped(with_them.listen_to_the_end) == ("tampered", "more was sent than was asked for")


def test_the_process_that_watches_says_how_it_ended(talk):
    for code, said in ((-9, "SIGKILL"), (66, "out of memory"), (3, "exit code 3")):
        with_them, theirs, watching = talk()
        watching.sendall(wire.encode({"ended": code}))
        theirs.close()
        how, why = stopped(with_them.hear)
        assert how == "crashed" and said in why


def test_an_answer_before_the_question_is_no_answer():
    """Whoever answers before the inputs are handed over has not run anything on them."""

    class Hasty:
        def __init__(self, *replies):
            self.replies = list(replies)

        def say(self, _):
            pass

        def hear(self):
            return self.replies.pop(0)

        def has_more(self):
            return True

        def listen_to_the_end(self):
            pass

    job = Job((), "soften", "function")
    room = box.Room(types.SimpleNamespace(limits=conversation.Limits(), scratch="/tmp"))
    run = room._held(Hasty(LOADED, {**OUTCOME, "raised": None}), job, lambda: [Case((1,), "a")])
    assert (run.ended, run.outcomes) == ("tampered", [])
    odd = room._held(Hasty({**LOADED, "points": 2}), job, list)
    assert odd.ended == "tampered" and "not a reply" in odd.why


# -- what a process loses ---------------------------------------------------------------------


def verdict(machine: str, call: int, *, flags: int = 0, architecture: int | None = None) -> int:
    """What the filter of system calls says: the kernel's own little machine, by hand."""
    known = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    data = {0: call, 4: known if architecture is None else architecture, 16: flags}
    steps, at, held = confine.filter_program(machine), 0, 0
    while True:
        code, yes, no, k = steps[at]
        if code == 0x06:
            return k
        if code == 0x20:
            held, jump = data[k], 0
        else:
            told = {0x15: held == k, 0x35: held >= k, 0x45: bool(held & k)}[code]
            jump = yes if told else no
        at += 1 + jump


ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
REFUSED = (
    *("socket", "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "ptrace"),
    *(
        "setsid",
        "process_vm_readv",
        "process_vm_writev",
        "bpf",
        "perf_event_open",
        "userfaultfd",
        "keyctl",
    ),
    *("add_key", "request_key", "shmget", "msgget", "semget", "mq_open", "memfd_create"),
    *("memfd_secret", "open_by_handle_at", "io_uring_setup", "open_tree", "move_mount", "fsopen"),
    *("fsmount", "pidfd_open", "pidfd_getfd", "mount_setattr"),
)


@pytest.mark.parametrize(("machine", "column", "read"), [("x86_64", 0, 0), ("aarch64", 1, 63)])
def test_the_filter_of_system_calls_refuses_what_it_is_there_for(machine, column, read):
    clone, clone3 = {"x86_64": 56, "aarch64": 220}[machine], 435
    assert set(REFUSED) <= set(confine._DENIED)
    assert {verdict(machine, confine._DENIED[name][column]) for name in REFUSED} == {EPERM}
    assert verdict(machine, read) == verdict(machine, clone, flags=0x11) == ALLOW
    for namespace in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(machine, clone, flags=namespace | 0x11) == EPERM
    assert verdict(machine, clone3) == ENOSYS
    assert verdict(machine, 0x40000000 | read) == EPERM
    assert verdict(machine, read, architecture=0x40000003) == KILL


def in_a_fork(work: Callable[[], object]) -> object:
    """What work() gives in a process of its own, which nothing here is changed by."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            os.write(writer, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as file:
        told = file.read()
    os.wait()
    return json.loads(told)


@linux
def test_the_kernel_bounds_what_a_process_may_use():
    limits = {"memory": 2**33, "scratch": 2**20, "processes": 33, "seconds": 10}

    def bound():
        confine.remember_size()
        held = confine._held()
        confine.bound(limits)
        names = ("AS", "CPU", "NPROC", "FSIZE", "NOFILE", "CORE", "MSGQUEUE", "MEMLOCK")
        return held, {
            name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names
        }

    held, told = in_a_fork(bound)
    assert held > 2**20
    wanted = {"AS": 2**33 + held, "CPU": 100, "NPROC": 33, "FSIZE": 2**20, "NOFILE": 256}
    wanted |= {"CORE": 0, "MSGQUEUE": 0, "MEMLOCK": 0}
    hard = {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] for name in wanted}
    for name, value in wanted.items():
        most = value if hard[name] == resource.RLIM_INFINITY else min(value, hard[name])
        assert told[name] == [most, most], name


@linux
@pytest.mark.skipif(
    sys.platform == "linux" and os.getuid() != 0, reason="nothing of root's to leave"
)
def test_nothing_of_roots_is_left():
    def leave():
        os.setgroups([0, 4])
        confine.leave_root()
        return [os.getresuid(), os.getresgid(), os.getgroups()]

    assert in_a_fork(leave) == [[confine.NOBODY] * 3, [confine.NOBODY] * 3, []]


# -- the box, from outside --------------------------------------------------------------------


@pytest.mark.parametrize("told", [{"sees": ["/x"], "root": False}, {"sees": [], "root": True}])
def test_a_box_that_still_sees_something_or_is_root_is_none(told, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(isolation.shutil, "which", lambda _: "/usr/bin/bwrap")
    said = types.SimpleNamespace(stdout=json.dumps({**told, "alone": True}), stderr="--size")
    monkeypatch.setattr(isolation.subprocess, "run", lambda *_, **__: said)
    with pytest.raises(isolation.NoBox, match="still sees"):
        isolation.find_isolation()


def test_bubblewrap_is_asked_for_every_wall(monkeypatch, tmp_path):
    libraries = tmp_path / "lib"
    (libraries / "kd_course").mkdir(parents=True)
    (libraries / "class").mkdir()
    monkeypatch.setattr(confine, "EMPTIED", ())
    monkeypatch.setattr(isolation, "_libraries", lambda: [str(libraries)])
    command = isolation.bubblewrap(2**20, [libraries / "class"])
    walls = ("pid", "net", "ipc", "uts")
    asked = {*(f"--unshare-{wall}" for wall in walls), "--clearenv", "--die-with-parent"}
    assert asked | {"--new-session"} <= set(command)
    writable = [command[i + 1] for i, word in enumerate(command) if word.startswith("--bind")]
    assert not writable and command.count("--remount-ro") >= 4
    for hidden in ("kd_course", "class"):  # among Python's own libraries, but nobody's to read
        at = command.index(str(libraries / hidden))
        assert command[at - 1] == "--tmpfs"
        assert command[at + 1 : at + 3] == ["--remount-ro", str(libraries / hidden)]


def test_what_is_asked_for_is_gone_under_every_name_it_was_imported_by():
    module = types.ModuleType("made_for_guards")
    exec(
        "def f(x, y=2):\n    return x + y\nclass C:\n    def __init__(self, x):\n        self.x = x\n",
        vars(module),
    )
    imported = module.f
    finder = package.Finder({"made_for_guards": "the whole source"}, {})
    sys.modules["made_for_guards"] = module
    try:
        names = {f"made_for_guards.{name}": f"{name} is asked for" for name in "fC"}
        package.withhold(finder, names, {"made_for_guards": "without it"})
    finally:
        del sys.modules["made_for_guards"]
    for call in (module.f, imported, module.C):
        with pytest.raises(RuntimeError, match="is asked for"):
            call(1)
    assert finder.sources == {"made_for_guards": "without it"}


@pytest.fixture(scope="module")
def seen(needs_box):
    """What an exercise's process sees of itself, and of what the one before it has left."""
    if not needs_box.alone:
        pytest.skip("exercises cannot be shut off from each other on this machine")
    source = """
import ctypes, os, resource, sys
def is_open(fd):
    try:
        return bool(os.fstat(fd))
    except OSError:
        return False
def answers(f, *given):
    try:
        f(*given)
        return True
    except BaseException:
        return False
libc = ctypes.CDLL(None, use_errno=True)
rights = (ctypes.c_uint32 * 6)()
libc.capget(ctypes.byref((ctypes.c_uint32 * 2)(0x20080522, 0)), rights)
def soften(scores, temperature):
    return {
        "descriptors": sum(map(is_open, range(3, 1024))),
        "proc": os.listdir("/proc"), "program": os.listdir("/box/sandboxed"),
        "rights": sum(rights), "more rights": libc.prctl(39, 0, 0, 0, 0),
        "looked into": libc.prctl(3, 0, 0, 0, 0), "user": os.getuid(),
        "session": os.getsid(0) == os.getpid(), "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "network": answers(__import__("socket").socket), "root": answers(os.chroot, "/tmp"),
        "left": os.listdir("/tmp") + os.listdir("/home/student") + os.listdir("/dev/shm"),
        "others": [p for p in range(2, 3000) if p != os.getpid() and answers(os.kill, p, 0)],
    }
"""
    leave = (
        "for place in ('/tmp', '/home/student', '/dev/shm'):\n    open(f'{place}/x', 'w').close()\n"
    )
    leave += "import os, time\nif os.fork() == 0:\n    time.sleep(60)\n    os._exit(0)\n"
    case = Case((torch.ones(1, 2), 1.0), "a")
    with box.Box("00", needs_box, conversation.Limits(seconds=20)) as one, one.room() as room:
        for text in (leave + hostile.RIGHT, source):
            cells = [{"name": "<c>", "source": text, "run": "whole"}]
            run = room.attempt(Job(cells, "soften", "function"), lambda: [case])
        keeper = room._keeper
        room.close()
        return {**run.outcomes[0].value, "room": os.path.exists(f"/proc/{keeper}/root")}


def test_an_exercise_has_one_channel_and_no_rights_and_sees_nobody(seen):
    assert seen["descriptors"] == 1
    assert (seen["proc"], seen["program"], seen["left"], seen["others"]) == ((), (), (), ())
    assert (seen["rights"], seen["more rights"], seen["looked into"]) == (0, 1, 0)
    assert seen["user"] != 0 and seen["session"] and seen["files"] == 256
    assert (seen["network"], seen["root"], seen["room"]) == (False, False, False)


@linux
def test_rights_are_given_up_whatever_bubblewrap_has_taken_already():
    state = "libc.prctl(39, 0, 0, 0, 0), libc.prctl(3, 0, 0, 0, 0)"  # no new privileges; dumpable
    program = (
        "import ctypes\nfrom kd_course.grading.sandboxed import confine\n"
        "libc = ctypes.CDLL(None)\nconfine.touchable(True)\n"
        f"before = {state}\nconfine.give_up_rights()\nprint(*before, {state})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=hostile.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[1:] == ["1", "1", "0"]


# -- what is handed in ------------------------------------------------------------------------

NB, DATA = hostile.NAME, json.dumps(hostile.notebook())


def read(place) -> collect.Files:
    (submission,) = collect.collect(place)
    return submission.read()


def packed(path, *members: tuple[str | zipfile.ZipInfo, str | bytes]):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path.parent


def test_links_are_not_followed_wherever_they_are(tmp_path):
    hostile.put(tmp_path / "others", DATA)
    hostile.put(tmp_path / "a" / "ada", "{}", "own.ipynb")
    (tmp_path / "a" / "ada" / NB).symlink_to(tmp_path / "others" / NB)
    (tmp_path / "a" / "ada" / "folder").symlink_to(tmp_path / "others")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "bob").symlink_to(tmp_path / "others")
    link = zipfile.ZipInfo(NB)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed(tmp_path / "c" / "cy.zip", (link, "../others/" + NB))
    for name, links, own in (("a", 2, 1), ("b", 1, 0), ("c", 1, 0)):
        files = read(tmp_path / name)
        assert len(files.escapes) == links and "link" in files.escapes[0], name
        assert len(files.notebooks) == own


def test_what_turns_into_a_link_or_a_pipe_after_it_was_listed_is_not_opened(tmp_path):
    hostile.put(tmp_path, DATA)
    (tmp_path / "link.ipynb").symlink_to(tmp_path / NB)
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(OSError):
        collect._opened(tmp_path / "link.ipynb")
    assert collect._opened(tmp_path / "pipe.ipynb") is None
    collect._opened(tmp_path / NB).close()


@pytest.mark.parametrize(
    "name", [f"../{NB}", f"/tmp/{NB}", f"a/../../{NB}", f"C:/{NB}", f"..\\{NB}"]
)
def test_a_path_that_leads_out_of_an_archive_is_said(tmp_path, name):
    files = read(packed(tmp_path / "ada.zip", (name, DATA)))
    assert len(files.escapes) == 1 and not files.notebooks


def test_a_path_that_leads_out_of_an_export_is_nobodys(tmp_path):
    packed(
        tmp_path / "class.zip", (f"ada/{NB}", DATA), (f"../bob/{NB}", DATA), (f"..\\eve/{NB}", DATA)
    )
    assert [s.student for s in collect.collect(tmp_path / "class.zip")] == ["ada"]


def test_what_is_locked_in_an_archive_or_hidden_by_the_system_is_no_work(tmp_path):
    names = (f"__MACOSX/{NB}", f".hidden/{NB}", f"a/._{NB}", NB)
    folder = packed(tmp_path / "ada.zip", *((name, DATA) for name in names))
    data = bytearray((folder / "ada.zip").read_bytes())
    assert len(read(folder).notebooks) == 1
    for at in [i for i in range(len(data)) if data[i : i + 4] == b"PK\x01\x02"]:
        data[at + 8] |= 1
    (folder / "ada.zip").write_bytes(data)
    assert read(folder).problems == [f"{NB} is encrypted"]


def test_a_notebook_and_a_submission_are_of_bounded_size(tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "LARGEST", 1000)
    monkeypatch.setattr(collect, "ALTOGETHER", 2500)
    for i, size in enumerate((1001, 900, 900, 900, 600)):
        hostile.put(tmp_path / "in" / "ada", "x" * size, f"{i}.ipynb")
    files = read(tmp_path / "in")
    assert [name for name, _ in files.notebooks] == ["1.ipynb", "2.ipynb", "4.ipynb"]
    assert files.problems == [f"{i}.ipynb is too large to be a notebook" for i in (0, 3)]
    inner = packed(tmp_path / "z" / "inner.zip", (NB, "y" * 1001)) / "inner.zip"
    outer = packed(
        tmp_path / "zips" / "ada.zip", (NB, "y" * 1001), ("inner.zip", inner.read_bytes())
    )
    assert read(outer).notebooks == [] and len(read(outer).problems) == 2


def test_the_number_of_files_and_the_depth_of_folders_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "MOST_FILES", 3)
    for i in range(6):
        hostile.put(tmp_path / "many" / "ada", "{}", f"{i}.ipynb")
    files = read(tmp_path / "many")
    assert len(files.notebooks) == 3 and len(files.problems) == 1
    monkeypatch.setattr(collect, "MOST_ENTRIES", 2)
    files = read(tmp_path / "many")
    assert len(files.notebooks) == 2 and "not looked at" in files.problems[0]
    members = [(f"{student}/{i}/{NB}", "{}") for student in ("ada", "bob") for i in range(6)]
    packed(tmp_path / "class.zip", *members)
    (ada, _) = collect.collect(tmp_path / "class.zip")
    assert len(ada.read().notebooks) == 2
    hostile.put(tmp_path / "deep" / "ada" / "/".join("abcdefgh"), DATA)
    files = read(tmp_path / "deep")
    assert not files.notebooks and "the deepest were not looked at" in files.problems[0]


def test_an_archives_contents_are_bounded_before_they_are_read(tmp_path, monkeypatch):
    for name, least in (("MOST_LISTED", 2), ("LARGEST_ARCHIVE", 100)):
        folder = packed(tmp_path / name / "ada.zip", *((f"{i}/{NB}", DATA) for i in range(3)))
        assert len(read(folder).notebooks) == 3
        with monkeypatch.context() as patch:
            patch.setattr(collect, name, least)
            assert read(folder).problems == ["could not be read (BadZipFile)"], name


def test_archives_in_archives_are_opened_once(tmp_path):
    one = packed(tmp_path / "1" / "inner.zip", (NB, DATA)) / "inner.zip"
    two = packed(tmp_path / "2" / "inner.zip", ("inner.zip", one.read_bytes())) / "inner.zip"
    assert (
        len(read(packed(tmp_path / "once" / "ada.zip", ("i.zip", one.read_bytes()))).notebooks) == 1
    )
    assert not read(packed(tmp_path / "twice" / "ada.zip", ("i.zip", two.read_bytes()))).notebooks


# -- marks ------------------------------------------------------------------------------------


@lru_cache
def held(id: str) -> marking.Sheets:
    return marking.prepared(answer_key([id[:2]])[id].sheet(7))


def right(id: str, **parts) -> Run:
    expected = [Outcome(wanted.value) for wanted in held(id).sheet.expected]
    return Run(loaded=True, found=True, callable=True, outcomes=expected, **parts)


def test_a_value_that_was_not_told_to_its_end_earns_nothing():
    assert marking.mark(held("00.3"), right("00.3")).points == find("00.3").points
    for how in (marking.CRASHED, marking.TIMEOUT, marking.TAMPERED):
        mark = marking.mark(held("00.3"), right("00.3", ended=how))
        assert (mark.points, mark.status) == (0, how)


def test_whoever_interferes_earns_nothing_though_all_of_it_is_right():
    assert marking.mark(held("00.1"), right("00.1")).points == 2
    mark = marking.mark(held("00.1"), right("00.1", ended=marking.TAMPERED))
    assert (mark.points, mark.status) == (0, marking.TAMPERED)


def test_what_is_published_earns_nothing_by_itself():
    """One case of 00.1 is the lesson's own example, and in every check."""
    run, sheets = right("00.1"), held("00.1")
    (published,) = set(range(len(run.outcomes))) - set(sheets.earning)
    run.outcomes = [o if i == published else Outcome(0.0) for i, o in enumerate(run.outcomes)]
    mark = marking.mark(sheets, run)
    assert (mark.right, mark.points) == (1, 0), mark


def test_the_same_answer_to_all_and_a_refusal_of_all_earn_nothing():
    whole = held("00.1").sheet
    refused = Outcome(raised=Raised(("ValueError",), "no"))
    sheet = Sheet(whole.exercise, whole.cases, [refused, *whole.expected[1:]])
    for outcome in (refused, Outcome(whole.expected[1].value)):
        run = right("00.1")
        run.outcomes = [outcome for _ in run.outcomes]
        assert marking.mark(marking.prepared(sheet), run).points == 0


def test_another_secret_draws_other_inputs():
    assert secret.of_exercise("a", "03.2") != secret.of_exercise("b", "03.2")
    assert secret.of_exercise("a", "03.2") != secret.of_exercise("a", "03.3")


def test_what_cannot_be_compared_costs_itself_and_does_not_stop_the_run():
    run = right("00.1")
    run.outcomes = [object()]  # type: ignore[list-item]
    mark = marking.mark(held("00.1"), run)
    assert (mark.points, mark.status) == (0, marking.TAMPERED) and "AttributeError" in mark.why


NOWHERE = submission.Assignment(
    ("00",), {}, isolation.BUBBLEWRAP, conversation.Limits(), "the assignment's fingerprint"
)


def test_paths_that_lead_out_and_files_that_break_decide_the_status():
    assignment = replace(NOWHERE, sheets={"00.1": held("00.1")})
    for files, status in (
        (collect.Files(), marking.MISSING),
        (collect.Files(escapes=["a link"]), marking.TAMPERED),
        (collect.Files(problems=["too large"]), marking.UNREADABLE),
        (collect.Files([(NB, b"no notebook")]), marking.UNREADABLE),
    ):
        found = submission.grade(collect.Submission("ada"), files, assignment, {})
        assert (found.status, found.points) == (status, 0), files


def test_what_the_grader_stumbles_over_is_one_submission_and_its_own_trouble_is_nobodys(
    tmp_path, monkeypatch
):
    boxes = types.SimpleNamespace(get=dict)
    one = collect.Submission("ada")

    def broken(error):
        def work(*_, **__):
            raise error

        monkeypatch.setattr(class_run, "grade", work)
        return class_run._one(one, NOWHERE, tmp_path, boxes)

    assert broken(RecursionError("deep"))
    (found,) = results.all_results(tmp_path, NOWHERE.fingerprint)
    assert (found.status, found.fingerprint) == (marking.UNREADABLE, "")
    for error in (box.BoxBroken("gone"), OSError(errno.ENOSPC, "full")):
        with pytest.raises(type(error)):
            broken(error)


def test_a_table_holds_results_of_one_assignment_and_no_formula(tmp_path):
    for student, of in (("ada", "one"), ("bob", "another")):
        results.save(tmp_path, results.Result(student, "", "", "graded", "", (), assignment=of))
    assert [found.student for found in results.all_results(tmp_path, "one")] == ["ada"]
    assert [results._cell(text) for text in ("=1", "+1", "-1", "@x", "\t=1", "a=1", 3)] == [
        "'=1", "'+1", "'-1", "'@x", "'\t=1", "a=1", 3,
    ]  # fmt: skip
    fine = marking.Mark("00.1", marking.GRADED, 2.0, 2)
    assert results.overall([fine]) == marking.GRADED
    assert results.overall([fine], tampered=True) == marking.TAMPERED


@linux
def test_every_socket_that_a_room_has_counts_as_if_it_was_full():
    pair = socket.socketpair()
    counted = resources.use(os.getpid(), own_network=True)
    assert counted.channels >= 2 * resources._FULL
    assert resources.use(os.getpid()).channels == 0
    for one in pair:
        one.close()
