# %% setup
import itertools
import math
import re
import string
from collections import Counter, deque
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F


# %% 06.1 wrong: texts are compared exactly
def leaked_rows(train_texts, test_texts):
    seen = set(train_texts)
    return [i for i, text in enumerate(test_texts) if text in seen]


# %% 06.1 wrong: capitals are ignored, spaces are not
def leaked_rows(train_texts, test_texts):
    seen = {text.lower() for text in train_texts}
    return [i for i, text in enumerate(test_texts) if text.lower() in seen]


# %% 06.1 wrong: spaces are evened out, capitals still matter
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.split()) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if " ".join(text.split()) in seen]


# %% 06.1 wrong: white space is stripped at the ends only
def leaked_rows(train_texts, test_texts):
    seen = {text.lower().strip() for text in train_texts}
    return [i for i, text in enumerate(test_texts) if text.lower().strip() in seen]


# %% 06.1 wrong: runs become one space, but spaces at the ends stay
def leaked_rows(train_texts, test_texts):
    def normal(text):
        return re.sub(r"\s+", " ", text.lower())

    seen = {normal(text) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if normal(text) in seen]


# %% 06.1 wrong: only blanks count as white space, not tabs and line breaks
def leaked_rows(train_texts, test_texts):
    def normal(text):
        return re.sub(" +", " ", text.lower()).strip()

    seen = {normal(text) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if normal(text) in seen]


# %% 06.1 wrong: double blanks are replaced once, so that three blanks leave two
def leaked_rows(train_texts, test_texts):
    def normal(text):
        return re.sub(r"\s", " ", text.lower()).strip().replace("  ", " ")

    seen = {normal(text) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if normal(text) in seen]


# %% 06.1 wrong: all white space is removed
def leaked_rows(train_texts, test_texts):
    seen = {"".join(text.lower().split()) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if "".join(text.lower().split()) in seen]


# %% 06.1 wrong: punctuation is dropped
def leaked_rows(train_texts, test_texts):
    drop = str.maketrans("", "", string.punctuation)

    def normal(text):
        return " ".join(text.lower().translate(drop).split())

    seen = {normal(text) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if normal(text) in seen]


# %% 06.1 wrong: only the test texts are normalised
def leaked_rows(train_texts, test_texts):
    seen = set(train_texts)
    return [i for i, text in enumerate(test_texts) if " ".join(text.lower().split()) in seen]


# %% 06.1 wrong: only the training texts are normalised
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.lower().split()) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if text in seen]


# %% 06.1 wrong: positions in the training texts
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.lower().split()) for text in test_texts}
    return [i for i, text in enumerate(train_texts) if " ".join(text.lower().split()) in seen]


# %% 06.1 wrong: the texts themselves instead of their positions
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.lower().split()) for text in train_texts}
    return [text for text in test_texts if " ".join(text.lower().split()) in seen]


# %% 06.1 wrong: a mask with one bool for each test row
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.lower().split()) for text in train_texts}
    return [" ".join(text.lower().split()) in seen for text in test_texts]


# %% 06.1 wrong: positions count from one
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.lower().split()) for text in train_texts}
    return [i for i, text in enumerate(test_texts, 1) if " ".join(text.lower().split()) in seen]


# %% 06.1 wrong: a text that stands twice in the test set is found once
def leaked_rows(train_texts, test_texts):
    train = {" ".join(text.lower().split()) for text in train_texts}
    test = [" ".join(text.lower().split()) for text in test_texts]
    return sorted(test.index(text) for text in train & set(test))


# %% 06.1 wrong: of repeated test texts only the last position, from a dict
def leaked_rows(train_texts, test_texts):
    train = {" ".join(text.lower().split()) for text in train_texts}
    where = {" ".join(text.lower().split()): i for i, text in enumerate(test_texts)}
    return sorted(i for text, i in where.items() if text in train)


# %% 06.1 wrong: a position comes once for each copy in the training texts
def leaked_rows(train_texts, test_texts):
    train = [" ".join(text.lower().split()) for text in train_texts]
    test = [" ".join(text.lower().split()) for text in test_texts]
    return [i for i, text in enumerate(test) for other in train if text == other]


# %% 06.1 wrong: in the order of the training texts, not ascending
def leaked_rows(train_texts, test_texts):
    train = [" ".join(text.lower().split()) for text in train_texts]
    test = [" ".join(text.lower().split()) for text in test_texts]
    return [i for known in dict.fromkeys(train) for i, text in enumerate(test) if text == known]


# %% 06.1 wrong: a test text contained in a longer training text counts
def leaked_rows(train_texts, test_texts):
    train = [" ".join(text.lower().split()) for text in train_texts]
    test = [" ".join(text.lower().split()) for text in test_texts]
    return [i for i, text in enumerate(test) if any(text in known for known in train)]


# %% 06.1 wrong: the order of the words is ignored
def leaked_rows(train_texts, test_texts):
    seen = {tuple(sorted(text.lower().split())) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if tuple(sorted(text.lower().split())) in seen]


# %% 06.1 wrong: compares row with row only
def leaked_rows(train_texts, test_texts):
    pairs = enumerate(zip(train_texts, test_texts))
    return [i for i, (a, b) in pairs if a.lower().split() == b.lower().split()]


# %% 06.1 wrong: the rows that do not leak
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.lower().split()) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if " ".join(text.lower().split()) not in seen]


# %% 06.1 wrong: stops at the first leak
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.lower().split()) for text in train_texts}
    found = []
    for i, text in enumerate(test_texts):
        if " ".join(text.lower().split()) in seen:
            found.append(i)
            break
    return found


# %% 06.1 wrong: how many leak, not which
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.lower().split()) for text in train_texts}
    return sum(" ".join(text.lower().split()) in seen for text in test_texts)


# %% 06.1 wrong: only the capital at the beginning of the sentence is ignored
def leaked_rows(train_texts, test_texts):
    def normal(text):
        text = " ".join(text.split())
        return text[:1].lower() + text[1:]

    seen = {normal(text) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if normal(text) in seen]


# %% 06.1 wrong: repeats within the test texts count as leaks
def leaked_rows(train_texts, test_texts):
    seen = {" ".join(text.lower().split()) for text in train_texts}
    found = []
    for i, text in enumerate(test_texts):
        text = " ".join(text.lower().split())
        if text in seen:
            found.append(i)
        seen.add(text)
    return found


# %% 06.1 wrong: the training list of the caller is overwritten
def leaked_rows(train_texts, test_texts):
    for i, text in enumerate(train_texts):
        train_texts[i] = " ".join(text.lower().split())
    seen = set(train_texts)
    return [i for i, text in enumerate(test_texts) if " ".join(text.lower().split()) in seen]


# %% 06.1 right: regular expression, then strip, and a sorted list
def leaked_rows(train_texts, test_texts):
    def normal(text):
        return re.sub(r"\s+", " ", text).strip().lower()

    seen = set(map(normal, train_texts))
    return sorted(i for i in range(len(test_texts)) if normal(test_texts[i]) in seen)


# %% 06.1 right: tuples of words, other argument names
def leaked_rows(known, asked):
    seen = {tuple(text.lower().split()) for text in known}
    found = []
    for position in range(len(asked)):
        if tuple(asked[position].lower().split()) in seen:
            found.append(position)
    return found


# %% 06.1 right: two loops and no set
def leaked_rows(train_texts, test_texts):
    found = []
    for i, text in enumerate(test_texts):
        for other in train_texts:
            if text.lower().split() == other.lower().split():
                found.append(i)
                break
    return found


# %% 06.1 right: a dict from text to all of its positions
def leaked_rows(train_texts, test_texts):
    where = {}
    for i, text in enumerate(test_texts):
        where.setdefault(" ".join(text.split()).lower(), []).append(i)
    train = {" ".join(text.split()).lower() for text in train_texts}
    return sorted(itertools.chain.from_iterable(where[t] for t in train if t in where))


# %% 06.1 wrong: only the ends are stripped
def leaked_rows(train_texts, test_texts):
    seen = {t.strip().lower() for t in train_texts}
    return [i for i, t in enumerate(test_texts) if t.strip().lower() in seen]


# %% 06.1 wrong: punctuation is dropped (once more)
def leaked_rows(train_texts, test_texts):
    def normal(text):
        return " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())

    seen = {normal(t) for t in train_texts}
    return [i for i, t in enumerate(test_texts) if normal(t) in seen]


# %% 06.1 wrong: only the first position of a repeated text
def leaked_rows(train_texts, test_texts):
    normal = lambda t: " ".join(t.lower().split())
    train = {normal(t) for t in train_texts}
    test = [normal(t) for t in test_texts]
    return sorted(test.index(t) for t in set(test) if t in train)


# %% 06.1 wrong: all blanks are taken out
def leaked_rows(train_texts, test_texts):
    normal = lambda t: "".join(t.lower().split())
    seen = {normal(t) for t in train_texts}
    return [i for i, t in enumerate(test_texts) if normal(t) in seen]


# %% 06.1 right: tuples of words
def leaked_rows(train_texts, test_texts):
    words = lambda t: tuple(w for w in re.split(r"[ \t\r\n]+", t.lower()) if w)
    train = set(map(words, train_texts))
    return list(np.flatnonzero([words(t) in train for t in test_texts]).tolist())


# %% 06.2 wrong: accuracy, which is micro F1
def macro_f1(predicted, labels, classes):
    return (predicted == labels).float().mean().item()


# %% 06.2 wrong: mean over the classes that occur among the labels only
def macro_f1(predicted, labels, classes):
    scores = []
    for c in range(classes):
        given, true = predicted == c, labels == c
        if true.any():
            scores.append(2 * (given & true).sum().item() / (given.sum() + true.sum()).item())
    return sum(scores) / len(scores)


# %% 06.2 wrong: classes that neither side uses are left out of the mean
def macro_f1(predicted, labels, classes):
    scores = []
    for c in range(classes):
        given, true = predicted == c, labels == c
        total = (given.sum() + true.sum()).item()
        if total:
            scores.append(2 * (given & true).sum().item() / total)
    return sum(scores) / len(scores)


# %% 06.2 wrong: classes that were never given are left out of the mean
def macro_f1(predicted, labels, classes):
    scores = []
    for c in range(classes):
        given, true = predicted == c, labels == c
        if given.any():
            scores.append(2 * (given & true).sum().item() / (given.sum() + true.sum()).item())
    return sum(scores) / len(scores)


# %% 06.2 wrong: mean weighted by how common the class is
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        total = max((given.sum() + true.sum()).item(), 1)
        score += 2 * (given & true).sum().item() / total * true.float().mean().item()
    return score


# %% 06.2 wrong: a class that neither side uses scores one
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        total = (given.sum() + true.sum()).item()
        score += 2 * (given & true).sum().item() / total if total else 1.0
    return score / classes


# %% 06.2 wrong: a class that neither side uses gives nan
def macro_f1(predicted, labels, classes):
    scores = []
    for c in range(classes):
        given, true = predicted == c, labels == c
        scores.append(2 * (given & true).sum() / (given.sum() + true.sum()))
    return torch.stack(scores).mean().item()


# %% 06.2 wrong: harmonic mean of zero precision and zero recall gives nan
def macro_f1(predicted, labels, classes):
    scores = []
    for c in range(classes):
        given, true = predicted == c, labels == c
        right = (given & true).sum().float()
        precision = right / given.sum().clamp(min=1)
        recall = right / true.sum().clamp(min=1)
        scores.append(2 * precision * recall / (precision + recall))
    return torch.stack(scores).mean().item()


# %% 06.2 wrong: the factor 2 is missing
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += (given & true).sum().item() / max((given.sum() + true.sum()).item(), 1)
    return score / classes


# %% 06.2 wrong: right rows over the union of both, the Jaccard index
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += (given & true).sum().item() / max((given | true).sum().item(), 1)
    return score / classes


# %% 06.2 wrong: twice the right rows over the union of both
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() / max((given | true).sum().item(), 1)
    return score / classes


# %% 06.2 wrong: macro precision
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += (given & true).sum().item() / max(given.sum().item(), 1)
    return score / classes


# %% 06.2 wrong: macro recall, also called balanced accuracy
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += (given & true).sum().item() / max(true.sum().item(), 1)
    return score / classes


# %% 06.2 wrong: F1 of the mean precision and the mean recall
def macro_f1(predicted, labels, classes):
    precision = recall = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        right = (given & true).sum().item()
        precision += right / max(given.sum().item(), 1) / classes
        recall += right / max(true.sum().item(), 1) / classes
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


# %% 06.2 wrong: plain mean of precision and recall in each class
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        right = (given & true).sum().item()
        score += right / max(given.sum().item(), 1) / 2 + right / max(true.sum().item(), 1) / 2
    return score / classes


# %% 06.2 wrong: geometric mean of precision and recall in each class
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        right = (given & true).sum().item()
        score += right / math.sqrt(max(given.sum().item() * true.sum().item(), 1))
    return score / classes


# %% 06.2 wrong: one is added to every denominator
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() / ((given.sum() + true.sum()).item() + 1)
    return score / classes


# %% 06.2 wrong: the number of classes is taken from the largest label
def macro_f1(predicted, labels, classes):
    classes = int(labels.max()) + 1
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() / max((given.sum() + true.sum()).item(), 1)
    return score / classes


# %% 06.2 wrong: three classes whatever is asked
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(3):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() / max((given.sum() + true.sum()).item(), 1)
    return score / 3


# %% 06.2 wrong: class numbers start at one
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(1, classes + 1):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() / max((given.sum() + true.sum()).item(), 1)
    return score / classes


# %% 06.2 wrong: the last class is left out
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes - 1):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() / max((given.sum() + true.sum()).item(), 1)
    return score / (classes - 1)


# %% 06.2 wrong: the sum over the classes, not the mean
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() / max((given.sum() + true.sum()).item(), 1)
    return score


# %% 06.2 wrong: divided by the number of rows
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() / max((given.sum() + true.sum()).item(), 1)
    return score / len(labels)


# %% 06.2 wrong: one score for each class instead of the mean
def macro_f1(predicted, labels, classes):
    scores = []
    for c in range(classes):
        given, true = predicted == c, labels == c
        total = max((given.sum() + true.sum()).item(), 1)
        scores.append(2 * (given & true).sum().item() / total)
    return scores


# %% 06.2 wrong: in per cent
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() / max((given.sum() + true.sum()).item(), 1)
    return 100 * score / classes


# %% 06.2 wrong: whole-number division
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += 2 * (given & true).sum().item() // max((given.sum() + true.sum()).item(), 1)
    return score / classes


# %% 06.2 wrong: the middle score instead of the mean
def macro_f1(predicted, labels, classes):
    scores = []
    for c in range(classes):
        given, true = predicted == c, labels == c
        total = max((given.sum() + true.sum()).item(), 1)
        scores.append(2 * (given & true).sum().item() / total)
    return float(np.median(scores))


# %% 06.2 wrong: the lowest score instead of the mean
def macro_f1(predicted, labels, classes):
    scores = []
    for c in range(classes):
        given, true = predicted == c, labels == c
        total = max((given.sum() + true.sum()).item(), 1)
        scores.append(2 * (given & true).sum().item() / total)
    return min(scores)


# %% 06.2 wrong: rows where both avoid the class count as right
def macro_f1(predicted, labels, classes):
    score = 0.0
    for c in range(classes):
        given, true = predicted == c, labels == c
        score += 2 * (given == true).sum().item() / max((given.sum() + true.sum()).item(), 1)
    return score / classes


# %% 06.2 right: from a confusion matrix counted with bincount
def macro_f1(predicted, labels, classes):
    table = torch.bincount(labels * classes + predicted, minlength=classes**2)
    table = table.reshape(classes, classes)
    total = table.sum(0) + table.sum(1)
    return float((2 * table.diagonal() / total.clamp(min=1)).mean())


# %% 06.2 right: with Counters and fractions
def macro_f1(predicted, labels, classes):
    given, true = Counter(predicted.tolist()), Counter(labels.tolist())
    right = Counter(a for a, b in zip(predicted.tolist(), labels.tolist()) if a == b)
    scores = [
        Fraction(2 * right[c], given[c] + true[c]) if given[c] + true[c] else Fraction(0)
        for c in range(classes)
    ]
    return float(sum(scores) / classes)


# %% 06.2 right: harmonic mean of precision and recall in numpy, zeros guarded
def macro_f1(guess, gold, n):
    guess, gold = np.asarray(guess), np.asarray(gold)
    scores = np.zeros(n)
    for c in range(n):
        right = np.sum((guess == c) & (gold == c))
        if right:
            precision, recall = right / np.sum(guess == c), right / np.sum(gold == c)
            scores[c] = 2 / (1 / precision + 1 / recall)
    return float(scores.mean())


# %% 06.2 right: one-hot and einsum
def macro_f1(predicted, labels, classes):
    p = F.one_hot(predicted, classes).double()
    y = F.one_hot(labels, classes).double()
    right = torch.einsum("rc,rc->c", p, y)
    return torch.nan_to_num(2 * right / (p + y).sum(0), nan=0.0).mean().item()


# %% 06.2 wrong: classes that no label has are left out
def macro_f1(predicted, labels, classes):
    scores = []
    for c in labels.unique().tolist():
        tp = ((predicted == c) & (labels == c)).sum().item()
        fp = ((predicted == c) & (labels != c)).sum().item()
        fn = ((predicted != c) & (labels == c)).sum().item()
        scores.append(2 * tp / (2 * tp + fp + fn))
    return sum(scores) / len(scores)


# %% 06.2 wrong: NaN where nothing was found
def macro_f1(predicted, labels, classes):
    f1 = []
    for c in range(classes):
        tp = ((predicted == c) & (labels == c)).sum().float()
        precision = tp / (predicted == c).sum()
        recall = tp / (labels == c).sum()
        f1.append(2 * precision * recall / (precision + recall))
    return torch.stack(f1).mean().item()


# %% 06.2 wrong: F1 of the mean precision and the mean recall (once more)
def macro_f1(predicted, labels, classes):
    precision = recall = 0.0
    for c in range(classes):
        tp = ((predicted == c) & (labels == c)).sum().item()
        precision += tp / max(1, (predicted == c).sum().item()) / classes
        recall += tp / max(1, (labels == c).sum().item()) / classes
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


# %% 06.2 wrong: weighted by how many rows a class has
def macro_f1(predicted, labels, classes):
    total = 0.0
    for c in range(classes):
        tp = ((predicted == c) & (labels == c)).sum().item()
        n, m = (predicted == c).sum().item(), (labels == c).sum().item()
        if tp:
            total += 2 * tp / (n + m) * m / len(labels)
    return total


# %% 06.2 right: from the confusion matrix
def macro_f1(predicted, labels, classes):
    table = torch.zeros(classes, classes, dtype=torch.float64)
    table.index_put_(
        (labels.long(), predicted.long()),
        torch.ones(len(labels), dtype=torch.float64),
        accumulate=True,
    )
    size = table.sum(0) + table.sum(1)
    return float((2 * table.diag() / size.clamp(min=1)).mean())


# %% 06.3 wrong: control minus student
def bootstrap_interval(student, control, draws):
    means = (control - student)[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: not paired, the control answers another drawn test set
def bootstrap_interval(student, control, draws):
    means = student[draws].mean(-1) - control[draws.roll(1, 0)].mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: the control is not drawn, its full mean is subtracted
def bootstrap_interval(student, control, draws):
    means = student[draws].mean(-1) - control.mean()
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: a 90 per cent interval
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.05, 0.95], dtype=means.dtype))


# %% 06.3 wrong: the quartiles, from 0.25 for 2.5 per cent
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.25, 0.75], dtype=means.dtype))


# %% 06.3 wrong: one-sided, from the smallest to the 95 per cent quantile
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.0, 0.95], dtype=means.dtype))


# %% 06.3 wrong: 1.96 standard deviations around the mean
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1)
    return torch.stack([means.mean() - 1.96 * means.std(), means.mean() + 1.96 * means.std()])


# %% 06.3 wrong: standard error of the rows, the draws are not used
def bootstrap_interval(student, control, draws):
    difference = student - control
    half = 1.96 * difference.std() / len(difference) ** 0.5
    return torch.stack([difference.mean() - half, difference.mean() + half])


# %% 06.3 wrong: quantiles of single differences, no mean over the rows
def bootstrap_interval(student, control, draws):
    difference = (student - control)[draws].flatten()
    return torch.quantile(difference, torch.tensor([0.025, 0.975], dtype=difference.dtype))


# %% 06.3 wrong: mean over the resamples instead of the rows
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(0)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: sums instead of means
def bootstrap_interval(student, control, draws):
    sums = (student - control)[draws].sum(-1)
    return torch.quantile(sums, torch.tensor([0.025, 0.975], dtype=sums.dtype))


# %% 06.3 wrong: smallest and largest difference
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1)
    return torch.stack([means.min(), means.max()])


# %% 06.3 wrong: high before low
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.975, 0.025], dtype=means.dtype))


# %% 06.3 wrong: low, middle and high
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.5, 0.975], dtype=means.dtype))


# %% 06.3 wrong: the basic bootstrap, mirrored at the observed difference
def bootstrap_interval(student, control, draws):
    difference = student - control
    means = difference[draws].mean(-1)
    q = torch.quantile(means, torch.tensor([0.975, 0.025], dtype=means.dtype))
    return 2 * difference.mean() - q


# %% 06.3 wrong: differences are centred on zero
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1)
    means = means - means.mean()
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: the size of each row's difference without its sign
def bootstrap_interval(student, control, draws):
    means = (student - control).abs()[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: relative to the control's accuracy
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1) / control.mean()
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: difference of the two quantiles, not quantiles of the difference
def bootstrap_interval(student, control, draws):
    q = torch.tensor([0.025, 0.975], dtype=student.dtype)
    return torch.quantile(student[draws].mean(-1), q) - torch.quantile(control[draws].mean(-1), q)


# %% 06.3 wrong: draws of its own instead of those given
def bootstrap_interval(student, control, draws):
    draws = torch.randint(len(student), draws.shape)
    means = (student - control)[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: a row drawn twice counts once
def bootstrap_interval(student, control, draws):
    difference = student - control
    means = torch.stack([difference[draw.unique()].mean() for draw in draws])
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: in percentage points
def bootstrap_interval(student, control, draws):
    means = 100 * (student - control)[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: a column of shape (2, 1)
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1, keepdim=True)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype), dim=0)


# %% 06.3 wrong: row numbers are taken as weights
def bootstrap_interval(student, control, draws):
    means = ((student - control) * draws).mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: row numbers count from one
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws - 1].mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: only rows that exactly one model got right are averaged
def bootstrap_interval(student, control, draws):
    difference = (student - control)[draws]
    means = difference.sum(-1) / (difference != 0).sum(-1).clamp(min=1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: the mean is divided by the square root of the rows once more
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(-1) / len(student) ** 0.5
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: the interval of the student alone
def bootstrap_interval(student, control, draws):
    means = student[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: subtracts in place from the caller's student
def bootstrap_interval(student, control, draws):
    student -= control
    means = student[draws].mean(-1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 right: two drawn accuracies subtracted, quantiles one by one
def bootstrap_interval(student, control, draws):
    means = student[draws].mean(1) - control[draws].mean(1)
    return torch.stack([means.quantile(0.025), means.quantile(0.975)])


# %% 06.3 right: how often each row was drawn, then einsum
def bootstrap_interval(student, control, draws):
    counts = torch.stack([torch.bincount(draw, minlength=len(student)) for draw in draws])
    means = torch.einsum("dr,r->d", counts.double(), (student - control).double())
    means = means / draws.shape[1]
    levels = torch.tensor([0.025, 0.975], dtype=torch.double)
    return torch.quantile(means, levels).to(student.dtype)


# %% 06.3 right: a loop in numpy, other argument names
def bootstrap_interval(ours, theirs, samples):
    gap = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    means = [np.mean(gap[np.asarray(sample)]) for sample in samples]
    return torch.tensor(np.percentile(means, [2.5, 97.5]), dtype=ours.dtype)


# %% 06.3 right: index_select on the stacked models
def bootstrap_interval(student, control, draws):
    both = torch.stack([student, control]).index_select(1, draws.reshape(-1))
    accuracy = both.reshape(2, *draws.shape).mean(-1)
    levels = torch.tensor([0.025, 0.975], dtype=accuracy.dtype)
    return torch.quantile(accuracy[0] - accuracy[1], levels)


# %% 06.3 wrong: 5 and 95 per cent
def bootstrap_interval(student, control, draws):
    difference = (student - control)[draws].mean(dim=1)
    return torch.quantile(difference, torch.tensor([0.05, 0.95], dtype=difference.dtype))


# %% 06.3 wrong: mean plus and minus 1.96 standard deviations
def bootstrap_interval(student, control, draws):
    means = (student - control)[draws].mean(dim=1)
    return torch.stack([means.mean() - 1.96 * means.std(), means.mean() + 1.96 * means.std()])


# %% 06.3 wrong: the control is not drawn
def bootstrap_interval(student, control, draws):
    means = student[draws].mean(dim=1) - control.mean()
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


# %% 06.3 wrong: a sorted list, without interpolation
def bootstrap_interval(student, control, draws):
    means = (student[draws] - control[draws]).mean(dim=1).sort().values
    n = len(means)
    return torch.stack([means[int(0.025 * n)], means[min(n - 1, int(0.975 * n))]])


# %% 06.3 right: counts times differences, quantile by hand
def bootstrap_interval(student, control, draws):
    n = len(student)
    counts = torch.stack([torch.bincount(d, minlength=n) for d in draws]).double()
    means = (counts @ (student - control).double() / draws.shape[1]).sort().values
    ends = []
    for share in (0.025, 0.975):
        place = share * (len(means) - 1)
        low = int(place)
        high = min(low + 1, len(means) - 1)
        ends.append(means[low] + (place - low) * (means[high] - means[low]))
    return torch.stack(ends)


# %% 06.4 wrong: (a), a positive mean is taken as proof
what_may_be_said = "a"

# %% 06.4 wrong: (b), zero in the interval is taken as no effect
what_may_be_said = "b"

# %% 06.4 wrong: (d), the level is taken as a probability of being better
what_may_be_said = "d"

# %% 06.4 wrong: (a) in brackets
what_may_be_said = "(a)"

# %% 06.4 wrong: B as a capital
what_may_be_said = "B"

# %% 06.4 wrong: d with blanks around it
what_may_be_said = " d "

# %% 06.4 wrong: two letters at once
what_may_be_said = "bc"

# %% 06.4 wrong: left open
what_may_be_said = ...

# %% 06.4 wrong: an empty string
what_may_be_said = ""

# %% 06.4 wrong: a letter that is not offered
what_may_be_said = "e"

# %% 06.4 right: the letter
what_may_be_said = "c"

# %% 06.4 right: in brackets
what_may_be_said = "(c)"

# %% 06.4 right: as a capital
what_may_be_said = "C"

# %% 06.4 right: with blanks around it
what_may_be_said = " c "


# %% 06.5 wrong: mean over the filled bins without weights
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    gaps = []
    for b in index.unique():
        rows = index == b
        gaps.append((confidence[rows].mean() - right[rows].mean()).abs())
    return torch.stack(gaps).mean().item()


# %% 06.5 wrong: gaps are added and divided by the number of bins
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            error += (confidence[rows].mean() - right[rows].mean()).abs().item() / bins
    return error


# %% 06.5 wrong: rows of confidence 1 are lost
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long()
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: rows of confidence 1 get a bin of their own
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long()
    error = 0.0
    for b in range(bins + 1):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: rows of confidence 1 wrap round to the first bin
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long() % bins
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: a confidence on an edge goes to the bin below
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).ceil().long() - 1
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: the bin is rounded to the nearest
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).round().long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: the bin is int(c · (bins - 1))
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * (bins - 1)).long()
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: squared gaps and a root
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).item()
            error += gap**2 * rows.sum().item() / len(labels)
    return error**0.5


# %% 06.5 wrong: the largest gap
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            error = max(error, (confidence[rows].mean() - right[rows].mean()).abs().item())
    return error


# %% 06.5 wrong: gaps keep their sign and cancel
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: only bins where the model is too sure count
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).clamp(min=0).item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: the absolute value is taken of the signed total
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    return (confidence.mean() - right.mean()).abs().item()


# %% 06.5 wrong: the absolute gap is taken row by row before the mean
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    return (confidence - right).abs().mean().item()


# %% 06.5 wrong: confidence is the probability of the label
def calibration_error(probabilities, labels, bins):
    right = (probabilities.argmax(-1) == labels).to(probabilities)
    confidence = probabilities.gather(1, labels[:, None])[:, 0]
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: confidence is the probability of class 1
def calibration_error(probabilities, labels, bins):
    confidence = probabilities[:, 1]
    right = (probabilities.argmax(-1) == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: the middle of the bin stands for its mean confidence
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = abs((b + 0.5) / bins - right[rows].mean().item())
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: bins of equally many rows
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    error = 0.0
    for rows in confidence.argsort().tensor_split(bins):
        if len(rows):
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * len(rows) / len(labels)
    return error


# %% 06.5 wrong: bins begin at one over the number of classes
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    low = 1 / probabilities.shape[1]
    index = ((confidence - low) / (1 - low) * bins).long().clamp(0, bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: bins reach from the lowest to the highest confidence
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    low, high = confidence.min(), confidence.max()
    index = ((confidence - low) / (high - low).clamp(min=1e-9) * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: an empty bin makes the result nan
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
        error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: weighted by rows, but not divided by their total
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item()
    return error


# %% 06.5 wrong: always fifteen bins
def calibration_error(probabilities, labels, bins):
    bins = 15
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: softmax is taken of the probabilities again
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.softmax(-1).max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: accuracy of all rows is set against each bin
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    accuracy = (chosen == labels).double().mean().item()
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = abs(confidence[rows].mean().item() - accuracy)
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: every class probability is binned, not the largest only
def calibration_error(probabilities, labels, bins):
    confidence = probabilities.flatten()
    right = F.one_hot(labels, probabilities.shape[1]).flatten().to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(confidence)
    return error


# %% 06.5 wrong: the first bin is skipped
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(1, bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: in per cent
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += 100 * gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: one gap for each bin, not their mean
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    gaps = torch.zeros(bins, dtype=confidence.dtype)
    for b in index.unique():
        rows = index == b
        gaps[b] = (confidence[rows].mean() - right[rows].mean()).abs()
    return gaps


# %% 06.5 wrong: bins of fewer than 20 rows are left out, as in the diagram
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.sum() >= 20:
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 wrong: the probabilities of the caller are multiplied in place
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    right = (chosen == labels).to(confidence)
    index = probabilities.mul_(bins).max(-1).values.long().clamp(max=bins - 1)
    error = 0.0
    for b in range(bins):
        rows = index == b
        if rows.any():
            gap = (confidence[rows].mean() - right[rows].mean()).abs().item()
            error += gap * rows.sum().item() / len(labels)
    return error


# %% 06.5 right: sums in every bin, so that no division is needed inside
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(dim=1)
    gap = confidence - (chosen == labels).to(confidence)
    index = torch.clamp((confidence * bins).long(), max=bins - 1)
    totals = torch.zeros(bins, dtype=gap.dtype).index_add_(0, index, gap)
    return (totals.abs().sum() / len(labels)).item()


# %% 06.5 right: numpy bincount with weights
def calibration_error(probabilities, labels, bins):
    p, y = probabilities.detach().numpy(), labels.numpy()
    confidence, right = p.max(1), p.argmax(1) == y
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = np.bincount(index, minlength=bins)
    filled = rows > 0
    mean = np.bincount(index, weights=confidence, minlength=bins)[filled] / rows[filled]
    accuracy = np.bincount(index, weights=right, minlength=bins)[filled] / rows[filled]
    return float(np.average(np.abs(mean - accuracy), weights=rows[filled]))


# %% 06.5 right: plain Python row by row, other argument names
def calibration_error(p, gold, n):
    groups = {}
    for row, label in zip(p.tolist(), gold.tolist()):
        c = max(row)
        groups.setdefault(min(int(c * n), n - 1), []).append((c, row.index(c) == label))
    error = 0.0
    for group in groups.values():
        mean = sum(c for c, _ in group) / len(group)
        accuracy = sum(hit for _, hit in group) / len(group)
        error += abs(mean - accuracy) * len(group) / len(gold)
    return error


# %% 06.5 right: one-hot bins and einsum
def calibration_error(probabilities, labels, bins):
    confidence, chosen = probabilities.max(-1)
    index = torch.where(confidence >= 1, bins - 1, (confidence * bins).long())
    member = F.one_hot(index, bins).to(confidence)
    gap = torch.einsum("rb,r->b", member, confidence - (chosen == labels).to(confidence))
    return float(gap.abs().sum() / member.sum())


# %% 06.5 wrong: a confidence on the edge goes to the lower bin
def calibration_error(probabilities, labels, bins):
    confidence, predicted = probabilities.max(dim=1)
    right = (predicted == labels).float()
    edges = torch.linspace(0, 1, bins + 1)
    ece = 0.0
    for lo, hi in zip(edges[:-1], edges[1:]):
        inside = (confidence > lo) & (confidence <= hi)
        if inside.any():
            ece += (
                inside.float().mean().item()
                * abs(confidence[inside].mean() - right[inside].mean()).item()
            )
    return ece


# %% 06.5 wrong: every bin counts alike
def calibration_error(probabilities, labels, bins):
    confidence, predicted = probabilities.max(dim=1)
    right = (predicted == labels).float()
    which = (confidence * bins).long().clamp(max=bins - 1)
    gaps = [
        (confidence[which == b].mean() - right[which == b].mean()).abs().item()
        for b in range(bins)
        if (which == b).any()
    ]
    return sum(gaps) / len(gaps)


# %% 06.5 wrong: gaps of either sign cancel
def calibration_error(probabilities, labels, bins):
    confidence, predicted = probabilities.max(dim=1)
    right = (predicted == labels).float()
    which = (confidence * bins).long().clamp(max=bins - 1)
    total = 0.0
    for b in range(bins):
        inside = which == b
        if inside.any():
            total += inside.sum().item() * (confidence[inside].mean() - right[inside].mean()).item()
    return abs(total) / len(labels)


# %% 06.5 wrong: a confidence of 1 is in no bin
def calibration_error(probabilities, labels, bins):
    confidence, predicted = probabilities.max(dim=1)
    right = (predicted == labels).float()
    total = 0.0
    for b in range(bins):
        inside = (confidence >= b / bins) & (confidence < (b + 1) / bins)
        if inside.sum() > 0:
            total += (
                inside.sum()
                / len(labels)
                * (confidence[inside].mean() - right[inside].mean()).abs()
            ).item()
    return total


# %% 06.5 right: sums by bincount
def calibration_error(probabilities, labels, bins):
    top = probabilities.double().topk(1, dim=1)
    confidence, right = top.values[:, 0], (top.indices[:, 0] == labels).double()
    which = torch.minimum((confidence * bins).floor().long(), torch.tensor(bins - 1))
    return (
        torch.bincount(which, weights=confidence - right, minlength=bins).abs().sum() / len(labels)
    ).item()


# %% 06.6 wrong: the position of the candidate
def scaling_temperature(logits, labels, candidates):
    losses = [F.cross_entropy(logits / t, labels).item() for t in candidates]
    return losses.index(min(losses))


# %% 06.6 wrong: the smallest loss instead of its temperature
def scaling_temperature(logits, labels, candidates):
    return min(F.cross_entropy(logits / t, labels).item() for t in candidates)


# %% 06.6 wrong: multiplies the logits by T
def scaling_temperature(logits, labels, candidates):
    return min(candidates, key=lambda t: F.cross_entropy(logits * t, labels).item())


# %% 06.6 wrong: the labels are most surprising
def scaling_temperature(logits, labels, candidates):
    return max(candidates, key=lambda t: F.cross_entropy(logits / t, labels).item())


# %% 06.6 wrong: the highest accuracy, which T does not change
def scaling_temperature(logits, labels, candidates):
    def accuracy(t):
        return ((logits / t).argmax(-1) == labels).float().mean().item()

    return max(candidates, key=accuracy)


# %% 06.6 wrong: cross_entropy of the softmax, so softmax twice
def scaling_temperature(logits, labels, candidates):
    return min(candidates, key=lambda t: F.cross_entropy((logits / t).softmax(-1), labels).item())


# %% 06.6 wrong: log softmax is left out before nll_loss
def scaling_temperature(logits, labels, candidates):
    return min(candidates, key=lambda t: F.nll_loss((logits / t).softmax(-1), labels).item())


# %% 06.6 wrong: the loss is multiplied by T squared
def scaling_temperature(logits, labels, candidates):
    return min(candidates, key=lambda t: t**2 * F.cross_entropy(logits / t, labels).item())


# %% 06.6 wrong: the loss is divided by T instead of the logits
def scaling_temperature(logits, labels, candidates):
    return min(candidates, key=lambda t: F.cross_entropy(logits, labels).item() / t)


# %% 06.6 wrong: the softmax is divided by T, not the logits
def scaling_temperature(logits, labels, candidates):
    def loss(t):
        p = logits.softmax(-1) / t
        return -p.gather(1, labels[:, None]).log().mean().item()

    return min(candidates, key=loss)


# %% 06.6 wrong: divides by the square root of T
def scaling_temperature(logits, labels, candidates):
    return min(candidates, key=lambda t: F.cross_entropy(logits / t**0.5, labels).item())


# %% 06.6 wrong: the model's own choices stand for the labels
def scaling_temperature(logits, labels, candidates):
    chosen = logits.argmax(-1)
    return min(candidates, key=lambda t: F.cross_entropy(logits / t, chosen).item())


# %% 06.6 wrong: the smallest entropy, labels unused
def scaling_temperature(logits, labels, candidates):
    def entropy(t):
        log_p = (logits / t).log_softmax(-1)
        return -(log_p.exp() * log_p).sum(-1).mean().item()

    return min(candidates, key=entropy)


# %% 06.6 wrong: mean confidence nearest to accuracy
def scaling_temperature(logits, labels, candidates):
    accuracy = (logits.argmax(-1) == labels).double().mean().item()

    def gap(t):
        return abs((logits / t).softmax(-1).max(-1).values.mean().item() - accuracy)

    return min(candidates, key=gap)


# %% 06.6 wrong: the smallest squared error of the probabilities
def scaling_temperature(logits, labels, candidates):
    y = F.one_hot(labels, logits.shape[1])
    return min(candidates, key=lambda t: ((logits / t).softmax(-1) - y).pow(2).mean().item())


# %% 06.6 wrong: median over the rows instead of the mean
def scaling_temperature(logits, labels, candidates):
    return min(
        candidates,
        key=lambda t: F.cross_entropy(logits / t, labels, reduction="none").median().item(),
    )


# %% 06.6 wrong: the most surprising row instead of the mean
def scaling_temperature(logits, labels, candidates):
    return min(
        candidates,
        key=lambda t: F.cross_entropy(logits / t, labels, reduction="none").max().item(),
    )


# %% 06.6 wrong: each class counts alike, not each row
def scaling_temperature(logits, labels, candidates):
    def loss(t):
        rows = F.cross_entropy(logits / t, labels, reduction="none")
        return torch.stack([rows[labels == c].mean() for c in labels.unique()]).mean().item()

    return min(candidates, key=loss)


# %% 06.6 wrong: only the first row is looked at
def scaling_temperature(logits, labels, candidates):
    return min(candidates, key=lambda t: F.cross_entropy(logits[:1] / t, labels[:1]).item())


# %% 06.6 wrong: stops as soon as the loss rises, in whatever order the candidates come
def scaling_temperature(logits, labels, candidates):
    best, lowest = candidates[0], F.cross_entropy(logits / candidates[0], labels).item()
    for t in candidates[1:]:
        loss = F.cross_entropy(logits / t, labels).item()
        if loss >= lowest:
            break
        best, lowest = t, loss
    return best


# %% 06.6 wrong: losses in the order given, candidates sorted
def scaling_temperature(logits, labels, candidates):
    losses = torch.stack([F.cross_entropy(logits / t, labels) for t in candidates])
    return sorted(candidates)[int(losses.argmin())]


# %% 06.6 wrong: starts from T = 1, even if it is no candidate
def scaling_temperature(logits, labels, candidates):
    best, lowest = 1.0, F.cross_entropy(logits, labels).item()
    for t in candidates:
        loss = F.cross_entropy(logits / t, labels).item()
        if loss < lowest:
            best, lowest = t, loss
    return best


# %% 06.6 wrong: the search begins with a loss of one, so that higher ones find nothing
def scaling_temperature(logits, labels, candidates):
    best, lowest = None, 1.0
    for t in candidates:
        loss = F.cross_entropy(logits / t, labels).item()
        if loss < lowest:
            best, lowest = t, loss
    return best


# %% 06.6 wrong: the lowest loss is never updated, so the last candidate wins
def scaling_temperature(logits, labels, candidates):
    best, lowest = None, float("inf")
    for t in candidates:
        if F.cross_entropy(logits / t, labels).item() < lowest:
            best = t
    return best


# %% 06.6 wrong: divides in place, so that temperatures pile up
def scaling_temperature(logits, labels, candidates):
    logits = logits.clone()
    losses = []
    for t in candidates:
        logits /= t
        losses.append(F.cross_entropy(logits, labels).item())
    return candidates[losses.index(min(losses))]


# %% 06.6 wrong: exp without subtracting the maximum overflows
def scaling_temperature(logits, labels, candidates):
    best, lowest = None, float("inf")
    for t in candidates:
        e = (logits / t).exp()
        p = e / e.sum(-1, keepdim=True)
        loss = -p.gather(1, labels[:, None]).log().mean().item()
        if loss < lowest:
            best, lowest = t, loss
    return best


# %% 06.6 wrong: softmax over the rows instead of the classes
def scaling_temperature(logits, labels, candidates):
    def loss(t):
        return F.nll_loss((logits / t).log_softmax(0), labels).item()

    return min(candidates, key=loss)


# %% 06.6 wrong: one over the temperature
def scaling_temperature(logits, labels, candidates):
    return 1 / min(candidates, key=lambda t: F.cross_entropy(logits / t, labels).item())


# %% 06.6 wrong: rounded to a whole number
def scaling_temperature(logits, labels, candidates):
    best = min(candidates, key=lambda t: F.cross_entropy(logits / t, labels).item())
    return float(round(best))


# %% 06.6 wrong: mean of the candidates, weighted by how likely they make the labels
def scaling_temperature(logits, labels, candidates):
    losses = torch.stack([F.cross_entropy(logits / t, labels) for t in candidates])
    return float((torch.softmax(-losses, 0) * torch.tensor(candidates)).sum())


# %% 06.6 right: all candidates at once, gathered by label
def scaling_temperature(logits, labels, candidates):
    t = torch.tensor(candidates, dtype=torch.double)[:, None, None]
    log_p = torch.log_softmax(logits.double() / t, -1)
    picked = log_p[:, torch.arange(len(labels)), labels]
    return candidates[int(picked.mean(1).argmax())]


# %% 06.6 right: numpy with a stable log-sum-exp, other argument names
def scaling_temperature(scores, gold, temperatures):
    z, y = scores.detach().numpy().astype(float), gold.numpy()
    losses = []
    for t in temperatures:
        s = z / t
        s = s - s.max(1, keepdims=True)
        losses.append(np.mean(np.log(np.exp(s).sum(1)) - s[np.arange(len(y)), y]))
    return temperatures[int(np.argmin(losses))]


# %% 06.6 right: the sum over the rows, which has the same minimum
def scaling_temperature(logits, labels, candidates):
    pairs = [
        (F.cross_entropy(logits.double() / t, labels, reduction="sum").item(), t)
        for t in candidates
    ]
    return min(pairs)[1]


# %% 06.6 right: one-hot labels as soft targets
def scaling_temperature(logits, labels, candidates):
    y = F.one_hot(labels, logits.shape[-1]).double()
    best, lowest = None, math.inf
    for t in candidates:
        loss = torch.einsum("rc,rc->", y, -torch.log_softmax(logits.double() / t, -1)).item()
        if loss < lowest:
            best, lowest = t, loss
    return best


# %% 06.6 wrong: the number of the candidate
def scaling_temperature(logits, labels, candidates):
    losses = torch.tensor([F.cross_entropy(logits / t, labels).item() for t in candidates])
    return losses.argmin().item()


# %% 06.6 wrong: multiplies by the temperature
def scaling_temperature(logits, labels, candidates):
    return min(candidates, key=lambda t: F.cross_entropy(logits * t, labels).item())


# %% 06.6 wrong: softmax twice
def scaling_temperature(logits, labels, candidates):
    best, best_loss = None, float("inf")
    for t in candidates:
        loss = F.cross_entropy(F.softmax(logits / t, dim=-1), labels).item()
        if loss < best_loss:
            best, best_loss = t, loss
    return best


# %% 06.6 wrong: mean confidence nearest to accuracy (once more)
def scaling_temperature(logits, labels, candidates):
    accuracy = (logits.argmax(-1) == labels).float().mean()
    return min(
        candidates,
        key=lambda t: (torch.softmax(logits / t, -1).max(-1).values.mean() - accuracy).abs().item(),
    )


# %% 06.6 right: all candidates at once
def scaling_temperature(logits, labels, candidates):
    t = torch.tensor(candidates, dtype=torch.float64)[:, None, None]
    z = logits.double() / t
    own = z[:, torch.arange(len(labels)), labels]
    return candidates[int((z.logsumexp(-1) - own).sum(1).argmin())]


# %% 06.7 wrong: the end is cut off, as a tokenizer does
def head_and_tail(ids, max_length, tail):
    return ids[:max_length]


# %% 06.7 wrong: only the end is kept
def head_and_tail(ids, max_length, tail):
    return ids[-max_length:]


# %% 06.7 wrong: a full window from the beginning and the tail besides
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[:max_length] + ids[len(ids) - tail :]


# %% 06.7 wrong: with a tail of 0 the slice from -0 takes the whole text
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail] + ids[-tail:]


# %% 06.7 wrong: short texts are cut too and repeat their middle
def head_and_tail(ids, max_length, tail):
    return ids[: max_length - tail] + ids[max(len(ids) - tail, 0) :]


# %% 06.7 wrong: the final [SEP] is not counted in the tail
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail - 1] + ids[len(ids) - tail - 1 :]


# %% 06.7 wrong: special tokens are not counted in the window
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length + 2 - tail] + ids[len(ids) - tail :]


# %% 06.7 wrong: room for two special tokens is taken off again
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - 2 - tail] + ids[len(ids) - tail :]


# %% 06.7 wrong: [CLS] and [SEP] are removed
def head_and_tail(ids, max_length, tail):
    if len(ids) > max_length:
        ids = ids[: max_length - tail] + ids[len(ids) - tail :]
    return ids[1:-1]


# %% 06.7 wrong: the head is one token too short
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail - 1] + ids[len(ids) - tail :]


# %% 06.7 wrong: the head is one token too long
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail + 1] + ids[len(ids) - tail :]


# %% 06.7 wrong: a [SEP] is put between head and tail
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail - 1] + [ids[-1]] + ids[len(ids) - tail :]


# %% 06.7 wrong: the tail comes before the head
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[len(ids) - tail :] + ids[: max_length - tail]


# %% 06.7 wrong: half and half, whatever tail says
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    tail = max_length // 2
    return ids[: max_length - tail] + ids[len(ids) - tail :]


# %% 06.7 wrong: the tail stops before [SEP]
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail] + ids[len(ids) - 1 - tail : -1]


# %% 06.7 wrong: tail is taken as the length of the head
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[:tail] + ids[len(ids) - (max_length - tail) :]


# %% 06.7 wrong: tail is taken as the position where the end begins
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail] + ids[tail:]


# %% 06.7 wrong: the head begins after [CLS]
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[1 : max_length - tail + 1] + ids[len(ids) - tail :]


# %% 06.7 wrong: short texts are padded to max_length
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids + [0] * (max_length - len(ids))
    return ids[: max_length - tail] + ids[len(ids) - tail :]


# %% 06.7 wrong: nothing is returned for a short text
def head_and_tail(ids, max_length, tail):
    if len(ids) > max_length:
        return ids[: max_length - tail] + ids[len(ids) - tail :]


# %% 06.7 wrong: the caller's list is cut in place
def head_and_tail(ids, max_length, tail):
    if len(ids) > max_length:
        del ids[max_length - tail : len(ids) - tail]
    return ids


# %% 06.7 wrong: at least one token of the end is kept, even with a tail of 0
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    tail = max(tail, 1)
    return ids[: max_length - tail] + ids[len(ids) - tail :]


# %% 06.7 wrong: [CLS] is kept even where the tail fills the window
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max(1, max_length - tail)] + ids[len(ids) - tail :]


# %% 06.7 wrong: only texts longer than max_length and tail together are cut
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length + tail:
        return ids
    return ids[: max_length - tail] + ids[len(ids) - tail :]


# %% 06.7 wrong: tokens that come again are dropped
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return list(dict.fromkeys(ids[: max_length - tail] + ids[len(ids) - tail :]))


# %% 06.7 wrong: the tail is read backwards
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail] + ids[::-1][:tail]


# %% 06.7 wrong: head and tail as two lists
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return [ids[: max_length - tail], ids[len(ids) - tail :]]


# %% 06.7 wrong: the head of 6 and the tail of 4 from the lesson's example
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[:6] + ids[-4:]


# %% 06.7 wrong: the middle that should go is returned
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[max_length - tail : len(ids) - tail]


# %% 06.7 wrong: with a tail of 0 the text is not cut
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length or not tail:
        return ids
    return ids[: max_length - tail] + ids[len(ids) - tail :]


# %% 06.7 right: by position of each token
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return list(ids)
    head, end = max_length - tail, len(ids) - tail
    return [token for i, token in enumerate(ids) if i < head or i >= end]


# %% 06.7 right: the middle is deleted from a copy
def head_and_tail(ids, max_length, tail):
    kept = ids.copy()
    surplus = max(0, len(kept) - max_length)
    if surplus:
        del kept[max_length - tail : max_length - tail + surplus]
    return kept


# %% 06.7 right: islice and a deque, other argument names
def head_and_tail(tokens, window, end):
    if len(tokens) <= window:
        return tokens
    return [*itertools.islice(tokens, window - end), *deque(tokens, maxlen=end)]


# %% 06.7 right: numpy delete
def head_and_tail(ids, max_length, tail):
    surplus = max(0, len(ids) - max_length)
    first = max_length - tail
    return np.delete(ids, np.arange(first, first + surplus)).tolist()


# %% 06.7 wrong: a tail of 0 keeps all
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail] + ids[-tail:]


# %% 06.7 wrong: short texts are doubled
def head_and_tail(ids, max_length, tail):
    head = max_length - tail
    return ids[:head] + ids[len(ids) - tail :]


# %% 06.7 wrong: the special tokens are kept beside head and tail
def head_and_tail(ids, max_length, tail):
    if len(ids) <= max_length:
        return list(ids)
    body = ids[1:-1]
    head = max(0, max_length - tail - 2)
    return [ids[0]] + body[:head] + body[len(body) - tail :] + [ids[-1]]


# %% 06.7 wrong: cut first, so that the tail is not the end of the text
def head_and_tail(ids, max_length, tail):
    ids = ids[:max_length]
    return ids[: max_length - tail] + ids[max_length - tail :]


# %% 06.7 right: cut the middle out
def head_and_tail(ids, max_length, tail):
    kept = list(ids)
    if len(kept) > max_length:
        del kept[max_length - tail : len(kept) - tail]
    return kept
