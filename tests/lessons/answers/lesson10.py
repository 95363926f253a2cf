# %% setup
import math
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F


# %% 10.1 wrong: values alone
def cache_bytes(lengths, vocabulary, k, value_bytes):
    n = vocabulary if k is None else k + 1
    return sum(lengths) * n * value_bytes


# %% 10.1 wrong: ids are int64
def cache_bytes(lengths, vocabulary, k, value_bytes):
    if k is None:
        return sum(lengths) * vocabulary * value_bytes
    return sum(lengths) * (k * (8 + value_bytes) + value_bytes)


# %% 10.1 wrong: ids are int32
def cache_bytes(lengths, vocabulary, k, value_bytes):
    if k is None:
        return sum(lengths) * vocabulary * value_bytes
    return sum(lengths) * (k * (4 + value_bytes) + value_bytes)


# %% 10.1 wrong: nothing for the rest
def cache_bytes(lengths, vocabulary, k, value_bytes):
    if k is None:
        return sum(lengths) * vocabulary * value_bytes
    number = math.ceil(math.log2(vocabulary) / 8)
    return sum(lengths) * k * (number + value_bytes)


# %% 10.1 wrong: bits
def cache_bytes(lengths, vocabulary, k, value_bytes):
    if k is None:
        return 8 * sum(lengths) * vocabulary * value_bytes
    number = math.ceil(math.log2(vocabulary) / 8)
    return 8 * sum(lengths) * (k * (number + value_bytes) + value_bytes)


# %% 10.1 wrong: padded
def cache_bytes(lengths, vocabulary, k, value_bytes):
    tokens = len(lengths) * max(lengths)
    if k is None:
        return tokens * vocabulary * value_bytes
    number = math.ceil(math.log2(vocabulary) / 8)
    return tokens * (k * (number + value_bytes) + value_bytes)


# %% 10.1 wrong: numbered from one
def cache_bytes(lengths, vocabulary, k, value_bytes):
    if k is None:
        return sum(lengths) * vocabulary * value_bytes
    number = 1
    while 256**number <= vocabulary:
        number += 1
    return sum(lengths) * (k * (number + value_bytes) + value_bytes)


# %% 10.1 wrong: None is all pieces, with numbers
def cache_bytes(lengths, vocabulary, k, value_bytes):
    number = math.ceil(math.log2(vocabulary) / 8)
    if k is None:
        return sum(lengths) * vocabulary * (number + value_bytes)
    return sum(lengths) * (k * (number + value_bytes) + value_bytes)


# %% 10.1 wrong: None is not thought of
def cache_bytes(lengths, vocabulary, k, value_bytes):
    number = math.ceil(math.log2(vocabulary) / 8)
    return sum(lengths) * (k * (number + value_bytes) + value_bytes)


# %% 10.1 right: counting up
def cache_bytes(lengths, vocabulary, k, value_bytes):
    number = 1
    while 256**number < vocabulary:
        number += 1
    a_token = vocabulary * value_bytes if k is None else k * number + (k + 1) * value_bytes
    return a_token * sum(lengths)


# %% 10.1 right: row by row
def cache_bytes(lengths, vocabulary, k, value_bytes):
    number = -(-(vocabulary - 1).bit_length() // 8)
    total = 0
    for length in lengths:
        for _ in range(length):
            if k is None:
                total += vocabulary * value_bytes
            else:
                total += k * number + k * value_bytes + value_bytes
    return total


# %% 10.2 wrong: truncated
def tail_bucket_loss(student_logits, ids, kept):
    log_q = student_logits.log_softmax(-1).gather(-1, ids)
    return (kept * (kept.log() - log_q)).sum(-1).mean()


# %% 10.2 wrong: renormalised both
def tail_bucket_loss(student_logits, ids, kept):
    p = kept / kept.sum(-1, keepdim=True)
    log_q = student_logits.gather(-1, ids).log_softmax(-1)
    return F.kl_div(log_q, p, reduction="batchmean")


# %% 10.2 wrong: the teacher is renormalised
def tail_bucket_loss(student_logits, ids, kept):
    p = kept / kept.sum(-1, keepdim=True)
    log_q = student_logits.log_softmax(-1).gather(-1, ids)
    return F.kl_div(log_q, p, reduction="batchmean")


# %% 10.2 wrong: the logarithm of a softmax that may be 0
def tail_bucket_loss(student_logits, ids, kept):
    q = student_logits.softmax(-1).gather(-1, ids)
    rest = (1 - kept.sum(-1)).clamp(min=0)
    terms = kept * (kept.log() - q.log())
    return (terms.sum(-1) + torch.xlogy(rest, rest) - rest * (1 - q.sum(-1)).log()).mean()


# %% 10.2 wrong: the rest may fall below 0
def tail_bucket_loss(student_logits, ids, kept):
    log_q = student_logits.log_softmax(-1)
    others = log_q.scatter(-1, ids, -torch.inf).logsumexp(-1)
    rest = 1 - kept.sum(-1)
    terms = kept * (kept.log() - log_q.gather(-1, ids))
    return (terms.sum(-1) + rest * (rest.log() - others)).mean()


# %% 10.2 wrong: summed
def tail_bucket_loss(student_logits, ids, kept):
    log_q = student_logits.log_softmax(-1)
    others = log_q.scatter(-1, ids, -torch.inf).logsumexp(-1)
    rest = (1 - kept.sum(-1)).clamp(min=0)
    terms = kept * (kept.log() - log_q.gather(-1, ids))
    return (terms.sum(-1) + torch.xlogy(rest, rest) - rest * others).sum()


# %% 10.2 wrong: kl_div with its own mean
def tail_bucket_loss(student_logits, ids, kept):
    log_q = student_logits.log_softmax(-1)
    others = log_q.scatter(-1, ids, -torch.inf).logsumexp(-1, keepdim=True)
    p = torch.cat([kept, (1 - kept.sum(-1, keepdim=True)).clamp(min=0)], -1)
    return F.kl_div(torch.cat([log_q.gather(-1, ids), others], -1), p, reduction="mean")


# %% 10.2 wrong: only the teacher has a rest
def tail_bucket_loss(student_logits, ids, kept):
    log_q = student_logits.log_softmax(-1).gather(-1, ids)
    rest = (1 - kept.sum(-1)).clamp(min=0)
    return ((kept * (kept.log() - log_q)).sum(-1) + torch.xlogy(rest, rest)).mean()


# %% 10.2 wrong: a cross-entropy
def tail_bucket_loss(student_logits, ids, kept):
    log_q = student_logits.log_softmax(-1)
    others = log_q.scatter(-1, ids, -torch.inf).logsumexp(-1)
    rest = (1 - kept.sum(-1)).clamp(min=0)
    return -((kept * log_q.gather(-1, ids)).sum(-1) + rest * others).mean()


# %% 10.2 right: with kl_div
def tail_bucket_loss(student_logits, ids, kept):
    log_q = student_logits.log_softmax(-1)
    others = log_q.scatter(-1, ids, -torch.inf).logsumexp(-1, keepdim=True)
    p = torch.cat([kept, (1 - kept.sum(-1, keepdim=True)).clamp(min=0)], -1)
    return F.kl_div(torch.cat([log_q.gather(-1, ids), others], -1), p, reduction="batchmean")


# %% 10.2 right: row by row
def tail_bucket_loss(student_logits, ids, kept):
    total = 0.0
    for z, places, p in zip(student_logits, ids, kept):
        outside = [i for i in range(len(z)) if i not in places.tolist()]
        whole = torch.logsumexp(z, 0)
        for i, share in zip(places, p):
            total = total + share * (share.log() - (z[i] - whole))
        rest = 1 - p.sum()
        if rest > 0:
            total = total + rest * (rest.log() - (torch.logsumexp(z[outside], 0) - whole))
    return total / len(kept)


# %% 10.3 wrong: counted
def sampled_target(draws, p, proposal):
    return torch.bincount(draws, minlength=len(p)) / len(draws)


# %% 10.3 wrong: sums to one
def sampled_target(draws, p, proposal):
    target = torch.zeros_like(p)
    for i in draws:
        target[i] += p[i] / proposal[i]
    return target / target.sum()


# %% 10.3 wrong: the number of draws is forgotten
def sampled_target(draws, p, proposal):
    target = torch.zeros_like(p)
    for i in draws:
        target[i] += p[i] / proposal[i]
    return target


# %% 10.3 wrong: what is drawn twice is written twice to one place
def sampled_target(draws, p, proposal):
    target = torch.zeros_like(p)
    target[draws] += p[draws] / proposal[draws] / len(draws)
    return target


# %% 10.3 wrong: 0/0
def sampled_target(draws, p, proposal):
    counts = torch.bincount(draws, minlength=len(p))
    return counts / len(draws) * (p / proposal)


# %% 10.3 wrong: upside down
def sampled_target(draws, p, proposal):
    counts = torch.bincount(draws, minlength=len(p))
    return counts / len(draws) * (proposal / p)


# %% 10.3 wrong: p of what was drawn
def sampled_target(draws, p, proposal):
    return torch.zeros_like(p).index_copy(0, draws, p[draws])


# %% 10.3 wrong: a weight a draw
def sampled_target(draws, p, proposal):
    return p[draws] / proposal[draws] / len(draws)


# %% 10.3 right: one-hot rows
def sampled_target(draws, p, proposal):
    rows = F.one_hot(draws, len(p)).to(p.dtype)
    return (rows * (p[draws] / proposal[draws])[:, None]).mean(0)


# %% 10.3 right: index_add
def sampled_target(draws, p, proposal):
    weights = p[draws] / (len(draws) * proposal[draws])
    return torch.zeros_like(p).index_add(0, draws, weights)


# %% 10.4 wrong: by padded ids
def first_asked(rows):
    seen = {}
    return [seen.setdefault((r["tokenizer"], tuple(r["input_ids"])), i) for i, r in enumerate(rows)]


# %% 10.4 wrong: without the tokenizer
def first_asked(rows):
    seen, found = {}, []
    for i, r in enumerate(rows):
        read = [x for x, m in zip(r["input_ids"], r["attention_mask"]) if m]
        found.append(seen.setdefault(tuple(read[: r["max_length"]]), i))
    return found


# %% 10.4 wrong: nothing is cut
def first_asked(rows):
    seen, found = {}, []
    for i, r in enumerate(rows):
        read = [x for x, m in zip(r["input_ids"], r["attention_mask"]) if m]
        found.append(seen.setdefault((r["tokenizer"], tuple(read)), i))
    return found


# %% 10.4 wrong: the limit is in the key
def first_asked(rows):
    seen, found = {}, []
    for i, r in enumerate(rows):
        read = [x for x, m in zip(r["input_ids"], r["attention_mask"]) if m]
        key = r["tokenizer"], r["max_length"], tuple(read[: r["max_length"]])
        found.append(seen.setdefault(key, i))
    return found


# %% 10.4 wrong: cut first
def first_asked(rows):
    seen, found = {}, []
    for i, r in enumerate(rows):
        n = r["max_length"]
        read = [x for x, m in zip(r["input_ids"][:n], r["attention_mask"][:n]) if m]
        found.append(seen.setdefault((r["tokenizer"], tuple(read)), i))
    return found


# %% 10.4 wrong: zeros are padding
def first_asked(rows):
    seen, found = {}, []
    for i, r in enumerate(rows):
        read = [x for x in r["input_ids"] if x != 0]
        found.append(seen.setdefault((r["tokenizer"], tuple(read[: r["max_length"]])), i))
    return found


# %% 10.4 wrong: labels count
def first_asked(rows):
    seen, found = {}, []
    for i, r in enumerate(rows):
        read = [x for x, m in zip(r["input_ids"], r["attention_mask"]) if m]
        key = r["tokenizer"], r["label"], tuple(read[: r["max_length"]])
        found.append(seen.setdefault(key, i))
    return found


# %% 10.4 wrong: a set of ids
def first_asked(rows):
    seen, found = {}, []
    for i, r in enumerate(rows):
        read = [x for x, m in zip(r["input_ids"], r["attention_mask"]) if m]
        found.append(seen.setdefault((r["tokenizer"], frozenset(read[: r["max_length"]])), i))
    return found


# %% 10.4 wrong: every row by itself
def first_asked(rows):
    return list(range(len(rows)))


# %% 10.4 right: compared with all before
def first_asked(rows):
    def question(r):
        return r["tokenizer"], [x for x, m in zip(r["input_ids"], r["attention_mask"]) if m][
            : r["max_length"]
        ]

    asked = [question(r) for r in rows]
    return [asked.index(q) for q in asked]


# %% 10.4 right: as text
def first_asked(rows):
    keys = []
    for r in rows:
        kept = np.array(r["input_ids"])[np.array(r["attention_mask"], dtype=bool)]
        keys.append(f"{r['tokenizer']}|{kept[: r['max_length']].tolist()}")
    return [keys.index(key) for key in keys]


# %% 10.5 wrong: masked anew
who_may_cache = "a"

# %% 10.5 wrong: a teacher with dropout
who_may_cache = "b"

# %% 10.5 wrong: a teacher that learns on
who_may_cache = "d"

# %% 10.5 right: as a letter
who_may_cache = "c"

# %% 10.5 right: in brackets
who_may_cache = "(C)"


# %% 10.6 wrong: as cheap counts
def break_even(ask, write, read, step):
    return math.ceil((ask + write) / (ask - read)) if ask > read else None


# %% 10.6 wrong: a fraction
def break_even(ask, write, read, step):
    return (ask + write) / (ask - read) if ask > read else None


# %% 10.6 wrong: rounded down
def break_even(ask, write, read, step):
    return int((ask + write) / (ask - read)) if ask > read else None


# %% 10.6 wrong: nothing is read
def break_even(ask, write, read, step):
    return math.floor((ask + write) / ask) + 1 if ask > read else None


# %% 10.6 wrong: nothing is written
def break_even(ask, write, read, step):
    return math.floor(ask / (ask - read)) + 1 if ask > read else None


# %% 10.6 wrong: the first asking is free
def break_even(ask, write, read, step):
    return math.floor(write / (ask - read)) + 1 if ask > read else None


# %% 10.6 wrong: written every time
def break_even(ask, write, read, step):
    saved = ask - read - write
    return math.floor(ask / saved) + 1 if saved > 0 else None


# %% 10.6 wrong: a minus one
def break_even(ask, write, read, step):
    return math.floor((ask + write) / (ask - read)) + 1 if ask > read else -1


# %% 10.6 right: in closed form
def break_even(ask, write, read, step):
    if read >= ask:
        return None
    return math.floor(Fraction(ask + write) / Fraction(ask - read)) + 1


# %% 10.6 right: both bills
def break_even(ask, write, read, step):
    for epochs in range(1, 100_000):
        live = epochs * (ask + step)
        kept = ask + write + epochs * (read + step)
        if kept < live:
            return epochs
    return None


# %% 10.7 wrong: not detached
def mutual_losses(logits_a, logits_b, labels, alpha):
    def one(own, other):
        soft = F.kl_div(own.log_softmax(-1), other.softmax(-1), reduction="batchmean")
        hard = F.cross_entropy(own, labels, reduction="sum") / max((labels != -100).sum(), 1)
        return alpha * soft + (1 - alpha) * hard

    return torch.stack([one(logits_a, logits_b), one(logits_b, logits_a)])


# %% 10.7 wrong: no label gives nan
def mutual_losses(logits_a, logits_b, labels, alpha):
    def one(own, other):
        p = other.detach().log_softmax(-1)
        soft = F.kl_div(own.log_softmax(-1), p, reduction="batchmean", log_target=True)
        return alpha * soft + (1 - alpha) * F.cross_entropy(own, labels)

    return torch.stack([one(logits_a, logits_b), one(logits_b, logits_a)])


# %% 10.7 wrong: the logarithm of a softmax that may be 0
def mutual_losses(logits_a, logits_b, labels, alpha):
    def one(own, other):
        p = other.detach().softmax(-1)
        soft = (p * (p.log() - own.softmax(-1).log())).sum(-1).mean()
        hard = F.cross_entropy(own, labels, reduction="sum") / max((labels != -100).sum(), 1)
        return alpha * soft + (1 - alpha) * hard

    return torch.stack([one(logits_a, logits_b), one(logits_b, logits_a)])


# %% 10.7 wrong: KL the other way
def mutual_losses(logits_a, logits_b, labels, alpha):
    def one(own, other):
        log_p, log_q = other.detach().log_softmax(-1), own.log_softmax(-1)
        soft = (log_q.exp() * (log_q - log_p)).sum(-1).mean()
        hard = F.cross_entropy(own, labels, reduction="sum") / max((labels != -100).sum(), 1)
        return alpha * soft + (1 - alpha) * hard

    return torch.stack([one(logits_a, logits_b), one(logits_b, logits_a)])


# %% 10.7 wrong: alpha on the labels
def mutual_losses(logits_a, logits_b, labels, alpha):
    def one(own, other):
        p = other.detach().log_softmax(-1)
        soft = F.kl_div(own.log_softmax(-1), p, reduction="batchmean", log_target=True)
        hard = F.cross_entropy(own, labels, reduction="sum") / max((labels != -100).sum(), 1)
        return (1 - alpha) * soft + alpha * hard

    return torch.stack([one(logits_a, logits_b), one(logits_b, logits_a)])


# %% 10.7 wrong: kl_div's own mean
def mutual_losses(logits_a, logits_b, labels, alpha):
    def one(own, other):
        p = other.detach().log_softmax(-1)
        soft = F.kl_div(own.log_softmax(-1), p, reduction="mean", log_target=True)
        hard = F.cross_entropy(own, labels, reduction="sum") / max((labels != -100).sum(), 1)
        return alpha * soft + (1 - alpha) * hard

    return torch.stack([one(logits_a, logits_b), one(logits_b, logits_a)])


# %% 10.7 wrong: one number
def mutual_losses(logits_a, logits_b, labels, alpha):
    def one(own, other):
        p = other.detach().log_softmax(-1)
        soft = F.kl_div(own.log_softmax(-1), p, reduction="batchmean", log_target=True)
        hard = F.cross_entropy(own, labels, reduction="sum") / max((labels != -100).sum(), 1)
        return alpha * soft + (1 - alpha) * hard

    return one(logits_a, logits_b) + one(logits_b, logits_a)


# %% 10.7 wrong: the soft loss of labelled rows
def mutual_losses(logits_a, logits_b, labels, alpha):
    there = labels != -100

    def one(own, other):
        p = other.detach()[there].log_softmax(-1)
        q = own[there].log_softmax(-1)
        soft = (p.exp() * (p - q)).sum() / max(there.sum(), 1)
        hard = F.cross_entropy(own, labels, reduction="sum") / max(there.sum(), 1)
        return alpha * soft + (1 - alpha) * hard

    return torch.stack([one(logits_a, logits_b), one(logits_b, logits_a)])


# %% 10.7 wrong: b first
def mutual_losses(logits_a, logits_b, labels, alpha):
    def one(own, other):
        p = other.detach().log_softmax(-1)
        soft = F.kl_div(own.log_softmax(-1), p, reduction="batchmean", log_target=True)
        hard = F.cross_entropy(own, labels, reduction="sum") / max((labels != -100).sum(), 1)
        return alpha * soft + (1 - alpha) * hard

    return torch.stack([one(logits_b, logits_a), one(logits_a, logits_b)])


# %% 10.7 right: with kl_div
def mutual_losses(logits_a, logits_b, labels, alpha):
    def one(own, other):
        p = other.detach().log_softmax(-1)
        soft = F.kl_div(own.log_softmax(-1), p, reduction="batchmean", log_target=True)
        hard = F.cross_entropy(own, labels, reduction="sum") / max((labels != -100).sum(), 1)
        return alpha * soft + (1 - alpha) * hard

    return torch.stack([one(logits_a, logits_b), one(logits_b, logits_a)])


# %% 10.7 right: both at once
def mutual_losses(logits_a, logits_b, labels, alpha):
    own = torch.stack([logits_a, logits_b]).log_softmax(-1)
    other = own.detach().flip(0)
    soft = (other.exp() * (other - own)).sum(-1).mean(-1)
    there = labels != -100
    places = labels.clamp(min=0).expand(2, -1)[..., None]
    hard = -(own.gather(-1, places)[..., 0] * there).sum(-1) / max(int(there.sum()), 1)
    return alpha * soft + (1 - alpha) * hard


# %% 10.8 wrong: without weights
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    soft = (p.exp() * (p - q)).sum(-1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    return ((1 - alpha) * hard + alpha * soft).mean()


# %% 10.8 wrong: over the weights' sum
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    w = p.exp().gather(-1, answers[:, None])[:, 0]
    soft = (p.exp() * (p - q)).sum(-1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    return ((1 - alpha) * hard + alpha * w * soft).sum() / w.sum()


# %% 10.8 wrong: the student's agreement
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    w = q.exp().gather(-1, answers[:, None])[:, 0]
    soft = (p.exp() * (p - q)).sum(-1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    return ((1 - alpha) * hard + alpha * w * soft).mean()


# %% 10.8 wrong: yes or no
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    w = (proxy_logits.argmax(-1) == answers).float()
    soft = (p.exp() * (p - q)).sum(-1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    return ((1 - alpha) * hard + alpha * w * soft).mean()


# %% 10.8 wrong: the hard part is weighed
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    w = p.exp().gather(-1, answers[:, None])[:, 0]
    soft = (p.exp() * (p - q)).sum(-1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    return ((1 - alpha) * w * hard + alpha * soft).mean()


# %% 10.8 wrong: the proxy is not detached
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.log_softmax(-1), student_logits.log_softmax(-1)
    w = p.exp().gather(-1, answers[:, None])[:, 0]
    soft = (p.exp() * (p - q)).sum(-1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    return ((1 - alpha) * hard + alpha * w * soft).mean()


# %% 10.8 wrong: the logarithm of a softmax that may be 0
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.detach().softmax(-1), student_logits.softmax(-1)
    rows = torch.arange(len(answers))
    soft = (p * (p / q).log()).sum(-1)
    hard = -q[rows, answers].log()
    return ((1 - alpha) * hard + alpha * p[rows, answers] * soft).mean()


# %% 10.8 wrong: summed
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    w = p.exp().gather(-1, answers[:, None])[:, 0]
    soft = (p.exp() * (p - q)).sum(-1)
    hard = F.cross_entropy(student_logits, answers, reduction="none")
    return ((1 - alpha) * hard + alpha * w * soft).sum()


# %% 10.8 wrong: the mean weight
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    w = p.exp().gather(-1, answers[:, None]).mean()
    soft = F.kl_div(q, p, reduction="batchmean", log_target=True)
    return (1 - alpha) * F.cross_entropy(student_logits, answers) + alpha * w * soft


# %% 10.8 right: with kl_div
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    p, q = proxy_logits.detach().log_softmax(-1), student_logits.log_softmax(-1)
    soft = F.kl_div(q, p, reduction="none", log_target=True).sum(-1)
    w = p.exp()[torch.arange(len(answers)), answers]
    return (1 - alpha) * F.cross_entropy(student_logits, answers) + alpha * (w * soft).mean()


# %% 10.8 right: row by row
def proxy_loss(student_logits, proxy_logits, answers, alpha):
    rows = []
    with torch.no_grad():
        proxy = proxy_logits.log_softmax(-1)
    for z, log_p, y in zip(student_logits, proxy, answers):
        log_q = z.log_softmax(0)
        soft = (log_p.exp() * (log_p - log_q)).sum()
        rows.append((1 - alpha) * -log_q[y] + alpha * log_p[y].exp() * soft)
    return torch.stack(rows).mean()


# %% 10.9 wrong: equal bills
students_that_pay = 20

# %% 10.9 wrong: without the answers
students_that_pay = 19

# %% 10.9 wrong: without the answers, as a fraction
students_that_pay = 900 / 48

# %% 10.9 wrong: distilling is free
students_that_pay = 15

# %% 10.9 wrong: what one student saves
students_that_pay = 48

# %% 10.9 wrong: the teacher over a distilled student
students_that_pay = 48 + 1

# %% 10.9 wrong: the teacher over a student's own training
students_that_pay = 14

# %% 10.9 wrong: one student too many
students_that_pay = 22

# %% 10.9 right: computed
students_that_pay = next(n for n in range(1, 100) if 900 + 60 + 20 * n < 68 * n)

# %% 10.9 right: by hand
students_that_pay = 21.0
