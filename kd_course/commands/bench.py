"""`python -m kd_course bench`: what caching a teacher and padding by length save, here and now.

Every figure is a ratio of two ways of training, timed in turns (A B A B …) so that what else the
machine does falls on both. Both go through the library's Trainer or ours, whole: loading,
collating, forward, backward, optimiser. Weights and words are random, for they do not change what
a step costs; how long the sentences are does, and that is real.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
import transformers
from tabulate import tabulate
from tokenizers import Tokenizer, models
from torch import Tensor, nn
from tqdm.auto import tqdm
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DataCollatorWithPadding,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Trainer,
)

from kd_course.distillation import (
    DistillationTrainer,
    add_teacher_logits,
    cached_teacher_outputs,
    training_arguments,
)

# How many sentences of Financial PhraseBank (Malo et al. 2014; the 3,038 of a training split) have
# 6, 7, 8, … tokens of BERT's uncased vocabulary, [CLS] and [SEP] among them; cut at 128.
_FROM_6_TOKENS = """
    4 5 9 18 20 19 44 46 67 81 88 77 103 85 103 82 93 109 95 101 108 107 96 93 86 72 85 68 56 64
    76 49 59 56 43 39 51 45 33 37 38 43 46 30 40 22 19 20 10 18 13 17 13 12 18 12 12 9 14 9 5 8 5
    7 4 2 5 2 1 2 2 3 0 0 1
"""
SENTENCES_OF_LENGTH = dict(enumerate(map(int, _FROM_6_TOKENS.split()), start=6))
SENTENCES_OF_LENGTH |= {93: 1, 109: 1, 120: 1, 128: 1}
ROWS = sum(SENTENCES_OF_LENGTH.values())
LONGEST = 128  # tokens, to which the article pads every sentence
WHOLE = {"pairs": 5, "batches": 8}
QUICK = {"pairs": 3, "batches": 4}
EPOCHS = 3  # the article's number: over so many, asking the teacher once is spread
BATCH = 32
CLASSES = 3
# A student of 2 layers under a teacher of 6, as wide as MiniLM (Wang et al. 2020), BERT's words.
WIDTH = {"hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536}


@dataclass(frozen=True)
class Ratio:
    """How many times as long (or as fast) one way is as another, in every pair of timings."""

    name: str
    ratios: list[float]
    at_most: float | None = None
    at_least: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return "none" if self.at_least is None else f"at least {self.at_least:g}"

    @property
    def met(self) -> bool:
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= self.median <= high

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "median": self.median, "target": self.target, "met": self.met}

    def row(self) -> tuple[str, ...]:
        """Its row of the printed table: name, median, smallest and largest, pairs, target."""
        verdict = (
            "" if self.target == "none" else f"{self.target}: {'met' if self.met else 'MISSED'}"
        )
        spread = f"{min(self.ratios):.2f} – {max(self.ratios):.2f}"
        return self.name, f"{self.median:.2f}", spread, str(len(self.ratios)), verdict


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0; 1 where a target is missed (by an empty machine's figures)."""
    parser = argparse.ArgumentParser(
        prog="python -m kd_course bench",
        description="Measures what caching a teacher and padding by length save, as ratios.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter timings")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)

    ratios = measure(**(QUICK if options.quick else WHOLE))
    if options.json:
        figures = {"machine": machine(), "ratios": [ratio.as_dict() for ratio in ratios]}
        print(json.dumps(figures, indent=1, ensure_ascii=False))
    else:
        plain = {"tablefmt": "plain", "disable_numparse": True}
        print(tabulate(machine().items(), **plain), end="\n\n")
        header = ("", "median", "min – max", "pairs", "target")
        columns = ("left", "right", "right", "right", "left")
        print(tabulate([r.row() for r in ratios], header, colalign=columns, **plain))
    return 0 if all(ratio.met for ratio in ratios) else 1


def measure(*, pairs: int, batches: int) -> list[Ratio]:
    """The four ratios: each from so many pairs of timings, each timing of so many batches."""
    ways = Ways(batches)
    compared = [
        # name, what is timed, against what, target
        ("step, cached teacher / fine-tuning, time", ways.cached, ways.plain, {"at_most": 1.05}),
        ("step, live teacher / fine-tuning, time", ways.live, ways.plain, {}),
        (
            f"padded to its batch, grouped / padded to {LONGEST}, speed",
            ways.padded,
            ways.plain,
            {"at_least": 3.3},
        ),
        (
            f"all, asking the teacher included ({EPOCHS} epochs) / article, speed",
            ways.article,
            ways.ours,
            {"at_least": 5},
        ),
    ]
    ratios = []
    with tqdm(total=len(compared) * (pairs + 1), desc="Timing", leave=False) as bar:
        for name, way, other, target in compared:
            found = []
            for turn in range(pairs + 1):
                found.append(way(turn) / other(turn))
                bar.update()
            ratios.append(Ratio(name, found[1:], **target))  # the first turn warms up
    return ratios


class Ways:
    """The ways of training that are timed; each returns seconds an example, in some turn.

    A turn takes every n-th batch of an epoch, grouped by the trainer out of a whole training set
    and ranked by length, so that short and long ones have their share; the next turn takes others.
    """

    def __init__(self, batches: int):
        self.number = batches
        self.tokenizer = tokenizer()
        self.teacher = bert(layers=6).eval()
        self.trainers: dict[str, Trainer] = {}

        rows = sentences()
        grouped = self._trainer(
            "grouped", DistillationTrainer, rows, alpha=0, strategy="group_by_length"
        )
        order = [rows[row] for row in grouped._get_train_sampler()]
        batches = [order[start : start + BATCH] for start in range(0, ROWS - BATCH, BATCH)]
        self.epoch = sorted(batches, key=_longest, reverse=True)

    def plain(self, turn: int) -> float:
        """Fine-tuning with the library's own Trainer."""
        return self._time(self._trainer("plain", Trainer, self._rows(turn)))

    def cached(self, turn: int) -> float:
        """Distilling from outputs that are there."""
        rows = self._rows(turn)
        rows = add_teacher_logits(rows, torch.randn(len(rows), CLASSES))
        return self._time(self._trainer("cached", DistillationTrainer, rows))

    def live(self, turn: int) -> float:
        """Distilling from a teacher that is asked for every batch."""
        rows = self._rows(turn)
        return self._time(self._trainer("live", DistillationTrainer, rows, teacher=self.teacher))

    def padded(self, turn: int) -> float:
        """Fine-tuning, every sentence padded to 128 tokens."""
        return self._time(self._trainer("padded", Trainer, self._few_rows(turn), pad_to=LONGEST))

    def article(self, turn: int) -> float:
        """The article's listing: padded to 128, and the teacher trained on the labels as well."""
        rows = self._few_rows(turn)
        return self._time(
            self._trainer("article", Trainer, rows, pad_to=LONGEST, model=TeacherAndStudent)
        )

    def ours(self, turn: int) -> float:
        """Distilling from outputs, and an epoch's part of asking the teacher for them once."""
        rows = self._rows(turn)
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            outputs = cached_teacher_outputs(
                self.teacher, rows, self.tokenizer, folder=folder, progress=False
            )
            asking = (time.perf_counter() - start) / len(rows)
        rows = add_teacher_logits(rows, outputs)
        return self._time(self._trainer("cached", DistillationTrainer, rows)) + asking / EPOCHS

    def _rows(self, turn: int) -> list[dict]:
        every = len(self.epoch) // self.number
        aside = (
            (turn + 1) // 2 * (1 if turn % 2 else -1)
        )  # 0, 1, -1, 2, … from the middle of every n
        batches = self.epoch[(every // 2 + aside) % every :: every][: self.number]
        return [row for batch in batches for row in batch]

    def _few_rows(self, turn: int) -> list[dict]:
        """Two batches of them: at 128 tokens each, one batch costs what any other does."""
        return self._rows(turn)[:: self.number // 2]

    def _trainer(
        self,
        way: str,
        kind: type[Trainer],
        rows: list[dict],
        *,
        model: Callable[[], nn.Module] = lambda: bert(layers=2),
        pad_to: int | None = None,
        strategy: str = "sequential",
        **distillation: Any,
    ) -> Trainer:
        """A way's trainer, made once: from the second turn on its optimiser has its memory."""
        if way not in self.trainers:
            padding = {"padding": "max_length", "max_length": pad_to} if pad_to else {}
            self.trainers[way] = kind(
                model=model(),
                args=training_arguments(
                    os.path.join(tempfile.gettempdir(), "kd_course_bench"),  # nothing is kept there
                    per_device_train_batch_size=BATCH,
                    num_train_epochs=1,
                    train_sampling_strategy=strategy,
                    disable_tqdm=True,
                ),
                train_dataset=rows,
                data_collator=DataCollatorWithPadding(self.tokenizer, **padding),
                **distillation,
            )
            self.trainers[way].remove_callback(PrinterCallback)
        self.trainers[way].train_dataset = rows
        return self.trainers[way]

    @staticmethod
    def _time(trainer: Trainer) -> float:
        """Seconds an example, as the library measures them: from the first batch to the last."""
        return trainer.train().metrics["train_runtime"] / len(trainer.train_dataset)


class TeacherAndStudent(nn.Module):
    """Both under one optimiser: the gradient of a sum of losses is each model's own."""

    def __init__(self):
        super().__init__()
        self.both = nn.ModuleList([bert(layers=6), bert(layers=2)])

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask, "labels": labels}
        return {"loss": sum(model(**inputs).loss for model in self.both)}


def _longest(rows: list[dict]) -> int:
    return max(len(row["input_ids"]) for row in rows)


def bert(layers: int) -> BertForSequenceClassification:
    torch.manual_seed(layers)
    return BertForSequenceClassification(
        BertConfig(num_hidden_layers=layers, num_labels=CLASSES, **WIDTH)
    )


def sentences() -> list[dict]:
    """As many rows of random words as the training set has, of its lengths, shuffled."""
    chance = random.Random(0)
    lengths = [n for n, number in SENTENCES_OF_LENGTH.items() for _ in range(number)]
    chance.shuffle(lengths)
    words = range(1000, 30522)
    return [
        {"input_ids": chance.choices(words, k=n), "labels": chance.randrange(CLASSES)}
        for n in lengths
    ]


def tokenizer() -> PreTrainedTokenizerFast:
    """One that can pad, which is all that is asked of it."""
    words = Tokenizer(models.WordLevel({"[PAD]": 0}, unk_token="[PAD]"))
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]")


def machine() -> dict[str, str]:
    """What the figures were measured on, and how busy it was."""
    cuda = torch.cuda.is_available()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "device": torch.cuda.get_device_name() if cuda else platform.machine(),
        "cores": f"{os.cpu_count()}, {torch.get_num_threads()} used",
        "load": load,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
