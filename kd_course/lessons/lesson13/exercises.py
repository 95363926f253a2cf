"""The exercises of lesson 13: what cannot be seen is averaged, and what a score can teach another."""

from __future__ import annotations

import torch

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception
from kd_course.lessons.lesson13 import loss_slips, slips

TOO_SURE = "scores so far apart that the softmax holds a 0, whose logarithm is infinite"


# -- 13.1 the averaged answer -----------------------------------------------------------------


def averaged_cases(random) -> list[Case]:
    def inputs(texts, classes, low=1, high=9):
        """Weights of which two differ, and a teacher that is sure of different labels."""
        weights = random.integers(low, high, size=texts)
        weights[0] = weights[-1] + 3
        return torch.tensor(weights, dtype=torch.float32), 3 * random_normal(random, texts, classes)

    weights, logits = inputs(4, 3)
    return [
        Case((weights / weights.sum(), logits), "four texts, weights that sum to one"),
        Case(inputs(3, 3), "three texts", clause="weights that do not sum to one"),
        Case(inputs(6, 4), "six texts, four classes", clause="weights that do not sum to one"),
        Case(inputs(1, 3), "a single text", clause="a single text"),
        Case(
            (torch.tensor([3e-9, 1e-9]), 2 * random_normal(random, 2, 3)),
            "two texts that come up rarely",
            clause="weights that do not sum to one",
        ),
    ]


# -- 13.4 pairs by key ------------------------------------------------------------------------


def pair_cases(random) -> list[Case]:
    def keys(count):
        return [f"n{number}" for number in random.choice(range(100, 999), count, replace=False)]

    def shuffled(values):
        return [values[i] for i in random.permutation(len(values))]

    def turned(values):
        """In another order, of which no row stands where it stood."""
        by = int(random.integers(1, len(values)))
        return values[by:] + values[:by]

    a = keys(6)
    b = keys(7)
    c = keys(6)
    d = keys(6)
    e = keys(5)
    f = keys(6)
    return [
        Case((a, turned(a)), "every row has its partner, elsewhere"),
        Case((b[1:], turned(b[:-1])), "both have lost a row"),
        Case((b[:2] + b[3:], b), "a picture is missing"),
        Case((c, turned(shuffled(c[2:]))), "two texts are missing"),
        Case(
            ([*d[:4], d[1], d[4]], turned(d)),
            "a picture's key stands twice",
            clause="a key that stands twice among the pictures",
        ),
        Case(
            (d, [d[3], *turned(d)]),
            "a text's key stands twice",
            clause="a key that stands twice among the texts",
        ),
        Case(
            ([*e, e[0]], [e[0], *turned(e)]),
            "a key that stands twice in both",
            clause="a key that stands twice among the pictures",
        ),
        Case((f[:3], f[3:]), "no key in common", clause="no pair at all"),
    ]


# -- 13.6 Margin-MSE, 13.7 the listwise loss ----------------------------------------------------


def scores(random, questions, candidates):
    """A student's scores and a teacher's: of other size, with another zero."""
    student = 2 * random_normal(random, questions, candidates) + float(random.uniform(1, 3))
    teacher = 4 * random_normal(random, questions, candidates) - float(random.uniform(2, 5))
    return student, teacher


def margin_cases(random) -> list[Case]:
    def case(questions, candidates, label, **more):
        return Case(scores(random, questions, candidates), label, gradient_of=(0, 1), **more)

    student, teacher = scores(random, 4, 3)
    teacher[:, 0] = teacher.amin(-1) - torch.tensor(random.uniform(1, 3, 4), dtype=torch.float32)
    return [
        case(2, 3, "two questions, three candidates"),
        case(5, 4, "five questions, four candidates"),
        case(4, 6, "four questions, six candidates"),
        Case(
            (student, teacher),
            "a teacher that finds wrong passages better",
            gradient_of=(0, 1),
            clause="a margin below 0",
        ),
        case(3, 2, "one wrong passage a question", clause="one wrong passage a question"),
    ]


def list_cases(random) -> list[Case]:
    def case(questions, candidates, a, b, label, **more):
        return Case(
            (*scores(random, questions, candidates), a, b), label, gradient_of=(0, 1), **more
        )

    student, teacher = scores(random, 3, 4)
    best = torch.tensor(random.integers(4, size=(3, 1)))
    far = torch.zeros(3, 4).scatter(1, best, float(random.uniform(900, 1200)))
    return [
        case(2, 3, 0.5, 2.0, "two questions, three candidates"),
        case(5, 4, 2.0, 0.5, "five questions, four candidates"),
        case(4, 6, 0.7, 3.0, "four questions, six candidates"),
        case(3, 3, 1.0, 1.0, "both temperatures 1", clause="temperatures of 1"),
        Case((student, teacher + far, 1.5, 1.0), "a teacher that is very sure", clause=TOO_SURE),
        Case((student + far, teacher, 1.0, 2.0), "a student that is very sure", clause=TOO_SURE),
    ]


# -- 13.8 in-batch negatives ------------------------------------------------------------------


def batch_cases(random) -> list[Case]:
    def inputs(batch, width, twice=()):
        """twice: pairs of places that hold one text; their vectors differ a little, as under dropout."""
        questions = random_normal(random, batch, width)
        passages = random_normal(random, batch, width)
        ids = random.choice(range(100, 999), batch, replace=False)
        for one, other in twice:
            ids[other] = ids[one]
            passages[other] = passages[one] + 0.1 * random_normal(random, width)
        return questions, passages, torch.tensor(ids)

    def case(batch, width, label, twice=(), **more):
        return Case(inputs(batch, width, twice), label, gradient_of=(0, 1), **more)

    repeated = "a passage that stands twice"
    near = inputs(6, 5)
    near[1][4] = near[1][1] + 0.01 * random_normal(random, 5)
    same = inputs(4, 5, ((0, 2),))
    same[1][2] = same[1][0]
    return [
        case(3, 4, "three questions"),
        Case(
            near,
            "six questions, two of their texts nearly alike",
            gradient_of=(0, 1),
            clause="different texts with nearly the same vector",
        ),
        case(4, 3, "the second passage again at the end", ((1, 3),), clause=repeated),
        case(5, 4, "the first passage three times", ((0, 2), (0, 4)), clause=repeated),
        Case(same, "a copy with the same vector", gradient_of=(0, 1), clause=repeated),
        case(3, 4, "all passages are one text", ((0, 1), (0, 2)), clause="nothing to be told from"),
    ]


# -- 13.9 mean pooling ------------------------------------------------------------------------


def pooling_cases(random) -> list[Case]:
    def inputs(lengths, longest, width, left=False):
        vectors = random_normal(random, len(lengths), longest, width) + 0.5
        places = torch.arange(longest)[None]
        if left:
            places = places.flip(-1)
        return vectors, (places < torch.tensor(lengths)[:, None]).long()

    vectors, mask = inputs((3, 1, 2), 4, 2)
    broken = vectors.masked_fill(mask[..., None] == 0, float("nan"))
    broken[0, 3, 0] = float("inf")
    whole, all_there = inputs((3, 3), 3, 4)
    boolean, counts = inputs((2, 4), 4, 3)
    return [
        Case(inputs((2, 4, 3), 4, 3), "three texts of 2, 4 and 3 tokens", gradient_of=(0,)),
        Case(inputs((5, 1), 6, 2), "two texts, padded further", gradient_of=(0,)),
        Case((whole, all_there), "nothing is padded", gradient_of=(0,)),
        Case((boolean, counts.bool()), "a mask of booleans", clause="a mask of booleans"),
        Case(
            inputs((2, 4, 1), 4, 3, left=True),
            "padding on the left",
            clause="padding on the left",
        ),
        Case(
            (broken, mask),
            "NaN and infinity in the padding",
            clause="NaN or infinity in the padding",
        ),
        Case(inputs((3, 0), 3, 2), "a text without a token", clause="a text without a token"),
    ]


# -- 13.10 MRR ---------------------------------------------------------------------------------


def mrr_cases(random) -> list[Case]:
    def inputs(questions, passages, at=None):
        """at: the rank of each question's right passage; drawn where it is not given."""
        found = torch.stack(
            [torch.tensor(random.permutation(passages) + 1.0) for _ in range(questions)]
        ).float()
        wanted = at or (random.permutation(questions) % passages + 1).tolist()
        right = [
            int((row == passages + 1 - rank).int().argmax()) for row, rank in zip(found, wanted)
        ]
        return found, torch.tensor(right)

    def case(questions, passages, k, label, at=None, **more):
        return Case((*inputs(questions, passages, at), k), label, **more)

    ties, right = inputs(5, 6, [1, 2, 3, 5, 4])
    for row, best in enumerate(right.tolist()):  # two others are as good, one in front, one behind
        others = [i for i in range(6) if i != best]
        for other in (others[0], others[-1]):
            ties[row, other] = ties[row, best]
    return [
        case(4, 8, 8, "four questions, all passages are looked at"),
        case(6, 9, 3, "six questions, k = 3"),
        case(5, 7, 2, "five questions, k = 2", [1, 2, 3, 4, 2], clause="not among the k best"),
        case(3, 6, 2, "no right passage among the k best", [4, 5, 3], clause="none is found"),
        case(4, 5, 1, "k = 1", [1, 2, 1, 1], clause="k = 1"),
        Case((ties, right, 6), "passages with the same score", clause="equal scores"),
        Case(
            # Each passage is some question's: whichever three topk takes, it finds some right ones.
            (torch.full((5, 5), float(random.uniform(1, 3))), torch.arange(5), 3),
            "a model that gives all passages one score",
            clause="equal scores",
        ),
    ]


# -- the exercises ----------------------------------------------------------------------------


def wrong_values(*rows: tuple[str, object, str]) -> tuple[Misconception, ...]:
    return tuple(Misconception(name, value=value, hint=hint) for name, value, hint in rows)


EXERCISES = (
    Exercise(
        id="13.1",
        name="averaged_answer",
        title="The answer behind a smudge",
        lesson="13",
        signature="averaged_answer(weights, logits)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=5,
        cases=averaged_cases,
        misconceptions=slips.AVERAGED,
        question="Of ten times that this picture comes up, the first text is below it seven times, the second three "
        "times. How often is the label positive?",
        hint="First what the teacher believes of each text, then an average over the texts. What must the "
        "weights of an average sum to?",
        allowed="torch",
    ),
    Exercise(
        id="13.2",
        name="proof",
        title="Why the average is best",
        lesson="13",
        signature="proof",
        points=2,
        minutes=12,
        difficulty=3,
        importance=5,
        kind="value",
        misconceptions=wrong_values(
            (
                "the line that is false is part of the proof",
                "bfe",
                "KL of an average is not the average of KLs. Which line needs that?",
            ),
            (
                "the false line stands beside the true ones",
                "bdacfe",
                "Five lines suffice, and one of the six does not hold.",
            ),
            (
                "the sums are rearranged before there is anything to rearrange",
                "badce",
                "Line (a) has two logarithms. Which line made two out of one?",
            ),
            (
                "the conclusion comes before its reason",
                "bdaec",
                "That something is at least what is left follows from what stands beside it.",
            ),
            (
                "it starts from what is to be shown",
                "cbdae",
                "A proof begins with what is given: the average loss.",
            ),
            (
                "no conclusion",
                "bdac",
                "Both parts are named. What does it say about the best q?",
            ),
            (
                "the last step is missing its reason",
                "bdae",
                "Which line says what the two sums are?",
            ),
            ("backwards", "ecadb", "From the loss to the conclusion."),
        ),
        question="Every line but the first begins with = or ≥. Which line can stand before each?",
        hint="Begin with the definition. Then one logarithm becomes two, then the sum is split, then both "
        "sums get a name. Where is it used that the average is the average?",
        allowed="pen and paper",
    ),
    Exercise(
        id="13.3",
        name="neutral_by_mse",
        title="What MSE makes of two texts",
        lesson="13",
        signature="neutral_by_mse",
        points=2,
        minutes=8,
        difficulty=3,
        importance=4,
        kind="value",
        rtol=0.0,
        atol=5e-4,
        misconceptions=wrong_values(
            ("the average of the probabilities", 0.04, "That is what KL teaches. MSE sees logits."),
            (
                "the geometric mean, before the three sum to one",
                0.03873,
                "The student's three probabilities sum to one.",
            ),
            (
                "the logits are added, not averaged",
                0.07317,
                "Two texts, each half of the time. What number is nearest to both logits?",
            ),
            (
                "a softmax of the averaged probabilities",
                0.24357,
                "Probabilities are no logits. Take their logarithms first.",
            ),
            ("the logit of neutral", -3.2511, "A probability is asked for."),
            ("the probability of negative", 0.41933, "Neutral is asked for."),
            ("the answer to the first text", 0.03, "The other text comes up as often."),
            ("the answer to the second text", 0.05, "The other text comes up as often."),
        ),
        question="What number makes (x − z₁)² + (x − z₂)² smallest?",
        hint="Take the logarithm of each probability as its logit, average the logits class by class, and make "
        "a distribution of the three averages.",
        allowed="Python as a calculator",
    ),
    Exercise(
        id="13.4",
        name="pairs_by_key",
        title="Which belongs to which?",
        lesson="13",
        signature="pairs_by_key(picture_keys, text_keys)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=5,
        cases=pair_cases,
        misconceptions=slips.PAIRS,
        question="A text is dropped because it is too long. What happens to all the rows behind it?",
        hint="Count how often each key stands in each list. Which keys tell something? Where does such a key "
        "stand among the texts?",
        allowed="plain Python",
    ),
    Exercise(
        id="13.5",
        name="good_pair",
        title="Which pair can teach?",
        lesson="13",
        signature="good_pair",
        points=1,
        minutes=6,
        difficulty=3,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "Ann's teacher reads a patient's blood values, her student sees the patient's handwriting. The label is "
                "whether an organ fails. Both agree with the label more than by chance: the sick write a little worse.",
                "Nearly all that the teacher decides by leaves no trace in handwriting. By the hypothesis the teacher's "
                "features are specific to its modality, and its answers look like noise to this student.",
            ),
            Choice(
                "b",
                "Ben's teacher reads what is said in a call, his student hears the call. The label is whether the "
                "caller complains. He has 500 labelled calls, and 100,000 with a transcript.",
                "Right. What the teacher decides by, the words, is in the sound as well. Teacher and student share much "
                "more than 500 labels tell the student, and there are pairs enough to learn it from.",
            ),
            Choice(
                "c",
                "Cleo's teacher reads the caption that an editor wrote after the vote, her student sees the photograph "
                "taken before it. The label is how the vote went. The teacher is right 99 times in a hundred.",
                "The most accurate teacher of the four, and it decides by what the photograph cannot show. A more "
                "accurate teacher need not teach better: what counts is what both can see.",
            ),
            Choice(
                "d",
                "Dan's teacher and student see the same photographs, one in colour and one in grey. He has a million "
                "labels, and a student that is right as often as the photographs in grey allow.",
                "Teacher and student share a lot. But this student has learnt from its labels all that grey photographs "
                "tell about them: nothing is left that the teacher could add.",
            ),
        ),
        question="For each pair: by what does the teacher decide, and is that in what the student gets?",
        hint="Two questions decide: how much of what the teacher uses can the student see, and has the student learnt "
        "that from its labels already?",
        allowed="pen and paper",
    ),
    Exercise(
        id="13.6",
        name="margin_mse",
        title="Only how far apart",
        lesson="13",
        signature="margin_mse(student_scores, teacher_scores)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=5,
        cases=margin_cases,
        misconceptions=loss_slips.MARGIN,
        question="Add 100 to all scores of a model. Which of its answers change?",
        hint="For each question and each wrong passage one margin of the student, and one of the teacher. "
        "Keep their signs. Slices of the columns do it without a loop.",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses",
    ),
    Exercise(
        id="13.7",
        name="listwise_kl",
        title="A belief in each passage",
        lesson="13",
        signature="listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature)",
        points=3,
        minutes=10,
        difficulty=2,
        importance=4,
        cases=list_cases,
        misconceptions=loss_slips.LISTS,
        question="A question's candidates share one unit of belief. Along which dimension do they lie?",
        hint="Two log-softmaxes, each with its temperature, then KL as in lesson 03. Of a teacher no gradient "
        "is wanted.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="13.8",
        name="in_batch_loss",
        title="The others of the batch",
        lesson="13",
        signature="in_batch_loss(questions, passages, ids)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=batch_cases,
        misconceptions=loss_slips.IN_BATCH,
        question="Two questions of a batch have the same passage. What does the softmax tell each of them about the "
        "other's copy?",
        hint="A matrix of all scores, question by passage. Which entries have to be taken out, and by which number, "
        "so that a softmax gives them nothing? The diagonal stays.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="13.9",
        name="mean_pool",
        title="One vector a text",
        lesson="13",
        signature="mean_pool(vectors, mask)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=5,
        cases=pooling_cases,
        misconceptions=slips.POOLING,
        question="What is NaN times 0?",
        hint="Exchange what does not count for 0, do not multiply it by 0. Then add up along the tokens, and "
        "divide by a number that is never 0.",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses",
    ),
    Exercise(
        id="13.10",
        name="mrr",
        title="How high does it stand?",
        lesson="13",
        signature="mrr(scores, right, k)",
        points=3,
        minutes=10,
        difficulty=2,
        importance=4,
        cases=mrr_cases,
        misconceptions=slips.MRR,
        question="How many passages score at least as much as the right one, itself counted?",
        hint="That number is the rank, and no sorting is needed. Then 1/rank, or 0, and the mean.",
        withheld=("kd_course.metrics.*",),
        allowed="torch; not kd_course.metrics",
    ),
)
