"""The words of the generated corpora, as data: TOML, read once."""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, TypeVar

Built = TypeVar("Built")


@lru_cache
def read(name: str) -> dict[str, Any]:
    """What words/<name>.toml holds, in the order of the file; shared, so nobody may change it.

    Raises ValueError naming the file, and the line where it is no valid TOML.
    """
    try:
        # Not by a path: where submissions are marked, the package is imported from memory.
        content = pkgutil.get_data(__name__, f"{name}.toml") or b""
        return tomllib.loads(content.decode("utf-8"))
    except FileNotFoundError:
        raise ValueError(f"words/{name}.toml: there is no such file") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"words/{name}.toml: {error}") from error


@cache
def part(name: str, *keys: str) -> Any:
    """One part of a file, lists in it as tuples: part("news_words", "city_fi").

    Raises ValueError naming the file and the keys when there is no such part.
    """
    found = read(name)
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            raise ValueError(f"words/{name}.toml: has no [{'.'.join(keys)}]")
        found = found[key]
    return _frozen(found)


def build(kind: Callable[..., Built], name: str, *keys: str) -> Built:
    """An entry of a file as an object: kind(**entry).

    Raises ValueError naming the file and the entry when a key is missing, unknown or unfit.
    """
    entry = part(name, *keys)
    try:
        return kind(**entry)
    except TypeError as error:
        raise ValueError(f"words/{name}.toml, [{'.'.join(keys)}]: {error}") from None


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return value
