# %% [markdown]
# # 06 · Is a small model enough to read the news?
#
# A large model tells good financial news from bad. You want a small one that does it nearly as well, because you pay for every sentence it reads. In this lesson you distil it, and you find out what the teacher was worth: every result stands beside a **control**, the same student, with the same budget, without a teacher.
#
# **You will be able to**
# - look at a data set before you trust it, and catch a leak between training and test rows;
# - distil a classifier with `DistillationTrainer`, with and without unlabelled text;
# - say how sure you are that the teacher helped: several seeds, a paired interval, and the control;
# - measure what accuracy hides: calibration, agreement, the worst slice, distance to the truth;
# - save the student, load it again, and say what it costs to run.
#
# **You need** lessons 02 and 03 (KL divergence, soft and hard loss), PyTorch, and to have seen a transformers model before.
#
# **Minutes** 90, of which the computer needs about two.
#
# **What runs** at `offline`: generated headlines whose true class probabilities are known, a teacher that ships with the course, students trained from scratch, no network. At `small`: Financial PhraseBank, MiniLM as teacher, a student with a third of its layers. At `full`: BERT-base and a student of DistilBERT's size, on a GPU. The cells are the same; `KD_SCALE` chooses the settings (and `KD_DATASET=stanfordnlp/sst2` takes film reviews instead of news, at `small` and `full`).

# %% tags=["setup"]
import copy
import re

import datasets
import matplotlib.pyplot as plt
import numpy as np
import torch
import transformers
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from transformers import DataCollatorWithPadding

from kd_course import cost, experiments, metrics, models, plots, settings, teachers
from kd_course.corpora import classification, news
from kd_course.distillation import (
    DistillationTrainer,
    add_teacher_logits,
    cached_teacher_outputs,
    predict_logits,
    training_arguments,
)
from kd_course.exercises import check

plots.style()
transformers.logging.set_verbosity_error()
datasets.disable_progress_bars()
setting = settings.for_lesson("06")
print(setting)

# %% [markdown]
# The table above is the whole difference between the scales. *labelled* is how many labelled sentences the student may use, *transfer* how many unlabelled ones its teacher may label for it, and *pool* where those come from (the data set's own, or the generated headlines). Section 7 says how the recipes were chosen.
#
# ## 1 · The data, before anything else
#
# Each row is a sentence of financial news and a label: does it read as bad, neutral or good news for the company it speaks of?

# %%
data = classification.load(
    setting.dataset,
    labelled=setting.labelled,
    transfer=setting.transfer,
    pool=setting.pool,
    limit=setting.run.limit,
)
names = data["train"].features["label"].names
classes = range(len(names))
for row in data["train"].select(range(6)):
    print(f"{names[row['label']]:>8}  {row['text']}")

# %% [markdown]
# How many rows are there, how common is each class, and how long are the sentences? A rare class is easy to neglect, and a long sentence may not fit the model.

# %%
print(f"{'split':<24}{'rows':>7}   " + "   ".join(f"{name:>8}" for name in names))
for split, rows in data.items():
    shares = (
        [np.mean(np.array(rows["label"]) == c) for c in classes] if split != "unlabelled" else []
    )
    print(f"{split:<24}{len(rows):>7}   " + "   ".join(f"{share:8.1%}" for share in shares))

# %%
figure, axes = plt.subplots()
words = [len(text.split()) for text in data["train"]["text"]]
axes.hist(words, bins=range(0, max(words) + 2), color=plots.COLOURS["neutral"])
axes.set(title="How long the training sentences are", xlabel="words", ylabel="sentences")
plots.show(
    figure,
    alt=f"Histogram of sentence lengths: most training sentences have between {np.quantile(words, 0.1):.0f} "
    f"and {np.quantile(words, 0.9):.0f} words, the longest {max(words)}.",
)

# %% [markdown]
# ### Does a test sentence stand in the training set?
#
# A model that has seen the test sentences is not tested by them. The same headline often runs in several papers, with other capitals or spaces, so an exact comparison is not enough.
#
# ### Exercise 06.1 · Test rows that stand in the training rows
# {{exercise:06.1}}
#
# Return the positions, in ascending order, of the test texts that also stand in the training texts. Capitals do not matter, and any run of white space counts as one space (none at the ends).


# %% exercise="06.1"
def leaked_rows(train_texts, test_texts):
    """Positions in test_texts of the texts that train_texts hold too, in any case and spacing.

    train_texts, test_texts: lists of str. Returns a list of int, ascending.
    """

    ### BEGIN SOLUTION
    def plain(text):
        return " ".join(text.lower().split())

    train = {plain(text) for text in train_texts}
    return [i for i, text in enumerate(test_texts) if plain(text) in train]
    ### END SOLUTION


# %% check="06.1"
check("06.1", leaked_rows)

# %% [markdown]
# The package has the same check. Here it is tried on the splits of this lesson, and, so that you see that it *would* catch a leak, on a test set into which one training sentence was smuggled in capitals.

# %%
trained_on = list(data["train"]["text"])
if "unlabelled" in data:
    trained_on += data["unlabelled"]["text"]
for split in [name for name in data if name not in ("train", "unlabelled")]:
    found = classification.leaks(trained_on, data[split]["text"])
    print(f"{split:>24}: {len(found)} of {len(data[split])} rows are trained on")

# %% tags=["nbval-check-output"]
smuggled = ["Sales fell in May.", "NET  PROFIT ROSE."]
print("rows that leak:", classification.leaks(["Net profit rose.", "Costs were flat."], smuggled))

# %% [markdown]
# ### How far do single words carry?
#
# Before training a network, see what a model without any sense of order reaches: logistic regression on word counts. Whatever a network is worth, it must show beyond this.

# %%
bag_of_words = make_pipeline(CountVectorizer(), LogisticRegression(max_iter=1000))
bag_of_words.fit(data["train"]["text"], data["train"]["label"])
labels = {split: np.array(data[split]["label"]) for split in data if split != "unlabelled"}
truth = {
    split: np.array(data[split]["posterior"])
    for split in labels
    if "posterior" in data[split].column_names
}
print(f"always the commonest class  {np.bincount(labels['test']).max() / len(labels['test']):.3f}")
counted = bag_of_words.score(data["test"]["text"], labels["test"])
print(f"bag of words                {counted:.3f}")
if truth:
    print(f"the best anyone can expect  {truth['test'].max(-1).mean():.3f}")

# %% [markdown]
# At `offline` scale the last line is no estimate: it is the mean of the largest true probability. The headlines come from a written grammar in which the label is drawn first and the wording follows, so p(label | sentence) is known exactly: the column `posterior`. Some sentences truly are ambiguous, and nobody can be right about all of them. Here is one, with the meanings that it can have. Bayes' rule adds them up: p(label | text) is proportional to p(label) · Σ p(meaning | label) · p(text | meaning), where p(label) is 0.25 negative, 0.45 neutral, 0.30 positive.

# %% tags=["nbval-check-output"]
ambiguous = "Halvaro will cut 40 jobs in order to save EUR 3.0 mn a year."
print(ambiguous)
for derivation in news.derivations(ambiguous):
    given = ", ".join(f"{p:.4f} {name}" for name, p in zip(news.NAMES, derivation.given_label))
    print(
        f"  {derivation.meaning}: p(text | meaning) = {derivation.wording:.1e}, p(meaning | label) = {given}"
    )
belief = ", ".join(f"{p:.2f} {name}" for name, p in zip(news.NAMES, news.posterior([ambiguous])[0]))
print(f"  p(label | text) = {belief}")

# %% [markdown]
# ## 2 · The teacher
#
# At `offline` scale the teacher ships with the course. It learnt from sentences of its own, none of which is in your splits: think of a model that somebody else trained on data you will never see. At the other scales a pretrained model is fine-tuned on your labelled sentences, right here.


# %%
def tokenised(split, tokenizer):
    """The split as the model reads it, the text kept for looking at."""
    return split.map(
        lambda batch: tokenizer(batch["text"], truncation=True, max_length=setting.max_length),
        batched=True,
    )


def train(model, rows, recipe, *, seed, **teacher):
    """Train with one recipe; every arm goes through here. Returns the trainer."""
    steps = setting.run.max_steps if setting.run.max_steps > 0 else recipe.steps
    trainer = DistillationTrainer(
        model=model,
        args=training_arguments(
            "results/06-training",
            seed=seed,
            learning_rate=recipe.learning_rate,
            max_steps=steps,
            per_device_train_batch_size=setting.batch_size,
            warmup_steps=0.1,
            weight_decay=0.01,
            logging_steps=max(1, steps // 20),
            disable_tqdm=True,
            bf16=setting.run.scale != "offline" and torch.cuda.is_available(),
        ),
        train_dataset=rows,
        data_collator=DataCollatorWithPadding(tokenizer),
        alpha=recipe.alpha,
        temperature=recipe.temperature,
        **teacher,
    )
    trainer.remove_callback(transformers.PrinterCallback)  # the log is kept, not printed
    trainer.train()
    # Mixed precision wraps the model; afterwards it answers in full precision again.
    trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return trainer


# %%
transformers.set_seed(0)
folder = teachers.obtain(setting.teacher, retrain=setting.run.retrain)
start, tokenizer = models.load(folder, names)
teacher = copy.deepcopy(start)  # fine-tuned is a copy: a student may start from the same layers
rows = {split: tokenised(data[split], tokenizer) for split in data}
if "teacher" in setting.recipes:
    curve = train(teacher, rows["train"], setting.recipes["teacher"], seed=0).state.log_history
    curve = [(entry["step"], entry["loss"]) for entry in curve if "loss" in entry]
    unit, measure = "optimiser steps", "training loss (nats)"
else:
    curve = [
        (entry["epoch"], entry["loss on held-out sentences"])
        for entry in teachers.notes(folder)["curve"]
    ]
    unit, measure = "passes over its training sentences", "loss on held-out sentences (nats)"
teacher = teacher.eval().cpu()
setting.recipes.get("teacher") or teachers.notes(folder)["recipe"]

# %%
figure, axes = plt.subplots()
axes.plot(*zip(*curve), color=plots.COLOURS["teacher"], marker="o")
axes.set(title="How the teacher learnt", xlabel=unit, ylabel=measure, ylim=(0, None))
plots.show(
    figure,
    alt=f"The teacher's loss falls from {curve[0][1]:.2f} to {curve[-1][1]:.2f} nats over its training.",
)


# %%
def probabilities_of(model, split="test"):
    return metrics.probabilities(predict_logits(model, rows[split], tokenizer))


teacher_p = {split: probabilities_of(teacher, split) for split in labels}
print(f"teacher, test accuracy  {metrics.correct(teacher_p['test'], labels['test']).mean():.3f}")
print(f"teacher, macro F1       {metrics.macro_f1(teacher_p['test'], labels['test']):.3f}")

# %% [markdown]
# Accuracy and macro F1 are two questions. With classes of unequal size, a model can be right often and still be useless for the class you care about.
#
# ### Exercise 06.2 · A mean that a rare class can pull down
# {{exercise:06.2}}
#
# F1 of a class is 2 · (rows rightly given to it) / (rows given to it + rows labelled with it), and 0 when nothing was given to it or nothing is labelled with it. Macro F1 is the plain mean over the classes.


# %% exercise="06.2"
def macro_f1(predicted, labels, classes):
    """The mean over classes of 2 · right / (predicted + labelled).

    predicted, labels: (rows,) tensors of class numbers; classes: how many there are. Returns a float.
    """
    ### BEGIN SOLUTION
    scores = []
    for c in range(classes):
        right = ((predicted == c) & (labels == c)).sum().item()
        either = (predicted == c).sum().item() + (labels == c).sum().item()
        scores.append(2 * right / either if either else 0.0)
    return sum(scores) / classes
    ### END SOLUTION


# %% check="06.2"
check("06.2", macro_f1)

# %% [markdown]
# ## 3 · Student, control, and what is kept equal
#
# The student reads with the teacher's tokenizer, so that both see the same input. What it costs beside its teacher:


# %%
def new_student(seed):
    """Layers of the pretrained model, copied before it became the teacher, or a small model, untrained."""
    if isinstance(setting.student, int):
        student = models.copy_layers(start, setting.student)
        transformers.set_seed(seed)
        student._init_weights(student.classifier)  # the head is new for every seed
        return student
    return models.classifier(setting.student, tokenizer, names, seed=seed)


sentence = tokenizer(data["test"]["text"][0], return_tensors="pt")
print(
    f"{'':<9}{'parameters':>12}{'without embeddings':>20}{'MB':>7}{'million multiply-adds a sentence':>34}"
)
for name, model in {"teacher": teacher, "student": new_student(0)}.items():
    print(
        f"{name:<9}{cost.parameters(model):>12,}{cost.parameters(model, embeddings=False):>20,}"
        f"{cost.size_in_bytes(model) / 1e6:>7.1f}{cost.multiply_adds(model, sentence) / 1e6:>34.1f}"
    )

# %% [markdown]
# Now the arms of the experiment. All are the same student, start from the same weights (for the same seed) and take the same number of optimiser steps. At `offline` and `small` scale each arm's recipe was chosen on validation, from one grid for all; at `full` all arms share one recipe. They differ in what they learn from:
#
# | arm | reads | learns from |
# |---|---|---|
# | control | the labelled sentences | their labels |
# | distilled | the same sentences | their labels and the teacher's soft targets |
# | distilled, more text | the same, and the unlabelled sentences | the same; of unlabelled sentences only the soft targets |
# | truth | the labelled sentences | their exact class probabilities, in place of the teacher's |
# | softened truth | the labelled sentences | the square roots of the exact probabilities, made to sum to one (their softening at T = 2) |
#
# The last two exist only where the truth is known. The third needs unlabelled text; at `small` it is generated headlines, of the kind that you read at `offline`: news, but not real ones. A label of -100 tells the trainer that a sentence has no label: it then learns from the teacher alone.
#
# The teacher answers each sentence once; its logits are kept and travel with the sentences as a column.

# %%
outputs = cached_teacher_outputs(teacher, rows["train"], tokenizer, progress=False)
arms = {"control": rows["train"], "distilled": add_teacher_logits(rows["train"], outputs)}
if setting.transfer:
    more_text = classification.join(rows["train"], rows["unlabelled"])
    outputs = cached_teacher_outputs(teacher, more_text, tokenizer, progress=False)
    arms["distilled, more text"] = add_teacher_logits(more_text, outputs)
if truth:
    log_truth = torch.tensor(rows["train"]["posterior"]).log()
    arms["truth"] = add_teacher_logits(rows["train"], log_truth)
    arms["softened truth"] = add_teacher_logits(rows["train"], log_truth / 2)
for arm, arm_rows in arms.items():
    print(f"{arm:<22}{len(arm_rows):>7} sentences   {setting.recipes[arm]}")

# %% [markdown]
# ## 4 · The experiment
#
# Below, every arm trains with the seeds of your settings (one, unless `KD_SEEDS=5` asks for more). A `Report` notes each result; the ledger holds the same figures from a reference run with more seeds.

# %%
report = experiments.Report(
    "06",
    setting.run.scale,
    data=experiments.fingerprint(data["test"]["text"]),
    shortened=setting.run.shortened,
)
students, test_logits = {}, {}
for arm, arm_rows in arms.items():
    for seed in setting.run.seeds:
        trainer = train(new_student(seed), arm_rows, setting.recipes[arm], seed=seed)
        students[arm, seed] = trainer.model
        test_logits[arm, seed] = predict_logits(trainer.model, rows["test"], tokenizer)


# %%
def scores(arm):
    """(seeds, test rows): 1.0 where the arm's student is right."""
    return np.stack(
        [metrics.correct(test_logits[arm, seed], labels["test"]) for seed in setting.run.seeds]
    )


once = "measured" if "teacher" not in setting.recipes else "trained once"
report.add("teacher/accuracy", metrics.correct(teacher_p["test"], labels["test"]).mean(), kind=once)
report.add("bag of words/accuracy", counted)
for arm in arms:
    for seed in setting.run.seeds:
        p = metrics.probabilities(test_logits[arm, seed])
        report.add(f"{arm}/accuracy", metrics.correct(p, labels["test"]).mean(), seed=seed)
        report.add(f"{arm}/macro F1", metrics.macro_f1(p, labels["test"]), seed=seed)
        report.add(f"{arm}/agreement", metrics.agreement(p, teacher_p["test"]), seed=seed)
print(experiments.comparison_table(report, list(arms), "accuracy"))

# %% [markdown]
# ### Is the difference more than luck?
#
# Two things could have come out otherwise: the seed (other initial weights, another order of the batches) and the test set (other sentences). The *paired bootstrap* asks about the second: draw a pretended test set out of the real one, with replacement; take the mean difference between student and control on it; repeat. Because both models answer the same drawn sentences, what makes a sentence hard for both cancels.
#
# ### Exercise 06.3 · How sure may one be that the student is better?
# {{exercise:06.3}}
#
# `student` and `control` hold 1.0 for a right answer and 0.0 for a wrong one, row by row. `draws[i]` holds the row numbers of the i-th pretended test set. Return the 2.5 % and 97.5 % quantiles of the mean difference, student minus control.


# %% exercise="06.3"
def bootstrap_interval(student, control, draws):
    """The 95 % interval of the mean difference student - control over drawn test sets.

    student, control: (rows,); draws: (resamples, rows), row numbers. Returns (2,): low and high.
    """
    ### BEGIN SOLUTION
    difference = (student - control).double()
    means = difference[draws].mean(dim=-1)  # (resamples,)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=torch.float64))
    ### END SOLUTION


# %% check="06.3"
check("06.3", bootstrap_interval)

# %% [markdown]
# `experiments.paired_interval` does the same and draws the seeds again as well. With one seed, the interval covers the test sentences only.

# %%
main_arm = "distilled, more text" if setting.transfer else "distilled"
for arm in (name for name in arms if name != "control"):
    difference = experiments.paired_interval(scores(arm), scores("control"))
    for seed, gain in zip(setting.run.seeds, (scores(arm) - scores("control")).mean(-1)):
        report.add(f"{arm}/gain over control", gain, seed=seed)
    print(
        f"{arm:<22} minus control: {difference}   {experiments.verdict(difference, seeds=len(setting.run.seeds))}"
    )

# %% [markdown]
# Your run is one throw. The reference run threw more often; here is yours as a ring among its intervals.

# %%
experiments.plot_comparison(
    report, list(arms), "accuracy", title="Who learns best from what", unit="test accuracy"
)

# %% [markdown]
# And here is what the ledger holds for this lesson, at every scale that has been run: test accuracy, with the interval over seeds.

# %%
print(experiments.reference_table("06", "accuracy"))

# %% [markdown]
# The gain over the control, pair by pair of seeds, with Student's interval over the seeds. None of it covers another teacher.

# %%
print(experiments.reference_table("06", "gain over control"))

# %% [markdown]
# At `offline` scale the teacher was worth a lot: its student gains {{ledger:06/offline/distilled/gain over control|points}} over the control on the same sentences, and {{ledger:06/offline/distilled, more text/gain over control|points}} when the teacher labels more text ({{ledger:06/offline/control/accuracy|count}} seeds). It is a much smaller model, and keeps {{ledger:06/offline/distilled, more text/retention|percent}} of its teacher's accuracy.
#
# Two things should temper this. Compare the control with the word counts of section 1: it does not reach them. Trained from scratch on so few sentences, this network does worse than a model without any sense of order, and part of the gain over the control only makes up for that. And what is passed on is what 40,000 labelled sentences taught the teacher, sentences that the control never saw. Where teacher and student have the same labels, expect less. On Financial PhraseBank (`small`, {{ledger:06/small/control/accuracy|count}} seeds) the distilled student keeps {{ledger:06/small/distilled/retention|percent}} of its teacher's accuracy, and the control, which never met a teacher, {{ledger:06/small/control/retention|percent}}. In accuracy the distilled student is ahead by {{ledger:06/small/distilled/gain over control|interval}} over the seeds. That interval begins at 0, and it draws only the seeds again, not the few hundred test sentences, which could have been others too. So take the sign as open. For more text, which at `small` are the generated headlines, no gain is shown at all: {{ledger:06/small/distilled, more text/gain over control|interval}}. Do not carry figures over to other data: that is why you measure.
#
# ### Exercise 06.4 · Reading an interval
# {{exercise:06.4}}
#
# A colleague distils a student and reports its gain over the control: +0.5 points of accuracy, 95 % interval [-0.4, +1.5]. What may be said?
#
# {{choices:06.4}}

# %% exercise="06.4"
what_may_be_said = ...
### BEGIN SOLUTION
what_may_be_said = "c"
### END SOLUTION

# %% check="06.4"
check("06.4", what_may_be_said)

# %% [markdown]
# ### How much of the teacher is left?
#
# *Retention* divides the student's accuracy by the teacher's. *Agreement* is the share of sentences for which both choose the same class. A student may agree with its teacher on nine sentences of ten and still be as good on the tenth: agreement says whether it is a copy, retention whether it is as good.

# %%
teacher_accuracy = metrics.correct(teacher_p["test"], labels["test"]).mean()
for arm in arms:
    for seed, accuracy in zip(setting.run.seeds, scores(arm).mean(-1)):
        report.add(f"{arm}/retention", accuracy / teacher_accuracy, seed=seed)
print(experiments.comparison_table(report, list(arms), "retention"), "\n")
print(experiments.comparison_table(report, list(arms), "agreement"), "\n")
print(experiments.comparison_table(report, list(arms), "macro F1"))

# %% [markdown]
# ## 5 · Does the student know how sure to be?
#
# A reliability diagram sorts the test sentences by the model's confidence and shows how often it was right in each group. On the diagonal, confidence is honest; below it, the model is too sure.

# %%
seed = setting.run.seeds[0]  # what is looked at from here on, one by one
shown = {
    "teacher": teacher_p["test"],
    "control": metrics.probabilities(test_logits["control", seed]),
    main_arm: metrics.probabilities(test_logits[main_arm, seed]),
}
roles = {"teacher": "teacher", "control": "control", main_arm: "student"}
figure, axes = plt.subplots(figsize=(5.2, 4.4))
axes.plot([0, 1], [0, 1], color=plots.COLOURS["ink"], linewidth=1, linestyle=":", label="honest")
for (name, p), marker in zip(shown.items(), "os^"):
    bins = metrics.reliability(p, labels["test"], bins=15)
    full = bins["rows"] >= 20
    axes.plot(
        bins["confidence"][full],
        bins["accuracy"][full],
        marker=marker,
        color=plots.COLOURS[roles[name]],
        label=name,
    )
axes.set(
    title="Confidence and accuracy on the test sentences",
    xlabel="confidence",
    ylabel="share that is right",
    xlim=(0.3, 1.02),
    ylim=(0.2, 1.02),
)
axes.legend()
errors = {name: metrics.calibration_error(p, labels["test"]) for name, p in shown.items()}
plots.show(
    figure,
    alt="Reliability diagram with one curve a model against the diagonal of honest confidence; expected "
    "calibration errors: "
    + ", ".join(f"{name} {error:.3f}" for name, error in errors.items())
    + ".",
)

# %% [markdown]
# ### Exercise 06.5 · How far confidence is from accuracy
# {{exercise:06.5}}
#
# The expected calibration error (ECE) puts that picture into one number. Sort the rows into equal bins by confidence (the largest probability): a row with confidence c goes to bin int(c · bins), and to the last bin when c is 1. In each bin take the absolute gap between mean confidence and accuracy. Average the gaps, weighted by the share of rows in the bin.


# %% exercise="06.5"
def calibration_error(probabilities, labels, bins):
    """The mean gap between confidence and accuracy over equal bins of confidence.

    probabilities: (rows, classes); labels: (rows,); bins: how many. Returns a float.
    """
    ### BEGIN SOLUTION
    confidence, predicted = probabilities.max(dim=-1)
    right = (predicted == labels).double()
    which = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for b in which.unique():
        rows = which == b
        gap = confidence[rows].double().mean() - right[rows].mean()
        error += rows.double().mean() * gap.abs()
    return float(error)
    ### END SOLUTION


# %% check="06.5"
check("06.5", calibration_error)

# %% [markdown]
# Much miscalibration can be mended with one number. *Temperature scaling* divides a trained model's logits by a T that is chosen on validation sentences. It changes no decision.
#
# ### Exercise 06.6 · The temperature that makes confidence honest
# {{exercise:06.6}}
#
# Return the candidate T for which the labels are least surprising: the smallest mean cross-entropy of the labels under softmax(logits / T).


# %% exercise="06.6"
def scaling_temperature(logits, labels, candidates):
    """The candidate temperature with the smallest mean cross-entropy.

    logits: (rows, classes); labels: (rows,); candidates: a list of float. Returns one of them.
    """
    ### BEGIN SOLUTION
    surprise = [torch.nn.functional.cross_entropy(logits / t, labels).item() for t in candidates]
    return candidates[surprise.index(min(surprise))]
    ### END SOLUTION


# %% check="06.6"
check("06.6", scaling_temperature)


# %%
def at_best_temperature(model, logits):
    """Test probabilities at the temperature that suits the validation labels best, and that temperature."""
    temperature = metrics.best_temperature(
        predict_logits(model, rows["validation"], tokenizer), labels["validation"]
    )
    return metrics.probabilities(logits, temperature), temperature


trained = {("teacher", None): teacher} | students
logits = {("teacher", None): predict_logits(teacher, rows["test"], tokenizer)} | test_logits
scaled = {key: at_best_temperature(trained[key], logits[key]) for key in trained}
print(f"{'':<22}{'ECE':>7}{'best T':>9}{'ECE after':>11}")
for (name, s), (p, temperature) in scaled.items():
    before = metrics.calibration_error(metrics.probabilities(logits[name, s]), labels["test"])
    after = metrics.calibration_error(p, labels["test"])
    kind = once if s is None else "measured"
    report.add(f"{name}/ECE", before, seed=s, kind=kind)
    report.add(f"{name}/ECE, scaled", after, seed=s, kind=kind)
    if s in (None, seed):
        print(f"{name:<22}{before:>7.3f}{temperature:>9.2f}{after:>11.3f}")

# %% [markdown]
# ## 6 · How far from the truth?
#
# Where the truth is known, there is a better question than accuracy: how many nats does it cost to believe the model, KL(truth ‖ model)? One would expect that nothing teaches better than the truth itself. Look at the columns, before and after temperature scaling.

# %%
if truth:
    print(f"{'KL(truth ‖ model), nats':<26}{'as trained':>11}{'at its best T':>15}")
    for (name, s), (p, temperature) in scaled.items():
        before, after = (
            metrics.kl_rows(truth["test"], q).mean()
            for q in (metrics.probabilities(logits[name, s]), p)
        )
        report.add(f"{name}/KL to the truth", before, seed=s)
        report.add(f"{name}/KL to the truth, scaled", after, seed=s)
        if s in (None, seed):
            print(f"{name:<26}{before:>11.3f}{after:>15.3f}")

# %%
if truth:
    arms_shown = ["control", "truth", "softened truth", "distilled"]
    experiments.plot_comparison(
        report, arms_shown, "KL to the truth", title="As trained", unit="KL(truth ‖ student), nats"
    )
    experiments.plot_comparison(
        report,
        arms_shown,
        "KL to the truth, scaled",
        title="At the best temperature",
        unit="KL(truth ‖ student), nats",
    )

# %% [markdown]
# The student of the *softened* truth learns from targets that are wrong on purpose. As trained, it ends {{ledger:06/offline/softened truth/KL to the truth|interval}} nats from the truth, the student of the exact truth {{ledger:06/offline/truth/KL to the truth|interval}}. At their best temperatures it is {{ledger:06/offline/softened truth/KL to the truth, scaled|interval}} against {{ledger:06/offline/truth/KL to the truth, scaled|interval}}. As trained, the seeds do not tell the two apart; at their best temperatures the exact truth has the lower mean, and pair by pair the sign is still open. What softening does change is confidence. A student that sees few sentences learns them too well and becomes too sure: the column *best T* in section 5 is near one for the student of the softened truth, and well above one for the exact truth's.
#
# And the teacher, itself {{ledger:06/offline/teacher/KL to the truth}} nats from the truth? On the same sentences its student has {{ledger:06/offline/distilled/accuracy|interval}} accuracy, the truth's student {{ledger:06/offline/truth/accuracy|interval}}. But it ends farther from the truth, {{ledger:06/offline/distilled/KL to the truth|interval}} nats as trained and {{ledger:06/offline/distilled/KL to the truth, scaled|interval}} at its best temperature: on the same sentences, and by this measure, no teacher here comes out ahead of the truth. The two also differ in α and T, so this is no clean comparison of teachers; lesson 04 makes one, and asks when a teacher can be better than the truth.
#
# ## 7 · How were the recipes chosen, and what do α and T change?
#
# A comparison is fair when every arm was tuned equally hard. At `offline` the same two learning rates and two lengths of training were tried for each arm, at `small` the same two learning rates at one length, with one seed and on validation sentences only; the test split had no say. The ledger keeps the whole log (`KD_MAPS=1` computes it again here: about 40 trainings with one seed at `offline`). At `small` the teacher was chosen in the same way, out of four recipes, but by its cross-entropy and not by its accuracy: what it passes on are probabilities. At `full` one recipe serves all arms, and was not tuned. So small a grid is all edge: at `offline` every arm chose the longer training, and outside the grid any arm may do better. And neighbours in the log may differ by the seed alone.


# %%
def validation_accuracy(arm_rows, recipe, seed):
    student = train(new_student(seed), arm_rows, recipe, seed=seed).model
    p = metrics.probabilities(predict_logits(student, rows["validation"], tokenizer))
    return metrics.correct(p, labels["validation"]).mean()


if setting.run.maps:
    log = {}
    for arm, arm_rows in arms.items():
        candidates = setting.grid(arm)
        _, entries = experiments.tune(
            candidates, lambda recipe: validation_accuracy(arm_rows, recipe, seed=0)
        )
        log[arm] = [
            [e["candidate"].learning_rate, e["candidate"].steps, e["score"]] for e in entries
        ]
    report.add_table("grid", log)

for arm, entries in (report.table("grid") or {}).items():
    best = max(entries, key=lambda entry: entry[2])
    print(
        f"{arm:<22}"
        + "  ".join(f"{rate:g}/{steps}: {score:.3f}" for rate, steps, score in entries)
        + f"   best {best[0]:g}/{best[1]}"
    )

# %% [markdown]
# The entries read *learning rate/steps: validation accuracy*. Next, α and T. The map shows the validation accuracy of a student distilled on the labelled sentences. Every cell has the distilled arm's learning rate and steps, so α = 0 (where T has no meaning) is the control's loss, but not the tuned control. α = 0.9 and T = 2 were fixed before any of this. Where cells with α > 0 differ by less than seeds do, the map does not say which T to take.

# %%
alphas, temperatures = (0.0, 0.5, 0.9, 1.0), (1.0, 2.0, 4.0)
if setting.run.maps:
    base = setting.recipes["distilled"]
    cells = {}
    for alpha in alphas:
        for t in temperatures if alpha else temperatures[:1]:
            recipe = settings.Recipe(base.learning_rate, base.steps, alpha=alpha, temperature=t)
            cells[alpha, t] = np.mean(
                [validation_accuracy(arms["distilled"], recipe, s) for s in setting.run.seeds[:3]]
            )
    report.add_table(
        "alpha by temperature", [[cells[a, t if a else 1.0] for t in temperatures] for a in alphas]
    )

map_ = report.table("alpha by temperature")
if map_:
    figure, axes = plt.subplots(figsize=(5.6, 3.8))
    image = axes.imshow(map_, cmap=plots.SEQUENTIAL, aspect="auto", origin="lower")
    for i, line in enumerate(map_):
        for j, value in enumerate(line):
            axes.text(
                j,
                i,
                f"{value:.3f}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if value < np.mean(map_) else "black",
            )
    own = setting.recipes["distilled"]
    accuracy = metrics.correct(
        probabilities_of(students["distilled", seed], "validation"), labels["validation"]
    ).mean()
    if own.temperature in temperatures and own.alpha in alphas:
        column, line = temperatures.index(own.temperature), alphas.index(own.alpha)
        axes.plot(
            column, line, "o", markersize=44, fillstyle="none", color=plots.COLOURS["student"]
        )
        axes.text(
            column, line - 0.24, f"yours {accuracy:.3f}", ha="center", va="center", fontsize=8
        )
    axes.set(
        title="Validation accuracy of the distilled student",
        xlabel="temperature T",
        ylabel="α (weight of the soft loss)",
        xticks=range(len(temperatures)),
        yticks=range(len(alphas)),
    )
    axes.set_xticklabels([f"{t:g}" for t in temperatures])
    axes.set_yticklabels([f"{a:g}" for a in alphas])
    axes.grid(False)
    figure.colorbar(image, label="accuracy")
    plots.show(
        figure,
        alt=f"Map of validation accuracy over α and T: {np.min(map_):.3f} at its lowest, "
        f"{np.max(map_):.3f} at its highest; the row α = 0 is {map_[0][0]:.3f} throughout; your run reached {accuracy:.3f}.",
    )

# %% [markdown]
# ### More text, no more labels
#
# Unlabelled text is cheap. What is it worth? The curve gives the student's validation accuracy by the number of sentences that the teacher labelled for it, at the same number of steps throughout. Each dot is one seed of the reference run, the ring is your run, and the dashed line is the control. Mind the spread between the seeds before you read a trend into the line: three seeds do not tell neighbouring points apart.

# %%
if setting.run.maps and setting.transfer:
    sizes = [n for n in (0, 2000, 6000, 12_000) if n <= setting.transfer]
    curve = []
    for n in sizes:
        part = arms["distilled, more text"].select(range(len(rows["train"]) + n))
        recipe = setting.recipes["distilled, more text"]
        curve.append([n, *(validation_accuracy(part, recipe, s) for s in setting.run.seeds[:3])])
    control = [
        validation_accuracy(arms["control"], setting.recipes["control"], s)
        for s in setting.run.seeds[:3]
    ]
    report.add_table("transfer curve", {"curve": curve, "control": control})

found = report.table("transfer curve")
if found:
    figure, axes = plt.subplots()
    sizes = [point[0] for point in found["curve"]]
    means = [np.mean(point[1:]) for point in found["curve"]]
    axes.plot(sizes, means, "-", color=plots.COLOURS["student"], label="distilled, mean")
    for size, *accuracies in found["curve"]:
        axes.plot(
            [size] * len(accuracies), accuracies, "o", color=plots.COLOURS["student"], alpha=0.6
        )
    axes.axhline(
        np.mean(found["control"]), linestyle="--", color=plots.COLOURS["control"], label="control"
    )
    own = metrics.correct(
        probabilities_of(students[main_arm, seed], "validation"), labels["validation"]
    ).mean()
    axes.plot(
        setting.transfer,
        own,
        "o",
        markersize=12,
        fillstyle="none",
        color=plots.COLOURS["ink"],
        label="your run",
    )
    axes.set(
        title="Accuracy by amount of unlabelled text",
        xlabel="unlabelled sentences that the teacher labelled",
        ylabel="validation accuracy",
    )
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.12))
    plots.show(
        figure,
        alt="Validation accuracy of the distilled student by unlabelled sentences, mean (lowest to highest seed): "
        + "; ".join(f"{n}: {np.mean(a):.3f} ({min(a):.3f} to {max(a):.3f})" for n, *a in found["curve"])
        + f". The control lies at {np.mean(found['control']):.3f}.",
    )

# %% [markdown]
# ## 8 · Where does it go wrong?
#
# A mean hides which mistakes are made. A *confusion matrix* gives, for every true class, the share of its sentences that the model put where.

# %%
figure, panels = plt.subplots(1, 3, figsize=(8.4, 3.0), sharey=True)
described = []
for axes, (name, p) in zip(panels, shown.items()):
    counts = np.array(
        [[np.mean(p[labels["test"] == a].argmax(-1) == b) for b in classes] for a in classes]
    )
    axes.imshow(counts, cmap=plots.SEQUENTIAL, vmin=0, vmax=1)
    for a in classes:
        for b in classes:
            axes.text(
                b,
                a,
                f"{counts[a, b]:.2f}",
                ha="center",
                va="center",
                color="white" if counts[a, b] < 0.5 else "black",
            )
    axes.set(title=name, xlabel="chosen", xticks=list(classes), yticks=list(classes))
    axes.set_xticklabels(names, fontsize=8)
    axes.set_yticklabels(names, fontsize=8)
    axes.grid(False)
    described.append(
        f"{name} is right on " + ", ".join(f"{counts[c, c]:.0%} of the {names[c]}" for c in classes)
    )
panels[0].set_ylabel("true class")
plots.show(
    figure,
    alt="Confusion matrices, rows the true class, columns the chosen one. "
    + "; ".join(described)
    + ".",
)

# %% [markdown]
# A control that puts hardly any sentence into some class has a low macro F1. The wide interval of the control's macro F1 in section 4 says how much seeds differ in this: what you see here is one of them.
#
# Where does the student leave its teacher? Here are the sentences on which they disagree most surely, with what each of them chose.

# %%
student_p = shown[main_arm]
apart = metrics.kl_rows(teacher_p["test"], student_p)
for i in [
    int(i) for i in np.argsort(-apart) if student_p[i].argmax() != teacher_p["test"][i].argmax()
][:5]:
    print(
        f"label {names[labels['test'][i]]:<9} teacher {names[teacher_p['test'][i].argmax()]:<9} "
        f"student {names[student_p[i].argmax()]:<9}\n    {data['test'][i]['text']}"
    )

# %% [markdown]
# ### The worst slice, not only the mean
#
# Users do not meet the mean: they meet their own kind of sentence. So cut the test set into slices that mean something (a contrast, a negation, a number, a long sentence) and look at the worst. A slice with few sentences says little; the table leaves out those under 50.

# %%
slices = {
    "contrast (but, although, despite)": r"\b(but|although|though|despite|however|while)\b",
    "negation (not, no, without, fail)": r"\b(?:not|no|never|without|fail\w*)\b|n't\b",
    "hedge (may, expected, could)": r"\b(?:may|might|could|expect\w*|according|likely)\b",
    "a loss, costs or debt": r"\b(loss\w*|costs?|expens\w*|debt)\b",
    "has a figure": r"\d",
}
masks = {
    name: np.array([bool(re.search(p, t)) for t in data["test"]["text"]])
    for name, p in slices.items()
}
masks["more than 20 words"] = np.array([len(t.split()) > 20 for t in data["test"]["text"]])
right = {name: metrics.correct(p, labels["test"]) for name, p in shown.items()}
print(f"{'slice':<36}{'rows':>6}" + "".join(f"{name:>22}" for name in shown))
for name, mask in sorted(
    masks.items(), key=lambda item: right[main_arm][item[1]].mean() if item[1].any() else 1
):
    if mask.sum() >= 50:
        print(
            f"{name:<36}{mask.sum():>6}"
            + "".join(f"{right[model][mask].mean():>22.3f}" for model in shown)
        )
print(
    f"{'all':<36}{len(labels['test']):>6}"
    + "".join(f"{right[model].mean():>22.3f}" for model in shown)
)

# %% [markdown]
# At `offline` scale there is a harder test still: sentences built from templates that neither the teacher nor the student has ever seen, only their words.

# %%
if "test_unseen_templates" in labels:
    unseen = labels["test_unseen_templates"]
    for (name, s), model in trained.items():
        accuracy = metrics.correct(probabilities_of(model, "test_unseen_templates"), unseen).mean()
        report.add(f"{name}/accuracy on unseen templates", accuracy, seed=s)
        if s in (None, seed) and name in shown:
            print(f"{name:<22} unseen templates {accuracy:.3f}   seen {right[name].mean():.3f}")
    print(
        f"{'the best to expect':<22} unseen templates {truth['test_unseen_templates'].max(-1).mean():.3f}"
    )

# %% [markdown]
# Teacher, students and the control all fall: templates are part of what every one of them learnt. Whether the *gain* over the control shrinks as well, one seed cannot say.

# %% [markdown]
# ## 9 · Texts longer than the model's window
#
# A headline fits. An article does not: BERT reads at most 512 tokens; `max_length` in the settings says where this lesson cuts. Cutting off the end is the tokenizer's default, and a choice: what decides may stand at the end. Sun et al. (2019) found that a beginning and an end together did best on film reviews. For longer texts, classify window by window and average the probabilities (not the logits; lesson 05 says why).
#
# ### Exercise 06.7 · A text longer than the window
# {{exercise:06.7}}
#
# `ids` starts with [CLS] and ends with [SEP]. A text of at most max_length tokens stays as it is. Of a longer one keep the last `tail` tokens and as many of the first as then fit.


# %% exercise="06.7"
def head_and_tail(ids, max_length, tail):
    """The beginning and the end of a text, max_length tokens together.

    ids: list of int, special tokens included; tail: how many tokens to keep from the end.
    Returns a list of int.
    """
    ### BEGIN SOLUTION
    if len(ids) <= max_length:
        return ids
    return ids[: max_length - tail] + ids[len(ids) - tail :]
    ### END SOLUTION


# %% check="06.7"
check("06.7", head_and_tail)

# %% tags=["nbval-check-output"]
text = [101, *range(1, 19), 102]
print(text)
print(text[:6] + text[-4:], "<- head of 6, tail of 4")

# %% [markdown]
# ## 10 · What it costs to run
#
# Parameters are not time. So measure: the median (p50) and the slow tail (p95) of one call, for one sentence and for a batch of 32, and how many sentences a second that makes. Timings depend on the machine and on what else it does; the ratio between teacher and student is steadier, but it too depends on the size of the batch and on the machine: measure it where the student will run.

# %%
texts = data["test"]["text"][:32]
inputs = {
    1: tokenizer(texts[:1], return_tensors="pt"),
    32: tokenizer(texts, return_tensors="pt", padding=True),
}
print(f"{'':<10}{'batch':>6}{'p50 ms':>9}{'p95 ms':>9}{'sentences a second':>20}")
medians = {}
for name, model in {"teacher": teacher, "student": students[main_arm, seed]}.items():
    model = model.eval().cpu()
    for size, batch in inputs.items():
        with torch.inference_mode():
            times = cost.latency(lambda: model(**batch), repeats=100 if size == 1 else 30)
        medians[name, size] = report.add(f"{name}/ms at batch {size}", times["p50"], kind="timing")
        print(
            f"{name:<10}{size:>6}{times['p50']:>9.2f}{times['p95']:>9.2f}{1000 * size / times['p50']:>20.0f}"
        )
for size in inputs:
    print(
        f"batch {size}: the student is {medians['teacher', size] / medians['student', size]:.1f} times as fast"
    )

# %% [markdown]
# ## 11 · Keep it
#
# Three lines save the student and load it again; the test is that it answers as before.

# %%
students[main_arm, seed].save_pretrained("results/06-student")
tokenizer.save_pretrained("results/06-student")
again = transformers.pipeline("text-classification", model="results/06-student", device="cpu")

# %%
first = data["test"]["text"][:3]
for text, answer, p in zip(
    first,
    again(first, truncation=True),
    metrics.probabilities(predict_logits(students[main_arm, seed], first, tokenizer)),
):
    print(
        f"{answer['label']:>8} {answer['score']:.3f} (before saving: {names[p.argmax()]} {p.max():.3f})   {text}"
    )

# %% [markdown]
# ## What you can now do
#
# - Look at data before training: balance, lengths, leaks, and a baseline without a network.
# - Distil a classifier, from labelled and from unlabelled text, and name the control beside it.
# - Say what a difference is worth: several seeds, paired draws, an interval, and a sentence that does not claim more.
# - Look behind the mean: calibration, agreement, the worst slice, sentences one by one, and the truth where it is known.
# - Say what the student costs, save it, load it.
#
# ## Where this goes wrong in practice
#
# - **The control is missing.** A distilled student is compared with its teacher only, and every point that the architecture, the recipe or the data brought is put down to distillation.
# - **The arms are not tuned alike.** A learning rate chosen for the distilled student is used for the control.
# - **The test set is looked at again and again.** What was chosen on it is no longer tested by it.
# - **One seed.** In the tables of section 4, compare the spread between seeds with the gain.
# - **Duplicates.** The same headline in training and test; in the pool of unlabelled text, too.
# - **A teacher in train mode, or with another tokenizer.** It then answers with noise, or to another sentence.
# - **Accuracy on unequal classes**, or metrics averaged over batches of unequal size.
#
# ## Further reading
#
# - P. Malo, A. Sinha, P. Korhonen, J. Wallenius, P. Takala: *Good debt or bad debt: detecting semantic orientations in economic texts*. JASIST 65(4), 2014. Financial PhraseBank: where the label is what an investor would read into a sentence.
# - V. Sanh, L. Debut, J. Chaumond, T. Wolf: *DistilBERT, a distilled version of BERT: smaller, faster, cheaper and lighter*. arXiv:1910.01108, 2019. The student of half the layers, copied from its teacher.
# - R. Tang, Y. Lu, L. Liu, L. Mou, O. Vechtomova, J. Lin: *Distilling task-specific knowledge from BERT into simple neural networks*. arXiv:1903.12136, 2019. A very small student, and much unlabelled text.
# - I. Turc, M.-W. Chang, K. Lee, K. Toutanova: *Well-read students learn better: on the importance of pre-training compact models*. arXiv:1908.08962, 2019. What unlabelled text in the right domain is worth, measured.
# - C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: *On calibration of modern neural networks*. ICML 2017. Reliability diagrams and temperature scaling; the calibration error is from M. P. Naeini, G. F. Cooper, M. Hauskrecht: *Obtaining well calibrated probabilities using Bayesian binning*, AAAI 2015.
# - C. Sun, X. Qiu, Y. Xu, X. Huang: *How to fine-tune BERT for text classification?* CCL 2019. Head and tail of long texts.
# - B. Efron, R. Tibshirani: *An introduction to the bootstrap*. Chapman & Hall, 1993. Why drawing again with replacement tells how sure one may be.
