# %% [markdown]
# # 13 · Can a teacher that reads teach a student that sees?
#
# Teacher and student need not read the same thing. They need to answer the same question. A teacher that reads a headline's text can teach a student that sees only a picture of it, or hears it spoken, and a slow model that reads question and passage together can teach a fast one that never sees both at once. What the student cannot see, it learns as an average. In this lesson you prove which loss teaches the right average, see it exactly behind a smudge, and measure what it is worth.
#
# **You will be able to**
# - say what a student should answer when its input leaves several texts open, and compute it;
# - prove that KL teaches this answer, and show that MSE on logits teaches another;
# - pair two modalities so that no row slips;
# - distil a cross-encoder into a bi-encoder with losses that leave free what scores do not have in common;
# - tell in advance when a teacher of another modality has nothing to give.
#
# **You need** lessons [02](02_from_surprise_to_kl.ipynb) (KL), [03](03_distillation_losses.ipynb) (soft loss) and [06](06_text_classification.ipynb) (the news, calibration); [08](08_question_answering.ipynb) has the questions of sections 7 to 9.
#
# **Minutes** 120, of which the computer needs about four.
#
# **When an exercise resists**, `hint("13.1")` asks a question first, then gives a direction, and last says where the answer stands in the [worked edition](../solutions/13_across_modalities.ipynb).
#
# **What runs** at `offline`: generated headlines, drawn as small pictures, and generated questions; two teachers that ship with the course, a student that is trained from scratch and one that begins with a teacher's token vectors, no network. At `small`: twice as many pictures without a label, and real questions ([SQuAD](https://arxiv.org/abs/1606.05250)) with [MiniLM](https://arxiv.org/abs/2002.10957) as cross-encoder and two of its layers as bi-encoder. At `full`: [BERT-base](https://arxiv.org/abs/1810.04805) and six of its layers, on a GPU. The pictures are generated at every scale, because only of them the truth is known.

# %% tags=["setup"]
import base64
import io
from html import escape

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import transformers
from matplotlib.figure import Figure
from torch import nn
from transformers import get_linear_schedule_with_warmup

from kd_course import (
    cost,
    experiments,
    losses,
    metrics,
    models,
    plots,
    retrieval,
    settings,
    teachers,
    widgets,
)
from kd_course.corpora import hub, news, pictures, reading, speech
from kd_course.distillation import predict_logits
from kd_course.exercises import check, hint, show_progress

plots.style()
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
setting = settings.for_lesson("13")
gpu = setting.run.scale != "offline" and torch.cuda.is_available()
device = torch.device("cuda" if gpu else "cpu")
print(setting)

# %% [markdown]
# The first half of the table belongs to the pictures, the second, from *dataset* on, to the questions of sections 7 to 9. Section 10 says how the recipes were chosen.
#
# ## 1 · The same headline, for two kinds of reader
#
# The article that this course grew from names *cross-modal distillation* as a thing of the future (section 8.3). It is older than that: [Gupta, Hoffman and Malik (2016)](https://arxiv.org/abs/1507.00448) let a network that knows colour photographs teach one that sees depth images, by pairs of both and without a label for the second. What it takes is pairs: two recordings of one thing. Examples are a text and its picture, speech and its transcript, a sentence and its translation.
#
# Here a pair is a headline's text and a picture of it. The letters come from [a small bitmap alphabet](../kd_course/corpora/words/glyphs.toml), there is noise on every dot, and over a stretch of 24 letters somebody has drawn a smudge. Gaps, signs and figures show through it; letters do not.


# %%
def at_most(count):
    """So many rows, or fewer where KD_LIMIT asks for a test of the path."""
    return min(count, setting.run.limit or count)


headlines = pictures.load(
    test_seed=setting.test_seed,
    sizes={
        "train": at_most(setting.labelled),
        "unlabelled": at_most(setting.paired),
        "validation": at_most(1_000),
        "test": at_most(setting.tested),
    },
)
known = setting.medium == "pictures"  # whether the truth is known
cell = pictures.CELL if known else speech.CELL


def shown(row):
    """What a student gets to see of a headline: a picture, or frames of its sound."""
    if known:
        return pictures.picture(row["seen"])
    return speech.heard(row["text"], silenced=speech.hidden_stretch(row["seen"]))


inputs = {
    split: torch.tensor(np.stack([shown(row) for row in headlines[split]])) for split in headlines
}
labels = {split: np.array(headlines[split]["label"]) for split in headlines}
print({split: tuple(inputs[split].shape) for split in inputs}, news.NAMES)

# %% tags=["hide-input"]
figure, rows_of_pictures = plt.subplots(4, 1, figsize=(10, 2.6))
for axes, dots in zip(rows_of_pictures, inputs["train"][:4]):
    axes.imshow(dots, cmap="Greys", vmin=-0.3, vmax=1.2, aspect="auto")
    axes.set_axis_off()
figure.suptitle("What the student sees")
plots.show(
    figure,
    alt="Four headlines as grey lines of dots, in capitals, each with a smudge: "
    + " | ".join(headlines["train"]["seen"][:4]),
)

# %% [markdown]
# The teacher reads the text, smudge or no smudge. Is that fair? When a student is served, there will be no text. But that is just why a teacher is asked in training: it knows what no deployment has. Vapnik called this *privileged information*, and [Lopez-Paz and others (2016)](https://arxiv.org/abs/1511.03643) brought it and distillation under one roof.
#
# ## 2 · What should you answer if you cannot see it all?
#
# The corpus is made by a grammar, so we can list *every* headline that agrees with what is still to be seen, and how likely each is. That is done by `pictures.readings`, exactly: no sampling.

# %% tags=["nbval-check-output"]
example = "TARNEFORS'S OPERATING PROFIT FELL SLIGHTLY IN 2010."
seen = pictures.hide(example, 12, 24)
print(seen)
for one in pictures.readings(seen):
    beliefs = "  ".join(f"{name} {p:.2f}" for name, p in zip(news.NAMES, one.posterior))
    print(f"{one.weight:.3f}  {one.text:<54}{beliefs}")

# %% [markdown]
# ### Exercise 13.1 · The answer behind a smudge
# {{exercise:13.1}}
#
# A picture may show several texts. `weights` says how often each of them comes up where the picture looks like this: positive numbers, which need not sum to one. `logits` are what the teacher says of each text. Return the distribution over the classes that the teacher's answers have on average, over all times that this picture comes up. The temperature is 1.


# %% exercise="13.1"
def averaged_answer(weights, logits):
    """What a teacher that reads the text says of a picture, on average.

    weights: (texts,), floating-point; logits: (texts, classes).
    Returns (classes,): a distribution.
    """
    ### BEGIN SOLUTION
    shares = weights / weights.sum()
    return (shares[:, None] * logits.softmax(-1)).sum(0)
    ### END SOLUTION


# %% check="13.1"
check("13.1", averaged_answer)

# %% [markdown]
# If the teacher knew the truth, p(label | text), this average would be the truth about the picture: Σ p(text | picture) · p(label | text) = p(label | picture), as long as the picture tells nothing of the label that the text does not. Nobody has to compute the average in practice. It arises by itself, because the same picture comes with one text today and with another tomorrow.
#
# Drag the smudge over the headline. It covers only 14 letters here, so that few readings are left. Most of the time it does not matter: companies and places say nothing about good or bad. Then it covers a verb, and the answer falls apart.

# %% tags=["hide-input"]
smudge = 14
longest = len(example) - smudge


def average_of(found):
    """(classes,): the answer that the readings have on average."""
    return sum(one.weight * np.array(one.posterior) for one in found)


def draw_smudge(axes_picture, axes_readings, axes_answer, start):
    """The picture, its readings with their weights, and the averaged answer; returns it in words."""
    seen = pictures.hide(example, start, smudge)
    found = pictures.readings(seen)
    average = average_of(found)
    axes_picture.imshow(pictures.picture(seen), cmap="Greys", vmin=-0.3, vmax=1.2, aspect="auto")
    axes_picture.set_axis_off()
    axes_picture.set_title(f"smudge at letter {start + 1}")
    first = found[:5]
    axes_readings.barh(
        range(len(first)), [one.weight for one in first], color=plots.COLOURS["neutral"]
    )
    for place, one in enumerate(first):
        axes_readings.text(0.01, place, one.text, fontsize=6.5, va="center")
    axes_readings.set(xlim=(0, 1), ylim=(4.6, -0.6), yticks=[], xlabel="weight")
    axes_readings.set_title(f"{len(found)} reading{'s' * (len(found) > 1)}", fontsize=9)
    axes_answer.bar(news.NAMES, average, color=plots.COLOURS["truth"])
    axes_answer.set(ylim=(0, 1), ylabel="averaged answer")
    said = ", ".join(f"{name} {p:.2f}" for name, p in zip(news.NAMES, average))
    return (
        f"{seen} has {len(found)} reading{'s' * (len(found) > 1)}, the likeliest {found[0].text} with weight "
        f"{found[0].weight:.2f}. Averaged answer: {said}."
    )


def smudged_at(start):
    """The widget's picture as HTML, with its text alternative."""
    figure = Figure(figsize=(9.5, 3), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(1, 3), width_ratios=(3, 2))
    text = draw_smudge(
        figure.add_subplot(grid[0, :]),
        figure.add_subplot(grid[1, 0]),
        figure.add_subplot(grid[1, 1]),
        start,
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    png = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{png}"><p>{escape(text)}</p>'


slider = ipywidgets.IntSlider(value=20, min=0, max=longest, description="smudge")
picture = ipywidgets.HTML(smudged_at(20))
slider.observe(lambda change: setattr(picture, "value", smudged_at(change["new"])), names="value")
widgets.show(
    ipywidgets.VBox([slider, picture]),
    instead="In a running notebook a slider moves the smudge here; the next picture shows three of its places.",
)

# %% tags=["hide-input"]
figure = plt.figure(figsize=(11, 8))
grid = figure.add_gridspec(6, 2, height_ratios=(1, 3) * 3, width_ratios=(3, 2))
told = []
for row, start in enumerate((0, 12, 22)):
    told.append(
        draw_smudge(
            figure.add_subplot(grid[2 * row, :]),
            figure.add_subplot(grid[2 * row + 1, 0]),
            figure.add_subplot(grid[2 * row + 1, 1]),
            start,
        )
    )
figure.suptitle("One headline, three smudges")
plots.show(figure, alt=" ".join(told))

# %% [markdown]
# ## 3 · Which loss teaches the average?
#
# A picture $x$ comes up with the texts $1, 2, \dots$, the $i$-th with weight $w_i$ ($\sum_i w_i = 1$), and of the $i$-th the teacher says $p_i$: a distribution, in which class $y$ has $p_i(y)$. The student sees $x$ each time, and so gives the same answer $q$ each time. Its loss, on average, is $J(q) = \sum_i w_i\, \mathrm{KL}(p_i \,\|\, q)$. Which $q$ makes it smallest? Write $\bar p = \sum_i w_i p_i$ for the average, and $R = \sum_i w_i\, \mathrm{KL}(p_i \,\|\, \bar p)$, in which there is no $q$.
#
# ### Exercise 13.2 · Why the average is best
# {{exercise:13.2}}
#
# Five of these six lines are a proof that $\bar p$ is the best answer, and the only best one. One line is false. Put the five in order, and write their letters as a string, such as `"abcde"`.
#
# - (a) $= \sum_i w_i \sum_y p_i(y) \log \frac{p_i(y)}{\bar p(y)} + \sum_y \big[\sum_i w_i p_i(y)\big] \log \frac{\bar p(y)}{q(y)}$
# - (b) $J(q) = \sum_i w_i \sum_y p_i(y) \log \frac{p_i(y)}{q(y)}$
# - (c) $= R + \mathrm{KL}(\bar p \,\|\, q)$, for the square bracket is $\bar p(y)$
# - (d) $= \sum_i w_i \sum_y p_i(y) \big[ \log \frac{p_i(y)}{\bar p(y)} + \log \frac{\bar p(y)}{q(y)} \big]$
# - (e) $\ge R$, and equal to it only where $q = \bar p$, for a KL is never negative, and 0 only between equals
# - (f) $= \mathrm{KL}(\bar p \,\|\, q)$, for the KL of an average is the average of the KLs

# %% exercise="13.2"
proof = ...
### BEGIN SOLUTION
proof = "bdace"
### END SOLUTION

# %% check="13.2"
check("13.2", proof)

# %% [markdown]
# So no student gets its loss below $R$, the price of not seeing, and that price is the same for all students. What is left of the loss, $J(q) - R$, is the distance from the average. Try it: whatever $q$ is, the difference of the two columns stays.

# %% tags=["nbval-check-output"]
found = pictures.readings(seen)
w = np.array([one.weight for one in found])
p = np.array([one.posterior for one in found])  # (texts, classes)
average = w @ p
random = np.random.default_rng(0)
print("    J(q)   KL(average ‖ q)   J(q) less that")
for q in random.dirichlet([1.0] * 3, size=4):
    loss = w @ metrics.kl_rows(p, np.broadcast_to(q, p.shape))
    distance = metrics.kl_rows(average[None], q[None])[0]
    print(f"{loss:8.4f}{distance:14.4f}{loss - distance:18.4f}")

# %% [markdown]
# The proof used one thing of the loss: it is a logarithm of $q$, weighed by $p_i$. Cross-entropy with labels that are drawn from $p_i$ has that, too, so they teach the same average, only with more noise. (A teacher's *hard answers* do not: they teach how often each class is its first choice.) MSE on logits does not have it either. The squares are not to blame, for those of probabilities would teach the average as well; it is that logits are averaged. The number nearest to several numbers, by squares, is their mean: a student that is trained on logits $z_i$ learns $\sum_i w_i z_i$. What does it then say?
#
# ### Exercise 13.3 · What MSE makes of two texts
# {{exercise:13.3}}
#
# A picture shows one of two texts, each half of the time. Of the first the teacher says: negative 0.96, neutral 0.03, positive 0.01. Of the second: negative 0.01, neutral 0.05, positive 0.94. A student learns from the teacher's logits by MSE, to the end. Which probability does it give to neutral, to three decimals at least?

# %% exercise="13.3"
neutral_by_mse = ...
### BEGIN SOLUTION
logarithms = np.log([[0.96, 0.03, 0.01], [0.01, 0.05, 0.94]]).mean(0)
neutral_by_mse = float(np.exp(logarithms)[1] / np.exp(logarithms).sum())
### END SOLUTION

# %% check="13.3"
check("13.3", neutral_by_mse)

# %% [markdown]
# The teacher is sure that the news is not neutral, whichever it is. Its student, taught by MSE, begins to think that it may be. Its answer is the *geometric* mean of the teacher's, made to sum to one, and in a geometric mean one near-zero is a veto. What survives is the class that no text excludes, and it may be one that no text supports. Does that happen here? Here are the test pictures whose smudge leaves the answer open: their readings call for different answers. For each there are two answers, both exact: the average over its readings, and what the mean of their true logits stands for.


# %% tags=["hide-input"]
def geometric_mean_of(found):
    """(classes,): what the mean of the true logits of the readings stands for."""
    logarithms = sum(one.weight * np.log(np.maximum(one.posterior, 1e-12)) for one in found)
    return np.exp(logarithms) / np.exp(logarithms).sum()


def disagreement_of(found):
    """How much of its probability a reading's answer has elsewhere than the average, on average."""
    average = average_of(found)
    return sum(0.5 * one.weight * np.abs(one.posterior - average).sum() for one in found)


open_share = 0.1  # of the probability: from here on a smudge is said to leave the answer open
truth, is_open = None, np.zeros(len(labels["test"]), dtype=bool)
if known:
    readings = [pictures.readings(text) for text in headlines["test"]["seen"]]
    truth = np.array([average_of(found) for found in readings])
    is_open = np.array([disagreement_of(found) for found in readings]) > open_share
    exact = truth[is_open]
    of_logits = [geometric_mean_of(found) for found, open_ in zip(readings, is_open) if open_]
    of_logits = np.array(of_logits).reshape(-1, 3)
    figure, axes = plt.subplots(figsize=(4.6, 4.2))
    axes.plot([0, 1], [0, 1], color=plots.COLOURS["control"], linewidth=1)
    axes.scatter(exact[:, 1], of_logits[:, 1], s=14, alpha=0.6, color=plots.COLOURS["highlight"])
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set(xlabel="neutral, in the average", ylabel="neutral, in the mean of logits")
    axes.set_title("What MSE on logits aims at")
    plots.show(
        figure,
        alt=f"One dot a test picture whose smudge leaves the answer open, {is_open.sum()} of them. The mean of "
        f"logits gives neutral {of_logits[:, 1].mean():.2f} on average, the average of probabilities "
        f"{exact[:, 1].mean():.2f}; {(of_logits[:, 1] > exact[:, 1]).mean():.0%} of the dots lie above the diagonal.",
    )
    gained = (of_logits[:, 1] > exact[:, 1]).mean()
    print(f"in {is_open.mean():.1%} of the pictures the readings' answers differ from their average")
    print(f"by more than {open_share} of the probability, on average over the readings;")
    print(
        f"there the mean of logits gives neutral more in {gained:.0%} of the pictures, "
        f"{of_logits[:, 1].mean():.2f} on average, the average {exact[:, 1].mean():.2f}"
    )

# %% [markdown]
# ## 4 · The pairs
#
# Everything above hangs on pairs that are pairs. Nobody notices when they break. A text is dropped because it is too long, a picture because it is damaged, and from there on every picture has its neighbour's text. The loss falls all the same: the student still learns how often each label comes up.
#
# ### Exercise 13.4 · Which belongs to which?
# {{exercise:13.4}}
#
# Both lists have lost rows on the way, and the texts have been put into another order. Return the pairs (i, j) of positions, from 0, in the order of the pictures: picture i and text j have the same key. A key that stands more than once in either of the lists does not say which rows belong together: leave all its rows out. What has no partner is left out, too.


# %% exercise="13.4"
def pairs_by_key(picture_keys, text_keys):
    """Which picture belongs to which text.

    picture_keys, text_keys: lists of str. Returns a list of tuples (int, int).
    """
    ### BEGIN SOLUTION
    place = {key: j for j, key in enumerate(text_keys)}
    return [
        (i, place[key])
        for i, key in enumerate(picture_keys)
        if picture_keys.count(key) == 1 and text_keys.count(key) == 1
    ]
    ### END SOLUTION


# %% check="13.4"
check("13.4", pairs_by_key)

# %% [markdown]
# Two more things about pairs. A picture that is augmented (noise, another smudge) keeps its text: the teacher may be asked about the clean one, because the label is about the headline and not about the smudge. That is right *here*. Where the change alters the answer, as a crop that cuts off half the scene does, the teacher has to be asked again. And all this is done at temperature 1. At T = 2 the student learns the average of *softened* answers, which in general no temperature turns back into the average.
#
# ## 5 · The experiment
#
# | arm | learns from | pictures |
# |---|---|---|
# | control | labels | 2,000 |
# | control, as many steps | labels, for five times as long | the same |
# | distilled, same pictures | the text teacher's probabilities, by KL | the same |
# | distilled, same pictures, as many steps | the same, for five times as long | the same |
# | distilled | the teacher's probabilities, by KL | these and 8,000 more, which have no label |
# | hard answers | the classes that the teacher chose | as above |
# | MSE on logits | the teacher's logits, by squares | as above |
# | slipped by one | the teacher's probabilities of the *previous* text, by KL | as above |
#
# The numbers are those of `offline`. *Labels are counted*: the teacher has learnt from 40,000 (*teacher_labels*), the control from 2,000. So whatever a taught student gains over the control, it owes to those labels as well. *Hard answers* tells how much of a gain comes from them alone: this student gets all that the teacher decided, and nothing of what it was unsure of. *Slipped by one* is the random teacher that [lesson 09](09_inside_the_teacher.ipynb) asked for: targets as soft as the teacher's, about other headlines. All arms start from the same weights. All but those *as many steps* see each of their pictures about five times, so the arms with more pictures take more steps. The two take as many on the 2,000 pictures, and see each about 25 times.


# %%
teacher, tokenizer = models.load(teachers.obtain(setting.teacher, retrain=setting.run.retrain))
teacher_says = {
    split: torch.tensor(predict_logits(teacher, headlines[split]["text"], tokenizer))
    for split in ("train", "unlabelled", "test")
}
report = experiments.Report(
    "13",
    setting.run.scale,
    data=experiments.fingerprint([setting.medium, *headlines["test"]["seen"]]),
    test_seed=setting.test_seed,
    shortened=setting.run.shortened,
)
student = models.picture_classifier(setting.student, cell, len(news.NAMES), seed=0)
print(
    f"the teacher has {cost.parameters(teacher):,} parameters, a student {cost.parameters(student):,}"
)


def steps_of(recipe):
    """How many optimiser steps: the recipe's, or fewer where KD_MAX_STEPS cuts training short."""
    return min(recipe.steps, setting.run.max_steps) if setting.run.max_steps > 0 else recipe.steps


def orders(count, size, steps, seed):
    """The rows of each step: every epoch in a new order, an incomplete last batch left out."""
    random, order, size = np.random.default_rng(seed), [], min(size, count)
    for _ in range(steps):
        if len(order) < size:
            order = random.permutation(count).tolist()
        yield order[:size]
        order = order[size:]


def trained(model, recipe, batches, loss_of, *, seed):
    """A model after all steps of a recipe; loss_of: what a batch's row numbers cost it."""
    steps = steps_of(recipe)
    model = model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, max(1, steps // 10), steps)
    torch.manual_seed(seed)  # decides what dropout drops
    for numbers in batches(steps):
        loss = loss_of(model, numbers)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return model.eval().cpu()


def centred(logits):
    """The same logits around 0: a softmax does not see their mean, so MSE should not either."""
    return logits - logits.mean(-1, keepdim=True)


all_seen = torch.cat([inputs["train"], inputs["unlabelled"]])
all_said = torch.cat([teacher_says["train"], teacher_says["unlabelled"]])


def by_kl(logits, target):
    return losses.soft_target_loss(logits, target, temperature=1.0)


def by_squares(logits, target):
    return F.mse_loss(centred(logits), centred(target))


seeing = {  # what each arm sees, what it is told, and by which loss
    "control": (inputs["train"], torch.tensor(labels["train"]), losses.hard_target_loss),
    "control, as many steps": (
        inputs["train"],
        torch.tensor(labels["train"]),
        losses.hard_target_loss,
    ),
    "distilled, same pictures": (inputs["train"], teacher_says["train"], by_kl),
    "distilled, same pictures, as many steps": (inputs["train"], teacher_says["train"], by_kl),
    "distilled": (all_seen, all_said, by_kl),
    "hard answers": (all_seen, all_said.argmax(-1), losses.hard_target_loss),
    "MSE on logits": (all_seen, all_said, by_squares),
    "slipped by one": (all_seen, all_said.roll(1, dims=0), by_kl),
}


def taught_to_see(arm, seed, recipe=None):
    """An arm's student of one seed."""
    recipe = recipe or setting.recipes[arm]
    given, told, loss = seeing[arm]

    def loss_of(model, numbers):
        return loss(model(given[numbers].to(device)), told[numbers].to(device))

    return trained(
        models.picture_classifier(setting.student, cell, len(news.NAMES), seed=seed),
        recipe,
        lambda steps: orders(len(given), setting.batch_size, steps, seed),
        loss_of,
        seed=seed,
    )


def answers_of(model, split):
    """(rows, classes): the logits of all pictures of a split."""
    with torch.no_grad():
        return torch.cat([model(part) for part in inputs[split].split(500)]).numpy()


# %%
seeds = setting.run.seeds
says = {}
for seed in seeds:
    for arm in seeing:
        model = taught_to_see(arm, seed)
        for split in ("validation", "test"):
            says[arm, seed, split] = answers_of(model, split)


def p_of(arm, seed, scaled=False):
    """(rows, classes): a student's test probabilities; scaled by a T chosen on validation labels."""
    temperature = 1.0
    if scaled:
        temperature = metrics.best_temperature(says[arm, seed, "validation"], labels["validation"])
    return metrics.probabilities(says[arm, seed, "test"], temperature)


def nats_of(p):
    """(rows,): how far probabilities are from the picture's truth, or how surprised by the labels."""
    return metrics.kl_rows(truth, p) if known else metrics.surprise(p, labels["test"])


def by_seed(measure):
    """(seeds, rows) of every arm."""
    return {arm: np.stack([measure(p_of(arm, seed)) for seed in seeds]) for arm in seeing}


unit = "KL" if known else "surprise"
right = by_seed(lambda p: metrics.correct(p, labels["test"]))
nats = by_seed(nats_of)
surprised = by_seed(lambda p: metrics.surprise(p, labels["test"]))
teacher_p = metrics.probabilities(teacher_says["test"].numpy())
report.add_rows("teacher/accuracy", metrics.correct(teacher_p, labels["test"])[None], seeds=[None])
if known:
    best = metrics.correct(truth, labels["test"])
    report.add_rows("truth of the picture/accuracy", best[None], seeds=[None])
for arm in seeing:
    report.add_rows(f"{arm}/accuracy", right[arm], seeds=seeds)
    report.add_rows(f"{arm}/surprise", surprised[arm], seeds=seeds)
    if known:
        report.add_rows(f"{arm}/KL", nats[arm], seeds=seeds)
    for seed in seeds:
        off = metrics.calibration_error(p_of(arm, seed), labels["test"])
        report.add(f"{arm}/calibration error", off, seed=seed)
above = ["truth of the picture"] if known else []
print(experiments.comparison_table(report, ["teacher", *above, *seeing], "accuracy"))
for measure in dict.fromkeys((unit, "surprise", "calibration error")):
    print()
    print(experiments.comparison_table(report, list(seeing), measure))

# %% tags=["hide-input"]
experiments.plot_comparison(
    report,
    ["teacher", *above, *seeing],
    "accuracy",
    title="How often is a seeing student right?",
    unit="test accuracy",
)

# %% [markdown]
# The line *truth of the picture* is somebody who knows the exact average and always says its likeliest label. Nobody who sees only the picture can be right more often, but for luck. The teacher can: it reads what the smudge hides. *KL* is how far a student is from the exact average, in nats, *surprise* its cross-entropy with the labels, and the *calibration error* is that of [lesson 06](06_text_classification.ipynb).
#
# Differences, on the same seeds and rows. For the first column more is better, for the second less.

# %%
print(f"{'arm':<41}{'less …':<41}{'accuracy':<26}{unit}, nats")
for arm, other in (
    ("control, as many steps", "control"),
    ("distilled, same pictures", "control"),
    ("distilled, same pictures, as many steps", "control, as many steps"),
    ("distilled, same pictures, as many steps", "distilled, same pictures"),
    ("distilled", "control"),
    ("distilled", "control, as many steps"),
    ("distilled", "distilled, same pictures, as many steps"),
    ("distilled", "hard answers"),
    ("MSE on logits", "distilled"),
    ("slipped by one", "control"),
):
    gain = report.add_rows(f"{arm}/gain over {other}", right[arm], right[other], seeds=seeds)
    cheaper = report.add_rows(f"{arm}/{unit} minus {other}", nats[arm], nats[other], seeds=seeds)
    print(f"{arm:<41}{other:<41}{gain!s:<26}{cheaper}")
if is_open.sum() > 1:
    found = report.add_rows(
        "MSE on logits/open KL minus distilled",
        nats["MSE on logits"][:, is_open],
        nats["distilled"][:, is_open],
        seeds=seeds,
    )
    print(f"{'MSE on logits, open':<41}{'distilled':<41}{'':<26}{found}")
print(
    "\nthe reference's gain over control\n" + experiments.reference_table("13", "gain over control")
)

# %% [markdown]
# In the reference run a teacher that reads does teach a student that sees: the gain over the control is {{ledger:13/offline/distilled/gain over control|interval}} of accuracy, and the student comes nearer to the truth as well. On the 2,000 pictures that the control has seen as well, the teacher brings a student nearer to the truth, but whether more answers are right stays open: {{ledger:13/offline/distilled, same pictures/gain over control|interval}}.
#
# Accuracies begin at what *neutral*, the commonest label, brings by itself. Slipped pairs end just there, at {{ledger:13/offline/slipped by one/accuracy}} with every seed: such a student's answers follow how often each class comes up, and nothing of the picture.
#
# Is it the further pictures, or the further steps? With a teacher it is both. More steps on the same 2,000 pictures gain {{ledger:13/offline/distilled, same pictures, as many steps/gain over distilled, same pictures|interval}} of accuracy, and 8,000 further pictures, at as many steps, another {{ledger:13/offline/distilled/gain over distilled, same pictures, as many steps|interval}}.
#
# Without a teacher, more steps bring nothing that can be told in accuracy, and in nats the control loses {{ledger:13/offline/control, as many steps/KL minus control|interval}}. So where both stay five times as long with the same pictures, the teacher is worth {{ledger:13/offline/distilled, same pictures, as many steps/gain over control, as many steps|interval}}: here it paid to look again at what the teacher says, and not at the labels.
#
# Is it what the teacher decided, or what it was unsure of? For being right, whether the doubts add anything to the decisions stays open: *distilled* less *hard answers* is {{ledger:13/offline/distilled/gain over hard answers|interval}} of accuracy. For knowing how sure to be they do. In nats from the truth the difference is {{ledger:13/offline/distilled/KL minus hard answers|interval}}: who was told the doubts is nearer.
#
# MSE on logits is behind KL in both columns, in accuracy by {{ledger:13/offline/MSE on logits/gain over distilled|interval}}.
#
# ### Where the smudge leaves it open
#
# Does the theorem show in students this small? Its direction does, its size does not. Here is what each gives to *neutral* on the pictures whose smudge leaves the answer open. All three give more than the exact average, and the student of MSE gives the most, far more than the mean of the true logits would. What the rest comes from was not measured; these students have not learnt to read all letters yet, and average over those, too.
#
# On these pictures MSE less KL is {{ledger:13/offline/MSE on logits/open KL minus distilled|interval}} nats from the truth, on all pictures it is {{ledger:13/offline/MSE on logits/KL minus distilled|interval}}.

# %% tags=["hide-input"]
if is_open.sum() > 1:
    shown_arms = ["distilled", "hard answers", "MSE on logits"]
    gives = {arm: np.stack([p_of(arm, seed)[is_open, 1] for seed in seeds]) for arm in shown_arms}
    for arm in shown_arms:
        report.add_rows(f"{arm}/neutral where open", gives[arm], seeds=seeds)
    figure, (left, mid) = plt.subplots(1, 2, figsize=(10, 3.4))
    colours = ("student", "accent", "highlight")
    for row, (arm, colour) in enumerate(zip(shown_arms, colours)):
        left.barh(row, gives[arm].mean(), color=plots.COLOURS[colour])
    exact_neutral = truth[is_open, 1].mean()
    aimed_at = of_logits[:, 1].mean()
    left.axvline(exact_neutral, color=plots.COLOURS["truth"], label="exact average")
    left.axvline(
        aimed_at, color=plots.COLOURS["truth"], linestyle=":", label="mean of the true logits"
    )
    left.set_yticks(range(3), shown_arms)
    left.invert_yaxis()
    left.grid(axis="y", visible=False)
    left.set(
        xlim=(0, 1),
        title="What goes to neutral",
        xlabel="probability, where the smudge leaves it open",
    )
    left.legend(fontsize=8, loc="lower right")
    for arm, colour, line in zip(shown_arms, colours, ("o-", "s--", "d:")):
        p = np.concatenate([p_of(arm, seed) for seed in seeds])
        bins = metrics.reliability(p, np.tile(labels["test"], len(seeds)))
        mid.plot(bins["confidence"], bins["accuracy"], line, color=plots.COLOURS[colour], label=arm)
    mid.plot([0.3, 1], [0.3, 1], color=plots.COLOURS["control"], linewidth=1)
    mid.set(title="How sure, and how often right", xlabel="confidence", ylabel="accuracy")
    mid.legend(fontsize=8)
    figure.suptitle("KL, labels and MSE where not all can be seen")
    plots.show(
        figure,
        alt=f"Left: the exact average gives neutral {exact_neutral:.2f} on open pictures, the mean of the true logits {aimed_at:.2f}; "
        + ", ".join(f"{arm} {gives[arm].mean():.2f}" for arm in shown_arms)
        + ". Right: accuracy by confidence, one line an arm; on the diagonal a student is as sure as it is right. "
        + "Calibration errors: "
        + ", ".join(
            f"{arm} {np.mean(report.values(f'{arm}/calibration error')):.2f}" for arm in shown_arms
        )
        + ".",
    )

# %% [markdown]
# How much of a gain in nats could be had without a teacher, by temperature scaling alone? As in [lesson 10](10_expensive_teachers.ipynb), the logits of every student, the control included, are divided by one number that was chosen on validation labels.

# %%
scaled = {
    arm: np.stack([nats_of(p_of(arm, seed, scaled=True)) for seed in seeds]) for arm in seeing
}
print(f"{'minus control':<41}{'as it is':<26}after scaling")
for arm in seeing:
    if arm != "control":
        kept = report.add_rows(
            f"{arm}/scaled {unit} minus control", scaled[arm], scaled["control"], seeds=seeds
        )
        plain = report.add_rows(
            f"{arm}/{unit} minus control", nats[arm], nats["control"], seeds=seeds
        )
        print(f"{arm:<41}{plain!s:<26}{kept}")
doubts = report.add_rows(
    f"distilled/scaled {unit} minus hard answers",
    scaled["distilled"],
    scaled["hard answers"],
    seeds=seeds,
)
print(f"\ndistilled minus hard answers, after scaling: {doubts}")

# %% [markdown]
# Of *distilled*'s gain over the control more than a third, of what *same pictures* gained most. The learning rates were chosen by accuracy, and those that labels like best leave a student too sure; one number takes that away. In the reference run the student with many pictures keeps {{ledger:13/offline/distilled/scaled KL minus control|interval}} against the control. Against *hard answers* it keeps {{ledger:13/offline/distilled/scaled KL minus hard answers|interval}}: the doubts are worth something, and far less than the table above made them. Of the harm of more steps most was confidence, and a little is left.
#
# ### The same cells, for ears
#
# Little in these cells knows that it is about pictures. `KD_SCALE=small KD_DATASET=sound` lets [espeak-ng](https://github.com/espeak-ng/espeak-ng) speak every headline of `offline`, where that program is installed (`apt install espeak-ng`, `brew install espeak-ng`). A student then gets *log-mel frames*: how much energy each band of pitches has, every 20 milliseconds. A noise drowns the stretch that a smudge would hide, and the same network takes four frames where it took a letter. Here is one of the headlines that ship as they were heard.

# %% tags=["hide-input"]
headline = max(speech.recorded(), key=lambda one: len(one.text))
figure, two = plt.subplots(2, 1, figsize=(10, 3.6), sharex=True, layout="constrained")
for axes, frames, name in zip(
    two, (headline.frames, headline.drowned), ("as it is spoken", "as a student hears it")
):
    axes.imshow(
        frames, origin="lower", aspect="auto", cmap="Greys", extent=(0, 6.4, 0, speech.BANDS)
    )
    axes.set(title=name, ylabel="mel band")
two[1].set_xlabel("seconds")
plots.show(
    figure,
    alt=f"Two grey maps of mel band by seconds: the headline '{headline.text}' as it is spoken, and the same "
    f"with a noise over the stretch that is hidden in {headline.seen}: there all bands are alike.",
)

# %% [markdown]
# What is lost is the truth: nobody can list all headlines that sound alike. So a run with sound counts *surprise*, −log of what the right label was given, where one with pictures has the distance from the exact average. [Distil-Whisper](https://arxiv.org/abs/2311.00430) is this at scale, with a teacher that hears as well.
#
# Recipes do not travel. In a first run with sound, at the learning rates that were chosen for pictures, nearly every arm stayed at the commonest label. The reference run, on other test rows, has rates of its own. Again a teacher that reads teaches a student that cannot: the gain over the control is {{ledger:13/small:sound/distilled/gain over control|interval}}. And here its doubts help to be right as well: over *hard answers* it is {{ledger:13/small:sound/distilled/gain over hard answers|interval}}.
#
# Two thousand headlines are not enough for this student to learn to hear. All four arms that have no others end near what the commonest label brings, with a teacher or without, few steps or many.
#
# ## 6 · When a teacher of another kind has nothing to give
#
# Cross-modal distillation does not always help. [Xue and others (2023)](https://arxiv.org/abs/2206.06487) call it "not a universal cure" and propose the *modality focusing hypothesis*: what decides is the share of what the teacher uses that both modalities have (features that are *modality-general*), not how accurate the teacher is. [Xie, Xu and Sanguinetti (2025)](https://arxiv.org/abs/2510.13182) put it as a criterion: it works where the mutual information between teacher's and student's representations exceeds that between the student's representation and the labels. Their proof is for Gaussian variables, and it is a preprint.
#
# Neither the share nor the criterion can be read off before training, but there is a cheap trial. Teach a student on a few hundred pairs, and ask it for its teacher's answers about other pairs. Where it does not guess them better than by how often each comes up, one of two things is wrong: the teacher decides by what the student cannot see, or the pairs have slipped. Both look alike, which is one more reason to pair by key.
#
# ### Exercise 13.5 · Which pair can teach?
# {{exercise:13.5}}
#
# For which of the four would you expect the teacher to help the student most?
#
# {{choices:13.5}}

# %% exercise="13.5"
good_pair = ...
### BEGIN SOLUTION
good_pair = "b"
### END SOLUTION

# %% check="13.5"
check("13.5", good_pair)

# %% [markdown]
# ## 7 · Another shape: two texts together, or one at a time
#
# Which of ten thousand passages answers a question? A **cross-encoder** reads question and passage as one input and gives a score. It sees which words belong together, and it must be run ten thousand times for each question. A **bi-encoder** gives each text a vector, and the score is a dot product. The passages are encoded once, before anybody asks. So the cross-encoder teaches, and the bi-encoder serves.
#
# What can be copied? The teacher's scores are logits of its own head; the student's are dot products. They have neither zero nor unit in common. *MSE on scores* asks the student for its teacher's zero and unit all the same, although neither says which passage is better.

# %% tags=["nbval-check-output"]
teacher_scores = torch.tensor([[4.0, 1.0, -2.0]])  # logits of a cross-encoder
student_scores = torch.tensor([[104.0, 101.0, 98.0]])  # dot products: the same order, the same gaps
print(f"MSE on scores                    {F.mse_loss(student_scores, teacher_scores):.1f}")
print(f"MSE on margins                   {losses.margin_loss(student_scores, teacher_scores):.1f}")
half = losses.margin_loss(student_scores / 2, teacher_scores)
print(f"MSE on margins, half the gaps    {half:.1f}")
squeezed = "  ".join(f"{score:.2f}" for score in teacher_scores.sigmoid()[0])
print(f"the teacher's after a sigmoid    {squeezed}")
print(
    f"KL over the candidates           {losses.listwise_loss(student_scores, teacher_scores):.1f}"
)

# %% [markdown]
# The student ranks just as its teacher does, and MSE on scores sees a gulf. Margins leave the zero free, and so does a softmax over the candidates. The unit they both ask for: a student with half the gaps ranks the same, and is charged. Nor is a sigmoid a way out: the teacher's largest margin is then below 1, and two candidates that it finds clearly bad, one worse than the other, are alike. One can have a sigmoid without knowing: [sentence-transformers](https://github.com/huggingface/sentence-transformers/issues/1058) puts one behind some cross-encoders and not behind others, and [scores so squeezed](https://github.com/huggingface/sentence-transformers/issues/3540) have been distilled.
#
# ### Exercise 13.6 · Only how far apart
# {{exercise:13.6}}
#
# [Hofstätter and others (2020)](https://arxiv.org/abs/2010.02666) compare *margins*: by how much the right passage is ahead of a wrong one. Each row holds the scores of one question's candidates, the right passage first. Return the mean, over all pairs of a question's right passage with one of its wrong ones, of the squared difference between the student's margin and the teacher's. A margin has a sign, and both margins are that of the right passage less the wrong one. The teacher is not trained.


# %% exercise="13.6"
def margin_mse(student_scores, teacher_scores):
    """How far the student's margins are from its teacher's.

    student_scores, teacher_scores: (questions, candidates), two candidates at least.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    student = student_scores[:, :1] - student_scores[:, 1:]
    teacher = teacher_scores[:, :1] - teacher_scores[:, 1:]
    return (student - teacher.detach()).square().mean()
    ### END SOLUTION


# %% check="13.6"
check("13.6", margin_mse)

# %% [markdown]
# ### Exercise 13.7 · A belief in each passage
# {{exercise:13.7}}
#
# Or let the teacher share one unit of belief among a question's candidates, as [Ren and others (2021)](https://arxiv.org/abs/2110.07367) do. Return KL(teacher ‖ student) over the candidates of a question, the mean over the questions, in nats. Both models' scores are divided by a temperature of their own before the softmax. There is no further factor. The teacher is not trained. Either model may be so sure that a probability is rounded to 0.


# %% exercise="13.7"
def listwise_kl(student_scores, teacher_scores, student_temperature, teacher_temperature):
    """How far the student's belief in the candidates is from its teacher's.

    student_scores, teacher_scores: (questions, candidates); the temperatures: positive numbers.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    log_q = (student_scores / student_temperature).log_softmax(-1)
    log_p = (teacher_scores.detach() / teacher_temperature).log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1).mean()
    ### END SOLUTION


# %% check="13.7"
check("13.7", listwise_kl)

# %% [markdown]
# Is this the first half of the lesson again? Not quite. A bi-encoder gets all that its teacher gets, the question and the passage. Only it has to bring them together by a dot product. Nothing is hidden from it; its form is too simple. So no list of readings tells what it will learn, and theory does not choose between the two losses. The experiment has to.
#
# ## 8 · What labels alone teach, and how ranks are measured
#
# The control has no teacher. Its wrong passages cost nothing: they are the other questions' right ones in the same batch, called [*in-batch negatives*](https://arxiv.org/abs/2004.04906). They have a trap, which grows with the batch: where two questions are about one passage, the passage becomes its own wrong answer.
#
# ### Exercise 13.8 · The others of the batch
# {{exercise:13.8}}
#
# Question i's right passage stands at place i of `passages`. A score is the dot product of two vectors. Return the mean, over the questions, of −log of the share that the right passage has in the softmax over the batch's passages, in nats. `ids` says which passages are the same text: another copy of a question's right passage is left out of its softmax, as if it were not in the batch. The right passage itself stays. Copies may have different vectors, because dropout draws anew for each, and different texts may have nearly the same.


# %% exercise="13.8"
def in_batch_loss(questions, passages, ids):
    """How hard it is to tell a question's passage from the others of the batch.

    questions, passages: (batch, width); ids: (batch,), whole numbers, one a passage.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    scores = questions @ passages.T
    copy = (ids[:, None] == ids[None, :]) & ~torch.eye(len(ids), dtype=torch.bool)
    scores = scores.masked_fill(copy, -torch.inf)
    return -scores.log_softmax(-1).diagonal().mean()
    ### END SOLUTION


# %% check="13.8"
check("13.8", in_batch_loss)

# %% [markdown]
# ### Exercise 13.9 · One vector a text
# {{exercise:13.9}}
#
# A text's vector is the mean over its tokens' vectors. `mask` is 1 (or True) where there is text and 0 (or False) in the padding, which may stand on either side. The padding's vectors may hold anything, NaN and infinity included, and have no say. A text without a token gets zeros.


# %% exercise="13.9"
def mean_pool(vectors, mask):
    """One vector a text, the mean over its tokens.

    vectors: (batch, length, width); mask: (batch, length), integers or booleans.
    Returns (batch, width).
    """
    ### BEGIN SOLUTION
    there = mask.bool()
    kept = torch.where(there[..., None], vectors, 0.0)
    return kept.sum(1) / there.sum(1, keepdim=True).clamp(min=1)
    ### END SOLUTION


# %% check="13.9"
check("13.9", mean_pool)

# %% [markdown]
# ### Exercise 13.10 · How high does it stand?
# {{exercise:13.10}}
#
# A question counts 1/rank of its right passage among all passages, and 0 where that is not among the k best. The larger the score, the better; the best has rank 1. Passages with the same score share the worst of their ranks: of two that are both best, each has rank 2. That rank decides, also where it puts them outside the k best. So a model that gives everything one score gains nothing by it. Return the mean over the questions, MRR@k.


# %% exercise="13.10"
def mrr(scores, right, k):
    """The mean reciprocal rank among the k best.

    scores: (questions, passages); right: (questions,), the right passage's number, from 0; k: an int.
    Returns a scalar.
    """
    ### BEGIN SOLUTION
    own = scores.gather(1, right[:, None])
    rank = (scores >= own).sum(1)
    return torch.where(rank <= k, 1 / rank, 0.0).mean()
    ### END SOLUTION


# %% check="13.10"
check("13.10", mrr)

# %% [markdown]
# ## 9 · From a cross-encoder to a bi-encoder
#
# Now the questions of lesson 08. Each training question gets four candidates: its passage, and the wrong ones that share the most words with it ([BM25](https://doi.org/10.1561/1500000019)). The cross-encoder is asked about them once. At `offline` it is a teacher that ships: the reading teacher of lesson 08, fine-tuned on about ten thousand questions about passages that no lesson loads. Its students have 600 (*questions*): *labels are counted* here, too. At `small` and `full` it is trained in front of you, on the very questions that it then teaches, and so is surer of them than it would be of others.
#
# Is a wrong passage wrong? Two passages may answer one question, and then a model that finds the other one is called wrong for nothing, in training and in the figures. The embedded corpus knows what each passage tells, so `one_passage=True` leaves such questions out. For SQuAD we do not know it.
#
# At `small` both models begin with [all-MiniLM-L6-v2](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2), which is a bi-encoder already: by its card it was trained on a billion pairs of sentences, and 87,599 of them are SQuAD's. So there *before training* is a strong line, although only two of six layers are kept, and labels have less left to teach.


# %%
def asked_of(rows, passages, questions, seed=0):
    """Passages, questions about them, and the number of each question's passage."""
    number, asked = {}, []
    for context, question in zip(rows["context"], rows["question"]):
        if context in number or len(number) < passages:
            asked.append((question, number.setdefault(context, len(number))))
    chosen = np.random.default_rng(seed).permutation(len(asked))[:questions]
    return list(number), [asked[i][0] for i in chosen], np.array([asked[i][1] for i in chosen])


if setting.dataset == "reading":
    stories = reading.load(
        level="plain",
        one_passage=True,
        test_seed=setting.test_seed,
        sizes={
            "train": setting.passages,
            "validation": 200,
            "test": setting.tested_passages,
            "test_new_names": 0,
        },
    )
else:
    stories = hub.load_questions(setting.dataset)
held_out = (at_most(setting.tested_passages), at_most(setting.tested_questions))
library = {
    "train": asked_of(stories["train"], at_most(setting.passages), at_most(setting.questions)),
    "validation": asked_of(stories["validation"], at_most(200), at_most(500)),
    "test": asked_of(stories["test"], *held_out),
}
by_words = {
    split: retrieval.lexical_scores(questions, passages)
    for split, (passages, questions, _) in library.items()
}
compared = retrieval.candidates(  # (questions, candidates), the right passage first
    by_words["train"], library["train"][2], min(setting.candidates, len(library["train"][0]))
)
print(
    {
        split: (len(part[0]), "passages", len(part[1]), "questions")
        for split, part in library.items()
    }
)
print(f"\n{library['train'][1][0]}\n  {library['train'][0][library['train'][2][0]]}")

# %%
transformers.set_seed(0)
ranker, pieces = retrieval.cross_encoder(
    teachers.obtain(setting.ranker, retrain=setting.run.retrain)
)


def pair_scores(numbers, candidates, split):
    """(questions, candidates): what the cross-encoder says of some questions' candidates."""
    passages, questions, _ = library[split]
    scores = retrieval.cross_scores(
        ranker,
        pieces,
        [questions[i] for i, row in zip(numbers, candidates) for _ in row],
        [passages[j] for row in candidates for j in row],
        length=setting.max_length,
    )
    return torch.tensor(scores).view(len(numbers), -1)


def ranker_loss(model, numbers):
    """-log of the share that the right passage has among a question's candidates."""
    passages, questions, _ = library["train"]
    found = compared[numbers]
    rows = retrieval.pair_rows(
        model,
        pieces,
        [questions[i] for i, row in zip(numbers, found) for _ in row],
        [passages[j] for row in found for j in row],
        length=setting.max_length,
    )
    batch = pieces.pad(rows, return_tensors="pt").to(device)
    scores = model(**batch).logits.view(len(numbers), -1)
    return F.cross_entropy(scores, torch.zeros(len(numbers), dtype=torch.long, device=device))


def question_steps(seed):
    """The training questions of each step, as `trained` asks for them."""
    count = len(library["train"][1])
    return lambda steps: orders(count, setting.questions_a_step, steps, seed)


if "ranker" in setting.recipes:  # no teacher that ships: it is trained here
    ranker = trained(ranker, setting.recipes["ranker"], question_steps(0), ranker_loss, seed=0)
ranker = ranker.eval().to(device)
told_scores = pair_scores(range(len(compared)), compared, "train")
agree = (told_scores.argmax(-1) == 0).float().mean()
belief = told_scores.softmax(-1)[:, 0].mean()
lead = (told_scores[:, :1] - told_scores[:, 1:]).median()
print(f"of a training question's candidates the teacher finds the right one best in {agree:.1%},")
print(f"gives it {belief:.3f} of its belief on average, and a median margin of {lead:.1f}")

# %% [markdown]
# | arm | learns from |
# |---|---|
# | labels | which passage is right, against all others of the batch and the candidates |
# | labels, same candidates | which passage is right, against the question's own candidates alone |
# | margins | the teacher's margins over the candidates: Margin-MSE |
# | lists | the teacher's belief in the candidates: listwise KL |
# | lists and labels | half of each |
# | MSE on scores | the teacher's scores themselves |
# | dealt out | lists, of another question and in another order, drawn anew at each step, so that on average each candidate gets the same: a random teacher |
#
# All start from the same weights and take the same steps on the same candidates. *Labels* have one advantage: they compare a question with every passage of the batch. The teacher was asked about the question's own candidates alone, so lists and margins compare no others. The second line takes that advantage away: against it, a gain of lists is the teacher's scores' and nothing else's.
#
# At `offline` the student is as small as a bi-encoder can be: the reading teacher's token vectors, averaged, without a layer. It knows a text's words and not their order. Its vectors have one length, in training and when they are served, and a score is 20 times a cosine, so that a margin could reach 40 where vectors point against each other.

# %%
start = models.load(teachers.obtain(setting.started_from), ["relevance"])[0]


passage_ids, question_ids = (
    pieces(texts, truncation=True, max_length=setting.max_length)["input_ids"]
    for texts in library["train"][:2]
)


def vectors(model, rows):
    """(texts, width), with a gradient. rows: texts as token numbers."""
    batch = pieces.pad({"input_ids": rows}, return_tensors="pt").to(device)
    return model(batch["input_ids"], batch["attention_mask"])


def ranking_loss(arm, model, numbers):
    """What some training questions cost a bi-encoder, by an arm's loss."""
    found = compared[numbers]  # (questions, candidates), the right passage first
    q = vectors(model, [question_ids[i] for i in numbers])
    c = vectors(model, [passage_ids[j] for j in found.T.flatten()])  # right ones, then the others
    scores = (q[None] * c.view(found.shape[1], len(numbers), -1)).sum(-1).T
    taught = told_scores[numbers].to(device)
    if arm == "dealt out":
        taught = taught.roll(1, dims=0)[:, torch.randperm(taught.shape[1])]
    right = torch.zeros(len(numbers), dtype=torch.long, device=device)  # they come first
    labelled = losses.in_batch_loss(q, c, ids=torch.tensor(found.T.flatten(), device=device))
    return {
        "labels": lambda: labelled,
        "labels, same candidates": lambda: F.cross_entropy(scores, right),
        "margins": lambda: losses.margin_loss(scores, taught),
        "lists": lambda: losses.listwise_loss(scores, taught),
        "lists and labels": lambda: 0.5 * losses.listwise_loss(scores, taught) + 0.5 * labelled,
        "MSE on scores": lambda: F.mse_loss(scores, taught),
        "dealt out": lambda: losses.listwise_loss(scores, taught),
    }[arm]()


def taught_to_rank(arm, seed, recipe=None):
    """An arm's bi-encoder of one seed."""
    return trained(
        retrieval.bi_encoder(start, setting.layers),
        recipe or setting.recipes[arm],
        question_steps(seed),
        lambda model, numbers: ranking_loss(arm, model, numbers),
        seed=seed,
    )


def scores_of(model, split):
    """(questions, passages): all dot products of a split."""
    model = model.to(device).eval()
    passages, questions, _ = library[split]
    q = retrieval.encode(model, pieces, questions, length=setting.max_length)
    p = retrieval.encode(model, pieces, passages, length=setting.max_length)
    return (q @ p.T).numpy()


ranking = [arm for arm in setting.recipes if arm not in (*seeing, "ranker")]
_, _, right_passage = library["test"]
before = scores_of(retrieval.bi_encoder(start, setting.layers), "test")
towers = {(arm, seed): taught_to_rank(arm, seed) for seed in seeds for arm in ranking}
found_at = {
    arm: np.stack(
        [
            metrics.reciprocal_ranks(scores_of(towers[arm, seed], "test"), right_passage)
            for seed in seeds
        ]
    )
    for arm in ranking
}

# %% [markdown]
# The cross-encoder cannot be asked about every passage for every question, and nobody does that. It *re-ranks*: of some of the test questions (*reranked*) it reads the ten passages that share the most words, so it can find no passage that is not among them. Its line below is about fewer questions than the others; what it adds to the words is counted on the same ones.

# %%
some = min(setting.reranked, len(right_passage))
shortlist = np.argsort(-by_words["test"][:some], axis=1, kind="stable")[:, :10]
reread = np.full((some, by_words["test"].shape[1]), -np.inf)
np.put_along_axis(reread, shortlist, pair_scores(range(some), shortlist, "test").numpy(), axis=1)
never = ~(shortlist == right_passage[:some, None]).any(1)
reranked = np.where(never, 0.0, metrics.reciprocal_ranks(reread, right_passage[:some]))
report.add_rows(
    "cross-encoder, re-ranking/MRR@10",
    reranked[None],
    seeds=[None],
    clusters=right_passage[:some],
)
by_words_here = metrics.reciprocal_ranks(by_words["test"][:some], right_passage[:some])
added = report.add_rows(
    "cross-encoder, re-ranking/gain over words in common",
    reranked[None],
    by_words_here[None],
    seeds=[None],
    clusters=right_passage[:some],
)
for name, scores in (("words in common", by_words["test"]), ("before training", before)):
    ranks = metrics.reciprocal_ranks(scores, right_passage)
    report.add_rows(f"{name}/MRR@10", ranks[None], seeds=[None], clusters=right_passage)
    found_at[name] = np.repeat(ranks[None], len(seeds), axis=0)  # the same beside every seed
for arm in ranking:
    report.add_rows(f"{arm}/MRR@10", found_at[arm], seeds=seeds, clusters=right_passage)
everyone = ["cross-encoder, re-ranking", "words in common", "before training", *ranking]
print(experiments.comparison_table(report, everyone, "MRR@10"))
print(f"\nre-ranking less words in common, {some} questions: {added}\n")
for arm, other in (
    ("margins", "labels"),
    ("lists", "labels"),
    ("lists and labels", "labels"),
    ("labels, same candidates", "labels"),
    ("lists", "labels, same candidates"),
    ("margins", "dealt out"),
    ("margins", "before training"),
    ("lists", "dealt out"),
    ("labels", "before training"),
    ("labels", "words in common"),
    ("MSE on scores", "margins"),
    ("dealt out", "labels"),
):
    gain = report.add_rows(
        f"{arm}/gain over {other}",
        found_at[arm],
        found_at[other],
        seeds=seeds,
        clusters=right_passage,
    )
    print(f"{arm:<24}less {other:<24}{gain}")

# %% tags=["hide-input"]
experiments.plot_comparison(
    report,
    everyone,
    "MRR@10",
    title="Who finds the passage?",
    unit="MRR@10, test questions",
)

# %% [markdown]
# On these candidates the teacher's lists teach what the labels teach: lists less labels on the same candidates is {{ledger:13/offline/lists/gain over labels, same candidates|interval}} of MRR@10. Look at what was printed when the teacher was asked: how much of its belief goes to the right passage. Where that is nearly all, a list says what the label says. All questions here have a label, too; rows without one, which brought a gain in section 5, were not tried.
#
# What counts instead is with which passages a question is compared. Labels with all the batch are ahead of lists, which have the four candidates alone: lists less labels is {{ledger:13/offline/lists/gain over labels|interval}}. (The batch's passages are more, and most of them are easier; which of the two it is was not separated.) *Lists and labels* have the batch, too, and still are a little behind labels alone: {{ledger:13/offline/lists and labels/gain over labels|interval}}.
#
# Margins teach nothing that can be seen. Less *dealt out*, a random teacher's lists (another loss and another rate, but as few candidates), they come to {{ledger:13/offline/margins/gain over dealt out|interval}}, and less the untrained start to {{ledger:13/offline/margins/gain over before training|interval}}. Why was not measured.
#
# The teacher's own lists do pass that control, by {{ledger:13/offline/lists/gain over dealt out|interval}}.
#
# MSE on scores, which asks for the teacher's zero as well, is the worst of all: it ranks worse than before its training, and less margins it is {{ledger:13/offline/MSE on scores/gain over margins|interval}}.
#
# And *words in common*, which nobody trained, is ahead of every student: *labels*, the best, less words in common is {{ledger:13/offline/labels/gain over words in common|interval}}. The cross-encoder, reading the ten best by words, adds {{ledger:13/offline/cross-encoder, re-ranking/gain over words in common|interval}} to them. In this corpus a question repeats its passage's words, and a student here averages word vectors. So a null result here is no verdict on the method. Questions about one passage count as one row in these intervals.
#
# On a large set of real questions words in common are far behind. Among the 8.8 million passages of [MS MARCO](https://arxiv.org/abs/1611.09268) they have an MRR@10 of 0.194, and a DistilBERT that Hofstätter and others taught by margins has 0.323, by [its model card](https://huggingface.co/sebastian-hofstaetter/distilbert-dot-margin_mse-T2-msmarco). That student has six pretrained layers, and learnt from 400,000 questions. (This compares learning with counting words, not a teacher with none.)
#
# ### The same cells on real questions
#
# At `small` the questions are SQuAD's, and those of the test are about other articles. *Labels* reach {{ledger:13/small/labels/MRR@10|interval}} of MRR@10 there (three seeds):
#
# | | less | MRR@10 |
# |---|---|---|
# | labels | before training | {{ledger:13/small/labels/gain over before training|interval}} |
# | labels | words in common | {{ledger:13/small/labels/gain over words in common|interval}} |
# | labels, same candidates | labels | {{ledger:13/small/labels, same candidates/gain over labels|interval}} |
# | lists | labels, same candidates | {{ledger:13/small/lists/gain over labels, same candidates|interval}} |
# | lists | labels | {{ledger:13/small/lists/gain over labels|interval}} |
# | lists and labels | labels | {{ledger:13/small/lists and labels/gain over labels|interval}} |
# | lists | dealt out | {{ledger:13/small/lists/gain over dealt out|interval}} |
# | margins | dealt out | {{ledger:13/small/margins/gain over dealt out|interval}} |
# | margins | before training | {{ledger:13/small/margins/gain over before training|interval}} |
# | margins | labels | {{ledger:13/small/margins/gain over labels|interval}} |
# | MSE on scores | margins | {{ledger:13/small/MSE on scores/gain over margins|interval}} |
# | cross-encoder, re-ranking | words in common | {{ledger:13/small/cross-encoder, re-ranking/gain over words in common|interval}} |
#
# Much is as above: lists teach what labels teach on the same candidates, labels with the whole batch are ahead of both, and MSE on scores does harm. But *margins teach here*. They lift the student above its start. Corpus, student and teacher changed together, so the table does not say which of them matters.
#
# Do not read the lines against *dealt out* as gains. The random teacher does harm here: with {{ledger:13/small/dealt out/MRR@10|interval}} its student ends far below the start's {{ledger:13/small/before training/MRR@10|interval}}. Most of the lead that lists and margins have over it is what it lost.
#
# Words in common win again. Those who wrote these questions had the passage in view, which may be why. And the cross-encoder is not seen to add anything to them. It learnt from 640 questions, and it had better be measured before it is believed.
#
# ### What the shape is for
#
# How long does one question take among 10,000 passages? The bi-encoder encodes the question and multiplies; its passages were encoded beforehand. (Here their vectors are random numbers: how long a product takes does not depend on what they say.) The cross-encoder's time is measured on 32 pairs and extrapolated to 10,000. The last line is what is done in practice: the bi-encoder finds ten, and the cross-encoder reads these ten.

# %%
tower = towers[ranking[0], seeds[0]]
passages, questions, _ = library["test"]
many = torch.randn(10_000, retrieval.encode(tower, pieces, questions[:1]).shape[1])
pair = ([questions[0]] * 32, (passages * 32)[:32])
repeats = 3 if setting.run.shortened else 10


def search():
    vector = retrieval.encode(tower, pieces, questions[:1], length=setting.max_length)
    return (vector @ many.T).topk(10)


def read_pairs():
    return retrieval.cross_scores(ranker, pieces, *pair, length=setting.max_length)


found_in = cost.latency(search, repeats=repeats)["p50"]
a_pair = cost.latency(read_pairs, repeats=repeats, warm_up=1)["p50"] / 32
milliseconds = {
    "bi-encoder": found_in,
    "cross-encoder": 10_000 * a_pair,
    "bi-encoder, then cross-encoder": found_in + 10 * a_pair,
}
for name, value in milliseconds.items():
    report.add(f"{name}/ms a question", value, kind="timing")
    print(f"{name:<32}{value:12.1f} ms a question")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7.2, 3.4))
heights = {arm: found_at[arm].mean() for arm in ranking}
written_at = -1.0
for arm, height in sorted(heights.items(), key=lambda entry: entry[1]):
    written_at = max(height, written_at + 0.065)  # students that are close to one another
    axes.plot(milliseconds["bi-encoder"], height, "o", color=plots.COLOURS["student"])
    axes.annotate(
        arm,
        (milliseconds["bi-encoder"], height),
        xytext=(2 * milliseconds["bi-encoder"], written_at),
        va="center",
        fontsize=8,
        arrowprops={"arrowstyle": "-", "color": plots.COLOURS["control"], "relpos": (0, 0.5)},
    )
words = found_at["words in common"].mean()
axes.axhline(words, color=plots.COLOURS["control"], linestyle="--", linewidth=1)
axes.annotate(
    "words in common (its time was not measured)",
    (0, words),
    xycoords=("axes fraction", "data"),
    xytext=(4, -10),
    textcoords="offset points",
    fontsize=8,
)
axes.plot(10 * a_pair, reranked.mean(), "s", color=plots.COLOURS["teacher"], markersize=9)
axes.annotate(
    "cross-encoder, the ten best by words",
    (10 * a_pair, reranked.mean()),
    xytext=(10, -3),
    textcoords="offset points",
    fontsize=8,
)
axes.axvline(milliseconds["cross-encoder"], color=plots.COLOURS["teacher"], linestyle=":")
axes.annotate(
    "cross-encoder,\nall 10,000",
    (milliseconds["cross-encoder"], 0.05),
    xytext=(-70, 0),
    textcoords="offset points",
    fontsize=8,
)
axes.set(
    xscale="log",
    ylim=(0, 1.08),
    ylabel=f"MRR@10, {len(passages)} passages",
    xlabel="milliseconds a question, 10,000 passages",
)
axes.set_title("Time and ranks")
plots.show(
    figure,
    alt=f"MRR@10 by milliseconds a question. Bi-encoders, {milliseconds['bi-encoder']:.1f} ms: "
    + ", ".join(f"{arm} {height:.2f}" for arm, height in heights.items())
    + f". Words in common, a line across: {words:.2f}"
    + f". The cross-encoder over the ten best by words, {10 * a_pair:.0f} ms: {reranked.mean():.2f}; over all "
    f"10,000 passages it would need {milliseconds['cross-encoder']:.0f} ms.",
)

# %% [markdown]
# Ten thousand passages cost the bi-encoder one matrix product, and the cross-encoder ten thousand readings. Of the factor between the two, ten thousand is the number of readings that are spared; what is left comes from a student that is smaller than its teacher and reads the question alone. (The ranks in the picture are those among the test passages, the milliseconds those for 10,000.)
#
# <details><summary><b>Going deeper:</b> the same with a library</summary>
#
# [sentence-transformers](https://sbert.net/docs/package_reference/sentence_transformer/losses.html) has both losses. `MarginMSELoss` takes rows of a question, a right passage and a wrong one, with the teacher's margin as label. `DistillKLDivLoss` takes a question with all its candidates, and the teacher's scores of them as labels. Both use dot products unless told otherwise. Where the model makes its vectors of length 1, a margin is then between −2 and 2, and no student reaches margins such as those that were printed when the teacher was asked. That is why the bi-encoder of this lesson multiplies its cosines by 20. `CrossEncoder.predict` has an argument, `activation_fn`, for the sigmoid: give it `torch.nn.Identity()`.
#
# </details>
#
# ## 10 · How the recipes were chosen
#
# All arms of the pictures were offered the same learning rates, and so were all of the passages. Each took the one that was best on validation, on average over three seeds: by accuracy for the pictures, by MRR@10 for the passages. *Slipped by one* was equally good at all of them, and *dealt out* best at the lowest: it teaches that all candidates are alike, and the less of that is learnt, the better the ranks. With sound one seed tried five to seven rates, and at `small` three to five for the passages (*MSE on scores* and *dealt out* were best at the lowest there); the pictures keep their rates of `offline`. At `full` all rates were set, not chosen. The test rows had no say. (`KD_MAPS=1` computes this log again: some hundreds of short trainings.)


# %%
def validated(arm, recipe):
    """Of three students, of one at `small`: accuracy, or MRR@10, on validation; the mean."""
    measured = []
    for seed in (0, 1, 2) if setting.run.scale == "offline" else (0,):
        if arm in seeing:
            p = metrics.probabilities(answers_of(taught_to_see(arm, seed, recipe), "validation"))
            measured.append(metrics.correct(p, labels["validation"]).mean())
        else:
            scores = scores_of(taught_to_rank(arm, seed, recipe), "validation")
            measured.append(metrics.reciprocal_ranks(scores, library["validation"][2]).mean())
    return float(np.mean(measured))


if setting.run.maps:
    grid = {
        arm: [[recipe.learning_rate, validated(arm, recipe)] for recipe in setting.grid(arm)]
        for arm in (*seeing, *ranking)
    }
    report.add_table("grid", grid)
for arm, entries in (report.table("grid") or {}).items():
    best = max(entries, key=lambda entry: entry[1])
    tried = "  ".join(f"{rate:g}: {value:.3f}" for rate, value in entries)
    print(f"{arm:<41}best {best[0]:g}    by rate  {tried}")

# %% [markdown]
# ### What was expected
#
# The signs below were written into this lesson's [settings](../kd_course/lessons/lesson13/settings.py) before the reference run read its test rows: from theory, from validation rows, and from an earlier run on other test rows, without the arm *distilled, same pictures, as many steps*. One that was guessed as a gain came out open: what the teacher adds on the same pictures, in accuracy.

# %%
print(experiments.expectation_table(report))

# %% [markdown]
# ## What you can now do
#
# - Say what a student should answer about what it cannot see, and compute it where the readings can be listed.
# - Prove which loss teaches that, and name a case in which MSE on logits gives a class more than any text supports.
# - Pair by key, and recognise slipped pairs: the loss falls, and the answers hardly depend on the picture.
# - Distil scores as margins or as beliefs, mask repeated passages, pool without padding, and count ranks with ties.
# - Ask of a teacher of another kind what it decides by, and whether the student can see that.
#
# ## Where this goes wrong in practice
#
# - **Pairs by position** after one side was filtered: each picture has its neighbour's text, and nothing complains.
# - **MSE on logits, or a product of beliefs,** where the student sees less: the average becomes a geometric mean.
# - **A temperature above 1** where the average is wanted: that of softened answers is another one.
# - **A sigmoid behind the teacher**: its margins are then at most 1.
# - **A margin without its sign**: where the teacher prefers the wrong passage, the student is pushed the other way.
# - **The softmax over the batch, not over the candidates** of a question.
# - **Repeated passages**: in-batch negatives of themselves, and with dropout their vectors do not tell.
# - **Padding in the mean**; or vectors made to have length 1 in training and not when they are served.
# - **Ties counted as wins**: a model that says the same of everything looks perfect.
# - **A teacher that is right by what the student cannot see**: accurate, and no help.
#
# ## Further reading
#
# - S. Gupta, J. Hoffman, J. Malik: [*Cross modal distillation for supervision transfer*](https://arxiv.org/abs/1507.00448). CVPR 2016. Pairs in place of labels.
# - D. Lopez-Paz, L. Bottou, B. Schölkopf, V. Vapnik: [*Unifying distillation and privileged information*](https://arxiv.org/abs/1511.03643). ICLR 2016. A teacher that knows what no deployment has.
# - Z. Xue, Z. Gao, S. Ren, H. Zhao: [*The modality focusing hypothesis*](https://arxiv.org/abs/2206.06487). ICLR 2023. When it fails, and why.
# - R. Xie, Y. Xu, G. Sanguinetti: [*Information-theoretic criteria for knowledge distillation in multimodal learning*](https://arxiv.org/abs/2510.13182). arXiv:2510.13182, 2025.
# - N. Reimers, I. Gurevych: [*Making monolingual sentence embeddings multilingual using knowledge distillation*](https://arxiv.org/abs/2004.09813). EMNLP 2020. Another language as the other modality.
# - S. Gandhi, P. von Platen, A. M. Rush: [*Distil-Whisper: robust knowledge distillation via large-scale pseudo labelling*](https://arxiv.org/abs/2311.00430). arXiv:2311.00430, 2023.
# - S. Hofstätter and others: [*Improving efficient neural ranking models with cross-architecture knowledge distillation*](https://arxiv.org/abs/2010.02666). arXiv:2010.02666, 2020. Margin-MSE.
# - R. Ren and others: [*RocketQAv2: a joint training method for dense passage retrieval and passage re-ranking*](https://arxiv.org/abs/2110.07367). EMNLP 2021. Listwise distillation.
# - V. Karpukhin and others: [*Dense passage retrieval for open-domain question answering*](https://arxiv.org/abs/2004.04906). EMNLP 2020. In-batch negatives.
# - S. Robertson, H. Zaragoza: [*The probabilistic relevance framework: BM25 and beyond*](https://doi.org/10.1561/1500000019). Foundations and Trends in Information Retrieval 3, 2009.
#
# ## Where you stand
#
# Your exercises of this lesson, and which of them are still open.

# %%
show_progress("13")
