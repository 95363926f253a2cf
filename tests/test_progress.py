"""Progress is kept on the learner's machine, whole or not at all, and shown where it helps."""

from __future__ import annotations

import json

import pytest

from kd_course.commands.standing import main
from kd_course.exercises import check, find, hint, hints, of_lesson, progress, show_progress


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The file of a learner's progress, which is not there yet."""
    monkeypatch.setenv("KD_PROGRESS", str(tmp_path / "own"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "own" / "progress.json"


def test_what_passes_is_kept_with_its_date_and_what_fails_is_not(kept):
    check("00.2", 0.5)
    assert not kept.exists()
    check("00.2", 0.87 / 0.9)
    entry = json.loads(kept.read_text())["passed"]["00.2"]
    assert set(entry) == {"date", "of"}
    check("00.2", 0.5)  # a pass stays a pass
    assert json.loads(kept.read_text())["passed"]["00.2"] == entry


@pytest.mark.parametrize(
    "setting",
    [
        {"KD_PROGRESS": "0"},
        {"NBGRADER_EXECUTION": "validate"},
        {"JPY_SESSION_NAME": "/course/solutions/00_start_here.ipynb"},
    ],
)
def test_nothing_is_kept_where_it_would_not_be_the_learners_own(kept, monkeypatch, setting):
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    check("00.2", 0.87 / 0.9)
    assert not kept.exists()


def test_the_standing_tells_what_is_passed_what_has_changed_and_where_to_go_on(
    kept, monkeypatch, capsys
):
    check("00.2", 0.87 / 0.9)
    standing = {one.exercise.id: one for one in progress.standings("00")}
    assert standing["00.2"].passed and not standing["00.2"].changed
    assert not standing["00.1"].passed
    assert progress.go_on_with(progress.standings()).exercise.id == "00.3"

    content = json.loads(kept.read_text())
    content["passed"]["00.2"]["of"] = "another"
    kept.write_text(json.dumps(content))
    assert main(["00"]) == 0
    told = capsys.readouterr().out
    assert "changed since" in told and "Go on with 00.3" in told
    check("00.2", 0.87 / 0.9)  # and passing it again puts it right
    assert not any(one.changed for one in progress.standings("00"))


def test_the_command_lists_every_lesson_and_says_where_things_are(kept, capsys):
    assert main([]) == 0
    told = capsys.readouterr().out
    assert f"0 of {len(of_lesson('03'))}" in told and str(kept.parent) in told
    assert main(["77"]) == 2


def test_a_damaged_file_is_put_aside_and_told_not_lost(kept, capsys):
    kept.parent.mkdir()
    kept.write_text('{"passed": {"00.2"')
    check("00.2", 0.87 / 0.9)
    assert "damaged" in capsys.readouterr().out
    (aside,) = kept.parent.glob("progress.damaged-*.json")
    assert aside.read_text() == '{"passed": {"00.2"'
    assert "00.2" in json.loads(kept.read_text())["passed"]


def test_a_folder_that_cannot_be_written_costs_nobody_a_right_answer(kept, capsys):
    kept.parent.write_text("a file stands in its place")
    check("00.2", 0.87 / 0.9)
    told = capsys.readouterr().out
    assert "passed" in told and "could not be kept" in told


def test_an_assignment_keeps_its_own_also_when_it_is_moved(kept, tmp_path, monkeypatch):
    from kd_course.exercises import sealed
    from kd_course.exercises.engine import public_sheet

    def right(logits, temperature):
        return (logits / temperature).softmax(-1)

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    (tmp_path / "one" / "00_checks.npz").write_bytes(sealed.seal([public_sheet("00.1")]))
    check("00.1", right)
    assert [bool(one.passed) for one in progress.standings()] == [True]
    (tmp_path / "one" / "00_checks.npz").rename(tmp_path / "two" / "00_checks.npz")
    monkeypatch.chdir(tmp_path / "two")
    assert [bool(one.passed) for one in progress.standings("00")] == [True]
    monkeypatch.chdir(tmp_path)
    assert not any(one.passed for one in progress.standings("00"))


def test_a_notebook_shows_a_table_and_a_picture_with_its_text(kept, capsys):
    check("00.2", 0.87 / 0.9)
    show_progress("00")
    told = capsys.readouterr().out
    assert find("00.2").title in told and f"lesson 00: 1 of {len(of_lesson('00'))}" in told


def test_a_fingerprint_is_the_same_on_another_processor_and_another_for_another_exercise():
    from kd_course.exercises.engine import public_sheet

    first, second = (public_sheet(id) for id in ("00.1", "00.2"))
    assert progress.fingerprint(first) == progress.fingerprint(public_sheet("00.1"))
    assert progress.fingerprint(first) != progress.fingerprint(second)


# -- help -------------------------------------------------------------------------------------


def test_help_comes_in_stages_when_it_is_asked_for(capsys):
    exercise = find("00.1")
    stages = hints.stages_of(exercise)
    assert stages[:-1] == [exercise.question, exercise.hint] and "00_start_here" in stages[-1]
    hints._asked.clear()
    for text in (*stages, stages[0]):
        hint("00.1")
        assert text in capsys.readouterr().out
    hint("00.1", 2)
    assert stages[1] in capsys.readouterr().out
    with pytest.raises(ValueError, match="1 to 3"):
        hint("00.1", 4)


def test_a_failing_check_offers_help_and_does_not_pour_it_out(capsys):
    check("00.1", lambda logits, temperature: logits * 0 + 0.7)
    told = capsys.readouterr().out
    assert 'hint("00.1")' in told and find("00.1").hint not in told


def test_an_assignment_has_no_worked_edition():
    assert "Ask your teacher" in hints.stages_of(find("00.1"), assigned=True)[-1]
