"""Wrong answers that people really give in 14.1, 14.2, 14.3 and 14.9: divergences of writers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import kl_of_logits, kl_to_teacher, mean_of_means, mean_over
from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]


def named(
    table: Mapping[str, tuple[Function, str]], *conventions: str
) -> tuple[Misconception, ...]:
    """Misconceptions out of a table: name -> (function, hint)."""
    return tuple(
        Misconception(name, function, hint=hint, convention=name in conventions)
        for name, (function, hint) in table.items()
    )


# -- 14.1 the completion alone ----------------------------------------------------------------


def counted(ids: Tensor, begins: Tensor, end: int) -> Tensor:
    """Which tokens belong to a completion, its first end included: (batch, length)."""
    written = torch.arange(ids.shape[1]) >= begins[:, None]
    is_end = (ids == end) & written
    return written & (is_end.long().cumsum(-1) - is_end.long() == 0)


def foretold(counts: Tensor) -> Tensor:
    """The same, each at the position that foretells it."""
    return torch.cat([counts[:, 1:], torch.zeros_like(counts[:, :1])], -1)


def of_positions(choose: Function = counted, place: Function = foretold, **about: Any) -> Function:
    """The loss over the positions that choose and place give; about: kl, mean."""
    kl, mean = about.get("kl", kl_to_teacher), about.get("mean", mean_over)

    def loss(student_logits, teacher_logits, input_ids, prompt_lengths, end):
        counts = place(choose(input_ids, prompt_lengths, end))
        return mean(kl(student_logits, teacher_logits), counts)

    return loss


def _with_prompt(ids, begins, end):
    counts = counted(ids, begins, end)
    prompt = torch.arange(ids.shape[1]) < begins[:, None]
    return counts | prompt


def _with_padding(ids, begins, end):
    return torch.arange(ids.shape[1]) >= begins[:, None]


def _without_end(ids, begins, end):
    return counted(ids, begins, end) & (ids != end)


def _end_is_0(ids, begins, end):
    return counted(ids, begins, 0)


def _without_first(ids, begins, end):
    return counted(ids, begins, end) & (torch.arange(ids.shape[1]) > begins[:, None])


def _end_of_the_prompt_counts(ids, begins, end):
    is_end = ids == end
    written = torch.arange(ids.shape[1]) >= begins[:, None]
    return written & (is_end.long().cumsum(-1) - is_end.long() == 0)


def _shifted_twice(counts):
    return foretold(foretold(counts))


def _shifted_the_other_way(counts):
    return torch.cat([torch.zeros_like(counts[:, :1]), counts[:, :-1]], -1)


def _over_the_batch(values, counts):
    return (values * counts).sum() / len(values)


def _over_all_positions(values, counts):
    return (values * counts).mean()


def _sum(values, counts):
    return (values * counts).sum()


def _over_classes(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    loss = of_positions()(student_logits, teacher_logits, input_ids, prompt_lengths, end)
    return loss / student_logits.shape[-1]


def _reverse(student, teacher):
    return kl_of_logits(student, teacher.detach())


def _cross_entropy(student, teacher):
    return -(teacher.detach().softmax(-1) * student.log_softmax(-1)).sum(-1)


def _live_teacher(student, teacher):
    return kl_of_logits(teacher, student)


def _probability_of_the_token(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    """log p - log q of the token that stands there: one draw in place of the whole distribution."""
    counts = foretold(counted(input_ids, prompt_lengths, end))
    ahead = torch.cat([input_ids[:, 1:], input_ids[:, :1]], -1)[..., None]
    p, q = (x.log_softmax(-1).gather(-1, ahead)[..., 0] for x in (teacher_logits, student_logits))
    return mean_over(p.detach() - q, counts)


COMPLETION = named(
    {
        "the prompt's tokens are counted": (
            of_positions(_with_prompt),
            "Nobody writes the prompt. Which positions foretell a token of the completion?",
        ),
        "the padding is counted": (
            of_positions(_with_padding),
            "After the first end token nothing was written. What tells padding apart from the end?",
        ),
        "the end token is left out with the padding": (
            of_positions(_without_end),
            "A model that is never told where to end will not end. The first end token is no padding.",
        ),
        "the end token is taken to be 0": (
            of_positions(_end_is_0),
            "Which number ends a text is an argument: no two tokenizers agree on it.",
        ),
        "an end token within the prompt ends the completion": (
            of_positions(_end_of_the_prompt_counts),
            "Look for the end where the completion stands.",
        ),
        "the completion's first token is missing": (
            of_positions(_without_first),
            "prompt_lengths is also the place of the first token that was written. Which logits foretell it?",
        ),
        "prompt_lengths is compared with the places of the logits, not with those of the tokens": (
            of_positions(lambda ids, begins, end: counted(ids, begins + 1, end)),
            "prompt_lengths is the place of the first token that was written. At which place are the logits that foretell it?",
        ),
        "not shifted: the logits are those at the token itself": (
            of_positions(place=lambda counts: counts),
            "Of which token do the logits at a position speak?",
        ),
        "shifted twice": (
            of_positions(place=_shifted_twice),
            "One step: the logits at a position foretell the next token.",
        ),
        "shifted the other way": (
            of_positions(place=_shifted_the_other_way),
            "The token comes after the logits that foretell it.",
        ),
        "a mean over sentences of their means": (
            of_positions(mean=mean_of_means),
            "Every counted token weighs the same, whatever sentence it stands in.",
        ),
        "divided by the sentences, not by the tokens": (
            of_positions(mean=_over_the_batch),
            "By how many tokens should the sum be divided?",
        ),
        "divided by all positions, padding included": (
            of_positions(mean=_over_all_positions),
            "Of what are positions that do not count a part?",
        ),
        "the tokens are summed, not averaged": (
            of_positions(mean=_sum),
            "A mean is asked for.",
        ),
        "divided by the vocabulary, too": (
            _over_classes,
            'A mean over tokens: reduction="mean" divides by the vocabulary as well.',
        ),
        "the arguments of KL are swapped": (
            of_positions(kl=_reverse),
            "KL(teacher ‖ student): the teacher's probabilities weigh.",
        ),
        "the teacher's entropy is missing": (
            of_positions(kl=_cross_entropy),
            "This is a cross-entropy. What is it for a student that agrees with its teacher?",
        ),
        "the teacher is trained as well": (
            of_positions(kl=_live_teacher),
            "No gradient may reach the teacher.",
        ),
        "the token's own log-ratio, not the divergence of the distributions": (
            _probability_of_the_token,
            "The divergence sums over the whole vocabulary, not only over what was written.",
        ),
    }
)


# -- 14.2 the other direction -----------------------------------------------------------------


def over_masked(kl: Function, mean: Function = mean_over) -> Function:
    """The loss of a divergence a row, (rows, classes) twice -> (rows,), over what the mask keeps."""

    def loss(student_logits, teacher_logits, mask):
        values = kl(student_logits[mask], teacher_logits[mask].detach())
        return mean(values, torch.ones_like(values, dtype=torch.bool))

    return loss


def _reverse_rows(student, teacher):
    log_q, log_p = student.log_softmax(-1), teacher.log_softmax(-1)
    return (log_q.exp() * (log_q - log_p)).sum(-1)


def _forward_rows(student, teacher):
    return kl_of_logits(teacher, student)


def _frozen_weights(student, teacher):
    log_q, log_p = student.log_softmax(-1), teacher.log_softmax(-1)
    return (log_q.exp().detach() * (log_q - log_p)).sum(-1)


def _under_p(student, teacher):
    log_q, log_p = student.log_softmax(-1), teacher.log_softmax(-1)
    return (log_p.exp() * (log_q - log_p)).sum(-1)


def _without_entropy(student, teacher):
    return -(student.softmax(-1) * teacher.log_softmax(-1)).sum(-1)


def _entropy_subtracted(student, teacher):
    log_q, log_p = student.log_softmax(-1), teacher.log_softmax(-1)
    return (log_q.exp() * (-log_q - log_p)).sum(-1)


def _half_and_half(student, teacher):
    return (_reverse_rows(student, teacher) + _forward_rows(student, teacher)) / 2


def _most_probable(student, teacher):
    log_q, log_p = student.log_softmax(-1), teacher.log_softmax(-1)
    best = log_q.argmax(-1, keepdim=True)
    return (log_q - log_p).gather(-1, best)[..., 0]


def _reverse_live(student_logits, teacher_logits, mask):
    values = _reverse_rows(student_logits[mask], teacher_logits[mask])
    return values.sum() / max(len(values), 1)


def _ignores_the_mask(student_logits, teacher_logits, mask):
    """All positions count, as far as they hold numbers."""
    values = _reverse_rows(student_logits, teacher_logits.detach())
    return torch.nan_to_num(values, nan=0.0).mean()


def _by_length(student_logits, teacher_logits, mask):
    values = _reverse_rows(student_logits[mask], teacher_logits[mask].detach())
    return values.sum() / mask.numel()


def _by_text(student_logits, teacher_logits, mask):
    values = _reverse_rows(student_logits[mask], teacher_logits[mask].detach())
    return values.sum() / len(mask)


def _means_of_texts(student_logits, teacher_logits, mask):
    left_out = ~mask[..., None]
    both = (
        student_logits.masked_fill(left_out, 0.0),
        teacher_logits.detach().masked_fill(left_out, 0.0),
    )
    return mean_of_means(_reverse_rows(*both), mask)


REVERSE = named(
    {
        "this is the forward KL: F.kl_div(input, target) is KL(target ‖ input)": (
            over_masked(_forward_rows),
            "Whose probabilities weigh? In F.kl_div it is the second argument's.",
        ),
        "the student's probabilities are detached": (
            over_masked(_frozen_weights),
            "The value is right. The student also moves the weights of the sum: let its gradient pass.",
        ),
        "the teacher's probabilities weigh the student's log-ratio": (
            over_masked(_under_p),
            "The ratio is turned, the expectation is not. This is the forward KL with a minus sign.",
        ),
        "the student's entropy is missing": (
            over_masked(_without_entropy),
            "This alone is smallest for a student that always says one thing. What keeps it broad?",
        ),
        "the student's entropy has the wrong sign": (
            over_masked(_entropy_subtracted),
            "What is the divergence of a student that agrees with its teacher?",
        ),
        "half forward, half reverse": (
            over_masked(_half_and_half),
            "Only one of the two directions is asked for.",
        ),
        "only the student's most probable token": (
            over_masked(_most_probable),
            "The expectation runs over the whole vocabulary.",
        ),
        "the mask is ignored": (
            _ignores_the_mask,
            "Positions where mask is false have no say, whatever they hold.",
        ),
        "divided by all positions, padding included": (
            _by_length,
            "A mean over the tokens that count.",
        ),
        "divided by the texts, not by the tokens": (
            _by_text,
            "By how many tokens should the sum be divided?",
        ),
        "a mean over texts of their means": (
            _means_of_texts,
            "Every counted token weighs the same, whatever text it stands in.",
        ),
        "the tokens are summed, not averaged": (
            over_masked(_reverse_rows, _sum),
            "A mean is asked for.",
        ),
        "divided by the vocabulary, too": (
            over_masked(lambda s, t: _reverse_rows(s, t) / s.shape[-1]),
            'A mean over tokens: reduction="mean" divides by the vocabulary as well.',
        ),
        "the teacher is trained as well": (_reverse_live, "No gradient may reach the teacher."),
    }
)


# -- 14.3 between the two ---------------------------------------------------------------------


def log_probabilities(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """log p of the teacher and log q of the student, (rows, classes) each; no gradient into the teacher."""
    return teacher.detach().log_softmax(-1), student.log_softmax(-1)


def kl(log_a: Tensor, log_b: Tensor) -> Tensor:
    return (log_a.exp() * (log_a - log_b)).sum(-1)


def mixed(log_p: Tensor, log_q: Tensor, share: float) -> Tensor:
    """log (share p + (1 - share) q)."""
    log_share, log_rest = torch.tensor([share, 1 - share]).log()
    return torch.logaddexp(log_p + log_share, log_q + log_rest)


def between(inner: Function, ends: tuple[Function, Function] | None = None, mean=torch.mean):
    """A loss that is inner(log p, log q, β) within, and one of the ends at β = 0 and at β = 1."""
    ends = ends or (kl, lambda p, q: kl(q, p))

    def loss(student_logits, teacher_logits, beta):
        p, q = log_probabilities(student_logits, teacher_logits)
        if beta in (0, 1):
            return mean(ends[int(beta)](p, q))
        return mean(inner(p, q, beta))

    return loss


# Of all that follows, p, q and m are logarithms of probabilities.


def paper(p, q, beta):
    m = mixed(p, q, beta)
    return beta * kl(p, m) + (1 - beta) * kl(q, m)


def continuous(p, q, beta):
    m = mixed(p, q, beta)
    return (1 - beta) * kl(p, m) + beta * kl(q, m)


def mixture_turned(p, q, beta):
    m = mixed(p, q, 1 - beta)
    return beta * kl(p, m) + (1 - beta) * kl(q, m)


def both_turned(p, q, beta):
    return paper(q, p, beta)


def mixed_in_logs(p, q, beta):
    m = beta * p + (1 - beta) * q
    return beta * kl(p, m) + (1 - beta) * kl(q, m)


def mixed_in_logits(p, q, beta):
    m = (beta * p + (1 - beta) * q).log_softmax(-1)
    return beta * kl(p, m) + (1 - beta) * kl(q, m)


def from_the_mixture(p, q, beta):
    m = mixed(p, q, beta)
    return beta * kl(m, p) + (1 - beta) * kl(m, q)


def weighted_sum(p, q, beta):
    return (1 - beta) * kl(p, q) + beta * kl(q, p)


def always_half(p, q, beta):
    return paper(p, q, 0.5)


def half_mixed(p, q, beta):
    m = mixed(p, q, 0.5)
    return beta * kl(p, m) + (1 - beta) * kl(q, m)


def _over_classes_too(student_logits, teacher_logits, beta):
    return between(paper)(student_logits, teacher_logits, beta) / student_logits.shape[-1]


def _zero(p, q):
    return 0.0 * kl(p, q)


def _live_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.log_softmax(-1), student_logits.log_softmax(-1)
    if beta in (0, 1):
        return (kl(p, q) if beta == 0 else kl(q, p)).mean()
    return paper(p, q, beta).mean()


def _first_term(p, q, beta):
    return beta * kl(p, mixed(p, q, beta))


JSD = named(
    {
        "β weighs the student in the mixture": (
            between(mixture_turned),
            "Whose share of M is β? (TRL had it so until March 2025.)",
        ),
        "teacher and student have changed places": (
            between(both_turned),
            "In the mixture and in the weights alike, β belongs to the teacher.",
        ),
        "each weight stands at the other divergence": (
            between(continuous),
            "This is the continuous convention. The statement asks for the paper's.",
        ),
        "the mixture is made of log-probabilities": (
            between(mixed_in_logs),
            "A mixture of two distributions is a mixture of probabilities: mixed logs sum to less.",
        ),
        "the mixture is made of logits": (
            between(mixed_in_logits),
            "A softmax of mixed logits is a geometric mean. Mix probabilities.",
        ),
        "the divergences run from the mixture": (
            between(from_the_mixture),
            "KL(p ‖ M): p weighs. In F.kl_div, M is the input.",
        ),
        "a weighted sum of forward and reverse KL": (
            between(weighted_sum),
            "No mixture occurs in it. What is each distribution compared with?",
        ),
        "β is ignored: always the symmetric one": (
            between(always_half),
            "Try β = 0.1 and β = 0.9.",
        ),
        "the mixture is half and half, whatever β is": (
            between(half_mixed),
            "β weighs the mixture as well as the sum.",
        ),
        "divided by the classes, too": (
            _over_classes_too,
            "Sum over the classes, then take the mean over the rows.",
        ),
        "the ends are left to the formula: 0": (
            between(paper, (_zero, _zero)),
            "At β = 0 and β = 1 the formula gives 0, and a student learns nothing. What is asked for there?",
        ),
        "the ends are exchanged": (
            between(paper, (lambda p, q: kl(q, p), kl)),
            "Which divergence stands at β = 0?",
        ),
        "the student's part is missing": (
            between(_first_term),
            "Two divergences are added, one from each distribution.",
        ),
        "the rows are summed, not averaged": (
            between(paper, mean=torch.sum),
            "The mean over the rows is asked for.",
        ),
        "the teacher is trained as well": (_live_jsd, "No gradient may reach the teacher."),
    }
)


# -- 14.9 sizes without words -----------------------------------------------------------------


def sorted_p(logits: Tensor, descending: bool = True) -> Tensor:
    return logits.softmax(-1).sort(dim=-1, descending=descending).values


def filled(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both with zeros behind, up to the width of the wider one."""
    width = max(a.shape[-1], b.shape[-1])
    return F.pad(a, (0, width - a.shape[-1])), F.pad(b, (0, width - b.shape[-1]))


def distance(sizes: Function = sorted_p, between: Function | None = None, mean=torch.mean):
    """The loss: sizes of both, filled up, their distance a row, the mean."""
    between = between or (lambda p, q: (p - q).abs().sum(-1))

    def loss(student_logits, teacher_logits):
        q, p = filled(sizes(student_logits), sizes(teacher_logits.detach()))
        return mean(between(p, q))

    return loss


def _cut(student_logits, teacher_logits):
    q, p = sorted_p(student_logits), sorted_p(teacher_logits.detach())
    width = min(q.shape[-1], p.shape[-1])
    return (p[..., :width] - q[..., :width]).abs().sum(-1).mean()


def _teacher_sorted_only(student_logits, teacher_logits):
    q, p = filled(student_logits.softmax(-1), sorted_p(teacher_logits.detach()))
    return (p - q).abs().sum(-1).mean()


def _in_the_teachers_order(student_logits, teacher_logits):
    p, order = teacher_logits.detach().softmax(-1).sort(-1, descending=True)
    return (p - student_logits.softmax(-1).gather(-1, order)).abs().sum(-1).mean()


def _logits_filled(student_logits, teacher_logits):
    a, b = filled(student_logits, teacher_logits.detach())
    return (sorted_p(a) - sorted_p(b)).abs().sum(-1).mean()


def _live(student_logits, teacher_logits):
    q, p = filled(sorted_p(student_logits), sorted_p(teacher_logits))
    return (p - q).abs().sum(-1).mean()


ULD = named(
    {
        "nothing is sorted": (
            distance(lambda logits: logits.softmax(-1)),
            "The i-th token of one vocabulary is not the i-th of the other. What can be compared?",
        ),
        "only the teacher is sorted": (_teacher_sorted_only, "Sort both."),
        "sorted from the smallest on, and filled up behind": (
            distance(lambda logits: sorted_p(logits, descending=False)),
            "After zeros are added behind, the largest must meet the largest.",
        ),
        "the student's probabilities stand in the teacher's order": (
            _in_the_teachers_order,
            "Each is sorted by itself: the largest meets the largest, whatever words they stand for.",
        ),
        "running sums are compared": (
            distance(between=lambda p, q: (p.cumsum(-1) - q.cumsum(-1)).abs().sum(-1)),
            "Probabilities of one rank are compared, not their sums up to it.",
        ),
        "only the largest of each is compared": (
            distance(between=lambda p, q: (p - q).abs()[..., 0]),
            "The sum runs over all ranks.",
        ),
        "logits are compared, not probabilities": (
            distance(lambda logits: logits.sort(-1, descending=True).values),
            "Two sets of logits that differ by a constant stand for one distribution.",
        ),
        "logits are filled up with zeros before the softmax": (
            _logits_filled,
            "A logit of 0 is no probability of 0. Fill up what is compared.",
        ),
        "the longer vocabulary is cut": (
            _cut,
            "What lies beyond the shorter vocabulary is compared with 0, not left out.",
        ),
        "the differences are squared": (
            distance(between=lambda p, q: (p - q).square().sum(-1)),
            "Absolute differences are asked for.",
        ),
        "halved, as the total variation is": (
            distance(between=lambda p, q: (p - q).abs().sum(-1) / 2),
            "The sum, not half of it.",
        ),
        "divided by the vocabulary, too": (
            distance(between=lambda p, q: (p - q).abs().mean(-1)),
            "Sum over the vocabulary, then take the mean over rows.",
        ),
        "the rows are summed, not averaged": (
            distance(mean=torch.sum),
            "The mean over the rows is asked for.",
        ),
        "the differences are not taken absolutely": (
            distance(between=lambda p, q: (p - q).sum(-1)),
            "Both sum to one: what is the sum of the differences?",
        ),
        "the teacher is trained as well": (_live, "No gradient may reach the teacher."),
    }
)
