"""Lesson 10's answers against the package and independent figures, and its claims."""

from __future__ import annotations

import functools
import itertools
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from kd_course import losses
from kd_course.authoring.references import references
from kd_course.authoring.source import read, source_of
from kd_course.exercises import examine
from kd_course.exercises.catalogue import of_lesson
from kd_course.lessons.lesson10.settings import CHOSEN, EXPECTED, settings
from kd_course.losses import TopK, top_k_of, top_k_target_loss
from kd_course.settings import Switches


@pytest.fixture(scope="module")
def lesson():
    return read(source_of("10"))


@pytest.fixture(scope="module")
def answers(lesson):
    return references(lesson)


def cases(id, seed=3):
    exercise = next(e for e in of_lesson("10") if e.id == id)
    return [case.args for case in exercise.cases(np.random.default_rng(seed))]


def functions_of(lesson, name, **more):
    """What a cell of the lesson defines, run with torch and NumPy alone."""
    (cell,) = (
        c for c in lesson.cells if c.is_code and re.search(rf"^def {name}\(", c.source, re.M)
    )
    source = cell.source[cell.source.index("def ") :].split("\n\n\nreport")[0]
    space = {"torch": torch, "F": F, "np": np, **more}
    exec(source, space)
    return space[name]


# -- the answers, computed by others ----------------------------------------------------------


def test_a_cache_weighs_what_safetensors_would_write(answers):
    weight = answers["10.1"]
    assert weight([3, 4], 1200, 8, 4) == 7 * (8 * 2 + 8 * 4 + 4)
    for vocabulary, dtype in ((200, np.uint8), (40_000, np.uint16)):
        ids, values = np.zeros((7, 8), dtype), np.zeros((7, 9), np.float32)
        assert weight([3, 4], vocabulary, 8, 4) == ids.nbytes + values.nbytes
    assert weight([3, 4], 1200, None, 2) == np.zeros((7, 1200), np.float16).nbytes


def test_the_tail_bucket_is_the_packages(answers):
    for student, ids, kept in cases("10.2"):
        rest = (1 - kept.double().sum(-1)).clamp(min=0).log()
        teacher = TopK(ids, kept.double().log(), rest)
        expected = top_k_target_loss(student.double(), teacher, temperature=1.0)
        found = answers["10.2"](student, ids, kept)
        # the package makes the k + 1 masses sum to one; rounded ones may sum to a little more
        torch.testing.assert_close(found.double(), expected, rtol=1e-3, atol=1e-4)


def test_the_tail_bucket_is_a_lower_bound_that_grows_with_k(answers):
    generator = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(20, 9, generator=generator) for _ in range(2))
    whole = losses.soft_target_loss(student, teacher, temperature=1.0).item()
    found = []
    for k in range(1, 9):
        best = teacher.softmax(-1).topk(k)
        found.append(answers["10.2"](student, best.indices, best.values).item())
    assert found == sorted(found) and found[-1] <= whole + 1e-6


def test_the_expectation_over_all_draws_is_p(answers):
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    for proposal in (p, torch.tensor([0.2, 0.2, 0.6], dtype=torch.float64)):
        total = torch.zeros(3, dtype=torch.float64)
        for draws in itertools.product(range(3), repeat=3):
            chance = math.prod(proposal[i].item() for i in draws)
            total += chance * answers["10.3"](torch.tensor(draws), p, proposal)
        torch.testing.assert_close(total, p)


def test_made_to_sum_to_one_it_is_biased():
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    proposal = torch.tensor([0.2, 0.2, 0.6], dtype=torch.float64)
    total = torch.zeros(3, dtype=torch.float64)
    for draws in itertools.product(range(3), repeat=2):
        weights = torch.zeros(3, dtype=torch.float64)
        for i in draws:
            weights[i] += p[i] / proposal[i]
        total += math.prod(proposal[i].item() for i in draws) * weights / weights.sum()
    assert (total - p).abs().max() > 0.02


def test_a_cache_pays_when_its_bill_is_smaller(answers):
    for ask, write, read_, step in cases("10.6"):
        found = answers["10.6"](ask, write, read_, step)
        cheaper = [
            epochs
            for epochs in range(1, 400)
            if ask + write + epochs * (read_ + step) < epochs * (ask + step)
        ]
        assert found == (cheaper[0] if cheaper else None)


def test_two_peers_lose_what_the_package_says(answers):
    for a, b, labels, alpha in cases("10.7"):
        expected = [
            losses.distillation_loss(own, other, labels, temperature=1.0, alpha=alpha)
            if alpha
            else losses.hard_target_loss(own, labels)
            for own, other in ((a, b), (b, a))
        ]
        torch.testing.assert_close(answers["10.7"](a, b, labels, alpha), torch.stack(expected))


def test_a_proxy_that_is_sure_of_every_answer_is_an_ordinary_teacher(answers):
    for student, proxy, _, alpha in cases("10.8"):
        sure = 1e5 * proxy
        chosen = sure.argmax(-1)
        expected = (1 - alpha) * losses.hard_target_loss(student, chosen)
        expected = expected + alpha * losses.soft_target_loss(student, sure, temperature=1.0)
        found = answers["10.8"](student, sure, chosen, alpha)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_the_students_that_pay_pay(answers):
    def saved(n):
        return 68 * n - (900 + 60 + 20 * n)

    assert saved(answers["10.9"]) > 0 >= saved(answers["10.9"] - 1)


def test_a_right_answer_written_otherwise_passes():
    report = examine(
        "10.3",
        lambda draws, p, q: (F.one_hot(draws, len(p)) * (p[draws] / q[draws])[:, None]).mean(0),
    )
    assert report.passed, report.message


# -- what the lesson says ---------------------------------------------------------------------


def optimum(loss, classes, steps=1500):
    """The distribution that minimises a loss of logits, found by descent."""
    logits = torch.zeros(1, classes, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(logits).backward()
        optimizer.step()
    return logits.detach().softmax(-1)[0]


def test_the_optima_of_section_2_are_where_descent_goes(lesson):
    p = torch.tensor([0.45, 0.30, 0.15, 0.07, 0.03], dtype=torch.float64)
    top_k = functions_of(lesson, "top_k_of")
    taught_by = functions_of(lesson, "taught_by", top_k_of=top_k)
    kept = p[:2]
    optima = taught_by(p, 2)

    def truncated(logits):
        return (kept * (kept.log() - logits.log_softmax(-1)[0, :2])).sum()

    found = optimum(truncated, 5)
    torch.testing.assert_close(found[:2], optima["truncated"][:2], atol=2e-2, rtol=0)
    assert found[2:].max() < 0.02
    mass = kept.sum().item()
    least = truncated(optima["truncated"].clamp(min=1e-300).log()[None]).item()
    assert least == pytest.approx(mass * math.log(mass))

    teacher = top_k_of(p.log()[None], 2, temperature=1.0)
    found = optimum(lambda logits: top_k_target_loss(logits, teacher, temperature=1.0), 5)
    torch.testing.assert_close(found, optima["tail bucket"], atol=1e-3, rtol=0)


def test_every_arm_has_a_recipe_of_the_grid_and_is_expected_nowhere_else():
    for scale in ("offline", "small", "full"):
        setting = settings(Switches(scale))
        arms = set(setting.recipes) - {"teacher"}
        assert arms == set(CHOSEN)
        for arm in arms:
            assert setting.recipes[arm] in setting.grid(arm)
        for expected in EXPECTED.get(scale, {}):
            assert expected.split("/")[0] in arms, expected
    twice, once = (
        settings(Switches("offline")).recipes[a].steps
        for a in ("control, twice the steps", "control")
    )
    assert twice == 2 * once


def test_what_teaches_a_student_is_of_its_own_seed_and_trained_once(lesson):
    (cell,) = (c.source for c in lesson.cells if c.is_code and "def rows_for(" in c.source)
    source = cell[cell.index("stands_in = {") : cell.index("again = {}")]
    asked, rows = [], {"train": "the labels"}

    def alone(name, seed, learnt_from, what=None, recipe=None):
        asked.append((name, seed))
        return name, seed

    def taught_with(logits, labelled="the labels"):
        return labelled, np.asarray(logits)

    seeds_of = {"control": 0.0, "larger model": 1.0, "assistant": 2.0, "proxy": 3.0}
    space = {
        "functools": functools,
        "np": np,
        "metrics": SimpleNamespace(probabilities=lambda logits: np.exp(logits)),
        "setting": SimpleNamespace(assistant="mini", recipes={}),
        "rows": rows,
        "medium_rows": dict.fromkeys(("larger model", "assistant", "proxy")),
        "answered": "the teacher's choices",
        "from_teacher": "the teacher's logits",
        "teacher_says": None,
        "labels": {"train": None},
        "alone": alone,
        "taught_with": taught_with,
        "dealt_out": lambda answers, labels, seed: [seed],
        "logits_of": lambda model, split: np.array([seeds_of[model[0]] + model[1]]),
    }
    exec(source, space)
    rows_for = space["rows_for"]
    for arm, name in space["stands_in"].items():
        labelled, logits = rows_for(arm, 5)
        assert asked[-1] == (name, 5) and logits == [seeds_of[name] + 5]
        assert labelled == ("the teacher's choices" if arm.startswith("hard") else "the labels")
    both = rows_for("distilled from an ensemble", 5)[1]
    assert asked[-2:] == [("control", 5), ("control", 105)]
    assert both == pytest.approx(np.log((np.exp(5) + np.exp(105)) / 2))
    before = len(asked)
    rows_for("distilled from an ensemble", 5), rows_for("distilled, assistant", 5)
    assert len(asked) == before, "who teaches is trained once"
    assert rows_for("distilled, dealt out", 7)[1] == [7]
    assert rows_for("distilled, twice the steps", 5) == "the teacher's logits"
    assert rows_for("hard answers", 5) == "the teacher's choices"
    assert rows_for("control, twice the steps", 5) == "the labels"


def test_all_that_is_expected_is_noted(lesson):
    code = "\n".join(cell.source for cell in lesson.cells if cell.is_code)
    for expected in (name for run in EXPECTED.values() for name in run):
        _, figure = expected.split("/")
        if figure.startswith("gain over "):
            assert f'"{figure.removeprefix("gain over ")}"' in code, expected
        else:
            assert "minus control" in code and figure.endswith("minus control"), expected


def test_every_training_says_which_arm_it_is(lesson):
    code = "\n".join(cell.source for cell in lesson.cells if cell.is_code)
    calls = re.findall(r"[^f] train_together\((?:[^()]|\([^()]*\))*\)", code)
    assert len(calls) >= 3 and all("arm=" in call for call in calls)


def test_the_lesson_has_between_2500_and_4000_words(lesson):
    prose = "\n".join(cell.source for cell in lesson.cells if not cell.is_code)
    prose = prose.partition("## Further reading")[0]
    prose = re.sub(r"### Exercise .*?(?=\n#|\Z)", "", prose, flags=re.S)  # what is asked, not told
    prose = re.sub(r"(?m)^\|.*$|\]\([^)]*\)|\{\{.*?\}\}", " ", prose)  # tables, links, fields
    assert 2500 <= len(prose.split()) <= 4000
