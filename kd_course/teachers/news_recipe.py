"""How the news teacher is made: a small BERT, trained on sentences that no lesson loads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from kd_course.experiments import Report


@dataclass(frozen=True)
class TeacherRecipe:
    """All that decides what the teacher becomes."""

    size: str  # of models.SIZES
    sentences: int  # of the private corpus, which shares none with what a lesson loads
    vocabulary: int
    epochs: int
    learning_rate: float
    batch_size: int
    seed: int = 0


RECIPE = TeacherRecipe(
    size="small", sentences=40_000, vocabulary=2000, epochs=4, learning_rate=1e-3, batch_size=64
)


def fit(
    recipe: TeacherRecipe, scratch: Path, *, quiet: bool = False
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, list[dict]]:
    """The trained classifier, its tokenizer, and its curve; scratch is the trainer's own folder."""
    from transformers import DataCollatorWithPadding, Trainer

    from kd_course import models
    from kd_course.corpora import news
    from kd_course.distillation import training_arguments

    corpus = news.teacher_corpus(seed=recipe.seed, size=recipe.sentences)
    tokenizer = models.train_tokenizer(corpus["text"], vocabulary=recipe.vocabulary)
    model = models.classifier(recipe.size, tokenizer, news.NAMES, seed=recipe.seed)
    rows = corpus.map(
        lambda batch: tokenizer(batch["text"]), batched=True, remove_columns=corpus.column_names[:1]
    )
    held_out = len(rows) // 20  # for the curve only: nothing is chosen by it
    trainer = Trainer(
        model=model,
        args=training_arguments(
            scratch,
            num_train_epochs=recipe.epochs,
            learning_rate=recipe.learning_rate,
            per_device_train_batch_size=recipe.batch_size,
            per_device_eval_batch_size=256,
            warmup_steps=0.1,
            weight_decay=0.01,
            eval_strategy="epoch",
            logging_strategy="epoch",
            disable_tqdm=quiet,
            seed=recipe.seed,
        ),
        train_dataset=rows.select(range(held_out, len(rows))),
        eval_dataset=rows.select(range(held_out)),
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
    )
    trainer.train()
    curve = [
        {"epoch": entry["epoch"], "loss on held-out sentences": entry["eval_loss"]}
        for entry in trainer.state.log_history
        if "eval_loss" in entry
    ]
    return model, tokenizer, curve


def measure(folder: Path) -> Report:
    """The teacher's figures on the public corpus, which it has never seen."""
    import numpy as np

    from kd_course import experiments, metrics, models
    from kd_course.corpora import news
    from kd_course.distillation import predict_logits

    model, tokenizer = models.load(str(folder))
    splits = news.load(seed=0)
    report = experiments.Report(
        "teacher-news", "offline", data=experiments.fingerprint(splits["test"]["text"])
    )
    for split in ("test", "test_unseen_templates"):
        labels = np.array(splits[split]["label"])
        truth = np.array(splits[split]["posterior"])
        p = metrics.probabilities(predict_logits(model, splits[split]["text"], tokenizer))
        report.add(f"{split}/accuracy", metrics.correct(p, labels).mean())
        report.add(f"{split}/nll", metrics.surprise(p, labels).mean())
        report.add(f"{split}/kl_to_truth", metrics.kl_rows(truth, p).mean())
        report.add(f"{split}/accuracy_of_the_truth", metrics.correct(truth, labels).mean())
    return report
