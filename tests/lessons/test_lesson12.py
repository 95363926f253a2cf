"""Lesson 12's answers against the package and independent figures, and its claims."""

from __future__ import annotations

import copy
import importlib.util
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers

from kd_course import compression, cost, experiments, metrics, models, teachers
from kd_course.authoring.references import references
from kd_course.authoring.source import read, source_of
from kd_course.exercises.catalogue import of_lesson
from kd_course.lessons.lesson12.settings import CHOSEN, CHOSEN_AT_SMALL, EXPECTED, MADE, settings
from kd_course.settings import Switches


@pytest.fixture(scope="module")
def lesson():
    return read(source_of("12"))


@pytest.fixture(scope="module")
def answers(lesson):
    return references(lesson)


def cases(id, seed=3):
    exercise = next(e for e in of_lesson("12") if e.id == id)
    return [case.args for case in exercise.cases(np.random.default_rng(seed))]


def code_of(lesson):
    return "\n".join(cell.source for cell in lesson.cells if cell.is_code)


# -- the answers, computed by others ----------------------------------------------------------


def test_a_fake_quantized_weight_is_the_packages(answers):
    for weight, bits in cases("12.1"):
        expected = compression.rounded(weight, compression.scales(weight, bits), bits)
        torch.testing.assert_close(answers["12.1"](weight, bits), expected)


def test_a_straight_through_gradient_is_that_of_a_clamp(answers):
    for weight, scale, last in cases("12.2"):
        own, smooth = (weight.clone().requires_grad_(True) for _ in range(2))
        pull = torch.randn(weight.shape)
        (answers["12.2"](own, scale, last) * pull).sum().backward()
        ((smooth / scale).clamp(-last, last) * scale * pull).sum().backward()
        torch.testing.assert_close(own.grad, smooth.grad)


def test_packed_bytes_are_those_that_numpy_packs(answers):
    for shapes, bits, other in cases("12.3"):
        expected = np.zeros(other, np.float32).nbytes
        for rows, columns in shapes:
            expected += np.packbits(np.zeros(rows * columns * bits, bool)).nbytes
            expected += np.zeros(rows, np.float32).nbytes
        assert answers["12.3"](shapes, bits, other) == expected


def test_the_factors_are_the_packages_up_to_their_signs(answers):
    for weight, rank in cases("12.4"):
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            layer.weight.copy_(weight)
        down, up = compression.split(layer, rank)
        own_up, own_down = answers["12.4"](weight, rank)
        torch.testing.assert_close(own_up @ own_down, up.weight @ down.weight, atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(own_down.abs(), down.weight.abs(), atol=1e-4, rtol=1e-3)
        assert (own_down.gather(1, own_down.abs().argmax(1, keepdim=True)) > 0).all()


def test_the_largest_rank_fits_and_the_next_does_not(answers):
    for outputs, inputs, share in cases("12.5"):
        rank = answers["12.5"](outputs, inputs, share) or 0
        assert rank * (outputs + inputs) <= share * outputs * inputs
        assert rank == min(outputs, inputs) or (rank + 1) * (outputs + inputs) > (
            share * outputs * inputs
        )
        if rank and share <= 1:
            assert rank == compression.rank_for(outputs, inputs, share)


def test_a_narrower_part_answers_as_one_with_the_others_silenced(answers):
    for up, bias, down, scores, keep in cases("12.6"):
        x = torch.randn(up.shape[1])
        silent = torch.ones(len(scores))
        silent[sorted(range(len(scores)), key=lambda i: (-scores[i].item(), i))[keep:]] = 0
        expected = down @ (torch.relu(up @ x + bias) * silent)
        a, b, c = answers["12.6"](up, bias, down, scores, keep)
        assert len(b) == keep
        torch.testing.assert_close(c @ torch.relu(a @ x + b), expected)


def test_nobody_beats_the_front_and_somebody_all_others(answers):
    for sizes, accuracies in cases("12.7"):
        front = answers["12.7"](sizes, accuracies)
        for i in range(len(sizes)):
            beaten = any(
                sizes[j] <= sizes[i]
                and accuracies[j] >= accuracies[i]
                and (sizes[j], accuracies[j]) != (sizes[i], accuracies[i])
                for j in range(len(sizes))
            )
            assert beaten != (i in front)


# -- what the lesson says ---------------------------------------------------------------------


def test_balanced_factors_get_balanced_gradients():
    """Section 3: the small factor gets the large gradient; with √σ on both sides they are alike."""
    torch.manual_seed(0)
    u, _ = torch.linalg.qr(torch.randn(6, 3))
    v, _ = torch.linalg.qr(torch.randn(5, 3))
    s, pull = torch.tensor([9.0, 4.0, 1.0]), torch.randn(6, 5)
    norms = {}
    for power in (0.0, 0.5, 1.0):
        up = (u * s**power).requires_grad_(True)
        down = (s[:, None] ** (1 - power) * v.T).requires_grad_(True)
        (up @ down * pull).sum().backward()
        torch.testing.assert_close(up.grad, pull @ down.detach().T)
        norms[power] = (up.grad.norm() / down.grad.norm()).item()
    assert norms[0.0] > 2 > norms[0.5] > 0.5 > norms[1.0]


def function_of(lesson, name, **space):
    """What a cell of the lesson defines under this name, and nothing else of the cell."""
    (source,) = re.findall(rf"^def {name}\(.*?(?=^\S|\Z)", code_of(lesson), re.M | re.S)
    exec(source, space)
    return space[name]


def test_dealt_out_answers_are_all_there_and_go_to_rows_of_their_label(lesson):
    dealt_out = function_of(lesson, "dealt_out", np=np, torch=torch)
    labels = np.arange(30) % 3
    answers = torch.arange(30.0)[:, None]
    dealt = dealt_out(answers, labels, 0)[:, 0].long().numpy()
    assert sorted(dealt) == list(range(30)) and (labels[dealt] == labels).all()
    assert (dealt != np.arange(30)).sum() > 15
    assert not np.array_equal(dealt, dealt_out(answers, labels, 1)[:, 0].numpy())


def test_what_a_model_needs_is_what_is_counted_on_one(lesson):
    needs = function_of(lesson, "needs")
    layers, width, inner, vocabulary, positions = 2, 16, 24, 50, 40
    model = transformers.BertModel(
        transformers.BertConfig(
            num_hidden_layers=layers,
            hidden_size=width,
            intermediate_size=inner,
            vocab_size=vocabulary,
            max_position_embeddings=positions,
            num_attention_heads=2,
        ),
        add_pooling_layer=False,
    )
    numbers, work = needs(layers, width, inner, vocabulary, positions)
    assert numbers == sum(p.numel() for p in model.parameters() if p.ndim == 2)
    assert work == cost.multiply_adds(model, {"input_ids": torch.ones(1, 32, dtype=torch.long)})


def test_every_arm_has_a_recipe_of_its_grid_and_what_is_expected_is_an_arm():
    for scale in ("offline", "small", "full"):
        setting = settings(Switches(scale))
        arms = set(setting.recipes) - {"teacher"}
        assert arms == set(CHOSEN_AT_SMALL if scale == "small" else CHOSEN)
        for arm in arms:
            assert setting.recipes[arm] in setting.grid(arm)
        there = {*arms, *MADE, "student, 8 bits"}
        assert all(name.split("/")[0] in there for name in EXPECTED.get(scale, {}))
    mended = {recipe.steps for arm, recipe in setting.recipes.items() if ", " in arm}
    assert len(mended) == 1  # the same budget for all that start from the full model


def test_all_that_is_expected_is_noted(lesson):
    code = code_of(lesson)
    table = code[code.index("questions = {") :]
    for name in (name for run in EXPECTED.values() for name in run):
        arm, figure = name.split("/")
        other = re.sub(r"^(gain over|\w+ minus) ", "", figure)
        (line,) = re.findall(rf'^    "{re.escape(arm)}": \(([^)]*)\)', table, re.M)
        assert f'"{other}"' in line, name


def test_what_is_made_without_training_is_the_same_in_settings_and_lesson(lesson):
    (line,) = re.findall(r"^made = \[(.*)\]$", code_of(lesson), re.M)
    assert tuple(part.strip(' "') for part in line.split('", "')) == MADE


def test_the_prose_tells_the_signs_that_the_reference_run_found():
    told = {
        "4 bits/gain over full": "open",
        "4 bits, labels/KL minus 4 bits": "open",
        "4 bits, distilled/KL minus 4 bits": "open",
        "4 bits, distilled/gain over 4 bits, labels": "open",
        "2 bits, distilled/gain over 2 bits, fitted": "+",
        "2 bits, distilled/KL minus 2 bits, fitted": "open",
        "2 bits, distilled/gain over 2 bits, labels": "+",
        "2 bits, distilled/KL minus 2 bits, labels": "-",
        "2 bits, hard answers/gain over 2 bits, labels": "+",
        "2 bits, hard answers/KL minus 2 bits, labels": "+",
        "2 bits, distilled/gain over 2 bits, hard answers": "open",
        "2 bits, dealt out/gain over 2 bits, labels": "open",
        "2 bits, dealt out/KL minus 2 bits, labels": "+",
        "2 bits, no labels/gain over 2 bits, distilled": "open",
        "low rank, distilled/gain over low rank, labels": "open",
        "narrow, distilled/gain over narrow, labels": "open",
        "student/gain over narrow, distilled": "-",
        "student, 8 bits/gain over student": "open",
    }
    found = {name: experiments.ledger().interval(f"12/offline/{name}") for name in told}
    signs = {
        name: ("+" if interval.mean > 0 else "-") if interval.excludes(0.0) else "open"
        for name, interval in found.items()
    }
    assert signs == told
    free = found["2 bits, distilled/gain over 2 bits, fitted"]
    assert free.low < 0.1 * free.mean  # "the interval only just leaves out 0"


def test_the_lesson_has_between_2500_and_4000_words(lesson):
    prose = "\n".join(cell.source for cell in lesson.cells if not cell.is_code)
    prose = prose.partition("## Further reading")[0]
    prose = re.sub(r"### Exercise .*?(?=\n#|\Z)", "", prose, flags=re.S)  # what is asked, not told
    prose = re.sub(r"(?m)^\|.*$|\]\([^)]*\)|\{\{.*?\}\}", " ", prose)  # tables, links, fields
    assert 2500 <= len(prose.split()) <= 4000


def test_the_librarys_training_ends_in_codes(lesson, capsys):
    pytest.importorskip("torchao", reason="torchao is not installed: pip install torchao")
    teacher, tokenizer = models.load(teachers.obtain("news"), ["negative", "neutral", "positive"])
    full = teacher.eval()
    texts = ["Profit rose.", "Sales fell.", "The plant is in Espoo."]
    asked = tokenizer(texts, return_tensors="pt", padding=True)
    moved = []

    def trained(model, rows, recipe, *, seed):
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
        loss = model(**asked).logits.square().mean()
        loss.backward()
        optimizer.step()
        moved.append(loss.item())
        return model.eval()

    def predicted(model, rows, tokenizer):
        weights = [m.weight for m in model.modules() if isinstance(m, torch.nn.Linear)]
        assert weights
        for weight in weights:
            assert all(len(row.unique()) <= 4 for row in weight.dequantize()), "two bits"
        with torch.no_grad():
            return model(**asked).logits

    space = {
        "copy": copy,
        "importlib": importlib,
        "torch": torch,
        "metrics": metrics,
        "full": full,
        "setting": replace(settings(Switches("offline")), torchao=True),
        "seeds": (0,),
        "rows": {"test": None},
        "labels": {"test": np.array([2, 0, 1])},
        "tokenizer": tokenizer,
        "taught_rows": lambda arm, seed: None,
        "train": trained,
        "predict_logits": predicted,
        "report": SimpleNamespace(add_rows=lambda name, own, **more: own.shape),
    }
    (cell,) = (c.source for c in lesson.cells if c.is_code and "from torchao" in c.source)
    exec(cell, space)
    assert len(moved) == 1 and "accuracy (1, 3)" in capsys.readouterr().out
