# %% [markdown]
# # 08 · Where does the answer stand?
#
# A passage, a question, and the answer somewhere in the passage: the model marks where it starts and where it ends. In this lesson you distil such a reader. The loss is the one you know, twice; what is new is everything it must *not* see: the question, the padding, the answer that a window does not hold.
#
# **You will be able to**
# - cut passages into windows and keep track of which token is which stretch of text;
# - mask a softmax so that it never says NaN, and find the slips that make it do so;
# - distil where answers start and end, with the control beside it and an interval around the gain;
# - label a window that holds no answer, and choose between windows, in ways that have been measured;
# - read the best answers off two rows of logits, and score them with exact match and F1;
# - see what a student has lost: by kind of question, by layers, answer by answer.
#
# **You need** lessons [03](03_distillation_losses.ipynb) (the distillation loss) and [06](06_text_classification.ipynb) (arms, seeds, intervals).
#
# **Minutes** 110, of which the computer needs about two.
#
# **When an exercise resists**, `hint("08.1")` asks a question first, then gives a direction, and last says where the answer stands in the [worked edition](../solutions/08_question_answering.ipynb).
#
# **What runs** at `offline`: short generated news with questions, a teacher of four layers that ships with the course, students of half its layers, no network. At `small`: questions of [SQuAD](https://arxiv.org/abs/1606.05250); as teacher [all-MiniLM-L6-v2](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2), a [MiniLM](https://arxiv.org/abs/2002.10957) that was tuned further to tell how alike two sentences are. At `full`: the whole of SQuAD, BERT-base and students of six and three layers, on a GPU.

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
from kd_course.exercises import check, hint, show_progress

plots.style()
transformers.logging.set_verbosity_error()
setting = settings.for_lesson("08")
print(setting)

# %% [markdown]
# A student may learn from *labelled* questions with answers, and is tried on *tested* others. A window holds *length* tokens; two neighbouring windows share *stride* of them. A student starts from layers copied out of another model: *student* says which ones, counted from 0 (a single number says how many, spread evenly), and *copied_from* says out of which model, the trained teacher or what it was before training. *test_seed* drew the test passages, which the reference run was the first to read. *layers* lists the students on section 9's curve. *short_length* and *short_stride* are those of section 7's windows.
#
# ## 1 · The task and its data


# %%
def first_rows(rows, number, seed=0):
    """At most `number` rows, drawn with the seed; all for None."""
    if number is None or number >= len(rows):
        return rows
    return rows.shuffle(seed=seed).select(range(number))


generated = setting.dataset == "reading"
data = (
    reading.load(seed=1, level="plain", test_seed=setting.test_seed)
    if generated
    else hub.load_questions(setting.dataset)
)
limit = setting.run.limit
data["train"] = first_rows(
    data["train"], min(filter(None, [setting.labelled, limit]), default=None)
)
data["test"] = first_rows(data["test"], min(filter(None, [setting.tested, limit]), default=None))
data["validation"] = first_rows(data["validation"], limit or 500)
if generated:
    data["test_new_names"] = first_rows(data["test_new_names"], limit or 500)
kinds_there = (
    reading.KINDS if generated else ("who", "when", "where", "what", "which", "how", "why")
)


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
# The answer is a *span*: a stretch of the passage, from one character to another. Asked who opened the factory, one annotator marks "Hanna Heikkinen", another "Trade minister Hanna Heikkinen". Both are right. At `offline` scale the passages are generated, so we know how many annotators mark which span: the column `spans`.
#
# At that scale the corpus is at its easier level: questions use the passage's own words. Section 10 tries the models on other words, in longer passages, which they were not trained on.

# %% tags=["hide-input"]
if generated:
    for row in [r for r in data["train"] if len(r["spans"]) > 2][:3]:
        print(row["question"])
        for span in row["spans"]:
            text = row["context"][span["start"] : span["end"]]
            print(f"    {span['probability']:5.0%}  {text}")

# %% tags=["hide-input"]
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

# %% tags=["hide-input"]
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
# The light blue tokens are the question's and the special ones: they map to nothing, `(0, 0)`. The answer's characters are put onto tokens by these offsets; where a window does not hold the answer, `spans.to_tokens` says (-100, -100). What if the window holds only half of it? It would be easy to go on with what is left, and clamp the answer to the window's edge. A label of -100 says what is true: there is no answer *here* (section 7 measures both).
#
# ### Exercise 08.1 · From characters to tokens
# {{exercise:08.1}}
#
# Return the first and the last token (both included) that share a character with characters start … end (end exclusive). A token may be wider than the answer. Where the window does not reach as far as the answer does, on either side, or does not have it at all, return `(-100, -100)`. So too where no token shares a character with it: it is empty, or a blank between two words. (Any other answer begins and ends with a letter or sign, not with a blank.) A window may be without any token of the passage.


# %% exercise="08.1"
def answer_tokens(offsets, start, end):
    """The tokens of characters start … end (exclusive): (first, last), or (-100, -100).

    offsets: a list of (start, end) per token, (0, 0) where it is no passage token.
    """
    ### BEGIN SOLUTION
    inside = [i for i, (s, e) in enumerate(offsets) if max(s, start) < min(e, end)]
    if not inside or offsets[inside[0]][0] > start or offsets[inside[-1]][1] < end:
        return -100, -100
    return inside[0], inside[-1]
    ### END SOLUTION


# %% check="08.1"
check("08.1", answer_tokens)

# %% [markdown]
# There is another convention for "not here". [SQuAD 2.0](https://arxiv.org/abs/1806.03822) has questions that the passage does not answer, and BERT's reader lets [CLS] stand for *no answer* there ([Devlin et al., 2019](https://arxiv.org/abs/1810.04805), section 4.3): what has no answer gets the label 0, the mask allows [CLS] as well, and a span is given only where its score beats that of [CLS] by a threshold chosen on validation. In this lesson every question has an answer, but not every window, so section 7 tries this convention, too (`spans.windows(…, no_answer=True)`).
#
# `spans.labels` does what you wrote, for every window. By hand, in a window that ends after "opened": two answers that it holds, and one that it cuts off.

# %% tags=["nbval-check-output"]
words = ["[CLS]", "where", "?", "[SEP]", "The", "factory", "in", "Ghent", "opened", "[SEP]"]
offsets = [(0, 0)] * 4 + [(0, 3), (4, 11), (12, 14), (15, 20), (21, 27), (0, 0)]
for text, (s, e) in {"Ghent": (15, 20), "in Ghent": (12, 20), "opened in May": (21, 34)}.items():
    first, last = spans.to_tokens(offsets, s, e)
    print(
        f"{text:<14} tokens {first} to {last}   {words[first : last + 1] if first >= 0 else 'not here'}"
    )


# %% [markdown]
# Now all the questions. The function below makes windows and labels of a split, once. At `offline` scale each window also says which passage words the question has too (equal words, or with the same first five letters), much as the reader of [Chen et al. (2017)](https://arxiv.org/abs/1704.00051) was told: a small model need not learn from examples that two equal words are equal. It travels in `token_type_ids`.


# %%
def prepared(
    split, *, length=setting.length, stride=setting.stride, no_answer=False, label=spans.labels
):
    """A split's windows, with labels, beside what is needed to read answers off them."""
    contexts, answers = data[split]["context"][:], data[split]["answers"][:]
    columns = spans.windows(
        tokenizer,
        data[split]["question"][:],
        contexts,
        length=length,
        stride=stride,
        no_answer=no_answer,
        mark_shared=marks,
    )
    columns |= label(columns, contexts, answers)
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
# At `offline` scale none of these windows is without its answer. So in the experiment of section 6 nothing of windows is at stake; section 7 cuts the same passages into short ones.
#
# ## 3 · From logits to an answer
#
# ### The teacher
#
# At `offline` scale the teacher ships with the course (`KD_RETRAIN=1` trains it again, in front of you). It learnt from questions about other passages. It is a RoFormer: a BERT whose attention sees how far apart two words are, not where each stands ([Su et al., 2021](https://arxiv.org/abs/2104.09864)). At the other scales a pretrained model is trained here on the same questions as its students.


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
    recipe = notes["recipe"]
    for level, passages, steps in recipe["stages"]:
        print(
            f"trained for {steps:,} steps on questions about {passages:,} passages, level {level}"
        )
    print(f"batches of {recipe['batch_size']}, learning rate {recipe['learning_rate']:g}")
teacher = teacher.eval().cpu()

figure, axes = plt.subplots()
axes.plot(*zip(*curve), "o-", color=plots.COLOURS["teacher"])
axes.set(title="How the teacher learnt to read", xlabel="optimiser steps", ylim=(0, None))
axes.set(ylabel=f"loss on {loss_of} (nats)")
plots.show(
    figure,
    alt=f"The teacher's loss on {loss_of}: "
    + ", ".join(
        f"{loss:.2f} nats after {step} steps" for step, loss in curve[:: max(1, len(curve) // 5)]
    )
    + ".",
)

# %% [markdown]
# ### Two logits a token
#
# The model gives every token two logits: how well an answer could start here, and how well it could end here. The score of a span is the sum of the two. Seen as a map of start × end, the best answer is its brightest allowed cell. Drawn below are log-probabilities, around the best answer: within a window they rank spans as the sums of logits do.


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


# %% tags=["hide-input"]
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
# A pair's score is the sum of the start logit at its first token and the end logit at its last. Return the n best pairs (first, last), best first: both where `mask` is true, first ≤ last, at most `longest` tokens. What lies between the two counts as tokens, whatever `mask` says of it. Fewer where there are fewer. (No two pairs have the same score.)


# %% exercise="08.2"
def best_spans(start_logits, end_logits, mask, n, longest):
    """The n best spans of a window, as a list of (first, last), both included: whole numbers.

    start_logits, end_logits: (length,), of any sign; mask: (length,), true where an answer may
    start or end; longest: how many tokens a span may have, its first and last one counted.
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
# A long passage has several windows, each with its own best span, and one of these must be chosen. One rule takes the span with the largest p(start) · p(end), each from the softmax of its own window. Another takes the span with the largest sum of logits. Here are two windows of one passage, of three tokens each to keep it short. The answer stands in window 1; nothing in window 2 fits.
#
# | | start logits | end logits |
# |---|---|---|
# | window 1 | 6, 5, 0 | 0, 5, 6 |
# | window 2 | −6, 1, −6 | −6, 1, −6 |
#
# Compute what each rule chooses. Then add 8 to all six logits of window 2 and compute it again: no loss within a window notices that. (Section 7 measures both rules.)
#
# ### Exercise 08.3 · Which window has the answer?
# {{exercise:08.3}}
#
# Which sentence is true?
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
# SQuAD's two measures compare texts after the same tidying: lower case, no punctuation, no articles (a, an, the), single spaces. *Exact match* (EM) is 1 where the prediction then equals one of the annotators' answers. *F1* also rewards what is nearly right. Precision is the share of the predicted words that are right, recall the share of the right words that were predicted, and F1 is their harmonic mean: near the lower of the two. Of several answers the best counts.
#
# ### Exercise 08.4 · How nearly right an answer is
# {{exercise:08.4}}
#
# `predicted` and `wanted` are lists of words, tidied already; their order does not matter. A word is right as often as it stands in both. Nothing in common is 0, an empty prediction too.


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
# People do not agree with one another, so nobody, human or model, agrees with all of them. The line *one annotator* is a person's score (with two answers to meet, where models have three). It is no ceiling. The last line always gives the answer that most people mark: for exact match nobody can expect more. It beats a single person, who is sometimes the odd one out and has one answer less to meet.
#
# ## 5 · What the loss must not see
#
# Start and end are two classifications over the tokens of the window, but not over *all* of them: no answer starts in the question, and none in the padding. One way to exclude them is a logit of minus infinity. Watch what that does to KL(teacher ‖ student).

# %% tags=["nbval-check-output"]
mask = torch.tensor([False, True, True, False])
logits_s = torch.tensor([0.1, 1.0, 0.2, 0.3]).masked_fill(~mask, -torch.inf)
logits_t = torch.tensor([0.5, 2.0, 0.1, 0.0]).masked_fill(~mask, -torch.inf)
log_p, log_q = logits_t.log_softmax(-1), logits_s.log_softmax(-1)
print("p (log p - log q):", (log_p.exp() * (log_p - log_q)).tolist()[0], "at a masked position")
print("a window with nothing allowed:", torch.full((3,), -torch.inf).softmax(-1).tolist())

# %% [markdown]
# At a masked position the term is 0 · (-∞ - (-∞)), and that is not 0 but NaN, *not a number*. One NaN makes the sum NaN, then the gradient, then, after one step, every weight. In a window with nothing allowed the softmax itself is NaN: 0/0.
#
# Can one mend that afterwards, and write 0 wherever NaN came out? Below, -∞ is *added* where nothing is allowed, as many models add a mask to their attention scores, and every NaN of the softmax is replaced by 0.

# %% tags=["nbval-check-output"]
nothing = torch.tensor([False, False, False])
x = torch.tensor([0.1, 1.0, 0.2], requires_grad=True)
p = (x + nothing.float().log()).softmax(-1).nan_to_num(0.0)
p[0].backward()
print("probabilities", p.tolist())
print("gradient     ", x.grad.tolist())

# %% [markdown]
# The probabilities look right, and the gradient is NaN. It is the gradient that reaches the weights.
#
# ### Exercise 08.5 · A softmax that knows where no answer can be
# {{exercise:08.5}}
#
# Probabilities over the last dimension that sum to one over the positions where `mask` is true and are 0 elsewhere, whatever the logits are there: huge, infinite or NaN. A window without any allowed position gets zeros. Gradients flow back to the logits, and are finite, in all of these cases. Allowed logits are finite numbers of any size.


# %% exercise="08.5"
def masked_softmax(logits, mask):
    """Probabilities over the allowed positions of each window; zeros where none is allowed.

    logits: (batch, length); mask: (batch, length), booleans. Returns (batch, length).
    """
    ### BEGIN SOLUTION
    lowest = torch.finfo(logits.dtype).min
    return torch.where(mask, logits, lowest).softmax(-1) * mask
    ### END SOLUTION


# %% check="08.5"
check("08.5", masked_softmax)

# %% [markdown]
# There are several right ways, and what they have in common is that they *exchange* the masked logits instead of adding to them. `masked_fill` and `torch.where` hand no gradient back to what they took away; an addition hands back whatever it gets, NaN too.

# %% tags=["nbval-check-output"]
ways = {
    "x + mask.log()": lambda x: x + nothing.float().log(),
    "x.masked_fill(~mask, -inf)": lambda x: x.masked_fill(~nothing, -torch.inf),
    "torch.where(mask, x, lowest)": lambda x: torch.where(nothing, x, torch.finfo(x.dtype).min),
}
for way, exclude in ways.items():
    x = torch.tensor([0.1, 1.0, 0.2], requires_grad=True)
    p = exclude(x).softmax(-1).nan_to_num(0.0)
    p[0].backward()
    print(f"{way:<30}gradient {x.grad.tolist()}")

# %% [markdown]
# Put a finite number there whose exp is exactly 0, and only one case is left to mend: the window with nothing allowed, in which all logits are then equal. Think of what comes next before you choose one: in the loss below logits are divided by T, which may be below 1, and in float16 every number beyond 65,504 is infinite. Compute losses in float32.
#
# Now the loss. For one end, with p the teacher's and q the student's distribution over the allowed tokens, both softened by T:
#
# L_end = α · T² · mean over windows of Σ p (log p - log q) + (1 - α) · mean over *labelled* windows of -log q₁(label)
#
# where q₁ is the student at T = 1, over the allowed tokens too. The span's loss is the mean of start and end. A window without the answer has no hard part. It still has a soft one: the teacher has an opinion of it.
#
# ### Exercise 08.6 · The loss of a start and an end
# {{exercise:08.6}}
#
# Write that loss. A window that is wholly masked counts as nothing: neither sum nor divisor knows of it, not even where it bears a label. A part with no window to count is 0. T may be below 1. Gradients flow to the student and are finite; whether they flow to the teacher does not matter here. A window has both labels or neither, and unless it is wholly masked they stand where `mask` is true.


# %% exercise="08.6"
def span_loss(
    student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha
):
    """The distillation loss of a batch of windows: a scalar, in nats.

    student_*, teacher_*: (batch, length), logits; starts, ends: (batch,), -100 where there is no
    answer; mask: (batch, length), true where an answer may start or end.
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
# Here is a loss of the labels alone. It has three slips:
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
# Mend it, until it gives what your `span_loss` gives at α = 0, for every batch, with the same gradients. Where nothing is left to count, the loss is 0 (a plain `0.0` will do). Labels stand only where `mask` is true.


# %% exercise="08.7"
def labels_loss(start_logits, end_logits, starts, ends, mask):
    """The labels' loss of a batch of windows: a scalar, in nats.

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
# The clamp is no invention. The loss inside the [transformers](https://huggingface.co/docs/transformers) library's own question-answering models, [BertForQuestionAnswering](https://github.com/huggingface/transformers/blob/main/src/transformers/models/bert/modeling_bert.py) among them, clamps, too: a position behind the window goes to an index that is ignored, but -100 goes to 0, which is [CLS], and is learnt. So whoever hands those models -100 for "not here" trains them to point at [CLS]. This course computes the loss outside the model.
#
# ## 6 · The experiment
#
# Every student, the control included, starts from layers copied out of another model, as [DistilBERT](https://arxiv.org/abs/1910.01108) did. The setting `copied_from` names that model. At `full` it is the pretrained one, before it became the teacher, and the head that marks answers is new. At the other scales it is the *trained* teacher, embeddings and head included.
#
# So at those scales the control has no teacher in its loss, but it has the teacher in its weights ([lesson 05](05_training_loop.ipynb)). Mind that when you read how much of the teacher it keeps. Between the control and the two distilled arms only the loss differs, and the learning rate that was chosen for it. *From random weights* has the loss of *distilled*; its start and its chosen learning rate differ.
#
# All take the same number of steps; section 9 shows how each arm's learning rate was chosen.
#
# | arm | learns from |
# |---|---|
# | control | the annotators' answers (hard, α = 0) |
# | distilled | the answers, and the teacher's start and end distributions (combined) |
# | distilled, soft only | the teacher's distributions alone (soft, α = 1): its loss holds no answer |
# | from random weights | as distilled (at `offline` only) |


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
    if arm != "teacher" and not arm.startswith("short windows")
}
report = experiments.Report(
    "08",
    setting.run.scale,
    data=experiments.fingerprint(data["test"]["question"]),
    test_seed=setting.test_seed,
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
        results[arm, seed] = scores(found[arm, seed][1])

# %% [markdown]
# Each figure is noted with its interval over seeds and test questions. The questions of one passage are hard or easy together, so a passage counts as one row.

# %%
_, passage = np.unique(data["test"]["context"], return_inverse=True)
EM, F1 = 0, 1
seeds = setting.run.seeds


def every_seed(arm, score):
    """(seeds, questions): EM or F1 of every test question, one row a seed."""
    return np.stack([results[arm, seed][score] for seed in seeds])


def note(name, treatment, control=0.0, clusters=passage):
    """A mean over seeds and rows, noted in the report with its joint interval."""
    return report.add_rows(name, treatment, control, seeds=seeds, clusters=clusters)


for arm in arms:
    note(f"{arm}/exact match", every_seed(arm, EM))
    note(f"{arm}/F1", every_seed(arm, F1))
    note(f"{arm}/retention", every_seed(arm, F1) / max(teacher_f1.mean(), 1e-9))

# %% tags=["hide-input"]
for figure_name in ("F1", "exact match"):
    print(experiments.comparison_table(report, ["teacher", *arms], figure_name), "\n")
print(experiments.comparison_table(report, list(arms), "retention"))

# %% [markdown]
# *Retention* is the student's F1 divided by its teacher's, which is taken as it stands: no interval here covers the teacher's own F1. Is the gain over the control more than luck?


# %%
for name, score, figure_name in (
    ("F1", F1, "gain over control"),
    ("exact match", EM, "gain in exact match"),
):
    for arm in (arm for arm in arms if arm != "control"):
        gain = note(f"{arm}/{figure_name}", every_seed(arm, score), every_seed("control", score))
        verdict = experiments.verdict(gain, seeds=len(seeds))
        print(f"{arm:<22} minus control, {name}: {gain}   {verdict}")

# %% [markdown]
# Here is your run as a ring among the intervals of the reference run.

# %% tags=["hide-input"]
experiments.plot_comparison(
    report, ["teacher", *arms], "F1", title="Who learns to read, from what", unit="test F1"
)

# %% [markdown]
# A mean can hide a seed that failed. So here is every seed of the reference run as a dot (of your run, where the ledger has none for these data).

# %% tags=["hide-input"]
reference = experiments.ledger().find("08", setting.run.scale, data=report.data)
noted = reference["figures"] if reference else report.figures
figure, axes = plt.subplots(figsize=(7.2, 0.9 + 0.45 * len(arms)))
dots = {arm: list(noted[f"{arm}/F1"]["values"].values()) for arm in arms}
for row, (arm, values) in enumerate(dots.items()):
    axes.plot(values, [row] * len(values), "o", alpha=0.7, color=plots.role_colour(arm))
axes.set_yticks(range(len(dots)), list(dots))
axes.invert_yaxis()
axes.set(title="Every seed by itself", xlabel="test F1")
plots.show(
    figure,
    alt="Test F1 of every seed, one row an arm. "
    + "; ".join(f"{arm}: " + ", ".join(f"{v:.3f}" for v in values) for arm, values in dots.items())
    + ".",
)

# %% tags=["hide-input"]
print(f"F1\n{experiments.reference_table('08', 'F1')}")
for figure_name in ("gain over control", "gain in exact match"):
    print(f"\n{figure_name}\n{experiments.reference_table('08', figure_name)}")

# %% [markdown]
# What was expected of the main comparisons, written down before the reference run read its test questions, stands here beside what came out.

# %% tags=["hide-input"]
print(experiments.expectation_table(report))

# %% [markdown]
# **Distilling helps a little.** In the reference run at `offline` scale, the student that learns from answers and teacher gains {{ledger:08/offline/distilled/gain over control|interval}} in F1 over the control. With the teacher's distributions alone, without any answer in the loss, the gain is {{ledger:08/offline/distilled, soft only/gain over control|interval}}.
#
# A student with half of its teacher's layers keeps {{ledger:08/offline/distilled/retention|percent}} of its F1. That by itself would be no praise of distilling: the control, which starts from the same layers, keeps {{ledger:08/offline/control/retention|percent}}.
#
# **From random weights the teacher's answers do not make up for the copied layers**, in F1 at least. That student has the teacher in its loss and not in its weights, the control the other way round; its F1 less the control's is {{ledger:08/offline/from random weights/gain over control|interval}}. In exact match the sign is open: {{ledger:08/offline/from random weights/gain in exact match|interval}}. Its seeds lie far apart, as the dots show: the best comes close to the control, the worst does not. With *distilled*, which has the same loss, its intervals in the table do not meet.
#
# **Count the labels.** The teacher learnt from some 16,000 labelled questions of its own (500 batches of 32), the students from 3,000 others. What the teacher passes on is also what those taught it, and this experiment does not tell the two apart. No seed changes the questions or the teacher: the first three arms' seeds change the order of the questions, the last arm's also its weights. So these intervals say nothing of another teacher, or of other labelled questions.
#
# **On SQuAD** (`small`) the gain in F1 is {{ledger:08/small/distilled/gain over control|interval}} over three seeds; this interval, unlike those above, covers no other questions. The test questions were read once, by the history of the file. The teacher's distributions alone are not seen to gain less there. No log of tuning was kept, so any arm's figure may be too low. Data, teacher and students are others than at `offline`, so the gains of the two scales do not compare.
#
# There the student keeps {{ledger:08/small/distilled/retention|percent}} of its teacher's F1, the control {{ledger:08/small/control/retention|percent}}. With half the layers *and* half the steps, this run does not tell which of the two costs the student its F1.
#
# <details><summary><b>Going deeper:</b> which rows of SQuAD these were, how often they were read, and what the teacher had read</summary>
#
# The reference run at `small` had a copy with 2,000 questions on 14 articles to learn from, and 560 on other articles to test on; the setting asks for 1,000, so all 560 were asked. The hub's SQuAD gives other rows, for which the ledger has no reference. These 560 questions are one test split, which cannot be drawn anew. By the repository's history their figures were read once, before the ledger counted readings.
#
# The scores of single questions were not kept. An interval that this run noted by drawing seeds and questions again is wider than the one above, and leaves out 0 as well.
#
# The teacher has had 300 steps on these 2,000 questions, and its own F1 is far from published ones (section 12). Its students learn from the same labels, so it passes on nothing that more labels taught it; but it went over them twice as long. And the makers of all-MiniLM-L6-v2 [list](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2) pairs of texts from SQuAD 2.0 among what it was tuned on, so teacher and students start from weights that may know these passages.
#
# </details>

# %% [markdown]
# ### By kind of question
#
# Where does the soft loss help? In the reference run (last column) the distilled student's gain over the control leaves out 0 for *when* and *how much*, in F1 and in exact match; for *who*, *where* and *why* the sign is open. These kinds have fewer questions, so this does not say that they gain less. An interval of your run knows of no other seed, if it has one only.

# %% tags=["hide-input"]
print(
    f"{'':<10}{'questions':>10}{'teacher':>10}{'control':>10}{'distilled':>10}"
    f"   {'gain, this run':<23}  gain, reference run"
)
for name, score in (("F1", F1), ("exact match", EM)):
    print(name)
    for kind in kinds_there:
        of_kind = kinds == kind
        if not of_kind.any():
            continue
        means = [(teacher_em, teacher_f1)[score][of_kind].mean()]
        both = {arm: every_seed(arm, score)[:, of_kind] for arm in ("distilled", "control")}
        for arm in ("control", "distilled"):
            of_arm = note(f"{arm}/{name}, {kind}", both[arm], clusters=passage[of_kind])
            means.append(of_arm.mean)
        line = "".join(f"{value:>10.3f}" for value in means)
        gained = f"distilled/gain in {name}, {kind}"
        gain = note(gained, *both.values(), clusters=passage[of_kind])
        known = experiments.reference_interval(report, gained)
        print(f"{kind:<10}{of_kind.sum():>10}{line}   {gain!s:<23}  {known or '–'}")

# %%
seed = setting.run.seeds[0]  # what is looked at from here on, one by one
shown = {"teacher": teacher_f1} | {
    arm: results[arm, seed][F1]
    for arm in ("control", "distilled", "from random weights")
    if arm in arms
}

# %% [markdown]
# ### The same question, three maps

# %% tags=["hide-input"]
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
# ## 7 · Windows that hold no answer
#
# So far every window held its answer. Documents are longer than windows, so now the same passages are cut into short ones (at `offline` scale only). Many of them do not hold the answer, and some cut it in two. What should their labels be? Three conventions compete, and the training set shows what is at stake:
#
# | label of a window without the whole answer | |
# |---|---|
# | clamped | the nearest position that the window has: what is cut off goes to its edge |
# | [CLS] | [CLS], which the mask now allows: *no answer here*, as in SQuAD 2.0 |
# | -100 | none: the window has no hard part in the loss |


# %%
def clamped_labels(columns, contexts, answers):
    """As `spans.labels`, but an answer that a window does not hold is clamped to the window."""
    found = {"start_positions": [], "end_positions": []}
    for example, offsets in zip(columns["example"], columns["offsets"]):
        passage_tokens = [span for span in offsets if span[0] < span[1]]
        low, high = passage_tokens[0][0], passage_tokens[-1][1]  # the window's characters
        start = answers[example]["answer_start"][0]
        end = start + len(answers[example]["text"][0])
        start, end = min(max(start, low), high - 1), max(min(end, high), low + 1)
        for name, position in zip(found, spans.to_tokens(offsets, start, end)):
            found[name].append(position)
    return found


conventions = {
    "clamped": {"label": clamped_labels},
    "CLS": {"no_answer": True},
    "-100": {},
}
if not setting.short_length:
    conventions = {}  # this section's experiment runs at `offline` scale
cut = {"length": setting.short_length, "stride": setting.short_stride}
for convention, options in conventions.items():
    for split in ("train", "validation", "test"):
        sets[split, convention] = prepared(split, **cut, **options)

if conventions:
    columns, answers = sets["train", "-100"]["columns"], data["train"]["answers"]
    without = np.array(columns["start_positions"]) < 0
    halved = 0
    for window in np.flatnonzero(without):
        answer = answers[columns["example"][window]]
        start = answer["answer_start"][0]
        end = start + len(answer["text"][0])
        halved += any(max(s, start) < min(e, end) for s, e in columns["offsets"][window])
    print(
        f"{len(without) / len(data['train']):.1f} windows a question of {setting.short_length} tokens"
    )
    print(f"without the whole answer {without.mean():.0%}, of these {halved} hold a part of it")

# %% [markdown]
# Each convention trains a student from the teacher's layers as in section 6, on labels alone (α = 0). What differs is the labels, for [CLS] also the mask, and how many windows count in the loss. (Their learning rates: section 9.)
#
# Reading has its own question, that of exercise 08.3: which window's best span is the answer? *By sum* takes the largest sum of the two logits, so the level of a window's logits counts. *By product* takes the largest p(start) · p(end), each from the softmax of its own window, so the level cancels. Where [CLS] is allowed it takes part in that softmax: a window that says "not here" leaves little for its spans.


# %%
def log_probabilities(columns, logits):
    """Start and end logits as log-probabilities over what each window's mask allows."""
    allowed = [torch.tensor(mask) for mask in columns["answer_mask"]]
    return [
        [
            torch.where(mask, torch.as_tensor(row[: len(mask)]), -1e30).log_softmax(-1).numpy()
            for mask, row in zip(allowed, of_end)
        ]
        for of_end in logits
    ]


def read_short(model, split, convention):
    """F1 of every question of a split, in short windows: by sum, and by product."""
    found = sets[split, convention]
    columns, contexts = found["columns"], found["contexts"]
    logits = predict_spans(model.cpu(), found["rows"], tokenizer)
    joined = {"by sum": logits, "by product": log_probabilities(columns, logits)}
    return {
        join: scores(spans.best_answers(columns, contexts, *each, n=1), (split, convention))[F1]
        for join, each in joined.items()
    }


def short_student(convention, recipe, seed):
    rows = sets["train", convention]["rows"]
    return train(new_student("control", seed), rows, recipe, seed=seed)


JOINS = ("by sum", "by product")
short = {}  # (convention, join) -> (seeds, questions)
for convention in conventions:
    recipe = setting.recipes[f"short windows, {convention}"]
    of_seeds = [read_short(short_student(convention, recipe, s), "test", convention) for s in seeds]
    for join in JOINS:
        short[convention, join] = np.stack([f1[join] for f1 in of_seeds])
        note(f"short windows, {convention}/F1, {join}", short[convention, join])

if conventions:
    of_teacher = read_short(teacher, "test", "-100")
    for join in JOINS:
        report.add(f"teacher/short windows, F1, {join}", of_teacher[join].mean())
    students_here = [f"short windows, {convention}" for convention in conventions]
    for join in JOINS:
        print(experiments.comparison_table(report, students_here, f"F1, {join}"), "\n")
        print(experiments.comparison_table(report, ["teacher"], f"short windows, F1, {join}"), "\n")

# %%
differences = {
    "-100 over clamped": (("-100", "by sum"), ("clamped", "by sum")),
    "CLS over -100": (("CLS", "by sum"), ("-100", "by sum")),
    "sum over product, -100": (("-100", "by sum"), ("-100", "by product")),
    "sum over product, CLS": (("CLS", "by sum"), ("CLS", "by product")),
}
if conventions:
    for name, (one, other) in differences.items():
        difference = note(f"short windows/{name}", short[one], short[other])
        print(f"{' '.join(one):<16} minus {' '.join(other):<16} {difference}")

# %% [markdown]
# Clamped labels cost most: a student that is told in more than half of its windows that the answer stands at the edge may learn just that. Against them, -100 gains {{ledger:08/offline/short windows/-100 over clamped|interval}} in F1, both by sum.
#
# With -100 the joining matters. By product, a window without the answer can be sure of its best guess, since no softmax was ever asked to say "nothing here": the sum gains {{ledger:08/offline/short windows/sum over product, -100|interval}} over it. The teacher's two lines differ in the same direction. (With four layers it is no rival of these arms.) But no loss within a window trains the level of its logits (exercise 08.3). That the sum does better suggests that logits are higher where the answer stands, though no loss asked for it.
#
# [CLS] gives each window something to compare a span with: the loss trains how far a span's logits stand above those of [CLS]. (A constant added to all logits of a window, [CLS] included, still changes no loss.) By sum, it gains {{ledger:08/offline/short windows/CLS over -100|interval}} over -100. By product it can be read, too: which way of joining is better stays open, {{ledger:08/offline/short windows/sum over product, CLS|interval}}. [CLS] also learns from the windows that -100 leaves out; whether these windows or the comparison with [CLS] bring the gain, this run does not tell.

# %% [markdown]
# <details><summary><b>Going deeper:</b> other ways to make windows comparable</summary>
#
# [Clark and Gardner (2018)](https://arxiv.org/abs/1710.10723) put the windows of one document into *one* softmax, so that the loss trains their level directly, and compare that with a "no answer" logit for each window, which is what [CLS] is here. In distilling the same care is due to the teacher: this lesson's learnt from windows that all held their answers, so it was never shown what to say of one that does not. Its soft targets for such a window are its best guess. A teacher for long documents should be trained with the convention that its student will use.
#
# </details>

# %% [markdown]
# ## 8 · How far from the annotators?
#
# Where the truth is known, ask more than which answer comes first: how many nats does it cost to believe the model about where annotators start, and where they end? Below, KL(truth ‖ model), the mean of start and end, over the test windows on which annotators differ. The control sees one annotator's mark a question.
#
# Part of any difference may be sharpness ([lesson 06](06_text_classification.ipynb)). So the second figure divides each model's logits by the temperature that suits it best on validation.


# %%
def disputed(logits, split):
    """For every window on which annotators differ: the truth and the logits, (2, tokens) each."""
    columns = sets[split]["columns"]
    truths = spans.targets(columns, data[split]["spans"])
    for truth, mask, *ends in zip(truths, columns["answer_mask"], *logits):
        if truth is not None and truth.max(-1).min() < 0.999:
            allowed = np.array(mask)
            yield truth[:, allowed], np.stack(ends)[:, allowed]


def distances(logits, split="test", temperature=1.0):
    """KL(truth ‖ model) in nats of every disputed window, the mean over start and end."""
    costs = [
        metrics.kl_rows(truth, metrics.probabilities(ends, temperature)).mean()
        for truth, ends in disputed(logits, split)
    ]
    return np.array(costs)


TEMPERATURES = (0.5, 0.7, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5)


def both_distances(model, logits):
    """As it is, and at the temperature that is best on validation: two arrays, a row a window."""
    validation = read(model, "validation")[0]
    best = min(TEMPERATURES, key=lambda t: distances(validation, "validation", t).mean())
    return distances(logits), distances(logits, temperature=best)


if generated:
    truths = spans.targets(sets["test"]["columns"], data["test"]["spans"])
    at = [w for w, truth in enumerate(truths) if truth is not None and truth.max(-1).min() < 0.999]
    passage_of = passage[np.array(sets["test"]["columns"]["example"])[at]]
    print(f"annotators differ on {len(at)} of {len(truths)} test windows")
    kl = {"teacher": both_distances(teacher, teacher_logits)}
    for arm in arms:
        of_seeds = [both_distances(students[arm, s], found[arm, s][0]) for s in seeds]
        kl[arm] = [np.stack(rows) for rows in zip(*of_seeds)]
    for i, name in enumerate(("KL to the truth", "KL, scaled")):
        report.add(f"teacher/{name}", kl["teacher"][i].mean())
        for arm in arms:
            note(f"{arm}/{name}", kl[arm][i], clusters=passage_of)
            if arm != "control":
                note(f"{arm}/{name}, over control", kl[arm][i], kl["control"][i], passage_of)
        print(experiments.comparison_table(report, ["teacher", *arms], name), "\n")
    taught_arms = [arm for arm in arms if arm != "control"]
    print(experiments.comparison_table(report, taught_arms, "KL to the truth, over control"))

# %% [markdown]
# The distilled student is nearer to the annotators than the control: {{ledger:08/offline/distilled/KL to the truth, over control|interval}} nats. At each model's best temperature (*KL, scaled*) they lie nearly as far apart, so sharpness is a small part of it. The loss is not everything: from random weights it ends further from the annotators than the control. The teacher, too, saw one mark a question, but of many more questions; whether more labels would do as much was not tried.

# %% [markdown]
# ## 9 · Layers, learning rates, α and T
#
# How far does a student fall as layers are taken away? One seed a point, on validation, from the reference run. (`KD_MAPS=1` computes this section's curve and maps again here: some twenty trainings.)


# %%
def validation_f1(arm, recipe, layers=setting.student, of_seed=seed):
    """Of a student trained with this recipe; one that section 6 has trained already is taken."""
    alike = [a for a in arms if (a == "from random weights") == (arm == "from random weights")]
    trained = [a for a in alike if setting.recipes[a] == recipe and (a, of_seed) in students]
    if trained and layers == setting.student:
        model = students[trained[0], of_seed]
    else:
        rows = taught if recipe.alpha else sets["train"]["rows"]
        model = train(new_student(arm, of_seed, layers), rows, recipe, seed=of_seed)
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
# In this curve the gap shrinks as layers are added, as in [TextBrewer](https://arxiv.org/abs/2002.12620)'s table (section 12). With one seed a point, and rates chosen for two layers, it is a hint and no more.
#
# Each arm's learning rate was chosen from the same few, by the F1 of validation questions. One seed chose, but for the arm from random weights, whose seeds lie far apart: there a rate is worth the mean of the seeds 1, 2 and 3. The test questions had no say in it. α = 0.5 and T = 2 were fixed beforehand. (So it was at `offline` scale. At the others no tuning is recorded; `KD_MAPS=1` prints there what other rates are worth.)


# %%
def tried_at(arm, recipe):
    """Validation F1 of one seed; of an arm whose seeds may fail, the mean of three."""
    tried = (1, 2, 3) if arm == "from random weights" else (seed,)
    return float(np.mean([validation_f1(arm, recipe, of_seed=s) for s in tried]))


def short_f1(convention, recipe):
    """Validation F1 in short windows, joined the better way of the two."""
    f1 = read_short(short_student(convention, recipe, seed), "validation", convention)
    return max(float(rows.mean()) for rows in f1.values())


if setting.run.maps:
    grid = {
        arm: [
            [rate, tried_at(arm, replace(setting.recipes[arm], learning_rate=rate))]
            for rate in setting.learning_rates
        ]
        for arm in arms
    }
    for convention in conventions:  # the better of the two joinings counts
        recipe = setting.recipes[f"short windows, {convention}"]
        grid[f"short windows, {convention}"] = [
            [rate, short_f1(convention, replace(recipe, learning_rate=rate))]
            for rate in setting.short_rates
        ]
    report.add_table("grid", grid)
for arm, entries in (report.table("grid") or {}).items():
    tried = "   ".join(f"{rate:g}: {f1:.3f}" for rate, f1 in entries)
    print(f"{arm:<24}learning rate: validation F1   {tried}")

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
            f"α = {alpha:g}: "
            + ", ".join(f"{v:.3f} at T = {t:g}" for t, v in zip(temperatures, line))
            + "."
            for alpha, line in zip(alphas, grid)
        ),
    )

# %% [markdown]
# One seed a cell, so small differences say nothing. (At α = 0 the temperature has no meaning.) Nor does the map rank *soft only* (α = 1) against *distilled*: in each column their cells lie no further apart than the seeds of one arm do in section 6.
#
# ## 10 · Answers that are nearly right
#
# An answer with an F1 between 0 and 1 shares *words* with a right one; we call it *nearly right*. Shared words need not be the same place: "EUR 34.2 million" for "EUR 84.6 million" has two of three words right.
#
# At `offline` scale one can also ask whether a nearly right answer is an error at all. The three annotators of a test question are drawn from many, so an answer that none of the three gave may still be one that others give. The table *share acceptable* says of how many nearly right answers this is true.


# %%
def acceptable(row, answer):
    """Whether some annotators mark just this span."""
    return (answer.start, answer.end) in {(span["start"], span["end"]) for span in row["spans"]}


outcomes = ("share exact", "share nearly right", "share wrong")


def outcomes_of(em, f1):
    """Per question 1.0 where it is exact, nearly right, wrong: (3, questions)."""
    return np.stack([em == 1, (em == 0) & (f1 > 0), f1 == 0]).astype(float)


teachers_own = outcomes_of(teacher_em, teacher_f1)
for i, name in enumerate(outcomes):
    report.add(f"teacher/{name}", teachers_own[i].mean(), kind=once)
    for arm in arms:
        rows = np.stack([outcomes_of(*results[arm, s])[i] for s in seeds])
        note(f"{arm}/{name}", rows)
        if arm != "control":
            control = np.stack([outcomes_of(*results["control", s])[i] for s in seeds])
            note(f"{arm}/{name}, over control", rows, control)
    print(experiments.comparison_table(report, ["teacher", *arms], name), "\n")
for name in outcomes[1:]:
    print(experiments.comparison_table(report, ["distilled"], f"{name}, over control"), "\n")


def near_ones(em, f1, answers):
    """Per question: whether it is nearly right and acceptable, and whether it is nearly right."""
    nearly = (em == 0) & (f1 > 0)
    fine = [n and acceptable(data["test"][i], answers[i][0]) for i, n in enumerate(nearly.tolist())]
    return np.stack([fine, nearly], -1).astype(float)


def share(sums):
    return sums[0] / max(sums[1], 1.0)


if generated:
    of_teacher = near_ones(teacher_em, teacher_f1, teacher_found)
    report.add("teacher/share acceptable", share(of_teacher.sum(0)))
    for arm in arms:
        counts = np.stack([near_ones(*results[arm, s], found[arm, s][1]) for s in seeds])
        name = f"{arm}/share acceptable"
        report.add_scores(name, counts, None, share, seeds=seeds, clusters=passage)
    print(experiments.comparison_table(report, ["teacher", *arms], "share acceptable"))

# %% [markdown]
# Distilling lowers both shares: nearly right answers change by {{ledger:08/offline/distilled/share nearly right, over control|interval}}, wrong ones, of which there are few, by {{ledger:08/offline/distilled/share wrong, over control|interval}}. Which of the two it helps more depends on how one counts: in points the first, in proportion the second. Most of the nearly right answers are ones that other annotators give (*share acceptable*).

# %% tags=["hide-input"]
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
# These five are the worst of one seed, not typical ones. Is the wrong answer at least of the right type, a date for *when*? Then the student has learnt what is asked, and not *of whom*.
#
# ### Names and wordings that nobody has trained on
#
# At `offline` scale there are two harder tests: passages whose people, companies and cities have new names, and questions in other words than the passage's, about longer passages.

# %%
if generated:
    sizes = {"train": 0, "validation": 0, "test": (limit or 500) // 5 + 1, "test_new_names": 0}
    harder = reading.load(seed=1, sizes=sizes, test_seed=setting.test_seed)
    data["test_other_words"] = harder["test"]
    sets["test_other_words"] = prepared("test_other_words")
    for split in ("test_new_names", "test_other_words"):
        name, (_, of_passage) = (
            f"F1, {split}",
            np.unique(data[split]["context"], return_inverse=True),
        )
        f1 = {
            arm: np.stack([scores(read(students[arm, s], split)[1], split)[F1] for s in seeds])
            for arm in ("control", "distilled")
        }
        teachers_f1 = scores(read(teacher, split)[1], split)[F1]
        report.add(f"teacher/{name}", teachers_f1.mean())
        for arm, rows in f1.items():
            same = np.tile(teachers_f1, (len(seeds), 1))
            note(f"{arm}/{name}", rows, clusters=of_passage)
            note(f"{arm}/{name}, over teacher", rows, same, of_passage)
        note(f"distilled/{name}, over control", f1["distilled"], f1["control"], of_passage)
        print(experiments.comparison_table(report, ["teacher", *f1], name), "\n")
        print(experiments.comparison_table(report, list(f1), f"{name}, over teacher"), "\n")
        print(experiments.comparison_table(report, ["distilled"], f"{name}, over control"), "\n")

# %% [markdown]
# On new names all lose, the teacher, too, and the distilled student still gains on the control: {{ledger:08/offline/distilled/F1, test_new_names, over control|interval}}. On other words, in longer passages, all three do badly, and whether distilling helps there stays open: {{ledger:08/offline/distilled/F1, test_other_words, over control|interval}}. As words and lengths change together, this does not say which of the two is hard.
#
# ## 11 · Ask it yourself
#
# Put in your own passage and questions. The second question is one that the passage does not answer: the models mark something all the same, since they were never shown that there may be no answer. The number in brackets is the sum of the two logits, which is no probability. At `offline` scale the models know the words of this lesson's news and hardly any others.

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
# ## 12 · What it costs to run
#
# The table has the time of one batch: its median (p50) and its slow tail (p95). In the reference run the teacher took {{ledger:08/offline/teacher/ms at batch 1|.1f}} ms for one window and the student {{ledger:08/offline/distilled/ms at batch 1|.1f}}. Timings depend on the machine and on what else it does, and so does even their ratio: compare yours, and measure where the student will run.
#
# A batch is padded to its longest window, and a window that stands alone is not. The column *tokens*, divided by the batch, shows how much longer each row has become. So compare tokens a second, padding included.

# %% tags=["hide-input"]
batch = spans.collate(sets["test"]["rows"][:32], tokenizer)
batch = {name: batch[name] for name in spans.MODEL_INPUTS if name in batch}
print(
    f"{'':<10}{'MB':>6}{'batch':>7}{'tokens':>8}{'p50 ms':>9}{'p95 ms':>9}"
    f"{'windows a second':>18}{'tokens a second':>17}"
)
for name in ("teacher", "distilled"):
    model = names[name].eval().cpu()
    for inputs in (model_input, batch):
        size, tokens = len(inputs["input_ids"]), inputs["input_ids"].numel()
        with torch.inference_mode():
            times = cost.latency(lambda: model(**inputs), repeats=60 if size == 1 else 10)
        report.add(f"{name}/ms at batch {size}", times["p50"], kind="timing")
        print(
            f"{name:<10}{cost.size_in_bytes(model) / 1e6:>6.1f}{size:>7}{tokens:>8,}"
            f"{times['p50']:>9.2f}{times['p95']:>9.2f}"
            f"{1000 * size / times['p50']:>18,.0f}{1000 * tokens / times['p50']:>17,.0f}"
        )
for size in (1, len(batch["input_ids"])):
    slow, fast = (
        report.values(f"{name}/ms at batch {size}")[0] for name in ("teacher", "distilled")
    )
    print(f"batches of {size}: the student is {slow / fast:.1f} times as fast")

# %% [markdown]
# <details><summary><b>Going deeper:</b> published figures to set beside ours</summary>
#
# On SQuAD 1.1's development set, EM / F1 in percent, as their authors report them. (Ours is another, much easier task: compare how much of the teacher is kept, and what the teacher's loss adds.)
#
# | model | EM / F1 |
# |---|---|
# | BERT-base, teacher ([Sanh et al., 2019](https://arxiv.org/abs/1910.01108)) | 81.2 / 88.5 |
# | DistilBERT, six layers, distilled in pretraining | 77.7 / 85.8 |
# | DistilBERT, distilled again on SQuAD | 79.1 / 86.9 |
# | BERT-base, cased, teacher (TextBrewer: [Yang et al., 2020](https://arxiv.org/abs/2002.12620)) | 81.5 / 88.6 |
# | T6, six layers, distilled; without a teacher | 80.8 / 88.1; 75.0 / 83.3 |
# | T3, three layers, distilled; without a teacher | 76.4 / 84.9; 63.0 / 74.3 |
# | ours, `offline`, four layers: the teacher | {{ledger:08/offline/teacher/exact match|percent}} / {{ledger:08/offline/teacher/F1|percent}} |
# | ours, two layers, distilled; without its loss | {{ledger:08/offline/distilled/exact match|percent}} / {{ledger:08/offline/distilled/F1|percent}}; {{ledger:08/offline/control/exact match|percent}} / {{ledger:08/offline/control/F1|percent}} |
#
# TextBrewer's students also learn from the teacher's hidden layers (lesson 09 does that); the figures without a teacher stand in [the project's documentation](https://github.com/airaria/TextBrewer), under its experiments' results. In this pair of students the teacher is worth more to the smaller one.
#
# </details>
#
# ### From answers that are marked to answers that are written
#
# A model like [T5](https://arxiv.org/abs/1910.10683) writes its answer word by word, out of a vocabulary and not out of a window: it can also say what the passage never said. The distillation loss becomes that of translation ([lesson 07](07_machine_translation.ipynb)), per token or per sequence. Lesson 14 goes on from here.
#
# > **The article, audited.** Section 6.3 of the article that this course grew from asks to *generate* a fitting answer from question and passage, and then names BERT as the teacher and a lighter BERT as the student. But BERT has no decoder: it marks an answer, as in this lesson, and does not write one. The result, performance like BERT's at a markedly lower cost, comes without a data set, a score, a cost or a student that had no teacher, so nobody can check it.
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
# - **Answers that a window cuts off are clamped** to its edge, and the model may learn that answers stand at edges (section 7).
# - **-inf in a mask** works until a window has nothing allowed, or until KL multiplies it by zero (section 5). In float16, -1e30 is -inf too.
# - **Windows are compared by probability** where no position says "not here" (section 7).
# - **Stride of another meaning.** In BERT's own code `doc_stride` is the step from window to window, in the tokenizers library `stride` is what two windows share.
# - **Padding and question in one model's softmax and not in the other's**: the KL then measures the mask.
# - **Metrics of another version.** Two empty answers have F1 1 in SQuAD 2.0's script; in 1.1's they have F1 0, but exact match 1.
# - **Test questions that share passages with training ones**, and intervals that take the questions of one passage for independent.
#
# ## Further reading
#
# - P. Rajpurkar, J. Zhang, K. Lopyrev, P. Liang: [*SQuAD: 100,000+ questions for machine comprehension of text*](https://arxiv.org/abs/1606.05250). EMNLP 2016. The task, the two measures, and how well people do.
# - J. Devlin, M.-W. Chang, K. Lee, K. Toutanova: [*BERT: pre-training of deep bidirectional transformers for language understanding*](https://arxiv.org/abs/1810.04805). NAACL 2019. Section 4.2: start and end as two softmaxes; 4.3: [CLS] as "no answer".
# - P. Rajpurkar, R. Jia, P. Liang: [*Know what you don't know: unanswerable questions for SQuAD*](https://arxiv.org/abs/1806.03822). ACL 2018. SQuAD 2.0.
# - D. Chen, A. Fisch, J. Weston, A. Bordes: [*Reading Wikipedia to answer open-domain questions*](https://arxiv.org/abs/1704.00051). ACL 2017. The exact-match feature, section 3.2.
# - C. Clark, M. Gardner: [*Simple and effective multi-paragraph reading comprehension*](https://arxiv.org/abs/1710.10723). ACL 2018. Why windows' scores are not comparable, and what makes them so.
# - V. Sanh, L. Debut, J. Chaumond, T. Wolf: [*DistilBERT, a distilled version of BERT: smaller, faster, cheaper and lighter*](https://arxiv.org/abs/1910.01108). arXiv:1910.01108, 2019. Every other layer copied; the second distillation on SQuAD.
# - Z. Yang, Y. Cui, Z. Chen, W. Che, T. Liu, S. Wang, G. Hu: [*TextBrewer: an open-source knowledge distillation toolkit for natural language processing*](https://arxiv.org/abs/2002.12620). ACL 2020, demonstrations. Students of three and six layers.
# - J. Su, Y. Lu, S. Pan, A. Murtadha, B. Wen, Y. Liu: [*RoFormer: enhanced transformer with rotary position embedding*](https://arxiv.org/abs/2104.09864). arXiv:2104.09864, 2021. The architecture of this lesson's offline models.

# %% [markdown]
# ## Where you stand
#
# Here are the exercises of this lesson and what your checks in this notebook have said of them so far.

# %%
show_progress("08")
