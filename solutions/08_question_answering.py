# %% [markdown]
# # 08 · Where does the answer stand?
#
# A passage, a question, and the answer somewhere in the passage: the model marks where it starts and where it ends. In this lesson you distil such a reader. The loss is the one you know, twice; what is new is everything it must *not* see: the question, the padding, the answer that a window has cut off.
#
# **You will be able to**
# - cut passages into windows and keep track of which token is which stretch of text;
# - mask a softmax so that it never says NaN, and find the slips that make it do so;
# - distil where answers start and end, with the control beside it and an interval around the gain;
# - read the best answers off two rows of logits, and score them with exact match and F1;
# - see what a student has lost: by kind of question, by layers, answer by answer.
#
# **You need** lessons 03 (the distillation loss) and 06 (arms, seeds, intervals).
#
# **Minutes** 100, of which the computer needs about three.
#
# **What runs** at `offline`: short generated news with questions, a teacher of four layers that ships with the course, students of half its layers, no network. At `small`: questions of SQuAD, MiniLM as teacher. At `full`: the whole of SQuAD, BERT-base and students of six and three layers, on a GPU.

# %% tags=["setup"]
import copy
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import transformers

from kd_course import cost, experiments, metrics, models, plots, settings, spans, teachers
from kd_course.corpora import hub, reading
from kd_course.distillation import (
    SpanDistillationTrainer,
    add_teacher_logits,
    cached_teacher_outputs,
    predict_spans,
    train_with_recipe,
)
from kd_course.exercises import check

plots.style()
transformers.logging.set_verbosity_error()
setting = settings.for_lesson("08")
print(setting)

# %% [markdown]
# *labelled* is how many questions with answers a student may learn from, *tested* how many test questions there are. *length* is how many tokens a window holds, *stride* how many of them two neighbouring windows share. *student* names the teacher's layers that are copied, counted from 0 (a single number: how many, spread evenly), *copied_from* whether they are copied from the trained teacher or from what it was before, *layers* those of the students on section 8's curve.
#
# ## 1 · The task and its data


# %%
def first_rows(rows, number, seed=0):
    """At most `number` rows, drawn with the seed; all for None."""
    if number is None or number >= len(rows):
        return rows
    return rows.shuffle(seed=seed).select(range(number))


generated = setting.dataset == "reading"
data = reading.load(seed=1, level="plain") if generated else hub.load_questions(setting.dataset)
limit = setting.run.limit
data["train"] = first_rows(
    data["train"], min(filter(None, [setting.labelled, limit]), default=None)
)
data["test"] = first_rows(data["test"], min(filter(None, [setting.tested, limit]), default=None))
data["validation"] = first_rows(data["validation"], limit or 500)
if generated:
    data["test_new_names"] = first_rows(data["test_new_names"], limit or 500)
kinds_there = reading.KINDS if generated else ("who", "when", "where", "what", "which", "how", "why")


def kind_of(row):
    """What a question asks for: the corpus's own kind, or else its first question word."""
    if generated:
        return row["kind"]
    words = row["question"].lower().replace("?", "").split()
    return next((word for word in words if word in kinds_there), "other")


kinds = np.array([kind_of(row) for row in data["test"]])
row = data["train"][0]
print(row["context"], "\n")
print(f"question   {row['question']}")
print(
    f"answer     {row['answers']['text'][0]!r}, from character {row['answers']['answer_start'][0]}"
)

# %% [markdown]
# At `offline` scale this is the corpus's easier level: questions use the passage's own words. Reading paraphrases does not emerge in minutes on two cores; section 9 shows what becomes of them.
#
# The answer is a *span*: a stretch of the passage, from one character to another. But which stretch? Asked who opened the factory, one annotator marks "Hanna Heikkinen", another "Trade minister Hanna Heikkinen". Both are right. At `offline` scale the passages are generated, so we know how many annotators mark which span: the column `spans`.

# %%
if generated:
    for row in [r for r in data["train"] if len(r["spans"]) > 2][:3]:
        print(row["question"])
        for span in row["spans"]:
            text = row["context"][span["start"] : span["end"]]
            print(f"    {span['probability']:5.0%}  {text}")

# %%
for split, rows in data.items():
    passages = set(rows["context"])
    words = [len(context.split()) for context in passages]
    print(
        f"{split:<16}{len(rows):>7} questions about {len(passages):>6} passages of "
        f"{min(words)} to {max(words)} words"
    )
seen = set(data["train"]["context"])
print("test passages that training has seen:", sum(c in seen for c in set(data["test"]["context"])))
print("test questions:", ", ".join(f"{kind} {np.sum(kinds == kind)}" for kind in kinds_there))

# %% [markdown]
# ## 2 · From passage to windows
#
# A model reads tokens, and only so many at once. So the passage is cut into overlapping *windows*. Each holds the whole question in front, then a stretch of the passage: `[CLS] question [SEP] passage [SEP]`. The tokenizer's *offsets* say which characters each token came from. Below, a short window on purpose, so that you see several.

# %%
folder = teachers.obtain(setting.teacher, retrain=setting.run.retrain)
transformers.set_seed(0)  # where the model from the hub has no head for answers yet, it gets one
pretrained, tokenizer = models.load_reader(folder)
marks = pretrained.config.type_vocab_size > 2  # whether the model is told which words are shared

example = "Corvinex has opened a new factory in Ghent. The old one in Poznan will close in May."
question = "Where has Corvinex opened a factory?"
room = len(tokenizer(question)["input_ids"]) + 16
short = spans.windows(tokenizer, [question], [example], length=room, stride=5)
for number, (ids, offsets) in enumerate(zip(short["input_ids"], short["offsets"])):
    inside = [span for span in offsets if span != (0, 0)]
    print(f"window {number}: {len(ids)} tokens, {example[inside[0][0] : inside[-1][1]]!r}")
    at = example.index("Ghent")
    print(f"          'Ghent' is at the tokens {spans.to_tokens(offsets, at, at + len('Ghent'))}")

# %%
number = len(short["input_ids"]) - 1
ids, offsets = short["input_ids"][number], short["offsets"][number]
mapped = [(i, span) for i, span in enumerate(offsets) if span != (0, 0)]
low, high = mapped[0][1][0], mapped[-1][1][1]
place = np.linspace(low, high, len(ids) + 1)  # where a token is drawn, above the characters
figure, axes = plt.subplots(figsize=(8.4, 3.0))
for i, (s, e) in mapped:
    corners = [s, e, place[i + 1], place[i]]
    axes.fill(corners, [0, 0, 1, 1], color=plots.COLOURS["student"], alpha=0.25 + 0.25 * (i % 2))
    axes.text((s + e) / 2, -0.1, example[s:e], ha="center", va="top", fontsize=8, rotation=45)
for i, token in enumerate(tokenizer.convert_ids_to_tokens(ids)):
    colour = plots.COLOURS["ink" if short["answer_mask"][number][i] else "neutral"]
    middle = (place[i] + place[i + 1]) / 2
    text = token.replace("Ġ", "")
    axes.text(middle, 1.1, text, ha="center", va="bottom", fontsize=8, rotation=45, color=colour)
axes.set(title="Characters (below) and tokens (above) of the last window", yticks=[])
axes.set(xlabel="position in the passage, characters", ylim=(-0.9, 2.0), xlim=(low - 1, high + 1))
axes.grid(False)
plots.show(
    figure,
    alt=f"The last window has {len(ids)} tokens; {len(mapped)} of them are joined to the "
    f"characters {low} to {high} of the passage, the question's and the special tokens to none.",
)

# %% [markdown]
# The light blue tokens are the question's and the special ones: they map to nothing, `(0, 0)`. The answer's characters are put onto tokens by these offsets; where a window does not hold the answer, `spans.to_tokens` says (-100, -100). What if the window holds only half of it? Published code has clamped such answers to the window's edge, which teaches the model to point at [SEP]. A label of -100 says what is true: there is no answer *here*.
#
# ### Exercise 08.1 · From characters to tokens
# {{exercise:08.1}}
#
# Return the first and the last token (both included) that share a character with characters start … end (end exclusive). A token may be wider than the answer. Where the window does not reach as far as the answer does, on either side, or does not have it at all, return `(-100, -100)`.


# %% exercise="08.1"
def answer_tokens(offsets, start, end):
    """The tokens of characters start … end (exclusive): (first, last), or (-100, -100).

    offsets: a list of (start, end) per token, (0, 0) where it is no passage token.
    """
    ### BEGIN SOLUTION
    inside = [i for i, (s, e) in enumerate(offsets) if s < e and s < end and start < e]
    if not inside or offsets[inside[0]][0] > start or offsets[inside[-1]][1] < end:
        return -100, -100
    return inside[0], inside[-1]
    ### END SOLUTION


# %% check="08.1"
check("08.1", answer_tokens)

# %% [markdown]
# `spans.labels` does this for every window. By hand, in a window that ends after "opened": two answers that it holds, and one that it cuts off.

# %% tags=["nbval-check-output"]
words = ["[CLS]", "where", "?", "[SEP]", "The", "factory", "in", "Ghent", "opened", "[SEP]"]
offsets = [(0, 0)] * 4 + [(0, 3), (4, 11), (12, 14), (15, 20), (21, 27), (0, 0)]
for text, (s, e) in {"Ghent": (15, 20), "in Ghent": (12, 20), "opened in May": (21, 34)}.items():
    first, last = spans.to_tokens(offsets, s, e)
    print(
        f"{text:<14} tokens {first} to {last}   {words[first : last + 1] if first >= 0 else 'not here'}"
    )


# %% [markdown]
# Now all the questions. The function below makes windows and labels of a split, once. At `offline` scale each window also says which passage words the question has too (equal words, or with the same first five letters), a feature that Chen et al. (2017) gave their reader: a small model need not learn from examples that two equal words are equal. It travels in `token_type_ids`.


# %%
def prepared(split):
    """A split's windows, with labels, beside what is needed to read answers off them."""
    contexts, answers = data[split]["context"][:], data[split]["answers"][:]
    columns = spans.windows(
        tokenizer,
        data[split]["question"][:],
        contexts,
        length=setting.length,
        stride=setting.stride,
        mark_shared=marks,
    )
    columns |= spans.labels(columns, contexts, answers)
    return {
        "columns": columns,
        "rows": spans.rows(columns),
        "contexts": contexts,
        "answers": [answer["text"] for answer in answers],
    }


sets = {split: prepared(split) for split in data}
for split, found in sets.items():
    without = np.sum(np.array(found["columns"]["start_positions"]) < 0)
    print(
        f"{split:<16}{len(found['contexts']):>7} questions, {len(found['rows']):>7} windows, {without:>6} without the answer"
    )

# %% [markdown]
# ## 3 · From logits to an answer
#
# ### The teacher
#
# At `offline` scale the teacher ships with the course (`KD_RETRAIN=1` trains it again, in front of you). It learnt from questions about passages of its own, which you will never see; *stages* in its recipe says of what level, about how many passages, for how many steps. It is a RoFormer: a BERT whose attention sees how far apart two words are, not where each stands (Su et al., 2021). At the other scales a pretrained model is trained here on the same questions as its students.


# %%
def train(model, rows, recipe, *, seed, with_curve=False):
    """Train with one recipe; every arm goes through here. Returns the trained model (and its curve)."""
    options = {"kind": SpanDistillationTrainer, "processing_class": tokenizer}
    trainer = train_with_recipe(model, rows, recipe, setting, seed=seed, **options)
    log = [(entry["step"], entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
    return (trainer.model, log) if with_curve else trainer.model


teacher = copy.deepcopy(pretrained)  # a student may start from these layers, too
if "teacher" in setting.recipes:
    teacher, curve = train(
        teacher, sets["train"]["rows"], setting.recipes["teacher"], seed=0, with_curve=True
    )
    loss_of = "training batches"
else:
    notes = teachers.notes(folder)
    curve = [(entry["step"], entry["loss on held-out questions"]) for entry in notes["curve"]]
    loss_of = "held-out questions"
    print("recipe:", ", ".join(f"{name} {value}" for name, value in notes["recipe"].items()))
teacher = teacher.eval().cpu()

figure, axes = plt.subplots()
axes.plot(*zip(*curve), "o-", color=plots.COLOURS["teacher"])
axes.set(title="How the teacher learnt to read", xlabel="optimiser steps", ylim=(0, None))
axes.set(ylabel=f"loss on {loss_of} (nats)")
plots.show(
    figure,
    alt=f"The teacher's loss on {loss_of}: "
    + ", ".join(f"{loss:.2f} nats after {step} steps" for step, loss in curve[:: max(1, len(curve) // 5)])
    + ".",
)

# %% [markdown]
# ### Two logits a token
#
# The model gives every token two logits: how well an answer could start here, and how well it could end here. The score of a span is the sum of the two. Seen as a map of start × end, the best answer is its brightest allowed cell. Drawn below are log-probabilities: the same sums, less one constant a window, so the order is the same.


# %%
def read(model, split="test", n=1):
    """What a model makes of a split: its logits, and the n best answers to every question."""
    found = sets[split]
    logits = predict_spans(model.cpu(), found["rows"], tokenizer)
    return logits, spans.best_answers(found["columns"], found["contexts"], *logits, n=n)


def span_map(model, split, example):
    """Log-probability of every span of the window that holds the example's answer.

    Returns the map, (tokens, tokens), and for each token its characters, (start, end).
    """
    columns = sets[split]["columns"]
    windows = [w for w, e in enumerate(columns["example"]) if e == example]
    window = next((w for w in windows if columns["start_positions"][w] >= 0), windows[0])
    mask = torch.tensor(columns["answer_mask"][window])
    starts, ends = predict_spans(model.cpu(), [sets[split]["rows"][window]], tokenizer)
    log_p = [torch.tensor(x[0])[mask].log_softmax(-1) for x in (starts, ends)]
    scores = (log_p[0][:, None] + log_p[1][None, :]).numpy()
    scores[np.tril_indices(len(scores), -1)] = np.nan  # the end would stand before the start
    return scores, [span for span in columns["offsets"][window] if span[0] < span[1]]


def best_cell(scores):
    """The first and the last token of the map's best span."""
    return np.unravel_index(np.nanargmax(scores), scores.shape)


def draw_map(axes, scores, characters, text, title, centre):
    """The twelve tokens around `centre` of a map; returns the picture and the best span's text."""
    low = int(np.clip(centre - 5, 0, max(0, len(scores) - 12)))
    part = slice(low, low + 12)
    image = axes.imshow(scores[part, part], cmap=plots.SEQUENTIAL, vmin=-8, vmax=0)
    words = [text[s:e] for s, e in characters[part]]
    axes.set(title=title, xlabel="last token", ylabel="first token")
    axes.set_xticks(range(len(words)), words, rotation=90, fontsize=7)
    axes.set_yticks(range(len(words)), words, fontsize=7)
    axes.grid(False)
    first, last = best_cell(scores)
    return image, text[characters[first][0] : characters[last][1]]


def draw_maps(models_by_name, example):
    """The maps of one test question, side by side, around the first model's best answer."""
    figure, panels = plt.subplots(
        1, len(models_by_name), figsize=(1.2 + 3.6 * len(models_by_name), 4.2), squeeze=False
    )
    text, bests, centre = sets["test"]["contexts"][example], {}, None
    for axes, (name, model) in zip(panels[0], models_by_name.items()):
        scores, characters = span_map(model, "test", example)
        centre = best_cell(scores)[0] if centre is None else centre
        image, bests[name] = draw_map(axes, scores, characters, text, name, centre)
    figure.colorbar(image, ax=list(panels[0]), label="log p(start) + log p(end), nats")
    print(data["test"][example]["question"], "|", sets["test"]["answers"][example])
    plots.show(
        figure,
        alt="Log-probability of every span around the best answer of the first model, one panel a "
        "model; below the diagonal the maps are empty. Best spans: "
        + "; ".join(f"{name} {best!r}" for name, best in bests.items())
        + ".",
    )


draw_maps({"teacher": teacher}, example=0)

# %% [markdown]
# Below the diagonal the end would stand before the start: these pairs are no text. Others are too long for an answer, and the question's tokens, which no answer may hold, are not drawn.
#
# ### Exercise 08.2 · The n best answers of a window
# {{exercise:08.2}}
#
# Return the n best pairs (first, last), best first: both where `mask` is true, first ≤ last, at most `longest` tokens. Fewer where there are fewer.


# %% exercise="08.2"
def best_spans(start_logits, end_logits, mask, n, longest):
    """The n best spans of a window, as a list of (first, last), both included.

    start_logits, end_logits: (length,); mask: (length,), true where an answer may start or end;
    longest: how many tokens a span may have.
    """
    ### BEGIN SOLUTION
    pairs = [
        (start_logits[i].item() + end_logits[j].item(), i, j)
        for i in range(len(mask))
        for j in range(i, min(i + longest, len(mask)))
        if mask[i] and mask[j]
    ]
    pairs.sort(key=lambda pair: -pair[0])
    return [(i, j) for _, i, j in pairs[:n]]
    ### END SOLUTION


# %% check="08.2"
check("08.2", best_spans)

# %% [markdown]
# A long passage has several windows, each with its own best span. One of them must be chosen. Which rule can compare windows at all?
#
# ### Exercise 08.3 · Which window has the answer?
# {{exercise:08.3}}
#
# {{choices:08.3}}

# %% exercise="08.3"
between_windows = ...
### BEGIN SOLUTION
between_windows = "b"
### END SOLUTION

# %% check="08.3"
check("08.3", between_windows)

# %% [markdown]
# ## 4 · Right, wrong, nearly right
#
# SQuAD's two measures compare texts after the same tidying: lower case, no punctuation, no articles (a, an, the), single spaces. *Exact match* (EM) is 1 where the prediction then equals one of the annotators' answers. *F1* also rewards what is nearly right: with p the share of predicted words that the answer has, and r the share of the answer's words that were predicted, F1 = 2·p·r / (p + r). Of several answers the best counts.
#
# ### Exercise 08.4 · How nearly right an answer is
# {{exercise:08.4}}
#
# `predicted` and `wanted` are lists of words, tidied already. A word counts as often as it stands in both. Nothing in common is 0.


# %% exercise="08.4"
def word_f1(predicted, wanted):
    """F1 of two lists of words, 0 … 1; wanted is not empty."""
    ### BEGIN SOLUTION
    shared = 0
    left = list(wanted)
    for word in predicted:
        if word in left:
            left.remove(word)
            shared += 1
    return 2 * shared / (len(predicted) + len(wanted))
    ### END SOLUTION


# %% check="08.4"
check("08.4", word_f1)

# %% tags=["nbval-check-output"]
said = ["The Danish customs office.", "customs office", "in 2008", "Anna Berg"]
gold = [["Danish customs office"], ["the Danish customs office"], ["2008"], ["Karl Holm"]]
for p, a, em, f in zip(said, gold, metrics.exact_match(said, gold), metrics.f1(said, gold)):
    print(f"{p!r:<30}{a[0]!r:<30} EM {em:.0f}  F1 {f:.2f}")

# %% [markdown]
# And the teacher?


# %%
def scores(found, split="test"):
    """EM and F1 of every question: two arrays."""
    texts, answers = spans.texts(found), sets[split]["answers"]
    return metrics.exact_match(texts, answers), metrics.f1(texts, answers)


teacher_logits, teacher_found = read(teacher)
teacher_em, teacher_f1 = scores(teacher_found)
print(f"teacher, exact match  {teacher_em.mean():.3f}")
print(f"teacher, F1           {teacher_f1.mean():.3f}")
if generated:
    one = [row["answers"]["text"][0] for row in data["test"]]
    others = [row["answers"]["text"][1:] for row in data["test"]]
    most = [row["spans"][0] for row in data["test"]]
    most = [text[span["start"] : span["end"]] for text, span in zip(data["test"]["context"], most)]
    answers = sets["test"]["answers"]
    print(
        f"one annotator against the other two: exact match {metrics.exact_match(one, others).mean():.3f}, F1 {metrics.f1(one, others).mean():.3f}\n"
        f"always the commonest mark: exact match {metrics.exact_match(most, answers).mean():.3f}, F1 {metrics.f1(most, answers).mean():.3f}"
    )

# %% [markdown]
# Annotators do not agree with each other either. The first of the last two lines is a person's score (with two answers to meet, where models have three). It is no ceiling: who always gives the mark that most people make meets one of three annotators more often than a person does. That is the second line.
#
# ## 5 · What the loss must not see
#
# Start and end are two classifications over the tokens of the window. But not over *all* its tokens: no answer starts in the question, and none in the padding. The usual way to exclude them is a logit of minus infinity. Watch what that does to KL(teacher ‖ student).

# %% tags=["nbval-check-output"]
mask = torch.tensor([False, True, True, False])
logits_s = torch.tensor([0.1, 1.0, 0.2, 0.3]).masked_fill(~mask, -torch.inf)
logits_t = torch.tensor([0.5, 2.0, 0.1, 0.0]).masked_fill(~mask, -torch.inf)
log_p, log_q = logits_t.log_softmax(-1), logits_s.log_softmax(-1)
print("p (log p - log q):", (log_p.exp() * (log_p - log_q)).tolist()[0], "at a masked position")
print("a window with nothing allowed:", torch.full((3,), -torch.inf).softmax(-1).tolist())

# %% [markdown]
# At a masked position the term is 0 · (-∞ - (-∞)), and that is not 0 but NaN, *not a number*. One NaN makes the sum NaN, then the gradient, then, after one step, every weight. The same happens in a window with nothing allowed: 0/0. The remedy is a finite number: so low that its exp is exactly 0, and yet a number.
#
# ### Exercise 08.5 · A softmax that knows where no answer can be
# {{exercise:08.5}}
#
# Probabilities over the last dimension that sum to one over the positions where `mask` is true and are 0 elsewhere, whatever the logits are there. A window without any allowed position gets zeros. Gradients must be finite too.


# %% exercise="08.5"
def masked_softmax(logits, mask):
    """Probabilities over the allowed positions of each window; zeros where none is allowed.

    logits, mask: (batch, length). Returns (batch, length).
    """
    ### BEGIN SOLUTION
    lowest = torch.finfo(logits.dtype).min
    return torch.where(mask, logits, lowest).softmax(-1) * mask
    ### END SOLUTION


# %% check="08.5"
check("08.5", masked_softmax)

# %% [markdown]
# In the loss that follows, logits are divided by T. A T below 1 would turn the lowest float32 into -∞ again, so from here on -1e30 is put into the mask. In float16 even that is -∞: compute losses in float32.
#
# Now the loss. For one end, with p the teacher's and q the student's distribution over the allowed tokens, both softened by T:
#
# L_end = α · T² · mean over windows of Σ p (log p - log q) + (1 - α) · mean over *labelled* windows of -log q₁(label)
#
# where q₁ is the student at T = 1. The span's loss is the mean of start and end. A window without the answer has no hard part. It still has a soft one: the teacher has an opinion of it. A part with no window to count is 0, not 0/0.
#
# ### Exercise 08.6 · The loss of a start and an end
# {{exercise:08.6}}


# %% exercise="08.6"
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    """The distillation loss of a batch of windows: a scalar, in nats.

    student_*, teacher_*: (batch, length), logits; starts, ends: (batch,), -100 where there is no
    answer; mask: (batch, length). A window that is wholly masked counts as nothing.
    """

    ### BEGIN SOLUTION
    def one_end(student, teacher, labels):
        counts = mask.any(-1)
        labels = labels.masked_fill(~counts, -100)
        student = torch.where(mask, student, -1e30)
        teacher = torch.where(mask, teacher, -1e30)
        log_q = (student / temperature).log_softmax(-1)
        log_p = (teacher / temperature).log_softmax(-1)
        kl = (log_p.exp() * (log_p - log_q)).sum(-1)
        soft = temperature**2 * kl[counts].sum() / counts.sum().clamp(min=1)
        total = F.cross_entropy(student, labels, ignore_index=-100, reduction="sum")
        hard = total / (labels != -100).sum().clamp(min=1)
        return alpha * soft + (1 - alpha) * hard

    start = one_end(student_start, teacher_start, starts)
    return (start + one_end(student_end, teacher_end, ends)) / 2
    ### END SOLUTION


# %% check="08.6"
check("08.6", span_loss)

# %% [markdown]
# ### Exercise 08.7 · Bug hunt: three slips, and one that mending brings in
# {{exercise:08.7}}
#
# The library's own loss clamps as well: a position behind the window goes to an index that is ignored, but -100 goes to 0, which is [CLS], and is learnt. This is such a loss, with two slips more:
#
# ```python
# def labels_loss(start_logits, end_logits, starts, ends, mask):
#     def one_end(logits, positions):
#         positions = positions.clamp(0, logits.shape[-1] - 1)
#         return F.cross_entropy(logits, positions)
#
#     start_loss = one_end(start_logits, starts)
#     end_loss = one_end(start_logits, ends)
#     return (start_loss + end_loss) / 2
# ```
#
# Mend it: windows without the answer (-100) count as nothing, also where the whole batch has none (the loss is then 0); the softmax runs where `mask` is true; every end has its own logits.


# %% exercise="08.7"
def labels_loss(start_logits, end_logits, starts, ends, mask):
    """The labels' loss of a batch of windows: the mean over those that hold the answer, in nats.

    start_logits, end_logits, mask: (batch, length); starts, ends: (batch,), -100 for no answer.
    """

    ### BEGIN SOLUTION
    def surprise_of(logits, labels):
        logits = torch.where(mask, logits, -1e30)
        total = F.cross_entropy(logits, labels, ignore_index=-100, reduction="sum")
        return total / (labels != -100).sum().clamp(min=1)

    return (surprise_of(start_logits, starts) + surprise_of(end_logits, ends)) / 2
    ### END SOLUTION


# %% check="08.7"
check("08.7", labels_loss)

# %% [markdown]
# ## 6 · The experiment
#
# Every student starts from copied layers, as DistilBERT did; the control too. From which, `copied_from` says. At `full` from the pretrained model, before it became the teacher; the head that marks answers is new. At `offline` scale there is no pretrained model, and at `small` there is no time to learn from a new head what an answer is: there students start from layers of the *trained* teacher, with its embeddings and its head. So this control has no teacher in its loss, but it has the teacher in its weights (lesson 05). Mind that when you read how much of the teacher it keeps: from the control to the two distilled arms the loss changes, and the learning rate that was chosen for it; what the copied layers are worth shows in the arm that starts from random weights.
#
# All take the same number of steps; section 8 shows how each arm's learning rate was chosen.
#
# | arm | learns from |
# |---|---|
# | control | the annotators' answers (hard, α = 0) |
# | distilled | the answers, and the teacher's start and end distributions (combined) |
# | distilled, soft only | the teacher's distributions alone (soft, α = 1): its loss holds no answer |
# | from random weights | as distilled, from layers that know nothing (at `offline` only) |


# %%
def new_student(arm, seed, layers=setting.student):
    """Layers of the teacher, or of what it was before; or as many of random weights."""
    source = teacher if setting.copied_from == "teacher" else pretrained
    student = models.copy_layers(source, layers)
    transformers.set_seed(seed)
    if arm == "from random weights":
        for module in student.modules():
            student._init_weights(module)
    elif setting.copied_from == "pretrained":
        student._init_weights(student.qa_outputs)  # no head was pretrained: every seed has its own
    return student


model_input = {
    name: torch.tensor([sets["test"]["rows"][0][name]])
    for name in spans.MODEL_INPUTS
    if name in sets["test"]["rows"][0]
}
print(
    f"{'':<9}{'layers':>8}{'parameters':>12}{'without embeddings':>20}{'million multiply-adds a window':>32}"
)
for name, model in {"teacher": teacher, "student": new_student("control", 0)}.items():
    print(
        f"{name:<9}{model.config.num_hidden_layers:>8}{cost.parameters(model):>12,}"
        f"{cost.parameters(model, embeddings=False):>20,}{cost.multiply_adds(model, model_input) / 1e6:>32.1f}"
    )

# %%
outputs = cached_teacher_outputs(teacher, sets["train"]["rows"], tokenizer, progress=False)
taught = add_teacher_logits(sets["train"]["rows"], outputs)
arms = {
    arm: sets["train"]["rows"] if recipe.alpha == 0 else taught
    for arm, recipe in setting.recipes.items()
    if arm != "teacher"
}
report = experiments.Report(
    "08",
    setting.run.scale,
    data=experiments.fingerprint(data["test"]["question"]),
    shortened=setting.run.shortened,
)
students, found, results = {}, {}, {}
once = "trained once" if "teacher" in setting.recipes else "measured"
report.add("teacher/exact match", teacher_em.mean(), kind=once)
report.add("teacher/F1", teacher_f1.mean(), kind=once)
for seed in setting.run.seeds:
    for arm in arms:
        students[arm, seed] = train(
            new_student(arm, seed), arms[arm], setting.recipes[arm], seed=seed
        )
        found[arm, seed] = read(students[arm, seed])
        em, f1 = results[arm, seed] = scores(found[arm, seed][1])
        report.add(f"{arm}/exact match", em.mean(), seed=seed)
        report.add(f"{arm}/F1", f1.mean(), seed=seed)
        report.add(f"{arm}/retention", f1.mean() / max(teacher_f1.mean(), 1e-9), seed=seed)
        if arm != "control":
            gain = f1.mean() - results["control", seed][1].mean()
            report.add(f"{arm}/gain over control", gain, seed=seed)

# %%
for figure_name in ("F1", "exact match"):
    print(experiments.comparison_table(report, ["teacher", *arms], figure_name), "\n")
print(experiments.comparison_table(report, list(arms), "retention"))

# %% [markdown]
# *Retention* is the student's F1 divided by its teacher's. Is the gain over the control more than luck? The questions of one passage are hard or easy together, so passages are drawn again, with all their questions, and the seeds with them.


# %%
_, passage = np.unique(data["test"]["context"], return_inverse=True)
EM, F1 = 0, 1


def sums(arm, score, chosen):
    """(seeds, passages, 2): the scores of a passage's chosen questions added up, and how many."""
    number = np.bincount(passage[chosen], minlength=passage.max() + 1)
    added = [
        np.bincount(passage[chosen], results[arm, seed][score][chosen], minlength=len(number))
        for seed in setting.run.seeds
    ]
    return np.stack([np.stack([row, number], axis=-1) for row in added])


def gain(arm, score, chosen=slice(None)):
    """How much better than the control, on the chosen questions: mean and 95 % interval."""
    both = (sums(name, score, chosen) for name in (arm, "control"))
    return experiments.paired_score_interval(*both, lambda total: total[0] / max(total[1], 1))


number = len(setting.run.seeds)
for name, score in (("F1", F1), ("exact match", EM)):
    for arm in (arm for arm in arms if arm != "control"):
        found_gain = gain(arm, score)
        interval = [found_gain.mean, found_gain.low, found_gain.high]
        report.add_table(f"{arm}/gain in {name} with rows drawn again", interval)
        verdict = experiments.verdict(found_gain, seeds=number)
        print(f"{arm:<22} minus control, {name}: {found_gain}   {verdict}")

# %% [markdown]
# Your run is one throw. Here it is as a ring among the intervals of the reference run.

# %%
experiments.plot_comparison(
    report, ["teacher", *arms], "F1", title="Who learns to read, from what", unit="test F1"
)

# %%
print(experiments.reference_table("08", "F1"))
print(experiments.reference_table("08", "gain over control"))

# %% [markdown]
# At `offline` scale ({{ledger:08/offline/control/F1|count}} seeds) the teacher's F1 is {{ledger:08/offline/teacher/F1}}. The control reaches {{ledger:08/offline/control/F1|interval}}, the distilled student {{ledger:08/offline/distilled/F1|interval}}. Seed by seed, the gain is {{ledger:08/offline/distilled/gain over control|interval}}: small, and not chance. The teacher's distributions alone, without any answer in the loss, gain {{ledger:08/offline/distilled, soft only/gain over control|interval}}.
#
# With half of its teacher's layers the distilled student keeps {{ledger:08/offline/distilled/retention|percent}} of its F1. That figure by itself would be no praise of distilling: the control keeps {{ledger:08/offline/control/retention|percent}}. And from random weights the same lessons end at {{ledger:08/offline/from random weights/F1|interval}}. Look at the width of it: in the reference run it comes from a single seed, which stopped far below the others; those came near the control. So the copied layers were worth a little in most seeds and a lot in one, and so few seeds do not say how often that happens.
#
# Two things temper all this. The teacher learnt from many more questions than its students, and passes on what those taught it. And the seeds of the first three arms differ only in the order of the questions, those of the last also in their weights; no seed changes the questions or the teacher. So these intervals say nothing of another teacher, or of other labelled questions.
#
# And on real questions? At `small` ({{ledger:08/small/control/F1|count}} seeds; the reference run had 2,000 SQuAD questions on few articles, and 560 to test on, not the whole of what the hub gives) a MiniLM of six layers that has read the labelled questions for a few minutes ends at an F1 of {{ledger:08/small/teacher/F1}}, far from what SQuAD's tables show and far from nothing. Its students have three of its layers and half of its steps: the control {{ledger:08/small/control/F1|interval}}, the distilled student {{ledger:08/small/distilled/F1|interval}}, with the teacher's distributions alone {{ledger:08/small/distilled, soft only/F1|interval}}. The gains over the control, seed by seed: {{ledger:08/small/distilled/gain over control|interval}} and {{ledger:08/small/distilled, soft only/gain over control|interval}}. The labelled questions are the same for all here, so it is not more labels that the teacher passes on; but the teacher went over them twice as long. With half the layers and half the steps about half the F1 is lost, with a teacher or without one. Which of the two costs it, this run does not part; the soft loss saves a small share.

# %% [markdown]
# ### By kind of question
#
# The distilled student's gain over the control, kind by kind: where does the soft loss help? Where a kind has few questions, or answers that vary much, the interval is wide. Several kinds are looked at, so one interval beyond 0 is weak evidence.

# %%
print(f"{'':<10}{'questions':>10}{'teacher':>10}{'control':>10}{'distilled':>10}   gain, with its interval")
for name, score in (("F1", F1), ("exact match", EM)):
    print(name)
    for kind in kinds_there:
        of_kind = kinds == kind
        if not of_kind.any():
            continue
        means = [(teacher_em, teacher_f1)[score][of_kind].mean()]
        for arm in ("control", "distilled"):
            values = [results[arm, seed][score][of_kind].mean() for seed in setting.run.seeds]
            for seed, value in zip(setting.run.seeds, values):
                report.add(f"{arm}/{name}, {kind}", value, seed=seed)
            means.append(np.mean(values))
        line = "".join(f"{value:>10.3f}" for value in means)
        print(f"{kind:<10}{of_kind.sum():>10}{line}   {gain('distilled', score, of_kind)}")

# %%
seed = setting.run.seeds[0]  # what is looked at from here on, one by one
shown = {"teacher": teacher_f1} | {
    arm: results[arm, seed][F1]
    for arm in ("control", "distilled", "from random weights")
    if arm in arms
}

# %% [markdown]
# ### The same question, three maps

# %%
names = {
    "teacher": teacher,
    "control": students["control", seed],
    "distilled": students["distilled", seed],
}
better, worse = shown["distilled"] > shown["control"], shown["distilled"] < shown["control"]
print(f"the distilled student is better on {better.sum()} questions, the control on {worse.sum()}")
winners = np.flatnonzero(better & (teacher_f1 > 0.99))
print("Shown is one of the former, which the teacher has right:")
draw_maps(names, example=int(winners[0]) if len(winners) else 0)

# %% [markdown]
# ## 7 · How far from the annotators?
#
# Where the truth is known, ask more than which answer comes first: how many nats does it cost to believe the model about where annotators start, and where they end? Below, KL(truth ‖ model), the mean of start and end, over the test windows on which annotators differ. The control sees one annotator's mark a question. So did the teacher, but of many more questions.
#
# Part of any difference may be sharpness (lesson 06). So the second figure divides each model's logits by the temperature that suits it best on validation.


# %%
def disputed(logits, split):
    """For every window on which annotators differ: the truth and the logits, (2, tokens) each."""
    columns = sets[split]["columns"]
    truths = spans.targets(columns, data[split]["spans"])
    for truth, mask, *ends in zip(truths, columns["answer_mask"], *logits):
        if truth is not None and truth.max(-1).min() < 0.999:
            allowed = np.array(mask)
            yield truth[:, allowed], np.stack(ends)[:, allowed]


def distance(logits, split="test", temperature=1.0):
    """KL(truth ‖ model) in nats, the mean over start and end and over the disputed windows."""
    costs = [
        metrics.kl_rows(truth, metrics.probabilities(ends, temperature)).mean()
        for truth, ends in disputed(logits, split)
    ]
    return float(np.mean(costs))


TEMPERATURES = (0.5, 0.7, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5)


def distances(model, logits):
    """As it is, and at the temperature that is best on validation."""
    validation = read(model, "validation")[0]
    best = min(TEMPERATURES, key=lambda t: distance(validation, "validation", t))
    return {"KL to the truth": distance(logits), "KL, scaled": distance(logits, temperature=best)}


if generated:
    number = sum(1 for _ in disputed(teacher_logits, "test"))
    print(f"annotators differ on {number} of {len(sets['test']['rows'])} test windows")
    asked = {("teacher", None): (teacher, teacher_logits)}
    asked |= {key: (students[key], found[key][0]) for key in students}
    for (arm, s), (model, logits) in asked.items():
        for name, value in distances(model, logits).items():
            report.add(f"{arm}/{name}", value, seed=s)
    for name in ("KL to the truth", "KL, scaled"):
        print(experiments.comparison_table(report, ["teacher", *arms], name), "\n")

# %% [markdown]
# Here the soft loss shows more than in F1. In the reference run the control ends {{ledger:08/offline/control/KL to the truth|interval}} nats from the annotators, the distilled student {{ledger:08/offline/distilled/KL to the truth|interval}}, and its teacher {{ledger:08/offline/teacher/KL to the truth}}. Sharpness is a small part of it: scaled, the control is at {{ledger:08/offline/control/KL, scaled|interval}}. From one mark a question the control has learnt where an answer stands; how annotators differ came with the soft targets.

# %% [markdown]
# ## 8 · Layers, learning rates, α and T
#
# How far does a student fall as layers are taken away? One seed a point, on validation, from the reference run. (`KD_MAPS=1` computes this section's curve and maps again here: some twenty trainings.)


# %%
def validation_f1(arm, recipe, layers=setting.student):
    """Of a student trained with this recipe; one that section 6 has trained already is taken."""
    alike = [a for a in arms if (a == "from random weights") == (arm == "from random weights")]
    trained = [a for a in alike if setting.recipes[a] == recipe]
    if trained and layers == setting.student:
        model = students[trained[0], seed]
    else:
        rows = taught if recipe.alpha else sets["train"]["rows"]
        model = train(new_student(arm, seed, layers), rows, recipe, seed=seed)
    return float(scores(read(model, "validation")[1], "validation")[1].mean())


compared = ("control", "distilled")
if setting.run.maps:
    curve = {
        arm: [
            [
                layers if isinstance(layers, int) else len(layers),
                validation_f1(arm, setting.recipes[arm], layers),
            ]
            for layers in setting.layers
        ]
        for arm in compared
    }
    report.add_table("layers", curve)

curve = report.table("layers")
if curve:
    teacher_validation = scores(read(teacher, "validation")[1], "validation")[1].mean()
    figure, axes = plt.subplots()
    for (arm, points), marker in zip(curve.items(), "os"):
        colour = plots.COLOURS["control" if arm == "control" else "student"]
        axes.plot(*zip(*points), marker=marker, color=colour, label=arm)
    axes.axhline(
        teacher_validation, linestyle="--", color=plots.COLOURS["teacher"], label="teacher"
    )
    axes.set(
        title="What layers are worth",
        xlabel="layers of the student",
        ylabel="validation F1",
        xticks=[layers for layers, _ in curve["control"]],
    )
    axes.legend()
    plots.show(
        figure,
        alt="Validation F1 by layers. "
        + "; ".join(
            f"{arm}: " + ", ".join(f"{layers} layers {f1:.3f}" for layers, f1 in points)
            for arm, points in curve.items()
        )
        + f"; the teacher {teacher_validation:.3f}.",
    )

# %% [markdown]
# In this curve the gap shrinks as layers are added, as in TextBrewer's (section 11). It is a hint and no more: one seed a point, and rates that were chosen for the student of this lesson.
#
# Was every arm given its chance? Each arm's learning rate was chosen from the same few, by the F1 of validation questions, with one seed. The test questions had no say in it. α = 0.5 and T = 2 were fixed beforehand. (So it was at `offline` scale; at the others, the log shows what the given rates are worth.)

# %%
if setting.run.maps:
    grid = {
        arm: [
            [rate, validation_f1(arm, replace(setting.recipes[arm], learning_rate=rate))]
            for rate in setting.learning_rates
        ]
        for arm in arms
    }
    report.add_table("grid", grid)
for arm, entries in (report.table("grid") or {}).items():
    tried = "   ".join(f"{rate:g}: {f1:.3f}" for rate, f1 in entries)
    print(f"{arm:<22}learning rate: validation F1   {tried}")

# %% [markdown]
# And α and T, with the distilled arm's learning rate and steps. The map was made afterwards; nothing was chosen by it.

# %%
alphas, temperatures = (0.0, 0.5, 1.0), (1.0, 2.0, 4.0)
if setting.run.maps:
    cells = {}
    for alpha in alphas:
        for t in temperatures if alpha else temperatures[:1]:
            recipe = replace(setting.recipes["distilled"], alpha=alpha, temperature=t)
            cells[alpha, t] = validation_f1("distilled", recipe)
    table = [[cells[alpha, t if alpha else 1.0] for t in temperatures] for alpha in alphas]
    report.add_table("alpha by temperature", table)
map_ = report.table("alpha by temperature")
if map_:
    grid = np.array(map_)
    figure, axes = plt.subplots(figsize=(5.2, 3.6))
    image = axes.imshow(grid, cmap=plots.SEQUENTIAL, aspect="auto")
    for i, line in enumerate(grid):
        for j, value in enumerate(line):
            colour = "white" if value < grid.mean() else "black"
            axes.text(j, i, f"{value:.3f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(temperatures)), [f"{t:g}" for t in temperatures])
    axes.set_yticks(range(len(alphas)), [f"{alpha:g}" for alpha in alphas])
    axes.set(title="How much teacher, how soft", xlabel="temperature T", ylabel="α")
    axes.grid(False)
    figure.colorbar(image, label="validation F1")
    plots.show(
        figure,
        alt="Map of validation F1 by α and T. "
        + " ".join(
            f"α = {alpha:g}: " + ", ".join(f"{v:.3f} at T = {t:g}" for t, v in zip(temperatures, line)) + "."
            for alpha, line in zip(alphas, grid)
        ),
    )

# %% [markdown]
# One seed a cell, so small differences say nothing. At α = 0 the temperature has no meaning: it is the labels' loss alone. But look at the row α = 1: T = 2, which was fixed beforehand, is not its best cell at `offline`. So the table of section 6 does not rank *soft only* against *distilled*: another T might turn them round.
#
# ## 9 · Answers that are nearly right
#
# F1 between 0 and 1 is an answer that shares *words* with a right one; *nearly right* is what we call it. Most overlap it, but a share of words need not be the same place: "EUR 34.2 million" for "EUR 84.6 million" has an F1 of 0.67. What does distilling change: the wrong answers, or the nearly right ones? At `offline` scale one can also ask whether a nearly right answer is an error at all. The three annotators of a test question are drawn from many; an answer that none of the three gave may still be one that others give (*acceptable*, the share of the nearly right).


# %%
def acceptable(row, answer):
    """Whether some annotators mark just this span."""
    return (answer.start, answer.end) in {(span["start"], span["end"]) for span in row["spans"]}


outcomes = ("exact", "nearly right", "wrong") + ("acceptable",) * generated
print(f"{'':<24}" + "".join(f"{name:>14}" for name in outcomes))
for key in [("teacher", None), *((arm, s) for arm in arms for s in setting.run.seeds)]:
    em, f1 = (teacher_em, teacher_f1) if key[0] == "teacher" else results[key]
    answers = teacher_found if key[0] == "teacher" else found[key][1]
    nearly = (em == 0) & (f1 > 0)
    shares = {"exact": em.mean(), "nearly right": nearly.mean(), "wrong": (f1 == 0).mean()}
    if generated:
        at = np.flatnonzero(nearly)
        shares["acceptable"] = np.mean(
            [acceptable(data["test"][int(i)], answers[i][0]) for i in at]
        ) if len(at) else 0.0
    for name in outcomes[1:]:
        report.add(f"{key[0]}/share {name}", shares[name], seed=key[1])
    if key[1] in (None, seed):
        print(f"{key[0]:<24}" + "".join(f"{value:>14.1%}" for value in shares.values()))

# %% [markdown]
# In the reference run {{ledger:08/offline/control/share nearly right|percent}} of the control's answers are nearly right and {{ledger:08/offline/control/share wrong|percent}} wrong; of the distilled student's, {{ledger:08/offline/distilled/share nearly right|percent}} and {{ledger:08/offline/distilled/share wrong|percent}}. So most of what distilling changed here is the edges of answers. And most of the nearly right answers are ones that other annotators give: {{ledger:08/offline/control/share acceptable|percent}} of the control's, {{ledger:08/offline/distilled/share acceptable|percent}} of the distilled student's.

# %%
_, student_found = found["distilled", seed]
texts = {"teacher": spans.texts(teacher_found), "student": spans.texts(student_found)}
worst = np.argsort(results["distilled", seed][1] - teacher_f1, kind="stable")[:5]
for i in map(int, worst):
    print(data["test"][i]["question"])
    print(f"    annotators {sets['test']['answers'][i]}")
    print(f"    teacher {texts['teacher'][i]!r}, student {texts['student'][i]!r}")
    if texts["student"][i]:
        at = student_found[i][0].start
        around = sets["test"]["contexts"][i][max(0, at - 60) : at + 60]
        print(f"    … {around} …")

# %% [markdown]
# Read them one by one. Is the wrong answer at least of the right type, a date for *when*? Then the student has learnt what is asked, and not *of whom*: it found a distractor.
#
# ### Names and wordings that nobody has trained on
#
# At `offline` scale there are two harder tests: passages whose people, companies and cities have new names, and questions in other words than the passage's, about longer passages.

# %%
if generated:
    sizes = {"train": 0, "validation": 0, "test": (limit or 500) // 5 + 1, "test_new_names": 0}
    harder = reading.load(seed=1, sizes=sizes)
    data["test_other_words"] = harder["test"]
    sets["test_other_words"] = prepared("test_other_words")
    for split in ("test_new_names", "test_other_words"):
        asked = {("teacher", None): teacher}
        asked |= {key: students[key] for key in students if key[0] in ("control", "distilled")}
        for (name, s), model in asked.items():
            f1 = scores(read(model, split)[1], split)[F1].mean()
            report.add(f"{name}/F1, {split}", f1, seed=s)
        print(experiments.comparison_table(report, list(names), f"F1, {split}"), "\n")

# %% [markdown]
# On other words, in longer passages, all three do badly: the teacher has {{ledger:08/offline/teacher/F1, test_other_words}}, the control {{ledger:08/offline/control/F1, test_other_words|interval}}, the distilled student {{ledger:08/offline/distilled/F1, test_other_words|interval}}. As words and lengths change together, this does not say which of the two is hard. On new names look at the order. The teacher's F1 is {{ledger:08/offline/teacher/F1, test_new_names}}, the control's {{ledger:08/offline/control/F1, test_new_names|interval}}, the distilled student's {{ledger:08/offline/distilled/F1, test_new_names|interval}}: a student need not inherit its teacher's weakness, and fewer layers can be less tied to the names they have seen. Why it is so, this run cannot say.
#
# ## 10 · Ask it yourself
#
# Put in your own passage and questions. The second question is one that the passage does not answer: the models mark something all the same. They were never shown that there may be no answer. The number in brackets is the sum of the two logits, which is no probability. At `offline` scale the models know the words of this lesson's news and hardly any others.

# %%
your_passage = (
    "Corvinex has opened a new factory in Ghent. Trade minister Hanna Heikkinen opened the new "
    "factory on 6 July. Askarhav is building a factory in Poznan, which will cost 35 million euros."
)
your_questions = ["Who opened the new factory?", "Who closed the old bakery?"]


def ask(question, passage):
    """Every model's three best answers, each with the sum of its two logits."""
    columns = spans.windows(
        tokenizer,
        [question],
        [passage],
        length=setting.length,
        stride=setting.stride,
        mark_shared=marks,
    )
    print(question)
    for name, model in names.items():
        logits = predict_spans(model.cpu(), spans.rows(columns), tokenizer)
        (best,) = spans.best_answers(columns, [passage], *logits, n=3)
        answers = "   ".join(f"{answer.text} ({answer.score:.1f})" for answer in best)
        print(f"    {name:<12}{answers}")


for question in your_questions:
    ask(question, your_passage)

# %% [markdown]
# ## 11 · What it costs to run
#
# The time of one batch: its median (p50) and its slow tail (p95). Timings depend on the machine and on what else it does; the ratio between teacher and student is steadier, but it too depends on the batch and on the machine.

# %%
batch = spans.collate(sets["test"]["rows"][:32], tokenizer)
batch = {name: batch[name] for name in spans.MODEL_INPUTS if name in batch}
print(f"{'':<10}{'MB':>6}{'batch':>7}{'p50 ms':>9}{'p95 ms':>9}{'windows a second':>18}")
for name in ("teacher", "distilled"):
    model = names[name].eval().cpu()
    for inputs in (model_input, batch):
        size = len(inputs["input_ids"])
        with torch.inference_mode():
            times = cost.latency(lambda: model(**inputs), repeats=60 if size == 1 else 10)
        report.add(f"{name}/ms at batch {size}", times["p50"], kind="timing")
        print(
            f"{name:<10}{cost.size_in_bytes(model) / 1e6:>6.1f}{size:>7}{times['p50']:>9.2f}{times['p95']:>9.2f}"
            f"{1000 * size / times['p50']:>18.0f}"
        )
for size in (1, len(batch["input_ids"])):
    slow, fast = (report.values(f"{name}/ms at batch {size}")[0] for name in ("teacher", "distilled"))
    print(f"batches of {size}: the student is {slow / fast:.1f} times as fast")

# %% [markdown]
# ### Published figures to set beside ours
#
# On SQuAD 1.1's development set, EM / F1 in percent, as their authors report them. (Ours is another, much easier task: compare how much of the teacher is kept, and what the teacher's loss adds.)
#
# | model | EM / F1 |
# |---|---|
# | BERT-base, teacher (Sanh et al., 2019) | 81.2 / 88.5 |
# | DistilBERT, six layers, distilled in pretraining | 77.7 / 85.8 |
# | DistilBERT, distilled again on SQuAD | 79.1 / 86.9 |
# | BERT-base, cased, teacher (TextBrewer: Yang et al., 2020) | 81.5 / 88.6 |
# | T6, six layers, distilled; without a teacher | 80.8 / 88.1; 75.0 / 83.3 |
# | T3, three layers, distilled; without a teacher | 76.4 / 84.9; 63.0 / 74.3 |
# | ours, `offline`, four layers: the teacher | {{ledger:08/offline/teacher/exact match|percent}} / {{ledger:08/offline/teacher/F1|percent}} |
# | ours, two layers, distilled; without its loss | {{ledger:08/offline/distilled/exact match|percent}} / {{ledger:08/offline/distilled/F1|percent}}; {{ledger:08/offline/control/exact match|percent}} / {{ledger:08/offline/control/F1|percent}} |
#
# TextBrewer's students also learn from the teacher's hidden layers (lesson 09); the figures without a teacher stand in the project's documentation, under its experiments' results. In this pair of students the teacher is worth more to the smaller one.
#
# ### From answers that are marked to answers that are written
#
# A model like T5 writes its answer word by word. Then there is no window of tokens to choose from but a vocabulary, at every step; the mask is that of the padding; "not in the passage" is a thing it can say, and something the passage never said is too. The distillation loss becomes that of translation, per token or per sequence. Lesson 14 goes on from here.
#
# ## What you can now do
#
# - Cut passages into windows, map characters to tokens and back, and leave out what a window cuts off.
# - Mask a softmax so that no NaN comes out of it, and find the slips in a span loss.
# - Distil a reader with its control beside it, and say how sure you are of the gain.
# - Decode the best spans and score them; read errors by kind and one by one.
#
# ## Where this goes wrong in practice
#
# - **Answers that a window cuts off are clamped** to its edge, and the model learns to point at [SEP].
# - **-inf in a mask.** It works for months, until a window has nothing allowed, or until KL multiplies it by zero. In float16, -1e30 is -inf too.
# - **Windows compared by probability.** A window without the answer is sure of its best guess. Sums of logits are better, but a loss within each window does not train their level.
# - **Stride of another meaning.** In BERT's own code `doc_stride` is the step from window to window, in the tokenizers library `stride` is what two windows share.
# - **Padding and question in one model's softmax and not in the other's**: the KL then measures the mask.
# - **Metrics of another version.** Two empty answers have F1 1 in SQuAD 2.0's script; in 1.1's they have F1 0, but exact match 1.
# - **Test questions that share passages with training ones**, and intervals that take the questions of one passage for independent.
#
# ## Further reading
#
# - P. Rajpurkar, J. Zhang, K. Lopyrev, P. Liang: *SQuAD: 100,000+ questions for machine comprehension of text*. EMNLP 2016. The task, the two measures, and how well people do.
# - J. Devlin, M.-W. Chang, K. Lee, K. Toutanova: *BERT: pre-training of deep bidirectional transformers for language understanding*. NAACL 2019. Section 4.2: start and end as two softmaxes.
# - D. Chen, A. Fisch, J. Weston, A. Bordes: *Reading Wikipedia to answer open-domain questions*. ACL 2017. The exact-match feature, section 3.2.
# - C. Clark, M. Gardner: *Simple and effective multi-paragraph reading comprehension*. ACL 2018. Why windows' scores are not comparable, and what makes them so.
# - V. Sanh, L. Debut, J. Chaumond, T. Wolf: *DistilBERT, a distilled version of BERT: smaller, faster, cheaper and lighter*. arXiv:1910.01108, 2019. Every other layer copied; the second distillation on SQuAD.
# - Z. Yang, Y. Cui, Z. Chen, W. Che, T. Liu, S. Wang, G. Hu: *TextBrewer: an open-source knowledge distillation toolkit for natural language processing*. ACL 2020, demonstrations. Students of three and six layers.
# - J. Su, Y. Lu, S. Pan, A. Murtadha, B. Wen, Y. Liu: *RoFormer: enhanced transformer with rotary position embedding*. arXiv:2104.09864, 2021. The architecture of this lesson's offline models.
