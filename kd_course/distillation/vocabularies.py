"""Two vocabularies, of which one is only padded: what both know is compared, what is left out is told.

Checkpoints of one family round the number of their words up to different sizes (151,936 and
152,064): the words are the same, and the rows beyond them stand for none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

from kd_course.losses import TopK


class LeftOut(NamedTuple):
    """The side that has more words, "student" or "teacher", and how many of them are compared."""

    side: str
    logits: Tensor  # (batch, length, vocabulary)
    words: int

    @property
    def name(self) -> str:
        """What the log calls it."""
        return f"{self.side}_mass_left_out"


class Compared(NamedTuple):
    """Student and teacher over the same words: tensors of one shape, or a tensor and a TopK."""

    student: Tensor
    teacher: Any
    left_out: LeftOut | None = None


def over_the_same_words(
    student: Tensor, teacher: Tensor | TopK, words: int, *, common: bool
) -> Compared:
    """Both logits over the words that both know: those numbered below the smaller vocabulary's size.

    student: (batch, length, vocabulary). teacher: the same over as many `words`, or the best of these.
    common: whether two vocabularies of different sizes may be compared.
    Raises ValueError where they may not, and for best words of which the student lacks some.
    """
    ours = student.shape[-1]
    if words == ours:
        return Compared(student, teacher)
    if words > ours:
        if isinstance(teacher, TopK):
            raise ValueError(
                f"teacher_outputs are of a vocabulary of {words} words, but the student's logits of "
                f"{ours}: cached_teacher_outputs(…, words={ours}) keeps the best of these"
            )
        if common:
            return Compared(student, teacher[..., :ours], LeftOut("teacher", teacher, ours))
    elif common:
        return Compared(student[..., :words], teacher, LeftOut("student", student, words))
    raise ValueError(
        f"teacher's logits must be over the student's {ours} words, but are over {words}: "
        f'vocabulary="common" compares those that both know'
    )


def mass_beyond(logits: Tensor, words: int, temperature: float) -> Tensor:
    """How much of the softened distribution lies on words numbered `words` and above: the mean.

    logits: (rows, vocabulary). No gradient passes.
    """
    logits = logits.detach().float() / temperature
    beyond = logits[:, words:].logsumexp(-1) - logits.logsumexp(-1)
    return beyond.exp().sum() / max(len(logits), 1)
