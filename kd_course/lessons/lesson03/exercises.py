"""Lesson 03, Distillation losses by hand: what is asked, on what it is tried, how it goes wrong.

The wrong answers are ones found in published code and in learners' notebooks: each is a slip of a
line, most of them run without a warning, and all of them train.
"""

from __future__ import annotations

import math
from functools import partial

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import (
    IGNORED,
    kl_of_logits,
    kl_to_teacher,
    labelled_rows,
    mean_of_means,
    mean_over,
    mean_surprise,
    mixture,
    random_distributions,
    random_labels,
    random_normal,
    surprises,
    with_other_alpha,
)
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception

_logits = partial(random_normal, scale=2.0)


# -- 03.1 soft targets ------------------------------------------------------------------------


def soft_targets_cases(random: numpy.random.Generator) -> list[Case]:
    return [
        Case((torch.tensor([2.0, 1.0, 0.0]), 2.0), "one row, T = 2"),
        Case((_logits(random, 2, 4), 1.0), "T = 1"),
        Case((_logits(random, 3, 5), 4.0), "three rows, T = 4", gradient_of=(0,)),
        Case((_logits(random, 2, 3), 0.5), "T = 0.5, which sharpens"),
        Case((_logits(random, 2, 3, 4), 3.0), "two sentences of three tokens, T = 3"),
        Case((_logits(random, 2, 3, scale=400.0), 2.0), "logits of several hundred"),
    ]


def _targets_multiplied(logits, temperature):
    return F.softmax(logits * temperature, dim=-1)


def _targets_not_softened(logits, temperature):
    return F.softmax(logits, dim=-1)


def _targets_divided_after(logits, temperature):
    return F.softmax(logits, dim=-1) / temperature


def _targets_root(logits, temperature):
    return F.softmax(logits, dim=-1) ** (1 / temperature)


def _targets_first_dimension(logits, temperature):
    return F.softmax(logits / temperature, dim=0)


def _targets_log(logits, temperature):
    return F.log_softmax(logits / temperature, dim=-1)


def _targets_overflow(logits, temperature):
    powers = (logits / temperature).exp()
    return powers / powers.sum(-1, keepdim=True)


SOFT_TARGETS = Exercise(
    id="03.1",
    name="soft_targets",
    title="Soften a distribution",
    lesson="03",
    signature="soft_targets(logits, temperature)",
    points=2,
    minutes=4,
    difficulty=1,
    importance=5,
    cases=soft_targets_cases,
    misconceptions=(
        Misconception(
            "The logits are multiplied by T, not divided",
            _targets_multiplied,
            hint="A large T is to flatten. Which operation brings the logits closer together?",
        ),
        Misconception(
            "The temperature is not used",
            _targets_not_softened,
            hint="At T = 1 this is right. Where does T enter the formula?",
        ),
        Misconception(
            "The probabilities are divided by T, after the softmax",
            _targets_divided_after,
            hint="What do your rows sum to? The division belongs inside the exponential.",
        ),
        Misconception(
            "p to the power 1/T, without the sum that makes it a distribution again",
            _targets_root,
            hint="The power is a true way to soften. What do the rows sum to now?",
        ),
        Misconception(
            "Softmax over the first dimension: over examples, not over classes",
            _targets_first_dimension,
            hint="Which dimension holds the classes, whatever stands before it?",
        ),
        Misconception(
            "Log-probabilities returned, not probabilities",
            _targets_log,
            hint="All your numbers are negative. What are soft targets made of?",
        ),
        Misconception(
            "exp overflows: the largest logit is not subtracted first",
            _targets_overflow,
            hint="exp(400) is inf in float32, and inf / inf is NaN. torch.softmax takes care of it.",
        ),
    ),
    hint="Divide, then softmax over the last dimension.",
    withheld=("kd_course.divergences.softmax", "kd_course.metrics.probabilities"),
    allowed="anything in torch; not kd_course.divergences or kd_course.metrics, which have it",
)


# -- 03.2 the soft loss -----------------------------------------------------------------------


def soft_loss_cases(random: numpy.random.Generator) -> list[Case]:
    far = _logits(random, 2, 4)
    far[:, 0] += 300
    far[:, 1] -= 300
    same = _logits(random, 2, 3)
    return [
        Case((_logits(random, 1, 3), _logits(random, 1, 3), 1.0), "one example, T = 1"),
        Case(
            (_logits(random, 4, 3), _logits(random, 4, 3), 2.0),
            "four examples, three classes, T = 2",
            gradient_of=(0, 1),
        ),
        Case(
            (_logits(random, 3, 6), _logits(random, 3, 6), 4.0),
            "three examples, six classes, T = 4",
            gradient_of=(0, 1),
        ),
        Case((_logits(random, 2, 3), _logits(random, 2, 3), 0.5), "T = 0.5"),
        Case((same, same.clone(), 3.0), "the student is the teacher"),
        Case((far, _logits(random, 2, 4), 2.0), "a student with logits of several hundred"),
    ]


def _soft_mean_over_classes(student_logits, teacher_logits, temperature):
    T = temperature
    log_q, p = F.log_softmax(student_logits / T, -1), F.softmax(teacher_logits.detach() / T, -1)
    # What reduction="mean" does, without PyTorch's warning (and its announced change).
    return T**2 * F.kl_div(log_q, p, reduction="none").mean()


def _soft(student_logits, teacher_logits, temperature):
    return temperature**2 * kl_to_teacher(student_logits, teacher_logits, temperature).mean()


def _soft_sum(student_logits, teacher_logits, temperature):
    return temperature**2 * kl_to_teacher(student_logits, teacher_logits, temperature).sum()


def _soft_swapped(student_logits, teacher_logits, temperature):
    rows = kl_of_logits(student_logits, teacher_logits.detach(), temperature)
    return temperature**2 * rows.mean()


def _soft_no_square(student_logits, teacher_logits, temperature):
    return kl_to_teacher(student_logits, teacher_logits, temperature).mean()


def _soft_times_t(student_logits, teacher_logits, temperature):
    return temperature * kl_to_teacher(student_logits, teacher_logits, temperature).mean()


def _soft_probabilities(student_logits, teacher_logits, temperature):
    T = temperature
    q, p = F.softmax(student_logits / T, -1), F.softmax(teacher_logits.detach() / T, -1)
    return T**2 * F.kl_div(q, p, reduction="batchmean")


def _soft_log_target(student_logits, teacher_logits, temperature):
    T = temperature
    log_q, p = F.log_softmax(student_logits / T, -1), F.softmax(teacher_logits.detach() / T, -1)
    return T**2 * F.kl_div(log_q, p, reduction="batchmean", log_target=True)


def _soft_first_dimension(student_logits, teacher_logits, temperature):
    T = temperature
    log_q, p = F.log_softmax(student_logits / T, 0), F.softmax(teacher_logits.detach() / T, 0)
    return T**2 * F.kl_div(log_q, p, reduction="batchmean")


def _soft_teacher_hot(student_logits, teacher_logits, temperature):
    return temperature**2 * kl_to_teacher(student_logits / temperature, teacher_logits).mean()


def _soft_student_hot(student_logits, teacher_logits, temperature):
    return temperature**2 * kl_to_teacher(student_logits, teacher_logits / temperature).mean()


def _soft_cross_entropy(student_logits, teacher_logits, temperature):
    T = temperature
    p = F.softmax(teacher_logits.detach() / T, -1)
    return -(T**2) * (p * F.log_softmax(student_logits / T, -1)).sum(-1).mean()


def _soft_epsilon(student_logits, teacher_logits, temperature):
    T = temperature
    q, p = F.softmax(student_logits / T, -1), F.softmax(teacher_logits.detach() / T, -1)
    return T**2 * (p * (p.log() - (q + 1e-8).log())).sum(-1).mean()


def _soft_log_of_softmax(student_logits, teacher_logits, temperature):
    T = temperature
    q, p = F.softmax(student_logits / T, -1), F.softmax(teacher_logits.detach() / T, -1)
    return T**2 * (p * (p.log() - q.log())).sum(-1).mean()


def _soft_into_teacher(student_logits, teacher_logits, temperature):
    return temperature**2 * kl_of_logits(teacher_logits, student_logits, temperature).mean()


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
    misconceptions=(
        Misconception(
            'reduction="mean": the loss is divided by the number of classes as well',
            _soft_mean_over_classes,
            hint="Sum over the classes of an example, then take the mean over the examples.",
        ),
        Misconception(
            "The examples are summed, not averaged",
            _soft_sum,
            hint="Twice the batch would give twice the loss, and twice the step.",
        ),
        Misconception(
            "KL(student‖teacher): the arguments are swapped",
            _soft_swapped,
            hint="Who weighs the terms? The distribution in front of them should be the teacher's.",
        ),
        Misconception(
            "T² is missing",
            _soft_no_square,
            hint="At T = 1 nobody notices. What is the factor in front of the divergence?",
        ),
        Misconception(
            "The factor is T, not T²",
            _soft_times_t,
            hint="Look at the factor in front of the divergence once more.",
        ),
        Misconception(
            "kl_div got the student's probabilities; it wants log-probabilities",
            _soft_probabilities,
            hint="F.kl_div's first argument is a log: F.log_softmax, not F.softmax.",
        ),
        Misconception(
            "log_target=True, though the target holds probabilities",
            _soft_log_target,
            hint="Either pass log_softmax of the teacher, or leave log_target alone.",
        ),
        Misconception(
            "Softmax over the first dimension: over examples, not over classes",
            _soft_first_dimension,
            hint="Every row must sum to one. Over which dimension did you normalise?",
        ),
        Misconception(
            "The teacher is not softened",
            _soft_teacher_hot,
            hint="T divides the logits of both. Otherwise the loss is smallest for logits T times off.",
        ),
        Misconception(
            "The student is not softened",
            _soft_student_hot,
            hint="T divides the logits of both.",
        ),
        Misconception(
            "Cross-entropy, not KL: the teacher's entropy is still in it",
            _soft_cross_entropy,
            hint="The gradient is right, the value is not: it should be 0 when the two agree.",
        ),
        Misconception(
            "An epsilon inside the log caps what a wrong student can cost",
            _soft_epsilon,
            hint="log(q + 1e-8) never falls below -18. F.log_softmax needs no epsilon.",
        ),
        Misconception(
            "The log of a softmax: small probabilities round to 0, and their log to -inf",
            _soft_log_of_softmax,
            hint="F.log_softmax computes the log without ever forming the tiny number.",
        ),
        Misconception(
            "Gradient flows into the teacher",
            _soft_into_teacher,
            hint="The value is right. The teacher's logits must be detached: it is not trained.",
        ),
    ),
    hint="log_softmax of both at T; Σ over classes of p (log p - log q); mean over rows; times T².",
    withheld=(
        "kd_course.losses.soft_target_loss",
        "kd_course.losses.distillation_loss",
        "kd_course.losses.span_distillation_loss",
    ),
    allowed="anything in torch, torch.nn.functional too; not kd_course.losses",
)


# -- 03.3 the gradient by hand ----------------------------------------------------------------


def soft_gradient_cases(random: numpy.random.Generator) -> list[Case]:
    same = _logits(random, 1, 3)
    return [
        Case((_logits(random, 1, 3), _logits(random, 1, 3), 1.0), "one example, T = 1"),
        Case((_logits(random, 1, 3), _logits(random, 1, 3), 2.0), "one example, T = 2"),
        Case((_logits(random, 4, 3), _logits(random, 4, 3), 3.0), "four examples, T = 3"),
        Case((_logits(random, 3, 5), _logits(random, 3, 5), 0.5), "three examples, T = 0.5"),
        Case((same, same.clone(), 2.0), "the student is the teacher"),
    ]


def _difference(student_logits, teacher_logits, temperature):
    q, p = (F.softmax(z / temperature, -1) for z in (student_logits, teacher_logits))
    return (q - p) / len(student_logits)


def _gradient_no_square(student_logits, teacher_logits, temperature):
    return _difference(student_logits, teacher_logits, temperature) / temperature


def _gradient_no_chain(student_logits, teacher_logits, temperature):
    return temperature**2 * _difference(student_logits, teacher_logits, temperature)


def _gradient_plain(student_logits, teacher_logits, temperature):
    return _difference(student_logits, teacher_logits, temperature)


def _gradient_sign(student_logits, teacher_logits, temperature):
    return -temperature * _difference(student_logits, teacher_logits, temperature)


def _gradient_unsoftened(student_logits, teacher_logits, temperature):
    return temperature * _difference(student_logits, teacher_logits, 1.0)


def _gradient_sum(student_logits, teacher_logits, temperature):
    return (
        temperature * len(student_logits) * _difference(student_logits, teacher_logits, temperature)
    )


SOFT_GRADIENT = Exercise(
    id="03.3",
    name="soft_gradient",
    title="The gradient by hand",
    lesson="03",
    signature="soft_gradient(student_logits, teacher_logits, temperature)",
    points=3,
    minutes=6,
    difficulty=3,
    importance=4,
    cases=soft_gradient_cases,
    misconceptions=(
        Misconception(
            "T² is missing: this is the gradient of KL alone",
            _gradient_no_square,
            hint="KL gives (q - p)/T. What does the factor T² in front of the loss make of it?",
        ),
        Misconception(
            "The chain rule's 1/T is missing",
            _gradient_no_chain,
            hint="The student's logits are divided by T before the softmax: one more factor.",
        ),
        Misconception(
            "Both factors of T are missing",
            _gradient_plain,
            hint="T² in front, 1/T from the chain rule. What remains?",
        ),
        Misconception(
            "The sign is turned: p - q is the direction of descent",
            _gradient_sign,
            hint="Where the student gives too much (q > p), its logit must come down: gradient > 0.",
        ),
        Misconception(
            "The distributions are taken at T = 1",
            _gradient_unsoftened,
            hint="p and q are the softened ones.",
        ),
        Misconception(
            "The mean over examples is forgotten",
            _gradient_sum,
            hint="The loss is a mean over the rows. Each row's gradient is a share of that.",
        ),
    ),
    hint="Soften both, subtract, and count the factors of T; then divide by the number of rows.",
    withheld=(
        "kd_course.losses.soft_target_loss",
        "kd_course.losses.distillation_loss",
        "kd_course.losses.span_distillation_loss",
    ),
    allowed="torch.softmax; no autograd, and not kd_course.losses",
)


# -- 03.4 the limit of high temperature -------------------------------------------------------


def logit_matching_cases(random: numpy.random.Generator) -> list[Case]:
    student = _logits(random, 2, 4)
    return [
        Case(
            (torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 1.0, 1.0]])),
            "one row whose differences are 0, 1, 2",
        ),
        Case((_logits(random, 3, 4), _logits(random, 3, 4)), "three rows, four classes"),
        Case((_logits(random, 5, 2), _logits(random, 5, 2) + 3), "a teacher three logits higher"),
        Case((student, student - 7.0), "two models that differ by a constant"),
    ]


def _matching_not_centred(student_logits, teacher_logits):
    return ((student_logits - teacher_logits) ** 2).mean(-1).mean() / 2


def _matching_no_half(student_logits, teacher_logits):
    return (student_logits - teacher_logits).var(-1, unbiased=False).mean()


def _matching_sum(student_logits, teacher_logits):
    difference = student_logits - teacher_logits
    return ((difference - difference.mean(-1, keepdim=True)) ** 2).sum(-1).mean() / 2


def _matching_unbiased(student_logits, teacher_logits):
    return (student_logits - teacher_logits).var(-1).mean() / 2


def _matching_over_examples(student_logits, teacher_logits):
    difference = student_logits - teacher_logits
    return ((difference - difference.mean(0, keepdim=True)) ** 2).mean() / 2


def _matching_probabilities(student_logits, teacher_logits):
    q, p = F.softmax(student_logits, -1), F.softmax(teacher_logits, -1)
    return ((q - p) ** 2).mean(-1).mean() / 2


LOGIT_MATCHING = Exercise(
    id="03.4",
    name="logit_matching_loss",
    title="What is left when T is very large",
    lesson="03",
    signature="logit_matching_loss(student_logits, teacher_logits)",
    points=3,
    minutes=8,
    difficulty=3,
    importance=3,
    cases=logit_matching_cases,
    misconceptions=(
        Misconception(
            "The differences are not centred: a constant added to every logit costs something",
            _matching_not_centred,
            hint="softmax(z + 5) is softmax(z). A loss of distributions cannot see the constant.",
        ),
        Misconception(
            "The factor ½ is missing",
            _matching_no_half,
            hint="Differentiate your loss. A square leaves a factor 2 that the limit does not have.",
        ),
        Misconception(
            "Summed over the classes, not averaged",
            _matching_sum,
            hint="Each probability is about 1/C. Where has that factor gone?",
        ),
        Misconception(
            "The variance is divided by C - 1: torch.var's default",
            _matching_unbiased,
            hint="torch.var estimates from a sample unless told otherwise. Here all classes are there.",
        ),
        Misconception(
            "Centred over the examples, not over the classes",
            _matching_over_examples,
            hint="The constant that softmax ignores is one constant a row.",
        ),
        Misconception(
            "Probabilities compared, not logits",
            _matching_probabilities,
            hint="At high T the exponential is a straight line: what it leaves are the logits.",
        ),
    ),
    hint="For each row: the variance of student minus teacher over the classes, halved; then the mean.",
    allowed="anything in torch",
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
            "the same weights after every step; the second curve lies above the first by T² times "
            "the mean entropy of the batch's soft targets",
            "Right. H(p, q) = KL(p‖q) + H(p), and H(p) holds no student: same gradient, same steps. "
            "The gap changes from batch to batch with the teacher's entropy, never with the student.",
        ),
        Choice(
            "b",
            "the second student ends softer, because cross-entropy also teaches it the teacher's "
            "entropy",
            "No. T²·H(p) is a number as far as the student's weights are concerned; its gradient is 0.",
        ),
        Choice(
            "c",
            "the second student is worse: its loss stays higher to the end",
            "No. The loss is higher by an amount no student can remove. This is why a cross-entropy "
            "curve cannot be judged by its height, and KL's can: its floor is 0.",
        ),
        Choice(
            "d",
            "the two curves coincide: both measure how far q is from p",
            "No. Only KL is 0 at q = p. Cross-entropy is H(p) there. The article audited below writes "
            "them as equal.",
        ),
    ),
)


# -- 03.6 the hard loss -----------------------------------------------------------------------


def hard_loss_cases(random: numpy.random.Generator) -> list[Case]:
    partly = random_labels(random, 4, 5)
    partly[1] = partly[3] = IGNORED
    return [
        Case((_logits(random, 1, 3), torch.tensor([2])), "one example"),
        Case(
            (_logits(random, 4, 3), random_labels(random, 3, 4)),
            "four examples, three classes",
            gradient_of=(0,),
        ),
        Case((_logits(random, 5, 4), partly), "two of five rows unlabelled", gradient_of=(0,)),
        Case(
            (_logits(random, 2, 3), torch.tensor([IGNORED, IGNORED])),
            "no row labelled",
            gradient_of=(0,),
        ),
    ]


def _hard_twice_softmax(student_logits, labels):
    return mean_surprise(F.softmax(student_logits, -1), labels)


def _hard_counts_unlabelled(student_logits, labels):
    return F.cross_entropy(student_logits, labels, reduction="sum") / len(labels)


def _hard_unlabelled_is_zero(student_logits, labels):
    return F.cross_entropy(student_logits, labels.clamp(min=0))


def _hard_sum(student_logits, labels):
    return F.cross_entropy(student_logits, labels, reduction="sum")


def _hard_nothing_labelled(student_logits, labels):
    return F.cross_entropy(student_logits, labels)


def _hard_mean_over_classes(student_logits, labels):
    return mean_surprise(student_logits, labels) / student_logits.shape[-1]


def _hard_sign(student_logits, labels):
    return -mean_surprise(student_logits, labels)


def _hard_first_dimension(student_logits, labels):
    labelled = labels != IGNORED
    log_q = F.log_softmax(student_logits, 0)[labelled]
    total = F.nll_loss(log_q, labels[labelled], reduction="sum")
    return total / labelled_rows(labels)


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
        Misconception(
            "Softmax applied before cross_entropy, which applies it again",
            _hard_twice_softmax,
            hint="F.cross_entropy wants logits. The loss of a perfect student is not 0 in yours.",
        ),
        Misconception(
            "Rows without a label are counted in the mean",
            _hard_counts_unlabelled,
            hint="They add nothing to the sum. They must not add to the count either.",
        ),
        Misconception(
            "A label of -100 is taught as class 0",
            _hard_unlabelled_is_zero,
            hint="-100 means that nobody knows. Leave the row out.",
        ),
        Misconception(
            "The examples are summed, not averaged",
            _hard_sum,
            hint="Divide by the number of labelled rows.",
        ),
        Misconception(
            "0/0 when no row is labelled",
            _hard_nothing_labelled,
            hint="F.cross_entropy divides by the number of labels, and NaN ends a training run.",
        ),
        Misconception(
            "Divided by the number of classes as well",
            _hard_mean_over_classes,
            hint="One term a row, the label's. Average over rows only.",
        ),
        Misconception(
            "The sign is turned: this rewards surprise",
            _hard_sign,
            hint="A log-probability is negative; a surprise is not.",
        ),
        Misconception(
            "Softmax over the first dimension: over examples, not over classes",
            _hard_first_dimension,
            hint="Every row must sum to one. Over which dimension did you normalise?",
        ),
    ),
    hint="Keep the labelled rows; sum their -log q(label); divide by how many there are, at least 1.",
    withheld=(
        "kd_course.losses.hard_target_loss",
        "kd_course.losses.distillation_loss",
        "kd_course.losses.span_distillation_loss",
    ),
    allowed="anything in torch; not kd_course.losses",
)


# -- 03.7 the whole loss ----------------------------------------------------------------------


def distillation_loss_cases(random: numpy.random.Generator) -> list[Case]:
    partly = random_labels(random, 3, 4)
    partly[0] = partly[2] = IGNORED
    none = torch.full((3,), IGNORED)

    def both(rows: int, classes: int) -> tuple[Tensor, Tensor]:
        return _logits(random, rows, classes), _logits(random, rows, classes)

    return [
        Case((*both(1, 3), torch.tensor([1]), 1.0, 0.3), "one example, T = 1, alpha = 0.3"),
        Case(
            (*both(4, 3), random_labels(random, 3, 4), 2.0, 0.5),
            "four examples, T = 2, alpha = 0.5",
            gradient_of=(0, 1),
        ),
        Case(
            (*both(3, 5), random_labels(random, 5, 3), 4.0, 0.9),
            "five classes, T = 4, alpha = 0.9",
            gradient_of=(0, 1),
        ),
        Case(
            (*both(4, 3), random_labels(random, 3, 4), 3.0, 0.0),
            "alpha = 0: labels only",
            gradient_of=(0,),
        ),
        Case(
            (*both(4, 3), random_labels(random, 3, 4), 3.0, 1.0),
            "alpha = 1: teacher only",
            gradient_of=(0,),
        ),
        Case((*both(4, 3), partly, 2.0, 0.5), "two of four rows unlabelled", gradient_of=(0,)),
        Case((*both(3, 4), none, 2.0, 0.6), "no row labelled", gradient_of=(0,)),
    ]


def _mixed(soft=_soft, hard=mean_surprise):
    """The right loss, in which a misconception replaces one of the parts."""
    return mixture(
        lambda student, teacher, labels, temperature: soft(student, teacher, temperature),
        lambda student, teacher, labels, temperature: hard(student, labels),
    )


def _mixed_no_square_at_end(student_logits, teacher_logits, labels, temperature, alpha):
    soft = _soft_no_square(student_logits, teacher_logits, temperature)
    if alpha == 1:
        return soft
    return alpha * temperature**2 * soft + (1 - alpha) * mean_surprise(student_logits, labels)


def _mixed_square_on_all(student_logits, teacher_logits, labels, temperature, alpha):
    without = _mixed(soft=_soft_no_square)
    return temperature**2 * without(student_logits, teacher_logits, labels, temperature, alpha)


def _mixed_hard_softened(student_logits, teacher_logits, labels, temperature, alpha):
    soft = _soft(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * mean_surprise(student_logits / temperature, labels)


def _mixed_unlabelled_dropped(student_logits, teacher_logits, labels, temperature, alpha):
    rows = kl_to_teacher(student_logits, teacher_logits, temperature)[labels != IGNORED]
    soft = temperature**2 * rows.sum() / labelled_rows(labels)
    return alpha * soft + (1 - alpha) * mean_surprise(student_logits, labels)


def _mixed_teacher_labels(student_logits, teacher_logits, labels, temperature, alpha):
    own_choice = teacher_logits.argmax(-1)
    return _mixed()(student_logits, teacher_logits, own_choice, temperature, alpha)


def _mixed_soft_added(student_logits, teacher_logits, labels, temperature, alpha):
    soft = _soft(student_logits, teacher_logits, temperature)
    return alpha * soft + mean_surprise(student_logits, labels)


DISTILLATION_LOSS = Exercise(
    id="03.7",
    name="distillation_loss",
    title="The whole loss",
    lesson="03",
    signature="distillation_loss(student_logits, teacher_logits, labels, temperature, alpha)",
    points=5,
    minutes=10,
    difficulty=3,
    importance=5,
    cases=distillation_loss_cases,
    misconceptions=(
        Misconception(
            "Alpha weighs the hard loss",
            with_other_alpha(_mixed()),
            hint="Some libraries mean it so. In this course alpha weighs the soft loss.",
        ),
        Misconception(
            "T² is missing",
            _mixed(soft=_soft_no_square),
            hint="Without it the soft part fades as T grows, and the labels take over.",
        ),
        Misconception(
            "T² is dropped when alpha is 1",
            _mixed_no_square_at_end,
            hint="A shortcut for the end value must return what the formula gives there.",
        ),
        Misconception(
            "T² multiplies the hard loss too",
            _mixed_square_on_all,
            hint="The labels' gradient does not shrink with T. Only one of the parts needs T².",
        ),
        Misconception(
            "KL(student‖teacher): the arguments are swapped",
            _mixed(soft=_soft_swapped),
            hint="The distribution in front of the terms should be the teacher's.",
        ),
        Misconception(
            'reduction="mean": the soft part is divided by the number of classes as well',
            _mixed(soft=_soft_mean_over_classes),
            hint="Sum over the classes of an example, then take the mean over the examples.",
        ),
        Misconception(
            "kl_div got the student's probabilities; it wants log-probabilities",
            _mixed(soft=_soft_probabilities),
            hint="F.kl_div's first argument is a log.",
        ),
        Misconception(
            "Softmax over the first dimension: over examples, not over classes",
            _mixed(soft=_soft_first_dimension),
            hint="Every row must sum to one.",
        ),
        Misconception(
            "The teacher is not softened",
            _mixed(soft=_soft_teacher_hot),
            hint="T divides the logits of both.",
        ),
        Misconception(
            "The student is not softened in the soft loss",
            _mixed(soft=_soft_student_hot),
            hint="T divides the logits of both.",
        ),
        Misconception(
            "The hard loss is softened too",
            _mixed_hard_softened,
            hint="The student will be used at temperature one. So is it compared with labels.",
        ),
        Misconception(
            "A row without a label is dropped from the soft part too",
            _mixed_unlabelled_dropped,
            hint="The teacher has an opinion on unlabelled text: that is half of what it is for.",
        ),
        Misconception(
            "The hard labels are the teacher's own most likely classes",
            _mixed_teacher_labels,
            hint="The labels come from the data: they are where the teacher can be corrected.",
        ),
        Misconception(
            "The weights do not add up to one: the hard loss is not weighed by 1 - alpha",
            _mixed_soft_added,
            hint="At alpha = 1 the labels should have no say.",
        ),
        Misconception(
            "Gradient flows into the teacher",
            _mixed(soft=_soft_into_teacher),
            hint="The value is right. Detach the teacher's logits.",
        ),
        Misconception(
            "0/0 when no row is labelled",
            _mixed(hard=F.cross_entropy),
            hint="A batch of unlabelled text has a soft loss. Its hard loss is 0, not NaN.",
        ),
    ),
    hint="alpha · soft + (1 - alpha) · hard, with the two losses of 03.2 and 03.6.",
    withheld=(
        "kd_course.losses.distillation_loss",
        "kd_course.losses.span_distillation_loss",
        "kd_course.losses.soft_target_loss",
        "kd_course.losses.hard_target_loss",
    ),
    allowed="your soft_loss and hard_loss, anything in torch; not kd_course.losses",
)


# -- 03.8 tokens, padding, masks --------------------------------------------------------------


def masked_loss_cases(random: numpy.random.Generator) -> list[Case]:
    def batch(sentences: int, length: int, vocabulary: int) -> tuple[Tensor, Tensor, Tensor]:
        return (
            _logits(random, sentences, length, vocabulary),
            _logits(random, sentences, length, vocabulary),
            random_labels(random, vocabulary, sentences, length),
        )

    everything = torch.ones(2, 3, dtype=torch.bool)
    ragged = torch.tensor([[True, True, True, True], [True, False, False, False]])
    one_empty = torch.tensor([[True, True, False], [False, False, False]])

    unlabelled = batch(2, 4, 5)
    unlabelled[2][0, 1] = unlabelled[2][1, 0] = IGNORED
    padded_labels = batch(2, 4, 3)
    padded_labels[2][~ragged] = IGNORED

    excluded = batch(2, 4, 5)
    excluded[2][excluded[2] == 4] = 0  # a label is never a class that is excluded
    for logits in excluded[:2]:
        logits[:, :, 4] = -math.inf

    return [
        Case((*batch(2, 3, 5), everything, 2.0, 0.5), "no padding", gradient_of=(0, 1)),
        Case(
            (*batch(2, 4, 5), ragged, 3.0, 0.7),
            "sentences of four tokens and of one",
            gradient_of=(0, 1),
        ),
        Case((*padded_labels, ragged, 2.0, 0.4), "padding labelled -100", gradient_of=(0,)),
        Case((*unlabelled, ragged, 2.0, 0.5), "tokens without a label", gradient_of=(0,)),
        Case((*batch(2, 3, 4), one_empty, 2.0, 0.5), "a sentence that is all padding"),
        Case(
            (*batch(2, 3, 4), torch.zeros_like(everything), 2.0, 0.5),
            "a batch that is all padding",
            gradient_of=(0,),
        ),
        Case((*batch(2, 4, 3), ragged, 4.0, 1.0), "alpha = 1", gradient_of=(0,)),
        Case(
            (*excluded, ragged, 2.0, 0.5),
            "a class that both exclude with -inf",
            gradient_of=(0,),
        ),
    ]


def _everywhere(mask, labels):
    return torch.ones_like(mask)


def _where_labelled(mask, labels):
    return mask & (labels != IGNORED)


def _soft_part(reduced=mean_over, rows=kl_to_teacher):
    """The soft part of a loss of tokens: their KL, rows(student, teacher, T), reduced(rows, mask)."""
    return lambda student, teacher, labels, mask, temperature: (
        temperature**2 * reduced(rows(student, teacher, temperature), mask)
    )


def _hard_mean(student_logits, teacher_logits, labels, mask, temperature):
    return mean_over(surprises(student_logits, labels), _where_labelled(mask, labels))


_soft_mean = _soft_part()


def _masked(soft=_soft_mean, hard=_hard_mean):
    """The right loss, in which a misconception replaces one of the parts."""
    return mixture(soft, hard)


def _with_mask(change, part):
    """The part on another mask: change(mask, labels)."""
    return lambda student, teacher, labels, mask, temperature: part(
        student, teacher, labels, change(mask, labels), temperature
    )


def _kl_over_length(student_logits, teacher_logits, temperature):
    log_p = F.log_softmax(teacher_logits.detach() / temperature, 1)
    log_q = F.log_softmax(student_logits / temperature, 1)
    return (log_p.exp() * (log_p - log_q)).masked_fill(log_p.isnan(), 0.0).sum(-1)


def _kl_nan_at_excluded(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, -1)
    p = F.softmax(teacher_logits.detach() / temperature, -1)
    return F.kl_div(log_q, p, reduction="none").sum(-1)


def _kl_into_teacher(student_logits, teacher_logits, temperature):
    return kl_of_logits(teacher_logits, student_logits, temperature)


def _mean_of_kept(rows, mask):
    return rows[mask].mean()


def _soft_bare(student_logits, teacher_logits, labels, mask, temperature):
    return mean_over(kl_to_teacher(student_logits, teacher_logits, temperature), mask)


def _soft_over_vocabulary(student_logits, teacher_logits, labels, mask, temperature):
    soft = _soft_mean(student_logits, teacher_logits, labels, mask, temperature)
    return soft / student_logits.shape[-1]


def _hard_zeroed(student_logits, teacher_logits, labels, mask, temperature):
    return (surprises(student_logits, labels) * mask).mean()


def _hard_counts_unlabelled(student_logits, teacher_logits, labels, mask, temperature):
    return mean_over(surprises(student_logits, labels), mask)


def _hard_nothing_left(student_logits, teacher_logits, labels, mask, temperature):
    return _mean_of_kept(surprises(student_logits, labels), _where_labelled(mask, labels))


def _masked_both_nan(student_logits, teacher_logits, labels, mask, temperature, alpha):
    rows = _kl_nan_at_excluded(student_logits, teacher_logits, temperature)
    hard = _hard_nothing_left(student_logits, teacher_logits, labels, mask, temperature)
    return alpha * temperature**2 * _mean_of_kept(rows, mask) + (1 - alpha) * hard


MASKED_LOSS = Exercise(
    id="03.8",
    name="masked_distillation_loss",
    title="A loss a token: padding, masks, excluded classes",
    lesson="03",
    signature=(
        "masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha)"
    ),
    points=6,
    minutes=15,
    difficulty=4,
    importance=5,
    cases=masked_loss_cases,
    misconceptions=(
        Misconception(
            "Divided by the number of sentences: batchmean on (batch, length, vocabulary)",
            _masked(soft=_soft_part(lambda rows, mask: rows[mask].sum() / len(rows))),
            hint="A batch of long sentences would weigh more. Divide by the tokens that count.",
        ),
        Misconception(
            "The mask is used in the hard part only: padding is counted in the soft part",
            _masked(soft=_soft_part(lambda rows, mask: rows.mean())),
            hint="Which rows does the soft mean run over?",
        ),
        Misconception(
            "The mask is not used: padding is counted in both parts",
            _masked(_with_mask(_everywhere, _soft_mean), _with_mask(_everywhere, _hard_mean)),
            hint="Pad the batch further: should its loss change?",
        ),
        Misconception(
            "Padding is set to zero, but still counted in the mean",
            _masked(_soft_part(lambda rows, mask: (rows * mask).mean()), _hard_zeroed),
            hint="Zeros pull a mean down. Divide by the tokens that count, not by all.",
        ),
        Misconception(
            "The mean of the sentences' means: a token of a short sentence weighs more",
            _masked(soft=_soft_part(mean_of_means)),
            hint="Every token that counts weighs the same here, whatever sentence it stands in.",
        ),
        Misconception(
            "The mask is used in the soft part only",
            _masked(hard=_with_mask(_everywhere, _hard_mean)),
            hint="Not every data set labels its padding -100. The mask governs both parts.",
        ),
        Misconception(
            "Tokens without a label are counted in the hard part's mean",
            _masked(hard=_hard_counts_unlabelled),
            hint="The soft part and the hard part need not have the same number of tokens.",
        ),
        Misconception(
            "A token without a label is dropped from the soft part too",
            _masked(soft=_with_mask(_where_labelled, _soft_mean)),
            hint="-100 speaks of the label. The teacher's opinion is still there.",
        ),
        Misconception(
            "Softmax over the tokens of a sentence (dim=1), not over the vocabulary",
            _masked(soft=_soft_part(rows=_kl_over_length)),
            hint="With (batch, classes) dim=1 is right; with (batch, length, vocabulary) it is not.",
        ),
        Misconception(
            "0/0 when nothing is left to average",
            _masked(_soft_part(_mean_of_kept), _hard_nothing_left),
            hint="The mean of no tokens is NaN. A batch that counts for nothing should cost 0.",
        ),
        Misconception(
            "0 · (-inf) = NaN at a class that both exclude",
            _masked(soft=_soft_part(rows=_kl_nan_at_excluded)),
            hint="A class of probability 0 adds nothing. Say so before the sum: masked_fill.",
        ),
        Misconception(
            "Two slips: 0/0 when nothing is left, and 0 · (-inf) at a class that both exclude",
            _masked_both_nan,
            hint="Divide by max(count, 1), and fill the terms of excluded classes with 0.",
        ),
        Misconception(
            "T² is missing",
            _masked(soft=_soft_bare),
            hint="The soft part still carries T².",
        ),
        Misconception(
            "The soft part is divided by the size of the vocabulary as well",
            _masked(soft=_soft_over_vocabulary),
            hint="Sum over the vocabulary, average over tokens. With 30,000 words this hides it all.",
        ),
        Misconception(
            "Alpha weighs the hard loss",
            with_other_alpha(_masked()),
            hint="In this course alpha weighs the soft loss.",
        ),
        Misconception(
            "Gradient flows into the teacher",
            _masked(soft=_soft_part(rows=_kl_into_teacher)),
            hint="The value is right. Detach the teacher's logits.",
        ),
    ),
    hint="Select the rows that count first: student_logits[mask] has shape (tokens, vocabulary).",
    withheld=(
        "kd_course.losses.distillation_loss",
        "kd_course.losses.span_distillation_loss",
        "kd_course.losses.soft_target_loss",
        "kd_course.losses.hard_target_loss",
    ),
    allowed="anything in torch; not kd_course.losses",
)


# -- 03.9 to 03.11 the audit ------------------------------------------------------------------

ARTICLE_TEACHER = (0.2, 0.3, 0.1, 0.2, 0.2)
ARTICLE_STUDENT = (0.25, 0.3, 0.15, 0.1, 0.1)  # as printed: it sums to 0.9


def kl_terms_cases(random: numpy.random.Generator) -> list[Case]:
    article = [torch.tensor(v, dtype=torch.float64) for v in (ARTICLE_TEACHER, ARTICLE_STUDENT)]
    certain = torch.tensor([0.0, 0.25, 0.75], dtype=torch.float64)
    return [
        Case(tuple(article), "the article's two vectors, as printed"),
        Case(
            (
                random_distributions(random, 4, concentration=2.0),
                random_distributions(random, 4, concentration=2.0),
            ),
            "two distributions",
        ),
        Case(
            (certain, random_distributions(random, 3, concentration=2.0)),
            "a class that the teacher excludes",
        ),
    ]


def _plogp(p: Tensor, ratio: Tensor) -> Tensor:
    return torch.where(p > 0, p * ratio.log(), torch.zeros_like(p))


def _terms_absolute(y, p):
    return _plogp(y, y / p).abs()


def _terms_bits(y, p):
    return _plogp(y, y / p) / math.log(2)


def _terms_decimal(y, p):
    return _plogp(y, y / p) / math.log(10)


def _terms_swapped(y, p):
    return _plogp(p, p / y.clamp(min=1e-12))


def _terms_negative(y, p):
    return -_plogp(y, y / p)


def _terms_normalised(y, p):
    return _plogp(y, y / (p / p.sum()))


def _terms_no_weight(y, p):
    return (y / p).log()


def _terms_nan_at_zero(y, p):
    return y * (y / p).log()


def _terms_sum(y, p):
    return _plogp(y, y / p).sum()


def _terms_cross_entropy(y, p):
    return -y * p.log()


KL_TERMS = Exercise(
    id="03.9",
    name="kl_terms",
    title="Audit: one term at a time",
    lesson="03",
    signature="kl_terms(y, p)",
    points=2,
    minutes=4,
    difficulty=2,
    importance=3,
    cases=kl_terms_cases,
    misconceptions=(
        Misconception(
            "Every term is made positive",
            _terms_absolute,
            hint="Only the sum of KL is never negative. A term is, where the student gives more.",
        ),
        Misconception(
            "In bits: the logarithm is to base 2",
            _terms_bits,
            hint="torch.log is natural, and so are the losses: nats.",
        ),
        Misconception(
            "The logarithm is to base 10",
            _terms_decimal,
            hint="torch.log is natural, and so are the losses: nats.",
        ),
        Misconception(
            "p log(p / y): the arguments are swapped",
            _terms_swapped,
            hint="The teacher's y stands in front.",
        ),
        Misconception(
            "The sign is turned: this is y log(p / y)",
            _terms_negative,
            hint="log(y / p) is positive where the teacher gives more than the student.",
        ),
        Misconception(
            "p is divided by its sum first",
            _terms_normalised,
            hint="That comes next. First see what the article's own vectors give.",
        ),
        Misconception(
            "The weight y in front of the logarithm is missing",
            _terms_no_weight,
            hint="A mean over y's outcomes: each surprise counts as often as it happens.",
        ),
        Misconception(
            "0 · log 0 = NaN where the teacher excludes a class",
            _terms_nan_at_zero,
            hint="What never happens adds nothing: torch.where, or torch.xlogy.",
        ),
        Misconception(
            "The sum is returned, not the terms",
            _terms_sum,
            hint="An audit wants the rows, not the total.",
        ),
        Misconception(
            "The terms of the cross-entropy: log y is missing",
            _terms_cross_entropy,
            hint="log(y / p) = log y - log p.",
        ),
    ),
    hint="y · log(y / p), and 0 where y is 0.",
    allowed="anything in torch; the vectors are taken as they are, whatever they sum to",
)

REPAIRED_LOSS = Exercise(
    id="03.10",
    name="repaired_loss",
    title="Audit: what it should have been",
    lesson="03",
    signature="repaired_loss",
    points=2,
    minutes=5,
    difficulty=2,
    importance=3,
    kind="value",
    rtol=0.0,
    atol=6e-4,  # three decimals are enough
    misconceptions=(
        Misconception(
            "This is the article's own total",
            value=2.92,
            hint="It does not even follow from the article's own parts.",
        ),
        Misconception(
            "The article's parts, added without its slip",
            value=2.965,
            hint="Both parts are wrong as well. Compute them anew.",
        ),
        Misconception(
            "The article's vectors as printed: p sums to 0.9, and three classes are marked",
            value=3.0918,
            hint="Make p a distribution, and mark one class.",
        ),
        Misconception(
            "One class is marked, but p still sums to 0.9",
            value=0.6980,
            hint="Divide p by its sum first.",
        ),
        Misconception(
            "p is a distribution now, but three classes are still marked",
            value=2.8811,
            hint="An example has one label.",
        ),
        Misconception(
            "The soft part is a cross-entropy: the teacher's entropy is still in it",
            value=1.3712,
            hint="The soft loss of the article is KL.",
        ),
        Misconception(
            "The two parts are added, not averaged",
            value=1.1853,
            hint="alpha = 0.5 weighs each with one half.",
        ),
    ),
    hint="½ · KL(y ‖ p/0.9) + ½ · (-log of p/0.9 at the teacher's most likely class).",
    allowed="anything",
)

WHICH_MISTAKE = Exercise(
    id="03.11",
    name="harmless_here",
    title="Which of them would you never notice?",
    lesson="03",
    signature="harmless_here",
    points=1,
    minutes=3,
    difficulty=3,
    importance=4,
    kind="value",
    choices=(
        Choice(
            "a",
            "the label marks three classes",
            "No. Its minimum is ⅓, ⅓, ⅓ on the marked classes and 0 on the teacher's favourite, and "
            "its loss never falls below 3 log 3 = 3.2958.",
        ),
        Choice(
            "b",
            "the student's outputs need not sum to one",
            "No. All five outputs run to 1 and the loss to -H(y): below 0, which no KL of "
            "distributions can be. The student learns nothing about the teacher.",
        ),
        Choice(
            "c",
            "T² is left out while alpha is 1, and the optimizer is Adam",
            "Right. With alpha = 1 the missing T² scales the whole gradient and moves no minimum; "
            "Adam divides by the gradient's own size, so even the speed hardly changes. With plain "
            "gradient descent the same slip slows training T² times.",
        ),
        Choice(
            "d",
            "T² is left out while alpha is 0.5, and the optimizer is Adam",
            "No. Adam rescales the sum of both gradients, not each: the soft part still fades beside "
            "the hard one, and the student drifts to the label.",
        ),
    ),
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
