"""Lesson 03's audit of a worked example, 03.9 to 03.11."""

from __future__ import annotations

import math

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import random_distributions
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception
from kd_course.lessons.lesson03 import slips
from kd_course.lessons.lesson03.shared import wrong

# -- 03.9 to 03.11 the audit ------------------------------------------------------------------

ARTICLE_TEACHER = (0.2, 0.3, 0.1, 0.2, 0.2)
ARTICLE_STUDENT = (0.25, 0.3, 0.15, 0.1, 0.1)  # as printed: it sums to 0.9


def kl_terms_cases(random: numpy.random.Generator) -> list[Case]:
    def pair(classes: int) -> tuple[Tensor, Tensor]:
        p, q = (random_distributions(random, classes, concentration=2.0) for _ in range(2))
        return p, q

    def numbers(*values: float) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)

    def with_none(numbers: Tensor, out: int) -> Tensor:
        """The same numbers, and a zero put in for one class more."""
        return torch.cat([numbers[:out], numbers.new_zeros(1), numbers[out:]])

    by_teacher, by_both, by_student = (int(out) for out in random.integers(3, size=3))
    as_they_come = "vectors that do not sum to one"
    certain = "a class that the teacher excludes"
    return [
        Case(pair(4), "two distributions of four classes"),
        Case(pair(5), "two distributions of five classes"),
        Case(pair(8), "two distributions of eight classes", clause="more classes than five"),
        Case(
            (numbers(*ARTICLE_TEACHER), numbers(*ARTICLE_STUDENT)),
            "the article's two vectors, as printed",
            clause=as_they_come,
        ),
        Case(
            (1.5 * pair(3)[0], pair(3)[1]),
            "a teacher's vector that sums to 1.5",
            clause=as_they_come,
        ),
        Case((with_none(pair(2)[0], by_teacher), pair(3)[1]), certain, clause=certain),
        Case(
            tuple(with_none(rows, by_both) for rows in pair(2)),
            "a class that both exclude",
            clause=certain,
        ),
        Case(
            (pair(3)[0], with_none(pair(2)[1], by_student)),
            "a class that the student alone excludes",
            clause="a class that the student alone excludes: that costs infinitely much",
        ),
    ]


KL_TERMS = Exercise(
    id="03.9",
    name="kl_terms",
    title="Audit: one term at a time",
    lesson="03",
    signature="kl_terms(p, q)",
    points=2,
    minutes=5,
    difficulty=2,
    importance=3,
    cases=kl_terms_cases,
    misconceptions=(
        wrong(
            "Every term is made positive",
            slips.terms(lambda p, q: slips.right_term(p, q).abs()),
            "Only the sum of KL is never negative. A term is, where the student gives more.",
        ),
        wrong(
            "Negative terms are cut off at zero",
            slips.terms(lambda p, q: slips.right_term(p, q).clamp(min=0)),
            "Only the sum of KL is never negative. A term is, where the student gives more.",
        ),
        wrong(
            "In bits: the logarithm is to base 2",
            slips.terms(lambda p, q: slips.right_term(p, q) / math.log(2)),
            "torch.log is natural, and so are the losses: nats.",
        ),
        wrong(
            "The logarithm is to base 10",
            slips.terms(lambda p, q: slips.right_term(p, q) / math.log(10)),
            "torch.log is natural, and so are the losses: nats.",
        ),
        wrong(
            "The arguments are swapped: the terms of KL(q‖p)",
            slips.terms(slips.term_swapped),
            "The teacher's probability stands in front.",
        ),
        wrong(
            "The sign is turned: the logarithm is upside down",
            slips.terms(lambda p, q: -slips.right_term(p, q)),
            "A term is positive where the teacher gives more than the student.",
        ),
        wrong(
            "The student's probability weighs the term",
            slips.terms(lambda p, q: q * (p / q).log()),
            "Whose outcomes is KL a mean over?",
        ),
        wrong(
            "The weight in front of the logarithm is missing",
            slips.terms(lambda p, q: (p / q).log()),
            "A mean over the teacher's outcomes: each counts as often as it happens.",
        ),
        wrong(
            "Softmax is taken of the vectors, as if they were logits",
            lambda p, q: slips.kl_terms_of(F.log_softmax(p, -1), F.log_softmax(q, -1)),
            "They are probabilities already.",
        ),
        wrong(
            "The student's vector is divided by its sum first",
            slips.terms(lambda p, q: slips.right_term(p, q / q.sum())),
            "That comes next. First see what the article's own vectors give.",
        ),
        wrong(
            "0 · log 0 = NaN where the teacher excludes a class",
            slips.right_term,
            "What never happens adds nothing: torch.where, or torch.xlogy.",
        ),
        wrong(
            "The sum is returned, not the terms",
            lambda p, q: slips.terms(slips.right_term)(p, q).sum(),
            "An audit wants the rows, not the total.",
        ),
        wrong(
            "Divided by the number of classes",
            slips.terms(lambda p, q: slips.right_term(p, q) / len(p)),
            "KL is the sum of its terms, not their mean.",
        ),
        wrong(
            "The terms of the cross-entropy: the teacher's own logarithm is missing",
            slips.terms(lambda p, q: -p * q.log()),
            "Do your terms vanish when the two are equal?",
        ),
        wrong(
            "The terms of the generalised divergence: q - p is added",
            lambda p, q: torch.xlogy(p, p) - torch.xlogy(p, q) - p + q,
            "That makes every term positive, and adds nothing to the sum of two distributions. Leave it.",
        ),
        wrong(
            "A small number is added to both vectors",
            lambda p, q: p * ((p + 1e-3) / (q + 1e-3)).log(),
            "It changes every term. Handle the zeros exactly instead.",
        ),
    ),
    question="Which factor of a class's share says how often it happens, and which how much it hurts?",
    hint=(
        "KL is a sum over the classes; leave the sum away. Then try a class with p = 0: what does your "
        "line give, and what should it?"
    ),
    withheld=("kd_course.divergences.*",),
    allowed="anything in torch, not kd_course.divergences; the vectors are taken as they are, whatever they sum to",
)

REPAIRED_LOSS = Exercise(
    id="03.10",
    name="repaired_loss",
    title="Audit: what it should have been",
    lesson="03",
    signature="repaired_loss",
    points=2,
    minutes=6,
    difficulty=2,
    importance=3,
    kind="value",
    rtol=0.0,
    atol=6e-4,  # three decimals are enough
    misconceptions=(
        Misconception(
            "This is the article's own total",
            value=2.92,
            hint="It does not even follow from the article's own parts.",
        ),
        Misconception(
            "The article's parts, added without its slip",
            value=2.965,
            hint="Both parts are wrong as well. Compute them anew.",
        ),
        Misconception(
            "The article's vectors as printed: q sums to 0.9, and three classes are marked",
            value=3.0918,
            hint="Make q a distribution, and mark one class.",
        ),
        Misconception(
            "One class is marked, but q still sums to 0.9",
            value=0.6980,
            hint="Divide q by its sum first.",
        ),
        Misconception(
            "q is a distribution in the soft part, and not in the hard part",
            value=0.6454,
            hint="Both parts look at the same student.",
        ),
        Misconception(
            "q is a distribution now, but three classes are still marked",
            value=2.8811,
            hint="An example has one label.",
        ),
        Misconception(
            "The soft part is a cross-entropy: the teacher's entropy is still in it",
            value=1.3712,
            hint="The soft loss of the article is KL.",
        ),
        Misconception(
            "The two parts are added, not averaged",
            value=1.1853,
            hint="alpha = 0.5 weighs each with one half.",
        ),
        Misconception(
            "Rounded to two decimals",
            value=0.59,
            hint="The number is right so far. Three decimals are asked for, or all of them.",
        ),
        Misconception(
            "Cut off after three decimals, not rounded",
            value=0.592,
            hint="What is the fourth decimal?",
        ),
        Misconception(
            "The hard part alone, unweighed",
            value=1.0986,
            hint="alpha = 0.5 weighs each of two parts with one half.",
        ),
    ),
    question="Which of the article's inputs are no distributions, and what makes each of them one?",
    hint="Repair the two inputs first. Then each part is a line that you have written before.",
    allowed="anything",
)

WHICH_MISTAKE = Exercise(
    id="03.11",
    name="harmless_here",
    title="Which of them would you never notice?",
    lesson="03",
    signature="harmless_here",
    points=1,
    minutes=3,
    difficulty=3,
    importance=4,
    kind="value",
    choices=(
        Choice(
            "a",
            "the hard label marks three classes, and α is 0",
            "No. Its minimum is ⅓, ⅓, ⅓ on the marked classes and 0 on the teacher's favourite, and "
            "its loss never falls below 3 log 3.",
        ),
        Choice(
            "b",
            "the student's outputs are five sigmoids, and α is 1",
            "No. All five outputs run to 1 and the loss to -H(p): below 0, which no KL of "
            "distributions can be. The student learns nothing about the teacher.",
        ),
        Choice(
            "c",
            "the factor T² is left out at T = 8, and α is 1",
            "Right. With alpha = 1 the missing T² scales the whole gradient and moves no minimum; "
            "Adam divides by the gradient's own size, so even the speed hardly changes. With plain "
            "gradient descent the same slip slows training T² times.",
        ),
        Choice(
            "d",
            "the factor T² is left out at T = 8, and α is 0.5",
            "No. Adam rescales the sum of both gradients, not each: the soft part still fades beside "
            "the hard one, and the student drifts to the label.",
        ),
    ),
    question="What does a step of Adam do when the whole gradient is multiplied by one number?",
    hint="Ask of each: does it move the loss's minimum, or only the gradient's length?",
)
