"""Distilling in practice: the trainer, and the teacher's outputs computed once."""

from kd_course.distillation.arms import train_with_recipe
from kd_course.distillation.cache import TeacherOutputs, cached_teacher_outputs
from kd_course.distillation.checkpoints import last_checkpoint
from kd_course.distillation.columns import add_teacher_logits
from kd_course.distillation.inside_trainer import (
    InsideDistillationTrainer,
    InsideSpanDistillationTrainer,
)
from kd_course.distillation.internals import (
    Attention,
    Contrastive,
    HiddenStates,
    Relations,
    ask_inside,
    layer_map,
)
from kd_course.distillation.options import seq2seq_training_arguments, training_arguments
from kd_course.distillation.prediction import predict_logits
from kd_course.distillation.selection import most_uncertain
from kd_course.distillation.seq2seq_trainer import Seq2SeqDistillationTrainer
from kd_course.distillation.span_trainer import SpanDistillationTrainer, predict_spans
from kd_course.distillation.token_outputs import TopKOutputs
from kd_course.distillation.trainer import DistillationTrainer

__all__ = [
    "Attention",
    "Contrastive",
    "DistillationTrainer",
    "HiddenStates",
    "InsideDistillationTrainer",
    "InsideSpanDistillationTrainer",
    "Relations",
    "Seq2SeqDistillationTrainer",
    "SpanDistillationTrainer",
    "TeacherOutputs",
    "TopKOutputs",
    "add_teacher_logits",
    "ask_inside",
    "cached_teacher_outputs",
    "last_checkpoint",
    "layer_map",
    "most_uncertain",
    "predict_logits",
    "predict_spans",
    "seq2seq_training_arguments",
    "train_with_recipe",
    "training_arguments",
]
