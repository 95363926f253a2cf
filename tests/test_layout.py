"""How the project is laid out: packaging, the two commands, the command line, the doctor, the order of rooms."""

from __future__ import annotations

import ast
import graphlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter, namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from kd_course.commands import allocator, doctor

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED_FOR = [
    Requirement(line)
    for line in PROJECT["dependencies"] + sum(PROJECT["optional-dependencies"].values(), [])
]
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


def tracked_files() -> list[Path]:
    """Every file of the course, as git knows them."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of tracked files")
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


# -- one list of dependencies -----------------------------------------------------------------


def test_conda_builds_the_same_environment_from_the_same_list():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (by_pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert [re.match(r"[\w-]+", entry)[0] for entry in conda] == ["python", "pip"]
    assert by_pip == ["-c constraints.txt", "-e ."]
    # The one version here is a choice among those that pyproject.toml allows.
    chosen = conda[0].removeprefix("python=")
    assert chosen in SpecifierSet(PROJECT["requires-python"])
    assert all("=" not in entry for entry in conda[1:])


def test_no_package_stands_twice():
    for lines in (ASKED_FOR, PINS):
        counts = Counter(canonicalize_name(line.name) for line in lines)
        assert [name for name, count in counts.items() if count > 1] == []


def test_versions_stand_only_in_pyproject_and_constraints():
    names = "|".join(re.escape(r.name) for r in ASKED_FOR)
    pinned_elsewhere = re.compile(rf"\b({names})(\[\w+\])?\s*(==|>=|~=|<=)\s*\d", re.I)
    for path in tracked_files():
        if path.name in ("pyproject.toml", "constraints.txt") or path.suffix not in (
            ".py", ".md", ".yml", ".toml", ".txt", ".cfg", "",
        ):  # fmt: skip
            continue
        found = pinned_elsewhere.search(path.read_text(encoding="utf-8"))
        assert not found, (
            f"{path.relative_to(ROOT)} says {found[0]!r}: say it in pyproject.toml only"
        )
    assert not any(re.search(r"Python :: 3\.", c) for c in PROJECT.get("classifiers", []))


def test_every_dependency_is_pinned_to_a_version_that_its_range_allows():
    pins = {canonicalize_name(pin.name): pin for pin in PINS}
    for pin in PINS:
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), f"{pin} is no exact, public version"
    for requirement in ASKED_FOR:
        pin = pins[canonicalize_name(requirement.name)]
        version = str(pin.specifier).removeprefix("==")
        assert requirement.specifier.contains(version), f"{pin} is not within {requirement}"


def test_what_the_dependencies_need_in_turn_is_pinned_too():
    """Walks from the course through everything that is installed here for it."""
    pins = {canonicalize_name(pin.name) for pin in PINS}
    waiting = [(r, extra) for r in ASKED_FOR for extra in ("", *r.extras)]
    seen, unpinned = set(), set()
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        # What torch brings for a GPU is pinned by torch itself, exactly.
        if name not in pins and not name.startswith(
            ("nvidia-", "cuda-", "triton", "pytorch-triton")
        ):
            unpinned.add(name)
        try:
            lines = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for line in lines:
            further = Requirement(line)
            if further.marker is None or further.marker.evaluate({"extra": extra}):
                waiting += [(further, e) for e in ("", *further.extras)]
    assert unpinned == set()
    assert len(seen) > 100


# -- the two commands -------------------------------------------------------------------------


def dry_run(checkout: Path, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", "-n", *arguments],
        cwd=checkout,
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    ).stdout


@pytest.fixture
def checkout(tmp_path):
    if shutil.which("make") is None:
        pytest.skip("there is no make here")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in ("notebooks", "solutions"):
        (tmp_path / folder).mkdir()
        for lesson in ("00_first", "08_last"):
            (tmp_path / folder / f"{lesson}.ipynb").touch()
    return tmp_path


def test_the_first_make_lab_installs_and_the_second_only_starts(checkout):
    assert re.search(r"pip install .*-c constraints\.txt -e \.$", dry_run(checkout, "lab"), re.M)
    stamp = checkout / ".venv" / ".for-lessons"
    stamp.parent.mkdir()
    stamp.touch()
    second = dry_run(checkout, "lab", "ARGS=--no-browser --port 8899")
    assert "pip" not in second
    assert "-m kd_course lab --no-browser --port 8899" in second


def test_make_test_adds_what_tests_need_once(checkout):
    first = dry_run(checkout, "test")
    assert "-c constraints.txt -e '.[dev]'" in first
    assert first.index("pip install") < first.index("-m pytest")
    (checkout / ".venv").mkdir()
    for stamp in (".for-lessons", ".for-tests"):
        (checkout / ".venv" / stamp).touch()
    second = dry_run(checkout, "test")
    assert "pip" not in second
    assert (
        "KD_MAX_STEPS=3 KD_LIMIT=200" in second
        and "--nbval-lax notebooks/08_last.ipynb notebooks/00_first.ipynb" in second
    )
    for name, value in allocator.SETTINGS.items():  # a person's own setting wins
        assert f"{name}=${{{name}-{value}}}" in second
    assert second.index("ruff check") < second.index("mypy") < second.index("pytest")


def test_every_test_and_notebook_is_run_by_one_of_the_two_commands(checkout):
    (checkout / ".venv").mkdir()
    for stamp in (".for-lessons", ".for-tests"):
        (checkout / ".venv" / stamp).touch()
    quick, thorough = dry_run(checkout, "test"), dry_run(checkout, "test-thorough")
    assert "-m 'not thorough' tests" in quick and "-m thorough tests" in thorough
    for folder, run in (("notebooks", quick), ("solutions", thorough)):
        assert f"--nbval-lax {folder}/08_last.ipynb {folder}/00_first.ipynb" in run
    everything = (checkout / "Makefile").read_text(encoding="utf-8").partition("\ntest-all:\n")[2]
    assert everything.startswith("\t$(MAKE) test\n\t$(MAKE) test-thorough\n")


def test_the_lab_has_the_whole_course_in_it_and_asks_nothing(monkeypatch):
    from kd_course.commands import lab

    started = []
    monkeypatch.setattr("jupyterlab.labapp.main", lambda: started.append(sys.argv[1:]))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "own")
    monkeypatch.setattr(sys, "argv", ["python"])
    monkeypatch.setattr(lab.allocator, "settings", lambda: {"MALLOC_MMAP_MAX_": "0"})
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "64")  # and so it is put back afterwards
    assert lab.main(["--no-browser"]) == 0
    assert os.environ["MALLOC_MMAP_MAX_"] == "0"  # the kernels inherit it
    (options,) = started
    assert f"--ServerApp.root_dir={ROOT}" in options and options[-1] == "--no-browser"
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in options
    assert ("--allow-root" in options) == (hasattr(os, "geteuid") and os.geteuid() == 0)
    assert os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep) == [str(lab.SETTINGS), "own"]
    # What these settings do is JupyterLab's: that they are read at all is asked of its own reader.
    from jupyterlab_server.config import get_page_config
    from jupyterlab_server.settings_utils import _get_overrides  # noqa: PLC2701

    labextensions = [str(Path(sys.prefix) / "share" / "jupyter" / "labextensions")]
    monkeypatch.setattr("jupyter_core.paths.SYSTEM_CONFIG_PATH", [])
    page = get_page_config(labextensions)
    assert "@jupyter/nbgrader" in page["disabledExtensions"]
    overrides, error = _get_overrides(str(lab.SETTINGS))
    assert not error
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_a_change_of_what_is_needed_is_installed(checkout, changed):
    stamp = checkout / ".venv" / ".for-lessons"
    stamp.parent.mkdir()
    stamp.touch()
    later = stamp.stat().st_mtime + 10
    os.utime(checkout / changed, (later, later))
    assert "pip install" in dry_run(checkout, "lab")


def test_a_python_without_venv_is_told_what_to_do(checkout):
    answer = subprocess.run(
        ["make", "lab", "PYTHON=false"], cwd=checkout, capture_output=True, text=True, timeout=60
    )
    assert answer.returncode != 0
    assert "apt-get install python3-venv" in answer.stdout
    assert not (checkout / ".venv" / ".for-lessons").exists()


def test_continuous_integration_runs_all_tests():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "exec make test-all" in script.read_text(encoding="utf-8")


# -- the package ------------------------------------------------------------------------------


def test_importing_the_course_is_cheap_and_leaves_torch_alone():
    code = (
        "import time; start = time.perf_counter(); import kd_course;"
        "took = time.perf_counter() - start;"
        "import sys; print(took, int('torch' in sys.modules or 'numpy' in sys.modules))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
        )
        for _ in range(3)
    ]
    times, heavy = zip(*(map(float, run.stdout.split()) for run in runs), strict=True)
    assert min(times) < 0.3
    assert not any(heavy)


# Who may import whom: a room only what stands on a floor below its own, or on its own floor.
FLOORS = [
    {"kd_course", "divergences", "modes"}
    | {"storage", "downloads", "silence", "console", "text_files"},
    {"losses", "settings", "plots", "metrics", "cost", "serving"},
    {"experiments", "corpora", "models", "spans", "compression"},
    {"translation", "generation", "widgets"},
    {"distillation", "retrieval"},
    {"teachers"},
    {"exercises", "lessons", "capstone"},
    {"commands"},
    {"authoring"},
    {"grading"},
    {"__main__"},
]
# What lessons teach and import: nothing in it knows the workshop, nor any lesson.
LIBRARY = set.union(*FLOORS[:6]) - {"settings"}


def floor(room: str) -> int:
    (found,) = [i for i, rooms in enumerate(FLOORS) if room in rooms] or [None]
    assert found is not None, f"kd_course/{room} is on no floor: give it one in FLOORS"
    return found


def modules_of_the_course() -> dict[str, Path]:
    """Every module by its dotted name."""
    found = {}
    for path in sorted((ROOT / "kd_course").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules_of_the_course()


def room_of(module: str) -> str:
    return (module.split(".") + ["kd_course"])[1]


def imported_modules(path: Path) -> set[str]:
    """The modules of the course that a file imports, at its top or inside a function.

    What is imported for type checkers alone never runs, and does not count.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    package = path.relative_to(ROOT).parent.parts
    found = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        assert not any(m.split(".")[0] in ("solutions", "notebooks", "tests") for m in names)
        for name in names:
            known = [m for m in (name, name.rpartition(".")[0]) if m in MODULES]
            found |= {known[0]} if known else set()
    return found - {"kd_course"}


def test_imports_run_one_way():
    for module, path in MODULES.items():
        for other in imported_modules(path):
            upward = floor(room_of(other)) > floor(room_of(module))
            assert not upward, f"{module} imports {other}, upward"


def test_no_import_runs_in_a_circle():
    rooms: dict[str, set[str]] = {}
    modules: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        others = imported_modules(path)
        rooms.setdefault(room_of(module), set()).update(map(room_of, others))
        # A room's __init__ hands on what its modules define; they take one another by name.
        modules[module] = {m for m in others if not module.startswith(m)}
    for needs in ({room: others - {room} for room, others in rooms.items()}, modules):
        graphlib.TopologicalSorter(needs).prepare()  # CycleError names who imports whom


def test_the_library_knows_no_lesson_and_nothing_of_the_workshop():
    for module, path in MODULES.items():
        if room_of(module) in LIBRARY:
            others = {room_of(other) for other in imported_modules(path)}
            assert others <= LIBRARY, (module, others - LIBRARY)


def test_every_room_of_the_library_is_read_in_one_sitting():
    for module, path in MODULES.items():
        if room_of(module) not in LIBRARY:
            continue
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 400, f"{module} has {text.count(chr(10))} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert node.end_lineno - node.lineno < 60, f"{module}.{node.name} is too long"


def test_no_two_modules_bear_one_name():
    """Outside of the lessons' rooms, which are alike on purpose."""
    names = [m.rpartition(".")[2] for m in MODULES if not re.search(r"\.lessons\.lesson\d\d", m)]
    twice = {name for name, count in Counter(names).items() if count > 1} - {"__main__"}
    assert not twice


# -- the command line -------------------------------------------------------------------------


def command(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "kd_course", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_alone_it_prints_the_help():
    answer = command()
    assert answer.returncode == 0
    for name in ("lab", "doctor", "run", "check", "exercises", "teacher", "bench"):
        assert re.search(rf"^  {name} ", answer.stdout, re.M)


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["doctor", "nonsense"]])
def test_a_wrong_call_exits_with_2(arguments):
    answer = command(*arguments)
    assert answer.returncode == 2
    assert "usage:" in answer.stderr


def test_options_reach_the_command_they_stand_behind(monkeypatch):
    from kd_course import __main__

    got = []
    monkeypatch.setattr(doctor, "main", lambda argv: got.append(argv) or 3)
    assert __main__.main(["doctor", "--scale", "small", "-h", "x"]) == 3
    assert got == [["--scale", "small", "-h", "x"]]


# -- the doctor -------------------------------------------------------------------------------


@pytest.fixture
def well(monkeypatch, tmp_path):
    """A machine on which everything is as it should be, but nobody asks the network."""
    monkeypatch.setenv("KD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KD_SCALE", raising=False)
    monkeypatch.setattr(doctor, "_ask", lambda address, seconds: "no answer")
    memory = namedtuple("Memory", "available total")(8 * doctor.GIB, 16 * doctor.GIB)
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    disk = namedtuple("Disk", "free")(50 * doctor.GIB)
    monkeypatch.setattr("shutil.disk_usage", lambda path: disk)


def diagnosis(capsys) -> tuple[int, dict[str, str]]:
    """The exit status, and the advice for each row that is not fine."""
    status = doctor.main([])
    printed = capsys.readouterr().out
    return status, dict(re.findall(r"^(\w[\w ]*?)  .*TO DO\n +→ (.*)$", printed, re.M))


def test_a_well_machine(well, capsys):
    status = doctor.main([])
    printed = capsys.readouterr().out
    assert status == 0
    assert "TO DO" not in printed
    assert "The course can run here." in printed
    for what in (
        "Python",
        "torch",
        "device",
        "cores",
        "memory",
        "disk",
        "Jupyter",
        "cache folder",
        "hub",
    ):
        assert re.search(rf"^{what} .* ok$", printed, re.M)
    assert "not needed at scale offline" in printed


def test_the_table_names_no_home_folder():
    """The first lesson prints it, and its output is published."""
    assert doctor._shown(Path.home() / "some" / "cache") == "~/some/cache"
    assert sys.prefix not in doctor.table()


def test_an_old_python(well, capsys, monkeypatch):
    monkeypatch.setattr("platform.python_version", lambda: "3.9.2")
    status, advice = diagnosis(capsys)
    assert status == 1
    assert list(advice) == ["Python"]
    assert PROJECT["requires-python"].split(",")[0] in advice["Python"]


@pytest.mark.parametrize(
    ("package", "row"), [("torch", "torch"), ("transformers", "transformers"), ("tqdm", "packages")]
)
def test_an_old_or_missing_package(well, capsys, monkeypatch, package, row):
    version = importlib.metadata.version

    def old(name):
        return "0.1" if name == package else version(name)

    def missing(name):
        if name == package:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    for fake, said in ((old, "0.1, but needed is >="), (missing, "not installed")):
        monkeypatch.setattr("importlib.metadata.version", fake)
        status, advice = diagnosis(capsys)
        assert status == 1
        assert list(advice) == [row]
        assert said in advice[row] and "pip install" in advice[row]


def test_a_mac_with_an_intel_processor_is_not_told_to_install_what_is_not_there(
    well, capsys, monkeypatch
):
    version = importlib.metadata.version
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(platform="darwin"))
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(
        "importlib.metadata.version", lambda name: "2.2.2" if name == "torch" else version(name)
    )
    _, advice = diagnosis(capsys)
    assert "no build of it for Intel Macs" in advice["torch"]
    assert "pip install" not in advice["torch"]


def test_a_full_disk_and_little_memory(well, capsys, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: namedtuple("Disk", "free")(1000))
    tight = namedtuple("Memory", "available total")(doctor.GIB // 2, 2 * doctor.GIB)
    monkeypatch.setattr("psutil.virtual_memory", lambda: tight)
    status, advice = diagnosis(capsys)
    assert status == 1
    assert set(advice) == {"disk", "memory"}
    assert "make room" in advice["disk"]
    assert "close other programs" in advice["memory"]


def test_a_cache_that_cannot_be_written(well, capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KD_CACHE", str(tmp_path / "file" / "cache"))
    status, advice = diagnosis(capsys)
    assert status == 1
    assert list(advice) == ["cache folder"]
    assert "KD_CACHE" in advice["cache folder"]


@pytest.mark.parametrize("answer", ["no answer", "is not well (HTTP 503)"])
def test_a_hub_that_does_not_answer_matters_only_where_it_is_needed(
    well, capsys, monkeypatch, answer
):
    monkeypatch.setattr("huggingface_hub.constants.is_offline_mode", lambda: False)
    monkeypatch.setattr(doctor, "_ask", lambda address, seconds: answer)
    assert diagnosis(capsys) == (0, {})
    monkeypatch.setenv("KD_SCALE", "small")
    status, advice = diagnosis(capsys)
    assert status == 1
    assert list(advice) == ["hub"]
    assert "KD_SCALE=offline" in advice["hub"]


def test_whether_the_hub_answers_is_found_out(make_hub):
    hub = make_hub()
    assert doctor._ask(hub.endpoint, 5) == "answers"
    hub.fault = ("off", 1)
    assert doctor._ask(hub.endpoint, 5) == "is not well (HTTP 503)"
    hub.close()
    assert doctor._ask(hub.endpoint, 5) == "no answer"


def test_a_scale_that_is_none(well, capsys, monkeypatch):
    monkeypatch.setenv("KD_SCALE", "huge")
    status, advice = diagnosis(capsys)
    assert status == 1
    assert list(advice) == ["scale"]
    assert "offline, small, full" in advice["scale"]


# -- what a reader finds ----------------------------------------------------------------------


def test_every_link_of_the_readme_leads_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith(("http:", "https:")):
            assert (ROOT / target).exists(), f"README.md links to {target}"


def test_no_path_of_a_machine_and_no_package_index_stands_in_a_tracked_file():
    # In pieces, so that this file does not name what it looks for.
    home = "|".join(
        ("/ro" + "ot/", "/ho" + r"me/[a-z]\w*/", "/Us" + r"ers/[A-Za-z]\w*/", "/wo" + "rk/")
    )
    hosts = "|".join(
        ("py" + r"pi\.org", "python" + r"hosted\.org", "anaconda" + r"\.org", "conda" + r"\.io")
    )
    forbidden = re.compile(rf"(?<![\w.~])({home})|\b({hosts})\b")
    for path in tracked_files():
        if path.suffix in (".safetensors", ".npz", ".png", ".parquet"):
            continue
        found = forbidden.search(path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(ROOT)} holds {found[0]!r}"
