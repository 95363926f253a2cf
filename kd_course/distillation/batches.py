"""Many rows put to a model, batch by batch: the answers in the rows' order, whatever their lengths.

Longest rows first, so that rows of like length share a batch. Padding stands on the right, whatever
side the tokenizer prefers: there no token's position moves, and no answer depends on its neighbours.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm
from transformers.data.data_collator import pad_without_fast_tokenizer_warning

from kd_course.distillation.asking import ask, marks_answers, share_padding, unwrapped

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_NO_LENGTH = 10**9  # tokens; a tokenizer that knows no length says 10**30


def ask_all(
    teacher: nn.Module,
    rows: Sequence[dict],
    tokenizer: PreTrainedTokenizerBase,
    batch_size: int,
    progress: bool,
) -> list[Tensor]:
    """The teacher's logits for rows of input ids, in their order: (classes,) each.

    Of a teacher that marks answers (2, tokens) each, start and end.
    """
    spans = marks_answers(teacher)
    in_order: list[Tensor] = [torch.empty(0)] * len(rows)
    for numbers, logits in in_batches(teacher, rows, tokenizer, batch_size, progress):
        logits = logits.float().cpu()
        if not (logits.ndim == 2 or (logits.ndim == 3 and spans)) or logits.isnan().any():
            raise ValueError(
                f"teacher must give one row of logits an example, without NaN, but gave "
                f"shape {tuple(logits.shape)}, {int(logits.isnan().sum())} NaN"
                + ("; top_k=64 keeps what it says of tokens" if logits.ndim == 3 else "")
            )
        for number, answer in zip(numbers, logits, strict=True):
            if spans:
                tokens = len(rows[number]["input_ids"])
                left = padding_side(teacher, tokenizer) == "left"
                answer = (answer[:, -tokens:] if left else answer[:, :tokens]).clone()
            in_order[number] = answer
    return in_order


def in_batches(
    teacher: nn.Module,
    rows: Sequence[dict],
    tokenizer: PreTrainedTokenizerBase,
    batch_size: int,
    progress: bool,
) -> Iterator[tuple[list[int], Tensor]]:
    """The numbers of a batch's rows and the teacher's logits for them, longest rows first.

    The teacher works on the GPU where there is one, and is back where it was in the end.
    """
    share_padding(teacher, tokenizer)
    home = next(teacher.parameters()).device
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else home
    by_length = sorted(range(len(rows)), key=lambda row: len(rows[row]["input_ids"]), reverse=True)
    teacher.to(device)
    try:
        starts = range(0, len(rows), batch_size)
        for start in tqdm(starts, desc="Asking the teacher", disable=not progress):
            numbers = by_length[start : start + batch_size]
            batch = _padded([rows[row] for row in numbers], teacher, tokenizer)
            yield numbers, ask(teacher, {name: part.to(device) for name, part in batch.items()})
    finally:
        teacher.to(home)


def _padded(rows: list[dict], teacher: nn.Module, tokenizer: Any) -> dict[str, Tensor]:
    """Rows as one batch; a decoder's labels, which it reads, are padded with -100."""
    named = [{name: row[name] for name in row if name != "labels"} for row in rows]
    batch = dict(pad(named, tokenizer, padding_side(teacher, tokenizer)))
    if "labels" in rows[0]:
        labels = [torch.as_tensor(row["labels"]) for row in rows]
        batch["labels"] = nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=-100)
    return batch


def pad(rows: list[dict], tokenizer: Any, side: str) -> Any:
    """The rows as tensors, padded to the longest on one side, whatever the tokenizer's own is."""
    other = {} if getattr(tokenizer, "padding_side", side) == side else {"padding_side": side}
    return pad_without_fast_tokenizer_warning(tokenizer, rows, return_tensors="pt", **other)


def padding_side(model: nn.Module, tokenizer: Any) -> str:
    """Right; a model that sums a text up in its last token (XLNet) has it where it wants it."""
    config = getattr(unwrapped(model), "config", None)
    if getattr(config, "summary_type", None) == "last":
        return tokenizer.padding_side
    return "right"


def longest_input(model: nn.Module, tokenizer: Any = None) -> int | None:
    """How many tokens a model reads at most; None where neither it nor its tokenizer has a limit.

    RoBERTa and its kind number positions from padding_idx + 1 on: 514 positions are 512 tokens.
    """
    model = unwrapped(model)
    config = getattr(model, "config", None)
    limits: list[int] = []
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(part, nn.Embedding):
            taken = 0 if part.padding_idx is None else part.padding_idx + 1
            limits.append(part.num_embeddings - taken)
    for name in () if limits else ("max_position_embeddings", "n_positions"):
        size = getattr(config, name, None)
        # T5's n_positions is what it was trained with; it tells distances, and reads on.
        if (
            isinstance(size, int)
            and size > 0
            and not hasattr(config, "relative_attention_num_buckets")
        ):
            limits.append(size)
    told = getattr(tokenizer, "model_max_length", None)
    if isinstance(told, int) and 0 < told < _NO_LENGTH:
        limits.append(told)
    return min(limits) if limits else None


def refuse_other_than_rows(rows: Any, name: str) -> None:
    """TypeError for what rows cannot be read from one by one, saying what makes rows of it."""
    if isinstance(rows, str):
        raise TypeError(f"{name} must be rows, or a list of texts, but is one text")
    kind = f"{name} must be rows, but is a {type(rows).__name__}"
    if isinstance(rows, Mapping) and all(hasattr(part, "features") for part in rows.values()):
        raise TypeError(f"{kind} of {', '.join(rows)}: name one of these")
    if isinstance(rows, Mapping):
        raise TypeError(f"{kind} of columns: datasets.Dataset.from_dict(…) makes rows of it")
    library = type(rows).__module__.partition(".")[0]
    if library in ("pandas", "polars"):
        raise TypeError(f"{kind}: datasets.Dataset.from_{library}(…) makes rows of a table")


def refuse_no_rows(rows: Any, name: str) -> None:
    refuse_other_than_rows(rows, name)
    if not len(rows):
        raise ValueError(f"{name} must hold at least one row, but is empty")


def looked_up(keys: Sequence[Hashable], known: Mapping[Any, Any], how: str) -> list[Any]:
    """What is known of each row. Raises KeyError for rows that the teacher was not asked: how many.

    how: the arguments of `cached_teacher_outputs`, behind teacher and data set, that would ask it.
    """
    unknown = [row for row, key in enumerate(keys) if key not in known]
    if unknown:
        raise KeyError(
            f"dataset has {len(unknown)} rows (of {len(keys)}) that the teacher was not asked, "
            f"the first is row {unknown[0]}: cached_teacher_outputs(teacher, dataset, {how}) asks it"
        )
    return [known[key] for key in keys]
