"""Lesson 04, Dark knowledge: what is asked, and on what it is tried. How it goes wrong: slips.py."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.divergences import entropy
from kd_course.exercises.slips import random_distributions, random_labels, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson04.slips import ALIGN, GAP, MIXTURE, PARTS, SMOOTHING, SOFTEN


def _distributions(
    random: numpy.random.Generator, *shape: int, concentration: float = 1.0
) -> Tensor:
    """Rows that sum to one and have no zero: shape (*rows, classes)."""
    raised = random_distributions(random, *shape, concentration=concentration).numpy() + 0.01
    return torch.from_numpy(raised / raised.sum(-1, keepdims=True))


def _doubles(rows: list) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def _labels(random: numpy.random.Generator, classes: int, rows: int) -> Tensor:
    """Labels in which every class occurs, in a random order: rows >= classes."""
    more = random_labels(random, classes, rows - classes)
    labels = torch.cat([torch.arange(classes), more])
    return labels[torch.from_numpy(random.permutation(rows))]


# -- 04.1 the gap by ambiguity ----------------------------------------------------------------


def _edges(truth: Tensor, *ranks: int) -> list[float]:
    """Edges half-way between two rows' entropies: so many rows lie below each."""
    found = entropy(truth).sort().values.tolist()
    return [(found[rank - 1] + found[rank]) / 2 for rank in ranks]


def _one_group_alone(random: numpy.random.Generator) -> tuple[Tensor, Tensor, list[float]]:
    """Inputs in which all rows are in one of three groups, no matter which."""
    while True:
        drawn = _distributions(random, 40, 3)
        truth = drawn[(entropy(drawn) > 0.5) & (entropy(drawn) < 0.95)][: random.integers(2, 5)]
        if len(truth) > 1:
            break
    below = [0.1 + 0.1 * random.random(), 0.25 + 0.2 * random.random()]
    above = [1.0 + 0.03 * random.random(), 1.05 + 0.03 * random.random()]
    edges = (above, [below[1], above[0]], below)[random.integers(3)]
    return truth, _distributions(random, len(truth), 3), [round(edge, 3) for edge in edges]


def _at_the_edge(random: numpy.random.Generator) -> tuple[Tensor, Tensor, list[float]]:
    """Inputs in which a row is (½, ½), and the last edge its entropy; the first is between others'."""
    others = int(random.integers(2, 5))
    shares = random.choice(numpy.arange(4, 21), size=others, replace=False) / 64
    first = torch.tensor(random.permutation([0.5, *shares]), dtype=torch.float32)
    believed = torch.tensor(random.integers(8, 57, size=others + 1) / 64, dtype=torch.float32)
    truth, teacher = (torch.stack([p, 1 - p], dim=-1) for p in (first, believed))
    between = _edges(truth, int(random.integers(1, others)))
    return truth, teacher, [round(between[0], 4), math.log(2)]


def gap_cases(random: numpy.random.Generator) -> list[Case]:
    clear = _doubles([[0.96, 0.02, 0.02], [0.5, 0.4, 0.1], [0.34, 0.33, 0.33]])
    said = _doubles([[0.80, 0.15, 0.05], [0.6, 0.2, 0.2], [0.2, 0.5, 0.3]])
    many = _distributions(random, 40, 3, concentration=0.5)
    four = _distributions(random, 20, 4)
    return [
        Case((clear, said, [0.5, 1.0]), "three sentences, one in each group"),
        Case(
            (many, _distributions(random, 40, 3), _edges(many, 9, 20, 31)),
            "forty sentences, four groups",
        ),
        Case((four, _distributions(random, 20, 4), _edges(four, 7)), "four classes, one edge"),
        Case(
            _one_group_alone(random),
            "two groups without a row",
            clause="a group without a row",
        ),
        Case(
            _at_the_edge(random),
            "a row of (½, ½), whose entropy is the last edge, log 2",
            clause="a row whose entropy is exactly an edge",
        ),
    ]


# -- 04.2 softening a distribution ------------------------------------------------------------


def soften_cases(random: numpy.random.Generator) -> list[Case]:
    dots = "p of another shape than (rows, classes): the dots in (..., classes)"
    below = "a temperature below 1"
    possible = "a class with probability zero"
    share = int(random.integers(3, 14)) / 16
    one_is_zero = torch.tensor(random.permutation([share, 1 - share, 0.0]))
    two_are = F.one_hot(torch.tensor(int(random.integers(3))), 3)
    zeros = torch.stack([one_is_zero, two_are]).float()
    return [
        Case((_doubles([[0.64, 0.32, 0.04], [0.09, 0.01, 0.9]]), 2.0), "two rows, T = 2"),
        Case((_distributions(random, 3, 4), 4.0), "three rows, T = 4"),
        Case((_distributions(random, 4, 3), 1.5), "four rows, T = 1.5"),
        Case((_distributions(random, 3), 3.0), "one row alone: shape (3,)", clause=dots),
        Case((_distributions(random, 2, 2, 3), 3.0), "two by two rows", clause=dots),
        Case((_distributions(random, 2, 3), 0.4), "T = 0.4, which sharpens", clause=below),
        Case((zeros, int(random.integers(30, 61)) / 10), "zeros", clause=possible),
    ]


# -- 04.3 bias and variance -------------------------------------------------------------------


def parts_cases(random: numpy.random.Generator) -> list[Case]:
    def case(students: int, rows: int, classes: int, label: str, clause: str = "") -> Case:
        logits = random_normal(random, students, rows, classes, scale=1.5, dtype=torch.float64)
        truth = _distributions(random, rows, classes)
        return Case((logits.log_softmax(-1), truth), label, clause=clause)

    q = _doubles([[[0.8, 0.1, 0.1]], [[0.2, 0.7, 0.1]]])
    unlikely = random_normal(random, 12, 2, 3, dtype=torch.float64) + _doubles([0.0, -80.0, -75.0])
    return [
        Case((q.log(), _doubles([[0.5, 0.4, 0.1]])), "two students, one row"),
        case(5, 4, 3, "five students, four rows"),
        case(8, 3, 6, "eight students, six classes"),
        case(3, 7, 4, "three students, seven rows"),
        case(1, 5, 3, "one student: all of its error is bias", "a single student"),
        Case(
            (unlikely.log_softmax(-1), _doubles([[0.8, 0.1, 0.1], [0.3, 0.3, 0.4]])),
            "log-probabilities near -80, of twelve students",
            clause="probabilities so small that their product is zero",
        ),
    ]


# -- 04.6 smoothed labels ---------------------------------------------------------------------


def smoothing_cases(random: numpy.random.Generator) -> list[Case]:
    missing = "a class that no label names"

    def share() -> float:
        return int(random.integers(20, 61)) / 100

    def every_class(epsilon: float) -> tuple[Tensor, int, float]:
        classes = int(random.integers(3, 6))
        return _labels(random, classes, classes + int(random.integers(1, 5))), classes, epsilon

    two_of_five = random.choice(4, size=2, replace=False)  # the last class is never named
    named = torch.tensor(random.permutation([*two_of_five, random.choice(two_of_five)]))
    classes = int(random.integers(3, 7))
    return [
        Case((torch.tensor([1, 0, 2, 1]), 3, 0.3), "four labels, three classes, ε = 0.3"),
        Case((_labels(random, 4, 6), 4, 0.2), "six labels, four classes"),
        Case((_labels(random, 5, 8), 5, 0.45), "eight labels, five classes"),
        Case((named, 5, share()), "three of five classes are missing", clause=missing),
        Case(
            (random_labels(random, classes - 1, 1), classes, share()), "one label", clause=missing
        ),
        Case(every_class(1.0), "nothing of the label is left", clause="ε = 1"),
        Case(every_class(0.0), "the labels themselves", clause="ε = 0"),
    ]


# -- 04.7 the one target behind two losses ----------------------------------------------------


def mixture_cases(random: numpy.random.Generator) -> list[Case]:
    said = _doubles([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])

    def in_any_order() -> tuple[Tensor, Tensor]:
        return _distributions(random, 4, 3), _labels(random, 3, 4)

    return [
        Case((said, torch.tensor([1, 2]), 0.75), "two sentences, α = 0.75"),
        Case(
            (_distributions(random, 7, 3), _labels(random, 3, 7), 0.3), "seven sentences, α = 0.3"
        ),
        Case((_distributions(random, 6, 5), _labels(random, 5, 6), 0.9), "five classes, α = 0.9"),
        Case(
            (_distributions(random, 3, 4), random_labels(random, 3, 3), 0.6),
            "no label names class 3, α = 0.6",
            clause="a class that no label names",
        ),
        Case((*in_any_order(), 1.0), "α = 1: the teacher alone", clause="α = 1"),
        Case((*in_any_order(), 0.0), "α = 0: the labels alone", clause="α = 0"),
    ]


# -- 04.8 classes in one order ----------------------------------------------------------------


TOPICS = ("sport", "trade", "art", "crime", "science", "travel", "food", "law")


def _in_some_order(random: numpy.random.Generator, names: Sequence[str]) -> list[str]:
    return [names[i] for i in random.permutation(len(names))]


def _topics(random: numpy.random.Generator, count: int) -> list[str]:
    """So many topics, in no alphabetical order if they are several."""
    while True:
        names = _in_some_order(random, TOPICS)[:count]
        if count == 1 or names != sorted(names):
            return names


def _turned(random: numpy.random.Generator, names: Sequence[str], count: int = 0) -> list[str]:
    """So many of the names, or all, in an order that only the right columns lead to.

    Some are neither the first nor the last; the order is not its own inverse, nor anything sorted.
    """
    count = count or len(names)
    while True:
        turned = _in_some_order(random, names)[:count]
        columns = [names.index(name) for name in turned]
        back = [turned.index(name) for name in names if name in turned]
        at_an_end = count < len(names) and max(columns) - min(columns) == count - 1
        if at_an_end or columns == back or sorted(columns) in (columns, columns[::-1]):
            continue
        if turned != sorted(turned):
            return turned


def _very(random: numpy.random.Generator) -> list[str]:
    """Five shades: of one pair the longer name comes first, of the other the shorter."""
    shades = ["very positive", "positive", "neutral", "negative", "very negative"]
    while True:
        names = _in_some_order(random, shades)
        of_good = names.index("very positive") < names.index("positive")
        of_bad = names.index("very negative") < names.index("negative")
        if of_good != of_bad:
            return names


def _in_other_capitals(
    random: numpy.random.Generator, teacher: Sequence[str], student: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Three names twice: no name is written alike in both, and each list has all three ways."""
    capitals = (str.lower, str.capitalize, str.upper)
    way, other = dict(zip(teacher, random.permutation(3), strict=True)), random.integers(1, 3)
    return (
        [capitals[way[name]](name) for name in teacher],
        [capitals[(way[name] + other) % 3](name) for name in student],
    )


def align_cases(random: numpy.random.Generator) -> list[Case]:
    def case(
        rows: int, teacher: list | tuple, student: list | tuple, label: str, clause: str = ""
    ) -> Case:
        logits = random_normal(random, rows, len(teacher), scale=2.0, dtype=torch.float64)
        return Case((logits, teacher, student), label, clause=clause)

    three, turned = ["negative", "neutral", "positive"], ["neutral", "positive", "negative"]
    four, same, five = (_topics(random, count) for count in (4, 3, 5))
    shaded, alone = _very(random), _topics(random, 1)
    written, one_row, packed = (_in_some_order(random, three) for _ in range(3))
    single = "a single row, or a single class"
    return [
        Case(
            (torch.tensor([[1.5, 2.5, 4.0], [0.5, 7.0, 3.0]]), three, turned),
            "three classes, all in other places",
        ),
        case(3, four, _turned(random, four), "topics"),
        case(2, same, list(same), "the same order already"),
        case(
            2,
            *_in_other_capitals(random, written, _turned(random, written)),
            "names in other capitals",
            "names that differ in their capitals",
        ),
        case(
            3,
            five,
            _turned(random, five, 3),
            "a teacher that knows five classes, a student that knows three",
            "a class that only the teacher knows",
        ),
        case(
            2,
            shaded,
            _turned(random, shaded),
            "“positive” and “very positive”",
            "a name that is part of another name",
        ),
        case(1, one_row, _turned(random, one_row), "one row", single),
        case(3, alone, list(alone), "one class", single),
        case(
            2,
            tuple(packed),
            tuple(_turned(random, packed)),
            "names in tuples",
            "names that come in a tuple",
        ),
    ]


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="04.1",
        name="gap_by_ambiguity",
        title="How far from the truth, by ambiguity",
        lesson="04",
        signature="gap_by_ambiguity(truth, teacher, edges)",
        points=4,
        minutes=10,
        difficulty=3,
        importance=4,
        cases=gap_cases,
        misconceptions=GAP,
        question=(
            "Labels are drawn from the truth, and somebody believes the teacher. Which of the two weighs"
            " the terms of what that belief costs, and which stands in the logarithm alone?"
        ),
        hint=(
            "Two numbers a row first: what it costs, and how ambiguous it is. The second says into which"
            " group the first goes: how many edges does it reach? What is the mean of no numbers?"
        ),
        allowed="torch, and the divergences that you wrote in lesson 02 or their twins in the package",
    ),
    Exercise(
        id="04.2",
        name="soften",
        title="Soften a distribution",
        lesson="04",
        signature="soften(p, temperature)",
        points=3,
        minutes=5,
        difficulty=2,
        importance=4,
        cases=soften_cases,
        misconceptions=SOFTEN,
        question=(
            "A softmax is exp(z) times one factor for the whole row. What does dividing z by T make of"
            " exp(z), and does the factor matter in the end?"
        ),
        hint=(
            "Do it by hand for p = (0.64, 0.32, 0.04) and T = 2, beginning with z = log p. What has"
            " become of each probability before the row is made to sum to one?"
        ),
        withheld=("kd_course.divergences.*", "kd_course.metrics.*"),
        allowed="torch; not kd_course.divergences or kd_course.metrics",
    ),
    Exercise(
        id="04.3",
        name="bias_and_variance",
        title="Bias and variance in nats",
        lesson="04",
        signature="bias_and_variance(log_q, p)",
        points=5,
        minutes=15,
        difficulty=4,
        importance=4,
        cases=parts_cases,
        misconceptions=PARTS,
        question=(
            "Take the bias from the error and write what is left as one sum over classes, p_i times a"
            " bracket. For which q̄ is the bracket the same for every class, so that p drops out?"
        ),
        hint=(
            "The bracket holds log q̄_i and the students' log q_i. Make it the same number for all i;"
            " that q̄ sums to one says which number. Then test your two parts: do they add up to the"
            " error, for any p you like?"
        ),
        allowed="torch, and the divergences of lesson 02 or their twins in the package",
    ),
    Exercise(
        id="04.4",
        name="why_the_teacher",
        title="Why can a teacher teach better than the truth?",
        lesson="04",
        signature="why_the_teacher",
        points=2,
        minutes=4,
        difficulty=3,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "Its targets are softer than the truth's, and softness keeps a small student from overfitting.",
                "Then the gain would vanish when each arm has its own penalty and temperature, and the "
                "softened truth, softer still, would be the best of all. Neither is so.",
            ),
            Choice(
                "b",
                "Its targets are a little wrong, and a little wrongness does what noise does: it regularises.",
                "The control with the shuffled errors is as wrong, and its students end farther from "
                "the truth than those who were taught the truth.",
            ),
            Choice(
                "c",
                "It has seen many more labels, and so knows more about a label than its probabilities say.",
                "It cannot: a label is one draw from its probabilities, and beyond them there is nothing "
                "to know of it. The teacher is measurably farther from the truth than the truth is.",
            ),
            Choice(
                "d",
                "Its errors depend on the sentence, in a way that suits this student; these data do not say why.",
                "This is left. It is not proved: (a) and (b) are ruled out by these data, on this corpus, "
                "and (c) by logic. What follows tests one guess at the reason.",
            ),
        ),
        question="For each explanation: what else would have to be true, of which other arm?",
        hint="Look at the tuned and scaled gains of the softened truth and of the shuffled error.",
        allowed="thinking, and the tables above",
    ),
    Exercise(
        id="04.5",
        name="reading_the_map",
        title="What a map may be made to say",
        lesson="04",
        signature="reading_the_map",
        points=1,
        minutes=3,
        difficulty=2,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "More seeds for both students, until their two intervals are narrow enough to publish.",
                "The students' seeds are not where the doubt lies: they hardly overlap as it is. More of "
                "them make the two teachers' numbers sharper, and there are still two teachers.",
            ),
            Choice(
                "b",
                "Both teachers trained again, with other seeds, and each of them tried at several temperatures.",
                "Right. The claim is about sizes of teachers, and of each size one was drawn; and a large "
                "teacher may merely be too sharp, which is cheaper to mend than its size.",
            ),
            Choice(
                "c",
                "A teacher assistant between the two sizes: if its student is better, there is a gap.",
                "A third teacher, drawn once like the others. If its student is better, that may be this "
                "one teacher's luck or its sharpness as well as its size.",
            ),
            Choice(
                "d",
                "Students of three more sizes, under the same two teachers, to see where the gap begins.",
                "They would all learn from the same two teachers. If one of these is an unlucky throw, it "
                "is so in every column.",
            ),
        ),
        question="What was drawn many times here, and what only once? And what is the claim about?",
        hint="Which run could show that the difference has nothing to do with the teachers' sizes?",
        allowed="thinking",
    ),
    Exercise(
        id="04.6",
        name="smoothed_targets",
        title="Smoothed labels",
        lesson="04",
        signature="smoothed_targets(labels, classes, epsilon)",
        points=2,
        minutes=6,
        difficulty=2,
        importance=3,
        cases=smoothing_cases,
        dtypes=True,
        misconceptions=SMOOTHING,
        question=(
            "A cross-entropy is a sum over classes of a target times -log q. In the loss above, by how"
            " much is -log q of the label multiplied in all, and by how much that of another class?"
        ),
        hint=(
            "Two tests of your targets: the rows sum to one, and -(targets · log q) is what"
            " F.cross_entropy(…, label_smoothing=ε) gives for a row of logits of your own."
        ),
        allowed="torch",
    ),
    Exercise(
        id="04.7",
        name="implied_target",
        title="The one target behind two losses",
        lesson="04",
        signature="implied_target(teacher_p, labels, alpha)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=4,
        cases=mixture_cases,
        misconceptions=MIXTURE,
        question=(
            "Write both losses as sums over classes of something times -log q. Which terms do not hold q"
            " at all, so that they pull at nothing?"
        ),
        hint=(
            "Collect what multiplies -log q of one class. Two tests: the rows sum to one, and α = 1 gives"
            " the teacher back."
        ),
        allowed="torch",
    ),
    Exercise(
        id="04.8",
        name="align_classes",
        title="Bring the classes into one order",
        lesson="04",
        signature="align_classes(teacher_logits, teacher_names, student_names)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=5,
        cases=align_cases,
        misconceptions=ALIGN,
        question=(
            "Take the student's first class: in which column does the teacher keep it? How do you find"
            " that out for all of them, and through whose names do you go?"
        ),
        hint=(
            "A tensor's columns can be picked by a list of their numbers, in any order. Make that list;"
            " it is as long as the student's names."
        ),
        allowed="torch and plain Python",
    ),
    Exercise(
        id="04.9",
        name="first_choice",
        title="Choose",
        lesson="04",
        signature="first_choice",
        points=2,
        minutes=5,
        difficulty=3,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "BERT-base becomes the teacher, since its vocabulary is MiniLM's; MiniLM learns its answers to all messages.",
                "It gives up a good teacher for something that is not needed: topics are classes, and for "
                "classes each model may read the text in its own way.",
            ),
            Choice(
                "b",
                "MiniLM learns RoBERTa's probabilities for all messages; refunds are too few to be seen in the accuracy.",
                "That they cannot be seen in the mean is the trouble: section 6's fault was inherited, and "
                "the mean hid it. Whoever wants a refund will see it.",
            ),
            Choice(
                "c",
                "MiniLM learns RoBERTa's probabilities where no refund is mentioned, and labels alone where one is.",
                "Right. Classes need no shared tokenizer, unlabelled text is where a teacher is worth most, "
                "and a slice that the words give away can be kept from a teacher that is wrong there. "
                "Not measured in this lesson: check refunds beside the MiniLM that learns from labels alone.",
            ),
            Choice(
                "d",
                "MiniLM learns the labels and RoBERTa's probabilities at α = 0.5, from the messages that have both.",
                "Labels dilute the fault and do not undo it (section 6). And 200,000 messages, "
                "for which a teacher is there, stay unread.",
            ),
            Choice(
                "e",
                "MiniLM learns RoBERTa's answers to all messages by universal logit distillation, as tokenizers differ.",
                "It compares next-token distributions over two vocabularies. Here both models have the same "
                "twelve outputs, and there is nothing to be made comparable but their order.",
            ),
        ),
        question="What must two models share when the targets are classes? And what would section 6 have you look for first?",
        hint="Strike out what answers a question about tokens. Of the rest: which one passes no known fault on, and still reads all messages?",
        allowed="thinking",
    ),
)
