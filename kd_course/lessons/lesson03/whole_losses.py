"""Lesson 03's whole losses, 03.7 and 03.8: of examples, and of the tokens of padded sentences."""

from __future__ import annotations

import math

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor

from kd_course.exercises.slips import IGNORED, mean_surprise, random_labels, with_other_alpha
from kd_course.exercises.spec import Case, Exercise
from kd_course.lessons.lesson03 import slips
from kd_course.lessons.lesson03.shared import (
    BOTH_SOFT,
    DETACH,
    EVERY_ROW,
    FAR,
    SURE,
    both,
    every_label,
    far_student,
    some_logits,
    sure_teacher,
    without_some,
    wrong,
)

# -- 03.7 the whole loss ----------------------------------------------------------------------


def distillation_loss_cases(random: numpy.random.Generator) -> list[Case]:
    partly = without_some(random, random_labels(random, 3, 4), 2)
    far, order = far_student(random), random.permutation(2)
    own = torch.stack([far[0].argmin(), far[1].argmax()])  # held impossible, and held certain
    none = torch.full((3,), IGNORED)
    return [
        Case(
            (*both(random, 1, 3), random_labels(random, 3, 1), 1.0, 0.3),
            "one example, T = 1, alpha = 0.3",
        ),
        Case(
            (*both(random, 4, 3), every_label(random, 3, 4), 2.0, 0.6),
            "four examples, T = 2, alpha = 0.6",
            gradient_of=(0, 1),
        ),
        Case(
            (*both(random, 3, 5), random_labels(random, 5, 3), 4.0, 0.9),
            "five classes, T = 4, alpha = 0.9",
            gradient_of=(0, 1),
        ),
        Case(
            (*both(random, 4, 3), random_labels(random, 3, 4), 3.0, 0.0),
            "alpha = 0: labels only",
            gradient_of=(0,),
            clause="α = 0",
        ),
        Case(
            (*both(random, 4, 3), random_labels(random, 3, 4), 3.0, 1.0),
            "alpha = 1: teacher only",
            gradient_of=(0,),
            clause="α = 1",
        ),
        Case(
            (*both(random, 4, 3), partly, 2.0, 0.5),
            "two of four rows unlabelled",
            gradient_of=(0,),
            clause="a batch some of whose rows have no label",
        ),
        Case(
            (*both(random, 3, 4), none, 2.0, 0.6),
            "no row labelled",
            gradient_of=(0,),
            clause="a batch in which no row has a label",
        ),
        Case(
            (
                some_logits(random, 2, 3),
                sure_teacher(random),
                random_labels(random, 3, 2),
                2.0,
                0.5,
            ),
            "a teacher with logits of several hundred",
            gradient_of=(0, 1),
            clause=SURE,
        ),
        Case(
            (far[order], some_logits(random, 2, 4), own[order], 2.0, 0.5),
            "a student with logits of several hundred",
            clause=FAR,
        ),
    ]


DISTILLATION_LOSS = Exercise(
    id="03.7",
    name="distillation_loss",
    title="The whole loss",
    lesson="03",
    signature="distillation_loss(student_logits, teacher_logits, labels, temperature, alpha)",
    points=5,
    minutes=10,
    difficulty=3,
    importance=5,
    cases=distillation_loss_cases,
    atol=1e-5,
    misconceptions=(
        wrong(
            "Alpha weighs the hard loss",
            with_other_alpha(slips.mixed()),
            "Some libraries mean it so. In this course alpha weighs the soft loss.",
        ),
        wrong(
            "Alpha is not used: half and half",
            slips.weighed(lambda alpha, temperature: (0.5, 0.5)),
            "At alpha = 1 the labels should have no say, and at alpha = 0 the teacher.",
        ),
        wrong(
            "The weights do not add up to one: the hard loss is not weighed by 1 - alpha",
            slips.weighed(lambda alpha, temperature: (alpha, 1)),
            "At alpha = 1 the labels should have no say.",
        ),
        wrong(
            "The weights do not add up to one: the soft loss is not weighed by alpha",
            slips.weighed(lambda alpha, temperature: (1, 1 - alpha)),
            "At alpha = 0 the teacher should have no say.",
        ),
        wrong(
            "The hard loss is subtracted",
            slips.weighed(lambda alpha, temperature: (alpha, alpha - 1)),
            "Both are to become small.",
        ),
        wrong(
            "T² is missing",
            slips.mixed(slips.soft(power=0)),
            "Without it the soft part fades as T grows, and the labels take over.",
        ),
        wrong(
            "The factor is T, not T²",
            slips.mixed(slips.soft(power=1)),
            "Look at the factor in front of the divergence once more.",
        ),
        wrong(
            "T² is counted twice",
            slips.mixed(slips.soft(power=4)),
            "Your soft loss brings its factor along.",
        ),
        wrong(
            "T² is dropped when alpha is 1",
            slips.mixed_no_square_at_end,
            "A shortcut for the end value must return what the formula gives there.",
        ),
        wrong(
            "T² multiplies the hard loss too",
            slips.weighed(lambda alpha, temperature: (alpha, temperature**2 * (1 - alpha))),
            "The labels' gradient does not shrink with T. Only one of the parts needs T².",
        ),
        wrong(
            "KL(student‖teacher): the arguments are swapped",
            slips.mixed(slips.soft(slips.reversed_terms)),
            "The distribution in front of the terms should be the teacher's.",
        ),
        wrong(
            'reduction="mean": the soft part is divided by the number of classes as well',
            slips.mixed(slips.soft(slips.over_classes)),
            "Sum over the classes of an example, then take the mean over the examples.",
        ),
        wrong(
            "Both parts are summed over the examples, not averaged",
            slips.mixed_sums,
            "Twice the batch would give twice the loss, and twice the step.",
        ),
        wrong(
            "kl_div got the student's probabilities; it wants log-probabilities",
            slips.mixed(slips.soft(slips.terms_of_probabilities)),
            "F.kl_div's first argument is a log.",
        ),
        wrong(
            "The soft part is a cross-entropy: the teacher's entropy is still in it",
            slips.mixed(slips.soft(slips.terms_of_cross_entropy)),
            "The gradient is right, the value is not.",
        ),
        wrong(
            "Softmax over the first dimension: over examples, not over classes",
            slips.mixed(slips.soft(dim=0)),
            EVERY_ROW,
        ),
        wrong("The teacher is not softened", slips.mixed(slips.soft(hot="teacher")), BOTH_SOFT),
        wrong(
            "The student is not softened in the soft loss",
            slips.mixed(slips.soft(hot="student")),
            BOTH_SOFT,
        ),
        wrong(
            "The hard loss is softened too",
            slips.mixed_hard_softened,
            "The student will be used at temperature one. So is it compared with labels.",
        ),
        wrong(
            "A row without a label is dropped from the soft part too",
            slips.mixed_unlabelled_dropped,
            "The teacher has an opinion on unlabelled text: that is half of what it is for.",
        ),
        wrong(
            "A row without a label is dropped from the soft part too, and a mean of no rows is NaN",
            slips.mixed_of_labelled_rows,
            "The teacher has an opinion on unlabelled text: which rows does the soft part average?",
        ),
        wrong(
            "The two are mixed row by row: a row without a label gives the soft part its whole weight",
            slips.mixed_row_by_row,
            "Two means, each over its own rows, are weighed by alpha; not two numbers a row.",
        ),
        wrong(
            "The hard labels are the teacher's own most likely classes",
            slips.mixed_with_labels(lambda labels, own: own),
            "The labels come from the data: they are where the teacher can be corrected.",
        ),
        wrong(
            "Where there is a label, the teacher's own most likely class takes its place",
            slips.mixed_with_labels(
                lambda labels, own: torch.where(labels == IGNORED, labels, own)
            ),
            "The labels come from the data: they are where the teacher can be corrected.",
        ),
        wrong(
            "Missing labels are filled in by the teacher",
            slips.mixed_with_labels(
                lambda labels, own: torch.where(labels == IGNORED, own, labels)
            ),
            "On a row without a label the hard part has nothing to say.",
        ),
        wrong(
            "The hard part judges the teacher's logits, not the student's",
            slips.mixed_teacher_judged,
            "Whose surprise at the label is to become small?",
        ),
        wrong(
            "Rows without a label are counted in the hard part's mean",
            slips.mixed(hard_loss=slips.hard_counts_unlabelled),
            "They add nothing to the sum. They must not add to the count either.",
        ),
        wrong(
            "The two parts are returned, not their sum",
            slips.mixed_side_by_side,
            "backward() wants one number.",
        ),
        wrong("Gradient flows into the teacher", slips.mixed(slips.soft(detached="")), DETACH),
        wrong(
            "No gradient flows from the soft part to the student",
            slips.mixed(
                lambda student, teacher, temperature: slips.right_soft(
                    student.detach(), teacher, temperature
                )
            ),
            "The value is right. Which of the two models is to be detached?",
        ),
        wrong(
            "No gradient flows from the hard part",
            slips.mixed(hard_loss=lambda student, labels: mean_surprise(student, labels).detach()),
            "The value is right, and the labels teach nothing: .item() or .detach() cuts them off.",
        ),
        wrong(
            "0/0 when no row is labelled",
            slips.mixed(hard_loss=F.cross_entropy),
            "A batch of unlabelled text has a soft loss. Its hard loss is 0, not NaN.",
        ),
    ),
    question="Which rows does the soft part count, and which the hard part?",
    hint="You have written both parts. Weigh each, and see that neither changes the other's rows.",
    withheld=("kd_course.losses.*",),
    allowed="your soft_loss and hard_loss, anything in torch; not kd_course.losses",
)


# -- 03.8 tokens, padding, masks --------------------------------------------------------------


def masked_loss_cases(random: numpy.random.Generator) -> list[Case]:
    def batch(sentences: int, length: int, vocabulary: int) -> tuple[Tensor, Tensor, Tensor]:
        logits = both(random, sentences, length, vocabulary)
        labels = random_labels(random, vocabulary, sentences, length)
        labels[0, 0] = 0
        return (*logits, labels)

    def tokens(*there: list[int]) -> Tensor:
        """The mask of two sentences, in any order."""
        return torch.tensor(random.permutation(there)).bool()

    everything = torch.ones(2, 3, dtype=torch.bool)
    ragged = tokens([1, 1, 1, 1], [1, 0, 0, 0])
    long, short = int(ragged[:, 1].long().argmax()), int(ragged[:, 1].long().argmin())
    scattered = tokens([0, 0, 1, 1], random.choice([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1]]))
    one_empty = tokens(random.choice([[1, 0, 0], [1, 1, 0], [1, 1, 1]]), [0, 0, 0])

    unlabelled = batch(2, 4, 5)
    unlabelled[2][long, random.integers(4)] = unlabelled[2][short, 0] = IGNORED
    nobody_knows = batch(2, 4, 5)
    nobody_knows[2][ragged] = IGNORED
    padded_labels = batch(2, 4, 3)
    padded_labels[2][~ragged] = IGNORED

    excluded = batch(2, 4, 5)
    often, seldom = (int(one) for one in 1 + random.choice(4, 2, replace=False))
    for one in (often, seldom):
        excluded[2][excluded[2] == one] = 0  # a label is never a class that is excluded
    for logits in excluded[:2]:
        logits[:, ::2, often] = logits[long, 1:, seldom] = -math.inf
    apart = batch(2, 4, 3)
    for logits, sentence in zip(apart[:2], random.permutation(2)):
        logits[sentence, 0] += torch.tensor(random.permutation([300.0, 0.0, -300.0])).float()
    nothing_there = batch(2, 4, 5)
    for logits in nothing_there[:2]:
        logits[~ragged] = math.nan

    def clause(args: tuple, words: str, label: str = "") -> Case:
        return Case(args, label or words, gradient_of=(0,), clause=words)

    return [
        Case((*batch(2, 3, 5), everything, 2.0, 0.6), "no padding", gradient_of=(0, 1)),
        Case(
            (*batch(2, 4, 5), ragged, 3.0, 0.7),
            "sentences of four tokens and of one",
            gradient_of=(0, 1),
        ),
        clause((*padded_labels, ragged, 2.0, 0.4), "padding that is labelled -100"),
        clause((*unlabelled, ragged, 2.0, 0.5), "tokens without a label"),
        clause(
            (*nobody_knows, ragged, 2.0, 0.6), "a batch in which no token that counts has a label"
        ),
        clause((*batch(2, 3, 4), one_empty, 2.0, 0.5), "a sentence that is all padding"),
        clause(
            (*batch(2, 3, 4), torch.zeros_like(everything), 2.0, 0.5),
            "a batch that is all padding",
        ),
        clause(
            (*batch(2, 4, 4), scattered, 2.0, 0.5),
            "padding that stands before or between the tokens",
        ),
        clause((*batch(2, 4, 3), ragged, 4.0, 1.0), "α = 1"),
        clause((*batch(2, 4, 3), ragged, 4.0, 0.0), "α = 0"),
        clause((*excluded, ragged, 2.0, 0.5), "a class that both exclude with -∞"),
        clause((*nothing_there, ragged, 2.0, 0.5), "padding whose logits are NaN"),
        clause((*apart, ragged, 2.0, 0.5), "logits that lie hundreds apart"),
    ]


MASKED_LOSS = Exercise(
    id="03.8",
    name="masked_distillation_loss",
    title="A loss a token: padding, masks, excluded classes",
    lesson="03",
    signature=(
        "masked_distillation_loss(student_logits, teacher_logits, labels, mask, temperature, alpha)"
    ),
    points=6,
    minutes=15,
    difficulty=4,
    importance=5,
    cases=masked_loss_cases,
    atol=1e-5,
    misconceptions=(
        wrong(
            "Divided by the number of sentences: batchmean on (batch, length, vocabulary)",
            slips.masked(slips.soft_tokens(lambda rows, mask: rows.sum() / len(mask))),
            "A batch of long sentences would weigh more. Divide by the tokens that count.",
        ),
        wrong(
            "The mask is used in the hard part only: padding is counted in the soft part",
            slips.masked(slips.soft_tokens(which=slips.everywhere)),
            "Which rows does the soft mean run over?",
        ),
        wrong(
            "The mask is used in the soft part only",
            slips.masked(hard_part=slips.hard_tokens(which=lambda m, labels: labels != IGNORED)),
            "Not every data set labels its padding -100. The mask governs both parts.",
        ),
        wrong(
            "The mask is not used: padding is counted in both parts",
            slips.with_mask(slips.everywhere, slips.masked()),
            "Pad the batch further: should its loss change?",
        ),
        wrong(
            "The mask is read the other way round: true for padding",
            slips.with_mask(lambda mask, labels: ~mask, slips.masked()),
            "Which tokens does the statement say the mask marks?",
        ),
        wrong(
            "The first sentence's mask is used for all",
            slips.with_mask(lambda mask, labels: mask[:1].expand_as(mask), slips.masked()),
            "Sentences differ in length.",
        ),
        wrong(
            "Padding is set to zero, but still counted in the mean",
            slips.masked(slips.soft_zeroed, slips.hard_zeroed),
            "Zeros pull a mean down. Divide by the tokens that count, not by all.",
        ),
        wrong(
            "Padding is set to zero in the soft part, but still counted in its mean",
            slips.masked(slips.soft_zeroed),
            "Zeros pull a mean down. Divide by the tokens that count, not by all.",
        ),
        wrong(
            "Padding is set to zero in the hard part, but still counted in its mean",
            slips.masked(hard_part=slips.hard_zeroed),
            "Zeros pull a mean down. Divide by the tokens that count, not by all.",
        ),
        wrong(
            "The soft part's sum leaves padding out, but its count does not",
            slips.masked(slips.soft_tokens(lambda rows, mask: rows.sum() / mask.numel())),
            "Sum and count must be of the same tokens.",
        ),
        wrong(
            "The hard part's sum leaves padding out, but its count does not",
            slips.masked(hard_part=slips.hard_tokens(lambda rows, mask: rows.sum() / mask.numel())),
            "Sum and count must be of the same tokens.",
        ),
        wrong(
            "The hard part is divided by all labels, those of the padding too",
            slips.masked(hard_part=slips.hard_counts_padding),
            "Sum and count must be of the same tokens.",
        ),
        wrong(
            "The mean of the sentences' means: a token of a short sentence weighs more",
            slips.masked(slips.soft_of_sentences),
            "Every token that counts weighs the same here, whatever sentence it stands in.",
        ),
        wrong(
            "In the hard part, the mean of the sentences' means",
            slips.masked(hard_part=slips.hard_of_sentences),
            "Every token that counts weighs the same here, whatever sentence it stands in.",
        ),
        wrong(
            "The tokens are summed, not averaged",
            slips.masked_sum,
            "A longer batch would give a larger loss, and larger steps.",
        ),
        wrong(
            "Tokens without a label are counted in the hard part's mean",
            slips.masked(hard_part=slips.hard_tokens(which=slips.counted)),
            "The soft part and the hard part need not have the same number of tokens.",
        ),
        wrong(
            "Label 0 is taken for a missing one",
            slips.masked(
                hard_part=slips.hard_tokens(which=lambda mask, labels: mask & (labels > 0))
            ),
            "Which number says that there is no label?",
        ),
        wrong(
            "A token without a label is dropped from the soft part too",
            slips.masked(slips.soft_tokens(which=slips.where_labelled)),
            "-100 speaks of the label. The teacher's opinion is still there.",
        ),
        wrong(
            "The labels are shifted by one position, as for a language model",
            slips.masked(hard_part=slips.hard_shifted),
            "Here the label of a position stands at that position.",
        ),
        wrong(
            "Softmax over the tokens of a sentence (dim=1), not over the vocabulary",
            slips.masked(slips.soft_over_positions),
            "With (batch, classes) dim=1 is right; with (batch, length, vocabulary) it is not.",
        ),
        wrong(
            "KL(student‖teacher): the arguments are swapped",
            slips.masked(slips.soft_tokens(rows=slips.reversed_rows)),
            "The distribution in front of the terms should be the teacher's.",
        ),
        wrong(
            "The hard loss is softened too",
            slips.masked(hard_part=slips.hard_softened),
            "The student will be used at temperature one. So is it compared with labels.",
        ),
        wrong(
            "0/0 when nothing is left to average",
            slips.masked(
                slips.soft_tokens(lambda rows, mask: rows.mean()),
                slips.hard_tokens(lambda rows, mask: rows.mean()),
            ),
            "The mean of no tokens is NaN. A batch that counts for nothing should cost 0.",
        ),
        wrong(
            "0 · (-inf) = NaN at a class that both exclude",
            slips.masked(slips.soft_tokens(rows=slips.rows_nan_at_excluded)),
            "A class of probability 0 adds nothing. That must be said before the sum.",
        ),
        wrong(
            "Two slips: 0/0 when nothing is left, and 0 · (-inf) at a class that both exclude",
            slips.masked(
                slips.soft_tokens(lambda rows, mask: rows.mean(), slips.rows_nan_at_excluded),
                slips.hard_tokens(lambda rows, mask: rows.mean()),
            ),
            "What is the mean of no tokens to be, and what does a class of probability 0 add?",
        ),
        wrong(
            "T² is missing",
            slips.masked(slips.soft_tokens(power=0)),
            "The soft part still carries T².",
        ),
        wrong(
            "The soft part is divided by the size of the vocabulary as well",
            slips.masked(slips.soft_tokens(rows=slips.rows_over_vocabulary)),
            "Sum over the vocabulary, average over tokens. With 30,000 words this hides it all.",
        ),
        wrong(
            "Alpha weighs the hard loss",
            with_other_alpha(slips.masked()),
            "In this course alpha weighs the soft loss.",
        ),
        wrong(
            "Gradient flows into the teacher",
            slips.masked(slips.soft_tokens(rows=slips.rows_into_teacher)),
            DETACH,
        ),
    ),
    question="What shape is left of (batch, length, vocabulary) once only the tokens that count are kept?",
    hint=(
        "Throw the padding away first, and what is left is an old acquaintance. Then look for the two "
        "places where nothing is divided by nothing, or multiplied by something infinite."
    ),
    withheld=("kd_course.losses.*",),
    allowed="anything in torch; not kd_course.losses",
)
