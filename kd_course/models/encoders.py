"""Encoders, their tokenizer and their heads: built by size, or loaded by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kd_course.text_files import as_list

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SHIPPED = Path(__file__).parents[1] / "teachers" / "shipped"  # a folder a teacher

LONGEST = 128  # tokens that our own models read

# BERT's architecture in sizes that train on two cores; heads are 32 wide.
SIZES = {
    "tiny": {"hidden_size": 64, "num_hidden_layers": 1, "intermediate_size": 128},
    "mini": {"hidden_size": 96, "num_hidden_layers": 2, "intermediate_size": 192},
    "small": {"hidden_size": 128, "num_hidden_layers": 3, "intermediate_size": 512},
}


def train_tokenizer(texts: Iterable[str], *, vocabulary: int = 2000) -> PreTrainedTokenizerBase:
    """A lower-casing tokenizer of byte pairs, as GPT-2's, learnt from the texts; the same every time.

    It frames a text as BERT does: [CLS] text [SEP].
    Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section 2.2.
    """
    # Not WordPiece: the library's trainer for it numbers letters in another order at every run.
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    texts = as_list(texts, "texts")
    special = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(special.values()),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    cls, sep = (tokenizer.token_to_id(special[name]) for name in ("cls", "sep"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", cls), ("[SEP]", sep)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=LONGEST,
        **{f"{name}_token": token for name, token in special.items()},
    )


def classifier(
    size: str,
    tokenizer: PreTrainedTokenizerBase,
    names: Sequence[str],
    *,
    seed: int,
    dropout: float = 0.1,
) -> PreTrainedModel:
    """An untrained BERT classifier of one of our SIZES, the same weights for the same seed.

    names: the classes, in the order of their numbers.
    Raises ValueError for a size that is not in SIZES.
    """
    from transformers import BertConfig, BertForSequenceClassification, set_seed

    if size not in SIZES:
        raise ValueError(f"size must be one of {', '.join(SIZES)}, but is {size!r}")
    if isinstance(names, str):
        raise TypeError(f"names must be a list of classes, but is one text, {names!r}")
    shape = SIZES[size]
    config = BertConfig(
        vocab_size=len(tokenizer),
        num_attention_heads=shape["hidden_size"] // 32,
        max_position_embeddings=LONGEST,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        pad_token_id=tokenizer.pad_token_id,
        **_labels(names),
        **shape,
    )
    set_seed(seed)
    return BertForSequenceClassification(config)


# RoFormer's architecture: BERT's, with positions told by rotation, so that attention sees how far
# apart two words are instead of where each stands. From random weights that makes the difference
# between learning to read in minutes and not at all.
READERS = {
    "small": {"hidden_size": 128, "num_hidden_layers": 4, "intermediate_size": 256},
    "mini": {"hidden_size": 128, "num_hidden_layers": 2, "intermediate_size": 256},
}


def reader(
    size: str, tokenizer: PreTrainedTokenizerBase, *, seed: int, dropout: float = 0.0
) -> PreTrainedModel:
    """An untrained model of one of the READERS that marks answers, the same for the same seed.

    It takes four token types: see `spans.shared_words`. Raises ValueError for an unknown size.
    Su et al., RoFormer: Enhanced Transformer with Rotary Position Embedding, 2021.
    """
    from transformers import RoFormerConfig, RoFormerForQuestionAnswering, set_seed

    if size not in READERS:
        raise ValueError(f"size must be one of {', '.join(READERS)}, but is {size!r}")
    shape = READERS[size]
    config = RoFormerConfig(
        vocab_size=len(tokenizer),
        embedding_size=shape["hidden_size"],
        num_attention_heads=shape["hidden_size"] // 32,
        max_position_embeddings=512,
        type_vocab_size=4,
        initializer_range=shape["hidden_size"] ** -0.5,  # 0.02 is for models six times as wide
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        pad_token_id=tokenizer.pad_token_id,
        **shape,
    )
    set_seed(seed)
    return RoFormerForQuestionAnswering(config)


def source_of(name: str) -> Path | str:
    """Where a name leads: to a teacher that ships, or else wherever transformers looks for it.

    Raises ValueError where it could be either: ./news is the folder, news the teacher that ships.
    """
    name = str(name)
    # By the names that stand there: on a disk that minds no capitals there would be a "News" as well.
    shipped, teachers = SHIPPED / name, {folder.name for folder in SHIPPED.iterdir()}
    if name not in teachers or not (shipped / "config.json").is_file():
        return name
    if (Path(name) / "config.json").is_file():
        raise ValueError(
            f"name must be one thing, but {name!r} is a teacher that ships and a folder here: "
            f"'./{name}' is the folder"
        )
    return shipped


def load_reader(name: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A model that marks answers and its tokenizer, in eval mode, by name.

    name: a teacher the package ships ("reading"), a folder that save_pretrained wrote, or an
    identifier of the hub, whose encoder is given an untrained head where it has none.
    Raises HubError, naming the cause and the way on, when the hub does not give the model.
    """
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    from kd_course.downloads import fetch

    source = source_of(name)
    tokenizer = fetch(name, lambda: AutoTokenizer.from_pretrained(source))
    model = fetch(
        name, lambda: AutoModelForQuestionAnswering.from_pretrained(source, dtype="float32")
    )
    return model.eval(), tokenizer


def load(
    name: str, names: Sequence[str] | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A classifier and its tokenizer, in eval mode, by name.

    name: a teacher the package ships ("news"), a folder that save_pretrained wrote, or an
    identifier of the hub ("sentence-transformers/all-MiniLM-L6-v2").
    names: the classes, for a pretrained encoder that has no classification head yet: it is given
    an untrained one. None where the model has been trained to classify: its head has its own names.
    Weights are float32, whatever precision they were saved in: smaller ones lose most small steps.
    Raises HubError, naming the cause and the way on, when the hub does not give the model; ValueError
    for names that a trained head numbers otherwise.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    from kd_course.downloads import fetch

    source = source_of(name)
    head = {} if names is None else _labels(names)
    tokenizer = fetch(name, lambda: AutoTokenizer.from_pretrained(source))
    if names is not None:
        refuse_names(name, fetch(name, lambda: AutoConfig.from_pretrained(source)), names)
    model = fetch(
        name,
        lambda: AutoModelForSequenceClassification.from_pretrained(source, dtype="float32", **head),
    )
    return model.eval(), tokenizer


def refuse_names(name: str, config: Any, names: Sequence[str]) -> None:
    """ValueError for a head that was trained with other names, or these in another order."""
    if isinstance(names, str):
        raise TypeError(f"names must be a list of classes, but is one text, {names!r}")
    trained = any("ForSequenceClassification" in kind for kind in config.architectures or ())
    own = [str(config.id2label[number]) for number in sorted(config.id2label)]
    told = not all(own_name.upper().startswith("LABEL_") for own_name in own)
    if trained and told and [n.casefold() for n in own] != [str(n).casefold() for n in names]:
        raise ValueError(
            f"names must be {name}'s own, in its order, {own}, but are {list(names)}: its head was "
            f"trained with them. Leave names out, and number your labels so"
        )


def _labels(names: Sequence[str]) -> dict:
    return {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {name: number for number, name in enumerate(names)},
    }
