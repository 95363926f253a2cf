"""Lesson 12 under other conventions: what shares a scale, and how codes are laid into bytes."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import torch

from kd_course.exercises.variants import Collection, slip_table
from kd_course.lessons.lesson12.slips import (
    by_column,
    by_row,
    by_tensor,
    quantizer,
    weighing,
    whole,
)

variant = Collection()

# -- 12.1 fewer codes -------------------------------------------------------------------------

_CODES = """The codes are whole numbers that lie evenly around zero, as many as the bits allow, and every weight
    becomes the nearest that a code stands for. Zeros stay zeros. No weight that is tried lies halfway
    between two codes."""


def _quantize_slips(largest, **options):
    """The slips of a quantizer that finds its scale, or gives its answer, in another way."""
    table = {
        "the largest weight is 2 ** (bits - 1) steps, which no code can be": {
            "steps": lambda bits: 2 ** (bits - 1)
        },
        "2 ** (bits - 1) codes on either side of zero: with zero one too many": {
            "last": lambda bits: 2 ** (bits - 1)
        },
        "all 2 ** bits codes are laid on one side of zero": {"last": lambda bits: 2**bits - 1},
        "eight bits, whatever `bits` says": {"last": lambda bits: 127},
        "cut off towards zero, not rounded": {"to_whole": torch.trunc},
        "rounded down": {"to_whole": torch.floor},
    }
    return slip_table(
        "12.1", {name: quantizer(largest, **options, **part) for name, part in table.items()}
    )


@variant(
    "12.1",
    "one scale for the whole matrix",
    instead="a scale for each row",
    statement=f"""
    Return what is left of the weight when it is written symmetrically with `bits` bits and read back, with **one
    scale for the whole matrix**: its most extreme weight comes back as it was. {_CODES}
    """,
    slips=_quantize_slips(by_tensor),
)
def fake_quantize(weight, bits):
    """A weight, written with few bits and a single scale, and read back.

    weight: (rows, columns), not all of it 0; bits: an int, 2 at least. Returns (rows, columns).
    """
    ### BEGIN SOLUTION
    last = 2 ** (bits - 1) - 1
    scale = weight.abs().max() / last
    return (weight / scale).round() * scale
    ### END SOLUTION


@variant(
    "12.1",
    "a scale for each column",
    instead="a scale for each row",
    statement=f"""
    Return what is left of the weight when each **column** is written symmetrically with `bits` bits and read back,
    with a scale of its own: the most extreme weight of a column comes back as it was. {_CODES}
    """,
    slips=_quantize_slips(by_column),
)
def fake_quantize(weight, bits):
    """A weight, written column by column with few bits, and read back.

    weight: (rows, columns), no column of zeros; bits: an int, 2 at least. Returns (rows, columns).
    """
    ### BEGIN SOLUTION
    last = 2 ** (bits - 1) - 1
    scale = weight.abs().amax(dim=0) / last
    return (weight / scale).round() * scale
    ### END SOLUTION


@variant(
    "12.1",
    "the codes are returned",
    instead="the weights that the codes stand for are returned",
    statement=f"""
    Return the **codes**, as floats, of a weight of which each row is written symmetrically with `bits` bits: the most
    extreme weight of a row has the last code, or its negative. {_CODES}
    """,
    slips=_quantize_slips(by_row, back=False),
)
def fake_quantize(weight, bits):
    """The codes of a weight that is written with few bits, row by row.

    weight: (rows, columns); bits: an int, 2 at least. Returns (rows, columns), whole numbers as floats.
    """
    ### BEGIN SOLUTION
    last = 2 ** (bits - 1) - 1
    largest = weight.abs().amax(dim=1, keepdim=True)
    return torch.where(largest > 0, (weight * last / largest).round(), 0.0)
    ### END SOLUTION


# -- 12.3 bytes -------------------------------------------------------------------------------

_FLOATS = "`other` numbers stay float32. Return the bytes of it all, an int."


def _packed_slips(codes=None, scale=None):
    """The slips of a packing whose codes or scales take other bytes."""
    right = {}
    if codes:
        right["codes"] = codes
    if scale:
        right["scale"] = scale
    table = {
        "the scales are forgotten": {"scale": lambda r, c, bits: 0},
        "what is not quantized is forgotten": {"others": lambda other, bits: 0},
        "what is not quantized is packed, too": {"others": lambda other, bits: whole(other * bits)},
        "every code takes a byte": {"codes": lambda r, c, bits: r * c},
        "these are bits": {"after": lambda total: 8 * total},
    }
    return slip_table("12.3", {name: weighing(**{**right, **part}) for name, part in table.items()})


@variant(
    "12.3",
    "a scale takes two bytes",
    instead="a scale takes four bytes",
    statement=f"""
    Each matrix of `shapes` is kept as codes of `bits` bits, one after the other without a gap, and each matrix
    begins with a new byte. Every row has a scale, a **float16**. {_FLOATS}
    """,
    slips=_packed_slips(scale=lambda r, c, bits: 2 * r),
)
def packed_bytes(shapes, bits, other):
    """What a model's weights take when they are packed, with scales of half precision.

    shapes: a list of [rows, columns]; bits: of a code; other: how many numbers are not quantized.
    Returns an int.
    """
    ### BEGIN SOLUTION
    return 4 * other + sum((r * c * bits + 7) // 8 + 2 * r for r, c in shapes)
    ### END SOLUTION


@variant(
    "12.3",
    "one scale a matrix",
    instead="a scale for each row",
    statement=f"""
    Each matrix of `shapes` is kept as codes of `bits` bits, one after the other without a gap, and each matrix
    begins with a new byte. **Every matrix has one scale**, a float32. {_FLOATS}
    """,
    slips=_packed_slips(scale=lambda r, c, bits: 4),
)
def packed_bytes(shapes, bits, other):
    """What a model's weights take when they are packed, with one scale a matrix.

    shapes: a list of [rows, columns]; bits: of a code; other: how many numbers are not quantized.
    Returns an int.
    """
    ### BEGIN SOLUTION
    return 4 * other + sum((r * c * bits + 7) // 8 + 4 for r, c in shapes)
    ### END SOLUTION


@variant(
    "12.3",
    "every row begins with a new byte",
    instead="every matrix begins with a new byte",
    statement=f"""
    Each matrix of `shapes` is kept as codes of `bits` bits. **Every row begins with a new byte**, and what is left of
    its last byte stays empty. Every row has a scale, a float32. {_FLOATS}
    """,
    slips=_packed_slips(codes=lambda r, c, bits: r * whole(c * bits)),
)
def packed_bytes(shapes, bits, other):
    """What a model's weights take when they are packed row by row.

    shapes: a list of [rows, columns]; bits: of a code; other: how many numbers are not quantized.
    Returns an int.
    """
    ### BEGIN SOLUTION
    return 4 * other + sum(r * ((c * bits + 7) // 8) + 4 * r for r, c in shapes)
    ### END SOLUTION


VARIANTS = tuple(variant)
