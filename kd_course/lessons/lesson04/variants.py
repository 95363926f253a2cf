"""Lesson 04 under other conventions: who gets the share of ε, what α weighs, logs for probabilities."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import re
from dataclasses import replace

import torch
import torch.nn.functional as F

from kd_course.exercises import find
from kd_course.exercises.slips import with_other_alpha
from kd_course.exercises.spec import Misconception
from kd_course.exercises.variants import Collection, then, with_arguments

variant = Collection()


def _one_hot(labels, classes):
    return F.one_hot(labels, classes).float()


def _as_share_of_all(labels, classes, epsilon):
    """What is spread over the other classes only is a larger share, spread over all."""
    return labels, classes, epsilon * classes / (classes - 1)


# Slips that are about ε's being shared among all classes.
_OF_ALL = (
    "ε is shared",
    "ε and 1 - ε",
    "ε is 0.1",
    "ε is taken",
    "ε is divided",
    "ε goes to",
    "the label gets no share",
    "every class gets",
)


# -- 04.6 smoothed labels ---------------------------------------------------------------------


@variant(
    "04.6",
    "ε is shared among the other classes only",
    instead="ε is shared among all classes, the label's own among them",
    statement="""
    Return the targets that label smoothing makes of labels, where ε is shared evenly among **the other
    classes only**: the label keeps exactly 1 − ε, and each of the other classes gets ε / (classes − 1).
    """,
    adapt=with_arguments(_as_share_of_all),
    without=_OF_ALL,
    hints={"ε is ignored: these are the labels": "What do the other classes get?"},
    slips=(
        Misconception(
            "the others get ε / classes, and the rows do not sum to one",
            lambda labels, classes, epsilon: (
                (1 - epsilon) * _one_hot(labels, classes)
                + epsilon / classes * (1 - _one_hot(labels, classes))
            ),
            hint="How many other classes are there?",
        ),
        Misconception(
            "every other class gets the whole of ε",
            lambda labels, classes, epsilon: (
                (1 - epsilon) * _one_hot(labels, classes)
                + epsilon * (1 - _one_hot(labels, classes))
            ),
            hint="ε is shared among them.",
        ),
    ),
    hint="1 - ε on the label; ε / (classes - 1) everywhere else.",
)
def smoothed_targets(labels, classes, epsilon):
    """Labels as distributions: 1 - epsilon on the label, epsilon spread over the other classes.

    labels: (rows,), whole numbers; classes: how many, at least 2; epsilon: in [0, 1].
    Returns (rows, classes), float; each row sums to one.
    """
    ### BEGIN SOLUTION
    targets = torch.full((len(labels), classes), epsilon / (classes - 1))
    targets[torch.arange(len(labels)), labels] = 1 - epsilon
    return targets
    ### END SOLUTION


@variant(
    "04.6",
    "epsilon is the share that stays with the label",
    instead="epsilon is the share that is spread evenly",
    statement="""
    Return the targets that label smoothing makes of labels, where `epsilon` is the share that **stays
    with the label** (some papers call it *confidence*): the rest, 1 − ε, is spread evenly over **all**
    classes, the label's own among them. At ε = 1 the labels come out as they are.
    """,
    adapt=with_other_alpha,
    without=_OF_ALL,
    hints={
        "ε is ignored: these are the labels": "What is done with the rest, 1 - ε?",
    },
    slips=(
        Misconception(
            "the rest is spread over the other classes only",
            lambda labels, classes, epsilon: (
                epsilon * _one_hot(labels, classes)
                + (1 - epsilon) / (classes - 1) * (1 - _one_hot(labels, classes))
            ),
            hint="All classes get their part of the rest, the label's own as well.",
        ),
        Misconception(
            "every class gets the whole rest",
            lambda labels, classes, epsilon: epsilon * _one_hot(labels, classes) + (1 - epsilon),
            hint="The rest is shared among the classes.",
        ),
    ),
)
def smoothed_targets(labels, classes, epsilon):
    """Labels as distributions: epsilon on the label, 1 - epsilon spread over all classes.

    labels: (rows,), whole numbers; classes: how many; epsilon: in [0, 1], what the label keeps.
    Returns (rows, classes), float; each row sums to one.
    """
    ### BEGIN SOLUTION
    targets = torch.full((len(labels), classes), (1 - epsilon) / classes)
    targets[torch.arange(len(labels)), labels] += epsilon
    return targets
    ### END SOLUTION


@variant(
    "04.6",
    "the logarithms of the targets are returned",
    instead="the targets are returned as probabilities",
    statement="""
    Return the **logarithms** of the targets that label smoothing makes of labels (a share ε spread over
    **all** classes), ready for `F.kl_div(…, log_target=True)`. Where a target is 0 its logarithm is −∞.
    """,
    adapt=then(torch.log),
    without=("the label keeps", "logarithms are returned", "a softmax is taken"),
    hints={
        "ε is shared among the other classes only": "The label gets its share of ε, too.",
        "the label gets no share of ε, and the rows do not sum to one": "All classes get their share.",
        "ε goes to the next class only": "Among how many classes is ε shared?",
        "ε is ignored: these are the labels": "What is spread over all classes?",
    },
    slips=(
        Misconception(
            "log_softmax of what is a distribution already",
            lambda labels, classes, epsilon: (
                (1 - epsilon) * _one_hot(labels, classes) + epsilon / classes
            ).log_softmax(-1),
            hint="The rows sum to one: a plain logarithm is enough.",
        ),
    ),
    hint="A weighted sum of two distributions, the label's and the uniform one; then its logarithm.",
)
def smoothed_targets(labels, classes, epsilon):
    """Labels as log-distributions: 1 - epsilon on the label, epsilon spread over all classes.

    labels: (rows,), whole numbers; classes: how many; epsilon: in [0, 1].
    Returns (rows, classes), float, logarithms; the exponentials of each row sum to one.
    """
    ### BEGIN SOLUTION
    targets = torch.full((len(labels), classes), epsilon / classes)
    targets[torch.arange(len(labels)), labels] += 1 - epsilon
    return torch.log(targets)
    ### END SOLUTION


# -- 04.7 the one target behind two losses ----------------------------------------------------


def _likeliest(teacher_p):
    return F.one_hot(teacher_p.argmax(-1), teacher_p.shape[-1]).to(teacher_p.dtype)


@variant(
    "04.7",
    "α weighs the hard loss",
    instead="α weighs the soft loss",
    statement="""
    Return that target for a loss in which **α weighs the hard part**:
    $(1 - \\alpha)\\,\\mathrm{KL}(p \\,\\|\\, q) + \\alpha\\,H(y, q)$. (The formula above has the two the other
    way round.)
    """,
    adapt=with_other_alpha,
    without=("α weighs the labels",),
)
def implied_target(teacher_p, labels, alpha):
    """The target whose cross-entropy has the gradient of (1 - α) · soft + α · hard, at T = 1.

    teacher_p: (rows, classes), probabilities; labels: (rows,); alpha: weight of the hard loss.
    Returns (rows, classes); each row sums to one.
    """
    ### BEGIN SOLUTION
    target = (1 - alpha) * teacher_p
    target[torch.arange(len(labels)), labels] += alpha
    return target
    ### END SOLUTION


@variant(
    "04.7",
    "the logarithm of the target is returned",
    instead="the target is returned as probabilities",
    statement="""
    Return the **logarithm** of that target, ready for `F.kl_div(…, log_target=True)`; α weighs the soft
    part. Where the target is 0 its logarithm is −∞.
    """,
    adapt=then(torch.log),
    hints={"α weighs the labels": "The formula above says which part α weighs."},
    slips=(
        Misconception(
            "the logarithms are mixed, not the probabilities",
            lambda teacher_p, labels, alpha: (
                alpha * teacher_p.log()
                + (1 - alpha)
                * F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype).clamp(min=1e-12).log()
            ),
            hint="Mix first, then take the logarithm.",
        ),
    ),
)
def implied_target(teacher_p, labels, alpha):
    """The log of the target whose cross-entropy has the gradient of α · soft + (1 - α) · hard.

    teacher_p: (rows, classes), probabilities; labels: (rows,); alpha: weight of the soft loss. T = 1.
    Returns (rows, classes), logarithms; the exponentials of each row sum to one.
    """
    ### BEGIN SOLUTION
    target = alpha * teacher_p
    target[torch.arange(len(labels)), labels] += 1 - alpha
    return torch.log(target)
    ### END SOLUTION


def _in_percent(random):
    """The course's own cases, with α from 0 to 100."""

    def case_in_percent(case):
        percent = round(100 * case.args[2], 6)
        label = re.sub(r"α = [\d.]+", f"α = {percent:g}", case.label)
        return replace(case, args=(*case.args[:2], percent), label=label)

    return [case_in_percent(case) for case in find("04.7").cases(random)]


@variant(
    "04.7",
    "α is given in percent, from 0 to 100",
    instead="α is given as a share, from 0 to 1",
    statement="""
    Return that target. `alpha` is given **in percent**, a number from 0 to 100, as in some configuration
    files: `alpha=75` means that the soft loss weighs 0.75 and the hard one 0.25.
    """,
    adapt=with_arguments(lambda teacher_p, labels, percent: (teacher_p, labels, percent / 100)),
    hints={"α weighs the labels": "α weighs the soft part: α = 100 is the teacher alone."},
    cases=_in_percent,
)
def implied_target(teacher_p, labels, alpha):
    """The target whose cross-entropy has the gradient of α · soft + (100 - α) · hard, over 100.

    teacher_p: (rows, classes), probabilities; labels: (rows,); alpha: weight of the soft loss in
    percent, from 0 to 100. T = 1. Returns (rows, classes); each row sums to one.
    """
    ### BEGIN SOLUTION
    share = alpha / 100
    target = share * teacher_p
    target[torch.arange(len(labels)), labels] += 1 - share
    return target
    ### END SOLUTION


VARIANTS = tuple(variant)
