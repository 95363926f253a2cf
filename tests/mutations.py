"""Take every guard of tests/guards.py out of a copy of the course, one by one, and see that its test fails.

    python tests/mutations.py                 all of them; some minutes
    python tests/mutations.py wire collect    those of files with these in their name

Says for each which test caught it. Ends with 1 where one survived, with 2 where the list does not fit the
source, or a test fails or does not run on a copy with nothing taken out.
"""

from __future__ import annotations

import importlib
import inspect
import os
import shutil
import signal
import sys
import tempfile
import time
import types
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from guards import GUARDS  # noqa: E402

PASSED, FAILED, SKIPPED = 0, 1, 2  # what a test's process ends with
_WORDS = {PASSED: "SURVIVED", FAILED: "caught", SKIPPED: "skipped"}
CONTROL = "control failed"
SECONDS = 120  # that a test may take: a guard that is gone may leave it waiting


class Guard(NamedTuple):
    """file: below kd_course/grading. text: what is replaced, once, by `instead`. test: must fail then."""

    file: str
    text: str
    instead: str
    test: str

    @property
    def path(self) -> Path:
        return Path("kd_course", "grading", self.file)

    @property
    def told(self) -> str:
        return f"{self.file}: {' '.join(self.text.split())[:60]} -> {self.instead.strip()[:30]!r}"


ALL = [Guard(file, *guard) for file, guards in GUARDS.items() for guard in guards]


def misplaced(guards: Sequence[Guard], root: Path = ROOT) -> list[str]:
    """What of the list does not fit the source: a text that stands not once in its file, a test that is none."""
    found = []
    for guard in guards:
        times = (root / guard.path).read_text("utf-8").count(guard.text)
        if times != 1:
            found.append(f"{guard.told}: found {times} times")
        file, _, name = guard.test.partition("::")
        if f"def {name}(" not in (root / "tests" / file).read_text("utf-8"):
            found.append(f"{guard.told}: there is no {guard.test}")
    return found


def copied(place: Path) -> Path:
    """A copy of the course that can be broken: the package and its tests, the rest by links."""
    leave = shutil.ignore_patterns("__pycache__")
    for name in ("kd_course", "tests"):
        shutil.copytree(ROOT / name, place / name, ignore=leave)
    for path in ROOT.iterdir():
        if path.name not in ("kd_course", "tests", ".git"):
            (place / path.name).symlink_to(path)
    return place


def load(place: Path) -> None:
    """Have the copy and its tests in memory once; every test is forked from here."""
    os.chdir(place)
    os.environ |= {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True
    sys.path[:2] = [str(place), str(place / "tests")]
    for file in sorted({guard.test.partition("::")[0] for guard in ALL}):
        importlib.import_module(Path(file).stem)
    from kd_course.grading import answers

    answers.public_reference("00.1")  # as slow as all the rest, and nothing that a guard is part of


def take_out(guard: Guard, text: str) -> None:
    """Have the module in memory do what its new text says: its functions, or else the whole of it.

    What only the box loads is not in memory, and is read there from the file.
    """
    module = sys.modules.get(".".join(guard.path.with_suffix("").parts))
    if module is None:
        return
    new = compile(text, getattr(module, "__file__", ""), "exec")
    codes = dict(_codes(new))
    changed = [
        (function, codes[function.__code__.co_qualname])
        for function in _functions(module)
        if function.__code__.co_qualname in codes  # what a dataclass makes is in no file
        and _does(codes[function.__code__.co_qualname]) != _does(function.__code__)
    ]
    for function, code in changed:
        function.__code__ = code
    if not changed:  # a table at the top
        exec(new, vars(module))


def _codes(code: types.CodeType) -> Iterator[tuple[str, types.CodeType]]:
    for inside in code.co_consts:
        if isinstance(inside, types.CodeType):
            yield inside.co_qualname, inside
            yield from _codes(inside)


def _does(code: types.CodeType) -> object:
    """What two functions that do the same have in common, wherever they stand."""
    inside = [_does(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return code.co_code, code.co_names, inside


def _functions(module: types.ModuleType) -> Iterator[types.FunctionType]:
    """All functions of a module, methods and properties too, without what is wrapped around them."""
    own = [value for value in vars(module).values() if isinstance(value, type)]
    own = [kind for kind in own if kind.__module__ == module.__name__]
    for value in (*vars(module).values(), *(v for kind in own for v in vars(kind).values())):
        value = getattr(value, "fget", None) or getattr(value, "func", None) or value
        value = inspect.unwrap(getattr(value, "__func__", value))
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
            yield value


class Loop:
    """Pytest's plugin that runs its tests: as they are, then each again for every guard, in processes of their own.

    counts: how often which verdict was given; CONTROL: a test failed with nothing taken out.
    """

    def __init__(self, guards: Sequence[Guard], place: Path):
        self.guards, self.place = guards, place
        self.counts: Counter[str] = Counter()

    def pytest_runtestloop(self, session) -> bool:
        tests: dict[str, list] = {}
        for item in session.items:
            tests.setdefault(f"{item.path.name}::{item.originalname}", []).append(item)
        for name, items in tests.items():
            if (told := self._verdict(items)) not in ("SURVIVED", "skipped"):
                print(f"with nothing taken out: {told}: {name}", flush=True)
                self.counts[CONTROL] += 1
        for guard in self.guards if not self.counts else ():
            began = time.monotonic()
            told = self._without(guard, tests[guard.test])
            self.counts[told] += 1
            seconds = time.monotonic() - began
            print(f"{told:9} {seconds:5.1f} s  {guard.told}  by {guard.test}", flush=True)
        return True

    def _without(self, guard: Guard, items: Sequence) -> str:
        path = self.place / guard.path
        whole = path.read_text("utf-8")
        broken = whole.replace(guard.text, guard.instead)
        path.write_text(broken, "utf-8")
        try:
            return self._verdict(items, lambda: take_out(guard, broken))
        finally:
            path.write_text(whole, "utf-8")

    def _verdict(self, items: Sequence, before: Callable[[], object] = lambda: None) -> str:
        """caught, stopped (no end was come to), skipped, SURVIVED, or "did not run"."""
        child = os.fork()
        if child == 0:
            _run(items, before)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return _WORDS.get(os.waitstatus_to_exitcode(status), "did not run")
            time.sleep(0.02)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "stopped"


def _run(items: Sequence, before: Callable[[], object]) -> None:
    """Run tests up to the first that fails, in a process that ends here with how it went."""
    code, told = 3, Told()
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
        before()
        items[0].config.pluginmanager.register(told)
        for item, following in zip(items, [*items[1:], None]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if told.failed:
                break
        code = FAILED if told.failed else PASSED if told.ran else SKIPPED
    finally:
        os._exit(code)


class Told:
    """Pytest's plugin that remembers whether a test ran, and whether one failed."""

    ran = failed = False

    def pytest_runtest_logreport(self, report) -> None:
        self.ran = self.ran or report.when == "call" and not report.skipped
        self.failed = self.failed or report.failed


def main(argv: Sequence[str]) -> int:
    chosen = [guard for guard in ALL if not argv or any(word in guard.file for word in argv)]
    if wrong := misplaced(ALL):
        print("\n".join(wrong), file=sys.stderr)
        return 2
    import pytest

    with tempfile.TemporaryDirectory(prefix="kd-mutations-") as folder:
        place = copied(Path(folder))
        load(place)
        loop = Loop(chosen, place)
        tests = [str(place / "tests" / test) for test in sorted({guard.test for guard in chosen})]
        options = ["-q", "-s", "--tb=no", "-p", "no:cacheprovider"]
        ended = pytest.main([*options, "--rootdir", str(place), *tests], plugins=[loop])
    print(", ".join(f"{count} {told}" for told, count in sorted(loop.counts.items())))
    if ended not in (0, 5) or loop.counts[CONTROL] or loop.counts["did not run"]:
        return 2
    return int(loop.counts["SURVIVED"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
