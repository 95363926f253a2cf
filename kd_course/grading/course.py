"""What of the course goes into the box: its package without the answers, and a lesson's setup."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

import kd_course
from kd_course.authoring.source import read, source_of
from kd_course.exercises import withheld as withholding
from kd_course.exercises.sheets import parsed
from kd_course.exercises.spec import Exercise
from kd_course.grading.python_of import python_of
from kd_course.grading.student_files import package_files

MANIFEST = "kd_course_release.json"  # what a released course says of itself
CONVENTION = "> **In this exercise "  # how the box over an exercise with another convention begins
PACKAGE = Path(kd_course.__file__).parent
CAPSTONE = "capstone"  # in place of a lesson: the box in which a handed-in model is asked
# A model is made and asked here already: torch looks the processor up at the first call that wants
# to know it, in /proc, and a room has none.
_ASKS_A_MODEL = """
import torch
import kd_course.compression, kd_course.distillation, kd_course.spans, kd_course.translation
from transformers import BertConfig, BertForSequenceClassification, MarianMTModel
from transformers import RoFormerForQuestionAnswering
from kd_course.capstone.answering import reply

_sizes = dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=1, intermediate_size=32)
_model = BertForSequenceClassification(BertConfig(vocab_size=8, **_sizes)).eval()
for _weights in _model.parameters():
    _weights.data = _weights.data.half().float() * torch.ones(1, dtype=torch.int8)
with torch.inference_mode():
    _model(torch.ones(2, 4, dtype=torch.long), attention_mask=torch.tensor([[1, 1, 1, 0]] * 2))
"""
# Rooms that serve nobody in there; those for teachers are left out in any case.
LEFT_OUT = ("commands", "exercises", "__main__")
# Of the exercises: what an attempt is run with. No spec of any exercise, no recorded output.
EXERCISES = ("attempts", "fixtures", "refusing", "spec", "values")

_CHECKS = '''"""In the box an exercise is neither described nor checked: that happens where its answers are."""


from kd_course.exercises.refusing import Withheld


class CheckFailed(AssertionError):
    """Never raised here; a notebook may name it."""


def check(id, attempt=None):
    """Says nothing: what an attempt is worth is found out elsewhere."""


def hint(id, stage=None):
    """Says nothing: nobody reads in here."""


def show_progress(lesson=None):
    """Shows nothing: nobody looks in here."""


def examine(id, attempt=None, **options):
    """There is no report in here."""
    raise RuntimeError("exercises are not examined while they are marked")
'''
_STILL_IMPORTABLE = '"""Not in the box."""\n'


@lru_cache
def package() -> dict[str, str]:
    """The sources of the box's kd_course: module -> text."""
    found = {}
    for name, path in package_files(PACKAGE).items():
        parts = name.with_suffix("").parts
        if path.suffix != ".py" or parts[0] in LEFT_OUT:
            continue
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        found[".".join(("kd_course", *parts))] = path.read_text(encoding="utf-8")
    for name in EXERCISES:
        path = PACKAGE / "exercises" / f"{name}.py"
        found[f"kd_course.exercises.{name}"] = path.read_text(encoding="utf-8")
    # A lesson's setup may import it by name.
    found["kd_course.commands"] = found["kd_course.commands.doctor"] = _STILL_IMPORTABLE
    found["kd_course.exercises"] = _CHECKS
    return found


@lru_cache
def data() -> dict[str, str]:
    """What the box's modules read beside their own sources, the words of the corpora: path -> text."""
    folder = PACKAGE / "corpora" / "words"
    return {
        f"/kd_course/{path.relative_to(PACKAGE).as_posix()}": path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.toml"))
    }


def setup(lesson: str) -> list[dict[str, str]]:
    """The setup cells of a lesson, from the teacher's copy; of CAPSTONE, what asks a model."""
    if lesson == CAPSTONE:
        return [{"name": "<capstone>", "source": _ASKS_A_MODEL, "run": "whole"}]
    return [
        {"name": f"<setup, cell {cell.number}>", "source": python_of(cell.source), "run": "whole"}
        for cell in read(source_of(lesson)).cells
        if cell.role == "setup"
    ]


def withheld(exercise: Exercise) -> dict[str, dict[str, str]]:
    """What an exercise's own box lacks besides: the names with what is said, the sources without."""
    return _without_these(tuple(withholding.told(exercise).items()))


@lru_cache
def _without_these(messages: tuple[tuple[str, str], ...]) -> dict[str, dict[str, str]]:
    told = dict(messages)
    modules: dict[str, dict[str, str]] = {}
    for name, message in told.items():
        module, attribute = defined_in(name)
        modules.setdefault(module, {})[attribute] = message
    return {
        "names": told,
        "sources": {
            module: _without(package()[module], messages) for module, messages in modules.items()
        },
    }


def defined_in(name: str) -> tuple[str, str]:
    """Where what the box knows by a public name is defined: (its module, its name there).

    "kd_course.losses.soft_target_loss" is imported there from kd_course.losses.targets.
    """
    module, _, attribute = name.rpartition(".")
    for statement in parsed(package()[module]).body:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                if attribute == (alias.asname or alias.name):
                    return defined_in(f"{statement.module}.{alias.name}")
    return module, attribute


def _without(source: str, messages: dict[str, str]) -> str:
    """A module's source in which these names refuse: name -> what is said to whoever calls it."""
    tree = parsed(source)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name in messages:
            refusal = (
                "from kd_course.exercises import Withheld\n"
                f"raise Withheld({messages[statement.name]!r})"
            )
            statement.body, statement.decorator_list = parsed(refusal).body, []
        elif isinstance(statement, ast.ClassDef) and statement.name in messages:
            statement.body, statement.decorator_list = [ast.Pass()], []
    return ast.unparse(tree)
