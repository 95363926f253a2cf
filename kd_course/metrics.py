"""How good a model is, how sure of itself, and how like its teacher: from well-kept libraries.

All take NumPy arrays on the CPU: `probabilities` of shape (rows, classes), `labels` of shape
(rows,). Figures over a data set are computed from all its rows at once, never averaged over
batches of unequal size.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import numpy as np


def shown(value: float, figure: str = "", *, percent: bool = False) -> str:
    """A figure as text: a BLEU or chrF, from 0 to 100, with one decimal; all else with three.

    figure: what is measured, as the ledger or a plot names it: "gain in BLEU, greedy". A share of
    a BLEU is a share. percent: shares in percent, with one decimal.
    """
    if re.search(r"\b(BLEU|chrF)\b", figure) and "share" not in figure:
        return _rounded(value, 1)
    return f"{_rounded(100 * value, 1)} %" if percent else _rounded(value, 3)


def _rounded(value: float, decimals: int) -> str:
    """As a person rounds: 0.6845 is 0.685, as 68.45 is 68.5, whatever is left of it in binary."""
    if not math.isfinite(value):
        return f"{value:.{decimals}f}"
    written = Decimal(f"{value:.10g}")
    return str(written.quantize(Decimal(10) ** -decimals, rounding=ROUND_HALF_UP))


# What a figure can be, by a word of its name; the first that is found counts.
_POSSIBLE = (
    (r"gain|minus|excess|, over", (-math.inf, math.inf)),  # differences
    (r"retention|share of", (0.0, math.inf)),  # of another model's figure, which may be surpassed
    (r"BLEU|chrF", (0.0, 100.0)),
    (r"accuracy\w*|exact match|F1|ECE|agreement|right|share|ranks", (0.0, 1.0)),
    (r"KL|kl_\w+|nll|loss|surprise|penalty|weakest|bias|variance|choice", (0.0, math.inf)),  # nats
    (r"temperature|MB|ms|second", (0.0, math.inf)),
)


def possible(figure: str) -> tuple[float, float]:
    """The least and the most that a figure can be, by its name: (0, 1) for an accuracy.

    figure: as the ledger names it, with its arm or without: "distilled/gain in BLEU, greedy".
    Returns (-inf, inf) for differences, and for a name that says nothing.
    """
    what = figure.rpartition("/")[2]
    for words, bounds in _POSSIBLE:
        if re.search(rf"\b({words})\b", what):
            return bounds
    return -math.inf, math.inf


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Logits (rows, classes) as probabilities, in float64, at a temperature."""
    from scipy.special import softmax

    return softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=-1)


def correct(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(rows,): 1.0 where the most probable class is the label, else 0.0."""
    return (np.asarray(probabilities).argmax(-1) == np.asarray(labels)).astype(np.float64)


def macro_f1(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """F1 of each class, averaged so that a rare class weighs as much as a common one.

    A class that does not occur has F1 0 (scikit-learn, left to itself, would leave it out).
    """
    from sklearn.metrics import f1_score

    given, classes = np.asarray(probabilities).argmax(-1), np.arange(np.shape(probabilities)[-1])
    return float(f1_score(labels, given, labels=classes, average="macro", zero_division=0.0))


def class_counts(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(rows, 3·classes): what each row adds to what macro F1 is made of; see `macro_f1_of`.

    The columns: rightly given to each class, given to it, labelled with it.
    """
    classes = np.arange(np.asarray(probabilities).shape[-1])
    given = np.asarray(probabilities).argmax(-1)[:, None] == classes
    labelled = np.asarray(labels)[:, None] == classes
    return np.concatenate([given & labelled, given, labelled], axis=-1).astype(np.float64)


def macro_f1_of(counts: np.ndarray) -> float:
    """Macro F1 from the sums (3·classes,) of `class_counts` over all rows."""
    right, given, labelled = np.split(np.asarray(counts), 3)
    return float(np.mean(2 * right / np.maximum(given + labelled, 1)))


def agreement(probabilities: np.ndarray, reference: np.ndarray) -> float:
    """The share of rows in which two models choose the same class, right or wrong."""
    return float((np.asarray(probabilities).argmax(-1) == np.asarray(reference).argmax(-1)).mean())


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, *, bins: int = 15) -> float:
    """How far confidence is from accuracy on average: the expected calibration error (ECE).

    Bins of equal width; a confidence on an edge belongs to the upper bin, and 1 to the last. Computed
    in float32: within its rounding of an edge either bin may have the row. NaN where a confidence is.

    Guo et al., On Calibration of Modern Neural Networks, 2017.
    """
    import torch
    from torchmetrics.functional.classification import multiclass_calibration_error

    if np.isnan(probabilities).any():  # torchmetrics would take the confidence for 0
        return math.nan
    # torchmetrics gives a confidence of 1 a bin of its own: it is given the largest float32 below 1.
    given = torch.as_tensor(np.minimum(probabilities, 1 - 2**-24))
    return float(
        multiclass_calibration_error(
            given,
            torch.as_tensor(np.asarray(labels)),
            num_classes=given.shape[-1],
            n_bins=bins,
            norm="l1",
        )
    )


def confidence_counts(
    probabilities: np.ndarray, labels: np.ndarray, *, bins: int = 15
) -> np.ndarray:
    """(rows, 1 + bins): what each row adds to the ECE, which depends on the sums alone.

    The columns: 1, and for each bin of `calibration_error` the row's confidence minus whether it
    is right.
    """
    confidence = np.asarray(probabilities).max(-1)
    which = _bin_of(confidence, bins)
    counts = np.zeros((len(confidence), 1 + bins))
    counts[:, 0] = 1
    counts[np.arange(len(confidence)), 1 + which] = confidence - correct(probabilities, labels)
    return counts


def _bin_of(confidence: np.ndarray, bins: int) -> np.ndarray:
    """(rows,): each row's bin. NaN falls into the first, whose figures it makes NaN."""
    return np.minimum((np.nan_to_num(confidence) * bins).astype(int), bins - 1)


def calibration_error_of(counts: np.ndarray) -> float:
    """The ECE from the sums (1 + bins,) of `confidence_counts` over all rows."""
    return float(np.abs(counts[1:]).sum() / counts[0])


def reliability(
    probabilities: np.ndarray, labels: np.ndarray, *, bins: int = 10
) -> dict[str, np.ndarray]:
    """What a reliability diagram draws: per bin of confidence its mean confidence, accuracy, rows.

    Returns arrays (bins,) under "confidence", "accuracy" and "rows"; NaN where a bin is empty.
    """
    confidence = np.asarray(probabilities).max(-1)
    right = correct(probabilities, labels)
    which = _bin_of(confidence, bins)
    rows = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):
        return {
            "confidence": np.bincount(which, confidence, minlength=bins) / rows,
            "accuracy": np.bincount(which, right, minlength=bins) / rows,
            "rows": rows,
        }


def surprise(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(rows,): -log of the probability given to the label, in nats; its mean is the NLL."""
    probabilities = np.asarray(probabilities)
    chosen = probabilities[np.arange(len(probabilities)), np.asarray(labels)]
    return -np.log(np.maximum(chosen, np.finfo(np.float64).tiny))


def kl_rows(target: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(rows,): KL(target ‖ probabilities) in nats; inf where the model rules out what can happen."""
    from scipy.special import rel_entr

    return rel_entr(np.asarray(target, dtype=np.float64), np.asarray(probabilities)).sum(-1)


def best_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that makes a trained model's confidence fit a validation split best.

    logits: (rows, classes); labels: (rows,). Returns the T that minimises the mean surprise of
    softmax(logits / T), sought in 0.05 … 20. It changes no decision, only the confidence.

    Guo et al., On Calibration of Modern Neural Networks, 2017, section 4.2.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_t: surprise(probabilities(logits, np.exp(log_t)), labels).mean(),
        bounds=(np.log(0.05), np.log(20)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(found.x))


# -- ranks -----------------------------------------------------------------------------------


def reciprocal_ranks(scores: np.ndarray, right: np.ndarray, *, k: int = 10) -> np.ndarray:
    """1/rank of every question's right passage among all, 0 where it is not among the k best.

    scores: (questions, passages); right: (questions,), the right passage's number.
    Passages with the same score share the worst of their ranks, so that a model that cannot tell
    them apart gains nothing. Nor does NaN: it ranks the right passage last, and a wrong one before it.
    Returns (questions,); the mean is MRR@k.
    """
    own = scores[np.arange(len(scores)), right]
    rank = (~(scores < own[:, None])).sum(-1)  # itself included, and what NaN cannot be compared
    return np.where(rank <= k, 1 / rank, 0.0)


# -- answers in words -------------------------------------------------------------------------

# SQuAD's metrics in our own lines: torchmetrics has those of SQuAD 2.0, where two empty answers
# agree (F1 1), and adds up in float32; version 1.1 gives such a pair F1 0.

_PUNCTUATION = str.maketrans("", "", string.punctuation)


def exact_match(predictions: Sequence[str], answers: Sequence[Sequence[str]]) -> np.ndarray:
    """(rows,): 1.0 where a prediction is one of the row's answers, as `normalised` texts, else 0.0.

    predictions: one text a row; answers: at least one text a row, those of several annotators.
    Raises ValueError when the two have unequal lengths or a row has no answer.

    Rajpurkar et al., SQuAD: 100,000+ questions for machine comprehension of text, 2016.
    """
    return _best_of(lambda p, a: float(normalised(p) == normalised(a)), predictions, answers)


def f1(predictions: Sequence[str], answers: Sequence[Sequence[str]]) -> np.ndarray:
    """(rows,): the overlap of a prediction's words with an answer's, best answer of the row, 0 … 1.

    predictions, answers: as for `exact_match`. Words are those of the `normalised` texts, counted
    as often as they occur; F1 is 2·precision·recall / (precision + recall), and 0 when no word is
    shared. So two texts without words match exactly and yet have F1 0, as in the official script.

    Rajpurkar et al., SQuAD, 2016.
    """
    return _best_of(_words_f1, predictions, answers)


def normalised(text: str) -> str:
    """Lower case, no ASCII punctuation, no articles (a, an, the), single spaces: SQuAD's rule."""
    text = re.sub(r"\b(a|an|the)\b", " ", text.lower().translate(_PUNCTUATION))
    return " ".join(text.split())


def _words_f1(prediction: str, answer: str) -> float:
    predicted, wanted = normalised(prediction).split(), normalised(answer).split()
    shared = sum((Counter(predicted) & Counter(wanted)).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def _best_of(
    score: Callable[[str, str], float],
    predictions: Sequence[str],
    answers: Sequence[Sequence[str]],
) -> np.ndarray:
    if isinstance(predictions, str) or any(isinstance(row, str) for row in answers):
        raise TypeError("predictions must be a list of texts, and answers a list of lists of texts")
    if len(predictions) != len(answers):
        raise ValueError(
            f"predictions and answers must have one entry a row, but have {len(predictions)} and "
            f"{len(answers)}"
        )
    missing = [row for row, texts in enumerate(answers) if not len(texts)]
    if missing:
        raise ValueError(f"answers: every row needs at least one, but row {missing[0]} has none")
    return np.array(
        [
            max(score(prediction, answer) for answer in row)
            for prediction, row in zip(predictions, answers, strict=True)
        ],
        dtype=np.float64,
    )


# -- translations -----------------------------------------------------------------------------


class Score(NamedTuple):
    """A corpus score, 0 … 100, and the signature without which it cannot be compared."""

    value: float
    signature: str

    def __str__(self) -> str:
        return f"{shown(self.value, 'BLEU')}   {self.signature}"


def bleu(
    predictions: Sequence[str], references: Sequence[Sequence[str]], *, tokenize: str = "zh"
) -> Score:
    """BLEU of a whole corpus, from sacrebleu: shared runs of one to four tokens, 0 … 100.

    predictions: one text a row; references: one right text a row or more, as a list of lists.
    tokenize: "zh" parts Chinese into characters, "13a" is for languages that write spaces; the
    same texts have other scores under another one, so the signature names it.
    Raises ValueError when the two have unequal lengths, a row has no reference, or sacrebleu knows
    no such tokenizer.

    Papineni et al., BLEU, 2002; Post, A Call for Clarity in Reporting BLEU Scores, 2018.
    """
    return _corpus_score(_bleu(tokenize), predictions, references)


def chrf(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Score:
    """chrF2 of a whole corpus, from sacrebleu: shared runs of one to six characters, 0 … 100.

    predictions, references: as for `bleu`. It needs no tokenizer.

    Popović, chrF: character n-gram F-score for automatic MT evaluation, 2015.
    """
    from sacrebleu.metrics import CHRF

    return _corpus_score(CHRF(), predictions, references)


def sentence_bleu(prediction: str, references: Sequence[str], *, tokenize: str = "zh") -> float:
    """BLEU of one sentence, 0 … 100: for choosing among candidates, too noisy for a verdict."""
    _one_entry_a_row([prediction], [references])
    scorer = _bleu(tokenize, effective_order=True)
    return scorer.sentence_score(prediction, list(references)).score


def bleu_counts(
    predictions: Sequence[str], references: Sequence[Sequence[str]], *, tokenize: str = "zh"
) -> np.ndarray:
    """(rows, 10): what each row adds to a corpus's BLEU, which depends on the sums alone.

    The columns: tokens of the prediction and of the reference nearest in length; the runs of one
    to four tokens that are shared; and all such runs of the prediction.
    """
    _one_entry_a_row(predictions, references)
    scorer = _bleu(tokenize, effective_order=True)
    scores = [scorer.sentence_score(p, r) for p, r in zip(predictions, references, strict=True)]
    return np.array([[s.sys_len, s.ref_len, *s.counts, *s.totals] for s in scores])


def bleu_of(counts: np.ndarray) -> float:
    """BLEU, 0 … 100, from the sums (10,) of `bleu_counts` over a corpus's rows."""
    from sacrebleu.metrics import BLEU

    sums = [int(count) for count in counts]
    return BLEU.compute_bleu(sums[2:6], sums[6:], sums[0], sums[1]).score


def _bleu(tokenize: str, **options: Any) -> Any:
    from sacrebleu.metrics import BLEU

    if tokenize not in BLEU.TOKENIZERS:
        raise ValueError(
            f"tokenize must be one of {', '.join(sorted(BLEU.TOKENIZERS))}, but is {tokenize!r}"
        )
    return BLEU(tokenize=tokenize, **options)


def _corpus_score(
    scorer: Any, predictions: Sequence[str], references: Sequence[Sequence[str]]
) -> Score:
    _one_entry_a_row(predictions, references)
    most = max(map(len, references), default=0)
    # sacrebleu takes one list for all first references, one for all second ones, and so on.
    streams = [[row[i] if i < len(row) else None for row in references] for i in range(most)]
    value = scorer.corpus_score(list(predictions), streams).score
    return Score(float(value), str(scorer.get_signature()))


def _one_entry_a_row(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    if isinstance(predictions, str) or any(isinstance(row, str) for row in references):
        raise TypeError("predictions must be a list of texts, references a list of lists of texts")
    if len(predictions) != len(references) or not predictions:
        raise ValueError(
            f"predictions and references must have one entry a row, and at least one, but have "
            f"{len(predictions)} and {len(references)}"
        )
    missing = [row for row, texts in enumerate(references) if not len(texts)]
    if missing:
        raise ValueError(f"references: every row needs at least one, but row {missing[0]} has none")
