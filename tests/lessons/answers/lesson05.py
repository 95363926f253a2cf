# %% setup
import functools
import math
import statistics
from collections import OrderedDict
from fractions import Fraction
from functools import reduce

import numpy as np
import torch
import torch.nn.functional as F


# %% 05.1 wrong: the factor T² is forgotten
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: T instead of T²
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: divided by T²
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean") / temperature**2
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the teacher is not softened
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the student is not softened
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the temperature multiplies the logits
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits * temperature, dim=-1)
    p = F.softmax(teacher_logits * temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the divergence is turned round, KL(student || teacher)
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    q = F.softmax(logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_p, q, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the divergence gets probabilities where it wants logarithms
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    q = F.softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the soft loss is a mean over rows and classes
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="mean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the soft loss is a sum over the rows
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="sum")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the hard loss is a sum over the rows
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels, reduction="sum")
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: alpha weighs the hard loss
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = (1 - alpha) * soft + alpha * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the hard loss has the weight 1
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: both losses are added without alpha
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = soft + hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: only the soft loss counts
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    loss = alpha * soft
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the hard loss is softened too
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits / temperature, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: T² multiplies the whole loss
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = temperature**2 * (alpha * soft + (1 - alpha) * hard)
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the hard loss is against the teacher's favourite
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, teacher_logits.argmax(dim=-1))
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the step goes up the gradient
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights + learning_rate * gradient).detach()


# %% 05.1 wrong: the learning rate is left out
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - gradient).detach()


# %% 05.1 wrong: the change is returned and not the new weights
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (-learning_rate * gradient).detach()


# %% 05.1 wrong: the softmax runs over the rows
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=0)
    p = F.softmax(teacher_logits / temperature, dim=0)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: a temperature of 2 is written in
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    temperature = 2.0
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: alpha of one half is written in
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = 0.5 * soft + 0.5 * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: a step of Adam in place of plain descent
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    loss.backward()
    torch.optim.Adam([weights], lr=learning_rate).step()
    return weights.detach()


# %% 05.1 wrong: a step with weight decay
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    loss.backward()
    torch.optim.SGD([weights], lr=learning_rate, weight_decay=0.01).step()
    return weights.detach()


# %% 05.1 wrong: the gradient is clipped to length 1
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    gradient = gradient / gradient.norm().clamp(min=1.0)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the logarithm of a softmax that may be 0
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = torch.log(F.softmax(logits / temperature, dim=-1))
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: the weights are changed in place
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        weights -= learning_rate * gradient
    return weights.detach()


# %% 05.1 wrong: two steps, the soft one and then the hard one
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    (gradient,) = torch.autograd.grad(alpha * soft, weights)
    weights = (weights - learning_rate * gradient).detach().requires_grad_(True)
    hard = F.cross_entropy(features @ weights.T, labels)
    (gradient,) = torch.autograd.grad((1 - alpha) * hard, weights)
    return (weights - learning_rate * gradient).detach()


# %% 05.1 wrong: one step a row
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone()
    p = F.softmax(teacher_logits / temperature, dim=-1)
    for k in range(len(features)):
        logits = features[k] @ weights.T
        soft = temperature * (F.softmax(logits / temperature, dim=-1) - p[k])
        hard = F.softmax(logits, dim=-1) - F.one_hot(labels[k], len(weights))
        gradient = torch.outer(alpha * soft + (1 - alpha) * hard, features[k])
        weights = weights - learning_rate / len(features) * gradient
    return weights


# %% 05.1 right: the gradient written out with einsum
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach()
    logits = torch.einsum("nf,cf->nc", features, weights)
    softened = F.softmax(logits / temperature, dim=1)
    soft = temperature * (softened - F.softmax(teacher_logits / temperature, dim=1))
    hard = F.softmax(logits, dim=1) - F.one_hot(labels, len(weights))
    error = (alpha * soft + (1 - alpha) * hard) / len(features)
    return weights - learning_rate * torch.einsum("nc,nf->cf", error, features)


# %% 05.1 right: soft cross-entropy, which has the same gradient, and SGD
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    student = torch.nn.Parameter(weights.detach().clone())
    optimizer = torch.optim.SGD([student], lr=learning_rate)
    logits = F.linear(features, student)
    targets = F.softmax(teacher_logits / temperature, dim=-1)
    soft = F.cross_entropy(logits / temperature, targets) * temperature**2
    (alpha * soft + (1 - alpha) * F.cross_entropy(logits, labels)).backward()
    optimizer.step()
    return student.detach()


# %% 05.1 right: with torch.func and log targets, other argument names
def distillation_step(w, x, y, z, t, a, rate):
    def objective(v):
        s = x @ v.T
        log_p, log_q = F.log_softmax(z / t, -1), F.log_softmax(s / t, -1)
        soft = t * t * (log_p.exp() * (log_p - log_q)).sum(-1).mean()
        hard = -F.log_softmax(s, -1).gather(1, y[:, None]).mean()
        return a * soft + (1 - a) * hard

    return w.detach() - rate * torch.func.grad(objective)(w.detach())


# %% 05.1 right: row by row in numpy
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    def probabilities(z):
        e = np.exp(z - z.max())
        return e / e.sum()

    w = weights.detach().double().numpy()
    x = features.detach().double().numpy()
    taught = teacher_logits.detach().double().numpy()
    gradient = np.zeros_like(w)
    for row, label, z in zip(x, labels.tolist(), taught):
        s = w @ row
        soft = temperature * (probabilities(s / temperature) - probabilities(z / temperature))
        hard = probabilities(s)
        hard[label] -= 1
        gradient += np.outer(alpha * soft + (1 - alpha) * hard, row) / len(x)
    return torch.from_numpy(w - learning_rate * gradient).to(weights.dtype)


# %% 05.1 right: the result is still tied to the graph
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    weights = weights.detach().clone().requires_grad_(True)
    logits = features @ weights.T
    log_q = F.log_softmax(logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (gradient,) = torch.autograd.grad(loss, weights)
    return weights - learning_rate * gradient


# %% 05.1 wrong: without T squared
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    w = weights.clone().detach().requires_grad_(True)
    z = features @ w.T
    soft = F.kl_div(
        F.log_softmax(z / temperature, -1),
        F.softmax(teacher_logits / temperature, -1),
        reduction="batchmean",
    )
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(z, labels)
    loss.backward()
    return (w - learning_rate * w.grad).detach()


# %% 05.1 wrong: F.kl_div's default mean
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    w = weights.clone().detach().requires_grad_(True)
    z = features @ w.T
    soft = F.kl_div(
        F.log_softmax(z / temperature, -1),
        F.softmax(teacher_logits / temperature, -1),
        reduction="mean",
    )
    loss = alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(z, labels)
    (g,) = torch.autograd.grad(loss, w)
    return (w - learning_rate * g).detach()


# %% 05.1 wrong: the log of a softmax
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    w = weights.clone().detach().requires_grad_(True)
    z = features @ w.T
    q = F.softmax(z / temperature, -1)
    p = F.softmax(teacher_logits / temperature, -1)
    soft = temperature**2 * F.kl_div(q.log(), p, reduction="batchmean")
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(z, labels)
    (g,) = torch.autograd.grad(loss, w)
    return (w - learning_rate * g).detach()


# %% 05.1 wrong: the hard part is softened, too
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    w = weights.clone().detach().requires_grad_(True)
    z = features @ w.T / temperature
    soft = temperature**2 * F.kl_div(
        F.log_softmax(z, -1), F.softmax(teacher_logits / temperature, -1), reduction="batchmean"
    )
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(z, labels)
    (g,) = torch.autograd.grad(loss, w)
    return (w - learning_rate * g).detach()


# %% 05.1 right: the gradient by hand
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    z = features @ weights.T
    soft = temperature * (
        (z / temperature).softmax(-1) - (teacher_logits / temperature).softmax(-1)
    )
    hard = z.softmax(-1) - F.one_hot(labels, z.shape[1])
    return weights - learning_rate / len(z) * (alpha * soft + (1 - alpha) * hard).T @ features


# %% 05.2 wrong: the first step already has a rate
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * max(0.0, (total - step) / (total - warmup))


# %% 05.2 wrong: the rise takes one step too many
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    return peak * max(0.0, (total - step) / (total - warmup))


# %% 05.2 wrong: the rise begins at a tenth of the peak
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * (0.1 + 0.9 * step / warmup)
    return peak * max(0.0, (total - step) / (total - warmup))


# %% 05.2 wrong: negative after the last step
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * (total - step) / (total - warmup)


# %% 05.2 wrong: rises again after the last step
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * abs(total - step) / (total - warmup)


# %% 05.2 wrong: the fall is counted from step 0
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * max(0.0, (total - step) / total)


# %% 05.2 wrong: the fall ends warm-up steps too late
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * max(0.0, 1 - (step - warmup) / total)


# %% 05.2 wrong: the fall reaches 0 one step early
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * max(0.0, (total - 1 - step) / max(1, total - 1 - warmup))


# %% 05.2 wrong: the fall reaches 0 one step late
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * max(0.0, (total + 1 - step) / (total + 1 - warmup))


# %% 05.2 wrong: never comes down
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak


# %% 05.2 wrong: the fall is a cosine
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    share = min(1.0, (step - warmup) / (total - warmup))
    return peak * 0.5 * (1 + math.cos(math.pi * share))


# %% 05.2 wrong: the fall is exponential
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * math.exp(-5 * (step - warmup) / (total - warmup)) if step < total else 0.0


# %% 05.2 wrong: the fall stops at a tenth of the peak
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * max(0.1, (total - step) / (total - warmup))


# %% 05.2 wrong: the share of the peak is returned
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return step / warmup
    return max(0.0, (total - step) / (total - warmup))


# %% 05.2 wrong: whole-number division
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * (step // warmup)
    return peak * max(0.0, (total - step) / (total - warmup))


# %% 05.2 wrong: whole-number division on the way down
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * max(0, (total - step) // (total - warmup))


# %% 05.2 wrong: the rate is rounded to five digits
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return round(peak * step / warmup, 5)
    return round(peak * max(0.0, (total - step) / (total - warmup)), 5)


# %% 05.2 wrong: the last rate is kept after the last step
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * (total - min(step, total - 1)) / (total - warmup)


# %% 05.2 wrong: a warm-up of a tenth is written in
def learning_rate_at(step, warmup, total, peak):
    warmup = total // 10
    if step < warmup:
        return peak * step / warmup
    return peak * max(0.0, (total - step) / (total - warmup))


# %% 05.2 wrong: divides by a warm-up of 0
def learning_rate_at(step, warmup, total, peak):
    return peak * max(0.0, min(step / warmup, (total - step) / (total - warmup)))


# %% 05.2 wrong: without a warm-up step 0 has the rate 0
def learning_rate_at(step, warmup, total, peak):
    if step <= warmup:
        return peak * step / max(1, warmup)
    return peak * max(0.0, (total - step) / (total - warmup))


# %% 05.2 wrong: the two lines are multiplied
def learning_rate_at(step, warmup, total, peak):
    rise = min(1.0, step / warmup) if warmup else 1.0
    return peak * rise * max(0.0, (total - step) / total)


# %% 05.2 wrong: back at the peak from the last step on
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * (total - step) / (total - warmup) if step < total else peak


# %% 05.2 right: the lower of two lines
def learning_rate_at(step, warmup, total, peak):
    rise = step / warmup if warmup > 0 else math.inf
    return float(peak * max(0, min(rise, (total - step) / (total - warmup))))


# %% 05.2 right: with fractions and other argument names
def learning_rate_at(k, w, n, top):
    if k >= n:
        return 0.0
    share = Fraction(k, w) if k < w else 1 - Fraction(k - w, n - w)
    return float(share) * top


# %% 05.2 right: by adding up the slopes
def learning_rate_at(step, warmup, total, peak):
    rate = 0.0 if warmup else peak
    for k in range(min(step, total)):
        rate += peak / warmup if k < warmup else -peak / (total - warmup)
    return 0.0 if step >= total else rate


# %% 05.2 wrong: divides by a warm-up of 0 (once more)
def learning_rate_at(step, warmup, total, peak):
    if step <= warmup:
        return peak * step / warmup
    return max(0.0, peak * (total - step) / (total - warmup))


# %% 05.2 wrong: the fall is measured from step 0
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * max(0, total - step) / total


# %% 05.2 wrong: negative after the end
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * step / warmup
    return peak * (total - step) / (total - warmup)


# %% 05.2 wrong: the first step already moves
def learning_rate_at(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    return max(0.0, peak * (total - step) / (total - warmup))


# %% 05.2 right: the lower of two lines (once more)
def learning_rate_at(step, warmup, total, peak):
    lines = [1.0, (total - step) / (total - warmup)] + ([step / warmup] if warmup else [])
    return peak * max(0.0, min(lines))


# %% 05.3 wrong: every tensor is clipped by itself
def clip_gradients(gradients, max_norm):
    return [g * min(1.0, max_norm / g.norm().clamp(min=1e-30).item()) for g in gradients]


# %% 05.3 wrong: the numbers are clamped one by one
def clip_gradients(gradients, max_norm):
    return [g.clamp(-max_norm, max_norm) for g in gradients]


# %% 05.3 wrong: short gradients are lengthened
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = max_norm / norm if norm > 0 else 1.0
    return [g * factor for g in gradients]


# %% 05.3 wrong: long gradients stay and short ones are lengthened
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm >= max_norm or norm == 0 else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the norms are added up
def clip_gradients(gradients, max_norm):
    norm = sum(g.norm() for g in gradients)
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the sum of absolute values is the norm
def clip_gradients(gradients, max_norm):
    norm = sum(g.abs().sum() for g in gradients)
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the largest absolute value is the norm
def clip_gradients(gradients, max_norm):
    norm = max(g.abs().max() for g in gradients)
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the longest tensor sets the norm
def clip_gradients(gradients, max_norm):
    norm = max(g.norm() for g in gradients)
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the square root is forgotten
def clip_gradients(gradients, max_norm):
    norm = sum((g**2).sum() for g in gradients)
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the mean of squares in place of the sum
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(torch.cat([g.flatten() for g in gradients]).pow(2).mean())
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the squared norm is divided by the number of tensors
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients) / len(gradients))
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the squared norm is compared with the bound
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm**2 <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: scaled by the squared quotient
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm <= max_norm else (max_norm / norm) ** 2
    return [g * factor for g in gradients]


# %% 05.3 wrong: scaled by the root of the quotient
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm <= max_norm else (max_norm / norm) ** 0.5
    return [g * factor for g in gradients]


# %% 05.3 wrong: divided by the norm and the bound forgotten
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm <= max_norm else 1.0 / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: a bound of 1 is written in
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm <= 1.0 else 1.0 / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: a gradient that is too long is dropped
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm <= max_norm else 0.0
    return [g * factor for g in gradients]


# %% 05.3 wrong: a gradient of zeros becomes nan
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g / norm * norm.clamp(max=max_norm) for g in gradients]


# %% 05.3 wrong: the tensors are scaled in place
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return list(gradients)


# %% 05.3 wrong: one flat vector is returned
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return torch.cat([g.flatten() for g in gradients]) * factor


# %% 05.3 wrong: the shapes are lost
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g.flatten() * factor for g in gradients]


# %% 05.3 wrong: the norm is returned as well
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients], norm


# %% 05.3 wrong: only the longest tensor is scaled
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = 1.0 if norm <= max_norm else max_norm / norm
    longest = max(range(len(gradients)), key=lambda i: gradients[i].norm())
    return [g * factor if i == longest else g for i, g in enumerate(gradients)]


# %% 05.3 wrong: the first tensor sets the norm
def clip_gradients(gradients, max_norm):
    norm = gradients[0].norm()
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the last tensor is not counted
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum(((g**2).sum() for g in gradients[:-1]), torch.tensor(0.0)))
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: stacks tensors of different shapes
def clip_gradients(gradients, max_norm):
    norm = torch.stack(gradients).norm()
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the spectral norm of matrices
def clip_gradients(gradients, max_norm):
    norm = torch.stack(
        [torch.linalg.norm(g, 2) if g.ndim == 2 else g.norm() for g in gradients]
    ).norm()
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the sum of the numbers is squared
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum(g.sum() ** 2 for g in gradients))
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in gradients]


# %% 05.3 wrong: the rows of a matrix are clipped by themselves
def clip_gradients(gradients, max_norm):
    norms = [g.norm(dim=-1, keepdim=True) if g.ndim else g.abs() for g in gradients]
    return [g * (max_norm / n.clamp(min=1e-30)).clamp(max=1.0) for g, n in zip(gradients, norms)]


# %% 05.3 right: the norm of one long vector
def clip_gradients(gradients, max_norm):
    whole = torch.cat([g.reshape(-1) for g in gradients]).norm().item()
    if whole > max_norm:
        return [g / (whole / max_norm) for g in gradients]
    return [g.clone() for g in gradients]


# %% 05.3 right: with hypot and other argument names
def clip_gradients(parts, bound):
    length = math.hypot(*(float(part.norm()) for part in parts))
    share = min(1.0, bound / length) if length else 1.0
    return list(map(lambda part: part * share, parts))


# %% 05.3 right: with numpy inside
def clip_gradients(gradients, max_norm):
    arrays = [g.detach().double().numpy() for g in gradients]
    norm = np.sqrt(sum(np.vdot(a, a) for a in arrays))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [torch.as_tensor(a * factor).to(g.dtype) for a, g in zip(arrays, gradients)]


# %% 05.3 right: a norm of norms, capped at one
def clip_gradients(gradients, max_norm):
    norm = torch.stack([torch.linalg.vector_norm(g) for g in gradients]).norm()
    factor = torch.clamp(max_norm / norm, max=1.0)
    return [factor * g for g in gradients]


# %% 05.3 wrong: each tensor by its own norm
def clip_gradients(gradients, max_norm):
    return [g * min(1.0, max_norm / max(g.norm().item(), 1e-12)) for g in gradients]


# %% 05.3 wrong: shorter gradients are made longer
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    if norm == 0:
        return gradients
    return [g * max_norm / norm for g in gradients]


# %% 05.3 wrong: each entry is cut
def clip_gradients(gradients, max_norm):
    return [g.clamp(-max_norm, max_norm) for g in gradients]


# %% 05.3 wrong: scaled in place
def clip_gradients(gradients, max_norm):
    norm = torch.sqrt(sum(g.pow(2).sum() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return gradients


# %% 05.3 right: hypot over the tensors
def clip_gradients(gradients, max_norm):
    length = math.hypot(*[x for g in gradients for x in g.flatten().tolist()])
    return [g / max(1.0, length / max_norm) for g in gradients]


# %% 05.4 wrong: the soft losses count alike
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(soft) / len(soft)
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: the hard losses of parts with labels count alike
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(m > 0 for m in labelled)
    mean_hard = sum(h for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: all parts' hard losses count alike
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    mean_hard = sum(h for h, m in zip(hard, labelled) if m) / len(hard)
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: the hard losses count by rows
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    mean_hard = sum(h * n for h, n, m in zip(hard, rows, labelled) if m) / sum(rows)
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: the hard losses count by the rows of parts with labels
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(n for n, m in zip(rows, labelled) if m)
    mean_hard = sum(h * n for h, n, m in zip(hard, rows, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: the hard part is divided by all rows
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(rows)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: the soft losses count by labels
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * m for s, m in zip(soft, labelled)) / max(1, sum(labelled))
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: the soft part is divided by the labels
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / max(1, sum(labelled))
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: divides by no labels
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: without a label alpha is left out
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard if count else mean_soft


# %% 05.4 wrong: without a label the loss is 0
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard if count else 0.0


# %% 05.4 wrong: alpha weighs the hard part
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return (1 - alpha) * mean_soft + alpha * mean_hard


# %% 05.4 wrong: the hard part has the weight 1
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + mean_hard


# %% 05.4 wrong: the soft part has the weight 1
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: the soft part is a sum
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows))
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: the hard part is a sum
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m)
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: parts without a label count as one row
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(max(1, m) for m in labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: parts without a label are left out of the soft part too
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n, m in zip(soft, rows, labelled) if m) / sum(
        [n for n, m in zip(rows, labelled) if m] or [1]
    )
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: the last part is left out of the soft part
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft[:-1], rows[:-1])) / max(1, sum(rows[:-1]))
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: all parts are taken to be as large as the first
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * rows[0] for s in soft) / (rows[0] * len(rows))
    mean_hard = (
        sum(h * labelled[0] for h in hard) / (labelled[0] * len(hard)) if labelled[0] else 0.0
    )
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: whole-number shares
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * (n // sum(rows)) for s, n in zip(soft, rows))
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: alpha of one half is written in
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return 0.5 * mean_soft + 0.5 * mean_hard


# %% 05.4 wrong: the whole is divided by the number of parts
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    count = sum(labelled)
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / count if count else 0.0
    return (alpha * mean_soft + (1 - alpha) * mean_hard) / len(rows)


# %% 05.4 wrong: a part with a missing label has no hard loss
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / sum(rows)
    full = [m if m == n else 0 for m, n in zip(labelled, rows)]
    count = sum(full)
    mean_hard = sum(h * m for h, m in zip(hard, full) if m) / count if count else 0.0
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 wrong: both parts are divided by the rows and labels together
def step_loss(soft, hard, rows, labelled, alpha):
    mean_soft = sum(s * n for s, n in zip(soft, rows)) / (sum(rows) + sum(labelled))
    mean_hard = sum(h * m for h, m in zip(hard, labelled) if m) / (sum(rows) + sum(labelled))
    return alpha * mean_soft + (1 - alpha) * mean_hard


# %% 05.4 right: every row written out
def step_loss(soft, hard, rows, labelled, alpha):
    all_soft = [s for s, n in zip(soft, rows) for _ in range(n)]
    all_hard = [h for h, m in zip(hard, labelled) for _ in range(m)]
    mean_hard = sum(all_hard) / len(all_hard) if all_hard else 0
    return alpha * sum(all_soft) / len(all_soft) + (1 - alpha) * mean_hard


# %% 05.4 right: running means
def step_loss(soft, hard, rows, labelled, alpha):
    def running(values, counts):
        mean, seen = 0.0, 0
        for value, count in zip(values, counts):
            if count > 0:
                seen += count
                mean += (value - mean) * count / seen
        return mean

    return alpha * running(soft, rows) + (1 - alpha) * running(hard, labelled)


# %% 05.4 right: each part adds its share
def step_loss(s, h, n, m, a):
    loss = 0.0
    for i in range(len(n)):
        loss += a * s[i] * n[i] / sum(n)
        if m[i] != 0:
            loss += (1 - a) * h[i] * m[i] / sum(m)
    return loss


# %% 05.4 wrong: the plain mean of the parts
def step_loss(soft, hard, rows, labelled, alpha):
    n = len(rows)
    return alpha * sum(soft) / n + (1 - alpha) * sum(hard) / n


# %% 05.4 wrong: the hard part counts by its rows
def step_loss(soft, hard, rows, labelled, alpha):
    total = sum(rows)
    return sum(r * (alpha * s + (1 - alpha) * h) for s, h, r in zip(soft, hard, rows)) / total


# %% 05.4 wrong: divides by zero labels
def step_loss(soft, hard, rows, labelled, alpha):
    s = sum(a * n for a, n in zip(soft, rows)) / sum(rows)
    h = sum(a * n for a, n in zip(hard, labelled)) / sum(labelled)
    return alpha * s + (1 - alpha) * h


# %% 05.4 wrong: the hard part is the mean over the parts that have labels
def step_loss(soft, hard, rows, labelled, alpha):
    s = sum(a * n for a, n in zip(soft, rows)) / sum(rows)
    have = [h for h, n in zip(hard, labelled) if n > 0]
    h = sum(have) / len(have) if have else 0.0
    return alpha * s + (1 - alpha) * h


# %% 05.4 right: a row at a time
def step_loss(soft, hard, rows, labelled, alpha):
    every = [s for s, n in zip(soft, rows) for _ in range(n)]
    those = [h for h, n in zip(hard, labelled) for _ in range(n)] or [0.0]
    return alpha * statistics.fmean(every) + (1 - alpha) * statistics.fmean(those)


# %% 05.5 wrong: a gain of exactly the margin counts
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] <= mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the margin is ignored
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the margin has the wrong sign
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark + min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the margin is relative
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark * (1 - min_delta):
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the higher loss is better
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] > mark + min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: compared with the evaluation before
def early_stop(losses, patience, min_delta):
    best, waited = 0, 0
    for k in range(1, len(losses)):
        if losses[k] < losses[k - 1] - min_delta:
            best, waited = k, 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the mark creeps along with gains that do not count
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            mark = min(mark, losses[k])
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the mark stays at the first loss
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, waited = k, 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the count is not set back
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark = k, losses[k]
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: stops one evaluation late
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited > patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: stops one evaluation early
def early_stop(losses, patience, min_delta):
    best, mark = 0, losses[0]
    for k, loss in enumerate(losses):
        if loss < mark - min_delta:
            best, mark = k, loss
        if k - best + 1 >= patience:
            return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the first evaluation counts as one without improvement
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k, loss in enumerate(losses):
        if loss < mark - min_delta:
            best, mark, waited = k, loss, 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the least loss up to the stop is the best
def early_stop(losses, patience, min_delta):
    mark, waited = losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            mark, waited = losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return min(range(k + 1), key=losses.__getitem__), k
    return losses.index(min(losses)), len(losses) - 1


# %% 05.5 wrong: the least loss of the whole list is the best when it stops
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return losses.index(min(losses)), k
    return best, len(losses) - 1


# %% 05.5 wrong: the number of evaluations when there is no reason to stop
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses)


# %% 05.5 wrong: None when there is no reason to stop
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, None


# %% 05.5 wrong: the best when there is no reason to stop
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, best


# %% 05.5 wrong: stops at the evaluation after
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k + 1
    return best, len(losses) - 1


# %% 05.5 wrong: the two numbers are swapped
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return k, best
    return len(losses) - 1, best


# %% 05.5 wrong: counted from 1
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best + 1, k + 1
    return best + 1, len(losses)


# %% 05.5 wrong: the best loss in place of its number
def early_stop(losses, patience, min_delta):
    mark, waited = losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            mark, waited = losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return mark, k
    return mark, len(losses) - 1


# %% 05.5 wrong: the last evaluation is not looked at
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses) - 1):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the mark begins at 1
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, 1.0, 0
    for k in range(len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: the mark begins at 0
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, 0.0, 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: a patience of 3 is written in
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == 3:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: an improvement takes only one off the count
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], max(0, waited - 1)
        else:
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: stops only where the loss rises in a row
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited = waited + 1 if losses[k] > losses[k - 1] else 0
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 wrong: goes on looking for the best after the stop
def early_stop(losses, patience, min_delta):
    best, mark, waited, stop = 0, losses[0], 0, None
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            waited += 1
            if waited == patience and stop is None:
                stop = k
    return best, len(losses) - 1 if stop is None else stop


# %% 05.5 wrong: the best is always patience evaluations before the stop
def early_stop(losses, patience, min_delta):
    mark, waited, stop = losses[0], 0, len(losses) - 1
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            mark, waited = losses[k], 0
        else:
            waited += 1
            if waited == patience:
                stop = k
                break
    return max(0, stop - patience), stop


# %% 05.5 wrong: the last of equal improvements is the best
def early_stop(losses, patience, min_delta):
    best, mark, waited = 0, losses[0], 0
    for k in range(1, len(losses)):
        if losses[k] < mark - min_delta:
            best, mark, waited = k, losses[k], 0
        else:
            best = k if losses[k] == mark else best
            waited += 1
            if waited == patience:
                return best, k
    return best, len(losses) - 1


# %% 05.5 right: improvements first, then the gaps between them
def early_stop(losses, patience, min_delta):
    improved = [0]
    for k, loss in enumerate(losses):
        if losses[improved[-1]] - loss > min_delta:
            improved.append(k)
    last = len(losses) - 1
    for here, following in zip(improved, [*improved[1:], math.inf]):
        if following > here + patience:
            return here, min(here + patience, last)


# %% 05.5 right: recursion from one improvement to the next
def early_stop(values, wait, margin, start=0):
    end = min(start + wait, len(values) - 1)
    for k in range(start + 1, end + 1):
        if values[k] < values[start] - margin:
            return early_stop(values, wait, margin, k)
    return start, end


# %% 05.5 right: a loop that ends by itself
def early_stop(losses, patience, min_delta):
    mark = math.inf
    best = k = -1
    while k + 1 < len(losses) and (best < 0 or k - best < patience):
        k += 1
        if mark - losses[k] > min_delta:
            mark, best = losses[k], k
    return best, k


# %% 05.5 wrong: stops one evaluation late (once more)
def early_stop(losses, patience, min_delta):
    best, mark, bad = 0, losses[0], 0
    for i in range(1, len(losses)):
        if losses[i] < mark - min_delta:
            best, mark, bad = i, losses[i], 0
        else:
            bad += 1
            if bad > patience:
                return best, i
    return best, len(losses) - 1


# %% 05.5 wrong: the mark follows every lower loss
def early_stop(losses, patience, min_delta):
    best, mark, bad = 0, losses[0], 0
    for i in range(1, len(losses)):
        if losses[i] < mark - min_delta:
            best, bad = i, 0
        else:
            bad += 1
        mark = min(mark, losses[i])
        if bad >= patience:
            return best, i
    return best, len(losses) - 1


# %% 05.5 wrong: the counter is not reset
def early_stop(losses, patience, min_delta):
    best, mark, bad = 0, losses[0], 0
    for i, loss in enumerate(losses[1:], 1):
        if mark - loss > min_delta:
            best, mark = i, loss
        else:
            bad += 1
            if bad == patience:
                return best, i
    return best, len(losses) - 1


# %% 05.5 wrong: as low as the mark minus min_delta is enough
def early_stop(losses, patience, min_delta):
    best, mark, bad = 0, losses[0], 0
    for i, loss in enumerate(losses[1:], 1):
        if loss <= mark - min_delta:
            best, mark, bad = i, loss, 0
        else:
            bad += 1
            if bad == patience:
                return best, i
    return best, len(losses) - 1


# %% 05.5 right: jumping from one improvement to the next
def early_stop(losses, patience, min_delta):
    best = 0
    while True:
        following = range(best + 1, min(best + patience, len(losses) - 1) + 1)
        better = next((i for i in following if losses[i] < losses[best] - min_delta), None)
        if better is None:
            return best, min(best + patience, len(losses) - 1)
        best = better


# %% 05.6 wrong: whole numbers are averaged too
def average_weights(checkpoints):
    names = checkpoints[-1]
    return {name: sum(c[name] for c in checkpoints) / len(checkpoints) for name in names}


# %% 05.6 wrong: whole numbers are averaged and cut off
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = sum(c[name] for c in checkpoints) // len(checkpoints)
    return mean


# %% 05.6 wrong: whole numbers come from the first checkpoint
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = checkpoints[0][name].clone()
    return mean


# %% 05.6 wrong: whole numbers are added up
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = sum(c[name] for c in checkpoints)
    return mean


# %% 05.6 wrong: whole numbers are the largest ones
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = torch.stack([c[name] for c in checkpoints]).amax(0)
    return mean


# %% 05.6 wrong: whole numbers are left out
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
    return mean


# %% 05.6 wrong: whole numbers become floats
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = last.float()
    return mean


# %% 05.6 wrong: whole numbers are set to zero
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = torch.zeros_like(last)
    return mean


# %% 05.6 wrong: only 64-bit whole numbers are kept
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.dtype != torch.int64:
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: counters are known by their name
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if not name.endswith("num_batches_tracked"):
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: counters are known by having one number
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.numel() > 1:
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: a sum in place of a mean
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: divided by one too few
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / max(1, len(checkpoints) - 1)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: divided by 2 whatever their number
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / 2
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: only the first and the last are averaged
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = (checkpoints[0][name] + last) / 2
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: the last checkpoint is left out
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints[:-1]) / max(1, len(checkpoints) - 1)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: the first checkpoint is left out
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints[1:]) / max(1, len(checkpoints) - 1)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: the median
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = torch.stack([c[name] for c in checkpoints]).median(dim=0).values
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: the mean over all numbers of a tensor
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = torch.stack([c[name] for c in checkpoints]).mean()
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: an average that halves what came before
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = reduce(lambda a, b: (a + b) / 2, [c[name] for c in checkpoints])
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: an exponential average
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = reduce(lambda a, b: 0.9 * a + 0.1 * b, [c[name] for c in checkpoints])
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: later checkpoints count more
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(k * c[name] for k, c in enumerate(checkpoints, 1)) / sum(
                range(1, len(checkpoints) + 1)
            )
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: only matrices are averaged
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point() and last.ndim > 1:
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: only names that end in weight are averaged
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point() and name.endswith("weight"):
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: the checkpoints are kept side by side
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = torch.stack([c[name] for c in checkpoints]).mean(dim=0, keepdim=True)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: the tensors are returned without their names
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            mean[name] = last.clone()
    return list(mean.values())


# %% 05.6 wrong: the first checkpoint is overwritten
def average_weights(checkpoints):
    mean = dict(checkpoints[0])
    for name, tensor in mean.items():
        if tensor.is_floating_point():
            for other in checkpoints[1:]:
                tensor += other[name]
            tensor /= len(checkpoints)
        else:
            mean[name] = checkpoints[-1][name]
    return mean


# %% 05.6 wrong: the last checkpoint is overwritten
def average_weights(checkpoints):
    last = checkpoints[-1]
    for name, tensor in last.items():
        if tensor.is_floating_point():
            last[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
    return last


# %% 05.6 wrong: the geometric mean
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = (
                torch.stack([c[name] for c in checkpoints]).abs().log().mean(0).exp() * last.sign()
            )
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: the root of the mean square
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = torch.stack([c[name] for c in checkpoints]).pow(2).mean(dim=0).sqrt()
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 wrong: the mean is rounded to three digits
def average_weights(checkpoints):
    mean = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            mean[name] = (sum(c[name] for c in checkpoints) / len(checkpoints)).round(decimals=3)
        else:
            mean[name] = last.clone()
    return mean


# %% 05.6 right: a running mean
def average_weights(checkpoints):
    mean = {name: tensor.clone() for name, tensor in checkpoints[0].items()}
    for k, checkpoint in enumerate(checkpoints[1:], 2):
        for name, tensor in checkpoint.items():
            if tensor.is_floating_point():
                mean[name] = mean[name] + (tensor - mean[name]) / k
            else:
                mean[name] = tensor.clone()
    return mean


# %% 05.6 right: in 64 bits with numpy, as an OrderedDict
def average_weights(models):
    def merged(tensors):
        if not tensors[-1].dtype.is_floating_point:
            return tensors[-1]
        arrays = np.stack([t.detach().double().numpy() for t in tensors])
        return torch.as_tensor(arrays.mean(axis=0)).to(tensors[-1].dtype)

    return OrderedDict((name, merged([m[name] for m in models])) for name in models[0])


# %% 05.6 right: shares of each added with einsum
def average_weights(checkpoints):
    result = dict(checkpoints[-1])
    for name, tensor in result.items():
        if torch.is_floating_point(tensor):
            stacked = torch.stack([c[name] for c in checkpoints])
            share = torch.full((len(checkpoints),), 1 / len(checkpoints), dtype=tensor.dtype)
            result[name] = torch.einsum("k,k...->...", share, stacked)
    return result


# %% 05.6 wrong: whole numbers are averaged, too
def average_weights(checkpoints):
    return {
        name: torch.stack([c[name].float() for c in checkpoints]).mean(dim=0)
        for name in checkpoints[0]
    }


# %% 05.6 wrong: whole numbers from the first checkpoint
def average_weights(checkpoints):
    result = {}
    for name, tensor in checkpoints[0].items():
        if tensor.is_floating_point():
            result[name] = sum(c[name] for c in checkpoints) / len(checkpoints)
        else:
            result[name] = tensor.clone()
    return result


# %% 05.6 wrong: adds up in the first checkpoint itself
def average_weights(checkpoints):
    mean = dict(checkpoints[0])
    for c in checkpoints[1:]:
        for name in mean:
            if mean[name].is_floating_point():
                mean[name] += c[name]
    for name in mean:
        if mean[name].is_floating_point():
            mean[name] = mean[name] / len(checkpoints)
        else:
            mean[name] = checkpoints[-1][name]
    return mean


# %% 05.6 wrong: averaged and rounded back to whole numbers
def average_weights(checkpoints):
    result = {}
    for name in checkpoints[0]:
        stacked = torch.stack([c[name] for c in checkpoints])
        result[name] = stacked.float().mean(0).to(stacked.dtype)
    return result


# %% 05.6 right: a running mean (once more)
def average_weights(checkpoints):
    mean = {k: v.double() if v.is_floating_point() else v for k, v in checkpoints[0].items()}
    for n, c in enumerate(checkpoints[1:], 2):
        mean = {
            k: m + (c[k] - m) / n if c[k].is_floating_point() else c[k] for k, m in mean.items()
        }
    return mean


# %% 05.7 wrong: the mean of the logits
def ensemble_logits(logits):
    return logits.mean(dim=0)


# %% 05.7 wrong: the mean of the logits made to sum to one
def ensemble_logits(logits):
    return F.log_softmax(logits.mean(dim=0), dim=-1)


# %% 05.7 wrong: the mean of the log-probabilities
def ensemble_logits(logits):
    return F.log_softmax(logits, dim=-1).mean(dim=0)


# %% 05.7 wrong: the logarithm of probabilities that may be 0
def ensemble_logits(logits):
    return F.softmax(logits, dim=-1).mean(dim=0).log()


# %% 05.7 wrong: a small number is added before the logarithm
def ensemble_logits(logits):
    return torch.log(F.softmax(logits, dim=-1).mean(dim=0) + 1e-12)


# %% 05.7 wrong: probabilities are clamped before the logarithm
def ensemble_logits(logits):
    return torch.log(F.softmax(logits, dim=-1).mean(dim=0).clamp(min=1e-38))


# %% 05.7 wrong: log-probabilities are clamped from below
def ensemble_logits(logits):
    return (torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0) - math.log(len(logits))).clamp(
        min=-100
    )


# %% 05.7 wrong: the number of teachers is not taken off
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0)


# %% 05.7 wrong: the number of teachers is added
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0) + math.log(len(logits))


# %% 05.7 wrong: the number of classes is taken off
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0) - math.log(logits.shape[-1])


# %% 05.7 wrong: the number of rows is taken off
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0) - math.log(logits.shape[1])


# %% 05.7 wrong: two teachers are written in
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0) - math.log(2)


# %% 05.7 wrong: the number of teachers and not its logarithm
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0) - len(logits)


# %% 05.7 wrong: divided by the number of teachers after the logarithm
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0) / len(logits)


# %% 05.7 wrong: the softmax runs over the teachers
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=0), dim=0) - math.log(len(logits))


# %% 05.7 wrong: the softmax runs over the rows
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=1), dim=0) - math.log(len(logits))


# %% 05.7 wrong: the teachers' logits are not made log-probabilities
def ensemble_logits(logits):
    return torch.logsumexp(logits, dim=0) - math.log(len(logits))


# %% 05.7 wrong: made to sum to one only at the end
def ensemble_logits(logits):
    return F.log_softmax(torch.logsumexp(logits, dim=0), dim=-1)


# %% 05.7 wrong: probabilities are returned
def ensemble_logits(logits):
    return F.softmax(logits, dim=-1).mean(dim=0)


# %% 05.7 wrong: the mean is over the rows
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=1) - math.log(logits.shape[1])


# %% 05.7 wrong: the dimension of the teachers is kept
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0, keepdim=True) - math.log(
        len(logits)
    )


# %% 05.7 wrong: the most favourable teacher for each class
def ensemble_logits(logits):
    return F.log_softmax(F.log_softmax(logits, dim=-1).amax(dim=0), dim=-1)


# %% 05.7 wrong: the logarithm to base 2
def ensemble_logits(logits):
    return (
        torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0) - math.log(len(logits))
    ) / math.log(2)


# %% 05.7 wrong: the temperature 2 softens the teachers
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits / 2, dim=-1), dim=0) - math.log(len(logits))


# %% 05.7 wrong: squeezed when there is one row
def ensemble_logits(logits):
    return (torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0) - math.log(len(logits))).squeeze()


# %% 05.7 wrong: the surest teacher is believed alone
def ensemble_logits(logits):
    log_p = F.log_softmax(logits, dim=-1)
    surest = log_p.amax(dim=-1).argmax(dim=0)
    return log_p[surest, torch.arange(logits.shape[1])]


# %% 05.7 wrong: large logits overflow
def ensemble_logits(logits):
    log_p = logits - logits.exp().sum(dim=-1, keepdim=True).log()
    return torch.logsumexp(log_p, dim=0) - math.log(len(logits))


# %% 05.7 wrong: sure teachers have more votes
def ensemble_logits(logits):
    log_p = F.log_softmax(logits, dim=-1)
    votes = F.log_softmax(log_p.amax(dim=-1, keepdim=True), dim=0)
    return torch.logsumexp(log_p + votes, dim=0)


# %% 05.7 wrong: the argument is changed in place
def ensemble_logits(logits):
    logits -= logits.logsumexp(dim=-1, keepdim=True)
    return logits.logsumexp(dim=0) - math.log(len(logits))


# %% 05.7 wrong: the votes are counted
def ensemble_logits(logits):
    votes = F.one_hot(logits.argmax(dim=-1), logits.shape[-1]).sum(dim=0)
    return torch.log(votes / len(logits))


# %% 05.7 wrong: shifted by the mean so that a sure class overflows
def ensemble_logits(logits):
    log_p = F.log_softmax(logits, dim=-1)
    middle = log_p.mean(dim=0)
    return middle + (log_p - middle).exp().mean(dim=0).log()


# %% 05.7 right: teacher by teacher with logaddexp
def ensemble_logits(logits):
    log_p = [one.log_softmax(-1) for one in logits]
    return reduce(torch.logaddexp, log_p) - math.log(len(log_p))


# %% 05.7 right: the largest is taken out by hand
def ensemble_logits(z):
    z = z - z.max(dim=2, keepdim=True).values
    z = z - z.exp().sum(dim=2, keepdim=True).log()
    top = z.max(dim=0).values
    return top + (z - top).exp().mean(dim=0).log()


# %% 05.7 right: in numpy and 64 bits
def ensemble_logits(logits):
    z = logits.detach().double().numpy()
    log_p = z - np.logaddexp.reduce(z, axis=-1, keepdims=True)
    mean = np.logaddexp.reduce(log_p, axis=0) - np.log(z.shape[0])
    return torch.from_numpy(mean).to(logits.dtype)


# %% 05.7 right: equal votes before the sum, one row at a time
def ensemble_logits(logits):
    teachers, rows, classes = logits.shape
    answer = torch.empty(rows, classes, dtype=logits.dtype)
    for r in range(rows):
        votes = F.log_softmax(logits[:, r], dim=1) - math.log(teachers)
        answer[r] = votes.T.logsumexp(dim=1)
    return answer


# %% 05.7 wrong: the mean of the logits (once more)
def ensemble_logits(logits):
    return F.log_softmax(logits.mean(dim=0), dim=-1)


# %% 05.7 wrong: the log of the mean of softmaxes
def ensemble_logits(logits):
    return torch.softmax(logits, dim=-1).mean(dim=0).log()


# %% 05.7 wrong: not divided by the number of teachers
def ensemble_logits(logits):
    return torch.logsumexp(F.log_softmax(logits, dim=-1), dim=0)


# %% 05.7 wrong: the mean of the log-probabilities (once more)
def ensemble_logits(logits):
    return F.log_softmax(logits, dim=-1).mean(dim=0)


# %% 05.7 right: teachers joined pair by pair
def ensemble_logits(logits):
    return functools.reduce(torch.logaddexp, logits.log_softmax(-1).unbind(0)) - math.log(
        len(logits)
    )


# %% 05.8 wrong: the teacher learns well
what_the_output_shows = "a"


# %% 05.8 wrong: the sum divided by 250 is a good model
what_the_output_shows = "c"


# %% 05.8 wrong: distillation works
what_the_output_shows = "d"


# %% 05.8 wrong: (a) in brackets
what_the_output_shows = "(a)"


# %% 05.8 wrong: a capital C
what_the_output_shows = "C"


# %% 05.8 wrong: (d) with spaces
what_the_output_shows = " (d) "


# %% 05.8 right: a plain letter
what_the_output_shows = "b"


# %% 05.8 right: a letter in brackets
what_the_output_shows = "(b)"


# %% 05.8 right: a capital letter
what_the_output_shows = "B"


# %% 05.8 right: a letter between spaces
what_the_output_shows = " b "


# %% 05.8 right: a capital letter in brackets
what_the_output_shows = "(B)"


# %% 05.9 wrong: the order itself is the index
def in_row_order(logits, order):
    return logits[order]


# %% 05.9 wrong: left as they came
def in_row_order(logits, order):
    return logits.clone()


# %% 05.9 wrong: turned round
def in_row_order(logits, order):
    return logits.flip(0)


# %% 05.9 wrong: sorted from the last row to the first
def in_row_order(logits, order):
    return logits[order.argsort(descending=True)]


# %% 05.9 wrong: each column is sorted by its values
def in_row_order(logits, order):
    return logits.sort(dim=0).values


# %% 05.9 wrong: rows sorted by their first class
def in_row_order(logits, order):
    return logits[logits[:, 0].argsort()]


# %% 05.9 wrong: rows sorted by their surest answer
def in_row_order(logits, order):
    return logits[logits.amax(dim=-1).argsort()]


# %% 05.9 wrong: rows counted from 1
def in_row_order(logits, order):
    answers = torch.empty_like(logits)
    answers[order - 1] = logits
    return answers


# %% 05.9 wrong: the classes are put in order too
def in_row_order(logits, order):
    return logits[order.argsort()].sort(dim=-1).values


# %% 05.9 wrong: only one column comes back
def in_row_order(logits, order):
    return logits.gather(0, order.argsort()[:, None])


# %% 05.9 wrong: the shape is lost
def in_row_order(logits, order):
    return logits[order.argsort()].flatten()


# %% 05.9 wrong: rows and classes are exchanged
def in_row_order(logits, order):
    return logits[order.argsort()].T


# %% 05.9 wrong: class numbers are returned
def in_row_order(logits, order):
    return logits[order.argsort()].argmax(dim=-1)


# %% 05.9 wrong: probabilities are returned
def in_row_order(logits, order):
    return F.softmax(logits[order.argsort()], dim=-1)


# %% 05.9 wrong: the permutation is returned
def in_row_order(logits, order):
    return order.argsort()


# %% 05.9 wrong: the last row is lost
def in_row_order(logits, order):
    return logits[order.argsort()][:-1]


# %% 05.9 wrong: the row numbers are returned as well
def in_row_order(logits, order):
    return logits[order.argsort()], order.sort().values


# %% 05.9 wrong: sorted by the row numbers as text
def in_row_order(logits, order):
    return logits[sorted(range(len(order)), key=lambda k: str(order[k].item()))]


# %% 05.9 wrong: rows overwritten before they are read
def in_row_order(logits, order):
    answers = logits.clone()
    for k, row in enumerate(order.tolist()):
        answers[row] = answers[k]
    return answers


# %% 05.9 wrong: the argument is put in order in place
def in_row_order(logits, order):
    logits[order] = logits.clone()
    return logits


# %% 05.9 wrong: cut to whole numbers
def in_row_order(logits, order):
    answers = torch.zeros(logits.shape, dtype=torch.long)
    answers[order] = logits.long()
    return answers


# %% 05.9 wrong: the answers are added to the old ones
def in_row_order(logits, order):
    answers = logits.clone()
    answers.index_add_(0, order, logits)
    return answers


# %% 05.9 wrong: pairs of rows are exchanged one after the other
def in_row_order(logits, order):
    answers = logits.clone()
    for k, row in enumerate(order.tolist()):
        answers[[k, row]] = answers[[row, k]]
    return answers


# %% 05.9 right: written to the rows they belong to
def in_row_order(logits, order):
    answers = torch.empty_like(logits)
    answers[order] = logits
    return answers


# %% 05.9 right: looked up in a dictionary
def in_row_order(answers, rows):
    found = {row: answer for row, answer in zip(rows.tolist(), answers)}
    return torch.stack([found[row] for row in range(len(rows))])


# %% 05.9 right: sorted in numpy
def in_row_order(logits, order):
    ranked = np.argsort(order.numpy(), kind="stable")
    return torch.from_numpy(logits.detach().numpy()[ranked])


# %% 05.9 right: scattered along the rows
def in_row_order(logits, order):
    index = order.unsqueeze(-1).expand_as(logits)
    return torch.zeros_like(logits).scatter(0, index, logits)


# %% 05.9 wrong: indexes with the order
def in_row_order(logits, order):
    return logits[order]


# %% 05.9 wrong: writes into the argument
def in_row_order(logits, order):
    logits[order] = logits.clone()
    return logits


# %% 05.9 wrong: sorted from the last row to the first (once more)
def in_row_order(logits, order):
    return logits[torch.argsort(order, descending=True)]


# %% 05.9 wrong: sorts the logits themselves
def in_row_order(logits, order):
    return logits.sort(dim=0).values


# %% 05.9 right: a dictionary of rows
def in_row_order(logits, order):
    answers = {row: answer for row, answer in zip(order.tolist(), logits)}
    return torch.stack([answers[row] for row in range(len(answers))])


# %% 05.10 wrong: the leftover gradient is still added
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * (leftover + own)).detach(), teacher_weights.detach()


# %% 05.10 wrong: the teacher still reads with dropout
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = (features * keep) @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the divergence still gets probabilities of the student
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    q = F.softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the soft loss is still a mean over all numbers
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="none").mean()
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: T² is still missing
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the teacher still learns
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    teacher_weights = teacher_weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    own, its = torch.autograd.grad(loss, (weights, teacher_weights))
    return (weights - learning_rate * own).detach(), (
        teacher_weights - learning_rate * its
    ).detach()


# %% 05.10 wrong: T in place of T²
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: T² multiplies the hard loss too
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = temperature**2 * (alpha * soft + (1 - alpha) * hard)
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the soft loss is a sum over the rows
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="sum")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the soft loss is divided by the classes
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="sum") / len(weights)
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the student reads without dropout
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = features @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: dropout is not scaled up
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * (keep > 0)) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the divergence is turned round
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    q = F.softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_p, q, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: student and teacher are exchanged in the call
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(p, log_q, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the logarithm of a softmax that may be 0
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.softmax(student_logits / temperature, dim=-1).log()
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: alpha weighs the hard loss
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = (1 - alpha) * soft + alpha * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the hard loss is softened too
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits / temperature, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the teacher is not softened
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the student is not softened
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the hard loss is of a student that reads without dropout
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(features @ weights.T, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the teacher reads with dropout, the student does so for the soft loss alone
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = (features * keep) @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(features @ weights.T, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the soft loss is of a student that reads without dropout
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(features @ weights.T / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy((features * keep) @ weights.T, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the leftover gradient is taken off
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * (own - leftover)).detach(), teacher_weights.detach()


# %% 05.10 wrong: the leftover gradient in place of the new one
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * leftover).detach(), teacher_weights.detach()


# %% 05.10 wrong: the mean of leftover and new gradient
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * (own + leftover) / 2).detach(), teacher_weights.detach()


# %% 05.10 wrong: momentum on the leftover gradient
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * (0.9 * leftover + own)).detach(), teacher_weights.detach()


# %% 05.10 wrong: the step goes up the gradient
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights + learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the learning rate is left out
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - own).detach(), teacher_weights.detach()


# %% 05.10 wrong: only the student's weights are returned
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach()


# %% 05.10 wrong: the teacher comes back first
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return teacher_weights.detach(), (weights - learning_rate * own).detach()


# %% 05.10 wrong: the teacher becomes the student
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    weights = (weights - learning_rate * own).detach()
    return weights, weights.clone()


# %% 05.10 wrong: the teacher moves by the student's gradient
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    move = learning_rate * own
    return (weights - move).detach(), teacher_weights.detach() - move


# %% 05.10 wrong: the old weights of the student are returned
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return weights.detach(), teacher_weights.detach()


# %% 05.10 wrong: the teacher's weights are decayed
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), (1 - learning_rate) * teacher_weights


# %% 05.10 wrong: the student's weights are changed in place
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        weights -= learning_rate * own
    return weights.detach(), teacher_weights.detach()


# %% 05.10 wrong: the softmax runs over the rows
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=0)
    p = F.softmax(teacher_logits / temperature, dim=0)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the hard loss is a sum over the rows
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = features @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels, reduction="sum")
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the teacher reads with dropout that is not scaled up
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    teacher_logits = (features * (keep > 0)) @ teacher_weights.detach().T
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 right: the gradient written out
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    read = features * keep
    mine, its = read @ weights.detach().T, features @ teacher_weights.detach().T
    soft = temperature * (F.softmax(mine / temperature, 1) - F.softmax(its / temperature, 1))
    hard = F.softmax(mine, 1) - F.one_hot(labels, len(weights))
    own = (alpha * soft + (1 - alpha) * hard).T @ read / len(features)
    return weights.detach() - learning_rate * own, teacher_weights.detach().clone()


# %% 05.10 right: soft cross-entropy and SGD with its gradient set to none
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    student = torch.nn.Parameter(weights.detach().clone())
    student.grad = leftover.clone()
    optimizer = torch.optim.SGD([student], lr=learning_rate)
    with torch.no_grad():
        targets = F.softmax(F.linear(features, teacher_weights) / temperature, dim=-1)
    logits = F.linear(features * keep, student)
    optimizer.zero_grad()
    soft = temperature**2 * F.cross_entropy(logits / temperature, targets)
    (alpha * soft + (1 - alpha) * F.cross_entropy(logits, labels)).backward()
    optimizer.step()
    return student.detach(), teacher_weights


# %% 05.10 right: row by row with other argument names
def repaired_step(w, v, old, x, k, y, t, a, rate):
    student = w.detach().clone().requires_grad_(True)
    loss = 0.0
    for row, kept, label in zip(x, k, y):
        mine, its = student @ (row * kept), v.detach() @ row
        log_q, log_p = F.log_softmax(mine / t, 0), F.log_softmax(its / t, 0)
        soft = t**2 * F.kl_div(log_q, log_p, reduction="sum", log_target=True)
        loss = loss + (a * soft - (1 - a) * F.log_softmax(mine, 0)[label]) / len(x)
    loss.backward()
    return (student - rate * student.grad).detach(), v.detach()


# %% 05.10 wrong: both see the dropped features
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().requires_grad_(True)
    dropped = features * keep
    student_logits = dropped @ weights.T
    with torch.no_grad():
        p = F.softmax(dropped @ teacher_weights.T / temperature, dim=-1)
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean") * temperature**2
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the log of q
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    with torch.no_grad():
        p = F.softmax(features @ teacher_weights.T / temperature, dim=-1)
    q = F.softmax(student_logits / temperature, dim=-1)
    soft = F.kl_div(q.log(), p, reduction="batchmean") * temperature**2
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 wrong: the stored gradient is still added
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    with torch.no_grad():
        p = F.softmax(features @ teacher_weights.T / temperature, dim=-1)
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean") * temperature**2
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * (leftover + own)).detach(), teacher_weights.detach()


# %% 05.10 wrong: T squared on the whole loss
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().requires_grad_(True)
    student_logits = (features * keep) @ weights.T
    with torch.no_grad():
        p = F.softmax(features @ teacher_weights.T / temperature, dim=-1)
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean")
    loss = (alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)) * temperature**2
    (own,) = torch.autograd.grad(loss, weights)
    return (weights - learning_rate * own).detach(), teacher_weights.detach()


# %% 05.10 right: the gradient by hand
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    x, t = features * keep, temperature
    z = x @ weights.T
    p = torch.softmax(features @ teacher_weights.T / t, -1)
    per_row = alpha * t * (torch.softmax(z / t, -1) - p)
    per_row = per_row + (1 - alpha) * (
        torch.softmax(z, -1) - torch.eye(z.shape[1], dtype=z.dtype)[labels]
    )
    return weights - learning_rate * torch.einsum("rc,rf->cf", per_row, x) / len(x), teacher_weights
