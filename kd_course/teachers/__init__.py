"""The teachers that ship with the package, and the one command that makes each.

    python -m kd_course teacher news            make it again, in the cache folder
    python -m kd_course teacher news --ship     and put it where the package ships it

A teacher is a folder as `save_pretrained` writes it, with `recipe.json` beside the weights: how it
was trained, and its curve. Its figures are in the ledger under "teacher-news/offline".
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kd_course.models import SHIPPED

if TYPE_CHECKING:
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


RECIPES = {
    "news": TeacherRecipe(
        size="small", sentences=40_000, vocabulary=2000, epochs=4, learning_rate=1e-3, batch_size=64
    ),
}


def obtain(name: str, *, retrain: bool = False) -> str:
    """Where to load a teacher from: a folder the package ships, or `name` itself for the hub.

    retrain: train a shipped teacher again from its recipe first (once; then it is in the cache).
    """
    from kd_course.storage import cache_folder

    if name not in RECIPES:
        return name
    if not retrain:
        return str(SHIPPED / name)
    digest = hashlib.blake2b(repr(RECIPES[name]).encode(), digest_size=4).hexdigest()
    folder = cache_folder() / "teachers" / f"{name}-{digest}"
    return str(folder if (folder / "recipe.json").is_file() else train(name, folder))


def notes(folder: str) -> dict:
    """What is written down about a teacher of ours: its recipe, its curve, the command that made it."""
    return json.loads(Path(folder, "recipe.json").read_text(encoding="utf-8"))


def train(name: str, folder: Path, *, quiet: bool = False) -> Path:
    """Train a shipped teacher from its recipe into a folder; returns the folder.

    name: a key of RECIPES. The folder appears whole, when training has ended.
    """
    import torch
    from transformers import DataCollatorWithPadding, Trainer

    from kd_course import models
    from kd_course.corpora import news
    from kd_course.distillation import training_arguments
    from kd_course.storage import write_whole

    recipe = RECIPES[name]
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
            folder.with_name(folder.name + "-training"),
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
    notes = {
        "command": f"python -m kd_course teacher {name} --ship",
        "recipe": asdict(recipe),
        "curve": [
            {"epoch": entry["epoch"], "loss on held-out sentences": entry["eval_loss"]}
            for entry in trainer.state.log_history
            if "eval_loss" in entry
        ],
        "torch": str(torch.__version__),
    }

    def write(target: Path) -> None:
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
        (target / "recipe.json").write_text(json.dumps(notes, indent=1) + "\n", encoding="utf-8")

    return write_whole(folder, write)


def measure(name: str, folder: Path | None = None) -> Report:
    """The teacher's figures on the public corpus, which it has never seen: a report for the ledger."""
    import numpy as np

    from kd_course import experiments, metrics, models
    from kd_course.corpora import news
    from kd_course.distillation import predict_logits

    model, tokenizer = models.load(str(folder or SHIPPED / name))
    splits = news.load(seed=0)
    report = experiments.Report(
        f"teacher-{name}", "offline", data=experiments.fingerprint(splits["test"]["text"])
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


def main(argv: list[str]) -> int:
    """`python -m kd_course teacher NAME [--ship]`."""
    from kd_course import running
    from kd_course.storage import cache_folder

    parser = argparse.ArgumentParser(
        prog="python -m kd_course teacher", description="Make a shipped teacher again."
    )
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument(
        "--ship", action="store_true", help="for authors: replace the shipped one, and its figures"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    arguments = parser.parse_args(argv)
    folder = (
        SHIPPED / arguments.name if arguments.ship else cache_folder() / "teachers" / arguments.name
    )
    train(arguments.name, folder, quiet=arguments.quiet)
    report = measure(arguments.name, folder).as_dict()
    if arguments.ship:
        running.write_reference(report["lesson"], report, 0.0, "figures")
    from kd_course.experiments import ledger

    print(f"{folder}\n" + running.as_table(ledger().compare(report)))
    return 0
