# %% setup
import math
import re

import numpy as np
import torch
import torch.nn.functional as F


# %% 11.1 wrong: all rows alike
def proxy_a_distance(p_target, is_target):
    error = ((p_target > 0.5) != is_target).float().mean().item()
    return max(0.0, 2 * (1 - 2 * error))


# %% 11.1 wrong: accuracy
def proxy_a_distance(p_target, is_target):
    right = (p_target > 0.5) == is_target
    accuracy = (right[is_target].float().mean() + right[~is_target].float().mean()) / 2
    return max(0.0, 2 * (1 - 2 * accuracy.item()))


# %% 11.1 wrong: below zero
def proxy_a_distance(p_target, is_target):
    wrong = ((p_target > 0.5) != is_target).float()
    return 2 * (1 - (wrong[is_target].mean() + wrong[~is_target].mean()).item())


# %% 11.1 wrong: the absolute value
def proxy_a_distance(p_target, is_target):
    wrong = ((p_target > 0.5) != is_target).float()
    return abs(2 * (1 - (wrong[is_target].mean() + wrong[~is_target].mean()).item()))


# %% 11.1 wrong: a half is target
def proxy_a_distance(p_target, is_target):
    wrong = ((p_target >= 0.5) != is_target).float()
    return max(0.0, 2 - 2 * (wrong[is_target].mean() + wrong[~is_target].mean()).item())


# %% 11.1 wrong: only target rows
def proxy_a_distance(p_target, is_target):
    missed = 1 - (p_target[is_target] > 0.5).float().mean().item()
    return max(0.0, 2 * (1 - 2 * missed))


# %% 11.1 wrong: errors are added
def proxy_a_distance(p_target, is_target):
    wrong = ((p_target > 0.5) != is_target).float()
    error = wrong[is_target].mean() + wrong[~is_target].mean()
    return max(0.0, 2 * (1 - 2 * error.item()))


# %% 11.1 wrong: up to one
def proxy_a_distance(p_target, is_target):
    wrong = ((p_target > 0.5) != is_target).float()
    return max(0.0, 1 - (wrong[is_target].mean() + wrong[~is_target].mean()).item())


# %% 11.1 wrong: shares of what was guessed
def proxy_a_distance(p_target, is_target):
    guess = p_target > 0.5
    wrong = (guess != is_target).float()
    error = (wrong[guess].mean() + wrong[~guess].mean()) / 2
    return max(0.0, 2 * (1 - 2 * error.item()))


# %% 11.1 wrong: misses and false alarms, over all rows
def proxy_a_distance(p_target, is_target):
    guess = p_target > 0.5
    missed = (~guess & is_target).float().mean()
    alarms = (guess & ~is_target).float().mean()
    return max(0.0, 2 * (1 - (missed + alarms).item()))


# %% 11.1 right: from two confusion counts
def proxy_a_distance(p_target, is_target):
    p, t = p_target.numpy(), is_target.numpy()
    missed = np.mean(p[t] <= 0.5)
    alarms = np.mean(p[~t] > 0.5)
    return float(np.clip(2 - 2 * (missed + alarms), 0, None))


# %% 11.1 right: row by row
def proxy_a_distance(p_target, is_target):
    wrong, rows = [0, 0], [0, 0]
    for p, target in zip(p_target.tolist(), is_target.tolist()):
        rows[target] += 1
        wrong[target] += (p > 0.5) != target
    error = (wrong[0] / rows[0] + wrong[1] / rows[1]) / 2
    return 0.0 if error > 0.5 else 2 * (1 - 2 * error)


# %% 11.2 wrong: the leaks
def clean_pool(pool, test_texts):
    def plain(text):
        return re.sub(r"\d+", "0", " ".join(text.lower().split()))

    seen = {plain(t) for texts in test_texts.values() for t in texts}
    leaks = []
    for i, text in enumerate(pool):
        if plain(text) in seen:
            leaks.append(i)
        seen.add(plain(text))
    return leaks


# %% 11.2 wrong: the target's test alone
def clean_pool(pool, test_texts):
    def plain(text):
        return re.sub(r"\d+", "0", " ".join(text.lower().split()))

    seen, kept = {plain(t) for t in test_texts["target"]}, []
    for i, text in enumerate(pool):
        if plain(text) not in seen:
            kept.append(i)
        seen.add(plain(text))
    return kept


# %% 11.2 wrong: as they are written
def clean_pool(pool, test_texts):
    seen, kept = {t for texts in test_texts.values() for t in texts}, []
    for i, text in enumerate(pool):
        if text not in seen:
            kept.append(i)
        seen.add(text)
    return kept


# %% 11.2 wrong: capitals count
def clean_pool(pool, test_texts):
    def plain(text):
        return re.sub(r"\d+", "0", " ".join(text.split()))

    seen, kept = {plain(t) for texts in test_texts.values() for t in texts}, []
    for i, text in enumerate(pool):
        if plain(text) not in seen:
            kept.append(i)
        seen.add(plain(text))
    return kept


# %% 11.2 wrong: digits one by one
def clean_pool(pool, test_texts):
    def plain(text):
        return re.sub(r"\d", "#", " ".join(text.lower().split()))

    seen, kept = {plain(t) for texts in test_texts.values() for t in texts}, []
    for i, text in enumerate(pool):
        if plain(text) not in seen:
            kept.append(i)
        seen.add(plain(text))
    return kept


# %% 11.2 wrong: figures are dropped
def clean_pool(pool, test_texts):
    def plain(text):
        return " ".join(re.sub(r"\d", "", text.lower()).split())

    seen, kept = {plain(t) for texts in test_texts.values() for t in texts}, []
    for i, text in enumerate(pool):
        if plain(text) not in seen:
            kept.append(i)
        seen.add(plain(text))
    return kept


# %% 11.2 wrong: repeated texts stay
def clean_pool(pool, test_texts):
    def plain(text):
        return re.sub(r"\d+", "0", " ".join(text.lower().split()))

    tests = {plain(t) for texts in test_texts.values() for t in texts}
    return [i for i, text in enumerate(pool) if plain(text) not in tests]


# %% 11.2 wrong: words alone
def clean_pool(pool, test_texts):
    def plain(text):
        return re.sub(r"[^\w\s]", "", re.sub(r"\d+", "0", " ".join(text.lower().split())))

    seen, kept = {plain(t) for texts in test_texts.values() for t in texts}, []
    for i, text in enumerate(pool):
        if plain(text) not in seen:
            kept.append(i)
        seen.add(plain(text))
    return kept


# %% 11.2 wrong: part of a test text
def clean_pool(pool, test_texts):
    def plain(text):
        return re.sub(r"\d+", "0", " ".join(text.lower().split()))

    tests = "\n".join(plain(t) for texts in test_texts.values() for t in texts)
    seen, kept = set(), []
    for i, text in enumerate(pool):
        if plain(text) not in tests and plain(text) not in seen:
            kept.append(i)
        seen.add(plain(text))
    return kept


# %% 11.2 wrong: a decimal is one figure
def clean_pool(pool, test_texts):
    def plain(text):
        return re.sub(r"\d+(?:[.,]\d+)*", "0", " ".join(text.lower().split()))

    seen, kept = {plain(t) for texts in test_texts.values() for t in texts}, []
    for i, text in enumerate(pool):
        if plain(text) not in seen:
            kept.append(i)
        seen.add(plain(text))
    return kept


# %% 11.2 wrong: figures that stand alone
def clean_pool(pool, test_texts):
    def plain(text):
        return " ".join("0" if word.isdigit() else word for word in text.lower().split())

    seen, kept = {plain(t) for texts in test_texts.values() for t in texts}, []
    for i, text in enumerate(pool):
        if plain(text) not in seen:
            kept.append(i)
        seen.add(plain(text))
    return kept


# %% 11.2 wrong: figures count within the pool
def clean_pool(pool, test_texts):
    def words(text):
        return " ".join(text.lower().split())

    def plain(text):
        return re.sub(r"\d+", "0", words(text))

    tests = {plain(t) for texts in test_texts.values() for t in texts}
    seen, kept = set(), []
    for i, text in enumerate(pool):
        if plain(text) not in tests and words(text) not in seen:
            kept.append(i)
        seen.add(words(text))
    return kept


# %% 11.2 wrong: within the pool only capitals are the same
def clean_pool(pool, test_texts):
    def plain(text):
        return re.sub(r"\d+", "0", " ".join(text.lower().split()))

    tests = {plain(t) for texts in test_texts.values() for t in texts}
    lower = [text.lower() for text in pool]
    return [
        i for i, text in enumerate(pool) if plain(text) not in tests and lower.index(lower[i]) == i
    ]


# %% 11.2 right: with a dict
def clean_pool(pool, test_texts):
    def key(text):
        return tuple(re.sub(r"[0-9]+", "7", word) for word in text.lower().split())

    tests = [key(t) for texts in test_texts.values() for t in texts]
    first = {}
    for i, text in enumerate(pool):
        first.setdefault(key(text), i)
    return sorted(i for k, i in first.items() if k not in tests)


# %% 11.2 right: pairwise
def clean_pool(pool, test_texts):
    def plain(text):
        text = re.sub(r"\s+", " ", text.strip().casefold())
        return re.sub(r"\d+", "<figure>", text)

    tests = sum(test_texts.values(), [])
    return [
        i
        for i in range(len(pool))
        if all(plain(pool[i]) != plain(t) for t in tests)
        and all(plain(pool[i]) != plain(pool[j]) for j in range(i))
    ]


# %% 11.3 wrong: not scaled
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    return 1 + torch.xlogy(p, p).sum(-1) / math.log(p.shape[-1])


# %% 11.3 wrong: sums to one
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    sure = 1 + torch.xlogy(p, p).sum(-1) / math.log(p.shape[-1])
    if sure.sum() < 1e-6:
        return torch.full_like(sure, 1 / len(sure))
    return sure / sure.sum()


# %% 11.3 wrong: the unsure weigh more
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    entropy = -torch.xlogy(p, p).sum(-1)
    return entropy / entropy.mean()


# %% 11.3 wrong: bits and nats
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    sure = 1 + torch.xlogy(p, p).sum(-1) / math.log(2) / math.log(p.shape[-1])
    if sure.sum() < 1e-6:
        return torch.ones_like(sure)
    return sure / sure.mean()


# %% 11.3 wrong: the logarithm of a zero
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    sure = 1 + (p * p.log()).sum(-1) / math.log(p.shape[-1])
    return torch.ones_like(sure) if sure.sum() < 1e-6 else sure / sure.mean()


# %% 11.3 wrong: nothing to divide by
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    sure = 1 + torch.xlogy(p, p).sum(-1) / math.log(p.shape[-1])
    return sure / sure.mean()


# %% 11.3 wrong: one minus the entropy
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    sure = 1 + torch.xlogy(p, p).sum(-1)
    return torch.ones_like(sure) if sure.sum() < 1e-6 else sure / sure.sum() * len(sure)


# %% 11.3 wrong: the largest probability
def sure_rows_weigh_more(teacher_logits):
    sure = teacher_logits.softmax(-1).amax(-1)
    return sure * len(sure) / sure.sum()


# %% 11.3 wrong: the largest is one
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    sure = 1 + torch.xlogy(p, p).sum(-1) / math.log(p.shape[-1])
    return sure / sure.max()


# %% 11.3 wrong: nats over the logarithm to base 2
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    entropy = -torch.xlogy(p, p).sum(-1)
    sure = 1 - entropy / math.log2(p.shape[-1])
    return torch.ones_like(sure) if sure.sum() < 1e-6 else sure / sure.mean()


# %% 11.3 wrong: is it exactly 0?
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    sure = 1 + torch.xlogy(p, p).sum(-1) / math.log(p.shape[-1])
    if sure.sum() == 0:
        return torch.ones_like(sure)
    return sure * len(sure) / sure.sum()


# %% 11.3 wrong: shifted to an average of 1
def sure_rows_weigh_more(teacher_logits):
    p = teacher_logits.softmax(-1)
    sure = 1 + torch.xlogy(p, p).sum(-1) / math.log(p.shape[-1])
    return sure - sure.mean() + 1


# %% 11.3 right: with torch's own entropy
def sure_rows_weigh_more(teacher_logits):
    entropy = torch.special.entr(teacher_logits.softmax(1)).sum(1)
    sure = 1 - entropy / torch.log(torch.tensor(float(teacher_logits.shape[1])))
    return torch.ones_like(sure) if sure.sum() < 1e-6 else sure / sure.mean()


# %% 11.3 right: from logarithms, row by row
def sure_rows_weigh_more(teacher_logits):
    sure = []
    for row in teacher_logits.double():
        log_p = row.log_softmax(0)
        sure.append(1 + float((log_p.exp() * log_p).sum()) / math.log(len(row)))
    if sum(sure) < 1e-6:
        return torch.ones(len(sure))
    return torch.tensor([s * len(sure) / sum(sure) for s in sure])


# %% 11.4 wrong: T squared outside
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures[:, None]
    log_q = (student_logits / t).log_softmax(-1)
    log_p = (teacher_logits.detach() / t).log_softmax(-1)
    kl = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    return (temperatures**2).mean() * kl


# %% 11.4 wrong: the mean T, squared
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures[:, None]
    log_q = (student_logits / t).log_softmax(-1)
    log_p = (teacher_logits.detach() / t).log_softmax(-1)
    kl = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    return temperatures.mean() ** 2 * kl


# %% 11.4 wrong: no T squared
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures[:, None]
    log_q = (student_logits / t).log_softmax(-1)
    log_p = (teacher_logits.detach() / t).log_softmax(-1)
    return F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)


# %% 11.4 wrong: the mean temperature
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures.mean()
    log_q = (student_logits / t).log_softmax(-1)
    log_p = (teacher_logits.detach() / t).log_softmax(-1)
    return t**2 * F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)


# %% 11.4 wrong: summed
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures[:, None]
    log_q = (student_logits / t).log_softmax(-1)
    log_p = (teacher_logits.detach() / t).log_softmax(-1)
    return (t**2 * F.kl_div(log_q, log_p, reduction="none", log_target=True)).sum()


# %% 11.4 wrong: kl_div with its own mean
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures[:, None]
    log_q = (student_logits / t).log_softmax(-1)
    log_p = (teacher_logits.detach() / t).log_softmax(-1)
    return (t**2 * F.kl_div(log_q, log_p, reduction="none", log_target=True)).mean()


# %% 11.4 wrong: the teacher learns, too
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures[:, None]
    log_q = (student_logits / t).log_softmax(-1)
    log_p = (teacher_logits / t).log_softmax(-1)
    return (t**2 * log_p.exp() * (log_p - log_q)).sum(-1).mean()


# %% 11.4 wrong: the logarithm of a softmax
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures[:, None]
    q = (student_logits / t).softmax(-1)
    p = (teacher_logits.detach() / t).softmax(-1)
    return (t**2 * p * (p / q).log()).sum(-1).mean()


# %% 11.4 wrong: swapped
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures[:, None]
    log_q = (student_logits / t).log_softmax(-1)
    log_p = (teacher_logits.detach() / t).log_softmax(-1)
    return (t**2 * log_q.exp() * (log_q - log_p)).sum(-1).mean()


# %% 11.4 wrong: temperatures beside the classes
def row_wise_loss(student_logits, teacher_logits, temperatures):
    log_q = (student_logits / temperatures).log_softmax(-1)
    log_p = (teacher_logits.detach() / temperatures).log_softmax(-1)
    kl = (log_p.exp() * (log_p - log_q)).sum(-1)
    return (temperatures**2 * kl).mean()


# %% 11.4 wrong: a cross-entropy
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures[:, None]
    p = (teacher_logits.detach() / t).softmax(-1)
    log_q = (student_logits / t).log_softmax(-1)
    return (temperatures**2 * -(p * log_q).sum(-1)).mean()


# %% 11.4 right: with kl_div
def row_wise_loss(student_logits, teacher_logits, temperatures):
    t = temperatures.unsqueeze(-1)
    log_q = F.log_softmax(student_logits / t, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / t, dim=-1)
    nats = F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(-1)
    return (nats * temperatures.pow(2)).sum() / len(nats)


# %% 11.4 right: row by row
def row_wise_loss(student_logits, teacher_logits, temperatures):
    rows = []
    for z, v, t in zip(student_logits, teacher_logits, temperatures):
        log_q, log_p = F.log_softmax(z / t, 0), F.log_softmax(v.detach() / t, 0)
        rows.append(t * t * (log_p.exp() * (log_p - log_q)).sum())
    return torch.stack(rows).mean()


# %% 11.5 wrong: divided by the steps
def annealed(step, steps, highest):
    if steps == 1:
        return 1.0
    return highest - (highest - 1) * min(1, step / steps)


# %% 11.5 wrong: counted from one
def annealed(step, steps, highest):
    return highest - (highest - 1) * min(1, (step + 1) / steps)


# %% 11.5 wrong: rising
def annealed(step, steps, highest):
    if steps == 1:
        return 1.0
    return 1 + (highest - 1) * min(1, step / (steps - 1))


# %% 11.5 wrong: to nothing
def annealed(step, steps, highest):
    if steps == 1:
        return 0.0
    return highest * max(0.0, 1 - step / (steps - 1))


# %% 11.5 wrong: by a factor
def annealed(step, steps, highest):
    if steps == 1:
        return 1.0
    return highest ** (1 - min(1, step / (steps - 1)))


# %% 11.5 wrong: a division by nothing
def annealed(step, steps, highest):
    return max(1.0, highest - (highest - 1) * step / (steps - 1))


# %% 11.5 wrong: below one
def annealed(step, steps, highest):
    if steps == 1:
        return 1.0
    return highest - (highest - 1) * step / (steps - 1)


# %% 11.5 wrong: a single step is hot
def annealed(step, steps, highest):
    return highest - (highest - 1) * min(1, step / max(1, steps - 1))


# %% 11.5 wrong: highest on top of one
def annealed(step, steps, highest):
    if steps == 1:
        return 1.0
    return 1 + highest * (1 - min(1, step / (steps - 1)))


# %% 11.5 wrong: the plain formula
def annealed(step, steps, highest):
    return highest - (highest - 1) * step / steps


# %% 11.5 wrong: the plain formula, bounded
def annealed(step, steps, highest):
    return max(1.0, highest - (highest - 1) * step / steps)


# %% 11.5 wrong: linspace
def annealed(step, steps, highest):
    return float(np.linspace(highest, 1, steps)[step])


# %% 11.5 right: interpolated
def annealed(step, steps, highest):
    if steps == 1:
        return 1.0
    return float(np.interp(step, [0, steps - 1], [highest, 1.0]))


# %% 11.5 right: what is left
def annealed(step, steps, highest):
    left = max(0, steps - 1 - step)
    return 1 + (highest - 1) * left / (steps - 1) if left else 1


# %% 11.6 wrong: over the rows
def standardise(logits):
    return (logits - logits.mean(0)) / logits.std(0, correction=0).clamp(min=1e-6)


# %% 11.6 wrong: torch's own deviation
def standardise(logits):
    z = (logits - logits.mean(-1, keepdim=True)) / logits.std(-1, keepdim=True)
    return z.nan_to_num(0.0)


# %% 11.6 wrong: zero over zero
def standardise(logits):
    centred = logits - logits.mean(-1, keepdim=True)
    return centred / logits.std(-1, correction=0, keepdim=True)


# %% 11.6 wrong: the variance
def standardise(logits):
    centred = logits - logits.mean(-1, keepdim=True)
    return centred / logits.var(-1, correction=0, keepdim=True).clamp(min=1e-12)


# %% 11.6 wrong: something is added
def standardise(logits):
    centred = logits - logits.mean(-1, keepdim=True)
    return centred / (logits.std(-1, correction=0, keepdim=True) + 1e-3)


# %% 11.6 wrong: only centred
def standardise(logits):
    return logits - logits.mean(-1, keepdim=True)


# %% 11.6 wrong: not centred
def standardise(logits):
    deviation = logits.std(-1, correction=0, keepdim=True)
    return logits / torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation))


# %% 11.6 wrong: of the probabilities
def standardise(logits):
    p = logits.softmax(-1)
    centred = p - p.mean(-1, keepdim=True)
    return centred / p.std(-1, correction=0, keepdim=True).clamp(min=1e-6)


# %% 11.6 wrong: a layer norm with its usual ε
def standardise(logits):
    return F.layer_norm(logits, logits.shape[-1:], eps=1e-4)


# %% 11.6 wrong: to length 1
def standardise(logits):
    return F.normalize(logits - logits.mean(-1, keepdim=True), dim=-1)


# %% 11.6 wrong: layer norm
def standardise(logits):
    return F.layer_norm(logits, logits.shape[-1:])


# %% 11.6 wrong: the published code's 1e-7
def standardise(logits):
    deviation = logits.std(-1, keepdim=True, unbiased=False)
    return (logits - logits.mean(-1, keepdim=True)) / (1e-7 + deviation)


# %% 11.6 wrong: 1e-8 against a division by 0
def standardise(logits):
    centred = logits - logits.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True).sqrt() + 1e-8)


# %% 11.6 wrong: a layer norm with a tiny ε
def standardise(logits):
    return F.layer_norm(logits, logits.shape[-1:], eps=1e-12)


# %% 11.6 right: with std
def standardise(logits):
    deviation = logits.std(dim=1, unbiased=False, keepdim=True)
    deviation = torch.where(deviation < 1e-6, torch.ones_like(deviation), deviation)
    return (logits - logits.mean(dim=1, keepdim=True)) / deviation


# %% 11.6 right: row by row
def standardise(logits):
    found = []
    for row in logits:
        centred = row - row.mean()
        if centred.abs().max() < 1e-6:
            found.append(torch.zeros_like(row))
        else:
            found.append(centred * len(row) ** 0.5 / centred.norm())
    return torch.stack(found)


# %% 11.7 wrong: the surest
def least_sure(logits, percent):
    p = logits.softmax(-1)
    entropy = torch.special.entr(p).sum(-1)
    number = math.ceil(len(p) * percent / 100)
    return sorted(entropy.argsort(stable=True)[:number].tolist())


# %% 11.7 wrong: least confidence
def least_sure(logits, percent):
    best = logits.softmax(-1).amax(-1)
    number = math.ceil(len(best) * percent / 100)
    return sorted(best.argsort(stable=True)[:number].tolist())


# %% 11.7 wrong: the margin
def least_sure(logits, percent):
    best = logits.softmax(-1).topk(2).values
    margin = best[:, 0] - best[:, 1]
    number = math.ceil(len(margin) * percent / 100)
    return sorted(margin.argsort(stable=True)[:number].tolist())


# %% 11.7 wrong: cut off
def least_sure(logits, percent):
    entropy = torch.special.entr(logits.softmax(-1)).sum(-1)
    number = int(len(entropy) * percent / 100)
    return sorted(entropy.argsort(descending=True, stable=True)[:number].tolist())


# %% 11.7 wrong: rounded
def least_sure(logits, percent):
    entropy = torch.special.entr(logits.softmax(-1)).sum(-1)
    number = round(len(entropy) * percent / 100)
    return sorted(entropy.argsort(descending=True, stable=True)[:number].tolist())


# %% 11.7 wrong: by uncertainty
def least_sure(logits, percent):
    entropy = torch.special.entr(logits.softmax(-1)).sum(-1)
    number = -(-len(entropy) * percent // 100)
    return entropy.argsort(descending=True, stable=True)[:number].tolist()


# %% 11.7 wrong: a softmax over the rows
def least_sure(logits, percent):
    entropy = torch.special.entr(logits.softmax(0)).sum(-1)
    number = -(-len(entropy) * percent // 100)
    return sorted(entropy.argsort(descending=True, stable=True)[:number].tolist())


# %% 11.7 wrong: the later of equals
def least_sure(logits, percent):
    entropy = torch.special.entr(logits.softmax(-1)).sum(-1)
    number = -(-len(entropy) * percent // 100)
    return sorted(entropy.argsort(stable=True)[len(entropy) - number :].tolist())


# %% 11.7 wrong: the logarithm of a zero
def least_sure(logits, percent):
    p = logits.softmax(-1)
    entropy = -(p * p.log()).sum(-1)
    number = -(-len(entropy) * percent // 100)
    return sorted(entropy.argsort(descending=True, stable=True)[:number].tolist())


# %% 11.7 wrong: impurity
def least_sure(logits, percent):
    impurity = 1 - logits.softmax(-1).square().sum(-1)
    number = -(-len(logits) * percent // 100)
    return sorted(impurity.argsort(descending=True, stable=True)[:number].tolist())


# %% 11.7 wrong: topk
def least_sure(logits, percent):
    entropy = torch.special.entr(logits.softmax(-1)).sum(-1)
    return entropy.topk(math.ceil(len(entropy) * percent / 100)).indices.tolist()


# %% 11.7 right: with NumPy
def least_sure(logits, percent):
    log_p = logits.log_softmax(-1).numpy()
    entropy = -(np.exp(log_p) * log_p).sum(-1)
    order = np.argsort(-entropy, kind="stable")
    return sorted(int(i) for i in order[: -(-len(entropy) * percent // 100)])


# %% 11.7 right: with Python's sort
def least_sure(logits, percent):
    entropy = torch.special.entr(logits.softmax(-1)).sum(-1).tolist()
    order = sorted(range(len(entropy)), key=lambda i: (-entropy[i], i))
    return sorted(order[: (len(entropy) * percent + 99) // 100])


# %% 11.8 wrong: the words did it
what_it_shows = "a"

# %% 11.8 wrong: answers are worth more
what_it_shows = "c"

# %% 11.8 wrong: confidence never works
what_it_shows = "d"

# %% 11.8 right: the letter
what_it_shows = "b"

# %% 11.8 right: with a bracket
what_it_shows = "(b)"
