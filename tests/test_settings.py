"""The switches are read in one place, and a bad value is named before anything runs."""

from dataclasses import dataclass

import numpy as np
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
    ("text", "on"), [("1", True), ("true", True), ("false", False), ("0", False), ("", False)]
)
def test_false_means_off(monkeypatch, text, on):
    monkeypatch.setenv("KD_RETRAIN", text)
    assert settings.switches().retrain is on


def test_a_misspelt_switch_is_named_and_others_variables_are_left_alone(monkeypatch):
    monkeypatch.setenv("KD_SOMETHING_ELSE", "1")
    settings.switches()
    monkeypatch.setenv("KD_RETRIAN", "1")
    with pytest.raises(ValueError, match="KD_RETRIAN .*KD_RETRAIN must be meant"):
        settings.switches()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KD_MAPS", "maybe"),
        ("KD_SCALE", "huge"),
        ("KD_SEEDS", "two"),
        ("KD_LIMIT", "-1"),
        ("KD_MAX_STEPS", "0"),
    ],
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


def test_on_film_reviews_teacher_and_students_have_the_same_few_labels(monkeypatch):
    monkeypatch.setenv("KD_SCALE", "small")
    monkeypatch.setenv("KD_DATASET", "stanfordnlp/sst2")
    setting = settings.for_lesson("06")
    assert (setting.labelled, setting.teacher_labels, setting.pool) == (2000, 0, "own")
    arms = {"control", "distilled", "distilled, more text", "hard answers"}
    assert set(setting.recipes) == arms | {"teacher"}
    assert all(setting.recipes[arm] in setting.grid(arm) for arm in arms)
    assert len({setting.recipes[arm].steps for arm in arms}) == 1


def test_settings_print_as_a_table_a_row_each_and_none_reads_as_all():
    @dataclass(frozen=True)
    class Some(settings.LessonSettings):
        labelled: int | None
        width: str
        recipes: dict

    some = Some(settings.Switches("small"), None, "007", {"control": settings.Recipe(0.5, 3)})
    assert str(some).splitlines() == [
        "scale            small",
        "labelled         all",
        "width            007",
        "recipe: control  learning rate 0.5, 3 steps",
    ]


def test_a_lesson_without_settings_says_which_have_them():
    with pytest.raises(KeyError, match="06"):
        settings.for_lesson("02")


def test_leaks_are_found_whatever_the_case_and_the_spaces():
    assert classification.leaks(
        ["Profit rose."], ["profit  ROSE. ", "Profit rose. Sales fell."]
    ) == [0]


def test_leaks_that_differ_in_a_figure_are_found_where_figures_are_taken_as_alike():
    tests, pool = ["Up 3.5 % on 2019."], ["up 12.07 % on 4.", "Up % on 2019.", "Up 3.5 % on 2019."]
    assert classification.leaks(tests, pool, figures=False) == [0, 2]
    assert classification.leaks(tests, pool) == [2]


def test_hidden_labels_join_with_shown_ones():
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b"])})
    rows = Dataset.from_dict({"text": ["x", "y"], "label": [1, 0]}, features=features)
    joined = classification.join(rows, classification.hide_labels(rows))
    assert joined["label"][:] == [1, 0, -100, -100]


@pytest.fixture
def ten_real_sentences(monkeypatch):
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    from kd_course.corpora import hub

    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b", "c"])})
    texts = [f"real sentence {i}" for i in range(10)]
    rows = Dataset.from_dict({"text": texts, "label": [0, 1] * 5}, features=features)
    monkeypatch.setattr(hub, "load_dataset", lambda name: DatasetDict(train=rows, test=rows))


def test_more_text_is_training_sentences_beyond_the_labelled_ones(ten_real_sentences):
    data = classification.load("a/b", labelled=6, transfer=4)
    together = data["train"]["text"][:] + data["unlabelled"]["text"][:]
    assert sorted(together) == [f"real sentence {i}" for i in range(10)]
    assert len(data["train"]) == 6 and set(data["unlabelled"]["label"]) == {-100}


def test_data_of_other_classes_are_brought_to_the_common_ones_by_name(ten_real_sentences):
    data = classification.load("a/b", only=("b", "a"))
    assert data["train"].features["label"].names == ["b", "a"]
    for text, label in zip(data["train"]["text"], data["train"]["label"]):
        assert label == (0 if int(text.split()[-1]) % 2 else 1)  # "b" is what had the label 1
    assert len(classification.load("a/b", only=("a",))["test"]) == 5
    with pytest.raises(ValueError, match=r"no class \['d'\]"):
        classification.load("a/b", only=("a", "d"))
    with pytest.raises(ValueError, match="keeps its classes"):
        classification.load("news", only=("negative",))


def test_a_limited_run_asks_for_no_more_than_its_limit(ten_real_sentences):
    data = classification.load("a/b", labelled=2000, transfer=63_000, limit=5)
    assert (len(data["train"]), len(data["unlabelled"])) == (5, 5)
    assert not set(data["train"]["text"]) & set(data["unlabelled"]["text"])


def test_hard_answers_are_the_teachers_first_choices_as_labels(ten_real_sentences):
    rows = classification.load("a/b", labelled=6, transfer=4)["unlabelled"]
    logits = np.eye(3)[[2, 0, 1, 1]]
    answered = classification.with_answers(rows, logits)
    assert answered["label"][:] == [2, 0, 1, 1] and answered["text"][:] == rows["text"][:]
    with pytest.raises(ValueError, match="one row a sentence, 4, but has 3"):
        classification.with_answers(rows, logits[:3])


def test_more_text_can_come_from_the_generated_headlines(ten_real_sentences):
    data = classification.load("a/b", transfer=40, pool="news")
    assert len(data["train"]) == 10 and set(data["unlabelled"]["label"]) == {-100}
    own = classification.load("news", transfer=40)["unlabelled"]["text"][:]
    assert data["unlabelled"]["text"][:] == own
    assert len(classification.join(data["train"], data["unlabelled"])) == 50


def test_more_text_than_there_is_and_a_pool_that_is_none_are_refused(ten_real_sentences):
    with pytest.raises(ValueError, match="transfer asks for 1 sentences .* but there are 0"):
        classification.load("a/b", transfer=1)
    with pytest.raises(ValueError, match='pool must be "own" or "news", but is \'sst2\''):
        classification.load("a/b", pool="sst2")


def test_another_data_set_is_one_switch_for_every_lesson_and_none_offline(monkeypatch):
    monkeypatch.setenv("KD_DATASET", "stanfordnlp/sst2")
    assert settings.switches().dataset == ""
    monkeypatch.setenv("KD_SCALE", "small")
    for lesson in ("01", "05", "06"):
        assert settings.for_lesson(lesson).dataset == "stanfordnlp/sst2"
    monkeypatch.setenv("KD_DATASET", settings.HUB_DATA)
    assert settings.switches().dataset == ""
