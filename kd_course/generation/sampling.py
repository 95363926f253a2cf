"""Sampling: what a model writes after a prompt, token by token, with the library's cache.

`generate` of transformers does the same and much more. Here is the loop itself, for a student that is
taught on what it writes does nothing else all day, and for draws that depend on nothing but their
generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from kd_course.generation.prompts import refuse_beyond_positions
from kd_course.modes import eval_mode

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def sample(
    model: PreTrainedModel,
    prompts: Sequence[list[int]],
    *,
    longest: int,
    end: int,
    generator: torch.Generator | None = None,
    temperature: float = 1.0,
) -> Tensor:
    """What a model writes after each prompt: (prompts, at most longest), token numbers.

    longest: tokens, the end included. end: the token that ends a completion; after it a row holds
    nothing but end tokens. temperature: 0 takes the most probable token every time.
    generator: a CPU generator; the same one gives the same texts. Prompts are padded on the left, and
    dropout is off, whatever mode the model is in.
    Raises ValueError for no prompts, an empty prompt, a longest below one or a negative temperature, and
    where the longest prompt and longest are more than the model has positions. (The last token is
    written, and not read.)
    """
    if not prompts or not all(prompts):
        raise ValueError("prompts must hold at least one, and each at least one token")
    if longest < 1 or temperature < 0:
        raise ValueError(
            f"longest must be at least 1 and temperature not negative, but are {longest} and "
            f"{temperature:g}"
        )
    width = max(len(prompt) for prompt in prompts)
    what = f"a prompt ({width} tokens) and longest ({longest}) less one"
    refuse_beyond_positions(model, width + longest - 1, what)
    read = torch.tensor([[end] * (width - len(p)) + list(p) for p in prompts]).to(model.device)
    there = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts]).to(model.device)
    ended = torch.zeros(len(prompts), dtype=torch.bool, device=model.device)
    written: list[Tensor] = []
    cache = None
    with eval_mode(model):
        while len(written) < longest and not ended.all():
            places = (there.cumsum(-1) - 1).clamp(min=0)[:, -read.shape[1] :]
            with torch.inference_mode():
                outputs = model(
                    input_ids=read,
                    attention_mask=there,
                    position_ids=places,
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,  # of a long prompt only the last token's are wanted
                )
            cache = outputs.past_key_values
            token = _next_token(outputs.logits[:, -1], temperature, generator)
            token = token.masked_fill(ended, end)
            written.append(token)
            ended = ended | (token == end)
            read = token[:, None]
            there = torch.cat([there, torch.ones_like(read)], dim=-1)
    return torch.stack(written, dim=-1).cpu()


def _next_token(logits: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
    """One token a row, drawn on the CPU: (rows, vocabulary) -> (rows,)."""
    if temperature == 0:
        return logits.argmax(-1)
    p = (logits.float() / temperature).softmax(-1).cpu()
    return torch.multinomial(p, 1, generator=generator)[:, 0].to(logits.device)


def texts_of(completions: Tensor, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """What `sample` wrote, as texts: without the end token and what follows it."""
    end, texts = tokenizer.eos_token_id, []
    for tokens in completions.tolist():
        stop = tokens.index(end) if end in tokens else len(tokens)
        texts.append(tokenizer.decode(tokens[:stop]))
    return texts
