"""The exercises of lesson 05: a step, its schedule, its clipping, when to stop, fusion, a bug hunt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F

from kd_course.exercises.slips import random_labels, random_normal, with_other_alpha
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception

# -- 05.1 one step of training ----------------------------------------------------------------


def step_cases(random) -> list[Case]:
    def inputs(rows, features, classes):
        return (
            random_normal(random, classes, features),
            random_normal(random, rows, features),
            random_labels(random, classes, rows),
            3 * random_normal(random, rows, classes),
        )

    return [
        Case((*inputs(2, 3, 3), 2.0, 0.5, 0.1), "two rows, T = 2, α = 0.5"),
        Case((*inputs(6, 4, 5), 4.0, 0.9, 0.05), "six rows, T = 4, α = 0.9"),
        Case((*inputs(3, 2, 3), 1.0, 1.0, 0.2), "the teacher alone, α = 1"),
        Case((*inputs(3, 2, 3), 3.0, 0.0, 0.2), "the labels alone, α = 0"),
    ]


def _soft(logits, teacher_logits, temperature):
    """T² KL(teacher ‖ student), the mean over rows."""
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="batchmean")


def _loss(soft=_soft):
    """The right loss, in which a slip replaces the soft part: soft(logits, teacher_logits, T)."""

    def loss(logits, labels, teacher_logits, temperature, alpha):
        taught = soft(logits, teacher_logits, temperature)
        return alpha * taught + (1 - alpha) * F.cross_entropy(logits, labels)

    return loss


_mixed = _loss()


def _gradient(loss: Callable, weights, features):
    """The gradient of loss(logits) of a linear student with respect to its weights."""
    weights = weights.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(features @ weights.T), weights)
    return gradient


def _stepping(loss: Callable):
    """A training step that descends some other loss(logits, labels, teacher_logits, T, α)."""

    def step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
        def of_logits(logits):
            return loss(logits, labels, teacher_logits, temperature, alpha)

        return weights - learning_rate * _gradient(of_logits, weights, features)

    return step


def _without_square(logits, teacher_logits, temperature):
    return _soft(logits, teacher_logits, temperature) / temperature**2


def _summed_over_rows(logits, labels, teacher_logits, temperature, alpha):
    return len(logits) * _mixed(logits, labels, teacher_logits, temperature, alpha)


def _sharp_teacher(logits, teacher_logits, temperature):
    return _soft(logits, teacher_logits * temperature, temperature)


def _swapped_kl(logits, teacher_logits, temperature):
    return _soft(teacher_logits, logits, temperature)


def _labels_only(logits, labels, teacher_logits, temperature, alpha):
    return F.cross_entropy(logits, labels)


def _softened_labels_loss(logits, labels, teacher_logits, temperature, alpha):
    hard = F.cross_entropy(logits / temperature, labels)
    return alpha * _soft(logits, teacher_logits, temperature) + (1 - alpha) * hard


def _divided_by_classes(logits, teacher_logits, temperature):
    return _soft(logits, teacher_logits, temperature) / logits.shape[-1]


def _uphill(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    down = _stepping(_mixed)
    new = down(weights, features, labels, teacher_logits, temperature, alpha, learning_rate)
    return 2 * weights - new


def _only_the_gradient(weights, features, labels, teacher_logits, temperature, alpha, rate):
    return _gradient(
        lambda logits: _mixed(logits, labels, teacher_logits, temperature, alpha), weights, features
    )


# -- 05.2 the schedule ------------------------------------------------------------------------


def schedule_cases(random) -> list[Case]:
    warmup = int(random.integers(5, 20))
    total = warmup + int(random.integers(30, 90))
    late = int(random.integers(warmup + 2, total - 2))
    return [
        Case((0, 10, 100, 1.0), "the first step"),
        Case((5, 10, 100, 1.0), "half way up"),
        Case((10, 10, 100, 1.0), "the top"),
        Case((40, 10, 100, 2.0), "a third of the way down"),
        Case((100, 10, 100, 1.0), "the end"),
        Case((130, 10, 100, 1.0), "a step beyond the end"),
        Case((0, 0, 50, 1.0), "no warm-up: the first step"),
        Case((late, warmup, total, 0.5), "a step on the way down"),
    ]


def _up(step, warmup):
    return step / warmup if step < warmup else 1.0


def _counted_from_one(step, warmup, total, peak):
    step = step + 1
    down = max(0.0, (total - step) / (total - warmup))
    return peak * (step / warmup if step < warmup else min(1.0, down))


def _no_decay(step, warmup, total, peak):
    return peak * _up(step, warmup)


def _decay_from_the_start(step, warmup, total, peak):
    return peak * (step / warmup if step < warmup else max(0.0, 1 - step / total))


def _decay_too_slow(step, warmup, total, peak):
    return peak * (step / warmup if step < warmup else max(0.0, 1 - (step - warmup) / total))


def _both_at_once(step, warmup, total, peak):
    return peak * _up(step, warmup) * max(0.0, 1 - step / total)


def _no_warmup(step, warmup, total, peak):
    return peak * min(1.0, max(0.0, (total - step) / (total - warmup)))


def _below_zero(step, warmup, total, peak):
    return peak * (step / warmup if step < warmup else (total - step) / (total - warmup))


def _cosine(step, warmup, total, peak):
    done = min(1.0, (step - warmup) / (total - warmup))
    return peak * (step / warmup if step < warmup else (1 + math.cos(math.pi * done)) / 2)


# -- 05.3 clipping ----------------------------------------------------------------------------


def clip_cases(random) -> list[Case]:
    return [
        Case(([torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])], 1.0), "together 5 long"),
        Case(([torch.tensor([0.3, -0.2]), torch.tensor([0.1])], 1.0), "short enough already"),
        Case(([torch.zeros(2), torch.zeros(1)], 1.0), "no gradient at all"),
        Case(
            (
                [
                    5 * random_normal(random, 3, 2),
                    random_normal(random, 4),
                    0.1 * random_normal(random, 2),
                ],
                0.5,
            ),
            "three tensors of different sizes",
        ),
    ]


def _global_norm(gradients):
    return torch.sqrt(sum((g**2).sum() for g in gradients))


def _scaled(gradients, max_norm, norm):
    return [g * torch.clamp(max_norm / (norm + 1e-12), max=1.0) for g in gradients]


def _each_alone(gradients, max_norm):
    return [_scaled([g], max_norm, g.norm())[0] for g in gradients]


def _by_value(gradients, max_norm):
    return [g.clamp(-max_norm, max_norm) for g in gradients]


def _always_scaled(gradients, max_norm):
    return [g * max_norm / _global_norm(gradients) for g in gradients]


def _sum_of_norms(gradients, max_norm):
    return _scaled(gradients, max_norm, sum(g.norm() for g in gradients))


def _squared_norm(gradients, max_norm):
    return _scaled(gradients, max_norm, _global_norm(gradients) ** 2)


def _largest_entry(gradients, max_norm):
    return _scaled(gradients, max_norm, max(g.abs().max() for g in gradients))


# -- 05.4 accumulation ------------------------------------------------------------------------


def accumulation_cases(random) -> list[Case]:
    rows = random.integers(3, 12, size=4).tolist()
    labelled = [int(random.integers(1, n)) for n in rows]
    soft, hard = random.random(4).tolist(), random.random(4).tolist()
    return [
        Case(([1.0, 2.0], [3.0, 1.0], [8, 8], [8, 8], 0.5), "two equal parts, all labelled"),
        Case(([1.0, 2.0], [3.0, 1.0], [8, 2], [8, 2], 0.5), "a short last part"),
        Case(([1.0, 2.0], [3.0, 1.0], [8, 8], [6, 1], 0.8), "some rows without a label"),
        Case(([1.0, 2.0, 0.5], [0.0, 0.0, 0.0], [4, 4, 2], [0, 0, 0], 0.9), "no label at all"),
        Case((soft, hard, rows, labelled, 0.3), "four parts of different sizes"),
    ]


def _weighted(values, counts):
    return sum(v * n for v, n in zip(values, counts)) / max(sum(counts), 1)


def _mean_of_means(soft, hard, rows, labelled, alpha):
    return (alpha * sum(soft) + (1 - alpha) * sum(hard)) / len(soft)


def _sum_of_means(soft, hard, rows, labelled, alpha):
    return alpha * sum(soft) + (1 - alpha) * sum(hard)


def _hard_by_rows(soft, hard, rows, labelled, alpha):
    return alpha * _weighted(soft, rows) + (1 - alpha) * _weighted(hard, rows)


def _soft_by_labelled(soft, hard, rows, labelled, alpha):
    return alpha * _weighted(soft, labelled) + (1 - alpha) * _weighted(hard, labelled)


def _divided_twice(soft, hard, rows, labelled, alpha):
    once = alpha * _weighted(soft, rows) + (1 - alpha) * _weighted(hard, labelled)
    return once / len(soft)


def _alpha_for_hard(soft, hard, rows, labelled, alpha):
    return (1 - alpha) * _weighted(soft, rows) + alpha * _weighted(hard, labelled)


def _labelled_over_rows(soft, hard, rows, labelled, alpha):
    hard = sum(v * n for v, n in zip(hard, labelled)) / sum(rows)
    return alpha * _weighted(soft, rows) + (1 - alpha) * hard


# -- 05.5 early stopping ----------------------------------------------------------------------


def stopping_cases(random) -> list[Case]:
    noisy = [round(float(1 / (1 + k / 3) + k / 20 + 0.08 * random.random()), 3) for k in range(16)]
    return [
        Case(([0.9, 0.7, 0.8, 0.85, 0.6], 2, 0.0), "it would have become better later"),
        Case(([0.9, 0.8, 0.7, 0.6], 2, 0.0), "never a reason to stop"),
        Case(
            ([1.0, 1.1, 0.9, 1.0, 0.8, 0.85, 0.9, 0.95], 2, 0.0),
            "worse twice, but not in a row",
        ),
        Case(
            ([1.0, 0.99, 0.98, 0.97, 0.96, 0.95, 0.94], 3, 0.035),
            "small gains, which add up to a large one",
        ),
        Case(([0.5, 0.6, 0.55, 0.52, 0.51], 3, 0.0), "falling again, but never below the best"),
        Case((noisy, 3, 0.01), "sixteen noisy evaluations"),
    ]


def _stopping(
    losses,
    patience,
    min_delta,
    *,
    reset=True,
    extra=0,
    previous=False,
    larger=False,
    creeping=False,
    last_best=False,
):
    """The rule, with the slips that can be made in it."""
    best, kept, waited = 0, losses[0], 0
    for k, loss in enumerate(losses):
        reference = losses[k - 1] if previous and k else kept
        better = loss > reference + min_delta if larger else loss < reference - min_delta
        if k == 0 or better:
            best, kept, waited = k, loss, waited * (not reset)
            continue
        if creeping and loss < kept:
            best, kept = k, loss
        waited += 1
        if waited >= patience + extra:
            return (k if last_best else best, k)
    return (len(losses) - 1 if last_best else best, len(losses) - 1)


def _any_gain(losses, patience, min_delta):
    return _stopping(losses, patience, 0.0)


# -- 05.6 averaging weights -------------------------------------------------------------------


def average_cases(random) -> list[Case]:
    def checkpoint(step):
        return {
            "layer.weight": random_normal(random, 2, 3),
            "layer.bias": random_normal(random, 2),
            "steps seen": torch.tensor(step),
        }

    one = {"w": torch.tensor([1.0, 2.0])}
    return [
        Case(([one, {"w": torch.tensor([3.0, 6.0])}],), "two checkpoints of one tensor"),
        Case(([checkpoint(10 * k) for k in (1, 2, 5)],), "three checkpoints with a counter"),
        Case(([checkpoint(7)],), "a single checkpoint"),
        Case(([checkpoint(3 * k) for k in (1, 2, 3, 9)],), "four checkpoints"),
    ]


def _merged(checkpoints, merge):
    """merge over the tensors of each name; whole numbers from the last checkpoint."""
    return {
        name: merge([c[name] for c in checkpoints]) if last.is_floating_point() else last.clone()
        for name, last in checkpoints[-1].items()
    }


def _added(checkpoints):
    return _merged(checkpoints, lambda tensors: torch.stack(tensors).sum(0))


def _pair_by_pair(checkpoints):
    def halves(tensors):
        average = tensors[0]
        for tensor in tensors[1:]:
            average = (average + tensor) / 2
        return average

    return _merged(checkpoints, halves)


def _last_one(checkpoints):
    return _merged(checkpoints, lambda tensors: tensors[-1].clone())


def _first_left_out(checkpoints):
    return _merged(checkpoints, lambda tensors: torch.stack(tensors[1:] or tensors).mean(0))


def _counters_too(checkpoints):
    return {
        name: torch.stack([c[name].float() for c in checkpoints]).mean(0) for name in checkpoints[0]
    }


# -- 05.7 an ensemble of teachers -------------------------------------------------------------


def ensemble_cases(random) -> list[Case]:
    return [
        Case((torch.tensor([[[2.0, 0.0]], [[-4.0, 0.0]]]),), "two teachers that disagree"),
        Case((3 * random_normal(random, 3, 4, 3),), "three teachers, four rows"),
        Case(
            (torch.tensor([[[200.0, 0.0, 1.0]], [[190.0, 1.0, 0.0]]]),),
            "two teachers that are very sure",
        ),
    ]


def _mean_of_logits(logits):
    return logits.mean(0)


def _mean_of_log_probabilities(logits):
    return F.log_softmax(logits, dim=-1).mean(0)


def _probabilities_not_logs(logits):
    return F.softmax(logits, dim=-1).mean(0)


def _over_the_teachers(logits):
    return F.softmax(logits, dim=0).mean(0).log()


def _added_probabilities(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0)


def _underflow(logits):
    return F.softmax(logits.float(), dim=-1).mean(0).log()


def _surest(logits):
    return F.log_softmax(logits, dim=-1).max(0).values


# -- 05.9 logits back in order ----------------------------------------------------------------


def order_cases(random) -> list[Case]:
    return [
        Case(
            (random_normal(random, 5, 2), torch.tensor([1, 2, 3, 4, 0])), "five rows, turned by one"
        ),
        Case((random_normal(random, 3, 2), torch.tensor([0, 1, 2])), "rows that come in order"),
        Case(
            (random_normal(random, 9, 3), torch.from_numpy(random.permutation(9))),
            "nine rows, shuffled",
        ),
    ]


def _looked_up(logits, order):
    return logits[order]


def _as_they_came(logits, order):
    return logits.clone()


def _turned_round(logits, order):
    return logits.flip(0)


def _looked_up_twice(logits, order):
    return logits[order][order]


# -- 05.10 the bug hunt -----------------------------------------------------------------------

BUGS = {
    "the teacher reads with dropout": "An explainer must not stammer: the teacher reads `features`, "
    "only the student reads the dropped ones.",
    "probabilities are given where kl_div wants their logarithm": "F.kl_div(input, target): the "
    "input is log q. F.log_softmax gives it.",
    "T² is missing": "The gradient of a softened KL shrinks like 1/T²; multiply the soft loss by T².",
    "the soft loss is divided by the classes too": 'reduction="mean" divides by rows and classes; '
    '"batchmean" by the rows.',
    "the teacher is trained too": "Only the student may move. Ask the teacher under torch.no_grad() "
    "(or detach its logits), and return its weights as they came.",
    "the last step's gradient is added": "zero_grad() is missing: what is left over from the step "
    "before has no say in this one.",
}


def hunt_cases(random) -> list[Case]:
    def inputs(rows, features, classes):
        keep = (random.random((rows, features)) < 0.6).astype("float32")
        keep[0, 0], keep[-1, -1] = 0.0, 1.0  # in any draw something is dropped, and something kept
        return (
            random_normal(random, classes, features),
            2 * random_normal(random, classes, features),
            random_normal(random, classes, features),
            random_normal(random, rows, features),
            torch.from_numpy(keep) / 0.6,
            random_labels(random, classes, rows),
        )

    return [
        Case((*inputs(2, 3, 3), 2.0, 0.5, 0.1), "two rows, T = 2, α = 0.5"),
        Case((*inputs(5, 4, 4), 4.0, 0.9, 0.05), "five rows, T = 4, α = 0.9"),
        Case((*inputs(4, 3, 3), 1.0, 1.0, 0.2), "the teacher alone, at T = 1"),
    ]


def _hunted(bugs: frozenset[str], *, student_drops: bool = True):
    """The step of the hunt with these bugs left in it."""

    def step(weights, teacher_weights, leftover, features, keep, labels, T, alpha, learning_rate):
        weights = weights.detach().requires_grad_(True)
        teacher = teacher_weights.detach().requires_grad_(True)
        dropped = features * keep
        student_logits = (dropped if student_drops else features) @ weights.T
        read = dropped if "the teacher reads with dropout" in bugs else features
        p = F.softmax(read @ teacher.T / T, dim=-1)
        if "the teacher is trained too" not in bugs:
            p = p.detach()
        as_probabilities = "probabilities are given where kl_div wants their logarithm" in bugs
        q = (F.softmax if as_probabilities else F.log_softmax)(student_logits / T, dim=-1)
        soft = F.kl_div(q, p, reduction="none").sum() / len(q)
        if "the soft loss is divided by the classes too" in bugs:
            soft = soft / q.shape[-1]
        if "T² is missing" not in bugs:
            soft = T**2 * soft
        loss = alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)
        own, its = torch.autograd.grad(loss, (weights, teacher), allow_unused=True)
        if "the last step's gradient is added" in bugs:
            own = own + leftover
        teacher = teacher if its is None else teacher - learning_rate * its
        return (weights - learning_rate * own).detach(), teacher.detach().clone()

    return step


def _bugs_left() -> tuple[Misconception, ...]:
    """Every set of planted bugs that a repair can have left in, all of them first."""
    found = []
    for count in range(len(BUGS), 0, -1):
        for names in itertools.combinations(BUGS, count):
            found.append(
                Misconception(
                    f"still in: {'; '.join(names)}",
                    _hunted(frozenset(names)),
                    hint=BUGS[names[0]],
                )
            )
    return tuple(found)


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="05.1",
        name="distillation_step",
        title="One step of training",
        lesson="05",
        signature="distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate)",
        points=4,
        minutes=10,
        difficulty=2,
        importance=5,
        cases=step_cases,
        misconceptions=(
            Misconception(
                "T² is missing",
                _stepping(_loss(_without_square)),
                hint="The gradient of a softened KL shrinks like 1/T²: the soft loss carries T².",
            ),
            Misconception(
                "α weighs the labels",
                _stepping(with_other_alpha(_mixed)),
                hint="In this course α is the soft loss's weight, 1 - α the hard one's.",
            ),
            Misconception(
                "the loss is summed over the batch",
                _stepping(_summed_over_rows),
                hint="Take the mean over the rows: a larger batch must not mean a larger step.",
            ),
            Misconception(
                "only the student is softened",
                _stepping(_loss(_sharp_teacher)),
                hint="Teacher and student are compared at one temperature: divide both by T.",
            ),
            Misconception(
                "the arguments of KL are swapped",
                _stepping(_loss(_swapped_kl)),
                hint="KL(teacher ‖ student): F.kl_div(student's log-probabilities, teacher's probabilities).",
            ),
            Misconception(
                "the labels alone teach",
                _stepping(_labels_only),
                hint="Without teacher_logits nothing is distilled; that is the control.",
            ),
            Misconception(
                "the hard loss is softened too",
                _stepping(_softened_labels_loss),
                hint="Labels are compared at temperature one.",
            ),
            Misconception(
                "the soft loss is divided by the classes too",
                _stepping(_loss(_divided_by_classes)),
                hint='reduction="batchmean", not "mean".',
            ),
            Misconception(
                "the step goes uphill",
                _uphill,
                hint="The gradient points to where the loss grows: subtract it.",
            ),
            Misconception(
                "this is the gradient, not the new weights",
                _only_the_gradient,
                hint="Return weights - learning_rate · gradient.",
            ),
        ),
        hint="logits = features @ weights.T; the loss; torch.autograd.grad; weights - learning_rate · gradient.",
        withheld=(
            "kd_course.losses.distillation_loss",
            "kd_course.losses.span_distillation_loss",
            "kd_course.losses.soft_target_loss",
            "kd_course.losses.hard_target_loss",
        ),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="05.2",
        name="learning_rate_at",
        title="Warm up, then come down",
        lesson="05",
        signature="learning_rate_at(step, warmup, total, peak)",
        points=2,
        minutes=6,
        difficulty=2,
        importance=4,
        cases=schedule_cases,
        atol=1e-9,
        misconceptions=(
            Misconception(
                "steps are counted from one",
                _counted_from_one,
                hint="The first step has number 0, and a rate of 0.",
            ),
            Misconception(
                "the rate never comes down",
                _no_decay,
                hint="After the warm-up it falls on a straight line, to 0 at `total`.",
            ),
            Misconception(
                "the way down begins at step 0",
                _decay_from_the_start,
                hint="At step `warmup` the rate is the peak itself: how far is it from there to `total`?",
            ),
            Misconception(
                "the way down is as long as the whole training",
                _decay_too_slow,
                hint="From `warmup` to `total` are total - warmup steps.",
            ),
            Misconception(
                "warm-up and decay are multiplied",
                _both_at_once,
                hint="While it warms up nothing decays; the peak is reached.",
            ),
            Misconception(
                "there is no warm-up",
                _no_warmup,
                hint="Before step `warmup` the rate rises from 0 on a straight line.",
            ),
            Misconception(
                "it falls below zero",
                _below_zero,
                hint="A negative rate climbs. Beyond the end the rate is 0.",
            ),
            Misconception(
                "this is the cosine schedule",
                _cosine,
                hint="A good schedule too, but here the way down is a straight line.",
            ),
        ),
        hint="Two straight lines: step / warmup, and (total - step) / (total - warmup), never below 0.",
        allowed="plain Python",
    ),
    Exercise(
        id="05.3",
        name="clip_gradients",
        title="A bound on the step's length",
        lesson="05",
        signature="clip_gradients(gradients, max_norm)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=clip_cases,
        misconceptions=(
            Misconception(
                "each tensor is clipped by itself",
                _each_alone,
                hint="That bends the direction of the step. One norm over all tensors, one factor for all.",
            ),
            Misconception(
                "single entries are clipped",
                _by_value,
                hint="That bends the direction of the step. Scale all entries by one factor.",
            ),
            Misconception(
                "short gradients are stretched",
                _always_scaled,
                hint="Only what is longer than max_norm is scaled. And what about a gradient of zeros?",
            ),
            Misconception(
                "norms are added",
                _sum_of_norms,
                hint="The length of all tensors together is the root of the sum of squares.",
            ),
            Misconception(
                "the root is missing",
                _squared_norm,
                hint="The norm is the square root of the sum of squares.",
            ),
            Misconception(
                "the largest entry is taken for the norm",
                _largest_entry,
                hint="The Euclidean norm: the root of the sum of squares, over all tensors.",
            ),
        ),
        hint="norm = root of the sum of squares of all entries of all tensors; factor = min(1, max_norm / norm).",
        allowed="torch; not clip_grad_norm_",
    ),
    Exercise(
        id="05.4",
        name="step_loss",
        title="The loss of a step in parts",
        lesson="05",
        signature="step_loss(soft, hard, rows, labelled, alpha)",
        points=3,
        minutes=8,
        difficulty=3,
        importance=5,
        cases=accumulation_cases,
        misconceptions=(
            Misconception(
                "this is the mean of the parts' means",
                _mean_of_means,
                hint="A part of two rows would count as much as one of eight: weigh parts by their rows.",
            ),
            Misconception(
                "the parts' means are added",
                _sum_of_means,
                hint="Four parts would make a loss, and its gradient, four times as large.",
            ),
            Misconception(
                "the hard part is weighed by all rows",
                _hard_by_rows,
                hint="hard[i] is a mean over the labelled rows of its part only.",
            ),
            Misconception(
                "the soft part is weighed by the labelled rows",
                _soft_by_labelled,
                hint="An unlabelled row has a teacher all the same: soft[i] is a mean over all rows.",
            ),
            Misconception(
                "it is divided twice",
                _divided_twice,
                hint="Weighing by share of the rows is the division: no other by the number of parts.",
            ),
            Misconception(
                "α weighs the labels",
                _alpha_for_hard,
                hint="α is the weight of the soft loss.",
            ),
            Misconception(
                "the hard part is divided by all rows",
                _labelled_over_rows,
                hint="Rows without a label are no part of the hard loss's mean: divide by the labelled ones.",
            ),
        ),
        hint="Give each part's mean back its sum (mean · rows), add the sums, divide once by all rows.",
        allowed="plain Python",
    ),
    Exercise(
        id="05.5",
        name="early_stop",
        title="When to stop",
        lesson="05",
        signature="early_stop(losses, patience, min_delta)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=stopping_cases,
        misconceptions=(
            Misconception(
                "bad evaluations are counted in all, not in a row",
                partial(_stopping, reset=False),
                hint="An improvement sets the counter back to 0.",
            ),
            Misconception(
                "it stops one evaluation too late",
                partial(_stopping, extra=1),
                hint="Stop at the patience-th evaluation in a row without improvement, not after it.",
            ),
            Misconception(
                "compared with the evaluation before",
                partial(_stopping, previous=True),
                hint="Improvement means: against the best so far.",
            ),
            Misconception(
                "larger is taken for better",
                partial(_stopping, larger=True),
                hint="These are losses.",
            ),
            Misconception(
                "the last evaluation is kept, not the best",
                partial(_stopping, last_best=True),
                hint="The point of stopping is to go back to the best weights: return their evaluation.",
            ),
            Misconception(
                "min_delta is ignored",
                _any_gain,
                hint="A gain of min_delta or less is no improvement.",
            ),
            Misconception(
                "the best creeps along with gains that do not count",
                partial(_stopping, creeping=True),
                hint="Keep the mark where the last improvement that counted set it: then small gains can add up.",
            ),
        ),
        hint="Keep three things: the best loss, when it was, how many evaluations ago.",
        allowed="plain Python",
    ),
    Exercise(
        id="05.6",
        name="average_weights",
        title="One model out of several checkpoints",
        lesson="05",
        signature="average_weights(checkpoints)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=3,
        cases=average_cases,
        misconceptions=(
            Misconception(
                "weights are added, not averaged",
                _added,
                hint="Divide by the number of checkpoints.",
            ),
            Misconception(
                "averaged pair by pair, so that late checkpoints count more",
                _pair_by_pair,
                hint="((a + b)/2 + c)/2 is not (a + b + c)/3.",
            ),
            Misconception(
                "only the last checkpoint is kept",
                _last_one,
                hint="Each checkpoint counts the same.",
            ),
            Misconception(
                "the first checkpoint is left out",
                _first_left_out,
                hint="Each checkpoint counts the same, the first as well.",
            ),
            Misconception(
                "counters are averaged too",
                _counters_too,
                hint="A whole number is no weight: take it from the last checkpoint (is_floating_point()).",
            ),
        ),
        hint="For each name: torch.stack the tensors of all checkpoints, mean over the first dimension.",
        allowed="torch",
    ),
    Exercise(
        id="05.7",
        name="ensemble_logits",
        title="Several teachers, one opinion",
        lesson="05",
        signature="ensemble_logits(logits)",
        points=3,
        minutes=8,
        difficulty=3,
        importance=4,
        cases=ensemble_cases,
        misconceptions=(
            Misconception(
                "this is the mean of logits",
                _mean_of_logits,
                hint="Logits of different teachers have different scales; a shout would count for more. "
                "Average probabilities.",
            ),
            Misconception(
                "this is the mean of log-probabilities",
                _mean_of_log_probabilities,
                hint="That is a geometric mean, and its probabilities no longer sum to one. First the mean, then the log.",
            ),
            Misconception(
                "these are probabilities, not their logarithm",
                _probabilities_not_logs,
                hint="A loss takes logits: return the log of the mean.",
            ),
            Misconception(
                "softmax over the teachers",
                _over_the_teachers,
                hint="Each teacher's classes sum to one: the last dimension.",
            ),
            Misconception(
                "probabilities are added, not averaged",
                _added_probabilities,
                hint="Divide by the number of teachers (subtract its log): each row must sum to one.",
            ),
            Misconception(
                "a small probability becomes 0, and its logarithm -inf",
                _underflow,
                hint="Stay with logarithms throughout: log_softmax, then torch.logsumexp over the teachers.",
            ),
            Misconception(
                "the surest teacher decides for each class",
                _surest,
                hint="A mean, not a maximum.",
            ),
        ),
        hint="log of a mean of exp: torch.logsumexp(log-probabilities, dim=0) - log(number of teachers).",
        allowed="torch and torch.nn.functional",
    ),
    Exercise(
        id="05.8",
        name="what_the_output_shows",
        title="Reading a printed loss",
        lesson="05",
        signature="what_the_output_shows",
        points=1,
        minutes=4,
        difficulty=3,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "The teacher learns well: 0.56 is below ln 2 ≈ 0.69, the loss of guessing between two classes.",
                "It would say that if it were a mean. The listing adds up the losses of all batches, so the "
                "yardstick is 250 · 0.69, not 0.69.",
            ),
            Choice(
                "b",
                "The listing cannot have printed this: the first batch alone costs about ln 2, and losses only add up.",
                "Right. A head that knows nothing yet is about as good as guessing, 0.69 nats for the first "
                "batch; each later batch adds something that is not negative. A sum of 0.56 over 250 batches would "
                "mean 0.002 a batch, from the first one on.",
            ),
            Choice(
                "c",
                "Nothing is wrong; the sum has to be divided by 250, which makes it 0.002, a very good model.",
                "0.002 nats means a probability of 99.8 % for the right class, on average, over all batches, the "
                "untrained beginning included. The first batch speaks against it.",
            ),
            Choice(
                "d",
                "Distillation works: the student's loss falls from epoch to epoch.",
                "The student of the listing learns from labels only, and would do so without any teacher. A falling "
                "training loss says that something learns, not what it learns from.",
            ),
        ),
        hint="How large is the first term of the sum, before anything has been learnt?",
        allowed="thinking",
    ),
    Exercise(
        id="05.9",
        name="in_row_order",
        title="Put shuffled answers back",
        lesson="05",
        signature="in_row_order(logits, order)",
        points=2,
        minutes=5,
        difficulty=2,
        importance=4,
        cases=order_cases,
        misconceptions=(
            Misconception(
                "looked up the wrong way round",
                _looked_up,
                hint="logits[order] takes the k-th answer *from* place order[k]; it has to go *to* that place.",
            ),
            Misconception(
                "left as they came",
                _as_they_came,
                hint="The k-th answer belongs to row order[k].",
            ),
            Misconception(
                "turned round",
                _turned_round,
                hint="The order is given by `order`, row by row.",
            ),
            Misconception(
                "looked up twice",
                _looked_up_twice,
                hint="Once is enough, but the other way: result[order] = logits.",
            ),
        ),
        hint="result[order[k]] = logits[k]; order.argsort() gives, for each row, when it was answered.",
        allowed="torch",
    ),
    Exercise(
        id="05.10",
        name="repaired_step",
        title="Six bugs in one step",
        lesson="05",
        signature="repaired_step(weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate)",
        points=6,
        minutes=20,
        difficulty=4,
        importance=5,
        cases=hunt_cases,
        misconceptions=(
            *_bugs_left(),
            Misconception(
                "the student's dropout is off as well",
                _hunted(frozenset(), student_drops=False),
                hint="Dropout is for the one who learns: the student reads features · keep.",
            ),
        ),
        hint="Go through the step in order: who reads what, which loss, whose gradient, which weights move.",
        withheld=(
            "kd_course.losses.distillation_loss",
            "kd_course.losses.span_distillation_loss",
            "kd_course.losses.soft_target_loss",
            "kd_course.losses.hard_target_loss",
        ),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
)
