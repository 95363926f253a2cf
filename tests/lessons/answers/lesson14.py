# %% setup
import torch
import torch.nn.functional as F


def counts_of(ids, begins, end):
    """Which tokens were written, for answers that get something else wrong."""
    rows = []
    for tokens, begin in zip(ids.tolist(), begins.tolist()):
        stop = next((i for i in range(begin, len(tokens)) if tokens[i] == end), len(tokens) - 1)
        rows.append([begin <= i <= stop for i in range(len(tokens))])
    return torch.tensor(rows)


def kl_of(a, b):
    """The mean over the rows, of logarithms."""
    return (a.exp() * (a - b)).sum(-1).mean()


def mixture_of(p, q, share):
    """log (share p + (1 - share) q), of logarithms."""
    share = torch.tensor(share)
    return torch.logaddexp(p + share.log(), q + (1 - share).log())


# %% 14.1 wrong: not shifted
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, end)
    q, p = student_logits[m].log_softmax(-1), teacher_logits[m].detach().log_softmax(-1)
    return F.kl_div(q, p, reduction="batchmean", log_target=True)


# %% 14.1 wrong: padding by its number
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = (torch.arange(input_ids.shape[1]) >= prompt_lengths[:, None]) & (input_ids != end)
    m = m[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return F.kl_div(q, p, reduction="batchmean", log_target=True)


# %% 14.1 wrong: everything after the prompt
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = (torch.arange(input_ids.shape[1]) >= prompt_lengths[:, None])[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return F.kl_div(q, p, reduction="batchmean", log_target=True)


# %% 14.1 wrong: the prompt counts
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, end)
    m = (m | (torch.arange(input_ids.shape[1]) < prompt_lengths[:, None]))[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return F.kl_div(q, p, reduction="batchmean", log_target=True)


# %% 14.1 wrong: kl_div's own mean
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, end)[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().softmax(-1)
    return F.kl_div(q, p, reduction="mean")


# %% 14.1 wrong: a mean a sentence
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, end)[:, 1:].float()
    q, p = student_logits[:, :-1].log_softmax(-1), teacher_logits[:, :-1].detach().log_softmax(-1)
    kl = (p.exp() * (p - q)).sum(-1)
    return ((kl * m).sum(-1) / m.sum(-1)).mean()


# %% 14.1 wrong: arguments the other way
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, end)[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return F.kl_div(p, q, reduction="batchmean", log_target=True)


# %% 14.1 wrong: the teacher learns
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, end)[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1).mean()


# %% 14.1 wrong: the end is 0
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, 0)[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1).mean()


# %% 14.1 wrong: the first end anywhere
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    is_end = (input_ids == end).long()
    m = (is_end.cumsum(-1) - is_end == 0) & (
        torch.arange(input_ids.shape[1]) >= prompt_lengths[:, None]
    )
    m = m[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return (p.exp() * (p - q)).sum() / max(int(m.sum()), 1)


# %% 14.1 wrong: a text without an end does not count
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, end)
    ends = ((input_ids == end) & m).any(-1, keepdim=True)
    m = (m & ends)[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1).mean()


# %% 14.1 wrong: the first token is missing
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    ids = input_ids[:, 1:]
    places = torch.arange(ids.shape[1]) >= prompt_lengths[:, None]
    is_end = (ids == end) & places
    m = places & (is_end.long().cumsum(-1) - is_end.long() == 0)
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1).mean()


# %% 14.1 wrong: later than the prompt
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, end)
    m = (m & (torch.arange(input_ids.shape[1]) > prompt_lengths[:, None]))[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1).mean()


# %% 14.1 right: row by row
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    terms = []
    for z, t, ids, begin in zip(
        student_logits, teacher_logits.detach(), input_ids.tolist(), prompt_lengths.tolist()
    ):
        for place in range(begin, len(ids)):
            q, p = z[place - 1].log_softmax(0), t[place - 1].log_softmax(0)
            terms.append((p.exp() * (p - q)).sum())
            if ids[place] == end:
                break
    return torch.stack(terms).mean()


# %% 14.1 right: with kl_div
def completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    m = counts_of(input_ids, prompt_lengths, end)[:, 1:]
    q = student_logits[:, :-1][m].log_softmax(-1)
    p = teacher_logits[:, :-1][m].detach().log_softmax(-1)
    return F.kl_div(q, p, reduction="batchmean", log_target=True)


# %% 14.2 wrong: kl_div read from left to right
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].log_softmax(-1), teacher_logits[mask].detach().softmax(-1)
    return F.kl_div(q, p, reduction="batchmean")


# %% 14.2 wrong: no gradient through the weights
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].log_softmax(-1), teacher_logits[mask].detach().log_softmax(-1)
    return (q.detach().exp() * (q - p)).sum(-1).mean()


# %% 14.2 wrong: cross-entropy
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].softmax(-1), teacher_logits[mask].detach().log_softmax(-1)
    return -(q * p).sum(-1).mean()


# %% 14.2 wrong: multiplied with the mask
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits.log_softmax(-1), teacher_logits.detach().log_softmax(-1)
    kl = (q.exp() * (q - p)).sum(-1)
    return (kl * mask).sum() / mask.sum()


# %% 14.2 wrong: the logarithm of a softmax that may be 0
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].softmax(-1), teacher_logits[mask].detach().softmax(-1)
    return (q * (q.log() - p.log())).sum(-1).mean()


# %% 14.2 wrong: the logarithm of a teacher's softmax that may be 0
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].log_softmax(-1), teacher_logits[mask].detach().softmax(-1)
    return (q.exp() * (q - p.log())).sum(-1).mean()


# %% 14.2 wrong: selected after the divergence
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits.log_softmax(-1), teacher_logits.detach().log_softmax(-1)
    return (q.exp() * (q - p)).sum(-1)[mask].mean()


# %% 14.2 wrong: summed
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].log_softmax(-1), teacher_logits[mask].detach().log_softmax(-1)
    return (q.exp() * (q - p)).sum()


# %% 14.2 wrong: mean over the vocabulary, too
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].log_softmax(-1), teacher_logits[mask].detach().log_softmax(-1)
    return (q.exp() * (q - p)).mean()


# %% 14.2 wrong: the teacher learns
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].log_softmax(-1), teacher_logits[mask].log_softmax(-1)
    return (q.exp() * (q - p)).sum(-1).mean()


# %% 14.2 wrong: a minus sign
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].log_softmax(-1), teacher_logits[mask].detach().log_softmax(-1)
    return (p.exp() * (q - p)).sum(-1).mean()


# %% 14.2 wrong: divided by the texts
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].log_softmax(-1), teacher_logits[mask].detach().log_softmax(-1)
    return (q.exp() * (q - p)).sum() / len(student_logits)


# %% 14.2 wrong: a mean over texts of means
def reverse_kl(student_logits, teacher_logits, mask):
    zeros = torch.zeros_like(student_logits)
    q = torch.where(mask[..., None], student_logits, zeros).log_softmax(-1)
    p = torch.where(mask[..., None], teacher_logits.detach(), zeros).log_softmax(-1)
    kl = (q.exp() * (q - p)).sum(-1) * mask
    return (kl.sum(-1) / mask.sum(-1).clamp(min=1)).mean()


# %% 14.2 right: with kl_div
def reverse_kl(student_logits, teacher_logits, mask):
    q, p = student_logits[mask].log_softmax(-1), teacher_logits[mask].detach().log_softmax(-1)
    return F.kl_div(p, q, log_target=True, reduction="batchmean")


# %% 14.2 right: zeros in place of what is left out
def reverse_kl(student_logits, teacher_logits, mask):
    zeros = torch.zeros_like(student_logits)
    q = torch.where(mask[..., None], student_logits, zeros).log_softmax(-1)
    p = torch.where(mask[..., None], teacher_logits.detach(), zeros).log_softmax(-1)
    return (q.exp() * (q - p)).sum() / mask.sum()


# %% 14.3 wrong: beta on the student
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return kl_of(p, q)
    if beta == 1:
        return kl_of(q, p)
    m = mixture_of(p, q, 1 - beta)
    return beta * kl_of(p, m) + (1 - beta) * kl_of(q, m)


# %% 14.3 wrong: weights exchanged
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    m = mixture_of(p, q, beta)
    return (1 - beta) * kl_of(p, m) + beta * kl_of(q, m)


# %% 14.3 wrong: nothing done about the ends
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    m = mixture_of(p, q, beta)
    return beta * kl_of(p, m) + (1 - beta) * kl_of(q, m)


# %% 14.3 wrong: ends the other way
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 1:
        return kl_of(p, q)
    if beta == 0:
        return kl_of(q, p)
    m = mixture_of(p, q, beta)
    return beta * kl_of(p, m) + (1 - beta) * kl_of(q, m)


# %% 14.3 wrong: logits mixed
def generalised_jsd(student_logits, teacher_logits, beta):
    t = teacher_logits.detach()
    p, q = t.log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return (p.exp() * (p - q)).sum(-1).mean()
    if beta == 1:
        return (q.exp() * (q - p)).sum(-1).mean()
    m = (beta * t + (1 - beta) * student_logits).log_softmax(-1)
    return (beta * p.exp() * (p - m) + (1 - beta) * q.exp() * (q - m)).sum(-1).mean()


# %% 14.3 wrong: log-probabilities mixed
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return (p.exp() * (p - q)).sum(-1).mean()
    if beta == 1:
        return (q.exp() * (q - p)).sum(-1).mean()
    m = beta * p + (1 - beta) * q
    return (beta * p.exp() * (p - m) + (1 - beta) * q.exp() * (q - m)).sum(-1).mean()


# %% 14.3 wrong: kl_div the wrong way round
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return kl_of(p, q)
    if beta == 1:
        return kl_of(q, p)
    m = mixture_of(p, q, beta)
    a = F.kl_div(p, m, reduction="batchmean", log_target=True)
    b = F.kl_div(q, m, reduction="batchmean", log_target=True)
    return beta * a + (1 - beta) * b


# %% 14.3 wrong: forward and reverse, weighed
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    forward = (p.exp() * (p - q)).sum(-1).mean()
    reverse = (q.exp() * (q - p)).sum(-1).mean()
    return (1 - beta) * forward + beta * reverse


# %% 14.3 wrong: the teacher learns
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return kl_of(p, q)
    if beta == 1:
        return kl_of(q, p)
    m = mixture_of(p, q, beta)
    return beta * kl_of(p, m) + (1 - beta) * kl_of(q, m)


# %% 14.3 wrong: a mean over classes, too
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return (p.exp() * (p - q)).mean()
    if beta == 1:
        return (q.exp() * (q - p)).mean()
    m = mixture_of(p, q, beta)
    return (beta * p.exp() * (p - m) + (1 - beta) * q.exp() * (q - m)).mean()


# %% 14.3 wrong: half of M, whatever beta
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return kl_of(p, q)
    if beta == 1:
        return kl_of(q, p)
    m = mixture_of(p, q, 0.5)
    return beta * kl_of(p, m) + (1 - beta) * kl_of(q, m)


# %% 14.3 wrong: the logarithm of a mixture that may be 0
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().softmax(-1), student_logits.softmax(-1)
    if beta == 0:
        return (p * (p / q).log()).sum(-1).mean()
    if beta == 1:
        return (q * (q / p).log()).sum(-1).mean()
    m = beta * p + (1 - beta) * q
    return (beta * p * (p / m).log() + (1 - beta) * q * (q / m).log()).sum(-1).mean()


# %% 14.3 wrong: kl_div of a mixture's logarithm, which may be infinite
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().softmax(-1), student_logits.softmax(-1)
    if beta == 0:
        return F.kl_div(q.log(), p, reduction="batchmean")
    if beta == 1:
        return F.kl_div(p.log(), q, reduction="batchmean")
    m = (beta * p + (1 - beta) * q).log()
    return beta * F.kl_div(m, p, reduction="batchmean") + (1 - beta) * F.kl_div(
        m, q, reduction="batchmean"
    )


# %% 14.3 right: with kl_div
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return F.kl_div(q, p, reduction="batchmean", log_target=True)
    if beta == 1:
        return F.kl_div(p, q, reduction="batchmean", log_target=True)
    m = torch.stack([p + torch.tensor(beta).log(), q + torch.tensor(1 - beta).log()]).logsumexp(0)
    a = F.kl_div(m, p, reduction="batchmean", log_target=True)
    b = F.kl_div(m, q, reduction="batchmean", log_target=True)
    return beta * a + (1 - beta) * b


# %% 14.3 right: with logaddexp
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta in (0, 1):
        a, b = (p, q) if beta == 0 else (q, p)
        return (a.exp() * (a - b)).sum(-1).mean()
    b = torch.tensor(beta)
    m = torch.logaddexp(p + b.log(), q + (1 - b).log())
    return (beta * p.exp() * (p - m) + (1 - beta) * q.exp() * (q - m)).sum(-1).mean()


# %% 14.3 right: a mixture without a gradient, for what it adds sums to 0
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return kl_of(p, q)
    if beta == 1:
        return kl_of(q, p)
    m = mixture_of(p, q, beta).detach()
    return beta * kl_of(p, m) + (1 - beta) * kl_of(q, m)


# %% 14.3 right: the mixture's logarithm kept above that of the smallest number
def generalised_jsd(student_logits, teacher_logits, beta):
    p, q = teacher_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    if beta == 0:
        return F.kl_div(q, p.exp(), reduction="batchmean")
    if beta == 1:
        return F.kl_div(p, q, reduction="batchmean", log_target=True)
    m = (beta * p.exp() + (1 - beta) * q.exp()).clamp(min=torch.finfo(p.dtype).tiny).log()
    return beta * kl_of(p, m) + (1 - beta) * kl_of(q, m)


# %% 14.4 wrong: a
which_sheet = "a"

# %% 14.4 wrong: c
which_sheet = "c"

# %% 14.4 wrong: d
which_sheet = "d"

# %% 14.4 right: b
which_sheet = "b"

# %% 14.4 right: B
which_sheet = "B"


# %% 14.5 wrong: filling is kept
def on_policy_row(prompt, teacher_prompt, sampled, end):
    n = len(sampled)
    return {
        "student_ids": prompt + sampled,
        "teacher_ids": teacher_prompt + sampled,
        "student_positions": list(range(len(prompt) - 1, len(prompt) - 1 + n)),
        "teacher_positions": list(range(len(teacher_prompt) - 1, len(teacher_prompt) - 1 + n)),
    }


# %% 14.5 wrong: the end is 0
def on_policy_row(prompt, teacher_prompt, sampled, end):
    written = sampled[: sampled.index(0) + 1] if 0 in sampled else sampled
    n = len(written)
    return {
        "student_ids": prompt + written,
        "teacher_ids": teacher_prompt + written,
        "student_positions": list(range(len(prompt) - 1, len(prompt) - 1 + n)),
        "teacher_positions": list(range(len(teacher_prompt) - 1, len(teacher_prompt) - 1 + n)),
    }


# %% 14.5 wrong: the end is dropped
def on_policy_row(prompt, teacher_prompt, sampled, end):
    written = sampled[: sampled.index(end)] if end in sampled else sampled
    n = len(written)
    return {
        "student_ids": prompt + written,
        "teacher_ids": teacher_prompt + written,
        "student_positions": list(range(len(prompt) - 1, len(prompt) - 1 + n)),
        "teacher_positions": list(range(len(teacher_prompt) - 1, len(teacher_prompt) - 1 + n)),
    }


# %% 14.5 wrong: ends filtered
def on_policy_row(prompt, teacher_prompt, sampled, end):
    written = [t for t in sampled if t != end]
    n = len(written)
    return {
        "student_ids": prompt + written,
        "teacher_ids": teacher_prompt + written,
        "student_positions": list(range(len(prompt) - 1, len(prompt) - 1 + n)),
        "teacher_positions": list(range(len(teacher_prompt) - 1, len(teacher_prompt) - 1 + n)),
    }


# %% 14.5 wrong: the tokens' own positions
def on_policy_row(prompt, teacher_prompt, sampled, end):
    written = sampled[: sampled.index(end) + 1] if end in sampled else sampled
    n = len(written)
    return {
        "student_ids": prompt + written,
        "teacher_ids": teacher_prompt + written,
        "student_positions": list(range(len(prompt), len(prompt) + n)),
        "teacher_positions": list(range(len(teacher_prompt), len(teacher_prompt) + n)),
    }


# %% 14.5 wrong: one list of positions
def on_policy_row(prompt, teacher_prompt, sampled, end):
    written = sampled[: sampled.index(end) + 1] if end in sampled else sampled
    places = list(range(len(prompt) - 1, len(prompt) - 1 + len(written)))
    return {
        "student_ids": prompt + written,
        "teacher_ids": teacher_prompt + written,
        "student_positions": places,
        "teacher_positions": places,
    }


# %% 14.5 wrong: the student's prompt for both
def on_policy_row(prompt, teacher_prompt, sampled, end):
    written = sampled[: sampled.index(end) + 1] if end in sampled else sampled
    places = list(range(len(prompt) - 1, len(prompt) - 1 + len(written)))
    return {
        "student_ids": prompt + written,
        "teacher_ids": prompt + written,
        "student_positions": places,
        "teacher_positions": places,
    }


# %% 14.5 wrong: the end is looked for in the whole
def on_policy_row(prompt, teacher_prompt, sampled, end):
    whole = prompt + sampled
    whole = whole[: whole.index(end) + 1] if end in whole else whole
    written = whole[len(prompt) :]
    n = len(written)
    return {
        "student_ids": prompt + written,
        "teacher_ids": teacher_prompt + written,
        "student_positions": list(range(len(prompt) - 1, len(prompt) - 1 + n)),
        "teacher_positions": list(range(len(teacher_prompt) - 1, len(teacher_prompt) - 1 + n)),
    }


# %% 14.5 wrong: the last end
def on_policy_row(prompt, teacher_prompt, sampled, end):
    written = list(sampled)
    if end in written:
        written = written[: len(written) - written[::-1].index(end)]
    n = len(written)
    return {
        "student_ids": prompt + written,
        "teacher_ids": teacher_prompt + written,
        "student_positions": list(range(len(prompt) - 1, len(prompt) - 1 + n)),
        "teacher_positions": list(range(len(teacher_prompt) - 1, len(teacher_prompt) - 1 + n)),
    }


# %% 14.5 right: with a loop
def on_policy_row(prompt, teacher_prompt, sampled, end):
    written = []
    for token in sampled:
        written.append(token)
        if token == end:
            break
    places = range(len(written))
    return {
        "student_ids": [*prompt, *written],
        "teacher_ids": [*teacher_prompt, *written],
        "student_positions": [len(prompt) + i - 1 for i in places],
        "teacher_positions": [len(teacher_prompt) + i - 1 for i in places],
    }


# %% 14.5 right: positions as ranges
def on_policy_row(prompt, teacher_prompt, sampled, end):
    n = sampled.index(end) + 1 if end in sampled else len(sampled)
    return {
        "student_ids": prompt + sampled[:n],
        "teacher_ids": teacher_prompt + sampled[:n],
        "student_positions": range(len(prompt) - 1, len(prompt) - 1 + n),
        "teacher_positions": range(len(teacher_prompt) - 1, len(teacher_prompt) - 1 + n),
    }


# %% 14.5 right: from behind
def on_policy_row(prompt, teacher_prompt, sampled, end):
    stop = (sampled + [end]).index(end)
    written = sampled[: stop + 1]
    row = {"student_ids": prompt + written, "teacher_ids": teacher_prompt + written}
    for who in ("student", "teacher"):
        last = len(row[f"{who}_ids"]) - 1
        row[f"{who}_positions"] = list(range(last - len(written), last))
    return row


# %% 14.6 wrong: greedy acceptance
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    left = (target_p - draft_p).clamp(min=0)
    left = left / left.sum(-1, keepdim=True).clamp(min=1e-9)
    other = (left.cumsum(-1) <= v[:, None]).sum(-1).clamp(max=left.shape[-1] - 1)
    return torch.where(target_p[i, drafted] >= draft_p[i, drafted], drafted, other)


# %% 14.6 wrong: kept with probability p
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    left = (target_p - draft_p).clamp(min=0)
    left = left / left.sum(-1, keepdim=True).clamp(min=1e-9)
    other = (left.cumsum(-1) <= v[:, None]).sum(-1).clamp(max=left.shape[-1] - 1)
    return torch.where(u < target_p[i, drafted], drafted, other)


# %% 14.6 wrong: q over p
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    left = (target_p - draft_p).clamp(min=0)
    left = left / left.sum(-1, keepdim=True).clamp(min=1e-9)
    other = (left.cumsum(-1) <= v[:, None]).sum(-1).clamp(max=left.shape[-1] - 1)
    return torch.where(u < draft_p[i, drafted] / target_p[i, drafted], drafted, other)


# %% 14.6 wrong: replaced from p
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    other = (target_p.cumsum(-1) <= v[:, None]).sum(-1).clamp(max=target_p.shape[-1] - 1)
    return torch.where(u * draft_p[i, drafted] < target_p[i, drafted], drafted, other)


# %% 14.6 wrong: argmax of the rest
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    other = (target_p - draft_p).argmax(-1)
    return torch.where(u * draft_p[i, drafted] < target_p[i, drafted], drafted, other)


# %% 14.6 wrong: the rest sums to less
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    left = (target_p - draft_p).clamp(min=0)
    other = (left.cumsum(-1) <= v[:, None]).sum(-1).clamp(max=left.shape[-1] - 1)
    return torch.where(u * draft_p[i, drafted] < target_p[i, drafted], drafted, other)


# %% 14.6 wrong: the rest of the draft
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    left = (draft_p - target_p).clamp(min=0)
    left = left / left.sum(-1, keepdim=True).clamp(min=1e-9)
    other = (left.cumsum(-1) <= v[:, None]).sum(-1).clamp(max=left.shape[-1] - 1)
    return torch.where(u * draft_p[i, drafted] < target_p[i, drafted], drafted, other)


# %% 14.6 wrong: the draft as it is
def accept_or_replace(drafted, draft_p, target_p, u, v):
    return drafted


# %% 14.6 wrong: u twice
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    left = (target_p - draft_p).clamp(min=0)
    left = left / left.sum(-1, keepdim=True).clamp(min=1e-9)
    other = (left.cumsum(-1) <= u[:, None]).sum(-1).clamp(max=left.shape[-1] - 1)
    return torch.where(u * draft_p[i, drafted] < target_p[i, drafted], drafted, other)


# %% 14.6 wrong: p without the drafted token
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    left = target_p.clone()
    left[i, drafted] = 0
    left = left / left.sum(-1, keepdim=True)
    other = (left.cumsum(-1) <= v[:, None]).sum(-1).clamp(max=left.shape[-1] - 1)
    return torch.where(u < target_p[i, drafted] / draft_p[i, drafted], drafted, other)


# %% 14.6 wrong: which are kept
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    return u < target_p[i, drafted] / draft_p[i, drafted]


# %% 14.6 right: row by row
def accept_or_replace(drafted, draft_p, target_p, u, v):
    out = []
    for token, q, p, a, b in zip(drafted.tolist(), draft_p, target_p, u, v):
        if a * q[token] < p[token]:
            out.append(token)
            continue
        left = (p - q).clamp(min=0)
        sums = (left / left.sum()).cumsum(0)
        out.append(next((i for i, s in enumerate(sums) if s > b), len(p) - 1))
    return torch.tensor(out)


# %% 14.6 right: with searchsorted
def accept_or_replace(drafted, draft_p, target_p, u, v):
    i = torch.arange(len(drafted))
    sums = (target_p - draft_p).clamp(min=0).cumsum(-1)
    other = torch.searchsorted(sums, (v * sums[:, -1])[:, None].contiguous(), right=True)[:, 0]
    other = other.clamp(max=sums.shape[-1] - 1)
    return torch.where(u < target_p[i, drafted] / draft_p[i, drafted], drafted, other)


# %% 14.9 wrong: unsorted
def uld(student_logits, teacher_logits):
    q, p = student_logits.softmax(-1), teacher_logits.detach().softmax(-1)
    n = max(q.shape[-1], p.shape[-1])
    q, p = F.pad(q, (0, n - q.shape[-1])), F.pad(p, (0, n - p.shape[-1]))
    return (p - q).abs().sum(-1).mean()


# %% 14.9 wrong: ascending
def uld(student_logits, teacher_logits):
    q = student_logits.softmax(-1).sort(-1).values
    p = teacher_logits.detach().softmax(-1).sort(-1).values
    n = max(q.shape[-1], p.shape[-1])
    q, p = F.pad(q, (0, n - q.shape[-1])), F.pad(p, (0, n - p.shape[-1]))
    return (p - q).abs().sum(-1).mean()


# %% 14.9 wrong: cut
def uld(student_logits, teacher_logits):
    q = student_logits.softmax(-1).sort(-1, descending=True).values
    p = teacher_logits.detach().softmax(-1).sort(-1, descending=True).values
    n = min(q.shape[-1], p.shape[-1])
    return (p[:, :n] - q[:, :n]).abs().sum(-1).mean()


# %% 14.9 wrong: no softmax
def uld(student_logits, teacher_logits):
    q = student_logits.sort(-1, descending=True).values
    p = teacher_logits.detach().sort(-1, descending=True).values
    n = max(q.shape[-1], p.shape[-1])
    q, p = F.pad(q, (0, n - q.shape[-1])), F.pad(p, (0, n - p.shape[-1]))
    return (p - q).abs().sum(-1).mean()


# %% 14.9 wrong: squared
def uld(student_logits, teacher_logits):
    q = student_logits.softmax(-1).sort(-1, descending=True).values
    p = teacher_logits.detach().softmax(-1).sort(-1, descending=True).values
    n = max(q.shape[-1], p.shape[-1])
    q, p = F.pad(q, (0, n - q.shape[-1])), F.pad(p, (0, n - p.shape[-1]))
    return (p - q).square().sum(-1).mean()


# %% 14.9 wrong: total variation
def uld(student_logits, teacher_logits):
    q = student_logits.softmax(-1).sort(-1, descending=True).values
    p = teacher_logits.detach().softmax(-1).sort(-1, descending=True).values
    n = max(q.shape[-1], p.shape[-1])
    q, p = F.pad(q, (0, n - q.shape[-1])), F.pad(p, (0, n - p.shape[-1]))
    return 0.5 * (p - q).abs().sum(-1).mean()


# %% 14.9 wrong: mean over everything
def uld(student_logits, teacher_logits):
    q = student_logits.softmax(-1).sort(-1, descending=True).values
    p = teacher_logits.detach().softmax(-1).sort(-1, descending=True).values
    n = max(q.shape[-1], p.shape[-1])
    q, p = F.pad(q, (0, n - q.shape[-1])), F.pad(p, (0, n - p.shape[-1]))
    return F.l1_loss(q, p)


# %% 14.9 wrong: padded before the softmax
def uld(student_logits, teacher_logits):
    n = max(student_logits.shape[-1], teacher_logits.shape[-1])
    a = F.pad(student_logits, (0, n - student_logits.shape[-1]))
    b = F.pad(teacher_logits.detach(), (0, n - teacher_logits.shape[-1]))
    q = a.softmax(-1).sort(-1, descending=True).values
    p = b.softmax(-1).sort(-1, descending=True).values
    return (p - q).abs().sum(-1).mean()


# %% 14.9 wrong: in the teacher's order
def uld(student_logits, teacher_logits):
    p, order = teacher_logits.detach().softmax(-1).sort(-1, descending=True)
    q = student_logits.softmax(-1).gather(-1, order)
    return (p - q).abs().sum(-1).mean()


# %% 14.9 wrong: of the running sums
def uld(student_logits, teacher_logits):
    q = student_logits.softmax(-1).sort(-1, descending=True).values
    p = teacher_logits.detach().softmax(-1).sort(-1, descending=True).values
    n = max(q.shape[-1], p.shape[-1])
    q, p = F.pad(q, (0, n - q.shape[-1])), F.pad(p, (0, n - p.shape[-1]))
    return (p.cumsum(-1) - q.cumsum(-1)).abs().sum(-1).mean()


# %% 14.9 wrong: the largest minus the largest
def uld(student_logits, teacher_logits):
    q, p = student_logits.softmax(-1).amax(-1), teacher_logits.detach().softmax(-1).amax(-1)
    return (p - q).abs().mean()


# %% 14.9 right: padded with -inf
def uld(student_logits, teacher_logits):
    n = max(student_logits.shape[-1], teacher_logits.shape[-1])
    sizes = []
    for z in (student_logits, teacher_logits.detach()):
        z = F.pad(z, (0, n - z.shape[-1]), value=-torch.inf)
        sizes.append(z.softmax(-1).sort(-1, descending=True).values)
    return (sizes[0] - sizes[1]).abs().sum() / len(student_logits)


# %% 14.9 right: zeros in front, from the smallest on
def uld(student_logits, teacher_logits):
    q = student_logits.softmax(-1).sort(-1).values
    p = teacher_logits.detach().softmax(-1).sort(-1).values
    n = max(q.shape[-1], p.shape[-1])
    q, p = F.pad(q, (n - q.shape[-1], 0)), F.pad(p, (n - p.shape[-1], 0))
    return (p - q).abs().sum(-1).mean()


# %% 14.8 wrong: identical tokens
def shared_spans(one, other):
    there = {tuple(o): j for j, o in enumerate(other)}
    return [
        [[i], [there[tuple(o)]]] for i, o in enumerate(one) if o[1] > o[0] and tuple(o) in there
    ]


# %% 14.8 wrong: in order
def shared_spans(one, other):
    a = [i for i, (s, e) in enumerate(one) if e > s]
    b = [i for i, (s, e) in enumerate(other) if e > s]
    return [[[i], [j]] for i, j in zip(a, b)]


# %% 14.8 wrong: one span
def shared_spans(one, other):
    a = [i for i, (s, e) in enumerate(one) if e > s]
    b = [i for i, (s, e) in enumerate(other) if e > s]
    return [[a, b]]


# %% 14.8 wrong: marks not numbered
def shared_spans(one, other):
    one, other = [o for o in one if o[1] > o[0]], [o for o in other if o[1] > o[0]]
    found, begin = [], 0
    for cut in sorted({e for _, e in one} & {e for _, e in other}):
        found.append(
            [[i for i, (_, e) in enumerate(side) if begin < e <= cut] for side in (one, other)]
        )
        begin = cut
    return found


# %% 14.8 wrong: marks belong to the first span
def shared_spans(one, other):
    found, begin = [], -1
    cuts = sorted({e for s, e in one if e > s} & {e for s, e in other if e > s})
    for cut in cuts:
        found.append(
            [[i for i, (_, e) in enumerate(side) if begin < e <= cut] for side in (one, other)]
        )
        begin = cut
    return found


# %% 14.8 wrong: either cut ends a span
def shared_spans(one, other):
    sides = [[(i, e) for i, (s, e) in enumerate(side) if e > s] for side in (one, other)]
    found, begin = [], 0
    for cut in sorted({e for side in sides for _, e in side}):
        found.append([[i for i, e in side if begin < e <= cut] for side in sides])
        begin = cut
    return found


# %% 14.8 wrong: overlaps
def shared_spans(one, other):
    return [
        [[i], [j for j, (s, e) in enumerate(other) if e > s and s < end and e > start]]
        for i, (start, end) in enumerate(one)
        if end > start
    ]


# %% 14.8 wrong: the last one is missing
def shared_spans(one, other):
    sides = [[(i, e) for i, (s, e) in enumerate(side) if e > s] for side in (one, other)]
    found, begin = [], 0
    for cut in sorted({e for _, e in sides[0]} & {e for _, e in sides[1]})[:-1]:
        found.append([[i for i, e in side if begin < e <= cut] for side in sides])
        begin = cut
    return found


# %% 14.8 wrong: the end's mark is in the last span
def shared_spans(one, other):
    found, begin = [], 0
    cuts = sorted({e for s, e in one if e > s} & {e for s, e in other if e > s})
    for cut in cuts:
        found.append(
            [[i for i, (_, e) in enumerate(side) if begin < e <= cut] for side in (one, other)]
        )
        begin = cut
    return found


# %% 14.8 wrong: inner marks are swallowed
def shared_spans(one, other):
    sides = [[(i, e) for i, (s, e) in enumerate(side) if e > s] for side in (one, other)]
    found, begin = [], 0
    for cut in sorted({e for _, e in sides[0]} & {e for _, e in sides[1]}):
        inside = [[i for i, e in side if begin < e <= cut] for side in sides]
        found.append([list(range(some[0], some[-1] + 1)) for some in inside])
        begin = cut
    return found


# %% 14.8 right: two pointers
def shared_spans(one, other):
    a = [(i, e) for i, (s, e) in enumerate(one) if e > s]
    b = [(i, e) for i, (s, e) in enumerate(other) if e > s]
    found, i, j = [], 0, 0
    while i < len(a):
        here, there = [a[i]], [b[j]]
        while here[-1][1] != there[-1][1]:
            if here[-1][1] < there[-1][1]:
                i += 1
                here.append(a[i])
            else:
                j += 1
                there.append(b[j])
        found.append(([k for k, _ in here], [k for k, _ in there]))
        i, j = i + 1, j + 1
    return found


# %% 14.8 right: by the cuts
def shared_spans(one, other):
    ends = [{e for s, e in side if e > s} for side in (one, other)]
    cuts = [0, *sorted(ends[0] & ends[1])]
    return [
        tuple(
            [i for i, (s, e) in enumerate(side) if e > s and low < e <= high]
            for side in (one, other)
        )
        for low, high in zip(cuts, cuts[1:])
    ]


# %% 14.7 wrong: the draft is free
speed_up = 1 + 0.75 + 0.75**2 + 0.75**3

# %% 14.7 wrong: all four
speed_up = 4 / 1.3

# %% 14.7 wrong: three quarters of three, and one
speed_up = (1 + 3 * 0.75) / 1.3

# %% 14.7 wrong: no token of the teacher's
speed_up = (0.75 + 0.75**2 + 0.75**3) / 1.3

# %% 14.7 wrong: the draft is free, by formula
speed_up = (1 - 0.75**4) / (1 - 0.75)

# %% 14.7 wrong: three quarters, the draft free
speed_up = 3.25 / 1.3

# %% 14.7 wrong: as if all were kept, by hand
speed_up = 3.0769

# %% 14.7 wrong: without the teacher's, by hand
speed_up = 1.334

# %% 14.7 wrong: the time that is left
speed_up = 1.3 / (1 + 0.75 + 0.75**2 + 0.75**3)


# %% 14.7 wrong: the draft is paid once
speed_up = (1 + 0.75 + 0.75**2 + 0.75**3) / 1.1


# %% 14.7 wrong: four tokens are drafted
speed_up = (1 + 0.75 + 0.75**2 + 0.75**3) / 1.4


# %% 14.7 wrong: all of three or nothing
speed_up = (1 + 3 * 0.75**3) / 1.3


# %% 14.7 right: the sum
speed_up = sum(0.75**k for k in range(4)) / 1.3

# %% 14.7 right: by hand
speed_up = 2.103
