# %% setup
import math
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F


# %% 13.1 wrong: logits averaged
def averaged_answer(weights, logits):
    w = weights / weights.sum()
    return torch.softmax(w @ logits, -1)


# %% 13.1 wrong: weights as they come
def averaged_answer(weights, logits):
    return weights @ logits.softmax(-1)


# %% 13.1 wrong: plain mean
def averaged_answer(weights, logits):
    return logits.softmax(-1).mean(0)


# %% 13.1 wrong: the likeliest text
def averaged_answer(weights, logits):
    return logits.softmax(-1)[int(torch.argmax(weights))]


# %% 13.1 wrong: a product of experts
def averaged_answer(weights, logits):
    p = logits.softmax(-1).prod(0)
    return p / p.sum()


# %% 13.1 wrong: a weighted product of experts
def averaged_answer(weights, logits):
    w = weights / weights.sum()
    p = (logits.softmax(-1) ** w[:, None]).prod(0)
    return p / p.sum()


# %% 13.1 wrong: softmax of the weights
def averaged_answer(weights, logits):
    return weights.softmax(0) @ logits.softmax(-1)


# %% 13.1 wrong: votes
def averaged_answer(weights, logits):
    found = torch.zeros(logits.shape[1])
    for w, row in zip(weights, logits):
        found[row.argmax()] += w
    return found / weights.sum()


# %% 13.1 wrong: the average of logits, given as logits
def averaged_answer(weights, logits):
    return (weights / weights.sum()) @ logits


# %% 13.1 wrong: softened, as in lesson 03
def averaged_answer(weights, logits, temperature=2.0):
    return (weights / weights.sum()) @ (logits / temperature).softmax(-1)


# %% 13.1 right: a matrix product
def averaged_answer(weights, logits):
    return (weights @ torch.softmax(logits, dim=1)) / weights.sum()


# %% 13.1 right: text by text
def averaged_answer(weights, logits):
    total = 0.0
    for w, row in zip(weights, logits):
        total = total + float(w) * row.softmax(0)
    return total / total.sum()


# %% 13.2 wrong: with the false line
proof = "bfe"

# %% 13.2 wrong: six lines
proof = "bdacfe"

# %% 13.2 wrong: rearranged first
proof = "badce"

# %% 13.2 wrong: concluded too soon
proof = "bdaec"

# %% 13.2 wrong: from the end
proof = "ecadb"

# %% 13.2 wrong: from the middle
proof = "cbdae"

# %% 13.2 wrong: nothing is concluded
proof = "bdac"

# %% 13.2 wrong: no reason is given
proof = "bdae"

# %% 13.2 right: in order
proof = "bdace"

# %% 13.2 right: joined
proof = "".join(["b", "d", "a", "c", "e"])

# %% 13.2 right: letter by letter
proof = "(b), (d), (a), (c), (e)"

# %% 13.2 right: a list
proof = ["b", "d", "a", "c", "e"]

# %% 13.3 wrong: the average
neutral_by_mse = 0.5 * (0.03 + 0.05)

# %% 13.3 wrong: not made to sum to one
neutral_by_mse = math.sqrt(0.03 * 0.05)

# %% 13.3 wrong: a product
neutral_by_mse = 0.0015 / (0.0096 + 0.0015 + 0.0094)

# %% 13.3 wrong: softmax of probabilities
neutral_by_mse = math.exp(0.04) / (math.exp(0.485) + math.exp(0.04) + math.exp(0.475))

# %% 13.3 wrong: the logit
neutral_by_mse = 0.5 * (math.log(0.03) + math.log(0.05))

# %% 13.3 wrong: another class
neutral_by_mse = 0.4193

# %% 13.3 wrong: the first text's
neutral_by_mse = 0.03

# %% 13.3 wrong: the second text's
neutral_by_mse = 0.05

# %% 13.3 right: by geometric means
means = [math.sqrt(a * b) for a, b in ((0.96, 0.01), (0.03, 0.05), (0.01, 0.94))]
neutral_by_mse = means[1] / sum(means)

# %% 13.3 right: with torch
neutral_by_mse = float(
    torch.tensor([[0.96, 0.03, 0.01], [0.01, 0.05, 0.94]]).log().mean(0).softmax(0)[1]
)


# %% 13.4 wrong: zip
def pairs_by_key(picture_keys, text_keys):
    return [(i, i) for i, _ in enumerate(zip(picture_keys, text_keys))]


# %% 13.4 wrong: sorted
def pairs_by_key(picture_keys, text_keys):
    a = sorted(range(len(picture_keys)), key=lambda i: picture_keys[i])
    b = sorted(range(len(text_keys)), key=lambda j: text_keys[j])
    return list(zip(a, b))


# %% 13.4 wrong: a dict alone
def pairs_by_key(picture_keys, text_keys):
    place = {key: j for j, key in enumerate(text_keys)}
    return [(i, place[key]) for i, key in enumerate(picture_keys) if key in place]


# %% 13.4 wrong: index
def pairs_by_key(picture_keys, text_keys):
    return [(i, text_keys.index(k)) for i, k in enumerate(picture_keys) if k in text_keys]


# %% 13.4 wrong: all combinations
def pairs_by_key(picture_keys, text_keys):
    return [(i, j) for i, a in enumerate(picture_keys) for j, b in enumerate(text_keys) if a == b]


# %% 13.4 wrong: only texts are counted
def pairs_by_key(picture_keys, text_keys):
    count = Counter(text_keys)
    return [(i, text_keys.index(k)) for i, k in enumerate(picture_keys) if count[k] == 1]


# %% 13.4 wrong: a text without a picture stops it
def pairs_by_key(picture_keys, text_keys):
    count = Counter(picture_keys)
    return [(i, text_keys.index(k)) for i, k in enumerate(picture_keys) if count[k] == 1]


# %% 13.4 wrong: in the order of the texts
def pairs_by_key(picture_keys, text_keys):
    a, b = Counter(picture_keys), Counter(text_keys)
    return [(picture_keys.index(k), j) for j, k in enumerate(text_keys) if a[k] == b[k] == 1]


# %% 13.4 wrong: the keys
def pairs_by_key(picture_keys, text_keys):
    a, b = Counter(picture_keys), Counter(text_keys)
    return [(k, k) for k in picture_keys if a[k] == b[k] == 1]


# %% 13.4 right: counters
def pairs_by_key(picture_keys, text_keys):
    a, b = Counter(picture_keys), Counter(text_keys)
    return [(i, text_keys.index(k)) for i, k in enumerate(picture_keys) if a[k] == 1 == b[k]]


# %% 13.4 right: two loops
def pairs_by_key(picture_keys, text_keys):
    pairs = []
    for i, one in enumerate(picture_keys):
        partners = [j for j, other in enumerate(text_keys) if other == one]
        if len(partners) == 1 and picture_keys.count(one) == 1:
            pairs.append((i, partners[0]))
    return pairs


# %% 13.6 wrong: pointwise
def margin_mse(student_scores, teacher_scores):
    return F.mse_loss(student_scores, teacher_scores.detach())


# %% 13.6 wrong: absolute margins
def margin_mse(student_scores, teacher_scores):
    s = (student_scores[:, :1] - student_scores[:, 1:]).abs()
    t = (teacher_scores[:, :1] - teacher_scores[:, 1:]).abs()
    return F.mse_loss(s, t.detach())


# %% 13.6 wrong: one of them is turned round
def margin_mse(student_scores, teacher_scores):
    s = student_scores[:, :1] - student_scores[:, 1:]
    t = teacher_scores[:, 1:] - teacher_scores[:, :1]
    return F.mse_loss(s, t.detach())


# %% 13.6 wrong: a sigmoid
def margin_mse(student_scores, teacher_scores):
    t = teacher_scores.detach().sigmoid()
    s = student_scores
    return F.mse_loss(s[:, :1] - s[:, 1:], t[:, :1] - t[:, 1:])


# %% 13.6 wrong: L1
def margin_mse(student_scores, teacher_scores):
    s, t = student_scores, teacher_scores.detach()
    return F.l1_loss(s[:, :1] - s[:, 1:], t[:, :1] - t[:, 1:])


# %% 13.6 wrong: the sum
def margin_mse(student_scores, teacher_scores):
    s, t = student_scores, teacher_scores.detach()
    return F.mse_loss(s[:, :1] - s[:, 1:], t[:, :1] - t[:, 1:], reduction="sum")


# %% 13.6 wrong: the right passage against itself, too
def margin_mse(student_scores, teacher_scores):
    s, t = student_scores, teacher_scores.detach()
    return F.mse_loss(s[:, :1] - s, t[:, :1] - t)


# %% 13.6 wrong: the teacher is trained
def margin_mse(student_scores, teacher_scores):
    s, t = student_scores, teacher_scores
    return ((s[:, :1] - s[:, 1:] - t[:, :1] + t[:, 1:]) ** 2).mean()


# %% 13.6 wrong: the first wrong one only
def margin_mse(student_scores, teacher_scores):
    s, t = student_scores, teacher_scores.detach()
    return F.mse_loss(s[:, 0] - s[:, 1], t[:, 0] - t[:, 1])


# %% 13.6 right: of differences
def margin_mse(student_scores, teacher_scores):
    apart = student_scores - teacher_scores.detach()
    return (apart[:, :1] - apart[:, 1:]).pow(2).mean()


# %% 13.6 right: pair by pair
def margin_mse(student_scores, teacher_scores):
    total, pairs = 0.0, 0
    for s, t in zip(student_scores, teacher_scores.detach()):
        for j in range(1, len(s)):
            total = total + ((s[0] - s[j]) - (t[0] - t[j])) ** 2
            pairs += 1
    return total / pairs


# %% 13.7 wrong: swapped
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    log_q = (student_scores / student_temperature).log_softmax(-1)
    log_p = (teacher_scores.detach() / teacher_temperature).log_softmax(-1)
    return F.kl_div(log_p, log_q, reduction="batchmean", log_target=True)


# %% 13.7 wrong: kl_div's own mean
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    log_q = (student_scores / student_temperature).log_softmax(-1)
    log_p = (teacher_scores.detach() / teacher_temperature).log_softmax(-1)
    return F.kl_div(log_q, log_p, reduction="mean", log_target=True)


# %% 13.7 wrong: over the questions
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    log_q = (student_scores / student_temperature).log_softmax(0)
    log_p = (teacher_scores.detach() / teacher_temperature).log_softmax(0)
    return (log_p.exp() * (log_p - log_q)).sum(0).mean()


# %% 13.7 wrong: one temperature
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    log_q = (student_scores / teacher_temperature).log_softmax(-1)
    p = (teacher_scores.detach() / teacher_temperature).softmax(-1)
    return F.kl_div(log_q, p, reduction="batchmean")


# %% 13.7 wrong: T squared
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    log_q = (student_scores / student_temperature).log_softmax(-1)
    p = (teacher_scores.detach() / teacher_temperature).softmax(-1)
    return student_temperature**2 * F.kl_div(log_q, p, reduction="batchmean")


# %% 13.7 wrong: a cross-entropy
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    p = (teacher_scores.detach() / teacher_temperature).softmax(-1)
    return F.cross_entropy(student_scores / student_temperature, p)


# %% 13.7 wrong: the logarithm of a softmax that may be 0
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    q = (student_scores / student_temperature).softmax(-1)
    p = (teacher_scores.detach() / teacher_temperature).softmax(-1)
    return (p * (p.log() - q.log())).sum(-1).mean()


# %% 13.7 wrong: the teacher is trained
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    log_q = (student_scores / student_temperature).log_softmax(-1)
    log_p = (teacher_scores / teacher_temperature).log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1).mean()


# %% 13.7 wrong: the right one first
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    first = torch.zeros(len(student_scores), dtype=torch.long)
    return F.cross_entropy(student_scores / student_temperature, first)


# %% 13.7 right: kl_div
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    log_q = F.log_softmax(student_scores / student_temperature, 1)
    p = F.softmax(teacher_scores.detach() / teacher_temperature, 1)
    return F.kl_div(log_q, p, reduction="batchmean")


# %% 13.7 right: question by question
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    total = 0.0
    for s, t in zip(student_scores, teacher_scores.detach()):
        log_p = torch.log_softmax(t / teacher_temperature, 0)
        log_q = torch.log_softmax(s / student_temperature, 0)
        total = total + torch.dot(log_p.exp(), log_p - log_q)
    return total / len(student_scores)


# %% 13.8 wrong: copies stay
def in_batch_loss(questions, passages, ids):
    return F.cross_entropy(questions @ passages.T, torch.arange(len(ids)))


# %% 13.8 wrong: by vectors
def in_batch_loss(questions, passages, ids):
    scores = questions @ passages.T
    same = torch.cdist(passages, passages) < 1e-6
    same.fill_diagonal_(False)
    return F.cross_entropy(scores.masked_fill(same, -torch.inf), torch.arange(len(ids)))


# %% 13.8 wrong: by vectors that are near
def in_batch_loss(questions, passages, ids):
    same = torch.cdist(passages, passages) < 1.0
    same.fill_diagonal_(False)
    scores = (questions @ passages.T).masked_fill(same, -torch.inf)
    return F.cross_entropy(scores, torch.arange(len(ids)))


# %% 13.8 wrong: by cosines that are near 1
def in_batch_loss(questions, passages, ids):
    unit = F.normalize(passages, dim=-1)
    same = (unit @ unit.T > 0.95) & ~torch.eye(len(ids), dtype=torch.bool)
    scores = (questions @ passages.T).masked_fill(same, -torch.inf)
    return F.cross_entropy(scores, torch.arange(len(ids)))


# %% 13.8 wrong: the diagonal, too
def in_batch_loss(questions, passages, ids):
    scores = questions @ passages.T
    scores = scores.masked_fill(ids[:, None] == ids[None], -1e9)
    return F.cross_entropy(scores, torch.arange(len(ids)))


# %% 13.8 wrong: zero for a copy
def in_batch_loss(questions, passages, ids):
    copy = (ids[:, None] == ids[None]) & ~torch.eye(len(ids), dtype=torch.bool)
    return F.cross_entropy((questions @ passages.T) * ~copy, torch.arange(len(ids)))


# %% 13.8 wrong: several right ones
def in_batch_loss(questions, passages, ids):
    scores = questions @ passages.T
    same = ids[:, None] == ids[None]
    right = scores.masked_fill(~same, -torch.inf).logsumexp(-1)
    return (scores.logsumexp(-1) - right).mean()


# %% 13.8 wrong: along the other dimension
def in_batch_loss(questions, passages, ids):
    copy = (ids[:, None] == ids[None]) & ~torch.eye(len(ids), dtype=torch.bool)
    scores = (questions @ passages.T).masked_fill(copy, -torch.inf)
    return -scores.log_softmax(0).diagonal().mean()


# %% 13.8 wrong: cosines
def in_batch_loss(questions, passages, ids):
    copy = (ids[:, None] == ids[None]) & ~torch.eye(len(ids), dtype=torch.bool)
    scores = F.normalize(questions, dim=1) @ F.normalize(passages, dim=1).T
    return F.cross_entropy(scores.masked_fill(copy, -torch.inf), torch.arange(len(ids)))


# %% 13.8 wrong: summed
def in_batch_loss(questions, passages, ids):
    copy = (ids[:, None] == ids[None]) & ~torch.eye(len(ids), dtype=torch.bool)
    scores = (questions @ passages.T).masked_fill(copy, -torch.inf)
    return F.cross_entropy(scores, torch.arange(len(ids)), reduction="sum")


# %% 13.8 wrong: questions with copies are dropped
def in_batch_loss(questions, passages, ids):
    kept = torch.tensor([(ids == i).sum() == 1 for i in ids])
    if not kept.any():
        return 0.0 * questions.sum()
    loss = F.cross_entropy(questions @ passages.T, torch.arange(len(ids)), reduction="none")
    return loss[kept].mean()


# %% 13.8 right: cross_entropy
def in_batch_loss(questions, passages, ids):
    copy = (ids[:, None] == ids[None]) & ~torch.eye(len(ids), dtype=torch.bool)
    scores = (questions @ passages.T).masked_fill(copy, -torch.inf)
    return F.cross_entropy(scores, torch.arange(len(ids)))


# %% 13.8 right: question by question
def in_batch_loss(questions, passages, ids):
    total = 0.0
    for i, q in enumerate(questions):
        there = [j for j in range(len(ids)) if j == i or ids[j] != ids[i]]
        scores = passages[there] @ q
        total = total + torch.logsumexp(scores, 0) - passages[i] @ q
    return total / len(questions)


# %% 13.9 wrong: the whole length
def mean_pool(vectors, mask):
    return vectors.mean(1)


# %% 13.9 wrong: times the mask
def mean_pool(vectors, mask):
    m = mask.unsqueeze(-1).to(vectors.dtype)
    return (vectors * m).sum(1) / m.sum(1).clamp(min=1)


# %% 13.9 wrong: times the mask, then nothing is looked after
def mean_pool(vectors, mask):
    m = mask.unsqueeze(-1).float()
    return (vectors * m).sum(1) / m.sum(1)


# %% 13.9 wrong: only NaN is looked after
def mean_pool(vectors, mask):
    clean = torch.where(torch.isnan(vectors), 0.0, vectors)
    return (clean * mask[..., None]).sum(1) / mask.sum(1)[:, None].clamp(min=1)


# %% 13.9 wrong: CLS
def mean_pool(vectors, mask):
    return vectors[:, 0]


# %% 13.9 wrong: summed
def mean_pool(vectors, mask):
    return torch.where(mask.bool()[..., None], vectors, 0.0).sum(1)


# %% 13.9 wrong: divided by the length
def mean_pool(vectors, mask):
    return torch.where(mask.bool()[..., None], vectors, 0.0).mean(1)


# %% 13.9 wrong: padding on the right is taken for granted
def mean_pool(vectors, mask):
    rows = []
    for row, n in zip(vectors, mask.sum(1).tolist()):
        rows.append(row[:n].mean(0) if n else torch.zeros(vectors.shape[-1]))
    return torch.stack(rows)


# %% 13.9 wrong: a text without a token is 0/0
def mean_pool(vectors, mask):
    there = mask.bool()
    kept = torch.where(there[..., None], vectors, 0.0)
    return kept.sum(1) / there.sum(1, keepdim=True)


# %% 13.9 wrong: tilde on integers
def mean_pool(vectors, mask):
    kept = vectors.masked_fill(mask.bool()[..., None], 0.0).nan_to_num()
    return kept.sum(1) / (~mask.bool()).sum(1, keepdim=True).clamp(min=1)


# %% 13.9 right: masked_fill
def mean_pool(vectors, mask):
    kept = vectors.masked_fill(mask[..., None] == 0, 0.0)
    return kept.sum(dim=1) / mask.sum(dim=1).clamp(min=1)[:, None]


# %% 13.9 right: text by text
def mean_pool(vectors, mask):
    rows = []
    for row, there in zip(vectors, mask.bool()):
        rows.append(row[there].mean(0) if there.any() else torch.zeros_like(row[0]))
    return torch.stack(rows)


# %% 13.10 wrong: argsort
def mrr(scores, right, k):
    order = scores.argsort(1, descending=True)
    rank = (order == right[:, None]).float().argmax(1) + 1
    return torch.where(rank <= k, 1 / rank, 0.0).mean()


# %% 13.10 wrong: greater only
def mrr(scores, right, k):
    own = scores[torch.arange(len(right)), right]
    rank = (scores > own[:, None]).sum(1) + 1
    return torch.where(rank <= k, 1 / rank, 0.0).mean()


# %% 13.10 wrong: k is forgotten
def mrr(scores, right, k):
    own = scores.gather(1, right[:, None])
    return (1 / (scores >= own).sum(1)).mean()


# %% 13.10 wrong: what is not found counts 1/k
def mrr(scores, right, k):
    own = scores.gather(1, right[:, None])
    return (1 / (scores >= own).sum(1).clamp(max=k)).mean()


# %% 13.10 wrong: what is not found is left out
def mrr(scores, right, k):
    own = scores.gather(1, right[:, None])
    rank = (scores >= own).sum(1)
    found = rank[rank <= k]
    return (1 / found).mean() if len(found) else torch.tensor(0.0)


# %% 13.10 wrong: recall
def mrr(scores, right, k):
    own = scores.gather(1, right[:, None])
    return ((scores >= own).sum(1) <= k).float().mean()


# %% 13.10 wrong: the mean rank's reciprocal
def mrr(scores, right, k):
    own = scores.gather(1, right[:, None])
    return 1 / (scores >= own).sum(1).float().mean()


# %% 13.10 wrong: topk decides what is found
def mrr(scores, right, k):
    own = scores.gather(1, right[:, None])
    rank = (scores >= own).sum(1).float()
    top = scores.topk(k).indices
    return ((top == right[:, None]).any(1) / rank).mean()


# %% 13.10 wrong: from 0
def mrr(scores, right, k):
    own = scores.gather(1, right[:, None])
    rank = (scores >= own).sum(1) + 1
    return torch.where(rank <= k + 1, 1 / rank, 0.0).mean()


# %% 13.10 wrong: smallest first
def mrr(scores, right, k):
    own = scores.gather(1, right[:, None])
    rank = (scores <= own).sum(1)
    return torch.where(rank <= k, 1 / rank, 0.0).mean()


# %% 13.10 wrong: one a question
def mrr(scores, right, k):
    own = scores.gather(1, right[:, None])
    rank = (scores >= own).sum(1)
    return torch.where(rank <= k, 1 / rank, 0.0)


# %% 13.10 right: numpy
def mrr(scores, right, k):
    s = scores.numpy()
    rank = (s >= s[np.arange(len(s)), right.numpy()][:, None]).sum(1)
    return float(np.where(rank <= k, 1 / rank, 0).mean())


# %% 13.10 right: question by question
def mrr(scores, right, k):
    total = 0.0
    for row, j in zip(scores.tolist(), right.tolist()):
        rank = sum(other >= row[j] for other in row)
        total += 1 / rank if rank <= k else 0
    return torch.tensor(total / len(scores))


# %% 13.5 wrong: a
good_pair = "a"

# %% 13.5 wrong: c
good_pair = "c"

# %% 13.5 wrong: d
good_pair = "d"

# %% 13.5 right: b
good_pair = "b"

# %% 13.5 right: by name
answers = {"Ann": "a", "Ben": "b"}
good_pair = answers["Ben"]
