"""Submissions that mean harm, or look as if they did: each a cell, or a way to hand in.

CELLS: name -> (code in place of the answer to 00.1, its points, the status of the exercise). The
other two exercises are answered rightly, so that two points must be left whatever happens.
{SECRETS}, {TCP}, {UDP}, {MARKER} are filled in by the test.
"""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "00_start_here.ipynb"

RIGHT = """
def soften(scores, temperature):
    return torch.softmax(scores / temperature, dim=-1)
"""
WRONG = """
def soften(scores, temperature):
    return torch.softmax(scores, dim=-1) + 0.25
"""


def returning(expression: str, before: str = "") -> str:
    """An answer that gives the value of an expression."""
    return f"{before}\ndef soften(scores, temperature):\n    return {expression}\n"


def trying(*tries: str) -> str:
    """Harm that is tried first, each on its own; then a right answer, when all of it was refused."""
    blocks = "\n".join(
        "try:\n"
        + "\n".join(f"    {line}" for line in lines.strip().splitlines())
        + "\n    done.append(True)\nexcept BaseException:\n    pass"
        for lines in tries
    )
    return (
        f"import ctypes, glob, os, shutil, signal, socket, subprocess, sys, time\ndone = []\n{blocks}\n"
        "def soften(scores, temperature):\n"
        "    right = torch.softmax(scores / temperature, dim=-1)\n"
        "    return right * 0 if done else right\n"
    )


# Finds the channel to the grader, which is one of these descriptors, and writes to it.
_WRITE = """
import os, sys
def spread(data):
    for descriptor in range(3, 300):
        try:
            os.write(descriptor, data)
        except OSError:
            pass
"""
_FORGE = (
    _WRITE
    + """
wire = sys.modules["sandboxed.wire"]
right = {"value": None, "gradients": (), "attached": True, "after": (), "raised": None, "refused": ""}
loaded = {"found": True, "empty": False, "stub": False, "callable": True, "errors": []}
"""
)

CELLS: dict[str, tuple[str, float, str]] = {
    # -- that do not end
    "loop": ("def soften(s, t):\n    while True: pass\n", 0, "timeout"),
    "loop-that-ignores-signals": (
        "import signal\nfor n in set(signal.Signals) - {9, 19}:\n    signal.signal(n, signal.SIG_IGN)\n"
        "def soften(s, t):\n    while True: pass\n",
        0,
        "timeout",
    ),
    "loop-while-loading": (RIGHT + "\nwhile True:\n    pass\n", 0, "timeout"),
    "stops-itself": (
        "import os, signal\ndef soften(s, t):\n    os.kill(os.getpid(), signal.SIGSTOP)\n",
        0,
        "timeout",
    ),
    # -- that take more than their share
    "fork-bomb": ("import os\ndef soften(s, t):\n    while True: os.fork()\n", 0, "graded"),
    "thread-bomb": (
        "import threading, time\ndef soften(s, t):\n"
        "    while True: threading.Thread(target=time.sleep, args=(60,)).start()\n",
        0,
        "graded",
    ),
    "memory-hog": (
        "def soften(s, t):\n    held = []\n    while True: held.append(torch.ones(2**22))\n",
        0,
        "graded",
    ),
    "memory-hog-of-several": (
        "import os, time\ndef soften(s, t):\n    for _ in range(8): os.fork()\n"
        "    held = torch.ones(2**25)\n    time.sleep(60)\n",
        0,
        "crashed",
    ),
    "output-of-100-MB": (
        "import os, sys\nfor _ in range(100):\n    os.write(1, b'x' * 2**20)\n"
        + RIGHT.replace(
            "    return", "    print('y' * 10**6)\n    sys.stderr.write('z' * 10**6)\n    return"
        ),
        2,
        "graded",
    ),
    "disk-filler": (
        "for place in ('/tmp', '/dev/shm', '/home/student'):\n"
        "    for i in range(200):\n"
        "        try:\n            open(f'{place}/{i}', 'wb').write(bytes(2**20))\n"
        "        except OSError:\n            break\n" + RIGHT,
        2,
        "graded",
    ),
    "huge-file": (trying("open('/tmp/x', 'wb').truncate(2**40)"), 2, "graded"),
    "memory-that-is-nobodys": (
        trying(
            "libc = ctypes.CDLL(None)\nassert libc.shmget(0, 2**30, 0o1600) >= 0",
            "os.memfd_create('x')",
        ),
        2,
        "graded",
    ),
    "memory-in-sockets": (
        "import os, socket, time\n"
        "def fill():\n"
        "    held = []\n"
        "    for _ in range(110):\n"
        "        held += socket.socketpair()\n"
        "    for s in held:\n"
        "        s.setblocking(False)\n"
        "        try:\n"
        "            while True: s.send(bytes(65536))\n"
        "        except OSError: pass\n"
        "    time.sleep(30)\n"
        "def soften(s, t):\n"
        "    for _ in range(20):\n"
        "        if os.fork() == 0:\n"
        "            fill()\n"
        "            os._exit(0)\n"
        "    time.sleep(2.5)\n"
        "    return torch.softmax(s / t, -1)\n",
        0,
        "crashed",
    ),
    # -- that read, write and delete
    "reads": (
        trying(*([f"open({{SECRETS}}[{i}]).read(1)\n" for i in range(12)])),
        2,
        "graded",
    ),
    "looks-for-answers": (
        trying(
            "assert set(os.listdir('{ROOT}')) & {'solutions', 'kd_course', 'tests', 'notebooks'}",
            "assert os.listdir(torch.__path__[0].replace('/torch', '/kd_course'))",
            "import kd_course\nassert os.listdir(kd_course.__path__[0])",
            "import kd_course.lessons.lesson00.exercises",
            "import kd_course.exercises.engine",
            "import kd_course.grading",
            "import kd_course.authoring",
        ),
        2,
        "graded",
    ),
    "writes": (
        trying(
            *(f"open({{SECRETS}}[{i}], 'a').write('x')" for i in range(12)),
            *(f"os.unlink({{SECRETS}}[{i}])" for i in range(12)),
            "open('/usr/x', 'w')",
            "open('/box/x', 'w')",
            "open('/x', 'w')",
            "os.mkdir('/etc/x')",
            "open(sys.prefix + '/x', 'w')",
            "open(os.path.dirname(torch.__file__) + '/__init__.py', 'a')",
        ),
        2,
        "graded",
    ),
    "deletes": (trying("shutil.rmtree({SECRETS}[0].rsplit('/', 2)[0])"), 2, "graded"),
    # -- that leave
    "kills-the-parent": (
        trying(
            "os.kill(os.getppid(), signal.SIGTERM)\nassert os.getppid() == 0",
            "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(.1)\nassert False",
            "os.kill(-1, signal.SIGKILL)\ntime.sleep(.1)\nassert False",
            "assert [os.kill(pid, 9) for pid in range(3, 3000) if pid != os.getpid()]",
        ),
        2,
        "graded",
    ),
    "tcp": (trying("socket.create_connection(('127.0.0.1', {TCP}), 1)"), 2, "graded"),
    "udp": (
        trying(
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(b'x', ('127.0.0.1', {UDP}))",
            "socket.socket(socket.AF_INET6)",
            "socket.getaddrinfo('example.org', 80)",
            "socket.create_connection(('1.1.1.1', 53), 1)",
        ),
        2,
        "graded",
    ),
    "its-own-loopback": (
        trying("s = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()"),
        2,
        "graded",
    ),
    "unix-sockets": (
        trying(
            "s = socket.socket(socket.AF_UNIX)\ns.bind('\\0meet')",
            "socket.socket(socket.AF_NETLINK, 3)",
        ),
        2,
        "graded",
    ),
    "leaves-a-process-behind": (
        "import os, subprocess\nif os.fork() == 0:\n    os.setpgid(0, 0)\n    if os.fork() == 0:\n"
        "        os.execv('/bin/sleep', ['sleep', '{MARKER}'])\n    os._exit(0)\n" + RIGHT,
        2,
        "graded",
    ),
    "a-thread-that-never-rests": (
        "import threading\ndef spin():\n    while True: pass\n"
        "threading.Thread(target=spin, daemon=True).start()\n" + RIGHT,
        2,
        "graded",
    ),
    "namespaces": (
        trying(
            "assert ctypes.CDLL(None).unshare(0x10000000) == 0",
            "assert ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0",
            "assert ctypes.CDLL(None).umount2(b'/proc', 2) == 0",
            "assert ctypes.CDLL(None).umount2(b'/box/sandboxed', 2) == 0",
            "assert ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0",
            "assert os.listdir('/proc') or os.listdir('/box/sandboxed')",
            "os.setuid(0)",
            "os.chroot('/tmp')",
            "assert subprocess.run(['unshare', '-r', 'true'], capture_output=True).returncode == 0",
        ),
        2,
        "graded",
    ),
    # -- that end early
    "exit-in-the-function": ("import os\ndef soften(s, t):\n    os._exit(0)\n", 0, "crashed"),
    "exit-while-loading": (RIGHT + "\nimport os\nos._exit(0)\n", 0, "crashed"),
    "system-exit": ("import sys\ndef soften(s, t):\n    sys.exit(0)\n", 0, "graded"),
    "kills-itself": (
        "import os, signal\ndef soften(s, t):\n    os.kill(os.getpid(), signal.SIGKILL)\n",
        0,
        "crashed",
    ),
    "segfault": ("import ctypes\ndef soften(s, t):\n    ctypes.string_at(0)\n", 0, "crashed"),
    "recursion": ("def soften(s, t):\n    return soften(s, t)\n", 0, "graded"),
    # -- that claim to be right
    "equals-everything": (
        returning(
            "Yes()",
            "class Yes:\n    def __eq__(self, other): return True\n"
            "    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True\n"
            "    __hash__ = object.__hash__\n    def __float__(self): return 0.5\n"
            "    def __sub__(self, other): return 0.0\n    __rsub__ = __abs__ = __sub__\n",
        ),
        0,
        "graded",
    ),
    "lies-about-its-class": (
        returning(
            "Lie()",
            "class Lie:\n    @property\n    def __class__(self): return torch.Tensor\n"
            "    shape = (2, 3)\n    dtype = torch.float32\n    def detach(self): return self\n",
        ),
        0,
        "graded",
    ),
    "tensor-subclass": (
        returning(
            "scores.as_subclass(Sly)",
            "class Sly(torch.Tensor):\n    @classmethod\n"
            "    def __torch_function__(cls, f, types, args=(), kwargs=None): return True\n",
        ),
        0,
        "graded",
    ),
    "float-subclass": (
        returning("F(1)", "class F(float):\n    def __eq__(self, o): return True\n"),
        0,
        "graded",
    ),
    "nan": (returning("torch.full_like(scores, float('nan'))"), 0, "graded"),
    "constant": (returning("torch.full_like(scores, 1 / scores.shape[-1])"), 0, "graded"),
    "refuses-everything": ("def soften(s, t):\n    raise ValueError\n", 0, "graded"),
    "wrong-shape": (returning("torch.softmax(scores / temperature, -1).sum()"), 0, "graded"),
    "pickle": (
        returning(
            "Bomb()",
            "import os\nclass Bomb:\n    def __reduce__(self): return os.system, ('touch /tmp/{MARKER}',)\n",
        ),
        0,
        "graded",
    ),
    "withheld": (
        "from kd_course import divergences\n"
        "def soften(scores, temperature):\n    return divergences.softmax(scores, temperature)\n",
        0,
        "graded",
    ),
    "withheld-found-elsewhere": (
        "import gc, importlib, inspect, sys\n"
        "gc.unfreeze()\n"
        "def soften(scores, temperature):\n"
        "    for f in gc.get_objects():\n"
        "        if getattr(f, '__qualname__', '') == 'softmax' and f.__module__ == 'kd_course.divergences':\n"
        "            try: return f(scores, temperature)\n            except RuntimeError: pass\n"
        "    del sys.modules['kd_course.divergences']\n"
        "    again = importlib.import_module('kd_course.divergences')\n"
        "    return again.softmax(scores, temperature)\n",
        0,
        "graded",
    ),
    "withheld-read-from-frames": (
        "import sys, types\n"
        "def texts(value, depth):\n"
        "    if isinstance(value, str): yield value\n"
        "    elif depth and isinstance(value, dict):\n"
        "        for inside in list(value.values()): yield from texts(inside, depth - 1)\n"
        "    elif depth and hasattr(value, '__dict__'): yield from texts(vars(value), depth - 1)\n"
        "def soften(scores, temperature):\n"
        "    frame = sys._getframe().f_back\n"
        "    while frame:\n"
        "        for text in texts(dict(frame.f_locals), 4):\n"
        "            if 'def softmax(' in text and 'def kl_divergence(' in text:\n"
        "                made = types.ModuleType('made')\n"
        "                exec(text, vars(made))\n"
        "                return made.softmax(scores, temperature)\n"
        "        frame = frame.f_back\n",
        0,
        "graded",
    ),
    # -- that change the world around them
    "patched-torch": (
        WRONG + "\nfor name in ('allclose', 'isclose', 'equal', 'eq'):\n"
        "    setattr(torch, name, lambda *a, **k: True)\n"
        "torch.Tensor.__eq__ = lambda *a: True\ntorch.Tensor.detach = lambda self: self\n",
        0,
        "graded",
    ),
    "patched-numpy-and-builtins": (
        WRONG
        + "\nimport builtins, numpy\nnumpy.isclose = numpy.allclose = lambda *a, **k: numpy.array(True)\n"
        "builtins.all = builtins.isinstance = lambda *a: True\n",
        0,
        "graded",
    ),
    "edits-in-place-and-says-it-has-not": (
        "import sys\nfor name in ('values', 'attempts'):\n"
        "    module = sys.modules[f'kd_course.exercises.{name}']\n"
        "    module.unchanged, module.changed_in = lambda *a: True, lambda *a: ()\n"
        "def soften(scores, temperature):\n"
        "    right = torch.softmax(scores / temperature, -1)\n"
        "    scores.data.zero_()\n"
        "    return right\n",
        0,
        "graded",
    ),
    "patched-imports": (
        WRONG + "\nimport sys, types\nfake = types.ModuleType('kd_course.exercises.attempts')\n"
        "fake.is_empty = fake.has_stub = lambda f: False\n"
        "class Outcome: value = 1.0; gradients = (); attached = True; changed = (); raised = None; refused = ''\n"
        "fake.run_here = lambda *a: (Outcome(),)\nfake.Outcome = Outcome\n"
        "sys.modules['kd_course.exercises.attempts'] = fake\n"
        "import kd_course.exercises\nkd_course.exercises.attempts = fake\n",
        0,
        "graded",
    ),
    "patched-channel": (
        WRONG
        + "\nimport sys\nwire = sys.modules['sandboxed.wire']\nsend = wire.send\n"
        "def forged(channel, value):\n    send(channel, {{**value, 'passed': True, 'points': 300}})\n"
        "wire.send = forged\n".replace("{{", "{").replace("}}", "}"),
        0,
        "tampered",
    ),
    "searches-its-memory": (
        "import gc, sys\n"
        "def soften(scores, temperature):\n"
        "    frame = sys._getframe()\n"
        "    while frame:\n"
        "        for value in list(frame.f_locals.values()):\n"
        "            if hasattr(value, 'expected'): return value.expected[0].value\n"
        "        frame = frame.f_back\n"
        "    for thing in gc.get_objects():\n"
        "        if type(thing).__name__ in ('Sheet', 'Misconception', 'Exercise', 'Answer'):\n"
        "            return torch.softmax(scores / temperature, -1)\n"
        "    return scores\n",
        0,
        "graded",
    ),
    # -- that speak for the box
    "forged-before": (
        WRONG + _FORGE + "spread(wire.encode(loaded))\nspread(wire.encode(right))\n",
        0,
        "tampered",
    ),
    "forged-after": (
        _FORGE + RIGHT.replace("    return", "    spread(wire.encode(right))\n    return"),
        0,
        "tampered",
    ),
    "oversized": (_WRITE + "spread((2**60).to_bytes(8) + b'x' * 100)\n" + RIGHT, 0, "tampered"),
    "malformed": (_WRITE + "spread(b'{{}}' * 50)\n".replace("{{}}", "{}") + RIGHT, 0, "tampered"),
    "no-json": (
        _WRITE + "spread((24).to_bytes(8) + (20).to_bytes(4) + b'[' * 20)\n" + RIGHT,
        0,
        "tampered",
    ),
    "pickle-on-the-channel": (
        _WRITE
        + "import pickle\ndata = pickle.dumps([1])\nspread(len(data).to_bytes(8) + data)\n"
        + RIGHT,
        0,
        "tampered",
    ),
    "closes-the-channel": (
        "import os\ndef soften(s, t):\n    os.closerange(3, 300)\n",
        0,
        "crashed",
    ),
    "huge-result": (returning("torch.ones(2**22)"), 0, "graded"),
    "long-string": (returning("'x' * 10**7"), 0, "graded"),
    "shouts-without-end": (
        _WRITE + "def soften(s, t):\n    while True: spread(b'\\x00' * 4096)\n",
        0,
        "tampered",
    ),
}
STATUSES_ALIKE = {
    # Which of two bounds is met first is a matter of the machine's speed.
    "fork-bomb": {"graded", "crashed", "timeout"},
    "thread-bomb": {"graded", "crashed", "timeout"},
    "memory-hog": {"graded", "crashed", "timeout"},
    "recursion": {"graded", "crashed"},
    "closes-the-channel": {"crashed", "tampered"},
    "patched-torch": {"graded", "crashed", "tampered"},
    "patched-numpy-and-builtins": {"graded", "crashed", "tampered"},
    "patched-imports": {"graded", "crashed", "tampered"},
    "memory-hog-of-several": {"crashed", "graded", "timeout"},
}


# -- notebooks --------------------------------------------------------------------------------


def notebook(answer: str = RIGHT, *, retention: str = "retention = 0.87 / 0.90") -> dict:
    """The learner's notebook of lesson 00, with this answer to 00.1 and right ones to the others."""
    made = json.loads((ROOT / "notebooks" / NAME).read_text(encoding="utf-8"))
    for cell in made["cells"]:
        answers = {"ex-00-1": answer, "ex-00-2": retention, "ex-00-3": 'control = "c"'}
        if cell.get("id") in answers:
            cell["source"] = answers[cell["id"]]
    return made


def put(folder: Path, made: dict | bytes | str, name: str = NAME) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(made, dict):
        made = json.dumps(made)
    data = made.encode("utf-8", "surrogatepass") if isinstance(made, str) else made
    (folder / name).write_bytes(data)


def _cell(made: dict, id: str) -> dict:
    return next(cell for cell in made["cells"] if cell.get("id") == id)


def _deleted(root: Path, me: str) -> None:
    made = notebook()
    made["cells"] = [cell for cell in made["cells"] if cell.get("id") != "ex-00-2"]
    put(root / me, made)


def _duplicated(root: Path, me: str) -> None:
    made = notebook()
    answer = _cell(made, "ex-00-1")
    made["cells"] += [copy.deepcopy(answer), copy.deepcopy(_cell(made, "check-00-1"))]
    stub = copy.deepcopy(answer)
    stub["source"] = "def soften(scores, temperature):\n    ...  # your code here\n"
    made["cells"].append(stub)
    put(root / me, made)


def _stripped(root: Path, me: str) -> None:
    made = notebook()
    for cell in made["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    put(root / me, made)


def _altered(root: Path, me: str) -> None:
    made = notebook()
    a, b = _cell(made, "ex-00-1"), _cell(made, "ex-00-2")
    a["metadata"], b["metadata"] = b["metadata"], a["metadata"]
    for cell in made["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"].update(locked=False, grade=True, solution=True)
    put(root / me, made)


def _raised(root: Path, me: str) -> None:
    made = notebook(WRONG)
    for cell in made["cells"]:
        if "points" in cell["metadata"].get("nbgrader", {}):
            cell["metadata"]["nbgrader"]["points"] = 300
    put(root / me, made)


def _future(root: Path, me: str) -> None:
    made = notebook()
    made["nbformat"], made["nbformat_minor"] = 9, 99
    for cell in made["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = 99
    put(root / me, made)


def _strange_types(root: Path, me: str) -> None:
    made = notebook()
    made["cells"] += [
        None,
        3,
        {"cell_type": "code"},
        {"cell_type": "code", "source": 7, "metadata": 1},
    ]
    made["cells"].append(
        {"cell_type": "code", "source": [1, "x = 1"], "metadata": {"nbgrader": "x"}}
    )
    put(root / me, made)


def _link_to_another(root: Path, me: str) -> None:
    (root / me).mkdir()
    (root / me / NAME).symlink_to(root / "honest" / NAME)


def _folder_that_is_a_link(root: Path, me: str) -> None:
    (root / me).symlink_to(root / "honest")


def _pipe(root: Path, me: str) -> None:
    (root / me).mkdir()
    os.mkfifo(root / me / NAME)


def _zip(root: Path, me: str, *members: tuple[str | zipfile.ZipInfo, bytes | str]) -> None:
    with zipfile.ZipFile(root / f"{me}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)


def _zip_upwards(root: Path, me: str) -> None:
    right = json.dumps(notebook())
    _zip(root, me, (f"../honest-but-wrong/{NAME}", right), (f"/tmp/{NAME}", right), (NAME, right))


def _zip_with_link(root: Path, me: str) -> None:
    link = zipfile.ZipInfo(NAME)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    _zip(root, me, (link, f"../honest/{NAME}"))


def _zip_in_anothers_name(root: Path, me: str) -> None:
    _zip(root, me, (f"honest-but-wrong_12_assignsubmission_file_/{NAME}", json.dumps(notebook())))


def _zip_bomb(root: Path, me: str) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, bytes(150 * 2**20))
    _zip(root, me, (NAME, bytes(150 * 2**20)), ("more.zip", inner.getvalue()))


def _zip_of_many(root: Path, me: str) -> None:
    _zip(root, me, *((f"{i}/{NAME}", "") for i in range(25_000)))


def _member_without_a_name(root: Path, me: str) -> None:
    _zip(root, me, (".", ""), (NAME, json.dumps(notebook())))


def _member_that_ends_early(root: Path, me: str) -> None:
    """A stored member that says it is longer than the file."""
    file = root / f"{me}.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(NAME, "x" * 100)
    content = bytearray(file.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 20 : at + 28] = (10**6).to_bytes(4, "little") * 2
    file.write_bytes(content)


def _points_beyond_any_float(root: Path, me: str) -> None:
    made = notebook()
    for cell in made["cells"]:
        if cell.get("metadata", {}).get("nbgrader", {}).get("points"):
            cell["metadata"]["nbgrader"]["points"] = 10**400
    put(root / me, made)


def _name_that_is_no_text(root: Path, me: str) -> None:
    (root / me).mkdir()
    (root / me / os.fsdecode(b"L\xf6sung.ipynb")).write_text("no notebook")
    put(root / me, notebook())


def _broken_zip(root: Path, me: str) -> None:
    (root / f"{me}.zip").write_bytes(b"PK\x03\x04" + bytes(100))


def _written(data: bytes | str, name: str = NAME) -> Callable[[Path, str], None]:
    return lambda root, me: put(root / me, data, name)


HANDED_IN: dict[str, tuple[Callable[[Path, str], None], float, str]] = {
    "cells-deleted": (_deleted, 3, "graded"),
    "cells-duplicated": (_duplicated, 4, "graded"),
    "metadata-stripped": (_stripped, 4, "graded"),
    "metadata-altered": (_altered, 4, "graded"),
    "points-raised": (_raised, 2, "tampered"),
    "schema-from-the-future": (_future, 4, "graded"),
    "strange-types": (_strange_types, 4, "graded"),
    "corrupt": (_written(json.dumps(notebook())[:5000]), 0, "unreadable"),
    "empty": (_written(""), 0, "unreadable"),
    "json-but-no-notebook": (_written("[1, 2]"), 0, "unreadable"),
    "nested-json": (_written("[" * 200_000), 0, "unreadable"),
    "pickle-for-a-notebook": (_written(pickle.dumps({"cells": []})), 0, "unreadable"),
    "utf-16": (_written(json.dumps(notebook()).encode("utf-16")), 4, "graded"),
    "latin-1": (
        _written(
            json.dumps(notebook(RIGHT + "# Größe\n"), ensure_ascii=False).encode(
                "cp1252", "replace"
            )
        ),
        4,
        "graded",
    ),
    "lone-surrogates": (_written(json.dumps(notebook(RIGHT + "# \ud800\n"))), 4, "graded"),
    "misnamed": (_written(json.dumps(notebook()), "homework (2) final.ipynb"), 4, "graded"),
    "no-notebook": (_written("def soften(s, t): return s", "answer.py"), 0, "missing"),
    "nothing-at-all": (lambda root, me: (root / me).mkdir(), 0, "missing"),
    "link-to-another": (_link_to_another, 0, "tampered"),
    "folder-that-is-a-link": (_folder_that_is_a_link, 0, "tampered"),
    "pipe": (_pipe, 0, "unreadable"),
    "member-without-a-name": (_member_without_a_name, 4, "graded"),
    "member-that-ends-early": (_member_that_ends_early, 0, "unreadable"),
    "points-beyond-any-float": (_points_beyond_any_float, 4, "tampered"),
    "name-that-is-no-text": (_name_that_is_no_text, 4, "graded"),
    "zip-upwards": (_zip_upwards, 4, "tampered"),
    "zip-with-a-link": (_zip_with_link, 0, "tampered"),
    "zip-in-anothers-name": (_zip_in_anothers_name, 4, "graded"),
    "zip-bomb": (_zip_bomb, 0, "unreadable"),
    "zip-of-many": (_zip_of_many, 0, "unreadable"),
    "zip-that-is-none": (_broken_zip, 0, "unreadable"),
}
