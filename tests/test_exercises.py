"""What a check promises: right answers pass however they are written, wrong ones are explained."""

from __future__ import annotations

import json
import math
import pathlib
import random
import time
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from kd_course.authoring.references import references
from kd_course.authoring.source import read, source_of
from kd_course.commands import check as check_command
from kd_course.exercises import (
    CheckFailed,
    all_exercises,
    attempts,
    check,
    engine,
    examine,
    files,
    find,
    lessons,
    recording,
    sealed,
    sheets,
    values,
)
from kd_course.exercises.spec import Case, Choice, Exercise, Made, Misconception

EXERCISES = {exercise.id: exercise for exercise in all_exercises()}
FUNCTIONS = [id for id, exercise in EXERCISES.items() if exercise.kind == "function"]
QUIZZES = [id for id, exercise in EXERCISES.items() if exercise.choices]
SEEDS = (None, 1, 2)  # the public cases, and two that no learner has seen


@pytest.fixture(scope="session")
def answers():
    """Every exercise's own answer, as its lesson's cells define it."""
    found = {}
    for lesson in lessons():
        found |= references(read(source_of(lesson)))
    return found


# -- every exercise of the course -------------------------------------------------------------


@pytest.mark.parametrize("id", EXERCISES)
def test_a_reference_passes_its_own_check(id, answers):
    for seed in SEEDS:
        report = examine(
            id, answers[id], seed=seed, reference=None if seed is None else answers[id]
        )
        assert report.passed, report.message
        assert report.points == EXERCISES[id].points


@pytest.mark.parametrize("id", EXERCISES)
def test_every_misconception_fails_and_is_named_in_its_message(id):
    for wrong in EXERCISES[id].misconceptions:
        report = examine(id, wrong.value if wrong.function is None else wrong.function)
        assert (report.status, report.misconception, report.points) == (
            "misconception",
            wrong.name,
            0,
        ), report.message
        assert wrong.name[2:].rstrip(".") in " ".join(report.message.split()), report.message


@pytest.mark.parametrize("id", FUNCTIONS)
def test_misconceptions_fail_and_are_told_apart_on_inputs_nobody_has_seen(id, answers):
    for seed in (1, 2):
        sheet = engine.secret_sheet(id, seed, answers[id])
        for wrong in EXERCISES[id].misconceptions:
            report = engine.judge(sheet, sheet.slip(wrong))
            assert (report.status, report.misconception) == ("misconception", wrong.name), (
                report.message
            )
            assert not all(outcome.raised for outcome in sheet.slip(wrong)), (
                "it says nothing but an exception"
            )


@pytest.mark.parametrize("id", EXERCISES)
def test_what_is_recorded_is_what_the_reference_answers(id, answers):
    exercise = EXERCISES[id]
    cases = sheets.cases_of(exercise, sheets.PUBLIC_SEED)
    recorded = recording.load(exercise, cases)
    for now, then in zip(sheets.outcomes_of(exercise, answers[id], cases), recorded, strict=True):
        assert sheets.mismatch(exercise, now, then) is None


@pytest.mark.parametrize("id", FUNCTIONS)
def test_a_loss_or_divergence_has_at_least_four_misconceptions(id):
    exercise = EXERCISES[id]
    asked = any(
        word in exercise.name for word in ("loss", "divergence", "entropy", "kl", "surprise")
    )
    assert len(exercise.misconceptions) >= (4 if asked else 2)


@pytest.mark.parametrize("id", FUNCTIONS)
def test_a_check_takes_a_moment(id, answers):
    slowest = EXERCISES[id].misconceptions[-1].function  # every known slip is tried before it
    examine(id, answers[id])  # the first check of a lesson reads its recording
    for attempt in (answers[id], slowest):
        start = time.process_time()
        examine(id, attempt)
        assert (
            time.process_time() - start < 5.0
        )  # about one on a quiet machine; a bound, no benchmark


@pytest.mark.parametrize("id", FUNCTIONS)
def test_double_precision_passes(id, answers):
    def doubled(*args):
        return answers[id](*(to_double(value) for value in args))

    assert examine(id, doubled).passed


@pytest.mark.parametrize("id", FUNCTIONS)
def test_other_argument_names_pass_also_when_they_are_keyword_only(id, answers):
    count = len(sheets.argument_names(EXERCISES[id].signature))
    names = [f"other_{i}" for i in range(count)]
    spaces = {"reference": answers[id]}
    exec(f"def renamed({', '.join(names)}): return reference({', '.join(names)})", spaces)
    exec(f"def by_name(*, {', '.join(names)}): return reference({', '.join(names)})", spaces)
    assert examine(id, spaces["renamed"]).passed
    assert examine(id, spaces["by_name"]).passed


@pytest.mark.parametrize("id", QUIZZES)
def test_a_quiz_explains_the_choice_that_was_made_and_all_once_it_is_right(id, answers):
    for choice in EXERCISES[id].choices:
        report = examine(id, choice.key)
        told = " ".join(report.message.split())
        assert report.passed == (choice.key == answers[id])
        assert " ".join(choice.why.split()) in told
        others = [c for c in EXERCISES[id].choices if c is not choice]
        assert all((" ".join(c.why.split()) in told) == report.passed for c in others)


def test_letters_are_taken_however_they_are_written():
    assert examine("00.3", " C ").passed
    assert examine("00.3", "(c)").passed and examine("00.3", "c)").passed
    assert "one of" in examine("00.3", "z").message


def test_a_number_is_taken_as_float_string_array_or_tensor():
    for right in (0.87 / 0.9, "0.9667", np.float32(0.9667), torch.tensor(0.96667)):
        assert examine("00.2", right).passed
    assert examine("00.2", Fraction(87, 90)).passed and examine("00.2", Decimal("0.9667")).passed
    assert not examine("00.2", 0.96).passed


@pytest.mark.parametrize(
    "value, meant",
    [
        ("b d a c e", "bdace"),
        ("(b)(d)", "bd"),
        ("2 - 3 - 1", "231"),
        (("b", "d"), "bd"),
        ("0.5", 0.5),
        ("1,5", "1,5"),
        ("1/2", "1/2"),
        (" both words ", "both words"),
        ("a priori", "a priori"),
        ((3, 5, 8), (3, 5, 8)),
        (("3", "5", "8"), ("3", "5", "8")),
        (("soft", "hard"), ("soft", "hard")),
        ((), ()),
    ],
)
def test_single_letters_are_put_together_and_nothing_else_is(value, meant):
    told = sheets.as_it_is_meant(EXERCISES["13.2"], attempts.Outcome(value)).value
    assert (told, type(told)) == (meant, type(meant))


def to_double(value):
    floating = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.double() if floating else value


# -- right, written another way ---------------------------------------------------------------


def soften_in_loops(rows, t):
    beliefs = torch.zeros(len(rows), len(rows[0]), dtype=torch.float64)
    for i, row in enumerate(rows):
        powers = [math.exp((z - max(row.tolist())) / t) for z in row.tolist()]
        for j, power in enumerate(powers):
            beliefs[i, j] = power / sum(powers)
    return beliefs


def soften_in_log_space(x, T):
    scaled = x / T
    return (scaled - scaled.logsumexp(-1, keepdim=True)).exp()


def soften_with_einsum(scores, temperature):
    powers = torch.exp((scores - scores.amax(-1, keepdim=True)) / temperature)
    return torch.einsum("nc,n->nc", powers, 1 / torch.einsum("nc->n", powers))


def soften_with_numpy(scores, temperature):
    powers = np.exp((scores - scores.amax(-1, keepdim=True)).numpy() / temperature)
    return powers / powers.sum(-1, keepdims=True)


class Softener:
    def __call__(self, scores, temperature=1.0):
        return soften_in_log_space(scores, temperature)


RIGHT = [
    soften_in_loops,
    soften_in_log_space,
    soften_with_einsum,
    soften_with_numpy,
    Softener(),
    torch.compiler.disable(soften_in_log_space),
]


@pytest.mark.parametrize("attempt", RIGHT, ids=lambda a: getattr(a, "__name__", type(a).__name__))
def test_a_right_answer_passes_however_it_is_written(attempt):
    assert examine("00.1", attempt).passed


def soft_loss_with_einsum(s, t, T):
    p = torch.softmax(t.detach() / T, -1)
    log_p, log_q = (torch.log_softmax(z / T, -1) for z in (t.detach(), s))
    return T * T * torch.einsum("nc,nc->", p, log_p - log_q) / len(s)


def soft_loss_in_loops(s, t, T):
    total = 0.0
    for i in range(len(s)):
        p = torch.softmax(t[i].detach().double() / T, 0)
        q = torch.softmax(s[i].double() / T, 0)
        for j in range(s.shape[1]):
            total = total + p[j] * (p[j].log() - q[j].log())
    return T**2 * total / len(s)


def soft_loss_with_the_library(student, teacher, tau):
    log_q, log_p = ((z / tau).log_softmax(-1) for z in (student, teacher.detach()))
    return torch.nn.functional.kl_div(log_q, log_p, log_target=True, reduction="batchmean") * tau**2


@pytest.mark.parametrize(
    "attempt", [soft_loss_with_einsum, soft_loss_in_loops, soft_loss_with_the_library]
)
def test_a_right_loss_passes_with_its_gradients(attempt):
    report = examine("03.2", attempt)
    assert report.passed and "gradients" in report.message, report.message


# -- what an attempt may do -------------------------------------------------------------------

# An exercise of the tests' own, so that these promises do not hang on any lesson's text:
# the mean square of each row, weighted.


def mean_square(x, weight):
    return weight * (x * x).mean(-1)


def _cases(random):
    return [
        Case(
            (torch.tensor([[1.0, 3.0, 2.0, 5.0], [0.5, -1.0, 0.0, 2.0]]), 2.0),
            "two rows",
            gradient_of=(0,),
        ),
        Case((torch.tensor([[3.0, -1.0]]), 0.5), "one row", gradient_of=(0,)),
        Case((torch.tensor([[2.0, 0.5, 1.0]] * 3), 3.0), "three rows", gradient_of=(0,)),
    ]


def _sum_of_squares(x, weight):
    return weight * (x * x).sum(-1)


def _unweighted(x, weight):
    return (x * x).mean(-1)


def _in_place(x, weight):
    with torch.no_grad():
        x.mul_(1.5)
    return weight * (x * x).mean(-1) / 2.25


OWN = Exercise(
    id="99.1",
    name="mean_square",
    title="Mean square",
    lesson="99",
    signature="mean_square(x, weight)",
    points=3,
    minutes=5,
    difficulty=1,
    importance=1,
    cases=_cases,
    misconceptions=(
        Misconception("The sum is taken, not the mean", _sum_of_squares, hint="Divide."),
        Misconception("The weight is forgotten", _unweighted),
    ),
    hint="Square first.",
)


@pytest.fixture(autouse=True)
def own_exercise(monkeypatch):
    """Lets `examine("99.1", …)` find the exercise above, with its reference recorded."""
    cases = _cases(None)
    own = sheets.Sheet(OWN, cases, sheets.outcomes_of(OWN, mean_square, cases))
    usual = engine.public_sheet
    monkeypatch.setattr(engine, "public_sheet", lambda id: own if id == OWN.id else usual(id))
    return own


def without_gradients(sheet):
    """Let the exercise above look at values only."""
    sheet.cases = tuple(Case(case.args, case.label) for case in sheet.cases)
    sheet.expected = sheets.outcomes_of(OWN, mean_square, sheet.cases)


def told(attempt, **options):
    """The report on an attempt at the exercise above, and what it says on one line."""
    report = examine("99.1", attempt, **options)
    return report, " ".join(report.message.split())


def test_the_smallest_failing_case_is_shown_with_input_expected_and_got():
    report, text = told(lambda x, weight: 3 * mean_square(x, weight))
    assert (report.status, report.case) == ("value", "one row")
    assert "x = [[3.0, -1.0]]" in text and "weight = 0.5" in text
    assert "expected [2.5]" in text and "got [7.5]" in text
    assert "that is 3 times what is expected" in text
    assert "Square first." not in text and 'hint("99.1") helps' in text


def test_a_misconception_is_named_with_its_hint():
    report, text = told(lambda x, weight: weight * x.pow(2).sum(dim=1))
    assert report.misconception == "The sum is taken, not the mean"
    assert "the sum is taken, not the mean" in text and "Divide." in text


def test_a_mistake_on_one_case_only_is_no_misconception():
    def attempt(x, weight):
        return _unweighted(x, weight) if len(x) == 1 else mean_square(x, weight)

    report, text = told(attempt)
    assert report.status == "value" and "Right on 2 of 3 cases" in text


def test_a_wrong_gradient_is_found_where_the_value_is_right():
    def attempt(x, weight):
        return mean_square(x, weight) + (x - x.detach()).sum(-1)

    report, text = told(attempt)
    assert report.status == "gradient" and "the value is right, its gradient is not" in text
    assert "the gradient in x expected" in text  # of several arguments, which


def test_a_list_is_shown_as_a_list_and_beside_what_was_expected():
    assert "sizes = [3.0]" in examine("12.7", lambda sizes, accuracies: [1]).message
    assert "test_texts = {'source': ['" in examine("11.2", lambda pool, test_texts: []).message
    for got, said in (((0, 2), "expected 3 results, but got 2"), ((0, 2, 5), "result 3 of 3")):
        found = values.difference(got, (0, 2, 4), rtol=0, atol=0)
        assert said in found.text
        assert f"the lists: expected [0, 2, 4], got {list(got)}" in found.text


def test_a_range_is_the_list_of_its_numbers_unless_it_is_endless():
    assert values.plain({"places": range(2, 8, 3)}) == {"places": (2, 5)}
    assert values.plain([range(0)]) == ((),)
    for much in (range(10**6), range(10**30)):
        with pytest.raises(values.NotPlain, match="a range of more than 100,000 numbers"):
            values.plain(much)


@pytest.mark.parametrize(
    "value, said",
    [({3, 5, 8}, "this is of type set."), (max, "this is a method: its brackets are missing")],
)
def test_a_value_of_a_type_that_no_answer_has_is_named(value, said):
    report = examine("15.4", value)
    assert report.status == "type" and "a list" in report.message
    assert said in " ".join(report.message.split()) and "None" not in report.message


@pytest.mark.parametrize(
    "cut",
    [
        lambda x, weight: mean_square(x.detach(), weight),
        lambda x, weight: mean_square(x.detach().numpy(), weight),
        lambda x, weight: mean_square(x.numpy(), weight),
        lambda x, weight: torch.tensor(
            [weight * sum(v * v for v in row) / len(row) for row in x.tolist()]
        ),
    ],
)
def test_a_gradient_that_is_cut_off_is_said_to_be(cut):
    report, text = told(cut)
    assert report.status == "gradient" and "no gradient flows back" in text


@pytest.mark.parametrize(
    "attempt, said",
    [
        (lambda x, weight: mean_square(x, weight).sum(), "expected shape (1,), but got one number"),
        (lambda x, weight: mean_square(x, weight)[:, None], "got shape (1, 1)"),
    ],
)
def test_a_wrong_shape_is_said(attempt, said):
    report, text = told(attempt)
    assert report.status == "shape" and said in text


def without_return(x, weight):
    mean_square(x, weight)


class EqualToEverything:
    """Claims to be whatever it is compared with."""

    shape, dtype = (1,), torch.float32

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        raise AssertionError("nobody may ask")

    def __float__(self):
        raise AssertionError("nobody may ask")

    __hash__ = None


class Forged(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


@pytest.mark.parametrize(
    "attempt, said",
    [
        (without_return, "None (is there a `return`"),
        (lambda x, weight: "2.5", "the string '2.5'"),
        (lambda x, weight: mean_square(x, weight).tolist(), "torch.stack or torch.tensor"),
        (lambda x, weight: mean_square(x, weight).sum, "brackets are missing"),
        (lambda x, weight: (mean_square(x, weight) for _ in x), "yield"),
        (lambda x, weight: {"result": mean_square(x, weight)}, "a dict with keys ['result']"),
        (lambda x, weight: EqualToEverything(), "of type EqualToEverything"),
        (
            lambda x, weight: mean_square(x.detach(), weight).as_subclass(Forged),
            "subclass of torch.Tensor",
        ),
        (
            lambda x, weight: mean_square(x, weight).to(torch.complex64),
            "a tensor of torch.complex64",
        ),
        (lambda x, weight: {1, 2}, "of type set"),
    ],
)
def test_a_wrong_type_is_said(attempt, said):
    report, text = told(attempt)
    assert report.status == "type" and said in text


def test_a_tensor_whose_methods_are_shadowed_does_not_pass(own_exercise):
    without_gradients(own_exercise)

    def attempt(x, weight):
        result = torch.zeros(len(x))
        result.detach = result.numpy = result.tolist = lambda *_: mean_square(x, weight)
        return result

    assert not told(attempt)[0].passed


@pytest.mark.parametrize("bad, word", [(math.nan, "NaN"), (math.inf, "inf")])
def test_what_is_not_finite_is_said(bad, word):
    report, text = told(lambda x, weight: mean_square(x, weight) * bad)
    assert report.status == "not finite" and f"{word} where a finite number is expected" in text


@pytest.mark.parametrize("gradients", [True, False])
def test_an_input_changed_in_place_is_named(gradients, own_exercise):
    if not gradients:
        without_gradients(own_exercise)

    def attempt(x, weight):
        result = mean_square(x, weight)
        x *= 2
        return result

    for wrong in (attempt, _in_place):
        report, text = told(wrong)
        assert report.status == "changed input" and "x was changed in place" in text


def test_an_exception_is_shown_with_the_learners_own_line():
    def attempt(x, weight):
        squares = x * x
        return torch.nn.functional.gumbel_softmax(squares, dim=7)

    report, text = told(attempt)
    assert report.status == "raised" and "IndexError" in text
    assert "return torch.nn.functional.gumbel_softmax(squares, dim=7)" in text


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    "error", [SystemExit(0), KeyboardInterrupt(), Mute(), RecursionError("deep"), GeneratorExit()]
)
def test_whatever_an_attempt_raises_is_caught(error):
    def attempt(x, weight):
        raise error

    report, text = told(attempt)
    assert report.status == "raised" and type(error).__name__ in text


def test_too_few_arguments_and_a_call_in_place_of_the_function_are_told():
    report, text = told(lambda x: x)
    assert report.status == "signature" and "mean_square(x, weight)" in text
    report, text = told(mean_square(torch.ones(1, 2), 1.0))
    assert report.status == "signature" and "without brackets" in text


def never_ends(x, weight):
    while True:
        pass


def never_ends_and_will_not_hear(x, weight):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            continue


def sleeps(x, weight):
    time.sleep(5)


@pytest.mark.parametrize("attempt", [never_ends, never_ends_and_will_not_hear, sleeps])
def test_what_never_returns_is_stopped_and_said_to(attempt):
    start = time.monotonic()
    report, text = told(attempt, seconds=0.5)
    assert time.monotonic() - start < 5
    assert (
        report.status == "stopped"
        and "does not come to an end" in text
        and report.case == "two rows"
    )
    if attempt is never_ends_and_will_not_hear:  # end what the check had to leave behind
        never_ends_and_will_not_hear.__code__ = sleeps.__code__


def test_an_attempt_that_was_not_run_on_every_case_does_not_pass(own_exercise):
    some = sheets.outcomes_of(OWN, mean_square, own_exercise.cases)[:1]
    assert engine.judge(own_exercise, own_exercise.expected).passed
    assert engine.judge(own_exercise, some).status == "stopped"


def test_time_is_short_enough_for_twenty_seconds():
    assert attempts.SECONDS + 1 < 20
    assert check_command.SECONDS > attempts.SECONDS


def test_a_loop_that_ends_is_interrupted_for_good():
    turns = []

    def attempt(x, weight):
        while True:
            turns.append(1)

    told(attempt, seconds=0.3)
    seen = len(turns)
    time.sleep(0.2)
    assert len(turns) == seen


def test_prints_and_warnings_cost_nothing(capsys):
    def attempt(x, weight):
        print("looking at", x.shape)
        warnings.warn("careful", stacklevel=1)
        return mean_square(x, weight)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert told(attempt)[0].passed
    assert capsys.readouterr().out == ""


def test_what_a_failing_attempt_prints_is_shown():
    def attempt(x, weight):
        print("shape", tuple(x.shape))
        print("much more" * 10_000)
        return x

    report, text = told(attempt)
    assert "your function printed:" in text and "shape (1, 2)" in text and len(text) < 4_000


def test_what_is_kept_of_endless_printing_is_bounded():
    def attempt(x, weight):
        for _ in range(10_000):
            print("more and more")

    for outcome in attempts.run(attempt, _cases(None)):
        assert len(outcome.printed) == attempts.PRINTED


def test_what_an_attempt_draws_is_the_same_every_time():
    """And what PyTorch draws after torch.manual_seed(0), whatever was drawn to make its arguments."""

    def attempt(x, weight):
        return torch.rand(3)

    made = Case(
        (Made("layer", "kd_course.exercises.fixtures.linear", (torch.ones(1, 3),)), 2), "made"
    )
    expected = torch.rand(3, generator=torch.Generator().manual_seed(0)).numpy()
    for cases in (_cases(None), [made], [made]):
        torch.rand(1)  # the session goes on drawing
        value = attempts.run_here(attempt, cases)[0].value
        assert np.array_equal(value[0] if isinstance(value, tuple) else value, expected)


def test_nothing_of_the_session_is_changed():
    def attempt(x, weight):
        torch.manual_seed(5)
        np.random.seed(5)
        random.seed(5)
        torch.set_default_dtype(torch.float64)
        warnings.simplefilter("error")
        result = mean_square(x, weight)
        torch.set_grad_enabled(False)
        return result

    torch.manual_seed(1)
    before = (
        torch.get_rng_state(),
        np.random.get_state()[1].copy(),
        random.getstate(),
        list(warnings.filters),
    )
    assert told(attempt)[0].passed
    after = (
        torch.get_rng_state(),
        np.random.get_state()[1],
        random.getstate(),
        list(warnings.filters),
    )
    assert torch.equal(before[0], after[0]) and np.array_equal(before[1], after[1])
    assert before[2:] == after[2:]
    assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled()


def test_an_attempt_is_tried_with_gradients_also_where_the_notebook_switched_them_off():
    with torch.no_grad():
        assert told(mean_square)[0].passed


# -- not attempted ----------------------------------------------------------------------------


def empty(x, weight):
    """Only a docstring."""


def stub(x, weight):
    """As the learner's edition has it."""
    ...  # your code here


def passing(x, weight):
    pass


def raising(x, weight):
    raise NotImplementedError


def half_filled(x, weight):
    squares = x * x  # noqa: F841
    ...  # your code here


def half_filled_with_return(x, weight):
    ...  # your code here
    return result  # noqa: F821


def returns_ellipsis(x, weight):
    return ...


NOT_ATTEMPTED = [
    empty,
    stub,
    passing,
    raising,
    half_filled,
    half_filled_with_return,
    returns_ellipsis,
    ...,
    None,
]


@pytest.mark.parametrize("attempt", NOT_ATTEMPTED, ids=lambda a: getattr(a, "__name__", str(a)))
def test_an_unwritten_answer_is_told_so_kindly(attempt):
    report, text = told(attempt)
    assert report.status == "not attempted" and not report.passed and report.points == 0
    assert text.startswith("○") and "Not attempted yet" in text


def test_an_empty_function_without_source_is_still_not_attempted():
    spaces = {}
    exec('def bare(x, weight):\n    """Doc."""\n    ...', spaces)
    assert told(spaces["bare"])[0].status == "not attempted"
    exec("def constant(x, weight): return 0.5", spaces)
    assert told(spaces["constant"])[0].status != "not attempted"


def test_a_finished_answer_passes_though_the_stub_still_stands():
    def attempt(x, weight):
        ...  # your code here
        return mean_square(x, weight)

    assert told(attempt)[0].passed


# -- check, and marks -------------------------------------------------------------------------


def test_check_prints_and_returns_nothing(capsys, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    assert check("00.1", soften_in_loops) is None
    assert check("00.1", stub) is None
    assert [line[0] for line in capsys.readouterr().out.splitlines() if line[0] != " "] == [
        "✓",
        "○",
    ]


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_check_raises_under_nbgrader_unless_it_passes(mode, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    check("00.1", soften_in_loops)
    for attempt in (stub, lambda scores, temperature: scores):
        with pytest.raises(CheckFailed, match="00.1"):
            check("00.1", attempt)


def test_marks_on_a_secret_seed_need_a_reference_and_use_other_inputs():
    with pytest.raises(ValueError, match="reference"):
        examine("00.1", soften_in_loops, seed=7)
    public = {
        str(case.args): soften_in_loops(*case.args)
        for case in find("00.1").cases(np.random.default_rng(0))
    }

    def remembers(scores, temperature):
        return public[str((scores, temperature))]

    assert examine("00.1", remembers).passed
    assert not examine("00.1", remembers, seed=7, reference=soften_in_loops).passed


def test_an_unknown_exercise_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match=r"00\.1, 00\.2"):
        examine("00.99", 1)
    with pytest.raises(KeyError, match="no exercises for lesson"):
        examine("77.1", 1)


def test_other_cases_than_the_recorded_ones_are_refused():
    with pytest.raises(LookupError, match="authoring record 00"):
        recording.load(find("00.1"), [Case((1,), "another")])


@pytest.mark.parametrize(
    "change, said",
    [
        ({"id": "9"}, "lesson and number"),
        ({"lesson": "98"}, "lesson and number"),
        ({"difficulty": 6}, "1 to 5"),
        ({"kind": "value"}, "a value has none"),
        (
            {"misconceptions": (Misconception("twice", len), Misconception("twice", max))},
            "listed twice",
        ),
        ({"choices": (Choice("a", "text", "why"),)}, "a quiz"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(change, said):
    fields = {name: getattr(OWN, name) for name in OWN.__dataclass_fields__}
    with pytest.raises(ValueError, match=said):
        Exercise(**{**fields, **change})


# -- the command line -------------------------------------------------------------------------

GOOD = (
    "import torch\nprint('你好 ✓ noise')\n\ndef soften(z, t):\n    print('noise')\n"
    "    return torch.softmax(z / t, -1)\n"
)


def _answer(tmp_path, text, name="answer.py"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_command_passes_a_right_file_and_names_the_slip_in_a_wrong_one(
    tmp_path, capfd, monkeypatch
):
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")  # a Windows that lacks what the file prints
    monkeypatch.setenv("PYTHONUTF8", "0")
    assert check_command.check_main(["00.1", _answer(tmp_path, GOOD)]) == 0
    out = capfd.readouterr().out
    assert out.startswith("✓ 00.1 soften") and "noise" not in out
    assert check_command.check_main(["00.1", _answer(tmp_path, GOOD.replace("-1)", "0)"))]) == 1
    assert "columns sum to one" in capfd.readouterr().out


@pytest.mark.parametrize(
    "text, said",
    [
        (GOOD.replace("return", "return 10 ** 10 ** 10 or"), "does not come to an end"),
        ("import os\nos._exit(0)\n" + GOOD, "ended the process"),
    ],
)
def test_a_file_that_does_not_come_to_a_check_does_not_pass(
    text, said, tmp_path, capfd, monkeypatch
):
    monkeypatch.setattr(check_command, "SECONDS", 2.0)
    assert check_command.check_main(["00.1", _answer(tmp_path, text)]) == 1
    assert said in " ".join(capfd.readouterr().out.split())


@pytest.mark.parametrize(
    "text, said",
    [
        ("raise SystemExit(0)\n", "SystemExit: 0, line 1: raise SystemExit(0)"),
        ("x = 1 / 0\n", "ZeroDivisionError: division by zero, line 1: x = 1 / 0"),
        ("def soften(:\n", "SyntaxError"),
    ],
)
def test_a_file_that_stops_half_way_says_where(text, said, tmp_path):
    values, error = files.definitions(pathlib.Path(_answer(tmp_path, text)))
    assert "soften" not in values and said in error


@pytest.mark.thorough
def test_the_command_reads_both_editions_and_the_source_of_a_lesson(capfd):
    source = source_of("00")
    for path in (source, source.with_suffix(".ipynb")):
        values, error = files.definitions(path)
        assert examine("00.1", values["soften"]).passed and not error
    learners = source.parents[1] / "notebooks" / f"{source.stem}.ipynb"
    assert check_command.check_main(["00.1", str(learners)]) == 1
    assert "Not attempted yet" in capfd.readouterr().out


@pytest.mark.parametrize(
    "argv", [[], ["00.1"], ["00.1", "missing.py"], ["00.1", "pyproject.toml"], ["00.1", "a", "b"]]
)
def test_a_command_that_is_not_understood_exits_with_two(argv, capfd):
    assert check_command.check_main(argv) == 2
    assert capfd.readouterr().err


def test_an_unknown_exercise_on_the_command_line_exits_with_two(tmp_path, capfd):
    assert check_command.check_main(["00.99", _answer(tmp_path, GOOD)]) == 2
    assert "00.1, 00.2, 00.3" in capfd.readouterr().err


def test_the_list_of_exercises_is_whole_in_both_forms(capsys):
    assert check_command.list_main(["--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == list(EXERCISES)
    assert set(rows[0]) == {"id", "lesson", "name", "signature", "points", "minutes"}
    assert check_command.list_main([]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n{id} " in shown for id in EXERCISES)
    assert check_command.list_main(["--nonsense"]) == 2


@pytest.mark.parametrize(
    ("before", "edit"),
    [
        (["Gold", "up"], lambda texts: texts.__setitem__(0, "gold")),
        (["Gold ", "up"], lambda texts: texts.__setitem__(0, "Gold")),
        ({"a": [1.0]}, lambda found: found["a"].append(2.0)),
        ({"a": 1}, lambda found: found.update(b=2)),
        (torch.tensor([1.0, math.nan]), lambda tensor: tensor.mul_(2)),
    ],
    ids=["a capital", "a blank", "a list in a dict", "a key", "a tensor"],
)
def test_an_argument_that_was_edited_is_noticed_to_the_letter(before, edit):
    value = values.copied(before)
    assert values.unchanged(value, before)
    edit(value)
    assert not values.unchanged(value, before)


@pytest.mark.parametrize("id", EXERCISES)
def test_every_exercise_offers_a_question_and_then_a_direction(id):
    exercise = EXERCISES[id]
    assert exercise.question.rstrip().endswith("?") or "?" in exercise.question
    assert len(exercise.hint.split()) >= 4 and exercise.hint != exercise.question


@pytest.mark.parametrize("id", FUNCTIONS)
def test_a_seed_draws_nearly_every_case(id):
    """What no seed changes can be learnt from the published checks; it earns nothing by itself."""
    published = {sealed.inputs_of(case) for case in sheets.cases_of(EXERCISES[id], 0)}
    for seed in (1, 987_654_321):
        hidden = sheets.cases_of(EXERCISES[id], seed)
        fixed = [case.label for case in hidden if sealed.inputs_of(case) in published]
        assert len(fixed) <= 1 + len(hidden) // 6, fixed


def test_an_attempt_is_timed_by_what_it_computes_not_by_who_else_does():
    def waits(logits, temperature):
        time.sleep(0.05)
        return torch.softmax(logits / temperature, -1)

    def computes(logits, temperature):
        end = time.thread_time() + 0.5
        while time.thread_time() < end:
            pass

    cases = sheets.cases_of(EXERCISES["00.1"], 0)
    assert not attempts.run(waits, cases, seconds=0.3)[-1].stopped
    assert attempts.run(computes, cases, seconds=0.3)[-1].stopped
    began = time.monotonic()
    assert attempts.run(lambda *_: time.sleep(60), cases, seconds=0.3)[-1].stopped
    assert time.monotonic() - began < 10
