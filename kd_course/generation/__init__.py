"""Models that write: prompts and completions as batches, sampling, drafts, other tokenizers."""

from kd_course.generation.alignment import shared_spans
from kd_course.generation.prompts import Written, collate, log_probabilities, rows_of, written_rows
from kd_course.generation.sampling import sample, texts_of
from kd_course.generation.speculation import accept_or_replace, speculate, tokens_per_call
from kd_course.generation.written_answers import (
    decoder_inputs,
    encoder_decoder,
    not_in_passage,
    write_beside,
)

__all__ = [
    "Written",
    "accept_or_replace",
    "collate",
    "decoder_inputs",
    "encoder_decoder",
    "log_probabilities",
    "not_in_passage",
    "rows_of",
    "sample",
    "shared_spans",
    "speculate",
    "texts_of",
    "tokens_per_call",
    "write_beside",
    "written_rows",
]
