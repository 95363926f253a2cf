"""Wrong answers to lesson 09's exercises: what its checks know by name. Right but for one slip."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

Function = Callable[..., Any]
LOW = -1e30

# -- 09.1 the layer map -----------------------------------------------------------------------


def map_with(place: Callable[[int, int, int], int]) -> Function:
    """place(k, student's layers, teacher's layers), for k = 1, 2, …"""

    def layer_map(student_layers, teacher_layers):
        return [place(k, student_layers, teacher_layers) for k in range(1, student_layers + 1)]

    return layer_map


def with_embeddings(student_layers, teacher_layers):
    return [k * teacher_layers // student_layers for k in range(student_layers + 1)]


def even_places(student_layers, teacher_layers):
    """From the embeddings to the last layer, as linspace spreads them."""
    steps = max(student_layers - 1, 1)
    return [k * teacher_layers // steps for k in range(student_layers)]


def reversed_map(student_layers, teacher_layers):
    return [k * teacher_layers // student_layers for k in range(student_layers, 0, -1)]


# -- 09.2 hidden states -----------------------------------------------------------------------


def _kept(student, teacher, mask, weight):
    """What counts, a token a line; the student's projected."""
    own, wanted = student[mask], teacher.detach()[mask]
    return (own if weight is None else own @ weight.T), wanted


def hidden_with(per_token: Function, kept: Function = _kept) -> Function:
    def hidden_loss(student, teacher, mask, weight):
        own, wanted = kept(student, teacher, mask, weight)
        costs = per_token(own, wanted)
        return costs.sum() / max(costs.numel(), 1)

    return hidden_loss


def mean_squares(own, wanted):
    return (own - wanted).square().mean(-1)


def padding_counts(student, teacher, mask, weight):
    own = student if weight is None else student @ weight.T
    return (own - teacher.detach()).square().mean()


def padding_in_the_divisor(student, teacher, mask, weight):
    own = student if weight is None else student @ weight.T
    costs = (own - teacher.detach()).square().mean(-1)
    return torch.where(mask, costs, 0.0).sum() / mask.numel()


def mean_of_rows(student, teacher, mask, weight):
    means = []
    for one, other, kept in zip(student, teacher, mask, strict=True):
        costs = mean_squares(*_kept(one, other, kept, weight))
        means.append(costs.sum() / max(len(costs), 1))
    return torch.stack(means).mean()


def fixed_weight(student, teacher, mask, weight):
    """Nobody trains the weight."""
    own, wanted = _kept(student, teacher, mask, None if weight is None else weight.detach())
    return mean_squares(own, wanted).sum() / max(len(own), 1)


def multiplied_mask(student, teacher, mask, weight):
    own = student if weight is None else student @ weight.T
    costs = (own - teacher.detach()).square().mean(-1) * mask
    return costs.sum() / mask.sum().clamp(min=1)


def nothing_by_nothing(student, teacher, mask, weight):
    return mean_squares(*_kept(student, teacher, mask, weight)).mean()


def teacher_projected(student, teacher, mask, weight):
    own, wanted = student[mask], teacher.detach()[mask]
    wanted = wanted if weight is None else wanted @ weight
    return mean_squares(own, wanted).sum() / mask.sum().clamp(min=1)


def into_the_teacher(student, teacher, mask, weight):
    own, wanted = student[mask], teacher[mask]
    own = own if weight is None else own @ weight.T
    return mean_squares(own, wanted).sum() / mask.sum().clamp(min=1)


def with_padding(cost: Function, *, divisor_only: bool = False) -> Function:
    """The padding counts, in sum and divisor or in the divisor alone."""

    def hidden_loss(student, teacher, mask, weight):
        own = student if weight is None else student @ weight.T
        costs = cost(own, teacher.detach())
        return (torch.where(mask, costs, 0.0) if divisor_only else costs).sum() / mask.numel()

    return hidden_loss


def with_teacher_projected(cost: Function) -> Function:
    def hidden_loss(student, teacher, mask, weight):
        own, wanted = student[mask], teacher.detach()[mask]
        wanted = wanted if weight is None else wanted @ weight
        return cost(own, wanted).sum() / mask.sum().clamp(min=1)

    return hidden_loss


def with_teacher_taught(cost: Function) -> Function:
    def hidden_loss(student, teacher, mask, weight):
        own, wanted = student[mask], teacher[mask]
        own = own if weight is None else own @ weight.T
        return cost(own, wanted).sum() / mask.sum().clamp(min=1)

    return hidden_loss


# -- 09.3 who trains the projection -----------------------------------------------------------


def unheld_with(
    held: Function = lambda optimizer: {
        id(p) for group in optimizer.param_groups for p in group["params"]
    },
    counts: Function = lambda p: p.requires_grad,
    both: bool = True,
    name: Function = lambda part, own: f"{part}.{own}",
    turned: bool = False,
) -> Function:
    def unheld(student, projection, optimizer):
        known = held(optimizer)
        parts = {"student": student, "projection": projection}
        if not both:
            del parts["student"]
        return sorted(
            name(part, own)
            for part, module in parts.items()
            for own, p in module.named_parameters()
            if counts(p) and (id(p) in known) == turned
        )

    return unheld


def unsorted(student, projection, optimizer):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return [
        f"{part}.{name}"
        for part, module in (("student", student), ("projection", projection))
        for name, p in module.named_parameters()
        if p.requires_grad and id(p) not in held
    ]


def named_once(student, projection, optimizer):
    """What both modules share is listed as the student's alone."""
    both = torch.nn.ModuleDict({"student": student, "projection": projection})
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return sorted(
        name for name, p in both.named_parameters() if p.requires_grad and id(p) not in held
    )


def first_group(optimizer):
    return {id(p) for p in optimizer.param_groups[0]["params"]}


def by_value(student, projection, optimizer):
    held = [p for group in optimizer.param_groups for p in group["params"]]
    return sorted(
        f"{part}.{name}"
        for part, module in (("student", student), ("projection", projection))
        for name, p in module.named_parameters()
        if p.requires_grad and not any(torch.equal(p, other) for other in held)
    )


def by_gradient(student, projection, optimizer):
    return sorted(
        f"{part}.{name}"
        for part, module in (("student", student), ("projection", projection))
        for name, p in module.named_parameters()
        if p.requires_grad and p.grad is None
    )


# -- 09.4 attention ---------------------------------------------------------------------------


def _terms(p, q):
    return torch.where(p > 0, p * (p.clamp(min=1e-38).log() - q.clamp(min=1e-38).log()), 0.0)


def attention_with(
    divergence: Function = lambda s, t: _terms(t, s).sum(-1),
    mean: Function = lambda kl, mask: (kl * mask[:, None]).sum() / (kl.shape[1] * mask.sum()),
    layers: Function = lambda found: sum(found) / len(found),
    empty: Function | None = None,
    detached: bool = True,
) -> Function:
    def attention_loss(student, teacher, mask):
        if not student or not teacher:
            if empty is not None:
                return empty()
            raise ValueError("no attention: the model is not eager")
        taught = [t.detach() if detached else t for t in teacher]
        found = [mean(divergence(s, t), mask) for s, t in zip(student, taught, strict=True)]
        return layers(found)

    return attention_loss


def attention_turned(s, t):
    """KL(student ‖ teacher): infinite where the teacher gives nothing and the student something."""
    return torch.where(s > 0, s * (s.clamp(min=1e-38).log() - t.log()), 0.0).sum(-1)


def infinite_slope(s, t):
    """The right value; where both are 0, the slope of a log that is not looked at is NaN."""
    return torch.where(t > 0, t * (t.log() - s.log()), 0.0).sum(-1)


def student_detached(s, t):
    return _terms(t, s.detach()).sum(-1)


def nothing_from_both(s, t):
    return torch.where((s > 0) | (t > 0), t * (t.log() - s.log()), 0.0).sum(-1)


def student_alone_checked(student, teacher, mask):
    if not student:
        raise ValueError("no attention: the model is not eager")
    found = [attention_with()((s,), (t,), mask) for s, t in zip(student, teacher, strict=False)]
    return sum(found, torch.tensor(0.0)) / len(student)


def heads_first(student, teacher, mask):
    one = tuple(each.mean(1, keepdim=True) for each in student)
    other = tuple(each.mean(1, keepdim=True) for each in teacher)
    return attention_with()(one, other, mask)


def squares(s, t):
    return (s - t).square().mean(-1)


# -- 09.5 relations ---------------------------------------------------------------------------


def _split(vectors, mask, heads):
    batch, length, width = vectors.shape
    vectors = torch.where(mask[..., None], vectors, 0.0)
    return vectors.reshape(batch, length, heads, width // heads).transpose(1, 2)


def relations_with(
    split: Function = _split,
    scale: Function = lambda vectors, heads: math.sqrt(vectors.shape[-1] // heads),
    keys: bool = True,
    rows: Function = lambda kl, mask, heads: (
        (kl * mask[:, None]).sum() / (kl.shape[1] * mask.sum().clamp(min=1))
    ),
    turned: bool = False,
    detached: bool = True,
    prepared: Function = lambda split: split,
) -> Function:
    def relation_loss(student, teacher, mask, heads):
        def log_relations(vectors):
            parts = prepared(split(vectors, mask, heads))
            scores = parts @ parts.transpose(-1, -2) / scale(vectors, heads)
            if keys:
                scores = torch.where(mask[:, None, None], scores, LOW)
            return scores.log_softmax(-1)

        log_q = log_relations(student)
        log_p = log_relations(teacher.detach() if detached else teacher)
        if turned:
            log_p, log_q = log_q, log_p
        return rows((log_p.exp() * (log_p - log_q)).sum(-1), mask, heads)

    return relation_loss


def wrong_view(vectors, mask, heads):
    """Cut without moving the heads before the tokens: pieces of neighbouring tokens are mixed."""
    batch, length, width = vectors.shape
    return torch.where(mask[..., None], vectors, 0.0).reshape(batch, heads, length, width // heads)


def uncut(vectors, mask, heads):
    return torch.where(mask[..., None], vectors, 0.0)[:, None]


def rubbish_kept(vectors, mask, heads):
    batch, length, width = vectors.shape
    return vectors.reshape(batch, length, heads, width // heads).transpose(1, 2)


# -- 09.6 contrastive -------------------------------------------------------------------------


def contrastive_with(
    normalise: Function = lambda vectors: F.normalize(vectors, dim=-1),
    divided: Function = lambda cos, temperature: cos / temperature,
    masked: bool = True,
    left_out: float = LOW,
    own: Function = torch.arange,
    same: Function = lambda ids: (
        (ids[:, None] == ids[None]) & ~torch.eye(len(ids), dtype=torch.bool)
    ),
    detached: bool = True,
    mean: Function = torch.mean,
    turned: bool = False,
) -> Function:
    def contrastive_loss(student, teacher, ids, temperature):
        teacher = teacher.detach() if detached else teacher
        scores = divided(normalise(student) @ normalise(teacher).T, temperature)
        if turned:
            scores = scores.T
        if masked:
            scores = torch.where(same(ids), left_out, scores)
        return mean(F.cross_entropy(scores, own(len(ids)), reduction="none"))

    return contrastive_loss


def positives_left_out(student, teacher, ids, temperature):
    """The row's own teacher is missing below the line."""
    scores = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T / temperature
    others = ids[:, None] != ids[None]
    below = torch.where(others, scores, LOW).logsumexp(-1)
    counts = others.any(-1)
    costs = torch.where(counts, below - scores.diagonal(), 0.0)
    return costs.mean()


def own_not_divided(student, teacher, ids, temperature):
    """The right answer's cosine is not divided by the temperature."""
    cos = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T
    eye = torch.eye(len(ids), dtype=torch.bool)
    scores = torch.where(eye, cos, cos / temperature)
    scores = torch.where((ids[:, None] == ids[None]) & ~eye, LOW, scores)
    return F.cross_entropy(scores, torch.arange(len(ids)))


def both_ways(student, teacher, ids, temperature):
    one, other = (contrastive_with(turned=turned) for turned in (False, True))
    return (one(student, teacher, ids, temperature) + other(student, teacher, ids, temperature)) / 2


# -- 09.7 the random teacher ------------------------------------------------------------------


def _fresh(teacher, seed):
    torch.manual_seed(seed)
    return type(teacher)(teacher.config)


def a_copy(teacher, seed):
    torch.manual_seed(seed)
    return copy.deepcopy(teacher).eval().requires_grad_(False)


def last_layer_redrawn(teacher, seed):
    torch.manual_seed(seed)
    twin = copy.deepcopy(teacher)
    twin.classifier.reset_parameters()
    return twin.eval()


def in_train_mode(teacher, seed):
    return _fresh(teacher, seed).train()


def unseeded(teacher, seed):
    return type(teacher)(teacher.config).eval().requires_grad_(False)


def head_kept(teacher, seed):
    fresh = _fresh(teacher, seed).eval().requires_grad_(False)
    fresh.classifier.load_state_dict(teacher.classifier.state_dict())
    return fresh


def embeddings_kept(teacher, seed):
    fresh = _fresh(teacher, seed).eval().requires_grad_(False)
    fresh.embedding.load_state_dict(teacher.embedding.state_dict())
    return fresh


def teacher_itself_redrawn(teacher, seed):
    fresh = _fresh(teacher, seed)
    teacher.load_state_dict(fresh.state_dict())
    return teacher.eval().requires_grad_(False)


def teacher_left_in_train_mode(teacher, seed):
    teacher.train()
    return _fresh(teacher, seed).eval().requires_grad_(False)


def teachers_config_changed(teacher, seed):
    teacher.config["initializer_range"] = 0.1
    return _fresh(teacher, seed).eval().requires_grad_(False)
