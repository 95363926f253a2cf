"""Finding exercises: lessons/lesson03/exercises.py lists a lesson's, loaded when one is asked for."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

from kd_course.exercises.spec import Exercise

_PREFIX = "lesson"


def lessons() -> list[str]:
    """The lessons that have exercises: "00", "02", …"""
    # By name, as a plug-in is: a lesson's room imports from this one.
    there = importlib.import_module("kd_course.lessons").__path__
    rooms = [module.name for module in pkgutil.iter_modules(there)]
    listed = [room for room in rooms if importlib.util.find_spec(module_of(room))]
    return sorted(room.removeprefix(_PREFIX) for room in listed)


def module_of(room: str) -> str:
    """The module that lists the exercises of a room, "lesson03"."""
    return f"kd_course.lessons.{room}.exercises"


def of_lesson(lesson: str) -> tuple[Exercise, ...]:
    """A lesson's exercises, in their order. Raises KeyError where there are none."""
    if lesson not in lessons():
        there = ", ".join(lessons())
        raise KeyError(
            f"no exercises for lesson {lesson!r}; there are some for {there}"
            if there
            else "no exercises in this edition of the package: an assignment's own lie beside its "
            f"notebook, in {lesson}_checks.npz"
        )
    module = importlib.import_module(module_of(f"{_PREFIX}{lesson}"))
    return tuple(module.EXERCISES)


def find(id: str) -> Exercise:
    """The exercise with this id. Raises KeyError that lists the lesson's own when there is none."""
    listed = of_lesson(str(id).split(".")[0])
    for exercise in listed:
        if exercise.id == id:
            return exercise
    raise KeyError(f"no exercise {id!r}; the lesson has {', '.join(e.id for e in listed)}")


def all_exercises() -> tuple[Exercise, ...]:
    """Every exercise of the course, in the course's order."""
    return tuple(exercise for lesson in lessons() for exercise in of_lesson(lesson))
