"""The exercises of lesson 06: leaks, macro F1, calibration, temperature, intervals, long texts."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from kd_course.exercises.slips import random_labels, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson06 import slips

# -- where each is tried ----------------------------------------------------------------------


def leak_cases(random) -> list[Case]:
    n = [f"order {i} was shipped." for i in random.permutation(12).tolist()]
    train, fell = ["costs fell.", "sales fell in may."], "sales fell in may."
    return [
        Case(
            (["profit rose.", "costs fell."], ["costs fell.", "sales grew."]), "one test row leaks"
        ),
        Case(
            (n[:8], [n[8], n[4], n[9], n[5], n[6], n[10], n[7], n[11]]),
            "four of eight rows leak",
        ),
        Case((["a."], ["b."]), "no leak at all"),
        *(
            Case(texts, f"capitals in the {where} texts", clause="capital letters")
            for where, texts in {
                "test": (train, ["sales grew.", "Sales FELL in May."]),
                "training": (["costs fell.", "Sales fell in MAY."], [fell, "sales grew."]),
            }.items()
        ),
        *(
            Case((train, ["sales grew.", text]), f"{what} in a test text", clause=clause)
            for what, text, clause in SPACED
        ),
        *(
            Case(
                (["costs fell.", text], [fell, "sales grew."]), f"{what} in training", clause=clause
            )
            for what, text, clause in SPACED
        ),
        *(Case((train_texts, texts), label, clause=label) for label, train_texts, texts in ALIKE),
    ]


SPACED = (  # what, the same text in other spacing, and the clause
    ("spaces at the ends", "  sales fell in may. ", "white space at the ends"),
    ("two blanks", "sales  fell in may.", "two blanks in a row"),
    ("three blanks and five", "sales   fell in     may.", "three blanks or more in a row"),
    ("a tab and a line break", "sales\tfell in\nmay.", "tabs and line breaks"),
)
ALIKE = (  # what, training texts, test texts
    (
        "words that run together in one of the two",
        ["the shop is on line now.", "net sales grew."],
        ["the shop is online now.", "netsales grew.", "net sales grew."],
    ),
    (
        "punctuation, in which texts differ",
        ["profit rose.", "costs fell."],
        ["profit rose", "profit rose!", "profit, rose.", "costs fell."],
    ),
    (
        "a text that is only part of another",
        ["profit rose sharply.", "costs fell", "sales grew."],
        ["profit rose", "costs fell in may.", "sales grew."],
    ),
    ("the order of the words", ["sales beat costs", "a b"], ["costs beat sales", "a b"]),
    ("a leak that the test set holds three times", ["a.", "b."], ["c.", "a.", "a.", "d.", "a."]),
    ("a training text that stands twice", ["a.", "b.", "a."], ["a.", "c.", "b."]),
    ("positions in ascending order", ["a.", "b.", "c."], ["c.", "d.", "b.", "a."]),
    ("a repeat inside the test set, which is no leak", ["a."], ["b.", "b.", "a.", "b."]),
)


def f1_cases(random) -> list[Case]:
    def classes(predicted: str, labels: str, number: int = 3):
        return *(torch.tensor([int(c) for c in text]) for text in (predicted, labels)), number

    def many(number):
        labels = random.integers(number, size=40)
        predicted = [c if random.random() < 0.6 else 0 for c in labels.tolist()]
        every = list(range(number))  # no class goes without a right row, a missed one, a wrong one
        return (
            torch.tensor([*predicted, *every, *every[1:], 0, 0]),
            torch.tensor([*labels.tolist(), *every, *every[1:], 1, 2 % number]),
            number,
        )

    neither = "a class that neither side uses"
    other = "another number of classes than three"
    return [
        Case(classes("001110222", "011100222"), "nine rows"),
        Case(classes("0001122220", "0012111210"), "ten rows"),
        Case(many(3), "forty-seven rows, too many of them given to class 0"),
        Case(classes("012", "012"), "everything right"),
        Case(classes("01110", "01100", 2), "two classes", clause=other),
        Case(many(4), "four classes", clause=other),
        Case(classes("0111", "0110"), "class 2 is on neither side", clause=neither),
        Case(classes("0222", "0220"), "class 1 is on neither side", clause=neither),
        Case(
            classes("01011", "01201"),
            "class 2 is labelled, but never predicted",
            clause="a class that is never predicted",
        ),
        Case(
            classes("02011", "02002"),
            "class 1 is predicted, but is no row's label",
            clause="a class that is no row's label",
        ),
        Case(
            classes("012210", "011120"),
            "class 2 is on both sides, but never in one row",
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

    few = torch.tensor([1.0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 0])
    fewer = torch.tensor([0.0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1])
    without_the_last_two = torch.from_numpy(random.integers(10, size=(41, 12)))
    return [
        Case((few, fewer, without_the_last_two), "twelve rows, two of them never drawn"),
        Case(rows(47, 150, 0.6, 0.1), "47 rows, a student that is better"),
        Case(rows(83, 130, 0.3, 0.2), "83 rows, hardly a difference"),
        Case(rows(29, 90, 0.1, 0.5), "29 rows, a student that is worse"),
    ]


def ece_cases(random) -> list[Case]:
    logits = random_normal(random, 60, 3, scale=2.0, dtype=torch.float64)
    confidence, predicted = logits.softmax(-1).max(-1)
    # Too modest where it hesitates, too sure where it does not: gaps of both signs.
    labels = torch.where(confidence < 0.7, predicted, random_labels(random, 3, 60))
    p = torch.tensor([[0.95, 0.05], [0.85, 0.15], [0.35, 0.65], [0.55, 0.45]])
    modest = torch.tensor([[0.7, 0.2, 0.1]] * 3)
    certain = torch.tensor([[1.0, 0.0], [0.8, 0.2], [0.6, 0.4]])
    on_edges = torch.tensor(
        [
            [0.5, 0.2, 0.2, 0.1],
            [0.4, 0.3, 0.2, 0.1],
            [0.1, 0.6, 0.2, 0.1],
            [0.1, 0.1, 0.75, 0.05],
            [0.05, 0.85, 0.05, 0.05],
        ]
    )
    unsure = torch.tensor(
        [
            [0.21, 0.19, 0.2, 0.2, 0.2],
            [0.2, 0.19, 0.2, 0.17, 0.24],
            [0.84, 0.04, 0.04, 0.04, 0.04],
        ]
    )
    return [
        Case((p, torch.tensor([0, 1, 1, 0]), 5), "four rows, five bins"),
        Case((modest, torch.tensor([0, 0, 0]), 4), "too modest: right more often than it says"),
        Case((logits.softmax(-1), labels, 10), "sixty rows, ten bins"),
        Case((logits.softmax(-1), labels, 3), "the same rows in three bins"),
        Case(
            (certain, torch.tensor([1, 0, 1]), 4),
            "a confidence of exactly 1, and another row in the last bin",
            clause="a confidence of exactly 1",
        ),
        Case(
            (on_edges, torch.tensor([1, 0, 1, 2, 0]), 4),
            "confidences of 0.5 and of 0.75, four bins",
            clause="a confidence on the edge between two bins",
        ),
        Case(
            (unsure, torch.tensor([0, 1, 0]), 4),
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


def temperature_cases(random) -> list[Case]:
    def asked(model, change, label, clause="", candidates=FINE):
        logits, labels = model
        return Case((change(logits), labels, candidates), label, clause=clause)

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
            [5.6, 18.0, 0.32, 3.2, 1.0, 0.1, 10.0, 1.8],
        ),
        asked(
            leaning(random, 0.5),
            lambda z: (3 * z + 1000).float(),
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
            lambda z: 1.3 * z,
            "candidates without 1.0",
            "candidates without 1.0",
            [0.25, 0.5, 2.0, 4.0, 8.0],
        ),
        asked(
            (unequal, common), lambda z: 4 * z, "sixty rows of one class", "classes of unequal size"
        ),
    ]


def long_text_cases(random) -> list[Case]:
    def text(length):
        return [101, *(1000 + random.permutation(1000)[: length - 2]).tolist(), 102]

    twenty, fits = text(20), "a text that fits"
    again = [101, *[7, 8, 9] * 6, 102]
    return [
        Case((twenty, 10, 4), "twenty tokens into ten, four of them from the end"),
        Case((text(31), 13, 5), "thirty-one tokens into thirteen, five of them from the end"),
        Case((text(25), 12, 1), "only [SEP] from the end"),
        Case((text(6), 10, 4), "a text that is shorter than the window", clause=fits),
        Case((text(10), 10, 4), "a text that fits exactly", clause=fits),
        Case((twenty, 9, 0), "no tail", clause="a tail of 0"),
        Case((twenty, 8, 8), "no head", clause="a tail that fills the window"),
        Case((text(11), 10, 4), "one token too many", clause="a text just above max_length"),
        Case((text(13), 10, 4), "three tokens too many", clause="a text just above max_length"),
        Case((again, 11, 5), "words that come again", clause="tokens that come again"),
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
        withheld=("kd_course.corpora.classification.leaks",),
        allowed="plain Python; what the package has of it is refused",
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
        withheld=("kd_course.metrics.macro_f1",),
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
                "The student may be a little worse, or better by a point; a gain of two points is unlikely.",
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
        withheld=("kd_course.metrics.calibration_error",),
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
        withheld=("kd_course.metrics.best_temperature",),
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
