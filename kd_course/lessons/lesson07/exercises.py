"""The exercises of lesson 07: shift, token loss, the rewritten corpus, length, BLEU, a budget.

The wrong answers that the checks know stand in slips.py and score_slips.py.
"""

from __future__ import annotations

from collections import Counter

import torch

from kd_course.exercises.slips import IGNORED, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise
from kd_course.lessons.lesson07 import score_slips, slips

# -- where each is tried ----------------------------------------------------------------------


def _padded(rows: list[list[int]]) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [IGNORED] * (longest - len(row)) for row in rows])


def _any_of(random, choices):
    return choices[int(random.integers(len(choices)))]


def _sentences(random, *lengths: int) -> list[list[int]]:
    """Rows of pieces from 10 to 89, each with 9 at its end."""
    return [[*random.integers(10, 90, size=n - 1).tolist(), 9] for n in lengths]


def _turned(random, rows: list) -> list:
    return [rows[i] for i in random.permutation(len(rows))]


def shift_cases(random) -> list[Case]:
    def case(rows, label, clause="", low=1, alike=False):
        start, pad = (low + random.permutation(8)[:2]).tolist()
        rows = _padded(_turned(random, rows))
        return Case((rows, start, start if alike else pad), label, clause=clause)

    def pieces(*lengths):
        return _sentences(random, *lengths)

    def some(low, high):
        return int(random.integers(low, high))

    several = (3 + random.permutation(5)[:3]).tolist()
    most = some(4, 7)
    zero = pieces(4, 2)
    zero[0][some(0, 3)] = zero[1][0] = 0
    below = (3 + random.permutation(15)[:4]).tolist()
    alone = "that -100 alone marks padding, whatever numbers the pieces have"
    same = "a start token that is the padding, too"
    one_place = random.integers(10, 90, size=(some(2, 5), 1)).tolist()
    return [
        case(pieces(3), "one sentence of three pieces"),
        case(pieces(most, some(2, most)), "two sentences, one of them padded"),
        case(pieces(*several), "three sentences, two of them padded"),
        case(pieces(most, most, 2, 3), "four sentences, two of them padded"),
        case(zero, "a piece numbered 0", alone),
        case(
            [[*below[:3], 2], [below[3], 2]], "pieces numbered below pad", alone, low=some(20, 40)
        ),
        case(pieces(some(3, 5), 1), "start and pad alike, as in Marian", same, alike=True),
        case(one_place, "one place a row", "sentences of one piece"),
    ]


def token_loss_cases(random) -> list[Case]:
    def models(*shape, scale=2.0):
        return [random_normal(random, *shape, scale=scale, dtype=torch.float64) for _ in range(2)]

    def signs():
        return torch.tensor(random.choice([-150.0, 150.0], size=(2, 3, 5)))

    def padded(rows):
        return _padded(_turned(random, rows))

    def pieces(number):
        return random.integers(2, 5, size=number).tolist()

    def one_padded():
        return padded([[*pieces(2), 1], [*pieces(1), 1]])

    zero = padded([[*_turned(random, [0, *pieces(1)]), 1], [0, 1]])
    many = [[*random.integers(2, 7, size=n).tolist(), 1] for n in (4, 1, 5)]
    many[2][-1] = 3  # the longest sentence was cut, and has no end
    few, damaged = one_padded(), models(2, 3, 5)
    damaged[0][few == IGNORED] = torch.inf
    damaged[1][few == IGNORED] = torch.nan
    anything, apart = "padding that holds NaN or infinity", "logits that lie far apart"
    number = "a token numbered 0, which is no padding"
    detached = "the teacher, into which no gradient may flow"
    shape = random.integers(2, 5, size=2).tolist()
    student = (0,)  # the argument that gradients must reach
    return [
        Case(
            (*models(2, 3, 5), one_padded(), 2.0),
            "two sentences, one padded place, T = 2",
            gradient_of=student,
        ),
        Case((*models(3, 6, 8), padded(many), 1.5), "three sentences, one of them cut, T = 1.5"),
        Case((*models(2, 3, 5), zero, 2.0), "a token numbered 0", clause=number),
        Case(
            (*damaged, few, 2.0),
            "NaN and infinity in the padding",
            clause=anything,
            gradient_of=student,
        ),
        Case(
            (*models(*shape, 5), torch.full(shape, IGNORED), 2.0),
            "padding only",
            clause="a batch without any token",
        ),
        Case(
            (signs(), signs(), one_padded(), 1.0),
            "logits of ± 150",
            clause=apart,
            gradient_of=student,
        ),
        Case(
            (*models(2, 3, 5, scale=2000.0), one_padded(), 1.0),
            "logits in the thousands",
            clause=apart,
        ),
        Case(
            (*models(2, 3, 5), one_padded(), 2.0),
            "a teacher that would take gradients",
            gradient_of=(0, 1),
            clause=detached,
        ),
    ]


# A source, and two translations of it.
_TRANSLATED = (
    ("We won.", "我们赢了。", "我们胜利了。"),
    ("I saw Tom yesterday.", "我昨天看见了汤姆。", "昨天我见到了汤姆。"),
    ("Tom left.", "汤姆走了。", "汤姆离开了。"),
    ("She is not at home.", "她不在家。", "她没在家。"),
    ("It rained all day long.", "雨下了一整天。", "整天都在下雨。"),
    ("He runs.", "他在跑。", "他跑步。"),
    ("They sold the old house.", "他们卖掉了旧房子。", "他们把老房子卖了。"),
    ("Who are you?", "你是谁？", "您是哪位？"),
    ("My sister likes tea.", "我妹妹喜欢茶。", "我姐姐爱喝茶。"),
)


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


def _three_gaps(random) -> set[int]:
    """Three of six places: two neighbours, and not the last three."""
    while True:
        first, third = random.integers(0, [5, 6]).tolist()
        gaps = {first, first + 1, third}
        if len(gaps) == 3 and gaps != {3, 4, 5}:
            return gaps


def corpus_cases(random) -> list[Case]:
    def case(sources, size, translations, label, clause=""):
        order = _mixed(random, len(sources))
        return Case((sources, *_in_batches(order, size, translations)), label, clause=clause)

    def four():
        """Sources, translations, and other translations."""
        return [list(column) for column in zip(*_turned(random, _TRANSLATED)[:4])]

    def shipped(number):
        numbers = random.integers(10, 90) + random.permutation(number)
        return [f"Order {n} was shipped." for n in numbers], [
            f"第{n}号订单已发货。" for n in numbers
        ]

    def two_of_four():
        return sorted(random.permutation(4)[:2].tolist())

    def without(gaps, sources, texts):
        return sources, [("" if row in gaps else text) for row, text in enumerate(texts)]

    def one_gap():
        sources, texts, _ = four()  # what follows a gap may slip: it is not the last
        return without({int(random.integers(3))}, sources, texts)

    def twice():
        (first, again), (sources, texts, others) = two_of_four(), four()
        sources[again], texts[again] = sources[first], others[first]
        return sources, texts

    def one_translation():
        (first, again), (sources, texts, _) = two_of_four(), four()
        texts[again] = texts[first]
        return sources, texts

    def one_character():
        sources, texts, _ = four()
        texts[int(random.integers(4))] = _any_of(random, "不好是对走有")
        return sources, texts

    def tried(made, size, label, clause=""):
        sources, translations = made
        return case(sources, size, translations, label, clause)

    gap, again = "an empty translation", "a source that stands there twice"
    one, short = "two sources with one translation", "a last batch that is shorter"
    seven_or_eight = int(random.integers(7, 9))
    return [
        tried(four()[:2], 2, "four sources in two batches"),
        tried(shipped(9), 3, "nine sources in three batches"),
        tried(shipped(6), 3, "six sources in two batches"),
        tried(one_gap(), 2, "nothing was written for one source", gap),
        tried(without(_three_gaps(random), *shipped(6)), 3, "nothing was written for three", gap),
        tried(shipped(12), 4, "twelve sources", "more than ten sources"),
        tried(shipped(seven_or_eight), 3, "the last batch is short", short),
        tried(twice(), 2, "a source that comes twice", again),
        tried(one_translation(), 2, "one translation of two sources", one),
        tried(one_character(), 2, "one character", "a translation of one character"),
    ]


def length_cases(random) -> list[Case]:
    def numbers(count):
        return (-random.permutation(90)[:count] / 100 - 0.05).round(2).tolist()

    def candidates(*lengths):
        return [numbers(n) for n in _turned(random, lengths)]

    def lengths(number):
        return (2 + random.permutation(5)[:number]).tolist()

    two = candidates(*lengths(2))
    (twice,), (around, between) = numbers(1), numbers(2)
    equal = [[twice, twice], [around, between, around]]
    repeated, zero = "a log probability that stands there twice", "α = 0"
    return [
        Case((two, 1.0), "two candidates, α = 1"),
        Case((two, 0.5), "the same, α = 0.5"),
        Case((candidates(3, 2, 9, 5), 0.6), "four candidates, α = 0.6"),
        Case((candidates(4, 7, 2), 0.3), "three candidates, α = 0.3"),
        Case((sorted(candidates(*lengths(2)), key=sum), 0.0), "two candidates, α = 0", clause=zero),
        Case((candidates(*lengths(2)), 2.0), "two candidates, α = 2", clause="α > 1"),
        Case((_turned(random, equal), 0.7), "equal pieces", clause=repeated),
        Case(
            (_turned(random, [numbers(1), numbers(2)]), 0.7),
            "one piece",
            clause="a candidate of one piece",
        ),
    ]


_CHARACTERS = "我你他她昨今天下午去走看见书店学校家饭水茶山车马鱼鸟花"


def precision_cases(random) -> list[Case]:
    def text(number):
        return "".join(random.choice(list("一二三四"), size=number))

    def repeated(own, other, n):
        """Two texts with a run that the first has less often, one more often, one as often."""
        while True:
            texts = text(own), text(other)
            counts = [Counter(one[i : i + n] for i in range(len(one) - n + 1)) for one in texts]
            more = [counts[0][run] - counts[1][run] for run in counts[0] if counts[1][run]]
            if min(more, default=0) < 0 < max(more) and 0 in more:
                return *texts, n

    def distinct(number):
        return "".join(_turned(random, _CHARACTERS)[:number])

    def some(low, high):
        return int(random.integers(low, high))

    def pairs():
        said, at = distinct(7), some(1, 6)
        return said, said[:at] + said[at + 1] + said[at] + said[at + 2 :], 2

    def far_too_short():
        said, (first, second) = distinct(8), sorted(random.permutation(7)[:2].tolist())
        return said[first] + said[_any_of(random, (second, 7))], said[:7], 1

    def too_long():
        said, at, more = distinct(11), some(1, 4), some(3, 7)
        return said[:at] + said[5 : 5 + more] + said[at:5], said[:5], 2

    def both_orders():
        one, other = _turned(random, "abcdefgh")[:2]
        return other + one * some(2, 5) + other, one + other * some(2, 5) + one, 2

    def laughter():
        own, (one, other) = _any_of(random, (4, 5, 7)), distinct(2)
        laugh = _any_of(random, "哈呵嘿嘻")
        return laugh * own + one, laugh * some(3, own) + other, 2

    def one_run():
        said, n = distinct(6), some(2, 5)
        return said[:n], _any_of(random, (said[:5], said[5] + said[:n])), n

    def two_characters():
        said = distinct(3)
        return said[:2], _any_of(random, (said[:2] * 2, said[:2] * 2 + said[2])), 4

    def one_character():
        said = distinct(2)
        return said[0], _any_of(random, (said, said[::-1])), 3

    def with_capital():
        name = _any_of(random, ("Tom", "Anna", "Mary", "Bob", "Lisa", "Jim", "Emma", "Paul"))
        rest = distinct(some(2, 5))
        said, wanted = _turned(random, [name, name.lower()])
        return said + rest, wanted + rest, 1

    def with_space():
        said, at = distinct(5), some(1, 4)
        return f"{said[:at]} {said[at:]}", said[:4], 2

    short, spaces, capitals = "a prediction too short for any run", "spaces", "capital letters"
    overlapping = "runs that overlap with themselves, as in 哈哈哈"
    exactly = "a prediction of exactly n characters"
    return [
        Case(("他他他走了", "他昨天走了", 1), "a character said three times"),  # the hint's example
        Case(pairs(), "pairs of characters"),
        Case(far_too_short(), "a prediction that is far too short"),
        Case(too_long(), "a prediction that is too long"),
        Case(both_orders(), "two letters in both orders"),
        Case(repeated(14, 17, 2), "many repeated pairs"),
        Case(repeated(19, 15, 3), "runs of three"),
        Case(one_character(), "one character, n = 3", clause=short),
        Case(two_characters(), "two characters, n = 4", clause=short),
        Case(laughter(), "laughter", clause=overlapping),
        Case(one_run(), "one run, and it is right", clause=exactly),
        Case(with_capital(), "a name with and without its capital", clause=capitals),
        Case(with_space(), "a space in the prediction", clause=spaces),
    ]


_NAMES = ("alder", "ash", "aspen", "beech", "birch", "cedar", "elm", "fir", "hazel", "larch")
_NAMES += ("maple", "oak", "pine", "rowan", "spruce", "willow", "yew")


# What is drawn of a shelf: BLEU, p50, p95, megabytes. At 30 ms the first is best, at 25 the last.
_BEST, _SLOWEST, _POOR = (
    (58.2, 22.0, 29.0, 5.0),
    (64.0, 26.0, 40_000.0, 90.0),
    (30.0, 11.0, 12.0, 1.9),
)
_SLOW = [_SLOWEST, (62.0, 18.0, 36.0, 40.0), (61.0, 24.0, 41.0, 9.0)]
_FAST = [_POOR, (55.5, 12.0, 16.0, 1.4), (53.0, 13.0, 24.0, 1.1), (57.1, 9.0, 20.5, 28.0)]


def _shelf(random, scale: float) -> tuple[list[dict], list[dict]]:
    """Nine students, slow and fast ones by turns at 25 and at 30 times scale, and seven of them.

    The best at 30 is not the last in the alphabet of those that keep it.
    """
    slow, fast = _turned(random, _SLOW), _turned(random, _FAST)
    while (
        slow[2] == _SLOWEST
    ):  # its median is over 25: where the last is left out, it must be there
        slow = _turned(random, slow)
    rows = [(52.0, 35.0, 60.0, 8.0), fast[0], _BEST, fast[1]]
    rows += [slow[0], fast[2], slow[1], fast[3], slow[2]]
    names = _turned(random, _NAMES)[: len(rows)]
    while names[2] == max(names[i] for i in (1, 2, 3, 5, 7)):
        names = _turned(random, names)
    better = float(random.integers(-20, 13)) / 4
    students = [
        {
            "name": name,
            "bleu": round(bleu + better + 0.02 * float(random.uniform(-1, 1)), 2),
            "p50": p50 * scale,
            "p95": p95 * scale,
            "megabytes": round(megabytes * scale, 2),
        }
        for name, (bleu, p50, p95, megabytes) in zip(names, rows)
    ]
    kept = [one for one, row in zip(students, rows) if row not in (_SLOWEST, _POOR)]
    return students, kept


def budget_cases(random) -> list[Case]:
    def some(low, high):
        return int(random.integers(low, high))

    def score(low, high):
        return some(10 * low, 10 * high) / 10

    def renamed(students):
        """Each with another name: no name, nor its place in the alphabet, is right in every case."""
        names = _turned(random, _NAMES)
        return [{**student, "name": name} for student, name in zip(students, names)]

    def case(about, label, clause=""):
        """about: (bleu, milliseconds over the budget); the budget is an even number of them."""
        budget, names = 2.0 * some(11, 21), _turned(random, _NAMES)
        students = [
            {
                "name": name,
                "bleu": round(bleu, 2),
                "p50": (budget + over) / 2,
                "p95": budget + over,
                "megabytes": 5.0,
            }
            for name, (bleu, over) in zip(names, about)
        ]
        return Case((students, budget), label, clause=clause)

    scale = some(3, 9) / 4
    shelf, fewer = _shelf(random, scale)
    nobody = "that there may be none who keeps the budget"
    good, slow = score(40, 50), float(some(5, 12))  # slow: milliseconds too many, and not twice
    early, late = -float(some(6, 11)), -float(some(1, 6))
    whole, (low, high) = some(31, 60), sorted((1 + random.permutation(4)[:2]).tolist())
    close = [(whole + low / 10, early), (whole + high / 10, late), (whole - 2.0, slow)]
    ten = [*_turned(random, [(score(10, 20), early), (score(2, 10), late)]), (30.0, slow)]
    over = [(good, 0.5), (good - 7, late)]
    return [
        Case((shelf, 30.0 * scale), "nine students"),
        Case(
            (renamed(shelf[:1] + shelf[-2:0:-1]), 25.0 * scale), "eight in another order, less time"
        ),
        Case((renamed(fewer), 45.0 * scale), "seven students, more time"),
        Case((renamed(fewer[::-1]), 100.0 * scale), "a budget that all of them keep"),
        case([(good, slow)], "a budget that nobody keeps", nobody),
        case([], "no student at all", nobody),
        case(
            _turned(random, [(good, 0.0), (good - 5, early)]),
            "exactly",
            "a p95 of exactly the budget",
        ),
        case(
            [(good - 5, early), *_turned(random, over)],
            "half a millisecond over",
            "a p95 that is a fraction of a millisecond over the budget",
        ),
        case(close, "scores that differ after the point", "BLEU scores less than a point apart"),
        case(ten, "one digit and two", "a BLEU below 10 beside one above"),
        case([(0.0, early)], "a BLEU of 0", "a student whose BLEU is 0"),
        case(
            [(good, slow), *_turned(random, [(good - 10, early), (good - 5, late)])],
            "the best is slow",
            "a slow student that stands first",
        ),
        case(
            [(good, early), *_turned(random, [(good + 10, slow), (good + 15, slow + 10)])],
            "slow ones side by side",
            "two slow students in a row",
        ),
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
        withheld=("kd_course.generation.*",),
        allowed="torch; not kd_course.generation",
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
        withheld=("kd_course.losses.*",),
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
        withheld=("kd_course.translation.*",),
        allowed="plain Python; not kd_course.translation",
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
        withheld=("kd_course.translation.*",),
        allowed="plain Python, torch; not kd_course.translation",
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
        withheld=("kd_course.metrics.*",),
        allowed="plain Python; not kd_course.metrics; please do without sacrebleu (the check cannot tell)",
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
