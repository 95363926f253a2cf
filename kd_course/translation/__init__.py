"""Translation distilled: translators and their tokenizers, search, the corpus a teacher rewrites."""

from kd_course.translation.rewriting import (
    closest,
    pairs_from,
    read_lines,
    read_rewritten,
    rewrite,
    weights_digest,
)
from kd_course.translation.search import beam_search, n_best, next_token_of, translate
from kd_course.translation.translators import SIZES, copy_layers, load, translator
from kd_course.translation.truth import choice_of_words, truth_of
from kd_course.translation.vocabulary import PairTokenizer, collator, tokenised, train_tokenizers

__all__ = [
    "SIZES",
    "PairTokenizer",
    "beam_search",
    "choice_of_words",
    "closest",
    "collator",
    "copy_layers",
    "load",
    "n_best",
    "next_token_of",
    "pairs_from",
    "read_lines",
    "read_rewritten",
    "rewrite",
    "tokenised",
    "train_tokenizers",
    "translate",
    "translator",
    "truth_of",
    "weights_digest",
]
