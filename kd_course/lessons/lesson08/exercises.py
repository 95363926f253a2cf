"""The exercises of lesson 08: windows, span decoding, F1, masks, the span loss, a bug hunt.

cases.py has what they are tried on, slips.py the wrong answers, known.py the longer lists of these.
"""

from __future__ import annotations

import math

from kd_course.exercises.spec import Choice, Exercise, Misconception
from kd_course.lessons.lesson08 import cases, known, slips

EXERCISES = (
    Exercise(
        id="08.1",
        name="answer_tokens",
        title="From characters to tokens",
        lesson="08",
        signature="answer_tokens(offsets, start, end)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=cases.map_cases,
        misconceptions=(
            Misconception(
                "an answer that is cut off, or not there at all, is clamped to the window",
                slips.clamped_map,
                hint="A label at the window's last token teaches the model to point at [SEP]. What label says that the answer is not here?",
            ),
            Misconception(
                "a part of the answer is taken for the whole",
                slips.map_with(inside=slips.anything),
                hint="How far does the passage in this window reach, and how far does the answer?",
            ),
            Misconception(
                "where one side is cut off, the other keeps its token",
                slips.one_side_only,
                hint="Half a label is no answer: a window has both ends of it, or neither.",
            ),
            Misconception(
                "only answers that begin and end with a token are found",
                slips.exact_edges,
                hint="An answer may begin inside a token. Is it lost then?",
            ),
            Misconception(
                "only tokens that lie wholly inside the answer count",
                slips.map_with(find=slips.wholly_inside),
                hint="One shared character is enough.",
            ),
            Misconception(
                "a token that begins just behind the answer counts",
                slips.map_with(find=slips.up_to_the_end),
                hint="end is exclusive: is the character at end part of the answer?",
            ),
            Misconception(
                "a token that ends just before the answer counts",
                slips.map_with(find=slips.from_the_end),
                hint="A token's end is exclusive, too: is the character there part of the token?",
            ),
            Misconception(
                "special tokens count as sharing the passage's first character",
                slips.map_with(find=slips.with_special_ones),
                hint="(0, 0) stretches from 0 to 0, exclusive: how many characters is that?",
            ),
            Misconception(
                "the last token is counted exclusively",
                slips.map_with(told=lambda found, offsets: (found[0], found[-1] + 1)),
                hint="Characters end exclusively, tokens inclusively: the model points at the answer's last token.",
            ),
            Misconception(
                "the last token is sought at the character behind the answer",
                slips.sought_behind,
                hint="end is exclusive. Which is the answer's last character?",
            ),
            Misconception(
                "the first token is handed back for the last one, too",
                slips.map_with(told=lambda found, offsets: (found[0], found[0])),
                hint="An answer may have several tokens.",
            ),
            Misconception(
                "the second number is how many tokens the answer has",
                slips.map_with(told=lambda found, offsets: (found[0], len(found))),
                hint="It is a place in the window, as the first one is.",
            ),
            Misconception(
                "characters are handed back, not tokens",
                slips.map_with(
                    told=lambda found, offsets: (offsets[found[0]][0], offsets[found[-1]][1])
                ),
                hint="The model points at tokens. Where in `offsets` does each stand?",
            ),
            Misconception(
                "tokens are counted from the passage's first one",
                slips.map_with(told=slips.counted_from_the_passage),
                hint="The model's logits begin at [CLS]. Which number does a passage token have there?",
            ),
            Misconception(
                "a missing answer is put on [CLS]",
                slips.map_with(nothing=(0, 0)),
                hint="That is SQuAD 2.0's convention, where [CLS] may be answered. Here it may not.",
            ),
            Misconception(
                "a missing answer is None",
                slips.map_with(nothing=None),
                hint="What comes back goes into a tensor of labels: two numbers, always.",
            ),
            Misconception(
                "no answer is ever found: (-100, -100) comes back every time",
                slips.map_with(inside=lambda *_: False),
                hint="Is the window's edge read off a special token, whose characters are (0, 0)?",
            ),
        ),
        question="Take the answer as a set of characters and each token as another: how do you tell, from four numbers, whether two stretches overlap? And what do (0, 0) and an empty answer overlap with?",
        hint="Two questions, one after the other: which tokens overlap with the answer, and does the passage in this window reach from the answer's first character to its last?",
        withheld=("kd_course.spans.*",),
        allowed="plain Python; not kd_course.spans, which has it",
    ),
    Exercise(
        id="08.2",
        name="best_spans",
        title="The n best answers of a window",
        lesson="08",
        signature="best_spans(start_logits, end_logits, mask, n, longest)",
        points=4,
        minutes=12,
        difficulty=3,
        importance=4,
        cases=cases.span_cases,
        misconceptions=known.BEST_SPANS,
        question="How many pairs of tokens does a window of ten have? Which of them are no answers at all, and for which reasons?",
        hint="Score first or sieve first? Write down one list of all allowed pairs with their scores, however slow; then it is a matter of sorting.",
        withheld=("kd_course.spans.*",),
        allowed="torch, plain Python; not kd_course.spans, which has it",
    ),
    Exercise(
        id="08.3",
        name="between_windows",
        title="Which window has the answer?",
        lesson="08",
        signature="between_windows",
        points=2,
        minutes=6,
        difficulty=2,
        importance=4,
        kind="value",
        choices=(
            Choice(
                "a",
                "By probability window 1 is chosen, by the sum window 2; adding 8 changes neither choice.",
                "Compute both softmaxes. In window 1 two tokens share the probability, in window 2 one token has nearly all: which product is larger?",
            ),
            Choice(
                "b",
                "By probability window 2 is chosen, by the sum window 1; adding 8 changes the sum's choice.",
                "The products are 0.53 and 0.996, the sums 12 and 2. A softmax sums to one in every window, also in one where nothing fits: all of it goes to the least bad guess. The sum keeps how high a window's logits stand, and BERT's own code compares windows by it. But no loss of this lesson makes that level mean anything: with 8 more the loss is the same and the sum is 18. Windows become comparable when each has a place for 'no answer' and a span is measured by how far it stands above it, or when all windows of a passage share one softmax (Clark & Gardner, 2018).",
            ),
            Choice(
                "c",
                "Both rules choose window 1, where the answer stands; adding 8 changes the sum's choice.",
                "The sum does. But a softmax knows nothing of the other window: compare how much of the probability the best token has in each.",
            ),
            Choice(
                "d",
                "By probability window 2 is chosen, by the sum window 1; adding 8 changes neither choice.",
                "A softmax does not see a constant that is added to all logits. Does their sum?",
            ),
        ),
        question="In which of the two windows does one token stand out from its neighbours, and in which are the logits high?",
        hint="Compute the best start's probability in each window: exp of its logit over the sum of all three. Then both rules, before and after.",
    ),
    Exercise(
        id="08.4",
        name="word_f1",
        title="How nearly right an answer is",
        lesson="08",
        signature="word_f1(predicted, wanted)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=cases.f1_cases,
        misconceptions=(
            Misconception(
                "this is the overlap by union (Jaccard), of sets",
                slips.jaccard,
                hint="Which share is p, which is r? And what mean of the two is asked for?",
            ),
            Misconception(
                "this is the overlap by union (Jaccard)",
                slips.jaccard_of_counts,
                hint="Which share is p, which is r? And what mean of the two is asked for?",
            ),
            Misconception(
                "repeated words are counted once",
                slips.of_sets,
                hint="How often does 'new' stand in 'new york new york'?",
            ),
            Misconception(
                "shared words are counted once, but the lengths as they are",
                slips.f1_with(lambda predicted, wanted: len(set(predicted) & set(wanted))),
                hint="Two equal answers must get 1, also where a word stands in them twice.",
            ),
            Misconception(
                "the lengths are counted without repeats",
                slips.lengths_of_sets,
                hint="F1 is never more than 1.",
            ),
            Misconception(
                "a word said twice is right twice",
                slips.f1_with(slips.said),
                hint="'new york new york' shares only two words with 'new york'.",
            ),
            Misconception(
                "precision and recall each count their own repeats",
                slips.f1_with(
                    p_of=lambda predicted, wanted: slips.said(predicted, wanted) / len(predicted),
                    r_of=lambda predicted, wanted: slips.said(wanted, predicted) / len(wanted),
                ),
                hint="'new york new york' shares only two words with 'new york', whichever you count from.",
            ),
            Misconception(
                "a shared word counts as often as it stands in the longer list",
                slips.f1_with(slips.in_the_longer),
                hint="F1 is never more than 1.",
            ),
            Misconception(
                "words count only where they stand at the same place",
                slips.f1_with(slips.same_place),
                hint="Has an answer with one word too many in front nothing in common with the right one?",
            ),
            Misconception(
                "letters are compared, not words",
                slips.letters,
                hint="Both are lists, of words.",
            ),
            Misconception(
                "this is exact match: all or nothing",
                lambda predicted, wanted: float(predicted == wanted),
                hint="F1 rewards what is nearly right.",
            ),
            Misconception(
                "precision and recall are averaged arithmetically",
                slips.mean_with(lambda p, r: (p + r) / 2),
                hint="Which mean punishes the lower of the two?",
            ),
            Misconception(
                "the geometric mean is taken",
                slips.mean_with(lambda p, r: math.sqrt(p * r)),
                hint="The harmonic mean is the reciprocal of a mean. Of what?",
            ),
            Misconception(
                "this is recall: long answers cost nothing",
                slips.mean_with(lambda p, r: r),
                hint="Whoever answers with the whole passage has recall 1.",
            ),
            Misconception(
                "this is precision: short answers cost nothing",
                slips.mean_with(lambda p, r: p),
                hint="One right word has precision 1.",
            ),
            Misconception(
                "this is the lower of precision and recall",
                slips.over_the_longer,
                hint="The other one has a say, too.",
            ),
            Misconception(
                "a factor of two is missing",
                lambda predicted, wanted: slips.f1_with()(predicted, wanted) / 2,
                hint="What must two equal answers get?",
            ),
            Misconception(
                "this is in percent",
                lambda predicted, wanted: 100 * slips.f1_with()(predicted, wanted),
                hint="From 0 to 1.",
            ),
            Misconception(
                "it is rounded to one decimal",
                lambda predicted, wanted: round(slips.f1_with()(predicted, wanted), 1),
                hint="Scores are rounded where they are shown, not where they are computed.",
            ),
            Misconception(
                "it is rounded down to a whole number",
                lambda predicted, wanted: math.floor(slips.f1_with()(predicted, wanted)),
                hint="// divides without a remainder.",
            ),
            Misconception(
                "found words are removed before the length is taken",
                slips.removed_before_counted,
                hint="How long is `wanted` once words were taken out of it?",
            ),
            Misconception(
                "nothing in common gives NaN",
                slips.not_a_number,
                hint="Two answers without a common word: how right is that?",
            ),
        ),
        question="'new york new york' was said, 'new york' is right. How many of the four words are right, and how many of the two were found?",
        hint="First count the words in common, each as often as both lists have it. Then p and r, and what happens to both when the count is 0.",
        withheld=("kd_course.metrics.*",),
        allowed="plain Python; not kd_course.metrics, which has it",
    ),
    Exercise(
        id="08.5",
        name="masked_softmax",
        title="A softmax that knows where no answer can be",
        lesson="08",
        signature="masked_softmax(logits, mask)",
        points=4,
        minutes=10,
        difficulty=3,
        importance=5,
        cases=cases.softmax_cases,
        misconceptions=(
            Misconception(
                "a window without any allowed position becomes NaN: 0/0",
                slips.zero_over_zero,
                hint="What does such a window divide by what? It counts as nothing.",
            ),
            Misconception(
                "an additive mask: the value is mended, but the gradient is NaN",
                slips.additive,
                hint="x + (-inf) hands every gradient that it gets on to x, NaN included. Which operation does not?",
            ),
            Misconception(
                "a large number is taken off the masked logits, which stay in the sum",
                slips.lowered,
                hint="What is left of 1e30 less a billion, and of NaN? Which operation forgets what was there?",
            ),
            Misconception(
                "masked logits are set to zero, and keep a share",
                slips.zeroed,
                hint="What is exp(0)?",
            ),
            Misconception(
                "masked logits are set to zero, and take a share away",
                slips.zeroed_and_multiplied,
                hint="What is exp(0)? And do the rest sum to one?",
            ),
            Misconception(
                "the rest does not sum to one",
                slips.not_renormalised,
                hint="Who gets what the masked positions had?",
            ),
            Misconception(
                "masked and divided afterwards",
                slips.renormalised_after,
                hint="Equal on paper. But what is left to divide by where a masked logit is 300?",
            ),
            Misconception(
                "masked and divided by at least a little afterwards",
                slips.renormalised_carefully,
                hint="Equal on paper. But what is left for the others where a masked logit is 300?",
            ),
            Misconception(
                "the largest logit is sought among the masked ones, too",
                slips.shifted_by_the_loudest,
                hint="Where a masked logit is 300, what is exp of all the others less 300?",
            ),
            Misconception(
                "a number is taken off masked logits: they can outshout that",
                slips.outshouted,
                hint="Whatever is taken off, a logit may be larger. Must what stands there have a say at all?",
            ),
            Misconception(
                "a huge number is taken off masked logits: they still have a say",
                slips.low_number_added,
                hint="What is inf - 1e30? And NaN? Must what stands there have a say at all?",
            ),
            Misconception(
                "exp is taken of masked logits, too: its overflow makes the gradient NaN",
                slips.exp_before_where,
                hint="torch.where hides a value; the gradient of what it hides is 0 · inf. Hide it before exp.",
            ),
            Misconception(
                "the softmax runs over the batch",
                slips.over_the_batch,
                hint="Who competes with whom: the positions of one window, or the windows?",
            ),
            Misconception(
                "all windows share one softmax",
                slips.over_everything,
                hint="Every window has a distribution of its own.",
            ),
            Misconception(
                "masked positions get the lowest allowed logit",
                slips.lowest_allowed,
                hint="Then they are as probable as the least probable answer.",
            ),
            Misconception(
                "the mask is the wrong way round",
                lambda logits, mask: slips.masked_right(logits, ~mask),
                hint="mask is true where an answer may be.",
            ),
            Misconception(
                "a window without any allowed position gets a uniform distribution",
                slips.uniform_where_none,
                hint="Such a window counts as nothing.",
            ),
            Misconception(
                "the first window's mask is used for all",
                slips.first_mask,
                hint="Every window has its own question, and its own padding.",
            ),
            Misconception(
                "the mask is taken for a length",
                slips.mask_as_length,
                hint="The question stands in front: allowed positions are not the first ones.",
            ),
            Misconception(
                "these are logarithms",
                lambda logits, mask: slips.filled(logits, mask).log_softmax(-1) * mask,
                hint="Probabilities are asked for.",
            ),
            Misconception(
                "allowed positions alone come back, in one row",
                lambda logits, mask: slips.masked_right(logits, mask)[mask],
                hint="The result has the shape of logits.",
            ),
            Misconception(
                "no gradient flows back",
                slips.without_gradients(slips.masked_right),
                hint="no_grad, .detach(), .item() and NumPy cut it off: nothing could be trained with that.",
            ),
        ),
        question="For which numbers does the computer's exp give exactly 0? Put one of them at the masked positions: is their probability still 0 when the allowed logits are very low, too? And what does the softmax give where every logit is that number?",
        hint="Exchange the masked logits before the softmax: an exchange, not an addition, lets neither value nor gradient of what stood there through. Then see to the window in which nothing is left.",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses",
    ),
    Exercise(
        id="08.6",
        name="span_loss",
        title="The loss of a start and an end",
        lesson="08",
        signature="span_loss(student_start, student_end, teacher_start, teacher_end, starts, ends, mask, temperature, alpha)",
        points=6,
        minutes=20,
        difficulty=4,
        importance=5,
        cases=cases.loss_cases,
        misconceptions=known.SPAN_LOSS,
        question="Take one end alone. Which windows does its soft part count, and which its hard part? What does each divide by when there is none?",
        hint="Write it for one end and call it twice. Inside: exclude, soften, two means over two different sets of windows. Then try a batch in which no window counts, and T = 0.5.",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses, which has it",
    ),
    Exercise(
        id="08.7",
        name="labels_loss",
        title="Bug hunt: three slips, and one that mending brings in",
        lesson="08",
        signature="labels_loss(start_logits, end_logits, starts, ends, mask)",
        points=5,
        minutes=15,
        difficulty=4,
        importance=5,
        cases=cases.hunt_cases,
        misconceptions=known.LABELS_LOSS,
        question="Read it line by line. What happens to a window whose label is -100? Which argument is never used? And does every line use what its name says?",
        hint="Try it on a batch of one window without the answer, before and after each mend: what is left to take the mean of?",
        withheld=("kd_course.losses.*",),
        allowed="torch; not kd_course.losses. Please mend the lines rather than call your span_loss: the check cannot tell",
    ),
)
