"""The shipped teachers are what the ledger says they are."""

import json
from dataclasses import asdict, replace

import pytest
from tokenizers import Tokenizer
from tokenizers.models import BPE

from kd_course import experiments, metrics, models, spans, teachers
from kd_course.corpora import reading
from kd_course.distillation import predict_spans
from kd_course.models import SHIPPED


@pytest.mark.parametrize(
    "name",
    [
        "news",
        *(
            pytest.param(name, marks=pytest.mark.thorough)
            for name in ("translation", "reading", "headlines", "ranking")
        ),
    ],
)
def test_the_shipped_weights_give_the_ledgers_figures(name):
    report = teachers.measure(name).as_dict()
    rows = experiments.ledger().compare(report)
    assert {row["verdict"] for row in rows} == {"inside"}, rows


def test_the_shipped_reader_answers_as_the_ledger_says():
    """Two hundred of the questions: what `make test` sees of the test above."""
    model, tokenizer = models.load_reader("reading")
    asked = reading.load(seed=0, level="plain")["test"].select(range(200))
    contexts = asked["context"][:]
    columns = spans.windows(
        tokenizer, asked["question"][:], contexts, length=256, stride=64, mark_shared=True
    )
    logits = predict_spans(model, spans.rows(columns), tokenizer)
    found = spans.texts(spans.best_answers(columns, contexts, *logits, n=1))
    f1 = metrics.f1(found, [answer["text"] for answer in asked["answers"]]).mean()
    (expected,) = experiments.ledger().values("teacher-reading/offline/test/F1")
    assert abs(f1 - expected) < 0.03


@pytest.mark.parametrize("name", sorted(teachers.RECIPES))
def test_a_shipped_teacher_is_at_most_ten_megabytes_and_the_late_ones_four(name):
    most = 4e6 if name in ("headlines", "ranking") else 10e6
    assert sum(p.stat().st_size for p in (SHIPPED / name).rglob("*") if p.is_file()) <= most


@pytest.mark.parametrize("spaces", [False, True])
def test_a_tokenizer_is_the_same_in_fewer_bytes(spaces, tmp_path):
    """Also where a token holds a space, so that "a b" would not say of which two it is made."""
    words, merges = {"a": 0, "c": 1, "ac": 2}, [("a", "c")]
    if spaces:
        words, merges = {**words, " b": 3, "a b": 4}, [*merges, ("a", " b")]
    before, file = Tokenizer(BPE(words, merges)), tmp_path / "tokenizer.json"
    before.save(str(file))
    size = file.stat().st_size
    teachers._shorten(file)
    after = Tokenizer.from_file(str(file))
    assert after.to_str() == before.to_str() and file.stat().st_size < size


@pytest.mark.parametrize("name", sorted(teachers.RECIPES))
def test_the_recipe_beside_the_weights_is_the_one_that_makes_them(name):
    recipe = json.loads(json.dumps(asdict(teachers.RECIPES[name])))  # tuples read as lists
    assert teachers.notes(teachers.obtain(name))["recipe"] == recipe


def test_a_name_that_is_not_shipped_is_left_to_the_hub():
    assert teachers.obtain("google-bert/bert-base-uncased") == "google-bert/bert-base-uncased"


def test_a_teacher_is_trained_again_once_and_then_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("KD_CACHE", str(tmp_path))
    trained = []

    def train(name, folder, **_):
        trained.append(name)
        folder.mkdir(parents=True)
        (folder / "recipe.json").write_text(json.dumps({}))
        return folder

    monkeypatch.setattr(teachers, "train", train)
    first = teachers.obtain("news", retrain=True)
    assert teachers.obtain("news", retrain=True) == first and trained == ["news"]
    assert str(tmp_path) in first


SHORT = {  # what a test changes of a recipe
    "reading": dict(size="mini", vocabulary=400, stages=(("plain", 6, 2),)),
    "translation": dict(size="tiny", vocabulary=(300, 600), pairs=160, epochs=1),
    "headlines": dict(size="mini", vocabulary=300, texts=80, steps=2),
}


@pytest.mark.parametrize("name", sorted(SHORT))
def test_checkpoints_of_a_teacher_that_read_another_corpus_are_not_gone_on_from(
    name, tmp_path, monkeypatch
):
    """The corpus changes with the course, the recipe may not: then training starts anew."""
    from kd_course.corpora import headlines, parallel, reading

    maker = teachers.MAKERS[name]
    recipe = replace(maker.RECIPE, **SHORT[name])
    if name == "reading":
        corpus, other = reading, reading.teacher_corpus(recipe.seed + 1, 6, level="plain")
    elif name == "headlines":
        corpus, other = headlines, headlines.teacher_corpus(recipe.seed + 1, 80)
    else:
        corpus, other = parallel, parallel.teacher_corpus(seed=recipe.seed + 1, size=160)
    maker.fit(
        recipe, tmp_path / "cache", quiet=True
    )  # leaves its checkpoints, as a killed run does
    monkeypatch.setattr(corpus, "teacher_corpus", lambda *_, **__: other)
    again, *_ = maker.fit(recipe, tmp_path / "cache", quiet=True)
    anew, *_ = maker.fit(recipe, tmp_path / "nothing there", quiet=True)
    for weights, expected in zip(again.parameters(), anew.parameters(), strict=True):
        assert weights.equal(expected)
