"""What a release promises: students get everything but answers, nbgrader accepts it, whole or not at all."""

from __future__ import annotations

import csv
import html
import inspect
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest

import kd_course
from kd_course.authoring import editions, readme
from kd_course.authoring.source import (
    LessonError,
    outside_solution,
    read,
    solution_lines,
    source_of,
    sources,
)
from kd_course.exercises import catalogue, engine, examine, sealed, sheets, variants
from kd_course.grading import release as releasing
from kd_course.grading import release_search
from kd_course.grading.answers import answer_key, public_reference
from kd_course.grading.grade_command import grade_main
from kd_course.grading.release import Leak, main, release, released, with_variants

LESSONS, SEED = ("02", "03"), 271828182845
PACKAGE = Path(kd_course.__file__).parent
# In the path of a file that students do not get.
TEACHERS_ALONE = r"grading|authoring|recorded|variants|slips|lesson\d\d/exercises"
# No bytecode is kept: tests share a release, and what stands in it must be what was released.
QUICK = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "KD_MAX_STEPS": "3",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A released course; tests that change something work on a copy."""
    folder = tmp_path_factory.mktemp("release") / "course"
    release(LESSONS, folder, SEED)
    return folder


@pytest.fixture(scope="module")
def key():
    return answer_key(LESSONS, SEED)


def slug(lesson):
    return source_of(lesson).stem


def notebook_of(folder, lesson):
    return nbformat.read(folder / slug(lesson) / f"{slug(lesson)}.ipynb", as_version=4)


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def squeezed(text):
    return re.sub(r"\s", "", text)


# -- what goes out ----------------------------------------------------------------------------


def test_a_bundle_holds_notebooks_their_checks_the_package_and_instructions(course):
    for name in (
        "README.md",
        f"{slug('03')}/{slug('03')}.ipynb",
        f"{slug('03')}/03_checks.npz",
        "package/pyproject.toml",
        "package/constraints.txt",
        "package/README.md",
        "package/kd_course/losses/targets.py",
        "package/kd_course/teachers/shipped/news/model.safetensors",
    ):
        assert (course / "students" / name).is_file(), name
    with zipfile.ZipFile(course / "students.zip") as archive:
        zipped = sorted(name for name in archive.namelist() if not name.endswith("/"))
    assert zipped == sorted(str(p.relative_to(course)) for p in files_in(course / "students"))


def test_no_solution_of_any_variant_and_no_seed_is_in_what_students_get(course, key):
    """Searched for whole, in other ways than a release itself does."""
    hidden = [v.reference for lesson in LESSONS for v in variants.of_lesson(lesson)]
    bodies = {
        squeezed("".join(solution_lines(inspect.getsource(reference)))) for reference in hidden
    }
    assert all(len(body) > 20 for body in bodies)
    for folder in ("students", "release"):
        for path in files_in(course / folder):
            text = path.read_bytes()
            assert b"BEGIN SOLUTION" not in text and b"END SOLUTION" not in text, path
            assert str(SEED).encode() not in text, path
            read_as = squeezed(text.decode("utf-8", errors="ignore").replace("\\n", "\n"))
            assert not any(body in read_as for body in bodies), path


def test_the_students_package_lacks_references_slips_and_recorded_answers(course):
    names = [str(p.relative_to(course / "students" / "package")) for p in
             files_in(course / "students" / "package")]  # fmt: skip
    assert not [n for n in names if re.search(TEACHERS_ALONE, n)]
    assert not [n for n in names if n.endswith((".pyc", ".pkl", ".pt"))]
    rooms = [n for n in names if re.search(r"lessons/lesson\d\d/", n)]
    assert len([n for n in rooms if n.endswith("settings.py")]) >= 4
    for name in rooms:  # whatever else may lie in a lesson's room some day
        assert re.search(r"lesson\d\d/(__init__\.py|settings\.py|reference/[\w-]+\.json)$", name), (
            name
        )


def test_the_students_package_installs_and_what_it_installs_lacks_them_too(course, tmp_path):
    package = tmp_path / "package"
    shutil.copytree(course / "students" / "package", package)  # pip builds where it finds it
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile",
               "--target", str(tmp_path / "site"), str(package)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if "No matching distribution found for flit" in done.stderr:
        pytest.skip("pip needs the package index for what builds a package, and cannot reach it")
    assert done.returncode == 0, done.stderr
    names = [str(path.relative_to(tmp_path / "site")) for path in files_in(tmp_path / "site")]
    assert "kd_course/losses/targets.py" in names and "kd_course/exercises/engine.py" in names
    # By which students' JupyterLab and nbconvert keep the pictures' text alternatives.
    assert "share/jupyter/labextensions/kd-course-alternatives/package.json" in names
    assert "etc/jupyter/jupyter_nbconvert_config.json" in names
    assert not [n for n in names if re.search(TEACHERS_ALONE, n)]
    bodies = {squeezed("".join(solution_lines(inspect.getsource(v.reference))))
              for lesson in LESSONS for v in variants.of_lesson(lesson)}  # fmt: skip
    for path in files_in(tmp_path / "site"):
        text = path.read_bytes().decode("utf-8", errors="ignore")
        assert "BEGIN SOLUTION" not in text and str(SEED) not in text, path
        assert not any(body in squeezed(text) for body in bodies), path


_AS_A_STUDENT = """
import importlib, inspect, json, pkgutil, sys
from pathlib import Path
import kd_course
from kd_course.exercises import examine, sealed
assert Path(kd_course.__file__).is_relative_to(sys.argv[1]), kd_course.__file__
for room in ("kd_course.grading", "kd_course.lessons.lesson03.variants", "kd_course.authoring",
             "kd_course.lessons.lesson03.exercises"):
    try:
        importlib.import_module(room)
    except ModuleNotFoundError:
        continue
    sys.exit(f"{room} is there")
functions = {}
for module in pkgutil.walk_packages(kd_course.__path__, "kd_course."):
    if module.name.split(".")[1] in ("divergences", "losses", "metrics", "spans", "exercises"):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(thing) and thing.__module__.startswith("kd_course"):
                functions[f"{thing.__module__}.{name}"] = thing
drawn = json.loads(sys.argv[2])
right = [(id, name) for id in drawn for name, f in functions.items() if examine(id, f).passed]
print(json.dumps({"functions": len(functions), "right": right}))
"""


@pytest.mark.thorough
def test_no_function_of_the_students_package_answers_a_drawn_variant(course, key):
    """Tried, not searched: every function of the rooms with formulas, on every drawn exercise."""
    package = course / "students" / "package"
    for lesson in LESSONS:
        drawn = [id for id, a in key.items() if a.variant and id.startswith(lesson)]
        done = subprocess.run(
            [sys.executable, "-c", _AS_A_STUDENT, str(package), json.dumps(drawn)],
            cwd=course / "students" / slug(lesson),
            env=os.environ | QUICK | {"PYTHONPATH": str(package)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout.splitlines()[-1])
        assert found["functions"] > 40 and found["right"] == []


def test_a_student_checks_a_file_from_the_command_line(course, key, tmp_path):
    home = tmp_path / "mine"
    shutil.copytree(course / "students" / slug("03"), home)
    variant = next(v for v in variants.of("03.7") if v.name == key["03.7"].variant)
    imports = "import math\nimport torch\nimport torch.nn.functional as F\n"
    (home / "mine.py").write_text(imports + variant.cell, encoding="utf-8")
    package = str(course / "students" / "package")
    done = subprocess.run(
        [sys.executable, "-m", "kd_course", "check", "03.7", str(home / "mine.py")],
        env=os.environ | QUICK | {"PYTHONPATH": package},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout[:1]) == (0, "✓"), done.stdout + done.stderr
    offered = subprocess.run(
        [sys.executable, "-m", "kd_course"],
        env=os.environ | QUICK | {"PYTHONPATH": package},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    ).stdout
    assert "check " in offered and "release " not in offered and "grade " not in offered


# -- what an exercise asks --------------------------------------------------------------------


def test_a_drawn_exercise_states_its_own_convention_and_not_the_courses(course, key):
    for lesson in LESSONS:
        notebook = notebook_of(course / "students", lesson)
        text = "\n".join(cell.source for cell in notebook.cells)
        cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
        source = read(source_of(lesson))
        for id in (e.id for e in catalogue.of_lesson(lesson) if key[e.id].variant):
            variant = next(v for v in variants.of(id) if v.name == key[id].variant)
            assert variant.statement in text and f"**In this exercise {variant.name}.**" in text
            told = next(c.source for c in notebook.cells if variant.statement in c.source)
            assert told.endswith(variant.statement)  # nothing of the course's own after it
            assert told.count("### Exercise") == 1
            public = next(c for c in source.cells if c.exercise == id and c.role == "exercise")
            assert outside_solution(public.source).strip() not in text, id
            function = cells[f"ex-{id.replace('.', '-')}"].source
            assert variant.reference.__doc__ in function and editions.STUB in function


def test_what_has_no_variant_stands_as_in_the_course(key):
    lesson = read(source_of("02"))
    varied = with_variants(lesson, key)
    assert [c.id for c in varied.cells] == [c.id for c in lesson.cells]
    plain = with_variants(lesson, answer_key(["02"]))
    assert [c.source for c in plain.cells] == [c.source.rstrip() for c in lesson.cells]


# -- a learner's check of an assignment -------------------------------------------------------


def test_checks_as_data_judge_as_the_code_does(course, key):
    for lesson in LESSONS:
        held = sealed.read(course / "students" / slug(lesson) / f"{lesson}_checks.npz")
        assert list(held) == [e.id for e in catalogue.of_lesson(lesson)]
        for id, entry in held.items():
            answer = key[id]
            if answer.exercise.kind == "value":
                continue
            ours = answer.sheet(sheets.PUBLIC_SEED)
            theirs = sheets.Sheet(entry.exercise, entry.cases, entry.expected, entry.slips)
            for wrong in answer.exercise.misconceptions:
                outcomes = ours.slip(wrong)
                assert engine.judge(theirs, outcomes) == engine.judge(ours, outcomes)
            right = sheets.outcomes_of(entry.exercise, answer.reference, entry.cases)
            assert engine.judge(theirs, right).passed


def test_every_exercise_of_the_course_can_be_sealed(tmp_path):
    for lesson in catalogue.lessons():
        made = [a.sheet(sheets.PUBLIC_SEED) for a in answer_key([lesson]).values()]
        path = tmp_path / f"{lesson}_checks.npz"
        path.write_bytes(sealed.seal(made))
        held = sealed.read(path)
        for sheet in made:
            for mine, theirs in zip(sheet.cases, held[sheet.exercise.id].cases, strict=True):
                assert engine.size(mine.args) == engine.size(theirs.args)
                assert [type(a) for a in mine.args] == [type(a) for a in theirs.args]
                assert (mine.label, mine.gradient_of) == (theirs.label, theirs.gradient_of)


@pytest.fixture
def beside_03(course, monkeypatch):
    """As in a kernel whose notebook is the assignment of lesson 03."""
    monkeypatch.chdir(course / "students" / slug("03"))


def test_a_copied_public_solution_is_told_what_it_followed(beside_03, key):
    variant = next(v for v in variants.of("03.7") if v.name == key["03.7"].variant)
    report = examine("03.7", public_reference("03.7"))
    assert report.misconception == f"The lesson's own convention: {variant.instead}"
    assert examine("03.7", variant.reference).passed


def test_a_quiz_is_noted_and_its_answer_is_not_there(beside_03):
    for choice in "abcd":
        report = examine("03.5", choice)
        assert (report.status, report.passed, report.points) == ("noted", False, 0)
        assert "Right" not in report.message and "No." not in report.message
    assert examine("03.5", "z").status == "type"
    assert examine("03.5", ...).status == "not attempted"
    assert examine("03.10", 0.593).status == "noted"
    held = json.dumps(sealed.tree_of(Path("03_checks.npz")))
    assert not any(choice.why in held for choice in catalogue.find("03.5").choices)


def test_what_is_only_noted_is_no_point_and_no_failure_for_nbgrader(beside_03, monkeypatch):
    from kd_course.exercises import CheckFailed, check

    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    check("03.5", "a")
    with pytest.raises(CheckFailed):
        check("03.5", ...)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(CheckFailed):
        check("03.5", "a")


def test_damaged_checks_say_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("03_checks.npz").write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="03_checks.npz cannot be read"):
        examine("03.7", lambda *args: 0)


def test_a_sheet_without_an_answer_judges_nobody():
    sheet = sheets.Sheet(catalogue.find("03.5"), (), ())
    with pytest.raises(ValueError, match="holds no answer"):
        engine.judge(sheet, sheets.outcomes_of(sheet.exercise, "a", ()))


# -- nothing leaks ----------------------------------------------------------------------------


def put_in_notebook(folder, text, kind="code"):
    path = folder / slug("03") / f"{slug('03')}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[7 if kind == "code" else 3].source += f"\n{text}"
    nbformat.write(notebook, path)


def put_in_output(folder, text):
    path = folder / slug("03") / f"{slug('03')}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = next(c for c in notebook.cells if c.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    nbformat.write(notebook, path)


def put_in_package(folder, name, place=None):
    target = folder / "package" / "kd_course" / (place or name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PACKAGE / name, target)


def put_an_answer_in_the_checks(folder):
    path = folder / slug("03") / "03_checks.npz"
    tree = sealed.tree_of(path)
    next(e for e in tree["exercises"] if e["id"] == "03.5")["expected"] = [{"value": "a"}]
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["tree"] = np.frombuffer(json.dumps(tree).encode(), dtype=np.uint8)
    np.savez(path, **arrays)


LEAKS = {
    "a delimiter": (lambda f: put_in_notebook(f, "### BEGIN SOLUTION"), "ipynb, cell 8"),
    "a delimiter in prose": (
        lambda f: put_in_notebook(f, "### END SOLUTION", "markdown"),
        "ipynb, cell 4",
    ),
    "a line of a public solution": (
        lambda f: put_in_notebook(
            f, "return temperature * (q-p) / len(student_logits)"
        ),
        "the solution of",
    ),
    "a line of a variant": (
        lambda f: put_in_notebook(f, "    return (temperature * logits).softmax( -1 )"),
        "03.1, the logits are multiplied",
    ),
    "the letter of a quiz": (
        lambda f: put_in_notebook(f, "kl_or_cross_entropy='a'  # I think".replace("'", '"')),
        "the solution of 03.5",
    ),
    "a solution in an output": (
        lambda f: put_in_output(f, "    return (temperature * logits).softmax(-1)"),
        "outputs of cell",
    ),
    "a module of variants": (
        lambda f: put_in_package(f, "lessons/lesson03/variants.py"),
        "lesson03/variants.py: variants.py is for teachers only",
    ),
    "a lesson's slips": (
        lambda f: put_in_package(f, "lessons/lesson03/exercises.py"),
        "lesson03/exercises.py: exercises.py is for teachers only",
    ),
    "recorded answers": (
        lambda f: put_in_package(f, "lessons/lesson03/recorded.json"),
        "recorded.json is for teachers only",
    ),
    "recorded arrays": (
        lambda f: put_in_package(f, "lessons/lesson03/recorded.npz"),
        "recorded.npz is for teachers only",
    ),
    "anything new in a lesson's room": (
        lambda f: put_in_package(f, "lessons/lesson03/exercises.py", "lessons/lesson03/notes.py"),
        "lesson03/notes.py: notes.py is for teachers only",
    ),
    "a lesson's slips in a library room": (
        lambda f: put_in_package(f, "lessons/lesson03/exercises.py", "losses/exercises.py"),
        "losses/exercises.py: exercises.py is for teachers only",
    ),
    "what slips are made of": (
        lambda f: put_in_package(f, "exercises/slips.py"),
        "exercises/slips.py: slips.py is for teachers only",
    ),
    "how variants are drawn": (
        lambda f: put_in_package(f, "exercises/variants.py"),
        "exercises/variants.py: variants.py is for teachers only",
    ),
    "what knows the answers": (
        lambda f: put_in_package(f, "grading/answers.py"),
        "grading/answers.py: grading is for teachers only",
    ),
    "what builds the lessons": (
        lambda f: put_in_package(f, "authoring/source.py"),
        "authoring/source.py: authoring is for teachers only",
    ),
    "the answer to a quiz": (put_an_answer_in_the_checks, "the answer to 03.5"),
    "the seed": (lambda f: (f / "notes.txt").write_text(f"{SEED}"), "notes.txt: the course's seed"),
}  # fmt: skip


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_found_and_its_place_named(leak, course, key, tmp_path):
    folder = tmp_path / "students"
    shutil.copytree(course / "students", folder)
    lessons = [with_variants(read(source_of(lesson)), key) for lesson in LESSONS]
    search = (folder, lessons, SEED, PACKAGE)
    assert release_search.answers_found(*search) == []
    put, place = LEAKS[leak]
    put(folder)
    found = release_search.answers_found(*search)
    assert any(place in line for line in found), found


def test_a_release_that_would_leak_is_refused_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    def careless(course, lessons):
        """Forgets to clear the solutions."""
        shutil.copytree(course / "source", course / "release")

    monkeypatch.setattr(releasing, "_generate", careless)
    with pytest.raises(Leak, match=r"students/02_from_surprise_to_kl/.*cell \d+: the delimiter"):
        release(["02"], tmp_path / "course", 3)
    assert list(tmp_path.iterdir()) == []
    assert main(["--lessons", "02", "--out", str(tmp_path / "course")]) == 1
    assert "answers would go out" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_course_is_never_overwritten(course, capsys):
    before = [(path, path.stat().st_mtime_ns) for path in files_in(course)]
    with pytest.raises(FileExistsError, match="exists already"):
        release(["02"], course, 3)
    assert main(["--lessons", "02", "--out", str(course)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert before == [(path, path.stat().st_mtime_ns) for path in files_in(course)]


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (["--lessons", "2"], 2),
        (["--lessons", ""], 2),
        (["--lessons", "02", "--seed", "-1"], 2),
        (["--lessons", "02", "--seed", "x"], 2),
        (["--lessons", "98"], 1),
        ([], 2),
    ],
)
def test_what_cannot_be_released_is_said(argv, status, tmp_path, capsys):
    assert main([*argv, "--out", str(tmp_path / "course")]) == status
    assert capsys.readouterr().err and not (tmp_path / "course").exists()


# -- the teacher's side -----------------------------------------------------------------------


def test_what_was_released_is_graded_with_the_same_variants(course, key):
    seed, _, again = released(course)
    assert seed == SEED
    assert {id: a.variant for id, a in again.items()} == {id: a.variant for id, a in key.items()}
    about = json.loads((course / "kd_course_release.json").read_text(encoding="utf-8"))
    assert about["lessons"] == list(LESSONS)
    assert about["exercises"]["03.7"] == {
        "points": catalogue.find("03.7").points,
        "variant": key["03.7"].variant,
    }
    if os.name == "posix":
        assert (course / "kd_course_release.json").stat().st_mode & 0o077 == 0


def test_another_version_that_would_draw_otherwise_is_noticed(course, tmp_path):
    about = json.loads((course / "kd_course_release.json").read_text(encoding="utf-8"))
    about["exercises"]["03.7"]["variant"] = "one that is no more"
    (tmp_path / "kd_course_release.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(ValueError, match="grade it with that version"):
        released(tmp_path)


def test_without_a_seed_one_is_drawn_that_nobody_guesses(tmp_path, monkeypatch):
    monkeypatch.setattr(releasing, "_generate", lambda course, lessons: [
        (course / "release" / lesson.slug).mkdir(parents=True) for lesson in lessons
    ])  # fmt: skip
    seeds = []
    for name in ("one", "two"):
        release(["02"], tmp_path / name)
        seeds.append(released(tmp_path / name)[0])
    assert seeds[0] != seeds[1] and min(seeds) > 10**9


def test_hidden_inputs_have_a_secret_of_their_own_that_no_seed_and_no_file_for_students_tells(
    course, tmp_path
):
    """A seed as short as 424242 is found from the conventions in the notebooks, by trying."""
    about = json.loads((course / "kd_course_release.json").read_text(encoding="utf-8"))
    assert released(course).secret == about["secret"] and int(about["secret"], 16) > 2**200
    for path in (*files_in(course / "students"), *files_in(course / "release")):
        assert about["secret"].encode() not in path.read_bytes(), path
    (tmp_path / "students").mkdir()
    (tmp_path / "students" / "notes.txt").write_text(about["secret"])
    found = release_search.answers_found(tmp_path / "students", [], SEED, PACKAGE, about["secret"])
    assert found == ["notes.txt: the secret of the hidden inputs"]


def test_a_manifest_with_a_secret_that_could_be_guessed_is_refused_and_one_of_before_is_read(
    course, tmp_path, capsys
):
    about = json.loads((course / "kd_course_release.json").read_text(encoding="utf-8"))
    manifest, inside = tmp_path / "kd_course_release.json", tmp_path / "submitted"
    inside.mkdir()
    grade = [str(inside), "--out", str(tmp_path / "marks.csv"), "--unsafe"]
    manifest.write_text(json.dumps({**about, "secret": "424242"}), encoding="utf-8")
    assert grade_main(grade) == 2
    assert "drawn at random: python -c" in capsys.readouterr().err
    of_before = {key: value for key, value in about.items() if key != "secret"}
    manifest.write_text(json.dumps({**of_before, "format": 1}), encoding="utf-8")
    assert released(tmp_path)[:2] == (SEED, "")
    assert grade_main([*grade, "--shard", "1/2"]) == 2
    assert "give all of them the released course (--course), or one file" in capsys.readouterr().err


def test_the_summary_says_what_copying_would_still_earn(course, key):
    text = releasing._summary(course, key)
    assert "02.4" in text.split("solutions are public")[1].splitlines()[0]
    assert str(SEED) not in text


def test_marks_follow_the_drawn_conventions_and_a_copied_public_solution_is_told_its_own(
    own_course, key, needs_box, tmp_path
):
    """Through `grade`: who answered what was asked, and who handed in the course's own solutions."""
    name = f"{slug('03')}.ipynb"
    answered = nbformat.read(own_course / "source" / slug("03") / name, as_version=4)
    public = nbformat.read(source_of("03").with_suffix(".ipynb"), as_version=4)
    for student, notebook in (("answered", answered), ("copied", public)):
        place = own_course / "submitted" / student / slug("03")
        place.mkdir(parents=True)
        nbformat.write(notebook, place / name)
    pages = tmp_path / "pages"
    arguments = [own_course, "--out", tmp_path / "marks.csv", "--lessons", "03"]
    assert grade_main([*map(str, arguments), "--feedback", str(pages)]) == 0
    with open(tmp_path / "marks.csv", newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["answered"]["total"] == rows["answered"]["out_of"]
    drawn = [id for id, answer in key.items() if answer.variant and id.startswith("03")]
    assert len(drawn) >= 5
    assert {id: rows["copied"][id] for id in drawn} == dict.fromkeys(drawn, "0")
    told = html.unescape((pages / "copied.html").read_text(encoding="utf-8"))
    assert told.count("A known slip: The lesson's own convention") == len(drawn)
    for id in catalogue.of_lesson("03"):
        if id.id not in drawn:  # what has no variant is right as it is in the course
            assert float(rows["copied"][id.id]) == id.points


# -- the page for teachers --------------------------------------------------------------------

PAGE = Path(__file__).resolve().parents[1] / "docs" / "teaching.md"


def test_hours_and_plans_are_what_the_lessons_say():
    text = PAGE.read_text(encoding="utf-8")
    blocks = readme.teaching_blocks()
    assert readme.filled(text, blocks) == text, "python -m kd_course.authoring readme fills it"
    for name, weeks in (("weeks-5", 5), ("weeks-10", 10), ("weeks-15", 15)):
        assert f"<!-- begin:{name} -->" in text
        assert blocks[name].count("\n") == weeks + 1


def test_no_plan_has_a_lesson_before_what_it_needs():
    needs = {
        lesson.number: set(re.findall(r"\((\d\d)_", re.split(r"[.;](?: |$)", need)[0]))
        for lesson in map(read, sources())
        if (need := lesson.head_entry("You need"))
    }
    assert needs["09"] == {"03", "08"}  # read from the text: "lessons [03](…) and [08](…)"
    for name, weeks in readme.PLANS.items():
        taken: set[str] = set()
        for lesson in " ".join(weeks).split():
            assert needs.get(lesson, set()) <= taken, f"{name}: {lesson} needs {needs[lesson]}"
            taken.add(lesson)


def test_the_plan_of_fifteen_weeks_is_the_whole_course():
    whole = [path.stem[:2] for path in sources()]
    assert " ".join(readme.PLANS["weeks-15"]).split() == whole


def headings_of(page):
    """The anchors of a page: its headings as a browser writes them."""
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    }


def test_every_link_of_the_page_leads_somewhere():
    for target in re.findall(r"\]\(([^)\s]+)", PAGE.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        page = PAGE.parent / name if name else PAGE
        assert page.exists(), target
        assert not anchor or anchor in headings_of(page), target


@pytest.mark.parametrize("command", ["release", "grade", "merge"])
def test_commands_on_the_page_take_the_options_that_it_gives_them(command, capsys):
    from kd_course.__main__ import main as course_main

    text = PAGE.read_text(encoding="utf-8")
    shown = re.findall(rf"kd_course {command} ((?:[^`\n]|\\\n)*)", text)
    assert shown
    course_main([command, "--help"])
    offered = capsys.readouterr().out
    options = {option for call in shown for option in re.findall(r"--[a-z]+", call)}
    assert options and all(option in offered for option in options), (options, offered)


# -- nbgrader itself --------------------------------------------------------------------------


@pytest.fixture
def own_course(course, tmp_path):
    shutil.copytree(course, tmp_path / "course")
    return tmp_path / "course"


def nbgrader(*argv, cwd, **environment):
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *argv],
        cwd=cwd,
        env=os.environ | QUICK | {"PATH": beside} | environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.thorough
def test_its_generate_assignment_makes_the_same_release_again(own_course):
    shutil.rmtree(own_course / "release")
    for lesson in LESSONS:
        done = nbgrader("generate_assignment", slug(lesson), "--force", cwd=own_course)
        assert done.returncode == 0, done.stderr
        assert notebook_of(own_course / "release", lesson) == notebook_of(
            own_course / "students", lesson
        )


def test_metadata_is_schema_three_and_points_are_the_specs(course, key):
    for lesson in LESSONS:
        for folder in ("source", "release"):
            about = [
                cell.metadata.nbgrader
                for cell in notebook_of(course / folder, lesson).cells
                if "nbgrader" in cell.metadata
            ]
            assert {entry.schema_version for entry in about} == {3}
            points = {e.grade_id: e.points for e in about if e.grade}
            assert points == {
                f"check-{id.replace('.', '-')}": answer.exercise.points
                for id, answer in key.items()
                if id.startswith(lesson)
            }


@pytest.mark.thorough
def test_its_validate_passes_the_solved_notebook_and_not_the_untouched_one(own_course):
    for folder, expected in (
        ("source", "Success! Your notebook passes all the tests."),
        ("release", "VALIDATION FAILED ON"),
    ):
        home = own_course / folder / slug("03")
        done = nbgrader("validate", f"{slug('03')}.ipynb", cwd=home)
        assert expected in done.stdout, done.stdout + done.stderr


@pytest.mark.thorough
def test_its_formgrader_shows_the_assignments(own_course, key, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    extensions = "{'nbgrader.server_extensions.formgrader': True}"
    log = open(tmp_path / "log", "wb")  # noqa: SIM115
    server = subprocess.Popen(
        [
            sys.executable,
            *("-m", "jupyter_server", "--allow-root", "--no-browser", f"--ServerApp.port={port}"),
            *("--IdentityProvider.token=secret", f"--ServerApp.jpserver_extensions={extensions}"),
        ],
        cwd=own_course,
        env=os.environ
        | QUICK
        | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
            "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        },
        stdout=log,
        stderr=log,
    )
    try:
        listed = json.loads(
            ask(server, f"http://127.0.0.1:{port}/formgrader/api/assignments", tmp_path / "log")
        )
        page = ask(server, f"http://127.0.0.1:{port}/formgrader/", tmp_path / "log").decode()
    finally:
        server.terminate()
        server.wait(30)
        log.close()
    assert "formgrader" in page
    assert {entry["name"]: entry["max_score"] for entry in listed} == {
        slug(lesson): sum(a.exercise.points for id, a in key.items() if id.startswith(lesson))
        for lesson in LESSONS
    }


def ask(server, address, log, seconds=120):
    """A page of the server, once it is up."""
    until = time.monotonic() + seconds
    request = urllib.request.Request(address, headers={"Authorization": "token secret"})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read()
        except OSError as error:
            if server.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text(errors="replace")) from error
            time.sleep(0.5)


def test_what_nbgrader_refuses_is_not_released(tmp_path, monkeypatch):
    """A cell id that stands twice: nbgrader says why, and nothing is left."""
    usual = editions.assigned

    def doubled(lesson):
        notebook = usual(lesson)
        checks = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
        checks[1].metadata.nbgrader.grade_id = checks[0].metadata.nbgrader.grade_id
        return notebook

    monkeypatch.setattr(editions, "assigned", doubled)
    with pytest.raises(LessonError, match="(?s)nbgrader does not accept 02_.*Duplicate"):
        release(["02"], tmp_path / "course", 3)
    assert list(tmp_path.iterdir()) == []
