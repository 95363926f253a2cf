"""The switches are read in one place, and a bad value is named before anything runs."""

import pytest

from kd_course import settings
from kd_course.corpora import classification


@pytest.fixture(autouse=True)
def no_switches(monkeypatch):
    for name in (
        "KD_SCALE",
        "KD_SEEDS",
        "KD_MAPS",
        "KD_MAX_STEPS",
        "KD_LIMIT",
        "KD_RETRAIN",
        "KD_DATASET",
    ):
        monkeypatch.delenv(name, raising=False)


def test_without_switches_it_is_offline_one_seed_whole(monkeypatch):
    switches = settings.switches()
    assert (switches.scale, switches.seeds, switches.shortened) == ("offline", (0,), False)


def test_a_limit_or_a_last_step_makes_a_run_a_test_of_the_path(monkeypatch):
    monkeypatch.setenv("KD_MAX_STEPS", "3")
    assert settings.switches().shortened
    monkeypatch.delenv("KD_MAX_STEPS")
    monkeypatch.setenv("KD_LIMIT", "10")
    assert settings.switches().shortened


@pytest.mark.parametrize(
    ("name", "value"),
    [("KD_SCALE", "huge"), ("KD_SEEDS", "two"), ("KD_LIMIT", "-1"), ("KD_MAX_STEPS", "0")],
)
def test_a_bad_value_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"{name} must be .*{value}"):
        settings.switches()


@pytest.mark.parametrize("scale", settings.SCALES)
def test_every_scale_tunes_every_arm_on_a_grid_of_one_size_that_holds_its_recipe(
    monkeypatch, scale
):
    monkeypatch.setenv("KD_SCALE", scale)
    setting = settings.for_lesson("06")
    for arm, recipe in setting.recipes.items():
        if arm != "teacher":
            assert recipe in setting.grid(arm), arm
    assert {"control", "distilled"} <= set(setting.recipes)


def test_a_lesson_without_settings_says_which_have_them():
    with pytest.raises(KeyError, match="06"):
        settings.for_lesson("02")


def test_leaks_are_found_whatever_the_case_and_the_spaces():
    assert classification.leaks(
        ["Profit rose."], ["profit  ROSE. ", "Profit rose. Sales fell."]
    ) == [0]


def test_hidden_labels_join_with_shown_ones():
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b"])})
    rows = Dataset.from_dict({"text": ["x", "y"], "label": [1, 0]}, features=features)
    joined = classification.join(rows, classification.hide_labels(rows))
    assert joined["label"][:] == [1, 0, -100, -100]


def test_another_data_set_is_one_switch_for_every_lesson_and_none_offline(monkeypatch):
    monkeypatch.setenv("KD_DATASET", "stanfordnlp/sst2")
    assert settings.switches().dataset == ""
    monkeypatch.setenv("KD_SCALE", "small")
    for lesson in ("01", "05", "06"):
        assert settings.for_lesson(lesson).dataset == "stanfordnlp/sst2"
    monkeypatch.setenv("KD_DATASET", settings.HUB_DATA)
    assert settings.switches().dataset == ""
