"""Lesson 04, Dark knowledge: what is asked, on what it is tried, how it goes wrong."""

from __future__ import annotations

import numpy
import torch
from torch import Tensor

from kd_course.divergences import entropy, kl_divergence
from kd_course.exercises.slips import (
    random_distributions,
    random_labels,
    random_normal,
)
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception


def _distributions(
    random: numpy.random.Generator, *shape: int, concentration: float = 1.0
) -> Tensor:
    """Rows that sum to one and have no zero: shape (*rows, classes)."""
    raised = random_distributions(random, *shape, concentration=concentration).numpy() + 0.01
    return torch.from_numpy(raised / raised.sum(-1, keepdims=True))


# -- 04.1 the gap by ambiguity ----------------------------------------------------------------


def gap_cases(random: numpy.random.Generator) -> list[Case]:
    clear = torch.tensor(
        [[0.96, 0.02, 0.02], [0.5, 0.4, 0.1], [0.34, 0.33, 0.33]], dtype=torch.float64
    )
    said = torch.tensor([[0.80, 0.15, 0.05], [0.6, 0.2, 0.2], [0.2, 0.5, 0.3]], dtype=torch.float64)
    many = _distributions(random, 40, 3, concentration=0.5)
    return [
        Case((clear, said, [0.5, 1.0]), "three sentences, one in each group"),
        Case(
            (many, _distributions(random, 40, 3), [0.2, 0.5, 0.8]), "forty sentences, four groups"
        ),
        Case(
            (_distributions(random, 20, 4), _distributions(random, 20, 4), [0.9]),
            "four classes, one edge",
        ),
        Case((clear[1:], said[1:], [0.1, 0.2]), "groups without a row: NaN"),
    ]


def _gaps(values: Tensor, by: Tensor, edges) -> Tensor:
    group = (by[:, None] >= torch.tensor(edges, dtype=by.dtype)).sum(-1)
    return torch.stack([values[group == g].mean() for g in range(len(edges) + 1)])


def _gap_swapped(truth, teacher, edges):
    return _gaps(kl_divergence(teacher, truth), entropy(truth), edges)


def _gap_by_teacher(truth, teacher, edges):
    return _gaps(kl_divergence(truth, teacher), entropy(teacher), edges)


def _gap_cross_entropy(truth, teacher, edges):
    return _gaps(-(truth * teacher.log()).sum(-1), entropy(truth), edges)


def _gap_bits(truth, teacher, edges):
    return _gaps(
        kl_divergence(truth, teacher), entropy(truth) / torch.log(torch.tensor(2.0)), edges
    )


def _gap_of_entropies(truth, teacher, edges):
    return _gaps(entropy(teacher) - entropy(truth), entropy(truth), edges)


def _gap_empty_is_zero(truth, teacher, edges):
    return torch.nan_to_num(_gaps(kl_divergence(truth, teacher), entropy(truth), edges), nan=0.0)


def _gap_cumulative(truth, teacher, edges):
    values, by = kl_divergence(truth, teacher), entropy(truth)
    return torch.stack([values[by < edge].mean() for edge in [*edges, float("inf")]])


# -- 04.2 softening a distribution ------------------------------------------------------------


def soften_cases(random: numpy.random.Generator) -> list[Case]:
    return [
        Case((torch.tensor([0.64, 0.32, 0.04], dtype=torch.float64), 2.0), "one row, T = 2"),
        Case((_distributions(random, 3, 4), 4.0), "three rows, T = 4", gradient_of=(0,)),
        Case((_distributions(random, 2, 3), 0.5), "T = 0.5, which sharpens"),
        Case((_distributions(random, 2, 2, 3), 3.0), "two by two rows, T = 3"),
        Case((torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]), 2.0), "classes that are ruled out"),
    ]


def _soften_unnormalised(p, temperature):
    return p ** (1 / temperature)


def _soften_inverse(p, temperature):
    powers = p**temperature
    return powers / powers.sum(-1, keepdim=True)


def _soften_probabilities_as_logits(p, temperature):
    return torch.softmax(p / temperature, dim=-1)


def _soften_scaled(p, temperature):
    scaled = p / temperature
    return scaled / scaled.sum(-1, keepdim=True)


def _soften_all_rows_together(p, temperature):
    powers = p ** (1 / temperature)
    return powers / powers.sum()


def _soften_with_uniform(p, temperature):
    return p / temperature + (1 - 1 / temperature) / p.shape[-1]


# -- 04.3 bias and variance -------------------------------------------------------------------


def parts_cases(random: numpy.random.Generator) -> list[Case]:
    def case(students: int, rows: int, classes: int, label: str) -> Case:
        logits = random_normal(random, students, rows, classes, scale=1.5, dtype=torch.float64)
        return Case((logits.log_softmax(-1), _distributions(random, rows, classes)), label)

    q = torch.tensor([[[0.8, 0.1, 0.1]], [[0.2, 0.7, 0.1]]], dtype=torch.float64)
    return [
        Case(
            (q.log(), torch.tensor([[0.5, 0.4, 0.1]], dtype=torch.float64)), "two students, one row"
        ),
        case(5, 4, 3, "five students, four rows"),
        case(8, 3, 6, "eight students, six classes"),
        case(1, 5, 3, "one student: all of its error is bias"),
    ]


def _log_mean(log_q: Tensor) -> Tensor:
    return log_q.mean(0).log_softmax(-1)


def _two(bias: Tensor, variance: Tensor) -> Tensor:
    return torch.stack([bias.mean(), variance.mean()])


def _parts_arithmetic(log_q, p):
    mean = log_q.exp().mean(0)
    return _two(kl_divergence(p, mean), kl_divergence(mean, log_q.exp()))


def _parts_unnormalised(log_q, p):
    log_mean = log_q.mean(0)
    return _two((p * (p.log() - log_mean)).sum(-1), (log_mean.exp() * (log_mean - log_q)).sum(-1))


def _parts_variance_swapped(log_q, p):
    mean = _log_mean(log_q).exp()
    return _two(kl_divergence(p, mean), kl_divergence(log_q.exp(), mean))


def _parts_bias_swapped(log_q, p):
    mean = _log_mean(log_q).exp()
    return _two(kl_divergence(mean, p), kl_divergence(mean, log_q.exp()))


def _parts_other_order(log_q, p):
    mean = _log_mean(log_q).exp()
    return _two(kl_divergence(mean, log_q.exp()), kl_divergence(p, mean))


def _parts_whole_error(log_q, p):
    mean = _log_mean(log_q).exp()
    return _two(kl_divergence(p, log_q.exp()), kl_divergence(mean, log_q.exp()))


def _parts_squared(log_q, p):
    mean = log_q.exp().mean(0)
    return _two((p - mean).square().sum(-1), (log_q.exp() - mean).square().sum(-1))


def _parts_variance_of_error(log_q, p):
    mean = _log_mean(log_q).exp()
    return _two(kl_divergence(p, mean), kl_divergence(p, log_q.exp()).var(0, correction=0))


# -- 04.6 smoothed labels ---------------------------------------------------------------------


def smoothing_cases(random: numpy.random.Generator) -> list[Case]:
    labels = random_labels(random, 4, 6)
    return [
        Case((torch.tensor([1]), 3, 0.3), "one label, three classes, ε = 0.3"),
        Case((labels, 4, 0.1), "six labels, four classes"),
        Case((torch.tensor([0, 2, 2]), 5, 0.5), "classes that no label names"),
        Case((torch.tensor([2, 0]), 3, 1.0), "ε = 1: nothing of the label is left"),
        Case((torch.tensor([0, 1]), 2, 0.0), "ε = 0: the labels themselves"),
    ]


def _one_hot(labels: Tensor, classes: int) -> Tensor:
    return torch.nn.functional.one_hot(labels, classes).float()


def _smooth_over_the_others(labels, classes, epsilon):
    one_hot = _one_hot(labels, classes)
    return (1 - epsilon) * one_hot + epsilon / (classes - 1) * (1 - one_hot)


def _smooth_label_less(labels, classes, epsilon):
    one_hot = _one_hot(labels, classes)
    return (1 - epsilon) * one_hot + epsilon / classes * (1 - one_hot)


def _smooth_label_kept(labels, classes, epsilon):
    return _one_hot(labels, classes) + epsilon / classes


def _smooth_swapped(labels, classes, epsilon):
    return epsilon * _one_hot(labels, classes) + (1 - epsilon) / classes


def _smooth_undivided(labels, classes, epsilon):
    return (1 - epsilon) * _one_hot(labels, classes) + epsilon


def _smooth_largest_label(labels, classes, epsilon):
    one_hot = _one_hot(labels, int(labels.max()) + 1)
    return (1 - epsilon) * one_hot + epsilon / one_hot.shape[-1]


# -- 04.7 the one target behind two losses ----------------------------------------------------


def mixture_cases(random: numpy.random.Generator) -> list[Case]:
    labels = random_labels(random, 3, 5)
    return [
        Case(
            (torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64), torch.tensor([1]), 0.75),
            "one sentence, α = 0.75",
        ),
        Case((_distributions(random, 5, 3), labels, 0.3), "five sentences, α = 0.3"),
        Case((_distributions(random, 2, 4), torch.tensor([3, 0]), 0.9), "four classes, α = 0.9"),
        Case((_distributions(random, 2, 3), torch.tensor([0, 2]), 1.0), "α = 1: the teacher alone"),
        Case((_distributions(random, 2, 3), torch.tensor([0, 2]), 0.0), "α = 0: the labels alone"),
    ]


def _onehot_like(teacher_p: Tensor, labels: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(labels, teacher_p.shape[-1]).to(teacher_p.dtype)


def _mixture_swapped(teacher_p, labels, alpha):
    return (1 - alpha) * teacher_p + alpha * _onehot_like(teacher_p, labels)


def _mixture_sum(teacher_p, labels, alpha):
    return alpha * teacher_p + _onehot_like(teacher_p, labels)


def _mixture_softmax(teacher_p, labels, alpha):
    one_hot = _onehot_like(teacher_p, labels)
    return (alpha * teacher_p + (1 - alpha) * one_hot).softmax(-1)


def _mixture_as_smoothing(teacher_p, labels, alpha):
    return alpha / teacher_p.shape[-1] + (1 - alpha) * _onehot_like(teacher_p, labels)


def _mixture_own_choice(teacher_p, labels, alpha):
    return alpha * teacher_p + (1 - alpha) * _onehot_like(teacher_p, teacher_p.argmax(-1))


def _mixture_only_where_right(teacher_p, labels, alpha):
    right = (teacher_p.argmax(-1) == labels)[:, None]
    one_hot = _onehot_like(teacher_p, labels)
    return torch.where(right, alpha * teacher_p + (1 - alpha) * one_hot, one_hot)


# -- 04.8 classes in one order ----------------------------------------------------------------


def align_cases(random: numpy.random.Generator) -> list[Case]:
    def logits(rows: int, classes: int) -> Tensor:
        return random_normal(random, rows, classes, scale=2.0, dtype=torch.float64)

    three = ["negative", "neutral", "positive"]
    return [
        Case(
            (torch.tensor([[1.0, 2.0, 3.0]]), three, ["neutral", "positive", "negative"]),
            "three classes, all in other places",
        ),
        Case(
            (
                logits(2, 3),
                ["NEUTRAL", "Positive", "negative"],
                ["Negative", "neutral", "POSITIVE"],
            ),
            "other capitals",
        ),
        Case((logits(2, 3), three, three), "the same order already"),
        Case(
            (
                logits(3, 5),
                ["sport", "trade", "art", "crime", "science"],
                ["crime", "sport", "trade"],
            ),
            "a teacher that knows more classes",
        ),
    ]


def _places(teacher_names, student_names) -> list[int]:
    lower = [name.lower() for name in teacher_names]
    return [lower.index(name.lower()) for name in student_names]


def _align_not(teacher_logits, teacher_names, student_names):
    return teacher_logits[:, : len(student_names)]


def _align_inverse(teacher_logits, teacher_names, student_names):
    result = torch.zeros(len(teacher_logits), len(teacher_names), dtype=teacher_logits.dtype)
    places = _places(teacher_names, student_names)
    result[:, places] = teacher_logits[:, : len(places)]
    return result[:, : len(student_names)]


def _align_sorted(teacher_logits, teacher_names, student_names):
    wanted = {name.lower() for name in student_names}
    kept = sorted(name.lower() for name in teacher_names if name.lower() in wanted)
    return teacher_logits[:, _places(teacher_names, kept)]


def _align_teachers_order(teacher_logits, teacher_names, student_names):
    return teacher_logits[:, sorted(_places(teacher_names, student_names))]


def _align_probabilities(teacher_logits, teacher_names, student_names):
    return teacher_logits.softmax(-1)[:, _places(teacher_names, student_names)]


def _align_exact(teacher_logits, teacher_names, student_names):
    return teacher_logits[:, [teacher_names.index(name) for name in student_names]]


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="04.1",
        name="gap_by_ambiguity",
        title="How far from the truth, by ambiguity",
        lesson="04",
        signature="gap_by_ambiguity(truth, teacher, edges)",
        points=4,
        minutes=10,
        difficulty=3,
        importance=4,
        cases=gap_cases,
        misconceptions=(
            Misconception(
                "this is KL(teacher ‖ truth): the arguments are swapped",
                _gap_swapped,
                hint="The truth decides what happens; the teacher is what one believes.",
            ),
            Misconception(
                "rows are grouped by the teacher's entropy",
                _gap_by_teacher,
                hint="How ambiguous a sentence is, is a matter of the truth.",
            ),
            Misconception(
                "this is the cross-entropy, not KL",
                _gap_cross_entropy,
                hint="Cross-entropy also counts what even the truth would pay: its own entropy.",
            ),
            Misconception(
                "the entropy is taken in bits, the edges are in nats",
                _gap_bits,
                hint="Natural logarithms throughout.",
            ),
            Misconception(
                "this is the difference of the two entropies",
                _gap_of_entropies,
                hint="Two distributions can be equally sure, of different classes.",
            ),
            Misconception(
                "a group without rows counts as a gap of zero",
                _gap_empty_is_zero,
                hint="Zero would say that the teacher is perfect there. Nothing is known: NaN.",
            ),
            Misconception(
                "each group also holds the groups below it",
                _gap_cumulative,
                hint="A row belongs to one group: at or above one edge, below the next.",
            ),
        ),
        hint="Entropy and KL a row first; then, for each group, the mean of the KLs in it.",
        allowed="torch",
    ),
    Exercise(
        id="04.2",
        name="soften",
        title="Soften a distribution",
        lesson="04",
        signature="soften(p, temperature)",
        points=3,
        minutes=5,
        difficulty=2,
        importance=4,
        cases=soften_cases,
        misconceptions=(
            Misconception(
                "the rows are not made to sum to one",
                _soften_unnormalised,
                hint="A softmax divides by a sum. What must you divide by here?",
            ),
            Misconception(
                "the power is T, not 1/T: this sharpens",
                _soften_inverse,
                hint="exp(z / T) is exp(z) to which power?",
            ),
            Misconception(
                "probabilities are treated as logits",
                _soften_probabilities_as_logits,
                hint="softmax wants logits. log p would do; p does not.",
            ),
            Misconception(
                "probabilities are divided by T, and nothing changes",
                _soften_scaled,
                hint="Dividing all by T and then by their sum gives back p.",
            ),
            Misconception(
                "all rows together sum to one",
                _soften_all_rows_together,
                hint="Sum over the last dimension only, and keep it: keepdim=True.",
            ),
            Misconception(
                "p is mixed with the uniform distribution",
                _soften_with_uniform,
                hint="That is smoothing: another way to be modest, and not what a temperature does.",
            ),
        ),
        hint="exp(z_i / T) = exp(z_i)^(1/T), and p_i is exp(z_i) up to a factor that is the same for all classes.",
        allowed="torch; zeros must stay zeros",
    ),
    Exercise(
        id="04.3",
        name="bias_and_variance",
        title="Bias and variance in nats",
        lesson="04",
        signature="bias_and_variance(log_q, p)",
        points=5,
        minutes=12,
        difficulty=4,
        importance=4,
        cases=parts_cases,
        misconceptions=(
            Misconception(
                "the mean is that of the probabilities",
                _parts_arithmetic,
                hint="With this mean the two parts do not add up to the error. Which mean does the formula take?",
            ),
            Misconception(
                "the mean of the logs is not made to sum to one",
                _parts_unnormalised,
                hint="The exponentials of mean logs sum to less than one: divide by their sum.",
            ),
            Misconception(
                "the variance is KL(student ‖ mean)",
                _parts_variance_swapped,
                hint="In the formula the mean stands first.",
            ),
            Misconception(
                "the bias is KL(mean ‖ truth)",
                _parts_bias_swapped,
                hint="The truth stands first.",
            ),
            Misconception(
                "variance comes first, bias second",
                _parts_other_order,
                hint="Return bias and variance, in this order.",
            ),
            Misconception(
                "the first number is the whole error, not the bias",
                _parts_whole_error,
                hint="The bias is the error of the mean student, not the mean error of the students.",
            ),
            Misconception(
                "this is the decomposition of squared error",
                _parts_squared,
                hint="In nats: both parts are KL divergences.",
            ),
            Misconception(
                "the variance is that of the students' errors",
                _parts_variance_of_error,
                hint="Students with equal errors can still disagree: how far is each from the mean student?",
            ),
        ),
        hint="log q̄ = log_softmax of the mean over students; then two KL divergences.",
        allowed="torch",
    ),
    Exercise(
        id="04.4",
        name="why_the_teacher",
        title="Why can a teacher teach better than the truth?",
        lesson="04",
        signature="why_the_teacher",
        points=2,
        minutes=4,
        difficulty=3,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "The teacher's targets are softer, and softness regularises.",
                "Then the gain would vanish when each arm has its own penalty and temperature, and the "
                "softened truth, softer still, would be the best of all. Neither is so.",
            ),
            Choice(
                "b",
                "Any deviation from the truth helps: it works like noise.",
                "The control with the shuffled errors deviates no less, and its students end farther from "
                "the truth than those who were taught the truth.",
            ),
            Choice(
                "c",
                "The teacher knows more about the labels than their probabilities.",
                "It cannot: a label is one draw from its probabilities, and beyond them there is nothing "
                "to know of it. The teacher is measurably farther from the truth than the truth is.",
            ),
            Choice(
                "d",
                "Its error depends on the sentence in a way that a small student can follow: its targets are easier to learn.",
                "This is left. It fits that students come nearer to the teacher's targets than to the "
                "truth's. It is not proved: the data rule the other three out, on this corpus.",
            ),
        ),
        hint="Which control speaks against which explanation?",
        allowed="thinking, and the tables above",
    ),
    Exercise(
        id="04.5",
        name="reading_the_map",
        title="What a map may be made to say",
        lesson="04",
        signature="reading_the_map",
        points=1,
        minutes=3,
        difficulty=2,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "Agreed. A worse student under a larger teacher is what a capacity gap is.",
                "It is what one would look like. But two students of one cell differ by more than the "
                "two cells do, and each teacher is a single throw.",
            ),
            Choice(
                "b",
                "The difference is smaller than that between two seeds, and each row is one teacher. Train both teachers again, and more students, before adding a third model.",
                "Right. The claim is about sizes of teachers, so teachers have to be drawn again too; and "
                "their temperature or length of training may explain it more cheaply than their size.",
            ),
            Choice(
                "c",
                "There are no capacity gaps: better teachers always make better students.",
                "Published work has found larger teachers that teach worse (Cho & Hariharan 2019; "
                "Mirzadeh et al. 2020). This comparison is merely too weak to show one.",
            ),
            Choice(
                "d",
                "Take the middle-sized teacher: the number is smaller, and that decides.",
                "As a bet it costs little, but as a finding it says nothing: with another seed the order "
                "may well turn round.",
            ),
        ),
        hint="How large is the difference beside the spread of one cell? And what was drawn only once?",
        allowed="thinking",
    ),
    Exercise(
        id="04.6",
        name="smoothed_targets",
        title="Smoothed labels",
        lesson="04",
        signature="smoothed_targets(labels, classes, epsilon)",
        points=2,
        minutes=5,
        difficulty=2,
        importance=3,
        cases=smoothing_cases,
        misconceptions=(
            Misconception(
                "ε is shared among the other classes only",
                _smooth_over_the_others,
                hint="Another convention, also seen. Here, as in PyTorch's label_smoothing, the label gets its share of ε too.",
            ),
            Misconception(
                "the label gets no share of ε, and the rows do not sum to one",
                _smooth_label_less,
                hint="All classes get ε / classes, the label's own as well.",
            ),
            Misconception(
                "the label keeps all of its probability",
                _smooth_label_kept,
                hint="What the others are given must be taken from the label.",
            ),
            Misconception(
                "ε and 1 - ε are swapped",
                _smooth_swapped,
                hint="At ε = 0 the labels must come out as they are.",
            ),
            Misconception(
                "every class gets the whole of ε",
                _smooth_undivided,
                hint="ε is shared among the classes.",
            ),
            Misconception(
                "there are only as many classes as the largest label says",
                _smooth_largest_label,
                hint="A batch need not hold every class: `classes` says how many there are.",
            ),
        ),
        hint="A weighted sum of two distributions: the label's, and the uniform one.",
        allowed="torch",
    ),
    Exercise(
        id="04.7",
        name="implied_target",
        title="The one target behind two losses",
        lesson="04",
        signature="implied_target(teacher_p, labels, alpha)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=4,
        cases=mixture_cases,
        misconceptions=(
            Misconception(
                "α weighs the labels",
                _mixture_swapped,
                hint="In this course α weighs the soft part: α = 1 is the teacher alone.",
            ),
            Misconception(
                "the labels' part is not weighed",
                _mixture_sum,
                hint="A target sums to one.",
            ),
            Misconception(
                "a softmax is taken of what is a distribution already",
                _mixture_softmax,
                hint="A weighted mean of distributions is one.",
            ),
            Misconception(
                "the teacher's part is uniform: this is label smoothing",
                _mixture_as_smoothing,
                hint="Label smoothing has a teacher who knows nothing. Ours has an opinion.",
            ),
            Misconception(
                "the hard part is the teacher's own choice, not the label",
                _mixture_own_choice,
                hint="Where the teacher is wrong, the label must be heard.",
            ),
            Misconception(
                "the teacher is heard only where it is right",
                _mixture_only_where_right,
                hint="A method of its own; the two losses of lesson 03 hear the teacher everywhere.",
            ),
        ),
        hint="Write both losses as cross-entropies with the student's log q, and collect what multiplies log q_i.",
        allowed="torch",
    ),
    Exercise(
        id="04.8",
        name="align_classes",
        title="Bring the classes into one order",
        lesson="04",
        signature="align_classes(teacher_logits, teacher_names, student_names)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=5,
        cases=align_cases,
        misconceptions=(
            Misconception(
                "the teacher's columns stay where they are",
                _align_not,
                hint="Column 0 of the teacher need not be column 0 of the student.",
            ),
            Misconception(
                "columns go the wrong way round (the inverse order)",
                _align_inverse,
                hint="For each *student* class: where does the *teacher* keep it?",
            ),
            Misconception(
                "columns are sorted by name",
                _align_sorted,
                hint="The student's order is not the alphabet's.",
            ),
            Misconception(
                "the right columns are kept, in the teacher's order",
                _align_teachers_order,
                hint="The order is the student's.",
            ),
            Misconception(
                "these are probabilities, not logits",
                _align_probabilities,
                hint="Logits in, logits out; the softmax comes with the loss, over the classes that are left.",
            ),
            Misconception(
                "names in other capitals are not found",
                _align_exact,
                hint="Bring both sides to lower case first.",
            ),
        ),
        hint="A dict from a class's name to the teacher's column; then index with a list of columns.",
        allowed="torch and plain Python",
    ),
    Exercise(
        id="04.9",
        name="first_choice",
        title="Choose",
        lesson="04",
        signature="first_choice",
        points=2,
        minutes=5,
        difficulty=3,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "A BERT-base teacher instead, because its vocabulary is MiniLM's.",
                "It gives up a good teacher for something that is not needed: topics are classes, and for "
                "classes each model may read the text in its own way.",
            ),
            Choice(
                "b",
                "Universal logit distillation, which is made for different tokenizers.",
                "It compares next-token distributions over two vocabularies. Here both models have the same "
                "twelve outputs, and there is nothing to be made comparable but their order.",
            ),
            Choice(
                "c",
                "RoBERTa labels all 203,000 messages once, by their text; MiniLM learns from these probabilities, beside a MiniLM that learns from the 3,000 labels alone.",
                "Right. Classes need no shared tokenizer, unlabelled text is where a teacher is worth most, "
                "the answers are computed once, and the control says what it was worth.",
            ),
            Choice(
                "d",
                "A two-layer student trained from scratch on the labels: on one core, small is what counts.",
                "A control worth having, but not what to try first: it uses neither pretrained weights nor "
                "the teacher nor the unlabelled messages.",
            ),
            Choice(
                "e",
                "RoBERTa's token numbers as input for MiniLM, so that both see the same.",
                "The numbers mean other tokens in MiniLM's vocabulary. Nothing raises an error where they "
                "fit, and the student reads nonsense.",
            ),
        ),
        hint="What must the two models share when the targets are classes? And what is there plenty of?",
        allowed="thinking",
    ),
)
