"""What the builder promises: one source, two notebooks that cannot drift, no answer given away."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest

from kd_course.authoring import editions, execution, install_cell, package_map, readme
from kd_course.authoring.__main__ import build, keep_outputs
from kd_course.authoring.references import references
from kd_course.authoring.source import (
    ROOT,
    LessonError,
    read,
    review,
    solution_lines,
    source_of,
    sources,
)
from kd_course.exercises import of_lesson

LESSONS = [path.stem for path in sources()]


@pytest.fixture(scope="module", params=LESSONS)
def lesson(request):
    return read(ROOT / "solutions" / f"{request.param}.py")


def committed(folder, lesson):
    return nbformat.read(ROOT / folder / f"{lesson.slug}.ipynb", as_version=4)


# -- every lesson of the course ---------------------------------------------------------------


def test_a_lesson_has_all_its_parts(lesson):
    assert review(lesson) == []


@pytest.mark.parametrize("folder", ["solutions", "notebooks"], ids=["worked", "learners"])
def test_a_committed_notebook_is_what_its_source_builds(lesson, folder):
    """Sources and metadata are compared, outputs are not."""
    others = [read(path) for path in sources()]
    built, there = editions.of_course(folder, lesson, others), committed(folder, lesson)
    assert there.metadata == built.metadata
    assert [cell.id for cell in there.cells] == [cell.id for cell in built.cells]
    for now, then in zip(built.cells, there.cells, strict=True):
        assert (then.cell_type, then.source, then.metadata) == (
            now.cell_type,
            now.source,
            now.metadata,
        ), now.id


def test_a_lesson_links_its_other_edition_the_lessons_beside_it_and_the_glossary(lesson):
    here = LESSONS.index(lesson.slug)
    before = [f"{slug}.ipynb" for slug in LESSONS[max(here - 1, 0) : here]]
    after = [f"{slug}.ipynb" for slug in LESSONS[here + 1 : here + 2]]
    for folder, other in (("solutions", "notebooks"), ("notebooks", "solutions")):
        line = committed(folder, lesson).cells[0].source.splitlines()[2]
        targets = re.findall(r"\]\((.+?)\)", line)
        assert targets == [f"../{other}/{lesson.slug}.ipynb", *before, *after, editions.GLOSSARY]
        assert all((ROOT / folder / target).is_file() for target in targets)
        assert ("before: " in line, "next: " in line) == (bool(before), bool(after))


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_a_committed_notebook_is_valid_was_run_and_raised_nothing(lesson, folder):
    notebook = committed(folder, lesson)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [
        cell.id for cell in code for output in cell.outputs if output.output_type == "error"
    ]


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_the_first_cell_installs_the_course_and_says_nothing_where_it_is(lesson, folder):
    code = [cell for cell in committed(folder, lesson).cells if cell.cell_type == "code"]
    assert code[0].id == install_cell.ID and code[0].outputs == []
    assert code[0].metadata.jupyter.source_hidden and "setup" in code[1].metadata.tags
    assert install_cell.ID not in {
        cell.id for cell in editions.worked(lesson).cells
    }  # `release` takes this


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_outputs_hold_no_path_of_the_machine_and_no_progress_bar(lesson, folder):
    for cell in committed(folder, lesson).cells:
        text = "\n".join(_texts(cell))
        assert not re.search(r"/(home|root|Users|work|tmp|workspace)/|\b0x[0-9a-f]{6,}", text), (
            cell.id
        )
        assert "\r" not in text and "%|" not in text, cell.id


def test_checks_say_passed_in_the_worked_edition_and_not_attempted_in_the_learners(lesson):
    for folder, sign in (("solutions", "✓"), ("notebooks", "○")):
        for cell in committed(folder, lesson).cells:
            if cell.id.startswith("check-"):
                assert "".join(_texts(cell)).startswith(sign), (folder, cell.id)


def test_no_solution_is_found_in_the_learners_edition(lesson):
    notebook = committed("notebooks", lesson)
    everything = _squeezed(
        "\n".join(text for cell in notebook.cells for text in (cell.source, *_texts(cell)))
    )
    assert "BEGINSOLUTION" not in everything and "ENDSOLUTION" not in everything
    for cell in lesson.cells:
        for line in solution_lines(cell.source):
            if _tells_something(line):
                assert _squeezed(line) not in everything, f"cell {cell.number}: {line}"


def test_a_learner_finds_a_stub_with_signature_and_docstring(lesson):
    cells = {cell.id: cell for cell in editions.for_learners(lesson).cells}
    for exercise in of_lesson(lesson.number):
        source = cells[f"ex-{exercise.id.replace('.', '-')}"].source
        if exercise.kind == "value":
            assert re.search(rf"^{exercise.name} = \.\.\.", source, re.M)
            continue
        assert re.search(rf"^def {exercise.name}\(", source, re.M) and '"""' in source
        assert source.rstrip().endswith(editions.STUB) or editions.STUB in source
        spaces = {}
        exec("from __future__ import annotations\n" + source, spaces)  # a stub runs on its own
        assert spaces[exercise.name].__doc__


def test_notebooks_carry_what_nbgrader_needs(lesson):
    from nbgrader.nbgraderformat import MetadataValidator
    from nbgrader.preprocessors import CheckCellMetadata

    notebook = editions.worked(lesson)
    CheckCellMetadata().preprocess(notebook, {})
    for cell in notebook.cells:
        MetadataValidator().validate_cell(cell)
    about = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert sum(a.points for a in about if a.grade) == sum(
        e.points for e in of_lesson(lesson.number)
    )
    assert all(a.solution != a.grade and a.locked == a.grade for a in about)


def test_the_readmes_tables_are_what_the_lessons_and_the_ledger_give():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- begin:syllabus -->" in text
    assert readme.filled(text, readme.readme_blocks()) == text


def test_the_map_of_the_package_is_what_lessons_import():
    text = package_map.PAGE.read_text(encoding="utf-8")
    assert readme.filled(text, package_map.map_blocks()) == text, (
        "python -m kd_course.authoring readme fills it"
    )
    assert package_map.modules_of(read(source_of("02"))) == [
        "divergences.py",
        "plots.py",
        "widgets.py",
    ]
    assert "corpora/reading.py" in package_map.modules_of(read(source_of("08")))
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        assert (package_map.PACKAGE / target).exists(), f"the map links to {target}"
    # Every room and module that a learner sees in the folder is on it.
    for path in package_map.PACKAGE.iterdir():
        if path.name not in ("__init__.py", "__main__.py", "__pycache__", "README.md", "lessons"):
            assert f"]({path.name}" in text, f"the map does not show {path.name}"


def training_table(monkeypatch, *devices: str) -> list[list[str]]:
    """The README's table of reference runs, as cells, for a run of lesson 06 on each device."""
    run = {"lesson": "06", "scale": "offline", "dataset": "", "minutes": 2.0}
    figures = {"teacher/accuracy": {"kind": "measured", "values": {"0": 0.5}}}
    runs = [run | {"device": device, "figures": figures} for device in devices]
    if "CPU" in devices:  # and one more, which no GPU has seen
        runs.append(run | {"device": "CPU", "figures": figures, "scale": "small"})
    monkeypatch.setattr(readme.experiments, "ledger", lambda: readme.experiments.Ledger(runs))
    lines = readme._training([read(source_of("06"))]).splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_readme_has_no_column_for_a_gpu_while_nothing_was_measured_on_one(monkeypatch):
    header, _, *rows = training_table(monkeypatch, "CPU")
    assert header == ["lesson", "scale", "laptop, two cores"]
    assert [row[1:] for row in rows] == [
        ["`offline`", "teacher 50.0 %; 2.0 min"],
        ["`small`", "teacher 50.0 %; 2.0 min"],
    ]


def test_a_run_on_a_gpu_brings_its_column(monkeypatch):
    header, _, *rows = training_table(monkeypatch, "CPU", "GPU")
    assert header == ["lesson", "scale", "laptop, two cores", "GPU"]
    assert [row[3] for row in rows] == ["teacher 50.0 %; 2.0 min", "not measured"]


def _texts(cell):
    for output in cell.get("outputs", ()):
        yield output.get("text", "")
        for kind, content in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield content


def _squeezed(text):
    return re.sub(r"\s", "", text)


def _tells_something(line):
    """A line that would help whoever is looking for an answer: not `else:`, not `return loss`."""
    return len(_squeezed(line)) >= 16 and not line.startswith("#") and re.search(r"[(*/+\-]", line)


# -- a lesson that goes wrong -----------------------------------------------------------------

GOOD = '''# %% [markdown]
# # 00 · A small lesson
#
# - **You will be able to** build it.
# - **You need** nothing.
# - **Minutes** 1.
# - **What runs** the same everywhere.

# %% tags=["setup"]
import torch

from kd_course.exercises import check

# %% [markdown]
# {{exercise:00.1}}

# %% exercise="00.1"
def soften(scores, temperature):
    """Beliefs."""
    ### BEGIN SOLUTION
    return torch.softmax(scores / temperature, dim=-1)
    ### END SOLUTION


# %% check="00.1"
check("00.1", soften)

# %% [markdown]
# {{exercise:00.2}}

# %% exercise="00.2"
retention = ...
### BEGIN SOLUTION
retention = 0.87 / 0.90
### END SOLUTION

# %% check="00.2"
check("00.2", retention)

# %% [markdown]
# {{exercise:00.3}}
# {{choices:00.3}}

# %% exercise="00.3"
control = ...
### BEGIN SOLUTION
control = "c"
### END SOLUTION

# %% check="00.3"
check("00.3", control)

# %% tags=["nbval-check-output"]
print(1)

# %% tags=["nbval-check-output"]
print(2)

# %% tags=["nbval-check-output"]
print(3)

# %% [markdown]
# ## What you can now do
# ## Where this goes wrong in practice
# ## Further reading
'''


@pytest.fixture
def lesson_from(tmp_path):
    def make(text=GOOD, **replaced):
        folder = tmp_path / "solutions"
        folder.mkdir(exist_ok=True)
        path = folder / "00_small.py"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return make


def test_a_good_lesson_has_no_problem(lesson_from):
    assert review(lesson_from()) == []


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("# # 00 · A small", "# # 01 · A small", "cell 1"),
        ("# - **Minutes** 1.\n", "", "**Minutes**"),
        ("# ## Further reading\n", "", "Further reading"),
        ('tags=["setup"]', 'tags=["other"]', "setup"),
        ('# %% tags=["nbval-check-output"]\nprint(3)', "# %%\nprint(3)", "at least 3"),
        ('# %% check="00.1"', "# %%", "exercise 00.1 has no check cell"),
        ('# %% exercise="00.1"', "# %%", "check 00.1 has no exercise cell"),
        ('# %% exercise="00.3"', '# %% exercise="00.4"', "exercise 00.4 has no spec"),
        ('# %% exercise="00.3"', '# %% exercise="00.4"', "the spec of 00.3 has no exercise cell"),
        (
            'check("00.1", soften)',
            'check("00.1", softer)',
            'cell 5: the check cell of 00.1 must be check("00.1", soften)',
        ),
        ("def soften(", "def softer(", "def soften(…) outside"),
        ("retention = ...\n", "", "retention = ... outside"),
        (
            "    ### BEGIN SOLUTION\n    return torch",
            "    return torch",
            "cell 4: exercise 00.1 needs ### BEGIN SOLUTION",
        ),
        ("# {{exercise:00.2}}\n", "# text\n", "no text shows the field {{exercise:00.2}}"),
        ("print(1)", "# one\n# two\n# three\n# four\nprint(1)", "a comment of 4 lines"),
        ("print(1)", "plt.show()", "plots.show"),
    ],
)
def test_what_is_wrong_with_a_lesson_is_said_with_its_cell(old, new, said, lesson_from):
    assert old in GOOD
    problems = "\n".join(review(lesson_from(GOOD.replace(old, new))))
    assert said in problems


@pytest.mark.parametrize(
    "field, said",
    [
        ("{{ledger:77/offline/nothing|percent}}", "77"),
        ("{{exercise:00.9}}", "no exercise '00.9'"),
        ("{{nonsense}}", "unknown field"),
    ],
)
def test_a_field_that_cannot_be_filled_fails_the_build_by_name(field, said, lesson_from):
    lesson = lesson_from(GOOD.replace("# ## Further reading", f"# ## Further reading\n# {field}"))
    with pytest.raises(LessonError, match=re.escape(said)) as failure:
        editions.worked(lesson)
    assert field in str(failure.value) and "cell 15" in str(failure.value)


def test_a_ledger_field_is_filled_with_the_figure(lesson_from, monkeypatch):
    from kd_course import experiments

    figures = {"student/accuracy": {"kind": "measured", "values": {"0": 0.91, "1": 0.93}}}
    run = {"lesson": "00", "scale": "offline", "dataset": "", "device": "CPU"}
    run |= {"data": "abc", "figures": figures}
    monkeypatch.setattr(experiments, "ledger", lambda: experiments.Ledger([run]))
    text = "# ## Further reading\n# it kept {{ledger:00/offline/student/accuracy|percent}}"
    notebook = editions.worked(lesson_from(GOOD.replace("# ## Further reading", text)))
    assert "it kept 92.0 %" in notebook.cells[-1].source


def test_the_exercise_line_says_what_the_spec_says(lesson_from):
    text = editions.worked(lesson_from()).cells[2].source
    assert text.startswith("*difficulty ●●○○○ · importance ●●●●○ · 8 min · 2 points*")


def test_a_build_is_the_same_twice_and_ids_are_derived(lesson_from):
    first, second = editions.for_learners(lesson_from()), editions.for_learners(lesson_from())
    assert nbformat.writes(first) == nbformat.writes(second)
    assert [cell.id for cell in first.cells][:5] == [
        "l00-c001",
        "l00-c002",
        "l00-c003",
        "ex-00-1",
        "check-00-1",
    ]


def test_a_reference_that_fails_is_told_with_its_cell(lesson_from):
    with pytest.raises(LessonError, match="cell 7: ZeroDivisionError"):
        references(lesson_from(GOOD.replace("0.87 / 0.90", "0.87 / 0")))
    with pytest.raises(LessonError, match="cell 7: does not define retention"):
        references(lesson_from(GOOD.replace("retention = 0.87 / 0.90", "kept = 0.87")))


def test_a_cell_that_raises_fails_the_build_with_cell_and_error(lesson_from, tmp_path, monkeypatch):
    monkeypatch.setattr("kd_course.authoring.references.record", lambda lesson: False)
    lesson = lesson_from(GOOD.replace("print(2)", "print(2)\n1 / 0"))
    with pytest.raises(LessonError, match=r"cell 14 \(l00-c013\).*") as failure:
        build(lesson, root=tmp_path)
    assert "ZeroDivisionError" in str(failure.value)
    assert not list(tmp_path.rglob("*.ipynb"))


def test_outputs_are_cleaned_of_what_differs_between_machines():
    made = nbformat.v4
    cell = made.new_code_cell(
        "x",
        id="a",
        metadata={"execution": {"iopub.status.busy": "now"}},
        outputs=[
            made.new_output("stream", name="stderr", text="50%|####     | 1/2\r100%|####|"),
            made.new_output("stream", name="stderr", text="UserWarning: mind this"),
            made.new_output(
                "stream",
                name="stdout",
                text=f"{ROOT}/kd_course {Path.home()}/x <object at 0x7f1c9a94a990>",
            ),
            made.new_output(
                "display_data", data={execution.WIDGET_VIEW: {}, "text/plain": "IntSlider()"}
            ),
        ],
    )
    notebook = made.new_notebook(cells=[cell])
    execution.clean(notebook)
    assert [output.text for output in cell.outputs] == [
        "UserWarning: mind this",
        "./kd_course ~/x <object at 0x…>",
    ]
    assert cell.metadata == {}


def test_without_execution_outputs_stay_where_the_source_is_the_same():
    def notebook(*texts):
        cells = [nbformat.v4.new_code_cell(text, id=f"c{i}") for i, text in enumerate(texts)]
        return nbformat.v4.new_notebook(cells=cells)

    before, after = notebook("print(1)", "print(2)"), notebook("print(1)", "print(3)")
    for cell in before.cells:
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="out")]
    keep_outputs(after, before)
    assert [len(cell.outputs) for cell in after.cells] == [1, 0]


def test_the_cell_that_installs_counts_as_run_where_all_others_were():
    def notebook(*ids):
        cells = [nbformat.v4.new_code_cell("1", id=id) for id in ids]
        return nbformat.v4.new_notebook(cells=cells)

    before, after = notebook("a", "b"), notebook(install_cell.ID, "a", "b")
    for number, cell in enumerate(before.cells, start=1):
        cell.execution_count = number
    keep_outputs(after, before)
    assert [cell.execution_count for cell in after.cells] == [1, 2, 3]
    unfinished = notebook(install_cell.ID, "a", "c")
    keep_outputs(unfinished, before)
    assert [cell.execution_count for cell in unfinished.cells] == [None, 1, None]


# -- the cell that installs the course --------------------------------------------------------


@pytest.fixture
def install(tmp_path, monkeypatch):
    """install(source, there): runs the cell in a folder of its own; what it gave to pip."""
    asked = []
    monkeypatch.setattr("subprocess.run", lambda words, check: asked.append(words))
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")

    def install(source, there):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if there else None)
        exec(compile(source, "<install>", "exec"), {})
        return [words[3:] for words in asked]

    return install


def citation(folder, line=""):
    path = folder / "CITATION.cff"
    path.write_text(f"title: A course\n{line}\nlicense: MIT\n", encoding="utf-8")
    return path


def test_where_the_course_is_nothing_is_installed(install):
    assert install(install_cell.source(), there=True) == []


def test_a_checkout_is_installed_from_where_it_is(install, tmp_path):
    (tmp_path / "pyproject.toml").touch()
    assert install(install_cell.source(), there=False) == [["install", "--quiet", ".."]]


def test_a_lone_notebook_installs_from_the_address_of_the_citation(install, tmp_path):
    known = citation(tmp_path, 'repository-code: "https://github.com/owner/course/"')
    found = install(install_cell.source(known), there=False)
    assert found == [["install", "--quiet", "git+https://github.com/owner/course"]]


def test_without_an_address_the_cell_says_where_to_write_one(install, tmp_path):
    source = install_cell.source(citation(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="write its address into this cell"):
        install(source, there=False)
    assert 'address = ""  # where pip finds the course' in source
    written = source.replace('address = ""', 'address = "git+https://example.org/course"')
    assert install(written, there=False) == [
        ["install", "--quiet", "git+https://example.org/course"]
    ]


def test_a_block_without_content_is_refused():
    with pytest.raises(KeyError, match="no-such-block"):
        readme.filled("<!-- begin:no-such-block -->\n<!-- end:no-such-block -->", {"syllabus": ""})


# -- nbgrader's own autograde -----------------------------------------------------------------


def _without_demonstrations(notebook):
    """A notebook's text, setup, exercises and checks: exercises rely on nothing else, by design."""
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        or "nbgrader" in cell.metadata
        or "setup" in cell.metadata.get("tags", ())
    ]
    return notebook


@pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own, from its database layer
@pytest.mark.parametrize(
    "slugs",
    # What 03 lacks: a quiz and an answer that is assigned (00), models and optimisers (05), text (08).
    [LESSONS[3:4], pytest.param([LESSONS[i] for i in (0, 5, 8)], marks=pytest.mark.thorough)],
    ids=["03", "others"],
)
def test_nbgrader_gives_nothing_for_untouched_notebooks_and_full_marks_for_worked_ones(
    slugs, tmp_path, monkeypatch
):
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    # nbgrader starts alembic by its name.
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    for folder, place in (
        ("solutions", "source/course"),
        ("notebooks", "submitted/untouched/course"),
        ("solutions", "submitted/worked/course"),
    ):
        (tmp_path / place).mkdir(parents=True)
        for slug in slugs:
            notebook = nbformat.read(ROOT / folder / f"{slug}.ipynb", as_version=4)
            nbformat.write(_without_demonstrations(notebook), tmp_path / place / f"{slug}.ipynb")
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/gradebook.db"
    config.Exchange.root = str(tmp_path / "exchange")
    config.Execute.timeout = 600
    config.ClearSolutions.code_stub = {"python": editions.STUB}
    grader = NbGraderAPI(config=config)
    result = grader.generate_assignment("course")
    assert result["success"], result.get("error") or result.get("log")
    for student in ("untouched", "worked"):
        result = grader.autograde("course", student, create=True)
        assert result["success"], result.get("error") or result.get("log")
    with Gradebook(config.CourseDirectory.db_url) as book:
        for slug in slugs:
            full = sum(exercise.points for exercise in of_lesson(slug[:2]))
            untouched = book.find_submission_notebook(slug, "course", "untouched")
            worked = book.find_submission_notebook(slug, "course", "worked")
            assert untouched.max_score == worked.max_score == full
            assert untouched.score == 0, slug
            assert worked.score == full, (slug, [(g.name, g.auto_score) for g in worked.grades])
            assert not worked.needs_manual_grade


def test_sources_are_found_by_number():
    assert source_of("00").name == "00_start_here.py"
    with pytest.raises(FileNotFoundError, match="there: 00"):
        source_of("77")
