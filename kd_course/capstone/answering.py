"""What a model answers, and how long it takes: the same lines for the learner and in the locked box.

`reply` is what the box runs. It gets bytes and gives back arrays, texts and two times; no label and
no right answer ever reaches it.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kd_course.capstone import model_files
from kd_course.capstone.briefs import ANSWERS, CLASSES, HEADLINES, TRANSLATION, Brief, Row, asked
from kd_course.capstone.model_folder import Refused

TIMED = 30  # rows that are timed, one by one
# A headline takes as long as it happens to be: of two equal writers the ratio of medians over so many
# has a standard deviation of 0.04; of 30 headlines it would be 0.09, of one a label 0.28.
TIMED_HEADLINES = 240
_WARM_UP = 3
_LONGEST = 64  # tokens of a translation
_WINDOW, _STRIDE = 256, 64  # tokens that a reader sees at once, and that two windows share
_DRAWN = 1115  # the seed of what is sampled
_PROMPTS = ("<negative>", "<neutral>", "<positive>")


def answers(model: Any, tokenizer: Any, brief: Brief, rows: Sequence[Row]) -> list[Any]:
    """What a model answers to every row: a class's number, or a text; always the same.

    In eval mode; translations and answers are the most probable ones (greedy), headlines are drawn
    with one seed, at temperature 1. Call it with what `load_model` gives: half precision and int8 change answers.
    """
    return decided(said(model, tokenizer, brief.task, asked(brief.task, rows)))


def decided(told: Any) -> list[Any]:
    """Answers as a report keeps them: of logits (rows, classes) the largest's number; texts as they are."""
    if isinstance(told, np.ndarray):
        return [int(number) for number in told.argmax(-1)]
    return [str(text) for text in told]


def said(model: Any, tokenizer: Any, task: str, questions: Sequence[Any]) -> Any:
    """Logits (rows, classes), or a list of texts. questions: as `briefs.asked` gives them."""
    return _WAYS[task](model, tokenizer, questions)


def _classes(model: Any, tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    from kd_course.distillation import predict_logits

    return predict_logits(model, list(texts), _fitting(tokenizer, model), batch_size=64)


def _translations(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[str]:
    from kd_course import translation

    return translation.translate(model, tokenizer, list(texts), longest=_LONGEST)


def _answers(model: Any, tokenizer: Any, pairs: Sequence[Sequence[str]]) -> list[str]:
    from kd_course import spans
    from kd_course.distillation import predict_spans

    questions, contexts = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    columns = spans.windows(
        tokenizer,
        questions,
        contexts,
        length=min(_WINDOW, model.config.max_position_embeddings),
        stride=_STRIDE,
        mark_shared=getattr(model.config, "type_vocab_size", 0) == 4,
    )
    logits = predict_spans(model, spans.rows(columns), tokenizer)
    return spans.texts(spans.best_answers(columns, contexts, *logits, n=1))


def _headlines(model: Any, tokenizer: Any, labels: Sequence[int], drawn: int = _DRAWN) -> list[str]:
    import torch

    from kd_course import generation

    prompts = [tokenizer.convert_tokens_to_ids([_PROMPTS[label]]) for label in labels]
    written = generation.sample(
        model,
        prompts,
        longest=model.config.n_positions - 1,
        end=tokenizer.eos_token_id,
        generator=torch.Generator().manual_seed(drawn),
    )
    return generation.texts_of(written, tokenizer)


_WAYS: dict[str, Callable[[Any, Any, Sequence[Any]], Any]] = {
    CLASSES: _classes,
    TRANSLATION: _translations,
    ANSWERS: _answers,
    HEADLINES: _headlines,
}


def _fitting(tokenizer: Any, model: Any) -> Any:
    """The tokenizer, cutting texts to what the model reads."""
    tokenizer.model_max_length = model.config.max_position_embeddings
    return tokenizer


# -- time -------------------------------------------------------------------------------------


def latencies(
    student: tuple[Any, Any], teacher: tuple[Any, Any], task: str, questions: Sequence[Any]
) -> dict[str, float]:
    """How long student and teacher take for one row: {"ms", "teacher_ms"}, medians.

    student, teacher: (model, tokenizer). They answer the same rows in turns, on one core, as the box
    has. What is counted is the core's time: what a quiet machine takes, whatever else this one does.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _in_turns(student, teacher, task, questions)
    finally:
        torch.set_num_threads(threads)


def timed_rows(task: str) -> int:
    """How many rows a model is timed on."""
    return TIMED_HEADLINES if task == HEADLINES else TIMED


def _in_turns(
    student: tuple[Any, Any], teacher: tuple[Any, Any], task: str, questions: Sequence[Any]
) -> dict[str, float]:
    names = ("ms", "teacher_ms")
    of_core: dict[str, list[float]] = {name: [] for name in names}
    of_clock: dict[str, list[float]] = {name: [] for name in names}
    questions = list(questions)[: timed_rows(task)]
    for number, question in enumerate([*questions[:_WARM_UP], *questions]):
        for name, (model, tokenizer) in zip(names, (student, teacher), strict=True):
            core, clock = time.process_time(), time.perf_counter()
            _once(model, tokenizer, task, question, number)
            if number >= _WARM_UP:
                of_core[name].append(1e3 * (time.process_time() - core))
                of_clock[name].append(1e3 * (time.perf_counter() - clock))
    found = {name: statistics.median(times) for name, times in of_core.items()}
    if min(found.values()) > 0:
        return found
    # In a locked box the kernel may count a core's time in steps that are longer than one answer.
    return {name: statistics.median(times) for name, times in of_clock.items()}


def _once(model: Any, tokenizer: Any, task: str, question: Any, number: int) -> None:
    """One row, as it would be served: of a class without what sorts and pads a batch.

    number: of the row, a headline's seed. With one seed for all there would be one headline a label,
    and three lengths by chance would decide.
    """
    if task == HEADLINES:
        _headlines(model, tokenizer, [question], _DRAWN + number)
        return
    if task != CLASSES:
        said(model, tokenizer, task, [question])
        return
    import torch

    from kd_course.distillation.asking import arguments_for

    takes = arguments_for(model)
    read = _fitting(tokenizer, model)([question], truncation=True, return_tensors="pt")
    with torch.inference_mode():
        model(**{name: tensor for name, tensor in read.items() if name in takes})


# -- in the box -------------------------------------------------------------------------------


def reply(
    task: str, files: dict[str, bytes], teacher: dict[str, bytes], questions: bytes
) -> dict[str, Any]:
    """What a handed-in model answers, and both times. Runs in the locked box.

    questions: JSON of what `briefs.asked` gives. Returns {"refused": why}, or {"answers": logits or
    texts, "ms", "teacher_ms"}.
    """
    told = json.loads(questions)
    try:
        model, tokenizer = model_files.build(files, task)
    except Refused as why:
        return {"refused": str(why)}
    try:
        found = said(model, tokenizer, task, told)
        other, reads = model_files.build(teacher, task)
        times = latencies((model, tokenizer), (other, reads or tokenizer), task, told)
    except Exception as error:
        return {"refused": f"it does not answer ({type(error).__name__}: {str(error)[:200]})"}
    return {"answers": found, **times}
