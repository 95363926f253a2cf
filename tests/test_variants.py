"""What variants promise: a copied solution fails and is told what it followed; nobody is misjudged."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

import pytest
import torch

from kd_course.authoring.source import ROOT, outside_solution, read, solution_lines, source_of
from kd_course.exercises import engine, find, lessons, of_lesson, sheets, variants
from kd_course.grading.answers import answer_key, answer_of, public_reference

VARIANTS = [variant for lesson in lessons() for variant in variants.of_lesson(lesson)]
SEEDS = (1, 2)
each_variant = pytest.mark.parametrize(
    "variant", VARIANTS, ids=lambda v: f"{v.exercise} {v.name}"[:60]
)


@lru_cache
def sheet_of(place, seed):
    """One sheet for all tests: what the slips give is computed once."""
    return answer_of(VARIANTS[place]).sheet(seed)


@lru_cache
def setup_of(lesson):
    """What a lesson's setup cells define."""
    spaces = {"__name__": "lesson"}
    for cell in read(source_of(lesson)).cells:
        if cell.role == "setup":
            exec(cell.source, spaces)
    return spaces


def judged(variant, attempt, seed):
    sheet = sheet_of(VARIANTS.index(variant), seed)
    return engine.judge(sheet, sheets.outcomes_of(sheet.exercise, attempt, sheet.cases))


def test_an_exercise_that_has_variants_has_two_or_more():
    counts = Counter(variant.exercise for variant in VARIANTS)
    assert all(count >= 2 for count in counts.values()), counts
    assert {id.split(".")[0] for id in counts} >= {"02", "03", "04", "05", "06", "09", "10"}
    assert len(counts) >= 28


@each_variant
def test_its_reference_passes(variant):
    for seed in SEEDS:
        report = judged(variant, variant.reference, seed)
        assert report.passed, report.message


@each_variant
def test_the_copied_public_solution_fails_and_is_told_which_convention_it_followed(variant):
    for seed in SEEDS:
        report = judged(variant, public_reference(variant.exercise), seed)
        assert report.misconception == f"The lesson's own convention: {variant.instead}"
        assert variant.instead in " ".join(report.message.split())
        assert variant.name in " ".join(report.message.split())


@each_variant
def test_a_solution_of_another_variant_fails_and_is_told_which(variant):
    for other in variants.of(variant.exercise):
        if other is not variant:
            report = judged(variant, other.reference, 1)
            assert report.misconception == f"Another convention: {other.name}", report.message


@each_variant
def test_every_misconception_fails_and_is_told_apart(variant):
    for seed in SEEDS:
        sheet = sheet_of(VARIANTS.index(variant), seed)
        for wrong in sheet.exercise.misconceptions:
            report = engine.judge(sheet, sheet.slip(wrong))
            assert (report.status, report.misconception) == ("misconception", wrong.name), (
                report.message
            )
            assert not all(outcome.raised for outcome in sheet.slip(wrong)), (
                "it says nothing but an exception"
            )


@each_variant
def test_it_knows_at_least_four_slips(variant):
    assert len(answer_of(variant).exercise.misconceptions) >= 4


@each_variant
def test_double_precision_passes(variant):
    def doubled(*args):
        return variant.reference(*(double(value) for value in args))

    assert judged(variant, doubled, 1).passed


def double(value):
    floating = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.double() if floating else value


# -- what stands in the notebook --------------------------------------------------------------


@each_variant
def test_its_cell_runs_in_the_lesson_and_is_its_reference(variant):
    spaces = dict(setup_of(variant.exercise.split(".")[0]))
    exec(variant.cell, spaces)
    function = spaces[find(variant.exercise).name]
    assert judged(variant, function, 1).passed
    assert function.__doc__ and function.__doc__ == variant.reference.__doc__


@each_variant
def test_its_cell_has_signature_and_docstring_outside_its_solution(variant):
    stub = outside_solution(variant.cell)
    spec = find(variant.exercise)
    spaces = {}
    exec(stub + "\n    ...", spaces)
    code = spaces[spec.name].__code__
    assert code.co_varnames[: code.co_argcount] == sheets.argument_names(spec.signature)
    assert variant.cell.count("### BEGIN SOLUTION") == variant.cell.count("### END SOLUTION") == 1
    assert solution_lines(variant.cell)


@each_variant
def test_its_text_is_its_own(variant):
    """The statement is written anew: the course's own does not stand in it as it was."""
    assert variant.name != variant.instead
    assert "{{" not in variant.statement and not variant.statement.startswith(" ")
    public = next(
        cell.source
        for cell in read(source_of(variant.exercise.split(".")[0])).cells
        if cell.exercise == variant.exercise and cell.role == "exercise"
    )
    assert outside_solution(public).strip() != outside_solution(variant.cell).strip(), (
        "the docstring states the course's own convention"
    )


@each_variant
def test_hints_speak_of_no_other_convention(variant):
    """What the course's own hints say of its own convention would mislead here."""
    told = "\n".join(w.hint for w in answer_of(variant).exercise.misconceptions[1:])
    assert not re.search(r"[Ii]n this course", told), told


# -- drawing ----------------------------------------------------------------------------------


def test_a_seed_always_draws_the_same_and_seeds_differ():
    one, again, other = (answer_key(["02", "03"], seed) for seed in (11, 11, 12))
    names = [[answer.variant for answer in key.values()] for key in (one, again, other)]
    assert names[0] == names[1] != names[2]


def test_the_draw_of_one_lesson_does_not_hang_on_the_others():
    alone, together = answer_key(["03"], 5), answer_key(["02", "03", "06"], 5)
    assert all(together[id].variant == answer.variant for id, answer in alone.items())


def test_every_variant_can_be_drawn():
    for id in {variant.exercise for variant in VARIANTS}:
        drawn = {variants.draw(id, seed).name for seed in range(60)}
        assert drawn == {variant.name for variant in variants.of(id)}


def test_without_a_seed_the_exercises_are_the_courses_own():
    key = answer_key(["02"])
    assert all(not answer.variant and answer.exercise == find(id) for id, answer in key.items())


def test_an_exercise_keeps_its_points_id_and_signature():
    for variant in VARIANTS:
        own, spec = find(variant.exercise), answer_of(variant).exercise
        assert (spec.id, spec.points, spec.signature) == (own.id, own.points, own.signature)


# -- partial credit ---------------------------------------------------------------------------


@each_variant
def test_where_conventions_agree_being_right_shows_nothing(variant):
    """A copied solution is right on some cases, and on none of those that tell."""
    for seed in SEEDS:
        sheet = sheet_of(VARIANTS.index(variant), seed)
        assert sheet.telling
        others = [w for w in sheet.exercise.misconceptions if w.convention]
        assert len(others) == len(variants.of(variant.exercise))
        for wrong in others:
            for i in sheet.telling:
                assert sheets.mismatch(sheet.exercise, sheet.slip(wrong)[i], sheet.expected[i])


def test_in_the_courses_own_exercises_every_case_tells():
    sheet = answer_key(["02"])["02.3"].sheet(1)
    assert sheet.telling == tuple(range(len(sheet.cases)))


def test_the_page_for_teachers_says_how_much_has_variants():
    exercises = [exercise for lesson in lessons() for exercise in of_lesson(lesson)]
    some = [exercise for exercise in exercises if variants.of(exercise.id)]
    points = sum(e.points for e in some), sum(e.points for e in exercises)
    page = " ".join((ROOT / "docs" / "teaching.md").read_text(encoding="utf-8").split())
    told = f"{len(some)} of the {len(exercises)} with {points[0]} of the {points[1]} points"
    assert told in page
