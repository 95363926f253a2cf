# %% setup
import math
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F

ARTICLE_Y = [0.2, 0.3, 0.1, 0.2, 0.2]
ARTICLE_P = [0.25, 0.3, 0.15, 0.1, 0.1]


def by_row(temperature):
    return torch.as_tensor(temperature)[..., None]


def average(values):
    return values.sum() / max(values.numel(), 1)


def kl_rows(student, teacher, temperature):
    log_p = F.log_softmax(teacher.detach() / temperature, dim=-1)
    log_q = F.log_softmax(student / temperature, dim=-1)
    p = log_p.exp()
    return (p * (log_p - log_q)).masked_fill(p == 0, 0.0).sum(dim=-1)


def soft_part(student, teacher, temperature):
    return temperature**2 * average(kl_rows(student, teacher, temperature))


def surprises(student, labels):
    return F.cross_entropy(student, labels, reduction="none")


def hard_part(student, labels):
    known = labels != -100
    return average(surprises(student[known], labels[known]))


# %% 03.1 wrong: the temperature multiplies the logits
def soft_targets(logits, temperature):
    return torch.softmax(logits * by_row(temperature), dim=-1)


# %% 03.1 wrong: the temperature is ignored
def soft_targets(logits, temperature):
    return torch.softmax(logits, dim=-1)


# %% 03.1 wrong: the probabilities are divided, not the logits
def soft_targets(logits, temperature):
    return torch.softmax(logits, dim=-1) / by_row(temperature)


# %% 03.1 wrong: one number for all rows, a tensor of temperatures is not thought of
def soft_targets(logits, temperature):
    return torch.softmax(logits / temperature, dim=-1)


# %% 03.1 wrong: the temperatures are given one dimension, right for two dimensions only
def soft_targets(logits, temperature):
    if torch.is_tensor(temperature):
        temperature = temperature.reshape(-1, 1)
    return torch.softmax(logits / temperature, dim=-1)


# %% 03.1 wrong: the mean of the temperatures for all rows
def soft_targets(logits, temperature):
    if torch.is_tensor(temperature):
        temperature = temperature.mean()
    return torch.softmax(logits / temperature, dim=-1)


# %% 03.1 wrong: the first row's temperature for all rows
def soft_targets(logits, temperature):
    if torch.is_tensor(temperature):
        temperature = temperature.flatten()[0]
    return torch.softmax(logits / temperature, dim=-1)


# %% 03.1 wrong: a temperature a class, not a row
def soft_targets(logits, temperature):
    t = torch.as_tensor(temperature)
    return torch.softmax(logits / (t[None] if t.ndim else t), dim=-1)


# %% 03.1 wrong: softmax over the first dimension
def soft_targets(logits, temperature):
    return torch.softmax(logits / by_row(temperature), dim=0)


# %% 03.1 wrong: softmax over dimension one, right for two dimensions only
def soft_targets(logits, temperature):
    return torch.softmax(logits / by_row(temperature), dim=1 if logits.ndim > 1 else 0)


# %% 03.1 wrong: bare exponentials overflow for large logits
def soft_targets(logits, temperature):
    powers = torch.exp(logits / by_row(temperature))
    return powers / powers.sum(dim=-1, keepdim=True)


# %% 03.1 wrong: the power of the probabilities, which are rounded to zero at one
def soft_targets(logits, temperature):
    powers = torch.softmax(logits, dim=-1) ** (1 / by_row(temperature))
    return powers / powers.sum(dim=-1, keepdim=True)


# %% 03.1 wrong: the sum runs over the whole tensor, not over a row
def soft_targets(logits, temperature):
    scaled = logits / by_row(temperature)
    powers = torch.exp(scaled - scaled.max())
    return powers / powers.sum()


# %% 03.1 wrong: the logarithm of the distribution
def soft_targets(logits, temperature):
    return F.log_softmax(logits / by_row(temperature), dim=-1)


# %% 03.1 wrong: the logits are divided in place
def soft_targets(logits, temperature):
    logits /= by_row(temperature)
    return torch.softmax(logits, dim=-1)


# %% 03.1 wrong: temperature hard-coded to two
def soft_targets(logits, temperature):
    return torch.softmax(logits / 2, dim=-1)


# %% 03.1 wrong: a temperature below one is raised to one
def soft_targets(logits, temperature):
    return torch.softmax(logits / by_row(temperature).clamp(min=1), dim=-1)


# %% 03.1 wrong: the softened probabilities are softened again
def soft_targets(logits, temperature):
    p = torch.softmax(logits / by_row(temperature), dim=-1)
    return torch.softmax(p, dim=-1)


# %% 03.1 wrong: the temperature divides the probabilities of a second softmax
def soft_targets(logits, temperature):
    return torch.softmax(torch.softmax(logits, dim=-1) / by_row(temperature), dim=-1)


# %% 03.1 wrong: all leading dimensions are flattened into one
def soft_targets(logits, temperature):
    rows = logits.reshape(-1, logits.shape[-1])
    return torch.softmax(rows / by_row(temperature).reshape(-1, 1), dim=-1)


# %% 03.1 wrong: independent sigmoids
def soft_targets(logits, temperature):
    return torch.sigmoid(logits / by_row(temperature))


# %% 03.1 wrong: the square root of the temperature
def soft_targets(logits, temperature):
    return torch.softmax(logits / by_row(temperature) ** 0.5, dim=-1)


# %% 03.1 wrong: probabilities rounded to two decimals
def soft_targets(logits, temperature):
    return torch.softmax(logits / by_row(temperature), dim=-1).round(decimals=2)


# %% 03.1 right: exponentials after subtracting the row's maximum
def soft_targets(z, t):
    z = z / (t.unsqueeze(-1) if torch.is_tensor(t) else t)
    e = (z - z.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


# %% 03.1 right: through logsumexp
def soft_targets(logits, temperature):
    z = torch.div(logits, by_row(temperature))
    return torch.exp(z - torch.logsumexp(z, dim=-1, keepdim=True))


# %% 03.1 right: numpy inside
def soft_targets(logits, temperature):
    z = logits.detach().numpy() / np.asarray(temperature)[..., None]
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return torch.as_tensor(e / e.sum(axis=-1, keepdims=True), dtype=logits.dtype)


# %% 03.1 right: without a graph
@torch.no_grad()
def soft_targets(logits, temperature):
    t = torch.as_tensor(temperature, dtype=logits.dtype).expand(logits.shape[:-1])
    return torch.softmax(logits / t.unsqueeze(-1), dim=-1)


# %% 03.1 right: classes moved to the front and back
def soft_targets(scores, T):
    return scores.movedim(-1, 0).div(T).softmax(0).movedim(0, -1)


# %% 03.1 right: one class at a time, by pairwise differences
def soft_targets(logits, temperature):
    odds = [
        torch.exp((logits - logits[..., i : i + 1]) / by_row(temperature)).sum(dim=-1)
        for i in range(logits.shape[-1])
    ]
    return 1 / torch.stack(odds, dim=-1)


# %% 03.1 wrong: one temperature a row meets the classes
def soft_targets(logits, temperature):
    return torch.softmax(logits / temperature, dim=-1)


# %% 03.1 wrong: exp overflows
def soft_targets(logits, temperature):
    t = torch.as_tensor(temperature).unsqueeze(-1)
    e = torch.exp(logits / t)
    return e / e.sum(-1, keepdim=True)


# %% 03.1 wrong: multiplies
def soft_targets(logits, temperature):
    t = torch.as_tensor(temperature).unsqueeze(-1)
    return torch.softmax(logits * t, dim=-1)


# %% 03.1 wrong: temperatures as one column, whatever the shape
def soft_targets(logits, temperature):
    if torch.is_tensor(temperature):
        temperature = temperature.reshape(-1, 1)
    return F.softmax(logits / temperature, dim=-1)


# %% 03.1 right: logsumexp in float64
def soft_targets(logits, temperature):
    t = torch.as_tensor(temperature, dtype=torch.float64)[..., None]
    z = logits.double() / t
    return (z - z.logsumexp(-1, keepdim=True)).exp()


# %% 03.2 wrong: T² is forgotten
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: T in place of T²
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature * F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: divided by T²
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return F.kl_div(log_q, p, reduction="batchmean") / temperature**2


# %% 03.2 wrong: reduction mean, divided by the classes too
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="none").mean()


# %% 03.2 wrong: the sum over the examples
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="sum")


# %% 03.2 wrong: one number an example, no mean
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="none").sum(dim=-1)


# %% 03.2 wrong: the two models are swapped in the divergence
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * (log_q.exp() * (log_q - log_p)).sum(dim=-1).mean()


# %% 03.2 wrong: kl_div given p first and log q second
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(p, log_q.exp(), reduction="batchmean")


# %% 03.2 wrong: kl_div given q for log q
def soft_loss(student_logits, teacher_logits, temperature):
    q = F.softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(q, p, reduction="batchmean")


# %% 03.2 wrong: kl_div given log p without log_target
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * (log_p * (log_p - log_q)).sum(dim=-1).mean()


# %% 03.2 wrong: the teacher is not detached
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits / temperature, dim=-1)
    return temperature**2 * (log_p.exp() * (log_p - log_q)).sum(dim=-1).mean()


# %% 03.2 right: only the weight p is detached, and the gradient through log p is zero
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits / temperature, dim=-1)
    return temperature**2 * (log_p.exp().detach() * (log_p - log_q)).sum(dim=-1).mean()


# %% 03.2 wrong: the student is detached instead of the teacher
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits.detach() / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits / temperature, dim=-1)
    return temperature**2 * (log_p.exp() * (log_p - log_q)).sum(dim=-1).mean()


# %% 03.2 wrong: no gradient for anyone, all under no_grad
@torch.no_grad()
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: the caller's teacher tensor loses its requires_grad
def soft_loss(student_logits, teacher_logits, temperature):
    teacher_logits.requires_grad_(False)
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: the student stays at temperature one
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: the teacher is not softened
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach(), dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: cross-entropy, the teacher's entropy left in
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return -(temperature**2) * (p * log_q).sum(dim=-1).mean()


# %% 03.2 wrong: the student's probabilities go through softmax and then log
def soft_loss(student_logits, teacher_logits, temperature):
    q = F.softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(q.log(), p, reduction="batchmean")


# %% 03.2 wrong: log of the teacher's softmax, NaN for a very sure teacher
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * (p * (p.log() - log_q)).sum(dim=-1).mean()


# %% 03.2 wrong: log of the teacher's softmax, and the teacher is not detached
def soft_loss(student_logits, teacher_logits, temperature):
    p = F.softmax(teacher_logits / temperature, dim=-1)
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    return temperature**2 * (p * (p.log() - log_q)).sum(dim=-1).mean()


# %% 03.2 wrong: an epsilon inside the student's log
def soft_loss(student_logits, teacher_logits, temperature):
    q = F.softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * (log_p.exp() * (log_p - (q + 1e-8).log())).sum(dim=-1).mean()


# %% 03.2 wrong: softmax over the examples
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=0)
    p = F.softmax(teacher_logits.detach() / temperature, dim=0)
    return temperature**2 * F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: the logarithm of base two
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="batchmean") / math.log(2)


# %% 03.2 wrong: the sign is turned round
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * (log_p.exp() * (log_q - log_p)).sum(dim=-1).mean()


# %% 03.2 wrong: the student's logits are divided in place
def soft_loss(student_logits, teacher_logits, temperature):
    student_logits.data /= temperature
    log_q = F.log_softmax(student_logits, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: detach shares memory, and the teacher is divided in place
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach().div_(temperature), dim=-1)
    return temperature**2 * F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: squared error of the softened probabilities
def soft_loss(student_logits, teacher_logits, temperature):
    q = F.softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * ((q - p) ** 2).sum(dim=-1).mean()


# %% 03.2 wrong: T² times an average over examples of the averaged distributions
def soft_loss(student_logits, teacher_logits, temperature):
    q = F.softmax(student_logits / temperature, dim=-1).mean(dim=0)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1).mean(dim=0)
    return temperature**2 * F.kl_div(q.log(), p, reduction="sum")


# %% 03.2 right: kl_div with log_target
def soft_loss(student_logits, teacher_logits, temperature):
    with torch.no_grad():
        log_p = F.log_softmax(teacher_logits / temperature, dim=1)
    log_q = F.log_softmax(student_logits / temperature, dim=1)
    loss = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    return loss * temperature * temperature


# %% 03.2 right: cross-entropy minus entropy
def soft_loss(student_logits, teacher_logits, temperature):
    log_p = (teacher_logits.detach() / temperature).log_softmax(-1)
    p = log_p.exp()
    cross = F.cross_entropy(student_logits / temperature, p)
    entropy = -(p * log_p).sum(-1).mean()
    return temperature**2 * (cross - entropy)


# %% 03.2 right: with einsum
def soft_loss(z_s, z_t, t):
    log_p, log_q = (F.log_softmax(z / t, dim=-1) for z in (z_t.detach(), z_s))
    return t**2 * torch.einsum("nc,nc->", log_p.exp(), log_p - log_q) / len(z_s)


# %% 03.2 right: a loop over the examples with logsumexp
def soft_loss(student_logits, teacher_logits, temperature):
    total = 0.0
    for s, t in zip(student_logits / temperature, teacher_logits.detach() / temperature):
        log_q, log_p = s - torch.logsumexp(s, 0), t - torch.logsumexp(t, 0)
        total = total + torch.dot(log_p.exp(), log_p - log_q)
    return temperature**2 * total / len(student_logits)


# %% 03.2 wrong: torch.distributions, infinite where the student's probability underflows
def soft_loss(student_logits, teacher_logits, temperature):
    p = torch.distributions.Categorical(logits=teacher_logits.detach() / temperature)
    q = torch.distributions.Categorical(logits=student_logits / temperature)
    return torch.distributions.kl_divergence(p, q).mean() * temperature**2


# %% 03.2 wrong: the mean over the elements
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)
    return F.kl_div(log_q, log_p, log_target=True) * temperature**2


# %% 03.2 wrong: without T squared
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return F.kl_div(log_q, p, reduction="batchmean")


# %% 03.2 wrong: the log of a softmax
def soft_loss(student_logits, teacher_logits, temperature):
    q = F.softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    return temperature**2 * F.kl_div(q.log(), p, reduction="batchmean")


# %% 03.2 wrong: the teacher is not detached (once more)
def soft_loss(student_logits, teacher_logits, temperature):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits / temperature, dim=-1)
    return temperature**2 * (log_p.exp() * (log_p - log_q)).sum(-1).mean()


# %% 03.2 right: cross-entropy minus cross-entropy with itself
def soft_loss(student_logits, teacher_logits, temperature):
    s = student_logits.double() / temperature
    t = teacher_logits.detach().double() / temperature
    p = t.softmax(1)
    return temperature**2 * (F.cross_entropy(s, p) - F.cross_entropy(t, p))


# %% 03.3 wrong: the mean over examples is forgotten
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p)


# %% 03.3 wrong: p minus q
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (p - q) / len(student_logits)


# %% 03.3 wrong: T² in place of T, the chain rule forgotten
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature**2 * (q - p) / len(student_logits)


# %% 03.3 wrong: the gradient of the bare KL, T² forgotten
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return (q - p) / temperature / len(student_logits)


# %% 03.3 wrong: q minus p with no factor of T
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return (q - p) / len(student_logits)


# %% 03.3 wrong: both at temperature one
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits, dim=-1)
    p = torch.softmax(teacher_logits, dim=-1)
    return temperature * (q - p) / len(student_logits)


# %% 03.3 wrong: the student is not softened
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p) / len(student_logits)


# %% 03.3 wrong: the teacher is not softened
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits, dim=-1)
    return temperature * (q - p) / len(student_logits)


# %% 03.3 wrong: divided by the number of elements
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p) / student_logits.numel()


# %% 03.3 wrong: divided by the number of classes
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p) / student_logits.shape[-1]


# %% 03.3 wrong: averaged over the examples, one row left
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p).mean(dim=0)


# %% 03.3 wrong: the row of means is kept as a row
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p).mean(dim=0, keepdim=True)


# %% 03.3 wrong: softmax over the examples
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=0)
    p = torch.softmax(teacher_logits / temperature, dim=0)
    return temperature * (q - p) / len(student_logits)


# %% 03.3 wrong: the high-temperature limit in place of the gradient
def soft_gradient(student_logits, teacher_logits, temperature):
    d = student_logits - teacher_logits
    return (d - d.mean(dim=-1, keepdim=True)) / d.shape[-1] / len(d)


# %% 03.3 wrong: weighted by p
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * p * (q - p) / len(student_logits)


# %% 03.3 wrong: the derivative with respect to log q, minus p alone
def soft_gradient(student_logits, teacher_logits, temperature):
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return -temperature * p / len(student_logits)


# %% 03.3 wrong: bare exponentials overflow for large logits
def soft_gradient(student_logits, teacher_logits, temperature):
    q, p = torch.exp(student_logits / temperature), torch.exp(teacher_logits / temperature)
    q, p = q / q.sum(dim=-1, keepdim=True), p / p.sum(dim=-1, keepdim=True)
    return temperature * (q - p) / len(student_logits)


# %% 03.3 wrong: bare exponentials of the teacher alone
def soft_gradient(student_logits, teacher_logits, temperature):
    q, p = torch.softmax(student_logits / temperature, -1), torch.exp(teacher_logits / temperature)
    return temperature * (q - p / p.sum(dim=-1, keepdim=True)) / len(student_logits)


# %% 03.3 wrong: the student's logits are divided in place
def soft_gradient(student_logits, teacher_logits, temperature):
    student_logits /= temperature
    q = torch.softmax(student_logits, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p) / len(student_logits)


# %% 03.3 right: by autograd, which the statement asks not to use and the check cannot tell
def soft_gradient(student_logits, teacher_logits, temperature):
    with torch.enable_grad():
        z = student_logits.detach().clone().requires_grad_(True)
        loss = soft_part(z, teacher_logits, temperature)
        return torch.autograd.grad(loss, z)[0]


# %% 03.3 right: row by row
def soft_gradient(student_logits, teacher_logits, temperature):
    n = student_logits.shape[0]
    rows = [
        (torch.softmax(s / temperature, 0) - torch.softmax(t / temperature, 0)) * (temperature / n)
        for s, t in zip(student_logits, teacher_logits)
    ]
    return torch.stack(rows)


# %% 03.3 right: both models stacked in one softmax
def soft_gradient(z_s, z_t, t):
    q, p = (torch.stack([z_s, z_t]) / t).softmax(dim=-1)
    return (q - p).mul(t).div(z_s.size(0))


# %% 03.3 right: numpy inside
def soft_gradient(student_logits, teacher_logits, temperature):
    def soften(z):
        z = z.detach().numpy() / temperature
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    g = temperature * (soften(student_logits) - soften(teacher_logits)) / len(student_logits)
    return torch.as_tensor(g, dtype=student_logits.dtype)


# %% 03.3 right: the full chain rule with the Jacobian of softmax
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    eye = torch.eye(q.shape[-1], dtype=q.dtype)
    d_log_q = eye - q[:, None, :]
    by_u = -torch.einsum("ni,nij->nj", p, d_log_q)
    return temperature**2 / temperature * by_u / q.shape[0]


# %% 03.3 wrong: not divided by the examples
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, -1)
    p = torch.softmax(teacher_logits / temperature, -1)
    return temperature * (q - p)


# %% 03.3 wrong: T squared, the inner derivative forgotten
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, -1)
    p = torch.softmax(teacher_logits / temperature, -1)
    return temperature**2 * (q - p) / len(q)


# %% 03.3 wrong: the gradient of the bare KL
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, -1)
    p = torch.softmax(teacher_logits / temperature, -1)
    return (q - p) / temperature / len(q)


# %% 03.3 wrong: teacher minus student
def soft_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, -1)
    p = torch.softmax(teacher_logits / temperature, -1)
    return temperature * (p - q) / q.shape[0]


# %% 03.3 right: a stack and a signed contraction
def soft_gradient(student_logits, teacher_logits, temperature):
    both = torch.stack([student_logits, teacher_logits]).div(temperature).softmax(-1)
    signs = both.new_tensor([temperature, -temperature]) / both.shape[1]
    return torch.einsum("m,mec->ec", signs, both)


# %% 03.4 wrong: the unbiased variance, divided by C - 1
def logit_matching_loss(student_logits, teacher_logits):
    return (student_logits - teacher_logits).var(dim=-1).mean() / 2


# %% 03.4 wrong: the half is forgotten
def logit_matching_loss(student_logits, teacher_logits):
    return (student_logits - teacher_logits).var(dim=-1, unbiased=False).mean()


# %% 03.4 wrong: the rows are not centred
def logit_matching_loss(student_logits, teacher_logits):
    return F.mse_loss(student_logits, teacher_logits) / 2


# %% 03.4 wrong: the plain mean squared error
def logit_matching_loss(student_logits, teacher_logits):
    return F.mse_loss(student_logits, teacher_logits)


# %% 03.4 wrong: the squares are summed over the classes, not averaged
def logit_matching_loss(student_logits, teacher_logits):
    d = student_logits - teacher_logits
    d = d - d.mean(dim=-1, keepdim=True)
    return (d**2).sum(dim=-1).mean() / 2


# %% 03.4 wrong: the sum over the rows
def logit_matching_loss(student_logits, teacher_logits):
    return (student_logits - teacher_logits).var(dim=-1, unbiased=False).sum() / 2


# %% 03.4 wrong: one number a row
def logit_matching_loss(student_logits, teacher_logits):
    return (student_logits - teacher_logits).var(dim=-1, unbiased=False) / 2


# %% 03.4 wrong: one mean for the whole batch
def logit_matching_loss(student_logits, teacher_logits):
    return (student_logits - teacher_logits).var(unbiased=False) / 2


# %% 03.4 wrong: variance over the examples
def logit_matching_loss(student_logits, teacher_logits):
    return (student_logits - teacher_logits).var(dim=0, unbiased=False).mean() / 2


# %% 03.4 wrong: standard deviation in place of variance
def logit_matching_loss(student_logits, teacher_logits):
    return (student_logits - teacher_logits).std(dim=-1, unbiased=False).mean() / 2


# %% 03.4 wrong: the difference of the two variances
def logit_matching_loss(student_logits, teacher_logits):
    s = student_logits.var(dim=-1, unbiased=False)
    t = teacher_logits.var(dim=-1, unbiased=False)
    return (s - t).mean() / 2


# %% 03.4 wrong: only the teacher's row is centred
def logit_matching_loss(student_logits, teacher_logits):
    centred = teacher_logits - teacher_logits.mean(dim=-1, keepdim=True)
    return ((student_logits - centred) ** 2).mean(dim=-1).mean() / 2


# %% 03.4 wrong: squared error of the probabilities
def logit_matching_loss(student_logits, teacher_logits):
    d = F.softmax(student_logits, dim=-1) - F.softmax(teacher_logits, dim=-1)
    return d.var(dim=-1, unbiased=False).mean() / 2


# %% 03.4 wrong: variance of the sum of the logits
def logit_matching_loss(student_logits, teacher_logits):
    return (student_logits + teacher_logits).var(dim=-1, unbiased=False).mean() / 2


# %% 03.4 wrong: the soft loss at a temperature of a thousand in float32
def logit_matching_loss(student_logits, teacher_logits):
    return soft_part(student_logits.float(), teacher_logits.float(), 1000.0)


# %% 03.4 wrong: the soft loss at a temperature of twenty
def logit_matching_loss(student_logits, teacher_logits):
    return soft_part(student_logits.double(), teacher_logits.double(), 20.0)


# %% 03.4 wrong: five classes hard-coded
def logit_matching_loss(student_logits, teacher_logits):
    d = student_logits - teacher_logits
    d = d - d.mean(dim=-1, keepdim=True)
    return (d**2).sum(dim=-1).mean() / (2 * 5)


# %% 03.4 wrong: keepdim forgotten, the means meet the wrong dimension
def logit_matching_loss(student_logits, teacher_logits):
    d = student_logits - teacher_logits
    d = d - d.mean(dim=-1)
    return (d**2).mean() / 2


# %% 03.4 wrong: absolute differences, not squares
def logit_matching_loss(student_logits, teacher_logits):
    d = student_logits - teacher_logits
    return (d - d.mean(dim=-1, keepdim=True)).abs().mean() / 2


# %% 03.4 wrong: centred on the median
def logit_matching_loss(student_logits, teacher_logits):
    d = student_logits - teacher_logits
    d = d - d.median(dim=-1, keepdim=True).values
    return (d**2).mean() / 2


# %% 03.4 wrong: mean of squares minus squared mean, no digits left for a shifted row
def logit_matching_loss(student_logits, teacher_logits):
    d = student_logits - teacher_logits
    return ((d**2).mean(dim=-1) - d.mean(dim=-1) ** 2).mean() / 2


# %% 03.4 wrong: the logits are centred in place
def logit_matching_loss(student_logits, teacher_logits):
    student_logits -= student_logits.mean(dim=-1, keepdim=True)
    teacher_logits -= teacher_logits.mean(dim=-1, keepdim=True)
    return ((student_logits - teacher_logits) ** 2).mean() / 2


# %% 03.4 right: squared error of the separately centred logits
def logit_matching_loss(student_logits, teacher_logits):
    s = student_logits - student_logits.mean(1, keepdim=True)
    t = teacher_logits - teacher_logits.mean(1, keepdim=True)
    return 0.5 * F.mse_loss(s, t)


# %% 03.4 right: from all pairs of classes
def logit_matching_loss(a, b):
    d = a - b
    pairs = (d[:, :, None] - d[:, None, :]) ** 2
    return pairs.mean(dim=(1, 2)).mean() / 4


# %% 03.4 right: a centring matrix and einsum
def logit_matching_loss(student_logits, teacher_logits):
    d = student_logits - teacher_logits
    n, c = d.shape
    centring = torch.eye(c, dtype=d.dtype) - 1 / c
    d = torch.einsum("ni,ij->nj", d, centring)
    return torch.einsum("nj,nj->", d, d) / (2 * c * n)


# %% 03.4 right: a loop with correction zero
def logit_matching_loss(student_logits, teacher_logits):
    halves = [torch.var(s - t, correction=0) / 2 for s, t in zip(student_logits, teacher_logits)]
    return torch.stack(halves).mean()


# %% 03.4 wrong: the means are not taken off
def logit_matching_loss(student_logits, teacher_logits):
    return 0.5 * F.mse_loss(student_logits, teacher_logits)


# %% 03.4 wrong: without the half
def logit_matching_loss(student_logits, teacher_logits):
    s = student_logits - student_logits.mean(dim=-1, keepdim=True)
    t = teacher_logits - teacher_logits.mean(dim=-1, keepdim=True)
    return F.mse_loss(s, t)


# %% 03.4 wrong: the sum over the classes
def logit_matching_loss(student_logits, teacher_logits):
    s = student_logits - student_logits.mean(dim=-1, keepdim=True)
    t = teacher_logits - teacher_logits.mean(dim=-1, keepdim=True)
    return 0.5 * ((s - t) ** 2).sum(-1).mean()


# %% 03.4 wrong: one mean for the whole batch (once more)
def logit_matching_loss(student_logits, teacher_logits):
    s = student_logits - student_logits.mean()
    t = teacher_logits - teacher_logits.mean()
    return 0.5 * ((s - t) ** 2).mean()


# %% 03.4 right: half a variance
def logit_matching_loss(student_logits, teacher_logits):
    return (student_logits.double() - teacher_logits.double()).var(-1, correction=0).mean() / 2


# %% 03.5 wrong: the second student ends softer
kl_or_cross_entropy = "b"

# %% 03.5 wrong: the second student is worse
kl_or_cross_entropy = "c"

# %% 03.5 wrong: the two curves coincide
kl_or_cross_entropy = "d"

# %% 03.5 right: the letter
kl_or_cross_entropy = "a"

# %% 03.5 right: the letter in brackets
kl_or_cross_entropy = "(a)"

# %% 03.5 right: a capital
kl_or_cross_entropy = "A"

# %% 03.5 right: blanks around it
kl_or_cross_entropy = " a "


# %% 03.6 wrong: plain cross_entropy, NaN when nothing is labelled
def hard_loss(student_logits, labels):
    return F.cross_entropy(student_logits, labels)


# %% 03.6 wrong: divided by all rows
def hard_loss(student_logits, labels):
    return F.cross_entropy(student_logits, labels, reduction="sum") / max(len(labels), 1)


# %% 03.6 wrong: the sum over the labelled rows
def hard_loss(student_logits, labels):
    return F.cross_entropy(student_logits, labels, reduction="sum")


# %% 03.6 wrong: divided by the count plus a one
def hard_loss(student_logits, labels):
    count = (labels != -100).sum()
    return F.cross_entropy(student_logits, labels, reduction="sum") / (count + 1)


# %% 03.6 wrong: missing labels are clamped to class zero
def hard_loss(student_logits, labels):
    return F.cross_entropy(student_logits, labels.clamp(min=0))


# %% 03.6 wrong: class zero counts as no label
def hard_loss(student_logits, labels):
    known = labels > 0
    return average(surprises(student_logits[known], labels[known]))


# %% 03.6 wrong: zero as soon as one label is missing
def hard_loss(student_logits, labels):
    if (labels == -100).any():
        return student_logits.sum() * 0
    return F.cross_entropy(student_logits, labels)


# %% 03.6 wrong: zero whenever the first row is unlabelled
def hard_loss(student_logits, labels):
    if labels[0] == -100:
        return student_logits.sum() * 0
    return F.cross_entropy(student_logits, labels)


# %% 03.6 wrong: the minus sign is forgotten
def hard_loss(student_logits, labels):
    known = labels != -100
    log_q = F.log_softmax(student_logits[known], dim=-1)
    return average(log_q.gather(1, labels[known][:, None]))


# %% 03.6 wrong: one minus the probability of the label, without a log
def hard_loss(student_logits, labels):
    known = labels != -100
    q = F.softmax(student_logits[known], dim=-1)
    return average(1 - q.gather(1, labels[known][:, None]))


# %% 03.6 wrong: softmax before cross_entropy, which has one of its own
def hard_loss(student_logits, labels):
    return hard_part(F.softmax(student_logits, dim=-1), labels)


# %% 03.6 wrong: nll_loss on bare logits
def hard_loss(student_logits, labels):
    known = labels != -100
    return average(F.nll_loss(student_logits[known], labels[known], reduction="none"))


# %% 03.6 wrong: log of the softmax, infinite for large logits
def hard_loss(student_logits, labels):
    known = labels != -100
    q = F.softmax(student_logits[known], dim=-1)
    return average(-q.gather(1, labels[known][:, None]).log())


# %% 03.6 wrong: bare exponentials overflow for large logits
def hard_loss(student_logits, labels):
    known = labels != -100
    z = student_logits[known]
    return average(z.exp().sum(dim=-1).log() - z.gather(1, labels[known][:, None])[:, 0])


# %% 03.6 wrong: an epsilon inside the log caps the surprise
def hard_loss(student_logits, labels):
    known = labels != -100
    q = F.softmax(student_logits[known], dim=-1)
    return average(-(q.gather(1, labels[known][:, None]) + 1e-8).log())


# %% 03.6 wrong: softmax over the examples
def hard_loss(student_logits, labels):
    known = labels != -100
    log_q = F.log_softmax(student_logits[known], dim=0)
    return average(-log_q.gather(1, labels[known][:, None]))


# %% 03.6 wrong: softened by a temperature of two
def hard_loss(student_logits, labels):
    return hard_part(student_logits / 2, labels)


# %% 03.6 wrong: divided by the classes too
def hard_loss(student_logits, labels):
    known = labels != -100
    log_q = F.log_softmax(student_logits[known], dim=-1)
    return average(-log_q * F.one_hot(labels[known], log_q.shape[-1]))


# %% 03.6 wrong: one number a row
def hard_loss(student_logits, labels):
    known = labels != -100
    return surprises(student_logits[known], labels[known])


# %% 03.6 wrong: in bits
def hard_loss(student_logits, labels):
    return hard_part(student_logits, labels) / math.log(2)


# %% 03.6 wrong: the caller's labels are overwritten
def hard_loss(student_logits, labels):
    known = labels != -100
    labels[~known] = 0
    return (surprises(student_logits, labels) * known).sum() / known.sum().clamp(min=1)


# %% 03.6 wrong: missing labels index the last class
def hard_loss(student_logits, labels):
    last = student_logits.shape[-1] - 1
    return F.cross_entropy(student_logits, torch.where(labels == -100, last, labels))


# %% 03.6 wrong: label smoothing of a tenth
def hard_loss(student_logits, labels):
    known = labels != -100
    z, y = student_logits[known], labels[known]
    return average(F.cross_entropy(z, y, reduction="none", label_smoothing=0.1))


# %% 03.6 wrong: the surprise at the likeliest class, not at the label
def hard_loss(student_logits, labels):
    known = labels != -100
    return average(-F.log_softmax(student_logits[known], dim=-1).amax(dim=-1))


# %% 03.6 wrong: the student is detached, nothing to learn from
def hard_loss(student_logits, labels):
    return hard_part(student_logits.detach(), labels)


# %% 03.6 right: sum of cross_entropy over a count of at least one
def hard_loss(student_logits, labels):
    count = (labels != -100).sum().clamp(min=1)
    return F.cross_entropy(student_logits, labels, reduction="sum", ignore_index=-100) / count


# %% 03.6 right: PyTorch's mean, its NaN turned to 0
def hard_loss(student_logits, labels):
    return torch.nan_to_num(F.cross_entropy(student_logits, labels))


# %% 03.6 right: logsumexp minus the label's logit
def hard_loss(z, y):
    z, y = z[y != -100], y[y != -100]
    own = z[torch.arange(len(y)), y]
    return (torch.logsumexp(z, dim=1) - own).sum() / max(len(y), 1)


# %% 03.6 right: a loop over the rows
def hard_loss(student_logits, labels):
    rows = [(z, y) for z, y in zip(student_logits, labels.tolist()) if y != -100]
    total = student_logits[:0].sum()
    for z, y in rows:
        total = total - z.log_softmax(0)[y]
    return total / (len(rows) or 1)


# %% 03.6 right: one-hot targets and einsum
def hard_loss(student_logits, labels):
    keep = labels.ne(-100).nonzero()[:, 0]
    log_q = student_logits.index_select(0, keep).log_softmax(-1)
    marks = F.one_hot(labels[keep], log_q.shape[-1]).to(log_q.dtype)
    return -torch.einsum("nc,nc->", marks, log_q) / max(len(keep), 1)


# %% 03.6 wrong: NaN without any label
def hard_loss(student_logits, labels):
    return F.cross_entropy(student_logits, labels, ignore_index=-100)


# %% 03.6 wrong: divided by all rows (once more)
def hard_loss(student_logits, labels):
    return F.cross_entropy(student_logits, labels, reduction="none").mean()


# %% 03.6 wrong: no label is taken for class 0
def hard_loss(student_logits, labels):
    return F.cross_entropy(student_logits, labels.clamp(min=0))


# %% 03.6 wrong: capped by an epsilon
def hard_loss(student_logits, labels):
    keep = labels != -100
    if not keep.any():
        return student_logits.sum() * 0.0
    q = torch.softmax(student_logits[keep], dim=-1)
    picked = q.gather(1, labels[keep].unsqueeze(1))
    return -torch.log(picked + 1e-12).mean()


# %% 03.6 right: logsumexp minus the label's logit (once more)
def hard_loss(student_logits, labels):
    keep = labels.ge(0)
    own = student_logits.gather(1, labels.clamp_min(0)[:, None])[:, 0]
    each = torch.logsumexp(student_logits, 1) - own
    return torch.where(keep, each, 0).sum() / max(1, int(keep.sum()))


# %% 03.7 wrong: alpha weighs the hard part
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return (1 - alpha) * soft + alpha * hard_part(student_logits, labels)


# %% 03.7 wrong: T² is forgotten
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature) / temperature**2
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: T² counted twice
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * temperature**2 * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: T² on the hard part as well
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * temperature**2 * hard_part(student_logits, labels)


# %% 03.7 wrong: T in place of T²
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature) / temperature
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the bare KL when alpha is one
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    if alpha == 1:
        return soft / temperature**2
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: an alpha of zero is taken for not given
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    alpha = alpha or 0.5
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the bare KL when no row has a label
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    if (labels == -100).all():
        return alpha * soft / temperature**2
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: without any label the soft part gets the whole weight
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    if (labels == -100).all():
        return soft
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: rows without a label are dropped from both parts
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    known = labels != -100
    soft = soft_part(student_logits[known], teacher_logits[known], temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: only labelled rows enter both parts, NaN when there is none
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    known = labels != -100
    student, teacher, told = student_logits[known], teacher_logits[known], labels[known]
    log_q = F.log_softmax(student / temperature, dim=-1)
    log_p = F.log_softmax(teacher.detach() / temperature, dim=-1)
    soft = temperature**2 * (log_p.exp() * (log_p - log_q)).sum(dim=-1).mean()
    return alpha * soft + (1 - alpha) * F.cross_entropy(student, told)


# %% 03.7 wrong: the soft part is a mean over labelled rows, NaN when there is none
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    rows = kl_rows(student_logits, teacher_logits, temperature)[labels != -100]
    hard = hard_part(student_logits, labels)
    return alpha * temperature**2 * rows.mean() + (1 - alpha) * hard


# %% 03.7 wrong: everything is zero when no row has a label
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    if (labels == -100).all():
        return student_logits.sum() * 0
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: NaN when no row has a label
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


# %% 03.7 wrong: the hard part is divided by all rows
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * surprises(student_logits, labels).mean()


# %% 03.7 wrong: the hard part is softened
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits / temperature, labels)


# %% 03.7 wrong: the hard part is unweighted
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + hard_part(student_logits, labels)


# %% 03.7 wrong: the soft part is unweighted
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: alpha is ignored, half and half
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return 0.5 * soft + 0.5 * hard_part(student_logits, labels)


# %% 03.7 wrong: the hard part is subtracted
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft - (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the arguments of the soft loss are swapped
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)
    soft = temperature**2 * (log_q.exp() * (log_q - log_p)).sum(dim=-1).mean()
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the gradient reaches the teacher
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * (log_p.exp() * (log_p - log_q)).sum(dim=-1).mean()
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the student is detached in the soft part
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits.detach(), teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the hard part is turned into a bare number and teaches nothing
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels).item()


# %% 03.7 wrong: the labels are taken from the teacher
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    labels = torch.where(labels == -100, labels, teacher_logits.argmax(dim=-1))
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: missing labels are filled in by the teacher
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    labels = torch.where(labels == -100, teacher_logits.argmax(dim=-1), labels)
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the soft part is cross-entropy
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    soft = temperature**2 * F.cross_entropy(student_logits / temperature, p)
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the hard part looks at the teacher's logits
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * hard_part(teacher_logits.detach(), labels)


# %% 03.7 wrong: the soft part is a mean over elements
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature) / student_logits.shape[-1]
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: sums over the examples
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = temperature**2 * kl_rows(student_logits, teacher_logits, temperature).sum()
    hard = surprises(student_logits, labels).sum()
    return alpha * soft + (1 - alpha) * hard


# %% 03.7 wrong: mixed row by row, unlabelled rows at full soft weight
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = temperature**2 * kl_rows(student_logits, teacher_logits, temperature)
    mixed = alpha * soft + (1 - alpha) * surprises(student_logits, labels)
    return torch.where(labels == -100, soft, mixed).mean()


# %% 03.7 wrong: the two parts are returned side by side
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft, (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: log of the softmax for the teacher, NaN for a very sure one
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    soft = temperature**2 * (p * (p.log() - log_q)).sum(dim=-1).mean()
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the student is not softened
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    log_q = F.log_softmax(student_logits, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    return alpha * soft + (1 - alpha) * hard_part(student_logits, labels)


# %% 03.7 wrong: the caller's labels are overwritten
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    known = labels != -100
    labels.clamp_(min=0)
    hard = (surprises(student_logits, labels) * known).sum() / known.sum().clamp(min=1)
    return alpha * soft + (1 - alpha) * hard


# %% 03.7 right: all in one sum over classes
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    log_p = (teacher_logits.detach() / temperature).log_softmax(-1)
    log_q = (student_logits / temperature).log_softmax(-1)
    soft = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True) * temperature**2
    known = (labels != -100).sum().clamp(min=1)
    hard = F.cross_entropy(student_logits, labels, reduction="sum") / known
    return torch.lerp(hard, soft, float(alpha))


# %% 03.7 right: a loop over the examples
def distillation_loss(z_s, z_t, y, t, a):
    soft, hard, known = 0.0, 0.0, 0
    for s, teacher, label in zip(z_s, z_t.detach(), y.tolist()):
        log_p, log_q = (teacher / t).log_softmax(0), (s / t).log_softmax(0)
        soft = soft + t**2 * (log_p.exp() * (log_p - log_q)).sum()
        if label >= 0:
            hard, known = hard - s.log_softmax(0)[label], known + 1
    return a * soft / len(z_s) + (1 - a) * hard / max(known, 1)


# %% 03.7 right: weights per row, then a single sum
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    known = (labels != -100).to(student_logits.dtype)
    hard_weight = (1 - alpha) * known / known.sum().clamp(min=1)
    own = labels.clamp(min=0)[:, None]
    hard = -F.log_softmax(student_logits, dim=-1).gather(1, own)[:, 0]
    soft = kl_rows(student_logits, teacher_logits, temperature)
    soft_weight = alpha * temperature**2 / len(labels)
    return (soft_weight * soft).sum() + (hard_weight * hard).sum()


# %% 03.7 right: hard plus alpha times the difference
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    with torch.no_grad():
        p = torch.softmax(teacher_logits / temperature, dim=-1)
        entropy = torch.special.entr(p).sum(dim=-1).mean()
    soft = temperature**2 * (F.cross_entropy(student_logits / temperature, p) - entropy)
    hard = hard_part(student_logits, labels)
    return hard + alpha * (soft - hard)


# %% 03.7 wrong: alpha on the wrong side
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    n = (labels != -100).sum().clamp(min=1)
    hard = F.cross_entropy(student_logits, labels, ignore_index=-100, reduction="sum") / n
    return (1 - alpha) * soft + alpha * hard


# %% 03.7 wrong: rows without a label leave the soft part, too
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    keep = labels != -100
    if keep.sum() == 0:
        return student_logits.sum() * 0
    s, t, y = student_logits[keep], teacher_logits[keep].detach(), labels[keep]
    soft = F.kl_div(
        F.log_softmax(s / temperature, -1), F.softmax(t / temperature, -1), reduction="batchmean"
    )
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(s, y)


# %% 03.7 wrong: the hard part at temperature T
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    student = student_logits / temperature
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(F.log_softmax(student, -1), p, reduction="batchmean")
    n = (labels != -100).sum().clamp(min=1)
    hard = F.cross_entropy(student, labels, reduction="sum") / n
    return alpha * soft + (1 - alpha) * hard


# %% 03.7 wrong: T squared multiplies both parts
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean")
    n = (labels != -100).sum().clamp(min=1)
    hard = F.cross_entropy(student_logits, labels, reduction="sum") / n
    return (alpha * soft + (1 - alpha) * hard) * temperature**2


# %% 03.7 right: example by example
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    soft, hard = [], []
    for z, t, y in zip(student_logits, teacher_logits.detach(), labels.tolist()):
        a, b = (t / temperature).log_softmax(0), (z / temperature).log_softmax(0)
        soft.append(temperature * temperature * torch.dot(a.exp(), a - b))
        if y != -100:
            hard.append(-z.log_softmax(0)[y])
    loss = alpha * torch.stack(soft).mean()
    return loss + (1 - alpha) * torch.stack(hard).mean() if hard else loss


# %% 03.8 wrong: padding is counted in the soft part
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: labels in the padding are counted in the hard part
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    hard = hard_part(student_logits.flatten(0, 1), labels.flatten())
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 wrong: padding is set to zero but counted in the soft part
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    rows = kl_rows(student_logits[mask], teacher_logits[mask], temperature)
    soft = temperature**2 * rows.sum() / mask.numel()
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: padding is set to zero but counted in the hard part
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    hard = surprises(student_logits[mask], labels[mask]).sum() / mask.numel()
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 wrong: the soft part is divided by the sentences, as batchmean does
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    rows = kl_rows(student_logits[mask], teacher_logits[mask], temperature)
    soft = temperature**2 * rows.sum() / len(mask)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the hard part is divided by all real tokens, labelled or not
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    hard = average(surprises(student_logits[mask], labels[mask]))
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 wrong: the hard part is divided by labels that padding has too
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    count = (labels != -100).sum().clamp(min=1)
    hard = surprises(student_logits[mask], labels[mask]).sum() / count
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 wrong: a mean of the sentences' means in the soft part
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    means = [
        soft_part(s[m], t[m], temperature) for s, t, m in zip(student_logits, teacher_logits, mask)
    ]
    soft = torch.stack(means).mean()
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: a mean of the sentences' means in the hard part
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    means = [hard_part(z[m], y[m]) for z, y, m in zip(student_logits, labels, mask)]
    return alpha * soft + (1 - alpha) * torch.stack(means).mean()


# %% 03.8 wrong: tokens without a label are dropped from the soft part
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    mask = mask & (labels != -100)
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the mask is read as true for padding
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    mask = ~mask
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: NaN for excluded classes, kl_div as it stands
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    p = F.softmax(teacher_logits[mask].detach() / temperature, dim=-1)
    soft = temperature**2 * average(F.kl_div(log_q, p, reduction="none").sum(dim=-1))
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: a token with an excluded class is dropped whole by nan_to_num
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits[mask].detach() / temperature, dim=-1)
    rows = (log_p.exp() * (log_p - log_q)).sum(dim=-1).nan_to_num()
    soft = temperature**2 * average(rows)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the whole soft part becomes zero once a class is excluded
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits[mask].detach() / temperature, dim=-1)
    soft = temperature**2 * average((log_p.exp() * (log_p - log_q)).sum(dim=-1)).nan_to_num()
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: tokens with an excluded class leave the count
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    whole = mask & torch.isfinite(teacher_logits).all(dim=-1)
    soft = soft_part(student_logits[whole], teacher_logits[whole], temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: an excluded class gets a logit of zero
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s = student_logits[mask].nan_to_num(neginf=0.0)
    t = teacher_logits[mask].nan_to_num(neginf=0.0)
    return alpha * soft_part(s, t, temperature) + (1 - alpha) * hard_part(s, labels[mask])


# %% 03.8 wrong: an excluded class gets a logit of minus five, small but not nothing
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s = student_logits[mask].nan_to_num(neginf=-5.0)
    t = teacher_logits[mask].nan_to_num(neginf=-5.0)
    return alpha * soft_part(s, t, temperature) + (1 - alpha) * hard_part(s, labels[mask])


# %% 03.8 wrong: a sizeable epsilon added to both distributions
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    q = F.softmax(student_logits[mask] / temperature, dim=-1) + 1e-3
    p = F.softmax(teacher_logits[mask].detach() / temperature, dim=-1) + 1e-3
    soft = temperature**2 * average((p * (p.log() - q.log())).sum(dim=-1))
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: an epsilon inside the student's log
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    q = F.softmax(student_logits[mask] / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits[mask].detach() / temperature, dim=-1)
    terms = log_p.exp() * (log_p - (q + 1e-8).log())
    soft = temperature**2 * average(terms.masked_fill(log_p.exp() == 0, 0.0).sum(dim=-1))
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the classes that the first token excludes are left out everywhere
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s, t = student_logits[mask], teacher_logits[mask]
    allowed = t[0] > -math.inf if len(t) else slice(None)
    soft = soft_part(s[:, allowed], t[:, allowed], temperature)
    return alpha * soft + (1 - alpha) * hard_part(s, labels[mask])


# %% 03.8 wrong: everything is computed and NaN is multiplied away with the padding
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    rows = kl_rows(student_logits, teacher_logits, temperature) * mask
    soft = temperature**2 * rows.sum() / mask.sum().clamp(min=1)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the value is right, the gradient is NaN at an excluded class
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    q = F.softmax(student_logits[mask] / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits[mask].detach() / temperature, dim=-1)
    terms = log_p.exp() * (log_p - q.log())
    soft = temperature**2 * average(terms.masked_fill(log_p == -math.inf, 0.0).sum(dim=-1))
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: NaN when the mask is empty
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    rows = kl_rows(student_logits[mask], teacher_logits[mask], temperature)
    soft = temperature**2 * rows.mean()
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: NaN when no real token has a label
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    hard = F.cross_entropy(student_logits[mask], labels[mask])
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 wrong: zero at once when no real token has a label
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    if not (mask & (labels != -100)).any():
        return student_logits[:0].sum()
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: softmax over the positions
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    log_q = F.log_softmax(student_logits / temperature, dim=1)[mask]
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=1)[mask]
    terms = log_p.exp() * (log_p - log_q)
    soft = temperature**2 * average(terms.masked_fill(log_p.exp() == 0, 0.0).sum(dim=-1))
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: T² is forgotten
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = average(kl_rows(student_logits[mask], teacher_logits[mask], temperature))
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the hard part is softened
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s = student_logits[mask]
    soft = soft_part(s, teacher_logits[mask], temperature)
    return alpha * soft + (1 - alpha) * hard_part(s / temperature, labels[mask])


# %% 03.8 wrong: alpha weighs the hard part
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    return (1 - alpha) * soft + alpha * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the gradient reaches the teacher
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits[mask] / temperature, dim=-1)
    terms = log_p.exp() * (log_p - log_q)
    soft = temperature**2 * average(terms.masked_fill(log_p.exp() == 0, 0.0).sum(dim=-1))
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the arguments of the divergence are swapped
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits[mask].detach() / temperature, dim=-1)
    terms = log_q.exp() * (log_q - log_p)
    soft = temperature**2 * average(terms.masked_fill(log_q.exp() == 0, 0.0).sum(dim=-1))
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: divided by the vocabulary too
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s, t = student_logits[mask], teacher_logits[mask]
    soft = soft_part(s, t, temperature) / s.shape[-1]
    return alpha * soft + (1 - alpha) * hard_part(s, labels[mask])


# %% 03.8 wrong: labels are shifted by one position, as for a language model
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    later = mask[:, 1:]
    hard = hard_part(student_logits[:, :-1][later], labels[:, 1:][later])
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 wrong: the first sentence's length is used for all
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    mask = mask[:1].expand_as(mask)
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the mask is taken to be a run of true from the left
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    lengths = mask.sum(dim=1, keepdim=True)
    mask = torch.arange(mask.shape[1]) < lengths
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: label zero is taken for padding
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    known = mask & (labels > 0)
    return alpha * soft + (1 - alpha) * average(surprises(student_logits[known], labels[known]))


# %% 03.8 wrong: one weighted number a token, summed over tokens
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s, t, y = student_logits[mask], teacher_logits[mask], labels[mask]
    soft = temperature**2 * kl_rows(s, t, temperature)
    return (alpha * soft + (1 - alpha) * surprises(s, y)).sum()


# %% 03.8 wrong: the bare KL when alpha is one
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    if alpha == 1:
        return soft / temperature**2
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the student's logits in the padding are overwritten
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    student_logits.data[~mask] = 0.0
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    return alpha * soft + (1 - alpha) * hard_part(student_logits[mask], labels[mask])


# %% 03.8 wrong: the caller's labels are set to -100 in the padding
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft = soft_part(student_logits[mask], teacher_logits[mask], temperature)
    labels[~mask] = -100
    hard = hard_part(student_logits.flatten(0, 1), labels.flatten())
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 right: select, then the two means
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s, t, y = student_logits[mask], teacher_logits[mask], labels[mask]
    return alpha * soft_part(s, t, temperature) + (1 - alpha) * hard_part(s, y)


# %% 03.8 right: excluded classes get a very low finite logit
def masked_distillation_loss(z_s, z_t, y, m, temperature, alpha):
    keep = m.flatten().nonzero()[:, 0]
    s = z_s.flatten(0, 1)[keep]
    t = z_t.detach().flatten(0, 1)[keep]
    y = y.flatten()[keep]
    low = (z.masked_fill(z == -math.inf, -1e9) for z in (s, t))
    log_q, log_p = ((z / temperature).log_softmax(-1) for z in low)
    soft = F.kl_div(log_q, log_p, reduction="sum", log_target=True) / max(len(keep), 1)
    hard = F.cross_entropy(s, y, reduction="sum") / (y != -100).sum().clamp(min=1)
    return alpha * temperature**2 * soft + (1 - alpha) * hard


# %% 03.8 right: a loop over the tokens and their allowed classes
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft, hard = [], []
    for i, j in mask.nonzero().tolist():
        s, t = student_logits[i, j], teacher_logits[i, j].detach()
        allowed = t > -math.inf
        log_q = (s[allowed] / temperature).log_softmax(0)
        log_p = (t[allowed] / temperature).log_softmax(0)
        soft.append((log_p.exp() * (log_p - log_q)).sum())
        if labels[i, j] != -100:
            hard.append(torch.logsumexp(s, 0) - s[labels[i, j]])
    nothing = student_logits[:0].sum()
    soft = sum(soft, nothing) / max(len(soft), 1)
    hard = sum(hard, nothing) / max(len(hard), 1)
    return alpha * temperature**2 * soft + (1 - alpha) * hard


# %% 03.8 right: torch.where keeps only possible classes, labels filled with -100
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    p = F.softmax(teacher_logits[mask].detach() / temperature, dim=-1)
    log_q = torch.where(p > 0, log_q, torch.zeros_like(log_q))
    kl = (torch.xlogy(p, p) - p * log_q).sum() / mask.sum().clamp(min=1)
    y = labels.masked_fill(~mask, -100)
    hard = hard_part(student_logits.reshape(-1, student_logits.shape[-1]), y.reshape(-1))
    return alpha * temperature**2 * kl + (1 - alpha) * hard


# %% 03.8 wrong: multiplied by the mask, so that NaN under padding stays
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)
    terms = torch.where(log_p == -math.inf, 0.0, log_p.exp() * (log_p - log_q))
    soft = (terms.sum(-1) * mask).sum() / mask.sum().clamp(min=1)
    keep = mask & (labels != -100)
    each = F.cross_entropy(student_logits.flatten(0, 1), labels.flatten(), reduction="none")
    hard = (each * keep.flatten()).sum() / keep.sum().clamp(min=1)
    return alpha * temperature**2 * soft + (1 - alpha) * hard


# %% 03.8 wrong: excluded classes make NaN
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s, t, y = student_logits[mask], teacher_logits[mask].detach(), labels[mask]
    if len(s) == 0:
        return torch.zeros(())
    log_q = F.log_softmax(s / temperature, dim=-1)
    p = F.softmax(t / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(s, y, reduction="sum") / (y != -100).sum().clamp(min=1)
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 wrong: labels count that stand outside the mask
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s, t = student_logits[mask], teacher_logits[mask].detach()
    log_q, log_p = F.log_softmax(s / temperature, -1), F.log_softmax(t / temperature, -1)
    terms = torch.where(log_p == -math.inf, 0.0, log_p.exp() * (log_p - log_q))
    soft = temperature**2 * terms.sum() / max(1, len(s))
    keep = labels != -100
    z = student_logits[keep]
    hard = F.cross_entropy(z, labels[keep], reduction="sum") / max(1, len(z))
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 wrong: the soft part divided by the sentences instead of the tokens
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    s, t, y = student_logits[mask], teacher_logits[mask].detach(), labels[mask]
    log_q, log_p = F.log_softmax(s / temperature, -1), F.log_softmax(t / temperature, -1)
    terms = torch.where(log_p == -math.inf, 0.0, log_p.exp() * (log_p - log_q))
    soft = temperature**2 * terms.sum() / len(mask)
    hard = F.cross_entropy(s, y, reduction="sum") / (y != -100).sum().clamp(min=1)
    return alpha * soft + (1 - alpha) * hard


# %% 03.8 right: token by token, excluded classes cut out
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    soft, hard = [torch.zeros(())], [torch.zeros(())]
    for b, i in mask.nonzero().tolist():
        z, t, y = student_logits[b, i], teacher_logits[b, i].detach(), int(labels[b, i])
        allowed = t > -math.inf
        a, c = (t[allowed] / temperature).log_softmax(0), (z[allowed] / temperature).log_softmax(0)
        soft.append(temperature**2 * (a.exp() * (a - c)).sum())
        if y != -100:
            hard.append(z[allowed].logsumexp(0) - z[y])
    mean = lambda values: sum(values) / max(1, len(values) - 1)
    return alpha * mean(soft) + (1 - alpha) * mean(hard)


# %% 03.9 wrong: the sum of the terms
def kl_terms(y, p):
    return (torch.xlogy(y, y) - torch.xlogy(y, p)).sum()


# %% 03.9 wrong: the arguments are swapped
def kl_terms(y, p):
    return torch.where(y == 0, torch.zeros_like(y), p * (p / y).log())


# %% 03.9 wrong: the log is upside down
def kl_terms(y, p):
    return torch.xlogy(y, p) - torch.xlogy(y, y)


# %% 03.9 wrong: weighted by p
def kl_terms(y, p):
    return torch.where(y == 0, torch.zeros_like(y), p * (y / p).log())


# %% 03.9 wrong: the weight is left out
def kl_terms(y, p):
    return torch.where(y == 0, torch.zeros_like(y), (y / p).log())


# %% 03.9 wrong: NaN where y is zero
def kl_terms(y, p):
    return y * (y / p).log()


# %% 03.9 wrong: NaN where both are zero, kl_div as it stands
def kl_terms(y, p):
    return F.kl_div(p.log(), y, reduction="none")


# %% 03.9 wrong: p is divided by its sum first
def kl_terms(y, p):
    return torch.xlogy(y, y) - torch.xlogy(y, p / p.sum())


# %% 03.9 wrong: y is divided by its sum first
def kl_terms(y, p):
    y = y / y.sum()
    return torch.xlogy(y, y) - torch.xlogy(y, p)


# %% 03.9 wrong: softmax over both vectors
def kl_terms(y, p):
    log_y, log_p = F.log_softmax(y, dim=-1), F.log_softmax(p, dim=-1)
    return log_y.exp() * (log_y - log_p)


# %% 03.9 wrong: absolute values, as no KL is negative
def kl_terms(y, p):
    return (torch.xlogy(y, y) - torch.xlogy(y, p)).abs()


# %% 03.9 wrong: negative terms are cut off at zero
def kl_terms(y, p):
    return (torch.xlogy(y, y) - torch.xlogy(y, p)).clamp(min=0)


# %% 03.9 wrong: in bits
def kl_terms(y, p):
    return (torch.xlogy(y, y) - torch.xlogy(y, p)) / math.log(2)


# %% 03.9 wrong: the logarithm of base ten
def kl_terms(y, p):
    return (torch.xlogy(y, y) - torch.xlogy(y, p)) / math.log(10)


# %% 03.9 wrong: cross-entropy's terms
def kl_terms(y, p):
    return -torch.xlogy(y, p)


# %% 03.9 wrong: a sizeable epsilon in both
def kl_terms(y, p):
    return y * ((y + 1e-3) / (p + 1e-3)).log()


# %% 03.9 wrong: classes with y = 0 are left out, the result is shorter
def kl_terms(y, p):
    y, p = y[y > 0], p[y > 0]
    return y * (y / p).log()


# %% 03.9 wrong: p where y is zero, as generalised KL has it
def kl_terms(y, p):
    return torch.where(y == 0, p, torch.xlogy(y, y) - torch.xlogy(y, p))


# %% 03.9 wrong: the generalised terms minus y plus p
def kl_terms(y, p):
    return torch.xlogy(y, y) - torch.xlogy(y, p) - y + p


# %% 03.9 wrong: zero where p is zero too, in place of infinity
def kl_terms(y, p):
    terms = torch.xlogy(y, y) - torch.xlogy(y, p)
    return terms.masked_fill((y == 0) | (p == 0), 0.0)


# %% 03.9 wrong: rounded to two decimals
def kl_terms(y, p):
    return (torch.xlogy(y, y) - torch.xlogy(y, p)).round(decimals=2)


# %% 03.9 wrong: the article's five terms hard-coded
def kl_terms(y, p):
    return torch.tensor([-0.0446, 0.0, -0.0405, 0.1386, 0.1386], dtype=y.dtype)


# %% 03.9 wrong: five classes hard-coded in a loop
def kl_terms(y, p):
    classes = range(min(5, len(y)))
    return torch.stack([torch.xlogy(y[i], y[i]) - torch.xlogy(y[i], p[i]) for i in classes])


# %% 03.9 wrong: zeros of the caller's y are replaced in place
def kl_terms(y, p):
    y[y == 0] = 1e-30
    return y * (y.log() - p.log())


# %% 03.9 wrong: divided by the number of classes
def kl_terms(y, p):
    return (torch.xlogy(y, y) - torch.xlogy(y, p)) / len(y)


# %% 03.9 right: with xlogy
def kl_terms(y, p):
    return torch.xlogy(y, y) - torch.xlogy(y, p)


# %% 03.9 right: a loop with math.log
def kl_terms(teacher, student):
    terms = torch.zeros_like(teacher)
    for i, (a, b) in enumerate(zip(teacher.tolist(), student.tolist())):
        if a > 0:
            terms[i] = a * (math.log(a) - math.log(b)) if b > 0 else math.inf
    return terms


# %% 03.9 right: numpy inside
def kl_terms(y, p):
    a, b = y.detach().numpy(), p.detach().numpy()
    out = np.zeros_like(a)
    some = a > 0
    with np.errstate(divide="ignore"):
        out[some] = a[some] * (np.log(a[some]) - np.log(b[some]))
    return torch.from_numpy(out)


# %% 03.9 right: with the entropy function
def kl_terms(y, p):
    return -torch.special.entr(y) - torch.special.xlogy(y, p)


# %% 03.9 right: masked assignment into zeros
def kl_terms(y, p):
    result = torch.zeros_like(y)
    result[y > 0] = y[y > 0] * torch.log(y[y > 0] / p[y > 0])
    return result


# %% 03.9 wrong: NaN where p is zero
def kl_terms(p, q):
    return p * torch.log(p / q)


# %% 03.9 wrong: the sum
def kl_terms(p, q):
    return torch.where(p > 0, p * (p / q).log(), torch.zeros_like(p)).sum()


# %% 03.9 wrong: an epsilon hides the infinity
def kl_terms(p, q):
    eps = 1e-8
    return p * torch.log((p + eps) / (q + eps))


# %% 03.9 wrong: makes distributions of them first
def kl_terms(p, q):
    p, q = p / p.sum(), q / q.sum()
    return torch.where(p > 0, p * (p / q).log(), torch.zeros_like(p))


# %% 03.9 right: plain Python's logarithms
def kl_terms(p, q):
    out = []
    for a, b in zip(p.tolist(), q.tolist()):
        out.append(0.0 if a == 0 else math.inf if b == 0 else a * (math.log(a) - math.log(b)))
    return torch.tensor(out)


# %% 03.10 wrong: p is not divided by its sum
repaired_loss = 0.5 * 0.1921 - 0.5 * math.log(0.3)

# %% 03.10 wrong: the hard part takes p as printed
repaired_loss = 0.5 * 0.0867 - 0.5 * math.log(0.3)

# %% 03.10 wrong: rounded to two decimals
repaired_loss = 0.59

# %% 03.10 wrong: cut off after three decimals
repaired_loss = 0.592

# %% 03.10 wrong: the sum of the parts without alpha
repaired_loss = 0.0867 + math.log(3)

# %% 03.10 wrong: the soft part alone
repaired_loss = 0.0867

# %% 03.10 wrong: the hard part alone
repaired_loss = math.log(3)

# %% 03.10 wrong: cross-entropy for the soft part
repaired_loss = 0.5 * 1.6438 + 0.5 * math.log(3)

# %% 03.10 wrong: three labels with p divided by its sum
repaired_loss = 0.5 * (0.0867 - math.log(0.25 / 0.9) - 2 * math.log(0.1 / 0.9))

# %% 03.10 wrong: three labels, averaged
repaired_loss = 0.5 * (0.0867 - (math.log(0.25 / 0.9) + 2 * math.log(0.1 / 0.9)) / 3)

# %% 03.10 wrong: the article's own parts, added up right
repaired_loss = 2.965

# %% 03.10 wrong: the article's printed number
repaired_loss = 2.92

# %% 03.10 wrong: computed from the article's vectors without any repair
repaired_loss = 3.0918

# %% 03.10 wrong: the label is one class too far
repaired_loss = 0.5 * 0.0867 - 0.5 * math.log(0.15 / 0.9)

# %% 03.10 wrong: the label is the first class
repaired_loss = 0.5 * 0.0867 - 0.5 * math.log(0.25 / 0.9)

# %% 03.10 wrong: the minus of the hard part is forgotten
repaired_loss = 0.5 * 0.0867 - 0.5 * math.log(3)

# %% 03.10 wrong: in bits
repaired_loss = 0.5 * (0.0867 + math.log(3)) / math.log(2)

# %% 03.10 wrong: the logarithm of base ten
repaired_loss = 0.5 * (0.0867 + math.log(3)) / math.log(10)

# %% 03.10 wrong: times a hundred, as per cent
repaired_loss = 59.3

# %% 03.10 wrong: divided by five classes
repaired_loss = 0.1185

# %% 03.10 wrong: the divergence the other way round
repaired_loss = 0.5 * (
    sum(b / 0.9 * math.log(b / 0.9 / a) for a, b in zip(ARTICLE_Y, ARTICLE_P)) + math.log(3)
)

# %% 03.10 wrong: softmax of p in place of the division
repaired_loss = 0.5 * (
    sum(a * math.log(a) for a in ARTICLE_Y)
    - sum(a * b for a, b in zip(ARTICLE_Y, ARTICLE_P))
    - 0.3
    + 2 * math.log(sum(math.exp(b) for b in ARTICLE_P))
)

# %% 03.10 wrong: KL's terms in absolute value
repaired_loss = 0.5 * (
    sum(abs(a * math.log(a / (b / 0.9))) for a, b in zip(ARTICLE_Y, ARTICLE_P)) + math.log(3)
)

# %% 03.10 right: three decimals
repaired_loss = 0.593

# %% 03.10 right: as a fraction
repaired_loss = Fraction(593, 1000)

# %% 03.10 right: computed in plain Python
repaired_loss = (
    sum(a * math.log(0.9 * a / b) for a, b in zip(ARTICLE_Y, ARTICLE_P)) + math.log(0.9 / 0.3)
) / 2

# %% 03.10 right: a numpy scalar
q = np.array(ARTICLE_P) / np.sum(ARTICLE_P)
repaired_loss = np.mean([np.dot(ARTICLE_Y, np.log(np.array(ARTICLE_Y) / q)), -np.log(q[1])])

# %% 03.10 right: with torch, as a Python float
repaired_loss = (
    0.5 * soft_part(torch.tensor([ARTICLE_P]).log(), torch.tensor([ARTICLE_Y]).log(), 1.0)
    + 0.5 * hard_part(torch.tensor([ARTICLE_P]).log(), torch.tensor([1]))
).item()

# %% 03.11 wrong: the label marks three classes
harmless_here = "a"

# %% 03.11 wrong: the outputs need not sum to one
harmless_here = "b"

# %% 03.11 wrong: T² is left out with labels in the loss
harmless_here = "d"

# %% 03.11 right: the letter
harmless_here = "c"

# %% 03.11 right: the letter in brackets
harmless_here = "(c)"

# %% 03.11 right: a capital
harmless_here = "C"

# %% 03.11 right: blanks around it
harmless_here = " c "
