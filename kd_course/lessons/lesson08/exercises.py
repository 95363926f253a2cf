"""The exercises of lesson 08: windows, span decoding, F1, masks, the span loss, a bug hunt."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception

NOT_HERE = -100

# -- 08.1 the window's map --------------------------------------------------------------------


def map_cases(random) -> list[Case]:
    def window(begin, words):
        """Three tokens of question and special ones, tokens of a passage, [SEP]."""
        offsets, at = [(0, 0)] * 3, begin
        for size in words:
            offsets.append((at, at + size))
            at += size + 1
        return [*offsets, (0, 0)]

    sizes = random.integers(3, 7, size=8).tolist()
    offsets = window(10, sizes)
    word = [span for span in offsets if span != (0, 0)]
    start = int(random.integers(1, 4))
    return [
        Case((window(0, [3, 5, 2]), 4, 9), "one word in the middle"),
        Case((window(0, [3, 5, 2]), 0, 3), "an answer at the passage's first character"),
        Case((offsets, word[start][0], word[start + 2][1]), "three words"),
        Case((offsets, word[start][0] + 1, word[start + 1][1] - 1), "it begins inside a token"),
        Case((offsets, word[6][0], word[7][1] + 4), "its end is cut off by the window"),
        Case((offsets, word[0][0] - 5, word[1][1]), "its beginning is cut off by the window"),
        Case((offsets, word[7][1] + 1, word[7][1] + 6), "it lies behind the window"),
        Case((window(40, sizes), 4, 9), "it lies before the window"),
    ]


def _inside(offsets, start, end):
    return [i for i, (s, e) in enumerate(offsets) if s < e and s < end and start < e]


def _right_map(offsets, start, end):
    inside = _inside(offsets, start, end)
    if not inside or offsets[inside[0]][0] > start or offsets[inside[-1]][1] < end:
        return NOT_HERE, NOT_HERE
    return inside[0], inside[-1]


def _clamped_map(offsets, start, end):
    inside = _inside(offsets, start, end)
    return (inside[0], inside[-1]) if inside else (len(offsets) - 1, len(offsets) - 1)


def _part_is_enough(offsets, start, end):
    inside = _inside(offsets, start, end)
    return (inside[0], inside[-1]) if inside else (NOT_HERE, NOT_HERE)


def _exact_edges(offsets, start, end):
    first = [i for i, (s, e) in enumerate(offsets) if s < e and s == start]
    last = [i for i, (s, e) in enumerate(offsets) if s < e and e == end]
    return (first[0], last[0]) if first and last else (NOT_HERE, NOT_HERE)


def _exclusive_end(offsets, start, end):
    first, last = _right_map(offsets, start, end)
    return (first, last) if first == NOT_HERE else (first, last + 1)


def _counted_from_the_passage(offsets, start, end):
    first, last = _right_map(offsets, start, end)
    shift = next(i for i, (s, e) in enumerate(offsets) if s < e)
    return (first, last) if first == NOT_HERE else (first - shift, last - shift)


def _cls_for_nothing(offsets, start, end):
    first, last = _right_map(offsets, start, end)
    return (0, 0) if first == NOT_HERE else (first, last)


# -- 08.2 the best spans ----------------------------------------------------------------------


def span_cases(random) -> list[Case]:
    def logits(length):
        return [torch.from_numpy(random.permutation(4 * length)[:length] / 4.0) for _ in "se"]

    def case(length, passage, n, longest, label, lift=()):
        # Starts are whole numbers of quarters, ends a little more: no two sums are equal.
        start, end = logits(length)
        end = end + torch.arange(length) * 1e-3 + 1e-5 * torch.arange(length) ** 2
        for which, place in lift:
            (start if which == "start" else end)[place] += 100.0
        mask = torch.zeros(length, dtype=torch.bool)
        mask[passage[0] : passage[1]] = True
        return Case((start, end, mask, n, longest), label)

    return [
        case(9, (3, 8), 1, 5, "the best one"),
        case(10, (3, 9), 4, 6, "the four best ones"),
        case(
            9,
            (2, 9),
            2,
            7,
            "the end's best token stands before the start's",
            [("start", 6), ("end", 3)],
        ),
        case(
            10,
            (3, 9),
            2,
            6,
            "the question's tokens have the largest logits",
            [("start", 1), ("end", 2)],
        ),
        case(
            10,
            (2, 10),
            2,
            3,
            "the two best tokens are farther apart than an answer may be long",
            [("start", 2), ("end", 8)],
        ),
        case(10, (2, 10), 1, 4, "an answer just as long as it may be", [("start", 3), ("end", 6)]),
        case(7, (3, 5), 9, 4, "there are fewer than n"),
    ]


def _best(start, end, allowed, n, score=lambda s, e: s + e):
    pairs = [
        (score(start[i].item(), end[j].item()), i, j)
        for i in range(len(start))
        for j in range(len(start))
        if allowed(i, j)
    ]
    pairs.sort(key=lambda pair: -pair[0])
    return [(i, j) for _, i, j in pairs[:n]]


def _mask_ignored(start, end, mask, n, longest):
    return _best(start, end, lambda i, j: 0 <= j - i < longest, n)


def _end_before_start(start, end, mask, n, longest):
    return _best(start, end, lambda i, j: bool(mask[i] and mask[j]) and j - i < longest, n)


def _one_token_short(start, end, mask, n, longest):
    return _best(start, end, lambda i, j: bool(mask[i] and mask[j]) and 0 <= j - i < longest - 1, n)


def _any_length(start, end, mask, n, longest):
    return _best(start, end, lambda i, j: bool(mask[i] and mask[j]) and i <= j, n)


def _best_start_first(start, end, mask, n, longest):
    first = torch.where(mask, start, -1e9).argmax().item()
    return _best(start, end, lambda i, j: i == first and bool(mask[j]) and 0 <= j - i < longest, n)


def _worst_first(start, end, mask, n, longest):
    return _best(
        start,
        end,
        lambda i, j: bool(mask[i] and mask[j]) and 0 <= j - i < longest,
        n,
        score=lambda s, e: -(s + e),
    )


# -- 08.4 F1 of two answers -------------------------------------------------------------------


def f1_cases(random) -> list[Case]:
    words = [f"w{n}" for n in random.permutation(40).tolist()]
    own, other = (int(n) for n in random.integers(2, 5, size=2))
    common = int(random.integers(1, 3))
    left = words[: common + own]
    right = [*words[:common], *words[20 : 20 + other]]
    return [
        Case((["anna", "berg"], ["chief", "executive", "anna", "berg"]), "an answer and its title"),
        Case((["malmo"], ["malmo"]), "the same"),
        Case((["in", "malmo"], ["oslo"]), "nothing in common"),
        Case(([], ["oslo"]), "no answer given"),
        Case((["new", "york", "new", "york"], ["new", "york"]), "words that are repeated"),
        Case((words[:9], words[6:12]), "three of nine words, three of six"),
        Case((words[:2], words[1:9]), "one of two words, one of eight"),
        Case((left, right), "some words in common"),
        Case(([*left, words[0]], [*right, words[0], words[0]]), "one of them repeated"),
    ]


def _shared(predicted, wanted):
    from collections import Counter

    return sum((Counter(predicted) & Counter(wanted)).values())


def _jaccard(predicted, wanted):
    return len(set(predicted) & set(wanted)) / len(set(predicted) | set(wanted))


def _of_sets(predicted, wanted):
    shared = len(set(predicted) & set(wanted))
    return 2 * shared / (len(set(predicted)) + len(set(wanted)))


def _arithmetic_mean(predicted, wanted):
    shared = _shared(predicted, wanted)
    return (shared / max(len(predicted), 1) + shared / len(wanted)) / 2


def _recall_only(predicted, wanted):
    return _shared(predicted, wanted) / len(wanted)


def _precision_only(predicted, wanted):
    return _shared(predicted, wanted) / max(len(predicted), 1)


def _membership(predicted, wanted):
    shared = sum(word in wanted for word in predicted)
    return 2 * shared / (len(predicted) + len(wanted))


def _half_missing(predicted, wanted):
    return _shared(predicted, wanted) / (len(predicted) + len(wanted))


# -- 08.5 the masked softmax ------------------------------------------------------------------


def softmax_cases(random) -> list[Case]:
    logits = partial(random_normal, random)
    whole = torch.ones(2, 5, dtype=torch.bool)
    part = torch.tensor([[0, 0, 1, 1, 1, 0], [0, 1, 1, 1, 0, 0]], dtype=torch.bool)
    none = torch.tensor([[0, 1, 1, 1], [0, 0, 0, 0]], dtype=torch.bool)
    loud = torch.where(part, logits(2, 6), torch.tensor(300.0))
    louder = torch.where(part, logits(2, 6), torch.tensor(1e30))
    excluded = torch.where(part, logits(2, 6), torch.tensor(-torch.inf))
    return [
        Case((logits(2, 5), whole), "every position allowed", gradient_of=(0,)),
        Case((logits(2, 6), part), "question in front, padding behind", gradient_of=(0,)),
        Case((loud, part), "the largest logits stand where no answer may be", gradient_of=(0,)),
        Case((logits(2, 4), none), "a window without any allowed position", gradient_of=(0,)),
        Case((louder, part), "a logit of 1e30 where no answer may be", gradient_of=(0,)),
        Case((excluded, part), "-inf where no answer may be", gradient_of=(0,)),
    ]


def _minus_infinity(logits, mask):
    return logits.masked_fill(~mask, float("-inf")).softmax(-1)


def _zeroed_logits(logits, mask):
    return (logits * mask).softmax(-1) * mask


def _not_renormalised(logits, mask):
    return logits.softmax(-1) * mask


def _renormalised_after(logits, mask):
    p = logits.softmax(-1) * mask
    return p / p.sum(-1, keepdim=True)


def _weak_mask(logits, mask):
    return (logits - 100.0 * (~mask)).softmax(-1) * mask


def _over_the_batch(logits, mask):
    return torch.where(mask, logits, torch.finfo(logits.dtype).min).softmax(0) * mask


def _uniform_where_none(logits, mask):
    return torch.where(mask, logits, torch.finfo(logits.dtype).min).softmax(-1)


# -- 08.6 the span loss -----------------------------------------------------------------------


def loss_cases(random) -> list[Case]:
    def case(mask, starts, ends, temperature, alpha, label):
        mask = torch.tensor(mask, dtype=torch.bool)
        logits = [random_normal(random, *mask.shape, scale=2.0) for _ in range(4)]
        return Case(
            (*logits, torch.tensor(starts), torch.tensor(ends), mask, temperature, alpha),
            label,
            gradient_of=(0, 1),
        )

    whole = [[1] * 6] * 3
    ragged = [[0, 0, 1, 1, 1, 1], [0, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 0]]
    return [
        case(whole, [1, 0, 3], [2, 0, 5], 1.0, 0.0, "the labels alone"),
        case(whole, [1, 0, 3], [2, 0, 5], 3.0, 1.0, "the teacher alone, T = 3"),
        case(ragged, [2, 1, 3], [4, 3, 4], 2.0, 0.3, "question and padding masked"),
        case(ragged, [2, NOT_HERE, 3], [4, NOT_HERE, 4], 2.0, 0.6, "a window without the answer"),
        case(
            [*ragged, [0] * 6],
            [2, NOT_HERE, 3, NOT_HERE],
            [4, NOT_HERE, 3, NOT_HERE],
            2.0,
            0.5,
            "a window that is wholly masked",
        ),
        case(
            [*ragged, [0] * 6],
            [2, NOT_HERE, 3, 1],
            [4, NOT_HERE, 3, 2],
            2.0,
            0.5,
            "a window that is wholly masked and has a label",
        ),
        case(ragged, [NOT_HERE] * 3, [NOT_HERE] * 3, 2.0, 0.5, "no window holds the answer"),
        case(ragged, [NOT_HERE] * 3, [NOT_HERE] * 3, 2.0, 1.0, "no window holds it, α = 1"),
    ]


def _span_loss(
    slip, student_start, student_end, teacher_start, teacher_end, starts, ends, mask, t, alpha
):
    """The loss with one slip in it; with slip = "" the right one."""
    if slip == "alpha":
        alpha = 1 - alpha
    counts = mask.any(-1)
    if slip == "mask":
        counts, mask = torch.ones_like(counts), torch.ones_like(mask)
    if slip == "counted":
        counts = torch.ones_like(counts)
    excluded = -torch.inf if slip == "infinite" else -1e30

    def one_end(student, teacher, positions):
        student, teacher = (torch.where(mask, x, excluded)[counts] for x in (student, teacher))
        positions = positions[counts]
        log_q, log_p = (student / t).log_softmax(-1), (teacher / t).log_softmax(-1)
        if slip == "swapped":
            log_p, log_q = log_q, log_p
        terms = log_p.exp() * (log_p - log_q)
        soft = terms.mean() if slip == "positions" else terms.sum() / max(len(terms), 1)
        soft = soft if slip == "t" else t**2 * soft
        labelled = positions != NOT_HERE
        student = student / t if slip == "softened labels" else student
        surprise = F.cross_entropy(student[labelled], positions[labelled], reduction="sum")
        number = len(labelled) if slip == "all windows" else int(labelled.sum())
        number = number if slip == "empty" else max(number, 1)
        return alpha * soft + (1 - alpha) * (surprise / torch.tensor(float(number)))

    if slip == "start":
        return one_end(student_start, teacher_start, starts)
    total = one_end(student_start, teacher_start, starts) + one_end(student_end, teacher_end, ends)
    return total if slip == "sum" else total / 2


# -- 08.7 the bug hunt ------------------------------------------------------------------------


def hunt_cases(random) -> list[Case]:
    def case(mask, starts, ends, label):
        mask = torch.tensor(mask, dtype=torch.bool)
        logits = [random_normal(random, *mask.shape, scale=2.0) for _ in range(2)]
        return Case(
            (*logits, torch.tensor(starts), torch.tensor(ends), mask), label, gradient_of=(0, 1)
        )

    ragged = [[0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1]]
    return [
        case([[1] * 6] * 3, [1, 0, 3], [2, 0, 5], "three windows with their answers"),
        case(ragged, [2, 3, 3], [5, 4, 4], "question and padding to be left out"),
        case(ragged, [2, NOT_HERE, 3], [4, NOT_HERE, 4], "a window without the answer"),
        case(ragged, [NOT_HERE] * 3, [NOT_HERE] * 3, "no window holds an answer"),
    ]


def _hunt(slips, start_logits, end_logits, starts, ends, mask):
    def one_end(logits, positions):
        logits = logits if "mask" in slips else torch.where(mask, logits, -1e30)
        if "clamp" in slips:
            return F.cross_entropy(logits, positions.clamp(min=0))
        total = F.cross_entropy(logits, positions, ignore_index=NOT_HERE, reduction="sum")
        number = (positions != NOT_HERE).sum()
        if "batch" in slips:
            number = torch.tensor(len(positions))
        return total / (number if "empty" in slips else number.clamp(min=1))

    for_the_end = start_logits if "start twice" in slips else end_logits
    return (one_end(start_logits, starts) + one_end(for_the_end, ends)) / 2


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="08.1",
        name="answer_tokens",
        title="From characters to tokens",
        lesson="08",
        signature="answer_tokens(offsets, start, end)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=map_cases,
        misconceptions=(
            Misconception(
                "an answer that is cut off, or not there at all, is clamped to the window",
                _clamped_map,
                hint="A label at the window's last token teaches the model to point at [SEP]. What is not there has no label.",
            ),
            Misconception(
                "a part of the answer is taken for the whole",
                _part_is_enough,
                hint="Compare the found tokens' outer characters with start and end: does the window reach that far?",
            ),
            Misconception(
                "only answers that begin and end with a token are found",
                _exact_edges,
                hint="An answer may begin inside a token. Take every token that shares a character with it.",
            ),
            Misconception(
                "the last token is counted exclusively",
                _exclusive_end,
                hint="Characters end exclusively, tokens inclusively: the model points at the answer's last token.",
            ),
            Misconception(
                "tokens are counted from the passage's first one",
                _counted_from_the_passage,
                hint="The model's logits begin at [CLS]: positions are those of the window.",
            ),
            Misconception(
                "a missing answer is put on [CLS]",
                _cls_for_nothing,
                hint="That is a convention of its own, and only right where [CLS] may be answered. Here it is -100.",
            ),
        ),
        hint="Collect the tokens with s < e (real passage tokens), s < end and start < e; then see whether they reach from start to end.",
        withheld=("kd_course.spans.to_tokens", "kd_course.spans.labels"),
        allowed="plain Python; not kd_course.spans, which has it",
    ),
    Exercise(
        id="08.2",
        name="best_spans",
        title="The n best answers of a window",
        lesson="08",
        signature="best_spans(start_logits, end_logits, mask, n, longest)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=4,
        cases=span_cases,
        misconceptions=(
            Misconception(
                "tokens of the question are offered as answers",
                _mask_ignored,
                hint="Both the start and the end must stand where mask is true.",
            ),
            Misconception(
                "the end may stand before the start",
                _end_before_start,
                hint="Of all pairs (i, j) only those with i ≤ j are stretches of text.",
            ),
            Misconception(
                "the longest answer that is allowed is left out",
                _one_token_short,
                hint="From i to j there are j - i + 1 tokens.",
            ),
            Misconception(
                "answers may have any length",
                _any_length,
                hint="longest is how many tokens an answer may have: j - i + 1 ≤ longest.",
            ),
            Misconception(
                "the best start is chosen first, then an end for it",
                _best_start_first,
                hint="The best pair need not hold the best start: score all allowed pairs, then sort.",
            ),
            Misconception(
                "the worst pairs come first",
                _worst_first,
                hint="The largest sum of logits is the best answer.",
            ),
        ),
        hint="Score every pair (i, j) by start_logits[i] + end_logits[j], keep the allowed ones, sort, take n.",
        withheld=("kd_course.spans.best_answers",),
        allowed="torch, plain Python; not kd_course.spans, which has it",
    ),
    Exercise(
        id="08.3",
        name="between_windows",
        title="Which window has the answer?",
        lesson="08",
        signature="between_windows",
        points=1,
        minutes=3,
        difficulty=2,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "The span with the largest p(start) · p(end), each from its window's softmax.",
                "A softmax sums to one in every window, also in one that does not hold the answer: there all probability goes to the least bad guess, which then looks as sure as the right answer elsewhere.",
            ),
            Choice(
                "b",
                "The span with the largest sum of start and end logits.",
                "What BERT's own code does. A softmax hides how high a window's logits stand; the sum keeps it, so a window in which nothing fits can score low. It can; no loss of this lesson makes it, for a constant added to all logits of a window changes none of them. Training it takes a place for 'no answer' in every window, or one softmax over all windows of a passage (Clark & Gardner, 2018).",
            ),
            Choice(
                "c",
                "The best span of the first window: passages say the important things first.",
                "News often do, but then the later windows need not be read at all. The data must decide that, not a habit.",
            ),
            Choice(
                "d",
                "The mean of the windows' probabilities, position by position.",
                "Position 7 of one window is another word than position 7 of the next: there is nothing to average.",
            ),
        ),
        hint="What does a softmax do in a window in which nothing fits?",
    ),
    Exercise(
        id="08.4",
        name="word_f1",
        title="How nearly right an answer is",
        lesson="08",
        signature="word_f1(predicted, wanted)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=f1_cases,
        misconceptions=(
            Misconception(
                "this is the overlap by union (Jaccard)",
                _jaccard,
                hint="F1 divides by the two lengths added up, and counts what is shared twice.",
            ),
            Misconception(
                "repeated words are counted once",
                _of_sets,
                hint="A word counts as often as it occurs in both: collections.Counter knows the smaller of two counts.",
            ),
            Misconception(
                "a word said twice is right twice",
                _membership,
                hint="'new york new york' shares only two words with 'new york'.",
            ),
            Misconception(
                "precision and recall are averaged arithmetically",
                _arithmetic_mean,
                hint="F1 is the harmonic mean: it punishes the lower of the two.",
            ),
            Misconception(
                "this is recall: long answers cost nothing",
                _recall_only,
                hint="Whoever answers with the whole passage has recall 1. Precision is the other half.",
            ),
            Misconception(
                "this is precision: short answers cost nothing",
                _precision_only,
                hint="One right word has precision 1. Recall is the other half.",
            ),
            Misconception(
                "a factor of two is missing",
                _half_missing,
                hint="Two equal answers must get 1: 2 · shared / (length + length).",
            ),
        ),
        hint="shared = Σ over words of the smaller count; F1 = 2 · shared / (len(predicted) + len(wanted)).",
        withheld=("kd_course.metrics.f1", "kd_course.metrics._words_f1"),
        allowed="plain Python; not kd_course.metrics, which has it",
    ),
    Exercise(
        id="08.5",
        name="masked_softmax",
        title="A softmax that knows where no answer can be",
        lesson="08",
        signature="masked_softmax(logits, mask)",
        points=4,
        minutes=10,
        difficulty=3,
        importance=5,
        cases=softmax_cases,
        misconceptions=(
            Misconception(
                "-inf fills the mask: a window without any allowed position becomes NaN",
                _minus_infinity,
                hint="softmax of nothing but -inf is 0/0. A large finite number does the same work everywhere else.",
            ),
            Misconception(
                "masked logits are set to zero",
                _zeroed_logits,
                hint="A logit of 0 is not a probability of 0: exp(0) = 1 takes its share.",
            ),
            Misconception(
                "the rest does not sum to one",
                _not_renormalised,
                hint="What the masked positions had must go to the others: mask before the softmax.",
            ),
            Misconception(
                "masked and divided afterwards",
                _renormalised_after,
                hint="Equal on paper; but where the masked logits are large, nothing is left to divide by: 0/0.",
            ),
            Misconception(
                "the mask can be outshouted",
                _weak_mask,
                hint="Subtracting 100 is not enough for a logit of 300: put a number there, do not add one.",
            ),
            Misconception(
                "the softmax runs over the batch",
                _over_the_batch,
                hint="Positions compete within a window: the last dimension.",
            ),
            Misconception(
                "a window without any allowed position gets a uniform distribution",
                _uniform_where_none,
                hint="Such a window counts as nothing: all zeros.",
            ),
        ),
        hint="torch.where puts a large negative number where mask is false; after the softmax, multiply by mask.",
        allowed="torch",
    ),
    Exercise(
        id="08.6",
        name="span_loss",
        title="The loss of a start and an end",
        lesson="08",
        signature="span_loss(student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha)",
        points=6,
        minutes=20,
        difficulty=4,
        importance=5,
        cases=loss_cases,
        misconceptions=(
            Misconception(
                "T² is missing",
                partial(_span_loss, "t"),
                hint="Softened by T, gradients shrink by T²: the soft part is multiplied by it.",
            ),
            Misconception(
                "this is KL(student ‖ teacher): the two are swapped",
                partial(_span_loss, "swapped"),
                hint="The teacher's probabilities weigh the terms: Σ p_teacher (log p_teacher - log p_student).",
            ),
            Misconception(
                "question and padding are in the softmax",
                partial(_span_loss, "mask"),
                hint="Mask both models' logits before anything else is computed.",
            ),
            Misconception(
                "windows without the answer are counted in the labels' mean",
                partial(_span_loss, "all windows"),
                hint="Divide the labels' loss by the windows that have a label.",
            ),
            Misconception(
                "α and 1 - α are exchanged",
                partial(_span_loss, "alpha"),
                hint="α weighs the soft part.",
            ),
            Misconception(
                "start and end are added, not averaged",
                partial(_span_loss, "sum"),
                hint="The mean of the two, as in BERT: so the loss is comparable with a classifier's.",
            ),
            Misconception(
                "only the start is learnt",
                partial(_span_loss, "start"),
                hint="The end has logits and labels of its own.",
            ),
            Misconception(
                "-inf fills the mask: 0 · (-inf - (-inf)) is NaN",
                partial(_span_loss, "infinite"),
                hint="A finite number that is low enough, -1e30, has the same exp and no NaN.",
            ),
            Misconception(
                "the KL is averaged over positions, not summed",
                partial(_span_loss, "positions"),
                hint="KL is a sum over positions; the mean runs over windows. kl_div's 'mean' divides by both.",
            ),
            Misconception(
                "a wholly masked window is counted in the mean",
                partial(_span_loss, "counted"),
                hint="Such a window counts as nothing: leave it out of the divisor too.",
            ),
            Misconception(
                "the labels' part is softened by T as well",
                partial(_span_loss, "softened labels"),
                hint="The hard part takes the student at T = 1.",
            ),
            Misconception(
                "a batch without any answer gives NaN",
                partial(_span_loss, "empty"),
                hint="0/0, and then 0 · NaN even at α = 1: let the divisor be at least one.",
            ),
        ),
        hint="Write it for one end (masking, soft part, hard part), call it for start and for end, take the mean.",
        withheld=(
            "kd_course.losses.span_distillation_loss",
            "kd_course.losses.distillation_loss",
            "kd_course.losses.soft_target_loss",
            "kd_course.losses.hard_target_loss",
        ),
        allowed="torch; not kd_course.losses, which has it",
    ),
    Exercise(
        id="08.7",
        name="labels_loss",
        title="Bug hunt: three slips, and one that mending brings in",
        lesson="08",
        signature="labels_loss(start_logits, end_logits, starts, ends, mask)",
        points=5,
        minutes=15,
        difficulty=4,
        importance=5,
        cases=hunt_cases,
        misconceptions=(
            Misconception(
                "this is the loss as it was printed",
                partial(_hunt, {"clamp", "mask", "start twice"}),
                hint="Three lines need a change; then think of a batch without any answer.",
            ),
            Misconception(
                "-100 is still clamped to position 0",
                partial(_hunt, {"clamp"}),
                hint="After clamp, a window without the answer has the label 0: it learns to point at [CLS].",
            ),
            Misconception(
                "the question and the padding are still in the softmax",
                partial(_hunt, {"mask"}),
                hint="mask is handed in, and never used.",
            ),
            Misconception(
                "the loss is still divided by all windows",
                partial(_hunt, {"batch"}),
                hint="A batch with one answer in three windows has a mean over one.",
            ),
            Misconception(
                "a batch without any answer still gives NaN",
                partial(_hunt, {"empty"}),
                hint="0/0: let the divisor be at least one.",
            ),
            Misconception(
                "the end is still read off the start's logits",
                partial(_hunt, {"start twice"}),
                hint="Look at which logits the second line uses.",
            ),
        ),
        hint="Read line by line, and ask of each: what happens to a window without the answer, and to padding?",
        withheld=(
            "kd_course.losses.span_distillation_loss",
            "kd_course.losses.hard_target_loss",
            "kd_course.losses.distillation_loss",
        ),
        allowed="torch; not kd_course.losses",
    ),
)
