"""Lesson 02's wrong answers about losses and estimates: 02.5, 02.7, 02.8 and 02.9."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F

from kd_course.exercises.spec import Misconception
from kd_course.lessons.lesson02.slips import (
    BITS,
    CLASSES,
    FLAT,
    KEPT,
    LOG_2,
    LOG_10,
    ROWS,
    SOFTMAX,
    TENS,
    each_with,
    named,
)

# -- 02.5 two directions, on logits -----------------------------------------------------------


def _forward(target, log_q):
    return torch.xlogy(target, target) - target * log_q


def _forward_plain(target, log_q):
    return target * (target.log() - log_q)


def _reverse(target, log_q):
    return log_q.exp() * (log_q - target.log())


def _terms(target, log_q, direction, forward=_forward):
    return (forward if direction == "forward" else _reverse)(target, log_q)


def _fit(target, logits, direction, forward=_forward):
    return _terms(target, F.log_softmax(logits, -1), direction, forward).sum(-1)


def _split(forward=_fit, reverse=_fit):
    """One function a direction: each gets target, logits and direction."""
    return lambda target, logits, direction: (forward if direction == "forward" else reverse)(
        target, logits, direction
    )


def _log_q(change, dim=-1):
    """The loss, from another log q; rows sum over dim. change: logits -> log q."""
    return lambda f: (
        lambda target, logits, direction: _terms(
            target, change(logits), direction, _forward_of(f)
        ).sum(dim)
    )


def _forward_of(fit):
    return fit.keywords["forward"] if isinstance(fit, partial) else _forward


def _cross_entropy(target, logits, direction):
    return -(target * F.log_softmax(logits, -1)).sum(-1)


def _without_own_entropy(target, logits, direction):
    return -(F.softmax(logits, -1) * target.log()).sum(-1)


def _detached_weights(target, logits, direction):
    log_q = F.log_softmax(logits, -1)
    return (log_q.detach().exp() * (log_q - target.log())).sum(-1)


def _favourite(target, logits, direction):
    best = target.argmax(-1, keepdim=True)
    return -F.log_softmax(logits, -1).gather(-1, best).squeeze(-1)


def _library_wants_log(target, logits, direction):
    return F.kl_div(F.softmax(logits, -1), target, reduction="none").sum(-1)


def _library_reverse(target, logits, direction):
    return F.kl_div(target.log(), F.softmax(logits, -1), reduction="none").sum(-1)


def _library_without_log_target(target, logits, direction):
    return F.kl_div(target.log(), F.log_softmax(logits, -1), reduction="none").sum(-1)


_OTHER = {"forward": "reverse", "reverse": "forward"}
_WEIGHED = "Forward is weighed by the target, reverse by the model. Which stands in front of your logarithms?"

_OF_FIT = (
    (
        "The two directions are exchanged",
        lambda f: lambda p, z, way: f(p, z, _OTHER[way]),
        _WEIGHED,
    ),
    (
        "Forward, whatever direction is asked for",
        lambda f: lambda p, z, way: f(p, z, "forward"),
        'direction is "forward" or "reverse"; yours is always the first.',
    ),
    (
        "Both directions, added",
        lambda f: lambda p, z, way: f(p, z, "forward") + f(p, z, "reverse"),
        "direction says which of the two is asked for.",
    ),
    (
        "Half of both directions, whatever is asked for",
        lambda f: lambda p, z, way: (f(p, z, "forward") + f(p, z, "reverse")) / 2,
        "direction says which of the two is asked for.",
    ),
    (
        "Reverse lacks the model's own entropy",
        lambda f: _split(f, _without_own_entropy),
        "What is left, −Σ q log p, is smallest for a model that puts everything on the target's"
        " likeliest class. The term Σ q log q is what keeps it open, and it does depend on the"
        " logits.",
    ),
    (
        "In reverse the weights q are cut off from the gradient",
        lambda f: _split(f, _detached_weights),
        "The value is right and the gradient is zero: nothing would ever be learned. q stands in"
        " front of the logarithm as well as in it; both depend on the logits.",
    ),
    (
        "In reverse the sign is turned",
        lambda f: _split(f, lambda *a: -_fit(*a)),
        "KL is never negative. With the model's weights in front, which logarithm comes first?",
    ),
    (
        "In reverse the logarithms are exchanged, but not the weights",
        lambda f: _split(f, lambda p, z, way: -f(p, z, "forward")),
        f"KL is never negative. {_WEIGHED}",
    ),
    ("The sign is lost in both directions", lambda f: lambda *a: -f(*a), "KL is never negative."),
    (
        "No gradient flows back to the logits",
        lambda f: lambda p, z, way: f(p, z.detach(), way),
        "The value is right, but .detach(), no_grad, .item(), torch.tensor(…) or NumPy cuts the"
        " logits off, and nothing could be trained with it.",
    ),
    (
        "The logits were taken for log-probabilities",
        _log_q(lambda z: z),
        "exp(logits) does not sum to one yet. F.log_softmax sees to that.",
    ),
    (
        "The logarithm of a softmax that was rounded to zero",
        _log_q(lambda z: F.softmax(z, -1).log()),
        "Far apart, exp underflows: q is 0, its logarithm −inf. F.log_softmax(logits, dim=-1) never"
        " forms that zero.",
    ),
    (
        "exp overflows: the largest logit is not taken off first",
        _log_q(lambda z: z - z.exp().sum(-1, keepdim=True).log()),
        "exp(300) is inf in float32. F.log_softmax and torch.logsumexp take care of it.",
    ),
    (
        "Softmax over the first dimension: every column sums to one, not every row",
        _log_q(lambda z: F.log_softmax(z, 0)),
        "With one row every probability becomes 1. The classes are the last dimension.",
    ),
    (
        "Softmax over dimension 1, wherever the classes are",
        _log_q(lambda z: F.log_softmax(z, 1)),
        ROWS,
    ),
    (
        "Everything over dimension 1, wherever the classes are",
        _log_q(lambda z: F.log_softmax(z, 1), 1),
        ROWS,
    ),
    (
        "Summed over the first dimension, not over the classes",
        _log_q(lambda z: F.log_softmax(z, -1), 0),
        ROWS,
    ),
    (
        "Softmax twice",
        lambda f: lambda p, z, way: f(p, F.softmax(z, -1), way),
        "A softmax of probabilities is nearly flat. Once is enough.",
    ),
    (
        "A sigmoid of each logit, not a softmax of the row",
        _log_q(F.logsigmoid),
        "Sigmoids of a row do not sum to one. The statement says how q comes from z.",
    ),
    (
        "The mean over the classes, not the sum",
        lambda f: lambda p, z, way: f(p, z, way) / z.shape[-1],
        CLASSES,
    ),
    ("These are bits, not nats", lambda f: lambda *a: f(*a) / LOG_2, BITS),
    ("These are powers of ten, not nats", lambda f: lambda *a: f(*a) / LOG_10, TENS),
    ("Averaged over the rows", lambda f: lambda *a: f(*a).mean(), "One number for each row."),
    (
        "The mean over all elements, as reduction='mean' takes it",
        lambda f: lambda p, z, way: f(p, z, way).mean() / z.shape[-1],
        "It divides by the rows and by the number of classes. One sum for each row is asked for.",
    ),
    ("One number for everything", lambda f: lambda *a: f(*a).sum(), ROWS),
    (
        "Averaged over the batch, as reduction='batchmean' does",
        lambda f: lambda p, z, way: f(p, z, way).sum() / len(z),
        "One number for each row is asked for; averaging them is the caller's business.",
    ),
    ("The dimension of the classes is kept", lambda f: lambda *a: f(*a).unsqueeze(-1), KEPT),
    ("The leading shape is flattened", lambda f: lambda *a: f(*a).reshape(-1), FLAT),
)

FIT_LOSS = (
    Misconception(
        "Reverse, whatever direction is asked for",
        lambda target, logits, direction: _fit(target, logits, "reverse"),
        hint='direction is "forward" or "reverse"; yours is always the second.',
    ),
    *each_with(
        _OF_FIT,
        _fit,
        {
            "0 · log 0 became NaN": (
                partial(_fit, forward=_forward_plain),
                "A class that the target rules out adds nothing to KL(target ‖ model), but for a"
                " computer 0 · (−inf) is NaN.",
            )
        },
    ),
    *named(
        (
            "Softmax of the target",
            lambda target, logits, direction: _fit(target.softmax(-1), logits, direction),
            SOFTMAX,
        ),
        (
            "Forward gives the cross-entropy: the target's entropy was not taken off",
            _split(forward=_cross_entropy),
            "The gradient is the same, but the value is not: it would not be 0 for a perfect fit.",
        ),
        (
            "Both are cross-entropies: the entropy of what stands on the left is missing",
            _split(_cross_entropy, _without_own_entropy),
            "KL = cross-entropy − entropy. For reverse KL the entropy is the model's, and changes the"
            " gradient, too.",
        ),
        (
            "Forward looks at the target's likeliest class only",
            _split(forward=_favourite),
            "That is a hard label's loss. The target's other classes count, too.",
        ),
        (
            "F.kl_div got probabilities of the model where it wants their logarithms",
            _split(forward=_library_wants_log),
            "F.kl_div's first argument is a logarithm, whichever direction it is.",
        ),
        (
            "F.kl_div got probabilities of the model both ways",
            _split(_library_wants_log, _library_reverse),
            "F.kl_div's first argument is a logarithm, whichever direction it is. As its second, a"
            " softmax that was rounded to zero spoils the gradient.",
        ),
        (
            "F.kl_div got log-probabilities as target, and log_target was not said",
            _split(reverse=_library_without_log_target),
            "F.kl_div takes the logarithm of its second argument itself, unless log_target=True.",
        ),
    ),
)


# -- 02.7 KL from samples ---------------------------------------------------------------------


def _log_r(log_p, log_q):
    return log_q - log_p


def _log_r_by_division(log_p, log_q):
    return (log_q.exp() / log_p.exp()).log()


def _k3(log_r):
    return log_r.exp() - 1 - log_r


def _of_r(estimate):
    """A slip that needs r alone. estimate: log r (..., samples) -> the result."""
    return lambda ratio: lambda log_p, log_q: estimate(ratio(log_p, log_q))


_OF_SAMPLES = (
    (
        "r upside down: p / q in place of q / p",
        _of_r(lambda r: _k3(-r).mean(-1)),
        "The samples come from p, and r − 1 averages to zero only if the division by p undoes that:"
        " r = q / p.",
    ),
    (
        "The −1 is missing",
        _of_r(lambda r: (r.exp() - r).mean(-1)),
        "Each sample is 1 too large; for equal beliefs the estimate should be 0.",
    ),
    (
        "log r is added, not taken off",
        _of_r(lambda r: (r.exp() - 1 + r).mean(-1)),
        "k3 is the gap between the line r − 1 and the curve log r below it.",
    ),
    (
        "1 − r in place of r − 1",
        _of_r(lambda r: (1 - r.exp() - r).mean(-1)),
        "k3 is the gap between the line r − 1 and the curve log r below it.",
    ),
    ("The sign is lost", _of_r(lambda r: -_k3(r).mean(-1)), "k3 is never negative."),
    (
        "Only r − 1 is averaged",
        _of_r(lambda r: (r.exp() - 1).mean(-1)),
        "That is zero on average, whatever p and q are. What is missing?",
    ),
    (
        "r · log r: an estimate of another average",
        _of_r(lambda r: (r.exp() * r).mean(-1)),
        "Weighed with r, samples of p speak for q: that is KL(q ‖ p).",
    ),
    (
        "The logarithm is taken after the average",
        _of_r(lambda r: r.exp().mean(-1) - 1 - r.exp().mean(-1).log()),
        "Each sample has its own r and its own log r; their gaps are averaged.",
    ),
    (
        "Large ratios are cut off",
        _of_r(lambda r: (r.exp().clamp(max=2) - 1 - r.exp().clamp(max=2).log()).mean(-1)),
        "The rare large ratios are what makes the estimate right on average.",
    ),
    (
        "Summed over the samples, not averaged",
        _of_r(lambda r: _k3(r).sum(-1)),
        "With twice the samples your estimate doubles.",
    ),
    ("Not averaged", _of_r(_k3), "One estimate for each row of samples is asked for."),
    (
        "Divided by one less than the number of samples",
        _of_r(lambda r: _k3(r).sum(-1) / (r.shape[-1] - 1)),
        "That is for a variance. A mean divides by the number of samples.",
    ),
    (
        "The median of the samples, not their mean",
        _of_r(lambda r: _k3(r).median(-1).values),
        "The rare large samples are what makes the estimate right on average.",
    ),
    (
        "One number for everything",
        _of_r(lambda r: _k3(r).mean()),
        "Average over the samples, the last dimension; what stands before it are separate estimates.",
    ),
    ("Averaged over the first dimension", _of_r(lambda r: _k3(r).mean(0)), "Samples come last."),
    (
        "Averaged over dimension 1, wherever the samples are",
        _of_r(lambda r: _k3(r).mean(1)),
        "The samples are the last dimension, whatever stands before it: dim=-1.",
    ),
    ("The dimension of the samples is kept", _of_r(lambda r: _k3(r).mean(-1, keepdim=True)), KEPT),
    ("The leading shape is flattened", _of_r(lambda r: _k3(r).mean(-1).reshape(-1)), FLAT),
    ("These are bits, not nats", _of_r(lambda r: _k3(r).mean(-1) / LOG_2), BITS),
    (
        "Weighed with p once more",
        lambda ratio: lambda log_p, log_q: (log_p.exp() * _k3(ratio(log_p, log_q))).sum(-1),
        "The outcomes were drawn from p: likely ones already come up more often. A plain mean is"
        " enough.",
    ),
)

KL_FROM_SAMPLES = (
    Misconception(
        "exp of each log-probability underflows to 0 before the division",
        lambda log_p, log_q: _k3(_log_r_by_division(log_p, log_q)).mean(-1),
        hint="exp(−900) is 0 for a computer, and 0 / 0 is NaN. A ratio has a logarithm, too: is it"
        " known already?",
    ),
    *each_with(
        _OF_SAMPLES,
        _log_r,
        {
            "exp of each log-probability underflows": (
                _log_r_by_division,
                "exp(−900) is 0 for a computer, and 0 / 0 is NaN.",
            )
        },
    ),
    *named(
        (
            "k1: unbiased, but of either sign",
            lambda log_p, log_q: (log_p - log_q).mean(-1),
            "That is the mean of −log r. What does k3 add to each sample before averaging?",
        ),
        (
            "k1 upside down: the mean of log r",
            lambda log_p, log_q: (log_q - log_p).mean(-1),
            "On average it is −KL. And which estimator is asked for?",
        ),
        (
            "k1, cut off at zero",
            lambda log_p, log_q: (log_p - log_q).mean(-1).clamp(min=0),
            "Cut off, it is too large on average. k3 needs no cutting.",
        ),
        (
            "k2: half the square of log r",
            lambda log_p, log_q: ((log_q - log_p) ** 2 / 2).mean(-1),
            "Schulman's note has that one, too: never negative, but biased. k3 is asked for.",
        ),
        (
            "The absolute value of log r",
            lambda log_p, log_q: (log_q - log_p).abs().mean(-1),
            "It makes every sample positive at the cost of being wrong on average.",
        ),
        (
            "r is a ratio of log-probabilities, not of probabilities",
            lambda log_p, log_q: (log_q / log_p - 1 - (log_q / log_p).log()).mean(-1),
            "log q and log p are given. A ratio of probabilities is a difference of logarithms.",
        ),
        (
            "log r was taken for r",
            lambda log_p, log_q: (log_q - log_p - 1 - (log_q - log_p).log()).mean(-1),
            "The difference of log-probabilities is log r already, not r.",
        ),
        (
            "The samples were made to sum to one",
            lambda log_p, log_q: _k3(log_q.log_softmax(-1) - log_p.log_softmax(-1)).mean(-1),
            "These are some outcomes out of many; their probabilities need not sum to one.",
        ),
        (
            "The exact formula, with the samples as classes",
            lambda log_p, log_q: (log_p.exp() * (log_p - log_q)).sum(-1),
            "The last dimension holds draws, not all outcomes. Likely ones come up more often already.",
        ),
    ),
)


# -- 02.8 smoothing ---------------------------------------------------------------------------


def _shares(raised):
    return raised / raised.sum(-1, keepdim=True)


def _smoothed_mix(counts, strength):
    return (1 - strength) * _shares(counts.float()) + strength / counts.shape[-1]


def _over(total):
    """counts + strength over a total of their own: (counts, strength) -> (..., 1)."""
    return lambda counts, strength: (counts + strength) / total(counts, strength)


_TOTAL = "What do your rows sum to?"

SMOOTHED = named(
    (
        "Divided by the old total: the rows sum to more than one",
        _over(lambda c, s: c.sum(-1, keepdim=True)),
        "Something was added to every class, so the total has grown as well.",
    ),
    (
        "The total grew by the strength once, not once for each class",
        _over(lambda c, s: c.sum(-1, keepdim=True) + s),
        f"{_TOTAL} How often was something added?",
    ),
    (
        "The total grew only for the classes that were seen",
        _over(lambda c, s: c.sum(-1, keepdim=True) + s * (c > 0).sum(-1, keepdim=True)),
        f"{_TOTAL} Classes that were never seen have grown as well.",
    ),
    (
        "The total grew once for each row, not for each class",
        _over(lambda c, s: c.sum(-1, keepdim=True) + s * c.shape[0]),
        f"{_TOTAL} The classes are the last dimension.",
    ),
    (
        "The total grew three times, however many classes there are",
        _over(lambda c, s: c.sum(-1, keepdim=True) + 3 * s),
        "Three labels are only the lesson's example. How many classes are there?",
    ),
    (
        "Only the zeros were raised",
        lambda c, s: _shares(torch.where(c > 0, c.float(), float(s))),
        "Then a class seen once can end up below one that was never seen. Every class gets the same.",
    ),
    (
        "Counts below the strength were raised to it",
        lambda c, s: _shares(c.float().clamp(min=s)),
        "It is added to every count, to large ones as well.",
    ),
    (
        "The strength was added to the probabilities, not to the counts",
        lambda c, s: _shares(_shares(c.float()) + s),
        "Then it weighs as much after a million observations as after ten.",
    ),
    (
        "The strength was added after dividing, and the rows sum to more than one",
        lambda c, s: _shares(c.float()) + s,
        f"{_TOTAL} And: first the counts grow, then comes the division.",
    ),
    (
        "Always one is added, whatever the strength",
        lambda c, s: _shares(c + 1.0),
        "strength says how much is added.",
    ),
    (
        "The strength is added twice",
        lambda c, s: _shares(c + 2 * s),
        "Where in your code does the strength come in?",
    ),
    (
        "The strength was shared out among the classes",
        lambda c, s: _shares(c + s / c.shape[-1]),
        "A possible convention, but here the whole of λ goes to every class.",
    ),
    (
        "The strength as the weight of the even distribution",
        _smoothed_mix,
        "That is how labels are smoothed: it weighs as much after a million observations as after"
        " ten. Here something is added to counts.",
    ),
    (
        "The strength as a temperature",
        lambda c, s: _shares(c.float() ** (1 / (1 + s))),
        "What was never seen is still impossible. It is added to the counts.",
    ),
    (
        "Divided by the sum of each column, not of each row",
        _over(lambda c, s: (c + s).sum(0, keepdim=True)),
        ROWS,
    ),
    (
        "Divided by the sum over dimension 1, wherever the classes are",
        _over(lambda c, s: (c + s).sum(1, keepdim=True)),
        ROWS,
    ),
    (
        "Divided by the sum of everything, not of each row",
        _over(lambda c, s: (c + s).sum()),
        ROWS,
    ),
    (
        "Divided by the number of classes",
        _over(lambda c, s: c.shape[-1]),
        f"{_TOTAL} It is the counts that have to sum to one.",
    ),
    (
        "Divided by the largest count",
        _over(lambda c, s: (c + s).amax(-1, keepdim=True)),
        f"{_TOTAL}",
    ),
    (
        "Whole-number division: nearly everything becomes 0",
        lambda c, s: (c + s) // (c + s).sum(-1, keepdim=True),
        "// cuts off what follows the point. Probabilities live there.",
    ),
    (
        "Not divided: these are counts still",
        lambda c, s: c + s,
        "Probabilities of a row sum to one.",
    ),
    (
        "Not smoothed",
        lambda c, s: _shares(c.float()),
        "What was never seen is still impossible. Where does the strength come in?",
    ),
    (
        "Only the total grew: what was never seen is still impossible",
        lambda c, s: c / (c.sum(-1, keepdim=True) + s * c.shape[-1]),
        f"{_TOTAL} And what was never seen is still impossible.",
    ),
    (
        "Softmax of the counts",
        lambda c, s: torch.softmax(c + s, -1),
        "Softmax is for logits. Counts become probabilities by dividing by their sum.",
    ),
    (
        "Log-probabilities, not probabilities",
        lambda c, s: _shares(c + s).log(),
        "Each row is to sum to one. What does yours sum to?",
    ),
    (
        "The leading shape is flattened",
        lambda c, s: _shares(c + s).reshape(-1, c.shape[-1]),
        FLAT,
    ),
)


# -- 02.9 the gradient ------------------------------------------------------------------------


def _softmax_by_hand(logits, dim=-1):
    powers = logits.exp()
    return powers / powers.sum(dim, keepdim=True)


def _of_q(gradient, dim=-1):
    """A slip made from q. gradient: q, target -> the result before it is divided by the batch."""
    return lambda softmax: (
        lambda logits, target: gradient(softmax(logits, dim), target) / len(logits)
    )


def _reverse_gradient(logits, target):
    ratio = F.log_softmax(logits, -1) - target.log()
    q = F.softmax(logits, -1)
    return q * (ratio - (q * ratio).sum(-1, keepdim=True)) / len(logits)


_OF_GRADIENT = (
    (
        "The sign is turned: target minus student",
        _of_q(lambda q, p: p - q),
        "A step *against* the gradient has to raise the logit of a class that is believed too"
        " little.",
    ),
    (
        "Not divided by the batch: the gradient of the sum, not of the mean",
        _of_q(lambda q, p: (q - p) * len(q)),
        "Each row is right for itself. The loss is the mean over the batch.",
    ),
    (
        "Divided by the number of classes as well",
        _of_q(lambda q, p: (q - p) / q.shape[-1]),
        "The mean is over the rows of the batch only; over the classes it is a sum.",
    ),
    (
        "Divided by the number of classes, not of rows",
        _of_q(lambda q, p: (q - p) * len(q) / q.shape[-1]),
        "Which of the two dimensions is the batch?",
    ),
    (
        "Divided by one less than the batch",
        _of_q(lambda q, p: (q - p) * len(q) / (len(q) - 1)),
        "That is for a variance. A mean divides by the number of rows.",
    ),
    (
        "Softmax over the batch: every column sums to one, not every row",
        _of_q(lambda q, p: q - p, 0),
        "In a right gradient each row sums to zero. The classes are the last dimension.",
    ),
    (
        "The gradient with respect to the probabilities, −p / q",
        _of_q(lambda q, p: -p / q),
        "That is half of the chain rule. From q back to the logits there is another step.",
    ),
    (
        "A factor q (1 − q) too much",
        _of_q(lambda q, p: (q - p) * q * (1 - q)),
        "It belongs to the squared error of a sigmoid. Here the logarithm cancels it: go through"
        " the derivation once more.",
    ),
    (
        "A logit's effect on the other classes is missing",
        _of_q(lambda q, p: -p * (1 - q)),
        "A logit stands in the denominator of every class's q, not only of its own.",
    ),
    ("The student alone", _of_q(lambda q, p: q), "Where is the first sum of step 2?"),
    (
        "Softmax of the target as well",
        _of_q(lambda q, p: q - p.softmax(-1)),
        "The target holds probabilities already.",
    ),
    (
        "The target became its likeliest class",
        _of_q(lambda q, p: q - F.one_hot(p.argmax(-1), p.shape[-1])),
        "The target's other classes pull, too.",
    ),
    (
        "The difference without its sign",
        _of_q(lambda q, p: (q - p).abs()),
        "Which way should the logit of a class move that is believed too little?",
    ),
    (
        "Twice the difference, as of a squared error",
        _of_q(lambda q, p: 2 * (q - p)),
        "Nothing is squared in a cross-entropy.",
    ),
    (
        "The difference is weighed with the target",
        _of_q(lambda q, p: p * (q - p)),
        "In each row the entries should sum to zero. Do yours?",
    ),
    (
        "The difference is weighed with the student",
        _of_q(lambda q, p: q * (q - p)),
        "In each row the entries should sum to zero. Do yours?",
    ),
    (
        "Averaged over the rows: one row is left",
        _of_q(lambda q, p: (q - p).sum(0)),
        "Each logit has a gradient of its own: (batch, classes).",
    ),
    (
        "Summed over the classes",
        _of_q(lambda q, p: (q - p).sum(-1)),
        "Each logit has a gradient of its own: (batch, classes).",
    ),
    ("Transposed", _of_q(lambda q, p: (q - p).T), "(batch, classes) is asked for."),
    (
        "The student was averaged over the batch first",
        _of_q(lambda q, p: q.mean(0, keepdim=True) - p),
        "Each row has its own q.",
    ),
)

GRADIENT = (
    Misconception(
        "exp overflows: the largest logit is not taken off first",
        lambda logits, target: (_softmax_by_hand(logits) - target) / len(logits),
        hint="exp(300) is inf in float32, and inf / inf is NaN. torch.softmax takes care of it.",
    ),
    *each_with(
        _OF_GRADIENT,
        torch.softmax,
        {"exp overflows": (_softmax_by_hand, "exp(300) is inf in float32, inf / inf is NaN.")},
    ),
    *named(
        (
            "Logits minus target: the softmax is missing",
            lambda logits, target: (logits - target) / len(logits),
            "Both have to be probabilities before they can be compared.",
        ),
        (
            "A sigmoid of each logit, not a softmax of the row",
            lambda logits, target: (logits.sigmoid() - target) / len(logits),
            "Sigmoids of a row do not sum to one.",
        ),
        (
            "log q minus target",
            lambda logits, target: (F.log_softmax(logits, -1) - target) / len(logits),
            "What is the derivative of log Σ e^z by one of its z?",
        ),
        (
            "The gradient of reverse KL",
            _reverse_gradient,
            "The target stands on the left, and does the weighing.",
        ),
        (
            "The loss, class by class, not its gradient",
            lambda logits, target: -(target * F.log_softmax(logits, -1)) / len(logits),
            "That is what the cross-entropy sums up. Its derivative is asked for.",
        ),
        (
            "Softmax over all elements together",
            lambda logits, target: (
                (logits.flatten().softmax(0).view_as(logits) - target) / len(logits)
            ),
            "Each row of logits stands for a distribution of its own.",
        ),
    ),
)
