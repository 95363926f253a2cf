"""Lesson 02, From surprise to KL: what is asked, on what it is tried, how it goes wrong.

The wrong answers are slips of a line: the wrong base, the wrong dimension, a sign, a mean for a
sum, arguments exchanged, a zero that becomes NaN or is hidden. Zeros stand in the cases on purpose,
and the shapes are uneven, so that a wrong dimension cannot pass by luck.
"""

from __future__ import annotations

import math
from functools import partial

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import (
    believed,
    hidden_infinities,
    random_distributions,
    random_normal,
)
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception

LOG_2 = math.log(2)


_logits = partial(random_normal, scale=1.5)


def _rows(random: numpy.random.Generator, *shape: int) -> Tensor:
    """Distributions without zeros, uneven enough to tell a direction: float32."""
    drawn = random_distributions(random, *shape, concentration=0.8)
    return (0.95 * drawn + 0.05 / shape[-1]).float()


def _without(rows: Tensor, *classes: int) -> Tensor:
    """The same distributions with some classes ruled out."""
    kept = rows.clone()
    kept[..., list(classes)] = 0
    return kept / kept.sum(-1, keepdim=True)


def _terms(p: Tensor, q: Tensor) -> Tensor:
    """The terms of KL(p ‖ q), class by class, of numbers that need not sum to one: (..., classes)."""
    return torch.xlogy(p, p) - torch.xlogy(p, q)


def _kl(p: Tensor, q: Tensor) -> Tensor:
    return _terms(p, q).sum(-1)


BITS = "1 / log 2 = 1.44 times too large: torch.log2 gives bits. The course counts in nats."
ROWS = "Sum over the classes, the last dimension, whatever stands before it: dim=-1."
NAN = (
    "For a computer 0 · (−inf) is NaN, and one NaN spoils the whole sum. In the formula it is 0. "
    "torch.xlogy or torch.where can say so."
)


# -- 02.1 surprise ----------------------------------------------------------------------------


def _surprise_cases(random: numpy.random.Generator) -> list[Case]:
    certain = torch.tensor([[0.0, 1.0, 0.0], [0.5, 0.5, 0.0]])
    return [
        Case((torch.tensor([[0.7, 0.2, 0.1]]), torch.tensor([2])), "one headline"),
        Case((_rows(random, 2, 5), torch.tensor([4, 0])), "two headlines, five classes"),
        Case((_rows(random, 4, 3), torch.tensor([1, 0, 2, 1])), "four headlines, three classes"),
        Case(
            (certain, torch.tensor([1, 2])),
            "a certainty that happens, and an impossibility that does",
        ),
    ]


def _surprise_small(q, labels, small):
    return -(believed(q, labels) + small).log()


SURPRISE = Exercise(
    id="02.1",
    name="surprise",
    title="Surprise",
    lesson="02",
    signature="surprise(q, labels)",
    points=2,
    minutes=5,
    difficulty=2,
    importance=4,
    cases=_surprise_cases,
    misconceptions=(
        Misconception(
            "These are bits, not nats",
            lambda q, labels: -believed(q, labels).log2(),
            hint=BITS,
        ),
        Misconception(
            "The sign is lost: a log-probability, not a surprise",
            lambda q, labels: believed(q, labels).log(),
            hint="The logarithm of a probability is never positive. A surprise is never negative.",
        ),
        Misconception(
            "Averaged over the batch",
            lambda q, labels: -believed(q, labels).log().mean(),
            hint="One number for each row is asked for. Averaging is the caller's business.",
        ),
        Misconception(
            "The surprise of the likeliest class, not of the one that happened",
            lambda q, labels: -q.max(-1).values.log(),
            hint=(
                "What the model believes most need not be what readers said. Where do the labels"
                " come in?"
            ),
        ),
        Misconception(
            "Softmax of something that already is a distribution",
            lambda q, labels: F.cross_entropy(q, labels, reduction="none"),
            hint=(
                "F.cross_entropy takes logits and applies log-softmax itself. q holds"
                " probabilities."
            ),
        ),
        Misconception(
            "Every row is read at every row's label",
            lambda q, labels: -q[:, labels].log(),
            hint=(
                "q[:, labels] picks those columns from all rows: (batch, batch). Row i wants"
                " labels[i] only."
            ),
        ),
        Misconception(
            "1 − q in place of −log q",
            lambda q, labels: 1 - believed(q, labels),
            hint="It falls as q grows, too. But do the surprises of independent events add up?",
        ),
        *hidden_infinities(
            _surprise_small, "What was held impossible and happens costs infinitely much."
        ),
    ),
    hint="Pick from each row the probability at its label, then take minus the logarithm.",
    withheld=("kd_course.metrics.surprise", "kd_course.losses.hard_target_loss"),
    allowed="anything in torch; not kd_course.metrics or kd_course.losses, which have it",
)


# -- 02.2 entropy -----------------------------------------------------------------------------


def _entropy_cases(random: numpy.random.Generator) -> list[Case]:
    return [
        Case((torch.tensor([0.5, 0.25, 0.25]),), "one distribution"),
        Case((torch.tensor([[0.7, 0.2, 0.1]]),), "a batch of one"),
        Case((_rows(random, 4, 3),), "four rows of three classes"),
        Case((_rows(random, 2, 3, 5),), "two sentences of three words, five classes"),
        Case((torch.tensor([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]]),), "zeros"),
    ]


def _entropy(p):
    return -torch.xlogy(p, p).sum(-1)


ENTROPY = Exercise(
    id="02.2",
    name="entropy",
    title="Entropy",
    lesson="02",
    signature="entropy(p)",
    points=2,
    minutes=6,
    difficulty=2,
    importance=5,
    cases=_entropy_cases,
    misconceptions=(
        Misconception("These are bits, not nats", lambda p: _entropy(p) / LOG_2, hint=BITS),
        Misconception(
            "The mean over the classes, not the sum",
            lambda p: -torch.xlogy(p, p).mean(-1),
            hint=(
                "The weights p already sum to one: that is the averaging. "
                "Dividing again makes it as many times too small as there are classes."
            ),
        ),
        Misconception(
            "The sign is lost",
            lambda p: torch.xlogy(p, p).sum(-1),
            hint=(
                "The logarithm of a probability is never positive. An average surprise is never"
                " negative."
            ),
        ),
        Misconception("0 · log 0 became NaN", lambda p: -(p * p.log()).sum(-1), hint=NAN),
        Misconception(
            "One number for everything, not one for each distribution",
            lambda p: -torch.xlogy(p, p).sum(),
            hint=ROWS,
        ),
        Misconception(
            "Averaged over the rows",
            lambda p: _entropy(p).mean(),
            hint="Right for each row; but one number for each row is asked for.",
        ),
        Misconception(
            "Summed over the first dimension, not over the classes",
            lambda p: -torch.xlogy(p, p).sum(0),
            hint=ROWS,
        ),
        Misconception(
            "The weights are missing: every class counts the same",
            lambda p: -p.log().sum(-1),
            hint="A surprise counts as often as it happens. What stands in front of the logarithm?",
        ),
        Misconception(
            "The surprise of the likeliest class",
            lambda p: -p.max(-1).values.log(),
            hint="That is the smallest surprise there is. Entropy is the average over all classes.",
        ),
        Misconception(
            "The exponential of the entropy: the perplexity",
            lambda p: _entropy(p).exp(),
            hint=(
                "Perplexity says among how many equal choices one might as well guess. Its"
                " logarithm is asked for."
            ),
        ),
    ),
    hint="Minus the sum over the classes of p · log p, where a class with p = 0 adds nothing.",
    withheld=("kd_course.divergences.entropy", "kd_course.divergences.cross_entropy"),
    allowed="anything in torch; not kd_course.divergences, which has it",
)


# -- 02.3 KL ----------------------------------------------------------------------------------


def _two_beliefs(random: numpy.random.Generator) -> list[Case]:
    """What every divergence is tried on: two distributions without zeros, of several shapes."""
    return [
        Case(
            (torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.7, 0.2, 0.1])),
            "the readers and the model",
        ),
        Case((_rows(random, 1, 4), _rows(random, 1, 4)), "a batch of one"),
        Case((_rows(random, 4, 3), _rows(random, 4, 3)), "four rows of three classes"),
        Case(
            (_rows(random, 2, 3, 5), _rows(random, 2, 3, 5)),
            "two sentences of three words, five classes",
        ),
    ]


def _kl_cases(random: numpy.random.Generator) -> list[Case]:
    return [
        *_two_beliefs(random),
        Case((_without(_rows(random, 2, 4), 1), _rows(random, 2, 4)), "a class that never happens"),
        Case(
            (_without(_rows(random, 2, 4), 0), _without(_rows(random, 2, 4), 0)),
            "a class that both rule out",
        ),
        Case(
            (
                torch.tensor([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]),
                torch.tensor([[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]]),
            ),
            "q rules out what happens in the first row",
        ),
    ]


def _kl_small(p, q, small):
    return (p * ((p + small).log() - (q + small).log())).sum(-1)


def _kl_skips(p, q):
    terms = p * (p.log() - q.log())
    return torch.where((p > 0) & (q > 0), terms, torch.zeros_like(terms)).sum(-1)


KL = Exercise(
    id="02.3",
    name="kl_divergence",
    title="KL divergence",
    lesson="02",
    signature="kl_divergence(p, q)",
    points=3,
    minutes=10,
    difficulty=3,
    importance=5,
    cases=_kl_cases,
    misconceptions=(
        Misconception(
            "KL(q ‖ p): the arguments are swapped",
            lambda p, q: _kl(q, p),
            hint="Which of the two says how often a class happens? It does the weighing.",
        ),
        Misconception(
            "The cross-entropy: p's own entropy was not taken off",
            lambda p, q: -torch.xlogy(p, q).sum(-1),
            hint=(
                "What does your function give for q = p? It ought to cost nothing to believe the"
                " truth."
            ),
        ),
        Misconception(
            "The sign is lost",
            lambda p, q: -_kl(p, q),
            hint="KL is never negative. Is it log p − log q, or the other way round?",
        ),
        Misconception("These are bits, not nats", lambda p, q: _kl(p, q) / LOG_2, hint=BITS),
        Misconception(
            "The mean over the classes, not the sum",
            lambda p, q: _terms(p, q).mean(-1),
            hint=(
                "The weights p already sum to one. This is as many times too small as there are"
                " classes."
            ),
        ),
        Misconception(
            "The mean over all elements, as reduction='mean' takes it",
            lambda p, q: _terms(p, q).mean(),
            hint=(
                "It divides by the batch and by the number of classes. One sum for each row is"
                " asked for."
            ),
        ),
        Misconception(
            "Averaged over the batch, as reduction='batchmean' does",
            lambda p, q: _terms(p, q).sum() / len(p),
            hint="One number for each row is asked for; averaging them is the caller's business.",
        ),
        Misconception(
            "Averaged over the rows",
            lambda p, q: _kl(p, q).mean(),
            hint="Right for each row; but one number for each row is asked for.",
        ),
        Misconception(
            "Summed over the first dimension, not over the classes",
            lambda p, q: _terms(p, q).sum(0),
            hint=ROWS,
        ),
        Misconception(
            "0 · log 0 became NaN",
            lambda p, q: (p * (p.log() - q.log())).sum(-1),
            hint=NAN,
        ),
        Misconception(
            "NaN where both rule a class out",
            lambda p, q: F.kl_div(q.log(), p, reduction="none").sum(-1),
            hint=(
                "F.kl_div takes care of p = 0, but it still multiplies that 0 by log q, which is"
                " −inf where q = 0 as well."
            ),
        ),
        Misconception(
            "Probabilities given to F.kl_div where it wants log-probabilities",
            lambda p, q: F.kl_div(q, p, reduction="none").sum(-1),
            hint="Its first argument is log q. And even then: mind a class that both rule out.",
        ),
        Misconception(
            "The absolute value of each term",
            lambda p, q: _terms(p, q).abs().sum(-1),
            hint="Single terms may be negative; that is no error to be mended. Their sum is not.",
        ),
        Misconception(
            "Unweighted: log p − log q without p in front",
            lambda p, q: (p.log() - q.log()).sum(-1),
            hint="An average over what happens: each class counts as often as it happens.",
        ),
        Misconception(
            "What q rules out was skipped, although it happens",
            _kl_skips,
            hint=(
                "Only p = 0 makes a term vanish. Where p > 0 = q the cost is infinite, and hiding"
                " it rewards a model for ruling things out."
            ),
        ),
        Misconception(
            "nan_to_num turned the infinity into a huge number",
            lambda p, q: torch.nan_to_num(p * (p.log() - q.log())).sum(-1),
            hint="It replaces inf as well as NaN. What is asked for there is inf.",
        ),
        *hidden_infinities(_kl_small, "Where p > 0 = q the cost is infinite, and should be seen."),
    ),
    hint=(
        "Σ p (log p − log q) over the last dimension. What does each term become when p is 0, q is"
        " 0, or both?"
    ),
    withheld=(
        "kd_course.divergences.kl_divergence",
        "kd_course.divergences._kl",
        "kd_course.divergences.cross_entropy",
        "kd_course.divergences.entropy",
        "kd_course.divergences.js_divergence",
        "kd_course.metrics.kl_rows",
    ),
    allowed="anything in torch; not kd_course.divergences or kd_course.metrics, which have it",
)


# -- 02.4 quiz: a negative KL -----------------------------------------------------------------

NEGATIVE_KL = Exercise(
    id="02.4",
    name="negative_kl",
    title="A negative KL",
    lesson="02",
    signature="negative_kl",
    points=1,
    minutes=4,
    difficulty=2,
    importance=4,
    kind="value",
    choices=(
        Choice(
            "a",
            "The student has become better than its teacher",
            "KL does not ask who is right. It compares two beliefs, and the best that the student"
            " can do is to believe the same: 0. Below that there is nothing.",
        ),
        Choice(
            "b",
            "The rows of q sum to more than one",
            "Gibbs' inequality used Σ q ≤ 1 in its last step. A q that promises more than 100 % can"
            " be less surprised everywhere. With p a true distribution, a negative sum leaves no"
            " other way out. Look at q.sum(-1).",
        ),
        Choice(
            "c",
            "The logarithms are natural ones, and it should have been base 2",
            "Another base multiplies the result by a positive constant. The sign stays.",
        ),
        Choice(
            "d",
            "The arguments are swapped: this is KL(student ‖ teacher)",
            "It would be another number, but KL is at least 0 in either direction. A swap never"
            " shows by its sign.",
        ),
        Choice(
            "e",
            "The student is more confident than the teacher, so its entropy is smaller",
            "The student's own entropy is no part of KL(teacher ‖ student). A student that is too"
            " confident pays more, not less.",
        ),
    ),
    hint="Go through the proof in section 4: which step needs what?",
)


# -- 02.5 two directions, on logits -----------------------------------------------------------


def _fit_cases(random: numpy.random.Generator) -> list[Case]:
    far = _logits(random, 2, 3)
    far[:, 0] += 150
    far[:, 1] -= 150
    return [
        Case(
            (torch.tensor([[0.5, 0.25, 0.25]]), torch.tensor([[1.2, -0.3, 0.4]]), "forward"),
            "one row, forward",
            gradient_of=(1,),
        ),
        Case(
            (torch.tensor([[0.5, 0.25, 0.25]]), torch.tensor([[1.2, -0.3, 0.4]]), "reverse"),
            "one row, reverse",
            gradient_of=(1,),
        ),
        Case(
            (_rows(random, 4, 3), _logits(random, 4, 3), "forward"),
            "four rows, forward",
            gradient_of=(1,),
        ),
        Case(
            (_rows(random, 4, 3), _logits(random, 4, 3), "reverse"),
            "four rows, reverse",
            gradient_of=(1,),
        ),
        Case(
            (_rows(random, 2, 3, 5), _logits(random, 2, 3, 5), "reverse"),
            "words of sentences, reverse",
            gradient_of=(1,),
        ),
        Case(
            (_without(_rows(random, 2, 4), 2), _logits(random, 2, 4), "forward"),
            "a zero in the target",
            gradient_of=(1,),
        ),
        Case((_rows(random, 2, 3), far, "forward"), "logits 300 apart, forward", gradient_of=(1,)),
        Case((_rows(random, 2, 3), far, "reverse"), "logits 300 apart, reverse", gradient_of=(1,)),
    ]


def _fit(target, logits, direction):
    log_q = F.log_softmax(logits, -1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


def _fit_exchanged(target, logits, direction):
    return _fit(target, logits, "reverse" if direction == "forward" else "forward")


def _fit_one_way(way):
    return lambda target, logits, direction: _fit(target, logits, way)


def _fit_cross_entropy(target, logits, direction):
    if direction == "forward":
        return -(target * F.log_softmax(logits, -1)).sum(-1)
    return _fit(target, logits, direction)


def _fit_without_own_entropy(target, logits, direction):
    if direction == "forward":
        return _fit(target, logits, direction)
    return -(F.softmax(logits, -1) * target.log()).sum(-1)


def _fit_both_cross_entropies(target, logits, direction):
    if direction == "forward":
        return _fit_cross_entropy(target, logits, direction)
    return _fit_without_own_entropy(target, logits, direction)


def _fit_detached_weights(target, logits, direction):
    if direction == "forward":
        return _fit(target, logits, direction)
    log_q = F.log_softmax(logits, -1)
    return (log_q.detach().exp() * (log_q - target.log())).sum(-1)


def _fit_no_softmax(target, logits, direction):
    if direction == "forward":
        return (torch.xlogy(target, target) - target * logits).sum(-1)
    return (logits.exp() * (logits - target.log())).sum(-1)


def _fit_log_of_softmax(target, logits, direction):
    q = F.softmax(logits, -1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * q.log()).sum(-1)
    return (q * (q.log() - target.log())).sum(-1)


def _fit_columns(target, logits, direction):
    log_q = F.log_softmax(logits, 0)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


def _fit_softmax_twice(target, logits, direction):
    return _fit(target, F.softmax(logits, -1), direction)


def _fit_mean_of_classes(target, logits, direction):
    return _fit(target, logits, direction) / logits.shape[-1]


FIT_LOSS = Exercise(
    id="02.5",
    name="fit_loss",
    title="Two losses for one fit",
    lesson="02",
    signature="fit_loss(target, logits, direction)",
    points=4,
    minutes=12,
    difficulty=3,
    importance=5,
    cases=_fit_cases,
    misconceptions=(
        Misconception(
            "The two directions are exchanged",
            _fit_exchanged,
            hint=(
                "Forward is weighed by the target, reverse by the model. Which stands in front of"
                " your logarithms?"
            ),
        ),
        Misconception(
            "Forward, whatever direction is asked for",
            _fit_one_way("forward"),
            hint='direction is "forward" or "reverse"; yours is always the first.',
        ),
        Misconception(
            "Reverse, whatever direction is asked for",
            _fit_one_way("reverse"),
            hint='direction is "forward" or "reverse"; yours is always the second.',
        ),
        Misconception(
            "Forward gives the cross-entropy: the target's entropy was not taken off",
            _fit_cross_entropy,
            hint=(
                "The gradient is the same, but the value is not: it would not be 0 for a perfect"
                " fit."
            ),
        ),
        Misconception(
            "Reverse lacks the model's own entropy",
            _fit_without_own_entropy,
            hint=(
                "What is left, −Σ q log p, is smallest for a model that puts everything on the"
                " target's likeliest class. The term Σ q log q is what keeps it open, and it does"
                " depend on the logits."
            ),
        ),
        Misconception(
            "Both are cross-entropies: the entropy of what stands on the left is missing",
            _fit_both_cross_entropies,
            hint=(
                "KL = cross-entropy − entropy. For reverse KL the entropy is the model's, and"
                " changes the gradient, too."
            ),
        ),
        Misconception(
            "In reverse the weights q are cut off from the gradient",
            _fit_detached_weights,
            hint=(
                "The value is right and the gradient is zero: nothing would ever be learned. q"
                " stands in front of the logarithm as well as in it; both depend on the logits."
            ),
        ),
        Misconception(
            "The logits were taken for log-probabilities",
            _fit_no_softmax,
            hint="exp(logits) does not sum to one yet. F.log_softmax sees to that.",
        ),
        Misconception(
            "The logarithm of a softmax that was rounded to zero",
            _fit_log_of_softmax,
            hint=(
                "Far apart, exp underflows: q is 0, its logarithm −inf. F.log_softmax(logits,"
                " dim=-1) never forms that zero."
            ),
        ),
        Misconception(
            "Softmax over the first dimension: every column sums to one, not every row",
            _fit_columns,
            hint="With one row every probability becomes 1. The classes are the last dimension.",
        ),
        Misconception(
            "Softmax twice",
            _fit_softmax_twice,
            hint="A softmax of probabilities is nearly flat. Once is enough.",
        ),
        Misconception(
            "The mean over the classes, not the sum",
            _fit_mean_of_classes,
            hint=(
                "The weights already sum to one. This is as many times too small as there are"
                " classes."
            ),
        ),
        Misconception(
            "These are bits, not nats",
            lambda target, logits, direction: _fit(target, logits, direction) / LOG_2,
            hint=BITS,
        ),
        Misconception(
            "Averaged over the rows",
            lambda target, logits, direction: _fit(target, logits, direction).mean(),
            hint="One number for each row is asked for.",
        ),
    ),
    hint=(
        "Get log q from the logits once. Then each direction is one sum over the classes, weighed"
        " by what stands on the left."
    ),
    allowed="anything in torch",
)


# -- 02.6 Jensen–Shannon ----------------------------------------------------------------------


def _js_cases(random: numpy.random.Generator) -> list[Case]:
    return [
        *_two_beliefs(random),
        Case(
            (_without(_rows(random, 2, 4), 1), _without(_rows(random, 2, 4), 2)),
            "each rules out something else",
        ),
        Case(
            (torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 1.0])),
            "certain of opposite labels",
        ),
        Case(
            (_without(_rows(random, 2, 4), 3), _without(_rows(random, 2, 4), 3)),
            "a class that both rule out",
        ),
    ]


def _js(p, q):
    middle = (p + q) / 2
    return (_kl(p, middle) + _kl(q, middle)) / 2


def _js_plain_logs(p, q):
    middle = (p + q) / 2
    return ((p * (p.log() - middle.log())).sum(-1) + (q * (q.log() - middle.log())).sum(-1)) / 2


def _js_sum_as_mixture(p, q):
    return (_kl(p, p + q) + _kl(q, p + q)) / 2


def _js_geometric(p, q):
    middle = (p * q).sqrt()
    middle = middle / middle.sum(-1, keepdim=True)
    return (_kl(p, middle) + _kl(q, middle)) / 2


def _js_from_the_middle(p, q):
    middle = (p + q) / 2
    return (_kl(middle, p) + _kl(middle, q)) / 2


JS = Exercise(
    id="02.6",
    name="js_divergence",
    title="Jensen–Shannon divergence",
    lesson="02",
    signature="js_divergence(p, q)",
    points=2,
    minutes=6,
    difficulty=2,
    importance=3,
    cases=_js_cases,
    misconceptions=(
        Misconception(
            "The halves in front of the two KLs are missing",
            lambda p, q: 2 * _js(p, q),
            hint=(
                "Twice too large: two opposite certainties come out at 2 log 2. The bound is log 2."
            ),
        ),
        Misconception(
            "The mean of KL(p ‖ q) and KL(q ‖ p): Jeffreys, not Jensen–Shannon",
            lambda p, q: (_kl(p, q) + _kl(q, p)) / 2,
            hint=(
                "Symmetric, yes; but infinite where one rules out what the other does not. Each is"
                " to be compared with the midpoint."
            ),
        ),
        Misconception(
            "The sum of KL(p ‖ q) and KL(q ‖ p)",
            lambda p, q: _kl(p, q) + _kl(q, p),
            hint=(
                "That is what Kullback and Leibler called divergence. Here each is compared with"
                " the midpoint."
            ),
        ),
        Misconception(
            "The KLs start from the middle: KL(m ‖ p) and KL(m ‖ q)",
            _js_from_the_middle,
            hint="Whose outcomes are we surprised by? p and q stand on the left, m on the right.",
        ),
        Misconception(
            "The mixture is p + q, which sums to two",
            _js_sum_as_mixture,
            hint=(
                "Every result is log 2 too small, most of them negative. Is your m a distribution?"
            ),
        ),
        Misconception(
            "A geometric middle in place of ½ (p + q)",
            _js_geometric,
            hint="√(p q) is zero wherever either is zero, and then KL to it is infinite.",
        ),
        Misconception(
            "The square root: the Jensen–Shannon distance",
            lambda p, q: _js(p, q).clamp(min=0).sqrt(),
            hint=(
                "The root is a true distance, and SciPy's jensenshannon returns it. The divergence"
                " is its square."
            ),
        ),
        Misconception(
            "Only one side: KL(p ‖ m)",
            lambda p, q: _kl(p, (p + q) / 2),
            hint="It is bounded, but not symmetric. Where is q's half?",
        ),
        Misconception("These are bits, not nats", lambda p, q: _js(p, q) / LOG_2, hint=BITS),
        Misconception("0 · log 0 became NaN", _js_plain_logs, hint=NAN),
        Misconception(
            "The mean over the classes, not the sum",
            lambda p, q: _js(p, q) / p.shape[-1],
            hint=(
                "The weights already sum to one. This is as many times too small as there are"
                " classes."
            ),
        ),
        Misconception(
            "Averaged over the rows",
            lambda p, q: _js(p, q).mean(),
            hint="Right for each row; but one number for each row is asked for.",
        ),
    ),
    hint="Midpoint first; then half of KL from p to it and half of KL from q to it.",
    withheld=("kd_course.divergences.js_divergence",),
    allowed=(
        "anything in torch, and divergences.kl_divergence; not divergences.js_divergence, which is"
        " the answer"
    ),
)


# -- 02.7 KL from samples ---------------------------------------------------------------------


def _samples_cases(random: numpy.random.Generator) -> list[Case]:
    def drawn(*shape: int, apart: float) -> tuple[Tensor, Tensor]:
        log_p = torch.tensor(random.uniform(-6, -0.5, size=shape), dtype=torch.float64)
        return log_p, log_p + torch.tensor(
            random.normal(scale=apart, size=shape), dtype=torch.float64
        )

    return [
        Case((torch.tensor([0.5, 0.25]).log(), torch.tensor([0.25, 0.5]).log()), "two samples"),
        Case(drawn(8, apart=0.5), "eight samples"),
        Case(drawn(3, 5, apart=0.5), "three estimates of five samples each"),
        Case(drawn(2, 3, 4, apart=0.1), "a student close to its teacher"),
        Case(drawn(2, 6, apart=2.0), "a student far from its teacher"),
        Case((torch.full((4,), -2.0), torch.full((4,), -2.0)), "the same belief"),
    ]


KL_FROM_SAMPLES = Exercise(
    id="02.7",
    name="kl_from_samples",
    title="KL from samples",
    lesson="02",
    signature="kl_from_samples(log_p, log_q)",
    points=2,
    minutes=6,
    difficulty=2,
    importance=3,
    cases=_samples_cases,
    misconceptions=(
        Misconception(
            "k1: unbiased, but of either sign",
            lambda log_p, log_q: (log_p - log_q).mean(-1),
            hint="That is the mean of −log r. What does k3 add to each sample before averaging?",
        ),
        Misconception(
            "r upside down: p / q in place of q / p",
            lambda log_p, log_q: ((log_p - log_q).exp() - 1 - (log_p - log_q)).mean(-1),
            hint=(
                "The samples come from p, and r − 1 averages to zero only if the division by p"
                " undoes that: r = q / p."
            ),
        ),
        Misconception(
            "The −1 is missing",
            lambda log_p, log_q: ((log_q - log_p).exp() - (log_q - log_p)).mean(-1),
            hint="Each sample is 1 too large; for equal beliefs the estimate should be 0.",
        ),
        Misconception(
            "log r is added, not taken off",
            lambda log_p, log_q: ((log_q - log_p).exp() - 1 + (log_q - log_p)).mean(-1),
            hint="k3 is the gap between the line r − 1 and the curve log r below it.",
        ),
        Misconception(
            "k2: half the square of log r",
            lambda log_p, log_q: ((log_q - log_p) ** 2 / 2).mean(-1),
            hint="Schulman's note has that one, too: never negative, but biased. k3 is asked for.",
        ),
        Misconception(
            "The absolute value of log r",
            lambda log_p, log_q: (log_q - log_p).abs().mean(-1),
            hint="It makes every sample positive at the cost of being wrong on average.",
        ),
        Misconception(
            "Summed over the samples, not averaged",
            lambda log_p, log_q: ((log_q - log_p).exp() - 1 - (log_q - log_p)).sum(-1),
            hint="With twice the samples your estimate doubles.",
        ),
        Misconception(
            "One number for everything",
            lambda log_p, log_q: ((log_q - log_p).exp() - 1 - (log_q - log_p)).mean(),
            hint=(
                "Average over the samples, the last dimension; what stands before it are separate"
                " estimates."
            ),
        ),
        Misconception(
            "Weighed with p once more",
            lambda log_p, log_q: (log_p.exp() * ((log_q - log_p).exp() - 1 - (log_q - log_p))).sum(
                -1
            ),
            hint=(
                "The outcomes were drawn from p: likely ones already come up more often. A plain"
                " mean is enough."
            ),
        ),
    ),
    hint=(
        "log r = log q − log p, r = exp(log r); then (r − 1) − log r, averaged over the last"
        " dimension."
    ),
    allowed="anything in torch",
)


# -- 02.8 smoothing ---------------------------------------------------------------------------


def _smoothed_cases(random: numpy.random.Generator) -> list[Case]:
    def counts(*shape: int) -> Tensor:
        return torch.tensor(
            random.poisson(3.0, size=shape) * random.integers(0, 2, size=shape), dtype=torch.float32
        )

    return [
        Case((torch.tensor([3.0, 1.0, 0.0]), 1.0), "four observations, 1 added"),
        Case((counts(1, 4), 0.5), "one row, ½ added"),
        Case((counts(4, 3), 0.1), "four rows of three classes, 0.1 added"),
        Case((torch.tensor([[5, 0, 2, 0, 1], [0, 0, 1, 0, 0]]), 1.0), "whole numbers, 1 added"),
        Case((torch.tensor([[0.0, 0.0, 0.0, 0.0]]), 2.0), "nothing was seen at all"),
        Case((counts(2, 3, 5), 0.25), "a table for each of two texts"),
    ]


def _shares(raised):
    return raised / raised.sum(-1, keepdim=True)


SMOOTHED = Exercise(
    id="02.8",
    name="smoothed",
    title="Smoothing",
    lesson="02",
    signature="smoothed(counts, strength)",
    points=2,
    minutes=5,
    difficulty=2,
    importance=3,
    cases=_smoothed_cases,
    misconceptions=(
        Misconception(
            "Divided by the old total: the rows sum to more than one",
            lambda counts, strength: (counts + strength) / counts.sum(-1, keepdim=True),
            hint="Something was added to every class, so the total has grown as well.",
        ),
        Misconception(
            "The total grew by the strength once, not once for each class",
            lambda counts, strength: (
                (counts + strength) / (counts.sum(-1, keepdim=True) + strength)
            ),
            hint="What do your rows sum to? λ was added K times.",
        ),
        Misconception(
            "Only the zeros were raised",
            lambda counts, strength: _shares(
                torch.where(counts > 0, counts.float(), float(strength))
            ),
            hint=(
                "Then a class seen once can end up below one that was never seen. Every class gets"
                " the same."
            ),
        ),
        Misconception(
            "The strength was added to the probabilities, not to the counts",
            lambda counts, strength: _shares(_shares(counts.float()) + strength),
            hint="Then it weighs as much after a million observations as after ten.",
        ),
        Misconception(
            "The strength was shared out among the classes",
            lambda counts, strength: _shares(counts + strength / counts.shape[-1]),
            hint="A possible convention, but here the whole of λ goes to every class.",
        ),
        Misconception(
            "Divided by the sum of each column, not of each row",
            lambda counts, strength: (counts + strength) / (counts + strength).sum(0, keepdim=True),
            hint=ROWS,
        ),
        Misconception(
            "Divided by the sum of everything, not of each row",
            lambda counts, strength: (counts + strength) / (counts + strength).sum(),
            hint=ROWS,
        ),
        Misconception(
            "Not smoothed",
            lambda counts, strength: _shares(counts.float()),
            hint="What was never seen is still impossible. Where does the strength come in?",
        ),
        Misconception(
            "Softmax of the counts",
            lambda counts, strength: torch.softmax(counts + strength, -1),
            hint="Softmax is for logits. Counts become probabilities by dividing by their sum.",
        ),
    ),
    hint="Add first, then divide by the new total of each row. Check .sum(-1).",
    allowed="anything in torch",
)


# -- 02.9 the gradient ------------------------------------------------------------------------


def _gradient_cases(random: numpy.random.Generator) -> list[Case]:
    one_hot = torch.eye(5)[random.integers(5, size=3)]
    large = _logits(random, 2, 3)
    large[:, 0] += 300
    return [
        Case((torch.tensor([[1.2, -0.3, 0.4]]), torch.tensor([[0.5, 0.25, 0.25]])), "one row"),
        Case((_logits(random, 4, 3), _rows(random, 4, 3)), "four rows of three classes"),
        Case((_logits(random, 2, 5), _rows(random, 2, 5)), "two rows of five classes"),
        Case((_logits(random, 3, 5), one_hot), "hard labels: one-hot targets"),
        Case((_logits(random, 2, 4), _without(_rows(random, 2, 4), 1)), "a zero in the target"),
        Case((large, _rows(random, 2, 3)), "logits of several hundred"),
    ]


def _naive_softmax(logits):
    powers = logits.exp()
    return powers / powers.sum(-1, keepdim=True)


def _by_probability(logits, target):
    return -target / torch.softmax(logits, -1) / len(logits)


def _half_a_chain(logits, target):
    q = torch.softmax(logits, -1)
    return (q - target) * q * (1 - q) / len(logits)


GRADIENT = Exercise(
    id="02.9",
    name="cross_entropy_gradient",
    title="Student minus target",
    lesson="02",
    signature="cross_entropy_gradient(logits, target)",
    points=3,
    minutes=8,
    difficulty=3,
    importance=5,
    cases=_gradient_cases,
    misconceptions=(
        Misconception(
            "The sign is turned: target minus student",
            lambda logits, target: (target - torch.softmax(logits, -1)) / len(logits),
            hint=(
                "A step *against* the gradient has to raise the logit of a class that is believed"
                " too little."
            ),
        ),
        Misconception(
            "Not divided by the batch: the gradient of the sum, not of the mean",
            lambda logits, target: torch.softmax(logits, -1) - target,
            hint="Each row is right for itself. The loss is the mean over the batch.",
        ),
        Misconception(
            "Divided by the number of classes as well",
            lambda logits, target: (torch.softmax(logits, -1) - target) / logits.numel(),
            hint="The mean is over the rows of the batch only; over the classes it is a sum.",
        ),
        Misconception(
            "Divided by the number of classes, not of rows",
            lambda logits, target: (torch.softmax(logits, -1) - target) / logits.shape[-1],
            hint="Which of the two dimensions is the batch?",
        ),
        Misconception(
            "Softmax over the batch: every column sums to one, not every row",
            lambda logits, target: (torch.softmax(logits, 0) - target) / len(logits),
            hint="In a right gradient each row sums to zero. The classes are the last dimension.",
        ),
        Misconception(
            "Logits minus target: the softmax is missing",
            lambda logits, target: (logits - target) / len(logits),
            hint="Student minus target, both as probabilities.",
        ),
        Misconception(
            "The gradient with respect to the probabilities, −p / q",
            _by_probability,
            hint="That is half of the chain rule. From q back to the logits there is another step.",
        ),
        Misconception(
            "A factor q (1 − q) too much",
            _half_a_chain,
            hint=(
                "It belongs to the squared error of a sigmoid. Here the logarithm cancels it: see"
                " steps 3 and 4."
            ),
        ),
        Misconception(
            "Softmax of the target as well",
            lambda logits, target: (
                (torch.softmax(logits, -1) - torch.softmax(target, -1)) / len(logits)
            ),
            hint="The target holds probabilities already.",
        ),
        Misconception(
            "exp overflows: the largest logit is not taken off first",
            lambda logits, target: (_naive_softmax(logits) - target) / len(logits),
            hint=(
                "exp(300) is inf in float32, and inf / inf is NaN. torch.softmax takes care of it."
            ),
        ),
    ),
    hint="The boxed formula, with q = softmax of the logits, then the mean over the batch.",
    allowed="anything in torch; by hand rather than with autograd",
)


# -- 02.10 quiz: done or stuck? ---------------------------------------------------------------

DONE_OR_STUCK = Exercise(
    id="02.10",
    name="done_or_stuck",
    title="Done or stuck?",
    lesson="02",
    signature="done_or_stuck",
    points=1,
    minutes=3,
    difficulty=2,
    importance=5,
    kind="value",
    choices=(
        Choice(
            "a",
            "The student is stuck: a good loss goes to zero. Raise the learning rate",
            "Cross-entropy ends at zero only for a teacher that never hedges. What it ends at"
            " otherwise is no fault of the student.",
        ),
        Choice(
            "b",
            "Nothing yet: compare with the mean entropy of the teacher's soft targets",
            "Cross-entropy = H(teacher) + KL. If H(teacher) is 0.83 the student is done; if it is"
            " 0.40, then 0.43 nats of KL are left to be won. The number alone cannot tell.",
        ),
        Choice(
            "c",
            "The student is too small: a larger one would get nearer to zero",
            "Perhaps it is too small, but this number does not show it. No student of any size gets"
            " below the teacher's own entropy.",
        ),
        Choice(
            "d",
            "Switch the loss to KL, whose gradient does not stop",
            "KL has the same gradient, entry by entry; the training would be the same. Only the"
            " number shown changes.",
        ),
        Choice(
            "e",
            "The loss is in bits by mistake; divide it by 1.44 to see the true value",
            "Nothing points to bits, and PyTorch's losses are in nats. In another unit it would"
            " still have a floor above zero.",
        ),
    ),
    hint="Which part of the cross-entropy can the student change?",
)


EXERCISES = (
    SURPRISE,
    ENTROPY,
    KL,
    NEGATIVE_KL,
    FIT_LOSS,
    JS,
    KL_FROM_SAMPLES,
    SMOOTHED,
    GRADIENT,
    DONE_OR_STUCK,
)
