"""What our stand-in for the hub serves: data sets of invented rows, models of random weights.

The data sets have the layout, the columns and the cards of the real ones, and not one row of theirs:
templates write all rows, the same every time, with enough of them to split and to limit. The
models have the shape of the real ones. They are thin, so that tests are quick; KD_FULL_SIZE=1 gives
them the published width (a BERT-base of 440 MB: minutes). Tests of the path, never of a figure.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

NEWS = "atrost/financial_phrasebank"
REVIEWS = "stanfordnlp/sst2"
PAIRS = "Helsinki-NLP/opus-100"
QUESTIONS = "rajpurkar/squad"

FULL_SIZE = os.environ.get("KD_FULL_SIZE") == "1"
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
BERT = "google-bert/bert-base-uncased"
OPUS_MT = "Helsinki-NLP/opus-mt-en-zh"
OPUS_MT_CODE = ">>cmn_Hans<<"  # what its sources begin with

FOLDERS = {NEWS: "data", REVIEWS: "data", PAIRS: "en-zh", QUESTIONS: "plain_text"}
WITH_A_CARD = (PAIRS, QUESTIONS)  # a card lists the configurations


def write_data_sets(root: Path) -> Path:
    """Write every data set under root as the hub has it: a parquet file a split, and the card."""
    for identifier, folder in FOLDERS.items():
        repository = root / "datasets" / identifier
        (repository / folder).mkdir(parents=True)
        for split, table in tables(identifier).items():
            file = repository / folder / f"{split}-00000-of-00001.parquet"
            pyarrow.parquet.write_table(table, file)
        if identifier in WITH_A_CARD:
            lines = ["---", "configs:", f"- config_name: {folder}", "  data_files:"]
            for split in tables(identifier):
                lines += [f"  - split: {split}", f"    path: {folder}/{split}-*"]
            (repository / "README.md").write_text("\n".join([*lines, "---", ""]))
    return root


@lru_cache
def tables(identifier: str) -> dict[str, pa.Table]:
    """A data set's splits, as they are served."""
    return {NEWS: _news, REVIEWS: _reviews, PAIRS: _pairs, QUESTIONS: _questions}[identifier]()


def rows(identifier: str) -> dict[str, int]:
    """How many rows each split has."""
    return {split: table.num_rows for split, table in tables(identifier).items()}


# -- rows -------------------------------------------------------------------------------------

COMPANIES = (
    "Vellamo Timber", "Tarn & Dale", "Orrel Foundries", "Kestrup Shipping",
    "Mirelle Foods", "Sandvoort Optics", "Lunde Cables", "Pagoda Software",
)  # fmt: skip
EVENTS = {
    0: ("lost its largest customer", "cut its dividend", "halted a production line"),
    1: ("holds its annual meeting", "moves to a new office", "publishes its report"),
    2: ("doubled its profit", "won a large order", "raised its forecast"),
}
WHEN = (
    "in May", "in the first quarter", "this week", "after the summer", "in Oslo",
    "ahead of the holidays", "in its home market",
)  # fmt: skip


def _news() -> dict[str, pa.Table]:
    events = [(event, label) for label, several in EVENTS.items() for event in several]
    found = [
        {"sentence": f"{company} {event} {when} . ", "label": label}
        for company, (event, label), when in itertools.product(COMPANIES, events, WHEN)
    ]
    features = _classes("negative", "neutral", "positive")
    return _split(found, {"train": 360, "validation": 70, "test": 70}, features)


ADJECTIVES = {
    0: ("dull", "tired", "clumsy", "hollow", "shrill", "lifeless", "muddled", "stale"),
    1: ("warm", "witty", "graceful", "fresh", "gripping", "tender", "clever", "bright"),
}
PARTS = (
    "story", "script", "lead", "ending", "score", "plot", "cast", "first act", "romance",
    "mystery", "dialogue", "chase", "finale", "idea", "opening",
)  # fmt: skip
REST = (
    "", "from start to finish", "for two hours", "that goes nowhere new", "at heart", "by any measure",
    "in every scene", "with nothing to add", "for all ages", "on a small budget", "without a pause",
)  # fmt: skip


def _reviews() -> dict[str, pa.Table]:
    adjectives = [(word, label) for label, several in ADJECTIVES.items() for word in several]
    found = [
        {"sentence": f"a {word} {part} {rest}".strip() + " ", "label": label}
        for (word, label), part, rest in itertools.product(adjectives, PARTS, REST)
    ]
    random.Random(0).shuffle(found)
    train, validation, test = found[:2400], found[2400:2460], found[2460:2500]
    # Like the real one: phrases that occur again, and a test split without its labels.
    train += [{**row, "sentence": row["sentence"].upper()} for row in train[:200]]
    test = [{**row, "label": -1} for row in test]
    features = {"idx": _value("int32"), **_classes("negative", "positive")}
    return {
        split: _table([{"idx": i, **row} for i, row in enumerate(several)], features)
        for split, several in {"train": train, "validation": validation, "test": test}.items()
    }


PEOPLE = {
    "Tom": "汤姆", "My sister": "我妹妹", "The teacher": "老师", "Our neighbour": "我们的邻居",
    "The driver": "司机", "Her uncle": "她叔叔", "The doctor": "医生", "Everyone": "大家",
}  # fmt: skip
DEEDS = {
    "bought": "买了", "found": "找到了", "sold": "卖掉了", "forgot": "忘了", "drew": "画了",
    "carried": "搬了", "wanted": "想要", "saw": "看见了",
}  # fmt: skip
THINGS = {
    "a lamp": "一盏灯", "two chairs": "两把椅子", "the red umbrella": "那把红伞",
    "an old map": "一张旧地图", "the keys": "钥匙", "a bag of rice": "一袋米",
    "three letters": "三封信", "the small boat": "那条小船", "some apples": "一些苹果",
}  # fmt: skip


def _pairs() -> dict[str, pa.Table]:
    found = [
        {"translation": {"en": f" {' '.join(english)}.", "zh": f"{''.join(chinese)}。 "}}
        for english, chinese in (
            zip(*words, strict=True)
            for words in itertools.product(PEOPLE.items(), DEEDS.items(), THINGS.items())
        )
    ]
    features = {"translation": {"_type": "Translation", "languages": ["en", "zh"]}}
    return _split(found, {"train": 400, "validation": 80, "test": 80}, features)


TOWNS = ("Aldmere", "Brisk", "Corvo", "Dunmouth", "Elverum Bay", "Farrow", "Gillen", "Hask")
KINDS = ("Museum", "Bridge", "Library")
NAMES = ("Ada Lorn", "Bo Tamm", "Cleo Varga", "Dov Hale", "Ewa Pohl", "Finn Aas", "Gita Rao")


def _questions() -> dict[str, pa.Table]:
    found = {"train": [], "validation": []}
    for number, (kind, town) in enumerate(itertools.product(KINDS, TOWNS)):
        title = f"{town} {kind}"
        split = "train" if number < 20 else "validation"
        for passage in range(2):
            asked = _passage(title, passage, random.Random(f"{title} {passage}"))
            for question, context, answers in asked:
                if split == "train":  # only validation questions have more than one
                    answers = answers[:1]
                places = [context.index(answer) for answer in answers]
                found[split].append(
                    {
                        "id": f"{number:02}{passage}{len(found[split]):03}",
                        "title": title.replace(" ", "_"),
                        "context": context,
                        "question": question,
                        "answers": {"text": answers, "answer_start": places},
                    }
                )
    list_of = {kind: {"_type": "List", "feature": _value(kind)} for kind in ("string", "int32")}
    features = {name: _value("string") for name in ("id", "title", "context", "question")}
    features["answers"] = {"text": list_of["string"], "answer_start": list_of["int32"]}
    return {split: _table(several, features) for split, several in found.items()}


def _passage(title: str, number: int, chance: random.Random) -> list[tuple[str, str, list[str]]]:
    """Questions about one passage: question, passage, answers. Every second passage is long."""
    drawn, year = chance.choice(NAMES), chance.randrange(1801, 1999)
    width, colour = chance.randrange(101, 990), chance.choice(("green", "ochre", "blue", "grey"))
    facts = [
        (f"Who drew the plans of the {title}?", "Its plans are by {}.", [drawn, f"by {drawn}"]),
        (f"When did the {title} open?", "It opened to all in {}.", [f"{year}", f"in {year}"]),
        (f"How wide is the {title}?", "It is {} metres wide.", [f"{width} metres", f"{width}"]),
        (f"What colour is the {title}?", "Its walls are {} now.", [colour, f"{colour} now"]),
    ]
    values = (drawn, year, width, colour)
    sentences = [fact[1].format(value) for fact, value in zip(facts, values, strict=True)]
    if number % 2:
        sentences += [f"Nobody recalls what happened in its year {n}." for n in range(2, 30)]
    chance.shuffle(sentences)
    context = " ".join([f"The {title} is well known.", *sentences])
    return [(question, context, answers) for question, _, answers in facts]


def _split(found: list[dict], sizes: dict[str, int], features: dict) -> dict[str, pa.Table]:
    """So many of these rows a split, drawn by chance, none of them twice."""
    random.Random(0).shuffle(found)
    left = iter(found)
    return {
        split: _table(list(itertools.islice(left, size)), features) for split, size in sizes.items()
    }


def _value(kind: str) -> dict:
    return {"_type": "Value", "dtype": kind}


def _classes(*names: str) -> dict:
    return {"sentence": _value("string"), "label": {"_type": "ClassLabel", "names": list(names)}}


def _table(several: list[dict], features: dict) -> pa.Table:
    """A table that tells `datasets` its features, as the hub's parquet files do."""
    from datasets import Features

    return pa.Table.from_pylist(several, schema=Features.from_dict(features).arrow_schema)


# -- models -----------------------------------------------------------------------------------

SHAPES = {
    MINILM: {
        "num_hidden_layers": 6,
        "hidden_size": 384,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
    },
    BERT: {
        "num_hidden_layers": 12,
        "hidden_size": 768,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
    },
}


def write_encoder(
    folder: Path, identifier: str, *, texts: Sequence[str] = (), vocabulary: int = 300
) -> Path:
    """Write MINILM or BERT with random weights, as the hub would serve it.

    texts: what its tokenizer learns its words from; by default the data set of headlines.
    """
    from transformers import BertConfig, BertModel, set_seed

    from kd_course import models

    texts = texts or tables(NEWS)["train"]["sentence"].to_pylist()
    tokenizer = models.train_tokenizer(list(texts), vocabulary=vocabulary)
    tokenizer.model_max_length = 512
    tokenizer.save_pretrained(folder)
    thin = {} if FULL_SIZE else {"hidden_size": 24, "intermediate_size": 48}
    words = 30_522 if FULL_SIZE else len(tokenizer)
    set_seed(0)
    BertModel(BertConfig(vocab_size=words, **SHAPES[identifier] | thin)).save_pretrained(folder)
    return folder


def write_classifier(folder: Path) -> Path:
    """Write a model of a few kilobytes: what it computes is of no interest."""
    from transformers import BertConfig, BertForSequenceClassification

    shape = {
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "intermediate_size": 8,
    }
    BertForSequenceClassification(BertConfig(vocab_size=50, **shape)).save_pretrained(folder)
    return folder


def write_opus_mt(folder: Path) -> Path:
    """Write OPUS-MT with random weights: two SentencePiece models, one vocabulary for both."""
    import sentencepiece
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer, set_seed

    folder.mkdir()
    pairs = tables(PAIRS)["train"]["translation"].to_pylist()
    pieces = ["</s>", "<unk>", OPUS_MT_CODE]
    for side, language in (("source", "en"), ("target", "zh")):
        text = folder / "text"
        text.write_text("\n".join(pair[language] for pair in pairs), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(text),
            model_prefix=str(folder / side),
            vocab_size=400,
            hard_vocab_limit=False,
            minloglevel=2,
        )
        text.unlink()
        (folder / f"{side}.model").rename(folder / f"{side}.spm")
        listed = folder / f"{side}.vocab"
        pieces += [line.split("\t")[0] for line in listed.read_text("utf-8").splitlines()]
        listed.unlink()
    numbers = {piece: i for i, piece in enumerate(dict.fromkeys([*pieces, "<pad>"]))}
    (folder / "vocab.json").write_text(json.dumps(numbers), encoding="utf-8")
    tokenizer = MarianTokenizer(
        *(str(folder / name) for name in ("source.spm", "target.spm", "vocab.json")),
        source_lang="en",
    )
    tokenizer.save_pretrained(folder)
    width, wider = (512, 2048) if FULL_SIZE else (32, 48)
    set_seed(0)
    MarianMTModel(
        MarianConfig(
            vocab_size=len(numbers),
            decoder_vocab_size=len(numbers),
            pad_token_id=numbers["<pad>"],
            decoder_start_token_id=numbers["<pad>"],
            eos_token_id=0,
            forced_eos_token_id=0,
            encoder_layers=6,
            decoder_layers=6,
            encoder_attention_heads=8,
            decoder_attention_heads=8,
            d_model=width,
            encoder_ffn_dim=wider,
            decoder_ffn_dim=wider,
            activation_function="swish",
            scale_embedding=True,
            max_position_embeddings=512,
        )
    ).save_pretrained(folder)
    return folder


def write_writer(folder: Path, kind: str, *, texts: Sequence[str] = ()) -> Path:
    """Write a "gpt2", "llama" (which has a chat template) or "t5" with random weights.

    texts: what its tokenizer learns its words from; by default the questions and passages.
    """
    from transformers import (
        GPT2Config,
        GPT2LMHeadModel,
        LlamaConfig,
        LlamaForCausalLM,
        T5Config,
        T5ForConditionalGeneration,
        set_seed,
    )

    from kd_course import models

    asked = tables(QUESTIONS)["train"]
    texts = texts or [*asked["context"].to_pylist(), *asked["question"].to_pylist()]
    tokenizer = models.train_spelling_tokenizer(list(texts), vocabulary=1200)
    tokenizer.model_max_length = 1024
    if kind == "llama":
        tokenizer.chat_template = (
            "{% for message in messages %}{{ message['content'] }}\n{% endfor %}Model: "
        )
    tokenizer.save_pretrained(folder)
    end = tokenizer.eos_token_id
    common = {"vocab_size": len(tokenizer), "eos_token_id": end, "pad_token_id": end}
    set_seed(0)
    if kind == "gpt2":
        shape = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 1024}
        model = GPT2LMHeadModel(GPT2Config(**common, **shape, bos_token_id=end))
    elif kind == "llama":
        shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 30}
        heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
        tied = {"tie_word_embeddings": True, "max_position_embeddings": 1024}
        model = LlamaForCausalLM(LlamaConfig(**common, **shape, **heads, **tied))
    else:
        shape = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
        model = T5ForConditionalGeneration(
            T5Config(**common, **shape, decoder_start_token_id=end, dropout_rate=0.0)
        )
    model.save_pretrained(folder)
    return folder
