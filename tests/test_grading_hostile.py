"""Every hostile submission at once, beside honest ones: what each earns, and what it may not touch."""

from __future__ import annotations

import csv
import hashlib
import os
import socket
import threading
import time
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import hostile
import pytest

from kd_course.grading import grade_command, resources
from kd_course.grading.isolation import UNSAFE

pytestmark = pytest.mark.usefixtures("needs_box")

HONEST = {
    "honest": hostile.RIGHT,
    "honest-but-wrong": hostile.returning("torch.softmax(scores, dim=-1)"),
    "honest-in-part": hostile.returning("torch.softmax(scores / max(temperature, 1), dim=-1)"),
    "zz-honest-and-last": hostile.RIGHT,
}


def _tree(folder: Path, pattern: str = "*") -> str:
    """Changes when any name, content or kind of what fits the pattern below a folder does."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob(pattern)):
        found.update(f"{path} {path.lstat().st_mode} ".encode("utf-8", "surrogateescape"))
        if path.is_file() and not path.is_symlink():
            found.update(path.read_bytes())
    return found.hexdigest()


def _table(out: Path) -> dict[str, dict[str, str]]:
    with open(out, newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def _grade(root: Path, out: Path) -> dict[str, dict[str, str]]:
    limits = ["--seconds", "3", "--memory", "0.4", "--jobs", "2"]
    limits += ["--secret", str(out.parents[1] / "secret")]  # the same hidden inputs for all tables
    assert (
        grade_command.grade_main(
            [str(root), "--out", str(out), "--lessons", "00", "--seed", "5", *limits]
        )
        == 0
    )
    return _table(out)


def _running(marker: str) -> list[str]:
    """What a submission has started anywhere, and what this process still has of its boxes."""
    ours = set(resources.below(os.getpid()))
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if marker in command or "import loader" in command and int(process.name) in ours:
                found.append(command)
    return found


# One or two of each kind: what `make test` hands in. `make test-all` hands in every one.
SAMPLE = (
    *("loop", "fork-bomb", "memory-hog", "reads", "tcp", "writes", "leaves-a-process-behind"),
    *("exit-in-the-function", "segfault", "equals-everything", "nan", "withheld"),
    *("withheld-read-from-frames", "memory-in-sockets", "edits-in-place-and-says-it-has-not"),
    *("patched-channel", "searches-its-memory", "forged-before"),
    *("oversized", "huge-result", "cells-duplicated", "points-raised", "corrupt", "nested-json"),
    *("no-notebook", "link-to-another", "pipe", "zip-upwards", "zip-bomb"),
)
EVERY_ONE = pytest.param("every one", marks=pytest.mark.thorough)
of_both = pytest.mark.parametrize("run", ["a sample", EVERY_ONE], indirect=True)


def each_of(names):
    """A test of each name: of the sample in `make test`, of every one in `make test-all`."""
    quick = [("a sample", name) for name in names if name in SAMPLE]
    thorough = [pytest.param("every one", n, marks=pytest.mark.thorough) for n in names]
    return pytest.mark.parametrize(("run", "name"), [*quick, *thorough], indirect=["run"])


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """graded("a sample") or graded("every one"): done once, whichever tests ask for it."""
    return lru_cache(lambda which: _graded(which, tmp_path_factory))


@pytest.fixture
def run(request, graded):
    """The honest ones graded alone, then among hostile ones: a sample of them, or every one."""
    return graded(request.param)


def _graded(which, tmp_path_factory):
    names = SAMPLE if which == "a sample" else {*hostile.CELLS, *hostile.HANDED_IN}
    place = tmp_path_factory.mktemp("course")
    root, others, marker = place / "submitted", place / "others", f"98{os.getpid()}"
    for student, answer in HONEST.items():
        hostile.put(root / student, hostile.notebook(answer))
        hostile.put(others / student, hostile.notebook(answer))
    alone = _grade(root, place / "alone" / "marks.csv")
    heard: list[str] = []
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(("127.0.0.1", 0))
        for listener, hear in ((tcp, lambda: tcp.accept()), (udp, lambda: udp.recv(9))):
            listener.settimeout(0.2)
            threading.Thread(target=_listen, args=(hear, heard), daemon=True).start()
        secrets = [
            str(others / "honest" / hostile.NAME),
            str(root / "honest" / hostile.NAME),
            str(place / "alone" / "marks.csv"),
            *map(str, sorted((place / "alone" / "marks.results").iterdir())[:2]),
            str(hostile.ROOT / "solutions" / "00_start_here.py"),
            str(hostile.ROOT / "kd_course" / "lessons" / "lesson00" / "recorded.json"),
            str(hostile.ROOT / "kd_course" / "lessons" / "lesson00" / "exercises.py"),
            str(hostile.ROOT / "kd_course" / "grading" / "answers.py"),
            "/etc/shadow",
            "/etc/passwd",
            str(Path.home() / ".bash_history"),
        ]
        fill = {
            "{SECRETS}": repr(secrets),
            "{TCP}": str(tcp.getsockname()[1]),
            "{UDP}": str(udp.getsockname()[1]),
            "{MARKER}": marker,
            "{ROOT}": str(hostile.ROOT),
        }
        for name in names:
            if name in hostile.CELLS:
                hostile.put(root / name, _filled(name, fill))
            else:
                hostile.HANDED_IN[name][0](root, name)
        before = _everything(place)
        began = time.monotonic()
        among = _grade(root, place / "among" / "marks.csv")
        seconds = time.monotonic() - began
        after = _everything(place)
    left = _running(marker)
    return SimpleNamespace(**locals())


def _filled(name: str, fill: dict[str, str]) -> dict:
    answer = hostile.CELLS[name][0]
    for field, value in fill.items():
        answer = answer.replace(field, value)
    return hostile.notebook(answer)


def _everything(place: Path) -> list[str]:
    """What no submission may change: the others' work, marks already given, the course itself."""
    trees = [_tree(place / name) for name in ("others", "submitted", "alone")]
    trees.append(_tree(hostile.ROOT / "kd_course" / "lessons"))
    return trees + [_tree(hostile.ROOT / name, "*.py") for name in ("kd_course", "solutions")]


def _listen(hear, heard: list[str]) -> None:
    while True:
        try:
            heard.append(str(hear()))
        except TimeoutError:
            continue
        except OSError:
            return


def test_there_are_at_least_forty_and_the_sample_is_of_them():
    assert len(hostile.CELLS) + len(hostile.HANDED_IN) >= 40
    assert set(SAMPLE) <= {*hostile.CELLS, *hostile.HANDED_IN}


@each_of(hostile.CELLS)
def test_a_hostile_cell_earns_what_it_deserves(run, name):
    _, points, status = hostile.CELLS[name]
    row = run.among[name]
    assert float(row["00.1"]) == points, row
    assert row["00.1 status"] in hostile.STATUSES_ALIKE.get(name, {status}), row
    # One crash costs one exercise.
    assert (row["00.2"], row["00.3"]) == ("1", "1"), row
    assert float(row["total"]) == points + 2
    assert row["isolation"].startswith("bubblewrap")


@each_of(hostile.HANDED_IN)
def test_however_it_is_handed_in_it_earns_what_it_deserves(run, name):
    _, total, status = hostile.HANDED_IN[name]
    row = run.among[name]
    assert float(row["total"]) == total, row
    assert row["status"] == status, row


@of_both
@pytest.mark.parametrize("student", HONEST)
def test_everybody_elses_mark_is_the_same_as_without_them(run, student):
    assert run.among[student] == run.alone[student]


@of_both
def test_honest_marks_are_what_they_should_be(run):
    assert [run.alone[student]["total"] for student in HONEST][::3] == ["4", "4"]
    assert 2 <= float(run.alone["honest-but-wrong"]["total"]) < 4
    assert 2 < float(run.alone["honest-in-part"]["total"]) < 4


@of_both
def test_nothing_outside_the_box_was_changed(run):
    assert run.before == run.after


@of_both
def test_nobody_was_called_from_inside_the_box(run):
    assert not run.heard


@of_both
def test_nothing_is_left_running(run):
    assert not run.left


@of_both
def test_nobody_appears_who_did_not_hand_in(run):
    assert set(run.among) == {*HONEST, *run.names}


@of_both
def test_a_marker_that_a_pickle_would_leave_is_not_there(run):
    assert not Path(f"/tmp/{run.marker}").exists()


@pytest.mark.thorough
def test_no_submission_stops_the_run_that_looks_for_the_lessons(tmp_path):
    hostile.put(tmp_path / "in" / "ada", hostile.notebook())
    for name, (make, _, _) in hostile.HANDED_IN.items():
        make(tmp_path / "in", name)
    assert (
        grade_command.grade_main([str(tmp_path / "in"), "--out", str(tmp_path / "marks.csv")]) == 0
    )
    assert _table(tmp_path / "marks.csv")["ada"]["00.1"] == "2"


@pytest.mark.parametrize("run", [EVERY_ONE], indirect=True)
def test_the_same_cells_do_their_harm_where_nothing_locks_them_in(run, tmp_path, monkeypatch):
    """The control: what the box refuses is not refused by chance. Only what harms nobody here."""
    harmless = ("reads", "tcp", "udp", "its-own-loopback", "unix-sockets")
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        tcp.settimeout(0.2)
        threading.Thread(target=_listen, args=(tcp.accept, heard), daemon=True).start()
        fill = {**run.fill, "{TCP}": str(tcp.getsockname()[1])}
        for name in harmless:
            hostile.put(tmp_path / "in" / name, _filled(name, fill))
        monkeypatch.setattr(grade_command, "find_isolation", lambda unsafe: UNSAFE)
        out = tmp_path / "marks.csv"
        arguments = [str(tmp_path / "in"), "--out", str(out), "--lessons", "00", "--unsafe"]
        assert grade_command.grade_main(arguments) == 0
    found = _table(out)
    assert {name: found[name]["00.1"] for name in harmless} == dict.fromkeys(harmless, "0")
    assert heard
