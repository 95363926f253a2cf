# %% [markdown]
# # 09 · Inside the teacher: is it worth looking inside?
#
# So far a student has seen of its teacher what everybody sees: the answer. Inside, the teacher has much more, a vector for every token at every layer, and maps of which token looks at which. Many methods copy that. In this lesson you write four of them, train each once, and hold them to a control that published work often leaves out: a teacher that has learnt nothing.
#
# **You will be able to**
# - say which layer of a student is compared with which of its teacher's, and avoid the off-by-one;
# - write the losses on hidden states, attention, relations and the contrastive one, padding left out;
# - find the parameter that no optimizer moves, and the loss that is 0 because a tuple is empty;
# - tell what a student gains from the teacher's *knowledge* apart from what any teacher gives it;
# - distil before the task is known, and say what that costs.
#
# **You need** lessons [03](03_distillation_losses.ipynb) (the distillation loss) and [08](08_question_answering.ipynb) (reading, windows, masks).
#
# **Minutes** 110, of which the computer needs about three.
#
# **When an exercise resists**, `hint("09.1")` asks a question first, then gives a direction, and last says where the answer stands in the [worked edition](../solutions/09_inside_the_teacher.ipynb).
#
# **What runs** at `offline`: lesson 08's teacher, students of two layers that start from random weights, no network. At `small`: MiniLM distilled on unlabelled text before it sees a label.

# %% tags=["setup"]
from dataclasses import replace

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import transformers

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
from kd_course.corpora import reading
from kd_course.distillation import (
    Attention,
    Contrastive,
    HiddenStates,
    InsideSpanDistillationTrainer,
    Relations,
    predict_spans,
    train_with_recipe,
)
from kd_course.distillation import layer_map as course_map
from kd_course.exercises import check, hint, show_progress

plots.style()
transformers.logging.set_verbosity_error()
setting = settings.for_lesson("09")
print(setting)

# %% [markdown]
# ## 1 · What an answer does not say
#
# Lesson 08's student began with layers copied from its teacher. From random weights the same student has to find out by itself how to read: that a question's words must be looked for in the passage. Some seeds find that out in time, some do not. Here we make it harder, with fewer labelled questions and fewer steps.
#
# The teacher knows how to read. But its soft targets say only *where* the answer starts and ends. How it got there, which word looked at which, is inside. If copying the insides helps anywhere, it should help here.

# %%
data = reading.load(seed=1, level="plain", test_seed=setting.test_seed)
limit = setting.run.limit


def first_rows(rows, number):
    """At most `number` rows, always the same."""
    number = min(filter(None, [number, limit]))
    return rows if number >= len(rows) else rows.shuffle(seed=0).select(range(number))


data["train"] = first_rows(data["train"], setting.labelled)
data["validation"] = first_rows(data["validation"], 200)
data["test"] = first_rows(data["test"], setting.tested)
folder = teachers.obtain(setting.teacher, retrain=setting.run.retrain)
teacher, tokenizer = models.load_reader(folder)


def prepared(split):
    """A split's windows with their labels, and which passage each is of."""
    contexts, answers = data[split]["context"][:], data[split]["answers"][:]
    columns = spans.windows(
        tokenizer,
        data[split]["question"][:],
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
    shape = model.config
    print(
        f"{name:<9}{shape.num_hidden_layers} layers, {shape.hidden_size} wide, "
        f"{shape.num_attention_heads} heads"
    )

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
# [TinyBERT](https://arxiv.org/abs/1909.10351) spreads 4 layers over 12 like this. Does it matter? [Yu, Wen and Mou (2025)](https://arxiv.org/abs/2502.04499) found that even a map from top to bottom gives students that are hardly worse. We shall have that map as an arm.
#
# ## 3 · Hidden states
#
# The plainest comparison: the student's vector of every token should be the teacher's vector of the same token. Where the student is narrower, a matrix W, trained with it, maps its vectors onto the teacher's width ([Romero et al., 2015](https://arxiv.org/abs/1412.6550)):
#
# $$L_\text{hidden} = \frac{1}{\sum_t m_t} \sum_t m_t \, \frac{\lVert W h^S_t - h^T_t \rVert^2}{d}$$
#
# m is 1 for a token and 0 for padding, t runs over all tokens of the batch, and d is the teacher's width. W belongs to the student's side. Were the *teacher's* vectors mapped, W could shrink to nothing, and the loss with it.
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
# W is a parameter. Where is it made? Suppose the loss makes it, after the optimizer was made from the *student's* parameters. Then W gets a gradient at every step and never moves. The loss falls nonetheless, because the student bends itself towards a random matrix.

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
# Return the names of all parameters of the two modules that are meant to be trained and that the optimizer does not hold, in alphabetical order: `"student."` or `"projection."`, followed by the name that the module has for it. A parameter that needs no gradient is not meant to be trained. Two parameters with the same numbers are two parameters; one that both modules share is one, and held wherever it is held.


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
# The course's `InsideDistillationTrainer` puts its projections *into* the student while it trains, so that optimizer, checkpoints and several processes see them, and takes them out before anything is saved. An optimizer that was made without them is refused.
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
# Two traps. The fast implementation that is the default has no maps to return, and it returns an empty tuple without a word: a loss that adds up over layers is 0 at every step, for ever. And in training the map comes *after dropout*. Its rows are no distributions any more. A student whose attention is compared must have no dropout on it. `losses.attention_loss` refuses both.
#
# ### Exercise 09.4 · What does a token look at?
# {{exercise:09.4}}
#
# `student` and `teacher` are tuples as transformers returns them, a map a layer, with equally many layers and heads. Return the mean of KL(teacher ‖ student) over layers, heads and looking tokens, of which only those count where `mask` is true. Where the teacher gives a token nothing, the term is 0. Padded tokens are given nothing by those that count, in both models. Where one of the tuples is empty, raise a `ValueError`.


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
        log_ratio = t.clamp(min=1e-38).log() - s.clamp(min=1e-38).log()
        kl = (t * log_ratio).sum(-1)  # (batch, heads, length)
        means.append(kl.transpose(1, 2)[mask].mean())
    return torch.stack(means).mean()
    ### END SOLUTION


# %% check="09.4"
check("09.4", attention_loss)

# %% [markdown]
# What do the teacher's heads look at, when it reads a question? Below, the last layer's map of the head that looks most from the question's words to the passage's, beside the same head of a student that knows nothing yet.

# %% tags=["hide-input"]
example = sets["validation"]["rows"][0]
words = [token.replace("Ġ", "") for token in tokenizer.convert_ids_to_tokens(example["input_ids"])]
in_passage = np.array(example["answer_mask"])
one = {name: torch.tensor([example[name]]) for name in spans.MODEL_INPUTS if name in example}


def last_maps(model):
    """The last layer's attention on the example: (heads, length, length)."""
    with torch.no_grad():
        return model.eval()(**one, output_attentions=True).attentions[-1][0].numpy()


def draw_attention(models_by_name, head, title):
    """One head's map, from the question's words to the first thirty of the passage."""
    asked = np.flatnonzero(~in_passage)[1:14]
    read = np.flatnonzero(in_passage)[:30]
    figure, panels = plt.subplots(
        1, len(models_by_name), figsize=(1 + 5.2 * len(models_by_name), 4.2), squeeze=False
    )
    for axes, (name, model) in zip(panels[0], models_by_name.items()):
        part = last_maps(model)[head][np.ix_(asked, read)]
        image = axes.imshow(part, cmap=plots.SEQUENTIAL, vmin=0, vmax=0.3)
        axes.set_xticks(range(len(read)), [words[i] for i in read], rotation=90, fontsize=7)
        axes.set_yticks(range(len(asked)), [words[i] for i in asked], fontsize=7)
        axes.set(title=name, xlabel="looked at, in the passage", ylabel="looking, in the question")
        axes.grid(False)
    figure.colorbar(image, ax=list(panels[0]), label="attention")
    figure.suptitle(title)
    plots.show(
        figure,
        alt=f"Attention of head {head + 1} in the last layer, from the question's words to the "
        f"passage's first thirty, one panel a model: {', '.join(models_by_name)}.",
    )


across = last_maps(teacher)[:, ~in_passage][:, :, in_passage].sum((1, 2))
head = int(across.argmax())
draw_attention({"teacher": teacher, "student, untrained": student}, head, "What a head looks at")

# %% [markdown]
# ## 5 · Relations, and whose vector it is
#
# ### Relations
#
# Equal numbers of heads, equal widths, a projection: all that is needed because vectors are compared with vectors. [MiniLMv2](https://arxiv.org/abs/2012.15828) compares something that has the same shape in every model: which tokens *resemble one another*. Take the queries of one layer, all heads side by side, and cut them anew into as many *relation heads* as you like. Within a relation head, whose vectors X are d wide,
#
# $$R = \operatorname{softmax}\!\left(\frac{X X^\top}{\sqrt d}\right), \qquad L_\text{relations} = \operatorname{mean} \; \mathrm{KL}(R^T \,\|\, R^S)$$
#
# and the same with the keys and with the values; the three are added. A row of R says of one token which others it is like. A student of 4 numbers a token and a teacher of 12 both have a row of that length.
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
# Whether that blindness is a strength (less to copy that does not matter) or a weakness is for the experiment to say.
#
# ### Contrastive
#
# The student's vector of a text should be nearer to the teacher's vector of *that* text than to its vectors of others ([CRD](https://arxiv.org/abs/1910.10699), in its form within one batch, [InfoNCE](https://arxiv.org/abs/1807.03748)). It is a classification with as many classes as rows:
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
# Why exchange the excluded entries *after* the division? With -∞ before it and a temperature that is learnt, too, the loss is right and the temperature's gradient NaN, as users of published code [have found](https://github.com/NVIDIA-NeMo/Automodel/issues/3850).
#
# ## 6 · The experiment
#
# Every student starts from its own random weights, with the same labelled questions and the same number of steps. What differs is what it learns from:
#
# | arm | learns from |
# |---|---|
# | labels | the answers alone |
# | soft targets | the answers, and the teacher's start and end distributions |
# | hidden states, attention, relations, contrastive | that, and the teacher's inside in this form |
# | relations, untrained teacher | that, and the relations of a teacher that has learnt nothing |
# | hidden states, reversed map | as hidden states, but the first layer is compared with the last |
#
# The last two are the controls that matter. To match *anything* well-behaved inside may help a student: it keeps its vectors from running away, it is one more gradient. Only what the *trained* teacher gives beyond an untrained one is the teacher's knowledge. [Mason-Williams et al.](https://arxiv.org/abs/2510.12615) ask for such a control in every distillation experiment.
#
# ### Exercise 09.7 · A teacher that has learnt nothing
# {{exercise:09.7}}
#
# Return an untrained model of the teacher's own class, made from the teacher's own `config`, and from nothing else of it: call `torch.manual_seed(seed)`, then make it. It is in eval mode, and the teacher stays as it was.


# %% exercise="09.7"
def random_teacher(teacher, seed):
    """A model of the teacher's class and config with the weights that the seed draws, in eval mode."""
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    return type(teacher)(teacher.config).eval()
    ### END SOLUTION


# %% check="09.7"
check("09.7", random_teacher)

# %% [markdown]
# Its seed must not be the student's: two models of one class, config and seed have the same weights, and a comparison that is 0 from the first step compares nothing. Below it is drawn with the student's seed plus 1,000.


# %%
def comparisons_of(arm):
    """What an arm compares inside: the layer map of the arm, and the loss of its name."""
    shape = (student.config.num_hidden_layers, teacher.config.num_hidden_layers)
    weight = setting.weights.get(arm, 0.0)
    even, last = course_map(*shape), course_map(*shape, kind="last")
    kinds = {
        "hidden states": (HiddenStates, even, {}),
        "attention": (Attention, even, {}),
        "relations": (Relations, last, {"heads": setting.heads}),
        "contrastive": (Contrastive, last, {}),
        "relations, untrained teacher": (Relations, last, {"heads": setting.heads}),
        "hidden states, reversed map": (
            HiddenStates,
            course_map(*shape, kind="reversed"),
            {},
        ),
    }
    if arm not in kinds:
        return []
    kind, layers, more = kinds[arm]
    return [kind(s, t, weight=weight, **more) for s, t in layers.items()]


class Watcher(transformers.TrainerCallback):
    """Notes the validation F1 every so many steps."""

    def __init__(self):
        self.curve = []

    def on_step_end(self, args, state, control, model, **kwargs):
        if state.global_step % setting.watched_every == 0 or state.global_step == state.max_steps:
            self.curve.append([state.global_step, float(scores(model, "validation").mean())])


def scores(model, split):
    """F1 of every question."""
    found = sets[split]
    logits = predict_spans(model, found["rows"], tokenizer)
    best = spans.best_answers(found["columns"], found["contexts"], *logits, n=1)
    return metrics.f1(spans.texts(best), found["answers"])


def train(arm, seed, recipe=None):
    """One student of one arm; returns it and its curve of validation F1."""
    recipe = recipe or setting.recipes[arm]
    watcher = Watcher()
    inside = teacher
    if "untrained" in arm:
        transformers.set_seed(seed + 1000)
        inside = type(teacher)(teacher.config).eval()
    trainer = train_with_recipe(
        models.reader(setting.student, tokenizer, seed=seed),
        sets["train"]["rows"],
        recipe,
        setting,
        seed=seed,
        kind=InsideSpanDistillationTrainer,
        processing_class=tokenizer,
        teacher=teacher if recipe.alpha else None,
        inside_teacher=inside,
        comparisons=comparisons_of(arm),
        callbacks=[watcher],
    )
    return trainer.model.cpu().eval(), watcher.curve


# %%
seeds = setting.run.seeds
everything = setting.run.maps or len(seeds) > 1
arms = list(setting.recipes) if everything else list(setting.live)
report = experiments.Report(
    "09",
    setting.run.scale,
    data=experiments.fingerprint(data["test"]["question"]),
    test_seed=setting.test_seed,
    shortened=setting.run.shortened,
)
students, f1, curves = {}, {}, {}
for seed in seeds:
    for arm in arms:
        students[arm, seed], curves[arm, seed] = train(arm, seed)
        f1[arm, seed] = scores(students[arm, seed], "test")
teacher_f1 = scores(teacher, "test")
report.add("teacher/F1", teacher_f1.mean(), kind="trained once")

# %% [markdown]
# Questions about one passage are hard or easy together, so a passage counts as one row of the interval.

# %%
_, passage = np.unique(data["test"]["context"], return_inverse=True)


def every_seed(arm):
    """(seeds, questions): F1 of every test question, one row a seed."""
    return np.stack([f1[arm, seed] for seed in seeds])


for arm in arms:
    report.add_rows(f"{arm}/F1", every_seed(arm), seeds=seeds, clusters=passage)
    found = [every_seed(arm).mean(1)[i] >= setting.found_from for i in range(len(seeds))]
    for seed, yes in zip(seeds, found):
        report.add(f"{arm}/found", float(yes), seed=seed)
pairs = [
    ("soft targets", "labels"),
    *((arm, "soft targets") for arm in setting.recipes if arm not in ("labels", "soft targets")),
    ("relations", "relations, untrained teacher"),
    ("hidden states", "hidden states, reversed map"),
]
for one_arm, other in pairs:
    if one_arm in arms and other in arms:
        gain = report.add_rows(
            f"{one_arm} − {other}/F1",
            every_seed(one_arm),
            every_seed(other),
            seeds=seeds,
            clusters=passage,
        )
        print(f"{one_arm} − {other}: {gain}   {experiments.verdict(gain, seeds=len(seeds))}")

# %% tags=["hide-input"]
print(experiments.comparison_table(report, ["teacher", *setting.recipes], "F1"), "\n")
print(experiments.comparison_table(report, list(setting.recipes), "found"), "\n")
print(experiments.expectation_table(report))

# %% [markdown]
# <!-- The finding goes here after the reference run: gains over soft targets, and what the untrained teacher and the reversed map say of them. -->
#
# | `offline`, {{ledger:09/offline/labels/F1|count}} seeds | F1 | over soft targets |
# |---|---|---|
# | labels | {{ledger:09/offline/labels/F1|interval}} | – |
# | soft targets | {{ledger:09/offline/soft targets/F1|interval}} | – |
# | hidden states | {{ledger:09/offline/hidden states/F1|interval}} | {{ledger:09/offline/hidden states − soft targets/F1|interval}} |
# | attention | {{ledger:09/offline/attention/F1|interval}} | {{ledger:09/offline/attention − soft targets/F1|interval}} |
# | relations | {{ledger:09/offline/relations/F1|interval}} | {{ledger:09/offline/relations − soft targets/F1|interval}} |
# | contrastive | {{ledger:09/offline/contrastive/F1|interval}} | {{ledger:09/offline/contrastive − soft targets/F1|interval}} |
# | relations, untrained teacher | {{ledger:09/offline/relations, untrained teacher/F1|interval}} | {{ledger:09/offline/relations, untrained teacher − soft targets/F1|interval}} |
# | hidden states, reversed map | {{ledger:09/offline/hidden states, reversed map/F1|interval}} | {{ledger:09/offline/hidden states, reversed map − soft targets/F1|interval}} |
#
# What the trained teacher's relations give beyond an untrained one's: {{ledger:09/offline/relations − relations, untrained teacher/F1|interval}}.
#
# ### Found, or not found
#
# A mean hides what happens here. A student that has found out how to read answers most questions; one that has not answers by the kind of word that is asked for. The picture has one thin line a seed.

# %% tags=["hide-input"]
if everything:
    report.add_table(
        "curves", {arm: [curves[arm, seed] for seed in seeds] for arm in setting.recipes}
    )
lines = report.table("curves") or {arm: [curves[arm, seed] for seed in seeds] for arm in arms}
figure, panels = plt.subplots(2, 4, figsize=(12, 5.4), sharex=True, sharey=True)
for axes, (arm, runs) in zip(panels.flat, lines.items()):
    for points in runs:
        axes.plot(*zip(*points), color=plots.role_colour(arm), linewidth=0.8)
    axes.axhline(setting.found_from, linestyle=":", color=plots.COLOURS["neutral"])
    axes.set_title(arm, fontsize=9)
for axes in panels[-1]:
    axes.set_xlabel("optimiser steps")
for axes in panels[:, 0]:
    axes.set_ylabel("validation F1")
figure.suptitle("When a student finds out how to read: one line a seed")
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
# ### A table to read
#
# While this lesson was made, five seeds of four arms were tried. The first two looked like a certainty. F1 on 500 questions, seed by seed; below, paired differences with 95 % intervals:
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
# A student may gain without becoming like its teacher, and become like it without gaining. How alike are two layers? *CKA* ([Kornblith et al., 2019](https://arxiv.org/abs/1905.00414)) is 1 where the one layer's vectors are the other's, turned and scaled, and near 0 where they have nothing in common. Below, every layer of a student with every layer of its teacher.

# %% tags=["hide-input"]


def layers_of(model):
    """Every hidden state of the validation batch's tokens: a list of (tokens, width)."""
    with torch.no_grad():
        states = model(**model_inputs, output_hidden_states=True).hidden_states
    keep = model_inputs["attention_mask"].bool()
    return [state[keep].double() for state in states]


def cka(one, other):
    """Linear CKA of two layers: (tokens, width) each, 0 … 1."""
    one, other = one - one.mean(0), other - other.mean(0)
    return float((one.T @ other).norm() ** 2 / ((one.T @ one).norm() * (other.T @ other).norm()))


seed = seeds[0]
shown = {"untrained": student} | {
    arm: students[arm, seed]
    for arm in (*setting.live, "relations, untrained teacher")
    if arm in arms
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

# %%
draw_attention(
    {"teacher": teacher} | {arm: students[arm, seed] for arm in setting.live},
    head,
    "What the same head looks at, after training",
)

# %% [markdown]
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
figure.colorbar(image, ax=panels.ravel().tolist(), label="attention, mean over heads")
figure.suptitle(
    f"The nearest pair of layers ({distances[near]:.2f} nats) and the farthest ({distances[far]:.2f})"
)
plots.show(
    figure,
    alt=f"Attention maps of two pairs of layers. Nearest: student {near[0]} and teacher {near[1]}, "
    f"KL {distances[near]:.2f} nats; farthest: student {far[0]} and teacher {far[1]}, "
    f"{distances[far]:.2f}.",
)

# %% [markdown]
# ## 8 · Before the task is known
#
# Soft targets need a task. Insides do not: a teacher that has only read text has hidden states, too. [DistilBERT](https://arxiv.org/abs/1910.01108) distils on unlabelled text, with the soft targets of the masked words, their labels and the cosine of the hidden states; [MiniLM](https://arxiv.org/abs/2002.10957) and [MiniLMv2](https://arxiv.org/abs/2012.15828) with relations alone, of one layer. The student is fine-tuned afterwards, on whatever the task turns out to be: distil once, fine-tune often.
#
# In the course's trainer that is one argument, `outputs_weight=0`: neither labels nor logits have a part in the loss. At `offline` scale this shows the mechanics and no more. The teacher here *does* know the task, so nothing about transfer can be read off it.

# %%
unlabelled = [
    {name: row[name] for name in ("input_ids", "attention_mask", "token_type_ids", "answer_mask")}
    for row in sets["train"]["rows"]
]
general = train_with_recipe(
    models.reader(setting.student, tokenizer, seed=seed),
    unlabelled,
    replace(setting.recipes["soft targets"], steps=setting.general_steps),
    setting,
    seed=seed,
    kind=InsideSpanDistillationTrainer,
    processing_class=tokenizer,
    inside_teacher=teacher,
    comparisons=comparisons_of("relations"),
    outputs_weight=0,
)
log = [entry for entry in general.state.log_history if "loss" in entry]
print(f"relations, first and last: {log[0]['loss']:.3f}, {log[-1]['loss']:.3f} nats")

# %% [markdown]
# ## 9 · What others have found
#
# The most sobering table stands in [RepDistiller's README](https://github.com/HobbitLong/RepDistiller), by the authors of CRD: pictures (CIFAR-100), one teacher and one student (WRN-40-2 and WRN-40-1), a dozen methods, tuned by the same people.
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
# For this pair none of the older methods beats plain soft targets; the table's own does. In language, [Wang et al. (2023)](https://aclanthology.org/2023.acl-short.157/) compared hidden states, attention and soft targets on equal terms and found attention best overall, and the choice of the *layers a student starts from* worth far more for hidden states than for attention.
#
# > **The article, audited.** The article that this course grew from says in section 2.2.3 that a student may lose some of the teacher's key knowledge on the way, and that contrastive and dynamic distillation were proposed against it. It names no loss, no measure of what is lost, and no result. Section 6 is what it would take to say so. In section 1.2 the student first learns the teacher's *outputs* and is then fine-tuned on a task. But outputs belong to a task. Before one is chosen there are masked words to guess, and the inside (section 8).
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
# - **Attention after dropout**: rows that are no distributions.
# - **A projection that no optimizer holds**, or one on the teacher's side, which can shrink to nothing.
# - **hidden_states[0] taken for the first layer**, or one index used for hidden states and attentions alike ([asked of TinyBERT's code](https://github.com/huawei-noah/Pretrained-Language-Model/issues/166)).
# - **Padding in the mean**: two methods then differ by how long the batch was.
# - **Rows of one text as wrong answers** of a contrastive loss.
# - **No untrained teacher among the controls.**
#
# ## Further reading
#
# - A. Romero et al.: [*FitNets: hints for thin deep nets*](https://arxiv.org/abs/1412.6550). ICLR 2015. Where hidden states were first compared, through a projection.
# - X. Jiao et al.: [*TinyBERT: distilling BERT for natural language understanding*](https://arxiv.org/abs/1909.10351). Findings of EMNLP 2020. All layers, attention and hidden states, in two stages.
# - W. Wang et al.: [*MiniLMv2: multi-head self-attention relation distillation*](https://arxiv.org/abs/2012.15828). Findings of ACL 2021. Section 3.1 is exercise 09.5.
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
