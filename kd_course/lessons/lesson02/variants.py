"""Lesson 02 under other conventions: units, direction, what is summed and what is averaged."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from kd_course import divergences
from kd_course.exercises.slips import believed
from kd_course.exercises.spec import Misconception
from kd_course.exercises.variants import Collection, then, then_with, with_arguments
from kd_course.lessons.lesson02 import slips

variant = Collection()

LOG_2, LOG_10 = math.log(2), math.log(10)
in_bits, in_dits = then(lambda nats: nats / LOG_2), then(lambda nats: nats / LOG_10)
NOT_BITS = "These are bits, not nats"
SMALL = "A small number"  # how the slips with an epsilon in the logarithm are called
NOT_TENS = "These are powers of ten"
UNITS = (NOT_BITS, NOT_TENS)
SHAPE = ("The dimension of the classes is kept", "The leading shape is flattened")
FLAWS = (slips.PLAIN, "NaN where both rule a class out", "exp overflows")


def _alone_and_in_two(*names):
    """Slips by the beginnings of their names, and the pairs in which they are the second."""
    return names + tuple(slips.of_two(flaw, name) for flaw in FLAWS for name in names)


def _hints(told):
    """Hints by name, for the slips and for the pairs in which they are the second."""
    names = {name: (name, *(slips.of_two(flaw, name) for flaw in FLAWS)) for name in told}
    return {other: told[name] for name in told for other in names[name]}


def _as_they_are(known, *names):
    """Slips that are the same whatever the unit, by the beginnings of their names."""
    return tuple(wrong for wrong in known if wrong.name.startswith(names))


def _multiplied(base, in_nats, hint):
    """The slip of a conversion that goes the wrong way. in_nats: the right function, in nats."""
    return Misconception(
        f"Multiplied by log {base}, not divided",
        then(lambda nats: nats * math.log(base))(in_nats),
        hint=hint,
    )


# -- 02.1 surprise ----------------------------------------------------------------------------

_BELIEFS = """A model states its beliefs about several headlines, one row each; the labels are what readers
    then said. Return"""


_NO_LOGARITHM = ("1 / q", "The logarithm is missing", "The probability itself")


def _surprise(q, labels):
    return -believed(q, labels).log()


@variant(
    "02.1",
    "surprise is counted in bits",
    instead="surprise is counted in nats",
    statement=f"""
    {_BELIEFS} the surprise of each row in **bits**: the logarithm is to base 2, so that a
    probability of ½ surprises by 1. What was held impossible and happens anyway is infinitely
    surprising; do not hide that.
    """,
    adapt=in_bits,
    without=_alone_and_in_two(*UNITS, SMALL, "1 − q", *_NO_LOGARITHM),
    slips=(
        *_as_they_are(slips.SURPRISE, *_NO_LOGARITHM),
        Misconception(
            "1 − q in place of −log₂ q",
            lambda q, labels: 1 - believed(q, labels),
            hint="It falls as q grows, too. But do the surprises of independent events add up?",
        ),
        _multiplied(2, _surprise, "What does your function give for a probability of one half?"),
    ),
    hint="torch.gather picks one number a row. Then mind the unit: what should ½ give?",
)
def surprise(q, labels):
    """How surprised a model is by what happened, headline by headline, in bits.

    q: (batch, classes), the beliefs, some of them possibly zero; each row sums to one.
    labels: (batch,), the number of the class that happened, counted from 0 (int64).
    Returns (batch,): bits, that is, with the logarithm to base 2.
    """
    ### BEGIN SOLUTION
    at_the_label = torch.take_along_dim(q, labels[:, None], dim=1)[:, 0]
    return -torch.log2(at_the_label)
    ### END SOLUTION


@variant(
    "02.1",
    "surprise is counted in powers of ten",
    instead="surprise is counted in nats",
    statement=f"""
    {_BELIEFS} the surprise of each row with the logarithm to **base 10** (the unit is called
    *ban* or *hartley*): a probability of one thousandth surprises by 3. What was held impossible and
    happens anyway is infinitely surprising; do not hide that.
    """,
    adapt=in_dits,
    without=_alone_and_in_two(*UNITS, SMALL, "1 − q", *_NO_LOGARITHM),
    slips=(
        *_as_they_are(slips.SURPRISE, "1 − q", *_NO_LOGARITHM),
        _multiplied(10, _surprise, "What does your function give for a probability of one tenth?"),
    ),
    hint="torch.gather picks one number a row. Then mind the unit: what should one thousandth give?",
)
def surprise(q, labels):
    """How surprised a model is by what happened, headline by headline, in powers of ten.

    q: (batch, classes), the beliefs, some of them possibly zero; each row sums to one.
    labels: (batch,), the number of the class that happened, counted from 0 (int64).
    Returns (batch,): minus the logarithm to base 10 (bans, or hartleys).
    """
    ### BEGIN SOLUTION
    at_the_label = torch.take_along_dim(q, labels[:, None], dim=1)[:, 0]
    return -torch.log10(at_the_label)
    ### END SOLUTION


@variant(
    "02.1",
    "the surprises are added up over the batch",
    instead="each row's surprise is returned by itself",
    statement=f"""
    {_BELIEFS} **one number**: the surprise at all of them together, the **sum** over the rows,
    in nats. (For independent events, that is the surprise at the whole of what happened.) What was
    held impossible and happens anyway is infinitely surprising; do not hide that.
    """,
    adapt=then(torch.sum),
    without=_alone_and_in_two(SMALL, "Averaged over the batch", "Summed over the batch", *SHAPE),
    slips=(
        Misconception(
            "The mean over the batch, not the sum",
            then(torch.mean)(_surprise),
            hint="The surprise at two independent events is the sum of their surprises.",
        ),
    ),
    hint="torch.gather picks one number a row. What is the surprise at two independent events?",
)
def surprise(q, labels):
    """How surprised a model is by everything that happened, taken together.

    q: (batch, classes), the beliefs, some of them possibly zero; each row sums to one.
    labels: (batch,), the number of the class that happened, counted from 0 (int64).
    Returns one number in nats: the sum over the rows.
    """
    ### BEGIN SOLUTION
    at_the_label = torch.take_along_dim(q, labels[:, None], dim=1)
    return torch.log(at_the_label).sum().neg()
    ### END SOLUTION


# -- 02.2 entropy -----------------------------------------------------------------------------


@variant(
    "02.2",
    "entropy is counted in bits",
    instead="entropy is counted in nats",
    statement="""
    In **bits** (the logarithm is to base 2), over the last dimension, whatever the shape before it.
    A fair coin has an entropy of 1. A zero must not turn the result into NaN.
    """,
    adapt=in_bits,
    without=_alone_and_in_two(*UNITS, "The exponential", "A share of", "1 − Σ p²"),
    slips=(
        *_as_they_are(slips.ENTROPY, "1 − Σ p²"),
        _multiplied(
            2,
            lambda p: -torch.xlogy(p, p).sum(-1),
            "What does your function give for a fair coin?",
        ),
    ),
    hint="Mind the zeros first (torch.xlogy, torch.where), and then the unit: what has a fair coin?",
)
def entropy(p):
    """The average surprise of each distribution, in bits.

    p: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): bits, that is, with the logarithm to base 2.
    """
    ### BEGIN SOLUTION
    bits = torch.where(p > 0, p * torch.log2(p), torch.zeros_like(p))
    return -bits.sum(dim=-1)
    ### END SOLUTION


@variant(
    "02.2",
    "the perplexity is asked for: e to the power of the entropy",
    instead="the entropy itself",
    statement="""
    Return the **perplexity** of each distribution: $e^{H(p)}$, with the entropy $H(p)$ in nats. It
    says among how many equally likely choices one might as well guess: for a fair coin it is 2. Over
    the last dimension, whatever the shape before it. A zero must not turn the result into NaN.
    """,
    adapt=then(torch.exp),
    without=_alone_and_in_two("The exponential", "A share of", "1 − Σ p²", NOT_TENS),
    slips=_as_they_are(slips.ENTROPY, "1 − Σ p²"),
    hints=_hints(
        {
            NOT_BITS: "With the entropy in bits it would be 2 to its power. A fair coin comes out at 2.",
            "The mean over the classes, not the sum": "The weights p already sum to one: that is the "
            "averaging. Dividing again takes a root of the perplexity.",
            "The sign is lost": "One over the perplexity. It is never less than 1.",
            "The surprise of the likeliest class": "That is 1 / max p. The perplexity is e to the "
            "average surprise over all classes.",
        }
    ),
    hint="First the entropy, minding the zeros (torch.xlogy, torch.where). What turns nats into choices?",
)
def entropy(p):
    """Among how many equally likely choices each distribution might as well be a guess.

    p: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): the perplexity, e to the power of the entropy in nats.
    """
    ### BEGIN SOLUTION
    in_nats = torch.special.entr(p).sum(dim=-1)
    return torch.exp(in_nats)
    ### END SOLUTION


@variant(
    "02.2",
    "the entropy is a share of the largest possible one",
    instead="the entropy itself, in nats",
    statement="""
    Return the entropy of each distribution **as a share of the largest one possible** with as many
    classes, $H(p) / \\log C$: between 0 (certain) and 1 (all $C$ classes equally likely). Over the
    last dimension, whatever the shape before it. A zero must not turn the result into NaN.
    """,
    adapt=then_with(lambda nats, p: nats / math.log(p.shape[-1])),
    without=_alone_and_in_two("The exponential", *UNITS, "A share of", "1 − Σ p²"),
    slips=(
        *_as_they_are(slips.ENTROPY, "1 − Σ p²"),
        Misconception(
            "Divided by the number of classes, not by its logarithm",
            lambda p: torch.special.entr(p).sum(-1) / p.shape[-1],
            hint="What is the entropy of C equally likely classes? Your function should give 1 there.",
        ),
        Misconception(
            "In bits on the top, in nats below",
            lambda p: torch.special.entr(p).sum(-1) / LOG_2 / math.log(p.shape[-1]),
            hint="A share has no unit: the same logarithm above and below.",
        ),
    ),
    hint="First the entropy, minding the zeros (torch.xlogy, torch.where). What is the largest there is?",
)
def entropy(p):
    """How undecided each distribution is: 0 for certain, 1 for all classes equally likely.

    p: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): the entropy divided by the log of the number of classes.
    """
    ### BEGIN SOLUTION
    in_nats = torch.special.entr(p).sum(dim=-1)
    largest = math.log(p.shape[-1])
    return in_nats / largest
    ### END SOLUTION


# -- 02.3 KL ----------------------------------------------------------------------------------


@variant(
    "02.3",
    "KL is counted in bits",
    instead="KL is counted in nats",
    statement="""
    Return $\\mathrm{KL}(p\\,\\|\\,q)$ of each row in **bits**: the logarithms are to base 2. Mind the
    two edges, and classes that both sides rule out.
    """,
    adapt=in_bits,
    without=_alone_and_in_two(*UNITS, SMALL, "nan_to_num"),
    slips=(
        _multiplied(
            2,
            divergences.kl_divergence,
            "A certainty against a fair coin costs 1 bit. What does your function say?",
        ),
    ),
    hint="The zero that must vanish is p's, never q's: torch.xlogy, or torch.where. Then mind the unit.",
)
def kl_divergence(p, q):
    """How many bits it costs, on average, to believe q when p is true.

    p, q: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): KL(p ‖ q) in bits; inf where something happens that q rules out.
    """
    ### BEGIN SOLUTION
    in_bits = torch.where(p > 0, p * (torch.log2(p) - torch.log2(q)), torch.zeros_like(p))
    return in_bits.sum(dim=-1)
    ### END SOLUTION


@variant(
    "02.3",
    "the second argument is what is true: KL(q ‖ p)",
    instead="the first argument is what is true: KL(p ‖ q)",
    statement="""
    Return $\\mathrm{KL}(q\\,\\|\\,p)$ of each row, in nats: here the **second** argument is what is
    true and does the weighing, and the first is what one believes. Mind the two edges, which have
    changed sides with it, and classes that both sides rule out.
    """,
    adapt=with_arguments(lambda p, q: (q, p)),
    without=_alone_and_in_two(
        *(SMALL, "KL(q ‖ p)", "The cross-entropy", "The sign", "Swapped half-way", "Unweighted"),
        *("What q rules out", "Probabilities given", "Log-probabilities as", "The difference of"),
        *("NaN where", "q was smoothed"),
    )
    + (f"Two slips: {FLAWS[1]}",),
    hints=_hints(
        {
            "Both directions added: KL(p ‖ q) + KL(q ‖ p)": "Only q says what happens here. What p holds "
            "likely is no outcome.",
        }
    ),
    slips=(
        Misconception(
            "The cross-entropy: q's own entropy was not taken off",
            lambda p, q: -torch.xlogy(q, p).sum(-1),
            hint="What does your function give for q = p? It ought to cost nothing to believe the "
            "truth.",
        ),
        Misconception(
            "The sign is lost",
            lambda p, q: -divergences.kl_divergence(q, p),
            hint="KL is never negative. Which logarithm is taken off which?",
        ),
        Misconception(
            "What p rules out was skipped, although it happens",
            lambda p, q: torch.where((p > 0) & (q > 0), q * (q / p).log(), torch.zeros_like(p)).sum(
                -1
            ),
            hint="Where q > 0 = p the cost is infinite; hiding it rewards ruling things out.",
        ),
        Misconception(
            "Unweighted: log q − log p without q in front",
            lambda p, q: (q.log() - p.log()).sum(-1),
            hint="An average over what happens: each class counts as often as it happens.",
        ),
    ),
    hint="The zero that must vanish is q's, never p's: torch.xlogy, or torch.where.",
)
def kl_divergence(p, q):
    """How many nats it costs, on average, to believe p when q is true.

    p, q: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): KL(q ‖ p) in nats; inf where something happens that p rules out.
    """
    ### BEGIN SOLUTION
    per_class = torch.where(q > 0, q * (torch.log(q) - torch.log(p)), torch.zeros_like(q))
    return per_class.sum(dim=-1)
    ### END SOLUTION


@variant(
    "02.3",
    "KL is averaged over all rows",
    instead="each row's KL is returned by itself",
    statement="""
    Return **one number**: $\\mathrm{KL}(p\\,\\|\\,q)$ in nats, **averaged over all rows**, whatever the
    shape before the last dimension. (A row is one distribution: a batch of 2 sentences of 3 words has
    6.) Mind the two edges, and classes that both sides rule out.
    """,
    adapt=then(torch.mean),
    without=_alone_and_in_two(
        SMALL, "Averaged over the rows", "The mean over all elements", *SHAPE
    ),
    hints=_hints(
        {
            "Averaged over the batch, as reduction='batchmean' does": "len(p) counts the first dimension "
            "only. In (batch, words, classes) there are more rows than that, in (classes,) there is one.",
            "One number for everything": "One number is right, but it is the sum over the rows, not the "
            "mean.",
        }
    ),
    hint="The zero that must vanish is p's, never q's: torch.xlogy, or torch.where. Then count the rows.",
)
def kl_divergence(p, q):
    """How many nats it costs, on average over all rows, to believe q when p is true.

    p, q: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns one number: the mean of KL(p ‖ q); inf where something happens that q rules out.
    """
    ### BEGIN SOLUTION
    per_class = torch.where(p > 0, p * (torch.log(p) - torch.log(q)), torch.zeros_like(p))
    return per_class.sum(dim=-1).mean()
    ### END SOLUTION


# -- 02.5 two directions, on logits -----------------------------------------------------------

_FIT = """
    Write both as losses on *logits*: unbounded scores $z$, from which $q = \\mathrm{softmax}(z)$, that
    is, $q_i = e^{z_i} / \\sum_j e^{z_j}$. The check looks at the gradient with respect to the logits
    as well as at the value, so compute in a way that lets it flow. Logits may lie hundreds apart. A
    class that the target rules out adds nothing to $\\mathrm{KL}(\\text{target}\\,\\|\\,\\text{model})$;
    $\\mathrm{KL}(\\text{model}\\,\\|\\,\\text{target})$ it makes infinite, for a softmax rules nothing out.
    (Where the loss is infinite, its gradient is not checked. No case has a zero in the target where the
    model's probability is so small that float32 rounds it to 0.)
    """


def _forward(target, logits):
    return (torch.xlogy(target, target) - target * F.log_softmax(logits, -1)).sum(-1)


def _reverse(target, logits, *, detached=False):
    log_q = F.log_softmax(logits, -1)
    weights = log_q.detach().exp() if detached else log_q.exp()
    return (weights * (log_q - target.log())).sum(-1)


_OTHER_NAME = {"forward": "reverse", "reverse": "forward"}


@variant(
    "02.5",
    "the names are the other way round: “forward” is KL(model ‖ target)",
    instead="“forward” is KL(target ‖ model)",
    statement="""
    Papers do not agree on the two names. In this exercise the direction is seen **from the model**:

    - `"forward"` is $\\mathrm{KL}(\\text{model}\\,\\|\\,\\text{target})$, weighed by the model;
    - `"reverse"` is $\\mathrm{KL}(\\text{target}\\,\\|\\,\\text{model})$, weighed by the target.

    """
    + _FIT.strip()
    + "\n",
    adapt=with_arguments(
        lambda target, logits, direction: (target, logits, _OTHER_NAME[direction])
    ),
    without=_alone_and_in_two("The two directions", "Forward", "Reverse", "Both are", "In reverse"),
    slips=(
        Misconception(
            "KL(target ‖ model), whatever direction is asked for",
            lambda target, logits, direction: _forward(target, logits),
            hint='direction is "forward" or "reverse"; yours is always the second.',
        ),
        Misconception(
            "KL(model ‖ target), whatever direction is asked for",
            lambda target, logits, direction: _reverse(target, logits),
            hint='direction is "forward" or "reverse"; yours is always the first.',
        ),
        Misconception(
            "For KL(model ‖ target) the weights q are cut off from the gradient",
            lambda target, logits, direction: (
                _reverse(target, logits, detached=True)
                if direction == "forward"
                else _forward(target, logits)
            ),
            hint="q stands in front of the logarithm as well as in it; both depend on the logits.",
        ),
    ),
)
def fit_loss(target, logits, direction):
    """How far a model is from its target, in the direction asked for.

    target: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    logits: (..., classes), the model's.
    direction: "forward" for KL(model ‖ target), "reverse" for KL(target ‖ model).
    Returns (...): nats, one number for each row.
    """
    ### BEGIN SOLUTION
    log_model = torch.log_softmax(logits, dim=-1)
    if direction == "reverse":
        return (torch.xlogy(target, target) - target * log_model).sum(dim=-1)
    model = torch.softmax(logits, dim=-1)
    return (model * (log_model - torch.log(target))).sum(dim=-1)
    ### END SOLUTION


@variant(
    "02.5",
    "both losses are counted in bits",
    instead="both losses are counted in nats",
    statement="""
    Return the loss of each row in **bits**: divide nats by $\\log 2$, or take logarithms to base 2.

    """
    + _FIT.strip()
    + "\n",
    adapt=in_bits,
    without=_alone_and_in_two(*UNITS),
)
def fit_loss(target, logits, direction):
    """How far a model is from its target, in the direction asked for, in bits.

    target: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    logits: (..., classes), the model's.
    direction: "forward" for KL(target ‖ model), "reverse" for KL(model ‖ target).
    Returns (...): bits, one number for each row.
    """
    ### BEGIN SOLUTION
    log_model = torch.log_softmax(logits, dim=-1)
    if direction == "reverse":
        in_nats = (torch.softmax(logits, dim=-1) * (log_model - torch.log(target))).sum(dim=-1)
    else:
        in_nats = (torch.xlogy(target, target) - target * log_model).sum(dim=-1)
    return in_nats / math.log(2)
    ### END SOLUTION


@variant(
    "02.5",
    "the loss is one number: the mean over all rows",
    instead="one number for each row",
    statement="""
    Return **one number**, the **mean over all rows**, in nats. (A row is one distribution: a batch of 2
    sentences of 3 words has 6.)

    """
    + _FIT.strip()
    + "\n",
    adapt=then(torch.mean),
    without=_alone_and_in_two("Averaged over the rows", "The mean over all elements", *SHAPE),
    hints=_hints(
        {
            "Averaged over the batch, as reduction='batchmean' does": "len(logits) counts the first "
            "dimension only. In (batch, words, classes) there are more rows than that.",
            "One number for everything": "One number is right, but it is the sum over the rows, not the "
            "mean.",
        }
    ),
)
def fit_loss(target, logits, direction):
    """How far a model is from its target on average, in the direction asked for.

    target: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    logits: (..., classes), the model's.
    direction: "forward" for KL(target ‖ model), "reverse" for KL(model ‖ target).
    Returns one number in nats: the mean over all rows.
    """
    ### BEGIN SOLUTION
    log_model = torch.log_softmax(logits, dim=-1)
    if direction == "reverse":
        rows = (torch.softmax(logits, dim=-1) * (log_model - torch.log(target))).sum(dim=-1)
    else:
        rows = (torch.xlogy(target, target) - target * log_model).sum(dim=-1)
    return rows.mean()
    ### END SOLUTION


# -- 02.6 Jensen–Shannon ----------------------------------------------------------------------


@variant(
    "02.6",
    "Jensen–Shannon is counted in bits",
    instead="Jensen–Shannon is counted in nats",
    statement="""
    In **bits**, so that the bound is 1: for any leading shape, with zeros allowed on either side. (The
    package's `divergences.kl_divergence` gives nats.)
    """,
    adapt=in_bits,
    without=_alone_and_in_two(*UNITS, "The square root", "Half the sum"),
    slips=_as_they_are(slips.JS, "Half the sum"),
    hints=_hints(
        {
            "The halves in front of the two KLs are missing": "Twice too large: two opposite certainties "
            "come out at 2 bits. The bound is 1.",
            "The mixture is p + q, which sums to two": "Every result is 1 bit too small, most of them "
            "negative. Is your m a distribution?",
        }
    ),
    hint="Name the midpoint first. Two calls of a function that you have, an average, and the unit; try "
    "it on two opposite certainties, where 1 must come out.",
)
def js_divergence(p, q):
    """How far p and q are from their midpoint, on average, in bits.

    p, q: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): bits, between 0 and 1.
    """
    ### BEGIN SOLUTION
    midpoint = 0.5 * (p + q)
    both = [divergences.kl_divergence(side, midpoint) for side in (p, q)]
    return sum(both) / (2 * math.log(2))
    ### END SOLUTION


@variant(
    "02.6",
    "the Jensen–Shannon distance is asked for: the square root",
    instead="the divergence itself",
    statement="""
    Return the Jensen–Shannon **distance**: the **square root** of the divergence (in nats). Unlike the
    divergence it obeys the triangle inequality. For any leading shape, with zeros allowed on either
    side; rounding must not leave a negative number under the root.
    """,
    adapt=then(lambda value: value.clamp(min=0).sqrt()),
    without=_alone_and_in_two(
        "The square root", "The mixture is", "The sign is lost", NOT_TENS, "Half the sum"
    ),
    slips=_as_they_are(slips.JS, "Half the sum"),
    hints=_hints(
        {
            "The halves in front of the two KLs are missing": "√2 times too large. The bound is √log 2.",
            NOT_BITS: "1 / √log 2 = 1.20 times too large: the divergence under the root is in nats.",
            "The mean over the classes, not the sum": "The weights already sum to one.",
            "One number for everything": "One number for each row is asked for.",
        }
    ),
    hint="Name the midpoint first, and get the divergence before the distance. Two opposite certainties "
    "must come out at the root of log 2.",
)
def js_divergence(p, q):
    """How far p and q are from each other: the Jensen–Shannon distance.

    p, q: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): the square root of the divergence in nats, between 0 and the root of log 2.
    """
    ### BEGIN SOLUTION
    midpoint = 0.5 * (p + q)
    both = [divergences.kl_divergence(side, midpoint) for side in (p, q)]
    return (0.5 * sum(both)).clamp(min=0).sqrt()
    ### END SOLUTION


@variant(
    "02.6",
    "the two KLs are added, not averaged",
    instead="the mean of the two KLs",
    statement="""
    Return the **sum** $\\mathrm{KL}(p\\,\\|\\,m) + \\mathrm{KL}(q\\,\\|\\,m)$ with the midpoint
    $m = \\tfrac12 (p + q)$: no halves in front. In nats, for any leading shape, with zeros allowed on
    either side.
    """,
    adapt=then(lambda value: 2 * value),
    without=_alone_and_in_two(
        *("The halves", "The mean of KL", "The sum of KL", "The square root", "Only one side"),
        *("Only the first", "The larger", "Half the sum", "Entropies without", "The entropy of"),
        "KL(p ‖ q)",
    ),
    hints=_hints(
        {
            "The mixture is p + q, which sums to two": "Every result is 2 log 2 too small, most of them "
            "negative. Is your m a distribution?",
        }
    ),
    slips=(
        *_as_they_are(slips.JS, "Half the sum", "KL(p ‖ q), without"),
        Misconception(
            "Only one side: KL(p ‖ m)",
            lambda p, q: divergences.kl_divergence(p, (p + q) / 2),
            hint="It is bounded, but not symmetric. Where is q's part?",
        ),
        Misconception(
            "The sum of KL(p ‖ q) and KL(q ‖ p)",
            lambda p, q: divergences.kl_divergence(p, q) + divergences.kl_divergence(q, p),
            hint="That is what Kullback and Leibler called divergence. Here each is compared with "
            "the midpoint.",
        ),
    ),
    hint="Name the midpoint first. Two calls of a function that you have are enough; two opposite "
    "certainties must come out at 2 log 2.",
)
def js_divergence(p, q):
    """How far p and q are from their midpoint, both together.

    p, q: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): nats, the sum of both parts, between 0 and 2 log 2.
    """
    ### BEGIN SOLUTION
    midpoint = 0.5 * (p + q)
    return divergences.kl_divergence(p, midpoint) + divergences.kl_divergence(q, midpoint)
    ### END SOLUTION


# -- 02.9 the gradient ------------------------------------------------------------------------


@variant(
    "02.9",
    "the loss is the sum over the batch",
    instead="the loss is the mean over the batch",
    statement="""
    Write the gradient by hand: of the **sum over the batch** of the cross-entropy, with respect to the
    logits. (That is what `F.cross_entropy` with `reduction="sum"` sends back.) Logits may lie hundreds
    apart, and a target may be zero in some classes. Please do without autograd: the check cannot tell,
    but then you have only asked it.
    """,
    adapt=then_with(lambda mean, logits, target: mean * len(logits)),
    without=_alone_and_in_two(
        "Not divided by the batch", "Divided by the number of classes", "Divided by one less"
    ),
    slips=(
        Misconception(
            "Divided by the number of classes",
            lambda logits, target: (torch.softmax(logits, -1) - target) / logits.shape[-1],
            hint="The loss is a sum over the rows, and over the classes as well: nothing is divided.",
        ),
    ),
    hint="Differentiate one row on paper until only probabilities are left. Does one row's loss depend "
    "on another's logits?",
)
def cross_entropy_gradient(logits, target):
    """The gradient of the batch's summed cross-entropy with respect to the logits.

    logits: (batch, classes), the student's. target: (batch, classes); each row sums to one.
    Returns (batch, classes).
    """
    ### BEGIN SOLUTION
    return logits.softmax(dim=1).sub(target)
    ### END SOLUTION


@variant(
    "02.9",
    "the direction of descent is asked for: minus the gradient",
    instead="the gradient itself",
    statement="""
    Write by hand the **direction of steepest descent**, that is, **minus the gradient**, of the mean
    over the batch of the cross-entropy, with respect to the logits. (A step of gradient descent *adds*
    a multiple of it.) Logits may lie hundreds apart, and a target may be zero in some classes. Please
    do without autograd: the check cannot tell, but then you have only asked it.
    """,
    adapt=then(torch.neg),
    without=_alone_and_in_two(
        "The sign is turned", "The gradient with respect to the probabilities"
    ),
    hint="Differentiate one row on paper until only probabilities are left. A class that is believed too "
    "little must come out positive; then think of the mean over the batch.",
)
def cross_entropy_gradient(logits, target):
    """Which way the logits should move: minus the gradient of the batch's mean cross-entropy.

    logits: (batch, classes), the student's. target: (batch, classes); each row sums to one.
    Returns (batch, classes): what a step of gradient descent adds, up to the learning rate.
    """
    ### BEGIN SOLUTION
    return target.sub(logits.softmax(dim=1)).div(logits.shape[0])
    ### END SOLUTION


@variant(
    "02.9",
    "the loss is the mean over all entries, rows times classes",
    instead="the loss is the mean over the batch",
    statement="""
    Write the gradient, with respect to the logits, of the cross-entropy as `reduction="mean"` of
    `F.kl_div` takes it: the terms $-p_i \\log q_i$ are **averaged over all entries**, so the sum is
    divided by the number of rows **times the number of classes**. Logits may lie hundreds apart, and a
    target may be zero in some classes. Please do without autograd: the check cannot tell, but then you
    have only asked it.
    """,
    adapt=then_with(lambda mean, logits, target: mean / logits.shape[-1]),
    without=_alone_and_in_two("Divided by the number of classes"),
    hints=_hints(
        {
            "Not divided by the batch: the gradient of the sum, not of the mean": "Divided by the classes, "
            "but not by the rows: a mean over all entries divides by both.",
        }
    ),
    hint="Differentiate one row on paper until only probabilities are left. How many terms does the mean "
    "count?",
)
def cross_entropy_gradient(logits, target):
    """The gradient with respect to the logits of the cross-entropy's mean over all entries.

    logits: (batch, classes), the student's. target: (batch, classes); each row sums to one.
    Returns (batch, classes).
    """
    ### BEGIN SOLUTION
    return logits.softmax(dim=1).sub(target).div(logits.numel())
    ### END SOLUTION


VARIANTS = tuple(variant)
