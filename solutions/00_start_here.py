# %% [markdown]
# # 00 · Start here: what can a small model learn from a large one?
#
# Large language models are good and expensive. *Knowledge distillation* trains a small one, the **student**, to
# believe what a large one, the **teacher**, believes. This course has you do it, measure what it brings, and find
# out when it brings nothing. This first lesson shows how the course works.
#
# **You will be able to**
# - run a lesson, and see whether everything is there;
# - read what a check tells you, and ask it for help;
# - choose a scale;
# - say what a result has to stand beside before you believe it.
#
# **You need** Python, and tensors at least by sight. Nothing about distillation.
#
# **Minutes** 25, of which the computer needs a few seconds.
#
# **What runs** the same at every scale (`offline`, `small`, `full`): one picture and a few small tensors. Nothing is
# downloaded, nothing is trained.
#
# Code stands in cells with a grey ground. Click on one and press <kbd>Shift</kbd>+<kbd>Enter</kbd>: it runs,
# and the next one is selected. Cells build on each other, so go from top to bottom. The first one loads what the lesson uses.

# %% tags=["setup"]
import matplotlib.pyplot as plt
import torch
from matplotlib.patches import FancyBboxPatch

from kd_course import divergences, plots, settings, storage
from kd_course.commands import doctor
from kd_course.exercises import check, hint, show_progress

plots.style()
torch.set_printoptions(precision=4, sci_mode=False)

# %% [markdown]
# ## 1 · The idea, in one picture
#
# A headline is labelled *negative*, and that is all a label says. A teacher says more: mostly negative, perhaps
# neutral, hardly positive. Its whole distribution is the **soft target**, and a student is trained on it, besides
# the label. How much the soft target weighs against the label is a number between 0 and 1, called $\alpha$.
#
# The picture has a third model in it. Look for the one that nobody taught.

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(9.6, 5.0))
axes.set(xlim=(0, 100), ylim=(0, 52))
axes.axis("off")
ink, size = plots.COLOURS["ink"], 9.5


def box(x, y, width, height, text, colour, weight="normal"):
    shape = FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=1.2", lw=1.8)
    shape.set(edgecolor=colour, facecolor=colour + "22")
    axes.add_patch(shape)
    axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=size, weight=weight, color=ink)


def bars(x, y, heights, colour, title):
    for i, (height, name) in enumerate(zip(heights, ("neg", "neu", "pos"))):
        axes.bar(x + 4 * i, 8 * height, bottom=y, width=3, color=colour)
        axes.text(x + 4 * i, y - 0.6, name, ha="center", va="top", fontsize=8, color=ink)
    axes.plot([x - 2, x + 10], [y, y], color=ink, lw=0.8)
    axes.text(x + 4, y + 8 * max(heights) + 1.2, title, ha="center", va="bottom", fontsize=size, color=ink)


def arrow(start, end, colour, text="", at=(0, 0), bend=0.0):
    style = dict(arrowstyle="-|>", color=colour, lw=1.8, shrinkA=2, shrinkB=2, connectionstyle=f"arc3,rad={bend}")
    axes.annotate("", end, start, arrowprops=style)
    axes.text(*at, text, fontsize=size - 0.5, color=ink, ha="center", va="center")


box(1, 19.5, 20, 11, "“Bank cuts 2,000 jobs\nas profit doubles”", ink)
box(27, 33, 19, 14, "TEACHER\nlarge, trained,\nno longer changes", plots.COLOURS["teacher"], "bold")
bars(33, 7, (1, 0, 0), plots.COLOURS["truth"], "hard label")
bars(55, 34.5, (0.62, 0.30, 0.08), plots.COLOURS["teacher"], "soft target")
box(55, 18, 17, 9, "STUDENT\nsmall", plots.COLOURS["student"], "bold")
box(55, 3, 17, 9, "CONTROL\nthe same student", plots.COLOURS["control"], "bold")
box(83, 35, 16, 11, "what the student\nkeeps of its teacher:\nretention", plots.COLOURS["neutral"])
box(83, 8, 16, 14, "student − control\nwhat the teacher\nwas worth", plots.COLOURS["highlight"])

arrow((12, 31), (27, 40), ink, bend=-0.15)
arrow((12, 19), (30, 11), ink, "people read it", (13.5, 11), bend=0.15)
arrow((46, 37), (52.5, 37), plots.COLOURS["teacher"])
arrow((60.5, 32), (62.5, 27), plots.COLOURS["teacher"], "weight α", (67.5, 29.8))
arrow((43.5, 11.5), (55, 21), plots.COLOURS["truth"], "weight 1 − α", (52.8, 13.2))
arrow((43.5, 8.5), (55, 7.5), plots.COLOURS["truth"], "weight 1", (49.3, 5.9))
arrow((72, 24), (83, 36), plots.COLOURS["student"], bend=0.1)
arrow((72, 21), (83, 17), plots.COLOURS["student"])
arrow((72, 8), (83, 13), plots.COLOURS["control"])
arrow((46, 44.5), (83, 43.5), plots.COLOURS["teacher"])
axes.text(91, 47.5, "measured on test rows\nthat no model learnt from", ha="center", fontsize=size - 0.5, color=ink)
axes.set_title("Three arms: the teacher, its student, and the student nobody taught")
plots.show(
    figure,
    alt="A diagram. A headline goes to a large teacher, which turns it into a soft target of three bars: mostly negative, "
    "some neutral, a little positive. People give the same headline a hard label, a single bar at negative. The small "
    "student learns from the soft target with weight alpha and from the hard label with weight one minus alpha. The "
    "control is the same student and learns from the hard label alone. On test rows, what the student keeps "
    "of its teacher is the retention; student minus control is what the teacher was worth.",
)

# %% [markdown]
# Mind the box called *control*. Suppose you read that a student "keeps 97 % of its teacher", and no more. But how much would the small model have reached on its own? Every gain in this course is one over a
# **control** that answers this. Sometimes the teacher was worth a lot. Sometimes nothing, and then we say so.
#
# Two more words come up with every result. A training run begins with random numbers, and its **seed** fixes which:
# the same model trained with another seed ends a little better or worse. So each way to train that an
# experiment compares, an *arm*, is trained with several seeds in the *reference runs*, which the authors made once.
# Their figures are kept with the course, in the *ledger*; your own run is shown beside them. And a
# figure that was measured with a few seeds on a few hundred test rows would come out otherwise with others. The
# **interval** beside it says how far: it is the range in which the true figure plausibly lies.
# The tables say over what an interval was taken: seeds, test rows, or both. What has no seed to vary, a finished
# teacher for instance, has one over test rows alone.
#
# What you will find out for yourself:
#
# | question | lesson |
# |---|---|
# | Which ways are there to a smaller model, and what does each cost? | [01 · Why distil?](01_why_distil.ipynb) |
# | What does it cost to believe the wrong thing? | [02 · From surprise to KL](02_from_surprise_to_kl.ipynb) |
# | What exactly is a student trained on, and why does a $T^2$ stand in it? | [03 · Distillation losses](03_distillation_losses.ipynb) |
# | What does a teacher know that a label does not say? | [04 · Dark knowledge](04_dark_knowledge.ipynb) |
# | What happens between a teacher and a finished student? | [05 · The training loop](05_training_loop.ipynb) |
# | Is a small model enough to read the news, and was the teacher any use? | [06 · Text classification](06_text_classification.ipynb) |
# | Can a small model translate like a large one? | [07 · Machine translation](07_machine_translation.ipynb) |
# | Can it find the answer in a passage? | [08 · Question answering](08_question_answering.ipynb) |
#
# ## 2 · Is everything here?
#
# This table says what the course runs on. Where something is missing, the line below it says what to do. The same
# table appears in a terminal, in the course's folder, with `python -m kd_course doctor`. There `python` is the
# course's own: `.venv/bin/python` (Windows: `.venv\Scripts\python`), or `python` where that environment is activated.

# %%
print(doctor.table())

# %% [markdown]
# ## 3 · Three scales, the same cells
#
# Every lesson runs at three scales. The scale changes the settings, never a cell.
#
# | scale | data | models | runs on |
# |---|---|---|---|
# | `offline` | generated with the course: the true probabilities are known | small, trained from scratch; teachers come with the course | two cores, minutes, no network |
# | `small` | real, from the [Hugging Face Hub](https://huggingface.co) (*the hub* from here on) | a small pretrained teacher | two cores and some patience, or a GPU |
# | `full` | real, whole | BERT-base and its kind | a GPU |
#
# Choose one before you start Jupyter: `KD_SCALE=small make lab` (in PowerShell: `$env:KD_SCALE = "small"`, then
# start JupyterLab). Without that, it is `offline`. Each lesson's head says what the scales mean there; the README
# has a table of how long they took where it was measured.
#
# What is dear to compute is kept: a teacher's answers, a download, a model you trained. It lies in one folder, the
# **cache**. Files appear there whole or not at all, they are checked when they are read, and you may delete the
# folder at any time; what is needed is then made again.

# %%
print("scale:", settings.scale())
print("cache:", storage.cache_folder())

# %% [markdown]
# ## 4 · Your first exercise: scores into beliefs
#
# A classifier does not compute probabilities. It computes one **score** a class (a *logit*): any real number, small or
# very large, and the higher the likelier. Here are two headlines.

# %%
classes = ["negative", "neutral", "positive"]
scores = torch.tensor([[2.0, 1.0, -1.0], [0.3, 0.2, 0.1]])  # (headlines, classes)

# %% [markdown]
# To become beliefs they must be positive, and each row must sum to one. The exponential makes any number positive;
# dividing by the row's sum does the rest. Before that, the scores $z$ are divided by a **temperature** $T$. On paper:
#
# $$ p_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}} $$
#
# With $T = 1$ this is the usual *softmax*. ($e^{1000}$ is too large for a computer's numbers; your function has to deal with that.) A higher temperature
# makes the distribution flatter, and the less likely
# classes become visible. What they are worth to a student, [lesson 04](04_dark_knowledge.ipynb) measures.
#
# ### Get it wrong, on purpose
#
# To see what a check has to say, begin with a mistake: divide the scores by their sum, and leave
# the exponential out. Run this.

# %%
def first_try(scores, temperature):
    return scores / scores.sum(dim=-1, keepdim=True)


check("00.1", first_try)

# %% [markdown]
# Read it from the top:
#
# - `✗` and *not yet*. A check does not stop the notebook: you can go on and come back.
# - **The slip has a name.** Every exercise knows some mistakes. When your results are the ones that such a
#   mistake gives, the check says which, and what to think about.
# - **The smallest case that fails**: what went in, what should come out, what came out. Here a probability came out
#   negative.
#
# When a mistake is not known, the check says what the failing cases have in common ("large scores", "a single row"),
# if they have something in common. What your function prints is shown as well, so a `print` inside helps.
#
# Help comes when you ask for it, in a cell of your own: `hint("00.1")` asks you a question, called again it points in a
# direction, and the third time it says where the worked answer stands.
#
# | sign | means |
# |---|---|
# | `✓` | right on every case |
# | `○` | not attempted yet, or only noted for the one who marks it; no harm done |
# | `✗` | not yet, and why |
#
# ### What holds for every exercise
#
# - **How it is written does not matter**: with a loop or without, in single or double precision, with other names for
#   the arguments, as long as their order stays. What "You may use" excludes is refused where a
#   check can tell; where it cannot, the line says "please".
# - **A function leaves its arguments as it found them.** Whoever called it still needs them. In-place edits such as
#   `scores /= 2` count as wrong, even where the result is right.
# - **A function returns a tensor** unless its docstring says otherwise. A single number may be a tensor or a Python
#   number; 4096 and 4096.0 are the same. Where the kind of numbers matters (booleans, int8), the docstring says so.
# - **A value** may be a `float`, a `Fraction`, or a tensor of no dimensions. A quiz takes its letter in quotation
#   marks: `"c"`, `"C"` or `"(c)"`.
# - **Every sentence counts**: for whatever the text or the docstring asks, there is a case that tries it.
#
# ### Exercise 00.1 · Scores into beliefs
# {{exercise:00.1}}
#
# Now write the formula properly, so that it is right for every score that a model may compute. Replace the line `...`
# by your own, run the cell, then run the check below it. In later lessons, too, `...` marks what is yours to write,
# and the text between the quotation marks says what goes in and what comes out.

# %% exercise="00.1"
def soften(scores, temperature):
    """What a model believes, from its scores: a distribution a row, flatter the higher the temperature.

    scores: (rows, classes), any real numbers, 1000 among them. temperature: any positive number.
    Returns (rows, classes), no number negative, each row summing to one.
    """
    ### BEGIN SOLUTION
    scaled = scores / temperature
    powers = torch.exp(scaled - scaled.max(dim=-1, keepdim=True).values)  # the largest is exp(0)
    return powers / powers.sum(dim=-1, keepdim=True)
    ### END SOLUTION


# %% check="00.1"
check("00.1", soften)

# %% [markdown]
# Large scores are a trap for hand-written losses: $e^{1000}$ is infinite to a
# computer, and infinity over infinity is no number. A constant taken off all scores of a row changes nothing in the
# formula and everything on the machine.
#
# After an exercise, the lesson goes on with the course's own version, so that nothing that follows depends on
# yours. Here it is `divergences.softmax`. In a cell of your own, `divergences.softmax??` shows how it is written: the
# whole package is meant to be read.

# %% tags=["nbval-check-output"]
print("             ", "  ".join(f"{name:>8}" for name in classes))
for temperature in (0.5, 1.0, 2.0, 8.0):
    beliefs = divergences.softmax(scores[:1], temperature)[0]
    print(f"T = {temperature:<4}     ", "  ".join(f"{belief:8.4f}" for belief in beliefs))

# %% [markdown]
# One set of scores, four distributions. At $T = 0.5$ the belief is mostly *negative*; at $T = 8$ the three are closer
# together. What a temperature is worth to a student is a question for lessons 04 and 06.
#
# The mistake from before, on the same headline, for comparison: it sums to one and is no distribution.

# %% tags=["nbval-check-output"]
wrong = first_try(scores[:1], 1.0)[0]
print("shares:", [round(share, 4) for share in wrong.tolist()], "  sum:", round(wrong.sum().item(), 4))
try:
    divergences.entropy(wrong)
except ValueError as error:
    print("refused:", error)

# %% [markdown]
# The package refuses what makes no sense and says why, instead of computing something that looks like a result. When
# you see such a message in red, read its last line first.
#
# ## 5 · What a result has to stand beside
#
# Some exercises ask for a value. Say a teacher misreads 10 of 100 test headlines, and its student 13.
#
# ### Exercise 00.2 · How much the student keeps
# {{exercise:00.2}}
#
# **Retention** is the share of the teacher's accuracy that the student reaches. Assign it to `retention`, as a
# fraction of 1 and to three decimals or more; you may let Python do the arithmetic.

# %% exercise="00.2"
retention = ...
### BEGIN SOLUTION
retention = 0.87 / 0.90
### END SOLUTION

# %% check="00.2"
check("00.2", retention)

# %% [markdown]
# That share sounds impressive. Now suppose a model of the student's shape, trained on the same headlines with nothing but
# their labels, misreads 14.

# %% tags=["nbval-check-output"]
errors = {"the teacher": 10, "the student": 13, "the same model, untaught": 14}  # of 100 rows
for name, wrong_rows in errors.items():
    print(f"{name:<26}{wrong_rows:>4} errors")
worth = errors["the same model, untaught"] - errors["the student"]
print(f"what the teacher was worth{worth:>4} point")

# %% [markdown]
# Nearly all that the student keeps was there without a teacher. And one point on 100 rows is one headline; another hundred, or another
# seed, might turn it round. So the course asks of every result: beside which control? how many seeds? how wide is the
# interval?
#
# ### Exercise 00.3 · What is the control?
# {{exercise:00.3}}
#
# A paper distils a six-layer student from a twelve-layer teacher. The student starts from six of the teacher's own
# layers, copied, and learns for ten epochs from the soft targets and the labels of 5,000 headlines. It ends two points
# above six layers that started from random weights and learnt for three epochs from the labels of the same headlines.
# "So soft targets are worth two points", says the paper. Which arm is missing, before it can say what the soft targets
# were worth? Assign the letter, in quotation marks.
#
# {{choices:00.3}}

# %% exercise="00.3"
control = ...
### BEGIN SOLUTION
control = "c"
### END SOLUTION

# %% check="00.3"
check("00.3", control)

# %% [markdown]
# A quiz explains the choice you made. Once you have the right one, it explains them all. (In an assignment that a
# teacher handed out it is only noted, and you learn with your marks whether it was right.)
#
# ## What you can now do
#
# - Run a lesson from top to bottom, and see with `doctor` whether everything is there.
# - Read a check: the named slip, the smallest failing case; and ask `hint` for the next step.
# - Choose a scale, and know that the cache may be deleted.
# - Turn scores into beliefs, softer or sharper.
# - Ask of a result what it stands beside.
#
# Go on with [01 · Why distil?](01_why_distil.ipynb), which puts distillation beside the other ways to a smaller model,
# then [02 · From surprise to KL](02_from_surprise_to_kl.ipynb) and
# [03 · Distillation losses](03_distillation_losses.ipynb) for the loss itself; or straight to
# [06 · Text classification](06_text_classification.ipynb) to see the three arms run.
#
# ## Where this goes wrong in practice
#
# - **Cells run out of order.** A variable then holds what a later cell put there. When results are odd, choose *Kernel → Restart
#   Kernel and Run All Cells*: it is the only state that counts.
# - **The function was edited but its cell was not run again.** The check sees the old one. Run the cell, then the check.
# - **A check that passes is not a proof.** It tries a handful of cases, the edges among them. Where a mark is given, other inputs are
#   drawn.
# - **A result without its control.** It says what the student reached, not what the teacher was worth: hence the box called *control* in section 1.
# - **A figure from one seed.** Train the same student twice, with another seed, and the accuracy moves: by how much, the lessons that
#   train show. A reported gain may be smaller than that.
#
# ## Further reading
#
# - G. Hinton, O. Vinyals and J. Dean, [*Distilling the Knowledge in a Neural Network*](https://arxiv.org/abs/1503.02531), 2015. Nine pages that gave the
#   method its name; read the first two now.
# - C. Buciluă, R. Caruana and A. Niculescu-Mizil, [*Model Compression*](https://doi.org/10.1145/1150402.1150464), KDD 2006, 535–541. The idea nine years earlier: a small network
#   imitates an ensemble on unlabelled data.
# - V. Sanh, L. Debut, J. Chaumond and T. Wolf, [*DistilBERT, a distilled version of BERT: smaller, faster, cheaper and
#   lighter*](https://arxiv.org/abs/1910.01108), 2019. Half of BERT's layers.
# - J. Gou, B. Yu, S. J. Maybank and D. Tao, [*Knowledge Distillation: A Survey*](https://arxiv.org/abs/2006.05525), International
#   Journal of Computer Vision 129, 1789–1819, 2021. A map of the field, to come back to.
#
# ## Where you stand
#
# What you have solved is kept on this machine alone; `python -m kd_course progress` shows all lessons.

# %%
show_progress("00")
