"""What lesson 08's checks know by name where it is much: of the best spans, the span loss, the bug hunt."""

from __future__ import annotations

import math

import torch

from kd_course.exercises.spec import Misconception
from kd_course.lessons.lesson08 import slips
from kd_course.lessons.lesson08.slips import NOT_HERE

BEST_SPANS = (
    Misconception(
        "tokens where mask is false are offered as answers",
        slips.spans_with(allowed=lambda i, j, mask, longest: 0 <= j - i < longest),
        hint="An answer neither starts nor ends in the question or the padding.",
    ),
    Misconception(
        "only the end is held against the mask",
        slips.spans_with(
            allowed=lambda i, j, mask, longest: bool(mask[j]) and 0 <= j - i < longest
        ),
        hint="And the start?",
    ),
    Misconception(
        "only the start is held against the mask",
        slips.spans_with(
            allowed=lambda i, j, mask, longest: bool(mask[i]) and 0 <= j - i < longest
        ),
        hint="And the end?",
    ),
    Misconception(
        "the end may stand before the start",
        slips.spans_with(
            allowed=lambda i, j, mask, longest: bool(mask[i] and mask[j]) and j - i < longest
        ),
        hint="Which pairs of tokens are stretches of text?",
    ),
    Misconception(
        "answers of a single token are left out",
        slips.spans_with(
            allowed=lambda i, j, mask, longest: bool(mask[i] and mask[j]) and 0 < j - i < longest
        ),
        hint="An answer may start and end at the same token.",
    ),
    Misconception(
        "the longest answer that is allowed is left out",
        slips.spans_with(
            allowed=lambda i, j, mask, longest: (
                bool(mask[i] and mask[j]) and 0 <= j - i < longest - 1
            )
        ),
        hint="How many tokens are there from i to j, both counted?",
    ),
    Misconception(
        "answers may have one token more than longest",
        slips.spans_with(
            allowed=lambda i, j, mask, longest: bool(mask[i] and mask[j]) and 0 <= j - i <= longest
        ),
        hint="How many tokens are there from i to j, both counted?",
    ),
    Misconception(
        "answers may have any length",
        slips.spans_with(allowed=lambda i, j, mask, longest: bool(mask[i] and mask[j]) and i <= j),
        hint="What is longest for?",
    ),
    Misconception(
        "the best start is chosen first, then an end for it",
        slips.best_start_first,
        hint="Need the best pair hold the best start?",
    ),
    Misconception(
        "only the n best starts and the n best ends are paired",
        slips.best_of_each,
        hint="One start may serve several of the best pairs, and not all pairs of good tokens are allowed.",
    ),
    Misconception(
        "every start gives one answer, that with its best end",
        slips.spans_with(told=slips.one_a_start),
        hint="Two of the n best pairs may start at the same token.",
    ),
    Misconception(
        "answers that overlap a better one are left out",
        slips.spans_with(told=slips.apart),
        hint="Nobody has asked for that: pairs are compared by score alone.",
    ),
    Misconception(
        "the n best of all pairs are taken first, and forbidden ones dropped afterwards",
        slips.spans_with(allowed=slips.anything, told=slips.sieved_afterwards),
        hint="What if all n of them are forbidden? In which order must the two steps come?",
    ),
    Misconception(
        "the worst pairs come first",
        slips.spans_with(score=slips.lowest_sum),
        hint="Which way does sort go?",
    ),
    Misconception(
        "the n best come, the best one last",
        slips.spans_with(told=lambda pairs, n, *_: pairs[:n][::-1]),
        hint="Best first.",
    ),
    Misconception(
        "all pairs come: n is not looked at",
        slips.spans_with(told=lambda pairs, *_: pairs),
        hint="How many are asked for?",
    ),
    Misconception(
        "the best pair alone comes: n is not looked at",
        slips.spans_with(told=lambda pairs, *_: pairs[:1]),
        hint="How many are asked for?",
    ),
    Misconception(
        "the two logits are multiplied",
        slips.spans_with(score=slips.multiplied),
        hint="A logit is the logarithm of something. What does one do with logarithms, where probabilities are multiplied?",
    ),
    Misconception(
        "probabilities are added, not logits",
        slips.spans_with(score=slips.probabilities_added),
        hint="Two events together: are their probabilities added?",
    ),
    Misconception(
        "the larger of the two logits is the score",
        slips.spans_with(score=slips.the_larger),
        hint="A good start with a poor end is no good answer.",
    ),
    Misconception(
        "start and end logits are exchanged",
        slips.spans_with(score=slips.swapped_ends),
        hint="Which logits say how well an answer starts at its first token?",
    ),
    Misconception(
        "the start's logits serve for the end as well",
        slips.spans_with(score=slips.start_for_both),
        hint="The end has logits of its own.",
    ),
    Misconception(
        "the last token is counted exclusively",
        slips.spans_with(told=lambda pairs, n, *_: [(i, j + 1) for i, j in pairs[:n]]),
        hint="Both tokens are part of the answer.",
    ),
    Misconception(
        "first and last are exchanged",
        slips.spans_with(told=lambda pairs, n, *_: [(j, i) for i, j in pairs[:n]]),
        hint="In the map of all sums, are rows starts or ends?",
    ),
    Misconception(
        "positions are counted among the allowed tokens",
        slips.spans_with(told=slips.counted_among_allowed),
        hint="Positions are those of the window, [CLS] being 0.",
    ),
    Misconception(
        "the score comes with every pair",
        slips.spans_with(
            told=lambda pairs, n, longest, mask, value: [(value(i, j), i, j) for i, j in pairs[:n]]
        ),
        hint="A pair is (first, last). What else was needed to sort by?",
    ),
)

SPAN_LOSS = (
    Misconception(
        "T² is missing",
        slips.loss_with(both=lambda soft, hard, t, a: a * soft + (1 - a) * hard),
        hint="What does softening by T do to the size of gradients?",
    ),
    Misconception(
        "T stands where T² should",
        slips.loss_with(both=lambda soft, hard, t, a: a * t * soft + (1 - a) * hard),
        hint="Lesson 03: by which power of T do the soft part's gradients shrink?",
    ),
    Misconception(
        "T² multiplies the labels' part, too",
        slips.loss_with(both=lambda soft, hard, t, a: t**2 * (a * soft + (1 - a) * hard)),
        hint="Which of the two parts is softened?",
    ),
    Misconception(
        "α and 1 - α are exchanged",
        slips.loss_with(both=lambda soft, hard, t, a: (1 - a) * t**2 * soft + a * hard),
        hint="Which part does α weigh in this course?",
    ),
    Misconception(
        "the labels' part is not weighed by 1 - α",
        slips.loss_with(both=lambda soft, hard, t, a: a * t**2 * soft + hard),
        hint="At α = 1 the labels have no say.",
    ),
    Misconception(
        "this is KL(student ‖ teacher): the two are exchanged",
        slips.loss_with(soft=slips.soft_with(cost=lambda p, q: slips.kl(q, p))),
        hint="Whose probabilities weigh the terms of the sum?",
    ),
    Misconception(
        "this is the cross-entropy with the teacher, not KL",
        slips.loss_with(soft=slips.soft_with(cost=lambda p, q: -(p.exp() * q).sum(-1))),
        hint="Its gradient is the same. But what is the loss of a student that equals its teacher?",
    ),
    Misconception(
        "the student is not softened",
        slips.loss_with(soft=slips.soft_with(of_student=lambda x, mask, t: slips.logs(x, mask))),
        hint="p and q are softened both, and by the same T.",
    ),
    Misconception(
        "the teacher is not softened",
        slips.loss_with(soft=slips.soft_with(of_teacher=lambda x, mask, t: slips.logs(x, mask))),
        hint="p and q are softened both, and by the same T.",
    ),
    Misconception(
        "logits are multiplied by T",
        slips.loss_with(
            soft=slips.soft_with(
                lambda x, mask, t: slips.logs(x, mask, 1 / t),
                lambda x, mask, t: slips.logs(x, mask, 1 / t),
            )
        ),
        hint="Does a larger T make a distribution flatter, or sharper?",
    ),
    Misconception(
        "the labels' part is softened by T as well",
        slips.loss_with(hard=slips.softened_hard),
        hint="At which T is q₁?",
    ),
    Misconception(
        "start and end are added, not averaged",
        slips.loss_with(join=lambda start, end: start + end),
        hint="The span's loss is comparable with a classifier's.",
    ),
    Misconception(
        "only the start is learnt",
        slips.loss_with(join=lambda start, end: start),
        hint="The end has logits and labels of its own.",
    ),
    Misconception(
        "start and end come apart, as two numbers",
        slips.loss_with(join=lambda start, end: torch.stack([start, end])),
        hint="A loss is one number.",
    ),
    Misconception(
        "the student's start logits serve for the end as well",
        slips.loss_with(ends=lambda s0, s1, t0, t1, y0, y1: ((s0, t0, y0), (s0, t1, y1))),
        hint="Look at which logits the second end uses.",
    ),
    Misconception(
        "the teacher's start teaches the end",
        slips.loss_with(ends=lambda s0, s1, t0, t1, y0, y1: ((s0, t0, y0), (s1, t0, y1))),
        hint="Look at which teacher the second end has.",
    ),
    Misconception(
        "the start's labels serve for the end as well",
        slips.loss_with(ends=lambda s0, s1, t0, t1, y0, y1: ((s0, t0, y0), (s1, t1, y0))),
        hint="Look at which labels the second end has.",
    ),
    Misconception(
        "mask is never used",
        slips.never_masked,
        hint="Who may share in the probability: the question, the padding?",
    ),
    Misconception(
        "question and padding are in the softmax",
        slips.loss_with(
            soft=slips.soft_with(slips.unmasked_logs, slips.unmasked_logs),
            hard=slips.hard_with(slips.unmasked_logs),
        ),
        hint="The mask says more than which windows count.",
    ),
    Misconception(
        "the teacher's softmax runs over all tokens",
        slips.loss_with(soft=slips.teacher_unmasked),
        hint="Padding and question in one model's softmax and not in the other's: then KL measures the mask.",
    ),
    Misconception(
        "the labels' softmax runs over all tokens",
        slips.loss_with(hard=slips.hard_with(slips.unmasked_logs)),
        hint="Is q₁ a distribution over the allowed tokens?",
    ),
    Misconception(
        "masked logits become 0, and keep a share",
        slips.loss_with(
            soft=slips.soft_with(slips.zeroed_logs, slips.zeroed_logs),
            hard=slips.hard_with(slips.zeroed_logs),
        ),
        hint="What is exp(0)?",
    ),
    Misconception(
        "-inf fills the mask: 0 · (-inf - (-inf)) is NaN",
        slips.loss_with(
            soft=slips.soft_with(
                slips.with_infinity, slips.with_infinity, mean=slips.multiplied_away
            ),
            hard=slips.hard_with(slips.with_infinity),
        ),
        hint="What else has an exp of exactly 0?",
    ),
    Misconception(
        "-inf fills the mask: NaN in every window that has a masked token",
        slips.loss_with(
            soft=slips.soft_with(slips.with_infinity, slips.with_infinity),
            hard=slips.hard_with(slips.with_infinity),
        ),
        hint="What is 0 · (-inf - (-inf))? What else has an exp of exactly 0?",
    ),
    Misconception(
        "the logarithm of a probability that is 0: the value is mended, the gradient is NaN",
        slips.loss_with(soft=slips.logs_of_softmax),
        hint="Which function gives the logarithm without going through the probability?",
    ),
    Misconception(
        "the KL is averaged over positions, not summed",
        slips.loss_with(soft=slips.soft_with(cost=lambda p, q: (p.exp() * (p - q)).mean(-1))),
        hint="KL is a sum over positions; what is the mean over? kl_div's 'mean' divides by both.",
    ),
    Misconception(
        "the KL is summed over windows, not averaged",
        slips.loss_with(soft=slips.soft_with(mean=lambda rows, *_: rows.sum())),
        hint="Then a larger batch has a larger loss.",
    ),
    Misconception(
        "a window without the answer has no soft part either",
        slips.loss_with(
            soft=slips.soft_with(
                mean=lambda rows, labels, mask: slips.mean_over(rows, slips.labelled(labels, mask))
            )
        ),
        hint="The teacher has an opinion of it.",
    ),
    Misconception(
        "the soft part is divided by the windows with a label",
        slips.loss_with(
            soft=slips.soft_with(
                mean=lambda rows, labels, mask: (
                    rows.sum() / slips.labelled(labels, mask).sum().clamp(min=1)
                )
            )
        ),
        hint="How many windows has the sum that it divides?",
    ),
    Misconception(
        "a wholly masked window is counted in the soft part's mean",
        slips.loss_with(soft=slips.soft_with(mean=lambda rows, *_: rows.mean())),
        hint="It adds nothing to the sum. And to the divisor?",
    ),
    Misconception(
        "a wholly masked window is counted in both means",
        slips.loss_with(
            soft=slips.soft_with(mean=lambda rows, *_: rows.mean()),
            hard=slips.hard_with(has_label=lambda labels, mask: labels != NOT_HERE),
        ),
        hint="It adds nothing to the sums. And to the divisors?",
    ),
    Misconception(
        "windows without the answer are counted in the labels' mean",
        slips.loss_with(
            hard=slips.hard_with(number=lambda given, mask: max(int(mask.any(-1).sum()), 1))
        ),
        hint="Of which windows is the hard part a mean?",
    ),
    Misconception(
        "all windows are counted in the labels' mean",
        slips.loss_with(hard=slips.hard_with(number=lambda given, mask: len(mask))),
        hint="Of which windows is the hard part a mean?",
    ),
    Misconception(
        "-100 is clamped to token 0, and learnt",
        slips.loss_with(hard=slips.clamped_hard),
        hint="What does the label 0 say about the answer?",
    ),
    Misconception(
        "a batch without any answer gives NaN",
        slips.loss_with(hard=slips.zero_over_zero_hard),
        hint="Its labels' part is 0/0, and 0 · NaN is NaN even at α = 1.",
    ),
    Misconception(
        "no gradient flows through the soft part",
        slips.loss_with(soft=slips.without_gradients(slips.soft_with())),
        hint="What the student shall learn from must not be cut off from it.",
    ),
    Misconception(
        "this is in bits",
        slips.loss_with(join=lambda start, end: (start + end) / 2 / math.log(2)),
        hint="Nats: natural logarithms.",
    ),
    Misconception(
        "temperature and alpha are 2 and 0.5 whatever is asked for",
        slips.fixed_settings,
        hint="Both are arguments.",
    ),
)

LABELS_LOSS = (
    Misconception(
        "this is the loss as it was printed",
        slips.hunt_with(slips.as_printed, logits=lambda start, end: (start, start)),
        hint="Compare with your span_loss, line by line: which argument is never used, and which twice?",
    ),
    Misconception(
        "-100 is still clamped to position 0",
        slips.hunt_with(slips.clamped_end),
        hint="After clamp, what is the label of a window without the answer?",
    ),
    Misconception(
        "-100 is moved to the first allowed token",
        slips.hunt_with(slips.clamped_to_the_passage),
        hint="A better place, and still not true: where is the answer of such a window?",
    ),
    Misconception(
        "the question and the padding are still in the softmax",
        slips.hunt_with(slips.unmasked_end),
        hint="Which argument is handed in, and what has it changed?",
    ),
    Misconception(
        "only the start's softmax is masked",
        slips.only_the_start_masked,
        hint="And the end's?",
    ),
    Misconception(
        "the end is still read off the start's logits",
        slips.hunt_with(logits=lambda start, end: (start, start)),
        hint="Look at which logits the second line uses.",
    ),
    Misconception(
        "the end has the start's labels",
        slips.hunt_with(labels=lambda start, end: (start, start)),
        hint="Look at which labels the second line uses.",
    ),
    Misconception(
        "the loss is divided by all windows",
        slips.hunt_with(slips.over_all_windows),
        hint="A batch with one answer in three windows has a mean over how many?",
    ),
    Misconception(
        "the loss is divided by all windows that are not wholly masked",
        slips.hunt_with(slips.over_those_that_count),
        hint="Which of these have an answer?",
    ),
    Misconception(
        "a batch without any answer gives NaN",
        slips.hunt_with(slips.zero_over_zero_end),
        hint="What does ignoring every label leave of the mean?",
    ),
    Misconception(
        "windows without the answer are multiplied by 0, which infinity survives",
        slips.hunt_with(slips.infinity_times_nothing),
        hint="0 · inf is NaN: leave these windows out rather than multiply them away.",
    ),
    Misconception(
        "an additive mask: the value is right, but a wholly masked window's gradient is NaN",
        slips.hunt_with(slips.additive_end),
        hint="Section 5 compares gradients after exercise 08.5: which way of excluding lets a NaN through?",
    ),
    Misconception(
        "one window without the answer makes the whole loss 0",
        slips.hunt_with(slips.nothing_if_one_has_none),
        hint="The other windows still have answers.",
    ),
    Misconception(
        "the loss is summed over windows, not averaged",
        slips.hunt_with(slips.summed_end),
        hint="Then a larger batch has a larger loss.",
    ),
    Misconception(
        "there is one loss a window",
        slips.hunt_with(slips.one_a_window),
        hint="A loss is one number.",
    ),
    Misconception(
        "start and end are added, not averaged",
        slips.hunt_with(join=lambda start, end: start + end),
        hint="What did the printed loss do with the two?",
    ),
    Misconception(
        "only the start is counted",
        slips.hunt_with(join=lambda start, end: start),
        hint="And the end?",
    ),
    Misconception(
        "a softmax is taken before cross_entropy's own",
        slips.hunt_with(
            slips.end_of(lambda x, mask: slips.filled(x, mask).softmax(-1).log_softmax(-1))
        ),
        hint="cross_entropy takes logits.",
    ),
    Misconception(
        "this is the label's probability, without the logarithm",
        slips.hunt_with(slips.end_of(lambda x, mask: slips.filled(x, mask).softmax(-1))),
        hint="nll_loss takes logarithms of probabilities.",
    ),
    Misconception(
        "the logarithm of a probability that is 0: the value is right, the gradient is NaN",
        slips.hunt_with(slips.end_of(lambda x, mask: slips.filled(x, mask).softmax(-1).log())),
        hint="Which function gives the logarithm without going through the probability?",
    ),
    Misconception(
        "masked logits become 0, and keep a share",
        slips.hunt_with(slips.end_of(lambda x, mask: slips.filled(x, mask, 0.0).log_softmax(-1))),
        hint="What is exp(0)?",
    ),
    Misconception(
        "the mask is the wrong way round",
        slips.hunt_with(slips.end_of(lambda x, mask: slips.filled(x, ~mask).log_softmax(-1))),
        hint="mask is true where an answer may be.",
    ),
    Misconception(
        "the softmax runs over the windows",
        slips.hunt_with(slips.end_of(lambda x, mask: slips.filled(x, mask).log_softmax(0))),
        hint="Who competes with whom?",
    ),
    Misconception(
        "this is in bits",
        slips.hunt_with(join=lambda start, end: (start + end) / 2 / math.log(2)),
        hint="Nats: natural logarithms.",
    ),
    Misconception(
        "no gradient flows back",
        slips.as_a_number,
        hint="no_grad, .detach(), .item() and NumPy cut it off: nothing could be trained with that.",
    ),
)
