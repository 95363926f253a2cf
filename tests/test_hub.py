"""The hub, well and unwell: kd_course.corpora.hub and kd_course.downloads.

Each test has a stand-in for the hub, a process of its own and an empty cache. The process tries,
waits for a word, and tries again, as a learner does who runs the cell once more.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_contents import NEWS, PAIRS, QUESTIONS, REVIEWS, rows, tables, write_classifier

# Prints one line of JSON an attempt; tries once for every line it is given. Patience is the same,
# only the clock runs faster.
PREAMBLE = """
import json, sys, time
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.02))
from kd_course import downloads
from kd_course.corpora import hub

def answer(call):
    try:
        result = {"value": call()}
    except downloads.HubError as error:
        result = {"error": str(error)}
    print(json.dumps(result), flush=True)

def news():
    data = hub.load_dataset("atrost/financial_phrasebank")
    return {
        "rows": data.num_rows, "names": data["train"].features["label"].names,
        "columns": data["train"].column_names, "first": data["test"][0],
    }

def pairs():
    data = hub.load_translation()
    return {"rows": data.num_rows, "columns": data["train"].column_names, "first": data["test"][0]}

def questions():
    data = hub.load_questions()
    return {"rows": data.num_rows, "columns": data["train"].column_names, "first": data["test"][0]}

def model():
    from transformers import AutoModelForSequenceClassification
    return downloads.fetch("somebody/model", lambda: int(
        AutoModelForSequenceClassification.from_pretrained("somebody/model").num_parameters()))
"""


class Learner:
    """A process that runs one cell, again and again."""

    def __init__(self, cell: str, environment: dict[str, str], preamble: str):
        script = f"{preamble}\nfor line in sys.stdin:\n    answer(lambda: {cell})\n"
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self) -> dict:
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(
                f"the cell raised what is no HubError:\n{self.process.communicate()[1][-3000:]}"
            )
        return json.loads(line)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def learner(tmp_path):
    started = []

    def start(hub, cell: str, *, preamble: str = PREAMBLE, **environment: str) -> Learner:
        started.append(Learner(cell, hub.environment(tmp_path / "home") | environment, preamble))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_the_columns_are_mapped(make_hub, learner):
    value = learner(make_hub(), "news()").run()["value"]
    assert value["columns"] == ["text", "label"]
    assert value["names"] == ["negative", "neutral", "positive"]
    assert value["rows"] == rows(NEWS)
    first = tables(NEWS)["test"].to_pylist()[0]
    assert value["first"] == {"text": first["sentence"].strip(), "label": first["label"]}
    assert first["sentence"] != first["sentence"].strip()


def test_sst2_gets_a_validation_split_whose_texts_training_never_sees(make_hub, learner):
    cell = """(lambda data, plain: {
        "rows": data.num_rows, "names": data["train"].features["label"].names,
        "different": {split: len(texts) for split, texts in plain.items()},
        "shared": len(plain["train"] & plain["validation"]),
        "unstripped": sum(t != t.strip() for t in data["train"]["text"]),
        "limited": hub.load_dataset("stanfordnlp/sst2", limit=7).num_rows,
    })(*(lambda data: (data, {
        split: set(map(str.lower, rows["text"])) for split, rows in data.items()
    }))(hub.load_dataset("stanfordnlp/sst2")))"""
    value = learner(make_hub(), cell).run()["value"]
    served = tables(REVIEWS)["train"]["sentence"].to_pylist()
    different = len({text.strip().lower() for text in served})
    assert different < len(served), "some occur again, in another case"
    assert value["names"] == ["negative", "positive"]
    assert value["rows"]["validation"] == value["different"]["validation"] == 2000
    assert value["different"]["train"] == different - 2000
    assert value["different"]["train"] < value["rows"]["train"] < len(served) - 2000
    assert value["rows"]["test"] == rows(REVIEWS)["validation"]
    assert value["shared"] == value["unstripped"] == 0
    assert value["limited"] == {"train": 7, "validation": 7, "test": 7}


def test_sentence_pairs_keep_opus_100s_schema(make_hub, learner):
    value = learner(make_hub(), "pairs()").run()["value"]
    assert value["rows"] == rows(PAIRS)
    assert value["columns"] == ["translation"]
    first = tables(PAIRS)["test"]["translation"].to_pylist()[0]
    assert value["first"]["translation"] == {side: first[side].strip() for side in ("en", "zh")}
    assert all(text != text.strip() for text in first.values())
    cell = """(lambda data: {
        "rows": data.num_rows,
        "features": str(data["train"].features),
        "bare": sum(t != t.strip() or not t for row in data["train"]["translation"]
                    for t in row.values()),
        "same": data["train"][:] == hub.load_translation(limit=7)["train"][:],
        "other": data["train"][:] == hub.load_translation(limit=7, seed=1)["train"][:],
    })(hub.load_translation("Helsinki-NLP/opus-100", config="en-zh", limit=7))"""
    value = learner(make_hub(), cell).run()["value"]
    assert value["rows"] == {"train": 7, "validation": 7, "test": 7}
    assert "Translation(languages=['en', 'zh'])" in value["features"]
    assert value["bare"] == 0 and value["same"] and not value["other"]


def test_squads_validation_split_holds_articles_that_training_never_sees(make_hub, learner):
    cell = """(lambda data, small, other: {
        "rows": data.num_rows, "columns": data["train"].column_names,
        "titles": {split: sorted(set(rows["title"])) for split, rows in data.items()},
        "read before": len(set(data["test"]["context"])
                           & {*data["train"]["context"], *data["validation"]["context"]}),
        "misplaced": sum(context[start:start + len(text)] != text
                         for rows in data.values() for context, answers in
                         zip(rows["context"], rows["answers"])
                         for text, start in zip(answers["text"], answers["answer_start"])),
        "limited": small.num_rows, "small": set(small["train"]["title"]) <= set(data["train"]["title"]),
        "same": small["train"][:] == hub.load_questions(limit=7)["train"][:],
        "other": sorted(set(other["validation"]["title"])),
    })(hub.load_questions(), hub.load_questions(limit=7), hub.load_questions(seed=1))"""
    value = learner(make_hub(), cell).run()["value"]
    titles = value["titles"]
    assert value["columns"] == ["id", "title", "context", "question", "answers"]
    assert value["rows"]["train"] + value["rows"]["validation"] == rows(QUESTIONS)["train"]
    assert value["rows"]["test"] == rows(QUESTIONS)["validation"]
    served = set(tables(QUESTIONS)["train"]["title"].to_pylist())
    assert {*titles["train"], *titles["validation"]} == served
    assert len(titles["validation"]) == round(0.1 * len(served)) == 2
    assert not set(titles["train"]) & set(titles["validation"])
    assert value["read before"] == 0
    assert value["other"] != titles["validation"]
    assert value["misplaced"] == 0
    assert value["limited"] == {"train": 7, "validation": 7, "test": 7}
    assert value["small"] and value["same"], "validation is taken out before rows are limited"


@pytest.mark.parametrize("cell", ["news()", "pairs()", "questions()", "model()"])
def test_faults_are_named_and_the_next_attempt_works(make_hub, learner, tiny_model, cell):
    hub = make_hub()
    hub.add_model("somebody/model", tiny_model)
    notebook = learner(hub, cell)
    names = {
        "news()": NEWS,
        "pairs()": PAIRS,
        "questions()": QUESTIONS,
        "model()": "somebody/model",
    }
    for fault, said in {
        ("off", 1): "HTTP 503",
        ("503", 1): "HTTP 503",
        ("drop", 1): "connection broke in the middle of a download",
    }.items():
        hub.fault = fault
        error = notebook.run()["error"]
        assert said in error
        assert "KD_SCALE=offline" in error
        assert names[cell] in error
    hub.fault = ("none", 1)
    assert "value" in notebook.run()
    assert "value" in learner(hub, cell).run(), (
        "nor does a fresh process take half a file for whole"
    )


@pytest.mark.parametrize("fault", [("drop", 2), ("503", 2)], ids=["drop", "503"])
def test_an_occasional_fault_is_not_noticed(make_hub, learner, fault):
    hub = make_hub()
    hub.fault = fault
    assert learner(hub, "news()").run()["value"]["rows"] == rows(NEWS)
    assert learner(hub, "pairs()").run()["value"]["rows"] == rows(PAIRS)
    test = learner(hub, "questions()").run()["value"]["rows"]["test"]
    assert test == rows(QUESTIONS)["validation"]


@pytest.mark.parametrize("cell", ["news()", "pairs()", "questions()", "model()"])
def test_without_a_network(make_hub, learner, cell):
    hub = make_hub()
    nobody_there = learner(hub, cell, HF_ENDPOINT="http://127.0.0.1:9").run()["error"]
    assert "cannot be reached" in nobody_there
    assert "KD_SCALE=offline" in nobody_there
    switched_off = learner(hub, cell, HF_HUB_OFFLINE="1").run()["error"]
    assert "HF_HUB_OFFLINE" in switched_off
    assert "KD_SCALE=offline" in switched_off


# Whoever is connected to is never answered, as behind a firewall. Only the brief question's seconds pass.
SILENT = """
import socket
import os
ear = socket.create_server(("127.0.0.1", 0))
os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{ear.getsockname()[1]}"
"""


@pytest.mark.parametrize("cell", ["news()", "model()"])
def test_a_silent_hub_is_told_of_in_seconds(make_hub, learner, cell):
    silent = learner(make_hub(), cell, preamble=SILENT + PREAMBLE)
    error = silent.run()["error"]
    assert "the hub cannot be reached: no answer within 6 s, as behind a firewall" in error
    assert "KD_SCALE=offline" in error


def test_what_is_in_the_cache_is_taken_while_the_hub_is_silent(make_hub, learner):
    hub = make_hub()
    before = learner(hub, "news()").run()["value"]
    assert learner(hub, "news()", preamble=SILENT + PREAMBLE).run()["value"] == before


def test_a_request_that_nobody_answers_any_more_ends():
    from huggingface_hub.utils import get_session

    from kd_course import silence

    before = get_session().timeout
    with silence.patience_with_silence():
        assert get_session().timeout.read == silence.SILENCE
    assert get_session().timeout == before


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EROFS, "Read-only file system"), "can be read, but not written"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "used up (quota)"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EIO, "Input/output error"), "cannot be read or written"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be written"),
        (RuntimeError("Could not determine home directory."), "no home folder"),
        (KeyError("getpwuid(): uid not found: 4711"), "no home folder"),
    ],
)
def test_what_the_system_refuses_ends_in_a_sentence(error, told):
    from kd_course.downloads import HubError, reaching

    with pytest.raises(HubError, match=r"somebody/model: .*HF_HOME name a") as raised:
        with reaching("somebody/model"):
            raise ValueError("the library's own words") from error
    assert told in str(raised.value)


def test_a_process_killed_in_a_download_leaves_a_usable_cache(make_hub, learner, tmp_path):
    hub = make_hub()
    # The library's own download, which stops dead with half the file written.
    stops = """
import huggingface_hub.file_download
def http_get(url, temp_file, **options):
    temp_file.write(b"PAR1" + bytes(1000))
    temp_file.flush()
    print("half", flush=True)
    sleep(600)
huggingface_hub.file_download.http_get = http_get
"""
    half_way = learner(hub, "news()", preamble=PREAMBLE + stops)
    half_way.process.stdin.write("run\n")
    half_way.process.stdin.flush()
    assert half_way.process.stdout.readline() == "half\n"
    half_way.close()
    assert list((tmp_path / "home").glob("hub/**/*.incomplete"))
    assert learner(hub, "news()").run()["value"]["rows"] == rows(NEWS)


@pytest.mark.parametrize("where", ["hub/**/blobs/*", "datasets/**/*.arrow"])
@pytest.mark.parametrize("cell", ["news()", "pairs()", "questions()"])
def test_a_damaged_cache_is_redone(make_hub, learner, tmp_path, where, cell):
    hub = make_hub()
    before = learner(hub, cell).run()["value"]
    home = tmp_path / "home"
    if where.startswith("hub"):  # what was made of the files goes too, or nobody would read them
        for arrow in home.glob("datasets/**/*.arrow"):
            arrow.unlink()
    damaged = [p for p in home.glob(where) if p.is_file()]
    assert damaged
    for file in damaged:
        os.truncate(file, file.stat().st_size // 2)
    assert learner(hub, cell).run()["value"] == before


def test_a_damaged_model_file_is_named_and_fetched_anew(make_hub, learner, tiny_model, tmp_path):
    hub = make_hub()
    hub.add_model("somebody/model", tiny_model)
    learner(hub, "model()").run()
    (weights,) = (tmp_path / "home").glob("hub/**/*.safetensors")
    os.truncate(weights, weights.stat().st_size // 2)
    cell_runner = learner(hub, "model()")
    error = cell_runner.run()["error"]
    assert "damaged" in error and "somebody/model" in error
    assert "value" in cell_runner.run()


def test_unknown_names(make_hub, learner):
    hub = make_hub()
    unheard_of = "hub.Source(text='a', label='b', labels=('c', 'd'), licence='none')"
    error = learner(hub, f"hub.load_dataset('no/such', source={unheard_of})").run()["error"]
    assert (
        "no/such" in error and "knows nothing of this name" in error and "KD_SCALE=offline" in error
    )
    error = learner(hub, "hub.load_translation('no/such')").run()["error"]
    assert "no/such" in error and "knows nothing of this name" in error
    unheard_of = "hub.QuestionSource(licence='none')"
    error = learner(hub, f"hub.load_questions('no/such', source={unheard_of})").run()["error"]
    assert "no/such" in error and "knows nothing of this name" in error
    error = learner(hub, "hub.load_translation(config='en-xx')").run()["error"]
    assert "en-xx" in error and "KD_SCALE=offline" in error
    error = learner(hub, "model()").run()["error"]
    assert "somebody/model" in error and "knows nothing of this name" in error


def test_a_data_set_without_a_description_is_not_guessed_at():
    from kd_course.corpora import hub

    with pytest.raises(hub.HubError, match="no/such.*financial_phrasebank.*KD_SCALE=offline"):
        hub.load_dataset("no/such")
    with pytest.raises(hub.HubError, match="no/such.*rajpurkar/squad.*KD_SCALE=offline"):
        hub.load_questions("no/such")
    with pytest.raises(ValueError, match="limit must be at least 1"):
        hub.load_questions(limit=0)
    with pytest.raises(ValueError, match="limit must be at least 1"):
        hub.load_dataset(NEWS, limit=0)


def serve_table(root: Path, columns: dict) -> Path:
    """A root for the stand-in whose Financial PhraseBank is this table, in every split."""
    import pyarrow
    import pyarrow.parquet

    folder = root / "datasets" / NEWS / "data"
    folder.mkdir(parents=True)
    for split in ("train", "validation", "test"):
        pyarrow.parquet.write_table(
            pyarrow.table(columns), folder / f"{split}-00000-of-00001.parquet"
        )
    return root


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"headline": ["up", "down"], "label": [0, 2]}, "'sentence' (text)"),
        ({"sentence": ["up", "down"], "score": [0.1, 0.2]}, "'label' (label)"),
        ({"sentence": ["up", "down"], "label": [0, 3]}, "no label"),
        ({"sentence": ["up", "down"], "label": ["good", "bad"]}, "'bad', 'good'"),
        ({"sentence": [1, 2], "label": [0, 2]}, "expected to hold text"),
    ],
    ids=["no text", "no label", "too many classes", "other names", "text is no text"],
)
def test_other_columns_are_named(monkeypatch, tmp_path, columns, said):
    import datasets

    from kd_course.corpora import hub

    root = serve_table(tmp_path / "root", columns)
    files = {
        split: str(root / "datasets" / NEWS / "data" / f"{split}-00000-of-00001.parquet")
        for split in ("train", "validation", "test")
    }
    read = datasets.load_dataset
    monkeypatch.setattr(
        datasets,
        "load_dataset",
        lambda identifier, **options: read(
            "parquet", data_files=files, cache_dir=str(tmp_path / "cache")
        ),
    )
    with pytest.raises(hub.HubError) as caught:
        hub.load_dataset(NEWS)
    assert said in str(caught.value)
    assert NEWS in str(caught.value) and "KD_SCALE=offline" in str(caught.value)


def test_other_columns_are_named_when_they_come_through_the_hub(make_hub, learner, tmp_path):
    hub = make_hub(serve_table(tmp_path / "root", {"headline": ["up", "down"], "label": [0, 2]}))
    error = learner(hub, "news()").run()["error"]
    assert "'sentence' (text)" in error and "'headline'" in error and "KD_SCALE=offline" in error


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"text": ["up"]},
            "a column 'translation' is expected in split 'train', but there are 'text'",
        ),
        ({"translation": ["up"]}, "expected to hold texts in 'en' and 'zh'"),
        ({"translation": [{"en": "up", "de": "auf"}]}, "expected to hold texts in 'en' and 'zh'"),
        ({"translation": [{"en": "up", "zh": 1}]}, "expected to hold texts in 'en' and 'zh'"),
    ],
    ids=["no column", "no pair", "another language", "no text"],
)
def test_what_is_no_translation_is_named(monkeypatch, columns, said):
    import datasets

    from kd_course.corpora import hub

    data = datasets.DatasetDict(train=datasets.Dataset.from_dict(columns))
    monkeypatch.setattr(datasets, "load_dataset", lambda *args, **options: data)
    with pytest.raises(hub.HubError) as caught:
        hub.load_translation()
    assert said in str(caught.value)
    assert PAIRS in str(caught.value) and "KD_SCALE=offline" in str(caught.value)


def test_pairs_with_an_empty_side_are_left_out_and_a_missing_split_is_named(monkeypatch):
    import datasets

    from kd_course.corpora import hub

    pairs = [{"en": " up ", "zh": "上 "}, {"en": "down", "zh": " "}, {"en": None, "zh": "左"}]
    rows = datasets.Dataset.from_dict({"translation": pairs})
    data = datasets.DatasetDict(train=rows, validation=rows, test=rows)
    monkeypatch.setattr(datasets, "load_dataset", lambda *args, **options: data)
    assert hub.load_translation()["train"]["translation"][:] == [{"en": "up", "zh": "上"}]
    del data["test"]
    with pytest.raises(hub.HubError, match="a split 'test' is expected"):
        hub.load_translation()
    for config in ("en", "en-zh-de", "-zh"):
        with pytest.raises(ValueError, match="config: must name two languages"):
            hub.load_translation(config=config)
    with pytest.raises(ValueError, match="limit must be at least 1"):
        hub.load_translation(limit=0)


def squad(rows: int = 200, **columns) -> dict:
    """A table in SQuAD's schema, ten titles; columns given here take the place of its own."""
    return {
        "id": [str(i) for i in range(rows)],
        "title": [f"title {i % 10}" for i in range(rows)],
        "context": ["It opened in Ghent."] * rows,
        "question": ["Where?"] * rows,
        "answers": [{"text": ["Ghent"], "answer_start": [13]}] * rows,
        **columns,
    }


def serve_in_process(monkeypatch, columns: dict, splits=("train", "validation")) -> None:
    """Let hub.load_questions find this table under every name, in every split."""
    import datasets

    data = {split: datasets.Dataset.from_dict(columns) for split in splits}
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: datasets.DatasetDict(data))


WITHOUT = {"text": [], "answer_start": []}
ELSEWHERE = {"text": ["Ghent", "Ghent"], "answer_start": [13, 12]}
BEFORE = {"text": ["."], "answer_start": [-1]}


@pytest.mark.parametrize("bad", [WITHOUT, ELSEWHERE, BEFORE], ids=["none", "elsewhere", "before"])
def test_a_row_whose_answer_is_not_there_is_left_out_and_many_are_refused(monkeypatch, bad):
    from kd_course.corpora import hub

    good = {"text": ["Ghent"], "answer_start": [13]}
    serve_in_process(monkeypatch, squad(answers=[bad, *[good] * 198, bad]))
    data = hub.load_questions()
    left = [i for split in ("train", "validation") for i in data[split]["id"]]
    assert sorted(left) == sorted(str(i) for i in range(1, 199))
    serve_in_process(monkeypatch, squad(answers=[good, *[bad] * 3, *[good] * 196]))
    with pytest.raises(hub.HubError, match="3 of 200 rows.*the first is '1'") as caught:
        hub.load_questions()
    assert QUESTIONS in str(caught.value) and "KD_SCALE=offline" in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"text": ["up"]}, "columns 'id', 'title', 'context', 'question', 'answers' are expected"),
        (squad(context=[7] * 200), "text is expected in split 'train', but {'context'"),
        (squad(answers=["Ghent"] * 200), "expected to hold text and answer_start"),
        (squad(answers=[{"text": ["Ghent"]}] * 200), "expected to hold text and answer_start"),
    ],
    ids=["other columns", "no text", "answers are text", "no place"],
)
def test_what_is_not_in_squads_schema_is_named(monkeypatch, columns, said):
    from kd_course.corpora import hub

    serve_in_process(monkeypatch, columns)
    with pytest.raises(hub.HubError) as caught:
        hub.load_questions()
    assert said in str(caught.value)
    assert QUESTIONS in str(caught.value) and "KD_SCALE=offline" in str(caught.value)
    serve_in_process(monkeypatch, squad(), splits=("train",))
    with pytest.raises(hub.HubError, match="a split 'validation' is expected"):
        hub.load_questions()


def test_a_carved_validation_split_is_the_same_every_time_and_takes_copies_along():
    import datasets

    from kd_course.corpora.splitting import carve

    texts = [f"text {i // 2}" if i % 2 else f"Text  {i // 2}" for i in range(200)]  # each twice
    rows = datasets.Dataset.from_dict({"text": texts, "label": [0] * 200})
    train, validation = carve(rows, 30, seed=0)
    assert (len(train), len(validation)) == (140, 30)
    plain = [{" ".join(t.lower().split()) for t in part["text"]} for part in (train, validation)]
    assert (len(plain[0]), len(plain[1])) == (70, 30) and not plain[0] & plain[1]
    assert carve(rows, 30, seed=0)[1]["text"][:] == validation["text"][:]
    assert carve(rows, 30, seed=1)[1]["text"][:] != validation["text"][:]


def test_classes_in_another_order_are_renumbered_by_name():
    import datasets

    from kd_course.corpora import hub

    features = datasets.Features(
        {
            "sentence": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["positive", "negative", "neutral"]),
        }
    )
    rows = datasets.Dataset.from_dict(
        {"sentence": ["up ", "down", "so"], "label": [0, 1, 2]}, features=features
    )
    mapped = hub._mapped(datasets.DatasetDict(train=rows), "train", hub.SOURCES[NEWS], NEWS)
    assert mapped["text"][:] == ["up", "down", "so"]
    assert mapped["label"][:] == [2, 0, 1]


def test_a_gated_repository_says_how_to_get_in():
    import httpx2
    from huggingface_hub.errors import GatedRepoError

    from kd_course import downloads

    refusal = httpx2.Response(403, request=httpx2.Request("GET", "http://127.0.0.1/"))
    with (
        pytest.raises(downloads.HubError, match="accepted its terms.*log in"),
        downloads.reaching("some/model"),
    ):
        raise GatedRepoError("gated", response=refusal)


def test_what_is_not_the_hubs_fault_passes_unchanged():
    from kd_course import downloads

    with pytest.raises(ZeroDivisionError), downloads.reaching("some/model"):
        _ = 1 / 0


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory):
    return write_classifier(tmp_path_factory.mktemp("model"))
