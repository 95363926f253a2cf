"""What of the course goes into the box: its package without the answers, and a lesson's setup."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

import kd_course
from kd_course.authoring.source import read, source_of
from kd_course.exercises.engine import parsed
from kd_course.exercises.spec import Exercise

MANIFEST = "kd_course_release.json"  # what a released course says of itself
CONVENTION = "> **In this exercise "  # how the box over an exercise with another convention begins
PACKAGE = Path(kd_course.__file__).parent
# Rooms that hold answers, or serve nobody in there.
LEFT_OUT = (
    "authoring",
    "bench",
    "doctor",
    "exercises",
    "grading",
    "release",
    "running",
    "__main__",
)
# Of the exercises: what an attempt is run with. No spec of any exercise, no recorded output.
EXERCISES = ("made", "running", "spec", "values")

_CHECKS = '''"""In the box an exercise is neither described nor checked: that happens where its answers are."""


class CheckFailed(AssertionError):
    """Never raised here; a notebook may name it."""


class Withheld(RuntimeError):
    """The package's own version of what an exercise asks for was used in place of an answer."""


def check(id, attempt=None):
    """Says nothing: what an attempt is worth is found out elsewhere."""


def examine(id, attempt=None, **options):
    """There is no report in here."""
    raise RuntimeError("exercises are not examined while they are marked")
'''
_STILL_IMPORTABLE = '"""Not in the box."""\n'


@lru_cache
def package() -> dict[str, str]:
    """The sources of the box's kd_course: module -> text."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] in LEFT_OUT or parts[0].startswith(("variants", "release")):
            continue
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        found[".".join(("kd_course", *parts))] = path.read_text(encoding="utf-8")
    for name in EXERCISES:
        path = PACKAGE / "exercises" / f"{name}.py"
        found[f"kd_course.exercises.{name}"] = path.read_text(encoding="utf-8")
    # A lesson's setup may import them by name.
    found["kd_course.doctor"] = found["kd_course.running"] = _STILL_IMPORTABLE
    found["kd_course.exercises"] = _CHECKS
    return found


def setup(lesson: str) -> list[dict[str, str]]:
    """The setup cells of a lesson, from the teacher's copy."""
    return [
        {"name": f"<setup, cell {cell.number}>", "source": cell.source, "run": "whole"}
        for cell in read(source_of(lesson)).cells
        if cell.role == "setup"
    ]


def withheld(exercise: Exercise) -> dict[str, dict[str, str]]:
    """What an exercise's own box lacks besides: the names with what is said, the sources without."""
    message = f"{{}} is what exercise {exercise.id} asks for"
    modules: dict[str, set[str]] = {}
    for name in exercise.withheld:
        module, _, attribute = name.rpartition(".")
        modules.setdefault(module, set()).add(attribute)
    return {
        "names": {name: message.format(name) for name in exercise.withheld},
        "sources": {
            module: _without(package()[module], names, message.format, module)
            for module, names in modules.items()
        },
    }


def _without(source: str, names: set[str], message, module: str) -> str:
    tree = parsed(source)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name in names:
            refusal = (
                "from kd_course.exercises import Withheld\n"
                f"raise Withheld({message(f'{module}.{statement.name}')!r})"
            )
            statement.body, statement.decorator_list = parsed(refusal).body, []
        elif isinstance(statement, ast.ClassDef) and statement.name in names:
            statement.body = [ast.Pass()]
    return ast.unparse(tree)
