"""Lesson 03, Distillation losses by hand: what is asked, on what it is tried, how it goes wrong.

The whole losses (03.7, 03.8) stand in whole_losses.py, the audit in audit.py, and the wrong answers
themselves in slips.py.
"""

from __future__ import annotations

import math
from functools import partial

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import IGNORED, random_labels
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson03 import slips
from kd_course.lessons.lesson03.audit import KL_TERMS, REPAIRED_LOSS, WHICH_MISTAKE
from kd_course.lessons.lesson03.shared import (
    BOTH_SOFT,
    DETACH,
    EVERY_ROW,
    FAR,
    SURE,
    both,
    every_label,
    far_student,
    some_logits,
    sure_teacher,
    without_some,
    wrong,
)
from kd_course.lessons.lesson03.whole_losses import DISTILLATION_LOSS, MASKED_LOSS

ONE_A_ROW = "a temperature for every row"
DEEP = "logits of more than two dimensions"


# -- 03.1 soft targets ------------------------------------------------------------------------


def soft_targets_cases(random: numpy.random.Generator) -> list[Case]:
    def temperatures(*shape: int) -> Tensor:
        return torch.tensor(1 + 5 * random.random(shape), dtype=torch.float32)

    high, low = random.uniform(350.0, 500.0, size=2)
    gaps = random.permuted([[0.0, -230.0, -460.0]] * 2, axis=1)  # one class is all but sure
    large = torch.tensor(gaps + random.permutation([[high], [-low]]), dtype=torch.float32)
    impossible = torch.zeros(2, 2)
    impossible[range(2), random.permutation(2)] = -torch.tensor(
        random.uniform(140.0, 210.0, size=2), dtype=torch.float32
    )
    return [
        Case((torch.tensor([2.0, 1.0, 0.0]), 2.0), "one row, T = 2"),
        Case((some_logits(random, 2, 4), 1.0), "T = 1"),
        Case((some_logits(random, 3, 5), 4.0), "three rows, T = 4"),
        Case(
            (some_logits(random, 2, 3), 0.5),
            "T = 0.5, which sharpens",
            clause="a temperature below one",
        ),
        Case(
            (some_logits(random, 2, 3, 4), 3.0), "two sentences of three tokens, T = 3", clause=DEEP
        ),
        Case(
            (some_logits(random, 2, 3) + large, 2.0),
            "logits of several hundred",
            clause="logits of several hundred",
        ),
        Case(
            (impossible, 50.0),
            "classes that are next to impossible at T = 1, T = 50",
            clause="a class whose probability at T = 1 rounds to 0, and at the T that is asked for does not",
        ),
        Case(
            (some_logits(random, 3, 5), temperatures(3)),
            "three rows, three temperatures",
            clause=ONE_A_ROW,
        ),
        Case(
            (some_logits(random, 4, 4), temperatures(4)),
            "as many rows as classes, a temperature for each row",
            clause=ONE_A_ROW,
        ),
        Case(
            (some_logits(random, 2, 3, 4), temperatures(2, 3)),
            "a temperature for each token of two sentences",
            clause=ONE_A_ROW,
        ),
    ]


SOFT_TARGETS = Exercise(
    id="03.1",
    name="soft_targets",
    title="Soften a distribution",
    lesson="03",
    signature="soft_targets(logits, temperature)",
    points=2,
    minutes=6,
    difficulty=2,
    importance=5,
    cases=soft_targets_cases,
    misconceptions=(
        wrong(
            "The logits are multiplied by T, not divided",
            slips.targets(lambda z, t: z * t),
            "A large T is to flatten. Which operation brings the logits closer together?",
        ),
        wrong(
            "The temperature is not used",
            slips.targets(lambda z, t: z),
            "At T = 1 this is right. Where does T enter the formula?",
        ),
        wrong(
            "The probabilities are divided by T, after the softmax",
            slips.targets_divided_after,
            "What do your rows sum to? The division belongs inside the exponential.",
        ),
        wrong(
            "p to the power 1/T, without the sum that makes it a distribution again",
            slips.targets_root,
            "The power is a true way to soften. What do the rows sum to now?",
        ),
        wrong(
            "The probabilities are softened: T divides them, and a second softmax follows",
            slips.targets(lambda z, t: F.softmax(z, -1) / t),
            "What does T divide in the formula: scores, or what the softmax has made of them?",
        ),
        wrong(
            "Softmax twice: the softened probabilities are taken for logits",
            slips.targets(lambda z, t: F.softmax(z / t, -1)),
            "One softmax makes a distribution. What is a second one given?",
        ),
        wrong(
            "The logits are divided by the root of T",
            slips.targets(lambda z, t: z / t**0.5),
            "Twice the temperature should halve the distance of two logits. What does yours do?",
        ),
        wrong(
            "Softmax over the first dimension: over examples, not over classes",
            slips.targets(lambda z, t: z / t, dim=0),
            "Which dimension holds the classes, whatever stands before it?",
        ),
        wrong(
            "Softmax over the second dimension (dim=1): the classes stand in the last",
            slips.targets_second_dimension,
            "With two dimensions the second is the last. With three it is not.",
        ),
        wrong(
            "All rows together sum to one",
            slips.targets_over_all,
            "Each row is a distribution of its own. What does one of yours sum to?",
        ),
        wrong(
            "A sigmoid for each class: the classes do not compete",
            slips.targets_sigmoid,
            "What do your rows sum to? The denominator of the formula holds all classes.",
        ),
        wrong(
            "Log-probabilities returned, not probabilities",
            slips.targets_log,
            "All your numbers are negative. What are soft targets made of?",
        ),
        wrong(
            "exp overflows: the largest logit is not subtracted first",
            slips.targets_overflow,
            "exp(400) is inf in float32, and inf / inf is NaN. torch.softmax takes care of it.",
        ),
        wrong(
            "The rows' temperatures lack a dimension: they meet the classes",
            slips.targets_without_a_dimension,
            "Shapes are aligned from the right. What shape must one number a row have, to divide a row?",
        ),
    ),
    question="What has to be true of the shapes of two tensors so that one divides the other row by row?",
    hint=(
        "First write it for one temperature. Then ask what changes when it is a tensor: shapes are "
        "aligned from the right, and the classes stand there."
    ),
    withheld=("kd_course.divergences.*", "kd_course.metrics.*"),
    allowed="anything in torch; not kd_course.divergences or kd_course.metrics, which have it",
)


# -- 03.2 the soft loss -----------------------------------------------------------------------


def soft_loss_cases(random: numpy.random.Generator) -> list[Case]:
    same = some_logits(random, 2, 3)
    return [
        Case((*both(random, 1, 3), 1.0), "one example, T = 1"),
        Case(
            (*both(random, 4, 3), 2.0),
            "four examples, three classes, T = 2",
            gradient_of=(0, 1),
        ),
        Case(
            (*both(random, 3, 6), 4.0),
            "three examples, six classes, T = 4",
            gradient_of=(0, 1),
        ),
        Case((*both(random, 2, 3), 0.5), "T = 0.5", clause="a temperature below one"),
        Case((same, same.clone(), 3.0), "the student is the teacher"),
        Case(
            (far_student(random), some_logits(random, 2, 4), 2.0),
            "a student with logits of several hundred",
            clause=FAR,
        ),
        Case(
            (some_logits(random, 2, 3), sure_teacher(random), 2.0),
            "a teacher with logits of several hundred",
            clause=SURE,
            gradient_of=(0, 1),
        ),
    ]


SOFT_LOSS = Exercise(
    id="03.2",
    name="soft_loss",
    title="The soft loss",
    lesson="03",
    signature="soft_loss(student_logits, teacher_logits, temperature)",
    points=4,
    minutes=10,
    difficulty=3,
    importance=5,
    cases=soft_loss_cases,
    atol=1e-5,  # KL of equal distributions, computed in two ways in float32
    misconceptions=(
        wrong(
            'reduction="mean": the loss is divided by the number of classes as well',
            slips.soft(slips.over_classes),
            "Sum over the classes of an example, then take the mean over the examples.",
        ),
        wrong(
            "The examples are summed, not averaged",
            slips.soft(reduced=torch.sum),
            "Twice the batch would give twice the loss, and twice the step.",
        ),
        wrong(
            "One number an example: the mean over the examples is missing",
            slips.soft(reduced=lambda rows: rows),
            "An optimizer wants one number for the batch.",
        ),
        wrong(
            "KL(student‖teacher): the arguments are swapped",
            slips.soft(slips.reversed_terms),
            "Who weighs the terms? The distribution in front of them should be the teacher's.",
        ),
        wrong(
            "T² is missing",
            slips.soft(power=0),
            "At T = 1 nobody notices. What is the factor in front of the divergence?",
        ),
        wrong(
            "The factor is T, not T²",
            slips.soft(power=1),
            "Look at the factor in front of the divergence once more.",
        ),
        wrong(
            "Divided by T², not multiplied",
            slips.soft(power=-2),
            "A high T makes the divergence small. Should the factor make it smaller still?",
        ),
        wrong(
            "kl_div got the student's probabilities; it wants log-probabilities",
            slips.soft(slips.terms_of_probabilities),
            "F.kl_div's first argument is a log: F.log_softmax, not F.softmax.",
        ),
        wrong(
            "kl_div got the teacher's p first and the student's q second",
            slips.soft(slips.terms_in_the_other_order),
            "Its first argument is the log of the second distribution of KL(p‖q).",
        ),
        wrong(
            "log_target=True, though the target holds probabilities",
            slips.soft(slips.terms_with_log_target),
            "Either pass log_softmax of the teacher, or leave log_target alone.",
        ),
        wrong(
            "log p weighs the terms, not p",
            slips.soft(slips.terms_weighed_by_logs),
            "A weight that is negative? What stands in front of the difference of the logs?",
        ),
        wrong(
            "Softmax over the first dimension: over examples, not over classes",
            slips.soft(dim=0),
            EVERY_ROW,
        ),
        wrong(
            "The teacher is not softened",
            slips.soft(hot="teacher"),
            "T divides the logits of both. Otherwise the loss is smallest for logits T times off.",
        ),
        wrong("The student is not softened", slips.soft(hot="student"), BOTH_SOFT),
        wrong(
            "Cross-entropy, not KL: the teacher's entropy is still in it",
            slips.soft(slips.terms_of_cross_entropy),
            "The gradient is right, the value is not: it should be 0 when the two agree.",
        ),
        wrong(
            "The sign is turned: log q - log p",
            slips.soft(slips.terms_with_other_sign),
            "A divergence of distributions is never negative. Yours is never positive.",
        ),
        wrong(
            "In bits: the logarithm is to base 2",
            slips.soft(slips.terms_in_bits),
            "The course counts in nats: the natural logarithm.",
        ),
        wrong(
            "Squared differences of the probabilities, not their divergence",
            slips.soft(slips.squared_differences),
            "A difference of 0.01 weighs the same at 0.5 and at 0.001 in yours. Does it in KL?",
        ),
        wrong(
            "The distributions are averaged over the examples before they are compared",
            slips.soft_of_mean_distributions,
            "Compare example by example, then take the mean of what you found.",
        ),
        wrong(
            "An epsilon inside the log caps what a wrong student can cost",
            slips.soft(slips.terms_with_epsilon),
            "log(q + 1e-8) never falls below -18. F.log_softmax needs no epsilon.",
        ),
        wrong(
            "The log of a softmax: small probabilities round to 0, and their log to -inf",
            slips.soft(slips.terms_of_rounded_probabilities),
            "F.log_softmax computes the log without ever forming the tiny number.",
        ),
        wrong(
            "0 · log 0 = NaN: the teacher's p is rounded to 0 before its log is taken",
            slips.soft(slips.terms_with_log_of_rounded_p),
            "The student's log never forms the tiny number. How does yours get the teacher's?",
        ),
        wrong(
            "0 · log 0 = NaN where the teacher is sure, and gradient flows into the teacher",
            slips.soft(slips.terms_with_log_of_rounded_p, detached=""),
            "Two things of the teacher: how its log is computed, and whether its gradient is cut off.",
        ),
        wrong(
            "log 0 = -inf: the student's q is rounded to 0 before its log is taken",
            slips.soft(slips.terms_with_log_of_rounded_q),
            "F.log_softmax computes the log without ever forming the tiny number.",
        ),
        wrong("Gradient flows into the teacher", slips.soft(detached=""), DETACH),
        wrong(
            "The student is detached, and the teacher is not",
            slips.soft(detached="student"),
            "The value is right. Which of the two is being trained?",
        ),
        wrong(
            "Nobody gets a gradient: all under no_grad, or requires_grad switched off on the argument",
            slips.soft_without_gradient,
            "Cut off the teacher alone, and leave the caller's tensor as it is.",
        ),
    ),
    question="Which of the two distributions do you need itself, and of which only the logarithm?",
    hint=(
        "Take logarithms first, of both at T, by a function that never forms a tiny probability. One "
        "of them, back from the logarithm, is the weight. Then think of each axis: which is summed, "
        "which is averaged?"
    ),
    withheld=("kd_course.losses.*",),
    allowed="anything in torch, torch.nn.functional too; not kd_course.losses",
)


# -- 03.3 the gradient by hand ----------------------------------------------------------------


def soft_gradient_cases(random: numpy.random.Generator) -> list[Case]:
    same = some_logits(random, 1, 3)
    return [
        Case((*both(random, 1, 3), 1.0), "one example, T = 1"),
        Case((*both(random, 1, 3), 2.0), "one example, T = 2"),
        Case((*both(random, 4, 3), 3.0), "four examples, T = 3"),
        Case((*both(random, 3, 5), 0.5), "three examples, T = 0.5"),
        Case((same, same.clone(), 2.0), "the student is the teacher"),
        Case(
            (far_student(random), some_logits(random, 2, 4), 2.0),
            "a student with logits of several hundred",
            clause="logits of several hundred",
        ),
        Case(
            (some_logits(random, 2, 3), sure_teacher(random), 2.0),
            "a teacher with logits of several hundred",
            clause="logits of several hundred",
        ),
    ]


SOFT_GRADIENT = Exercise(
    id="03.3",
    name="soft_gradient",
    title="The gradient by hand",
    lesson="03",
    signature="soft_gradient(student_logits, teacher_logits, temperature)",
    points=3,
    minutes=8,
    difficulty=3,
    importance=4,
    cases=soft_gradient_cases,
    misconceptions=(
        wrong(
            "T² is missing: this is the gradient of KL alone",
            slips.gradient(lambda q, p, t: (q - p) / t / len(q)),
            "What does the factor in front of the divergence do to its gradient?",
        ),
        wrong(
            "The chain rule's 1/T is missing",
            slips.gradient(lambda q, p, t: t**2 * (q - p) / len(q)),
            "The student's logits are divided by T before the softmax: one more factor.",
        ),
        wrong(
            "Both factors of T are missing",
            slips.gradient(lambda q, p, t: (q - p) / len(q)),
            "Two things in the loss depend on T beside the distributions. What does each bring?",
        ),
        wrong(
            "The sign is turned: p - q is the direction of descent",
            slips.gradient(lambda q, p, t: t * (p - q) / len(q)),
            "Where the student gives too much (q > p), its logit must come down: gradient > 0.",
        ),
        wrong(
            "The distributions are taken at T = 1",
            slips.gradient(slips.right_gradient, hot="student and teacher"),
            "p and q are the softened ones.",
        ),
        wrong(
            "The student is not softened",
            slips.gradient(slips.right_gradient, hot="student"),
            BOTH_SOFT,
        ),
        wrong(
            "The teacher is not softened",
            slips.gradient(slips.right_gradient, hot="teacher"),
            BOTH_SOFT,
        ),
        wrong(
            "Softmax over the first dimension: over examples, not over classes",
            slips.gradient(slips.right_gradient, dim=0),
            EVERY_ROW,
        ),
        wrong(
            "The mean over examples is forgotten",
            slips.gradient(lambda q, p, t: t * (q - p)),
            "The loss is a mean over the rows. Each row's gradient is a share of that.",
        ),
        wrong(
            "The number of classes divides, too",
            slips.gradient(lambda q, p, t: t * (q - p) / q.numel()),
            "The loss is a sum over classes and a mean over examples.",
        ),
        wrong(
            "Divided by the classes, not by the examples",
            slips.gradient(lambda q, p, t: t * (q - p) / q.shape[-1]),
            "Over what does the loss take a mean?",
        ),
        wrong(
            "The rows' gradients are averaged into one",
            slips.gradient(lambda q, p, t: t * (q - p).mean(0)),
            "Every logit of every example has a derivative of its own.",
        ),
        wrong(
            "The rows' gradients are averaged into one row",
            slips.gradient(lambda q, p, t: t * (q - p).mean(0, keepdim=True)),
            "Every logit of every example has a derivative of its own.",
        ),
        wrong(
            "The gradient with respect to log q: the softmax's own derivative is missing",
            slips.gradient(lambda q, p, t: -t * p / len(q)),
            "When one logit rises, the other classes' probabilities fall. Where is that in yours?",
        ),
        wrong(
            "The difference is weighed by p",
            slips.gradient(lambda q, p, t: t * p * (q - p) / len(q)),
            "Differentiate Σ p log q once more: the weights are gone when the sum is carried out.",
        ),
        wrong(
            "The limit of a very high temperature, not the gradient at T",
            slips.gradient_limit,
            "That holds when T is large against the logits. Here T may be 1.",
        ),
        wrong(
            "exp overflows: the largest logit is not subtracted first",
            slips.gradient_overflow,
            "exp(150) is inf in float32, and inf / inf is NaN.",
        ),
    ),
    question=(
        "What lies on the way from the student's logits to the loss, step by step, and what does each "
        "step do to the gradient?"
    ),
    hint="Three things multiply the difference of the distributions. Write them down one by one.",
    withheld=("kd_course.losses.*",),
    allowed="torch.softmax; not kd_course.losses",
)


# -- 03.4 the limit of high temperature -------------------------------------------------------


def logit_matching_cases(random: numpy.random.Generator) -> list[Case]:
    student = some_logits(random, 2, 4)
    apart = some_logits(random, 3, 4)
    signs = random.permutation([1, -1, random.choice([1, -1])])
    lifts = torch.tensor(signs * random.uniform(250.0, 500.0, size=3), dtype=torch.float32)
    return [
        Case(
            (torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 1.0, 1.0]])),
            "one row whose differences are 0, 1, 2",
        ),
        Case(both(random, 3, 4), "three rows, four classes", gradient_of=(0,)),
        Case(
            (some_logits(random, 5, 2), some_logits(random, 5, 2) + 3),
            "a teacher three logits higher",
        ),
        Case(
            (student, student - float(random.integers(3, 20))),
            "two models that differ by a constant",
        ),
        Case(
            (apart, some_logits(random, 3, 4) + lifts.unsqueeze(-1)),
            "a teacher whose rows lie hundreds of logits higher or lower",
            clause="a constant of several hundred between the two models' logits",
        ),
    ]


LOGIT_MATCHING = Exercise(
    id="03.4",
    name="logit_matching_loss",
    title="What is left when T is very large",
    lesson="03",
    signature="logit_matching_loss(student_logits, teacher_logits)",
    points=3,
    minutes=10,
    difficulty=3,
    importance=3,
    cases=logit_matching_cases,
    misconceptions=(
        wrong(
            "The differences are not centred: a constant added to every logit costs something",
            slips.matching(lambda d: (d**2).mean() / 2),
            "softmax(z + 5) is softmax(z). A loss of distributions cannot see the constant.",
        ),
        wrong(
            "The plain mean squared error of the logits, as F.mse_loss has it: neither centred nor halved",
            slips.matching(lambda d: (d**2).mean()),
            "Two things to look at: what may a constant on a whole row cost, and which factor does a "
            "square leave when it is differentiated?",
        ),
        wrong(
            "The factor ½ is missing",
            slips.matching(lambda d: slips.variance(d).mean()),
            "Differentiate your loss. A square leaves a factor 2 that the limit does not have.",
        ),
        wrong(
            "Summed over the classes, not averaged",
            slips.matching(lambda d: (slips.centred(d) ** 2).sum(-1).mean() / 2),
            "Differentiate your loss, and look at what stands in front of the bracket.",
        ),
        wrong(
            "The variance is divided by C - 1: torch.var's default",
            slips.matching(lambda d: d.var(-1).mean() / 2),
            "torch.var estimates from a sample unless told otherwise. Here all classes are there.",
        ),
        wrong(
            "Centred over the examples, not over the classes",
            slips.matching(lambda d: (slips.centred(d, 0) ** 2).mean() / 2),
            "The constant that softmax ignores is one constant a row.",
        ),
        wrong(
            "One mean for the whole batch",
            slips.matching(lambda d: d.var(unbiased=False) / 2),
            "The constant that softmax ignores is one constant a row.",
        ),
        wrong(
            "Only the teacher's rows are centred",
            slips.matching_one_centred,
            "The limit subtracts both rows' means.",
        ),
        wrong(
            "The examples are summed, not averaged",
            slips.matching(lambda d: slips.variance(d).sum() / 2),
            "Of a batch, the losses of this lesson are means over the examples.",
        ),
        wrong(
            "One number an example: the mean over the examples is missing",
            slips.matching(lambda d: slips.variance(d) / 2),
            "One number for the batch is asked for.",
        ),
        wrong(
            "A standard deviation, not a square",
            slips.matching(lambda d: slips.variance(d).sqrt().mean() / 2),
            "Differentiate your loss. Is its gradient proportional to the difference?",
        ),
        wrong(
            "Absolute differences, not squares",
            slips.matching(lambda d: slips.centred(d).abs().mean() / 2),
            "Differentiate your loss. Is its gradient proportional to the difference?",
        ),
        wrong(
            "Centred on the median, not on the mean",
            slips.matching(lambda d: ((d - d.median(-1, keepdim=True).values) ** 2).mean() / 2),
            "What does z̄ stand for in the limit?",
        ),
        wrong(
            "The difference of two variances, not the variance of the difference",
            slips.matching_variances,
            "Two models may spread alike and disagree on every class.",
        ),
        wrong(
            "The models' logits are added, not subtracted",
            slips.matching_added,
            "What should the loss be when the student is the teacher?",
        ),
        wrong(
            "Probabilities compared, not logits",
            slips.matching_probabilities,
            "At high T the exponential is a straight line: what it leaves are the logits.",
        ),
    ),
    question="Which function of one variable x has the derivative c · (x - a)?",
    hint=(
        "Guess a sum of squares, differentiate it, and compare with the limit above: first what "
        "stands in the bracket, then the factor in front."
    ),
    withheld=("kd_course.losses.*",),
    allowed="anything in torch; not kd_course.losses",
)


# -- 03.5 quiz: cross-entropy or KL -----------------------------------------------------------

KL_OR_CROSS_ENTROPY = Exercise(
    id="03.5",
    name="kl_or_cross_entropy",
    title="Two losses, one student?",
    lesson="03",
    signature="kl_or_cross_entropy",
    points=1,
    minutes=2,
    difficulty=2,
    importance=4,
    kind="value",
    choices=(
        Choice(
            "a",
            "the same weights after every step, and a second curve that lies above the first",
            "Right. H(p, q) = KL(p‖q) + H(p), and H(p) holds no student: same gradient, same steps. "
            "The gap is T² times the mean entropy of the batch's soft targets. It changes from batch to "
            "batch with the teacher, never with the student.",
        ),
        Choice(
            "b",
            "a second student that ends softer, as it learns the teacher's entropy as well",
            "No. T²·H(p) is a number as far as the student's weights are concerned; its gradient is 0.",
        ),
        Choice(
            "c",
            "a second student that ends worse, as its loss stays higher from first to last",
            "No. The loss is higher by an amount no student can remove. This is why a cross-entropy "
            "curve cannot be judged by its height, and KL's can: its floor is 0.",
        ),
        Choice(
            "d",
            "the same weights and one curve, as both losses say how far q is from p",
            "No. Only KL is 0 at q = p. Cross-entropy is H(p) there. The article audited below writes "
            "them as equal.",
        ),
    ),
    question="Where does the student occur in the relation above, and where does it not?",
    hint="Differentiate both sides of the relation with respect to the student's weights.",
)


# -- 03.6 the hard loss -----------------------------------------------------------------------


def hard_loss_cases(random: numpy.random.Generator) -> list[Case]:
    partly = without_some(random, random_labels(random, 4, 5), 2)
    late = without_some(random, random_labels(random, 3, 3), 1)
    far, surprised = far_student(random), random_labels(random, 4, 2)
    row = random.integers(2)
    surprised[row] = far[row].argmin()
    some = "a batch some of whose rows have no label"
    return [
        Case((some_logits(random, 1, 3), random_labels(random, 3, 1)), "one example"),
        Case(
            (some_logits(random, 4, 3), every_label(random, 3, 4)),
            "four examples, three classes",
            gradient_of=(0,),
        ),
        Case(
            (some_logits(random, 5, 4), partly),
            "two of five rows unlabelled",
            gradient_of=(0,),
            clause=some,
        ),
        Case((some_logits(random, 3, 3), late), "one row unlabelled", clause=some),
        Case(
            (some_logits(random, 2, 3), torch.tensor([IGNORED, IGNORED])),
            "no row labelled",
            gradient_of=(0,),
            clause="a batch in which no row has a label",
        ),
        Case(
            (far, surprised),
            "logits of several hundred, and a label that the student holds impossible",
            gradient_of=(0,),
            clause=FAR,
        ),
    ]


HARD_LOSS = Exercise(
    id="03.6",
    name="hard_loss",
    title="The hard loss, and rows without a label",
    lesson="03",
    signature="hard_loss(student_logits, labels)",
    points=3,
    minutes=6,
    difficulty=2,
    importance=4,
    cases=hard_loss_cases,
    misconceptions=(
        wrong(
            "Softmax applied before cross_entropy, which applies it again",
            slips.hard(lambda z, y: F.cross_entropy(F.softmax(z, -1), y, reduction="none")),
            "F.cross_entropy wants logits. The loss of a perfect student is not 0 in yours.",
        ),
        wrong(
            "Rows without a label are counted in the mean",
            slips.hard_counts_unlabelled,
            "They add nothing to the sum. They must not add to the count either.",
        ),
        wrong(
            "A label of -100 is taught as class 0",
            slips.with_labels(lambda labels, classes: labels.clamp(min=0)),
            "-100 means that nobody knows. Leave the row out.",
        ),
        wrong(
            "A label of -100 is taught as the last class",
            slips.with_labels(
                lambda labels, classes: torch.where(labels == IGNORED, classes - 1, labels)
            ),
            "-100 means that nobody knows. Leave the row out.",
        ),
        wrong(
            "Class 0 is taken for a missing label",
            slips.hard(known=lambda labels: labels > 0),
            "Which number says that there is no label?",
        ),
        wrong(
            "The examples are summed, not averaged",
            slips.with_labels(
                lambda labels, classes: labels, partial(F.cross_entropy, reduction="sum")
            ),
            "Divide by the number of labelled rows.",
        ),
        wrong(
            "One number a row: the mean is missing",
            slips.hard_per_row,
            "One number for the batch is asked for.",
        ),
        wrong(
            "The count is one too high",
            slips.with_labels(
                lambda labels, classes: labels,
                lambda z, y: F.cross_entropy(z, y, reduction="sum") / ((y != IGNORED).sum() + 1),
            ),
            "Adding one avoids 0/0 and spoils every other batch. At least one is something else.",
        ),
        wrong(
            "0/0 when no row is labelled",
            F.cross_entropy,
            "F.cross_entropy divides by the number of labels, and NaN ends a training run.",
        ),
        wrong(
            "Divided by the number of classes as well",
            slips.hard(lambda z, y: slips.surprises(z, y) / z.shape[-1]),
            "One term a row, the label's. Average over rows only.",
        ),
        wrong(
            "The sign is turned: this rewards surprise",
            slips.hard(lambda z, y: -slips.surprises(z, y)),
            "A log-probability is negative; a surprise is not.",
        ),
        wrong(
            "Softmax over the first dimension: over examples, not over classes",
            slips.hard_over_all_examples,
            EVERY_ROW,
        ),
        wrong(
            "Softmax over the labelled examples, not over classes",
            slips.hard(slips.surprise_over_examples),
            EVERY_ROW,
        ),
        wrong(
            "The student is softened",
            slips.hard(lambda z, y: slips.surprises(z / 2, y)),
            "The hard loss is taken at temperature one: that is how the student will be used.",
        ),
        wrong(
            "One minus the probability of the label, not its surprise",
            slips.hard(lambda z, y: 1 - slips.own_probability(z, y)),
            "How much does yours charge for a label that the student holds impossible?",
        ),
        wrong(
            "The label's logit, without a softmax",
            slips.hard(lambda z, y: F.nll_loss(z, y, reduction="none")),
            "F.nll_loss wants log-probabilities: who is to make them?",
        ),
        wrong(
            "The surprise at the student's own likeliest class, not at the label",
            slips.hard(lambda z, y: -F.log_softmax(z, -1).amax(-1)),
            "Where do the labels enter?",
        ),
        wrong(
            "The labels are smoothed",
            slips.hard(lambda z, y: F.cross_entropy(z, y, reduction="none", label_smoothing=0.1)),
            "All the mass is on the label here.",
        ),
        wrong(
            "In bits: the logarithm is to base 2",
            slips.hard(lambda z, y: slips.surprises(z, y) / math.log(2)),
            "The course counts in nats: the natural logarithm.",
        ),
        wrong(
            "No gradient flows to the student",
            slips.hard(lambda z, y: slips.surprises(z.detach(), y)),
            "The value is right, and nothing can be trained with it.",
        ),
    ),
    question="Which rows count, and what is to come out when none does?",
    hint="A sum and a count, both of the same rows. Then see to the count that may not be divided by.",
    withheld=("kd_course.losses.*",),
    allowed="anything in torch; not kd_course.losses",
)


EXERCISES = (
    SOFT_TARGETS,
    SOFT_LOSS,
    SOFT_GRADIENT,
    LOGIT_MATCHING,
    KL_OR_CROSS_ENTROPY,
    HARD_LOSS,
    DISTILLATION_LOSS,
    MASKED_LOSS,
    KL_TERMS,
    REPAIRED_LOSS,
    WHICH_MISTAKE,
)
