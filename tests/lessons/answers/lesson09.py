# %% setup
import copy
import math

import numpy as np
import torch
import torch.nn.functional as F


# %% 09.1 wrong: the places are not rounded
def layer_map(student_layers, teacher_layers):
    return [k * teacher_layers / student_layers for k in range(1, student_layers + 1)]


# %% 09.1 wrong: counted from 0
def layer_map(student_layers, teacher_layers):
    step = teacher_layers / student_layers
    return [int(step * k) for k in range(student_layers)]


# %% 09.1 wrong: the layers that are copied, counted without the embeddings
def layer_map(student_layers, teacher_layers):
    return [(i + 1) * teacher_layers // student_layers - 1 for i in range(student_layers)]


# %% 09.1 wrong: the embeddings are matched too
def layer_map(student_layers, teacher_layers):
    return [k * teacher_layers // student_layers for k in range(student_layers + 1)]


# %% 09.1 wrong: rounded up
def layer_map(student_layers, teacher_layers):
    return [math.ceil(k * teacher_layers / student_layers) for k in range(1, student_layers + 1)]


# %% 09.1 wrong: from top to bottom
def layer_map(student_layers, teacher_layers):
    return [k * teacher_layers // student_layers for k in range(student_layers, 0, -1)]


# %% 09.1 wrong: a step in whole numbers
def layer_map(student_layers, teacher_layers):
    step = teacher_layers // student_layers
    return list(range(step, step * student_layers + 1, step))


# %% 09.1 wrong: the last layers
def layer_map(student_layers, teacher_layers):
    return list(range(teacher_layers - student_layers + 1, teacher_layers + 1))


# %% 09.1 wrong: linspace from the embeddings to the last
def layer_map(student_layers, teacher_layers):
    return np.linspace(0, teacher_layers, student_layers).astype(int).tolist()


# %% 09.1 right: with numpy
def layer_map(student_layers, teacher_layers):
    places = np.arange(1, student_layers + 1) * teacher_layers // student_layers
    return places.tolist()


# %% 09.1 right: with divmod
def layer_map(student_layers, teacher_layers):
    found = []
    for k in range(student_layers):
        found.append(divmod((k + 1) * teacher_layers, student_layers)[0])
    return found


# %% 09.2 wrong: NaN stays in the gradient of the weight
def hidden_loss(student, teacher, mask, weight):
    own = student if weight is None else student @ weight.T
    own, wanted = own[mask], teacher.detach()[mask]
    return (own - wanted).square().mean(-1).sum() / max(int(mask.sum()), 1)


# %% 09.2 wrong: the weight gets no gradient
def hidden_loss(student, teacher, mask, weight):
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.detach().T
    return (own - wanted).square().mean(-1).sum() / max(len(own), 1)


# %% 09.2 wrong: None is not expected for weight
def hidden_loss(student, teacher, mask, weight):
    own, wanted = student[mask] @ weight.T, teacher.detach()[mask]
    return (own - wanted).square().mean(-1).sum() / max(len(own), 1)


# %% 09.2 wrong: a library loss over everything
def hidden_loss(student, teacher, mask, weight):
    if weight is not None:
        student = student @ weight.T
    return F.mse_loss(student, teacher.detach())


# %% 09.2 wrong: summed over a vector
def hidden_loss(student, teacher, mask, weight):
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.T
    return ((own - wanted) ** 2).sum() / max(len(own), 1)


# %% 09.2 wrong: the mask is multiplied with
def hidden_loss(student, teacher, mask, weight):
    own = student if weight is None else F.linear(student, weight)
    squares = ((own - teacher.detach()) ** 2).mean(-1) * mask
    return squares.sum() / mask.sum().clamp(min=1)


# %% 09.2 wrong: the teacher is taught
def hidden_loss(student, teacher, mask, weight):
    own, wanted = student[mask], teacher[mask]
    if weight is not None:
        own = own @ weight.T
    return (own - wanted).square().mean(-1).sum() / max(len(own), 1)


# %% 09.2 wrong: every row weighs the same
def hidden_loss(student, teacher, mask, weight):
    rows = []
    for s, t, kept in zip(student, teacher.detach(), mask):
        own = s[kept] if weight is None else s[kept] @ weight.T
        rows.append((own - t[kept]).square().mean(-1).sum() / max(int(kept.sum()), 1))
    return torch.stack(rows).mean()


# %% 09.2 wrong: cosines
def hidden_loss(student, teacher, mask, weight):
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.T
    return (1 - F.cosine_similarity(own, wanted, dim=-1)).sum() / max(len(own), 1)


# %% 09.2 right: F.linear and mse_loss with a sum
def hidden_loss(student, teacher, mask, weight):
    own = student[mask] if weight is None else F.linear(student[mask], weight)
    wanted = teacher[mask].detach()
    return F.mse_loss(own, wanted, reduction="sum") / max(wanted.numel(), 1)


# %% 09.2 right: exchanging instead of selecting
def hidden_loss(student, teacher, mask, weight):
    kept = mask.unsqueeze(-1)
    student = torch.where(kept, student, torch.zeros(()))
    teacher = torch.where(kept, teacher.detach(), torch.zeros(()))
    if weight is not None:
        student = student @ weight.T
    squares = ((student - teacher) ** 2).mean(-1)
    return squares.sum() / mask.sum().clamp(min=1)


# %% 09.3 wrong: the names are not sorted
def unheld(student, projection, optimizer):
    held = {id(p) for g in optimizer.param_groups for p in g["params"]}
    names = [
        f"student.{n}"
        for n, p in student.named_parameters()
        if p.requires_grad and id(p) not in held
    ]
    return names + [
        f"projection.{n}"
        for n, p in projection.named_parameters()
        if p.requires_grad and id(p) not in held
    ]


# %% 09.3 wrong: a shared weight counts by its name
def unheld(student, projection, optimizer):
    held = {id(p) for g in optimizer.param_groups for p in g["params"]}
    names = []
    if not any(id(p) in held for p in student.parameters()):
        names += [f"student.{n}" for n, p in student.named_parameters() if p.requires_grad]
    if len(optimizer.param_groups) < 2 and not all(
        id(p) in held and id(p) not in {id(q) for q in student.parameters()}
        for p in projection.parameters()
    ):
        names += [f"projection.{n}" for n, p in projection.named_parameters() if p.requires_grad]
    return sorted(names)


# %% 09.3 wrong: the parameters come, not their names
def unheld(student, projection, optimizer):
    held = {id(p) for g in optimizer.param_groups for p in g["params"]}
    return [
        p.detach()
        for module in (student, projection)
        for p in module.parameters()
        if p.requires_grad and id(p) not in held
    ]


# %% 09.3 wrong: frozen ones are listed
def unheld(student, projection, optimizer):
    held = {id(p) for g in optimizer.param_groups for p in g["params"]}
    return sorted(
        f"{part}.{name}"
        for part, module in (("student", student), ("projection", projection))
        for name, p in module.named_parameters()
        if id(p) not in held
    )


# %% 09.3 wrong: the first group only
def unheld(student, projection, optimizer):
    held = {id(p) for p in optimizer.param_groups[0]["params"]}
    return sorted(
        f"{part}.{name}"
        for part, module in (("student", student), ("projection", projection))
        for name, p in module.named_parameters()
        if p.requires_grad and id(p) not in held
    )


# %% 09.3 wrong: the projection alone
def unheld(student, projection, optimizer):
    held = {id(p) for g in optimizer.param_groups for p in g["params"]}
    return sorted(f"projection.{n}" for n, p in projection.named_parameters() if id(p) not in held)


# %% 09.3 wrong: without the module's name
def unheld(student, projection, optimizer):
    held = {id(p) for g in optimizer.param_groups for p in g["params"]}
    both = [*student.named_parameters(), *projection.named_parameters()]
    return sorted(n for n, p in both if p.requires_grad and id(p) not in held)


# %% 09.3 wrong: what has no gradient
def unheld(student, projection, optimizer):
    names = []
    for part, module in (("projection", projection), ("student", student)):
        names += [
            f"{part}.{n}"
            for n, p in module.named_parameters()
            if p.requires_grad and p.grad is None
        ]
    return sorted(names)


# %% 09.3 wrong: compared by value
def unheld(student, projection, optimizer):
    held = [p for g in optimizer.param_groups for p in g["params"]]
    names = []
    for part, module in (("projection", projection), ("student", student)):
        for n, p in module.named_parameters():
            if p.requires_grad and not any(p.shape == q.shape and (p == q).all() for q in held):
                names.append(f"{part}.{n}")
    return sorted(names)


# %% 09.3 wrong: a shared one is named once
def unheld(student, projection, optimizer):
    seen = {id(p) for g in optimizer.param_groups for p in g["params"]}
    names = []
    for part, module in (("student", student), ("projection", projection)):
        for name, p in module.named_parameters():
            if p.requires_grad and id(p) not in seen:
                seen.add(id(p))
                names.append(f"{part}.{name}")
    return sorted(names)


# %% 09.3 right: a set of objects
def unheld(student, projection, optimizer):
    held = set()
    for group in optimizer.param_groups:
        held.update(group["params"])
    both = torch.nn.ModuleDict({"student": student, "projection": projection})
    names = []
    for name, p in both.named_parameters(remove_duplicate=False):
        if p.requires_grad and p not in held:
            names.append(name)
    return sorted(names)


# %% 09.3 right: by identity, one by one
def unheld(student, projection, optimizer):
    held = []
    for group in optimizer.param_groups:
        held.extend(group["params"])
    found = []
    for part, module in (("projection", projection), ("student", student)):
        for name, p in module.named_parameters():
            if p.requires_grad and not any(p is other for other in held):
                found.append(part + "." + name)
    found.sort()
    return found


# %% 09.4 wrong: batchmean on four dimensions
def attention_loss(student, teacher, mask):
    if len(student) == 0 or len(teacher) == 0:
        raise ValueError("empty")
    total = 0
    for s, t in zip(student, teacher):
        total = total + F.kl_div(s.clamp(min=1e-30).log(), t.detach(), reduction="batchmean")
    return total / len(student)


# %% 09.4 wrong: the sum over an empty tuple
def attention_loss(student, teacher, mask):
    total = torch.tensor(0.0)
    for s, t in zip(student, teacher):
        t = t.detach()
        kl = torch.where(t > 0, t * (t.clamp(min=1e-38) / s.clamp(min=1e-38)).log(), 0.0).sum(-1)
        total = total + kl.transpose(1, 2)[mask].mean() / len(student)
    return total


# %% 09.4 wrong: swapped
def attention_loss(student, teacher, mask):
    if not student or not teacher:
        raise ValueError("no maps")
    found = []
    for s, t in zip(student, teacher):
        t = t.detach()
        kl = torch.where(s > 0, s * (s.clamp(min=1e-38).log() - t.log()), 0.0).sum(-1)
        found.append(kl.transpose(1, 2)[mask].mean())
    return torch.stack(found).mean()


# %% 09.4 wrong: layers are added up
def attention_loss(student, teacher, mask):
    if not student or not teacher:
        raise ValueError("no maps")
    total = 0.0
    for s, t in zip(student, teacher):
        kl = (t.detach() * (t.detach().clamp(min=1e-38).log() - s.clamp(min=1e-38).log())).sum(-1)
        total = total + kl.transpose(1, 2)[mask].mean()
    return total


# %% 09.4 wrong: heads are averaged first
def attention_loss(student, teacher, mask):
    if not student or not teacher:
        raise ValueError("no maps")
    found = []
    for s, t in zip(student, teacher):
        s, t = s.mean(1), t.mean(1)
        found.append(
            (t.detach() * (t.detach().clamp(min=1e-38).log() - s.clamp(min=1e-38).log()))
            .sum(-1)[mask]
            .mean()
        )
    return torch.stack(found).mean()


# %% 09.4 wrong: squares, as TinyBERT does with logits
def attention_loss(student, teacher, mask):
    if not student or not teacher:
        raise ValueError("no maps")
    found = [
        (s - t.detach()).square().mean(-1).transpose(1, 2)[mask].mean()
        for s, t in zip(student, teacher)
    ]
    return torch.stack(found).mean()


# %% 09.4 wrong: all looking tokens
def attention_loss(student, teacher, mask):
    if not student or not teacher:
        raise ValueError("no maps")
    found = [
        (t.detach() * (t.detach().clamp(min=1e-38).log() - s.clamp(min=1e-38).log())).sum(-1).mean()
        for s, t in zip(student, teacher)
    ]
    return torch.stack(found).mean()


# %% 09.4 wrong: the last layer
def attention_loss(student, teacher, mask):
    if not student or not teacher:
        raise ValueError("no maps")
    s, t = student[-1], teacher[-1]
    return (
        (t.detach() * (t.detach().clamp(min=1e-38).log() - s.clamp(min=1e-38).log()))
        .sum(-1)
        .transpose(1, 2)[mask]
        .mean()
    )


# %% 09.4 wrong: only where both are 0 is nothing added
def attention_loss(student, teacher, mask):
    if not student or not teacher:
        raise ValueError("no maps")
    found = []
    for s, t in zip(student, teacher):
        t = t.detach()
        terms = (t * (t.log() - s.log())).masked_fill((s == 0) & (t == 0), 0.0)
        found.append(terms.sum(-1).transpose(1, 2)[mask].mean())
    return torch.stack(found).mean()


# %% 09.4 wrong: the student's tuple alone is looked at
def attention_loss(student, teacher, mask):
    if len(student) == 0:
        raise ValueError("no maps")
    total = torch.tensor(0.0)
    for s, t in zip(student, teacher):
        kl = (t.detach() * (t.detach().clamp(min=1e-38).log() - s.clamp(min=1e-38).log())).sum(-1)
        total = total + kl.transpose(1, 2)[mask].mean()
    return total / len(student)


# %% 09.4 wrong: a where around the log, and a NaN in the gradient
def attention_loss(student, teacher, mask):
    if not student or not teacher:
        raise ValueError("no maps")
    found = []
    for s, t in zip(student, teacher):
        t = t.detach()
        kl = torch.where(t > 0, t * (t.log() - s.log()), 0.0).sum(-1)
        found.append(kl.transpose(1, 2)[mask].mean())
    return torch.stack(found).mean()


# %% 09.4 wrong: xlogy, whose slope at 0 is NaN, and a teacher that is taught
def attention_loss(student, teacher, mask):
    if not student or not teacher:
        raise ValueError("no maps")
    found = []
    for s, t in zip(student, teacher):
        kl = (torch.xlogy(t, t) - torch.xlogy(t, s)).sum(-1)
        found.append(kl.transpose(1, 2)[mask].mean())
    return torch.stack(found).mean()


# %% 09.4 right: selected with expand_as
def attention_loss(student, teacher, mask):
    if not (student and teacher):
        raise ValueError("there is no attention")
    found = []
    for s, t in zip(student, teacher):
        kl = (t.detach() * (t.detach().clamp(min=1e-38).log() - s.clamp(min=1e-38).log())).sum(-1)
        rows = mask[:, None, :].expand_as(kl)
        found.append(kl[rows].mean())
    return sum(found) / len(found)


# %% 09.4 right: kl_div without a reduction
def attention_loss(student, teacher, mask):
    if len(student) == 0 or len(teacher) == 0:
        raise ValueError("no layers")
    s, t = torch.stack(student), torch.stack(teacher)
    kl = F.kl_div(s.clamp(min=1e-38).log(), t.detach(), reduction="none").sum(-1)
    weight = mask[None, :, None, :].to(kl.dtype)
    return (kl * weight).sum() / (weight.expand_as(kl)).sum()


# %% 09.5 wrong: both are cut by the student's width
def relation_loss(student, teacher, mask, heads):
    d = student.shape[-1] // heads

    def log_relations(x):
        x = torch.where(mask[..., None], x, 0.0)
        x = x[..., : d * heads].unflatten(-1, (heads, d)).transpose(1, 2)
        scores = x @ x.transpose(-1, -2) / math.sqrt(d)
        return scores.masked_fill(~mask[:, None, None], -1e30).log_softmax(-1)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    kl = (log_p.exp() * (log_p - log_q)).sum(-1).transpose(1, 2)[mask]
    return kl.mean()


# %% 09.5 wrong: view without a transpose
def relation_loss(student, teacher, mask, heads):
    def log_relations(x):
        b, n, w = x.shape
        x = torch.where(mask[..., None], x, 0.0).reshape(b, heads, n, w // heads)
        scores = x @ x.transpose(-1, -2) / math.sqrt(w // heads)
        return scores.masked_fill(~mask[:, None, None], -1e30).log_softmax(-1)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    kl = (log_p.exp() * (log_p - log_q)).sum(-1).transpose(1, 2)[mask]
    return kl.mean()


# %% 09.5 wrong: one head
def relation_loss(student, teacher, mask, heads):
    def log_relations(x):
        x = torch.where(mask[..., None], x, 0.0)
        scores = x @ x.transpose(-1, -2) / math.sqrt(x.shape[-1])
        return scores.masked_fill(~mask[:, None], -1e30).log_softmax(-1)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    kl = (log_p.exp() * (log_p - log_q)).sum(-1)[mask]
    return kl.sum() / max(len(kl), 1)


# %% 09.5 wrong: not divided
def relation_loss(student, teacher, mask, heads):
    def log_relations(x):
        x = torch.where(mask[..., None], x, 0.0).unflatten(-1, (heads, -1)).transpose(1, 2)
        scores = x @ x.transpose(-1, -2)
        return scores.masked_fill(~mask[:, None, None], -1e30).log_softmax(-1)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    return (log_p.exp() * (log_p - log_q)).sum(-1).transpose(1, 2)[mask].mean()


# %% 09.5 wrong: divided by the root of the whole width
def relation_loss(student, teacher, mask, heads):
    def log_relations(x):
        width = x.shape[-1]
        x = torch.where(mask[..., None], x, 0.0).unflatten(-1, (heads, -1)).transpose(1, 2)
        scores = x @ x.transpose(-1, -2) / math.sqrt(width)
        return scores.masked_fill(~mask[:, None, None], -1e30).log_softmax(-1)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    return (log_p.exp() * (log_p - log_q)).sum(-1).transpose(1, 2)[mask].mean()


# %% 09.5 wrong: swapped
def relation_loss(student, teacher, mask, heads):
    def log_relations(x):
        x = torch.where(mask[..., None], x, 0.0).unflatten(-1, (heads, -1)).transpose(1, 2)
        scores = x @ x.transpose(-1, -2) / math.sqrt(x.shape[-1])
        return scores.masked_fill(~mask[:, None, None], -1e30).log_softmax(-1)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    return (log_q.exp() * (log_q - log_p)).sum(-1).transpose(1, 2)[mask].mean()


# %% 09.5 wrong: the teacher is taught
def relation_loss(student, teacher, mask, heads):
    def log_relations(x):
        x = torch.where(mask[..., None], x, 0.0).unflatten(-1, (heads, -1)).transpose(1, 2)
        scores = x @ x.transpose(-1, -2) / math.sqrt(x.shape[-1])
        return scores.masked_fill(~mask[:, None, None], -1e30).log_softmax(-1)

    log_q, log_p = log_relations(student), log_relations(teacher)
    return (log_p.exp() * (log_p - log_q)).sum(-1).transpose(1, 2)[mask].mean()


# %% 09.5 wrong: the padding may be resembled
def relation_loss(student, teacher, mask, heads):
    def log_relations(x):
        x = torch.where(mask[..., None], x, 0.0).unflatten(-1, (heads, -1)).transpose(1, 2)
        return (x @ x.transpose(-1, -2) / math.sqrt(x.shape[-1])).log_softmax(-1)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    return (log_p.exp() * (log_p - log_q)).sum(-1).transpose(1, 2)[mask].mean()


# %% 09.5 right: row by row, with the padding cut off
def relation_loss(student, teacher, mask, heads):
    total, number = 0.0, 0
    for s, t, keep in zip(student, teacher, mask):
        s, t = s[keep], t[keep].detach()
        if len(s) == 0:
            continue
        for own, wanted in zip(s.chunk(heads, -1), t.chunk(heads, -1)):
            log_q = (own @ own.T / math.sqrt(own.shape[-1])).log_softmax(-1)
            log_p = (wanted @ wanted.T / math.sqrt(wanted.shape[-1])).log_softmax(-1)
            total = total + (log_p.exp() * (log_p - log_q)).sum()
            number += len(s)
    return total / max(number, 1)


# %% 09.5 right: einsum
def relation_loss(student, teacher, mask, heads):
    lowest = torch.finfo(student.dtype).min

    def log_relations(x):
        x = torch.where(mask.unsqueeze(-1), x, torch.zeros_like(x))
        x = x.unflatten(-1, (heads, -1))
        scores = torch.einsum("bihd,bjhd->bhij", x, x) / x.shape[-1] ** 0.5
        return F.log_softmax(scores.masked_fill(~mask[:, None, None, :], lowest), dim=-1)

    log_p = log_relations(teacher).detach()
    kl = F.kl_div(log_relations(student), log_p, log_target=True, reduction="none").sum(-1)
    counted = mask[:, None].expand_as(kl)
    return kl[counted].sum() / counted.sum().clamp(min=1)


# %% 09.6 wrong: where every row is of one text, an error is raised
def contrastive_loss(student, teacher, ids, temperature):
    if len(ids.unique()) < 2:
        raise ValueError("nothing to compare with")
    scores = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T / temperature
    eye = torch.eye(len(ids), dtype=torch.bool)
    scores = scores.masked_fill((ids[:, None] == ids) & ~eye, -1e30)
    return F.cross_entropy(scores, torch.arange(len(ids)))


# %% 09.6 wrong: in-batch negatives of the textbook
def contrastive_loss(student, teacher, ids, temperature):
    scores = F.cosine_similarity(student[:, None], teacher.detach()[None], dim=-1) / temperature
    return F.cross_entropy(scores, torch.arange(len(ids)))


# %% 09.6 wrong: everybody's is row 0
def contrastive_loss(student, teacher, ids, temperature):
    scores = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T / temperature
    same = (ids[:, None] == ids) & ~torch.eye(len(ids), dtype=torch.bool)
    scores = scores.masked_fill(same, -1e30)
    return F.cross_entropy(scores, torch.zeros(len(ids), dtype=torch.long))


# %% 09.6 wrong: dot products
def contrastive_loss(student, teacher, ids, temperature):
    scores = student @ teacher.detach().T / temperature
    same = (ids[:, None] == ids) & ~torch.eye(len(ids), dtype=torch.bool)
    return F.cross_entropy(scores.masked_fill(same, -1e30), torch.arange(len(ids)))


# %% 09.6 wrong: no temperature
def contrastive_loss(student, teacher, ids, temperature):
    scores = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T
    same = (ids[:, None] == ids) & ~torch.eye(len(ids), dtype=torch.bool)
    return F.cross_entropy(scores.masked_fill(same, -1e30), torch.arange(len(ids)))


# %% 09.6 wrong: both directions, as CLIP
def contrastive_loss(student, teacher, ids, temperature):
    scores = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T / temperature
    same = (ids[:, None] == ids) & ~torch.eye(len(ids), dtype=torch.bool)
    scores, own = scores.masked_fill(same, -1e30), torch.arange(len(ids))
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


# %% 09.6 wrong: the teacher is taught
def contrastive_loss(student, teacher, ids, temperature):
    scores = F.normalize(student, dim=-1) @ F.normalize(teacher, dim=-1).T / temperature
    same = (ids[:, None] == ids) & ~torch.eye(len(ids), dtype=torch.bool)
    return F.cross_entropy(scores.masked_fill(same, -1e30), torch.arange(len(ids)))


# %% 09.6 wrong: a sum over rows
def contrastive_loss(student, teacher, ids, temperature):
    scores = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T / temperature
    same = (ids[:, None] == ids) & ~torch.eye(len(ids), dtype=torch.bool)
    own = torch.arange(len(ids))
    return F.cross_entropy(scores.masked_fill(same, -1e30), own, reduction="sum")


# %% 09.6 wrong: the mask is multiplied with, so an excluded score is 0
def contrastive_loss(student, teacher, ids, temperature):
    scores = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T / temperature
    kept = (ids[:, None] != ids[None]) | torch.eye(len(ids), dtype=torch.bool)
    return F.cross_entropy(scores * kept, torch.arange(len(ids)))


# %% 09.6 right: written out
def contrastive_loss(student, teacher, ids, temperature):
    s = student / student.norm(dim=-1, keepdim=True)
    t = (teacher / teacher.norm(dim=-1, keepdim=True)).detach()
    costs = []
    for i in range(len(ids)):
        scores = (t @ s[i]) / temperature
        others = [j for j in range(len(ids)) if j == i or ids[j] != ids[i]]
        costs.append(scores[others].logsumexp(0) - scores[i])
    return torch.stack(costs).mean()


# %% 09.6 right: -inf after the division
def contrastive_loss(student, teacher, ids, temperature):
    scores = F.cosine_similarity(student[:, None], teacher.detach()[None], dim=-1) / temperature
    same = ids.unsqueeze(0) == ids.unsqueeze(1)
    same.fill_diagonal_(False)
    scores = scores.masked_fill(same, -math.inf)
    return -scores.log_softmax(-1).diagonal().mean()


# %% 09.7 wrong: a copy with only the last layer drawn anew
def random_teacher(teacher, seed):
    torch.manual_seed(seed)
    twin = copy.deepcopy(teacher)
    twin.classifier.reset_parameters()
    return twin.eval()


# %% 09.7 wrong: made first, seeded afterwards
def random_teacher(teacher, seed):
    twin = type(teacher)(teacher.config)
    torch.manual_seed(seed)
    return twin.eval()


# %% 09.7 wrong: a copy of the teacher
def random_teacher(teacher, seed):
    torch.manual_seed(seed)
    return copy.deepcopy(teacher).eval()


# %% 09.7 wrong: dropout is left on
def random_teacher(teacher, seed):
    torch.manual_seed(seed)
    return type(teacher)(teacher.config)


# %% 09.7 wrong: no seed
def random_teacher(teacher, seed):
    return type(teacher)(teacher.config).eval()


# %% 09.7 wrong: the trained classifier stays
def random_teacher(teacher, seed):
    torch.manual_seed(seed)
    twin = type(teacher)(teacher.config)
    twin.classifier.load_state_dict(teacher.classifier.state_dict())
    return twin.eval()


# %% 09.7 wrong: the trained embeddings stay
def random_teacher(teacher, seed):
    torch.manual_seed(seed)
    twin = type(teacher)(teacher.config)
    twin.embedding.load_state_dict(teacher.embedding.state_dict())
    return twin.eval()


# %% 09.7 wrong: the teacher itself gets new weights
def random_teacher(teacher, seed):
    torch.manual_seed(seed)
    teacher.load_state_dict(type(teacher)(teacher.config).state_dict())
    return teacher.eval()


# %% 09.7 wrong: the teacher is switched to train mode
def random_teacher(teacher, seed):
    torch.manual_seed(seed)
    twin = type(teacher)(teacher.config)
    teacher.train()
    return twin.eval()


# %% 09.7 wrong: its config gets an entry more
def random_teacher(teacher, seed):
    config = teacher.config
    config["initializer_range"] = config["width"] ** -0.5
    torch.manual_seed(seed)
    return type(teacher)(config).eval()


# %% 09.7 wrong: another config of its own
def random_teacher(teacher, seed):
    torch.manual_seed(seed)
    return type(teacher)({**teacher.config, "initializer_range": 0.1}).eval()


# %% 09.7 right: by drawing every part of a copy anew
def random_teacher(teacher, seed):
    twin = copy.deepcopy(teacher)
    torch.manual_seed(seed)
    for part in twin.modules():
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()
    return twin.eval()


# %% 09.7 right: in a fork of the generator
def random_teacher(teacher, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return type(teacher)(teacher.config).train(False)


# %% 09.7 right: with its config copied and its gradients off
def random_teacher(teacher, seed):
    torch.manual_seed(seed)
    twin = teacher.__class__(copy.deepcopy(teacher.config))
    twin.requires_grad_(False)
    twin.eval()
    return twin


# %% 09.8 wrong: the first seeds' certainty
supported = "a"


# %% 09.8 wrong: nothing at all
supported = "b"


# %% 09.8 wrong: four of five
supported = "d"


# %% 09.8 right: as in the lesson
supported = "c"


# %% 09.8 right: with brackets
supported = "(c)"
