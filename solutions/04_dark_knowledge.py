# %% [markdown]
# # 04 · What does a teacher know that a label does not say?
#
# A label names one class. A teacher's *soft target* ([Hinton et al. 2015](https://arxiv.org/abs/1503.02531)) gives every class a probability, and what it says beyond its favourite is its *dark knowledge*. Is it knowledge, and does it teach? On most data nobody can tell; on this lesson's corpus the truth is known. Three claims are put to the test, each beside a control that could refute it:
#
# 1. A soft target is knowledge of its sentence, and most of what it knows is *which class is the favourite*.
# 2. What lies beyond the favourite teaches, too, about probabilities at least. Softness alone gives hardly anything that a weight penalty and a temperature do not give.
# 3. A better teacher's students are better by far less than it is itself, and its *faults* are passed on, too.
#
# **You will be able to**
# - measure how far soft targets are from the true probabilities, sentence by sentence;
# - tell sharpness from knowledge, and bias from variance;
# - test a claim about a capacity gap, and look for a teacher's faults before a student inherits them;
# - choose a teacher and a student, also where their tokenizers differ.
#
# **You need** lessons [02](02_from_surprise_to_kl.ipynb) and [03](03_distillation_losses.ipynb): KL divergence in nats, soft targets, temperature, α. PyTorch.
#
# **Minutes** 85, of which the computer needs about two.
#
# **When an exercise resists**, `hint("04.1")` asks a question first, then gives a direction, and last says where the answer stands in the [worked edition](../solutions/04_dark_knowledge.ipynb).
#
# **What runs** the same corpus at every scale (`offline`, `small`, `full`), because only there is the truth known: generated headlines, a teacher that ships with the course, students trained from scratch, no network. The larger scales train larger students.

# %% tags=["setup"]
import itertools
import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import transformers
from scipy.optimize import brentq
from tabulate import tabulate

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
# ## 1 · What does a soft target know?
#
# The headlines come from a written grammar. A label is drawn first (bad, neutral or good news for the company), then a meaning, then the words. So Bayes' rule gives the exact p(label | sentence): the column `posterior`, from here on *the truth*. Some sentences are truly ambiguous.
#
# The teacher, a small transformer, never saw a posterior, only labels: 40,000 of them, on sentences that are in none of the splits below. The students get far fewer (`labelled` in the table). So whatever a student gains from this teacher, it gains from those many labels as well; the two are not told apart here.

# %%
data = classification.load(
    setting.corpus,
    transfer=setting.pool - news.SIZES["train"],
    limit=setting.run.limit,
    test_seed=setting.test_seed,
)
folder = teachers.obtain("news", retrain=setting.run.retrain)
teacher, tokenizer = models.load(folder)
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

# %% tags=["hide-input"]
told = teachers.notes(folder)["recipe"]["sentences"]
print(f"The teacher learnt from {told:,} labelled sentences.\n")
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
# The label is one draw from the truth. The teacher has seen many draws, for many sentences with the same words. Below, every test sentence is a point in a triangle: at a corner it is certain, in the middle it could be anything.


# %% tags=["hide-input"]
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
    "places, but are smeared out, and some lie along the edge between negative and positive.",
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
# ### Controls that know less
#
# Three beliefs know less than the teacher does:
#
# | belief | what it knows |
# |---|---|
# | class shares | how common the classes are; it reads no sentence |
# | favourite only | which class the teacher favours, and how validation labels are spread when it favours that class |
# | another sentence | the teacher's answer to another sentence with the same favourite: on the whole as sharp as the teacher, but not about this sentence |

# %%
report = experiments.Report(
    "04",
    setting.run.scale,
    data=experiments.fingerprint(texts["test"]),
    test_seed=setting.test_seed,
    shortened=setting.run.shortened,
)
favourite = {split: p.argmax(-1) for split, p in teacher_p.items()}
shares = np.bincount(labels["train"], minlength=3) / len(labels["train"])
known_favourite = np.stack(  # what validation labels are, for each favourite of the teacher
    [
        (np.bincount(labels["validation"][favourite["validation"] == c], minlength=3) + 0.5)
        / ((favourite["validation"] == c).sum() + 1.5)
        for c in range(3)
    ]
)
random = np.random.default_rng(0)
another = np.arange(len(texts["test"]))
for c in range(3):
    alike = np.flatnonzero(favourite["test"] == c)
    another[alike] = random.permutation(alike)
beliefs = {
    "class shares": np.tile(shares, (len(another), 1)),
    "another sentence": teacher_p["test"][another],
    "favourite only": known_favourite[favourite["test"]],
    "teacher": teacher_p["test"],
}
gaps = {who: metrics.kl_rows(truth["test"], p)[None] for who, p in beliefs.items()}

# %% tags=["hide-input"]
once = (None,)  # nothing is trained here: the intervals are over test sentences
header = "nats, with 95 % interval over test sentences"
table = [
    (who, str(report.add_rows(f"{who}/KL to the truth", gaps[who], seeds=once))) for who in gaps
]
print(tabulate(table, ("KL(truth ‖ belief)", header), tablefmt="plain"), "\n")
table = [
    (
        who,
        str(
            report.add_rows(
                f"{who}/excess over the teacher", gaps[who], gaps["teacher"], seeds=once
            )
        ),
    )
    for who in ("another sentence", "favourite only")
]
print(tabulate(table, ("more than the teacher", header), tablefmt="plain"), "\n")
share = report.add_scores(
    "favourite only/share of the gain",
    np.stack([gaps[who] for who in ("class shares", "favourite only", "teacher")], axis=-1),
    None,
    lambda sums: (sums[0] - sums[1]) / (sums[0] - sums[2]),
    seeds=once,
)
print(f"share of the way from the class shares to the teacher, favourite only: {share}")

# %% tags=["hide-input"]
edges = [0.1, 0.3, 0.6, 0.9]
ambiguity = divergences.entropy(torch.tensor(truth["test"])).numpy()
group = np.digitize(ambiguity, edges)
places = [g for g in range(5) if (group == g).any()]
figure, axes = plt.subplots()
described = []
for who, colour, marker in (
    ("another sentence", "neutral", "s"),
    ("favourite only", "highlight", "^"),
    ("teacher", "teacher", "o"),
):
    found = [experiments.paired_interval(gaps[who][:, group == g]) for g in places]
    axes.errorbar(
        places,
        [f.mean for f in found],
        yerr=np.array([[f.mean - f.low, f.high - f.mean] for f in found]).T,
        marker=marker,
        capsize=3,
        color=plots.COLOURS[colour],
        label=who,
    )
    described.append(f"{who} " + ", ".join(f"{f.mean:.3f}" for f in found))
axes.set(
    title="How far from the truth, by how ambiguous the sentence is",
    xlabel="entropy of the truth, nats",
    ylabel="KL(truth ‖ belief), nats",
    ylim=(0, None),
)
axes.set_xticks(range(5), ["under 0.1", "0.1–0.3", "0.3–0.6", "0.6–0.9", "over 0.9"])
axes.legend()
plots.show(
    figure,
    alt="Distance from the truth in nats, from the clearest group of sentences to the most ambiguous, with 95 % intervals over "
    f"sentences: {'; '.join(described)}.",
)

# %% [markdown]
# **Most of what the teacher knows is its favourite.** Call the way from the class shares to the teacher its gain. Whoever knows the teacher's favourite class, and how labels are spread under it, has come {{ledger:04/offline/favourite only/share of the gain|percent}} of that way.
#
# **The rest is knowledge, too, and it belongs to the sentence.** It is how this sentence differs from others with the same favourite. In the picture it counts most where sentences are most ambiguous. The teacher's answer to another sentence, on the whole as sharp and with the same favourite, is {{ledger:04/offline/another sentence/excess over the teacher|interval}} nats farther from the truth.
#
# This corpus has three classes. Nothing here says how much a favourite tells in a vocabulary of thousands of tokens.
#
# ### You against both
#
# Ten sentences, from clear to ambiguous. Read them first.

# %% tags=["hide-input"]
chosen = np.concatenate(
    [np.random.default_rng(4).permutation(np.flatnonzero(group == g))[:2] for g in places]
)
for number, i in enumerate(chosen, start=1):
    print(f"{number:>2}. {texts['test'][i]}")

# %% [markdown]
# Now say what you think: for each a class (`"negative"`, `"neutral"`, `"positive"`), which counts as 90 % sure, or three probabilities, such as `(0.2, 0.5, 0.3)`. Nothing here is graded.

# %%
my_labels = [(1 / 3, 1 / 3, 1 / 3)] * 10  # replace it by a list of ten answers of your own


# %% tags=["hide-input"]
def as_belief(answer):
    """A class's name, or three numbers, as three probabilities; none of them is zero."""
    if isinstance(answer, str):
        answer = [0.9 if name == answer.strip().lower() else 0.05 for name in names]
    p = np.maximum(np.array(answer, dtype=float), 0.001)
    return p / p.sum()


mine = np.stack([as_belief(answer) for answer in my_labels[: len(chosen)]])
compared = {
    "you": mine,
    "teacher": teacher_p["test"][chosen[: len(mine)]],
    "truth": truth["test"][chosen[: len(mine)]],
}
surprises = {who: -(compared["truth"] * np.log(p)).sum(-1) for who, p in compared.items()}
print(f"{'':<4}{'you':>8}{'teacher':>9}{'truth':>8}     surprise, in nats")
for number, row in enumerate(zip(*surprises.values()), start=1):
    p = ", ".join(f"{x:.2f}" for x in compared["truth"][number - 1])
    print(f"{number:<4}" + "".join(f"{x:>8.2f}" for x in row) + f"      truth: {p}")
print("mean" + "".join(f"{s.mean():>8.2f}" for s in surprises.values()))

# %% [markdown]
# *Surprise* is what you would pay on average if labels were drawn from the truth again and again. What you pay above the truth's own column is your KL divergence from it. Where it is large, were you wrong, or too sure of being right?
#
# ## 2 · Softer is not nearer
#
# Lesson [03](03_distillation_losses.ipynb) divides a teacher's logits by T > 1. That makes its answer more modest, without changing its order. The same can be done to any distribution, also where there are no logits: to the truth.
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

# %% tags=["hide-input"]
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
# No temperature brings this teacher much nearer, and softened by much, both move away from the truth. As *beliefs about the sentence*, targets at T = 2 are worse. (No information is lost: whoever knows T can undo it.) If students learn better from them nevertheless, the reason must lie in how students learn.
#
# ### Softness without a teacher
#
# *Label smoothing* trains a model to be not quite sure of its labels. In PyTorch it is an argument of the loss. With $C$ classes and the label $y$, `F.cross_entropy(…, label_smoothing=ε)` is
#
# $$(1 - \varepsilon)\,\big(-\log q_y\big) + \varepsilon\,\frac1C \sum_{i=1}^{C} \big(-\log q_i\big)$$
#
# It will be a control: soft, and knowing nothing beyond the label.
#
# ### Exercise 04.6 · Smoothed labels
# {{exercise:04.6}}
#
# (Number 6 comes before 3, because its function is needed here.)
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
# The library can be asked which target it has in mind. The gradient of a cross-entropy is softmax(z) less the target (lesson [02](02_from_surprise_to_kl.ipynb)), so softmax(z) less the gradient *is* the target. What does yours say for label 0, three classes and ε = 0.2?

# %% tags=["nbval-check-output"]
z = torch.tensor([[2.0, 0.5, -1.0]], requires_grad=True)
loss = F.cross_entropy(z, torch.tensor([0]), label_smoothing=0.2)
(gradient,) = torch.autograd.grad(loss, z)
print(
    "softmax(z) less the gradient:", [round(v, 3) for v in (z.softmax(-1) - gradient)[0].tolist()]
)

# %% [markdown]
# ## 3 · Who teaches best?
#
# Six arms teach the same small transformer, from the same weights for the same seed, in as many steps, on the same sentences. The loss is the cross-entropy between a target distribution and the student's answer: α = 1 in the terms of lesson [03](03_distillation_losses.ipynb). In five arms the student stays at temperature one, and there is no T² anywhere. The sixth is lesson 03's distillation: both sides at T, times T².
#
# | arm | target for a sentence | student |
# |---|---|---|
# | control | its label | T = 1 |
# | hard answers | the teacher's favourite, with all probability on it | T = 1 |
# | truth | p(label \| sentence) | T = 1 |
# | teacher | the teacher's answer | T = 1 |
# | softened teacher | the teacher's answer at T = 2 | T = 1 |
# | distilled | the teacher's answer at T = 2 | T = 2, and the loss times T² |
#
# *Hard answers* is the control for claim 2: all that the teacher's many labels say about the favourite, and none of the softness.

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
        log_q = F.log_softmax(model(**inputs).logits / recipe.temperature, dim=-1)
        surprise = -(targets[chosen].to(device) * log_q).sum(dim=-1).mean()
        loss = recipe.temperature**2 * surprise
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
answers, one_hot = teacher_logits["train"][:n], torch.eye(3)
targets = {
    "control": one_hot[labels["train"][:n]],
    "hard answers": one_hot[answers.argmax(-1)],
    "truth": softmax(np.log(truth["train"][:n])),
    "teacher": softmax(answers),
    "softened teacher": softmax(answers, 2),
    "distilled": softmax(answers, setting.recipes["distilled"].temperature),
}


def student_answers(size, rows, targets, recipe, seed):
    """Train a student from random weights; its logits on the validation and the test sentences."""
    student = models.classifier(size, tokenizer, names, seed=seed)
    student = learn(student, rows, targets, recipe, seed=seed)
    return {s: predict_logits(student, read[s], tokenizer) for s in ("validation", "test")}


# %% [markdown]
# Each student is judged twice: as trained, and after *temperature scaling*, which divides its logits by the one T that suits the validation labels best ([Guo et al. 2017](https://arxiv.org/abs/1706.04599)). Scaling changes no decision, only how sure the student is: what differs between arms before it and not after it was sharpness. A *gain* is how much nearer to the truth one arm ends than another, in nats, for the same seed and sentences.
#
# The tables' heading says "over seeds and test rows". Where there is only one model, the interval is over test rows alone. In sections 4 and 6, training sets from one pool stand in place of the seeds (for bias and variance, groups of them). They overlap, so these intervals speak for this pool and for no other. In the picture, a ring may lie outside its bar: one seed strays further than a mean.

# %%
scores = {}  # (arm, figure) -> (seeds, test sentences)


def judge(arm, found):
    """Note what an arm's students are worth, row by row. found: their logits, one entry a seed."""
    scaling = [metrics.best_temperature(f["validation"], labels["validation"]) for f in found]
    by_row = {
        "accuracy": [metrics.correct(f["test"], labels["test"]) for f in found],
        "student's KL": [
            metrics.kl_rows(truth["test"], metrics.probabilities(f["test"])) for f in found
        ],
        "student's KL, scaled": [
            metrics.kl_rows(truth["test"], metrics.probabilities(f["test"], t))
            for f, t in zip(found, scaling)
        ],
    }
    for figure_name, values in by_row.items():
        scores[arm, figure_name] = np.stack(values).astype(float)
        report.add_rows(f"{arm}/{figure_name}", scores[arm, figure_name], seeds=setting.run.seeds)


def gain(one, other):
    """Note how much nearer to the truth one arm ends than another, and how much more often right."""
    for what, figure_name in (("as trained", "student's KL"), ("scaled", "student's KL, scaled")):
        nearer = scores[other, figure_name], scores[one, figure_name]
        report.add_rows(f"{one} − {other}/gain, {what}", *nearer, seeds=setting.run.seeds)
    righter = scores[one, "accuracy"], scores[other, "accuracy"]
    report.add_rows(f"{one} − {other}/accuracy gain", *righter, seeds=setting.run.seeds)


for arm in targets:
    recipe = setting.recipes[arm]
    judge(
        arm,
        [
            student_answers(setting.student, rows, targets[arm], recipe, s)
            for s in setting.run.seeds
        ],
    )
pairs = (
    ("hard answers", "control"),
    ("teacher", "hard answers"),
    ("teacher", "truth"),
    ("softened teacher", "teacher"),
    ("distilled", "teacher"),
    ("distilled", "softened teacher"),
)
for pair in pairs:
    gain(*pair)

# %% tags=["hide-input"]
for figure_name in ("accuracy", "student's KL", "student's KL, scaled"):
    print(experiments.comparison_table(report, list(targets), figure_name), "\n")
compared = [f"{one} − {other}" for one, other in pairs]
for figure_name in ("gain, as trained", "gain, scaled", "accuracy gain"):
    print(experiments.comparison_table(report, compared, figure_name), "\n")

# %% tags=["hide-input"]
experiments.plot_comparison(
    report,
    compared,
    "gain, scaled",
    title="Gains after temperature scaling",
    unit="nats nearer to the truth",
)

# %% [markdown]
# **The favourite teaches, and the rest teaches, too.** After scaling, students of the teacher's hard answers end {{ledger:04/offline/hard answers − control/gain, scaled|interval}} nats nearer to the truth than those of the labels. (Before scaling they are farther from it, being far too sure.) A favourite takes the place of one draw, and it took many labels to know it. The whole answer brings a further {{ledger:04/offline/teacher − hard answers/gain, scaled|interval}}.
#
# **In accuracy this is not seen**: there the interval of *teacher − hard answers* holds 0. What the rest is shown to teach is how likely a class is; whether also which one, stays open.
#
# **Softening did not help here, and cost a little.** As trained, the softened teacher's students are clearly farther from the truth than the teacher's. Scaling takes nearly all of that away; a small loss is left, in nats and in accuracy.
#
# **Nor is lesson 03's temperature shown to help.** At T = 1 its loss is that of the arm *teacher*. At T = 2 the interval of *distilled − teacher* holds 0 in nats, and in accuracy it is a small loss.
#
# **This teacher teaches nearly as well as the truth**: *teacher − truth* is {{ledger:04/offline/teacher − truth/gain, scaled|interval}} nats after scaling.
#
# <details><summary><b>Going deeper:</b> how the learning rates were chosen</summary>
#
# Each arm's learning rate is the best of the same ones, by the surprise of the validation labels after scaling, with a seed that is used for nothing else. `KD_MAPS=1` computes the log again.
#
# </details>


# %% tags=["hide-input"]
def surprise_by_rate(size, rows, targets, recipe, seeds=(100,)):
    """[learning rate, how surprised scaled students are by the validation labels], for every rate."""
    log = []
    for rate in setting.learning_rates:
        surprises = []
        for seed in seeds:
            student = models.classifier(size, tokenizer, names, seed=seed)
            student = learn(student, rows, targets, replace(recipe, learning_rate=rate), seed=seed)
            found = predict_logits(student, read["validation"], tokenizer)
            p = metrics.probabilities(found, metrics.best_temperature(found, labels["validation"]))
            surprises.append(metrics.surprise(p, labels["validation"]).mean())
        log.append([rate, np.mean(surprises)])
    return log


def show_rates(tried):
    """The log of the learning rates, and which of them is used."""
    lines = [
        [arm, *(f"{x:.3f}" for _, x in log), f"{setting.recipes[arm].learning_rate:g}"]
        for arm, log in tried.items()
    ]
    header = ["validation labels, nats", *(f"{r:g}" for r in setting.learning_rates), "used"]
    print(tabulate(lines, header, tablefmt="plain", disable_numparse=True))


if setting.run.maps:
    tried = {
        arm: surprise_by_rate(setting.student, rows, told, setting.recipes[arm])
        for arm, told in targets.items()
    }
    report.add_table("learning rates", tried)
show_rates(report.table("learning rates") or {})

# %% [markdown]
# ## 4 · Bias and variance: the same student, many small training sets
#
# Draw many training sets, train the same student on each, and two kinds of error come apart. *Bias*: what the students get wrong on average. *Variance*: how far single students stray from that average, because of what they happened to see.
#
# This student learns in a moment: softmax regression, with a weight for every token and every pair of neighbouring tokens. It has no random start, so whatever varies comes from the training set.

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
# Each set draws its sentences from a pool and their *labels* from the truth afresh. To the arms of section 3 come three controls:
#
# - *smoothed labels* (ε = 0.2) are soft without any teacher;
# - *softened truth* (T = 2) is soft, too, and knows the sentence;
# - *shuffled error* gives each sentence the truth, plus the teacher's error **on another sentence** (added to the logits), scaled so that these targets are as far from the truth as the teacher's. If a teacher teaches well merely because it is a bit off, this arm must do well, too.
#
# There is no arm *distilled*: where logits are sums of weights, the minimum of lesson 03's loss at T is T times the softened teacher's weights, and after scaling the two are one.

# %%
pool = features({"input_ids": read["train"]["input_ids"] + read["unlabelled"]["input_ids"]})
pool_truth = torch.tensor(np.concatenate([truth["train"], truth["unlabelled"]]))
pool_answers = torch.tensor(
    np.concatenate([teacher_logits["train"], teacher_logits["unlabelled"]])
).double()
held_out = {split: features(read[split]) for split in ("validation", "test")}

error = pool_answers.log_softmax(-1) - pool_truth.log()  # (sentences, 3)
mixed = error[torch.randperm(len(pool), generator=torch.Generator().manual_seed(0))]


def kl_with(error):
    """KL(truth ‖ truth with an error on its logits), mean over the pool."""
    log_q = (pool_truth.log() + error).log_softmax(-1)
    return (pool_truth * (pool_truth.log() - log_q)).sum(-1).mean().item()


error_scale = brentq(lambda scale: kl_with(scale * mixed) - kl_with(error), 0.1, 3.0)
for who, its_error in (("teacher", error), ("shuffled error", error_scale * mixed)):
    print(f"{who:<16}{kl_with(its_error):.4f} nats from the truth, over the pool")


# %%
def draw(number, size=setting.set_size):
    """One training set: row numbers, its labels drawn from the truth, and its generator."""
    generator = torch.Generator().manual_seed(number)
    chosen = torch.randperm(len(pool), generator=generator)[:size]
    drawn = torch.multinomial(pool_truth[chosen], 1, generator=generator)[:, 0]
    return chosen, drawn, generator


def targets_of(chosen, drawn, generator):
    """What each arm is told about one training set: name -> (sentences, 3)."""
    log_p, answers = pool_truth[chosen].log(), pool_answers[chosen]
    elsewhere = torch.randperm(len(pool), generator=generator)[: len(chosen)]
    one_hot = torch.eye(3, dtype=torch.float64)
    return {
        "control": one_hot[drawn],
        "smoothed labels": 0.8 * one_hot[drawn] + 0.2 / 3,
        "hard answers": one_hot[answers.argmax(-1)],
        "truth": log_p.softmax(-1),
        "softened truth": (log_p / 2).softmax(-1),
        "teacher": answers.softmax(-1),
        "softened teacher": (answers / 2).softmax(-1),
        "shuffled error": (log_p + error_scale * error[elsewhere]).softmax(-1),
    }


# %%
sets = 2 if setting.run.shortened else setting.training_sets
numbers = [1000 * seed + k for seed in setting.run.seeds for k in range(sets)]


def teach(targets_of, numbers, penalties=setting.penalties):
    """Every arm on every training set. Returns arm -> split -> (sets, penalties, sentences, 3)."""
    found = []
    for number in numbers:
        chosen, drawn, generator = draw(number)
        told = targets_of(chosen, drawn, generator)
        stacked = torch.stack([t.float() for t in told.values()])
        weights = fit_words(
            pool[chosen],
            stacked.repeat_interleave(len(penalties), 0),
            torch.tensor(penalties * len(told)),
        )
        found.append(
            {s: word_logits(x, weights).unflatten(0, (len(told), -1)) for s, x in held_out.items()}
        )
    return {
        arm: {s: torch.stack([f[s][a] for f in found]).numpy() for s in held_out}
        for a, arm in enumerate(told)
    }


word_students = teach(targets_of, numbers)
print(
    f"{len(word_students)} arms, {sets} training sets a seed, {len(setting.penalties)} penalties each"
)


# %% [markdown]
# ### Held back in two ways
#
# A student that is told little must be held back from believing it too much. A weight penalty does that, and so does temperature scaling; softened targets may do it, too. (So does the optimiser, where the penalty is weak: it stops after 50 steps.) So every arm is judged twice: with *one weak penalty*, the smallest of `penalties`, and no scaling; and with its *own penalty, scaled*, chosen by the surprise of the validation labels.


# %%
def treat(found):
    """One arm's students under both treatments: name -> (test logits (sets, sentences, 3), penalty)."""
    best = np.array(
        [
            [metrics.best_temperature(x, labels["validation"]) for x in of_set]
            for of_set in found["validation"]
        ]
    )  # (sets, penalties)
    scaled = {s: x / best[..., None, None] for s, x in found.items()}
    surprise = [
        np.mean(
            [
                metrics.surprise(metrics.probabilities(x[k]), labels["validation"]).mean()
                for x in scaled["validation"]
            ]
        )
        for k in range(len(setting.penalties))
    ]
    own = int(np.argmin(surprise))
    return {
        "one weak penalty": (found["test"][:, 0], setting.penalties[0]),
        "own penalty, scaled": (scaled["test"][:, own], setting.penalties[own]),
    }


treated = {arm: treat(found) for arm, found in word_students.items()}
treatments = list(treated["truth"])
distance = {
    (arm, treatment): np.stack(
        [
            metrics.kl_rows(truth["test"], metrics.probabilities(x))
            for x in treated[arm][treatment][0]
        ]
    )
    for arm in treated
    for treatment in treatments
}  # (training sets, test sentences)

# %% [markdown]
# Against the truth's students, set by set, with intervals over training sets and test sentences. Positive is nearer to the truth.

# %% tags=["hide-input"]
others = [arm for arm in treated if arm != "truth"]
gains = {}
for arm in others:
    for treatment in treatments:
        gains[arm, treatment] = report.add_rows(
            f"{arm}/sets: gain over truth, {treatment}",
            distance["truth", treatment],
            distance[arm, treatment],
            seeds=numbers,
        )
tuned = "own penalty, scaled"
of_sets = (
    ("hard answers", "control"),
    ("teacher", "hard answers"),
    ("softened teacher", "teacher"),
    ("smoothed labels", "control"),
)
for one, other in of_sets:
    report.add_rows(
        f"{one} − {other}/sets: gain, {tuned}",
        distance[other, tuned],
        distance[one, tuned],
        seeds=numbers,
    )
for treatment in treatments:
    print(experiments.comparison_table(report, others, f"sets: gain over truth, {treatment}"), "\n")
print(
    experiments.comparison_table(
        report, [f"{one} − {other}" for one, other in of_sets], f"sets: gain, {tuned}"
    )
)
print("\npenalties chosen:", {arm: found[tuned][1] for arm, found in treated.items()})

# %% tags=["hide-input"]
figure, panels = plt.subplots(1, 2, figsize=(9.6, 4.2), sharey=True)
for axes, treatment in zip(panels, treatments):
    drawn = {arm: gains[arm, treatment] for arm in others}
    plots.intervals(axes, drawn, colours=[plots.role_colour(arm) for arm in others])
    axes.axvline(0, color=plots.COLOURS["truth"], linewidth=1.5)
    axes.set(title=treatment, xlabel="gain over the truth's students, nats")
plots.show(
    figure,
    alt="How much nearer to the truth than the truth's students, by arm, under two treatments. "
    + " ".join(
        f"{t}: " + ", ".join(f"{arm} {gains[arm, t].mean:+.3f}" for arm in others) + "."
        for t in treatments
    ),
)

# %% [markdown]
# **With one weak penalty, softening can look like teaching.** Students of the softened truth seem to gain a little on those of the truth: {{ledger:04/offline/softened truth/sets: gain over truth, one weak penalty|interval}} nats, and the interval hardly excludes 0. Tune and scale every arm, and it is a loss: {{ledger:04/offline/softened truth/sets: gain over truth, own penalty, scaled|interval}}. What softening seemed to teach was how sure to be. Softening the *teacher* shows no lead over the teacher even with the weak penalty.
#
# The smoothed labels have no teacher at all. With the weak penalty they lead the plain labels by far; once both are tuned and scaled, {{ledger:04/offline/smoothed labels − control/sets: gain, own penalty, scaled|interval}} nats of that are left.
#
# **What lies beyond the favourite does teach.** Tuned and scaled, the teacher's students gain {{ledger:04/offline/teacher − hard answers/sets: gain, own penalty, scaled|interval}} nats on those of its hard answers, and {{ledger:04/offline/teacher/sets: gain over truth, own penalty, scaled|interval}} on the truth's own. It is one teacher throughout, and its students' penalty is the weakest of the grid; a weaker one was not tried.
#
# ### Taking the error apart
#
# For squared error, expected error = bias² + variance. KL comes apart in the same way, with another kind of mean ([Heskes 1998](https://doi.org/10.1162/089976698300017232)). Let $q_1 \dots q_M$ be the answers of the students of $M$ training sets to one sentence, and $p$ the truth. There is one distribution $\bar q$, and only one, for which
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
    """Bias and variance, sentence by sentence, as the package's divergences compute them."""
    mean = log_q.mean(0).softmax(-1)
    variance = divergences.kl_divergence(mean, log_q.exp()).mean(0)
    return divergences.kl_divergence(p, mean), variance


p = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64)
three = torch.tensor([[[0.8, 0.1, 0.1]], [[0.5, 0.4, 0.1]], [[0.6, 0.1, 0.3]]], dtype=torch.float64)
whole = divergences.kl_divergence(p, three).mean().item()
bias, variance = (part.item() for part in parts(three.log(), p))
print(f"bias {bias:.4f} + variance {variance:.4f} = {bias + variance:.4f}; error {whole:.4f}")

# %% tags=["hide-input"]
taken_apart = {}  # (arm, treatment, part) -> (seeds, test sentences)
for arm in treated:
    for treatment in treatments:
        log_q = torch.tensor(treated[arm][treatment][0]).double().log_softmax(-1)
        of_seeds = [parts(x, torch.tensor(truth["test"])) for x in log_q.split(sets)]
        for part, values in zip(("bias", "variance"), zip(*of_seeds)):
            taken_apart[arm, treatment, part] = torch.stack(values).numpy()
for treatment in treatments:
    for part in ("bias", "variance"):
        for arm in others:
            report.add_rows(
                f"{arm}/excess {part} over truth, {treatment}",
                taken_apart[arm, treatment, part],
                taken_apart["truth", treatment, part],
                seeds=setting.run.seeds,
            )
        told = ["control", "softened truth", "teacher"]
        name = f"excess {part} over truth, {treatment}"
        print(experiments.comparison_table(report, told, name), "\n")
figure, panels = plt.subplots(1, 2, figsize=(9.6, 4.2), sharey=True)
for axes, treatment in zip(panels, treatments):
    bias, variance = (
        np.array([taken_apart[arm, treatment, part].mean() for arm in treated])
        for part in ("bias", "variance")
    )
    axes.barh(list(treated), bias, color=plots.COLOURS["neutral"], label="bias")
    axes.barh(
        list(treated),
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
panels[0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
plots.show(
    figure,
    alt="Stacked bars of bias and variance, in nats. "
    + " ".join(
        f"{t}: "
        + ", ".join(
            f"{arm} {taken_apart[arm, t, 'bias'].mean():.3f} + {taken_apart[arm, t, 'variance'].mean():.3f}"
            for arm in treated
        )
        + "."
        for t in treatments
    ),
)

# %% [markdown]
# **Labels cost variance.** With one penalty for all, the labels' students vary more than the truth's, by {{ledger:04/offline/control/excess variance over truth, one weak penalty|interval}} nats: another draw of labels makes another student, while a probability is the same every time. [Menon et al. (2021)](https://proceedings.mlr.press/v139/menon21a.html) explain distillation so: true probabilities in place of labels lower the variance of what the student minimises. Tuned and scaled, the labels' students are behind in bias instead ({{ledger:04/offline/control/excess bias over truth, own penalty, scaled|interval}}). But there each arm has a penalty of its own, and a stronger one turns variance into bias.
#
# **Softening trades variance for bias.** In the first panel the softened truth's students have less variance than the truth's and more bias: students that are all too modest agree with each other.
#
# **With one penalty for all, this teacher's students have less variance than the truth's, and less bias as well.** In variance the difference is {{ledger:04/offline/teacher/excess variance over truth, one weak penalty|interval}} nats, in bias {{ledger:04/offline/teacher/excess bias over truth, one weak penalty|interval}}. Tuned, the two have different penalties as well.
#
# ### Exercise 04.4 · Why can a teacher teach better than the truth?
# {{exercise:04.4}}
#
# On a corpus with known truth, this section's students of the teacher end nearer to the truth than its students of the truth, also when both have their own penalty and their own scaling temperature. Which explanation do these data leave standing?
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
# Being off the truth is no merit in itself: the students of the shuffled error gain {{ledger:04/offline/shuffled error/sets: gain over truth, own penalty, scaled|interval}} nats on the truth's, a loss. As large an error, dealt out among the sentences, does harm: it matters which sentence has which.
#
# *Why* it matters stays open. One guess: the teacher's targets are easier to follow than the truth. How far does each arm's student end from **its own** targets, as trained with the weak penalty?

# %% tags=["hide-input"]
own_targets = {
    "truth": truth["test"],
    "softened truth": metrics.probabilities(np.log(truth["test"]), 2),
    "teacher": teacher_p["test"],
    "softened teacher": metrics.probabilities(teacher_logits["test"], 2),
}
to_own = {
    arm: np.stack(
        [
            metrics.kl_rows(target, metrics.probabilities(x))
            for x in treated[arm]["one weak penalty"][0]
        ]
    )
    for arm, target in own_targets.items()
}
for arm, values in to_own.items():
    report.add_rows(f"{arm}/sets: KL to its own targets", values, seeds=numbers)
    if arm != "truth":
        report.add_rows(
            f"{arm}/sets: gain in ease over truth", to_own["truth"], values, seeds=numbers
        )
print(experiments.comparison_table(report, list(to_own), "sets: KL to its own targets"), "\n")
print(experiments.comparison_table(report, list(to_own)[1:], "sets: gain in ease over truth"))

# %% [markdown]
# **Ease alone does not decide.** The teacher's targets are easier to follow than the truth, but the softened truth is easier than the teacher by far. (Soft distributions lie closer together in nats anyway.) Yet with the same weak penalty it gains {{ledger:04/offline/softened truth/sets: gain over truth, one weak penalty|interval}} nats on the truth, and the teacher {{ledger:04/offline/teacher/sets: gain over truth, one weak penalty|interval}}. Look at all arms before you believe a guess that two of them support.
#
# %% [markdown]
# ## 5 · Does a better teacher teach better?
#
# Take a *weaker teacher*: the smallest network, trained on 8,000 labelled sentences instead of 40,000, anew for every seed. (At `offline` it has its student's architecture and, for the same seed, starts from the same weights. The shipped teacher shares neither with its students. That may make the weaker one easier to imitate; it was not measured.) Are its students as much worse as it is? Four arms look for what holds the students back:
#
# - *weaker teacher*: its student, on the sentences of section 3;
# - *larger student*: the shipped teacher's, one size larger;
# - *weaker teacher, more text* and *teacher, more text*: the small student, in as many steps, on all the sentences there are (`more_text`). Only a teacher can say something about most of them: they have no labels.
#
# Learning rates are chosen as in section 3, each for the shipped teacher's students; the weaker teacher's have the same ones, which, if anyone, favours the shipped teacher's. For the larger student the mean of three seeds chose, since one seed alone had misled.
# These trainings come from the ledger (`KD_MAPS=1` runs them).

# %% tags=["hide-input"]
if setting.run.maps:
    corpus = news.teacher_corpus(seed=1, size=8000)
    corpus_rows = tokenizer(list(corpus["text"]), truncation=True, max_length=64)["input_ids"]
    corpus_targets = one_hot[np.array(corpus["label"])]
    more = classification.load(
        setting.corpus,
        transfer=setting.more_text - news.SIZES["train"],
        limit=setting.run.limit,
    )
    more = [text for split in ("train", "unlabelled") for text in more[split]["text"]]
    more_read = tokenizer(more, truncation=True, max_length=64)
    more_answers = predict_logits(teacher, more_read, tokenizer)
    recipe, with_more = setting.recipes["teacher"], setting.recipes["more text"]
    found = {}
    weaker_p = []
    for seed in setting.run.seeds:
        weaker = models.classifier("tiny", tokenizer, names, seed=seed)
        weaker = learn(weaker, corpus_rows, corpus_targets, settings.Recipe(2e-3, 750), seed=seed)
        weaker_p.append(metrics.probabilities(predict_logits(weaker, read["test"], tokenizer)))
        weak = softmax(predict_logits(weaker, more_read, tokenizer))
        arms_of_seed = {
            "weaker teacher": (setting.student, rows, weak[:n], recipe),
            "larger student": (
                setting.larger_student,
                rows,
                targets["teacher"],
                setting.recipes["larger student"],
            ),
            "weaker teacher, more text": (
                setting.student,
                more_read["input_ids"],
                weak,
                with_more,
            ),
            "teacher, more text": (
                setting.student,
                more_read["input_ids"],
                softmax(more_answers),
                with_more,
            ),
        }
        for arm, how in arms_of_seed.items():
            found.setdefault(arm, []).append(student_answers(*how, seed))
    weaker_kl = np.stack([metrics.kl_rows(truth["test"], p) for p in weaker_p])
    report.add_rows("weaker teacher/KL to the truth", weaker_kl, seeds=setting.run.seeds)
    for arm, its_students in found.items():
        judge(arm, its_students)
    for pair in (
        ("teacher", "weaker teacher"),
        ("larger student", "teacher"),
        ("teacher, more text", "teacher"),
        ("weaker teacher, more text", "weaker teacher"),
        ("teacher, more text", "weaker teacher, more text"),
    ):
        gain(*pair)
    few, much = (
        scores[f"weaker teacher{text}", "student's KL, scaled"]
        - scores[f"teacher{text}", "student's KL, scaled"]
        for text in ("", ", more text")
    )
    report.add_rows(
        "better teacher/gain by more text, less gain by few sentences",
        much,
        few,
        seeds=setting.run.seeds,
    )
    tried = {
        "larger student": surprise_by_rate(*arms_of_seed["larger student"], seeds=(100, 101, 102)),
        "more text": surprise_by_rate(*arms_of_seed["teacher, more text"]),
    }
    report.add_table("learning rates of section 5", tried)

# %% tags=["hide-input"]
print(experiments.comparison_table(report, ["teacher", "weaker teacher"], "KL to the truth"), "\n")
of_map = ["weaker teacher", "weaker teacher, more text", "larger student", "teacher, more text"]
figure_name = "student's KL, scaled"
print(experiments.comparison_table(report, ["teacher", *of_map], figure_name), "\n")
of_map = [
    "teacher − weaker teacher",
    "larger student − teacher",
    "weaker teacher, more text − weaker teacher",
    "teacher, more text − teacher",
    "teacher, more text − weaker teacher, more text",
]
for figure_name in ("gain, scaled", "accuracy gain"):
    print(experiments.comparison_table(report, of_map, figure_name), "\n")
by_text = "gain by more text, less gain by few sentences"
print(experiments.comparison_table(report, ["better teacher"], by_text), "\n")
show_rates(report.table("learning rates of section 5") or {})

# %% tags=["hide-input"]
if any(experiments.reference_interval(report, f"{pair}/gain, scaled") for pair in of_map):
    experiments.plot_comparison(
        report,
        of_map,
        "gain, scaled",
        title="Better teacher, larger student, more text",
        unit="nats nearer to the truth, scaled",
    )

# %% [markdown]
# **From few sentences there is little room.** The first table shows how much nearer to the truth the shipped teacher is. Its students, from the same few sentences, gain {{ledger:04/offline/teacher − weaker teacher/gain, scaled|interval}} nats on the weaker one's. But in section 3 even the truth's own students were hardly ahead of the shipped teacher's.
#
# A related finding: [Stanton et al. (2021)](https://arxiv.org/abs/2106.05945) saw students that were able to agree with their teachers and still did not.
#
# **Text and size help in different ways**, with the shipped teacher. In nats, after scaling, more text helps, and whether one size larger does is open. In accuracy one size larger helps, and whether more text does is open.
#
# **With more text the better teacher's lead is larger.** The difference of its two gains, from much text and from few sentences, is {{ledger:04/offline/better teacher/gain by more text, less gain by few sentences|interval}} nats.
#
# A stronger claim has been made: that a larger or better teacher makes a *worse* student ([Cho and Hariharan 2019](https://arxiv.org/abs/1910.01348); [Mirzadeh et al. 2020](https://arxiv.org/abs/1902.03393), who put a *teacher assistant* in between). Nothing here shows such a *capacity gap*. What would it take to show one?
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
# <details><summary><b>Going deeper:</b> teachers trained with label smoothing</summary>
#
# [Müller, Kornblith and Hinton (2019)](https://arxiv.org/abs/1906.02629) found that teachers trained with smoothing teach much less well, though smoothing helps generalisation: their logits lose how examples of different classes resemble each other. [Shen et al. (2021)](https://arxiv.org/abs/2104.00676) dispute that this is so in general. Ask of both: were students scaled before they were compared, and how many teachers were trained?
#
# </details>
#
# ## 6 · A teacher that is wrong, and sure of it
#
# Soft targets pass on what a teacher believes, true or not. Here is a teacher with a fault: in sentences about losses, costs or debts it confuses good and bad news, so that *costs fell* is bad. It is ours with two answers swapped there; everywhere else it is the same. The control is the sound teacher.

# %%
about_costs = re.compile(r"\b(?:loss\w*|costs?|expens\w*|debts?|liabilit\w*)\b", re.IGNORECASE)


def in_slice(split):
    return np.array([bool(about_costs.search(text)) for text in texts[split]])


def with_fault(logits, faulty):
    """Logits with the answers for negative and positive swapped in the faulty rows."""
    return np.where(faulty[:, None], logits[:, [2, 1, 0]], logits)


faulty_logits = {s: with_fault(teacher_logits[s], in_slice(s)) for s in ("train", "unlabelled")}
print(f"{in_slice('test').mean():.1%} of the test sentences are about losses, costs or debts:")
for i in np.flatnonzero(in_slice("test"))[:3]:
    print("   ", texts["test"][i])

# %% [markdown]
# Can labels cure it, if α leaves them a say? At T = 1 the two losses of lesson [03](03_distillation_losses.ipynb) can be added up before training: there is one target $r$ for which
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
teacher_z = torch.tensor([[2.0, 1.0, -1.0]], dtype=torch.float64)
for believed in ([0.3, -0.2, 0.5], [-1.0, 2.0, 0.0]):
    z = torch.tensor([believed], dtype=torch.float64, requires_grad=True)
    both = losses.distillation_loss(z, teacher_z, torch.tensor([1]), temperature=1.0, alpha=0.75)
    (gradient,) = torch.autograd.grad(both, z)
    pulled_to = (z.softmax(-1) - gradient)[0].tolist()
    print("softmax(z) less the gradient of both losses", [round(v, 4) for v in pulled_to])

# %% [markdown]
# So α can be swept with the word students: one target for each α, one penalty for all. At α = 0 there are only labels.

# %% tags=["hide-input"]
alphas = (0.0, 0.25, 0.5, 0.75, 1.0)
pool_of = {
    "sound": pool_answers.softmax(-1),
    "faulty": torch.tensor(np.concatenate(list(faulty_logits.values()))).double().softmax(-1),
}
few = [number for number in numbers if number % 1000 < max(2, sets // 2)]


def mixtures(chosen, drawn, generator):
    hard = torch.eye(3, dtype=torch.float64)[drawn]
    return {
        f"{who}, α = {a:g}": a * p[chosen] + (1 - a) * hard
        for who, p in pool_of.items()
        for a in alphas
    }


hits = {
    arm: np.stack([metrics.correct(x, labels["test"]) for x in found["test"][:, 0]]).astype(float)
    for arm, found in teach(mixtures, few, penalties=(1e-2,)).items()
}
slice_ = in_slice("test")
places = {"in the faulty slice": slice_, "everywhere else": ~slice_, "of all": slice_ | True}
for place, mask in places.items():
    for a in (0.5, 1.0):
        report.add_rows(
            f"faulty − sound, α = {a:g}/accuracy gain {place}",
            hits[f"faulty, α = {a:g}"][:, mask],
            hits[f"sound, α = {a:g}"][:, mask],
            seeds=few,
        )
    for arm, values in hits.items():
        report.add_rows(f"{arm}/accuracy {place}", values[:, mask], seeds=few)
figure, panels = plt.subplots(1, 2, figsize=(9, 3.6))
described = []
for axes, place in zip(panels, places):
    for who, colour, marker in (("sound", "teacher", "o"), ("faulty", "student", "s")):
        found = [
            experiments.paired_interval(hits[f"{who}, α = {a:g}"][:, places[place]]) for a in alphas
        ]
        axes.errorbar(
            alphas,
            [f.mean for f in found],
            yerr=np.array([[f.mean - f.low, f.high - f.mean] for f in found]).T,
            marker=marker,
            capsize=3,
            color=plots.COLOURS[colour],
            label=f"{who} teacher",
        )
        described.append(f"{place}, {who}: " + ", ".join(f"{f.mean:.3f}" for f in found))
    axes.set(
        title=f"Accuracy {place}",
        xlabel="α (weight of the teacher)",
        ylabel="accuracy of the students",
    )
panels[0].legend()
plots.show(
    figure,
    alt="Students' accuracy at α = 0, 0.25, 0.5, 0.75, 1, with 95 % intervals over training sets and test sentences. "
    + "; ".join(described)
    + ".",
)

# %% tags=["hide-input"]
compared = [f"faulty − sound, α = {a:g}" for a in (0.5, 1.0)]
for place in places:
    print(experiments.comparison_table(report, compared, f"accuracy gain {place}"), "\n")

# %% [markdown]
# **The fault is inherited.** In the slice, students of the faulty teacher gain {{ledger:04/offline/faulty − sound, α = 1/accuracy gain in the faulty slice|interval}} in accuracy on the sound one's at α = 1, a loss. Labels dilute the fault and do not undo it: at α = 0.5 the difference is {{ledger:04/offline/faulty − sound, α = 0.5/accuracy gain in the faulty slice|interval}}.
#
# **The mean hides it.** Outside the slice the faulty teacher's students are *better*, by {{ledger:04/offline/faulty − sound, α = 1/accuracy gain everywhere else|interval}}, although both teachers answer alike there. A guess at the reason, not tested: in the faulty teacher's world *fell* is bad whatever falls, a rule that a model of words can follow. So over all sentences the difference is {{ledger:04/offline/faulty − sound, α = 1/accuracy gain of all|interval}}, and whoever reads that mean alone will not find the fault.
#
# Can the fault be found before a student is trained? A *calibrated* teacher is, on average, as surprised by labels as its own entropy says. In which slices is it more surprised?

# %% tags=["hide-input"]
slices = {"in the slice": in_slice("train"), "everywhere else": ~in_slice("train")}
table = []
for who, logits in (("sound", teacher_logits["train"]), ("faulty", faulty_logits["train"])):
    p = metrics.probabilities(logits)
    excess = metrics.surprise(p, labels["train"]) - divergences.entropy(torch.tensor(p)).numpy()
    found = [
        report.add_rows(f"{who} teacher/excess surprise {place}", excess[None, mask], seeds=once)
        for place, mask in slices.items()
    ]
    table.append((f"{who} teacher", *map(str, found)))
print(tabulate(table, ("surprise less entropy, nats", *slices), tablefmt="plain"))

# %% [markdown]
# The intervals are over labelled training sentences. This fault is so gross that a mean over all of them would show it, too. Still, one such table, over the slices that you care about, belongs before any distillation.
#
# ### What was expected
#
# Before the reference run read its test sentences, the sign of each main comparison was written down. (A first run, on other sentences, was thrown away for the larger student's rate; no sign was changed after it.) None came out the other way. That lesson 03's temperature costs something in nats was expected, and stays open.

# %% tags=["hide-input"]
print(experiments.expectation_table(report))

# %% [markdown]
# ## 7 · Choosing teacher and student
#
# Some pairs to choose from, with sizes computed from the published shapes; nothing is downloaded.

# %% tags=["hide-input"]
BERT = {"vocab_size": 30522}
MINILM = {"num_hidden_layers": 6, "hidden_size": 384, "intermediate_size": 1536}
TINYBERT = {"num_hidden_layers": 4, "hidden_size": 312, "intermediate_size": 1200}
T5_BASE = {"d_model": 768, "d_ff": 3072, "num_layers": 12, "num_heads": 12}
shapes = {  # model: (class, shape)
    "BERT-base": (transformers.BertModel, transformers.BertConfig(**BERT)),
    "DistilBERT": (transformers.DistilBertModel, transformers.DistilBertConfig(**BERT)),
    "TinyBERT-4": (transformers.BertModel, transformers.BertConfig(**TINYBERT, **BERT)),
    "MiniLM-L6-H384": (transformers.BertModel, transformers.BertConfig(**MINILM, **BERT)),
    "GPT-2": (transformers.GPT2Model, transformers.GPT2Config()),
    "DistilGPT2": (transformers.GPT2Model, transformers.GPT2Config(n_layer=6)),
    "T5-base": (transformers.T5Model, transformers.T5Config(vocab_size=32128, **T5_BASE)),
    "T5-small": (transformers.T5Model, transformers.T5Config(vocab_size=32128)),
    "BART-large": (transformers.BartModel, transformers.BartConfig(vocab_size=50265)),
    "DistilBART-12-6": (
        transformers.BartModel,
        transformers.BartConfig(vocab_size=50265, decoder_layers=6),
    ),
}
families = (  # teacher, student, what the student is, what is passed on
    ("BERT-base", "DistilBERT", "half the layers", "probabilities of classes or masked words"),
    ("BERT-base", "TinyBERT-4", "fewer, narrower layers", "hidden states, attention, classes"),
    ("BERT-base", "MiniLM-L6-H384", "fewer, narrower layers", "relations between tokens"),
    ("GPT-2", "DistilGPT2", "half the layers", "next-token probabilities"),
    ("BART-large", "DistilBART-12-6", "half the decoder's layers", "the teacher's texts, or none"),
    ("T5-base", "T5-small", "narrower, half the layers on both sides", "texts, next tokens"),
)


def millions(name):
    """Parameters of a model in millions, and how many of them are embeddings."""
    kind, shape = shapes[name]
    with torch.device("meta"):
        model = kind(shape)
    total, inside = cost.parameters(model), cost.parameters(model, embeddings=False)
    return f"{total / 1e6:.0f}", f"{(total - inside) / 1e6:.0f}"


print(
    tabulate(
        [
            (large, millions(large)[0], small, *millions(small), what, passed)
            for large, small, what, passed in families
        ],
        ("teacher", "M", "student", "M", "embeddings", "the student is", "passed on"),
        tablefmt="plain",
        disable_numparse=True,
    )
)

# %% [markdown]
# (*M*: million parameters, without heads for a task.) [T5-small](https://arxiv.org/abs/1910.10683) was trained on its own; the others have something of their teachers', layers or answers or both: [DistilBERT](https://arxiv.org/abs/1910.01108), [DistilGPT2](https://huggingface.co/distilbert/distilgpt2), [TinyBERT](https://arxiv.org/abs/1909.10351), [MiniLM](https://arxiv.org/abs/2002.10957), [DistilBART](https://arxiv.org/abs/2010.13002).
#
# - **Start from pretrained weights**: [Turc et al. (2019)](https://arxiv.org/abs/1908.08962) found pretraining a compact student well worth it.
# - **Size, text and teacher: try each.** Section 5 does not put them in an order; it depends on the measure, and on what one starts from.
# - **Look at the teacher's calibration and its slices** (sections 2 and 6) before you look at its size.
# - **Simpler things first.** A penalty, temperature scaling, hard answers: what they reach is what soft targets have to beat.
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
# ### Tokens need not be the same, unless they are the target
#
# A token number means something only in its own vocabulary. Soft targets *per token* (spans, next tokens) need the same tokens at the same positions. Where only the classes are shared, each model must read the text through **its own** tokenizer. What happens when the teacher is handed the token numbers of a student with another vocabulary? No error, as long as every number lies inside the teacher's table; here it does, since the student's vocabulary is the smaller one.

# %%
foreign = models.train_tokenizer(texts["train"], vocabulary=1500)
foreign_read = foreign(texts["test"], truncation=True, max_length=64)
for who, its in (("its own", read["test"]), ("the student's", foreign_read)):
    found = metrics.correct(predict_logits(teacher, its, tokenizer), labels["test"])
    interval = experiments.paired_interval(found[None].astype(float))
    print(f"the teacher, given {who + ' tokens':<21} accuracy {interval}")
commonest = (labels["test"] == shares.argmax())[None].astype(float)
print(f"always the commonest class{'':<14} accuracy {experiments.paired_interval(commonest)}")

# The remedy: text is what passes between the two, and answers are found by it.
few_rows = data["train"].select(range(min(64, n)))
by_text = cached_teacher_outputs(
    teacher, few_rows, tokenizer, text_column="text", max_length=64, progress=False
)
print("answers found by the text:", tuple(by_text.of(few_rows).shape))

# %% [markdown]
# Where targets are needed token by token and tokenizers differ: let the teacher *write texts* and learn from those ([Kim and Rush 2016](https://arxiv.org/abs/1606.07947), lesson [07](07_machine_translation.ipynb)); map positions through the characters (lesson [08](08_question_answering.ipynb)); give the student the teacher's tokenizer; or compare distributions sorted by size ([Boizard et al. 2024](https://arxiv.org/abs/2402.12030), *universal logit distillation*), which ignores which token is which.
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
# - Say what a soft target knows, and how much of that its favourite class tells.
# - Tell sharpness from knowledge: hard answers, a penalty, temperature scaling and softened targets side by side, before a teacher gets the credit.
# - Take expected KL apart into bias and variance.
# - Test a claim about a capacity gap, and a teacher for confident faults, slice by slice.
# - Choose teacher and student, and let text pass between them where tokenizers differ.
#
# ## Where this goes wrong in practice
#
# - **"The teacher's soft targets regularise."** So do a penalty and a scaling temperature. Without them as controls, sharpness is taken for knowledge.
# - **No arm with hard answers.** Then what the favourite teaches is taken for dark knowledge.
# - **One teacher, one seed, one conclusion** about capacity gaps or label smoothing.
# - **A large teacher**, never checked on the slices that matter.
# - **Classes in another order; token numbers from another vocabulary.** The first raises no error, and the second none either while every number lies inside the teacher's table.
# - **Carrying figures over.** These come from generated sentences and small students. The method of looking carries over.
#
# ## Further reading
#
# - A. K. Menon et al.: [*A statistical perspective on distillation*](https://proceedings.mlr.press/v139/menon21a.html). ICML 2021. Why true probabilities help, and what an inexact teacher is worth.
# - T. Heskes: [*Bias/variance decompositions for likelihood-based estimators*](https://doi.org/10.1162/089976698300017232). Neural Computation 10(6), 1998.
# - C. Guo et al.: [*On calibration of modern neural networks*](https://arxiv.org/abs/1706.04599). ICML 2017. Temperature scaling.
# - J. H. Cho, B. Hariharan: [*On the efficacy of knowledge distillation*](https://arxiv.org/abs/1910.01348). ICCV 2019. Larger teachers that are no better ones.
# - S. Stanton et al.: [*Does knowledge distillation really work?*](https://arxiv.org/abs/2106.05945) NeurIPS 2021.
# - G. Hinton, O. Vinyals, J. Dean: [*Distilling the knowledge in a neural network*](https://arxiv.org/abs/1503.02531). 2015.

# %% [markdown]
# ## Where you stand
#
# This is what the checks of this lesson have found so far, in this notebook.

# %%
show_progress("04")
