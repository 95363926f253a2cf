"""Wrong answers to lesson 08's exercises: what its checks know by name. Right but for one slip."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from kd_course.exercises.slips import mean_over

Function = Callable[..., Any]

NOT_HERE = -100
NOWHERE = (NOT_HERE, NOT_HERE)
LOW = -1e30

# -- 08.1 the window's map --------------------------------------------------------------------


def touching(offsets, start, end):
    """The tokens that share a character with the answer."""
    return [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]


def reached(offsets, start, end):
    """Whether the window's passage goes as far as the answer does."""
    passage = [(s, e) for s, e in offsets if s < e]
    return bool(passage) and passage[0][0] <= start and passage[-1][1] >= end


def map_with(
    find: Function = touching,
    inside: Function = reached,
    told: Function = lambda found, offsets: (found[0], found[-1]),
    nothing: Any = NOWHERE,
) -> Function:
    def answer_tokens(offsets, start, end):
        found = find(offsets, start, end)
        return told(found, offsets) if found and inside(offsets, start, end) else nothing

    return answer_tokens


def clamped_map(offsets, start, end):
    inside = touching(offsets, start, end)
    return (inside[0], inside[-1]) if inside else (len(offsets) - 1, len(offsets) - 1)


def exact_edges(offsets, start, end):
    first = [i for i, (s, e) in enumerate(offsets) if s < e and s == start]
    last = [i for i, (s, e) in enumerate(offsets) if s < e and e == end]
    return (first[0], last[0]) if first and last else NOWHERE


def wholly_inside(offsets, start, end):
    return [i for i, (s, e) in enumerate(offsets) if start <= s < e <= end]


def up_to_the_end(offsets, start, end):
    return [i for i, (s, e) in enumerate(offsets) if s <= end and e > s and e > start]


def from_the_end(offsets, start, end):
    return [i for i, (s, e) in enumerate(offsets) if e > s and s < end and e >= start]


def with_special_ones(offsets, start, end):
    return [
        i
        for i, (s, e) in enumerate(offsets)
        if start <= s < end or start < e <= end or (s < start and end < e)
    ]


def sought_behind(offsets, start, end):
    first = [i for i, (s, e) in enumerate(offsets) if s <= start < e]
    last = [i for i, (s, e) in enumerate(offsets) if s <= end < e]
    return (first[0], last[0]) if first and last else NOWHERE


def one_side_only(offsets, start, end):
    found = touching(offsets, start, end)
    if not found:
        return NOWHERE
    begun, ended = offsets[found[0]][0] <= start, offsets[found[-1]][1] >= end
    return (found[0] if begun else NOT_HERE, found[-1] if ended else NOT_HERE)


def counted_from_the_passage(found, offsets):
    shift = next(i for i, (s, e) in enumerate(offsets) if s < e)
    return found[0] - shift, found[-1] - shift


def anything(*_):
    return True


# -- 08.2 the best spans ----------------------------------------------------------------------


def added(start, end, mask):
    return lambda i, j: start[i].item() + end[j].item()


def multiplied(start, end, mask):
    return lambda i, j: start[i].item() * end[j].item()


def swapped_ends(start, end, mask):
    return added(end, start, mask)


def start_for_both(start, end, mask):
    return added(start, start, mask)


def the_larger(start, end, mask):
    return lambda i, j: max(start[i].item(), end[j].item())


def probabilities_added(start, end, mask):
    return added(*(torch.where(mask, x, LOW).softmax(-1) for x in (start, end)), mask)


def lowest_sum(start, end, mask):
    score = added(start, end, mask)
    return lambda i, j: -score(i, j)


def right_pair(i, j, mask, longest):
    return bool(mask[i] and mask[j]) and 0 <= j - i < longest


def spans_with(
    score: Function = added,
    allowed: Function = right_pair,
    told: Function = lambda pairs, n, longest, mask, value: pairs[:n],
) -> Function:
    """told: of all allowed pairs, the best first, what is handed back."""

    def best_spans(start, end, mask, n, longest):
        tokens = range(len(mask))
        value = score(start, end, mask)
        pairs = [(i, j) for i in tokens for j in tokens if allowed(i, j, mask, longest)]
        pairs.sort(key=lambda pair: -value(*pair))
        return told(pairs, n, longest, mask, value)

    return best_spans


def sieved_afterwards(pairs, n, longest, mask, value):
    return [(i, j) for i, j in pairs[:n] if right_pair(i, j, mask, longest)]


def one_a_start(pairs, n, longest, mask, value):
    seen: dict[int, tuple[int, int]] = {}
    for pair in pairs:
        seen.setdefault(pair[0], pair)
    return list(seen.values())[:n]


def apart(pairs, n, longest, mask, value):
    kept: list[tuple[int, int]] = []
    for i, j in pairs:
        if all(j < a or b < i for a, b in kept):
            kept.append((i, j))
    return kept[:n]


def counted_among_allowed(pairs, n, longest, mask, value):
    place = (mask.long().cumsum(0) - 1).tolist()
    return [(place[i], place[j]) for i, j in pairs[:n]]


def best_start_first(start, end, mask, n, longest):
    first = torch.where(mask, start, LOW).argmax().item()
    return spans_with(allowed=lambda i, *others: i == first and right_pair(i, *others))(
        start, end, mask, n, longest
    )


def best_of_each(start, end, mask, n, longest):
    """Only the n best starts and the n best ends are paired."""
    starts, ends = (
        torch.where(mask, x, LOW).argsort(descending=True, stable=True)[:n].tolist()
        for x in (start, end)
    )
    return spans_with(
        allowed=lambda i, j, *others: i in starts and j in ends and right_pair(i, j, *others)
    )(start, end, mask, n, longest)


# -- 08.4 F1 of two answers -------------------------------------------------------------------


def shared(predicted, wanted):
    return sum((Counter(predicted) & Counter(wanted)).values())


def f1_with(
    right: Function = shared, p_of: Function | None = None, r_of: Function | None = None
) -> Function:
    """2 · p · r / (p + r), 0 where there is nothing; p_of, r_of: shares of their own."""

    def word_f1(predicted, wanted):
        common = right(predicted, wanted)
        if not common:
            return 0.0
        p = p_of(predicted, wanted) if p_of else common / len(predicted)
        r = r_of(predicted, wanted) if r_of else common / len(wanted)
        return 2 * p * r / (p + r)

    return word_f1


def mean_with(mean: Function) -> Function:
    """Another mean of precision and recall."""

    def word_f1(predicted, wanted):
        common = shared(predicted, wanted)
        return mean(common / max(len(predicted), 1), common / len(wanted))

    return word_f1


def said(predicted, wanted):
    return sum(word in wanted for word in predicted)


def in_the_longer(predicted, wanted):
    one, two = Counter(predicted), Counter(wanted)
    return sum(max(one[word], two[word]) for word in one if word in two)


def of_sets(predicted, wanted):
    return f1_with()(list(set(predicted)), list(set(wanted)))


def jaccard(predicted, wanted):
    return len(set(predicted) & set(wanted)) / len(set(predicted) | set(wanted))


def jaccard_of_counts(predicted, wanted):
    one, two = Counter(predicted), Counter(wanted)
    return sum((one & two).values()) / sum((one | two).values())


def same_place(predicted, wanted):
    return sum(a == b for a, b in zip(predicted, wanted))


def letters(predicted, wanted):
    return f1_with()("".join(predicted), "".join(wanted))


def over_the_longer(predicted, wanted):
    return shared(predicted, wanted) / max(len(predicted), len(wanted))


def lengths_of_sets(predicted, wanted):
    return 2 * shared(predicted, wanted) / (len(set(predicted)) + len(set(wanted)))


def removed_before_counted(predicted, wanted):
    common = shared(predicted, wanted)
    return 2 * common / (len(predicted) + len(wanted) - common) if common else 0.0


def not_a_number(predicted, wanted):
    common = shared(predicted, wanted)
    return 2 * common / (len(predicted) + len(wanted)) if common else math.nan


# -- 08.5 the masked softmax ------------------------------------------------------------------


def filled(logits, mask, fill=LOW):
    return torch.where(mask, logits, fill)


def masked_right(logits, mask):
    return filled(logits, mask).softmax(-1) * mask


def zero_over_zero(logits, mask):
    return filled(logits, mask, -math.inf).softmax(-1)


def zeroed_and_multiplied(logits, mask):
    return (logits * mask).softmax(-1) * mask


def zeroed(logits, mask):
    return filled(logits, mask, 0.0).softmax(-1) * mask.any(-1, keepdim=True)


def not_renormalised(logits, mask):
    return torch.where(mask, logits.softmax(-1), 0.0)


def renormalised_after(logits, mask):
    p = logits.softmax(-1) * mask
    return p / p.sum(-1, keepdim=True)


def renormalised_carefully(logits, mask):
    p = not_renormalised(logits, mask)
    return p / p.sum(-1, keepdim=True).clamp(min=1e-9)


def outshouted(logits, mask):
    return (logits - 100.0 * (~mask)).softmax(-1) * mask


def low_number_added(logits, mask):
    return (logits + LOW * (~mask)).softmax(-1) * mask


def additive(logits, mask):
    return (logits + mask.to(logits.dtype).log()).softmax(-1).nan_to_num(0.0)


def lowered(logits, mask):
    return (logits - 1e9 * ~mask).softmax(-1) * mask


def shifted_by_the_loudest(logits, mask):
    shifted = logits - logits.detach().amax(-1, keepdim=True)
    weights = torch.where(mask, shifted, LOW).exp()
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)


def exp_before_where(logits, mask):
    top = filled(logits.detach(), mask).amax(-1, keepdim=True)
    weights = torch.where(mask, (logits - top).exp(), 0.0)
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)


def over_the_batch(logits, mask):
    return filled(logits, mask).softmax(0) * mask


def over_everything(logits, mask):
    return filled(logits, mask).flatten().softmax(0).reshape(logits.shape) * mask


def lowest_allowed(logits, mask):
    low = filled(logits, mask, logits[mask].min())
    return low.softmax(-1) * mask.any(-1, keepdim=True)


def uniform_where_none(logits, mask):
    return filled(logits, mask).softmax(-1)


def first_mask(logits, mask):
    return masked_right(logits, mask[:1].expand_as(mask))


def mask_as_length(logits, mask):
    return masked_right(logits, torch.arange(mask.shape[-1]) < mask.sum(-1, keepdim=True))


def without_gradients(function: Function) -> Function:
    def cut_off(*args):
        with torch.no_grad():
            return function(*args)

    return cut_off


# -- 08.6 the span loss -----------------------------------------------------------------------


def logs(logits, mask, t=1.0):
    """Log-probabilities over the allowed tokens, softened by t."""
    return (filled(logits, mask) / t).log_softmax(-1)


def unmasked_logs(logits, mask, t=1.0):
    return (logits / t).log_softmax(-1)


def zeroed_logs(logits, mask, t=1.0):
    return (logits * mask / t).log_softmax(-1)


def kl(log_p, log_q):
    return (log_p.exp() * (log_p - log_q)).sum(-1)


def rows_that_count(rows, labels, mask):
    return mean_over(rows, mask.any(-1))


def multiplied_away(rows, labels, mask):
    counts = mask.any(-1)
    return (rows * counts).sum() / counts.sum().clamp(min=1)


def soft_with(
    of_student: Function = logs,
    of_teacher: Function = logs,
    cost: Function = kl,
    mean: Function = rows_that_count,
) -> Function:
    """The soft part of one end, without T²: a mean of costs of log p and log q."""

    def soft(student, teacher, labels, mask, t):
        return mean(cost(of_teacher(teacher, mask, t), of_student(student, mask, t)), labels, mask)

    return soft


def labelled(labels, mask):
    return (labels != NOT_HERE) & mask.any(-1)


def hard_with(
    of_student: Function = logs,
    has_label: Function = labelled,
    number: Function = lambda given, mask: max(int(given.sum()), 1),
) -> Function:
    """The hard part of one end: the surprise at the labels, divided by a number."""

    def hard(student, labels, mask, t):
        given = has_label(labels, mask)
        log_q = of_student(student, mask)[given]
        return F.nll_loss(log_q, labels[given], reduction="sum") / number(given, mask)

    return hard


def softened_hard(student, labels, mask, t):
    return hard_with(lambda logits, mask: logs(logits, mask, t))(student, labels, mask, t)


def zero_over_zero_hard(student, labels, mask, t):
    given = labels.masked_fill(~mask.any(-1), NOT_HERE)
    return F.cross_entropy(filled(student, mask), given, ignore_index=NOT_HERE)


def clamped_hard(student, labels, mask, t):
    return hard_with()(student, labels.clamp(min=0), mask, t)


def logs_of_softmax(student, teacher, labels, mask, t):
    p, q = ((filled(x, mask) / t).softmax(-1) for x in (teacher, student))
    terms = torch.where(mask, p * (p.log() - q.log()), 0.0)
    return terms.sum() / mask.any(-1).sum().clamp(min=1)


def teacher_unmasked(student, teacher, labels, mask, t):
    log_p, log_q = unmasked_logs(teacher, mask, t), logs(student, mask, t)
    terms = torch.where(mask, log_p.exp() * (log_p - log_q), 0.0)
    return terms.sum() / mask.any(-1).sum().clamp(min=1)


def with_infinity(logits, mask, t=1.0):
    return (filled(logits, mask, -math.inf) / t).log_softmax(-1)


def weighed(soft, hard, t, alpha):
    return alpha * t**2 * soft + (1 - alpha) * hard


def mean_of_two(start, end):
    return (start + end) / 2


RIGHT_SOFT, RIGHT_HARD = soft_with(), hard_with()


def loss_with(
    soft: Function = RIGHT_SOFT,
    hard: Function = RIGHT_HARD,
    both: Function = weighed,
    join: Function = mean_of_two,
    ends: Function = lambda s0, s1, t0, t1, y0, y1: ((s0, t0, y0), (s1, t1, y1)),
) -> Function:
    """The span loss with one of its parts exchanged."""

    def span_loss(s0, s1, t0, t1, starts, stops, mask, t, alpha):
        return join(
            *(
                both(soft(s, teacher, y, mask, t), hard(s, y, mask, t), t, alpha)
                for s, teacher, y in ends(s0, s1, t0, t1, starts, stops)
            )
        )

    return span_loss


def never_masked(*args):
    """The same loss, told that everything is allowed."""
    *others, mask, t, alpha = args
    return loss_with()(*others, torch.ones_like(mask), t, alpha)


def fixed_settings(*args):
    return loss_with()(*args[:-2], 2.0, 0.5)


# -- 08.7 the bug hunt ------------------------------------------------------------------------


def one_end(logits, labels, mask, fill=LOW):
    """The mended loss of one end, and of the three slips those that are named."""
    return hard_with(lambda x, mask: filled(x, mask, fill).log_softmax(-1))(logits, labels, mask, 1)


def hunt_with(
    end: Function = one_end,
    join: Function = mean_of_two,
    logits: Function = lambda start, stop: (start, stop),
    labels: Function = lambda start, stop: (start, stop),
) -> Function:
    def labels_loss(start_logits, end_logits, starts, ends, mask):
        given = zip(logits(start_logits, end_logits), labels(starts, ends))
        return join(*(end(x, y, mask) for x, y in given))

    return labels_loss


def unmasked_end(logits, labels, mask):
    return hard_with(unmasked_logs, lambda labels, mask: labels != NOT_HERE)(
        logits, labels, mask, 1
    )


def clamped_end(logits, labels, mask):
    return F.cross_entropy(filled(logits, mask), labels.clamp(0, logits.shape[-1] - 1))


def as_printed(logits, labels, mask):
    return F.cross_entropy(logits, labels.clamp(0, logits.shape[-1] - 1))


def clamped_to_the_passage(logits, labels, mask):
    labels = torch.where(labels < 0, mask.int().argmax(-1), labels)
    return F.cross_entropy(filled(logits, mask), labels)


def over_all_windows(logits, labels, mask):
    return F.cross_entropy(
        filled(logits, mask), labels, ignore_index=NOT_HERE, reduction="none"
    ).mean()


def over_those_that_count(logits, labels, mask):
    total = F.cross_entropy(filled(logits, mask), labels, ignore_index=NOT_HERE, reduction="sum")
    return total / mask.any(-1).sum().clamp(min=1)


def zero_over_zero_end(logits, labels, mask):
    return F.cross_entropy(filled(logits, mask), labels, ignore_index=NOT_HERE)


def summed_end(logits, labels, mask):
    return F.cross_entropy(filled(logits, mask), labels, ignore_index=NOT_HERE, reduction="sum")


def one_a_window(logits, labels, mask):
    return F.cross_entropy(filled(logits, mask), labels, ignore_index=NOT_HERE, reduction="none")


def infinity_times_nothing(logits, labels, mask):
    log_q = filled(logits, mask, -math.inf).log_softmax(-1)
    given = labels != NOT_HERE
    cost = -log_q.gather(1, labels.clamp(min=0)[:, None])[:, 0]
    return (cost * given).sum() / given.sum().clamp(min=1)


def additive_end(logits, labels, mask):
    logits = logits + mask.to(logits.dtype).log()
    total = F.cross_entropy(logits, labels, ignore_index=NOT_HERE, reduction="sum")
    return total / (labels != NOT_HERE).sum().clamp(min=1)


def end_of(transformed: Function) -> Function:
    """One end with something else than the log-probabilities: nll_loss of what is given instead."""

    def end(logits, labels, mask):
        total = F.nll_loss(
            transformed(logits, mask), labels, ignore_index=NOT_HERE, reduction="sum"
        )
        return total / (labels != NOT_HERE).sum().clamp(min=1)

    return end


def nothing_if_one_has_none(logits, labels, mask):
    if (labels == NOT_HERE).any():
        return filled(logits, mask).sum() * 0
    return F.cross_entropy(filled(logits, mask), labels)


def only_the_start_masked(start_logits, end_logits, starts, ends, mask):
    return mean_of_two(one_end(start_logits, starts, mask), unmasked_end(end_logits, ends, mask))


def as_a_number(*args):
    return hunt_with()(*args).item()
