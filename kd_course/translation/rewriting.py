"""The corpus that a teacher rewrites: its own translations of the training sources, kept in line.

    rewrite          the teacher translates the sources, batch by batch; what is done stays done
    read_rewritten   the translations, held against the sources they belong to
    pairs_from       (source, translation) rows for training, of opus-100's schema
    closest          of n candidates, the one most like the reference
    read_lines       two text files of one sentence a line, which must be equally long

A corpus whose lines have slipped trains without an error, and teaches nonsense. So every line
carries a digest of its source and one of source and translations together, and whoever reads the
file hands in the sources again.

Kim & Rush, Sequence-Level Knowledge Distillation, 2016.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kd_course.storage import refuse_unwritable, write_whole
from kd_course.text_files import decoded, refuse_no_list
from kd_course.translation.search import (
    LONGEST_OUTPUT,
    batches_by_length,
    check_search,
    longest_source,
    readable,
    translate_batch,
)

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel

FORMAT = "kd_course: rewritten corpus, 1"  # the first thing in the file: no other file is replaced


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
    longest: int = LONGEST_OUTPUT,
    progress: bool = True,
) -> list[list[str]]:
    """The teacher's `candidates` best translations of every source, in the sources' order.

    They are kept in the file `path`, one line a source; a file that is there already is read, not
    made again, unless it is damaged. Batches are grouped by length. Each is written as soon as it
    is done, beside the file: a run that was killed goes on after its last whole batch, and ends
    with the same file as one that was not. The file itself appears whole.
    longest: tokens. A translation that has not ended by then would teach to stop half-way: it
    becomes an empty text, which `pairs_from` leaves out, and a warning says how many there are.
    Raises OSError for a folder that cannot be written, before the teacher is asked anything.
    Raises ValueError naming the line for a source that is empty or longer than the teacher reads,
    before anything is translated; and for a file at `path` that was made from other sources, by
    another teacher or tokenizer or with other options, or that is no rewritten corpus at all.
    """
    check_search(beams, candidates, batch_size, longest)
    if not len(sources):
        raise ValueError("sources must hold at least one sentence")
    if Path(path).is_dir():
        raise ValueError(f"path must name a file, but {path} is a folder")
    ids, path = readable(sources, tokenizer, longest_source(teacher)), Path(path)
    sources = list(sources)
    search = {"beams": beams, "candidates": candidates}
    options: dict[str, Any] = search | {"length_penalty": length_penalty, "longest": longest}
    made_with = _made_with(teacher, tokenizer, ids, sources) | options
    # As it will be read again.
    made_with = json.loads(json.dumps({**made_with, "batch_size": batch_size}))
    parts = path.with_name(f".{path.name}.batches-{_digest(json.dumps(made_with))}")
    if path.exists():
        try:
            found = read_rewritten(path, sources, made_with=made_with)
            shutil.rmtree(parts, ignore_errors=True)  # killed when all but this was done
            return found
        except Damaged as error:
            warnings.warn(f"{error}; it is made anew", stacklevel=2)

    refuse_unwritable(path.parent, "choose another path")

    def translated(rows: Sequence[int]) -> list[list[str]]:
        tokens = [ids[row] for row in rows]
        return translate_batch(teacher, tokenizer, tokens, **options, whole_only=True)

    batches = list(batches_by_length([len(row) for row in ids], batch_size))
    lines = _in_batches(sources, _with_bar(batches, progress), translated, parts, candidates)
    _warn_of_endless(lines, longest)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [made_with, *lines])
    write_whole(path, lambda fresh: Path(fresh).write_text(text, encoding="utf-8"))
    shutil.rmtree(parts, ignore_errors=True)
    return read_rewritten(path, sources, made_with=made_with)


def _warn_of_endless(lines: Sequence[dict], longest: int) -> None:
    if endless := sum(not line["texts"][0] for line in lines):
        warnings.warn(
            f"{endless} of {len(lines)} translations had not ended after {longest} tokens; they "
            "are left empty",
            stacklevel=3,
        )


def _made_with(
    teacher: PreTrainedModel, tokenizer: Any, ids: list[Any], sources: list[Any]
) -> dict[str, Any]:
    """What a corpus was made by and of: the first line of its file, with the options of the search."""
    return {
        "format": FORMAT,
        "teacher": weights_digest(teacher),
        "tokenizer": _digest_of_rows([*ids, _vocabulary(teacher, tokenizer)]),
        "generation": _generation(teacher),
        "sources": _digest_of_rows([sources]),
    }


def _in_batches(
    sources: Sequence[str],
    batches: Iterable[Sequence[int]],
    translated: Callable[[Sequence[int]], list[list[str]]],
    parts: Path,
    candidates: int,
) -> list[Any]:
    """The lines of all sources, batch by batch; what a killed run has left in `parts` is taken."""
    lines: list[Any] = [None] * len(sources)
    for number, rows in enumerate(batches):
        part, batch = parts / f"{number}.json", [sources[row] for row in rows]
        done = _kept(part, batch, candidates)
        if done is None:
            done = _keep(part, batch, translated(rows))
        for row, line in zip(rows, done, strict=True):
            lines[row] = line
    return lines


def read_rewritten(
    path: str | Path, sources: Sequence[str], *, made_with: dict | None = None
) -> list[list[str]]:
    """What `rewrite` wrote: the candidates of every source, best first, in the sources' order.

    Raises ValueError when the file is no rewritten corpus, when it holds more or fewer lines than
    there are sources, when a line belongs to another source (the file has slipped, or the sources
    have), and when the file was made with something else than `made_with`; Damaged, a ValueError
    too, when a line cannot be read or is not what was written.
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
        lost = head["sources"] == _digest_of_rows([list(sources)])
        raise (Damaged if lost else ValueError)(
            f"{path} holds translations of {len(lines)} sources, but there are {len(sources)}"
        )
    for number, (line, source) in enumerate(zip(lines, sources, strict=True)):
        if line["source"] != _digest(source):
            raise ValueError(
                f"{path}: line {number} (counted from 0) is no translation of {source!r}: lines "
                f"have slipped, or the sources are others than those it was made from"
            )
        if not _is_whole(line, source, head["candidates"]):
            raise Damaged(
                f"{path} is damaged: line {number} (counted from 0) is not what was written"
            )
    return [line["texts"] for line in lines]


class Damaged(ValueError):
    """A rewritten corpus of which something is lost or was changed."""


def _parsed(path: Path) -> list[dict]:
    """The head and the lines; ValueError for another kind of file, Damaged for a torn one."""
    first, *rest = _lines_of(path) or [""]
    try:
        head = json.loads(first)
        ours = head["format"] == FORMAT
    except (ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        raise ValueError(f"{path} is no rewritten corpus: choose another path")
    try:
        lines = [json.loads(line) for line in rest]
        for line in lines:
            line["source"], line["texts"]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{path} is damaged: {error}") from error
    return [head, *lines]


def _line(source: str, texts: list[str]) -> dict:
    """A source's line: the translations, and what they are held against when they are read."""
    return {"source": _digest(source), "texts": texts, "whole": _digest_of_line(source, texts)}


def _is_whole(line: dict, source: str, candidates: int) -> bool:
    """Whether a line is what was written for this source: nothing lost, nothing changed."""
    texts = line["texts"]
    return (
        isinstance(texts, list)
        and len(texts) == candidates
        and all(isinstance(text, str) for text in texts)
        and line.get("whole") == _digest_of_line(source, texts)
    )


def _digest_of_line(source: str, texts: list[str]) -> str:
    return _digest(json.dumps([source, texts], ensure_ascii=False))


def pairs_from(
    sources: Sequence[str], targets: Sequence[str], *, languages: tuple[str, str] = ("en", "zh")
) -> Dataset:
    """Sentence pairs in opus-100's schema; a pair whose translation is empty is left out, whole.

    Raises ValueError when there are more sources than targets or the other way round.
    """
    from datasets import Dataset, Features, Translation

    refuse_no_list(sources, "sources")
    refuse_no_list(targets, "targets")
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
    refuse_no_list(candidates, "candidates")
    if not len(candidates):
        raise ValueError("candidates must hold at least one translation")
    return max(candidates, key=lambda candidate: score(candidate, [reference]))


def read_lines(source_file: str | Path, target_file: str | Path) -> tuple[list[str], list[str]]:
    """Two text files in UTF-8 (or UTF-16 with its mark), one sentence a line, each line the translation of the other file's.

    Only a line feed ends a line (or carriage return and line feed): Python's splitlines also parts
    at U+2028 and others, which occur within sentences, and the rest of the file would slip.
    A byte order mark in front is left out.
    Raises ValueError for files of unequal length, and for a line that is empty or no UTF-8, naming
    it.
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
    lines = decoded(path.read_bytes(), path).split("\n")
    if lines[-1] == "":  # what stands after the last line feed
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


# -- batches ----------------------------------------------------------------------------------


def _kept(path: Path, sources: list[str], candidates: int) -> list[dict] | None:
    """A batch's lines from its file; None where there is none, or not whole, or of other sources."""
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))
        whole = [_is_whole(*pair, candidates) for pair in zip(lines, sources, strict=True)]
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return lines if all(whole) else None


def _keep(path: Path, sources: list[str], translated: list[list[str]]) -> list[dict]:
    """A batch's lines, written whole to its file."""
    lines = [_line(source, texts) for source, texts in zip(sources, translated, strict=True)]
    text = json.dumps(lines, ensure_ascii=False)
    write_whole(path, lambda fresh: Path(fresh).write_text(text, encoding="utf-8"))
    return lines


def _with_bar(batches: list[list[int]], progress: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(batches, unit="batch", desc="the teacher translates", disable=not progress)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _digest_of_rows(rows: Iterable[list]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for row in rows:
        digest.update(json.dumps(row).encode() + b"\n")
    return digest.hexdigest()


def _vocabulary(model: PreTrainedModel, tokenizer: Any) -> list[str]:
    """What each target number stands for."""
    size = getattr(model.config, "decoder_vocab_size", None) or model.config.vocab_size
    return tokenizer.batch_decode([[i] for i in range(size)], skip_special_tokens=False)


def _generation(model: PreTrainedModel) -> dict[str, Any]:
    """The model's own settings of `generate`, where they are not the library's."""
    settings = model.generation_config.to_diff_dict()
    about = {"transformers_version", "_from_model_config"}
    return {name: value for name, value in sorted(settings.items()) if name not in about}


def weights_digest(model: PreTrainedModel) -> str:
    """The same for the same weights and no others, on the CPU or on a GPU."""
    digest = hashlib.blake2b(digest_size=8)
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode() + weights.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()
