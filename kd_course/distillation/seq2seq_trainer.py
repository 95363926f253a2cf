"""The trainer that distils translators: DistillationTrainer, on the library's Seq2SeqTrainer.

Word-level distillation is what DistillationTrainer does with logits of shape (batch, length,
vocabulary): per target token, padding left out. What is added here is how an encoder-decoder is fed:
teacher and student both read the labels shifted by one, the same ones; which tokens count is read
off the labels themselves, never off their shifted copy (there, the start token and the padding look
alike, and the last word is missing).

Kim & Rush, Sequence-Level Knowledge Distillation, 2016, section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from transformers import Seq2SeqTrainer, Seq2SeqTrainingArguments

from kd_course.distillation.trainer import DistillationTrainer

DECODER_INPUTS = "decoder_input_ids"


class Seq2SeqDistillationTrainer(DistillationTrainer, Seq2SeqTrainer):
    """A transformers.Seq2SeqTrainer whose student learns from a teacher as well as from labels.

    As DistillationTrainer, with teacher= a live encoder-decoder of the same target vocabulary.
    labels: (batch, length), -100 marks padding. The decoder's inputs are made from them, unless the
    batch brings its own, as DataCollatorForSeq2Seq(tokenizer, model=…) makes them.
    `predict_with_generate` and the like work as the library documents them.
    Raises ValueError for a model that is no encoder-decoder, TypeError for arguments that are not
    Seq2SeqTrainingArguments, and whatever DistillationTrainer refuses.
    """

    def __init__(self, model: nn.Module | None = None, args: Any = None, **options: Any):
        if args is not None and not isinstance(args, Seq2SeqTrainingArguments):
            raise TypeError(
                f"args must be seq2seq_training_arguments(…), the library's Seq2SeqTrainingArguments, "
                f"but are {type(args).__name__}"
            )
        super().__init__(model=model, args=args, **options)
        if not getattr(self.model.config, "is_encoder_decoder", False):
            raise ValueError(
                f"model must be an encoder-decoder, but {type(self.model).__name__} is none: "
                f"DistillationTrainer is for it"
            )
        # Given the labels too, a model would compute a loss of its own, for nothing.
        self._student_takes -= {"labels"}

    def _with_decoder_inputs(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The decoder reads the labels, one step later."""
        if DECODER_INPUTS in inputs:
            return dict(inputs)
        if "labels" not in inputs:
            raise ValueError(
                "a batch must have labels: a decoder reads them, and -100 tells which are padding. "
                "Texts without targets get the teacher's own (translation.rewrite)"
            )
        model = self.accelerator.unwrap_model(self.model)
        shifted = model.prepare_decoder_input_ids_from_labels(labels=inputs["labels"])
        return {**inputs, DECODER_INPUTS: shifted}
