"""How far one distribution is from another: pure functions of probability tensors, in nats.

Everything here takes probabilities of shape (..., classes) and returns (...). Leading dimensions
broadcast. The losses a student is trained on take logits instead and live in `losses`.

Exact at the edge of the simplex: 0·log 0 = 0, and a class that p holds possible and q impossible
costs infinitely much. A class whose term is fixed that way passes no gradient, so a zero never
turns a gradient into NaN.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def softmax(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """The distribution that the logits stand for, flattened by a temperature above one.

    logits: (..., classes), any real numbers; -inf excludes a class.
    Returns (..., classes): exp(z_i / T) / Σ_j exp(z_j / T), each row summing to one.
    Raises ValueError when the temperature is not a positive, finite number.

    Hinton, Vinyals & Dean, Distilling the Knowledge in a Neural Network, 2015, equation 1.
    """
    temperature = positive_temperature(temperature)
    return torch.softmax(in_full_precision(logits, "logits") / temperature, dim=-1)


def entropy(p: Tensor) -> Tensor:
    """How many nats of surprise an outcome of p brings on average.

    p: (..., classes), probabilities; each row sums to one.
    Returns (...): H(p) = -Σ p log p, between 0 and log(classes), with 0·log 0 = 0.
    Raises ValueError naming the argument and its sum when a row is no distribution.

    Shannon, A Mathematical Theory of Communication, 1948.
    """
    p = as_distribution(p, "p")
    return -(p * _log(p)).sum(-1)


def cross_entropy(p: Tensor, q: Tensor) -> Tensor:
    """How many nats of surprise the outcomes of p bring to one who believes q.

    p, q: (..., classes), probabilities; each row sums to one.
    Returns (...): H(p, q) = -Σ p log q, with 0·log 0 = 0, and inf where p > 0 = q.
    Raises ValueError naming the argument and its sum when a row is no distribution.

    Cover & Thomas, Elements of Information Theory, 2006, chapter 5.
    """
    p, q = _two_distributions(p, q)
    return _with_impossible(p, q, -p * _log(q)).sum(-1)


def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    """How many nats it costs, on average, to believe q when p is true.

    p, q: (..., classes), probabilities; each row sums to one.
    Returns (...): KL(p ‖ q) = Σ p (log p - log q), with 0·log 0 = 0, and inf where p > 0 = q.
    Raises ValueError naming the argument and its sum when a row is no distribution.

    Kullback & Leibler, On Information and Sufficiency, 1951.
    """
    p, q = _two_distributions(p, q)
    return _kl(p, q)


def js_divergence(p: Tensor, q: Tensor) -> Tensor:
    """How far p and q are from their midpoint, on average: a symmetric, bounded relative of KL.

    p, q: (..., classes), probabilities; each row sums to one.
    Returns (...): JS(p, q) = ½ KL(p ‖ m) + ½ KL(q ‖ m), m = ½ (p + q), between 0 and log 2.
    Raises ValueError naming the argument and its sum when a row is no distribution.

    Lin, Divergence Measures Based on the Shannon Entropy, 1991.
    """
    p, q = _two_distributions(p, q)
    middle = (p + q) / 2
    return (_kl(p, middle) + _kl(q, middle)) / 2


# -- what is accepted -------------------------------------------------------------------------


def positive_temperature(temperature: float) -> float:
    """The temperature as a float; ValueError unless it is positive and finite."""
    temperature = float(temperature)
    if not (temperature > 0 and math.isfinite(temperature)):
        raise ValueError(f"temperature must be a positive, finite number, but is {temperature:g}")
    return temperature


def without_autocast(values: Tensor) -> torch.autocast:
    """While it is open, products on the values' device are computed in the precision they come in.

    Under torch.autocast a matrix product goes back to half precision, whatever its factors were.
    """
    return torch.autocast(values.device.type, enabled=False)


def in_full_precision(values: Tensor, name: str) -> Tensor:
    """The same values in float32, or in float64 where they came in float64."""
    if not isinstance(values, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, but is a {type(values).__name__}")
    if values.is_complex():
        raise TypeError(f"{name} must be real numbers, but has dtype {values.dtype}")
    return values if values.dtype == torch.float64 else values.float()


# A row may miss one by its rounding: half precision keeps about three decimal digits.
_SUM_TOLERANCE = {torch.float64: 1e-6, torch.float16: 4e-3, torch.bfloat16: 3e-2}


def as_distribution(p: Tensor, name: str) -> Tensor:
    """p in full precision; ValueError, with the sum, unless every row is a distribution."""
    p, given = in_full_precision(p, name), p.dtype
    tolerance = _SUM_TOLERANCE.get(given, 1e-4)
    if p.ndim == 0 or p.shape[-1] == 0:
        raise ValueError(f"{name} must have shape (..., classes), but has shape {tuple(p.shape)}")
    if p.numel() == 0:
        return p
    values = p.detach()
    sums = values.sum(-1)
    off = ~((sums - 1).abs() <= tolerance)  # written so that NaN counts as off
    if off.any():
        raise ValueError(
            f"{name} is no distribution: {_first(off)} sums to {sums[off][0].item():.6g}, not to 1. "
            "Logits go through divergences.softmax first; counts are divided by their sum."
        )
    if (values < 0).any():
        off = (values < 0).any(-1)
        raise ValueError(
            f"{name} is no distribution: {_first(off)} sums to {sums[off][0].item():.6g} but "
            f"holds the negative value {values.min().item():.6g}; probabilities are never negative"
        )
    return p


def _first(off: Tensor) -> str:
    if off.ndim == 0:
        return "it"
    return f"row {tuple(off.nonzero()[0].tolist())}"


def _two_distributions(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    p, q = as_distribution(p, "p"), as_distribution(q, "q")
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(
            f"p and q must be over the same classes, but p has shape {tuple(p.shape)} "
            f"and q has shape {tuple(q.shape)}"
        )
    try:
        return torch.broadcast_tensors(
            *(x.to(torch.promote_types(p.dtype, q.dtype)) for x in (p, q))
        )
    except RuntimeError:
        raise ValueError(
            f"p of shape {tuple(p.shape)} and q of shape {tuple(q.shape)} do not broadcast"
        ) from None


# -- the edge of the simplex ------------------------------------------------------------------


def _log(p: Tensor) -> Tensor:
    """log p, and 0 with no gradient where p = 0: there it only ever multiplies a zero."""
    return torch.where(p > 0, p, torch.ones_like(p)).log()


def _with_impossible(p: Tensor, q: Tensor, terms: Tensor) -> Tensor:
    """The terms, but inf for a class that happens (p > 0) though q rules it out (q = 0)."""
    return torch.where((p > 0) & (q == 0), torch.full_like(terms, math.inf), terms)


def _kl(p: Tensor, q: Tensor) -> Tensor:
    return _with_impossible(p, q, p * (_log(p) - _log(q))).sum(-1)
