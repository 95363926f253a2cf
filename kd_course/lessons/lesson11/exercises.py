"""The exercises of lesson 11: how far a ground is, what may be asked there, and how answers are weighed."""

from __future__ import annotations

import torch

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson11 import loss_slips, slips

TOO_UNSURE = "certainties that sum to less than 1e-6"
TOO_SURE = "logits so far apart that the softmax holds a 0, whose logarithm is infinite"


# -- 11.1 how far apart two grounds are -------------------------------------------------------


def distance_cases(random) -> list[Case]:
    def case(source, target, wrong_source, wrong_target, label, clause="", half=False):
        """So many rows of each ground, so many of them guessed wrong."""
        wrong = torch.tensor(
            [i < wrong_source for i in range(source)] + [i < wrong_target for i in range(target)]
        )
        is_target = torch.arange(source + target) >= source
        sure = torch.tensor(random.uniform(0.02, 0.45, size=source + target), dtype=torch.float32)
        p = torch.where(is_target ^ wrong, 1 - sure, sure)
        if half:  # one row of each ground, guessed right and wrong, at exactly 0.5
            p[[source - 1, source + target - 1]] = 0.5
        order = torch.from_numpy(random.permutation(source + target))
        return Case((p[order], is_target[order]), label, clause=clause)

    def some(low, high):
        return int(random.integers(low, high))

    return [
        case(some(14, 18), some(6, 9), 2, 2, "more source rows than target rows"),
        case(some(6, 9), some(15, 20), 2, 1, "more target rows than source rows"),
        case(some(10, 13), some(20, 26), 1, 6, "grounds that are hard to tell apart"),
        case(some(9, 12), some(6, 8), 0, 0, "no row is guessed wrong"),
        case(some(11, 15), some(5, 8), 2, 1, "two rows at 0.5", "a probability of 0.5", half=True),
        case(9, 7, some(6, 8), 4, "a classifier worse than chance", "worse than chance"),
    ]


# -- 11.2 a clean pool ------------------------------------------------------------------------

FIRMS = "Halvaro Nordlys Tervola Brekka Lumina Kestrel Ostvik Sandmar".split()
THINGS = ("net sales", "net profit", "order intake", "operating costs", "exports", "net debt")
VERBS = ("rose", "fell", "grew", "shrank", "were up", "were down")
MONTHS = "January February March April May June July August".split()


def pool_cases(random) -> list[Case]:
    combinations = [(f, t, v, m) for f in FIRMS for t in THINGS for v in VERBS for m in MONTHS]
    order = random.permutation(len(combinations)).tolist()

    def sentence():
        """A sentence like no other, whatever its figure; and how to say it with another."""
        firm, thing, verb, month = combinations[order.pop()]

        def with_figure(figure):
            return f"{firm} {thing} {verb} {figure} % in {month}."

        return with_figure

    def figure(low=11, high=99):
        return int(random.integers(low, high))

    def plain():
        return sentence()(figure())

    def case(pool, source, target, label, clause=""):
        source, target = [plain(), *source], [*target, plain()]
        return Case((pool, {"source": source, "target": target}), label, clause=clause)

    def both(change, label, clause):
        """Leaks on either ground, each changed in a way that counts for nothing."""
        pool = [plain() for _ in range(5)]
        return case(pool, [change(pool[1])], [change(pool[3])], label, clause)

    def neither(change, label, clause):
        """Texts that only seem to leak."""
        pool = [plain() for _ in range(4)]
        return case(pool, [change(pool[2]), pool[1]], [change(pool[0])], label, clause)

    a, b, c, d, e = (plain() for _ in range(5))
    templates = [sentence() for _ in range(5)]
    other_figures = [t(figure()) for t in templates]
    again = [plain() for _ in range(4)]
    once, spaced = [sentence() for _ in range(2)], plain()
    ends = [plain() for _ in range(4)]
    attached, decimal = [plain() for _ in range(3)], [plain() for _ in range(4)]
    return [
        case([a, b, c, d, e], [b], [d], "two leaks, one on each ground"),
        case([a, c, e, b, d], [a, e], [d, c], "all but one leak"),
        both(str.upper, "in capitals", "capitals"),
        both(lambda t: f" {t.replace(' ', '  ')}\n", "with other spaces", "spaces"),
        both(lambda t: t.replace(" ", "\t"), "tabs between words", "spaces"),
        case(
            other_figures,
            [templates[1](figure())],
            [templates[4](figure(3, 9))],
            "other figures",
            "figures",
        ),
        neither(
            lambda t: t.replace(t.split(" %")[0].split()[-1] + " ", ""),
            "no figure",
            "no figure at all",
        ),
        neither(lambda t: t.replace(".", "!"), "other punctuation", "punctuation"),
        neither(lambda t: t.replace(" ", "", 1), "two words in one", "where a word ends"),
        case(
            [text.rstrip(".") for text in ends],
            [ends[1].replace(".", " and after.")],
            [ends[2].replace(".", ""), ends[0].replace(".", " and after.")],
            "a test text that goes on",
            "a text that goes on",
        ),
        case(
            [f"{text[:-1]} in Q{figure(1, 9)}, {figure()}%." for text in attached],
            [f"{attached[1][:-1]} in Q{figure(1, 9)}, {figure()}%."],
            [f"{attached[2][:-1]} in Q{figure(1, 9)}, {figure()}%."],
            "figures that touch other characters",
            "figures that touch other characters",
        ),
        case(
            [text.replace(" %", f".{figure()} %") for text in decimal],
            [decimal[0], decimal[2].replace(" %", f".{figure()} %")],
            [decimal[1].replace(" %", f",{figure()} %")],
            "figures with a point, a comma or neither",
            "a point between two runs of digits",
        ),
        case(
            [again[0], again[1], again[0], again[2], again[1].upper(), again[2], again[3]],
            [again[2]],
            [plain()],
            "pool texts that come again",
            "a pool text that comes again",
        ),
        case(
            [
                once[0](figure()),
                once[1](figure(11, 49)),
                once[0](figure(3, 9)),
                spaced,
                once[1](figure(50, 99)),
                spaced.replace(" ", "  "),
            ],
            [plain()],
            [plain()],
            "pool texts that come again with another figure, or with other spaces",
            "a pool text that comes again",
        ),
    ]


# -- 11.3 weights -----------------------------------------------------------------------------


def weight_cases(random) -> list[Case]:
    def logits(rows, classes):
        return 2 * random_normal(random, rows, classes)

    sure = logits(4, 3)
    sure[int(random.integers(4)), int(random.integers(3))] = float(random.uniform(900, 1200))
    alike = random_normal(random, 3, 1).expand(3, 4).clone()
    # Float64, or rounding would be as large as these certainties: about 4e-7, 1e-7 and 5e-8.
    hardly = torch.tensor([[1.0, -1.0, 1.0, -1.0]], dtype=torch.float64)
    hardly = hardly * torch.tensor([[1.0e-3], [5e-4], [4e-4]], dtype=torch.float64)
    hardly = hardly * float(random.uniform(0.9, 1.1))
    return [
        Case((logits(2, 3),), "two rows of three classes"),
        Case((logits(6, 4),), "six rows of four classes"),
        Case((logits(5, 2),), "five rows of two classes"),
        Case((logits(3, 7),), "three rows of seven classes"),
        Case((sure,), "a row that is very sure", clause=TOO_SURE),
        Case((alike,), "no row is surer than chance", clause=TOO_UNSURE),
        Case((hardly,), "no row is much surer than chance", clause=TOO_UNSURE),
    ]


# -- 11.4 a temperature a row -----------------------------------------------------------------


def row_wise_cases(random) -> list[Case]:
    def inputs(rows, classes, low=1.0, high=6.0):
        temperatures = torch.tensor(random.uniform(low, high, size=rows), dtype=torch.float32)
        return (
            2 * random_normal(random, rows, classes),
            2 * random_normal(random, rows, classes),
            temperatures,
        )

    student, teacher, temperatures = inputs(3, 4)
    place = int(random.integers(4))
    student[:, place] = -float(random.uniform(4000, 5000))
    sure = inputs(3, 3)
    sure[1][1, int(random.integers(3))] = float(random.uniform(4000, 5000))
    alike = inputs(4, 3)
    alike[2].fill_(float(random.uniform(2, 5)))
    return [
        Case(inputs(2, 3), "two rows", gradient_of=(0, 1)),
        Case(inputs(6, 4), "six rows", gradient_of=(0, 1)),
        Case(inputs(4, 2, 0.3, 0.9), "temperatures below 1", gradient_of=(0, 1)),
        Case(alike, "one temperature for all rows", gradient_of=(0, 1)),
        Case((student, teacher, temperatures), "a student that is very sure", clause=TOO_SURE),
        Case(sure, "a teacher that is very sure", clause=TOO_SURE),
    ]


# -- 11.5 the annealed temperature ------------------------------------------------------------


def annealed_cases(random) -> list[Case]:
    def steps():
        return int(random.integers(7, 40))

    def highest():
        return int(random.integers(11, 39)) / 4 + 0.125

    def midway():
        number = steps()
        return int(random.integers(1, number // 2)), number, highest()

    late, last, past = steps(), steps(), steps()
    return [
        Case(midway(), "in the first half"),
        Case(midway(), "another step"),
        Case((late - 2, late, highest()), "the last step but one"),
        Case((0, steps(), highest()), "the first step"),
        Case((last - 1, last, highest()), "the last step"),
        Case(
            (past + int(random.integers(1, 9)), past, highest()),
            "after the last",
            clause="a step after the last",
        ),
        Case((0, 1, highest()), "one step in all", clause="a single step"),
    ]


# -- 11.6 standardised logits -----------------------------------------------------------------


CLOSE = "a row whose logits hardly differ, to whose deviation nothing is added either"


def standardised_cases(random) -> list[Case]:
    def logits(rows, classes, scale=2.0, shift=1.0):
        return scale * random_normal(random, rows, classes) + shift

    alike = logits(4, 3)
    alike[int(random.integers(4))] = float(random.integers(-8, 9)) / 4  # their mean is exact
    close = logits(3, 4)
    hardly = random_normal(random, 4)  # small enough for an addend of 1e-8 to show, and no smaller:
    hardly = 2e-5 * hardly / hardly.std(correction=0)  # "below 1e-6 they count as equal" may stay
    close[int(random.integers(3))] = hardly
    return [
        Case((logits(2, 3),), "two rows of three classes", gradient_of=(0,)),
        Case((logits(5, 4, 8.0, -3.0),), "five rows of four classes", gradient_of=(0,)),
        Case((logits(3, 6, 0.5),), "three rows of six classes", gradient_of=(0,)),
        Case((logits(1, 5),), "a single row", gradient_of=(0,)),
        Case((close,), "a row whose logits hardly differ", clause=CLOSE),
        Case((alike,), "a row of equal logits", clause="a row of equal logits"),
    ]


# -- 11.7 the least sure rows -----------------------------------------------------------------


def least_sure_cases(random) -> list[Case]:
    right = slips.rows_with()
    others = [wrong.function for wrong in slips.LEAST_SURE[:6]]

    def telling(rows, classes, percent):
        """Logits for which every other measure would choose other rows."""
        while True:
            logits = 1.5 * random_normal(random, rows, classes)
            if all(other(logits, percent) != right(logits, percent) for other in others):
                return logits, percent

    ties, _ = telling(9, 4, 33)
    chosen = right(ties, 33)  # three rows
    ties[[i for i in range(9) if i not in chosen]] *= 3
    log_p = ties.log_softmax(-1)
    surest = min(chosen, key=lambda i: -float((log_p[i].exp() * log_p[i]).sum()))
    ties = torch.cat([ties, ties[[surest, surest]]])  # the fourth of 11 is one of three equals
    many, _ = telling(8, 4, 25)
    pair = right(many, 25)
    many[[i for i in range(8) if i not in pair]] *= 3
    many = torch.cat([many, many[[pair[1]] * 6]])  # one of the two comes seven times
    many = many[torch.from_numpy(random.permutation(14))]
    sure = telling(8, 3, 25)[0]
    sure[int(random.integers(8)), int(random.integers(3))] = float(random.uniform(900, 1200))
    return [
        Case(telling(10, 4, 30), "3 of 10 rows"),
        Case(telling(20, 3, 20), "4 of 20 rows"),
        Case(telling(12, 5, 25), "3 of 12 rows"),
        Case(telling(14, 4, 23), "23 % of 14 rows", clause="a part of a row"),
        Case(telling(13, 3, 29), "29 % of 13 rows", clause="a part of a row"),
        Case((ties, 33), "rows that are equally unsure", clause="rows that are equally unsure"),
        Case((many, 33), "seven equally unsure rows", clause="rows that are equally unsure"),
        Case((sure, 25), "a row that is very sure", clause=TOO_SURE),
    ]


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="11.1",
        name="proxy_a_distance",
        title="How far is the new ground?",
        lesson="11",
        signature="proxy_a_distance(p_target, is_target)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=3,
        cases=distance_cases,
        misconceptions=slips.DISTANCES,
        question="What would the error be of a classifier that knows nothing, and of one that is always right?",
        hint="First the guesses, then the share of wrong ones on each ground by itself, then their mean. "
        "What must come out at an error of one half, and above it?",
        allowed="torch, plain Python",
    ),
    Exercise(
        id="11.2",
        name="clean_pool",
        title="What may be asked about?",
        lesson="11",
        signature="clean_pool(pool, test_texts)",
        points=3,
        minutes=12,
        difficulty=2,
        importance=5,
        cases=pool_cases,
        misconceptions=slips.POOLS,
        question="What form do you give a text, so that two that count as the same become equal?",
        hint="One function that brings a text into that form; the forms of all tests in one set; then one walk "
        "through the pool that remembers what it has seen.",
        withheld=("kd_course.corpora.classification.*",),
        allowed="plain Python and re; not corpora.classification",
    ),
    Exercise(
        id="11.3",
        name="sure_rows_weigh_more",
        title="Weights that keep the scale",
        lesson="11",
        signature="sure_rows_weigh_more(teacher_logits)",
        points=3,
        minutes=10,
        difficulty=2,
        importance=4,
        cases=weight_cases,
        misconceptions=loss_slips.WEIGHTS,
        question="Between which two values does an entropy of C classes lie, in nats?",
        hint="First how sure each row is, between 0 and 1. Then one number for all rows that makes them average 1. "
        "Which rows leave nothing to divide by?",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="11.4",
        name="row_wise_loss",
        title="A temperature of its own",
        lesson="11",
        signature="row_wise_loss(student_logits, teacher_logits, temperatures)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=row_wise_cases,
        misconceptions=loss_slips.ROW_WISE,
        question="What is the loss of a single row at its temperature?",
        hint="Keep one number a row until the very end. Temperatures have to stand beside the rows, not beside the "
        "classes, when you divide by them.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="11.5",
        name="annealed",
        title="From soft to sharp",
        lesson="11",
        signature="annealed(step, steps, highest)",
        points=2,
        minutes=6,
        difficulty=1,
        importance=3,
        cases=annealed_cases,
        misconceptions=loss_slips.ANNEALED,
        question="Of five steps, which numbers have the first and the last?",
        hint="How far the training is, as a share: 0 at the first step, 1 at the last. Then what is taken off the "
        "highest temperature. Try one step, and one too many.",
        withheld=("kd_course.losses.*",),
        allowed="plain Python; not kd_course.losses",
    ),
    Exercise(
        id="11.6",
        name="standardise",
        title="The same size for all logits",
        lesson="11",
        signature="standardise(logits)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=3,
        cases=standardised_cases,
        misconceptions=loss_slips.STANDARDISED,
        question="What does the standard deviation of a row of C numbers divide its sum by?",
        hint="Over which dimension, and with what in the denominator: look up what torch's std does unless told "
        "otherwise. What is the deviation of equal numbers?",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses",
    ),
    Exercise(
        id="11.7",
        name="least_sure",
        title="Ask where it is least sure",
        lesson="11",
        signature="least_sure(logits, percent)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=least_sure_cases,
        misconceptions=slips.LEAST_SURE,
        question="Which number of a row is large when all of its classes are about alike?",
        hint="The entropy of each row, a stable sort, so many of the first, and their positions in ascending order.",
        withheld=("kd_course.distillation.*",),
        allowed="torch, numpy, plain Python; not kd_course.distillation",
    ),
    Exercise(
        id="11.8",
        name="what_it_shows",
        title="What does the table show?",
        lesson="11",
        signature="what_it_shows",
        points=1,
        minutes=6,
        difficulty=3,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "Target sentences helped because the student got to know their words; what the teacher said of them "
                "did not matter.",
                "Line 4 has the same sentences with other sentences' answers, and lost what line 3 had gained.",
            ),
            Choice(
                "b",
                "The teacher's answers to target sentences taught the student something about the target, although a "
                "third of them are wrong.",
                "Right. Lines 2 and 3 differ in where was asked, lines 3 and 4 in whether the answer belongs to the "
                "sentence. Together they leave this.",
            ),
            Choice(
                "c",
                "A teacher's answers are worth more than labels of the target, however many labels there are.",
                "Line 5 has two hundred labels, and no line has more. The table compares two prices, not two kinds "
                "of knowledge.",
            ),
            Choice(
                "d",
                "Weighing by confidence does not work under a shift.",
                "It made no difference in this table, where the teacher is as sure on the target as at home: then the "
                "weights say nothing. A teacher that notices the shift is another case.",
            ),
        ),
        question="Which two lines differ in one thing only, and in which?",
        hint="For each statement look for the pair of lines that differ in just what it speaks of. If there is none, "
        "the table does not show it.",
        allowed="pen and paper",
    ),
)
