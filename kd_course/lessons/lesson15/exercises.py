"""The exercises of lesson 15: what tuning alone is worth, what an interval and a report may say."""

from __future__ import annotations

from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson15 import slips

# -- 15.1 the best of n trials ----------------------------------------------------------------


def best_cases(random) -> list[Case]:
    def scores(count):
        """Different scores, in no order: the best neither first nor last."""
        while True:
            drawn = [int(x) / 1000 for x in random.choice(range(500, 950), count, replace=False)]
            if max(drawn) not in (drawn[0], drawn[-1]) and drawn != sorted(drawn):
                return drawn

    def between(low, high):
        return int(random.integers(low, high))

    five = scores(5)
    with_equals = scores(4)
    top = max(with_equals)
    with_equals = [with_equals[0], top, *with_equals, with_equals[0]]
    return [
        Case((five, 3), "five trials were made, three can be paid for"),
        Case((scores(8), between(3, 6)), "eight trials"),
        Case((scores(6), 2), "the better of two"),
        Case((scores(7), 1), "a single trial", clause="n = 1"),
        Case(
            (scores(4), between(6, 12)),
            "more than were made",
            clause="n above the number of values",
        ),
        Case((with_equals, between(2, 5)), "some scores are equal", clause="equal scores"),
        Case((scores(3)[:1], between(2, 5)), "only one trial was made", clause="a single value"),
        Case(
            ([-x for x in scores(6)], between(2, 5)),
            "scores below zero",
            clause="scores below zero",
        ),
    ]


# -- 15.3 the Pareto front --------------------------------------------------------------------


def front_cases(random) -> list[Case]:
    def models(count):
        """Models with three different figures each, no two alike in one."""
        sizes = random.choice(range(80, 4000), count, replace=False)
        times = random.choice(range(10, 200), count, replace=False)
        right = random.choice(range(600, 950), count, replace=False)
        return [(int(a), int(b) / 10, int(c) / 1000) for a, b, c in zip(sizes, times, right)]

    def shuffled(listed):
        return [listed[i] for i in random.permutation(len(listed))]

    # A middling model that nobody beats, and one that only a model at the list's other end beats.
    size, time = int(random.integers(200, 400)), int(random.integers(10, 20)) / 10
    right = int(random.integers(700, 750)) / 1000
    middle = (2 * size, round(2 * time, 1), round(right + 0.05, 3))
    ends = [
        (size, round(3 * time, 1), right),
        (3 * size, time, round(right + 0.02, 3)),
        (4 * size, round(4 * time, 1), round(right + 0.1, 3)),
    ]
    beaten = (2 * size + 7, round(2 * time + 0.3, 1), round(right + 0.04, 3))
    tied = [
        (size, time, right),
        (size, round(time + 0.5, 1), right),
        (size, time, round(right - 0.01, 3)),
        (size + 30, time, right),
        (size - 30, round(time + 0.7, 1), round(right - 0.02, 3)),
    ]
    (twin, *others) = models(4)
    equals = shuffled([*ends, middle, middle, beaten, beaten])
    one = models(1)
    all_of_them = shuffled([*ends, middle, middle, beaten, *tied])
    return [
        Case((shuffled(models(6)),), "six models"),
        Case(([beaten, *shuffled([*ends, *models(2)]), middle],), "one is best in nothing"),
        Case((shuffled([*tied, *ends]),), "models that share a figure", clause="equal figures"),
        Case((equals,), "two models are the same", clause="equal models"),
        Case(([twin, *others, twin, twin],), "one model three times", clause="equal models"),
        Case((all_of_them,), "equal models and equal figures"),
        Case((one,), "a single model", clause="a single model"),
    ]


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="15.1",
        name="expected_best",
        title="The best of n trials",
        lesson="15",
        signature="expected_best(values, n)",
        points=3,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=best_cases,
        misconceptions=slips.BEST,
        question="The best of n draws is at most v when all n are. How likely is that, if a share F of the values "
        "is at most v?",
        hint="Sort the values. The chance that the best of n is at most the i-th is a power; the chance that it is "
        "the i-th is the difference of two of them. Then take the mean.",
        allowed="plain Python or NumPy, no random numbers",
    ),
    Exercise(
        id="15.2",
        name="may_be_said",
        title="An interval read aloud",
        lesson="15",
        signature="may_be_said",
        points=1,
        minutes=4,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "“Distillation makes no difference here.”",
                "An interval that holds 0 also holds other values: a gain of two points would fit these data as well. "
                "That nothing was shown does not show that nothing is there.",
            ),
            Choice(
                "b",
                "“Distillation helps by 0.9 points; the interval lies mostly above 0.”",
                "How much of an interval lies above 0 is no measure of anything. A loss is among the values that fit, "
                "so “helps” is stronger than what was measured.",
            ),
            Choice(
                "c",
                "“We cannot tell: from a loss of 0.3 points to a gain of 2.1, all would fit what we measured.”",
                "Right. It gives the ends, says what they mean for the question, and claims no more. Whoever needs to "
                "know now knows how much is open.",
            ),
            Choice(
                "d",
                "“Whoever trains both again will find a difference between −0.3 and 2.1 in 95 of 100 cases.”",
                "The interval is about the mean difference, not about single trainings. With one seed in place of "
                "three, and other test rows, a new difference can easily lie outside.",
            ),
            Choice(
                "e",
                "“The student's accuracy and the control's have intervals that overlap, so they do not differ.”",
                "Two arms that answer the same rows share what is hard about them. Their own intervals can overlap "
                "widely while their difference is clear. Only the interval of the difference counts.",
            ),
        ),
        question="Write down a gain and a loss that both lie inside the interval. Which sentences would be wrong for "
        "one of the two?",
        hint="An interval names the values that fit the data. A sentence is honest when it is true of all of them, and "
        "when it speaks of what the interval is about: a mean, a difference, these rows and seeds.",
        allowed="pen and paper",
    ),
    Exercise(
        id="15.3",
        name="pareto_front",
        title="Beaten by nobody",
        lesson="15",
        signature="pareto_front(models)",
        points=3,
        minutes=12,
        difficulty=2,
        importance=4,
        cases=front_cases,
        misconceptions=slips.FRONT,
        question="Two models take the same bytes and the same time, and one is more accurate. Which of them stays? And "
        "if they are equally accurate, too?",
        hint="Write a function that says of two models whether the first beats the second: nowhere worse, and "
        "somewhere better. Then try every model against all others.",
        allowed="plain Python or NumPy",
    ),
    Exercise(
        id="15.4",
        name="dishonest",
        title="Three dishonest sentences",
        lesson="15",
        signature="dishonest",
        points=2,
        minutes=8,
        difficulty=3,
        importance=5,
        kind="value",
        rtol=0.0,
        atol=1e-9,
        misconceptions=slips.triples(),
        question="For each sentence: what will a reader conclude from it? Could every figure be as it is, and the "
        "conclusion be wrong?",
        hint="Three things go wrong: a figure without what it must be compared with, a choice that was made by "
        "looking at the test, and something not found that is sold as not there.",
        allowed="pen and paper",
    ),
)
