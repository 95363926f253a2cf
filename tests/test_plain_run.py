"""A lesson without Jupyter: nothing of it is imported, and the results are those of the notebook."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from kd_course.commands import jupyter_stand_ins as stand_ins
from kd_course.commands import plain
from kd_course.commands import run as command

ROOT = Path(__file__).resolve().parents[1]

# Whoever imports one of these finds it forbidden; what was forbidden and found is an error too.
WITHOUT_JUPYTER = """
import sys

FORBIDDEN = (
    "IPython", "ipykernel", "ipywidgets", "jupyter", "jupyter_client", "jupyter_core", "jupyterlab",
    "jupytext", "nbclient", "nbconvert", "nbformat", "nbgrader", "traitlets", "zmq",
)

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ImportError(f"{name} is not to be imported")

sys.meta_path.insert(0, Blocker())
from kd_course.__main__ import main
status = main(sys.argv[1:])
left = {name.partition(".")[0] for name in sys.modules} & set(FORBIDDEN)
sys.exit(f"left behind: {left}" if left else status)
"""


def in_a_process(*arguments, **environment):
    """A command of the course where Jupyter cannot be imported: (exit status, stdout, stderr)."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | environment
    command = [sys.executable, "-c", WITHOUT_JUPYTER, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    return ended.returncode, ended.stdout, ended.stderr


def measured(folder):
    """What a run measured, without the figures that depend on the machine."""
    report = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    report["figures"] = {n: f for n, f in report["figures"].items() if f["kind"] != "timing"}
    return report


def written(folder, *cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, folder / "98_test.ipynb")
    return folder / "98_test.ipynb"


@pytest.fixture
def run(tmp_path):
    """run(*cells): the error's text, or None; what was printed is pytest's to show."""

    def run(*cells):
        (tmp_path / "out").mkdir(exist_ok=True)
        return plain.execute(written(tmp_path, *cells), tmp_path / "out", tmp_path)

    return run


def test_a_lesson_with_sliders_and_pictures_runs_without_jupyter(tmp_path):
    status, told, complaints = in_a_process("run", "02", "--plain", "--out", tmp_path)
    assert status == 0, complaints
    pictures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert pictures[0] == "picture-01.png" and len(pictures) >= 10
    assert all(f"{name}: [Picture: " in told for name in pictures)
    assert "[Interactive: " in told
    assert told.splitlines()[-1] == "This lesson trains nothing: there is no figure to compare."


def test_a_training_measures_what_its_notebook_measures(tmp_path, monkeypatch):
    cells = (
        "import torch\nfrom kd_course.experiments import Report\nfrom kd_course.settings import switches\n"
        "torch.manual_seed(0);",
        "weights = torch.nn.Linear(3, 2)\noptimizer = torch.optim.AdamW(weights.parameters())",
        "for _ in range(5):\n    weights(torch.rand(4, 3)).square().sum().backward(); optimizer.step()",
        'report = Report("98", "offline", data="abc", shortened=switches().shortened)\n'
        'report.add("loss", weights(torch.ones(3)).sum().item(), seed=0)',
        'report.add_table("weights", weights.weight.tolist())',
    )
    monkeypatch.setenv("KD_RESULTS", "")
    monkeypatch.setenv("KD_MAX_STEPS", "2")
    notebook = written(tmp_path, *cells)
    script = (
        "import sys; from pathlib import Path; from kd_course.commands import run\n"
        "where = map(Path, sys.argv[1:])\n"
        "sys.exit(run.run_lesson('98', *where, without_jupyter=True))"
    )
    arguments = [sys.executable, "-c", script, str(notebook), str(tmp_path / "plain")]
    subprocess.run(arguments, check=True, capture_output=True)
    assert command.run_lesson("98", notebook, tmp_path / "notebook") == 0
    assert measured(tmp_path / "plain") == measured(tmp_path / "notebook")


def test_the_last_value_of_a_cell_is_shown_as_in_a_notebook(run, capsys):
    assert run("1 + 1", "x = 3", "None", "x;", "print('done')\n'text'") is None
    assert capsys.readouterr().out == "2\ndone\n'text'\n"


def test_a_cell_that_fails_is_told_from_the_cell_on(run, capsys):
    failure = run("print('reached')\ndef f(x):\n    return 1 / x", "f(0)", "print('beyond')")
    assert failure.startswith("<98_test, code cell 2>:\nTraceback")
    assert "    return 1 / x" in failure and "plain.py" not in failure
    assert failure.endswith("ZeroDivisionError: division by zero\n")
    assert capsys.readouterr().out == "reached\n"


def test_a_functions_source_can_be_read_and_it_is_found_by_its_modules_name(run, capsys):
    cells = ("import inspect, pickle\ndef f(x):\n    return x", "print(inspect.getsource(f))")
    assert run(*cells, "pickle.loads(pickle.dumps(f)) is f") is None
    assert capsys.readouterr().out == "def f(x):\n    return x\n\nTrue\n"
    assert sys.modules["__main__"].__dict__.get("f") is None


def test_cells_run_beside_their_lesson_and_yesterdays_pictures_are_gone(run, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "picture-07.png").touch()
    draw = (
        "from kd_course import plots\nimport matplotlib.pyplot as plt\n"
        "figure, axes = plt.subplots(); axes.set_title('One')\n"
        "plots.show(figure, alt='An empty picture, with a title above it')"
    )
    assert run("import os; os.getcwd()", draw) is None
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == repr(str(tmp_path))
    assert shown[1] == "picture-01.png: [Picture: An empty picture, with a title above it]"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["picture-01.png"]


def test_what_only_ipython_understands_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(ValueError, match="code cell 2> holds '%timeit 1', which only IPython"):
        plain.code_cells(written(tmp_path, "print(1)", "%timeit 1"))


def test_the_stand_ins_leave_when_the_lesson_ends():
    import IPython.display

    before = IPython.display.display
    with stand_ins.installed(stand_ins.Display(None)):
        from IPython.display import display
        from ipywidgets import FloatSlider

        assert isinstance(display, stand_ins.Display) and FloatSlider(value=3).value == 3
    from IPython.display import display

    assert display is before


def test_of_several_processes_the_first_alone_prints_and_writes(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RANK", "1")
    report = 'import os\nfrom kd_course.experiments import Report\nReport("98", "offline", data="a").add("b", 1)'
    notebook = written(tmp_path, report, "print('heard')")
    monkeypatch.setenv("KD_RESULTS", "")
    assert command.run_lesson("98", notebook, tmp_path / "out", without_jupyter=True) == 0
    assert capsys.readouterr().out == "" and not list((tmp_path / "out").iterdir())


def test_processes_divide_a_recipes_batch_among_them(run, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("KD_RESULTS", "")
    from kd_course.distillation import options

    cell = "from kd_course.distillation import options\noptions.COMMON['accelerator_config']"
    before = dict(options.COMMON)
    assert run(cell) is None
    assert capsys.readouterr().out == "{'split_batches': True}\n"
    assert before == options.COMMON


@pytest.mark.parametrize("arguments", [["06"], ["05", "06", "--plain"]])
def test_under_torchrun_a_run_is_of_one_lesson_and_plain(arguments, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert command.main(arguments) == 2
    assert "one lesson at a time, with --plain" in capsys.readouterr().err
