"""Wrong answers that people really give in 13.1, 13.4, 13.9 and 13.10, and what the checks tell them.

loss_slips.py has those of the losses: 13.6 to 13.8. Each exercise's slips are built of one right
computation with a part to replace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]


def named(table: Mapping[str, tuple[Function, str]]) -> tuple[Misconception, ...]:
    """Misconceptions as a table: name -> (function, hint)."""
    return tuple(
        Misconception(name, function, hint=hint) for name, (function, hint) in table.items()
    )


# -- 13.1 the averaged answer -----------------------------------------------------------------


def shares(weights: Tensor) -> Tensor:
    """(texts, 1): weights that sum to one."""
    return (weights / weights.sum())[:, None]


def averaged(
    said: Function = lambda logits: logits.softmax(-1),
    weigh: Function = shares,
    after: Function = lambda mean: mean,
) -> Function:
    """The average of what is said of each text, with a part replaced."""
    return lambda weights, logits: after((weigh(weights) * said(logits)).sum(0))


def _most_probable(weights, logits):
    return logits[weights.argmax()].softmax(-1)


def _votes(logits):
    return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)


AVERAGED = named(
    {
        "the teacher's logits are averaged, not its probabilities": (
            averaged(lambda logits: logits, after=lambda mean: mean.softmax(-1)),
            "How often does each label come up, over all the times that this picture does?",
        ),
        "the logits are averaged, and no distribution is made of them": (
            averaged(lambda logits: logits),
            "A distribution over the classes is asked for.",
        ),
        "the logarithms of probabilities are averaged": (
            averaged(lambda logits: logits.log_softmax(-1), after=torch.exp),
            "Average what the teacher believes, not how surprised it would be.",
        ),
        "the beliefs are multiplied, as if all texts were true at once": (
            averaged(
                lambda logits: logits.log_softmax(-1),
                lambda weights: torch.ones_like(weights)[:, None],
                lambda total: total.softmax(-1),
            ),
            "A picture shows one text or another, not all of them.",
        ),
        "all texts count the same": (
            averaged(weigh=lambda weights: torch.full_like(weights, 1 / len(weights))[:, None]),
            "Some texts come up more often than others.",
        ),
        "the answer to the most frequent text": (
            _most_probable,
            "The student cannot know that it is this one.",
        ),
        "the weights are not made to sum to one": (
            averaged(weigh=lambda weights: weights[:, None]),
            "What do the classes sum to?",
        ),
        "the weights are taken for logits": (
            averaged(weigh=lambda weights: weights.softmax(0)[:, None]),
            "Weights are how often a text comes up: twice the weight, twice as often.",
        ),
        "the softmax runs over the texts": (
            averaged(lambda logits: logits.softmax(0), after=lambda mean: mean / mean.sum()),
            "Which dimension holds the classes?",
        ),
        "the answers are softened first": (
            averaged(lambda logits: (logits / 2).softmax(-1)),
            "At T = 2 this is an average of softened answers. Which temperature is asked for?",
        ),
        "each text votes for the teacher's choice": (
            averaged(_votes),
            "What the teacher is unsure of is lost by an argmax.",
        ),
    }
)


# -- 13.4 pairs by key ------------------------------------------------------------------------


def once(keys: list) -> set:
    """The keys that stand in a list exactly once."""
    return {key for key, count in Counter(keys).items() if count == 1}


def paired(
    usable: Function = lambda pictures, texts: once(pictures) & once(texts),
    find: Function = lambda key, texts: [texts.index(key)],
    give: Function = lambda i, j, key: (i, j),
    after: Function = lambda pairs, pictures, texts: pairs,
) -> Function:
    """Pairs of positions, with a part replaced."""

    def pair(picture_keys, text_keys):
        allowed = usable(picture_keys, text_keys)
        pairs = [
            give(i, j, key)
            for i, key in enumerate(picture_keys)
            if key in allowed
            for j in find(key, text_keys)
        ]
        return after(pairs, picture_keys, text_keys)

    return pair


def in_both(pictures: list, texts: list) -> set:
    return set(pictures) & set(texts)


def _by_position(picture_keys, text_keys):
    return [(i, i) for i in range(min(len(picture_keys), len(text_keys)))]


def _where_equal(picture_keys, text_keys):
    return [(i, i) for i, (a, b) in enumerate(zip(picture_keys, text_keys)) if a == b]


def _sorted(picture_keys, text_keys):
    pictures = sorted(range(len(picture_keys)), key=picture_keys.__getitem__)
    texts = sorted(range(len(text_keys)), key=text_keys.__getitem__)
    return list(zip(pictures, texts))


def _with_none(picture_keys, text_keys):
    found = dict(paired()(picture_keys, text_keys))
    return [(i, found.get(i)) for i in range(len(picture_keys))]


def _last(key, texts):
    return [len(texts) - 1 - texts[::-1].index(key)]


PAIRS = named(
    {
        "paired by position": (
            _by_position,
            "After rows were lost, is the third picture still the third text's?",
        ),
        "only what happens to stand at the same position": (
            _where_equal,
            "A partner may stand elsewhere by now.",
        ),
        "both are sorted, and then paired by position": (
            _sorted,
            "One row without a partner, and all behind it slip.",
        ),
        "of a repeated key the first is taken": (
            paired(in_both),
            "Two rows of one key: who says which of them belongs to the other list's?",
        ),
        "of a repeated key the last is taken": (
            paired(in_both, _last),
            "Two rows of one key: who says which of them belongs to the other list's?",
        ),
        "of a repeated key all are paired with all": (
            paired(
                in_both, lambda key, texts: [j for j, other in enumerate(texts) if other == key]
            ),
            "Two rows of one key: who says which of them belongs to the other list's?",
        ),
        "repeated keys are left out among the pictures only": (
            paired(lambda pictures, texts: once(pictures) & set(texts)),
            "A key may be repeated in either list.",
        ),
        "repeated keys are left out among the texts only": (
            paired(lambda pictures, texts: set(pictures) & once(texts)),
            "A key may be repeated in either list.",
        ),
        "a picture without a text is kept, with None": (
            _with_none,
            "What has no partner is no pair.",
        ),
        "the text's position comes first": (
            paired(give=lambda i, j, key: (j, i)),
            "First the picture's position, then the text's.",
        ),
        "the pairs stand in the order of the texts": (
            paired(after=lambda pairs, pictures, texts: sorted(pairs, key=lambda pair: pair[1])),
            "In the order of the pictures.",
        ),
        "keys are returned, not positions": (
            paired(give=lambda i, j, key: (key, key)),
            "Positions, counted from 0.",
        ),
        "positions are counted from 1": (
            paired(give=lambda i, j, key: (i + 1, j + 1)),
            "Positions, counted from 0.",
        ),
    }
)


# -- 13.9 mean pooling ------------------------------------------------------------------------


def pooled(
    keep: Function = lambda mask: mask.bool(),
    total: Function = lambda kept, there: kept.sum(1),
    number: Function = lambda there, vectors: there.sum(1, keepdim=True).clamp(min=1),
) -> Function:
    """A vector a text, with a part replaced: which tokens, what of them, divided by what."""

    def pool(vectors, mask):
        there = keep(mask)
        kept = torch.where(there[..., None], vectors, 0.0)
        return total(kept, there) / number(there, vectors)

    return pool


def _first_n(vectors, mask):
    """As many tokens from the left as count: right only where padding stands on the right."""
    counts = mask.bool().sum(1).tolist()
    rows = [v[:n].mean(0) if n else torch.zeros_like(v[0]) for v, n in zip(vectors, counts)]
    return torch.stack(rows)


def _last_token(vectors, mask):
    places = [row.nonzero().flatten().tolist() for row in mask.bool()]
    rows = [v[at[-1]] if at else torch.zeros_like(v[0]) for v, at in zip(vectors, places)]
    return torch.stack(rows)


def _largest(vectors, mask):
    there = mask.bool()[..., None]
    found = torch.where(there, vectors, -torch.inf).amax(1)
    return torch.where(mask.bool().any(1, keepdim=True), found, 0.0)


def _unit_length(vectors, mask):
    return torch.nn.functional.normalize(pooled()(vectors, mask), dim=-1)


POOLING = named(
    {
        "padding is part of the mean": (
            lambda vectors, mask: vectors.mean(1),
            "A text's vector must not depend on how far its batch was padded.",
        ),
        "summed over the tokens, divided by the whole length": (
            pooled(number=lambda there, vectors: vectors.shape[1]),
            "By how many tokens is a mean of those that count divided?",
        ),
        "times the mask, divided by the whole length": (
            lambda vectors, mask: (vectors * mask[..., None]).mean(1),
            "Two slips: NaN times 0 is NaN, and by how many tokens is a mean divided?",
        ),
        "times the mask, so that NaN in the padding stays": (
            lambda vectors, mask: (
                (vectors * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
            ),
            "What is NaN times 0?",
        ),
        "NaN is exchanged for 0, and infinity is multiplied by the mask": (
            lambda vectors, mask: (
                (torch.where(vectors.isnan(), 0.0, vectors) * mask[..., None]).sum(1)
                / mask.sum(1, keepdim=True).clamp(min=1)
            ),
            "What is infinity times 0?",
        ),
        "a text without a token is divided by 0": (
            pooled(number=lambda there, vectors: there.sum(1, keepdim=True)),
            "0/0 is NaN. Such a text gets zeros.",
        ),
        "summed, not divided": (
            pooled(number=lambda there, vectors: 1),
            "A longer text would have a longer vector. A mean is asked for.",
        ),
        "divided by one token too many": (
            pooled(number=lambda there, vectors: there.sum(1, keepdim=True) + 1),
            "By how many tokens is a mean of those that count divided?",
        ),
        "the first token's vector": (
            lambda vectors, mask: vectors[:, 0],
            "That is [CLS]. The mean over all tokens is asked for.",
        ),
        "the last token's vector": (_last_token, "The mean over all tokens is asked for."),
        "the largest value of each feature": (_largest, "A mean, not a maximum, is asked for."),
        "the mask is turned round: the padding is averaged": (
            pooled(lambda mask: ~mask.bool()),
            "The mask is 1 where there is text.",
        ),
        "as many tokens from the left as there are words": (
            _first_n,
            "Padding may stand on the left.",
        ),
        "one mean over all texts' tokens": (
            pooled(
                total=lambda kept, there: kept.sum((0, 1)).expand(len(kept), -1),
                number=lambda there, vectors: there.sum().clamp(min=1),
            ),
            "One vector a text.",
        ),
        "divided by the mean number of tokens in the batch": (
            pooled(number=lambda there, vectors: there.sum(1).float().mean().clamp(min=1)),
            "Each text has a number of tokens of its own.",
        ),
        "the mean is made to have length 1": (
            _unit_length,
            "Normalised for training and not for serving: then scores are others. Not asked for.",
        ),
    }
)


# -- 13.10 MRR ---------------------------------------------------------------------------------


def ranks(scores: Tensor, right: Tensor, *, ties: str = "worst") -> Tensor:
    """(questions,): the rank of the right passage; equals share the worst, the best or the mean one."""
    own = scores.gather(1, right[:, None])
    better, equal = (scores > own).sum(1), (scores == own).sum(1)
    return {"worst": better + equal, "best": better + 1, "mean": better + (equal + 1) / 2}[ties]


def mean_reciprocal(
    rank: Function = ranks,
    value: Function = lambda rank, k: torch.where(rank <= k, 1 / rank, 0.0),
    mean: Function = lambda values, rank, k: values.mean(),
) -> Function:
    """MRR@k, with a part replaced."""

    def mrr(scores, right, k):
        at = rank(scores, right)
        return mean(value(at, k), at, k)

    return mrr


def _by_argsort(scores, right):
    order = scores.argsort(dim=1, descending=True, stable=True)
    return (order == right[:, None]).int().argmax(1) + 1


def _found_by_topk(scores, right, k):
    """The rank is right; whether it is among the k best is asked of topk, which breaks ties as it likes."""
    found = (scores.topk(k, dim=1).indices == right[:, None]).any(1)
    return torch.where(found, 1 / ranks(scores, right), 0.0).mean()


def _found_only(values, rank, k):
    return values.sum() / max(int((rank <= k).sum()), 1)


MRR = named(
    {
        "equals share the best rank": (
            mean_reciprocal(lambda scores, right: ranks(scores, right, ties="best")),
            "A model that gives all passages one score would then be perfect.",
        ),
        "equals share the mean of their ranks": (
            mean_reciprocal(lambda scores, right: ranks(scores, right, ties="mean")),
            "The statement says which rank equals share.",
        ),
        "equals stand in the order of the passages": (
            mean_reciprocal(_by_argsort),
            "Then the result hangs on how the passages were numbered.",
        ),
        "topk says what is among the k best": (
            _found_by_topk,
            "Where more are equally good than k, topk takes some of them. Which?",
        ),
        "ranks are counted from 0": (
            mean_reciprocal(value=lambda rank, k: torch.where(rank <= k, 1 / (rank - 1), 0.0)),
            "The best passage has rank 1.",
        ),
        "a rank too many": (
            mean_reciprocal(value=lambda rank, k: torch.where(rank <= k, 1 / (rank + 1), 0.0)),
            "The best passage has rank 1, and its question counts 1.",
        ),
        "not among the k best counts 1/k": (
            mean_reciprocal(value=lambda rank, k: torch.where(rank <= k, 1 / rank, 1 / k)),
            "What does a question count whose passage is not among the k best?",
        ),
        "not among the k best counts 1/(k + 1)": (
            mean_reciprocal(value=lambda rank, k: torch.where(rank <= k, 1 / rank, 1 / (k + 1))),
            "What does a question count whose passage is not among the k best?",
        ),
        "k is left out": (
            mean_reciprocal(value=lambda rank, k: 1 / rank),
            "Only the k best are looked at.",
        ),
        "the k-th is not looked at": (
            mean_reciprocal(value=lambda rank, k: torch.where(rank < k, 1 / rank, 0.0)),
            "The k best: is the k-th one of them?",
        ),
        "questions whose passage is not found are left out": (
            mean_reciprocal(mean=_found_only),
            "The mean over all questions: a model must not gain by finding nothing.",
        ),
        "the smallest score is the best": (
            mean_reciprocal(lambda scores, right: ranks(-scores, right)),
            "The larger the score, the better.",
        ),
        "how often it is among the k best": (
            mean_reciprocal(value=lambda rank, k: (rank <= k).float()),
            "That is recall at k. How high it stands counts, too.",
        ),
        "one over the mean rank": (
            mean_reciprocal(mean=lambda values, rank, k: 1 / rank.float().mean()),
            "First the reciprocal of each question's rank, then the mean.",
        ),
        "one number a question": (
            mean_reciprocal(mean=lambda values, rank, k: values),
            "One number is asked for.",
        ),
        "summed, not averaged": (
            mean_reciprocal(mean=lambda values, rank, k: values.sum()),
            "A mean over the questions is asked for.",
        ),
    }
)
