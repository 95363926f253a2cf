"""The corpus that a teacher rewrites: its own translations of the training sources, kept in line.

    rewrite          the teacher translates the sources, batch by batch; what is done stays done
    read_rewritten   the translations, held against the sources they belong to
    pairs_from       (source, translation) rows for training, of opus-100's schema
    closest          of n candidates, the one most like the reference
    read_lines       two text files of one sentence a line, which must be equally long

A corpus whose lines have slipped trains without an error, and teaches nonsense. So every line
carries a digest of its source, and whoever reads the file hands in the sources again.

Kim & Rush, Sequence-Level Knowledge Distillation, 2016.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kd_course.storage import write_whole
from kd_course.translation.search import (
    batches_by_length,
    longest_source,
    readable,
    translate_batch,
)

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel


def rewrite(
    teacher: PreTrainedModel,
    tokenizer: Any,
    sources: Sequence[str],
    path: str | Path,
    *,
    beams: int = 4,
    candidates: int = 1,
    batch_size: int = 64,
    length_penalty: float = 1.0,
    progress: bool = True,
) -> list[list[str]]:
    """The teacher's `candidates` best translations of every source, in the sources' order.

    They are kept in the file `path`, one line a source; a file that is there already is read, not
    made again, unless it is damaged. Batches are grouped by length. Each is written as soon as it
    is done, beside the file: a run that was killed goes on after its last whole batch, and ends
    with the same file as one that was not. The file itself appears whole.
    Raises ValueError naming the line for a source that is empty or longer than the teacher reads,
    before anything is translated; and for a file at `path` that was made from other sources, by
    another teacher or with other options.
    """
    sources, path = list(sources), Path(path)
    ids = readable(sources, tokenizer, longest_source(teacher))
    options = {"beams": beams, "candidates": candidates, "length_penalty": length_penalty}
    made_with = {
        "teacher": weights_digest(teacher),
        "sources": _digest("\n".join(map(_digest, sources))),
        **options,
        "batch_size": batch_size,
    }
    parts = path.with_name(f".{path.name}.batches-{_digest(json.dumps(made_with))}")
    if path.exists():
        try:
            found = read_rewritten(path, sources, made_with=made_with)
            shutil.rmtree(parts, ignore_errors=True)  # killed when all but this was done
            return found
        except Damaged as error:
            warnings.warn(f"{error}; it is made anew", stacklevel=2)
            path.unlink()

    lines: list[Any] = [None] * len(sources)
    batches = list(batches_by_length([len(row) for row in ids], batch_size))
    for number, rows in enumerate(_with_bar(batches, progress)):
        part, digests = parts / f"{number}.json", [_digest(sources[row]) for row in rows]
        done = _kept(part, digests)
        if done is None:
            texts = translate_batch(teacher, tokenizer, [ids[row] for row in rows], **options)
            done = _keep(part, digests, texts)
        for row, line in zip(rows, done, strict=True):
            lines[row] = line
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [made_with, *lines])
    write_whole(path, lambda fresh: Path(fresh).write_text(text, encoding="utf-8"))
    shutil.rmtree(parts, ignore_errors=True)
    return read_rewritten(path, sources, made_with=made_with)


def read_rewritten(
    path: str | Path, sources: Sequence[str], *, made_with: dict | None = None
) -> list[list[str]]:
    """What `rewrite` wrote: the candidates of every source, best first, in the sources' order.

    Raises ValueError when the file holds more or fewer lines than there are sources, when a line
    belongs to another source (the file has slipped, or the sources have), and when the file was
    made with something else than `made_with`; Damaged, a ValueError too, when it cannot be read.
    """
    head, *lines = _parsed(Path(path))
    for name, wanted in (made_with or {}).items():
        # Of other sources, the lines themselves tell more: which is the first.
        if name != "sources" and head.get(name) != wanted:
            raise ValueError(
                f"{path} was made with {name} {head.get(name)!r}, not {wanted!r}: delete it, or "
                f"choose another path"
            )
    if len(lines) != len(sources):
        raise ValueError(
            f"{path} holds translations of {len(lines)} sources, but there are {len(sources)}"
        )
    for number, (line, source) in enumerate(zip(lines, sources, strict=True)):
        if line["source"] != _digest(source):
            raise ValueError(
                f"{path}: line {number} (counted from 0) is no translation of {source!r}: lines "
                f"have slipped, or the sources are others than those it was made from"
            )
    return [line["texts"] for line in lines]


class Damaged(ValueError):
    """A rewritten corpus that cannot be read."""


def _parsed(path: Path) -> list[dict]:
    try:
        head, *lines = [json.loads(line) for line in _lines_of(path)]
        for line in lines:
            if not line["texts"] or "source" not in line:
                raise ValueError("a line is incomplete")
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{path} is damaged, or no rewritten corpus ({error})") from error
    return [head, *lines]


def pairs_from(
    sources: Sequence[str], targets: Sequence[str], *, languages: tuple[str, str] = ("en", "zh")
) -> Dataset:
    """Sentence pairs in opus-100's schema; a pair whose translation is empty is left out, whole.

    Raises ValueError when there are more sources than targets or the other way round.
    """
    from datasets import Dataset, Features, Translation

    if len(sources) != len(targets):
        raise ValueError(
            f"sources and targets must be equally many, but are {len(sources)} and {len(targets)}"
        )
    rows = [dict(zip(languages, pair, strict=True)) for pair in zip(sources, targets, strict=True)]
    return Dataset.from_dict(
        {"translation": [row for row in rows if all(text.strip() for text in row.values())]},
        features=Features(translation=Translation(languages=list(languages))),
    )


def closest(
    candidates: Sequence[str], reference: str, score: Callable[[str, list[str]], float]
) -> str:
    """Of a source's candidates the one most like its reference; the earlier of equals.

    score: (candidate, [reference]) -> a figure, the larger the better; `metrics.sentence_bleu`.
    What the teacher finds probable and the reference asks for: sequence-level interpolation.
    Raises ValueError when there are no candidates.

    Kim & Rush 2016, section 3.3.
    """
    if not candidates:
        raise ValueError("candidates must hold at least one translation")
    return max(candidates, key=lambda candidate: score(candidate, [reference]))


def read_lines(source_file: str | Path, target_file: str | Path) -> tuple[list[str], list[str]]:
    """Two UTF-8 files, one sentence a line, each line the translation of the other file's.

    Only a line feed ends a line (or carriage return and line feed): Python's splitlines also parts
    at U+2028 and others, which occur within sentences, and the rest of the file would slip.
    Raises ValueError for files of unequal length, and for an empty line, naming it.
    """
    sides = [_lines_of(Path(file)) for file in (source_file, target_file)]
    if len(sides[0]) != len(sides[1]):
        raise ValueError(
            f"{source_file} has {len(sides[0])} lines, but {target_file} has {len(sides[1])}: "
            f"one of them lacks lines, and it cannot be told which"
        )
    for file, lines in zip((source_file, target_file), sides, strict=True):
        for number, line in enumerate(lines):
            if not line.strip():
                raise ValueError(
                    f"{file}: line {number} (counted from 0) is empty: leave it out on both sides"
                )
    return sides[0], sides[1]


def _lines_of(path: Path) -> list[str]:
    lines = path.read_bytes().decode("utf-8").split("\n")
    if lines[-1] == "":  # what stands after the last line feed
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


# -- batches ----------------------------------------------------------------------------------


def _kept(path: Path, digests: list[str]) -> list[dict] | None:
    """A batch's lines from its file; None where there is none, or not of these sources."""
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))
        return lines if [line["source"] for line in lines] == digests else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, digests: list[str], translated: list[list[str]]) -> list[dict]:
    """A batch's lines, written whole to its file."""
    lines = [
        {"source": digest, "texts": texts}
        for digest, texts in zip(digests, translated, strict=True)
    ]
    text = json.dumps(lines, ensure_ascii=False)
    write_whole(path, lambda fresh: Path(fresh).write_text(text, encoding="utf-8"))
    return lines


def _with_bar(batches: list[list[int]], progress: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(batches, unit="batch", desc="the teacher translates", disable=not progress)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def weights_digest(model: PreTrainedModel) -> str:
    """The same for the same weights and no others, on the CPU or on a GPU."""
    digest = hashlib.blake2b(digest_size=8)
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode() + weights.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()
