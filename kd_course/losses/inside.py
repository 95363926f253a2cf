"""The losses that look inside: a student's hidden states and attention beside its teacher's.

A teacher's outputs say what it concluded. These losses compare what it computed on the way: the
vector of every token (hidden_state_loss), what a token looks at (attention_loss), which tokens
resemble one another (relation_loss), and which teacher vector is this row's own (contrastive_loss).

All return one number: a mean over the tokens, or the rows, that count. mask leaves the padding out,
whatever it holds. No gradient reaches the teacher, and what maps the one width onto the other
belongs to the student: a teacher that is mapped could be mapped to nothing, and the loss with it.

Computed and returned in float32, whatever precision the values come in (float64 for float64), and
under torch.autocast too; only a projection computes as autocast says.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.divergences import in_full_precision, positive_temperature, without_autocast
from kd_course.losses.rows import as_mask, mean_over_rows

if TYPE_CHECKING:
    from collections.abc import Callable


def hidden_state_loss(
    student_states: Tensor,
    teacher_states: Tensor,
    *,
    mask: Tensor | None = None,
    projection: Callable[[Tensor], Tensor] | None = None,
    kind: str = "mse",
) -> Tensor:
    """How far the student's vector of a token is from the teacher's vector of the same token.

    student_states, teacher_states: (batch, length, width), or (batch, width) for a vector a row.
    mask: (batch, length) or (batch,), true where a token counts; what is left out may hold anything.
    projection: maps (tokens, student's width) onto the teacher's width, an nn.Linear; its gradient
    is part of the student's. Needed where the widths differ.
    kind: "mse" gives |W h_s - h_t|² / width, the mean over tokens; "cosine" gives
    1 - cos(W h_s, h_t), which is half the squared distance of the two at length one.
    Returns a scalar, 0 when no token counts. Raises ValueError for an unknown kind, and for shapes
    that differ, naming the projection that would make them agree.

    Romero et al., FitNets, 2015 ("mse"); Sun et al., Patient Knowledge Distillation, 2019, at
    length one; Jiao et al., TinyBERT, 2020, with the projection; Sanh et al., DistilBERT, 2019
    ("cosine").
    """
    if kind not in ("mse", "cosine"):
        raise ValueError(f'kind must be "mse" or "cosine", but is {kind!r}')
    student, teacher = _vectors(student_states, teacher_states, mask, projection)
    if kind == "mse":
        return mean_over_rows((student - teacher).square().mean(-1))
    return mean_over_rows(1 - F.cosine_similarity(student, teacher, dim=-1))


def attention_loss(
    student_attention: Tensor, teacher_attention: Tensor, *, mask: Tensor | None = None
) -> Tensor:
    """How far what a token looks at is from what the teacher's same head looks at there.

    student_attention, teacher_attention: (batch, heads, length, length), one layer's probabilities
    as `output_attentions=True` returns them: every row, a looking token, sums to one over the keys.
    mask: (batch, length), true where there is text. It takes the padding out of the rows and of
    the keys.
    Returns a scalar in nats: KL(teacher ‖ student), the mean over heads and looking tokens, with
    0·log 0 = 0; a key that the student gives nothing at all counts as the smallest float.
    Raises ValueError for another number of heads, and where a row that counts does not sum to one
    over the keys that do: after dropout it does not, nor where the padding was looked at.
    TypeError where it is given something else than one layer's tensor.

    Jiao et al., TinyBERT, 2020, compares the logits; Wang et al., MiniLM, 2020, this.
    """
    given = {"student_attention": student_attention, "teacher_attention": teacher_attention}
    for name, attention in given.items():
        if isinstance(attention, (tuple, list)):
            raise TypeError(
                f"{name} must be one layer's attention, a tensor (batch, heads, length, length), "
                f"but is a tuple of {len(attention)}"
                + ("" if attention else ': only set_attn_implementation("eager") returns any')
            )
        if attention.ndim != 4 or attention.shape[-1] != attention.shape[-2]:
            raise ValueError(
                f"{name} must have shape (batch, heads, length, length), but has shape "
                f"{tuple(attention.shape)}"
            )
    student, teacher = student_attention, teacher_attention.detach()
    if student.shape != teacher.shape:
        raise ValueError(
            f"student_attention and teacher_attention must have one shape, but have "
            f"{tuple(student.shape)} and {tuple(teacher.shape)}: head is compared with head "
            f"(relation_loss splits both into as many heads as one likes)"
        )
    mask = _token_mask(mask, student.shape[0], student.shape[-1], student.device)
    q = _rows_over_keys(student, mask, "student_attention")  # (rows, length)
    p = _rows_over_keys(teacher, mask, "teacher_attention")
    smallest = torch.finfo(q.dtype).tiny
    terms = p * (p.clamp(min=smallest).log() - q.clamp(min=smallest).log())
    return mean_over_rows(terms.sum(-1))


def relation_loss(
    student_vectors: Tensor,
    teacher_vectors: Tensor,
    *,
    mask: Tensor | None = None,
    heads: int,
) -> Tensor:
    """How far the student is from the teacher in which tokens resemble one another.

    student_vectors, teacher_vectors: (batch, length, width), the queries, the keys or the values of
    one layer, all heads side by side; the two widths may differ.
    mask: (batch, length), true where there is text: takes the padding out of both tokens of a pair.
    heads: into how many relation heads each is cut, whatever heads it had.
    Returns a scalar in nats: KL(R_teacher ‖ R_student), the mean over heads and tokens, where
    R = softmax(X Xᵀ / √d), and d is the width of one relation head of that model.
    Raises ValueError for another number of rows or tokens, and for a width that heads does not
    divide.

    Wang et al., MiniLMv2, 2021, section 3.1; of the values alone, Wang et al., MiniLM, 2020.
    """
    student, teacher = student_vectors, teacher_vectors.detach()
    for name, vectors in (("student_vectors", student), ("teacher_vectors", teacher)):
        if vectors.ndim != 3:
            raise ValueError(
                f"{name} must have shape (batch, length, width), but has shape "
                f"{tuple(vectors.shape)}"
            )
        if heads < 1 or vectors.shape[-1] % heads:
            raise ValueError(
                f"heads must divide both widths, but the width of {name} is {vectors.shape[-1]}, "
                f"and heads is {heads}"
            )
    if student.shape[:2] != teacher.shape[:2]:
        raise ValueError(
            f"student_vectors and teacher_vectors must be of the same rows and tokens, but have "
            f"shapes {tuple(student.shape)} and {tuple(teacher.shape)}"
        )
    mask = _token_mask(mask, student.shape[0], student.shape[1], student.device)
    log_q = _log_relations(in_full_precision(student, "student_vectors"), mask, heads)
    log_p = _log_relations(in_full_precision(teacher, "teacher_vectors"), mask, heads)
    return mean_over_rows((log_p.exp() * (log_p - log_q)).sum(-1))


def contrastive_loss(
    student_vectors: Tensor,
    teacher_vectors: Tensor,
    *,
    temperature: float = 0.1,
    ids: Tensor | None = None,
    mask: Tensor | None = None,
    projection: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """How hard it is to tell, from the student's vector of a row, which teacher vector is that row's.

    student_vectors, teacher_vectors: (batch, width), a vector a row.
    temperature: positive; the smaller, the more the nearest wrong rows count.
    ids: (batch,), whole numbers: rows of one id are of one text, and are never each other's wrong
    answer. Without it every other row is one.
    mask: (batch,), true where a row counts; one that does not is nobody's wrong answer either.
    projection: maps the student's width onto the teacher's, as in hidden_state_loss.
    Returns a scalar in nats, the mean over rows of -log softmax_j(cos(z_i, t_j) / temperature) at
    j = i; 0 where no row counts, and where none has a wrong answer.
    Raises ValueError for shapes that differ and a temperature that is not positive.

    van den Oord et al., Contrastive Predictive Coding, 2018, equation 4, within the batch;
    Tian, Krishnan & Isola, Contrastive Representation Distillation, 2020.
    """
    temperature = positive_temperature(temperature)
    if student_vectors.ndim != 2:
        raise ValueError(
            f"student_vectors must have shape (batch, width), a vector a row, but has shape "
            f"{tuple(student_vectors.shape)}"
        )
    student, teacher = _vectors(student_vectors, teacher_vectors, mask, projection)
    own = torch.arange(len(student), device=student.device)
    with without_autocast(student):
        similar = F.normalize(student, dim=-1) @ F.normalize(teacher, dim=-1).T / temperature
    if ids is not None:
        if ids.shape != student_vectors.shape[:1] or ids.is_floating_point():
            raise ValueError(
                f"ids must be one whole number a row, shape {tuple(student_vectors.shape[:1])}, "
                f"but are {ids.dtype} of shape {tuple(ids.shape)}"
            )
        ids = ids if mask is None else ids[as_mask(mask, mask.shape)]
        same_text = (ids[:, None] == ids[None, :]) & (own[:, None] != own[None, :])
        # Exchanged after the division: -inf divided by a temperature that is learnt too would make
        # that one's gradient NaN.
        similar = torch.where(same_text, -math.inf, similar)  # (rows, rows)
    return mean_over_rows(F.cross_entropy(similar, own, reduction="none"))


# -- pieces ------------------------------------------------------------------------------------

# The score of a token of padding. Finite, for 0 · (-inf) is NaN; yet no softmax gives it anything.
_EXCLUDED = -1e30


def _vectors(
    student: Tensor,
    teacher: Tensor,
    mask: Tensor | None,
    projection: Callable[[Tensor], Tensor] | None,
) -> tuple[Tensor, Tensor]:
    """The vectors that count, one a line and of one width, in full precision: (tokens, width)."""
    if student.ndim not in (2, 3) or student.shape[:-1] != teacher.shape[:-1]:
        raise ValueError(
            f"student and teacher must have vectors of the same tokens, (batch, length, width) or "
            f"(batch, width), but have shapes {tuple(student.shape)} and {tuple(teacher.shape)}"
        )
    teacher = teacher.detach()
    if mask is not None:
        # Selected before they are projected: a NaN in the padding would reach the projection's
        # gradient through a product with zero.
        mask = as_mask(mask, student.shape[:-1])
        student, teacher = student[mask], teacher[mask]
    student = student.reshape(-1, student.shape[-1])
    teacher = in_full_precision(teacher, "teacher").reshape(-1, teacher.shape[-1])
    student = in_full_precision(student if projection is None else projection(student), "student")
    if student.shape != teacher.shape:
        raise ValueError(
            f"projection must map the student's vectors onto the teacher's {teacher.shape[-1]} "
            f"numbers, but they have {student.shape[-1]}"
            + (": without a projection both must be of one width" if projection is None else "")
        )
    return student, teacher


def _token_mask(mask: Tensor | None, batch: int, length: int, device: torch.device) -> Tensor:
    if mask is None:
        return torch.ones(batch, length, dtype=torch.bool, device=device)
    return as_mask(mask, torch.Size((batch, length)))


def _rows_over_keys(attention: Tensor, mask: Tensor, name: str) -> Tensor:
    """The rows of looking tokens that count, over the keys that count: (rows, length)."""
    attention = in_full_precision(attention, name)
    rows = torch.where(mask[:, None, None, :], attention, 0.0)  # (batch, heads, length, length)
    rows = rows.transpose(1, 2)[mask].flatten(0, 1)
    sums = rows.detach().sum(-1)
    # Half precision has been widened by now, and keeps its rounding.
    tolerance = 1e-6 if attention.dtype == torch.float64 else 1e-2
    off = ~((sums - 1).abs() <= tolerance)  # written so that NaN counts as off
    if off.any():
        raise ValueError(
            f"{name} must have rows that sum to one over the tokens that count, but one sums to "
            f"{sums[off][0].item():.4g}: dropout on it (attention_probs_dropout_prob=0 leaves it "
            f"out, eval mode too), or a model that was not told which tokens are padding"
        )
    return rows


def _log_relations(vectors: Tensor, mask: Tensor, heads: int) -> Tensor:
    """log softmax(X Xᵀ / √d) of the tokens that count: (tokens that count · heads, length)."""
    batch, length, width = vectors.shape
    # Exchanged before the product: a NaN in the padding would come back through its gradient.
    vectors = torch.where(mask[..., None], vectors, 0.0)
    split = vectors.reshape(batch, length, heads, width // heads).transpose(1, 2)
    with without_autocast(split):
        scores = split @ split.transpose(-1, -2) / math.sqrt(width // heads)
    scores = torch.where(mask[:, None, None, :], scores, _EXCLUDED)
    return scores.transpose(1, 2)[mask].flatten(0, 1).log_softmax(-1)
