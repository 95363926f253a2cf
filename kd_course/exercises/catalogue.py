"""Finding exercises: lessons/lesson03/exercises.py lists a lesson's, loaded when one is asked for."""

from __future__ import annotations

import importlib

from kd_course.exercises.spec import Exercise


def lessons() -> list[str]:
    """The lessons that have exercises: "00", "02", …"""
    return list(_rooms())


def _rooms() -> dict[str, str]:
    """The module that lists a lesson's exercises, by the lesson's number."""
    # By name, as a plug-in is: a lesson's room imports from this one.
    return importlib.import_module("kd_course.lessons").rooms_with("exercises")


def of_lesson(lesson: str) -> tuple[Exercise, ...]:
    """A lesson's exercises, in their order. Raises KeyError where there are none."""
    rooms = _rooms()
    if lesson not in rooms:
        there = ", ".join(rooms)
        raise KeyError(
            f"no exercises for lesson {lesson!r}; there are some for {there}"
            if there
            else "no exercises in this edition of the package: an assignment's own lie beside its "
            f"notebook, in {lesson}_checks.npz"
        )
    return tuple(importlib.import_module(rooms[lesson]).EXERCISES)


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
