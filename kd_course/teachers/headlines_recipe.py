"""How the headline teacher is made: a small GPT-2, on headlines that no lesson loads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from kd_course.experiments import Report

LONGEST = 44  # tokens of a completion


@dataclass(frozen=True)
class TeacherRecipe:
    """All that decides what the teacher becomes."""

    size: str  # of models.DECODERS
    texts: int  # of the private corpus, which shares none with what a lesson loads
    vocabulary: int
    steps: int
    learning_rate: float
    batch_size: int
    seed: int = 0


RECIPE = TeacherRecipe(
    size="small", texts=20_000, vocabulary=1000, steps=2000, learning_rate=5e-3, batch_size=64
)


def fit(
    recipe: TeacherRecipe, scratch: Path, *, quiet: bool = False
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, list[dict]]:
    """The trained writer, its tokenizer, and its curve; scratch is the trainer's own folder."""
    from transformers import DataCollatorForTokenClassification, Trainer

    from kd_course import generation, models
    from kd_course.corpora import headlines
    from kd_course.distillation import training_arguments

    corpus = headlines.teacher_corpus(seed=recipe.seed, size=recipe.texts)
    tokenizer = models.train_spelling_tokenizer(
        corpus["text"][:], vocabulary=recipe.vocabulary, prompts=headlines.PROMPTS
    )
    model = models.decoder(recipe.size, tokenizer, seed=recipe.seed)
    prompts = [headlines.PROMPTS[label] for label in corpus["label"]]
    rows = [
        {
            "input_ids": row["prompt"] + row["completion"],
            "labels": [-100] * len(row["prompt"]) + row["completion"],  # its end token, too
        }
        for row in generation.rows_of(prompts, corpus["text"][:], tokenizer)
    ]
    held_out = len(rows) // 20  # for the curve only: nothing is chosen by it
    trainer = Trainer(
        model=model,
        args=training_arguments(
            scratch,
            max_steps=recipe.steps,
            learning_rate=recipe.learning_rate,
            per_device_train_batch_size=recipe.batch_size,
            per_device_eval_batch_size=256,
            warmup_steps=0.1,
            weight_decay=0.01,
            adam_beta2=0.98,
            eval_strategy="steps",
            eval_steps=max(1, recipe.steps // 5),
            logging_steps=max(1, recipe.steps // 5),
            disable_tqdm=quiet,
            seed=recipe.seed,
        ),
        train_dataset=rows[held_out:],
        eval_dataset=rows[:held_out],
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
    )
    trainer.train()
    curve = [
        {"step": entry["step"], "loss on held-out headlines": entry["eval_loss"]}
        for entry in trainer.state.log_history
        if "eval_loss" in entry
    ]
    return model, tokenizer, curve


def measure(folder: Path) -> Report:
    """The teacher's figures on the public corpus, which it has never seen."""
    import numpy as np
    import torch

    from kd_course import experiments, generation, models
    from kd_course.corpora import headlines

    model, tokenizer = models.load_decoder(str(folder))
    test = headlines.load(seed=0)["test"]
    labels, end = test["label"][:], tokenizer.eos_token_id
    prompts = [headlines.PROMPTS[label] for label in labels]
    rows = generation.rows_of(prompts, test["text"][:], tokenizer)
    report = experiments.Report(
        "teacher-headlines", "offline", data=experiments.fingerprint(test["text"])
    )
    log_q = generation.log_probabilities(model, rows, end=end).numpy()
    report.add("test/surprise", -log_q.mean())
    report.add("test/kl_to_truth", (np.array(test["log_p"]) - log_q).mean())
    written = generation.sample(
        model,
        [row["prompt"] for row in rows],
        longest=LONGEST,
        end=end,
        generator=torch.Generator().manual_seed(0),
    )
    texts = generation.texts_of(written, tokenizer)
    report.add("samples/valid", np.isfinite(headlines.log_truth(texts, labels)).mean())
    return report
