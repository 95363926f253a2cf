# %% [markdown]
# # 12 · How small can a model get, and who mends it?
#
# A distilled student is another, smaller network. There are ways to make the network that you have smaller instead: write its weights with fewer bits, replace a matrix by two thin ones, take out whole heads and neurons. Each of them can be driven until the model breaks. The one idea of this lesson: **find out first where it breaks.** Before that point a training has nothing to win back. Beyond it a better way of rounding may do most of the work, with nothing trained. For the rest a teacher is at hand: the model itself, as it was before.
#
# **You will be able to**
# - write weights with any number of bits, and count the bytes that this really takes;
# - train through rounding, which has no slope;
# - split a matrix into two factors, and say from which rank on that saves anything;
# - take neurons and heads out so that what remains is a smaller network, not one with holes;
# - mend a broken model with labels or with its former self, beside the control that does nothing;
# - choose among variants by bytes, time and accuracy, and say what a served model needs.
#
# **You need** lessons [01](01_why_distil.ipynb) (pruning and int8, side by side), [03](03_distillation_losses.ipynb) (soft loss, α, temperature) and [06](06_text_classification.ipynb) (the news, intervals).
#
# **Minutes** 120, of which the computer needs about four.
#
# **When an exercise resists**, `hint("12.1")` asks a question first, then gives a direction, and last says where the answer stands in the [worked edition](../solutions/12_smaller_still.ipynb).
#
# **What runs** at `offline`: the news teacher that ships with the course is made smaller; its sentences are generated, and their true class probabilities are known; no network. At `small`: [MiniLM](https://arxiv.org/abs/2002.10957), fine-tuned on [Financial PhraseBank](https://arxiv.org/abs/1307.5336). At `full`: [BERT-base](https://arxiv.org/abs/1810.04805) on a GPU. `KD_SCALE` chooses the settings; the cells are the same. With the extra `serve` (see section 8) one more table is filled.

# %% tags=["setup"]
import base64
import copy
import functools
import importlib.util
import io
import tempfile
import timeit
from html import escape
from pathlib import Path

import datasets
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
import transformers
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator
from transformers import DataCollatorWithPadding

from kd_course import (
    compression,
    cost,
    experiments,
    metrics,
    models,
    plots,
    serving,
    settings,
    teachers,
    widgets,
)
from kd_course.corpora import classification
from kd_course.distillation import (
    add_teacher_logits,
    cached_teacher_outputs,
    predict_logits,
    train_with_recipe,
)
from kd_course.exercises import check, hint, show_progress

plots.style()
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
datasets.disable_progress_bars()
setting = settings.for_lesson("12")
print(setting)

# %% [markdown]
# The model to be made smaller is called *full* from here on: the shipped teacher at `offline`, at the other scales a model that the next cell fine-tunes. *labelled* is how many labelled sentences are at hand to mend it with. Mind *teacher_labels*: the shipped model learnt from many more.

# %%
data = classification.load(
    setting.dataset,
    labelled=setting.labelled,
    limit=setting.run.limit,
    test_seed=setting.test_seed,
)
names = data["train"].features["label"].names
data["test"] = data["test"].select(range(min(setting.tested, len(data["test"]))))
labels = {split: np.array(data[split]["label"]) for split in data}
known = "posterior" in data["test"].column_names
transformers.set_seed(0)
folder = teachers.obtain(setting.teacher, retrain=setting.run.retrain)
start, tokenizer = models.load(folder, names)
collate = DataCollatorWithPadding(tokenizer)
rows = {
    split: part.map(
        lambda batch: tokenizer(batch["text"], truncation=True, max_length=setting.max_length),
        batched=True,
    )
    for split, part in data.items()
}


def train(model, part, recipe, *, seed):
    """Train with one recipe; every arm goes through here. Returns the model."""
    trainer = train_with_recipe(model, part, recipe, setting, seed=seed, data_collator=collate)
    return trainer.model.eval().cpu()


full = copy.deepcopy(start)
if "teacher" in setting.recipes:
    full = train(full, rows["train"], setting.recipes["teacher"], seed=0)
full = full.eval()


def judged(model, split="validation"):
    """Accuracy and nats of a model: KL from the truth where that is known, else surprise at labels."""
    p = metrics.probabilities(predict_logits(model, rows[split], tokenizer))
    if known:
        nats = metrics.kl_rows(np.array(data[split]["posterior"]), p)
    else:
        nats = metrics.surprise(p, labels[split])
    return float(metrics.correct(p, labels[split]).mean()), float(nats.mean())


unit = "KL from the truth" if known else "surprise at the labels"
print({split: len(part) for split, part in rows.items()}, names)
print(f"{cost.parameters(full):,} parameters, {cost.size_in_bytes(full) / 1e6:.2f} MB")
print("full, validation: accuracy {:.3f}, {:.3f} nats".format(*judged(full)))

# %% [markdown]
# ## 1 · Fewer codes
#
# In [lesson 01](01_why_distil.ipynb) a row of weights became whole numbers of eight bits and one scale: weight ≈ code · scale. Nothing in that needs eight. A code of three bits can take eight values. In the *symmetric* form zero stays zero and both signs reach equally far, so one value is given up. At two bits three are left, and such a model is called *ternary*.
#
# What a layer multiplies with is code times scale. So one can try any number of bits without a *kernel* (the code that multiplies) for them: round the weight, keep it in float32, and compute as ever. That is *fake quantization*. The answers are those of a packed model; the bytes and the time are not.
#
# ### Exercise 12.1 · As many bits as you like
# {{exercise:12.1}}
#
# Return what is left of the weight when each *row* is written symmetrically with `bits` bits and read back: a matrix of floats. The codes are whole numbers that lie evenly around zero, as many as the bits allow. The most extreme weight of a row comes back as it was; every other becomes the nearest that a code stands for. A row of zeros stays zeros. No weight that is tried lies halfway between two codes.


# %% exercise="12.1"
def fake_quantize(weight, bits):
    """A weight, written with few bits and read back.

    weight: (rows, columns); bits: an int, 2 at least. Returns (rows, columns).
    """
    ### BEGIN SOLUTION
    most = 2 ** (bits - 1) - 1
    scale = weight.abs().amax(dim=1, keepdim=True) / most
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return (weight / scale).round().clamp(-most, most) * scale
    ### END SOLUTION


# %% check="12.1"
check("12.1", fake_quantize)

# %% tags=["nbval-check-output"]
weight = torch.tensor([[0.81, -0.40, 0.03, 1.27]])
for bits in (8, 4, 3, 2):
    scale = compression.scales(weight, bits)
    back = compression.rounded(weight, scale, bits)
    codes = (back / scale).round().int()
    print(
        f"{bits} bits: codes {codes[0].tolist()}, back {[round(x, 3) + 0.0 for x in back[0].tolist()]}"
    )

# %% [markdown]
# Look at the last line. The largest weight decides how far the others are thrown: everything below half of it is gone. Here is a row of the model's own. Move the slider.

# %% tags=["hide-input"]
layer = models.layer_stack(full)[0][0].intermediate.dense
own_row = layer.weight.detach()[:1]


def draw_row(axes, bits):
    """One row of weights and the values that its codes can stand for; the rounding error a weight."""
    scale = compression.scales(own_row, bits)
    back = compression.rounded(own_row, scale, bits)
    last = 2 ** (bits - 1) - 1
    axes.hist(own_row[0].numpy(), bins=40, color=plots.COLOURS["neutral"], label="weights")
    codes = np.arange(-last, last + 1) * scale.item()
    axes.vlines(
        codes,
        0,
        1 if bits < 6 else 0.12,  # as many as fill the picture stand at its foot
        transform=axes.get_xaxis_transform(),
        color=plots.COLOURS["student"],
        linewidth=1.2 if bits < 6 else 0.4,
        label="what a code can stand for",
    )
    error = (back - own_row).square().mean().sqrt().item() / own_row.std().item()
    zeros = (back == 0).float().mean().item()
    axes.set(title=f"{bits} bits, {2 * last + 1} codes", xlabel="weight")
    axes.locator_params(axis="x", nbins=4)
    return f"{bits} bits: {2 * last + 1} codes, a rounding error of {error:.3f} of the weights' spread, {zeros:.0%} of the weights become 0."


def picture_of(bits):
    """The widget's picture as HTML, with its text alternative."""
    figure, axes = plt.subplots(figsize=(7.2, 3))
    text = draw_row(axes, bits)
    axes.set_ylabel("weights of this row")
    figure.legend(loc="outside lower center", ncols=2)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    plt.close(figure)
    png = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{png}"><p>{escape(text)}</p>'


slider = ipywidgets.IntSlider(value=4, min=2, max=8, description="bits")
shown = ipywidgets.HTML(picture_of(4))
slider.observe(lambda change: setattr(shown, "value", picture_of(change["new"])), names="value")
widgets.show(
    ipywidgets.VBox([slider, shown]),
    instead="In a running notebook a slider for the bits stands here; the next picture shows three of its places.",
)

# %% tags=["hide-input"]
figure, panels = plt.subplots(1, 3, figsize=(11, 3), sharey=True)
told = [draw_row(axes, bits) for axes, bits in zip(panels, (8, 4, 2))]
panels[0].set_ylabel("weights of this row")
figure.legend(*panels[2].get_legend_handles_labels(), loc="outside lower center", ncols=2)
figure.suptitle("One row of weights, and what is left of it")
plots.show(figure, alt=" ".join(told))

# %% [markdown]
# How would such a model be trained? Rounding is a staircase, and a staircase has no slope: wherever a weight stands, a small push changes nothing. So the gradient is 0 and nothing learns. The *straight-through estimator* ([Bengio and others 2013](https://arxiv.org/abs/1308.3432)) is a lie that works: round on the way forward, and on the way back pretend that nothing was rounded. The weight itself stays a float. It collects small pushes until it crosses to the next code.
#
# ### Exercise 12.2 · A slope for a staircase
# {{exercise:12.2}}
#
# Return the rounded weight: nearest codes, no larger than `last` in magnitude, times the scale. Its gradient with respect to the weight passes as it comes where the weight, divided by the scale, is at most `last` in magnitude. Beyond that it is 0, since there the result stands still. The scale is a constant and gets no gradient.


# %% exercise="12.2"
def straight_through(weight, scale, last):
    """The weight rounded to codes from -last to last, times the scale, with a gradient.

    weight: (rows, columns); scale: (rows, 1), above 0; last: an int. Returns (rows, columns).
    """
    ### BEGIN SOLUTION
    step = scale.detach()
    inside = (weight / step).clamp(-last, last)
    return (inside + (inside.round() - inside).detach()) * step
    ### END SOLUTION


# %% check="12.2"
check("12.2", straight_through)

# %% tags=["hide-input"]
at = torch.linspace(-2.2, 2.2, 900)[None]
slope_at = at.clone().requires_grad_(True)
value = compression.rounded(slope_at, torch.ones(1, 1), 2)
value.sum().backward()
figure, axes = plt.subplots(figsize=(6.4, 3.2))
axes.plot(at[0], value.detach()[0], color=plots.COLOURS["teacher"], label="on the way forward")
axes.plot(
    at[0],
    at[0].clamp(-1.5, 1.5),
    "--",
    color=plots.COLOURS["student"],
    label="what the gradient sees",
)
axes.set(title="Rounding to the codes -1, 0 and 1", xlabel="weight / scale", ylabel="code")
axes.legend()
plots.show(
    figure,
    alt="A staircase with the codes -1, 0 and 1, and a dashed line of slope 1 that the gradient sees. "
    "The line goes on rising after the last step, and turns flat half a code beyond the last code.",
)

# %% [markdown]
# The package lets the gradient pass half a step farther than the exercise does, up to where a weight is still rounded to the last code. `compression.fake_quantized` puts that into every layer with PyTorch's own `torch.nn.utils.parametrize`, and computes the scales anew at each step. So in this lesson's trainings nothing is cut off, and both rules give the same but for float32's last digit. They differ once a scale is fitted, or learnt as well ([LSQ](https://arxiv.org/abs/1902.08153)).
#
# And what does it weigh? A four-bit code is half a byte, and two share one. The scales come on top, and so does everything that is not quantized: biases and normalisation, which are few and sensitive, and here the last layer.
#
# ### Exercise 12.3 · How many bytes, really?
# {{exercise:12.3}}
#
# Each matrix of `shapes` is kept as codes of `bits` bits, one after the other without a gap, and each matrix begins with a new byte; what is left of its last byte stays empty. Every row has a scale, a float32. `other` numbers stay float32. Return the bytes of it all, an int.


# %% exercise="12.3"
def packed_bytes(shapes, bits, other):
    """What a model's weights take when they are packed.

    shapes: a list of [rows, columns]; bits: of a code; other: how many numbers are not quantized.
    Returns an int.
    """
    ### BEGIN SOLUTION
    total = 4 * other
    for rows, columns in shapes:
        total += (rows * columns * bits + 7) // 8 + 4 * rows
    return total
    ### END SOLUTION


# %% check="12.3"
check("12.3", packed_bytes)

# %% [markdown]
# ## 2 · Where does it break?
#
# Now round the whole model, and train nothing. One line has a scale for each row, one a single scale for each matrix. The third gives up the promise that the largest weight comes back: of several smaller scales it takes, row by row, the one with the least squared error, and cuts off what lies beyond.

# %%
kinds = {
    "a scale a row": {},
    "a scale a matrix": {"per": "tensor"},
    "a scale a row, fitted": {"fit": True},
}
tried_bits = (8, 4, 3, 2)
rounding = {
    name: {
        bits: judged(
            compression.rounded_for_good(compression.fake_quantized(full, bits, **options))
        )
        for bits in tried_bits
    }
    for name, options in kinds.items()
}
print(f"validation accuracy, and {unit} in nats")
print(f"{'bits':<24}" + "".join(f"{bits:>14}" for bits in tried_bits))
for name, by_bits in rounding.items():
    print(f"{name:<24}" + "".join(f"{a:>7.3f} {n:>6.3f}" for a, n in by_bits.values()))
print(
    f"{'MB, a scale a row':<24}"
    + "".join(f"{compression.bytes_at(full, bits) / 1e6:>14.2f}" for bits in tried_bits)
)

# %% tags=["hide-input"]
figure, panels = plt.subplots(1, 2, figsize=(10, 3.6))
looks = (("teacher", "o-"), ("highlight", "s--"), ("truth", "^-."))
accuracy, nats = judged(full)
described = []
for (name, by_bits), (colour, line) in zip(rounding.items(), looks):
    for axes, column in zip(panels, (0, 1)):
        axes.plot(
            tried_bits,
            [values[column] for values in by_bits.values()],
            line,
            color=plots.COLOURS[colour],
            label=name,
        )
    described.append(
        f"{name}: "
        + ", ".join(f"{a:.3f} and {n:.3f} at {bits} bits" for bits, (a, n) in by_bits.items())
    )
for axes, level in zip(panels, (accuracy, nats)):
    axes.axhline(level, linestyle=":", color=plots.COLOURS["ink"], linewidth=1)
    axes.invert_xaxis()
    axes.set_xlabel("bits a weight")
panels[0].set(title="Accuracy", ylabel="share that is right (validation)")
panels[1].set(title=unit[:1].upper() + unit[1:], ylabel="nats (validation)")
panels[0].legend(fontsize=8)
figure.suptitle("The model with fewer bits, nothing trained (dotted: in full)")
plots.show(
    figure,
    alt=f"Validation accuracy and nats by bits, the full model at {accuracy:.3f} and {nats:.3f}; "
    + "; ".join(described)
    + ".",
)

# %% [markdown]
# In the reference run the model with a scale a row loses nothing that these sentences show, down to three bits. It breaks between three and two. With one scale a matrix a loss shows at three already. At two bits the three lines lie far apart: where the model is broken, the way of rounding matters, and a better one costs no training. (These are validation sentences, without intervals; those of section 5 have them.)
#
# So the curves say where there is anything to mend. Whoever reports at eight bits that distillation "recovers" the accuracy should be asked how much there was to recover.
#
# Another model may break much earlier than this one. A user of ONNX Runtime reported a multilingual MiniLM that was next to random after int8 ([onnxruntime#9599](https://github.com/microsoft/onnxruntime/issues/9599)).
#
# ## 3 · Thin factors
#
# A weight $W$ of $m$ rows and $n$ columns can be written as a sum of terms, $W = \sum_i \sigma_i\, u_i v_i^\top$, with the *singular values* $\sigma_1 \ge \sigma_2 \ge \dots \ge 0$. Keep the first $r$ terms: of all matrices of that rank this is the nearest one in squared error ([Eckart and Young 1936](https://doi.org/10.1007/BF02288367)). What it misses is $\sum_{i>r} \sigma_i^2$.
#
# The sum of $r$ terms is a product of two thin matrices, and one linear layer becomes two. Where do the singular values go? Into one of the factors, or the other: the product is the same. Training sees a difference. Let $W = UV$, with gradient $G$ on $W$. Then the gradient on $U$ is $G V^\top$, and that on $V$ is $U^\top G$: the small factor gets the large gradient, and one step of gradient descent moves the two unequally. With $\sqrt{\sigma_i}$ on both sides neither is favoured. (AdamW, which trains here, takes steps of about one size whatever the gradient. Then the small factor changes most in proportion, and equal halves help again.)
#
# ### Exercise 12.4 · One matrix, two factors
# {{exercise:12.4}}
#
# Return `up` and `down`, so that `up @ down` is the nearest matrix of that rank in squared error. The first column of `up` and the first row of `down` belong to the largest singular value, and so on downwards. The square root of each singular value goes into each of the factors. Signs are free, two at a time; so that there is one answer, in each row of `down` the entry of largest magnitude is positive.


# %% exercise="12.4"
def two_factors(weight, rank):
    """The nearest matrix of a rank, as a product of two.

    weight: (rows, columns); rank: an int, no larger than the smaller side.
    Returns up, (rows, rank), and down, (rank, columns).
    """
    ### BEGIN SOLUTION
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    root = s[:rank].sqrt()
    up, down = u[:, :rank] * root, root[:, None] * vh[:rank]
    largest = down.gather(1, down.abs().argmax(dim=1, keepdim=True))
    return up * largest.sign().T, down * largest.sign()
    ### END SOLUTION


# %% check="12.4"
check("12.4", two_factors)

# %% [markdown]
# Two factors are not always fewer numbers than one matrix. In another library a model became *larger* ([distiller#359](https://github.com/IntelLabs/distiller/issues/359)).
#
# ### Exercise 12.5 · A rank that pays
# {{exercise:12.5}}
#
# Return the largest rank at which both factors together hold at most `share` times as many numbers as the matrix does. A bias is no part of either, and singular values are not stored. A rank is never larger than the matrix's smaller side, and it is at least 1; where not even 1 will do, return None.


# %% exercise="12.5"
def largest_rank(outputs, inputs, share):
    """The largest rank whose two factors fit into a share of the matrix.

    outputs, inputs: the matrix's sides; share: a number above 0. Returns an int, or None.
    """
    ### BEGIN SOLUTION
    rank = int(share * outputs * inputs // (outputs + inputs))
    return min(rank, outputs, inputs) or None
    ### END SOLUTION


# %% check="12.5"
check("12.5", largest_rank)

# %% tags=["nbval-check-output"]
print(f"{'matrix':<14}{'full rank':>10}{'saves below rank':>18}")
for outputs, inputs in ((128, 128), (512, 128), (768, 768), (3072, 768)):
    even = compression.break_even_rank(outputs, inputs)
    print(f"{outputs} × {inputs:<8}{min(outputs, inputs):>10}{even:>18.1f}")

# %%
shares = (1, 1 / 4, 1 / 8, 1 / 16, 1 / 24, 1 / 32)
by_share = {share: judged(compression.low_rank(full, share)) for share in shares}
for share, (accuracy, nats) in by_share.items():
    print(f"share {share:>6.3f}: accuracy {accuracy:.3f}, {nats:.3f} nats")

# %% tags=["hide-input"]
singular = torch.linalg.svdvals(layer.weight.detach())
left_over = (1 - singular.square().cumsum(0) / singular.square().sum()).clamp(min=0)
even = compression.break_even_rank(*layer.weight.shape)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
left.plot(range(1, len(singular) + 1), left_over, color=plots.COLOURS["teacher"])
left.axvline(even, linestyle=":", color=plots.COLOURS["ink"], linewidth=1)
left.annotate("beyond: no saving", (even, 0.8), (5, 0), textcoords="offset points", fontsize=8)
left.set(title="One weight: what a rank misses", xlabel="rank", ylabel="share of the squares")
right.plot(shares, [a for a, _ in by_share.values()], "o-", color=plots.COLOURS["teacher"])
right.invert_xaxis()
right.set_xscale("log")
right.set_xticks(
    shares, [f"1/{1 / share:.0f}" if share < 1 else "1" for share in shares], rotation=45
)
right.minorticks_off()
right.set(
    title="The model: accuracy, nothing trained",
    xlabel="share of each linear map's numbers, at most",
    ylabel="share that is right (validation)",
)
figure.suptitle("Low rank: what it misses, and when it hurts")
rank = min(32, len(left_over))
plots.show(
    figure,
    alt=f"Left, the share of a weight's squares that a rank misses: {left_over[7]:.2f} at rank 8, "
    f"{left_over[rank - 1]:.2f} at rank {rank}; beyond rank {int(even)} nothing is saved. Right, validation accuracy by "
    "the share of its numbers that a map keeps at most: "
    + ", ".join(f"{a:.3f} at {share:.3f}" for share, (a, _) in by_share.items())
    + ".",
)

# %% [markdown]
# In the reference run a quarter of the numbers is enough, on validation sentences. At an eighth a little is lost, and at a twenty-fourth, which section 5 tries to mend, much. (A rank is a whole number: at the last two shares the attention's maps have rank 2, so these points are nearly the same model.) Yet the weight on the left is far from low rank: at a quarter of its numbers it misses a good part of its squares. The two panels need not agree: the squared error counts all directions alike, and the task need not.
#
# Low rank also saves multiply-adds, which bits do not, and leaves the look-up tables as they were.
#
# "Low-rank" has another meaning nearby. [LoRA](https://arxiv.org/abs/2106.09685) *adds* a low-rank update to a frozen weight. When it is merged, the model is as large as before.
#
# ## 4 · Whole neurons, whole heads
#
# [Lesson 01](01_why_distil.ipynb) set single weights to zero, and saved no time: zeros are multiplied like other numbers. Take out a whole neuron, and two matrices get smaller. Nothing special is needed to profit from that. For a head it is the same with four matrices.
#
# Which ones? Multiply the output of a neuron by a number $\xi$, and ask how the loss moves at $\xi = 1$. The chain rule gives $\partial L / \partial \xi = \sum_w w \, \partial L / \partial w$ over the weights that read it. Its magnitude, added up over batches, is the importance that [Molchanov and others (2019)](https://arxiv.org/abs/1906.10771) use for neurons (squared there) and [Michel and others (2019)](https://arxiv.org/abs/1905.10650) for heads; the latter found that some layers do with a single head. It is a first-order guess about a step that is not small: $\xi$ goes all the way to 0.
#
# ### Exercise 12.6 · Take a neuron out, whole
# {{exercise:12.6}}
#
# A feed-forward part computes `down_weight @ f(up_weight @ x + up_bias)`. Of its neurons the `keep` with the highest scores stay, in the order in which they stood; of equal scores, those that come first. Return what is left of the three, in the order of the arguments, so that they still fit together and the neurons that stay give what they gave. Scores may be below 0.


# %% exercise="12.6"
def narrower(up_weight, up_bias, down_weight, scores, keep):
    """A feed-forward part with fewer neurons.

    up_weight: (neurons, inputs); up_bias: (neurons,); down_weight: (outputs, neurons);
    scores: (neurons,); keep: an int, 1 at least. Returns three tensors.
    """
    ### BEGIN SOLUTION
    order = torch.sort(scores, descending=True, stable=True).indices
    kept = order[:keep].sort().values
    return up_weight[kept], up_bias[kept], down_weight[:, kept]
    ### END SOLUTION


# %% check="12.6"
check("12.6", narrower)

# %%
asked = [
    collate([{k: row[k] for k in ("input_ids", "attention_mask", "label")} for row in part])
    for part in (
        [rows["train"][i] for i in range(at, at + 16)]
        for at in range(0, min(512, len(rows["train"]) - 15), 16)
    )
]
scores = compression.importance(full, asked)
for number, layer_scores in enumerate(scores, start=1):
    heads = layer_scores["heads"] / layer_scores["heads"].sum()
    print(f"layer {number}: share of the heads' importance {[round(h, 2) for h in heads.tolist()]}")

# %%
own_heads, own_neurons = len(scores[0]["heads"]), len(scores[0]["neurons"])
widths = [(own_heads // d or 1, own_neurons // d) for d in (1, 2, 4, 8)]
by_width = {
    (heads, neurons): judged(compression.narrowed(full, scores, heads=heads, neurons=neurons))
    for heads, neurons in widths
}
print(f"{'heads':>6}{'neurons':>9}{'accuracy':>10}{'nats':>8}")
for (heads, neurons), (accuracy, nats) in by_width.items():
    print(f"{heads:>6}{neurons:>9}{accuracy:>10.3f}{nats:>8.3f}")

# %% [markdown]
# This table has no flat part: in the reference run something is lost already with half of the heads and neurons. Whether the scores choose better than chance would, it does not say.
#
# ## 5 · Mend it
#
# Three ways to break a model, and for each the same question: who mends it? The settings drive each way to where it hurts. The arms differ in what they learn from, and all of one way start from the same broken model:
#
# | arm | learns from |
# |---|---|
# | *the way alone* | nothing more: what you get for free, the control that is often left out (for *narrow*, 512 of the labels at hand chose what stays) |
# | …, labels | the labels at hand: no teacher |
# | …, hard answers | the class that the full model chooses, in the label's place |
# | …, distilled | labels and the full model's soft targets, for the same sentences: plain soft targets |
# | …, no labels | the full model's soft targets and nothing else |
# | …, dealt out | labels and the full model's answer to *another* sentence with the same label: a random teacher |
#
# At two bits all five are trained; the other ways have labels and distilled only. Training against the full model's probabilities alone is called *quantization-aware distillation* ([Xin and others 2026](https://arxiv.org/abs/2601.20088)). The idea is older, as they say themselves. [TernaryBERT](https://arxiv.org/abs/2009.12812) did it for the two bits that we try, and compared hidden states and attention too; its abstract reports "comparable performance as the full-precision model while being 14.9x smaller". It fitted its scales; our mended arms keep to the plain one: a simpler recipe, and probably a weaker. The article that this course grew from announces *quantized* and *low-rank distillation* as methods to come. *Quantized distillation* had that very name in 2018 ([Polino and others](https://arxiv.org/abs/1802.05668)); [Ben Noach and Goldberg](https://aclanthology.org/2020.aacl-main.88/) distilled into factors in 2020.
#
# Two more lines are not mended models. *2 bits, fitted* is rounded with the better scale, and trained no more than the plain one. And the *student* is another network, a small one, distilled from scratch on the same sentences: what [lesson 06](06_text_classification.ipynb) would have done.
#
# **Labels are counted.** The shipped model has learnt from *teacher_labels* of them, and its answers carry what they taught. The arm with labels starts from the same weights, and goes on with the labels at hand only. A label is one draw from what the sentence leaves open; the model's choice was learnt from many. *Hard answers* sets that apart from softness. So what a teacher gains here, it gains *for somebody who has the model and few labels*; with all of them, and a long training, the comparison may come out otherwise.


# %%
report = experiments.Report(
    "12",
    setting.run.scale,
    data=experiments.fingerprint(data["test"]["text"]),
    test_seed=setting.test_seed,
    shortened=setting.run.shortened,
)
seeds = setting.run.seeds
full_says = cached_teacher_outputs(full, rows["train"], tokenizer, progress=False).of(rows["train"])


def broken(arm):
    """The model that an arm starts from: made smaller in its way, nothing trained."""
    way = arm.partition(", ")[0]
    if way.endswith("bits"):
        return compression.fake_quantized(full, int(way[0]), fit=arm.endswith("fitted"))
    if way == "low rank":
        return compression.low_rank(full, setting.share)
    heads, neurons = round(setting.heads * own_heads), round(setting.neurons * own_neurons)
    return compression.narrowed(full, scores, heads=heads, neurons=neurons)


def new_student(seed):
    """Another network: one of our sizes, untrained, or layers of the pretrained model, a new head."""
    if isinstance(setting.student, str):
        return models.classifier(setting.student, tokenizer, names, seed=seed)
    model = models.copy_layers(start, setting.student)
    transformers.set_seed(seed)
    model._init_weights(model.classifier)
    return model


def dealt_out(answers, labels, seed):
    """Every row gets the answer to another row with its label."""
    random, order = np.random.default_rng(seed), np.arange(len(labels))
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        order[places] = random.permutation(places)
    return answers[torch.from_numpy(order)]


def taught_rows(arm, seed):
    """What an arm learns from: the training rows, with a column of soft targets where it has a teacher."""
    told, learns_from = torch.as_tensor(full_says), arm.partition(", ")[2]
    if learns_from == "labels":
        return rows["train"]
    if learns_from == "hard answers":
        return classification.with_answers(rows["train"], told.numpy())
    if learns_from == "dealt out":
        told = dealt_out(told, labels["train"], seed)
    return add_teacher_logits(rows["train"], told)


def mended(arm, seed, recipe=None):
    """An arm's model of one seed; quantized ones with their rounded weights written in."""
    transformers.set_seed(seed)
    model = new_student(seed) if arm == "student" else broken(arm)
    model = train(model, taught_rows(arm, seed), recipe or setting.recipes[arm], seed=seed)
    return compression.rounded_for_good(model)


made = ["8 bits", "4 bits", "2 bits", "2 bits, fitted", "low rank", "narrow"]
trained = [arm for arm in setting.recipes if arm != "teacher"]
variants = {"full": {None: full}}
for arm in made:
    variants[arm] = {None: compression.rounded_for_good(broken(arm)).eval()}
for arm in trained:
    variants[arm] = {seed: mended(arm, seed) for seed in seeds}
variants["student, 8 bits"] = {
    seed: compression.rounded_for_good(compression.fake_quantized(model, 8)).eval()
    for seed, model in variants["student"].items()
}

# %% [markdown]
# Three things are measured. The first is accuracy. The second is the distance from the truth in nats; at `small` and `full`, where no truth is known, it is the surprise at the labels. The third are *flips*: on what share of the sentences the variant decides otherwise than the full model did. They show what accuracy hides, a variant that is right as often, on other sentences.


# %%
kind = "KL" if known else "surprise"
truth = np.array(data["test"]["posterior"]) if known else None
says = {
    arm: np.stack(
        [
            metrics.probabilities(predict_logits(model, rows["test"], tokenizer))
            for model in by_seed.values()
        ]
    )
    for arm, by_seed in variants.items()
}  # (seeds, or 1; test rows; classes)


def nats_of(p):
    """(rows,): KL from the truth, or surprise at the labels."""
    return metrics.kl_rows(truth, p) if known else metrics.surprise(p, labels["test"])


right = {
    arm: np.stack([metrics.correct(one, labels["test"]) for one in p]) for arm, p in says.items()
}
nats = {arm: np.stack([nats_of(one) for one in p]) for arm, p in says.items()}
decided = says["full"][0].argmax(-1)
once = "measured" if "teacher" not in setting.recipes else "trained once"
for arm, by_seed in variants.items():
    about = {"seeds": list(by_seed), "kind": once if None in by_seed else "measured"}
    flips = (says[arm].argmax(-1) != decided).astype(float)
    report.add_rows(f"{arm}/accuracy", right[arm], **about)
    report.add_rows(f"{arm}/{kind}", nats[arm], **about)
    report.add_rows(f"{arm}/flips", flips, **about)
print(experiments.comparison_table(report, list(variants), "accuracy"), "\n")
print(experiments.comparison_table(report, list(variants), kind), "\n")
print(experiments.comparison_table(report, list(variants), "flips"))

# %% tags=["hide-input"]
experiments.plot_comparison(
    report,
    list(variants),
    "accuracy",
    title="What is lost, and what is won back",
    unit="test accuracy",
)

# %% [markdown]
# A fairer comparison takes differences on the same sentences:


# %%
questions = {
    "8 bits": ("full",),
    "4 bits": ("full",),
    "4 bits, labels": ("4 bits",),
    "4 bits, distilled": ("4 bits", "4 bits, labels"),
    "2 bits": ("full",),
    "2 bits, fitted": ("2 bits",),
    "2 bits, labels": ("2 bits",),
    "2 bits, hard answers": ("2 bits, labels",),
    "2 bits, dealt out": ("2 bits, labels",),
    "2 bits, distilled": (
        "2 bits",
        "2 bits, fitted",
        "2 bits, labels",
        "2 bits, hard answers",
        "2 bits, dealt out",
        "full",
    ),
    "2 bits, no labels": ("2 bits, distilled",),
    "low rank": ("full",),
    "low rank, labels": ("low rank",),
    "low rank, distilled": ("low rank", "low rank, labels"),
    "narrow": ("full",),
    "narrow, labels": ("narrow",),
    "narrow, distilled": ("narrow", "narrow, labels"),
    "student, 8 bits": ("student",),
    "student": ("2 bits, distilled", "narrow, distilled"),
}


def paired(arm, other, of):
    """What stands for two arms, (seeds, rows) each: one without seeds is repeated."""
    number = max(len(of[arm]), len(of[other]))
    both = [
        np.repeat(of[a], number, axis=0) if len(of[a]) < number else of[a] for a in (arm, other)
    ]
    return *both, list(seeds) if None not in variants[arm] or None not in variants[other] else [
        None
    ]


print(f"{'variant':<22}{'minus':<22}{'accuracy':<26}{kind}")
for arm, others in questions.items():
    for other in [one for one in others if {arm, one} <= set(variants)]:
        a, b, its_seeds = paired(arm, other, right)
        how = once if its_seeds == [None] else "measured"
        gain = report.add_rows(f"{arm}/gain over {other}", a, b, seeds=its_seeds, kind=how)
        a, b, its_seeds = paired(arm, other, nats)
        less = report.add_rows(f"{arm}/{kind} minus {other}", a, b, seeds=its_seeds, kind=how)
        print(f"{arm:<22}{other:<22}{gain!s:<26}{less}")

# %% [markdown]
# In the reference run ({{ledger:12/offline/2 bits, labels/accuracy|count}} seeds), with 95 % intervals: the first variant's figure minus the second's. In accuracy the first is ahead where that is above 0, in nats where it is below:
#
# | variant | minus | accuracy | KL from the truth |
# |---|---|---|---|
# | 8 bits | full | {{ledger:12/offline/8 bits/gain over full|interval}} | {{ledger:12/offline/8 bits/KL minus full|interval}} |
# | 4 bits | full | {{ledger:12/offline/4 bits/gain over full|interval}} | {{ledger:12/offline/4 bits/KL minus full|interval}} |
# | 4 bits, labels | 4 bits | {{ledger:12/offline/4 bits, labels/gain over 4 bits|interval}} | {{ledger:12/offline/4 bits, labels/KL minus 4 bits|interval}} |
# | 4 bits, distilled | 4 bits | {{ledger:12/offline/4 bits, distilled/gain over 4 bits|interval}} | {{ledger:12/offline/4 bits, distilled/KL minus 4 bits|interval}} |
# | 4 bits, distilled | 4 bits, labels | {{ledger:12/offline/4 bits, distilled/gain over 4 bits, labels|interval}} | {{ledger:12/offline/4 bits, distilled/KL minus 4 bits, labels|interval}} |
# | 2 bits | full | {{ledger:12/offline/2 bits/gain over full|interval}} | {{ledger:12/offline/2 bits/KL minus full|interval}} |
# | 2 bits, fitted | 2 bits | {{ledger:12/offline/2 bits, fitted/gain over 2 bits|interval}} | {{ledger:12/offline/2 bits, fitted/KL minus 2 bits|interval}} |
# | 2 bits, labels | 2 bits | {{ledger:12/offline/2 bits, labels/gain over 2 bits|interval}} | {{ledger:12/offline/2 bits, labels/KL minus 2 bits|interval}} |
# | 2 bits, distilled | 2 bits | {{ledger:12/offline/2 bits, distilled/gain over 2 bits|interval}} | {{ledger:12/offline/2 bits, distilled/KL minus 2 bits|interval}} |
# | 2 bits, distilled | 2 bits, fitted | {{ledger:12/offline/2 bits, distilled/gain over 2 bits, fitted|interval}} | {{ledger:12/offline/2 bits, distilled/KL minus 2 bits, fitted|interval}} |
# | 2 bits, distilled | 2 bits, labels | {{ledger:12/offline/2 bits, distilled/gain over 2 bits, labels|interval}} | {{ledger:12/offline/2 bits, distilled/KL minus 2 bits, labels|interval}} |
# | 2 bits, hard answers | 2 bits, labels | {{ledger:12/offline/2 bits, hard answers/gain over 2 bits, labels|interval}} | {{ledger:12/offline/2 bits, hard answers/KL minus 2 bits, labels|interval}} |
# | 2 bits, distilled | 2 bits, hard answers | {{ledger:12/offline/2 bits, distilled/gain over 2 bits, hard answers|interval}} | {{ledger:12/offline/2 bits, distilled/KL minus 2 bits, hard answers|interval}} |
# | 2 bits, dealt out | 2 bits, labels | {{ledger:12/offline/2 bits, dealt out/gain over 2 bits, labels|interval}} | {{ledger:12/offline/2 bits, dealt out/KL minus 2 bits, labels|interval}} |
# | 2 bits, distilled | 2 bits, dealt out | {{ledger:12/offline/2 bits, distilled/gain over 2 bits, dealt out|interval}} | {{ledger:12/offline/2 bits, distilled/KL minus 2 bits, dealt out|interval}} |
# | 2 bits, no labels | 2 bits, distilled | {{ledger:12/offline/2 bits, no labels/gain over 2 bits, distilled|interval}} | {{ledger:12/offline/2 bits, no labels/KL minus 2 bits, distilled|interval}} |
# | 2 bits, distilled | full | {{ledger:12/offline/2 bits, distilled/gain over full|interval}} | {{ledger:12/offline/2 bits, distilled/KL minus full|interval}} |
# | low rank | full | {{ledger:12/offline/low rank/gain over full|interval}} | {{ledger:12/offline/low rank/KL minus full|interval}} |
# | low rank, labels | low rank | {{ledger:12/offline/low rank, labels/gain over low rank|interval}} | {{ledger:12/offline/low rank, labels/KL minus low rank|interval}} |
# | low rank, distilled | low rank, labels | {{ledger:12/offline/low rank, distilled/gain over low rank, labels|interval}} | {{ledger:12/offline/low rank, distilled/KL minus low rank, labels|interval}} |
# | narrow | full | {{ledger:12/offline/narrow/gain over full|interval}} | {{ledger:12/offline/narrow/KL minus full|interval}} |
# | narrow, labels | narrow | {{ledger:12/offline/narrow, labels/gain over narrow|interval}} | {{ledger:12/offline/narrow, labels/KL minus narrow|interval}} |
# | narrow, distilled | narrow, labels | {{ledger:12/offline/narrow, distilled/gain over narrow, labels|interval}} | {{ledger:12/offline/narrow, distilled/KL minus narrow, labels|interval}} |
# | student | 2 bits, distilled | {{ledger:12/offline/student/gain over 2 bits, distilled|interval}} | {{ledger:12/offline/student/KL minus 2 bits, distilled|interval}} |
# | student | narrow, distilled | {{ledger:12/offline/student/gain over narrow, distilled|interval}} | {{ledger:12/offline/student/KL minus narrow, distilled|interval}} |
# | student, 8 bits | student | {{ledger:12/offline/student, 8 bits/gain over student|interval}} | {{ledger:12/offline/student, 8 bits/KL minus student|interval}} |
#
# Where an interval holds 0, the experiment does not tell the two apart, which is not to say that they are equal. Of so many intervals two or three may leave out 0 by chance. A model that is only rounded or cut was made once, so there only the sentences vary. And each trained arm has the learning rate that was chosen for it (section 6).
#
# **Where nothing is broken: eight and four bits.** Rounding loses nothing here that two thousand sentences show; at four bits the interval leaves room for a small loss. No gain from training is shown, with labels or with the teacher. Nor can the two trainings be told apart. A table with that last comparison alone would hide that neither is seen to help.
#
# That a training would do *harm* at four bits, in nats, was expected and is not shown: both intervals hold 0. But higher rates than these do harm on validation (section 6). Flips hint at a change: trained with labels the model decides otherwise than the full one on {{ledger:12/offline/4 bits, labels/flips|interval}} of the sentences, only rounded on {{ledger:12/offline/4 bits/flips|interval}}.
#
# **Where it is broken: two bits.** First see what is free. The better scale needs no training and no further byte, and in the means it wins back more than half of what plain rounding lost. This is the control that counts. Held against plain rounding, as often happens, the distilled model would be praised for {{ledger:12/offline/2 bits, distilled/gain over 2 bits|interval}} of accuracy. Against the better scale little of that is left: the interval only just leaves out 0, and the seeds go from {{ledger:12/offline/2 bits, distilled/gain over 2 bits, fitted|range}}. In nats the two cannot be told apart.
#
# **Who mends?** Of the two trainings the teacher's is ahead of the labels', in both columns, and both had the same rate. Part of the difference in nats may still be the rate's (section 6).
#
# What made the difference? The full model's *choices*, put in the labels' place, already help in accuracy. *Distilled* adds the model's doubts, and a label that weighs a tenth. Whether that helps accuracy further is open: the interval holds 0, and leaves room for a gain as large as that of the choices. In nats *distilled* is clearly ahead. Mended by hard answers, the model ends at {{ledger:12/offline/2 bits, hard answers/KL|interval}} from the truth. That is further than when it was only rounded, {{ledger:12/offline/2 bits/KL|interval}}, though it is right much more often. At lower rates it stays nearer to the truth, and is right less often (section 6).
#
# Softness alone is not seen to help. With answers dealt out within the label the model cannot be told from the one with labels in accuracy, and is further from the truth. (That arm took half the rate. And its distance to *distilled* is no measure of what right answers bring, since wrong ones may also spoil.) Without the labels no loss is shown: *no labels* cannot be told from *distilled* in either column. In accuracy the interval is narrow; in nats it leaves room for a loss. So text and the full model may be enough. But in *distilled* a label weighs only a tenth; other weights were not tried.
#
# Much is mended, and not all. The distilled two-bit model is still less often right than the full one, and decides otherwise on {{ledger:12/offline/2 bits, distilled/flips|interval}} of the sentences.
#
# **Do the other two ways agree?** Only in part. Low rank and narrow layers lose about as much in accuracy as two bits do, and a training wins a good part of it back. But *here the teacher cannot be told from the labels*, in either column. For both it was expected to be ahead. For narrow layers, where both arms had the same rate, the interval leaves less room for it. For low rank, where *distilled* took twice the rate, it leaves open about half of what the teacher gained at two bits. Why the teacher helps there and is not seen to help here, no arm says. Nor was a free control such as the better scale tried for either. And this is one corpus, one model.
#
# ### On real sentences
#
# At `small` MiniLM is made smaller, which learnt from the same labels that mend it. Low rank keeps a quarter of the numbers here, narrow half of the heads and a quarter of the neurons. (Three seeds, 600 test sentences. They have been read four times, and in between recipes were chosen anew, on validation.)
#
# | variant | minus | accuracy | surprise |
# |---|---|---|---|
# | 8 bits | full | {{ledger:12/small/8 bits/gain over full|interval}} | {{ledger:12/small/8 bits/surprise minus full|interval}} |
# | 4 bits | full | {{ledger:12/small/4 bits/gain over full|interval}} | {{ledger:12/small/4 bits/surprise minus full|interval}} |
# | 2 bits | full | {{ledger:12/small/2 bits/gain over full|interval}} | {{ledger:12/small/2 bits/surprise minus full|interval}} |
# | 2 bits, fitted | 2 bits | {{ledger:12/small/2 bits, fitted/gain over 2 bits|interval}} | {{ledger:12/small/2 bits, fitted/surprise minus 2 bits|interval}} |
# | 2 bits, distilled | 2 bits, fitted | {{ledger:12/small/2 bits, distilled/gain over 2 bits, fitted|interval}} | {{ledger:12/small/2 bits, distilled/surprise minus 2 bits, fitted|interval}} |
# | 2 bits, distilled | 2 bits, labels | {{ledger:12/small/2 bits, distilled/gain over 2 bits, labels|interval}} | {{ledger:12/small/2 bits, distilled/surprise minus 2 bits, labels|interval}} |
# | low rank | full | {{ledger:12/small/low rank/gain over full|interval}} | {{ledger:12/small/low rank/surprise minus full|interval}} |
# | low rank, distilled | low rank, labels | {{ledger:12/small/low rank, distilled/gain over low rank, labels|interval}} | {{ledger:12/small/low rank, distilled/surprise minus low rank, labels|interval}} |
# | narrow | full | {{ledger:12/small/narrow/gain over full|interval}} | {{ledger:12/small/narrow/surprise minus full|interval}} |
# | narrow, labels | narrow | {{ledger:12/small/narrow, labels/gain over narrow|interval}} | {{ledger:12/small/narrow, labels/surprise minus narrow|interval}} |
# | narrow, distilled | narrow, labels | {{ledger:12/small/narrow, distilled/gain over narrow, labels|interval}} | {{ledger:12/small/narrow, distilled/surprise minus narrow, labels|interval}} |
# | student | 2 bits, distilled | {{ledger:12/small/student/gain over 2 bits, distilled|interval}} | {{ledger:12/small/student/surprise minus 2 bits, distilled|interval}} |
# | student | narrow, distilled | {{ledger:12/small/student/gain over narrow, distilled|interval}} | {{ledger:12/small/student/surprise minus narrow, distilled|interval}} |
#
# Eight bits break nothing here; four already do. At two bits, with either scale, and at low rank accuracy and flips are the same to the last digit: such models probably give one answer to everything. So the better scale wins some surprise back and no accuracy, and whatever is ahead of it is ahead of a model that is wholly broken.
#
# In a hundred steps narrow layers are mended nearly whole, two bits are not. And *nowhere is the teacher seen to help*; it has seen no label that the others have not. In narrow layers it is behind in nats, at twice the rate.
#
# ### In which order?
#
# Distil a small network, or squeeze the large one? At `offline` the student from scratch is far behind what was squeezed and mended, narrow or at two bits. In float32 it takes {{ledger:12/offline/student/MB|.2f}} MB, less than *narrow* and more than two bits; at eight bits {{ledger:12/offline/student, 8 bits/MB|.2f}}, the least of all.
#
# *On the real sentences it is the other way round.* There the student is far ahead of the mended two-bit model, and cannot be told from *narrow, distilled*, which takes about as many bytes in float32. But that student is two pretrained layers, and took 250 steps to their 100.
#
# So neither is a verdict on small networks. At `offline` the squeezed models start from weights that many labels made. The student starts from random ones and hears about 2,000 sentences, six times as often, with another learning rate and one layer of half the width in place of three. It could have had more text, as in [lesson 06](06_text_classification.ipynb). No arm tells these apart.
#
# Nor are the two ways rivals: what is distilled can be rounded afterwards, and at eight bits no loss of the student is shown. Fewer bits for it, and other orders (narrow layers that are then rounded, say), were not tried. What speaks for choosing the architecture first is the order of work: a new network is trained with float weights. The bits come last, and are mended only where they break the model.
#
# ## 6 · How were the recipes chosen?
#
# All mended arms take the same steps, with the same batches for the same seed. At `offline` each was offered the same six learning rates and took the one that was best on validation, by accuracy, the mean of two seeds. At two bits four arms took one rate, and *dealt out* half of it. *Low rank, distilled* took twice the rate of its labels, *4 bits, distilled* half; there teacher and rate change together. Both narrow arms took the same.
#
# For some arms nats would have chosen otherwise. Hard answers are the plainest case: up to the rate that they took, each higher one makes the model right more often, and takes it further from the truth. The labels at two bits came nearest to the truth with half of their rate. So the column of nats compares models whose rates were chosen for accuracy.
#
# *4 bits, distilled* took the lowest rate on offer, and a lower one might be better still. The student, which starts from random weights, has other rates; the lowest of its six was not tried. At `small` one seed chose, among five rates at two bits and three elsewhere; both low-rank arms and *narrow, labels* took the lowest. The student's rate there, and temperature and α everywhere, are lesson 06's: they were not tuned here, nor were the steps. `KD_MAPS=1` tries all rates again. Test sentences have no say.


# %%
def tried_out(arm, recipe):
    """Validation accuracy and nats of an arm under a recipe, the means of two seeds."""
    return np.mean([judged(mended(arm, seed, recipe)) for seed in (0, 1)], axis=0).tolist()


if setting.run.maps:
    log = {
        arm: [[recipe.learning_rate, *tried_out(arm, recipe)] for recipe in setting.grid(arm)]
        for arm in trained
    }
    report.add_table("grid", log)
for arm, entries in (report.table("grid") or {}).items():
    best = max(entries, key=lambda entry: entry[1])
    tried = "  ".join(f"{rate:g}: {accuracy:.3f} / {nats:.3f}" for rate, accuracy, nats in entries)
    print(f"{arm:<22}best {best[0]:g}    accuracy / nats by rate  {tried}")

# %% [markdown]
# And from how many bits on does training pay? With `KD_MAPS=1` the next cell mends the model at every number of bits, one seed, on validation, with the two-bit arms' recipes. (Nothing is tuned here; at four bits lower rates do better.) The reference run has not made these curves: without the switch nothing is drawn.

# %% tags=["hide-input"]
if setting.run.maps:
    curves = {}
    for name in ("labels", "distilled"):
        curves[name] = []
        for bits in (2, 3, 4, 8):
            arm = f"{bits} bits, {name}"
            recipe = setting.recipes[f"2 bits, {name}"]
            curves[name].append([bits, *judged(mended(arm, 0, recipe))])
    report.add_table("by bits", curves)
found = report.table("by bits")
if found:
    figure, axes = plt.subplots()
    alone = [[bits, rounding["a scale a row"][bits][1]] for bits in (2, 3, 4, 8)]
    for name, points, colour, line in (
        ("nothing trained", alone, "ink", "s:"),
        ("labels", [[p[0], p[2]] for p in found["labels"]], "control", "o--"),
        ("distilled", [[p[0], p[2]] for p in found["distilled"]], "student", "o-"),
    ):
        axes.plot(*zip(*points), line, color=plots.COLOURS[colour], label=name)
    axes.set(
        yscale="log",
        title="Trained and not trained, by bits",
        xlabel="bits a weight",
        ylabel=f"{unit}, nats (validation)",
    )
    axes.invert_xaxis()
    axes.legend()
    plots.show(
        figure,
        alt="Nats on validation by bits, one seed: "
        + "; ".join(
            f"{name} " + ", ".join(f"{p[2]:.3f} at {p[0]} bits" for p in points)
            for name, points in found.items()
        )
        + "; nothing trained "
        + ", ".join(f"{value:.3f} at {bits} bits" for bits, value in alone)
        + ".",
    )

# %% [markdown]
# ### With the library
#
# [torchao](https://docs.pytorch.org/ao/stable/generated/torchao.quantization.qat.QATConfig.html) has a training of this kind: *prepare* lets linear layers, the last one too, round while they learn, *convert* writes the codes. Look-up tables stay as they are. Its two bits are another grid: codes from −2 to 1, and as scale the largest weight divided by 1.5, so that this weight does not come back. So its figure is no copy of ours. The cell runs where the scale asks for it and torchao is installed.

# %%
if setting.torchao and importlib.util.find_spec("torchao"):
    from torchao.quantization import IntxWeightOnlyConfig, quantize_
    from torchao.quantization.qat import QATConfig

    two_bits = IntxWeightOnlyConfig(weight_dtype=torch.int2)  # a scale a row
    librarys = copy.deepcopy(full)
    quantize_(librarys, QATConfig(two_bits, step="prepare"))
    arm = "2 bits, distilled"
    librarys = train(librarys, taught_rows(arm, seeds[0]), setting.recipes[arm], seed=seeds[0])
    quantize_(librarys, QATConfig(two_bits, step="convert"))
    p = metrics.probabilities(predict_logits(librarys, rows["test"], tokenizer))
    own = metrics.correct(p, labels["test"])[None]
    print("accuracy", report.add_rows("the library, 2 bits/accuracy", own, seeds=[None]))
else:
    print("The library's training is not asked for here, or torchao is not installed.")

# %% [markdown]
# ## 7 · What would you ship?
#
# Bytes, time and accuracy are three wishes, and no single number orders the variants. But some can be crossed out.
#
# ### Exercise 12.7 · Whom nobody beats
# {{exercise:12.7}}
#
# One variant beats another when it is no larger and no less accurate, and better in at least one of the two. Return the positions, from 0 and in ascending order, of the variants that no other beats. Two that are equal in both do not beat one another. The variants come in any order.


# %% exercise="12.7"
def pareto_front(sizes, accuracies):
    """The positions of the variants that no other beats.

    sizes, accuracies: lists of numbers, one a variant. Returns a list of int.
    """
    ### BEGIN SOLUTION
    found = []
    for i, (size, accuracy) in enumerate(zip(sizes, accuracies)):
        beaten = any(
            s <= size and a >= accuracy and (s < size or a > accuracy)
            for s, a in zip(sizes, accuracies)
        )
        if not beaten:
            found.append(i)
    return found
    ### END SOLUTION


# %% check="12.7"
check("12.7", pareto_front)

# %% [markdown]
# Bytes are those of packed codes with their scales where a variant has codes, and of float32 elsewhere. The times are your machine's: the networks take turns, of three calls in a row the fastest counts, and the median of all rounds is shown. A rounded model is the full network with other numbers in it, and float32 kernels do not profit from codes: *in time it saves nothing here*.


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


texts = list(data["test"]["text"][:32])
inputs = {
    size: dict(tokenizer(texts[:size], return_tensors="pt", padding=True)) for size in (1, 8, 32)
}
for batch in inputs.values():
    batch.pop("token_type_ids", None)
networks = {  # one of each shape: what is the same network takes the same time
    "full": full,
    "low rank": variants["low rank"][None],
    "narrow": variants["narrow"][None],
    "student": variants["student"][seeds[0]],
}
turns = 2 if setting.run.shortened else 25
clock = {size: median_times(networks, turns, **batch) for size, batch in inputs.items()}
for arm, by_seed in variants.items():
    model, way = next(iter(by_seed.values())), arm.partition(", ")[0]
    shape = way if way in networks else "full"
    coded = next((part for part in arm.split(", ") if part.endswith("bits")), None)
    size = compression.bytes_at(model, int(coded[0])) if coded else cost.size_in_bytes(model)
    report.add(f"{arm}/MB", size / 1e6)
    report.add(f"{arm}/ms, 1 sentence", clock[1][shape], kind="timing")
    report.add(f"{arm}/ms, 32 sentences", clock[32][shape], kind="timing")
table = {
    arm: [
        float(np.mean(report.values(f"{arm}/{c}"))) for c in ("MB", "ms, 32 sentences", "accuracy")
    ]
    for arm in variants
}
print(f"{'':<22}{'MB':>7}{'ms x32':>9}{'accuracy':>10}")
for arm, (size, milliseconds, accuracy) in table.items():
    print(f"{arm:<22}{size:>7.2f}{milliseconds:>9.1f}{metrics.shown(accuracy):>10}")


# %% tags=["hide-input"]
def on_front(column):
    """The variants that no other beats in a column and in accuracy."""
    points = [(values[column], values[2]) for values in table.values()]
    return [
        arm
        for arm, (x, y) in zip(table, points)
        if not any(a <= x and b >= y and (a, b) != (x, y) for a, b in points)
    ]


marks = {  # by the way that an arm was made smaller
    "full": "*",
    "8 bits": "D",
    "4 bits": "s",
    "2 bits": "v",
    "2 bits, fitted": "<",
    "low rank": "P",
    "narrow": "^",
    "student": "o",
    "student, 8 bits": "X",
}
fills = {  # by what it learns from: which part of the mark is filled, and with which colour
    "nothing": ("none", "ink"),
    "labels": ("left", "control"),
    "hard answers": ("bottom", "neutral"),
    "distilled": ("full", "student"),
    "no labels": ("top", "highlight"),
    "dealt out": ("right", "accent"),
}


def look(way, learnt):
    """A mark's shape, fill and colour, as axes.plot takes them."""
    fill, colour = fills[learnt]
    return {
        "marker": marks[way],
        "color": plots.COLOURS[colour],
        "fillstyle": fill,
        "markerfacecoloralt": "white",
        "markersize": 9,
        "markeredgewidth": 1.2,
        "linestyle": "",
    }


def look_of(arm):
    """An arm's mark: that of its way and of what it learnt from; the student is distilled."""
    way, _, learnt = arm.partition(", ")
    if way == "student":
        return look(arm, "distilled")
    return look(way, learnt) if learnt in fills else look(arm, "nothing")


def side_by_side(arms, near):
    """{arm: how many places beside its own it is drawn}, so that none of equal size hides another."""
    drawn = {}
    for arm in arms:
        y, place = table[arm][2], 0
        while any(at == place and abs(table[a][2] - y) < near for a, at in drawn.items()):
            place = -place if place < 0 else -place - 1  # 0, -1, 1, -2, 2, …
        drawn[arm] = place
    return drawn


figure, panels = plt.subplots(1, 2, figsize=(10, 5.2), sharey=True)
told = []
heights = [values[2] for values in table.values()]
for axes, column, name in zip(panels, (0, 1), ("MB", "milliseconds for 32 sentences")):
    front = sorted(on_front(column), key=lambda arm: (table[arm][column], table[arm][2]))
    sizes = [values[column] for values in table.values()]
    step = (max(sizes) / min(sizes)) ** (1 / 24)  # one place beside, on a logarithmic axis
    axes.plot(
        [table[arm][column] for arm in front],
        [table[arm][2] for arm in front],
        color=plots.COLOURS["truth"],
        linewidth=1,
        drawstyle="steps-post",
    )
    for size in sorted(set(sizes)):
        equal = [arm for arm in table if table[arm][column] == size]
        equal.sort(key=lambda arm: arm not in front)  # the front's stands in its own place
        places = side_by_side(equal, near=0.05 * (max(heights) - min(heights)))
        for arm, place in places.items():
            axes.plot(size * step**place, table[arm][2], **look_of(arm))
        leaders = [arm for arm in equal if arm in front]
        if leaders:
            first = size == table[front[0]][column]
            axes.annotate(
                " / ".join(leaders),
                (size, table[leaders[0]][2]),
                (-6, -16) if first else (4, 8),
                textcoords="offset points",
                ha="left" if first else "right",
                fontsize=8,
            )
    axes.set(xscale="log", xlabel=f"{name} (equal ones side by side)")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.margins(0.08)
    told.append(f"by {name}, {' / '.join(front)}")
panels[0].set(ylabel="test accuracy", title="Accuracy for bytes")
panels[1].set(title="Accuracy for time (this machine)")
keys = [Line2D([], [], label=way, **look(way, "nothing")) for way in marks]
keys += [
    Line2D([], [], label=f"learnt from: {learnt}", **look("student", learnt)) for learnt in fills
]
figure.legend(handles=keys, loc="outside lower center", ncols=5, fontsize=8)
plots.show(
    figure,
    alt="Accuracy against megabytes, and against milliseconds for 32 sentences, one point a variant: "
    + "; ".join(
        f"{arm} {metrics.shown(v[2])} at {v[0]:.2f} MB and {v[1]:.0f} ms"
        for arm, v in table.items()
    )
    + f". Whom nobody beats: {'; '.join(told)}.",
)

# %% [markdown]
# The green line joins those whom nobody beats: the *Pareto front*. It is drawn through means of test accuracy, so some of it is luck: variants that are not told apart may change places in another run, and a picture of one seed may show others than the text names.
#
# By bytes the reference run's front goes from the student at eight bits over *2 bits, distilled* to four and eight bits as they are. Neither of the last two can be told from the full model. Four bits take {{ledger:12/offline/4 bits/MB|.2f}} MB, two bits {{ledger:12/offline/2 bits/MB|.2f}}; at two, neither the better scale nor a training brings all of the loss back.
#
# In time fewer bits save nothing with float32 kernels; fewer multiply-adds do. There *narrow, distilled* is on the reference's front, with {{ledger:12/offline/narrow/ms, 32 sentences|.1f}} ms for 32 sentences where the full model took {{ledger:12/offline/full/ms, 32 sentences|.1f}}. It and *narrow, labels* cannot be told apart. Low rank is on neither front.
#
# Whoever ships the winner of a test set should not quote its accuracy there, by which it was chosen.
#
# ### Exercise 12.8 · What would you ship?
# {{exercise:12.8}}
#
# A colleague has made this table of his classifier. The figures are made up, and their errors are small.
#
# | variant | MB | accuracy | KL from the truth, nats | needs |
# |---|---|---|---|---|
# | full | 4.0 | 0.870 | 0.048 | nothing |
# | 8 bits, as it is | 1.1 | 0.870 | 0.048 | nothing |
# | 4 bits, as it is | 0.6 | 0.869 | 0.049 | nothing |
# | 4 bits, trained with labels | 0.6 | 0.866 | 0.075 | labels, a training |
# | 2 bits, as it is | 0.35 | 0.767 | 0.264 | nothing |
# | 2 bits, distilled | 0.35 | 0.855 | 0.098 | text, a training |
#
# The file may have 0.8 MB at most. What would you ship?
#
# {{choices:12.8}}

# %% exercise="12.8"
what_to_ship = ...
### BEGIN SOLUTION
what_to_ship = "c"
### END SOLUTION

# %% check="12.8"
check("12.8", what_to_ship)

# %% [markdown]
# ## 8 · Out of PyTorch, and served
#
# A served model answers many people, and two numbers describe it that pull against each other: how long one of them waits (*latency*), and how many are answered in a second (*throughput*). Between the two stands the batch. Here is the trade on this machine:

# %%
print(f"{'sentences a second':<24}" + "".join(f"{f'batches of {size}':>15}" for size in inputs))
for name in networks:
    print(f"{name:<24}" + "".join(f"{1e3 * size / clock[size][name]:>15,.0f}" for size in inputs))
print(f"{'waits (ms a batch)':<24}")
for name in networks:
    print(f"{name:<24}" + "".join(f"{clock[size][name]:>15.1f}" for size in inputs))

# %% [markdown]
# Whether larger batches answer more sentences a second, your table says; they need not. And each sentence waits for its whole batch, which is padded to its longest. Whoever serves sets a limit for the wait, say one that nineteen of twenty answers keep (*p95*), and looks for the batch that answers most within it. But people come when they like, and the server makes a batch of those that happen to wait.
#
# So here is a real server, for the loopback address of this machine only. It is small: [Tornado](https://www.tornadoweb.org), which comes with Jupyter, and a queue.


# %%
def answering(model):
    """What a server needs of a model: texts -> probabilities."""
    return lambda texts: metrics.probabilities(predict_logits(model, texts, tokenizer))


with serving.running(answering(networks["student"])) as server:
    for body in (b'{"text": "Net profit rose."}', b'{"text": 7}', b"profit"):
        status, answer = serving.post(server.url, body)
        told = answer.get("error") or [round(p, 2) for p in answer["probabilities"]]
        print(f"{body.decode():<30}{status}  {told}")

# %% [markdown]
# Now eight clients at once, each of which asks its next question when it has been answered. The load is the same for all: the same sentences, one server after the other, with batches and without.

# %%
asked_about = (8 if setting.run.shortened else 160, 8)  # sentences, clients
sentences = list(data["test"]["text"][: asked_about[0]])
met = {}
for name in ("full", "narrow", "student"):
    for largest in (1, 16):
        with serving.running(answering(networks[name]), largest=largest) as server:
            found = serving.load(server.url, sentences, clients=asked_about[1])
            met[name, largest] = found
            mean = np.mean(server.batcher.sizes)
        kind_of = "one by one" if largest == 1 else "in batches"
        report.add(f"{name}/p95 ms, {kind_of}", found.p95, kind="timing")
        report.add(f"{name}/answers a second, {kind_of}", found.per_second, kind="timing")
        print(
            f"{name:<10}{kind_of}: p50 {found.p50:6.1f} ms, p95 {found.p95:6.1f} ms, "
            f"{found.per_second:6.0f} answers a second, batches of {mean:.1f}, {found.failed} failed"
        )

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7.2, 3))
told = []
for place, ((name, largest), found) in enumerate(met.items()):
    colour = plots.COLOURS["teacher" if name == "full" else "student"]
    label = f"{name}, {'one by one' if largest == 1 else 'in batches'}"
    axes.plot([found.p50, found.p95], [place, place], color=colour, linewidth=4, alpha=0.5)
    axes.plot(found.p50, place, "o", color=colour)
    axes.plot(found.p95, place, "|", color=colour, markersize=14)
    told.append(f"{label}: {found.p50:.0f} to {found.p95:.0f} ms")
axes.set_yticks(range(len(met)), [text.partition(":")[0] for text in told])
axes.invert_yaxis()
axes.set(
    title=f"What {asked_about[1]} clients waited, on this machine",
    xlabel="milliseconds: half of the answers (dot), 95 in 100 (bar's end)",
)
plots.show(
    figure,
    alt="Waiting times under the same load, the median to the 95th percentile; "
    + "; ".join(told)
    + ".",
)

# %% [markdown]
# In the reference run batches served all three models better. The full one answered {{ledger:12/offline/full/answers a second, in batches|.0f}} sentences a second in batches and {{ledger:12/offline/full/answers a second, one by one|.0f}} one by one, and the slow tail was shorter as well.
#
# The picture is rough. Each line is one sitting of about a second or less, and the machine had other work at the time. *Narrow*, which computes its batches in much less time than the full model, answered fewer sentences in batches, {{ledger:12/offline/narrow/answers a second, in batches|.0f}} a second. Nothing here says why; another sitting may turn the two round.
#
# Clients, server and model share one machine's cores here, so the figures speak of this arrangement. Our clients wait for their answer before they ask again. People do not wait for one another, and before a slow server their queue grows.
#
# Real int8 arithmetic needs kernels of its own. [ONNX Runtime](https://onnxruntime.ai) has them for CPUs, and reads models in an open format, ONNX, that PyTorch can write. With the extra `serve` (`pip install -c constraints.txt -e '.[serve]'`) the next cell exports the full model, for any number of sentences of any length, quantizes its weights with one scale a channel (activations follow while it runs), and lets it take turns with PyTorch.

# %%
here = all(map(importlib.util.find_spec, ("onnx", "onnxscript", "onnxruntime")))
if here:
    with tempfile.TemporaryDirectory() as place:
        plain = compression.to_onnx(full, Path(place, "full.onnx"))
        small = compression.int8_onnx(plain, Path(place, "int8.onnx"))
        sizes = {"ONNX, float32": plain.stat().st_size, "ONNX, int8": small.stat().st_size}
        served = {name: compression.OnnxModel(p) for name, p in zip(sizes, (plain, small))}
    both = {"PyTorch, float32": full, **served}
    times = {size: median_times(both, turns, **batch) for size, batch in inputs.items()}
    choices = {
        name: predict_logits(model, rows["validation"], tokenizer).argmax(-1)
        for name, model in both.items()
    }
    lines = {
        name: [
            sizes.get(name, cost.size_in_bytes(full)) / 1e6,
            times[1][name],
            times[32][name],
            float((choices[name] == choices["PyTorch, float32"]).mean()),
        ]
        for name in both
    }
    report.add_table("onnx", lines)
lines = report.table("onnx")
if not here:
    print("not measured here: the extra serve (onnx, onnxscript, onnxruntime) is not installed")
    print("the reference run's, on its machine:" if lines else "and the ledger has no such table")
if lines:
    print(f"{'':<20}{'MB':>7}{'ms x1':>8}{'ms x32':>9}{'same decision':>15}")
    for name, (size, one, many, same) in lines.items():
        print(f"{name:<20}{size:>7.2f}{one:>8.2f}{many:>9.1f}{same:>15.3f}")
cpu = Path("/proc/cpuinfo")
flags = set(cpu.read_text().split()) if cpu.exists() else set()
told = [flag for flag in ("avx_vnni", "avx512_vnni", "amx_int8") if flag in flags]
print("instructions for int8 that this CPU names:", ", ".join(told) or "none that are known here")

# %% [markdown]
# In the reference run the int8 file took about a third of the bytes of float32, in either form, and decided as PyTorch does on nearly all validation sentences. For one sentence it was clearly the fastest. For 32 the table does not decide between it and PyTorch, whose own time differs from section 7's by more than int8 is ahead. How much of its speed is owed to the bits? Compare it with ONNX in float32 rather than with PyTorch, or two things change at once: ONNX in float32 was faster than PyTorch for one sentence, and slower for 32.
#
# Three things to look at before you believe such a table. The threads must be equal on both sides. The CPU should have instructions made for int8: a user whose CPU had none saw the quantized file run slower than float32 ([onnxruntime#6977](https://github.com/microsoft/onnxruntime/issues/6977)). And the decisions must be compared on the machine that will serve, for the same int8 file can answer differently on another CPU ([onnxruntime#14642](https://github.com/microsoft/onnxruntime/issues/14642)).
#
# ### A phone, a microcontroller
#
# What would a model need on a small device? The weights must lie in its memory, and the multiply-adds decide the time. Both follow, roughly, from the model's shape: scales, biases and normalisation are left out here. The last column divides by a hundred million multiply-adds a second, as if the chip did nothing else.


# %% tags=["nbval-check-output"]
def needs(layers, width, inner, vocabulary, positions, tokens=32):
    """How many weights an encoder has, and the multiply-adds for one text of so many tokens."""
    linear = layers * (4 * width**2 + 2 * width * inner)
    tables = (vocabulary + positions + 2) * width  # words, positions, two segments
    return linear + tables, tokens * linear + 2 * layers * tokens**2 * width


shapes = {
    "BERT-base": (12, 768, 3072, 30522, 512),
    "MiniLM-6": (6, 384, 1536, 30522, 512),
    "the shipped teacher": (3, 128, 512, 2000, 128),
    "the offline student": (1, 64, 128, 2000, 128),
}
print(f"{'MB at':<22}{'32 bits':>9}{'8':>9}{'4':>9}{'2':>9}{'seconds':>10}")
for name, shape in shapes.items():
    numbers, work = needs(*shape)
    in_mb = [numbers * bits / 8 / 1e6 for bits in (32, 8, 4, 2)]
    print(f"{name:<22}" + "".join(f"{size:>9.2f}" for size in in_mb) + f"{work / 1e8:>10.3f}")

# %% [markdown]
# Even at two bits a model of BERT's size takes tens of megabytes, and the memory of a microcontroller is two to three orders of magnitude smaller than a phone's ([Lin and others 2020](https://arxiv.org/abs/2007.10319)). For such devices bits are the last step, after a smaller network.
#
# ### What was expected
#
# The signs below were written into this lesson's [settings](../kd_course/lessons/lesson12/settings.py) before the reference run read its test sentences. Four of them stayed open, and none came out the other way. For the comparison that turned out to matter most, distilled against the better scale, no guess was made.

# %%
print(experiments.expectation_table(report))

# %% [markdown]
# ## What you can now do
#
# - Draw, for any model, where fewer bits, lower rank and narrower layers begin to hurt, before you train anything.
# - Train through rounding, and say what the gradient is told.
# - Count bytes with scales and with what stays in float32; know the rank that saves nothing.
# - Set controls beside a mended model: nothing trained, labels alone, the teacher's choices without its doubts, answers that belong to other sentences.
# - Choose from a Pareto front, and name what it does not show.
#
# ## Where this goes wrong in practice
#
# - **The control that does nothing is missing.** Then two trainings are compared, and nobody sees that neither was needed.
# - **The cheap control is missing.** Then a training is credited with what a better scale does for nothing.
# - **The scale is one code off.** Divided by half of all codes, it leaves the largest weight without one, or, where nothing is cut off, gives it a code that the bits do not have.
# - **A row of zeros**, 0/0, and the whole model answers NaN.
# - **No straight-through**: rounded weights get no gradient, and nothing learns but biases, normalisation and the head.
# - **Evaluated with rounding, shipped without it**, or the other way round.
# - **Scales or look-up tables forgotten in the bytes**: a small model may be mostly tables.
# - **All singular values in one factor**: the product is right, so nobody notices that the two learn at unequal pace.
# - **Neurons removed on one side only**, or other ones on each side: then shapes may fit, and the answers are nonsense.
# - **Batches of one timed for a service that batches**, with gradients on, with unequal threads, or with the tokenizer on one side only.
# - **Exported in train mode.** PyTorch exports a model as it stands, its dropout included, and no more than warns. Call `eval()` first, and compare the file's answers with the model's.
#
# ## Further reading
#
# - B. Jacob and others: [*Quantization and training of neural networks for efficient integer-arithmetic-only inference*](https://arxiv.org/abs/1712.05877). CVPR 2018. Fake quantization in training.
# - Y. Bengio, N. Léonard, A. Courville: [*Estimating or propagating gradients through stochastic neurons for conditional computation*](https://arxiv.org/abs/1308.3432). arXiv:1308.3432, 2013. The straight-through estimator.
# - A. Polino, R. Pascanu, D. Alistarh: [*Model compression via distillation and quantization*](https://arxiv.org/abs/1802.05668). ICLR 2018. Quantized distillation, into a smaller student.
# - W. Zhang and others: [*TernaryBERT: distillation-aware ultra-low bit BERT*](https://arxiv.org/abs/2009.12812). EMNLP 2020.
# - M. Xin and others: [*Quantization-aware distillation for NVFP4 inference accuracy recovery*](https://arxiv.org/abs/2601.20088). arXiv:2601.20088, 2026. A technical report; the teacher is the model itself.
# - S. K. Esser and others: [*Learned step size quantization*](https://arxiv.org/abs/1902.08153). ICLR 2020. LSQ.
# - M. Ben Noach, Y. Goldberg: [*Compressing pre-trained language models by matrix decomposition*](https://aclanthology.org/2020.aacl-main.88/). AACL 2020. Two factors, then distillation.
# - P. Michel, O. Levy, G. Neubig: [*Are sixteen heads really better than one?*](https://arxiv.org/abs/1905.10650). NeurIPS 2019.
# - P. Molchanov and others: [*Importance estimation for neural network pruning*](https://arxiv.org/abs/1906.10771). CVPR 2019.
# - V. Sanh, T. Wolf, A. M. Rush: [*Movement pruning: adaptive sparsity by fine-tuning*](https://arxiv.org/abs/2005.07683). NeurIPS 2020. Weights stay that move away from zero while a model is fine-tuned, not those that are large already.
# - M. Xia, Z. Zhong, D. Chen: [*Structured pruning learns compact and accurate models*](https://arxiv.org/abs/2204.00408). ACL 2022. CoFi: what to take out is learnt together with the weights, with distillation inside.
# - C. Eckart, G. Young: [*The approximation of one matrix by another of lower rank*](https://doi.org/10.1007/BF02288367). Psychometrika 1, 1936.
# - J. Lin and others: [*MCUNet: tiny deep learning on IoT devices*](https://arxiv.org/abs/2007.10319). NeurIPS 2020. Where a network and its engine are made for a microcontroller.
# - E. J. Hu and others: [*LoRA: low-rank adaptation of large language models*](https://arxiv.org/abs/2106.09685). ICLR 2022. The other low rank.
#
# ## Where you stand
#
# Your exercises of this lesson, and which of them are still open.

# %%
show_progress("12")
