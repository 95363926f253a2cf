"""What financial news can say, assembled from data: meanings, each with its weights and templates.

words/news_meanings.toml and words/news_events.toml hold what can be said and how often each label
says it, words/news_templates.toml how a change of a figure is told. Templates come in two sets, one
for training and one that training never sees; both say the same things.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kd_course.corpora.grammars.context_free import Meaning
from kd_course.corpora.words import build, part

Template = str | tuple[float, str]

_NOUN = re.compile(r"\bN\b")
_CAPITALS = re.compile(r"\b[A-Z][A-Z_]+\b")  # words that stand for something else
_CLAUSE = re.compile(r"\{(GOOD|BAD|good|bad|good_noun|bad_noun)\}")


@dataclass(frozen=True, kw_only=True)
class _Weighted:
    """Something that a negative, a neutral and a positive sentence says more or less often."""

    weights: tuple[float, float, float]

    def __post_init__(self) -> None:
        if len(self.weights) != 3:
            raise TypeError(f"weights must be three numbers, not {self.weights}")


@dataclass(frozen=True, kw_only=True)
class Topic(_Weighted):
    """Something a company reports a figure for; `better` is the direction that pleases."""

    amount: str  # how the figure is written: "money", "per share", "percent" or "none"
    singular: tuple[str, ...]
    plural: tuple[str, ...]
    better: str = ""  # "up", "down", or "" when neither direction is news
    weights: tuple[float, float, float] = (0, 0, 0)

    def nouns(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """("singular", its nouns) and ("plural", its nouns), where there are any."""
        for number, nouns in (("singular", self.singular), ("plural", self.plural)):
            if nouns:
                yield number, nouns


@dataclass(frozen=True, kw_only=True)
class Change(_Weighted):
    """What became of a figure: the templates that say it, and the way it went."""

    said: str
    goes: str = ""  # "better", "worse", "up", "down", or "" where the figure stayed

    def way(self, topic: Topic) -> str:
        """Up or down, for this topic; "" where the figure stayed."""
        pleasing = {"better": topic.better, "worse": opposite(topic.better)}
        return pleasing.get(self.goes, self.goes)


@dataclass(frozen=True, kw_only=True)
class Joined(_Weighted):
    """A way of joining two clauses: the templates of training, and those it never sees."""

    seen: tuple[str, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Event(_Weighted):
    """Something that happens to a company: the templates of training, and those it never sees.

    tone: "good" or "bad" admits it to sentences of two clauses.
    tail: what may follow; by default the source, which depends on who acts.
    """

    seen: tuple[Template, ...]
    unseen: tuple[Template, ...]
    tone: str = ""
    tail: str | None = None


def build_meanings(*, unseen: bool) -> list[Meaning]:
    """All meanings, each family with its share of each label."""
    families = {
        "figure": figure_meanings(unseen=unseen),
        "event": event_meanings(unseen=unseen),
        "two clauses": two_clause_meanings(unseen=unseen),
    }
    meanings = []
    for family, members in families.items():
        shares = part("news_meanings", "shares", family)
        totals = [sum(column) for column in zip(*(m.weights for m in members), strict=True)]
        for meaning in members:
            weights = tuple(
                share * weight / total
                for share, weight, total in zip(shares, meaning.weights, totals, strict=True)
            )
            meanings.append(Meaning(meaning.name, weights, meaning.templates))
    return meanings


def prior() -> tuple[float, ...]:
    """How often each label occurs."""
    return part("news_meanings", "prior")


# --- Figures ------------------------------------------------------------------------------------


def topics() -> dict[str, Topic]:
    """What a company reports a figure for, where a direction pleases."""
    names = part("news_meanings", "topics")
    return {name: build(Topic, "news_meanings", "topics", name) for name in names}


def side_topics() -> Topic:
    """What a company reports a figure for, where neither direction pleases everybody."""
    return build(Topic, "news_meanings", "side_topics")


def figure_meanings(*, unseen: bool) -> list[Meaning]:
    """One meaning for each topic and each thing that can become of it."""
    meanings = []
    known = topics()
    totals = [sum(column) for column in zip(*(t.weights for t in known.values()), strict=True)]
    for name, topic in known.items():
        for what, change in _changes("changes"):
            weights = tuple(
                a * b / total
                for a, b, total in zip(change.weights, topic.weights, totals, strict=True)
            )
            templates = figure_templates(name, topic, change, unseen=unseen)
            meanings.append(Meaning(f"{name}: {what}", weights, tuple(templates)))
    for what, change in _changes("side_changes"):
        weights = tuple(float(weight) for weight in change.weights)
        templates = figure_templates("side topics", side_topics(), change, unseen=unseen)
        meanings.append(Meaning(f"side topics: {what}", weights, tuple(templates)))
    return meanings


def _changes(table: str) -> Iterator[tuple[str, Change]]:
    for what in part("news_meanings", table):
        yield what, build(Change, "news_meanings", table, what)


def figure_templates(
    name: str, topic: Topic, change: Change, *, unseen: bool
) -> list[tuple[float, str]]:
    """Every wording of "the topic changed that way", with weights."""
    way = change.way(topic)
    if unseen:
        templates = weighted(part("news_templates", "unseen", change.said))
    else:
        templates = _seen_templates(topic, change.said, way)
    return [
        (weight * share, agreed)
        for weight, template in templates
        for share, agreed in agree(fill(template, stands_for(topic.amount, way)), name, topic)
    ]


def _seen_templates(topic: Topic, said: str, way: str) -> list[tuple[float, str]]:
    """Phrases in their shells, whole sentences, and those for what was wanted or was not."""
    phrases, sentences = part("news_templates", "phrases"), part("news_templates", "sentences")
    if said not in phrases and said not in sentences:
        raise ValueError(f"words/news_templates.toml: has neither phrases nor sentences {said!r}")
    templates = []
    for kind, shells in part("news_templates", "shells").items():
        spoken = list(phrases.get(said, {}).get(kind, ()))
        if topic.amount != "none":
            spoken += phrases.get(said, {}).get(f"{kind}_with_figure", ())
        total = sum(weight for weight, _ in shells)
        templates += [
            (weight * shell_weight / total, shell.replace("VP", phrase))
            for shell_weight, shell in shells
            for weight, phrase in spoken
        ]
    templates += weighted(sentences.get(said, ()))
    if way and topic.better:
        table = "sentences_wanted" if way == topic.better else "sentences_unwanted"
        templates += weighted(part("news_templates", table).get(said, {}).get(way, ()))
    return templates


def stands_for(amount: str, way: str) -> dict[str, str]:
    """What words in capitals stand for in a template about such a figure, going that way."""
    table = {**part("news_templates", "stands_for", "any")}
    for key in (amount, way) if way else (amount,):
        table |= part("news_templates", "stands_for", key)
    return table


def fill(template: str, table: Mapping[str, str]) -> str:
    """The template with its words in capitals replaced by what they stand for.

    Raises ValueError naming the word when it stands for nothing here.
    """

    def replacement(match: re.Match) -> str:
        if match[0] not in table:
            raise ValueError(
                f"words/news_templates.toml: {match[0]} stands for nothing in {template!r} here"
            )
        return fill(table[match[0]], table)

    return _CAPITALS.sub(replacement, template)


def agree(template: str, name: str, topic: Topic) -> Iterator[tuple[int, str]]:
    """The template for singular and for plural nouns, weighted by how many of each there are."""
    for number, nouns in topic.nouns():
        agreed = template
        for general, verb in part("news_templates", "agreement", number).items():
            agreed = agreed.replace(general, verb)
        yield len(nouns), _NOUN.sub(f"{{{name}.{number}}}", agreed)


def opposite(way: str) -> str:
    """Down for up and up for down."""
    return "down" if way == "up" else "up"


# --- Events -------------------------------------------------------------------------------------


def events() -> dict[str, Event]:
    """What can happen to a company."""
    names = part("news_events", "events")
    return {name: build(Event, "news_events", "events", name) for name in names}


def event_meanings(*, unseen: bool) -> list[Meaning]:
    """One meaning for each event, told as a sentence of its own."""
    meanings = []
    for name, event in events().items():
        spoken = []
        for weight, template in weighted(event.unseen if unseen else event.seen):
            tail = "" if unseen else _tail(event, template)
            spoken.append((weight, f"{spoken_of(template, 'alone')} {tail}".rstrip()))
        meanings.append(Meaning(name, event.weights, tuple(spoken)))
    return meanings


def _tail(event: Event, template: str) -> str:
    if event.tail is not None:
        return event.tail
    tails = part("news_events", "tails")
    for who, tail in tails.items():
        if template.startswith(f"{{{who}}}"):
            return tail
    return tails["others"]


def spoken_of(template: str, subject: str) -> str:
    """The template with the company as subject, possessor and object."""
    for role, words in part("news_events", "subjects", subject).items():
        template = template.replace(f"{{{role}}}", words)
    return template


def weighted(templates: Iterable[Template]) -> list[tuple[float, str]]:
    """Templates with their weights, 1 where none is given."""
    return [t if isinstance(t, tuple) else (1.0, t) for t in templates]


# --- Two clauses --------------------------------------------------------------------------------


def two_clause_meanings(*, unseen: bool) -> list[Meaning]:
    """One meaning for each way of joining a pleasing and a displeasing clause."""
    meanings = []
    for name in part("news_meanings", "two_clauses"):
        joined = build(Joined, "news_meanings", "two_clauses", name)
        words = tuple(
            (1 / len(paired(template)), filled)
            for template in (joined.unseen if unseen else joined.seen)
            for filled in paired(template)
        )
        meanings.append(Meaning(name, joined.weights, words))
    return meanings


def paired(template: str) -> list[str]:
    """A two-clause template once for each pair of groups its clauses may come from."""
    pairs: Sequence[Sequence[str]] = part("news_templates", "clauses", "pairs")
    filled = []
    for groups in pairs:
        clause = template
        for group in groups:
            # The space inside the braces keeps a filled clause from being filled again.
            clause = _CLAUSE.sub(rf"{{\1 {group}}}", clause, count=1)
        if "_noun event" not in clause:
            filled.append(clause)
    return filled
