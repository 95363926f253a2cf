"""Lesson 05's answers against the library's own parts and independent figures, and its claims."""

from __future__ import annotations

import ast
import functools
import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers
from scipy.special import logsumexp
from torch import nn
from torch.optim.swa_utils import AveragedModel
from transformers import EarlyStoppingCallback, get_linear_schedule_with_warmup
from transformers.trainer_callback import TrainerControl, TrainerState

from kd_course.authoring.references import references
from kd_course.authoring.source import read, source_of
from kd_course.exercises import examine
from kd_course.exercises.catalogue import of_lesson
from kd_course.lessons.lesson05.settings import EXPECTED
from kd_course.lessons.lesson05.slips import BUGS
from kd_course.losses import distillation_loss


@pytest.fixture(scope="module")
def lesson():
    return read(source_of("05"))


@pytest.fixture(scope="module")
def answers(lesson):
    return references(lesson)


def cases(id, seed=3):
    exercise = next(e for e in of_lesson("05") if e.id == id)
    return [case.args for case in exercise.cases(np.random.default_rng(seed))]


# -- the answers, computed by others ----------------------------------------------------------


def test_a_step_descends_the_packages_loss(answers):
    for weights, features, labels, teacher, temperature, alpha, rate in cases("05.1"):
        student = nn.Linear(weights.shape[1], weights.shape[0], bias=False)
        student.weight.data = weights.clone()
        optimizer = torch.optim.SGD(student.parameters(), lr=rate)
        distillation_loss(
            student(features), teacher, labels, temperature=temperature, alpha=alpha
        ).backward()
        optimizer.step()
        found = answers["05.1"](weights, features, labels, teacher, temperature, alpha, rate)
        torch.testing.assert_close(found, student.weight.data)


@pytest.mark.parametrize("warmup, total", [(0, 20), (3, 20), (7, 40)])
def test_the_schedule_is_the_librarys(answers, warmup, total):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, total)
    for step in range(total + 3):
        found = answers["05.2"](step, warmup, total, 0.3)
        assert found == pytest.approx(schedule.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        schedule.step()


def test_clipping_is_pytorchs(answers):
    for gradients, max_norm in cases("05.3"):
        parameters = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient.clone()
        nn.utils.clip_grad_norm_(parameters, max_norm)
        for found, parameter in zip(answers["05.3"](gradients, max_norm), parameters, strict=True):
            torch.testing.assert_close(found, parameter.grad, rtol=1e-4, atol=1e-6)


def test_parts_make_the_loss_of_one_batch(answers):
    generator = torch.Generator().manual_seed(0)
    sizes, alpha = (5, 5, 3), 0.7
    student, teacher = (torch.randn(13, 4, generator=generator) for _ in range(2))
    labels = torch.randint(4, (13,), generator=generator)
    labels[[0, 6, 7, 10, 11, 12]] = -100  # the last part has no label at all
    ends = list(itertools.accumulate(sizes, initial=0))
    parts = [slice(a, b) for a, b in itertools.pairwise(ends)]

    def mean(part, alpha):
        return distillation_loss(
            student[part], teacher[part], labels[part], temperature=2.0, alpha=alpha
        ).item()

    found = answers["05.4"](
        [mean(part, 1.0) for part in parts],
        [mean(part, 0.0) for part in parts],
        list(sizes),
        [int((labels[part] != -100).sum()) for part in parts],
        alpha,
    )
    assert found == pytest.approx(mean(slice(None), alpha), rel=1e-6)


def stopped_by_the_library(losses, patience):
    """(best, stop) of transformers' callback, the state's best kept as its Trainer keeps it."""

    class Options:
        greater_is_better, metric_for_best_model = False, "loss"

    callback, state = EarlyStoppingCallback(patience), TrainerState()
    best = 0
    for k, loss in enumerate(losses):
        control = TrainerControl()
        callback.on_evaluate(Options, state, control, metrics={"eval_loss": loss})
        if state.best_metric is None or loss < state.best_metric:
            state.best_metric, best = loss, k
        if control.should_training_stop:
            return best, k
    return best, len(losses) - 1


def test_the_stopping_rule_is_the_librarys_where_every_gain_counts(answers):
    random = np.random.default_rng(0)
    stops = set()
    for patience in (1, 2, 3, 5):
        for _ in range(50):
            losses = random.integers(1, 30, size=15).astype(float).tolist()  # with ties
            found = answers["05.5"](losses, patience, 0.0)
            assert found == stopped_by_the_library(losses, patience)
            stops.add(found[1])
    assert len(stops) > 8, "the curves must stop at many places, or nothing was compared"


def test_averaging_is_pytorchs(answers):
    models = [nn.Linear(3, 2) for _ in range(4)]
    running = AveragedModel(models[0])
    for model in models:
        running.update_parameters(model)
    found = answers["05.6"]([model.state_dict() for model in models])
    for name, tensor in running.module.state_dict().items():
        torch.testing.assert_close(found[name], tensor)


def test_the_ensemble_is_scipys(answers):
    for (logits,) in cases("05.7"):
        log_p = logits.double().numpy()
        log_p = log_p - logsumexp(log_p, axis=-1, keepdims=True)
        expected = logsumexp(log_p, axis=0) - math.log(len(log_p))
        found = answers["05.7"](logits)
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(found.exp().sum(-1), torch.ones(found.shape[0]))


def test_answers_put_back_stand_at_their_rows(answers):
    for logits, order in cases("05.9"):
        found = answers["05.9"](logits, order)
        for k, row in enumerate(order.tolist()):
            assert torch.equal(found[row], logits[k])


def test_the_repaired_step_is_a_step_of_distillation(answers):
    for weights, teacher, leftover, features, keep, labels, T, alpha, rate in cases("05.10"):
        student = nn.Linear(weights.shape[1], weights.shape[0], bias=False)
        student.weight.data = weights.clone()
        loss = distillation_loss(
            student(features * keep), features @ teacher.T, labels, temperature=T, alpha=alpha
        )
        loss.backward()
        found, untouched = answers["05.10"](
            weights, teacher, leftover, features, keep, labels, T, alpha, rate
        )
        torch.testing.assert_close(found, weights - rate * student.weight.grad)
        assert torch.equal(untouched, teacher)


# -- what the checks say ----------------------------------------------------------------------


def functions_of(lesson, name):
    """What a cell of the lesson defines, run with torch alone."""
    (cell,) = (c for c in lesson.cells if c.is_code and c.source.startswith(f"def {name}("))
    space = {"torch": torch, "F": F, "math": math, "nn": nn, "transformers": transformers}
    space["np"] = np
    exec(cell.source, space)
    return space[name]


def test_the_listing_of_the_hunt_has_all_six_bugs_and_the_check_says_so(lesson):
    found = examine("05.10", functions_of(lesson, "step_with_bugs"))
    assert found.misconception == f"still in: {'; '.join(BUGS)}"


def test_the_schedule_of_the_loop_is_the_exercises(lesson, answers):
    share = functions_of(lesson, "share_of_peak")
    for args in cases("05.2"):
        assert share(*args[:3]) * args[3] == pytest.approx(answers["05.2"](*args))


def test_the_stopping_of_the_loop_is_the_exercises_where_every_gain_counts(lesson, answers):
    rule = functions_of(lesson, "when_to_stop")
    random = np.random.default_rng(1)
    for patience in (1, 2, 5):
        for _ in range(50):
            losses = random.integers(1, 30, size=15).astype(float).tolist()  # with ties
            assert rule(losses, patience) == answers["05.5"](losses, patience, 0.0)


def test_the_ensemble_of_the_loop_is_the_exercises_for_members_that_are_not_so_sure(
    lesson, answers
):
    pooled = functions_of(lesson, "log_mean_probability")
    logits = 20 * torch.randn(3, 8, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(pooled(logits), answers["05.7"](logits))


def other_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    """The same step, its gradient in closed form: no autograd."""
    z = features @ weights.T
    q, p = ((x / temperature).softmax(-1) for x in (z, teacher_logits))
    hard = z.softmax(-1) - F.one_hot(labels, z.shape[-1])
    of_logits = alpha * temperature * (q - p) + (1 - alpha) * hard
    return weights - learning_rate * of_logits.T @ features / len(features)


def other_stop(losses, patience, min_delta):
    mark, best, waited = math.inf, 0, 0
    for k in range(len(losses)):
        if mark - losses[k] > min_delta:
            mark, best, waited = losses[k], k, 0
        else:
            waited += 1
        if waited == patience:
            break
    return [best, k]


def other_average(checkpoints):
    return {
        name: sum(c[name] for c in checkpoints) / len(checkpoints)
        if tensor.dtype.is_floating_point
        else tensor
        for name, tensor in checkpoints[-1].items()
    }


@pytest.mark.parametrize(
    "id, attempt",
    [
        ("05.1", other_step),
        (
            "05.2",
            lambda s, w, t, peak: (
                peak * min(s / max(w, 1) if s < w else 1, max(0, (t - s) / (t - w)))
            ),
        ),
        ("05.5", other_stop),
        ("05.6", other_average),
        (
            "05.7",
            lambda logits: (
                functools.reduce(torch.logaddexp, logits.log_softmax(-1)) - math.log(len(logits))
            ),
        ),
        ("05.9", lambda logits, order: logits[order.argsort()]),
    ],
)
def test_a_right_answer_written_otherwise_passes(id, attempt):
    report = examine(id, attempt)
    assert report.passed, report.message


# -- what the lesson says ---------------------------------------------------------------------


def test_adams_clock_is_adams(lesson):
    """The lesson's three lines of Adam move a weight as PyTorch's do."""
    weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.Adam([weight], lr=1.0, eps=0.0)
    moved = []
    for _ in range(4):
        before = weight.item()
        weight.grad = torch.ones_like(weight)
        optimizer.step()
        moved.append(before - weight.item())
    assert functions_of(lesson, "adam_moves")([1, 2, 3, 4]) == pytest.approx(moved)


def test_an_epochs_order_depends_on_seed_and_epoch_alone(lesson):
    (cell,) = (c for c in lesson.cells if c.source.startswith("class EpochOrder"))
    space = {"torch": torch}
    exec(cell.source.split("def new_optimizer")[0], space)
    order = space["EpochOrder"](50, seed=1)
    first = list(order)
    torch.randn(7)  # what others draw from the common generator is no matter
    assert list(order) == first and sorted(first) == list(range(50))
    order.set_epoch(1)
    assert list(order) != first
    assert list(space["EpochOrder"](50, seed=2)) != first


def trainings(lesson, marker=""):
    """The arguments by name of every call of the loop, in the cells that hold the marker."""
    for cell in lesson.cells:
        if cell.is_code and marker in cell.source:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "train_by_hand":
                    yield {keyword.arg for keyword in node.keywords}


def test_every_training_says_which_arm_it_is(lesson):
    """Else `kd_course run` would show the recipe's name for all the arms that share it."""
    found = list(trainings(lesson))
    assert len(found) > 10 and all("arm" in names for names in found)


def test_members_and_their_students_share_the_loops_own_schedule(lesson):
    found = list(trainings(lesson, marker="fused_p = {}"))
    assert len(found) == 2 and all(names == {"seed", "arm"} for names in found)


def test_all_that_is_expected_is_noted(lesson):
    code = "\n".join(cell.source for cell in lesson.cells if cell.is_code)
    for name in EXPECTED:
        arm, figure = name.split("/")
        assert f'"{figure}"' in code or figure == "gain over listed", name
        assert all(part in code for part in arm.split(", ")), name
