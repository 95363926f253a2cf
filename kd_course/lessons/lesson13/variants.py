"""Lesson 13 under other conventions: how pairs are averaged, which rank equals share, what repeats mean."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from kd_course.exercises.slips import kl_of_logits
from kd_course.exercises.variants import Collection, slip_table, then, then_with
from kd_course.lessons.lesson13 import loss_slips as losses
from kd_course.lessons.lesson13 import slips

variant = Collection()

# -- 13.4 pairs by key ------------------------------------------------------------------------

_LOST = """Both lists have lost rows on the way, and the texts have been put into another order. Return the
    pairs (i, j) of positions, from 0"""


@variant(
    "13.4",
    "of a repeated key the first of each list belong together",
    instead="a repeated key's rows are left out",
    statement=f"""
    {_LOST}, in the order of the pictures: picture i and text j have the same key. Where a key stands
    more than once in a list, **its first row there counts, and the others are left out**. What has no
    partner is left out, too.
    """,
    slips=slip_table(
        "13.4",
        {
            "paired by position": slips._by_position,
            "both are sorted, and then paired by position": slips._sorted,
            "of a repeated key all are paired with all": slips.paired(
                slips.in_both,
                lambda key, texts: [j for j, other in enumerate(texts) if other == key],
            ),
        },
    ),
)
def pairs_by_key(picture_keys, text_keys):
    """Which picture belongs to which text; of a repeated key, the first of each list.

    picture_keys, text_keys: lists of str. Returns a list of tuples (int, int).
    """
    ### BEGIN SOLUTION
    pairs, seen = [], set()
    for i, key in enumerate(picture_keys):
        if key in text_keys and key not in seen:
            pairs.append((i, text_keys.index(key)))
        seen.add(key)
    return pairs
    ### END SOLUTION


@variant(
    "13.4",
    "the pairs stand in the order of the texts, the text's position first",
    instead="the pairs stand in the order of the pictures, the picture's position first",
    statement="""
    Both lists have lost rows on the way, and the texts have been put into another order. Return the
    pairs **(j, i)** of positions, from 0, **in the order of the texts**: text j and picture i have the
    same key. A key that stands more than once in either of the lists does not say which rows belong
    together: leave all its rows out. What has no partner is left out, too.
    """,
    adapt=then(lambda pairs: sorted((j, i) for i, j in pairs)),
    without=(
        "the text's position comes first",
        "the pairs stand in the order of the texts",
        "a picture without a text is kept",
        "keys are returned",
        "paired by position",
        "only what happens to stand",
        "positions are counted from 1",
    ),
)
def pairs_by_key(picture_keys, text_keys):
    """Which text belongs to which picture.

    picture_keys, text_keys: lists of str. Returns a list of tuples (int, int), the text's place first.
    """
    ### BEGIN SOLUTION
    return [
        (j, picture_keys.index(key))
        for j, key in enumerate(text_keys)
        if picture_keys.count(key) == 1 == text_keys.count(key)
    ]
    ### END SOLUTION


@variant(
    "13.4",
    "for every picture its text's position, or -1",
    instead="a list of pairs",
    statement="""
    Both lists have lost rows on the way, and the texts have been put into another order. Return a list
    with **one whole number a picture**: the position, from 0, of the text with the same key, **and -1
    where there is none**. A key that stands more than once in either of the lists does not say which
    rows belong together: all its pictures get -1.
    """,
    slips=slip_table(
        "13.4",
        {
            "paired by position": lambda pictures, texts: [
                i if i < len(texts) else -1 for i in range(len(pictures))
            ],
            "of a repeated key the first is taken": lambda pictures, texts: [
                texts.index(key) if key in texts else -1 for key in pictures
            ],
            "of a repeated key the last is taken": lambda pictures, texts: [
                slips._last(key, texts)[0] if key in texts else -1 for key in pictures
            ],
            "repeated keys are left out among the texts only": lambda pictures, texts: [
                texts.index(key) if texts.count(key) == 1 else -1 for key in pictures
            ],
            "repeated keys are left out among the pictures only": lambda pictures, texts: [
                texts.index(key) if pictures.count(key) == 1 and key in texts else -1
                for key in pictures
            ],
        },
    ),
)
def pairs_by_key(picture_keys, text_keys):
    """Which text each picture has: its position, or -1.

    picture_keys, text_keys: lists of str. Returns a list of int, one a picture.
    """
    ### BEGIN SOLUTION
    found = []
    for key in picture_keys:
        alone = picture_keys.count(key) == 1 == text_keys.count(key)
        found.append(text_keys.index(key) if alone else -1)
    return found
    ### END SOLUTION


# -- 13.6 Margin-MSE --------------------------------------------------------------------------

_MARGINS = """Each row holds the scores of one question's candidates, the right passage first. A margin is the
    score of the right passage less that of a wrong one; it has a sign. The teacher is not trained."""

_MARGIN_PARTS = {
    "the scores themselves are compared": {"student": lambda s: s, "teacher": lambda t: t},
    "the margins have no sign": {
        "student": lambda s: losses.leads(s).abs(),
        "teacher": lambda t: losses.leads(t).abs(),
    },
    "the teacher's margins are turned round": {"teacher": lambda t: -losses.leads(t)},
    "the teacher's scores are squeezed into 0 to 1": {
        "teacher": lambda t: losses.leads(t.sigmoid())
    },
    "the teacher is not detached": {"detached": False},
    "the last passage is taken for the right one": {
        "student": losses._as_last,
        "teacher": losses._as_last,
    },
}


def _margin_slips(**base):
    """The slips of a margin loss under another convention: what it changes stays, one thing is wrong."""
    table = {name: losses.margins(**{**base, **part}) for name, part in _MARGIN_PARTS.items()}
    return slip_table("13.6", table)


@variant(
    "13.6",
    "the pairs' squares are summed",
    instead="the mean over the pairs is returned",
    statement=f"""
    {_MARGINS} Return the **sum**, over all pairs of a question's right passage with one of its wrong
    ones, of the squared difference between the student's margin and the teacher's.
    """,
    slips=_margin_slips(mean=torch.sum),
)
def margin_mse(student_scores, teacher_scores):
    """How far the student's margins are from its teacher's: the sum over pairs.

    student_scores, teacher_scores: (questions, candidates), two candidates at least.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    apart = student_scores - teacher_scores.detach()
    return (apart[:, :1] - apart[:, 1:]).pow(2).sum()
    ### END SOLUTION


@variant(
    "13.6",
    "margins are compared by their absolute difference",
    instead="margins are compared by squares",
    statement=f"""
    {_MARGINS} Return the mean, over all pairs of a question's right passage with one of its wrong ones,
    of the **absolute difference** between the student's margin and the teacher's.
    """,
    slips=_margin_slips(apart=lambda s, t: (s - t).abs()),
)
def margin_mse(student_scores, teacher_scores):
    """How far the student's margins are from its teacher's: the mean absolute difference.

    student_scores, teacher_scores: (questions, candidates), two candidates at least.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    apart = student_scores - teacher_scores.detach()
    return (apart[:, :1] - apart[:, 1:]).abs().mean()
    ### END SOLUTION


@variant(
    "13.6",
    "one loss a question is returned",
    instead="the mean over all pairs is returned",
    statement=f"""
    {_MARGINS} Return, **for every question**, the mean over its wrong passages of the squared difference
    between the student's margin and the teacher's: (questions,).
    """,
    slips=_margin_slips(mean=lambda pairs: pairs.mean(-1)),
)
def margin_mse(student_scores, teacher_scores):
    """How far the student's margins are from its teacher's, question by question.

    student_scores, teacher_scores: (questions, candidates), two candidates at least.
    Returns (questions,).
    """
    ### BEGIN SOLUTION
    apart = student_scores - teacher_scores.detach()
    return (apart[:, :1] - apart[:, 1:]).pow(2).mean(1)
    ### END SOLUTION


# -- 13.7 the listwise loss -------------------------------------------------------------------

_BELIEF = """Both models' scores are divided by a temperature of their own before a softmax over a question's
    candidates. The teacher is not trained. Either model may be so sure that a probability is rounded to 0."""

_LIST_PARTS = {
    "the softmax runs over the questions": {"rows": losses._over_questions},
    "the student's temperature is used for both": {"at": lambda s, t, a, b: (s / a, t / a)},
    "the temperatures are exchanged": {"at": lambda s, t, a, b: (s / b, t / a)},
    "the temperatures are left out": {"at": lambda s, t, a, b: (s, t)},
    "the teacher is not detached": {"detached": False},
    "the label alone teaches: the right passage first": {"rows": losses._right_first},
    "the teacher's choice teaches": {"rows": losses._teachers_choice},
}


def _list_slips(without=(), **base):
    table = {
        name: losses.lists(**{**base, **part})
        for name, part in _LIST_PARTS.items()
        if name not in without
    }
    return slip_table("13.7", table)


@variant(
    "13.7",
    "the loss is in bits",
    instead="the loss is in nats",
    statement=f"""
    {_BELIEF} Return KL(teacher ‖ student) over the candidates, the mean over the questions, **in bits**:
    the logarithm is that to base 2. There is no further factor.
    """,
    adapt=then(lambda nats: nats / math.log(2)),
)
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    """How far the student's belief in the candidates is from its teacher's, in bits.

    student_scores, teacher_scores: (questions, candidates); the temperatures: positive numbers.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_q = F.log_softmax(student_scores / student_temperature, 1)
    log_p = F.log_softmax(teacher_scores.detach() / teacher_temperature, 1)
    return F.kl_div(log_q, log_p, reduction="batchmean", log_target=True) / np.log(2)
    ### END SOLUTION


@variant(
    "13.7",
    "KL(student ‖ teacher)",
    instead="KL(teacher ‖ student)",
    statement=f"""
    {_BELIEF} Return **KL(student ‖ teacher)** over the candidates, the mean over the questions, in nats:
    the student's belief weighs the terms. There is no further factor.
    """,
    slips=_list_slips(
        ("the softmax runs over the questions",)
        + ("the label alone teaches: the right passage first", "the teacher's choice teaches"),
        rows=lambda s, t: kl_of_logits(s, t),
    ),
)
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    """How far the student's belief in the candidates is from its teacher's, weighed by the student's.

    student_scores, teacher_scores: (questions, candidates); the temperatures: positive numbers.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_q = F.log_softmax(student_scores / student_temperature, 1)
    log_p = F.log_softmax(teacher_scores.detach() / teacher_temperature, 1)
    return (log_q.exp() * (log_q - log_p)).sum(1).mean()
    ### END SOLUTION


@variant(
    "13.7",
    "the questions are summed",
    instead="the questions are averaged",
    statement=f"""
    {_BELIEF} Return KL(teacher ‖ student) over the candidates, in nats, **summed over the questions**.
    There is no further factor.
    """,
    slips=_list_slips(("the softmax runs over the questions",), mean=lambda rows, a, b: rows.sum()),
)
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    """How far the student's belief in the candidates is from its teacher's: the sum over questions.

    student_scores, teacher_scores: (questions, candidates); the temperatures: positive numbers.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_q = F.log_softmax(student_scores / student_temperature, 1)
    log_p = F.log_softmax(teacher_scores.detach() / teacher_temperature, 1)
    return F.kl_div(log_q, log_p, reduction="sum", log_target=True)
    ### END SOLUTION


# -- 13.8 in-batch negatives ------------------------------------------------------------------

_BATCH = """Question i's right passage stands at place i of `passages`. A score is the dot product of two
    vectors. `ids` says which passages are the same text"""
_VECTORS = """Copies may have different vectors, because dropout draws anew for each, and different texts may
    have nearly the same."""

_BATCH_PARTS = {
    "repeated passages are told by their vectors": {"out": losses._by_vectors},
    "passages choose among questions": {"turned": True},
    "vectors are made to have length 1": {
        "scores": lambda q, p: F.normalize(q, dim=-1) @ F.normalize(p, dim=-1).T
    },
}


def _batch_slips(without=(), **base):
    score = base.pop("scores", losses.dots)
    table = {}
    for name, part in _BATCH_PARTS.items():
        if name not in without:
            parts = {"scores": score, **part}
            if parts.pop("turned", False):
                parts["scores"] = lambda questions, passages: score(passages, questions)
            table[name] = losses.in_batch(**{**base, **parts})
    return slip_table("13.8", table)


@variant(
    "13.8",
    "copies of the right passage count as right",
    instead="copies of the right passage are left out",
    statement=f"""
    {_BATCH}. Return the mean, over the questions, of −log of the share that the right passage **and its
    copies together** have in the softmax over all the batch's passages, in nats. {_VECTORS}
    """,
    slips=_batch_slips(
        ("repeated passages are told by their vectors",),
        out=losses.nothing,
        rows=losses.all_right,
    ),
)
def in_batch_loss(questions, passages, ids):
    """How hard it is to tell a question's passage, any copy of it, from the others of the batch.

    questions, passages: (batch, width); ids: (batch,), whole numbers, one a passage.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    scores = questions @ passages.T
    other = ids.unsqueeze(1) != ids.unsqueeze(0)
    right = scores.masked_fill(other, -torch.inf).logsumexp(1)
    return (scores.logsumexp(1) - right).mean()
    ### END SOLUTION


@variant(
    "13.8",
    "the questions are summed",
    instead="the questions are averaged",
    statement=f"""
    {_BATCH}: another copy of a question's right passage is left out of its softmax, as if it were not in
    the batch; the right passage itself stays. Return −log of the share that the right passage has in the
    softmax over the batch's passages, in nats, **summed over the questions**. {_VECTORS}
    """,
    adapt=then_with(lambda loss, questions, passages, ids: loss * len(questions)),
    without=("the questions are summed", "one loss a question"),
)
def in_batch_loss(questions, passages, ids):
    """How hard it is to tell a question's passage from the others of the batch: the sum over questions.

    questions, passages: (batch, width); ids: (batch,), whole numbers, one a passage.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    scores = questions @ passages.T
    same = ids.unsqueeze(1) == ids.unsqueeze(0)
    same.fill_diagonal_(False)
    scores = scores.masked_fill(same, -torch.inf)
    return F.cross_entropy(scores, torch.arange(len(ids)), reduction="sum")
    ### END SOLUTION


@variant(
    "13.8",
    "cosines, divided by 0.1",
    instead="dot products",
    statement="""
    Question i's right passage stands at place i of `passages`. **A score is the cosine of the two
    vectors, divided by 0.1.** `ids` says which passages are the same text: another copy of a question's
    right passage is left out of its softmax, as if it were not in the batch; the right passage itself
    stays. Return the mean, over the questions, of −log of the share that the right passage has in the
    softmax over the batch's passages, in nats. Copies may have different vectors, because dropout draws
    anew for each, and different texts may have nearly the same.
    """,
    slips=(
        *_batch_slips(("vectors are made to have length 1",), scores=losses.cosines),
        *slip_table(
            "13.8",
            {
                "a text that stands twice is its own wrong answer": losses.in_batch(
                    losses.nothing, scores=losses.cosines
                ),
                "the questions are summed": losses.in_batch(
                    scores=losses.cosines, mean=lambda rows, ids: rows.sum()
                ),
            },
        ),
    ),
)
def in_batch_loss(questions, passages, ids):
    """How hard it is to tell a question's passage from the others of the batch, by cosines / 0.1.

    questions, passages: (batch, width); ids: (batch,), whole numbers, one a passage.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    scores = F.normalize(questions, dim=1) @ F.normalize(passages, dim=1).T / 0.1
    same = ids.unsqueeze(1) == ids.unsqueeze(0)
    same.fill_diagonal_(False)
    return F.cross_entropy(scores.masked_fill(same, -torch.inf), torch.arange(len(ids)))
    ### END SOLUTION


# -- 13.10 MRR ---------------------------------------------------------------------------------

_RANKS = """A question counts 1/rank of its right passage among all passages. The larger the score, the better;
    the best has rank 1."""

_MRR_PARTS = {
    "k is left out": {"value": lambda rank, k: 1 / rank},
    "the k-th is not looked at": {"value": lambda rank, k: torch.where(rank < k, 1 / rank, 0.0)},
    "not among the k best counts 1/k": {
        "value": lambda rank, k: torch.where(rank <= k, 1 / rank, 1 / k)
    },
    "questions whose passage is not found are left out": {"mean": slips._found_only},
    "one number a question": {"mean": lambda values, rank, k: values},
}


def _mrr_slips(without=(), **base):
    table = {
        name: slips.mean_reciprocal(**{**base, **part})
        for name, part in _MRR_PARTS.items()
        if name not in without
    }
    return slip_table("13.10", table)


def _with_ties(kind):
    return lambda scores, right: slips.ranks(scores, right, ties=kind)


@variant(
    "13.10",
    "equals share the mean of their ranks",
    instead="equals share the worst of their ranks",
    statement=f"""
    {_RANKS} Passages with the same score share **the mean of their ranks**: of two that are both best,
    each has rank 1.5. A question whose right passage has a rank above k counts 0. Return the mean over
    the questions, MRR@k.
    """,
    slips=_mrr_slips(rank=_with_ties("mean")),
)
def mrr(scores, right, k):
    """The mean reciprocal rank among the k best; equals share their mean rank.

    scores: (questions, passages); right: (questions,), the right passage's number, from 0; k: an int.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    own = scores[torch.arange(len(right)), right][:, None]
    better, equal = (scores > own).sum(1), (scores == own).sum(1)
    rank = better + (equal + 1) / 2
    return torch.where(rank <= k, 1 / rank, 0.0).mean()
    ### END SOLUTION


@variant(
    "13.10",
    "equals share the best of their ranks",
    instead="equals share the worst of their ranks",
    statement=f"""
    {_RANKS} Passages with the same score share **the best of their ranks**: of two that are both best,
    each has rank 1. A question whose right passage has a rank above k counts 0. Return the mean over the
    questions, MRR@k.
    """,
    slips=_mrr_slips(rank=_with_ties("best")),
)
def mrr(scores, right, k):
    """The mean reciprocal rank among the k best; equals share their best rank.

    scores: (questions, passages); right: (questions,), the right passage's number, from 0; k: an int.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    own = scores[torch.arange(len(right)), right][:, None]
    rank = (scores > own).sum(1) + 1
    return torch.where(rank <= k, 1 / rank, 0.0).mean()
    ### END SOLUTION


@variant(
    "13.10",
    "not among the k best counts 1/(k + 1)",
    instead="not among the k best counts 0",
    statement=f"""
    {_RANKS} Passages with the same score share the worst of their ranks: of two that are both best, each
    has rank 2. A question whose right passage has a rank above k counts **1/(k + 1)**. Return the mean over
    the questions.
    """,
    slips=_mrr_slips(
        ("the k-th is not looked at",),
        value=lambda rank, k: torch.where(rank <= k, 1 / rank, 1 / (k + 1)),
    ),
)
def mrr(scores, right, k):
    """The mean reciprocal rank; what is not among the k best counts as the next rank.

    scores: (questions, passages); right: (questions,), the right passage's number, from 0; k: an int.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    own = scores[torch.arange(len(right)), right][:, None]
    rank = (scores >= own).sum(1).clamp(max=k + 1)
    return (1 / rank).mean()
    ### END SOLUTION


VARIANTS = tuple(variant)
