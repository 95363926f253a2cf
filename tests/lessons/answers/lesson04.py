# %% setup
import math

import numpy as np
import torch
import torch.nn.functional as F


# %% 04.1 wrong: the divergence is KL(teacher ‖ truth)
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (teacher * (teacher.log() - truth.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: grouped by the teacher's entropy
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(teacher * teacher.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: the entropy is in bits
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log2()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: the divergence is in bits
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log2() - teacher.log2())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: a row exactly at an edge falls into the group below
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype))
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: the group from the last edge upwards is missing
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges))])


# %% 04.1 wrong: the group below the first edge is missing
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(1, len(edges) + 1)])


# %% 04.1 wrong: an empty group gets 0 instead of NaN
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)]).nan_to_num(0.0)


# %% 04.1 wrong: groups without rows are left out
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in group.unique()])


# %% 04.1 wrong: the sum in each group instead of the mean
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].sum() for g in range(len(edges) + 1)])


# %% 04.1 wrong: divided by the number of all rows
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([(kl * (group == g)).mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: the terms are averaged over the classes
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).mean(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: cross-entropy instead of KL
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = -(truth * teacher.log()).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: kl_div is given the teacher without its log
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = F.kl_div(teacher, truth, reduction="none").sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: each group also holds all clearer rows
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group <= g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: from the most ambiguous to the clearest
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)]).flip(0)


# %% 04.1 wrong: grouped by the divergence instead of the entropy
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(kl, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: the minus sign of the entropy is missing
def gap_by_ambiguity(truth, teacher, edges):
    entropy = (truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: the entropy is divided by the log of the number of classes
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    entropy = entropy / math.log(truth.shape[-1])
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: the median in each group
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].median() for g in range(len(edges) + 1)])


# %% 04.1 wrong: the teacher's argument is turned into logs in place
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    kl = (truth * (truth.log() - teacher.log_())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: groups by the largest probability instead of the entropy
def gap_by_ambiguity(truth, teacher, edges):
    entropy = 1 - truth.max(-1).values
    kl = (truth * (truth.log() - teacher.log())).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    return torch.stack([kl[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: KL between the mean distributions of a group
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -(truth * truth.log()).sum(-1)
    group = torch.bucketize(entropy, torch.tensor(edges, dtype=entropy.dtype), right=True)
    found = []
    for g in range(len(edges) + 1):
        p, q = truth[group == g].mean(0), teacher[group == g].mean(0)
        found.append((p * (p / q).log()).sum())
    return torch.stack(found)


# %% 04.1 right: sums and counts by bincount, 0 / 0 is NaN
def gap_by_ambiguity(truth, teacher, edges):
    bounds = torch.tensor(edges, dtype=truth.dtype)
    group = torch.bucketize(torch.special.entr(truth).sum(-1), bounds, right=True)
    kl = F.kl_div(teacher.log(), truth, reduction="none").sum(-1)
    groups = len(edges) + 1
    return torch.bincount(group, kl, groups) / torch.bincount(group, minlength=groups)


# %% 04.1 right: with numpy's digitize
def gap_by_ambiguity(p, q, cuts):
    p, q = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    group = np.digitize(-(p * np.log(p)).sum(-1), np.array(cuts, dtype=np.float64))
    kl = (p * np.log(p / q)).sum(-1)
    found = np.full(len(cuts) + 1, np.nan)
    for g in np.unique(group):
        found[g] = kl[group == g].mean()
    return torch.from_numpy(found)


# %% 04.1 right: row by row in plain Python
def gap_by_ambiguity(truth, teacher, edges):
    groups = [[] for _ in range(len(edges) + 1)]
    for p, q in zip(truth.tolist(), teacher.tolist()):
        entropy = -sum(x * math.log(x) for x in p)
        where = sum(entropy >= edge for edge in edges)
        groups[where].append(sum(x * math.log(x / y) for x, y in zip(p, q)))
    means = [sum(g) / len(g) if g else math.nan for g in groups]
    return torch.tensor(means, dtype=truth.dtype)


# %% 04.1 right: membership matrix and einsum, KL as cross-entropy less entropy
def gap_by_ambiguity(truth, teacher, edges):
    entropy = -torch.einsum("rc,rc->r", truth, truth.log())
    kl = -torch.einsum("rc,rc->r", truth, teacher.log()) - entropy
    group = sum((entropy >= edge).long() for edge in edges) + torch.zeros_like(entropy).long()
    member = F.one_hot(group, len(edges) + 1).to(kl.dtype)
    return torch.einsum("rg,r->g", member, kl) / member.sum(0)


# %% 04.1 wrong: KL the other way round
def gap_by_ambiguity(truth, teacher, edges):
    h = -(truth * truth.log()).sum(-1)
    gap = (teacher * (teacher / truth).log()).sum(-1)
    group = torch.bucketize(h, torch.tensor(edges, dtype=h.dtype), right=True)
    return torch.stack([gap[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: cross-entropy instead of KL (once more)
def gap_by_ambiguity(truth, teacher, edges):
    h = -(truth * truth.log()).sum(-1)
    gap = -(truth * teacher.log()).sum(-1)
    group = torch.bucketize(h, torch.tensor(edges, dtype=h.dtype), right=True)
    return torch.stack([gap[group == g].mean() for g in range(len(edges) + 1)])


# %% 04.1 wrong: grouped by the teacher's entropy (once more)
def gap_by_ambiguity(truth, teacher, edges):
    h = -(teacher * teacher.log()).sum(-1)
    gap = (truth * (truth / teacher).log()).sum(-1)
    bounds = [-math.inf, *edges, math.inf]
    return torch.stack([gap[(h >= lo) & (h < hi)].mean() for lo, hi in zip(bounds, bounds[1:])])


# %% 04.1 wrong: an empty group gets 0
def gap_by_ambiguity(truth, teacher, edges):
    h = -(truth * truth.log()).sum(-1)
    gap = (truth * (truth / teacher).log()).sum(-1)
    bounds = [0.0, *edges, float("inf")]
    result = torch.zeros(len(edges) + 1, dtype=gap.dtype)
    for i in range(len(edges) + 1):
        inside = (h >= bounds[i]) & (h < bounds[i + 1])
        if inside.any():
            result[i] = gap[inside].mean()
    return result


# %% 04.1 right: sums and counts by index_add
def gap_by_ambiguity(truth, teacher, edges):
    h = torch.special.entr(truth).sum(-1)
    gap = F.kl_div(teacher.log(), truth, reduction="none").sum(-1)
    group = sum((h >= e).long() for e in edges)
    zeros = torch.zeros(len(edges) + 1, dtype=gap.dtype)
    return zeros.index_add(0, group, gap) / zeros.index_add(0, group, torch.ones_like(gap))


# %% 04.2 wrong: softmax of the probabilities divided by T
def soften(p, temperature):
    return (p / temperature).softmax(-1)


# %% 04.2 wrong: the log is multiplied by T
def soften(p, temperature):
    return (p.log() * temperature).softmax(-1)


# %% 04.2 wrong: the powers are not made to sum to one
def soften(p, temperature):
    return p ** (1 / temperature)


# %% 04.2 wrong: a small number is added, so zeros do not stay zeros
def soften(p, temperature):
    return ((p + 1e-8).log() / temperature).softmax(-1)


# %% 04.2 wrong: zeros are clamped to 1e-6
def soften(p, temperature):
    return (p.clamp(min=1e-6).log() / temperature).softmax(-1)


# %% 04.2 wrong: log of zero is set to zero, as in 0 log 0
def soften(p, temperature):
    logs = torch.where(p > 0, p.log(), torch.zeros_like(p))
    return (logs / temperature).softmax(-1)


# %% 04.2 wrong: zeros are put back after the rows were made to sum to one
def soften(p, temperature):
    softened = ((p + 1e-6).log() / temperature).softmax(-1)
    return softened * (p > 0)


# %% 04.2 wrong: logits centred by their mean, NaN where a class is zero
def soften(p, temperature):
    z = p.log()
    z = z - z.mean(-1, keepdim=True)
    return (z / temperature).softmax(-1)


# %% 04.2 wrong: classes with probability zero are dropped
def soften(p, temperature):
    p = p[p > 0]
    return (p.log() / temperature).softmax(-1)


# %% 04.2 wrong: made to sum to one over the first dimension
def soften(p, temperature):
    return (p.log() / temperature).softmax(0)


# %% 04.2 wrong: dimension 1 instead of the last
def soften(p, temperature):
    return (p.log() / temperature).softmax(1)


# %% 04.2 wrong: made to sum to one over all rows together
def soften(p, temperature):
    powers = p ** (1 / temperature)
    return powers / powers.sum()


# %% 04.2 wrong: the sum does not keep its dimension
def soften(p, temperature):
    powers = p ** (1 / temperature)
    return powers / powers.sum(-1)


# %% 04.2 wrong: p ** 1 / T, the brackets are missing
def soften(p, temperature):
    powers = p**1 / temperature
    return powers / powers.sum(-1, keepdim=True)


# %% 04.2 wrong: mixed with the even distribution
def soften(p, temperature):
    even = torch.full_like(p, 1 / p.shape[-1])
    return p / temperature + (1 - 1 / temperature) * even


# %% 04.2 wrong: the result is multiplied by T²
def soften(p, temperature):
    return temperature**2 * (p.log() / temperature).softmax(-1)


# %% 04.2 wrong: divided by T²
def soften(p, temperature):
    return (p.log() / temperature**2).softmax(-1)


# %% 04.2 wrong: always the square root, whatever T is
def soften(p, temperature):
    roots = p.sqrt()
    return roots / roots.sum(-1, keepdim=True)


# %% 04.2 wrong: the argument is raised to a power in place
def soften(p, temperature):
    p.pow_(1 / temperature)
    return p / p.sum(-1, keepdim=True)


# %% 04.2 wrong: log-probabilities are returned
def soften(p, temperature):
    return (p.log() / temperature).log_softmax(-1)


# %% 04.2 wrong: temperatures below one are treated as one
def soften(p, temperature):
    return (p.log() / max(temperature, 1.0)).softmax(-1)


# %% 04.2 wrong: logarithms to base 10
def soften(p, temperature):
    return (p.log10() / temperature).softmax(-1)


# %% 04.2 wrong: divided by the Euclidean length of the row instead of its sum
def soften(p, temperature):
    powers = p ** (1 / temperature)
    return F.normalize(powers, dim=-1)


# %% 04.2 wrong: whole division of one by T
def soften(p, temperature):
    powers = p ** (1 // temperature)
    return powers / powers.sum(-1, keepdim=True)


# %% 04.2 wrong: the logit is taken as log p - log(1 - p)
def soften(p, temperature):
    return (p.logit() / temperature).softmax(-1)


# %% 04.2 right: powers, after dividing by the largest
def soften(p, temperature):
    powers = (p / p.amax(-1, keepdim=True)) ** (1 / temperature)
    return powers / powers.sum(-1, keepdim=True)


# %% 04.2 right: with logsumexp
def soften(p, temperature):
    z = p.log() / temperature
    return (z - z.logsumexp(-1, keepdim=True)).exp()


# %% 04.2 right: numpy, one row after the other
def soften(q, t):
    rows = np.asarray(q, dtype=np.float64).reshape(-1, q.shape[-1])
    out = np.zeros_like(rows)
    for i, row in enumerate(rows):
        possible = row > 0
        z = np.log(row[possible]) / t
        e = np.exp(z - z.max())
        out[i, possible] = e / e.sum()
    return torch.tensor(out, dtype=q.dtype).reshape(q.shape)


# %% 04.2 right: zeros masked with minus infinity before the softmax
def soften(p, temperature):
    possible = p > 0
    z = torch.where(possible, p, torch.ones_like(p)).log()
    return F.softmax(z.masked_fill(~possible, -math.inf) / temperature, dim=-1)


# %% 04.2 wrong: takes probabilities for logits
def soften(p, temperature):
    return torch.softmax(p / temperature, dim=-1)


# %% 04.2 wrong: the power upside down
def soften(p, temperature):
    powered = p**temperature
    return powered / powered.sum(-1, keepdim=True)


# %% 04.2 wrong: an epsilon brings ruled-out classes back
def soften(p, temperature):
    return torch.softmax(torch.log(p + 1e-9) / temperature, dim=-1)


# %% 04.2 wrong: not normalised again
def soften(p, temperature):
    return p ** (1 / temperature)


# %% 04.2 right: powers of the ratio to the largest
def soften(p, temperature):
    ratio = p.double() / p.double().amax(-1, keepdim=True)
    powered = ratio.pow(1 / temperature)
    return powered / powered.sum(-1, keepdim=True)


# %% 04.3 wrong: the probabilities are averaged instead of the logs
def bias_and_variance(log_q, p):
    mean = log_q.exp().mean(0).log()
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the mean of the logs is not made to sum to one
def bias_and_variance(log_q, p):
    mean = log_q.mean(0)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the bias is KL(mean ‖ truth)
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (mean.exp() * (mean - p.log())).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the variance is KL(student ‖ mean)
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (log_q.exp() * (log_q - mean)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: variance before bias
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([variance, bias])


# %% 04.3 wrong: not averaged over the rows
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1)
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean(0)
    return torch.stack([bias, variance])


# %% 04.3 wrong: summed over the rows
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).sum()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean(0).sum()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the variance is summed over the students
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).sum(0).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the variance is divided by students less one
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = ((mean.exp() * (mean - log_q)).sum(-1).sum(0) / (len(log_q) - 1)).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the logs are averaged over the rows
def bias_and_variance(log_q, p):
    mean = log_q.mean(1).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the softmax runs over the rows
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(0)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the error in the place of the bias
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - log_q)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the error in the place of the variance
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (p * (p.log() - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the statistical variance of the logs
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = log_q.var(0).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: squared distances of the probabilities
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p - mean.exp()).square().sum(-1).mean()
    variance = (log_q.exp() - mean.exp()).square().sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: averaged over the classes, too
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).mean(-1).mean()
    variance = (mean.exp() * (mean - log_q)).mean(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: in bits
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance]) / math.log(2)


# %% 04.3 wrong: the bias is squared
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias**2, variance])


# %% 04.3 wrong: the variance's minus sign is lost
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (log_q - mean)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the bias is a cross-entropy
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = -(p * mean).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the argument is changed in place
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = -(mean.exp() * log_q.sub_(mean)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the logs are summed over the students, not averaged
def bias_and_variance(log_q, p):
    mean = log_q.sum(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the product of the probabilities underflows
def bias_and_variance(log_q, p):
    mean = (log_q.exp().prod(0) ** (1 / len(log_q))).log().log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the median of the logs
def bias_and_variance(log_q, p):
    mean = log_q.median(0).values.log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = (mean.exp() * (mean - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: kl_div with batchmean divides the variance by the students only
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = (p * (p.log() - mean)).sum(-1).mean()
    variance = F.kl_div(log_q, mean.exp().expand_as(log_q), reduction="batchmean")
    return torch.stack([bias, variance])


# %% 04.3 right: the variance is minus the log of the normaliser
def bias_and_variance(log_q, p):
    average = log_q.mean(dim=0)
    log_z = torch.logsumexp(average, dim=-1, keepdim=True)
    bias = (p * (p.log() - average + log_z)).sum(-1)
    return torch.stack([bias.mean(), -log_z.mean()])


# %% 04.3 right: the variance as error less bias
def bias_and_variance(log_q, p):
    mean = F.log_softmax(log_q.mean(0), dim=-1)
    error = torch.einsum("rc,mrc->mr", p, p.log() - log_q).mean()
    bias = torch.einsum("rc,rc->r", p, p.log() - mean).mean()
    return torch.stack((bias, error - bias))


# %% 04.3 right: numpy, row by row and student by student
def bias_and_variance(log_answers, truth):
    logs = np.asarray(log_answers, dtype=np.float64)
    p = np.asarray(truth, dtype=np.float64)
    bias = variance = 0.0
    for r in range(len(p)):
        mean = logs[:, r].mean(0)
        mean = mean - np.logaddexp.reduce(mean)
        bias += (p[r] * (np.log(p[r]) - mean)).sum() / len(p)
        for log_q in logs[:, r]:
            variance += (np.exp(mean) * (mean - log_q)).sum() / len(p) / len(logs)
    return torch.tensor([bias, variance], dtype=log_answers.dtype)


# %% 04.3 right: two calls of kl_div
def bias_and_variance(log_q, p):
    mean = log_q.mean(0).log_softmax(-1)
    bias = F.kl_div(mean, p, reduction="batchmean")
    variance = [F.kl_div(each, mean, reduction="batchmean", log_target=True) for each in log_q]
    return torch.stack([bias, sum(variance) / len(variance)])


# %% 04.3 wrong: the mean of the probabilities
def bias_and_variance(log_q, p):
    log_bar = torch.logsumexp(log_q, dim=0) - math.log(len(log_q))
    bias = (p * (p.log() - log_bar)).sum(-1).mean()
    variance = (log_bar.exp() * (log_bar - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the geometric mean not normalised
def bias_and_variance(log_q, p):
    log_bar = log_q.mean(dim=0)
    bias = (p * (p.log() - log_bar)).sum(-1).mean()
    variance = (log_bar.exp() * (log_bar - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the variance's KL the other way round
def bias_and_variance(log_q, p):
    log_bar = F.log_softmax(log_q.mean(dim=0), dim=-1)
    bias = (p * (p.log() - log_bar)).sum(-1).mean()
    variance = (log_q.exp() * (log_q - log_bar)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 wrong: the bias's KL the other way round
def bias_and_variance(log_q, p):
    log_bar = F.log_softmax(log_q.mean(dim=0), dim=-1)
    bar = log_bar.exp()
    bias = (bar * (log_bar - p.log())).sum(-1).mean()
    variance = (bar * (log_bar - log_q)).sum(-1).mean()
    return torch.stack([bias, variance])


# %% 04.3 right: the variance from the normaliser
def bias_and_variance(log_q, p):
    mean = log_q.double().mean(0)
    variance = -mean.logsumexp(-1)
    error = (p.double() * (p.double().log() - mean)).sum(-1)
    return torch.stack([(error - variance).mean(), variance.mean()])


# %% 04.4 wrong: letter a
why_the_teacher = "a"


# %% 04.4 wrong: letter b
why_the_teacher = "b"


# %% 04.4 wrong: letter c
why_the_teacher = "c"


# %% 04.4 right: the letter
why_the_teacher = "d"


# %% 04.4 right: in brackets
why_the_teacher = "(d)"


# %% 04.4 right: a capital
why_the_teacher = "D"


# %% 04.4 right: with spaces around
why_the_teacher = " d "


# %% 04.5 wrong: letter a
reading_the_map = "a"


# %% 04.5 wrong: letter c
reading_the_map = "c"


# %% 04.5 wrong: letter d
reading_the_map = "d"


# %% 04.5 right: the letter
reading_the_map = "b"


# %% 04.5 right: in brackets
reading_the_map = "(b)"


# %% 04.5 right: a capital
reading_the_map = "B"


# %% 04.5 right: with spaces around
reading_the_map = " b "


# %% 04.6 wrong: epsilon is spread over the other classes only
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return (1 - epsilon) * one_hot + epsilon / (classes - 1) * (1 - one_hot)


# %% 04.6 wrong: the label gets no share of epsilon
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return (1 - epsilon) * one_hot + epsilon / classes * (1 - one_hot)


# %% 04.6 wrong: epsilon and 1 - epsilon are swapped
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return epsilon * one_hot + (1 - epsilon) / classes


# %% 04.6 wrong: as many classes as the largest label says
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels).float()
    return (1 - epsilon) * one_hot + epsilon / one_hot.shape[1]


# %% 04.6 wrong: always three classes
def smoothed_targets(labels, classes, epsilon):
    return (1 - epsilon) * torch.eye(3)[labels] + epsilon / 3


# %% 04.6 wrong: epsilon is divided by the number of rows
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return (1 - epsilon) * one_hot + epsilon / len(labels)


# %% 04.6 wrong: written into a tensor of whole numbers
def smoothed_targets(labels, classes, epsilon):
    targets = F.one_hot(labels, classes)
    targets[:] = (1 - epsilon) * targets + epsilon / classes
    return targets


# %% 04.6 wrong: nothing is taken from the label
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return one_hot + epsilon / classes


# %% 04.6 wrong: epsilon is ignored
def smoothed_targets(labels, classes, epsilon):
    return F.one_hot(labels, classes).float()


# %% 04.6 wrong: classes are counted from one
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot((labels - 1) % classes, classes).float()
    return (1 - epsilon) * one_hot + epsilon / classes


# %% 04.6 wrong: shape (classes, rows)
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return ((1 - epsilon) * one_hot + epsilon / classes).T


# %% 04.6 wrong: every class gets all of epsilon
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return (1 - epsilon) * one_hot + epsilon


# %% 04.6 wrong: epsilon is spread over the classes that occur
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    occur = one_hot.amax(0)
    return (1 - epsilon) * one_hot + epsilon * occur / occur.sum()


# %% 04.6 wrong: a softmax over the smoothed labels
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return ((1 - epsilon) * one_hot + epsilon / classes).softmax(-1)


# %% 04.6 wrong: whole numbers come back when epsilon is zero
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes)
    if epsilon == 0:
        return one_hot
    return (1 - epsilon) * one_hot + epsilon / classes


# %% 04.6 wrong: every row gets the labels of all rows
def smoothed_targets(labels, classes, epsilon):
    targets = torch.full((len(labels), classes), epsilon / classes)
    targets[:, labels] += 1 - epsilon
    return targets


# %% 04.6 wrong: logs of the distributions
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return ((1 - epsilon) * one_hot + epsilon / classes).log()


# %% 04.6 wrong: epsilon goes to the next class only
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return (1 - epsilon) * one_hot + epsilon * one_hot.roll(1, dims=-1)


# %% 04.6 wrong: epsilon is 0.1 whatever is asked for
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return 0.9 * one_hot + 0.1 / classes


# %% 04.6 wrong: epsilon is a percentage
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return (1 - epsilon / 100) * one_hot + epsilon / 100 / classes


# %% 04.6 wrong: one row less: the first label is skipped
def smoothed_targets(labels, classes, epsilon):
    targets = torch.full((len(labels), classes), epsilon / classes)
    for row in range(1, len(labels)):
        targets[row, labels[row]] += 1 - epsilon
    return targets


# %% 04.6 wrong: the loss instead of the targets
def smoothed_targets(labels, classes, epsilon):
    logits = torch.eye(classes)[labels]
    return F.cross_entropy(logits, labels, label_smoothing=epsilon)


# %% 04.6 wrong: the mean over the rows
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes).float()
    return ((1 - epsilon) * one_hot + epsilon / classes).mean(0)


# %% 04.6 wrong: a full matrix for the classes, not picked by the labels
def smoothed_targets(labels, classes, epsilon):
    return (1 - epsilon) * torch.eye(len(labels), classes) + epsilon / classes


# %% 04.6 right: scatter_add into an even table
def smoothed_targets(labels, classes, epsilon):
    targets = torch.full((len(labels), classes), float(epsilon) / classes)
    share = torch.full((len(labels), 1), 1.0 - epsilon)
    return targets.scatter_add(1, labels.long()[:, None], share)


# %% 04.6 right: rows of a smoothed identity matrix
def smoothed_targets(y, k, eps):
    return torch.lerp(torch.eye(k), torch.full((k, k), 1 / k), float(eps))[y.long()]


# %% 04.6 right: numpy in float64
def smoothed_targets(labels, classes, epsilon):
    table = np.full((len(labels), classes), epsilon / classes)
    table[np.arange(len(labels)), np.asarray(labels, dtype=int)] += 1 - epsilon
    return torch.from_numpy(table)


# %% 04.6 right: others first, the label gets what is left
def smoothed_targets(labels, classes, epsilon):
    is_label = labels[:, None] == torch.arange(classes)
    other = epsilon / classes
    return torch.where(is_label, 1.0 - (classes - 1) * other, float(other))


# %% 04.6 wrong: epsilon shared among the other classes only
def smoothed_targets(labels, classes, epsilon):
    t = torch.full((len(labels), classes), epsilon / (classes - 1))
    t[torch.arange(len(labels)), labels] = 1 - epsilon
    return t


# %% 04.6 wrong: the label does not get its share of epsilon
def smoothed_targets(labels, classes, epsilon):
    t = torch.full((len(labels), classes), epsilon / classes)
    return t.scatter(1, labels.unsqueeze(1), 1 - epsilon)


# %% 04.6 wrong: the number of classes guessed from the labels
def smoothed_targets(labels, classes, epsilon):
    return F.one_hot(labels).float() * (1 - epsilon) + epsilon / classes


# %% 04.6 wrong: whole numbers at epsilon 0
def smoothed_targets(labels, classes, epsilon):
    one_hot = F.one_hot(labels, classes)
    if epsilon == 0:
        return one_hot
    return one_hot * (1 - epsilon) + epsilon / classes


# %% 04.6 right: rows picked out of a matrix
def smoothed_targets(labels, classes, epsilon):
    table = torch.lerp(
        torch.eye(classes), torch.full((classes, classes), 1 / classes), float(epsilon)
    )
    return table[labels]


# %% 04.7 wrong: alpha weighs the label
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return (1 - alpha) * teacher_p + alpha * y


# %% 04.7 wrong: a geometric mixture
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    mixed = teacher_p**alpha * y ** (1 - alpha)
    return mixed / mixed.sum(-1, keepdim=True)


# %% 04.7 wrong: a softmax over the mixed log-probabilities and labels
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return (alpha * teacher_p.log() + (1 - alpha) * y).softmax(-1)


# %% 04.7 wrong: the label keeps its full weight
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return alpha * teacher_p + y


# %% 04.7 wrong: the teacher keeps its full weight
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return teacher_p + (1 - alpha) * y


# %% 04.7 wrong: full weights, made to sum to one afterwards
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    mixed = alpha * teacher_p + y
    return mixed / mixed.sum(-1, keepdim=True)


# %% 04.7 wrong: half and half, whatever alpha is
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return 0.5 * teacher_p + 0.5 * y


# %% 04.7 wrong: a softmax over the mixture
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return (alpha * teacher_p + (1 - alpha) * y).softmax(-1)


# %% 04.7 wrong: the teacher's probabilities go through softmax again
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return alpha * teacher_p.softmax(-1) + (1 - alpha) * y


# %% 04.7 wrong: the teacher's favourite in place of the label
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(teacher_p.argmax(-1), teacher_p.shape[-1])
    return alpha * teacher_p + (1 - alpha) * y


# %% 04.7 wrong: as many classes as the largest label says
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels)
    return alpha * teacher_p + (1 - alpha) * y


# %% 04.7 wrong: every row gets the labels of all rows
def implied_target(teacher_p, labels, alpha):
    target = alpha * teacher_p
    target[:, labels] += 1 - alpha
    return target


# %% 04.7 wrong: the argument is scaled in place
def implied_target(teacher_p, labels, alpha):
    target = teacher_p.mul_(alpha)
    target[torch.arange(len(labels)), labels] += 1 - alpha
    return target


# %% 04.7 wrong: the label's share is set, not added
def implied_target(teacher_p, labels, alpha):
    target = alpha * teacher_p
    target[torch.arange(len(labels)), labels] = 1 - alpha
    return target


# %% 04.7 wrong: label smoothing: the teacher's share is spread evenly
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return alpha / teacher_p.shape[-1] + (1 - alpha) * y


# %% 04.7 wrong: alpha zero is taken for not given
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    alpha = alpha or 0.5
    return alpha * teacher_p + (1 - alpha) * y


# %% 04.7 wrong: the label only counts where the teacher is wrong
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    wrong = (teacher_p.argmax(-1) != labels)[:, None]
    return torch.where(wrong, alpha * teacher_p + (1 - alpha) * y, teacher_p)


# %% 04.7 wrong: the teacher's share of the label is removed first
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    dark = teacher_p * (1 - y)
    dark = dark / dark.sum(-1, keepdim=True)
    return alpha * dark + (1 - alpha) * y


# %% 04.7 wrong: the gradient's sign is taken for the target's
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return alpha * teacher_p - (1 - alpha) * y


# %% 04.7 wrong: always three classes
def implied_target(teacher_p, labels, alpha):
    y = torch.eye(3, dtype=teacher_p.dtype)[labels]
    return alpha * teacher_p + (1 - alpha) * y


# %% 04.7 wrong: alpha is squared in the teacher's weight
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return alpha**2 * teacher_p + (1 - alpha) * y


# %% 04.7 wrong: classes are counted from one
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot((labels - 1) % teacher_p.shape[-1], teacher_p.shape[-1])
    return alpha * teacher_p + (1 - alpha) * y


# %% 04.7 wrong: only the soft part, without the label
def implied_target(teacher_p, labels, alpha):
    return alpha * teacher_p


# %% 04.7 wrong: the label's probability under the teacher in place of one
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return alpha * teacher_p + (1 - alpha) * y * teacher_p


# %% 04.7 wrong: only the favourite of the mixture, all probability on it
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    mixed = alpha * teacher_p + (1 - alpha) * y
    return F.one_hot(mixed.argmax(-1), mixed.shape[-1]).to(mixed.dtype)


# %% 04.7 wrong: mixed with the shares of the labels over all rows
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return alpha * teacher_p + (1 - alpha) * y.mean(0)


# %% 04.7 right: lerp from the label to the teacher
def implied_target(teacher_p, labels, alpha):
    y = torch.zeros_like(teacher_p).scatter(-1, labels.long()[:, None], 1.0)
    return torch.lerp(y, teacher_p, float(alpha))


# %% 04.7 right: added row by row to a copy
def implied_target(p, y, a):
    target = p.clone() * a
    for row, label in enumerate(y.tolist()):
        target[row, label] += 1 - a
    return target


# %% 04.7 right: numpy inside
def implied_target(teacher_p, labels, alpha):
    p = np.array(teacher_p.detach())
    target = alpha * p + (1 - alpha) * np.eye(p.shape[1], dtype=p.dtype)[np.asarray(labels)]
    return torch.from_numpy(target)


# %% 04.7 right: einsum over the stacked pair of teacher and label
def implied_target(teacher_p, labels, alpha):
    classes = torch.arange(teacher_p.shape[-1])
    pair = torch.stack([teacher_p, (labels[:, None] == classes).to(teacher_p.dtype)])
    weights = torch.tensor([alpha, 1 - alpha], dtype=teacher_p.dtype)
    return torch.einsum("s,src->rc", weights, pair)


# %% 04.7 wrong: alpha on the wrong side
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return (1 - alpha) * teacher_p + alpha * y


# %% 04.7 wrong: in place
def implied_target(teacher_p, labels, alpha):
    teacher_p *= alpha
    teacher_p[torch.arange(len(labels)), labels] += 1 - alpha
    return teacher_p


# %% 04.7 wrong: adds the label and normalises
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(labels, teacher_p.shape[-1])
    r = teacher_p + (1 - alpha) * y
    return r / r.sum(-1, keepdim=True)


# %% 04.7 wrong: the teacher's own decision in the label's place
def implied_target(teacher_p, labels, alpha):
    y = F.one_hot(teacher_p.argmax(-1), teacher_p.shape[-1])
    return alpha * teacher_p + (1 - alpha) * y


# %% 04.7 right: lerp
def implied_target(teacher_p, labels, alpha):
    return torch.lerp(
        torch.eye(teacher_p.shape[1], dtype=teacher_p.dtype)[labels], teacher_p, float(alpha)
    )


# %% 04.8 wrong: capitals matter
def align_classes(teacher_logits, teacher_names, student_names):
    order = [teacher_names.index(name) for name in student_names]
    return teacher_logits[:, order]


# %% 04.8 wrong: only the student's names are made small
def align_classes(teacher_logits, teacher_names, student_names):
    order = [teacher_names.index(name.lower()) for name in student_names]
    return teacher_logits[:, order]


# %% 04.8 wrong: only the teacher's names are made small
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    return teacher_logits[:, [known.index(name) for name in student_names]]


# %% 04.8 wrong: the order is turned round: the student's place of the teacher's class
def align_classes(teacher_logits, teacher_names, student_names):
    wanted = [name.lower() for name in student_names]
    order = [wanted.index(n.lower()) for n in teacher_names if n.lower() in wanted]
    return teacher_logits[:, order]


# %% 04.8 wrong: the teacher's order is kept, the others are left out
def align_classes(teacher_logits, teacher_names, student_names):
    wanted = [name.lower() for name in student_names]
    kept = [i for i, name in enumerate(teacher_names) if name.lower() in wanted]
    return teacher_logits[:, kept]


# %% 04.8 wrong: the first columns, as many as the student has
def align_classes(teacher_logits, teacher_names, student_names):
    return teacher_logits[:, : len(student_names)]


# %% 04.8 wrong: the last columns, as many as the student has
def align_classes(teacher_logits, teacher_names, student_names):
    return teacher_logits[:, -len(student_names) :]


# %% 04.8 wrong: in alphabetical order
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name) for name in sorted(n.lower() for n in student_names)]
    return teacher_logits[:, order]


# %% 04.8 wrong: positive is found within very positive
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [
        next(i for i, name in enumerate(known) if wanted.lower() in name)
        for wanted in student_names
    ]
    return teacher_logits[:, order]


# %% 04.8 wrong: found within: the teacher's name in the student's
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [
        next(i for i, name in enumerate(known) if name in wanted.lower())
        for wanted in student_names
    ]
    return teacher_logits[:, order]


# %% 04.8 wrong: names are compared by their first three letters
def align_classes(teacher_logits, teacher_names, student_names):
    short = [name.lower()[:3] for name in teacher_names]
    order = [short.index(name.lower()[:3]) for name in student_names]
    return teacher_logits[:, order]


# %% 04.8 wrong: probabilities instead of logits
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    return teacher_logits[:, order].softmax(-1)


# %% 04.8 wrong: log-probabilities over the classes that are kept
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    return teacher_logits[:, order].log_softmax(-1)


# %% 04.8 wrong: log-probabilities over all of the teacher's classes
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    return teacher_logits.log_softmax(-1)[:, order]


# %% 04.8 wrong: rows are picked instead of columns
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    return teacher_logits[order]


# %% 04.8 wrong: shape (student's classes, rows)
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    return torch.stack([teacher_logits[:, i] for i in order])


# %% 04.8 wrong: the teacher's other classes are appended, not left out
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    rest = [i for i in range(len(known)) if i not in order]
    return teacher_logits[:, order + rest]


# %% 04.8 wrong: the other classes stay as columns of minus infinity
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    rest = [i for i in range(len(known)) if i not in order]
    return torch.cat(
        [teacher_logits[:, order], torch.full_like(teacher_logits[:, rest], -math.inf)], 1
    )


# %% 04.8 wrong: the same names are taken to be in the same order
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    if sorted(known) == sorted(name.lower() for name in student_names):
        return teacher_logits
    return teacher_logits[:, order]


# %% 04.8 wrong: as many names are taken to be in the same order
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    if len(teacher_names) == len(student_names):
        return teacher_logits
    return teacher_logits[:, order]


# %% 04.8 wrong: the argument is written over
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    teacher_logits[:, : len(order)] = teacher_logits[:, order]
    return teacher_logits[:, : len(order)]


# %% 04.8 wrong: column after column is written over in the argument
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    for place, i in enumerate(order):
        teacher_logits[:, place] = teacher_logits[:, i]
    return teacher_logits[:, : len(order)]


# %% 04.8 wrong: the list of names is changed in place
def align_classes(teacher_logits, teacher_names, student_names):
    teacher_names[:] = [name.lower() for name in teacher_names]
    order = [teacher_names.index(name.lower()) for name in student_names]
    return teacher_logits[:, order]


# %% 04.8 wrong: a dimension of one is squeezed away
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    return teacher_logits[:, order].squeeze()


# %% 04.8 wrong: always the reverse of the teacher's order
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    return teacher_logits[:, sorted(order, reverse=True)]


# %% 04.8 wrong: the indices instead of the logits
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    return torch.tensor(order)


# %% 04.8 wrong: the left-out classes are shared out among the others
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    rest = [i for i in range(len(known)) if i not in order]
    return teacher_logits[:, order] + teacher_logits[:, rest].sum(-1, keepdim=True) / len(order)


# %% 04.8 wrong: the logits are rounded to whole numbers
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [known.index(name.lower()) for name in student_names]
    return teacher_logits[:, order].long()


# %% 04.8 wrong: places are counted from one
def align_classes(teacher_logits, teacher_names, student_names):
    known = [name.lower() for name in teacher_names]
    order = [(known.index(name.lower()) + 1) % len(known) for name in student_names]
    return teacher_logits[:, order]


# %% 04.8 right: index_select by a dictionary
def align_classes(teacher_logits, teacher_names, student_names):
    place = {name.casefold(): i for i, name in enumerate(teacher_names)}
    order = torch.tensor([place[name.casefold()] for name in student_names])
    return teacher_logits.index_select(1, order)


# %% 04.8 right: columns stacked one after the other in two loops
def align_classes(teacher_logits, teacher_names, student_names):
    columns = []
    for wanted in student_names:
        for name, column in zip(teacher_names, teacher_logits.T):
            if name.upper() == wanted.upper():
                columns.append(column)
                break
    return torch.stack(columns, dim=1)


# %% 04.8 right: a boolean table of equal names and gather
def align_classes(teacher_logits, teacher_names, student_names):
    same = [[s.lower() == t.lower() for t in teacher_names] for s in student_names]
    order = torch.tensor(same).int().argmax(-1)
    return torch.gather(teacher_logits, 1, order.expand(len(teacher_logits), -1))


# %% 04.8 right: numpy take
def align_classes(logits, has, wants):
    has = list(map(str.lower, has))
    columns = [has.index(want) for want in map(str.lower, wants)]
    return torch.from_numpy(np.take(logits.detach().numpy(), columns, axis=1))


# %% 04.8 wrong: capitals matter (once more)
def align_classes(teacher_logits, teacher_names, student_names):
    index = [teacher_names.index(name) for name in student_names]
    return teacher_logits[:, index]


# %% 04.8 wrong: the inverse order
def align_classes(teacher_logits, teacher_names, student_names):
    teacher = [n.lower() for n in teacher_names]
    student = [n.lower() for n in student_names]
    known = [i for i, n in enumerate(teacher) if n in student]
    where = [student.index(teacher[i]) for i in known]
    return teacher_logits[:, known][:, where]


# %% 04.8 wrong: left in the teacher's order
def align_classes(teacher_logits, teacher_names, student_names):
    wanted = {n.lower() for n in student_names}
    return teacher_logits[:, [i for i, n in enumerate(teacher_names) if n.lower() in wanted]]


# %% 04.8 wrong: part of a name will do
def align_classes(teacher_logits, teacher_names, student_names):
    columns = []
    for name in student_names:
        for i, other in enumerate(teacher_names):
            if name.lower() in other.lower():
                columns.append(i)
                break
    return teacher_logits[:, columns]


# %% 04.8 right: columns by dictionary, stacked
def align_classes(teacher_logits, teacher_names, student_names):
    columns = dict(zip(map(str.lower, teacher_names), teacher_logits.T))
    return torch.stack([columns[n.lower()] for n in student_names], dim=1)


# %% 04.9 wrong: letter a
first_choice = "a"


# %% 04.9 wrong: letter b
first_choice = "b"


# %% 04.9 wrong: letter d
first_choice = "d"


# %% 04.9 wrong: letter e
first_choice = "e"


# %% 04.9 right: the letter
first_choice = "c"


# %% 04.9 right: in brackets
first_choice = "(c)"


# %% 04.9 right: a capital
first_choice = "C"


# %% 04.9 right: with spaces around
first_choice = " c "
