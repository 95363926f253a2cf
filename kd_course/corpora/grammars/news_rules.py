"""The rules of financial news, assembled from data: words, figures, nouns and clauses.

words/news_words.toml and words/news_figures.toml hold the lexicon. No rule depends on a label; both
sets of templates share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kd_course.corpora.grammars.context_free_charts import Words
from kd_course.corpora.grammars.figures import Comparison, Uniform, hundredths, tenths, thousands
from kd_course.corpora.grammars.news_meanings import (
    Event,
    Template,
    events,
    fill,
    opposite,
    side_topics,
    spoken_of,
    stands_for,
    topics,
    weighted,
)
from kd_course.corpora.words import build, part

Rules = Mapping[str, Sequence[Template | Words]]

WRITERS: dict[str, Callable[[int], str]] = {
    "whole": str,
    "tenths": tenths,
    "hundredths": hundredths,
    "thousands": thousands,
}


def build_rules() -> Rules:
    """All rules of the wording, by name."""
    return {**lexicon(), **figure_rules(), **comparison_rules(), **noun_rules(), **clause_rules()}


def lexicon() -> Rules:
    """Names, places, contracts, sources, periods and verbs, and what is made of them."""
    words: dict[str, Any] = part("news_words")
    cities = words["city_fi"] + words["city_abroad"]
    return words | {
        "city": cities,
        "city_based": [f"{city}-based" for city in cities],
        "country": words["nordic"] + words["abroad"],
        "a_sector": [f"{article(sector)} {sector}" for sector in words["sector"]],
    }


def article(word: str) -> str:
    """The indefinite article before a word."""
    return "an" if word[0] in "aeiou" else "a"


# --- Figures ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """A range of numbers and how they are written."""

    least: int
    below: int
    every: int = 1
    written: str = "whole"
    after: str = ""

    def __post_init__(self) -> None:
        if self.written not in WRITERS:
            raise TypeError(f"written must be one of {list(WRITERS)}, not {self.written!r}")

    @property
    def values(self) -> range:
        """The numbers, all equally likely."""
        return range(self.least, self.below, self.every)

    def write(self, value: int) -> str:
        """A number as it stands in a text."""
        return WRITERS[self.written](value) + self.after


@dataclass(frozen=True)
class Compared:
    """Where an old figure and a new one stand, and how far they may be apart."""

    patterns: tuple[str, ...]
    old: dict[str, int | str]
    steps: str


def figure_rules() -> Rules:
    """{pct}, {year} and so on: one number of a range."""
    figures = {
        name: build(Figure, "news_figures", "figures", name)
        for name in part("news_figures", "figures")
    }
    return {name: [Uniform(figure.values, figure.write)] for name, figure in figures.items()}


def comparison_rules() -> Rules:
    """{dividend.up}, {to from.money.down slightly} and so on: a figure that has moved."""
    choices = {
        word: {name: weight for weight, name in part("news_words", rule)}
        for word, rule in part("news_figures", "once").items()
    }
    rules: dict[str, list[Words]] = {}
    for name in part("news_figures", "comparisons"):
        compared = build(Compared, "news_figures", "comparisons", name)
        old = build(Figure, "news_figures", "comparisons", name, "old")
        for way, step in part("news_figures", "steps", compared.steps).items():
            rules[f"{name}.{way}"] = [
                Comparison(pattern.replace("WAY", way), old.values, step, old.write, choices)
                for pattern in compared.patterns
            ]
    return rules


# --- Nouns and clauses --------------------------------------------------------------------------


def noun_rules() -> Rules:
    """{profit.singular}, {profit.plural} and {profit}, either of them, for every topic."""
    rules: dict[str, Sequence[Template]] = {}
    for name, topic in {**topics(), "side topics": side_topics()}.items():
        rules[name] = [(len(nouns), f"{{{name}.{number}}}") for number, nouns in topic.nouns()]
        rules |= {f"{name}.{number}": nouns for number, nouns in topic.nouns()}
    return rules


def clause_rules() -> Rules:
    """{GOOD first}, {bad event}, {bad_noun figure} and so on: half a sentence of two clauses."""
    groups = part("news_templates", "clauses", "groups")
    rules: dict[str, list[Template]] = {}
    for tone in ("good", "bad"):
        forms = (tone.upper(), tone, f"{tone}_noun")
        for form in forms:
            rules |= {f"{form} {group}": [] for group in groups}
            rules[f"{form} figure"] = [f"{{{form} {group}}}" for group in groups]
        for group, names in groups.items():
            for name in names:
                for form, clause in _figure_clauses(tone, name):
                    rules[f"{form} {group}"].append(clause)
        told = [t for event in events().values() if event.tone == tone for t in _fit(event)]
        rules[f"{tone.upper()} event"] = [(w, spoken_of(t, "named")) for w, t in told]
        rules[f"{tone} event"] = [(w, spoken_of(t, "unnamed")) for w, t in told]
    return rules


def _figure_clauses(tone: str, name: str) -> Iterator[tuple[str, tuple[float, str]]]:
    """(form, clause) of a topic's figure that pleases or does not, the noun for plurals last."""
    topic = topics()[name]
    way = topic.better if tone == "good" else opposite(topic.better)
    table = stands_for(topic.amount, way) | {"TOPIC": name}
    wordings = part("news_templates", "clauses", "figure")
    spoken = [(tone.upper(), "named"), (tone, "unnamed"), (f"{tone}_noun", "noun")]
    if topic.plural:
        spoken.append((f"{tone}_noun", "noun_in_plural"))
    for form, wording in spoken:
        yield form, (topic.weights[1], fill(wordings[wording], table))


def _fit(event: Event) -> list[tuple[float, str]]:
    """An event's templates that can be a clause: those the company has a part in, and no others."""
    unfit = part("news_templates", "clauses", "unfit")
    return [
        (weight, template)
        for weight, template in weighted(event.seen)
        if ("{who}" in template or "{whose}" in template)
        and not any(words in template for words in unfit)
    ]
