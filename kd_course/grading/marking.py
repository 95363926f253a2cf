"""From what the box gave back to a mark, and to words that a student may read.

The words name the misconception, never a hidden input, what was expected there, or any text that
came out of the box: a message could carry what the code has seen. Nor do they say which of the
student's own lines raised an error: a thousand lines, each of which raises for one value, would
read the inputs out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kd_course.exercises import sealed, withheld
from kd_course.exercises.attempts import Outcome
from kd_course.exercises.engine import judge
from kd_course.exercises.sheets import PUBLIC_SEED, Sheet, as_it_is_meant, cases_of, mismatch
from kd_course.exercises.spec import Case, Exercise
from kd_course.exercises.values import NotPlain, difference, plain
from kd_course.grading.job import NO_TIME_LEFT, Run

GRADED, MISSING, UNREADABLE = "graded", "missing", "unreadable"
TIMEOUT, CRASHED, TAMPERED = "timeout", "crashed", "tampered"
STATUSES = (GRADED, MISSING, UNREADABLE, TIMEOUT, CRASHED, TAMPERED)

_WHAT = {
    "signature": "It cannot be called as the exercise says: {signature}.",
    "type": "The result is of another kind than the docstring asks for.",
    "shape": "The result has another shape than the docstring asks for.",
    "not finite": "The result holds NaN or infinity where a finite number is asked for.",
    "value": "The result is not what is asked for.",
    "clause": "It is right but for one thing that the exercise asks for.",
    "dtype": "The numbers are right, but of another kind than is asked for: booleans, say, or int8.",
    "gradient": "The values are right, but their gradient is not: could a student be trained with it?",
    "changed input": "It changes an argument in place: whoever called it still needs it.",
    "stopped": "It was not run on every case.",
}


@dataclass(frozen=True)
class Mark:
    """What one exercise of one submission earned, and why.

    status: one of STATUSES. right, cases: how many hidden cases it was right on.
    misconception: its name, where the answer is a known one. words: for the student, line by line.
    why: for the teacher alone.
    """

    exercise: str
    status: str
    points: float
    out_of: int
    right: int = 0
    cases: int = 0
    misconception: str = ""
    words: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Sheets:
    """An exercise as it is marked: what is right on the secret cases, all slips worked out before."""

    sheet: Sheet
    variant: str = ""
    public: frozenset[str] = field(default_factory=frozenset)
    earning: tuple[int, ...] = ()
    drawn: int = 1  # how many cases are not published

    @property
    def exercise(self) -> Exercise:
        return self.sheet.exercise


def prepared(sheet: Sheet, variant: str = "") -> Sheets:
    """Work out everything that will be compared with, once and in this thread."""
    for wrong in sheet.exercise.misconceptions:
        sheet.slip(wrong)
    drawn = _drawn(sheet)
    earning = tuple(i for i in sheet.telling if i in drawn)
    return Sheets(sheet, variant, _public_labels(sheet.exercise), earning, len(drawn))


def _drawn(sheet: Sheet) -> tuple[int, ...]:
    """The cases that are not published: marks in part are for these alone.

    What a check in the notebook expects can be learnt by heart; on cases that no seed has drawn (an
    empty batch, the lesson's own example) a table of it is right without having solved anything.
    """
    if sheet.exercise.cases is None:
        return tuple(range(len(sheet.expected)))
    published = {sealed.inputs_of(case) for case in cases_of(sheet.exercise, PUBLIC_SEED)}
    return tuple(i for i, case in enumerate(sheet.cases) if sealed.inputs_of(case) not in published)


def _public_labels(exercise: Exercise) -> frozenset[str]:
    return frozenset(case.label for case in cases_of(exercise, PUBLIC_SEED))


def missing(exercise: Exercise, words: str, status: str = MISSING) -> Mark:
    """No answer to mark."""
    return Mark(exercise.id, status, 0.0, exercise.points, words=(words,))


def mark(held: Sheets, run: Run) -> Mark:
    """The mark for a run."""
    exercise = held.exercise
    if run.ended == TAMPERED:
        words = "The program that marks this exercise was interfered with; it earns nothing."
        return Mark(exercise.id, TAMPERED, 0.0, exercise.points, words=(words,), why=run.why)
    if not run.ended and not run.found:
        return _undefined(exercise, run)
    if not run.ended and (run.empty or not run.callable and exercise.kind == "function"):
        if run.empty:
            return missing(exercise, "Not attempted: nothing stands in place of the dots.")
        words = f"{exercise.name} is no function."
        return Mark(exercise.id, GRADED, 0.0, exercise.points, words=(words,))
    try:
        return _compared(held, run)
    except Exception as error:  # nothing that a submission gives back may stop the run
        why = f"the outcomes could not be compared: {type(error).__name__}"
        words = "The result could not be compared with what is asked for."
        return Mark(exercise.id, TAMPERED, 0.0, exercise.points, words=(words,), why=why)


def _undefined(exercise: Exercise, run: Run) -> Mark:
    words = [f"There is no {exercise.name} after all cells have run."]
    if used := withheld.named(exercise, [error[2] for error in run.errors]):
        words = [_earns_nothing(exercise, used)]
    elif run.errors:
        kind = run.errors[-1][1]
        words.append(f"A cell ended with {kind if kind in _BUILTIN else 'an error'} on the way.")
    return Mark(exercise.id, GRADED, 0.0, exercise.points, words=tuple(words))


def _compared(held: Sheets, run: Run) -> Mark:
    exercise, sheet = held.exercise, held.sheet
    total = len(sheet.expected)
    outcomes = [as_it_is_meant(exercise, outcome) for outcome in run.outcomes]
    used = withheld.called(exercise, outcomes)
    if used:
        words = (_earns_nothing(exercise, used),)
        return Mark(exercise.id, GRADED, 0.0, exercise.points, cases=total, words=words)
    right = _right_on(sheet, outcomes)
    solves = len(right) == total or _has_looked(sheet, outcomes, right)
    counted = set(right) & set(held.earning) if solves else set()
    share = 1.0 if len(right) == total else len(counted) / max(held.drawn, 1)
    points = round(exercise.points * share, 2)
    words: list[str] = []
    misconception, why = "", run.why
    if run.ended:
        if exercise.kind == "value":
            points, right = 0.0, []
        words.append(_ended(run))
    else:
        report = judge(sheet, outcomes, stub=run.stub)
        if report.status == "not attempted":
            return missing(exercise, "Not attempted: nothing stands in place of the dots.")
        misconception = report.misconception
        words += _why(held, report, outcomes)
        if report.status == "raised":
            why = next((o.raised.line for o in outcomes if o.raised), "")
    if right and not solves:
        words.append(
            "An answer that never looks at the question is right on as much: that earns nothing."
        )
    elif 0 < len(right) < total and len(counted) < len(right):
        words.append(
            "Where another convention gives the same, or the case is published, being right earns "
            "nothing by itself."
        )
    if total > 1:
        head = f"Right on all {total} hidden cases." if len(right) == total else ""
        words.insert(0, head or f"Right on {len(right)} of {total} hidden cases.")
    status = run.ended or GRADED
    words = tuple(filter(None, words)) or ("Right.",)
    return Mark(
        exercise.id,
        status,
        points,
        exercise.points,
        len(right),
        total,
        misconception,
        words,
        why,
    )


def _right_on(sheet: Sheet, outcomes: Sequence[Outcome]) -> list[int]:
    """The cases on which an attempt is right; which of them earn in part, `Sheets.earning` says."""
    return [
        i
        for i, (got, wanted) in enumerate(zip(outcomes, sheet.expected))
        if mismatch(sheet.exercise, got, wanted) is None
    ]


def _has_looked(sheet: Sheet, outcomes: Sequence[Outcome], right: Sequence[int]) -> bool:
    """Whether an attempt that is right on some cases can have answered what was asked there.

    Else `raise ValueError`, `return 0` and `return x` would earn: bad input is refused, a loss is
    zero where nothing counts, and what is short enough is given back. So two different values must
    be right, neither of them an argument given back, where the sheet asks for such.
    """
    cases = sheet.cases or (None,) * len(sheet.expected)
    asked = [i for i, wanted in enumerate(sheet.expected) if not wanted.raised]
    worked = [i for i in asked if not _is_given_back(cases[i], sheet.expected[i])]
    worked = worked if _vary(sheet.expected, worked) else asked
    solved = [i for i in worked if i in right]
    if not solved or not _vary(sheet.expected, asked):
        return bool(solved)
    return _vary(sheet.expected, solved) and _vary(outcomes, solved)


def _vary(outcomes: Sequence[Outcome], which: Sequence[int]) -> bool:
    """Whether not all of these outcomes are the same value with the same gradients."""
    return any(
        _differ(getattr(outcomes[which[0]], part), getattr(outcomes[i], part))
        for i in which[1:]
        for part in ("value", "gradients")
    )


def _is_given_back(case: Case | None, wanted: Outcome) -> bool:
    """Whether what is asked for is one of the arguments, as it is or as a list."""
    if case is None:
        return False
    for argument in (*case.args, *case.kwargs.values()):
        try:
            argument = plain(argument)
        except NotPlain:
            continue
        if not _differ(wanted.value, argument):
            return True
    return False


def _differ(a: object, b: object) -> bool:
    return difference(a, b, rtol=1e-9, atol=0.0) is not None


def _earns_nothing(exercise: Exercise, used: str) -> str:
    return f"{used} is {withheld.why(exercise, used)}: calling it earns nothing."


def _ended(run: Run) -> str:
    if run.why == NO_TIME_LEFT:
        return "It was not run: the exercises before it had used up the time for all of them."
    if run.ended == TIMEOUT:
        where = "on one of the cases" if run.loaded else "while the cells were run"
        return f"It did not come to an end {where} and was stopped."
    where = "on one of the cases" if run.loaded else "while the cells were run"
    return f"It ended its own process {where}, or needed more memory or processes than there are."


def _why(held: Sheets, report, outcomes: Sequence[Outcome]) -> list[str]:
    exercise = held.exercise
    if report.passed:
        return [f"({c.key}) {c.why}" for c in exercise.choices if _is(outcomes[0], c.key)]
    if report.misconception:
        wrong = next(m for m in exercise.misconceptions if m.name == report.misconception)
        return [f"A known slip: {wrong.name.rstrip('.')}.", wrong.hint]
    chosen = [c for c in exercise.choices if _is(outcomes[0], c.key)]
    if chosen:
        return [f"({chosen[0].key}) {chosen[0].why}"]
    words = []
    if report.status == "raised":
        words.append(_raised(outcomes))
    else:
        words.append(_WHAT.get(report.status, _WHAT["value"]).format(signature=exercise.signature))
    if report.case in held.public:
        words.append(f"It shows on the case “{report.case}”.")
    if report.status == "value":
        words.append(f"Hint: {exercise.hint}" if exercise.hint else "")
    return words


def _is(outcome: Outcome, key: str) -> bool:
    return not outcome.raised and difference(outcome.value, key, rtol=0.0, atol=0.0) is None


# A submission chooses what it raises, and could tell what it was given by it: few names tell little.
_BUILTIN = frozenset(
    (
        "AttributeError",
        "IndexError",
        "KeyError",
        "NameError",
        "RuntimeError",
        "TypeError",
        "ValueError",
    )
)


def _raised(outcomes: Sequence[Outcome]) -> str:
    """What was raised first, as far as it is a name of Python's."""
    raised = next((o.raised for o in outcomes if o.raised), None)
    kind = next((name for name in raised.types if name in _BUILTIN), None) if raised else None
    return f"It raised {kind or 'an error'}."
