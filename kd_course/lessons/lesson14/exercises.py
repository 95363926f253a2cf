"""The exercises of lesson 14: what counts of a text, in which direction, on whose words."""

from __future__ import annotations

import torch

from kd_course.exercises.slips import random_normal
from kd_course.exercises.spec import Case, Choice, Exercise, Misconception
from kd_course.lessons.lesson14 import loss_slips, slips

TOO_SURE = "logits so far apart that the softmax holds a 0, whose logarithm is infinite"


# -- 14.1 the completion alone ----------------------------------------------------------------


def completion_cases(random) -> list[Case]:
    def inputs(*rows, vocabulary=6):
        """rows: (prompt length, completion length, whether it ends, an end within the prompt)."""
        end = int(random.integers(1, vocabulary))  # never 0, which is a word here
        others = [token for token in range(vocabulary) if token != end]
        length = max(prompt + written + ends for prompt, written, ends, _ in rows) + 1
        ids = torch.full((len(rows), length), end)
        for row, (prompt, written, ends, turn) in enumerate(rows):
            ids[row, : prompt + written] = torch.tensor(
                random.choice(others, size=prompt + written)
            )
            if turn:
                ids[row, prompt - 1] = end
            if not ends:  # cut off: as long as the batch
                ids[row, prompt:] = torch.tensor(random.choice(others, size=length - prompt))
        student, teacher = (
            2 * random_normal(random, len(rows), length, vocabulary) for _ in range(2)
        )
        begins = torch.tensor([prompt for prompt, *_ in rows])
        return student, teacher, ids, begins, end

    grad = {"gradient_of": (0, 1)}
    return [
        Case(inputs((2, 2, True, False)), "one text, one padded place", **grad),
        Case(
            inputs((1, 4, True, False), (3, 1, True, False)), "two texts of unlike length", **grad
        ),
        Case(
            inputs((2, 1, True, False), (1, 5, True, False), (4, 2, True, False)),
            "three texts",
            **grad,
        ),
        Case(
            inputs((2, 1, True, False), (1, 2, False, False)),
            "a text that was cut before its end",
            clause="a completion without an end token",
            **grad,
        ),
        Case(
            inputs((3, 2, True, True), (2, 4, True, True)),
            "an end token closes the prompt",
            clause="an end token within the prompt",
            **grad,
        ),
        Case(
            inputs((2, 0, True, False), (1, 3, True, False)),
            "a completion that is only its end",
            clause="an empty completion",
            **grad,
        ),
    ]


# -- 14.2 the other direction -----------------------------------------------------------------


def reverse_cases(random) -> list[Case]:
    def inputs(batch, length, vocabulary, counted=None):
        student, teacher = (2 * random_normal(random, batch, length, vocabulary) for _ in range(2))
        mask = torch.zeros(batch, length, dtype=torch.bool)
        places = random.permutation(batch * length)[: counted or batch * length - 1]
        mask.view(-1)[torch.from_numpy(places.copy())] = True
        return student, teacher, mask

    def with_nan(student, teacher, mask):
        left_out = ~mask[..., None]
        return (
            student.masked_fill(left_out, torch.nan),
            teacher.masked_fill(left_out, torch.nan),
            mask,
        )

    sure, teacher, mask = inputs(1, 3, 5)
    best = torch.from_numpy(random.integers(5, size=(1, 3, 1)))
    sure = sure.scatter(-1, best, float(random.uniform(900, 1200)))
    unsure, firm, places = inputs(1, 3, 5)
    best = torch.from_numpy(random.integers(5, size=(1, 3, 1)))
    firm = firm.scatter(-1, best, float(random.uniform(200, 300)))
    grad = {"gradient_of": (0, 1)}
    return [
        Case(inputs(1, 3, 4), "one text, three places", **grad),
        Case(inputs(3, 4, 6, 7), "three texts, seven tokens", **grad),
        Case(inputs(2, 5, 3, 4), "two texts, four tokens", **grad),
        Case(
            with_nan(*inputs(2, 4, 5, 5)),
            "what does not count holds NaN",
            clause="positions left out that hold NaN",
            **grad,
        ),
        Case((sure, teacher, mask), "a student that is very sure", clause=TOO_SURE, **grad),
        Case((unsure, firm, places), "a teacher that is very sure", clause=TOO_SURE, **grad),
    ]


# -- 14.3 between the two ---------------------------------------------------------------------


def jsd_cases(random) -> list[Case]:
    def inputs(rows, classes):
        return tuple(2 * random_normal(random, rows, classes) for _ in range(2))

    def ruled_out(rows, classes):
        """Both models are sure that one word of each row is not said."""
        word = torch.from_numpy(random.integers(classes, size=(rows, 1)))
        return tuple(
            x.scatter(-1, word, -float(random.uniform(200, 300))) for x in inputs(rows, classes)
        )

    grad = {"gradient_of": (0, 1)}
    ends = "the ends, β = 0 and β = 1"
    return [
        Case((*inputs(2, 4), 0.3), "two rows, β = 0.3", **grad),
        Case((*inputs(5, 6), 0.8), "five rows, β = 0.8", **grad),
        Case((*inputs(3, 5), 0.1), "three rows, β = 0.1", **grad),
        Case((*inputs(4, 3), 0.5), "four rows, β = 0.5", **grad),
        Case((*inputs(3, 4), 0.0), "β = 0", clause=ends, **grad),
        Case((*inputs(3, 4), 1.0), "β = 1", clause=ends, **grad),
        Case((*ruled_out(2, 4), 0.3), "both rule a word out", clause=TOO_SURE, **grad),
    ]


# -- 14.5 what the student wrote --------------------------------------------------------------


def on_policy_cases(random) -> list[Case]:
    end = int(random.integers(1, 3))  # never 0, which is a word here

    def words(count):
        return [int(x) for x in random.integers(3, 90, size=count)]

    def after(written, ends):
        """A sampled row: what was written, its end, and what the batch was filled up with."""
        return [*written, *[end] * ends]

    turn = [*words(3), end]
    return [
        Case(
            (words(2), words(5), after([*words(2), 0, *words(1)], 1), end),
            "four tokens and the end",
        ),
        Case((words(3), words(1), after(words(2), 3), end), "an end, and padding after it"),
        Case((words(1), words(4), after(words(5), 2), end), "the teacher's prompt is longer"),
        Case(
            (words(2), words(4), words(6), end),
            "six tokens and no end",
            clause="a completion without an end token",
        ),
        Case(
            (turn, [*words(2), end, *words(2)], after(words(3), 2), end),
            "end tokens within the prompts",
            clause="an end token within the prompt",
        ),
        Case(
            (words(2), words(3), after([], 3), end),
            "nothing but the end was written",
            clause="an empty completion",
        ),
        Case(
            (words(2), words(4), [*words(2), end, *words(2), end, *words(1)], end),
            "the sampler wrote on after the end",
            clause="tokens after the end that are no end tokens",
        ),
    ]


# -- 14.6 speculative decoding ----------------------------------------------------------------


def speculative_cases(random) -> list[Case]:
    def inputs(rows, classes, alike=False):
        q, p = (
            torch.tensor(random.dirichlet([1.0] * classes, size=rows), dtype=torch.float32)
            for _ in range(2)
        )
        if alike:
            p = q.clone()
        drafted = torch.tensor(
            [int(random.choice(classes, p=row / row.sum())) for row in q.double().numpy()]
        )
        u, v = (torch.tensor(random.random(rows), dtype=torch.float32) for _ in range(2))
        return drafted, q, p, u, v

    def impossible(rows, classes):
        drafted, q, p, u, v = inputs(rows, classes)
        p = p.scatter(-1, drafted[:, None], 0.0)
        return drafted, q, p / p.sum(-1, keepdim=True), u, v

    return [
        Case(inputs(12, 4), "twelve drafts, four words"),
        Case(inputs(20, 6), "twenty drafts, six words"),
        Case(inputs(30, 3), "thirty drafts, three words"),
        Case(
            impossible(10, 5),
            "drafts that the target never says",
            clause="a drafted token with p = 0",
        ),
        Case(
            inputs(8, 4, alike=True),
            "the draft is the target",
            clause="p = q, where nothing is left over",
        ),
    ]


# -- 14.9 sizes without words -----------------------------------------------------------------


def uld_cases(random) -> list[Case]:
    def inputs(rows, own, other):
        return 2 * random_normal(random, rows, own), 2 * random_normal(random, rows, other)

    grad = {"gradient_of": (0, 1)}
    return [
        Case(inputs(2, 3, 3), "vocabularies of one size", **grad),
        Case(inputs(4, 4, 7), "the teacher's vocabulary is larger", **grad),
        Case(inputs(3, 8, 5), "the student's vocabulary is larger", **grad),
    ]


# -- 14.8 spans of two tokenizations ----------------------------------------------------------


def span_cases(random) -> list[Case]:
    def cut(length, count):
        places = random.choice(range(1, length), size=count - 1, replace=False)
        return sorted(int(place) for place in places)

    def offsets(cuts, length):
        edges = [0, *cuts, length]
        return list(zip(edges[:-1], edges[1:], strict=True))

    def both(length, shared, own, other):
        """Two tokenizations that share some cuts, and have some of their own."""
        free = [int(x) for x in random.permutation(range(1, length))]
        common, rest = free[:shared], free[shared:]
        mine, yours = rest[:own], rest[own : own + other]
        return offsets(sorted(common + mine), length), offsets(sorted(common + yours), length)

    def marked(one, other):
        return [(0, 0), *one], [*other, (other[-1][1], other[-1][1])]

    def marked_within(length):
        """A mark in the middle of a span, and in both a mark between the two spans."""
        middle, between = cut(length, 3)
        last = [(between, between), (between, length)]
        return [(0, middle), (middle, middle), (middle, between), *last], [(0, between), *last]

    a, b = both(14, 3, 2, 3)
    return [
        Case(both(9, 2, 1, 2), "nine characters"),
        Case(both(16, 3, 3, 2), "sixteen characters"),
        Case(both(12, 2, 3, 4), "twelve characters"),
        Case(
            marked(a, b), "a mark of the beginning, a mark of the end", clause="marks of no width"
        ),
        Case(marked_within(7), "marks within the text", clause="marks of no width"),
        Case(
            (offsets(cut(10, 4), 10), [(0, 10)]),
            "the other tokenization is one word",
            clause="a tokenization of one token",
        ),
        Case(
            _same(offsets(cut(8, 4), 8)),
            "both cut at the same places",
            clause="two tokenizations that are alike",
        ),
    ]


def _same(offsets: list) -> tuple[list, list]:
    return list(offsets), list(offsets)


# -- the exercises ----------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="14.1",
        name="completion_kl",
        title="What counts of a text",
        lesson="14",
        signature="completion_kl(student_logits, teacher_logits, input_ids, prompt_lengths, end)",
        points=4,
        minutes=15,
        difficulty=3,
        importance=5,
        cases=completion_cases,
        misconceptions=loss_slips.COMPLETION,
        question="Write one row down, with its prompt, its completion, an end and padding. Under which "
        "positions do you draw a line?",
        hint="First say which tokens belong to the completion, then move that one place: the logits at a "
        "position speak of the next token. A running count of end tokens tells the first from the others.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="14.2",
        name="reverse_kl",
        title="The other direction",
        lesson="14",
        signature="reverse_kl(student_logits, teacher_logits, mask)",
        points=3,
        minutes=10,
        difficulty=2,
        importance=5,
        cases=reverse_cases,
        misconceptions=loss_slips.REVERSE,
        question="Whose probabilities weigh the terms of the sum?",
        hint="Select the positions that count before anything else, and stay with logarithms. Both factors of "
        "a term hang on the student.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="14.3",
        name="generalised_jsd",
        title="Between the two",
        lesson="14",
        signature="generalised_jsd(student_logits, teacher_logits, beta)",
        points=4,
        minutes=15,
        difficulty=3,
        importance=4,
        cases=jsd_cases,
        misconceptions=loss_slips.JSD,
        question="What is M when β is nearly 1? And what becomes of each of the two divergences then?",
        hint="Mix probabilities, not logits; torch.logaddexp gives the logarithm of a sum of two of them. Then look at "
        "both ends of your formula, and treat them apart.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
    Exercise(
        id="14.4",
        name="which_sheet",
        title="Which divergence wrote this?",
        lesson="14",
        signature="which_sheet",
        points=1,
        minutes=5,
        difficulty=2,
        importance=5,
        kind="value",
        choices=(
            Choice(
                "a",
                "Of 100 sentences 62 are right. All eight right ones occur, each about eight times; the wrong ones "
                "mix halves of two right ones.",
                "It covers everything and pays with nonsense in between: forward KL, whose student may miss nothing "
                "that the teacher says.",
            ),
            Choice(
                "b",
                "Of 100 sentences 97 are right. Three of the eight right ones occur, about equally often; five never do.",
                "Right. It says only what the teacher would say, and leaves out what it has no room for: reverse KL, on "
                "what it writes itself.",
            ),
            Choice(
                "c",
                "Of 100 sentences 99 are right, and all eight right ones occur equally often.",
                "That is the teacher, or a student with room for all of it. With enough capacity both directions end "
                "here: then the choice does not matter.",
            ),
            Choice(
                "d",
                "Of 100 sentences 4 are right. After the first words the same two words come over and over.",
                "A student that was taught by reverse KL from the start, without a half that covers, may look like "
                "this.",
            ),
        ),
        question="What does each direction make dear: to miss something, or to say something wrong?",
        hint="Two things can be read off a sheet: how much of it is right, and how much of what is right is there.",
        allowed="pen and paper",
    ),
    Exercise(
        id="14.5",
        name="on_policy_row",
        title="What the student wrote",
        lesson="14",
        signature="on_policy_row(prompt, teacher_prompt, sampled, end)",
        points=3,
        minutes=12,
        difficulty=2,
        importance=5,
        cases=on_policy_cases,
        misconceptions=slips.ON_POLICY,
        question="At which position of the student's row are the logits that foretell the first token it wrote?",
        hint="Cut what was sampled first. Then each model reads its own prompt and the same completion, and the "
        "two lists of positions are as long as the completion.",
        withheld=("kd_course.generation.*",),
        allowed="plain Python; not kd_course.generation",
    ),
    Exercise(
        id="14.6",
        name="accept_or_replace",
        title="A draft, accepted or replaced",
        lesson="14",
        signature="accept_or_replace(drafted, draft_p, target_p, u, v)",
        points=4,
        minutes=15,
        difficulty=3,
        importance=4,
        cases=speculative_cases,
        misconceptions=slips.SPECULATIVE,
        question="Take two words, p = (0.7, 0.3) and q = (0.4, 0.6). How often does the draft say each word too much or "
        "too little?",
        hint="What is kept of a word is min(p, q). So what is missing of it is p − min(p, q): draw from that, made to "
        "sum to one.",
        withheld=("kd_course.generation.*",),
        allowed="torch; not kd_course.generation",
    ),
    Exercise(
        id="14.7",
        name="speed_up",
        title="What a draft buys",
        lesson="14",
        signature="speed_up",
        points=1,
        minutes=6,
        difficulty=2,
        importance=3,
        kind="value",
        atol=5e-3,
        rtol=0.0,
        misconceptions=(
            Misconception(
                "the draft costs nothing",
                value=2.734375,
                hint="While the draft writes three tokens, the clock runs.",
            ),
            Misconception(
                "the share of the time that is left, not how many times as fast",
                value=1.3 / 2.734375,
                hint="Half of the time is twice as fast.",
            ),
            Misconception(
                "three drafted tokens are paid as one",
                value=2.734375 / 1.1,
                hint="The draft writes three tokens, one after the other. What does each of them take?",
            ),
            Misconception(
                "four drafted tokens are paid",
                value=2.734375 / 1.4,
                hint="The fourth token is the teacher's own.",
            ),
            Misconception(
                "either all three are kept or none",
                value=(1 + 3 * 0.75**3) / 1.3,
                hint="If the third is refused, the first two stay.",
            ),
            Misconception(
                "every token that is drafted is kept",
                value=4 / 1.3,
                hint="0.75 of the drafted tokens are kept, and after one is refused the others behind it are lost.",
            ),
            Misconception(
                "tokens behind a refused one are kept, too",
                value=(1 + 3 * 0.75) / 1.3,
                hint="Once a token is refused, what was drafted behind it continued another text.",
            ),
            Misconception(
                "the teacher's own token is forgotten",
                value=(0.75 + 0.75**2 + 0.75**3) / 1.3,
                hint="Each call gives one token more than was kept: the replacement, or the next one.",
            ),
        ),
        question="In one call of the teacher, how many tokens come out if none, one, two or three of the drafted ones are "
        "kept?",
        hint="Add up the probabilities that at least one token comes out, at least two, and so on. Then divide by what the "
        "call costs, with its draft.",
        allowed="pen and paper",
    ),
    Exercise(
        id="14.8",
        name="shared_spans",
        title="Where both tokenizers cut",
        lesson="14",
        signature="shared_spans(one, other)",
        points=3,
        minutes=12,
        difficulty=3,
        importance=3,
        cases=span_cases,
        misconceptions=slips.SPANS,
        question="Draw the text as a line with the cuts of the one above it, those of the other below. Where does a span end?",
        hint="Leave out the tokens that cover nothing, but keep the numbers of the others. Then collect the ends that both "
        "have.",
        withheld=("kd_course.generation.*",),
        allowed="plain Python; not kd_course.generation",
    ),
    Exercise(
        id="14.9",
        name="uld",
        title="Sizes without words",
        lesson="14",
        signature="uld(student_logits, teacher_logits)",
        points=3,
        minutes=10,
        difficulty=2,
        importance=3,
        cases=uld_cases,
        misconceptions=loss_slips.ULD,
        question="If the words cannot be compared, what else of two distributions can?",
        hint="Probabilities first, sorted from the largest on; then zeros behind the shorter one.",
        withheld=("kd_course.losses.*",),
        allowed="torch and torch.nn.functional; not kd_course.losses",
    ),
)
