"""Lesson 09 under other conventions: what a distance is, and which way a vector is looked for."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import torch
import torch.nn.functional as F

from kd_course.exercises.variants import Collection, slip_table
from kd_course.lessons.lesson09 import slips

variant = Collection()

# -- 09.2 hidden states -----------------------------------------------------------------------

_PADDING = (
    "`student` and `teacher` are (batch, length, width); `weight`, (d, width), maps the student's "
    "vectors onto the teacher's width, and is None where the widths are equal. What stands in the "
    "padding, NaN and infinity included, has no say, in the value or in a gradient. Gradients flow "
    "to the student and to `weight`, and none to the teacher. Where no token counts, the loss is 0."
)


def _summed(own, wanted):
    return (own - wanted).square().sum(-1)


def _at_length_one(own, wanted):
    return _summed(F.normalize(own, dim=-1), F.normalize(wanted, dim=-1))


def _hidden_slips(cost):
    return slip_table(
        "09.2",
        {
            "padding counts as text": slips.with_padding(cost),
            "padding adds nothing, but is in the divisor": slips.with_padding(
                cost, divisor_only=True
            ),
            "the teacher is projected, not the student": slips.with_teacher_projected(cost),
            "the teacher gets a gradient": slips.with_teacher_taught(cost),
        },
    )


@variant(
    "09.2",
    "squares are summed over a vector's numbers",
    instead="squares are averaged over a vector's numbers",
    statement=f"""
    {_PADDING} Return the mean over tokens of |W h − t|²: the squares are **summed** over the
    numbers of a vector, not averaged.
    """,
    slips=_hidden_slips(_summed),
)
def hidden_loss(student, teacher, mask, weight):
    """The mean over tokens of the summed squared distance: a scalar."""
    ### BEGIN SOLUTION
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.T
    per_token = (own - wanted).square().sum(-1)
    return per_token.sum() / max(len(per_token), 1)
    ### END SOLUTION


@variant(
    "09.2",
    "both vectors are brought to length one, and squares are summed",
    instead="vectors keep their length, and squares are averaged",
    statement=f"""
    {_PADDING} As in Patient KD, bring the projected student's and the teacher's vector to **length
    one** first. Return the mean over tokens of the squared distance, **summed** over the numbers.
    """,
    slips=_hidden_slips(_at_length_one),
)
def hidden_loss(student, teacher, mask, weight):
    """The mean over tokens of the squared distance of vectors of length one: a scalar."""
    ### BEGIN SOLUTION
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.T
    own, wanted = F.normalize(own, dim=-1), F.normalize(wanted, dim=-1)
    per_token = (own - wanted).square().sum(-1)
    return per_token.sum() / max(len(per_token), 1)
    ### END SOLUTION


def _distance(own, wanted):
    return (own - wanted).abs().mean(-1)


@variant(
    "09.2",
    "the distance is not squared",
    instead="the distance is squared",
    statement=f"""
    {_PADDING} Return the mean over tokens of the mean **absolute** difference of the numbers of
    W h and t, not squared.
    """,
    slips=_hidden_slips(_distance),
)
def hidden_loss(student, teacher, mask, weight):
    """The mean over tokens of the mean absolute difference: a scalar."""
    ### BEGIN SOLUTION
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.T
    per_token = (own - wanted).abs().mean(-1)
    return per_token.sum() / max(len(per_token), 1)
    ### END SOLUTION


# -- 09.6 contrastive -------------------------------------------------------------------------

_TEXTS = (
    "`student` and `teacher` are (batch, width), `ids` says which text a row is of. Compare with "
    "cosines, divided by the temperature. Gradients flow to the student, none to the teacher."
)


def _contrastive_slips(**convention):
    """The course's own slips, under a convention of contrastive_with."""

    def one(**slip):
        return slips.contrastive_with(**{**convention, **slip})

    return slip_table(
        "09.6",
        {
            "the right answer is row 0 for everybody": one(
                own=lambda rows: torch.zeros(rows, dtype=torch.long)
            ),
            "vectors keep their length": one(normalise=lambda vectors: vectors),
            "the temperature is left out": one(divided=lambda cos, temperature: cos),
            "multiplied by the temperature": one(
                divided=lambda cos, temperature: cos * temperature
            ),
            "rows are summed": one(mean=torch.sum),
            "the teacher gets a gradient": one(detached=False),
        },
    )


@variant(
    "09.6",
    "the teacher's vector looks for its student's",
    instead="the student's vector looks for its teacher's",
    statement=f"""
    {_TEXTS} The classification goes the **other way**: the softmax of row i runs over the
    **student's** vectors, and asks which of them belongs to the teacher's vector i. Rows with the
    same id as row i are left out, apart from row i itself. Return the mean over rows.
    """,
    slips=_contrastive_slips(turned=True),
)
def contrastive_loss(student, teacher, ids, temperature):
    """How hard it is to tell which student's vector belongs to a teacher's, in nats: a scalar."""
    ### BEGIN SOLUTION
    cosines = F.normalize(teacher.detach(), dim=-1) @ F.normalize(student, dim=-1).T
    own = torch.arange(len(ids))
    same_text = (ids[:, None] == ids[None]) & (own[:, None] != own[None])
    return F.cross_entropy(torch.where(same_text, -1e30, cosines / temperature), own)
    ### END SOLUTION


@variant(
    "09.6",
    "every other row is a wrong answer",
    instead="rows of the same text are no wrong answers",
    statement=f"""
    {_TEXTS} **Every** other row is a wrong answer, rows of the same text included: `ids` is not
    looked at. Return the mean over rows.
    """,
    slips=_contrastive_slips(masked=False),
)
def contrastive_loss(student, teacher, ids, temperature):
    """How hard it is to tell whose vector it is, of all rows, in nats: a scalar."""
    ### BEGIN SOLUTION
    cosines = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T
    return F.cross_entropy(cosines / temperature, torch.arange(len(ids)))
    ### END SOLUTION


@variant(
    "09.6",
    "rows are summed",
    instead="the mean is taken over rows",
    statement=f"""
    {_TEXTS} The softmax of row i runs over the teacher's vectors; rows with the same id as row i
    are left out, apart from row i itself. Return the **sum** over rows.
    """,
    slips=tuple(
        slip
        for slip in _contrastive_slips(mean=torch.sum)
        if slip.name != "rows are summed"  # which is what is asked for
    ),
)
def contrastive_loss(student, teacher, ids, temperature):
    """How hard it is to tell whose vector it is, summed over rows, in nats: a scalar."""
    ### BEGIN SOLUTION
    cosines = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T
    own = torch.arange(len(ids))
    same_text = (ids[:, None] == ids[None]) & (own[:, None] != own[None])
    scores = torch.where(same_text, -1e30, cosines / temperature)
    return F.cross_entropy(scores, own, reduction="sum")
    ### END SOLUTION


VARIANTS = tuple(variant)
