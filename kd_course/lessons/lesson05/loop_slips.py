"""The wrong answers of lesson 05 that a check names: schedule, clipping, accumulation, stopping."""

from __future__ import annotations

import math
from functools import partial

import torch

from kd_course.exercises.slips import mixture, with_other_alpha
from kd_course.lessons.lesson05.slips import named, nothing

# -- 05.2 the schedule ------------------------------------------------------------------------


def _schedule(down, up=lambda step, warmup: step / warmup):
    """A schedule: peak times up(step, warmup), then times down(step, warmup, total)."""

    def rate(step, warmup, total, peak):
        return peak * (up(step, warmup) if step < warmup else down(step, warmup, total))

    return rate


def _straight(step, warmup, total):
    return max(0.0, (total - step) / (total - warmup))


def _share_done(step, warmup, total):
    return min(1.0, (step - warmup) / (total - warmup))


def _counted_from_one(step, warmup, total, peak):
    step = step + 1
    down = max(0.0, (total - step) / (total - warmup))
    return peak * (step / warmup if step < warmup else min(1.0, down))


def _both_at_once(step, warmup, total, peak):
    up = step / warmup if step < warmup else 1.0
    return peak * up * max(0.0, 1 - step / total)


def _no_warmup(step, warmup, total, peak):
    return peak * min(1.0, _straight(step, warmup, total))


def _rounded(step, warmup, total, peak):
    return round(_schedule(_straight)(step, warmup, total, peak), 5)


SCHEDULE = named(
    {
        "steps are counted from one": (
            _counted_from_one,
            "The first step has number 0. Which rate has it?",
        ),
        "the rise is one step ahead": (
            _schedule(_straight, lambda step, warmup: (step + 1) / warmup),
            "Which rate has step 0, and which step `warmup`?",
        ),
        "the rise begins above 0 and takes one step too many": (
            _schedule(_straight, lambda step, warmup: (step + 1) / (warmup + 1)),
            "Which rate has step 0, and which step `warmup`?",
        ),
        "the rise begins at a tenth of the peak": (
            _schedule(_straight, lambda step, warmup: 0.1 + 0.9 * step / warmup),
            "Which rate has step 0?",
        ),
        "the rate never comes down": (
            _schedule(lambda step, warmup, total: 1.0),
            "After the warm-up it falls on a straight line. Where does that end?",
        ),
        "the way down begins at step 0": (
            _schedule(lambda step, warmup, total: max(0.0, 1 - step / total)),
            "At step `warmup` the rate is the peak itself: how far is it from there to `total`?",
        ),
        "the way down is as long as the whole training": (
            _schedule(lambda step, warmup, total: max(0.0, 1 - (step - warmup) / total)),
            "How many steps are there from `warmup` to `total`?",
        ),
        "the way down ends one step too early": (
            _schedule(lambda s, w, t: max(0.0, (t - 1 - s) / max(1, t - 1 - w))),
            "At which step is the rate 0 for the first time?",
        ),
        "the way down ends one step too late": (
            _schedule(lambda s, w, t: max(0.0, (t + 1 - s) / (t + 1 - w))),
            "At which step is the rate 0 for the first time?",
        ),
        "warm-up and decay are multiplied": (
            _both_at_once,
            "While it warms up nothing decays; the peak is reached.",
        ),
        "there is no warm-up": (
            _no_warmup,
            "Before step `warmup` the rate rises from 0 on a straight line.",
        ),
        "it falls below zero": (
            _schedule(lambda step, warmup, total: (total - step) / (total - warmup)),
            "A negative rate climbs. What is the rate beyond the end?",
        ),
        "this is the cosine schedule": (
            _schedule(lambda *args: (1 + math.cos(math.pi * _share_done(*args))) / 2),
            "A good schedule too, but here the way down is a straight line.",
        ),
        "the way down is exponential": (
            _schedule(lambda s, w, t: math.exp(-5 * (s - w) / (t - w)) if s < t else 0.0),
            "The way down is a straight line.",
        ),
        "this is a share of the peak, not a rate": (
            lambda step, warmup, total, peak: _schedule(_straight)(step, warmup, total, 1.0),
            "The function gets `peak`: is it used?",
        ),
        "// on the way up: it is 0 until the peak": (
            _schedule(_straight, lambda step, warmup: step // warmup),
            "// rounds down to a whole number.",
        ),
        "// on the way down: it falls to 0 at once": (
            _schedule(lambda s, w, t: max(0, (t - s) // (t - w))),
            "// rounds down to a whole number.",
        ),
        "the rate is rounded": (
            _rounded,
            "A pretrained model is trained at rates like 0.00003: leave the digits as they are.",
        ),
        "a warm-up of a tenth is written in": (
            lambda step, warmup, total, peak: _schedule(_straight)(step, total // 10, total, peak),
            "The function gets `warmup`: is it used?",
        ),
    }
)


# -- 05.3 clipping ----------------------------------------------------------------------------


def _global_norm(gradients):
    return torch.sqrt(sum((g**2).sum() for g in gradients))


def _at_most(norm, bound):
    """The right factor for a gradient of this norm."""
    return 1.0 if norm <= bound else bound / norm


def _clipping(norm=_global_norm, factor=_at_most):
    """Clipping with another norm(gradients), or another factor(norm, bound)."""

    def clip(gradients, max_norm):
        scale = factor(norm(gradients), max_norm)
        return [g * scale for g in gradients]

    return clip


def _each_alone(gradients, max_norm):
    return [_clipping()([g], max_norm)[0] for g in gradients]


def _each_row_alone(gradients, max_norm):
    norms = [g.norm(dim=-1, keepdim=True) if g.ndim else g.abs() for g in gradients]
    return [g * (max_norm / n.clamp(min=1e-30)).clamp(max=1.0) for g, n in zip(gradients, norms)]


def _only_the_longest(gradients, max_norm):
    longest = max(range(len(gradients)), key=lambda i: gradients[i].norm())
    clipped = _clipping()(gradients, max_norm)
    return [c if i == longest else g for i, (g, c) in enumerate(zip(gradients, clipped))]


def _spectral(gradients):
    each = [torch.linalg.norm(g, 2) if g.ndim == 2 else g.norm() for g in gradients]
    return torch.stack(each).norm()


def _one_length(what):
    """How every other length of the gradient than the right one is answered."""
    return (
        f"{what} The length of all tensors together: as if all their entries stood in one vector."
    )


_BENT = "That bends the direction of the step: one factor for all."

CLIPPING = named(
    {
        "each tensor is clipped by itself": (_each_alone, _BENT),
        "each row of a matrix is clipped by itself": (_each_row_alone, _BENT),
        "single entries are clipped": (
            lambda gradients, max_norm: [g.clamp(-max_norm, max_norm) for g in gradients],
            _BENT,
        ),
        "only the longest tensor is scaled": (_only_the_longest, _BENT),
        "short gradients are stretched": (
            _clipping(factor=lambda n, bound: bound / n if n > 0 else 1.0),
            "What is to become of a gradient that is shorter than the bound?",
        ),
        "short gradients are stretched, and zeros become nan": (
            _clipping(factor=lambda n, bound: bound / n),
            "What is to become of a gradient that is shorter than the bound? And of one of zeros?",
        ),
        "short gradients are stretched, and long ones stay": (
            _clipping(factor=lambda n, bound: 1.0 if n >= bound or n == 0 else bound / n),
            "Which of the two is a bound for: the short, or the long?",
        ),
        "norms are added": (
            _clipping(lambda gradients: sum(g.norm() for g in gradients)),
            _one_length("(3, 4) is 5 long, not 7."),
        ),
        "absolute values are added": (
            _clipping(lambda gradients: sum(g.abs().sum() for g in gradients)),
            _one_length("(3, 4) is 5 long, not 7."),
        ),
        "the largest entry is taken for the norm": (
            _clipping(lambda gradients: max(g.abs().max() for g in gradients)),
            _one_length("(3, 4) is 5 long, not 4."),
        ),
        "the longest tensor's norm is taken for the whole": (
            _clipping(lambda gradients: max(g.norm() for g in gradients)),
            _one_length("(3, 4) is 5 long, not 4."),
        ),
        "the first tensor's norm is taken for the whole": (
            _clipping(lambda gradients: gradients[0].norm()),
            _one_length("All of them count."),
        ),
        "the last tensor is not counted": (
            _clipping(lambda gradients: _global_norm([*gradients[:-1], torch.zeros(1)])),
            _one_length("All of them count."),
        ),
        "the root is missing": (
            _clipping(lambda gradients: _global_norm(gradients) ** 2),
            _one_length("(3, 4) is 5 long, not 25."),
        ),
        "the mean of the squares, not their sum": (
            _clipping(lambda gs: torch.cat([g.flatten() for g in gs]).pow(2).mean().sqrt()),
            _one_length("(3, 4) is 5 long, however many entries there are."),
        ),
        "the squares are divided by the number of tensors": (
            _clipping(lambda gradients: _global_norm(gradients) / len(gradients) ** 0.5),
            _one_length("How they are cut into tensors has no say."),
        ),
        "the spectral norm of the matrices": (
            _clipping(_spectral),
            _one_length("torch.linalg.norm(…, 2) of a matrix is its largest singular value."),
        ),
        "entries are added before they are squared": (
            _clipping(lambda gradients: torch.sqrt(sum(g.sum() ** 2 for g in gradients))),
            _one_length("(1, -1) is not 0 long."),
        ),
        "the squared norm is compared with the bound": (
            _clipping(factor=lambda n, bound: 1.0 if n**2 <= bound else bound / n),
            "The bound is one for the norm. Which of the two do you compare with it?",
        ),
        "the factor is squared": (
            _clipping(factor=lambda n, bound: _at_most(n, bound) ** 2),
            "How long is the gradient afterwards? Work it out for one that is 5 long, bound 1.",
        ),
        "the root of the factor is taken": (
            _clipping(factor=lambda n, bound: _at_most(n, bound) ** 0.5),
            "How long is the gradient afterwards? Work it out for one that is 5 long, bound 1.",
        ),
        "what is too long becomes 1 long, whatever the bound": (
            _clipping(factor=lambda n, bound: 1.0 if n <= bound else 1 / n),
            "How long is the gradient afterwards, and how long may it be?",
        ),
        "a bound of 1 is written in": (
            _clipping(factor=lambda n, bound: _at_most(n, 1.0)),
            "The function gets `max_norm`: is it used?",
        ),
        "a gradient that is too long is dropped": (
            _clipping(factor=lambda n, bound: float(n <= bound)),
            "Its direction is to be kept: a shorter step, not none.",
        ),
        "one flat vector is returned": (
            lambda gs, bound: torch.cat([g.flatten() for g in _clipping()(gs, bound)]),
            "A list of tensors, each of its own shape, is asked for.",
        ),
        "the shapes are lost": (
            lambda gs, bound: [g.flatten() for g in _clipping()(gs, bound)],
            "Each tensor comes back in its own shape.",
        ),
        "the norm is returned as well": (
            lambda gs, bound: (_clipping()(gs, bound), _global_norm(gs)),
            "The gradients alone are asked for. (PyTorch's function returns the norm.)",
        ),
    }
)


# -- 05.4 accumulation ------------------------------------------------------------------------


def weighted(values, counts, total=None):
    """The mean of values by counts, divided by another total if one is given."""
    total = sum(counts) if total is None else total
    return sum(v * n for v, n in zip(values, counts)) / max(total, 1)


def _soft_mean(soft, hard, rows, labelled):
    return weighted(soft, rows)


def _hard_mean(soft, hard, rows, labelled):
    return weighted(hard, labelled)


def _alike(values):
    """The mean of the parts' means: of the soft ones, or of the hard ones."""
    return lambda *args: sum(args[values]) / len(args[values])


def _labelled_alike(soft, hard, rows, labelled):
    return sum(h for h, m in zip(hard, labelled) if m) / max(1, sum(m > 0 for m in labelled))


def _by_labelled_parts(soft, hard, rows, labelled):
    return weighted(hard, [n if m else 0 for n, m in zip(rows, labelled)])


def _soft_where_labelled(soft, hard, rows, labelled):
    return weighted(soft, [n if m else 0 for n, m in zip(rows, labelled)])


def _hard_where_whole(soft, hard, rows, labelled):
    return weighted(hard, [m if m == n else 0 for n, m in zip(rows, labelled)])


def _without_last(soft, hard, rows, labelled):
    return weighted(soft[:-1], rows[:-1])


def _sums(values, counts):
    return lambda *args: sum(v * n for v, n in zip(args[values], args[counts]))


def _whole_shares(soft, hard, rows, labelled):
    return sum(s * (n // sum(rows)) for s, n in zip(soft, rows))


def _by_all(soft, hard, rows, labelled):
    return sum(rows) + sum(labelled)


def _over(values, counts, total):
    """A part, weighed by counts and divided by total(soft, hard, rows, labelled)."""
    return lambda *args: weighted(args[values], args[counts], total(*args))


_SOFT, _HARD, _ROWS, _LABELLED = range(4)
_right = mixture(_soft_mean, _hard_mean)


def _unless_unlabelled(otherwise):
    """Right, but for a step without any label: otherwise(*args)."""
    return lambda *args: _right(*args) if sum(args[_LABELLED]) else otherwise(*args)


ACCUMULATION = named(
    {
        "this is the mean of the parts' means": (
            mixture(_alike(_SOFT), _alike(_HARD)),
            "A part of two rows would count as much as one of eight.",
        ),
        "the parts' means are added": (
            mixture(lambda *args: sum(args[_SOFT]), lambda *args: sum(args[_HARD])),
            "Four parts would make a loss, and its gradient, four times as large.",
        ),
        "the soft losses of all parts count alike": (
            mixture(_alike(_SOFT), _hard_mean),
            "A part of two rows would count as much as one of eight.",
        ),
        "the hard losses of all parts count alike": (
            mixture(_soft_mean, _alike(_HARD)),
            "How many rows does hard[i] speak for?",
        ),
        "the hard losses of the parts that have labels count alike": (
            mixture(_soft_mean, _labelled_alike),
            "How many rows does hard[i] speak for?",
        ),
        "the hard part is weighed by all rows": (
            mixture(_soft_mean, lambda *args: weighted(args[_HARD], args[_ROWS])),
            "How many rows does hard[i] speak for?",
        ),
        "the hard part is weighed by all rows of the parts that have labels": (
            mixture(_soft_mean, _by_labelled_parts),
            "How many rows does hard[i] speak for?",
        ),
        "the hard part is divided by all rows": (
            mixture(_soft_mean, _over(_HARD, _LABELLED, lambda *args: sum(args[_ROWS]))),
            "Over which rows would the one large batch take the mean of its hard loss?",
        ),
        "the soft part is weighed by the labelled rows": (
            mixture(lambda *args: weighted(args[_SOFT], args[_LABELLED]), _hard_mean),
            "A row without a label has a teacher all the same.",
        ),
        "the soft part is divided by the labelled rows": (
            mixture(_over(_SOFT, _ROWS, lambda *args: sum(args[_LABELLED])), _hard_mean),
            "A row without a label has a teacher all the same.",
        ),
        "parts without a label are left out of the soft part": (
            mixture(_soft_where_labelled, _hard_mean),
            "A row without a label has a teacher all the same.",
        ),
        "parts in which one label is missing have no hard loss": (
            mixture(_soft_mean, _hard_where_whole),
            "The other rows of such a part have labels.",
        ),
        "both parts are divided by rows and labels together": (
            mixture(_over(_SOFT, _ROWS, _by_all), _over(_HARD, _LABELLED, _by_all)),
            "Each of the two parts is a mean of its own.",
        ),
        "it is divided twice": (
            lambda *args: _right(*args) / len(args[_SOFT]),
            "Is what you have a mean already, before you divide by the number of parts?",
        ),
        "the soft part is a sum over the rows": (
            mixture(_sums(_SOFT, _ROWS), _hard_mean),
            "The one large batch takes a mean.",
        ),
        "the hard part is a sum over the rows": (
            mixture(_soft_mean, _sums(_HARD, _LABELLED)),
            "The one large batch takes a mean.",
        ),
        "α weighs the labels": (with_other_alpha(_right), "Which part does α weigh here?"),
        "the hard part is not weighed": (
            lambda *args: args[-1] * _soft_mean(*args[:-1]) + _hard_mean(*args[:-1]),
            "The two weights sum to one.",
        ),
        "the soft part is not weighed": (
            lambda *args: _soft_mean(*args[:-1]) + (1 - args[-1]) * _hard_mean(*args[:-1]),
            "The two weights sum to one.",
        ),
        "a weight of one half is written in": (
            lambda *args: _right(*args[:-1], 0.5),
            "The function gets α: is it used?",
        ),
        "without any label the weight α is left out": (
            _unless_unlabelled(lambda *args: _soft_mean(*args[:-1])),
            "Without a label one of the two parts is 0. What happens to the weight of the other?",
        ),
        "without any label the whole loss is 0": (
            _unless_unlabelled(nothing),
            "Without a label the teacher still speaks.",
        ),
        "the last part is left out": (mixture(_without_last, _hard_mean), "Every part counts."),
        "// makes the shares 0": (
            mixture(_whole_shares, _hard_mean),
            "// rounds down to a whole number.",
        ),
    }
)


# -- 05.5 early stopping ----------------------------------------------------------------------


def _lower(loss, mark, min_delta):
    return loss < mark - min_delta


def _both(best, stop, stopped, losses):
    return best, stop


def _stopping(
    losses,
    patience,
    min_delta,
    *,
    better=_lower,
    given=_both,
    first=None,
    begin=1,
    end=0,
    late=0,
    moves=True,
    previous=False,
    creeping=False,
    after_gain=lambda waited: 0,
    counts=lambda loss, before, waited: waited + 1,
):
    """The rule, with the slips that can be made in it.

    better(loss, mark, min_delta); given(best, stop, whether it stopped, losses): what is returned.
    first: the mark at the start; begin, end: the evaluations that are looked at; late: added to the
    patience. moves: whether a gain sets the mark; previous: whether every evaluation does; creeping:
    whether a gain that does not count does. after_gain, counts: how the counter goes on.
    """
    best, waited, mark = 0, 0, losses[0] if first is None else first
    for k in range(begin, len(losses) + end):
        loss = losses[k]
        if better(loss, mark, min_delta):
            best, waited = k, after_gain(waited)
            mark = loss if moves else mark
        else:
            mark = min(mark, loss) if creeping else mark
            waited = counts(loss, losses[k - 1], waited)
            if waited >= patience + late:
                return given(best, k, True, losses)
        mark = loss if previous else mark
    return given(best, len(losses) - 1, False, losses)


def _one_early(losses, patience, min_delta):
    best = 0
    for k, loss in enumerate(losses):
        best = k if loss < losses[best] - min_delta else best
        if k - best + 1 >= patience:
            return best, k
    return best, len(losses) - 1


def _rule(**options):
    return partial(_stopping, **options)


def _given(value):
    return partial(_stopping, given=value)


def _rises(loss, before, waited):
    return waited + 1 if loss > before else 0


def _stopped_at_all(losses, patience, min_delta):
    """(best of the whole list, stop): the search does not end with the training."""
    _, stop = _stopping(losses, patience, min_delta)
    best, _ = _stopping(losses, math.inf, min_delta)
    return best, stop


def _patience_before(losses, patience, min_delta):
    _, stop = _stopping(losses, patience, min_delta)
    return max(0, stop - patience), stop


def _lowest(best, stop, stopped, losses):
    seen = losses[: stop + 1]
    return seen.index(min(seen)), stop


def _twins(losses, patience, min_delta):
    best, stop = _stopping(losses, patience, min_delta)
    return max(k for k in range(stop + 1) if losses[k] == losses[best]), stop


_MARK = "What sets the mark? Read the second sentence again."
_ORDER = "(best, stop): two numbers of evaluations, counted from 0."

STOPPING = named(
    {
        "bad evaluations are counted in all, not in a row": (
            _rule(after_gain=lambda waited: waited),
            "What does an improvement do to the counter?",
        ),
        "an improvement takes only one off the count": (
            _rule(after_gain=lambda waited: max(0, waited - 1)),
            "What does an improvement do to a count of evaluations *in a row* without one?",
        ),
        "only evaluations that rise are counted": (
            _rule(counts=_rises),
            "A loss that falls, but stays above the mark: is that an improvement?",
        ),
        "it stops one evaluation too late": (
            _rule(late=1),
            "Count on your fingers, for a patience of 1.",
        ),
        "it stops one evaluation too early": (
            _one_early,
            "Count on your fingers, for a patience of 2.",
        ),
        "the first evaluation counts as one without improvement": (
            _rule(begin=0),
            "The first evaluation sets the mark: there is nothing yet to be worse than.",
        ),
        "where it stops is the evaluation after": (
            _given(lambda best, k, stopped, losses: (best, k + stopped)),
            "Training stops at the evaluation that exhausts the patience.",
        ),
        "the last evaluation is not looked at": (
            _rule(end=-1),
            "The last one may be an improvement.",
        ),
        "compared with the evaluation before": (_rule(previous=True), _MARK),
        "the mark stays at the first loss": (_rule(moves=False), _MARK),
        "the mark begins at 1": (
            _rule(first=1.0, begin=0),
            "A loss may be above 1 from the first evaluation to the last.",
        ),
        "the mark begins at 0": (_rule(first=0.0), "A loss is above 0: what could be lower?"),
        "larger is taken for better": (
            _rule(better=lambda loss, mark, delta: loss > mark + delta),
            "These are losses.",
        ),
        "min_delta is ignored": (
            _rule(better=lambda loss, mark, delta: loss < mark),
            "How much lower must an improvement be?",
        ),
        "min_delta makes it easier, not harder": (
            _rule(better=lambda loss, mark, delta: loss < mark + delta),
            "On which side of the mark does an improvement begin?",
        ),
        "min_delta is taken for a share of the mark": (
            _rule(better=lambda loss, mark, delta: loss < mark * (1 - delta)),
            "min_delta is a difference of losses, in nats.",
        ),
        "a gain of exactly min_delta counts": (
            _rule(better=lambda loss, mark, delta: loss <= mark - delta),
            "By *more than* min_delta.",
        ),
        "the mark creeps along with gains that do not count": (
            _rule(creeping=True),
            "Small gains may add up to one that counts. Where must the mark stay for that?",
        ),
        "the last of equal losses is kept": (
            _twins,
            "A loss that equals the mark is no improvement.",
        ),
        "the last evaluation is kept, not the best": (
            _given(lambda best, k, stopped, losses: (k, k)),
            "The point of stopping is to go back to the best weights.",
        ),
        "the lowest loss is kept, though its gain does not count": (
            _given(_lowest),
            "Asked for is the last *improvement*: a gain that does not count is none.",
        ),
        "where it stops, the best of the whole list is kept": (
            _given(
                lambda best, k, stopped, losses: (losses.index(min(losses)) if stopped else best, k)
            ),
            "Whoever stops does not see what would have come.",
        ),
        "it goes on looking for the best after the stop": (
            _stopped_at_all,
            "Whoever stops does not see what would have come.",
        ),
        "the best is taken to lie `patience` evaluations before the end": (
            _patience_before,
            "Not where there was no reason to stop.",
        ),
        "a patience of 3 is written in": (
            lambda losses, patience, delta: _stopping(losses, 3, delta),
            "The function gets `patience`: is it used?",
        ),
        "without a reason to stop, it is the number of evaluations": (
            _given(lambda best, k, stopped, losses: (best, k if stopped else k + 1)),
            "Which number has the last evaluation, counted from 0?",
        ),
        "without a reason to stop, it is None": (
            _given(lambda best, k, stopped, losses: (best, k if stopped else None)),
            "Where does training end when there is no reason to stop?",
        ),
        "without a reason to stop, it is the best": (
            _given(lambda best, k, stopped, losses: (best, k if stopped else best)),
            "Where does training end when there is no reason to stop?",
        ),
        "the two numbers are swapped": (
            _given(lambda best, k, stopped, losses: (k, best)),
            _ORDER,
        ),
        "evaluations are counted from 1": (
            _given(lambda best, k, stopped, losses: (best + 1, k + 1)),
            _ORDER,
        ),
        "this is the best loss, not its number": (
            _given(lambda best, k, stopped, losses: (losses[best], k)),
            _ORDER,
        ),
    }
)
