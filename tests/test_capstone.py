"""The capstone: a report that is written whole, a model without pickles, checks that catch their fault."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from kd_course import capstone, models
from kd_course.capstone import (
    answering,
    briefs,
    checks,
    claims,
    evidence,
    model_files,
    model_folder,
    trained_texts,
    verdicts,
)
from kd_course.capstone.briefs import CLASSES
from kd_course.commands.check import check_main

ROOT = Path(__file__).resolve().parents[1]
VERBS = ("fell", "stayed", "rose")
ROWS = [{"text": f"Profit of firm {i} {VERBS[i % 3]}.", "label": i % 3} for i in range(60)]
REHEARSED = [{"text": f"Sales of firm {i} {VERBS[i % 3]}.", "label": i % 3} for i in range(60)]
TRAINING = [f"Turnover of firm {i} {VERBS[i % 3]}." for i in range(90)]
SEEDS = (0, 1, 2)


def asks(answers: str, ms: float = 1.0, teacher_ms: float = 4.0):
    """In place of a model: these classes, as logits, once more for new rows; and these times."""

    def ask(task, files, teacher, questions):
        digits = [int(d) for d, _ in zip(itertools.cycle(answers), json.loads(questions))]
        return {"answers": np.eye(3)[digits], "ms": ms, "teacher_ms": teacher_ms}

    return ask


def some_answers(arm: str, seed: int) -> list[int]:
    """Right but for some rows: the control is wrong more often, and each seed elsewhere."""
    every = {"method": 9, "control": 4}[arm]
    return [(i + (i % every == seed)) % 3 for i in range(len(ROWS))]


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    """Brief A with sixty test rows that nobody has to draw."""
    monkeypatch.setitem(briefs.BRIEFS, "A", replace(briefs.BRIEFS["A"], test_rows=len(ROWS)))
    monkeypatch.setattr(
        briefs.Brief,
        "test",
        lambda self, seed=None: [dict(r) for r in (ROWS if seed in (None, 1115) else REHEARSED)],
    )
    monkeypatch.setattr(claims, "timing_questions", lambda brief: [row["text"] for row in ROWS])
    evidence.test_rows.cache_clear()
    yield
    evidence.test_rows.cache_clear()


def small_student(**changed):
    from transformers import BertConfig, BertForSequenceClassification, set_seed

    tokenizer = models.train_tokenizer(TRAINING, vocabulary=300)
    set_seed(0)
    shape = dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=1, intermediate_size=32)
    config = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=64, num_labels=3, **shape | changed
    )
    return BertForSequenceClassification(config).eval(), tokenizer


@pytest.fixture(scope="session")
def student():
    return small_student()


@pytest.fixture
def finished(tmp_path, student) -> Path:
    """A folder that passes: every figure as it must be, the model's answers given by `asks`."""
    report = capstone.start("A", tmp_path / "capstone", author="Ada")
    for arm, teacher in (("method", "news"), ("control", "")):
        for rate in (1e-3, 2e-3):
            report.tried(arm, {"rate": rate}, validation=70.0, steps=100, rows=90)
        report.arm(
            arm,
            what="an arm",
            teacher=teacher,
            recipe={"rate": 1e-3},
            steps=100,
            rows=90,
            labels=90,
        )
    report.trained_on(TRAINING)
    capstone.save_model(report, *student, seed=0, int8=True)
    report.told["latency"] = {"ms": 1.0, "teacher_ms": 4.0, "ratio": "0.25"}
    report.open_test()
    for arm in ("method", "control"):
        for seed in SEEDS:
            report.answered(arm, seed, some_answers(arm, seed), seconds=10.0)
    report.claim("It is better than without a teacher.")
    return report.folder


def told_by(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def rewrite(folder: Path, change) -> None:
    """The report with something changed by hand."""
    told = told_by(folder)
    change(told)
    (folder / "report.json").write_text(json.dumps(told), encoding="utf-8")


def ours(folder: Path, **times):
    kept = next(r for r in told_by(folder)["runs"] if (r["arm"], r["seed"]) == ("method", 0))
    return asks(kept["answers"], **times)


def failing(folder: Path, ask=None) -> dict[str, str]:
    """What is not passed, and what is said of it."""
    verdict = capstone.check_folder(folder, ask or ours(folder))
    return {finding.key: finding.words for finding in verdict.findings if not finding.passed}


# -- what passes ------------------------------------------------------------------------------


def test_fifty_points_are_the_machines():
    assert sum(verdicts.POINTS.values()) == 50
    assert list(checks.CHECKS) == list(verdicts.POINTS)


def test_an_honest_capstone_passes_everything(finished):
    verdict = capstone.check_folder(finished, ours(finished))
    assert verdict.passed and verdict.points == 50, str(verdict)
    assert "brief A: a news classifier in 100 kB" in str(verdict)


def test_the_model_itself_is_loaded_asked_and_timed(finished, student):
    """The saved int8 model answers as its report says it does; nothing stands in for it."""
    model, tokenizer = capstone.load_model(finished, capstone.brief("A"))
    found = capstone.answers(model, tokenizer, capstone.brief("A"), ROWS)
    report = capstone.read_report(finished)
    report.answered("method", 0, found, seconds=1.0)
    report.claim("Nothing was learnt.")
    measured = report.measure(model, tokenizer)
    assert float(measured["ratio"]) == pytest.approx(
        measured["ms"] / measured["teacher_ms"], abs=0.01
    )
    said = failing(finished, evidence.ask_here)
    assert set(said) <= {"latency"}, said  # a busy machine may time it otherwise


# -- each check, by the fault that it is for ----------------------------------------------------


def drop_run(arm, seed):
    def change(told):
        told["runs"] = [r for r in told["runs"] if (r["arm"], r["seed"]) != (arm, seed)]

    return change


def state(**figures):
    return lambda told: told["claim"].update(figures)


def of_arm(arm, **fields):
    return lambda told: told["arms"][arm].update(fields)


def open_again(told):
    told["test_openings"] *= 2


def forget_a_trial(told):
    told["trials"].pop()  # the control's


def same_recipe(told):
    for trial in told["trials"]:
        if trial["arm"] == "control":
            trial["recipe"] = {"rate": 1e-3}


def tell_twice(told):
    runs = {(run["arm"], run["seed"]): run for run in told["runs"]}
    runs["control", 2]["answers"] = runs["control", 1]["answers"]


def try_longer(told):
    told["trials"][0]["steps"] = 1_000


FAULTS = {
    "one seed is missing in the control": (drop_run("control", 2), {"seeds", "figure", "interval"}),
    "no run has the model's seed": (
        lambda told: told["model"].update(seed=9),
        {"answers"},
    ),
    "the control had a teacher": (of_arm("control", teacher="news"), {"control"}),
    "the method has none": (of_arm("method", teacher=""), {"control"}),
    "the control was tuned less": (forget_a_trial, {"control"}),
    "the method was tuned longer": (try_longer, {"control"}),
    "the control had fewer steps": (of_arm("control", steps=50), {"control"}),
    "the control had fewer rows": (of_arm("control", rows=80, labels=80), {"control"}),
    "the control had fewer labels": (of_arm("control", labels=50), {"control"}),
    "more labels are told than rows": (of_arm("method", labels=91), {"control"}),
    "the control was tried with one recipe, often": (same_recipe, {"control"}),
    "the control's recipe was never tried": (of_arm("control", recipe={"rate": 9}), {"control"}),
    "one run was told as two": (tell_twice, {"seeds", "interval"}),
    "a better figure is stated": (state(method="99.9"), {"figure"}),
    "a better gain is stated": (state(difference="30.0"), {"figure"}),
    "another figure is stated": (state(figure="F1"), {"figure"}),
    "digits that nobody computed": (state(method="93.4000"), {"figure"}),
    "a narrower interval": (state(low="15.9"), {"interval"}),
    "the test was opened twice": (open_again, {"opened"}),
    "the test was never opened": (lambda told: told["test_openings"].clear(), {"opened"}),
    "other rows were opened": (
        lambda told: told["test_openings"][0].update(digest="0" * 16),
        {"opened"},
    ),
    "the model was changed afterwards": (
        lambda told: told["test_openings"][0].update(model="0" * 64),
        {"opened"},
    ),
    "fewer texts are told than were read": (
        lambda told: [of_arm(arm, rows=900)(told) for arm in ("method", "control")],
        {"leaks"},
    ),
    "other bytes are stated": (lambda told: told["model"].update(bytes=1), {"budget"}),
    "nobody says how long it trained": (
        lambda told: [run.update(seconds=0.0) for run in told["runs"]],
        {"budget"},
    ),
    "it trained too long": (
        lambda told: [run.update(seconds=121.0) for run in told["runs"]],
        {"budget"},
    ),
    "another ratio is stated": (
        lambda told: told["latency"].update(ratio="0.15"),
        {"latency"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_check_fails_for_its_own_fault(finished, fault):
    change, caught = FAULTS[fault]
    rewrite(finished, change)
    said = failing(finished)
    assert set(said) == caught, said
    assert all(len(words) > 30 for words in said.values())  # what is wrong, and what to do


def test_one_seed_is_too_few(finished):
    for seed in (1, 2):
        for arm in ("method", "control"):
            rewrite(finished, drop_run(arm, seed))
    report = capstone.read_report(finished)
    report.claim("One run.")
    assert set(failing(finished)) == {"seeds"}


def test_answers_that_the_model_does_not_give(finished):
    honest = told_by(finished)["runs"][0]["answers"]
    assert set(failing(finished, asks(honest[::-1]))) == {"answers"}
    # Another machine rounds otherwise: one row in a hundred is forgiven, of sixty none.
    other = str((int(honest[0]) + 1) % 3) + honest[1:]
    assert set(failing(finished, asks(other))) == {"answers"}


def test_a_slow_model(finished):
    said = failing(finished, ours(finished, ms=4.0))
    assert set(said) == {"latency"} and "the budget is 0.75" in said["latency"]
    assert set(failing(finished, ours(finished, ms=float("nan")))) == {"latency"}


def test_a_model_over_the_budget(finished):
    report = capstone.read_report(finished)
    large = small_student(hidden_size=128)
    capstone.save_model(report, *large, seed=0)
    said = failing(finished)
    assert set(said) == {"budget", "opened"} and "the budget is 100,000" in said["budget"]


def test_a_goal_that_is_missed(finished, monkeypatch):
    own = briefs.BRIEFS["A"]
    monkeypatch.setitem(briefs.BRIEFS, "A", replace(own, budget=replace(own.budget, goal=99.0)))
    assert set(failing(finished)) == {"budget"}


def test_a_test_row_among_the_training_texts_is_found_whatever_its_capitals(finished):
    report = capstone.read_report(finished)
    report.trained_on([ROWS[7]["text"].upper().replace(" ", "  ").replace(".", "!")])
    said = failing(finished)
    assert set(said) == {"leaks"} and ROWS[7]["text"] in said["leaks"]


def test_a_model_that_has_learnt_the_test_is_found_on_new_rows(finished):
    """Its list of training texts says nothing of it."""
    kept = told_by(finished)["runs"][0]["answers"]
    elsewhere = "".join(str((int(digit) + 1) % 3) for digit in kept)
    said = failing(finished, asks(kept + elsewhere))
    assert set(said) == {"leaks"} and "it has learnt test rows" in said["leaks"]


def test_a_method_may_read_text_without_labels_if_its_control_had_every_label(finished):
    every = capstone.brief("A").labelled

    def read_more(told):
        told["arms"]["method"].update(rows=3 * every, labels=every)
        told["arms"]["control"].update(rows=every, labels=every)

    rewrite(finished, read_more)
    report = capstone.read_report(finished)
    report.trained_on([f"{text} Again {i}." for i in range(134) for text in TRAINING])
    assert not failing(finished)


def test_of_headlines_copies_count_nothing_for_the_goal(tmp_path):
    from kd_course.capstone.handed_in import HandedIn
    from kd_course.corpora import headlines

    sizes = dict.fromkeys(headlines.SIZES, 0) | {"train": 60}
    drawn = headlines.load(0, sizes=sizes)["train"]
    valid = {label: text for text, label in zip(drawn["text"], drawn["label"], strict=True)}
    written = [valid[0], valid[1], valid[2], valid[0]]  # the last is the first once more
    trained = f"{trained_texts.digest_of(valid[1])}\n".encode()
    told = {"brief": "D", "test_seed": 1115, "test_openings": [{"rows": 4}]}
    told["runs"] = [{"arm": a, "seed": 0, "answers": written} for a in ("method", "control")]
    work = evidence.Evidence(HandedIn(trained=trained), told, never_asked)
    assert [row["label"] for row in work.opened] == [0, 1, 2, 0]
    assert (work.figures["method"], work.figure_of_goal) == (100.0, 50.0)
    # … and whoever works on it can know that before the test is opened.
    report = capstone.start("D", tmp_path / "trial", test_seed=990)
    report.trained_on([valid[1]])
    rows = [{"label": label} for label in (0, 1, 2, 0)]
    assert report.towards_goal(rows, written) == 50.0


def test_every_headline_that_is_timed_is_drawn_anew(monkeypatch):
    """With one seed for all rows the lengths of three headlines would decide who is fast enough."""
    drawn = []
    monkeypatch.setattr(answering, "_headlines", lambda *asked: drawn.append(asked[1:]) or ["ok"])
    task = briefs.HEADLINES
    questions = [number % 3 for number in range(600)]
    answering.latencies((None, "student"), (None, "teacher"), task, questions)
    assert answering.timed_rows(task) >= 200
    for reader in ("student", "teacher"):
        seeds = [seed for reads, _, seed in drawn if reads == reader]
        assert len(set(seeds)) == len(seeds) >= answering.timed_rows(task)


def test_no_rehearsal_reads_a_test_of_which_there_is_only_one(tmp_path):
    with pytest.raises(ValueError, match="one test split"):
        capstone.start("E", tmp_path / "trial", test_seed=990)
    assert capstone.start("E", tmp_path / "meant").told["test_seed"] is None


def test_a_rehearsal_does_not_count(tmp_path, student):
    report = capstone.start("A", tmp_path / "trial", test_seed=990)
    with pytest.raises(ValueError, match="save the model first"):
        report.open_test()
    capstone.save_model(report, *student, seed=0)
    assert report.open_test(limit=10) == REHEARSED[:10]
    with pytest.raises(ValueError, match="990"):
        capstone.start("A", tmp_path / "trial")
    verdict = capstone.check_folder(tmp_path / "trial")
    assert "not finished" in verdict.findings[0].words and verdict.points == 0


# -- the report -------------------------------------------------------------------------------


def test_a_report_is_written_whole_and_goes_on(finished):
    before = (finished / "report.json").read_bytes()
    report = capstone.start("A", finished)
    with pytest.raises(ValueError, match="validation"):
        report.tried("method", {}, validation=float("nan"), steps=1, rows=1)
    assert (finished / "report.json").read_bytes() == before
    report = capstone.start("A", finished)
    report.open_test()
    assert len(told_by(finished)["test_openings"]) == 2  # recorded, not forbidden
    with pytest.raises(ValueError, match="one entry a row"):
        report.answered("method", 0, [1, 2], seconds=1.0)


def test_the_claim_is_what_the_interval_says(finished):
    from kd_course.experiments import paired_interval

    labels = np.array([row["label"] for row in ROWS])
    right = {
        arm: np.array([100.0 * (np.array(some_answers(arm, s)) == labels) for s in SEEDS])
        for arm in ("method", "control")
    }
    interval = paired_interval(right["method"], right["control"])
    claim = told_by(finished)["claim"]
    assert claim["method"] == f"{right['method'].mean():.1f}"
    assert (claim["low"], claim["high"]) == (f"{interval.low:.1f}", f"{interval.high:.1f}")


BROKEN = {
    "half a file": lambda text: text[: len(text) // 2],
    "NaN": lambda text: text.replace('"validation": 70.0', '"validation": NaN', 1),
    "infinity": lambda text: text.replace('"seconds": 10.0', '"seconds": 1e999', 1),
    "a minus": lambda text: text.replace('"steps": 100', '"steps": -100', 1),
    "true for a number": lambda text: text.replace('"rows": 90', '"rows": true', 1),
    "a figure that is a number": lambda text: text.replace('"method": "', '"method": 1, "x": "', 1),
    "lists in lists": lambda text: "[" * 100_000,
    "another format": lambda text: text.replace('"format": 1', '"format": 2'),
    "no such brief": lambda text: text.replace('"brief": "A"', '"brief": "Z"'),
    "one run twice": lambda text: text.replace(
        '"seed": 1,\n   "seconds"', '"seed": 0,\n   "seconds"', 1
    ),
    "no date": lambda text: text.replace('"at": "2', '"at": "x2'),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_report_of_another_form_is_not_read(finished, how):
    text = (finished / "report.json").read_text(encoding="utf-8")
    broken = BROKEN[how](text)
    assert broken != text
    (finished / "report.json").write_text(broken, encoding="utf-8")
    verdict = capstone.check_folder(finished, ours)
    assert verdict.points == 0 and not verdict.findings[0].passed
    with pytest.raises(capstone.NotReadable):
        capstone.read_report(finished)


def test_every_field_of_a_report_is_documented(finished):
    assert list(told_by(finished)) == list(capstone.SCHEMA)


# -- hostile folders --------------------------------------------------------------------------


def never_asked(*_):
    raise AssertionError("it was loaded")


def pickled(folder: Path) -> None:
    torch.save({"weight": torch.zeros(1)}, folder / "pytorch_model.bin")


def disguised(folder: Path) -> None:
    """A pickle that calls itself safetensors."""
    torch.save({"weight": torch.zeros(1)}, folder / "model.safetensors")


def huge(folder: Path) -> None:
    with open(folder / "model.safetensors", "wb") as file:
        file.truncate(2**40)


def linked(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to("/etc/passwd")


def elsewhere(folder: Path) -> None:
    shutil.move(folder, folder.parent / "elsewhere")
    folder.symlink_to(folder.parent / "elsewhere")


def piped(folder: Path) -> None:
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")


def with_code(folder: Path) -> None:
    (folder / "modeling.py").write_text("raise SystemExit")


def nested(folder: Path) -> None:
    (folder / "more").mkdir()


def configured(**fields):
    def change(folder: Path) -> None:
        told = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(told | fields))

    return change


HOSTILE = {
    "a pickle": (pickled, "delete pytorch_model.bin"),
    "a huge file": (huge, "larger than what is read"),
    "a link": (linked, "links are not followed"),
    "a folder elsewhere": (elsewhere, "is no folder"),
    "a pipe": (piped, "config.json"),
    "code": (with_code, "delete modeling.py"),
    "another folder": (nested, "delete more"),
    "remote code": (configured(auto_map={"AutoModel": "evil--evil"}), "auto_map"),
    "a kernel from the hub": (configured(attn_implementation="evil/evil"), "attn_implementation"),
    "another class": (configured(architectures=["LlamaForCausalLM"]), "LlamaForCausalLM"),
    "a class of torch": (configured(architectures=["os.system"]), "os.system"),
    "no class": (configured(architectures=[]), "allows"),
    "a width without end": (configured(hidden_size=10**12), "hidden_size"),
    "an activation by path": (configured(hidden_act="evil.gelu"), "hidden_act"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_folder_is_refused_before_anything_is_loaded(finished, what):
    if what in ("a pipe", "a link", "a folder elsewhere") and os.name != "posix":
        pytest.skip("this system has no such files")
    change, words = HOSTILE[what]
    change(finished / "model")
    said = failing(finished, never_asked)
    assert {"model", "answers", "latency"} <= set(said), said
    assert words in said["model"]


def unloadable(weights: bytes) -> list[bytes]:
    """Weights that are none: a header that lies, cut short, of another model, not finite."""
    from safetensors.torch import load, save

    state = load(weights)
    nan = {**state, "classifier.bias": torch.full_like(state["classifier.bias"], float("nan"))}
    lacking = {name: t for name, t in state.items() if name != "classifier.bias"}
    return [
        (2**62).to_bytes(8, "little") + weights[8:],
        weights[:-10],
        b"",
        save(nan),
        save(lacking),
    ]


def test_weights_that_are_none_do_not_load(finished):
    folder = finished / "model"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    for number, data in enumerate(unloadable(files["model.safetensors"])):
        with pytest.raises(capstone.Refused):
            model_files.build({**files, "model.safetensors": data}, CLASSES)
            pytest.fail(f"number {number} was loaded")
    disguised(folder)
    assert "does not load" in failing(finished, evidence.ask_here)["model"]


def test_a_link_in_place_of_the_report_is_not_followed(finished):
    shutil.move(finished / "report.json", finished / "other.json")
    (finished / "report.json").symlink_to("other.json")
    assert (
        "links are not followed" in capstone.check_folder(finished, never_asked).findings[0].words
    )


def test_replies_that_are_none_earn_nothing(finished):
    """Whoever answers from the box may be anybody."""
    for answers in (None, "abc", np.zeros(60), np.zeros((59, 3)), np.full((60, 3), np.nan)):
        said = failing(finished, lambda *_, a=answers: {"answers": a, "ms": 1.0, "teacher_ms": 4.0})
        assert "answers" in said


# -- a class --------------------------------------------------------------------------------------


def zipped(folder: Path, target: Path, inside: str = "work/", **more: bytes) -> None:
    import zipfile

    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{inside}{path.relative_to(folder).as_posix()}")
        for name, data in more.items():
            archive.writestr(name, data)


@pytest.fixture
def a_class(finished, tmp_path) -> Path:
    """Five students: a folder, a zip, a pickle, a link, a path that leads out; and one without work."""
    root = tmp_path / "submissions"
    for name in ("ada", "carl", "dora"):
        shutil.copytree(finished, root / name / "capstone")
    zipped(finished, root / "bert.zip")
    pickled(root / "carl" / "capstone" / "model")
    linked(root / "dora" / "capstone" / "model")
    zipped(finished, root / "emil.zip", **{"../../outside.json": b"{}"})
    (root / "fred").mkdir()
    return root


def test_capstones_are_read_from_folders_and_zips_and_no_link_is_followed(a_class):
    from kd_course.grading.capstone_files import submitted

    found = {one.student: one for one in submitted(a_class)}
    assert list(found) == ["ada", "bert", "carl", "dora", "emil", "fred"]
    assert found["ada"].handed == found["bert"].handed and not found["ada"].handed.refused
    assert "pytorch_model.bin" in found["carl"].handed.refused["model"]
    assert "a link in model/" in found["dora"].handed.refused["model"]
    tampered = [name for name, one in found.items() if one.tampered]
    assert tampered == ["dora", "emil"]
    assert found["fred"].handed is None
    with pytest.raises(ValueError, match="unpack it"):
        list(submitted(a_class / "bert.zip"))


def test_a_zip_that_grows_is_not_unpacked(finished, tmp_path):
    import zipfile

    from kd_course.grading.capstone_files import submitted

    (tmp_path / "all").mkdir()
    with zipfile.ZipFile(tmp_path / "all" / "gina.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(finished / "report.json", "report.json")
        for name in ("config.json", "tokenizer.json"):
            archive.write(finished / "model" / name, f"model/{name}")
        archive.writestr("model/model.safetensors", bytes(40 * 2**20))
    (one,) = submitted(tmp_path / "all")
    assert "larger than what is read" in one.handed.refused["model"]


def test_a_rubric_holds_the_four_levels_and_nothing_else(tmp_path):
    from kd_course.grading.capstone_marks import read_rubric

    head = "student,question,control,evidence,tradeoff,candour\n"
    place = tmp_path / "rubric.csv"
    place.write_text(f"{head}ada,7,10,3,0,7\nbert,,,,,\n", encoding="utf-8")
    assert read_rubric(place) == {
        "ada": {"question": 7, "control": 10, "evidence": 3, "tradeoff": 0, "candour": 7}
    }
    place.write_text(f"{head}ada,7,10,3,0,8\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2: candour must be one of 0, 3, 7, 10"):
        read_rubric(place)
    place.write_text("student,question\nada,7\n", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the column candour, control"):
        read_rubric(place)


@pytest.mark.parametrize("student", ["-anna", "=1+1", "@ada", "'-anna", "'t Hooft", "ada"])
def test_a_rubric_finds_the_student_whose_name_a_spreadsheet_might_compute(student, tmp_path):
    from kd_course.grading import capstone_marks

    place = tmp_path / "rubric.csv"
    points = {name: 7 for name in capstone_marks.RUBRIC}
    capstone_marks._write(place, ("student", *points), [{"student": student, **points}])
    assert "\n" + student not in place.read_text("utf-8") or student[0] not in "-=@"
    assert capstone_marks.read_rubric(place) == {student: points}


@pytest.mark.thorough  # a box with transformers in it takes a quarter of a minute to load
def test_a_class_is_marked_in_the_locked_box(a_class, tmp_path, needs_box, finished):
    """The model is asked in the box and what it answers is compared out here."""
    import csv

    from kd_course.grading.grade_command import grade_main

    model, tokenizer = capstone.load_model(finished, capstone.brief("A"))
    answers = capstone.answers(model, tokenizer, capstone.brief("A"), ROWS)
    for place in (finished, a_class / "ada" / "capstone"):
        report = capstone.read_report(place)
        report.answered("method", 0, answers, seconds=1.0)
        report.claim("Nothing was learnt.")
    rubric = tmp_path / "rubric.csv"
    rubric.write_text(
        "student,question,control,evidence,tradeoff,candour\nada,7,10,3,0,7\n", encoding="utf-8"
    )
    out = tmp_path / "capstone.csv"
    command = [str(a_class), "--capstone", "--out", str(out), "--feedback", str(tmp_path / "pages")]
    assert grade_main([*command, "--rubric", str(rubric)]) == 0
    with open(out, newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    ada = rows["ada"]
    assert (ada["model"], ada["answers"], ada["rubric"]) == ("5", "8", "27"), ada
    assert int(ada["total"]) == int(ada["machine"]) + 27 and ada["status"] == "graded"
    assert (ada["control"], ada["rubric control"]) == ("6", "10")
    assert rows["bert"]["answers"] == "0" and rows["bert"]["status"] == "rubric missing"
    assert rows["bert"]["total"] == ""
    assert rows["carl"]["model"] == "0"
    assert rows["dora"]["status"] == rows["emil"]["status"] == "tampered"
    assert rows["fred"]["status"] == "missing"
    template = (tmp_path / "capstone.rubric.csv").read_text(encoding="utf-8")
    assert template.splitlines()[:3] == [
        "student,question,control,evidence,tradeoff,candour",
        "ada,7,10,3,0,7",
        "bert,,,,,",
    ]
    pages = {path.name[:3]: path.read_text("utf-8") for path in (tmp_path / "pages").iterdir()}
    assert len(pages) == 6 and "ms beside the teacher's" in pages["ada"], pages["ada"]


# -- models on disk ---------------------------------------------------------------------------


@pytest.mark.parametrize("int8", [False, True])
def test_a_model_is_read_as_it_was_written(tmp_path, student, int8):
    model, tokenizer = student
    size = model_files.write_model(tmp_path / "model", model, tokenizer, CLASSES, int8=int8)
    files = model_folder.read_files(tmp_path / "model", capstone.brief("A"))
    assert size == sum(map(len, files.values()))
    again, reads = model_files.build(files, CLASSES)
    texts = [row["text"] for row in ROWS]
    assert reads(texts)["input_ids"] == tokenizer(texts)["input_ids"]
    difference = answering.said(again, reads, CLASSES, texts) - answering.said(
        model, tokenizer, CLASSES, texts
    )
    assert abs(difference).max() < (0.02 if int8 else 0.002)


def test_int8_is_about_half_of_half_precision(tmp_path):
    model, tokenizer = small_student(hidden_size=96, num_attention_heads=3)
    sizes = [
        model_files.write_model(tmp_path / str(int8), model, tokenizer, CLASSES, int8=int8)
        - len(tokenizer.backend_tokenizer.to_str())
        for int8 in (False, True)
    ]
    assert 0.45 < sizes[1] / sizes[0] < 0.65


def test_a_shared_tensor_is_written_once(tmp_path):
    """A translator's output layer is its target's embeddings, once more."""
    from kd_course import translation

    brief = capstone.brief("B")
    _, tokenizer = model_files.build(model_files.teacher_files(brief), brief.task)
    model = translation.translator("tiny", tokenizer, seed=0).eval()
    model_files.write_model(tmp_path / "model", model, tokenizer, brief.task)
    files = model_folder.read_files(tmp_path / "model", brief)
    again, reads = model_files.build(files, brief.task)
    table = again.get_output_embeddings().weight
    assert torch.equal(table, again.get_decoder().get_input_embeddings().weight)
    assert len(files["model.safetensors"]) < 2.1 * sum(p.numel() for p in model.parameters())
    assert answering.said(again, reads, brief.task, ["He bought a book."]) == answering.said(
        model.half().float(), tokenizer, brief.task, ["He bought a book."]
    )


def test_a_class_that_is_not_allowed_is_not_written(tmp_path):
    model, tokenizer = small_student()
    with pytest.raises(capstone.Refused, match="MarianMTModel can"):
        model_files.write_model(tmp_path / "model", model, tokenizer, "translation")


# -- briefs -----------------------------------------------------------------------------------


def test_five_briefs_each_with_a_budget():
    assert list(capstone.BRIEFS) == list("ABCDE")
    for brief in capstone.BRIEFS.values():
        assert brief.title in str(brief) and f"{brief.budget.size:,}" in str(brief)
        assert 0 < brief.budget.latency < 1
    with pytest.raises(KeyError, match="a translator at two thirds"):
        capstone.brief("Z")


def test_what_a_brief_needs_and_has_not_is_named():
    missing = replace(capstone.brief("D"), needs="kd_course.corpora.headlines_of_tomorrow")
    with pytest.raises(ModuleNotFoundError, match="lesson 14"):
        missing.corpus()


def real_news(monkeypatch, test, train=("Costs rose.",)):
    """Brief E with three test rows, and the hub's data set with these texts."""
    import datasets

    from kd_course.corpora import hub

    splits = {"train": train, "validation": ["Orders were placed."], "test": test}
    data = {
        name: datasets.Dataset.from_dict({"text": list(texts), "label": [0] * len(texts)})
        for name, texts in splits.items()
    }
    monkeypatch.setattr(hub, "load_dataset", lambda identifier: datasets.DatasetDict(data))
    return replace(capstone.brief("E"), test_rows=3)


def test_what_the_hub_has_in_two_splits_is_not_trained_on(monkeypatch):
    """Nobody who may not look at the test could take it out, and the check for leaks would find it."""
    train = ["Costs rose.", "PROFIT  fell!", "Profit fell in May."]
    data = real_news(monkeypatch, ["Profit fell.", "Sales fell.", "It is open."], train).data()
    assert data["train"]["text"][:] == ["Costs rose.", "Profit fell in May."]
    assert set(data) == {"train", "validation"} and len(data["validation"]) == 1


def test_too_few_test_rows_are_told_before_anything_is_trained(monkeypatch):
    with pytest.raises(ValueError, match="there are 2 test rows, but brief E is judged on 3"):
        real_news(monkeypatch, ["Profit fell.", "Sales fell."]).data()


def test_without_the_hub_brief_e_does_not_advise_a_scale_that_needs_it_too(monkeypatch):
    from kd_course.corpora import hub
    from kd_course.downloads import WAY_ON, HubError

    def unreachable(identifier):
        raise HubError(f"{identifier}: the hub cannot be reached. {WAY_ON}")

    monkeypatch.setattr(hub, "load_dataset", unreachable)
    with pytest.raises(HubError, match="another brief: E needs the hub") as raised:
        capstone.brief("E").data()
    assert "KD_SCALE=offline" not in str(raised.value)


def test_what_an_answer_is_worth():
    from kd_course.corpora import parallel

    brief = capstone.brief("B")
    source = parallel.load(0, sizes={"train": 1, "validation": 0, "test": 0})["train"][0]
    pair = source["translation"]
    rows = [{"text": pair["en"]}] * 2
    assert list(capstone.scores(brief, rows, [pair["zh"], "不对"])) == [1.0, 0.0]
    question = {"text": "a passage", "question": "who?", "answers": ["Anna Berg", "Berg"]}
    reads = capstone.brief("C")
    assert list(capstone.scores(reads, [question] * 2, ["Berg", "Lund"])) == [1.0, 0.0]
    with pytest.raises(ValueError, match="one entry a row"):
        capstone.scores(brief, rows, ["不对"])


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        ("A", {"text", "label"}),
        ("B", {"text"}),
        ("C", {"text", "question", "answers"}),
        ("D", {"text", "label"}),
    ],
)
def test_validation_rows_are_read_as_test_rows_are(key, columns):
    brief = capstone.brief(key)
    corpus = brief.corpus()
    few = dict.fromkeys(corpus.SIZES, 0) | {"validation": 3}
    rows = brief.rows(corpus.load(0, sizes=few)["validation"])
    assert rows and all(set(row) == columns for row in rows)
    answers = [0] * len(rows) if brief.task == CLASSES else ["nothing"] * len(rows)
    assert len(capstone.scores(brief, rows, answers)) == len(briefs.asked(brief.task, rows))


def test_no_label_and_no_answer_reaches_a_model():
    question = {"text": "a passage", "question": "who?", "answers": ["Anna Berg"]}
    asked = [
        briefs.asked(CLASSES, ROWS),
        briefs.asked(briefs.ANSWERS, [question]),
        briefs.asked(briefs.TRANSLATION, [{"text": "He came."}]),
    ]
    assert asked[0] == [row["text"] for row in ROWS]
    assert asked[1:] == [[["who?", "a passage"]], ["He came."]]


# -- commands ---------------------------------------------------------------------------------


def test_the_command_checks_a_folder(finished, capsys, tmp_path):
    assert check_main(["15", str(finished)]) == 1  # the answers are not those of the model
    printed = capsys.readouterr().out
    assert "✗ answers   0 of 8" in printed and "✓ control   6 of 6" in printed
    assert check_main(["15", str(tmp_path / "nothing")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_a_model_that_does_not_load_is_asked_once(finished):
    asked = []
    said = failing(finished, lambda *_: asked.append(1) or {"refused": "it does not load"})
    assert {"model", "answers", "latency"} <= set(said) and len(asked) == 1
