"""Which rows to ask about, where not all can be paid for."""

from __future__ import annotations

import math

import numpy as np

from kd_course import metrics


def most_uncertain(logits: np.ndarray, share: float) -> list[int]:
    """The positions of the rows on which a model is least sure, in ascending order.

    logits: (rows, classes), of a model in eval mode; share: of the rows to be kept, above 0 and at
    most 1; a part of a row counts as a whole one. Least sure is largest entropy, and of rows that
    are equally unsure the earlier ones are kept.
    Raises ValueError for another share.

    Li et al., Dynamic knowledge distillation for pre-trained language models, 2021, ask the student
    for its uncertainty. Whoever asks the teacher asks which rows are ambiguous: another question.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must lie above 0 and be at most 1, but is {share:g}")
    p = metrics.probabilities(np.asarray(logits))
    entropy = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0).sum(-1)
    kept = math.ceil(round(share * len(entropy), 9))  # 0.1 · 30 is 3.0000000000000004
    return sorted(np.argsort(-entropy, kind="stable")[:kept].tolist())
