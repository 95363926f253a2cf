"""A headless run is judged by the ledger, and leaves its notebook behind whatever happens."""

import json

import nbformat
import pytest

from kd_course import experiments
from kd_course.__main__ import COMMANDS, main
from kd_course.commands import ledger_entry
from kd_course.commands import run as command
from kd_course.experiments import Ledger, reference_runs

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
    assert "inside" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "results.json").read_text())["figures"][
        "student/accuracy"
    ]


def test_a_figure_outside_its_band_fails(run, capsys):
    assert run(REPORT.format(value=0.5)) == 1
    assert "outside" in capsys.readouterr().out


def test_data_without_a_reference_are_told_so_and_pass(run, capsys):
    assert run(REPORT.format(value=0.5).replace("abc", "other")) == 0
    assert "no reference for these data" in capsys.readouterr().out


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
    report = {"scale": "offline", "data": "d", "figures": {}, "tables": {}, "shortened": False}
    ledger_entry.write_reference("06", report, 1.0, "figures", "a few sentences")
    ledger_entry.write_reference("06", report, 1.0, "minutes")
    (entry,) = (json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.rglob("*.json"))
    assert (entry["sample"], entry["minutes"]) == ("a few sentences", 1.0)


def test_an_unknown_lesson_is_a_usage_error(capsys):
    assert command.main(["77"]) == 2
    assert "no worked edition of lesson '77'" in capsys.readouterr().err
