"""English sentences as words, and words as a sentence."""

from __future__ import annotations

from collections.abc import Sequence


def text_of(words: Sequence[str]) -> str:
    """Words as a sentence: a capital first, punctuation and 's close up."""
    text = " ".join(words)
    for mark in (",", ".", "?", "'s"):
        text = text.replace(f" {mark}", mark)
    return text[:1].upper() + text[1:]


def words_of(text: str) -> list[str]:
    """Words and punctuation marks of an English sentence, one by one; 's is a word of its own."""
    words: list[str] = []
    for chunk in text.split():
        tail: list[str] = []
        while len(chunk) > 1 and chunk[-1] in ",.?":
            tail.insert(0, chunk[-1])
            chunk = chunk[:-1]
        if chunk.endswith("'s") and len(chunk) > 2:
            tail.insert(0, "'s")
            chunk = chunk[:-2]
        words += [chunk, *tail]
    return words


def candidates(text: str) -> list[list[str]]:
    """The lists of words that `text_of` would join to this text.

    There may be two, because a first word is written with a capital whether or not it is a name.
    """
    words = words_of(text)
    if not words:
        return []
    small = [words[0][:1].lower() + words[0][1:], *words[1:]]
    found = [words] if small == words else [words, small]
    return [candidate for candidate in found if text_of(candidate) == text]
