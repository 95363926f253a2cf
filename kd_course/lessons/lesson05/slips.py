"""The wrong answers of lesson 05 that a check names: a step's loss and move, and the bug hunt."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial

import torch
import torch.nn.functional as F

from kd_course.exercises.slips import mixture, with_other_alpha
from kd_course.exercises.spec import Misconception

Table = Mapping[str, tuple[Callable, str]]


def named(table: Table) -> tuple[Misconception, ...]:
    """Misconceptions from a table: name -> (function, hint)."""
    return tuple(
        Misconception(name, function, hint=hint) for name, (function, hint) in table.items()
    )


# -- a loss of two parts, with places for slips ------------------------------------------------


def kl_at(logits, teacher_logits, temperature):
    """KL(teacher ‖ student) at a temperature, the mean over rows, without a T²."""
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    return F.kl_div(log_q, p, reduction="batchmean")


def soft_part(logits, labels, teacher_logits, temperature):
    """The right soft loss."""
    return temperature**2 * kl_at(logits, teacher_logits, temperature)


def hard_part(logits, labels, teacher_logits, temperature):
    """The right hard loss."""
    return F.cross_entropy(logits, labels)


def _softened_hard(logits, labels, teacher_logits, temperature):
    return F.cross_entropy(logits / temperature, labels)


def _favourite(logits, labels, teacher_logits, temperature):
    return F.cross_entropy(logits, teacher_logits.argmax(dim=-1))


def _times(power):
    """The soft loss with T to another power."""
    return lambda z, y, t, T: T**power * kl_at(z, t, T)


def _of_probabilities(logits, labels, teacher_logits, temperature):
    q, p = (F.softmax(z / temperature, dim=-1) for z in (logits, teacher_logits))
    return temperature**2 * F.kl_div(q, p, reduction="batchmean")


def _roles_exchanged(logits, labels, teacher_logits, temperature):
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    return temperature**2 * F.kl_div(p, log_q, reduction="batchmean")


def _over_rows(logits, labels, teacher_logits, temperature):
    return (
        soft_part(logits.T, labels, teacher_logits.T, temperature) * logits.shape[1] / len(logits)
    )


def _scaled_by(part, factor):
    """A part of the loss, times factor(logits, T)."""
    return lambda z, y, t, T: factor(z, T) * part(z, y, t, T)


def _rows_of(logits, temperature):
    return len(logits)


def nothing(*args):
    return 0.0


mixed = mixture(soft_part, hard_part)

LOSSES: dict[str, tuple[Callable, str]] = {
    "T² is missing": (
        mixture(_times(0), hard_part),
        "The gradient of a softened KL shrinks like 1/T²: what brings it back?",
    ),
    "T stands where T² belongs": (
        mixture(_times(1), hard_part),
        "Both the logits' softening and their gradient bring a factor 1/T: that is two of them.",
    ),
    "the soft loss is divided by T²": (
        mixture(_times(-2), hard_part),
        "Softening has made the gradient smaller already. Which way must the factor work?",
    ),
    "T² multiplies the hard loss as well": (
        mixture(soft_part, _scaled_by(hard_part, lambda z, T: T**2)),
        "The hard loss is not softened, so there is nothing to make up for.",
    ),
    "only the student is softened": (
        mixture(lambda z, y, t, T: soft_part(z, y, t * T, T), hard_part),
        "Teacher and student are compared at one temperature.",
    ),
    "only the teacher is softened": (
        mixture(lambda z, y, t, T: soft_part(z * T, y, t, T), hard_part),
        "Teacher and student are compared at one temperature.",
    ),
    "the logits are multiplied by T": (
        mixture(lambda z, y, t, T: soft_part(z * T**2, y, t * T**2, T), hard_part),
        "A higher temperature makes a distribution flatter. What does a product do to it?",
    ),
    "the arguments of KL are swapped": (
        mixture(lambda z, y, t, T: soft_part(t, y, z, T), hard_part),
        "KL(teacher ‖ student): F.kl_div takes the second distribution first, as logarithms.",
    ),
    "kl_div gets probabilities where it wants logarithms": (
        mixture(_of_probabilities, hard_part),
        "Read what F.kl_div says of its `input`.",
    ),
    "student and teacher have changed places in kl_div": (
        mixture(_roles_exchanged, hard_part),
        "Read what F.kl_div says of `input` and `target`: which of them is a logarithm?",
    ),
    "the softmax runs over the rows": (
        mixture(_over_rows, hard_part),
        "What must sum to one: the classes of a row, or the rows of a class?",
    ),
    "the soft loss is divided by the classes too": (
        mixture(_scaled_by(soft_part, lambda z, T: 1 / z.shape[-1]), hard_part),
        "What does the reduction that you have chosen divide by?",
    ),
    "the soft loss is divided by the classes, not by the rows": (
        mixture(_scaled_by(soft_part, lambda z, T: len(z) / z.shape[-1]), hard_part),
        "Both parts are means over the rows.",
    ),
    "the soft loss is summed over the rows": (
        mixture(_scaled_by(soft_part, _rows_of), hard_part),
        "Both parts are means over the rows: a larger batch must not mean a larger step.",
    ),
    "the hard loss is summed over the rows": (
        mixture(soft_part, _scaled_by(hard_part, _rows_of)),
        "Both parts are means over the rows: a larger batch must not mean a larger step.",
    ),
    "the loss is summed over the batch": (
        lambda z, y, t, T, a: len(z) * mixed(z, y, t, T, a),
        "Take the mean over the rows: a larger batch must not mean a larger step.",
    ),
    "the hard loss is softened too": (
        mixture(soft_part, _softened_hard),
        "Labels are compared at temperature one.",
    ),
    "the hard loss asks for the teacher's favourite, not for the label": (
        mixture(soft_part, _favourite),
        "Who says what the hard loss wants: the teacher, or whoever labelled the rows?",
    ),
    "the labels alone teach": (
        lambda z, y, t, T, a: hard_part(z, y, t, T),
        "Without teacher_logits nothing is distilled; that is the control.",
    ),
    "the hard loss is left out": (
        mixture(soft_part, nothing),
        "At α = 1 the teacher alone is heard. And below that?",
    ),
    "α weighs the labels": (with_other_alpha(mixed), "Which part does α weigh here?"),
    "the hard loss is not weighed": (
        lambda z, y, t, T, a: a * soft_part(z, y, t, T) + hard_part(z, y, t, T),
        "The two weights sum to one.",
    ),
    "the parts are added without α": (
        lambda z, y, t, T, a: soft_part(z, y, t, T) + hard_part(z, y, t, T),
        "What is the argument α for?",
    ),
    "a weight of one half is written in": (
        lambda z, y, t, T, a: mixed(z, y, t, T, 0.5),
        "The function gets α: is it used?",
    ),
    "a temperature of 2 is written in": (
        lambda z, y, t, T, a: mixed(z, y, t, 2.0, a),
        "The function gets a temperature: is it used?",
    ),
}


# -- 05.1 one step of training ----------------------------------------------------------------


def _gradient(loss: Callable, weights, features):
    """The gradient of loss(logits) of a linear student with respect to its weights."""
    weights = weights.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(features @ weights.T), weights)
    return gradient


def _down(weights, gradient, rate):
    return weights - rate * gradient


def stepping(loss: Callable, move: Callable = _down):
    """A step on some loss(logits, labels, teacher_logits, T, α), and move(weights, gradient, rate)."""

    def step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
        def of_logits(logits):
            return loss(logits, labels, teacher_logits, temperature, alpha)

        return move(weights, _gradient(of_logits, weights, features), learning_rate)

    return step


def _by_optimizer(make: Callable):
    def move(weights, gradient, rate):
        weights = weights.clone()
        weights.grad = gradient
        make([weights], lr=rate).step()
        return weights

    return move


def _part_by_part(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    for share in (mixture(soft_part, nothing), mixture(nothing, hard_part)):
        weights = stepping(share)(
            weights, features, labels, teacher_logits, temperature, alpha, learning_rate
        )
    return weights


def _row_by_row(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    rate = learning_rate / len(features)
    for k in range(len(features)):
        row = slice(k, k + 1)
        weights = stepping(mixed)(
            weights, features[row], labels[row], teacher_logits[row], temperature, alpha, rate
        )
    return weights


MOVES: Table = {
    "the step goes uphill": (
        lambda w, g, rate: w + rate * g,
        "The gradient points to where the loss grows.",
    ),
    "this is the gradient, not the new weights": (
        lambda w, g, rate: g,
        "Asked for are the weights after the step.",
    ),
    "this is the change, not the new weights": (
        lambda w, g, rate: -rate * g,
        "Asked for are the weights after the step.",
    ),
    "the learning rate is left out": (
        lambda w, g, rate: w - g,
        "How long is a step?",
    ),
    "this is a step of Adam": (
        _by_optimizer(torch.optim.Adam),
        "Plain gradient descent is asked for: nothing divides the gradient.",
    ),
    "the weights are decayed": (
        _by_optimizer(partial(torch.optim.SGD, weight_decay=0.01)),
        "Plain gradient descent: the loss alone moves the weights.",
    ),
    "the gradient is clipped": (
        lambda w, g, rate: w - rate * g / g.norm().clamp(min=1.0),
        "Clipping comes in section 3; this step takes the gradient as it is.",
    ),
}

STEP = named(
    {
        **{name: (stepping(loss), hint) for name, (loss, hint) in LOSSES.items()},
        **{name: (stepping(mixed, move), hint) for name, (move, hint) in MOVES.items()},
        "two steps are made, one for each part of the loss": (
            _part_by_part,
            "One loss, one gradient, one step: the second gradient was taken somewhere else.",
        ),
        "a step is made for every row": (
            _row_by_row,
            "One step for the whole batch: all rows see the same weights.",
        ),
    }
)


# -- 05.10 the bug hunt -----------------------------------------------------------------------

_TEACHER_READS = "Dropout blurs an answer. Whose answer should not be blurred?"
BUGS = {
    "the teacher reads with dropout": _TEACHER_READS,
    "the student reads without dropout": "Dropout is for the one who learns.",
    "probabilities are given where kl_div wants their logarithm": "Read what F.kl_div says of its "
    "`input`.",
    "T² is missing": "The gradient of a softened KL shrinks like 1/T²: what brings it back?",
    "the teacher is trained too": "Only the student may move: what should come back of the teacher?",
    "the last step's gradient is added": "What has the step before to say in this one?",
}


def _by_own_gradient(weights, gradient, leftover, rate):
    return weights - rate * gradient


def _teacher_stays(teacher, new, move):
    return teacher


def hunted(
    loss: Callable = mixed,
    *,
    reads: Callable = lambda features, keep: features * keep,
    teacher_reads: Callable = lambda features, keep: features,
    new: Callable = _by_own_gradient,
    teacher_after: Callable = _teacher_stays,
    given: Callable = lambda student, teacher: (student, teacher),
    trained: bool = False,
):
    """The step of the hunt, with places for slips.

    loss(logits, labels, teacher_logits, T, α); reads, teacher_reads(features, keep); new(weights,
    gradient, leftover, rate); teacher_after(teacher, the student's new weights, its move); given
    (student, teacher): what is returned. trained: whether the teacher's gradient moves it.
    """

    def step(weights, teacher_weights, leftover, features, keep, labels, T, alpha, rate):
        own = weights.detach().clone().requires_grad_(True)
        its = teacher_weights.detach().clone().requires_grad_(True)
        student_logits = reads(features, keep) @ own.T
        teacher_logits = teacher_reads(features, keep) @ its.T
        total = loss(
            student_logits, labels, teacher_logits if trained else teacher_logits.detach(), T, alpha
        )
        gradient, moves = torch.autograd.grad(total, (own, its), allow_unused=True)
        student = new(own.detach(), gradient, leftover, rate)
        teacher = teacher_after(its.detach(), student, rate * gradient)
        return given(student, teacher - rate * moves if trained else teacher)

    return step


def _bugged(bugs: frozenset[str]):
    """The step with these of the planted bugs left in it."""

    def soft(logits, labels, teacher_logits, temperature):
        as_probabilities = "probabilities are given where kl_div wants their logarithm" in bugs
        q = (F.softmax if as_probabilities else F.log_softmax)(logits / temperature, dim=-1)
        p = F.softmax(teacher_logits / temperature, dim=-1)
        soft = F.kl_div(q, p, reduction="batchmean")
        return soft if "T² is missing" in bugs else temperature**2 * soft

    options: dict[str, Callable] = {}
    if "the teacher reads with dropout" in bugs:
        options["teacher_reads"] = lambda features, keep: features * keep
    if "the student reads without dropout" in bugs:
        options["reads"] = lambda features, keep: features
    if "the last step's gradient is added" in bugs:
        options["new"] = lambda w, g, leftover, rate: w - rate * (leftover + g)
    return hunted(mixture(soft, hard_part), trained="the teacher is trained too" in bugs, **options)


def _left_in(names: tuple[str, ...]) -> Misconception:
    """The step with these bugs in it; of several, the hint speaks of the first and says so."""
    first = BUGS[names[0]]
    hint = first if len(names) == 1 else f"One at a time. The first of them: {first}"
    return Misconception(f"still in: {'; '.join(names)}", _bugged(frozenset(names)), hint=hint)


def _bugs_left() -> tuple[Misconception, ...]:
    """Every set of planted bugs that a repair can have left in, all of them first."""
    return tuple(
        _left_in(names)
        for count in range(len(BUGS), 0, -1)
        for names in itertools.combinations(BUGS, count)
    )


def _without_dropout(soft: bool, hard: bool, teacher_reads: Callable = lambda x, keep: x):
    """A step whose soft or hard loss is of a student that reads without dropout."""

    def step(weights, teacher_weights, leftover, features, keep, labels, T, alpha, rate):
        own = weights.detach().clone().requires_grad_(True)
        dropped, whole = (x @ own.T for x in (features * keep, features))
        its = teacher_reads(features, keep) @ teacher_weights.detach().T
        taught = soft_part(whole if soft else dropped, labels, its, T)
        told = hard_part(whole if hard else dropped, labels, None, T)
        (gradient,) = torch.autograd.grad(alpha * taught + (1 - alpha) * told, own)
        return (own - rate * gradient).detach(), teacher_weights

    return step


def _with_dropout(features, keep):
    return features * keep


_READS_ONCE = "The student reads once, and both losses are of what it said."
_LEFTOVER = "What has the step before to say in this one?"
_TEACHER = "Only the student may move: what should come back of the teacher?"
_BUGS_OF_THE_LOSS = (
    "T² is missing",
    "kl_div gets probabilities where it wants logarithms",
)

HUNT = (
    *_bugs_left(),
    *named(
        {
            **{
                name: (hunted(loss), hint)
                for name, (loss, hint) in LOSSES.items()
                if name not in _BUGS_OF_THE_LOSS
            },
            "what is kept is not scaled up": (
                hunted(reads=lambda features, keep: features * (keep > 0)),
                "`keep` holds 1 / (1 - rate), not 1, for a reason: what would the sums do else?",
            ),
            "the teacher reads with dropout that is not scaled up": (
                hunted(teacher_reads=lambda features, keep: features * (keep > 0)),
                _TEACHER_READS,
            ),
            "the hard loss is of a student that reads without dropout": (
                _without_dropout(soft=False, hard=True),
                _READS_ONCE,
            ),
            "the soft loss is of a student that reads without dropout": (
                _without_dropout(soft=True, hard=False),
                _READS_ONCE,
            ),
            "the teacher reads with dropout, and the hard loss is of a student that reads without": (
                _without_dropout(soft=False, hard=True, teacher_reads=_with_dropout),
                f"One at a time. {_TEACHER_READS}",
            ),
            "the teacher reads with dropout, and the soft loss is of a student that reads without": (
                _without_dropout(soft=True, hard=False, teacher_reads=_with_dropout),
                f"One at a time. {_TEACHER_READS}",
            ),
            "the last step's gradient is subtracted": (
                hunted(new=lambda w, g, leftover, rate: w - rate * (g - leftover)),
                _LEFTOVER,
            ),
            "the last step's gradient is taken in place of this one's": (
                hunted(new=lambda w, g, leftover, rate: w - rate * leftover),
                _LEFTOVER,
            ),
            "the last step's gradient and this one's are averaged": (
                hunted(new=lambda w, g, leftover, rate: w - rate * (g + leftover) / 2),
                _LEFTOVER,
            ),
            "the last step's gradient goes on as momentum": (
                hunted(new=lambda w, g, leftover, rate: w - rate * (g + 0.9 * leftover)),
                _LEFTOVER,
            ),
            "the step goes uphill": (
                hunted(new=lambda w, g, leftover, rate: w + rate * g),
                "The gradient points to where the loss grows.",
            ),
            "the learning rate is left out": (
                hunted(new=lambda w, g, leftover, rate: w - g),
                "How long is a step?",
            ),
            "the student stays where it was": (
                hunted(new=lambda w, g, leftover, rate: w),
                "Asked for are the student's weights after the step.",
            ),
            "only the student's weights are returned": (
                hunted(given=lambda student, teacher: student),
                "Asked for are the student's weights and the teacher's.",
            ),
            "the teacher comes first": (
                hunted(given=lambda student, teacher: (teacher, student)),
                "The student's weights first, then the teacher's.",
            ),
            "the teacher gets the student's weights": (
                hunted(teacher_after=lambda teacher, new, move: new),
                _TEACHER,
            ),
            "the teacher makes the student's move": (
                hunted(teacher_after=lambda teacher, new, move: teacher - move),
                _TEACHER,
            ),
        }
    ),
)
