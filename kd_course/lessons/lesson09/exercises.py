"""The exercises of lesson 09: which layers, four losses that look inside, and what they prove.

cases.py has what they are tried on, slips.py the wrong answers.
"""

from __future__ import annotations

import torch

from kd_course.exercises.spec import Choice, Exercise, Misconception
from kd_course.lessons.lesson09 import cases, slips

EXERCISES = (
    Exercise(
        id="09.1",
        name="layer_map",
        title="Which layer of the teacher?",
        lesson="09",
        signature="layer_map(student_layers, teacher_layers)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=cases.layer_cases,
        misconceptions=(
            Misconception(
                "the embeddings are taken for the first layer",
                slips.map_with(lambda k, s, t: (k - 1) * t // s),
                hint="hidden_states[0] is what goes into the first layer. Which entry comes out of it?",
            ),
            Misconception(
                "layers are counted from 0, as in copy_layers",
                slips.map_with(lambda k, s, t: k * t // s - 1),
                hint="copy_layers counts layers, hidden_states counts what stands between them. Which entry is the last layer's?",
            ),
            Misconception(
                "the embeddings are matched too",
                slips.with_embeddings,
                hint="How many layers has the student? So many entries are asked for.",
            ),
            Misconception(
                "places between two layers are rounded up",
                slips.map_with(lambda k, s, t: -(-k * t // s)),
                hint="3 of 4: the first lies at 4/3. Which layer has been passed there?",
            ),
            Misconception(
                "the step from layer to layer is rounded, so the last one is missed",
                slips.map_with(lambda k, s, t: k * (t // s)),
                hint="For 5 of 12: where does the student's last layer end up?",
            ),
            Misconception(
                "the teacher's first layers are taken",
                slips.map_with(lambda k, s, t: k),
                hint="Spread them over the whole depth.",
            ),
            Misconception(
                "the teacher's last layers are taken",
                slips.map_with(lambda k, s, t: t - s + k),
                hint="Spread them over the whole depth.",
            ),
            Misconception(
                "places run evenly from the embeddings to the last layer",
                slips.even_places,
                hint="The student's first layer has come 1/s of the way, not none of it.",
            ),
            Misconception(
                "the map runs from top to bottom",
                slips.reversed_map,
                hint="That is the control. Which layer of the student comes first in the list?",
            ),
        ),
        question="A teacher of 12 layers gives 13 hidden states. What is the first of them, and which index has the last?",
        hint="Where should the student's last layer end up? Then divide the depth evenly, in whole numbers, from the bottom.",
        withheld=(
            "kd_course.distillation.*",
            "kd_course.models.copying.*",
            "kd_course.translation.translators.copy_layers",
        ),
        allowed="plain Python; not kd_course.distillation, nor the copy_layers of kd_course.models.copying and kd_course.translation",
    ),
    Exercise(
        id="09.2",
        name="hidden_loss",
        title="How far is the student's vector?",
        lesson="09",
        signature="hidden_loss(student, teacher, mask, weight)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=cases.hidden_cases,
        misconceptions=(
            Misconception(
                "padding counts as text",
                slips.padding_counts,
                hint="Double the padding of a batch: may the loss change?",
            ),
            Misconception(
                "padding adds nothing, but is in the divisor",
                slips.padding_in_the_divisor,
                hint="By how many tokens is it divided, and how many have been added up?",
            ),
            Misconception(
                "squares are summed over a vector's numbers, not averaged",
                slips.hidden_with(lambda own, wanted: (own - wanted).square().sum(-1)),
                hint="The formula divides by the teacher's width.",
            ),
            Misconception(
                "every row weighs the same, however long it is",
                slips.mean_of_rows,
                hint="A row of two tokens and one of two hundred: it is a mean over tokens.",
            ),
            Misconception(
                "the distance is not squared",
                slips.hidden_with(lambda own, wanted: (own - wanted).abs().mean(-1)),
                hint="That is the mean absolute difference. What does the formula have?",
            ),
            Misconception(
                "vectors are brought to length one",
                slips.hidden_with(
                    lambda own, wanted: slips.mean_squares(
                        torch.nn.functional.normalize(own, dim=-1),
                        torch.nn.functional.normalize(wanted, dim=-1),
                    )
                ),
                hint="Patient KD does so. The formula here does not.",
            ),
            Misconception(
                "cosines are compared, not distances",
                slips.hidden_with(
                    lambda own, wanted: 1 - torch.nn.functional.cosine_similarity(own, wanted, -1)
                ),
                hint="DistilBERT does so. The formula here squares differences.",
            ),
            Misconception(
                "the weight gets no gradient",
                slips.fixed_weight,
                hint="W is trained with the student: who would move it, if no gradient reached it?",
            ),
            Misconception(
                "the teacher is projected, not the student",
                slips.teacher_projected,
                hint="W and the student's vectors could then shrink to nothing together, and the loss with them. On whose side must W be, to close that way out?",
            ),
            Misconception(
                "the mask is multiplied with, so NaN in the padding stays",
                slips.multiplied_mask,
                hint="0 · NaN is NaN. Select the tokens that count before anything is computed.",
            ),
            Misconception(
                "where no token counts, 0 is divided by 0",
                slips.nothing_by_nothing,
                hint="The mean over no tokens: what should it be?",
            ),
            Misconception(
                "the teacher gets a gradient",
                slips.into_the_teacher,
                hint="The teacher is not trained: .detach().",
            ),
        ),
        question="Which tokens of the batch may have a say, in the sum and in what it is divided by?",
        hint="student[mask] is a list of the vectors that count: (tokens, width). From there on it is a mean of squares.",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses, which has it",
    ),
    Exercise(
        id="09.3",
        name="unheld",
        title="The parameter that no optimizer holds",
        lesson="09",
        signature="unheld(student, projection, optimizer)",
        points=4,
        minutes=10,
        difficulty=3,
        importance=4,
        cases=cases.unheld_cases,
        misconceptions=(
            Misconception(
                "what is held is listed, not what is missing",
                slips.unheld_with(turned=True),
                hint="An optimizer that holds everything: what should the list be?",
            ),
            Misconception(
                "only the first group of the optimizer is looked at",
                slips.unheld_with(held=slips.first_group),
                hint="optimizer.param_groups is a list.",
            ),
            Misconception(
                "frozen parameters count as missing",
                slips.unheld_with(counts=lambda p: True),
                hint="Who has requires_grad=False is not meant to be trained.",
            ),
            Misconception(
                "parameters with the same numbers are taken for the same parameter",
                slips.by_value,
                hint="A copy has the same numbers today. Which question asks for the object itself?",
            ),
            Misconception(
                "only the projection is looked at",
                slips.unheld_with(both=False),
                hint="The student's parameters may be missing, too.",
            ),
            Misconception(
                "a parameter of both modules is listed once",
                slips.named_once,
                hint="Nobody holds it, and it has a name in each module. How many names is that?",
            ),
            Misconception(
                "names come without their module",
                slips.unheld_with(name=lambda part, own: own),
                hint='Both modules may have a "weight".',
            ),
            Misconception(
                "the names are not sorted",
                slips.unsorted,
                hint="Alphabetical order, over both modules together.",
            ),
            Misconception(
                "what has no gradient yet is taken for what is not held",
                slips.by_gradient,
                hint="A gradient is there after backward(), held or not. The optimizer's groups say who moves.",
            ),
        ),
        question="Where does an optimizer keep what it moves? And when are two parameters the same one?",
        hint="Collect the id() of everything in optimizer.param_groups, then walk named_parameters() of both modules.",
        allowed="torch, plain Python",
    ),
    Exercise(
        id="09.4",
        name="attention_loss",
        title="What does a token look at?",
        lesson="09",
        signature="attention_loss(student, teacher, mask)",
        points=5,
        minutes=15,
        difficulty=4,
        importance=4,
        cases=cases.attention_cases,
        misconceptions=(
            Misconception(
                "an empty tuple gives a loss of 0",
                slips.attention_with(empty=lambda: torch.tensor(0.0)),
                hint="A sum over no layers is 0 at every step, and nobody notices. Raise ValueError.",
            ),
            Misconception(
                "this is KL(student ‖ teacher): the arguments are swapped",
                slips.attention_with(slips.attention_turned),
                hint="Whose log stands in front, weighted by whose probability?",
            ),
            Misconception(
                "the distribution is taken over the looking tokens",
                slips.attention_with(
                    lambda s, t: slips._terms(t.transpose(-1, -2), s.transpose(-1, -2)).sum(-1)
                ),
                hint="Each row sums to one. Which dimension is that?",
            ),
            Misconception(
                "padded tokens look, too",
                slips.attention_with(mean=lambda kl, mask: kl.mean()),
                hint="In transformers' maps a padded token has a row like any other. mask says which rows count.",
            ),
            Misconception(
                "padded tokens are in the divisor",
                slips.attention_with(mean=lambda kl, mask: (kl * mask[:, None]).mean()),
                hint="By how many rows is it divided, and how many have been added up?",
            ),
            Misconception(
                "heads are averaged before they are compared",
                slips.heads_first,
                hint="Two heads that have changed places have the same mean.",
            ),
            Misconception(
                "heads are summed",
                slips.attention_with(mean=lambda kl, mask: (kl * mask[:, None]).sum() / mask.sum()),
                hint="It is a mean over heads, too.",
            ),
            Misconception(
                "layers are summed",
                slips.attention_with(layers=sum),
                hint="It is a mean over layers, too.",
            ),
            Misconception(
                "only the last layer is compared",
                slips.attention_with(layers=lambda found: found[-1]),
                hint="student and teacher hold one map a layer.",
            ),
            Misconception(
                "this is the mean squared difference",
                slips.attention_with(slips.squares),
                hint="Rows are distributions: compare them with KL.",
            ),
            Misconception(
                "every row of the batch weighs the same, however long it is",
                slips.attention_with(
                    mean=lambda kl, mask: (
                        (kl * mask[:, None]).sum(-1) / mask.sum(-1).clamp(min=1)[:, None]
                    ).mean()
                ),
                hint="It is a mean over looking tokens.",
            ),
            Misconception(
                "0 · log 0 is NaN",
                slips.attention_with(lambda s, t: (t * (t.log() - s.log())).sum(-1)),
                hint="A token may give another nothing. What is the limit of p log p?",
            ),
            Misconception(
                "the value is right, the gradient of log 0 is NaN",
                slips.attention_with(slips.infinite_slope),
                hint="torch.where leaves the NaN out of the value, and 0 · NaN comes back through the gradient. Keep 0 away from the log before it is taken.",
            ),
            Misconception(
                "the gradient of log 0 is NaN, and the teacher gets one",
                slips.attention_with(slips.infinite_slope, detached=False),
                hint="The value is right. Keep 0 away from the log before it is taken, and .detach() the teacher.",
            ),
            Misconception(
                "the teacher gets a gradient",
                slips.attention_with(detached=False),
                hint="The teacher is not trained: .detach().",
            ),
            Misconception(
                "the student gets no gradient",
                slips.attention_with(slips.student_detached),
                hint="Whose maps are to change? Only the teacher's are detached.",
            ),
            Misconception(
                "the term is 0 only where neither gives anything",
                slips.attention_with(slips.nothing_from_both),
                hint="The teacher gives a token nothing, the student something: what is p (log p − log q) for p = 0?",
            ),
            Misconception(
                "an empty tuple of the teacher goes unnoticed",
                slips.student_alone_checked,
                hint="Either model may have been made without eager. zip stops at the shorter of two tuples.",
            ),
        ),
        question="What is one distribution here, over what does it run, and how many of them count?",
        hint="Write the KL of one row first; the padded keys are 0 in both models. Then decide which rows count, and average over layers, heads and those.",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses, which has it",
    ),
    Exercise(
        id="09.5",
        name="relation_loss",
        title="Which tokens resemble one another?",
        lesson="09",
        signature="relation_loss(student, teacher, mask, heads)",
        points=5,
        minutes=18,
        difficulty=4,
        importance=5,
        cases=cases.relation_cases,
        misconceptions=(
            Misconception(
                "the vectors are not cut into heads",
                slips.relations_with(split=slips.uncut, scale=lambda v, heads: v.shape[-1] ** 0.5),
                hint="MiniLMv2 compares head by head. What is `heads` for?",
            ),
            Misconception(
                "the cut mixes neighbouring tokens",
                slips.relations_with(split=slips.wrong_view),
                hint="A head is a stretch of a token's own numbers: first (batch, length, heads, width of a head), then move the heads.",
            ),
            Misconception(
                "divided by the root of the whole width",
                slips.relations_with(scale=lambda v, heads: v.shape[-1] ** 0.5),
                hint="d is the width of one relation head.",
            ),
            Misconception(
                "not divided by √d",
                slips.relations_with(scale=lambda v, heads: 1.0),
                hint="Without it the softmax of a wide model is all but one-hot.",
            ),
            Misconception(
                "divided by d, not by its root",
                slips.relations_with(scale=lambda v, heads: v.shape[-1] // heads),
                hint="√d, as in attention.",
            ),
            Misconception(
                "padding may be resembled",
                slips.relations_with(keys=False),
                hint="The softmax runs over the tokens that count.",
            ),
            Misconception(
                "padded tokens have rows that count",
                slips.relations_with(rows=lambda kl, mask, heads: kl.mean()),
                hint="Which tokens' rows are averaged?",
            ),
            Misconception(
                "heads are summed",
                slips.relations_with(
                    rows=lambda kl, mask, heads: (
                        (kl * mask[:, None]).sum() / mask.sum().clamp(min=1)
                    )
                ),
                hint="It is a mean over heads, too.",
            ),
            Misconception(
                "this is KL(student ‖ teacher): the arguments are swapped",
                slips.relations_with(turned=True),
                hint="Whose log stands in front, weighted by whose probability?",
            ),
            Misconception(
                "cosines are compared, not dot products",
                slips.relations_with(prepared=lambda x: torch.nn.functional.normalize(x, dim=-1)),
                hint="The lengths of the vectors count.",
            ),
            Misconception(
                "NaN in the padding comes through",
                slips.relations_with(split=slips.rubbish_kept),
                hint="A product with NaN is NaN, and its gradient too, whatever is exchanged afterwards. Exchange the vectors before they are multiplied.",
            ),
            Misconception(
                "the teacher gets a gradient",
                slips.relations_with(detached=False),
                hint="The teacher is not trained: .detach().",
            ),
        ),
        question="Two models of 4 and of 12 numbers a token: what of them has the same shape, whatever the width?",
        hint="Write log R for one model: cut, move the heads, X Xᵀ / √d, exclude the padding, log_softmax. Then it is 09.4 again.",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses, which has it",
    ),
    Exercise(
        id="09.6",
        name="contrastive_loss",
        title="Whose vector is it?",
        lesson="09",
        signature="contrastive_loss(student, teacher, ids, temperature)",
        points=5,
        minutes=15,
        difficulty=4,
        importance=4,
        cases=cases.contrastive_cases,
        misconceptions=(
            Misconception(
                "rows of the same text count as wrong answers",
                slips.contrastive_with(masked=False),
                hint="Two questions about one passage: should their vectors be pushed apart?",
            ),
            Misconception(
                "rows of the same text are excluded, the row itself with them",
                slips.positives_left_out,
                hint="ids[i] == ids[i]. Which entry must stay?",
            ),
            Misconception(
                "rows of the same text are left in the sum with a score of 0",
                slips.contrastive_with(left_out=0.0),
                hint="exp(0) is 1, which is more than many a wrong answer adds. Which score adds nothing?",
            ),
            Misconception(
                "the right answer is row 0 for everybody",
                slips.contrastive_with(own=lambda rows: torch.zeros(rows, dtype=torch.long)),
                hint="Row i belongs to the teacher's row i: arange.",
            ),
            Misconception(
                "vectors keep their length",
                slips.contrastive_with(normalise=lambda vectors: vectors),
                hint="A cosine is a dot product of vectors of length one.",
            ),
            Misconception(
                "the temperature is left out",
                slips.contrastive_with(divided=lambda cos, temperature: cos),
                hint="Cosines lie between -1 and 1: how sharp can a softmax of them be?",
            ),
            Misconception(
                "multiplied by the temperature",
                slips.contrastive_with(divided=lambda cos, temperature: cos * temperature),
                hint="A smaller temperature makes it sharper.",
            ),
            Misconception(
                "the right answer's cosine is not divided by the temperature",
                slips.own_not_divided,
                hint="All scores of a row, the right one included, are of one scale.",
            ),
            Misconception(
                "the teacher's vector looks for its student",
                slips.contrastive_with(turned=True),
                hint="Which vectors is the softmax taken over: the teacher's or the student's?",
            ),
            Misconception(
                "this is the mean of both directions, as in CLIP",
                slips.both_ways,
                hint="Here the student's vector looks for its teacher's, one way.",
            ),
            Misconception(
                "rows are summed",
                slips.contrastive_with(mean=torch.sum),
                hint="It is a mean over rows.",
            ),
            Misconception(
                "the teacher gets a gradient",
                slips.contrastive_with(detached=False),
                hint="The teacher is not trained: .detach().",
            ),
        ),
        question="It is a classification with as many classes as rows. What are its logits, and which class is right for row i?",
        hint="F.cross_entropy does it, once the matrix of scores stands: student's rows, teacher's columns. Exclude entries by exchanging them, after the division.",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses, which has it",
    ),
    Exercise(
        id="09.7",
        name="random_teacher",
        title="A teacher that has learnt nothing",
        lesson="09",
        signature="random_teacher(teacher, seed)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=5,
        cases=cases.random_teacher_cases,
        misconceptions=(
            Misconception(
                "the trained weights are still there",
                slips.a_copy,
                hint="A copy of the teacher knows what the teacher knows.",
            ),
            Misconception(
                "only the last layer is drawn anew",
                slips.last_layer_redrawn,
                hint="The control asks for a teacher that has learnt nothing at all.",
            ),
            Misconception(
                "it is in train mode, its dropout on",
                slips.in_train_mode,
                hint="Ask it twice: does it say the same?",
            ),
            Misconception(
                "the seed is not used",
                slips.unseeded,
                hint="The same seed, the same weights; another seed, others. What draws them?",
            ),
            Misconception(
                "the trained head is kept",
                slips.head_kept,
                hint="Nothing of the training may be left, the head included.",
            ),
            Misconception(
                "the trained embeddings are kept",
                slips.embeddings_kept,
                hint="Nothing of the training may be left, the embeddings included.",
            ),
            Misconception(
                "the teacher itself is drawn anew",
                slips.teacher_itself_redrawn,
                hint="The soft targets still need the trained one. Make a second model.",
            ),
            Misconception(
                "the teacher is left in train mode",
                slips.teacher_left_in_train_mode,
                hint="The soft targets are asked of it next. Is its dropout still off?",
            ),
            Misconception(
                "the teacher's own config is changed",
                slips.teachers_config_changed,
                hint="Both models hold the same config object. Whose config changes when you write to it?",
            ),
        ),
        question="What makes a model of a class the same model for everybody who has the class, its config and a seed?",
        hint="type(teacher) is its class. Seed first, make the model second, then what every teacher needs.",
        allowed="torch, plain Python",
    ),
    Exercise(
        id="09.8",
        name="supported",
        title="What does the table support?",
        lesson="09",
        signature="supported",
        points=2,
        minutes=8,
        difficulty=3,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "The student has learnt what the teacher knows inside: relations gain 4.8 points over soft targets.",
                "The interval of that gain reaches from -2.4 to 12.0. And even a sure gain would not say that it is the teacher's knowledge: the untrained teacher's relations have their share of it.",
            ),
            Choice(
                "b",
                "Comparing relations does nothing: both intervals hold 0.",
                "An interval that holds 0 does not show that there is nothing. It also holds a gain of ten points.",
            ),
            Choice(
                "c",
                "Neither the gain over soft targets nor the gain over the untrained teacher is shown with five seeds; the data are compatible with none and with a large one.",
                "Both intervals hold 0 and reach far above it. More seeds would narrow them: at this spread, ten give about ± 4 points and ± 3.",
            ),
            Choice(
                "d",
                "Because the trained teacher beats the untrained one in four seeds of five, its knowledge helps.",
                "At least four heads in five tosses of a coin come nearly once in five tries. And the seed in which it lost, it lost by 3.7 points.",
            ),
        ),
        question="Which differences are the two claims about, and what does each one's interval hold?",
        hint="First ask whether a gain is shown at all, then what it would be a gain over.",
    ),
)
