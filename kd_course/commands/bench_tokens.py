"""What distilling a language model costs beside fine-tuning it: its teacher live, or its 64 best words kept.

The models are a Llama's, of random weights. A student's vocabulary weighs as much in it as in one of
half a billion weights: the loss runs over all words, so the more there are the dearer it is.
"""

from __future__ import annotations

import random
import tempfile
from functools import cached_property
from typing import Any

import torch
from transformers import (
    DataCollatorForTokenClassification,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
    Trainer,
)

from kd_course.commands.timing import seconds_an_example, trainer_of
from kd_course.distillation import DistillationTrainer, cached_teacher_outputs

WORDS = 16_384
STUDENT = {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 6}
STUDENT |= {"intermediate_size": 1024}
TEACHER = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}
TEACHER |= {"intermediate_size": 2048}
TOKENS, PROMPT = 64, 16  # of a row, and those of them that are no answer
BATCH, TOP_K = 4, 64


class TokenWays:
    """The ways of training that are timed; each returns seconds an example, over the same rows.

    batches: that a timing takes. tokenizer: one that can pad.
    """

    def __init__(self, batches: int, tokenizer: PreTrainedTokenizerBase):
        chance = random.Random(0)
        texts = [
            [chance.randrange(1, WORDS) for _ in range(TOKENS)] for _ in range(batches * BATCH)
        ]
        self.rows = [
            {"input_ids": text, "labels": [-100] * PROMPT + text[PROMPT:]} for text in texts
        ]
        self.tokenizer = tokenizer
        self.teacher = llama(TEACHER).eval()
        self.trainers: dict[str, Trainer] = {}

    def plain(self, turn: int) -> float:
        """Fine-tuning with the library's own Trainer."""
        return self._time("plain", Trainer)

    def kept(self, turn: int) -> float:
        """Distilling from the teacher's best words, which are there."""
        return self._time("kept", DistillationTrainer, teacher_outputs=self._outputs)

    def live(self, turn: int) -> float:
        """Distilling from a teacher that is asked for every batch."""
        return self._time("live", DistillationTrainer, teacher=self.teacher)

    @cached_property
    def _outputs(self) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            return cached_teacher_outputs(
                self.teacher, self.rows, self.tokenizer, folder=folder, progress=False, top_k=TOP_K
            )

    def _time(self, way: str, kind: type[Trainer], **distillation: Any) -> float:
        if way not in self.trainers:
            self.trainers[way] = trainer_of(
                kind,
                batch=BATCH,
                model=llama(STUDENT),
                train_dataset=self.rows,
                data_collator=DataCollatorForTokenClassification(self.tokenizer),
                **distillation,
            )
        return seconds_an_example(self.trainers[way])


def llama(size: dict[str, int]) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(vocab_size=WORDS, pad_token_id=0, **size))
