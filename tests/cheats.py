"""Answers that would be right without having solved the exercise: the package does the work.

Each calls something else than the function that an exercise is named after: a sibling, a piece of
it, or what calls it.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

CHEATS: list[tuple[str, Callable[..., Any]]] = []


def cheat(*ids: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        CHEATS.extend((id, function) for id in ids)
        return function

    return add


def source_of(function: Callable[..., Any], name: str) -> str:
    """The cheat as a student's cell; every one imports what it needs by itself."""
    text = textwrap.dedent(inspect.getsource(function))
    return text[text.index("def ") :] + f"\n{name} = {function.__name__}\n"


# -- divergences, one row at a time -----------------------------------------------------------


@cheat("02.1")
def surprise_by_the_hard_loss(q, labels):
    import torch

    from kd_course.losses import targets

    rows = zip(q.reshape(-1, q.shape[-1]), labels.reshape(-1))
    each = [targets.hard_target_loss(row.log()[None], label[None]) for row, label in rows]
    return torch.stack(each).reshape(labels.shape)


@cheat("02.2")
def entropy_by_the_soft_loss(p):
    import torch

    from kd_course.losses import soft_target_loss

    rows = p.reshape(-1, p.shape[-1]).log()
    each = [
        soft_target_loss(row[None], row[None], temperature=1, kind="cross_entropy") for row in rows
    ]
    return torch.stack(each).reshape(p.shape[:-1])


@cheat("02.6")
def js_by_the_generalised_one(p, q):
    import torch

    from kd_course.losses.sequences import generalised_jsd_loss

    p, q = torch.broadcast_tensors(p, q)
    rows = zip(*(x.reshape(-1, 1, x.shape[-1]).log() for x in (p, q)))
    each = [generalised_jsd_loss(a, b, beta=0.5) for a, b in rows]
    return torch.stack(each).reshape(p.shape[:-1])


@cheat("02.9")
def gradient_by_the_widget(logits, target):
    import torch

    from kd_course.widgets import loss_parts

    parts = [
        loss_parts(z, y.log(), 0, temperature=1.0, alpha=1.0).soft_gradient
        for z, y in zip(logits, target)
    ]
    return torch.tensor(parts, dtype=logits.dtype) / len(logits)


# -- the soft loss ----------------------------------------------------------------------------


@cheat("03.2")
def soft_by_rows(student_logits, teacher_logits, temperature):
    import torch

    from kd_course.losses import row_wise_soft_loss

    every = torch.full((len(student_logits),), float(temperature))
    return row_wise_soft_loss(student_logits, teacher_logits, temperatures=every)


@cheat("03.2")
def soft_by_lists(student_logits, teacher_logits, temperature):
    from kd_course.losses import listwise_loss

    return temperature**2 * listwise_loss(
        student_logits,
        teacher_logits,
        student_temperature=temperature,
        teacher_temperature=temperature,
    )


@cheat("03.7")
def whole_by_rows(student_logits, teacher_logits, labels, temperature, alpha):
    import torch
    import torch.nn.functional as F

    from kd_course.losses.adaptive import row_wise_soft_loss

    every = torch.full((len(student_logits),), float(temperature))
    soft = row_wise_soft_loss(student_logits, teacher_logits, temperatures=every)
    hard = F.cross_entropy(student_logits, labels, reduction="sum") / (labels != -100).sum().clamp(
        min=1
    )
    return alpha * soft + (1 - alpha) * hard


@cheat("03.8")
def masked_by_rows(student_logits, teacher_logits, labels, mask, temperature, alpha):
    import torch
    import torch.nn.functional as F

    from kd_course.losses.adaptive import row_wise_soft_loss

    student, teacher, labels = student_logits[mask], teacher_logits[mask], labels[mask]
    barred = (student == -torch.inf) & (teacher == -torch.inf)
    student, teacher = student.masked_fill(barred, -1e30), teacher.masked_fill(barred, -1e30)
    every = torch.full((len(student),), float(temperature))
    soft = row_wise_soft_loss(student, teacher, temperatures=every)
    total = F.cross_entropy(student, labels, reduction="sum")
    return alpha * soft + (1 - alpha) * total / (labels != -100).sum().clamp(min=1)


@cheat("07.2")
def words_by_rows(student_logits, teacher_logits, labels, temperature):
    import torch

    from kd_course import losses

    counts = labels != -100
    every = torch.full((int(counts.sum()),), float(temperature))
    return losses.row_wise_soft_loss(
        student_logits[counts], teacher_logits[counts], temperatures=every
    )


@cheat("05.1")
def step_by_rows(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    import torch
    import torch.nn.functional as F

    from kd_course.losses import row_wise_soft_loss

    before = weights.detach().clone().requires_grad_(True)
    logits = features @ before.T
    every = torch.full((len(features),), float(temperature))
    soft = row_wise_soft_loss(logits, teacher_logits, temperatures=every)
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(logits, labels)
    (gradient,) = torch.autograd.grad(loss, before)
    return (before - learning_rate * gradient).detach()


@cheat("05.10")
def repaired_by_rows(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    import torch
    import torch.nn.functional as F

    from kd_course.losses import row_wise_soft_loss

    before = weights.detach().clone().requires_grad_(True)
    logits = (features * keep) @ before.T
    every = torch.full((len(features),), float(temperature))
    soft = row_wise_soft_loss(logits, features @ teacher_weights.T, temperatures=every)
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(logits, labels)
    (gradient,) = torch.autograd.grad(loss, before)
    return (before - learning_rate * gradient).detach(), teacher_weights


@cheat("08.6")
def spans_by_rows(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    import torch
    import torch.nn.functional as F

    from kd_course.losses import row_wise_soft_loss

    def one_end(student, teacher, labels):
        counts = mask.any(-1)
        student = torch.where(mask, student, -1e30)[counts]
        teacher = torch.where(mask, teacher, -1e30)[counts]
        labels = labels[counts]
        every = torch.full((len(student),), float(temperature))
        soft = row_wise_soft_loss(student, teacher, temperatures=every)
        total = F.cross_entropy(student, labels, reduction="sum")
        return alpha * soft + (1 - alpha) * total / (labels != -100).sum().clamp(min=1)

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2


@cheat("10.7")
def peers_by_lists(logits_a, logits_b, labels, alpha):
    import torch
    import torch.nn.functional as F

    from kd_course.losses import listwise_loss

    def one(own, other):
        hard = F.cross_entropy(own, labels, reduction="sum") / (labels != -100).sum().clamp(min=1)
        return alpha * listwise_loss(own, other) + (1 - alpha) * hard

    return torch.stack([one(logits_a, logits_b), one(logits_b, logits_a)])


@cheat("10.8")
def proxy_by_weights(student_logits, proxy_logits, answers, alpha):
    import torch
    import torch.nn.functional as F

    from kd_course.losses import row_wise_soft_loss

    trusted = proxy_logits.softmax(-1).gather(-1, answers[:, None])[:, 0]
    ones = torch.ones(len(answers))
    soft = row_wise_soft_loss(student_logits, proxy_logits, temperatures=ones, weights=trusted)
    return alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, answers)


@cheat("11.4")
def rows_by_lists(student_logits, teacher_logits, temperatures):
    import torch

    from kd_course.losses import listwise_loss

    rows = zip(student_logits[:, None], teacher_logits[:, None], temperatures)
    each = [
        t**2 * listwise_loss(s, p, student_temperature=t, teacher_temperature=t) for s, p, t in rows
    ]
    return torch.stack(each).mean()


@cheat("13.7")
def lists_by_rows(student_scores, teacher_scores, student_temperature, teacher_temperature):
    import torch

    from kd_course.losses import row_wise_soft_loss

    ones = torch.ones(len(student_scores))
    return row_wise_soft_loss(
        student_scores / student_temperature,
        teacher_scores / teacher_temperature,
        temperatures=ones,
    )


# -- the other losses -------------------------------------------------------------------------


@cheat("08.5")
def masked_by_a_piece(logits, mask):
    import torch

    from kd_course.losses.answer_spans import _only_allowed

    there = mask.any(-1)
    found = torch.zeros_like(logits)
    found[there] = _only_allowed(logits[there], mask[there], "logits").softmax(-1) * mask[there]
    return found


@cheat("09.6")
def contrast_of_normalised_vectors(student, teacher, ids, temperature):
    import torch.nn.functional as F

    from kd_course.losses import in_batch_loss

    student, teacher = F.normalize(student, dim=-1), F.normalize(teacher.detach(), dim=-1)
    return in_batch_loss(student, teacher, ids=ids, temperature=temperature)


@cheat("14.1")
def completion_by_lists(student_logits, teacher_logits, input_ids, prompt_lengths, end):
    from kd_course.losses import listwise_loss
    from kd_course.losses.sequences import completion_mask

    mask = completion_mask(input_ids, prompt_lengths, end=end)
    return listwise_loss(student_logits[mask], teacher_logits[mask])


@cheat("14.2")
def reverse_by_pieces(student_logits, teacher_logits, mask):
    from kd_course.losses import sequences

    log_q, log_p = sequences._log_probabilities(student_logits, teacher_logits, mask)
    return sequences._kl(log_q, log_p).mean()


@cheat("14.3")
def between_by_pieces(student_logits, teacher_logits, beta):
    from kd_course.losses import sequences

    log_q, log_p = sequences._log_probabilities(student_logits, teacher_logits, None)
    if beta in (0, 1):
        return (sequences._kl(log_p, log_q) if beta == 0 else sequences._kl(log_q, log_p)).mean()
    log_m = sequences._log_mixture(log_p, log_q, beta)
    both = beta * sequences._kl(log_p, log_m) + (1 - beta) * sequences._kl(log_q, log_m)
    return both.mean()


# -- figures ----------------------------------------------------------------------------------


@cheat("01.2")
def counted_by_pytorch(length, hidden, intermediate):
    import torch
    from transformers import BertConfig, BertModel

    from kd_course import cost

    sizes = {"vocab_size": 2, "hidden_size": hidden, "num_attention_heads": 1}
    sizes |= {"intermediate_size": intermediate, "max_position_embeddings": length}
    model = BertModel(BertConfig(num_hidden_layers=1, **sizes), add_pooling_layer=False)
    return cost.multiply_adds(model, {"input_ids": torch.zeros(1, length, dtype=torch.long)})


@cheat("06.2")
def f1_from_counts(predicted, labels, classes):
    import numpy as np

    from kd_course import metrics

    counts = metrics.class_counts(np.eye(classes)[predicted.numpy()], labels.numpy())
    return metrics.macro_f1_of(counts.sum(0))


@cheat("06.5")
def error_from_counts(probabilities, labels, bins):
    from kd_course import metrics

    counts = metrics.confidence_counts(probabilities.numpy(), labels.numpy(), bins=bins)
    return metrics.calibration_error_of(counts.sum(0))


@cheat("07.1")
def shifted_by_another_lesson(labels, start, pad):
    from kd_course.generation.written_answers import decoder_inputs

    rows = [[n for n in row if n != -100] for row in labels.tolist()]
    wide = [row + [0] if len(row) < labels.shape[1] else row for row in rows]
    longest = [0] * labels.shape[1]  # so that none is cut to the longest text
    return decoder_inputs([*wide, longest], start=start, pad=pad)[0][:-1]


@cheat("07.3")
def lined_up_by_the_rewriter(sources, batches, translated):
    import tempfile
    from pathlib import Path

    from kd_course.translation import rewriting

    told = {tuple(rows): texts for rows, texts in zip(batches, translated)}
    with tempfile.TemporaryDirectory() as folder:
        lines = rewriting._in_batches(
            sources, batches, lambda rows: [[t] for t in told[tuple(rows)]], Path(folder), 1
        )
    texts = [line["texts"][0] for line in lines]
    return [[source, text] for source, text in zip(sources, texts) if text]


@cheat("07.4")
def scored_as_paths(log_probabilities, alpha):
    from kd_course.translation.search import Path

    return [Path((0,) * (len(row) + 1), sum(row)).score(alpha) for row in log_probabilities]


@cheat("07.5")
def precision_of_bleu(prediction, reference, n):
    from kd_course import metrics

    if not prediction:
        return 0.0
    spaced = (" ".join(text.replace(" ", "_")) for text in (prediction, reference))
    own, other = spaced
    counts = metrics.bleu_counts([own], [[other]], tokenize="none")[0]
    return float(counts[1 + n] / counts[5 + n]) if counts[5 + n] else 0.0


@cheat("12.2")
def straight_through_its_class(weight, scale, last):
    from kd_course.compression import low_bits

    step = scale.detach()
    inside = weight.clamp(-last * step, last * step)
    return low_bits._StraightThrough.apply(inside, step, last)


@cheat("12.3")
def bytes_of_a_model(shapes, bits, other):
    import torch
    from torch import nn

    from kd_course.compression.low_bits import bytes_at

    model = nn.Module()
    for i, (rows, columns) in enumerate(shapes):
        model.add_module(f"m{i}", nn.Embedding(rows, columns))
    model.register_parameter("other", nn.Parameter(torch.zeros(other)))
    return bytes_at(model, bits)


@cheat("09.1")
def layers_that_are_copied(student_layers, teacher_layers):
    from transformers import BertConfig, BertModel

    from kd_course import models

    config = BertConfig(
        vocab_size=4,
        hidden_size=2,
        num_hidden_layers=teacher_layers,
        num_attention_heads=1,
        intermediate_size=2,
        max_position_embeddings=4,
    )
    teacher = BertModel(config)
    for i, layer in enumerate(teacher.encoder.layer):
        layer.mark = i + 1
    return [layer.mark for layer in models.copy_layers(teacher, student_layers).encoder.layer]


@cheat("03.4")
def matching_at_a_high_temperature(student_logits, teacher_logits):
    from kd_course import losses

    s, t = (
        x.double() - x.double().mean(-1, keepdim=True) for x in (student_logits, teacher_logits)
    )
    there, back = (losses.soft_target_loss(sign * s, sign * t, temperature=3e3) for sign in (1, -1))
    return (there + back) / 2


@cheat("03.9")
def terms_by_its_pieces(p, q):
    from kd_course import divergences

    ratio = divergences._log(p) - divergences._log(q)
    return divergences._with_impossible(p, q, p * ratio)
