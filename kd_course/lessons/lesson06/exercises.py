"""The exercises of lesson 06: leaks, macro F1, calibration, temperature, intervals, long texts."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from kd_course.exercises.slips import random_labels, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson06 import slips

# -- where each is tried ----------------------------------------------------------------------


SUBJECTS = "sales profit costs orders exports wages prices margins turnover debt".split()
VERBS = "rose fell grew shrank doubled halved".split()
MONTHS = "january march april may june july august october".split()


def sentences(random, number: int) -> list[str]:
    """Sentences of four words, each about something else: "sales fell in may."."""
    return [
        f"{subject} {random.choice(VERBS)} in {random.choice(MONTHS)}."
        for subject in random.choice(SUBJECTS, size=number, replace=False)
    ]


def shuffled(random, things: list) -> list:
    return [things[i] for i in random.permutation(len(things))]


def merged(random, one: list, other: list) -> list:
    """Both in one list, in which each keeps its order."""
    first, second = iter(one), iter(other)
    turns = shuffled(random, [True] * len(one) + [False] * len(other))
    return [next(first if turn else second) for turn in turns]


def louder(random, text: str) -> str:
    """With capitals in one of the later words at least."""
    words = text.split()
    loud = {int(random.integers(1, len(words))), int(random.integers(len(words)))}
    return " ".join(
        str(random.choice([word.title(), word.upper()])) if i in loud else word
        for i, word in enumerate(words)
    )


def _spaced_out(random, text):
    before, after = (" " * blanks for blanks in random.integers(1, 4, size=2).tolist())
    return before + text + after


def _in_other_gaps(random, text, gaps):
    """The same four words, with what stands between them: three gaps, in an order that is drawn."""
    words = text.split()
    between = shuffled(random, gaps)
    return words[0] + "".join(gap + word for gap, word in zip(between, words[1:], strict=True))


def _two_blanks(random, text):
    return _in_other_gaps(random, text, ["  ", " " * int(random.integers(1, 3)), " "])


def _more_blanks(random, text):
    return _in_other_gaps(random, text, [" " * n for n in (1, *random.integers(3, 7, size=2))])


def _tab_and_break(random, text):
    return _in_other_gaps(random, text, ["\t", "\n", " "])


SPACED = (  # what, the same text in other spacing, and the clause
    ("spaces at the ends", _spaced_out, "white space at the ends"),
    ("two blanks", _two_blanks, "two blanks in a row"),
    ("three blanks or more", _more_blanks, "three blanks or more in a row"),
    ("a tab and a line break", _tab_and_break, "tabs and line breaks"),
)


def leak_cases(random) -> list[Case]:
    def one_leak(change, *, training):
        """A leak among two texts on each side, with one side's copy of it changed."""
        leak, known, new = sentences(random, 3)
        changed = change(random, leak)
        return (
            shuffled(random, [known, changed if training else leak]),
            shuffled(random, [new, leak if training else changed]),
        )

    known, new = sentences(random, 2)
    orders = [f"order {i} was shipped." for i in random.permutation(12).tolist()]
    return [
        Case(one_leak(lambda random, text: text, training=False), "one test row leaks"),
        Case(
            (
                merged(random, orders[:4], orders[4:8]),
                merged(random, orders[4:8], orders[8:]),
            ),
            "four of eight rows leak",
        ),
        Case(([known], [new]), "no leak at all"),
        *(
            Case(
                one_leak(louder, training=where == "training"),
                f"capitals in the {where} texts",
                clause="capital letters",
            )
            for where in ("test", "training")
        ),
        *(
            Case(
                one_leak(respaced, training=where == "training"),
                f"{what} in {where}",
                clause=clause,
            )
            for where in ("a test text", "training")
            for what, respaced, clause in SPACED
        ),
        *(Case(alike(random), label, clause=label) for label, alike in ALIKE),
    ]


def _run_together(random):
    """A pair of texts apart and together, one of them on each side; and a leak, once more together."""
    gap = int(random.integers(3))
    apart, leak = sentences(random, 2)
    together, leak_together = (
        " ".join(words[: gap + 1]) + " ".join(words[gap + 1 :])
        for words in (apart.split(), leak.split())
    )
    one, other = shuffled(random, [apart, together])
    return shuffled(random, [one, leak]), shuffled(random, [other, leak_together, leak])


def _punctuated(random):
    text, leak = sentences(random, 2)
    words = text.removesuffix(".").split()
    ends = random.choice(["", "!", "?", ";", "..."], size=2, replace=False).tolist()
    others = [" ".join(words) + end for end in ends]
    words[random.integers(3)] += ","
    return shuffled(random, [text, leak]), shuffled(random, [*others, " ".join(words) + ".", leak])


def _continued(random):
    """A test text is the beginning of a training text, a training text that of a test text."""
    known, new, leak = sentences(random, 3)
    of_known, of_new = (" ".join(text.split()[: random.integers(2, 4)]) for text in (known, new))
    return shuffled(random, [known, of_new, leak]), shuffled(random, [of_known, new, leak])


def _turned_round(random):
    one, other, *pair = random.choice(SUBJECTS, size=4, replace=False).tolist()
    beat, leak = random.choice(["beat", "outgrew", "followed"]), " and ".join(pair)
    return (
        shuffled(random, [f"{one} {beat} {other}", leak]),
        shuffled(random, [f"{other} {beat} {one}", leak]),
    )


def _three_times(random):
    leak, known, *new = sentences(random, 4)
    return shuffled(random, [leak, known]), shuffled(random, [leak] * 3 + new)


def _twice_in_training(random):
    first, second, new = sentences(random, 3)
    train = [first, *shuffled(random, [shuffled(random, [first, second])[0], second])]
    return train, merged(random, [first, second], [new])


def _in_another_order(random):
    *leaks, new = sentences(random, 4)
    orders = ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    order = orders[random.integers(len(orders))]
    return leaks, merged(random, [leaks[i] for i in order], [new])


def _repeated_in_the_test(random):
    leak, new = sentences(random, 2)
    return [leak], shuffled(random, [leak] + [new] * 3)


ALIKE = (  # what, and a function that draws training texts and test texts
    ("words that run together in one of the two", _run_together),
    ("punctuation, in which texts differ", _punctuated),
    ("a text that is only part of another", _continued),
    ("the order of the words", _turned_round),
    ("a leak that the test set holds three times", _three_times),
    ("a training text that stands twice", _twice_in_training),
    ("positions in ascending order", _in_another_order),
    ("a repeat inside the test set, which is no leak", _repeated_in_the_test),
)


def f1_cases(random) -> list[Case]:
    def classes(pairs, number: int = 3):
        """predicted and labels out of (predicted, label) pairs, in an order that is drawn."""
        return *map(torch.tensor, zip(*shuffled(random, pairs), strict=True)), number

    def right(*which, up_to=1):
        """Each of these classes is right in a row, or in several."""
        return [(c, c) for c in which for _ in range(random.integers(1, up_to + 1))]

    def wrong(*which):
        """A row that is labelled with one of these classes, and given to another of them."""
        return tuple(random.choice(which, size=2, replace=False).tolist())

    def mixed(rows, *which):
        """So many rows: every class right in one, a wrong one, and the others as they come."""
        any_two = [
            tuple(random.choice(which, size=2).tolist()) for _ in range(rows - len(which) - 1)
        ]
        return [*right(*which), wrong(*which), *any_two]

    def many(number):
        labels = random.integers(number, size=40)
        predicted = [c if random.random() < 0.6 else 0 for c in labels.tolist()]
        every = list(range(number))  # no class goes without a right row, a missed one, a wrong one
        return (
            torch.tensor([*predicted, *every, *every[1:], 0, 0]),
            torch.tensor([*labels.tolist(), *every, *every[1:], 1, 2 % number]),
            number,
        )

    def some(low=4, high=8):
        return int(random.integers(low, high))

    neither = "a class that neither side uses"
    other = "another number of classes than three"
    # The last class is no row's label in one case only: how many there are cannot be read off.
    missed, unlabelled, unused, crossed = (int(random.integers(n)) for n in (3, 2, 2, 3))
    rest = {c: [i for i in range(3) if i != c] for c in range(3)}
    return [
        Case(classes(mixed(9, 0, 1, 2)), "nine rows"),
        Case(classes(mixed(10, 0, 1, 2)), "ten rows"),
        Case(many(3), "forty-seven rows, too many of them given to class 0"),
        Case(classes(right(0, 1, 2, up_to=3)), "everything right"),
        Case(classes(mixed(some(5, 9), 0, 1), 2), "two classes", clause=other),
        Case(many(4), "four classes", clause=other),
        Case(classes(mixed(some(), 0, 1)), "the last class is on neither side", clause=neither),
        Case(
            classes(mixed(some(), *rest[unused])),
            "a class before the last is on neither side",
            clause=neither,
        ),
        Case(
            classes([*mixed(some(), *rest[missed]), (random.choice(rest[missed]), missed)]),
            "a class is labelled, but never predicted",
            clause="a class that is never predicted",
        ),
        Case(
            classes(
                [*mixed(some(), *rest[unlabelled]), (unlabelled, random.choice(rest[unlabelled]))]
            ),
            "a class is predicted, but is no row's label",
            clause="a class that is no row's label",
        ),
        Case(
            classes(
                [
                    *right(*rest[crossed], up_to=2),
                    (crossed, random.choice(rest[crossed])),
                    (random.choice(rest[crossed]), crossed),
                ]
            ),
            "a class is on both sides, but never in one row",
            clause="a class that is never right",
        ),
    ]


def bootstrap_cases(random) -> list[Case]:
    def rows(n, draws, ahead, behind):
        control = random.random(n) < 0.6
        student = [random.random() >= behind if c else random.random() < ahead for c in control]
        # Some rows come more often than others, so that nobody's own draws do as well.
        chosen = random.choice(n, size=(draws, n), p=random.dirichlet([0.5] * n))
        return (
            torch.tensor(student, dtype=torch.float32),
            torch.tensor(control, dtype=torch.float32),
            torch.from_numpy(chosen),
        )

    # Only the control is right in the two rows that are never drawn.
    few = torch.tensor([1.0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 0])
    fewer = torch.tensor([0.0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1])
    order = torch.from_numpy(random.permutation(12))
    drawn = order.argsort()[torch.from_numpy(random.integers(10, size=(41, 12)))]
    return [
        Case((few[order], fewer[order], drawn), "twelve rows, two of them never drawn"),
        Case(rows(47, 150, 0.6, 0.1), "47 rows, a student that is better"),
        Case(rows(83, 130, 0.3, 0.2), "83 rows, hardly a difference"),
        Case(rows(29, 90, 0.1, 0.5), "29 rows, a student that is worse"),
    ]


def confidence_between(random, low: float, high: float) -> float:
    """A confidence of three digits, on no edge between bins nor half-way between two."""
    fifth = int(random.integers(round(200 * low), round(200 * high)))
    return (5 * fifth + int(random.integers(1, 5))) / 1000


def answers(random, confidences, right, classes: int, others=(0.5, 0.3, 0.2)):
    """Probabilities of these confidences and the labels of which `right` says whether they are met.

    others: how the rest is shared out among the other classes, in an order that is drawn.
    """
    rows = []
    for confidence, met in zip(confidences, right, strict=True):
        top, wrong = random.choice(classes, size=2, replace=False).tolist()
        row = [(1 - confidence) * share for share in shuffled(random, list(others))]
        row.insert(top, confidence)
        rows.append((row, top if met else wrong))
    probabilities, labels = zip(*shuffled(random, rows), strict=True)
    return torch.tensor(probabilities), torch.tensor(labels)


def ece_cases(random) -> list[Case]:
    def sure(low, high):
        return confidence_between(random, low, high)

    logits = random_normal(random, 60, 3, scale=2.0, dtype=torch.float64)
    confidence, predicted = logits.softmax(-1).max(-1)
    # Too modest where it hesitates, too sure where it does not: gaps of both signs.
    labels = torch.where(confidence < 0.7, predicted, random_labels(random, 3, 60))
    four = [sure(0.8, 1), sure(0.8, 1), sure(0.6, 0.8), sure(0.5, 0.6)]
    modest = [sure(0.55, 0.9) for _ in range(random.integers(3, 6))]
    # The row of confidence 1 is wrong, and the other right: their gaps would not cancel apart.
    certain = [1.0, sure(0.76, 0.95), sure(0.52, 0.74)]
    # On an edge it is wrong, on both sides of it right: it matters with which it is counted.
    bins, edges = (
        (4, [0.5]),
        (4, [0.75]),
        (8, [0.5, 0.75]),
        (8, [0.5, 0.875]),
        (8, [0.625, 0.875]),
    )[random.integers(5)]
    around = [c for e in edges for c in (e, sure(e - 0.08, e - 0.02), sure(e + 0.02, e + 0.08))]
    unsure = [*(sure(0.215, 0.245) for _ in range(random.integers(2, 4))), sure(0.5, 0.95)]
    coins = [bool(coin) for coin in random.integers(2, size=4)]
    return [
        Case(
            (*answers(random, four, shuffled(random, [True, True, False, False]), 2, [1]), 5),
            "four rows, five bins",
        ),
        Case(
            (*answers(random, modest, [True] * len(modest), 3, (0.6, 0.4)), 4),
            "too modest: right more often than it says",
        ),
        Case((logits.softmax(-1), labels, 10), "sixty rows, ten bins"),
        Case((logits.softmax(-1), labels, 3), "the same rows in three bins"),
        Case(
            (*answers(random, certain, [False, True, coins[0]], 2, [1]), 4),
            "a confidence of exactly 1, and another row in the last bin",
            clause="a confidence of exactly 1",
        ),
        Case(
            (*answers(random, around, [False, True, True] * len(edges), 4), bins),
            "confidences on the edge between two bins, and on both sides of it",
            clause="a confidence on the edge between two bins",
        ),
        Case(
            (
                *answers(
                    random, unsure, [*coins, *coins][: len(unsure)], 5, (0.26, 0.25, 0.25, 0.24)
                ),
                4,
            ),
            "five classes, and confidences below 0.25",
            clause="a confidence in the first bin",
        ),
    ]


FINE = [0.1, 0.18, 0.32, 0.56, 1.0, 1.8, 3.2, 5.6, 10.0, 18.0]


def leaning(random, noise=1.0, labels=None):
    """Logits that lean towards the labels, and those: as many of each class, where none are given."""
    if labels is None:
        labels = torch.tensor(random.permutation(81) % 3)
    signal = F.one_hot(labels, 3).double()
    return signal + noise * random_normal(random, len(labels), 3, dtype=torch.float64), labels


def misled(random, rows, size):
    """As `leaning`, but so many rows of each class lean to another class, by so much."""
    logits, labels = leaning(random, noise=0.1)
    chosen = labels.argsort(stable=True)[torch.arange(81) % 27 < rows]
    logits[chosen] = size * F.one_hot((labels[chosen] + 1) % 3, 3).double()
    return logits, labels


def nearby(random, candidates):
    """Candidates near these, in their order; 1 stays as it is."""
    return [t if t == 1 else float(f"{t * random.uniform(0.92, 1.08):.3g}") for t in candidates]


def in_no_order(random):
    """Two that are too large, or too small, the better one first; none of the others in its place."""
    low, middle, high = [0.1, 0.32], [1.0, 1.8, 3.2, 5.6], [10.0, 18.0]
    first, rest = shuffled(random, [(high, [*middle, *low]), (low[::-1], [*middle, *high])])[0]
    turned = int(random.integers(1, 6))
    return [*first, *rest[-turned:], *rest[:-turned]]


def temperature_cases(random) -> list[Case]:
    def asked(model, change, label, clause="", candidates=FINE):
        logits, labels = model
        return Case((change(logits), labels, nearby(random, candidates)), label, clause=clause)

    common = torch.tensor([0] * 60 + [1] * 6 + [2] * 6)
    unequal, _ = leaning(random, 0.2, common)
    unequal[60:, 0] += 2.5
    return [
        asked(leaning(random), lambda z: 8 * z, "a model far too sure of itself"),
        asked(leaning(random, 0.6), lambda z: 0.3 * z, "a model far too modest"),
        asked(
            misled(random, 2, 4), lambda z: 3 * z, "a model that is seldom wrong, but then surely"
        ),
        asked(leaning(random), lambda z: 2 * z - 20, "a model whose logits are negative"),
        asked(
            misled(random, 16, 0.4), lambda z: 6 * z, "a model that is wrong more often than right"
        ),
        asked(leaning(random, 0.1), lambda z: 0.5 * z, "a model that is always right"),
        asked(
            leaning(random),
            lambda z: 3 * z,
            "candidates in no order",
            "candidates that are not sorted",
            in_no_order(random),
        ),
        asked(
            leaning(random, 0.5),
            lambda z: (5 * z + 1000).float(),
            "a thousand is added to every logit",
            "logits that exp() cannot hold",
        ),
        asked(
            leaning(random, 0.1),
            lambda z: -2000 * z,
            "a model that is surely wrong, at every candidate",
            "labels that are very surprising at every candidate",
            [0.25, 0.5, 1.0, 2.0, 4.0],
        ),
        asked(
            leaning(random, 0.8),
            lambda z: 1.55 * z,
            "candidates without 1.0",
            "candidates without 1.0",
            [0.2, 0.4, 2.5, 5.0, 10.0],
        ),
        asked(
            (unequal, common), lambda z: 4 * z, "sixty rows of one class", "classes of unequal size"
        ),
    ]


def long_text_cases(random) -> list[Case]:
    def text(length):
        return [101, *(1000 + random.permutation(1000)[: length - 2]).tolist(), 102]

    def some(low, high):
        return int(random.integers(low, high))

    def too_long(surplus, window, tail):
        return text(window + surplus), window, tail

    window, tail, narrow, fits = some(9, 14), some(3, 6), some(6, 10), "a text that fits"
    words = (1000 + random.permutation(1000)[: some(2, 5)]).tolist()
    again = [101, *words * (20 // len(words)), 102]
    return [
        Case((text(20), 10, 4), "twenty tokens into ten, four of them from the end"),
        Case(
            too_long(some(15, 20), some(11, 15), 5),
            "a text more than twice as long as the window, five tokens from the end",
        ),
        Case(too_long(some(10, 15), some(10, 14), 1), "only [SEP] from the end"),
        Case(
            (text(some(6, 9)), window, tail), "a text that is shorter than the window", clause=fits
        ),
        Case((text(narrow), narrow, 4), "a text that fits exactly", clause=fits),
        Case(too_long(some(10, 14), some(7, 10), 0), "no tail", clause="a tail of 0"),
        Case(too_long(12, narrow, narrow), "no head", clause="a tail that fills the window"),
        Case(
            too_long(1, window, tail), "one token too many", clause="a text just above max_length"
        ),
        Case(
            too_long(3, some(9, 14), some(3, 6)),
            "three tokens too many",
            clause="a text just above max_length",
        ),
        Case((again, some(9, 13), 5), "words that come again", clause="tokens that come again"),
    ]


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="06.1",
        name="leaked_rows",
        title="Test rows that stand in the training rows",
        lesson="06",
        signature="leaked_rows(train_texts, test_texts)",
        points=3,
        minutes=5,
        difficulty=2,
        importance=5,
        cases=leak_cases,
        misconceptions=slips.LEAKS,
        question="What do two copies of a sentence still have in common once capitals and spacing are "
        "forgotten? And which of the two sides has to forget?",
        hint="Write a small function that brings a text to one form, and use it on training and test "
        "texts alike. To look something up many times, a set is the fastest place.",
        withheld=("kd_course.corpora.classification.*",),
        allowed="plain Python; not kd_course.corpora.classification, which looks for leaks too",
    ),
    Exercise(
        id="06.2",
        name="macro_f1",
        title="A mean that a rare class can pull down",
        lesson="06",
        signature="macro_f1(predicted, labels, classes)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=f1_cases,
        misconceptions=slips.F1,
        question="Take one class. Which three numbers of rows do you have to count to know its precision "
        "and its recall? And when can one of these not be had?",
        hint="Count, for each class, the rows given to it, labelled with it, and both. See whether the two "
        "shares and their harmonic mean can be put into one fraction of those counts: fewer zeros to guard.",
        withheld=("kd_course.metrics.*",),
        allowed="torch; `kd_course.metrics` is refused; please without torchmetrics and scikit-learn, too, of "
        "which the check knows nothing",
    ),
    Exercise(
        id="06.3",
        name="bootstrap_interval",
        title="How sure may one be that the student is better?",
        lesson="06",
        signature="bootstrap_interval(student, control, draws)",
        points=4,
        minutes=10,
        difficulty=3,
        importance=5,
        cases=bootstrap_cases,
        misconceptions=slips.BOOTSTRAP,
        question="Had the test set been the one that draws[0] names: how much better would the student have "
        "been on it, in one number? How many such numbers are there?",
        hint="A tensor indexed with a tensor of row numbers has that tensor's shape, here (draws, rows). "
        "Think about what to average, over which axis, before you take a quantile.",
        allowed="torch",
    ),
    Exercise(
        id="06.4",
        name="what_may_be_said",
        title="Reading an interval",
        lesson="06",
        signature="what_may_be_said",
        points=1,
        minutes=2,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "The student is better: the mean gain is positive, and most of the interval lies above zero.",
                "Not so fast. A mean is positive in half of all experiments in which nothing differs. "
                "Since zero lies inside the interval, these data do not settle the sign.",
            ),
            Choice(
                "b",
                "The student is as good as the control: the interval holds zero, so the gain is no real one.",
                "An interval that contains zero is no proof of no difference. This one also contains "
                "+1.5 points, which many would pay for. Absence of evidence is not evidence of absence.",
            ),
            Choice(
                "c",
                "The data fit a small loss as well as a gain of a point; they speak against a gain of two.",
                "Right. An interval says which differences the data are compatible with, and which they "
                "speak against: here a loss of over 0.4 points and a gain of over 1.5. The sign is open. "
                "More seeds or more test rows would narrow it.",
            ),
            Choice(
                "d",
                "The student is better with a probability of 95 %, for that is the level of the interval.",
                "The 95 % belong to the procedure: of many such intervals, about 95 % hold the true "
                "difference. It is no probability of the claim 'better', and zero is inside besides.",
            ),
        ),
        question="Which true gains would make a measured interval like this one a surprise, and which would not?",
        hint="Try each statement on a gain of 0, of +1 and of +2 points: does it fit the interval?",
        allowed="thinking",
    ),
    Exercise(
        id="06.5",
        name="calibration_error",
        title="How far confidence is from accuracy",
        lesson="06",
        signature="calibration_error(probabilities, labels, bins)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=4,
        cases=ece_cases,
        misconceptions=slips.CALIBRATION,
        question="Four bins: where does a confidence of 0.6 go, where one of 0.5, where one of 1? Write it as "
        "arithmetic. What would the gap of one bin mean if it held a single row?",
        hint="First one number for every row: which bin it falls into, and mind the two ends. Then go through "
        "the bins that hold rows. A mean over rows of their bin's gap is a sum over bins: with which weights?",
        withheld=("kd_course.metrics.*",),
        allowed="torch; `kd_course.metrics` is refused; please without torchmetrics, too, of which the check "
        "knows nothing",
    ),
    Exercise(
        id="06.6",
        name="scaling_temperature",
        title="The temperature that makes confidence honest",
        lesson="06",
        signature="scaling_temperature(logits, labels, candidates)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=4,
        cases=temperature_cases,
        misconceptions=slips.TEMPERATURE,
        question="A model is too sure of itself. What happens to its logits when a T of 2 is applied, and "
        "to what it pays, in nats, for the rows that it gets wrong and for those that it gets right?",
        hint="Give every candidate a grade: what the labels cost on average once the logits are softened. "
        "torch has that loss, and takes logits for it; then look for the candidate with the best grade.",
        withheld=("kd_course.metrics.*",),
        allowed="torch; `kd_course.metrics` is refused",
    ),
    Exercise(
        id="06.7",
        name="head_and_tail",
        title="A text longer than the window",
        lesson="06",
        signature="head_and_tail(ids, max_length, tail)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=3,
        cases=long_text_cases,
        misconceptions=slips.LONG_TEXTS,
        question="How many places are left for the head once the tail has its own? Where in the list does "
        "the tail begin?",
        hint="Two slices make it, and a case of its own the texts that fit. Try a tail of 0 by hand: a slice "
        "that is counted from the end may surprise you.",
        allowed="plain Python",
    ),
)
