"""All rules of the parallel corpus: everyday sentences and news, over its words.

The sentences stand in words/parallel_daily.toml, parallel_activities.toml and parallel_news.toml.
Factors say how often a table's sentences occur beside those of the others.
"""

from __future__ import annotations

from kd_course.corpora.grammars.parallel_activities import activity_rules, framed
from kd_course.corpora.grammars.parallel_figures import figure_rules
from kd_course.corpora.grammars.parallel_persons import for_person, shares
from kd_course.corpora.grammars.parallel_vocabulary import vocabulary
from kd_course.corpora.grammars.rule_tables import Rules, entry, sentences, tables


def all_rules() -> Rules:
    """symbol -> its rules; `sentence` is the topmost."""
    rules = vocabulary() | daily_rules()
    return rules | news_rules(countries=rules["country"])


def daily_rules() -> Rules:
    """The rules of everyday sentences; `daily.tells` and `daily.asks` are the topmost."""
    file = "parallel_daily"
    rules = activity_rules() | tables(file, "words") | tables(file, "said")
    rules["public.plain"] = [rule for rule in rules["public"] if not rule.startswith("airport")]
    rules["heard"] = [
        for_person(template, person)
        for person in ("he", "she", "they")
        for template in tables(file, "heard")["heard"]
    ]
    reported = [
        rule for person in ("he", "she", "they") for rule in _scaled("about_people", 0.5, person)
    ]
    return rules | {
        "daily.told": _told(rules),
        "daily.asked": _asked(rules),
        "daily.polite": _scaled("asked_of_matters", 1),
        "daily.reported": _scaled("matters", 1) + reported,
    }


def news_rules(countries: list[str]) -> Rules:
    """The rules of news sentences; `news` is the topmost. countries: those of the vocabulary."""
    file = "parallel_news"
    told = sentences(file, "told_of_past") + sentences(file, "told_of_future")
    for short, name in entry(file, "times").items():
        told = [rule.replace(f"{{{short}}}", f"{{{name}}}") for rule in told]
    return (
        tables(file, "words")
        | figure_rules()
        | {
            "nation": [rule for rule in countries if not rule.startswith("the ")],
            "news.told": told,
        }
    )


def _told(rules: Rules) -> list[str]:
    """What is told, of things and of every person."""
    told = _scaled("matters", 1.2) + _scaled("of_me", 1.5)
    for person, share in shares("stated").items():
        told += _scaled("about_people", 1.6 * share, person)
        told += framed("statements", 4 * share, person, rules)
    for person in ("i", "he", "she"):
        told += _scaled("one_person", 1.6 / 3, person)
    return told + framed("told_to_you", 1.6, "you", rules)


def _asked(rules: Rules) -> list[str]:
    """What is asked, about things and about every person."""
    asked = _scaled("asked_of_matters", 1.3) + _scaled("asked_of_me", 1.3)
    for person, share in shares("asked").items():
        asked += _scaled("asked_of_people", 1.6 * share, person)
        asked += framed("questions", 4 * share, person, rules)
    return asked + framed("asked_of_you", 1.6, "you", rules)


def _scaled(table: str, factor: float, person: str = "i") -> list[str]:
    """A table's sentences about one person, their weights multiplied by a factor."""
    scaled = []
    for template in sentences("parallel_daily", table):
        weight, _, body = template.partition(": ")
        scaled.append(f"{float(weight) * factor}: {for_person(body, person)}")
    return scaled
