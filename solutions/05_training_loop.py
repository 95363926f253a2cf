# %% [markdown]
# # 05 · What happens between a teacher and a finished student?
#
# A loss is one line. Around it stands a loop: text is prepared, weights are initialised, the learning rate rises and falls, gradients are clipped and accumulated, somebody decides when to stop. In this lesson you write that loop by hand, measure what each of its parts is worth, and say when an interval leaves it open. You also find that `DistillationTrainer` ends with the very same weights. Then you fuse models into one, and audit a published listing that never distils anything.
#
# **You will be able to**
# - prepare text so that teacher and student read the same thing;
# - write a distillation loop: schedule with warm-up, clipping, accumulation, mixed precision, early stopping, checkpoints that resume exactly;
# - say what a good start is worth, by measuring three;
# - average weights, average the opinions of several teachers, and know which average is which;
# - find the faults of a training script that runs, prints falling losses, and distils nothing.
#
# **You need** [lesson 03](03_distillation_losses.ipynb) (soft and hard loss, temperature T, α), [PyTorch](https://docs.pytorch.org), and to have seen a [transformers](https://huggingface.co/docs/transformers) model before.
#
# **Minutes** 120, of which the computer needs about two.
#
# **When an exercise resists**, `hint("05.1")` asks a question first, then gives a direction, and last says where the answer stands in the [worked edition](../solutions/05_training_loop.ipynb).
#
# **What runs** at `offline`: generated news headlines, a teacher that ships with the course, students of one layer, no network. At `small`: [Financial PhraseBank](https://arxiv.org/abs/1307.5336), [MiniLM](https://arxiv.org/abs/2002.10957) as teacher, two of its layers as student. At `full`: [BERT-base](https://arxiv.org/abs/1810.04805) and six of its layers, on a GPU. The cells are the same.

# %% tags=["setup"]
import copy
import html
import math
import re
import shutil
import time
import unicodedata

import datasets
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import transformers
from torch import nn
from transformers import DataCollatorWithPadding

from kd_course import cost, experiments, losses, metrics, models, plots, settings, storage, teachers
from kd_course.corpora import classification
from kd_course.distillation import (
    DistillationTrainer,
    add_teacher_logits,
    predict_logits,
    training_arguments,
)
from kd_course.exercises import check, hint, show_progress

plots.style()
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
datasets.disable_progress_bars()
setting = settings.for_lesson("05")
gpu = setting.run.scale != "offline" and torch.cuda.is_available()
device = torch.device("cuda" if gpu else "cpu")
results = f"results/05-{setting.run.scale}"  # checkpoints and their kind
print(setting)

# %% [markdown]
# A *recipe* is a peak learning rate, a number of optimiser steps and, where a teacher speaks, α and T. The students here are small and their trainings short, so that dozens of them fit into two minutes. The *long* recipes are section 6's, *shallow* is the architecture of section 9, *rates* are those of the map in section 4.
#
# ## 1 · One text, two readers
#
# Teacher and student are to answer *the same* sentence. That is easily said. The teacher was trained on clean text, and what comes out of a web page or a PDF is not clean.

# %%
data = classification.load(
    setting.dataset,
    labelled=setting.labelled,
    limit=setting.run.limit,
    test_seed=setting.test_seed,
)
names = data["train"].features["label"].names
tested = min(setting.tested, len(data["test"]))
data["test"] = data["test"].select(range(tested))
labels = {split: np.array(data[split]["label"]) for split in data}
for split in ("train", "validation", "test"):
    print(f"{split:<12}{len(data[split]):>6} sentences")
for row in data["train"].select(range(3)):
    print(f"{names[row['label']]:>8}  {row['text']}")

# %% [markdown]
# At `offline` scale the teacher is loaded as it ships. At the other scales a pretrained model is fine-tuned first, on the labelled sentences, by the library's trainer (with α = 0 our trainer is just that).

# %%
transformers.set_seed(0)
folder = teachers.obtain(setting.teacher, retrain=setting.run.retrain)
start, tokenizer = models.load(folder, names)
teacher = copy.deepcopy(start)
collate = DataCollatorWithPadding(tokenizer)


def encode(texts):
    """Token ids and attention masks, as the tokenizer gives them."""
    return tokenizer(list(texts), truncation=True, max_length=setting.max_length)


def steps_of(recipe):
    """How many optimiser steps: the recipe's, or fewer where KD_MAX_STEPS cuts training short."""
    return min(recipe.steps, setting.run.max_steps) if setting.run.max_steps > 0 else recipe.steps


def rows_of(split):
    """A split as a list of rows: input_ids, attention_mask, labels."""
    encoded = encode(data[split]["text"])
    columns = zip(encoded["input_ids"], encoded["attention_mask"], data[split]["label"])
    return [{"input_ids": i, "attention_mask": m, "labels": y} for i, m, y in columns]


rows = {split: rows_of(split) for split in ("train", "validation", "test")}
if "teacher" in setting.recipes:
    options = training_arguments(
        f"{results}/teacher",
        learning_rate=setting.recipes["teacher"].learning_rate,
        max_steps=steps_of(setting.recipes["teacher"]),
        per_device_train_batch_size=setting.batch_size,
        warmup_steps=steps_of(setting.recipes["teacher"]) // 10,
        disable_tqdm=True,
    )
    fine_tuning = DistillationTrainer(
        model=teacher, args=options, train_dataset=rows["train"], data_collator=collate, alpha=0.0
    )
    fine_tuning.remove_callback(transformers.PrinterCallback)
    fine_tuning.train()
teacher = teacher.eval().cpu()
once = "measured" if "teacher" not in setting.recipes else "trained once"
if setting.run.scale == "offline":
    its_sentences = teachers.notes(folder)["recipe"]["sentences"]
    print(f"the teacher learnt from {its_sentences:,} labelled headlines")

report = experiments.Report(
    "05",
    setting.run.scale,
    data=experiments.fingerprint(data["test"]["text"]),
    test_seed=setting.test_seed,
    shortened=setting.run.shortened,
)


# %%
def probabilities_of(model, texts):
    """(texts, classes): a model's probabilities, from the package's `predict_logits`."""
    return metrics.probabilities(predict_logits(model, list(texts), tokenizer))


def note_of_teacher(name, scores, less=0.0):
    """Note a mean of the teacher's scores, (rows,), which no seed varies; returns its interval."""
    report.add(name, float(np.mean(scores - less)), kind=once)
    return report.add_rows(name, scores[None], np.zeros_like(scores)[None] + less, seeds=[None])


teacher_right = metrics.correct(probabilities_of(teacher, data["test"]["text"]), labels["test"])
print(f"the teacher's test accuracy  {note_of_teacher('teacher/accuracy', teacher_right)}")

# %% [markdown]
# ### Cleaning
#
# Three things are fairly safe: take out markup, turn what is written in another way into the usual way (an HTML entity, a no-break space, a full-width digit), and make one space of many. (Still, look: NFKC turns m² into m2.) What is *not* safe is to remove what carries meaning: numbers, "not", punctuation, capitals (if the teacher sees them). Rule of thumb: clean towards what the teacher was trained on.


# %% tags=["nbval-check-output"]
def clean(text):
    """The text without markup, in one notation (Unicode's NFKC), with single spaces."""
    text = re.sub(r"<[^>]+>", " ", text)
    text = unicodedata.normalize("NFKC", html.unescape(text))
    return " ".join(text.split())


scraped = "<p>Net&nbsp;profit  rose to EUR ３.０\u00a0mn, R&amp;D costs fell.</p>"
print(clean(scraped))

# %% [markdown]
# What does it matter? Here the validation sentences are put into the state in which a scraper finds them, and the teacher reads them clean, dirty, and dirty but cleaned.


# %%
def as_scraped(text):
    """A sentence as it stands in a web page: markup, entities, full-width digits."""
    wide = text.translate({ord("0") + i: ord("０") + i for i in range(10)})
    words = html.escape(wide).split()
    spaced = "".join(word + ("&nbsp;" if i % 3 else "  ") for i, word in enumerate(words))
    return f'<p class="headline">{spaced}</p>'


sample = data["validation"]["text"][:500]
versions = {
    "clean": sample,
    "dirty": [as_scraped(text) for text in sample],
    "cleaned": [clean(as_scraped(text)) for text in sample],
}
right = {
    name: metrics.correct(probabilities_of(teacher, texts), labels["validation"][: len(sample)])
    for name, texts in versions.items()
}
print(versions["dirty"][0])
for name, scores in right.items():
    accuracy = note_of_teacher(f"reading {name}/accuracy", scores)
    print(f"{name:<9} accuracy {accuracy}", end="")
    if name != "clean":
        lost = note_of_teacher(f"reading {name}/less than clean", scores, right["clean"])
        print(f"   minus clean: {lost}", end="")
    print()

# %% [markdown]
# The intervals are over the sentences, which the same teacher reads three times. A student that learns from the answers to dirty text learns from a worse teacher. So clean once, before either model reads, and keep the cleaned text.
#
# ### One tokenizer
#
# A model reads numbers. Which number stands for which piece of a word is the tokenizer's choice, so the same ids mean something else to a model with another tokenizer. Nothing complains when they are mixed up: ids are whole numbers below the size of the vocabulary, whoever made them.

# %%
text = data["train"]["text"][0]
print(text)
print(tokenizer.convert_ids_to_tokens(encode([text])["input_ids"][0]))
foreign = models.train_tokenizer(data["train"]["text"], vocabulary=len(tokenizer) // 2)
print(foreign.convert_ids_to_tokens(foreign(text)["input_ids"]))

# %%
for whose, reader in {"its own": tokenizer, "another's": foreign}.items():
    ids = reader(list(sample), truncation=True, max_length=setting.max_length)
    read = datasets.Dataset.from_dict({k: ids[k] for k in ("input_ids", "attention_mask")})
    p = metrics.probabilities(predict_logits(teacher, read, tokenizer))
    scores = metrics.correct(p, labels["validation"][: len(sample)])
    accuracy = note_of_teacher(f"tokenizer {whose}/accuracy", scores)
    print(f"the teacher reads {whose:<9} ids: accuracy {accuracy}")
shares = np.bincount(labels["validation"][: len(sample)]) / len(sample)
print(f"always the commonest class:            {shares.max():.3f}")

# %% [markdown]
# <details><summary><b>Going deeper:</b> a student with another tokenizer</summary>
#
# It is possible: then each model gets its own ids for the same text, and the teacher's logits are computed beforehand and kept as a column. That works for classification, where there is one answer a sentence. Where there is one answer a token, the tokens must be the same.
#
# </details>
#
# ### The teacher answers once
#
# During distillation the teacher does not change. So ask it once, before training, and keep its logits beside each sentence: the loop then costs what training without a teacher costs. Two things must be right when it is asked. It is in eval mode, so that dropout does not blur its answers, and no gradients are recorded, because nobody will need them.


# %%
def ask(model, rows, batch_size=64):
    """The model's logits for all rows, in their order: (rows, classes)."""
    model.to(device).eval()
    answers = []
    with torch.no_grad():
        for begin in range(0, len(rows), batch_size):
            batch = collate(rows[begin : begin + batch_size]).to(device)
            inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
            answers.append(model(**inputs).logits.cpu())
    return torch.cat(answers)


teacher_logits = ask(teacher, rows["train"])
teacher.cpu()
taught_rows = add_teacher_logits(rows["train"], teacher_logits)
print({name: taught_rows[0][name] for name in ("labels", "teacher_logits")})
package = predict_logits(teacher, data["train"]["text"][:64], tokenizer)
apart = np.abs(package - teacher_logits[:64].numpy()).max()
print(f"furthest from the package's predict_logits: {apart:.0e}")

# %% [markdown]
# (The difference need not always be exactly zero: where two programs pad their batches to different lengths, sums are rounded in another order.)
#
# ## 2 · One step
#
# Everything else in this lesson is wrapped around one step: compute the loss of a batch, take its gradient, move the weights a little against it. To see it bare, take the smallest student there is, a linear one: its logits are `features @ weights.T`.
#
# ### Exercise 05.1 · One step of training
# {{exercise:05.1}}
#
# Return the weights after one step of plain gradient descent on $L = \alpha L_\text{soft} + (1 - \alpha) L_\text{hard}$, where $L_\text{soft} = T^2\,\mathrm{KL}(\text{teacher} \,\|\, \text{student})$ at temperature $T$ and both parts are means over the rows. A student may be so sure that a probability is rounded to 0. (Whether the result still hangs on PyTorch's graph makes no difference.)


# %% exercise="05.1"
def distillation_step(weights, features, labels, teacher_logits, temperature, alpha, learning_rate):
    """The weights of a linear student after one step of gradient descent.

    weights: (classes, features); features: (rows, features); labels: (rows,), class numbers;
    teacher_logits: (rows, classes). Returns (classes, features).
    """
    ### BEGIN SOLUTION
    before = weights.detach().clone().requires_grad_(True)
    logits = features @ before.T  # (rows, classes)
    student_log_p = F.log_softmax(logits / temperature, dim=-1)
    teacher_p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = temperature**2 * F.kl_div(student_log_p, teacher_p, reduction="batchmean")
    hard = F.cross_entropy(logits, labels)
    (gradient,) = torch.autograd.grad(alpha * soft + (1 - alpha) * hard, before)
    return (before - learning_rate * gradient).detach()
    ### END SOLUTION


# %% check="05.1"
check("05.1", distillation_step)

# %% [markdown]
# ## 3 · What stands around a step
#
# ### The schedule
#
# [AdamW](https://arxiv.org/abs/1711.05101) divides each gradient by a running estimate of its size. In the first steps that estimate rests on a handful of batches. One explanation of warm-up goes on from there: untrained layers may pass on wild gradients, and a large step can then do harm that takes long to undo. So the learning rate *warms up*: it rises from 0 to its peak over the first tenth or so of the steps ([Goyal et al. 2017](https://arxiv.org/abs/1706.02677) warm up for large batches; [Liu et al. 2020](https://arxiv.org/abs/1908.03265) offer an explanation of why it helps Adam). Then it comes down to 0; the idea is that near the end large steps only jump about the minimum.
#
# ### Exercise 05.2 · Warm up, then come down
# {{exercise:05.2}}
#
# Steps are counted from 0. With a warm-up, the rate is 0 at step 0 and rises on a straight line to `peak` at step `warmup`; then it falls on a straight line to 0 at step `total`, and stays 0 afterwards. `warmup` may be 0: then step 0 has the peak already.


# %% exercise="05.2"
def learning_rate_at(step, warmup, total, peak):
    """The learning rate of a step, counted from 0: two straight lines, up and down.

    step, warmup, total: whole numbers, warmup < total; peak: a float. Returns a float.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * step / warmup
    return peak * max(0.0, (total - step) / (total - warmup))
    ### END SOLUTION


# %% check="05.2"
check("05.2", learning_rate_at)


# %% [markdown]
# The loop below takes the same schedule from the library, by [`get_linear_schedule_with_warmup`](https://huggingface.co/docs/transformers/main_classes/optimizer_schedules). The library's schedules hang on an optimizer; an idle one will do to ask for a single number:


# %% tags=["nbval-check-output"]
def share_of_peak(step, warmup, total, decay=True):
    """The share of the peak learning rate at a step, counted from 0, by the library's schedules."""
    idle = torch.optim.SGD([nn.Parameter(torch.zeros(1))])
    if decay:
        schedule = transformers.get_linear_schedule_with_warmup(idle, warmup, total)
    else:
        schedule = transformers.get_constant_schedule_with_warmup(idle, warmup)
    return schedule.lr_lambdas[0](step)


for step in (0, 5, 10, 55, 99, 100):
    print(f"step {step:>3} of 100, warm-up 10: {share_of_peak(step, 10, 100):.3f} of the peak")

# %% [markdown]
# ### Clipping
#
# A batch may give a gradient many times longer than usual. Clipping bounds the length of the whole gradient, all tensors together, and leaves its direction as it is ([Pascanu et al. 2013](https://arxiv.org/abs/1211.5063)).
#
# ### Exercise 05.3 · A bound on the step's length
# {{exercise:05.3}}
#
# Return the gradients, scaled by one common factor so that their length together is at most `max_norm`. Shorter ones stay as they are, and so does a gradient of zeros. (Some implementations add a small number to the norm, PyTorch's 0.000001: that is within the tolerance.)


# %% exercise="05.3"
def clip_gradients(gradients, max_norm):
    """The gradients, scaled together so that their common norm is at most max_norm.

    gradients: a list of tensors of any shapes, without dimensions too; max_norm: a positive float.
    Returns a list of tensors of the same shapes.
    """
    ### BEGIN SOLUTION
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [g * factor for g in gradients]
    ### END SOLUTION


# %% check="05.3"
check("05.3", clip_gradients)

# %% [markdown]
# ### Accumulation
#
# A batch of 32 may not fit the memory. Then let four batches of 8 add up their gradients, and step once. The result is the gradient of the 32 only if the division is right: each part's mean loss must count by its share of the rows. PyTorch *adds* gradients at each `backward()`, so a plain loop over parts makes the *gradient* four times as long. Plain gradient descent would then step four times as far. AdamW divides a constant factor out again, and clipping hides it too, so that the fault goes unseen until the factor changes from one step to the next. And dividing by four, as the transformers library's own trainer [once did](https://huggingface.co/blog/gradient_accumulation), is right only when all parts are of one size. At the end of an epoch they are not.


# %% tags=["nbval-check-output"]
features = torch.arange(96.0).reshape(32, 3).sin()
answers_wanted = (features.sum(dim=-1) > 0.2).long()


def gradient_in_parts(sizes, share):
    """The accumulated gradient of a linear student; share(size) is what a part's mean counts."""
    weights = torch.zeros(2, 3, requires_grad=True)
    begin = 0
    for size in sizes:
        part = slice(begin, begin + size)
        mean_loss = F.cross_entropy(features[part] @ weights.T, answers_wanted[part])
        (share(size) * mean_loss).backward()
        begin += size
    return weights.grad


def apart_from_whole(sizes, share):
    whole = gradient_in_parts([sum(sizes)], lambda size: 1.0)
    return (gradient_in_parts(sizes, share) - whole).norm() / whole.norm()


for sizes in ([8, 8, 8, 8], [8, 8, 8, 2]):
    count, total = len(sizes), sum(sizes)
    rules = {
        "added up": lambda size: 1.0,
        "divided by the number of parts": lambda size, count=count: 1 / count,
        "by share of the rows": lambda size, total=total: size / total,
    }
    for name, share in rules.items():
        print(f"parts of {sizes}, {name:<31} off by {apart_from_whole(sizes, share):6.1%}")

# %% [markdown]
# Distillation adds a twist. A sentence without a label still has a teacher: it counts in the soft part, and not in the hard one. What does that do to the shares?
#
# ### Exercise 05.4 · The loss of a step in parts
# {{exercise:05.4}}
#
# An optimiser step is made of several parts. Part i has `rows[i]` rows, of which `labelled[i]` have a label. You know `soft[i]`, the mean soft loss of all its rows, and `hard[i]`, the mean hard loss of those with a label; where none has one, `hard[i]` is 0.0. Return the loss of the step: what one large batch of all these rows would have given. α weighs the soft part. Where no row of the whole step has a label, the hard part is 0.


# %% exercise="05.4"
def step_loss(soft, hard, rows, labelled, alpha):
    """The loss of a step that came in parts, as one large batch would have given it.

    soft, hard: lists of floats, the parts' means; rows, labelled: lists of int. Returns a float.
    """
    ### BEGIN SOLUTION
    soft_loss = sum(mean * n for mean, n in zip(soft, rows)) / sum(rows)
    hard_loss = sum(mean * n for mean, n in zip(hard, labelled)) / max(sum(labelled), 1)
    return alpha * soft_loss + (1 - alpha) * hard_loss
    ### END SOLUTION


# %% check="05.4"
check("05.4", step_loss)

# %% [markdown]
# ### The loop
#
# Now all of it in one place. Three details deserve a word.
#
# - *The order of the rows* is drawn from the seed and the epoch alone, by a generator of its own. Dropout draws from PyTorch's common generator; if the order did too, it would depend on all that was computed before, and a resumed run would see other batches.
# - *Weight decay* pulls weights towards zero. Only matrices are meant: the vectors (biases, LayerNorm's scales) are left alone, as the library's trainer does it.
# - *The last part of an epoch* may be short. It makes a step like any other, and its parts count by their share of the rows in *that* step. (The shares of exercise 05.4 are left out here. They matter only where a step has unlabelled rows *and* several parts, and this loop reads labelled rows only. The trainer has the shares.)


# %%
class EpochOrder(torch.utils.data.Sampler):
    """The rows' numbers in an order that depends on seed and epoch alone."""

    def __init__(self, rows, seed):
        self.rows, self.seed, self.epoch = rows, seed, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return self.rows

    def __iter__(self):
        generator = torch.Generator().manual_seed(1000 * self.seed + self.epoch)
        return iter(torch.randperm(self.rows, generator=generator).tolist())


def new_optimizer(student, learning_rate, weight_decay=0.01):
    """AdamW; matrices are pulled towards zero, vectors (biases, LayerNorm) are not."""
    parameters = list(student.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


def loss_of(student, batch, recipe):
    """A batch's mean loss: from labels alone where the recipe's α is 0, else from both."""
    logits = student(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    if recipe.alpha == 0:
        return losses.hard_target_loss(logits, batch["labels"])
    return losses.distillation_loss(
        logits,
        batch["teacher_logits"],
        batch["labels"],
        temperature=recipe.temperature,
        alpha=recipe.alpha,
    )


# %%
def train_by_hand(
    student,
    rows,
    recipe,
    *,
    seed,
    batch_size=setting.batch_size,
    accumulate=1,
    warmup=0.1,
    decay=True,
    max_norm=1.0,
    dropout=True,
    weight_decay=0.01,
    saved=None,
    after_step=None,
    arm=None,
):
    """Train in place; returns one dict a step: its loss, gradient norm and learning rate.

    saved: a state to go on from (section 7). after_step(steps done, student, optimizer): called
    after every step; training stops when it returns True. arm: a name that `kd_course run` shows.
    """
    student.to(device).train(dropout)
    optimizer = new_optimizer(student, recipe.learning_rate, weight_decay)
    total = steps_of(recipe)
    order, rows_a_step = EpochOrder(len(rows), seed), batch_size * accumulate
    steps_an_epoch = math.ceil(len(rows) / rows_a_step)
    if saved is None:
        transformers.set_seed(seed)  # decides what dropout drops
    done = 0 if saved is None else restore(saved, student, optimizer)
    log = []
    for step in range(done, total):
        epoch, place = divmod(step, steps_an_epoch)
        if place == 0 or step == done:
            order.set_epoch(epoch)
            numbers = list(order)
        chosen = numbers[place * rows_a_step : (place + 1) * rows_a_step]
        step_loss = 0.0
        for begin in range(0, len(chosen), batch_size):
            part = chosen[begin : begin + batch_size]
            batch = collate([rows[i] for i in part]).to(device)
            loss = loss_of(student, batch, recipe) * (len(part) / len(chosen))
            loss.backward()
            step_loss += loss.item()
        norm = nn.utils.clip_grad_norm_(student.parameters(), max_norm)  # before clipping
        rate = recipe.learning_rate * share_of_peak(step, math.ceil(warmup * total), total, decay)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
        log.append({"step": step, "loss": step_loss, "norm": norm.item(), "rate": rate})
        if after_step and after_step(step + 1, student, optimizer):
            break
    return log


# %% [markdown]
# One student, taught. What does the loop look like from inside?


# %%
def build(what, seed):
    """A student: one of our sizes, untrained, or layers of the pretrained model with a new head."""
    if isinstance(what, str):
        return models.classifier(what, tokenizer, names, seed=seed)
    student = models.copy_layers(start, what)
    transformers.set_seed(seed)
    student._init_weights(student.classifier)
    return student


def keep_snapshots(kept):
    """For after_step: a copy of the weights ten times in the last third of the training."""
    total = steps_of(setting.recipes["distilled"])
    wanted = set(np.linspace(total * 2 // 3, total, 10).astype(int).tolist())

    def after_step(done, student, optimizer):
        if done in wanted:
            kept.append(copy.deepcopy(student.state_dict()))

    return after_step


first = setting.run.seeds[0]
watched = build(setting.student, first)
print(f"parameters: teacher {cost.parameters(teacher):,}, student {cost.parameters(watched):,}")
kept_for_later = []  # weights, for section 10
log = train_by_hand(
    watched,
    taught_rows,
    setting.recipes["distilled"],
    seed=first,
    after_step=keep_snapshots(kept_for_later),
    arm="distilled",
)

# %% tags=["hide-input"]
figure, panels = plt.subplots(1, 3, figsize=(10, 3.1))
steps = [entry["step"] for entry in log]
panels[0].plot(steps, [entry["rate"] for entry in log], color=plots.COLOURS["ink"])
panels[0].set(title="Learning rate", xlabel="step", ylabel="rate")
norms = [entry["norm"] for entry in log]
panels[1].plot(steps, norms, color=plots.COLOURS["control"], label="before clipping", linewidth=1)
panels[1].plot(
    steps, np.minimum(norms, 1.0), color=plots.COLOURS["student"], label="after", linewidth=1
)
panels[1].set(title="Length of the gradient", xlabel="step", ylabel="norm", ylim=(0, None))
panels[1].legend()
tenth = max(1, len(norms) // 10)
early, later = np.mean(norms[:tenth]), np.mean(norms[tenth:] or norms)
panels[2].plot(steps, [entry["loss"] for entry in log], color=plots.COLOURS["student"], linewidth=1)
panels[2].set(title="Loss of a batch", xlabel="step", ylabel="α L_soft + (1 - α) L_hard, nats")
plots.show(
    figure,
    alt=f"Three curves over {len(log)} steps: the learning rate rises to its peak and falls to 0; the gradient's "
    f"norm, {np.mean(np.array(norms) > 1):.0%} of the time above 1 and clipped there, is {early:.1f} on average in the "
    f"first tenth of the steps and {later:.1f} later; the loss of a batch falls from "
    f"{log[0]['loss']:.2f} to {np.mean([e['loss'] for e in log[-20:]]):.2f} nats.",
)
print(f"mean length of the gradient: {early:.2f} in the first tenth of the steps, {later:.2f} later")
print(f"clipped in {np.mean(np.array(norms) > 1):.0%} of the steps")

# %% [markdown]
# Compare the middle panel with what was said of warm-up and clipping. Here the gradients of the first steps are shorter on average, and clipping acts in most steps, not now and then.
#
# ## 4 · What is each part worth?
#
# Take one part out at a time. All arms are the same student, start from the same weights (for the same seed), see the same batches for as many steps, and learn from the teacher; only the **control** learns from labels alone.
#
# Your run may have few seeds. So below its figures stand those of the *reference run*: this lesson at `offline` scale, run once with {{ledger:05/offline/control/accuracy|count}} seeds, whose figures come with the course. They may differ from yours. In the last table look for intervals that leave out 0: only there does a part show what it is worth.
#
# Mind the labels. Every arm reads the same 2,000 labelled sentences (`labelled` in the settings); but the teacher, whose answers all but the control hear, learnt from 40,000 labelled headlines at `offline` scale (section 1 printed it).

# %%
distilled, control = setting.recipes["distilled"], setting.recipes["control"]
changes = {
    "distilled": {},
    "no warm-up": {"warmup": 0.0},
    "constant rate": {"decay": False},
    "no clipping": {"max_norm": math.inf},
    "no dropout": {"dropout": False},
}
parts, snapshots = {("distilled", first): watched}, {("distilled", first): kept_for_later}
test_texts = list(data["test"]["text"])


def test_scores(model):
    """(test rows,): 1.0 where the model is right."""
    return metrics.correct(probabilities_of(model, test_texts), labels["test"])


for seed in setting.run.seeds:
    for arm, change in changes.items():
        if (arm, seed) in parts:
            continue  # trained above
        parts[arm, seed], snapshots[arm, seed] = build(setting.student, seed), []
        keep = keep_snapshots(snapshots[arm, seed])
        train_by_hand(
            parts[arm, seed], taught_rows, distilled, seed=seed, after_step=keep, arm=arm, **change
        )
    parts["control", seed] = build(setting.student, seed)
    train_by_hand(parts["control", seed], rows["train"], control, seed=seed, arm="control")

# %%
arms = [*changes, "control"]
scores = {key: test_scores(student) for key, student in parts.items()}


def all_seeds(scores, arm):
    """(seeds, test rows) of one arm."""
    return np.stack([scores[arm, seed] for seed in setting.run.seeds])


def note(values, figure="accuracy"):
    """Note a figure of every arm, with its interval over seeds and test rows; returns the arms."""
    noted = list(dict.fromkeys(arm for arm, _ in values))
    for arm in noted:
        report.add_rows(f"{arm}/{figure}", all_seeds(values, arm), seeds=setting.run.seeds)
    return noted


def compare(scores, arm, with_arm, figure, unit="accuracy"):
    """Note the gain of an arm over another, and print it with its interval and unit."""
    one, other = all_seeds(scores, arm), all_seeds(scores, with_arm)
    difference = report.add_rows(f"{arm}/{figure}", one, other, seeds=setting.run.seeds)
    said = experiments.verdict(difference, seeds=len(setting.run.seeds))
    print(f"{arm:<26} minus {with_arm:<24} {difference} {unit}   {said}")


note(scores)
print(experiments.comparison_table(report, arms, "accuracy"), "\n")
compare(scores, "distilled", "control", "gain over control")
for arm in arms[1:-1]:
    compare(scores, arm, "distilled", "minus the whole loop")
for figure in ("gain over control", "minus the whole loop"):
    print(f"\nthe reference's {figure}")
    print(experiments.reference_table("05", figure))

# %% tags=["hide-input"]
experiments.plot_comparison(
    report, arms, "accuracy", title="The loop, one part taken out", unit="test accuracy"
)

# %% [markdown]
# In the reference run the teacher is the one part whose worth shows: it brings {{ledger:05/offline/distilled/gain over control|interval}} of accuracy over the control, which has no teacher. That is the worth of *this* teacher, its 40,000 labels included, to a student that has 2,000. Whether soft answers or labels made the difference, this comparison cannot say; [lesson 06](06_text_classification.ipynb) has the arms that can.
#
# The other four parts stand in the last table, each as the loop without it, less the whole loop: a minus means that the part helps. Where an interval holds 0, nothing is shown, for the part or against it.
#
# What had been expected? The signs below, of this section's comparisons and of later ones, were written down before the reference run read its test sentences.

# %% tags=["hide-input"]
print(experiments.expectation_table(report))

# %% [markdown]
# But perhaps warm-up and clipping are insurance, and pay only when the rate is careless? The map trains the student at several peak rates, with both and without either (validation accuracy, mean of three seeds, the shade from the lowest to the highest; `KD_MAPS=1` computes it here). It has no test sentences in it, and no intervals: read it for its large differences only.


# %%
def validation_accuracy(arm, arm_rows, recipe, seed, **change):
    student = build(setting.student, seed)
    train_by_hand(student, arm_rows, recipe, seed=seed, arm=arm, **change)
    p = probabilities_of(student, data["validation"]["text"])
    return metrics.correct(p, labels["validation"]).mean()


bare = {"warmup": 0.0, "max_norm": math.inf}
if setting.run.maps:
    curves = {}
    for arm in ("distilled", "no warm-up, no clipping", "control"):
        base, arm_rows = (control, rows["train"]) if arm == "control" else (distilled, taught_rows)
        curves[arm] = [
            [
                validation_accuracy(
                    f"{arm}, peak {rate:g}",
                    arm_rows,
                    settings.Recipe(rate, base.steps, base.alpha, base.temperature),
                    seed,
                    **(bare if arm.startswith("no") else {}),
                )
                for seed in setting.run.seeds[:3]
            ]
            for rate in setting.rates
        ]
    report.add_table("rates", curves)

found = report.table("rates")

# %% tags=["hide-input"]
if found:
    figure, axes = plt.subplots()
    styles = {
        "distilled": ("student", "-", "o"),
        "no warm-up, no clipping": ("highlight", "--", "s"),
        "control": ("control", "-", "D"),
    }
    for arm, (role, line, marker) in styles.items():
        means = np.mean(found[arm], axis=-1)
        axes.plot(setting.rates, means, line, marker=marker, color=plots.COLOURS[role], label=arm)
        spread = np.array(found[arm])
        axes.fill_between(
            setting.rates, spread.min(-1), spread.max(-1), color=plots.COLOURS[role], alpha=0.12
        )
    axes.set(
        title="How careful must the learning rate be?",
        xscale="log",
        xlabel="peak learning rate",
        ylabel="validation accuracy",
    )
    axes.legend()
    for k, rate in enumerate(setting.rates):
        means = "   ".join(f"{arm} {np.mean(found[arm][k]):.3f}" for arm in styles)
        print(f"peak rate {rate:<7g}{means}")
    best = {arm: float(np.max(np.mean(found[arm], axis=-1))) for arm in styles}
    plots.show(
        figure,
        alt="Validation accuracy against the peak learning rate, shaded from the lowest to the highest of three "
        "seeds; the best mean of each arm: "
        + ", ".join(f"{arm} {value:.3f}" for arm, value in best.items())
        + ".",
    )

# %% [markdown]
# In the reference run only the largest of these rates stands out: there student and control lose far more than any part of the loop is worth. Warm-up and clipping show no insurance here that a reader could rely on; compare the first two columns printed above. This student is one layer deep. Deep models and large batches are another matter; the papers linked in section 3 measured those. What travels is the habit: take the part out, and look.
#
# ## 5 · Half the bits
#
# In *mixed precision* the large matrix products run in a 16-bit format, which takes half the memory and, on hardware made for it, a fraction of the time. The weights stay in 32 bits, and so does the loss. Why not everything in 16 bits? bfloat16 has the range of float32, but keeps only 8 binary digits of a number:

# %% tags=["nbval-check-output"]
weight, update = torch.tensor(1.0), torch.tensor(0.001)
print("float32  1 + 0.001 =", round((weight + update).item(), 6))
print("bfloat16 1 + 0.001 =", (weight.bfloat16() + update.bfloat16()).item())
print("next after 1 in bfloat16:", 1 + torch.finfo(torch.bfloat16).eps)

# %% [markdown]
# A step of 0.001 is lost altogether on a weight of 1. Smaller weights would still move, and the large ones stand still. Hence *mixed*. [`torch.autocast`](https://docs.pytorch.org/docs/stable/amp.html) casts the inputs of matrix products on the fly; our losses take logits of any precision and compute in float32. Here is one batch both ways, without dropout so that the two can be compared: the loss, the gradient, and the memory of everything that is kept for the backward pass.


# %%
def one_batch(student, batch, mixed):
    """Loss, gradient and kept megabytes of one batch, in mixed precision or in full."""
    own = {p.untyped_storage().data_ptr() for p in student.parameters()}
    kept = {}

    def note(tensor):
        storage_of = tensor.untyped_storage()
        if storage_of.data_ptr() not in own:
            kept[storage_of.data_ptr()] = storage_of.nbytes()
        return tensor

    student.zero_grad()
    noting = torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor)
    with noting, torch.autocast(device.type, dtype=torch.bfloat16, enabled=mixed):
        loss = loss_of(student, batch, distilled)
    loss.backward()
    gradient = torch.cat([p.grad.flatten() for p in student.parameters()])
    return loss.item(), gradient, sum(kept.values()) / 1e6


batch = collate(taught_rows[: 4 * setting.batch_size]).to(device)
student = copy.deepcopy(parts["distilled", first]).to(device).eval()
measured = {mixed: one_batch(student, batch, mixed) for mixed in (False, True)}
for mixed, name in ((False, "float32"), (True, "bfloat16, mixed")):
    began = time.perf_counter()
    for _ in range(10):
        one_batch(student, batch, mixed)
    milliseconds = (time.perf_counter() - began) / 10 * 1000
    loss, gradient, megabytes = measured[mixed]
    off = ((gradient - measured[False][1]).norm() / measured[False][1].norm()).item()
    report.add(f"{name}/ms a batch", milliseconds, kind="timing")
    report.add(f"{name}/MB kept", megabytes, kind="timing")
    print(
        f"{name:<16} loss {loss:.5f}   gradient off by {off:5.1%}   "
        f"kept {megabytes:5.1f} MB   {milliseconds:6.1f} ms"
    )

# %% [markdown]
# Compare the columns: the loss hardly moves, the gradient a little, and the kept memory shrinks by less than half, because what is computed in 32 bits is kept in 32 bits. Whether time is won depends on the processor: one without bfloat16 units has to convert back and forth, a recent GPU does not. In the trainer it is one option, `bf16=True`. ([Micikevicius et al. 2018](https://arxiv.org/abs/1710.03740).)
#
# <details><summary><b>Going deeper:</b> float16</summary>
#
# The older format has a smaller range: small gradients become 0 in it, so the loss is scaled up before `backward()` and the gradients down after, which [`torch.amp.GradScaler`](https://docs.pytorch.org/docs/stable/amp.html) does. bfloat16 needs none of that.
#
# </details>
#
# ## 6 · When to stop
#
# A student that sees few sentences many times learns them by heart. Its training loss falls on; its loss on *other* sentences rises again. So look at the validation loss now and then, keep the best weights, and stop when there has been no improvement for a while.
#
# ### Exercise 05.5 · When to stop
# {{exercise:05.5}}
#
# `losses` are validation losses, one an evaluation. An evaluation is an improvement when it is lower than the mark by *more than* `min_delta`. The mark is the loss of the last improvement; the first evaluation sets it. Stop at the evaluation that is the `patience`-th in a row without improvement. Return two evaluation numbers, counted from 0: the last improvement, and where training stops (the last evaluation, if there is no reason to stop).


# %% exercise="05.5"
def early_stop(losses, patience, min_delta):
    """Which evaluation to go back to, and at which one to stop.

    losses: a list of floats; patience: a whole number from 1; min_delta: a float from 0.
    Returns (best, stop), two ints.
    """
    ### BEGIN SOLUTION
    best = 0
    for k, loss in enumerate(losses):
        if loss < losses[best] - min_delta:
            best = k
        elif k - best >= patience:
            return best, k
    return best, len(losses) - 1
    ### END SOLUTION


# %% check="05.5"
check("05.5", early_stop)

# %% [markdown]
# The rule at work, in the loop. Two students read the labelled sentences over and over, for more steps than in section 4 and at a constant rate, so that no schedule ends the training before the rule does. They differ in one thing, whether a teacher speaks. Rate, length and patience were chosen on validation sentences: a loss may rise before it falls, and patience has to outlast that.
#
# (The cell below has a short `when_to_stop` of its own, so that the lesson runs whether your `early_stop` is finished or not. Every gain counts in it, however small: with a `min_delta` of 0 the rule is simpler than yours.)


# %% tags=["hide-input"]
def when_to_stop(figures, patience):
    """(best, stop), numbers of evaluations: the least figure so far, and no lower one for long."""
    least = [int(np.argmin(figures[: k + 1])) for k in range(len(figures))]
    stop = next((k for k, best in enumerate(least) if k - best >= patience), len(figures) - 1)
    return least[stop], stop


# %%
patience = 5
every = max(1, min(40, steps_of(setting.recipes["long, control"]) // 10))  # steps between two looks
long_trainings = {
    "control": (rows["train"], setting.recipes["long, control"]),
    "distilled": (taught_rows, setting.recipes["long, distilled"]),
}
watch_texts, watch_labels = data["validation"]["text"][:500], labels["validation"][:500]


def looked_at(student):
    """Validation loss, and the share of validation sentences that are wrong."""
    p = probabilities_of(student, watch_texts)
    return metrics.surprise(p, watch_labels).mean(), 1 - metrics.correct(p, watch_labels).mean()


def watching(curve, kept):
    """For after_step: look at the validation sentences now and then; keep the best weights."""

    def after_step(done, student, optimizer):
        if done % every == 0 or done == 1:
            curve.append((done, *looked_at(student)))
            best, _ = when_to_stop([loss for _, loss, _ in curve], patience)
            if best == len(curve) - 1:  # once the rule has stopped, none is the best any more
                kept.update(student=copy.deepcopy(student.state_dict()))

    return after_step


curves, ends = {}, {}
for seed in setting.run.seeds:
    for arm, (arm_rows, recipe) in long_trainings.items():
        curves[arm, seed], kept = [], {}
        student = build(setting.student, seed)
        look = watching(curves[arm, seed], kept)
        named = f"{arm}, to the end"
        train_by_hand(student, arm_rows, recipe, seed=seed, decay=False, after_step=look, arm=named)
        ends[named, seed] = probabilities_of(student, test_texts)
        student.load_state_dict(kept["student"])
        ends[f"{arm}, stopped", seed] = probabilities_of(student, test_texts)

# %% tags=["hide-input"]
figure, panels = plt.subplots(1, 2, figsize=(9.5, 3.6))
described = []
for arm, role in (("control", "control"), ("distilled", "student")):
    steps, *both = zip(*curves[arm, first])
    best, stop = when_to_stop(both[0], patience)
    for axes, figures in zip(panels, both):
        axes.plot(steps, figures, color=plots.COLOURS[role], label=arm)
        axes.plot(steps[best], figures[best], "o", color=plots.COLOURS[role], markersize=9)
        axes.axvline(steps[stop], color=plots.COLOURS[role], linestyle=":", linewidth=1.5)
    described.append(
        f"{arm}: least loss {both[0][best]:.2f} nats at step {steps[best]}, where {both[1][best]:.2f} are wrong; "
        f"stopped at {steps[stop]}; at the end {both[0][-1]:.2f} nats and {both[1][-1]:.2f} wrong"
    )
panels[0].set(title="What the rule looks at", xlabel="optimiser steps")
panels[0].set_ylabel("validation loss, nats")
panels[1].set(title="What it does not look at", xlabel="optimiser steps")
panels[1].set_ylabel("share of errors, validation")
panels[0].legend()
figure.suptitle(
    "Dot: the weights to keep. Dotted line: where the rule stops (your run)", fontsize=11
)
plots.show(figure, alt="Two panels over the steps. " + "; ".join(described) + ".")
print("\n".join(described))

# %% tags=["hide-input"]
right_at_the_end = {key: metrics.correct(p, labels["test"]) for key, p in ends.items()}
lost_at_the_end = {key: metrics.surprise(p, labels["test"]) for key, p in ends.items()}
endings = note(right_at_the_end)
note(lost_at_the_end, "test loss")
print(experiments.comparison_table(report, endings, "test loss"), "\n")
print(experiments.comparison_table(report, endings, "accuracy"), "\n")
won = {key: -lost for key, lost in lost_at_the_end.items()}  # so that more is better
print("in accuracy, and in nats that the right class costs less:")
for arm in long_trainings:
    compare(right_at_the_end, f"{arm}, stopped", f"{arm}, to the end", "gain by stopping")
    compare(won, f"{arm}, stopped", f"{arm}, to the end", "nats saved by stopping", "nats")
compare(won, "distilled, to the end", "control, to the end", "nats saved by a teacher", "nats")
for figure in ("gain by stopping", "nats saved by stopping", "nats saved by a teacher"):
    print(f"\nthe reference's {figure}")
    print(experiments.reference_table("05", figure))

# %% [markdown]
# The control's loss turns, and the rule stops it in time. In the reference run, stopping saves the control {{ledger:05/offline/control, stopped/nats saved by stopping|interval}} nats a test sentence against training to the end. What it does to accuracy is open: {{ledger:05/offline/control, stopped/gain by stopping|interval}}.
#
# Why does the distilled student's loss turn, although its errors end no higher? (The control's errors jump at its last point: one evaluation of one seed.) A likely reason, not measured here: a loss counts confidence. A model that grows too sure of itself pays in nats for its errors, even where it makes no more of them.
#
# Stopped by its loss, the distilled student saves {{ledger:05/offline/distilled, stopped/nats saved by stopping|interval}} nats a sentence, and gives up accuracy for them: {{ledger:05/offline/distilled, stopped/gain by stopping|interval}}. For the second, no sign had been written down beforehand. Stopping by the loss cost this student accuracy; stopping by accuracy was not tried.
#
# With a teacher the test loss is lower: at the end by {{ledger:05/offline/distilled, to the end/nats saved by a teacher|interval}} nats. The stopped students differ as well, so this is not shown to be less overfitting. (The teacher has also read more labels: section 4.)
#
# ## 7 · Stop, and go on as if nothing had been
#
# A training of days will be interrupted. A *checkpoint* must hold everything that the next step depends on: the weights; the optimiser's running averages; the step, from which learning rate and place in the data follow; and the state of the random generator that dropout draws from. Leave one out and training goes on, without a complaint, to other weights.


# %%
def state_of(done, student, optimizer):
    """All that the next step depends on."""
    random = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        random["cuda"] = torch.cuda.get_rng_state()
    return {
        "step": done,
        "student": student.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": random,
    }


def save(state, path):
    """Write a checkpoint whole or not at all: a crash while saving leaves the old one."""
    storage.write_whole(path, lambda fresh: torch.save(state, fresh))


def restore(saved, student, optimizer):
    """Put a state back; returns how many steps are done."""
    student.load_state_dict(saved["student"])
    if "optimizer" in saved:
        optimizer.load_state_dict(saved["optimizer"])
    if "random" in saved:
        torch.set_rng_state(saved["random"]["cpu"])
        if "cuda" in saved["random"]:
            torch.cuda.set_rng_state(saved["random"]["cuda"])
    return saved["step"]


def largest_difference(one, other):
    """The largest absolute difference between two models' weights."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return max((a.cpu().double() - b.cpu().double()).abs().max().item() for a, b in pairs)


# %% tags=["nbval-check-output"]
short = settings.Recipe(distilled.learning_rate, 30, distilled.alpha, distilled.temperature)
interrupted_at = steps_of(short) // 2 + 1


def interrupt(done, student, optimizer):
    """For after_step: save, and pretend that the machine stops."""
    if done == interrupted_at:
        save(state_of(done, student, optimizer), f"{results}/state.pt")
        return True


whole = build(setting.student, 0)
train_by_hand(whole, taught_rows, short, seed=0, arm="uninterrupted")
stopped = build(setting.student, 0)
train_by_hand(stopped, taught_rows, short, seed=0, after_step=interrupt, arm="interrupted")


def resumed(without=()):
    """A student that goes on from the checkpoint, some of it left out."""
    saved = torch.load(f"{results}/state.pt", map_location="cpu", weights_only=True)
    for name in without:
        del saved[name]
    student = build(setting.student, 1)  # whatever its weights: they are replaced
    train_by_hand(student, taught_rows, short, seed=0, saved=saved, arm="resumed")
    return student


print(f"resumed, difference from the uninterrupted run: {largest_difference(whole, resumed()):g}")

# %%
for left_out in ("random", "optimizer"):
    difference = largest_difference(whole, resumed(without=[left_out]))
    print(f"without {left_out!r:<12} largest difference between the weights: {difference:.4f}")

# %% [markdown]
# ## 8 · The same with the library
#
# `DistillationTrainer` is transformers' [`Trainer`](https://huggingface.co/docs/transformers/main_classes/trainer) with a teacher's part in the loss. It brings along what you have just written: schedule, clipping, accumulation, mixed precision, checkpoints, early stopping, several GPUs. Is it the same, though? To the last bit?
#
# The one thing to arrange is the order of the rows. By default the course's trainer groups sentences of like length; here it is given the loop's own order. (The loaders get a random generator of their own: a `DataLoader` draws from PyTorch's common one whenever it is read, which would change what dropout drops afterwards.) Everything else is options. The training below has warm-up and decay, dropout, clipping, parts of 8 rows of which 4 make a step, and a data set of 110 sentences, so that every epoch ends with a step of 14 rows in parts of 8 and 6.


# %%
def loader_of(rows, batch_size, sampler=None):
    """Batches of rows; a generator of its own, so that reading them leaves dropout's alone."""
    return torch.utils.data.DataLoader(
        rows,
        batch_size=batch_size,
        sampler=sampler,
        collate_fn=collate,
        generator=torch.Generator(),
    )


class InOurOrder(DistillationTrainer):
    """The trainer, reading the rows in the order of the loop above."""

    def get_train_dataloader(self):
        order = EpochOrder(len(self.train_dataset), self.args.seed)
        batch_size = self.args.per_device_train_batch_size
        return self.accelerator.prepare(loader_of(self.train_dataset, batch_size, order))

    def get_eval_dataloader(self, eval_dataset=None):
        return self.accelerator.prepare(loader_of(self.eval_dataset, 64))


def with_the_trainer(student, rows, recipe, *, seed, resume=None, callbacks=(), **options):
    """What train_by_hand does, by the library. Returns the trainer."""
    total = steps_of(recipe)
    common = {
        "learning_rate": recipe.learning_rate,
        "max_steps": total,
        "warmup_steps": math.ceil(0.1 * total),
        "lr_scheduler_type": "linear",
        "per_device_train_batch_size": setting.batch_size,
        "weight_decay": 0.01,
        "max_grad_norm": 1.0,
        "seed": seed,
        "logging_strategy": "no",
        "disable_tqdm": True,
        "use_cpu": device.type == "cpu",
    }
    trainer = InOurOrder(
        model=student,
        args=training_arguments(f"{results}/trainer", **{**common, **options}),
        train_dataset=rows,
        data_collator=collate,
        alpha=recipe.alpha,
        temperature=recipe.temperature,
        callbacks=list(callbacks),
        eval_dataset=rows_to_watch,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train(resume_from_checkpoint=resume)
    return trainer


rows_to_watch = rows["validation"][:500]
few_rows = taught_rows[:110]

# %% tags=["nbval-check-output"]
by_hand = build(setting.student, 0)
train_by_hand(by_hand, few_rows, short, seed=0, batch_size=8, accumulate=4, arm="by hand")

by_trainer = build(setting.student, 0)
with_the_trainer(
    by_trainer,
    few_rows,
    short,
    seed=0,
    per_device_train_batch_size=8,
    gradient_accumulation_steps=4,
)
print(f"largest difference between the weights: {largest_difference(by_hand, by_trainer):g}")

# %% [markdown]
# Not nearly the same: the same. The comparison can fail. Leave out the clipping, for instance, and the two part:

# %%
for name, change in {
    "no clipping": {"max_norm": math.inf},
    "no warm-up": {"warmup": 0.0},
    "one part of 32 a step": {"batch_size": 32, "accumulate": 1},
    "another seed": {"seed": 1},
}.items():
    other, same = build(setting.student, 0), {"seed": 0, "batch_size": 8, "accumulate": 4}
    train_by_hand(other, few_rows, short, arm=name, **{**same, **change})
    print(f"{name:<24} largest difference: {largest_difference(other, by_trainer):.1e}")

# %% [markdown]
# One line is instructive: *one part of 32* is the same mathematics, but dropout draws its numbers for another shape, and sums are rounded in another order.
#
# Early stopping and resuming are options too. [`EarlyStoppingCallback`](https://huggingface.co/docs/transformers/main_classes/callback) stops by your rule. The trainer evaluates on the labels (`eval_loss`) and, where a teacher is at hand, on what it says (`eval_soft_loss`), and goes back to the best checkpoint at the end.
#
# <details><summary><b>Going deeper:</b> where the callback's rule differs from yours</summary>
#
# Only where `min_delta` is above 0: your mark stays where the last gain that counted put it; the callback also moves it for a smaller gain, so its mark creeps along with gains that do not count.
#
# </details>

# %% tags=["nbval-check-output"]
kept = {"save_strategy": "steps", "save_steps": interrupted_at // 2}
first_half = build(setting.student, 0)
with_the_trainer(first_half, taught_rows, short, seed=0, **kept)
again = build(setting.student, 1)
checkpoint = f"{results}/trainer/checkpoint-{interrupted_at // 2 * 2}"
with_the_trainer(again, taught_rows, short, seed=0, resume=checkpoint, **kept)
print(f"resumed by the trainer, difference: {largest_difference(first_half, again):g}")
print(f"the loop by hand, difference:       {largest_difference(whole, again):g}")

# %%
arm_rows, recipe = long_trainings["control"]
shutil.rmtree(f"{results}/trainer", ignore_errors=True)  # checkpoints of another run
trainer = with_the_trainer(
    build(setting.student, first),
    arm_rows,
    recipe,
    seed=first,
    lr_scheduler_type="constant_with_warmup",
    eval_strategy="steps",
    eval_steps=every,
    save_strategy="steps",
    save_steps=every,
    save_total_limit=2,
    load_best_model_at_end=True,
    metric_for_best_model="eval_loss",
    greater_is_better=False,
    callbacks=[transformers.EarlyStoppingCallback(early_stopping_patience=patience)],
)
evaluations = [e["eval_loss"] for e in trainer.state.log_history if "eval_loss" in e]
ours = [entry for entry in curves["control", first] if entry[0] % every == 0]
best, stop = when_to_stop([loss for _, loss, _ in ours], patience)
print(
    f"the trainer: best at step {trainer.state.best_global_step}, stopped at {trainer.state.global_step}"
)
print(f"by hand:     best at step {ours[best][0]}, stopped at {ours[stop][0]}")

# %% [markdown]
# From here on you may use either. The lesson goes on with the loop by hand, because its parts are in reach.
#
# ## 9 · Where the student starts
#
# A student need not start from nothing. If it has its teacher's width, it can take over the teacher's embeddings, or some of its layers, as [DistilBERT](https://arxiv.org/abs/1910.01108) did. To see what a start is worth, everything else must be equal, the architecture too: here a student of the teacher's width with few layers (`shallow` in the settings), once with random weights, once with the teacher's embeddings, once with the teacher's embeddings *and* layers (and head). Each start is trained twice: with the teacher, and without it, as its control.
#
# Two questions for the tables below. What does the teacher's lesson bring, from each start (*gain over its control*)? And what does a start bring to a student that has no teacher in its loss (*gain over random*)?


# %%
def shallow_student(begin, seed):
    """A student of the teacher's width: random, with its embeddings, or with its layers."""
    copied = models.copy_layers(teacher, setting.shallow)
    if begin == "layers":
        return copied
    transformers.set_seed(seed)
    student = type(copied)(copied.config)
    if begin == "embeddings":
        embeddings = copied.base_model.embeddings.state_dict()
        student.base_model.embeddings.load_state_dict(embeddings)
    return student


starts = ("random", "embeddings", "layers")
lessons_given = {
    "control": (rows["train"], setting.recipes["shallow, control"]),
    "distilled": (taught_rows, setting.recipes["shallow, distilled"]),
}
print(f"{cost.parameters(shallow_student('random', 0)):,} parameters, whatever the start")
started, paths = {}, {}
for seed in setting.run.seeds:
    for begin in starts:
        for lesson, (arm_rows, recipe) in lessons_given.items():
            student, path = shallow_student(begin, seed), []

            def follow(done, student, optimizer, path=path, seed=seed):
                if seed == first and (done == 1 or done % 40 == 0):
                    p = probabilities_of(student, watch_texts)
                    path.append((done, metrics.correct(p, watch_labels).mean()))

            arm = f"{lesson} from {begin}"
            train_by_hand(student, arm_rows, recipe, seed=seed, after_step=follow, arm=arm)
            started[arm, seed] = student
            paths.setdefault(arm, path)

# %% tags=["hide-input"]
figure, axes = plt.subplots()
roles = dict(zip(starts, ("control", "neutral", "student")))
for arm, path in paths.items():
    lesson, begin = arm.split(" from ")
    axes.plot(
        *zip(*path),
        "-" if lesson == "distilled" else "--",
        marker="o" if lesson == "distilled" else "s",
        color=plots.COLOURS[roles[begin]],
        label=arm,
    )
axes.set(
    title="How far a start carries (your run)",
    xlabel="optimiser steps",
    ylabel="validation accuracy",
)
axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    figure,
    alt="Validation accuracy over the steps, one curve a start and lesson. From the first to the last point: "
    + "; ".join(f"{arm} {path[0][1]:.2f} to {path[-1][1]:.2f}" for arm, path in paths.items())
    + ".",
)

# %% tags=["hide-input"]
started_scores = {key: test_scores(student) for key, student in started.items()}
start_arms = note(started_scores)
print(experiments.comparison_table(report, start_arms, "accuracy"), "\n")
for begin in starts:
    arm, same = f"distilled from {begin}", f"control from {begin}"
    compare(started_scores, arm, same, "gain over its control")
for begin in starts[1:]:
    compare(started_scores, f"control from {begin}", "control from random", "gain over random")
compare(started_scores, "control from layers", "distilled from random", "gain over the lesson")
for gain in ("gain over its control", "gain over random", "gain over the lesson"):
    print(f"\nthe reference's {gain}")
    print(experiments.reference_table("05", gain))
experiments.plot_comparison(
    report,
    start_arms,
    "accuracy",
    title="The same architecture, three starts",
    unit="test accuracy",
)

# %% [markdown]
# In a training as short as this, the start outweighs the lesson. (All six arms have one learning rate, which was not tuned for each start; after 40 steps the random starts are hardly under way. A better rate, or more steps, may narrow the gap.) In the reference run the teacher's layers alone, with no teacher in the loss, are {{ledger:05/offline/control from layers/gain over the lesson|interval}} of accuracy better than the teacher's lesson from a random start. What that lesson is worth there, {{ledger:05/offline/distilled from random/gain over its control|interval}}, these seeds leave open. The tables have the other starts.
#
# But read the control with copied layers with care. It has no teacher in its *loss*, yet it has the teacher in its *weights*, and through them some of what the teacher learnt from sentences the student never saw. Copying from a fine-tuned teacher is a way of distilling, too. A paper that gives the taught student copied layers and the control random ones measures the copy and the loss together, and cannot tell them apart.
#
# ## 10 · Model fusion
#
# ### One model out of several checkpoints
#
# Near the end of training the weights wander about a minimum. Their mean may lie closer to it than any of them ([Polyak & Juditsky 1992](https://doi.org/10.1137/0330046); for networks [Izmailov et al. 2018](https://arxiv.org/abs/1803.05407)).
#
# ### Exercise 05.6 · One model out of several checkpoints
# {{exercise:05.6}}
#
# Average the checkpoints name by name. Tensors of whole numbers (counters, positions) or of True and False (masks) are no weights: take those from the last checkpoint as they are, their type included. The averages may be floats of any width.


# %% exercise="05.6"
def average_weights(checkpoints):
    """The mean of several checkpoints of one model.

    checkpoints: a list of dicts from name to tensor, all alike. Returns such a dict.
    """
    ### BEGIN SOLUTION
    averaged = {}
    for name, last in checkpoints[-1].items():
        if last.is_floating_point():
            averaged[name] = torch.stack([c[name] for c in checkpoints]).mean(dim=0)
        else:
            averaged[name] = last.clone()
    return averaged
    ### END SOLUTION


# %% check="05.6"
check("05.6", average_weights)

# %% [markdown]
# Section 4 kept ten checkpoints from the last third of two runs: one whose learning rate falls to 0, and one whose rate is constant, so that it keeps wandering. (PyTorch's [`AveragedModel`](https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema) averages as you go, and takes a whole model where you took its tensors.)


# %%
def averaged(model, checkpoints):
    """A copy of the model with the mean of the checkpoints, by torch.optim.swa_utils."""
    running = torch.optim.swa_utils.AveragedModel(model)
    for weights in checkpoints:
        one = copy.deepcopy(model)
        one.load_state_dict(weights)
        running.update_parameters(one)
    return running.module


averages = {}
for seed in setting.run.seeds:
    for arm in ("distilled", "constant rate"):
        model = averaged(parts[arm, seed].cpu(), snapshots[arm, seed])
        averages[f"{arm}, averaged", seed] = test_scores(model)
        averages[f"{arm}, last", seed] = scores[arm, seed]
for arm in ("distilled", "constant rate"):
    both = all_seeds(averages, f"{arm}, averaged")
    report.add_rows(f"{arm}, averaged/accuracy", both, seeds=setting.run.seeds)
averaged_arms = ["constant rate", "constant rate, averaged", "distilled", "distilled, averaged"]
print(experiments.comparison_table(report, averaged_arms, "accuracy"), "\n")
for arm in ("constant rate", "distilled"):
    compare(averages, f"{arm}, averaged", f"{arm}, last", "gain by averaging")
print("\nthe reference's gain by averaging")
print(experiments.reference_table("05", "gain by averaging"))

# %% [markdown]
# In the reference run averaging changes accuracy by {{ledger:05/offline/constant rate, averaged/gain by averaging|interval}} where the rate is constant, and by {{ledger:05/offline/distilled, averaged/gain by averaging|interval}} where it has come down to 0. Both intervals hold 0: averaging shows nothing here.
#
# ### Several teachers, one opinion
#
# An ensemble does not average weights but answers: several models, each trained by itself, vote. As a teacher it is one opinion, and there are two ways to form it. The mean of the *probabilities* is the belief of someone who thinks that one of the teachers is right, but does not know which. The mean of the *logits* is another thing:

# %% tags=["nbval-check-output"]
two = torch.tensor([[[6.0, 0.0]], [[0.0, 1.0]]])  # (teachers, rows, classes)
print("teacher A   ", [round(x, 3) for x in F.softmax(two[0, 0], -1).tolist()])
print("teacher B   ", [round(x, 3) for x in F.softmax(two[1, 0], -1).tolist()])
print("probabilities", [round(x, 3) for x in F.softmax(two, -1).mean(0)[0].tolist()])
print("logits       ", [round(x, 3) for x in F.softmax(two.mean(0), -1)[0].tolist()])
one_of_three = torch.tensor([[[6.0, 0.0]], [[0.0, 1.5]], [[0.0, 1.5]]])
print("two of three against one:")
print("probabilities", [round(x, 3) for x in F.softmax(one_of_three, -1).mean(0)[0].tolist()])
print("logits       ", [round(x, 3) for x in F.softmax(one_of_three.mean(0), -1)[0].tolist()])

# %% [markdown]
# In the mean of logits one teacher that is very sure outvotes two that are moderately sure: logits have no common scale, and a teacher trained longer has larger ones. (Normalised again, the mean of logits is the geometric mean of the probabilities. Both are used; know which one you have.) A loss takes logits, and log-probabilities are logits.
#
# ### Exercise 05.7 · Several teachers, one opinion
# {{exercise:05.7}}
#
# Return the logarithm of the mean of the teachers' probabilities, for each row. Teachers may be very sure: a probability of $e^{-1000}$ is 0 in float32 and in float64, and its logarithm is not.


# %% exercise="05.7"
def ensemble_logits(logits):
    """The log of the mean of the teachers' probabilities: logits of the ensemble.

    logits: (teachers, rows, classes). Returns (rows, classes); each row's exp sums to one.
    """
    ### BEGIN SOLUTION
    log_p = F.log_softmax(logits, dim=-1)
    return torch.logsumexp(log_p, dim=0) - math.log(len(logits))
    ### END SOLUTION


# %% check="05.7"
check("05.7", ensemble_logits)

# %% [markdown]
# Does a student of the ensemble keep what the ensemble gains? Between the two students below everything is equal but the teacher; *one member* started from other random weights. The members are the control of section 4 and two more like it, with other seeds. They teach a fourth model of their own size, one of them alone or all three together. Members and students read the same labelled sentences, for as many steps, with the same warm-up and decay; no model in this comparison has seen a label that another has not. So *student of one member* is the control for *student of the ensemble*, and *one member* is the control for both: the same model with nobody to teach it.
#
# An ensemble of three costs three models at each answer; its student costs one. The tables that follow print much. Look at the reference's, at the end: does any interval of a *student of …* leave out 0? Then look at *mean of weights* in the two tables at the top.


# %%
def log_mean_probability(logits):
    """(members, rows, classes) -> (rows, classes): in 64 bits; these members are not so very sure."""
    return F.softmax(logits.double(), -1).mean(0).log().float()


# %%
fused_p = {}
for seed in setting.run.seeds:
    members = [copy.deepcopy(parts["control", seed])]
    for k, further in enumerate((100, 200), 2):
        members.append(build(setting.student, seed + further))
        named = f"member {k} of 3"
        train_by_hand(members[-1], rows["train"], control, seed=seed + further, arm=named)
    members = [member.cpu() for member in members]
    test = torch.stack(
        [torch.from_numpy(predict_logits(member, test_texts, tokenizer)) for member in members]
    )
    fused_p["one member", seed] = metrics.probabilities(test[0].numpy())
    fused_p["mean of probabilities", seed] = log_mean_probability(test).exp().numpy()
    fused_p["mean of logits", seed] = metrics.probabilities(test.mean(0).numpy())
    mean_model = averaged(members[0], [member.state_dict() for member in members])
    fused_p["mean of weights", seed] = probabilities_of(mean_model, test_texts)
    opinions = torch.stack([ask(member, rows["train"]) for member in members])
    for arm, opinion in {
        "student of one member": opinions[0],
        "student of the ensemble": log_mean_probability(opinions),
    }.items():
        student = build(setting.student, seed + 300)
        reads = add_teacher_logits(rows["train"], opinion)
        train_by_hand(student, reads, distilled, seed=seed + 300, arm=arm)
        fused_p[arm, seed] = probabilities_of(student, test_texts)

# %% tags=["hide-input"]
fused = {key: metrics.correct(p, labels["test"]) for key, p in fused_p.items()}
fused_lost = {key: metrics.surprise(p, labels["test"]) for key, p in fused_p.items()}
fused_arms = note(fused)
note(fused_lost, "test loss")
print(experiments.comparison_table(report, fused_arms, "accuracy"), "\n")
print(experiments.comparison_table(report, fused_arms, "test loss"), "\n")
for arm, with_arm, figure in (
    ("mean of probabilities", "one member", "gain over one member"),
    ("mean of probabilities", "mean of logits", "gain over the mean of logits"),
    ("student of one member", "one member", "gain over one member"),
    ("student of the ensemble", "one member", "gain over one member"),
    ("student of the ensemble", "student of one member", "gain over the student of one"),
    ("student of the ensemble", "mean of probabilities", "gain over the ensemble"),
):
    compare(fused, arm, with_arm, figure)
print("the same in nats that the right class costs less:")
fused_won = {key: -lost for key, lost in fused_lost.items()}
for arm in ("mean of probabilities", "student of one member", "student of the ensemble"):
    compare(fused_won, arm, "one member", "nats saved over one member", "nats")
one, all_three = "student of one member", "student of the ensemble"
compare(fused_won, all_three, one, "nats saved over the student of one", "nats")
for gain in (
    "gain over one member",
    "gain over the student of one",
    "gain over the mean of logits",
    "gain over the ensemble",
    "nats saved over one member",
    "nats saved over the student of one",
):
    print(f"\nthe reference's {gain}")
    print(experiments.reference_table("05", gain))
commonest = np.bincount(labels["test"]).max() / len(labels["test"])
print(f"\nalways the commonest class of the test set: {commonest:.3f}")
experiments.plot_comparison(
    report, fused_arms, "accuracy", title="Three members, fused", unit="test accuracy"
)

# %% [markdown]
# Three opinions are better than one. In the reference run the ensemble's accuracy less one member's is {{ledger:05/offline/mean of probabilities/gain over one member|interval}}. Whether any of it arrives is open. The ensemble's student, less a member that nobody taught: {{ledger:05/offline/student of the ensemble/gain over one member|interval}}, and that holds both 0 and the whole gain.
#
# And had there been a gain, how much of it would be the ensemble's? The student of *one* member had a teacher, too, and the ensemble's student less that one is {{ledger:05/offline/student of the ensemble/gain over the student of one|interval}}. Without that control a gain would be credited to the ensemble. The schedules have to be equal, too: had only the members trained at a constant rate, the ensemble would be credited with what the student's schedule is worth. All read the same 2,000 labelled sentences here. Whether more text, which the members would label, would change that, this run does not say.
#
# Which of the two means is the more accurate is not shown: the mean of probabilities less the mean of logits is {{ledger:05/offline/mean of probabilities/gain over the mean of logits|interval}}.
#
# And the mean of *weights* of three models that were trained apart has an accuracy of {{ledger:05/offline/mean of weights/accuracy|interval}}. Compare the commonest class's share in the test set, printed above the picture: whoever always names that class does about as well. Nothing says that unit 17 of one has anything to do with unit 17 of another, so there is no reason why the mean of their weights should be a good model.
#
# Weights may be averaged along *one* training, or between trainings that set out from the same pretrained weights and did not go far ([Wortsman et al. 2022](https://arxiv.org/abs/2203.05482)); answers may always be.
#
# ## 11 · An article's listing, audited
#
# This course grew from an article in Chinese, *知识蒸馏在自然语言处理任务中的应用* ("Knowledge distillation in natural language processing tasks"). Its section 5 prints a "simple knowledge distillation project": BERT as teacher, BERT as student, two pages of [TensorFlow](https://www.tensorflow.org), and an output in which all losses fall. Here is its training, rewritten in PyTorch, short, and with most of its faults kept. Read it before you read on. What would you object to?


# %%
def epoch_as_listed(teacher, student, optimizer, rows, seed):
    """One pass over the rows as the article has it. Returns what it prints as losses."""
    teacher_loss = student_loss = 0.0
    numbers = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()
    for begin in range(0, len(rows), setting.batch_size):
        batch = collate([rows[i] for i in numbers[begin : begin + setting.batch_size]]).to(device)
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        of_teacher = F.cross_entropy(teacher(**inputs).logits, batch["labels"])
        of_student = F.cross_entropy(student(**inputs).logits, batch["labels"])
        optimizer.zero_grad()
        (of_teacher + of_student).backward()
        optimizer.step()
        teacher_loss += of_teacher.item()
        student_loss += of_student.item()
    return teacher_loss, student_loss


def evaluate_as_listed(model, rows, seed):
    """The article's evaluation: shuffled batches, logits joined in the order they come."""
    numbers = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()
    logits, loss, batches = [], 0.0, 0
    with torch.no_grad():
        for begin in range(0, len(rows), setting.batch_size):
            batch = collate([rows[i] for i in numbers[begin : begin + setting.batch_size]]).to(
                device
            )
            inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
            logits.append(model(**inputs).logits.cpu())
            loss += F.cross_entropy(logits[-1], batch["labels"].cpu()).item()
            batches += 1
    return loss / batches, torch.cat(logits), torch.tensor(numbers)


def run_as_listed(teacher, student, rows, epochs=3):
    """The article's main loop; both models as they were loaded, in eval mode."""
    teacher.to(device).eval(), student.to(device).eval()
    both = [*teacher.parameters(), *student.parameters()]
    optimizer = torch.optim.Adam(both, lr=distilled.learning_rate)
    epochs = 1 if setting.run.shortened else epochs
    return [epoch_as_listed(teacher, student, optimizer, rows, epoch) for epoch in range(epochs)]


listed_teacher, listed_student = build(setting.student, 1), build(setting.student, 0)
printed = run_as_listed(listed_teacher, listed_student, rows["train"])
validation, joined, answered = evaluate_as_listed(listed_student, rows["validation"], 0)
for epoch, (one, other) in enumerate(printed, 1):
    print(f"Epoch {epoch}: Teacher Loss = {one:.4f}, Student Loss = {other:.4f}")
print(f"Validation Loss = {validation:.4f}")

# %% [markdown]
# It runs, and the losses fall. Now fault by fault.
#
# **1. Nothing is distilled.** Both models learn from the labels; the teacher's logits never enter the student's loss. The proof is short: train the student beside another teacher, a perfectly good one, and see what changes in it.

# %% tags=["nbval-check-output"]
beside_another = build(setting.student, 0)
run_as_listed(copy.deepcopy(teacher), beside_another, rows["train"][:320], epochs=1)
beside_a_beginner = build(setting.student, 0)
run_as_listed(build(setting.student, 2), beside_a_beginner, rows["train"][:320], epochs=1)
difference = largest_difference(beside_another, beside_a_beginner)
print(f"the student beside a good teacher and beside a beginner: {difference:g} apart")

# %% [markdown]
# **2. Teacher and student are the same size, and learn at the same time.** The article loads the same BERT twice. Such a student saves nothing; and a teacher that starts with its student has nothing to say yet. Set the listing's two models beside the teacher of this lesson:

# %%
watch_rows = rows["validation"][:500]
sentence = tokenizer(data["test"]["text"][0], return_tensors="pt")
for name, model in {
    "the listing's teacher": listed_teacher,
    "the listing's student": listed_student,
    "this lesson's teacher": teacher,
}.items():
    accuracy = metrics.correct(ask(model, watch_rows).numpy(), watch_labels).mean()
    operations = cost.multiply_adds(model.cpu(), sentence)
    print(
        f"{name}   validation accuracy {accuracy:.3f}   {operations / 1e6:5.2f} million multiply-adds"
    )

# %% [markdown]
# **3. The student of section 4.3 saves nothing either.** There (not in the listing, which is in section 5.2) the article encodes the text with BERT, `z = BERT(x)`, and gives z to teacher and student. Then running the "student" means running BERT first:

# %%
hidden = teacher.config.hidden_size
reads_z = nn.Sequential(nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, len(names)))
encoder = cost.multiply_adds(teacher.base_model, sentence)
needs = {
    "the teacher": cost.multiply_adds(teacher, sentence),
    "a student that reads z": encoder + sum(p.numel() for p in reads_z.parameters() if p.ndim > 1),
    "a student that reads words": cost.multiply_adds(build(setting.student, 0).eval(), sentence),
}
for name, operations in needs.items():
    share = operations / needs["the teacher"]
    print(f"{name:<28}{operations / 1e6:>9.2f} million multiply-adds   {share:6.1%}")

# %% [markdown]
# **4. One optimizer for two models.** The listing *applies* one Adam *twice* for every batch, once for each model. So its clock runs twice as fast, and the moves have the wrong length: too short for the first eight batches, too long for some thousand after that. Adam corrects its young averages by the number of its steps; the student's updates fall on the counts 2, 4, 6, …, so they are corrected for twice the steps that were made. (A schedule would end half way through, too.)
#
# Take a gradient that is always the same. It should move a weight by one learning rate at each step. Below are the moves at a few batches, for an optimizer of its own and for a shared one.
#
# <details><summary><b>Going deeper:</b> one Adam, two models, in Keras and in PyTorch</summary>
#
# Older versions of Keras let one Adam be applied to two models; newer ones refuse the second model's variables, `ValueError: Unknown variable`. In PyTorch one Adam may hold both sets of weights, and steps once; a pretrained teacher and a new student then share one learning rate.
#
# </details>


# %% tags=["nbval-check-output"]
def adam_moves(counts, beta1=0.9, beta2=0.999):
    """How far Adam moves, in learning rates, when its steps are numbered so; gradient 1 always."""
    m = v = 0.0
    moves = []
    for count in counts:
        m, v = beta1 * m + (1 - beta1), beta2 * v + (1 - beta2)
        moves.append(m / (1 - beta1**count) / math.sqrt(v / (1 - beta2**count)))
    return moves


batches = (1, 2, 5, 10, 50, 1000)
print("batch".ljust(24), "".join(f"{batch:>8}" for batch in batches))
for name, counts in {
    "an optimizer of its own": range(1, 1001),
    "shared, the teacher's": range(1, 2001, 2),
    "shared, the student's": range(2, 2001, 2),
}.items():
    moves = adam_moves(counts)
    print(name.ljust(24), "".join(f"{moves[batch - 1]:>8.3f}" for batch in batches))

# %% [markdown]
# **5. Dropout is never on.** A [Keras](https://keras.io) model that is called directly, and not through `fit`, runs as for inference unless it is told `training=True`; so does a transformers model in PyTorch that was loaded by `from_pretrained`, until `train()` is called. The same sentence twice:

# %% tags=["nbval-check-output"]
inputs = {name: torch.tensor([rows["train"][0][name]]) for name in ("input_ids", "attention_mask")}
listed_student.cpu()
with torch.no_grad():
    for mode in (False, True):
        listed_student.train(mode)
        twice = [listed_student(**inputs).logits for _ in range(2)]
        print(f"{'train' if mode else 'eval'} mode: the same answer twice: {torch.equal(*twice)}")
listed_student = listed_student.cpu().eval()
# %% [markdown]
# Whether that costs accuracy is another question. With a teacher, section 4 has the answer for the whole loop: without dropout, less with it, it is {{ledger:05/offline/no dropout/minus the whole loop|interval}} of accuracy, which leaves it open. Without a teacher it is not compared here.
#
# **6. Sums are reported as losses.** `teacher_loss` adds up the losses of all batches, and the sum is printed. It then depends on how many batches there are:

# %%
for batch_size in (8, 16, 32):
    parts_of = [
        rows["validation"][i : i + batch_size]
        for i in range(0, min(512, len(rows["validation"])), batch_size)
    ]
    with torch.no_grad():
        each = [
            loss_of(listed_student.to(device), collate(p).to(device), control).item()
            for p in parts_of
        ]
    print(f"batches of {batch_size:>2}: sum {sum(each):7.2f}   mean {np.mean(each):.4f}")

# %% [markdown]
# ### Exercise 05.8 · Reading a printed loss
# {{exercise:05.8}}
#
# The listing (section 5.2 of the article) prints the *sum* of the batches' losses. It does not say how many texts it was run on: in print it has three, one of them `"..."`. So this exercise makes an assumption of its own. Suppose that it read 10,000 texts of two classes, as many as the article imagines in another place, section 4.3. As the listing is written, it trains on 80 % of them in batches of 32: 8,000 / 32 = 250 batches an epoch. Section 5.4 of the article shows this output:
#
# `Epoch 1: Teacher Loss = 0.5646, Student Loss = 0.4715, Validation Loss = 0.3615`
#
# What follows, under this assumption?
#
# {{choices:05.8}}

# %% exercise="05.8"
what_the_output_shows = ...
### BEGIN SOLUTION
what_the_output_shows = "b"
### END SOLUTION

# %% check="05.8"
check("05.8", what_the_output_shows)

# %% [markdown]
# (With one batch an epoch the same output would be nothing to wonder at. A report that prints sums must say of how many terms.) The first term of such a sum, for our student before it has learnt anything:

# %%
untrained = build(setting.student, 0).eval()
with torch.no_grad():
    first_batch = F.cross_entropy(
        ask(untrained, rows["train"][:32]), torch.tensor(labels["train"][:32])
    ).item()
print(
    f"first batch, untrained: {first_batch:.3f} nats; guessing costs ln {len(names)} = {math.log(len(names)):.3f}"
)

# %% [markdown]
# **7. The test set does not exist.** `main` splits its texts into a training and a validation set, and then evaluates on `test_inputs`, which no line defines. Yet a test loss is printed:

# %% tags=["nbval-check-output"]
try:
    test_loss = evaluate_as_listed(listed_student, test_inputs, 0)
except NameError as error:
    print(f"NameError: {error}")

# %% [markdown]
# **8. The evaluation is shuffled**, and its logits are joined in the order in which they come. The mean loss does not mind. But whoever compares the joined logits with the labels, row by row, compares strangers:
#
# ### Exercise 05.9 · Put shuffled answers back
# {{exercise:05.9}}
#
# `logits[k]` is the answer to row number `order[k]`. Return the answers in the order of the rows.


# %% exercise="05.9"
def in_row_order(logits, order):
    """The logits in the order of the rows.

    logits: (rows, classes), as they came; order: (rows,), the row that each belongs to.
    Returns (rows, classes).
    """
    ### BEGIN SOLUTION
    restored = torch.empty_like(logits)
    restored[order] = logits
    return restored
    ### END SOLUTION


# %% check="05.9"
check("05.9", in_row_order)

# %%
guessed = np.bincount(joined.argmax(-1), minlength=len(names)) / len(joined)
by_chance = (guessed * np.bincount(labels["validation"]) / len(joined)).sum()
theirs = labels["validation"][answered.numpy()]  # instead: the labels, in the answers' order
for name, meant in {"as joined": labels["validation"], "each its own label": theirs}.items():
    accuracy = metrics.correct(joined.numpy(), meant).mean()
    print(f"{name:<20} accuracy {accuracy:.3f}")
print(f"{'pure chance':<20} accuracy {by_chance:.3f}")

# %% [markdown]
# <details><summary><b>Going deeper:</b> what else keeps the listing from running</summary>
#
# Besides, the listing does not run as it is printed. Each of these was tried (TensorFlow 2.21, Keras 3.15): `labels = [0, 1, ...]` holds an ellipsis and cannot become a tensor; `train_test_split` cannot index TensorFlow's tensors; the second `apply_gradients` is refused (fault 4); `sparse_categorical_crossentropy(labels=…, logits=…)` has no such arguments, and, called rightly, gives one loss a row instead of one number, so that the last, shorter batch cannot be added to the others. And one suspect is innocent: the loss that is differentiated is the sum over all batches so far, but a tape records only what happens inside it, so the gradient is that of the current batch. (In PyTorch the same line would fail at the second `backward()`.)
#
# </details>
#
# ### Mended, one by one
#
# Faults 6, 7 and 8 are faults of the report: mending them changes what is printed, not the student. All versions are the same small student with its own optimizer (so fault 4 is in none), and see as many batches as in section 4. The rest is mended one by one.
#
# | version | mended | its control |
# |---|---|---|
# | listed | nothing more: the student learns from labels, whatever its teacher does | (is one itself) |
# | distilled, listed | a teacher that was trained before, is frozen, asked in eval mode, and *heard* | listed |
# | distilled, dropout | and the student is in train mode | listed, dropout |
# | distilled | and has warm-up, decay, clipping and weight decay: the loop of section 3 | control |
#
# To freeze the teacher without hearing it would have changed nothing: fault 1 has shown that the student does not notice its teacher at all.
#
# Read the comparisons below one by one: each sets a version beside another that lacks one repair or more. Which of the reference's intervals, in the last three tables, leave out 0?


# %%
plain = {"warmup": 0.0, "decay": False, "max_norm": math.inf, "weight_decay": 0.0}
from_labels = settings.Recipe(distilled.learning_rate, distilled.steps)
versions_of_it = {
    "listed": (rows["train"], from_labels, {**plain, "dropout": False}),
    "distilled, listed": (taught_rows, distilled, {**plain, "dropout": False}),
    "listed, dropout": (rows["train"], from_labels, plain),
    "distilled, dropout": (taught_rows, distilled, plain),
}
mended = {}
for seed in setting.run.seeds:
    for version, (arm_rows, recipe, change) in versions_of_it.items():
        student = build(setting.student, seed)
        train_by_hand(student, arm_rows, recipe, seed=seed, arm=version, **change)
        mended[version, seed] = test_scores(student)
    mended["control", seed] = scores["control", seed]
    mended["distilled", seed] = scores["distilled", seed]

# %% tags=["hide-input"]
mended_arms = note(mended)
print(experiments.comparison_table(report, mended_arms, "accuracy"), "\n")
for version, its_control in (
    ("distilled, listed", "listed"),
    ("distilled, dropout", "listed, dropout"),
    ("distilled", "control"),
    ("control", "listed"),
    ("distilled", "listed"),
):
    compare(mended, version, its_control, f"gain over {its_control}")
for its_control in ("control", "listed", "listed, dropout"):
    print(f"\nthe reference's gain over {its_control}")
    print(experiments.reference_table("05", f"gain over {its_control}"))
experiments.plot_comparison(
    report, mended_arms, "accuracy", title="The listing, mended step by step", unit="test accuracy"
)

# %% [markdown]
# Hearing a teacher is the repair to look at. In the reference run it brings {{ledger:05/offline/distilled, listed/gain over listed|interval}} of accuracy in the plain loop of *listed*, and {{ledger:05/offline/distilled, dropout/gain over listed, dropout|interval}} once dropout is on. The gain in the whole loop is section 4's, and so is the caution: this teacher has 40,000 labels behind it, the listing's student 2,000.
#
# The missing dropout is a fault of the code. With a teacher, section 4 left open whether it costs accuracy. Without one it is not compared: the table gives the two listed versions an interval each, and none to their difference.
#
# Which comparison one picks matters, too. *Distilled* less *listed* is {{ledger:05/offline/distilled/gain over listed|interval}} of accuracy, and part of that may be the better loop, which needs no teacher: *control* less *listed* is {{ledger:05/offline/control/gain over listed|interval}}. Without the control the two cannot be told apart.
#
# ## 12 · Bug hunt
#
# The listing's faults are coarse. These are finer, and each is quickly written. The step below trains a linear student under a linear teacher; `keep` is a dropout mask. It runs, the loss falls, and six things are wrong.


# %%
def step_with_bugs(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    weights = weights.detach().requires_grad_(True)
    teacher_weights = teacher_weights.detach().requires_grad_(True)
    dropped = features * keep
    student_logits = features @ weights.T
    teacher_logits = dropped @ teacher_weights.T
    q = F.softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = F.kl_div(q, p, reduction="batchmean")
    hard = F.cross_entropy(student_logits, labels)
    loss = alpha * soft + (1 - alpha) * hard
    own, its = torch.autograd.grad(loss, (weights, teacher_weights))
    weights = weights - learning_rate * (leftover + own)
    teacher_weights = teacher_weights - learning_rate * its
    return weights.detach(), teacher_weights.detach()


# %% [markdown]
# ### Exercise 05.10 · Six bugs in one step
# {{exercise:05.10}}
#
# Write the step as it should be. `leftover` is the gradient that was still stored from the step before. Return the student's new weights, and the teacher's as they should be afterwards; a tensor that came in may go out again. A student may be so sure that a probability is rounded to 0. You may hand in a half-repaired version at any time: the check names the bugs that it recognises in it.


# %% exercise="05.10"
def repaired_step(
    weights, teacher_weights, leftover, features, keep, labels, temperature, alpha, learning_rate
):
    """One step of distillation for a linear student under a linear teacher.

    weights, teacher_weights, leftover: (classes, features); features: (rows, features);
    keep: (rows, features), 0 where dropped, else 1 / (1 - rate); labels: (rows,).
    Returns the student's new weights and the teacher's weights, each (classes, features).
    """
    ### BEGIN SOLUTION
    before = weights.detach().clone().requires_grad_(True)
    student_logits = (features * keep) @ before.T
    teacher_logits = (features @ teacher_weights.T).detach()
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    teacher_p = F.softmax(teacher_logits / temperature, dim=-1)
    soft_loss = temperature**2 * F.kl_div(log_q, teacher_p, reduction="batchmean")
    hard_loss = F.cross_entropy(student_logits, labels)
    loss_of_step = alpha * soft_loss + (1 - alpha) * hard_loss
    (gradient,) = torch.autograd.grad(loss_of_step, before)
    return (before - learning_rate * gradient).detach(), teacher_weights
    ### END SOLUTION


# %% check="05.10"
check("05.10", repaired_step)

# %% [markdown]
# ## What you can now do
#
# - Bring text into one form for two models, and ask a teacher once and rightly.
# - Write a training loop whose every part you can name, measure what each is worth, and say when an interval leaves it open.
# - Stop by a rule, and resume so that nobody can tell.
# - Say that a library does the same, because you have compared the weights.
# - Measure what a start is worth, with the same start for the control.
# - Average weights along one training, and opinions across several.
# - Audit a script: what does the student's loss depend on, who moves, what is printed, on which rows?
#
# ## Where this goes wrong in practice
#
# - **Nothing is distilled**, and the losses fall all the same. Change the teacher: if the student does not change, there is your answer.
# - **The teacher in train mode**, or with its gradients on, or in the optimizer.
# - **The taught student starts from copied layers, its control from random ones.**
# - **Accumulated losses divided by the number of parts**, where parts differ in size or labels are missing; or the last, partial group never stepped on.
# - **A resumed run that is another run**: no optimizer state, no random state, an order of the data that starts again.
# - **Sums over batches printed as losses**, means over batches of unequal size printed as metrics.
# - **Predictions joined in another order than the labels.**
# - **Weights of models that were trained apart, averaged.**
#
# ## Further reading
#
# - P. Goyal and others: [*Accurate, large minibatch SGD: training ImageNet in 1 hour*](https://arxiv.org/abs/1706.02677). arXiv:1706.02677, 2017. Warm-up, and how the rate goes with the batch.
# - L. Liu and others: [*On the variance of the adaptive learning rate and beyond*](https://arxiv.org/abs/1908.03265). ICLR 2020. An explanation of why warm-up helps Adam.
# - I. Loshchilov, F. Hutter: [*Decoupled weight decay regularization*](https://arxiv.org/abs/1711.05101). ICLR 2019. The W in AdamW.
# - R. Pascanu, T. Mikolov, Y. Bengio: [*On the difficulty of training recurrent neural networks*](https://arxiv.org/abs/1211.5063). ICML 2013. Clipping by the norm.
# - P. Micikevicius and others: [*Mixed precision training*](https://arxiv.org/abs/1710.03740). ICLR 2018.
# - L. Prechelt: [*Early stopping, but when?*](https://doi.org/10.1007/3-540-49430-8_3) In: Neural networks: tricks of the trade, Springer, 1998.
# - B. Polyak, A. Juditsky: [*Acceleration of stochastic approximation by averaging*](https://doi.org/10.1137/0330046). SIAM Journal on Control and Optimization 30(4), 1992. P. Izmailov and others: [*Averaging weights leads to wider optima and better generalization*](https://arxiv.org/abs/1803.05407). UAI 2018.
# - M. Wortsman and others: [*Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference time*](https://arxiv.org/abs/2203.05482). ICML 2022. When weights of different trainings may be averaged.
# - B. Lakshminarayanan, A. Pritzel, C. Blundell: [*Simple and scalable predictive uncertainty estimation using deep ensembles*](https://arxiv.org/abs/1612.01474). NeurIPS 2017. The mean of probabilities of networks trained apart.
# - G. Hinton, O. Vinyals, J. Dean: [*Distilling the knowledge in a neural network*](https://arxiv.org/abs/1503.02531). arXiv:1503.02531, 2015. Among its experiments: an ensemble distilled into one network.
# - T. Furlanello and others: [*Born-again neural networks*](https://arxiv.org/abs/1805.04770). ICML 2018. Students of their teacher's own size.
# - V. Sanh, L. Debut, J. Chaumond, T. Wolf: [*DistilBERT, a distilled version of BERT*](https://arxiv.org/abs/1910.01108). arXiv:1910.01108, 2019. Copies its teacher's layers.

# %% [markdown]
# ## Where you stand
#
# Every exercise of this lesson, and what its last check in this session said:

# %%
show_progress("05")
