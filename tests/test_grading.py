"""Grading: honest but unusual answers, every way of handing in, and what a run keeps and writes."""

from __future__ import annotations

import ast
import builtins
import contextlib
import csv
import importlib
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import types
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import hostile
import numpy as np
import pytest
import torch
from cheats import CHEATS, source_of

from kd_course.exercises import all_exercises, examine, find, of_lesson, sealed, withheld
from kd_course.exercises.attempts import Outcome, Raised, run_here
from kd_course.exercises.engine import judge, public_sheet
from kd_course.exercises.sheets import (
    PUBLIC_SEED,
    argument_names,
    cases_of,
    mismatch,
    outcomes_of,
)
from kd_course.exercises.spec import Case, Handle, Made
from kd_course.grading import (
    box,
    cells,
    class_run,
    collect,
    conversation,
    course,
    grade_command,
    identity,
    isolation,
    marking,
    names,
    notebook,
    resources,
    results,
    secret,
)
from kd_course.grading.answers import answer_key
from kd_course.grading.outcomes import outcome_from
from kd_course.grading.sandboxed import confine, student_code, wire

ROOT = Path(__file__).resolve().parents[1]


def table(out: Path) -> dict[str, dict[str, str]]:
    with open(out, newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def grade(root: Path, out: Path, *options: str, lessons: str = "00") -> dict[str, dict[str, str]]:
    arguments = [str(root), "--out", str(out), "--lessons", lessons, *options]
    assert grade_command.grade_main(arguments) == 0
    return table(out)


# -- honest but unusual -----------------------------------------------------------------------


def _with_cell(source: str, answer: str = hostile.RIGHT, at: int | None = None) -> dict:
    """The notebook with a cell that the student has added, before all others or at an index."""
    made = hostile.notebook(answer)
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
    made["cells"].insert(at if at is not None else len(made["cells"]), cell)
    return made


def _in_the_setup_cell(source: str, answer: str) -> dict:
    made = hostile.notebook(answer)
    setup = next(c for c in made["cells"] if c["cell_type"] == "code")
    setup["source"] = "".join(setup["source"]) + "\n" + source
    return made


def _restarted() -> dict:
    """Run half-way, restarted, run again from another place: counts out of order, errors kept."""
    made = hostile.notebook()
    for i, cell in enumerate(c for c in made["cells"] if c["cell_type"] == "code"):
        cell["execution_count"] = (i * 7) % 5 or None
        error = {"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": []}
        cell["outputs"] = [error]
    made["cells"].insert(
        4, {"cell_type": "code", "source": "%reset -f", "metadata": {}, "outputs": []}
    )
    return made


HELPER = "def shares(powers):\n    return powers / powers.sum(dim=-1, keepdim=True)\n"
WITH_HELPER = (
    "def soften(scores, temperature):\n"
    "    return shares(torch.exp((scores - scores.amax(-1, keepdim=True)) / temperature))\n"
)
HONEST = {
    "warns": hostile.notebook(
        hostile.returning(
            "(warnings.warn('hm'), scores.div(temperature).softmax(-1))[1]", "import warnings"
        )
    ),
    "prints": hostile.notebook(
        "import sys, logging\ndef soften(scores, temperature):\n    print(scores)\n"
        "    print('hm', file=sys.stderr)\n    logging.warning('hm')\n"
        "    return torch.softmax(scores / temperature, -1)\nprint(soften(torch.zeros(1, 2), 1))\n"
    ),
    "helper-in-a-cell-of-its-own": _with_cell(HELPER, WITH_HELPER),
    "helper-before-everything": _with_cell(HELPER, WITH_HELPER, at=0),
    "helper-in-the-setup-cell": _in_the_setup_cell(HELPER, WITH_HELPER),
    "import-in-the-setup-cell": _in_the_setup_cell(
        "import torch.nn.functional as F",
        "def soften(scores, temperature):\n    return F.softmax(scores / temperature, -1)\n",
    ),
    "helper-computed-in-another-answer": hostile.notebook(
        hostile.returning("SOFTMAX(scores / temperature, -1)"),
        retention="SOFTMAX = getattr(torch, 'soft' + 'max')\nretention = round(0.87 / 0.90, 6)",
    ),
    "float64": hostile.notebook(
        hostile.returning("torch.softmax(scores.double() / temperature, -1)")
    ),
    "renamed-arguments": hostile.notebook(
        "def soften(z, T=1.0, *, axis=-1):\n    return torch.softmax(z / T, axis)\n"
    ),
    "restarted-half-way": _restarted(),
    "takes-10-s": hostile.notebook(
        "import time\nslept = []\ndef soften(scores, temperature):\n"
        "    if not slept:\n        slept.append(time.sleep(10))\n"
        "    return torch.softmax(scores / temperature, -1)\n"
    ),
    "lambda": hostile.notebook("soften = lambda s, t: torch.softmax(s / t, -1)"),
    "object-that-is-called": hostile.notebook(
        "class Soften:\n    def __call__(self, scores, temperature):\n"
        "        return torch.softmax(scores / temperature, -1)\nsoften = Soften()\n"
    ),
    "torch-script-of-the-notebook": hostile.notebook(
        "%matplotlib inline\n!pip install torch\n"
        + hostile.RIGHT
        + "%timeit soften(torch.ones(1, 2), 1)\n"
    ),
    "cell-magic": hostile.notebook("%%time\n" + hostile.RIGHT),
    "an-error-in-the-same-cell": hostile.notebook(hostile.RIGHT + "\nsoften()\n"),
    "an-error-in-another-cell": _with_cell("1 / 0", at=3),
    "not-python-in-another-cell": _with_cell("this is (not python", at=3),
    "another-cell-never-ends": _with_cell(
        "import itertools\nfor _ in itertools.count(): pass", at=3
    ),
    "plots-and-displays": hostile.notebook(
        hostile.RIGHT + "\nplt.plot([1, 2])\nplt.show()\ndisplay(soften(torch.ones(1, 2), 1))\n"
        "get_ipython().run_line_magic('time', '1')\n"
    ),
    "writes-a-file": hostile.notebook(
        "import tempfile, pathlib\npathlib.Path('notes.txt').write_text('x')\n"
        "def soften(scores, temperature):\n    with tempfile.TemporaryFile() as file:\n"
        "        torch.save(torch.softmax(scores / temperature, -1), file)\n        file.seek(0)\n"
        "        return torch.load(file)\n"
    ),
    "processes-and-threads": hostile.notebook(
        "import subprocess, threading\ndef soften(scores, temperature):\n"
        "    found = []\n    subprocess.run(['true'], check=True)\n"
        "    t = threading.Thread(target=lambda: found.append(torch.softmax(scores / temperature, -1)))\n"
        "    t.start(); t.join()\n    return found[0]\n"
    ),
    "windows-line-ends": hostile.notebook(hostile.RIGHT.replace("\n", "\r\n")),
    "default-dtype-changed": hostile.notebook(
        "torch.set_default_dtype(torch.float64)\n" + hostile.RIGHT
    ),
    "other-name": hostile.notebook(hostile.RIGHT.replace("soften", "my_softmax")),
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory, needs_box):
    place = tmp_path_factory.mktemp("honest")
    for name, made in HONEST.items():
        hostile.put(place / "submitted" / name, made)
    # The cell that never ends is stopped after this; the one that takes 10 s is not.
    limits = ["--seconds", "14", "--jobs", "3"]
    return grade(
        place / "submitted", place / "marks.csv", *limits, "--feedback", str(place / "pages")
    )


@pytest.mark.parametrize("name", HONEST)
def test_honest_but_unusual_gets_full_marks(honest, name):
    assert (honest[name]["total"], honest[name]["status"]) == ("4", "graded"), honest[name]


@pytest.mark.parametrize("lesson", ["02", "03", "09"])  # 09: gradients of tuples cross the border
def test_worked_lessons_get_full_marks_and_untouched_ones_nothing(lesson, tmp_path, needs_box):
    for student, folder in (("worked", "solutions"), ("untouched", "notebooks")):
        (source,) = (ROOT / folder).glob(f"{lesson}_*.ipynb")
        hostile.put(tmp_path / "in" / student, source.read_bytes(), source.name)
    found = grade(tmp_path / "in", tmp_path / "marks.csv", "--jobs", "2", lessons=lesson)
    full = sum(exercise.points for exercise in of_lesson(lesson))
    assert found["worked"]["total"] == found["worked"]["out_of"] == str(full)
    assert found["worked"]["note"] == ""
    untouched = found["untouched"]
    assert (untouched["total"], untouched["status"]) == ("0", "missing"), untouched["note"]


@pytest.fixture(scope="module")
def box_of_all(needs_box):
    """One box in which every lesson's setup has run: the libraries are loaded once."""
    with pytest.MonkeyPatch.context() as patch:
        lessons = sorted({exercise.lesson for exercise in all_exercises()})
        cells = [
            {**cell, "name": f"<lesson {lesson} {cell['name']}>"}
            for lesson in lessons
            for cell in course.setup(lesson)
        ]
        patch.setattr(course, "setup", lambda lesson: cells)
        with box.Box("all", needs_box) as one:
            yield one


@pytest.mark.parametrize("id", [exercise.id for exercise in all_exercises() if exercise.withheld])
def test_the_packages_own_answer_is_gone_from_the_box(id, box_of_all):
    exercise = find(id)
    functions = {  # of a class the methods refuse, see test_withheld.py
        name: message
        for name, message in withheld.told(exercise).items()
        if not isinstance(_named(name), type)
    }
    source = f"""
import importlib
said = []
for name in {list(functions)}:
    module, _, function = name.rpartition(".")
    try:
        getattr(importlib.import_module(module), function)()
    except RuntimeError as error:
        said.append(str(error))
"""
    source += f"def {exercise.name}(*given):\n    return tuple(said)\n"
    cells = [{"name": "<cell 1>", "source": source, "run": "whole"}]
    job = box.Job(cells, exercise.name, "function", withheld=course.withheld(exercise))
    run = box_of_all.attempt(job, lambda: held(id).sheet.cases)
    assert run.ended == "", run.why
    assert run.outcomes[0].value == tuple(functions.values())


def _named(dotted: str):
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize(("id", "cheat"), CHEATS, ids=lambda x: getattr(x, "__name__", x))
def test_a_cheat_earns_nothing_and_is_told_why(id, cheat, box_of_all):
    exercise = find(id)
    cells = [{"name": "<cell 1>", "source": source_of(cheat, exercise.name), "run": "whole"}]
    names = argument_names(exercise.signature)
    job = box.Job(cells, exercise.name, "function", names, withheld=course.withheld(exercise))
    run = box_of_all.attempt(job, lambda: held(id).sheet.cases)
    mark = marking.mark(held(id), run)
    assert mark.points == 0
    (words,) = mark.words
    assert re.fullmatch(
        rf"kd_course\.\S+ is part of kd_course\.[\w.]+, which exercise {id} does without: "
        "calling it earns nothing.",
        words,
    )


def test_what_is_withheld_exists_and_is_told_to_the_learner():
    for exercise in all_exercises():
        for name in exercise.withheld:
            if name.endswith(withheld.WHOLE):
                module = name.removesuffix(withheld.WHOLE)
                assert withheld.defined_below(module)
                said = module.removeprefix("kd_course.")
            else:
                assert callable(_named(name)), name
                said = name.split(".")[1]
            assert said in exercise.allowed, (exercise.id, name)


def test_the_package_can_be_imported_anew_where_functions_of_it_are_withheld():
    """A student's cell may import a module that no cell before has: only calls are refused."""
    modules = {
        name: held for e in all_exercises() for name, held in course.withheld(e)["sources"].items()
    }
    assert len(modules) > 50
    for name, source in modules.items():
        made = types.ModuleType(name)
        made.__package__ = (
            name if hasattr(sys.modules[name], "__path__") else name.rpartition(".")[0]
        )
        exec(compile(source, name, "exec"), vars(made))


@pytest.mark.thorough
def test_no_function_of_the_package_answers_an_exercise_without_being_withheld():
    """Every function that the box's package has is tried on every exercise that it could answer."""
    functions = {
        f"{module}.{name}": function
        for module in course.package()
        if not module.startswith("kd_course.exercises")
        for name, function in vars(importlib.import_module(module)).items()
        if inspect.isfunction(function) and function.__module__ == module
    }
    assert len(functions) > 300
    shortcuts = set()
    for exercise in all_exercises():
        if exercise.kind != "function":
            continue
        sheet = public_sheet(exercise.id)
        first = sheet.cases[0]
        given = len(first.args) + len(first.kwargs)
        for name, function in functions.items():
            if not _takes(function, given):
                continue
            (outcome,) = outcomes_of(exercise, function, [first])
            if mismatch(exercise, outcome, sheet.expected[0]) is None:
                every = outcomes_of(exercise, function, sheet.cases)
                if judge(sheet, every).passed:
                    shortcuts.add((exercise.id, name))
    refused = {
        (e.id, ".".join(course.defined_in(name)))
        for e in all_exercises()
        for name in withheld.told(e)
    }
    undeclared = shortcuts - refused
    assert not undeclared
    assert len(shortcuts) > 10  # and so the search finds what there is


def _takes(function, count: int) -> bool:
    """Whether a function can be called with this many arguments, by position or by name."""
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return sum(p.default is p.empty for p in named) <= count <= len(named)


def test_no_source_in_the_box_tells_an_answer():
    package = course.package()
    assert "kd_course.losses" in package and "kd_course.exercises.attempts" in package
    for lost in ("engine", "sheets", "catalogue", "recording", "variants"):
        assert f"kd_course.exercises.{lost}" not in package
    rooms = {name for name in package if name.startswith("kd_course.lessons.")}
    assert "kd_course.lessons.lesson06.settings" in rooms
    assert all(re.search(r"lesson\d\d(\.settings)?$", name) for name in rooms)
    for lost in ("authoring", "grading", "release"):
        assert not any(name.startswith(f"kd_course.{lost}") for name in package)
    text = "\n".join(package.values())
    assert "Misconception(\n" not in text and "BEGIN SOLUTION" not in text
    for exercise in all_exercises():
        stripped = course.withheld(exercise)["sources"]
        for name in withheld.told(exercise):
            module, attribute = course.defined_in(name)
            (body,) = re.findall(
                rf"^(?:def|class) {attribute}\b.*\n((?:    .*\n?|\n)*)", stripped[module], re.M
            )
            lines = body.split("\n")
            assert lines[0].strip() == "pass" or "raise Withheld(" in lines[1], (name, body)
            assert len([line for line in lines if line]) <= 2, (name, body)


# -- marks ------------------------------------------------------------------------------------


@lru_cache
def held(id: str = "00.1") -> marking.Sheets:
    return marking.prepared(answer_key([id[:2]])[id].sheet(7))


def run_of(function, id: str = "00.1", **parts) -> box.Run:
    sheet = held(id).sheet
    outcomes = list(outcomes_of(sheet.exercise, function, sheet.cases))
    return box.Run(loaded=True, found=True, callable=True, outcomes=outcomes, **parts)


@pytest.mark.parametrize("id", [e.id for e in all_exercises() if e.kind == "function"])
def test_a_table_of_the_published_checks_earns_nothing(id):
    published = public_sheet(id)
    table = {
        sealed.inputs_of(Case(case.args, "x", kwargs=dict(case.kwargs))): outcome
        for case, outcome in zip(published.cases, published.expected)
    }

    def by_heart(*args, **kwargs):
        try:
            outcome = table[sealed.inputs_of(Case(args, "x", kwargs=kwargs))]
        except (KeyError, TypeError):
            raise NotImplementedError from None
        if outcome.raised:
            raise ValueError
        return outcome.value

    mark = marking.mark(held(id), run_of(by_heart, id))
    assert mark.points == 0, mark


def test_inputs_are_as_secret_as_the_page_for_teachers_says():
    """Nearly all are drawn from the secret, and drawn again from another one; the rest are published."""
    tried = drawn = met_again = 0
    for exercise in all_exercises():
        if exercise.kind != "function":
            continue
        published, one, other = (
            [sealed.inputs_of(case) for case in cases_of(exercise, seed)]
            for seed in (PUBLIC_SEED, *(secret.of_exercise(text, exercise.id) for text in "ab"))
        )
        new = set(one) - set(published)
        assert 2 * len(new) > len(one), exercise.id
        tried, drawn, met_again = (
            tried + len(one),
            drawn + len(new),
            met_again + len(new & set(other)),
        )
    assert drawn > 0.9 * tried and met_again < 0.02 * drawn, (tried, drawn, met_again)


def test_a_list_in_place_of_a_tensor_earns_nothing_and_is_told_why():
    """Numbers that are right and carry no gradient: what follows could not be trained with them."""
    mark = marking.mark(held(), run_of(lambda scores, t: torch.softmax(scores / t, -1).tolist()))
    assert mark.points == 0
    assert "The result is of another kind than the docstring asks for." in mark.words


def test_an_array_in_place_of_a_list_is_the_same_answer():
    def leaked_rows(train_texts, test_texts):
        known = {" ".join(text.lower().split()) for text in train_texts}
        return np.flatnonzero([" ".join(text.lower().split()) in known for text in test_texts])

    mark = marking.mark(held("06.1"), run_of(leaked_rows, "06.1"))
    assert mark.points == 3, (mark.status, mark.why)
    wrong = marking.mark(held("06.1"), run_of(lambda a, b: np.arange(len(b)), "06.1"))
    assert wrong.status != "tampered" and wrong.points == 0, wrong.why


def test_threads_parse_one_after_the_other(monkeypatch):
    """Python 3.11 may raise SystemError in one that is interrupted while it parses."""
    real, inside, most = ast.parse, [], []

    def slowly(*args, **options):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return real(*args, **options)

    monkeypatch.setattr(ast, "parse", slowly)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(names.names_of, [f"a{n} = 1" for n in range(12)]))
    assert [set(each.gives) for each in found] == [{f"a{n}"} for n in range(12)]
    assert len(most) == 12 and max(most) == 1


def test_partial_credit_goes_by_case():
    right = lambda scores, t: torch.softmax(scores / t, -1)  # noqa: E731
    run = run_of(right)
    assert marking.mark(held(), run).points == 2
    run.outcomes[1] = type(run.outcomes[1])(value=0.0)
    mark = marking.mark(held(), run)
    drawn = held().drawn  # the published example earns nothing by itself, and costs nothing
    assert drawn == len(run.outcomes) - 1 and mark.points == round(2 * (drawn - 1) / drawn, 2)
    assert mark.words[0] == f"Right on {len(run.outcomes) - 1} of {len(run.outcomes)} hidden cases."


def test_an_answer_that_is_cut_short_keeps_the_cases_it_was_right_on():
    run = run_of(lambda scores, t: torch.softmax(scores / t, -1), ended="timeout", why="…")
    del run.outcomes[2:]
    mark = marking.mark(held(), run)
    share = 2 / held().drawn
    assert (mark.status, mark.points) == ("timeout", round(2 * share, 2))


def test_a_misconception_is_named_and_nothing_hidden_is_told():
    mark = marking.mark(held(), run_of(lambda scores, t: torch.softmax(scores, -1)))
    assert mark.misconception == "The temperature has no effect"
    assert any("The temperature has no effect" in line for line in mark.words)


def test_saying_the_same_whatever_is_asked_earns_nothing():
    for exercise in all_exercises():
        if exercise.kind != "function":
            continue
        sheets = held(exercise.id)
        for constant in (None, 0.0, torch.tensor(1.0), ()):
            run = run_of(lambda *a, c=constant, **k: c, exercise.id)
            assert marking.mark(sheets, run).points == 0, (exercise.id, constant)
            run.outcomes[0] = Outcome(7.125)  # nor does saying something else once
            assert marking.mark(sheets, run).points == 0, (exercise.id, constant)

        def refuse(*given, **named):
            raise ValueError("no")

        assert marking.mark(sheets, run_of(refuse, exercise.id)).points == 0, exercise.id


def _zero_of(*given, **named):
    return 0 * next(a for a in given if isinstance(a, torch.Tensor)).nan_to_num().sum()


UNREAD = {
    "the first argument": lambda first, *_, **__: first,
    "a list of it": lambda first, *_, **__: list(first),
    "the last argument": lambda *given, **_: given[-1],
    "its numbers in order": lambda first, *_, **__: list(range(len(first))),
    "a zero with a gradient": _zero_of,
}


@pytest.mark.parametrize("answer", UNREAD)
def test_what_never_looks_at_the_question_earns_nothing(answer):
    """What is short enough is given back, what counts nowhere is zero: that alone is no answer."""
    right = 0
    for exercise in all_exercises():
        if exercise.kind == "function":
            mark = marking.mark(held(exercise.id), run_of(UNREAD[answer], exercise.id))
            assert mark.points == 0, exercise.id
            right += mark.right
            if mark.right:
                assert "never looks at the question" in " ".join(mark.words)
    assert right > 0, "none of them is right anywhere, which would show nothing"


def test_an_answer_that_fails_on_one_case_keeps_the_others_also_where_it_gives_back():
    run, drawn = run_of(answer_key(["05"])["05.3"].reference, "05.3"), held("05.3").drawn
    run.outcomes[2] = Outcome(0.0)
    assert marking.mark(held("05.3"), run).points == round(3 * (drawn - 1) / drawn, 2)


def test_of_what_an_attempt_raises_only_pythons_own_name_for_it_is_told():
    def leak(scores, temperature):
        raise type(f"Seen{temperature}", (ValueError,), {})(f"secret {scores}")

    mark = marking.mark(held(), run_of(leak))
    assert "It raised ValueError." in mark.words
    assert "secret" not in "".join(mark.words) and "Seen" not in "".join(mark.words)
    assert "raise type(" in mark.why  # for the teacher


def test_a_line_for_every_value_reads_no_hidden_input_out():
    """Six hundred lines, each of which raises for one value: which it was is not told."""
    first = int(held().sheet.cases[0].args[0].flatten()[0] * 100)
    lines = "".join(f"    if k == {k}: raise ValueError\n" for k in range(first - 300, first + 300))
    made: dict = {}
    exec(f"def spy(scores, t):\n    k = int(scores.flatten()[0] * 100)\n{lines}", made)
    exec(f"def other(scores, t):\n    k = 1000\n{lines}    raise ValueError", made)
    spied, blind = (marking.mark(held(), run_of(made[name])) for name in ("spy", "other"))
    assert spied.words == blind.words and f"{first}" not in "".join(spied.words)


def test_calling_what_is_withheld_earns_nothing_and_is_named_wherever_it_is_called():
    exercise = find("00.1")
    said = (
        "kd_course.divergences.softmax is part of kd_course.divergences, which exercise 00.1 does "
        "without"
    )
    words = f"{said}: calling it earns nothing."
    error = ["<cell 1>", "RuntimeError", said, 1]
    loading = box.Run(loaded=True, found=False, errors=[error])  # soften = lambda: … at once
    calling = box.Run(loaded=True, found=True, callable=True)
    calling.outcomes = [Outcome(raised=Raised(("Withheld", "RuntimeError"), said))]
    for run in (loading, calling):
        mark = marking.mark(held(), run)
        assert (mark.points, mark.words, mark.out_of) == (0, (words,), exercise.points)


AS_THEY_ARE_WRITTEN = [
    *(("00.3", text, True) for text in ("c", "C", " c ", "(c)", "c)", "c.", "(C).")),
    *(("00.3", text, False) for text in ("a", "(a)", "z", "", "not c")),
    *(("00.2", text, True) for text in ("0.9667", " 0.96666667 ", "9.667e-1")),
    *(("00.2", text, False) for text in ("0.9", "much", "")),
    *(("00.2", value, True) for value in (0.96666667, np.float32(0.9667), np.array(0.9667))),
    ("00.2", 0.9, False),
    *(("13.2", text, True) for text in ("bdace", "BDACE", "b d a c e", "(b)(d)(a)(c)(e)")),
    *(("13.2", text, True) for text in ("b, d, a, c, e", " b → d → a → c → e.")),
    *(
        ("13.2", value, True)
        for value in (list("bdace"), tuple("bdace"), ["(b)", "d", "a", "c", "e"])
    ),
    *(("13.2", text, False) for text in ("b d a e c", "b, d, a, c", "", "()", "b and d")),
    *(("13.2", value, False) for value in (list("bdaec"), ["bd", "ace"], [], [1, 2])),
]


@pytest.mark.parametrize(("id", "value", "right"), AS_THEY_ARE_WRITTEN)
def test_a_value_that_passes_the_check_gets_its_points(id, value, right):
    """And one that does not pass gets none, however both are written."""
    told = student_code._value(value)  # as it comes out of the box, where nothing is taken off
    run = box.Run(loaded=True, found=True, outcomes=[outcome_from(told, None)])
    mark = marking.mark(held(id), run)
    assert (examine(id, value).passed, mark.points) == (right, find(id).points * right)


def test_feedback_shows_no_hidden_number_and_escapes_what_students_wrote(tmp_path):
    from kd_course.grading.feedback import page_of

    student = "<script>alert(1)</script>"
    run = run_of(lambda scores, t: torch.softmax(scores / (t + 0.1), -1))
    mark = marking.mark(held(), run)
    result = results.Result(student, "", "", "graded", "none (--unsafe)", (mark,), ("<b>note</b>",))
    page = page_of(result, [find("00.1")])
    assert "<script>" not in page and "<b>note" not in page and "&lt;script&gt;" in page
    assert "without a locked box" in page
    for case in held().sheet.cases:
        for number in np.asarray(case.args[0]).ravel():
            assert f"{number:.4g}" not in page or abs(number) < 10 and float(number).is_integer()


# -- the border -------------------------------------------------------------------------------


def test_plain_values_cross_the_border_unchanged():
    value = {
        "a": [1, -2.5, True, None, "ü", (1, [2])],
        "b": np.arange(6.0).reshape(2, 3),
        "c": torch.arange(4, dtype=torch.int32).reshape(2, 2),
        "d": torch.tensor([float("nan"), float("inf")]),
        3: np.zeros((0, 4)),
    }
    back = wire.decode(wire.encode(value))
    assert back["a"] == value["a"] and type(back["a"][5]) is tuple
    assert (back["b"] == value["b"]).all() and back[3].shape == (0, 4)
    assert back["c"].dtype == torch.int32 and (back["c"] == value["c"]).all()
    assert torch.isnan(back["d"][0]) and torch.isinf(back["d"][1])


@pytest.mark.parametrize(
    "thing", [object(), lambda: 1, torch.nn.Linear(1, 1), np.array(["x"]), {1.5: 2}, {1, 2}, 1j]
)
def test_nothing_else_does(thing):
    with pytest.raises(wire.WireError):
        wire.decode(wire.encode(thing))


def test_no_bytes_make_the_reader_raise_anything_else():
    draw = np.random.default_rng(0)
    good = wire.encode({"value": np.ones((2, 2)), "text": "x", "list": [1, (2.0,)]})
    for _ in range(3000):
        data = bytearray(good)
        for at in draw.integers(0, len(data), draw.integers(1, 6)):
            data[at] = draw.integers(256)
        try:
            wire.decode(bytes(data[: draw.integers(1, len(data) + 1)]), tensors=False)
        except wire.WireError:
            pass


def test_what_says_it_is_large_is_refused_before_anything_is_made():
    head = json.dumps({"a": ["float64", [2**20, 2**20]]}).encode()
    message = (4 + len(head)).to_bytes(8) + len(head).to_bytes(4) + head
    with pytest.raises(wire.WireError, match="promises more"):
        wire.decode(message)
    with pytest.raises(wire.WireError):
        wire.decode(wire.encode("x" * 30_000), longest=wire.LONGEST)
    with pytest.raises(wire.WireError):
        wire.decode(wire.encode(torch.ones(1)), tensors=False)


def test_an_outcome_is_made_of_exact_types_only():
    good = {
        "value": np.ones(2),
        "gradients": (),
        "attached": True,
        "after": (),
        "raised": None,
        "refused": "",
    }
    assert outcome_from(good, None).value.tolist() == [1.0, 1.0]
    for name, value in (
        ("attached", 1),
        ("after", [1]),
        ("after", None),
        ("raised", ["ValueError", "", ""]),
        ("raised", [(), "", ""]),
        ("refused", None),
        ("gradients", [np.ones(2)]),
        ("gradients", (np.ones(2),)),
        ("value", [1, 2]),
        ("points", 300),
    ):
        with pytest.raises(wire.WireError):
            outcome_from({**good, name: value}, None)


def test_the_filter_of_system_calls_is_well_formed():
    for machine in ("x86_64", "aarch64"):
        steps = confine.filter_program(machine)
        for i, (code, yes, no, _) in enumerate(steps):
            assert i + 1 + max(yes, no) < len(steps) or code == 0x06
        assert steps[-1] == (0x06, 0, 0, 0x7FFF0000)
    assert confine.filter_program("vax") is None


# -- the box ----------------------------------------------------------------------------------


_ALIVE = """
def alive(p):
    try:
        os.kill(p, 0)
        return True
    except OSError:
        return False
"""


def ask(one: box.Box | box.Room, expression: str, before: str = "") -> object:
    """What an expression gives inside the box."""
    source = f"import os\n{before}\ndef soften(scores, temperature):\n    return {expression}\n"
    job = box.Job([{"name": "<cell 1>", "source": source, "run": "whole"}], "soften", "function")
    run = one.attempt(job, lambda: held().sheet.cases[:1])
    assert run.outcomes, run
    return run.outcomes[0].value if not run.outcomes[0].raised else run.outcomes[0].raised.name


@pytest.fixture(scope="module")
def one_box(needs_box):
    with box.Box("00", needs_box, conversation.Limits(seconds=10)) as one:
        yield one


def test_the_box_is_empty_and_nobodys(one_box):
    assert ask(one_box, "os.getuid()") not in (0,)
    assert ask(one_box, "os.listdir('/home')") == ("student",)
    for place in ("/tmp", "/home/student", "/dev/shm"):
        assert ask(one_box, f"os.listdir({place!r})") == ()
    assert set(ask(one_box, "os.listdir('/')")) <= {
        "bin", "box", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "proc", "sbin",
        "tmp", "usr", *(Path(p).parts[1] for p in (sys.prefix, sys.base_prefix)),
    }  # fmt: skip
    assert not any(
        "KD_" in name and name != "KD_SCALE" for name in ask(one_box, "list(os.environ)")
    )


def test_exercises_share_nothing_that_one_could_leave_for_the_next(one_box, needs_box):
    if not needs_box.alone:
        pytest.skip("exercises cannot be shut off from each other on this machine")
    leave = "open('/tmp/left', 'w').write('x')\nopen('/dev/shm/left', 'w').write('x')\nimport torch\ntorch.left = 1\nos.environ['LEFT'] = '1'"
    assert ask(one_box, "os.listdir('/tmp')", leave) == ("left",)
    found = (
        "[os.listdir('/tmp'), os.listdir('/dev/shm'), hasattr(torch, 'left'), 'LEFT' in os.environ]"
    )
    assert ask(one_box, found) == ((), (), False, False)
    # The loader and other exercises are not among the processes that can be named.
    assert ask(one_box, "[p for p in range(1, 5000) if alive(p)]", _ALIVE) == (1, 2)
    with one_box.room() as room:  # one submission's: nothing goes from exercise to exercise either
        stay = "import time\nif os.fork() == 0:\n    time.sleep(60)\n    os._exit(0)"
        assert ask(room, "os.listdir('/tmp')", f"{leave}\n{stay}") == ("left",)
        assert ask(room, found) == ((), (), False, False)
        others = "[p for p in range(2, 5000) if p != os.getpid() and alive(p)]"
        assert ask(room, others, _ALIVE) == ()
    # No memory of the loader's is mapped so that a write would reach it.
    shared = []
    for pid in _below(one_box):
        with contextlib.suppress(OSError):  # it has just ended, or is another user's
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                if line.split()[1] in ("rw-s", "-w-s"):
                    shared.append(line)
    assert not shared


def _below(one: box.Box) -> list[int]:

    return resources.below(one._process.pid)


def test_modules_and_optimizers_stay_inside_and_only_their_numbers_come_out(needs_box):
    weight = torch.tensor([[1.0, -2.0]])
    student = Made("student", "kd_course.exercises.fixtures.linear", (weight,))
    optimizer = Made("optimizer", "kd_course.exercises.fixtures.sgd", (Handle("student"), 0.5))
    x, y = torch.tensor([[1.0, 1.0], [2.0, 0.0]]), torch.tensor([[0.0], [1.0]])
    case = Case((student, optimizer, x, y), "one step")
    source = (
        "def step(student, optimizer, x, y):\n"
        "    loss = ((student(x) - y) ** 2).mean()\n"
        "    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n"
        "    return loss.item()\n"
    )
    job = box.Job([{"name": "<c>", "source": source, "run": "whole"}], "step", "function")
    with box.Box("00", needs_box, conversation.Limits(seconds=60)) as one:
        run = one.attempt(job, lambda: [case])
        # A module that is returned: its parameters, and what it says to the case's inputs.
        other = "def step(student, optimizer, x, y):\n    return student\n"
        asking = Case((student, optimizer, x, y), "a module", inputs=(x,))
        cells = [{"name": "<c>", "source": other, "run": "whole"}]
        returned = one.attempt(box.Job(cells, "step", "function"), lambda: [asking])
    loss, states = run.outcomes[0].value
    # By hand: residuals -1 and 1, gradient (1, -1), so the step is 0.5 · (1, -1).
    assert loss == 1.0
    assert states["student"]["weight"].tolist() == [[0.5, -1.5]]
    assert states["optimizer"] == (0.5,)
    made: dict = {}
    exec(source, made)
    (here,) = run_here(made["step"], [case])
    assert here.value[0] == loss and (here.value[1]["student"]["weight"] == [[0.5, -1.5]]).all()
    ((parameters, outputs), _) = returned.outcomes[0].value
    assert parameters["weight"].tolist() == weight.tolist()
    assert outputs.tolist() == [[-1.0], [2.0]]
    with pytest.raises(ValueError, match="recipe"):
        Made("x", "os.system", ("true",))
    with pytest.raises(wire.WireError):
        wire.decode(wire.encode(student), tensors=False)


def test_inputs_are_handed_over_after_the_students_code_has_loaded(one_box):
    seen: list[str] = []

    def draw():
        seen.append("drawn")
        return held().sheet.cases

    job = box.Job(
        [{"name": "<c>", "source": "raise SystemExit", "run": "whole"}], "soften", "function"
    )
    one_box.attempt(job, draw)
    assert not seen  # there was nothing to ask
    source = hostile.RIGHT
    one_box.attempt(
        box.Job([{"name": "<c>", "source": source, "run": "whole"}], "soften", "function"), draw
    )
    assert seen == ["drawn"]


@pytest.mark.thorough
def test_where_exercises_cannot_be_shut_off_each_submission_has_a_loader_of_its_own(needs_box):
    kill = (
        "import os\nfor pid in range(2, 400):\n    if pid != os.getpid():\n"
        "        try: os.kill(pid, 9)\n        except OSError: pass\n"
    )
    with box.Box("00", isolation.BUBBLEWRAP_EACH, conversation.Limits(seconds=5)) as one:
        with one.room() as room:
            for source in (kill + hostile.RIGHT, hostile.RIGHT):  # another loader, if need be
                cells = [{"name": "<c>", "source": source, "run": "whole"}]
                run = room.attempt(box.Job(cells, "soften", "function"), lambda: held().sheet.cases)
            assert marking.mark(held(), run).points == 2
        assert one._process is None  # nobody else's code runs where this one's did


def test_an_environment_that_an_empty_place_would_cover_is_bound_elsewhere(monkeypatch):
    monkeypatch.setattr(isolation, "_libraries", list)  # below the prefix, as usual
    monkeypatch.setattr(sys, "prefix", "/tmp/course/.venv")
    monkeypatch.setattr(sys, "executable", "/tmp/course/.venv/bin/python")
    command = isolation.bubblewrap(2**20)
    at = command.index("/tmp/course/.venv")
    assert command[at - 1 : at + 2] == ["--ro-bind", "/tmp/course/.venv", "/box/python"]
    assert isolation.python()[0] == "/box/python/bin/python"
    assert isolation.python(boxed=False)[0] == "/tmp/course/.venv/bin/python"
    monkeypatch.setattr(sys, "base_prefix", "/tmp/python")
    with pytest.raises(isolation.NoBox, match="/tmp/python, and students get an empty tmp"):
        isolation.bubblewrap(2**20)


def test_without_bubblewrap_it_refuses_and_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(isolation.shutil, "which", lambda name: None)
    hostile.put(tmp_path / "in" / "a", hostile.notebook())
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "marks.csv"), "--lessons", "00"]
    assert grade_command.grade_main(arguments) == 2
    assert "apt-get install bubblewrap" in capsys.readouterr().err
    assert not (tmp_path / "marks.csv").exists()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_another_system_is_told_that_it_has_no_box(platform, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "platform", platform)
    arguments = [str(tmp_path), "--out", str(tmp_path / "marks.csv"), "--lessons", "00"]
    assert grade_command.grade_main(arguments) == grade_command.USAGE
    said = capsys.readouterr().err
    assert f"No locked box: {platform}" in said and "WSL 2 or a virtual machine" in said
    assert isolation.find_isolation(unsafe=True) == isolation.UNSAFE
    monkeypatch.delattr(os, "fork")
    with pytest.raises(isolation.NoBox):  # nor can it be done without
        isolation.find_isolation(unsafe=True)


def test_a_system_without_the_parts_a_box_needs_can_still_import_the_grader():
    code = (
        "import ctypes, sys\n"
        "sys.modules['resource'] = None\n"  # importing it raises ImportError, as on Windows
        "def named(name, *rest, real=ctypes.CDLL, **more):\n"
        "    if name is None: raise TypeError('a library must be named')\n"
        "    return real(name, *rest, **more)\n"
        "ctypes.CDLL = named\n"
        "from kd_course.grading import grade_command\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.thorough
def test_unsafe_marks_and_says_so_in_every_mark(tmp_path, monkeypatch):
    monkeypatch.setattr(isolation.shutil, "which", lambda name: None)
    hostile.put(tmp_path / "in" / "a", hostile.notebook())
    hostile.put(tmp_path / "in" / "b", hostile.notebook("import os\nos._exit(1)"))
    found = grade(tmp_path / "in", tmp_path / "marks.csv", "--unsafe")
    assert found["a"]["total"] == "4" and found["b"]["total"] == "2"
    assert {row["isolation"] for row in found.values()} == {"none (--unsafe)"}


def test_a_box_that_does_not_work_is_none(monkeypatch):
    monkeypatch.setattr(isolation, "bubblewrap", lambda **options: ["false"])
    with pytest.raises(isolation.NoBox, match="does not work here"):
        isolation.find_isolation()


# -- collecting -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "student", "file"),
    [
        ("Ada Lovelace_4711_assignsubmission_file_", "Ada Lovelace", ""),
        (f"Ada Lovelace_4711_assignsubmission_file_{hostile.NAME}", "Ada Lovelace", hostile.NAME),
        (f"lovelaceada_815_99_{hostile.NAME}", "lovelaceada", hostile.NAME),
        (f"lovelaceada_LATE_815_99_{hostile.NAME}", "lovelaceada", hostile.NAME),
        (f"Lab 1_ada_attempt_2025-01-31-12-00-00_{hostile.NAME}", "ada", hostile.NAME),
        (f"ada_{hostile.NAME}", "ada", hostile.NAME),
        ("ada", "ada", "ada"),
        (f"ada_1_2_bob_3_4_{hostile.NAME}", "ada", f"bob_3_4_{hostile.NAME}"),
    ],
)
def test_exports_name_their_students(entry, student, file):
    whose = identity.whose(entry)
    assert (whose.name, whose.rest) == (student, file)


def test_every_way_of_collecting_finds_the_same_students(tmp_path):
    data = json.dumps(hostile.notebook())
    students = ("ada", "bob")
    for student in students:
        hostile.put(tmp_path / "plain" / student, data)
        hostile.put(tmp_path / "nbgrader" / "submitted" / student / "week1", data)
        hostile.put(tmp_path / "deep" / student / "a" / "b", data)
        (tmp_path / "zips").mkdir(exist_ok=True)
        with zipfile.ZipFile(tmp_path / "zips" / f"{student}.zip", "w") as archive:
            archive.writestr(f"work/{hostile.NAME}", data)
    for name, form in (
        ("folders", "{}/" + hostile.NAME),
        ("around", "export/{}/" + hostile.NAME),
        ("submitted", "submitted/{}/week1/" + hostile.NAME),
        ("moodle", "{}_12_assignsubmission_file_/" + hostile.NAME),
        ("canvas", "{}_12_34_" + hostile.NAME),
    ):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for student in students:
                archive.writestr(form.format(student), data)
    for place in (
        *("plain", "nbgrader", "deep", "zips"),
        *(f"{n}.zip" for n in ("folders", "around", "submitted", "moodle", "canvas")),
    ):
        found = collect.collect(tmp_path / place)
        assert [s.student for s in found] == list(students), place
        for submission in found:
            assert [name for name, _ in submission.read().notebooks] == [hostile.NAME], place


def test_two_students_of_one_name_stay_two_and_meet_their_own_rows(tmp_path, needs_box):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for id, answer in ((11, hostile.RIGHT), (12, hostile.WRONG)):
            name = f"Li Wei_{id}_assignsubmission_file_/{hostile.NAME}"
            archive.writestr(name, json.dumps(hostile.notebook(answer)))
    (tmp_path / "roster.csv").write_text(
        "Identifier,Full name,Email address\n"
        "Participant 11,Li Wei,li.wei@x.org\nParticipant 12,Li Wei,wei.li@x.org\n"
    )
    roster = ("--roster", str(tmp_path / "roster.csv"))
    pages = ("--feedback", str(tmp_path / "pages"))
    found = grade(tmp_path / "class.zip", tmp_path / "marks.csv", *roster, *pages)
    assert {s: row["total"] for s, row in found.items()} == {
        "li.wei@x.org": "4",
        "wei.li@x.org": "2",
    }
    pages = {path.name for path in (tmp_path / "pages").glob("*.html")}
    assert pages == {"li.wei@x.org.html", "wei.li@x.org.html", "overview.html"}


def test_a_roster_tells_namesakes_apart_or_is_refused(tmp_path):
    file = tmp_path / "roster.csv"
    file.write_text("First name,Surname\nAda,Byron\nAda,King\n")
    assert [student.id for student in identity.read_roster(file)] == ["Ada Byron", "Ada King"]
    file.write_text("Student,ID\n    Points Possible,\nAda,1\n")
    assert [student.id for student in identity.read_roster(file)] == ["1"]
    file.write_text("id,name\n1,Ada\n1,Bob\n")
    with pytest.raises(ValueError, match="two rows are called 1"):
        identity.read_roster(file)


@pytest.mark.parametrize("how", ["folder", "zip"])
def test_an_environment_handed_in_along_with_the_work_is_left_out(tmp_path, how):
    work = tmp_path / "work" / "ada"
    for environment in (".venv", "my-env"):
        (work / environment / "bin").mkdir(parents=True)
        (work / environment / "pyvenv.cfg").write_text("home = /usr/bin")
        (work / environment / "bin" / "python").symlink_to(sys.executable)
        (work / environment / "bin" / hostile.NAME).write_text("not the student's")
    hostile.put(work / "zz", hostile.notebook())
    place = tmp_path / "work"
    if how == "zip":
        place = tmp_path / "class"
        place.mkdir()
        with zipfile.ZipFile(place / "ada.zip", "w") as archive:
            for path in work.rglob("*"):
                member = zipfile.ZipInfo(str(path.relative_to(work)))
                member.external_attr = path.lstat().st_mode << 16
                if path.is_symlink() or path.is_file():
                    content = os.readlink(path) if path.is_symlink() else path.read_text()
                    archive.writestr(member, content)
    (submission,) = collect.collect(place)
    files = submission.read()
    assert [name for name, _ in files.notebooks] == [hostile.NAME]
    assert not files.escapes and not files.problems


def test_an_archive_writes_nothing_and_a_bomb_is_not_unpacked(tmp_path):
    hostile._zip_bomb(tmp_path, "bomb")
    hostile._zip_upwards(tmp_path, "up")
    before = sorted(tmp_path.rglob("*"))
    for submission in collect.collect(tmp_path):
        files = submission.read()
        assert sum(len(data) for _, data in files.notebooks) <= collect.ALTOGETHER
    assert sorted(tmp_path.rglob("*")) == before


def test_lessons_are_found_by_what_a_notebook_holds():
    asked = {lesson: frozenset(e.name for e in of_lesson(lesson)) for lesson in ("00", "02", "03")}
    (path,) = (ROOT / "notebooks").glob("02_*.ipynb")
    read = cells.cells_of(path.read_bytes())
    assert notebook.lesson_of("03_distillation_losses.ipynb", read, asked)[0] == "02"
    assert notebook.lesson_of("03_distillation_losses.ipynb", [], asked) == ["03"]
    assert notebook.lesson_of("homework.ipynb", [], asked) == []


def test_code_of_a_size_that_nobody_writes_is_not_parsed():
    def notebook_of(*sources):
        cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
        return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}).encode()

    huge = "x = [" + "0," * cells.LARGEST_CELL + "]"
    kept = cells.cells_of(notebook_of(huge, "answer = 1"))
    assert [cell.source for cell in kept] == ["answer = 1"]
    many = ["#" * cells.LARGEST_CELL] * (cells.MOST_SOURCE // cells.LARGEST_CELL + 5)
    assert len(cells.cells_of(notebook_of(*many))) == len(many) - 5


def test_names_are_found_in_broken_code_and_only_at_the_start_of_a_line_is_looked_at():
    broken = "def soften(scores, temperature):\n    return (\nt = 1\n"
    assert names.names_of(broken).gives == {"soften", "t"}
    assert names.names_of("def f(" + ")->" * 200_000 + ":").gives == frozenset()


def test_definitions_of_a_cell_run_without_the_rest():
    values: dict = {}
    source = "import math\nX = 3\nY = print('no')\ndef f(): return X\nfor i in range(9): X = i\nX.y = 1\n"
    cells = [{"name": "<c>", "source": source, "run": student_code.DEFINITIONS}]
    student_code.run_cells(cells, values)
    assert values["X"] == 3 and values["f"]() == 3 and "Y" not in values and "i" not in values


def test_what_is_defined_below_an_error_of_a_cell_counts_and_is_no_reason_to_run_the_rest():
    values: dict = {}
    source = "X = 3\nwanted = withheld_here(2)\ndef f(): return X\nX = print('not run')\n"
    cells = [
        {"name": "<c>", "source": source, "run": student_code.WHOLE},
        {"name": "<d>", "source": "Y = f() + 1", "run": student_code.WHOLE},
    ]
    errors = student_code.run_cells(cells, values)
    assert len(errors) == 1 and "withheld_here" in str(errors)
    assert values["X"] == 3 and values["Y"] == 4 and "wanted" not in values


# -- a run ------------------------------------------------------------------------------------


def test_the_roster_gets_a_row_for_everyone_and_statuses_tell_zeros_apart(tmp_path, needs_box):
    hostile.put(tmp_path / "in" / "ada", hostile.notebook())
    hostile.put(tmp_path / "in" / "Bob Stone", hostile.notebook("def soften(s, t):\n    return s"))
    hostile.put(
        tmp_path / "in" / "stranger", hostile.notebook("import os\ndef soften(s, t): os._exit(1)")
    )
    hostile.put(tmp_path / "in" / "=1+1", "")
    roster = tmp_path / "roster.csv"
    roster.write_text("id,first_name,last_name\nada,Ada,Byron\nb1,Bob,Stone\nc1,Cy,Twombly\n")
    options = ["--roster", str(roster), "--feedback", str(tmp_path / "pages")]
    found = grade(tmp_path / "in", tmp_path / "marks.csv", *options)
    assert list(found) == ["ada", "b1", "c1", "'=1+1", "stranger"]
    assert "Nothing was handed in" in (tmp_path / "pages" / "c1.html").read_text()
    told = {s: (row["00.1"], row["00.1 status"], row["status"]) for s, row in found.items()}
    assert told["ada"] == ("2", "graded", "graded")
    assert told["b1"] == ("0", "graded", "graded")
    assert told["c1"] == ("", "missing", "missing")
    assert told["stranger"] == ("0", "crashed", "crashed")
    assert told["'=1+1"] == ("", "unreadable", "unreadable")
    assert "not on the roster" in found["stranger"]["note"]


@pytest.mark.thorough
def test_a_killed_run_goes_on_nothing_is_graded_twice_and_what_changed_is_graded_again(
    tmp_path, needs_box
):
    for i in range(8):
        hostile.put(tmp_path / "in" / f"s{i}", hostile.notebook())
    out = tmp_path / "marks.csv"
    command = [sys.executable, "-m", "kd_course", "grade", str(tmp_path / "in"), "--out", str(out)]
    command += ["--lessons", "00", "--seed", "3"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=ROOT)
    folder = results.folder_of(out)
    until = time.monotonic() + 120
    while len(list(folder.glob("s*.json"))) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {path: path.stat().st_mtime_ns for path in folder.glob("s*.json")}
    assert 2 <= len(done) < 8 and all(results.load(path) for path in done)
    hostile.put(tmp_path / "in" / "s0", hostile.notebook(hostile.WRONG))
    found = grade(tmp_path / "in", out, "--seed", "3")
    assert [found[f"s{i}"]["total"] for i in range(8)] == ["2", *["4"] * 7]
    for path, when in done.items():
        assert (path.stat().st_mtime_ns == when) == (not path.name.startswith("s0")), path
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("s*.json")}
    assert grade(tmp_path / "in", out, "--seed", "3") == found
    assert kept == {path: path.stat().st_mtime_ns for path in folder.glob("s*.json")}


@pytest.mark.thorough
def test_shards_together_give_what_one_run_gives_and_a_lost_one_costs_only_itself(
    tmp_path, needs_box, capsys
):
    for i in range(7):
        hostile.put(
            tmp_path / "in" / f"s{i}", hostile.notebook(hostile.RIGHT if i % 2 else hostile.WRONG)
        )
    shared = ["--seed", "3", "--secret", str(tmp_path / "secret")]
    whole = grade(tmp_path / "in", tmp_path / "whole.csv", *shared)
    for i in (1, 3):
        arguments = [
            str(tmp_path / "in"),
            "--out",
            str(tmp_path / f"part{i}.csv"),
            "--lessons",
            "00",
        ]
        assert grade_command.grade_main([*arguments, *shared, "--shard", f"{i}/3"]) == 0
    parts = [str(tmp_path / f"part{i}.csv") for i in (1, 2, 3)]
    assert (
        grade_command.merge_main([parts[0], parts[2], "--out", str(tmp_path / "merged.csv")]) == 1
    )
    assert "--shard 2/3" in capsys.readouterr().err
    merged = table(tmp_path / "merged.csv")
    lost = {s for s, row in merged.items() if row["status"] == results.NOT_YET}
    assert lost and set(merged) == set(whole)
    assert all(merged[s] == whole[s] for s in whole if s not in lost)
    grade_command.grade_main(
        [
            str(tmp_path / "in"),
            "--out",
            parts[1],
            "--lessons",
            "00",
            *shared,
            "--shard",
            "2/3",
        ]
    )
    assert grade_command.merge_main([*parts, "--out", str(tmp_path / "merged.csv")]) == 0
    assert table(tmp_path / "merged.csv") == whole


def test_without_its_seed_a_released_course_is_not_graded_by_other_conventions(tmp_path, capsys):
    released = hostile.notebook()
    box = {"cell_type": "markdown", "id": "box", "metadata": {}}
    released["cells"].append({**box, "source": f"{course.CONVENTION}the result is in bits.**"})
    for i in range(3):
        hostile.put(tmp_path / "in" / f"s{i}", released)
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "marks.csv"), "--unsafe"]
    assert grade_command.grade_main(arguments) == grade_command.USAGE
    assert "3 of the first 3 submissions come from a released course" in capsys.readouterr().err
    for i in range(3, 6):  # half of them do not say it: then one who copies the box stops nobody
        hostile.put(tmp_path / "in" / f"s{i}", hostile.notebook())
    grade_command._refuse_released(collect.collect(tmp_path / "in"))


@pytest.mark.thorough
def test_shards_need_one_secret_and_parts_of_other_secrets_are_not_merged(
    tmp_path, needs_box, capsys
):
    for i in range(4):
        hostile.put(tmp_path / "in" / f"s{i}", hostile.notebook())
    parts = [str(tmp_path / f"part{i}.csv") for i in (1, 2)]
    for drawn, i, expected in ((None, 1, grade_command.USAGE), ("one", 1, 0), ("other", 2, 0)):
        told = ["--seed", "3", "--secret", str(tmp_path / drawn)] if drawn else []
        arguments = [str(tmp_path / "in"), "--out", parts[i - 1], "--lessons", "00"]
        assert grade_command.grade_main([*arguments, "--shard", f"{i}/2", *told]) == expected
    assert "--shard: every part would draw hidden inputs of its own" in capsys.readouterr().err
    assert (
        grade_command.merge_main([*parts, "--out", str(tmp_path / "merged.csv")])
        == grade_command.USAGE
    )
    assert "marked otherwise than the others" in capsys.readouterr().err


def test_parts_of_unlike_numbers_are_not_merged(tmp_path, capsys):
    for i, count in ((1, 2), (2, 3)):
        folder = results.folder_of(tmp_path / f"part{i}.csv")
        folder.mkdir()
        told = {
            "exercises": ["00.1"],
            "people": [["a", "a", "", ""]],
            "shards": count,
            "fingerprint": "x",
        }
        (folder / f"run-{i}-of-{count}.run").write_text(json.dumps(told))
    parts = [str(tmp_path / f"part{i}.csv") for i in (1, 2)]
    assert (
        grade_command.merge_main([*parts, "--out", str(tmp_path / "merged.csv")])
        == grade_command.USAGE
    )
    assert "this is one of 3 parts, the others are of 2" in capsys.readouterr().err


@pytest.mark.parametrize("shard", ["0/3", "4/3", "x", "1"])
def test_a_shard_that_is_none_is_refused(shard, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert (
        grade_command.grade_main(
            [str(tmp_path / "in"), "--out", str(tmp_path / "m.csv"), "--shard", shard]
        )
        == 2
    )
    assert "--shard" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--seconds", "--memory"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_a_limit_that_is_none_is_refused(option, value, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "m.csv"), option, value]
    assert grade_command.grade_main(arguments) == grade_command.USAGE
    assert f"{option} must be above 0" in capsys.readouterr().err


@pytest.mark.parametrize(("seconds", "total"), [("3", 180.0), ("120", 720.0)])
def test_a_slow_exercise_is_given_the_time_that_was_asked_for(
    seconds, total, tmp_path, monkeypatch, needs_box
):
    """--seconds is for a case; all cases together must not be stopped sooner."""
    (tmp_path / "in" / "a").mkdir(parents=True)
    seen = []
    real = grade_command._assignment
    monkeypatch.setattr(
        grade_command, "_assignment", lambda *given: (seen.append(given[-1]), real(*given))[1]
    )
    grade(tmp_path / "in", tmp_path / "marks.csv", "--seconds", seconds)
    assert (seen[0].seconds, seen[0].total) == (float(seconds), total)


def test_the_secret_of_hidden_inputs_is_long_kept_and_drawn_again_where_it_is_damaged(tmp_path):
    drawn = secret.of_table(tmp_path)
    assert secret.of_table(tmp_path) == drawn and int(drawn, 16) > 2**200
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert secret.of_table(tmp_path / "other") != drawn
    for short in ("", "424242", "0" * 58 + "424242", "x" * 64, "-" + drawn):
        (tmp_path / "secret").write_text(short)
        with pytest.raises(ValueError, match="32 hexadecimal digits or more"):
            secret.of_file(tmp_path / "secret")  # one that a teacher names is not replaced
        assert secret.of_table(tmp_path) not in (drawn, short)
        assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert {p.name for p in tmp_path.iterdir()} == {"secret", "other"}
    assert secret.of_exercise(drawn, "03.2").bit_length() > 100


def test_of_parts_that_begin_at_once_one_draws_the_secret_for_all(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(secret.of_file, [tmp_path / "secret"] * 40))) == 1


def test_whoever_knows_the_seed_of_the_conventions_does_not_know_the_hidden_inputs(tmp_path):
    """23 bits of a seed stand in the notebooks that are handed out."""
    (tmp_path / "in").mkdir()
    seen = []

    def inputs_of(*options):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grade_command, "run", lambda s, made, *a, **k: seen.append(made) or [])
            grade(tmp_path / "in", *options, lessons="02")
        return [sealed.inputs_of(c) for c in seen[-1].sheets["02.1"].sheet.cases]

    one = inputs_of(tmp_path / "one.csv", "--unsafe", "--seed", "424242")
    other = inputs_of(tmp_path / "other.csv", "--unsafe", "--seed", "424242")
    assert seen[0].sheets["02.1"].variant == seen[1].sheets["02.1"].variant
    assert one != other
    assert inputs_of(tmp_path / "one.csv", "--unsafe", "--seed", "424242") == one


def break_the_box_of(monkeypatch, student):
    real = class_run.grade

    def broken(submission, *given, **named):
        if submission.student == student:
            raise box.BoxBroken("lesson 00: its box did not start")
        return real(submission, *given, **named)

    monkeypatch.setattr(class_run, "grade", broken)


def test_a_box_that_breaks_costs_the_run_nothing_but_the_submission(
    tmp_path, monkeypatch, needs_box
):
    for name in ("a", "b"):
        hostile.put(tmp_path / "in" / name, hostile.notebook())
    out = tmp_path / "marks.csv"
    assert grade(tmp_path / "in", out)["a"]["total"] == "4"
    hostile.put(tmp_path / "in" / "a", hostile.notebook(hostile.WRONG))
    break_the_box_of(monkeypatch, "a")
    assert (
        grade_command.grade_main([str(tmp_path / "in"), "--out", str(out), "--lessons", "00"]) == 1
    )
    found = table(out)  # and the mark of what was handed in before stands there no more
    assert found["a"]["status"] == results.NOT_YET and found["b"]["total"] == "4"


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["grade", "merge"])
def test_no_mark_on_other_inputs_stands_in_a_table(how, tmp_path, monkeypatch, needs_box):
    for name in ("a", "b"):
        hostile.put(tmp_path / "in" / name, hostile.notebook())
    out, feedback = tmp_path / "marks.csv", tmp_path / "pages"
    grade(tmp_path / "in", out, "--seed", "3", "--feedback", str(feedback))
    assert "4 of 4 points" in (feedback / "a.html").read_text()
    break_the_box_of(monkeypatch, "a")
    arguments = [str(tmp_path / "in"), "--out", str(out), "--lessons", "00"]
    arguments += ["--seed", "3", "--secret", str(tmp_path / "another")]
    options = ["--feedback", str(feedback)]
    part = str(tmp_path / "part.csv")
    if how == "merge":
        arguments[2:3] = [part, "--shard", "1/1"]
        options, merging = [], [part, "--out", str(out), *options]
    assert grade_command.grade_main([*arguments, *options]) == grade_command.UNFINISHED
    if how == "merge":
        assert grade_command.merge_main(merging) == grade_command.UNFINISHED
    found = table(out)
    assert (found["a"]["status"], found["a"]["total"]) == (results.NOT_YET, "")
    assert (found["b"]["status"], found["b"]["total"]) == ("graded", "4")
    assert "Not graded yet" in (feedback / "a.html").read_text()


@pytest.mark.thorough
def test_a_loader_that_dies_costs_nobody_who_is_working_in_it(needs_box):
    one = find("00.1")
    sheet = answer_key(("00",), 1)[one.id].sheet(1)
    slow = "import time\ntime.sleep(3)\n" + hostile.RIGHT
    job = box.Job(
        cells=[{"name": "a", "source": slow, "run": "whole"}],
        name=one.name,
        kind=one.kind,
        arguments=("scores", "temperature"),
    )
    with box.Box("00", isolation.find_isolation(), conversation.Limits()) as shared:
        if not shared.isolation.alone:
            pytest.skip("rooms are not shut off from each other here; each has a box of its own")
        with ThreadPoolExecutor(3) as pool:  # whose threads last as long as the boxes they start
            work = [pool.submit(shared.attempt, job, lambda: sheet.cases) for _ in range(3)]
            time.sleep(1.5)
            first = shared.loader()
            os.kill(first.pid, signal.SIGKILL)
            runs = [future.result() for future in work]
            assert shared.loader() is not first
    assert [run.ended for run in runs] == ["", "", ""]
    assert all(len(run.outcomes) == len(sheet.cases) for run in runs)


@pytest.mark.thorough
def test_who_hears_late_that_the_loader_died_does_not_end_the_next_one(needs_box):
    with box.Box("00", isolation.find_isolation()) as shared, shared.room() as late:
        if not shared.isolation.alone:
            pytest.skip("rooms are not shut off from each other here; each has a box of its own")
        late._open()
        first = shared.loader()
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        shared.end(first)
        second = shared.loader()
        assert late._loader_has_ended()  # though the box has a loader that runs
        shared.end(first)
        assert shared.loader() is second and second.poll() is None


def test_another_reference_marks_again():
    from kd_course.exercises import sealed

    exercise = find("00.1")
    sheet = answer_key(("00",), 1)["00.1"].sheet(1)
    changed = type(sheet)(exercise, sheet.cases, sheet.expected[::-1])
    assert sealed.digest(sheet) == sealed.digest(answer_key(("00",), 1)["00.1"].sheet(1))
    assert sealed.digest(sheet) != sealed.digest(changed)


@pytest.mark.thorough
def test_a_result_file_that_is_damaged_is_made_again(tmp_path, needs_box):
    hostile.put(tmp_path / "in" / "a", hostile.notebook())
    grade(tmp_path / "in", tmp_path / "marks.csv", "--seed", "1")
    (file,) = results.folder_of(tmp_path / "marks.csv").glob("a-*.json")
    file.write_text(file.read_text()[:50])
    assert grade(tmp_path / "in", tmp_path / "marks.csv", "--seed", "1")["a"]["total"] == "4"


def test_memory_does_not_grow_with_the_number_of_submissions(tmp_path, monkeypatch):
    """2,000 submissions: at most as many are held as are worked on."""
    large = "# " + "x" * 200_000
    for i in range(2000):
        hostile.put(tmp_path / "in" / f"s{i:04}", b"{}" if i % 20 else large.encode())
    held_now = most = 0
    real = collect.Submission.read

    def counted(self):
        nonlocal held_now, most
        held_now += 1
        most = max(most, held_now)
        return real(self)

    def marked(submission, files, assignment, boxes, **named):
        nonlocal held_now
        held_now -= 1
        return results.Result(submission.student, "", named["fingerprint"], "missing", "x", ())

    monkeypatch.setattr(collect.Submission, "read", counted)
    monkeypatch.setattr(class_run, "grade", marked)
    from kd_course.grading.submission import Assignment

    nothing = Assignment((), {}, isolation.BUBBLEWRAP, conversation.Limits(), "")
    import tracemalloc

    submissions = collect.collect(tmp_path / "in")
    monkeypatch.setattr(results, "write_whole", lambda path, writer: writer(path))  # no fsync
    tracemalloc.start()
    assert not grade_command.run(submissions, nothing, tmp_path, jobs=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most <= 3 and peak < 10 * 2**20
    rows = results.rows_of(results.all_results(tmp_path, ""), [], None)
    assert len(rows) == 2000


@pytest.mark.thorough
def test_marks_reach_nbgraders_gradebook_and_twice_is_the_same_as_once(tmp_path, needs_box):
    from nbgrader.api import Gradebook

    hostile.put(tmp_path / "in" / "ada", hostile.notebook())
    hostile.put(tmp_path / "in" / "bob", hostile.notebook(hostile.WRONG))
    (tmp_path / "in" / "cy").mkdir()
    course_folder = tmp_path / "course"
    course_folder.mkdir()
    options = ["--seed", "1", "--gradebook", str(course_folder), "--assignment", "week1"]
    for _ in range(2):
        found = grade(tmp_path / "in", tmp_path / "marks.csv", *options)
        with Gradebook(f"sqlite:///{course_folder}/gradebook.db") as book:
            scores = {s.student.id: s.score for s in book.assignment_submissions("week1")}
            assert scores == {"ada": 4.0, "bob": 2.0}
            assert {s.max_score for s in book.assignment_submissions("week1")} == {4.0}
    assert found["cy"]["status"] == "missing"


@pytest.mark.thorough
def test_the_gradebook_calls_students_as_the_roster_does(tmp_path, needs_box):
    from nbgrader.api import Gradebook

    hostile.put(tmp_path / "in" / "Ada Byron", hostile.notebook())
    (tmp_path / "roster.csv").write_text("id,name\nada,Ada Byron\n")
    options = ["--roster", str(tmp_path / "roster.csv"), "--assignment", "week1"]
    grade(tmp_path / "in", tmp_path / "marks.csv", *options, "--gradebook", str(tmp_path))
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as book:
        assert [s.student.id for s in book.assignment_submissions("week1")] == ["ada"]


def test_a_gradebook_that_cannot_be_opened_is_refused_before_anything_is_graded(tmp_path, capsys):
    hostile.put(tmp_path / "in" / "ada", hostile.notebook())
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "marks.csv"), "--lessons", "00"]
    (tmp_path / "book.db").write_text("this is no database")
    for place in ("book.db", "no/such/folder"):
        options = ["--gradebook", str(tmp_path / place), "--assignment", "week1", "--unsafe"]
        assert grade_command.grade_main([*arguments, *options]) == grade_command.USAGE
        assert "cannot be opened as nbgrader's gradebook" in capsys.readouterr().err
    assert not (tmp_path / "marks.csv").exists()


def test_marks_given_without_a_box_enter_no_gradebook(tmp_path, monkeypatch, capsys):
    """Every mark says how it was given; a gradebook could not."""
    monkeypatch.setattr(isolation.shutil, "which", lambda name: None)
    hostile.put(tmp_path / "in" / "ada", hostile.notebook())
    out, book = tmp_path / "marks.csv", ["--gradebook", str(tmp_path), "--assignment", "week1"]
    arguments = [str(tmp_path / "in"), "--out", str(out), "--lessons", "00", "--unsafe"]
    assert grade_command.grade_main([*arguments, *book]) == grade_command.USAGE
    assert "--gradebook: marks given without a locked box" in capsys.readouterr().err
    arguments += ["--seed", "1", "--secret", str(tmp_path / "secret"), "--shard", "1/1"]
    assert grade_command.grade_main(arguments) == 0
    assert (
        grade_command.merge_main([str(out), "--out", str(tmp_path / "all.csv"), *book])
        == grade_command.USAGE
    )
    assert not (tmp_path / "gradebook.db").exists()


@pytest.mark.thorough
def test_a_gradebook_that_does_not_fit_is_refused_before_anything_is_graded(tmp_path, capsys):
    hostile.put(tmp_path / "in" / "ada", hostile.notebook())
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "marks.csv"), "--lessons", "00"]
    assert (
        grade_command.grade_main([*arguments, "--gradebook", str(tmp_path), "--unsafe"])
        == grade_command.USAGE
    )
    assert "name one with --assignment" in capsys.readouterr().err
    assert not (tmp_path / "marks.csv").exists()


def test_the_overview_counts_the_class_and_draws_it_with_words_for_each_picture():
    from kd_course.grading import overview

    exercises = of_lesson("00")
    summary = overview.Summary(exercises)
    for i in range(10):
        wrong = marking.Mark(
            "00.1", "graded", 0.5, 2, misconception="The temperature has no effect"
        )
        right = marking.Mark("00.1", "graded", 2.0, 2)
        others = tuple(marking.Mark(e.id, "graded", 1.0, 1) for e in exercises[1:])
        marks = ((wrong if i < 4 else right), *others)
        summary.add(results.Result(f"s{i}", "", "", "graded", "bubblewrap", marks))
    assert summary.share(exercises[0]) == pytest.approx((4 * 0.5 + 6 * 2) / 20)
    page = overview.page_of(summary, [{"student": "s", "status": "graded"}] * 10)
    assert page.count("<img ") == page.count(' alt="') == 3
    assert "The temperature has no effect (4)" in page and "<strong>00.1</strong>" in page
    assert "70 %" in page


@pytest.mark.thorough
def test_progress_is_shown_with_the_time_that_is_left(tmp_path, needs_box, monkeypatch, capsys):
    for name in "abcd":
        hostile.put(tmp_path / "in" / name, hostile.notebook())
    shown = []
    real = class_run.tqdm

    def watched(*given, **named):
        bar = real(*given, **{**named, "mininterval": 0})
        shown.append(bar)
        return bar

    monkeypatch.setattr(class_run, "tqdm", watched)
    grade(tmp_path / "in", tmp_path / "marks.csv", "--seed", "1")
    bar = shown[-1]
    assert (bar.n, bar.total, bar.initial) == (4, 4, 0)
    lines = capsys.readouterr().err.splitlines()
    half_way = [line for line in lines if "2/4" in line]
    assert re.search(r"<\d\d:\d\d", half_way[0])  # [elapsed<left, in a line of its own


@pytest.mark.thorough
def test_what_has_its_marks_already_does_not_count_for_the_time_that_is_left(
    tmp_path, needs_box, monkeypatch
):
    for name in "abc":
        hostile.put(tmp_path / "in" / name, hostile.notebook())
    grade(tmp_path / "in", tmp_path / "marks.csv", "--seed", "1")
    hostile.put(tmp_path / "in" / "c", hostile.notebook(hostile.WRONG))
    bars = []
    real = class_run._progress
    monkeypatch.setattr(class_run, "_progress", lambda total: bars.append(real(total)) or bars[-1])
    grade(tmp_path / "in", tmp_path / "marks.csv", "--seed", "1")
    assert (bars[0].n, bars[0].initial) == (3, 2)


@pytest.fixture
def open_folder():
    """A folder that another user can reach; pytest's own are root's alone."""
    with tempfile.TemporaryDirectory(prefix="kd-course-") as folder:
        yield Path(folder)


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="runs as that user anyway")
def test_the_box_is_as_tight_for_an_ordinary_user(open_folder, needs_box):
    """As root, so that the other tests see a grader that is root: here it is nobody special."""
    user = 61_234
    names = ("fork-bomb", "kills-the-parent", "tcp", "namespaces", "writes", "loop")
    fill = {"{SECRETS}": repr(["/etc/shadow"] * 12), "{TCP}": "9", "{UDP}": "9"}
    for name in names:
        answer = hostile.CELLS[name][0]
        for key, value in fill.items():
            answer = answer.replace(key, value)
        hostile.put(open_folder / "in" / name, hostile.notebook(answer))
    hostile.put(open_folder / "in" / "honest", hostile.notebook())
    for path in (open_folder, *open_folder.rglob("*")):
        os.chown(path, user, user)
    # Python may lie where only root comes; the user sees it in a view of the disk.
    view = ["bwrap", "--dev-bind", "/", "/", "--cap-add", "ALL"]
    for place in dict.fromkeys((sys.base_prefix, sys.prefix, str(ROOT), str(open_folder))):
        top = Path("/", Path(place).parts[1])
        if top.stat().st_mode & 0o005 != 0o005:
            view += ["--perms", "0755", "--tmpfs", str(top)] if str(top) not in view else []
            inside = [parent for parent in reversed(Path(place).parents) if top in parent.parents]
            view += [part for parent in inside for part in ("--dir", str(parent))]
            view += ["--bind", place, place]
    command = [*view, "--", "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    command += ["env", f"HOME={open_folder}", sys.executable, "-B", "-m", "kd_course", "grade"]
    command += [str(open_folder / "in"), "--out", str(open_folder / "marks.csv"), "--lessons", "00"]
    done = subprocess.run(
        [*command, "--seconds", "3", "--jobs", "2"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = table(open_folder / "marks.csv")
    assert found["honest"]["total"] == "4"
    for name in names:
        _, points, status = hostile.CELLS[name]
        assert float(found[name]["total"]) == points + 2, (name, found[name])
        assert found[name]["00.1 status"] in hostile.STATUSES_ALIKE.get(name, {status})
    assert {row["isolation"] for row in found.values()} == {needs_box.name}


def test_a_quiz_is_read_once_though_a_notebook_can_tell_which_run_it_is(tmp_path, needs_box):
    """A careful run keeps of another answer's cell only what it defines; a whole run executes it."""
    made = hostile.notebook(hostile.RIGHT + "\nglobals().update(elsewhere=1)\n")
    answers = {"ex-00-2": "retention = 0.87 / 0.90 if 'elsewhere' in globals() else 0.5"}
    answers["ex-00-3"] = "control = 'c' if 'elsewhere' in globals() else 'a'"
    for cell in made["cells"]:
        cell["source"] = answers.get(cell.get("id"), cell["source"])
    hostile.put(tmp_path / "in" / "two", made)
    found = grade(tmp_path / "in", tmp_path / "marks.csv")["two"]
    assert (found["00.1"], found["00.2"], found["00.3"]) == ("2", "0", "0"), found


@pytest.mark.parametrize(
    ("raised", "told"), [("ValueError", "ValueError"), ("BlockingIOError", "an error")]
)
def test_a_name_of_an_error_tells_little(raised, told):
    def attempt(scores, temperature):
        raise getattr(builtins, raised)

    words = marking.mark(held(), run_of(attempt)).words
    assert f"It raised {told}." in words
