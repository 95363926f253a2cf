"""The exercises of lesson 10: what an answer weighs and teaches, when it may be kept, who stands in."""

from __future__ import annotations

import torch

from kd_course.exercises.slips import random_labels, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception
from kd_course.lessons.lesson10 import loss_slips, slips

TOO_SURE = "logits so far apart that the softmax holds a 0, whose logarithm is infinite"
NO_REST = f"{TOO_SURE} (one less the sum of the others is 0 there as well, or a rounding error)"


# -- 10.1 bytes -------------------------------------------------------------------------------


def byte_cases(random) -> list[Case]:
    def lengths():
        return random.choice([3, 5, 6, 7, 9, 11, 12], size=3, replace=False).tolist()

    def between(low, high):
        return int(random.integers(low, high))

    whole, edge = "k is None", "a vocabulary whose largest number just fits into its bytes"
    return [
        Case((lengths(), between(600, 2000), between(4, 20), 4), "a vocabulary in the thousands"),
        Case((lengths(), between(30_000, 60_000), between(4, 20), 4), "one of a language model"),
        Case((lengths(), between(100_000, 200_000), between(4, 20), 2), "a very large vocabulary"),
        Case((lengths(), between(10, 120), between(2, 5), 2), "a small vocabulary"),
        Case((lengths(), 256, between(2, 20), 4), "256 pieces", clause=edge),
        Case((lengths(), 65_536, between(2, 20), 4), "65,536 pieces", clause=edge),
        Case((lengths(), 257, between(2, 20), 4), "257 pieces"),
        Case((lengths(), between(600, 2000), None, 4), "all values are kept", clause=whole),
        Case((lengths(), between(30_000, 60_000), None, 2), "all, two bytes each", clause=whole),
    ]


# -- 10.2 the tail bucket ---------------------------------------------------------------------


def tail_cases(random) -> list[Case]:
    def inputs(rows, classes, k):
        student = 2 * random_normal(random, rows, classes)
        p = (2 * random_normal(random, rows, classes)).softmax(-1)
        ids = torch.from_numpy(
            random.permuted(torch.arange(1, classes).expand(rows, -1).numpy(), axis=1)[:, :k].copy()
        )
        return student, ids, p.gather(-1, ids)

    student, ids, kept = inputs(3, 6, 3)
    all_kept = (student, ids, kept / kept.sum(-1, keepdim=True) * 0.999999)
    more, more_ids, kept = inputs(2, 5, 2)
    rounded = (more, more_ids, kept / kept.sum(-1, keepdim=True) * 1.00002)
    sure, sure_ids, kept = inputs(3, 6, 2)
    far = torch.zeros_like(sure).scatter(-1, sure_ids[:, :1], float(random.uniform(900, 1200)))
    return [
        Case(inputs(2, 5, 2), "two rows, the 2 best of 5", gradient_of=(0,)),
        Case(inputs(6, 9, 4), "six rows, 4 of 9", gradient_of=(0,)),
        Case(inputs(4, 7, 1), "four rows, 1 of 7", gradient_of=(0,)),
        Case(all_kept, "the kept probabilities all but sum to one", gradient_of=(0,)),
        Case(
            rounded,
            "the kept probabilities sum to a little more than one",
            gradient_of=(0,),
            clause="kept probabilities that sum to one, or to a little more",
        ),
        Case((sure + far, sure_ids, kept), "a student that is very sure", clause=NO_REST),
    ]


# -- 10.3 sampled targets ---------------------------------------------------------------------


def sampling_cases(random) -> list[Case]:
    def distribution(classes):
        return torch.tensor(random.dirichlet([2.0] * classes), dtype=torch.float32)

    def drawn(proposal, n):
        """Draws of which one class comes up twice, and another once."""
        q = proposal.double().numpy()
        while True:
            draws = random.choice(len(q), size=n, p=q / q.sum())
            counts = sorted(set((draws == i).sum() for i in set(draws.tolist())))
            if len(counts) > 1 or n < 3:
                return torch.from_numpy(draws)

    def case(classes, n, label, clause="", never=False):
        p, proposal = distribution(classes), distribution(classes)
        if never:
            proposal[int(random.integers(classes))] = 0.0
            proposal = proposal / proposal.sum()
        return Case((drawn(proposal, n), p, proposal), label, clause=clause)

    return [
        case(4, 5, "five draws from four classes"),
        case(6, 9, "nine draws from six classes"),
        case(5, 30, "thirty draws: every class comes up"),
        case(4, 1, "a single draw", clause="a single draw"),
        case(5, 6, "a class that the proposal never draws", clause="a proposal of 0", never=True),
    ]


# -- 10.4 the same question -------------------------------------------------------------------


def key_cases(random) -> list[Case]:
    def words(count):
        return random.choice(range(5, 90), size=count, replace=False).tolist()

    def row(ids, *, pad=0, left=False, tokenizer="a", max_length=16, label=0):
        padding = [0] * pad
        mask = [1] * len(ids)
        ids, mask = (padding + ids, padding + mask) if left else (ids + padding, mask + padding)
        return {
            "tokenizer": tokenizer,
            "input_ids": list(ids),
            "attention_mask": list(mask),
            "max_length": max_length,
            "label": label,
        }

    one, two, three = words(4), words(5), words(3)
    plain = [row(one), row(two), row(one), row(three), row(two), row(one)]
    a, b = words(4), words(4)
    labelled = [row(a, label=0), row(b, label=1), row(a, label=2), row(b, label=1), row(a, label=1)]
    c, d = words(4), words(5)
    padded = [row(d), row(c, pad=1), row(c, pad=3), row(d, pad=2), row(c)]
    left = [row(d), row(c, pad=2, left=True), row(c), row(d, pad=4, left=True), row(c, pad=3)]
    e = words(3)
    with_zero = [*e[:2], 0, e[2]]
    word_zero = [row(d), row(with_zero), row(e), row(with_zero, pad=2), row(e, pad=1)]
    f = words(4)
    other = [row(f), row(f, tokenizer="b"), row(f), row(f, tokenizer="b"), row(d)]
    long = words(6)
    end = words(2)
    cut = [
        row(d),
        row(long + end, max_length=6),
        row(long, max_length=6),
        row(long + end[:1], max_length=6),
    ]
    limits = [row(d), row(f, max_length=16), row(f, max_length=8), row(f, max_length=32)]
    left_cut = [
        row(d),
        row(long, max_length=4),
        row(long, pad=3, left=True, max_length=4),
        row(long[:3], max_length=4),
        row(long[1:], max_length=4),
    ]
    turned = [row(f), row(f[::-1]), row(f), row(f[::-1]), row([*f, f[0]]), row([f[0], *f])]
    return [
        Case((plain,), "six rows, three questions"),
        Case((labelled,), "labels that differ", clause="labels"),
        Case((padded,), "rows padded to several lengths", clause="padding"),
        Case((left,), "padding on the left", clause="padding on the left"),
        Case((word_zero,), "a word with padding's number", clause="padding's number is a word's"),
        Case((other,), "another tokenizer", clause="another tokenizer"),
        Case((cut,), "rows that are cut", clause="rows longer than max_length"),
        Case((limits,), "another limit that cuts nothing", clause="limits that cut nothing"),
        Case(
            (left_cut,),
            "padded on the left, and cut",
            clause="padding on the left of a row that is cut",
        ),
        Case((turned,), "the same ids in another order", clause="the order of the ids"),
    ]


# -- 10.6 break-even --------------------------------------------------------------------------


def break_even_cases(random) -> list[Case]:
    def eighths(low, high):
        return int(random.integers(low, high)) / 8

    def costs():
        """Of which the answer is no whole number, and several epochs away."""
        while True:
            ask, write, read, step = eighths(30, 60), eighths(8, 30), eighths(8, 20), eighths(4, 9)
            at = (ask + write) / (ask - read)
            if at % 1 and at > 2 and ask - step - read > 0:
                return ask, write, read, step

    # Where reading costs more than it saves, it matters whether the first epoch reads, too.
    near = costs()
    while 2 * near[2] <= near[0] or (near[0] + near[1]) % (near[0] - near[2]) == 0:
        near = (eighths(30, 60), eighths(8, 30), eighths(20, 29), eighths(4, 9))
    read, saved, epochs = eighths(21, 40), eighths(8, 20), int(random.integers(5, 9))
    ask = read + saved
    while epochs * saved <= ask:
        epochs += 1
    exact = (ask, epochs * saved - ask, read, eighths(1, 9))
    free = (eighths(8, 40), 0, 0, eighths(8, 20))
    never = (eighths(4, 9), eighths(1, 9), eighths(12, 20), eighths(1, 9))
    same = eighths(4, 20)
    late = (eighths(12, 16), eighths(80, 160), eighths(6, 9), eighths(20, 30))
    return [
        Case(costs(), "some prices"),
        Case(costs(), "other prices"),
        Case(late, "an expensive cache"),
        Case(near, "reading costs most of what asking does"),
        Case(exact, "a number of epochs for which both cost the same", clause="equal costs"),
        Case(free, "writing and reading are free", clause="writing and reading that cost nothing"),
        Case(never, "reading is dearer than asking", clause="a cache that never pays"),
        Case((same, 0, same, 1), "reading is as dear as asking", clause="a cache that never pays"),
    ]


# -- 10.7 two peers ---------------------------------------------------------------------------


def mutual_cases(random) -> list[Case]:
    def inputs(rows, classes):
        return (
            2 * random_normal(random, rows, classes),
            2 * random_normal(random, rows, classes),
            random_labels(random, classes, rows),
        )

    some = inputs(5, 4)
    some[2][[0, 3]] = -100
    none = inputs(3, 3)
    none[2][:] = -100
    a, b, labels = inputs(3, 4)
    far = float(random.uniform(900, 1200))
    first = torch.from_numpy(random.permuted(torch.arange(4).expand(3, -1).numpy(), axis=1).copy())
    a = a.scatter(-1, first[:, :1], far)
    return [
        Case((*inputs(2, 3), 0.5), "two rows, α = 0.5", gradient_of=(0, 1)),
        Case((*inputs(6, 5), 0.3), "six rows, α = 0.3", gradient_of=(0, 1)),
        Case((*inputs(4, 3), 1.0), "the peers alone", gradient_of=(0, 1), clause="α = 1"),
        Case((*inputs(4, 3), 0.0), "the labels alone", gradient_of=(0, 1), clause="α = 0"),
        Case(
            (*some, 0.4), "two rows without a label", gradient_of=(0, 1), clause="a label of -100"
        ),
        Case((*none, 0.6), "no row has a label", gradient_of=(0, 1), clause="no label at all"),
        Case((a, b, labels, 0.5), "a peer that is very sure", clause=TOO_SURE),
    ]


# -- 10.8 the proxy ---------------------------------------------------------------------------


def proxy_cases(random) -> list[Case]:
    def inputs(rows, classes):
        while True:
            proxy = 2 * random_normal(random, rows, classes)
            answers = random_labels(random, classes, rows)
            agree = int((proxy.argmax(-1) == answers).sum())
            if 0 < agree < rows:
                return 2 * random_normal(random, rows, classes), proxy, answers

    student, proxy, answers = inputs(3, 4)
    student = student.scatter(-1, answers[:, None], -float(random.uniform(900, 1200)))
    return [
        Case((*inputs(2, 3), 0.5), "two rows, α = 0.5", gradient_of=(0, 1)),
        Case((*inputs(6, 4), 0.8), "six rows, α = 0.8", gradient_of=(0, 1)),
        Case((*inputs(4, 3), 1.0), "the proxy alone", gradient_of=(0, 1), clause="α = 1"),
        Case((*inputs(4, 3), 0.0), "the answers alone", gradient_of=(0, 1), clause="α = 0"),
        Case((student, proxy, answers, 0.5), "a student that is very sure", clause=TOO_SURE),
    ]


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="10.1",
        name="cache_bytes",
        title="What a cache weighs",
        lesson="10",
        signature="cache_bytes(lengths, vocabulary, k, value_bytes)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=byte_cases,
        misconceptions=slips.BYTES,
        question="Write down all that is stored for one token, at k = 2. How many numbers, how many values?",
        hint="First the bytes of a piece's number: which is the largest, and how many bits does it have? "
        "Then those of a token, then how many tokens there are.",
        allowed="plain Python",
    ),
    Exercise(
        id="10.2",
        name="tail_bucket_loss",
        title="One class for all the others",
        lesson="10",
        signature="tail_bucket_loss(student_logits, ids, kept)",
        points=4,
        minutes=15,
        difficulty=3,
        importance=5,
        cases=tail_cases,
        misconceptions=loss_slips.TAIL,
        question="Of the k + 1 classes, how large is the last one's probability, for the teacher and for the "
        "student?",
        hint="Two distributions over k + 1 classes, then KL. Of the student, stay with logarithms: those of the "
        "pieces outside ids can be added up by a function of torch.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="10.3",
        name="sampled_target",
        title="Right on average",
        lesson="10",
        signature="sampled_target(draws, p, proposal)",
        points=3,
        minutes=10,
        difficulty=3,
        importance=4,
        cases=sampling_cases,
        misconceptions=slips.SAMPLING,
        question="With a single draw: what must the target hold at the class that came up, so that its mean over "
        "all classes that might have come up is p?",
        hint="The mean of a class's value over draws is how often it comes up times what it holds then. Set that "
        "to p. Of n draws, take the mean.",
        allowed="torch",
    ),
    Exercise(
        id="10.4",
        name="first_asked",
        title="The same question",
        lesson="10",
        signature="first_asked(rows)",
        points=3,
        minutes=10,
        difficulty=2,
        importance=5,
        cases=key_cases,
        misconceptions=slips.KEYS,
        question="What of a row reaches the teacher? Cross out the rest.",
        hint="Make a key of each row out of what the teacher reads, and remember in a dict which row had it first. "
        "In which order are padding taken off and the row cut?",
        withheld=("kd_course.distillation.*",),
        allowed="plain Python; not kd_course.distillation, whose cache has such keys",
    ),
    Exercise(
        id="10.5",
        name="who_may_cache",
        title="Who may keep answers?",
        lesson="10",
        signature="who_may_cache",
        points=1,
        minutes=4,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "Ann masks 15 % of each sentence's words, drawn anew in every epoch, and both models read the masked "
                "sentence.",
                "Every epoch asks another question. A kept answer would be the answer to one epoch's masks, read "
                "beside another's.",
            ),
            Choice(
                "b",
                "Ben keeps the teacher in train mode while he asks it, because its dropout makes the targets smoother.",
                "A live teacher in train mode draws new dropout for every answer. A cache keeps one draw, and its noise "
                "is taught in every epoch.",
            ),
            Choice(
                "c",
                "Cleo shuffles the rows anew in every epoch, pads each batch to its longest row, and has dropout in the "
                "student.",
                "Right. Order, padding and the student's dropout are nothing that the teacher reads: in eval mode it "
                "says the same to the same sentence.",
            ),
            Choice(
                "d",
                "Dan lets the teacher learn on, one step of its own after each step of the student.",
                "His teacher is another one at every step. That is online distillation: kept answers are those of a "
                "teacher of the past, as in codistillation.",
            ),
        ),
        question="For each of the four: which question is asked in the second epoch, and of whom?",
        hint="Two things must be the same in every epoch: all that the teacher reads, and the teacher.",
        allowed="pen and paper",
    ),
    Exercise(
        id="10.6",
        name="break_even",
        title="From which epoch does a cache pay?",
        lesson="10",
        signature="break_even(ask, write, read, step)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=break_even_cases,
        misconceptions=slips.BREAK_EVEN,
        question="What does a row cost in e epochs, live and with a cache? Write both down.",
        hint="Take one from the other: what is saved in every epoch, and what is paid once? Then think of prices "
        "at which nothing is saved, and of those at which both are equal.",
        allowed="plain Python",
    ),
    Exercise(
        id="10.7",
        name="mutual_losses",
        title="Two peers",
        lesson="10",
        signature="mutual_losses(logits_a, logits_b, labels, alpha)",
        points=4,
        minutes=15,
        difficulty=3,
        importance=5,
        cases=mutual_cases,
        misconceptions=loss_slips.MUTUAL,
        question="Which of the two sets of logits may a's loss move, and which b's?",
        hint="Write one peer's loss as a function of its own logits and the other's, and call it twice. Of a teacher "
        "no gradient is wanted.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="10.8",
        name="proxy_loss",
        title="Trust the proxy where it agrees",
        lesson="10",
        signature="proxy_loss(student_logits, proxy_logits, answers, alpha)",
        points=3,
        minutes=12,
        difficulty=3,
        importance=3,
        cases=proxy_cases,
        misconceptions=loss_slips.PROXY,
        question="Which of the two parts is the proxy's word, and which the black box's own?",
        hint="Keep everything a row apart until the end: a weight, a KL, a cross-entropy. Mix them row by row, then "
        "take the mean.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="10.9",
        name="students_that_pay",
        title="How many students make a teacher pay?",
        lesson="10",
        signature="students_that_pay",
        points=1,
        minutes=5,
        difficulty=2,
        importance=4,
        kind="value",
        atol=1e-9,
        rtol=0.0,
        misconceptions=(
            Misconception(
                "for as many students both cost the same",
                value=20,
                hint="Compute both bills for that number. Less is asked for.",
            ),
            Misconception(
                "the answers are forgotten",
                value=19,
                hint="The teacher is trained, and then it is asked.",
            ),
            Misconception(
                "distilling a student costs nothing",
                value=15,
                hint="Each student is distilled, too, once the teacher is there.",
            ),
            Misconception(
                "the students trained alone cost nothing",
                value=48,
                hint="What does one student save? Not what distilling it costs.",
            ),
        ),
        question="What do n students cost in each way? Write both down.",
        hint="One part is paid once, another for every student. How much does each student save?",
        allowed="pen and paper",
    ),
)
