"""`python -m kd_course bench`: what caching a teacher and padding by length save, here and now.

Every figure is a ratio of two ways, timed in turns (timing.py). Both go through the library's Trainer
or ours, whole: loading, collating, forward, backward, optimiser. Weights and words are random, for
they do not change what a step costs; how long the sentences are does, and that is real.

Here are the classifier's ways of training; a language model's are in bench_tokens.py, and where a
step's time goes in bench_share.py.

For authors: `--record` on a machine that does nothing else, then `python -m kd_course.authoring readme`
shows the record in docs/distil_your_own.md. It ends with 1 where a target is missed, and the page says so.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from tabulate import tabulate
from tokenizers import Tokenizer, models
from torch import Tensor, nn
from tqdm.auto import tqdm
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DataCollatorWithPadding,
    PreTrainedTokenizerFast,
    Trainer,
)

from kd_course.commands.bench_share import Steps, switches
from kd_course.commands.bench_tokens import TOP_K, TokenWays
from kd_course.commands.timing import Ratio, machine, paired, seconds_an_example, trainer_of
from kd_course.distillation import (
    DistillationTrainer,
    add_teacher_logits,
    cached_teacher_outputs,
)
from kd_course.storage import write_whole

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
WHOLE = {"pairs": 7, "batches": 4}  # within three minutes on two cores
QUICK = {"pairs": 6, "batches": 2}  # the fewest from which an interval can be told
EPOCHS = 3  # the article's number: over so many, asking the teacher once is spread
BATCH = 32
CLASSES = 3
RECORD = Path(__file__).with_name("bench.json")  # the figures that the page shows
SHARE = "small student's step: share of the machine's product of matrices"
# A student of 2 layers under a teacher of 6, as wide as MiniLM (Wang et al. 2020), BERT's words.
WIDTH = {"hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0; 1 where a target is missed (by an empty machine's figures)."""
    parser = argparse.ArgumentParser(
        prog="python -m kd_course bench",
        description="Measures what caching a teacher and padding by length save, and where a step's "
        "time goes, as ratios.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter timings")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--record", action="store_true", help=f"for authors: keep them in {RECORD.name}"
    )
    options = parser.parse_args(argv)

    about = machine()  # as it was before this made it busy
    ratios = measure(**(QUICK if options.quick else WHOLE))
    figures = {"machine": about, "ratios": [ratio.as_dict() for ratio in ratios]}
    if options.record:
        record(figures)
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        plain = {"tablefmt": "plain", "disable_numparse": True}
        print(tabulate(about.items(), **plain), end="\n\n")
        header = ("", "median", "95 % interval", "pairs", "target")
        columns = ("left", "right", "right", "right", "left")
        print(tabulate([r.row() for r in ratios], header, colalign=columns, **plain))
    return 0 if all(ratio.met for ratio in ratios) else 1


def record(figures: dict[str, Any], path: Path = RECORD) -> None:
    """Keep what was measured for the page that shows it: docs/distil_your_own.md."""
    kept = {"date": datetime.now(UTC).date().isoformat(), **figures}
    for ratio in kept["ratios"]:
        ratio["ratios"] = [round(one, 3) for one in ratio["ratios"]]
        ratio["median"] = round(ratio["median"], 3)
        ratio["interval"] = ratio["interval"] and [round(end, 3) for end in ratio["interval"]]
    text = json.dumps(kept, indent=1) + "\n"
    write_whole(path, lambda fresh: fresh.write_text(text, encoding="utf-8"))


def measure(*, pairs: int, batches: int) -> list[Ratio]:
    """All ratios: each from so many pairs of timings, each timing of so many batches."""
    ways, steps = Ways(batches), Steps(batches, tokenizer())
    words = TokenWays(batches // 2, tokenizer())  # whose steps are the longest
    compared: list[tuple[str, Callable, Callable, dict[str, float]]] = [
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
        (
            f"language model: step, {TOP_K} best words cached / fine-tuning, time",
            words.kept,
            words.plain,
            {"at_most": 1.1},
        ),
        (
            f"language model: step, {TOP_K} best words cached / live teacher, time",
            words.kept,
            words.live,
            {},
        ),
    ]
    shares = list(switches())
    ratios = []
    with tqdm(total=(len(compared) + len(shares)) * (pairs + 1), desc="Timing", leave=False) as bar:
        for name, way, other, target in compared:
            ratios.append(Ratio(name, paired(way, other, pairs, bar.update), **target))
        for switch in shares:
            found = paired(
                lambda turn, switch=switch: steps.reached(switch),
                steps.reachable,
                pairs,
                bar.update,
            )
            target = {"at_least": 0.5} if switch.best else {}
            ratios.append(Ratio(f"{SHARE}, {switch.name}", found, **target))
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
        """A batch of them, out of all: at 128 tokens a row, one batch costs what any other does."""
        return self._rows(turn)[:: self.number]

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
            self.trainers[way] = trainer_of(
                kind,
                batch=BATCH,
                model=model(),
                arguments={"train_sampling_strategy": strategy},
                train_dataset=rows,
                data_collator=DataCollatorWithPadding(self.tokenizer, **padding),
                **distillation,
            )
        self.trainers[way].train_dataset = rows
        return self.trainers[way]

    @staticmethod
    def _time(trainer: Trainer) -> float:
        return seconds_an_example(trainer)


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
