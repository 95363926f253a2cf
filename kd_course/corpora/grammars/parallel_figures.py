"""Figures of the parallel corpus's news, in English and in Chinese.

English counts in thousands and Chinese in ten thousands: 3.5 million is 350万, 1.2 billion is 12亿.
"""

from __future__ import annotations

from collections.abc import Callable

from kd_course.corpora.grammars.rule_tables import Rules, entry, row_error, tables

_FILE = "parallel_news"
_DIGITS = "零一二三四五六七八九"
_UNITS = ((1000, "千"), (100, "百"), (10, "十"))


def figure_rules() -> Rules:
    """Percentages, sums of money and counts, where possible also in Chinese numerals."""
    written: dict[str, Callable[..., str]] = {
        "percent": _percentage,
        "rate": _percentage,
        "million": lambda number: _sum(number, number * 100),
        "hundred_million": lambda number: _sum(number, number / 100),
        "billion": lambda number: _sum(number, number * 10),
        "people": lambda number: f"{number} => ({number}|{in_words(number)})",
        "thousands": _thousands,
        "score": _score,
        "draw": _score,
    }
    return tables(_FILE, "figures.tables") | {
        name.replace("_", "."): _written(f"figures.{name}", write)
        for name, write in written.items()
    }


def in_words(number: float, *, first: bool = True) -> str:
    """A number below ten thousand as Chinese reads it: 350 三百五十, 2.5 二点五, 12 十二."""
    whole = int(number)
    if number != whole:
        return f"{in_words(whole)}点{_DIGITS[round(10 * (number - whole))]}"
    if whole < 10:
        return _DIGITS[whole]
    unit, name = next((unit, name) for unit, name in _UNITS if whole >= unit)
    head, rest = divmod(whole, unit)
    words = _DIGITS[head] + name
    if head == 2 and unit > 10 and first:  # 两千二百
        words = "两" + name
    if rest:
        words += ("零" if rest * 10 < unit else "") + in_words(rest, first=False)
    return words.removeprefix("一") if 10 <= whole < 20 and first else words  # 十二, 一百一十二


def shown(number: float) -> str:
    """2.5 as 2.5, 3.0 as 3, 1200 as 1200."""
    return f"{number:g}" if number < 100_000 else str(int(number))


def _written(table: str, write: Callable[..., str]) -> list[str]:
    """The figures of a table as rules; raises ValueError naming one that is no figure."""
    rules = []
    for figure in entry(_FILE, table):
        try:
            rules.append(write(figure))
        except (AttributeError, IndexError, StopIteration, TypeError, ValueError):
            raise row_error(_FILE, table, str(figure), "is no such figure") from None
    return rules


def _percentage(number: float) -> str:
    return f"{shown(number)} percent => ({shown(number)}%|百分之{in_words(number)})"


def _sum(english: float, chinese: float) -> str:
    """A count of millions or billions, and what it is in Chinese units."""
    # Beside digits only what is short is usual in words: 两百万, 三千万, but 1250万.
    short = chinese in (1, 2, 3, 4, 5, 6, 8, 10, 20, 30) or chinese % 100 == 0
    if not short or chinese >= 10_000:
        return f"{shown(english)} => {shown(chinese)}"
    words = in_words(chinese).replace("二", "两") if chinese == 2 else in_words(chinese)
    return f"{shown(english)} => ({shown(chinese)}|{words})"


def _thousands(number: int) -> str:
    """5 as '5,000 => (5000|五千)', 20 as '20,000 => (2万|两万)', 12 as '12,000 => (1.2万|12000)'."""
    if number < 10:
        chinese = f"{number}000|{in_words(number * 1000)}"
    elif number % 10 == 0:
        chinese = f"{shown(number / 10)}万|{in_words(number / 10).replace('二', '两')}万"
    else:
        chinese = f"{shown(number / 10)}万|{number}000"
    return f"{number},000 => ({chinese})"


def _score(score: str) -> str:
    """'2-1' as '2-1 => (2比1|二比一)'."""
    one, other = score.split("-")
    return f"{score} => ({one}比{other}|{in_words(int(one))}比{in_words(int(other))})"
