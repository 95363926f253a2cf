"""Translation distilled: translators and their tokenizers, search, the corpus a teacher rewrites."""

from kd_course.translation.models import SIZES, copy_layers, load, translator
from kd_course.translation.vocabulary import (
    PairTokenizer,
    collator,
    tokenised,
    train_tokenizers,
)

__all__ = [
    "SIZES",
    "PairTokenizer",
    "collator",
    "copy_layers",
    "load",
    "tokenised",
    "train_tokenizers",
    "translator",
]
