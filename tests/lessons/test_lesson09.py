"""Lesson 09: its answers against the package's and independent figures, its arms, its scales."""

from __future__ import annotations

import ast
import copy
import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hub_contents import BERT, MINILM, write_encoder

from kd_course import experiments, losses, metrics, settings
from kd_course.authoring.references import references
from kd_course.authoring.source import read, source_of
from kd_course.distillation import layer_map
from kd_course.exercises import sheets
from kd_course.exercises.catalogue import of_lesson
from kd_course.lessons.lesson09.settings import EXPECTED, READING_ARMS, TASK_ARMS, rates_beside
from kd_course.teachers import news_recipe


@pytest.fixture(scope="module")
def answers():
    return references(read(source_of("09")))


def cases(id, seed=3):
    exercise = next(e for e in of_lesson("09") if e.id == id)
    return [case.args for case in exercise.cases(np.random.default_rng(seed))]


# -- the answers, computed by others ------------------------------------------------------------


def test_layers_are_mapped_as_the_package_maps_them(answers):
    for student_layers, teacher_layers in cases("09.1"):
        expected = list(layer_map(student_layers, teacher_layers).values())
        assert answers["09.1"](student_layers, teacher_layers) == expected


def test_tinybert_compares_every_third_of_twelve_layers(answers):
    assert answers["09.1"](4, 12) == [3, 6, 9, 12]


def test_the_hidden_loss_is_the_packages(answers):
    for student, teacher, mask, weight in cases("09.2"):
        project = None if weight is None else lambda x, weight=weight: x @ weight.T
        expected = losses.hidden_state_loss(student, teacher, mask=mask, projection=project)
        found = answers["09.2"](student, teacher, mask, weight)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_a_list_of_names_learnt_by_heart_is_right_on_one_case_of_one_draw_at_most(answers):
    exercise = next(e for e in of_lesson("09") if e.id == "09.3")
    drawn = [case for seed in (3, 4) for case in sheets.cases_of(exercise, seed)]
    outcomes = sheets.outcomes_of(exercise, answers["09.3"], drawn)
    assert len({str(outcome.value) for outcome in outcomes}) == len(drawn) == 14


def test_the_attention_loss_is_numpys_and_the_packages(answers):
    for student, teacher, mask in cases("09.4"):
        if not student or not teacher:
            with pytest.raises(ValueError, match="attention"):
                answers["09.4"](student, teacher, mask)
            continue
        kl = []
        for s, t in zip(student, teacher, strict=True):
            p, q = t.double().numpy(), s.double().numpy()
            with np.errstate(divide="ignore", invalid="ignore"):
                terms = np.where(p > 0, p * np.log(p / q), 0.0).sum(-1)  # (batch, heads, length)
            kl.append(np.moveaxis(terms, 1, 2)[mask.numpy()].mean())
        found = answers["09.4"](student, teacher, mask)
        assert found.item() == pytest.approx(np.mean(kl), abs=1e-5)
        of_package = [losses.attention_loss(s, t, mask=mask) for s, t in zip(student, teacher)]
        torch.testing.assert_close(found, torch.stack(of_package).mean(), rtol=1e-4, atol=1e-5)


def test_the_relation_loss_is_the_packages(answers):
    for student, teacher, mask, heads in cases("09.5"):
        expected = losses.relation_loss(student, teacher, mask=mask, heads=heads)
        found = answers["09.5"](student, teacher, mask, heads)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_the_contrastive_loss_is_the_packages_and_a_count_of_wrong_answers_at_the_start(answers):
    for student, teacher, ids, temperature in cases("09.6"):
        expected = losses.contrastive_loss(student, teacher, ids=ids, temperature=temperature)
        found = answers["09.6"](student, teacher, ids, temperature)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    # Vectors that tell nothing apart: every row's own is one of three texts.
    same = torch.ones(4, 5)
    found = answers["09.6"](same, same, torch.tensor([0, 1, 2, 2]), 0.1)
    assert found.item() == pytest.approx((2 * math.log(4) + 2 * math.log(3)) / 4, abs=1e-5)


def test_the_untrained_teacher_is_not_the_student_of_the_same_seed():
    from transformers import RoFormerConfig, RoFormerForQuestionAnswering, set_seed

    shape = {"vocab_size": 60, "hidden_size": 32, "num_attention_heads": 1, "embedding_size": 32}
    shape |= {"num_hidden_layers": 1, "intermediate_size": 32}
    set_seed(3)
    student = RoFormerForQuestionAnswering(RoFormerConfig(**shape)).eval()
    untrained = function_of_the_lesson("untrained_like")(student, 3)
    pairs = zip(student.state_dict().values(), untrained.state_dict().values(), strict=True)
    assert any(not torch.equal(one, other) for one, other in pairs)
    assert not untrained.training


def test_the_untrained_teacher_has_relations_to_compare():
    """With the usual 0.02 all of a narrow model's relations are uniform, and nothing is compared."""
    from transformers import BertConfig, BertForSequenceClassification, set_seed

    from kd_course.distillation import Relations, ask_inside

    shape = {"vocab_size": 60, "hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 1}
    set_seed(0)
    usual = BertForSequenceClassification(BertConfig(**shape, intermediate_size=32)).eval()
    ids = torch.arange(10).reshape(2, 5)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    compared = [Relations(1, 1, heads=2)]
    found = {}
    for name, model in {
        "usual": usual,
        "lesson's": function_of_the_lesson("untrained_like")(usual, 0),
    }.items():
        _, (vectors,) = ask_inside(model, inputs, compared)
        # All tokens alike: relations that are uniform.
        nothing = [torch.zeros_like(part) for part in vectors]
        found[name] = compared[0].loss(nothing, vectors, inputs["attention_mask"].bool(), ids[:, 0])
    assert found["usual"] < 0.01 < 0.1 < found["lesson's"]


# -- the table that exercise 09.8 reads -----------------------------------------------------------


def test_the_table_to_read_says_what_its_figures_give():
    """The intervals below the table, and what its explanations say of ten seeds."""
    from scipy import stats

    text = next(c.source for c in read(source_of("09")).cells if "### A table to read" in c.source)
    names = ("soft targets", "relations", "relations of an untrained teacher")
    rows = {}
    for name in names:
        (line,) = [x for x in text.splitlines() if x.startswith(f"| {name} |")]
        *values, mean = [float(cell) for cell in line.strip("| ").split("|")[1:]]
        assert np.mean(values) == pytest.approx(mean, abs=6e-4)
        rows[name] = np.array(values)
    for one, other, said in (
        ("relations", "soft targets", "+4.8 points, -2.4 to 12.0"),
        ("relations", "relations of an untrained teacher", "+2.7 points, -2.7 to 8.1"),
    ):
        gains = 100 * (rows[one] - rows[other])
        half = stats.t.ppf(0.975, 4) * gains.std(ddof=1) / 5**0.5
        found = [gains.mean(), gains.mean() - half, gains.mean() + half]
        printed = [float(x) for x in said.replace(" points, ", " ").replace(" to ", " ").split()]
        assert found == pytest.approx(printed, abs=0.06)
        assert said in text
        ten = stats.t.ppf(0.975, 9) * gains.std(ddof=1) / 10**0.5
        assert round(ten) == {"soft targets": 4}.get(other, 3)


# -- the settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["offline", "small", "full"])
def test_every_arm_has_a_recipe_and_the_controls_train_in_front_of_the_reader(scale, monkeypatch):
    monkeypatch.setenv("KD_SCALE", scale)
    setting = settings.for_lesson("09")
    assert set(READING_ARMS) <= set(setting.recipes)
    for labels in setting.labels:
        assert all(setting.task_recipe(arm, labels).steps > 0 for arm in setting.task_arms)
    assert set(TASK_ARMS[:3]) <= set(setting.task_arms) <= set(TASK_ARMS)
    assert {"labels", "soft targets"} <= set(setting.live) <= set(READING_ARMS)


def test_a_recipe_stands_between_half_its_rate_and_twice_it():
    beside = rates_beside(settings.Recipe(4e-3, 100, alpha=0.5, temperature=2.0))
    assert [recipe.learning_rate for recipe in beside] == [2e-3, 4e-3, 8e-3]
    assert len({(recipe.steps, recipe.alpha, recipe.temperature) for recipe in beside}) == 1


@pytest.mark.parametrize("scale", ["offline", "small", "full"])
def test_the_control_spends_the_steps_of_both_parts_on_fine_tuning(scale, monkeypatch):
    monkeypatch.setenv("KD_SCALE", scale)
    setting = settings.for_lesson("09")
    before = setting.recipes["distilled before the task"].steps
    for labels in setting.labels:
        steps = {arm: setting.task_recipe(arm, labels).steps for arm in setting.task_arms}
        assert steps.pop("fine-tuned longer") == steps["distilled first"] + before
        assert len(set(steps.values())) == 1


def test_all_arms_of_reading_take_as_many_steps_with_the_same_targets(monkeypatch):
    monkeypatch.setenv("KD_SCALE", "offline")
    recipes = settings.for_lesson("09").recipes
    assert len({recipes[arm].steps for arm in READING_ARMS}) == 1
    taught = {(recipes[arm].alpha, recipes[arm].temperature) for arm in READING_ARMS[1:]}
    assert len(taught) == 1 and recipes["labels"].alpha == 0


def test_differences_are_named_so_that_no_band_takes_them_for_shares():
    for signs in EXPECTED.values():
        for name in signs:
            assert metrics.possible(name) == (-math.inf, math.inf), name


# -- the cells ------------------------------------------------------------------------------------


def function_of_the_lesson(name):
    """A function that a cell of the lesson defines, as it stands there."""
    import transformers

    tree = ast.parse(source_of("09").read_text(encoding="utf-8"))
    (found,) = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
    namespace = {"transformers": transformers, "np": np, "torch": torch, "copy": copy}
    exec(compile(ast.Module([found], []), str(source_of("09")), "exec"), namespace)
    return namespace[name]


def test_cka_sees_no_rotation_and_no_scale_and_tells_strangers():
    cka = function_of_the_lesson("cka")
    generator = torch.Generator().manual_seed(0)
    one = torch.randn(400, 6, dtype=torch.float64, generator=generator)
    turned = 3 * one @ torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64))[0] + 1
    other = torch.randn(400, 6, dtype=torch.float64, generator=generator)
    assert cka(one, one) == pytest.approx(1) and cka(one, turned) == pytest.approx(1)
    assert cka(one, other) < 0.1


# -- what the reference run shows -----------------------------------------------------------------


@pytest.fixture
def reference():
    runs = [run for run in experiments.ledger().runs_of("09") if run["scale"] == "offline"]
    if not runs:
        pytest.skip("the reference run has not been made yet")
    return runs[0]


def test_what_was_expected_is_what_the_reference_compares(reference):
    assert reference["expected"] == EXPECTED["offline"]
    assert set(EXPECTED["offline"]) <= set(reference["figures"])


def test_every_arm_was_read_with_five_seeds_and_has_its_grid(reference):
    for arm in READING_ARMS:
        assert len(reference["figures"][f"{arm}/F1"]["values"]) >= 5
        assert len(reference["figures"][f"{arm}/share found"]["values"]) >= 5
        grid = dict(map(tuple, reference["tables"]["grid"][arm]))
        best = max(grid, key=grid.get)
        assert min(grid) < best < max(grid), f"{arm}: a rate beside its own is better"


def test_where_no_interval_is_given_the_text_counts_seeds(reference):
    text = "\n".join(cell.source for cell in read(source_of("09")).cells)
    assert "lies below plain fine-tuning is open: it does in four seeds of five" in text
    control, plain = (
        reference["figures"][f"{arm}, few labels/accuracy"]["values"]
        for arm in ("untrained teacher first", "fine-tuned")
    )
    assert sum(control[seed] < plain[seed] for seed in plain) == 4 and len(plain) == 5


def test_the_text_has_the_labels_that_teacher_and_students_learn_from(monkeypatch):
    monkeypatch.setenv("KD_SCALE", "offline")
    text = "\n".join(cell.source for cell in read(source_of("09")).cells)
    assert "from some 40,000 labels, where the students have 200" in text
    assert news_recipe.RECIPE.sentences == 40_000
    assert settings.for_lesson("09").labels == {"few": 200}


# -- the scales -----------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.parametrize("scale", ["small", "full"])
def test_the_lesson_runs_whole_through_the_hub(scale, make_hub, tmp_path):
    identifier = {"small": MINILM, "full": BERT}[scale]
    model = write_encoder(tmp_path / "model", identifier)
    hub = make_hub()
    hub.add_model(identifier, model)
    environment = hub.environment(tmp_path / "home") | {"KD_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "kd_course", "run", "09", "--scale", scale]
    command += ["--limit", "12", "--max-steps", "2", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["scale"] == scale and results["shortened"]
    wanted = {
        f"{arm}, {labels} labels/accuracy" for arm in TASK_ARMS[:3] for labels in ("few", "all")
    }
    assert wanted <= set(results["figures"])
    assert not any(name.endswith("/F1") for name in results["figures"])
