"""Which passage answers a question: found by words, by two vectors, or by reading both together.

    lexical_scores     words in common, weighed by how rare they are (BM25): nothing is trained
    candidates         the right passage and the best wrong ones, for a teacher to compare
    pair_rows          question and passage as one input, for a cross-encoder
    cross_scores       what a cross-encoder says of such pairs
    BiEncoder, encode  each text a vector, the score a dot product: passages can be encoded beforehand

A cross-encoder sees which words of the two belong together, and has to be run for every pair. A
bi-encoder is run once a text. That is why one teaches and the other serves.
"""

from kd_course.retrieval.cross_encoding import cross_encoder, cross_scores, pair_rows
from kd_course.retrieval.lexical import candidates, lexical_scores
from kd_course.retrieval.two_towers import BiEncoder, bi_encoder, encode

__all__ = [
    "BiEncoder",
    "bi_encoder",
    "candidates",
    "cross_encoder",
    "cross_scores",
    "encode",
    "lexical_scores",
    "pair_rows",
]
