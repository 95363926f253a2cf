"""The card of a distilled model: the library's own, and who taught it, on what, by which loss.

The library writes README.md beside the weights, with the hyperparameters it knows of. What makes a
distilled model is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn
from transformers import Trainer

from kd_course import metrics
from kd_course.distillation.asking import name_of, unwrapped
from kd_course.distillation.columns import has_teacher_logits
from kd_course.experiments.intervals import Interval

TAG = "knowledge-distillation"


class DistillationCard(Trainer):
    """A Trainer whose model card says what was distilled, and how."""

    alpha: float
    temperature: float
    vocabulary: str
    teacher: nn.Module | None
    _outputs: Any

    def create_model_card(
        self,
        *args: Any,
        teacher: str | None = None,
        figures: Mapping[str, Any] | None = None,
        tags: str | Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        """Write the library's card, README.md in args.output_dir, with a section on the distillation.

        teacher: its name, where the model does not know it (kept outputs, a column of logits).
        figures: name -> a figure, or an `experiments.Interval` (or mean, low, high): "accuracy on
        the test split": paired_interval(scores). Whatever else the library's takes: dataset=, license= …
        `push_to_hub` takes the same, and sends the card with the model.
        Raises TypeError naming a figure that is neither.
        """
        told = _figures(figures or {})  # refused before anything is written
        named = [tags] if isinstance(tags, str) else list(tags or ())
        named += [] if TAG in named else [TAG]
        super().create_model_card(*args, tags=named, **options)
        if self.is_world_process_zero():
            card = Path(self.args.output_dir, "README.md")
            text = card.read_text(encoding="utf-8").rstrip()
            about = self._about(teacher, options.get("dataset"))
            card.write_text(f"{text}\n\n{_section(self.alpha, about)}{told}", encoding="utf-8")

    def _about(self, teacher: str | None, dataset: Any) -> dict[str, str]:
        """What the section's table says, in its order."""
        about = {"student": _model(unwrapped(self.model))}
        if self.alpha > 0:
            about["teacher"] = teacher or self._its_teacher()
        about["data"] = _data(dataset, self.train_dataset, self.eval_dataset)
        about["α, the weight of the soft loss"] = f"{self.alpha:g}"
        if self.alpha > 0:
            about["temperature T"] = f"{self.temperature:g}"
        if self.vocabulary == "common":
            about["vocabulary"] = "the words that teacher and student both know"
        inside = getattr(self, "inside_teacher", None)
        if inside is not None and inside is not self.teacher:
            about["teacher, compared inside"] = _model(unwrapped(inside))
        for number, each in enumerate(getattr(self, "comparisons", ()), start=1):
            about[f"compared inside, {number}"] = f"`{each}`"
        about["steps of the optimiser"] = f"{self.state.global_step:,}"
        return about

    def _its_teacher(self) -> str:
        if self.teacher is not None:
            return f"{_model(unwrapped(self.teacher))}, asked for every batch"
        if self._outputs is not None:
            return f"{self._outputs.teacher or 'not named'}, whose outputs were computed once"
        if has_teacher_logits(self.train_dataset):
            return "not named: its logits came with the data"
        return "not named"


def _model(model: nn.Module) -> str:
    return f"{name_of(model)}, {sum(p.numel() for p in model.parameters()):,} parameters"


def _data(dataset: Any, train: Any, evaluated: Any) -> str:
    name = "" if dataset is None else dataset if isinstance(dataset, str) else ", ".join(dataset)
    found = [f"{len(train):,} training rows"] if hasattr(train, "__len__") else []
    if hasattr(evaluated, "__len__") and not isinstance(evaluated, Mapping):
        found.append(f"{len(evaluated):,} validation rows")
    return ": ".join(filter(None, [name, ", ".join(found)])) or "not named"


def _section(alpha: float, about: Mapping[str, str]) -> str:
    """The section: one sentence, the loss, and the table."""
    lines = ["## Distillation", ""]
    if alpha > 0:
        lines += [
            "The student learnt from a teacher; the loss, a mean over rows, in nats:",
            "α · T² · KL(teacher ‖ student), both at temperature T, + (1 − α) · H(labels, student).",
        ]
    else:
        control = "." if "teacher, compared inside" in about else ": this is a control."
        lines.append(f"No teacher's outputs had a part in the loss (α = 0){control}")
    lines += ["", "| what | value |", "| --- | --- |"]
    lines += [f"| {_cell(name)} | {_cell(value)} |" for name, value in about.items()]
    return "\n".join(lines) + "\n"


def _figures(figures: Mapping[str, Any]) -> str:
    """The figures as a table, each with its interval where it has one; "" for none."""
    if not figures:
        return ""
    lines = ["", "| figure | mean, and its interval where one was given |", "| --- | --- |"]
    for name, value in figures.items():
        try:
            if isinstance(value, Sequence) and not isinstance(value, str):
                shown = Interval(*map(float, value)).shown(name)
            else:
                shown = metrics.shown(float(value), name)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"figures[{name!r}] must be a number, or an interval (mean, low, high), but is {value!r}"
            ) from error
        lines.append(f"| {_cell(name)} | {shown} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
