"""Memory bounded by control groups: where they are found, what is written there, and, where there are some, that it holds."""

from __future__ import annotations

import os
import time
from pathlib import Path

import hostile
import pytest

from kd_course.grading import box, cgroups, conversation, marking
from kd_course.grading.answers import answer_key


def system(place: Path, members: str = "", controllers: str = "cpu memory pids") -> dict[str, Path]:
    """A folder that looks like a machine with cgroup v2, and this process's group in it."""
    own = place / "cgroup" / "user.slice" / "run.scope"
    own.mkdir(parents=True)
    (own / "cgroup.controllers").write_text(controllers)
    (own / "cgroup.procs").write_text(members)
    (place / "mounts").write_text(f"tmpfs /tmp tmpfs rw\ncgroup2 {place}/cgroup cgroup2 rw\n")
    (place / "own").write_text("1:name=systemd:/x\n0::/user.slice/run.scope\n")
    return {"mounts": place / "mounts", "own": place / "own"}


def test_the_grader_moves_below_its_own_group_and_has_bounds_given_to_those_beside_it(tmp_path):
    told = system(tmp_path, f"{os.getpid()}\n")
    place = cgroups.parent(**told)
    assert place == tmp_path / "cgroup" / "user.slice" / "run.scope"
    assert (place / "kd-grader" / "cgroup.procs").read_text() == str(os.getpid())
    assert (place / "cgroup.subtree_control").read_text() == "+cpu +memory"


def test_memory_is_bounded_also_where_time_cannot_be_shared(tmp_path):
    place = cgroups.parent(**system(tmp_path, f"{os.getpid()}\n", controllers="memory pids"))
    assert (place / "cgroup.subtree_control").read_text() == "+memory"


def test_where_groups_cannot_be_made_it_is_said_why(tmp_path):
    cases = {
        "other programs": system(tmp_path / "others", f"{os.getpid()}\n1\n"),
        "no bound on memory": system(tmp_path / "none", controllers="cpu pids"),
        "no control groups of version 2": {"mounts": tmp_path / "x", "own": tmp_path / "x"},
        "may make no control groups": system(tmp_path / "refused"),
    }
    (tmp_path / "refused/cgroup/user.slice/run.scope/cgroup.subtree_control").mkdir()
    for why, told in cases.items():
        with pytest.raises(cgroups.NoGroups, match=why):
            cgroups.parent(**told)
    assert not (tmp_path / "others/cgroup/user.slice/run.scope/kd-grader").exists()


def test_a_group_bounds_memory_without_swap_and_ends_as_a_whole(tmp_path):
    group = cgroups.Group(tmp_path, 12345)
    group.add(77)
    written = {path.name: path.read_text() for path in group.place.iterdir()}
    assert written == {
        "memory.max": "12345", "memory.oom.group": "1", "memory.swap.max": "0", "cgroup.procs": "77",
    }  # fmt: skip
    assert not group.burst
    (group.place / "memory.events").write_text("low 0\noom 2\noom_kill 1\n")
    assert group.burst


class Noted:
    """A group that only notes what is asked of it."""

    burst = True

    def __init__(self, *given):
        self.given, self.closed = given, False

    def close(self):
        self.closed = True


def _job(answer: str) -> box.Job:
    cells = [{"name": "<c>", "source": answer, "run": "whole"}]
    return box.Job(cells, "soften", "function", ("scores", "temperature"))


def _held() -> marking.Sheets:
    return marking.prepared(answer_key(["00"])["00.1"].sheet(7))


def test_a_room_is_in_a_group_of_its_own_before_any_code_of_a_students_runs(needs_box, monkeypatch):
    if not needs_box.alone:
        pytest.skip("a room has no process of its own here that could be bounded")
    made: list[Noted] = []
    monkeypatch.setattr(cgroups, "bounded", lambda *given: made.append(Noted(*given)) or made[-1])
    limits = conversation.Limits(memory=2**29, scratch=2**20)
    with box.Box("00", needs_box, limits) as one, one.room() as room:
        cases = _held().sheet.cases
        assert room.attempt(_job(hostile.RIGHT), lambda: cases).ended == ""
        ended = room.attempt(_job("import os\ndef soften(s, t): os._exit(1)"), lambda: cases)
        keeper, bytes_ = made[0].given
        assert len(made) == 1 and keeper == room._keeper and not made[0].closed
        assert bytes_ == 2**29 + 3 * 2**20 + one._base.memory
    assert made[0].closed
    assert (ended.ended, ended.why) == ("crashed", "more than 0.5 GiB of memory")


def test_what_sockets_hold_is_bounded_by_the_kernel(needs_box):
    """In earnest: where this process may make control groups."""
    try:
        cgroups.parent()
    except cgroups.NoGroups as why:
        pytest.skip(str(why))
    answer = hostile.CELLS["memory-in-sockets"][0]
    with box.Box("00", needs_box, conversation.Limits(memory=2**28, seconds=10)) as one:
        began = time.monotonic()
        run = one.attempt(_job(answer), lambda: _held().sheet.cases)
    assert (run.ended, run.why) == ("crashed", "more than 0.25 GiB of memory")
    assert time.monotonic() - began < 30
