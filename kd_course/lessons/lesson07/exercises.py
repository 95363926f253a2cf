"""The exercises of lesson 07: shift, token loss, the rewritten corpus, length, BLEU, a budget."""

from __future__ import annotations

from collections import Counter

import torch

from kd_course.exercises.slips import IGNORED, kl_of_logits, mean_of_means, mean_over, random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception

# -- 07.1 the shift ---------------------------------------------------------------------------


def shift_cases(random) -> list[Case]:
    long = random.integers(5, 90, size=(3, 7))
    long[0, 4:] = IGNORED
    long[2, 6:] = IGNORED
    return [
        Case((torch.tensor([[11, 12, 1]]), 0, 0), "one sentence of three tokens"),
        Case(
            (torch.tensor([[11, 12, 13, 1], [21, 1, IGNORED, IGNORED]]), 2, 0),
            "two sentences, the second padded",
        ),
        Case((torch.from_numpy(long), 3, 0), "three sentences, two of them padded"),
        # No float32 holds this number, so that whole numbers stored as such are found out.
        Case((torch.tensor([[2**24 + 1, 5, 1]]), 3, 0), "a very large vocabulary"),
    ]


def _filled(labels, pad):
    return labels.masked_fill(labels == IGNORED, pad)


def _start_column(labels, start):
    return torch.full_like(labels[:, :1], start)


def _not_shifted(labels, start, pad):
    return _filled(labels, pad)


def _other_way(labels, start, pad):
    return _filled(torch.cat([labels[:, 1:], _start_column(labels, start)], 1), pad)


def _ignored_left_in(labels, start, pad):
    return torch.cat([_start_column(labels, start), labels[:, :-1]], 1)


def _rolled(labels, start, pad):
    return _filled(labels, pad).roll(1, dims=1)


def _masked_before_the_shift(labels, start, pad):
    shifted = torch.cat([_start_column(labels, start), labels[:, :-1]], 1)
    return shifted.masked_fill(labels == IGNORED, pad)


def _one_longer(labels, start, pad):
    return _filled(torch.cat([_start_column(labels, start), labels], 1), pad)


def _first_overwritten(labels, start, pad):
    return _filled(torch.cat([_start_column(labels, start), labels[:, 1:]], 1), pad)


def _as_floats(labels, start, pad):
    shifted = torch.zeros(labels.shape)
    shifted[:, 0], shifted[:, 1:] = start, labels[:, :-1]
    return _filled(shifted, pad)


def _pad_for_start(labels, start, pad):
    return _filled(torch.cat([_start_column(labels, pad), labels[:, :-1]], 1), pad)


# -- 07.2 the token loss ----------------------------------------------------------------------


def token_loss_cases(random) -> list[Case]:
    def logits(*shape):
        return random_normal(random, *shape, scale=2.0, dtype=torch.float64)

    labels = torch.tensor([[4, 2, 1], [3, 1, IGNORED]])
    longer = torch.from_numpy(random.integers(1, 6, size=(3, 6)))
    longer[0, 5:] = IGNORED
    longer[1, 2:] = IGNORED
    nothing = torch.full((2, 3), IGNORED)
    return [
        Case(
            (logits(2, 3, 5), logits(2, 3, 5), labels, 2.0),
            "two sentences, one padded token, T = 2",
            gradient_of=(0,),
        ),
        Case(
            (logits(3, 6, 6), logits(3, 6, 6), longer, 1.5),
            "three sentences, five padded tokens, T = 1.5",
            gradient_of=(0,),
        ),
        Case((logits(2, 3, 5), logits(2, 3, 5), nothing, 2.0), "padding only: the loss is 0"),
        Case(
            (1000 * logits(2, 3, 5), 1000 * logits(2, 3, 5), labels, 1.0),
            "two models that are entirely sure",
            gradient_of=(0,),
        ),
    ]


def _kl(student_logits, teacher_logits, temperature):
    return kl_of_logits(teacher_logits, student_logits, temperature)  # (batch, length)


def _log_of_softmax(student_logits, teacher_logits, labels, temperature):
    p = (teacher_logits / temperature).softmax(-1)
    q = (student_logits / temperature).softmax(-1)
    per_token = (p * (p / q).log()).sum(-1)
    return temperature**2 * mean_over(per_token, labels != IGNORED)


def _padding_counts(student_logits, teacher_logits, labels, temperature):
    mask = labels != IGNORED
    return temperature**2 * (_kl(student_logits, teacher_logits, temperature) * mask).mean()


def _padding_learns(student_logits, teacher_logits, labels, temperature):
    return temperature**2 * _kl(student_logits, teacher_logits, temperature).mean()


def _per_sentence(student_logits, teacher_logits, labels, temperature):
    kl = _kl(student_logits, teacher_logits, temperature) * (labels != IGNORED)
    return temperature**2 * kl.sum() / len(labels)


def _over_vocabulary(student_logits, teacher_logits, labels, temperature):
    kl = _kl(student_logits, teacher_logits, temperature)
    return temperature**2 * mean_over(kl, labels != IGNORED) / student_logits.shape[-1]


def _no_square(student_logits, teacher_logits, labels, temperature):
    return mean_over(_kl(student_logits, teacher_logits, temperature), labels != IGNORED)


def _swapped_kl(student_logits, teacher_logits, labels, temperature):
    kl = _kl(teacher_logits, student_logits, temperature)
    return temperature**2 * mean_over(kl, labels != IGNORED)


def _mask_from_inputs(student_logits, teacher_logits, labels, temperature):
    # The start token is the padding token, as in Marian; the labels' last token is never an input.
    mask = torch.cat([torch.zeros_like(labels[:, :1]), labels[:, :-1]], 1)
    mask = (mask != 0) & (mask != IGNORED)
    return temperature**2 * mean_over(_kl(student_logits, teacher_logits, temperature), mask)


def _mean_of_means(student_logits, teacher_logits, labels, temperature):
    kl = _kl(student_logits, teacher_logits, temperature)
    return temperature**2 * mean_of_means(kl, labels != IGNORED)


def _nothing_over_nothing(student_logits, teacher_logits, labels, temperature):
    mask = labels != IGNORED
    return temperature**2 * _kl(student_logits, teacher_logits, temperature)[mask].mean()


# -- 07.3 the distilled corpus ----------------------------------------------------------------


def corpus_cases(random) -> list[Case]:
    sources = ["We won.", "I saw Tom yesterday.", "Tom left.", "She is not at home."]
    batches = [[3, 1], [0, 2]]
    translated = [["她不在家。", "我昨天看见了汤姆。"], ["我们赢了。", "汤姆走了。"]]
    with_gap = [["她不在家。", ""], ["我们赢了。", "汤姆走了。"]]
    order = random.permutation(7).tolist()
    while order in (sorted(order), sorted(order, reverse=True)) or order[0] == 0:
        order = random.permutation(7).tolist()
    # Not its own inverse: both directions must not give the same.
    order = [order[i] for i in (1, 2, 0, 3, 4, 5, 6)] if _own_inverse(order) else order
    numbered = [f"Order {n} was shipped." for n in range(7)]
    shipped = [f"第{n}号订单已发货。" for n in range(7)]
    three = [order[:3], order[3:6], order[6:]]
    return [
        Case((sources, batches, translated), "four sentences in two batches"),
        Case((sources, batches, with_gap), "the same, and the teacher had nothing to say to one"),
        Case(
            (numbered, three, [[shipped[row] for row in rows] for rows in three]),
            "seven sentences in three batches, the last one short",
        ),
    ]


def _own_inverse(order):
    return all(order[order[i]] == i for i in range(len(order)))


def _flat(lists):
    return [item for inner in lists for item in inner]


def _as_they_came(sources, batches, translated):
    return [[s, t] for s, t in zip(sources, _flat(translated)) if t]


def _wrong_direction(sources, batches, translated):
    flat = _flat(translated)
    return [[s, flat[row]] for s, row in zip(sources, _flat(batches)) if flat[row]]


def _gaps_closed(sources, batches, translated):
    found = dict(zip(_flat(batches), _flat(translated)))
    said = [found[row] for row in sorted(found) if found[row]]
    return [[s, t] for s, t in zip(sources, said)]


def _gaps_kept(sources, batches, translated):
    found = dict(zip(_flat(batches), _flat(translated)))
    return [[s, found[row]] for row, s in enumerate(sources)]


def _in_batch_order(sources, batches, translated):
    pairs = zip(_flat(batches), _flat(translated))
    return [[sources[row], text] for row, text in pairs if text]


# -- 07.4 length ------------------------------------------------------------------------------


def length_cases(random) -> list[Case]:
    many = [(-random.random(n)).round(3).tolist() for n in random.permutation([2, 3, 5, 9])]
    return [
        Case(([[-0.5, -0.5], [-0.4, -0.3, -0.2, -0.3]], 1.0), "two candidates, the mean (α = 1)"),
        Case(([[-0.5, -0.5], [-0.4, -0.3, -0.2, -0.3]], 0.0), "the same, the sum (α = 0)"),
        Case((many, 0.6), "four candidates, α = 0.6"),
        Case((many, 2.0), "the same, α = 2"),
    ]


def _sum_only(log_probabilities, alpha):
    return [sum(row) for row in log_probabilities]


def _always_the_mean(log_probabilities, alpha):
    return [sum(row) / len(row) for row in log_probabilities]


def _times_length(log_probabilities, alpha):
    return [sum(row) * len(row) ** alpha for row in log_probabilities]


def _alpha_times_length(log_probabilities, alpha):
    return [sum(row) / (alpha * len(row)) for row in log_probabilities]


def _power_of_the_quotient(log_probabilities, alpha):
    return [(sum(row) / len(row)) ** alpha for row in log_probabilities]  # complex at α = 0.6


def _as_a_probability(log_probabilities, alpha):
    return [torch.tensor(row).sum().exp().item() / len(row) ** alpha for row in log_probabilities]


# -- 07.5 clipped precision -------------------------------------------------------------------


def precision_cases(random) -> list[Case]:
    letters = "".join(random.choice(list("一二三四"), size=12))
    other = "".join(random.choice(list("一二三四"), size=15))
    return [
        Case(
            ("他他他走了", "他昨天走了", 1), "a character said three times, in the reference once"
        ),
        Case(("我昨天看见他了", "我昨天看见了他", 2), "pairs of characters"),
        Case(("我去", "我昨天去了书店", 1), "a prediction that is far too short"),
        Case(("好", "很好", 3), "too short to hold any run of three"),
        Case((letters, other, 2), "many repeated pairs"),
    ]


def _runs(text, n):
    return [text[i : i + n] for i in range(len(text) - n + 1)]


def _not_clipped(prediction, reference, n):
    runs = _runs(prediction, n)
    return sum(run in _runs(reference, n) for run in runs) / len(runs) if runs else 0.0


def _recall(prediction, reference, n):
    shared = (Counter(_runs(prediction, n)) & Counter(_runs(reference, n))).total()
    return shared / len(_runs(reference, n)) if _runs(reference, n) else 0.0


def _kinds_only(prediction, reference, n):
    own = set(_runs(prediction, n))
    return len(own & set(_runs(reference, n))) / len(own) if own else 0.0


def _over_characters(prediction, reference, n):
    shared = (Counter(_runs(prediction, n)) & Counter(_runs(reference, n))).total()
    return shared / len(prediction)


def _words_by_spaces(prediction, reference, n):
    def runs(text):
        words = text.split()
        return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]

    own = runs(prediction)
    return (Counter(own) & Counter(runs(reference))).total() / len(own) if own else 0.0


def _side_by_side(prediction, reference, n):
    own, other = _runs(prediction, n), _runs(reference, n)
    return sum(a == b for a, b in zip(own, other)) / len(own) if own else 0.0


# -- 07.7 a budget ----------------------------------------------------------------------------


def budget_cases(random) -> list[Case]:
    def student(name, bleu, p50, p95, megabytes):
        return {"name": name, "bleu": bleu, "p50": p50, "p95": p95, "megabytes": megabytes}

    shelf = [
        student("6-6", 62.0, 55.0, 70.0, 9.5),
        student("6-2", 60.5, 24.0, 41.0, 6.0),
        student("4-2", 58.0, 22.0, 29.0, 5.0),
        student("4-1", 59.0, 15.0, 20.0, 6.5),
        student("2-1", 55.5, 12.0, 16.0, 1.4),
        student("1-1", 49.0, 13.0, 24.0, 1.1),
    ]
    jitter = [{**s, "bleu": round(s["bleu"] + float(random.normal()) / 50, 2)} for s in shelf]
    return [
        Case((shelf, 30.0), "six students, 30 ms"),
        Case((jitter[::-1], 45.0), "the same in another order, 45 ms"),
        Case((shelf, 100.0), "a budget that all of them keep"),
        Case((shelf, 10.0), "a budget that none of them keeps"),
        Case((shelf, 20.0), "a budget that one keeps exactly"),
    ]


def _chosen(students, key):
    return max(students, key=key)["name"] if students else None


def _by_median(students, budget):
    return _chosen([s for s in students if s["p50"] <= budget], lambda s: s["bleu"])


def _without_budget(students, budget):
    return _chosen(students, lambda s: s["bleu"])


def _fastest(students, budget):
    return _chosen([s for s in students if s["p95"] <= budget], lambda s: -s["p95"])


def _smallest(students, budget):
    return _chosen([s for s in students if s["p95"] <= budget], lambda s: -s["megabytes"])


def _slowest_that_fits(students, budget):
    return _chosen([s for s in students if s["p95"] <= budget], lambda s: s["p95"])


def _exactly_is_too_slow(students, budget):
    return _chosen([s for s in students if s["p95"] < budget], lambda s: s["bleu"])


def _nearest_when_none_fits(students, budget):
    within = [s for s in students if s["p95"] <= budget]
    return _chosen(within, lambda s: s["bleu"]) or _chosen(students, lambda s: -s["p95"])


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="07.1",
        name="shift_right",
        title="What the decoder reads",
        lesson="07",
        signature="shift_right(labels, start, pad)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=5,
        cases=shift_cases,
        rtol=0.0,
        atol=0.0,  # these are numbers of pieces: near is not right
        misconceptions=(
            Misconception(
                "nothing is shifted: the decoder reads the token that it is to predict",
                _not_shifted,
                hint="At position i the decoder may have read what came before i. Otherwise it copies.",
            ),
            Misconception(
                "shifted to the left",
                _other_way,
                hint="The inputs lag behind the labels by one: the start token comes first.",
            ),
            Misconception(
                "-100 is still among the inputs",
                _ignored_left_in,
                hint="-100 is no row of the embedding table. The loss skips it; the decoder cannot.",
            ),
            Misconception(
                "the mask is taken before the shift: the end of the sentence is padded away",
                _masked_before_the_shift,
                hint="Mask what you return, not the labels it came from.",
            ),
            Misconception(
                "the last token has come round to the front",
                _rolled,
                hint="torch.roll moves what falls off the end to the front. The start token belongs there.",
            ),
            Misconception(
                "one token too long",
                _one_longer,
                hint="Inputs and labels have one length: the last label is never read, only predicted.",
            ),
            Misconception(
                "the first token is overwritten, and the others stay where they were",
                _first_overwritten,
                hint="All tokens move on by one place; only then is there room for the start token.",
            ),
            Misconception(
                "padding stands where the start token belongs",
                _pad_for_start,
                hint="In Marian the two have one number. In other models they have not: use start.",
            ),
            Misconception(
                "the numbers have become floats",
                _as_floats,
                hint="torch.zeros makes floats, which no embedding takes: torch.full_like(labels, start) keeps the type.",
            ),
        ),
        hint="Put start in front, leave the last column out, and replace -100 by pad.",
        allowed="torch",
    ),
    Exercise(
        id="07.2",
        name="word_level_loss",
        title="The loss of a target token",
        lesson="07",
        signature="word_level_loss(student_logits, teacher_logits, labels, temperature)",
        points=5,
        minutes=12,
        difficulty=3,
        importance=5,
        cases=token_loss_cases,
        misconceptions=(
            Misconception(
                "padded tokens are left out of the sum, but counted in the mean",
                _padding_counts,
                hint="Divide by the number of tokens that count, not by batch times length.",
            ),
            Misconception(
                "padding is learnt like words",
                _padding_learns,
                hint="Where the label is -100 there is no token: it has neither loss nor gradient.",
            ),
            Misconception(
                "the log of a softmax: a probability that has become 0 gives NaN",
                _log_of_softmax,
                hint="log_softmax computes the logarithm from the logits, and never meets log 0.",
            ),
            Misconception(
                "divided by the number of sentences (batchmean): long sentences make the loss grow",
                _per_sentence,
                hint="The mean is over tokens: how many labels are not -100?",
            ),
            Misconception(
                "divided by the vocabulary as well (reduction='mean')",
                _over_vocabulary,
                hint="Sum over the vocabulary within a token; average over tokens only.",
            ),
            Misconception(
                "T² is missing",
                _no_square,
                hint="Softened by T, the gradient shrinks by T²: give it back.",
            ),
            Misconception(
                "this is KL(student‖teacher): the arguments are swapped",
                _swapped_kl,
                hint="The teacher's probabilities are the weights of the sum.",
            ),
            Misconception(
                "the mask is taken from the shifted inputs",
                _mask_from_inputs,
                hint="The inputs lag behind by one: their mask drops the first word and counts a padded place.",
            ),
            Misconception(
                "a mean within each sentence, then over sentences: a word of a short one weighs more",
                _mean_of_means,
                hint="Every token that counts weighs the same, whatever sentence it stands in.",
            ),
            Misconception(
                "0/0 where no token counts",
                _nothing_over_nothing,
                hint="The mean of an empty tensor is NaN. A batch without any token has loss 0.",
            ),
        ),
        hint="KL per token from softmax at temperature T; select by labels != -100; mean; times T².",
        withheld=("kd_course.losses.soft_target_loss", "kd_course.losses.distillation_loss"),
        allowed="torch; not kd_course.losses",
    ),
    Exercise(
        id="07.3",
        name="distilled_pairs",
        title="Back into line",
        lesson="07",
        signature="distilled_pairs(sources, batches, translated)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=5,
        cases=corpus_cases,
        misconceptions=(
            Misconception(
                "the translations are taken in the order in which they were made",
                _as_they_came,
                hint="batches[0][0] is the number of the source that was translated first.",
            ),
            Misconception(
                "the row numbers are applied in the wrong direction",
                _wrong_direction,
                hint="batches says which source a translation belongs to, not which translation a source has.",
            ),
            Misconception(
                "an empty translation is dropped without its source: all later lines slip",
                _gaps_closed,
                hint="First pair them, then drop pairs whole.",
            ),
            Misconception(
                "a pair without a translation is kept",
                _gaps_kept,
                hint="It would teach the student to say nothing.",
            ),
            Misconception(
                "paired rightly, but not in the order of the sources",
                _in_batch_order,
                hint="Return the pairs in the order of `sources`.",
            ),
        ),
        hint="Make a list with a place for every source, and put each translation into its own.",
        allowed="plain Python",
    ),
    Exercise(
        id="07.4",
        name="normalised_scores",
        title="What a long sentence costs",
        lesson="07",
        signature="normalised_scores(log_probabilities, alpha)",
        points=2,
        minutes=5,
        difficulty=1,
        importance=4,
        cases=length_cases,
        misconceptions=(
            Misconception(
                "the length has no say: the shortest candidate has an advantage",
                _sum_only,
                hint="Divide each sum by the candidate's length to the power α.",
            ),
            Misconception(
                "the mean, whatever α is",
                _always_the_mean,
                hint="α = 1 is the mean; at α = 0 the length has no say.",
            ),
            Misconception(
                "multiplied by the length instead of divided",
                _times_length,
                hint="Log probabilities are negative: to help a long candidate, divide.",
            ),
            Misconception(
                "divided by α times the length",
                _alpha_times_length,
                hint="α is an exponent: length ** α.",
            ),
            Misconception(
                "the quotient is raised to α, not the length",
                _power_of_the_quotient,
                hint="Only the length is raised to the power α.",
            ),
            Misconception(
                "probabilities in place of log probabilities",
                _as_a_probability,
                hint="Sum the logarithms, and leave them as they are: products of many probabilities underflow.",
            ),
        ),
        hint="At α = 0 the sum stays as it is, at α = 1 it becomes a mean: which power of the length does that?",
        allowed="plain Python, torch",
    ),
    Exercise(
        id="07.5",
        name="clipped_precision",
        title="What BLEU counts",
        lesson="07",
        signature="clipped_precision(prediction, reference, n)",
        points=3,
        minutes=8,
        difficulty=2,
        importance=4,
        cases=precision_cases,
        misconceptions=(
            Misconception(
                "a run counts as often as the prediction repeats it",
                _not_clipped,
                hint="A run counts at most as often as the reference has it: that is the clipping.",
            ),
            Misconception(
                "divided by the reference's runs: this is recall",
                _recall,
                hint="Precision asks how much of the *prediction* is right.",
            ),
            Misconception(
                "each kind of run counts once, however often it occurs",
                _kinds_only,
                hint="Count runs, not kinds of runs: collections.Counter, not set.",
            ),
            Misconception(
                "divided by the characters, not by the runs",
                _over_characters,
                hint="A text of L characters has L - n + 1 runs of n.",
            ),
            Misconception(
                "parted at spaces, as for English",
                _words_by_spaces,
                hint="Chinese writes no spaces: the whole sentence would be one word. Take characters.",
            ),
            Misconception(
                "runs are compared place by place",
                _side_by_side,
                hint="Where a run stands does not matter to BLEU: count them.",
            ),
        ),
        hint="Counter(runs of the prediction) & Counter(runs of the reference) keeps the smaller counts.",
        allowed="plain Python; not sacrebleu",
    ),
    Exercise(
        id="07.6",
        name="what_bleu_hides",
        title="What BLEU hides",
        lesson="07",
        signature="what_bleu_hides",
        points=1,
        minutes=3,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "Ship X: a higher BLEU on the same test set means better translations, sentence by sentence.",
                "BLEU is computed from counts of shared runs, summed over the whole corpus. It says "
                "nothing about a single sentence, and one character out of thirty is next to nothing to it.",
            ),
            Choice(
                "b",
                "Ship Y: BLEU is useless, so the other figure decides.",
                "The other figure is one more thing that can be measured, not all there is. And BLEU "
                "does tell something about wording, once an interval says whether 0.8 is more than luck.",
            ),
            Choice(
                "c",
                "Neither yet: Y loses fewer negations, which BLEU hardly sees, but 1 % is too many for a leaflet. Count the other reversals (doses, figures, names) for both, and read the sentences.",
                "Right. BLEU weighs every character alike; readers do not. A measure of your own for what "
                "must not go wrong (negations, figures, names) stands beside it, and so do your eyes.",
            ),
            Choice(
                "d",
                "Ship X: with the right tokenizer, 13a, BLEU would have seen the lost negations.",
                "13a would take a Chinese sentence for one word or two. No tokenizer knows which "
                "character carries the meaning.",
            ),
        ),
        hint="How many characters of a sentence does a lost 不 change, and how much of its meaning?",
        allowed="thinking",
    ),
    Exercise(
        id="07.7",
        name="choose_student",
        title="A student for a budget",
        lesson="07",
        signature="choose_student(students, budget)",
        points=3,
        minutes=6,
        difficulty=2,
        importance=4,
        cases=budget_cases,
        misconceptions=(
            Misconception(
                "the median decides: one call in twenty may take far longer",
                _by_median,
                hint="A budget that must be kept is held against the slow tail, p95.",
            ),
            Misconception(
                "the budget has no say",
                _without_budget,
                hint="First leave out who is too slow, then take the best.",
            ),
            Misconception(
                "the fastest, not the best that is fast enough",
                _fastest,
                hint="Time that the budget allows is there to be spent on quality.",
            ),
            Misconception(
                "the smallest, not the best that is fast enough",
                _smallest,
                hint="Bytes are another budget. The one that is given is in milliseconds.",
            ),
            Misconception(
                "the slowest that fits: more time is taken for more quality",
                _slowest_that_fits,
                hint="A slower student may be a worse one: compare BLEU.",
            ),
            Misconception(
                "who keeps the budget exactly is left out",
                _exactly_is_too_slow,
                hint="At most 30 ms includes 30 ms.",
            ),
            Misconception(
                "where none fits, one is chosen all the same",
                _nearest_when_none_fits,
                hint="Say so that none fits: return None.",
            ),
        ),
        hint="Keep the students with p95 <= budget; of these, the largest bleu; None if there is none.",
        allowed="plain Python",
    ),
)
