"""Honest notebooks, in seventy styles: what a Jupyter kernel runs, the box runs, and for full marks."""

from __future__ import annotations

import csv
import json
import time

import honest
import hostile
import pytest
import torch

from kd_course.exercises import find, of_lesson
from kd_course.exercises.attempts import run_here
from kd_course.exercises.spec import Case
from kd_course.exercises.values import changed_in, difference, plain
from kd_course.grading import cells, grade_command, marking, names, notebook, submission
from kd_course.grading.cells import StudentCell
from kd_course.grading.job import Run
from kd_course.grading.python_of import Effort, is_piled_up, python_of
from kd_course.grading.sandboxed import student_code, wire

# Some of each kind: what `make test` grades. `make test-all` grades all of them.
SAMPLE = (
    *("magic-in-a-string", "percent-and-a-magic-in-one-cell", "time-gives-a-value"),
    *("cell-capture-and-time", "dataclass", "annotations-are-objects", "future-below-other-lines"),
    *("pickles-its-class", "asks-for-main", "in-a-try", "helper-in-a-try-above", "old-mac-lines"),
    *("builds-on-what-the-lessons-cell-computed", "await", "shell"),
)
PARTLY = {  # earns a part, whatever it is on the other cases
    "not-implemented-in-a-branch": "    if temperature < 1:\n        raise NotImplementedError\n",
    "dots-in-a-branch": "    if temperature < 1:\n        return ...\n",
    "10-to-the-400": "    if temperature < 1:\n        return 10**400\n",
    "10-to-the-5000": "    if temperature < 1:\n        return 10**5000\n",
}
WITHOUT_SOCKETS = {  # what torch does through sockets elsewhere; the box has none
    "compiled": "@torch.compile(fullgraph=True)\n" + honest.HEAD + honest.RETURN,
    "loads-with-workers": "from torch.utils.data import DataLoader\n"
    + honest.HEAD
    + "    rows = DataLoader(scores, 2, num_workers=2, prefetch_factor=4, persistent_workers=True)\n"
    "    return torch.cat([torch.softmax(row / temperature, dim=-1) for row in rows])\n",
}


def _graded(folder, names, more=None):
    """The rows of a class: a student for each style in names, and for each answer in more."""
    for name in names:
        hostile.put(folder / "in" / name, honest.notebook(name))
    for name, answer in (more or {}).items():
        hostile.put(folder / "in" / name, hostile.notebook(answer))
    arguments = [str(folder / "in"), "--out", str(folder / "marks.csv"), "--lessons", "00"]
    assert grade_command.grade_main([*arguments, "--jobs", "2"]) == 0
    with open(folder / "marks.csv", newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def graded(tmp_path_factory, needs_box):
    partly = {name: honest.HEAD + lines + honest.RETURN for name, lines in PARTLY.items()}
    return _graded(tmp_path_factory.mktemp("sample"), SAMPLE, {**partly, **WITHOUT_SOCKETS})


@pytest.fixture(scope="module")
def all_graded(tmp_path_factory, needs_box):
    rest = [name for name in honest.STYLES if name not in SAMPLE]
    return _graded(tmp_path_factory.mktemp("all"), rest)


def test_there_are_more_than_sixty_styles_as_four_programs_save_them():
    assert len(honest.STYLES) > 60 and set(SAMPLE) <= set(honest.STYLES)
    for name in honest.STYLES:
        (defined,) = {
            c.id for c in cells.cells_of(honest.notebook(name)) if "soften" in c.names.gives
        }
        assert defined == "ex-00-1" or honest.SAVED_BY[list(honest.STYLES).index(name) % 4] in (
            "vscode", "colab", "nbgrader",
        )  # fmt: skip


@pytest.mark.parametrize("name", SAMPLE)
def test_what_a_kernel_runs_gets_full_marks(graded, name):
    assert (graded[name]["00.1"], graded[name]["00.1 status"]) == ("2", "graded"), graded[name]


@pytest.mark.parametrize("name", WITHOUT_SOCKETS)
def test_what_torch_would_do_through_sockets_it_does_by_itself(graded, name):
    row = graded[name]
    assert (row["total"], row["status"]) == ("4", "graded"), row


@pytest.mark.thorough
@pytest.mark.parametrize("name", [name for name in honest.STYLES if name not in SAMPLE])
def test_whatever_the_style_it_gets_full_marks(all_graded, name):
    row = all_graded[name]
    assert (row["00.1"], row["00.1 status"]) == ("2", "graded"), row


@pytest.mark.parametrize("name", PARTLY)
def test_what_is_missing_on_one_branch_costs_that_branch(graded, name):
    row = graded[name]
    assert 0 < float(row["00.1"]) < 2 and row["00.1 status"] == "graded", row
    assert row["status"] == "graded"


@pytest.mark.thorough
def test_a_kernel_runs_every_style(tmp_path):
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))

    def told(source):
        reply = client.execute_interactive(source, output_hook=lambda _: None, timeout=60)
        return reply["content"]["status"], reply["content"].get("traceback")

    before = "import torch\nclasses = [1, 2, 3]\nscores = torch.tensor([[2.0, 1.0, -1.0]])"
    after = "assert torch.equal(soften(scores, 2.0), torch.softmax(scores / 2, -1))"
    try:
        # What __future__ changes holds for the cells after it, whatever is reset.
        for name in sorted(
            honest.STYLES, key=lambda name: "__future__" in str(honest.STYLES[name])
        ):
            for source in ("%reset -f", before, *honest.STYLES[name], after):
                assert told(source) == ("ok", None), (name, source)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# -- reading ----------------------------------------------------------------------------------


def test_python_is_left_alone_and_the_rest_is_what_ipython_makes_of_it():
    for source in ("x = (3\n  % 2\n  != 1)\n", 'a = """\n%x\n!y\nz?\n"""\n', "", "def f(:\n"):
        assert python_of(source) == source
    assert python_of("x = !ls\r\ny?\r\n") == (
        "x = get_ipython().getoutput('ls')\nget_ipython().run_line_magic('pinfo', 'y')\n"
    )
    assert python_of("%%html\n<b>").strip() == "" and python_of("%%time\nx = 1").strip() == "x = 1"


def test_what_would_take_ipython_long_is_read_without_it():
    began = time.monotonic()
    cell = "x = 1\n" + "%a b\n" * 2_000
    effort = Effort()
    for _ in range(20):
        assert "x = 1" in python_of(cell, effort)
    assert "pass" in python_of("a" * 90_000 + " b ?\n!x\n", Effort())
    assert time.monotonic() - began < 20


def test_what_a_cell_gives_changes_and_needs():
    read = names.names_of(
        "try:\n    def f(x): return x * g + H.a\nexcept E:\n    pass\np = p.float()\nd['x'] = 1\n"
        "seen.append(k)\nq = [z for z in p]\n"
    )
    assert read.gives == {"f", "p", "q"} and read.changes == {"d", "seen"}
    assert read.needs == {"g", "H", "E", "p", "d", "seen", "k"}
    loop = names.names_of(
        "for a, b in k:\n    c = a + b\n    n += 1\n    m = m + 1\n    print(c)\n"
    )
    assert loop.needs == {"k", "n", "m"}
    assert not read.only_defines and names.names_of("if 1:\n    import a\n    x = 3").only_defines
    assert names.names_of("def f():\n    'doc'\n    ...\n").stub
    assert not names.names_of("def f():\n    return ...\n").stub


def test_an_answer_takes_along_what_it_builds_on_and_leaves_the_rest():
    """Lesson 03 computes, in cells of its own, what 03.10 is about."""
    (path,) = (hostile.ROOT / "notebooks").glob("03_*.ipynb")
    made = json.loads(path.read_text(encoding="utf-8"))
    answer = next(c for c in made["cells"] if c.get("id") == "ex-03-10")
    answer["source"] = (
        "repaired_loss = 0.5 * (terms.sum() + q.sum().log() + surprises[p.argmax()])\n"
    )
    exercises = of_lesson("03")
    found = notebook.answers_in("03", exercises, [cells.cells_of(json.dumps(made).encode())])
    sources = [cell["source"] for cell in found.ways["03.10"].careful[0]]
    assert any("surprises =" in source for source in sources)
    assert len(sources) <= len(exercises) + 3  # of some forty code cells, beside the answers
    assert not any("find_spec" in source for source in sources)  # the cell that installs the course


def test_only_the_nearest_giver_above_counts_and_what_changes_it_on_the_way():
    def ways(*sources):
        read = [StudentCell(source) for source in sources]
        sorts = [notebook.Sorted(cell, notebook.LESSONS) for cell in read]
        return notebook._needed([len(read) - 1], sorts, frozenset({"torch"}))

    assert ways("p = 1", "p = 2", "p.x = 3", "torch.f()", "y = p + torch.x") == {1, 2}
    assert ways("a = 1", "b = a", "c = 3", "def f(): return b", "y = f()") == {0, 1, 3}
    assert ways("p = 1", "y = [p for p in range(3)]") == set()


def test_setup_in_the_middle_of_a_lesson_gives_its_names_again_where_a_cell_above_took_them():
    """Lesson 03 gives p and q anew before its last exercises; setup has run before all cells."""
    (path,) = (hostile.ROOT / "notebooks").glob("03_*.ipynb")
    made = json.loads(path.read_text(encoding="utf-8"))
    at = next(i for i, c in enumerate(made["cells"]) if c.get("id") == "ex-03-10")
    made["cells"][at]["source"] = "repaired_loss = (p - q).sum()\n"
    own = {"cell_type": "code", "source": "p = 'mine'\nq = 3\n", "metadata": {}, "outputs": []}

    def sources(cells_):
        read = [cells.cells_of(json.dumps({**made, "cells": cells_}).encode())]
        found = notebook.answers_in("03", of_lesson("03"), read)
        return [cell["source"] for cell in found.ways["03.10"].careful[0]]

    assert not any("0.25" in source for source in sources(made["cells"]))
    again = sources([*made["cells"][:4], own, *made["cells"][4:]])
    assert again.index(own["source"]) < next(
        i for i, s in enumerate(again) if "q = " in s and s != own["source"]
    )


def test_what_of_a_cell_is_left_out_is_noted():
    def read(*sources):
        allowance = cells.Allowance()
        listed = [{"cell_type": "code", "source": s, "metadata": {}} for s in sources]
        kept = cells.cells_of(json.dumps({"cells": listed}).encode(), allowance)
        return [cell.source for cell in kept], allowance.notes

    piled = "a" + "\u0301\u0316" * 20_000
    assert is_piled_up(piled) and not is_piled_up("é" * 100 + "ń̰" * 100)
    began = time.monotonic()
    assert read("x = 1", f"{piled} = 1") == (
        ["x = 1"], ["cell 2 was left out: it holds no readable names"],
    )  # fmt: skip
    assert time.monotonic() - began < 1
    assert read("#" * 100_001) == ([], ["cell 1 was left out: it is too large"])
    assert read(*["pass"] * 5_001)[1] == ["more than 5000 cells; the rest was not read"]
    long = ["#" * 99_999] * 11
    assert len(read(*long)[0]) == 10 and "cell 11 and the rest" in read(*long)[1][0]


# -- running ----------------------------------------------------------------------------------


def test_cells_run_as_a_kernel_runs_them_and_not_under_the_graders_own_future():
    def run(*sources, way="whole"):
        values: dict = {"__name__": "__main__"}
        values["get_ipython"] = student_code.Shell(values)
        listed = [{"name": f"<{i}>", "source": s, "run": way} for i, s in enumerate(sources)]
        return values, student_code.run_cells(listed, values)

    values, errors = run(
        "def f(x: int): ...", "from __future__ import annotations", "def g(x: int): ..."
    )
    assert (values["f"].__annotations__, values["g"].__annotations__) == ({"x": int}, {"x": "int"})
    values, errors = run("x = 1\n1 / 0\nx = 2", "y = x + 1\ny\n", "z = _")
    # A kernel would leave x at 1. But in a kernel the cell may not have failed (it compares itself with
    # what is withheld here), and then it had what the rest of it defines.
    assert (values["x"], values["z"], [e[1] for e in errors]) == (2, 3, ["ZeroDivisionError"])
    source = "if 1:\n    import math\n    A = 3\nB = print()\ntry:\n    C = 1\nexcept NameError:\n    pass\n"
    values, errors = run(source, way=student_code.DEFINITIONS)
    assert (values["A"], values["C"], "B" in values, errors) == (3, 1, False, [])
    values, _ = run(python_of("t = %time 3 + 4\n%timeit t = 9"))
    assert values["t"] == 7


def test_a_number_that_no_float_holds_is_wrong_and_nothing_else():
    for value in (10**400, -(10**400), 10**5000):
        (outcome,) = run_here(lambda value=value: value, [Case((), "a")])
        assert outcome.value in (float("inf"), float("-inf"))
        assert difference(outcome.value, 3.0, rtol=0.0, atol=0.0).kind == "not finite"
        assert wire.decode(wire.encode(outcome.value)) == outcome.value
    assert plain(2**1000) == 2**1000
    with pytest.raises(wire.WireError):
        wire.decode(wire.encode(10**400))


def test_what_was_changed_in_place_is_found_outside():
    case = Case((torch.ones(2), [1, 2], len), "a", {"k": torch.zeros(1)})
    right = tuple(map(plain, (torch.ones(2), [1, 2]))) + (None, plain(torch.zeros(1)))
    assert changed_in(case, ("x", "y"), right) == ()
    assert changed_in(case, ("x", "y"), (plain(torch.zeros(2)), *right[1:3], "lie")) == ("x", "k")
    assert changed_in(case, ("x", "y"), ()) == ("x", "y", "k")


# -- the grader's time ------------------------------------------------------------------------


def test_a_reply_that_is_made_to_take_long_does_not():
    began = time.monotonic()
    same = [[i * (2**61 - 1), 0] for i in range(60_000)]  # of one hash, all of them
    with pytest.raises(wire.WireError, match="counts nothing"):
        wire.decode(_message({"d": same}))
    flags = wire.decode(wire.encode(plain(torch.ones(2**22, dtype=torch.bool))))
    assert difference(flags, (1, 2, 3), rtol=0.0, atol=0.0).kind == "shape"
    assert time.monotonic() - began < 5


def _message(tree) -> bytes:
    head = json.dumps(tree).encode()
    return (4 + len(head)).to_bytes(8) + len(head).to_bytes(4) + head


def test_a_notebook_is_parsed_once_whatever_the_number_of_exercises(monkeypatch):
    (path,) = (hostile.ROOT / "solutions").glob("02_*.ipynb")
    read = cells.cells_of(path.read_bytes())
    counted = []
    real = cells.names_of
    monkeypatch.setattr(cells, "names_of", lambda source: (counted.append(source), real(source))[1])
    found = notebook.answers_in("02", of_lesson("02"), [read])
    assert len(found.ways) == 10 and len(counted) <= len(read)


def test_a_submission_has_a_time_for_all_of_its_exercises():
    ran = []

    class Room:
        def attempt(self, job, draw, seconds):
            ran.append(seconds)
            return Run(ended="timeout")

    class Made:
        sheets = {}

    runner = submission._Runner(None, Made, Room(), time.monotonic() - 1)
    runner.answers = notebook.Answers()
    assert runner._run(find("00.1"), ()).ended == marking.TIMEOUT and not ran
    assert "used up the time for all" in marking._ended(runner._run(find("00.1"), ()))
