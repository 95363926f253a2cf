# %% [markdown]
# # 09 · Inside the teacher: is it worth looking inside?
#
# So far a student has seen of its teacher what everybody sees: the answer. Inside, the teacher has much more, a vector for every token at every layer, and maps of which token looks at which. Many methods copy that. In this lesson you write four of the losses they use, see each at work, and hold each of them to a control: a teacher that has learnt nothing.
#
# **You will be able to**
# - say which layer of a student is compared with which of its teacher's, and avoid the off-by-one;
# - write the losses on hidden states, attention, relations and the contrastive one, padding left out;
# - find the parameter that no optimizer moves, and the loss that is 0 because a tuple is empty;
# - tell what a student gains from the teacher's *knowledge* apart from what any teacher gives it;
# - distil without labels, and name the control that must stand beside it.
#
# **You need** lessons [03](03_distillation_losses.ipynb) (the distillation loss) and [08](08_question_answering.ipynb) (reading, windows, masks).
#
# **Minutes** 110, of which the computer needs about three.
#
# **When an exercise resists**, `hint("09.1")` asks a question first, then gives a direction, and last says where the answer stands in the [worked edition](../solutions/09_inside_the_teacher.ipynb).
#
# **What runs** at `offline`: [lesson 08](08_question_answering.ipynb)'s teacher and a teacher of news headlines, which ship with the course, and students of two layers that start from random weights; no network. At `small`: the same, and section 8 with [all-MiniLM-L6-v2](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2), half of whose layers are distilled on the unlabelled phrases of [SST-2](https://huggingface.co/datasets/stanfordnlp/sst2) before they see a label of [Financial PhraseBank](https://arxiv.org/abs/1307.5336). At `full`: section 8 with [BERT-base](https://arxiv.org/abs/1810.04805), on a GPU.

# %% tags=["setup"]
import copy
from dataclasses import replace

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import transformers
from transformers import DataCollatorWithPadding

from kd_course import (
    experiments,
    losses,
    metrics,
    models,
    plots,
    settings,
    spans,
    teachers,
    widgets,
)
from kd_course.corpora import classification, reading
from kd_course.distillation import (
    Attention,
    Contrastive,
    HiddenStates,
    InsideDistillationTrainer,
    InsideSpanDistillationTrainer,
    Relations,
    ask_inside,
    cached_teacher_outputs,
    predict_logits,
    predict_spans,
    train_with_recipe,
)
from kd_course.distillation import layer_map as course_map
from kd_course.exercises import check, hint, show_progress
from kd_course.lessons.lesson09.settings import READING_ARMS, rates_beside

plots.style()
transformers.logging.set_verbosity_error()
setting = settings.for_lesson("09")
print(setting)

# %% [markdown]
# *weight* is what a comparison inside counts for in the loss; the *live* arms train in front of you, the ledger has the others. What begins with *general*, and *task*, *labels* and *max_length*, belong to section 8; *choosing* are the seeds that learning rates were chosen with.
#
# ## 1 · What an answer does not say
#
# [Lesson 08](08_question_answering.ipynb)'s student began with layers copied from its teacher. Here, too, the input marks by token types which words of the passage also stand in the question. What a student from random weights must still find out is by which of these the answer stands. How soon it does differs from seed to seed. Here it gets fewer labelled questions and steps.
#
# The teacher knows how to read. But its soft targets say only *where* the answer starts and ends. How it got there, which word looked at which, is inside. If copying that helps anywhere, one would expect it here.

# %%
data = reading.load(seed=1, level="plain", test_seed=setting.test_seed)
limit = setting.run.limit


def first_rows(rows, number):
    """At most `number` rows, always the same."""
    number = min(filter(None, [number, limit]))
    return rows if number >= len(rows) else rows.shuffle(seed=0).select(range(number))


data["train"] = first_rows(data["train"], setting.labelled)
data["validation"] = first_rows(data["validation"], 300)
data["test"] = first_rows(data["test"], setting.tested)
folder = teachers.obtain(setting.teacher, retrain=setting.run.retrain)
teacher, tokenizer = models.load_reader(folder)


def prepared(split, questions=None):
    """A split's windows with their labels, and which passage each is of.

    questions: others than the split's own, one a row.
    """
    contexts, answers = data[split]["context"][:], data[split]["answers"][:]
    columns = spans.windows(
        tokenizer,
        questions or data[split]["question"][:],
        contexts,
        length=setting.length,
        stride=64,
        mark_shared=True,
    )
    columns |= spans.labels(columns, contexts, answers)
    number = {text: i for i, text in enumerate(dict.fromkeys(contexts))}
    rows = [
        {**row, "text_ids": number[contexts[example]]}
        for row, example in zip(spans.rows(columns), columns["example"])
    ]
    return {
        "columns": columns,
        "rows": rows,
        "contexts": contexts,
        "answers": [answer["text"] for answer in answers],
    }


sets = {split: prepared(split) for split in ("train", "validation", "test")}
student = models.reader(setting.student, tokenizer, seed=0)
for name, model in {"teacher": teacher, "student": student}.items():
    config = model.config
    print(
        f"{name:<9}{config.num_hidden_layers} layers, {config.hidden_size} wide, "
        f"{config.num_attention_heads} heads"
    )
depths = student.config.num_hidden_layers, teacher.config.num_hidden_layers

# %% [markdown]
# And a reader who knows only that *when* asks for a date and *who* for a person? Below each question is exchanged for another of its kind, about another passage. What the teacher then scores is what knowing the kind is worth.


# %%
def scores(model, split):
    """F1 of every question."""
    found = sets[split]
    logits = predict_spans(model, found["rows"], tokenizer)
    best = spans.best_answers(found["columns"], found["contexts"], *logits, n=1)
    return metrics.f1(spans.texts(best), found["answers"])


kinds, questions = np.array(data["validation"]["kind"][:]), data["validation"]["question"][:]
exchanged = list(questions)
for kind in sorted(set(kinds)):
    rows_of_kind = np.flatnonzero(kinds == kind)
    for here, there in zip(rows_of_kind, np.roll(rows_of_kind, 1)):
        exchanged[here] = questions[there]
sets["exchanged"] = prepared("validation", exchanged)
knows_it, knows_the_kind = (scores(teacher, split).mean() for split in ("validation", "exchanged"))
found_from = float(knows_it + knows_the_kind) / 2
print(f"teacher, validation F1                      {knows_it:.3f}")
print(f"asked another question of the same kind     {knows_the_kind:.3f}")
print(f"half-way between the two                    {found_from:.3f}")

# %% [markdown]
# ## 2 · Which layer with which?
#
# Asked with `output_hidden_states=True`, a model of [transformers](https://huggingface.co/docs/transformers) returns one tensor a layer, and one more: the first, index 0, is what goes *into* the first layer, the embeddings. The maps of attention have no such entry: `attentions[0]` is the first layer's. Off by one in either list, and a student is matched with the wrong layer without any error.

# %% tags=["nbval-check-output"]
batch = spans.collate(sets["validation"]["rows"][:4], tokenizer)
model_inputs = {name: batch[name] for name in spans.MODEL_INPUTS if name in batch}
with torch.no_grad():
    seen = teacher(**model_inputs, output_hidden_states=True, output_attentions=True)
print("layers", teacher.config.num_hidden_layers)
print("hidden states", len(seen.hidden_states), "attentions", len(seen.attentions))
print("one hidden state", list(seen.hidden_states[0].shape)[::2], "(batch, width)")

# %% [markdown]
# ### Exercise 09.1 · Which layer of the teacher?
# {{exercise:09.1}}
#
# For every layer of the student, from the bottom, return the index in the teacher's `hidden_states` that it is compared with. Spread them evenly: of s layers, the k-th has come k/s of the way, and so should the teacher's have; between two layers, take the one that has been passed. The last is compared with the last. The embeddings are matched with nothing.


# %% exercise="09.1"
def layer_map(student_layers, teacher_layers):
    """The index in the teacher's hidden_states for every layer of the student: a list of whole numbers.

    student_layers, teacher_layers: how many each has; the student no more than the teacher.
    """
    ### BEGIN SOLUTION
    return [k * teacher_layers // student_layers for k in range(1, student_layers + 1)]
    ### END SOLUTION


# %% check="09.1"
check("09.1", layer_map)

# %% [markdown]
# [TinyBERT](https://arxiv.org/abs/1909.10351) spreads 4 layers over 12 like this, and matches the embeddings as well. Does it matter? [Yu, Wen and Mou (2025)](https://arxiv.org/abs/2502.04499) found that even a map from top to bottom gives surprisingly good students, so that map is an arm of our experiment. These are the three maps of this lesson:

# %% tags=["hide-input"]
figure, panels = plt.subplots(1, 3, figsize=(9, 3.2), sharey=True)
drawn = []
for axes, kind in zip(panels, ("even", "last", "reversed")):
    pairs = course_map(*depths, kind=kind)
    for x, layers, role in zip((0, 1), depths, ("student", "teacher")):
        axes.plot(
            [x] * (layers + 1), range(layers + 1), "s", color=plots.COLOURS[role], markersize=9
        )
    for s, t in pairs.items():
        axes.plot([0, 1], [s, t], color=plots.COLOURS["ink"], linewidth=1.5)
    axes.set(title=kind, xlim=(-0.4, 1.4), xlabel="model")
    axes.set_xticks([0, 1], ["student", "teacher"])
    drawn.append(f"{kind} joins " + ", ".join(f"{s} with {t}" for s, t in pairs.items()))
panels[0].set(ylabel="index in hidden_states", yticks=range(depths[1] + 1))
figure.suptitle("Which layer is compared with which? 0 is the embeddings")
plots.show(figure, alt="Layers of student and teacher, joined by lines: " + "; ".join(drawn) + ".")

# %% [markdown]
# ## 3 · Hidden states
#
# The plainest comparison: the student's vector of a token should be the teacher's. Where the student is narrower, a matrix W, trained with it, maps its vectors onto the teacher's width ([Romero et al., 2015](https://arxiv.org/abs/1412.6550), for pictures; [TinyBERT](https://arxiv.org/abs/1909.10351), for text):
#
# $$L_\text{hidden} = \frac{1}{\sum_t m_t} \sum_t m_t \, \frac{\lVert W h^S_t - h^T_t \rVert^2}{d}$$
#
# Superscripts S and T mean student and teacher; h is a token's vector, m is 1 for a token and 0 for padding, t runs over all tokens of the batch, and d is the teacher's width. Were the *teacher's* vectors mapped, W and the student's vectors could shrink to nothing together, and the loss with them. With W on the student's side that way out is closed: the teacher's vectors stay. (In this lesson's experiment both are 128 wide, so no W is needed.)
#
# ### Exercise 09.2 · How far is the student's vector?
# {{exercise:09.2}}
#
# Write that loss. What stands in the padding, NaN and infinity included, has no say, in the value or in a gradient. Gradients flow to the student and to `weight`, and none to the teacher. Where no token counts, the loss is 0.


# %% exercise="09.2"
def hidden_loss(student, teacher, mask, weight):
    """The mean over tokens of the squared distance, divided by the teacher's width: a scalar.

    student: (batch, length, width); teacher: (batch, length, d); mask: (batch, length), booleans;
    weight: (d, width), or None where the widths are equal.
    """
    ### BEGIN SOLUTION
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.T
    per_token = (own - wanted).square().mean(-1)
    return per_token.sum() / max(len(per_token), 1)
    ### END SOLUTION


# %% check="09.2"
check("09.2", hidden_loss)

# %% [markdown]
# ### Who trains W?
#
# W is a parameter. Suppose the loss makes it, after the optimizer was made from the *student's* parameters. Then W gets a gradient at every step and never moves. The loss falls nonetheless, because the student bends itself towards a random matrix.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
narrow, projection = torch.nn.Linear(3, 2), torch.nn.Linear(2, 4, bias=False)
optimizer = torch.optim.SGD(narrow.parameters(), lr=0.1)
before = projection.weight.detach().clone()
x, wanted = torch.randn(8, 3), torch.randn(8, 4)
for step in range(3):
    loss = F.mse_loss(projection(narrow(x)), wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"loss {loss.item():.3f}")
print("W has a gradient:", projection.weight.grad is not None)
print("W has moved:", not torch.equal(projection.weight, before))

# %% [markdown]
# ### Exercise 09.3 · The parameter that no optimizer holds
# {{exercise:09.3}}
#
# Return the names of all parameters of the two modules that are meant to be trained and that the optimizer does not hold, in alphabetical order: `"student."` or `"projection."`, followed by the name that the module has for it. A parameter that needs no gradient is not meant to be trained. Two parameters with the same numbers are two parameters; one that both modules share is one, held wherever it is held, and listed under both its names where nobody holds it.


# %% exercise="09.3"
def unheld(student, projection, optimizer):
    """The names of the parameters that nobody moves, sorted: a list of strings."""
    ### BEGIN SOLUTION
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    modules = {"student": student, "projection": projection}
    return sorted(
        f"{part}.{name}"
        for part, module in modules.items()
        for name, p in module.named_parameters()
        if p.requires_grad and id(p) not in held
    )
    ### END SOLUTION


# %% check="09.3"
check("09.3", unheld)

# %% [markdown]
# The course's `InsideDistillationTrainer` puts its projections *into* the student while it trains, so that optimizer and checkpoints see them, and takes them out before anything is saved. An optimizer that was made without them is refused.
#
# ## 4 · Attention
#
# A token's row of an attention map is a distribution over the tokens it looks at. So compare rows as distributions: the mean, over layers, heads and looking tokens, of KL(teacher ‖ student). ([TinyBERT](https://arxiv.org/abs/1909.10351) compares the logits before the softmax instead, [MiniLM](https://arxiv.org/abs/2002.10957) the distributions of the last layer.) Head is compared with head, so both models need equally many.
#
# But first one has to get at them. Here is BERT, as transformers makes it:

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
bert = transformers.BertModel(
    transformers.BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=2
    )
)
ids = torch.arange(6)[None]
print("attentions:", bert(ids, output_attentions=True).attentions)
bert.set_attn_implementation("eager")
row = bert.train()(ids, output_attentions=True).attentions[0][0, 0, 0]
print(f"eager, in training, one row sums to {row.sum().item():.2f}")
row = bert.eval()(ids, output_attentions=True).attentions[0][0, 0, 0]
print(f"eager, in eval mode, it sums to {row.sum().item():.2f}")

# %% [markdown]
# Two traps. The fast implementation that is the default has no maps to return. It returns an empty tuple, with no more than a warning (this notebook switches warnings off): a loss that adds up over layers is 0 at every step, for ever. And in training the map comes *after dropout*. Its rows are no distributions any more. A student whose attention is compared must have no dropout on it. `losses.attention_loss` refuses both.
#
# ### Exercise 09.4 · What does a token look at?
# {{exercise:09.4}}
#
# `student` and `teacher` are tuples as transformers returns them, a map a layer, with equally many layers and heads. Return the mean of KL(teacher ‖ student) over layers, heads and looking tokens, of which only those count where `mask` is true. Where the teacher gives a token nothing, the term is 0. Padded tokens are given nothing by those that count, in both models. Gradients flow to the student, none to the teacher, and they are finite where a map holds 0. Where one of the tuples is empty, raise a `ValueError`.


# %% exercise="09.4"
def attention_loss(student, teacher, mask):
    """The mean KL between rows of attention, in nats: a scalar.

    student, teacher: tuples of (batch, heads, length, length), rows over the last dimension;
    mask: (batch, length), booleans.
    """
    ### BEGIN SOLUTION
    if not student or not teacher:
        raise ValueError("no attention was returned: set_attn_implementation('eager')")
    means = []
    for s, t in zip(student, teacher):
        t = t.detach()
        log_ratio = t.clamp(min=1e-38).log() - s.clamp(min=1e-38).log()
        kl = (t * log_ratio).sum(-1)  # (batch, heads, length)
        means.append(kl.transpose(1, 2)[mask].mean())
    return torch.stack(means).mean()
    ### END SOLUTION


# %% check="09.4"
check("09.4", attention_loss)

# %% [markdown]
# What does the teacher look at, when it reads a question? Below is the head of its last layer that looks most from the question's words to the passage's, with the stretch of thirty neighbouring tokens that it looks at most, beside the same head of a student that knows nothing yet.

# %% tags=["hide-input"]
example = sets["validation"]["rows"][0]
words = [token.replace("Ġ", "") for token in tokenizer.convert_ids_to_tokens(example["input_ids"])]
in_passage = np.array(example["answer_mask"])
one = {name: torch.tensor([example[name]]) for name in spans.MODEL_INPUTS if name in example}


def last_maps(model):
    """The last layer's attention on the example: (heads, length, length)."""
    with torch.no_grad():
        return model.eval()(**one, output_attentions=True).attentions[-1][0].numpy()


def most_looked_at(asked, head):
    """The thirty neighbouring words of the passage that the teacher's head looks at most."""
    passage = np.flatnonzero(in_passage)
    looks = last_maps(teacher)[head][np.ix_(asked, passage)].sum(0)
    start = int(np.convolve(looks, np.ones(min(30, len(looks))), "valid").argmax())
    return passage[start : start + 30]


def draw_attention(models_by_name, head, title):
    """One head's map, from the question's words to the thirty of the passage looked at most."""
    asked = np.flatnonzero(~in_passage)[1:14]
    read = most_looked_at(asked, head)
    top = last_maps(teacher)[head][np.ix_(asked, read)].max()
    figure, panels = plt.subplots(
        1, len(models_by_name), figsize=(1 + 5.2 * len(models_by_name), 4.2), squeeze=False
    )
    for axes, (name, model) in zip(panels[0], models_by_name.items()):
        part = last_maps(model)[head][np.ix_(asked, read)]
        image = axes.imshow(part, cmap=plots.SEQUENTIAL, vmin=0, vmax=top)
        axes.set_xticks(range(len(read)), [words[i] for i in read], rotation=90, fontsize=7)
        axes.set_yticks(range(len(asked)), [words[i] for i in asked], fontsize=7)
        axes.set(title=name, xlabel="looked at, in the passage", ylabel="looking, in the question")
        axes.grid(False)
    figure.colorbar(image, ax=list(panels[0]), label="attention")
    figure.suptitle(title)
    plots.show(
        figure,
        alt=f"Attention of head {head + 1} in the last layer, from the question's words to the "
        f"passage's thirty that the teacher's looks at most, one panel a model: "
        f"{', '.join(models_by_name)}.",
    )


across = last_maps(teacher)[:, ~in_passage][:, :, in_passage].sum((1, 2))
head = int(across.argmax())
draw_attention({"teacher": teacher, "student, untrained": student}, head, "What a head looks at")

# %% [markdown]
# The teacher's bright columns are among the words that the input marks as shared.
#
# ## 5 · Relations, and whose vector it is
#
# ### Relations
#
# Equal numbers of heads, equal widths, a projection: all that is needed because vectors are compared with vectors. [MiniLMv2](https://arxiv.org/abs/2012.15828) compares something that has the same shape in every model: which tokens *resemble one another*. Take the queries of one layer, all heads side by side, and cut them anew into as many *relation heads* as you like. Within a relation head, whose vectors X are d wide,
#
# $$R = \operatorname{softmax}\!\left(\frac{X X^\top}{\sqrt d}\right), \qquad L_\text{relations} = \operatorname{mean} \; \mathrm{KL}(R^\text{teacher} \,\|\, R^\text{student})$$
#
# and the same with the keys and with the values; the three are added. A row of R says of one token which others it is like. A student of 4 numbers a token and a teacher of 12 both have rows as long as the text.
#
# ### Exercise 09.5 · Which tokens resemble one another?
# {{exercise:09.5}}
#
# Write the loss for one kind, the queries, say. Cut both models' vectors into `heads` relation heads; a head is a stretch of a token's own numbers. The softmax runs over the tokens that count, and the mean over heads and over the tokens that count. Padding, NaN and infinity included, has no say in value or gradient. Gradients flow to the student, none to the teacher.


# %% exercise="09.5"
def relation_loss(student, teacher, mask, heads):
    """The mean KL(teacher ‖ student) between rows of relations, in nats: a scalar.

    student, teacher: (batch, length, width), each of its own width, which heads divides;
    mask: (batch, length), booleans; heads: how many relation heads.
    """

    ### BEGIN SOLUTION
    def log_relations(vectors):
        batch, length, width = vectors.shape
        vectors = torch.where(mask[..., None], vectors, 0.0)
        split = vectors.reshape(batch, length, heads, width // heads).transpose(1, 2)
        scores = split @ split.transpose(-1, -2) / (width // heads) ** 0.5
        scores = torch.where(mask[:, None, None], scores, -1e30)
        return scores.transpose(1, 2)[mask].log_softmax(-1)  # (tokens, heads, length)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    kl = (log_p.exp() * (log_p - log_q)).sum(-1)
    return kl.sum() / max(kl.numel(), 1)
    ### END SOLUTION


# %% check="09.5"
check("09.5", relation_loss)

# %% [markdown]
# A relation does not see everything. Turn all vectors of a model by the same rotation, and hidden states are far apart, while the relations of one head are the same:

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
vectors = torch.randn(1, 6, 8, dtype=torch.float64)
turned = vectors @ torch.linalg.qr(torch.randn(8, 8, dtype=torch.float64))[0]
print(f"hidden states, turned: {losses.hidden_state_loss(turned, vectors).item():.3f}")
for heads in (1, 4):
    found = losses.relation_loss(turned, vectors, heads=heads).item()
    print(f"relations of {heads} head{'s' * (heads > 1)}, turned: {abs(found):.3f} nats")

# %% [markdown]
# Cut into four heads, as in section 6, relations do notice such a turn. Here are the relations among the words of the question above, the mean over the heads: the teacher's, then those of a student that knows nothing yet.

# %% tags=["hide-input"]
asked = np.flatnonzero(~in_passage)[1:14]


def relations_of(model, part):
    """The last layer's relations among the question's words, each row scaled to one: (words, words)."""
    kept = {}
    last = models.queries_keys_values(model, model.config.num_hidden_layers)[part]
    handle = last.register_forward_hook(lambda module, given, output: kept.update(x=output[0]))
    with torch.no_grad():
        model.eval()(**one)
    handle.remove()
    split = kept["x"].unflatten(-1, (setting.heads, -1)).transpose(0, 1)  # (heads, tokens, d)
    scores = split @ split.transpose(-1, -2) / split.shape[-1] ** 0.5
    found = scores.softmax(-1).mean(0).numpy()[np.ix_(asked, asked)]
    return found / found.sum(-1, keepdims=True)


figure, panels = plt.subplots(2, 3, figsize=(9.6, 6.8))
for line, (name, model) in zip(panels, {"teacher": teacher, "student": student}.items()):
    for axes, part in zip(line, ("query", "key", "value")):
        found = relations_of(model, part)
        image = axes.imshow(found, cmap=plots.SEQUENTIAL, vmin=0, vmax=0.3)
        axes.set_xticks(range(len(asked)), [words[i] for i in asked], rotation=90, fontsize=7)
        axes.set_yticks(range(len(asked)), [words[i] for i in asked], fontsize=7)
        axes.set(title=f"{name}, {part}", xlabel="resembled", ylabel="word")
        axes.grid(False)
figure.colorbar(
    image, ax=panels.ravel().tolist(), label="relation, its share of the row", extend="max"
)
figure.suptitle("Which words of the question resemble which?")
plots.show(
    figure,
    alt="Relations among the question's words in the last layer, of queries, keys and values, in "
    "the teacher and in an untrained student; each row is scaled to one over these words.",
)

# %% [markdown]
# ### Contrastive
#
# The student's vector of a text should be nearer to the teacher's vector of *that* text than to its vectors of others ([CRD](https://arxiv.org/abs/1910.10699), in its form within one batch, [InfoNCE](https://arxiv.org/abs/1807.03748)). With $z_i$ the mean of row i's token vectors in the compared layer, B rows, and a temperature τ (0.1 in section 6), it is a classification with as many classes as rows:
#
# $$L_\text{contrastive} = -\frac1B \sum_i \log \frac{\exp(\cos(z^S_i, z^T_i)/\tau)}{\sum_j \exp(\cos(z^S_i, z^T_j)/\tau)}$$
#
# But look at what a batch holds. Several questions of this corpus are about one passage. To push their vectors apart would be to unlearn what they have in common; so rows of one text must not be each other's wrong answers.
#
# ### Exercise 09.6 · Whose vector is it?
# {{exercise:09.6}}
#
# Write that loss, the mean over rows, with cosines. Rows that have the same id as row i are left out of its sum, apart from row i itself. Where every row is of one text, the loss is 0. Gradients flow to the student, none to the teacher.


# %% exercise="09.6"
def contrastive_loss(student, teacher, ids, temperature):
    """How hard it is to tell whose vector it is, in nats: a scalar.

    student, teacher: (batch, width), a vector a row; ids: (batch,), whole numbers, equal for rows
    of the same text; temperature: positive.
    """
    ### BEGIN SOLUTION
    cosines = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T
    own = torch.arange(len(ids))
    same_text = (ids[:, None] == ids[None]) & (own[:, None] != own[None])
    scores = torch.where(same_text, -1e30, cosines / temperature)
    return F.cross_entropy(scores, own)
    ### END SOLUTION


# %% check="09.6"
check("09.6", contrastive_loss)

# %% [markdown]
# Why exchange the excluded entries *after* the division? With -∞ before it and a temperature that is learnt, too, the loss is right and the temperature's gradient NaN: [a proposed repair of published code](https://github.com/NVIDIA-NeMo/Automodel/pull/3850) tells of it.
#
# ### Four losses of one batch
#
# How large is each loss before anything has been learnt, and how large for a student that *has* something of the teacher? Four questions are read by the untrained student and by one made of two of the teacher's layers.


# %%
def comparisons_of(arm):
    """What an arm compares inside: the layer map of the arm, and the loss of its name."""
    kinds = {
        "hidden states": (HiddenStates, "even", {}),
        "attention": (Attention, "even", {}),
        "relations": (Relations, "last", {"heads": setting.heads}),
        "contrastive": (Contrastive, "last", {}),
    }
    method = arm.partition(",")[0]  # "relations, untrained teacher" compares relations
    if method not in kinds:
        return []
    kind, layers, more = kinds[method]
    layers = course_map(*depths, kind="reversed" if "reversed" in arm else layers)
    return [kind(s, t, weight=setting.weight, **more) for s, t in layers.items()]


def inside_losses(own, other, arm):
    """The arm's losses between two models on the validation batch, added up: nats, or squares."""
    of_student = [replace(each, teacher_layer=each.student_layer) for each in comparisons_of(arm)]
    _, mine = ask_inside(own, batch, of_student)
    _, theirs = ask_inside(other, batch, comparisons_of(arm))
    mask = batch["attention_mask"].bool()
    rows = zip(comparisons_of(arm), mine, theirs)
    return sum(each.loss(s, t, mask, torch.arange(len(mask))).item() for each, s, t in rows)


copied = models.copy_layers(teacher, list(range(1, depths[1], 2))).eval()
print(f"{'':<16}{'untrained':>12}{'copied layers':>16}")
for arm in ("hidden states", "attention", "relations", "contrastive"):
    values = [inside_losses(model, teacher, arm) for model in (student, copied)]
    print(f"{arm:<16}{values[0]:>12.2f}{values[1]:>16.2f}")

# %% [markdown]
# Copied layers are not the teacher: the lower one stands on the embeddings here, so no loss is 0. Hidden states and attention fall clearly, relations hardly, and the contrastive loss lies even above a guess among four, ln 4 = 1.39. (Four rows are few, and here each counts as a text of its own.) For the untrained student the losses lie within a factor of about three, so each gets the weight 1 in section 6, and so does the same loss with an untrained teacher, whose size was not set equal. That was fixed beforehand: only learning rates are tuned there.
#
# ## 6 · The experiment
#
# With one seed all arms start from the same random weights, with the same labelled questions and the same number of steps, so gains are taken seed by seed. The loss is lesson 03's, plus the weight times the sum of the comparisons inside, one for each pair of layers. What differs is what a student learns from:
#
# | arm | learns from |
# |---|---|
# | labels | the answers alone |
# | soft targets | the answers, and the teacher's start and end distributions |
# | hidden states, attention | that, and the teacher's inside in this form, at both layers |
# | relations, contrastive | that, and the teacher's inside in this form, at the last layer |
# | each of the four, *untrained teacher* | the same, with the inside of a teacher that has learnt nothing; the soft targets stay the trained one's |
# | hidden states, *reversed map* | as hidden states, but the first layer is compared with the last |
#
# The last two kinds are controls. To match *anything* well-behaved inside might help a student. Only what the *trained* teacher gives beyond an untrained one is the teacher's knowledge. [Mason-Williams et al.](https://arxiv.org/abs/2510.12615) built their experiments around random controls of their own kind, and found less transfer of knowledge than anticipated.
#
# ### Exercise 09.7 · A teacher that has learnt nothing
# {{exercise:09.7}}
#
# Return a model that differs from the teacher in having learnt nothing: the same class, the same `config`, weights that this class draws, with torch's random numbers, from `seed` alone. It is ready to be asked, and the teacher stays as it was.


# %% exercise="09.7"
def random_teacher(teacher, seed):
    """A model of the teacher's class and config that has learnt nothing, ready to be asked."""
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    return type(teacher)(teacher.config).eval()
    ### END SOLUTION


# %% check="09.7"
check("09.7", random_teacher)

# %% [markdown]
# Its seed must not be the student's: two models of one class, config and seed have the same weights, and a comparison that is 0 from the first step compares nothing. Below it is drawn with the student's seed plus 1,000. And there should be something to compare. The reading teacher's config draws its weights wide enough. The news teacher's, of section 8, has BERT's usual 0.02, with which a narrow model's relations are nearly uniform; there the weights are drawn wider.
#
# The soft targets are asked for once and kept ([lesson 06](06_text_classification.ipynb)). The teacher's inside is asked for at every step: a vector for every token would be a great deal to keep.


# %%
outputs = cached_teacher_outputs(teacher, sets["train"]["rows"], tokenizer, progress=False)


class Watcher(transformers.TrainerCallback):
    """Notes the validation F1 every so many steps."""

    def __init__(self):
        self.curve = []

    def on_step_end(self, args, state, control, model, **kwargs):
        if state.global_step % setting.watched_every == 0 or state.global_step == state.max_steps:
            self.curve.append([state.global_step, float(scores(model, "validation").mean())])


def untrained_like(model, seed):
    """A model of the same class and shape that has learnt nothing."""
    config = copy.deepcopy(model.config)
    config.initializer_range = config.hidden_size**-0.5
    transformers.set_seed(seed + 1000)
    return type(model)(config).eval()


def train(arm, seed, recipe):
    """One student of one arm; returns it and its curve of validation F1."""
    watcher = Watcher()
    trainer = train_with_recipe(
        models.reader(setting.student, tokenizer, seed=seed),
        sets["train"]["rows"],
        recipe,
        setting,
        seed=seed,
        kind=InsideSpanDistillationTrainer,
        processing_class=tokenizer,
        teacher_outputs=outputs if recipe.alpha else None,
        inside_teacher=untrained_like(teacher, seed) if "untrained" in arm else teacher,
        comparisons=comparisons_of(arm),
        callbacks=[watcher],
    )
    return trainer.model.cpu().eval(), watcher.curve


# %% [markdown]
# The report bears a fingerprint of the test rows, those of section 8 included, so its sentences are fetched here. (At `small` and `full`, sections 1 to 7 train one seed for you to look at, and the ledger notes section 8 alone.)

# %%
offline = setting.run.scale == "offline"
most = None if None in setting.labels.values() else max(setting.labels.values())
task = classification.load(setting.task, labelled=most, limit=limit, test_seed=setting.test_seed)
report = experiments.Report(
    "09",
    setting.run.scale,
    data=experiments.fingerprint(
        [*(data["test"]["question"] if offline else []), *task["test"]["text"]]
    ),
    test_seed=setting.test_seed,
    shortened=setting.run.shortened,
)
everything = setting.run.maps or len(setting.run.seeds) > 1
seeds = setting.run.seeds if offline else setting.run.seeds[:1]
arms = list(READING_ARMS if offline and everything else setting.live)
students, f1, curves = {}, {}, {}
for seed in seeds:
    for arm in arms:
        students[arm, seed], curves[arm, seed] = train(arm, seed, setting.recipes[arm])
        f1[arm, seed] = scores(students[arm, seed], "test")

# %% [markdown]
# Questions about one passage are hard or easy together, so a passage counts as one row of the interval.

# %%
_, passage = np.unique(data["test"]["context"], return_inverse=True)


def every_seed(arm):
    """(seeds, questions): F1 of every test question, one row a seed."""
    return np.stack([f1[arm, seed] for seed in seeds])


def note(name, treatment, control=0.0):
    """A mean over seeds and questions with its joint interval; the report keeps it at `offline`."""
    if offline:
        return report.add_rows(name, treatment, control, seeds=seeds, clusters=passage)
    return experiments.paired_interval(treatment, control, clusters=passage)


if offline:
    report.add("teacher/F1", scores(teacher, "test").mean(), kind="trained once")
for arm in arms:
    note(f"{arm}/F1", every_seed(arm))
    for seed in seeds if offline else ():
        yes = float(curves[arm, seed][-1][1] >= found_from)
        report.add(f"{arm}/share found", yes, seed=seed, kind="trained once")

pairs = {"soft targets/gain over labels": ("soft targets", "labels")}
pairs |= {f"{arm}/gain over soft targets": (arm, "soft targets") for arm in READING_ARMS[2:]}
for control in ("untrained teacher", "reversed map"):
    pairs |= {
        f"{arm}/gain over {control}": (arm, f"{arm}, {control}")
        for arm in READING_ARMS
        if f"{arm}, {control}" in READING_ARMS
    }
for name, (one_arm, other) in pairs.items():
    if one_arm in arms and other in arms:
        gain = note(name, every_seed(one_arm), every_seed(other))
        verdict = experiments.verdict(gain, seeds=len(seeds))
        print(f"{one_arm} minus {other}: {gain}   {verdict}")

# %% [markdown]
# Your run is one throw: here it is as a ring among the reference run's intervals. A ring may lie outside its bar: one seed strays further than a mean.

# %% tags=["hide-input"]
if offline:
    experiments.plot_comparison(
        report,
        ["teacher", *READING_ARMS],
        "F1",
        title="How well each arm has learnt to read",
        unit="test F1",
    )

# %% tags=["hide-input"]
if offline:
    print(experiments.comparison_table(report, ["teacher", *READING_ARMS], "F1"), "\n")
    print(experiments.expectation_table(report))

# %% [markdown]
# **The teacher's attention is worth copying here.** Over soft targets it gains {{ledger:09/offline/attention/gain over soft targets|interval}} in F1. Not every teacher gives that: an untrained teacher's maps change it by {{ledger:09/offline/attention, untrained teacher/gain over soft targets|interval}}, so at this weight they do harm.
#
# The contrastive loss gains, too, and beyond its untrained teacher. For hidden states and relations five seeds show neither a gain nor its absence.
#
# Whether soft targets themselves beat labels is open as well: {{ledger:09/offline/soft targets/gain over labels|interval}}. Your one seed may look decided; five are not. Each arm is set beside soft targets, since a gain over labels alone may be the soft targets' own:
#
# | `offline`, {{ledger:09/offline/labels/F1|count}} seeds | test F1 | gain over soft targets |
# |---|---|---|
# | labels | {{ledger:09/offline/labels/F1|interval}} | – |
# | soft targets | {{ledger:09/offline/soft targets/F1|interval}} | – |
# | hidden states | {{ledger:09/offline/hidden states/F1|interval}} | {{ledger:09/offline/hidden states/gain over soft targets|interval}} |
# | hidden states, untrained teacher | {{ledger:09/offline/hidden states, untrained teacher/F1|interval}} | {{ledger:09/offline/hidden states, untrained teacher/gain over soft targets|interval}} |
# | hidden states, reversed map | {{ledger:09/offline/hidden states, reversed map/F1|interval}} | {{ledger:09/offline/hidden states, reversed map/gain over soft targets|interval}} |
# | attention | {{ledger:09/offline/attention/F1|interval}} | {{ledger:09/offline/attention/gain over soft targets|interval}} |
# | attention, untrained teacher | {{ledger:09/offline/attention, untrained teacher/F1|interval}} | {{ledger:09/offline/attention, untrained teacher/gain over soft targets|interval}} |
# | relations | {{ledger:09/offline/relations/F1|interval}} | {{ledger:09/offline/relations/gain over soft targets|interval}} |
# | relations, untrained teacher | {{ledger:09/offline/relations, untrained teacher/F1|interval}} | {{ledger:09/offline/relations, untrained teacher/gain over soft targets|interval}} |
# | contrastive | {{ledger:09/offline/contrastive/F1|interval}} | {{ledger:09/offline/contrastive/gain over soft targets|interval}} |
# | contrastive, untrained teacher | {{ledger:09/offline/contrastive, untrained teacher/F1|interval}} | {{ledger:09/offline/contrastive, untrained teacher/gain over soft targets|interval}} |
#
# An interval that holds 0 leaves the difference open; it does not prove that there is none. The last column looks nine times, so one interval that leaves out 0 by a little is weak evidence.
#
# An untrained teacher may give a gain over soft targets, too (none is shown to, here). So here is what the trained teacher's inside gives beyond an untrained one's, in F1. Where the untrained one does harm, the figure holds that harm as well, and is not the size of the knowledge:
#
# | compared inside | gain over the untrained teacher |
# |---|---|
# | hidden states | {{ledger:09/offline/hidden states/gain over untrained teacher|interval}} |
# | attention | {{ledger:09/offline/attention/gain over untrained teacher|interval}} |
# | relations | {{ledger:09/offline/relations/gain over untrained teacher|interval}} |
# | contrastive | {{ledger:09/offline/contrastive/gain over untrained teacher|interval}} |
#
# As for the layer map, the difference between even and reversed is open: {{ledger:09/offline/hidden states/gain over reversed map|interval}}. That neither supports nor contradicts Yu, Wen and Mou; it would take more seeds.
#
# ### How far has each seed come?
#
# By step 100 every seed of every arm scores far above what knowing the kind of a question is worth: all have learnt to read to some degree. The dotted line, section 1's, is a mark half-way to the teacher and no gate; several seeds end within a point of it. So read the lines and the mean with its interval, not how many seeds are beyond it.
#
# At the look after 50 steps attention is past the line with every seed, and soft targets with none; 25 steps later all of theirs are, too. Nothing jumps: the lines climb, some later than others.

# %% tags=["hide-input"]
own = {arm: [curves[arm, seed] for seed in seeds] for arm in arms}
if offline and everything:
    report.add_table("curves", own)
lines = report.table("curves") or own
lines = {arm: lines[arm] for arm in READING_ARMS if arm in lines}
print("steps until half-way to the teacher, seed by seed (– where it did not get there):")
for arm, runs in lines.items():
    first = [next((step for step, f1_then in run if f1_then >= found_from), "–") for run in runs]
    print(f"    {arm:<29}" + "".join(f"{step!s:>6}" for step in first))
figure, panels = plt.subplots(4, 3, figsize=(10, 9.4), sharex=True, sharey=True)
for axes, (arm, runs) in zip(panels.flat, lines.items()):
    role = {"labels": "control", "soft targets": "teacher"}.get(arm, "student")
    for points in runs:
        axes.plot(*zip(*points), color=plots.COLOURS[role], linewidth=0.8)
    for points in () if everything else own.get(arm, ()):
        axes.plot(*zip(*points), color=plots.COLOURS["ink"], linewidth=1.6)
    axes.axhline(found_from, linestyle=":", color=plots.COLOURS["ink"])
    axes.set_title(arm, fontsize=9)
for axes in panels.flat[len(lines) :]:
    axes.set_visible(False)
for axes in panels.flat[max(0, len(lines) - 3) : len(lines)]:
    axes.set_xlabel("optimiser steps")
    axes.xaxis.set_tick_params(labelbottom=True)
for axes in panels[:, 0]:
    axes.set_ylabel("validation F1")
kinds_of_line = [("a seed of the reference run", "-", 0.8), ("your run", "-", 1.6)]
kinds_of_line = [("one seed", "-", 0.8)] if everything else kinds_of_line
for label, style, width in [*kinds_of_line, ("half-way to the teacher", ":", 1.6)]:
    axes.plot([], [], style, color=plots.COLOURS["ink"], linewidth=width, label=label)
figure.legend(*axes.get_legend_handles_labels(), loc="lower right")
figure.suptitle("How far each seed has come")
plots.show(
    figure,
    alt="Validation F1 by optimiser steps, one panel an arm and one line a seed. At the end: "
    + "; ".join(
        f"{arm} " + ", ".join(f"{points[-1][1]:.2f}" for points in runs)
        for arm, runs in lines.items()
    )
    + ".",
)

# %% [markdown]
# ### Was every arm given its chance?
#
# Rates a factor of two apart were tried for each arm, until the best had a worse one on either side; the measure was the mean validation F1 of two seeds. The test questions had no say in it. Below is each arm's rate between its neighbours. (`KD_MAPS=1` computes it again: 66 trainings, and some thirty shorter ones for section 8's.)


# %%
def tried_at(arm, recipe):
    """The mean validation F1 of the seeds that choose; what is trained already is taken."""
    f1 = []
    for seed in setting.choosing:
        known = recipe == setting.recipes[arm] and (arm, seed) in curves
        curve = curves[arm, seed] if known else train(arm, seed, recipe)[1]
        f1.append(curve[-1][1])
    return float(np.mean(f1))


if offline and setting.run.maps:
    grid = {
        arm: [[r.learning_rate, tried_at(arm, r)] for r in rates_beside(setting.recipes[arm])]
        for arm in READING_ARMS
    }
    report.add_table("grid", grid)
print("validation F1 at half the learning rate, at the rate, at twice the rate")
grid = report.table("grid") or {}
for arm in [arm for arm in READING_ARMS if arm in grid]:
    entries = grid[arm]
    print(f"    {arm:<34}" + "   ".join(f"{rate:g}: {score:.3f}" for rate, score in entries))

# %% [markdown]
# **What this does not show.** The teacher learnt from some 16,000 labelled questions of its own, the students from 1,000 others; what it passes on, inside or outside, is also what those taught it. One teacher, one student's shape, one number of labels, 100 steps, one weight for every comparison: a method that loses here may win with more time or another weight. Hidden states and attention are compared at two layers, as in TinyBERT, relations and the contrastive loss at one, as in MiniLMv2 and CRD: the table compares recipes, not forms alone. Seeds change the student's weights, the order of the questions and the untrained teacher, not the questions and not the trained teacher.
#
# ### A table to read
#
# Here is a table to practise on, from an early trial: one learning rate for all, nothing tuned. (It is no result of this lesson.) After its first two seeds it looked like a certainty. F1 on 500 questions, seed by seed; below, paired differences with 95 % intervals over the five seeds alone (the questions' own spread would widen them):
#
# | arm | 0 | 1 | 2 | 3 | 4 | mean |
# |---|---|---|---|---|---|---|
# | soft targets | .791 | .824 | .771 | .768 | .714 | .774 |
# | relations | .859 | .854 | .730 | .835 | .829 | .821 |
# | relations of an untrained teacher | .776 | .809 | .767 | .815 | .806 | .795 |
#
# Relations − soft targets: +4.8 points, -2.4 to 12.0. Relations − relations of the untrained teacher: +2.7 points, -2.7 to 8.1.
#
# ### Exercise 09.8 · What does the table support?
# {{exercise:09.8}}
#
# Which sentence may be written under it?
#
# {{choices:09.8}}

# %% exercise="09.8"
supported = ...
### BEGIN SOLUTION
supported = "c"
### END SOLUTION

# %% check="09.8"
check("09.8", supported)

# %% [markdown]
# ## 7 · What became alike?
#
# A student may gain without becoming like its teacher, and become like it without gaining. How alike are two layers? *CKA* ([Kornblith et al., 2019](https://arxiv.org/abs/1905.00414)) is 1 where the one layer's vectors are the other's, turned and scaled, and near 0 where they have nothing in common. Below, every layer of a student with every layer of its teacher, for one seed. The embeddings of even an untrained student are much like the teacher's: a word gets the same vector each time, in any model. So compare a cell with the same cell of *untrained*.

# %% tags=["hide-input"]


# Many more tokens than a vector has numbers: of few, even strangers look alike.
many = spans.collate(sets["validation"]["rows"][:32], tokenizer)
many = {name: many[name] for name in spans.MODEL_INPUTS if name in many}


def layers_of(model):
    """Every hidden state of 32 validation windows' tokens: a list of (tokens, width)."""
    with torch.no_grad():
        states = model(**many, output_hidden_states=True).hidden_states
    keep = many["attention_mask"].bool()
    return [state[keep].double() for state in states]


def cka(one, other):
    """Linear CKA of two layers: (tokens, width) each, 0 … 1."""
    one, other = one - one.mean(0), other - other.mean(0)
    return float((one.T @ other).norm() ** 2 / ((one.T @ one).norm() * (other.T @ other).norm()))


seed = seeds[0]
shown = {"untrained": student} | {
    arm: students[arm, seed]
    for arm in (*setting.live, "attention, untrained teacher")
    if arm in arms  # the last only where every arm was trained
}
figure, panels = plt.subplots(1, len(shown), figsize=(1 + 2.9 * len(shown), 3.2), squeeze=False)
theirs, said = layers_of(teacher), []
for axes, (name, model) in zip(panels[0], shown.items()):
    grid = np.array([[cka(own, wanted) for wanted in theirs] for own in layers_of(model.eval())])
    image = axes.imshow(grid, cmap=plots.SEQUENTIAL, vmin=0, vmax=1)
    for (i, j), value in np.ndenumerate(grid):
        axes.text(
            j,
            i,
            f"{value:.2f}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if value < 0.6 else "black",
        )
    axes.set(title=name, xlabel="teacher's layer", ylabel="student's layer")
    axes.grid(False)
    said.append(f"{name}: last with last {grid[-1, -1]:.2f}")
figure.colorbar(image, ax=list(panels[0]), label="CKA")
figure.suptitle("How alike are the layers? 0 is the embeddings")
plots.show(
    figure, alt="CKA of every student layer with every teacher layer. " + "; ".join(said) + "."
)

# %% [markdown]
# Look at the last cell of the last row, of both models' last layers. **In this seed most of the likeness comes with the task alone**: *labels* and *soft targets* have it, which were compared with nothing inside. *Attention*, of which only maps were compared, adds to it.
#
# And its maps? One question, one seed. Only the attention student was asked to match this head; in the soft-targets student another head may do the same work, so a dark panel proves nothing. Which of the teacher's bright columns has the attention student taken over?

# %% tags=["hide-input"]
draw_attention(
    {"teacher": teacher} | {arm: students[arm, seed] for arm in ("soft targets", "attention")},
    head,
    "What the same head looks at, after training",
)

# %% [markdown]
# Of the two bright columns it has, in this seed, taken over *worth*, and hardly *ekelund*.
#
# Any two layers can be held side by side. Move the sliders: the KL between the two layers' maps of this question, and the word that each word of the question looks at most, in the teacher and in the student.


# %% tags=["hide-input"]
def maps_of(model):
    """Every layer's attention on the example: a list of (1, heads, length, length)."""
    with torch.no_grad():
        return model.eval()(**one, output_attentions=True).attentions


compared = students[setting.live[-1], seeds[0]]
their_maps, our_maps = maps_of(teacher), maps_of(compared)
distances = {
    (s, t): losses.attention_loss(own, wanted).item()
    for s, own in enumerate(our_maps, start=1)
    for t, wanted in enumerate(their_maps, start=1)
}


def looked_at(s, t):
    """The KL of two layers, and for each word of the question what it looks at most: HTML."""
    lines = []
    for i in np.flatnonzero(~in_passage)[1:14]:
        most = [
            words[int(maps[0].mean(0)[i].argmax())] for maps in (their_maps[t - 1], our_maps[s - 1])
        ]
        lines.append(f"<tr><td>{words[i]}</td><td>{most[0]}</td><td>{most[1]}</td></tr>")
    return (
        f"<p>student's layer {s}, teacher's layer {t}: KL {distances[s, t]:.2f} nats</p>"
        f"<table><tr><th>word</th><th>teacher looks at</th><th>student looks at</th></tr>"
        f"{''.join(lines)}</table>"
    )


student_layer = ipywidgets.IntSlider(value=2, min=1, max=len(our_maps), description="student")
teacher_layer = ipywidgets.IntSlider(value=4, min=1, max=len(their_maps), description="teacher")
table = ipywidgets.HTML(looked_at(2, 4))


def redraw(change):
    table.value = looked_at(student_layer.value, teacher_layer.value)


for slider in (student_layer, teacher_layer):
    slider.observe(redraw, names="value")
widgets.show(
    ipywidgets.VBox([student_layer, teacher_layer, table]),
    instead="two sliders, a layer of the student and one of the teacher. They move where a kernel "
    "runs; the picture that follows shows the nearest and the farthest pair.",
)

# %% tags=["hide-input"]
near, far = min(distances, key=distances.get), max(distances, key=distances.get)
figure, panels = plt.subplots(2, 2, figsize=(9, 7))
for line, (s, t) in zip(panels, (near, far)):
    for axes, name, maps, layer in zip(
        line, ("student", "teacher"), (our_maps, their_maps), (s, t)
    ):
        image = axes.imshow(maps[layer - 1][0].mean(0), cmap=plots.SEQUENTIAL, vmin=0, vmax=0.2)
        axes.set(title=f"{name}, layer {layer}", xlabel="token looked at", ylabel="token looking")
        axes.grid(False)
figure.colorbar(image, ax=panels.ravel().tolist(), label="attention, mean over heads", extend="max")
figure.suptitle(
    f"The nearest pair of layers and the farthest: KL {distances[near]:.2f} and "
    f"{distances[far]:.2f} nats, head by head"
)
plots.show(
    figure,
    alt=f"Attention maps of two pairs of layers. Nearest: student {near[0]} and teacher {near[1]}, "
    f"KL, head by head, {distances[near]:.2f} nats; farthest: student {far[0]} and teacher "
    f"{far[1]}, {distances[far]:.2f}. The maps shown are the mean over heads.",
)

# %% [markdown]
# ## 8 · Before the task is known
#
# A task's soft targets need the task. Insides do not: a teacher that has only read text has hidden states, too. [DistilBERT](https://arxiv.org/abs/1910.01108) distils on unlabelled text, with the soft targets of masked words, their labels and the cosine of the hidden states; [MiniLMv2](https://arxiv.org/abs/2012.15828) with relations alone, of one layer. The student is fine-tuned afterwards, on whatever the task turns out to be: distil once, fine-tune often.
#
# In the course's trainer that is one argument, `outputs_weight=0`: neither labels nor logits have a part in the loss. The task is [lesson 06](06_text_classification.ipynb)'s: news that is bad, neutral or good for a company.
#
# | arm | before the task | then |
# |---|---|---|
# | fine-tuned | – | fine-tuned on the labels |
# | distilled first | relations of the teacher's last layer, on unlabelled text | the same |
# | fine-tuned longer | – | fine-tuned for all the steps that the arm above takes in both parts |
# | untrained teacher first (`offline`) | relations of a teacher that has learnt nothing | the same as the first |
#
# The last two are the controls. Without the third arm the distilled student gets its extra steps for nothing.
#
# **At `offline` this shows the mechanics and no more.** The teacher there is lesson 06's, which learnt the task from some 40,000 labels, where the students have 200. Its last layer holds the answer, and the student starts from random weights. Whether distilling helps *before the task is known* is asked at `small`: there the teacher was not trained for the task, the student starts from half of its layers, and the unlabelled text is of another field, film reviews.


# %%
def tokenised(rows):
    return rows.map(
        lambda batch: task_tokenizer(batch["text"], truncation=True, max_length=setting.max_length),
        batched=True,
    )


names = task["train"].features["label"].names
general_folder = teachers.obtain(setting.general_teacher, retrain=setting.run.retrain)
general_teacher, task_tokenizer = models.load(general_folder, names)
collate = DataCollatorWithPadding(task_tokenizer)
# One sentence keeps its label, for a pool is what is beyond the labelled ones; it is not used.
pool = classification.load(
    setting.general_text, labelled=1, transfer=setting.general_texts, limit=limit
)
texts = tokenised(pool["unlabelled"])
rows = {split: tokenised(task[split]) for split in ("train", "validation", "test")}
for labels, number in setting.labels.items():
    there = len(rows["train"])
    rows[labels] = rows["train"].select(range(min(number or there, there)))
    print(f"{labels}: {len(rows[labels])} labelled, the first of them:", rows[labels]["text"][0])
print(len(texts), "unlabelled, the first of them:", texts["text"][0])

# %%
starts, losses_before = {}, {}  # of an arm and a seed: the student, and [(step, loss), …]


def new_classifier(seed):
    """Layers of the teacher, with a head of the seed's own; or a small model, untrained."""
    if isinstance(setting.general_student, int):
        made = models.copy_layers(general_teacher, setting.general_student)
        transformers.set_seed(seed)
        made._init_weights(made.classifier)
        return made
    return models.classifier(setting.general_student, task_tokenizer, names, seed=seed)


def distilled_before(seed, inside_teacher, recipe):
    """A student that has read the unlabelled text beside a teacher, and seen no label."""
    made = new_classifier(seed)
    layers = made.config.num_hidden_layers, inside_teacher.config.num_hidden_layers
    trainer = train_with_recipe(
        made,
        texts,
        recipe,
        setting,
        seed=seed,
        kind=InsideDistillationTrainer,
        data_collator=collate,
        inside_teacher=inside_teacher,
        comparisons=[Relations(*layers, heads=setting.general_heads)],
        outputs_weight=0,
    )
    log = [(entry["step"], entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
    return trainer.model.cpu(), log


def start_of(arm, seed):
    """What an arm is fine-tuned from: new, or distilled on unlabelled text. Made once a seed."""
    before = {
        "distilled first": lambda: general_teacher,
        "untrained teacher first": lambda: untrained_like(general_teacher, seed),
    }
    if arm not in before:
        return new_classifier(seed)
    if (arm, seed) not in starts:
        key = arm, seed
        recipe = setting.recipes["distilled before the task"]
        starts[key], losses_before[key] = distilled_before(seed, before[arm](), recipe)
    return copy.deepcopy(starts[arm, seed])


def fine_tuned(arm, labels, seed, recipe):
    """The arm's student, fine-tuned on these labels, "few" or "all", in eval mode."""
    trainer = train_with_recipe(
        start_of(arm, seed),
        rows[labels],
        recipe,
        setting,
        seed=seed,
        data_collator=collate,
    )
    return trainer.model.cpu().eval()


def right(model, split):
    """(rows,): whether the most probable class is the label."""
    answers = metrics.probabilities(predict_logits(model, rows[split], task_tokenizer))
    return metrics.correct(answers, np.array(rows[split]["label"]))


task_seeds = setting.run.seeds
tuned, accuracy = {}, {}
for labels in setting.labels:
    for arm in setting.task_arms:
        for seed in task_seeds:
            recipe = setting.task_recipe(arm, labels)
            tuned[arm, labels, seed] = fine_tuned(arm, labels, seed, recipe)
        of_arm = [right(tuned[arm, labels, seed], "test") for seed in task_seeds]
        accuracy[arm, labels] = np.stack(of_arm)  # (seeds, rows)

# %% tags=["hide-input"]
figure, axes = plt.subplots()
ends = []
for arm in [arm for arm in setting.task_arms if arm.endswith("first")]:
    log = losses_before[arm, task_seeds[0]]
    colour = plots.COLOURS["student" if arm == "distilled first" else "control"]
    axes.plot(*zip(*log), color=colour, label=arm)
    ends.append(f"{arm} from {log[0][1]:.2f} to {log[-1][1]:.2f}")
axes.set(title="Relations, learnt without a label", xlabel="optimiser steps", ylabel="loss (nats)")
axes.set_ylim(0, None)
axes.legend()
plots.show(figure, alt=f"The loss of relations by optimiser steps, in nats: {'; '.join(ends)}.")

# %%
for labels in setting.labels:
    for arm in setting.task_arms:
        name = f"{arm}, {labels} labels/accuracy"
        report.add_rows(name, accuracy[arm, labels], seeds=task_seeds)
    for other in setting.task_arms:
        if other == "distilled first":
            continue
        gain = report.add_rows(
            f"distilled first, {labels} labels/gain over {other}",
            accuracy["distilled first", labels],
            accuracy[other, labels],
            seeds=task_seeds,
        )
        verdict = experiments.verdict(gain, seeds=len(task_seeds))
        print(f"{labels} labels, distilled first minus {other}: {gain}   {verdict}")

# %% tags=["hide-input"]
named = [f"{arm}, {labels} labels" for labels in setting.labels for arm in setting.task_arms]
experiments.plot_comparison(
    report, named, "accuracy", title="What is learnt before the task", unit="test accuracy"
)
print(experiments.comparison_table(report, named, "accuracy"))

# %% [markdown]
# At `offline`, with 200 labels, more steps of fine-tuning did not help: the longer arm ends below the short one in every seed. So the comparison that counts is with the better of the two: distilled first gains {{ledger:09/offline/distilled first, few labels/gain over fine-tuned|interval}} in accuracy.
#
# Random relations are easier to copy, and worth less: over the untrained teacher's, distilled first gains {{ledger:09/offline/distilled first, few labels/gain over untrained teacher first|interval}}. Whether that control lies below plain fine-tuning is open: it does in four seeds of five. And the teacher knew the task: these are mechanics.
#
# ### Where the teacher did not know the task
#
# At `small` a MiniLM that has seen no label of this task teaches three of its own layers. (Three seeds, 600 test sentences. Other lessons read the same ones; the ledger counts how often.)
#
# | labels | distilled first less fine-tuned | distilled first less fine-tuned longer |
# |---|---|---|
# | 500 | {{ledger:09/small/distilled first, few labels/gain over fine-tuned|interval}} | {{ledger:09/small/distilled first, few labels/gain over fine-tuned longer|interval}} |
# | all 3,038 | {{ledger:09/small/distilled first, all labels/gain over fine-tuned|interval}} | {{ledger:09/small/distilled first, all labels/gain over fine-tuned longer|interval}} |
#
# **No gain is seen, and none is ruled out: all four differences are open.** Look at the second column. It is the one that counts, for there both students take the same steps, and both its middles lie below zero. With all labels the longer student is right on {{ledger:09/small/fine-tuned longer, all labels/accuracy|percent}}, the one that was distilled first on {{ledger:09/small/distilled first, all labels/accuracy|percent}}, and it is behind in each of the three seeds. Whoever left that control out would have two figures above zero to report.
#
# These are 300 steps on 9,600 short phrases. DistilBERT read all that BERT had read, for some ninety hours on eight GPUs. What that is worth the table cannot say.
#
# Mind two things. An untrained teacher is a fair control at `offline`, where the student knows nothing. At `small` the student's copied layers *do* know something, which random relations could only spoil; there the control is more fine-tuning. And the rates were chosen on validation sentences that outnumber the few labels: who really has 500 cannot choose so well.


# %%
def held_out_relations(recipe):
    """The loss on sentences that it was not trained on, after distilling with this recipe."""
    seed = setting.choosing[0]
    if recipe == setting.recipes["distilled before the task"]:
        made = start_of("distilled first", seed)
    else:
        made, _ = distilled_before(seed, general_teacher, recipe)
    layers = made.config.num_hidden_layers, general_teacher.config.num_hidden_layers
    compared = Relations(*layers, heads=setting.general_heads)
    held_out = rows["validation"].select(range(min(200, len(rows["validation"]))))
    columns = ("input_ids", "attention_mask")
    batch = collate([{name: row[name] for name in columns} for row in held_out])
    _, (theirs,) = ask_inside(general_teacher, batch, [compared])
    _, (mine,) = ask_inside(made.eval(), batch, [replace(compared, teacher_layer=layers[0])])
    mask = batch["attention_mask"].bool()
    return compared.loss(mine, theirs, mask, torch.arange(len(mask))).item()


def task_tried_at(arm, labels, recipe):
    """Validation accuracy of an arm with this recipe, the mean over the seeds that choose."""
    found = []
    for seed in setting.choosing:
        known = recipe == setting.task_recipe(arm, labels) and (arm, labels, seed) in tuned
        model = tuned[arm, labels, seed] if known else fine_tuned(arm, labels, seed, recipe)
        found.append(right(model, "validation").mean())
    return float(np.mean(found))


if setting.run.maps:
    beside = rates_beside(setting.recipes["distilled before the task"])
    report.add_table("general grid", [[r.learning_rate, held_out_relations(r)] for r in beside])
    task_grid = {
        f"{arm}, few labels": [
            [r.learning_rate, task_tried_at(arm, "few", r)]
            for r in rates_beside(setting.task_recipe(arm, "few"))
        ]
        for arm in setting.task_arms
    }
    report.add_table("task grid", task_grid)
print("the learning rates that were tried, and what came of each")
for rate, loss in report.table("general grid") or []:
    print(f"    distilled before the task, nats on held-out text   {rate:g}: {loss:.3f}")
for name, entries in (report.table("task grid") or {}).items():
    tried = "   ".join(f"{rate:g}: {score:.3f}" for rate, score in entries)
    print(f"    {name}, validation accuracy   {tried}")

# %% [markdown]
# The rate of the first part was chosen by its own loss, without any label, and the untrained teacher's relations are learnt at the same, which was not tuned for them. Those of the second were chosen by validation accuracy; at `small` by one seed, for few and for all labels apart. (There *fine-tuned longer* with few labels was best at the lowest rate tried, by two sentences of 600, and has the one above it.) For the untrained control two rates came out level, and two higher ones no better.
#
# ## 9 · What others have found
#
# The most sobering table stands in [RepDistiller's README](https://github.com/HobbitLong/RepDistiller), by the authors of CRD: pictures (CIFAR-100), one teacher and one student (WRN-40-2 and WRN-40-1), all trained by the same people.
#
# | method | accuracy |
# |---|---|
# | student without a teacher | 71.98 |
# | soft targets (Hinton et al.) | 73.54 |
# | hints (FitNets) | 72.24 |
# | attention transfer | 72.77 |
# | similarity preserving, a relation of rows | 72.43 |
# | relational KD | 72.22 |
# | CRD, contrastive | 74.14 |
#
# This is one of the table's thirteen pairs. For it none of the older methods beats plain soft targets; for some others a few do. And there each method *replaces* the soft targets, while in section 6 it is added to them. In language, [Wang et al. (2023)](https://aclanthology.org/2023.acl-short.157/) compared hidden states, attention and soft targets on equal terms and found attention best overall. They also found that the *layers a student starts from* matter much for hidden states and soft targets when distilling for a task, and little for attention.
#
# > **The article, audited.** The article that this course grew from says in section 2.2.3 that a student may lose some of the teacher's key knowledge on the way, and that contrastive and dynamic distillation were proposed against it. It names no loss, no measure of what is lost, and no result. In section 1.2 the student first learns the teacher's *outputs* and is then fine-tuned on a task. But outputs belong to a task. Before one is chosen there are masked words to guess, and the inside (section 8).
#
# ## What you can now do
#
# - Map layers without the off-by-one, and know which list has the embeddings in it.
# - Write four losses on insides, padding left out of value and gradient.
# - Tell a gain that is the teacher's knowledge from one that any teacher gives.
#
# ## Where this goes wrong in practice
#
# - **An empty tuple of attentions**, and a loss that is 0 for ever.
# - **Attention after dropout**: rows that are no distributions. The course's loss refuses them.
# - **A projection that no optimizer holds**, or one on the teacher's side, which can shrink to nothing together with the student's vectors.
# - **hidden_states[0] taken for the first layer**, or one index used for hidden states and attentions alike ([asked of TinyBERT's code](https://github.com/huawei-noah/Pretrained-Language-Model/issues/166)).
# - **Padding in the mean**: two methods then differ by how long the batch was.
# - **Rows of one text as wrong answers** of a contrastive loss.
# - **No untrained teacher among the controls.**
#
# ## Further reading
#
# - A. Romero et al.: [*FitNets: hints for thin deep nets*](https://arxiv.org/abs/1412.6550). ICLR 2015. Where hidden states were first compared, through a projection.
# - X. Jiao et al.: [*TinyBERT: distilling BERT for natural language understanding*](https://arxiv.org/abs/1909.10351). Findings of EMNLP 2020. All layers, attention and hidden states, in two stages.
# - W. Wang et al.: [*MiniLMv2: multi-head self-attention relation distillation*](https://arxiv.org/abs/2012.15828). Findings of ACL 2021. The relations of exercise 09.5.
# - Y. Tian, D. Krishnan, P. Isola: [*Contrastive representation distillation*](https://arxiv.org/abs/1910.10699). ICLR 2020.
# - V. Sanh et al.: [*DistilBERT*](https://arxiv.org/abs/1910.01108). 2019. Its ablation: what a student starts from is worth more than any of its losses.
# - X. Wang, L. Weissweiler, H. Schütze, B. Plank: [*How to distill your BERT*](https://aclanthology.org/2023.acl-short.157/). ACL 2023.
# - Z. Yu, Y. Wen, L. Mou: [*Revisiting intermediate-layer matching*](https://arxiv.org/abs/2502.04499). 2025. Reversed maps.

# %% [markdown]
# ## Where you stand
#
# Here are the exercises of this lesson and what your checks in this notebook have said of them so far.

# %%
show_progress("09")
