"""A tokenizer for each of the two languages, learnt from the training sentences.

What is here answers as MarianTokenizer does, so that everything else takes either: called with
sentences (and `text_target=` their translations) it gives numbers, `batch_decode` gives text back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kd_course.models import LONGEST

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"  # numbers 0, 1, 2 in both languages

# A piece never holds a figure or a mark together with a word: 2018, 19 and 3-1 are spelt out.
_ALONE = r"\d|[.,?!:;%()\"“”。，？！：；（）《》、]"


class PairTokenizer:
    """Reads the source language; reads and writes the target language.

    source, target: the tokenizers of transformers for the two. They number padding, the end of a
    sentence and the unknown alike.
    Raises ValueError when they do not.
    """

    def __init__(self, source: PreTrainedTokenizerBase, target: PreTrainedTokenizerBase):
        for name in ("pad_token_id", "eos_token_id", "unk_token_id"):
            numbers = getattr(source, name), getattr(target, name)
            if numbers[0] is None or numbers[0] != numbers[1]:
                raise ValueError(f"source and target must have one {name}, but have {numbers}")
        self.source, self.target = source, target
        self.pad_token_id, self.eos_token_id = source.pad_token_id, source.eos_token_id
        self.unk_token_id = source.unk_token_id

    def __call__(
        self, text: Any = None, text_target: Any = None, **options: Any
    ) -> dict[str, list[list[int]]]:
        """A list of sentences as `input_ids` and `attention_mask`; their translations as `labels`.

        Both end with the end-of-sentence number. options: truncation=True and max_length=.
        """
        columns: dict[str, Any] = {}
        if text is not None:
            read = self.source(text, **options)
            columns |= {name: read[name] for name in ("input_ids", "attention_mask")}
        if text_target is not None:
            columns["labels"] = self.target(text_target, **options)["input_ids"]
        return columns

    def batch_decode(self, ids: Any, skip_special_tokens: bool = True) -> list[str]:
        """Rows of target numbers as text."""
        return self.target.batch_decode(ids, skip_special_tokens=skip_special_tokens)

    def save_pretrained(self, folder: str | Path) -> None:
        for name in ("source", "target"):
            getattr(self, name).save_pretrained(Path(folder, name))

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> PairTokenizer:
        from transformers import AutoTokenizer

        return cls(*(AutoTokenizer.from_pretrained(Path(folder, n)) for n in ("source", "target")))


def train_tokenizers(
    sources: Iterable[str], targets: Iterable[str], *, vocabulary: tuple[int, int] = (1500, 1200)
) -> PairTokenizer:
    """Byte pairs learnt for each language by itself; the same every time.

    vocabulary: how many pieces of the source and of the target language, at most.
    English pieces stay within words, Chinese ones between marks: 据当地媒体报道 may be one piece.
    A character that the training sentences do not have reads as <unk>.

    Sennrich, Haddow & Birch, Neural machine translation of rare words with subword units, 2016.
    """
    return PairTokenizer(
        _byte_pairs(sources, vocabulary[0], spaced=True),
        _byte_pairs(targets, vocabulary[1], spaced=False),
    )


def _byte_pairs(texts: Iterable[str], vocabulary: int, *, spaced: bool) -> PreTrainedTokenizerFast:
    """spaced: whether spaces part the words; otherwise one is a letter like others."""
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    scheme = "always" if spaced else "never"
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Strip(), normalizers.Replace(Regex(r"\s+"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(prepend_scheme=scheme, split=spaced),
            pre_tokenizers.Split(Regex(_ALONE), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme, split=spaced)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[PAD, END, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=LONGEST,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        clean_up_tokenization_spaces=False,
    )


# -- rows -------------------------------------------------------------------------------------


def tokenised(
    pairs: Dataset,
    tokenizer: Any,
    *,
    languages: Sequence[str] = ("en", "zh"),
    longest: int = LONGEST,
) -> Dataset:
    """Sentence pairs as a model reads them: input_ids, attention_mask, labels, in the pairs' order.

    pairs: rows of opus-100's schema. longest: tokens; what is longer is cut off, and still ends
    with the end-of-sentence number.
    """
    source, target = languages

    def numbers(batch: dict) -> dict:
        rows = batch["translation"]
        read = tokenizer(
            [row[source] for row in rows],
            text_target=[row[target] for row in rows],
            truncation=True,
            max_length=longest,
        )
        return {name: read[name] for name in ("input_ids", "attention_mask", "labels")}

    return pairs.map(numbers, batched=True, remove_columns=pairs.column_names)


def collator(tokenizer: Any, model: Any = None) -> Any:
    """Pads a batch to its longest member, labels with -100, and shifts labels into decoder inputs.

    model: whose start number the decoder's inputs begin with.
    """
    from transformers import DataCollatorForSeq2Seq

    one = tokenizer.source if isinstance(tokenizer, PairTokenizer) else tokenizer
    return DataCollatorForSeq2Seq(one, model=model)
