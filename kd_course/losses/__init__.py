"""The losses a student learns from: the labels' (hard), the teacher's (soft), and their mixture.

Those over outputs take logits, of shape (batch, classes) or (batch, length, vocabulary); all return
one number: the mean over the rows that count. A row is an example, or a token; padding is left out by
`mask`, so a batch's loss depends neither on how many classes there are nor on how far it is padded.

    L = α · L_soft + (1 - α) · L_hard          α weighs the soft part; L_soft carries T²

targets.py has the losses over classes or a vocabulary, answer_spans.py the one over positions,
top_k.py the one from a teacher's k best words, sequences.py those of a model that writes, inside.py
those over what a model computes on its way, adaptive.py the soft loss with a temperature or a weight
of its own for every row or step, ranking.py those over the passages that may answer a question.

Computed and returned in float32, whatever precision the logits come in (float64 for float64).

Hinton, Vinyals & Dean, Distilling the Knowledge in a Neural Network, 2015.
"""

from kd_course.losses.adaptive import (
    annealed_temperature,
    certainty,
    certainty_weights,
    row_temperatures,
    row_wise_soft_loss,
    standardised,
)
from kd_course.losses.answer_spans import span_distillation_loss
from kd_course.losses.inside import (
    attention_loss,
    contrastive_loss,
    hidden_state_loss,
    relation_loss,
)
from kd_course.losses.ranking import in_batch_loss, listwise_loss, margin_loss, mean_pooled
from kd_course.losses.rows import IGNORED_LABEL
from kd_course.losses.sequences import (
    completion_mask,
    forward_kl_loss,
    generalised_jsd_loss,
    reverse_kl_loss,
    uld_loss,
)
from kd_course.losses.targets import distillation_loss, hard_target_loss, soft_target_loss
from kd_course.losses.top_k import TopK, top_k_of, top_k_target_loss

__all__ = [
    "IGNORED_LABEL",
    "TopK",
    "annealed_temperature",
    "attention_loss",
    "certainty",
    "certainty_weights",
    "completion_mask",
    "contrastive_loss",
    "distillation_loss",
    "forward_kl_loss",
    "generalised_jsd_loss",
    "hard_target_loss",
    "hidden_state_loss",
    "in_batch_loss",
    "listwise_loss",
    "margin_loss",
    "mean_pooled",
    "relation_loss",
    "row_temperatures",
    "row_wise_soft_loss",
    "reverse_kl_loss",
    "soft_target_loss",
    "span_distillation_loss",
    "standardised",
    "top_k_of",
    "top_k_target_loss",
    "uld_loss",
]
