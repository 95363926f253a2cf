"""The sliders of lesson 03: right numbers, a picture that follows, and the same in words."""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from kd_course import widgets

STUDENT = torch.tensor([0.2, 0.8, 1.5, 1.2, -0.5])
TEACHER = torch.tensor([0.5, 5.0, 2.5, 1.0, -3.0])
CLASSES = ["very negative", "negative", "neutral", "positive", "very positive"]


def numpy_softmax(z, temperature=1.0):
    powers = np.exp(np.asarray(z, dtype=np.float64) / temperature)
    return powers / powers.sum()


@pytest.fixture
def box():
    return widgets.temperature_and_alpha(STUDENT, TEACHER, 2, classes=CLASSES)


@pytest.mark.parametrize("temperature, alpha", [(1.0, 0.0), (2.0, 0.5), (7.5, 1.0)])
def test_the_parts_are_those_of_the_formula(temperature, alpha):
    parts = widgets.loss_parts(STUDENT, TEACHER, 2, temperature=temperature, alpha=alpha)
    p, q = numpy_softmax(TEACHER, temperature), numpy_softmax(STUDENT, temperature)
    soft = temperature**2 * (p * np.log(p / q)).sum()
    hard = -np.log(numpy_softmax(STUDENT)[2])
    label = np.eye(5)[2]
    np.testing.assert_allclose(parts.teacher, p, rtol=1e-5)
    np.testing.assert_allclose(parts.student, q, rtol=1e-5)
    np.testing.assert_allclose([parts.soft, parts.hard], [soft, hard], rtol=1e-5)
    np.testing.assert_allclose(parts.loss, alpha * soft + (1 - alpha) * hard, rtol=1e-5)
    np.testing.assert_allclose(parts.soft_gradient, alpha * temperature * (q - p), atol=1e-6)
    np.testing.assert_allclose(
        parts.hard_gradient, (1 - alpha) * (numpy_softmax(STUDENT) - label), atol=1e-6
    )


def test_the_parts_leave_the_logits_as_they_were():
    student, teacher = STUDENT.clone(), TEACHER.clone()
    widgets.loss_parts(student, teacher, 2, temperature=2.0, alpha=0.5)
    assert torch.equal(student, STUDENT) and torch.equal(teacher, TEACHER)
    assert student.grad is None and not student.requires_grad


def test_a_batch_is_refused_with_its_shape():
    with pytest.raises(ValueError, match=r"teacher_logits.*\(1, 5\)"):
        widgets.loss_parts(STUDENT, TEACHER[None], 2, temperature=2.0, alpha=0.5)


def test_an_alpha_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match="alpha.*1.5"):
        widgets.loss_parts(STUDENT, TEACHER, 2, temperature=2.0, alpha=1.5)


def test_class_names_must_be_as_many_as_the_logits():
    with pytest.raises(ValueError, match="classes.*5.*2"):
        widgets.draw_temperature_and_alpha(
            STUDENT, TEACHER, 2, temperature=2.0, alpha=0.5, classes=["good", "bad"]
        )


def test_every_panel_has_a_title_and_its_unit():
    figure = widgets.draw_temperature_and_alpha(STUDENT, TEACHER, 2, temperature=3.0, alpha=0.25)
    assert figure.get_suptitle() == "T = 3.0, α = 0.25"
    assert [bool(axes.get_title("left") or axes.get_title()) for axes in figure.axes] == [True] * 3
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "probability",
        "loss in nats",
        "∂ loss / ∂ student logit, in nats",
    ]


def test_axes_stay_where_they_are_at_every_setting_of_the_sliders():
    def limits(temperature, alpha):
        figure = widgets.draw_temperature_and_alpha(
            STUDENT, TEACHER, 2, temperature=temperature, alpha=alpha
        )
        return [axes.get_ylim() for axes in figure.axes]

    low, high, _ = widgets.TEMPERATURES
    pictures = [limits(t, a) for t in (low, 1.0, high) for a in (0.0, 0.5, 1.0)]
    assert all(picture == pictures[0] for picture in pictures)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("alpha", [0.0, 0.35, 1.0])
def test_nothing_is_drawn_outside_its_panel(temperature, alpha):
    figure = widgets.draw_temperature_and_alpha(
        STUDENT, TEACHER, 2, temperature=temperature, alpha=alpha, classes=CLASSES
    )
    for axes in figure.axes:
        low, high = axes.get_ylim()
        for bar in axes.patches:
            assert low <= bar.get_y() + min(0, bar.get_height())
            assert bar.get_y() + max(0, bar.get_height()) <= high


def test_moving_a_slider_draws_another_picture_and_says_what_is_in_it(box):
    temperature, alpha, picture = box.children
    pictures = [picture.value]
    for slider, value in ((temperature, 6.0), (alpha, 0.9)):
        slider.value = value
        pictures.append(picture.value)
    assert len(set(pictures)) == 3
    parts = widgets.loss_parts(STUDENT, TEACHER, 2, temperature=6.0, alpha=0.9)
    assert (
        f"loss {parts.loss:.3f}" in re.search("<figcaption.*?>(.*)</figcaption>", picture.value)[1]
    )
    assert f"negative {parts.teacher[1]:.2f}" in re.search('alt="(.*?)"', picture.value)[1]


def test_sliders_reach_both_ends_of_alpha_and_never_a_temperature_of_zero(box):
    temperature, alpha, _ = box.children
    assert (alpha.min, alpha.max) == (0.0, 1.0)
    assert temperature.min > 0


def test_a_reader_without_a_kernel_is_told_what_would_be_there(box, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append((bundle, raw)))
    widgets.show(box, instead="two sliders over the picture below")
    ((bundle, raw),) = shown
    assert raw
    assert bundle["text/plain"] == "[Interactive: two sliders over the picture below]"
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == box.model_id


def test_importing_the_widgets_loads_nothing_heavy():
    code = (
        "import sys, kd_course.widgets; "
        "print([m for m in ('torch', 'ipywidgets', 'matplotlib') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
