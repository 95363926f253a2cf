"""Wrong answers that people really give in lesson 07, 07.1 to 07.3, and what its checks tell them.

score_slips.py has those of 07.4 to 07.7. Each exercise's slips are built of one right computation with a part to replace.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import IGNORED, kl_of_logits, mean_of_means, mean_over
from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]


def named(table: Mapping[str, tuple[Function, str]]) -> tuple[Misconception, ...]:
    """Misconceptions as a table: name -> (function, hint)."""
    return tuple(
        Misconception(name, function, hint=hint) for name, (function, hint) in table.items()
    )


def flat(lists) -> list:
    return [item for inner in lists for item in inner]


# -- 07.1 the shift ---------------------------------------------------------------------------


def _filled(labels, pad):
    return labels.masked_fill(labels == IGNORED, pad)


def _column(labels, start, width=1):
    return labels.new_full((len(labels), width), start)


def _shifted(labels, start):
    return torch.cat([_column(labels, start), labels[:, :-1]], 1)


def _masked_before_the_shift(labels, start, pad):
    return _filled(_shifted(labels, start).masked_fill(labels == IGNORED, pad), pad)


def _along_the_batch(labels, start, pad):
    return _filled(torch.cat([torch.full_like(labels[:1], start), labels[:-1]]), pad)


def _flattened(labels, start, pad):
    flat = torch.cat([labels.new_tensor([start]), labels.flatten()[:-1]])
    return _filled(flat.view(labels.shape), pad)


def _one_start_only(labels, start, pad):
    rolled = _filled(labels, pad).roll(1, 1)
    rolled[0, 0] = start
    return rolled


def _by_two(labels, start, pad):
    return _filled(torch.cat([_column(labels, start, 2), labels], 1)[:, : labels.shape[1]], pad)


def _other_way(labels, start, pad):
    return _filled(torch.cat([labels[:, 1:], _column(labels, start)], 1), pad)


def _one_longer(labels, start, pad):
    return _filled(torch.cat([_column(labels, start), labels], 1), pad)


def _first_overwritten(labels, start, pad):
    return _filled(torch.cat([_column(labels, start), labels[:, 1:]], 1), pad)


SHIFT = named(
    {
        "nothing is shifted: the decoder reads the token that it is to predict": (
            lambda labels, start, pad: _filled(labels, pad),
            "At position i the decoder may have read what came before i. Otherwise it copies.",
        ),
        "shifted to the left": (
            _other_way,
            "The inputs lag behind the labels. Which one does the decoder read before it has written anything?",
        ),
        "shifted by two places": (
            _by_two,
            "Before it writes the second piece, the decoder has read one piece of the translation.",
        ),
        "shifted along the batch: every sentence reads another's pieces": (
            _along_the_batch,
            "labels is (batch, length): a row is a sentence, and each begins with start.",
        ),
        "the batch is flattened: a sentence begins with the end of the one before": (
            _flattened,
            "Rows are sentences of their own: none may see its neighbour.",
        ),
        "only the first sentence begins with the start token": (
            _one_start_only,
            "Every row is a sentence, and each has a beginning.",
        ),
        "-100 is still among the inputs": (
            lambda labels, start, pad: _shifted(labels, start),
            "-100 is no row of the embedding table. The loss skips it; the decoder cannot.",
        ),
        "-100 becomes the start token": (
            lambda labels, start, pad: _filled(_shifted(labels, start), start),
            "What pads a sentence is given as an argument of its own. It need not be the start token.",
        ),
        "the end of a padded sentence is padded away: the mask is the labels', not the inputs'": (
            _masked_before_the_shift,
            "Inputs and labels have their padding at different places. Whose do you return?",
        ),
        "the last token has come round to the front": (
            lambda labels, start, pad: _filled(labels, pad).roll(1, 1),
            "torch.roll moves what falls off the end to the front. What belongs there?",
        ),
        "one token too long": (
            _one_longer,
            "Inputs and labels have one length. Which label is never read, only predicted?",
        ),
        "the first token is overwritten, and the others stay where they were": (
            _first_overwritten,
            "At the second place the decoder has read the first piece, not the second.",
        ),
        "padding stands where the start token belongs": (
            lambda labels, start, pad: _filled(_shifted(labels, pad), pad),
            "In Marian the two have one number. In other models they have not.",
        ),
        "start and pad are taken one for the other": (
            lambda labels, start, pad: _filled(_shifted(labels, pad), start),
            "Look at the order of the arguments.",
        ),
        "the start token is taken to be 0": (
            lambda labels, start, pad: _filled(_shifted(labels, 0), pad),
            "0 is the start token of some models. Here its number is an argument.",
        ),
        "padding is taken to be 0": (
            lambda labels, start, pad: _filled(_shifted(labels, start), 0),
            "0 is the padding of some models. Here its number is an argument.",
        ),
    }
)


# -- 07.2 the token loss ----------------------------------------------------------------------


def by_labels(labels: Tensor) -> Tensor:
    return labels != IGNORED


def by_inputs(labels: Tensor) -> Tensor:
    """What counts, as the shifted inputs would have it, of a model that starts with its padding."""
    return F.pad(by_labels(labels), (1, -1))


def _square(temperature):
    return temperature**2


def _kl(student, teacher, temperature):
    return kl_of_logits(teacher, student, temperature)


def loss_with(
    kl: Function = _kl,
    mask: Function = by_labels,
    mean: Function = mean_over,
    factor: Function = _square,
    padding: str = "left out",
) -> Function:
    """The loss, with a part replaced.

    kl: (student, teacher, temperature) -> (batch, length), nats. mean: (values, what counts) -> one number.
    padding: "left out" before the KL, "dropped" after it (a NaN there still spoils the gradient),
    or "times 0" (and the sum as well).
    """

    def loss(student_logits, teacher_logits, labels, temperature):
        counts, models = mask(labels), (student_logits, teacher_logits.detach())
        if padding == "left out":
            models = tuple(logits.masked_fill(~counts.unsqueeze(-1), 0.0) for logits in models)
        values = kl(*models, temperature)
        if padding == "times 0":
            values = values * counts
            values = values + values[~counts].sum()  # whatever is left there is in every sum
        return factor(temperature) * mean(values, counts)

    return loss


def _divided_by(number: Function) -> Function:
    """The sum of what counts, divided by a number: (values, what counts) -> that number."""
    return lambda values, counts: values[counts].sum() / number(values, counts)


def _times_zero_mean(values, counts):
    """The mean over tokens of values that were multiplied by 0 where nothing counts."""
    return values.sum() / counts.sum().clamp(min=1)


def _over_vocabulary(student, teacher, temperature):
    return _kl(student, teacher, temperature) / student.shape[-1]


def _cross_entropy(student, teacher, temperature):
    p, log_q = (teacher / temperature).softmax(-1), (student / temperature).log_softmax(-1)
    return -(p * log_q).sum(-1)


def _hard_target(student, teacher, temperature):
    log_q = (student / temperature).log_softmax(-1)
    return -log_q.gather(-1, teacher.argmax(-1, keepdim=True)).squeeze(-1)


def _softened_probabilities(student, teacher, temperature):
    p, log_q = teacher.softmax(-1) / temperature, (student.softmax(-1) / temperature).log()
    return F.kl_div(log_q, p, reduction="none").sum(-1)


def _over_places(student, teacher, temperature):
    p, log_q = (teacher / temperature).softmax(1), (student / temperature).log_softmax(1)
    return F.kl_div(log_q, p, reduction="none").sum(-1)


def _label_only(student_logits, teacher_logits, labels, temperature):
    counts = by_labels(labels)
    log_p = (teacher_logits.detach()[counts] / temperature).log_softmax(-1)
    log_q = (student_logits[counts] / temperature).log_softmax(-1)
    terms = (log_p.exp() * (log_p - log_q)).gather(-1, labels[counts].unsqueeze(-1))
    return temperature**2 * terms.sum() / counts.sum().clamp(min=1)


def _some_hard_loss(student_logits, teacher_logits, labels, temperature):
    counts = by_labels(labels)
    soft = loss_with()(student_logits, teacher_logits, labels, temperature)
    hard = F.cross_entropy(student_logits[counts], labels[counts], reduction="sum")
    return 0.9 * soft + 0.1 * hard / counts.sum().clamp(min=1)


def _one_place_off(student_logits, teacher_logits, labels, temperature):
    return loss_with()(student_logits[:, :-1], teacher_logits[:, :-1], labels[:, 1:], temperature)


def _teacher_learns(student_logits, teacher_logits, labels, temperature):
    counts = by_labels(labels)
    values = _kl(student_logits[counts], teacher_logits[counts], temperature)
    return temperature**2 * values.sum() / counts.sum().clamp(min=1)


def _log_of_softmax(student, teacher, temperature):
    p, q = (teacher / temperature).softmax(-1), (student / temperature).softmax(-1)
    return (p * (p / q).log()).sum(-1)


_PADDED = {
    "left out": "",
    "dropped": " (and padding is dropped after the KL: NaN there reaches the gradient)",
    "times 0": " (and padding is multiplied by 0: NaN there stays NaN)",
}
# The commonest slips, made with each of the three ways to be rid of padding: name -> (maker, hint).
_COMMON = {
    "padded tokens are left out of the sum, but counted in the mean": (
        partial(loss_with, mean=lambda values, counts: values[counts].sum() / counts.numel()),
        "How many tokens count? That is not batch times length.",
    ),
    "divided by the number of sentences (batchmean): long sentences make the loss grow": (
        partial(loss_with, mean=lambda values, counts: values[counts].sum() / len(counts)),
        "The mean is over tokens, whatever sentence they stand in.",
    ),
    "T² is missing": (
        partial(loss_with, factor=lambda temperature: 1.0),
        "Softened by T, the gradient shrinks by T²: lesson 03 gives it back.",
    ),
    "this is KL(student‖teacher): the arguments are swapped": (
        partial(loss_with, kl=lambda student, teacher, t: _kl(teacher, student, t)),
        "Whose probabilities are the weights of the sum? KL's first argument gives them.",
    ),
}


def _common() -> dict[str, tuple[Function, str]]:
    return {
        name + more: (made(padding=padding), hint)
        for padding, more in _PADDED.items()
        for name, (made, hint) in _COMMON.items()
    }


def _everywhere(labels):
    return torch.ones_like(labels, dtype=torch.bool)


def _full_sentences(labels):
    return by_labels(labels) & by_labels(labels).all(1, keepdim=True)


def _first_rows_mask(labels):
    return by_labels(labels[:1]).expand(labels.shape)


def _not_the_first(labels):
    return by_labels(labels) & (torch.arange(labels.shape[1]) > 0)


TOKEN_LOSS = named(
    _common()
    | {
        "divided by the vocabulary as well (reduction='mean')": (
            loss_with(kl=_over_vocabulary),
            "Within a token the vocabulary is summed over; the mean is over tokens only.",
        ),
        "a mean within each sentence, then over all sentences: a word of a short one weighs more": (
            loss_with(mean=mean_of_means),
            "Every token that counts weighs the same, whatever sentence it stands in.",
        ),
        "the mask is taken from the shifted inputs": (
            loss_with(mask=by_inputs),
            "The inputs lag behind by one: their mask drops the first piece and counts a padded place.",
        ),
        "padding is learnt like words": (
            loss_with(mask=_everywhere),
            "Where the label is -100 there is no token: it has neither loss nor gradient.",
        ),
        "0 is taken for padding, and -100 for a token": (
            loss_with(mask=lambda labels: labels != 0),
            "Inputs are padded with a piece's number. What marks padding in labels?",
        ),
        "the end of a sentence is left out": (
            loss_with(mask=lambda labels: by_labels(labels) & (labels != 1)),
            "That a sentence is at its end must be learnt like any other piece.",
        ),
        "the first piece of every sentence is left out": (
            loss_with(mask=_not_the_first),
            "The first piece is predicted from the start token, and counts like the others.",
        ),
        "a sentence with any padding is left out whole": (
            loss_with(mask=_full_sentences),
            "Nearly every batch is padded. What counts is decided token by token.",
        ),
        "every sentence is masked like the first": (
            loss_with(mask=_first_rows_mask),
            "Sentences differ in length: each row of labels has its own padding.",
        ),
        "the logits are one place off the labels, as for a decoder without an encoder": (
            _one_place_off,
            "Here the inputs have been shifted already: place i of the logits is for place i of the labels.",
        ),
        "the softmax runs over the places, not over the vocabulary": (
            loss_with(kl=_over_places, padding="dropped"),
            "The logits are (batch, length, vocabulary). Over which of these must probabilities sum to one?",
        ),
        "T in place of T²": (
            loss_with(factor=lambda temperature: temperature),
            "With two models softened by T, the gradient shrinks by more than T.",
        ),
        "divided by T², not multiplied": (
            loss_with(factor=lambda temperature: 1 / temperature**2),
            "Softening makes the gradient smaller. Which way does the factor go?",
        ),
        "only the student is softened": (
            loss_with(kl=lambda s, t, temperature: _kl(s / temperature, t, 1.0)),
            "At one temperature both distributions are comparable: p and q both carry a T.",
        ),
        "only the teacher is softened": (
            loss_with(kl=lambda s, t, temperature: _kl(s, t / temperature, 1.0)),
            "At one temperature both distributions are comparable: p and q both carry a T.",
        ),
        "the logits are multiplied by T": (
            loss_with(kl=lambda s, t, temperature: _kl(s, t, 1 / temperature)),
            "A higher temperature makes a distribution flatter, not sharper.",
        ),
        "the temperature is taken to be 2": (
            loss_with(kl=lambda s, t, temperature: _kl(s, t, 2.0), factor=lambda temperature: 4.0),
            "The temperature is an argument.",
        ),
        "probabilities are divided by T in place of logits": (
            loss_with(kl=_softened_probabilities),
            "Divided by T, probabilities no longer sum to one. What does a softmax take?",
        ),
        "the cross-entropy: the teacher's own entropy is still in it": (
            loss_with(kl=_cross_entropy),
            "Where student and teacher agree, a KL is 0. Is yours?",
        ),
        "the teacher's most probable piece as a hard target": (
            loss_with(kl=_hard_target),
            "The teacher says how probable it finds every piece, not only the first.",
        ),
        "only the label's own piece is compared": (
            _label_only,
            "A KL sums over the whole vocabulary; the label only says whether the place counts.",
        ),
        "a little of the hard loss is mixed in": (
            _some_hard_loss,
            "That comes in the arm's recipe. What is asked for here is the soft part alone.",
        ),
        "in bits": (
            loss_with(kl=lambda s, t, temperature: _kl(s, t, temperature) / math.log(2)),
            "Which logarithm gives nats?",
        ),
        "summed over the tokens, not averaged": (
            loss_with(mean=lambda values, counts: values[counts].sum()),
            "A batch twice as large must not have twice the loss.",
        ),
        "one value a token in place of their mean": (
            loss_with(mean=lambda values, counts: values[counts]),
            "A loss is one number.",
        ),
        "one is added to the number of tokens": (
            loss_with(mean=_divided_by(lambda values, counts: counts.sum() + 1)),
            "To save a batch without tokens, do not change the mean of all others.",
        ),
        "0/0 where no token counts": (
            loss_with(mean=lambda values, counts: values[counts].mean()),
            "The mean of an empty tensor is NaN. What is the loss of a batch without any token?",
        ),
        "the teacher gets a gradient": (
            _teacher_learns,
            "The student is to come to the teacher. What stops the teacher from coming to the student?",
        ),
        "the logarithm of a probability that was computed first: logits far apart give NaN": (
            loss_with(kl=_log_of_softmax),
            "exp overflows, and a small probability becomes 0. Which function gives log q without q?",
        ),
        "padding is multiplied by 0, and NaN times 0 is NaN": (
            loss_with(mean=_times_zero_mean, padding="times 0"),
            "What you multiply by 0 must have been a number. When do you leave padding out?",
        ),
        "padding is left out only after the KL: NaN there still reaches the gradient": (
            loss_with(padding="dropped"),
            "The backward pass goes through all that was computed. Leave padding out before that.",
        ),
    }
)


# -- 07.3 the distilled corpus ----------------------------------------------------------------


def _numbered(batches, translated):
    return sorted(zip(flat(batches), flat(translated)))


def _in_turn(sources, batches, translated):
    return [[s, t] for s, t in zip(sources, flat(translated)) if t]


def _wrong_direction(sources, batches, translated):
    texts = flat(translated)
    return [[s, texts[row]] for s, row in zip(sources, flat(batches)) if texts[row]]


def _gaps_closed(sources, batches, translated):
    said = [text for _, text in _numbered(batches, translated) if text]
    return [[s, t] for s, t in zip(sources, said)]


def _gaps_kept(sources, batches, translated):
    return [[sources[row], text] for row, text in _numbered(batches, translated)]


def _in_batch_order(sources, batches, translated):
    pairs = zip(flat(batches), flat(translated))
    return [[sources[row], text] for row, text in pairs if text]


def _by_letters(sources, batches, translated):
    return sorted(_in_batch_order(sources, batches, translated))


def _reversed_pairs(sources, batches, translated):
    return [[text, sources[row]] for row, text in _numbered(batches, translated) if text]


def _from_one(sources, batches, translated):
    return [[sources[row - 1], text] for row, text in _numbered(batches, translated) if text]


def _by_length(sources, batches, translated):
    ordered = sorted(range(len(sources)), key=lambda row: len(sources[row]))
    numbered = sorted(zip(ordered, flat(translated)))
    return [[sources[row], text] for row, text in numbered if text]


def _batches_sorted(sources, batches, translated):
    numbered = _numbered([sorted(rows) for rows in batches], translated)
    return [[sources[row], text] for row, text in numbered if text]


def _batches_sorted_in_place(sources, batches, translated):
    for rows in batches:
        rows.sort()
    return _batches_sorted(sources, batches, translated)


def _first_batch(sources, batches, translated):
    found = sorted(zip(batches[0], translated[0]))
    return [[sources[row], text] for row, text in found if text]


def _not_number_zero(sources, batches, translated):
    return [[sources[row], text] for row, text in _numbered(batches, translated) if row and text]


def _as_dict(sources, batches, translated):
    return {sources[row]: text for row, text in _numbered(batches, translated) if text}


CORPUS = named(
    {
        "the translations are taken in the order in which they were made": (
            _in_turn,
            "Which source was translated first? It is not the first source.",
        ),
        "the row numbers are applied in the wrong direction": (
            _wrong_direction,
            "batches says which source a translation belongs to, not which translation a source has.",
        ),
        "an empty translation is dropped without its source: all later lines slip": (
            _gaps_closed,
            "What is dropped must be a pair by then.",
        ),
        "a pair without a translation is kept": (
            _gaps_kept,
            "It would teach the student to say nothing.",
        ),
        "paired rightly, but not in the order of the sources": (
            _in_batch_order,
            "The pairs are asked for in the order of `sources`.",
        ),
        "paired rightly, but sorted by the sources' letters": (
            _by_letters,
            "The order of `sources` is the order in which they stand there.",
        ),
        "the translation stands before its source": (
            _reversed_pairs,
            "Which of the two does the encoder read?",
        ),
        "the numbers are taken to count from one": (
            _from_one,
            "Is there a 0 among the numbers?",
        ),
        "the sources are sorted by length again, in place of using the numbers": (
            _by_length,
            "Sources of one length may have changed places. The numbers say where each one went.",
        ),
        "each batch's numbers are sorted, its translations are not": (
            _batches_sorted,
            "The k-th translation of a batch belongs to the k-th number as it stands there.",
        ),
        "each batch's numbers are sorted in place, and have lost their translations": (
            _batches_sorted_in_place,
            "The k-th translation of a batch belongs to the k-th number as it stood there.",
        ),
        "only the first batch is used": (_first_batch, "How many batches are there?"),
        "the source with number 0 is left out": (
            _not_number_zero,
            "0 is false to Python, and it is a number all the same.",
        ),
        "a dict of sources and translations": (
            _as_dict,
            "A list of pairs is asked for. What does a dict do with a source that comes twice?",
        ),
    }
)
