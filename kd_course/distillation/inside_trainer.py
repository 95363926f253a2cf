"""The trainers whose student is compared with its teacher inside, beside what both say in the end.

What is here is what that adds to DistillationTrainer: the teacher is asked for its insides too, the
student's are read in the same pass that gives its logits, and where the two are of different width,
a projection is trained with the student.

The projections are a module of the student's while it trains, `inside_projections`: so its
optimiser trains them, its checkpoints hold them, and several processes average their gradients.
When training ends they leave it, and what is saved is the student alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from kd_course.distillation.asking import arguments_for, in_eval_mode, logits_of
from kd_course.distillation.fitting import refuse_misfit
from kd_course.distillation.internals import (
    Comparison,
    ask_inside,
    asked_for,
    recording,
    refuse_impossible,
    tokens_read,
)
from kd_course.distillation.span_trainer import SpanDistillationTrainer
from kd_course.distillation.trainer import DistillationTrainer
from kd_course.losses import TopK

PROJECTIONS = "inside_projections"  # the module's name in the student
_TEXT_IDS = "text_ids"  # the column that says which text a row is of


class InsideDistillationTrainer(DistillationTrainer):
    """A transformers.Trainer whose student learns from its teacher's insides as well.

    The loss of an optimiser step is

        outputs_weight · DistillationTrainer's + Σ weight · the comparison's

    each a mean over the step's rows, or its tokens, however the step is divided into batches and
    processes. (A contrastive loss is a mean over rows too, but its wrong answers are those of one
    batch.) The log shows every comparison's loss by its name and layers, "relations 2:4".

    comparisons: what is compared, of `distillation.internals`: HiddenStates, Attention, Relations,
    Contrastive. None of them at all: a plain DistillationTrainer.
    inside_teacher: the model that is compared, where it is not teacher: an untrained one, say, for
    a control, or where the logits come from a cache. It is always asked live.
    outputs_weight: 0 leaves labels and teacher's logits out, for distilling before the task is
    known; then alpha and temperature mean nothing.
    Where widths differ, a projection (linear, without bias) of the student's vectors is trained.
    Raises ValueError for layers, widths or heads that cannot be compared, for no teacher to
    compare with, for a student whose attention is not returned (at the first step), for an
    optimiser that was made without the projections, and whatever DistillationTrainer refuses.

    Jiao et al., TinyBERT, 2020; Wang et al., MiniLMv2, 2021.
    """

    def __init__(
        self,
        model: nn.Module | None = None,
        args: Any = None,
        *,
        comparisons: Sequence[Comparison] = (),
        inside_teacher: nn.Module | None = None,
        outputs_weight: float = 1.0,
        teacher: nn.Module | None = None,
        **options: Any,
    ):
        if outputs_weight < 0:
            raise ValueError(f"outputs_weight must not be negative, but is {outputs_weight:g}")
        if outputs_weight == 0:
            if not comparisons:
                raise ValueError("comparisons must not be empty where outputs_weight is 0")
            inside_teacher = inside_teacher if inside_teacher is not None else teacher
            options, teacher = {**options, "alpha": 0.0}, None
        if options.get("model_init") is not None:
            raise ValueError("model_init makes a student anew, without its projections: give model")
        self.comparisons = list(comparisons)
        self.outputs_weight = float(outputs_weight)
        compared: Any = inside_teacher if inside_teacher is not None else teacher
        self.inside_teacher = compared
        self._said: Any = None  # what a teacher that was asked for its insides says in the end
        super().__init__(model=model, args=args, teacher=teacher, **options)
        self.projections = nn.ModuleDict()
        if self.comparisons:
            self._refuse_what_cannot_be_compared()
            in_eval_mode(self.inside_teacher).to(self.args.device)
            self.projections = self._new_projections()

    def _refuse_what_cannot_be_compared(self) -> None:
        if self.inside_teacher is None:
            raise ValueError(
                "comparisons need a model to compare with: teacher=, or inside_teacher= where the "
                "logits come from a cache or alpha is 0"
            )
        if self.inside_teacher is not self.teacher:
            refuse_misfit(self.inside_teacher, self.model, outputs=False)
        refuse_impossible(self.comparisons, self.model, self.inside_teacher)
        recorded = any(each.records for each in self.comparisons)
        if recorded and self.args.gradient_checkpointing:
            raise ValueError("gradient_checkpointing computes anew what relations record: leave it")
        if self.args.n_gpu > 1:
            raise ValueError("several GPUs in one process are not supported here: use torchrun")

    def _new_projections(self) -> nn.ModuleDict:
        """A linear map for every comparison of different widths; the same for the same seed."""
        models: tuple[Any, Any] = (self.model, self.inside_teacher)
        width, wanted = (model.config.hidden_size for model in models)
        found = nn.ModuleDict()
        # Drawn aside: whether there are projections does not change the student's own dropout.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.args.seed)
            for number, each in enumerate(self.comparisons):
                if each.projects and width != wanted:
                    found[str(number)] = nn.Linear(width, wanted, bias=False)
        weight = next(self.model.parameters())
        return found.to(device=weight.device, dtype=weight.dtype)

    # -- the loss -----------------------------------------------------------------------------

    def compute_loss(
        self, model: nn.Module, inputs: Mapping[str, Tensor], *args: Any, **kwargs: Any
    ) -> Any:
        """As DistillationTrainer's, with the comparisons' losses in training."""
        if not (model.training and self.comparisons):
            return super().compute_loss(model, inputs, *args, **kwargs)
        # Read under a mask, where there is none too, but not computed under it: packed texts, which
        # have none, would see one another.
        with self._read_student(tokens_read(inputs)):
            return super().compute_loss(model, inputs, *args, **kwargs)

    @contextmanager
    def _read_student(self, mask: Tensor) -> Iterator[None]:
        """While it is open, the student's outputs have `inside`: what each comparison reads.

        Read and projected within the student's own forward, so that whoever looks for the
        parameters that an output depends on, as DistributedDataParallel does, finds all of them.
        """
        layers = {each.student_layer for each in self.comparisons if each.records}

        def add_inside(module: nn.Module, args: Any, outputs: Any) -> Any:
            inside = []
            for number, each in enumerate(self.comparisons):
                found = each.read(outputs, recorded, each.student_layer, mask, "the student")
                if str(number) in self.projections:
                    found = self.projections[str(number)](found)
                inside.append(found)
            # A plain dict: a ModelOutput cannot be put together again with a field that it lacks.
            # Nor do the logits stay where nothing asks for them: a head gets no gradient then, and
            # several processes would wait for it.
            said = {name: value for name, value in outputs.items() if name.endswith("logits")}
            return {**(said if self.outputs_weight > 0 else {}), "inside": inside}

        with recording(self.model, layers) as recorded:
            handle = self.model.register_forward_hook(add_inside)
            try:
                yield
            finally:
                handle.remove()

    def _for_student(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        asked = asked_for(self.comparisons) if self.model.training else {}
        return {**super()._for_student(inputs), **asked}

    def _parts_of_loss(
        self, outputs: Any, inputs: Mapping[str, Tensor], shares: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        """shares: (4,), the batch's share of the soft rows, hard rows, tokens and rows of the step."""
        parts: dict[str, tuple[float, Tensor]] = {}
        if not self.comparisons:
            return super()._parts_of_loss(outputs, inputs, shares)
        with self.accelerator.autocast():
            self._said, theirs = ask_inside(self.inside_teacher, inputs, self.comparisons)
        if self.outputs_weight > 0:
            of_outputs = super()._parts_of_loss(outputs, inputs, shares)
            parts |= {name: (self.outputs_weight * w, p) for name, (w, p) in of_outputs.items()}
        mask = tokens_read(inputs)
        ids = _text_ids(inputs, mask)
        for each, own, wanted in zip(self.comparisons, outputs["inside"], theirs, strict=True):
            share = shares[3 if each.over_rows else 2]
            parts[str(each)] = (each.weight, share * each.loss(own, wanted, mask, ids))
        self._said = None
        return parts

    def _teacher_logits(self, inputs: Mapping[str, Tensor]) -> Tensor | TopK:
        """Where the same teacher has just been asked for its insides, it is not asked twice."""
        if self._said is not None and self.teacher is self.inside_teacher:
            return logits_of(self._said, "the teacher")
        return super()._teacher_logits(inputs)

    def _count_rows(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """How many rows have a soft part, how many a hard one; how many tokens and rows: (4,)."""
        ids = inputs["input_ids"]
        # An evaluation counts its labels, whatever they weigh in training.
        left_out = self.outputs_weight == 0 and self._sums is None
        outputs = ids.new_zeros(2) if left_out else super()._count_rows(inputs)
        tokens = tokens_read(inputs).sum()
        return torch.cat([outputs, torch.stack([tokens, tokens.new_tensor(len(ids))])])

    def _set_signature_columns_if_needed(self) -> None:
        first_time = self._signature_columns is None
        super()._set_signature_columns_if_needed()
        if first_time and self.comparisons:
            self._signature_columns += [_TEXT_IDS, *sorted(arguments_for(self.inside_teacher))]

    # -- the projections, in the student while it trains, and out of what is saved --------------

    def train(self, *args: Any, **kwargs: Any):
        """Train, or go on from a checkpoint: DistillationTrainer.train, with the projections in."""
        self._refuse_optimiser_without_projections()
        with self._projections_in_student():
            return super().train(*args, **kwargs)

    @contextmanager
    def _projections_in_student(self) -> Iterator[None]:
        if not len(self.projections):
            yield
            return
        student = self.model
        student.add_module(PROJECTIONS, self.projections)
        try:
            yield
        finally:
            delattr(student, PROJECTIONS)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Save the student, without the projections; only the library's own checkpoints hold them."""
        inside = not _internal_call and hasattr(self.model, PROJECTIONS)
        if inside:
            delattr(self.model, PROJECTIONS)
        try:
            super().save_model(output_dir, _internal_call)
        finally:
            if inside:
                self.model.add_module(PROJECTIONS, self.projections)

    def _refuse_optimiser_without_projections(self) -> None:
        if self.optimizer is None:
            return
        held = {id(weight) for group in self.optimizer.param_groups for weight in group["params"]}
        if any(id(weight) not in held for weight in self.projections.parameters()):
            raise ValueError(
                "optimizers must hold the projections, which are trained with the student, but "
                "the optimiser given was made without them: leave optimizers out, or add "
                "trainer.projections.parameters() to it"
            )


class InsideSpanDistillationTrainer(InsideDistillationTrainer, SpanDistillationTrainer):
    """SpanDistillationTrainer whose student is compared inside: see InsideDistillationTrainer."""


def _text_ids(inputs: Mapping[str, Tensor], mask: Tensor) -> Tensor:
    """A number for every text of the batch: its own, or the same one for equal input ids."""
    if _TEXT_IDS in inputs:
        return inputs[_TEXT_IDS]
    read = inputs["input_ids"] * mask
    return torch.unique(read, dim=0, return_inverse=True)[1]
