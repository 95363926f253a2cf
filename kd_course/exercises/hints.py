"""Help in stages, for whoever asks: a question, then a direction, then where the worked answer stands."""

from __future__ import annotations

import os
from pathlib import Path

from kd_course.console import say
from kd_course.exercises import catalogue, sealed
from kd_course.exercises.spec import Exercise

_ROOT = Path(__file__).parents[2]
_asked: dict[str, int] = {}  # how many stages of an exercise's help this session has shown


def hint(id: str, stage: int | None = None) -> None:
    """Print the next piece of help with an exercise: `hint("03.2")`, and once more for the next.

    The first call asks a question, the second gives a direction, the third tells where the worked
    answer stands; further calls begin again. stage: 1, 2 or 3 for just this one.
    Raises KeyError for an unknown exercise, and ValueError for another stage.
    """
    assigned = sealed.beside(id)
    exercise = assigned.exercise if assigned else catalogue.find(id)
    stages = stages_of(exercise, assigned=assigned is not None)
    if stage is None:
        stage = _asked.get(exercise.id, 0) % len(stages) + 1
    if stage not in range(1, len(stages) + 1):
        raise ValueError(f"stage must be 1 to {len(stages)}, but is {stage!r}")
    _asked[exercise.id] = stage
    more = f'\n  Once more, hint("{exercise.id}"), for the next.' if stage < len(stages) else ""
    say(
        f"{exercise.id} {exercise.title}, help {stage} of {len(stages)}:\n  {stages[stage - 1]}{more}"
    )


def stages_of(exercise: Exercise, *, assigned: bool = False) -> list[str]:
    """The help with an exercise, in its order. assigned: in an assignment, which has no worked edition."""
    last = (
        "This is as far as help goes in an assignment. Ask your teacher, and bring what you tried."
        if assigned
        else f"The worked answer: {_worked(exercise)}. Close it, and write the cell yourself."
    )
    return [*filter(None, (exercise.question, exercise.hint)), last]


def _worked(exercise: Exercise) -> str:
    found = sorted((_ROOT / "solutions").glob(f"{exercise.lesson}_*.ipynb"))
    where = f"section “Exercise {exercise.id} · {exercise.title}”"
    if not found:
        return f"{where} of lesson {exercise.lesson}'s worked edition, in the course's solutions/"
    return f"{os.path.relpath(found[0])}, {where}"
