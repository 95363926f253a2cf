"""How the reading teacher is made: a small RoFormer, on questions that no lesson loads.

It learns from short passages that are questioned in their own words: the corpus's level "plain".
More stages can follow one another, the harder level last, as a curriculum.
Bengio et al., Curriculum Learning, 2009.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from kd_course.experiments import Report

LENGTH, STRIDE = 256, 64  # tokens of a window; every passage of the corpus fits one


@dataclass(frozen=True)
class TeacherRecipe:
    """All that decides what the teacher becomes."""

    size: str  # of models.READERS
    stages: tuple[tuple[str, int, int], ...]  # one after the other: level, passages, steps
    vocabulary: int
    learning_rate: float
    batch_size: int
    seed: int = 0


RECIPE = TeacherRecipe(
    size="small",
    stages=(("plain", 3_600, 500),),
    vocabulary=4000,
    learning_rate=1e-3,
    batch_size=32,
)


def fit(
    recipe: TeacherRecipe, scratch: Path, *, quiet: bool = False
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, list[dict]]:
    """The trained reader, its tokenizer, and its curve; scratch holds checkpoints to go on from.

    A run that was killed goes on from the last one, if it read the same texts.
    """
    from kd_course import experiments, models
    from kd_course.corpora import reading

    corpora = {
        level: reading.teacher_corpus(recipe.seed, passages, level=level)
        for level, passages, _ in recipe.stages
    }
    texts = [
        text
        for corpus in corpora.values()
        for column in (corpus["context"][:: reading.QUESTIONS], corpus["question"][:])
        for text in column
    ]
    tokenizer = models.train_tokenizer(texts, vocabulary=recipe.vocabulary)
    tokenizer.model_max_length = LENGTH
    model = models.reader(recipe.size, tokenizer, seed=recipe.seed)
    curve: list[dict] = []
    for level, _, steps in recipe.stages:
        folder = scratch / experiments.fingerprint(texts) / level
        trainer = _trainer(model, tokenizer, corpora[level], steps, recipe, folder, quiet=quiet)
        trainer.train(resume_from_checkpoint=True)
        done = curve[-1]["step"] if curve else 0
        curve += [
            {
                "step": done + entry["step"],
                "level": level,
                "loss on held-out questions": entry["eval_loss"],
            }
            for entry in trainer.state.log_history
            if "eval_loss" in entry
        ]
    return model, tokenizer, curve


def _trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    corpus: Any,
    steps: int,
    recipe: TeacherRecipe,
    folder: Path,
    *,
    quiet: bool,
) -> Any:
    from kd_course import spans
    from kd_course.distillation import SpanDistillationTrainer, training_arguments

    contexts = corpus["context"][:]
    columns = spans.windows(
        tokenizer, corpus["question"][:], contexts, length=LENGTH, stride=STRIDE, mark_shared=True
    )
    rows = spans.rows(columns | spans.labels(columns, contexts, corpus["answers"][:]))
    held_out = min(320, len(rows) // 20)  # for the curve only: nothing is chosen by it
    return SpanDistillationTrainer(
        model=model,
        args=training_arguments(
            folder,
            max_steps=steps,
            learning_rate=recipe.learning_rate,
            per_device_train_batch_size=recipe.batch_size,
            per_device_eval_batch_size=64,
            warmup_steps=min(200, steps // 4),
            weight_decay=0.01,
            adam_beta2=0.98,
            eval_strategy="steps",
            eval_steps=200,
            logging_steps=50,
            save_strategy="steps",
            save_steps=100,
            save_total_limit=2,
            disable_tqdm=quiet,
            seed=recipe.seed,
        ),
        train_dataset=rows[held_out:],
        eval_dataset=rows[:held_out],
        processing_class=tokenizer,
        alpha=0.0,
    )


def measure(folder: Path) -> Report:
    """The teacher's figures on the public corpus, which it has never seen."""
    from kd_course import experiments, metrics, models, spans
    from kd_course.corpora import reading
    from kd_course.distillation import predict_spans

    model, tokenizer = models.load_reader(str(folder))
    plain, full = reading.load(seed=0, level="plain"), reading.load(seed=0)
    sets = {
        "test": plain["test"],
        "test_new_names": plain["test_new_names"],
        "test, other words": full["test"].select(range(1000)),
    }
    report = experiments.Report(
        "teacher-reading", "offline", data=experiments.fingerprint(plain["test"]["question"])
    )
    for name, rows in sets.items():
        contexts = rows["context"][:]
        columns = spans.windows(
            tokenizer, rows["question"][:], contexts, length=LENGTH, stride=STRIDE, mark_shared=True
        )
        logits = predict_spans(model, spans.rows(columns), tokenizer)
        found = spans.texts(spans.best_answers(columns, contexts, *logits, n=1))
        answers = [answer["text"] for answer in rows["answers"]]
        report.add(f"{name}/exact match", metrics.exact_match(found, answers).mean())
        report.add(f"{name}/F1", metrics.f1(found, answers).mean())
    return report
