"""Intervals cover what they claim to, the ledger judges fairly, and nothing shortened becomes a reference."""

import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

from kd_course import experiments, plots
from kd_course.commands import ledger_entry
from kd_course.experiments import (
    Band,
    Interval,
    Ledger,
    Report,
    comparisons,
    paired_interval,
    paired_score_interval,
    reference_runs,
    seed_interval,
    tune,
    verdict,
)
from kd_course.experiments import report as report_module


def entry(**changes):
    figures = {
        "distilled/accuracy": {"kind": "measured", "values": {"0": 0.80, "1": 0.82, "2": 0.81}},
        "teacher/accuracy": {"kind": "measured", "values": {"-": 0.9}},
        "student/ms": {"kind": "timing", "values": {"-": 12.0}},
    }
    where = {"lesson": "06", "scale": "offline", "dataset": "", "device": "CPU", "data": "abc"}
    return where | {"figures": figures, "tables": {"grid": [[1, 2]]}} | changes


@pytest.fixture
def ledger():
    return Ledger([entry()])


# -- intervals --------------------------------------------------------------------------------


def test_pairing_narrows_the_interval_when_the_same_rows_are_hard():
    random = np.random.default_rng(0)
    control = (random.random((1, 500)) < 0.6).astype(float)
    student = control.copy()
    student[0, :10] = 1
    paired = paired_interval(student, control)
    unpaired = paired_interval(student, control[:, random.permutation(500)])
    assert paired.high - paired.low < 0.5 * (unpaired.high - unpaired.low)


def test_seeds_that_differ_widen_the_interval():
    same = np.tile(np.repeat([0.0, 1.0], 100), (5, 1))
    shifted = np.array([np.repeat([0.0, 1.0], [100 - d, 100 + d]) for d in (-40, -20, 0, 20, 40)])
    width = [i.high - i.low for i in (paired_interval(same), paired_interval(shifted))]
    assert width[1] > 1.3 * width[0]


def test_rows_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 5\) and \(2, 6\)"):
        paired_interval(np.zeros((2, 5)), np.zeros((2, 6)))
    with pytest.raises(ValueError, match="seeds, rows"):
        paired_interval(np.zeros(5))
    with pytest.raises(ValueError, match="one at least of each"):
        paired_interval(np.zeros((2, 0)))
    with pytest.raises(ValueError, match="one cluster a row, 5 of them"):
        paired_interval(np.zeros((2, 5)), clusters=[0, 1])


def test_one_seed_covers_the_rows_one_row_the_seeds_and_one_of_each_nothing():
    # Three values, two degrees of freedom: t = 4.3027 (from a printed table).
    half = pytest.approx(4.3027 / np.sqrt(3), rel=1e-4)
    for table in (np.array([[1.0, 2.0, 3.0]]), np.array([[1.0], [2.0], [3.0]])):
        interval = paired_interval(table)
        assert (interval.mean, interval.high - 2.0, 2.0 - interval.low) == (2.0, half, half)
    assert paired_interval(np.array([[2.0]])) == (2.0, 2.0, 2.0)
    assert paired_interval(np.full((3, 4), 2.0)) == (2.0, 2.0, 2.0)


def test_the_interval_is_that_of_the_mean_squares_worked_out_by_hand():
    table = np.array([[1.0, 2.0, 6.0], [3.0, 2.0, 10.0]])
    # Row means 2, 2, 8, seed means 3, 5: MS_seed = 3·2 = 6, MS_row = 2·12 = 24, MS_error = 4/2 = 2.
    variance, freedom = (6 + 24 - 2) / 6, 28**2 / (6**2 / 1 + 24**2 / 2 + 2**2 / 2)
    half = stats.t.ppf(0.975, freedom) * np.sqrt(variance)
    interval = paired_interval(table)
    assert interval.mean == 4.0
    assert interval.high - 4.0 == pytest.approx(half) == 4.0 - interval.low


def test_rows_that_are_there_twice_are_no_further_evidence():
    scores = np.random.default_rng(0).random((3, 40))
    once = paired_interval(scores)
    twice = paired_interval(np.tile(scores, 2), clusters=np.tile(np.arange(40), 2))
    assert twice == pytest.approx(once)
    one_seed = paired_interval(scores[:1])
    assert paired_interval(np.tile(scores[:1], 2)).high < one_seed.high


def test_of_a_mean_the_interval_of_a_score_is_the_interval_of_its_rows():
    scores = np.random.default_rng(0).random((3, 2, 40))
    clusters = np.arange(40) // 3
    counts = [np.stack([arm, np.ones_like(arm)], -1) for arm in scores.transpose(1, 0, 2)]
    for labels in (None, clusters):
        expected = paired_interval(scores[:, 0], scores[:, 1], clusters=labels)
        found = paired_score_interval(*counts, lambda sums: sums[0] / sums[1], clusters=labels)
        # With clusters of unequal size a mean is a ratio, whose jackknife is near its linear form.
        assert found == pytest.approx(expected, rel=1e-6 if labels is None else 0.1)
    own = paired_score_interval(counts[0], None, lambda sums: sums[0] / sums[1])
    assert own == pytest.approx(paired_interval(scores[:, 0]))


def test_the_interval_over_seeds_is_students():
    # Three values, two degrees of freedom: t = 4.3027 (from a printed table).
    interval = seed_interval([1.0, 2.0, 3.0])
    assert interval.mean == 2.0
    assert interval.high - interval.mean == pytest.approx(4.3027 / np.sqrt(3), rel=1e-4)


def test_the_verdict_is_said_whichever_way_it_falls():
    assert "open" in verdict(Interval(0.01, -0.01, 0.03), seeds=5)
    assert verdict(Interval(0.02, 0.01, 0.03), seeds=5) == "better, beyond chance"
    assert verdict(Interval(-0.02, -0.03, -0.01), seeds=5).startswith("worse")
    assert verdict(Interval(0.0, 0.0, 0.0), seeds=5).startswith("the sign is open")
    assert verdict(Interval(0.02, 0.01, 0.03), seeds=2).endswith("as far as two seeds can tell")
    assert "cannot speak for others" in verdict(Interval(0.02, 0.01, 0.03), seeds=1)


def test_a_score_that_is_not_finite_has_no_interval_and_is_named():
    scores = np.array([[0.0, 1.0, np.nan], [1.0, 0.0, 1.0]])
    with pytest.raises(ValueError, match=r"at \[0, 2\] .*seed, row.* is nan"):
        paired_interval(scores)
    infinite = np.array([[0.0, 1.0], [np.inf, 0.0]])
    for control in (0.0, infinite):  # of the second, inf - inf
        with pytest.raises(ValueError, match=r"at \[1, 0\]"):
            paired_interval(infinite, control)
    counts = np.stack([scores, np.ones_like(scores)], -1)
    with pytest.raises(ValueError, match=r"treatment must be finite, but at \[0, 2\]"):
        paired_score_interval(counts, None, lambda sums: sums[0] / sums[1], clusters=[0, 1, 1])
    never = np.zeros((2, 3, 2))
    with (
        pytest.raises(ValueError, match="score's shares must be finite"),
        np.errstate(all="ignore"),
    ):
        paired_score_interval(never, None, lambda sums: sums[0] / sums[1])


def test_an_unknown_interval_excludes_nothing_and_allows_no_verdict():
    unknown = Interval(float("nan"), float("nan"), float("nan"))
    assert not unknown.excludes(0.0) and str(unknown) == "nan, no interval"
    assert verdict(unknown, seeds=2).startswith("no verdict")
    assert str(seed_interval([0.5, float("nan")])) == "nan, no interval"


def test_a_candidate_that_diverged_is_never_the_best():
    best, log = tune([1, 2, 3], score=lambda x: float("nan") if x == 1 else -x)
    assert best == 2 and len(log) == 3
    best, _ = tune([1, 2], score=lambda x: float("nan") if x == 1 else -np.inf)
    assert best == 2


def test_tuning_keeps_the_best_and_the_whole_log():
    best, log = tune([1, 5, 3], score=lambda x: -abs(x - 3))
    assert best == 3
    assert log == [
        {"candidate": 1, "score": -2},
        {"candidate": 5, "score": -2},
        {"candidate": 3, "score": 0},
    ]
    with pytest.raises(ValueError, match="empty"):
        tune([], score=float)


# -- the ledger -------------------------------------------------------------------------------


def test_a_single_figure_reads_in_every_form(ledger):
    key = "06/offline/distilled/accuracy"
    assert ledger.field(key) == "0.810"
    assert ledger.field(key, "percent") == "81.0 %"
    assert ledger.field(key, "range") == "0.800 to 0.820"
    assert ledger.field(key, "count") == "3"
    assert ledger.field(key, "interval").startswith("0.810 [0.785")


def test_a_bleu_reads_with_one_decimal_in_prose_and_in_tables(monkeypatch):
    values = {"0": 76.96, "1": 77.04, "2": 77.0}
    figures = {"both/BLEU": {"kind": "measured", "values": values}}
    ledger = Ledger([entry(figures=figures, hardware="CPU", date="2026-01-01")])
    assert ledger.field("06/offline/both/BLEU") == "77.0"
    assert ledger.field("06/offline/both/BLEU", "interval") == "77.0 [76.9, 77.1]"
    assert ledger.field("06/offline/both/BLEU", "range") == "77.0 to 77.0"
    assert ledger.field("06/offline/both/BLEU", ".2f") == "77.00"

    monkeypatch.setattr(comparisons, "ledger", lambda: ledger)
    monkeypatch.setattr(report_module, "ledger", lambda: ledger)
    report = Report("06", "offline", data="abc")
    report.add("both/BLEU", 75.53, seed=0)
    lines = experiments.comparison_table(report, ["both", "control"], "BLEU").splitlines()
    assert [re.split("  +", line) for line in lines] == [
        ["BLEU", "this run", "reference (mean and 95 % interval over seeds)"],
        ["both", "75.5", "77.0 [76.9, 77.1]"],
        ["control", "–", "no reference for these data"],
    ]
    assert experiments.reference_table("06", "BLEU").splitlines() == [
        "offline: CPU, 2026-01-01",
        "    both  77.0 [76.9, 77.1]  (3 seeds)",
    ]


def test_a_figure_that_is_not_there_is_named(ledger):
    with pytest.raises(KeyError, match="06/offline/distilled/f1.*distilled/accuracy"):
        ledger.field("06/offline/distilled/f1")
    with pytest.raises(KeyError, match="no run of lesson 09"):
        ledger.field("09/offline/x")


def test_the_band_is_wider_for_one_seed_than_for_many_and_follows_their_spread(ledger):
    one, many = (ledger.band("06/offline/distilled/accuracy", seeds=n) for n in (1, 10))
    assert one.low < many.low < 0.81 < many.high < one.high
    # t(2 degrees of freedom, 99 %) = 9.925 from a printed table; standard deviation 0.01.
    assert one.high - 0.81 == pytest.approx(9.925 * 0.01 * np.sqrt(1 + 1 / 3), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("control/ECE", 0.0, 1.0), ("both/BLEU, beam", 0.0, 100.0), ("a/gain in ECE", -9.0, 9.0)],
)
def test_no_band_goes_beyond_what_the_figure_can_be(name, low, high):
    wild = {"kind": "measured", "values": {"0": 0.05, "1": 0.2, "2": 0.9}}
    free, band = experiments.band_of(wild), experiments.band_of(wild, name)
    assert free.low < -1 and free.high > 1
    assert band == Band(max(low, free.low), min(high, free.high))
    assert experiments.band_of({"kind": "measured", "values": {"0": 1.0}}, "a/F1").high == 1.0


def test_the_ledgers_bands_hold_nothing_impossible():
    """Of every figure that a lesson has measured, whatever it is called."""
    for run in experiments.ledger().runs_of("06"):
        report = {**run, "shortened": False}
        for row in experiments.ledger().compare(report):
            if row["band"] and not re.search("gain|minus", row["name"]):
                assert 0 <= row["band"].low <= row["band"].high, row["name"]
                if re.search("ECE|accuracy|F1|agreement", row["name"]):
                    assert row["band"].high <= 1, row["name"]


def report_of(
    value,
    *,
    data="abc",
    scale="offline",
    shortened=False,
    name="distilled/accuracy",
    kind="measured",
):
    report = Report("06", scale, data=data, shortened=shortened)
    report.add(name, value, seed=0, kind=kind)
    return report.as_dict()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (report_of(0.81), "inside"),
        (report_of(0.5), "outside"),
        (report_of(0.5, data="other"), "no reference"),
        (report_of(0.5, shortened=True), "no reference"),
        (report_of(99.0, name="student/ms", kind="timing"), "shown"),
        (report_of(0.5, name="new/figure"), "no reference"),
        (report_of(0.905, name="teacher/accuracy"), "outside"),
        (report_of(0.9001, name="teacher/accuracy"), "inside"),
    ],
)
def test_a_figure_is_judged_only_where_there_is_a_reference_for_it(ledger, report, expected):
    assert [row["verdict"] for row in ledger.compare(report)] == [expected]


def test_nan_is_outside_every_band(ledger):
    assert ledger.compare(report_of(float("nan")))[0]["verdict"] == "outside"


def test_a_figure_over_rows_keeps_the_interval_over_seeds_and_rows(monkeypatch):
    scores = np.random.default_rng(0).random((2, 3, 50))
    report = Report("06", "offline", data="abc")
    gain = report.add_rows("distilled/gain", *scores, seeds=(0, 1, 2))
    assert gain == paired_interval(*scores)
    figure = report.figures["distilled/gain"]
    assert list(figure["values"].values()) == pytest.approx((scores[0] - scores[1]).mean(-1))
    counts = np.stack([scores[0], np.ones((3, 50))], -1)
    score = report.add_scores(
        "distilled/score", counts, None, lambda sums: sums[0] / sums[1], seeds=(0, 1, 2)
    )
    assert score == pytest.approx(paired_interval(scores[0]))

    ledger = Ledger([entry(figures=report.figures, hardware="CPU", date="2026-01-01")])
    assert ledger.interval("06/offline/distilled/gain") == gain
    monkeypatch.setattr(comparisons, "ledger", lambda: ledger)
    monkeypatch.setattr(report_module, "ledger", lambda: ledger)
    head, line = experiments.comparison_table(report, ["distilled"], "gain").splitlines()
    assert "over seeds and test rows" in head and gain.shown("gain") in line
    with pytest.raises(ValueError):
        report.add_rows("distilled/gain", *scores, seeds=(0, 1))


def test_an_arm_that_diverged_costs_the_run_no_other_figure(tmp_path, monkeypatch):
    monkeypatch.setenv("KD_RESULTS", str(tmp_path / "results.json"))
    monkeypatch.setattr(comparisons, "ledger", lambda: Ledger([]))
    monkeypatch.setattr(report_module, "ledger", lambda: Ledger([]))
    report, seeds = Report("06", "offline", data="abc"), (0, 1)
    good = np.random.default_rng(0).random((2, 20))
    bad = np.stack([good[0], np.full(20, np.nan)])
    counts = np.stack([bad, np.ones((2, 20))], -1)
    found = [
        report.add_rows("distilled/surprise", bad, good, seeds=seeds),
        report.add_scores("distilled/score", counts, None, lambda s: s[0] / s[1], seeds=seeds),
    ]
    for interval in found:
        assert not interval.known and verdict(interval, seeds=2).startswith("no verdict")
    first, second = report.values("distilled/surprise")
    assert first == 0 and np.isnan(second)  # the seed that went well is kept
    report.add_rows("control/surprise", good, seeds=seeds)
    table = experiments.comparison_table(report, ["control", "distilled"], "surprise")
    assert table.splitlines()[-1].split()[:2] == ["distilled", "nan"]
    experiments.plot_comparison(
        report, ["control", "distilled"], "surprise", title="A", unit="nats"
    )
    assert "distilled/score" in (tmp_path / "results.json").read_text()


def test_a_report_is_kept_on_disk_when_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("KD_RESULTS", str(tmp_path / "results.json"))
    report = Report("06", "offline", data="abc")
    report.add("student/accuracy", 0.8, seed=1)
    report.add_table("map", [[1.0, 2.0]])
    kept = json.loads((tmp_path / "results.json").read_text())
    assert kept["figures"]["student/accuracy"]["values"] == {"1": 0.8}
    assert kept["tables"] == {"map": [[1.0, 2.0]]}


def test_a_shortened_run_never_becomes_a_reference(tmp_path, monkeypatch):
    monkeypatch.setattr(reference_runs, "PACKAGE", tmp_path)
    with pytest.raises(ValueError, match="shortened"):
        ledger_entry.write_reference("06", report_of(0.8, shortened=True), 1.0, "figures")


@pytest.fixture
def authored(tmp_path, monkeypatch):
    """An empty ledger, and a tree whose lesson has said what it expects, in a commit."""
    monkeypatch.setattr(reference_runs, "PACKAGE", tmp_path)
    monkeypatch.setattr(ledger_entry, "expected", lambda lesson: {"distilled/accuracy": "+"})
    monkeypatch.setattr(ledger_entry, "commit", lambda: "c0ffee")
    experiments.ledger.cache_clear()
    yield tmp_path
    experiments.ledger.cache_clear()


def test_an_entry_tells_the_seed_of_its_test_rows_the_commit_and_what_was_expected(
    authored, monkeypatch
):
    report = Report("06", "offline", data="abc", test_seed=1106)
    report.add("distilled/accuracy", 0.8, seed=0)
    report.add("distilled/accuracy", 0.9, seed=1)
    ledger_entry.write_reference("06", report.as_dict(), 1.0, "figures")
    run = experiments.ledger().run("06", "offline")
    assert run["readings"] == {"test_seed": 1106, "count": 1, "again": []}
    assert run["commit"] == "c0ffee" and run["expected"] == {"distilled/accuracy": "+"}
    head, line = experiments.expectation_table(report).splitlines()
    assert "expected" in head and line.endswith("as expected")
    other = Report("06", "offline", data="xyz")
    assert experiments.expectation_table(other).startswith("no expectation")


@pytest.mark.parametrize(
    ("sign", "values", "outcome"),
    [
        ("+", (0.1, 0.11), "as expected"),
        ("-", (0.1, 0.11), "the other way"),
        ("-", (-0.1, -0.11), "as expected"),
        ("+", (-0.1, 0.1), "open"),
        ("?", (0.1, 0.11), "no guess was made"),
    ],
)
def test_an_expectation_stands_beside_what_came_out(authored, monkeypatch, sign, values, outcome):
    monkeypatch.setattr(ledger_entry, "expected", lambda lesson: {"distilled/gain": sign})
    report = Report("06", "offline", data="abc")
    report.add_rows("distilled/gain", np.repeat(values, 40).reshape(2, 40), seeds=(0, 1))
    ledger_entry.write_reference("06", report.as_dict(), 1.0, "figures")
    report.figures["distilled/gain"]["interval"] = None  # the table is of the reference
    assert experiments.expectation_table(report).splitlines()[1].endswith(outcome)


def test_a_comparison_that_a_run_lacks_stands_in_the_table_as_not_measured(authored, monkeypatch):
    signs = {"distilled/gain": "+", "truth/gain": "?"}
    monkeypatch.setattr(ledger_entry, "expected", lambda lesson: signs)
    report = Report("06", "offline", data="abc")
    report.add_rows("distilled/gain", np.repeat((0.1, 0.11), 40).reshape(2, 40), seeds=(0, 1))
    ledger_entry.write_reference("06", report.as_dict(), 1.0, "figures")
    _, first, second = experiments.expectation_table(report).splitlines()
    assert first.endswith("as expected") and second.startswith("truth/gain")
    assert second.endswith("not measured")


def test_of_a_teacher_nothing_is_expected_for_it_is_no_lesson():
    assert ledger_entry.expected("teacher-reading") == {}


def test_test_rows_that_were_read_are_read_again_for_a_reason_which_is_counted(authored):
    ledger_entry.write_reference("06", report_of(0.8), 1.0, "figures")
    for lesson in ("06", "05"):  # lessons share no test rows, either
        with pytest.raises(ValueError, match=r"read already \(lesson 06, offline; 1 times\)"):
            ledger_entry.write_reference(lesson, report_of(0.9), 1.0, "figures")
    assert experiments.ledger().field("06/offline/distilled/accuracy") == "0.800"
    ledger_entry.write_reference("06", report_of(0.9), 1.0, "figures", again="a wrong label")
    readings = experiments.ledger().run("06", "offline")["readings"]
    assert (readings["count"], readings["again"]) == (2, ["a wrong label"])
    ledger_entry.write_reference("06", report_of(0.7, data="fresh"), 1.0, "figures")
    assert experiments.ledger().run("06", "offline")["readings"]["count"] == 1


def test_what_is_expected_stands_in_a_commit_before_the_run(authored, monkeypatch):
    monkeypatch.setattr(ledger_entry, "commit", lambda: "c0ffee*")
    with pytest.raises(ValueError, match="not committed"):
        ledger_entry.refuse_early("06")
    monkeypatch.setattr(ledger_entry, "expected", lambda lesson: {})
    with pytest.raises(ValueError, match="EXPECTED"):
        ledger_entry.refuse_early("06")
    ledger_entry.refuse_early("02")  # which measures nothing


def test_a_reference_brings_its_circumstances(authored):
    ledger_entry.write_reference("06", report_of(0.8), 1.0, "figures")
    run = json.loads(
        (
            reference_runs.folder_of("06") / f"offline-{experiments.device().lower()}.json"
        ).read_text()
    )
    assert {"hardware", "threads", "versions", "seeds", "date", "data", "figures"} <= set(run)


def test_another_data_set_or_device_takes_no_runs_place(authored, monkeypatch):
    tmp_path = authored
    monkeypatch.setenv("KD_SCALE", "small")
    for device, value, again in (("CPU", 0.8, ""), ("GPU", 0.7, "on a GPU")):
        monkeypatch.setattr(reference_runs, "device", lambda device=device: device)
        run = report_of(value, scale="small")
        ledger_entry.write_reference("06", run, 1.0, "figures", again=again)
    ledger_entry.write_reference("06", report_of(0.7, scale="small"), 3.0, "minutes")
    other = report_of(0.9, data="xyz", scale="small")
    with monkeypatch.context() as patch:
        patch.setenv("KD_DATASET", "stanfordnlp/sst2")
        ledger_entry.write_reference("06", other, 1.0, "figures")

    assert len(list(tmp_path.rglob("*.json"))) == 3
    ledger = experiments.ledger()
    assert ledger.field("06/small/distilled/accuracy") == "0.800"  # its own data, the laptop
    assert ledger.run("06", "small", device="GPU")["minutes"] == 3.0
    beside = ledger.compare(report_of(0.7, scale="small"))  # on the GPU
    assert [row["reference"] for row in beside] == [0.7]
    assert [row["reference"] for row in ledger.compare(other)] == [0.9]


def test_the_shipped_ledger_tells_where_every_run_was_made():
    paths = [
        path
        for room in reference_runs.ROOMS
        for path in reference_runs.PACKAGE.glob(f"{room}/*.json")
    ]
    assert len(paths) == len(list(reference_runs.PACKAGE.rglob("reference/**/*.json"))) > 10
    for path in paths:
        run = json.loads(path.read_text(encoding="utf-8"))
        if run["figures"]:
            told = run["data"] and run["date"] and run["versions"]["torch"] and run["hardware"]
            assert told and run["device"] in ("CPU", "GPU"), path.name


def test_fingerprints_tell_data_apart():
    assert experiments.fingerprint(["ab", "c"]) != experiments.fingerprint(["a", "bc"])
    assert experiments.fingerprint(["x"]) == experiments.fingerprint(["x"])


@pytest.mark.parametrize(
    ("mean", "unit", "written"),
    [
        (0.8034, "test accuracy", "0.803"),
        (4.814, "BLEU on the test sentences", "4.8"),
        (12.5, "KL, nats", "12.500"),
        (9.5, "", "9.500"),
    ],
)
def test_a_mean_is_written_with_the_decimals_of_what_is_measured(mean, unit, written):
    _, axes = plt.subplots()
    plots.intervals(axes, {"control": (mean, mean - 1, mean + 1)}, unit=unit)
    assert [text.get_text() for text in axes.texts] == [written]
    plt.close()


def test_each_run_of_a_lesson_may_have_expectations_of_its_own(monkeypatch):
    from kd_course.lessons.lesson06 import settings as lesson06

    signs = {"offline": {"a": "+"}, "small": {"a": "?"}, "small, stanfordnlp/sst2": {"a": "-"}}
    monkeypatch.setattr(lesson06, "EXPECTED", signs)
    for scale, dataset, sign in (
        ("offline", "", "+"),
        ("small", "", "?"),
        ("small", "stanfordnlp/sst2", "-"),
    ):
        monkeypatch.setenv("KD_SCALE", scale)
        monkeypatch.setenv("KD_DATASET", dataset)
        assert ledger_entry.expected("06") == {"a": sign}
    monkeypatch.setattr(lesson06, "EXPECTED", {"a": "+"})
    assert ledger_entry.expected("06") == {"a": "+"}


def test_another_data_sets_run_has_a_key_of_its_own():
    where = {"lesson": "06", "scale": "small", "device": "CPU", "data": "x"}
    runs = [
        where
        | {"dataset": name, "figures": {"a/accuracy": {"kind": "measured", "values": {"0": v}}}}
        for name, v in (("", 0.8), ("owner/reviews", 0.7))
    ]
    ledger = experiments.Ledger(runs)
    assert ledger.field("06/small/a/accuracy") == "0.800"
    assert ledger.field("06/small:reviews/a/accuracy") == "0.700"
    with pytest.raises(KeyError, match="small:news"):
        ledger.field("06/small:news/a/accuracy")
