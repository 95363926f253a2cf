"""Wrong answers that people really give in 14.5, 14.6 and 14.8: what was written, drafts, spans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kd_course.lessons.lesson14.loss_slips import named

Function = Callable[..., Any]


# -- 14.5 on-policy masks ---------------------------------------------------------------------


def up_to_the_end(sampled: list[int], end: int) -> list[int]:
    """What was written: up to the first end token, that included."""
    return sampled[: sampled.index(end) + 1] if end in sampled else list(sampled)


def on_policy(
    cut: Function = up_to_the_end,
    begins: Function = lambda prompt, teacher_prompt: (len(prompt) - 1, len(teacher_prompt) - 1),
    heads: Function = lambda prompt, teacher_prompt: (prompt, teacher_prompt),
) -> Function:
    """The answer, with the cut, the first position or the prompts of one's own."""

    def answer(prompt, teacher_prompt, sampled, end):
        written = cut(sampled, end)
        first, second = begins(prompt, teacher_prompt)
        own, other = heads(prompt, teacher_prompt)
        return {
            "student_ids": list(own) + written,
            "teacher_ids": list(other) + written,
            "student_positions": [first + i for i in range(len(written))],
            "teacher_positions": [second + i for i in range(len(written))],
        }

    return answer


def _end_is_0(sampled, end):
    return up_to_the_end(sampled, 0)


def _last_end(sampled, end):
    if end not in sampled:
        return list(sampled)
    return sampled[: len(sampled) - sampled[::-1].index(end)]


def _ends_taken_out(sampled, end):
    return [token for token in sampled if token != end]


def _padding_as_end(sampled, end):
    """An end is added where there is none."""
    written = up_to_the_end(sampled, end)
    return written if written and written[-1] == end else [*written, end]


def _end_found_in_the_whole(prompt, teacher_prompt, sampled, end):
    """The end is looked for in prompt and completion together."""
    whole = up_to_the_end([*prompt, *sampled], end)
    written = whole[len(prompt) :]
    return on_policy(lambda *_: written)(prompt, teacher_prompt, sampled, end)


def _prompt_counted(prompt, teacher_prompt, sampled, end):
    answer = on_policy()(prompt, teacher_prompt, sampled, end)
    own = len(answer["student_ids"]) - 1
    other = len(answer["teacher_ids"]) - 1
    return answer | {"student_positions": list(range(own)), "teacher_positions": list(range(other))}


ON_POLICY = named(
    {
        "what stands after the end is kept": (
            on_policy(lambda sampled, end: list(sampled)),
            "After its first end token a row holds only what the batch was filled up with.",
        ),
        "the end token is dropped": (
            on_policy(
                lambda sampled, end: up_to_the_end(sampled, end)[: -1 if end in sampled else None]
            ),
            "Who is never taught the end will not learn to end.",
        ),
        "all end tokens are taken out": (
            on_policy(_ends_taken_out),
            "The first end was written by the student, too.",
        ),
        "cut at the last end token, not at the first": (
            on_policy(_last_end),
            "What was written stops at the first end.",
        ),
        "the end token is taken to be 0": (
            on_policy(_end_is_0),
            "Which number ends a text is an argument.",
        ),
        "an end is added where none was written": (
            on_policy(_padding_as_end),
            "The student did not write it: it was cut off.",
        ),
        "an end token within the prompt ends the completion": (
            _end_found_in_the_whole,
            "Look for the end in what was sampled.",
        ),
        "positions are those of the tokens, not of the logits that foretell them": (
            on_policy(begins=lambda prompt, teacher_prompt: (len(prompt), len(teacher_prompt))),
            "The first token written is foretold at the prompt's last position.",
        ),
        "the student's positions are used for the teacher, too": (
            on_policy(begins=lambda prompt, teacher_prompt: (len(prompt) - 1, len(prompt) - 1)),
            "Prompts of other lengths put the same token at other positions.",
        ),
        "the teacher gets the student's prompt": (
            on_policy(
                begins=lambda prompt, teacher_prompt: (len(prompt) - 1, len(prompt) - 1),
                heads=lambda prompt, teacher_prompt: (prompt, prompt),
            ),
            "The teacher is asked in its own words: with its own prompt.",
        ),
        "teacher and student have changed prompts": (
            on_policy(
                begins=lambda prompt, teacher_prompt: (len(teacher_prompt) - 1, len(prompt) - 1),
                heads=lambda prompt, teacher_prompt: (teacher_prompt, prompt),
            ),
            "Who reads which prompt?",
        ),
        "the prompt's positions are counted, too": (
            _prompt_counted,
            "Only what was written is compared.",
        ),
    }
)


# -- 14.6 speculative decoding ----------------------------------------------------------------


def rest_of(target, draft):
    return (target - draft).clamp(min=0)


def draw(weights, v):
    """The first token at which the running sum of the weights, made to sum to one, exceeds v."""
    # Of no weights at all the last one is taken: it is never asked for where the rest is (p - q)₊.
    sums = (weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)).cumsum(-1)
    return (sums <= v[:, None]).sum(-1).clamp(max=weights.shape[-1] - 1)


def speculative(
    keep: Function = lambda p, q, u: u * q < p,
    rest: Function = rest_of,
    pick: Function = draw,
) -> Function:
    """The answer, with the rule of acceptance, the rest or the draw of one's own."""

    def answer(drafted, draft_p, target_p, u, v):
        rows = torch.arange(len(drafted))
        kept = keep(target_p[rows, drafted], draft_p[rows, drafted], u)
        return torch.where(kept, drafted, pick(rest(target_p, draft_p), v))

    return answer


def _unscaled(weights, v):
    return (weights.cumsum(-1) <= v[:, None]).sum(-1).clamp(max=weights.shape[-1] - 1)


def _without_the_refused(drafted, draft_p, target_p, u, v):
    others = target_p.scatter(-1, drafted[:, None], 0.0)
    return speculative(rest=lambda target, draft: others)(drafted, draft_p, target_p, u, v)


SPECULATIVE = named(
    {
        "kept only where p ≥ q": (
            speculative(keep=lambda p, q, u: p >= q),
            "Where q is twice p, half of the drafts are kept, not none.",
        ),
        "kept with probability p": (
            speculative(keep=lambda p, q, u: u < p),
            "The draft drew the token with probability q already. What must it be multiplied with?",
        ),
        "the ratio is upside down": (
            speculative(keep=lambda p, q, u: u * p < q),
            "A token that the draft overrates must be kept less often.",
        ),
        "always kept": (
            speculative(keep=lambda p, q, u: torch.ones_like(u, dtype=torch.bool)),
            "Then the text is the draft's.",
        ),
        "never kept: all is drawn anew from the rest": (
            speculative(keep=lambda p, q, u: torch.zeros_like(u, dtype=torch.bool)),
            "Then nothing is gained, and the rest alone is not p.",
        ),
        "replaced by a draw from p": (
            speculative(rest=lambda target, draft: target),
            "What p has too little of is missing, not p as a whole: tokens that q overrates would come twice.",
        ),
        "replaced by a draw from p without the refused token": (
            _without_the_refused,
            "Other tokens that q overrates would still come too often. What of p is missing?",
        ),
        "which are kept, not the tokens": (
            lambda drafted, draft_p, target_p, u, v: (
                u * draft_p.gather(-1, drafted[:, None])[:, 0]
                < target_p.gather(-1, drafted[:, None])[:, 0]
            ),
            "Return the tokens of the text: the kept ones, and what stands in place of the others.",
        ),
        "replaced by a draw from q": (
            speculative(rest=lambda target, draft: draft),
            "A draw from the draft was just refused.",
        ),
        "the rest is (q - p)₊": (
            speculative(rest=lambda target, draft: (draft - target).clamp(min=0)),
            "Which tokens come too seldom from the draft?",
        ),
        "the rest is |p - q|": (
            speculative(rest=lambda target, draft: (draft - target).abs()),
            "Only where p is the larger one is something missing.",
        ),
        "the rest is not made to sum to one": (
            speculative(pick=_unscaled),
            "(p - q)₊ sums to less than one: what does v mean then?",
        ),
        "replaced by the most probable token of the rest": (
            speculative(pick=lambda weights, v: weights.argmax(-1)),
            "A draw is needed, or the text has another distribution than p.",
        ),
        "one drawn number for both choices": (
            lambda drafted, draft_p, target_p, u, v: speculative()(
                drafted, draft_p, target_p, u, u
            ),
            "u is large wherever a draft is refused. A second number must not depend on it.",
        ),
    }
)


# -- 14.8 spans of two tokenizations ----------------------------------------------------------


def covering(offsets):
    return [(i, start, end) for i, (start, end) in enumerate(offsets) if end > start]


def spans_at(cuts: Function, numbered: Function = lambda side: side) -> Function:
    """The answer, with the places where spans end, or the numbers of tokens, of one's own."""

    def answer(one, other):
        sides = [numbered(covering(side)) for side in (one, other)]
        found, begun = [], [0, 0]
        for cut in cuts(*sides):
            stop = [sum(end <= cut for _, _, end in side) for side in sides]
            found.append(
                [
                    [number for number, _, _ in side[a:b]]
                    for side, a, b in zip(sides, begun, stop, strict=True)
                ]
            )
            begun = stop
        return found

    return answer


def shared_ends(one, other):
    return sorted({end for _, _, end in one} & {end for _, _, end in other})


def _identical_only(one, other):
    there = {(start, end): i for i, start, end in covering(other)}
    return [[[i], [there[start, end]]] for i, start, end in covering(one) if (start, end) in there]


def _one_by_one(one, other):
    return [
        [[i], [j]] for (i, _, _), (j, _, _) in zip(covering(one), covering(other), strict=False)
    ]


def _with_marks(one, other):
    """A mark of no width belongs to the first span."""
    found = spans_at(shared_ends)(one, other)
    for place, offsets in enumerate((one, other)):
        marks = [i for i, (start, end) in enumerate(offsets) if end == start]
        if found and marks:
            found[0][place] = sorted(marks + found[0][place])
    return found


def _marks_where_they_stand(one, other):
    """A mark belongs to the span that its place lies in, or ends; one at 0 to none."""
    found, begun = [], 0
    for cut in shared_ends(covering(one), covering(other)):
        found.append(
            [[i for i, (_, end) in enumerate(side) if begun < end <= cut] for side in (one, other)]
        )
        begun = cut
    return found


def _from_first_to_last(one, other):
    """What lies between a span's first token and its last is in it, marks of no width included."""
    return [
        [list(range(numbers[0], numbers[-1] + 1)) for numbers in pair]
        for pair in spans_at(shared_ends)(one, other)
    ]


def _marks_are_spans(one, other):
    """Two marks of no width are taken for one another."""
    marks = [[i for i, (start, end) in enumerate(side) if end == start] for side in (one, other)]
    found = spans_at(shared_ends)(one, other)
    return ([marks] if any(marks) else []) + found


def _renumbered(side):
    return [(place, start, end) for place, (_, start, end) in enumerate(side)]


def _greedy_counts(one, other):
    """As many tokens of the other as of the one: by order, until a cut is met."""
    return [
        [a, a[: len(b)] if len(a) >= len(b) else b] for a, b in spans_at(shared_ends)(one, other)
    ]


def _overlapping(one, other):
    """For every token of the one, all of the other that it touches."""
    second = covering(other)
    return [
        [[i], [j for j, s, e in second if s < end and e > start]] for i, start, end in covering(one)
    ]


def _shared_starts(one, other):
    return sorted({start for _, start, _ in one} & {start for _, start, _ in other})[1:]


SPANS = named(
    {
        "only tokens that are identical in both": (
            _identical_only,
            "What one cuts and the other does not is lost. No token of the text may be left out.",
        ),
        "the first with the first, the second with the second": (
            _one_by_one,
            "After the first place at which one cuts and the other does not, they slip against each other.",
        ),
        "a mark of no width belongs to the first span": (
            _with_marks,
            "It covers no character, and belongs to no span.",
        ),
        "a mark of no width belongs to the span where it stands": (
            _marks_where_they_stand,
            "It covers no character, and belongs to no span.",
        ),
        "all from a span's first token to its last, marks of no width included": (
            _from_first_to_last,
            "A mark may stand between two tokens of a span. It belongs to none.",
        ),
        "marks of no width are a span of their own": (
            _marks_are_spans,
            "They cover no character, and belong to no span.",
        ),
        "tokens are counted without the marks": (
            spans_at(shared_ends, _renumbered),
            "A token's number is its place in the list that was given, marks included.",
        ),
        "the whole text is one span": (
            spans_at(lambda one, other: shared_ends(one, other)[-1:]),
            "The shortest stretches: every place where both cut ends one.",
        ),
        "every place where either cuts ends a span": (
            spans_at(
                lambda one, other: sorted({end for _, _, end in one} | {end for _, _, end in other})
            ),
            "A span ends where both cut.",
        ),
        "every token of the one with all that it touches of the other": (
            _overlapping,
            "Then a token of the other may stand in two spans.",
        ),
        "the last span is missing": (
            spans_at(_shared_starts),
            "The end of the text is a place where both cut, too.",
        ),
        "numbers of the first tokenization stand for both": (
            _greedy_counts,
            "The second list holds tokens of the other tokenization.",
        ),
    }
)
