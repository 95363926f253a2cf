"""Answers as spans: windows over a passage, characters to tokens and back, the best answers.

A passage may be longer than a model can read. It is cut into overlapping *windows*, each with the
whole question in front: [CLS] question [SEP] a stretch of the passage [SEP]. A window's row is a
row of the batch; an example is a question, and may have several.

    windows(tokenizer, questions, contexts)   what a model reads, and which tokens may be answers
    rows                                      windows one by one, as a trainer takes them
    labels, targets                           where the answer is in each window, if it is there
    collate                                   windows as a padded batch of tensors
    best_answers                              from logits back to text, over all windows

An answer that a window cuts off is not in that window. The window is not thrown away, for a
teacher still has an opinion of it, but it has no hard label: -100.

Devlin et al., BERT, 2018, section 4.2; windows with stride as in its published code for SQuAD.
"""

from kd_course.spans.answer_search import Answer, best_answers, texts
from kd_course.spans.windows import (
    MODEL_INPUTS,
    NOT_HERE,
    collate,
    labels,
    rows,
    shared_words,
    targets,
    to_characters,
    to_tokens,
    windows,
)

__all__ = [
    "MODEL_INPUTS",
    "NOT_HERE",
    "Answer",
    "best_answers",
    "collate",
    "labels",
    "rows",
    "shared_words",
    "targets",
    "texts",
    "to_characters",
    "to_tokens",
    "windows",
]
