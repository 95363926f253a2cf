"""The exercises of lesson 06: leaks, macro F1, calibration, temperature, intervals, long texts."""

from __future__ import annotations

import torch

from kd_course.exercises.slips import random_labels, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception

# -- 06.1 leaks -------------------------------------------------------------------------------


def leak_cases(random) -> list[Case]:
    train = ["Profit rose.", "Sales fell in May.", "The board met on Friday.", "Margins were flat."]
    disguised = [
        "  profit ROSE. ",
        "Sales  fell in\tMay.",
        "Costs fell.",
        "Profit rose. Sales fell in May.",
    ]
    many = [f"Order {n} was shipped." for n in random.permutation(12).tolist()]
    return [
        Case(
            (["Profit rose.", "Costs fell."], ["Costs fell.", "Sales grew."]),
            "one test row leaks, as it stands",
        ),
        Case(
            (train, disguised),
            "leaks that differ in case and spaces, and a text that only contains one",
        ),
        Case(
            (["Profit rose sharply."], ["Profit rose"]), "a test row that is part of a training row"
        ),
        Case((many[:8], many[4:]), "four rows in both"),
        Case(
            (["A.", "B."], ["C.", "A.", "a.", "A."]), "a leak that the test set holds three times"
        ),
        Case((["A."], ["B."]), "no leak at all"),
    ]


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _exact_only(train_texts, test_texts):
    return [i for i, text in enumerate(test_texts) if text in set(train_texts)]


def _training_rows(train_texts, test_texts):
    test = {_plain(t) for t in test_texts}
    return [i for i, text in enumerate(train_texts) if _plain(text) in test]


def _contained(train_texts, test_texts):
    joined = "\n".join(_plain(t) for t in train_texts)
    return [i for i, text in enumerate(test_texts) if _plain(text) in joined]


def _lower_and_strip(train_texts, test_texts):
    train = {t.lower().strip() for t in train_texts}
    return [i for i, text in enumerate(test_texts) if text.lower().strip() in train]


def _texts_not_rows(train_texts, test_texts):
    train = {_plain(t) for t in train_texts}
    return [text for text in test_texts if _plain(text) in train]


# -- 06.2 macro F1 ----------------------------------------------------------------------------


def f1_cases(random) -> list[Case]:
    labels = random.choice(3, size=40, p=[0.2, 0.5, 0.3])
    predicted = [int(x) if random.random() < 0.7 else int(random.integers(3)) for x in labels]
    return [
        Case((torch.tensor([0, 1, 1, 2, 2, 2]), torch.tensor([0, 1, 2, 2, 2, 1]), 3), "six rows"),
        Case(
            (torch.tensor([1, 1, 1, 1, 1]), torch.tensor([1, 1, 1, 1, 0]), 2),
            "a class that is never predicted",
        ),
        Case((torch.tensor(predicted), torch.tensor(labels), 3), "forty rows, half of one class"),
        Case((torch.tensor([0, 1, 2]), torch.tensor([0, 1, 2]), 3), "everything right"),
        Case((torch.tensor([0, 1]), torch.tensor([0, 1]), 3), "a class that never occurs"),
    ]


def _counts(predicted, labels, classes):
    def of(c):
        return (
            ((predicted == c) & (labels == c)).sum().item(),
            (predicted == c).sum().item(),
            (labels == c).sum().item(),
        )

    return [of(c) for c in range(classes)]


def _f1(right, said, there):
    return 2 * right / (said + there) if said + there else 0.0


def _accuracy(predicted, labels, classes):
    return (predicted == labels).double().mean().item()


def _weighted_f1(predicted, labels, classes):
    return sum(_f1(*c) * c[2] for c in _counts(predicted, labels, classes)) / len(labels)


def _f1_of_means(predicted, labels, classes):
    counts = _counts(predicted, labels, classes)
    precision = sum(r / s if s else 0.0 for r, s, _ in counts) / classes
    recall = sum(r / t if t else 0.0 for r, _, t in counts) / classes
    return 2 * precision * recall / (precision + recall)


def _predicted_classes_only(predicted, labels, classes):
    scores = [_f1(*c) for c in _counts(predicted, labels, classes) if c[1]]
    return sum(scores) / len(scores)


def _macro_recall(predicted, labels, classes):
    return sum(r / t if t else 0.0 for r, _, t in _counts(predicted, labels, classes)) / classes


# -- 06.5 expected calibration error ----------------------------------------------------------


def ece_cases(random) -> list[Case]:
    logits = random_normal(random, 60, 3, scale=2.0, dtype=torch.float64)
    confidence, predicted = logits.softmax(-1).max(-1)
    # Too modest where it hesitates, too sure where it does not: gaps of both signs.
    labels = torch.where(confidence < 0.7, predicted, random_labels(random, 3, 60))
    p = torch.tensor([[0.95, 0.05], [0.85, 0.15], [0.35, 0.65], [0.55, 0.45]])
    return [
        Case((p, torch.tensor([0, 1, 1, 0]), 5), "four rows, five bins"),
        Case(
            (torch.tensor([[0.7, 0.2, 0.1]] * 3), torch.tensor([0, 0, 0]), 4),
            "too modest: right more often than it says",
        ),
        Case(
            (torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.6, 0.4]]), torch.tensor([0, 1, 1]), 4),
            "a model that is certain, and not always right",
        ),
        Case((logits.softmax(-1), labels, 10), "sixty rows, ten bins"),
        Case((logits.softmax(-1), labels, 3), "the same rows in three bins"),
    ]


def _bins(probabilities, labels, bins, confidence=None):
    confidence = probabilities.max(-1).values.double() if confidence is None else confidence
    right = (probabilities.argmax(-1) == labels).double()
    which = (confidence * bins).long().clamp(max=bins - 1)
    return [(confidence[which == b], right[which == b]) for b in range(bins) if (which == b).any()]


def _ece_unweighted(probabilities, labels, bins):
    gaps = [(c.mean() - r.mean()).abs() for c, r in _bins(probabilities, labels, bins)]
    return (sum(gaps) / len(gaps)).item()


def _ece_signed(probabilities, labels, bins):
    return sum(
        (c.mean() - r.mean()) * len(c) for c, r in _bins(probabilities, labels, bins)
    ).item() / len(labels)


def _ece_squared(probabilities, labels, bins):
    return sum(
        (c.mean() - r.mean()) ** 2 * len(c) for c, r in _bins(probabilities, labels, bins)
    ).item() / len(labels)


def _ece_of_the_label(probabilities, labels, bins):
    chosen = probabilities[torch.arange(len(labels)), labels].double()
    return sum(
        (c.mean() - r.mean()).abs() * len(c) for c, r in _bins(probabilities, labels, bins, chosen)
    ).item() / len(labels)


def _all_rows_at_once(probabilities, labels, bins):
    right = (probabilities.argmax(-1) == labels).double()
    return (probabilities.max(-1).values.double().mean() - right.mean()).abs().item()


def _row_by_row(probabilities, labels, bins):
    right = (probabilities.argmax(-1) == labels).double()
    return (probabilities.max(-1).values.double() - right).abs().mean().item()


def _ece_largest(probabilities, labels, bins):
    return max((c.mean() - r.mean()).abs() for c, r in _bins(probabilities, labels, bins)).item()


# -- 06.6 temperature scaling -----------------------------------------------------------------


def temperature_cases(random) -> list[Case]:
    labels = random_labels(random, 3, 80)
    signal = torch.nn.functional.one_hot(labels, 3).double()
    noise = random_normal(random, 80, 3, dtype=torch.float64)
    candidates = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
    # Seldom wrong, and then quite sure of it: each other way to judge confidence asks for another T.
    seldom = 3 * signal + 0.3 * noise
    seldom[:6] = 12 * torch.nn.functional.one_hot((labels[:6] + 1) % 3, 3).double()
    return [
        Case((8 * (signal + noise), labels, candidates), "a model far too sure of itself"),
        Case((0.3 * (signal + 0.3 * noise), labels, candidates), "a model far too modest"),
        Case(
            (signal + noise, labels, candidates[::-1]),
            "a model about right; candidates in another order",
        ),
        Case((seldom, labels, candidates), "a model that is seldom wrong, but then surely"),
    ]


def _nll(logits, labels):
    return torch.nn.functional.cross_entropy(logits, labels).item()


def _multiplied(logits, labels, candidates):
    return min(candidates, key=lambda t: _nll(logits * t, labels))


def _by_accuracy(logits, labels, candidates):
    return max(candidates, key=lambda t: ((logits / t).argmax(-1) == labels).double().mean().item())


def _least_sure(logits, labels, candidates):
    return max(candidates)


def _worst(logits, labels, candidates):
    return max(candidates, key=lambda t: _nll(logits / t, labels))


def _most_confident(logits, labels, candidates):
    return max(candidates, key=lambda t: (logits / t).softmax(-1).max(-1).values.mean().item())


# -- 06.3 the paired bootstrap ----------------------------------------------------------------


def bootstrap_cases(random) -> list[Case]:
    def rows(n, better, draws):
        control = (random.random(n) < 0.7).astype(float)
        student = [1.0 if random.random() < better else c for c in control]
        return (
            torch.tensor(student, dtype=torch.float32),
            torch.from_numpy(control).float(),
            torch.from_numpy(random.integers(n, size=(draws, n))),
        )

    return [
        Case(rows(50, 0.3, 400), "fifty rows, a student that is better"),
        Case(rows(200, 0.0, 300), "two hundred rows, no difference at all"),
        Case(rows(30, 0.1, 200), "thirty rows, hardly a difference"),
    ]


def _means(scores, draws):
    return scores.double()[draws].mean(-1)


def _quantiles(values, low=0.025, high=0.975):
    return torch.quantile(values, torch.tensor([low, high], dtype=torch.float64))


def _unpaired(student, control, draws):
    return _quantiles(_means(student, draws) - _means(control, draws.flip(0)))


def _swapped(student, control, draws):
    return _quantiles(_means(control, draws) - _means(student, draws))


def _ninety(student, control, draws):
    return _quantiles(_means(student, draws) - _means(control, draws), 0.05, 0.95)


def _two_intervals(student, control, draws):
    s, c = _quantiles(_means(student, draws)), _quantiles(_means(control, draws))
    return torch.stack([s[0] - c[1], s[1] - c[0]])


def _rows_not_means(student, control, draws):
    return _quantiles((student - control).double())


# -- 06.7 long texts --------------------------------------------------------------------------


def long_text_cases(random) -> list[Case]:
    ids = [101, *random.integers(1000, 2000, size=18).tolist(), 102]
    return [
        Case((ids, 10, 4), "twenty tokens into ten, four of them from the end"),
        Case((ids[:6], 10, 4), "a text that fits"),
        Case(([*ids[:9], 102], 10, 4), "a text that fits exactly"),
        Case((ids, 12, 1), "only [SEP] from the end"),
    ]


def _cut_off(ids, max_length, tail):
    return ids[:max_length]


def _always_both(ids, max_length, tail):
    return ids[: max_length - tail] + ids[-tail:]


def _end_only(ids, max_length, tail):
    return ids if len(ids) <= max_length else ids[-max_length:]


def _one_too_many(ids, max_length, tail):
    return ids if len(ids) <= max_length else ids[: max_length - tail + 1] + ids[-tail:]


def _tail_too_much(ids, max_length, tail):
    return ids if len(ids) <= max_length else ids[:max_length] + ids[-tail:]


def _no_classifier_token(ids, max_length, tail):
    return ids if len(ids) <= max_length else ids[1 : max_length - tail + 1] + ids[-tail:]


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="06.1",
        name="leaked_rows",
        title="Test rows that stand in the training rows",
        lesson="06",
        signature="leaked_rows(train_texts, test_texts)",
        points=3,
        minutes=5,
        difficulty=2,
        importance=5,
        cases=leak_cases,
        misconceptions=(
            Misconception(
                "only exact copies are found",
                _exact_only,
                hint="The same sentence in other capitals, or with a double space, is still the same sentence.",
            ),
            Misconception(
                "spaces inside a text are not evened out",
                _lower_and_strip,
                hint="strip() works at the ends only; split() and join even out what lies between.",
            ),
            Misconception(
                "these are the training rows' numbers",
                _training_rows,
                hint="It is the test set that has to be mended: number its rows.",
            ),
            Misconception(
                "a test text that is only part of a training text is counted",
                _contained,
                hint="Compare whole texts: 'Profit rose' inside 'Profit rose sharply' is another sentence.",
            ),
            Misconception(
                "these are the texts, not their row numbers",
                _texts_not_rows,
                hint="Return positions in test_texts, as whole numbers.",
            ),
        ),
        hint="Bring both sides to one form (case, spaces), then look each test text up among the training texts.",
        withheld=("kd_course.corpora.classification.leaks",),
        allowed="plain Python; not classification.leaks, which has it",
    ),
    Exercise(
        id="06.2",
        name="macro_f1",
        title="A mean that a rare class can pull down",
        lesson="06",
        signature="macro_f1(predicted, labels, classes)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=f1_cases,
        misconceptions=(
            Misconception(
                "this is accuracy (micro-averaged F1)",
                _accuracy,
                hint="Compute F1 for each class by itself, then average the classes.",
            ),
            Misconception(
                "classes are weighted by how common they are",
                _weighted_f1,
                hint="Macro means that every class counts the same.",
            ),
            Misconception(
                "precision and recall are averaged first, then combined",
                _f1_of_means,
                hint="Combine them within each class; average the F1s.",
            ),
            Misconception(
                "a class that is never predicted is left out of the mean",
                _predicted_classes_only,
                hint="Missing a class altogether is the worst a model can do to it: its F1 is 0, and counts.",
            ),
            Misconception(
                "this is the mean recall",
                _macro_recall,
                hint="F1 also pays for rows that are wrongly given to the class.",
            ),
        ),
        hint="For class c: right = predicted c and labelled c; F1 = 2·right / (predicted c + labelled c).",
        withheld=("kd_course.metrics.macro_f1",),
        allowed="torch; not torchmetrics, scikit-learn or kd_course.metrics",
    ),
    Exercise(
        id="06.3",
        name="bootstrap_interval",
        title="How sure may one be that the student is better?",
        lesson="06",
        signature="bootstrap_interval(student, control, draws)",
        points=4,
        minutes=10,
        difficulty=3,
        importance=5,
        cases=bootstrap_cases,
        misconceptions=(
            Misconception(
                "student and control are drawn separately",
                _unpaired,
                hint="A hard sentence is hard for both: use the same drawn rows for both, then subtract.",
            ),
            Misconception(
                "this is control minus student",
                _swapped,
                hint="Positive must mean that the student is better.",
            ),
            Misconception(
                "this is the 90 % interval",
                _ninety,
                hint="95 % leaves out 2.5 % on either side.",
            ),
            Misconception(
                "two intervals are subtracted from each other",
                _two_intervals,
                hint="Subtract within every draw; take quantiles of the differences.",
            ),
            Misconception(
                "quantiles of single rows, not of means",
                _rows_not_means,
                hint="The question is how the *mean* over a test set would vary: average each draw first.",
            ),
        ),
        hint="draws[i] holds the row numbers of the i-th pretended test set: scores[draws] has shape (draws, rows).",
        allowed="torch",
    ),
    Exercise(
        id="06.4",
        name="what_may_be_said",
        title="Reading an interval",
        lesson="06",
        signature="what_may_be_said",
        points=1,
        minutes=2,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "Distillation makes this student better: the mean difference is positive.",
                "Not so fast. A mean is positive in half of all experiments in which nothing differs. "
                "Since zero lies inside the interval, these data do not settle the sign.",
            ),
            Choice(
                "b",
                "Distillation does nothing here: the interval contains zero.",
                "An interval that contains zero is no proof of no difference. This one also contains "
                "+1.5 points, which many would pay for. Absence of evidence is not evidence of absence.",
            ),
            Choice(
                "c",
                "The sign is open; the data speak against a loss of over 0.4 points and a gain of over 1.5.",
                "Right. An interval says which differences the data are compatible with, and which they "
                "speak against. More seeds or more test rows would narrow it.",
            ),
            Choice(
                "d",
                "The probability that the student is better is 95 %.",
                "The 95 % belong to the procedure: of many such intervals, about 95 % hold the true "
                "difference. It is no probability of the claim 'better', and zero is inside besides.",
            ),
        ),
        hint="What values does the interval allow, and which does it speak against?",
        allowed="thinking",
    ),
    Exercise(
        id="06.5",
        name="calibration_error",
        title="How far confidence is from accuracy",
        lesson="06",
        signature="calibration_error(probabilities, labels, bins)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=4,
        cases=ece_cases,
        misconceptions=(
            Misconception(
                "every bin counts the same, however few rows it holds",
                _ece_unweighted,
                hint="Weigh each bin's gap by its share of the rows.",
            ),
            Misconception(
                "gaps of opposite sign cancel",
                _ece_signed,
                hint="Too sure in one bin does not make up for too modest in another: take the absolute gap.",
            ),
            Misconception(
                "gaps are squared",
                _ece_squared,
                hint="The expected calibration error is a mean of absolute gaps.",
            ),
            Misconception(
                "confidence is read off at the label, not at the prediction",
                _ece_of_the_label,
                hint="A model's confidence is what it gives to its own choice: the largest probability.",
            ),
            Misconception(
                "mean confidence and accuracy are compared over all rows at once, without bins",
                _all_rows_at_once,
                hint="A model can be too modest here and too sure there, and right on average: take the gap in each bin.",
            ),
            Misconception(
                "the gap is taken row by row, without bins",
                _row_by_row,
                hint="One row is right or wrong; only a group of rows has an accuracy.",
            ),
            Misconception(
                "this is the largest gap (maximum calibration error)",
                _ece_largest,
                hint="Average the gaps over the rows.",
            ),
        ),
        hint="A row with confidence c goes to bin int(c · bins), the last bin for c = 1.",
        withheld=("kd_course.metrics.calibration_error",),
        allowed="torch; not torchmetrics or kd_course.metrics",
    ),
    Exercise(
        id="06.6",
        name="scaling_temperature",
        title="The temperature that makes confidence honest",
        lesson="06",
        signature="scaling_temperature(logits, labels, candidates)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=4,
        cases=temperature_cases,
        misconceptions=(
            Misconception(
                "logits are multiplied by T",
                _multiplied,
                hint="softmax(logits / T): T above one makes a model more modest.",
            ),
            Misconception(
                "chosen by accuracy",
                _by_accuracy,
                hint="Dividing all logits by T changes no decision, so accuracy cannot choose. What does change?",
            ),
            Misconception(
                "the candidate that makes the model least sure",
                _least_sure,
                hint="A model can be too modest as well: let the labels decide.",
            ),
            Misconception(
                "the candidate with the largest surprise",
                _worst,
                hint="A good temperature makes the labels *less* surprising.",
            ),
            Misconception(
                "the candidate that makes the model most sure",
                _most_confident,
                hint="Sure is not right: let the labels decide.",
            ),
        ),
        hint="For every candidate T, the mean cross-entropy of logits / T with the labels; keep the T with the least.",
        withheld=("kd_course.metrics.best_temperature",),
        allowed="torch, with its cross_entropy; not kd_course.metrics",
    ),
    Exercise(
        id="06.7",
        name="head_and_tail",
        title="A text longer than the window",
        lesson="06",
        signature="head_and_tail(ids, max_length, tail)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=3,
        cases=long_text_cases,
        misconceptions=(
            Misconception(
                "the end is cut off, and [SEP] with it",
                _cut_off,
                hint="The last `tail` tokens, [SEP] among them, have a place too.",
            ),
            Misconception(
                "a text that fits is stitched as well",
                _always_both,
                hint="A text of max_length tokens or fewer stays as it is; otherwise tokens stand twice.",
            ),
            Misconception(
                "only the end is kept", _end_only, hint="[CLS] and the beginning go first."
            ),
            Misconception(
                "one token too many",
                _one_too_many,
                hint="Head and tail together are max_length tokens: how long is the head, then?",
            ),
            Misconception(
                "the tail is added on top of a full head",
                _tail_too_much,
                hint="Head and tail together are max_length tokens.",
            ),
            Misconception(
                "[CLS] is lost",
                _no_classifier_token,
                hint="The classifier reads the first position: it must stay [CLS].",
            ),
        ),
        hint="How many tokens are left for the head once the tail has its place?",
        allowed="plain Python",
    ),
)
