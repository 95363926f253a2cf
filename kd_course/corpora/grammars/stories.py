"""Stories as data, and the writer that turns a story into a passage with its answers marked.

A story has a cast (slots) and beats. A beat states some facts in one or two sentences; it has
several wordings, and questions for the slots that it fills. In a template

    {price}         a slot; what it holds is marked as a possible answer
    {chief:title}   the same in a given form: a title before the name, a company as "it"
    (rose|grew)     a choice with equal chances

How stories are written down stands in words/stories/shared.toml; `story_files` reads them.

Each fact has two registers. `plain` is one wording and one question that share their words; the
others are written so that question and passage have little in common but the names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from kd_course.corpora.grammars.cast import (
    KINDS,
    Cast,
    Company,
    Draw,
    Filling,
    Person,
    Phrase,
    choose,
)

Asked = Mapping[str, Sequence[str]]  # slot -> its questions, the plain one first

SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")
_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_SENTENCE_END = re.compile(r'(?<=[.?!]) |(?<=[.?!]") ')


@dataclass(frozen=True)
class Beat:
    """One or two facts: how they are said, and how one asks for them."""

    asked: Asked
    wordings: Sequence[str]
    plain: str
    chance: float = 1.0  # of being told, in a passage of level "full"


@dataclass(frozen=True)
class Story:
    """A kind of news. cast: slot -> what fills it (see `Cast.fill`); X is the company, if any.

    lead comes first; the beats of middle follow in any order, then those of compare: the same
    thing at another time or elsewhere, which holds the distractors.
    """

    name: str
    title: str  # the slot that the passage is titled by
    cast: Mapping[str, str]
    lead: Beat
    middle: Sequence[Beat]
    compare: Sequence[Beat]
    asides: Sequence[Sequence[Beat]] = ()  # of each group one beat at most, somewhere in the middle
    background: Sequence[Beat] = ()  # of these two at most, at the end or after the lead


@dataclass(frozen=True)
class Mention:
    """Where a phrase stands in a passage, and every place where an annotator may begin or end it.

    starts: (offset, piece) from the core outwards, the core's own start first, with piece "".
    ends: the same for exclusive ends.
    """

    phrase: Phrase
    starts: tuple[tuple[int, str], ...]
    ends: tuple[tuple[int, str], ...]

    @property
    def core(self) -> tuple[int, int]:
        return self.starts[0][0], self.ends[0][0]


@dataclass
class Passage:
    """What was written: the text, the answers in it by slot, the beats that were told."""

    story: Story
    title: str
    text: str
    slots: Mapping[str, Filling]
    mentions: dict[str, Mention]
    beats: list[Beat] = field(default_factory=list)


@dataclass(frozen=True)
class Question:
    text: str
    slot: str
    kind: str  # who, when, where, how much, why


class Writer:
    """Writes sentences one after the other and keeps track of what stands where."""

    def __init__(self, slots: Mapping[str, Filling], draw: Draw) -> None:
        self.slots, self.draw = slots, draw
        self.text = ""
        self.mentions: dict[str, Mention] = {}
        self._closing = False  # a comma is due, unless punctuation follows
        self._before: set[str] = set()  # companies named in the sentence before this one
        self._now: set[str] = set()

    def tell(self, template: str) -> None:
        """Append the sentences of a template."""
        template = _CHOICE.sub(lambda m: choose(m[1].split("|"), self.draw), template)
        for beginning, slots in _sentences(template):
            if self.text:
                self._append(" ")
            self._append(beginning)
            for slot, form, after in slots:
                self._slot(slot, form)
                self._append(after)
            self._before, self._now = self._now, set()

    def _append(self, text: str) -> None:
        if not text:
            return
        if self._closing:
            self._closing = False
            if text[0] not in ",.;:?!":
                text = f",{text}"
        if text[0].islower() and self._at_start():
            text = text[0].upper() + text[1:]
        self.text += text

    def _at_start(self) -> bool:
        return not self.text or self.text.endswith((". ", '." ', ': "')) or self.text == '"'

    def _slot(self, name: str, form: str) -> None:
        value = self.slots[name]
        if isinstance(value, Company):
            self._append(self._company(value, form))
        elif isinstance(value, str):
            self._append(value)
        elif isinstance(value, Person) and form in ("last", "she", "her", "him"):
            self._append(referring(value, form))
        else:
            if isinstance(value, Person):
                value = value.phrase(form or choose(("title", "appos"), self.draw))
            self._mark(name, value)

    def _mark(self, name: str, phrase: Phrase) -> None:
        """Write a phrase and note its edges."""
        if name in self.mentions:
            raise ValueError(f"slot {name!r} is told twice; an answer stands in one place")
        ends: list[tuple[int, str]] = []
        starts: list[tuple[int, str]] = []
        for text, piece in (*phrase.left, (phrase.core, "")):
            self._append(text)  # which may put a comma before it, so the start is counted back
            starts.append((len(self.text) - len(text), piece))
        for text, piece in (("", ""), *phrase.right):
            self._append(text)
            ends.append((len(self.text), piece))
        self._closing = phrase.closes
        if phrase.sort == "body":
            self._now.add(phrase.core)  # "the company" could be this one
        self.mentions[name] = Mention(phrase, tuple(reversed(starts)), tuple(ends))

    def _company(self, company: Company, form: str) -> str:
        """A company introduced (`full`), as `it` where nothing else can be meant, or by name."""
        alone = (self._now or self._before) == {company.name}
        again = company.name in self._now
        self._now.add(company.name)
        if form == "intro":
            return company.introduction
        if form == "full":
            names = (company.introduction, f"the {company.nation} {company.introduction}")
            return choose((*names, company.name), self.draw)
        if form in ("it", "its") and alone and (again or self.draw() < 0.65):
            possessive = form == "its"
            if again or self.draw() < 0.25:
                return form
            noun = choose(("the company", "the group", "the firm"), self.draw)
            return f"{noun}'s" if possessive else noun
        return f"{company.name}'s" if form == "its" else company.name


@cache
def _sentences(template: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The sentences of a template: how each begins, and (slot, form, text after it) in turn."""
    found = []
    for sentence in _SENTENCE_END.split(template):
        beginning, *parts = SLOT.split(sentence)  # SLOT has two groups, so parts come in threes
        threes = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        found.append((beginning, [(slot, form or "", after) for slot, form, after in threes]))
    return found


def referring(person: Person, form: str) -> str:
    """A person who has been introduced: surname or pronoun."""
    female = person.female
    return {
        "last": person.last,
        "she": "she" if female else "he",
        "her": "her" if female else "his",
        "him": "her" if female else "him",
    }[form]


def tell_story(story: Story, level: str, draw: Draw, *, new_names: bool) -> Passage:
    """One passage of a story; `Passage.beats` are those that can be asked for."""
    cast = Cast(draw, new_names=new_names)
    slots = {name: cast.fill(spec) for name, spec in story.cast.items()}
    writer = Writer(slots, draw)
    beats = (_full if level == "full" else _plain)(story, draw)
    for beat in beats:
        writer.tell(beat.plain if level == "plain" else choose(beat.wordings, draw))
    about = slots[story.title]
    title = about.name if isinstance(about, Company | Person) else str(about)
    return Passage(story, title, writer.text, slots, writer.mentions, list(beats))


def questions(passage: Passage, level: str, draw: Draw, count: int) -> list[Question]:
    """Up to `count` questions about a passage, each about another fact.

    Only facts are asked for that have a rival in the passage: another phrase of the same sort.
    Kinds take turns, the rarer ones first, so that no kind crowds out the others.
    """
    sorts = [m.phrase.sort for m in passage.mentions.values()]
    groups = [_group(sort) for sort in sorts]
    by_kind: dict[str, list[tuple[str, Sequence[str]]]] = {kind: [] for kind in KINDS.values()}
    for beat in passage.beats:
        for slot, asked in beat.asked.items():
            mention = passage.mentions.get(slot)
            if mention and groups.count(_group(mention.phrase.sort)) > 1:
                by_kind[KINDS[mention.phrase.sort]].append((slot, asked))
    for facts in by_kind.values():
        _shuffle(facts, draw)
    found: list[Question] = []
    while len(found) < count and any(by_kind.values()):
        kinds = [kind for kind, facts in by_kind.items() if facts]
        _shuffle(kinds, draw)
        for kind in sorted(kinds, key=lambda k: sum(q.kind == k for q in found)):
            slot, asked = by_kind[kind].pop()
            template = asked[0] if level == "plain" else choose(asked[1:], draw)
            found.append(Question(ask(template, passage.slots, draw), slot, kind))
            if len(found) == count:
                break
    return found


def ask(template: str, slots: Mapping[str, Filling], draw: Draw) -> str:
    """A question, with the names of what it is about."""
    template = _CHOICE.sub(lambda m: choose(m[1].split("|"), draw), template)

    def put(match: re.Match) -> str:
        value, form = slots[match[1]], match[2]
        if isinstance(value, Person):
            return referring(value, form) if form else value.name
        if isinstance(value, Phrase):
            if value.sort == "place" and not form:
                return f"in {value.core}"
            return value.core if form == "core" else value.text
        return value if isinstance(value, str) else value.name

    text = SLOT.sub(put, template)
    return text[0].upper() + text[1:]


def _full(story: Story, draw: Draw) -> list[Beat]:
    middle = [beat for beat in story.middle if draw() < beat.chance]
    middle += [choose(group, draw) for group in story.asides if draw() < 0.6]
    _shuffle(middle, draw)
    compare = [beat for beat in story.compare if draw() < beat.chance]
    _shuffle(compare, draw)
    background = list(story.background)
    _shuffle(background, draw)
    background = background[: int(draw() * 3)]
    told = [story.lead, *middle, *compare]
    if background and draw() < 0.4:  # who this is about, said at once
        return [told[0], background[0], *told[1:], *background[1:]]
    return told + background


def _plain(story: Story, draw: Draw) -> list[Beat]:
    beats = [*story.middle, *(choose(group, draw) for group in story.asides)]
    beats += story.background
    _shuffle(beats, draw)
    beats = beats[: 2 + int(draw() * 2)] + list(story.compare)
    _shuffle(beats, draw)
    return [story.lead, *beats]


def _group(sort: str) -> str:
    """Sorts that can be taken for each other: a person for a body, a city for a place in it."""
    return {"body": "who", "person": "who", "spot": "where", "place": "where"}.get(sort, sort)


def _shuffle(items: list, draw: Draw) -> None:
    for i in range(len(items) - 1, 0, -1):
        j = int(draw() * (i + 1))
        items[i], items[j] = items[j], items[i]
