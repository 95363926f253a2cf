"""Distilling in practice: the trainer, and the teacher's outputs computed once."""

from kd_course.distillation.cache import TeacherOutputs, add_teacher_logits, cached_teacher_outputs
from kd_course.distillation.prediction import predict_logits
from kd_course.distillation.spans import SpanDistillationTrainer, predict_spans
from kd_course.distillation.trainer import DistillationTrainer, last_checkpoint, training_arguments

__all__ = [
    "DistillationTrainer",
    "SpanDistillationTrainer",
    "TeacherOutputs",
    "add_teacher_logits",
    "cached_teacher_outputs",
    "last_checkpoint",
    "predict_logits",
    "predict_spans",
    "training_arguments",
]
