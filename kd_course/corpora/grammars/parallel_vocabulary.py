"""The parallel corpus's words as rules: things, people, places, times.

They stand in words/parallel_words.toml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kd_course.corpora.grammars.parallel_persons import for_persons
from kd_course.corpora.grammars.rule_tables import Rules, either, entry, row_error, rows, tables

_FILE = "parallel_words"


def vocabulary() -> Rules:
    """All of them, and the topmost rule, `sentence`."""
    return tables(_FILE, "tables") | noun_rules() | people_rules() | tables(_FILE, "sentences")


def noun_rules() -> Rules:
    """What a verb or a sentence can say of a class of things: goods.one, goods.many…"""
    rules = {
        f"adj.{group}": [f"{_article(adjective)} {adjective}" for adjective in adjectives]
        for group, adjectives in tables(_FILE, "adjectives.groups").items()
    }
    nouns = _nouns()
    for name, members in entry(_FILE, "classes").items():
        for noun in members:
            if noun not in nouns:
                raise row_error(_FILE, f"classes.{name}", noun, "is none of the table 'nouns'")
            for form, alternatives in nouns[noun].items():
                rules.setdefault(f"{name}.{form}", []).extend(alternatives)
        for form in ("one", "none", "asked", "known"):
            rules[f"{name}.{form}"] += [
                f"{len(members)}: {{{name}.{which}}} => {{{name}.{which}}}"
                for which in ("the", "this")
            ]
    for name, mass in tables(_FILE, "mass.nouns").items():
        rules |= _mass_rules(name, mass, rules[f"{name}.one"])
    return rules


def people_rules() -> Rules:
    """Subjects by person (who.he, asked.he), and whom they meet (whom.he: never themselves)."""
    rules: Rules = {}
    for name, group in entry(_FILE, "people").items():
        found = for_persons(tables(_FILE, f"people.{name}.rules"), group["persons"])
        for symbol, alternatives in found.items():
            rules.setdefault(symbol, []).extend(alternatives)
    return rules


def _mass_rules(name: str, mass: list[str], one: list[str]) -> Rules:
    """The rules of a class that is mostly not counted; `one`: those of what is counted in it."""
    counted = [rule.replace("{n}", "{few}") for rule in one if f"{{{name}." not in rule]
    some = f"{3 * len(mass)}: some {{{name}.mass}} => (一些|一点儿){{{name}.mass}}"
    return {f"{name}.{form}": mass for form in ("mass", "asked", "many", "doing")} | {
        f"{name}.none": [f"(any|) {{{name}.mass}} => {{{name}.mass}}"],
        f"{name}.one": [*counted, some],
    }


def _nouns() -> dict[str, Rules]:
    """noun -> form -> its rules; each form has the same weight for every noun."""
    forms = tables(_FILE, "noun_forms.forms")
    found = {}
    for names, measure, zh, groups in rows(_FILE, "nouns", 4):
        singular, slash, plural = names.partition("/")
        if not (singular and slash and plural and measure and zh):
            must = "must read 'singular/plural | measure words | chinese | adjectives'"
            raise row_error(_FILE, "nouns", names, must)
        cells = {
            "a": f"{_article(singular)} {singular}", "singular": singular, "plural": plural,
            "measure": either(measure), "zh": either(zh),
            "number": "few" if "price" in groups else "n",
        }  # fmt: skip
        described = _described(cells, groups.split())
        found[singular] = {
            form: [rule for template in templates for rule in _form(template, cells, described)]
            for form, templates in forms.items()
        }
    return found


def _described(cells: Mapping[str, str], groups: list[str]) -> list[str]:
    """The noun with an adjective of each group, or plain when none fits."""
    if not groups:
        return [_filled(entry(_FILE, "noun_forms.plain"), cells)]
    template = entry(_FILE, "noun_forms.described")
    return [_filled(template, {**cells, "group": group}) for group in groups]


def _form(template: str, cells: Mapping[str, str], described: list[str]) -> list[str]:
    """The rules that one row of `noun_forms` gives for a noun."""
    weight, _, body = template.partition(": ")
    if "<described>" not in body:
        return [_filled(template, cells)]
    return [f"{float(weight) / len(described)}: {rule}" for rule in described]


def _filled(template: str, cells: Mapping[str, str]) -> str:
    """A form of `noun_forms` with the cells of one noun."""
    unknown = set(re.findall(r"<(\w+)>", template)) - set(cells)
    if unknown:
        raise row_error(_FILE, "noun_forms", template, f"no noun has {sorted(unknown)}")
    return re.sub(r"<(\w+)>", lambda match: cells[match[1]], template)


def _article(words: str) -> str:
    return "an" if words[0] in "aeiou" else "a"
