"""Smaller without another architecture: fewer bits a weight, fewer weights, narrower products.

All take a trained model and return a changed copy; none needs a teacher, though all but the mildest
are the better for one. `magnitude_pruning` and `eight_bits` are lesson 01's; `low_bits` (trained with
rounding in the loop), `low_rank`, `structured_pruning` and `onnx_model` are lesson 12's.
"""

from kd_course.compression.eight_bits import (
    Int8Embedding,
    Int8Linear,
    int8,
    quantize_rows,
    with_int8_kernels,
)
from kd_course.compression.factorization import break_even_rank, low_rank, rank_for, split
from kd_course.compression.low_bits import (
    bytes_at,
    fake_quantized,
    rounded,
    rounded_for_good,
    scales,
)
from kd_course.compression.magnitude_pruning import (
    make_permanent,
    pruned,
    sparsity,
    weight_matrices,
)
from kd_course.compression.on_disk import bytes_on_disk, load, save
from kd_course.compression.onnx_model import OnnxModel, int8_onnx, to_onnx
from kd_course.compression.structured_pruning import importance, narrowed

__all__ = [
    "Int8Embedding",
    "Int8Linear",
    "OnnxModel",
    "break_even_rank",
    "bytes_at",
    "bytes_on_disk",
    "fake_quantized",
    "importance",
    "int8",
    "int8_onnx",
    "load",
    "low_rank",
    "make_permanent",
    "narrowed",
    "pruned",
    "quantize_rows",
    "rank_for",
    "rounded",
    "rounded_for_good",
    "save",
    "scales",
    "sparsity",
    "split",
    "to_onnx",
    "weight_matrices",
    "with_int8_kernels",
]
