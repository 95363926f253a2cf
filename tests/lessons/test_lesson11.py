"""Lesson 11's answers against the package and independent figures, and its claims."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

from kd_course import experiments, losses
from kd_course.authoring.references import references
from kd_course.authoring.source import read, source_of
from kd_course.distillation import most_uncertain
from kd_course.exercises.catalogue import of_lesson
from kd_course.lessons.lesson11.settings import (
    CHOSEN,
    CHOSEN_AT_SMALL,
    EXPECTED,
    settings,
    temperatures_of,
)
from kd_course.settings import HUB_DATA, Switches


@pytest.fixture(scope="module")
def lesson():
    return read(source_of("11"))


@pytest.fixture(scope="module")
def answers(lesson):
    return references(lesson)


@pytest.fixture(scope="module")
def code(lesson):
    return "\n".join(cell.source for cell in lesson.cells if cell.is_code)


def cases(id, seed=3):
    exercise = next(e for e in of_lesson("11") if e.id == id)
    return [case.args for case in exercise.cases(np.random.default_rng(seed))]


# -- the answers, computed by others ----------------------------------------------------------


def test_the_distance_is_scikit_learns_balanced_accuracy_stretched(answers):
    for p, target in cases("11.1"):
        accuracy = balanced_accuracy_score(target.numpy(), (p > 0.5).numpy())
        assert answers["11.1"](p, target) == pytest.approx(max(0.0, 4 * accuracy - 2), abs=1e-6)


def test_the_weights_are_the_packages(answers):
    for (logits,) in cases("11.3"):
        torch.testing.assert_close(answers["11.3"](logits), losses.certainty_weights(logits))


def test_the_row_wise_loss_is_the_packages(answers):
    for student, teacher, temperatures in cases("11.4"):
        expected = losses.row_wise_soft_loss(student, teacher, temperatures=temperatures)
        torch.testing.assert_close(answers["11.4"](student, teacher, temperatures), expected)


def test_the_schedule_is_the_packages(answers):
    for step, steps, highest in cases("11.5"):
        expected = losses.annealed_temperature(min(step, steps - 1), steps, highest)
        assert answers["11.5"](step, steps, highest) == pytest.approx(expected)


def test_standardised_rows_are_scikit_learns(answers):
    for (logits,) in cases("11.6"):
        expected = StandardScaler().fit_transform(logits.double().numpy().T).T
        found = answers["11.6"](logits.double()).numpy()
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_least_sure_rows_are_the_packages(answers):
    for logits, percent in cases("11.7"):
        assert answers["11.7"](logits, percent) == most_uncertain(logits.numpy(), percent / 100)


# -- what the lesson says ---------------------------------------------------------------------


def test_the_gradient_of_section_3_is_what_autograd_finds():
    generator = torch.Generator().manual_seed(0)
    z, v = (torch.randn(3, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    z.requires_grad_()
    temperatures = torch.tensor([1.0, 3.0, 40.0], dtype=torch.float64)
    loss = losses.row_wise_soft_loss(
        z, v, temperatures=temperatures, weights=3 / temperatures**2
    )  # the sum of the rows' KL
    (found,) = torch.autograd.grad(loss, z)
    scale = temperatures[:, None]
    exact = ((z / scale).softmax(-1) - (v / scale).softmax(-1)) / scale
    torch.testing.assert_close(found, exact.detach())
    centred = [x - x.mean(-1, keepdim=True) for x in (z.detach(), v)]
    torch.testing.assert_close(
        found[2], (centred[0] - centred[1])[2] / (4 * 40**2), rtol=0.05, atol=1e-6
    )


def test_a_students_error_lies_within_the_disagreement_of_the_teachers():
    random = np.random.default_rng(0)
    for _ in range(50):
        truth, teacher, student = random.integers(3, size=(3, 40))
        wrong, own, apart = (
            np.mean(a != b) for a, b in ((teacher, truth), (student, truth), (teacher, student))
        )
        assert wrong - apart - 1e-9 <= own <= wrong + apart + 1e-9


def test_every_arm_has_a_recipe_out_of_as_many():
    for scale, arms_there, tried in (
        ("offline", CHOSEN, 12),
        ("small", CHOSEN_AT_SMALL, 3),
        ("full", CHOSEN, 3),
    ):
        setting = settings(Switches(scale))
        arms = set(setting.recipes) - {"teacher", "adaptation"}
        assert arms == set(arms_there) <= set(CHOSEN)
        for arm in arms:
            grid = setting.grid(arm)
            assert len(set(map(str, grid))) == len(grid) == tried
            beyond = setting.recipes[arm].temperature == 2 * max(temperatures_of(arm))
            assert setting.recipes[arm] in grid or beyond, (scale, arm)
            assert {recipe.steps for recipe in grid} == {setting.recipes[arm].steps}


def test_whoever_names_the_target_gets_the_other_for_a_source():
    there = settings(Switches("small"))
    back = settings(Switches("small", dataset="stanfordnlp/sst2"))
    assert (
        (there.source, there.target) == ("stanfordnlp/sst2", HUB_DATA) == (back.target, back.source)
    )


def test_all_that_is_expected_is_noted(code):
    written = re.search(r"^questions = (\{.*?^\})", code, re.M | re.S)
    asked = {
        f"{arm}/gain over {other}"
        for arm, others in ast.literal_eval(written.group(1)).items()
        for other in others
    }
    patterns = {
        '"{}/{}, target minus source"'.format("teacher", "{figure}"): {
            f"teacher/{figure}, target minus source" for figure in ("accuracy", "confidence")
        },
        '"{arm}/source gain over {other}"': {
            "target text/source gain over source text",
            "adapted teacher/source gain over target text, then labels",
        },
        '"{arm}/mistakes shared minus {other}"': {
            f"target text/mistakes shared minus {other}" for other in ("control", "source text")
        },
    }
    for pattern, names in patterns.items():
        assert pattern in code
        asked |= names
    for pair in ('(plain, "source text")', '("adapted teacher", last_arm)', '(plain, "control")'):
        assert pair in code
    for expected in EXPECTED.values():
        assert set(expected) <= asked


def test_of_ten_findings_of_the_earlier_run_six_are_open_now():
    """The text says so, and names three that went and what stayed."""
    run = experiments.ledger().find("11", "offline")
    earlier, figures = run["tables"]["earlier run"], run["figures"]
    open_now = {name for name in earlier if not leaves_out_zero(figures[name]["interval"])}
    assert len(earlier) == 10 and all(leaves_out_zero(found) for found in earlier.values())
    assert len(open_now) == 6
    for arm in ("annealed", "standardised", "least sure tenth"):
        assert f"target text, {arm}/target KL minus target text" in open_now


def test_what_the_text_says_of_mistakes_shared_at_small_is_what_the_ledger_has():
    """Less the student taught at home, open both ways; less the control, seen on the way back alone."""
    there, back = (
        experiments.ledger().find("11", scale)["figures"] for scale in ("small", "small:sst2")
    )
    for other, run, seen in (
        ("source text", there, False),
        ("source text", back, False),
        ("control", there, False),
        ("control", back, True),
    ):
        found = run[f"target text/mistakes shared minus {other}"]["interval"]
        assert leaves_out_zero(found) == seen, other


def test_the_student_taught_abroad_is_surer_at_home_in_every_seed():
    figures = experiments.ledger().find("11", "offline")["figures"]
    abroad, home = (
        figures[f"{arm}/source confidence"]["values"] for arm in ("target text", "source text")
    )
    assert len(abroad) == 5 and all(abroad[seed] > home[seed] for seed in abroad)


def test_the_arms_at_the_edge_of_their_rates_at_small_are_those_that_the_text_names():
    tried = experiments.ledger().find("11", "small")["tables"]["rates, one seed"]
    chosen = settings(Switches(scale="small")).recipes
    at_the_edge = {
        arm
        for arm, rows in tried.items()
        if chosen[arm].learning_rate in (min(rows)[0], max(rows)[0])
    }
    assert at_the_edge == {"control, target labels", "target text, dealt out"}


def leaves_out_zero(interval):
    """Whether an interval, its mean first, leaves out 0."""
    _, low, high = interval
    return low > 0 or high < 0


def test_no_choice_looks_at_labels_of_the_target(code):
    chooser = code[code.index("def validated(") : code.index("if setting.run.maps:")]
    assert '"source", "validation"' in chooser and '"target"' not in chooser


def test_every_training_says_which_arm_it_is(code):
    calls = [
        node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "train"
    ]
    assert len(calls) >= 4
    assert all("arm" in [keyword.arg for keyword in call.keywords] for call in calls)


def test_the_lesson_has_between_2500_and_4000_words(lesson):
    prose = "\n".join(cell.source for cell in lesson.cells if not cell.is_code)
    prose = prose.partition("## Further reading")[0]
    prose = re.sub(r"### Exercise .*?(?=\n#|\Z)", "", prose, flags=re.S)  # what is asked, not told
    prose = re.sub(r"(?m)^\|.*$|\]\([^)]*\)|\{\{.*?\}\}", " ", prose)  # tables, links, fields
    assert 2500 <= len(prose.split()) <= 4000
