"""How the translation teacher is made: a small Marian, trained on pairs that no lesson loads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from kd_course.experiments import Report
    from kd_course.translation import PairTokenizer


@dataclass(frozen=True)
class TeacherRecipe:
    """All that decides what the teacher becomes."""

    size: str  # of translation.SIZES
    pairs: int  # of the private corpus, which shares no source with what a lesson loads
    vocabulary: tuple[int, int]  # pieces of English, of Chinese
    epochs: int
    learning_rate: float
    batch_size: int
    seed: int = 0


RECIPE = TeacherRecipe(
    size="small",
    pairs=60_000,
    vocabulary=(1500, 1200),
    epochs=12,
    learning_rate=1.5e-3,
    batch_size=128,
)


def fit(
    recipe: TeacherRecipe, scratch: Path, *, quiet: bool = False
) -> tuple[PreTrainedModel, PairTokenizer, list[dict]]:
    """The trained translator, its tokenizer, and its curve; scratch holds checkpoints to go on from.

    Progress is kept there after every epoch: a run that was killed goes on from the last one, if it
    read the same pairs.
    """
    import torch

    from kd_course import experiments, translation
    from kd_course.corpora import parallel
    from kd_course.distillation import Seq2SeqDistillationTrainer, seq2seq_training_arguments

    corpus = parallel.teacher_corpus(seed=recipe.seed, size=recipe.pairs)
    pairs = corpus["translation"][:]
    tokenizer = translation.train_tokenizers(
        [pair["en"] for pair in pairs], [pair["zh"] for pair in pairs], vocabulary=recipe.vocabulary
    )
    model = translation.translator(recipe.size, tokenizer, seed=recipe.seed)
    # bfloat16 and plain attention halve the time on a processor; the weights stay in float32.
    model.set_attn_implementation("eager")
    rows = translation.tokenised(corpus, tokenizer)
    held_out = len(rows) // 20  # for the curve only: nothing is chosen by it
    trainer = Seq2SeqDistillationTrainer(
        model=model,
        args=seq2seq_training_arguments(
            scratch / experiments.fingerprint(text for pair in pairs for text in pair.values()),
            num_train_epochs=recipe.epochs,
            learning_rate=recipe.learning_rate,
            per_device_train_batch_size=recipe.batch_size,
            per_device_eval_batch_size=256,
            warmup_steps=0.1,
            weight_decay=0.01,
            bf16=True,
            use_cpu=not torch.cuda.is_available(),  # else the library refuses bfloat16 there
            eval_strategy="epoch",
            save_strategy="epoch",
            save_total_limit=2,
            logging_strategy="epoch",
            disable_tqdm=quiet,
            seed=recipe.seed,
        ),
        train_dataset=rows.select(range(held_out, len(rows))),
        eval_dataset=rows.select(range(held_out)),
        data_collator=translation.collator(tokenizer, model),
        alpha=0.0,  # a teacher that has no teacher
    )
    trainer.train(resume_from_checkpoint=True)
    curve = [
        {"epoch": entry["epoch"], "loss on held-out sentences": entry["eval_loss"]}
        for entry in trainer.state.log_history
        if "eval_loss" in entry
    ]
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return model.half(), tokenizer, curve  # half the megabytes; `translation.load` widens it again


def measure(folder: Path) -> Report:
    """The teacher's figures on the public corpus, whose sources it has never seen."""
    from kd_course import experiments, metrics, translation
    from kd_course.corpora import parallel

    model, tokenizer = translation.load(str(folder))
    test = parallel.load(seed=0)["test"]["translation"][:]
    sources, references = [row["en"] for row in test], [[row["zh"]] for row in test]
    report = experiments.Report(
        "teacher-translation", "offline", data=experiments.fingerprint(sources)
    )
    for search, beams in (("greedy", 1), ("beam", 4)):
        outputs = translation.translate(model, tokenizer, sources, beams=beams)
        truth = translation.truth_of(sources, outputs)
        report.add(f"{search}/BLEU", metrics.bleu(outputs, references).value)
        report.add(f"{search}/chrF", metrics.chrf(outputs, references).value)
        report.add(f"{search}/right", truth.right.mean())
    return report
