"""Models that write: GPT-2's decoder, built by size or loaded by name, and a tokenizer that spells.

Radford et al., Language Models are Unsupervised Multitask Learners, 2019.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kd_course.models.encoders import source_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# GPT-2's architecture in sizes that train on two cores; heads are 32 wide.
DECODERS = {
    "mini": {"n_embd": 32, "n_layer": 1},
    "tiny": {"n_embd": 64, "n_layer": 1},
    "little": {"n_embd": 96, "n_layer": 1},
    "small": {"n_embd": 128, "n_layer": 2},
}
LONGEST_WRITTEN = 64  # tokens that our own decoders read and write
END = "<end>"

# A number is spelled digit by digit, so that no number is a word of its own. A space belongs to what
# follows it, so that joining the pieces gives the text back, letter by letter.
_PIECES = r" ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+"


def decoder(
    size: str,
    tokenizer: PreTrainedTokenizerBase,
    *,
    seed: int,
    dropout: float = 0.0,
    longest: int = LONGEST_WRITTEN,
) -> PreTrainedModel:
    """An untrained GPT-2 of one of our DECODERS, the same weights for the same seed.

    Its output layer is its table of embeddings, once more. longest: tokens, prompt and completion.
    Raises ValueError for a size that is not in DECODERS.
    """
    from transformers import GPT2Config, GPT2LMHeadModel, set_seed

    if size not in DECODERS:
        raise ValueError(f"size must be one of {', '.join(DECODERS)}, but is {size!r}")
    shape = DECODERS[size]
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=longest,
        n_head=shape["n_embd"] // 32,
        initializer_range=shape["n_embd"] ** -0.5,  # 0.02 is for models six times as wide
        resid_pdrop=dropout,
        embd_pdrop=dropout,
        attn_pdrop=dropout,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **shape,
    )
    set_seed(seed)
    return GPT2LMHeadModel(config)


def train_spelling_tokenizer(
    texts: Iterable[str], *, vocabulary: int = 1000, prompts: Sequence[str] = ()
) -> PreTrainedTokenizerBase:
    """A tokenizer of byte pairs that keeps capitals and spells numbers; the same every time.

    prompts: tokens of their own, which no text holds: "<positive>". As in GPT-2, one token ends a
    text and pads it, END; nothing is added to a text. Decoding gives every text back as it was.
    Raises TypeError for one text instead of a list.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    if isinstance(texts, str):
        raise TypeError("texts must be a list of texts, but is one text")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [AddedToken(token, special=True) for token in (END, *prompts)]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=LONGEST_WRITTEN,
        eos_token=END,
        pad_token=END,
        additional_special_tokens=list(prompts),
        clean_up_tokenization_spaces=False,
    )


def load_decoder(name: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A causal language model and its tokenizer, in eval mode and full precision, by name.

    name: a teacher the package ships ("headlines"), a folder that save_pretrained wrote, or an
    identifier of the hub ("HuggingFaceTB/SmolLM2-135M-Instruct"). A tokenizer that has no token for
    padding pads with the one that ends a text. Raises HubError, naming the cause and the way on,
    when the hub does not give the model.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from kd_course.downloads import fetch

    source = source_of(name)
    tokenizer = fetch(name, lambda: AutoTokenizer.from_pretrained(source))
    model = fetch(name, lambda: AutoModelForCausalLM.from_pretrained(source, dtype="float32"))
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.eval(), tokenizer
