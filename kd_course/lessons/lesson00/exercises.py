"""Lesson 00's exercises: the first check, the first quiz, the first number."""

from __future__ import annotations

from collections.abc import Callable
from math import log

import numpy
import torch
from torch import Tensor

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception

# -- 00.1 soften ------------------------------------------------------------------------------


def _softened_cases(random: numpy.random.Generator) -> list[Case]:
    far = random_normal(random, 2, 3) + torch.tensor([[61.37], [-58.63]])
    return [
        Case((random_normal(random, 2, 3, scale=2.0), 1.0), "two rows, T = 1"),
        Case((random_normal(random, 2, 3, scale=2.0), 2.0), "two rows, T = 2"),
        Case((random_normal(random, 3, 3, scale=2.0), 4.0), "three rows of three, T = 4"),
        Case((torch.tensor([[2.0, 1.0, -1.0]]), 1.0), "one row", clause="a single row"),
        Case(
            (random_normal(random, 2, 3), 0.5), "two rows, T = 0.5", clause="a temperature below 1"
        ),
        Case(
            (random_normal(random, 2, 3, scale=2.0), 2.5),
            "two rows, T = 2.5",
            clause="a temperature that is no whole number",
        ),
        Case(
            (random_normal(random, 2, 5, scale=2.0), 3.0),
            "two rows of five",
            clause="more than three classes",
        ),
        Case(
            (random_normal(random, 2, 3) + torch.tensor([[1000.0], [-700.0]]), 1.0),
            "scores around 1000 and -700",
            clause="large scores",
        ),
        Case((far, 1.0), "one row around 60, one around -60", clause="large scores"),
    ]


def _shares(scores: Tensor, temperature: float) -> Tensor:
    return scores / temperature / (scores / temperature).sum(dim=-1, keepdim=True)


def _shares_of_magnitudes(scores: Tensor, temperature: float) -> Tensor:
    return _shares(scores.abs(), temperature)


def _times_temperature(scores: Tensor, temperature: float) -> Tensor:
    return torch.softmax(scores * temperature, dim=-1)


def _down_the_columns(scores: Tensor, temperature: float) -> Tensor:
    return torch.softmax(scores / temperature, dim=0)


def _over_everything(scores: Tensor, temperature: float) -> Tensor:
    return torch.softmax((scores / temperature).flatten(), dim=0).view(scores.shape)


def _probabilities_cooled(scores: Tensor, temperature: float) -> Tensor:
    return torch.softmax(scores, dim=-1) / temperature


def _at(change: Callable[[float], float]) -> Callable[[Tensor, float], Tensor]:
    """The right answer for another temperature than the one that is given."""
    return lambda scores, temperature: torch.softmax(scores / change(temperature), dim=-1)


def _changed(change: Callable[[Tensor, float], Tensor]) -> Callable[[Tensor, float], Tensor]:
    """The right answer, to which something is done that should not be."""
    return lambda scores, temperature: change(torch.softmax(scores / temperature, -1), temperature)


def _powers(scores: Tensor, *, dim: int = -1) -> Tensor:
    """The exponentials, the largest of each row (or column) taken off before."""
    return torch.exp(scores - scores.max(dim=dim, keepdim=True).values)


def _columns_maximum(scores: Tensor, temperature: float) -> Tensor:
    powers = _powers(scores / temperature, dim=0)
    return powers / powers.sum(dim=-1, keepdim=True)


def _maximum_above_only(scores: Tensor, temperature: float) -> Tensor:
    powers = _powers(scores / temperature)
    return powers / torch.exp(scores / temperature).sum(dim=-1, keepdim=True)


def _softened_above_only(scores: Tensor, temperature: float) -> Tensor:
    best = scores.max(dim=-1, keepdim=True).values
    return torch.exp((scores - best) / temperature) / _powers(scores).sum(dim=-1, keepdim=True)


def _without_keepdim(scores: Tensor, temperature: float) -> Tensor:
    powers = _powers(scores / temperature)
    return powers / powers.sum(dim=-1)


def _known_slips() -> tuple[Misconception, ...]:
    flatter = "A high temperature makes the distribution flatter. What does yours do at T = 4?"
    sums = "What does each of your rows sum to?"
    largest = "What you take off a row's scores must be the same above and below the line."
    return (
        Misconception(
            "The scores were divided by their sum, without the exponential",
            _shares,
            hint="A score may be negative; a probability may not. What makes any number positive?",
        ),
        Misconception(
            "The scores' magnitudes were divided by their sum, without the exponential",
            _shares_of_magnitudes,
            hint="A score of -3 speaks against a class. What does yours make of it?",
        ),
        Misconception(
            "The temperature has no effect",
            _at(lambda t: 1.0),
            hint="Where does T stand in exp(z / T)? What divides line and row sum alike cancels.",
        ),
        Misconception("The temperature is always 2", _at(lambda t: 2.0), hint="T is an argument."),
        Misconception(
            "The scores were multiplied by the temperature, not divided by it",
            _times_temperature,
            hint=flatter,
        ),
        Misconception(
            "The scores were divided by the square of the temperature",
            _at(lambda t: t**2),
            hint="A T² comes up in lesson 03, in a loss. Here T stands as it is.",
        ),
        Misconception(
            "The temperature was cut to a whole number",
            _at(lambda t: max(int(t), 1)),
            hint="T may be 2.5, or 0.5.",
        ),
        Misconception(
            "The scores over T were cut to whole numbers",
            lambda scores, temperature: torch.softmax((scores // temperature).float(), dim=-1),
            hint="`//` divides and drops what stands behind the point.",
        ),
        Misconception(
            "The temperature softens what stands above the line, and not the sum below it",
            _softened_above_only,
            hint=sums,
        ),
        Misconception(
            "The wrong dimension: the columns sum to one, not the rows",
            _down_the_columns,
            hint="A row is one text, its entries are the classes. Which dimension is that?",
        ),
        Misconception(
            "The whole batch was normalised together",
            _over_everything,
            hint="Each row is a distribution of its own: over which dimension must the sum run?",
        ),
        Misconception(
            "The rows' sums stand in the wrong place: `keepdim=True` is missing",
            _without_keepdim,
            hint="Print the shape of the sum. Which entries does it divide when it has one dimension?",
        ),
        Misconception(
            "The largest score of each column was taken off, not that of each row",
            _columns_maximum,
            hint="What is taken off must be the same for all classes of one text.",
        ),
        Misconception(
            "The largest score was taken off above the line and not below it",
            _maximum_above_only,
            hint=largest,
        ),
        Misconception(
            "The exponentials are not divided by their sum",
            lambda scores, temperature: torch.exp(scores / temperature),
            hint=sums,
        ),
        Misconception(
            "The exponentials, relative to the row's largest, are not divided by their sum",
            lambda scores, temperature: _powers(scores / temperature),
            hint=sums,
        ),
        Misconception(
            "The probabilities were divided by the temperature, not the scores",
            _probabilities_cooled,
            hint="Do your rows still sum to one?",
        ),
        Misconception(
            "The probabilities were raised to the power 1/T, and not made to sum to one again",
            lambda scores, temperature: torch.softmax(scores, dim=-1) ** (1 / temperature),
            hint=sums,
        ),
        Misconception(
            "The probabilities at T = 1 were softened once more, in place of the scores",
            lambda scores, t: torch.softmax(torch.softmax(scores, dim=-1) / t, dim=-1),
            hint="Probabilities lie between 0 and 1 and differ little; T divides the scores.",
        ),
        Misconception(
            "The softmax was taken twice",
            _changed(lambda p, t: torch.softmax(p, dim=-1)),
            hint="What comes out of the first one is a distribution already.",
        ),
        Misconception(
            "The result was multiplied by T²", _changed(lambda p, t: p * t**2), hint=sums
        ),
        Misconception(
            "These are the probabilities' logarithms",
            _changed(lambda p, t: p.log()),
            hint="A probability is no negative number.",
        ),
        Misconception(
            "A sigmoid for each class by itself",
            lambda scores, temperature: torch.sigmoid(scores / temperature),
            hint="The classes exclude one another: " + sums[0].lower() + sums[1:],
        ),
        Misconception(
            "The scores' sign was turned round",
            lambda scores, temperature: torch.softmax(-scores / temperature, dim=-1),
            hint="The higher the score, the likelier the class.",
        ),
        Misconception(
            "Powers of 2, not of e",
            lambda scores, temperature: torch.softmax(scores / temperature * log(2), dim=-1),
            hint="The formula's e is 2.718…, torch.exp.",
        ),
        Misconception(
            "The arguments are the other way round: the temperature over the scores",
            lambda scores, temperature: torch.softmax(temperature / scores, dim=-1),
            hint="The check gives the scores first, then the temperature.",
        ),
        Misconception(
            "Only the first row comes back",
            _changed(lambda p, t: p[0]),
            hint="Every row is a text: as many distributions go out as rows come in.",
        ),
        Misconception(
            "The rows were averaged",
            _changed(lambda p, t: p.mean(dim=0, keepdim=True)),
            hint="Every row is a text: as many distributions go out as rows come in.",
        ),
    )


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="00.1",
        name="soften",
        title="Scores into beliefs",
        lesson="00",
        signature="soften(scores, temperature)",
        points=2,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=_softened_cases,
        misconceptions=_known_slips(),
        question="What does torch.exp(torch.tensor(1000.)) give? And what happens to the formula's "
        "value when the same number is taken off every score of a row?",
        hint="Write the formula down as it stands, one row at a time. Then see to it that no "
        "exponential grows too large: take something off the scores of a row first, and choose it "
        "so that the largest exponential is 1.",
        withheld=("kd_course.divergences.*", "kd_course.metrics.*"),
        allowed="everything in torch; not kd_course.divergences or kd_course.metrics, which have it",
    ),
    Exercise(
        id="00.2",
        name="retention",
        title="How much the student keeps",
        lesson="00",
        signature="retention",
        points=1,
        minutes=3,
        difficulty=1,
        importance=3,
        kind="value",
        rtol=1e-3,
        misconceptions=(
            Misconception(
                "That is the difference, not the share",
                value=0.03,
                hint="Retention asks what fraction of the teacher's accuracy the student reaches.",
            ),
            Misconception(
                "That is 1 minus the difference, or rounded to two decimals",
                value=0.97,
                hint="It comes near by chance. Retention is a ratio; give it to three decimals.",
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
            Misconception(
                "That is the ratio of the errors, not of the accuracies",
                value=13 / 10,
                hint="Errors are what is told. Which share of the headlines did each get right?",
            ),
            Misconception(
                "That is the teacher's errors over the student's",
                value=10 / 13,
                hint="Errors are what is told. Which share of the headlines did each get right?",
            ),
            Misconception(
                "That is what was lost, not what was kept",
                value=1 - 0.87 / 0.90,
                hint="What is left when this is taken off?",
            ),
            Misconception(
                "That is the student's accuracy by itself",
                value=0.87,
                hint="Of what is it a share?",
            ),
        ),
        question="Retention compares accuracies. What are the two accuracies?",
        hint="A share of the teacher's accuracy: what would it be if the student were as good?",
    ),
    Exercise(
        id="00.3",
        name="control",
        title="What is the control?",
        lesson="00",
        signature="control",
        points=1,
        minutes=3,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "the twelve-layer teacher, measured on the same test headlines",
                "That is the ceiling most students are held against. It says how much was lost, "
                "not whether the teacher's answers were any use.",
            ),
            Choice(
                "b",
                "the six copied layers as they stood before the ten epochs",
                "It would show that training helps, which nobody doubts. The gain would be the "
                "labels' and the teacher's together, and could not be told apart.",
            ),
            Choice(
                "c",
                "the six copied layers, trained for ten epochs on the labels",
                "Only the soft targets are missing, so the difference is theirs. The arm that the "
                "paper shows differs in three things: where it starts, how long it trains, and what "
                "it is told.",
            ),
            Choice(
                "d",
                "six random layers, trained for ten epochs on the soft targets",
                "It has the soft targets as well, and other weights to start from: it tells what the "
                "copied layers were worth, which is another question.",
            ),
        ),
        question="In how many things do the two arms of the paper differ?",
        hint="Two arms are comparable when one thing differs between them: the one you ask about.",
    ),
)
