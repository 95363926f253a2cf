# %% [markdown]
# # 02 · From surprise to KL: what does a wrong belief cost?
#
# A student model is trained to believe what its teacher believes. To train it we need one number
# that says how far its belief is off. This lesson builds that number from a single idea, surprise,
# and ends with the loss that distillation minimises.
#
# **You will be able to**
# - compute entropy, cross-entropy, KL and JS, and say what their units mean;
# - say why KL is never negative, and why its two directions differ;
# - estimate KL from samples without being fooled;
# - derive the gradient that trains a student.
#
# **You need** PyTorch tensors, logarithms and sums. No information theory.
#
# **Minutes** about 100, of which 65 for the exercises.
#
# **What runs** the same at every scale (`offline`, `small`, `full`): small tensors on the CPU, in
# seconds. Nothing is downloaded and no language model is trained.
#
# Where an exercise resists, `hint("02.3")` in a cell of your own asks a question first, then gives a
# direction; the same call once more gives the next piece.

# %% tags=["setup"]
import io
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from ipywidgets import FloatSlider, Image, Label, VBox

from kd_course import divergences, plots, widgets
from kd_course.exercises import check, hint, show_progress
from kd_course.plots import COLOURS

plots.style()
torch.set_printoptions(precision=4, sci_mode=False)

# %% [markdown]
# ## One headline, three labels
#
# Our running example is one headline of financial news:
#
# > **Bank cuts 2,000 jobs as profit doubles**
#
# Is that negative, neutral or positive? Suppose that of all readers half call it negative, a
# quarter neutral and a quarter positive. We write this as a *distribution* $p$: one probability for
# each class, none negative, and their sum is one. A model that reads the same headline states a
# belief $q$ of the same kind.
#
# | letter | here | later in the course |
# |---|---|---|
# | $p$ | what happens: the readers | the teacher |
# | $q$ | what is believed: a model | the student |
#
# We keep these letters all the way through.

# %%
labels = ["negative", "neutral", "positive"]
readers = torch.tensor([0.50, 0.25, 0.25])  # p
model = torch.tensor([0.70, 0.20, 0.10])  # q: leans the right way, too sure of it

# %% [markdown]
# ## 1 · How surprising is one outcome?
#
# Someone reads the headline and says *positive*. Our model gave that 0.10. How surprised should it
# be?
#
# We want a number $s(\text{probability})$ with three properties.
#
# 1. What was certain does not surprise: $s(1) = 0$.
# 2. The rarer, the more surprising: $s$ grows as the probability falls.
# 3. Surprises of independent events add up. Two unrelated headlines with probabilities $a$ and $b$
#    both come out with probability $a \cdot b$, and so $s(a \cdot b) = s(a) + s(b)$.
#
# What turns products into sums is the logarithm, and it is the only smooth function that does (up
# to a factor):
#
# $$ s(a) = -\log a $$
#
# The factor is the choice of a base, and the base is the **unit**. The natural logarithm gives
# **nats**; base 2 gives **bits**. One nat is $1 / \log 2 \approx 1.4427$ bits. PyTorch's `log`,
# every loss with a logarithm in PyTorch, and this course use nats.

# %% tags=["nbval-check-output"]
for name, belief in zip(labels, model):
    nats = math.log(1 / belief)
    bits = nats / math.log(2)
    print(f"{name:<9} believed {belief:.2f}   surprise {nats:.4f} nats = {bits:.4f} bits")

a, b = torch.tensor(0.5), torch.tensor(0.25)
together, one, other = math.log(1 / (a * b)), math.log(1 / a), math.log(1 / b)
print(f"two events together {together:.4f} nats; one by one {one:.4f} + {other:.4f}")

# %% tags=["hide-input"]
believed = torch.linspace(0.005, 1, 400)
figure, axes = plt.subplots()
axes.plot(believed, -believed.log(), color=COLOURS["ink"])
for name, belief in zip(labels, model):
    axes.plot(belief, -belief.log(), "o", color=COLOURS["student"], markersize=8)
    axes.annotate(
        f"{name}: {-belief.log():.2f} nats",
        (belief, -belief.log()),
        (8, 6),
        textcoords="offset points",
    )
axes.set(
    xlabel="probability the model gave to what happened",
    ylabel="surprise (nats)",
    xlim=(0, 1.02),
    ylim=(0, 5.3),
)
axes.set_title("Surprise is zero for a certainty and grows without bound")
to_bits, to_nats = lambda nats: nats / math.log(2), lambda bits: bits * math.log(2)
in_bits = axes.secondary_yaxis("right", functions=(to_bits, to_nats))
in_bits.set_ylabel("surprise (bits)")
plots.show(
    figure,
    alt=(
        "A falling curve of surprise against probability: it shoots up near probability 0 and"
        " reaches zero at probability 1. Dots mark positive (0.10, 2.30 nats), neutral (0.20, 1.61"
        " nats) and negative (0.70, 0.36 nats). A second axis on the right gives the same heights"
        " in bits."
    ),
)

# %% [markdown]
# The curve explains much of what follows. Going from 0.7 to 0.9 on the right answer saves a quarter
# of a nat. Going from 0.1 to 0.001 on it costs 4.6. Being confidently wrong is what is expensive.
#
# The surprise at the label that was observed has another name, **negative log-likelihood**. It is
# the usual loss of a classifier trained on hard labels.
#
# ### Exercise 02.1 · Surprise
# {{exercise:02.1}}
#
# A model states its beliefs about several headlines, one row each; the labels are what readers then
# said. Return the surprise of each row, in nats, for any number of classes. What was held impossible
# and happens anyway is infinitely surprising; do not hide that.


# %% exercise="02.1"
def surprise(q, labels):
    """How surprised a model is by what happened, headline by headline.

    q: (batch, classes), the beliefs, some of them possibly zero; each row sums to one.
    labels: (batch,), the number of the class that happened, counted from 0 (int64).
    Returns (batch,): nats.
    """
    ### BEGIN SOLUTION
    believed = q.gather(-1, labels.unsqueeze(-1)).squeeze(-1)  # (batch,)
    return -believed.log()
    ### END SOLUTION


# %% check="02.1"
check("02.1", surprise)

# %% [markdown]
# ## 2 · How surprising is a whole distribution?
#
# Before we ask a reader, we do not know which answer will come. But we know how often each will:
# weigh each surprise by its probability, and add. This average surprise is the **entropy**:
#
# $$ H(p) = \sum_i p_i \cdot (-\log p_i) = -\sum_i p_i \log p_i $$
#
# where $i$ runs over the classes. A class with $p_i = 0$ never happens and adds nothing:
# $0 \cdot \log 0$ counts as 0, which is also the limit of $a \log a$ as $a$ goes to 0. A computer
# does not know that (for it, $0 \cdot (-\infty)$ is NaN), so it must be told.
#
# In bits, entropy has a meaning one can hold in the hand: no way of asking yes/no questions finds out
# the answer in fewer, on average, and the cleverest way needs less than one more. Where every
# probability is ½, ¼, ⅛ …, as with our readers, the two are equal: ask first "was it negative?"
# (half the time we are done), then, if not, "was it neutral?". That is one question half of the time
# and two otherwise, 1.5 on average.

# %% tags=["nbval-check-output"]
questions = torch.tensor([1.0, 2.0, 2.0])  # to find out: negative, neutral, positive
print(f"questions on average: {(readers * questions).sum():.4f}")
print(f"entropy of the readers: {divergences.entropy(readers):.4f} nats", end=" = ")
print(f"{divergences.entropy(readers) / math.log(2):.4f} bits")

# %% [markdown]
# What makes entropy large or small? Three headlines:

# %% tags=["hide-input"]
headlines = {
    "Quarterly profit doubles": torch.tensor([0.02, 0.08, 0.90]),
    "Bank cuts 2,000 jobs as profit doubles": readers,
    "Chairman comments on the year": torch.tensor([1 / 3, 1 / 3, 1 / 3]),
}
figure, panels = plt.subplots(1, 3, figsize=(9.6, 3.0), sharey=True)
for axes, (headline, p) in zip(panels, headlines.items()):
    bars = axes.bar(labels, p, width=0.6, color=COLOURS["truth"])
    axes.bar_label(bars, fmt="%.2f", fontsize=9)
    nats = divergences.entropy(p).item()
    axes.set_title(f"{headline}\nH = {nats:.2f} nats = {nats / math.log(2):.2f} bits", fontsize=9)
    axes.set(ylim=(0, 1.08), xlabel="what readers call it")
    axes.grid(axis="x", visible=False)
panels[0].set_ylabel("share of readers (probability)")
plots.show(
    figure,
    alt=(
        "Three bar charts of what readers call a headline. The first puts 0.90 on positive and has"
        " an entropy of 0.38 nats; the second is split 0.50, 0.25, 0.25 and has 1.04 nats; the"
        " third is even and has 1.10 nats."
    ),
)

# %% [markdown]
# Agreement means little entropy, disagreement much. It is smallest, 0, when one class is certain,
# and largest when all $C$ classes are equally likely: then every outcome surprises by
# $-\log \frac1C$, so $H = \log C$. For three classes that is $\log 3 \approx 1.10$ nats.
#
# A teacher's entropy says how much it hedges. It comes back in section 9.
#
# ### Exercise 02.2 · Entropy
# {{exercise:02.2}}
#
# In nats, over the last dimension, whatever the shape before it. A zero must not turn the result
# into NaN, and a small probability counts as what it is.


# %% exercise="02.2"
def entropy(p):
    """The average surprise of each distribution.

    p: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): nats.
    """
    ### BEGIN SOLUTION
    return -torch.xlogy(p, p).sum(-1)  # xlogy(0, 0) is 0
    ### END SOLUTION


# %% check="02.2"
check("02.2", entropy)

# %% [markdown]
# ## 3 · What if we believe something else than what is true?
#
# The outcomes come from $p$: that is how often each happens. The surprise is ours: it comes from
# what we believe, $q$. Average the one by the other, and we have the **cross-entropy**:
#
# $$ H(p, q) = -\sum_i p_i \log q_i $$
#
# $p$ stands outside the logarithm (how often), $q$ inside (how surprised). If we believe the truth,
# $q = p$, then $H(p, p) = H(p)$: the readers' own entropy, a surprise that no belief can spare us.
# How much of our surprise could we have been spared? The rest. It has a name, the
# **Kullback–Leibler divergence** of $q$ from $p$:
#
# $$ \mathrm{KL}(p \,\|\, q) \;=\; H(p, q) - H(p) \;=\; \sum_i p_i \,(\log p_i - \log q_i) $$
#
# Read it aloud as *how many nats it costs, on average, to believe $q$ when $p$ is true*. Four
# models and what each pays:

# %% tags=["nbval-check-output"]
beliefs = {
    "the truth": readers,
    "a hedger": torch.tensor([1 / 3, 1 / 3, 1 / 3]),
    "too sure": torch.tensor([0.90, 0.05, 0.05]),
    "wrong way round": torch.tensor([0.05, 0.05, 0.90]),
}
floor = divergences.entropy(readers)
print(f"{'who believes':<16}{'H(p, q)':>10} = {'H(p)':>6} + {'KL(p‖q)':>7}   (nats)")
for name, q in beliefs.items():
    total, extra = divergences.cross_entropy(readers, q), divergences.kl_divergence(readers, q)
    print(f"{name:<16}{total:>10.4f} = {floor:.4f} + {extra:>7.4f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7.2, 3.0))
extras = [divergences.kl_divergence(readers, q).item() for q in beliefs.values()]
axes.barh(
    list(beliefs), floor.item(), color=COLOURS["truth"], label="H(p): the readers' own entropy"
)
axes.barh(
    list(beliefs),
    extras,
    left=floor.item(),
    color=COLOURS["student"],
    label="KL(p‖q): the cost of believing q",
)
for row, extra in enumerate(extras):
    axes.annotate(
        f"{extra:.2f}", (floor.item() + extra, row), (4, 0), textcoords="offset points", va="center"
    )
axes.invert_yaxis()
axes.set(xlabel="average surprise (nats)", xlim=(0, 2.6))
axes.grid(axis="y", visible=False)
axes.set_title("Cross-entropy = entropy + the cost of a wrong belief", pad=26)
axes.legend(ncols=2, loc="lower left", bbox_to_anchor=(0, 0.99), borderaxespad=0.2)
plots.show(
    figure,
    alt=(
        "Four horizontal bars of cross-entropy. Each begins with the same green part of 1.04 nats,"
        " the entropy of the readers. The orange part after it, KL, is 0.00 for the truth, 0.06 for"
        " the hedger, 0.51 for the one who is too sure and 1.23 for the one who is wrong way round."
    ),
)

# %% [markdown]
# The green part is the same for all: it belongs to the readers, not to the model. Training a model
# changes the orange part only. That is why it makes no difference to the *gradient* whether one
# minimises cross-entropy or KL, although the two *values* differ. (We prove it in section 8.)
#
# Two edges, and both matter in code:
#
# - a class that never happens ($p_i = 0$) costs nothing, whatever $q_i$ is;
# - a class that happens ($p_i > 0$) though the model ruled it out ($q_i = 0$) costs infinitely
#   much. It is tempting to add a small number such as $10^{-9}$ to $q$ so that no infinity appears.
#   But then it is that small number that decides the result: it prices the impossible at
#   $-\log 10^{-9} \approx 20.7$ nats. A function should say `inf` and leave the repair (section 7)
#   to whoever calls it.
#
# ### Exercise 02.3 · KL
# {{exercise:02.3}}
#
# In nats, over the last dimension, whatever the shape before it. Mind the two edges, and classes that
# both sides rule out.


# %% exercise="02.3"
def kl_divergence(p, q):
    """How many nats it costs, on average, to believe q when p is true.

    p, q: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): KL(p ‖ q) in nats; inf where something happens that q rules out.
    """
    ### BEGIN SOLUTION
    terms = torch.xlogy(p, p) - torch.xlogy(p, q)  # xlogy(0, anything) is 0
    return terms.sum(-1)
    ### END SOLUTION


# %% check="02.3"
check("02.3", kl_divergence)

# %% [markdown]
# PyTorch has KL too, and it is easily called wrongly.
# [`F.kl_div(input, target)`](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html)
# computes KL(**target** ‖ **input**), so the student comes first although it stands second in the formula;
# `input` must hold **log**-probabilities; and the default `reduction="mean"` divides by the number
# of all elements, classes included. Each of these calls runs without an error:

# %% tags=["nbval-check-output"]
p, q = readers.unsqueeze(0), model.unsqueeze(0)  # (1, 3): a batch of one
print(f"by definition               {divergences.kl_divergence(readers, model):.4f}")
print(f"kl_div(log q, p, batchmean) {F.kl_div(q.log(), p, reduction='batchmean'):.4f}   right")
print(f"kl_div(log q, p, mean)      {F.kl_div(q.log(), p, reduction='none').mean():.4f}   a third")
print(f"kl_div(log p, q, batchmean) {F.kl_div(p.log(), q, reduction='batchmean'):.4f}   swapped")
print(f"kl_div(q, p, batchmean)     {F.kl_div(q, p, reduction='batchmean'):.4f}  no logarithm")

# %% [markdown]
# (The third line spells out what `reduction="mean"` computes: the mean over *all* elements. PyTorch
# 2 warns of that one, once; of the others it says nothing.)
#
# ## 4 · Can a belief do better than the truth?
#
# In the table no belief cost less than nothing. Is that so for every $p$ and $q$? Each *term*
# $p_i (\log p_i - \log q_i)$ may well be negative: wherever the model believes *more* than what is
# true, it is surprised less than it should be. But then it must believe less somewhere else, for
# beliefs sum to one.
#
# A picture shows why the sum cannot win. Write $r_i = q_i / p_i$, how many times too strongly the
# model believes in class $i$ (for classes that happen, $p_i > 0$). The logarithm is a curve that
# bends downward, and the straight line $r - 1$ touches it at $r = 1$. So it lies on or above the
# curve everywhere:
#
# $$ \log r \;\le\; r - 1, \qquad \text{equal only at } r = 1. $$
#
# Now average both sides over what happens, that is, weigh with $p_i$ and add:
#
# $$ -\mathrm{KL}(p\,\|\,q) = \sum_i p_i \log r_i \;\le\; \sum_i p_i (r_i - 1)
# = \sum_i q_i - \sum_i p_i \le 1 - 1 = 0. $$
#
# So $\mathrm{KL} \ge 0$, and it is 0 only if every $r_i = 1$, that is, if $q = p$. This is **Gibbs'
# inequality**. (The last sum of $q$ runs over classes that happen; it is at most 1.)

# %% tags=["hide-input"]
ratio = torch.linspace(0.15, 2.0, 400)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8))
figure.get_layout_engine().set(wspace=0.08)
left.plot(ratio, ratio - 1, color=COLOURS["highlight"], label="r − 1")
left.plot(ratio, ratio.log(), color=COLOURS["ink"], label="log r")
r = model / readers
left.vlines(r, r.log(), r - 1, color=COLOURS["student"], linewidth=3, label="the gap")
for name, x, offset in zip(labels, r, [(8, -10), (8, -12), (8, -12)]):
    left.plot(x, x.log(), "o", color=COLOURS["student"])
    left.annotate(name, (x, x.log()), offset, textcoords="offset points", fontsize=9)
left.set(
    xlabel="r = q / p  (how many times too strong a belief)",
    ylabel="log r and r − 1 (nats)",
    ylim=(-1.5, 1.1),
)
left.set_title("A line that the logarithm never crosses")
left.legend(loc="upper left")

share = torch.linspace(0.01, 0.99, 300)  # q's belief in negative; the rest shared evenly
path = torch.stack([share, (1 - share) / 2, (1 - share) / 2], dim=-1)  # (300, 3)
right.plot(share, divergences.kl_divergence(readers, path), color=COLOURS["student"])
right.plot(0.5, 0, "o", color=COLOURS["truth"], markersize=9)
right.annotate("q = p", (0.5, 0), (-14, 12), textcoords="offset points")
right.axhline(0, color=COLOURS["ink"], linewidth=1)
right.set(xlabel="q's belief in negative (probability)", ylabel="KL(p‖q) (nats)", ylim=(-0.25, 2.2))
right.set_title("So KL touches zero once, at the truth")
plots.show(
    figure,
    alt=(
        "Left: the curve log r and the straight line r minus 1, which touches it at r = 1 and lies"
        " above it everywhere else; vertical bars show the gap at the model's three ratios, 0.4,"
        " 0.8 and 1.4. Right: KL as the model's belief in negative goes from 0 to 1; the curve"
        " falls to zero at 0.5, the truth, and rises again on both sides."
    ),
)

# %% [markdown]
# The vertical gaps are more than decoration. Averaged with $p$, they *are* the KL divergence. For
# if $q$ rules in only what $p$ does, $\sum_i p_i (r_i - 1)$ is zero and may be added for free:
#
# $$ \mathrm{KL}(p \,\|\, q) = \sum_i p_i \,\big( (r_i - 1) - \log r_i \big),
# \qquad r_i = q_i / p_i, $$
#
# a sum in which *every* term is at least zero. We shall need this form in section 7.

# %% tags=["nbval-check-output"]
terms = readers * (readers.log() - model.log())
gaps = readers * ((r - 1) - r.log())
print("terms of the definition:", [f"{x:+.4f}" for x in terms.tolist()], f"sum {terms.sum():.4f}")
print("gaps under the line:    ", [f"{x:+.4f}" for x in gaps.tolist()], f"sum {gaps.sum():.4f}")

# %% [markdown]
# ### Exercise 02.4 · A negative KL (quiz)
# {{exercise:02.4}}
#
# A colleague's training log shows a mean KL(teacher ‖ student) of **−0.05** nats. The formula in
# the code is right: `(p * (p.log() - q.log())).sum(-1).mean()`. All entries are positive,
# each of the teacher's rows sums to one, and the values are nowhere near the limits of float32. What has happened?
#
# {{choices:02.4}}

# %% exercise="02.4"
negative_kl = ...  # one letter, as a string
### BEGIN SOLUTION
negative_kl = "b"
### END SOLUTION

# %% check="02.4"
check("02.4", negative_kl)

# %% [markdown]
# ## 5 · Why do the two directions differ?
#
# KL is no distance: $\mathrm{KL}(p\,\|\,q)$ and $\mathrm{KL}(q\,\|\,p)$ are different numbers, for
# they average over different things. The first asks "what do the *readers* say, and how surprised
# is the model?"; the second, "what does the *model* say, and how surprised would the readers be?"
# The letter on the left decides what is looked at.

# %% tags=["nbval-check-output"]
certain = torch.tensor([1.0, 0.0, 0.0])
for name, q in {"model": model, "too sure": beliefs["too sure"], "certain": certain}.items():
    forward, reverse = divergences.kl_divergence(readers, q), divergences.kl_divergence(q, readers)
    print(f"{name:<9} KL(readers‖q) {forward:.4f}   KL(q‖readers) {reverse:.4f}")

# %% [markdown]
# In the last row the model rules out what half of the readers say. Looked at from the readers, that
# is infinitely wrong. Looked at from the model, which only ever says *negative*, a thing that half
# of the readers say too, it is wrong by $\log 2 \approx 0.69$ nats.
#
# With $p$ the target and $q$ the model we train, the usual names are
#
# - **forward KL**, $\mathrm{KL}(p\,\|\,q)$: weighed by the target. It punishes a model that leaves
#   out what the target does.
# - **reverse KL**, $\mathrm{KL}(q\,\|\,p)$: weighed by the model. It punishes a model that does
#   what the target does not.
#
# If the model can become equal to the target, both end in the same place, at zero. The difference
# shows when it cannot: when the model is too small. A student smaller than its teacher may be such a
# model, and then the direction decides what it gives up.
#
# ### Exercise 02.5 · Two losses for one fit
# {{exercise:02.5}}
#
# Write both as losses on *logits*: unbounded scores $z$, from which $q = \mathrm{softmax}(z)$, that
# is, $q_i = e^{z_i} / \sum_j e^{z_j}$. The check looks at the gradient with respect to the logits
# as well as at the value, so compute in a way that lets it flow. Logits may lie hundreds apart. A
# class that the target rules out adds nothing to forward KL; reverse KL it makes infinite, for a
# softmax rules nothing out. (Where the loss is infinite, its gradient is not checked. No
# case has a zero in the target where the model's probability is so small that float32 rounds it to 0.)


# %% exercise="02.5"
def fit_loss(target, logits, direction):
    """How far a model is from its target, in the direction asked for.

    target: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    logits: (..., classes), the model's.
    direction: "forward" for KL(target ‖ model), "reverse" for KL(model ‖ target); no other word.
    Returns (...): nats, one number for each row.
    """
    ### BEGIN SOLUTION
    log_q = F.log_softmax(logits, dim=-1)
    if direction == "forward":
        return (torch.xlogy(target, target) - target * log_q).sum(-1)
    return (log_q.exp() * (log_q - target.log())).sum(-1)
    ### END SOLUTION


# %% check="02.5"
check("02.5", fit_loss)

# %% [markdown]
# ### A narrow model and a target with two humps
#
# Let readers answer on a finer scale: the headline's tone, from −10 (very bad) to +10 (very good).
# Some look at the jobs, some at the profit, so there are two camps. That is our target, made up for
# this picture. Our model is too narrow for it: a single hump, with two parameters to learn, where
# it stands and how wide it is.

# %%
tone = torch.linspace(-10, 10, 101, dtype=torch.float64)


def one_hump(middle, width):
    """A bell over the tone scale: (101,) probabilities. middle, width: in units of tone."""
    return divergences.softmax(-((tone - middle) ** 2) / (2 * width**2))


two_humps = 0.6 * one_hump(-3, 0.9) + 0.4 * one_hump(3, 0.9)


# %%
def fit(loss, start, steps=300):
    """Move one hump until the loss is small; returns its middle, its width and the loss."""
    middle = torch.tensor(float(start), dtype=torch.float64, requires_grad=True)
    # The width's logarithm is learned: the width itself then stays positive by construction.
    log_width = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([middle, log_width], lr=0.1)
    for _ in range(steps):
        optimiser.zero_grad()
        value = loss(two_humps, one_hump(middle, log_width.exp()))
        value.backward()
        optimiser.step()
    return middle.item(), log_width.exp().item(), value.item()


def forward_kl(target, hump):
    """KL(target ‖ hump), weighed by the target: () nats."""
    return divergences.kl_divergence(target, hump)


def reverse_kl(target, hump):
    """KL(hump ‖ target), weighed by the model: () nats."""
    return divergences.kl_divergence(hump, target)


# %% tags=["nbval-check-output"]
starts = {"from the left": -2, "from the middle": 0, "from the right": 2}
fits = {
    (direction, start): fit(loss, where)
    for direction, loss in {"forward KL": forward_kl, "reverse KL": reverse_kl}.items()
    for start, where in starts.items()
}


def mean_and_spread(distribution):
    """A distribution's mean and standard deviation on the tone scale."""
    mean = (distribution * tone).sum()
    return mean.item(), (distribution * (tone - mean) ** 2).sum().sqrt().item()


print(f"{'fitted hump':<28}{'mean':>7}{'standard deviation':>20}{'loss':>8} nats")
for (direction, start), (middle, width, loss) in fits.items():
    mean, spread = mean_and_spread(one_hump(middle, width))
    print(f"{direction}, {start:<16}{mean:>7.1f}{spread:>20.1f}{loss:>8.2f}")
print(f"{'the target itself':<28}{{:>7.1f}}{{:>20.1f}}".format(*mean_and_spread(two_humps)))

# %% tags=["hide-input"]
figure, panels = plt.subplots(1, 2, figsize=(9.6, 3.6), sharey=True)
styles = {
    "from the left": ("student", "-"),
    "from the middle": ("control", ":"),
    "from the right": ("accent", "--"),
}
for axes, direction, says in zip(
    panels, ["forward KL", "reverse KL"], ["covers both camps", "settles near its start"]
):
    axes.fill_between(
        tone, two_humps, color=COLOURS["truth"], alpha=0.35, label="target: the readers"
    )
    for start, (colour, line) in styles.items():
        middle, width, loss = fits[direction, start]
        axes.plot(
            tone,
            one_hump(middle, width),
            line,
            color=COLOURS[colour],
            label=f"started {start}: {loss:.2f} nats",
        )
    axes.set(
        xlabel="tone of the headline (−10 very bad … +10 very good)", xlim=(-8, 8), ylim=(0, 0.145)
    )
    axes.set_title(f"{direction} {says}")
    axes.legend(loc="upper left", fontsize=8)
panels[0].set_ylabel("probability of each step of 0.2")
plots.show(
    figure,
    alt=(
        "Two panels over the same two-humped target. Left, forward KL: all three starts end in the"
        " same broad hump that covers both camps and has its top between them, where the target has"
        " almost nothing. Right, reverse KL: the model started on the left stands over the left"
        " hump, the one started on the right over the right hump, and the one started in the middle"
        " stays there, broad, with the highest loss."
    ),
)

# %% [markdown]
# - **Forward KL covers.** The model must give something to everything that happens, so it stretches
#   over both camps. It ends with the target's own mean and standard deviation, from all three starts:
#   the last line of the table is the first three again. The price: it believes most in a tone that
#   hardly anybody holds.
# - **Reverse KL chooses.** The model is judged only where it stands itself, so a model that starts near
#   a camp settles there and matches that camp. The price: it never learns that the other camp exists,
#   and which camp it joins depends on where it started. Started in the middle, it joins neither: it
#   rests in a compromise whose loss is higher than either camp's, but from which every small step
#   leads uphill.
#
# One says *mass-covering* (or mean-seeking) and *mode-seeking*. The names say where the low losses lie,
# not that gradient descent gets there. To see why, push a hump of width 0.9 along the scale and read
# off both losses:

# %% tags=["hide-input"]
middles = torch.linspace(-5, 5, 201, dtype=torch.float64)
pushed = torch.stack([one_hump(middle, 0.9) for middle in middles])  # (201, 101)
figure, axes = plt.subplots()
axes.plot(
    middles,
    divergences.kl_divergence(two_humps, pushed),
    color=COLOURS["teacher"],
    label="forward KL(target‖model)",
)
axes.plot(
    middles,
    divergences.kl_divergence(pushed, two_humps),
    color=COLOURS["highlight"],
    linestyle="--",
    label="reverse KL(model‖target)",
)
for camp, side in ((-3, "left"), (3, "right")):
    axes.axvline(camp, color=COLOURS["truth"], linewidth=1, linestyle=":")
    axes.annotate(
        f" camp at {camp:+d} ".replace("-", "−"),
        (camp, 13.4),
        ha=side,
        color=COLOURS["truth"],
        fontsize=9,
    )
axes.set(xlabel="middle of the model's hump (tone)", ylabel="loss (nats)", ylim=(0, 17))
axes.set_title("Forward KL has one valley, between the camps; reverse KL has two")
axes.legend(loc="upper center")
plots.show(
    figure,
    alt=(
        "Two loss curves against the position of a narrow hump. Forward KL is one bowl with its"
        " lowest point between the two camps, near minus 0.6. Reverse KL has two low points, one at"
        " each camp, and a ridge between them."
    ),
)

# %% [markdown]
# Try it yourself, with both parameters. (Without a running kernel there are no sliders; the two
# pictures above show a part of what they would.)


# %% tags=["hide-input"]
at_rest = {"step": 0.1, "continuous_update": False}  # redraw when the slider is let go
middle = FloatSlider(value=-0.6, min=-5, max=5, description="middle", **at_rest)
width = FloatSlider(value=3.1, min=0.4, max=4, description="width", **at_rest)
picture, caption = Image(format="png"), Label()


def redraw(_change=None):
    """Draw the target and the hump that the sliders ask for, and say what it costs."""
    hump = one_hump(middle.value, width.value)
    forward, reverse = forward_kl(two_humps, hump), reverse_kl(two_humps, hump)
    caption.value = f"forward KL {forward:.2f} nats, reverse KL {reverse:.2f} nats"
    figure, axes = plt.subplots(figsize=(7.2, 2.8))
    axes.fill_between(tone, two_humps, color=COLOURS["truth"], alpha=0.35, label="target")
    axes.plot(tone, hump, color=COLOURS["student"], label="model")
    axes.set(xlabel="tone of the headline", ylabel="probability of each step of 0.2", ylim=(0, 0.2))
    axes.set_title(caption.value)
    axes.legend(loc="upper right")
    png = io.BytesIO()
    figure.savefig(png)
    plt.close(figure)
    picture.value = png.getvalue()


for slider in (middle, width):
    slider.observe(redraw, names="value")
redraw()
widgets.show(
    VBox([middle, width, caption, picture]),
    instead="sliders for the hump's middle and width; the two pictures above show what they do",
)

# %% [markdown]
# ## 6 · Is there a fair middle?
#
# Sometimes neither side is "the truth": two annotators, two models, two corpora. We want a number
# that does not depend on which is called $p$, and that stays finite when the two rule out different
# things. So let each of the two pay what it costs to believe their midpoint $m$, which is half $p$ and
# half $q$, and take the mean of the two costs. The midpoint rules out only what both do, so nobody
# pays an infinite price.
#
# This is the **Jensen–Shannon divergence**, $\mathrm{JS}(p, q)$. It is symmetric by construction. How
# large can it get? Nowhere is $m$ less than half of $p$, so $\log p_i - \log m_i \le \log 2$ for every
# class, and an average of such terms is at most $\log 2 \approx 0.693$ nats (one bit). That bound is
# reached when $p$ and $q$ have no class in common.
#
# Below, two annotators begin in agreement, then move apart until each is certain of the opposite
# label.

# %% tags=["hide-input"]
apart = torch.linspace(0, 1, 201, dtype=torch.float64)
first = torch.stack([(1 + apart) / 2, (1 - apart) / 2], dim=-1)  # (201, 2): leans to negative
second = first.flip(-1)  # leans to positive, as much
figure, axes = plt.subplots()
axes.plot(
    apart[:-1],
    divergences.kl_divergence(first, second)[:-1],
    color=COLOURS["teacher"],
    linestyle="--",
    label="KL, either way (no bound)",
)
axes.plot(apart, divergences.js_divergence(first, second), color=COLOURS["student"], label="JS")
axes.axhline(math.log(2), color=COLOURS["ink"], linewidth=1, linestyle=":")
axes.annotate("log 2", (0.01, math.log(2)), (0, 4), textcoords="offset points")
axes.set(
    xlabel="how far apart (0: both say ½, ½;  1: each is certain, of opposite labels)",
    ylabel="divergence (nats)",
    ylim=(0, 3),
)
axes.set_title("KL runs away when two beliefs contradict each other; JS stops at log 2")
axes.legend(loc="upper left", bbox_to_anchor=(0.02, 0.9))
plots.show(
    figure,
    alt=(
        "Two curves that start at zero when the annotators agree. KL grows ever faster and leaves"
        " the picture before they are fully apart. JS grows slowly and ends exactly on the dotted"
        " line at log 2, 0.69 nats."
    ),
)

# %% tags=["nbval-check-output"]
opposite = torch.tensor([0.0, 0.0, 1.0])
print(f"KL(certain‖opposite) = {divergences.kl_divergence(certain, opposite):.4f} nats")
print(f"JS(certain, opposite) = {divergences.js_divergence(certain, opposite):.4f} nats")
print(f"log 2 = {math.log(2):.4f}")
print(f"JS(readers, model) = {divergences.js_divergence(readers, model):.4f} nats")
print(f"JS(model, readers) = {divergences.js_divergence(model, readers):.4f} nats")

# %% [markdown]
# A bound has its price. However wrong a student's logits become, the loss cannot pass $\log 2$. So
# in the *logits* it levels off, and what is level has no gradient. (The picture is drawn over
# probabilities, where it does not.) As a yardstick JS is comfortable; as a training
# loss it is weakest where the student is worst. (Section 8 puts a number on that.)
#
# ### Exercise 02.6 · Jensen–Shannon
# {{exercise:02.6}}
#
# Turn the words into a formula, and the formula into code: in nats, for any leading shape, with zeros
# allowed on either side and on both.


# %% exercise="02.6"
def js_divergence(p, q):
    """How far p and q are from their midpoint, on average.

    p, q: (..., classes), probabilities, some of them possibly zero; each row sums to one.
    Returns (...): nats, between 0 and log 2 up to rounding.
    """
    ### BEGIN SOLUTION
    middle = (p + q) / 2
    return (divergences.kl_divergence(p, middle) + divergences.kl_divergence(q, middle)) / 2
    ### END SOLUTION


# %% check="02.6"
check("02.6", js_divergence)

# %% [markdown]
# As a formula:
#
# $$ \mathrm{JS}(p, q) = \tfrac12 \,\mathrm{KL}(p \,\|\, m) + \tfrac12 \,\mathrm{KL}(q \,\|\, m),
# \qquad m = \tfrac12 (p + q) $$
#
# ## 7 · Going deeper: what if we cannot sum over everything?
#
# *Nothing after this section builds on it. Whoever is in a hurry goes on with section 8 and comes back
# when a divergence has to be estimated.*
#
# Three labels can be summed over. Sentences cannot: with a vocabulary of 30,000 words there are
# $30{,}000^{10}$ sequences of ten words. What we *can* do is let the teacher write some, and ask
# both models for the log-probability of what was written. KL is an average over $p$:
#
# $$ \mathrm{KL}(p \,\|\, q) = \mathbb{E}_{x \sim p}\big[ \log p(x) - \log q(x) \big] $$
#
# ($\mathbb{E}_{x \sim p}$: the average over outcomes $x$ drawn from $p$.) So draw $n$ outcomes and
# average. This is a **Monte-Carlo estimate**. It is right on average (*unbiased*), and its spread
# falls like $1/\sqrt{n}$: a hundred times the samples for one more digit.
#
# But single terms have either sign, so an estimate of a small KL can come out negative. Section 4
# has the cure: the gap under the line, $(r - 1) - \log r$ with $r = q(x)/p(x)$, has the same
# average, for $r - 1$ averages to $\sum p \cdot q/p - 1 = 0$, and is never negative. John Schulman's
# [note](http://joschu.net/blog/kl-approx.html) calls the two estimators
#
# $$ k_1 = -\log r, \qquad k_3 = (r - 1) - \log r . $$
#
# ### Exercise 02.7 · KL from samples
# {{exercise:02.7}}
#
# Return the estimate $k_3$, averaged over the samples in the last dimension, whatever the shape before
# it. A sentence of a hundred words may have a log-probability of −400 or less: see to it that the estimate is
# as good there.


# %% exercise="02.7"
def kl_from_samples(log_p, log_q):
    """KL(p ‖ q), estimated from outcomes that were drawn from p.

    log_p, log_q: (..., samples), what p and q give to each outcome, as log-probabilities (nats).
    Returns (...): the mean of k3 over the samples, in nats.
    """
    ### BEGIN SOLUTION
    log_r = log_q - log_p
    return (log_r.exp() - 1 - log_r).mean(-1)
    ### END SOLUTION


# %% check="02.7"
check("02.7", kl_from_samples)

# %% [markdown]
# Which is better? We need a case where the truth is known: a "next word" from a vocabulary of
# 1,000, for which the sum can still be done. One student is close to its teacher, one far from it.

# %%
generator = torch.Generator().manual_seed(0)
words = 1000
teacher_logits = 2 * torch.randn(words, generator=generator, dtype=torch.float64)
noise = torch.randn(words, generator=generator, dtype=torch.float64)
teacher = divergences.softmax(teacher_logits)
students = {
    "a student close to its teacher": divergences.softmax(teacher_logits + 0.2 * noise),
    "a student far from its teacher": divergences.softmax(teacher_logits + 2.0 * noise),
}


def estimates(student, n, repeats=500):
    """k1 and k3 from n samples of the teacher: (repeats,) each, in nats."""
    drawn = torch.multinomial(teacher, repeats * n, replacement=True, generator=generator).view(
        repeats, n
    )
    ratio = student / teacher  # (words,)
    k1 = -ratio.log()
    k3 = k1 + ratio - 1
    return k1[drawn].mean(-1), k3[drawn].mean(-1)


# %% tags=["hide-input"]
sizes = [3, 10, 30, 100, 300, 1000, 3000]
edges = torch.tensor([0.05, 0.95], dtype=torch.float64)
figure, panels = plt.subplots(1, 2, figsize=(9.6, 3.7))
for axes, (name, student) in zip(panels, students.items()):
    bands = torch.stack([torch.stack(estimates(student, n)).quantile(edges, dim=-1) for n in sizes])
    for which, (label, colour, hatch) in enumerate(
        [("k1", "highlight", "//"), ("k3", "teacher", None)]
    ):
        low, high = bands[:, 0, which], bands[:, 1, which]
        axes.fill_between(
            sizes,
            low,
            high,
            color=COLOURS[colour],
            alpha=0.5,
            hatch=hatch,
            label=f"{label}, 90 % of runs",
        )
    axes.axhline(
        divergences.kl_divergence(teacher, student).item(),
        color=COLOURS["ink"],
        linewidth=1.5,
        label="exact KL",
    )
    axes.set(xscale="log", xlabel="samples n in one estimate")
    axes.set_title(name)
    axes.legend(loc="upper right")
panels[0].set_ylabel("estimate of KL(teacher‖student) (nats)")
plots.show(
    figure,
    alt=(
        "Bands that hold 90 percent of 500 estimates, against the number of samples; all close in"
        " on the exact KL. For the close student the band of k1 is many times wider than that of k3"
        " and reaches far below zero. For the far student it is the other way round: from ten"
        " samples on, k3's is the wider one, and it reaches far above the exact value."
    ),
)

# %% tags=["hide-input"]
columns = ("exact", "mean k1", "mean k3", "std k1", "std k3", "k1 < 0")
print(f"{'in nats, n = 100':<32}" + "".join(f"{column:>9}" for column in columns))
for name, student in students.items():
    k1, k3 = estimates(student, n=100)
    exact = divergences.kl_divergence(teacher, student)
    row = (exact, k1.mean(), k3.mean(), k1.std(), k3.std())
    print(f"{name:<32}" + "".join(f"{x:>9.4f}" for x in row) + f"{(k1 < 0).double().mean():>9.0%}")

# %% [markdown]
# Close to the teacher, where a student should end up, $k_3$ is by far the steadier one, and it is
# never negative. Far from it the order is reversed: now and then $r$ is very large, and a few rare
# samples carry the average. So neither of the two is best everywhere, and an estimate without its spread
# says little. Report the estimate with its spread.
#
# There is one more condition. That $r - 1$ averages to zero needs every outcome that $q$ holds
# possible to be possible under $p$. What the student says and the teacher never would is not in the
# sample, and $k_3$ comes out too low by just that mass.

# %% [markdown]
# ### When all we have is counts
#
# Sometimes even the probabilities are unknown: there is only a corpus. The obvious thing is to
# count, divide by the total, and *plug* the result $\hat p$ *in*. Two things go wrong.
#
# **Agreement looks like disagreement.** Draw $n$ words from $p$ and compute
# $\mathrm{KL}(\hat p\,\|\,p)$. Nothing has changed, so the answer ought to be 0. But KL is never
# negative, and chance makes $\hat p$ a little different, so the errors cannot cancel: the
# estimate is *biased*. For $K$ words and many samples it is about $(K-1)/(2n)$ nats.
#
# **A word not seen is called impossible.** Then $\mathrm{KL}(p\,\|\,\hat p)$ is infinite. One such
# word is enough, however rare it is.
#
# The repair is **smoothing**: behave as if every word had been seen $\lambda$ more times, whatever its
# count, those never seen included. Then nothing is impossible.
#
# It trades one error for another: a small $\lambda$ believes the zeros too much, a large one drags
# everything towards the uniform distribution. Which is best depends on the distribution and on
# $n$. In the picture below, of the four that were tried, 1 is best throughout; on real data choose it
# on data held out. Whatever is done, the result must be a distribution: see exercise 02.4.
#
# ### Exercise 02.8 · Smoothing
# {{exercise:02.8}}
#
# Return the smoothed distribution of each row. Counts may be whole numbers or floats, the strength any
# number above zero, a fraction too; and a row in which nothing was seen is smoothed like any other.


# %% exercise="02.8"
def smoothed(counts, strength):
    """Counts turned into probabilities, with nothing left impossible.

    counts: (..., classes), how often each class was seen, int64 or floating.
    strength: a number above zero, λ: how many more times each class counts as seen.
    Returns (..., classes): probabilities; each row sums to one.
    """
    ### BEGIN SOLUTION
    raised = counts + strength
    return raised / raised.sum(-1, keepdim=True)
    ### END SOLUTION


# %% check="02.8"
check("02.8", smoothed)

# %% [markdown]
# As a formula, with $c_i$ for the counts:
#
# $$ \hat p_i = \frac{c_i + \lambda}{n + \lambda K}, \qquad n = \textstyle\sum_i c_i . $$
#
# Both faults, and the repair, on words whose true distribution is known: 50 of them, with
# frequencies that fall like 1, 1/2, 1/3, … as Zipf's law has it.

# %%
K = 50
rank = torch.arange(1, K + 1, dtype=torch.float64)
zipf = (1 / rank) / (1 / rank).sum()  # word frequencies that fall like 1/rank


def counted(n, repeats=400):
    """How often each word was drawn in n draws: (repeats, K) counts."""
    drawn = torch.multinomial(zipf, repeats * n, replacement=True, generator=generator).view(
        repeats, n
    )
    return F.one_hot(drawn, K).sum(1).double()


sizes = [30, 60, 125, 250, 500, 1000, 2000]
samples = {n: counted(n) for n in sizes}

# %%
print("how often KL(p‖p̂) is infinite:")
for n, counts in samples.items():
    infinite = divergences.kl_divergence(zipf, counts / n).isinf().double().mean()
    print(f"  n = {n:<5} {infinite:>6.1%} of {len(counts)} samples")

# %% tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.7))
figure.get_layout_engine().set(wspace=0.08)
plug_in = [divergences.kl_divergence(counts / n, zipf).mean() for n, counts in samples.items()]
left.plot(sizes, plug_in, "o-", color=COLOURS["student"], label="KL(p̂‖p), mean of 400 samples")
left.plot(
    sizes, [(K - 1) / (2 * n) for n in sizes], "--", color=COLOURS["ink"], label="(K − 1) / 2n"
)
left.set(xscale="log", yscale="log", xlabel="words counted, n", ylabel="nats (the true value is 0)")
left.set_title("Counting finds a difference where none is")
left.legend(loc="upper right")
for strength, marker, colour in [
    (0.01, "o", "highlight"),
    (0.1, "s", "teacher"),
    (1.0, "^", "accent"),
    (10.0, "D", "control"),
]:
    costs = [
        divergences.kl_divergence(zipf, (counts + strength) / (n + strength * K)).mean()
        for n, counts in samples.items()
    ]
    right.plot(sizes, costs, marker=marker, color=COLOURS[colour], label=f"{strength:g} added")
right.set(
    xscale="log", yscale="log", xlabel="words counted, n", ylabel="KL(p‖smoothed), mean (nats)"
)
right.set_title("Smoothing makes it finite; how much matters")
right.legend(loc="lower left")
plots.show(
    figure,
    alt=(
        "Left, both axes logarithmic: the plug-in estimate between a distribution and its own"
        " samples falls with n close to the dashed line (K minus 1) over 2n, and never reaches"
        " zero. Right: KL to the smoothed counts for four amounts added to each count. All are"
        " finite and fall with n; adding very little or very much is worse than adding a moderate"
        " amount."
    ),
)

# %% [markdown]
# ## 8 · Which way is down?
#
# A student learns by gradient descent, so what matters in the end is the *derivative* of the loss
# with respect to its logits $z$. It turns out to be as simple as it could be. Let us derive it step
# by step.
#
# **Step 1. Logits into log-probabilities.** From $q_i = e^{z_i} / \sum_j e^{z_j}$:
#
# $$ \log q_i = z_i - \log \sum_j e^{z_j} $$
#
# **Step 2. Into the cross-entropy.** The second part is the same for every $i$ and comes out of the
# sum:
#
# $$ H(p, q) = -\sum_i p_i \log q_i = -\sum_i p_i z_i + \Big(\sum_i p_i\Big) \log \sum_j e^{z_j} $$
#
# and $\sum_i p_i = 1$.
#
# **Step 3. Differentiate by one logit, $z_k$.** This one is yours.
#
# ### Exercise 02.9 · Which way is down?
# {{exercise:02.9}}
#
# Finish the derivation on paper, then write the gradient by hand: of the **mean over the batch** of
# the cross-entropy, with respect to the logits. (That is what `F.cross_entropy` with its default
# reduction sends back.) Logits may lie hundreds apart, and a target may be zero in some classes. Please
# do without autograd: the check cannot tell, but then you have only asked it.


# %% exercise="02.9"
def cross_entropy_gradient(logits, target):
    """The gradient of the batch's mean cross-entropy with respect to the logits.

    logits: (batch, classes), the student's. target: (batch, classes); each row sums to one.
    Returns (batch, classes).
    """
    ### BEGIN SOLUTION
    q = torch.softmax(logits, dim=-1)
    return (q - target) / len(logits)
    ### END SOLUTION


# %% check="02.9"
check("02.9", cross_entropy_gradient)

# %% [markdown]
# Here is the rest of the derivation, for one row, to compare with yours.
#
# **Step 3. Differentiate by one logit, $z_k$.** In the first sum only the term $i = k$ contains
# $z_k$: it gives $-p_k$. For the second, the chain rule:
#
# $$ \frac{\partial}{\partial z_k} \log \sum_j e^{z_j} = \frac{e^{z_k}}{\sum_j e^{z_j}} = q_k $$
#
# **Step 4. Together:**
#
# $$ \boxed{\;\frac{\partial H(p, q)}{\partial z_k} = q_k - p_k\;}
# \qquad \text{what the student believes, minus what it should.} $$
#
# Where the model's output is called $p$ and the target $y$, the formula reads $p - y$.
# The letters differ; the order does not: *student minus target*.
#
# **And KL?** $\mathrm{KL}(p\,\|\,q) = H(p, q) - H(p)$, and $H(p)$ contains no $z$. Its derivative
# is zero, and so KL has the *same gradient* as cross-entropy. We do not have to believe it:

# %% tags=["nbval-check-output"]
logits = torch.tensor([1.2, -0.3, 0.4], dtype=torch.float64, requires_grad=True)
target = readers.double()

by_hand = torch.softmax(logits.detach(), -1) - target
losses = {"cross-entropy": divergences.cross_entropy, "KL(p‖q)": divergences.kl_divergence}
print(f"{'q − p by hand':<24}{[f'{x:+.4f}' for x in by_hand.tolist()]}")
for name, loss in losses.items():
    value = loss(target, torch.softmax(logits, -1))
    (gradient,) = torch.autograd.grad(value, logits)
    print(
        f"{name + ', autograd':<24}{[f'{x:+.4f}' for x in gradient.tolist()]}   value {value:.4f}"
    )
    assert torch.allclose(gradient, by_hand)

# %% tags=["hide-input"]
believed = torch.softmax(logits.detach(), -1)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.4))
figure.get_layout_engine().set(wspace=0.08)
place = torch.arange(3)
left.bar(place - 0.2, target, 0.38, color=COLOURS["teacher"], label="target p (teacher)")
left.bar(
    place + 0.2,
    believed,
    0.38,
    color=COLOURS["student"],
    hatch="//",
    edgecolor="white",
    label="model q (student)",
)
left.set_xticks(place, labels)
left.set(ylabel="probability", ylim=(0, 0.8))
left.set_title("What is believed, and what should be")
left.legend()
colours = [COLOURS["highlight" if g > 0 else "neutral"] for g in by_hand]
bars = right.bar(place, by_hand, 0.5, color=colours)
moves = [f"{g:+.2f}: logit {'falls' if g > 0 else 'rises'}" for g in by_hand.tolist()]
right.bar_label(bars, labels=[move.replace("-", "−") for move in moves], padding=3, fontsize=9)
right.axhline(0, color=COLOURS["ink"], linewidth=1)
right.set_xticks(place, labels)
right.set(ylabel="gradient q − p (nats per unit of logit)", ylim=(-0.24, 0.24))
right.set_title("The gradient is the difference of the bars")
for axes in (left, right):
    axes.grid(axis="x", visible=False)
plots.show(
    figure,
    alt=(
        "Left: for each label the target's probability beside the model's; the model is too high on"
        " negative, too low on neutral and about right on positive. Right: the gradient, the"
        " difference of the two bars: positive for negative, so that its logit falls; negative for"
        " neutral, so that its logit rises; close to zero for positive."
    ),
)

# %% [markdown]
# Three things to read off the formula:
#
# - Every entry lies between −1 and 1, however wrong the model is, and the entries sum to zero.
# - It vanishes exactly when $q = p$. With a *one-hot* target (all probability on one class, as a hard
#   label says) that never quite happens. With a *soft* target (a probability for every class, such as a
#   teacher's answer) it can.
# - Step 2 used $\sum_i p_i = 1$. If the target sums to $S$ instead, the gradient is $S\,q_k - p_k$,
#   and it vanishes at $q = p / S$. What is minimised is then another loss than one thinks.
#
# The reverse direction has another gradient:
# $q_k \big( \log q_k - \log p_k - \mathrm{KL}(q\,\|\,p) \big)$. Note the factor $q_k$ in front. A
# class in which the model hardly believes gets hardly any gradient, however much the target holds
# of it:

# %% tags=["nbval-check-output"]
target = torch.tensor([0.498, 0.004, 0.498], dtype=torch.float64)  # two camps
in_one_camp = torch.tensor([0.990, 0.009, 0.001], dtype=torch.float64)
logits = in_one_camp.log().requires_grad_()
for name, loss in {
    "forward KL": lambda q: divergences.kl_divergence(target, q),
    "reverse KL": lambda q: divergences.kl_divergence(q, target),
    "JS": lambda q: divergences.js_divergence(target, q),
}.items():
    (gradient,) = torch.autograd.grad(loss(torch.softmax(logits, -1)), logits)
    print(f"{name:<11} gradient by logit {[f'{x:+.4f}' for x in gradient.tolist()]}")

# %% [markdown]
# The third class holds half of the target and a thousandth of the model. Forward KL pulls its logit
# up with a force of about a half; reverse KL and JS pull at it with less than a fiftieth of that. So
# these two start slowly. Three free logits can still get there, as each can rise by itself. The single
# hump of section 5 does not: it cannot stand in both camps, and every way from one to the other leads
# uphill.

# %% [markdown]
# ## 9 · Why distillation minimises KL(teacher ‖ student)
#
# Put the pieces together: $p$ is the teacher's distribution over the classes, $q$ the student's.
#
# 1. **It measures the right thing.** It is the surprise the student could have spared itself had it
#    believed what the teacher believes. Zero means: the same belief, in every class.
# 2. **It looks at everything the teacher holds possible.** The teacher stands on the left and does
#    the weighing: a student that drops the teacher's second choice pays for it. In the second and
#    third choices is something that a hard label does not tell;
#    [lesson 04](04_dark_knowledge.ipynb) measures how much it is worth.
# 3. **Its gradient is plain:** student minus teacher, no sampling, no vanishing
#    factor.
# 4. **It contains ordinary training.** If the teacher is certain ($p$ one-hot), then $H(p) = 0$ and
#    $\mathrm{KL}(p\,\|\,q) = -\log q_{\text{label}}$: the surprise of section 1.
#
# ### Exercise 02.10 · Done or stuck? (quiz)
# {{exercise:02.10}}
#
# A student is distilled with cross-entropy against its teacher's soft targets. The training loss
# fell quickly, and then stopped at **0.83 nats**. What do you conclude?
#
# {{choices:02.10}}

# %% exercise="02.10"
done_or_stuck = ...  # one letter, as a string
### BEGIN SOLUTION
done_or_stuck = "b"
### END SOLUTION

# %% check="02.10"
check("02.10", done_or_stuck)

# %% [markdown]
# As a last experiment, the smallest distillation there is: one headline, a teacher, and a student
# made of three logits, sure of the wrong label at first.

# %%
teacher_says = readers.double()
student_logits = torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64)
history = []
for step in range(16):
    student_says = torch.softmax(student_logits, -1)
    cross = divergences.cross_entropy(teacher_says, student_says)
    kl = divergences.kl_divergence(teacher_says, student_says)
    history.append((cross.item(), kl.item()))
    student_logits -= 1.0 * (student_says - teacher_says)  # gradient descent, by hand

# %% tags=["hide-input"]
cross, kl = zip(*history)
floor = divergences.entropy(teacher_says).item()
figure, axes = plt.subplots()
axes.plot(cross, marker="o", color=COLOURS["highlight"], label="cross-entropy H(teacher, student)")
axes.plot(kl, marker="s", color=COLOURS["teacher"], linestyle="--", label="KL(teacher‖student)")
axes.axhline(floor, color=COLOURS["truth"], linewidth=1.5, linestyle=":")
axes.annotate(
    f"H(teacher) = {floor:.2f} nats",
    (15, floor),
    (0, 7),
    textcoords="offset points",
    ha="right",
    color=COLOURS["truth"],
)
axes.set(xlabel="step of gradient descent", ylabel="nats", ylim=(0, 2.6))
axes.set_title("The same descent, seen by two losses: only one of them ends at zero")
axes.legend()
plots.show(
    figure,
    alt=(
        "Two curves of the same shape over 15 steps of gradient descent, a constant distance apart."
        " KL falls to zero; cross-entropy levels off at the dotted line of the teacher's entropy,"
        " 1.04 nats."
    ),
)

# %% [markdown]
# ## What you can now do
#
# - Turn a probability into surprise, and say it in nats or in bits.
# - Compute entropy, cross-entropy, KL and JS, with zeros handled as the mathematics asks and not as
#   NaN.
# - Split a loss into what the student can improve, $\mathrm{KL}$, and what it cannot,
#   $H(\text{teacher})$.
# - Say why KL is never negative, and what must be broken when a log shows that it is.
# - Choose a direction: forward KL covers the teacher, reverse KL may settle in a part
#   of it.
# - Estimate KL from samples with its spread, and recognise the bias of counts.
# - Derive *student minus target* and test it against autograd.
#
# ## Where this goes wrong in practice
#
# - **`reduction="mean"` in `F.kl_div`** divides by the number of classes as well: the loss is $C$
#   times too small, and the balance with any other loss is off by the same factor.
# - **`reduction="batchmean"` on (batch, length, vocabulary)** divides by the batch alone: the loss
#   grows with the length of the sentences.
# - **Both sides divided by a temperature $T$, and the loss not multiplied by $T^2$.** The gradient
#   *student minus teacher* then gets a factor $1/T$, and the two distributions come closer to
#   each other.
#   [Lesson 03](03_distillation_losses.ipynb) shows what is left of it.
# - **`F.kl_div` with its arguments swapped, or with probabilities instead of log-probabilities, or
#   with log-probabilities as target and no `log_target=True`.** Nothing raises. Swapped, the number
#   looks plausible; probabilities may give a negative one; log-probabilities as target give NaN.
# - **Softmax over the wrong dimension.** `dim=0` makes every *column* sum to one. Check `q.sum(-1)`
#   once.
# - **Probabilities that do not sum to one:** rounded in a table, clamped, smoothed without dividing
#   again, or cut off after the top ten. Then Gibbs' inequality need not hold, KL may be negative,
#   and the gradient pulls elsewhere. A published example sets a student of [0.25,
#   0.3, 0.15, 0.1, 0.1] against its teacher. Add it up; [lesson 03](03_distillation_losses.ipynb) takes
#   that example apart.
# - **A small number added inside the logarithm** hides the infinity that would have told you about
#   a class the student cannot produce.
#
# ## Further reading
#
# - C. E. Shannon,
#   [*A Mathematical Theory of Communication*](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x), Bell
#   System Technical Journal 27, 379–423 and 623–656, 1948. Section 6 asks for properties of a measure of
#   uncertainty and finds that only entropy has them; readable to this day.
# - S. Kullback and R. A. Leibler,
#   [*On Information and Sufficiency*](https://doi.org/10.1214/aoms/1177729694), Annals of Mathematical
#   Statistics 22(1), 79–86, 1951. Where the divergence comes from. What they call divergence is the
#   sum of both directions.
# - T. M. Cover and J. A. Thomas,
#   [*Elements of Information Theory*](https://doi.org/10.1002/047174882X), 2nd edition, Wiley, 2006.
#   Chapter 2 proves everything in sections 2 to 4; chapter 5 makes "questions on average" precise.
# - D. J. C. MacKay,
#   [*Information Theory, Inference, and Learning Algorithms*](https://www.inference.org.uk/mackay/itila/),
#   Cambridge University Press, 2003. Chapters 2 and 4 for intuition and exercises; chapter 33 fits a
#   simple distribution to a complicated one by reverse KL.
# - J. Lin,
#   [*Divergence Measures Based on the Shannon Entropy*](https://doi.org/10.1109/18.61115), IEEE
#   Transactions on Information Theory 37(1), 145–151, 1991. Defines JS and proves its bounds.
# - J. Schulman, [*Approximating KL Divergence*](http://joschu.net/blog/kl-approx.html), blog note, 2020.
#   Two pages on $k_1$, $k_2$ and $k_3$. Mind that its $p$ and $q$ stand the other way round than here.
# - G. Hinton, O. Vinyals and J. Dean,
#   [*Distilling the Knowledge in a Neural Network*](https://arxiv.org/abs/1503.02531), 2015. Section 2
#   is the next lesson.

# %% [markdown]
# ## Where you stand
#
# What your checks have said so far, exercise by exercise.

# %%
show_progress("02")
