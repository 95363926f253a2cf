"""Lesson 04's wrong answers: what people write, by name, and what to think about next.

Each is the right answer with one piece exchanged, so that a slip is one line.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.divergences import entropy, kl_divergence
from kd_course.exercises.spec import Misconception

Function = Callable[..., Tensor]


# -- 04.1 the gap by ambiguity ----------------------------------------------------------------


def _gap(
    gap: Function = kl_divergence,
    by: Function = lambda truth, teacher: entropy(truth),
    summary: Function = Tensor.mean,
) -> Function:
    """gap_by_ambiguity with another distance, another ambiguity or another summary of a group."""

    def answer(truth, teacher, edges):
        bounds = torch.tensor(edges, dtype=truth.dtype)
        group = (by(truth, teacher)[:, None] >= bounds).sum(-1)
        values = gap(truth, teacher)
        return torch.stack([summary(values[group == g]) for g in range(len(edges) + 1)])

    return answer


def _gap_divided_by_all(truth, teacher, edges):
    shares = torch.bincount(_group(truth, edges), minlength=len(edges) + 1) / len(truth)
    return torch.nan_to_num(_gap()(truth, teacher, edges) * shares, nan=0.0)


def _gap_cumulative(truth, teacher, edges):
    group, values = _group(truth, edges), kl_divergence(truth, teacher)
    return torch.stack([values[group <= g].mean() for g in range(len(edges) + 1)])


def _gap_of_means(truth, teacher, edges):
    group = _group(truth, edges)
    pairs = [
        (truth[group == g].mean(0), teacher[group == g].mean(0)) for g in range(len(edges) + 1)
    ]
    return torch.stack([(p * (p / q).log()).sum() for p, q in pairs])


def _group(truth: Tensor, edges) -> Tensor:
    return (entropy(truth)[:, None] >= torch.tensor(edges, dtype=truth.dtype)).sum(-1)


GAP = (
    Misconception(
        "this is KL(teacher ‖ truth): the arguments are swapped",
        _gap(lambda truth, teacher: kl_divergence(teacher, truth)),
        hint="The truth decides what happens; the teacher is what one believes.",
    ),
    Misconception(
        "rows are grouped by the teacher's entropy",
        _gap(by=lambda truth, teacher: entropy(teacher)),
        hint="How ambiguous a sentence is does not depend on who reads it.",
    ),
    Misconception(
        "this is the cross-entropy, not KL",
        _gap(lambda truth, teacher: -(truth * teacher.log()).sum(-1)),
        hint="Cross-entropy also counts what even the truth would pay: its own entropy.",
    ),
    Misconception(
        "the entropy is taken in bits, the edges are in nats",
        _gap(by=lambda truth, teacher: entropy(truth) / math.log(2)),
        hint="Which logarithm gives nats?",
    ),
    Misconception(
        "the divergence is in bits",
        _gap(lambda truth, teacher: kl_divergence(truth, teacher) / math.log(2)),
        hint="Which logarithm gives nats?",
    ),
    Misconception(
        "this is the difference of the two entropies",
        _gap(lambda truth, teacher: entropy(teacher) - entropy(truth)),
        hint="Two distributions can be equally sure, of different classes.",
    ),
    Misconception(
        "a group without rows counts as a gap of zero",
        lambda *args: torch.nan_to_num(_gap()(*args), nan=0.0),
        hint="Zero would say that the teacher is perfect there. What is known of such a group?",
    ),
    Misconception(
        "each group also holds the groups below it",
        _gap_cumulative,
        hint="A row belongs to one group: at or above one edge, below the next.",
    ),
    Misconception(
        "the group from the last edge upwards is missing",
        lambda *args: _gap()(*args)[:-1],
        hint="How many groups do two edges make?",
    ),
    Misconception(
        "the group below the first edge is missing",
        lambda *args: _gap()(*args)[1:],
        hint="How many groups do two edges make?",
    ),
    Misconception(
        "the groups come in the reverse order",
        lambda *args: _gap()(*args).flip(0),
        hint="Which group does the docstring want first?",
    ),
    Misconception(
        "each group's divergences are summed, not averaged",
        _gap(summary=Tensor.sum),
        hint="With twice as many rows of the same kind, should a group's number change?",
    ),
    Misconception(
        "each group's sum is divided by the number of all rows",
        _gap_divided_by_all,
        hint="Over how many rows is a group's mean?",
    ),
    Misconception(
        "this is each group's median",
        _gap(summary=Tensor.median),
        hint="The mean is asked for: rare rows that are far off count, too.",
    ),
    Misconception(
        "a row's terms are averaged over the classes",
        _gap(lambda truth, teacher: kl_divergence(truth, teacher) / truth.shape[-1]),
        hint="A divergence is a sum over the classes. Over what alone is averaged here?",
    ),
    Misconception(
        "F.kl_div got the teacher's probabilities, not their logarithms",
        _gap(lambda truth, teacher: F.kl_div(teacher, truth, reduction="none").sum(-1)),
        hint="What does F.kl_div expect as its first argument?",
    ),
    Misconception(
        "rows are grouped by their divergence",
        _gap(by=kl_divergence),
        hint="What is averaged and what sorts the rows are two numbers.",
    ),
    Misconception(
        "the entropy has lost its minus sign",
        _gap(by=lambda truth, teacher: -entropy(truth)),
        hint="An entropy is never negative.",
    ),
    Misconception(
        "the entropy is divided by the log of the number of classes",
        _gap(by=lambda truth, teacher: entropy(truth) / math.log(truth.shape[-1])),
        hint="The edges are in nats, not in shares of the largest entropy.",
    ),
    Misconception(
        "rows are grouped by their largest probability",
        _gap(by=lambda truth, teacher: 1 - truth.amax(-1)),
        hint="That is another measure of ambiguity. Which one is in nats, like the edges?",
    ),
    Misconception(
        "distributions are averaged before the divergence is taken",
        _gap_of_means,
        hint="Errors in opposite directions cancel in a mean. First a number a row, then the mean.",
    ),
)


# -- 04.2 softening a distribution ------------------------------------------------------------


def _to_one(weights: Tensor) -> Tensor:
    return weights / weights.sum(-1, keepdim=True)


def _soften(p: Tensor, temperature: float) -> Tensor:
    return _to_one(p ** (1 / temperature))


SOFTEN = (
    Misconception(
        "the rows are not made to sum to one",
        lambda p, temperature: p ** (1 / temperature),
        hint="A softmax divides by a sum. What must you divide by here?",
    ),
    Misconception(
        "the power is T, not 1/T: this sharpens",
        lambda p, temperature: _soften(p, 1 / temperature),
        hint="exp(z / T) is exp(z) to which power?",
    ),
    Misconception(
        "the power is 1/T²",
        lambda p, temperature: _soften(p, temperature**2),
        hint="T² belongs to the gradients of a loss. How often are the logits divided by T?",
    ),
    Misconception(
        "the result is multiplied by T²",
        lambda p, temperature: temperature**2 * _soften(p, temperature),
        hint="T² belongs to a loss. What do these rows sum to?",
    ),
    Misconception(
        "the square root is taken whatever T is",
        lambda p, temperature: _to_one(p.sqrt()),
        hint="For which T is the power one half?",
    ),
    Misconception(
        "1 // T divides whole: the power is 0 for every T above 1",
        lambda p, temperature: _to_one(p ** (1 // temperature)),
        hint="`//` rounds down. Which division keeps the fraction?",
    ),
    Misconception(
        "probabilities are treated as logits",
        lambda p, temperature: torch.softmax(p / temperature, -1),
        hint="softmax wants logits. Is p a logit of anything that gives p back at T = 1?",
    ),
    Misconception(
        "a softmax is taken of the powers",
        lambda p, temperature: torch.softmax(p ** (1 / temperature), -1),
        hint="The powers are the softmax's exponentials already. What is left to do with them?",
    ),
    Misconception(
        "probabilities are divided by T, and nothing changes",
        lambda p, temperature: _to_one(p / temperature),
        hint="Dividing all by T and then by their sum gives back p.",
    ),
    Misconception(
        "all rows together sum to one",
        lambda p, temperature: p ** (1 / temperature) / (p ** (1 / temperature)).sum(),
        hint="Over which dimension does a row run?",
    ),
    Misconception(
        "the sum runs over the first dimension",
        lambda p, temperature: torch.softmax(p.log() / temperature, 0),
        hint="Over which dimension does a row run?",
    ),
    Misconception(
        "the classes that are possible are run together into one long row",
        lambda p, temperature: torch.softmax(p[p > 0].log() / temperature, -1),
        hint="p[p > 0] has one dimension. A class with probability zero keeps its place.",
    ),
    Misconception(
        "rows are divided by their length, not by their sum",
        lambda p, temperature: F.normalize(p ** (1 / temperature), dim=-1),
        hint="F.normalize makes the squares sum to one. What must sum to one here?",
    ),
    Misconception(
        "logarithms are returned",
        lambda p, temperature: _soften(p, temperature).log(),
        hint="What do the rows of the result sum to?",
    ),
    Misconception(
        "the logarithm has base 10",
        lambda p, temperature: torch.softmax(p.log10() / temperature, -1),
        hint="softmax takes powers of e. Whose logarithm undoes that?",
    ),
    Misconception(
        "log p - log(1 - p) is taken for the logit",
        lambda p, temperature: torch.softmax(p.logit() / temperature, -1),
        hint="That is a sigmoid's logit. Which z gives p back under a softmax?",
    ),
    Misconception(
        "p is mixed with the uniform distribution",
        lambda p, temperature: p / temperature + (1 - 1 / temperature) / p.shape[-1],
        hint="That is smoothing: another way to be modest, and not what a temperature does.",
    ),
)


# -- 04.3 bias and variance -------------------------------------------------------------------


def _kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    return (log_p.exp() * (log_p - log_q)).sum(-1)


def _split(
    mean: Function = lambda q: q.mean(0).log_softmax(-1),
    bias: Function = lambda p, m, q: _kl(p, m),
    variance: Function = lambda p, m, q: _kl(m, q),
    both: Function = lambda bias, variance: torch.stack([bias.mean(), variance.mean()]),
) -> Function:
    """bias_and_variance with one piece exchanged. Of logs: p the truth, m the mean, q the students."""

    def answer(log_q, p):
        log_p, log_mean = p.log(), mean(log_q)
        return both(bias(log_p, log_mean, log_q), variance(log_p, log_mean, log_q))

    return answer


PARTS = (
    Misconception(
        "the mean is that of the probabilities",
        _split(lambda q: q.exp().mean(0).log()),
        hint="Do your two parts add up to the error? They do for another mean only.",
    ),
    Misconception(
        "the mean is not made to sum to one",
        _split(lambda q: q.mean(0)),
        hint="What do the exponentials of your mean sum to? It has to be a distribution.",
    ),
    Misconception(
        "logs are summed over the students, not averaged",
        _split(lambda q: q.sum(0).log_softmax(-1)),
        hint="If all students agree, their mean should be what they say.",
    ),
    Misconception(
        "the mean is a median",
        _split(lambda q: q.median(0).values.log_softmax(-1)),
        hint="Do your two parts add up to the error?",
    ),
    Misconception(
        "the mean runs over the rows, not over the students",
        _split(lambda q: q.mean(1).log_softmax(-1)),
        hint="Which dimension of log_q are the students?",
    ),
    Misconception(
        "the softmax runs over the rows",
        _split(lambda q: q.mean(0).log_softmax(0)),
        hint="In which dimension are the classes, which have to sum to one?",
    ),
    Misconception(
        "the variance is KL(student ‖ mean)",
        _split(variance=lambda p, m, q: _kl(q, m)),
        hint="Which of the two stands first under the sum?",
    ),
    Misconception(
        "the bias is KL(mean ‖ truth)",
        _split(bias=lambda p, m, q: _kl(m, p)),
        hint="Which of the two decides what happens?",
    ),
    Misconception(
        "variance comes first, bias second",
        _split(both=lambda b, v: torch.stack([v.mean(), b.mean()])),
        hint="In which order does the docstring want them?",
    ),
    Misconception(
        "the first number is the whole error, not the bias",
        _split(bias=lambda p, m, q: _kl(p, q)),
        hint="The bias is the error of the mean student, not the mean error of the students.",
    ),
    Misconception(
        "the second number is the whole error, not the variance",
        _split(variance=lambda p, m, q: _kl(p, q)),
        hint="How far are students from each other, whatever the truth is?",
    ),
    Misconception(
        "the bias is a cross-entropy",
        _split(bias=lambda p, m, q: -(p.exp() * m).sum(-1)),
        hint="A mean student that answers with the truth should have no bias.",
    ),
    Misconception(
        "the bias is squared",
        _split(both=lambda b, v: torch.stack([b.mean() ** 2, v.mean()])),
        hint="Squares belong to squared error. In what unit is this?",
    ),
    Misconception(
        "squared distances of probabilities, with the mean of probabilities",
        _split(
            lambda q: q.exp().mean(0).log(),
            lambda p, m, q: (p.exp() - m.exp()).square().sum(-1),
            lambda p, m, q: (q.exp() - m.exp()).square().sum(-1),
        ),
        hint="That takes squared error apart. In what unit are these parts to be?",
    ),
    Misconception(
        "squared distances of probabilities in place of divergences",
        _split(
            bias=lambda p, m, q: (p.exp() - m.exp()).square().sum(-1),
            variance=lambda p, m, q: (q.exp() - m.exp()).square().sum(-1),
        ),
        hint="In what unit are the two parts to be?",
    ),
    Misconception(
        "the variance is that of the students' errors",
        _split(variance=lambda p, m, q: _kl(p, q).var(0, correction=0)),
        hint="Students with equal errors can still disagree: how far is each from the mean student?",
    ),
    Misconception(
        "the variance is the statistical one, of the logs",
        _split(variance=lambda p, m, q: q.var(0).sum(-1)),
        hint="Does it add up to the error, with the bias? Both parts are divergences, in nats.",
    ),
    Misconception(
        "the variance has lost its sign",
        _split(variance=lambda p, m, q: -_kl(m, q)),
        hint="Can a divergence be negative?",
    ),
    Misconception(
        "the variance is summed over the students",
        _split(variance=lambda p, m, q: _kl(m, q).sum(0)),
        hint="With every student twice, should it change?",
    ),
    Misconception(
        "the variance is divided by the number of students less one",
        _split(variance=lambda p, m, q: _kl(m, q).sum(0) / (len(q) - 1)),
        hint="Do the two parts add up to the students' mean error?",
    ),
    Misconception(
        "the variance is summed over the rows (batchmean divides by the first dimension only)",
        _split(both=lambda b, v: torch.stack([b.mean(), v.mean() * v.shape[-1]])),
        hint="Over which dimensions of (students, rows) do you average?",
    ),
    Misconception(
        "both parts are summed over the rows",
        _split(both=lambda b, v: torch.stack([b.sum(), v.mean(0).sum()])),
        hint="With every row twice, should they change?",
    ),
    Misconception(
        "the parts of every row are returned, not their means",
        _split(both=lambda b, v: torch.stack([b, v.mean(0)])),
        hint="Which shape does the docstring want?",
    ),
    Misconception(
        "terms are averaged over the classes",
        lambda log_q, p: _split()(log_q, p) / p.shape[-1],
        hint="A divergence is a sum over the classes.",
    ),
    Misconception(
        "this is in bits",
        lambda log_q, p: _split()(log_q, p) / math.log(2),
        hint="Which logarithm gives nats?",
    ),
)


# -- 04.6 smoothed labels ---------------------------------------------------------------------


def _one_hot(labels: Tensor, classes: int) -> Tensor:
    return F.one_hot(labels, classes).float()


def _smooth(labels: Tensor, classes: int, epsilon: float) -> Tensor:
    return (1 - epsilon) * _one_hot(labels, classes) + epsilon / classes


def _smooth_largest_label(labels, classes, epsilon):
    return _smooth(labels, int(labels.max()) + 1, epsilon)


def _smooth_others(share: Callable[[float, int], float]) -> Function:
    """1 - epsilon on the label, and on each other class what `share` says."""

    def answer(labels, classes, epsilon):
        one_hot = _one_hot(labels, classes)
        return (1 - epsilon) * one_hot + share(epsilon, classes) * (1 - one_hot)

    return answer


def _smooth_all_labels(labels, classes, epsilon):
    targets = torch.full((len(labels), classes), epsilon / classes)
    targets[:, labels] += 1 - epsilon
    return targets


def _smooth_first_skipped(labels, classes, epsilon):
    targets = _smooth(labels, classes, epsilon)
    targets[0] = epsilon / classes
    return targets


SMOOTHING = (
    Misconception(
        "ε is shared among the other classes only",
        _smooth_others(lambda epsilon, classes: epsilon / (classes - 1)),
        hint="Another convention, also seen. Over which classes does the mean in the loss run?",
    ),
    Misconception(
        "the label gets no share of ε, and the rows do not sum to one",
        _smooth_others(lambda epsilon, classes: epsilon / classes),
        hint="How often does the label's surprise stand in the loss?",
    ),
    Misconception(
        "the label keeps all of its probability",
        lambda labels, classes, epsilon: _one_hot(labels, classes) + epsilon / classes,
        hint="What do the rows sum to?",
    ),
    Misconception(
        "ε and 1 - ε are swapped",
        lambda labels, classes, epsilon: _smooth(labels, classes, 1 - epsilon),
        hint="At ε = 0 the labels must come out as they are.",
    ),
    Misconception(
        "every class gets the whole of ε",
        lambda labels, classes, epsilon: (1 - epsilon) * _one_hot(labels, classes) + epsilon,
        hint="What do the rows sum to?",
    ),
    Misconception(
        "ε is divided by the number of rows",
        lambda labels, classes, epsilon: (
            (1 - epsilon) * _one_hot(labels, classes) + epsilon / len(labels)
        ),
        hint="Among whom is ε shared: the sentences or the classes?",
    ),
    Misconception(
        "ε goes to the next class only",
        lambda labels, classes, epsilon: (
            (1 - epsilon) * _one_hot(labels, classes)
            + epsilon * _one_hot((labels + 1) % classes, classes)
        ),
        hint="Over which classes does the mean in the loss run?",
    ),
    Misconception(
        "ε is ignored: these are the labels",
        lambda labels, classes, epsilon: _one_hot(labels, classes),
        hint="What does the second part of the loss add?",
    ),
    Misconception(
        "ε is 0.1 whatever is asked for",
        lambda labels, classes, epsilon: _smooth(labels, classes, 0.1),
        hint="Try it with ε = 0.5.",
    ),
    Misconception(
        "ε is taken for a percentage",
        lambda labels, classes, epsilon: _smooth(labels, classes, epsilon / 100),
        hint="epsilon is a number from 0 to 1.",
    ),
    Misconception(
        "there are only as many classes as the largest label says",
        _smooth_largest_label,
        hint="A batch need not hold every class. What says how many there are?",
    ),
    Misconception(
        "there are three classes, whatever `classes` says",
        lambda labels, classes, epsilon: (1 - epsilon) * torch.eye(3)[labels] + epsilon / 3,
        hint="The lesson's corpus has three. What says how many there are here?",
    ),
    Misconception(
        "classes are counted from one",
        lambda labels, classes, epsilon: _smooth((labels - 1) % classes, classes, epsilon),
        hint="Label 0 is the first column.",
    ),
    Misconception(
        "row i gets class i, whatever its label is",
        lambda labels, classes, epsilon: (
            (1 - epsilon) * torch.eye(len(labels), classes) + epsilon / classes
        ),
        hint="Which row of torch.eye(classes) does a label pick?",
    ),
    Misconception(
        "every row gets the labels of all rows",
        _smooth_all_labels,
        hint="targets[:, labels] is every row at all these columns. Which pairs do you mean?",
    ),
    Misconception(
        "the first row has no label",
        _smooth_first_skipped,
        hint="Where does your loop begin?",
    ),
    Misconception(
        "this is transposed: (classes, rows)",
        lambda *args: _smooth(*args).T,
        hint="Which shape does the docstring want?",
    ),
    Misconception(
        "this is the mean over the rows",
        lambda *args: _smooth(*args).mean(0),
        hint="One target for every row.",
    ),
    Misconception(
        "a softmax is taken of what is a distribution already",
        lambda *args: _smooth(*args).softmax(-1),
        hint="What do the rows sum to before it?",
    ),
    Misconception(
        "logarithms are returned",
        lambda *args: _smooth(*args).log(),
        hint="What do the rows of the result sum to?",
    ),
    Misconception(
        "targets are written into a tensor of whole numbers, which drops their fractions",
        lambda *args: _smooth(*args).long(),
        hint="Of which dtype is what one_hot returns?",
    ),
)


# -- 04.7 the one target behind two losses ----------------------------------------------------


def _mix(
    soft: Function = lambda p, y: p,
    hard: Function = lambda p, y: y,
    soft_weight: Callable[[float], float] = lambda alpha: alpha,
    hard_weight: Callable[[float], float] = lambda alpha: 1 - alpha,
) -> Function:
    """implied_target with one piece exchanged. Of the parts: p the teacher, y the labels, one-hot."""

    def answer(teacher_p, labels, alpha):
        y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
        parts = soft(teacher_p, y), hard(teacher_p, y)
        return soft_weight(alpha) * parts[0] + hard_weight(alpha) * parts[1]

    return answer


def _favourite(p: Tensor) -> Tensor:
    return F.one_hot(p.argmax(-1), p.shape[-1]).to(p.dtype)


def _is_right(p: Tensor, y: Tensor) -> Tensor:
    return (_favourite(p) == y).all(-1, keepdim=True)


def _mix_geometric(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return _to_one(teacher_p**alpha * y ** (1 - alpha))


def _mix_logs_and_labels(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return (alpha * teacher_p.log() + (1 - alpha) * y).softmax(-1)


def _mix_set_not_added(teacher_p, labels, alpha):
    target = alpha * teacher_p
    target[torch.arange(len(labels)), labels] = 1 - alpha
    return target


def _mix_all_labels(teacher_p, labels, alpha):
    target = alpha * teacher_p
    target[:, labels] += 1 - alpha
    return target


def _mix_next_class(teacher_p, labels, alpha):
    return _mix()(teacher_p, (labels - 1) % teacher_p.shape[-1], alpha)


MIXTURE = (
    Misconception(
        "α weighs the labels",
        _mix(soft_weight=lambda alpha: 1 - alpha, hard_weight=lambda alpha: alpha),
        hint="In this course α weighs the soft part: α = 1 is the teacher alone.",
    ),
    Misconception(
        "the labels' part is not weighed",
        _mix(hard_weight=lambda alpha: 1),
        hint="What do the rows sum to?",
    ),
    Misconception(
        "the teacher's part is not weighed",
        _mix(soft_weight=lambda alpha: 1),
        hint="What do the rows sum to?",
    ),
    Misconception(
        "the labels' part is not weighed, and the rows are made to sum to one afterwards",
        lambda *args: _to_one(_mix(hard_weight=lambda alpha: 1)(*args)),
        hint="Where the hard loss weighs nothing, the teacher alone must come out.",
    ),
    Misconception(
        "both parts weigh a half, whatever α is",
        _mix(soft_weight=lambda alpha: 0.5, hard_weight=lambda alpha: 0.5),
        hint="Where the hard loss weighs nothing, the teacher alone must come out.",
    ),
    Misconception(
        "the teacher's weight is α²",
        _mix(soft_weight=lambda alpha: alpha**2),
        hint="What do the rows sum to?",
    ),
    Misconception(
        "the labels' part is missing",
        _mix(hard_weight=lambda alpha: 0),
        hint="What do the rows sum to? Which loss has been left out?",
    ),
    Misconception(
        "the labels' part is subtracted",
        _mix(hard_weight=lambda alpha: alpha - 1),
        hint="The gradient is softmax(z) less the target. What is the target itself?",
    ),
    Misconception(
        "a softmax is taken of what is a distribution already",
        lambda *args: _mix()(*args).softmax(-1),
        hint="What do the rows sum to before it?",
    ),
    Misconception(
        "a softmax is taken of the teacher's probabilities",
        _mix(lambda p, y: p.softmax(-1)),
        hint="teacher_p holds probabilities, no logits.",
    ),
    Misconception(
        "log-probabilities are mixed with labels, and a softmax is taken",
        _mix_logs_and_labels,
        hint="Which quantities is cross-entropy linear in: the target's, or their logarithms?",
    ),
    Misconception(
        "the mixture is a product of powers",
        _mix_geometric,
        hint="Cross-entropy is linear in its target. Can a product come of a sum of two?",
    ),
    Misconception(
        "the teacher's part is uniform: this is label smoothing",
        _mix(lambda p, y: torch.full_like(p, 1 / p.shape[-1])),
        hint="Label smoothing has a teacher who knows nothing. Ours has an opinion.",
    ),
    Misconception(
        "the hard part is the teacher's own choice, not the label",
        _mix(hard=lambda p, y: _favourite(p)),
        hint="Where the teacher is wrong, who contradicts it?",
    ),
    Misconception(
        "the hard part is the teacher's own probability of the label",
        _mix(hard=lambda p, y: p * y),
        hint="How sure is the hard loss of the label?",
    ),
    Misconception(
        "the hard part is the labels' shares over all rows",
        _mix(hard=lambda p, y: y.mean(0)),
        hint="Every row has a label of its own.",
    ),
    Misconception(
        "the teacher is heard only where it is right",
        _mix(lambda p, y: torch.where(_is_right(p, y), p, y)),
        hint="A method of its own; the two losses of lesson 03 hear the teacher everywhere.",
    ),
    Misconception(
        "the label is heard only where the teacher is wrong",
        _mix(hard=lambda p, y: torch.where(_is_right(p, y), p, y)),
        hint="A method of its own; the two losses of lesson 03 hear the label everywhere.",
    ),
    Misconception(
        "the label's class is taken out of the teacher's answer first",
        _mix(lambda p, y: _to_one(p * (1 - y))),
        hint="The soft loss hears the whole answer, the label's class in it.",
    ),
    Misconception(
        "the label's probability is set, not added to",
        _mix_set_not_added,
        hint="What has the teacher said of that class?",
    ),
    Misconception(
        "every row gets the labels of all rows",
        _mix_all_labels,
        hint="target[:, labels] is every row at all these columns. Which pairs do you mean?",
    ),
    Misconception(
        "classes are counted from one",
        _mix_next_class,
        hint="Label 0 is the first column.",
    ),
    Misconception(
        "all probability goes to the mixture's favourite",
        lambda *args: _favourite(_mix()(*args)),
        hint="A soft target names no single class.",
    ),
)


# -- 04.8 classes in one order ----------------------------------------------------------------


def _students_order(teacher: list, student: list) -> list:
    return [teacher.index(name) for name in student]


def _align(
    order: Callable[[list, list], list] = _students_order,
    before: Function = lambda logits: logits,
    after: Function = lambda logits: logits,
) -> Function:
    """align_classes with another order of columns (from names in lower case), or other numbers."""

    def answer(teacher_logits, teacher_names, student_names):
        teacher, student = ([n.lower() for n in names] for names in (teacher_names, student_names))
        return after(before(teacher_logits)[:, order(teacher, student)])

    return answer


def _teachers_order(teacher: list, student: list) -> list:
    return [i for i, name in enumerate(teacher) if name in student]


def _align_as_many(teacher_logits, teacher_names, student_names):
    if len(teacher_names) == len(student_names):
        return teacher_logits
    return _align()(teacher_logits, teacher_names, student_names)


def _align_exact(teacher_logits, teacher_names, student_names):
    return teacher_logits[:, [teacher_names.index(name) for name in student_names]]


def _align_overwritten(teacher_logits, teacher_names, student_names):
    teacher = [name.lower() for name in teacher_names]
    for place, name in enumerate(student_names):
        teacher_logits[:, place] = teacher_logits[:, teacher.index(name.lower())]
    return teacher_logits[:, : len(student_names)]


ALIGN = (
    Misconception(
        "the teacher's columns stay where they are",
        _align(lambda teacher, student: list(range(len(student)))),
        hint="Column 0 of the teacher need not be column 0 of the student.",
    ),
    Misconception(
        "the last columns are taken",
        _align(lambda teacher, student: list(range(len(teacher)))[-len(student) :]),
        hint="Where does the teacher keep the student's first class?",
    ),
    Misconception(
        "where both know as many classes, the columns stay where they are",
        _align_as_many,
        hint="The same names need not come in the same order.",
    ),
    Misconception(
        "columns go the wrong way round (the inverse order)",
        _align(lambda teacher, student: [student.index(n) for n in teacher if n in student]),
        hint="For each *student* class: where does the *teacher* keep it?",
    ),
    Misconception(
        "columns are sorted by name",
        _align(lambda teacher, student: [teacher.index(n) for n in sorted(student)]),
        hint="The student's order is not the alphabet's.",
    ),
    Misconception(
        "the right columns are kept, in the teacher's order",
        _align(_teachers_order),
        hint="In whose order are they wanted?",
    ),
    Misconception(
        "the right columns are kept, in the teacher's order from behind",
        _align(lambda teacher, student: _teachers_order(teacher, student)[::-1]),
        hint="In whose order are they wanted?",
    ),
    Misconception(
        "columns are counted from one",
        _align(lambda teacher, student: [(teacher.index(n) + 1) % len(teacher) for n in student]),
        hint="The first column is column 0.",
    ),
    Misconception(
        "these are probabilities, not logits",
        _align(before=lambda logits: logits.softmax(-1)),
        hint="Logits in, logits out; the softmax comes with the loss, over the classes that are left.",
    ),
    Misconception(
        "these are probabilities over the classes that are left, not logits",
        _align(after=lambda logits: logits.softmax(-1)),
        hint="Logits in, logits out; the softmax comes with the loss.",
    ),
    Misconception(
        "these are log-probabilities, not logits",
        _align(before=lambda logits: logits.log_softmax(-1)),
        hint="Logits in, logits out; the softmax comes with the loss, over the classes that are left.",
    ),
    Misconception(
        "these are log-probabilities over the classes that are left, not logits",
        _align(after=lambda logits: logits.log_softmax(-1)),
        hint="Logits in, logits out; the softmax comes with the loss.",
    ),
    Misconception(
        "this is transposed: (classes, rows)",
        _align(after=lambda logits: logits.T),
        hint="Which shape does the docstring want?",
    ),
    Misconception(
        "these are the columns' numbers, not the logits in them",
        lambda logits, teacher, student: _align()(
            torch.arange(len(teacher)).expand(1, -1), teacher, student
        )[0],
        hint="That is the order. What is to be brought into it?",
    ),
    Misconception(
        "columns are written over in the argument, some before they were read",
        _align_overwritten,
        hint="After the first step, is the teacher's column 0 still there? A new tensor is safe.",
    ),
    Misconception(
        "names in other capitals are not found",
        _align_exact,
        hint="What can be done to both names before they are compared?",
    ),
)
