"""Wrong answers that people really give in lesson 06, and what its checks tell them.

Each exercise's slips are built of one right computation with a part to replace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F

from kd_course.exercises.spec import Misconception

Function = Callable[..., Any]


def named(table: Mapping[str, tuple[Function, str]]) -> tuple[Misconception, ...]:
    """Misconceptions as a table: name -> (function, hint)."""
    return tuple(
        Misconception(name, function, hint=hint) for name, (function, hint) in table.items()
    )


# -- 06.1 leaks -------------------------------------------------------------------------------


def plain(text: str) -> str:
    return " ".join(text.lower().split())


def _leaks(form: Function, of_training: Function | None = None) -> Function:
    """The right answer, with texts brought to another form, or the training texts to one of their own."""

    def leaked(train_texts, test_texts):
        known = {(of_training or form)(text) for text in train_texts}
        return [i for i, text in enumerate(test_texts) if form(text) in known]

    return leaked


def _of_flags(change: Function) -> Function:
    """Another thing made of the right flags, one a test text: change(flags, test_texts)."""

    def leaked(train_texts, test_texts):
        known = {plain(text) for text in train_texts}
        return change([plain(text) in known for text in test_texts], test_texts)

    return leaked


def _contained(train_texts, test_texts):
    known = [plain(text) for text in train_texts]
    return [i for i, text in enumerate(test_texts) if any(plain(text) in other for other in known)]


def _row_with_row(train_texts, test_texts):
    pairs = enumerate(zip(train_texts, test_texts))
    return [i for i, (one, other) in pairs if plain(one) == plain(other)]


LEAKS = named(
    {
        "only exact copies are found": (
            _leaks(str),
            "The same sentence in other capitals, or with a double space, is still the same sentence.",
        ),
        "white space is left as it is": (
            _leaks(str.lower),
            "A copy may have a space more, or a tab, and still be a copy.",
        ),
        "white space is mended at the ends only": (
            _leaks(lambda text: text.lower().strip()),
            "Copies also differ in the white space between words.",
        ),
        "two blanks become one, and no other white space is mended": (
            _leaks(lambda text: text.lower().strip().replace("  ", " ")),
            "Try it on three blanks in a row, and on a tab.",
        ),
        "blanks are taken out altogether, and no other white space": (
            _leaks(lambda text: text.lower().replace(" ", "")),
            "Where one word ends counts: “on line” and “online” are not the same. A tab counts as a blank.",
        ),
        "only the test texts are brought to one form": (
            _leaks(plain, str),
            "A training text may be the one that is in capitals.",
        ),
        "only the training texts are brought to one form": (
            _leaks(str, plain),
            "A test text may be the one that is in capitals.",
        ),
        "these are the training rows' numbers": (
            lambda train_texts, test_texts: _leaks(plain)(test_texts, train_texts),
            "It is the test set that has to be mended: number its rows.",
        ),
        "a test text that is only part of a training text is counted": (
            _contained,
            "Compare whole texts: 'profit rose' inside 'profit rose sharply' is another sentence.",
        ),
        "these are the texts, not their row numbers": (
            _of_flags(lambda flags, texts: [text for text, flag in zip(texts, flags) if flag]),
            "Return positions in test_texts, as whole numbers.",
        ),
        "this is a mask, one truth value a test row": (
            _of_flags(lambda flags, texts: flags),
            "Which positions hold True? Those are asked for.",
        ),
        "positions are counted from 1": (
            _of_flags(lambda flags, texts: [i for i, flag in enumerate(flags, 1) if flag]),
            "What is test_texts[i] for the first number that you return?",
        ),
        "these are the rows that do not leak": (
            _of_flags(lambda flags, texts: [i for i, flag in enumerate(flags) if not flag]),
            "The rows to be thrown out are asked for, not those to keep.",
        ),
        "it stops at the first leak": (
            _of_flags(lambda flags, texts: [flags.index(True)] if True in flags else []),
            "There may be more. Is a `return` or `break` inside the loop?",
        ),
        "this is how many rows leak, not which": (
            _of_flags(lambda flags, texts: sum(flags)),
            "A number cannot be thrown out of a test set; positions can.",
        ),
        "each test row is compared with one training row only": (
            _row_with_row,
            "A copy may stand anywhere in the training set, not just in the row of the same number.",
        ),
    }
)

# -- 06.2 macro F1 ----------------------------------------------------------------------------


def _counts(predicted, labels, classes):
    """(right, given, labelled) of every class."""
    return [
        (
            ((predicted == c) & (labels == c)).sum().item(),
            (predicted == c).sum().item(),
            (labels == c).sum().item(),
        )
        for c in range(classes)
    ]


def _over(a: float, b: float) -> float:
    """a / b, and 0 where there is nothing to divide by."""
    return a / b if b else 0.0


def _nan_over(a: float, b: float) -> float:
    return a / b if b else float("nan")


def _f1(right, given, labelled):
    return _over(2 * right, given + labelled)


def _macro(score: Function, total: Function = lambda scores, classes: sum(scores) / classes):
    """A figure from each class's (right, given, labelled), and one of all of them."""

    def figure(predicted, labels, classes):
        return total([score(*c) for c in _counts(predicted, labels, classes)], classes)

    return figure


def _accuracy(predicted, labels, classes):
    return (predicted == labels).double().mean().item()


def _weighted_f1(predicted, labels, classes):
    return sum(_f1(*c) * c[2] for c in _counts(predicted, labels, classes)) / len(labels)


def _f1_of_means(predicted, labels, classes):
    precision = _macro(lambda right, given, there: _over(right, given))
    recall = _macro(lambda right, given, there: _over(right, there))
    p, r = (mean(predicted, labels, classes) for mean in (precision, recall))
    return _over(2 * p * r, p + r)


def _classes_that(occur: Function) -> Function:
    """The mean over some classes only: occur(right, given, labelled)."""

    def mean(predicted, labels, classes):
        scores = [_f1(*c) for c in _counts(predicted, labels, classes) if occur(*c)]
        return sum(scores) / len(scores)

    return mean


def _harmonic_of_zeros(right, given, labelled):
    precision, recall = _over(right, given), _over(right, labelled)
    return _nan_over(2 * precision * recall, precision + recall)


def _with_rows_that_avoid_it(predicted, labels, classes):
    def agreeing(c):
        return ((predicted == c) == (labels == c)).sum().item()

    counts = enumerate(_counts(predicted, labels, classes))
    return sum(2 * agreeing(c) / max(given + there, 1) for c, (_, given, there) in counts) / classes


def _numbered_from_one(predicted, labels, classes):
    return sum(_f1(*c) for c in _counts(predicted, labels, classes + 1)[1:]) / classes


_COUNTS_THE_SAME = "Macro means that every class counts the same."
_BOTH = "F1 weighs both: rows wrongly given to the class, and rows of the class that were missed."

F1 = named(
    {
        "this is accuracy (micro-averaged F1)": (
            _accuracy,
            "Compute F1 for each class by itself, then average the classes.",
        ),
        "classes are weighted by how common they are": (_weighted_f1, _COUNTS_THE_SAME),
        "precision and recall are averaged first, then combined": (
            _f1_of_means,
            "Combine them within each class; average the F1s.",
        ),
        "a class that is never predicted is left out of the mean": (
            _classes_that(lambda right, given, labelled: given),
            "Missing a class altogether is the worst a model can do to it.",
        ),
        "a class that has no label is left out of the mean": (
            _classes_that(lambda right, given, labelled: labelled),
            "How many classes does `classes` say there are?",
        ),
        "this is the mean recall": (
            _macro(lambda right, given, labelled: _over(right, labelled)),
            _BOTH,
        ),
        "this is the mean precision": (
            _macro(lambda right, given, labelled: _over(right, given)),
            _BOTH,
        ),
        "the plain mean of precision and recall in each class": (
            _macro(lambda right, given, there: (_over(right, given) + _over(right, there)) / 2),
            "The harmonic mean is harder on the lower of the two.",
        ),
        "the geometric mean of precision and recall in each class": (
            _macro(lambda right, given, there: _over(right, (given * there) ** 0.5)),
            "The harmonic mean is the one with reciprocals in it.",
        ),
        "precision times recall, not yet their harmonic mean": (
            _macro(lambda right, given, there: _over(right, given) * _over(right, there)),
            "What is the harmonic mean of 0.5 and 0.5?",
        ),
        "the factor 2 is missing": (
            _macro(lambda right, given, labelled: _over(right, given + labelled)),
            "What is F1 of a class that is always right? It should be 1.",
        ),
        "this is the overlap of given and labelled rows (Jaccard index)": (
            _macro(lambda right, given, labelled: _over(right, given + labelled - right)),
            "Work it out for precision ½ and recall ½.",
        ),
        "twice the right rows, over rows that are given or labelled, each counted once": (
            _macro(lambda right, given, labelled: _over(2 * right, given + labelled - right)),
            "What is F1 of a class that is always right? It should be 1.",
        ),
        "something is added to the denominators": (
            _macro(lambda right, given, labelled: 2 * right / (given + labelled + 1)),
            "A model that is always right has an F1 of exactly 1.",
        ),
        "a class without a right row gives NaN": (
            _macro(_harmonic_of_zeros),
            "A share of nothing is no number, and 0 has no reciprocal. What does the statement say for such "
            "a class?",
        ),
        "class numbers begin at 1": (
            _numbered_from_one,
            "Print the smallest class number among the labels.",
        ),
        "the last class is left out": (
            _macro(_f1, lambda scores, classes: sum(scores[:-1]) / (classes - 1)),
            "How many numbers does your loop go through?",
        ),
        "this is the sum over the classes": (
            _macro(_f1, lambda scores, classes: sum(scores)),
            "A mean is asked for: no F1 is above 1.",
        ),
        "the sum is divided by the number of rows": (
            lambda predicted, labels, classes: (
                sum(_f1(*c) for c in _counts(predicted, labels, classes)) / len(labels)
            ),
            "What is averaged here, rows or classes?",
        ),
        "these are the classes' scores, not their mean": (
            _macro(_f1, lambda scores, classes: scores),
            "One number is asked for.",
        ),
        "this is in per cent": (
            _macro(_f1, lambda scores, classes: 100 * sum(scores) / classes),
            "F1 lies between 0 and 1.",
        ),
        "the division drops what stands after the point": (
            _macro(lambda right, given, labelled: 2 * right // max(given + labelled, 1)),
            "Which division of two whole numbers gives a fraction?",
        ),
        "this is the middle score, not the mean": (
            _macro(_f1, lambda scores, classes: torch.tensor(scores).double().quantile(0.5).item()),
            "Macro F1 is the mean over the classes.",
        ),
        "this is the lowest score, not the mean": (
            _macro(_f1, lambda scores, classes: min(scores)),
            "Macro F1 is the mean over the classes.",
        ),
        "rows that both sides keep out of the class count as right": (
            _with_rows_that_avoid_it,
            "F1 looks at the rows that are given to a class or labelled with it, and at no others.",
        ),
    }
)

# -- 06.3 the paired bootstrap ----------------------------------------------------------------


def _means(scores, draws):
    return scores.double()[draws].mean(-1)


def _gains(student, control, draws):
    return _means(student - control, draws)


def _quantiles(values, *levels: float):
    return torch.quantile(values.double(), torch.tensor(levels, dtype=torch.float64))


def _ends(values: Function = _gains, *levels: float, change: Function = lambda ends: ends):
    """The right interval, of other values, at other levels, or changed in the end."""

    def interval(student, control, draws):
        return change(_quantiles(values(student, control, draws), *(levels or (0.025, 0.975))))

    return interval


def _around(middle, half):
    return torch.stack([middle - half, middle + half])


def _normal(student, control, draws):
    gains = _gains(student, control, draws)
    return _around(gains.mean(), 1.96 * gains.std())


def _without_draws(student, control, draws):
    difference = (student - control).double()
    return _around(difference.mean(), 1.96 * difference.std() / len(difference) ** 0.5)


def _two_intervals(student, control, draws):
    s, c = (_quantiles(_means(scores, draws), 0.025, 0.975) for scores in (student, control))
    return torch.stack([s[0] - c[1], s[1] - c[0]])


def _ends_subtracted(student, control, draws):
    s, c = (_quantiles(_means(scores, draws), 0.025, 0.975) for scores in (student, control))
    return s - c


def _mirrored(student, control, draws):
    ends = _quantiles(_gains(student, control, draws), 0.975, 0.025)
    return 2 * (student - control).double().mean() - ends


def _centred(student, control, draws):
    gains = _gains(student, control, draws)
    return gains - gains.mean()


def _own_draws(student, control, draws):
    return _gains(student, control, torch.randint(len(student), draws.shape))


def _each_row_once(student, control, draws):
    difference = (student - control).double()
    return torch.stack([difference[draw.unique()].mean() for draw in draws])


def _where_they_differ(student, control, draws):
    difference = (student - control).double()[draws]
    return difference.sum(-1) / (difference != 0).sum(-1).clamp(min=1)


_PAIRED = "A hard sentence is hard for both: let both answer the same drawn rows, then subtract."
_AVERAGE_FIRST = "The question is how the mean over a test set would vary: average each draw first."

BOOTSTRAP = named(
    {
        "student and control are drawn separately": (
            _ends(lambda s, c, draws: _means(s, draws) - _means(c, draws.flip(0))),
            _PAIRED,
        ),
        "the control answers another drawn test set than the student": (
            _ends(lambda s, c, draws: _means(s, draws) - _means(c, draws.roll(1, 0))),
            _PAIRED,
        ),
        "the control is not drawn": (
            _ends(lambda s, c, draws: _means(s, draws) - c.double().mean()),
            _PAIRED,
        ),
        "this is control minus student": (
            _ends(lambda s, c, draws: _gains(c, s, draws)),
            "Positive must mean that the student is better.",
        ),
        "this is the 90 % interval": (
            _ends(_gains, 0.05, 0.95),
            "95 % leaves out 2.5 % on either side.",
        ),
        "these are the quartiles": (_ends(_gains, 0.25, 0.75), "2.5 % is a fortieth."),
        "this is one-sided": (
            _ends(_gains, 0.0, 0.95),
            "Leave out as much at the low end as at the high end.",
        ),
        "the ends are the smallest and the largest difference": (
            _ends(_gains, 0.0, 1.0),
            "The more draws, the wider that would get. Leave out the outermost 2.5 % on either side.",
        ),
        "the ends are the mean ± 1.96 standard deviations": (
            _normal,
            "Quantiles are asked for; they need not lie at equal distances from the mean.",
        ),
        "the draws are not used": (
            _without_draws,
            "That is the formula for normally distributed means. Here the drawn test sets say it.",
        ),
        "two intervals are subtracted from each other": (
            _two_intervals,
            "Subtract within every draw; take quantiles of the differences.",
        ),
        "the control's quantiles are subtracted from the student's": (
            _ends_subtracted,
            "Subtract within every draw; take quantiles of the differences.",
        ),
        "quantiles of single rows, not of means": (
            _ends(lambda s, c, draws: s - c),
            _AVERAGE_FIRST,
        ),
        "quantiles of all drawn rows, not of means": (
            _ends(lambda s, c, draws: (s - c)[draws].flatten()),
            _AVERAGE_FIRST,
        ),
        "the mean goes over the draws, not over the rows of each": (
            _ends(lambda s, c, draws: (s - c).double()[draws].mean(0)),
            "One mean for each pretended test set: which axis of scores[draws] has its rows?",
        ),
        "these are sums, not means": (
            _ends(lambda s, c, draws: (s - c).double()[draws].sum(-1)),
            "A difference of accuracies lies between -1 and 1.",
        ),
        "the means are divided by the square root of the rows once more": (
            _ends(lambda s, c, draws: _gains(s, c, draws) / len(s) ** 0.5),
            "The spread of drawn means is the standard error already.",
        ),
        "the high end stands first": (
            _ends(_gains, 0.975, 0.025),
            "Low, then high.",
        ),
        "there is a third number between the ends": (
            _ends(_gains, 0.025, 0.5, 0.975),
            "Two numbers are asked for.",
        ),
        "the two numbers come as a column": (
            _ends(change=lambda ends: ends[:, None]),
            "Print the shape of what you return.",
        ),
        "the interval is mirrored at the observed difference (basic bootstrap)": (
            _mirrored,
            "Here the quantiles of the drawn differences themselves are asked for.",
        ),
        "the differences are centred on zero": (
            _ends(_centred),
            "Centred differences say how far a mean strays, not where it lies.",
        ),
        "the differences lose their sign": (
            _ends(lambda s, c, draws: _means((s - c).abs(), draws)),
            "A row that only the control gets right speaks against the student.",
        ),
        "the difference is relative to the control's accuracy": (
            _ends(lambda s, c, draws: _gains(s, c, draws) / c.double().mean()),
            "The difference itself is asked for, not a share.",
        ),
        "this is in percentage points": (
            _ends(lambda s, c, draws: 100 * _gains(s, c, draws)),
            "Return it as the mean of ones and zeros comes out.",
        ),
        "test sets of its own are drawn": (
            _ends(_own_draws),
            "The pretended test sets are given: draws[i].",
        ),
        "a row that is drawn twice counts once": (
            _ends(_each_row_once),
            "Drawn with replacement: a row counts as often as it was drawn.",
        ),
        "row numbers are counted from 1": (
            _ends(lambda s, c, draws: _gains(s, c, draws - 1)),
            "What is the smallest number in `draws`?",
        ),
        "rows on which both agree are left out of the mean": (
            _ends(_where_they_differ),
            "They count as no difference: the mean goes over all rows of a test set.",
        ),
        "this is the student's own interval": (
            _ends(lambda s, c, draws: _means(s, draws)),
            "Where does the control come in?",
        ),
    }
)

# -- 06.5 expected calibration error ----------------------------------------------------------


def _surest(probabilities, labels):
    return probabilities.double().max(-1).values


def _at_the_label(probabilities, labels):
    return probabilities.double()[torch.arange(len(labels)), labels]


def _of_class_one(probabilities, labels):
    return probabilities.double()[:, 1]


def _floor(confidence, bins, classes):
    return (confidence * bins).long().clamp(max=bins - 1)


def _nearest(confidence, bins, classes):
    return (confidence * bins).round().long().clamp(max=bins - 1)


def _one_bin_less(confidence, bins, classes):
    return (confidence * (bins - 1)).long()


def _from_chance(confidence, bins, classes):
    low = 1 / classes
    return ((confidence - low) / (1 - low) * bins).long().clamp(0, bins - 1)


def _from_lowest(confidence, bins, classes):
    low, high = confidence.min(), confidence.max()
    return ((confidence - low) / (high - low).clamp(min=1e-9) * bins).long().clamp(max=bins - 1)


def _equally_many(confidence, bins, classes):
    which = torch.empty(len(confidence), dtype=torch.long)
    for b, rows in enumerate(confidence.argsort().tensor_split(bins)):
        which[rows] = b
    return which


def _gap(confidence, right, b, bins):
    return (confidence.mean() - right.mean()).abs()


def _signed(confidence, right, b, bins):
    return confidence.mean() - right.mean()


def _share_of_rows(gaps, counts, bins):
    return (gaps * counts).sum() / counts.sum()


def _ece(
    gap: Function = _gap,
    total: Function = _share_of_rows,
    *,
    confidence: Function = _surest,
    which: Function = _floor,
    empty: bool = False,
) -> Function:
    """The right answer with a part to replace.

    gap(confidence, right, b, bins): of one bin's rows. total(gaps, counts, bins): of all bins that
    hold a row (empty: of all). confidence: a row's. which: the bins that rows go to.
    """

    def error(probabilities, labels, bins):
        sure = confidence(probabilities, labels)
        right = (probabilities.argmax(-1) == labels).double()
        place = which(sure, bins, probabilities.shape[-1])
        used = range(bins) if empty else place.unique().tolist()
        gaps = torch.stack([gap(sure[place == b], right[place == b], b, bins) for b in used])
        counts = torch.tensor([float((place == b).sum()) for b in used], dtype=torch.float64)
        result = total(gaps, counts, bins)
        return result.item() if result.ndim == 0 else result

    return error


def _all_rows_at_once(probabilities, labels, bins):
    return _ece()(probabilities, labels, 1)


def _row_by_row(probabilities, labels, bins):
    right = (probabilities.argmax(-1) == labels).double()
    return (_surest(probabilities, labels) - right).abs().mean().item()


def _against_all_rows(probabilities, labels, bins):
    accuracy = (probabilities.argmax(-1) == labels).double().mean()
    return _ece(lambda c, r, b, n: (c.mean() - accuracy).abs())(probabilities, labels, bins)


def _every_class(probabilities, labels, bins):
    flat = probabilities.double().flatten()
    right = F.one_hot(labels, probabilities.shape[1]).double().flatten()
    place = _floor(flat, bins, 0)
    gaps = [(flat - right)[place == b].sum().abs() for b in place.unique()]
    return (sum(gaps) / len(flat)).item()


def _one_a_bin(probabilities, labels, bins):
    def spread(gaps, counts, n):
        place = _floor(_surest(probabilities, labels), n, 0).unique()
        return torch.zeros(n, dtype=torch.float64).index_put((place,), gaps)

    return _ece(total=spread)(probabilities, labels, bins)


def _as_in_the_diagram(gaps, counts, bins):
    return (gaps * counts)[counts >= 20].sum() / counts.sum()


_LARGEST = "A model's confidence is what it gives to its own choice: the largest probability."
_WIDTH = "All bins have the same width, and together they reach from 0 to 1."

CALIBRATION = named(
    {
        "every bin counts the same, however few rows it holds": (
            _ece(total=lambda gaps, counts, bins: gaps.mean()),
            "A bin with a hundred rows says more than a bin with one.",
        ),
        "the gaps are divided by the number of bins": (
            _ece(total=lambda gaps, counts, bins: gaps.sum() / bins),
            "A bin with a hundred rows says more than a bin with one, and an empty bin nothing.",
        ),
        "gaps of opposite sign cancel": (
            _ece(_signed),
            "Too sure in one bin does not make up for too modest in another.",
        ),
        "only bins where the model is too sure count": (
            _ece(lambda c, r, b, bins: _signed(c, r, b, bins).clamp(min=0)),
            "Too modest is a gap as well.",
        ),
        "gaps are squared": (
            _ece(lambda c, r, b, bins: _signed(c, r, b, bins) ** 2),
            "The expected calibration error is a mean of absolute gaps.",
        ),
        "gaps are squared, and the root is taken in the end": (
            _ece(
                lambda c, r, b, bins: _signed(c, r, b, bins) ** 2,
                lambda gaps, counts, bins: _share_of_rows(gaps, counts, bins).sqrt(),
            ),
            "The expected calibration error is a mean of absolute gaps.",
        ),
        "confidence is read off at the label, not at the prediction": (
            _ece(confidence=_at_the_label),
            _LARGEST,
        ),
        "confidence is the probability of class 1": (_ece(confidence=_of_class_one), _LARGEST),
        "every class's probability is binned": (_every_class, _LARGEST),
        "softmax is taken of probabilities": (
            _ece(confidence=lambda p, labels: p.double().softmax(-1).max(-1).values),
            "The rows sum to one already.",
        ),
        "gaps of either sign cancel: the same as mean confidence less accuracy over all rows": (
            _all_rows_at_once,
            "A model can be too modest here and too sure there. Does each bin's gap count in full?",
        ),
        "the gap is taken row by row, without bins": (
            _row_by_row,
            "One row is right or wrong; only a group of rows has an accuracy.",
        ),
        "each bin is held against the accuracy of all rows": (
            _against_all_rows,
            "How often is the model right where it is this sure?",
        ),
        "the middle of the bin stands for its confidence": (
            _ece(lambda c, r, b, bins: ((b + 0.5) / bins - r.mean()).abs()),
            "How sure is the model on average in this bin? Its rows say.",
        ),
        "this is the largest gap (maximum calibration error)": (
            _ece(total=lambda gaps, counts, bins: gaps.max()),
            "Average the gaps over the rows.",
        ),
        "confidence is rounded to the nearest bin": (
            _ece(which=_nearest),
            "Which bin of five holds a confidence of 0.55?",
        ),
        "there is one bin too few": (
            _ece(which=_one_bin_less),
            "Which bin of five holds a confidence of 0.9?",
        ),
        "every bin holds equally many rows": (_ece(which=_equally_many), _WIDTH),
        "the bins begin at one over the number of classes": (_ece(which=_from_chance), _WIDTH),
        "the bins reach from the lowest to the highest confidence": (
            _ece(which=_from_lowest),
            _WIDTH,
        ),
        "there are always fifteen bins": (
            lambda probabilities, labels, bins: _ece()(probabilities, labels, 15),
            "How many bins are asked for, is an argument.",
        ),
        "an empty bin makes the result NaN": (
            _ece(empty=True),
            "The mean of no rows is no number. What should an empty bin count?",
        ),
        "the gaps are weighted by rows, but not divided by how many there are": (
            _ece(total=lambda gaps, counts, bins: (gaps * counts).sum()),
            "A mean gap is never above 1.",
        ),
        "these are the bins' gaps, not their mean": (_one_a_bin, "One number is asked for."),
        "this is in per cent": (
            _ece(total=lambda *args: 100 * _share_of_rows(*args)),
            "Probabilities and accuracies lie between 0 and 1 here, and so do gaps.",
        ),
        "bins of fewer than 20 rows are left out": (
            _ece(total=_as_in_the_diagram),
            "The diagram leaves them out, since a point of few rows jumps. Here few rows count little, "
            "but count.",
        ),
    }
)

# -- 06.6 temperature scaling -----------------------------------------------------------------


def _surprises(logits, labels, t):
    return F.cross_entropy(logits.double() / t, labels, reduction="none")


def _nll(logits, labels, t):
    return _surprises(logits, labels, t).mean().item()


def _best(loss: Function = _nll) -> Function:
    """The candidate with the least of another loss: loss(logits, labels, t)."""
    return lambda logits, labels, candidates: min(candidates, key=lambda t: loss(logits, labels, t))


def _confidence_off_accuracy(logits, labels, t):
    accuracy = (logits.argmax(-1) == labels).double().mean()
    return ((logits.double() / t).softmax(-1).max(-1).values.mean() - accuracy).abs().item()


def _squared_error(logits, labels, t):
    wanted = F.one_hot(labels, logits.shape[-1])
    return ((logits.double() / t).softmax(-1) - wanted).pow(2).mean().item()


def _without_log(logits, labels, t):
    return F.nll_loss((logits.double() / t).softmax(-1), labels).item()


def _without_softmax(logits, labels, t):
    return F.nll_loss(logits.double() / t, labels).item()


def _softmax_twice(logits, labels, t):
    return F.cross_entropy((logits.double() / t).softmax(-1), labels).item()


def _over_the_rows(logits, labels, t):
    return F.nll_loss((logits.double() / t).log_softmax(0), labels).item()


def _by_accuracy(logits, labels, candidates):
    return max(candidates, key=lambda t: ((logits / t).argmax(-1) == labels).double().mean().item())


def _worst(logits, labels, candidates):
    return max(candidates, key=lambda t: _nll(logits, labels, t))


def _piled_up(logits, labels, candidates):
    losses, divisor = [], 1.0
    for t in candidates:
        divisor *= t
        losses.append(_nll(logits, labels, divisor))
    return candidates[losses.index(min(losses))]


def _smallest_loss(logits, labels, candidates):
    return min(_nll(logits, labels, t) for t in candidates)


def _position(logits, labels, candidates):
    return candidates.index(_best()(logits, labels, candidates))


TEMPERATURE = named(
    {
        "logits are multiplied by T": (
            _best(lambda logits, labels, t: _nll(logits, labels, 1 / t)),
            "T above one makes a model more modest.",
        ),
        "logits are divided by the square root of T": (
            _best(lambda logits, labels, t: _nll(logits, labels, t**0.5)),
            "T itself divides the logits.",
        ),
        "chosen by accuracy": (
            _by_accuracy,
            "Dividing all logits by T changes no decision, so accuracy cannot choose. What does change?",
        ),
        "the largest candidate, whatever the labels say": (
            lambda logits, labels, candidates: max(candidates),
            "A model can be too modest as well: the labels must have a say. If you divide by T, what is "
            "it that you divide: the logits, or the loss?",
        ),
        "the smallest candidate, whatever the labels say": (
            lambda logits, labels, candidates: min(candidates),
            "That makes the model most sure. Entropy, the model's own choices, a softmax that is divided "
            "by T, and a loss times T² all lead there. What would make a T too small?",
        ),
        "the last candidate, whatever it is": (
            lambda logits, labels, candidates: candidates[-1],
            "Is the best so far kept, with its loss, when a later candidate is worse?",
        ),
        "the candidate with the largest surprise": (
            _worst,
            "A good temperature makes the labels *less* surprising.",
        ),
        "the log is missing: the mean probability of the label decides": (
            _best(_without_log),
            "Surprise grows without bound where a label was held all but impossible.",
        ),
        "softmax is missing: the label's logit decides": (
            _best(_without_softmax),
            "What does nll_loss expect: logits, probabilities, or their logarithms?",
        ),
        "softmax is taken twice": (
            _best(_softmax_twice),
            "cross_entropy takes logits, and does the softmax itself.",
        ),
        "softmax goes over the rows": (
            _best(_over_the_rows),
            "What has to sum to one: a row, or a class's column?",
        ),
        "the squared error decides, not surprise": (
            _best(_squared_error),
            "Surprise is asked for: what does an answer of probability p cost, in nats?",
        ),
        "mean confidence is brought to accuracy, whatever single rows say": (
            _best(_confidence_off_accuracy),
            "Two rows, one too sure and one too modest, cancel in a mean. Surprise is asked for.",
        ),
        "the middle row decides, not the mean": (
            _best(lambda *args: _surprises(*args).median().item()),
            "The rows that surprise most must have a say.",
        ),
        "the most surprising row decides, not the mean": (
            _best(lambda *args: _surprises(*args).max().item()),
            "All rows must have a say.",
        ),
        "only the first row is looked at": (
            _best(lambda logits, labels, t: _nll(logits[:1], labels[:1], t)),
            "All rows must have a say.",
        ),
        "temperatures pile up": (
            _piled_up,
            "Are the logits of the second candidate still those that came in?",
        ),
        "this is the smallest loss, not its temperature": (
            _smallest_loss,
            "Return one of the candidates.",
        ),
        "this is the candidate's position": (_position, "Return the candidate itself."),
        "this is one over the temperature": (
            lambda *args: 1 / _best()(*args),
            "Return one of the candidates, as it was given.",
        ),
    }
)

# -- 06.7 long texts --------------------------------------------------------------------------


def _cut(long: Function) -> Function:
    """The right answer for a text that fits; long(ids, max_length, tail) for one that does not."""
    return lambda ids, max_length, tail: (
        ids if len(ids) <= max_length else long(ids, max_length, tail)
    )


def _stitched(ids, max_length, tail):
    return ids[: max(max_length - tail, 0)] + ids[max(len(ids) - tail, 0) :]


def _without_special(ids, max_length, tail):
    return _cut(_stitched)(ids, max_length, tail)[1:-1]


_TOGETHER = "Head and tail together are max_length tokens: how long is the head, then?"
_COUNTED = "[CLS] and [SEP] are tokens like all others: they are counted, and stay where they are."

LONG_TEXTS = named(
    {
        "the end is cut off, and [SEP] with it": (
            lambda ids, max_length, tail: ids[:max_length],
            "The last `tail` tokens, [SEP] among them, have a place too.",
        ),
        "a text that fits is stitched as well": (
            _stitched,
            "A text that fits stays as it is; otherwise tokens stand twice.",
        ),
        "a text that fits is stitched as well, and a tail of 0 takes the whole text": (
            lambda ids, max_length, tail: ids[: max_length - tail] + ids[-tail:],
            "A text that fits stays as it is. And what is ids[-0:]?",
        ),
        "only the end is kept": (
            lambda ids, max_length, tail: ids[-max_length:],
            "Only `tail` tokens come from the end.",
        ),
        "the head is one token too long": (
            _cut(lambda ids, n, tail: ids[: n - tail + 1] + ids[len(ids) - tail :]),
            _TOGETHER,
        ),
        "the head is one token too short": (
            _cut(lambda ids, n, tail: ids[: n - tail - 1] + ids[len(ids) - tail :]),
            _TOGETHER,
        ),
        "the tail is added on top of a full head": (
            _cut(lambda ids, n, tail: ids[:n] + ids[len(ids) - tail :]),
            _TOGETHER,
        ),
        "[CLS] is lost": (
            _cut(lambda ids, n, tail: ids[1 : n - tail + 1] + ids[len(ids) - tail :]),
            "The head begins with the first token.",
        ),
        "[CLS] and [SEP] are taken away": (_without_special, _COUNTED),
        "[SEP] is kept beside the tail": (
            _cut(lambda ids, n, tail: ids[: n - tail - 1] + ids[len(ids) - tail - 1 :]),
            _COUNTED,
        ),
        "[SEP] is put between head and tail": (
            _cut(lambda ids, n, tail: ids[: n - tail - 1] + ids[-1:] + ids[len(ids) - tail :]),
            "Only tokens of the head and of the tail are kept, each in its place.",
        ),
        "[CLS] and [SEP] are kept beside head and tail": (
            _cut(
                lambda ids, n, tail: (
                    ids[:1] + ids[1:-1][: n - tail - 2] + ids[:-1][len(ids) - 1 - tail :] + ids[-1:]
                )
            ),
            "They are tokens like any other here: the first of the head, the last of the tail.",
        ),
        "the tail stops before [SEP]": (
            _cut(lambda ids, n, tail: ids[: n - tail] + ids[len(ids) - 1 - tail : -1]),
            _COUNTED,
        ),
        "the window has room for two more tokens": (
            _cut(lambda ids, n, tail: ids[: n + 2 - tail] + ids[len(ids) - tail :]),
            _COUNTED,
        ),
        "two places are left free": (
            _cut(lambda ids, n, tail: ids[: n - 2 - tail] + ids[len(ids) - tail :]),
            _COUNTED,
        ),
        "the tail stands before the head": (
            _cut(lambda ids, n, tail: ids[len(ids) - tail :] + ids[: n - tail]),
            "The text is still to be read from left to right.",
        ),
        "the tail is read backwards": (
            _cut(lambda ids, n, tail: ids[: n - tail] + ids[::-1][:tail]),
            "The text is still to be read from left to right.",
        ),
        "head and tail are each half of the window": (
            _cut(lambda ids, n, tail: ids[: n - n // 2] + ids[len(ids) - n // 2 :]),
            "How long the tail is, is an argument.",
        ),
        "`tail` is taken as the length of the head": (
            _cut(lambda ids, n, tail: ids[:tail] + ids[len(ids) - (n - tail) :]),
            "From which end are `tail` tokens kept?",
        ),
        "`tail` is taken as the place where the tail begins": (
            _cut(lambda ids, n, tail: ids[: n - tail] + ids[tail:]),
            "Which slice has the last two tokens of a list?",
        ),
        "head and tail are two lists": (
            _cut(lambda ids, n, tail: [ids[: n - tail], ids[len(ids) - tail :]]),
            "One list is asked for.",
        ),
        "this is the middle, which should go": (
            _cut(lambda ids, n, tail: ids[n - tail : len(ids) - tail]),
            "Head and tail stay.",
        ),
    }
)
