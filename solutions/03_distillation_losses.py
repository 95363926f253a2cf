# %% [markdown]
# # 03 · What does a student learn from?
#
# Two sources pull at a student: the labels of the data, and the teacher's opinion of every class.
# Both become a loss, the losses are added, and much can go wrong in those few
# lines. You will write them by hand, derive why there is a $T^2$ in them, and then
# audit a published worked example in which eight of thirteen printed results are wrong.
#
# **You will be able to**
# - write the soft, the hard and the combined loss, for examples and for padded tokens;
# - say what temperature and $\alpha$ do to the gradient;
# - find the slips that train without an error message.
#
# **You need** PyTorch's tensors and autograd; KL divergence and the gradient $q - p$ from
# [lesson 02](02_from_surprise_to_kl.ipynb).
#
# **Minutes** about 125, of which 81 for the exercises.
#
# **What runs** the same at every scale (`offline`, `small`, `full`): closed forms and a few
# thousand steps of gradient descent, on five numbers and on a linear layer of 45 weights. No language
# model, no download, well under a minute.

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from kd_course import divergences, losses, plots, widgets
from kd_course.exercises import check, hint, show_progress

plots.style()
torch.set_printoptions(precision=4, sci_mode=False)

# %% [markdown]
# ## One headline, two models, one label
#
# The example of this lesson is a headline with five possible labels:
#
# > *Profit rose four per cent, although the outlook was cut.*
#
# The teacher is fairly sure that this is bad news. The student has hardly begun. And the annotator
# wrote *neutral*, so that the two sources disagree, which is when one sees what each of them does.
#
# The main symbols of the lesson are here, and keep their meaning to the end, the audit included:
#
# | symbol | in code | what it is |
# |---|---|---|
# | $z_t,\ z_s$ | `teacher_logits`, `student_logits` | the two models' raw scores, shape (examples, classes) |
# | $C$ | `classes` | how many classes there are |
# | $T$ | `temperature` | what the logits are divided by before the softmax |
# | $p,\ q$ | `p`, `q` | the **teacher's** and the **student's** distribution at temperature $T$ |
# | $y$ | `labels` | the class that the data names |
# | $\alpha$ | `alpha` | the weight of the **soft** loss; the hard loss gets $1 - \alpha$ |
# | $L_\text{soft},\ L_\text{hard},\ L$ | | the teacher's loss, the labels' loss, and the whole, in nats |
# | $H(p)$ | | the entropy of $p$; $H(p, q)$ is the cross-entropy |

# %%
classes = ["very negative", "negative", "neutral", "positive", "very positive"]
teacher_logits = torch.tensor([[0.5, 5.0, 2.5, 1.0, -3.0]])  # (1 example, 5 classes)
student_logits = torch.tensor([[0.2, 0.8, 1.5, 1.2, -0.5]])
labels = torch.tensor([2])

# %% [markdown]
# ## Temperature: how much of an opinion is heard
#
# At $T = 1$ this teacher gives 90 % to *negative*, and the other four classes share the last 10 %.
# (Networks of 2017 were found to be surer than they were right:
# [Guo et al., 2017](https://arxiv.org/abs/1706.04599).) Yet those 10 % say something that a label
# does not: that *neutral* is a far better mistake than *very positive*.
# Dividing the logits by $T > 1$ before the softmax brings the classes closer together and makes
# that visible:
#
# $$p_i = \frac{\exp(z_{t,i} / T)}{\sum_j \exp(z_{t,j} / T)}$$
#
# The order of the classes never changes. $T = 1$ is the model as it was trained, $T \to \infty$ is
# uniform, and $T \to 0$ puts everything on the largest logit. Probabilities so softened are called
# **soft targets**.

# %% tags=["nbval-check-output"]
for temperature in (1, 2, 4, 8):
    p = divergences.softmax(teacher_logits, temperature)[0]
    print(f"T = {temperature}:  " + "  ".join(f"{x:.3f}" for x in p.tolist()))

# %% tags=["hide-input"]
temperatures = (1, 2, 4, 8)
figure, panels = plt.subplots(1, 4, figsize=(9, 3.1), sharey=True)
for axes, temperature in zip(panels, temperatures):
    axes.bar(
        range(5),
        divergences.softmax(teacher_logits, temperature)[0],
        color=plots.COLOURS["teacher"],
    )
    axes.axhline(0.2, color=plots.COLOURS["ink"], linewidth=1, linestyle=":")
    axes.set(title=f"T = {temperature}", ylim=(0, 1))
    axes.set_xticks(range(5), classes, rotation=50, ha="right")
    axes.grid(axis="x", visible=False)
panels[0].set_ylabel("teacher's probability")
panels[0].annotate("uniform", (4.4, 0.22), ha="right", fontsize=9)
figure.suptitle("The same teacher at four temperatures", fontweight="bold")
plots.show(
    figure,
    alt="Four bar charts of the teacher's five probabilities. At T = 1 nearly everything is on negative (0.90); at "
    "T = 2, 4 and 8 the bars approach the uniform value 0.2, in an order that never changes.",
)

# %% [markdown]
# ### Exercise 03.1 · Soften a distribution
# {{exercise:03.1}}
#
# Not every row needs the same temperature: one may soften a sure row more than an unsure one, or
# look at one headline at four temperatures, as the figure above does. Write the formula for logits
# of any shape whose **last** dimension holds the classes, and let $T$ be one number for all rows,
# or a tensor with **one temperature for each row**. Logits of several hundred must not overflow.
#
# Soft targets are looked at and taught, not trained, so no gradient need flow through them here.
#
# (When a check says no, it says what it can. `hint("03.1")`, in a cell of your own, asks you a
# question that leads on; called again, it points in a direction.)


# %% exercise="03.1"
def soft_targets(logits, temperature):
    """The distribution that each row of logits stands for at its temperature.

    logits: (..., classes). temperature: a positive number, or a tensor (...) of positive numbers.
    Returns (..., classes); each row sums to one.
    """
    ### BEGIN SOLUTION
    of_each_row = torch.as_tensor(temperature)[..., None]
    return torch.softmax(logits / of_each_row, dim=-1)
    ### END SOLUTION


# %% check="03.1"
check("03.1", soft_targets)

# %% [markdown]
# ## The soft loss: how far is the student from the teacher?
#
# [Lesson 02](02_from_surprise_to_kl.ipynb) has the measure. The teacher's $p$ is what the student
# should come to believe, so $p$ is
# the truth of the comparison and stands first:
#
# $$L_\text{soft} = T^2 \cdot \mathrm{KL}(p \,\|\, q)
#   = T^2 \sum_i p_i \,(\log p_i - \log q_i),
#   \qquad p = \mathrm{softmax}(z_t / T),\quad q = \mathrm{softmax}(z_s / T)$$
#
# **Both** are softened by the same $T$. A student left at temperature 1 would agree when
# $z_s = z_t / T$: it would learn the softened distribution as its own, and be too unsure when it is
# used. With the same $T$ on both sides, agreement at this temperature is agreement at every
# temperature. Take the $T^2$ on trust for one more section. Of a batch, the loss is the mean over
# examples.
#
# Two habits belong to this loss. Take `F.log_softmax`, never the log of a softmax: a probability of
# $10^{-60}$ is 0 in float32, and its log is $-\infty$, while `log_softmax` computes
# the log without forming the tiny number. And `detach` the teacher's logits: the teacher is not the
# one being trained. A teacher that gets a gradient comes to meet its student half way, or costs
# memory for a gradient that is not used.
#
# ### Exercise 03.2 · The soft loss
# {{exercise:03.2}}
#
# Write $L_\text{soft}$, with $T^2$, as the mean over the examples: one number, through which a
# gradient reaches the student. No gradient may reach the teacher. The logits are finite, but they
# may lie hundreds apart, the teacher's as well as the student's, and every result must still be
# finite. Do not call the package's own
# version here; the lesson uses it from the next cell on.


# %% exercise="03.2"
def soft_loss(student_logits, teacher_logits, temperature):
    """How far the student's softened distribution is from the teacher's, times T².

    student_logits, teacher_logits: (examples, classes). temperature: a positive number.
    Returns one number in nats: the mean over examples. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)
    per_example = (log_p.exp() * (log_p - log_q)).sum(dim=-1)
    return temperature**2 * per_example.mean()
    ### END SOLUTION


# %% check="03.2"
check("03.2", soft_loss)

# %% [markdown]
# From here on the lesson uses the package's own version, `losses.soft_target_loss`.
# `losses.soft_target_loss??` in a cell of your own shows its source.
#
# ### PyTorch's own: `F.kl_div`
#
# PyTorch has a function for the divergence, and it is a small minefield. Its *first* argument is
# the log of the second distribution, $\log q$; its second is $p$ itself; and its default
# `reduction="mean"` divides by the number of elements, so by the classes as well
# ([its documentation](https://pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html)
# says so; a warning adds that this is to change). `"batchmean"` divides by the number of examples:

# %% tags=["nbval-check-output"]
log_q = F.log_softmax(student_logits / 2, dim=-1)
p = F.softmax(teacher_logits / 2, dim=-1)
the_packages = divergences.kl_divergence(p, log_q.exp()).mean()
print(f"divergences           {the_packages:.4f}")
print(f"kl_div, batchmean     {F.kl_div(log_q, p, reduction='batchmean'):.4f}")
over_elements = F.kl_div(log_q, p, reduction="none").mean()
wrong_input = F.kl_div(log_q.exp(), p, reduction="batchmean")
print(f"mean over elements    {over_elements:.4f}   five times too small: five classes")
print(f"kl_div, q for log q   {wrong_input:.4f}  negative: no KL is")

# %% [markdown]
# ## Why T²?
#
# A loss matters through its gradient. [Lesson 02](02_from_surprise_to_kl.ipynb) showed that the
# gradient of $\mathrm{KL}(p \,\|\, \mathrm{softmax}(u))$ with respect to $u$ is $q - p$, where
# $q = \mathrm{softmax}(u)$. In the soft loss $u = z_s / T$. What follows for the gradient with
# respect to $z_s$ itself?
#
# ### Exercise 03.3 · The gradient by hand
# {{exercise:03.3}}
#
# Return the gradient of your `soft_loss` (with its $T^2$, and its mean over examples) with respect
# to the student's logits. The logits may lie hundreds apart. Please do it by hand, from lesson 02's
# $q - p$, and not by autograd: the check cannot tell, but the next section builds on the step.


# %% exercise="03.3"
def soft_gradient(student_logits, teacher_logits, temperature):
    """The gradient of the soft loss with respect to the student's logits.

    student_logits, teacher_logits: (examples, classes). temperature: a positive number.
    Returns (examples, classes).
    """
    ### BEGIN SOLUTION
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p) / len(student_logits)
    ### END SOLUTION


# %% check="03.3"
check("03.3", soft_gradient)

# %% [markdown]
# ### Two powers of T
#
# By the chain rule, with $u = z_s / T$,
#
# $$\frac{\partial\, \mathrm{KL}(p \,\|\, q)}{\partial z_{s,i}} = \frac{1}{T}\,(q_i - p_i)$$
#
# That is one power of $T$. The other hides in the difference: as $T$ grows, $p$ and $q$ both become
# uniform, so they come closer to *each other*. To see how fast, take $e^x \approx 1 + x$, which is
# good once $T$ is large against the logits. With $\bar z$ for the mean of a row's logits:
#
# $$q_i \approx \frac{1 + z_{s,i}/T}{C + \sum_j z_{s,j}/T} \approx \frac1C\Big(1 + \frac{z_{s,i} - \bar z_s}{T}\Big),
#   \qquad\text{so}\qquad
#   q_i - p_i \approx \frac{1}{C\,T}\big[(z_{s,i} - \bar z_s) - (z_{t,i} - \bar z_t)\big]$$
#
# Both powers together: **once $T$ is large against the logits, the gradient of the bare KL fades like
# $1/T^2$.** There, doubling $T$ makes the teacher four times quieter (at a low $T$ it fades more
# slowly), while the labels, compared at temperature one, keep their voice. Multiplying by $T^2$
# undoes this where $T$ is large:
#
# $$\frac{\partial L_\text{soft}}{\partial z_{s,i}} = T\,(q_i - p_i)$$
#
# (of one example; of a batch, divided by the number of examples) so that $T$ can be chosen for what
# it shows of the teacher, without turning the volume at the same time. Does autograd agree?


# %% tags=["nbval-check-output"]
def gradient_of(loss, logits):
    """The gradient of loss(logits) with respect to logits."""
    logits = logits.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(logits), logits)
    return gradient


def soft_at(temperature, teacher=teacher_logits):
    """The soft loss at one temperature, as a function of the student's logits alone."""
    return lambda z: losses.soft_target_loss(z, teacher, temperature=temperature)


for temperature in (1, 4, 16):
    p, q = (divergences.softmax(z, temperature) for z in (teacher_logits, student_logits))
    by_autograd = gradient_of(soft_at(temperature), student_logits)[0].tolist()
    by_hand = (temperature * (q - p))[0].tolist()
    print(f"T = {temperature:>2}  T (q - p)  " + "  ".join(f"{x:+.3f}" for x in by_hand))
    print("        autograd   " + "  ".join(f"{x:+.3f}" for x in by_autograd))

# %% [markdown]
# Here is the size of the gradient over a wide range of temperatures, averaged over 200 pairs of
# random teachers and students. The hard loss, which we come to below, is the yardstick: it knows
# nothing of $T$.

# %% tags=["hide-input"]
generator = torch.Generator().manual_seed(0)
teachers, students = (3 * torch.randn(200, 5, generator=generator) for _ in range(2))
their_labels = teachers.argmax(dim=-1)
grid = torch.logspace(-1, 2, 40).tolist()


def mean_norm(gradients):
    return gradients.norm(dim=-1).mean().item()


with_square = [mean_norm(200 * gradient_of(soft_at(t, teachers), students)) for t in grid]
without = [norm / t**2 for norm, t in zip(with_square, grid)]
hard = mean_norm(200 * gradient_of(lambda z: losses.hard_target_loss(z, their_labels), students))

figure, axes = plt.subplots(figsize=(7.4, 4))
axes.loglog(grid, with_square, color=plots.COLOURS["teacher"], label="soft loss, with T²")
axes.loglog(
    grid, without, color=plots.COLOURS["student"], linestyle="--", label="soft loss, T² forgotten"
)
axes.axhline(hard, color=plots.COLOURS["truth"], linestyle="-.", label="hard loss")
guide = [t for t in grid if t > 8]
axes.loglog(
    guide,
    [0.35 * without[-1] * (100 / t) ** 2 for t in guide],
    color=plots.COLOURS["ink"],
    linewidth=1,
)
axes.annotate("slope of 1/T²", (20, 0.2 * without[-1] * (100 / 20) ** 2), ha="right", fontsize=9)
axes.set(
    title="Without T² the teacher falls silent",
    xlabel="temperature T (no unit)",
    ylabel="mean length of the gradient\nof one example, in nats",
)
axes.legend(loc="lower left")
plots.show(
    figure,
    alt="Gradient length against temperature from 0.1 to 100, both axes logarithmic. With T² the curve rises at first "
    "and is level from about T = 10. Without T² it falls throughout, with slope about minus one at a low T and minus two from "
    "about T = 10 on, to a ten-thousandth. "
    "The hard loss is a level line, close to the curve with T² from T = 1 on.",
)

# %% tags=["nbval-check-output"]
for temperature in (1, 2, 4, 8, 16):
    length = gradient_of(soft_at(temperature), student_logits).norm().item()
    print(f"T = {temperature:>2}   with T² {length:.4f}   without {length / temperature**2:.4f}")

# %% [markdown]
# On our headline, too, the gradient of the bare KL fades (the last column). With $T^2$ its length
# hardly changes from $T = 2$ on, although $e^x \approx 1 + x$ is good only at a higher $T$.
#
# ## What is left when T is very large
#
# Put the approximation of $q_i - p_i$ into $T\,(q_i - p_i)$, and every $T$ cancels:
#
# $$\frac{\partial L_\text{soft}}{\partial z_{s,i}} \;\longrightarrow\;
#   \frac1C\big[(z_{s,i} - \bar z_s) - (z_{t,i} - \bar z_t)\big]$$
#
# with respect to each logit of one example; of a batch, the loss is a mean over the examples. A
# gradient that simple belongs to a simple loss. Which one?
#
# ### Exercise 03.4 · What is left when T is very large
# {{exercise:03.4}}
#
# Write the loss that has this gradient for each example, and that is 0 when the student is the
# teacher; of a batch, its mean. Adding a constant to a row of either model's logits must not change
# the loss: another constant for each row, and be it several hundred. (Whether a gradient would reach
# the teacher makes no difference here.)


# %% exercise="03.4"
def logit_matching_loss(student_logits, teacher_logits):
    """What the soft loss becomes at a temperature without bound.

    student_logits, teacher_logits: (examples, classes).
    Returns one number: the mean over examples. A gradient reaches the student.
    """
    ### BEGIN SOLUTION
    difference = student_logits - teacher_logits
    centred = difference - difference.mean(dim=-1, keepdim=True)
    return (centred**2).mean(dim=-1).mean() / 2
    ### END SOLUTION


# %% check="03.4"
check("03.4", logit_matching_loss)

# %% [markdown]
# It is a plain squared error between **logits**, each row centred on its own mean:
#
# $$L_\text{soft} \;\longrightarrow\; \frac{1}{2C} \sum_i \big(d_i - \bar d\,\big)^2,
#   \qquad d = z_s - z_t$$
#
# half the variance, over the classes, of the difference of the logits.
# [Hinton, Vinyals & Dean (2015)](https://arxiv.org/abs/1503.02531) show it for logits that have
# zero mean; the softmax does the centring by itself, because adding a constant to all logits of a
# row changes neither distribution. So a high temperature does not wash the teacher out. It turns
# distillation into **matching logits**, which is how
# [Ba & Caruana (2014)](https://arxiv.org/abs/1312.6184) trained their students.

# %% tags=["nbval-check-output"]
z_s, z_t = student_logits.double(), teacher_logits.double()
d = (z_s - z_t)[0]
limit = d.var(unbiased=False) / 2
for temperature in (1, 2, 4, 16, 64, 256):
    print(f"T = {temperature:>3}   soft loss {soft_at(temperature, z_t)(z_s):.4f}")
print(f"limit     half the variance of z_s - z_t {limit:.4f}")

# %% [markdown]
# The soft loss does not simply rise to its limit: at $T = 16$ it lies a little above, and from there it
# comes down to it.
#
# What changes on the way is what decides how hard a class is pushed. At $T = 1$ it is the
# difference of two probabilities, so a class to which neither model gives any is hardly looked at.
# In the limit it is the difference of two logits, whatever the probabilities. *Very positive*, which
# the teacher all but excludes, is pushed the harder the higher $T$ is; other classes may be pushed
# less:

# %% tags=["hide-input"]
shown = {"T = 1": 1.0, "T = 4": 4.0, "T = 64": 64.0}
figure, axes = plt.subplots(figsize=(7.6, 3.8))
for (name, temperature), colour, hatch, shift in zip(
    shown.items(), ("neutral", "teacher", "ink"), (None, "//", ".."), (-0.27, 0, 0.27)
):
    axes.bar(
        [i + shift for i in range(5)],
        gradient_of(soft_at(temperature), student_logits)[0],
        0.27,
        color=plots.COLOURS[colour],
        hatch=hatch,
        edgecolor="white",
        label=name,
    )
for i, value in enumerate(((d - d.mean()) / 5).tolist()):
    axes.hlines(
        value, i - 0.45, i + 0.45, color=plots.COLOURS["student"], label="limit" if i == 0 else None
    )
axes.axhline(0, color=plots.COLOURS["ink"], linewidth=0.8)
axes.set_xticks(range(5), classes)
axes.grid(axis="x", visible=False)
axes.set(
    title="At a high T the logits decide, whatever the probabilities",
    ylabel="∂ soft loss / ∂ student logit, in nats",
)
axes.legend(loc="lower right")
plots.show(
    figure,
    alt="Gradient of the soft loss for each of the five classes at T = 1, 4 and 64, with the limit as a line. At T = 1 "
    "the class very positive gets a small push of 0.05; at T = 64 it gets 0.60, close to its limit of 0.61.",
)

# %% [markdown]
# Whether that is good depends on the teacher. Very negative logits are hardly constrained by
# training, and can be noise; or they can be the very knowledge one is after
# ([Hinton, Vinyals & Dean, 2015](https://arxiv.org/abs/1503.02531), section 2.1). This is why $T$ is tuned and not derived.

# %% [markdown]
# ## Cross-entropy or KL?
#
# Some write the soft loss as a cross-entropy, some as KL, and the article that is audited below
# writes both with an equals sign between them. [Lesson 02](02_from_surprise_to_kl.ipynb) has the
# relation:
#
# $$H(p, q) = \mathrm{KL}(p \,\|\, q) + H(p)$$
#
# ### Exercise 03.5 · Two losses, one student?
# {{exercise:03.5}}
#
# You train one student on $T^2\,\mathrm{KL}$, and a copy of it on $T^2\,H(p, q)$: same data, same
# order, same optimizer. What do you get?
#
# {{choices:03.5}}

# %% exercise="03.5"
kl_or_cross_entropy = ...  # "a", "b", "c" or "d"
### BEGIN SOLUTION
kl_or_cross_entropy = "a"
### END SOLUTION

# %% check="03.5"
check("03.5", kl_or_cross_entropy)

# %% [markdown]
# Let a student of five free logits follow either loss, and see:


# %%
def descend(loss, start, steps, rate=0.5):
    """Plain gradient descent on a few numbers; returns where it ends, and the loss on the way."""
    logits, history = start.clone(), []
    for _ in range(steps):
        logits = logits.detach().requires_grad_(True)
        value = loss(logits)
        history.append(value.item())
        (gradient,) = torch.autograd.grad(value, logits)
        logits = logits - rate * gradient
    return logits.detach(), history


def soft_as(kind):
    return lambda z: losses.soft_target_loss(z, teacher_logits, temperature=2.0, kind=kind)


by_kl, kl_curve = descend(soft_as("kl"), student_logits, steps=60)
by_cross_entropy, cross_entropy_curve = descend(soft_as("cross_entropy"), student_logits, steps=60)
floor = 4 * divergences.entropy(divergences.softmax(teacher_logits, 2.0))[0].item()

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7.4, 3.6))
axes.plot(
    cross_entropy_curve, color=plots.COLOURS["student"], linestyle="--", label="T² · cross-entropy"
)
axes.plot(kl_curve, color=plots.COLOURS["teacher"], label="T² · KL")
axes.axhline(floor, color=plots.COLOURS["ink"], linestyle=":", linewidth=1.2)
axes.annotate(
    "T² · H(p): no student gets below",
    (59, floor),
    xytext=(0, -13),
    textcoords="offset points",
    ha="right",
)
axes.set(
    title="Two curves, one student",
    xlabel="step of gradient descent",
    ylabel="soft loss in nats",
    ylim=(-0.2, None),
)
axes.legend()
plots.show(
    figure,
    alt="Two falling curves of the same shape over 60 steps: T² times KL falls from 1.97 to nearly 0, T² times "
    "cross-entropy lies 4.17 nats above it everywhere and flattens at T² times the teacher's entropy.",
)

# %% tags=["nbval-check-output"]
gap = [a - b for a, b in zip(cross_entropy_curve, kl_curve)]
print(f"gap at the first step {gap[0]:.3f}, at the last {gap[-1]:.3f};  T² H(p) = {floor:.3f}")
print(f"largest difference between the two students: {(by_kl - by_cross_entropy).abs().max():.3f}")

# %% [markdown]
# $H(p)$ is the teacher's entropy. The student does not occur in it, so its gradient is zero: **same
# gradient, not the same value**. Choose KL when you want to read the curve, for zero then means that
# the student agrees with the teacher. Here $T^2\,H(p, q) = 4.17$ is a perfect student.

# %% [markdown]
# ## The hard loss: what the data says
#
# The hard loss is the ordinary one, the student's surprise at the label:
#
# $$L_\text{hard} = -\log\, \mathrm{softmax}(z_s)_y$$
#
# At temperature **one**: that is how the student will be used, and a label is not softened by
# anybody. It is the cross-entropy against a distribution with all its mass on $y$, a **hard
# target**; its entropy is 0, so here cross-entropy and KL are one number.
#
# In distillation one may have text without labels. PyTorch's sign for "no label" is -100, and
# `F.cross_entropy` leaves such rows out of the sum and out of the count. It has one gap, which a
# batch of purely unlabelled text falls into:

# %% tags=["nbval-check-output"]
nobody_knows = torch.tensor([-100])
print("F.cross_entropy        ", F.cross_entropy(student_logits, nobody_knows).item())
print("losses.hard_target_loss", losses.hard_target_loss(student_logits, nobody_knows).item())
print("and with the label     ", round(losses.hard_target_loss(student_logits, labels).item(), 4))

# %% [markdown]
# Zero divided by zero. Multiplied by any $1 - \alpha$ it is still NaN, and so is the
# whole loss. Rows that do not count should count as nothing.
#
# ### Exercise 03.6 · The hard loss, and rows without a label
# {{exercise:03.6}}
#
# The mean surprise over the labelled rows, and 0 when there are none (a plain 0 will do, or one that
# hangs on the student's logits). The student's logits may lie hundreds apart, so that a label is
# all but impossible to it: its surprise is then several hundred nats, not infinite, and not capped.


# %% exercise="03.6"
def hard_loss(student_logits, labels):
    """How surprised the student is by the labels, at temperature one.

    student_logits: (examples, classes). labels: (examples,), -100 where there is no label.
    Returns one number in nats: the mean over labelled examples, 0 if there is none. A gradient
    reaches the student.
    """
    ### BEGIN SOLUTION
    labelled = labels != -100
    total = F.cross_entropy(student_logits[labelled], labels[labelled], reduction="sum")
    return total / labelled.sum().clamp(min=1)
    ### END SOLUTION


# %% check="03.6"
check("03.6", hard_loss)

# %% [markdown]
# (`torch.nan_to_num` around PyTorch's mean passes the check, too, for the logits here are finite. In a
# training run it would also turn the NaN of a student that has broken down into a loss of 0, and nobody
# would notice. A count of at least one hides nothing.)
#
# ## The whole loss, and α
#
# $$L = \alpha\, L_\text{soft} + (1 - \alpha)\, L_\text{hard}$$
#
# At $\alpha = 1$ the student listens to the teacher alone, at $\alpha = 0$ to the labels alone. In
# between it compromises, and at $T = 1$ one can say exactly where: there both losses are
# cross-entropies of the same $q$ (up to constants), so their mixture is the cross-entropy against
# the mixed target. A student that is free to do so ends at
#
# $$q = \alpha\, p + (1 - \alpha)\, \text{one-hot}(y)$$
#
# the teacher's distribution, pulled towards the label. Here at $\alpha = 0.7$:


# %% tags=["nbval-check-output"]
def settle(loss, start):
    """Where descent ends up: L-BFGS, a method that chooses its own steps, until nothing moves."""
    logits = start.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS(
        [logits], max_iter=300, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def evaluate():
        optimizer.zero_grad()
        value = loss(logits)
        value.backward()
        return value

    optimizer.step(evaluate)
    return logits.detach()


mixed = settle(
    lambda z: losses.distillation_loss(z, teacher_logits, labels, temperature=1.0, alpha=0.7),
    student_logits,
)
target = 0.7 * divergences.softmax(teacher_logits)[0] + 0.3 * F.one_hot(labels, 5)[0]
print(
    "where descent ends       ",
    "  ".join(f"{x:.3f}" for x in divergences.softmax(mixed)[0].tolist()),
)
print("α p + (1 - α) one-hot(y) ", "  ".join(f"{x:.3f}" for x in target.tolist()))

# %% [markdown]
# Move the sliders. The label says *neutral*, the teacher *negative*.
#
# - At $\alpha = 1$, watch the gradient on *very positive* as $T$ rises.
# - At $T = 1$, find the $\alpha$ at which the pushes on *neutral* cancel.
# - The hard part of the gradient is the same at every $T$. The soft part, thanks to $T^2$, keeps
#   roughly its size; does it keep its shape? (The answers stand below the pictures.)

# %% tags=["hide-input"]
widgets.show(
    widgets.temperature_and_alpha(student_logits[0], teacher_logits[0], 2, classes=classes),
    instead="two sliders, T and alpha, over the picture that follows. They move where a kernel runs.",
)

# %% [markdown]
# The same picture, standing still, at two settings:

# %% tags=["hide-input"]
for temperature, alpha in ((1.0, 0.5), (4.0, 0.9)):
    parts = widgets.loss_parts(
        student_logits[0], teacher_logits[0], 2, temperature=temperature, alpha=alpha
    )
    figure = widgets.draw_temperature_and_alpha(
        student_logits[0],
        teacher_logits[0],
        2,
        temperature=temperature,
        alpha=alpha,
        classes=classes,
    )
    plots.show(figure, alt=widgets.describe(parts, classes))

# %% [markdown]
# What you may have found: the push on *very positive* grows with $T$, towards the limit that you derived.
# The pushes on *neutral* cancel where $\alpha\,(q - p) + (1 - \alpha)(q - 1) = 0$, with $p$ and $q$ of
# *neutral*: at $\alpha = (1 - q)/(1 - p)$, here about two thirds. And the shape is not kept: as $T$ rises,
# the soft push on *neutral* fades and then changes its sign, while the one on *very positive* grows.
#
# ### Exercise 03.7 · The whole loss
# {{exercise:03.7}}
#
# Put the two together. A label of -100 removes its row from the hard part only: on unlabelled text
# the teacher still has an opinion. A hard part without any labelled row is 0. $\alpha = 0$ and
# $\alpha = 1$ are ordinary values, which need no special case. The logits are finite and may lie
# hundreds apart, as before.


# %% exercise="03.7"
def distillation_loss(student_logits, teacher_logits, labels, temperature, alpha):
    """What a student is trained on: alpha times the soft loss, 1 - alpha times the hard one.

    student_logits, teacher_logits: (examples, classes). labels: (examples,), -100 for no label.
    Returns one number in nats. A gradient reaches the student, from both parts; none the teacher.
    """
    ### BEGIN SOLUTION
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)
    soft = temperature**2 * (log_p.exp() * (log_p - log_q)).sum(dim=-1).mean()

    labelled = labels != -100
    total = F.cross_entropy(student_logits[labelled], labels[labelled], reduction="sum")
    hard = total / labelled.sum().clamp(min=1)

    return alpha * soft + (1 - alpha) * hard
    ### END SOLUTION


# %% check="03.7"
check("03.7", distillation_loss)

# %% [markdown]
# ## A loss a token: padding and masks
#
# A translation model or a language model predicts a word at every position: logits of shape (batch,
# length, vocabulary), and one loss **a token**. Sentences have different lengths, so the shorter
# ones are padded, and a mask says which positions are real. Three things can go wrong, and none of
# them raises an error:
#
# 1. **Padding is counted.** The models say *something* at a padded position; its loss is noise, and there is more of it
#    the further a batch is padded.
# 2. **Padding is set to zero, but counted.** The loss shrinks as padding grows.
# 3. **The wrong divisor.** `reduction="batchmean"` divides by the first dimension. On three dimensions that leaves a
#    *sum* over tokens: twice as long, twice the loss.
#
# A loss that is right changes with none of this:


# %%
def sentences(length, padded_to):
    """Logits of two sentences of one length, padded; the mask is true on the real tokens."""
    z_s, z_t = (
        2 * torch.randn(2, 64, 10, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2)
    )
    mask = (torch.arange(padded_to) < length).expand(2, padded_to)
    padding = torch.zeros(2, 64 - length, 10)  # what a student says about nothing: uniform
    z_s = torch.cat([z_s[:, :length], padding], dim=1)
    return z_s[:, :padded_to], z_t[:, :padded_to], mask


def per_token(z_s, z_t):
    p, q = divergences.softmax(z_t, 2.0), divergences.softmax(z_s, 2.0)
    return 4 * divergences.kl_divergence(p, q)  # (batch, length), with T² = 4


ways = {
    "masked, per token (right)": lambda z_s, z_t, m: losses.soft_target_loss(
        z_s, z_t, temperature=2.0, mask=m
    ),
    "padding counted": lambda z_s, z_t, m: per_token(z_s, z_t).mean(),
    "padding zeroed, but counted": lambda z_s, z_t, m: (per_token(z_s, z_t) * m).mean(),
    "masked, batchmean": lambda z_s, z_t, m: (per_token(z_s, z_t) * m).sum() / len(z_s),
}

# %% tags=["hide-input"]
looks = dict(zip(ways, (("teacher", "-"), ("student", "--"), ("accent", "-."), ("highlight", ":"))))

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8))
lengths = range(8, 65, 4)
for name, loss in ways.items():
    colour, line = looks[name]
    if "batchmean" not in name:
        left.plot(
            lengths,
            [loss(*sentences(8, n)).item() for n in lengths],
            color=plots.COLOURS[colour],
            linestyle=line,
            label=name,
        )
    if name.startswith("masked"):
        right.plot(
            lengths,
            [loss(*sentences(n, n)).item() for n in lengths],
            color=plots.COLOURS[colour],
            linestyle=line,
            label=name,
        )
left.set(
    title="The same eight tokens, padded further",
    xlabel="padded length in tokens",
    ylabel="soft loss in nats",
    ylim=(0, None),
)
right.set(
    title="Longer sentences, no padding",
    xlabel="sentence length in tokens",
    ylabel="soft loss in nats",
    ylim=(0, None),
)
left.legend(loc="upper right", bbox_to_anchor=(1, 0.93))
right.legend()
plots.show(
    figure,
    alt="Left: as the same tokens are padded from 8 to 64, the right loss stays level at 3.3 nats, the one that "
    "counts padding drifts away from it, the one that zeroes padding shrinks to an eighth. Right: as sentences grow "
    "from 8 to 64 tokens, the right loss stays nearly level while batchmean grows in proportion, to about 205 nats.",
)

# %% [markdown]
# These are no toy worries. In [one library](https://github.com/peremartra/optipfair/issues/34) the
# lead of one method over another vanished, it reports, when padding was taken out of its losses.
#
# One more NaN lives here. Words that are not allowed can be given a logit of $-\infty$, by teacher
# and student alike. Their probability is 0, so they should cost nothing; but the formula multiplies
# that 0 by a log:

# %% tags=["nbval-check-output"]
excluded = torch.tensor([[2.0, 1.0, -math.inf]])
p, log_q = F.softmax(excluded, dim=-1), F.log_softmax(excluded, dim=-1)
print("0 · (-inf)              ", (torch.tensor(0.0) * -math.inf).item())
print("F.kl_div                ", F.kl_div(log_q, p, reduction="batchmean").item())
print(
    "losses.soft_target_loss ", losses.soft_target_loss(excluded, excluded, temperature=1.0).item()
)

# %% [markdown]
# The remedy is to say what is meant, where it is meant: the *term* of a class with $p_i = 0$ is 0.
# Nothing else about its row changes, neither its other terms nor the count, and the gradient must be
# clean, too.
#
# ### Exercise 03.8 · A loss a token: padding, masks, excluded classes
# {{exercise:03.8}}
#
# The whole loss again, for (batch, length, vocabulary). The soft part is the mean over tokens where
# `mask` is true, wherever in a sentence they stand; the hard part is the mean over those of them
# that have a label. A mean over nothing is 0, with or without a gradient of 0. A class that both
# models exclude at a token with $-\infty$ adds nothing to the token's soft loss, and no label names
# it. The other logits may lie hundreds apart. What stands under padding may be anything, NaN too,
# and must reach neither the loss nor its gradient. $T^2$ and $\alpha$ are where they were.


# %% exercise="03.8"
def masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha):
    """The distillation loss of padded sentences, a mean over tokens.

    student_logits, teacher_logits: (batch, length, vocabulary); a class may be -inf in both.
    labels: (batch, length), -100 for no label. mask: (batch, length), bool, true where a token counts.
    Returns one number in nats. No gradient reaches the teacher.
    """
    ### BEGIN SOLUTION
    student, teacher = student_logits[mask], teacher_logits.detach()[mask]  # (tokens, vocabulary)
    labels = labels[mask]  # (tokens,)

    log_q = F.log_softmax(student / temperature, dim=-1)
    log_p = F.log_softmax(teacher / temperature, dim=-1)
    p = log_p.exp()
    terms = (p * (log_p - log_q)).masked_fill(p == 0, 0.0)
    soft = temperature**2 * terms.sum() / max(len(student), 1)

    labelled = labels != -100
    total = F.cross_entropy(student[labelled], labels[labelled], reduction="sum")
    hard = total / labelled.sum().clamp(min=1)

    return alpha * soft + (1 - alpha) * hard
    ### END SOLUTION


# %% check="03.8"
check("03.8", masked_distillation_loss)

# %% [markdown]
# The package does all of this in one function, `losses.distillation_loss`, for both shapes. It is what
# the course's own trainer minimises.
#
# ## The loss at work
#
# Here is the whole of distillation in twenty lines. The "texts" are random numbers, the teacher is a
# layer of fixed random weights, and the student is a layer that has yet to learn. Some labels
# contradict the teacher, and a quarter of the rows has none:

# %%
generator = torch.Generator().manual_seed(3)
inputs = torch.randn(256, 8, generator=generator)
answers = inputs @ torch.randn(8, 5, generator=generator)  # the teacher's logits, made once
told = answers.argmax(dim=-1)
told[::5] = (told[::5] + 1) % 5
told[1::4] = -100

student = torch.nn.Linear(8, 5)
for weights in student.parameters():
    torch.nn.init.zeros_(weights)
optimizer = torch.optim.Adam(student.parameters(), lr=0.02)
for step in range(201):
    rows = torch.randint(256, (32,), generator=generator)
    loss = losses.distillation_loss(
        student(inputs[rows]), answers[rows], told[rows], temperature=2.0, alpha=0.7
    )
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        apart = losses.soft_target_loss(student(inputs), answers, temperature=1.0).item()
        print(f"step {step:>3}   loss of the batch {loss.item():.2f}   KL to the teacher {apart:.2f}")

# %% [markdown]
# The teacher answers once, before the loop; the student's answers are made anew at every step. The
# loss of a batch goes up and down with the rows that are drawn, and does not go to zero: a label
# asks for certainty, and this teacher is not certain; some labels contradict it besides. How far the student is from the teacher falls almost to zero all
# the same. [Lesson 05](05_training_loop.ipynb) builds the same loop for real models, with all that
# stands around a step.
#
# ## Choosing T and α
#
# Both are tuned on validation data, never on the test. These are places to start:
#
# - **α near one**, when the teacher is good or labels are few.
#   [Hinton, Vinyals & Dean (2015)](https://arxiv.org/abs/1503.02531) got their best results with "a
#   considerably lower weight" on the labels. On text without labels α weighs the only part there is.
# - **A lower α**, when the labels know better than the teacher: where it is wrong and sure of it,
#   only the label says otherwise.
#   [Lesson 04](04_dark_knowledge.ipynb) measures how far that helps ("A teacher that is wrong").
# - **T between 1 and 4.** [Keras](https://github.com/keras-team/keras) starts from 3,
#   [TextBrewer](https://github.com/airaria/TextBrewer) from 4 (the table at the end). The surer the teacher,
#   the higher a $T$ it takes until its other classes are heard; past that, $T$ hands the word to
#   logits that training may never have looked at. [Lesson 04](04_dark_knowledge.ipynb) measures what
#   $T$ does to soft targets.
# - **Keep $T^2$**, so that the two can be tuned one after the other: with it, another $T$ leaves the
#   balance that α set about where it was.
#
# [Lesson 06](06_text_classification.ipynb) has a map over α and $T$, from training runs. Read it
# before you search a fine grid. It shows no spread between seeds, so do not read much into small
# differences of neighbours.
#
# ## Audit of a worked example
#
# This course grew from an article in Chinese that explains the loss with numbers,
# *知识蒸馏在自然语言处理任务中的应用* ("Knowledge distillation in natural language processing
# tasks"). Its section 4.2 gives a teacher's distribution and a student's. (It calls them $y$ and $p$; here they keep our letters, $p$
# and $q$.)
#
# $$p = [0.2,\ 0.3,\ 0.1,\ 0.2,\ 0.2] \qquad q = [0.25,\ 0.3,\ 0.15,\ 0.1,\ 0.1]$$
#
# and computes three losses from them:
#
# | | as printed |
# |---|---|
# | soft loss, $\mathrm{KL}(p \,\|\, q)$ | $0.08 + 0 + 0.11 + 0.4 + 0.4 = 1.01$ |
# | hard loss, with $[1, 0, 0, 1, 1]$ as "the teacher's label" | $0.32 + 0 + 0 + 2.30 + 2.30 = 4.92$ |
# | combined, $\alpha = 0.5$ | $0.5 \times 1.01 + 0.5 \times 4.92 = 2.92$ |
#
# Treat it as you would a colleague's pull request. First: are these distributions?

# %% tags=["setup"]
p = torch.tensor([0.2, 0.3, 0.1, 0.2, 0.2], dtype=torch.float64)
q = torch.tensor([0.25, 0.3, 0.15, 0.1, 0.1], dtype=torch.float64)

# %% tags=["nbval-check-output"]
print(f"p sums to {p.sum():.2f}, q sums to {q.sum():.2f}")
try:
    divergences.kl_divergence(p, q)
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# The student's five probabilities sum to 0.9, so it is no distribution and KL is not defined for
# it. A softmax would not have let this happen, and a function that checks its input would have said
# so. But let us follow the article's arithmetic before we repair its input.
#
# ### Exercise 03.9 · Audit: one term at a time
# {{exercise:03.9}}
#
# Return what each class adds to $\mathrm{KL}(p \,\|\, q)$, not the sum. Take the vectors as they
# come, of however many classes, and whatever they sum to. A class that the teacher excludes adds
# nothing, whatever the student gives it; a class that the student alone excludes adds infinitely
# much, and that should be seen.


# %% exercise="03.9"
def kl_terms(p, q):
    """What each class adds to KL(p ‖ q).

    p, q: (classes,), non-negative.
    Returns (classes,), in nats.
    """
    ### BEGIN SOLUTION
    return torch.where(p > 0, p * (p / q).log(), 0.0)
    ### END SOLUTION


# %% check="03.9"
check("03.9", kl_terms)

# %% [markdown]
# Beside what the article prints:

# %% tags=["nbval-check-output", "hide-input"]
printed = torch.tensor([0.08, 0.0, 0.11, 0.4, 0.4], dtype=torch.float64)
terms = F.kl_div(q.log(), p, reduction="none")
print("                        " + "".join(f"class {i}  " for i in range(1, 6)) + "    sum")
for name, row in (
    ("as the article prints", printed),
    ("as its vectors give", terms),
):
    print(f"{name:<22}" + "".join(f"{x:+9.4f}" for x in row.tolist()) + f"{row.sum():+9.4f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7.4, 3.6))
for values, name, colour, hatch, shift in (
    (printed, "as the article prints them", "student", "//", -0.2),
    (terms, "as its vectors give them", "teacher", None, 0.2),
):
    axes.bar(
        [i + shift for i in range(1, 6)],
        values,
        0.4,
        color=plots.COLOURS[colour],
        hatch=hatch,
        edgecolor="white",
        label=name,
    )
axes.axhline(0, color=plots.COLOURS["ink"], linewidth=0.8)
axes.set(
    title="Of the five printed terms only the zero is right",
    xlabel="class",
    ylabel="what the class adds to KL, in nats",
)
axes.grid(axis="x", visible=False)
axes.legend(loc="upper left")
plots.show(
    figure,
    alt="Bars for the five terms of the article's KL. Printed: 0.08, 0, 0.11, 0.4, 0.4. Computed from its vectors: -0.04, "
    "0, -0.04, 0.14, 0.14. Terms one and three have the other sign.",
)

# %% [markdown]
# What the table shows:
#
# - **The first and the third term have the wrong sign.** The student gives those classes *more*
#   than the teacher, so the logarithm of the ratio is below 0. Single terms of KL may be negative;
#   only the sum may not.
# - **The last two are too large.** No other base of the logarithm saves them: a base rescales all
#   terms alike, and no one factor takes $-0.0446$ to $0.08$ and $0.1386$ to $0.4$ as well.
# - **The printed terms add to 0.99, not 1.01**, and neither is the sum of the right ones.
#
# Now the hard loss. It multiplies a vector of labels into $\log q$ without the minus, and prints
# positive numbers:

# %% tags=["nbval-check-output"]
marks = torch.tensor([1, 0, 0, 1, 1])
surprises = -q.log()
print("the article's marks           ", marks.tolist())
print(
    "the teacher's most likely class",
    p.argmax().item() + 1,
    "of 5, marked:",
    bool(marks[p.argmax()]),
)
print("-log q                        ", [round(x, 4) for x in surprises.tolist()])
print(f"sum over the marked classes    {(marks * surprises).sum():.4f}   printed: 4.92")
mix = 0.5 * terms.sum() + 0.5 * (marks * surprises).sum()
print(f"combined, from its vectors     {mix:.4f}   printed: 2.92")
print(f"combined, from its own parts   {0.5 * 1.01 + 0.5 * 4.92:.4f}")

# %% [markdown]
# - **It marks three classes.** A hard label is one class. With three marks the vector is no
#   distribution either: it sums to 3.
# - **None of the three is the teacher's most likely class**, the second, though the vector is
#   called the teacher's label.
# - $-\log 0.25$ is 1.3863, not 0.32. The sum is **5.9915**, not 4.92.
# - The mixture is **3.0918**, not 2.92; and 2.92 does not follow from the article's own parts
#   either, which give **2.965**.
#
# There are slips in the words around the numbers as well. Section 3.2 says that the hard label is
# *the teacher's*; the training loop of section 4.3 takes it from *the data*. Only the second makes sense of $\alpha$: labels of the teacher's own making tell
# the student what the soft loss tells it already, more coarsely, mistakes included. The formulas
# **sum** over the $N$ examples, so the loss grows with the batch. And a temperature is not
# mentioned at all, though without one the soft targets of a confident teacher are hardly soft.
#
# ### Exercise 03.10 · Audit: what it should have been
# {{exercise:03.10}}
#
# Repair the example and compute the combined loss, in nats, at $\alpha = 0.5$ and $T = 1$: $q$
# divided by its sum, KL for the soft part, and **one** label, the teacher's most likely class, since
# the article gives no other. Round to three decimals, or not at all.

# %% exercise="03.10"
repaired_loss = ...  # a number
### BEGIN SOLUTION
repaired = q / q.sum()
soft_part = (p * (p / repaired).log()).sum()
hard_part = -repaired[p.argmax()].log()
repaired_loss = 0.5 * soft_part + 0.5 * hard_part
### END SOLUTION

# %% check="03.10"
check("03.10", repaired_loss)

# %% [markdown]
# Two things are worth a look in the repaired example. Dividing $q$ by its sum changes every
# logarithm by the same $\log 0.9$, and so the soft loss by just that. And section 4.1 writes the soft
# loss as cross-entropy and as KL, two lines with the same left-hand side. They differ by the
# teacher's entropy, which here is nearly all there is:

# %% tags=["nbval-check-output"]
normalised = q / q.sum()
print(f"KL, q as printed       {terms.sum():.4f}")
print(f"KL, q divided by 0.9   {divergences.kl_divergence(p, normalised):.4f}")
print(f"cross-entropy          {divergences.cross_entropy(p, normalised):.4f}")
print(f"entropy of p           {divergences.entropy(p):.4f}   the difference of the last two")

# %% [markdown]
# ## What each mistake would do in training
#
# Slips in an example are one thing. In code, every one of these mistakes runs: the loss falls, and
# nothing warns.
# To see what would be *learnt*, let a student of five free logits follow each of them to the end,
# with the article's $p$ as its teacher. A student that is free can reach any distribution, so what
# it ends with is what the loss really asks for.

# %%
p = p.float()
teacher_of_five = p.log()[None]  # logits whose softmax is p
beginner = torch.zeros(1, 5)
true_label, teachers_label = torch.tensor([3]), p.argmax()[None]


def independent_outputs(z):
    return (p * (p.log() - F.logsigmoid(z[0]))).sum()


def three_marks(z):
    return -(marks * F.log_softmax(z[0], dim=-1)).sum()


def probabilities_for_logs(z):
    return F.kl_div(F.softmax(z, dim=-1), p[None], reduction="batchmean")


def half_and_half(label):
    return lambda z: losses.distillation_loss(z, teacher_of_five, label, temperature=1.0, alpha=0.5)


softmax = lambda z: divergences.softmax(z)[0]
mistakes = {
    "right: KL(teacher ‖ student)": (
        lambda z: losses.soft_target_loss(z, teacher_of_five, temperature=1.0),
        softmax,
    ),
    "outputs need not sum to one": (independent_outputs, lambda z: torch.sigmoid(z[0])),
    "three classes marked": (three_marks, softmax),
    "kl_div given q for log q": (probabilities_for_logs, softmax),
    "right: half the label, from the data": (half_and_half(true_label), softmax),
    "half the label, from the teacher": (half_and_half(teachers_label), softmax),
}
learnt, final_loss = {}, {}
for name, (loss, outputs) in mistakes.items():
    logits = settle(loss, beginner)
    learnt[name], final_loss[name] = outputs(logits), loss(logits).item()

# %% tags=["hide-input"]
figure, panels = plt.subplots(2, 3, figsize=(10, 5.6), sharex=True, sharey=True)
for axes, (name, outputs) in zip(panels.flat, learnt.items()):
    right = name.startswith("right")
    axes.bar(
        range(1, 6),
        outputs,
        color=plots.COLOURS["truth" if right else "student"],
        hatch=None if right else "//",
        edgecolor="white",
    )
    axes.step(
        [0.5, *range(1, 6), 5.5],
        [p[0], *p.tolist(), p[-1]],
        where="mid",
        color=plots.COLOURS["teacher"],
        linewidth=1.6,
    )
    axes.set_title(f"{name}\nloss {round(final_loss[name], 3) + 0.0:.3f}", fontsize=10)
    axes.set(ylim=(0, 1.08), xticks=range(1, 6))
    axes.grid(axis="x", visible=False)
for axes in panels[1]:
    axes.set_xlabel("class")
for axes in panels[:, 0]:
    axes.set_ylabel("student's output")
figure.suptitle("What a free student learns; the teacher is the blue line", fontweight="bold")
plots.show(
    figure,
    alt="Six bar charts of what the student outputs after descent, with the teacher's p as a line. Right KL: the bars meet "
    "the line. Outputs that need not sum to one: all five near 1, loss -1.557. Three classes marked: a third on classes "
    "1, 4 and 5, loss 3.30. Probabilities for logs: everything on class 2. Label from the data: 0.6 on class 4. Label "
    "from the teacher: 0.65 on class 2.",
)

# %% tags=["nbval-check-output"]
for name, outputs in learnt.items():
    print(f"{name:<38}" + "  ".join(f"{x:.2f}" for x in outputs.tolist()))

# %% [markdown]
# - **Outputs that need not sum to one** (five sigmoids, or any $q$ that is not normalised): all run
#   to 1. The sum $\sum p_i \log(p_i/q_i)$ then reaches $-H(p)$, below the zero under which no KL
#   can fall. A negative soft loss is the symptom to look for.
# - **Three marks**: the minimum is a third on each marked class and nothing on the teacher's
#   favourite. The loss never falls below $3 \log 3$.
# - **Probabilities for log-probabilities**: minimising $\sum_i p_i (\log p_i - q_i)$ means
#   maximising $\sum_i p_i q_i$, and that puts all of $q$ on the teacher's favourite. What lies
#   beyond the favourite is gone: these are hard labels with extra steps.
# - **Labels from the teacher**: the student becomes surer of what the teacher believes, right or
#   wrong. With the data's label it is pulled to the truth, here class 4.
#
# ### Swapped arguments
#
# A free student cannot tell the two directions of KL apart: both are zero at $q = p$. The
# difference shows when it must compromise. Let two headlines look the same to a small student, so
# that it has one distribution to give for both, while its teacher leans to bad news for one and to
# good for the other, all but excludes the opposite, and allows *neutral* for both:

# %%
two_teachers = torch.tensor([[0.70, 0.299, 0.001], [0.001, 0.299, 0.70]])
rows = two_teachers.log()
one_student = torch.zeros(1, 3)


def forward_kl(z):
    return losses.soft_target_loss(z.expand(2, 3), rows, temperature=1.0)


def swapped_kl(z):
    q = divergences.softmax(z).expand(2, 3)
    return divergences.kl_divergence(q, two_teachers).mean()


compromise = {
    "KL(teacher ‖ student)": softmax(settle(forward_kl, one_student)),
    "KL(student ‖ teacher): swapped": softmax(settle(swapped_kl, one_student)),
}

# %% tags=["hide-input"]
names = ["negative", "neutral", "positive"]
figure, panels = plt.subplots(1, 3, figsize=(9.6, 3.3), sharey=True)
for shift, row, hatch in ((-0.2, 0, None), (0.2, 1, "//")):
    panels[0].bar(
        [i + shift for i in range(3)],
        two_teachers[row],
        0.4,
        color=plots.COLOURS["teacher"],
        hatch=hatch,
        edgecolor="white",
        label=f"headline {row + 1}",
    )
panels[0].set_title("the teacher on two headlines", fontsize=10)
panels[0].legend(loc="upper center")
for axes, (name, q) in zip(panels[1:], compromise.items()):
    axes.bar(range(3), q, 0.6, color=plots.COLOURS["student"], edgecolor="white")
    axes.set_title(name, fontsize=10)
for axes in panels:
    axes.set(ylim=(0, 1))
    axes.set_xticks(range(3), names)
    axes.grid(axis="x", visible=False)
panels[0].set_ylabel("probability")
figure.suptitle("One student for two headlines", fontweight="bold")
plots.show(
    figure,
    alt="Left: the teacher is 0.70 sure of negative for headline one and of positive for headline two, with 0.30 on neutral "
    "for both. Middle: forward KL gives the student the mean, 0.35, 0.30, 0.35. Right: the swapped KL gives 0.08, 0.85, "
    "0.08, sure of neutral.",
)

# %% tags=["nbval-check-output", "hide-input"]
geometric = two_teachers.log().mean(dim=0).softmax(dim=-1)
print(
    "mean of the teachers          ",
    "  ".join(f"{x:.3f}" for x in two_teachers.mean(dim=0).tolist()),
)
print(
    "KL(teacher ‖ student) learnt  ",
    "  ".join(f"{x:.3f}" for x in compromise["KL(teacher ‖ student)"].tolist()),
)
print("geometric mean, normalised    ", "  ".join(f"{x:.3f}" for x in geometric.tolist()))
print(
    "KL(student ‖ teacher) learnt  ",
    "  ".join(f"{x:.3f}" for x in compromise["KL(student ‖ teacher): swapped"].tolist()),
)

# %% [markdown]
# Forward KL averages: *I cannot tell, so I spread my belief.* The swapped one takes the geometric
# mean, in which a teacher's near-zero is a veto. It ends sure of a class that the teacher
# prefers for **neither** headline. [Lesson 02](02_from_surprise_to_kl.ipynb) has the other face of
# the same veto: given *one* target with two humps, a student that is too narrow for both may take one
# of them. Here it has two targets, and settles where neither forbids it to. (Some swap
# on purpose, for students that generate text: [Gu et al., 2024](https://arxiv.org/abs/2306.08543).)
#
# ### T² dropped
#
# With the label in the loss, a forgotten $T^2$ hands the student to the label, the more so the
# higher the temperature. On our headline, at $\alpha = 0.5$, the annotator's *neutral* against the
# teacher's *negative*:


# %%
def settled(temperature, with_square):
    scale = 1.0 if with_square else 1.0 / temperature**2

    def loss(z):
        soft = losses.soft_target_loss(z, teacher_logits, temperature=temperature)
        return 0.5 * scale * soft + 0.5 * losses.hard_target_loss(z, labels)

    return divergences.softmax(settle(loss, student_logits))[0, 2].item()


tried = (1, 2, 3, 4, 6, 8, 12, 16)
kept = [settled(t, True) for t in tried]
dropped = [settled(t, False) for t in tried]

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7.4, 3.7))
axes.plot(tried, dropped, "s--", color=plots.COLOURS["student"], label="T² dropped")
axes.plot(tried, kept, "o-", color=plots.COLOURS["teacher"], label="with T²")
axes.axhline(
    divergences.softmax(teacher_logits)[0, 2].item(),
    color=plots.COLOURS["ink"],
    linestyle=":",
    linewidth=1.2,
)
axes.annotate("what the teacher gives it", (16, 0.09), ha="right", fontsize=9)
axes.set(
    title="Without T², raising T switches the teacher off",
    xlabel="temperature T (no unit)",
    ylabel="student's probability\nfor the annotator's class",
    ylim=(0, 1.05),
)
axes.legend(loc="center right")
plots.show(
    figure,
    alt="The student's final probability for the label's class against temperature from 1 to 16, alpha one half. With T² "
    "it stays between 0.5 and 0.62. With T² dropped it climbs from 0.54 at T = 1 to above 0.9 at T = 4 and nearly 1 at 16.",
)

# %% [markdown]
# ### Exercise 03.11 · Which of them would you never notice?
# {{exercise:03.11}}
#
# A colleague trains a network with Adam and looks only at the finished student. Which of these
# slips leaves it practically unharmed?
#
# {{choices:03.11}}

# %% exercise="03.11"
harmless_here = ...  # "a", "b", "c" or "d"
### BEGIN SOLUTION
harmless_here = "c"
### END SOLUTION

# %% check="03.11"
check("03.11", harmless_here)

# %% [markdown]
# With $\alpha = 1$ there is no label to be drowned by, and a missing $T^2$ scales the whole gradient
# by $1/T^2$. The minimum stays where it is. How long until the KL at $T = 1$ is below 0.01?


# %%
def steps_needed(optimizer_class, rate, temperature, with_square, most=20_000):
    """How many steps until the student agrees with the teacher to within 0.01 nats."""
    scale = 1.0 if with_square else 1.0 / temperature**2
    z = student_logits.clone().requires_grad_(True)
    optimizer = optimizer_class([z], lr=rate)
    for step in range(most):
        with torch.no_grad():
            if losses.soft_target_loss(z, teacher_logits, temperature=1.0) < 0.01:
                return step
        optimizer.zero_grad()
        (scale * losses.soft_target_loss(z, teacher_logits, temperature=temperature)).backward()
        optimizer.step()
    return most


print("alpha = 1, T = 8            with T²   without")
for name, optimizer_class, rate in (
    ("gradient descent", torch.optim.SGD, 1.0),
    ("Adam", torch.optim.Adam, 0.05),
):
    counts = [steps_needed(optimizer_class, rate, 8.0, square) for square in (True, False)]
    print(f"{name:<24}{counts[0]:>8} {counts[1]:>9}   steps")

# %% [markdown]
# Gradient descent needs about $T^2 = 64$ times as many steps. Adam divides by the size of the
# gradient itself and hardly notices. So the slip can hide for a long time in an experiment without
# labels, and bites when labels come in.

# %% [markdown]
# ## What you can now do
#
# - Soften a distribution, and say what a higher temperature shows and what it costs.
# - Write $L = \alpha\,T^2\,\mathrm{KL}(p \,\|\, q) + (1 - \alpha)\,H(y, q_{T=1})$ from memory, per
#   example and per unmasked token, stable in float32, with no gradient into the teacher.
# - Derive the gradient $T(q - p)$, explain $T^2$ by it, and say what is left at a very high
#   temperature.
# - Read a loss curve: KL has its floor at 0, cross-entropy at the teacher's entropy, and a negative
#   "KL" is a bug.
# - Train with the loss, and say where to start with $T$ and $\alpha$.
# - Audit somebody's worked example: sums to one? one label? signs? own parts?
#
# ## Where this goes wrong in practice
#
# | slip | what you would see | guard |
# |---|---|---|
# | `reduction="mean"` in `kl_div` | a soft loss as many times too small as there are classes; with 30,000 words the teacher is inaudible | `"batchmean"`, or sum over classes yourself |
# | `"batchmean"` on (batch, length, vocabulary) | loss grows with sentence length | select the tokens first: `logits[mask]` |
# | padding in the loss | results depend on the batch size and on the longest sentence | the same sentence, padded further, must give the same loss: test it |
# | $T^2$ forgotten, or dropped when $\alpha$ takes an end value | with labels in the loss: the higher $T$, the more the student is one of the labels alone; without labels: the same minimum, but plain gradient descent is slower | check the gradient at $T = 1$ and $T = 8$ |
# | arguments swapped | a student that drops or overrates classes; never a negative value | one row by hand with $p \neq q$: the result must be KL(teacher ‖ student), not the other |
# | probabilities for logs | a negative "KL"; a student far too sure | student = teacher must give exactly 0 |
# | `dim=1` on three dimensions | trains, badly | `dim=-1` |
# | rows without anything to average, $-\infty$ logits | NaN at such a batch | a batch that is all padding, in the tests |
# | teacher in training mode, or with gradients | a teacher that contradicts itself; memory | `eval()`, `no_grad()`, `detach()` |
# | a very high $T$ in float32 | rounding errors of a tiny KL, times $T^2$: some per cent off at $T = 1000$, meaningless at 10,000 | stay below 20 or so, or match logits |
#
# And **conventions differ**. Read the source before copying a hyperparameter. This is what
# stood in each of these sources when we read them, in November 2026; later versions may differ:
#
# | code | what α or its like weighs | $T^2$ | note |
# |---|---|---|---|
# | this course, `losses.distillation_loss` | α: **soft** | on the soft part, always | per example or per unmasked token |
# | [torchdistill](https://github.com/yoshitomo-matsubara/torchdistill), `torchdistill/losses/mid_level.py`, `KDLoss` | α: **hard**; β, by default 1 − α: soft | on the soft part, except when α is 0 or there are no labels: then it returns the bare KL | softmax over `dim=1` |
# | [TextBrewer](https://github.com/airaria/TextBrewer), `src/textbrewer/losses.py`, `kd_ce_loss` | two free weights, `kd_loss_weight` (1) and `hard_label_weight` (0) | none | cross-entropy, not KL; default $T = 4$ |
# | [Transformers' DistilBERT scripts](https://github.com/huggingface/transformers-research-projects/tree/main/distillation), `distiller.py`, `run_squad_w_distillation.py` | `alpha_ce`: **soft**, despite its name; `alpha_mlm`, `alpha_squad`: hard | on the soft part | tokens selected by mask before `batchmean` in the first |
# | [Keras](https://github.com/keras-team/keras), `keras.distillation.Distiller` | `student_loss_weight`: **hard** (0.5) | if the loss is KL; not for other losses | default $T = 3$ |
# | [MMDetection](https://github.com/open-mmlab/mmdetection), `mmdet/models/losses/kd_loss.py` | a weight on the soft loss | yes | mean over classes: $C$ times smaller |
#
# On padding: [an issue of the library OptiPFair](https://github.com/peremartra/optipfair/issues/34)
# ("Padding tokens are not masked in distillation losses") reports that, with padding taken out, every method
# improved and the lead of the most elaborate one over a simpler one disappeared.
#
# ## Further reading
#
# - G. Hinton, O. Vinyals, J. Dean. *Distilling the Knowledge in a Neural Network.* NIPS 2014 Deep
#   Learning Workshop, 2015, [arXiv:1503.02531](https://arxiv.org/abs/1503.02531). Sections 2 and 2.1 are this lesson's core:
#   temperature, $T^2$, matching logits.
# - J. Ba, R. Caruana. *Do Deep Nets Really Need to be Deep?* Advances in Neural Information
#   Processing Systems 27, 2014, [arXiv:1312.6184](https://arxiv.org/abs/1312.6184). Students trained on logits (preprint: 2013).
# - C. Buciluǎ, R. Caruana, A. Niculescu-Mizil. *Model Compression.* Proceedings of the 12th ACM
#   SIGKDD International Conference on Knowledge Discovery and Data Mining, 2006, pp. 535–541.
#   [doi:10.1145/1150402.1150464](https://doi.org/10.1145/1150402.1150464). Where it began: one small network for a large ensemble, and
#   unlabelled data as what carries the knowledge.
# - T. Kim, J. Oh, N. Y. Kim, S. Cho, S.-Y. Yun. *Comparing Kullback-Leibler Divergence and Mean
#   Squared Error Loss in Knowledge Distillation.* Proceedings of the 30th International Joint
#   Conference on Artificial Intelligence, 2021, pp. 2628–2635. [doi:10.24963/ijcai.2021/362](https://doi.org/10.24963/ijcai.2021/362). KL
#   matches logits as $T$ grows and labels as $T$ goes to 0; in their experiments the plain squared
#   error of logits did better.
# - J. Tang, R. Shivanna, Z. Zhao, D. Lin, A. Singh, E. H. Chi, S. Jain. *Understanding and
#   Improving Knowledge Distillation.* 2020, [arXiv:2002.03532](https://arxiv.org/abs/2002.03532). What the soft targets do: smoothing,
#   weighing examples, relations between classes.
# - C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger. *On Calibration of Modern Neural Networks.*
#   Proceedings of the 34th International Conference on Machine Learning, 2017,
#   [arXiv:1706.04599](https://arxiv.org/abs/1706.04599). How sure networks are, and how right.

# %% [markdown]
# ## Where you stand
#
# Every exercise of this lesson, and what its last check in this session said:

# %%
show_progress("03")
