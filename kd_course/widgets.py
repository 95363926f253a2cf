"""What a reader moves: sliders over the losses, drawn with the same code as the static pictures.

A widget lives only while a kernel runs. Whoever reads the notebook on the web sees the sentence
that `show` leaves in its place, and the static picture that every lesson puts beside it.

ipywidgets, matplotlib and torch load when a widget is made.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from kd_course import plots

if TYPE_CHECKING:
    from ipywidgets import VBox
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

TEMPERATURES = (0.5, 10.0, 0.5)  # lowest, highest, step of the slider
ALPHAS = (0.0, 1.0, 0.05)


@dataclass(frozen=True)
class LossParts:
    """One example's distillation loss taken apart, as plain numbers; the gradients are a class each.

    teacher, student: the two distributions at the temperature. soft carries T²; soft and hard are
    not weighed yet. soft_gradient and hard_gradient are weighed, and add up to the loss's gradient
    with respect to the student's logits.
    """

    temperature: float
    alpha: float
    teacher: tuple[float, ...]
    student: tuple[float, ...]
    soft: float
    hard: float
    soft_gradient: tuple[float, ...]
    hard_gradient: tuple[float, ...]

    @property
    def loss(self) -> float:
        return self.alpha * self.soft + (1 - self.alpha) * self.hard

    @property
    def gradient(self) -> tuple[float, ...]:
        return tuple(s + h for s, h in zip(self.soft_gradient, self.hard_gradient))

    def __str__(self) -> str:
        return (
            f"T = {self.temperature:.1f}, alpha = {self.alpha:.2f}: soft loss {self.soft:.3f} "
            f"(with T²), hard loss {self.hard:.3f}, loss {self.loss:.3f}"
        )


def loss_parts(
    student_logits: Tensor,
    teacher_logits: Tensor,
    label: int,
    *,
    temperature: float,
    alpha: float,
) -> LossParts:
    """The distillation loss of one example, and what each part of it asks of every logit.

    student_logits, teacher_logits: (classes,). label: the class that the data names.
    Raises ValueError for logits that are no single row, and whatever the losses refuse.
    """
    import torch

    from kd_course import divergences, losses

    for name, logits in (("student_logits", student_logits), ("teacher_logits", teacher_logits)):
        if logits.ndim != 1:
            raise ValueError(
                f"{name} must be one example's logits, shape (classes,), "
                f"but has shape {tuple(logits.shape)}"
            )
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1] (it weighs the soft loss), but is {alpha:g}")
    student = student_logits.detach().clone().requires_grad_(True)
    rows, labels = student[None], torch.tensor([label])
    soft = losses.soft_target_loss(rows, teacher_logits[None], temperature=temperature)
    hard = losses.hard_target_loss(rows, labels)
    (soft_gradient,) = torch.autograd.grad(soft, student)
    (hard_gradient,) = torch.autograd.grad(hard, student)
    return LossParts(
        temperature=float(temperature),
        alpha=float(alpha),
        teacher=tuple(divergences.softmax(teacher_logits, temperature).tolist()),
        student=tuple(divergences.softmax(student_logits.detach(), temperature).tolist()),
        soft=soft.item(),
        hard=hard.item(),
        soft_gradient=tuple((alpha * soft_gradient).tolist()),
        hard_gradient=tuple(((1 - alpha) * hard_gradient).tolist()),
    )


# -- the picture ------------------------------------------------------------------------------


def draw_temperature_and_alpha(
    student_logits: Tensor,
    teacher_logits: Tensor,
    label: int,
    *,
    temperature: float,
    alpha: float,
    classes: Sequence[str] | None = None,
) -> Figure:
    """Both distributions, the loss and its gradient, at one temperature and one alpha.

    Axes are the same for every temperature and alpha of the sliders, so that pictures compare.
    Raises ValueError when classes are not as many as the logits, and as `loss_parts` does.
    """
    parts = loss_parts(student_logits, teacher_logits, label, temperature=temperature, alpha=alpha)
    return _draw(
        parts, label, _names(classes, parts), _largest(student_logits, teacher_logits, label)
    )


def describe(parts: LossParts, classes: Sequence[str] | None = None) -> str:
    """The picture in words: its text alternative."""
    names = _names(classes, parts)
    teacher = ", ".join(f"{n} {p:.2f}" for n, p in zip(names, parts.teacher))
    student = ", ".join(f"{n} {q:.2f}" for n, q in zip(names, parts.student))
    gradient = ", ".join(f"{n} {g:+.2f}" for n, g in zip(names, parts.gradient))
    return f"{parts}. Teacher: {teacher}. Student: {student}. Gradient: {gradient}."


def _draw(parts: LossParts, label: int, names: list[str], largest: tuple[float, float]) -> Figure:
    from matplotlib.figure import Figure

    highest_loss, steepest = largest
    # A layout of its own, always the same: nothing jumps while a slider moves, and drawing is fast.
    # matplotlib takes "none", but its types do not know it.
    figure = Figure(figsize=(10.5, 3.8), layout="none")  # type: ignore[arg-type]
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.25, 0.8, 1.25))
    figure.subplots_adjust(left=0.065, right=0.99, top=0.84, bottom=0.24, wspace=0.3)
    figure.suptitle(
        f"T = {parts.temperature:.1f}, α = {parts.alpha:.2f}", fontsize=12, fontweight="bold"
    )
    _draw_distributions(left, parts, names, label)
    _draw_loss(middle, parts, highest_loss)
    _draw_gradient(right, parts, names, steepest)
    return figure


def _names(classes: Sequence[str] | None, parts: LossParts) -> list[str]:
    names = [str(c) for c in (range(len(parts.teacher)) if classes is None else classes)]
    if len(names) != len(parts.teacher):
        raise ValueError(
            f"classes must name each of the {len(parts.teacher)} logits, but holds {len(names)} names"
        )
    return names


def _largest(student_logits: Tensor, teacher_logits: Tensor, label: int) -> tuple[float, float]:
    """The highest loss and the steepest gradient that the sliders can reach, for fixed axes."""
    low, high, _ = TEMPERATURES
    corners = [
        loss_parts(student_logits, teacher_logits, label, temperature=t, alpha=a)
        for t in (low, 1.0, 2.0, 4.0, high)
        for a in (0.0, 1.0)
    ]
    highest = max(parts.loss for parts in corners)
    steepest = max(abs(g) for parts in corners for g in parts.gradient)
    return max(highest, 1e-3), max(steepest, 1e-3)


def _draw_distributions(axes: Axes, parts: LossParts, names: list[str], label: int) -> None:
    places = range(len(names))
    axes.bar(
        [i - 0.2 for i in places],
        parts.teacher,
        0.4,
        color=plots.COLOURS["teacher"],
        label="teacher p",
    )
    axes.bar(
        [i + 0.2 for i in places],
        parts.student,
        0.4,
        color=plots.COLOURS["student"],
        hatch="//",
        edgecolor="white",
        label="student q",
    )
    axes.plot(label, 1.02, "v", color=plots.COLOURS["truth"], markersize=9, label="label")
    axes.set(ylim=(0, 1.08), ylabel="probability", title="Softened distributions")
    _name_classes(axes, names)
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.92))  # below the label's mark


def _draw_loss(axes: Axes, parts: LossParts, highest: float) -> None:
    soft, hard = parts.alpha * parts.soft, (1 - parts.alpha) * parts.hard
    axes.bar(0, soft, 0.6, color=plots.COLOURS["teacher"], label="α · soft")
    axes.bar(
        0,
        hard,
        0.6,
        bottom=soft,
        color=plots.COLOURS["truth"],
        hatch="..",
        edgecolor="white",
        label="(1 − α) · hard",
    )
    axes.annotate(
        f"{parts.loss:.3f}",
        (0, soft + hard),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
    )
    axes.set(
        xlim=(-0.9, 0.9),
        ylim=(0, 1.45 * highest),
        xticks=[],
        ylabel="loss in nats",
        title="Loss of this example",
    )
    axes.legend(loc="upper right")


def _draw_gradient(axes: Axes, parts: LossParts, names: list[str], steepest: float) -> None:
    places = range(len(names))
    for values, shift, colour, hatch, text in (
        (parts.soft_gradient, -0.2, "teacher", None, "from α · soft"),
        (parts.hard_gradient, 0.2, "truth", "..", "from (1 − α) · hard"),
    ):
        axes.bar(
            [i + shift for i in places],
            values,
            0.4,
            color=plots.COLOURS[colour],
            hatch=hatch,
            edgecolor="white",
            label=text,
        )
    axes.plot(
        places, parts.gradient, "D", color=plots.COLOURS["ink"], markersize=5, label="together"
    )
    axes.axhline(0, color=plots.COLOURS["ink"], linewidth=0.8)
    axes.set(
        ylim=(-1.15 * steepest, 1.75 * steepest),
        ylabel="∂ loss / ∂ student logit, in nats",
        title="Gradient, class by class",
    )
    _name_classes(axes, names)
    axes.legend(loc="upper right")


def _name_classes(axes: Axes, names: list[str]) -> None:
    long = max(map(len, names)) > 3
    axes.set_xticks(
        range(len(names)), names, rotation=30 if long else 0, ha="right" if long else "center"
    )
    axes.grid(axis="x", visible=False)
    if not long:
        axes.set_xlabel("class")


# -- the sliders ------------------------------------------------------------------------------


def temperature_and_alpha(
    student_logits: Tensor,
    teacher_logits: Tensor,
    label: int,
    *,
    classes: Sequence[str] | None = None,
    temperature: float = 2.0,
    alpha: float = 0.5,
) -> VBox:
    """Two sliders, T and α, over the picture of `draw_temperature_and_alpha`.

    student_logits, teacher_logits: (classes,). label: the class that the data names.
    Returns the widget; `show` displays it. Its children are the two sliders and the picture, whose
    text alternative says in words what is drawn.
    """
    import ipywidgets

    low, high, step = TEMPERATURES
    temperature_slider = ipywidgets.FloatSlider(
        value=temperature, min=low, max=high, step=step, description="T", readout_format=".1f"
    )
    low, high, step = ALPHAS
    alpha_slider = ipywidgets.FloatSlider(
        value=alpha, min=low, max=high, step=step, description="α (soft)", readout_format=".2f"
    )
    picture = ipywidgets.HTML()
    largest = _largest(student_logits, teacher_logits, label)

    def redraw(_change: object = None) -> None:
        parts = loss_parts(
            student_logits,
            teacher_logits,
            label,
            temperature=temperature_slider.value,
            alpha=alpha_slider.value,
        )
        figure = _draw(parts, label, _names(classes, parts), largest)
        picture.value = _as_html(figure, alt=describe(parts, classes), caption=str(parts))

    for slider in (temperature_slider, alpha_slider):
        slider.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([temperature_slider, alpha_slider, picture])


def show(widget: VBox, *, instead: str) -> None:
    """Display a widget, with a sentence for readers whose page has no kernel behind it.

    instead: what stands there without a kernel, such as where the static picture is.
    """
    from IPython.display import display

    bundle = widget._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    display({**bundle, "text/plain": f"[Interactive: {instead}]"}, raw=True)


def _as_html(figure: Figure, *, alt: str, caption: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    png = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<figure style="margin:0"><img alt="{escape(alt)}" src="data:image/png;base64,{png}">'
        f'<figcaption aria-live="polite">{escape(caption)}</figcaption></figure>'
    )
