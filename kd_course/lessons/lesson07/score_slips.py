"""Wrong answers that people really give in lesson 07, 07.4 to 07.7, and what its checks tell them.

Each exercise's slips are built of one right computation with a part to replace.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch

from kd_course.lessons.lesson07.slips import flat, named

Function = Callable[..., Any]


# -- 07.4 length ------------------------------------------------------------------------------


def _each(score: Function) -> Function:
    """Scores row by row: (log probabilities, alpha) -> one number."""
    return lambda log_probabilities, alpha: [score(row, alpha) for row in log_probabilities]


def _one_length(length: Function) -> Function:
    """Scores with one length for all candidates: (candidates) -> a number."""
    return lambda candidates, alpha: [sum(row) / length(candidates) ** alpha for row in candidates]


def _score(row, alpha):
    return sum(row) / len(row) ** alpha


def _sum_runs_on(log_probabilities, alpha):
    totals = [sum(flat(log_probabilities[: i + 1])) for i in range(len(log_probabilities))]
    return [total / len(row) ** alpha for total, row in zip(totals, log_probabilities)]


def _to_one(log_probabilities, alpha):
    return torch.tensor(_each(_score)(log_probabilities, alpha)).softmax(0).tolist()


LENGTH = named(
    {
        "the length has no say: the shortest candidate has an advantage": (
            _each(lambda row, alpha: sum(row)),
            "That is the score at α = 0. What does it become as α grows?",
        ),
        "the mean, whatever α is": (
            _each(lambda row, alpha: sum(row) / len(row)),
            "That is the score at α = 1. At α = 0 the length must have no say.",
        ),
        "multiplied by the length instead of divided": (
            _each(lambda row, alpha: sum(row) * len(row) ** alpha),
            "Log probabilities are negative: which way does a long candidate get help?",
        ),
        "divided by α times the length": (
            _each(lambda row, alpha: sum(row) / (alpha * len(row))),
            "What would that be at α = 0?",
        ),
        "the quotient is raised to α, not the length": (
            _each(lambda row, alpha: (sum(row) / len(row)) ** alpha),  # complex at α = 0.6
            "At α = 0 all candidates would score alike.",
        ),
        "α to the power of the length": (
            _each(lambda row, alpha: sum(row) / alpha ** len(row)),
            "At α = 1 the length must count, and here it has no say.",
        ),
        "every log probability is raised to the power α": (
            _each(lambda row, alpha: sum(-((-x) ** alpha) for x in row) / len(row)),
            "The log probabilities are what they are. α weighs the length.",
        ),
        "probabilities in place of log probabilities": (
            _each(lambda row, alpha: math.exp(sum(row)) / len(row) ** alpha),
            "Sum the logarithms, and leave them as they are: products of many probabilities underflow.",
        ),
        "the pieces' probabilities are summed": (
            _each(lambda row, alpha: sum(map(math.exp, row)) / len(row) ** alpha),
            "Probabilities of pieces multiply. What do their logarithms do?",
        ),
        "the penalty of Google's translator, ((5 + length)/6)^α": (
            _each(lambda row, alpha: sum(row) / ((5 + len(row)) / 6) ** alpha),
            "That is another cure, and a known one. At α = 1 this one is the mean.",
        ),
        "the number of candidates in place of the number of pieces": (
            _one_length(len),
            "The length that counts is each candidate's own.",
        ),
        "the longest candidate's length for all": (
            _one_length(lambda candidates: max(map(len, candidates))),
            "The length that counts is each candidate's own.",
        ),
        "the first candidate's length for all": (
            _one_length(lambda candidates: len(candidates[0])),
            "The length that counts is each candidate's own.",
        ),
        "the last piece is not counted": (
            _each(lambda row, alpha: sum(row) / (max(len(row) - 1, 1)) ** alpha),
            "Every log probability that is given is a piece's, the end's too.",
        ),
        "one piece too many is counted": (
            _each(lambda row, alpha: sum(row) / (len(row) + 1) ** alpha),
            "The start token was not predicted, and has no log probability.",
        ),
        "the last piece is not summed": (
            _each(lambda row, alpha: sum(row[:-1]) / len(row) ** alpha),
            "Every log probability that is given belongs to the candidate, the end's too.",
        ),
        "the least probable piece in place of the sum": (
            _each(lambda row, alpha: min(row) / len(row) ** alpha),
            "A candidate is as probable as all its pieces together.",
        ),
        "the sign is turned round": (
            _each(lambda row, alpha: -sum(row) / len(row) ** alpha),
            "The best candidate must have the largest score.",
        ),
        "α is taken to be 0.6": (
            _each(lambda row, alpha: sum(row) / len(row) ** 0.6),
            "α is an argument.",
        ),
        "rounded": (
            _each(lambda row, alpha: round(_score(row, alpha), 2)),
            "Candidates often differ in a later place. Round what you print, not what you return.",
        ),
        "the power of the length is rounded": (
            _each(lambda row, alpha: sum(row) / round(len(row) ** alpha)),
            "A power of a whole number need not be whole.",
        ),
        "only the best score": (
            lambda candidates, alpha: max(_each(_score)(candidates, alpha)),
            "One score for each candidate, in their order.",
        ),
        "sorted, the best first": (
            lambda candidates, alpha: sorted(_each(_score)(candidates, alpha), reverse=True),
            "Sorted, nobody knows whose score is whose.",
        ),
        "made to sum to one over the candidates": (
            _to_one,
            "A score is compared with other scores; nobody needs it to be a probability.",
        ),
        "the sum runs on from candidate to candidate": (
            _sum_runs_on,
            "Each candidate begins at 0.",
        ),
    }
)


# -- 07.5 clipped precision -------------------------------------------------------------------


def _runs(text, n, step=1):
    return [text[i : i + n] for i in range(0, len(text) - n + 1, step)]


def _ragged(text, n):
    """Runs, and the shorter ones at the end as well."""
    return [text[i : i + n] for i in range(len(text))]


def _words(text, n):
    return list(map(tuple, _runs(text.split(), n)))


def precision_with(
    runs: Function = _runs, of_reference: Function | None = None, share: Function | None = None
) -> Function:
    """Clipped precision, with a part replaced: runs of (text, n), share of two Counters; 0 where none are."""

    def precision(prediction, reference, n):
        own, other = Counter(runs(prediction, n)), Counter((of_reference or runs)(reference, n))
        return (share or _clipped)(own, other) if own else 0.0

    return precision


def _clipped(own, other):
    return (own & other).total() / own.total()


def _over_characters(prediction, reference, n):
    shared = Counter(_runs(prediction, n)) & Counter(_runs(reference, n))
    return shared.total() / len(prediction)


def _side_by_side(prediction, reference, n):
    own, other = _runs(prediction, n), _runs(reference, n)
    return sum(a == b for a, b in zip(own, other)) / len(own) if own else 0.0


def _brevity_too(prediction, reference, n):
    short = math.exp(min(0.0, 1 - len(reference) / max(len(prediction), 1)))
    return short * precision_with()(prediction, reference, n)


def _all_lengths(prediction, reference, n):
    own = Counter(run for k in range(1, n + 1) for run in _runs(prediction, k))
    other = Counter(run for k in range(1, n + 1) for run in _runs(reference, k))
    return _clipped(own, other) if own else 0.0


def _cut_out(prediction, reference, n):
    shared = 0
    for run in _runs(prediction, n):
        if run in reference:
            shared, reference = shared + 1, reference.replace(run, "\0" * n, 1)
    return shared / max(len(_runs(prediction, n)), 1)


def _over(number: Function) -> Function:
    """The clipped runs over another number of runs: two Counters -> that number; 0 where it is 0."""
    return precision_with(
        share=lambda own, other: (own & other).total() / max(number(own, other), 1)
    )


def _counting(which: Function) -> Function:
    """How often a run counts: (own, reference's) -> a number."""
    return precision_with(
        share=lambda own, other: sum(which(k, other[run]) for run, k in own.items()) / own.total()
    )


PRECISION = named(
    {
        "a run counts as often as the prediction repeats it": (
            _counting(lambda own, other: own if other else 0),
            "他他他 would then be right three times over. How often does the reference say it?",
        ),
        "divided by the reference's runs: this is recall": (
            _over(lambda own, other: other.total()),
            "Precision asks how much of the *prediction* is right.",
        ),
        "divided by the longer text's runs": (
            _over(lambda own, other: max(own.total(), other.total())),
            "Precision asks how much of the *prediction* is right, however long the reference is.",
        ),
        "shared runs over all runs of both": (
            _over(lambda own, other: (own | other).total()),
            "Precision asks how much of the *prediction* is right.",
        ),
        "each kind of run counts once, however often it occurs": (
            precision_with(share=lambda own, other: len(own & other) / len(own)),
            "Runs are counted, not kinds of runs: two of a kind may both be right.",
        ),
        "a run counts once at most": (
            precision_with(share=lambda own, other: len(own & other) / own.total()),
            "A run that the reference has twice may be right twice.",
        ),
        "divided by the kinds of runs, not by the runs": (
            _over(lambda own, other: len(own)),
            "A run that the prediction has twice is two runs.",
        ),
        "divided by the characters, not by the runs": (
            _over_characters,
            "How many runs of n does a text of L characters have?",
        ),
        "clipped at the larger of the two counts": (
            _counting(lambda own, other: max(own, other) if other else 0),
            "More than the prediction has cannot be right, nor more than the reference has.",
        ),
        "only runs count that the reference has exactly as often": (
            _counting(lambda own, other: own if own == other else 0),
            "A run that is said once too often is still right as often as the reference has it.",
        ),
        "a run that comes too often counts for nothing": (
            _counting(lambda own, other: own if own <= other else 0),
            "A run that is said once too often is still right as often as the reference has it.",
        ),
        "the prediction's last run is missed": (
            precision_with(lambda text, n: _runs(text[:-1], n), _runs),
            "Where does the last run of n begin? Try it with n = 1.",
        ),
        "the reference's last run is missed": (
            precision_with(_runs, lambda text, n: _runs(text[:-1], n)),
            "Where does the last run of n begin? Try it with n = 1.",
        ),
        "shorter runs at the end count, too": (
            precision_with(_ragged),
            "A slice beyond the end is merely shorter. Is that a run of n?",
        ),
        "runs do not overlap": (
            precision_with(lambda text, n: _runs(text, n, n)),
            "A run begins at every character.",
        ),
        "parted at spaces, as for English": (
            precision_with(_words),
            "Chinese writes no spaces: what would a whole sentence be?",
        ),
        "runs of bytes, not of characters": (
            precision_with(lambda text, n: _runs(text.encode(), n)),
            "A Chinese character is three bytes in UTF-8.",
        ),
        "the order inside a run is ignored": (
            precision_with(lambda text, n: ["".join(sorted(run)) for run in _runs(text, n)]),
            "见了 and 了见 are two runs.",
        ),
        "runs are compared place by place": (
            _side_by_side,
            "Where a run stands does not matter to BLEU.",
        ),
        "n is taken to be 1": (
            precision_with(lambda text, n: _runs(text, 1)),
            "n is an argument.",
        ),
        "n is taken to be 2": (
            precision_with(lambda text, n: _runs(text, 2)),
            "n is an argument.",
        ),
        "runs of all lengths up to n": (
            _all_lengths,
            "Each n has its precision; BLEU puts them together later.",
        ),
        "found runs are cut out of the reference, and break their neighbours": (
            _cut_out,
            "Runs overlap: taking one out must leave the others whole.",
        ),
        "a penalty for being short is multiplied in": (
            _brevity_too,
            "BLEU has one, over the whole corpus. What is asked for here is the precision alone.",
        ),
        "in percent": (
            precision_with(share=lambda own, other: 100 * _clipped(own, other)),
            "A share is between 0 and 1.",
        ),
        "divided without a remainder": (
            precision_with(share=lambda own, other: int(_clipped(own, other))),
            "// gives whole numbers.",
        ),
        "rounded": (
            precision_with(share=lambda own, other: round(_clipped(own, other), 1)),
            "Round what you print, not what you return.",
        ),
    }
)


# -- 07.7 a budget ----------------------------------------------------------------------------


def chosen_by(
    key: Function = lambda s: s["bleu"],
    keeps: Function = lambda s, budget: s["p95"] <= budget,
    result: Function = lambda s: s["name"],
) -> Function:
    """The choice, with a part replaced: whoever keeps the budget, of these the largest key; None where none does."""

    def choose(students, budget):
        within = [student for student in students if keeps(student, budget)]
        return result(max(within, key=key)) if within else None

    return choose


def _place(which: int) -> Function:
    """Whoever stands at this place among those that keep the budget."""

    def choose(students, budget):
        within = [student for student in students if student["p95"] <= budget]
        return within[which]["name"] if within else None

    return choose


def _best_of_all_or_none(students, budget):
    best = max(students, key=lambda s: s["bleu"], default=None)
    return best["name"] if best and best["p95"] <= budget else None


def _all_or_none(students, budget):
    return chosen_by()(students if all(s["p95"] <= budget for s in students) else [], budget)


def _every_name(students, budget):
    within = sorted((s for s in students if s["p95"] <= budget), key=lambda s: -s["bleu"])
    return [student["name"] for student in within] or None


BUDGET = named(
    {
        "the median decides: one call in two may take longer": (
            chosen_by(keeps=lambda s, budget: s["p50"] <= budget),
            "How many sentences of twenty are faster than the median?",
        ),
        "the middle between median and tail decides": (
            chosen_by(keeps=lambda s, budget: (s["p50"] + s["p95"]) / 2 <= budget),
            "How many sentences of twenty are faster than that? Nobody has measured it.",
        ),
        "median and tail are added up": (
            chosen_by(keeps=lambda s, budget: s["p50"] + s["p95"] <= budget),
            "Both are times of one sentence, the same one or another. Nobody waits for the two of them.",
        ),
        "the budget has no say": (
            chosen_by(keeps=lambda s, budget: True),
            "Who is too slow is no candidate, however good.",
        ),
        "the budget is taken for seconds": (
            chosen_by(keeps=lambda s, budget: s["p95"] <= 1000 * budget),
            "Both are in milliseconds.",
        ),
        "who is too slow is kept, and the others are left out": (
            chosen_by(keeps=lambda s, budget: s["p95"] >= budget),
            "Which way round is the comparison?",
        ),
        "part of the budget is kept back": (
            chosen_by(keeps=lambda s, budget: s["p95"] <= 0.95 * budget),
            "Nineteen of twenty is said of the sentences, not of the milliseconds.",
        ),
        "megabytes are held against the budget": (
            chosen_by(keeps=lambda s, budget: s["megabytes"] <= budget),
            "The budget is in milliseconds.",
        ),
        "megabytes must keep the budget, too": (
            chosen_by(keeps=lambda s, budget: max(s["p95"], s["megabytes"]) <= budget),
            "Bytes are another budget. The one that is given is in milliseconds.",
        ),
        "the fastest, not the best that is fast enough": (
            chosen_by(lambda s: -s["p95"]),
            "Time that the budget allows is there to be spent on quality.",
        ),
        "the one with the fastest median, not the best that is fast enough": (
            chosen_by(lambda s: -s["p50"]),
            "Time that the budget allows is there to be spent on quality.",
        ),
        "the smallest, not the best that is fast enough": (
            chosen_by(lambda s: -s["megabytes"]),
            "Bytes are another budget. The one that is given is in milliseconds.",
        ),
        "the slowest that fits: more time is taken for more quality": (
            chosen_by(lambda s: s["p95"]),
            "A slower student may be a worse one. What measures quality?",
        ),
        "the lowest BLEU": (chosen_by(lambda s: -s["bleu"]), "Is a low BLEU good?"),
        "BLEU for each millisecond": (
            chosen_by(lambda s: s["bleu"] / s["p95"]),
            "Within the budget, time costs nothing. What is left to compare?",
        ),
        "the last name in the alphabet": (
            chosen_by(lambda s: s["name"]),
            "max of names goes by their letters. By what should it go?",
        ),
        "the first that keeps the budget": (_place(0), "Is the first that fits the best?"),
        "the last that keeps the budget": (_place(-1), "Is the last that fits the best?"),
        "the best of all, and only if it keeps the budget": (
            _best_of_all_or_none,
            "Where the best is too slow, another may be fast enough: in which order do you ask?",
        ),
        "nobody, unless all keep the budget": (
            _all_or_none,
            "One slow student does not speak against the others.",
        ),
        "the student in place of the name": (
            chosen_by(result=lambda s: s),
            "What is asked for is its name.",
        ),
        "the score in place of the name": (
            chosen_by(result=lambda s: s["bleu"]),
            "What is asked for is its name.",
        ),
        "the names of all that keep the budget": (_every_name, "One is asked for."),
    }
)
