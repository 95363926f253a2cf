"""A headless run is judged by the ledger, and leaves its notebook behind whatever happens."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import nbformat
import pytest
import torch
from tiny_models import bert, letters, sentences
from torch.optim.optimizer import register_optimizer_step_post_hook
from transformers import DataCollatorWithPadding

from kd_course import experiments
from kd_course.__main__ import COMMANDS, main
from kd_course.commands import doctor, ledger_entry
from kd_course.commands import run as command
from kd_course.commands.lesson_kernel import LessonKernel
from kd_course.commands.steps import KIND, Steps
from kd_course.distillation import train_with_recipe
from kd_course.experiments import Band, Ledger, reference_runs
from kd_course.settings import Recipe, Switches

REPORT = """
from kd_course.experiments import Report
Report("98", "offline", data="abc").add("student/accuracy", {value}, seed=0)
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    figures = {
        "student/accuracy": {"kind": "measured", "values": {"0": 0.80, "1": 0.81, "2": 0.82}}
    }
    reference = {"lesson": "98", "scale": "offline", "dataset": "", "device": "CPU", "data": "abc"}
    ledger = Ledger([reference | {"figures": figures, "tables": {}}])
    monkeypatch.setattr(experiments, "ledger", lambda: ledger)
    monkeypatch.setenv("KD_SCALE", "offline")
    monkeypatch.setenv("KD_RESULTS", "")

    def run(*cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        nbformat.write(notebook, tmp_path / "98_test.ipynb")
        return command.run_lesson("98", tmp_path / "98_test.ipynb", tmp_path / "out")

    return run


def test_a_figure_inside_its_band_passes(run, capsys, tmp_path):
    assert run(REPORT.format(value=0.81)) == 0
    *_, about, last = capsys.readouterr().out.strip().split("\n\n")
    assert about.startswith("band: ") and about.count("\n") == 1
    assert last == "the one judged figure lies inside its band"
    assert json.loads((tmp_path / "out" / "results.json").read_text())["figures"][
        "student/accuracy"
    ]


def test_a_figure_outside_its_band_fails(run, capsys):
    assert run(REPORT.format(value=0.5)) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("outside: student/accuracy (1 of 1 judged figures;")


def test_data_without_a_reference_are_told_so_and_pass(run, capsys):
    assert run(REPORT.format(value=0.5).replace("abc", "other")) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1].startswith("no reference for these data")
    assert "band: " not in printed  # there is none to explain


def test_a_failing_cell_fails_the_run_and_leaves_the_notebook(run, capsys, tmp_path):
    assert run("print('reached')", "1 / 0") == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    left = nbformat.read(tmp_path / "out" / "98_test.ipynb", as_version=4)
    assert left.cells[0].outputs[0].text == "reached\n"


def test_yesterdays_results_are_not_taken_for_todays(run, tmp_path):
    assert run(REPORT.format(value=0.5)) == 1
    assert run("1 + 1") == 0


def test_a_library_that_is_missing_is_named_with_the_way_to_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "room_in_need.py").write_text("import a_library.that_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(COMMANDS, "release", ("room_in_need", "main", "needs what is not there"))
    assert main(["release", "--lessons", "00"]) == 2
    told = capsys.readouterr().err
    assert "release needs a_library, which is not installed here" in told and "pip install" in told


def test_a_reference_on_other_data_says_what_they_were(tmp_path, monkeypatch):
    monkeypatch.setattr(reference_runs, "PACKAGE", tmp_path)
    monkeypatch.setattr(ledger_entry, "expected", lambda lesson: {"distilled/gain": "+"})
    monkeypatch.setattr(ledger_entry, "commit", lambda: "c0ffee")
    report = {"scale": "offline", "data": "d", "figures": {}, "tables": {}, "shortened": False}
    report["test_seed"] = None
    ledger_entry.write_reference("06", report, 1.0, "figures", "a few sentences")
    ledger_entry.write_reference("06", report, 1.0, "minutes")
    (entry,) = (json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.rglob("*.json"))
    assert (entry["sample"], entry["minutes"]) == ("a few sentences", 1.0)


def test_an_unknown_lesson_is_a_usage_error(capsys):
    assert command.main(["77"]) == 2
    assert "no worked edition of lesson '77'" in capsys.readouterr().err


def test_the_last_line_of_a_comparison_says_all_or_which():
    def row(name, verdict):
        judged = verdict in ("inside", "outside")
        return {"name": name, "verdict": verdict, "band": Band(0, 1) if judged else None}

    rows = [row("a", "inside"), row("b", "inside"), row("ms", "shown"), row("new", "no reference")]
    assert command.in_one_line(rows) == "all 2 judged figures lie inside their bands"
    rows += [row("c, more text", "outside"), row("d", "outside")]
    assert command.in_one_line(rows).startswith("outside: c, more text; d (2 of 4 judged figures;")
    assert command.in_one_line(rows[2:3]) == "no figure has a band"
    assert "the run was shortened" in command.in_one_line(rows[3:4], shortened=True)


# -- the bar, and what comes before it --------------------------------------------------------

TRAINING = """
setting = SimpleNamespace(recipes={"control": Recipe(0.1, 3), "distilled": Recipe(0.1, 3)})

def train(weights, recipe, *, seed):
    optimizer = torch.optim.SGD([weights], lr=recipe.learning_rate)
    for _ in range(recipe.steps):
        optimizer.step()

print("before")
train(torch.zeros(1, requires_grad=True), setting.recipes["distilled"], seed=7)
print("after")
"""
IMPORTS = "import torch\nfrom types import SimpleNamespace\nfrom kd_course.settings import Recipe"


def test_a_cell_that_trains_says_which_arm_and_which_step_and_keeps_none_of_it(tmp_path, capfd):
    cells = [nbformat.v4.new_code_cell(code) for code in (IMPORTS, TRAINING)]
    notebook, told, done = nbformat.v4.new_notebook(cells=cells), [], []
    LessonKernel(
        notebook, tmp_path, on_step=told.append, on_cell=lambda: done.append(len(told))
    ).execute()
    assert told[0] == "distilled, seed 7: step 1/3" and told[-1] == "distilled, seed 7: step 3/3"
    assert done == [0, len(told)]  # told while the cell ran
    assert [output.text for output in cells[1].outputs] == ["before\nafter\n"]
    assert KIND not in nbformat.writes(notebook)
    assert capfd.readouterr().err == ""  # no kernel's warning that it can be overheard


def test_the_bar_shows_the_step_and_comes_first(run, capfd, monkeypatch):
    monkeypatch.setattr(command, "SECONDS_BETWEEN_LINES", 0.0)
    assert run(IMPORTS, TRAINING, "1 + 1") == 0
    lines = [line for line in capfd.readouterr().err.split("\r") if line.strip()]
    assert all(line.startswith("98_test: ") for line in lines)
    (trained,) = (line for line in lines if "distilled, seed 7: step 3/3" in line)
    assert "1/3 cells" in trained
    assert "3/3 cells" in lines[-1] and "step" not in lines[-1]


@pytest.fixture
def watched():
    """Steps as they are told, under a clock that is set by hand."""
    watched = SimpleNamespace(told=[], now=0.0)
    steps = Steps(watched.told.append, clock=lambda: watched.now)
    hook = register_optimizer_step_post_hook(steps)
    yield watched
    hook.remove()


def loop(optimizer, recipe=None, *, seed=None, arm=None, after_step=lambda: None):
    for _ in range(recipe.steps if recipe else 3):
        optimizer.step()
        after_step()


def sgd():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)


def distilled(folder):
    """A small model, trained by the library with the recipe of the arm "distilled"."""
    own = {"control": Recipe(0.01, 4), "distilled": Recipe(0.01, 4)}  # equal, yet two arms
    setting = SimpleNamespace(run=Switches("offline"), batch_size=8, recipes=own)
    tokenizer, student = letters(), bert(1, dropout=0.1)
    collator = DataCollatorWithPadding(tokenizer)
    options = {"seed": 3, "data_collator": collator, "folder": str(folder)}
    train_with_recipe(student, sentences(40), own["distilled"], setting, **options)
    return student.state_dict()


def test_a_trainer_is_watched_and_learns_what_it_would_have_learnt(tmp_path, request):
    alone = distilled(tmp_path)
    watched = request.getfixturevalue("watched")
    seen = distilled(tmp_path)
    assert watched.told == ["distilled, seed 3: step 1/4", "distilled, seed 3: step 4/4"]
    assert all(torch.equal(alone[name], seen[name]) for name in alone)


def test_steps_are_told_a_few_times_a_second_and_the_last_always(watched):
    loop(sgd(), Recipe(0.1, 1000), after_step=lambda: setattr(watched, "now", watched.now + 0.001))
    steps = [int(line.rpartition("step ")[2].partition("/")[0]) for line in watched.told]
    assert steps[0] == 1 and steps[-1] == 1000 and 5 <= len(steps) <= 7


@pytest.mark.parametrize(
    ("what", "last"),
    [
        ({"recipe": Recipe(0.1, 5, 0.9, 2.0), "seed": 0}, "{recipe}, seed 0: step 5/5"),
        ({"recipe": Recipe(0.1, 5), "seed": 0, "arm": "map"}, "map, seed 0: step 5/5"),
        ({}, "step 3"),
    ],
)
def test_a_loop_by_hand_is_told_as_well_as_its_arguments_know(watched, what, last):
    loop(sgd(), **what, after_step=lambda: setattr(watched, "now", watched.now + 1))
    assert watched.told[-1] == last.format(**what)


def test_a_shortened_loop_by_hand_has_fewer_steps_in_all(watched, monkeypatch):
    monkeypatch.setenv("KD_MAX_STEPS", "2")
    loop(sgd(), Recipe(0.1, 5), seed=0)
    assert watched.told[-1].endswith("step 2/2")


def test_an_optimiser_that_does_all_in_one_step_tells_none(watched):
    weight = torch.ones(1, requires_grad=True)
    torch.optim.LBFGS([weight]).step(lambda: weight.square().sum())
    assert watched.told == []


# -- how it is called, and how it is stopped --------------------------------------------------

COURSE = (
    "import sys; from pathlib import Path; from kd_course.commands import run\n"
    "run.ROOT = Path(sys.argv[1])\n"
    "sys.exit(run.main(sys.argv[2:]))"
)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """course(*cells): a course of one lesson, 98_test, and whatever run's main is told of it."""

    def make(*cells):
        (tmp_path / "solutions").mkdir(exist_ok=True)
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        nbformat.write(notebook, tmp_path / "solutions" / "98_test.ipynb")
        monkeypatch.setattr(command, "ROOT", tmp_path)
        return tmp_path

    monkeypatch.setenv("KD_RESULTS", "")
    return make


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("how", [[], ["--plain"]])
def test_ctrl_c_is_one_sentence_and_what_there_was_stays(course, tmp_path, how):
    wait = f"import time; from pathlib import Path; Path({str(tmp_path)!r}, 'waits').touch()"
    where = course(REPORT.format(value=0.81), f"{wait}\ntime.sleep(600)")
    out = tmp_path / "out"
    arguments = [sys.executable, "-c", COURSE, str(where), "98", "--out", str(out), *how]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (tmp_path / "waits").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 130, told
    assert told.splitlines()[-1] == f"Stopped. What there was by then is in {out}"
    assert "Traceback" not in told and "Task" not in told
    assert json.loads((out / "results.json").read_text())["figures"]["student/accuracy"]
    assert how or (out / "98_test.ipynb").is_file()


def test_another_kernel_called_python3_is_not_started(run, tmp_path, monkeypatch):
    spec = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["false"], "display_name": "no", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    assert run(f"import sys; assert sys.executable == {sys.executable!r}") == 0


@pytest.mark.parametrize("lesson", ["06", "06_text_classification"])
def test_a_lesson_is_found_by_its_number_and_by_its_whole_name(lesson):
    assert command.find_lesson(lesson).name == "06_text_classification.ipynb"


@pytest.mark.parametrize("lesson", ["06_text", "6", "06_"])
def test_a_part_of_a_name_is_refused_with_the_lesson_that_must_be_meant(lesson, capsys):
    assert command.main([lesson]) == 2
    told = capsys.readouterr().err
    assert f"no worked edition of lesson {lesson!r}" in told and "there are 00, 01, " in told
    assert told.endswith("; is 06 meant, 06_text_classification?\n")


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("KD_SCALE", "smal", "KD_SCALE must be one of offline, small, full, but is 'smal'"),
        ("KD_SEEDS", "x", "KD_SEEDS must be a whole number above zero, but is 'x'"),
        ("KD_SCLAE", "small", "KD_SCLAE is no switch of the course: KD_SCALE must be meant"),
    ],
)
def test_a_bad_switch_is_one_sentence_of_run_and_a_row_of_the_doctor(
    name, value, right, monkeypatch, capsys
):
    monkeypatch.setenv(name, value)
    assert command.main(["02"]) == 2
    assert capsys.readouterr().err == f"{right}\n"
    (row,) = [row for row in doctor.examine() if row.what == "scale"]
    assert row.advice == right


def test_an_output_folder_that_cannot_be_written_is_told_before_anything_runs(
    course, tmp_path, capsys
):
    course("raise SystemExit('ran')")
    (tmp_path / "a file").touch()
    assert command.main(["98", "--out", str(tmp_path / "a file" / "out")]) == 2
    told = capsys.readouterr().err
    assert "out cannot be written (Not a directory): let --out name a folder of your own" in told


def test_in_a_course_that_cannot_be_written_a_lesson_runs_in_its_output_folder(course, tmp_path):
    course("from pathlib import Path\nPath('results').mkdir()")
    assert command.main(["98", "--out", str(tmp_path / "mine"), "--plain"]) == 1  # it is there
    (tmp_path / "solutions" / "results").rmdir()
    (tmp_path / "solutions" / "results").touch()
    assert command.main(["98", "--out", str(tmp_path / "mine"), "--plain"]) == 0
    assert (tmp_path / "mine" / "results").is_dir()


def test_the_doctor_says_what_to_do_with_a_course_that_cannot_be_written(monkeypatch):
    def refuse(**_):
        raise OSError(errno.EROFS, "Read-only file system")

    assert all(row.fine for row in doctor._course())
    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    (row,) = doctor._course()
    assert "(Read-only file system): copy it to a folder of your own" in row.advice


def test_a_figure_that_cannot_enter_the_ledger_is_told_in_a_sentence(course, tmp_path, capsys):
    course(
        "from kd_course.experiments import Report\nReport('98', 'offline', data='a', shortened=True).add('b', 1)"
    )
    assert (
        command.main(["98", "--plain", "--reference", "minutes", "--out", str(tmp_path / "o")]) == 2
    )
    assert "a shortened run is no reference" in capsys.readouterr().err
