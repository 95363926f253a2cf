"""The parallel corpus's sentences in the form of one person: I want, she wants, 她想.

words/parallel_activities.toml says what stands in <…>.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from kd_course.corpora.grammars.rule_tables import Rules, entry, row_error

_FILE = "parallel_words"


def persons() -> dict[str, dict[str, Any]]:
    """person -> its English subject, verb forms and possessive, and its Chinese subject."""
    return entry(_FILE, "persons")


def shares(kind: str) -> dict[str, float]:
    """person -> its share of the sentences, "stated" or "asked"; they sum to one."""
    found = entry(_FILE, f"share.{kind}")
    return {person: share / sum(found.values()) for person, share in found.items()}


def for_person(text: str, person: str) -> str:
    """A template with everything in <…> in the form of one person."""
    forms = _forms(person)
    third = "third" if persons()[person]["third"] else "base"

    def form(match: re.Match) -> str:
        name = match[1]
        return forms[name] if name in forms else verb_forms(name)[third]

    return re.sub(r"<(\w+)>", form, text)


def for_persons(rules: Rules, people: Iterable[str]) -> Rules:
    """Templates written once for every person: why.i, why.you…"""
    return {
        f"{name}.{person}": [for_person(template, person) for template in templates]
        for name, templates in rules.items()
        for person in people
    }


@lru_cache(maxsize=1000)
def verb_forms(verb: str) -> dict[str, str]:
    """base, third (he goes), past, done (he has gone), doing."""
    ends_in_y = verb[-1] == "y" and verb[-2] not in "aeiou"
    if verb == "have":
        third = "has"
    elif ends_in_y:
        third = f"{verb[:-1]}ies"
    else:
        third = f"{verb}es" if verb.endswith(("o", "s", "sh", "ch")) else f"{verb}s"
    stem = verb[:-1] if verb[-1] == "e" and not verb.endswith("ee") else verb
    doing = entry(_FILE, "verbs.doubled").get(verb, f"{stem}ing")
    regular = f"{verb[:-1]}ied" if ends_in_y else f"{doing.removesuffix('ing')}ed"
    past, done = _irregular().get(verb, (regular, regular))
    return {"base": verb, "third": third, "past": past, "done": done, "doing": doing}


@lru_cache(maxsize=1)
def _irregular() -> dict[str, list[str]]:
    """verb -> its past, and the form after "has"."""
    found = {}
    for row in entry(_FILE, "verbs.irregular").strip().splitlines():
        base, *forms = row.split()
        if len(forms) != 2:
            raise row_error(_FILE, "verbs.irregular", row, "must read 'base past participle'")
        found[base] = forms
    return found


@lru_cache(maxsize=100)
def _forms(person: str) -> dict[str, str]:
    """What each <name> is for a person; any other is a verb."""
    own = entry(_FILE, f"persons.{person}")
    return {
        "S": f"{{who.{person}}}", "A": f"{{asked.{person}}}", "N": f"{{named.{person}}}",
        "kin": f"{{kin.of.{person}}}", "whom": f"{{whom.{person}}}",
        "is": own["is"], "was": own["was"], "his": own["his"], "he": own["en"],
        "他": own["zh"], "他的": f"(|{own['zh']}的)", "person": person,
        "kind": own.get("kind", ""), "other": own.get("other", ""),
    }  # fmt: skip
