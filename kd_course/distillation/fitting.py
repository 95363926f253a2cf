"""What fits together: a teacher and its student, a model and this trainer. All else is refused by name."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kd_course.distillation.asking import marks_answers, unwrapped
from kd_course.distillation.batches import refuse_other_than_rows
from kd_course.distillation.columns import TEACHER_LOGITS, has_teacher_logits
from kd_course.distillation.labels import is_causal

_OTHER_WORDS = (
    '. vocabulary="common" compares the words that both know, where one is only padded; another '
    "tokenizer reads the text itself: cached_teacher_outputs(…, text_column=…), which works for "
    "classifiers; for generation the teacher writes texts (translation.rewrite; lesson 14)"
)


def refuse_misfit(
    teacher: nn.Module, student: nn.Module, *, common: bool = False, outputs: bool = True
) -> None:
    """ValueError for a teacher that cannot teach this student, naming what does not fit.

    common: the words that both know are compared, and the vocabularies may be of two sizes.
    outputs: whether what they say is compared; where it is not, it may be of other things.
    """
    _refuse_shared(teacher, student)
    teacher, student = unwrapped(teacher), unwrapped(student)
    if outputs and is_causal(student) != is_causal(teacher):
        kinds = {True: "of the next token", False: "of the token at hand"}
        raise ValueError(
            f"teacher must speak of what the student speaks of, but {type(teacher).__name__} speaks "
            f"{kinds[is_causal(teacher)]}, {type(student).__name__} {kinds[is_causal(student)]}"
        )
    theirs, ours = getattr(teacher, "config", None), getattr(student, "config", None)
    for name, meaning in (
        ("vocab_size", "words"),
        ("decoder_vocab_size", "target words"),
        ("decoder_start_token_id", "first token of a target"),
        ("num_labels", "classes"),
    ):
        sizes = getattr(theirs, name, None), getattr(ours, name, None)
        words = name.endswith("vocab_size")
        if name == "num_labels" and not outputs:
            continue
        if None not in sizes and sizes[0] != sizes[1] and not (words and common):
            raise ValueError(
                f"teacher must know the student's {meaning}: its {name} is {sizes[0]}, "
                f"the student's is {sizes[1]}" + (_OTHER_WORDS if words else "")
            )
    if outputs:
        refuse_other_names(getattr(theirs, "id2label", None), getattr(ours, "id2label", None))


def refuse_other_names(teachers: Any, students: Any) -> None:
    """ValueError for two numberings of the classes that differ by more than capitals."""
    names = [
        {int(number): str(name) for number, name in (given or {}).items()}
        for given in (teachers, students)
    ]
    named = all(n and not n.get(0, "LABEL_0").upper().startswith("LABEL_") for n in names)
    plain = [{number: name.strip().casefold() for number, name in n.items()} for n in names]
    if named and plain[0] != plain[1]:
        raise ValueError(
            f"teacher must number the classes as the student does: its id2label is {names[0]}, the "
            f"student's is {names[1]}"
        )


def _refuse_shared(teacher: nn.Module, student: nn.Module) -> None:
    """What is shared goes to eval mode with the teacher, and is trained with the student."""
    own = {id(part) for part in [*student.modules(), *student.parameters()]}
    for name, part in [*teacher.named_modules(), *teacher.named_parameters()]:
        if id(part) in own:
            raise ValueError(
                f"teacher must share nothing with the student, but shares {name or 'all'!r}: "
                f"the student would lose its dropout with the teacher's, and training it would "
                f"change the teacher (copy.deepcopy makes a teacher of its own)"
            )


def refuse_all_but_one_teacher(teacher: Any, teacher_outputs: Any, train_dataset: Any) -> None:
    given = {
        "teacher=": teacher is not None,
        "teacher_outputs=": teacher_outputs is not None,
        f"a column {TEACHER_LOGITS!r} of train_dataset": has_teacher_logits(train_dataset),
    }
    if sum(given.values()) != 1:
        found = " and ".join(name for name, there in given.items() if there) or "none of them"
        raise ValueError(f"alpha > 0 needs one teacher, out of {', '.join(given)}; found: {found}")


def refuse_unreadable_rows(rows: Any, name: str) -> None:
    """TypeError for a data set that is none, and for labels that are texts, with what to do."""
    refuse_other_than_rows(rows, name)
    if not hasattr(rows, "__len__") or not len(rows):  # it may come as a stream
        return
    first = next(iter(rows))
    label = first.get("labels", first.get("label")) if isinstance(first, Mapping) else None
    if isinstance(label, str):
        raise TypeError(
            f"{name} must have numbers as labels, but its first row has {label!r}: "
            f"student.config.label2id[label] is a class's number, tokenizer(text_target=…) makes "
            f"tokens of a text"
        )


# -- the task ---------------------------------------------------------------------------------


def refuse_other_tasks(model: nn.Module, *, spans: bool) -> None:
    """ValueError for a student whose outputs are no distribution over classes, with what to do.

    The loss of each of these is linear in its target: the teacher's part can stand in the labels.
    """
    model = unwrapped(model)
    if marks_answers(model) and not spans:
        raise ValueError(
            f"model must give classes, but {type(model).__name__} marks answers: "
            f"SpanDistillationTrainer is for it"
        )
    config, name = getattr(model, "config", None), type(model).__name__
    kind = getattr(config, "problem_type", None)
    one = getattr(config, "num_labels", None) == 1 and "SequenceClassification" in name
    if kind == "regression" or (one and kind is None):
        raise ValueError(
            f"model must give classes, but {name} is a regression (num_labels "
            f"{getattr(config, 'num_labels', None)}, problem_type {kind!r}): a softmax has nothing to "
            f"say. transformers' own Trainer distils it, with labels = alpha * teacher_scores + "
            f"(1 - alpha) * labels (floats; predict_logits gives the teacher's): its squared error "
            f"has the gradient of both parts"
        )
    if kind == "multi_label_classification":
        raise ValueError(
            f"model must give classes that exclude one another, but {name} is multi-label: a softmax "
            f"would set them against each other. transformers' own Trainer distils it, with labels = "
            f"alpha * sigmoid(teacher_logits) + (1 - alpha) * labels (floats; predict_logits gives the "
            f"teacher's): its cross-entropy per label has the gradient of both parts"
        )


def warn_of_half_precision(model: nn.Module) -> None:
    """A small step is lost in a weight of half precision: say so, and what would be right."""
    dtypes = {weight.dtype for weight in model.parameters() if weight.requires_grad}
    if dtypes & {torch.bfloat16, torch.float16}:
        warnings.warn(
            f"the student's weights are {', '.join(sorted(map(str, dtypes)))}: most steps are smaller "
            f"than such a number can change by, and are lost. Train model.float(), with bf16=True "
            f"in its arguments for speed",
            stacklevel=4,
        )


# -- words ------------------------------------------------------------------------------------


def refuse_other_words(theirs: Any, ours: Any) -> None:
    """ValueError for two tokenizers that number words otherwise, with the first such word.

    Of equal size, they would go unnoticed: the teacher would be read another text.
    """
    tables = [_words_of(tokenizer) for tokenizer in (theirs, ours)]
    if theirs is ours or not all(tables):
        return
    by_number = {number: word for word, number in tables[1].items()}
    other = sorted((n, word) for word, n in tables[0].items() if by_number.get(n, word) != word)
    if other:
        number, word = other[0]
        raise ValueError(
            f"teacher must number the words as the student's tokenizer does, but {len(other)} of "
            f"{len(tables[0])} differ: {number} is {word!r} to the teacher, {by_number[number]!r} to "
            f"the student. cached_teacher_outputs(…, its tokenizer, text_column=…) lets a "
            f"classifier read the text itself; for generation the teacher writes texts "
            f"(translation.rewrite)"
        )


def _words_of(tokenizer: Any) -> dict[str, int]:
    try:
        return dict(tokenizer.get_vocab())
    except (AttributeError, NotImplementedError, TypeError):
        return {}  # a pair of vocabularies, or none


def tokenizer_of(teacher: nn.Module) -> Any:
    """The tokenizer beside which a model was loaded; None where there is none at hand, here or cached."""
    name = str(getattr(getattr(unwrapped(teacher), "config", None), "_name_or_path", "") or "")
    if not name:
        return None
    from huggingface_hub import try_to_load_from_cache
    from transformers import AutoTokenizer

    try:
        file = Path(name, "tokenizer.json")
        if not Path(name).is_dir():
            file = Path(str(try_to_load_from_cache(name, "tokenizer.json")))
        return AutoTokenizer.from_pretrained(file.parent) if file.is_file() else None
    except (OSError, ValueError):
        return None
