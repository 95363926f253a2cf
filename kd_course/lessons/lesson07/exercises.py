"""The exercises of lesson 07: shift, token loss, the rewritten corpus, length, BLEU, a budget.

The wrong answers that the checks know stand in slips.py and score_slips.py.
"""

from __future__ import annotations

import torch

from kd_course.exercises.slips import IGNORED, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson07 import score_slips, slips

# -- where each is tried ----------------------------------------------------------------------


def _padded(rows: list[list[int]]) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [IGNORED] * (longest - len(row)) for row in rows])


def shift_cases(random) -> list[Case]:
    def sentences(*lengths):
        return _padded([[*random.integers(10, 90, size=n - 1).tolist(), 9] for n in lengths])

    alone = "that -100 alone marks padding, whatever numbers the pieces have"
    same = "a start token that is the padding, too"
    return [
        Case((_padded([[11, 12, 9]]), 4, 3), "one sentence of three pieces"),
        Case((_padded([[11, 12, 13, 9], [21, 9]]), 5, 2), "two sentences, the second padded"),
        Case((sentences(4, 7, 6), 3, 8), "three sentences, two of them padded"),
        Case((sentences(5, 2, 3, 5), 7, 6), "four sentences, two of them padded"),
        Case((_padded([[11, 0, 12, 9], [0, 9]]), 4, 3), "a piece numbered 0", clause=alone),
        Case((_padded([[5, 14, 6, 2], [1, 2]]), 30, 20), "pieces numbered below pad", clause=alone),
        Case((_padded([[11, 12, 9], [9]]), 0, 0), "start and pad alike, as in Marian", clause=same),
        Case((_padded([[9], [9]]), 4, 3), "one place a row", clause="sentences of one piece"),
    ]


def token_loss_cases(random) -> list[Case]:
    def models(*shape, scale=2.0):
        return [random_normal(random, *shape, scale=scale, dtype=torch.float64) for _ in range(2)]

    def signs():
        return torch.tensor(random.choice([-150.0, 150.0], size=(2, 3, 5)))

    few, zero = _padded([[4, 2, 1], [3, 1]]), _padded([[4, 0, 1], [0, 1]])
    many = _padded([[*random.integers(2, 7, size=n).tolist(), 1] for n in (4, 1, 5)])
    many[2, -1] = 3  # the longest sentence was cut, and has no end
    damaged = models(2, 3, 5)
    damaged[0][few == IGNORED] = torch.inf
    damaged[1][few == IGNORED] = torch.nan
    anything, apart = "padding that holds NaN or infinity", "logits that lie far apart"
    number = "a token numbered 0, which is no padding"
    detached = "the teacher, into which no gradient may flow"
    nothing = torch.full((2, 3), IGNORED)
    student = (0,)  # the argument that gradients must reach
    return [
        Case(
            (*models(2, 3, 5), few, 2.0),
            "two sentences, one padded place, T = 2",
            gradient_of=student,
        ),
        Case((*models(3, 6, 8), many, 1.5), "three sentences, one of them cut, T = 1.5"),
        Case((*models(2, 3, 5), zero, 2.0), "a token numbered 0", clause=number),
        Case(
            (*damaged, few, 2.0),
            "NaN and infinity in the padding",
            clause=anything,
            gradient_of=student,
        ),
        Case((*models(2, 3, 5), nothing, 2.0), "padding only", clause="a batch without any token"),
        Case((signs(), signs(), few, 1.0), "logits of ± 150", clause=apart, gradient_of=student),
        Case((*models(2, 3, 5, scale=2000.0), few, 1.0), "logits in the thousands", clause=apart),
        Case(
            (*models(2, 3, 5), few, 2.0),
            "a teacher that would take gradients",
            gradient_of=(0, 1),
            clause=detached,
        ),
    ]


def _in_batches(order: list[int], size: int, texts: list[str]) -> tuple[list, list]:
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    return batches, [[texts[row] for row in rows] for rows in batches]


def _mixed(random, number: int) -> list[int]:
    """An order that is not its own inverse, nor sorted within its first three."""
    while True:
        order = random.permutation(number).tolist()
        inverse = [order.index(row) for row in range(number)]
        if order != inverse and order[:3] != sorted(order[:3]) and order[0]:
            return order


def corpus_cases(random) -> list[Case]:
    four = ["We won.", "I saw Tom yesterday.", "Tom left.", "She is not at home."]
    texts = ["我们赢了。", "我昨天看见了汤姆。", "汤姆走了。", "她不在家。"]
    orders = [f"Order {n} was shipped." for n in range(40, 52)]
    shipped = [f"第{n}号订单已发货。" for n in range(40, 52)]

    def case(sources, size, translations, label, clause=""):
        order = [3, 1, 0, 2] if len(sources) == 4 else _mixed(random, len(sources))
        return Case((sources, *_in_batches(order, size, translations)), label, clause=clause)

    gap, again = "an empty translation", "a source that stands there twice"
    one = "two sources with one translation"
    twice = [four[0], four[1], four[0], four[3]]
    return [
        case(four, 2, texts, "four sources in two batches"),
        case(orders[:9], 3, shipped[:9], "nine sources in three batches"),
        case(orders[:6], 3, shipped[:6], "six sources in two batches"),
        case(four, 2, [texts[0], "", *texts[2:]], "nothing was written for one source", gap),
        case(orders[:6], 3, ["", *shipped[1:4], "", ""], "nothing was written for three", gap),
        case(orders, 4, shipped, "twelve sources", "more than ten sources"),
        case(orders[:7], 3, shipped[:7], "the last batch is short", "a last batch that is shorter"),
        case(twice, 2, [*texts[:2], "我们胜利了。", texts[3]], "a source that comes twice", again),
        case(four, 2, [*texts[:3], texts[0]], "one translation of two sources", one),
        case(four, 2, [*texts[:3], "不"], "one character", "a translation of one character"),
    ]


def length_cases(random) -> list[Case]:
    def candidates(*lengths):
        return [(-random.permutation(90)[:n] / 100 - 0.05).round(2).tolist() for n in lengths]

    two = [[-0.55, -0.45], [-0.4, -0.3, -0.2, -0.35]]
    repeated, zero = "a log probability that stands there twice", "α = 0"
    return [
        Case((two, 1.0), "two candidates, α = 1"),
        Case((two, 0.5), "the same, α = 0.5"),
        Case((candidates(3, 2, 9, 5), 0.6), "four candidates, α = 0.6"),
        Case((candidates(4, 7, 2), 0.3), "three candidates, α = 0.3"),
        Case((two, 0.0), "two candidates, α = 0", clause=zero),
        Case((two, 2.0), "two candidates, α = 2", clause="α > 1"),
        Case(([[-0.5, -0.5], [-0.4, -0.3, -0.4]], 0.7), "equal pieces", clause=repeated),
        Case(([[-0.7], [-0.4, -0.2]], 0.7), "one piece", clause="a candidate of one piece"),
    ]


def precision_cases(random) -> list[Case]:
    def text(number):
        return "".join(random.choice(list("一二三四"), size=number))

    short, spaces, capitals = "a prediction too short for any run", "spaces", "capital letters"
    overlapping = "runs that overlap with themselves, as in 哈哈哈"
    exactly = "a prediction of exactly n characters"
    return [
        Case(("他他他走了", "他昨天走了", 1), "a character said three times"),
        Case(("我昨天看见他了", "我昨天看见了他", 2), "pairs of characters"),
        Case(("我去", "我昨天去了书店", 1), "a prediction that is far too short"),
        Case(("我今天下午去了书店", "我去了书店", 2), "a prediction that is too long"),
        Case(("baab", "abba", 2), "ba and ab"),
        Case((text(14), text(17), 2), "many repeated pairs"),
        Case((text(19), text(15), 3), "runs of three"),
        Case(("好", "很好", 3), "one character, n = 3", clause=short),
        Case(("好的", "好的好的", 4), "two characters, n = 4", clause=short),
        Case(("哈哈哈哈", "哈哈哈", 2), "laughter", clause=overlapping),
        Case(("很好", "很好吃", 2), "one run, and it is right", clause=exactly),
        Case(("Tom走了吗", "tom走了", 1), "Tom and tom", clause=capitals),
        Case(("汤姆 走了吗", "汤姆走了", 2), "a space in the prediction", clause=spaces),
    ]


def budget_cases(random) -> list[Case]:
    def student(name, bleu, p50, p95, megabytes, noise=0.02):
        bleu = round(bleu + noise * float(random.uniform(-1, 1)), 2)
        return {"name": name, "bleu": bleu, "p50": p50, "p95": p95, "megabytes": megabytes}

    def plain(name, bleu, p95):
        return student(name, bleu, p95 / 2, p95, 5.0, noise=0.0)

    shelf = [  # slow and fast ones by turns, at 25 ms and at 30
        student("pine", 52.0, 35.0, 60.0, 8.0),
        student("elm", 55.5, 12.0, 16.0, 1.4),
        student("birch", 58.2, 22.0, 29.0, 5.0),
        student("cedar", 57.1, 9.0, 20.5, 28.0),
        student("yew", 64.0, 26.0, 40_000.0, 90.0),
        student("fir", 30.0, 11.0, 12.0, 1.9),
        student("oak", 62.0, 18.0, 36.0, 40.0),
        student("willow", 53.0, 13.0, 24.0, 1.1),
        student("ash", 61.0, 24.0, 41.0, 9.0),
    ]
    small = [one for one in shelf if one["name"] not in ("yew", "fir")]
    nobody = "that there may be none who keeps the budget"
    close = [plain("a", 40.2, 20.0), plain("b", 40.9, 25.0), plain("c", 38.0, 35.0)]
    ten = [plain("a", 10.5, 20.0), plain("b", 9.5, 25.0), plain("c", 30.0, 35.0)]
    first = [plain("a", 50.0, 40.0), plain("b", 40.0, 20.0), plain("c", 45.0, 25.0)]
    row = [plain("a", 40.0, 20.0), plain("b", 50.0, 40.0), plain("c", 55.0, 50.0)]
    at_most = "a p95 of exactly the budget"
    return [
        Case((shelf, 30.0), "nine students, 30 ms"),
        Case((shelf[:1] + shelf[-2:0:-1], 25.0), "eight in another order, 25 ms"),
        Case((small, 45.0), "seven students, 45 ms"),
        Case((small[::-1], 100.0), "a budget that all of them keep"),
        Case(([plain("a", 50.0, 40.0)], 30.0), "a budget that nobody keeps", clause=nobody),
        Case(([], 30.0), "no student at all", clause=nobody),
        Case(([plain("a", 45.0, 30.0), plain("b", 40.0, 20.0)], 30.0), "exactly", clause=at_most),
        Case(
            ([plain("a", 40.0, 20.0), plain("b", 45.0, 30.5), plain("c", 38.0, 25.0)], 30.0),
            "half a millisecond over",
            clause="a p95 that is a fraction of a millisecond over the budget",
        ),
        Case((close, 30.0), "40.2 and 40.9", clause="BLEU scores less than a point apart"),
        Case((ten, 30.0), "9.5 and 10.5", clause="a BLEU below 10 beside one above"),
        Case(([plain("a", 0.0, 20.0)], 30.0), "a BLEU of 0", clause="a student whose BLEU is 0"),
        Case((first, 30.0), "the best is slow", clause="a slow student that stands first"),
        Case((row, 30.0), "slow ones side by side", clause="two slow students in a row"),
    ]


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="07.1",
        name="shift_right",
        title="What the decoder reads",
        lesson="07",
        signature="shift_right(labels, start, pad)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=5,
        cases=shift_cases,
        rtol=0.0,
        atol=0.0,  # these are numbers of pieces: near is not right
        dtypes=True,
        misconceptions=slips.SHIFT,
        question="Write down a sentence of three pieces and `</s>`. For each of the four predictions: "
        "what has the decoder read just before it?",
        hint="Make the places first, mark the padding last: it has moved along with everything else.",
        allowed="torch",
    ),
    Exercise(
        id="07.2",
        name="word_level_loss",
        title="The loss of a target token",
        lesson="07",
        signature="word_level_loss(student_logits, teacher_logits, labels, temperature)",
        points=5,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=token_loss_cases,
        misconceptions=slips.TOKEN_LOSS,
        question="Lesson 03's soft loss was a mean over rows of logits. Which rows of this batch would "
        "you hand to it, and how do you get at them?",
        hint="Part with the padded places before you compute anything with them. What is left is a "
        "table of tokens by vocabulary; see to the one that has no row.",
        withheld=("kd_course.losses.soft_target_loss", "kd_course.losses.distillation_loss"),
        allowed="torch; not kd_course.losses",
    ),
    Exercise(
        id="07.3",
        name="distilled_pairs",
        title="Back into line",
        lesson="07",
        signature="distilled_pairs(sources, batches, translated)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=5,
        cases=corpus_cases,
        misconceptions=slips.CORPUS,
        question="With batches = [[2, 0], [1]]: whose translation is translated[0][1], and in which "
        "line of the result does it belong?",
        hint="Keep a place for every source, and fill the places before you leave any out.",
        allowed="plain Python",
    ),
    Exercise(
        id="07.4",
        name="normalised_scores",
        title="What a long sentence costs",
        lesson="07",
        signature="normalised_scores(log_probabilities, alpha)",
        points=2,
        minutes=5,
        difficulty=1,
        importance=4,
        cases=length_cases,
        misconceptions=score_slips.LENGTH,
        question="At α = 0 nothing is divided, at α = 1 the sum is divided by the number of pieces. "
        "By what would you divide at α = 0.5?",
        hint="Which expression in the length and α is 1 at α = 0, and the length itself at α = 1, "
        "and multiplies by the same factor for every step of α?",
        allowed="plain Python, torch",
    ),
    Exercise(
        id="07.5",
        name="clipped_precision",
        title="What BLEU counts",
        lesson="07",
        signature="clipped_precision(prediction, reference, n)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=precision_cases,
        misconceptions=score_slips.PRECISION,
        question="Take 他他他走了 against 他昨天走了, n = 1. How many of the five characters would you "
        "accept, and what stops you from accepting all the 他?",
        hint="Count each text's runs by kind. For a kind that both have, which of its two counts is the "
        "most that can be right?",
        allowed="plain Python; please do without sacrebleu (the check cannot tell)",
    ),
    Exercise(
        id="07.6",
        name="what_bleu_hides",
        title="What BLEU hides",
        lesson="07",
        signature="what_bleu_hides",
        points=1,
        minutes=3,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "X: on the same test sentences its BLEU is higher, so more of what it writes is right.",
                "BLEU is computed from counts of shared runs, summed over the whole corpus. One "
                "character out of thirty is next to nothing to it, even where it turns the meaning round.",
            ),
            Choice(
                "b",
                "Y: it loses fewer negations, and in a leaflet that weighs more than 0.8 BLEU.",
                "It does weigh more, but one sentence in a hundred that says the opposite is still far "
                "too many, and nobody has looked at doses, figures and names yet.",
            ),
            Choice(
                "c",
                "Neither yet: what else is turned round must be counted first, for X as well as for Y.",
                "Right. BLEU weighs every character alike; readers do not. A measure of your own for what "
                "must not go wrong (negations, doses, names) stands beside it, and so do your eyes: Y's 1 % "
                "is too many for a leaflet as well.",
            ),
            Choice(
                "d",
                "Neither yet: the test set must grow until the intervals of the two BLEU scores part.",
                "That would settle who has the higher BLEU. It is not what the users of a leaflet need "
                "to know, and no number of sentences makes BLEU see a lost 不.",
            ),
        ),
        question="What happens to a patient who reads a sentence whose 不 is lost?",
        hint="How many characters of a sentence does a lost 不 change, and how much of its meaning? "
        "Which other characters are like it?",
        allowed="thinking",
    ),
    Exercise(
        id="07.7",
        name="choose_student",
        title="A student for a budget",
        lesson="07",
        signature="choose_student(students, budget)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=4,
        cases=budget_cases,
        misconceptions=score_slips.BUDGET,
        question="Of twenty sentences, how many are faster than the median? Which of the figures that you "
        "have says something about nineteen of them?",
        hint="Who is too slow does not take part, whatever its score. What do you return when nobody is left?",
        allowed="plain Python",
    ),
)
