"""What a machine can check of a capstone: eleven findings, fifty points. The rest is for a person.

A check looks at what was handed in, works it out again, and says what differs and what to do. Not
checked is whether the runs whose models are not handed in were ever trained: their answers are what
the report says they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kd_course.capstone import answering, model_files
from kd_course.capstone.briefs import ANSWERS, CLASSES, HEADLINES, Brief, Row, asked, brief
from kd_course.capstone.claims import MODEL, REPORT, parsed
from kd_course.capstone.recomputed import CONTROL, METHOD, figures, unpack
from kd_course.capstone.schema import NotReadable
from kd_course.capstone.trained_texts import (
    LARGEST,
    TRAINED,
    digest_of,
    digest_of_rows,
    parsed_trained,
)

POINTS = {
    "report": 2,
    "model": 5,
    "answers": 8,
    "seeds": 4,
    "control": 6,
    "figure": 6,
    "interval": 5,
    "opened": 3,
    "leaks": 3,
    "budget": 4,
    "latency": 4,
}
MACHINE = sum(POINTS.values())  # 50
RUBRIC = ("question", "control", "evidence", "tradeoff", "candour")  # a person's, 10 points each
LEAST_SEEDS = 3
OTHER_ROWS = 0.01  # the share of answers that another machine's rounding may change
FORGIVEN = 1.1  # a latency is measured, and measured twice it differs
APART = 1.5  # as far as the stated ratio may be from the one measured again


@dataclass(frozen=True)
class Finding:
    """What one check found. words: what is wrong and what to do, or what was seen."""

    key: str
    passed: bool
    words: str

    @property
    def out_of(self) -> int:
        return POINTS[self.key]

    @property
    def points(self) -> int:
        return self.out_of if self.passed else 0


@dataclass(frozen=True)
class Verdict:
    """All findings on one capstone; printed, a line each. title: of the brief, "" where none is known."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def points(self) -> int:
        return sum(finding.points for finding in self.findings)

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)

    def __str__(self) -> str:
        lines = [f"Capstone, {self.title or 'of no known brief'}", ""]
        for f in self.findings:
            mark = "✓" if f.passed else "✗"
            lines.append(f"{mark} {f.key:<9} {f.points} of {f.out_of}   {f.words}")
        lines += [
            "",
            f"{self.points} of {MACHINE} points. The other {10 * len(RUBRIC)} come from a person, by "
            f"the rubric: {', '.join(RUBRIC)}, 10 each.",
            "Not checked: the runs whose models are not handed in; their answers are the report's.",
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class HandedIn:
    """A capstone as bytes. refused: file or "model" -> why it was not read."""

    report: bytes = b""
    trained: bytes = b""
    model: Mapping[str, bytes] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


# What answers for a model: (task, its files, the teacher's, questions) -> as answering.reply
Ask = Callable[[str, Mapping[str, bytes], Mapping[str, bytes], bytes], dict[str, Any]]


def ask_here(
    task: str, files: Mapping[str, bytes], teacher: Mapping[str, bytes], questions: bytes
) -> dict[str, Any]:
    """In this process: for one's own model. `grade` asks in the locked box."""
    return answering.reply(task, dict(files), dict(teacher), questions)


def check_folder(folder: str | Path, ask: Ask = ask_here) -> Verdict:
    """Look at a capstone's folder. Raises FileNotFoundError where there is none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    return examine(read_folder(folder), ask)


def read_folder(folder: Path) -> HandedIn:
    """The files of a capstone: no link is followed, and each is bounded."""
    read, refused = {}, {}
    for name in (REPORT, TRAINED):
        try:
            read[name] = model_files.read_plain(folder / name, LARGEST)
        except model_files.Refused as why:
            refused[name] = str(why)
    model: dict[str, bytes] = {}
    try:
        chosen = brief(parsed(read[REPORT])["brief"])
        model = model_files.read_files(folder / MODEL, chosen)
    except (KeyError, NotReadable):
        refused["model"] = "it was not looked at, for the report says of no brief what it is"
    except model_files.Refused as why:
        refused["model"] = str(why)
    return HandedIn(read.get(REPORT, b""), read.get(TRAINED, b""), model, refused)


class Failed(Exception):
    """A check that is not passed: what is wrong, and what to do."""


def examine(handed: HandedIn, ask: Ask = ask_here) -> Verdict:
    """All checks on what was handed in; nothing that it holds raises here."""
    try:
        if REPORT in handed.refused:
            raise NotReadable(handed.refused[REPORT])
        work = Work(handed, parsed(handed.report), ask)
        _refuse_unfinished(work.told)
    except NotReadable as why:
        found = [Finding("report", False, f"{why}; nothing else was looked at")]
        found += [Finding(key, False, "not looked at") for key in POINTS if key != "report"]
        return Verdict("", tuple(found))
    title = f"brief {work.brief.key}: {work.brief.title}"
    return Verdict(title, tuple(_finding(key, check, work) for key, check in CHECKS.items()))


def _refuse_unfinished(told: dict[str, Any]) -> None:
    for name, how in (
        ("model", "capstone.save_model"),
        ("latency", "report.measure"),
        ("claim", "report.claim"),
    ):
        if not told[name]:
            raise NotReadable(f"{REPORT} is not finished: {name} is empty; {how} fills it in")
    for arm in (METHOD, CONTROL):
        if arm not in told["arms"]:
            raise NotReadable(f"{REPORT} is not finished: report.arm({arm!r}, …) declares that arm")


def _finding(key: str, check: Callable[[Work], str], work: Work) -> Finding:
    try:
        return Finding(key, True, check(work))
    except (Failed, NotReadable) as why:
        return Finding(key, False, str(why))


class Work:
    """What was handed in, and what is worked out of it, once."""

    def __init__(self, handed: HandedIn, told: dict[str, Any], ask: Ask):
        self.handed, self.told, self.ask = handed, told, ask
        self.brief: Brief = brief(told["brief"])

    @cached_property
    def rows(self) -> list[Row]:
        return test_rows(self.brief.key)

    @cached_property
    def opened(self) -> list[Row]:
        """The rows that the report's answers are to: fewer than the test has, in a test of the path."""
        seed, there = self.told["test_seed"], self.told["test_openings"]
        rows = self.rows if seed == self.brief.test_seed else test_rows(self.brief.key, seed)
        return rows[: there[-1]["rows"]] if there else rows

    @cached_property
    def _asked(self) -> dict[str, Any]:
        """What comes back of the model, or {"refused": why}; it is asked once, whatever comes."""
        if "model" in self.handed.refused:
            return {"refused": self.handed.refused["model"]}
        task = self.brief.task
        try:
            model_files.checked_config(self.handed.model[model_files.CONFIG], task)
        except model_files.Refused as why:
            return {"refused": str(why)}
        questions = json.dumps(asked(task, self.opened), ensure_ascii=False).encode()
        teacher = model_files.teacher_files(self.brief)
        return self.ask(task, self.handed.model, teacher, questions)

    @property
    def reply(self) -> dict[str, Any]:
        """What the model answers and how long it takes. Raises Failed where it does not."""
        if "refused" in self._asked:
            raise Failed(str(self._asked["refused"])[:400])
        return self._asked

    @cached_property
    def answers(self) -> list[Any]:
        """The model's answers, checked for form: whoever sent them may have been anybody."""
        told, count = self.reply.get("answers"), len(self.opened)
        if self.brief.task == CLASSES:
            fits = isinstance(told, np.ndarray) and told.ndim == 2 and len(told) == count
            if not fits or not np.isfinite(told).all():
                raise Failed("the model's logits are not one finite row a test row: train it anew")
            return answering.decided(told)
        if not isinstance(told, (list, tuple)) or len(told) != count:
            raise Failed("the model gives another number of answers than there are test rows")
        if not all(isinstance(text, str) for text in told):
            raise Failed("the model's answers are no texts")
        return answering.decided(list(told))

    @cached_property
    def figures(self) -> dict[str, float]:
        for arm in (METHOD, CONTROL):
            self._refuse_other_lengths(arm)
        try:
            return figures(self.brief, self.opened, self.told["runs"])
        except ValueError as error:
            raise Failed(f"{error}: run both arms with the same seeds") from None

    def seeds(self, arm: str) -> list[int]:
        return sorted(run["seed"] for run in self.told["runs"] if run["arm"] == arm)

    def _refuse_other_lengths(self, arm: str) -> None:
        for run in self.told["runs"]:
            answers = unpack(self.brief, run["answers"]) if run["arm"] == arm else self.opened
            if len(answers) != len(self.opened):
                raise Failed(
                    f"{arm}, seed {run['seed']}, has {len(answers)} answers to "
                    f"{len(self.opened)} test rows: answer all rows that open_test gives"
                )


@lru_cache(maxsize=8)
def test_rows(key: str, seed: int | None = None) -> list[Row]:
    """The test rows of a brief, drawn once."""
    return brief(key).test(seed)


# -- the checks -------------------------------------------------------------------------------


def _report(work: Work) -> str:
    return f"{REPORT} is whole"


def _model(work: Work) -> str:
    names = ", ".join(model_files.names_of(work.brief.task))
    return f"{names} load, and the model answers" if work.reply else ""  # Failed where it does not


def _answers(work: Work) -> str:
    seed = work.told["model"]["seed"]
    stated = [r for r in work.told["runs"] if (r["arm"], r["seed"]) == (METHOD, seed)]
    if not stated:
        raise Failed(
            f"the model is said to be the method's of seed {seed}, but there are no answers of that "
            f"run: report.answered({METHOD!r}, {seed}, …)"
        )
    kept = unpack(work.brief, stated[0]["answers"])
    if len(kept) != len(work.answers):
        raise Failed(f"the report has {len(kept)} answers to {len(work.answers)} test rows")
    differ = sum(a != b for a, b in zip(kept, work.answers, strict=True))
    if differ > OTHER_ROWS * len(kept):
        raise Failed(
            f"asked again, the model gives another answer than the report on {differ} of "
            f"{len(kept)} test rows: answer with what capstone.load_model gives, and hand in the "
            f"model of seed {seed}"
        )
    return (
        f"asked again, the model answers as the report says ({differ} of {len(kept)} rows differ)"
    )


def _seeds(work: Work) -> str:
    method, control = work.seeds(METHOD), work.seeds(CONTROL)
    if len(method) < LEAST_SEEDS:
        raise Failed(
            f"the method was run with {_count(len(method), 'seed')}: {LEAST_SEEDS} are the least, for "
            f"one run's luck is no finding"
        )
    if method != control:
        raise Failed(
            f"method and control have other seeds ({method} and {control}): run both with the same"
        )
    return f"{len(method)} seeds, the same in method and control"


def _control(work: Work) -> str:
    method, control = (work.told["arms"][arm] for arm in (METHOD, CONTROL))
    if control["teacher"]:
        raise Failed(
            f"the control has a teacher ({control['teacher'][:40]}): the control is the same student "
            f"with the same budget, and no teacher"
        )
    if not method["teacher"]:
        raise Failed("the method names no teacher: report.arm(…, teacher=…) says which it has")
    trials = {arm: [t for t in work.told["trials"] if t["arm"] == arm] for arm in (METHOD, CONTROL)}
    if not trials[METHOD]:
        raise Failed("no trial of the method was counted: report.tried(…) after every one")
    for what, of_method, of_control in (
        ("trials", len(trials[METHOD]), len(trials[CONTROL])),
        (
            "tuning steps altogether",
            sum(t["steps"] for t in trials[METHOD]),
            sum(t["steps"] for t in trials[CONTROL]),
        ),
        ("steps in a final run", method["steps"], control["steps"]),
        ("training rows", method["rows"], control["rows"]),
    ):
        if of_method != of_control:
            raise Failed(
                f"{what}: the method had {of_method}, the control {of_control}. Give both the same, "
                f"or the difference is one of budgets"
            )
    return f"no teacher, and {_count(len(trials[METHOD]), 'trial')}, steps and rows as the method"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _figure(work: Work) -> str:
    claim = work.told["claim"]
    if claim["figure"] != work.brief.figure:
        raise Failed(
            f"the claim is about {claim['figure'][:40]!r}, but this brief's figure is "
            f"{work.brief.figure!r}"
        )
    return _as_stated(work, ("method", "control", "difference"))


def _interval(work: Work) -> str:
    return _as_stated(work, ("low", "high"))


def _as_stated(work: Work, names: Sequence[str]) -> str:
    """What is stated beside what is computed from the answers, to the digits that are stated."""
    claim, shown = work.told["claim"], []
    for name in names:
        stated = claim[name]
        decimals = len(stated.partition(".")[2])
        again = f"{work.figures[name]:.{decimals}f}"
        if float(stated) != float(again):
            raise Failed(
                f"{name} is stated as {stated}, but computed from the answers it is {again}: "
                f"report.claim(…) computes it"
            )
        shown.append(f"{name} {stated}")
    return f"{', '.join(shown)}: as computed again"


def _opened(work: Work) -> str:
    openings, own = work.told["test_openings"], work.brief.test_seed
    if work.told["test_seed"] != own:
        raise Failed(
            f"a rehearsal: its test rows are of seed {work.told['test_seed']}, the brief's of {own}. "
            f"Begin a report without test_seed"
        )
    if not openings:
        raise Failed("the test was never opened: report.open_test() gives its rows and says when")
    if len(openings) > 1:
        days = ", ".join(opening["at"] for opening in openings)[:200]
        raise Failed(
            f"the test was opened {len(openings)} times ({days}): what was chosen after the first "
            f"was chosen on the test. Say so under limits"
        )
    (opening,) = openings
    if opening["rows"] != len(work.rows):
        raise Failed(f"only {opening['rows']} of {len(work.rows)} test rows were opened")
    if opening["digest"] != digest_of_rows(work.rows):
        raise Failed("the rows that were opened are not the brief's: open_test() gives those")
    weights = model_files.digest(work.handed.model.get(model_files.WEIGHTS, b""))
    if weights != opening["model"]:
        raise Failed(
            "the model that is handed in is not the one that was saved when the test was opened: "
            "hand in that one"
        )
    return f"once, {opening['at']}, and the model is the one from then"


def _leaks(work: Work) -> str:
    if TRAINED in work.handed.refused:
        raise Failed(f"{work.handed.refused[TRAINED]}: report.trained_on(texts) writes it")
    known = set(parsed_trained(work.handed.trained))
    leaks = [row["text"] for row in work.rows if digest_of(row["text"]) in known]
    if leaks:
        raise Failed(
            f"{_count(len(leaks), 'test row')} stood in the training texts, {leaks[0][:60]!r} for "
            f"one: leave them out, train again, and say that the test was seen"
        )
    texts_a_row = {ANSWERS: 5, HEADLINES: 20}.get(work.brief.task, 1)
    wanted = max(work.told["arms"][arm]["rows"] for arm in (METHOD, CONTROL))
    if len(known) * texts_a_row < 0.95 * wanted:  # two texts may be one when normalised
        raise Failed(
            f"{TRAINED} holds {len(known)} texts, but the arms read {wanted} rows: "
            f"report.trained_on(texts) for all of them, the teacher's transfer text too"
        )
    return f"none of {len(work.rows)} test rows among {len(known)} training texts"


def _budget(work: Work) -> str:
    budget, told = work.brief.budget, work.told
    size = sum(map(len, work.handed.model.values()))
    if not size:
        raise Failed("there is no model to weigh")
    if told["model"]["bytes"] != size:
        raise Failed(f"model/ takes {size:,} bytes, the report says {told['model']['bytes']:,}")
    if size > budget.size:
        raise Failed(
            f"model/ takes {size:,} bytes, the budget is {budget.size:,}: int8, a smaller "
            f"vocabulary, fewer or narrower layers"
        )
    longest = max((r["seconds"] for r in told["runs"] if r["arm"] == METHOD), default=0.0)
    if longest > 60 * budget.minutes:
        raise Failed(f"a run took {longest:.0f} s, the budget is {budget.minutes:g} minutes")
    if budget.goal is not None and work.figures["method"] < budget.goal:
        raise Failed(
            f"the goal is {work.brief.figure} of {budget.goal:g}, the method reaches "
            f"{work.figures['method']:.1f}"
        )
    return f"{size:,} of {budget.size:,} bytes, {longest:.0f} s of {60 * budget.minutes:g} s"


def _latency(work: Work) -> str:
    spent, beside = (work.reply.get(name) for name in ("ms", "teacher_ms"))
    times = isinstance(spent, float) and isinstance(beside, float)
    if not times or not (0 < spent < 1e6 and 0 < beside < 1e6):
        raise Failed("the model could not be timed")
    ratio, stated = spent / beside, float(work.told["latency"]["ratio"])
    seen = f"{spent:.2f} ms beside the teacher's {beside:.2f} ms, {ratio:.2f} of it"
    most = work.brief.budget.latency
    if ratio > FORGIVEN * most:
        raise Failed(
            f"{seen}; the budget is {most:g}: fewer layers, or fewer tokens to write (a larger vocabulary)"
        )
    if stated > FORGIVEN * most:
        raise Failed(f"the report itself says {stated:.2f}, and the budget is {most:g}")
    if not ratio / APART <= stated <= ratio * APART:
        raise Failed(f"{seen}, but the report says {stated:.2f}: report.measure() measures it")
    return f"{seen} (the budget is {most:g}, the report says {stated:.2f})"


CHECKS: Mapping[str, Callable[[Work], str]] = {
    "report": _report,
    "model": _model,
    "answers": _answers,
    "seeds": _seeds,
    "control": _control,
    "figure": _figure,
    "interval": _interval,
    "opened": _opened,
    "leaks": _leaks,
    "budget": _budget,
    "latency": _latency,
}
