# %% [markdown]
# # 07 · Can a small model translate like a large one?
#
# A sentence has many right translations. A large model can keep them all in mind; a small one, shown a different wording each time, may learn a blur of them. So for translation there is a second way to distil: let the teacher translate the training sentences, and let the student learn from *its* translations, one wording for each. In this lesson you do both ways, word by word and sentence by sentence, and you measure what each is worth.
#
# **You will be able to**
# - compute a token loss in which padding has no say, and shift a decoder's inputs the right way;
# - let a teacher rewrite a training corpus, in a way that survives a crash and lets no line slip;
# - say, with an interval and against a control, what each way of distilling is worth, greedy and with a beam;
# - score Chinese so that the score means something, and name what it hides;
# - choose a student for a budget in milliseconds.
#
# **You need** lessons [02](02_from_surprise_to_kl.ipynb) and [03](03_distillation_losses.ipynb) (KL divergence, soft and hard loss), PyTorch, and to have seen an encoder-decoder before.
#
# **Minutes** 110, of which the computer needs about four on a first run: the teacher's rewriting of the corpus (section 6) is in them, and is only read afterwards.
#
# **When an exercise resists**, `hint("07.1")` asks a question first, then gives a direction, and last says where the answer stands in the [worked edition](../solutions/07_machine_translation.ipynb).
#
# **What runs** at `offline`: English sentences with Chinese translations from a written grammar, so that every right translation and its probability are known; a teacher that ships with the course; students trained from scratch, no network. At `small`: real sentence pairs from the hub, and a teacher trained on them here. At `full`: [OPUS-MT](https://aclanthology.org/2020.eamt-1.61/) as teacher, a student with six of its encoder and two of its decoder layers, a million pairs, on a GPU. The cells are the same; `KD_SCALE` chooses the settings.

# %% tags=["setup"]
import html
import itertools
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import datasets
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
import transformers

from IPython.display import display

from kd_course import (
    cost,
    experiments,
    losses,
    metrics,
    plots,
    settings,
    teachers,
    translation,
    widgets,
)
from kd_course.corpora import hub, parallel
from kd_course.distillation import Seq2SeqDistillationTrainer, train_with_recipe
from kd_course.exercises import check, hint, show_progress

plots.style()
transformers.logging.set_verbosity_error()
datasets.disable_progress_bars()
setting = settings.for_lesson("07")
known = setting.dataset == "parallel"  # whether every right translation is known
print(setting)

# %% [markdown]
# *pairs* is how many training pairs each student may use. *vocabulary* counts the pieces of English and of Chinese that a model reads and writes, *longest* the pieces of a sentence (section 2); *tiny* names a size, which section 4 shows. *beams* and *candidates* say how hard the teacher searches and how many translations of a sentence it writes down. Section 7 says how the recipes were chosen.
#
# ## 1 · The data, before anything else
#
# Each row is an English sentence and one Chinese translation of it. (If you read no Chinese: every cell that needs it says what to look at.)


# %%
def load_pairs():
    """train, validation and test in opus-100's schema."""
    if known:
        data = parallel.load(test_seed=setting.test_seed)
    else:
        data = hub.load_translation(setting.dataset, limit=setting.run.limit)
    train = data["train"]
    enough = [setting.pairs or len(train), len(train)]
    if setting.run.max_steps > 0:  # a training that is cut short reads no more than this
        enough.append(setting.run.max_steps * setting.batch_size)
    train = train.select(range(min(enough)))
    data["train"] = train
    if setting.run.limit:
        data = {
            name: rows.select(range(min(setting.run.limit, len(rows))))
            for name, rows in data.items()
        }
    return data


data = load_pairs()
english = {split: [row["en"] for row in data[split]["translation"]] for split in data}
chinese = {split: [row["zh"] for row in data[split]["translation"]] for split in data}
for en, zh in list(zip(english["train"], chinese["train"]))[:6]:
    print(f"{en}\n    {zh}")

# %% [markdown]
# How many pairs are there, and how long are they? Chinese writes no spaces, so its length is counted in characters.

# %%
for split in data:
    words = [len(text.split()) for text in english[split]]
    characters = [len(text) for text in chinese[split]]
    print(
        f"{split:<11}{len(words):>8} pairs   English words: {np.mean(words):.1f} on average, at most {max(words)}"
        f"   Chinese characters: {np.mean(characters):.1f}, at most {max(characters)}"
    )
overlap = len(set(english["train"]) & set(english["test"]))
print(f"test sentences that stand in training, too: {overlap} of {len(english['test'])}")

# %% [markdown]
# ### One sentence, many translations
#
# At `offline` scale the pairs come from a written grammar that produces both languages at once. It chooses among synonyms (电脑 or 计算机), among word orders, and whether to say a particle that may be left out; one wording is usual and the others are rarer, as we assume it is in real languages. So every translation that the grammar allows, and its probability, are known; we call these *right*. (Good Chinese that the grammar does not know, 明天我去书店。 for the sentence below, counts as not right.) The corpus holds *one* of them, drawn by chance. Here is how many one short sentence has.

# %% tags=["nbval-check-output"]
sentence = "Tomorrow, I will go to the bookshop."
ways = parallel.translations(sentence)
for zh, p in ways[:4]:
    print(f"p = {p:.3f}   {zh}")
entropy = parallel.entropy(sentence)
print(
    f"{len(ways)} translations in the grammar; entropy {entropy:.3f} nats, like {np.exp(entropy):.1f} equal ones"
)

# %% tags=["hide-input"]
if known:
    nats = [parallel.entropy(en) for en in english["test"]]
    figure, axes = plt.subplots()
    axes.hist(nats, bins=30, color=plots.COLOURS["truth"])
    axes.set(
        title="How much choice a translator has",
        xlabel="entropy of the right translations of a test sentence (nats)",
        ylabel="sentences",
    )
    plots.show(
        figure,
        alt=f"Histogram of the entropy of right translations over test sentences: {np.mean(nats):.2f} nats on "
        f"average, from {min(nats):.2f} to {max(nats):.2f}.",
    )
    print(
        f"mean entropy {np.mean(nats):.2f} nats: as much choice as among {np.exp(np.mean(nats)):.0f} equal ones"
    )

# %% [markdown]
# Keep this in mind for what follows. A model that translated perfectly would still be surprised by the corpus, by that many nats a sentence. And its one best translation would often differ from the one the corpus happens to hold. Section 7 holds every model against both: its nats a sentence against these, and its BLEU against the *ceiling*, what somebody gets who always writes the most probable translation.
#
# ## 2 · The teacher, and how it reads
#
# At `offline` scale the teacher ships with the course. It learnt from many more pairs than the students have (the cell says how many), none of whose English sentences is in your splits. At `small` it is trained here, on the same pairs as the students. At `full` it is OPUS-MT, which others trained.


# %%
def train(model, rows, recipe, *, seed, **teacher):
    """Train with one recipe; every arm goes through here. Returns the trainer."""
    collator = translation.collator(tokenizer, model)
    options = {"kind": Seq2SeqDistillationTrainer, "data_collator": collator, **teacher}
    return train_with_recipe(model, rows, recipe, setting, seed=seed, **options)


def with_code(pairs, code):
    """The pairs, with a language code in front of every English sentence."""
    return translation.pairs_from(
        [f"{code} {row['en']}" for row in pairs["translation"]],
        [row["zh"] for row in pairs["translation"]],
    )


# %%
def short_enough(pair):
    """Whether both sides are read whole: a pair that is cut would teach half a sentence."""
    both = tokenizer([pair["translation"]["en"]], text_target=[pair["translation"]["zh"]])
    return max(len(both["input_ids"][0]), len(both["labels"][0])) <= setting.longest


trained_here = "teacher" in setting.recipes
prefix = ""  # what a teacher of several written languages is told before every sentence
if trained_here:
    tokenizer = translation.train_tokenizers(
        english["train"], chinese["train"], vocabulary=setting.vocabulary
    )
    data = {split: data[split].filter(short_enough) for split in data}
    teacher = translation.translator(setting.teacher, tokenizer, seed=0)
    pairs = translation.tokenised(data["train"], tokenizer, longest=setting.longest)
    log = train(teacher, pairs, setting.recipes["teacher"], seed=0).state.log_history
    curve = [(entry["step"], entry["loss"]) for entry in log if "loss" in entry]
    unit, measure = "optimiser steps", "training loss (nats a token)"
else:
    folder = teachers.obtain(setting.teacher, retrain=setting.run.retrain)
    teacher, tokenizer = translation.load(folder)
    wanted = ">>cmn_Hans<<"  # a teacher of several written languages is told which one
    if wanted in getattr(tokenizer, "supported_language_codes", ()):
        prefix = f"{wanted} "
        data = {split: with_code(data[split], wanted) for split in data}
    if known:
        learnt = teachers.notes(folder)["recipe"]["pairs"]
        print(f"the teacher learnt from {learnt:,} pairs; a student has {len(data['train']):,}")
    else:
        data = {split: data[split].filter(short_enough) for split in data}
    curve = teachers.notes(folder)["curve"] if known else []
    curve = [(entry["epoch"], entry["loss on held-out sentences"]) for entry in curve]
    unit, measure = "passes over its training pairs", "loss on held-out sentences (nats a token)"
english = {split: [row["en"] for row in data[split]["translation"]] for split in data}
chinese = {split: [row["zh"] for row in data[split]["translation"]] for split in data}
teacher = teacher.eval().to("cuda" if torch.cuda.is_available() else "cpu")

# %% tags=["hide-input"]
if curve:
    figure, axes = plt.subplots()
    axes.plot(*zip(*curve), color=plots.COLOURS["teacher"], marker="o")
    axes.set(title="How the teacher learnt", xlabel=unit, ylabel=measure, ylim=(0, None))
    plots.show(
        figure,
        alt=f"The teacher's loss falls from {curve[0][1]:.2f} to {curve[-1][1]:.2f} nats a token over its training.",
    )

# %% [markdown]
# A model reads *pieces*, learnt by byte-pair encoding from each language by itself: common words are one piece, rare ones are spelt. A Chinese piece may be several words. `</s>` ends every sentence.


# %%
def pieces(ids):
    """Target numbers as readable pieces."""
    return [tokenizer.batch_decode([[int(i)]], skip_special_tokens=False)[0] for i in ids]


rows = {
    split: translation.tokenised(data[split], tokenizer, longest=setting.longest) for split in data
}
row = rows["train"][0]
print(english["train"][0], "\n", row["input_ids"])
print(chinese["train"][0], "\n", " | ".join(pieces(row["labels"])))
for side, name in (("input_ids", "English"), ("labels", "Chinese")):
    print(f"{name}: {np.mean([len(ids) for ids in rows['test'][side]]):.1f} pieces a sentence")

# %% [markdown]
# ### What the decoder reads
#
# The decoder predicts the next piece from the pieces before it, and begins with a *start token*. In training all places are predicted at once, so what it reads at a place must hold no more than it could have written by then. Labels mark padding with -100, which is no piece at all: a loss skips it, an embedding table has no such row.
#
# ### Exercise 07.1 · What the decoder reads
# {{exercise:07.1}}
#
# From a batch of labels, make what the decoder reads in training: at each place the piece that it has just written when it predicts the label there. No -100 may be left; `pad` is the number that the model pads with. Keep the shape of the labels, and their type of whole numbers.


# %% exercise="07.1"
def shift_right(labels, start, pad):
    """What the decoder reads, so that it predicts these labels.

    labels: (batch, length), -100 alone marks padding, at the end of a row; start, pad: numbers.
    Returns (batch, length).
    """
    ### BEGIN SOLUTION
    shifted = torch.full_like(labels, start)
    shifted[:, 1:] = labels[:, :-1]
    return shifted.masked_fill(shifted == -100, pad)
    ### END SOLUTION


# %% check="07.1"
check("07.1", shift_right)

# %% [markdown]
# ## 3 · Why is this hard for a small student?
#
# Look at single words. The grammar knows which Chinese characters came from which English words. So we can count, over the training pairs, how each English word was rendered, and compute the *entropy of the rendering given the words*: 0 would mean that a word is always rendered alike.

# %%
if known:
    before = translation.choice_of_words(zip(english["train"], chinese["train"]))
    print(f"entropy of a rendering given its source words: {before.nats:.3f} nats\n")
    often = {
        words: ways
        for words, ways in before.by_words.items()
        if sum(ways.values()) >= 100 and len(words.split()) < 4
    }
    print("English words whose commonest rendering has the smallest share, and how often each rendering occurs:")
    ranked = sorted(
        often, key=lambda words: max(often[words].values()) / sum(often[words].values())
    )
    for words in ranked[:8]:
        ways = list(often[words].items())[:4]
        print(f"    {words:<22}" + "   ".join(f"{zh or '(nothing)'} {count}" for zh, count in ways))

# %% [markdown]
# Some of this is grammar: *is* becomes 是 before a profession and 在 before a place, and a translator must learn that. (我 … 的 is one rendering in two parts.) Most is free choice, such as *cut* as 下调 or as 降低: if every sentence had its usual wording, {{ledger:07/offline/usual wording/choice of words}} nats would be left of {{ledger:07/offline/corpus/choice of words}} (reference run).
#
# One explanation of why distillation may help: a large model has room for all these renderings *and* for which go together, while a small one spends weights on a choice that makes no translation better. No arm here tests that explanation; section 7 asks only whether a student of a more regular corpus translates better. [Zhou, Gu and Neubig (2020)](https://arxiv.org/abs/1911.02727) measured this entropy, with an automatic aligner, before and after a teacher had rewritten the corpus, for models that write all pieces at once and suffer most from it. You will do the same in section 6.
#
# ## 4 · Student, control, and what is kept equal
#
# Most of the time of a translation is spent in the decoder: the encoder reads the whole sentence at once, the decoder runs once for every piece it writes ([Kasai et al., 2021](https://arxiv.org/abs/2006.10369)). So a student saves decoder layers first. All the same, count its parameters twice. Looking a piece up takes hardly any time. But the Chinese table serves a second time, as the output layer, and there all of it is multiplied for every piece that is written: for this student, that is about as much work as its decoder layer. The column without embeddings leaves it out.


# %%
def new_student(seed):
    """A small translator, untrained; or some of the teacher's layers, copied."""
    if isinstance(setting.student, str):
        return translation.translator(setting.student, tokenizer, seed=seed, dropout=0.0)
    encoder, decoder = setting.student
    return translation.copy_layers(teacher, encoder=encoder, decoder=decoder)


models = {"teacher": teacher, "student": new_student(0)}
print(f"{'':<10}{'layers':>8}{'parameters':>13}{'without embeddings':>20}{'MB':>7}")
for name, model in models.items():
    layers = f"{model.config.encoder_layers}+{model.config.decoder_layers}"
    print(
        f"{name:<10}{layers:>8}{cost.parameters(model):>13,}"
        f"{cost.parameters(model, embeddings=False):>20,}{cost.size_in_bytes(model) / 1e6:>7.1f}"
    )

# %% [markdown]
# The arms of the experiment. All are the same student, start from the same weights (for the same seed), read the same English sentences and take the same number of optimiser steps:
#
# | arm | target sentences | learns from |
# |---|---|---|
# | control | the corpus's | the sentences themselves |
# | word-level | the corpus's | for each piece, the teacher's probabilities of all pieces (and the piece itself, a little) |
# | sequence-level | the teacher's translations | the sentences themselves |
# | both | the teacher's translations | as word-level |
# | usual wording | the most probable of all right translations | the sentences themselves |
#
# The last is a second control. If sequence-level distillation pays, does it take a teacher, or only sentences that are always worded in the usual way? Where every right translation is known, the grammar itself can word them so, and no teacher has a part in it. (At `offline` scale only, with `KD_SEEDS=3` or `KD_MAPS=1`; otherwise you see the reference run's figures.)
#
# One thing is *not* equal: the teacher has learnt from more pairs than any student (section 2 printed how many). A student that learns from it may profit from those pairs, too. No model behind the arm *usual wording* has read a pair more; but its sentences come from the grammar itself, a perfect teacher of wording.
#
# ## 5 · Word by word
#
# Word-level distillation is [lesson 03](03_distillation_losses.ipynb)'s soft loss, once for every piece of the target: the teacher reads the same source and the same earlier pieces, and says how probable it finds each next piece. With $M$ the target pieces of a batch that are no padding,
#
# $$L_\text{word} = \frac{T^2}{|M|} \sum_{i \in M} \mathrm{KL}\big(p_i^T \,\|\, q_i^T\big)$$
#
# where $p_i^T$ is the teacher's distribution at place $i$, softened at temperature $T$, and $q_i^T$ the student's. What counts is read off the *labels*, not off the shifted inputs (you will see why below).

# %% [markdown]
# ### Exercise 07.2 · The loss of a target token
# {{exercise:07.2}}
#
# Compute $L_\text{word}$. There are three requirements. A batch in which no token counts has loss 0. Logits of padded places may be anything, NaN and infinity included, and reach neither the loss nor its gradient. The gradient flows into the student's logits and not into the teacher's. (The other logits are finite, but may lie far apart.)


# %% exercise="07.2"
def word_level_loss(student_logits, teacher_logits, labels, temperature):
    """L_word, the loss of a batch of target tokens, in nats.

    student_logits, teacher_logits: (batch, length, vocabulary); labels: (batch, length), -100 alone
    marks padding. Returns a scalar.
    """
    ### BEGIN SOLUTION
    counts = labels != -100
    p_log = (teacher_logits[counts].detach() / temperature).log_softmax(dim=-1)
    q_log = (student_logits[counts] / temperature).log_softmax(dim=-1)
    per_token = (p_log.exp() * (p_log - q_log)).sum(dim=-1)  # (tokens that count,)
    return temperature**2 * per_token.sum() / counts.sum().clamp(min=1)
    ### END SOLUTION


# %% check="07.2"
check("07.2", word_level_loss)

# %% [markdown]
# Why not take the mask from the shifted inputs? It looks much the same, and is wrong at both ends. [Marian](https://aclanthology.org/P18-4020/) starts with the padding token, so the first piece is dropped, and the place after the last piece counts:

# %% tags=["nbval-check-output"]
labels = torch.tensor([[7, 8, 9, 1], [5, 1, -100, -100]])  # 1 ends a sentence
inputs = torch.tensor([[0, 7, 8, 9], [0, 5, 1, 0]])  # shifted; 0 starts and pads
print("from the labels:        ", (labels != -100).int().tolist())
print("from the shifted inputs:", (inputs != 0).int().tolist())

# %% [markdown]
# The package's version, which the trainer uses, on two sentences of a made-up vocabulary of four. Padding the batch further changes nothing.

# %% tags=["nbval-check-output"]
student_logits = torch.log(
    torch.tensor([[[1.0, 1, 1, 1], [1, 1, 1, 1]], [[1, 1, 1, 1], [9, 1, 1, 1]]])
)
teacher_logits = torch.log(
    torch.tensor([[[1.0, 1, 2, 4], [2, 2, 2, 2]], [[1, 1, 1, 5], [5, 1, 1, 1]]])
)
counts = torch.tensor([[True, True], [True, False]])
loss = losses.soft_target_loss(student_logits, teacher_logits, temperature=1.0, mask=counts)
print(f"as it is:        {loss.item():.4f} nats a token")
wider = [
    torch.cat([logits, torch.randn(2, 3, 4)], dim=1) for logits in (student_logits, teacher_logits)
]
mask = torch.cat([counts, torch.zeros(2, 3, dtype=torch.bool)], dim=1)
loss = losses.soft_target_loss(*wider, temperature=1.0, mask=mask)
print(f"padded further:  {loss.item():.4f} nats a token")

# %% [markdown]
# ## 6 · Sentence by sentence
#
# Word by word, the student still reads the corpus's wording. What one would like to match is the teacher's distribution over whole *sentences*, and there are far too many of those to sum over. [Kim and Rush (2016)](https://aclanthology.org/D16-1139/) put all of the teacher's probability on one sentence $\hat y$, the one that it finds itself by beam search:
#
# $$L_\text{sequence} = -\sum_y p(y \mid x) \, \log q(y \mid x) \;\approx\; -\log q(\hat y \mid x)$$
#
# where $x$ is the source, $y$ runs over all sentences, $p$ is the teacher and $q$ the student. What is left on the right is the ordinary loss on the sentence $\hat y$. So it needs no new loss: translate the training sources with the teacher, and train on the result as if it were the corpus. The approximation has a price: a student that follows it gives the *other* right sentences, which the teacher knows, little probability. Section 7 measures that price in nats.
#
# A translation that does not come to an end is left empty: cut off, it would teach the student to stop half-way. The corpus's own takes its place then, so that all arms read the same sources.
#
# <details><summary><b>Going deeper:</b> how the package writes the file</summary>
#
# Translating the corpus is the dear part of this lesson. Sources are translated in batches of like length. Each batch is written as soon as it is done, so a run that is killed goes on where it stopped and ends with the same file. The file appears whole, and every line carries digests of its source and of what was written for it.
#
# </details>

# %%
print(f"{len(english['train'])} sources, {setting.beams} beams, {setting.candidates} kept")
name = f"{translation.weights_digest(teacher)}-{experiments.fingerprint(english['train'])}"
searched = f"{setting.beams}-{setting.candidates}-{setting.longest}"
path = Path("results", "rewritten", f"07-{name}-{searched}.jsonl")
started = time.perf_counter()
candidates = translation.rewrite(
    teacher, tokenizer, english["train"], path, longest=setting.longest,
    beams=setting.beams, candidates=setting.candidates, progress=setting.run.scale != "offline",
)  # fmt: skip
print(f"{time.perf_counter() - started:.0f} s (a file that is there already is only read)")
rewritten = [texts[0] or zh for texts, zh in zip(candidates, chinese["train"])]
endless = sum(not texts[0] for texts in candidates)
if endless:
    print(f"{endless} translations did not end: there the corpus's own stays")
for en, zh, theirs in list(zip(english["train"], chinese["train"], rewritten))[:5]:
    print(f"{en}\n    corpus   {zh}\n    teacher  {theirs}")

# %% [markdown]
# A file in which two lines have changed places trains without any error, and teaches nonsense. Here somebody hands in the sources in another order:

# %%
slipped = [english["train"][1], english["train"][0], *english["train"][2:]]
try:
    translation.read_rewritten(path, slipped)
except ValueError as error:
    print(str(error).replace(str(path.parent), "…"))

# %% [markdown]
# ### Exercise 07.3 · Back into line
# {{exercise:07.3}}
#
# The teacher translated the sources in batches of like length. `batches[k]` holds the numbers of the sources in the k-th batch, counted from 0, `translated[k]` their translations, in the same order. Every source's number stands in exactly one batch. Two sources may be the same text and have different translations, and two translations may be the same: they are pairs of their own. Return `[source, translation]` pairs in the order of `sources`. A translation that did not end is the empty string: leave its pair out whole. (The lesson itself puts the corpus's own translation there; here you leave the pair out. No translation consists of blanks.)


# %% exercise="07.3"
def distilled_pairs(sources, batches, translated):
    """The teacher's translations, back in line with their sources.

    sources: list of str; batches: list of lists of int; translated: list of lists of str.
    Returns a list of [source, translation]; a tuple is as good as a list.
    """
    ### BEGIN SOLUTION
    found = [""] * len(sources)
    for rows, texts in zip(batches, translated, strict=True):
        for row, text in zip(rows, texts, strict=True):
            found[row] = text
    return [[source, text] for source, text in zip(sources, found, strict=True) if text]
    ### END SOLUTION


# %% check="07.3"
check("07.3", distilled_pairs)

# %% [markdown]
# ### What the teacher did to the corpus
#
# The wording became more regular: the entropy of section 3 falls to {{ledger:07/offline/rewritten/choice of words}} nats, from {{ledger:07/offline/corpus/choice of words}} (reference run).
#
# Is what it wrote right? Nearly always: {{ledger:07/offline/rewritten/right|percent}} of it in the reference run. Here both are on your machine.

# %%
report = experiments.Report(
    "07",
    setting.run.scale,
    data=experiments.fingerprint(english["test"]),
    test_seed=setting.test_seed,
    shortened=setting.run.shortened,
)
if known:
    truth = translation.truth_of(english["train"], rewritten)
    after = translation.choice_of_words(zip(english["train"], rewritten))
    once = "measured" if not trained_here else "trained once"
    report.add("corpus/choice of words", before.nats)
    report.add("rewritten/choice of words", after.nats, kind=once)
    report.add("rewritten/right", truth.right.mean(), kind=once)
    print(f"right translations among the teacher's     {truth.right.mean():.1%}")
    print(f"entropy of a rendering, the corpus         {before.nats:.3f} nats")
    print(f"entropy of a rendering, the teacher's      {after.nats:.3f} nats")

# %% tags=["hide-input"]
shown = []
if known:
    shown = [words for words in ranked if sum(after.by_words.get(words, {}).values()) >= 50][:10]
if shown:
    shares = {
        name: [max(ways[words].values()) / sum(ways[words].values()) for words in shown]
        for name, ways in {"corpus": before.by_words, "teacher": after.by_words}.items()
    }
    figure, axes = plt.subplots(figsize=(7.2, 4.2))
    places = np.arange(len(shown))
    axes.barh(
        places - 0.2, shares["corpus"], 0.4, color=plots.COLOURS["control"], label="in the corpus"
    )
    axes.barh(
        places + 0.2,
        shares["teacher"],
        0.4,
        color=plots.COLOURS["teacher"],
        label="in the teacher's translations",
    )
    axes.set_yticks(places, shown)
    axes.invert_yaxis()
    axes.set(
        title="How often a word gets its commonest rendering",
        xlabel="share of a word's commonest rendering",
        ylabel="English words",
        xlim=(0, 1),
    )
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plots.show(
        figure,
        alt="Bars, two for each of the English words that the corpus renders most variously: the share of the commonest "
        f"rendering is {np.mean(shares['corpus']):.0%} on average in the corpus and {np.mean(shares['teacher']):.0%} "
        "in the teacher's translations.",
    )

# %% [markdown]
# ### The best of several, by a sentence score
#
# The teacher wrote down several candidates for each source. One may also take the candidate that is most like the corpus's translation, by a sentence score such as BLEU (section 9): probable to the teacher, near the reference. Kim and Rush call it sequence-level interpolation. Here is how often it differs from the teacher's first choice. (`KD_MAPS=1` trains a student on it, in section 7: near the corpus's wording may mean less regular.)

# %%
nearest = [
    translation.closest(texts, zh, metrics.sentence_bleu)
    for texts, zh in zip(candidates[:500], chinese["train"][:500])
]
other = sum(near != first for near, first in zip(nearest, rewritten))
print(
    f"of {len(nearest)} sources, another candidate than the first is nearest to the reference for {other}"
)

# %% [markdown]
# ## 7 · The experiment
#
# Every arm translates the test sentences twice: *greedy*, taking the most probable piece at every step, and with a *beam* of several open translations (section 8). No student has read a test sentence, and nothing was chosen by them.
#
# At `offline` scale control and sequence-level train here, with one seed. Word-level and both ask the teacher at every step, which takes longer; theirs, and *usual wording*'s, is the reference run's row, unless `KD_SEEDS=3` or `KD_MAPS=1` is set: then every arm trains here.

# %%
taught = translation.tokenised(
    translation.pairs_from(english["train"], rewritten), tokenizer, longest=setting.longest
)
arms = {
    "control": rows["train"],
    "word-level": rows["train"],
    "sequence-level": taught,
    "both": taught,
}
more = setting.run.maps or len(setting.run.seeds) > 1
if more and "usual wording" in setting.recipes:
    usual = [parallel.translations(en, best=1)[0][0] for en in english["train"]]
    choice = translation.choice_of_words(zip(english["train"], usual))
    report.add("usual wording/choice of words", choice.nats)
    print(f"entropy of a rendering, the usual wording  {choice.nats:.3f} nats")
    arms["usual wording"] = translation.tokenised(
        translation.pairs_from(english["train"], usual), tokenizer, longest=setting.longest
    )
searches = {"greedy": 1, "beam": setting.beams}


def translated(model, sentences, **options):
    """The sentences' translations, by a search that gives up where no training pair is longer."""
    return translation.translate(model, tokenizer, sentences, longest=setting.longest, **options)


students, outputs = {}, {}
here = [arm for arm in arms if more or arm in setting.main_arms]  # those that train here
for arm in here:
    arm_rows, recipe = arms[arm], setting.recipes[arm]
    for seed in setting.run.seeds:
        from_teacher = {"teacher": teacher} if recipe.alpha else {}
        students[arm, seed] = train(
            new_student(seed), arm_rows, recipe, seed=seed, **from_teacher
        ).model
        for search, beams in searches.items():
            outputs[arm, seed, search] = translated(
                students[arm, seed], english["test"], beams=beams
            )
for search, beams in searches.items():
    outputs["teacher", None, search] = translated(teacher, english["test"], beams=beams)

# %%
if known:  # what somebody gets who always writes the most probable translation
    usual_test = [parallel.translations(en, best=1)[0][0] for en in english["test"]]
    for search in searches:
        outputs["ceiling", None, search] = usual_test
    hits = np.array([[float(a == b) for a, b in zip(usual_test, chinese["test"])]])
    share = report.add_rows("ceiling/share of the references, whole", hits, seeds=[None])
    print(f"references that are the most probable translation: {share.mean:.1%}\n")

references = [[zh] for zh in chinese["test"]]
seeds = setting.run.seeds
alone = ("teacher", "ceiling")  # one output each, whatever the students' seed
counts = {}  # what each output adds to the corpus's BLEU: (seeds, rows, counts)
for arm, search in dict.fromkeys((arm, search) for arm, _, search in outputs):
    own = [None] if arm in alone else seeds
    counts[arm, search] = np.stack(
        [metrics.bleu_counts(outputs[arm, seed, search], references) for seed in own]
    )
    # Another training would be another teacher: the ledger keeps no band of it.
    once = "trained once" if arm == "teacher" and trained_here else "measured"
    report.add_scores(
        f"{arm}/BLEU, {search}", counts[arm, search], None, metrics.bleu_of,
        seeds=own, clusters=english["test"], kind=once,
    )  # fmt: skip
everyone = [*(arm for arm in setting.recipes if arm != "teacher"), "teacher"]
everyone += ["ceiling"] * known
for search in searches:
    print(experiments.comparison_table(report, everyone, f"BLEU, {search}"), "\n")

# %% tags=["hide-input"]
experiments.plot_comparison(
    report, everyone, "BLEU, greedy", title="Greedy translations", unit="BLEU on the test sentences"
)
experiments.plot_comparison(
    report, everyone, "BLEU, beam", title="With a beam", unit="BLEU on the test sentences"
)

# %% [markdown]
# Is a difference more than luck? BLEU is no mean over sentences: it is computed from sums over the whole test set. So each sentence's share in it is what the score loses when the sentence is left out (the [jackknife](https://doi.org/10.1093/biomet/61.1.1)), for both arms alike. With these shares in place of scores, the interval is over seeds *and* test sentences. There are two exceptions. Teacher and ceiling have one output each, so theirs is over test sentences alone. And the reference run at `small` kept no scores of single sentences, so its intervals are over seeds alone. (A sentence that stands in the test set several times, with other translations, counts as one.) The gain of an arm is its difference from the control.


# %%
def compare(arm, other, name, search):
    """Note one arm's BLEU minus another's, with its interval, and print it."""
    pair = [counts[one, search] for one in (arm, other)]
    pair = [np.repeat(c, len(seeds), axis=0) if len(c) == 1 else c for c in pair]
    found = report.add_scores(
        f"{arm}/{name}, {search}", *pair, metrics.bleu_of, seeds=seeds, clusters=english["test"]
    )
    print(
        f"{search:<7} {arm:<15} minus {other:<15} {found.mean:+.1f} BLEU [{found.low:+.1f}, "
        f"{found.high:+.1f}]   {experiments.verdict(found, seeds=len(seeds))}"
    )


for search in searches:
    for arm in here[1:]:
        compare(arm, "control", "gain in BLEU", search)
    for arm in here:
        if arm not in ("control", "sequence-level"):
            compare(arm, "sequence-level", "minus sequence-level in BLEU", search)
    compare("sequence-level", "teacher", "minus the teacher in BLEU", search)
    if known:
        compare("sequence-level", "ceiling", "minus the ceiling in BLEU", search)

# %% [markdown]
# These signs were written down before the test sentences were read (in the lesson's `settings.py`). Here is how they came out:

# %%
print(experiments.expectation_table(report))

# %% [markdown]
# ### What does a student of one wording give up?
#
# BLEU looks at the one sentence that a model writes. Its *nats a sentence* look at all that it holds possible: $-\log q(y \mid x)$ for the reference $y$, summed over its pieces. Over many references that is a cross-entropy, so by [lesson 02](02_from_surprise_to_kl.ipynb) it cannot be expected below the source's own entropy, and what it lies above is the KL divergence of the model from the truth. (A sentence may be cut into pieces in several ways; only the tokenizer's own counts here, so the figures are too high, by an amount not measured here.)


# %%
@torch.inference_mode()
def nats_of(model, pairs):
    """-ln q(y | x) of each pair: summed over the pieces of y, and its end."""
    model, collator = model.eval(), translation.collator(tokenizer, model)
    found = []
    for start in range(0, len(pairs), 100):
        rows_here = [pairs[i] for i in range(start, min(start + 100, len(pairs)))]
        batch = {name: tensor.to(model.device) for name, tensor in collator(rows_here).items()}
        log_q = model(**batch).logits.float().log_softmax(-1)
        counts = batch["labels"] != -100
        labels = batch["labels"].masked_fill(~counts, 0)
        picked = log_q.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
        found += (-(picked * counts).sum(-1)).tolist()
    return found


nats = {"teacher": np.array([nats_of(teacher, rows["test"])])}
for arm in here:
    nats[arm] = np.array([nats_of(students[arm, seed], rows["test"]) for seed in seeds])
if known:
    nats["source"] = np.array([[parallel.entropy(en) for en in english["test"]]])
for arm, found in nats.items():
    own = seeds if len(found) == len(seeds) and arm in here else [None]
    once = "trained once" if arm == "teacher" and trained_here else "measured"
    report.add_rows(
        f"{arm}/nats a sentence", found, seeds=own, clusters=english["test"], kind=once
    )
    if known and arm != "source":
        least = np.repeat(nats["source"], len(found), axis=0)
        report.add_rows(f"{arm}/excess in nats", found, least, seeds=own)
for arm in here[1:]:
    report.add_rows(
        f"{arm}/minus the control in nats a sentence", nats[arm], nats["control"],
        seeds=seeds, clusters=english["test"],
    )  # fmt: skip
models_only = [arm for arm in everyone if arm != "ceiling"]
shown = ["source"] * known + models_only
print(experiments.comparison_table(report, shown, "nats a sentence"), "\n")
if known:
    print(experiments.comparison_table(report, models_only, "excess in nats"), "\n")
print(
    experiments.comparison_table(report, models_only[1:-1], "minus the control in nats a sentence")
)

# %% [markdown]
# *source* is the entropy, and *excess* what a model lies above it. The word-level student comes nearer to the truth than the control. The sequence-level student moves away from it: the references cost it {{ledger:07/offline/sequence-level/minus the control in nats a sentence|interval}} nats a sentence more, and yet it writes the better sentences. That is the price of the approximation in section 6. Whoever wants one good translation does not pay it; whoever wants the model's probabilities (to choose among candidates, or to sample several) may.

# %% [markdown]
# Beside ours, the figures of [Kim and Rush (2016)](https://aclanthology.org/D16-1139/) for English to German, LSTMs of their time, a test set and a BLEU that cannot be compared with ours. Compare the *pattern*: what greedy decoding gains, what is left with a beam of five.
#
# | Kim & Rush 2016, BLEU | greedy | beam 5 |
# |---|---|---|
# | student | 14.7 | 17.6 |
# | word-level | 15.4 | 17.7 |
# | sequence-level | 18.9 | 19.0 |
# | teacher | 17.7 | 19.5 |
#
# There, two thirds of the gain of sequence-level distillation vanish with a beam: the student has learnt to put its probability where one pass finds it, and a beam has less left to do.

# %% [markdown]
# And the reference runs, at every scale:

# %% tags=["hide-input"]
for figure in (
    "BLEU, greedy",
    "BLEU, beam",
    "gain in BLEU, greedy",
    "gain in BLEU, beam",
    "minus sequence-level in BLEU, greedy",
    "minus sequence-level in BLEU, beam",
):
    print(f"{figure}\n{experiments.reference_table('07', figure)}\n")

# %% [markdown]
# At `offline` scale every way of distilling helps. Greedy, the sequence-level student gains {{ledger:07/offline/sequence-level/gain in BLEU, greedy|interval}} BLEU on the control, the word-level one {{ledger:07/offline/word-level/gain in BLEU, greedy|interval}}. Doing both is not shown to gain more here: the table has *both* less *sequence-level*.
#
# With a beam the sequence-level student gains {{ledger:07/offline/sequence-level/gain in BLEU, beam|interval}} BLEU. Kim and Rush's shrank by two thirds; why ours does not, no arm tells. The word-level student less that one: {{ledger:07/offline/word-level/minus sequence-level in BLEU, beam|interval}}.
#
# How near does that come to the teacher? Greedy, the sequence-level student, less the teacher: {{ledger:07/offline/sequence-level/minus the teacher in BLEU, greedy|interval}} BLEU. The teacher itself stands near the ceiling of {{ledger:07/offline/ceiling/BLEU, greedy|interval}}. What keeps the teacher from 100 is mostly that the corpus holds another of the right wordings.
#
# *Why* does rewriting the corpus help? Not because it makes the corpus more correct: every pair of the corpus is right, and of the teacher's not quite all. What differs is which of the right wordings stands there. In the row *usual wording* it is the most probable one everywhere, written without a teacher. That student, less the sequence-level one: {{ledger:07/offline/usual wording/minus sequence-level in BLEU, greedy|interval}} BLEU. BLEU favours it, for the references hold the usual wording most often; section 9 asks how many of its translations are right. So a corpus that is regular, and whose wording is the usual one, is enough for such a gain here; which of the two it takes, no arm separates. Where nobody knows the grammar, a teacher is a way to get such a corpus.
#
# **The gain depends on how this corpus is made, and that was decided after a look at results.** Wherever the grammar leaves a free choice, one wording is three times as common as the next. In the corpus's first form all wordings were equally common; sequence-level distillation then showed no gain that its interval could tell from nothing (figures not kept). The ratio was chosen afterwards (and with it another batch size and number of steps), because we assume that in real languages one wording *is* usual.
#
# The ratio may also be what makes the gain possible. Where all wordings are equally common, the teacher's first choice would be a matter of chance, and its corpus hardly more regular than the old one; that was not measured. So the size of the gain may tell about this ratio as much as about distillation. What you see here is no proof that it pays on your data; it is an example of a case where it does. The figures themselves come from test sentences drawn afresh, after corpus, recipes and expected signs stood as they are; these sentences were written when the figures were known.
#
# **On real sentences and with a beam, word-level was ahead.** At `small`, the word-level student, less the sequence-level one: {{ledger:07/small/word-level/minus sequence-level in BLEU, beam|interval}} BLEU over three seeds; other sentences are not in that interval (this older run kept no scores of single ones). Greedy, the order is open: {{ledger:07/small/word-level/minus sequence-level in BLEU, greedy|interval}}.
#
# Whether a beam helps the sequence-level student there is open. In Kim and Rush's table, sequence-level stays ahead with a beam.
#
# Against the control, the sequence-level student gains {{ledger:07/small/sequence-level/gain in BLEU, greedy|interval}} BLEU there when both are greedy, and {{ledger:07/small/sequence-level/gain in BLEU, beam|interval}} with a beam: too few seeds to be sure of the second. What the others gain is in the tables.
#
# <details><summary><b>Going deeper:</b> what `small` is, and is not</summary>
#
# Mind what `small` is. The reference run had few and short pairs, from [Tatoeba](https://tatoeba.org), not what the hub gives; by the history of its file, the pairs to test were read once. The teacher read the students' own pairs and no others; it is larger and was trained for twice as many steps. And a teacher with {{ledger:07/small/teacher/BLEU, greedy}} BLEU is no good translator: what its sentences lack, a student of its sentences never sees, while the word-level student still reads the corpus. That is one explanation. No run here tells it from others.
#
# </details>

# %% [markdown]
# ### How were the recipes chosen?
#
# At `offline` scale the same three learning rates were tried for every arm, with one seed each, and compared by the BLEU of greedy translations of validation sentences: the lines below. The test sentences had no say.
#
# <details><summary><b>Going deeper:</b> what was tuned, and what was not</summary>
#
# All arms have the middle one. (The choice was made on an earlier form of the corpus; the lines are of the present one, so you can see where another rate would have been better now, and by how much.) α = 0.9 and T = 1 were not tuned. So every arm's figure may be too low, and not by the same amount. The number of steps keeps the lesson within its minutes and is the same for all; it was set with the corpus's ratio. At `small` the teacher's size, learning rate and number of pieces were chosen among five, by validation sentences (a deeper one at twice the rate had learnt to repeat itself, and no more); the students' recipes were not tuned, nor was anything at `full`. `KD_MAPS=1` computes the log here; it also trains the student of the *nearest* candidates of section 6.
#
# </details>


# %%
def validation_bleu(student):
    """BLEU of a student's greedy translations of the validation sentences."""
    texts = translated(student, english["validation"])
    return metrics.bleu(texts, [[zh] for zh in chinese["validation"]]).value


def trained(arm_rows, recipe, seed=0):
    """A student trained with this recipe."""
    from_teacher = {"teacher": teacher} if recipe.alpha else {}
    return train(new_student(seed), arm_rows, recipe, seed=seed, **from_teacher).model


if setting.run.maps:
    log = {}
    for arm, arm_rows in arms.items():
        for rate in setting.learning_rates:
            recipe = replace(setting.recipes[arm], learning_rate=rate)
            chosen = recipe == setting.recipes[arm]  # it is trained already
            student = students[arm, setting.run.seeds[0]] if chosen else trained(arm_rows, recipe)
            log.setdefault(arm, []).append([rate, validation_bleu(student)])
    report.add_table("grid", log)
    nearest = [
        translation.closest(texts, zh, metrics.sentence_bleu)
        for texts, zh in zip(candidates, chinese["train"])
    ]
    interpolated = translation.tokenised(
        translation.pairs_from(english["train"], nearest), tokenizer, longest=setting.longest
    )
    student = trained(interpolated, setting.recipes["sequence-level"])
    report.add_table("nearest candidate, validation BLEU", validation_bleu(student))

for arm, entries in (report.table("grid") or {}).items():
    print(f"{arm:<16}" + "   ".join(f"{rate:g}: {score:.1f}" for rate, score in entries))
nearest_bleu = report.table("nearest candidate, validation BLEU")
if nearest_bleu is not None:
    print(
        f"nearest of {setting.candidates}: {nearest_bleu:.1f} (validation BLEU, greedy, as the lines above)"
    )

# %% [markdown]
# ## 8 · Searching for a sentence
#
# A model gives the probability of the next piece. Which *sentence* is the most probable? Greedy search takes the best piece and never looks back. Beam search keeps several open translations, continues each in all ways, and keeps the best again. Here it is in the open, with the control, on the first test sentence for which the two differ; sorted by the log probability *a piece* (the next heading says why). More probable is not more correct: see whether the best of four says what the source says.

# %%
seed = setting.run.seeds[0]  # what is looked at from here on, one by one
looked_at = [*here, "teacher"]
control, student = (
    students["control", seed].cpu().eval(),
    students["sequence-level", seed].cpu().eval(),
)
both = [outputs["control", seed, search] for search in searches]
row = next((i for i, (greedy, beam) in enumerate(zip(*both)) if greedy != beam), 0)
ids = torch.tensor(tokenizer([english["test"][row]])["input_ids"])
print(english["test"][row])
for width in (1, 4):
    paths = translation.beam_search(
        translation.next_token_of(control, ids),
        start=control.config.decoder_start_token_id,
        end=tokenizer.eos_token_id,
        beams=width,
        longest=40,
    )
    for found in paths:
        text = tokenizer.batch_decode([found.tokens])[0]
        print(
            f"{width} open   ln p = {found.log_probability:7.3f}   a piece {found.score(1.0):7.3f}   {text}"
        )

# %% [markdown]
# ### What a long sentence costs
#
# Every further piece multiplies the probability by something below one. So the sum of log probabilities favours short translations, and a wider beam may find more short ones. The usual cure divides it by a power of the number of pieces. The exponent α, called `length_penalty` in [transformers](https://huggingface.co/docs/transformers/main_classes/text_generation), has nothing to do with the α of the loss: at α = 0 the sum stays as it is, at α = 1 it becomes the mean log probability of a piece.
#
# ### Exercise 07.4 · What a long sentence costs
# {{exercise:07.4}}
#
# A beam has candidates of several lengths, each at least one piece long. Score them all with a length penalty α.


# %% exercise="07.4"
def normalised_scores(log_probabilities, alpha):
    """The candidates' scores, in their order: the best has the largest.

    log_probabilities: a list for each candidate, of its pieces' log probabilities, the end's too;
    alpha: float, at least 0. Returns a list of float.
    """
    ### BEGIN SOLUTION
    return [sum(row) / len(row) ** alpha for row in log_probabilities]
    ### END SOLUTION


# %% check="07.4"
check("07.4", normalised_scores)

# %% [markdown]
# Two candidates, of two and of four pieces, as the package's own beam search scores them. Which one wins depends on α:

# %% tags=["nbval-check-output"]
short = translation.search.Path((0, 5, 1), -0.7 - 0.7)  # the start token and two pieces
long = translation.search.Path((0, 5, 6, 7, 1), -0.4 - 0.5 - 0.4 - 0.5)
for alpha in (0.0, 0.6, 1.0):
    scores = [candidate.score(alpha) for candidate in (short, long)]
    winner = "the short one" if scores[0] > scores[1] else "the long one"
    print(f"α = {alpha}: {scores[0]:.3f} against {scores[1]:.3f}: {winner} wins")

# %%
few, few_references = english["test"][:300], references[:300]
print(
    f"{'length penalty':<16}{'control':>10}{'sequence-level':>16}    characters for each of the reference's"
)
for penalty in (0.0, 1.0, 2.0):
    line = f"{penalty:<16g}"
    for model in (control, student):
        texts = translated(model, few, beams=setting.beams, length_penalty=penalty)
        written = sum(map(len, texts)) / sum(len(texts[0]) for texts in few_references)
        line += f"{written:>14.3f}"
    print(line)

# %% [markdown]
# ## 9 · What does the score mean?
#
# ### The wrong tokenizer
#
# BLEU compares runs of tokens, and someone has to say what a token is. For English that is the word between spaces (`13a`, the default of [sacrebleu](https://github.com/mjpost/sacrebleu)). Chinese writes no spaces: to `13a` nearly every sentence here is a single token. Score the same outputs both ways, and the references against themselves.

# %%
for name, key in {
    "control": ("control", seed),
    "sequence-level": ("sequence-level", seed),
    "teacher": ("teacher", None),
}.items():
    texts = outputs[(*key, "greedy")]
    print(f"{name:<15} zh  {metrics.bleu(texts, references)}")
    print(f"{'':<15} 13a {metrics.bleu(texts, references, tokenize='13a')}")
print(f"{'the references':<15} 13a {metrics.bleu(chinese['test'], references, tokenize='13a')}")

# %% [markdown]
# The translations are the same. BLEU needs runs of four tokens, and to `13a` no sentence here has as many: even the references score 0 against themselves. (Longer texts, with Latin words and figures in them, get a score that looks sensible and is not.) Only the *signature* after the figure says which of the two a paper means, so a BLEU without one cannot be compared with anything ([Post, 2018](https://aclanthology.org/W18-6319/)). [chrF](https://aclanthology.org/W15-3049/) compares runs of characters and needs no tokenizer:

# %%
for arm in looked_at:
    key = (arm, None if arm == "teacher" else seed, "greedy")
    print(f"{arm:<15} {metrics.chrf(outputs[key], references)}")

# %% [markdown]
# ### Exercise 07.5 · What BLEU counts
# {{exercise:07.5}}
#
# BLEU's heart is *clipped precision*: of all runs of n characters in the prediction, which share stands in the reference, where a run counts at most as often as the reference has it? A run begins at every character that has n - 1 more behind it, so 哈哈哈 has two runs of two. Characters count as they stand, spaces and capitals too. Return 0.0 where the prediction is too short to have any run.


# %% exercise="07.5"
def clipped_precision(prediction, reference, n):
    """Clipped precision of a prediction.

    prediction, reference: str; n: at least 1. Returns a float in 0 … 1.
    """

    ### BEGIN SOLUTION
    def runs(text):
        return Counter(text[i : i + n] for i in range(len(text) - n + 1))

    own = runs(prediction)
    return (own & runs(reference)).total() / own.total() if own else 0.0
    ### END SOLUTION


# %% check="07.5"
check("07.5", clipped_precision)

# %% [markdown]
# BLEU is the geometric mean of these precisions for n = 1 … 4, over the whole corpus, and less where the output is shorter than the reference.
#
# ### The right wording, or a right wording?
#
# BLEU asks whether the output is *the reference*. At `offline` scale we can ask whether it is *right*: whether the grammar gives it any probability at all, and how much less than to the most probable translation (the last column, over the outputs that are right: 0 is the usual wording everywhere). The column *BLEU, 4 references* scores against the four most probable translations instead of the one in the corpus.

# %%
if known:
    print(
        f"{'':<16}{'right':>8}{'BLEU':>8}{'BLEU, 4 references':>20}{'nats behind (right ones)':>26}"
    )
    several = [parallel.references(en) for en in english["test"]]
    rows_right = {}  # (arm, search): (seeds, rows), which outputs are right
    for arm, search in counts:
        own = [None] if arm in alone else seeds
        found = [translation.truth_of(english["test"], outputs[arm, s, search]) for s in own]
        rows_right[arm, search] = np.stack([truth.right for truth in found])
        report.add_rows(f"{arm}/right, {search}", rows_right[arm, search], seeds=own)
        if arm not in (*alone, "control"):
            report.add_rows(
                f"{arm}/gain in right, {search}", rows_right[arm, search],
                rows_right["control", search], seeds=seeds,
            )  # fmt: skip
        if search == "greedy":
            texts, right = outputs[arm, own[0], search], found[0].right > 0
            behind = found[0].behind[right].mean() if right.any() else float("nan")
            print(
                f"{arm:<16}{right.mean():>8.1%}{metrics.bleu(texts, references).value:>8.1f}"
                f"{metrics.bleu(texts, several).value:>20.1f}{behind:>26.2f}"
            )

# %% tags=["hide-input"]
if known:
    for figure, arms_shown in {
        "right, greedy": [arm for arm in everyone if arm != "ceiling"],
        "gain in right, greedy": everyone[1:-2],
    }.items():
        print(experiments.comparison_table(report, arms_shown, figure), "\n")

# %% [markdown]
# A right translation that is worded otherwise costs BLEU. The rows *teacher* and *ceiling* show how much: {{ledger:07/offline/teacher/right, greedy|percent}} of the teacher's greedy translations are right, and it has {{ledger:07/offline/teacher/BLEU, greedy}} BLEU; the ceiling's are right by definition.
#
# Counted by right translations, the sequence-level student's {{ledger:07/offline/sequence-level/right, greedy|percent}} stand against the teacher's {{ledger:07/offline/teacher/right, greedy|percent}}. BLEU does not show that gap so plainly, for it gives credit for what is wrong, too: it counts shared runs, whatever they mean. The taught students gain here as well. They do not merely hit the reference's wording more often; more of what they write is right, as the last table says, with its intervals.
#
# ### Exercise 07.6 · What BLEU hides
# {{exercise:07.6}}
#
# Student X has 41.0 BLEU and turns 6 % of negative sentences into positive ones. Student Y has 40.2 BLEU and turns 1 % of them. Which one goes to the users of a medical leaflet?
#
# {{choices:07.6}}

# %% exercise="07.6"
what_bleu_hides = ...
### BEGIN SOLUTION
what_bleu_hides = "c"
### END SOLUTION

# %% check="07.6"
check("07.6", what_bleu_hides)

# %% tags=["nbval-check-output"]
reference = ["她昨天没有把这本有意思的书还给图书馆。"]
for text in ("她昨天把这本有意思的书还给图书馆了。", "昨天她没把这本有趣的书还给图书馆。"):
    print(f"{metrics.sentence_bleu(text, reference):5.1f}   {text}")

# %% [markdown]
# The reference says that she did *not* return the book. The first line says that she did; the second says what the reference says, in other words. BLEU prefers the first by far.
#
# ## 10 · Where does it go wrong?
#
# Two faults can be counted without reading a sentence: the length is off, and something is said twice. Count both: characters for each of the reference's, and outputs in which a run of two or more characters is repeated at once although the reference repeats none. Neither tells that a name is wrong or a phrase is missing; for that, read the ten sentences below.


# %%
def repeats(text):
    """Whether a run of two or more characters stands twice in a row."""
    return any(
        text[i : i + n] == text[i + n : i + 2 * n]
        for n in range(2, len(text) // 2 + 1)
        for i in range(len(text) - 2 * n + 1)
    )


print(f"{'':<16}{'length ratio':>13}{'said twice':>12}")
for arm in looked_at:
    texts = outputs[arm, None if arm == "teacher" else seed, "greedy"]
    ratio = sum(map(len, texts)) / sum(map(len, chinese["test"]))
    twice = np.mean([repeats(t) and not repeats(r) for t, r in zip(texts, chinese["test"])])
    print(f"{arm:<16}{ratio:>13.3f}{twice:>12.1%}")

# %% [markdown]
# ### Where does the student look?
#
# *Cross-attention* says, for every piece the decoder writes, how much it takes from each piece of the source. Rows are what was written, columns what was read; each row sums to one. It is a hint at an alignment, no proof of one.


# %%
def cross_attention(model, source):
    """Pieces read, pieces written, and the last layer's attention, mean over heads."""
    model = model.cpu().eval()
    read = torch.tensor(tokenizer([source])["input_ids"])
    with torch.inference_mode():
        written = model.generate(read, max_new_tokens=40, num_beams=1)
        before = model.config._attn_implementation
        model.set_attn_implementation("eager")  # the others do not hand the weights out
        output = model(input_ids=read, decoder_input_ids=written[:, :-1], output_attentions=True)
        model.set_attn_implementation(before)
    source_pieces = [
        tokenizer.source.convert_ids_to_tokens(int(i)).replace("▁", "") for i in read[0]
    ]
    return source_pieces, pieces(written[0, 1:]), output.cross_attentions[-1][0].mean(0).numpy()


# %% tags=["hide-input"]
def shade(weight):
    """White for 0, sky blue for 1: dark text can be read on every shade, whatever the page is like."""
    return "#" + "".join(f"{round(255 + weight * (full - 255)):02x}" for full in (86, 180, 233))


def attention_table(title, columns, lines, weights):
    """A table whose cells are the darker, the larger the weight: text that any browser can draw."""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join(
        f"<tr><th>{html.escape(line)}</th>"
        + "".join(
            f'<td style="background:{shade(w)};color:#222222">{w:.2f}</td>'
            for w in row
        )
        + "</tr>"
        for line, row in zip(lines, weights)
    )
    most = "; ".join(f"{line} ← {columns[int(row.argmax())]}" for line, row in zip(lines, weights))
    display(
        {
            "text/html": f"<table><caption>{title}</caption><tr><th></th>{head}</tr>{body}</table>",
            "text/plain": f"{title}: each piece written, and the piece read that weighs most: {most}",
        },
        raw=True,
    )


if hasattr(tokenizer, "source"):
    shown = min(english["test"], key=lambda text: abs(len(text.split()) - 8))
    for name, model in {"control": control, "sequence-level student": student}.items():
        attention_table(f"Cross-attention, {name}", *cross_attention(model, shown))

# %% [markdown]
# Is the darkest cell of a row the word that the piece translates? One table cannot say, but the grammar can: it knows which characters came from which words. So we take test sentences that both models translate rightly, look where each piece that they write has its largest weight, and count how often that is a word that it came from. Somebody who points anywhere in the source hits by chance as often as the last column says.


# %%
def hits_by_attention(model, source):
    """Of the pieces written: whether the largest weight is on a word they came from; and by chance."""
    read, written, weights = cross_attention(model, source)
    words, links = parallel.words_of(source), parallel.alignment(source, "".join(written[:-1]))
    word_of, at, left = [], 0, words[0]  # the word of each piece read
    for piece in read[:-1]:
        word_of.append(at)
        left = left[len(piece) :]
        if not left and at + 1 < len(words):
            at += 1
            left = words[at]
    found, end = [], 0
    for piece, row in zip(written[:-1], weights):
        start, end = end, end + len(piece)
        own = {
            word
            for link in links
            if any(first < end and start < last for first, last in link.spans)
            for word in link.words
        }
        if own:
            best = int(row.argmax())
            hit = best < len(word_of) and word_of[best] in own
            found.append((float(hit), sum(word in own for word in word_of) / len(read)))
    return np.mean(found, axis=0)


if known:
    both_right = [
        en
        for en, *said in zip(
            english["test"],
            outputs["control", seed, "greedy"],
            outputs["sequence-level", seed, "greedy"],
        )
        if all(parallel.log_probability(en, zh) > -np.inf for zh in said)
    ][:60]
    print(f"{len(both_right)} sentences   largest weight on a word it came from   by chance")
    for name, model in {"control": control, "sequence-level": student}.items():
        if both_right:
            hit, chance = np.array([hits_by_attention(model, en) for en in both_right]).T
            spread = experiments.paired_interval(hit[None, :])
            print(
                f"{name:<16}{spread.mean:>20.1%} [{spread.low:.1%}, {spread.high:.1%}]{chance.mean():>17.1%}"
            )

# %% [markdown]
# In these sentences the largest weight stands on a right word far more often than chance would put it there, so attention is a hint at an alignment. Where it does not, the translation is right all the same: a piece that only continues a word, for instance, may have nothing left to read, since what it has to be follows from the piece before.
#
# Mind what was counted: students of one seed, on at most sixty sentences, chosen because both models translate them rightly. The interval is over these sentences alone. So look at these tables for ideas where a fault comes from, and test the idea by other means.
#
# ### Ten sentences, side by side

# %% tags=["hide-input"]
for row in range(min(10, len(english["test"]))):
    print(f"{english['test'][row]}\n    {'reference':<16}{chinese['test'][row]}")
    for arm in looked_at:
        text = outputs[arm, None if arm == "teacher" else seed, "greedy"][row]
        mark = ""
        if known:
            mark = (
                ""
                if parallel.log_probability(english["test"][row], text) > -np.inf
                else "   ✗ not right"
            )
        print(f"    {arm:<16}{text}{mark}")

# %% [markdown]
# And one of your own. At `offline` scale the models know the words and constructions of their corpus only: try what it talks about (people, shopping, travel, weather, matches, companies, elections), and then something else. An emoji is a piece that no model here knows.


# %%
def through_all(text):
    """One sentence through teacher, control and student; what cannot be read is said."""
    lines = [text]
    for name, model in {"teacher": teacher, "control": control, "sequence-level": student}.items():
        try:
            (found,) = translated(model, [prefix + text], beams=setting.beams)
            lines.append(f"    {name:<16}{found}")
        except ValueError as error:
            return f"{text}\n    {error}"
    return "\n".join(lines)


def fill_in(_change=None):
    """Put the translations of what stands in the box below it."""
    answer.value = f"<pre>{html.escape(through_all(box.value))}</pre>"


sentence = "Did your sister buy a bicycle last week?"
box = ipywidgets.Text(
    value=sentence,
    description="English:",
    continuous_update=False,
    layout=ipywidgets.Layout(width="95%"),
)
answer = ipywidgets.HTML()
box.observe(fill_in, names="value")
fill_in()
widgets.show(
    ipywidgets.VBox([box, answer]),
    instead="In a running notebook a box stands here, for a sentence of your own.",
)
print(through_all(sentence))

# %% [markdown]
# ## 11 · What it costs to run
#
# Measured, not derived: translations a second in batches (the best of three rounds, in which all take turns), and the time of one sentence alone, over forty different ones: its median (p50) and its slow tail (p95). Timings depend on the machine and on what else it does; the ratio between teacher and student depends on batch, search and machine, too.

# %%
teacher = teacher.cpu()
sample = english["test"][:128]
contestants = {
    (name, search): (lambda texts, m=model, n=beams: translated(m, texts, beams=n))
    for name, model in {"teacher": teacher, "sequence-level": student}.items()
    for search, beams in searches.items()
}
seconds = {key: [] for key in contestants}
for _ in range(1 if setting.run.shortened else 3):
    for key, write in contestants.items():
        started = time.perf_counter()
        texts = write(sample)
        seconds[key].append(time.perf_counter() - started)
speed = {}
print(f"{'':<16}{'search':<9}{'sentences/s':>12}{'pieces/s':>10}{'p50 ms':>9}{'p95 ms':>9}")
for (name, search), write in contestants.items():
    written = sum(len(ids) for ids in tokenizer(sample, text_target=write(sample))["labels"])
    alone = itertools.cycle(sample[:42])
    times = cost.latency(lambda: write([next(alone)]), repeats=2 if setting.run.shortened else 40)
    best = min(seconds[name, search])
    speed[name, search] = report.add(
        f"{name}/sentences a second, {search}", len(sample) / best, kind="timing"
    )
    report.add(f"{name}/ms for one sentence, {search}", times["p50"], kind="timing")
    print(
        f"{name:<16}{search:<9}{len(sample) / best:>12.0f}{written / best:>10.0f}"
        f"{times['p50']:>9.1f}{times['p95']:>9.1f}"
    )
for search in searches:
    ratio = speed["sequence-level", search] / speed["teacher", search]
    print(f"{search}: the student writes {ratio:.1f} times as many sentences a second")
greedy_student = speed["sequence-level", "greedy"] / speed["teacher", "beam"]
print(f"the student greedy against the teacher with a beam: {greedy_student:.1f} times")
for name, model in {"teacher": teacher, "sequence-level": student}.items():
    print(f"{name:<16}{cost.size_in_bytes(model) / 1e6:.1f} MB")

# %% [markdown]
# <details><summary><b>Going deeper:</b> why a beam in batches can look slow</summary>
#
# In batches a beam search is done when its last sentence is: one candidate that does not end keeps the whole batch waiting, up to *longest* pieces, though the best translation was found long before. Where the second ratio looks odd, that may be why; the median time of one sentence alone is hardly touched by it.
#
# </details>
#
# The last ratio is what a student that is used greedily saves on a teacher with a beam. It is no gift: compare their BLEU in section 7.
#
# ### Exercise 07.7 · A student for a budget
# {{exercise:07.7}}
#
# You are offered several students. Each is a dict with `name`, `bleu`, `p50`, `p95` (milliseconds a sentence) and `megabytes`. Nineteen sentences of twenty must take the budget or less, and of the students that manage, you want the one with the highest BLEU. (No two have the same BLEU.) Its megabytes do not matter here. Return its name, or None when no student keeps the budget or none is offered.


# %% exercise="07.7"
def choose_student(students, budget):
    """The best student that keeps the budget.

    students: list of dict with name, bleu, p50, p95, megabytes; budget: milliseconds.
    Returns a name, or None.
    """
    ### BEGIN SOLUTION
    fast_enough = [student for student in students if student["p95"] <= budget]
    if not fast_enough:
        return None
    return max(fast_enough, key=lambda student: student["bleu"])["name"]
    ### END SOLUTION


# %% check="07.7"
check("07.7", choose_student)

# %% [markdown]
# ## What you can now do
#
# - Feed an encoder-decoder: labels, shifted inputs, and a loss in which padding has no say.
# - Distil a translator word by word, and sentence by sentence with a corpus that the teacher rewrote, and say what each was worth against a control.
# - Keep a rewritten corpus in line with its sources, and notice when it is not.
# - Read a BLEU with its signature, and look behind it: other wordings, lost negations, repetition, length.
# - Choose a student for a budget.
#
# ## Where this goes wrong in practice
#
# - **Lines slip.** One side of a corpus loses an empty line, or a tool parts lines at a character that is no line feed. Training goes on without an error.
# - **The mask comes from the shifted inputs**, or padding is counted in the mean: the ranking of methods can change with the batch size.
# - **The control reads other sources**, or trains less, than the student: then the rewritten corpus is credited with it.
# - **Teacher and student number their pieces differently.** Word-level distillation then compares different words; sequence-level distillation does not mind, as text passes between them.
# - **BLEU on Chinese with an English tokenizer**, or without a signature.
# - **Only the beam is reported**, or only greedy: the two can tell different stories.
# - **The teacher's faults are handed down.** A student of rewritten sentences never sees a reference. Look at what the teacher loses: rare words, names, figures.
#
# ## Further reading
#
# - Y. Kim, A. M. Rush: [*Sequence-level knowledge distillation*](https://aclanthology.org/D16-1139/). EMNLP 2016. Word level, sequence level and their interpolation: this lesson's source.
# - C. Zhou, J. Gu, G. Neubig: [*Understanding knowledge distillation in non-autoregressive machine translation*](https://arxiv.org/abs/1911.02727). ICLR 2020. Why a rewritten corpus is easier, measured.
# - J. Kasai, N. Pappas, H. Peng, J. Cross, N. A. Smith: [*Deep encoder, shallow decoder: reevaluating non-autoregressive machine translation*](https://arxiv.org/abs/2006.10369). ICLR 2021. Where a translator's layers should stand.
# - S. Shleifer, A. M. Rush: [*Pre-trained summarization distillation*](https://arxiv.org/abs/2010.13002). 2020. Copy layers and fine-tune, compared with distilling.
# - M. Post: [*A call for clarity in reporting BLEU scores*](https://aclanthology.org/W18-6319/). WMT 2018. Why a score needs a signature. And K. Papineni, S. Roukos, T. Ward, W.-J. Zhu: [*BLEU: a method for automatic evaluation of machine translation*](https://aclanthology.org/P02-1040/). ACL 2002.
# - P. Koehn: [*Statistical significance tests for machine translation evaluation*](https://aclanthology.org/W04-3250/). EMNLP 2004. Intervals for BLEU by the bootstrap, over sentences alone; ours are over seeds too.
# - M. Junczys-Dowmunt et al.: [*Marian: fast neural machine translation in C++*](https://aclanthology.org/P18-4020/). ACL 2018, demonstrations. The architecture used here.
#
# ## Where you stand
#
# Your exercises of this lesson, and which of them are still open.

# %%
show_progress("07")
