"""`python -m kd_course release`: from the course's sources to what students get, and what stays.

COURSE/                       the teacher's; nothing of it but students/ goes out
    kd_course_release.json    the seed, the secret, the lessons, the points, the variants drawn
    students/, students.zip   notebooks, their checks, the students' edition of kd_course, a README
    source/                   nbgrader: the notebooks with solutions, those of the drawn variants
    release/                  nbgrader: what its own generate_assignment made of source/
    nbgrader_config.py, gradebook.db
"""

from __future__ import annotations

import argparse
import json
import re
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import nbformat

import kd_course
from kd_course import __version__
from kd_course.authoring import editions
from kd_course.authoring.source import ROOT, Lesson, LessonError, read, source_of
from kd_course.exercises import sealed, sheets, variants
from kd_course.grading import nbgrader_programs, secret
from kd_course.grading.answers import Answer, answer_key
from kd_course.grading.course import CONVENTION, MANIFEST
from kd_course.grading.release_search import PACKAGE, answers_found
from kd_course.grading.student_files import package_files
from kd_course.storage import write_whole

FORMAT = 2
DONE, REFUSED, USAGE = 0, 1, 2


class Leak(RuntimeError):
    """Something that was about to go out to students holds an answer; the message says where."""


def main(argv: list[str]) -> int:
    """Release lessons: 0 done, 1 refused (the message says why), 2 not called as it must be."""
    parser = argparse.ArgumentParser(
        prog="python -m kd_course release",
        description="Make what students get of these lessons, without any answer, and an nbgrader "
        "course. What is graded follows conventions that the seed draws.",
    )
    parser.add_argument("--lessons", required=True, help="02,03,06")
    parser.add_argument("--out", type=Path, required=True, help="the course's folder, a new one")
    parser.add_argument("--seed", type=int, help="draws the conventions; one seed, one set of them")
    try:
        options = parser.parse_args(argv)
        lessons = _numbers(options.lessons)
        if options.seed is not None and options.seed < 0:
            raise ValueError(f"--seed must be 0 or more, not {options.seed}")
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    except SystemExit as error:  # argparse has said what is wrong, or printed its help
        return int(error.code or 0)
    try:
        key = release(lessons, options.out, options.seed)
    except (FileExistsError, FileNotFoundError, KeyError, LessonError, Leak) as error:
        print(error.args[-1] if error.args else error, file=sys.stderr)
        return REFUSED
    print(_summary(options.out, key))
    return DONE


def release(lessons: Sequence[str], out: Path, seed: int | None = None) -> dict[str, Answer]:
    """Write a course, whole or not at all; returns its answers.

    seed: of the conventions; without one, one is drawn. Hidden inputs are never drawn from it, but
    from a secret of their own, and the course's manifest keeps both.
    Raises FileExistsError where there is something already, KeyError or FileNotFoundError for a
    lesson that there is not, and Leak, with the places, when anything for students holds an answer.
    """
    out = Path(out)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise FileExistsError(
            f"{out} exists already, and may hold work: name a new folder, or remove it yourself"
        )
    seed = secrets.randbits(62) if seed is None else seed
    sources = [read(source_of(number)) for number in lessons]
    key = answer_key(lessons, seed)
    assigned = [with_variants(lesson, key) for lesson in sources]
    write_whole(out, lambda folder: _write(folder, assigned, key, seed))
    return key


class Released(NamedTuple):
    """A released course. secret: of its hidden inputs, "" where its version had none."""

    seed: int
    secret: str
    key: dict[str, Answer]


def released(course: Path) -> Released:
    """A course that was released before.

    course: its folder. Raises FileNotFoundError where there is no manifest, and ValueError when
    this version of the package would draw other variants than those that were handed out, or when
    the secret could be guessed.
    """
    file = Path(course) / MANIFEST
    about = json.loads(file.read_text(encoding="utf-8"))
    key = answer_key(about["lessons"], about["seed"])
    handed_out = {id: entry["variant"] for id, entry in about["exercises"].items()}
    if handed_out != {id: answer.variant for id, answer in key.items()}:
        raise ValueError(
            f"{course} was released with kd_course {about['kd_course']}, whose exercises were "
            f"others than those of {__version__}: grade it with that version"
        )
    kept = secret.sound(about["secret"], file) if "secret" in about else ""
    return Released(about["seed"], kept, key)


# -- lessons under their drawn conventions ----------------------------------------------------


def with_variants(lesson: Lesson, key: Mapping[str, Answer]) -> Lesson:
    """The lesson with text and cell of every exercise that has a drawn variant written anew."""
    drawn = {
        id: (answer, next(v for v in variants.of(id) if v.name == answer.variant))
        for id, answer in key.items()
        if answer.variant
    }
    cells = []
    for cell in lesson.cells:
        if cell.role == "exercise" and cell.exercise in drawn:
            cell = replace(cell, source=drawn[cell.exercise][1].cell)
        elif cell.role == "markdown":
            cell = replace(cell, source=_with_statements(cell.source, drawn))
        cells.append(cell)
    return replace(lesson, cells=tuple(cells))


def _with_statements(text: str, drawn: Mapping[str, tuple[Answer, variants.Variant]]) -> str:
    """The text, in which a drawn exercise's statement, from its heading on, is the variant's."""
    parts = re.split(r"(?m)^(?=#{2,4} )", text)
    for i, part in enumerate(parts):
        field = re.search(r"\{\{exercise:(\d\d\.\d+)\}\}", part)
        if field and field[1] in drawn:
            parts[i] = _statement(part.splitlines()[0], *drawn[field[1]])
    return "".join(parts).rstrip()


def _statement(heading: str, answer: Answer, variant: variants.Variant) -> str:
    return (
        f"{heading}\n{editions.exercise_line(answer.exercise)}\n\n"
        f"{CONVENTION}{variant.name}.** The lesson has it otherwise ({variant.instead}). "
        f"What counts here is the text below.\n\n{variant.statement}\n"
    )


# -- what is written --------------------------------------------------------------------------


def _write(folder: Path, lessons: Sequence[Lesson], key: Mapping[str, Answer], seed: int) -> None:
    folder.mkdir()
    hidden = secret.drawn()
    _write_manifest(folder / MANIFEST, lessons, key, seed, hidden)
    for lesson in lessons:
        home = folder / "source" / lesson.slug
        home.mkdir(parents=True)
        nbformat.write(editions.assigned(lesson), home / f"{lesson.slug}.ipynb")
        (home / sealed.file_name(lesson.number)).write_bytes(_checks(lesson, key))
    (folder / "nbgrader_config.py").write_text(_CONFIG, encoding="utf-8")
    _generate(folder, lessons)
    _write_students(folder / "students", folder / "release", lessons)
    package = Path(kd_course.__file__).parent
    found = [
        f"{name}/{place}"
        for name in ("students", "release")
        for place in answers_found(folder / name, lessons, seed, package, hidden)
    ]
    if found:
        raise Leak("Not released: answers would go out.\n" + "\n".join(f"  {f}" for f in found))
    shutil.make_archive(str(folder / "students"), "zip", folder, "students")


def _write_manifest(
    path: Path, lessons: Sequence[Lesson], key: Mapping[str, Answer], seed: int, hidden: str
) -> None:
    about = {
        "format": FORMAT,
        "kd_course": __version__,
        "lessons": [lesson.number for lesson in lessons],
        "seed": seed,
        "secret": hidden,
        "exercises": {
            id: {"points": answer.exercise.points, "variant": answer.variant}
            for id, answer in key.items()
        },
    }
    path.touch(mode=0o600)  # the secret is nobody else's business
    path.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _checks(lesson: Lesson, key: Mapping[str, Answer]) -> bytes:
    """What a learner's check needs: the outcomes of references and slips on the public cases."""
    return sealed.seal(
        [
            answer.sheet(sheets.PUBLIC_SEED)
            for id, answer in key.items()
            if id.startswith(f"{lesson.number}.")
        ]
    )


def _generate(course: Path, lessons: Sequence[Lesson]) -> None:
    """Let nbgrader make release/ and enter the assignments in its gradebook. Raises LessonError."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config, PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.merge(Config({"CourseDirectory": {"root": str(course)}}))
    api = NbGraderAPI(config=config)
    for lesson in lessons:
        with nbgrader_programs.beside_python():
            result = api.generate_assignment(lesson.slug)
        if not result["success"]:
            why = "\n".join(filter(None, (result.get("log"), result.get("error"))))
            raise LessonError(f"nbgrader does not accept {lesson.slug}:\n{why}")


def _write_students(folder: Path, made: Path, lessons: Sequence[Lesson]) -> None:
    folder.mkdir()
    for lesson in lessons:
        shutil.copytree(made / lesson.slug, folder / lesson.slug)
    package = folder / PACKAGE
    for name, path in package_files(Path(kd_course.__file__).parent).items():
        target = package / "kd_course" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for name in ("pyproject.toml", "constraints.txt", "LICENSE", "LICENSE-TEXT"):
        shutil.copyfile(ROOT / name, package / name)
    listed = "\n".join(
        f"- `{lesson.slug}/{lesson.slug}.ipynb`: {lesson.title}" for lesson in lessons
    )
    (package / "README.md").write_text(_PACKAGE_README, encoding="utf-8")
    (folder / "README.md").write_text(_README.replace("{lessons}", listed), encoding="utf-8")


_CONFIG = '''"""nbgrader's settings for this course."""

import os

c = get_config()  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.course_id = "kd_course"
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
# The same stub as in the course's own notebooks; its checks read it as "not attempted".
c.ClearSolutions.code_stub = {"python": "...  # your code here"}
# Lessons train small models: a cell may take a few minutes on a slow machine.
c.ExecutePreprocessor.timeout = 900
'''

_PACKAGE_README = """# kd_course, the students' edition

What the lessons import. The checks of an assignment lie beside its notebook, as data.
"""

_README = """# Knowledge distillation: your assignments

{lessons}

Each folder holds a notebook and, beside it, the file that its checks read. Keep the two together.

## Install, once

Python 3.11 to 3.13. In this folder:

```sh
python3 -m venv .venv
.venv/bin/python -m pip install -c package/constraints.txt ./package
.venv/bin/python -m jupyterlab
```

On Windows: `py -m venv .venv`, then `.venv\\Scripts\\python` in place of `.venv/bin/python`.
On a JupyterHub whose teachers have installed the package there is nothing to do.

## Work

Write your answers in place of `...`, run the cell, then the `check(…)` below it. It says what is
right, or what is wrong and where. A box above an exercise says which convention it asks for:
**it may differ from the lesson's own, and from solutions found elsewhere.** A quiz, and a number
that is asked for, is only noted: whether it is right you learn with your marks.

What you hand in is marked on other inputs than the check's, by the names of the functions. So keep
the names; helper functions in cells of your own are welcome, and so are warnings and prints. An
exercise says what you may use. The package's own version of what is asked for earns nothing.

## Hand in

The notebook, `NN_….ipynb`, as your teacher tells you: uploaded to the learning platform, or by
nbgrader's *Submit*. Nothing else of the folder is needed. Restart the kernel and run all cells
before: what only works because of a cell that you have deleted will not work elsewhere.
"""


# -- words ------------------------------------------------------------------------------------


def _numbers(text: str) -> list[str]:
    numbers = [number.strip() for number in text.split(",") if number.strip()]
    wrong = [number for number in numbers if not re.fullmatch(r"\d\d", number)]
    if wrong or not numbers:
        raise ValueError(
            f"--lessons takes numbers of two digits, 02,03,06, not {(wrong or [text])[0]!r}"
        )
    return list(dict.fromkeys(numbers))


def _summary(out: Path, key: Mapping[str, Answer]) -> str:
    points = sum(answer.exercise.points for answer in key.values())
    varied = [id for id, answer in key.items() if answer.variant]
    own = [id for id, answer in key.items() if not answer.variant]
    of_varied = sum(key[id].exercise.points for id in varied)
    lines = [
        f"{out}: {len(key)} exercises, {points} points",
        f"  {len(varied)} with a convention of their own ({of_varied} points): {', '.join(varied)}",
        f"  {len(own)} as in the course, whose solutions are public ({points - of_varied} points): "
        f"{', '.join(own) or 'none'}",
        "Hand out: students.zip (or, with nbgrader, release/). Keep everything else to yourself,",
        f"{MANIFEST} above all: the secret in it draws the hidden inputs.",
        f"Grade: python -m kd_course grade SUBMISSIONS --course {out} --out marks.csv",
    ]
    return "\n".join(lines)
