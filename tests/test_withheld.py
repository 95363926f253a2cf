"""What an exercise withholds is refused by its check: the function asked for, and what would do as well."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from cheats import CHEATS

from kd_course import losses
from kd_course.compression import low_bits
from kd_course.exercises import find, sealed, withheld
from kd_course.exercises.engine import examine, judge, secret_sheet
from kd_course.exercises.refusing import Withheld
from kd_course.exercises.sheets import outcomes_of
from kd_course.grading.answers import answer_key, public_reference


@pytest.mark.parametrize(("id", "cheat"), CHEATS, ids=lambda x: getattr(x, "__name__", x))
def test_a_cheat_is_refused_though_what_it_gives_is_right(id, cheat):
    sheet = secret_sheet(id, 7, public_reference(id))
    assert judge(sheet, outcomes_of(sheet.exercise, cheat, sheet.cases)).passed
    report = examine(id, cheat, seed=7, reference=public_reference(id))
    said = " ".join(report.message.split())
    assert report.status == "withheld"
    assert f"which exercise {id} does without; the check does not count it." in said


@pytest.mark.parametrize("lesson", sorted({id[:2] for id, _ in CHEATS}))
def test_the_worked_answers_pass_where_whole_modules_are_withheld(lesson):
    for id, answer in answer_key([lesson]).items():
        report = examine(id, answer.reference, seed=7, reference=answer.reference)
        assert report.passed, report.message


def test_a_whole_module_is_withheld_with_all_below_it_and_its_private_parts():
    told = withheld.told(find("03.2"))
    below = {"adaptive.row_wise_soft_loss", "sequences._kl", "rows.mean_over_rows", "top_k.TopK"}
    assert {f"kd_course.losses.{name}" for name in below} <= set(told)
    # What it has from elsewhere is not its own: the statement does not forbid that.
    assert not any("positive_temperature" in name for name in told)


def test_what_a_module_defines_works_again_afterwards():
    logits = torch.tensor([[1.0, 2.0]])
    every = dict(temperatures=torch.ones(1))
    before = losses.row_wise_soft_loss(logits, logits + 1, **every)
    with withheld.refused(find("03.2")), pytest.raises(Withheld, match="^kd_course.losses.adap"):
        losses.row_wise_soft_loss(logits, logits + 1, **every)
    assert torch.equal(losses.row_wise_soft_loss(logits, logits + 1, **every), before)


def test_the_methods_of_a_withheld_class_refuse():
    """One with a free variable among them, for it calls super(), and those without an instance."""
    weight, scale = torch.ones(1, 2), torch.ones(1, 1)
    with withheld.refused(find("12.2")):
        with pytest.raises(Withheld, match="FakeQuantized is part of kd_course.compression"):
            low_bits.FakeQuantized(4, "row", False)
        with pytest.raises(Withheld, match="_StraightThrough is part of kd_course.compression"):
            low_bits._StraightThrough.apply(weight, scale, 7)
    assert torch.equal(low_bits.FakeQuantized(4, "row", False)(weight), weight)


def test_an_assignment_withholds_what_the_course_does(tmp_path):
    """Its check must not pass what its marking refuses."""
    sheet = secret_sheet("03.2", 7, public_reference("03.2"))
    (tmp_path / "03_checks.npz").write_bytes(sealed.seal([sheet]))
    read = sealed.read(tmp_path / "03_checks.npz")["03.2"].exercise
    assert read.withheld == find("03.2").withheld == ("kd_course.losses.*",)


@pytest.mark.parametrize(
    "name", ["kd_course.*x", "kd_course", "torch.*", "kd_course.losses.*.x", "*"]
)
def test_what_names_neither_a_function_nor_a_module_is_refused(name):
    with pytest.raises(ValueError, match="withheld must hold names like"):
        dataclasses.replace(find("03.2"), withheld=(name,))
