# %% setup
import math
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F


# %% 00.1 wrong: shares of the scores, without the exponential
def soften(scores, temperature):
    scaled = scores / temperature
    return scaled / scaled.sum(dim=-1, keepdim=True)


# %% 00.1 wrong: shares of the scores' absolute values
def soften(scores, temperature):
    scaled = (scores / temperature).abs()
    return scaled / scaled.sum(dim=-1, keepdim=True)


# %% 00.1 wrong: scores multiplied by the temperature
def soften(scores, temperature):
    return torch.softmax(scores * temperature, dim=-1)


# %% 00.1 wrong: temperature ignored
def soften(scores, temperature):
    return torch.softmax(scores, dim=-1)


# %% 00.1 wrong: normalised down the columns
def soften(scores, temperature):
    return torch.softmax(scores / temperature, dim=0)


# %% 00.1 wrong: probabilities divided by the temperature after the softmax
def soften(scores, temperature):
    return torch.softmax(scores, dim=-1) / temperature


# %% 00.1 wrong: exponential divided by the temperature, which cancels
def soften(scores, temperature):
    e = torch.exp(scores - scores.max(dim=-1, keepdim=True).values) / temperature
    return e / e.sum(dim=-1, keepdim=True)


# %% 00.1 wrong: the bare exponential overflows for large scores
def soften(scores, temperature):
    e = torch.exp(scores / temperature)
    return e / e.sum(dim=-1, keepdim=True)


# %% 00.1 wrong: the maximum of the whole matrix is subtracted, so a low row underflows
def soften(scores, temperature):
    scaled = scores / temperature
    e = torch.exp(scaled - scaled.max())
    return e / e.sum(dim=-1, keepdim=True)


# %% 00.1 wrong: the maximum of each column is subtracted
def soften(scores, temperature):
    scaled = scores / temperature
    e = torch.exp(scaled - scaled.max(dim=0, keepdim=True).values)
    return e / e.sum(dim=-1, keepdim=True)


# %% 00.1 wrong: the maximum is subtracted above the line only
def soften(scores, temperature):
    scaled = scores / temperature
    top = torch.exp(scaled - scaled.max(dim=-1, keepdim=True).values)
    return top / torch.exp(scaled).sum(dim=-1, keepdim=True)


# %% 00.1 wrong: the temperature softens only the line above
def soften(scores, temperature):
    shifted = scores - scores.max(dim=-1, keepdim=True).values
    return torch.exp(shifted / temperature) / torch.exp(shifted).sum(dim=-1, keepdim=True)


# %% 00.1 wrong: divided by the sum of all rows together
def soften(scores, temperature):
    scaled = scores / temperature
    e = torch.exp(scaled - scaled.max())
    return e / e.sum()


# %% 00.1 wrong: keepdim forgotten in the sum
def soften(scores, temperature):
    scaled = scores / temperature
    e = torch.exp(scaled - scaled.max(dim=-1, keepdim=True).values)
    return e / e.sum(dim=-1)


# %% 00.1 wrong: logarithms of the probabilities
def soften(scores, temperature):
    return torch.log_softmax(scores / temperature, dim=-1)


# %% 00.1 wrong: the sum of exponentials is not divided by
def soften(scores, temperature):
    scaled = scores / temperature
    return torch.exp(scaled - scaled.max(dim=-1, keepdim=True).values)


# %% 00.1 wrong: a sigmoid for each class on its own
def soften(scores, temperature):
    return torch.sigmoid(scores / temperature)


# %% 00.1 wrong: sign of the scores turned round
def soften(scores, temperature):
    return torch.softmax(-scores / temperature, dim=-1)


# %% 00.1 wrong: divided by the square of the temperature
def soften(scores, temperature):
    return torch.softmax(scores / temperature**2, dim=-1)


# %% 00.1 wrong: result multiplied by the squared temperature
def soften(scores, temperature):
    return torch.softmax(scores / temperature, dim=-1) * temperature**2


# %% 00.1 wrong: probabilities raised to 1/T and not normalised again
def soften(scores, temperature):
    return torch.softmax(scores, dim=-1) ** (1 / temperature)


# %% 00.1 wrong: powers of two instead of e
def soften(scores, temperature):
    return torch.softmax(scores / temperature * math.log(2), dim=-1)


# %% 00.1 wrong: temperatures below one are raised to one
def soften(scores, temperature):
    return torch.softmax(scores / max(temperature, 1.0), dim=-1)


# %% 00.1 wrong: temperature cut to a whole number of at least one
def soften(scores, temperature):
    return torch.softmax(scores / max(int(temperature), 1), dim=-1)


# %% 00.1 wrong: whole-number division
def soften(scores, temperature):
    return torch.softmax((scores // temperature).float(), dim=-1)


# %% 00.1 wrong: scores clamped to ten against overflow
def soften(scores, temperature):
    e = torch.exp((scores / temperature).clamp(-10, 10))
    return e / e.sum(dim=-1, keepdim=True)


# %% 00.1 wrong: softmax taken twice
def soften(scores, temperature):
    return torch.softmax(torch.softmax(scores / temperature, dim=-1), dim=-1)


# %% 00.1 wrong: softened with the softmax's own probabilities in place of the scores
def soften(scores, temperature):
    return torch.softmax(torch.softmax(scores, dim=-1) / temperature, dim=-1)


# %% 00.1 wrong: rounded to two decimals
def soften(scores, temperature):
    return torch.round(torch.softmax(scores / temperature, dim=-1), decimals=2)


# %% 00.1 wrong: only the first row comes back
def soften(scores, temperature):
    return torch.softmax(scores / temperature, dim=-1)[0]


# %% 00.1 wrong: averaged over the rows
def soften(scores, temperature):
    return torch.softmax(scores / temperature, dim=-1).mean(dim=0, keepdim=True)


# %% 00.1 wrong: a single row loses its dimension
def soften(scores, temperature):
    return torch.softmax(scores / temperature, dim=-1).squeeze()


# %% 00.1 wrong: three classes hard-coded
def soften(scores, temperature):
    return torch.softmax(scores[:, :3] / temperature, dim=-1)


# %% 00.1 wrong: temperature hard-coded as two
def soften(scores, temperature):
    return torch.softmax(scores / 2.0, dim=-1)


# %% 00.1 wrong: arguments the other way round
def soften(temperature, scores):
    return torch.softmax(scores / temperature, dim=-1)


# %% 00.1 wrong: the scores are divided in place
def soften(scores, temperature):
    scores /= temperature
    return torch.softmax(scores, dim=-1)


# %% 00.1 wrong: the maximum is subtracted in place
def soften(scores, temperature):
    scores -= scores.max(dim=-1, keepdim=True).values
    e = torch.exp(scores / temperature)
    return e / e.sum(dim=-1, keepdim=True)


# %% 00.1 wrong: the result is printed and not returned
def soften(scores, temperature):
    print(torch.softmax(scores / temperature, dim=-1))


# %% 00.1 right: plain Python loops in double precision, largest score subtracted
def soften(scores, temperature):
    result = torch.zeros(scores.shape, dtype=torch.float64)
    for i, row in enumerate(scores.tolist()):
        top = max(row)
        powers = [math.exp((z - top) / temperature) for z in row]
        for j, power in enumerate(powers):
            result[i, j] = power / math.fsum(powers)
    return result


# %% 00.1 right: by way of logsumexp, with other argument names
def soften(z, t):
    scaled = z / t
    return (scaled - torch.logsumexp(scaled, -1, True)).exp()


# %% 00.1 right: with numpy inside
def soften(scores, temperature):
    scaled = scores.detach().numpy().astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return torch.from_numpy(powers / powers.sum(axis=1, keepdims=True))


# %% 00.1 right: one over the sum of pairwise odds
def soften(scores, temperature):
    differences = scores[:, None, :] - scores[:, :, None]
    return 1 / torch.exp(differences / temperature).sum(dim=-1)


# %% 00.1 right: einsum for the row sums
def soften(scores, temperature):
    top, _ = torch.max(scores, dim=1)
    powers = torch.exp((scores - top[:, None]) / temperature)
    return torch.einsum("rc,r->rc", powers, 1 / torch.einsum("rc->r", powers))


# %% 00.1 right: the probabilities of a Categorical
def soften(scores, temperature):
    return torch.distributions.Categorical(logits=scores / temperature).probs


# %% 00.1 right: a lambda with torch's softmax
soften = lambda s, t: torch.nn.functional.softmax(s.double() / t, dim=1)


# %% 00.1 wrong: exp of large scores overflows
def soften(scores, temperature):
    e = torch.exp(scores / temperature)
    return e / e.sum(dim=-1, keepdim=True)


# %% 00.1 wrong: multiplies by the temperature
def soften(scores, temperature):
    return torch.softmax(scores * temperature, dim=-1)


# %% 00.1 wrong: softmax down the columns
def soften(scores, temperature):
    return F.softmax(scores / temperature, dim=0)


# %% 00.1 wrong: subtracts the largest score of the whole table, so that a low row becomes 0 / 0
def soften(scores, temperature):
    z = scores / temperature
    e = torch.exp(z - z.max())
    return e / e.sum(dim=-1, keepdim=True)


# %% 00.1 right: row by row, one over a sum of differences
def soften(scores, temperature):
    rows = []
    for row in scores.double():
        z = row / temperature
        rows.append(1 / torch.exp(z[None, :] - z[:, None]).sum(dim=1))
    return torch.stack(rows)


# %% 00.2 wrong: in per cent
retention = 100 * 87 / 90

# %% 00.2 wrong: the student's accuracy alone
retention = 0.87

# %% 00.2 wrong: the student's right answers
retention = 87

# %% 00.2 wrong: teacher over student
retention = 90 / 87

# %% 00.2 wrong: the teacher's accuracy
retention = 0.90

# %% 00.2 wrong: difference of the accuracies
retention = 0.90 - 0.87

# %% 00.2 wrong: what is lost instead of what is kept
retention = 1 - 87 / 90

# %% 00.2 wrong: one minus the difference
retention = 1 - (0.90 - 0.87)

# %% 00.2 wrong: product of the accuracies
retention = 0.87 * 0.90

# %% 00.2 wrong: student's errors over teacher's errors
retention = 13 / 10

# %% 00.2 wrong: teacher's errors over student's errors
retention = 10 / 13

# %% 00.2 wrong: the control's share
retention = 86 / 90

# %% 00.2 wrong: whole-number division
retention = 87 // 90

# %% 00.2 wrong: accuracies above chance of three classes
retention = (0.87 - 1 / 3) / (0.90 - 1 / 3)

# %% 00.2 wrong: one accuracy as a count, the other as a fraction
retention = 87 / 0.90

# %% 00.2 wrong: divided by the number of test rows once more
retention = 87 / 90 / 100

# %% 00.2 wrong: a piece of text with a per cent sign
retention = "96.7 %"

# %% 00.2 wrong: a tuple of numerator and denominator
retention = (87, 90)

# %% 00.2 right: the plain division
retention = 87 / 90

# %% 00.2 right: an exact Fraction
retention = Fraction(29, 30)

# %% 00.2 right: numpy double from the accuracies
retention = np.float64(0.87) / np.float64(0.90)

# %% 00.2 right: numpy single precision
retention = np.float32(87) / np.float32(90)

# %% 00.2 right: a torch tensor without dimensions
retention = torch.tensor(87.0) / torch.tensor(90.0)

# %% 00.2 right: computed with names
right_teacher, right_student, test_rows = 90, 87, 100
retention = (right_student / test_rows) / (right_teacher / test_rows)

# %% 00.2 right: one minus the relative loss
retention = 1 - 3 / 90

# %% 00.2 right: written out to six decimals
retention = 0.966667

# %% 00.3 wrong: the teacher
control = "a"

# %% 00.3 wrong: the untrained student
control = "b"

# %% 00.3 wrong: random layers on the soft targets
control = "d"

# %% 00.3 wrong: the teacher in brackets
control = "(a)"

# %% 00.3 wrong: the untrained student, capital
control = "B"

# %% 00.3 wrong: random layers on the soft targets, with spaces
control = " d "

# %% 00.3 wrong: two letters, the teacher besides
control = "a and c"

# %% 00.3 wrong: all letters
control = "abcd"

# %% 00.3 wrong: no letter
control = ""

# %% 00.3 wrong: a letter that is not offered
control = "e"

# %% 00.3 wrong: a number in place of a letter
control = 3

# %% 00.3 right: the letter
control = "c"

# %% 00.3 right: capital
control = "C"

# %% 00.3 right: in brackets
control = "(c)"

# %% 00.3 right: with spaces
control = " c "

# %% 00.3 right: capital in brackets
control = "(C)"
