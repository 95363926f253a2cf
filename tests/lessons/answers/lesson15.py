# %% setup
import itertools
import math
from itertools import product

import numpy as np


# %% 15.1 wrong: the best there is
def expected_best(values, n):
    return np.max(values)


# %% 15.1 wrong: the average
def expected_best(values, n):
    return sum(values) / len(values)


# %% 15.1 wrong: the first n
def expected_best(values, n):
    return max(values[i] for i in range(min(n, len(values))))


# %% 15.1 wrong: the top n
def expected_best(values, n):
    top = sorted(values, reverse=True)[:n]
    return sum(top) / len(top)


# %% 15.1 wrong: no value twice
def expected_best(values, n):
    n = min(n, len(values))
    ordered = sorted(values)
    ways = [math.comb(i, n - 1) for i in range(len(ordered))]
    return sum(w * v for w, v in zip(ways, ordered)) / sum(ways)


# %% 15.1 wrong: Fⁿ is taken for a weight
def expected_best(values, n):
    ordered = sorted(values)
    return sum(v * ((i + 1) / len(ordered)) ** n for i, v in enumerate(ordered))


# %% 15.1 wrong: in the order in which they came
def expected_best(values, n):
    share = np.arange(len(values) + 1) / len(values)
    return float(np.diff(share**n) @ np.array(values))


# %% 15.1 wrong: each score once
def expected_best(values, n):
    scores = np.unique(values)
    share = np.arange(len(scores) + 1) / len(scores)
    return float(np.diff(share**n) @ scores)


# %% 15.1 wrong: the least of n
def expected_best(values, n):
    scores = np.sort(values)[::-1]
    share = np.arange(len(scores) + 1) / len(scores)
    return float(np.diff(share**n) @ scores)


# %% 15.1 wrong: n is not thought of
def expected_best(values, n):
    scores = np.sort(values)
    share = np.arange(len(scores) + 1) / len(scores)
    return float(np.diff(share * n) @ scores)


# %% 15.1 wrong: the first draw is not counted
def expected_best(values, n):
    scores = np.sort(values)
    share = np.arange(len(scores) + 1) / len(scores)
    return float(np.diff(share ** (n + 1)) @ scores)


# %% 15.1 wrong: counted from 0
def expected_best(values, n):
    scores, total, before = sorted(values), 0.0, 0.0
    for i, score in enumerate(scores):
        chance = (i / len(scores)) ** n
        total += score * (chance - before)
        before = chance
    return total


# %% 15.1 wrong: nothing is below zero
def expected_best(values, n):
    scores = np.maximum(np.sort(values), 0)
    share = np.arange(len(scores) + 1) / len(scores)
    return float(np.diff(share**n) @ scores)


# %% 15.1 wrong: n is cut to the number of values
def expected_best(values, n):
    scores = np.sort(values)
    share = np.arange(len(scores) + 1) / len(scores)
    return float(np.diff(share ** min(n, len(scores))) @ scores)


# %% 15.1 wrong: collections, each counted once
def expected_best(values, n):
    draws = [max(draw) for draw in itertools.combinations_with_replacement(values, n)]
    return sum(draws) / len(draws)


# %% 15.1 wrong: all choices of n
def expected_best(values, n):
    draws = [max(draw) for draw in itertools.combinations(values, n)]
    return sum(draws) / len(draws)


# %% 15.1 right: by counting all draws, or by ranks where they are many
def expected_best(values, n):
    if len(values) ** n <= 20_000:
        draws = [max(draw) for draw in product(values, repeat=n)]
        return sum(draws) / len(draws)
    ordered, count = sorted(values), len(values)
    return sum(v * ((i + 1) ** n - i**n) for i, v in enumerate(ordered)) / count**n


# %% 15.1 right: from the best down
def expected_best(values, n):
    ordered = sorted(values)
    expected = ordered[-1]
    for i in range(len(ordered) - 1, 0, -1):  # how likely is it to miss all from here on?
        expected -= (ordered[i] - ordered[i - 1]) * (i / len(ordered)) ** n
    return expected


# %% 15.2 wrong: no difference
may_be_said = "a"

# %% 15.2 wrong: mostly above zero
may_be_said = "b"

# %% 15.2 wrong: 95 of 100 trainings
may_be_said = "d"

# %% 15.2 wrong: they overlap
may_be_said = "e"

# %% 15.2 right: with brackets
may_be_said = "(c)"

# %% 15.2 right: a capital letter
may_be_said = "C"


# %% 15.3 wrong: strictly better in everything
def pareto_front(models):
    def beats(a, b):
        return a[0] < b[0] and a[1] < b[1] and a[2] > b[2]

    return [i for i, m in enumerate(models) if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: twins beat one another
def pareto_front(models):
    front = []
    for i, (a, b, c) in enumerate(models):
        others = [m for j, m in enumerate(models) if j != i]
        if not any(x <= a and y <= b and z >= c for x, y, z in others):
            front.append(i)
    return front


# %% 15.3 wrong: one of two twins
def pareto_front(models):
    front = []
    for i, m in enumerate(models):
        better = [o for o in models if o != m and o[0] <= m[0] and o[1] <= m[1] and o[2] >= m[2]]
        if not better and m not in [models[j] for j in front]:
            front.append(i)
    return front


# %% 15.3 wrong: accuracy is a cost
def pareto_front(models):
    def beats(a, b):
        return a != b and all(x <= y for x, y in zip(a, b))

    return [i for i, m in enumerate(models) if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: everything is a gain
def pareto_front(models):
    def beats(a, b):
        return a != b and all(x >= y for x, y in zip(a, b))

    return [i for i, m in enumerate(models) if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: bytes and accuracy alone
def pareto_front(models):
    def beats(a, b):
        return a[0] <= b[0] and a[2] >= b[2] and (a[0], a[2]) != (b[0], b[2])

    return [i for i, m in enumerate(models) if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: the winners of each column
def pareto_front(models):
    sizes, times, right = zip(*models)
    return [
        i
        for i, m in enumerate(models)
        if m[0] == min(sizes) or m[1] == min(times) or m[2] == max(right)
    ]


# %% 15.3 wrong: the others
def pareto_front(models):
    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2]

    return [i for i, m in enumerate(models) if any(beats(o, m) for o in models)]


# %% 15.3 wrong: from 1
def pareto_front(models):
    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2]

    return [i for i, m in enumerate(models, 1) if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: the majority decides
def pareto_front(models):
    def beats(a, b):
        return (a[0] < b[0]) + (a[1] < b[1]) + (a[2] > b[2]) >= 2

    return [i for i, m in enumerate(models) if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: the models themselves
def pareto_front(models):
    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2]

    return [m for m in models if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: from the most accurate down
def pareto_front(models):
    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2]

    front = [i for i, m in enumerate(models) if not any(beats(o, m) for o in models)]
    return sorted(front, key=lambda i: -models[i][2])


# %% 15.3 wrong: looking back only
def pareto_front(models):
    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2]

    return [i for i, m in enumerate(models) if not any(beats(o, m) for o in models[:i])]


# %% 15.3 wrong: better anywhere is enough
def pareto_front(models):
    def beats(a, b):
        return a[0] < b[0] or a[1] < b[1] or a[2] > b[2]

    return [i for i, m in enumerate(models) if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: a model beats itself
def pareto_front(models):
    def beats(a, b):
        return a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2]

    return [i for i, m in enumerate(models) if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: found by the model
def pareto_front(models):
    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2]

    return [models.index(m) for m in models if not any(beats(o, m) for o in models)]


# %% 15.3 wrong: sorted by size
def pareto_front(models):
    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2]

    front = [i for i, m in enumerate(models) if not any(beats(o, m) for o in models)]
    return sorted(front, key=lambda i: models[i])


# %% 15.3 right: with arrays
def pareto_front(models):
    costs = np.array(models, dtype=float) * [1, 1, -1]
    nowhere_worse = (costs[:, None] <= costs[None]).all(-1)
    better = (costs[:, None] < costs[None]).any(-1)
    return np.flatnonzero(~(nowhere_worse & better).any(0)).tolist()


# %% 15.3 right: in a loop that gives up early
def pareto_front(models):
    front = []
    for i in range(len(models)):
        size, time, right = models[i]
        for other in models:
            if other == models[i]:
                continue
            if other[0] <= size and other[1] <= time and other[2] >= right:
                break
        else:
            front.append(i)
    return front


# %% 15.4 wrong: the experiment is taken for dishonest
dishonest = [1, 2, 4]

# %% 15.4 wrong: bad news
dishonest = [3, 6, 7]

# %% 15.4 wrong: what was not measured
dishonest = [3, 5, 9]

# %% 15.4 wrong: no reason is given
dishonest = [5, 6, 8]

# %% 15.4 wrong: the interval that excludes zero
dishonest = [4, 5, 8]

# %% 15.4 wrong: failed attempts
dishonest = [3, 7, 8]

# %% 15.4 wrong: too many
dishonest = [3, 5, 8, 9]

# %% 15.4 wrong: too few
dishonest = [3, 5]

# %% 15.4 wrong: in another order
dishonest = [8, 5, 3]


# %% 15.4 right: a tuple
dishonest = (3, 5, 8)

# %% 15.4 right: an array
dishonest = np.array([3, 5, 8])
