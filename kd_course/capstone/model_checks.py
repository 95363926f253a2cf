"""The model that is handed in: it loads, answers as the report says, and is within the budget."""

from __future__ import annotations

from kd_course.capstone.evidence import Evidence
from kd_course.capstone.model_folder import names_of
from kd_course.capstone.recomputed import METHOD, unpack
from kd_course.capstone.verdicts import Failed

OTHER_ROWS = 0.01  # the share of answers that another machine's rounding may change
FORGIVEN = 1.1  # a latency is measured, and measured twice it differs
APART = 1.5  # as far as the stated ratio may be from the one measured again


def model(evidence: Evidence) -> str:
    names = ", ".join(names_of(evidence.brief.task))
    _ = evidence.reply  # raises Failed where the model does not answer
    return f"{names} load, and the model answers"


def answers(evidence: Evidence) -> str:
    seed = evidence.told["model"]["seed"]
    stated = [r for r in evidence.told["runs"] if (r["arm"], r["seed"]) == (METHOD, seed)]
    if not stated:
        raise Failed(
            f"the model is said to be the method's of seed {seed}, but there are no answers of that "
            f"run: report.answered({METHOD!r}, {seed}, …)"
        )
    kept = unpack(evidence.brief, stated[0]["answers"])
    if len(kept) != len(evidence.answers):
        raise Failed(f"the report has {len(kept)} answers to {len(evidence.answers)} test rows")
    differ = sum(a != b for a, b in zip(kept, evidence.answers, strict=True))
    if differ > OTHER_ROWS * len(kept):
        raise Failed(
            f"asked again, the model gives another answer than the report on {differ} of "
            f"{len(kept)} test rows: answer with what capstone.load_model gives, and hand in the "
            f"model of seed {seed}"
        )
    return (
        f"asked again, the model answers as the report says ({differ} of {len(kept)} rows differ)"
    )


def budget(evidence: Evidence) -> str:
    limits, told = evidence.brief.budget, evidence.told
    size = sum(map(len, evidence.handed.model.values()))
    if not size:
        raise Failed("there is no model to weigh")
    if told["model"]["bytes"] != size:
        raise Failed(f"model/ takes {size:,} bytes, the report says {told['model']['bytes']:,}")
    if size > limits.size:
        raise Failed(
            f"model/ takes {size:,} bytes, the budget is {limits.size:,}: int8, a smaller "
            f"vocabulary, fewer or narrower layers"
        )
    longest = max((r["seconds"] for r in told["runs"] if r["arm"] == METHOD), default=0.0)
    if not longest:
        raise Failed("no run says how long it trained: report.answered(…, seconds=…)")
    if longest > 60 * limits.minutes:
        raise Failed(
            f"a run took {longest:.0f} s, the budget is {limits.minutes:g} minutes: fewer steps, or once "
            f"more on a machine that does nothing else"
        )
    if limits.goal is not None and evidence.figure_of_goal < limits.goal:
        raise Failed(
            f"the goal is {evidence.brief.figure} of at least {limits.goal:g}, and the method's runs reach "
            f"{evidence.figure_of_goal:.1f}: copies count nothing (report.towards_goal says it beforehand, "
            f"on validation rows)"
        )
    return f"{size:,} of {limits.size:,} bytes, {longest:.0f} s of {60 * limits.minutes:g} s"


def latency(evidence: Evidence) -> str:
    spent, beside = (evidence.reply.get(name) for name in ("ms", "teacher_ms"))
    times = isinstance(spent, float) and isinstance(beside, float)
    if not times or not (0 < spent < 1e6 and 0 < beside < 1e6):
        raise Failed("the model could not be timed")
    ratio, stated = spent / beside, float(evidence.told["latency"]["ratio"])
    seen = f"{spent:.2f} ms beside the teacher's {beside:.2f} ms, {ratio:.2f} of it"
    most = evidence.brief.budget.latency
    if ratio > FORGIVEN * most:
        raise Failed(
            f"{seen}; the budget is {most:g}: fewer layers, or fewer tokens to write (a larger vocabulary)"
        )
    if stated > FORGIVEN * most:
        raise Failed(f"the report itself says {stated:.2f}, and the budget is {most:g}")
    if not ratio / APART <= stated <= ratio * APART:
        raise Failed(f"{seen}, but the report says {stated:.2f}: report.measure() measures it")
    return f"{seen} (the budget is {most:g}, the report says {stated:.2f})"
