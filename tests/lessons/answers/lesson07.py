# %% setup
import math
import re
from collections import Counter
from fractions import Fraction
from functools import reduce
from itertools import chain

import numpy as np
import torch
import torch.nn.functional as F


# %% 07.1 wrong: -100 stays where padding was
def shift_right(labels, start, pad):
    first = labels.new_full((len(labels), 1), start)
    return torch.cat([first, labels[:, :-1]], dim=1)


# %% 07.1 wrong: the last column is kept
def shift_right(labels, start, pad):
    first = labels.new_full((len(labels), 1), start)
    return torch.cat([first, labels], dim=1).masked_fill(
        torch.cat([first, labels], dim=1) == -100, pad
    )


# %% 07.1 wrong: the first column is left out instead of the last
def shift_right(labels, start, pad):
    first = labels.new_full((len(labels), 1), start)
    shifted = torch.cat([first, labels[:, 1:]], dim=1)
    return shifted.masked_fill(shifted == -100, pad)


# %% 07.1 wrong: start and pad are swapped
def shift_right(labels, start, pad):
    first = labels.new_full((len(labels), 1), pad)
    shifted = torch.cat([first, labels[:, :-1]], dim=1)
    return shifted.masked_fill(shifted == -100, start)


# %% 07.1 wrong: shifted one place earlier, start at the end
def shift_right(labels, start, pad):
    last = labels.new_full((len(labels), 1), start)
    shifted = torch.cat([labels[:, 1:], last], dim=1)
    return shifted.masked_fill(shifted == -100, pad)


# %% 07.1 wrong: rolled, and start is never written
def shift_right(labels, start, pad):
    shifted = labels.roll(1, dims=1)
    return shifted.masked_fill(shifted == -100, pad)


# %% 07.1 wrong: the labels themselves are overwritten
def shift_right(labels, start, pad):
    labels[labels == -100] = pad
    first = labels.new_full((len(labels), 1), start)
    return torch.cat([first, labels[:, :-1]], dim=1)


# %% 07.1 wrong: start is written into the labels, rolled in place
def shift_right(labels, start, pad):
    shifted = labels.roll(1, dims=1)
    shifted[:, 0] = start
    labels.copy_(shifted.masked_fill(shifted == -100, pad))
    return labels


# %% 07.1 wrong: piece 0 is taken for padding, too
def shift_right(labels, start, pad):
    first = labels.new_full((len(labels), 1), start)
    kept = labels[:, :-1]
    return torch.cat([first, kept.masked_fill(kept <= 0, pad)], dim=1)


# %% 07.1 wrong: pad is taken to be 0
def shift_right(labels, start, pad):
    shifted = labels.roll(1, dims=1)
    shifted[:, 0] = start
    return shifted.masked_fill(shifted == -100, 0)


# %% 07.1 wrong: start is taken to be 0
def shift_right(labels, start, pad):
    shifted = torch.zeros_like(labels)
    shifted[:, 1:] = labels[:, :-1]
    return shifted.masked_fill(shifted == -100, pad)


# %% 07.1 wrong: starts with pad, as Marian does
def shift_right(labels, start, pad):
    shifted = torch.full_like(labels, pad)
    shifted[:, 1:] = labels[:, :-1]
    return shifted.masked_fill(shifted == -100, pad)


# %% 07.1 wrong: the result holds floats
def shift_right(labels, start, pad):
    shifted = torch.zeros(labels.shape)
    shifted[:, 0] = start
    shifted[:, 1:] = labels[:, :-1]
    return shifted.masked_fill(shifted == -100, pad)


# %% 07.1 wrong: shifted along the batch
def shift_right(labels, start, pad):
    first = labels.new_full((1, labels.shape[1]), start)
    shifted = torch.cat([first, labels[:-1]], dim=0)
    return shifted.masked_fill(shifted == -100, pad)


# %% 07.1 wrong: flattened, so later rows start with the end of the row before
def shift_right(labels, start, pad):
    flat = torch.cat([labels.new_tensor([start]), labels.reshape(-1)[:-1]])
    return flat.masked_fill(flat == -100, pad).reshape(labels.shape)


# %% 07.1 wrong: each row loses its last piece, not the last column
def shift_right(labels, start, pad):
    rows = []
    for row in labels.tolist():
        pieces = [i for i in row if i != -100][:-1]
        rows.append(([start] + pieces + [pad] * len(row))[: len(row)])
    return torch.tensor(rows)


# %% 07.1 wrong: clamped from below instead of replaced
def shift_right(labels, start, pad):
    first = labels.new_full((len(labels), 1), start)
    return torch.cat([first, labels[:, :-1].clamp(min=pad)], dim=1)


# %% 07.1 wrong: -100 becomes start
def shift_right(labels, start, pad):
    first = labels.new_full((len(labels), 1), start)
    shifted = torch.cat([first, labels[:, :-1]], dim=1)
    return shifted.masked_fill(shifted == -100, start)


# %% 07.1 wrong: padding is looked for at the unshifted places
def shift_right(labels, start, pad):
    first = labels.new_full((len(labels), 1), start)
    shifted = torch.cat([first, labels[:, :-1]], dim=1)
    return shifted.masked_fill(labels == -100, pad)


# %% 07.1 wrong: start stands in front of the first row only
def shift_right(labels, start, pad):
    shifted = labels.roll(1, dims=1).masked_fill(labels.roll(1, dims=1) == -100, pad)
    shifted[0, 0] = start
    return shifted


# %% 07.1 wrong: shifted by two places
def shift_right(labels, start, pad):
    first = labels.new_full((len(labels), 2), start)
    shifted = torch.cat([first, labels], dim=1)[:, : labels.shape[1]]
    return shifted.masked_fill(shifted == -100, pad)


# %% 07.1 right: rolled, then the first column overwritten
def shift_right(labels, start, pad):
    shifted = torch.roll(labels, shifts=1, dims=-1)
    shifted[:, 0] = start
    return torch.where(shifted == -100, pad, shifted)


# %% 07.1 right: F.pad with a negative width
def shift_right(labels, start, pad):
    return F.pad(labels.masked_fill(labels == -100, pad), (1, -1), value=start)


# %% 07.1 right: plain lists
def shift_right(labels, start, pad):
    rows = [[start] + [pad if i == -100 else i for i in row[:-1]] for row in labels.tolist()]
    return torch.tensor(rows, dtype=labels.dtype, device=labels.device)


# %% 07.1 right: numpy inside, other argument names
def shift_right(y, bos, blank):
    before = np.insert(y.cpu().numpy(), 0, bos, axis=1)[:, :-1]
    return torch.from_numpy(np.where(before == -100, blank, before)).to(y)


# %% 07.2 wrong: divided by all places, padding included
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / labels.numel()


# %% 07.2 wrong: padding counts like any token
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = torch.ones_like(labels, dtype=torch.bool)
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the factor T squared is forgotten
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the factor is T, not its square
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: divided by T squared
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return kl.sum() / temperature**2 / mask.sum().clamp(min=1)


# %% 07.2 wrong: KL the other way round, student before teacher
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    q = F.softmax(student_logits[mask] / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    kl = F.kl_div(log_p, q, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the teacher is not softened
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask], dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the student is not softened
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask], dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: logits are multiplied by T
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] * temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] * temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: divided by the vocabulary, too
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").mean(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the mean over sentences, not tokens
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / len(labels)


# %% 07.2 wrong: the sum, not the mean
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum()


# %% 07.2 wrong: one value a token, not reduced
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl


# %% 07.2 wrong: piece 0 is taken for padding, too
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels > 0
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: -100 is not taken for padding, 0 is
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != 0
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the end of a sentence is left out
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = (labels != -100) & (labels != 1)
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the mean of no token is NaN
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.mean()


# %% 07.2 wrong: one is added to the count
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / (mask.sum() + 1)


# %% 07.2 wrong: cross-entropy, the teacher's entropy is not taken off
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = -(p * log_q).sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: in bits
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / math.log(2) / mask.sum().clamp(min=1)


# %% 07.2 wrong: T is taken to be 2
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / 2.0, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / 2.0, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return 4.0 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: probabilities are softened, not logits
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask], dim=-1) / temperature
    log_q = (F.softmax(student_logits[mask], dim=-1) / temperature).log()
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the mask of the shifted inputs
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    real = labels != -100
    mask = torch.zeros_like(real)
    mask[:, 1:] = real[:, :-1]
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the first piece of every sentence is dropped
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    mask[:, 0] = False
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: only the first sentence's mask, for all rows
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = (labels[:1] != -100).expand(labels.shape)
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the labelled piece's term only
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none")
    kl = kl.gather(-1, labels[mask][:, None])[:, 0]
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: logits one place off the labels, as for a decoder alone
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    student_logits, teacher_logits = student_logits[:, :-1], teacher_logits[:, :-1].detach()
    mask = labels[:, 1:] != -100
    p = F.softmax(teacher_logits[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: softmax over places instead of the vocabulary
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach() / temperature, dim=1)
    log_q = F.log_softmax(student_logits / temperature, dim=1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl[mask].sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: log of softmax, which underflows
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    q = F.softmax(student_logits[mask] / temperature, dim=-1)
    kl = (p * (p.log() - q.log())).sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: exponentials by hand, which overflow
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = (teacher_logits.detach()[mask] / temperature).exp()
    q = (student_logits[mask] / temperature).exp()
    p, q = p / p.sum(-1, keepdim=True), q / q.sum(-1, keepdim=True)
    kl = (p * (p / q).log()).sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: 1e-6 in the logarithms caps the surprise
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    q = F.softmax(student_logits[mask] / temperature, dim=-1)
    kl = (p * ((p + 1e-6).log() - (q + 1e-6).log())).sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: padding times zero, so a NaN there spoils the sum
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    p = F.softmax(teacher_logits.detach() / temperature, dim=-1)
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * (kl * mask).sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: the mean of each sentence's mean
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    means = []
    for student, teacher, counts in zip(student_logits, teacher_logits.detach(), mask):
        if counts.any():
            p = F.softmax(teacher[counts] / temperature, dim=-1)
            log_q = F.log_softmax(student[counts] / temperature, dim=-1)
            means.append(F.kl_div(log_q, p, reduction="batchmean"))
    return temperature**2 * torch.stack(means).mean() if means else student_logits.new_zeros(())


# %% 07.2 wrong: the logits are softened in place
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    with torch.no_grad():
        teacher_logits /= temperature
    p = F.softmax(teacher_logits.detach()[mask], dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 wrong: a tenth of the hard loss is mixed in
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    if not mask.any():
        return student_logits.new_zeros(())
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
    return 0.9 * soft + 0.1 * F.cross_entropy(student_logits[mask], labels[mask])


# %% 07.2 wrong: the teacher's best piece as a hard target
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = labels != -100
    if not mask.any():
        return student_logits.new_zeros(())
    best = teacher_logits.detach()[mask].argmax(-1)
    return temperature**2 * F.cross_entropy(student_logits[mask] / temperature, best)


# %% 07.2 wrong: a sentence with any padding is dropped whole
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    mask = (labels != -100) & (labels != -100).all(1, keepdim=True)
    p = F.softmax(teacher_logits.detach()[mask] / temperature, dim=-1)
    log_q = F.log_softmax(student_logits[mask] / temperature, dim=-1)
    kl = F.kl_div(log_q, p, reduction="none").sum(-1)
    return temperature**2 * kl.sum() / mask.sum().clamp(min=1)


# %% 07.2 right: token by token in a loop
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    total, count = student_logits.new_zeros(()), 0
    for b in range(labels.shape[0]):
        for i in range(labels.shape[1]):
            if labels[b, i] == -100:
                continue
            log_p = torch.log_softmax(teacher_logits[b, i].detach() / temperature, 0)
            log_q = torch.log_softmax(student_logits[b, i] / temperature, 0)
            terms = log_p.exp() * (log_p - log_q)
            total = total + terms.masked_fill(log_p.exp() == 0, 0.0).sum()
            count += 1
    return temperature * temperature * total / max(count, 1)


# %% 07.2 right: cross-entropy minus entropy
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    keep = labels.ge(0).flatten()
    student = student_logits.flatten(0, 1)[keep] / temperature
    teacher = teacher_logits.detach().flatten(0, 1)[keep] / temperature
    p = teacher.softmax(-1)
    cross = -(p * student.log_softmax(-1).masked_fill(p == 0, 0.0)).sum()
    entropy = -torch.special.xlogy(p, p).sum()
    return (cross - entropy) * temperature**2 / max(int(keep.sum()), 1)


# %% 07.2 right: logsumexp and einsum
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    keep = labels != -100
    if not keep.any():
        return torch.tensor(0.0)
    s = student_logits[keep] / temperature
    t = teacher_logits[keep].detach() / temperature
    p = torch.exp(t - t.logsumexp(-1, keepdim=True))
    ratio = t - t.logsumexp(-1, keepdim=True) - s + s.logsumexp(-1, keepdim=True)
    ratio = torch.where(p > 0, ratio, torch.zeros_like(ratio))
    return temperature**2 * torch.einsum("nv,nv->", p, ratio) / len(s)


# %% 07.2 right: padding replaced by equal logits, other argument names
def word_level_loss(q_logits, p_logits, y, t):
    real = (y != -100).unsqueeze(-1)
    log_q = F.log_softmax(q_logits.where(real, torch.zeros_like(q_logits)) / t, dim=2)
    p = F.softmax(p_logits.detach().where(real, torch.zeros_like(p_logits)) / t, dim=2)
    log_q = log_q.masked_fill(p == 0, 0.0)
    return F.kl_div(log_q, p, reduction="sum") * t**2 / real.sum().clamp(min=1)


# %% 07.3 wrong: in the order of the batches
def distilled_pairs(sources, batches, translated):
    return [
        [sources[i], text]
        for batch, texts in zip(batches, translated)
        for i, text in zip(batch, texts)
        if text
    ]


# %% 07.3 wrong: translations only chained, not put back in line
def distilled_pairs(sources, batches, translated):
    return [[source, text] for source, text in zip(sources, chain(*translated)) if text]


# %% 07.3 wrong: the permutation instead of its inverse
def distilled_pairs(sources, batches, translated):
    order, texts = list(chain(*batches)), list(chain(*translated))
    return [[sources[k], texts[i]] for k, i in enumerate(order) if texts[i]]


# %% 07.3 wrong: sorted by the sources' letters
def distilled_pairs(sources, batches, translated):
    numbered = zip(chain(*batches), chain(*translated))
    return sorted([sources[i], text] for i, text in numbered if text)


# %% 07.3 wrong: numbers are sorted as text
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)), key=lambda pair: str(pair[0]))
    return [[sources[i], text] for i, text in numbered if text]


# %% 07.3 wrong: pairs without a translation are kept
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return [[sources[i], text] for i, text in numbered]


# %% 07.3 wrong: empty translations are taken out first, so lines slip
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    texts = [text for _, text in numbered if text]
    return [[source, text] for source, text in zip(sources, texts)]


# %% 07.3 wrong: only the empty half of a pair is left out
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return [[sources[i], text] if text else [sources[i]] for i, text in numbered]


# %% 07.3 wrong: None in place of a pair without a translation
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return [[sources[i], text] if text else None for i, text in numbered]


# %% 07.3 wrong: an empty translation is replaced by the source
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return [[sources[i], text or sources[i]] for i, text in numbered]


# %% 07.3 wrong: translation before source
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return [[text, sources[i]] for i, text in numbered if text]


# %% 07.3 wrong: looked up by the source's text, so equal sources share one
def distilled_pairs(sources, batches, translated):
    found = {}
    for batch, texts in zip(batches, translated):
        for i, text in zip(batch, texts):
            found[sources[i]] = text
    return [[source, found[source]] for source in sources if found[source]]


# %% 07.3 wrong: a source that comes twice is returned once
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    pairs = {}
    for i, text in numbered:
        if text:
            pairs.setdefault(sources[i], text)
    return [[source, text] for source, text in pairs.items()]


# %% 07.3 wrong: two sources with equal translations are returned once
def distilled_pairs(sources, batches, translated):
    seen, pairs = set(), []
    for i, text in sorted(zip(chain(*batches), chain(*translated))):
        if text and text not in seen:
            seen.add(text)
            pairs.append([sources[i], text])
    return pairs


# %% 07.3 wrong: numbers are taken to count from one
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return [[sources[i - 1], text] for i, text in numbered if text]


# %% 07.3 wrong: the arguments are emptied
def distilled_pairs(sources, batches, translated):
    found = {}
    while batches:
        found.update(zip(batches.pop(), translated.pop()))
    return [[source, found[i]] for i, source in enumerate(sources) if found[i]]


# %% 07.3 wrong: the batches are sorted in place and lose their translations
def distilled_pairs(sources, batches, translated):
    for batch in batches:
        batch.sort()
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return [[sources[i], text] for i, text in numbered if text]


# %% 07.3 wrong: a last batch that is not full is left out
def distilled_pairs(sources, batches, translated):
    found = {}
    for batch, texts in zip(batches, translated):
        if len(batch) == len(batches[0]):
            found.update(zip(batch, texts))
    return [[source, found[i]] for i, source in enumerate(sources) if found.get(i)]


# %% 07.3 wrong: only the first batch
def distilled_pairs(sources, batches, translated):
    found = dict(zip(batches[0], translated[0])) if batches else {}
    return [[source, found[i]] for i, source in enumerate(sources) if found.get(i)]


# %% 07.3 wrong: a batch with an empty translation is left out whole
def distilled_pairs(sources, batches, translated):
    found = {}
    for batch, texts in zip(batches, translated):
        if all(texts):
            found.update(zip(batch, texts))
    return [[source, found[i]] for i, source in enumerate(sources) if i in found]


# %% 07.3 wrong: stops at the first empty translation
def distilled_pairs(sources, batches, translated):
    pairs = []
    for i, text in sorted(zip(chain(*batches), chain(*translated))):
        if not text:
            break
        pairs.append([sources[i], text])
    return pairs


# %% 07.3 wrong: translations of one character are left out, too
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return [[sources[i], text] for i, text in numbered if len(text) > 1]


# %% 07.3 wrong: sources are sorted by length instead of using the numbers
def distilled_pairs(sources, batches, translated):
    ordered = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    numbered = sorted(zip(ordered, chain(*translated)))
    return [[sources[i], text] for i, text in numbered if text]


# %% 07.3 wrong: numbers are taken to be places in the batch
def distilled_pairs(sources, batches, translated):
    pairs = []
    for batch, texts in zip(batches, translated):
        ordered = sorted(batch)
        pairs += [(ordered[k], text) for k, text in enumerate(texts)]
    return [[sources[i], text] for i, text in sorted(pairs) if text]


# %% 07.3 wrong: number 0 counts as missing
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return [[sources[i], text] for i, text in numbered if i and text]


# %% 07.3 wrong: a dict of source and translation
def distilled_pairs(sources, batches, translated):
    numbered = sorted(zip(chain(*batches), chain(*translated)))
    return {sources[i]: text for i, text in numbered if text}


# %% 07.3 right: slots filled by number
def distilled_pairs(sources, batches, translated):
    slots = [""] * len(sources)
    for k, batch in enumerate(batches):
        for place, number in enumerate(batch):
            slots[number] = translated[k][place]
    return [list(pair) for pair in zip(sources, slots) if pair[1]]


# %% 07.3 right: argsort in numpy
def distilled_pairs(sources, batches, translated):
    order = np.argsort(np.array(list(chain(*batches)), dtype=int))
    texts = list(chain(*translated))
    pairs = [[source, texts[place]] for source, place in zip(sources, order)]
    return [pair for pair in pairs if pair[1] != ""]


# %% 07.3 right: searches the batches for every source
def distilled_pairs(sources, batches, translated):
    pairs = []
    for number, source in enumerate(sources):
        for batch, texts in zip(batches, translated):
            if number in batch and texts[batch.index(number)]:
                pairs.append([source, texts[batch.index(number)]])
    return pairs


# %% 07.3 right: sorted triples, other argument names
def distilled_pairs(english, numbers, chinese):
    triples = []
    for ids, texts in zip(numbers, chinese):
        triples += [(i, english[i], text) for i, text in zip(ids, texts) if len(text) > 0]
    return [[en, zh] for _, en, zh in sorted(triples)]


# %% 07.4 wrong: the plain mean, alpha is ignored
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / len(row) for row in log_probabilities]


# %% 07.4 wrong: the plain sum, the length is ignored
def normalised_scores(log_probabilities, alpha):
    return [sum(row) for row in log_probabilities]


# %% 07.4 wrong: multiplied instead of divided
def normalised_scores(log_probabilities, alpha):
    return [sum(row) * len(row) ** alpha for row in log_probabilities]


# %% 07.4 wrong: divided by alpha times the length
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / (alpha * len(row)) for row in log_probabilities]


# %% 07.4 wrong: the power is taken of the whole mean
def normalised_scores(log_probabilities, alpha):
    return [(sum(row) / len(row)) ** alpha for row in log_probabilities]


# %% 07.4 wrong: alpha to the power of the length
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / alpha ** len(row) for row in log_probabilities]


# %% 07.4 wrong: the probability instead of its logarithm
def normalised_scores(log_probabilities, alpha):
    return [math.exp(sum(row)) / len(row) ** alpha for row in log_probabilities]


# %% 07.4 wrong: the sum of probabilities
def normalised_scores(log_probabilities, alpha):
    return [sum(map(math.exp, row)) / len(row) ** alpha for row in log_probabilities]


# %% 07.4 wrong: Google's penalty with 5 and 6
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / ((5 + len(row)) / 6) ** alpha for row in log_probabilities]


# %% 07.4 wrong: the number of candidates as the length
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / len(log_probabilities) ** alpha for row in log_probabilities]


# %% 07.4 wrong: the end of the sentence is not counted
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / max(len(row) - 1, 1) ** alpha for row in log_probabilities]


# %% 07.4 wrong: the start token is counted
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / (len(row) + 1) ** alpha for row in log_probabilities]


# %% 07.4 wrong: the longest candidate's length for all
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / max(map(len, log_probabilities)) ** alpha for row in log_probabilities]


# %% 07.4 wrong: the first candidate's length for all
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / len(log_probabilities[0]) ** alpha for row in log_probabilities]


# %% 07.4 wrong: alpha 0 is taken for not given
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / len(row) ** (alpha or 1.0) for row in log_probabilities]


# %% 07.4 wrong: the sign is turned round
def normalised_scores(log_probabilities, alpha):
    return [-sum(row) / len(row) ** alpha for row in log_probabilities]


# %% 07.4 wrong: equal log probabilities are summed once
def normalised_scores(log_probabilities, alpha):
    return [sum(set(row)) / len(row) ** alpha for row in log_probabilities]


# %% 07.4 wrong: the last piece is not summed
def normalised_scores(log_probabilities, alpha):
    return [sum(row[:-1]) / len(row) ** alpha for row in log_probabilities]


# %% 07.4 wrong: alpha is taken to be 0.6
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / len(row) ** 0.6 for row in log_probabilities]


# %% 07.4 wrong: rounded to two places
def normalised_scores(log_probabilities, alpha):
    return [round(sum(row) / len(row) ** alpha, 2) for row in log_probabilities]


# %% 07.4 wrong: the length's power is rounded
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / round(len(row) ** alpha) for row in log_probabilities]


# %% 07.4 wrong: the least likely piece instead of the sum
def normalised_scores(log_probabilities, alpha):
    return [min(row) / len(row) ** alpha for row in log_probabilities]


# %% 07.4 wrong: every log probability to the power alpha
def normalised_scores(log_probabilities, alpha):
    return [sum(-((-x) ** alpha) for x in row) / len(row) for row in log_probabilities]


# %% 07.4 wrong: alpha is capped at 1
def normalised_scores(log_probabilities, alpha):
    return [sum(row) / len(row) ** min(alpha, 1.0) for row in log_probabilities]


# %% 07.4 wrong: only the best score
def normalised_scores(log_probabilities, alpha):
    return max(sum(row) / len(row) ** alpha for row in log_probabilities)


# %% 07.4 wrong: sorted, best first
def normalised_scores(log_probabilities, alpha):
    return sorted((sum(row) / len(row) ** alpha for row in log_probabilities), reverse=True)


# %% 07.4 wrong: made to sum to one over the candidates
def normalised_scores(log_probabilities, alpha):
    scores = torch.tensor([sum(row) / len(row) ** alpha for row in log_probabilities])
    return scores.softmax(0).tolist()


# %% 07.4 wrong: the lists are edited on the way
def normalised_scores(log_probabilities, alpha):
    scores = []
    for row in log_probabilities:
        count, total = len(row), 0.0
        while row:
            total += row.pop()
        scores.append(total / count**alpha)
    return scores


# %% 07.4 wrong: the sum runs on over the candidates
def normalised_scores(log_probabilities, alpha):
    scores, total = [], 0.0
    for row in log_probabilities:
        total += sum(row)
        scores.append(total / len(row) ** alpha)
    return scores


# %% 07.4 right: the mean times the length to the power of one minus alpha
def normalised_scores(log_probabilities, alpha):
    return [float(np.mean(row) * len(row) ** (1 - alpha)) for row in log_probabilities]


# %% 07.4 right: with torch, row by row
def normalised_scores(log_probabilities, alpha):
    return [(torch.tensor(row).sum() / len(row) ** alpha).item() for row in log_probabilities]


# %% 07.4 right: the power through a logarithm, fsum
def normalised_scores(log_probabilities, alpha):
    return [math.fsum(row) * math.exp(-alpha * math.log(len(row))) for row in log_probabilities]


# %% 07.4 right: padded to a table in numpy, other argument names
def normalised_scores(candidates, a):
    lengths = np.array([len(row) for row in candidates], dtype=float)
    table = np.zeros((len(candidates), max(map(len, candidates), default=0)))
    for k, row in enumerate(candidates):
        table[k, : len(row)] = row
    return (table.sum(1) / lengths**a).tolist()


# %% 07.5 wrong: not clipped
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum(k for run, k in written.items() if run in allowed) / total if total else 0.0


# %% 07.5 wrong: distinct runs on both sides
def clipped_precision(prediction, reference, n):
    written = set(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = set(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = len(written)
    return len(written & allowed) / total if total else 0.0


# %% 07.5 wrong: a run counts once at most
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return len(written & allowed) / total if total else 0.0


# %% 07.5 wrong: divided by the reference's runs
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(allowed.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: divided by the longer of the two
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = max(sum(written.values()), sum(allowed.values()))
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: divided by the distinct runs
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = len(written)
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: divided by the prediction's characters
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = len(prediction)
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: shared runs over all runs of both
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum((written | allowed).values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: the prediction's last run is missed
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: the reference's last run is missed
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: shorter runs at the end count, too
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction)))
    allowed = Counter(reference[i : i + n] for i in range(len(reference)))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: runs do not overlap
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(0, len(prediction) - n + 1, n))
    allowed = Counter(reference[i : i + n] for i in range(0, len(reference) - n + 1, n))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: a prediction that is too short divides by zero
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total


# %% 07.5 wrong: a prediction that is too short scores 1
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 1.0


# %% 07.5 wrong: a prediction that is too short gives None
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else None


# %% 07.5 wrong: a prediction that is one run counts as too short
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if len(prediction) > n else 0.0


# %% 07.5 wrong: in percent
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return 100 * sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: whole division
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) // total if total else 0.0


# %% 07.5 wrong: rounded to one place
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return round(sum((written & allowed).values()) / total, 1) if total else 0.0


# %% 07.5 wrong: words instead of characters
def clipped_precision(prediction, reference, n):
    prediction, reference = prediction.split(), reference.split()
    written = Counter(tuple(prediction[i : i + n]) for i in range(len(prediction) - n + 1))
    allowed = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: bytes instead of characters
def clipped_precision(prediction, reference, n):
    prediction, reference = prediction.encode(), reference.encode()
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: spaces are taken out first
def clipped_precision(prediction, reference, n):
    prediction, reference = prediction.replace(" ", ""), reference.replace(" ", "")
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: capital letters are ignored
def clipped_precision(prediction, reference, n):
    prediction, reference = prediction.lower(), reference.lower()
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: the order inside a run is ignored
def clipped_precision(prediction, reference, n):
    written = Counter(
        "".join(sorted(prediction[i : i + n])) for i in range(len(prediction) - n + 1)
    )
    allowed = Counter("".join(sorted(reference[i : i + n])) for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: n is ignored, single characters
def clipped_precision(prediction, reference, n):
    n = 1
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: n is taken to be 2
def clipped_precision(prediction, reference, n):
    n = 2
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: a brevity penalty is multiplied in
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    short = math.exp(min(0, 1 - len(reference) / max(len(prediction), 1)))
    return short * sum((written & allowed).values()) / total if total else 0.0


# %% 07.5 wrong: clipped at the larger of the two counts
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return (
        sum(max(k, allowed[run]) for run, k in written.items() if run in allowed) / total
        if total
        else 0.0
    )


# %% 07.5 wrong: runs of all lengths up to n
def clipped_precision(prediction, reference, n):
    shared, total = 0, 0
    for k in range(1, n + 1):
        written = Counter(prediction[i : i + k] for i in range(len(prediction) - k + 1))
        allowed = Counter(reference[i : i + k] for i in range(len(reference) - k + 1))
        shared += sum((written & allowed).values())
        total += sum(written.values())
    return shared / total if total else 0.0


# %% 07.5 wrong: str.count, which misses overlapping runs
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    total = sum(written.values())
    shared = sum(min(k, reference.count(run)) for run, k in written.items())
    return shared / total if total else 0.0


# %% 07.5 wrong: matches at the same place only
def clipped_precision(prediction, reference, n):
    total = len(prediction) - n + 1
    same = sum(prediction[i : i + n] == reference[i : i + n] for i in range(max(total, 0)))
    return same / total if total > 0 else 0.0


# %% 07.5 wrong: found runs are cut out of the reference, neighbours and all
def clipped_precision(prediction, reference, n):
    total, shared = max(len(prediction) - n + 1, 0), 0
    for i in range(total):
        run = prediction[i : i + n]
        if run in reference:
            shared += 1
            reference = reference.replace(run, "\0" * n, 1)
    return shared / total if total else 0.0


# %% 07.5 wrong: only runs that the reference has exactly as often
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum(k for run, k in written.items() if allowed[run] == k) / total if total else 0.0


# %% 07.5 wrong: a run that comes too often counts for nothing
def clipped_precision(prediction, reference, n):
    written = Counter(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    allowed = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    total = sum(written.values())
    return sum(k for run, k in written.items() if allowed[run] >= k) / total if total else 0.0


# %% 07.5 right: runs crossed off a list
def clipped_precision(prediction, reference, n):
    left = [reference[i : i + n] for i in range(len(reference) - n + 1)]
    runs = [prediction[i : i + n] for i in range(len(prediction) - n + 1)]
    shared = 0
    for run in runs:
        if run in left:
            left.remove(run)
            shared += 1
    return shared / len(runs) if runs else 0.0


# %% 07.5 right: total minus the counts that are over
def clipped_precision(prediction, reference, n):
    runs = Counter(zip(*(prediction[k:] for k in range(n))))
    known = Counter(zip(*(reference[k:] for k in range(n))))
    total = len(prediction) - n + 1
    return 1 - (runs - known).total() / total if total > 0 else 0.0


# %% 07.5 right: two sorted lists merged
def clipped_precision(prediction, reference, n):
    a = sorted(prediction[i : i + n] for i in range(len(prediction) - n + 1))
    b = sorted(reference[i : i + n] for i in range(len(reference) - n + 1))
    i = j = shared = 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            i, j, shared = i + 1, j + 1, shared + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return shared / max(len(a), 1)


# %% 07.5 right: a regular expression that looks ahead, other argument names
def clipped_precision(output, truth, size):
    runs = re.findall(f"(?s)(?=(.{{{size}}}))", output)
    known = re.findall(f"(?s)(?=(.{{{size}}}))", truth)
    shared = sum(min(runs.count(run), known.count(run)) for run in set(runs))
    return float(Fraction(shared, len(runs))) if runs else 0.0


# %% 07.6 wrong: BLEU alone decides
what_bleu_hides = "a"


# %% 07.6 wrong: the negations alone decide
what_bleu_hides = "b"


# %% 07.6 wrong: more test sentences are asked for
what_bleu_hides = "d"


# %% 07.6 wrong: a in brackets
what_bleu_hides = "(a)"


# %% 07.6 wrong: a large B
what_bleu_hides = "B"


# %% 07.6 wrong: d with spaces
what_bleu_hides = " d "


# %% 07.6 wrong: a letter that is not offered
what_bleu_hides = "e"


# %% 07.6 wrong: no letter at all
what_bleu_hides = ""


# %% 07.6 wrong: the student's name instead of a letter
what_bleu_hides = "Y"


# %% 07.6 right: a plain c
what_bleu_hides = "c"


# %% 07.6 right: in brackets
what_bleu_hides = "(c)"


# %% 07.6 right: a large letter
what_bleu_hides = "C"


# %% 07.6 right: with spaces
what_bleu_hides = " c "


# %% 07.6 right: large, in brackets
what_bleu_hides = "(C)"


# %% 07.7 wrong: the median instead of the tail
def choose_student(students, budget):
    fast = [s for s in students if s["p50"] <= budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: the middle between median and tail
def choose_student(students, budget):
    fast = [s for s in students if (s["p50"] + s["p95"]) / 2 <= budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: the sum of median and tail
def choose_student(students, budget):
    fast = [s for s in students if s["p50"] + s["p95"] <= budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: a student exactly at the budget is refused
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] < budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: students over the budget are kept
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] >= budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: the tail must keep 95 % of the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= 0.95 * budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: the budget is taken for seconds
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= 1000 * budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: whole milliseconds only
def choose_student(students, budget):
    fast = [s for s in students if int(s["p95"]) <= budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: the budget is compared with megabytes
def choose_student(students, budget):
    fast = [s for s in students if s["megabytes"] <= budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: megabytes must keep the budget, too
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget and s["megabytes"] <= budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: the fastest that keeps the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return min(fast, key=lambda s: s["p95"])["name"] if fast else None


# %% 07.7 wrong: the fastest by its median
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return min(fast, key=lambda s: s["p50"])["name"] if fast else None


# %% 07.7 wrong: the smallest that keeps the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return min(fast, key=lambda s: s["megabytes"])["name"] if fast else None


# %% 07.7 wrong: the one nearest to the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: s["p95"])["name"] if fast else None


# %% 07.7 wrong: the lowest BLEU
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return min(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: BLEU for each millisecond
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: s["bleu"] / s["p95"])["name"] if fast else None


# %% 07.7 wrong: BLEU cut to whole points
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: int(s["bleu"]))["name"] if fast else None


# %% 07.7 wrong: BLEU compared as text
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: str(s["bleu"]))["name"] if fast else None


# %% 07.7 wrong: the last name in the alphabet
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: s["name"])["name"] if fast else None


# %% 07.7 wrong: the first that keeps the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return fast[0]["name"] if fast else None


# %% 07.7 wrong: the dict instead of the name
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: s["bleu"]) if fast else None


# %% 07.7 wrong: the score instead of the name
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: s["bleu"])["bleu"] if fast else None


# %% 07.7 wrong: an empty name when none keeps the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else ""


# %% 07.7 wrong: the word None when none keeps the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else "None"


# %% 07.7 wrong: raises when none keeps the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return max(fast, key=lambda s: s["bleu"])["name"]


# %% 07.7 wrong: the fastest of all when none keeps the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    if fast:
        return max(fast, key=lambda s: s["bleu"])["name"]
    return min(students, key=lambda s: s["p95"])["name"] if students else None


# %% 07.7 wrong: the best of all when none keeps the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget] or students
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: the budget is ignored
def choose_student(students, budget):
    return max(students, key=lambda s: s["bleu"])["name"] if students else None


# %% 07.7 wrong: only the best of all is asked for the budget
def choose_student(students, budget):
    if not students:
        return None
    best = max(students, key=lambda s: s["bleu"])
    return best["name"] if best["p95"] <= budget else None


# %% 07.7 wrong: every student must keep the budget
def choose_student(students, budget):
    if not students or any(s["p95"] > budget for s in students):
        return None
    return max(students, key=lambda s: s["bleu"])["name"]


# %% 07.7 wrong: the first student is the best to begin with, fast or not
def choose_student(students, budget):
    if not students:
        return None
    best = students[0]
    for s in students[1:]:
        if s["p95"] <= budget and s["bleu"] > best["bleu"]:
            best = s
    return best["name"] if best["p95"] <= budget else None


# %% 07.7 wrong: an empty list of students raises
def choose_student(students, budget):
    best = students[0]
    for s in students:
        if s["p95"] <= budget and (best["p95"] > budget or s["bleu"] > best["bleu"]):
            best = s
    return best["name"] if best["p95"] <= budget else None


# %% 07.7 wrong: a BLEU of 0 is never chosen
def choose_student(students, budget):
    name, best = None, 0.0
    for s in students:
        if s["p95"] <= budget and s["bleu"] > best:
            name, best = s["name"], s["bleu"]
    return name


# %% 07.7 wrong: the last that keeps the budget, the best score is not kept
def choose_student(students, budget):
    name = None
    for s in students:
        if s["p95"] <= budget:
            name = s["name"]
    return name


# %% 07.7 wrong: the students are sorted in place
def choose_student(students, budget):
    students.sort(key=lambda s: s["bleu"], reverse=True)
    return next((s["name"] for s in students if s["p95"] <= budget), None)


# %% 07.7 wrong: slow students are deleted from the argument
def choose_student(students, budget):
    students[:] = [s for s in students if s["p95"] <= budget]
    return max(students, key=lambda s: s["bleu"])["name"] if students else None


# %% 07.7 wrong: slow students are removed while looping, so one is skipped
def choose_student(students, budget):
    fast = list(students)
    for s in fast:
        if s["p95"] > budget:
            fast.remove(s)
    return max(fast, key=lambda s: s["bleu"])["name"] if fast else None


# %% 07.7 wrong: all names that keep the budget
def choose_student(students, budget):
    fast = [s for s in students if s["p95"] <= budget]
    return [s["name"] for s in sorted(fast, key=lambda s: -s["bleu"])] or None


# %% 07.7 right: sorted copy, first that fits
def choose_student(students, budget):
    ranked = sorted(students, key=lambda s: s["bleu"], reverse=True)
    return next((s["name"] for s in ranked if not s["p95"] > budget), None)


# %% 07.7 right: numpy, with slow students at minus infinity
def choose_student(students, budget):
    scores = [s["bleu"] if s["p95"] <= budget else -np.inf for s in students]
    if not np.isfinite(scores).any():
        return None
    return students[int(np.argmax(scores))]["name"]


# %% 07.7 right: a plain loop that remembers the best
def choose_student(students, budget):
    best = None
    for student in students:
        if student["p95"] > budget:
            continue
        if best is None or student["bleu"] > best["bleu"]:
            best = student
    return None if best is None else best["name"]


# %% 07.7 right: reduce, other argument names
def choose_student(offers, milliseconds):
    fits = filter(lambda s: s["p95"] <= milliseconds, offers)
    best = reduce(lambda a, b: b if a is None or b["bleu"] > a["bleu"] else a, fits, None)
    return best and best["name"]
