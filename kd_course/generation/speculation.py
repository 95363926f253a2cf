"""Speculative decoding: a small model drafts, a large one reads the draft at once and corrects it.

What comes out has the large model's distribution exactly, whatever the draft is worth. A good draft
only makes it cheaper.

Leviathan, Kalman & Matias, Fast inference from transformers via speculative decoding, 2023.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from kd_course.generation.prompts import refuse_beyond_positions

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def accept_or_replace(
    drafted: Tensor, draft_p: Tensor, target_p: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Keep a drafted token with probability min(1, p/q), else draw another from (p - q)₊.

    drafted: (rows,), drawn from draft_p; draft_p (q), target_p (p): (rows, vocabulary).
    Returns the tokens, distributed as target_p, and whether each was the drafted one: (rows,) both.
    On average 1 - ½ Σ |p - q| are kept: one minus the total variation distance.
    """
    p, q = (x.gather(-1, drafted[:, None])[:, 0] for x in (target_p, draft_p))
    kept = torch.rand(p.shape, generator=generator).to(p.device) * q < p
    left = (target_p - draft_p).clamp(min=0)
    # Where p = q nothing is left, and nothing is replaced.
    left = torch.where(left.sum(-1, keepdim=True) > 0, left, target_p)
    other = torch.multinomial(left.cpu(), 1, generator=generator)[:, 0].to(drafted.device)
    return torch.where(kept, drafted, other), kept


def speculate(
    target: PreTrainedModel,
    draft: PreTrainedModel,
    prompt: list[int],
    *,
    ahead: int,
    longest: int,
    end: int,
    generator: torch.Generator | None = None,
) -> tuple[list[int], int, list[int]]:
    """What the target writes, with a draft that runs ahead by so many tokens.

    Both must know the same vocabulary. Every prefix is read anew, which is slow and easy to follow.
    Returns the completion's tokens, how often the target was asked, and how many drafted tokens were
    kept each time. Raises ValueError where prompt and longest are more than the target has positions, or
    with longest less one, for it is not asked what follows, the draft.
    """
    what, tokens = f"prompt ({len(prompt)} tokens) and longest ({longest})", len(prompt) + longest
    refuse_beyond_positions(target, tokens, f"for the target {what}")
    refuse_beyond_positions(draft, tokens - 1, f"for the draft {what} less one")
    written: list[int] = []
    calls, kept_each_time = 0, []
    while len(written) < longest and end not in written:
        drafted: list[int] = []
        draft_p: list[Tensor] = []
        for _ in range(min(ahead, longest - len(written))):
            q = _next_p(draft, [*prompt, *written, *drafted])[-1]
            drafted.append(int(torch.multinomial(q, 1, generator=generator)))
            draft_p.append(q)
            if drafted[-1] == end:
                break
        target_p = _next_p(target, [*prompt, *written, *drafted])[-len(drafted) - 1 :]
        calls, kept = calls + 1, 0
        for token, q, p in zip(drafted, draft_p, target_p, strict=False):
            chosen, was_kept = accept_or_replace(
                torch.tensor([token]), q[None], p[None], generator=generator
            )
            written.append(int(chosen))
            if not was_kept or len(written) == longest or int(chosen) == end:
                kept += int(was_kept)
                break
            kept += 1
        else:  # all were kept: the target has read one further, and gives a token for nothing
            written.append(int(torch.multinomial(target_p[-1], 1, generator=generator)))
        kept_each_time.append(kept)
    return written, calls, kept_each_time


def _next_p(model: PreTrainedModel, tokens: list[int]) -> Tensor:
    """The distribution of the token after each: (tokens, vocabulary)."""
    with torch.inference_mode():
        logits = model(
            input_ids=torch.tensor([tokens], device=model.device), use_cache=False
        ).logits
    return logits[0].float().softmax(-1).cpu()


def tokens_per_call(acceptance: float, ahead: int) -> float:
    """How many tokens one call of the target gives on average: (1 - aᵏ⁺¹) / (1 - a).

    acceptance: a, the probability that a drafted token is kept, as if it were the same everywhere.
    Leviathan et al. 2023, equation 1.
    """
    if not 0 <= acceptance <= 1 or ahead < 0:
        raise ValueError(
            f"acceptance must lie in [0, 1] and ahead not be negative, but are {acceptance:g} and "
            f"{ahead}"
        )
    return sum(acceptance**k for k in range(ahead + 1))
