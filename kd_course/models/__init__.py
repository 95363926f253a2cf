"""Teachers and students: built by size, loaded by name, copied layer by layer.

Everything is a model of transformers with its tokenizer, so that whatever works there (saving,
loading, serving) works here.
"""

from kd_course.models.copying import copy_layers
from kd_course.models.decoders import (
    DECODERS,
    END,
    LONGEST_WRITTEN,
    decoder,
    load_decoder,
    train_spelling_tokenizer,
)
from kd_course.models.encoders import (
    LONGEST,
    READERS,
    SHIPPED,
    SIZES,
    classifier,
    load,
    load_reader,
    reader,
    train_tokenizer,
)
from kd_course.models.layers import layer_stack, queries_keys_values
from kd_course.models.picture_readers import SEEING_SIZES, picture_classifier

__all__ = [
    "DECODERS",
    "END",
    "LONGEST",
    "LONGEST_WRITTEN",
    "READERS",
    "SEEING_SIZES",
    "SHIPPED",
    "SIZES",
    "classifier",
    "copy_layers",
    "decoder",
    "layer_stack",
    "load",
    "load_decoder",
    "load_reader",
    "picture_classifier",
    "queries_keys_values",
    "reader",
    "train_spelling_tokenizer",
    "train_tokenizer",
]
