"""Lesson 03 under other conventions: where α, T and T² stand, what is summed, what a mask means."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import math
from dataclasses import replace

import torch
import torch.nn.functional as F

from kd_course.exercises import find
from kd_course.exercises.slips import (
    IGNORED,
    kl_to_teacher,
    labelled_rows,
    mean_surprise,
    mixture,
    summed_surprise,
    surprises,
    with_other_alpha,
)
from kd_course.exercises.spec import Misconception
from kd_course.exercises.variants import Collection, slip_table, then, then_with, with_arguments
from kd_course.lessons.lesson03.slips import of_each_row

variant = Collection()

LOG_2 = math.log(2)
WHICH_PART = "The exercise's text says which part alpha weighs."
WEIGHS_SOFT = "In the exercise's formula alpha weighs the soft loss."

summed = then_with(lambda mean, student, *others: mean * len(student))
without_square = then_with(lambda loss, student, teacher, temperature: loss / temperature**2)


def _reverse_rows(student, teacher, temperature, *, dim=-1, weights=True, detached=True, hot=()):
    """KL(student ‖ teacher) of softened rows, with the slips that can be made in it.

    hot: who is left at temperature one. weights: whether a gradient flows through the weights.
    """
    teacher = teacher.detach() if detached else teacher
    log_p = F.log_softmax(teacher / (1 if "teacher" in hot else temperature), dim)
    log_q = F.log_softmax(student / (1 if "student" in hot else temperature), dim)
    q = log_q.exp() if weights else log_q.exp().detach()
    return (q * (log_q - log_p)).sum(-1)


def _slips_in_reverse(with_slip):
    """What goes wrong in _reverse_rows, whatever it is a part of: with_slip(dim=0) and the like."""
    return {
        "The weights are cut off from the gradient": (
            with_slip(weights=False),
            "The value is right. The q in front of the logarithm depends on the student, too.",
        ),
        "Softmax over the first dimension: over examples, not over classes": with_slip(dim=0),
        "The teacher is not softened": (
            with_slip(hot=("teacher",)),
            "T divides the logits of both.",
        ),
    }


# -- 03.1 soft targets ------------------------------------------------------------------------


@variant(
    "03.1",
    "the logits are multiplied by `temperature`, an inverse temperature",
    instead="the logits are divided by the temperature",
    statement="""
    Physicists often write $\\beta = 1/T$. In this exercise the argument `temperature` is such an
    **inverse temperature**: the logits are **multiplied** by it before the softmax, so that a small
    value flattens and a large one sharpens. The logits have any shape; their **last** dimension holds
    the classes. It is one number for all rows, or a tensor with **one for each row**. Logits of several
    hundred must not overflow. No gradient need flow.
    """,
    adapt=with_arguments(lambda logits, temperature: (logits, 1 / temperature)),
    without=(
        "The logits are multiplied",
        "The probabilities are divided",
        "The probabilities are softened",
        "p to the power",
    ),
    slips=(
        Misconception(
            "The probabilities are multiplied, after the softmax",
            lambda logits, temperature: F.softmax(logits, -1) * of_each_row(temperature),
            hint="What do your rows sum to? The factor belongs inside the exponential.",
        ),
        Misconception(
            "p to a power, without the sum that makes it a distribution again",
            lambda logits, temperature: F.softmax(logits, -1) ** of_each_row(temperature),
            hint="The power is a true way to sharpen. What do the rows sum to now?",
        ),
    ),
    hints={
        "The temperature is not used": "At 1 this is right. Where does the factor enter?",
        "The logits are divided by the root of T": "Twice the factor should double the distance of "
        "two logits. What does yours do?",
        "The rows' temperatures lack a dimension: they meet the classes": "Shapes are aligned from the "
        "right. What shape must one number a row have, to multiply a row?",
    },
    hint="First one factor for all rows, then one a row: what shape does it need beside the classes?",
)
def soft_targets(logits, temperature):
    """The distribution that the logits stand for, sharpened by an inverse temperature above one.

    logits: (..., classes). temperature: a positive number, or a tensor (...) of them, by which the
    logits are multiplied.
    Returns (..., classes); each row sums to one.
    """
    ### BEGIN SOLUTION
    temperature = torch.as_tensor(temperature).unsqueeze(-1)
    return (temperature * logits).softmax(-1)
    ### END SOLUTION


@variant(
    "03.1",
    "log-probabilities are returned",
    instead="probabilities are returned",
    statement="""
    Return the **logarithms** of the softened probabilities, which is what a loss needs next: for
    logits of any shape whose **last** dimension holds the classes, at one temperature for all rows, or
    at **one for each row**. No logarithm of a probability that was rounded to 0: every result is
    finite. No gradient need flow.
    """,
    adapt=then(torch.log),
    without=("Log-probabilities returned", "The probabilities are divided", "p to the power"),
    slips=(
        Misconception(
            "The logarithm of a softmax that was rounded to zero",
            lambda logits, temperature: F.softmax(logits / of_each_row(temperature), -1).log(),
            hint="F.log_softmax computes the log without ever forming the tiny number.",
        ),
        Misconception(
            "Log-probabilities divided by T: their exponentials do not sum to one",
            lambda logits, temperature: F.log_softmax(logits, -1) / of_each_row(temperature),
            hint="Divide the logits, before they are made log-probabilities.",
        ),
    ),
    hint="First one temperature for all rows, then one a row: what shape does it need?",
)
def soft_targets(logits, temperature):
    """The log of the distribution that the logits stand for, flattened by a temperature above one.

    logits: (..., classes). temperature: a positive number, or a tensor (...) of positive numbers.
    Returns (..., classes): log-probabilities; the exponentials of each row sum to one.
    """
    ### BEGIN SOLUTION
    softer = logits / torch.as_tensor(temperature).unsqueeze(-1)
    return softer - torch.logsumexp(softer, dim=-1, keepdim=True)
    ### END SOLUTION


def _classes_first(function):
    def changed(logits, temperature):
        return function(logits.movedim(0, -1), temperature).movedim(-1, 0)

    return changed


def _with_classes_first(random):
    """The course's own cases, with the classes in the first dimension."""
    return [
        replace(case, args=(case.args[0].movedim(-1, 0).contiguous(), case.args[1]))
        for case in find("03.1").cases(random)
    ]


@variant(
    "03.1",
    "the first dimension holds the classes",
    instead="the last dimension holds the classes",
    statement="""
    Write the formula above for logits of any shape whose **first** dimension holds the classes, as
    `F.cross_entropy` has it for images and some speech toolkits have it for frames: what sums to one
    are the slices along `dim=0`. The temperature is one number for all, or a tensor with **one for each
    slice**, of the shape that is left without the classes. Logits of several hundred must not overflow.
    No gradient need flow.
    """,
    adapt=_classes_first,
    without=(
        "Softmax over the",
        "The rows' temperatures",
        "A sigmoid",
        "All rows together",
    ),
    cases=_with_classes_first,
    hints={
        "p to the power 1/T, without the sum that makes it a distribution again": "The power is a "
        "true way to soften. What do the probabilities of one example sum to now?",
        "The probabilities are divided by T, after the softmax": "What do they sum to? The division "
        "belongs inside the exponential.",
    },
    hint="Divide first. Shapes are aligned from the right: is that where the classes stand here?",
)
def soft_targets(logits, temperature):
    """The distribution that the logits stand for, flattened by a temperature above one.

    logits: (classes, ...): the classes come first. temperature: a positive number, or a tensor (...)
    of positive numbers.
    Returns (classes, ...), which sums to one over the first dimension.
    """
    ### BEGIN SOLUTION
    return (logits / temperature).softmax(0)
    ### END SOLUTION


# -- 03.2 the soft loss -----------------------------------------------------------------------


@variant(
    "03.2",
    "the examples are summed",
    instead="the examples are averaged",
    statement="""
    Write $L_\\text{soft} = T^2 \\sum_\\text{examples} \\mathrm{KL}(p \\,\\|\\, q)$: the **sum** over the
    examples, as the article's formulas have it, not their mean. No gradient may reach the teacher.
    The logits are finite, and may lie hundreds apart.
    """,
    adapt=summed,
    without=("The examples are summed", "One number an example", "The distributions are averaged"),
    hints={
        'reduction="mean": the loss is divided by the number of classes as well': "Sum over the "
        "classes, and over the examples: nothing is divided.",
    },
    hint="Logarithms first, of both at T. Then think of each axis: here both are summed.",
)
def soft_loss(student_logits, teacher_logits, temperature):
    """How far the student's softened distributions are from the teacher's, times T².

    student_logits, teacher_logits: (examples, classes). temperature: a positive number.
    Returns one number in nats: the sum over examples. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student = (student_logits / temperature).log_softmax(1)
    teacher = (teacher_logits.detach() / temperature).log_softmax(1)
    return temperature**2 * F.kl_div(student, teacher, reduction="sum", log_target=True)
    ### END SOLUTION


def _reverse_soft(*, power=2, total=False, per_class=False, **slip):
    def loss(student_logits, teacher_logits, temperature):
        rows = _reverse_rows(student_logits, teacher_logits, temperature, **slip)
        value = rows.sum() if total else rows.mean()
        return temperature**power * value / (student_logits.shape[-1] if per_class else 1)

    return loss


@variant(
    "03.2",
    "KL is reversed: KL(student ‖ teacher)",
    instead="KL(teacher ‖ student)",
    statement="""
    Write the soft loss with the **reverse** divergence, which lesson 02 met and which language models
    are often distilled with: $T^2\\,\\mathrm{KL}(q \\,\\|\\, p)$, where the **student's** $q$ does the
    weighing, as the mean over the examples. Both are softened at $T$. No gradient may reach the
    teacher; to the student it flows through the weights as well as through the logarithm. The logits are finite, and may lie hundreds apart.
    """,
    slips=slip_table(
        "03.2",
        {
            "T² is missing": (_reverse_soft(power=0), "At T = 1 nobody notices."),
            "The factor is T, not T²": (_reverse_soft(power=1), "Look at the factor in front."),
            "The examples are summed, not averaged": _reverse_soft(total=True),
            'reduction="mean": the loss is divided by the number of classes as well': _reverse_soft(
                per_class=True
            ),
            **_slips_in_reverse(_reverse_soft),
            "The student is not softened": _reverse_soft(hot=("student",)),
            "Gradient flows into the teacher": _reverse_soft(detached=False),
        },
    ),
    hint="Logarithms first, of both at T. Which of the two, back from its logarithm, is the weight here?",
)
def soft_loss(student_logits, teacher_logits, temperature):
    """How far the teacher's softened distribution is from the student's, times T²: reverse KL.

    student_logits, teacher_logits: (examples, classes). temperature: a positive number.
    Returns one number in nats: the mean over examples. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student = (student_logits / temperature).log_softmax(1)
    teacher = (teacher_logits.detach() / temperature).log_softmax(1)
    per_row = (student.exp() * (student - teacher)).sum(1)
    return temperature**2 * per_row.mean()
    ### END SOLUTION


@variant(
    "03.2",
    "there is no T² in front",
    instead="T² stands in front",
    statement="""
    Write the bare $\\mathrm{KL}(p \\,\\|\\, q)$ of the softened distributions as the mean over the
    examples, **without** the factor $T^2$: some libraries leave it to the caller. No gradient may
    reach the teacher. The logits are finite, and may lie hundreds apart.
    """,
    adapt=without_square,
    without=("T² is missing", "The factor is T", "Divided by T²"),
    slips=(
        Misconception(
            "A factor T stands in front",
            lambda s, t, temperature: temperature * kl_to_teacher(s, t, temperature).mean(),
            hint="Nothing stands in front here: the caller sees to that.",
        ),
    ),
    hint="Logarithms first, of both at T. One of them, back from the logarithm, is the weight.",
)
def soft_loss(student_logits, teacher_logits, temperature):
    """How far the student's softened distribution is from the teacher's, without a factor T².

    student_logits, teacher_logits: (examples, classes). temperature: a positive number.
    Returns one number in nats: the mean over examples. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student = (student_logits / temperature).log_softmax(1)
    teacher = (teacher_logits.detach() / temperature).softmax(1)
    return F.kl_div(student, teacher, reduction="batchmean")
    ### END SOLUTION


@variant(
    "03.2",
    "T softens the student only",
    instead="T softens teacher and student",
    statement="""
    A teacher behind an interface gives probabilities that cannot be softened any more. Write the soft
    loss for it: only the **student's** logits are divided by $T$, the **teacher** is taken at
    **temperature one**. $T^2$ stands in front, and the mean is over the examples. No gradient may reach
    the teacher. The logits are finite, and may lie hundreds apart.
    """,
    adapt=with_arguments(lambda s, t, temperature: (s, t * temperature, temperature)),
    without=("The teacher is not softened", "The student is not softened"),
    slips=(
        Misconception(
            "Nobody is softened",
            lambda s, t, temperature: temperature**2 * kl_to_teacher(s, t, 1.0).mean(),
            hint="T divides the logits of one of the two.",
        ),
        Misconception(
            "The teacher is softened, and the student is not",
            lambda s, t, temperature: (
                temperature**2 * kl_to_teacher(s, t / temperature, 1.0).mean()
            ),
            hint="The other way round.",
        ),
    ),
    hint="Logarithms first, of each at its own temperature. One of them, back from it, is the weight.",
)
def soft_loss(student_logits, teacher_logits, temperature):
    """How far the student's softened distribution is from the teacher's at temperature one, times T².

    student_logits, teacher_logits: (examples, classes). temperature: a positive number, which
    divides the student's logits only.
    Returns one number in nats: the mean over examples. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student = (student_logits / temperature).log_softmax(1)
    teacher = teacher_logits.detach().softmax(1)
    return temperature**2 * F.kl_div(student, teacher, reduction="batchmean")
    ### END SOLUTION


# -- 03.3 the gradient by hand ----------------------------------------------------------------


def _difference(student, teacher, temperature):
    return F.softmax(student / temperature, -1) - F.softmax(teacher / temperature, -1)


@variant(
    "03.3",
    "the loss is the sum over the examples",
    instead="the loss is the mean over the examples",
    statement="""
    Return the gradient, with respect to the student's logits, of
    $T^2 \\sum_\\text{examples} \\mathrm{KL}(p \\,\\|\\, q)$ with both softened at $T$: a **sum** over the
    examples. The logits may lie hundreds apart. Please do it
    by hand, not by autograd: the check cannot tell.
    """,
    adapt=summed,
    without=("The mean over examples", "The rows' gradients", "Divided by the classes"),
    hint="Write down what multiplies the difference of the distributions, one by one.",
)
def soft_gradient(student_logits, teacher_logits, temperature):
    """The gradient with respect to the student's logits of T² KL, summed over the examples.

    student_logits, teacher_logits: (examples, classes). temperature: a positive number.
    Returns (examples, classes).
    """
    ### BEGIN SOLUTION
    student, teacher = (z.div(temperature).softmax(1) for z in (student_logits, teacher_logits))
    return temperature * (student - teacher)
    ### END SOLUTION


@variant(
    "03.3",
    "the loss has no T² in front",
    instead="the loss has T² in front",
    statement="""
    Return the gradient, with respect to the student's logits, of the **bare** divergence
    $\\mathrm{KL}(p \\,\\|\\, q)$ with both softened at $T$, **without** $T^2$ in front, as the mean over
    the examples. The logits may lie hundreds apart. Please do it
    by hand, not by autograd: the check cannot tell.
    """,
    adapt=without_square,
    without=("T² is missing", "Both factors"),
    slips=(
        Misconception(
            "The distributions are subtracted at T, and divided by T²",
            lambda s, t, temperature: _difference(s, t, temperature) / len(s) / temperature**2,
            hint="The chain rule brings one factor 1/T, not two.",
        ),
    ),
    hint="Write down what multiplies the difference of the distributions, one by one.",
)
def soft_gradient(student_logits, teacher_logits, temperature):
    """The gradient of KL(teacher ‖ student) at T, without T², with respect to the student's logits.

    student_logits, teacher_logits: (examples, classes). temperature: a positive number.
    Returns (examples, classes): of the mean over the examples.
    """
    ### BEGIN SOLUTION
    student, teacher = (z.div(temperature).softmax(1) for z in (student_logits, teacher_logits))
    return (student - teacher) / (temperature * student_logits.shape[0])
    ### END SOLUTION


@variant(
    "03.3",
    "the direction of descent is asked for: minus the gradient",
    instead="the gradient itself",
    statement="""
    Return the **direction of steepest descent**, that is, **minus the gradient**, with respect to the
    student's logits, of $T^2\\,\\mathrm{KL}(p \\,\\|\\, q)$ with both softened at $T$, as the mean over the
    examples. The logits may lie hundreds apart. Please do it
    by hand, not by autograd: the check cannot tell.
    """,
    adapt=then(torch.neg),
    without=("The sign is turned",),
    hints={
        "T² is missing: this is the gradient of KL alone": "KL alone gives (p - q)/T as direction. "
        "What does the factor T² in front of the loss make of it?",
    },
    hint="Write down what multiplies the difference of the distributions. Which way is down?",
)
def soft_gradient(student_logits, teacher_logits, temperature):
    """Which way the student's logits should move: minus the gradient of the soft loss, with its T².

    student_logits, teacher_logits: (examples, classes). temperature: a positive number.
    Returns (examples, classes): what a step of gradient descent adds, up to the learning rate.
    """
    ### BEGIN SOLUTION
    student, teacher = (z.div(temperature).softmax(1) for z in (student_logits, teacher_logits))
    return (teacher - student) * (temperature / student_logits.shape[0])
    ### END SOLUTION


# -- 03.6 the hard loss -----------------------------------------------------------------------


@variant(
    "03.6",
    "the surprises of labelled rows are summed",
    instead="the surprises of labelled rows are averaged",
    statement="""
    The **sum** of the surprises over the labelled rows, in nats, and 0 when there are none: some
    training loops divide later, by the tokens of all batches together. The logits are finite, and may lie hundreds apart.
    """,
    adapt=then_with(lambda mean, s, labels: mean * labelled_rows(labels)),
    without=(
        "Rows without a label",
        "A label of -100",
        "The examples are summed",
        "0/0",
        "One number a row",
        "The count is",
    ),
    hints={
        "Divided by the number of classes as well": "One term a row, the label's. Only added up."
    },
    slips=(
        Misconception(
            "A label of -100 is taught as class 0",
            lambda s, labels: F.cross_entropy(s, labels.clamp(min=0), reduction="sum"),
            hint="-100 means that nobody knows. Leave the row out.",
        ),
    ),
    hint="Which rows add something, and what does an empty sum come to?",
)
def hard_loss(student_logits, labels):
    """How surprised the student is by all the labels together, at temperature one.

    student_logits: (examples, classes). labels: (examples,), -100 where there is no label.
    Returns one number in nats: the sum over labelled examples, 0 if there is none.
    """
    ### BEGIN SOLUTION
    return F.cross_entropy(student_logits, labels, ignore_index=-100, reduction="sum")
    ### END SOLUTION


@variant(
    "03.6",
    "the surprise is counted in bits",
    instead="the surprise is counted in nats",
    statement="""
    The mean surprise over the labelled rows in **bits** (logarithms to base 2), and 0 when there are
    none. The logits are finite, and may lie hundreds apart.
    """,
    adapt=then(lambda nats: nats / LOG_2),
    slips=(
        Misconception(
            "Multiplied by log 2, not divided",
            lambda s, labels: mean_surprise(s, labels) * LOG_2,
            hint="A student that finds two classes equally likely pays 1 bit. What does yours pay?",
        ),
    ),
    hint="A sum and a count, both of the same rows; then another unit. How many nats are one bit?",
)
def hard_loss(student_logits, labels):
    """How surprised the student is by the labels, at temperature one, in bits.

    student_logits: (examples, classes). labels: (examples,), -100 where there is no label.
    Returns one number in bits: the mean over labelled examples, 0 if there is none.
    """
    ### BEGIN SOLUTION
    in_nats = F.cross_entropy(student_logits, labels, ignore_index=-100, reduction="sum")
    return in_nats / (math.log(2) * max((labels != -100).sum().item(), 1))
    ### END SOLUTION


@variant(
    "03.6",
    "the sum is divided by all rows, labelled or not",
    instead="the sum is divided by the labelled rows",
    statement="""
    The sum of the labelled rows' surprises in nats, **divided by the number of all rows**, those
    without a label included, so that a batch with few labels has a small say; 0 when no row has one.
    The logits are finite, and may lie hundreds apart.
    """,
    adapt=then_with(lambda mean, s, labels: mean * (labels != IGNORED).double().mean().to(s.dtype)),
    without=(
        "Rows without a label",
        "A label of -100",
        "The examples are summed",
        "One number a row",
        "The count is",
    ),
    slips=(
        Misconception(
            "A label of -100 is taught as class 0",
            lambda s, labels: F.cross_entropy(s, labels.clamp(min=0)),
            hint="-100 means that nobody knows. The row adds nothing to the sum.",
        ),
        Misconception(
            "The labels' own number of rows is divided by once more",
            lambda s, labels: mean_surprise(s, labels) / len(labels),
            hint="One division, by the number of all rows.",
        ),
    ),
    hint="A sum and a count, and here they are not of the same rows.",
)
def hard_loss(student_logits, labels):
    """How surprised the student is by the labels, at temperature one, spread over the whole batch.

    student_logits: (examples, classes). labels: (examples,), -100 where there is no label.
    Returns one number in nats: the labelled examples' sum divided by the number of all examples.
    """
    ### BEGIN SOLUTION
    per_row = F.cross_entropy(student_logits, labels, ignore_index=-100, reduction="none")
    return per_row.mean()
    ### END SOLUTION


# -- 03.7 the whole loss ----------------------------------------------------------------------

_ANY_ALPHA = (
    "A label of -100 removes its row from the hard part only: on unlabelled text the teacher still has "
    "an opinion. A hard part without any labelled row is 0. $\\alpha = 0$ and $\\alpha = 1$ are ordinary "
    "values, which need no special case. The logits are finite, and may lie hundreds apart."
)


def _in_parts(change):
    """An `adapt` for a loss that is linear in alpha: change(soft, hard, s, t, labels, T, alpha)."""

    def adapt(function):
        def changed(s, t, labels, temperature, alpha):
            soft, hard = (function(s, t, labels, temperature, a) for a in (1.0, 0.0))
            # Not 0 · x: a NaN of one part would spoil the other, as it does for whoever adds both.
            return change(soft, hard, s, labels, temperature, alpha)

        return changed

    return adapt


@variant(
    "03.7",
    "α weighs the hard loss",
    instead="α weighs the soft loss",
    statement=f"""
    Put it together, with **α on the hard loss**, as several libraries have it:
    $L = (1 - \\alpha)\\,L_\\text{{soft}} + \\alpha\\,L_\\text{{hard}}$, where $L_\\text{{soft}}$ is
    $T^2\\,\\mathrm{{KL}}(p \\,\\|\\, q)$ at $T$, averaged over the rows, and $L_\\text{{hard}}$ the mean
    surprise of the labelled rows at temperature one. {_ANY_ALPHA}
    """,
    adapt=with_other_alpha,
    without=(
        "Alpha weighs the hard",
        "Alpha is not used",
        "T² is dropped",
        "The weights do not add up",
        "The hard loss is subtracted",
        "The two parts",
    ),
    slips=(
        Misconception(
            "T² is dropped when alpha is 0",
            lambda s, t, labels, temperature, alpha: (
                kl_to_teacher(s, t, temperature).mean()
                if alpha == 0
                else (1 - alpha) * temperature**2 * kl_to_teacher(s, t, temperature).mean()
                + alpha * mean_surprise(s, labels)
            ),
            hint="A shortcut for the end value must return what the formula gives there.",
        ),
        Misconception(
            "The weights do not add up to one: the soft loss is not weighed by 1 - alpha",
            lambda s, t, labels, temperature, alpha: (
                temperature**2 * kl_to_teacher(s, t, temperature).mean()
                + alpha * mean_surprise(s, labels)
            ),
            hint="At alpha = 1 the teacher should have no say.",
        ),
    ),
    hint="You have written both parts. Which of them does alpha weigh here?",
    allowed="anything in torch; not kd_course.losses",
)
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    """What a student is trained on: alpha times the hard loss, 1 - alpha times the soft one.

    student_logits, teacher_logits: (examples, classes). labels: (examples,), -100 for no label.
    Returns one number in nats. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student = (student_logits / temperature).log_softmax(1)
    teacher = (teacher_logits.detach() / temperature).softmax(1)
    taught = temperature**2 * F.kl_div(student, teacher, reduction="batchmean")
    surprise = F.cross_entropy(student_logits, labels, reduction="sum")
    return alpha * surprise / (labels != -100).sum().clamp(min=1) + (1 - alpha) * taught
    ### END SOLUTION


def _reverse_whole(*, power=2, hard=mean_surprise, kept=False, **slip):
    def soft(s, t, labels, temperature):
        rows = _reverse_rows(s, t, temperature, **slip)
        rows = rows[labels != IGNORED] if kept else rows
        return temperature**power * rows.sum() / max(len(rows), 1)

    return mixture(soft, lambda s, t, labels, temperature: hard(s, labels))


@variant(
    "03.7",
    "the soft loss is reversed: KL(student ‖ teacher)",
    instead="the soft loss is KL(teacher ‖ student)",
    statement=f"""
    Put it together, with the **reverse** divergence in the soft part:
    $L = \\alpha\\,T^2\\,\\mathrm{{KL}}(q \\,\\|\\, p) + (1 - \\alpha)\\,L_\\text{{hard}}$, where the
    **student's** softened $q$ does the weighing, averaged over the rows, and $L_\\text{{hard}}$ is the
    mean surprise of the labelled rows at temperature one. {_ANY_ALPHA}
    """,
    slips=slip_table(
        "03.7",
        {
            "Alpha weighs the hard loss": (with_other_alpha(_reverse_whole()), WEIGHS_SOFT),
            "T² is missing": _reverse_whole(power=0),
            **_slips_in_reverse(_reverse_whole),
            "The student is not softened in the soft loss": _reverse_whole(hot=("student",)),
            "A row without a label is dropped from the soft part too": _reverse_whole(kept=True),
            "Gradient flows into the teacher": _reverse_whole(detached=False),
            "0/0 when no row is labelled": _reverse_whole(
                hard=lambda s, labels: summed_surprise(s, labels) / (labels != IGNORED).sum()
            ),
        },
    ),
    hint="Which distribution weighs the terms here, and does a gradient flow through the weight?",
    allowed="anything in torch; not kd_course.losses",
)
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    """What a student is trained on: alpha times a reverse soft loss, 1 - alpha times the hard one.

    student_logits, teacher_logits: (examples, classes). labels: (examples,), -100 for no label.
    Returns one number in nats. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student = (student_logits / temperature).log_softmax(1)
    teacher = (teacher_logits.detach() / temperature).log_softmax(1)
    taught = temperature**2 * (student.exp() * (student - teacher)).sum(1).mean()
    surprise = F.cross_entropy(student_logits, labels, reduction="sum")
    return alpha * taught + (1 - alpha) * surprise / (labels != -100).sum().clamp(min=1)
    ### END SOLUTION


@variant(
    "03.7",
    "no T² stands before the soft loss",
    instead="T² stands before the soft loss",
    statement=f"""
    Put it together **without T²**:
    $L = \\alpha\\,\\mathrm{{KL}}(p \\,\\|\\, q) + (1 - \\alpha)\\,L_\\text{{hard}}$, with both
    distributions softened at $T$ and averaged over the rows, and $L_\\text{{hard}}$ the mean surprise of
    the labelled rows at temperature one. (The lesson says what that costs.) {_ANY_ALPHA}
    """,
    adapt=_in_parts(
        lambda soft, hard, s, labels, temperature, alpha: (
            alpha * soft / temperature**2 + (1 - alpha) * hard
        )
    ),
    without=(
        "T² is",
        "T² multiplies",
        "The factor is T",
        "The weights do not add up",
        "Alpha is not used",
        "The two",
    ),
    slips=(
        Misconception(
            "T² multiplies the hard loss",
            lambda s, t, labels, temperature, alpha: (
                alpha * kl_to_teacher(s, t, temperature).mean()
                + (1 - alpha) * temperature**2 * mean_surprise(s, labels)
            ),
            hint="There is no T² anywhere in this exercise.",
        ),
        Misconception(
            "The weights do not add up to one: the hard loss is not weighed by 1 - alpha",
            lambda s, t, labels, temperature, alpha: (
                alpha * kl_to_teacher(s, t, temperature).mean() + mean_surprise(s, labels)
            ),
            hint="At alpha = 1 the labels should have no say.",
        ),
    ),
    hints={"Alpha weighs the hard loss": WEIGHS_SOFT},
    hint="You have written both parts. Which factor do they bring along, and is it asked for?",
    allowed="anything in torch; not kd_course.losses",
)
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    """What a student is trained on: alpha times KL at T, without T², 1 - alpha times the hard loss.

    student_logits, teacher_logits: (examples, classes). labels: (examples,), -100 for no label.
    Returns one number in nats. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student = (student_logits / temperature).log_softmax(1)
    teacher = (teacher_logits.detach() / temperature).softmax(1)
    taught = F.kl_div(student, teacher, reduction="batchmean")
    surprise = F.cross_entropy(student_logits, labels, reduction="sum")
    return alpha * taught + (1 - alpha) * surprise / (labels != -100).sum().clamp(min=1)
    ### END SOLUTION


@variant(
    "03.7",
    "both parts are sums over the rows",
    instead="both parts are means over the rows",
    statement=f"""
    Put it together with **sums** in place of means, as the article's formulas have it:
    $L = \\alpha\\,T^2 \\sum \\mathrm{{KL}}(p \\,\\|\\, q) + (1 - \\alpha) \\sum -\\log q(\\text{{label}})$.
    The first sum is over all rows, both softened at $T$; the second over the labelled rows, at
    temperature one. {_ANY_ALPHA}
    """,
    adapt=_in_parts(
        lambda soft, hard, s, labels, temperature, alpha: (
            alpha * soft * len(s) + (1 - alpha) * hard * labelled_rows(labels)
        )
    ),
    without=(
        "T² is dropped",
        "The weights do not",
        "Alpha is not used",
        "A row without",
        "The hard labels",
        "0/0",
        "Both parts are summed",
        "The two",
        "Where there is a label",
        "Missing labels",
        "Rows without a label",
    ),
    hints={
        'reduction="mean": the soft part is divided by the number of classes as well': "Sum over the "
        "classes, and over the rows: nothing is divided.",
        "Alpha weighs the hard loss": WEIGHS_SOFT,
    },
    slips=(
        Misconception(
            "The soft part is summed, the hard part is averaged",
            lambda s, t, labels, temperature, alpha: (
                alpha * temperature**2 * kl_to_teacher(s, t, temperature).sum()
                + (1 - alpha) * mean_surprise(s, labels)
            ),
            hint="Both are sums here.",
        ),
        Misconception(
            "A row without a label is dropped from the soft part too",
            lambda s, t, labels, temperature, alpha: (
                alpha * temperature**2 * kl_to_teacher(s, t, temperature)[labels != -100].sum()
                + (1 - alpha) * summed_surprise(s, labels)
            ),
            hint="The teacher has an opinion on unlabelled text: that is half of what it is for.",
        ),
    ),
    hint="Two sums, each over its own rows. What is then left to divide?",
    allowed="anything in torch; not kd_course.losses",
)
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    """What a student is trained on: sums over the rows of the soft and of the hard loss.

    student_logits, teacher_logits: (examples, classes). labels: (examples,), -100 for no label.
    Returns one number in nats: alpha times the soft sum, 1 - alpha times the hard one. No gradient
    reaches the teacher.
    """
    ### BEGIN SOLUTION
    student = (student_logits / temperature).log_softmax(1)
    teacher = (teacher_logits.detach() / temperature).softmax(1)
    taught = temperature**2 * F.kl_div(student, teacher, reduction="sum")
    surprise = F.cross_entropy(student_logits, labels, reduction="sum")
    return alpha * taught + (1 - alpha) * surprise
    ### END SOLUTION


# -- 03.8 tokens, padding, masks --------------------------------------------------------------


def _with_turned_masks(random):
    """The course's own cases, with every mask in the other sense."""
    return [
        replace(case, args=(*case.args[:3], ~case.args[3], *case.args[4:]))
        for case in find("03.8").cases(random)
    ]


@variant(
    "03.8",
    "the mask is true where a token is padding",
    instead="the mask is true where a token counts",
    statement="""
    The whole loss again, for (batch, length, vocabulary), and with the mask that PyTorch's
    `nn.Transformer` takes: `mask` is **true where a token is padding** and does not count. The soft
    part is the mean over the tokens that count, with $T^2$; the hard part is the mean over those of
    them that have a label; α weighs the soft part. A mean over nothing is 0. A class that both models
    exclude with $-\\infty$ adds nothing, and no label names it. The other logits may lie
    hundreds apart. What stands under padding may be
    anything, NaN too, and must reach neither the loss nor its gradient.
    """,
    adapt=with_arguments(lambda s, t, labels, mask, *others: (s, t, labels, ~mask, *others)),
    without=("The mask is read",),
    hints={"Alpha weighs the hard loss": WHICH_PART},
    hint="Throw the padding away first. What does the mask say, and what do you want to keep?",
    cases=_with_turned_masks,
)
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    """The distillation loss of padded sentences, a mean over the tokens that are no padding.

    student_logits, teacher_logits: (batch, length, vocabulary); a class may be -inf in both.
    labels: (batch, length), -100 for no label. mask: (batch, length), true where a token is padding.
    Returns one number in nats. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    counts = ~mask
    student, teacher = student_logits[counts], teacher_logits.detach()[counts]
    log_student = (student / temperature).log_softmax(1)
    log_teacher = (teacher / temperature).log_softmax(1)
    nats = log_teacher.exp() * (log_teacher - log_student)
    nats = torch.where(log_teacher == -math.inf, torch.zeros_like(nats), nats)
    taught = temperature**2 * nats.sum() / counts.sum().clamp(min=1)
    known = labels[counts]
    surprise = F.cross_entropy(student, known, reduction="sum")
    return alpha * taught + (1 - alpha) * surprise / (known != -100).sum().clamp(min=1)
    ### END SOLUTION


@variant(
    "03.8",
    "α weighs the hard part",
    instead="α weighs the soft part",
    statement="""
    The whole loss again, for (batch, length, vocabulary), and with **α on the hard part**:
    (1 − α) · soft + α · hard. The soft part is the mean over tokens where `mask` is true, with $T^2$;
    the hard part is the mean over those of them that have a label. A mean over nothing is 0. A class
    that both models exclude with $-\\infty$ adds nothing, and no label names it. The other logits may lie
    hundreds apart. What stands under
    padding may be anything, NaN too, and must reach neither the loss nor its gradient.
    """,
    adapt=with_other_alpha,
    without=("Alpha weighs the hard",),
)
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    """The distillation loss of padded sentences, a mean over tokens; alpha weighs the hard part.

    student_logits, teacher_logits: (batch, length, vocabulary); a class may be -inf in both.
    labels: (batch, length), -100 for no label. mask: (batch, length), true where a token counts.
    Returns one number in nats. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student, teacher = student_logits[mask], teacher_logits.detach()[mask]
    log_student = (student / temperature).log_softmax(1)
    log_teacher = (teacher / temperature).log_softmax(1)
    nats = log_teacher.exp() * (log_teacher - log_student)
    nats = torch.where(log_teacher == -math.inf, torch.zeros_like(nats), nats)
    taught = temperature**2 * nats.sum() / mask.sum().clamp(min=1)
    known = labels[mask]
    surprise = F.cross_entropy(student, known, reduction="sum")
    return (1 - alpha) * taught + alpha * surprise / (known != -100).sum().clamp(min=1)
    ### END SOLUTION


def _soft_total(s, t, labels, mask, temperature):
    return temperature**2 * kl_to_teacher(s[mask], t[mask], temperature).sum()


def _hard_total(s, t, labels, mask, temperature):
    return surprises(s[mask], labels[mask]).sum()


def _a_sentence(soft=_soft_total, hard=_hard_total):
    """The right loss, in which a misconception replaces one of the totals."""
    shared = then_with(lambda total, s, t, labels, mask, temperature: total / len(mask))
    return mixture(shared(soft), shared(hard))


@variant(
    "03.8",
    "the tokens of a sentence are summed, the sentences averaged",
    instead="all tokens are averaged",
    statement="""
    The whole loss again, for (batch, length, vocabulary), but **a loss a sentence**, as language
    modelling toolkits report it: the soft part is the **sum** over the tokens where `mask` is true,
    with $T^2$, **divided by the number of sentences** in the batch; the hard part is the sum over those
    of them that have a label, divided by the number of sentences as well. α weighs the soft part. A
    sentence that is all padding counts as a sentence, of loss 0. A class that both models exclude with
    $-\\infty$ adds nothing, and no label names it. The other logits may lie
    hundreds apart. What stands under padding may be anything, NaN too,
    and must reach neither the loss nor its gradient.
    """,
    slips=slip_table(
        "03.8",
        {
            "The mask is used in the hard part only: padding is counted in the soft part": (
                _a_sentence(
                    lambda s, t, labels, mask, temperature: (
                        temperature**2 * kl_to_teacher(s, t, temperature).sum()
                    )
                ),
                "Which tokens does the soft sum run over?",
            ),
            "The mask is used in the soft part only": _a_sentence(
                hard=lambda s, t, labels, mask, temperature: surprises(s, labels).sum()
            ),
            "A token without a label is dropped from the soft part too": _a_sentence(
                lambda s, t, labels, mask, temperature: _soft_total(
                    s, t, labels, mask & (labels != IGNORED), temperature
                )
            ),
            "T² is missing": _a_sentence(
                lambda s, t, labels, mask, temperature: kl_to_teacher(
                    s[mask], t[mask], temperature
                ).sum()
            ),
            "The batch is summed: not divided by the number of sentences": (
                mixture(_soft_total, _hard_total),
                "Twice the sentences would give twice the loss.",
            ),
            "Alpha weighs the hard loss": (with_other_alpha(_a_sentence()), WHICH_PART),
            "0 · (-inf) = NaN at a class that both exclude": _a_sentence(
                lambda s, t, labels, mask, temperature: (
                    temperature**2
                    * F.kl_div(
                        F.log_softmax(s[mask] / temperature, -1),
                        F.softmax(t[mask].detach() / temperature, -1),
                        reduction="sum",
                    )
                )
            ),
        },
    ),
    hint="Throw the padding away first. Then: what is summed, and what is counted?",
)
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    """The distillation loss of padded sentences: summed over tokens, averaged over sentences.

    student_logits, teacher_logits: (batch, length, vocabulary); a class may be -inf in both.
    labels: (batch, length), -100 for no label. mask: (batch, length), true where a token counts.
    Returns one number in nats: a loss a sentence. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student, teacher = student_logits[mask], teacher_logits.detach()[mask]
    log_student = (student / temperature).log_softmax(1)
    log_teacher = (teacher / temperature).log_softmax(1)
    nats = log_teacher.exp() * (log_teacher - log_student)
    nats = torch.where(log_teacher == -math.inf, torch.zeros_like(nats), nats)
    surprise = F.cross_entropy(student, labels[mask], reduction="sum")
    return (alpha * temperature**2 * nats.sum() + (1 - alpha) * surprise) / mask.shape[0]
    ### END SOLUTION


VARIANTS = tuple(variant)
