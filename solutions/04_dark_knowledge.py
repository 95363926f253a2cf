# %% [markdown]
# # 04 · What does a teacher know that a label does not say?
#
# A label names one class. A teacher's *soft target* gives every class a probability, and what stands beside the largest one has been called its *dark knowledge*. Is it knowledge? Is it nearer to the truth than a label, and can it teach better than the truth? On most data nobody can tell, because the truth is not known. On the corpus of this lesson it is.
#
# **You will be able to**
# - measure how far soft targets are from the true probabilities, sentence by sentence;
# - tell sharpness from knowledge: softening, penalties and temperature scaling as controls;
# - take a student's error apart into bias and variance, over many small training sets;
# - say what a capacity gap is, read a map of teachers and students, and test a claim about it;
# - choose a teacher and a student in practice, and know what to do when their tokenizers differ.
#
# **You need** lessons 02 and 03: KL divergence, soft targets, temperature, α. PyTorch.
#
# **Minutes** 100, of which the computer needs about two.
#
# **What runs** the same corpus at every scale (`offline`, `small`, `full`), because only there is the truth known: generated headlines, a teacher that ships with the course, students trained from scratch, no network. The larger scales have larger students and more of them; a GPU is used where there is one.

# %% tags=["setup"]
import itertools
import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import transformers

from kd_course import (
    cost,
    divergences,
    experiments,
    losses,
    metrics,
    models,
    plots,
    settings,
    teachers,
)
from kd_course.corpora import classification, news
from kd_course.distillation import cached_teacher_outputs, predict_logits
from kd_course.exercises import check, hint, show_progress

plots.style()
transformers.logging.set_verbosity_error()
setting = settings.for_lesson("04")
print(setting)

# %% [markdown]
# The table is the whole difference between the scales. What its lines mean is said where they are used.
#
# ## 1 · How near to the truth are soft targets?
#
# The headlines come from a written grammar. A label is drawn first (bad, neutral or good news for the company), then a meaning, then the words. So Bayes' rule gives the exact p(label | sentence): the column `posterior`, from here on *the truth*. Some sentences are truly ambiguous: nobody can be sure of them.
#
# The teacher is a small transformer that ships with the course. It learnt from 40,000 labelled sentences of its own, none of which is in the splits below. It never saw a posterior, only labels.

# %%
data = classification.load(
    setting.corpus, transfer=setting.pool - news.SIZES["train"], limit=setting.run.limit
)
teacher, tokenizer = models.load(teachers.obtain("news", retrain=setting.run.retrain))
names = news.NAMES
texts = {split: list(rows["text"]) for split, rows in data.items()}
truth = {split: np.array(rows["posterior"]) for split, rows in data.items()}
labels = {split: np.array(rows["label"]) for split, rows in data.items()}
read = {
    split: tokenizer(texts[split], truncation=True, max_length=64)
    for split in ("train", "unlabelled", "validation", "test")
}
teacher_logits = {split: predict_logits(teacher, rows, tokenizer) for split, rows in read.items()}
teacher_p = {split: metrics.probabilities(logits) for split, logits in teacher_logits.items()}

# %%
print(f"{'':<12}" + "".join(f"{name:>10}" for name in names))
for i in np.argsort(-divergences.entropy(torch.tensor(truth["test"])).numpy())[200:1200:250]:
    print(texts["test"][i])
    one_hot = np.eye(3)[labels["test"][i]]
    for who, p in (
        ("truth", truth["test"][i]),
        ("teacher", teacher_p["test"][i]),
        ("label", one_hot),
    ):
        print(f"  {who:<10}" + "".join(f"{x:>10.2f}" for x in p))

# %% [markdown]
# The label is one draw from the truth. The teacher has seen many draws, for many sentences with the same words, and answers with something like their average.
#
# Draw every test sentence as a point in a triangle: at a corner it is certain, in the middle it could be anything. On the left the truth, on the right the teacher.


# %%
def in_triangle(p):
    """Probabilities (rows, 3) as points: negative left, positive right, neutral on top."""
    return p[:, 2] + p[:, 1] / 2, p[:, 1] * np.sqrt(3) / 2


figure, panels = plt.subplots(1, 2, figsize=(8.4, 3.9))
for axes, (who, p) in zip(panels, {"truth": truth["test"], "teacher": teacher_p["test"]}.items()):
    axes.plot([0, 1, 0.5, 0], [0, 0, np.sqrt(3) / 2, 0], color=plots.COLOURS["ink"], linewidth=1)
    axes.plot(*in_triangle(p), ".", markersize=3, alpha=0.35, color=plots.COLOURS[who])
    for name, (x, y) in zip(names, ((-0.03, -0.07), (0.5, 0.9), (1.03, -0.07))):
        axes.text(x, y, name, ha="center", fontsize=9)
    axes.set(title=f"{who}, {len(p)} test sentences", xlim=(-0.15, 1.15), ylim=(-0.12, 1.0))
    axes.set_aspect("equal")
    axes.axis("off")
plots.show(
    figure,
    alt="Two triangles with a point a test sentence, a class at each corner. The truth's points lie near the corners, in "
    "clusters along the two edges that meet at neutral, and in a column below neutral. The teacher's lie around the same "
    "places, but are smeared out, and some lie along the edge between negative and positive, where the truth has none.",
)

# %% [markdown]
# ### By how ambiguous the sentence is
#
# The *entropy* of the truth says how ambiguous a sentence is: 0 nats when one class is certain, log 3 ≈ 1.10 when all are as likely. Sort the test sentences into groups by it, and ask in each group how far the teacher is from the truth.
#
# ### Exercise 04.1 · How far from the truth, by ambiguity
# {{exercise:04.1}}
#
# Put every row into a group by how ambiguous its sentence is: below `edges[0]`, from `edges[0]` to below `edges[1]`, …, `edges[-1]` and above. Return for each group, in the mean over its rows, how many nats of surprise it costs to believe the teacher instead of the truth, when labels are drawn from the truth. A group without rows gets NaN.


# %% exercise="04.1"
def gap_by_ambiguity(truth, teacher, edges):
    """How far the teacher is from the truth, in groups of rows, from the clearest to the most ambiguous.

    truth, teacher: (rows, classes), probabilities, all above zero.
    edges: list of float, in nats, ascending, at least one.
    Returns a tensor of shape (len(edges) + 1,), in nats.
    """
    ### BEGIN SOLUTION
    entropy = -(truth * truth.log()).sum(dim=-1)
    gap = (truth * (truth.log() - teacher.log())).sum(dim=-1)
    group = (entropy[:, None] >= torch.tensor(edges, dtype=entropy.dtype)).sum(dim=-1)
    return torch.stack([gap[group == g].mean() for g in range(len(edges) + 1)])
    ### END SOLUTION


# %% check="04.1"
check("04.1", gap_by_ambiguity)

# %% [markdown]
# A distance needs something to be compared with. Three controls that know less than the teacher: the *class shares* of the training labels (no sentence is read), the label itself, softened so that KL stays finite (95 % on the label and the rest shared), and the teacher's answer to *another* sentence that has the same label. The third has the teacher's sharpness and knows the label, but nothing of the sentence beyond it.

# %%
report = experiments.Report(
    "04",
    setting.run.scale,
    data=experiments.fingerprint(texts["test"]),
    shortened=setting.run.shortened,
)
edges = [0.1, 0.3, 0.6, 0.9]
ambiguity = divergences.entropy(torch.tensor(truth["test"])).numpy()
group = np.digitize(ambiguity, edges)

random = np.random.default_rng(0)
shares = np.bincount(labels["train"], minlength=3) / len(labels["train"])
another = np.arange(len(group))
for c in range(3):
    of_class = np.flatnonzero(labels["test"] == c)
    another[of_class] = random.permutation(of_class)
beliefs = {
    "class shares": np.tile(shares, (len(group), 1)),
    "softened label": 0.925 * np.eye(3)[labels["test"]] + 0.025,
    "teacher, other sentence": teacher_p["test"][another],
    "teacher": teacher_p["test"],
}
gaps = {who: metrics.kl_rows(truth["test"], p) for who, p in beliefs.items()}
print(f"{'KL(truth ‖ …), nats':<26}{'all, with 95 % interval':<26}   from clear to ambiguous")
for who, gap in gaps.items():
    report.add(f"{who}/KL to the truth", gap.mean())
    by_group = "".join(f"{gap[group == g].mean():>8.3f}" for g in range(5) if (group == g).any())
    print(f"{who:<26}{experiments.paired_interval(gap[None])!s:<26}{by_group}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.6))
places = [g for g in range(5) if (group == g).any()]
ticks = ["under 0.1", "0.1–0.3", "0.3–0.6", "0.6–0.9", "over 0.9"]
for who, colour, marker in (
    ("teacher, other sentence", "neutral", "s"),
    ("softened label", "control", "^"),
    ("teacher", "teacher", "o"),
):
    found = [experiments.paired_interval(gaps[who][None, group == g]) for g in places]
    left.errorbar(
        places,
        [f.mean for f in found],
        yerr=np.array([[f.mean - f.low, f.high - f.mean] for f in found]).T,
        marker=marker,
        capsize=3,
        color=plots.COLOURS[colour],
        label=who,
    )
left.set(title="How far from the truth", ylabel="KL(truth ‖ …), nats", ylim=(0, None))
left.legend()
teacher_entropy = divergences.entropy(torch.tensor(teacher_p["test"])).numpy()
right.plot(
    [0, 1.1], [0, 1.1], ":", color=plots.COLOURS["ink"], linewidth=1, label="as sure as the truth"
)
right.plot(
    ambiguity, teacher_entropy, ".", markersize=3, alpha=0.25, color=plots.COLOURS["teacher"]
)
means = [(ambiguity[group == g].mean(), teacher_entropy[group == g].mean()) for g in places]
right.plot(*zip(*means), "o-", color=plots.COLOURS["ink"], label="group mean")
right.set(
    title="How sure", xlabel="entropy of the truth, nats", ylabel="entropy of the teacher, nats"
)
right.legend()
left.set_xticks(range(5), ticks, fontsize=8)
left.set_xlabel("entropy of the truth, nats")
plots.show(
    figure,
    alt="Left: distance from the truth by ambiguity. The teacher is at "
    f"{max(gaps['teacher'][group == g].mean() for g in places):.3f} nats or less in every group; its answer to another sentence of "
    f"the same label reaches {max(gaps['teacher, other sentence'][group == g].mean() for g in places):.2f}, the softened label "
    f"{max(gaps['softened label'][group == g].mean() for g in places):.2f}. "
    "Right: the teacher's entropy against the truth's. The teacher's less the truth's, group by group from clear to "
    f"ambiguous: {', '.join(f'{y - x:+.2f}' for x, y in means)} nats.",
)

# %% [markdown]
# So the soft targets *are* knowledge of the sentence: the teacher is {{ledger:04/offline/teacher/KL to the truth}} nats from the truth, its own answer to another sentence with the same label {{ledger:04/offline/teacher, other sentence/KL to the truth}}. And they are not the truth: this teacher is too modest where the sentence is clearest, and slightly too sure where it is not. The mean over all sentences hides that.
#
# ### How much of it lies in the dark?
#
# *Dark* knowledge, in the narrow sense, is what is said of the classes **other than** the favourite. The chain rule of KL takes it apart exactly. With $f$ the class that the truth favours,
#
# $$\mathrm{KL}(p \,\|\, q) = \underbrace{\mathrm{KL}\big((p_f, 1-p_f) \,\|\, (q_f, 1-q_f)\big)}_{\text{how likely the favourite is}}
# + \underbrace{(1-p_f)\,\mathrm{KL}(\tilde p \,\|\, \tilde q)}_{\text{how the rest is shared out}}$$
#
# where $\tilde p$ and $\tilde q$ are the probabilities of the other classes, made to sum to one. (Zhao et al. 2022 build a loss on the same split, around the label.) The controls share out the rest without reading: by the class shares, or evenly.

# %%
favourite = truth["test"].argmax(-1)
others = np.stack([np.delete(np.arange(3), f) for f in favourite])  # (rows, 2)


def split_at_the_favourite(p):
    """The favourite's probability against the rest (rows, 2), and how the rest is shared out (rows, 2)."""
    first = np.take_along_axis(p, favourite[:, None], -1)
    rest = np.take_along_axis(p, others, -1)
    return np.concatenate([first, 1 - first], -1), rest / rest.sum(-1, keepdims=True)


true_first, true_rest = split_at_the_favourite(truth["test"])
print(
    f"{'nats':<14}{'the favourite':>14}{'the rest':>10}{'together':>10}   the rest ranked as the truth ranks it"
)
for who, p in (
    ("teacher", teacher_p["test"]),
    ("class shares", beliefs["class shares"]),
    ("even", np.full((len(group), 3), 1 / 3)),
):
    first, rest = split_at_the_favourite(p)
    bright = metrics.kl_rows(true_first, first)
    dark = true_first[:, 1] * metrics.kl_rows(true_rest, rest)
    same = (rest.argmax(-1) == true_rest.argmax(-1)).astype(float)
    ranked = "–"  # evenly shared out, the rest has no ranking
    if who != "even":
        ranked = experiments.paired_interval(same[None])
        report.add(f"{who}/ranks the other two classes", same.mean())
    print(
        f"{who:<14}{bright.mean():>14.3f}{dark.mean():>10.4f}{(bright + dark).mean():>10.3f}   {ranked}"
    )

# %% [markdown]
# On this corpus little lies in the dark. Nearly all of what the teacher knows more than the class shares is *how likely the favourite is*: how ambiguous the sentence is. In this table its way of sharing out the rest costs less than the controls', but by hundredths of a nat; and where only the **order** of the other two classes counts, ranking them by how common they are beats the teacher. With three classes and mostly clear sentences there is not much to be said in the dark; with a vocabulary of thousands of tokens there is.
#
# ## 2 · You against both
#
# Ten sentences, from clear to ambiguous. Read them first.

# %%
chosen = np.concatenate(
    [np.random.default_rng(4).permutation(np.flatnonzero(group == g))[:2] for g in places]
)
for number, i in enumerate(chosen, start=1):
    print(f"{number:>2}. {texts['test'][i]}")

# %% [markdown]
# Now say what you think, in the next cell: for each sentence a class (`"negative"`, `"neutral"`, `"positive"`), which counts as 90 % sure, or three probabilities, such as `(0.2, 0.5, 0.3)`. What stands there is no answer, only a start: *I have no idea*. Nothing here is graded.

# %%
my_labels = [
    (1 / 3, 1 / 3, 1 / 3),  # 1
    (1 / 3, 1 / 3, 1 / 3),
    (1 / 3, 1 / 3, 1 / 3),
    (1 / 3, 1 / 3, 1 / 3),
    (1 / 3, 1 / 3, 1 / 3),  # 5
    (1 / 3, 1 / 3, 1 / 3),
    (1 / 3, 1 / 3, 1 / 3),
    (1 / 3, 1 / 3, 1 / 3),
    (1 / 3, 1 / 3, 1 / 3),
    (1 / 3, 1 / 3, 1 / 3),  # 10
]


# %%
def as_belief(answer):
    """A class's name, or three numbers, as three probabilities; none of them is zero."""
    if isinstance(answer, str):
        answer = [0.9 if name == answer.strip().lower() else 0.05 for name in names]
    p = np.maximum(np.array(answer, dtype=float), 0.001)
    return p / p.sum()


mine = np.stack([as_belief(answer) for answer in my_labels[: len(chosen)]])
expected = {
    "you": mine,
    "teacher": teacher_p["test"][chosen[: len(mine)]],
    "truth": truth["test"][chosen[: len(mine)]],
}
surprises = {who: -(expected["truth"] * np.log(p)).sum(-1) for who, p in expected.items()}
print(f"{'':<4}{'you':>8}{'teacher':>9}{'truth':>8}     surprise, in nats")
for number, row in enumerate(zip(*surprises.values()), start=1):
    p = ", ".join(f"{x:.2f}" for x in expected["truth"][number - 1])
    print(f"{number:<4}" + "".join(f"{x:>8.2f}" for x in row) + f"      truth: {p}")
print("mean" + "".join(f"{s.mean():>8.2f}" for s in surprises.values()))

# %% [markdown]
# *Surprise* here is what you would pay on average if the label were drawn from the truth again and again: the cross-entropy H(truth, you). Nobody can pay less than the truth itself, and the truth's column is its entropy. *No idea* costs log 3 ≈ 1.10 nats on every sentence. What is left above the truth's column is your KL divergence from it. Where it is large, were you wrong about the sentence, or too sure of being right?
#
# ## 3 · What temperature does to soft targets
#
# Dividing a teacher's logits by T > 1 makes its answer more modest, without changing its order. The same can be done to any distribution, also where there are no logits: to the truth.
#
# ### Exercise 04.2 · Soften a distribution
# {{exercise:04.2}}
#
# If p = softmax(z), what is softmax(z / T), written with p alone? Return it. A class that p rules out stays ruled out.


# %% exercise="04.2"
def soften(p, temperature):
    """The distribution that p becomes at a temperature.

    p: (..., classes), probabilities, zeros allowed. temperature: a number, at least 0.1.
    Returns (..., classes); each row sums to one.
    """
    ### BEGIN SOLUTION
    powers = p ** (1 / temperature)
    return powers / powers.sum(dim=-1, keepdim=True)
    ### END SOLUTION


# %% check="04.2"
check("04.2", soften)

# %% tags=["nbval-check-output"]
z = torch.tensor([4.5, 2.2, 0.0])
for temperature in (0.5, 1.0, 2.0, 4.0):
    softened = divergences.softmax(z, temperature)
    print(
        f"T = {temperature:<4}"
        + "  ".join(f"{x:.3f}" for x in softened.tolist())
        + f"   entropy {divergences.entropy(softened).item():.3f} nats"
    )

# %% [markdown]
# Is there a temperature at which the teacher is nearest to the truth? And what does softening do to the truth itself?

# %%
temperatures = np.exp(np.linspace(np.log(0.25), np.log(4), 25))
curves = {
    who: [
        metrics.kl_rows(truth["test"], metrics.probabilities(logits, t)).mean()
        for t in temperatures
    ]
    for who, logits in (("teacher", teacher_logits["test"]), ("truth", np.log(truth["test"])))
}
best_t = metrics.best_temperature(teacher_logits["validation"], labels["validation"])
report.add("teacher/best temperature", best_t)
figure, axes = plt.subplots()
for who, curve in curves.items():
    axes.plot(temperatures, curve, color=plots.COLOURS[who], label=f"the {who} at temperature T")
axes.axvline(best_t, color=plots.COLOURS["ink"], linestyle=":", linewidth=1)
axes.annotate(
    f"best for validation labels: T = {best_t:.2f}",
    (best_t, 0.35),
    rotation=90,
    fontsize=8,
    ha="right",
    va="center",
)
axes.set(
    title="Far from T = 1, both are far from the truth",
    xlabel="temperature T",
    ylabel="KL(truth ‖ softened), nats",
    xscale="log",
    ylim=(0, 0.6),
)
axes.set_xticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
axes.minorticks_off()
axes.legend(loc="upper right")
plots.show(
    figure,
    alt="KL from the truth against temperature. The truth's own curve is zero at T = 1 and rises on both sides; the "
    f"teacher's is lowest, {min(curves['teacher']):.2f} nats, near T = {temperatures[np.argmin(curves['teacher'])]:.1f}.",
)

# %% [markdown]
# This teacher is well calibrated: no temperature brings it much nearer. Sharpened or softened by much, both move away from the truth. As *information about the sentence*, targets at T = 2 are worse targets. If students nevertheless learn better from them, the reason must lie in the student and its learning, not in the targets. That is a claim to test.
#
# ## 4 · Truth, softened truth, teacher: who teaches best?
#
# Now let students learn. Five arms, all the same small transformer, started from the same weights for the same seed, with as many optimiser steps, on the same sentences (`labelled` in the table above). The loss is always the cross-entropy between a target distribution and the student's answer, at temperature one: α = 1 in the terms of lesson 03, and no T² anywhere, because the student is not softened. Only the targets differ.
#
# | arm | target for a sentence |
# |---|---|
# | control | its label: all probability on one class |
# | truth | p(label \| sentence) |
# | softened truth | the same at T = 2 |
# | teacher | the teacher's answer |
# | softened teacher | the same at T = 2 |
#
# The loop is short enough to read.

# %%
device = "cuda" if torch.cuda.is_available() else "cpu"


def as_batch(rows):
    """Lists of token numbers as one padded tensor, and where it is no padding."""
    ids = [torch.tensor(row) for row in rows]
    ids = torch.nn.utils.rnn.pad_sequence(
        ids, batch_first=True, padding_value=tokenizer.pad_token_id
    )
    return {"input_ids": ids, "attention_mask": (ids != tokenizer.pad_token_id).long()}


def learn(model, rows, targets, recipe, *, seed):
    """Train a classifier on target distributions. rows: lists of token numbers; targets: (rows, classes)."""
    steps = setting.run.max_steps if setting.run.max_steps > 0 else recipe.steps
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=0.01)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    transformers.set_seed(seed)
    model.to(device).train()
    order = []
    for _ in range(steps):
        if len(order) < setting.batch_size:
            order = torch.randperm(len(rows)).tolist()
        chosen, order = order[: setting.batch_size], order[setting.batch_size :]
        inputs = {name: x.to(device) for name, x in as_batch([rows[i] for i in chosen]).items()}
        log_q = F.log_softmax(model(**inputs).logits, dim=-1)
        loss = -(targets[chosen].to(device) * log_q).sum(dim=-1).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval().cpu()


def softmax(logits, temperature=1.0):
    """Logits (rows, classes) as float32 targets at a temperature."""
    return torch.tensor(metrics.probabilities(logits, temperature), dtype=torch.float32)


# %%
n = min(setting.labelled, len(texts["train"]))
rows = read["train"]["input_ids"][:n]
log_truth, said = np.log(truth["train"][:n]), teacher_logits["train"][:n]
targets = {
    "control": torch.eye(3)[torch.tensor(labels["train"][:n])],
    "truth": softmax(log_truth),
    "softened truth": softmax(log_truth, 2),
    "teacher": softmax(said),
    "softened teacher": softmax(said, 2),
}
arms = list(targets)
students, logits = {}, {}
for arm in arms:
    for seed in setting.run.seeds:
        student = models.classifier(setting.student, tokenizer, names, seed=seed)
        students[arm, seed] = learn(student, rows, targets[arm], setting.recipes[arm], seed=seed)
        logits[arm, seed] = {
            split: predict_logits(students[arm, seed], read[split], tokenizer)
            for split in ("validation", "test")
        }


# %% [markdown]
# Each student is judged twice: as trained, and after *temperature scaling*, which divides its logits by the one T that suits the validation labels best (Guo et al. 2017). Scaling changes no decision; it only sets how sure the student is. What differs between arms before scaling and not after it was sharpness.


# %%
def judged(found, temperature=1.0):
    """(rows,): KL(truth ‖ student) of the test sentences, at a temperature."""
    return metrics.kl_rows(truth["test"], metrics.probabilities(found["test"], temperature))


kl, kl_scaled, right = {}, {}, {}
for arm in arms:
    for seed in setting.run.seeds:
        found = logits[arm, seed]
        t = metrics.best_temperature(found["validation"], labels["validation"])
        kl[arm, seed], kl_scaled[arm, seed] = judged(found), judged(found, t)
        right[arm, seed] = metrics.correct(found["test"], labels["test"])
        report.add(f"{arm}/accuracy", right[arm, seed].mean(), seed=seed)
        report.add(f"{arm}/student's KL", kl[arm, seed].mean(), seed=seed)
        report.add(f"{arm}/student's KL, scaled", kl_scaled[arm, seed].mean(), seed=seed)
        report.add(f"{arm}/scaling temperature", t, seed=seed)
for figure_name in ("accuracy", "student's KL", "student's KL, scaled", "scaling temperature"):
    print(experiments.comparison_table(report, arms, figure_name), "\n")

# %%
for figure_name, title in (
    ("student's KL", "As trained: distance from the truth"),
    ("student's KL, scaled", "After temperature scaling"),
):
    experiments.plot_comparison(
        report, arms, figure_name, title=title, unit="KL(truth ‖ student), nats"
    )

# %% [markdown]
# Against the truth's student, pair by pair: the same seed, the same sentences. A positive figure means that the arm ends *nearer* to the truth than the student that was taught the truth.


# %%
def gain_over_truth(found, arm):
    """(seeds, rows): how much nearer to the truth than the truth's own student."""
    return np.stack([found["truth", s] - found[arm, s] for s in setting.run.seeds])


seeds = len(setting.run.seeds)
for arm in (a for a in arms if a != "truth"):
    for what, found in (("as trained", kl), ("scaled", kl_scaled)):
        name = f"{arm}/gain over truth, {what}"
        interval = report.add_rows(name, gain_over_truth(found, arm), seeds=setting.run.seeds)
        print(f"{arm:<18}{what:<12}{interval}   {experiments.verdict(interval, seeds=seeds)}")

# %%
print(experiments.reference_table("04", "gain over truth, as trained"))
print()
print(experiments.reference_table("04", "gain over truth, scaled"))

# %% [markdown]
# Read three things from it. Any kind of soft target is far better than labels: the control ends {{ledger:04/offline/control/student's KL, scaled|interval}} nats from the truth after scaling, the student of the truth {{ledger:04/offline/truth/student's KL, scaled|interval}}. Softening did not help: as trained, the softened truth's students gain {{ledger:04/offline/softened truth/gain over truth, as trained|interval}} nats on the truth's, a loss; scaled, {{ledger:04/offline/softened truth/gain over truth, scaled|interval}}, so most of that loss was the wrong sharpness; what is left, if anything, is below what these seeds can show. (The softened teacher's students keep a loss even then: {{ledger:04/offline/softened teacher/gain over truth, scaled|interval}}.) And the teacher's students against the truth's: {{ledger:04/offline/teacher/gain over truth, scaled|interval}}. With {{ledger:04/offline/teacher/accuracy|count}} seeds of this student, the sign is open: a teacher that is itself {{ledger:04/offline/teacher/KL to the truth}} nats off teaches about as well as the truth.
#
# About as well, or a little better? Seeds differ by some hundredths of a nat, and this experiment cannot see less. The next one can.
#
# ### How the learning rates were chosen
#
# A comparison is fair when each arm was tuned equally hard. Each arm's learning rate was chosen from the same two, by the surprise of the validation labels after scaling, with two seeds that are used for nothing else. The test split had no say. `KD_MAPS=1` computes the log again.


# %%
def validation_surprise(arm, rate, seed):
    recipe = settings.Recipe(rate, setting.recipes[arm].steps)
    student = models.classifier(setting.student, tokenizer, names, seed=seed)
    student = learn(student, rows, targets[arm], recipe, seed=seed)
    found = predict_logits(student, read["validation"], tokenizer)
    t = metrics.best_temperature(found, labels["validation"])
    return metrics.surprise(metrics.probabilities(found, t), labels["validation"]).mean()


if setting.run.maps:
    log = {
        arm: [
            [rate, np.mean([validation_surprise(arm, rate, seed) for seed in (100, 101)])]
            for rate in setting.learning_rates
        ]
        for arm in arms
    }
    report.add_table("learning rates", log)
for arm, log in (report.table("learning rates") or {}).items():
    used = setting.recipes[arm].learning_rate
    print(
        f"{arm:<18}"
        + "   ".join(f"{rate:g}: {s:.3f} nats" for rate, s in log)
        + f"   used {used:g}"
    )

# %% [markdown]
# ## 5 · Bias and variance: the same student, many small training sets
#
# One training set is one throw. Draw many, train the same student on each, and two kinds of error come apart. *Bias*: what the students get wrong on average, whatever they happened to see. *Variance*: how far single students stray from that average, because of what they happened to see.
#
# Many trainings need a student that learns in a moment. Ours has a weight for every token and for every pair of neighbouring tokens, and adds up the weights of what it finds in a sentence: softmax regression on word counts. It has no hidden layer and no random start, so whatever varies comes from the training set.

# %%
PAIRS = 6007  # numbers that pairs of tokens share; a prime spreads them evenly


def features(encoded):
    """A sentence's tokens and numbered pairs of neighbours, padded with 0: (sentences, longest)."""
    size = len(tokenizer)
    found = [
        torch.tensor(ids + [size + (a * size + b) % PAIRS for a, b in itertools.pairwise(ids)])
        for ids in encoded["input_ids"]
    ]
    return torch.nn.utils.rnn.pad_sequence(found, batch_first=True, padding_value=0)


def word_logits(words, weights):
    """weights: (features, students, 3). Returns (students, sentences, 3): sums over a sentence."""
    sums = F.embedding_bag(words, weights.flatten(1), mode="sum", padding_idx=0)
    return sums.view(len(words), -1, 3).transpose(0, 1)


def fit_words(words, targets, penalties):
    """Softmax regressions side by side, each on its own targets and with its own weight penalty.

    words: (sentences, longest); targets: (students, sentences, 3); penalties: (students,).
    """
    present, words = words.unique(return_inverse=True)  # a feature not seen keeps weight 0
    weights = torch.zeros(len(present), len(targets), 3, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weights],
        max_iter=setting.run.max_steps if setting.run.max_steps > 0 else 50,
        history_size=8,
        line_search_fn="strong_wolfe",
    )

    def loss():
        optimizer.zero_grad()
        log_q = F.log_softmax(word_logits(words, weights), dim=-1)
        fit = -(targets * log_q).sum(-1).mean(-1)  # (students,)
        total = (fit + penalties / 2 * weights.square().sum((0, 2))).sum()
        total.backward()
        return total

    optimizer.step(loss)
    everywhere = torch.zeros(len(tokenizer) + PAIRS, len(targets), 3)
    everywhere[present] = weights.detach()
    return everywhere


# %% [markdown]
# The training sets are drawn from a pool of sentences (`pool` in the table), and each draws its *labels* from the truth afresh: another sample of the same world, sentences and labels. Every arm sees the same sentences. To the arms of section 4 comes one more control:
#
# *shuffled error* gives each sentence the truth, plus the teacher's error **on another sentence** (added to the logits). These targets are about as sharp as the teacher's and somewhat more wrong, and the error has nothing to do with the sentence. If a teacher teaches well merely because its targets are a bit off, this arm must do well, too.

# %%
pool_read = {"input_ids": read["train"]["input_ids"] + read["unlabelled"]["input_ids"]}
pool = features(pool_read)
pool_truth = torch.tensor(np.concatenate([truth["train"], truth["unlabelled"]]))
pool_said = torch.tensor(
    np.concatenate([teacher_logits["train"], teacher_logits["unlabelled"]])
).double()
held_out = {split: features(read[split]) for split in ("validation", "test")}
error = pool_said.log_softmax(-1) - pool_truth.log()  # (sentences, 3)


def draw(seed, number, size=setting.set_size):
    """One training set: row numbers, its labels drawn from the truth, and its generator."""
    generator = torch.Generator().manual_seed(1000 * seed + number)
    chosen = torch.randperm(len(pool), generator=generator)[:size]
    drawn = torch.multinomial(pool_truth[chosen], 1, generator=generator)[:, 0]
    return chosen, drawn, generator


def targets_of(chosen, drawn, generator):
    """What each arm is told about one training set: name -> (sentences, 3)."""
    log_p, said = pool_truth[chosen].log(), pool_said[chosen]
    elsewhere = torch.randperm(len(pool), generator=generator)[: len(chosen)]
    return {
        "control": torch.eye(3, dtype=torch.float64)[drawn],
        "truth": log_p.softmax(-1),
        "softened truth": (log_p / 2).softmax(-1),
        "teacher": said.softmax(-1),
        "softened teacher": (said / 2).softmax(-1),
        "shuffled error": (log_p + error[elsewhere]).softmax(-1),
    }


# %%
sets = 2 if setting.run.shortened else setting.training_sets


def teach(targets_of, seed, count=sets, penalties=setting.penalties):
    """Every arm on every training set. Returns arm -> split -> (sets, penalties, sentences, 3)."""
    found = []
    for number in range(count):
        chosen, drawn, generator = draw(seed, number)
        told = targets_of(chosen, drawn, generator)
        stacked = torch.stack([t.float() for t in told.values()]).repeat_interleave(
            len(penalties), 0
        )
        weights = fit_words(pool[chosen], stacked, torch.tensor(penalties * len(told)))
        found.append(
            {s: word_logits(x, weights).unflatten(0, (len(told), -1)) for s, x in held_out.items()}
        )
    return {
        arm: {s: torch.stack([f[s][a] for f in found]).numpy() for s in held_out}
        for a, arm in enumerate(told)
    }


word_students = {seed: teach(targets_of, seed) for seed in setting.run.seeds}
arms_of_sets = list(word_students[setting.run.seeds[0]])
first = word_students[setting.run.seeds[0]]["truth"]["test"]
print(
    f"{len(arms_of_sets)} arms, {first.shape[0]} training sets and {first.shape[1]} penalties a seed"
)


# %% [markdown]
# ### Held back in four ways
#
# A student that is told little must be held back from believing it too much. A weight penalty does that, temperature scaling does that, and softened targets may do it too. So every arm is judged four times:
#
# | treatment | penalty | temperature scaling |
# |---|---|---|
# | weakest penalty | the smallest of `penalties`, for all arms | no |
# | weakest, scaled | the same | yes |
# | own penalty | the one that suits the arm | no |
# | own penalty, scaled | the one that suits the arm after scaling | yes |
#
# What *suits* is decided by the surprise of the validation labels.


# %%
def validation_surprises(logits, temperatures):
    """(sets, penalties): how surprised each student is by the validation labels."""
    return np.array(
        [
            [
                metrics.surprise(metrics.probabilities(x, t), labels["validation"]).mean()
                for x, t in zip(*row)
            ]
            for row in zip(logits, temperatures)
        ]
    )


def treat(found):
    """One arm's students under the four treatments: name -> (test logits (sets, rows, 3), penalty)."""
    validation, test = found["validation"], found["test"]
    ones = np.ones(validation.shape[:2])
    best = np.array(
        [[metrics.best_temperature(x, labels["validation"]) for x in row] for row in validation]
    )
    own, own_scaled = (validation_surprises(validation, t).mean(0).argmin() for t in (ones, best))

    def chosen(penalty, temperatures):
        scaled = test[:, penalty] / temperatures[:, penalty, None, None]
        return scaled, setting.penalties[penalty]

    return {
        "weakest penalty": chosen(0, ones),
        "weakest, scaled": chosen(0, best),
        "own penalty": chosen(own, ones),
        "own penalty, scaled": chosen(own_scaled, best),
    }


treated = {
    (arm, seed): treat(word_students[seed][arm])
    for arm in arms_of_sets
    for seed in setting.run.seeds
}
treatments = list(treated["truth", setting.run.seeds[0]])
distance = {}  # (arm, seed, treatment) -> (sets, rows)
print(
    f"{'KL(truth ‖ student), nats':<20}"
    + "".join(f"{t:>22}" for t in treatments)
    + "   penalties chosen"
)
for arm in arms_of_sets:
    line = f"{arm:<25}"
    for treatment in treatments:
        for seed in setting.run.seeds:
            test, _ = treated[arm, seed][treatment]
            rows_of = [metrics.kl_rows(truth["test"], metrics.probabilities(x)) for x in test]
            distance[arm, seed, treatment] = np.stack(rows_of)
            report.add(f"{arm}/sets: {treatment}", np.mean(rows_of), seed=seed)
        line += f"{np.mean(report.values(f'{arm}/sets: {treatment}')):>22.3f}"
    used = [f"{treated[arm, setting.run.seeds[0]][t][1]:g}" for t in treatments[2:]]
    print(line + f"   {', '.join(used)}")

# %% [markdown]
# And against the truth's students, set by set, with an interval over training sets and test sentences. Positive: nearer to the truth than the student that was taught the truth.

# %%
print(f"{'gain over truth, nats':<22}" + "".join(f"{t:>26}" for t in treatments))
gains = {}
for arm in (a for a in arms_of_sets if a != "truth"):
    line = f"{arm:<22}"
    for treatment in treatments:
        gain = np.concatenate(
            [
                distance["truth", s, treatment] - distance[arm, s, treatment]
                for s in setting.run.seeds
            ]
        )
        for seed, part in zip(setting.run.seeds, np.split(gain, seeds)):
            report.add(f"{arm}/sets: gain, {treatment}", part.mean(), seed=seed)
        gains[arm, treatment] = experiments.paired_interval(gain)
        line += f"{gains[arm, treatment]!s:>26}"
    print(line)

# %%
figure, panels = plt.subplots(1, 4, figsize=(11.6, 3.4), sharex=True, sharey=True)
for axes, treatment in zip(panels, treatments):
    shown = {a: gains[a, treatment] for a in arms_of_sets if a not in ("truth", "control")}
    plots.intervals(axes, shown, colours=[plots.role_colour(a) for a in shown])
    axes.axvline(0, color=plots.COLOURS["truth"], linewidth=1.5)
    axes.set(title=treatment, xlabel="gain over truth's student, nats")
plots.show(
    figure,
    alt="How much nearer to the truth than the truth's student, by arm, under four treatments. "
    + " ".join(
        f"{t}: " + ", ".join(f"{a} {gains[a, t].mean:+.3f}" for a in shown) + "."
        for t in treatments
    ),
)

# %% [markdown]
# With the weakest penalty, softening looks like teaching: students of the softened truth beat those of the truth by {{ledger:04/offline/softened truth/sets: gain, weakest penalty|interval}} nats, and those of the softened teacher by {{ledger:04/offline/softened teacher/sets: gain, weakest penalty|interval}}. Hold every student back in some other way, and both gains turn into losses: {{ledger:04/offline/softened truth/sets: gain, own penalty, scaled|interval}} and {{ledger:04/offline/softened teacher/sets: gain, own penalty, scaled|interval}} in the last column. All of what softening seemed to teach was **sharpness**.
#
# The teacher as it is keeps a gain in every column: {{ledger:04/offline/teacher/sets: gain, weakest penalty|interval}} with the weakest penalty, {{ledger:04/offline/teacher/sets: gain, weakest, scaled|interval}} when that is scaled, {{ledger:04/offline/teacher/sets: gain, own penalty, scaled|interval}} with everything tuned. So part of its advantage over the truth is sharpness, and part is not. What is not is small, but these data are clear about its sign.
#
# (Every gain in this text stands with its interval. Behind each are {{ledger:04/offline/truth/sets: own penalty|count}} seeds, with a batch of training sets for each seed. The teacher is one and the same throughout: the intervals say nothing of another.)
#
# ### Taking the error apart
#
# For squared error, everyone knows that expected error = bias² + variance. KL comes apart in the same way, with another kind of mean (Heskes 1998). Let $q_1 \dots q_M$ be the answers of the students of $M$ training sets to one sentence, and $p$ the truth. There is one distribution $\bar q$, and only one, for which
#
# $$\underbrace{\frac1M \sum_m \mathrm{KL}(p \,\|\, q_m)}_{\text{error}}
# = \underbrace{\mathrm{KL}(p \,\|\, \bar q)}_{\text{bias}}
# + \underbrace{\frac1M \sum_m \mathrm{KL}(\bar q \,\|\, q_m)}_{\text{variance}}$$
#
# whatever $p$ is. Both parts are in nats and neither is negative. The mean of the students' probabilities is *not* this $\bar q$. Another one is, and it is for you to find.
#
# ### Exercise 04.3 · Bias and variance in nats
# {{exercise:04.3}}
#
# Find that $\bar q$ for every row, and return bias and variance, each averaged over the rows.


# %% exercise="04.3"
def bias_and_variance(log_q, p):
    """The two parts of the mean KL(p ‖ q) of many students.

    log_q: (students, rows, classes), log-probabilities: all finite, some as low as -100.
    p: (rows, classes), the truth, all above zero.
    Returns a tensor of shape (2,): bias and variance, in nats, means over rows (and students).
    """
    ### BEGIN SOLUTION
    log_mean = log_q.mean(dim=0).log_softmax(dim=-1)  # (rows, classes)
    bias = (p * (p.log() - log_mean)).sum(dim=-1)
    variance = (log_mean.exp() * (log_mean - log_q)).sum(dim=-1)
    return torch.stack([bias.mean(), variance.mean()])
    ### END SOLUTION


# %% check="04.3"
check("04.3", bias_and_variance)

# %% [markdown]
# The mean that does it averages the **logs**, and is made to sum to one again:
#
# $$\bar q_i = \frac1Z \exp\Big(\frac1M \sum_m \log q_{m,i}\Big), \qquad Z = \sum_j \exp\Big(\frac1M \sum_m \log q_{m,j}\Big)$$
#
# Error less bias is $\sum_i p_i \big(\log \bar q_i - \frac1M \sum_m \log q_{m,i}\big)$. With this mean the bracket is $-\log Z$ for every class, so the sum is $-\log Z$ for every $p$, and for $\bar q$ in the place of $p$ it is the variance. A small example:


# %% tags=["nbval-check-output", "hide-input"]
def parts(log_q, p):
    """The exercise's two parts, as the package's divergences compute them."""
    mean = log_q.mean(0).softmax(-1)
    bias = divergences.kl_divergence(p, mean).mean()
    return bias.item(), divergences.kl_divergence(mean, log_q.exp()).mean().item()


p = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64)
three = torch.tensor([[[0.8, 0.1, 0.1]], [[0.5, 0.4, 0.1]], [[0.6, 0.1, 0.3]]], dtype=torch.float64)
whole = divergences.kl_divergence(p, three).mean().item()
bias, variance = parts(three.log(), p)
print(f"bias {bias:.4f} + variance {variance:.4f} = {bias + variance:.4f}; error {whole:.4f}")

# %%
taken_apart = {}
test_truth = torch.tensor(truth["test"])
for arm in arms_of_sets:
    for treatment in treatments:
        for seed in setting.run.seeds:
            test, _ = treated[arm, seed][treatment]
            bias, variance = parts(torch.tensor(test).double().log_softmax(-1), test_truth)
            report.add(f"{arm}/sets: bias, {treatment}", bias, seed=seed)
            report.add(f"{arm}/sets: variance, {treatment}", variance, seed=seed)
        taken_apart[arm, treatment] = [
            np.mean(report.values(f"{arm}/sets: {part}, {treatment}"))
            for part in ("bias", "variance")
        ]
drawn = ("weakest penalty", "weakest, scaled", "own penalty, scaled")
figure, panels = plt.subplots(1, 3, figsize=(10.4, 3.6), sharey=True)
for axes, treatment in zip(panels, drawn):
    bias, variance = np.array([taken_apart[arm, treatment] for arm in arms_of_sets]).T
    axes.barh(arms_of_sets, bias, color=plots.COLOURS["neutral"], label="bias")
    axes.barh(
        arms_of_sets,
        variance,
        left=bias,
        color=plots.COLOURS["highlight"],
        hatch="//",
        edgecolor="white",
        label="variance",
    )
    for row, (b, v) in enumerate(zip(bias, variance)):
        axes.text(b / 2, row, f"{b:.3f}", ha="center", va="center", fontsize=8)
        axes.text(b + v / 2, row, f"{v:.3f}", ha="center", va="center", fontsize=8)
    axes.set(title=treatment, xlabel="KL(truth ‖ student), nats")
    axes.grid(axis="y", visible=False)
panels[0].invert_yaxis()
panels[0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
plots.show(
    figure,
    alt="Stacked bars of bias and variance, in nats. "
    + " ".join(
        f"{t}: "
        + ", ".join(
            f"{a} {taken_apart[a, t][0]:.3f} + {taken_apart[a, t][1]:.3f}" for a in arms_of_sets
        )
        + "."
        for t in drawn
    ),
)

# %%
for treatment in ("weakest penalty", "weakest, scaled"):
    for part in ("bias", "variance"):
        print(
            experiments.comparison_table(report, arms_of_sets, f"sets: {part}, {treatment}"), "\n"
        )

# %% [markdown]
# The first panel has the same penalty for all arms, so only the targets differ. Labels against truth: bias {{ledger:04/offline/control/sets: bias, weakest penalty|.3f}} and {{ledger:04/offline/truth/sets: bias, weakest penalty|.3f}}, a small difference; variance {{ledger:04/offline/control/sets: variance, weakest penalty|.3f}} and {{ledger:04/offline/truth/sets: variance, weakest penalty|.3f}}. With one penalty for all, that is what soft targets save: a label is one draw, and another draw makes another student; a probability is the same every time. Menon et al. (2021) make this the statistical account of distillation. But look at the third panel. With a penalty of their own, the labels' students vary no more than the truth's ({{ledger:04/offline/control/sets: variance, own penalty, scaled|.3f}} against {{ledger:04/offline/truth/sets: variance, own penalty, scaled|.3f}}) and pay in bias instead: {{ledger:04/offline/control/sets: bias, own penalty, scaled|.3f}} against {{ledger:04/offline/truth/sets: bias, own penalty, scaled|.3f}}. Noise that a penalty suppresses comes back as bias.
#
# Softened truth: variance falls again, to {{ledger:04/offline/softened truth/sets: variance, weakest penalty|.3f}}, and bias rises to {{ledger:04/offline/softened truth/sets: bias, weakest penalty|.3f}}. Students that are all too modest agree better with each other. Scaled back (second panel), nothing of that is left: variance {{ledger:04/offline/softened truth/sets: variance, weakest, scaled|.3f}} and bias {{ledger:04/offline/softened truth/sets: bias, weakest, scaled|.3f}}, against {{ledger:04/offline/truth/sets: variance, weakest, scaled|.3f}} and {{ledger:04/offline/truth/sets: bias, weakest, scaled|.3f}} for the truth.
#
# The teacher, scaled: bias {{ledger:04/offline/teacher/sets: bias, weakest, scaled|.3f}}, variance {{ledger:04/offline/teacher/sets: variance, weakest, scaled|.3f}}. Both are a little below the truth's; what they are below it together is the teacher's gain in the table above, {{ledger:04/offline/teacher/sets: gain, weakest, scaled|interval}}. Menon et al. expect a teacher to pay for lower variance with bias, since it is not the truth. This one does not pay, because this student cannot reach the truth anyway: its own bias is far larger than the teacher's error.
#
# ### Exercise 04.4 · Why can a teacher teach better than the truth?
# {{exercise:04.4}}
#
# On a corpus with known truth, students of the teacher end nearer to the truth than students of the truth, also when both have their own penalty and their own scaling temperature. Which explanation do these data leave standing?
#
# {{choices:04.4}}

# %% exercise="04.4"
why_the_teacher = ...
### BEGIN SOLUTION
why_the_teacher = "d"
### END SOLUTION

# %% check="04.4"
check("04.4", why_the_teacher)

# %% [markdown]
# Being off the truth is no merit in itself: with the error of other sentences the gain is {{ledger:04/offline/shuffled error/sets: gain, own penalty, scaled|interval}} in the last column, a loss. So it matters that a sentence's error is its own.
#
# ### What makes the teacher's targets good ones?
#
# One guess: they are *easier to follow*. The grammar has rules that words and pairs of words cannot express. The truth obeys them; a teacher has learnt them only in part, and where it has not, it answers with what its words suggest. A student that sees only words can follow that. Test the guess: how far does each arm's student end from **its own** targets, on test sentences?

# %%
own_targets = {"truth": truth["test"], "teacher": teacher_p["test"]}
elsewhere = np.random.default_rng(1).permutation(len(truth["test"]))
test_error = np.log(teacher_p["test"]) - np.log(truth["test"])
own_targets["shuffled error"] = metrics.probabilities(np.log(truth["test"]) + test_error[elsewhere])
for arm, target in own_targets.items():
    for seed in setting.run.seeds:
        test, _ = treated[arm, seed]["own penalty, scaled"]
        to_own = np.mean([metrics.kl_rows(target, metrics.probabilities(x)).mean() for x in test])
        report.add(f"{arm}/sets: KL to its own targets", to_own, seed=seed)
print(experiments.comparison_table(report, list(own_targets), "sets: KL to its own targets"))

# %% [markdown]
# The teacher's students end {{ledger:04/offline/teacher/sets: KL to its own targets|interval}} nats from what they were taught, the truth's students {{ledger:04/offline/truth/sets: KL to its own targets|interval}}, those with the shuffled error {{ledger:04/offline/shuffled error/sets: KL to its own targets|interval}}. So the guess stands: of the three, the teacher's targets are the easiest to follow. It is one guess among several that would fit, and nothing here proves it.
#
# ## 6 · The capacity gap: is the better teacher the better teacher?
#
# ### Equally right, and too sharp
#
# First a teacher that gets worse as a teacher while its decisions stay the same: ours, at other temperatures. Its accuracy is the same at every T.

# %%
sharpness = (0.25, 0.5, 1.0, 2.0, 4.0)


def at_temperatures(chosen, drawn, generator):
    return {f"{t:g}": (pool_said[chosen] / t).softmax(-1) for t in sharpness}


half = max(2, sets // 2)
by_temperature = {seed: teach(at_temperatures, seed, half) for seed in setting.run.seeds}
curves = {treatment: [] for treatment in treatments}
for t in sharpness:
    for seed in setting.run.seeds:
        for treatment, (test, _) in treat(by_temperature[seed][f"{t:g}"]).items():
            value = np.mean(
                [metrics.kl_rows(truth["test"], metrics.probabilities(x)).mean() for x in test]
            )
            report.add(f"teacher at T {t:g}/sets: {treatment}", value, seed=seed)
    for treatment in treatments:
        curves[treatment].append(np.mean(report.values(f"teacher at T {t:g}/sets: {treatment}")))
figure, axes = plt.subplots()
for (treatment, curve), style, colour in zip(
    curves.items(), ("o:", "o-", "s--", "s-"), ("control", "neutral", "highlight", "teacher")
):
    axes.plot(sharpness, curve, style, color=plots.COLOURS[colour], label=treatment)
axes.set(
    title="The same decisions, taught at five temperatures",
    xlabel="temperature of the teacher's targets",
    ylabel="KL(truth ‖ student), nats",
    xscale="log",
)
axes.set_xticks(sharpness, [f"{t:g}" for t in sharpness])
axes.minorticks_off()
axes.legend()
plots.show(
    figure,
    alt="Distance of word students from the truth against the temperature of the teacher's targets. "
    + " ".join(
        f"{t}: " + ", ".join(f"{x:.3f}" for x in curve) + " at T = 0.25, 0.5, 1, 2, 4."
        for t, curve in curves.items()
    ),
)

# %% [markdown]
# Sharpened to T = 0.25, the same decisions make students that are {{ledger:04/offline/teacher at T 0.25/sets: weakest penalty|interval}} nats from the truth, against {{ledger:04/offline/teacher at T 1/sets: weakest penalty|interval}} at T = 1. Scaling the students undoes most of that, as the picture shows.
#
# In the other direction, whoever looks at the weakest penalty alone finds T = 2 a match for T = 1, or better. Tuned and scaled, it is not: {{ledger:04/offline/teacher at T 2/sets: own penalty, scaled|interval}} against {{ledger:04/offline/teacher at T 1/sets: own penalty, scaled|interval}}. So "which temperature teaches best" has no answer of its own: it depends on what else holds the student back.
#
# Two teachers that decide alike can teach unalike, then, and one that was trained until it is too sharp may be the worse teacher. That is the cheap explanation to try first when a larger teacher disappoints: Cho and Hariharan (2019) found that teachers stopped early taught better. The map below tries it on this corpus.
#
# ### A map of teachers and students
#
# Now teachers of growing size and quality, and students of growing size. Four teachers learnt from the same 8,000 labelled sentences: `tiny`, `mini` twice (stopped early, and trained three times as long) and `small`. The fifth is the one that ships, `small` on 40,000 sentences. A sixth, `mini, smoothed`, is section 7's. Students are transformers of the sizes in `map_students`; each learns from the same sentences, for as many steps as the `teacher` arm, at the learning rate that `map_students` gives its size, the same in every row. The control learns from labels. A row is one teacher, trained once: the map says nothing of how another training of it would teach.
#
# The map comes from the ledger (`KD_MAPS=1` computes it). The ringed cell is the `teacher` arm that you trained in section 4.

# %% tags=["hide-input"]
smoothing = 0.2
map_teachers = {  # name: size, steps, label smoothing
    "tiny": ("tiny", 750, 0.0),
    "mini, stopped early": ("mini", 400, 0.0),
    "mini": ("mini", 1200, 0.0),
    "mini, smoothed": ("mini", 1200, smoothing),
    "small": ("small", 600, 0.0),
}


def train_teachers():
    """The map's teachers, one after the other. Returns name -> {split: logits}."""
    corpus = news.teacher_corpus(seed=1, size=8000)
    corpus_rows = tokenizer(list(corpus["text"]), truncation=True, max_length=64)["input_ids"]
    one_hot = torch.eye(3)[torch.tensor(corpus["label"])]
    found = {}
    for name, (size, steps, smoothed) in map_teachers.items():
        model = models.classifier(size, tokenizer, names, seed=0)
        recipe = settings.Recipe(1e-3 if size == "small" else 2e-3, steps)
        model = learn(model, corpus_rows, (1 - smoothed) * one_hot + smoothed / 3, recipe, seed=0)
        found[name] = {
            s: predict_logits(model, read[s], tokenizer) for s in ("train", "validation", "test")
        }
    return found


def figures_of(found):
    """Accuracy, and KL from the truth as it is and at its best temperature."""
    t = metrics.best_temperature(found["validation"], labels["validation"])
    accuracy = metrics.correct(found["test"], labels["test"]).mean()
    return [float(accuracy), float(judged(found).mean()), float(judged(found, t).mean()), t]


def map_cell(size, target, seed):
    """One student of the map: its figures."""
    student = models.classifier(size, tokenizer, names, seed=seed)
    recipe = replace(setting.recipes["teacher"], learning_rate=setting.map_students[size])
    student = learn(student, rows, target, recipe, seed=seed)
    return figures_of({s: predict_logits(student, read[s], tokenizer) for s in held_out})


columns = list(setting.map_students)
if setting.run.maps:
    answers = train_teachers() | {"small, 40,000 sentences": teacher_logits}
    row_targets = {"control: labels": targets["control"]}
    row_targets |= {name: softmax(found["train"][:n]) for name, found in answers.items()}
    cells = {
        name: {
            size: [map_cell(size, target, seed) for seed in range(setting.map_seeds)]
            for size in columns
        }
        for name, target in row_targets.items()
    }
    report.add_table(
        "capacity map",
        {
            "teachers": {name: figures_of(found) for name, found in answers.items()},
            "students": cells,
        },
    )

# %%
map_ = report.table("capacity map")
if map_:
    # From weak to strong, whatever order the table was kept in.
    by_rows = ["control: labels", *map_teachers, "small, 40,000 sentences"]
    map_["students"] = {name: map_["students"][name] for name in by_rows}
    grid = np.array(
        [
            [np.mean([f[2] for f in cells[size]]) for size in columns]
            for cells in map_["students"].values()
        ]
    )
    figure, axes = plt.subplots(figsize=(7.6, 4.4))
    image = axes.imshow(grid, cmap=plots.SEQUENTIAL + "_r", aspect="auto")
    for i, (name, cells) in enumerate(map_["students"].items()):
        for j, size in enumerate(columns):
            spread = [f[2] for f in cells[size]]
            text = f"{np.mean(spread):.3f}" + (
                f"\n{min(spread):.3f}–{max(spread):.3f}" if len(spread) > 1 else ""
            )
            dark = grid[i, j] > grid.mean()
            axes.text(
                j, i, text, ha="center", va="center", fontsize=8, color="white" if dark else "black"
            )
    own = np.mean(report.values("teacher/student's KL, scaled"))
    if setting.student in columns:
        row, column = len(grid) - 1, columns.index(setting.student)
        axes.add_patch(
            plt.Rectangle(
                (column - 0.48, row - 0.46),
                0.96,
                0.92,
                fill=False,
                linewidth=2.5,
                color=plots.COLOURS["student"],
            )
        )
        axes.text(
            column + 0.46,
            row + 0.42,
            f"yours {own:.3f}",
            ha="right",
            va="bottom",
            fontsize=7,
            color="white" if grid[row, column] > grid.mean() else "black",
        )
    quality = {name: figures[2] for name, figures in map_["teachers"].items()}
    axes.set_yticks(
        range(len(grid)),
        [
            f"{name}" + (f" ({quality[name]:.3f})" if name in quality else "")
            for name in map_["students"]
        ],
        fontsize=8,
    )
    axes.set_xticks(range(len(columns)), columns)
    axes.set(
        title="Students' distance from the truth, after scaling",
        xlabel="student",
        ylabel="teacher (its own distance)",
    )
    axes.grid(False)
    figure.colorbar(image, label="KL(truth ‖ student), nats")
    plots.show(
        figure,
        alt="Map of KL from the truth after scaling; rows are teachers, columns students. "
        + " ".join(
            f"{name}: " + ", ".join(f"{size} {x:.3f}" for size, x in zip(columns, line)) + "."
            for name, line in zip(map_["students"], grid)
        ),
    )

# %% [markdown]
# Numbers in brackets are the teachers' own distances; under a cell's mean stand its best and its worst seed. The next table sorts the teachers from best to worst and asks of every pair: does the better teacher have the worse student, by more than the seeds of both overlap?

# %%
if map_:
    order = sorted(map_["teachers"], key=lambda name: map_["teachers"][name][2])
    print(
        f"{'teacher':<26}{'accuracy':>9}{'KL':>8}{'scaled':>8}{'best T':>8}   students' scaled KL: "
        + "".join(f"{c:>8}" for c in columns)
    )
    for name in order:
        accuracy, as_is, scaled, t = map_["teachers"][name]
        line = "".join(
            f"{np.mean([f[2] for f in map_['students'][name][c]]):>8.3f}" for c in columns
        )
        print(f"{name:<26}{accuracy:>9.3f}{as_is:>8.3f}{scaled:>8.3f}{t:>8.2f}{'':<24}{line}")
    print()
    inversions = 0
    for i, better in enumerate(order):
        for worse in order[i + 1 :]:
            for size in columns:
                a, b = ([f[2] for f in map_["students"][name][size]] for name in (better, worse))
                if len(a) > 1 and min(a) > max(b):
                    inversions += 1
                    print(
                        f"the better teacher has the worse student: {better} against {worse}, student {size} ({np.mean(a):.3f} against {np.mean(b):.3f})"
                    )
    print(
        f"{inversions} of {len(order) * (len(order) - 1) // 2 * len(setting.map_students)} comparisons: every pair of teachers, for each size of student"
    )

# %% [markdown]
# First look at the ranges: two seeds of one cell can lie further apart than two teachers. Then at what stands out all the same. For both sizes of student, the students of every teacher end far nearer to the truth than those of the labels. And beyond that the map is nearly flat. Two rows stand out: for both sizes, the students of *mini, stopped early* and of *mini, smoothed* end a little farther from the truth than those of *mini*, and their ranges do not meet its own. These teachers are also a little farther from the truth than *mini* is. So nothing here speaks for stopping early; two seeds and single teachers do not speak against it, either.
#
# In this map the larger student is no nearer to the truth than the small one: with so few sentences, it does not seem to be size that holds a student back. And the teachers' own quality hardly shows: the last teacher is many times nearer to the truth than the others, its students only a little nearer than theirs, or not at all. What these students take up from so few sentences, they take up from a mediocre teacher as well; most of what the better teacher knows beyond that does not arrive. *That* gap, between what a teacher knows and what a student can follow, is plain here. Stanton et al. (2021) found the like at full size: students that do not come to agree with their teachers. With the same 8,000 sentences, the larger teachers are hardly better than the smallest, so of teachers that are larger *and* better the map has only one.
#
# The stronger claim, that a larger or better teacher makes a *worse* student (Cho & Hariharan 2019; Mirzadeh et al. 2020, who put a middle-sized teacher assistant in between), is what the pairs above look for; the line under the table counts those that were found.
#
# ### Exercise 04.5 · What a map may be made to say
# {{exercise:04.5}}
#
# In another map, a large teacher's small student is 0.030 nats worse than a middle-sized teacher's. Each teacher was trained once, each student with five seeds, and the five of a cell lie within 0.010 nats of each other. A colleague writes: "Capacity gap shown: our large teacher is too large for this student." The computer is free for one more experiment. Which one tests that sentence best?
#
# {{choices:04.5}}

# %% exercise="04.5"
reading_the_map = ...
### BEGIN SOLUTION
reading_the_map = "b"
### END SOLUTION

# %% check="04.5"
check("04.5", reading_the_map)

# %% [markdown]
# The same goes for the inversions of our own map. Many pairs are compared, with few seeds each and one teacher a row: some inversions would turn up by chance, and none of them is proof.
#
# ## 7 · A teacher trained with label smoothing
#
# *Label smoothing* trains a model to be not quite sure of its labels. In PyTorch it is an argument of the loss: with $C$ classes and the label $y$, `F.cross_entropy(…, label_smoothing=ε)` is
#
# $$(1 - \varepsilon)\,\big(-\log q_y\big) + \varepsilon\,\frac1C \sum_{i=1}^{C} \big(-\log q_i\big)$$
#
# It often improves a model. But Müller, Kornblith and Hinton (2019) found that such a model was a worse *teacher*: it answers every sentence of a class alike, and what made its soft targets worth having is wiped out. Shen et al. (2021) looked again and dispute that this is so in general.
#
# ### Exercise 04.6 · Smoothed labels
# {{exercise:04.6}}
#
# That loss is a plain cross-entropy with another target in the label's place. Return this target for every label.


# %% exercise="04.6"
def smoothed_targets(labels, classes, epsilon):
    """The targets whose cross-entropy is F.cross_entropy(…, label_smoothing=epsilon).

    labels: (rows,), int64. classes: how many there are, at least 2. epsilon: a number in [0, 1].
    Returns (rows, classes), floating-point numbers also at epsilon = 0; each row sums to one.
    """
    ### BEGIN SOLUTION
    return (1 - epsilon) * F.one_hot(labels, classes).float() + epsilon / classes
    ### END SOLUTION


# %% check="04.6"
check("04.6", smoothed_targets)

# %% [markdown]
# The library can be asked which target it has in mind. The gradient of a cross-entropy is softmax(z) less the target (lesson 02), so softmax(z) less the gradient *is* the target. What does yours say for label 0, three classes and ε = 0.2?

# %% tags=["nbval-check-output"]
z = torch.tensor([[2.0, 0.5, -1.0]], requires_grad=True)
loss = F.cross_entropy(z, torch.tensor([0]), label_smoothing=0.2)
(gradient,) = torch.autograd.grad(loss, z)
print("softmax(z) less the gradient:", [round(v, 3) for v in (z.softmax(-1) - gradient)[0].tolist()])

# %% [markdown]
# Measure it, many times over. For every training set a fresh pair of teachers: word models, trained on 4,000 labelled sentences, with ε = 0 and with ε = 0.2, otherwise alike. Their students learn from 1,000 sentences. It may matter whether the teacher has *seen* those sentences in its own training, and so may know their labels by heart; so both cases are tried. The control learns from the labels.

# %%
epsilons = (0.0, smoothing)
teacher_figures = []


def smoothed_teachers(chosen, drawn, generator):
    """Targets of teachers trained with and without smoothing, on seen and on unseen sentences."""
    told = {"control": torch.eye(3)[drawn]}
    unseen = torch.ones(len(pool), dtype=torch.bool)
    unseen[chosen] = False
    unseen = unseen.nonzero()[:, 0]
    unseen = unseen[torch.randperm(len(unseen), generator=generator)]
    for where, known in (("seen", torch.cat([chosen, unseen[:3000]])), ("unseen", unseen[:4000])):
        its_labels = torch.multinomial(pool_truth[known], 1, generator=generator)[:, 0]
        if where == "seen":
            its_labels[: len(drawn)] = drawn
        one_hot = torch.eye(3)[its_labels]
        smoothed = torch.stack([(1 - e) * one_hot + e / 3 for e in epsilons])
        weights = fit_words(pool[known], smoothed, torch.tensor([1e-3] * len(epsilons)))
        said, at_test = word_logits(pool[chosen], weights), word_logits(held_out["test"], weights)
        for k, e in enumerate(epsilons):
            told[f"ε = {e:g}, {where}"] = said[k].softmax(-1)
            p = metrics.probabilities(at_test[k].numpy())
            teacher_figures.append(
                (
                    e,
                    metrics.correct(p, labels["test"]).mean(),
                    metrics.kl_rows(truth["test"], p).mean(),
                )
            )
    return told


few = max(2, sets // 3)
smoothed_students = {seed: teach(smoothed_teachers, seed, few) for seed in setting.run.seeds}
for e in epsilons:
    accuracy, distance_of_teacher = np.mean([f[1:] for f in teacher_figures if f[0] == e], axis=0)
    report.add(f"ε = {e:g}/teacher's accuracy", accuracy, kind="trained once")
    report.add(f"ε = {e:g}/teacher's KL", distance_of_teacher, kind="trained once")
    print(
        f"teachers with ε = {e:<4g} accuracy {accuracy:.3f}   KL(truth ‖ teacher) {distance_of_teacher:.3f} nats"
    )

# %%
smoothing_arms = list(smoothed_students[setting.run.seeds[0]])
by_arm = {}
for arm in smoothing_arms:
    for treatment in ("weakest penalty", "weakest, scaled", "own penalty, scaled"):
        for seed in setting.run.seeds:
            test, _ = treat(smoothed_students[seed][arm])[treatment]
            by_arm[arm, seed, treatment] = np.stack(
                [metrics.kl_rows(truth["test"], metrics.probabilities(x)) for x in test]
            )
            report.add(
                f"{arm}/smoothing: {treatment}", by_arm[arm, seed, treatment].mean(), seed=seed
            )
for treatment in ("weakest penalty", "weakest, scaled", "own penalty, scaled"):
    print(experiments.comparison_table(report, smoothing_arms, f"smoothing: {treatment}"))
    for where in ("seen", "unseen"):
        plain, smoothed = (f"ε = {e:g}, {where}" for e in epsilons)
        gain = np.concatenate(
            [
                by_arm[plain, s, treatment] - by_arm[smoothed, s, treatment]
                for s in setting.run.seeds
            ]
        )
        for seed, part in zip(setting.run.seeds, np.split(gain, seeds)):
            report.add(f"smoothing, {where}/gain, {treatment}", part.mean(), seed=seed)
        interval = experiments.paired_interval(gain)
        print(
            f"    gain of smoothing the teacher, {where} sentences: {interval}   {experiments.verdict(interval, seeds=len(gain))}"
        )
    print()

# %% [markdown]
# As they are, with one penalty for all, the smoothed *teachers* end a little nearer to the truth than the plain ones, in the mean of all that were trained for this lesson: {{ledger:04/offline/ε = 0.2/teacher's KL|.3f}} nats against {{ledger:04/offline/ε = 0/teacher's KL|.3f}}, with no interval. As trained, their students are worse than those of the plain teachers: a gain of {{ledger:04/offline/smoothing, seen/gain, weakest penalty|interval}} nats on sentences that the teacher had seen, {{ledger:04/offline/smoothing, unseen/gain, weakest penalty|interval}} on others. That looks like a better teacher that teaches worse; part of what is better may be sharpness. Scaled, the gains are {{ledger:04/offline/smoothing, seen/gain, weakest, scaled|interval}} and {{ledger:04/offline/smoothing, unseen/gain, weakest, scaled|interval}}: the sign is open, and what lies outside these intervals is unlikely. Here, smoothing the teacher cost its students their sharpness and nothing that can be found beside it.
#
# So do these data settle the dispute? No. A word model has no hidden layer in which the examples of a class could draw together, which is what Müller et al. saw. The row `mini, smoothed` of the map in section 6 is a transformer's: after scaling its students are a little worse than those of `mini`, for both sizes; each is a single teacher.
#
# ## 8 · A teacher that is wrong, and sure of it
#
# Soft targets pass on what a teacher believes, true or not. Take a fault that is easy to imagine: in sentences about losses, costs or debts, the teacher confuses good and bad news, so that *costs fell* is bad. We build this teacher from ours by swapping two of its answers there. Everywhere else it is the same.

# %%
about_costs = re.compile(r"\b(?:loss\w*|costs?|expens\w*|debts?|liabilit\w*)\b", re.IGNORECASE)
pool_texts = texts["train"] + texts["unlabelled"]
faulty_rows = torch.tensor([bool(about_costs.search(t)) for t in pool_texts])
in_slice = np.array([bool(about_costs.search(t)) for t in texts["test"]])
print(f"{in_slice.mean():.1%} of the test sentences are about losses, costs or debts, such as:")
for i in np.flatnonzero(in_slice)[:3]:
    print("   ", texts["test"][i])


def with_fault(logits, faulty):
    """Logits with the answers for negative and positive swapped in the faulty rows."""
    return torch.where(faulty[:, None], logits[:, [2, 1, 0]], logits)


# %% [markdown]
# Labels are a cure, if α leaves them a say. How much? At T = 1 the two losses of lesson 03 can be added up before training: there is one target $r$ for which
#
# $$\alpha\,\mathrm{KL}(p \,\|\, q) + (1 - \alpha)\,H(y, q) = H(r,\; q) + \text{a constant}$$
#
# whatever the student's $q$ is. Here $y$ puts all probability on the label, and the constant does not hold $q$. Both losses together pull at the student as *one* target does.
#
# ### Exercise 04.7 · The one target behind two losses
# {{exercise:04.7}}
#
# Return that target $r$ for every row.


# %% exercise="04.7"
def implied_target(teacher_p, labels, alpha):
    """The target whose cross-entropy has the gradient of α · soft + (1 - α) · hard, at T = 1.

    teacher_p: (rows, classes), probabilities. labels: (rows,), int64.
    alpha: weight of the soft loss, a number in [0, 1].
    Returns (rows, classes), floating-point numbers; each row sums to one. Whether a gradient could
    flow back into teacher_p does not count.
    """
    ### BEGIN SOLUTION
    one_hot = F.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)
    return alpha * teacher_p + (1 - alpha) * one_hot
    ### END SOLUTION


# %% check="04.7"
check("04.7", implied_target)

# %% [markdown]
# Cross-entropy is linear in its target, which is why one target will do. Read it off the gradient again: here are two students with different beliefs, a teacher with logits (2, 1, −1), the label 1 and α = 0.75. Does your function say the same?

# %% tags=["nbval-check-output"]
said = torch.tensor([[2.0, 1.0, -1.0]], dtype=torch.float64)
for believed in ([0.3, -0.2, 0.5], [-1.0, 2.0, 0.0]):
    z = torch.tensor([believed], dtype=torch.float64, requires_grad=True)
    both = losses.distillation_loss(z, said, torch.tensor([1]), temperature=1.0, alpha=0.75)
    (gradient,) = torch.autograd.grad(both, z)
    pulled_to = (z.softmax(-1) - gradient)[0].tolist()
    print("softmax(z) less the gradient of both losses", [round(v, 4) for v in pulled_to])

# %% [markdown]
# So α can be swept with the word students: one target for each α. One penalty serves all. The control is the sound teacher at the same α; at α = 0 both are the labels.

# %% tags=["hide-input"]
alphas = (0.0, 0.25, 0.5, 0.75, 1.0)
pool_faulty = with_fault(pool_said, faulty_rows)


def mixtures(chosen, drawn, generator):
    one_hot = torch.eye(3, dtype=torch.float64)[drawn]
    return {
        f"{who}, α = {a:g}": a * said[chosen].softmax(-1) + (1 - a) * one_hot
        for who, said in (("sound", pool_said), ("faulty", pool_faulty))
        for a in alphas
    }


hits = {}
for seed in setting.run.seeds:
    for arm, found in teach(mixtures, seed, half, penalties=(1e-2,)).items():
        hits.setdefault(arm, []).extend(
            metrics.correct(x, labels["test"]) for x in found["test"][:, 0]
        )
figure, panels = plt.subplots(1, 2, figsize=(9, 3.6))
described = []
for axes, (where, mask) in zip(
    panels, {"in the faulty slice": in_slice, "everywhere else": ~in_slice}.items()
):
    for who, colour, marker in (("sound", "teacher", "o"), ("faulty", "student", "s")):
        found = []
        for a in alphas:
            scores = np.stack(hits[f"{who}, α = {a:g}"])[:, mask]
            for seed, part in zip(setting.run.seeds, np.split(scores, seeds)):
                report.add(f"{who}, α = {a:g}/accuracy {where}", part.mean(), seed=seed)
            found.append(experiments.paired_interval(scores))
        axes.errorbar(
            alphas,
            [f.mean for f in found],
            yerr=np.array([[f.mean - f.low, f.high - f.mean] for f in found]).T,
            marker=marker,
            capsize=3,
            color=plots.COLOURS[colour],
            label=f"{who} teacher",
        )
        described.append(f"{where}, {who}: " + ", ".join(f"{f.mean:.3f}" for f in found))
    axes.set(
        title=f"Accuracy {where}",
        xlabel="α (weight of the teacher)",
        ylabel="accuracy of the students",
    )
panels[0].legend()
plots.show(
    figure, alt="Students' accuracy at α = 0, 0.25, 0.5, 0.75, 1. " + "; ".join(described) + "."
)

# %%
print("accuracy over all test sentences" + "".join(f"{f'α = {a:g}':>11}" for a in alphas))
for who in ("sound", "faulty"):
    everywhere = [np.mean(hits[f"{who}, α = {a:g}"]) for a in alphas]
    print(f"students of the {who} teacher".ljust(32) + "".join(f"{x:>11.3f}" for x in everywhere))
faulty, sound = (np.stack(hits[f"{who}, α = 1"]) for who in ("faulty", "sound"))
for where, mask in (
    ("in the slice", in_slice),
    ("everywhere else", ~in_slice),
    ("all", in_slice | True),
):
    difference = experiments.paired_interval(faulty[:, mask], sound[:, mask])
    print(f"faulty less sound at α = 1, {where:<16}{difference}")

# %% [markdown]
# In the slice the fault is inherited, the more so the larger α: from {{ledger:04/offline/faulty, α = 0/accuracy in the faulty slice|.3f}} at α = 0 down to {{ledger:04/offline/faulty, α = 1/accuracy in the faulty slice|interval}} at α = 1, where students of the sound teacher reach {{ledger:04/offline/sound, α = 1/accuracy in the faulty slice|interval}}. Labels dilute it, in proportion; they do not undo it.
#
# Now look at the other panel. *Outside* the slice the faulty teacher's students are **better** than the sound teacher's: {{ledger:04/offline/faulty, α = 1/accuracy everywhere else|interval}} against {{ledger:04/offline/sound, α = 1/accuracy everywhere else|interval}} at α = 1. The two teachers give the same answers there. What differs is what the student has to learn beside them, and this is the likely reason: in the faulty teacher's world, *fell* is bad whatever falls, and that is a rule which a model of words can follow. It is section 5's finding with the sign turned round: an error that makes the world simpler is easy to learn, whether it is wanted or not. And in the mean over all sentences, the table below the picture, the gain outside hides the loss inside. Nobody who reads that mean alone would find the fault.
#
# Can the fault be found before a student is trained? The labels know. In which slices is the teacher more surprised by them than it expects to be? What it *expects* is its own entropy: a teacher that means what it says is, on average, exactly as surprised as its entropy.

# %%
train_slice = np.array([bool(about_costs.search(t)) for t in texts["train"]])
faulty_train = with_fault(torch.tensor(teacher_logits["train"]), torch.tensor(train_slice)).numpy()
print(f"{'surprise less entropy, nats':<30}{'in the slice':<26}everywhere else")
for who, said in (("sound teacher", teacher_logits["train"]), ("faulty teacher", faulty_train)):
    p = metrics.probabilities(said)
    excess = metrics.surprise(p, labels["train"]) - divergences.entropy(torch.tensor(p)).numpy()
    found = [experiments.paired_interval(excess[None, m]) for m in (train_slice, ~train_slice)]
    report.add(f"{who}/excess surprise in the slice", found[0].mean)
    print(f"{who:<30}{found[0]!s:<26}{found[1]}")

# %% [markdown]
# One such table, over the slices that you care about, costs a few hundred labels. It belongs before any distillation.
#
# ## 9 · Choosing teacher and student
#
# Outside of this corpus you will rarely train a teacher from nothing; you choose one, and a student that goes with it. Some families, with their sizes *computed* here from the published shapes: the models are built without memory for their weights, so nothing is downloaded.

# %%
BERT = {"vocab_size": 30522}
shapes = {  # model: (class, shape)
    "BERT-base": (transformers.BertModel, transformers.BertConfig(**BERT)),
    "DistilBERT": (transformers.DistilBertModel, transformers.DistilBertConfig(**BERT)),
    "TinyBERT-6": (transformers.BertModel, transformers.BertConfig(num_hidden_layers=6, **BERT)),
    "TinyBERT-4": (
        transformers.BertModel,
        transformers.BertConfig(
            num_hidden_layers=4, hidden_size=312, intermediate_size=1200, **BERT
        ),
    ),
    "MiniLM-L12-H384": (
        transformers.BertModel,
        transformers.BertConfig(
            num_hidden_layers=12, hidden_size=384, intermediate_size=1536, **BERT
        ),
    ),
    "MiniLM-L6-H384": (
        transformers.BertModel,
        transformers.BertConfig(
            num_hidden_layers=6, hidden_size=384, intermediate_size=1536, **BERT
        ),
    ),
    "GPT-2": (transformers.GPT2Model, transformers.GPT2Config()),
    "DistilGPT2": (transformers.GPT2Model, transformers.GPT2Config(n_layer=6)),
    "T5-base": (
        transformers.T5Model,
        transformers.T5Config(
            vocab_size=32128, d_model=768, d_ff=3072, num_layers=12, num_heads=12
        ),
    ),
    "T5-small": (transformers.T5Model, transformers.T5Config(vocab_size=32128)),
    "BART-large": (
        transformers.BartModel,
        transformers.BartConfig(vocab_size=50265),
    ),
    "DistilBART-12-6": (
        transformers.BartModel,
        transformers.BartConfig(vocab_size=50265, decoder_layers=6),
    ),
}
print(f"{'':<18}{'million parameters':>19}{'of them embeddings':>20}{'vocabulary':>12}")
for name, (kind, shape) in shapes.items():
    with torch.device("meta"):
        model = kind(shape)
    total, inside = cost.parameters(model), cost.parameters(model, embeddings=False)
    print(f"{name:<18}{total / 1e6:>19.1f}{(total - inside) / 1e6:>20.1f}{shape.vocab_size:>12,}")

# %% [markdown]
# (Counted without heads that are made for a task. Papers round, and some leave the embeddings out.) The smaller the student, the more of it is vocabulary: a reason to think about the vocabulary first.
#
# | your task | teacher | student | what is passed on | tokenizer |
# |---|---|---|---|---|
# | classify sentences, pairs | a fine-tuned encoder: BERT, RoBERTa | DistilBERT, MiniLM, TinyBERT | class probabilities; for TinyBERT also hidden states and attention | need not be shared: the classes are |
# | find a span (question answering) | a fine-tuned encoder | the same family, fewer layers | start and end probabilities **per token** | shared, or positions must be mapped |
# | a general encoder, before any task | the pretrained encoder itself | DistilBERT, MiniLM: fewer or narrower layers | probabilities of masked words (DistilBERT); attention relations (MiniLM) | shared (DistilBERT); MiniLM compares relations between tokens, so the same tokens |
# | translate, summarise | a sequence-to-sequence model: T5, BART | the same model with fewer decoder layers (DistilBART), or a smaller one of its family (T5-small beside T5-base) | the teacher's *texts* (sequence level), or next-token probabilities | texts: free; probabilities: shared |
# | generate freely | GPT-2 and its successors | DistilGPT2; the small member of the same family | texts, or next-token probabilities, on-policy or not | texts: free; probabilities: shared |
# | you reach the teacher only through a paid interface | a large hosted model | anything you can train | texts, labels, sometimes a few log-probabilities (read the terms of use first) | free |
#
# Rules of thumb, each with what it rests on:
#
# - **Start from pretrained weights.** Students of a published family (DistilBERT, MiniLM, TinyBERT) begin with general knowledge. Turc et al. (2019) found that pretraining a compact student, before it is distilled on unlabelled text of the task, is well worth it.
# - **First the size you can afford, then the teacher.** The budget is the student's; teachers cost once. Try two teachers, a large and a middle one, with several seeds: section 6 shows why one number does not decide it.
# - **Look at the teacher's calibration and at its slices** (sections 3 and 8) before you look at its size.
# - **Cheaper things first.** The control with the same budget, more steps, temperature scaling: what a student without a teacher reaches is what the teacher has to beat. For summaries, Shleifer and Rush (2020) found copying layers and fine-tuning better than distilling on one data set (CNN/DailyMail), and worse than learning the teacher's own summaries on another (XSUM).
#
# ### Classes must mean the same
#
# For classification nothing has to be shared but the classes, *in the same order*. Two models for one task often number them differently, and nothing raises an error.
#
# ### Exercise 04.8 · Bring the classes into one order
# {{exercise:04.8}}
#
# The teacher's and the student's classes have names. Return the teacher's logits for the student's classes, in the student's order. Two names are the same when they are equal as a whole, but for their capitals. The teacher may know classes that the student does not: leave those out. The student knows none that the teacher does not.


# %% exercise="04.8"
def align_classes(teacher_logits, teacher_names, student_names):
    """The teacher's logits for the student's classes, in the student's order.

    teacher_logits: (rows, teacher's classes). The names: lists or tuples of str, one a class.
    Returns (rows, student's classes): a new tensor or a view, which is all the same.
    """
    ### BEGIN SOLUTION
    place = {name.lower(): column for column, name in enumerate(teacher_names)}
    return teacher_logits[:, [place[name.lower()] for name in student_names]]
    ### END SOLUTION


# %% check="04.8"
check("04.8", align_classes)

# %% [markdown]
# (Leaving out logits is more than cosmetics: a softmax over what remains shares the lost probability out in proportion. Before you do it, look at how much is lost.)
#
# ### Why a shared tokenizer matters, and what to do without one
#
# A token number means something only in its own vocabulary. Soft targets *per token* (spans, next tokens) need the same tokens at the same positions. And even where only the classes are shared, teacher and student must each be given **its own** reading of the text. Here is a student with another vocabulary, and what happens when the teacher is handed the student's token numbers: no error at all.

# %%
foreign = models.train_tokenizer(texts["train"], vocabulary=1500)
foreign_read = {
    split: foreign(texts[split], truncation=True, max_length=64)
    for split in ("train", "validation", "test")
}
sentence = texts["test"][0]
print(sentence)
for who, its in (("teacher", tokenizer), ("student", foreign)):
    pieces = its.convert_ids_to_tokens(its(sentence)["input_ids"])
    print(
        f"{who}: {len(its)} tokens known, {len(pieces)} used:",
        " ".join(p.replace("Ġ", "_") for p in pieces[:16]),
        "…",
    )
for who, its in (("its own", read["test"]), ("the student's", foreign_read["test"])):
    accuracy = metrics.correct(predict_logits(teacher, its, tokenizer), labels["test"]).mean()
    print(f"the teacher, given {who + ' tokens':<21} accuracy {accuracy:.3f}")
print(
    f"always the commonest class{'':<14} accuracy {np.bincount(labels['test']).max() / len(labels['test']):.3f}"
)

# %% [markdown]
# The remedy: what passes between the two is *text*. `cached_teacher_outputs(text_column=…)` has the teacher read the text through its own tokenizer, and its answers are found by the text.

# %%
by_text = cached_teacher_outputs(
    teacher,
    data["train"].select(range(n)),
    tokenizer,
    text_column="text",
    max_length=64,
    progress=False,
)
answers_by_text = softmax(by_text.of(data["train"].select(range(n))).numpy())
foreign_rows = foreign_read["train"]["input_ids"][:n]
foreign_targets = {
    "control, other tokenizer": targets["control"],
    "teacher, other tokenizer": answers_by_text,
}
for arm, target in foreign_targets.items():
    recipe = setting.recipes[arm.split(",")[0]]
    for seed in setting.run.seeds:
        student = models.classifier(setting.student, foreign, names, seed=seed)
        student = learn(student, foreign_rows, target, recipe, seed=seed)
        found = {
            split: predict_logits(student, foreign_read[split], foreign)
            for split in ("validation", "test")
        }
        t = metrics.best_temperature(found["validation"], labels["validation"])
        accuracy = metrics.correct(found["test"], labels["test"]).mean()
        report.add(f"{arm}/accuracy", accuracy, seed=seed)
        report.add(f"{arm}/student's KL, scaled", judged(found, t).mean(), seed=seed)
compared = ["control", "teacher", *foreign_targets]
for figure_name in ("accuracy", "student's KL, scaled"):
    print(experiments.comparison_table(report, compared, figure_name), "\n")

# %% [markdown]
# With the other tokenizer the control reaches {{ledger:04/offline/control, other tokenizer/accuracy|interval}}, the teacher's student {{ledger:04/offline/teacher, other tokenizer/accuracy|interval}}; with the shared one it was {{ledger:04/offline/control/accuracy|interval}} and {{ledger:04/offline/teacher/accuracy|interval}}. So there is a gain with either tokenizer: the two never had to agree on tokens, only on the sentence and the classes. The taught student is somewhat worse with the smaller vocabulary; whether the *gain* is smaller, these seeds leave open.
#
# Where targets are needed token by token and the tokenizers differ, there are four ways on, from plain to involved:
#
# - **Distil texts, not probabilities.** The teacher writes, the student learns from what is written (sequence-level distillation, Kim and Rush 2016). Any tokenizer will do. Lessons 07 and 14 do this.
# - **Give the student the teacher's tokenizer** and train its embeddings anew. Embeddings are much of a small model, as the table above shows, so this is no small change.
# - **Map positions.** For spans, through the characters of the text: a fast tokenizer gives each token's offsets. Lesson 08 has them.
# - **Compare distributions without matching tokens.** Boizard et al. (2024) sort both next-token distributions by size and compare the sorted probabilities (*universal logit distillation*, an optimal-transport distance). It ignores which token is which, and so passes on less.
#
# ### Exercise 04.9 · Choose
# {{exercise:04.9}}
#
# A support desk sorts messages into twelve topics. There are 3,000 labelled and 200,000 unlabelled messages, and the service must answer on one CPU core: MiniLM is to do it. A fine-tuned RoBERTa-large is right on 92 % of held-out messages; but of those that mention a refund, one in twenty-five, it is right on 40 %, and no less sure of itself. RoBERTa's tokenizer is not MiniLM's. Whatever you try runs beside a MiniLM that learns from the labels alone. What do you try first?
#
# {{choices:04.9}}

# %% exercise="04.9"
first_choice = ...
### BEGIN SOLUTION
first_choice = "c"
### END SOLUTION

# %% check="04.9"
check("04.9", first_choice)

# %% [markdown]
# ## What you can now do
#
# - Say what soft targets carry, and measure it where the truth is known: distance by ambiguity, and the ranking of the classes in the dark.
# - Tell sharpness from knowledge: put a weight penalty, temperature scaling and softened targets side by side before crediting a teacher.
# - Take expected KL apart into bias and variance, over many training sets.
# - Read a map of teachers and students, and say what one number in it is worth.
# - Test a teacher for confident faults, slice by slice, before a student inherits them.
# - Choose teacher and student, and let text pass between them where tokenizers differ.
#
# ## Where this goes wrong in practice
#
# - **"The teacher's soft targets regularise."** So do a penalty and a scaling temperature. Without them as controls, sharpness is taken for knowledge.
# - **Everything compared untuned.** With one penalty or learning rate for all, the ranking of arms can be the ranking of how well that one setting suits them.
# - **One teacher, one seed, one conclusion** about capacity gaps or label smoothing.
# - **A biggest-is-best teacher**, never checked for calibration or for the slices that matter.
# - **Classes in another order; token numbers from another vocabulary.** Neither raises an error.
# - **Carrying figures over.** These come from generated sentences and small students. The method of looking carries over.
#
# ## Further reading
#
# - G. Hinton, O. Vinyals, J. Dean: *Distilling the knowledge in a neural network*. arXiv:1503.02531, 2015. Soft targets and temperature.
# - A. K. Menon, A. S. Rawat, S. Reddi, S. Kim, S. Kumar: *A statistical perspective on distillation*. ICML 2021. Why soft targets help: the true probabilities lower the variance of learning, and a teacher trades some bias for it.
# - B. Zhao, Q. Cui, R. Song, Y. Qiu, J. Liang: *Decoupled knowledge distillation*. CVPR 2022. A loss that splits the label's class from the others.
# - T. Heskes: *Bias/variance decompositions for likelihood-based estimators*. Neural Computation 10(6), 1998. The decomposition of section 5.
# - C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: *On calibration of modern neural networks*. ICML 2017. Temperature scaling.
# - J. H. Cho, B. Hariharan: *On the efficacy of knowledge distillation*. ICCV 2019. Larger teachers that teach worse, and teachers stopped early.
# - S. I. Mirzadeh, M. Farajtabar, A. Li, N. Levine, A. Matsukawa, H. Ghasemzadeh: *Improved knowledge distillation via teacher assistant*. AAAI 2020. A middle-sized model between teacher and student.
# - S. Stanton, P. Izmailov, P. Kirichenko, A. A. Alemi, A. G. Wilson: *Does knowledge distillation really work?* NeurIPS 2021. Students often do not match their teachers, even where they could.
# - R. Müller, S. Kornblith, G. Hinton: *When does label smoothing help?* NeurIPS 2019; and Z. Shen, Z. Liu, D. Xu, Z. Chen, K.-T. Cheng, M. Savvides: *Is label smoothing truly incompatible with knowledge distillation: an empirical study*. ICLR 2021. Read both.
# - I. Turc, M.-W. Chang, K. Lee, K. Toutanova: *Well-read students learn better: on the importance of pre-training compact models*. arXiv:1908.08962, 2019.
# - V. Sanh, L. Debut, J. Chaumond, T. Wolf: *DistilBERT, a distilled version of BERT*. arXiv:1910.01108, 2019. X. Jiao et al.: *TinyBERT: distilling BERT for natural language understanding*. Findings of EMNLP 2020. W. Wang et al.: *MiniLM: deep self-attention distillation for task-agnostic compression of pre-trained transformers*. NeurIPS 2020. The students of the table.
# - S. Shleifer, A. M. Rush: *Pre-trained summarization distillation*. arXiv:2010.13002, 2020. Y. Kim, A. M. Rush: *Sequence-level knowledge distillation*. EMNLP 2016.
# - N. Boizard, K. El Haddad, C. Hudelot, P. Colombo: *Towards cross-tokenizer distillation: the universal logit distillation loss for LLMs*. arXiv:2402.12030, 2024.

# %% [markdown]
# ## Where you stand
#
# This is what the checks of this lesson have found so far, in this notebook.

# %%
show_progress("04")
