"""A teacher's outputs for tokens, kept: its k best words at each position, and the mass of the rest.

All its logits would be larger than the teacher. What is kept instead is enough for a loss that is
exact over k + 1 classes (`losses.top_k_target_loss`): k numbers and k logits, and for each
temperature one number that stands for all other words. 540 bytes a token at k = 64.

On disk there is a folder for each pair of teacher and tokenizer, with a file for every few seconds of
the teacher's work: a run that was killed asks only what is missing.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from kd_course.distillation.batches import in_batches, looked_up
from kd_course.losses import TopK
from kd_course.losses.top_k import log_mass_outside, top_k_of
from kd_course.storage import write_whole

TEMPERATURES = (
    1.0,
    2.0,
    3.0,
    4.0,
    5.0,
    8.0,
    10.0,
)  # at which the rest is kept, 4 bytes a token each
TOP_IDS, TOP_LOGITS, TOP_REST = COLUMNS = (
    "teacher_top_ids",
    "teacher_top_logits",
    "teacher_top_rest",
)
_SECONDS, _BYTES = 5.0, 64 * 2**20  # of a file: the work that a kill may cost, and a size to read


class Kept(NamedTuple):
    """A row's tokens: ids and logits (tokens, k), rest (tokens, temperatures)."""

    ids: Tensor
    logits: Tensor
    rest: Tensor


class TopKOutputs:
    """What a teacher said to the tokens of a data set: its k best words, and the mass of the rest.

    `of(dataset, temperature)` gives them for any data set made of these rows, in its order.
    `bytes_per_token` is what they take, on disk as in memory.
    """

    def __init__(
        self,
        kept: Mapping[bytes, Kept],
        keys_of: Any,
        *,
        temperatures: Sequence[float],
        words: int | None,
        tokenizer: Any,
        teacher: str = "",  # its name, for the student's model card
    ):
        self._kept, self._keys_of = dict(kept), keys_of
        self.temperatures = tuple(temperatures)
        self.words = words  # the teacher's, of which the k best were taken
        self.tokenizer, self.teacher = tokenizer, teacher
        self.k = next(iter(self._kept.values())).ids.shape[-1]

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes_per_token(self) -> int:
        return sum(part.element_size() * part.shape[-1] for part in next(iter(self._kept.values())))

    def __repr__(self) -> str:
        tokens = sum(len(row.ids) for row in self._kept.values())
        return (
            f"TopKOutputs(k={self.k}, rows={len(self)}, tokens={tokens}, "
            f"bytes_per_token={self.bytes_per_token})"
        )

    def at(self, temperature: float) -> int:
        """Where this temperature stands among those kept; ValueError where it does not."""
        for place, kept in enumerate(self.temperatures):
            if abs(kept - temperature) < 1e-9:
                return place
        raise ValueError(
            f"temperature must be one at which the mass of the rest was kept, "
            f"{', '.join(f'{t:g}' for t in self.temperatures)}, but is {temperature:g}: "
            f"cached_teacher_outputs(…, top_k={self.k}, temperatures=({temperature:g},)) keeps it"
        )

    def of(self, dataset: Any, temperature: float) -> list[TopK]:
        """For every row (tokens, k) ids and logits, (tokens,) rest; KeyError for rows not asked."""
        place = self.at(temperature)
        rows = looked_up(self._keys_of(dataset), self._kept, f"tokenizer, top_k={self.k}")
        return [TopK(row.ids, row.logits, row.rest[:, place]) for row in rows]

    def add_to(self, dataset: Any, temperature: float) -> list[dict]:
        """The rows as dicts, each with its teacher's columns; nothing is copied."""
        said = self.of(dataset, temperature)
        return [
            {**dataset[i], **dict(zip(COLUMNS, row, strict=True))} for i, row in enumerate(said)
        ]


def ask_for_tokens(
    teacher: nn.Module,
    rows: Mapping[bytes, dict],
    tokenizer: Any,
    *,
    k: int,
    temperatures: Sequence[float],
    words: int | None,
    folder: Path,
    batch_size: int,
    progress: bool,
) -> dict[bytes, Kept]:
    """The teacher's k best words for the tokens of new rows, by their keys; written as they come."""
    if not temperatures:
        raise ValueError("temperatures must hold at least one, that of the training, but are none")
    found: dict[bytes, Kept] = {}
    fresh: dict[bytes, Kept] = {}  # not written yet
    keys = list(rows)
    since, size = time.monotonic(), 0
    try:
        batches = in_batches(teacher, list(rows.values()), tokenizer, batch_size, progress)
        for numbers, logits in batches:
            if logits.ndim != 3 or logits.isnan().any():
                raise ValueError(
                    f"teacher must give logits for every token, (batch, length, vocabulary), where "
                    f"top_k is given, without NaN, but gave shape {tuple(logits.shape)}, "
                    f"{int(logits.isnan().sum())} NaN"
                )
            for number, kept in zip(
                numbers, _best(logits[..., :words], k, temperatures), strict=True
            ):
                row = rows[keys[number]]
                tokens = len(row["labels"] if "labels" in row else row["input_ids"])
                kept = Kept(*(part[:tokens].clone() for part in kept))
                found[keys[number]] = fresh[keys[number]] = kept
                size += sum(part.nbytes for part in kept)
            if time.monotonic() - since > _SECONDS or size > _BYTES:
                _write(folder, fresh)
                fresh, since, size = {}, time.monotonic(), 0
    finally:  # also what was done before an interruption
        _write(folder, fresh)
    return found


def _best(logits: Tensor, k: int, temperatures: Sequence[float]) -> Iterable[Kept]:
    """A batch's logits (batch, length, words), cut down to what is kept of each row."""
    best = top_k_of(logits, k, temperature=temperatures[0])
    rest = [best.rest, *(log_mass_outside(logits, best.ids, t) for t in temperatures[1:])]
    parts = best.ids.int().cpu(), best.logits.cpu(), torch.stack(rest, dim=-1).cpu()
    return [Kept(*row) for row in zip(*parts, strict=True)]


# -- the files --------------------------------------------------------------------------------


def _write(folder: Path, rows: Mapping[bytes, Kept]) -> None:
    if not rows:
        return
    keys = torch.frombuffer(bytearray(b"".join(rows)), dtype=torch.uint8).reshape(len(rows), -1)
    lengths = torch.tensor([len(row.ids) for row in rows.values()])
    parts = {
        name: torch.cat(part)
        for name, part in zip(Kept._fields, zip(*rows.values(), strict=True), strict=True)
    }
    tensors = {"keys": keys, "lengths": lengths, **parts}
    checksum = _checksum(tensors)
    write_whole(
        folder / f"{checksum[:32]}.safetensors",
        lambda fresh: save_file(tensors, fresh, metadata={"checksum": checksum}),
    )


def read_kept(folder: Path) -> dict[bytes, Kept]:
    """What the folder's files hold; one that is damaged is told, and its rows are asked again."""
    known: dict[bytes, Kept] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, "pt") as file:
                found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                checksum = (file.metadata() or {}).get("checksum")
        except (OSError, SafetensorError) as error:
            damage = str(error)
        else:
            damage = (
                "" if checksum == _checksum(found) else "its content does not match its checksum"
            )
        if damage:
            warnings.warn(f"{path} is damaged ({damage}); the teacher is asked again", stacklevel=3)
            found = {}  # mapped into memory, for which Windows would not remove the file
            with contextlib.suppress(PermissionError):
                path.unlink(missing_ok=True)
            continue
        lengths = found["lengths"].tolist()
        parts = (found[name].split(lengths) for name in Kept._fields)
        rows = (Kept(*row) for row in zip(*parts, strict=True))
        known |= zip(map(bytes, found["keys"].numpy()), rows, strict=True)
    return known


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    import hashlib

    digest = hashlib.blake2b(digest_size=32)
    for name in sorted(tensors):
        digest.update(f"{name} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].contiguous().numpy().data)
    return digest.hexdigest()


# -- batches ----------------------------------------------------------------------------------


class TopKCollator:
    """A data collator's batches, with the teacher's columns put where their tokens went.

    collate: any collator; it sees the rows without these columns, and may pad them on either side or
    lay them end to end (DataCollatorWithFlattening).
    """

    def __init__(self, collate: Any, *, decodes: bool):
        self.collate = collate
        self.decodes = decodes  # an encoder-decoder's tokens are those of its labels

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        plain = [{n: v for n, v in row.items() if n not in COLUMNS} for row in rows]
        batch = self.collate(plain)
        if TOP_IDS not in rows[0]:
            return batch
        column = "labels" if self.decodes else "input_ids"
        there = self._places(batch, [len(row[column]) for row in plain])
        for name in COLUMNS:
            said = torch.cat([self._counted(row, torch.as_tensor(row[name])) for row in rows])
            if len(said) != int(there.sum()):
                raise ValueError(
                    f"data_collator must keep every token of a row, as teacher_outputs have them, but "
                    f"of {len(said)} it kept {int(there.sum())}: cut the rows before they are cached"
                )
            filled = said.new_zeros(*there.shape, *said.shape[1:])
            filled[there] = said
            batch[name] = filled
        return batch

    def _places(self, batch: Mapping[str, Tensor], lengths: list[int]) -> Tensor:
        """Which positions of the batch hold a row's token, in the rows' order: (batch, length)."""
        if not self.decodes and batch.get("attention_mask") is not None:
            return batch["attention_mask"].bool()
        shape = batch["labels" if self.decodes else "input_ids"].shape
        if len(shape) == 2 and shape[0] == 1 and shape[1] == sum(lengths):
            return torch.ones(shape, dtype=torch.bool)
        tokenizer = getattr(self.collate, "tokenizer", None)
        places = torch.arange(shape[1]).expand(len(lengths), -1)
        if getattr(tokenizer, "padding_side", "right") == "left":
            places = places.flip(-1)
        return places < torch.tensor(lengths)[:, None]

    def _counted(self, row: Mapping[str, Any], said: Tensor) -> Tensor:
        """Without the padding that a row may have brought itself."""
        if self.decodes or "attention_mask" not in row:
            return said
        return said[torch.as_tensor(row["attention_mask"]).bool()]
