"""Lesson 15's answers against independent figures, its two editions, and the teachers' rubric."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kd_course import experiments
from kd_course.authoring import editions
from kd_course.authoring.references import references
from kd_course.authoring.source import ROOT, read, source_of
from kd_course.capstone import answering, briefs, evidence
from kd_course.exercises import examine
from kd_course.exercises.catalogue import of_lesson
from kd_course.lessons.lesson15 import slips
from kd_course.lessons.lesson15.settings import ARMS, EXPECTED, settings
from kd_course.settings import Switches

RUBRIC = ROOT / "docs" / "capstone_rubric.md"
CRITERIA = ("question", "control", "evidence", "trade-off", "candour")


@pytest.fixture(scope="module")
def lesson():
    return read(source_of("15"))


@pytest.fixture(scope="module")
def answers(lesson):
    return references(lesson)


def cases(id, seed=3):
    exercise = next(e for e in of_lesson("15") if e.id == id)
    return [case.args for case in exercise.cases(np.random.default_rng(seed))]


# -- the answers, computed by others ----------------------------------------------------------


def test_the_expected_best_is_the_mean_over_all_draws(answers):
    for values, n in (([0.5, 0.9, 0.6], 3), ([0.7, 0.2, 0.7, 0.4], 2), ([0.3], 4), ([0.1, 0.8], 6)):
        draws = [max(draw) for draw in itertools.product(values, repeat=n)]
        assert answers["15.1"](values, n) == pytest.approx(np.mean(draws))


def test_more_trials_never_expect_less_and_never_more_than_the_best(answers):
    for values, _ in cases("15.1"):
        curve = [answers["15.1"](values, n) for n in (1, 2, 5, 20, 400)]
        assert curve[0] == pytest.approx(np.mean(values))
        assert np.all(np.diff(curve) >= -1e-12) and curve[-1] <= max(values) + 1e-12


def test_a_front_is_beaten_by_nobody_and_beats_the_rest(answers):
    for (models,) in cases("15.3"):
        costs = np.array(models) * [1, 1, -1]
        front = answers["15.3"](models)
        for i, own in enumerate(costs):
            beaten = ((costs <= own).all(1) & (costs < own).any(1)).any()
            assert (i in front) != beaten


def test_the_sentences_that_are_dishonest_are_three_and_all_others_are_explained(lesson, answers):
    (told,) = (c.source for c in lesson.cells if "{{exercise:15.4}}" in c.source)
    numbers = [int(n) for n in re.findall(r"(?m)^> (\d)\. ", told)]
    assert numbers == list(range(1, 10))
    assert tuple(answers["15.4"]) == slips.DISHONEST
    assert set(slips.HONEST) == set(numbers) - set(slips.DISHONEST)


def test_a_wrong_triple_is_told_what_is_honest_in_it_and_not_what_is_missing():
    report = examine("15.4", [3, 6, 9])
    assert "One of these three is dishonest" in report.message
    assert "Sentence 6" in report.message and "Sentence 9" in report.message
    assert not re.search(r"\b[58]\b", report.message)


# -- what the lesson says ---------------------------------------------------------------------


def test_the_two_curves_of_section_2_cross(answers):
    grid = experiments.ledger().run("10", "offline")["tables"]["grid"]
    taught, alone = (
        [accuracy for _, accuracy, _ in grid[arm]]
        for arm in ("hard answers", "control, twice the steps")
    )
    ahead = [answers["15.1"](taught, n) > answers["15.1"](alone, n) for n in range(1, 13)]
    assert not ahead[0] and ahead[2] and ahead[-1]
    assert ahead == sorted(ahead), "they cross once"
    # … and that only for the lowest rate, which is the first of both lists.
    rates = [
        [rate for rate, *_ in grid[arm]] for arm in ("hard answers", "control, twice the steps")
    ]
    assert rates[0] == rates[1] == sorted(rates[0])
    assert all(answers["15.1"](taught[1:], n) > answers["15.1"](alone[1:], n) for n in range(1, 13))


def test_half_an_interval_is_what_section_3_says_where_seeds_play_no_part():
    """Two arms that decide differently on a share of the rows, each of them as often for the better."""
    random, share, rows = np.random.default_rng(0), 0.2, 2000
    difference = random.choice([1.0, -1.0, 0.0], (1, rows), p=[share / 2, share / 2, 1 - share])
    found = experiments.paired_interval(difference.repeat(3, axis=0))
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * np.sqrt(share / rows), rel=0.05)


def test_the_reference_run_is_as_step_6_tells_it():
    ledger = experiments.ledger()
    gain = "15/offline/method/gain over control"
    assert all(value > 0 for value in ledger.values(gain)), "every seed is on the method's side"
    assert not ledger.interval(gain).excludes(0.0), "and still it cannot be told"
    halves = {}  # of Student's interval of the seeds' gains, as if the rows were not known
    for count, t in ((3, 4.303), (5, 2.776)):
        some = np.array(ledger.values(gain)[:count])
        halves[count] = t * some.std(ddof=1) / np.sqrt(count)
    half = (ledger.interval(gain).high - ledger.interval(gain).low) / 2
    assert len(ledger.values(gain)) == 5 and halves[5] == pytest.approx(half, abs=5e-4)
    assert halves[3] > 2 * half, "with three seeds alone"
    assert ledger.interval("15/offline/answers dealt out/gain over control").high < 0
    assert len(set(ledger.values("15/offline/answers dealt out/accuracy"))) == 1


def test_every_arm_has_as_many_trials_steps_and_rows():
    for scale in ("offline", "small", "full"):
        setting = settings(Switches(scale))
        assert set(setting.recipes) - {"teacher"} == set(ARMS)
        assert len({len(setting.grid(arm)) for arm in ARMS}) == 1 < len(setting.learning_rates)
        assert len({setting.recipes[arm].steps for arm in ARMS}) == 1
        assert len(setting.seeds) >= 3
        assert {name.split("/")[0] for name in EXPECTED.get(scale, {})} <= set(ARMS)


def test_the_rehearsal_leaves_the_briefs_own_rows_unread():
    from kd_course import capstone

    own = settings(Switches("offline")).test_seed
    assert own not in {brief.test_seed for brief in capstone.BRIEFS.values()}


def test_the_lesson_has_between_2500_and_4000_words(lesson):
    prose = "\n".join(cell.source for cell in lesson.cells if not cell.is_code)
    prose = prose.partition("## Further reading")[0]
    prose = re.sub(r"### Exercise .*?(?=\n#|\Z)", "", prose, flags=re.S)  # what is asked, not told
    prose = re.sub(r"(?m)^\|.*$|\]\([^)]*\)|\{\{.*?\}\}", " ", prose)  # tables, links, fields
    assert 2500 <= len(prose.split()) <= 4000


# -- two editions -----------------------------------------------------------------------------


def test_the_worked_edition_has_the_run_and_the_learners_the_scaffold(lesson):
    worked, learners = editions.worked(lesson), editions.for_learners(lesson)
    tags = [
        {tag for cell in edition.cells for tag in cell.metadata.get("tags", ())}
        for edition in (worked, learners)
    ]
    assert "worked" in tags[0] and "scaffold" not in tags[0]
    assert "scaffold" in tags[1] and "worked" not in tags[1]
    released = {
        t for cell in editions.assigned(lesson).cells for t in cell.metadata.get("tags", ())
    }
    assert "scaffold" in released and "worked" not in released, "students get the scaffold, too"
    steps = [sum(tag in cell.tags for cell in lesson.cells) for tag in ("worked", "scaffold")]
    assert steps[0] == steps[1], "a step that is worked out has its place in the scaffold"


def test_the_scaffold_runs_to_its_end_with_nothing_filled_in(lesson):
    """As `Run all` runs it, but for the cells above it that other lessons' figures are drawn in."""
    (setup,) = (cell.source for cell in lesson.cells if cell.role == "setup")
    first = next(i for i, cell in enumerate(lesson.cells) if "scaffold" in cell.tags)
    spaces = {"__name__": "lesson"}
    exec(setup, spaces)
    for cell in lesson.cells[first:]:
        if cell.is_code and "worked" not in cell.tags and "show_progress" not in cell.source:
            exec(cell.source, spaces)
    assert spaces["begun"] is False and not spaces["folder"].exists()


FILLED = """
def train(arm, recipe, seed):
    names = data["train"].features["label"].names
    model = models.classifier("tiny", tokenizer, names, seed=seed)
    for weights in model.parameters():  # so large that not every text is answered alike
        if weights.ndim == 2:
            scale = 1.5 if arm == "method" else 1.0
            torch.nn.init.normal_(weights, std=scale * weights.shape[-1] ** -0.5)
    return model.eval()


recipes = {arm: [{"learning rate": 1e-3}, {"learning rate": 2e-3}] for arm in plan}
texts = list(data["train"]["text"])
tokenizer = models.train_tokenizer(texts, vocabulary=300)
report.trained_on(texts)
"""


FILLED_WITH_WRITERS = """
def train(arm, recipe, seed):
    return models.decoder("mini", tokenizer, seed=seed + 10 * (arm == "method")).eval()


recipes = {arm: [{"learning rate": 1e-2}, {"learning rate": 2e-2}] for arm in plan}
tokenizer = models.load_decoder(brief.teacher)[1]
report.trained_on(data["train"]["text"])
"""


@pytest.mark.thorough
@pytest.mark.parametrize(("key", "filled"), [("A", FILLED), ("D", FILLED_WITH_WRITERS)])
def test_the_scaffold_filled_in_hands_in_what_the_machine_can_read(
    key, filled, lesson, tmp_path, monkeypatch
):
    """Everything but the training, of which there is none: a rehearsal's rows, models as they are born."""
    if key == "D":  # what is untrained does not stop writing
        fewer = replace(briefs.BRIEFS["D"], test_rows=60)
        monkeypatch.setitem(briefs.BRIEFS, "D", fewer)
        monkeypatch.setattr(answering, "TIMED_HEADLINES", 9)
        evidence.test_rows.cache_clear()
    (setup,) = (cell.source for cell in lesson.cells if cell.role == "setup")
    first = next(i for i, cell in enumerate(lesson.cells) if "scaffold" in cell.tags)
    drawn = []  # section 4 defines the picture, which is not what this test is about
    spaces = {"__name__": "lesson", "draw_budget": lambda candidates, **_: drawn.append(candidates)}
    exec(setup, spaces)
    weighed = 'weighed = {"one": (train("method", recipes["method"][0], 0), tokenizer, True)}'
    for cell in lesson.cells[first:]:
        if cell.is_code and "worked" not in cell.tags and "show_progress" not in cell.source:
            source = cell.source.replace('question = ""', 'question = "Does it run?"')
            source = source.replace('capstone.brief("A")', f"capstone.brief({key!r})")
            source = source.replace('Path("capstone")', f"Path({str(tmp_path / 'mine')!r})")
            source = source.replace("report.trained_on([])", "pass")
            source = source.replace('"what": ""', '"what": "an arm"')
            source = source.replace("weighed = {}", weighed)
            exec(source, spaces)
            if "def train(" in source:
                exec(filled, spaces)
    (candidates,) = drawn
    size, milliseconds, _ = candidates["one"]
    assert size <= spaces["brief"].budget.size and 0 < milliseconds
    verdict = spaces["capstone"].check_folder(tmp_path / "mine")
    evidence.test_rows.cache_clear()
    passed = {finding.key for finding in verdict.findings if finding.passed}
    assert {"report", "model", "answers", "seeds", "control", "figure", "interval"} <= passed
    assert "leaks" in passed and "opened" not in passed, "a rehearsal is told as one"


def test_running_all_cells_opens_the_briefs_own_rows_only_once_everything_is_chosen(lesson):
    """Brief E has no other rows to rehearse on. And who runs the notebook again has opened them."""
    (cell,) = (c.source for c in lesson.cells if "scaffold" in c.tags and "open_test(" in c.source)

    def openings(seed_of_test, *, chosen=False, before=0):
        told = {"test_openings": [{}] * before}
        report = SimpleNamespace(
            told=told,
            open_test=lambda: told["test_openings"].append({}) or [],
            answered=lambda *_, **__: None,
        )
        stand_in = SimpleNamespace(save_model=lambda *_, **__: 0, answers=lambda *_: [])
        spaces = {
            "begun": True, "seed_of_test": seed_of_test, "plan": ["method"], "report": report,
            "chosen": {"method": {}}, "tokenizer": None, "brief": None, "time": time,
            "capstone": stand_in, "train": lambda *_: None, "read_back": lambda *_: (None, 0),
        }  # fmt: skip
        exec(cell.replace("is_chosen = False", f"is_chosen = {chosen}"), spaces)
        return len(told["test_openings"])

    assert openings(None) == 0, "too early"
    assert openings(None, chosen=True) == 1
    assert openings(None, chosen=True, before=1) == 1, "once is enough"
    assert openings(990) == 1 and openings(990, before=1) == 2, "a rehearsal's rows are free"


def test_the_scaffold_keeps_the_order_that_the_lesson_asks_for(lesson):
    """The question first; trials, what is given up, and the model, all before the test is opened."""
    scaffold = "\n".join(cell.source for cell in lesson.cells if "scaffold" in cell.tags)
    worked = "\n".join(cell.source for cell in lesson.cells if "worked" in cell.tags)
    steps = ("report.say(", "report.tried(", "candidates", "save_model(", "open_test(", "claim(")
    for code in (scaffold, worked):
        places = [code.index(step) for step in steps]  # of the first time that it is done
        assert places == sorted(places) and code.count("open_test(") == 1


# -- the rubric -------------------------------------------------------------------------------


def test_the_rubric_has_four_levels_a_criterion_each_with_a_good_and_a_tempting_example():
    text = RUBRIC.read_text(encoding="utf-8")
    parts = re.split(r"(?m)^## ", text)
    for criterion in CRITERIA:
        (part,) = (p for p in parts if re.match(rf"\d · {criterion}\b", p, re.I))
        rows = [line.split("|")[1:-1] for line in part.splitlines() if re.match(r"\| \d", line)]
        assert [int(row[0]) for row in rows] == [0, 3, 7, 10], criterion
        assert all(len(cell.strip()) > 20 for row in rows for cell in row[1:]), criterion
        assert all(len(row) == 4 for row in rows), criterion


def test_the_rubrics_marks_of_the_three_capstones_add_up():
    text = RUBRIC.read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| \[?(\w[\w ]*?)\]?(?:\([^)]*\))? \|((?: \d+ \|){6})", text)
    assert len(rows) == 3
    for name, marks in rows:
        *each, total = (int(mark) for mark in re.findall(r"\d+", marks))
        assert set(each) <= {0, 3, 7, 10} and sum(each) == total, name
    totals = [int(re.findall(r"\d+", marks)[-1]) for _, marks in rows]
    assert totals == sorted(totals, reverse=True) and totals[0] > 2 * totals[1]


def test_the_page_for_teachers_leads_to_the_rubric():
    teaching = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    assert "(capstone_rubric.md)" in teaching and "--capstone" in teaching


def test_the_command_that_the_lesson_names_knows_the_capstone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "kd_course", "check", "15", str(tmp_path / "nothing")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr
