"""A prompt and what is written after it, as a row and as a batch: which token is whose.

A row is a dict of two lists, `prompt` and `completion`, token numbers; the completion ends with the
end token, unless it was cut. A batch, `Written`, pads on the right with the end token, and knows of
each row where its completion begins: nothing else tells a prompt's tokens from what was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from kd_course.losses import completion_mask
from kd_course.modes import eval_mode

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_TABLES_OF_POSITIONS = ("wpe", "embed_positions", "position_embeddings")  # GPT-2's; OPT's; BERT's
Row = Mapping[str, list[int]]
LOGITS_AT_ONCE = 2**28  # a gigabyte of them: long texts in a large vocabulary go in smaller batches


class Written(NamedTuple):
    """A batch of prompts with their completions.

    input_ids, attention_mask: (batch, length). mask: (batch, length), bool, true where the logits
    foretell a token of the completion, its end included. labels: (batch, length), at each such
    position the token that it has to foretell, elsewhere -100. (Not the library's labels, which stand
    one further to the right.)
    """

    input_ids: Tensor
    attention_mask: Tensor
    mask: Tensor
    labels: Tensor

    def to(self, device: Any) -> Written:
        return Written._make(part.to(device) for part in self)


def rows_of(
    prompts: Sequence[str], completions: Sequence[str], tokenizer: PreTrainedTokenizerBase
) -> list[dict[str, list[int]]]:
    """Rows out of texts: each prompt's tokens, each completion's and the end token.

    Nothing is added to a prompt: a chat's template has been applied where it is needed.
    """
    ends = [tokenizer.eos_token_id]
    asked = tokenizer(list(prompts), add_special_tokens=False)["input_ids"]
    told = tokenizer(list(completions), add_special_tokens=False)["input_ids"]
    return [{"prompt": p, "completion": [*c, *ends]} for p, c in zip(asked, told, strict=True)]


def written_rows(prompts: Sequence[list[int]], completions: Tensor, *, end: int) -> list[dict]:
    """Rows out of what `sample` wrote: each completion up to its first end token, that included."""
    rows = []
    for prompt, tokens in zip(prompts, completions.tolist(), strict=True):
        stop = tokens.index(end) + 1 if end in tokens else len(tokens)
        rows.append({"prompt": list(prompt), "completion": tokens[:stop]})
    return rows


def collate(rows: Sequence[Row], *, end: int) -> Written:
    """Rows as one batch, padded on the right with the end token."""
    whole = [row["prompt"] + row["completion"] for row in rows]
    length = max(len(ids) for ids in whole)
    input_ids = torch.tensor([ids + [end] * (length - len(ids)) for ids in whole])
    there = torch.tensor([[1] * len(ids) + [0] * (length - len(ids)) for ids in whole])
    begins = torch.tensor([len(row["prompt"]) for row in rows])
    # A completion that was cut has no end token, and the padding is one: what is padding is said.
    following = torch.zeros_like(there, dtype=torch.bool)
    following[:, :-1] = there[:, 1:] == 1
    mask = completion_mask(input_ids, begins, end=end) & following
    labels = torch.full_like(input_ids, -100)
    labels[:, :-1] = input_ids[:, 1:]
    return Written(input_ids, there, mask, labels.masked_fill(~mask, -100))


def log_probabilities(
    model: PreTrainedModel,
    rows: Sequence[Row],
    *,
    end: int,
    batch_size: int = 128,
    temperature: float = 1.0,
) -> Tensor:
    """log q(completion | prompt) of every row in nats, its end included: (rows,), float64.

    temperature: at which the model would write. It is asked in eval mode and put back into its own.
    Raises ValueError for a row longer than the model has positions.
    """
    lengths = [len(row["prompt"]) + len(row["completion"]) for row in rows]
    if lengths:
        longest = max(lengths)
        what = f"prompt and completion of row {lengths.index(longest)}"
        refuse_beyond_positions(model, longest, what)
    found = []
    with eval_mode(model):
        for batch in _batches(rows, end, batch_size, words=model.config.vocab_size):
            batch = batch.to(model.device)
            places = batch.mask.any(0).nonzero()[:, 0]  # nobody asks for a prompt's own logits
            with torch.inference_mode():
                logits = model(
                    input_ids=batch.input_ids,
                    attention_mask=batch.attention_mask,
                    logits_to_keep=places,
                    use_cache=False,
                ).logits.float()
                log_q = logits.div_(temperature).log_softmax(-1)
            chosen = log_q.gather(-1, batch.labels[:, places].clamp(min=0)[..., None])[..., 0]
            chosen = chosen.masked_fill(~batch.mask[:, places], 0.0)
            found.append(chosen.double().sum(-1).cpu())
    return torch.cat(found) if found else torch.zeros(0, dtype=torch.float64)


def refuse_beyond_positions(model: PreTrainedModel, tokens: int, what: str) -> None:
    """ValueError where a model would have to read more tokens than its table of positions has rows.

    Rotary and relative positions are computed, and have no such end, whatever the config says of the
    lengths that the model was trained on.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding) and name.rpartition(".")[2] in _TABLES_OF_POSITIONS:
            # OPT's and BART's first rows are nobody's position.
            positions = module.num_embeddings - getattr(module, "offset", 0)
            if tokens > positions:
                raise ValueError(
                    f"{what} must be at most {positions} tokens, the positions that the model has, "
                    f"but are {tokens}: shorten them, or take a model with more positions"
                )


def _batches(rows: Sequence[Row], end: int, size: int, *, words: int) -> Iterator[Written]:
    longest = max((len(row["prompt"]) + len(row["completion"]) for row in rows), default=1)
    size = max(1, min(size, LOGITS_AT_ONCE // (longest * words)))
    for begin in range(0, len(rows), size):
        yield collate(rows[begin : begin + size], end=end)
