"""The test rows: opened once, by the model that is handed in, and none of them trained on."""

from __future__ import annotations

import math

from kd_course.capstone.briefs import ANSWERS, HEADLINES
from kd_course.capstone.evidence import Evidence
from kd_course.capstone.model_folder import WEIGHTS, digest
from kd_course.capstone.recomputed import CONTROL, METHOD, mean_and_error
from kd_course.capstone.trained_texts import TRAINED, digest_of, digest_of_rows, parsed_trained
from kd_course.capstone.verdicts import Failed, counted

BY_CHANCE = 4  # standard errors by which a model may be better on the test than on new rows


def opened(evidence: Evidence) -> str:
    openings, own = evidence.told["test_openings"], evidence.brief.test_seed
    if evidence.told["test_seed"] != own:
        raise Failed(
            f"a rehearsal: its test rows are of seed {evidence.told['test_seed']}, the brief's of {own}. "
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
    if opening["rows"] != len(evidence.rows):
        raise Failed(f"only {opening['rows']} of {len(evidence.rows)} test rows were opened")
    if opening["digest"] != digest_of_rows(evidence.rows):
        raise Failed("the rows that were opened are not the brief's: open_test() gives those")
    weights = digest(evidence.handed.model.get(WEIGHTS, b""))
    if weights != opening["model"]:
        raise Failed(
            "the model that is handed in is not the one that was saved when the test was opened: "
            "hand in that one"
        )
    return f"once, {opening['at']}, and the model is the one from then"


def leaks(evidence: Evidence) -> str:
    if TRAINED in evidence.handed.refused:
        raise Failed(f"{evidence.handed.refused[TRAINED]}: report.trained_on(texts) writes it")
    known = set(parsed_trained(evidence.handed.trained))
    # Of headlines a model is asked by a label: to write one that stands in the test is no leak.
    asked = [] if evidence.brief.task == HEADLINES else evidence.rows
    leaks = [row["text"] for row in asked if digest_of(row["text"]) in known]
    if leaks:
        raise Failed(
            f"{counted(len(leaks), 'test row')} stood in the training texts, {leaks[0][:60]!r} for "
            f"one: leave them out, train again, and say that the test was seen"
        )
    texts_a_row = {ANSWERS: 5, HEADLINES: 20}.get(evidence.brief.task, 1)
    wanted = max(evidence.told["arms"][arm]["rows"] for arm in (METHOD, CONTROL))
    if len(known) * texts_a_row < 0.95 * wanted:  # two texts may be one when normalised
        raise Failed(
            f"{TRAINED} holds {len(known)} texts, but the arms read {wanted} rows: "
            f"report.trained_on(texts) for all of them, the teacher's transfer text too"
        )
    if not asked:
        return f"{len(known)} training texts are listed; a headline is asked for by its label alone"
    return f"none of {len(asked)} test rows among {len(known)} training texts{_on_new(evidence)}"


def _on_new(evidence: Evidence) -> str:
    """The model on rows that nobody has trained on, in words. Failed where it is much worse there."""
    try:
        told = [
            mean_and_error(evidence.brief, rows, answers)
            for rows, answers in (
                (evidence.opened, evidence.answers),
                (evidence.new_rows, evidence.answers_to_new),
            )
            if rows
        ]
    except Failed:  # that it does not answer, other checks say
        return ""
    if len(told) < 2:
        return ""
    (on_test, error), (on_new, error_of_new) = told
    if on_test - on_new > BY_CHANCE * math.hypot(error, error_of_new):
        raise Failed(
            f"the model's {evidence.brief.figure} is {on_test:.1f} on the test rows, but {on_new:.1f} "
            f"on {len(evidence.new_rows)} new ones of their kind: it has learnt test rows. Train "
            f"without them, and say that the test was seen"
        )
    return f"; {on_new:.1f} on {len(evidence.new_rows)} new rows, {on_test:.1f} on the test's"
