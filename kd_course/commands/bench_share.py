"""Where a small student's step spends its time: how much of it is the multiplying that it needs.

A step's additions and multiplications are counted, and its time set against that of a plain product
of two large matrices on the same machine, in the same turn: a share of one would be a step that does
nothing else. What is lost is passes over memory, above all the optimiser's over the table of words, of
which a batch touches a few hundred rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertForSequenceClassification, DataCollatorWithPadding, Trainer

from kd_course.commands.timing import seconds_an_example, trainer_of
from kd_course.distillation import DistillationTrainer, add_teacher_logits

# MiniLM (Wang et al. 2020) with three layers, and SST-2's phrases: 13 of BERT's tokens, a batch of 32.
STUDENT = {"hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536}
LAYERS, WORDS, TOKENS, BATCH, CLASSES = 3, 30_522, 13, 32, 2
MATRIX = 1024  # rows and columns of the product that tells what the machine can do
PRODUCTS = 8  # of them in a timing


@dataclass(frozen=True)
class Switch:
    """One thing that may make a step cheaper.

    arguments: the trainer's. frozen: the table of words is not trained. best: what the page advises.
    """

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    frozen: bool = False
    best: bool = False


def switches() -> Iterator[Switch]:
    """What is timed: the step as the library makes it, and what well-kept switches change of it."""
    yield Switch("as it comes")
    yield Switch("AdamW in single operations", {"optim": "adamw_torch"})
    yield Switch("gradients not clipped", {"max_grad_norm": 0})
    yield Switch("words frozen", frozen=True, best=True)
    if has_bfloat16():
        half = {"bf16": True, "use_cpu": not torch.cuda.is_available()}
        yield Switch("words frozen, bfloat16", half, frozen=True)


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 by itself, so that it pays."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    known = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(known.get("amx_bf16") or known.get("amx_tile") or known.get("avx512_bf16"))


class Steps:
    """A student's steps under each switch. batches: that a timing takes. tokenizer: one that can pad."""

    def __init__(self, batches: int, tokenizer: Any):
        generator = torch.Generator().manual_seed(0)
        ids = torch.randint(1000, WORDS, (batches * BATCH, TOKENS), generator=generator).tolist()
        rows = [{"input_ids": row, "labels": row[0] % CLASSES} for row in ids]
        self.rows = add_teacher_logits(rows, torch.randn(len(rows), CLASSES, generator=generator))
        self.tokenizer = tokenizer
        self.trainers: dict[str, Trainer] = {}
        self.operations = operations_of_a_step()

    def reachable(self, turn: int) -> float:
        """Operations a second, in a product of two matrices."""
        return operations_of_the_machine()

    def reached(self, switch: Switch) -> float:
        """Operations a second, in steps under this switch."""
        return self.operations / BATCH / self._seconds_an_example(switch)

    def _seconds_an_example(self, switch: Switch) -> float:
        if switch.name not in self.trainers:
            model = student()
            if switch.frozen:
                model.get_input_embeddings().requires_grad_(False)
            self.trainers[switch.name] = trainer_of(
                DistillationTrainer,
                batch=BATCH,
                model=model,
                train_dataset=self.rows,
                data_collator=DataCollatorWithPadding(self.tokenizer),
                arguments=switch.arguments,
            )
        return seconds_an_example(self.trainers[switch.name])


def student() -> BertForSequenceClassification:
    torch.manual_seed(0)
    return BertForSequenceClassification(
        BertConfig(vocab_size=WORDS, num_hidden_layers=LAYERS, num_labels=CLASSES, **STUDENT)
    )


def operations_of_a_step() -> int:
    """Additions and multiplications of products of matrices, forward and backward."""
    ids = torch.ones(BATCH, TOKENS, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        student()(input_ids=ids, labels=ids[:, 0]).loss.backward()
    return counter.get_total_flops()


def operations_of_the_machine() -> float:
    """A second's, in a product of two matrices of float32: what this machine can do at this moment."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    one, other = torch.randn(2, MATRIX, MATRIX, device=device)
    one @ other
    start = time.perf_counter()
    for _ in range(PRODUCTS):
        product = one @ other
    product[0, 0].item()  # a GPU is waited for
    return PRODUCTS * 2 * MATRIX**3 / (time.perf_counter() - start)
