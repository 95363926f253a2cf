"""The wrong answers of lesson 05 that a check names: averaged weights, an ensemble, rows in order."""

from __future__ import annotations

import math
from functools import reduce

import torch
import torch.nn.functional as F

from kd_course.lessons.lesson05.slips import named

# -- 05.6 averaging weights -------------------------------------------------------------------


def _last(tensors):
    return tensors[-1].clone()


def _mean(tensors):
    return torch.stack(tensors).mean(0)


def _merging(merge=_mean, whole=_last, weight=lambda name, tensor: tensor.is_floating_point()):
    """merge over the tensors of each name; whole where weight(name, the last tensor) says no."""

    def average(checkpoints):
        return {
            name: (merge if weight(name, last) else whole)([c[name] for c in checkpoints])
            for name, last in checkpoints[-1].items()
        }

    return average


def _float_mean(tensors):
    return sum(tensors) / len(tensors)


def _in_turn(share):
    """An average of what came before and the next one, which has this share."""
    return lambda tensors: reduce(lambda a, b: (1 - share) * a + share * b, tensors)


def _later_more(tensors):
    return sum(k * t for k, t in enumerate(tensors, 1)) / sum(range(1, len(tensors) + 1))


def _geometric(tensors):
    return torch.stack(tensors).abs().log().mean(0).exp() * tensors[-1].sign()


def _one_too_few(tensors):
    return sum(tensors) / max(1, len(tensors) - 1)


_SAME = "Each checkpoint counts the same. How much, when there are n of them?"

AVERAGING = named(
    {
        "weights are added, not averaged": (_merging(sum), _SAME),
        "averaged pair by pair, so that late checkpoints count more": (
            _merging(_in_turn(0.5)),
            "((a + b)/2 + c)/2 is not (a + b + c)/3.",
        ),
        "an exponential average, in which the first checkpoint counts most": (
            _merging(_in_turn(0.1)),
            _SAME,
        ),
        "later checkpoints count more": (_merging(_later_more), _SAME),
        "only the last checkpoint is kept": (_merging(_last), _SAME),
        "the first checkpoint is left out": (
            _merging(lambda ts: sum(ts[1:]) / max(1, len(ts) - 1)),
            _SAME,
        ),
        "the last checkpoint is left out": (
            _merging(lambda ts: sum(ts[:-1]) / max(1, len(ts) - 1)),
            _SAME,
        ),
        "only the first and the last checkpoint are averaged": (
            _merging(lambda ts: (ts[0] + ts[-1]) / 2),
            _SAME,
        ),
        "divided by one too few": (_merging(_one_too_few), _SAME),
        "divided by 2, however many there are": (_merging(lambda ts: sum(ts) / 2), _SAME),
        "this is the median": (
            _merging(lambda ts: torch.stack(ts).median(dim=0).values),
            "The mean is asked for.",
        ),
        "this is the geometric mean": (
            _merging(_geometric),
            "The arithmetic mean is asked for: weights may be negative.",
        ),
        "this is the root of the mean square": (
            _merging(lambda ts: torch.stack(ts).pow(2).mean(dim=0).sqrt()),
            "The mean is asked for: weights may be negative.",
        ),
        "this is one mean over all numbers of a tensor": (
            _merging(lambda ts: torch.stack(ts).mean()),
            "Number by number: each tensor keeps its shape.",
        ),
        "the checkpoints' dimension is kept": (
            _merging(lambda ts: torch.stack(ts).mean(dim=0, keepdim=True)),
            "Each tensor keeps its shape.",
        ),
        "the mean is rounded": (
            _merging(lambda ts: (sum(ts) / len(ts)).round(decimals=3)),
            "Leave the digits as they are.",
        ),
        "counters are averaged too": (
            _merging(_float_mean, _float_mean),
            "Which tensors are no weights, and what is to become of them?",
        ),
        "counters are told by having one number": (
            _merging(_float_mean, weight=lambda name, tensor: tensor.numel() > 1),
            "A single number may be a weight, and a counter may have many. What tells them apart?",
        ),
        "only matrices are averaged": (
            _merging(weight=lambda name, t: t.is_floating_point() and t.ndim > 1),
            "Which tensors are no weights? A bias is one.",
        ),
        "only what is called weight is averaged": (
            _merging(weight=lambda name, t: t.is_floating_point() and name.endswith("weight")),
            "A name says little. What do tensors of counters have that weights have not?",
        ),
        "the names are lost": (
            lambda checkpoints: list(_merging()(checkpoints).values()),
            "A dict from name to tensor is asked for.",
        ),
    }
)


# -- 05.7 an ensemble of teachers -------------------------------------------------------------


def _log_p(logits):
    return F.log_softmax(logits, dim=-1)


def _joined(logits):
    """The log of the sum of the teachers' probabilities."""
    return torch.logsumexp(_log_p(logits), dim=0)


def _surest_alone(logits):
    log_p = _log_p(logits)
    surest = log_p.amax(dim=-1).argmax(dim=0)
    return log_p[surest, torch.arange(logits.shape[1])]


def _sure_count_more(logits):
    log_p = _log_p(logits)
    votes = F.log_softmax(log_p.amax(dim=-1, keepdim=True), dim=0)
    return torch.logsumexp(log_p + votes, dim=0)


def _votes(logits):
    votes = F.one_hot(logits.argmax(dim=-1), logits.shape[-1]).sum(dim=0)
    return torch.log(votes / len(logits))


_ONE = "Take one row's answer and add up its exponentials: is it one?"
_AXES = "(teachers, rows, classes): whose probabilities sum to one?"

ENSEMBLE = named(
    {
        "this is the mean of logits": (
            lambda logits: logits.mean(0),
            "Logits of different teachers have different scales; a shout would count for more.",
        ),
        "this is the mean of logits, normalised": (
            lambda logits: _log_p(logits.mean(0)),
            "Logits of different teachers have different scales; a shout would count for more.",
        ),
        "this is the mean of log-probabilities": (
            lambda logits: _log_p(logits).mean(0),
            "That is a geometric mean, and its probabilities no longer sum to one.",
        ),
        "these are probabilities, not their logarithm": (
            lambda logits: F.softmax(logits, dim=-1).mean(0),
            "A loss takes logits.",
        ),
        "the softmax runs over the teachers": (
            lambda logits: torch.logsumexp(F.log_softmax(logits, dim=0), 0) - math.log(len(logits)),
            _AXES,
        ),
        "the softmax runs over the rows": (
            lambda logits: torch.logsumexp(F.log_softmax(logits, dim=1), 0) - math.log(len(logits)),
            _AXES,
        ),
        "the mean is taken over the rows": (
            lambda logits: _log_p(logits).logsumexp(1) - math.log(logits.shape[1]),
            "One opinion of all teachers for each row.",
        ),
        "the teachers' dimension is kept": (
            lambda logits: _joined(logits)[None] - math.log(len(logits)),
            "(rows, classes) is asked for.",
        ),
        "the logits are not made probabilities": (
            lambda logits: torch.logsumexp(logits, 0) - math.log(len(logits)),
            _ONE,
        ),
        "the teachers are not normalised before they are added, only their sum is": (
            lambda logits: _log_p(torch.logsumexp(logits, 0)),
            "A teacher with large logits would count for more: each has one vote.",
        ),
        "probabilities are added, not averaged": (_joined, _ONE),
        "the number of teachers is multiplied, not divided by": (
            lambda logits: _joined(logits) + math.log(len(logits)),
            _ONE,
        ),
        "the number of teachers is subtracted, not its logarithm": (
            lambda logits: _joined(logits) - len(logits),
            _ONE,
        ),
        "the logarithm is divided by the number of teachers": (
            lambda logits: _joined(logits) / len(logits),
            "What becomes of a quotient when its logarithm is taken?",
        ),
        "divided by the number of classes": (
            lambda logits: _joined(logits) - math.log(logits.shape[-1]),
            _ONE,
        ),
        "divided by the number of rows": (
            lambda logits: _joined(logits) - math.log(logits.shape[1]),
            _ONE,
        ),
        "divided by 2, however many teachers there are": (
            lambda logits: _joined(logits) - math.log(2),
            _ONE,
        ),
        "the surest teacher decides for each class": (
            lambda logits: _log_p(logits).max(0).values,
            "A mean, not a maximum.",
        ),
        "the surest teacher decides for each class, normalised": (
            lambda logits: _log_p(_log_p(logits).max(0).values),
            "A mean, not a maximum.",
        ),
        "the surest teacher of each row is believed alone": (
            _surest_alone,
            "Every teacher has one vote.",
        ),
        "sure teachers have more votes": (_sure_count_more, "Every teacher has one vote."),
        "the teachers' favourites are counted": (
            _votes,
            "The probabilities are averaged, not the decisions.",
        ),
        "this is a logarithm to base 2": (
            lambda logits: (_joined(logits) - math.log(len(logits))) / math.log(2),
            "The natural logarithm: a loss is in nats.",
        ),
        "the teachers are softened": (
            lambda logits: _joined(logits / 2) - math.log(len(logits)),
            "The teachers' own probabilities are averaged, at T = 1.",
        ),
        "a small probability becomes 0, and its logarithm -inf": (
            lambda logits: F.softmax(logits.float(), dim=-1).mean(0).log(),
            "Which number that you compute on the way is too small for a float?",
        ),
    }
)


# -- 05.9 logits back in order ----------------------------------------------------------------


def _put_back(logits, order):
    """The right answer, on which the slips below build."""
    return logits[order.argsort()]


def _one_off(logits, order):
    moved = torch.empty_like(logits)
    moved[order - 1] = logits
    return moved


def _overwritten(logits, order):
    moved = logits.clone()
    for k, row in enumerate(order.tolist()):
        moved[row] = moved[k]
    return moved


def _exchanged(logits, order):
    moved = logits.clone()
    for k, row in enumerate(order.tolist()):
        moved[[k, row]] = moved[[row, k]]
    return moved


_AS_THEY_ARE = "The rows change places. Nothing else changes."
_PLACE = "`order` says where each answer belongs. Follow the first answer: where does it end up?"

ORDER = named(
    {
        "looked up the wrong way round": (
            lambda logits, order: logits[order],
            "logits[order] takes an answer *from* place order[k]. Where does it have to go?",
        ),
        "left as they came": (lambda logits, order: logits.clone(), _PLACE),
        "turned round": (lambda logits, order: logits.flip(0), _PLACE),
        "looked up twice": (lambda logits, order: logits[order][order], _PLACE),
        "the last row comes first": (
            lambda logits, order: logits[order.argsort(descending=True)],
            "Row 0 comes first.",
        ),
        "rows are counted from 1": (_one_off, "Row 0 comes first."),
        "each column is sorted by its values": (
            lambda logits, order: logits.sort(dim=0).values,
            _PLACE,
        ),
        "the rows are sorted by their first class": (
            lambda logits, order: logits[logits[:, 0].argsort()],
            _PLACE,
        ),
        "the rows are sorted by their surest answer": (
            lambda logits, order: logits[logits.amax(dim=-1).argsort()],
            _PLACE,
        ),
        "rows are overwritten before they are read": (
            _overwritten,
            "Write into a new tensor, not into the one that you read from.",
        ),
        "pairs of rows change places, one pair after the other": (
            _exchanged,
            "After the first exchange `order` no longer says where things are.",
        ),
        "the classes are sorted as well": (
            lambda logits, order: _put_back(logits, order).sort(dim=-1).values,
            _AS_THEY_ARE,
        ),
        "the answers are added to those that stood there": (
            lambda logits, order: logits + _put_back(logits, order),
            _AS_THEY_ARE,
        ),
        "only one class comes back": (
            lambda logits, order: _put_back(logits, order)[:, :1],
            _AS_THEY_ARE,
        ),
        "the shape is lost": (
            lambda logits, order: _put_back(logits, order).flatten(),
            _AS_THEY_ARE,
        ),
        "rows and classes are exchanged": (
            lambda logits, order: _put_back(logits, order).T,
            _AS_THEY_ARE,
        ),
        "these are class numbers": (
            lambda logits, order: _put_back(logits, order).argmax(dim=-1),
            "The logits themselves are asked for.",
        ),
        "these are probabilities": (
            lambda logits, order: F.softmax(_put_back(logits, order), dim=-1),
            "The logits themselves are asked for.",
        ),
        "this is the order, not the logits": (
            lambda logits, order: order.argsort(),
            "The logits themselves are asked for.",
        ),
        "the last row is lost": (
            lambda logits, order: _put_back(logits, order)[:-1],
            "Every row comes back.",
        ),
        "the row numbers are returned as well": (
            lambda logits, order: (_put_back(logits, order), order.sort().values),
            "The logits alone are asked for.",
        ),
        "the logits are cut to whole numbers": (
            lambda logits, order: _put_back(logits, order).long(),
            _AS_THEY_ARE,
        ),
    }
)
