# %% [markdown]
# # 15 · Can you fit a model into a budget, and say honestly what it can do?
#
# A distilled model is a claim: this small thing does nearly what that large one did. In the capstone you make such a model within a budget, and you write the claim so that a reader who doubts every word of it finds nothing to mend. This lesson is the way there: four exercises in reading and writing claims, and one rehearsal from the first question to the finished report.
#
# **You will be able to**
# - work inside a counted budget: bytes, milliseconds, minutes, and trials;
# - say how much of a gain is search, and give the control the same search;
# - read an interval aloud without saying more than it says;
# - choose among models of which none is best in everything;
# - write a report that a program can recompute and a stranger can believe.
#
# **You need** lessons [01](01_why_distil.ipynb) (what a model costs), [05](05_training_loop.ipynb) and [06](06_text_classification.ipynb) (an experiment with its control), and the lessons that your brief builds on: section 1 names them.
#
# **Minutes** 90, of which the computer needs about three; your own capstone takes several days.
#
# **When an exercise resists**, `hint("15.1")` asks a question first, then gives a direction, and last says where the answer stands in the [worked edition](../solutions/15_capstone.ipynb).
#
# **What runs** at `offline`: the exercises, and in the worked edition a shortened run of brief A with generated news headlines and the news teacher that ships with the course. At `small` and `full`: brief E, with [Financial PhraseBank](https://arxiv.org/abs/1307.5336) and [MiniLM](https://arxiv.org/abs/2002.10957) as the teacher. The cells are the same; `KD_SCALE` chooses the brief.

# %% tags=["setup"]
import base64
import io
import math
import tempfile
import time
from html import escape
from pathlib import Path

import datasets
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
import transformers
from matplotlib.ticker import LogLocator, NullFormatter
from tabulate import tabulate
from transformers import DataCollatorWithPadding

from kd_course import (
    capstone,
    experiments,
    models,
    plots,
    settings,
    teachers,
    widgets,
)
from kd_course.distillation import add_teacher_logits, predict_logits, train_with_recipe
from kd_course.exercises import check, hint, show_progress

plots.style()
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
datasets.disable_progress_bars()
setting = settings.for_lesson("15")
print(setting)

# %% [markdown]
# The table belongs to the rehearsal in section 6.
#
# ## 1 · What is asked?
#
# You get a teacher, data and a **budget**. You hand in a folder with a model, a report, a list of the training texts (as digests, `training_rows.txt`), and the notebook that made them. A program gives half of the hundred points: it loads your model, asks it the test rows, and computes your figures again. A person reads the notebook and gives the other half, for what no program can see.

# %% tags=["nbval-check-output"]
briefs = capstone.BRIEFS
rows = [
    (
        key,
        brief.title,
        brief.figure,
        f"{brief.budget.size / 1e3:,.0f} kB",
        f"{brief.budget.latency:g}",
        f"{brief.budget.minutes:g}",
    )
    for key, brief in briefs.items()
]
header = ("", "brief", "figure", "size, at most", "of the teacher's time", "minutes")
print(tabulate(rows, header, tablefmt="plain", disable_numparse=True))

# %% [markdown]
# Choose one:
#
# - *A, news*: the student of [lesson 06](06_text_classification.ipynb) with less room. Its tokenizer counts as well.
# - *B, translation*: *right* is a translation that the grammar of these sentences allows. The time goes into writing it word by word ([lesson 07](07_machine_translation.ipynb)), so the question is what the decoder can do without. With the teacher's tokenizer the time is enough for one narrow layer. A larger Chinese vocabulary leaves fewer pieces to write, and the bytes allow for it; but then there are fewer examples of each to learn from.
# - *C, reading*: questions about people, companies and cities that no training text names ([lesson 08](08_question_answering.ipynb)). Five questions belong to one passage, and for the interval a passage counts as one row.
# - *D, headlines*: a small writer. *Valid* is a headline that the grammar can derive. At least 40 in 100 must be, on average over the method's seeds: here the figure is a limit, too. Towards this limit a headline that is written a second time, or was trained on, does not count. In [lesson 14](14_generative_teachers.ipynb), where such a headline does count, the teacher reached {{ledger:14/offline/teacher/valid share|percent}}, and the student without a teacher {{ledger:14/offline/labels/valid share|percent}}.
# - *E*, at `small`: sentences from financial news, real ones, and not many of them. The model from the hub has not learnt the task yet, so fine-tune it first, on the training rows, as [lesson 06](06_text_classification.ipynb) does. The student of lesson 06 does not fit: the embeddings of its 30,522 pieces alone take more than 10 MB, even with eight bits each. There is one test split, so nothing can be rehearsed on other test rows. To see that everything runs, go through steps 1 to 4 in another folder, with a few steps of training, and choose nothing by it. Other lessons show figures on the same test rows at `small`; if you have run them, say so under `limits`.
#
# The budget is three limits at once. *Size* is every byte of the folder that holds the model, its tokenizer included. *Time* is a share of the teacher's: both are timed in turns on one machine, a single input at a time, because milliseconds from two machines cannot be compared. *Minutes* are those of one final training of the method, on your machine. The method must be one that a lesson of this course teaches, and whatever may be learnt from is in `brief.data()`. The test rows are not.
#
# A fourth number you choose yourself: how many **trials** you make. It is not limited. It is counted, and your control must be given as many.

# %%
print(capstone.brief(setting.brief))

# %% [markdown]
# ## 2 · How much of a gain is search?
#
# Whoever tries more recipes reports a better best on average, even when all recipes are equally good. So the best score of a search says little without the number of trials behind it. [Dodge and others (2019)](https://aclanthology.org/D19-1224/) report a curve instead, the **expected validation performance**: the score that the best of $n$ trials has on average, for every $n$. No further training is needed. The curve is computed from the trials that were made anyway, each treated as one draw among equals. For several published comparisons, they found, the authors would have come to another conclusion with more or with less computation.
#
# ### Exercise 15.1 · The best of n trials
# {{exercise:15.1}}
#
# `values` are the scores that trials had on the validation split, the higher the better, in no order; some may be equal, some below zero. Draw `n` times from them with replacement, each trial as likely as any other, and keep the highest score. Return its mean over all such draws, exactly: no random numbers. `n` is at least 1 and may be larger than the number of values.


# %% exercise="15.1"
def expected_best(values, n):
    """The best validation score that n trials have on average.

    values: list of float, one a trial, not sorted; n: int, at least 1. Returns a float.
    """
    ### BEGIN SOLUTION
    ordered = np.sort(values)
    below = np.arange(len(ordered) + 1) / len(ordered)
    return float((ordered * np.diff(below**n)).sum())
    ### END SOLUTION


# %% check="15.1"
check("15.1", expected_best)

# %% [markdown]
# Here are two searches that this course has made. Both belong to [lesson 10](10_expensive_teachers.ipynb): a student that learns from a teacher's hard answers, and a control without a teacher that was given twice the steps. Each was tried with seven learning rates. The pair is picked because its curves cross, which many others do not. Nor is it a fair one: each trial of the control takes twice the steps, and the teacher has learnt from 40,000 labels, the control from 2,000. The curves below are made by drawing very often, not with your function.

# %% tags=["nbval-check-output"]
searches = experiments.ledger().run("10", "offline")["tables"]["grid"]
arms = {
    "a teacher's hard answers": [accuracy for _, accuracy, _ in searches["hard answers"]],
    "no teacher, twice the steps": [a for _, a, _ in searches["control, twice the steps"]],
}
trials = list(range(1, 13))
random = np.random.default_rng(0)
curves = {
    name: [100 * random.choice(found, (20_000, n)).max(axis=1).mean() for n in trials]
    for name, found in arms.items()
}
for n in (1, 3, 12):
    ahead = max(curves, key=lambda name: curves[name][n - 1])
    print(f"best of {n:>2}: " + ", ".join(f"{c[n - 1]:.1f} % {name}" for name, c in curves.items()))
    print(f"            ahead: {ahead}")

# %% tags=["hide-input"]
looks = {
    "a teacher's hard answers": ("student", "o-"),
    "no teacher, twice the steps": ("control", "s--"),
}


def draw_curves(axes, marked):
    """Both curves, and a line at the number of trials that is looked at."""
    for name, curve in curves.items():
        colour, line = looks[name]
        axes.plot(trials, curve, line, color=plots.COLOURS[colour], label=name)
        axes.plot(marked, curve[marked - 1], "D", color=plots.COLOURS["ink"], markersize=8)
    axes.axvline(marked, color=plots.COLOURS["ink"], linestyle=":", linewidth=1)
    axes.set(xlabel="trials", ylabel="expected best accuracy, %")
    axes.set_xticks(trials)
    axes.set_title("Who is ahead depends on how much was tried")
    axes.legend(loc="lower right")


def curves_in_words(marked):
    """The picture's text alternative."""
    told = ", ".join(f"{name} {curve[marked - 1]:.1f} %" for name, curve in curves.items())
    ahead = max(curves, key=lambda name: curves[name][marked - 1])
    return f"The best of {marked} trial{'s' * (marked > 1)} on average: {told}. Ahead: {ahead}."


def curves_at(marked):
    """The widget's picture as HTML, with its text alternative."""
    figure, axes = plt.subplots(figsize=(7.2, 3.4))
    draw_curves(axes, marked)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    plt.close(figure)
    png = base64.b64encode(buffer.getvalue()).decode()
    text = escape(curves_in_words(marked))
    return f'<img alt="{text}" src="data:image/png;base64,{png}"><p>{text}</p>'


slider = ipywidgets.IntSlider(value=1, min=1, max=trials[-1], description="trials")
picture = ipywidgets.HTML(curves_at(1))
slider.observe(lambda change: setattr(picture, "value", curves_at(change["new"])), names="value")
widgets.show(
    ipywidgets.VBox([slider, picture]),
    instead="In a running notebook a slider for the number of trials stands here; the next picture "
    "shows both curves.",
)

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7.2, 3.6))
draw_curves(axes, 3)
plots.show(
    figure,
    alt="Two curves over the number of trials, 1 to 12, which cross. "
    + " ".join(curves_in_words(n) for n in (1, 3, 12)),
)

# %% [markdown]
# The curves cross. On average over these rates, one trial is better spent on the control, and three are better spent on the teacher's answers. A report that gives only the best score of each tells half of that, and one that gives a single try tells the other half. Neither sentence is false. The question was incomplete: it did not say how much search.
#
# The curve has limits of its own. Each score is the mean of three trainings, on validation rows, and how far chance could move the curves they do not show. Learning rates from a grid are no random draws, and seven are few: here the crossing hangs on a single trial. At the lowest rate the student of hard answers learnt next to nothing, and without that rate in both lists the teacher's answers are ahead from the first trial on. So a curve is told together with the list that it was computed from. And it tends to be too low: [Tang and others (2020)](https://arxiv.org/abs/2004.13705) show that the estimate is biased, and give one without that bias, which never draws a trial twice.
#
# For your capstone this means three things:
#
# - **Count every trial,** the failed ones too: call `report.tried` after each. What a rehearsal has searched is searched again in the folder that you hand in.
# - **Give the control the same:** as many trials with as many different recipes, as many steps, rows and labels. The machine compares them. Text without labels may be the method's alone, if the control had every label that there is; then say that the gain may be the text's.
# - **Look at the edge.** Where the best recipe is the first or last of its list, the search stopped too early.
#
# ### How to spend a few trials
#
# Write down how many trials there will be, and which, before the first one. Ten minutes of arithmetic belong there: trials times arms times the seconds of one training, and the same again for the seeds. Then spend the trials on what matters most, which for a small student is nearly always the learning rate. Take steps of a factor of two, wide enough that both ends are bad. Temperature and α come second; [lesson 06](06_text_classification.ipynb) has a map of both for its student.
#
# One seed is enough for a trial. Seeds are for the arms that are finished, where they measure how far a training can be off by chance. A trial that crashed is a trial. So is one that you stopped because it looked bad: you looked. And where the method's list grows because its best was at the edge, the control's list grows as well.
#
# ## 3 · What may be said of an interval?
#
# How wide an interval will be can be known *before* anything is trained, at least roughly. Suppose that on a share $d$ of the test rows one of two arms is right and the other wrong, and that seeds play no part. On each row the difference is then −1, 0 or 1, and over the rows its variance is about $d$. So the interval of the difference in accuracy reaches about $1.96\sqrt{d/R}$ to either side, with $R$ rows; times 100, that is in points.

# %% tags=["nbval-check-output"]
print("half an interval, in points, where two arms differ on …")
print(f"{'test rows':>10}{'5 % of rows':>14}{'10 %':>8}{'20 %':>8}")
for count in (200, 500, 2000, 10_000):
    halves = [196 * math.sqrt(share / count) for share in (0.05, 0.1, 0.2)]
    print(f"{count:>10}{halves[0]:>14.1f}{halves[1]:>8.1f}{halves[2]:>8.1f}")

# %% [markdown]
# Seeds make it wider; section 6 shows how much. How likely an experiment is to show a gain that is there is called its **statistical power**. With 200 rows a gain of one point has hardly any chance to be shown, and whoever sets out to show it will report either nothing or luck. [Card and others (2020)](https://aclanthology.org/2020.emnlp-main.745/) looked at published experiments in NLP and found that such underpowered ones are common; that makes it more likely, too, that the gains that are reported are exaggerated. [Dror and others (2018)](https://aclanthology.org/P18-1128/) read what appeared in two leading places in 2017, and found that tests of significance were often left out or misused.
#
# ### Exercise 15.2 · An interval read aloud
# {{exercise:15.2}}
#
# An invented report: three seeds, 2,000 test rows. Distilled student minus control, in points of accuracy: 0.9, 95 % interval [−0.3, 2.1], taken over seeds and rows. Which sentence may stand below it?
#
# {{choices:15.2}}

# %% exercise="15.2"
may_be_said = ...
### BEGIN SOLUTION
may_be_said = "c"
### END SOLUTION

# %% check="15.2"
check("15.2", may_be_said)

# %% [markdown]
# An interval that holds zero does not say that there is no difference. It says that you cannot tell, and how much is left open.
#
# ## 4 · Which model would you take?
#
# There is no best model. One is smaller, one faster, one more often right. But some can be struck off the list without knowing what they are for: those that another model beats. What is left is called the **Pareto front**.
#
# ### Exercise 15.3 · Beaten by nobody
# {{exercise:15.3}}
#
# `models` holds one tuple a model: bytes, milliseconds, accuracy. Of the first two less is better, of the third more. A model beats another if it is nowhere worse than the other and somewhere better. Models that are equal in all three figures do not beat one another. Return the positions of the models that no other model beats, counted from 0, in ascending order.


# %% exercise="15.3"
def pareto_front(models):
    """The positions of the models that no other beats in bytes, time and accuracy together.

    models: list of (bytes, milliseconds, accuracy), at least one. Returns a list of int, ascending.
    """

    ### BEGIN SOLUTION
    def beats(a, b):
        nowhere_worse = a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2]
        return nowhere_worse and a != b

    return [i for i, model in enumerate(models) if not any(beats(other, model) for other in models)]
    ### END SOLUTION


# %% check="15.3"
check("15.3", pareto_front)

# %% [markdown]
# [Lesson 01](01_why_distil.ipynb) measured these models for one task. Which of them does your function keep?

# %%
measured = experiments.ledger().run("01", "offline")["figures"]


def mean_of(name):
    """The mean over seeds of one of lesson 01's figures."""
    return float(np.mean(list(measured[name]["values"].values())))


listed = {
    name.removesuffix("/accuracy"): (
        1e6 * mean_of(name.replace("accuracy", "MB on disk")),
        mean_of(name.replace("accuracy", "ms, 1 sentence")),
        mean_of(name),
    )
    for name in measured
    if name.endswith("/accuracy")
}
kept = pareto_front(list(listed.values())) or []
for i, (name, (size, milliseconds, right)) in enumerate(listed.items()):
    sign = "front" if i in kept else ""
    print(f"{name:<28}{size / 1e3:>7.0f} kB{milliseconds:>6.2f} ms{100 * right:>7.1f} %   {sign}")

# %% tags=["hide-input"]


def staircase(pairs):
    """The models of a plane that are better than all that cost less: (cost, figure), ascending."""
    best, steps = -math.inf, []
    for cheap, figure in sorted(pairs, key=lambda pair: (pair[0], -pair[1])):
        if figure > best:
            steps.append((cheap, figure))
            best = figure
    return steps


def draw_budget(named, size, milliseconds, title, figure_name):
    """Two views of the same models, each with the part of the plane that the budget leaves.

    named: name -> (bytes, milliseconds, figure in percent). Returns the picture in words.
    """
    figure, panels = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    limits = (size / 1e3, milliseconds)
    marks = "osD^vPX*<>hp"
    for place, (axes, limit) in enumerate(zip(panels, limits)):
        points = [(v[place] / (1e3 if place == 0 else 1), v[2]) for v in named.values()]
        axes.axvspan(0, limit, color=plots.COLOURS["truth"], alpha=0.12, label="within the budget")
        axes.axvline(limit, color=plots.COLOURS["truth"], linewidth=1)
        steps = staircase(points)
        axes.step(
            [x for x, _ in steps] + [1.15 * max(x for x, _ in points)],
            [y for _, y in steps] + [steps[-1][1]],
            where="post",
            color=plots.COLOURS["ink"],
            linewidth=1,
            label="beaten by nobody in this view",
        )
        colours = [plots.COLOURS[c] for c in ("teacher", "student", "truth", "accent", "highlight")]
        for i, (name, (x, y), mark) in enumerate(zip(named, points, marks)):
            colour = colours[i % len(colours)]
            axes.plot(x, y, mark, color=colour, markersize=8, label=name, linestyle="none")
        axes.set(xscale="log", xlabel=("kB on disk", "milliseconds, one sentence")[place])
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlim(0.7 * min(limit, *(x for x, _ in points)), 1.3 * max(x for x, _ in points))
    panels[0].set_ylabel(figure_name)
    panels[1].legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.suptitle(title)
    inside = [n for n, v in named.items() if v[0] <= size and v[1] <= milliseconds]
    told = "; ".join(
        f"{n} {v[0] / 1e3:.0f} kB, {v[1]:.2f} ms, {v[2]:.1f} %" for n, v in named.items()
    )
    plots.show(
        figure,
        alt=f"Two scatter plots of {figure_name}, over kB on disk and over milliseconds, with the budget "
        f"of {limits[0]:.0f} kB and {limits[1]:.2f} ms shaded. {told}. "
        f"Within both limits: {', '.join(inside) or 'none'}.",
    )


draw_budget(
    {name: (size, ms, 100 * right) for name, (size, ms, right) in listed.items()},
    size=800e3,
    milliseconds=1.0,
    title="Lesson 01's models, and a budget of 800 kB and 1 ms",
    figure_name="accuracy, %",
)

# %% [markdown]
# The budget is invented. A model must lie in the shaded part of *both* panels. The line joins what nobody beats in one view; in three figures together more can survive, which is what your function finds. Look at how close together in time the models of one architecture lie. The differences are the clock's as much as the model's, and a front that hangs on them is not to be trusted. Nor is one that hangs on a tenth of a point of accuracy: the table has means, without their intervals.
#
# The front says who may be taken. It does not say who should be: how much accuracy is a kilobyte worth, and for whom? That is your decision, and the report has to say it is one. A model that is worse for one kind of sentence is paid for by those who write such sentences.
#
# ## 5 · What does a reader look for who does not believe you?
#
# Most sentences that mislead are true. They leave out what they should be compared with, or what was done before they were written. That is why the [reproducibility checklist](https://2021.aclweb.org/calls/reproducibility-checklist) of the ACL's 2021 conference does not ask whether results are good. It asks for the machine, the run time and the number of parameters; for the validation score beside every test score; for the exact number of training runs; for the bounds of every hyperparameter, how values were chosen and by which criterion; for mean and variance.
#
# ### Why is the test opened once?
#
# Because every further look is a trial, too. Suppose that your models are all equally good, and that you report the highest of their test scores. Then section 2 applies to the test: the best of $n$ looks better than it is. Here is by how much, for models that are right on 70 % of all sentences.

# %% tags=["nbval-check-output"]
random = np.random.default_rng(0)
print("how many points too good the best of n equally good models looks:")
print(f"{'models':>8}{'500 test rows':>16}{'2,000':>8}")
for n in (1, 3, 10, 30):
    excess = [
        100 * (random.binomial(count, 0.7, (20_000, n)).max(axis=1).mean() / count - 0.7)
        for count in (500, 2000)
    ]
    print(f"{n:>8}{excess[0]:>16.1f}{excess[1]:>8.1f}")

# %% [markdown]
# One look costs nothing. With every further one the same models look better, and with fewer rows they do so faster. The models here answer independently of one another; variants of one model agree more, and then it is less. But nobody knows how much less, and so nobody can take it off again. Validation rows are there to be looked at. The test is for the one sentence at the end.
#
# In the capstone, `report.open_test()` hands out the rows and writes a dated line into the report: when, how many, which model. Whatever comes later changes nothing of it. Should you find a mistake after you have opened the test, mend it, open it again, and give both results, the first one in your own words under `limits`. It costs three of the machine's points. It is no disgrace, and far better than the one that looks as if there had been no mistake.
#
# ### Exercise 15.4 · Three dishonest sentences
# {{exercise:15.4}}
#
# Below is an invented report. Three of its nine sentences would mislead a reader, although every figure in the report is right. Give their numbers in ascending order, as a list such as `[1, 2, 4]`.
#
# > 1. The learning rate of each of our three arms was chosen on the validation split from the same six values; all eighteen trials are listed in the appendix.
# > 2. The control is the same student, with the same rows and the same number of steps, trained without a teacher.
# > 3. The distilled student keeps 97 % of its teacher's accuracy, so nearly all that it knows comes from the teacher.
# > 4. It is 0.6 points more accurate than the control, 95 % interval [0.1, 1.1] over five seeds and 2,000 test rows.
# > 5. The accuracy in our title is that of the model we publish, the one of the five seeds that did best on the test rows.
# > 6. On headlines of fewer than five words it is worse than the control, and we do not know why.
# > 7. Two attempts with hidden states failed; they took a third of our computing time, and stand in the appendix as well.
# > 8. The difference between an eight-bit copy and the model itself is not significant (interval [−1.9, 0.4]), so eight bits cost nothing.
# > 9. One sentence at a time, on this laptop, it needs two fifths of the teacher's time; larger batches were not measured.

# %% exercise="15.4"
dishonest = ...
### BEGIN SOLUTION
dishonest = [3, 5, 8]
### END SOLUTION

# %% check="15.4"
check("15.4", dishonest)

# %% [markdown]
# ## 6 · From a question to a report
#
# Now the whole way once, with the brief that the settings name. In the worked edition this is a *rehearsal*: small, quick, and on test rows of a seed of its own, so that it leaves the brief's rows unread. (Brief E, at `small`, has one test split, and there the run reads it.) In the learner's edition the same steps are a scaffold, and it is yours to fill. It does nothing until you have written down a question.
#
# ### Step 1: the question comes first
#
# A good question names what would change your mind. "Does distillation work?" cannot be answered. "Is a student of this size more often right with the teacher's probabilities than with labels alone, at the same search?" can be answered with no.

# %% tags=["worked"]
brief = capstone.brief(setting.brief)
data = brief.data()
if setting.run.limit:
    data = type(data)(
        {
            split: rows.select(range(min(setting.run.limit, len(rows))))
            for split, rows in data.items()
        }
    )
folder = Path(tempfile.mkdtemp()) / "capstone"
report = capstone.start(brief.key, folder, author="worked edition", test_seed=setting.test_seed)
report.say(
    question="Is this student more often right with the teacher's probabilities than with the labels "
    "alone, if both are searched for equally long? If the interval of the difference holds 0, I shall "
    "say that I cannot tell; if probabilities that belong to other sentences do as well, I shall say "
    "that it is not what the teacher knows that helps."
)
print({split: len(rows) for split, rows in data.items()})

# %% tags=["scaffold"]
brief = capstone.brief("A")  # or "B", "C", "D"; at `small` also "E"
question = ""  # what would change your mind? Write it down before you train anything
seed_of_test = 990  # a rehearsal's rows; None once you mean it, in a new folder, and for E always
plan = {  # arm -> what it is, and its teacher; add arms of your own
    "method": {"what": "", "teacher": brief.teacher},
    "control": {"what": "", "teacher": ""},
}
folder = Path("capstone")  # report.json grows here while you work
begun = bool(question)
if begun:
    data = brief.data()
    report = capstone.start(brief.key, folder, author="your name", test_seed=seed_of_test)
    report.say(question=question)
    print({split: len(rows) for split, rows in data.items()})
else:
    print("The capstone begins with a question: write it into the cell above.")

# %% [markdown]
# ### Step 2: the arms
#
# The rehearsal has three. The *method* learns from the teacher's probabilities for every training sentence. The *control* is the same student on the labels alone. The third hears the same probabilities *dealt out* among the sentences, so that each is softened by what the teacher said of another one: if that helps as much, the teacher's knowledge is not the reason. The teacher is asked once. The student has a tokenizer of its own, because the teacher's would take a good part of its bytes; since the teacher's answer is about a whole sentence, the two need not share their pieces.
#
# Where a teacher answers piece by piece, as in B, C and D, the two must share them. Otherwise the student learns from what the teacher writes or marks, without its probabilities, or takes one of the detours that [lesson 14](14_generative_teachers.ipynb) shows for another tokenizer.
#
# D's headlines are drawn at temperature 1. But a temperature can be written into the weights: where the last layer norm's weights and biases are divided by 0.8, so are all logits, and the model writes as it did at temperature 0.8. So the first thing that a reader of D asks is whether a colder control would have done as well.

# %% tags=["worked"]
names = data["train"].features["label"].names
texts = list(data["train"]["text"])
tokenizer = models.train_tokenizer(texts, vocabulary=setting.vocabulary)
transformers.set_seed(0)
teacher, teacher_tokenizer = models.load(teachers.obtain(brief.teacher), names)


def rows_of(split, tokenizer):
    """A split as rows of ids, with their labels."""
    encoded = tokenizer(list(data[split]["text"]), truncation=True, max_length=setting.max_length)
    columns = zip(encoded["input_ids"], encoded["attention_mask"], data[split]["label"])
    return datasets.Dataset.from_list(
        [{"input_ids": i, "attention_mask": m, "labels": label} for i, m, label in columns]
    )


if "teacher" in setting.recipes:  # one of the hub's has not learnt this task yet
    train_with_recipe(
        teacher,
        rows_of("train", teacher_tokenizer),
        setting.recipes["teacher"],
        setting,
        seed=0,
        data_collator=DataCollatorWithPadding(teacher_tokenizer),
    )
teacher = teacher.cpu().eval()
told = predict_logits(teacher, rows_of("train", teacher_tokenizer), teacher_tokenizer)
dealt_out = told[np.random.default_rng(0).permutation(len(told))]
own = rows_of("train", tokenizer)
train_rows = {
    "method": add_teacher_logits(own, torch.as_tensor(told)),
    "control": own,
    "answers dealt out": add_teacher_logits(own, torch.as_tensor(dealt_out)),
}
plan = {
    "method": ("the teacher's probabilities and the labels", brief.teacher),
    "control": ("the same student on the labels alone", ""),
    "answers dealt out": ("the teacher's probabilities, each for another sentence", brief.teacher),
}
report.trained_on(texts)

# %% tags=["scaffold"]
STEPS, ROWS = 300, None  # of one training; None: all training rows
# Brief E: fine-tune the teacher here, on labels that the control has as well. If you try several
# recipes for it, count them, too: report.tried("teacher", …).


def train(arm, recipe, seed):
    """One training of an arm with a recipe and a seed: the model, in eval mode."""
    raise NotImplementedError("train the arm here, as the lesson of your brief does")


def validate(model, tokenizer):
    """The model's figure on validation rows, 0 … 100.

    In D copies count as well. Towards the goal they do not: report.towards_goal(rows, answers).
    """
    rows = brief.rows(data["validation"])
    answers = capstone.answers(model, tokenizer, brief, rows)
    return 100 * float(capstone.scores(brief, rows, answers).mean())


recipes = {arm: [] for arm in plan}  # arm -> the recipes to be tried, dicts; as many for every arm
tokenizer = None  # the student's own, or the teacher's; B has two, in a pair
if begun:
    report.trained_on([])  # every text that any arm reads, a teacher's, too; no student's own
else:
    print("Nothing to train yet.")

# %% [markdown]
# ### Step 3: trials, counted
#
# Every recipe that is tried goes into the report with its score on the validation rows, for all arms alike. The chosen one is the best of its arm. The test has no say, because nobody has seen it.

# %% tags=["worked"]
collate = DataCollatorWithPadding(tokenizer)
validation = data["validation"].select(range(min(setting.validated, len(data["validation"]))))


def trained(arm, recipe, seed):
    """One training of an arm: the model, and how many seconds it took."""
    began = time.perf_counter()
    student = models.classifier(setting.student, tokenizer, names, seed=seed)
    trainer = train_with_recipe(
        student, train_rows[arm], recipe, setting, seed=seed, data_collator=collate
    )
    return trainer.model.cpu().eval(), time.perf_counter() - began


def validated(model, tokenizer=tokenizer):
    """The share of validation sentences that the model gets right, in percent."""
    answers = capstone.answers(model, tokenizer, brief, list(validation))
    return 100 * float(capstone.scores(brief, list(validation), answers).mean())


chosen = {}
for arm, (what, whose) in plan.items():
    scores = {}
    first = setting.grid(arm)[0]
    about = {"steps": first.steps, "rows": len(own), "labels": len(own)}
    report.arm(arm, what=what, teacher=whose, recipe=vars(first), **about)
    for recipe in setting.grid(arm):
        model, seconds = trained(arm, recipe, seed=0)
        scores[recipe] = validated(model)
        report.tried(
            arm,
            vars(recipe),
            validation=scores[recipe],
            steps=recipe.steps,
            rows=len(own),
            seconds=seconds,
        )
    chosen[arm] = max(scores, key=scores.get)
    report.arm(arm, what=what, teacher=whose, recipe=vars(chosen[arm]), **about)
    tried = "  ".join(f"{r.learning_rate:g}: {score:.1f}" for r, score in scores.items())
    edge = chosen[arm] in (setting.grid(arm)[0], setting.grid(arm)[-1])
    print(f"{arm:<20}{tried}{'   at the edge: search on' if edge else ''}")

# %% tags=["scaffold"]
if begun:
    chosen = {}
    for arm, about in plan.items():
        scores = []
        for recipe in recipes[arm]:
            began = time.perf_counter()
            scores.append(validate(train(arm, recipe, seed=0), tokenizer))
            report.tried(
                arm,
                recipe,
                validation=scores[-1],
                steps=STEPS,
                rows=ROWS or len(data["train"]),
                seconds=time.perf_counter() - began,
            )
        chosen[arm] = recipes[arm][int(np.argmax(scores))]
        rows = ROWS or len(data["train"])
        report.arm(arm, **about, recipe=chosen[arm], steps=STEPS, rows=rows, labels=rows)
        print(arm, chosen[arm], [f"{score:.1f}" for score in scores])
else:
    print("No trial has been made.")

# %% [markdown]
# ### Step 4: what is given up
#
# A budget can be met in several ways, and each gives up something else. So look at a few models beside one another, with the budget's box, and choose. Validation rows are enough for it, and the test is still closed. What counts is what comes out of the folder: the helper below writes a model, reads it back, and counts the bytes.


# %%
def read_back(model, tokenizer, int8=True):
    """A model as it would be served, written to a folder and read from it; and the folder's bytes."""
    scratch = Path(tempfile.mkdtemp()) / "scratch"
    size = capstone.save_model(
        capstone.start(brief.key, scratch), model, tokenizer, seed=0, int8=int8
    )
    return capstone.load_model(scratch, brief)[0], size


# %% tags=["worked"]
sentence = data["validation"][0]["text"]


def in_turns(asked, turns):
    """How long each model takes for one sentence, tokenizer included: the median, in milliseconds.

    asked: name -> (model, tokenizer). They take turns, so that whatever else the machine does meets all.
    """
    spent = {name: [] for name in asked}
    limits = {"truncation": True, "max_length": setting.max_length}
    for _ in range(turns):
        for name, (model, tokenizer) in asked.items():
            began = time.perf_counter()
            with torch.no_grad():
                model(**tokenizer(sentence, return_tensors="pt", **limits))
            spent[name].append(1e3 * (time.perf_counter() - began))
    return {name: float(np.median(times)) for name, times in spent.items()}


teacher_folder = Path(tempfile.mkdtemp())
teacher.save_pretrained(teacher_folder)
teacher_tokenizer.save_pretrained(teacher_folder)
sizes = {"teacher": sum(file.stat().st_size for file in teacher_folder.iterdir())}
asked = {"teacher": (teacher, teacher_tokenizer)}
for width, vocabulary in setting.candidates:
    pieces = models.train_tokenizer(texts, vocabulary=vocabulary)
    student = models.classifier(width, pieces, names, seed=0)
    train_with_recipe(
        student,
        add_teacher_logits(rows_of("train", pieces), torch.as_tensor(told)),
        chosen["method"],
        setting,
        seed=0,
        data_collator=DataCollatorWithPadding(pieces),
    )
    for bits in (8, 16):
        name = f"{width}, {vocabulary} pieces, {bits} bits"
        model, sizes[name] = read_back(student.cpu().eval(), pieces, int8=bits == 8)
        asked[name] = (model, pieces)
times = in_turns(asked, turns=5 if setting.run.shortened else 60)
teachers_time = times["teacher"]
candidates = {name: (sizes[name], times[name], validated(*asked[name])) for name in asked}
for name, (size, time_taken, figure) in candidates.items():
    inside = size <= brief.budget.size and time_taken <= brief.budget.latency * teachers_time
    print(
        f"{name:<28}{size / 1e3:>8.0f} kB{time_taken:>7.2f} ms{figure:>7.1f} %   {'fits' * inside}"
    )

# %% tags=["scaffold"]
weighed = {}  # name -> (a trained model, its tokenizer, whether in eight bits)
candidates = {}  # name -> (bytes, milliseconds, figure on validation rows in percent)
for name, (model, reads, int8) in weighed.items():
    served, size = read_back(model, reads, int8=int8)
    spent = capstone.timed(brief, served, reads)  # on no test row
    candidates[name] = (size, spent["ms"], validate(served, reads))
    teachers_time = spent["teacher_ms"]  # measured beside it

# %% tags=["hide-input"]
if candidates:
    draw_budget(
        candidates,
        size=brief.budget.size,
        milliseconds=brief.budget.latency * teachers_time,
        title=f"What could have been handed in, and the budget of brief {brief.key}",
        figure_name=f"{brief.figure} on validation rows, %",
    )
else:
    print("The picture is drawn once there are candidates.")

# %% [markdown]
# The picture has one training a candidate, so a step of a point or two between neighbours says nothing. It is there to show what is out of reach, and what is cheap. If two candidates decide your claim, train both with several seeds.
#
# A training by whose score something is chosen is a trial. So if this picture decides the width or the vocabulary, its trainings go into `report.tried`, and the control is given the same choice. (The rehearsal's student was set beforehand. That is why its list holds learning rates only.)
#
# Three ways save bytes: a narrower student, a smaller vocabulary, fewer bits. They need not cost the same, and not all of them save time: a smaller vocabulary leaves more pieces to read. Where a candidate is just too large, look at which of the three it has not used yet.
#
# ### Step 5: seeds, the model, and then the test
#
# The order matters. Every arm is trained with three seeds at least. The model that will be handed in, the method's first seed, is written to the folder, and what counts from here on is the copy that was *read back*: eight-bit weights do not answer quite as the weights did that were trained. All arms are compared in that form. Only then is the test opened, and the report notes the hour, the rows and the model. A second opening is not forbidden. It is written down as well, and the reader may think about it.

# %% tags=["worked"]
finished, seconds = {}, {}
for arm in plan:
    for seed in setting.seeds:
        finished[arm, seed], seconds[arm, seed] = trained(arm, chosen[arm], seed)

served = {key: read_back(model, tokenizer)[0] for key, model in finished.items()}
first_seed = setting.seeds[0]
size = capstone.save_model(
    report, finished["method", first_seed], tokenizer, seed=first_seed, int8=True
)
print(f"the folder of the model: {size:,} bytes of {brief.budget.size:,}")

rows = report.open_test(setting.run.limit or setting.tested)
right = {}
for (arm, seed), model in served.items():
    answers = capstone.answers(model, tokenizer, brief, rows)
    report.answered(arm, seed, answers, seconds=seconds[arm, seed])
    right[arm, seed] = capstone.scores(brief, rows, answers)
print(f"the test was opened: {len(rows)} rows")

# %% tags=["scaffold"]
SEEDS = (0, 1, 2)
everything_is_chosen = False  # True opens the brief's own rows; a rehearsal goes on without
rehearsed = seed_of_test is not None
if begun and (rehearsed or everything_is_chosen and not report.told["test_openings"]):
    finished, seconds = {}, {}
    for arm in plan:
        for seed in SEEDS:
            began = time.perf_counter()
            finished[arm, seed] = train(arm, chosen[arm], seed)
            seconds[arm, seed] = time.perf_counter() - began
    served = {key: read_back(model, tokenizer)[0] for key, model in finished.items()}
    capstone.save_model(report, finished["method", SEEDS[0]], tokenizer, seed=SEEDS[0], int8=True)
    rows = report.open_test()  # once: whatever is to be chosen has been chosen
    for (arm, seed), model in served.items():
        answers = capstone.answers(model, tokenizer, brief, rows)
        report.answered(arm, seed, answers, seconds=seconds[arm, seed])
else:
    print("The test is not opened now: it is too early, or it was opened before, which is enough.")

# %% [markdown]
# ### Step 6: the claim
#
# The sentence follows from the interval, so a few lines can write it. They know three sentences, and none of them says *works*.


# %%
def in_words(claim):
    """What the interval of method minus control allows to be said."""
    low, high = float(claim["low"]), float(claim["high"])
    ends = f"95 % interval [{claim['low']}, {claim['high']}] over seeds and test rows"
    if low > 0:
        return f"The method is ahead of its control by {claim['difference']} points, {ends}."
    if high < 0:
        return (
            f"The method is behind its control by {abs(float(claim['difference']))} points, {ends}."
        )
    return f"Whether the method is ahead of its control cannot be told: {claim['difference']} points, {ends}."


# %% tags=["worked"]
claim = report.claim("to be written")
claim = report.claim(in_words(claim))
print(claim["sentence"])

figures = experiments.Report(
    "15",
    setting.run.scale,
    data=experiments.fingerprint(row["text"] for row in rows),
    test_seed=setting.test_seed,
    shortened=setting.run.shortened,
)
scores = {arm: np.stack([right[arm, seed] for seed in setting.seeds]) for arm in plan}
for arm in plan:
    figures.add_rows(f"{arm}/accuracy", scores[arm], seeds=setting.seeds)
for one, other in (
    ("method", "control"),
    ("method", "answers dealt out"),
    ("answers dealt out", "control"),
):
    gain = figures.add_rows(
        f"{one}/gain over {other}", scores[one], scores[other], seeds=setting.seeds
    )
    print(f"{one} minus {other}: {gain}")

# %% tags=["scaffold"]
if begun and report.told["runs"]:
    claim = report.claim("to be written")
    claim = report.claim(in_words(claim))
    print(claim["sentence"])
else:
    print("Nothing can be claimed yet.")

# %% [markdown]
# In the reference run, with {{ledger:15/offline/method/gain over control|count}} seeds, method minus control is {{ledger:15/offline/method/gain over control|interval}} (0.01 is one point). Every seed is on the method's side, and still the interval holds 0. So the sentence is that it cannot be told. Had the interval excluded 0, the gain would still not be the probabilities' alone: the news teacher has learnt from 40,000 labels, the control from 4,000, and no arm here sets the two apart.
#
# Could section 3 have foretold it? No, for its formula leaves the seeds out, and here they differ widely: one by one they gain {{ledger:15/offline/method/gain over control|range}}. An interval from the seeds' gains alone, without a look at single rows, is as wide as the one above; from the first three of them it would be more than twice as wide. Three seeds are the least that the machine takes. To show a gain as small as this one, plan for more.
#
# The third arm looks like a clear verdict. Dealt-out probabilities minus control: {{ledger:15/offline/answers dealt out/gain over control|interval}}. Does softness without knowledge do harm, then? Look at the arm itself. Its accuracy is the same to the last digit in every seed, as it is of models that give every sentence one and the same class. Nine tenths of its loss say nothing of the sentence, and the last tenth may be too little for so few steps; more steps were not tried. A control that cannot win is beaten by anybody. In a capstone it would be searched over α as well, and a reader who is told only that the method beat a random teacher has been misled by a true sentence.
#
# ### Step 7: words, and the check
#
# What is left is what nobody can compute: what was given up, who pays for it, what failed on the way, and where the claim ends. Then let the machine look before your teacher does.

# %% tags=["worked"]
of_the_data = {
    "A": "The headlines are generated: nothing is said of real ones. The teacher has learnt from many "
    "more labels than the control, so a gain may be theirs as much as the method's.",
    "E": "One data set with one test split, of which other lessons show figures, too. The teacher has "
    "learnt from the control's labels and no others; its recipe is lesson 06's and was not searched.",
}
report.measure(*capstone.load_model(folder, brief))
report.say(
    tradeoff="The student was set before the picture was drawn; the picture did not choose it. Eight bits, "
    "a narrow layer and a small vocabulary were chosen together; what each costs alone is in the picture "
    "for one seed. Who pays is not known: no slice of the sentences was looked at.",
    limits="A rehearsal: few steps, one teacher, one size of student. " + of_the_data[brief.key],
    failed=["None was tried and left out: every trial stands in the list."],
)
print(capstone.check_folder(folder))

# %% tags=["scaffold"]
if begun and report.told["runs"]:
    report.measure(*capstone.load_model(folder, brief))
    report.say(tradeoff="", limits="", failed=[])
    print(capstone.check_folder(folder))
else:
    print("There is no report to check.")

# %% [markdown]
# `python -m kd_course check 15 FOLDER` prints the same, for any folder (it asks the model without the locked box). A rehearsal fails one line on purpose: it has opened other rows than the brief's. A finished capstone, with the brief's rows opened once, lies in [solutions/capstone](../solutions/capstone/), and beside it two weaker ones.
#
# ## 7 · Who reads it, and what for?
#
# The machine believes nothing of the report that it can find out by itself.
#
# - *The model* is loaded in a locked box: safetensors, a configuration of a known class and a tokenizer, and nothing that could run. Its bytes are counted.
# - *Its answers* to the test rows are computed again and must be the report's. So are the figures, the difference and both ends of the interval, to the digits that you give.
# - *Seeds and trials* are counted: three seeds at least, the same for method and control, and for the control as many trials, different recipes, steps, rows and labels. No two runs of these two arms may answer every row alike, and the recipe of each must be one that was tried.
# - *The test* must have been opened once, by the model that lies in the folder, and no test row may be among the training texts that you list. Of A, B and C the machine then draws rows that are new to everybody: a model that is much better on the test than on them has learnt the test.
# - *The time* is measured again, beside the teacher; a tenth above the budget is let pass, because a measured time varies. (In brief E, beside a model of the teacher's shape, untrained, which reads with your tokenizer: so the check of the time needs no download.)
#
# What the report alone can tell, it takes from you: what your other seeds and your control answered, how many trials there were, how long they took, and whether somebody looked at the test without `open_test`, or in a second folder. So a report can be forged, and the machine will not see it. The person has the notebook, and may train one of your arms again. Nor does the machine see whether the question was worth asking. That is the person's half: ten points for each of five things. The [rubric](../docs/capstone_rubric.md) has four levels, 0, 3, 7 and 10, with a good and a tempting example for each. Here are the highest:
#
# | | ten points when … | tempting, and worth three at most |
# |---|---|---|
# | question | it says what you would conclude from each way it can come out, or how small a gain would matter, and was written first | "We show that distillation works for news" |
# | control | it was searched as well as the method, with no best at an edge, and one more control takes another explanation of the gain apart | "97 % of the teacher", with a control nobody tuned |
# | evidence | every sentence is as strong as its interval; it is known which kinds of rows (slices) the mean comes from, or how far its probabilities can be believed (calibration), and how many such looks there were | "significantly better", one seed |
# | trade-off | what was given up is on the picture, and who pays is named: by a measurement, or as something not known | "the best model within the budget" |
# | candour | a stranger gets the same from the folder; failures and limits are told; you tried to break your claim, and say what came of it | "code available on request" |
#
# Points are not given for a large gain. A capstone that finds its method no better than the control, and shows it well, gets all of them. (In brief D the goal must be reached all the same.)
#
# ## What you can now do
#
# - Compare two searches at the same number of trials, and say at which number the answer turns.
# - Say before an experiment how small a gain it could show.
# - Read an interval aloud, and stop where it stops.
# - Strike off the models that nobody should take, and say openly what decided among the rest.
# - Hand in a claim that can be recomputed.
#
# ## Where this goes wrong in practice
#
# - **The control is searched less.** Its defaults are "known to be good", the method has a grid. The gain may be the grid's.
# - **The best of the seeds is shown**, or the best of them on the test rows is the one that is published.
# - **The test is looked at, then something is changed.** From then on it is a second validation split, and nobody says so.
# - **The model that was measured is not the one that is served**: float weights in the table, eight bits in the folder.
# - **Something not found is called absent.** An interval that holds zero is read as "no loss".
# - **Latency from two machines,** or from two days, in one table.
# - **The tokenizer is left out of the bytes**, or the text that only the teacher labelled is left out of the check for leaks.
# - **A mean that hides who pays**: a rare class, short sentences, new names.
#
# ## Further reading
#
# - J. Dodge, S. Gururangan, D. Card, R. Schwartz, N. A. Smith: [*Show your work: improved reporting of experimental results*](https://aclanthology.org/D19-1224/). EMNLP 2019. The curve of section 2, and what to report besides.
# - R. Tang, J. Lee, J. Xin, X. Liu, Y. Yu, J. Lin: [*Showing your work doesn't always work*](https://arxiv.org/abs/2004.13705). ACL 2020. Why that curve is biased, and an estimate that is not.
# - D. Card, P. Henderson, U. Khandelwal, R. Jia, K. Mahowald, D. Jurafsky: [*With little power comes great responsibility*](https://aclanthology.org/2020.emnlp-main.745/). EMNLP 2020. How large a gain an experiment can show.
# - R. Dror, G. Baumer, S. Shlomov, R. Reichart: [*The hitchhiker's guide to testing statistical significance in natural language processing*](https://aclanthology.org/P18-1128/). ACL 2018. Which test fits which measure.
# - [*Reproducibility checklist*](https://2021.aclweb.org/calls/reproducibility-checklist) of ACL-IJCNLP 2021. One page; read your report against it.
#
# ## Where you stand
#
# Your exercises of this lesson, and which of them are still open.

# %%
show_progress("15")
