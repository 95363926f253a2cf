"""Lesson 02's wrong answers about distributions: surprise, entropy, KL and Jensen–Shannon.

Most slips exist several times: on terms that are right at the edges, and on terms that turn a zero
into NaN, since whoever forgets a factor may well have forgotten the zeros, too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import Function, believed, hidden_infinities
from kd_course.exercises.spec import Misconception

LOG_2, LOG_10 = math.log(2), math.log(10)

BITS = "1 / log 2 = 1.44 times too large: torch.log2 gives bits. The course counts in nats."
TENS = "1 / log 10 = 0.43 times what it should be: the logarithm to base 10. The course counts in nats."
ROWS = "Sum over the classes, the last dimension, whatever stands before it: dim=-1."
ONE_EACH = "Right for each row; but one number for each row is asked for."
CLASSES = "The weights already sum to one. This is as many times too small as there are classes."
KEPT = "The numbers are right, but the shape ends in a 1. The classes are summed up: (...), not (..., 1)."
FLAT = (
    "The numbers are right, but they stand in one long line. What stood before the classes stays."
)
NAN = (
    "For a computer 0 · (−inf) is NaN, and one NaN spoils the whole sum. In the formula it is 0. "
    "torch.xlogy or torch.where can say so."
)
PLAIN = "0 · log 0 became NaN"
BOTH_OUT = (
    "F.kl_div takes care of p = 0, but it still multiplies that 0 by log q, which is −inf where"
    " q = 0 as well."
)
SOFTMAX = (
    "These are probabilities already. Softmax is for logits; of probabilities it is nearly flat."
)

Row = tuple[str, Function, str]


def named(*rows: Row) -> tuple[Misconception, ...]:
    """Misconceptions from (name, function, hint)."""
    return tuple(Misconception(name, function, hint=hint) for name, function, hint in rows)


def each_with(
    rows: Iterable[tuple[str, Callable[[Function], Function], str]],
    right: Function,
    flawed: Mapping[str, tuple[Function, str]],
) -> tuple[Misconception, ...]:
    """Every slip by itself, and together with each flaw: rows of (name, made from terms, hint).

    right: the terms without a flaw. flawed: by name, the terms with it, and what to say of it.
    """
    rows = tuple(rows)
    made = [(name, make(right), hint) for name, make, hint in rows]
    for flaw, (terms, about) in flawed.items():
        for name, make, hint in rows:
            made.append((of_two(flaw, name), make(terms), f"{about} And: {hint}"))
    return named(*made)


def of_two(flaw: str, name: str) -> str:
    """How a slip together with a flaw is called."""
    second = name[0].lower() + name[1:] if re.match("[A-Z][a-z ]", name) else name
    return f"Two slips: {flaw}, and {second}"


# -- 02.1 surprise ----------------------------------------------------------------------------


def _log_at_label(q, labels):
    return believed(q, labels).log()


def _log_by_one_hot(q, labels):
    return (F.one_hot(labels, q.shape[-1]) * q.log()).sum(-1)


def _surprise_small(q, labels, small):
    return -(believed(q, labels) + small).log()


_OF_SURPRISE = (
    ("These are bits, not nats", lambda log: lambda *a: -log(*a) / LOG_2, BITS),
    ("These are powers of ten, not nats", lambda log: lambda *a: -log(*a) / LOG_10, TENS),
    (
        "The sign is lost: a log-probability, not a surprise",
        lambda log: lambda *a: log(*a),
        "The logarithm of a probability is never positive. A surprise is never negative.",
    ),
    (
        "Averaged over the batch",
        lambda log: lambda *a: -log(*a).mean(),
        "One number for each row is asked for. Averaging is the caller's business.",
    ),
    (
        "Summed over the batch",
        lambda log: lambda *a: -log(*a).sum(),
        "One number for each row is asked for. Adding them up is the caller's business.",
    ),
    (
        "The dimension of the classes is kept",
        lambda log: lambda *a: -log(*a).unsqueeze(-1),
        "The numbers are right, but they stand in a column, (batch, 1). (batch,) is asked for.",
    ),
)

SURPRISE = (
    *each_with(_OF_SURPRISE, _log_at_label, {PLAIN: (_log_by_one_hot, NAN)}),
    *named(
        (
            "The surprise of the likeliest class, not of the one that happened",
            lambda q, labels: -q.max(-1).values.log(),
            "What the model believes most need not be what readers said. Where do the labels come in?",
        ),
        (
            "Softmax of something that already is a distribution",
            lambda q, labels: F.cross_entropy(q, labels, reduction="none"),
            "F.cross_entropy takes logits and applies log-softmax itself. q holds probabilities.",
        ),
        (
            "Softmax of a distribution, and averaged",
            lambda q, labels: F.cross_entropy(q, labels),
            "F.cross_entropy takes logits, and averages unless told otherwise. q holds probabilities.",
        ),
        (
            "Every row is read at every row's label",
            lambda q, labels: -q[:, labels].log(),
            "q[:, labels] picks those columns from all rows: (batch, batch). Row i wants labels[i].",
        ),
        (
            "Every row is read at the first row's label",
            lambda q, labels: -q[:, labels[0]].log(),
            "Each row has a label of its own.",
        ),
        (
            "Labels counted from one",
            lambda q, labels: -q[torch.arange(len(labels)), labels - 1].log(),
            "Python counts from zero: label 0 is the first class.",
        ),
        (
            "1 − q in place of −log q",
            lambda q, labels: 1 - believed(q, labels),
            "It falls as q grows, too. But do the surprises of independent events add up?",
        ),
        (
            "1 / q, without a logarithm",
            lambda q, labels: 1 / believed(q, labels),
            "What was certain should cost nothing, and surprises of independent events should add up.",
        ),
        (
            "The logarithm is missing: minus the probability",
            lambda q, labels: -believed(q, labels),
            "F.nll_loss expects log-probabilities and takes no logarithm itself.",
        ),
        (
            "The probability itself, not its surprise",
            believed,
            "That is what was believed of it. How surprising is it, then?",
        ),
        (
            "log(1 + q) in place of log q",
            lambda q, labels: -believed(q, labels).log1p(),
            "log1p adds one. What does your function give for a certainty?",
        ),
        (
            "The surprise that it did not happen: −log(1 − q)",
            lambda q, labels: -(1 - believed(q, labels)).log(),
            "The label did happen. It is the probability of the label that counts.",
        ),
        (
            "Weighed with its own probability, as in an entropy",
            lambda q, labels: -believed(q, labels) * believed(q, labels).log(),
            "Weights are for averages over what may happen. This has happened.",
        ),
        (
            "The average surprise of the belief; the labels are not used",
            lambda q, labels: -torch.xlogy(q, q).sum(-1),
            "That is what the model expects before it knows. The labels say what happened.",
        ),
        (
            "All classes' surprises added up; the labels are not used",
            lambda q, labels: -q.log().sum(-1),
            "Only one class of each row has happened: the one at its label.",
        ),
    ),
    *hidden_infinities(
        _surprise_small, "What was held impossible and happens costs infinitely much."
    ),
)


# -- 02.2 entropy -----------------------------------------------------------------------------


def _entropy_terms(p):
    return -torch.xlogy(p, p)


def _entropy_terms_plain(p):
    return -p * p.log()


def _entropy(p):
    return _entropy_terms(p).sum(-1)


_OF_ENTROPY = (
    ("These are bits, not nats", lambda t: lambda p: t(p).sum(-1) / LOG_2, BITS),
    ("These are powers of ten, not nats", lambda t: lambda p: t(p).sum(-1) / LOG_10, TENS),
    (
        "The mean over the classes, not the sum",
        lambda t: lambda p: t(p).mean(-1),
        "The weights p already sum to one: that is the averaging. "
        "Dividing again makes it as many times too small as there are classes.",
    ),
    (
        "The sign is lost",
        lambda t: lambda p: -t(p).sum(-1),
        "The logarithm of a probability is never positive. An average surprise is never negative.",
    ),
    (
        "One number for everything, not one for each distribution",
        lambda t: lambda p: t(p).sum(),
        ROWS,
    ),
    ("The mean of all terms", lambda t: lambda p: t(p).mean(), ROWS),
    ("Averaged over the rows", lambda t: lambda p: t(p).sum(-1).mean(), ONE_EACH),
    (
        "Summed over the first dimension, not over the classes",
        lambda t: lambda p: t(p).sum(0),
        ROWS,
    ),
    ("Summed over dimension 1, wherever the classes are", lambda t: lambda p: t(p).sum(1), ROWS),
    ("The dimension of the classes is kept", lambda t: lambda p: t(p).sum(-1, keepdim=True), KEPT),
    ("The leading shape is flattened", lambda t: lambda p: t(p).sum(-1).reshape(-1), FLAT),
    (
        "The exponential of the entropy: the perplexity",
        lambda t: lambda p: t(p).sum(-1).exp(),
        "Perplexity says among how many equal choices one might as well guess. Its logarithm is"
        " asked for.",
    ),
    (
        "A share of the largest entropy, not nats",
        lambda t: lambda p: t(p).sum(-1) / math.log(p.shape[-1]),
        "Divided by log C it lies between 0 and 1. What is asked for has a unit.",
    ),
)

ENTROPY = (
    Misconception(PLAIN, lambda p: _entropy_terms_plain(p).sum(-1), hint=NAN),
    *each_with(_OF_ENTROPY, _entropy_terms, {PLAIN: (_entropy_terms_plain, NAN)}),
    *named(
        (
            "The weights are missing: every class counts the same",
            lambda p: -p.log().sum(-1),
            "A surprise counts as often as it happens. What stands in front of the logarithm?",
        ),
        (
            "The weights are missing, and what never happens is left out",
            lambda p: -torch.where(p > 0, p, torch.ones_like(p)).log().sum(-1),
            "A surprise counts as often as it happens. What stands in front of the logarithm?",
        ),
        (
            "The plain mean of the surprises: every class counts the same",
            lambda p: -p.log().mean(-1),
            "Some classes happen more often than others. The average has to know.",
        ),
        (
            "The surprise of the likeliest class",
            lambda p: -p.max(-1).values.log(),
            "That is the smallest surprise there is. Entropy is the average over all classes.",
        ),
        ("Softmax of probabilities", lambda p: _entropy(p.softmax(-1)), SOFTMAX),
        (
            "1 − Σ p²: the Gini impurity",
            lambda p: 1 - (p**2).sum(-1),
            "It measures disagreement, too, but not in nats: there is no logarithm in it.",
        ),
        (
            "−log Σ p²: the logarithm is taken after the average",
            lambda p: -(p**2).sum(-1).log(),
            "It is surprises that are averaged: first each logarithm, then the average.",
        ),
        (
            "log(1 + p) in place of log p",
            lambda p: -(p * p.log1p()).sum(-1),
            "log1p adds one. What does your function give for a certainty?",
        ),
        (
            "Every class as a question of yes or no",
            lambda p: (torch.special.entr(p) + torch.special.entr(1 - p)).sum(-1),
            "That no other class happens is no second event. Each class has one term.",
        ),
        (
            "A number inside the logarithm that changes every term",
            lambda p: -(p * (p + 0.1).log()).sum(-1),
            "A zero needs care, but not at the cost of all the others.",
        ),
    ),
)


# -- 02.3 KL ----------------------------------------------------------------------------------


def kl_terms(p: Tensor, q: Tensor) -> Tensor:
    """The terms of KL(p ‖ q), class by class, of numbers that need not sum to one: (..., classes)."""
    return torch.xlogy(p, p) - torch.xlogy(p, q)


def _kl_terms_plain(p, q):
    return p * (p.log() - q.log())


def _kl_terms_of_library(p, q):
    return F.kl_div(q.log(), p, reduction="none")


_FLAWED = {
    PLAIN: (_kl_terms_plain, NAN),
    "NaN where both rule a class out": (_kl_terms_of_library, BOTH_OUT),
}

_OF_KL = (
    (
        "KL(q ‖ p): the arguments are swapped",
        lambda t: lambda p, q: t(q, p).sum(-1),
        "Which of the two says how often a class happens? It does the weighing. (F.kl_div has them"
        " the other way round than the formula.)",
    ),
    (
        "The sign is lost",
        lambda t: lambda p, q: -t(p, q).sum(-1),
        "KL is never negative. Is it log p − log q, or the other way round?",
    ),
    (
        "Swapped half-way: log p − log q, but weighed by q",
        lambda t: lambda p, q: -t(q, p).sum(-1),
        "How often a class happens is what weighs. Who says that, p or q?",
    ),
    ("These are bits, not nats", lambda t: lambda p, q: t(p, q).sum(-1) / LOG_2, BITS),
    ("These are powers of ten, not nats", lambda t: lambda p, q: t(p, q).sum(-1) / LOG_10, TENS),
    (
        "The mean over the classes, not the sum",
        lambda t: lambda p, q: t(p, q).mean(-1),
        CLASSES,
    ),
    (
        "The mean over all elements, as reduction='mean' takes it",
        lambda t: lambda p, q: t(p, q).mean(),
        "It divides by the batch and by the number of classes. One sum for each row is asked for.",
    ),
    (
        "Averaged over the batch, as reduction='batchmean' does",
        lambda t: lambda p, q: t(p, q).sum() / len(p),
        "One number for each row is asked for; averaging them is the caller's business.",
    ),
    ("Averaged over the rows", lambda t: lambda p, q: t(p, q).sum(-1).mean(), ONE_EACH),
    ("One number for everything", lambda t: lambda p, q: t(p, q).sum(), ROWS),
    (
        "Summed over the first dimension, not over the classes",
        lambda t: lambda p, q: t(p, q).sum(0),
        ROWS,
    ),
    (
        "Summed over dimension 1, wherever the classes are",
        lambda t: lambda p, q: t(p, q).sum(1),
        ROWS,
    ),
    (
        "The dimension of the classes is kept",
        lambda t: lambda p, q: t(p, q).sum(-1, keepdim=True),
        KEPT,
    ),
    ("The leading shape is flattened", lambda t: lambda p, q: t(p, q).sum(-1).reshape(-1), FLAT),
    (
        "The absolute value of each term",
        lambda t: lambda p, q: t(p, q).abs().sum(-1),
        "Single terms may be negative; that is no error to be mended. Their sum is not.",
    ),
    (
        "Negative terms are cut off at zero",
        lambda t: lambda p, q: t(p, q).clamp(min=0).sum(-1),
        "Single terms may be negative; that is no error to be mended. Their sum is not.",
    ),
    (
        "Both directions added: KL(p ‖ q) + KL(q ‖ p)",
        lambda t: lambda p, q: t(p, q).sum(-1) + t(q, p).sum(-1),
        "Only p says what happens. What q holds likely is no outcome.",
    ),
)


def _kl_small(p, q, small):
    return (p * ((p + small).log() - (q + small).log())).sum(-1)


def _kl_skips(p, q):
    terms = p * (p.log() - q.log())
    return torch.where((p > 0) & (q > 0), terms, torch.zeros_like(terms)).sum(-1)


def _kl_smoothed(p, q, small):
    q = (q + small) / (q + small).sum(-1, keepdim=True)
    return kl_terms(p, q).sum(-1)


_CROSS = "What does your function give for q = p? It ought to cost nothing to believe the truth."
_LIBRARY = "F.kl_div's first argument is log q, its second p"

KL = (
    Misconception(PLAIN, lambda p, q: _kl_terms_plain(p, q).sum(-1), hint=NAN),
    Misconception(
        "NaN where both rule a class out",
        lambda p, q: _kl_terms_of_library(p, q).sum(-1),
        hint=BOTH_OUT,
    ),
    *each_with(_OF_KL, kl_terms, _FLAWED),
    *named(
        (
            "The cross-entropy: p's own entropy was not taken off",
            lambda p, q: -torch.xlogy(p, q).sum(-1),
            _CROSS,
        ),
        (
            "The cross-entropy, with a NaN where both rule a class out",
            lambda p, q: -(p * q.log()).sum(-1),
            f"{_CROSS} And: 0 · (−inf) is NaN for a computer; in the formula it is 0.",
        ),
        (
            "Probabilities given to F.kl_div where it wants log-probabilities",
            lambda p, q: F.kl_div(q, p, reduction="none").sum(-1),
            f"{_LIBRARY}. And even then: mind a class that both rule out.",
        ),
        (
            "Log-probabilities as F.kl_div's target, and log_target was not said",
            lambda p, q: F.kl_div(q.log(), p.log(), reduction="none").sum(-1),
            f"{_LIBRARY}, unless log_target=True.",
        ),
        (
            "Unweighted: log p − log q without p in front",
            lambda p, q: (p.log() - q.log()).sum(-1),
            "An average over what happens: each class counts as often as it happens.",
        ),
        (
            "The logarithms are divided, not subtracted",
            lambda p, q: (p * (p.log() / q.log())).sum(-1),
            "The logarithm of a ratio is a difference of logarithms.",
        ),
        (
            "The difference of the two entropies",
            lambda p, q: _entropy(q) - _entropy(p),
            "What counts is q's surprise at what p says, not q's surprise at what q says.",
        ),
        (
            "What q rules out was skipped, although it happens",
            _kl_skips,
            "Only p = 0 makes a term vanish. Where p > 0 = q the cost is infinite, and hiding it"
            " rewards a model for ruling things out.",
        ),
        (
            "nan_to_num turned the infinity into a huge number",
            lambda p, q: torch.nan_to_num(p * (p.log() - q.log())).sum(-1),
            "It replaces inf as well as NaN. What is asked for there is inf.",
        ),
        (
            "nan_to_num after the sum: a whole row counts as free",
            lambda p, q: torch.nan_to_num(_kl_terms_plain(p, q).sum(-1)),
            "Where one class makes NaN, the other classes' costs are lost with it; and inf is"
            " replaced, too. It is single terms that are 0.",
        ),
        (
            "A row that was NaN counts as free",
            lambda p, q: _kl_terms_plain(p, q).sum(-1).nan_to_num(nan=0.0, posinf=math.inf),
            "Where one class makes NaN, the other classes' costs are lost with it. It is single terms"
            " that are 0.",
        ),
        (
            "Softmax of probabilities",
            lambda p, q: kl_terms(p.softmax(-1), q.softmax(-1)).sum(-1),
            SOFTMAX,
        ),
        (
            "q was smoothed (by 0.001) before it was judged",
            partial(_kl_smoothed, small=1e-3),
            "Then another belief is judged than q. The repair is for whoever calls the function.",
        ),
    ),
    *hidden_infinities(_kl_small, "Where p > 0 = q the cost is infinite, and should be seen."),
)


# -- 02.6 Jensen–Shannon ----------------------------------------------------------------------


def _js(p, q, terms=kl_terms):
    middle = (p + q) / 2
    return (terms(p, middle).sum(-1) + terms(q, middle).sum(-1)) / 2


def _js_each(t):
    """KL(p ‖ m) and KL(q ‖ m), from the terms t."""
    return lambda p, q: (t(p, (p + q) / 2).sum(-1), t(q, (p + q) / 2).sum(-1))


def _js_along(t, dim):
    return lambda p, q: (t(p, (p + q) / 2) + t(q, (p + q) / 2)).sum(dim) / 2


def _js_sum_as_mixture(t):
    return lambda p, q: (t(p, p + q).sum(-1) + t(q, p + q).sum(-1)) / 2


def _js_geometric(t):
    def function(p, q):
        middle = (p * q).sqrt()
        middle = middle / middle.sum(-1, keepdim=True)
        return (t(p, middle).sum(-1) + t(q, middle).sum(-1)) / 2

    return function


def _js_from_the_middle(t):
    return lambda p, q: (t((p + q) / 2, p).sum(-1) + t((p + q) / 2, q).sum(-1)) / 2


_OF_JS = (
    (
        "The halves in front of the two KLs are missing",
        lambda t: lambda p, q: 2 * _js(p, q, t),
        "Twice too large: two opposite certainties come out at 2 log 2. The bound is log 2.",
    ),
    (
        "The mean of KL(p ‖ q) and KL(q ‖ p): Jeffreys, not Jensen–Shannon",
        lambda t: lambda p, q: (t(p, q).sum(-1) + t(q, p).sum(-1)) / 2,
        "Symmetric, yes; but infinite where one rules out what the other does not. Each is to be"
        " compared with the midpoint.",
    ),
    (
        "The sum of KL(p ‖ q) and KL(q ‖ p)",
        lambda t: lambda p, q: t(p, q).sum(-1) + t(q, p).sum(-1),
        "That is what Kullback and Leibler called divergence. Here each is compared with the"
        " midpoint.",
    ),
    (
        "KL(p ‖ q), without a midpoint",
        lambda t: lambda p, q: t(p, q).sum(-1),
        "It is not symmetric and has no bound. Whom is each of the two compared with?",
    ),
    (
        "KL(p ‖ q), cut off at log 2",
        lambda t: lambda p, q: t(p, q).sum(-1).clamp(max=LOG_2),
        "The bound is not imposed, it comes by itself. Whom is each of the two compared with?",
    ),
    (
        "The mixture is p + q, which sums to two",
        _js_sum_as_mixture,
        "Every result is log 2 too small, most of them negative. Is your m a distribution?",
    ),
    (
        "The square root: the Jensen–Shannon distance",
        lambda t: lambda p, q: _js(p, q, t).clamp(min=0).sqrt(),
        "The root is a true distance, and SciPy's jensenshannon returns it. The divergence is its"
        " square.",
    ),
    (
        "Only one side: KL(p ‖ m)",
        lambda t: lambda p, q: _js_each(t)(p, q)[0],
        "It is bounded, but not symmetric. Where is q's half?",
    ),
    (
        "Only one side, and halved",
        lambda t: lambda p, q: _js_each(t)(p, q)[0] / 2,
        "That is p's half. Where is q's?",
    ),
    (
        "Only the first of the two is halved",
        lambda t: lambda p, q: _js_each(t)(p, q)[0] / 2 + _js_each(t)(p, q)[1],
        "Exchange p and q: does your function give the same? Mind the brackets.",
    ),
    (
        "One is taken off the other",
        lambda t: lambda p, q: (_js_each(t)(p, q)[0] - _js_each(t)(p, q)[1]) / 2,
        "Exchange p and q: does your function give the same? Both cost something.",
    ),
    (
        "The larger of the two, not their mean",
        lambda t: lambda p, q: torch.maximum(*_js_each(t)(p, q)),
        "Symmetric and bounded, but how far they are on average is asked for.",
    ),
    ("The sign is lost", lambda t: lambda p, q: -_js(p, q, t), "A divergence is never negative."),
    ("These are bits, not nats", lambda t: lambda p, q: _js(p, q, t) / LOG_2, BITS),
    ("These are powers of ten, not nats", lambda t: lambda p, q: _js(p, q, t) / LOG_10, TENS),
    (
        "The mean over the classes, not the sum",
        lambda t: lambda p, q: _js(p, q, t) / p.shape[-1],
        CLASSES,
    ),
    ("Averaged over the rows", lambda t: lambda p, q: _js(p, q, t).mean(), ONE_EACH),
    ("One number for everything", lambda t: lambda p, q: _js(p, q, t).sum(), ROWS),
    (
        "The mean over all elements",
        lambda t: lambda p, q: _js(p, q, t).mean() / p.shape[-1],
        "It divides by the batch and by the number of classes. One sum for each row is asked for.",
    ),
    (
        "Summed over the first dimension, not over the classes",
        partial(_js_along, dim=0),
        ROWS,
    ),
    ("Summed over dimension 1, wherever the classes are", partial(_js_along, dim=1), ROWS),
    (
        "The dimension of the classes is kept",
        lambda t: lambda p, q: _js(p, q, t).unsqueeze(-1),
        KEPT,
    ),
    ("The leading shape is flattened", lambda t: lambda p, q: _js(p, q, t).reshape(-1), FLAT),
)

# With these, F.kl_div makes no other NaN than the plain terms do.
_OF_JS_FROM_ELSEWHERE = (
    (
        "The KLs start from the middle: KL(m ‖ p) and KL(m ‖ q)",
        _js_from_the_middle,
        "Whose outcomes are we surprised by? p and q stand on the left, m on the right.",
    ),
    (
        "A geometric middle in place of ½ (p + q)",
        _js_geometric,
        "√(p q) is zero wherever either is zero, and then KL to it is infinite.",
    ),
)

JS = (
    Misconception(PLAIN, partial(_js, terms=_kl_terms_plain), hint=NAN),
    *each_with(_OF_JS, kl_terms, _FLAWED),
    *each_with(_OF_JS_FROM_ELSEWHERE, kl_terms, {PLAIN: _FLAWED[PLAIN]}),
    *named(
        (
            "Entropies without halves: H(m) − H(p) − H(q)",
            lambda p, q: _entropy((p + q) / 2) - _entropy(p) - _entropy(q),
            "For p = q that is −H(p); it ought to be 0.",
        ),
        (
            "The entropy of the midpoint less that of p alone",
            lambda p, q: _entropy((p + q) / 2) - _entropy(p),
            "Exchange p and q: does your function give the same?",
        ),
        (
            "Half the sum of absolute differences: the total variation",
            lambda p, q: (p - q).abs().sum(-1) / 2,
            "Symmetric and bounded, too, but not in nats: there is no logarithm in it.",
        ),
        (
            "A row that was NaN counts as 0",
            lambda p, q: _js(p, q, _kl_terms_plain).nan_to_num(0.0),
            "Where one class makes NaN, the other classes are lost with it. It is single terms that"
            " are 0.",
        ),
        (
            "Softmax of probabilities",
            lambda p, q: _js(p.softmax(-1), q.softmax(-1)),
            SOFTMAX,
        ),
    ),
)
