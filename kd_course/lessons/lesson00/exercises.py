"""Lesson 00's exercises: the first check, the first quiz, the first number."""

from __future__ import annotations

import numpy
import torch
from torch import Tensor

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception


def _softened_cases(random: numpy.random.Generator) -> list[Case]:
    return [
        Case((torch.tensor([[2.0, 1.0, -1.0]]), 1.0), "three scores, T = 1"),
        Case((torch.tensor([[4.0, 1.0, 0.5]]), 2.0), "three scores, T = 2"),
        Case((torch.tensor([[3.0, -2.0], [0.5, 0.5]]), 0.5), "two rows, T = 0.5"),
        Case((random_normal(random, 3, 4, scale=2.0), 5.0), "three rows of four, T = 5"),
    ]


def _shares(scores: Tensor, temperature: float) -> Tensor:
    return scores / temperature / (scores / temperature).sum(dim=-1, keepdim=True)


def _no_temperature(scores: Tensor, temperature: float) -> Tensor:
    return torch.softmax(scores, dim=-1)


def _times_temperature(scores: Tensor, temperature: float) -> Tensor:
    return torch.softmax(scores * temperature, dim=-1)


def _down_the_columns(scores: Tensor, temperature: float) -> Tensor:
    return torch.softmax(scores / temperature, dim=0)


def _over_everything(scores: Tensor, temperature: float) -> Tensor:
    powers = (scores / temperature).exp()
    return powers / powers.sum()


def _probabilities_cooled(scores: Tensor, temperature: float) -> Tensor:
    return torch.softmax(scores, dim=-1) / temperature


EXERCISES = (
    Exercise(
        id="00.1",
        name="soften",
        title="Scores into beliefs",
        lesson="00",
        signature="soften(scores, temperature)",
        points=2,
        minutes=5,
        difficulty=1,
        importance=4,
        cases=_softened_cases,
        misconceptions=(
            Misconception(
                "The scores were divided by their sum, without the exponential",
                _shares,
                hint="A score may be negative; a probability may not. What makes any number positive?",
            ),
            Misconception(
                "The temperature has no effect",
                _no_temperature,
                hint="Where does T stand in exp(z / T)?",
            ),
            Misconception(
                "The scores were multiplied by the temperature, not divided by it",
                _times_temperature,
                hint="A high temperature makes the distribution flatter. Yours becomes sharper.",
            ),
            Misconception(
                "The wrong dimension: the columns sum to one, not the rows",
                _down_the_columns,
                hint="A row is one text, its entries are the classes: the last dimension, dim=-1.",
            ),
            Misconception(
                "The whole batch was normalised together",
                _over_everything,
                hint="Each row is a distribution of its own. `.sum(dim=-1, keepdim=True)` sums one row.",
            ),
            Misconception(
                "The probabilities were divided by the temperature, not the scores",
                _probabilities_cooled,
                hint="Do your rows still sum to one?",
            ),
        ),
        hint="Three steps: divide by T, take the exponential, divide each row by its sum.",
        withheld=("kd_course.divergences.softmax", "kd_course.metrics.probabilities"),
        allowed="everything in torch; not kd_course.divergences or kd_course.metrics, which have it",
    ),
    Exercise(
        id="00.2",
        name="retention",
        title="How much the student keeps",
        lesson="00",
        signature="retention",
        points=1,
        minutes=2,
        difficulty=1,
        importance=3,
        kind="value",
        rtol=2e-3,
        misconceptions=(
            Misconception(
                "That is the difference, not the share",
                value=0.03,
                hint="Retention asks what fraction of the teacher's accuracy the student reaches.",
            ),
            Misconception(
                "That is the teacher as a share of the student",
                value=0.90 / 0.87,
                hint="A student that is worse than its teacher retains less than 1.",
            ),
            Misconception(
                "That is a percentage",
                value=100 * 0.87 / 0.90,
                hint="The answer is asked for as a fraction, between 0 and 1 as a rule.",
            ),
        ),
        hint="Divide one accuracy by the other.",
    ),
    Exercise(
        id="00.3",
        name="control",
        title="What is the control?",
        lesson="00",
        signature="control",
        points=1,
        minutes=2,
        difficulty=1,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "the teacher, measured on the same test rows",
                "That is the ceiling most students are held against. It says how much was lost, "
                "not whether the teacher was any use.",
            ),
            Choice(
                "b",
                "the student before any training",
                "It would show that training helps, which nobody doubts. The gain would be the "
                "labels' and the teacher's together, and could not be told apart.",
            ),
            Choice(
                "c",
                "the same student, the same data and budget, without a teacher",
                "Only the teacher differs, so the difference is the teacher's. Without this arm a "
                "student that keeps 97 % of its teacher may owe none of it to distillation.",
            ),
            Choice(
                "d",
                "a larger student, trained on the labels",
                "Two things differ at once, size and teacher. Whichever wins, one would not know why.",
            ),
        ),
        hint="Two arms are comparable when one thing differs between them.",
    ),
)
