"""The parallel corpus's activities, seen in every way, and framed as sentences.

words/parallel_activities.toml says each activity once and has the frames: past, future, denial…
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from kd_course.corpora.grammars.parallel_persons import (
    for_person,
    for_persons,
    persons,
    verb_forms,
)
from kd_course.corpora.grammars.rule_tables import Rules, row_error, rows, sentences, tables

_FILE = "parallel_activities"


def activity_rules() -> Rules:
    """The activities seen in every way, VIEW.GROUP.PERSON, and the words that they need."""
    reasons = for_persons(tables(_FILE, "reasons"), persons())
    return tables(_FILE, "words") | reasons | _activities()


def framed(table: str, factor: float, person: str, rules: Rules) -> list[str]:
    """Sentences about one person from a table of templates with an activity in them.

    factor: by what their weights are multiplied; rules: those of `activity_rules`.
    """
    return [
        rule
        for template in sentences(_FILE, table)
        for rule in _framed(table, template, factor, person, rules)
    ]


def _framed(table: str, template: str, factor: float, person: str, rules: Rules) -> Iterator[str]:
    """A frame for each group of activities that fits it, as often as the group has activities."""
    view, *others = set(re.findall(r"\{([A-Z]\w*)\}", template)) - {"T", "U", "C"} or [""]
    every = _every()
    sizes = {group: len(rules.get(f"{view}.{group}.{person}", ())) for group in every}
    if others or not any(sizes.values()):
        raise row_error(_FILE, table, template, "must hold one {frame} of the table 'views'")
    weight, _, body = template.partition(": ")
    for group, size in sizes.items():
        if not size:
            continue
        text = (
            body.replace(f"{{{view}}}", f"{{{view}.{group}.{person}}}")
            .replace("{T}", f"{{time.past.{group}}}")
            .replace("{U}", f"{{time.future.{group}}}")
            .replace("{C}", f"{{time.clock.{group}}}")
        )
        times = every[group] if "EVERY" in body else [("EVERY", "EVERY")]
        share = factor * size / sum(sizes.values()) / len(times)
        for en, zh in times:
            source, target = text.split(" => ")
            rule = f"{source.replace('EVERY', en)} => {target.replace('EVERY', zh)}"
            yield f"{float(weight) * share}: {for_person(rule, person)}"


@lru_cache(maxsize=1)
def _every() -> dict[str, list[tuple[str, str]]]:
    """group -> how often a habit of it recurs, in both languages."""
    return {
        group: [(en, zh) for en, zh in (rule.split(" => ") for rule in rules)]
        for group, rules in tables(_FILE, "every").items()
    }


def _activities() -> Rules:
    """VIEW.GROUP.PERSON: the verb phrases that a frame may hold."""
    rules: Rules = {}
    views = rows(_FILE, "views", 5)
    letters = {letter for _, members, *_ in views for letter in members}
    for group, en, bare, done, frames, place in rows(_FILE, "activities", 6):
        if group not in _every():
            must = f"its time must be one of {', '.join(_every())}, not {group!r}"
            raise row_error(_FILE, "activities", en, must)
        if not frames or set(frames) - letters:
            must = f"its frames must be letters of the table 'views', not {frames!r}"
            raise row_error(_FILE, "activities", en, must)
        for view, members, form, kind, thing in views:
            weight = sum(frames.count(letter) for letter in members)
            if not weight:
                continue
            spots = _spots("" if view == "Y" else place)
            for person in persons():
                rules.setdefault(f"{view}.{group}.{person}", []).extend(
                    f"{weight * share}: {_phrase(en, form, thing, person, spot)} => "
                    + _chinese(bare, done, kind, thing, person, spot)
                    for spot, share in spots
                )
    return rules


def _spots(name: str) -> list[tuple[str, float]]:
    """Where it is done, mostly left unsaid."""
    return [(f"{{spot.{name}}}", 0.3), ("", 0.7)] if name else [("", 1.0)]


def _phrase(en: str, form: str, thing: str, person: str, spot: str) -> str:
    """The English verb phrase: 'bought {goods.one} {spot.shop}'."""
    third = persons()[person]["third"]
    form = ("third" if third else "base") if form == "present" else form
    text = re.sub(r"\[(\w+)\]", lambda match: verb_forms(match[1])[form], en)
    return for_person(f"{_things(text, thing)} {spot}".strip(), person)


def _chinese(bare: str, done: str, kind: str, thing: str, person: str, spot: str) -> str:
    """The Chinese verb phrase: '在{spot.shop}买了{goods.one}'."""
    plain = bare.replace("~", "").split(" / ")
    finished = (done or bare.replace("~", "了")).split(" / ")
    if kind == "late":
        variants = [f"{text}了" for text in plain]
    elif kind == "asked":  # 买帽子了吗, and 买了帽子吗 where nothing else stands beside 了
        variants = [f"{text}了" for text in plain] + ([] if done else finished)
    else:
        variants = finished if kind == "done" else plain
    place = f"在{spot}" if spot else ""
    if kind == "going":
        place = f"(正|)在{spot}" if spot else "(正在|在)"
    text = " / ".join(place + variant for variant in variants)
    return for_person(_things(text, thing), person)


def _things(text: str, thing: str) -> str:
    """{goods*} as {goods.one} or what the frame asks for."""
    return re.sub(r"\{(\w+)\*\}", rf"{{\1.{thing}}}", text)
