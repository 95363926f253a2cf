"""A teacher's outputs, computed once: distilling then costs what plain fine-tuning costs.

Outputs are addressed by what the teacher read, never by position. Every row has a key, a hash of
its input ids; shuffled, selected or repeated rows find their own outputs, because they are looked
up by that key and put into a column (columns.py), which travels with its row from then on
(through a shuffle, a sampler, a collator). The column works for a `datasets.Dataset` as for a list.

On disk there is one file for each pair of teacher and tokenizer, named by a hash of the teacher's
weights and configuration and of the tokenizer: another teacher, a teacher trained further, another
tokenizer never reads it. It is written whole or not at all, and carries a checksum of its content.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from kd_course.distillation.asking import arguments_for, name_of, share_padding, unwrapped
from kd_course.distillation.batches import ask_all, longest_input, looked_up, refuse_no_rows
from kd_course.distillation.token_outputs import (
    TEMPERATURES,
    TopKOutputs,
    ask_for_tokens,
    read_kept,
)
from kd_course.storage import InUse, cache_folder, refuse_unwritable, write_whole

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_FORMAT = "1"  # of the file; a change gives every older file another name
# Where a model was loaded from, or how it is being used, does not change what it says.
_WITHOUT_EFFECT = {"_name_or_path", "transformers_version", "architectures", "dtype"}
_WITHOUT_EFFECT |= {"use_cache", "problem_type"}


class TeacherOutputs:
    """What a teacher said to the rows of a data set, found by what it read.

    id2label: its names for the classes, where it has any; tokenizer: its own, where its rows of input
    ids are the student's too. A student that numbers classes or words otherwise is refused.
    teacher: its name, for the student's model card.

    logits: (rows, classes), float32, one row for each different row of the data set; of a teacher
    that marks answers a list, (2, tokens) a window, start and end.
    `of(dataset)` gives them for any data set made of these rows, in its order.
    """

    def __init__(
        self,
        logits: Tensor | list[Tensor],
        keys: Iterable[bytes],
        reads: Sequence[str],
        *,
        id2label: Mapping[int, str] | None = None,
        tokenizer: Any = None,
        teacher: str = "",
    ):
        self.logits = logits
        self.id2label, self.tokenizer, self.teacher = id2label, tokenizer, teacher
        self.reads = tuple(reads)  # the columns that the teacher read, and a key is made of
        self._row_of = {key: row for row, key in enumerate(keys)}

    def __len__(self) -> int:
        return len(self._row_of)

    def of(self, dataset: Any) -> Tensor | list[Tensor]:
        """The teacher's logits for the rows of a data set, in their order: as `logits`.

        Raises KeyError for rows that the teacher was not asked, saying how many and the first.
        """
        rows = looked_up(_keys(dataset, self.reads), self._row_of, "tokenizer")
        if isinstance(self.logits, list):
            return [self.logits[row] for row in rows]
        return self.logits[rows]


def cached_teacher_outputs(
    teacher: nn.Module,
    dataset: Any,
    tokenizer: PreTrainedTokenizerBase,
    *,
    folder: str | os.PathLike | None = None,
    batch_size: int | None = None,
    progress: bool = True,
    text_column: str | None = None,
    max_length: int | None = None,
    top_k: int | None = None,
    temperatures: Sequence[float] = TEMPERATURES,
    words: int | None = None,
) -> Any:
    """Ask the teacher about every row of a data set once, and keep the answers for the next time.

    dataset: a datasets.Dataset, a list of dicts or a torch Dataset of them, with `input_ids` as
    the tokenizer makes them; a teacher is given the columns that it takes, but no labels.
    tokenizer: the teacher's own; it pads each batch to its longest row.
    folder: where the answers are kept; by default in the user's cache (`storage.cache_folder`).
    text_column: the teacher reads this column through its tokenizer instead, cut at max_length
    tokens (by default as many as it reads): so it can teach a student that has another tokenizer.
    top_k: for a teacher that gives logits for every token: keep its so many best words at each, and
    the mass of the rest at each of the temperatures (token_outputs.py). words: take them out of the first
    so many words only, where the teacher's vocabulary is padded beyond the student's.
    batch_size: 64 rows by default, 8 where top_k is given.
    Returns `TeacherOutputs`, float32 logits, or `TopKOutputs` with top_k; computed in eval mode,
    without gradients, on the GPU where there is one.
    Rows that an earlier call has asked cost nothing. A damaged file is found, and redone with a
    warning. Raises ValueError for rows that lack the columns, for a teacher that gives neither one
    row of logits an example nor a start and an end, and for logits that are NaN: never kept.
    """
    refuse_no_rows(dataset, "dataset")
    share_padding(teacher, tokenizer)
    reads = (text_column,) if text_column else _columns_for(teacher, dataset)
    limit = (max_length or longest_input(teacher, tokenizer)) if text_column else None
    identity = _identity(teacher, tokenizer, reads, limit)
    folder = Path(folder or cache_folder() / "teacher_outputs")
    if top_k is not None:
        options = {"k": top_k, "temperatures": temperatures, "words": words}
        options |= {"batch_size": batch_size or 8, "progress": progress}
        return _top_k(teacher, dataset, tokenizer, reads, folder / identity[:32], options)

    def ask(rows: Iterable[dict]) -> list[Tensor]:
        """The teacher's logits for rows of the data set, through its tokenizer where it reads text."""
        if text_column:
            cut = {"truncation": limit is not None, "max_length": limit}
            rows = [dict(tokenizer(row[text_column], **cut)) for row in rows]
        return ask_all(teacher, list(rows), tokenizer, batch_size or 64, progress)

    keys = _keys(dataset, reads)
    known = _known(folder / f"{identity[:32]}.safetensors", identity, dataset, reads, keys, ask)
    # Not all that is known: the same call gives the same outputs, whatever was asked before.
    asked = dict.fromkeys(keys)
    logits = [known[key] for key in asked]
    stacked = torch.stack(logits) if logits[0].ndim == 1 else logits
    names = getattr(getattr(unwrapped(teacher), "config", None), "id2label", None)
    about = {"id2label": names, "tokenizer": None if text_column else tokenizer}
    return TeacherOutputs(stacked, asked, reads, teacher=name_of(unwrapped(teacher)), **about)


def _known(
    path: Path,
    identity: str,
    dataset: Any,
    reads: Sequence[str],
    keys: Sequence[bytes],
    ask: Callable[[Iterable[dict]], list[Tensor]],
) -> dict[bytes, Tensor]:
    """What the file holds, once the rows that it lacks are asked and written to it."""
    known = _read_all(path, identity)
    missing = {key: row for row, key in enumerate(keys) if key not in known}
    if missing:
        refuse_unwritable(path.parent)
        logits = ask(_rows(dataset, reads, at=list(missing.values())))
        known |= zip(missing, logits, strict=True)
        # What another process wrote in the meantime stays. Two that write in the same instant may
        # lose each other's rows, which are then asked again; neither can harm the file.
        known = _read_all(path, identity) | known
        _keep(path, lambda fresh: _write(fresh, identity, known))
    return known


def _keep(path: Path, writer: Callable[[Path], object]) -> None:
    """Write the file; under another name where Windows has it in use, for the teacher has worked."""
    try:
        write_whole(path, writer)
    except InUse as error:
        beside = path.with_stem(f"{path.stem}-{os.urandom(4).hex()}")
        warnings.warn(f"{error}. What the teacher said is kept in {beside.name}", stacklevel=4)
        write_whole(beside, writer)


def _read_all(path: Path, identity: str) -> dict[bytes, Tensor]:
    """What the file holds, and those beside it that could not take its place."""
    known: dict[bytes, Tensor] = {}
    for one in (path, *sorted(path.parent.glob(f"{path.stem}-*{path.suffix}"))):
        known |= _read(one, identity)
    return known


def _top_k(
    teacher: nn.Module,
    dataset: Any,
    tokenizer: Any,
    reads: Sequence[str],
    folder: Path,
    options: dict[str, Any],
) -> TopKOutputs:
    """What the teacher says of tokens: read from the folder, and asked where it is not there yet."""
    if "input_ids" not in reads:
        raise ValueError(
            "text_column cannot be given with top_k: with another tokenizer there are other tokens, "
            "and nothing to compare one by one. Let the teacher write texts for the student instead "
            "(translation.rewrite; lesson 14)"
        )
    about = {name: options[name] for name in ("k", "temperatures", "words")}
    folder = folder.with_name(f"{folder.name}-{_digest(_as_json(about)).hex()[:16]}")
    keys = _keys(dataset, reads)
    known = read_kept(folder)
    missing = {key: row for row, key in enumerate(keys) if key not in known}
    if missing:
        refuse_unwritable(folder)
        rows = dict(zip(missing, _rows(dataset, reads, at=list(missing.values())), strict=True))
        known |= ask_for_tokens(teacher, rows, tokenizer, folder=folder, **options)
    config = getattr(unwrapped(teacher), "config", None)
    size = getattr(config, "decoder_vocab_size", None) or getattr(config, "vocab_size", None)
    return TopKOutputs(
        {key: known[key] for key in keys},
        lambda other: _keys(other, reads),
        temperatures=options["temperatures"],
        words=min(filter(None, (options["words"], size)), default=None),
        tokenizer=tokenizer,
        teacher=name_of(unwrapped(teacher)),
    )


# -- the rows ---------------------------------------------------------------------------------


def _columns_for(teacher: nn.Module, dataset: Any) -> tuple[str, ...]:
    row = dataset[0]
    if "input_ids" not in row:
        raise ValueError(
            f"dataset must have a column 'input_ids' (tokenizer(texts) makes it; or name a "
            f"text_column), but has {', '.join(row)}"
        )
    return tuple(sorted(arguments_for(teacher) & set(row)))


def _rows(
    dataset: Any, columns: Sequence[str], at: list[int] | None = None
) -> Iterator[dict[str, Any]]:
    """The rows (all, or those at some positions), with these columns as plain lists or text."""
    if hasattr(dataset, "select_columns"):  # a datasets.Dataset reads many rows at a time
        dataset = dataset.select_columns(list(columns)).with_format(None)
        rows = dataset if at is None else dataset.select(at)
    else:
        rows = (dataset[i] for i in (range(len(dataset)) if at is None else at))
    for place, row in enumerate(rows):
        lacking = [name for name in columns if name not in row]
        if lacking:
            raise ValueError(
                f"dataset must have the columns {', '.join(columns)}, but a row lacks {lacking}"
            )
        row = {name: row[name] for name in columns}
        # pandas has NaN where a text is missing; tokens come as a list, or something like it.
        if any(value is None or isinstance(value, float) for value in row.values()):
            number = place if at is None else at[place]
            raise ValueError(
                f"dataset must have no gaps, but row {number} (counted from 0) holds {row}: leave it out"
            )
        yield {name: v.tolist() if hasattr(v, "tolist") else v for name, v in row.items()}


# -- who said it, to what ---------------------------------------------------------------------


def _keys(dataset: Any, reads: Sequence[str]) -> list[bytes]:
    """A hash of what the teacher reads of each row: equal rows, and only those, have equal keys."""
    rows = _rows(dataset, reads)
    return [_digest(*(_as_bytes(row[name]) for name in reads))[:16] for row in rows]


def _identity(
    teacher: nn.Module, tokenizer: PreTrainedTokenizerBase, reads: Sequence[str], limit: int | None
) -> str:
    """A hash of all that decides what the teacher says to a row, apart from the row."""
    about: dict[str, Any] = {"format": _FORMAT, "reads": list(reads), "limit": limit}
    teacher = unwrapped(teacher)
    about["teacher"] = type(teacher).__name__
    config = getattr(teacher, "config", None)
    if config is not None:
        settings = config.to_dict()
        about["config"] = {k: v for k, v in settings.items() if k not in _WITHOUT_EFFECT}
    weights = []
    for name, tensor in sorted(teacher.state_dict().items()):
        weights.append(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        weights.append(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return _digest(_as_json(about), _as_json(_tokenizer_state(tokenizer)), *weights).hex()


def _tokenizer_state(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    state: dict[str, Any] = {"special": tokenizer.special_tokens_map}
    state["side"] = tokenizer.padding_side
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        return state | {"class": type(tokenizer).__name__, "vocabulary": tokenizer.get_vocab()}
    state |= json.loads(tokenizer.backend_tokenizer.to_str())
    # These two are left over from how it was last called.
    return {name: value for name, value in state.items() if name not in ("truncation", "padding")}


def _digest(*parts: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b()
    for part in parts:
        digest.update(len(part).to_bytes(8))  # so that ("ab", "c") is not ("a", "bc")
        digest.update(part)
    return digest.digest()


def _as_bytes(value: str | Sequence[Any]) -> bytes:
    """What a key is made of: of text and of whole numbers alone what they are, of fractions all.

    -0.0 is not 0.0, which a model can tell apart; every NaN is the same.
    """
    if isinstance(value, str):
        return value.encode()
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "fc" or not numbers.size:  # an empty list has a float's type
        return numbers.astype(np.int64).tobytes()
    numbers = np.where(np.isnan(numbers), np.nan, numbers)
    return f"{numbers.dtype.str}{numbers.shape}".encode() + numbers.tobytes()


def _as_json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()


# -- the file ---------------------------------------------------------------------------------


def _write(path: Path, identity: str, known: Mapping[bytes, Tensor]) -> None:
    keys = torch.frombuffer(bytearray(b"".join(known)), dtype=torch.uint8).reshape(len(known), -1)
    rows = list(known.values())
    if rows[0].ndim == 1:
        tensors = {"keys": keys, "logits": torch.stack(rows)}
    else:  # windows of many lengths, (2, tokens) each: in one line, start above end
        lengths = torch.tensor([row.shape[-1] for row in rows])
        tensors = {"keys": keys, "logits": torch.cat(rows, dim=-1), "lengths": lengths}
    save_file(tensors, path, metadata={"checksum": _checksum(identity, **tensors)})


def _read(path: Path, identity: str) -> dict[bytes, Tensor]:
    """What the file holds; nothing when there is none, or (with a warning) when it is damaged."""
    try:
        with safe_open(path, "pt") as file:
            # Copies: on Windows a file that is mapped into memory cannot be replaced.
            found = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            checksum = (file.metadata() or {}).get("checksum")
    except FileNotFoundError:
        return {}
    except (OSError, SafetensorError) as error:
        damage = str(error)
    else:
        if checksum == _checksum(identity, **found):
            keys, logits = found["keys"], found["logits"]
            if "lengths" in found:
                logits = logits.split(found["lengths"].tolist(), dim=-1)
            return dict(zip(map(bytes, keys.numpy()), logits, strict=True))
        damage = "its content does not match its checksum"
    warnings.warn(f"{path} is damaged ({damage}); the teacher is asked again", stacklevel=3)
    return {}


def _checksum(identity: str, **tensors: Tensor) -> str:
    parts = (tensors[name].numpy().tobytes() for name in sorted(tensors))
    return _digest(identity.encode(), *parts).hex()
