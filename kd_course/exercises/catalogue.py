"""Finding exercises: one module a lesson (lesson03.py), loaded when one of its exercises is asked for."""

from __future__ import annotations

import importlib
import pkgutil

from kd_course.exercises.spec import Exercise

_PREFIX = "lesson"


def lessons() -> list[str]:
    """The lessons that have exercises: "00", "02", …"""
    here = importlib.import_module("kd_course.exercises").__path__
    names = [module.name for module in pkgutil.iter_modules(here)]
    return sorted(name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX))


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
    module = importlib.import_module(f"kd_course.exercises.{_PREFIX}{lesson}")
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
