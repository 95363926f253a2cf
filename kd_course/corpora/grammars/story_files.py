"""The files words/stories/*.toml, as `Story` and `Beat`; what is wrong in them is named.

How a story is written, and what several stories share, stands in words/stories/shared.toml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn

from kd_course.corpora.grammars.cast import WORDS, Cast
from kd_course.corpora.grammars.stories import SLOT, Beat, Story
from kd_course.corpora.words import read

_STORY = {"title", "cast", "lead", "middle", "compare"}
_STORY_MAY = {"shared_cast", "left_out", "asides", "background", "beats"}
_BEAT = {"asked", "wordings", "plain"}
_BEAT_MAY = {"chance"}
_SHARED = {"order", "casts", "beats", "templates"}


def read_stories() -> tuple[Story, ...]:
    """All stories, in the order that shared.toml gives."""
    shared = read("stories/shared")
    _check_keys(shared, _SHARED, set(), Place("shared", "all"))
    return tuple(make_story(name, read(f"stories/{name}"), shared) for name in shared["order"])


def make_story(name: str, written: Mapping[str, Any], shared: Mapping[str, Any]) -> Story:
    """One story.

    name: of the story and of its file. written: what the file holds. shared: what shared.toml does.
    Raises ValueError naming file, story and entry when a key is missing or unknown, or when a slot,
    a beat or a role is used that is not there.
    """
    place = Place(name, name)
    _check_keys(written, _STORY, _STORY_MAY, place)
    cast = _cast(written, shared, place)
    if written["title"] not in cast:
        place.entry("title").refuse(f"slot {written['title']!r} is not in the cast")
    beats = _Beats(cast, written.get("beats", {}), shared, place)
    return Story(
        name,
        written["title"],
        cast,
        _beat(written["lead"], cast, place.entry("lead")),
        beats.numbered(written["middle"], "middle"),
        beats.numbered(written["compare"], "compare"),
        tuple(
            beats.aside(group, place.entry(f"asides {number}"))
            for number, group in enumerate(written.get("asides", []), 1)
        ),
        beats.named(written.get("background", []), place.entry("background")),
    )


@dataclass(frozen=True)
class Place:
    """Where in the files something stands."""

    file: str
    story: str
    at: str = ""

    def entry(self, name: str, *, file: str = "") -> Place:
        return Place(file or self.file, self.story, name)

    def refuse(self, what: str) -> NoReturn:
        at = f", entry {self.at}" if self.at else ""
        raise ValueError(f"words/stories/{self.file}.toml, story {self.story!r}{at}: {what}")


@dataclass(frozen=True)
class _Beats:
    """The beats of one story: its own, and those that it names."""

    cast: Mapping[str, str]
    own: Mapping[str, Any]
    shared: Mapping[str, Any]
    place: Place

    def numbered(self, written: Sequence[Mapping[str, Any]], part: str) -> tuple[Beat, ...]:
        return tuple(
            _beat(beat, self.cast, self.place.entry(f"{part} {number}"))
            for number, beat in enumerate(written, 1)
        )

    def named(self, names: Iterable[str], place: Place) -> tuple[Beat, ...]:
        """Beats by name: this story's own, or those of shared.toml."""
        found = []
        for name in names:
            if name in self.own:
                found.append(_beat(self.own[name], self.cast, place.entry(f"beats.{name}")))
            elif name in self.shared["beats"]:
                there = place.entry(f"beats.{name}", file="shared")
                found.append(_beat(self.shared["beats"][name], self.cast, there))
            else:
                known = ", ".join([*self.own, *self.shared["beats"]])
                place.refuse(f"there is no beat {name!r}, only {known}")
        return tuple(found)

    def aside(self, group: Mapping[str, Any], place: Place) -> tuple[Beat, ...]:
        """A group: beats by name, or a template and what fills its blanks, one beat each."""
        templates = self.shared["templates"]
        if len(group) != 1 or not set(group) <= {"beats", *templates}:
            known = ", ".join(["beats", *templates])
            place.refuse(f"one of {known} is expected, not {', '.join(group) or 'nothing'}")
        ((kind, entries),) = group.items()
        if kind == "beats":
            return self.named(entries, place)
        return tuple(self._filled(templates[kind], entry, place) for entry in entries)

    def _filled(self, template: Mapping[str, Any], entry: str | list[str], place: Place) -> Beat:
        texts = [entry] if isinstance(entry, str) else entry
        blanks = template["blanks"]
        if len(texts) != len(blanks):
            place.refuse(f"{', '.join(blanks)} are to be given, not {len(texts)} texts: {texts}")
        beat = {key: part for key, part in template.items() if key != "blanks"}
        return _beat(_replaced(beat, dict(zip(blanks, texts, strict=True))), self.cast, place)


def _beat(written: Mapping[str, Any], cast: Mapping[str, str], place: Place) -> Beat:
    _check_keys(written, _BEAT, _BEAT_MAY, place)
    beat = Beat(
        {slot: _texts(asked, f"asked.{slot}", place) for slot, asked in written["asked"].items()},
        _texts(written["wordings"], "wordings", place),
        written["plain"],
        written.get("chance", 1.0),
    )
    for slot in beat.asked:
        if slot not in cast:
            place.refuse(f"one asks for slot {slot!r}, which is not in the cast")
    for template in (*beat.wordings, beat.plain, *chain(*beat.asked.values())):
        for slot, _ in SLOT.findall(template):
            if slot not in cast:
                place.refuse(f"slot {slot!r} is not in the cast: {template!r}")
    return beat


def _cast(written: Mapping[str, Any], shared: Mapping[str, Any], place: Place) -> dict[str, str]:
    """slot -> what fills it: first the slots of the shared cast, then the story's own."""
    name = written.get("shared_cast")
    if name is not None and name not in shared["casts"]:
        known = ", ".join(shared["casts"])
        place.entry("shared_cast").refuse(f"there is no cast {name!r}, only {known}")
    common = shared["casts"][name] if name else {}
    left_out = written.get("left_out", [])
    for slot in left_out:
        if slot not in common:
            place.entry("left_out").refuse(f"slot {slot!r} is not in the shared cast")
    cast = {slot: filled for slot, filled in common.items() if slot not in left_out}
    cast |= written["cast"]
    for slot, filled in cast.items():
        _check_filled(filled, place.entry(f"cast.{slot}"))
    return cast


def _check_filled(filled: str, place: Place) -> None:
    """Whether there is something to fill a slot with; see "What fills a slot" in shared.toml."""
    sort, _, what = filled.partition(" ")
    if not hasattr(Cast, f"_{sort}"):
        place.refuse(f"nothing is known that fills a slot as {filled!r}")
    known = {"person": WORDS["roles"], "reason": {*WORDS["reasons"], "fault"}}
    if sort in known and what not in known[sort]:
        place.refuse(f"{what!r} is not in reading_words.toml: {filled!r}")


def _check_keys(written: Mapping[str, Any], must: set[str], may: set[str], place: Place) -> None:
    missing, unknown = must - set(written), set(written) - must - may
    if missing:
        place.refuse(f"{', '.join(sorted(missing))} is missing")
    if unknown:
        place.refuse(
            f"{', '.join(sorted(unknown))} is unknown; there are {', '.join(sorted(must | may))}"
        )


def _texts(written: Any, key: str, place: Place) -> tuple[str, ...]:
    if not isinstance(written, list) or not all(isinstance(text, str) for text in written):
        place.refuse(f"{key} is expected to be a list of texts, but is {written!r}")
    return tuple(written)


def _replaced(part: Any, blanks: Mapping[str, str]) -> Any:
    """A template with its blanks filled, in every text of it."""
    if isinstance(part, str):
        for blank, text in blanks.items():
            part = part.replace(blank, text)
        return part
    if isinstance(part, list):
        return [_replaced(item, blanks) for item in part]
    if isinstance(part, dict):
        return {key: _replaced(item, blanks) for key, item in part.items()}
    return part
