# %% [markdown]
# # 01 · Why distil?
#
# The largest language models whose size was published grew more than a thousandfold in the four years from 2018, and every answer that a large one gives is paid for. There are several ways to a smaller model, and distillation is only one of them. In this lesson you put them side by side on one task, and see what each costs, what it needs, and what it keeps.
#
# **You will be able to**
# - place well-known models on NLP's road, with dates and sizes that you can look up;
# - work out what a model costs to serve: bytes, multiply-adds, energy; and check it against a measurement;
# - prune a model, quantize it, fine-tune a pretrained one, and distil one, and say what each needs and buys;
# - tell transfer learning from distillation, and put the two together.
#
# **You need** PyTorch, to have seen a transformers model before, and [lesson 00](00_start_here.ipynb). Nothing of distillation: the mathematics comes in [lesson 02](02_from_surprise_to_kl.ipynb) and [lesson 03](03_distillation_losses.ipynb).
#
# **Minutes** 85, of which the computer needs about two.
#
# **What runs** at `offline`: generated news headlines, a teacher that ships with the course, small models trained from scratch, no network. At `small`: [Financial PhraseBank](https://arxiv.org/abs/1307.5336), with [all-MiniLM-L6-v2](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2) as the pretrained model: a [MiniLM](https://arxiv.org/abs/2002.10957) that was tuned further to tell how alike two sentences are. At `full`: the same with [BERT-base](https://aclanthology.org/N19-1423/), on a GPU. The cells are the same; `KD_SCALE` chooses the settings.

# %% tags=["setup"]
import copy
import functools
import math
import timeit
from dataclasses import replace

import datasets
import matplotlib.pyplot as plt
import numpy as np
import torch
import transformers
from matplotlib.ticker import LogLocator
from transformers import DataCollatorForLanguageModeling, DataCollatorWithPadding

from kd_course import compression, cost, experiments, metrics, models, plots, settings, teachers
from kd_course.corpora import classification
from kd_course.distillation import (
    add_teacher_logits,
    cached_teacher_outputs,
    predict_logits,
    train_with_recipe,
    training_arguments,
)
from kd_course.exercises import check, hint, show_progress

plots.style()
transformers.logging.set_verbosity_error()
datasets.disable_progress_bars()
setting = settings.for_lesson("01")
print(setting)

# %% [markdown]
# The table above is the whole difference between the scales. *labelled* is how many labelled sentences there are to learn from, *transfer* how many unlabelled ones. *test_seed* drew the test sentences, which the reference run was the first to read. Its other lines are explained where they are used.
#
# ## 1 · How did models come to be so large?
#
# NLP has changed its mind about where knowledge of language should come from: written by hand, counted, learnt for one task, learnt beforehand from plain text. Each era begins with something one can look up.

# %%
eras = [  # first year, name, what it began with
    (1954, "rules", "Georgetown–IBM demonstration of machine translation, 1954"),
    (1988, "statistics", "Church's tagger, 1988; Brown et al. translate by counting, 1990"),
    (2013, "neural networks", "word2vec, 2013; sequence to sequence, 2014; attention, 2015"),
    (2018, "pretrained Transformers", "Transformer, 2017; GPT and BERT, 2018"),
    (2020, "scale", "GPT-3, 2020; weights of its size for research: OPT, 2022"),
]
sizes = [  # year, name, parameters, how it came about, where the figure stands
    (2007, "n-grams", 300e9, "counted", "Brants et al., EMNLP 2007: up to 300 billion n-grams"),
    (2014, "seq2seq", 384e6, "trained", "Sutskever et al., NIPS 2014, section 3.4"),
    (2017, "Transformer", 213e6, "trained", "Vaswani et al., NIPS 2017, table 3, big"),
    (2018, "GPT", 117e6, "trained", "Radford et al. 2019, table 2, gives its size"),
    (2018, "BERT-base", 110e6, "trained", "Devlin et al., NAACL 2019, section 3"),
    (2018, "BERT-large", 340e6, "trained", "Devlin et al., NAACL 2019, section 3"),
    (2019, "GPT-2", 1542e6, "trained", "Radford et al. 2019, table 2"),
    (2019, "T5", 11e9, "trained", "Raffel et al., JMLR 2020"),
    (2020, "GPT-3", 175e9, "trained", "Brown et al., NeurIPS 2020, table 2.1"),
    (2022, "OPT-175B", 175e9, "trained", "Zhang et al., arXiv:2205.01068"),
    (2022, "PaLM", 540e9, "trained", "Chowdhery et al., arXiv:2204.02311"),
    (2023, "LLaMA-65B", 65.2e9, "trained", "Touvron et al., arXiv:2302.13971, table 2"),
    (2024, "Llama 3.1", 405e9, "trained", "Grattafiori et al., arXiv:2407.21783"),
    (2019, "DistilBERT", 66e6, "distilled", "Sanh et al., arXiv:1910.01108, table 3"),
    (2019, "TinyBERT-4", 14.5e6, "distilled", "Jiao et al., Findings of EMNLP 2020, table 1"),
    (2020, "MiniLM-6", 22e6, "distilled", "Wang et al., NeurIPS 2020"),
    (2024, "Gemma 2 2B", 2.6e9, "distilled", "Gemma Team, arXiv:2408.00118"),
]
for year, name, parameters, how, source in sizes:
    print(f"{year}  {name:<12}{parameters / 1e6:>10,.1f} million  {how:<10}{source}")

# %% tags=["hide-input"]
figure, (road, axes) = plt.subplots(2, 1, figsize=(8.6, 6.2), height_ratios=(1.2, 2.6))
ends = [era[0] for era in eras[1:]] + [2026]
shades = ("control", "truth", "neutral", "teacher", "accent")
for row, ((start, name, began), end, shade) in enumerate(zip(eras, ends, shades)):
    road.barh(row, end - start, left=start, color=plots.COLOURS[shade], height=0.62)
    side = {"x": end + 0.6, "ha": "left"} if start < 1980 else {"x": start - 0.6, "ha": "right"}
    road.text(y=row, s=f"{name}: {began}", va="center", fontsize=7.5, **side)
    axes.axvspan(max(start, 2006), end, color=plots.COLOURS[shade], alpha=0.10, linewidth=0)
road.set(title="NLP's road, by what was new", xlim=(1946, 2027), ylim=(4.6, -0.6), yticks=[])
road.grid(visible=False)
marks = {
    "counted": ("s", "ink", "counted, not learnt"),
    "trained": ("o", "teacher", "trained"),
    "distilled": ("D", "student", "distilled from a larger one"),
}
for how, (mark, colour, label) in marks.items():
    points = [(year, parameters) for year, _, parameters, by, _ in sizes if by == how]
    face = "none" if how == "counted" else plots.COLOURS[colour]
    axes.plot(*zip(*points), mark, color=plots.COLOURS[colour], mfc=face, markersize=7, label=label)
left = {"BERT-base", "Transformer", "T5", "TinyBERT-4"}
for year, name, parameters, *_ in sizes:
    shift, side = ((-7, 0), "right") if name in left else ((7, 0), "left")
    shift = {"GPT": (7, 2), "BERT-base": (-7, -5)}.get(name, shift)
    axes.annotate(
        name,
        (year, parameters),
        shift,
        textcoords="offset points",
        ha=side,
        va="center",
        fontsize=8,
    )
axes.set(yscale="log", xlim=(2006, 2026.5), ylim=(5e6, 3e12), xlabel="year first made public")
axes.set_xticks(range(2006, 2027, 2))
axes.set(ylabel="parameters (n-grams: entries)", title="Published sizes of some models")
axes.legend(loc="center left", bbox_to_anchor=(0.02, 0.45))
plots.show(
    figure,
    alt="Above, five eras as bars: rules from 1954, statistics from 1988, neural networks from 2013, "
    "pretrained Transformers from 2018, scale from 2020. Below, parameters on a log axis by year: from "
    "hundreds of millions in 2014 to 175 billion in 2020 and 405 billion in 2024; distilled models lie "
    "between 14.5 million and 2.6 billion.",
)

# %% [markdown]
# <details><summary><b>Going deeper:</b> what the bars and the square leave out</summary>
#
# The eras overlap more than bars can show. Speech recognition had used statistics since the 1970s ([Baker 1975](https://doi.org/10.1109/TASSP.1975.1162650), [Jelinek 1976](https://doi.org/10.1109/PROC.1976.10159)), and [Bengio et al.](https://www.jmlr.org/papers/v3/bengio03a.html) had a neural language model in 2003. The counted n-grams of 2007 were more numerous than GPT-3's parameters; but each was looked up, not multiplied.
#
# </details>
#
# > **The article, audited.** The article that this course grew from has other dates: it lets statistics dominate in the 1970s and 1980s, and a mixture of rules and statistics follow in the 1990s. Counting says otherwise. [Hall, Jurafsky and Manning (2008)](https://aclanthology.org/D08-1038/) traced topics through the papers of the Association for Computational Linguistics from 1978 to 2006 and saw probabilistic methods rise from 1988 on. The full account of [IBM's translation models](https://aclanthology.org/J93-2003/) and the [Penn Treebank](https://aclanthology.org/J93-2004/) followed in 1993.
#
# How fast did models grow? That depends on the two that one picks. Here are four pairs out of the list, with the months in which they were made public.

# %% tags=["nbval-check-output"]
public = {  # name: (year, month, parameters)
    "Transformer": (2017, 6, 213e6),
    "BERT-large": (2018, 10, 340e6),
    "GPT-3": (2020, 5, 175e9),
    "PaLM": (2022, 4, 540e9),
    "Llama 3.1": (2024, 7, 405e9),
}
pairs = ("Transformer", "GPT-3"), ("BERT-large", "GPT-3"), ("GPT-3", "PaLM"), ("GPT-3", "Llama 3.1")
print(f"{'from':<14}{'to':<12}{'months':>7}{'times as large':>16}{'doubled every':>16}")
for first, last in pairs:
    (year, month, small), (later, then, large) = public[first], public[last]
    months = 12 * (later - year) + then - month
    doubled = f"{months / math.log2(large / small):.1f} months"
    print(f"{first:<14}{last:<12}{months:>7}{large / small:>16.1f}{doubled:>16}")

# %% [markdown]
# In these pairs growth slowed after GPT-3: both that end there doubled every few months, both that begin there took a year and more. (All are dense: of a mixture of experts each token uses only a few parameters.) And the makers of some of the best known models no longer say how large they are ([GPT-4's report](https://arxiv.org/abs/2303.08774) is one example). Every answer still costs.
#
# ## 2 · What does a large model cost to serve?
#
# ### Memory
#
# A parameter is a number, and a number takes bits: 32 as *float32*, 16 as *float16* or *bfloat16*, 8 as *int8*. Other widths are in use as well: [GPTQ](https://arxiv.org/abs/2210.17323), for one, brings weights down to 3 or 4 bits.
#
# ### Exercise 01.1 · What the weights weigh
# {{exercise:01.1}}


# %% exercise="01.1"
def gigabytes(parameters, bits):
    """How many GB (10**9 bytes) the weights take.

    parameters: how many numbers; bits: how many bits each of them takes, 4 or 12 for example.
    Returns a number that is not rounded: 0.264, not 0.
    """
    ### BEGIN SOLUTION
    return parameters * bits / 8 / 1e9
    ### END SOLUTION


# %% check="01.1"
check("01.1", gigabytes)

# %% tags=["nbval-check-output"]
published = {"TinyBERT-4": 14.5e6, "DistilBERT": 66e6, "BERT-base": 110e6, "GPT-3": 175e9}
kinds = {"float32": torch.float32, "float16": torch.float16, "int8": torch.int8}
print(f"{'GB':<12}" + "".join(f"{kind:>10}" for kind in kinds))
for name, parameters in published.items():
    print(f"{name:<12}", end="")
    for kind in kinds.values():  # on the device "meta" PyTorch makes a tensor without its numbers
        print(
            f"{torch.empty(int(parameters), dtype=kind, device='meta').nbytes / 1e9:>10.3f}", end=""
        )
    print()

# %% [markdown]
# PyTorch itself says so: these are the bytes of tensors of that many numbers. One GPU with 80 GB does not hold GPT-3's weights at any of these precisions. And weights are not all: activations, and for a model that writes text the keys and values of everything read so far, come on top.
#
# ### Multiply-adds
#
# Nearly all the arithmetic of a Transformer is matrix products, and a product of shapes (a, b) and (b, c) takes a · b · c *multiply-adds*: one multiplication and one addition each. An encoder layer with n tokens of width h has eight products:
#
# - four projections (query, key, value, output), each (n, h) by (h, h);
# - attention's own two, in which tokens meet: queries with keys, and the resulting weights with the values. The heads share the width h among them, so that all of them together cost as much as one head of width h;
# - the feed-forward part's two, there and back: (n, h) by (h, i) is the first.
#
# Only these products count here; biases, softmax and normalisation are left out.
#
# ### Exercise 01.2 · What one layer multiplies
# {{exercise:01.2}}


# %% exercise="01.2"
def layer_multiply_adds(length, hidden, intermediate):
    """The multiply-adds of one Transformer encoder layer for one text.

    length: n, tokens; hidden: h, the layer's width; intermediate: i, the feed-forward part's width,
    often but not always 4 h. Returns how many there are: not in millions, not per token.
    """
    ### BEGIN SOLUTION
    projections = 4 * length * hidden**2
    attention = 2 * length**2 * hidden
    feed_forward = 2 * length * hidden * intermediate
    return projections + attention + feed_forward
    ### END SOLUTION


# %% check="01.2"
check("01.2", layer_multiply_adds)

# %% [markdown]
# Does your formula hold? Here are models of BERT-base's and DistilBERT's published shape. Their weights are random, which changes nothing about what they cost. `cost.multiply_adds` runs a sentence through and counts the products, attention's own two among them.

# %% tags=["nbval-check-output"]
transformers.set_seed(0)
shapes = {
    "BERT-base's shape": transformers.BertForSequenceClassification(transformers.BertConfig()),
    "DistilBERT's shape": transformers.DistilBertForSequenceClassification(
        transformers.DistilBertConfig()
    ),
}
ids = torch.arange(1000, 1032)[None]  # one sentence of 32 tokens
print(f"{'millions':<22}{'parameters':>11}{'outside tables':>16}{'· 32 tokens':>13}{'counted':>10}")
for name, model in shapes.items():
    outside = cost.parameters(model, embeddings=False)
    counted = cost.multiply_adds(model, {"input_ids": ids})
    numbers = (cost.parameters(model), outside, 32 * outside, counted)
    print(f"{name:<22}" + "".join(f"{x / 1e6:>{w}.1f}" for x, w in zip(numbers, (11, 16, 13, 10))))

# %% [markdown]
# Put your own number beside the last column: BERT-base has twelve layers of width 768 with 3,072 inside the feed-forward part, DistilBERT six. What your layers leave open, some 0.6 million, is the head: a dense layer and two classes, for the first token only.
#
# The two columns before it show a short rule: **every parameter outside the look-up tables is multiplied about once a token.** The look-up tables (embeddings) take memory, but no multiplication. The rule leaves out attention's own products, which are few for a short sentence and grow with the square of its length. Here it comes out a little high all the same, because it counts the head for every token, and biases, which are added and not multiplied.
#
# ### Energy
#
# What does that cost in joules? [Horowitz (2014)](https://doi.org/10.1109/ISSCC.2014.6757323) gives the energy of single operations on a chip of 45 nm, in picojoules. Newer chips need less, so do not read these as today's electricity bill. Look at the *order*: fetching a number from main memory costs far more than multiplying it.

# %% tags=["nbval-check-output"]
picojoules = {"float32": 3.7 + 0.9, "float16": 1.1 + 0.4, "int8": 0.2 + 0.03}  # multiply + add
fetch = 1300 / 8  # a byte from main memory: 1.3 nJ for 8 bytes, the lower of his two figures
size = {"float32": 4, "float16": 2, "int8": 1}
print(f"{'millijoules a token, one text':<36}{'arithmetic':>11}{'fetching':>12}")
for name, parameters in {"BERT-base": 85e6, "GPT-3": 175e9}.items():
    for kind in ("float32", "float16", "int8"):
        arithmetic = parameters * picojoules[kind] * 1e-9
        fetching = parameters * size[kind] * fetch * 1e-9
        print(f"{name + ', ' + kind:<36}{arithmetic:>11,.2f}{fetching:>12,.2f}")

# %% [markdown]
# *Fetching* assumes that every weight comes from main memory once for every token, which is how a model writes text for a single user. A batch shares the fetch among its texts, and an encoder shares it among the tokens of a sentence; then arithmetic counts for more. Left out altogether: activations, caches, waiting, cooling, and the rest of the machine.
#
# Two things make a model cheaper, then: **fewer bytes** (smaller numbers, or fewer of them) and **fewer multiply-adds** (fewer or narrower layers). The ways to a smaller model differ in which of the two they buy.
#
# ### And measured
#
# Half the layers, half the time? The last line below answers that for this machine. The models are called in turns, so that what else the machine does falls on none of them alone. A round counts the fastest of three calls, and the table gives the median of the rounds, for one sentence of 32 tokens.


# %%
def median_times(candidates, rounds, **batch):
    """Milliseconds a call, {name: …}, of several models that take turns: the median of the rounds."""
    seen, order = {name: [] for name in candidates}, list(candidates)
    with torch.inference_mode():
        for turn in range(rounds + 1):  # the first round warms up
            for name in order:
                call = functools.partial(candidates[name], **batch)
                fastest = min(timeit.repeat(call, repeat=3, number=1))
                seen[name] += [1e3 * fastest] if turn else []
            order = order[1:] + order[:1]
    return {name: float(np.median(times)) for name, times in seen.items()}


# %%
for model in shapes.values():
    model.eval()
timings = median_times(shapes, 5, input_ids=ids)
for name, milliseconds in timings.items():
    print(f"{name:<20}{milliseconds:>8.1f} ms")
first, second = timings.values()
print(f"{'ratio':<20}{first / second:>8.2f}")
del shapes, model  # their half a gigabyte is free again

# %% [markdown]
# ## 3 · Four ways to a smaller model
#
# | way | what it does | fewer bytes | fewer multiply-adds |
# |---|---|---|---|
# | **pruning** | sets the smallest weights to zero | on disk, if zeros are stored cleverly | only with kernels or hardware made for zeros |
# | **quantization** | writes each weight with fewer bits | yes | no; the same number of cheaper ones, with kernels made for it |
# | **transfer learning** | takes a smaller model that learnt something else, and fine-tunes it | yes: a smaller model | yes |
# | **distillation** | trains a smaller model on what the large one says | yes: a smaller model | yes |
#
# The first two change the model you have. The last two train another one, the **student**, and differ in what they take from elsewhere: transfer learning takes *weights*, distillation takes *answers*.
#
# Those answers are the idea that the rest of this course is about. A label names one class. A trained model, asked about the same sentence, spreads its belief over all of them. This spread is called the **soft target**: the large model, the **teacher**, tells its student not only which class it holds likeliest, but how sure it is, and how likely it holds the others. Below are both for one of the less clear sentences. At `offline` scale they disagree there; which of them is right the picture does not say.

# %%
data = classification.load(
    setting.dataset,
    labelled=setting.labelled,
    transfer=setting.transfer,
    limit=setting.run.limit,
    test_seed=setting.test_seed,
)
names = data["train"].features["label"].names
transformers.set_seed(0)
folder = teachers.obtain(setting.teacher, retrain=setting.run.retrain)
start, tokenizer = models.load(folder, names)
rows = {
    split: part.map(
        lambda batch: tokenizer(batch["text"], truncation=True, max_length=setting.max_length),
        batched=True,
    )
    for split, part in data.items()
}
labels = {split: np.array(part["label"]) for split, part in data.items() if split != "unlabelled"}
print({split: len(part) for split, part in data.items()})


# %%
def train(model, part, recipe, *, seed):
    """Train with one recipe; every arm goes through here. Returns the model."""
    collator = DataCollatorWithPadding(tokenizer)
    trainer = train_with_recipe(model, part, recipe, setting, seed=seed, data_collator=collator)
    return trainer.model.eval().cpu()


teacher = copy.deepcopy(start)
if "teacher" in setting.recipes:  # at the larger scales it is fine-tuned here
    teacher = train(teacher, rows["train"], setting.recipes["teacher"], seed=0)
teacher = teacher.eval()


def correct(model, split):
    """(rows,): 1.0 where the model is right."""
    return metrics.correct(predict_logits(model, rows[split], tokenizer), labels[split])


print(f"teacher, validation accuracy  {correct(teacher, 'validation').mean():.3f}")

# %% [markdown]
# `train_with_recipe` trains with `DistillationTrainer`: the transformers library's own `Trainer`, which can also learn from soft targets. α says how much: with α = 0 it looks at labels only, with α = 0.9 the teacher's answers have nine tenths of the weight. The temperature T makes the teacher's belief less pointed before it is imitated. What exactly it computes, and why, is the matter of [lesson 03](03_distillation_losses.ipynb); until then it is a tool.

# %% tags=["hide-input"]
p = metrics.probabilities(predict_logits(teacher, rows["train"], tokenizer))
example = int(np.argsort(-np.sort(p, axis=1)[:, -2])[len(p) // 10])  # one of the less clear ones
figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.6), sharey=True)
hard = np.eye(len(names))[labels["train"][example]]
for axes, heights, title, role in (
    (left, hard, "The label", "control"),
    (right, p[example], "The soft target", "teacher"),
):
    axes.bar(names, heights, color=plots.COLOURS[role])
    axes.set(title=title, ylim=(0, 1.05))
    axes.grid(axis="x", visible=False)
left.set_ylabel("probability")
text = data["train"]["text"][example]
figure.supxlabel(text, fontsize=9)
given = ", ".join(f"{name} {value:.2f}" for name, value in zip(names, p[example]))
plots.show(
    figure,
    alt=f"For the sentence “{text}” the label puts everything on "
    f"{names[labels['train'][example]]}; the teacher's soft target reads {given}.",
)

# %% [markdown]
# The task: does a headline sound like bad, neutral or good news for the company it speaks of? At `offline` scale the teacher ships with the course, trained on 40,000 labelled headlines that you do not have. It is the model in service, and it is too large. You have what the settings say: some labelled headlines, more without labels. Now each way in turn.
#
# ## 4 · Pruning: leave weights out
#
# *Magnitude pruning* rests on a plain guess: what is nearly zero already will not be missed. Sort all weights of all layers by magnitude and set the smallest to zero.
#
# ### Exercise 01.3 · Which weights go?
# {{exercise:01.3}}
#
# One order for all layers together: of all entries, `round(sparsity · all)` go, with Python's `round` (2.5 becomes 2, 3.5 becomes 4). That may be none of them, or all. Of equal magnitudes, zeros among them, those that come first go first: tensors in the order of the list, and within a tensor row by row. Weights of any size count, 1e-30 as well.


# %% exercise="01.3"
def magnitude_masks(weights, sparsity):
    """True for every weight that stays, when the smallest magnitudes of all layers go.

    weights: a list of tensors of any shapes, vectors and transposed matrices among them.
    sparsity: the share that goes, from 0 to 1.
    Returns a list of tensors of the same shapes, of booleans (torch.bool).
    """
    ### BEGIN SOLUTION
    magnitudes = torch.cat([w.abs().reshape(-1) for w in weights])
    keep = torch.ones(len(magnitudes), dtype=torch.bool)
    order = torch.sort(magnitudes, stable=True).indices
    keep[order[: round(sparsity * len(magnitudes))]] = False
    parts = keep.split([w.numel() for w in weights])
    return [part.reshape(w.shape) for part, w in zip(parts, weights)]
    ### END SOLUTION


# %% check="01.3"
check("01.3", magnitude_masks)

# %% [markdown]
# `compression.pruned` does this with PyTorch's own `torch.nn.utils.prune`, which also keeps the zeros at zero while the model trains on. First without any training: how many weights can go before the teacher suffers? Look at the bytes as well. A file of float32 numbers is as long with zeros as without. It gets shorter when zeros are not stored: one bit an entry says where something stands, then come the numbers that are left.

# %%
shares = (0.3, 0.5, 0.7, 0.9, 0.95)
curve = [(0.0, correct(teacher, "validation").mean())]
print(f"{'sparsity':>9}{'accuracy':>10}{'MB, plain file':>16}{'MB, sparse file':>17}")
for share in shares:
    sparse = compression.make_permanent(compression.pruned(teacher, share))
    curve.append((share, correct(sparse, "validation").mean()))
    plain, packed = (compression.bytes_on_disk(sparse, sparse=s) / 1e6 for s in (False, True))
    print(f"{share:>9.2f}{curve[-1][1]:>10.3f}{plain:>16.2f}{packed:>17.2f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots()
axes.plot(*zip(*curve), "o-", color=plots.COLOURS["teacher"])
axes.axhline(curve[0][1], linestyle=":", color=plots.COLOURS["ink"], linewidth=1)
axes.set(
    title="The teacher with its smallest weights set to zero, not retrained",
    xlabel="share of weights that are zero",
    ylabel="validation accuracy",
)
plots.show(
    figure,
    alt="The pruned teacher's validation accuracy by sparsity: "
    + ", ".join(f"{accuracy:.3f} at {share:.0%}" for share, accuracy in curve)
    + ".",
)

# %% [markdown]
# At `offline` scale the first third of the weights is hardly missed, and at the far end the model breaks. At 0.9, training on with the zeros held in place wins part of the loss back, as section 8 will show. What should it train on? On labels, or on soft targets: the unpruned teacher teaches its pruned self. Both are arms of the experiment below, at the settings' *sparsity*.
#
# ## 5 · Quantization: fewer bits a weight
#
# Eight bits hold the whole numbers from -128 to 127. A row of weights becomes a row of such numbers, its *codes*, and one float, its *scale*: weight ≈ code · scale, as nearly as that can be. In the *symmetric* form zero stays zero, -128 is not used, and the row makes use of the codes as far as they go.
#
# ### Exercise 01.4 · Eight bits a weight
# {{exercise:01.4}}
#
# Return the codes (torch.int8) and the scale of each row, chosen so that the weights come back as nearly as they can and the most extreme weight of a row comes back as it was, whatever its sign and however small it is. A row of zeros gets the scale 1; other rows that merely sum to zero do not. No weight that is tried lies halfway between two codes.


# %% exercise="01.4"
def quantize(weight):
    """A matrix as whole numbers from -127 to 127, with one scale a row: weight ≈ codes * scale.

    weight: (rows, columns). Returns two tensors: codes, (rows, columns), torch.int8, and scale,
    (rows, 1), of floats.
    """
    ### BEGIN SOLUTION
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    codes = (weight / scale).round().clamp(-127, 127).to(torch.int8)
    return codes, scale
    ### END SOLUTION


# %% check="01.4"
check("01.4", quantize)

# %% tags=["nbval-check-output"]
weight = torch.tensor([[0.81, -0.40, 0.03, 1.27], [0.002, -0.001, 0.0, 0.0005]])
codes, scale = compression.quantize_rows(weight)
print("codes ", codes.tolist())
print("scale ", [f"{s:.6f}" for s in scale[:, 0].tolist()])
print("back  ", [[round(x, 5) for x in row] for row in (codes * scale).tolist()])

# %% [markdown]
# `compression.int8` does so with every linear layer and every look-up table of a model. Does it save time? Our version keeps the codes in memory and widens them to float32 whenever a layer is called, so the arithmetic is as before, with the widening on top. Time needs kernels that multiply in int8, and quantize each input as it comes. Those of the package [torchao](https://github.com/pytorch/ao) do, and are measured here where it is installed; they are compiled when they are first called, which takes a while. Without it, the last line says that this was not measured.

# %%
report = experiments.Report(
    "01",
    setting.run.scale,
    data=experiments.fingerprint(data["test"]["text"]),
    test_seed=setting.test_seed,
    shortened=setting.run.shortened,
)
texts = data["test"]["text"][:32]
inputs = {
    1: tokenizer(texts[:1], return_tensors="pt"),
    32: tokenizer(texts, return_tensors="pt", padding=True),
}


versions = {
    "teacher, float32": teacher,
    "int8 weights": compression.int8(teacher),
    "int8 kernels": compression.with_int8_kernels(teacher),
}
there = {name: model for name, model in versions.items() if model is not None}
alone, together = median_times(there, 40, **inputs[1]), median_times(there, 10, **inputs[32])
print(f"{'':<18}{'ms, 1 sentence':>15}{'ms, 32 sentences':>18}{'accuracy':>10}")
for name, model in versions.items():
    if model is None:
        print(f"{name:<18}not measured: torchao is not installed")
        continue
    right = correct(model, "validation").mean()
    print(f"{name:<18}{alone[name]:>15.2f}{together[name]:>18.2f}{right:>10.3f}")

# %% [markdown]
# ## 6 · Transfer learning: start from weights that learnt something else
#
# A pretrained model has read much text before it ever sees your task. At `small` and `full` scale this is the real thing: a student with some of the pretrained model's layers. At `offline` scale nothing can be downloaded, so you pretrain in front of your eyes, on the headlines at hand without their labels: hide 15 words (tokens) in 100, and let the model say which they were. This is one of [BERT](https://aclanthology.org/N19-1423/)'s own tasks, *masked language modelling*, in miniature. Its loss is a surprise, minus the logarithm of the probability that the model gave to the hidden word, on average. Logarithms to the base e give it in *nats*; [lesson 02](02_from_surprise_to_kl.ipynb) begins with it. The next cell is folded, because it is what you would write for any model.


# %% tags=["hide-input"]
class HiddenWords(transformers.BertForMaskedLM):
    """BERT that guesses hidden tokens, and computes scores only where one is hidden."""

    def forward(self, input_ids, attention_mask=None, labels=None):
        states = self.bert(input_ids, attention_mask=attention_mask)[0]  # (batch, length, width)
        hidden = labels != -100
        scores = self.cls(states[hidden])  # (hidden tokens, vocabulary)
        return {"loss": torch.nn.functional.cross_entropy(scores, labels[hidden])}


def new_student(seed):
    """The student, untrained; the same weights for the same seed."""
    if isinstance(setting.student, str):
        return models.classifier(setting.student, tokenizer, names, seed=seed)
    config = models.copy_layers(start, setting.student).config
    transformers.set_seed(seed)
    return transformers.AutoModelForSequenceClassification.from_config(config)


def pretrained_student(seed, recipe):
    """The same student with weights that learnt to guess hidden words; its head is untrained."""
    if recipe is None:  # somebody else has pretrained it
        student = models.copy_layers(start, setting.student)
        transformers.set_seed(seed)
        student._init_weights(student.classifier)
        return student
    student = new_student(seed)
    guesser = HiddenWords(student.config)
    guesser.bert.load_state_dict(student.bert.state_dict(), strict=False)
    steps = setting.run.max_steps if setting.run.max_steps > 0 else recipe.steps
    trainer = transformers.Trainer(
        model=guesser,
        args=training_arguments(
            "results/01-training",
            seed=seed,
            learning_rate=recipe.learning_rate,
            max_steps=steps,
            per_device_train_batch_size=2 * setting.batch_size,
            warmup_steps=0.1,
            weight_decay=0.01,
            logging_steps=max(1, steps // 6),
            disable_tqdm=True,
        ),
        train_dataset=texts_at_hand.select_columns(["input_ids", "attention_mask"]),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15),
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    guesses.append([entry["loss"] for entry in trainer.state.log_history if "loss" in entry])
    student.bert.load_state_dict(guesser.bert.state_dict(), strict=False)
    return student


guesses = []  # the loss of each pretraining, as it went
texts_at_hand = rows["train"]
if setting.transfer:
    texts_at_hand = classification.join(rows["train"], rows["unlabelled"])
pretrained = {
    seed: pretrained_student(seed, setting.recipes.get("pretraining")) for seed in setting.run.seeds
}
for losses_seen in guesses[:1]:
    print("loss while guessing (nats):", "  ".join(f"{loss:.2f}" for loss in losses_seen))
    words = np.concatenate([ids[1:-1] for ids in texts_at_hand["input_ids"]])  # no [CLS], no [SEP]
    shares = np.unique(words, return_counts=True)[1] / len(words)
    print(f"knowing how often each token comes up, no more: {-shares @ np.log(shares):.2f}")

# %% [markdown]
# Whoever guesses blindly among the 2,000 tokens of the vocabulary pays log(2000) = 7.60 nats a token. Whoever knows how often each token comes up, and looks at no neighbour, pays what the last line says. The loss ends below both. So the model has learnt something about headlines: which words go together. What is good news nobody has told it.
#
# ## 7 · Distillation: learn from what the teacher says
#
# The teacher answers every headline once, labelled or not. Its answers travel with the headlines, as a column. Unlabelled headlines have the label -100, which tells the trainer that there is none; from these the student learns what the teacher says, and nothing else.

# %%
outputs = cached_teacher_outputs(teacher, texts_at_hand, tokenizer, progress=False)
taught = add_teacher_logits(texts_at_hand, outputs)
print(f"{len(rows['train'])} headlines with labels, {len(taught)} with the teacher's answer")

# %% [markdown]
# ## 8 · Side by side
#
# Six arms are trained. Each takes the same number of optimiser steps with the same batch size; each arm's learning rate was chosen on validation (the log below). The student's architecture is the same in the first four, which differ in which weights it starts from and in which targets it learns. A third difference comes with the targets: the distilled arms read the unlabelled headlines, too, each about once, where the others read their few labelled ones again and again. What they gain is the teacher's answers *and* that text; [lesson 04](04_dark_knowledge.ipynb) gives all arms the same sentences.
#
# | | targets: labels | targets: labels and the teacher's answers |
# |---|---|---|
# | **random weights** | control | distilled |
# | **pretrained weights** | transfer | transfer and distilled |
#
# The other two are the pruned teacher, trained on with labels, or with the unpruned teacher's answers. The **control** is what all must be compared with: the same small student, the same steps, without help. Pretraining has steps of its own, which are not counted here, as if somebody else had made that model.


# %%
def arm_start(arm, seed):
    """The model that an arm starts from."""
    if arm.startswith("teacher"):
        return compression.pruned(teacher, setting.sparsity)
    return copy.deepcopy(pretrained[seed]) if arm.startswith("transfer") else new_student(seed)


def train_arm(arm, seed, recipe, model=None):
    """One arm with one seed; model: what it starts from, where it is not the arm's own."""
    part = taught if recipe.alpha else rows["train"]
    model = train(model or arm_start(arm, seed), part, recipe, seed=seed)
    return compression.make_permanent(model)


trained_arms = [arm for arm in setting.recipes if arm not in ("teacher", "pretraining")]
trained = {
    (arm, seed): train_arm(arm, seed, setting.recipes[arm])
    for arm in trained_arms
    for seed in setting.run.seeds
}

# %% [markdown]
# Four more come without training: the teacher itself, its int8 version, the teacher pruned and not retrained, and the distilled student in int8.

# %%
sparse_teacher = compression.make_permanent(compression.pruned(teacher, setting.sparsity))
versions = {  # arm -> seed -> model; what is not trained here has no seed
    "teacher": {None: teacher},
    "teacher, int8": {None: compression.int8(teacher)},
    "teacher, pruned": {None: sparse_teacher},
    **{arm: {seed: trained[arm, seed] for seed in setting.run.seeds} for arm in trained_arms},
    "distilled, int8": {s: compression.int8(trained["distilled", s]) for s in setting.run.seeds},
}
right = {
    arm: np.stack([correct(model, "test") for model in by_seed.values()])
    for arm, by_seed in versions.items()
}
taken_once = "measured" if "teacher" not in setting.recipes else "trained once"
for arm, by_seed in versions.items():
    if None in by_seed:
        report.add(f"{arm}/accuracy", right[arm].mean(), kind=taken_once)
    report.add_rows(f"{arm}/accuracy", right[arm], seeds=list(by_seed))
    model = next(iter(by_seed.values()))
    disk = compression.bytes_on_disk(model, sparse="pruned" in arm)
    report.add(f"{arm}/MB on disk", disk / 1e6)
    report.add(f"{arm}/MB in memory", cost.size_in_bytes(model) / 1e6)
one_of_each = {arm: next(iter(by_seed.values())) for arm, by_seed in versions.items()}
for column, rounds, batch in (("1 sentence", 40, inputs[1]), ("32 sentences", 15, inputs[32])):
    for arm, milliseconds in median_times(one_of_each, rounds, **batch).items():
        report.add(f"{arm}/ms, {column}", milliseconds, kind="timing")
print(experiments.comparison_table(report, list(versions), "accuracy"))

# %%
experiments.plot_comparison(
    report, list(versions), "accuracy", title="What each way keeps", unit="test accuracy"
)

# %% [markdown]
# The ring is your run; the bar, where there is one, is the interval of the reference run. Where there is only one model, as of the teacher, that interval is over test rows alone.
#
# Is a difference more than luck? It would come out otherwise with other seeds or other test sentences. Both arms have the same seeds and answer the same sentences, so that the two can be *paired*: one difference for each seed and sentence. The interval below is Student's, around the mean of these differences, and takes seeds and sentences both as drawn at random. When it contains 0, the sign is open. First come the students against the control, then the retrained teachers against the pruned one that was not. The next two lines ask what a pretrained start adds to distilling, and what the unpruned teacher's answers add to retraining. Last come int8 against the teacher that it was made of, and the student with both aids against a teacher that was merely pruned.

# %%
untrained = np.repeat(right["teacher, pruned"], len(setting.run.seeds), axis=0)
pairs = [(arm, "control", right["control"]) for arm in trained_arms[1:4]]
pairs += [(arm, "teacher, pruned", untrained) for arm in trained_arms[4:]]
pairs += [(b, a, right[a]) for a, b in (trained_arms[2:4], trained_arms[4:])]
pairs += [("teacher, int8", "teacher", right["teacher"])]
pairs += [("transfer and distilled", "teacher, pruned", untrained)]
for arm, other, reference in pairs:
    name, seeds = f"{arm}/gain over {other}", list(versions[arm])
    if None in seeds:
        report.add(name, (right[arm] - reference).mean(), kind=taken_once)
    gain = report.add_rows(name, right[arm], reference, seeds=seeds)
    said = "" if None in seeds else experiments.verdict(gain, seeds=len(seeds))
    print(f"{arm} minus {other}:\n    {gain}  {said}")

# %% [markdown]
# With one seed the interval knows of other sentences only. Here are the reference run's gains, with their intervals, from {{ledger:01/offline/control/accuracy|count}} seeds where anything was trained, at `offline` scale; below them, the signs that were expected, written down before the test sentences were read.

# %%
for other in dict.fromkeys(other for _, other, _ in pairs):
    print(f"gain over {other}")
    print(experiments.reference_table("01", f"gain over {other}"))
print()
print(experiments.expectation_table(report))

# %% [markdown]
# **With this teacher's answers and more text, the small student is better.** In the reference run the distilled student gains {{ledger:01/offline/distilled/gain over control|interval}} of accuracy over the control; seed by seed the gain runs from {{ledger:01/offline/distilled/gain over control|range}}. It is one teacher throughout.
#
# Count the labels before you book that gain to distillation. The control has learnt from 2,000 labelled headlines. The teacher, whose answers the distilled student hears, has learnt from 40,000, and it has answered 12,000 more sentences that the control never reads. So the gain is what a teacher *and* its data bring to somebody who has little of either: a large model is in service, and its labels are not at hand. [Lesson 06](06_text_classification.ipynb) takes the two apart.
#
# **Whether a pretrained start helps stays open**, though a gain was expected. On labels alone it is {{ledger:01/offline/transfer/gain over control|interval}}, and one seed makes most of that: the seeds run from {{ledger:01/offline/transfer/gain over control|range}}. To distilling it adds next to nothing, as the table shows.
#
# **A pruned teacher can be taught by itself.** Retrained on the unpruned teacher's answers to all headlines, the unlabelled ones too, it gains {{ledger:01/offline/teacher, pruned, distilled/gain over teacher, pruned, retrained|interval}} over the one that was retrained on labels.
#
# ### What each costs, and what each needs
#
# Bytes on disk are those of the file: sparse form for pruned models, int8 codes with their scales for quantized ones, plain float32 otherwise. In memory a pruned model is as large as ever, because the kernels that run it want every entry. *Own steps* says whether training is needed after the model in service is there; *if any*, that an arm uses what there is of it; whether it helps is not measured here.

# %% tags=["hide-input"]
needs = {  # labels, unlabelled text, the teacher while training, own steps
    "teacher": ("-", "-", "-", "-"),
    "teacher, int8": ("-", "-", "-", "-"),
    "teacher, pruned": ("-", "-", "-", "-"),
    "control": ("yes", "-", "-", "yes"),
    "transfer": ("yes", "before", "-", "yes"),
    "distilled": ("if any", "if any", "yes", "yes"),
    "transfer and distilled": ("if any", "before", "yes", "yes"),
    "teacher, pruned, retrained": ("yes", "-", "-", "yes"),
    "teacher, pruned, distilled": ("if any", "if any", "yes", "yes"),
    "distilled, int8": ("if any", "if any", "yes", "yes"),
}
columns = ("accuracy", "MB on disk", "MB in memory", "ms, 1 sentence", "ms, 32 sentences")
print(f"{'':<27}{'accuracy':>9}{'disk':>7}{'memory':>8}{'ms x1':>7}{'ms x32':>8}", end="")
print(f"  {'labels':<8}{'text':<8}{'teacher':<9}{'own steps'}")
for arm in versions:
    accuracy, disk, memory, one, many = (np.mean(report.values(f"{arm}/{c}")) for c in columns)
    print(f"{arm:<27}{metrics.shown(accuracy):>9}{disk:>7.2f}{memory:>8.2f}", end="")
    print(f"{one:>7.2f}{many:>8.1f}", end="")
    labelled, text, asked, steps = needs[arm]
    print(f"  {labelled:<8}{text:<8}{asked:<9}{steps}")

# %% tags=["hide-input"]
looks = {"int8": "s", "pruned": "^"}
tints = {
    "transfer": plots.COLOURS["accent"],
    "transfer and distilled": plots.COLOURS["highlight"],
    "teacher, pruned, retrained": plots.COLOURS["neutral"],
    "teacher, pruned, distilled": plots.COLOURS["truth"],
}
spreads = {  # the reference run's where there is one, else this run's
    arm: experiments.reference_interval(report, f"{arm}/accuracy")
    or experiments.paired_interval(right[arm])
    for arm in versions
}
figure, panels = plt.subplots(1, 2, figsize=(9.2, 4.4), sharey=True)
for axes, column in zip(panels, ("MB on disk", "ms, 32 sentences")):
    for arm, spread in spreads.items():
        x = np.mean(report.values(f"{arm}/{column}"))
        mark = next((mark for word, mark in looks.items() if word in arm), "o")
        colour = tints.get(arm) or plots.role_colour(arm)
        axes.plot([x, x], spread[1:], color=colour, linewidth=4, alpha=0.4)
        axes.plot(x, spread.mean, mark, color=colour, markersize=8, label=arm)
    axes.set(xscale="log", xlabel=column.replace("ms,", "milliseconds for"))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")
panels[0].set(ylabel="test accuracy", title="Accuracy for bytes")
panels[1].set(title="Accuracy for time (this machine)")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plots.show(
    figure,
    alt="Accuracy with its 95 % interval against megabytes on disk, and against milliseconds for 32 "
    "sentences; one point an arm: "
    + "; ".join(
        f"{arm} {spread.shown()} at "
        f"{np.mean(report.values(f'{arm}/MB on disk')):.2f} MB and "
        f"{np.mean(report.values(f'{arm}/ms, 32 sentences')):.0f} ms"
        for arm, spread in spreads.items()
    )
    + ".",
)

# %% [markdown]
# Points and bars are the reference run's accuracy and its interval (your run's where there is no reference), bytes and times are your run's.
#
# At `offline` scale the left panel does not speak for a small student. Int8 costs the teacher {{ledger:01/offline/teacher, int8/gain over teacher|interval}} of accuracy, at about a quarter of the bytes. The student with both aids has a larger file than a teacher that was pruned and not even retrained, and less accuracy: the difference is {{ledger:01/offline/transfer and distilled/gain over teacher, pruned|interval}}. The smallest file of all is the distilled student's in int8.
#
# The right panel speaks for small models where time counts: only the students are fast, because only they have fewer multiply-adds. Among them, the gain over the control speaks for distilling.
#
# The race was hard on the students: they are very small, and were trained for few steps. What more steps bring is below.
#
# <details><summary><b>Going deeper:</b> how far the times can be trusted</summary>
#
# The four students are one network with other numbers in it, and so are the teacher and its pruned copies: what is the same network takes the same time. The models took turns, so that a busy moment falls on all of them. The students' times should therefore be equal. Where their points lie apart, that is this machine's noise, and no smaller difference between two times means anything. Int8 saves no time here, because our version widens its codes at every call.
#
# </details>

# %% [markdown]
# ### Was the race fair? The log
#
# A fair race tunes every arm equally hard. Each arm's learning rate is the best on validation of equally many, or within a thousandth of it, one seed each, and no arm's best stands at the edge of its grid; the test sentences had no say. At `offline` scale that is so; at the other scales the log shows what the given rates are worth. `KD_MAPS=1` tries them again; the entries read *learning rate: validation accuracy*. One seed cannot rank neighbours that lie a hundredth apart. α and T were given, not chosen by this log.

# %%
if setting.run.maps:
    log = {}
    for arm in trained_arms:
        log[arm] = [
            [recipe.learning_rate, correct(train_arm(arm, 0, recipe), "validation").mean()]
            for recipe in setting.grid(arm)
        ]
    report.add_table("grid", log)

for arm, entries in (report.table("grid") or {}).items():
    print(f"{arm:<27}" + "  ".join(f"{rate:g}: {score:.3f}" for rate, score in entries))

# %% [markdown]
# And would longer training change the picture? `KD_MAPS=1` computes it for the control and the distilled student, one seed a point, on validation; without it the cell draws what the ledger holds. The dotted lines are the teacher and the pruned teacher; neither is trained longer.

# %%
if setting.run.maps:
    lengths = {}
    for arm in ("control", "distilled"):
        for factor in (1, 4, 16):
            recipe = setting.recipes[arm]
            recipe = replace(recipe, steps=factor * recipe.steps)
            score = correct(train_arm(arm, 0, recipe), "validation").mean()
            lengths.setdefault(arm, []).append([recipe.steps, score])
    report.add_table("lengths", lengths)

lengths = report.table("lengths")
if lengths:
    figure, axes = plt.subplots()
    for arm, points in lengths.items():
        axes.plot(*zip(*points), "o-", color=plots.role_colour(arm), label=arm)
    for name, level in (("teacher", curve[0][1]), ("teacher, pruned", dict(curve).get(0.9))):
        if level:
            axes.axhline(level, linestyle=":", color=plots.COLOURS["teacher"])
            axes.annotate(
                name, (lengths["control"][0][0], level), (0, 3), textcoords="offset points"
            )
    axes.set(xscale="log", xlabel="optimiser steps", ylabel="validation accuracy")
    axes.set_title("What longer training brings the student")
    axes.legend()
    plots.show(
        figure,
        alt="Validation accuracy by optimiser steps: "
        + "; ".join(
            f"{arm} " + ", ".join(f"{score:.3f} after {steps}" for steps, score in points)
            for arm, points in lengths.items()
        )
        + ".",
    )

# %% [markdown]
# In the reference run, longer training did not help the control: it got worse. That this comes from reading the same few labels again and again is a guess. It helped the distilled student all the way: that student learns from the teacher's answers to many unlabelled sentences. It passed the pruned teacher that was not retrained, came close to the one retrained on labels, and stayed below the one distilled. So where there is text enough, the short race above says too little for distilling. One seed a point, at the learning rates of the short runs, does not measure by how much.
#
# Transfer learning has a right to the same question: its pretraining here was a tiny fraction of what a real one gets. So `KD_MAPS=1` also tries three and nine times the pretraining, with the same short training on the task afterwards.

# %%
if setting.run.maps and "pretraining" in setting.recipes:
    longer = []
    for factor in (1, 3, 9):
        recipe = setting.recipes["pretraining"]
        recipe = replace(recipe, steps=factor * recipe.steps)
        student = pretrained_student(0, recipe)
        scores = [
            correct(
                train_arm(arm, 0, setting.recipes[arm], copy.deepcopy(student)), "validation"
            ).mean()
            for arm in ("transfer", "transfer and distilled")
        ]
        longer.append([recipe.steps, guesses[-1][-1], *scores])
    report.add_table("pretraining", longer)

print(f"{'pretraining':<16}{'loss, nats':>10}{'transfer':>10}{'transfer and distilled':>24}")
for steps, loss, alone, both in report.table("pretraining") or []:
    print(f"{steps:>10} steps{loss:>10.2f}{alone:>10.3f}{both:>24.3f}")

# %% [markdown]
# More pretraining lowered its own loss by far. On the task, three times the pretraining scored higher in both columns, and nine times hardly differs from once. One seed a row, at learning rates chosen for the shortest, settles nothing. A model pretrained on billions of words, which the `small` scale starts from, is another matter.
#
# ### Exercise 01.5 · What would you try first?
# {{exercise:01.5}}
#
# A phone app has a fine-tuned model that is accurate and fast enough. Its download is three times too large: about a third of the bytes of its float32 file are allowed. Of the data, 50 labelled sentences are left, enough to notice a disaster. The release is tomorrow. What do you try first?
#
# {{choices:01.5}}

# %% exercise="01.5"
first_step = ...
### BEGIN SOLUTION
first_step = "c"
### END SOLUTION

# %% check="01.5"
check("01.5", first_step)

# %% [markdown]
# ## 9 · Does distillation make training cheaper?
#
# The article promises a lower cost of computing. Whose, and of which computing?
#
# ### Exercise 01.6 · What does distillation save?
# {{exercise:01.6}}
#
# Firm A runs a large classifier, which will answer a hundred million sentences this year. Firm B has no model yet, has labels enough to train one, and must classify ten thousand sentences, once. Both have read that distilling saves computing. For whom does it save multiply-adds, all told?
#
# {{choices:01.6}}

# %% exercise="01.6"
what_is_saved = ...
### BEGIN SOLUTION
what_is_saved = "b"
### END SOLUTION

# %% check="01.6"
check("01.6", what_is_saved)

# %% [markdown]
# After how many sentences has the extra work paid for itself? Training takes about three times the multiply-adds of a forward pass (forward once, backward twice). Count the teacher's answers and the student's training against what each answer saves; the teacher itself was there already. The count takes one sentence's length for all of them and leaves out every trial of a learning rate; and the cheaper answers are right less often than the teacher's.

# %%
sentence = tokenizer(data["test"]["text"][0], return_tensors="pt")
per_answer = {
    "teacher": cost.multiply_adds(teacher, sentence),
    "student": cost.multiply_adds(trained["distilled", setting.run.seeds[0]], sentence),
}
asked = len(taught) * per_answer["teacher"]
learnt = 3 * setting.recipes["distilled"].steps * setting.batch_size * per_answer["student"]
saved = per_answer["teacher"] - per_answer["student"]
print(f"the teacher's answers     {asked / 1e9:8.1f} billion multiply-adds")
print(f"the student's training    {learnt / 1e9:8.1f} billion")
print(f"saved by every sentence   {saved / 1e6:8.1f} million")
print(f"paid back after           {(asked + learnt) / saved:8,.0f} sentences")

# %% [markdown]
# ## 10 · Transfer learning and distillation: where do they meet, where do they part?
#
# Both let one model profit from what another has learnt. You have seen both at work in section 8: the arm `transfer`, pretrained and then fine-tuned on labels, and the arm `distilled`. What follows from the way each works?
#
# ### Exercise 01.7 · Transfer learning and distillation: where do they differ?
# {{exercise:01.7}}
#
# `table` is a dict: from the name of each row to `"transfer"`, `"distillation"` or `"both"`. Of which is the sentence true, in the form that these two arms have? *The other model* is the one that something comes from: the pretrained one, or the teacher.
#
# | row | sentence |
# |---|---|
# | `weights` | Draw the new model's weights afresh before it trains on the task, and nothing is left of the method. |
# | `targets` | The other model must be asked about the very sentences that the new one trains on. |
# | `input` | Once training is over, the other model can be deleted. |
# | `shape` | The two models may differ in every width, and in the number of layers. |
# | `unlabelled` | Had none of the headlines a label, the new model could still learn to tell good news from bad. |

# %% exercise="01.7"
table = ...
### BEGIN SOLUTION
table = {
    "weights": "transfer",
    "targets": "distillation",
    "input": "both",
    "shape": "distillation",
    "unlabelled": "distillation",
}
### END SOLUTION

# %% check="01.7"
check("01.7", table)

# %% [markdown]
# Because one is about where a model starts and the other about what it is told, they do not exclude each other. [DistilBERT](https://arxiv.org/abs/1910.01108) does both: its student takes every other layer of BERT, and then learns from BERT's answers. The fourth arm of section 8 does both, too; at `offline` scale its first weights come from hidden words, not from the teacher.
#
# > **The article, audited.** It says of distillation that "the teacher's output is the student's input". It is not: the student reads the sentence, and the teacher's output is its *target*. If it were the input, the teacher would have to run for every answer that the student ever gives, and nothing would be saved. The article's steps "encode, decode, transfer" are a misunderstanding of the same kind: teacher and student each read the sentence for themselves, and only the loss compares what they say. And the article calls distillation a special kind of transfer learning; that is a matter of words, as long as one knows what is handed over.
#
# ## What you can now do
#
# - Say where large models came from, with dates and sizes that have a source.
# - Work out what a model costs, and measure it: bytes, multiply-adds, joules to an order of magnitude, milliseconds.
# - Prune and quantize a model, and say which of the costs each of them lowers, and which not.
# - Keep transfer learning and distillation apart, and put them together.
# - Compare ways to a smaller model fairly: the same steps, a control, an interval, and a log of what was tuned.
#
# ## Where this goes wrong in practice
#
# - **Sparsity is sold as size or as speed.** Zeros take memory and time like any other number, until a file format or a kernel is made for them.
# - **A distilled student is compared with its teacher only.** What would the same student have reached without one? And what would int8 have done to the teacher?
# - **Parameters are taken for time.** Look-up tables have many parameters and no multiplications; a deep and narrow model has few and may be slow.
# - **Small models are timed one sentence at a time**, where calling Python costs more than multiplying, or on a machine that is busy with other things.
# - **Training is forgotten.** A teacher, its answers and a student cost more to make than a model alone; a model that is hardly ever called need not be small.
# - **Ways are seen as rivals.** A distilled student can be quantized, a pruned teacher can be taught by itself, a pretrained student distilled.
#
# ## Further reading
#
# On how it came about:
#
# - K. W. Church: [*A stochastic parts program and noun phrase parser for unrestricted text*](https://aclanthology.org/A88-1019/). ANLP 1988. One of the papers with which counting came.
# - P. F. Brown, J. Cocke, S. A. Della Pietra, V. J. Della Pietra, F. Jelinek, J. D. Lafferty, R. L. Mercer, P. S. Roossin: [*A statistical approach to machine translation*](https://aclanthology.org/J90-2002/). Computational Linguistics 16(2), 1990; and P. F. Brown, S. A. Della Pietra, V. J. Della Pietra, R. L. Mercer: [*The mathematics of statistical machine translation*](https://aclanthology.org/J93-2003/). Computational Linguistics 19(2), 1993.
# - M. P. Marcus, B. Santorini, M. A. Marcinkiewicz: [*Building a large annotated corpus of English: the Penn Treebank*](https://aclanthology.org/J93-2004/). Computational Linguistics 19(2), 1993.
# - D. Hall, D. Jurafsky, C. D. Manning: [*Studying the history of ideas using topic models*](https://aclanthology.org/D08-1038/). EMNLP 2008. When statistics came, by counting papers.
# - Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin: [*A neural probabilistic language model*](https://www.jmlr.org/papers/v3/bengio03a.html). JMLR 3, 2003. T. Brants, A. C. Popat, P. Xu, F. J. Och, J. Dean: [*Large language models in machine translation*](https://aclanthology.org/D07-1090/). EMNLP-CoNLL 2007.
#
# On cost:
#
# - M. Horowitz: [*Computing's energy problem (and what we can do about it)*](https://doi.org/10.1109/ISSCC.2014.6757323). ISSCC 2014. The picojoules.
# - E. Strubell, A. Ganesh, A. McCallum: [*Energy and policy considerations for deep learning in NLP*](https://aclanthology.org/P19-1355/). ACL 2019.
#
# On smaller models:
#
# - C. Buciluă, R. Caruana, A. Niculescu-Mizil: [*Model compression*](https://doi.org/10.1145/1150402.1150464). KDD 2006. A student taught by an ensemble on unlabelled data, before the word distillation.
# - G. Hinton, O. Vinyals, J. Dean: [*Distilling the knowledge in a neural network*](https://arxiv.org/abs/1503.02531). 2015. Where the word, and the temperature, come from.
# - S. Han, J. Pool, J. Tran, W. J. Dally: [*Learning both weights and connections for efficient neural networks*](https://arxiv.org/abs/1506.02626). NIPS 2015. Magnitude pruning, and retraining after it.
# - M. A. Gordon, K. Duh, N. Andrews: [*Compressing BERT: studying the effects of weight pruning on transfer learning*](https://aclanthology.org/2020.repl4nlp-1.18/). RepL4NLP 2020.
# - B. Jacob, S. Kligys, B. Chen, M. Zhu, M. Tang, A. Howard, H. Adam, D. Kalenichenko: [*Quantization and training of neural networks for efficient integer-arithmetic-only inference*](https://arxiv.org/abs/1712.05877). CVPR 2018. Where int8 saves time as well.
# - V. Sanh, L. Debut, J. Chaumond, T. Wolf: [*DistilBERT, a distilled version of BERT: smaller, faster, cheaper and lighter*](https://arxiv.org/abs/1910.01108). 2019.
# - J. Devlin, M.-W. Chang, K. Lee, K. Toutanova: [*BERT: pre-training of deep bidirectional transformers for language understanding*](https://aclanthology.org/N19-1423/). NAACL 2019. Masked language modelling, and fine-tuning.
#
# ## Where you stand
#
# Your exercises of this lesson, and where to go on.

# %%
show_progress("01")
