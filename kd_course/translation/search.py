"""From a model to sentences: greedy, beam search, and the n best, always in the sources' order.

`beam_search` is the method laid open, one sentence at a time, for reading. `translate` and `n_best`
do the same with the library's `generate`, in batches of like length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from kd_course.modes import eval_mode
from kd_course.text_files import refuse_no_list

if TYPE_CHECKING:
    from transformers import PreTrainedModel


LONGEST_OUTPUT = 128  # tokens; where nothing else is asked for


# -- in the open ------------------------------------------------------------------------------


class Path(NamedTuple):
    """A translation in the making: its tokens, the start token first, and their log probability."""

    tokens: tuple[int, ...]
    log_probability: float  # in nats

    def score(self, length_penalty: float) -> float:
        """log probability / length ** length_penalty; 0 counts the sum, 1 the mean of a token.

        Without a penalty the shortest translation tends to win: every further token costs something.
        """
        return self.log_probability / (len(self.tokens) - 1) ** length_penalty


def beam_search(
    next_log_probabilities: Callable[[list[tuple[int, ...]]], Tensor],
    *,
    start: int,
    end: int,
    beams: int,
    longest: int,
    length_penalty: float = 1.0,
) -> list[Path]:
    """The `beams` best translations that the search finds, the best first.

    next_log_probabilities: prefixes -> (prefixes, vocabulary), log probabilities of the next token.
    longest: tokens after the start one; a path that long is taken as it is. One beam is greedy.
    At every step each path is continued in all ways, and the best `beams` of all continuations are
    kept; those that end go to the finished ones. It stops when no open path, as it stands, beats
    the worst of `beams` finished ones.
    """
    if beams < 1 or longest < 1:
        raise ValueError(f"beams and longest must be at least 1, but are {beams} and {longest}")
    open_paths, finished = [Path((start,), 0.0)], []
    for _ in range(longest):
        log_p = next_log_probabilities([path.tokens for path in open_paths])
        sums = torch.tensor([path.log_probability for path in open_paths])[:, None] + log_p
        # Twice as many as there are beams: even if `beams` of them end, as many go on.
        best = sums.flatten().topk(min(2 * beams, sums.numel()))
        continued = [
            Path((*open_paths[where // sums.shape[1]].tokens, where % sums.shape[1]), value)
            for value, where in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        ]
        finished += [path for path in continued[:beams] if path.tokens[-1] == end]
        finished = _best(finished, beams, length_penalty)
        open_paths = [path for path in continued if path.tokens[-1] != end][:beams]
        best_open = _best(open_paths, 1, length_penalty)
        if not best_open or (
            len(finished) == beams
            and finished[-1].score(length_penalty) >= best_open[0].score(length_penalty)
        ):
            return finished
    return _best(finished + open_paths, beams, length_penalty)


def _best(paths: list[Path], count: int, length_penalty: float) -> list[Path]:
    return sorted(paths, key=lambda path: -path.score(length_penalty))[:count]


def next_token_of(model: PreTrainedModel, input_ids: Tensor) -> Callable[[list], Tensor]:
    """What `beam_search` asks: a model's next-token log probabilities for one source sentence.

    input_ids: (1, length). The source is read once; every prefix is read anew, which is slow and
    easy to follow (`generate` keeps what it has computed). Dropout is off, whatever mode the model
    is in.
    Raises ValueError for input_ids of more than one sentence.
    """
    if input_ids.ndim != 2 or len(input_ids) != 1:
        raise ValueError(
            f"input_ids must be one sentence, of shape (1, length), but have shape "
            f"{tuple(input_ids.shape)}"
        )
    encoder = model.get_encoder()
    with _answering(model):
        read = encoder(input_ids=input_ids, attention_mask=torch.ones_like(input_ids))

    def ask(prefixes: list[tuple[int, ...]]) -> Tensor:
        states = read.last_hidden_state.expand(len(prefixes), -1, -1)
        with _answering(model):
            logits = model(
                encoder_outputs=(states,),
                attention_mask=input_ids.new_ones(len(prefixes), input_ids.shape[1]),
                decoder_input_ids=torch.tensor(prefixes, device=input_ids.device),
            ).logits
        return logits[:, -1].float().log_softmax(-1).cpu()

    return ask


@contextmanager
def _answering(model: PreTrainedModel) -> Iterator[None]:
    """Eval mode without gradients; every module is put back into its own mode, also after an error."""
    with eval_mode(model), torch.inference_mode():
        yield


# -- in practice ------------------------------------------------------------------------------


def translate(
    model: PreTrainedModel,
    tokenizer: Any,
    sentences: Sequence[str],
    *,
    beams: int = 1,
    batch_size: int = 64,
    length_penalty: float = 1.0,
    longest: int = LONGEST_OUTPUT,
) -> list[str]:
    """The best translation of every sentence, in the sentences' order.

    beams: 1 is greedy. longest: tokens, after which a translation that does not end is cut off.
    Batches are grouped by length, so that little is spent on padding.
    Raises ValueError naming the line for a sentence that is empty or longer than the model reads.
    """
    found = n_best(
        model,
        tokenizer,
        sentences,
        beams=beams,
        candidates=1,
        batch_size=batch_size,
        length_penalty=length_penalty,
        longest=longest,
    )
    return [candidates[0] for candidates in found]


def n_best(
    model: PreTrainedModel,
    tokenizer: Any,
    sentences: Sequence[str],
    *,
    beams: int,
    candidates: int,
    batch_size: int = 64,
    length_penalty: float = 1.0,
    longest: int = LONGEST_OUTPUT,
) -> list[list[str]]:
    """The `candidates` best translations of every sentence, in the sentences' order, best first.

    candidates: at most beams. longest: as for `translate`.
    Raises ValueError as `translate` does, and for more candidates than beams.
    """
    check_search(beams, candidates, batch_size, longest)
    if not len(sentences):
        return []
    ids = readable(sentences, tokenizer, longest_source(model))
    found: list[list[str]] = [[]] * len(sentences)
    for rows in batches_by_length([len(row) for row in ids], batch_size):
        batch = [ids[row] for row in rows]
        translated = translate_batch(
            model,
            tokenizer,
            batch,
            beams=beams,
            candidates=candidates,
            length_penalty=length_penalty,
            longest=longest,
        )
        for row, texts in zip(rows, translated, strict=True):
            found[row] = texts
    return found


def translate_batch(
    model: PreTrainedModel,
    tokenizer: Any,
    ids: Sequence[Sequence[int]],
    *,
    beams: int,
    candidates: int,
    length_penalty: float = 1.0,
    longest: int = LONGEST_OUTPUT,
    whole_only: bool = False,
) -> list[list[str]]:
    """The `candidates` best translations of one batch of tokenised sentences, in its order.

    whole_only: what had not ended after `longest` tokens becomes an empty text, and is not cut off.
    """
    input_ids, attention_mask = _padded(ids, tokenizer.pad_token_id, model.device)
    longest = min(longest, longest_source(model) - 1)
    with _answering(model):
        sequences = model.generate(
            input_ids=input_ids,
            attention_mask=attention_mask,
            num_beams=beams,
            num_return_sequences=candidates,
            do_sample=False,
            # The same for every batch: a translation must not depend on its neighbours.
            max_new_tokens=longest,
            max_length=None,
            length_penalty=length_penalty,
            early_stopping=False,
        )
    texts = [t.strip() for t in tokenizer.batch_decode(sequences, skip_special_tokens=True)]
    if whole_only:
        ended = _ended(sequences, _ends(model, tokenizer), longest, model)
        texts = [text if whole else "" for text, whole in zip(texts, ended, strict=True)]
    return [texts[i : i + candidates] for i in range(0, len(texts), candidates)]


def _ends(model: PreTrainedModel, tokenizer: Any) -> Tensor:
    """The tokens that end a text: the model's own, or the tokenizer's where it has none."""
    ends = model.generation_config.eos_token_id
    if ends is None:
        ends = getattr(tokenizer, "eos_token_id", None)
    if ends is None:
        raise ValueError(
            "model.generation_config.eos_token_id must say which token ends a text: neither it nor "
            "tokenizer.eos_token_id does, and what is whole cannot be told from what was cut off"
        )
    return torch.as_tensor(ends, device=model.device).reshape(-1)


def _ended(sequences: Tensor, ends: Tensor, longest: int, model: PreTrainedModel) -> list[bool]:
    """Which sequences, the start token first, came to an end by themselves."""
    written = sequences[:, 1 : longest + 1]
    if model.generation_config.forced_eos_token_id is not None:
        written = written[:, : longest - 1]  # an end in the last place was put there by the library
    return torch.isin(written, ends).any(dim=-1).tolist()


def check_search(beams: int, candidates: int, batch_size: int, longest: int) -> None:
    """ValueError, naming what is wrong, for a search that cannot find anything."""
    for name, value in (("beams", beams), ("batch_size", batch_size), ("longest", longest)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, but is {value}")
    if not 1 <= candidates <= beams:
        raise ValueError(f"candidates must lie in 1 … {beams}, the beams, but is {candidates}")


def batches_by_length(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """The rows' numbers, longest rows first, `batch_size` at a time; the same for the same lengths."""
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    for first in range(0, len(order), batch_size):
        yield order[first : first + batch_size]


def readable(sentences: Sequence[str], tokenizer: Any, longest: int) -> list[list[int]]:
    """The sentences as numbers; ValueError naming the first that is empty or too long to be read."""
    refuse_no_list(sentences, "sentences")
    for line, sentence in enumerate(sentences):
        if not isinstance(sentence, str) or not sentence.strip():
            raise ValueError(
                f"sentences: line {line} (counted from 0) is empty: leave it out on both sides"
            )
    ids = tokenizer(list(sentences))["input_ids"]
    for line, row in enumerate(ids):
        if len(row) > longest:
            raise ValueError(
                f"sentences: line {line} (counted from 0) has {len(row)} tokens, but the model "
                f"reads at most {longest}: split it, or leave it out on both sides"
            )
    return ids


_NO_LIMIT = 10**9  # tokens


def longest_source(model: PreTrainedModel) -> int:
    """How many tokens of a sentence the model has positions for, in the source as in the target.

    T5 and its kind tell distances instead of positions, and have no such limit.
    """
    return getattr(model.config, "max_position_embeddings", None) or _NO_LIMIT


def _padded(ids: Sequence[Sequence[int]], pad: int, device: Any) -> tuple[Tensor, Tensor]:
    length = max(map(len, ids))
    rows = [[*row, *[pad] * (length - len(row))] for row in ids]
    mask = [[1] * len(row) + [0] * (length - len(row)) for row in ids]
    return torch.tensor(rows, device=device), torch.tensor(mask, device=device)
