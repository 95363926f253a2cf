"""Wrong answers that people really give in lesson 11: one right computation with a part to replace.

loss_slips.py has those of 11.3 to 11.6, on weights, temperatures and logits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import torch

from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]


def named(table: Mapping[str, tuple[Function, str]]) -> tuple[Misconception, ...]:
    """Misconceptions as a table: name -> (function, hint)."""
    return tuple(
        Misconception(name, function, hint=hint) for name, (function, hint) in table.items()
    )


# -- 11.1 how far apart two grounds are -------------------------------------------------------


def distance_with(
    *,
    chosen: Function = lambda p: p > 0.5,
    error: Function = lambda wrong, target: (wrong[target].mean() + wrong[~target].mean()) / 2,
    distance: Function = lambda error: max(0.0, 2 * (1 - 2 * error)),
) -> Function:
    """The proxy A-distance, with a part replaced: the guess, the error, or what is made of it."""

    def found(p_target, is_target):
        wrong = (chosen(p_target) != is_target).double()
        return distance(float(error(wrong, is_target)))

    return found


def _by_guess(p_target, is_target):
    guess = p_target > 0.5
    return distance_with(error=lambda wrong, _: (wrong[guess].mean() + wrong[~guess].mean()) / 2)(
        p_target, is_target
    )


DISTANCES = named(
    {
        "the rows' error, whichever ground they are from": (
            distance_with(error=lambda wrong, target: wrong.mean()),
            "With nine rows of one ground and one of the other, who always says the larger ground is right on nine in ten.",
        ),
        "the error on target rows alone": (
            distance_with(error=lambda wrong, target: wrong[target].mean()),
            "A classifier that always says target makes none there.",
        ),
        "the error on source rows alone": (
            distance_with(error=lambda wrong, target: wrong[~target].mean()),
            "A classifier that always says source makes none there.",
        ),
        "the two errors are added, not averaged": (
            distance_with(error=lambda wrong, target: wrong[target].mean() + wrong[~target].mean()),
            "What error does chance make, and which distance is then left?",
        ),
        "wrong rows as a share of all rows, not of their own ground": (
            distance_with(
                error=lambda wrong, target: (
                    (wrong[target].sum() + wrong[~target].sum()) / len(wrong) / 2
                )
            ),
            "A missed target row is one of how many target rows? Each share is taken of its own ground.",
        ),
        "shares of the rows that were guessed to be of a ground, not of those that are": (
            _by_guess,
            "Of the rows that *are* from the target, how many were guessed wrong? Let is_target choose the rows.",
        ),
        "the accuracy in place of the error": (
            distance_with(distance=lambda error: max(0.0, 2 * (1 - 2 * (1 - error)))),
            "Grounds that are easily told apart are far apart.",
        ),
        "the factor 2 in front is missing": (
            distance_with(distance=lambda error: max(0.0, 1 - 2 * error)),
            "A classifier without an error: which distance is asked for?",
        ),
        "the factor 2 of the error is missing": (
            distance_with(distance=lambda error: 2 * (1 - error)),
            "Which distance should chance give, that is right on one row in two?",
        ),
        "worse than chance comes out below 0": (
            distance_with(distance=lambda error: 2 * (1 - 2 * error)),
            "No distance is negative.",
        ),
        "worse than chance counts as a distance": (
            distance_with(distance=lambda error: abs(2 * (1 - 2 * error))),
            "A classifier that is wrong more often than not has found nothing out.",
        ),
        "the probability's distance from the truth, not the guess's": (
            lambda p_target, is_target: max(
                0.0,
                2
                - 4
                * float(
                    (p_target.double() - is_target.double()).abs()[is_target].mean() / 2
                    + (p_target.double() - is_target.double()).abs()[~is_target].mean() / 2
                ),
            ),
            "First the guess: target or source. Then count the wrong ones.",
        ),
        "0.5 is taken for target": (
            distance_with(chosen=lambda p: p >= 0.5),
            "Above 0.5, the statement says.",
        ),
    }
)


# -- 11.2 a clean pool ------------------------------------------------------------------------


def plain(text: str) -> str:
    """A text as two are compared: lower case, one blank between words, 0 for every figure."""
    return re.sub(r"\d+", "0", " ".join(text.lower().split()))


def pool_with(
    *,
    same: Function = plain,
    tests: Function = lambda tests: [text for texts in tests.values() for text in texts],
    first: bool = True,
    keep: Function = lambda text, known: text not in known,
) -> Function:
    """The rows that may be taught from, with a part replaced."""

    def clean(pool, test_texts):
        known = {same(text) for text in tests(test_texts)}
        seen: set[str] = set()
        kept = []
        for position, text in enumerate(map(same, pool)):
            if keep(text, known) and not (first and text in seen):
                kept.append(position)
            seen.add(text)
        return kept

    return clean


def _last_of_its_kind(pool, test_texts):
    turned = pool_with()(pool[::-1], test_texts)
    return sorted(len(pool) - 1 - position for position in turned)


def _none_of_its_kind(pool, test_texts):
    forms = [plain(text) for text in pool]
    known = {plain(text) for texts in test_texts.values() for text in texts}
    return [i for i, form in enumerate(forms) if form not in known and forms.count(form) == 1]


def _own_texts_by(same: Function) -> Function:
    """The tests are compared as they should be, the pool's own texts in another form."""

    def clean(pool, test_texts):
        clear = pool_with(first=False)(pool, test_texts)
        forms = [same(text) for text in pool]
        return [i for i in clear if forms[i] not in forms[:i]]

    return clean


def _leaks(pool, test_texts):
    clean = set(pool_with()(pool, test_texts))
    return [i for i in range(len(pool)) if i not in clean]


POOLS = named(
    {
        "the positions that leak, not those that may stay": (
            _leaks,
            "Which of the two lists would you hand to the trainer?",
        ),
        "only the last test set is looked at": (
            pool_with(tests=lambda tests: list(tests.values())[-1]),
            "There is a test on every ground, and the student is measured on each.",
        ),
        "only the first test set is looked at": (
            pool_with(tests=lambda tests: list(tests.values())[0]),
            "There is a test on every ground, and the student is measured on each.",
        ),
        "capitals count": (
            pool_with(same=lambda text: re.sub(r"\d+", "0", " ".join(text.split()))),
            "A headline may come in capitals.",
        ),
        "spaces count": (
            pool_with(same=lambda text: re.sub(r"\d+", "0", text.lower())),
            "Two blanks, a tab or a line break between words: the same sentence.",
        ),
        "all spaces are taken out": (
            pool_with(same=lambda text: plain(text).replace(" ", "")),
            "Where one word ends and the next begins does count.",
        ),
        "figures count": (
            pool_with(same=lambda text: " ".join(text.lower().split())),
            "A sentence with another figure in it is the same sentence here.",
        ),
        "figures are taken out": (
            pool_with(same=lambda text: " ".join(re.sub(r"\d+", "", text.lower()).split())),
            "Whether there is a figure at all does count.",
        ),
        "each digit is a figure of its own": (
            pool_with(same=lambda text: re.sub(r"\d", "0", " ".join(text.lower().split()))),
            "9 and 10 are one figure each.",
        ),
        "a number with a point or a comma in it is one figure": (
            pool_with(
                same=lambda text: re.sub(r"\d+(?:[.,]\d+)*", "0", " ".join(text.lower().split()))
            ),
            "3 and 3.5: how many runs of digits has each? The point between two runs is punctuation.",
        ),
        "only a figure that is a word of its own": (
            pool_with(
                same=lambda text: " ".join(
                    "0" if word.isdigit() else word for word in text.lower().split()
                )
            ),
            "What of Q3, 12% or 7:0? A run of digits is a figure wherever it stands.",
        ),
        "punctuation is taken out": (
            pool_with(same=lambda text: re.sub(r"[^\w\s]", "", plain(text))),
            "All else tells texts apart, punctuation too.",
        ),
        "a pool text that comes again is kept each time": (
            pool_with(first=False),
            "Of texts that are the same, the pool keeps one.",
        ),
        "of texts that are the same the last stays": (
            _last_of_its_kind,
            "Which of them comes first in the pool?",
        ),
        "the pool's own texts are compared with their figures": (
            _own_texts_by(lambda text: " ".join(text.lower().split())),
            "Two texts of the pool that differ in a figure only: are they the same?",
        ),
        "the pool's own texts are compared in lower case alone": (
            _own_texts_by(str.lower),
            "The three steps say when any two texts are the same, two of the pool as well.",
        ),
        "of texts that are the same none stays": (
            _none_of_its_kind,
            "Coming twice is no leak. One of the two may stay.",
        ),
        "a text that is part of a test text leaks": (
            pool_with(keep=lambda text, known: not any(text in other for other in known)),
            "Is a sentence the same as a longer one that begins with it?",
        ),
    }
)


# -- 11.7 the least sure rows -----------------------------------------------------------------


def _log_of_p(logits):
    return torch.xlogy(logits.softmax(-1), logits.softmax(-1))


def rounded_up(n, percent):
    return -(-n * percent // 100)


def rows_with(
    unsure: Function = lambda logits: -_log_of_p(logits).sum(-1),
    *,
    number: Function = rounded_up,
    order: Function = sorted,
    later: bool = False,
) -> Function:
    """The rows with the most of a measure, with a part replaced."""

    def chosen(logits, percent):
        values = [round(float(value), 6) for value in unsure(logits.double())]
        places = range(len(values))
        ranked = sorted(places, key=lambda i: (-values[i], -i if later else i))
        return order(ranked[: number(len(values), percent)])

    return chosen


def _margin(logits):
    best = logits.softmax(-1).topk(2, dim=-1).values
    return best[:, 1] - best[:, 0]


def _mask(logits, percent):
    kept = rows_with()(logits, percent)
    return [i in kept for i in range(len(logits))]


def _as_topk_has_them(logits, percent):
    entropies = torch.special.entr(logits.softmax(-1)).sum(-1)
    return entropies.topk(rounded_up(len(logits), percent)).indices.tolist()


LEAST_SURE = named(
    {
        "the surest rows, not the least sure": (
            rows_with(lambda logits: _log_of_p(logits).sum(-1)),
            "A row with much entropy: is it sure or unsure?",
        ),
        "the smallest largest probability in place of the entropy": (
            rows_with(lambda logits: -logits.softmax(-1).max(-1).values),
            "Two rows with the same best class may differ in how the rest is spread. Which measure sees it?",
        ),
        "the margin between the two best in place of the entropy": (
            rows_with(_margin),
            "The margin knows of two classes only.",
        ),
        "the sum of the squared probabilities in place of the entropy": (
            rows_with(lambda logits: -logits.softmax(-1).square().sum(-1)),
            "That is the Gini impurity. It ranks many rows as the entropy does, but not all of them.",
        ),
        "the variance of the logits in place of the entropy": (
            rows_with(lambda logits: -logits.var(-1)),
            "Logits are no probabilities yet.",
        ),
        "softmax over the rows": (
            rows_with(lambda logits: -_log_of_p(logits.T).T.sum(-1)),
            "Each row is a distribution of its own.",
        ),
        "a part of a row counts as none": (
            rows_with(number=lambda n, percent: n * percent // 100),
            "A tenth of fifteen rows, rounded up.",
        ),
        "a part of a row is rounded": (
            rows_with(number=lambda n, percent: (2 * n * percent + 100) // 200),
            "Rounded up, whatever the part.",
        ),
        "one row more than asked for": (
            rows_with(number=lambda n, percent: n * percent // 100 + 1),
            "Where the share comes to a whole number, that many.",
        ),
        "in the order of their uncertainty": (
            rows_with(order=list),
            "Positions in ascending order.",
        ),
        "as torch.topk has them: in the order of their uncertainty": (
            _as_topk_has_them,
            "Positions in ascending order. And which of equals does topk take? Its documentation does not say.",
        ),
        "of equally unsure rows the later ones": (
            rows_with(later=True),
            "Of equals the earlier ones are kept.",
        ),
        "a mask, not positions": (_mask, "Positions, counted from 0."),
        "positions are counted from 1": (
            rows_with(order=lambda ranked: sorted(i + 1 for i in ranked)),
            "Counted from 0.",
        ),
    }
)
