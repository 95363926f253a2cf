"""The form of report.json: every field, what it holds, and the check that refuses any other form."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

FORMAT = 1
MOST_RUNS, MOST_TRIALS, MOST_ARMS, MOST_OPENINGS = 100, 5_000, 50, 1_000
LONGEST = 20_000  # characters of a text

# field: (what it holds, in words; "…" where it is spelt out below)
SCHEMA: Mapping[str, str] = {
    "format": "1",
    "brief": "the letter of the brief",
    "author": "who hands it in",
    "test_seed": "that draws the test rows; null where the data have one test split",
    "arms": "name -> what (a sentence), teacher (text, empty for none), recipe (plain values), "
    "steps, rows (that a run reads from), labels (how many of them a person has labelled); "
    "method and control must be there",
    "trials": "a list: arm, recipe, seed, steps, rows, validation (0 … 100), seconds; one a trial",
    "test_openings": "a list: at (UTC), rows, digest (of the rows), model (sha256 of the weights "
    "that were saved then); one an opening",
    "runs": "a list: arm, seed, seconds (of training), answers (to the test rows in their order: "
    "classes as one string of digits, everything else as a list of texts)",
    "model": "seed (of the method's run that is handed in), bytes (of model/), sha256 (of its "
    "weights)",
    "latency": "ms, teacher_ms (medians of a row, measured in turns), ratio (text, as stated)",
    "claim": "figure (its name), method, control, difference, low, high (texts, in per cent, with "
    "as many decimals as are stated; 0.80 says more than 0.8), sentence",
    "words": "question, tradeoff, limits (texts), failed (a list of texts): for the rubric",
}


class NotReadable(ValueError):
    """A report that is not of this form: what is wrong, and where."""


_COUNT = "a whole number >= 0"
_NUMBER = "a finite number >= 0"
_TEXT = "a text"
_STATED = 'a figure as text, like "77.4"'
_ARM = {
    "what": _TEXT,
    "teacher": _TEXT,
    "recipe": "plain values by name",
    "steps": _COUNT,
    "rows": _COUNT,
    "labels": _COUNT,
}
_TRIAL = {
    "arm": _TEXT,
    "recipe": "plain values by name",
    "seed": _COUNT,
    "steps": _COUNT,
    "rows": _COUNT,
    "validation": _NUMBER,
    "seconds": _NUMBER,
}
_OPENING = {"at": "a date and time", "rows": _COUNT, "digest": _TEXT, "model": _TEXT}
_RUN = {"arm": _TEXT, "seed": _COUNT, "seconds": _NUMBER, "answers": "answers"}
_MODEL = {"seed": _COUNT, "bytes": _COUNT, "sha256": _TEXT}
_LATENCY = {"ms": _NUMBER, "teacher_ms": _NUMBER, "ratio": _STATED}
_CLAIM = dict.fromkeys(("method", "control", "difference", "low", "high"), _STATED)
_CLAIM |= {"figure": _TEXT, "sentence": _TEXT}
_WORDS = {"question": _TEXT, "tradeoff": _TEXT, "limits": _TEXT, "failed": "a list of texts"}


def checked(told: Any) -> dict[str, Any]:
    """What a report says, if it is of this form: nothing missing, nothing else, every type right.

    model, latency and claim may be empty: a report is written before it is finished.
    Raises NotReadable naming the field.
    """
    _object(told, "report.json", dict.fromkeys(SCHEMA, ""))
    if told["format"] != FORMAT:
        raise NotReadable(f"format must be {FORMAT}, but is {str(told['format'])[:20]!r}")
    from kd_course.capstone.briefs import BRIEFS

    if not isinstance(told["brief"], str) or told["brief"] not in BRIEFS:
        raise NotReadable(f"brief must be one of {', '.join(BRIEFS)}")
    _value(told["author"], _TEXT, "author")
    if told["test_seed"] is not None:
        _value(told["test_seed"], _COUNT, "test_seed")
    if not isinstance(told["arms"], dict) or len(told["arms"]) > MOST_ARMS:
        raise NotReadable("arms must be an object, with an entry an arm")
    for name, arm in told["arms"].items():
        _fields(arm, _ARM, f"arms: {name[:40]}")
    for field, form, most in (
        ("trials", _TRIAL, MOST_TRIALS),
        ("test_openings", _OPENING, MOST_OPENINGS),
        ("runs", _RUN, MOST_RUNS),
    ):
        if not isinstance(told[field], list) or len(told[field]) > most:
            raise NotReadable(f"{field} must be a list of at most {most} entries")
        for number, entry in enumerate(told[field]):
            _fields(entry, form, f"{field}, entry {number + 1}")
    for field, form in (("model", _MODEL), ("latency", _LATENCY), ("claim", _CLAIM)):
        if told[field] != {}:
            _fields(told[field], form, field)
    _fields(told["words"], _WORDS, "words")
    _refuse_twice(told["runs"])
    return told


def _refuse_twice(runs: list[dict[str, Any]]) -> None:
    seen = set()
    for run in runs:
        mark = (run["arm"], run["seed"])
        if mark in seen:
            raise NotReadable(f"runs: {mark[0][:40]}, seed {mark[1]}, stands there twice")
        seen.add(mark)


def _object(told: Any, where: str, form: Mapping[str, str]) -> None:
    if not isinstance(told, dict):
        raise NotReadable(f"{where} must be a JSON object")
    missing = [name for name in form if name not in told]
    if missing:
        raise NotReadable(f"{where} lacks {', '.join(missing)}")
    others = [str(name)[:40] for name in told if name not in form]
    if others:
        raise NotReadable(f"{where} has {', '.join(others)[:120]}, which is no field of it")


def _fields(told: Any, form: Mapping[str, str], where: str) -> None:
    _object(told, where, form)
    for name, kind in form.items():
        _value(told[name], kind, f"{where}: {name}")


def _value(value: Any, kind: str, where: str) -> None:
    if not _FITS[kind](value):
        raise NotReadable(f"{where} must be {kind}, but is {str(value)[:60]!r}")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_number(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_plain(value: Any) -> bool:
    if not isinstance(value, dict) or len(value) > 100:
        return False
    scalars = (str, int, float, bool, type(None))
    flat = [one for v in value.values() for one in (v if isinstance(v, list) else [v])]
    return all(isinstance(one, scalars) for one in flat)


def _is_date(value: Any) -> bool:
    from datetime import datetime

    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


_FITS = {
    _COUNT: _is_count,
    _NUMBER: _is_number,
    _TEXT: _is_text,
    _STATED: lambda v: isinstance(v, str) and bool(re.fullmatch(r"-?\d{1,4}(\.\d{1,6})?", v)),
    "plain values by name": _is_plain,
    "a date and time": _is_date,
    "a list of texts": _is_texts,
    # A string of digits may be long: one a row.
    "answers": lambda v: _is_texts(v) or isinstance(v, str) and len(v) <= 10 * LONGEST,
}
