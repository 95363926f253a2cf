# %% setup
import math

import numpy as np
import torch
import torch.nn.functional as F

from kd_course import divergences


# %% 02.1 wrong: in bits
def surprise(q, labels):
    return -q[torch.arange(len(labels)), labels].log2()


# %% 02.1 wrong: the minus sign is forgotten
def surprise(q, labels):
    return q[torch.arange(len(labels)), labels].log()


# %% 02.1 wrong: averaged over the batch
def surprise(q, labels):
    return -q[torch.arange(len(labels)), labels].log().mean()


# %% 02.1 wrong: summed over the batch
def surprise(q, labels):
    return -q[torch.arange(len(labels)), labels].log().sum()


# %% 02.1 wrong: a small number is added inside the logarithm
def surprise(q, labels):
    return -(q[torch.arange(len(labels)), labels] + 1e-9).log()


# %% 02.1 wrong: the probability is clamped away from zero
def surprise(q, labels):
    return -q.clamp(min=1e-12).log()[torch.arange(len(labels)), labels]


# %% 02.1 wrong: infinity is replaced by the largest float
def surprise(q, labels):
    return (-q[torch.arange(len(labels)), labels].log()).nan_to_num()


# %% 02.1 wrong: infinity is replaced by zero
def surprise(q, labels):
    picked = q[torch.arange(len(labels)), labels]
    return torch.where(picked > 0, -picked.log(), torch.zeros_like(picked))


# %% 02.1 wrong: the gathered dimension is kept
def surprise(q, labels):
    return -q.gather(1, labels.unsqueeze(1)).log()


# %% 02.1 wrong: squeeze without a dimension loses a batch of one
def surprise(q, labels):
    return -q.gather(1, labels.unsqueeze(1)).squeeze().log()


# %% 02.1 wrong: the average surprise of the belief, labels ignored
def surprise(q, labels):
    return -torch.xlogy(q, q).sum(-1)


# %% 02.1 wrong: probabilities are given to a loss that wants logits
def surprise(q, labels):
    return F.cross_entropy(q, labels, reduction="none")


# %% 02.1 wrong: the logarithm is forgotten before nll_loss
def surprise(q, labels):
    return F.nll_loss(q, labels, reduction="none")


# %% 02.1 wrong: nll_loss with its default reduction
def surprise(q, labels):
    return F.nll_loss(q.log(), labels)


# %% 02.1 wrong: one minus the probability
def surprise(q, labels):
    return 1 - q[torch.arange(len(labels)), labels]


# %% 02.1 wrong: one over the probability
def surprise(q, labels):
    return 1 / q[torch.arange(len(labels)), labels]


# %% 02.1 wrong: labels are taken to count from one
def surprise(q, labels):
    return -q[torch.arange(len(labels)), labels - 1].log()


# %% 02.1 wrong: every row is paired with every label
def surprise(q, labels):
    return -q[:, labels].log()


# %% 02.1 wrong: surprise at the favourite class
def surprise(q, labels):
    return -q.max(-1).values.log()


# %% 02.1 wrong: one-hot times logarithm makes NaN of a zero elsewhere
def surprise(q, labels):
    return -(F.one_hot(labels, q.shape[-1]) * q.log()).sum(-1)


# %% 02.1 wrong: the math module raises at what was held impossible
def surprise(q, labels):
    return torch.tensor([-math.log(row[i].item()) for row, i in zip(q, labels)], dtype=q.dtype)


# %% 02.1 wrong: the caller's beliefs are overwritten by their logarithms
def surprise(q, labels):
    return -q.log_()[torch.arange(len(labels)), labels]


# %% 02.1 wrong: one is added inside the logarithm
def surprise(q, labels):
    return -q[torch.arange(len(labels)), labels].log1p()


# %% 02.1 wrong: the number of classes is taken to be three
def surprise(q, labels):
    hit = F.one_hot(labels, 3).bool()
    return -torch.where(hit, q, torch.ones_like(q)).log().sum(-1)


# %% 02.1 wrong: all rows use the first label
def surprise(q, labels):
    return -q[:, labels[0]].log()


# %% 02.1 right: gather, then squeeze the one dimension
def surprise(q, labels):
    return q.gather(1, labels.long()[:, None]).squeeze(1).log().neg()


# %% 02.1 right: nll_loss without reduction
def surprise(beliefs, said):
    return F.nll_loss(beliefs.log(), said.long(), reduction="none")


# %% 02.1 right: xlogy of the one-hot labels
def surprise(q, labels):
    hot = F.one_hot(labels.long(), q.shape[1]).to(q.dtype)
    return -torch.xlogy(hot, q).sum(1)


# %% 02.1 right: a loop over the rows with an explicit infinity
def surprise(q, labels):
    nats = []
    for row, label in zip(q.tolist(), labels.tolist()):
        nats.append(-math.log(row[label]) if row[label] > 0 else math.inf)
    return torch.tensor(nats, dtype=q.dtype)


# %% 02.1 right: the diagonal of all pairs
def surprise(q, labels):
    return -torch.diagonal(q[:, labels.long()]).log()


# %% 02.1 right: bits turned into nats
def surprise(q, labels):
    return q[torch.arange(len(q)), labels.long()].log2() * -math.log(2)


# %% 02.1 right: numpy inside
def surprise(q, labels):
    picked = np.take_along_axis(q.detach().numpy(), labels.long().numpy()[:, None], axis=1)[:, 0]
    with np.errstate(divide="ignore"):
        return torch.from_numpy(-np.log(picked))


# %% 02.1 wrong: a small number keeps the infinity away
def surprise(q, labels):
    return -torch.log(q[torch.arange(len(q)), labels] + 1e-9)


# %% 02.1 wrong: takes the beliefs for logits
def surprise(q, labels):
    return F.cross_entropy(q, labels, reduction="none")


# %% 02.1 wrong: the mean over the batch
def surprise(q, labels):
    return F.nll_loss(torch.log(q), labels)


# %% 02.1 wrong: in bits (once more)
def surprise(q, labels):
    return -torch.log2(q.gather(1, labels.unsqueeze(1)).squeeze(1))


# %% 02.1 right: picked by a boolean one-hot
def surprise(q, labels):
    chosen = q[F.one_hot(labels, q.shape[1]).bool()]
    return chosen.reciprocal().log()


# %% 02.2 wrong: a zero makes it NaN
def entropy(p):
    return -(p * p.log()).sum(-1)


# %% 02.2 wrong: NaN is replaced after the sum
def entropy(p):
    return (-(p * p.log()).sum(-1)).nan_to_num(0.0)


# %% 02.2 wrong: in bits
def entropy(p):
    return torch.special.entr(p).sum(-1) / math.log(2)


# %% 02.2 wrong: the minus sign is forgotten
def entropy(p):
    return torch.xlogy(p, p).sum(-1)


# %% 02.2 wrong: over the first dimension
def entropy(p):
    return torch.special.entr(p).sum(0)


# %% 02.2 wrong: over dimension one, right for a matrix only
def entropy(p):
    return torch.special.entr(p).sum(1)


# %% 02.2 wrong: summed over everything
def entropy(p):
    return torch.special.entr(p).sum()


# %% 02.2 wrong: divided by the number of classes
def entropy(p):
    return torch.special.entr(p).mean(-1)


# %% 02.2 wrong: the dimension of the classes is kept
def entropy(p):
    return torch.special.entr(p).sum(-1, keepdim=True)


# %% 02.2 wrong: averaged over the batch
def entropy(p):
    return torch.special.entr(p).sum(-1).mean()


# %% 02.2 wrong: as a share of the largest possible entropy
def entropy(p):
    return torch.special.entr(p).sum(-1) / math.log(p.shape[-1])


# %% 02.2 wrong: the probabilities go through softmax first
def entropy(p):
    return torch.special.entr(p.softmax(-1)).sum(-1)


# %% 02.2 wrong: masking the zeros out flattens the rows
def entropy(p):
    seen = p[p > 0]
    return -(seen * seen.log()).sum()


# %% 02.2 wrong: the surprise of the likeliest class
def entropy(p):
    return -p.amax(-1).log()


# %% 02.2 wrong: the Gini impurity
def entropy(p):
    return 1 - (p**2).sum(-1)


# %% 02.2 wrong: the perplexity
def entropy(p):
    return torch.special.entr(p).sum(-1).exp()


# %% 02.2 wrong: zeros in the caller's tensor are replaced
def entropy(p):
    p[p == 0] = 1.0
    return -(p * p.log()).sum(-1)


# %% 02.2 wrong: classes below one percent are taken for zero
def entropy(p):
    return torch.special.entr(torch.where(p < 0.01, torch.zeros_like(p), p)).sum(-1)


# %% 02.2 wrong: the leading shape is flattened
def entropy(p):
    return torch.special.entr(p.reshape(-1, p.shape[-1])).sum(-1)


# %% 02.2 wrong: squeeze loses dimensions of size one
def entropy(p):
    return torch.special.entr(p).sum(-1).squeeze()


# %% 02.2 wrong: a tenth is added inside the logarithm
def entropy(p):
    return -(p * (p + 0.1).log()).sum(-1)


# %% 02.2 wrong: one is added inside the logarithm
def entropy(p):
    return -(p * p.log1p()).sum(-1)


# %% 02.2 wrong: surprises are added without their weights
def entropy(p):
    return -torch.where(p > 0, p, torch.ones_like(p)).log().sum(-1)


# %% 02.2 wrong: both sides are added as if every class were yes or no
def entropy(p):
    return (torch.special.entr(p) + torch.special.entr(1 - p)).sum(-1)


# %% 02.2 right: with entr
def entropy(p):
    return torch.special.entr(p).sum(dim=-1)


# %% 02.2 right: with xlogy
def entropy(belief):
    return torch.xlogy(belief, belief).sum(-1).neg()


# %% 02.2 right: NaN terms are left out of the sum
def entropy(p):
    return -torch.nansum(p * p.log(), dim=-1)


# %% 02.2 right: einsum with a repaired logarithm
def entropy(p):
    logs = p.masked_fill(p == 0, 1.0).log()
    return -torch.einsum("...c,...c->...", p, logs)


# %% 02.2 right: a loop over flattened rows
def entropy(p):
    rows = p.reshape(-1, p.shape[-1]).tolist()
    nats = [math.fsum(-x * math.log(x) for x in row if x > 0) for row in rows]
    return torch.tensor(nats, dtype=p.dtype).reshape(p.shape[:-1])


# %% 02.2 right: numpy inside
def entropy(p):
    values = p.detach().numpy()
    logs = np.log(np.where(values > 0, values, 1))
    return torch.from_numpy(np.asarray(-(values * logs).sum(-1)))


# %% 02.2 right: bits turned into nats
def entropy(p):
    bits = -(p * torch.where(p > 0, p, torch.ones_like(p)).log2()).sum(-1)
    return bits * math.log(2)


# %% 02.2 wrong: 0 times log 0
def entropy(p):
    return -(p * torch.log(p)).sum(dim=-1)


# %% 02.2 wrong: takes probabilities for logits
def entropy(p):
    return torch.distributions.Categorical(logits=p).entropy()


# %% 02.2 wrong: in bits (once more)
def entropy(p):
    return -torch.where(p > 0, p * torch.log2(p), 0.0).sum(-1)


# %% 02.2 wrong: the mean over the classes instead of the sum
def entropy(p):
    return torch.special.entr(p).mean(dim=-1)


# %% 02.2 right: zeros replaced by ones before the log
def entropy(p):
    p = p.double()
    return -(torch.where(p == 0, torch.ones_like(p), p).log() * p).sum(-1)


# %% 02.3 wrong: the two directions are swapped
def kl_divergence(p, q):
    return (torch.xlogy(q, q) - torch.xlogy(q, p)).sum(-1)


# %% 02.3 wrong: zeros make it NaN
def kl_divergence(p, q):
    return (p * (p.log() - q.log())).sum(-1)


# %% 02.3 wrong: a small number is added to q
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q + 1e-9)).sum(-1)


# %% 02.3 wrong: both are clamped away from zero
def kl_divergence(p, q):
    a, b = p.clamp(min=1e-9), q.clamp(min=1e-9)
    return (a * (a.log() - b.log())).sum(-1)


# %% 02.3 wrong: kl_div gives NaN for classes that both rule out
def kl_divergence(p, q):
    return F.kl_div(q.log(), p, reduction="none").sum(-1)


# %% 02.3 wrong: what q rules out costs nothing
def kl_divergence(p, q):
    both = (p > 0) & (q > 0)
    a, b = p.masked_fill(~both, 1.0), q.masked_fill(~both, 1.0)
    return (a * (a.log() - b.log())).sum(-1)


# %% 02.3 wrong: cross-entropy, the entropy of p is not taken off
def kl_divergence(p, q):
    return -torch.xlogy(p, q).sum(-1)


# %% 02.3 wrong: in bits
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1) / math.log(2)


# %% 02.3 wrong: divided by the number of classes
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).mean(-1)


# %% 02.3 wrong: averaged over the batch
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1).mean()


# %% 02.3 wrong: infinity becomes the largest float
def kl_divergence(p, q):
    return (p * (p.log() - q.log())).nan_to_num().sum(-1)


# %% 02.3 wrong: infinite wherever q is zero, even if p is too
def kl_divergence(p, q):
    nats = (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)
    return torch.where((q == 0).any(-1), torch.full_like(nats, math.inf), nats)


# %% 02.3 wrong: infinite where q believes in what never happens
def kl_divergence(p, q):
    nats = (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)
    return torch.where(((p == 0) & (q > 0)).any(-1), torch.full_like(nats, math.inf), nats)


# %% 02.3 wrong: both directions are added
def kl_divergence(p, q):
    forward = (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)
    return forward + (torch.xlogy(q, q) - torch.xlogy(q, p)).sum(-1)


# %% 02.3 wrong: absolute values of the terms
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).abs().sum(-1)


# %% 02.3 wrong: negative terms are cut off at zero
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).clamp(min=0).sum(-1)


# %% 02.3 wrong: one infinite row makes every row infinite
def kl_divergence(p, q):
    nats = (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)
    return torch.full_like(nats, math.inf) if nats.isinf().any() else nats


# %% 02.3 wrong: probabilities go through softmax first
def kl_divergence(p, q):
    a, b = p.log_softmax(-1), q.log_softmax(-1)
    return (a.exp() * (a - b)).sum(-1)


# %% 02.3 wrong: kl_div without the logarithm of q
def kl_divergence(p, q):
    return F.kl_div(q, p, reduction="none").sum(-1)


# %% 02.3 wrong: the dimension of the classes is kept
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1, keepdim=True)


# %% 02.3 wrong: over the first dimension
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(0)


# %% 02.3 wrong: over dimension one, right for a matrix only
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(1)


# %% 02.3 wrong: the sign is turned round
def kl_divergence(p, q):
    return (torch.xlogy(p, q) - torch.xlogy(p, p)).sum(-1)


# %% 02.3 wrong: the log ratio of p to q is weighed by q
def kl_divergence(p, q):
    return (torch.xlogy(q, p) - torch.xlogy(q, q)).sum(-1)


# %% 02.3 wrong: zeros in the caller's p are replaced
def kl_divergence(p, q):
    never = p == 0
    p[never] = 1.0
    return (p * (p.log() - q.log())).masked_fill(never, 0.0).sum(-1)


# %% 02.3 wrong: the gaps leave out what q holds and p does not
def kl_divergence(p, q):
    gaps = torch.xlogy(p, p) - torch.xlogy(p, q) - p + q
    return torch.where(p > 0, gaps, torch.zeros_like(gaps)).sum(-1)


# %% 02.3 wrong: masking flattens the rows
def kl_divergence(p, q):
    a, b = p[p > 0], q[p > 0]
    return (a * (a.log() - b.log())).sum()


# %% 02.3 wrong: q is smoothed and divided by its sum again
def kl_divergence(p, q):
    q = (q + 1e-3) / (q + 1e-3).sum(-1, keepdim=True)
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


# %% 02.3 wrong: a row in which any class never happens costs nothing
def kl_divergence(p, q):
    return (p * (p.log() - q.log())).sum(-1).nan_to_num(nan=0.0, posinf=math.inf)


# %% 02.3 wrong: the difference of the entropies
def kl_divergence(p, q):
    return (torch.special.entr(q) - torch.special.entr(p)).sum(-1)


# %% 02.3 wrong: the leading shape is flattened
def kl_divergence(p, q):
    nats = torch.xlogy(p, p) - torch.xlogy(p, q)
    return nats.reshape(-1, nats.shape[-1]).sum(-1)


# %% 02.3 right: with xlogy
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


# %% 02.3 right: NaN terms are left out of the sum
def kl_divergence(true, believed):
    return torch.nansum(true * (true.log() - believed.log()), dim=-1)


# %% 02.3 right: gaps under the line over all classes
def kl_divergence(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q) + q - p).sum(-1)


# %% 02.3 right: the ratio is taken only where something happens
def kl_divergence(p, q):
    happens = p > 0
    logs = torch.where(happens, p, torch.ones_like(p)).log()
    return (p * (logs - torch.where(happens, q, torch.ones_like(q)).log())).sum(-1)


# %% 02.3 right: a loop over flattened rows
def kl_divergence(p, q):
    def cost(a, b):
        if a == 0:
            return 0.0
        return math.inf if b == 0 else a * (math.log(a) - math.log(b))

    classes = p.shape[-1]
    rows = zip(p.reshape(-1, classes).tolist(), q.reshape(-1, classes).tolist())
    nats = [sum(cost(a, b) for a, b in zip(*row)) for row in rows]
    return torch.tensor(nats, dtype=p.dtype).reshape(p.shape[:-1])


# %% 02.3 right: numpy inside
def kl_divergence(p, q):
    a, b = p.detach().numpy(), q.detach().numpy()
    terms = np.zeros_like(a)
    happens = a > 0
    with np.errstate(divide="ignore"):
        terms[happens] = a[happens] * (np.log(a[happens]) - np.log(b[happens]))
    return torch.from_numpy(np.asarray(terms.sum(-1)))


# %% 02.3 right: cross-entropy minus entropy
def kl_divergence(p, q):
    cross = -torch.xlogy(p, q).sum(-1)
    return cross - torch.special.entr(p).sum(-1)


# %% 02.3 wrong: an epsilon beside q
def kl_divergence(p, q):
    eps = 1e-9
    return torch.where(p > 0, p * ((p + eps) / (q + eps)).log(), torch.zeros_like(p)).sum(-1)


# %% 02.3 wrong: NaN where p is zero
def kl_divergence(p, q):
    return (p * (p.log() - q.log())).sum(dim=-1)


# %% 02.3 wrong: the arguments of F.kl_div taken in the order of the formula
def kl_divergence(p, q):
    return F.kl_div(p.log(), q, reduction="none").sum(-1)


# %% 02.3 wrong: leaves out classes that q rules out
def kl_divergence(p, q):
    both = (p > 0) & (q > 0)
    ratio = torch.where(both, p / q, torch.ones_like(p))
    return (p * ratio.log()).sum(-1)


# %% 02.3 right: cross-entropy minus entropy (once more)
def kl_divergence(p, q):
    return -(torch.special.xlogy(p, q) + torch.special.entr(p)).sum(-1)


# %% 02.4 wrong: the letter a
negative_kl = "a"

# %% 02.4 wrong: the letter c
negative_kl = "c"

# %% 02.4 wrong: the letter d
negative_kl = "d"

# %% 02.4 wrong: the letter e
negative_kl = "e"

# %% 02.4 wrong: the letter d in brackets
negative_kl = "(d)"

# %% 02.4 wrong: a capital E
negative_kl = "E"

# %% 02.4 right: the letter b
negative_kl = "b"

# %% 02.4 right: a capital B
negative_kl = "B"

# %% 02.4 right: b in brackets
negative_kl = "(b)"

# %% 02.4 right: b with spaces around it
negative_kl = " b "


# %% 02.5 wrong: the directions are exchanged
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "reverse":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: forward whatever is asked
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    return (torch.xlogy(target, target) - target * log_q).sum(-1)


# %% 02.5 wrong: reverse whatever is asked
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: a one-hot target makes forward NaN
def fit_loss(target, logits, direction):
    log_p, log_q = target.log(), F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (target * (log_p - log_q)).sum(-1)
    return (log_q.exp() * (log_q - log_p)).sum(-1)


# %% 02.5 wrong: the logarithm of a rounded zero
def fit_loss(target, logits, direction):
    q = F.softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - torch.xlogy(target, q)).sum(-1)
    return (torch.xlogy(q, q) - torch.xlogy(q, target)).sum(-1)


# %% 02.5 wrong: softmax by hand overflows for large logits
def fit_loss(target, logits, direction):
    log_q = logits - logits.exp().sum(-1, keepdim=True).log()
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: the logits are detached
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits.detach(), dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: computed without gradients
def fit_loss(target, logits, direction):
    with torch.no_grad():
        log_q = F.log_softmax(logits, dim=-1)
        if direction == "forward":
            return (torch.xlogy(target, target) - target * log_q).sum(-1)
        return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: the weights of reverse pass no gradient
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp().detach() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: forward is the cross-entropy
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return -(target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: reverse is without the model's entropy
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return -(log_q.exp() * target.log()).sum(-1)


# %% 02.5 wrong: softmax over the first dimension
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=0)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: everything over dimension one
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(1)
    return (log_q.exp() * (log_q - target.log())).sum(1)


# %% 02.5 wrong: averaged over the rows
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1).mean()
    return (log_q.exp() * (log_q - target.log())).sum(-1).mean()


# %% 02.5 wrong: divided by the number of classes
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).mean(-1)
    return (log_q.exp() * (log_q - target.log())).mean(-1)


# %% 02.5 wrong: in bits
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1) / math.log(2)
    return (log_q.exp() * (log_q - target.log())).sum(-1) / math.log(2)


# %% 02.5 wrong: the target goes through softmax too
def fit_loss(target, logits, direction):
    log_p, log_q = F.log_softmax(target, dim=-1), F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (log_p.exp() * (log_p - log_q)).sum(-1)
    return (log_q.exp() * (log_q - log_p)).sum(-1)


# %% 02.5 wrong: logits are taken for log-probabilities
def fit_loss(target, logits, direction):
    if direction == "forward":
        return (torch.xlogy(target, target) - target * logits).sum(-1)
    return (logits.exp() * (logits - target.log())).sum(-1)


# %% 02.5 wrong: kl_div is given log-probabilities as target without log_target
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return F.kl_div(log_q, target, reduction="none").sum(-1)
    return F.kl_div(target.log(), log_q, reduction="none").sum(-1)


# %% 02.5 wrong: kl_div is given probabilities of the model
def fit_loss(target, logits, direction):
    q = F.softmax(logits, dim=-1)
    if direction == "forward":
        return F.kl_div(q, target, reduction="none").sum(-1)
    return F.kl_div(target.log(), q, reduction="none").sum(-1)


# %% 02.5 wrong: log q is cut off at -20
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1).clamp(min=-20)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: the logits are shifted in place
def fit_loss(target, logits, direction):
    logits -= logits.max(-1, keepdim=True).values
    log_q = logits - logits.exp().sum(-1, keepdim=True).log()
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: the dimension of the classes is kept
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1, keepdim=True)
    return (log_q.exp() * (log_q - target.log())).sum(-1, keepdim=True)


# %% 02.5 wrong: half of both directions in either case
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    forward = (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (forward + (log_q.exp() * (log_q - target.log())).sum(-1)) / 2


# %% 02.5 wrong: the reverse loss has its sign turned round
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (target.log() - log_q)).sum(-1)


# %% 02.5 wrong: the log ratio is turned round but the weights are not
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (target * log_q - torch.xlogy(target, target)).sum(-1)


# %% 02.5 wrong: the values pass through numpy
def fit_loss(target, logits, direction):
    log_q = torch.from_numpy(F.log_softmax(logits, dim=-1).detach().numpy())
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: the leading shape is flattened
def fit_loss(target, logits, direction):
    target, logits = (x.reshape(-1, x.shape[-1]) for x in (target, logits))
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: sigmoid takes the place of softmax
def fit_loss(target, logits, direction):
    log_q = F.logsigmoid(logits)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: reverse leaves out what the target rules out
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    log_p = torch.where(target > 0, target, torch.ones_like(target)).log()
    if direction == "forward":
        return (target * (log_p - log_q)).sum(-1)
    return torch.where(target > 0, log_q.exp() * (log_q - log_p), torch.zeros_like(log_q)).sum(-1)


# %% 02.5 wrong: reverse is weighed as if a ruled-out class cost log one
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    log_p = torch.where(target > 0, target, torch.ones_like(target)).log()
    if direction == "forward":
        return (target * (log_p - log_q)).sum(-1)
    return (log_q.exp() * (log_q - log_p)).sum(-1)


# %% 02.5 wrong: forward only weighs the target's favourite class
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return -log_q.gather(-1, target.argmax(-1, keepdim=True)).squeeze(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 right: kl_div both ways
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return F.kl_div(log_q, target, reduction="none").sum(-1)
    return F.kl_div(target.log(), log_q, reduction="none", log_target=True).sum(-1)


# %% 02.5 right: with logsumexp and einsum
def fit_loss(teacher, z, way):
    z = z - z.amax(-1, keepdim=True)
    log_q = z - z.logsumexp(-1, keepdim=True)
    if way == "reverse":
        return torch.einsum("...c,...c->...", log_q.exp(), log_q - teacher.log())
    entropy = torch.special.entr(teacher).sum(-1)
    return -torch.einsum("...c,...c->...", teacher, log_q) - entropy


# %% 02.5 right: reverse with log q detached, whose gradient is the same
def fit_loss(target, logits, direction):
    log_q = logits.log_softmax(-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (logits.softmax(-1) * (log_q.detach() - target.log())).sum(-1)


# %% 02.5 right: cross-entropy minus entropy in both directions
def fit_loss(target, logits, direction):
    log_q = torch.log_softmax(logits, dim=-1)
    q = log_q.exp()
    if direction == "forward":
        flat = F.cross_entropy(
            logits.reshape(-1, logits.shape[-1]),
            target.reshape(-1, target.shape[-1]),
            reduction="none",
        )
        return flat.reshape(logits.shape[:-1]) - torch.special.entr(target).sum(-1)
    return -(q * target.log()).sum(-1) + (q * log_q).sum(-1)


# %% 02.5 right: shifted by hand, weights from a dictionary
def fit_loss(target, logits, direction):
    shifted = logits - logits.detach().amax(-1, keepdim=True)
    log_q = shifted - shifted.exp().sum(-1, keepdim=True).log()
    log_p = torch.where(target > 0, target, torch.ones_like(target)).log()
    if direction == "reverse":
        log_p = target.log()
    weights = {"forward": target, "reverse": log_q.exp()}[direction]
    sign = 1 if direction == "forward" else -1
    return (weights * (sign * (log_p - log_q))).sum(-1)


# %% 02.5 wrong: log of softmax
def fit_loss(target, logits, direction):
    q = torch.softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - torch.where(target > 0, target * q.log(), 0.0)).sum(
            -1
        )
    return (q * (q.log() - target.log())).sum(-1)


# %% 02.5 wrong: forward and reverse exchanged
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "reverse":
        return F.kl_div(log_q, target, reduction="none").sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: forward is the cross-entropy (once more)
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return -(target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)


# %% 02.5 wrong: no gradient through the weights of reverse KL
def fit_loss(target, logits, direction):
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    with torch.no_grad():
        q = log_q.exp()
    return (q * (log_q - target.log())).sum(-1)


# %% 02.5 right: by hand with logsumexp
def fit_loss(target, logits, direction):
    logits, target = logits.double(), target.double()
    log_z = logits.logsumexp(-1)
    if direction == "forward":
        return log_z - (target * logits).sum(-1) - torch.special.entr(target).sum(-1)
    q = torch.exp(logits - log_z.unsqueeze(-1))
    return (q * logits).sum(-1) - log_z - (q * target.log()).sum(-1)


# %% 02.6 wrong: the halves are forgotten
def js_divergence(p, q):
    m = (p + q) / 2
    return divergences.kl_divergence(p, m) + divergences.kl_divergence(q, m)


# %% 02.6 wrong: the midpoint is not halved
def js_divergence(p, q):
    m = p + q
    terms = torch.xlogy(p, p) + torch.xlogy(q, q) - torch.xlogy(p, m) - torch.xlogy(q, m)
    return terms.sum(-1) / 2


# %% 02.6 wrong: the midpoint stands on the left
def js_divergence(p, q):
    m = (p + q) / 2
    return (divergences.kl_divergence(m, p) + divergences.kl_divergence(m, q)) / 2


# %% 02.6 wrong: only p is judged against the midpoint
def js_divergence(p, q):
    return divergences.kl_divergence(p, (p + q) / 2)


# %% 02.6 wrong: half of p alone
def js_divergence(p, q):
    return divergences.kl_divergence(p, (p + q) / 2) / 2


# %% 02.6 wrong: in bits
def js_divergence(p, q):
    m = (p + q) / 2
    nats = (divergences.kl_divergence(p, m) + divergences.kl_divergence(q, m)) / 2
    return nats / math.log(2)


# %% 02.6 wrong: the square root, the Jensen-Shannon distance
def js_divergence(p, q):
    m = (p + q) / 2
    return ((divergences.kl_divergence(p, m) + divergences.kl_divergence(q, m)) / 2).sqrt()


# %% 02.6 wrong: the mean of both directions of KL, without a midpoint
def js_divergence(p, q):
    return (divergences.kl_divergence(p, q) + divergences.kl_divergence(q, p)) / 2


# %% 02.6 wrong: the midpoint is the geometric mean
def js_divergence(p, q):
    m = (p * q).sqrt()
    m = m / m.sum(-1, keepdim=True)
    terms = torch.xlogy(p, p) + torch.xlogy(q, q) - torch.xlogy(p, m) - torch.xlogy(q, m)
    return terms.sum(-1) / 2


# %% 02.6 wrong: zeros make it NaN
def js_divergence(p, q):
    m = (p + q) / 2
    return (p * (p.log() - m.log()) + q * (q.log() - m.log())).sum(-1) / 2


# %% 02.6 wrong: kl_div gives NaN for classes that both rule out
def js_divergence(p, q):
    log_m = ((p + q) / 2).log()
    terms = F.kl_div(log_m, p, reduction="none") + F.kl_div(log_m, q, reduction="none")
    return terms.sum(-1) / 2


# %% 02.6 wrong: divided by the number of classes
def js_divergence(p, q):
    m = (p + q) / 2
    terms = torch.xlogy(p, p) + torch.xlogy(q, q) - torch.xlogy(p, m) - torch.xlogy(q, m)
    return terms.mean(-1) / 2


# %% 02.6 wrong: averaged over the batch
def js_divergence(p, q):
    m = (p + q) / 2
    return ((divergences.kl_divergence(p, m) + divergences.kl_divergence(q, m)) / 2).mean()


# %% 02.6 wrong: over the first dimension
def js_divergence(p, q):
    m = (p + q) / 2
    terms = torch.xlogy(p, p) + torch.xlogy(q, q) - torch.xlogy(p, m) - torch.xlogy(q, m)
    return terms.sum(0) / 2


# %% 02.6 wrong: over dimension one, right for a matrix only
def js_divergence(p, q):
    m = (p + q) / 2
    terms = torch.xlogy(p, p) + torch.xlogy(q, q) - torch.xlogy(p, m) - torch.xlogy(q, m)
    return terms.sum(1) / 2


# %% 02.6 wrong: the two halves are subtracted
def js_divergence(p, q):
    m = (p + q) / 2
    return (divergences.kl_divergence(p, m) - divergences.kl_divergence(q, m)) / 2


# %% 02.6 wrong: the midpoint is written over p
def js_divergence(p, q):
    first = p.clone()
    m = p.add_(q).div_(2)
    return (divergences.kl_divergence(first, m) + divergences.kl_divergence(q, m)) / 2


# %% 02.6 wrong: entropies without the half
def js_divergence(p, q):
    entr = torch.special.entr
    return (entr((p + q) / 2) - entr(p) - entr(q)).sum(-1)


# %% 02.6 wrong: only the first half is halved
def js_divergence(p, q):
    m = (p + q) / 2
    return divergences.kl_divergence(p, m) / 2 + divergences.kl_divergence(q, m)


# %% 02.6 wrong: half the sum of absolute differences
def js_divergence(p, q):
    return (p - q).abs().sum(-1) / 2


# %% 02.6 wrong: only classes that both hold possible are counted
def js_divergence(p, q):
    both = (p > 0) & (q > 0)
    m = (p + q) / 2
    terms = torch.xlogy(p, p) + torch.xlogy(q, q) - torch.xlogy(p, m) - torch.xlogy(q, m)
    return terms.masked_fill(~both, 0.0).sum(-1) / 2


# %% 02.6 wrong: NaN is replaced after the sum
def js_divergence(p, q):
    m = (p + q) / 2
    nats = (p * (p.log() - m.log()) + q * (q.log() - m.log())).sum(-1) / 2
    return nats.nan_to_num(0.0)


# %% 02.6 wrong: the dimension of the classes is kept
def js_divergence(p, q):
    m = (p + q) / 2
    return ((divergences.kl_divergence(p, m) + divergences.kl_divergence(q, m)) / 2).unsqueeze(-1)


# %% 02.6 wrong: the leading shape is flattened
def js_divergence(p, q):
    p, q = p.reshape(-1, p.shape[-1]), q.reshape(-1, q.shape[-1])
    m = (p + q) / 2
    return (divergences.kl_divergence(p, m) + divergences.kl_divergence(q, m)) / 2


# %% 02.6 wrong: the larger of the two halves
def js_divergence(p, q):
    m = (p + q) / 2
    return torch.maximum(divergences.kl_divergence(p, m), divergences.kl_divergence(q, m))


# %% 02.6 wrong: a plain KL cut off at log 2
def js_divergence(p, q):
    return divergences.kl_divergence(p, q).clamp(max=math.log(2))


# %% 02.6 wrong: the entropy of the midpoint less that of p alone
def js_divergence(p, q):
    return (torch.special.entr((p + q) / 2) - torch.special.entr(p)).sum(-1)


# %% 02.6 wrong: the probabilities go through softmax first
def js_divergence(p, q):
    p, q = p.softmax(-1), q.softmax(-1)
    m = (p + q) / 2
    return (divergences.kl_divergence(p, m) + divergences.kl_divergence(q, m)) / 2


# %% 02.6 right: from entropies
def js_divergence(p, q):
    entr = torch.special.entr
    return (entr((p + q) / 2) - (entr(p) + entr(q)) / 2).sum(-1).clamp(0, math.log(2))


# %% 02.6 right: both halves stacked
def js_divergence(p, q):
    both = torch.stack([p, q])
    return divergences.kl_divergence(both, both.mean(0).expand_as(both)).mean(0)


# %% 02.6 right: logarithms with logaddexp and nansum
def js_divergence(one, other):
    log_m = torch.logaddexp(one.log(), other.log()) - math.log(2)
    first = torch.nansum(one * (one.log() - log_m), -1)
    second = torch.nansum(other * (other.log() - log_m), -1)
    return 0.5 * first + 0.5 * second


# %% 02.6 right: a loop over flattened rows
def js_divergence(p, q):
    rows = zip(p.reshape(-1, p.shape[-1]).tolist(), q.reshape(-1, q.shape[-1]).tolist())
    nats = []
    for row in rows:
        total = 0.0
        for a, b in zip(*row):
            total += sum(x * math.log(2 * x / (a + b)) for x in (a, b) if x > 0)
        nats.append(total / 2)
    return torch.tensor(nats, dtype=p.dtype).reshape(p.shape[:-1])


# %% 02.6 right: numpy inside
def js_divergence(p, q):
    a, b = p.detach().numpy(), q.detach().numpy()
    m = (a + b) / 2

    def safe_log(x):
        return np.log(np.where(x > 0, x, 1))

    terms = a * safe_log(a) + b * safe_log(b) - 2 * m * safe_log(m)
    return torch.from_numpy(np.asarray(terms.sum(-1) / 2))


# %% 02.6 wrong: NaN where there are zeros
def js_divergence(p, q):
    m = (p + q) / 2
    return 0.5 * (p * (p / m).log()).sum(-1) + 0.5 * (q * (q / m).log()).sum(-1)


# %% 02.6 wrong: the sum of the two costs, not their mean
def js_divergence(p, q):
    m = 0.5 * (p + q)
    kl = lambda a: torch.where(a > 0, a * (a.log() - m.log()), torch.zeros_like(a)).sum(-1)
    return kl(p) + kl(q)


# %% 02.6 wrong: the mean of KL both ways
def js_divergence(p, q):
    kl = lambda a, b: (torch.xlogy(a, a) - torch.xlogy(a, b)).sum(-1)
    return (kl(p, q) + kl(q, p)) / 2


# %% 02.6 wrong: the square root of it, the distance
def js_divergence(p, q):
    m = (p + q) / 2
    kl = lambda a: (torch.xlogy(a, a) - torch.xlogy(a, m)).sum(-1)
    return torch.sqrt(((kl(p) + kl(q)) / 2).clamp(min=0))


# %% 02.6 right: entropy of the middle minus the mean of the entropies
def js_divergence(p, q):
    h = lambda x: torch.special.entr(x.double()).sum(-1)
    return h((p.double() + q.double()) / 2) - (h(p) + h(q)) / 2


# %% 02.7 wrong: k1
def kl_from_samples(log_p, log_q):
    return (log_p - log_q).mean(-1)


# %% 02.7 wrong: the ratio is turned round
def kl_from_samples(log_p, log_q):
    log_r = log_p - log_q
    return (torch.expm1(log_r) - log_r).mean(-1)


# %% 02.7 wrong: half the squared log ratio
def kl_from_samples(log_p, log_q):
    return ((log_q - log_p) ** 2 / 2).mean(-1)


# %% 02.7 wrong: summed instead of averaged
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).sum(-1)


# %% 02.7 wrong: averaged over everything
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).mean()


# %% 02.7 wrong: averaged over the first dimension
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).mean(0)


# %% 02.7 wrong: averaged over dimension one, right for a matrix only
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).mean(1)


# %% 02.7 wrong: in bits
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).mean(-1) / math.log(2)


# %% 02.7 wrong: the probabilities of long sentences underflow before the division
def kl_from_samples(log_p, log_q):
    r = log_q.exp() / log_p.exp()
    return ((r - 1) - r.log()).mean(-1)


# %% 02.7 wrong: the logarithm is taken after the mean
def kl_from_samples(log_p, log_q):
    r = (log_q - log_p).exp().mean(-1)
    return (r - 1) - r.log()


# %% 02.7 wrong: the minus one is forgotten
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (log_r.exp() - log_r).mean(-1)


# %% 02.7 wrong: the logarithm is added
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) + log_r).mean(-1)


# %% 02.7 wrong: one minus the ratio
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (-torch.expm1(log_r) - log_r).mean(-1)


# %% 02.7 wrong: weighed by p although the samples already are
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (log_p.exp() * (torch.expm1(log_r) - log_r)).sum(-1)


# %% 02.7 wrong: r log r, an estimate of the other direction
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (log_r.exp() * log_r).mean(-1)


# %% 02.7 wrong: the mean of k1 cut off at zero
def kl_from_samples(log_p, log_q):
    return (log_p - log_q).mean(-1).clamp(min=0)


# %% 02.7 wrong: absolute values of k1
def kl_from_samples(log_p, log_q):
    return (log_p - log_q).abs().mean(-1)


# %% 02.7 wrong: divided by one less than the number of samples
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).sum(-1) / (log_r.shape[-1] - 1)


# %% 02.7 wrong: the ratio of the log-probabilities
def kl_from_samples(log_p, log_q):
    r = log_q / log_p
    return ((r - 1) - r.log()).mean(-1)


# %% 02.7 wrong: the median of the samples
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).median(-1).values


# %% 02.7 wrong: the dimension of the samples is kept
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).mean(-1, keepdim=True)


# %% 02.7 wrong: the ratio is cut off at two
def kl_from_samples(log_p, log_q):
    r = (log_q - log_p).exp().clamp(max=2)
    return ((r - 1) - r.log()).mean(-1)


# %% 02.7 wrong: the samples are made to sum to one
def kl_from_samples(log_p, log_q):
    log_r = log_q.log_softmax(-1) - log_p.log_softmax(-1)
    return (torch.expm1(log_r) - log_r).mean(-1)


# %% 02.7 wrong: the caller's log q is overwritten
def kl_from_samples(log_p, log_q):
    log_q -= log_p
    return (torch.expm1(log_q) - log_q).mean(-1)


# %% 02.7 wrong: the sample values are not averaged
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return torch.expm1(log_r) - log_r


# %% 02.7 wrong: only the ratio less one is averaged
def kl_from_samples(log_p, log_q):
    return torch.expm1(log_q - log_p).mean(-1)


# %% 02.7 wrong: the exact formula over the samples as if they were classes
def kl_from_samples(log_p, log_q):
    return (log_p.exp() * (log_p - log_q)).sum(-1)


# %% 02.7 wrong: a hundred samples are taken for granted
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).sum(-1) / 100


# %% 02.7 right: with expm1
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).mean(-1)


# %% 02.7 right: the formula as written, in double precision
def kl_from_samples(teacher, student):
    log_r = student.double() - teacher.double()
    return ((log_r.exp() - 1) - log_r).mean(dim=-1).to(teacher.dtype)


# %% 02.7 right: a loop over the samples
def kl_from_samples(log_p, log_q):
    total = torch.zeros(log_p.shape[:-1], dtype=log_p.dtype)
    for a, b in zip(log_p.unbind(-1), log_q.unbind(-1)):
        total = total + (torch.expm1(b - a) + (a - b))
    return total / log_p.shape[-1]


# %% 02.7 right: numpy inside
def kl_from_samples(log_p, log_q):
    log_r = log_q.detach().numpy() - log_p.detach().numpy()
    return torch.from_numpy(np.asarray((np.expm1(log_r) - log_r).mean(-1)))


# %% 02.7 right: einsum with even weights
def kl_from_samples(log_p, log_q):
    k1 = log_p - log_q
    k3 = torch.expm1(-k1) + k1
    return torch.einsum("...s->...", k3) / k3.shape[-1]


# %% 02.7 wrong: probabilities of long sentences are 0
def kl_from_samples(log_p, log_q):
    r = log_q.exp() / log_p.exp()
    return ((r - 1) - r.log()).mean(-1)


# %% 02.7 wrong: the ratio upside down
def kl_from_samples(log_p, log_q):
    log_r = log_p - log_q
    return (log_r.exp() - 1 - log_r).mean(dim=-1)


# %% 02.7 wrong: k1 (once more)
def kl_from_samples(log_p, log_q):
    return (log_p - log_q).mean(dim=-1)


# %% 02.7 wrong: one mean over everything
def kl_from_samples(log_p, log_q):
    log_r = log_q - log_p
    return (torch.expm1(log_r) - log_r).mean()


# %% 02.7 right: summed sample by sample
def kl_from_samples(log_p, log_q):
    total = 0
    for a, b in zip(log_p.unbind(-1), log_q.unbind(-1)):
        d = (b - a).double()
        total = total + torch.expm1(d) - d
    return total / log_p.shape[-1]


# %% 02.8 wrong: the total does not grow with what is added
def smoothed(counts, strength):
    return (counts + strength) / counts.sum(-1, keepdim=True)


# %% 02.8 wrong: the total grows by one strength only
def smoothed(counts, strength):
    return (counts + strength) / (counts.sum(-1, keepdim=True) + strength)


# %% 02.8 wrong: one total for all rows
def smoothed(counts, strength):
    return (counts + strength) / (counts + strength).sum()


# %% 02.8 wrong: each column sums to one
def smoothed(counts, strength):
    return (counts + strength) / (counts + strength).sum(0, keepdim=True)


# %% 02.8 wrong: over dimension one, right for a matrix only
def smoothed(counts, strength):
    return (counts + strength) / (counts + strength).sum(1, keepdim=True)


# %% 02.8 wrong: softmax of the counts
def smoothed(counts, strength):
    return torch.softmax((counts + strength).double(), dim=-1)


# %% 02.8 wrong: only the zeros are raised
def smoothed(counts, strength):
    raised = torch.where(counts == 0, counts + strength, counts + 0.0)
    return raised / raised.sum(-1, keepdim=True)


# %% 02.8 wrong: counts below the strength are raised to it
def smoothed(counts, strength):
    raised = counts.double().clamp(min=strength)
    return raised / raised.sum(-1, keepdim=True)


# %% 02.8 wrong: added to the probabilities instead of the counts
def smoothed(counts, strength):
    shares = counts / counts.sum(-1, keepdim=True) + strength
    return shares / shares.sum(-1, keepdim=True)


# %% 02.8 wrong: added after dividing and not divided again
def smoothed(counts, strength):
    return counts / counts.sum(-1, keepdim=True) + strength


# %% 02.8 wrong: always one is added
def smoothed(counts, strength):
    return (counts + 1.0) / (counts + 1.0).sum(-1, keepdim=True)


# %% 02.8 wrong: only classes that were seen count in the total
def smoothed(counts, strength):
    seen = (counts > 0).sum(-1, keepdim=True)
    return (counts + strength) / (counts.sum(-1, keepdim=True) + strength * seen)


# %% 02.8 wrong: the number of classes is taken to be three
def smoothed(counts, strength):
    return (counts + strength) / (counts.sum(-1, keepdim=True) + 3 * strength)


# %% 02.8 wrong: the number of rows is taken for the number of classes
def smoothed(counts, strength):
    total = counts.sum(-1, keepdim=True) + strength * counts.shape[0]
    return (counts + strength) / total


# %% 02.8 wrong: the caller's counts are changed
def smoothed(counts, strength):
    counts += strength
    return counts / counts.sum(-1, keepdim=True)


# %% 02.8 wrong: the strength is shared out among the classes
def smoothed(counts, strength):
    raised = counts + strength / counts.shape[-1]
    return raised / raised.sum(-1, keepdim=True)


# %% 02.8 wrong: strength is the weight of an even distribution
def smoothed(counts, strength):
    shares = counts / counts.sum(-1, keepdim=True)
    return (1 - strength) * shares + strength / counts.shape[-1]


# %% 02.8 wrong: log-probabilities
def smoothed(counts, strength):
    raised = counts + strength
    return (raised / raised.sum(-1, keepdim=True)).log()


# %% 02.8 wrong: a row with no counts becomes NaN
def smoothed(counts, strength):
    n = counts.sum(-1, keepdim=True)
    total = n + strength * counts.shape[-1]
    return (n / total) * (counts / n) + strength / total


# %% 02.8 wrong: whole-number counts cut the strength down to a whole number
def smoothed(counts, strength):
    raised = counts + torch.tensor(strength).to(counts.dtype)
    return raised / raised.sum(-1, keepdim=True)


# %% 02.8 wrong: integer division
def smoothed(counts, strength):
    raised = counts + strength
    return raised // raised.sum(-1, keepdim=True)


# %% 02.8 wrong: the total loses its dimension
def smoothed(counts, strength):
    raised = counts + strength
    return raised / raised.sum(-1)


# %% 02.8 wrong: divided by the largest count
def smoothed(counts, strength):
    raised = counts + strength
    return raised / raised.amax(-1, keepdim=True)


# %% 02.8 wrong: nothing is added
def smoothed(counts, strength):
    return counts / counts.sum(-1, keepdim=True)


# %% 02.8 wrong: strength is a temperature
def smoothed(counts, strength):
    tempered = counts.double() ** (1 / (1 + strength))
    return tempered / tempered.sum(-1, keepdim=True)


# %% 02.8 wrong: only the division is protected
def smoothed(counts, strength):
    return counts / (counts.sum(-1, keepdim=True) + strength * counts.shape[-1])


# %% 02.8 wrong: the smoothed counts are not divided
def smoothed(counts, strength):
    return counts + strength


# %% 02.8 wrong: strength is added a second time before dividing
def smoothed(counts, strength):
    raised = counts + 2 * strength
    return raised / raised.sum(-1, keepdim=True)


# %% 02.8 wrong: the leading shape is flattened
def smoothed(counts, strength):
    raised = (counts + strength).reshape(-1, counts.shape[-1])
    return raised / raised.sum(-1, keepdim=True)


# %% 02.8 right: the formula with the number of classes
def smoothed(counts, strength):
    total = counts.sum(-1, keepdim=True) + strength * counts.shape[-1]
    return (counts + strength) / total


# %% 02.8 right: the mean of a Dirichlet distribution
def smoothed(seen, added):
    return torch.distributions.Dirichlet(seen + float(added), validate_args=False).mean


# %% 02.8 right: softmax of the logarithms
def smoothed(counts, strength):
    return torch.softmax((counts + float(strength)).log(), dim=-1)


# %% 02.8 right: normalize by the sum of absolute values
def smoothed(counts, strength):
    return F.normalize(counts + float(strength), p=1, dim=-1)


# %% 02.8 right: numpy inside
def smoothed(counts, strength):
    raised = counts.detach().numpy() + strength
    return torch.from_numpy(raised / np.sum(raised, axis=-1, keepdims=True))


# %% 02.8 right: a loop over the classes
def smoothed(counts, strength):
    columns = [column + strength for column in counts.unbind(-1)]
    total = sum(columns)
    return torch.stack([column / total for column in columns], dim=-1)


# %% 02.8 wrong: the strength is added to the total once, not once a class
def smoothed(counts, strength):
    return (counts + strength) / (counts.sum(-1, keepdim=True) + strength)


# %% 02.8 wrong: only the classes not seen get something
def smoothed(counts, strength):
    counts = torch.where(counts == 0, torch.full_like(counts.double(), strength), counts.double())
    return counts / counts.sum(-1, keepdim=True)


# %% 02.8 wrong: added to the frequencies instead of the counts
def smoothed(counts, strength):
    total = counts.sum(-1, keepdim=True).clamp(min=1)
    p = counts / total + strength
    return p / p.sum(-1, keepdim=True)


# %% 02.8 wrong: divides by the total of all rows
def smoothed(counts, strength):
    c = counts + strength
    return c / c.sum()


# %% 02.8 right: softmax of logs
def smoothed(counts, strength):
    return torch.softmax(torch.log(counts.double() + strength), dim=-1)


# %% 02.9 wrong: target minus student
def cross_entropy_gradient(logits, target):
    return (target - logits.softmax(-1)) / len(logits)


# %% 02.9 wrong: not divided by the batch
def cross_entropy_gradient(logits, target):
    return logits.softmax(-1) - target


# %% 02.9 wrong: divided by batch times classes
def cross_entropy_gradient(logits, target):
    return (logits.softmax(-1) - target) / logits.numel()


# %% 02.9 wrong: divided by the number of classes
def cross_entropy_gradient(logits, target):
    return (logits.softmax(-1) - target) / logits.shape[-1]


# %% 02.9 wrong: softmax over the batch
def cross_entropy_gradient(logits, target):
    return (logits.softmax(0) - target) / len(logits)


# %% 02.9 wrong: softmax is forgotten
def cross_entropy_gradient(logits, target):
    return (logits - target) / len(logits)


# %% 02.9 wrong: sigmoid takes the place of softmax
def cross_entropy_gradient(logits, target):
    return (logits.sigmoid() - target) / len(logits)


# %% 02.9 wrong: an extra factor q (1 - q)
def cross_entropy_gradient(logits, target):
    q = logits.softmax(-1)
    return (q - target) * q * (1 - q) / len(logits)


# %% 02.9 wrong: averaged over the rows
def cross_entropy_gradient(logits, target):
    return (logits.softmax(-1) - target).mean(0)


# %% 02.9 wrong: the target becomes its favourite class
def cross_entropy_gradient(logits, target):
    hard = F.one_hot(target.argmax(-1), target.shape[-1])
    return (logits.softmax(-1) - hard) / len(logits)


# %% 02.9 wrong: log q minus p
def cross_entropy_gradient(logits, target):
    return (logits.log_softmax(-1) - target) / len(logits)


# %% 02.9 wrong: softmax by hand overflows for large logits
def cross_entropy_gradient(logits, target):
    q = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return (q - target) / len(logits)


# %% 02.9 wrong: with respect to q instead of the logits
def cross_entropy_gradient(logits, target):
    return -target / logits.softmax(-1) / len(logits)


# %% 02.9 wrong: a logit's effect on the other classes is forgotten
def cross_entropy_gradient(logits, target):
    return -target * (1 - logits.softmax(-1)) / len(logits)


# %% 02.9 wrong: the target goes through softmax too
def cross_entropy_gradient(logits, target):
    return (logits.softmax(-1) - target.softmax(-1)) / len(logits)


# %% 02.9 wrong: the gradient of the reverse direction
def cross_entropy_gradient(logits, target):
    log_q = logits.log_softmax(-1)
    q = log_q.exp()
    ratio = log_q - target.log()
    return q * (ratio - (q * ratio).sum(-1, keepdim=True)) / len(logits)


# %% 02.9 wrong: the logits are shifted in place
def cross_entropy_gradient(logits, target):
    logits -= logits.amax(-1, keepdim=True)
    q = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return (q - target) / len(logits)


# %% 02.9 wrong: the student is written over the target
def cross_entropy_gradient(logits, target):
    return target.neg_().add_(logits.softmax(-1)).div_(len(logits))


# %% 02.9 wrong: a batch of one loses its dimension
def cross_entropy_gradient(logits, target):
    return ((logits.softmax(-1) - target) / len(logits)).squeeze()


# %% 02.9 wrong: divided by one less than the batch
def cross_entropy_gradient(logits, target):
    return (logits.softmax(-1) - target) / (len(logits) - 1)


# %% 02.9 wrong: a batch of four is taken for granted
def cross_entropy_gradient(logits, target):
    return (logits.softmax(-1) - target) / 4


# %% 02.9 wrong: classes that the target rules out get no gradient
def cross_entropy_gradient(logits, target):
    gradient = (logits.softmax(-1) - target) / len(logits)
    return torch.where(target > 0, gradient, torch.zeros_like(gradient))


# %% 02.9 wrong: the loss itself
def cross_entropy_gradient(logits, target):
    return -(target * logits.log_softmax(-1)) / len(logits)


# %% 02.9 wrong: absolute differences
def cross_entropy_gradient(logits, target):
    return (logits.softmax(-1) - target).abs() / len(logits)


# %% 02.9 wrong: twice the difference, as for a squared error
def cross_entropy_gradient(logits, target):
    return 2 * (logits.softmax(-1) - target) / len(logits)


# %% 02.9 wrong: softmax over all elements together
def cross_entropy_gradient(logits, target):
    q = logits.reshape(-1).softmax(0).reshape(logits.shape)
    return (q - target) / len(logits)


# %% 02.9 wrong: transposed
def cross_entropy_gradient(logits, target):
    return ((logits.softmax(-1) - target) / len(logits)).T


# %% 02.9 wrong: the difference is weighed by the target
def cross_entropy_gradient(logits, target):
    return target * (logits.softmax(-1) - target) / len(logits)


# %% 02.9 wrong: summed over the classes
def cross_entropy_gradient(logits, target):
    return (logits.softmax(-1) - target).sum(-1) / len(logits)


# %% 02.9 wrong: q is first averaged over the batch
def cross_entropy_gradient(logits, target):
    q = logits.softmax(-1).mean(0, keepdim=True)
    return (q - target) / len(logits)


# %% 02.9 right: student minus target over the batch
def cross_entropy_gradient(logits, target):
    return F.softmax(logits, dim=1).sub(target).div(logits.size(0))


# %% 02.9 right: one class at a time with einsum
def cross_entropy_gradient(z, p):
    pulls = z.softmax(-1)[:, None, :] - torch.eye(z.shape[1], dtype=z.dtype)
    return torch.einsum("bi,bik->bk", p, pulls) / z.shape[0]


# %% 02.9 right: from logsumexp, with even weights
def cross_entropy_gradient(logits, target):
    z = logits - logits.amax(-1, keepdim=True)
    q = torch.exp(z - z.logsumexp(-1, keepdim=True))
    return (1 / len(logits)) * q - target / len(logits)


# %% 02.9 right: a loop over the rows
def cross_entropy_gradient(logits, target):
    rows = [row.softmax(0) - p for row, p in zip(logits, target)]
    return torch.stack(rows) / len(rows)


# %% 02.9 right: numpy inside
def cross_entropy_gradient(logits, target):
    z = logits.detach().numpy()
    e = np.exp(z - z.max(axis=1, keepdims=True))
    q = e / e.sum(axis=1, keepdims=True)
    return torch.from_numpy((q - target.detach().numpy()) / len(z))


# %% 02.9 right: minus target minus student
def cross_entropy_gradient(logits, target):
    return -(target - torch.softmax(logits, -1)) / logits.shape[0]


# %% 02.9 wrong: not divided by the batch (once more)
def cross_entropy_gradient(logits, target):
    return torch.softmax(logits, dim=-1) - target


# %% 02.9 wrong: the sign
def cross_entropy_gradient(logits, target):
    return (target - torch.softmax(logits, dim=-1)) / logits.shape[0]


# %% 02.9 wrong: divided by all entries
def cross_entropy_gradient(logits, target):
    return (torch.softmax(logits, dim=-1) - target) / logits.numel()


# %% 02.9 wrong: the target made a hard label
def cross_entropy_gradient(logits, target):
    q = F.softmax(logits, dim=1)
    q[torch.arange(len(q)), target.argmax(dim=1)] -= 1
    return q / len(q)


# %% 02.9 right: exp of log-probabilities, a row at a time
def cross_entropy_gradient(logits, target):
    rows = [(z - z.logsumexp(0)).exp().sub(t).div(len(logits)) for z, t in zip(logits, target)]
    return torch.stack(rows)


# %% 02.10 wrong: the letter a
done_or_stuck = "a"

# %% 02.10 wrong: the letter c
done_or_stuck = "c"

# %% 02.10 wrong: the letter d
done_or_stuck = "d"

# %% 02.10 wrong: the letter e
done_or_stuck = "e"

# %% 02.10 wrong: a capital A
done_or_stuck = "A"

# %% 02.10 wrong: c in brackets
done_or_stuck = "(c)"

# %% 02.10 right: the letter b
done_or_stuck = "b"

# %% 02.10 right: a capital B
done_or_stuck = "B"

# %% 02.10 right: b in brackets
done_or_stuck = "(b)"

# %% 02.10 right: b with spaces around it
done_or_stuck = " b "
