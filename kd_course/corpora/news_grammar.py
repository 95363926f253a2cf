"""How financial news says it: the templates, and their assembly into meanings and rules.

`news_meanings` holds what can be said and `news_words` the words to say it with. Templates come in
two sets, one for training and one that training never sees; both say the same things.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kd_course.corpora.grammar import Meaning
from kd_course.corpora.news_meanings import (
    CHANGES,
    EVENTS,
    SHARES,
    SIDE_CHANGES,
    SIDE_TOPICS,
    TOPICS,
    TWO_CLAUSES,
    Topic,
)
from kd_course.corpora.news_words import lexicon

_NOUN = re.compile(r"\bN\b")

# --- Templates for figures ----------------------------------------------------------------------
# N stands for the noun, <was> and its like agree with it. UP means the direction of the change.

AGREEMENT = {
    "singular": {"<was>": "was", "<is>": "is", "<a> ": "a ", "<an> ": "an "},
    "plural": {"<was>": "were", "<is>": "are", "<a> ": "", "<an> ": ""},
}

# Around a verb phrase in the past: where the sentence's subject and its source go.
SHELLS = (
    (5, "{co}'s N VP {period?75} {ending?75}"),
    (3, "N at {co} VP {period?75} {ending?75}"),
    (3, "{company} said that its N VP {period?75}"),
    (2, "{company} said on {weekday} that its N VP {period?65}"),
    (1, "the N of {co} VP {period?75} {said?45}"),
    (2, "{period}, {co}'s N VP {ending?75}"),
)
TAILLESS = (
    (3, "{co}'s N VP {aside?35}"),
    (2, "N at {co} VP {aside?35}"),
    (2, "{company} said that its N VP"),
)


def past_phrases(change: str, way: str, amount: str) -> tuple[list, list]:
    """(verb phrases that a period may follow, verb phrases that end the sentence)."""
    verb = "{rose}" if way == "up" else "{fell}"
    comparative = "higher" if way == "up" else "lower"
    sized = amount != "none"
    by, by_small = (
        ("{by_points}", "{by_few_points}") if amount == "percent" else ("{by}", "{by_small}")
    )
    if change == "moved":
        open_ = [
            (4, f"{verb} {by}"),
            (2, f"{verb} {{clearly}}"),
            (
                1,
                f"<was> {way} {{pct}} {{year_on_year}}"
                if amount != "percent"
                else f"<was> clearly {comparative} than a year earlier",
            ),
            (1, f"<was> {comparative} than a year earlier"),
            (0.5, IN_LINE),
        ]
        closed = []
        if sized:
            open_ += [
                (2, f"{verb} {by} to {{figure.{amount}}}"),
                (4, f"{verb} {{to from.{amount}.{way}}}"),
            ]
            closed += [(2, f"<was> {{against.{amount}.{way}}}"), (1.2, BARE[amount])]
        return open_, closed
    if change == "moved slightly":
        open_ = [
            (3, f"{verb} slightly"),
            (3, f"{verb} {by_small}"),
            (1, f"<was> slightly {comparative} than a year earlier"),
        ]
        if sized:
            open_ += [(2, f"{verb} {{to from.{amount}.{way} slightly}}")]
        return open_, [(0.6, BARE[amount])] if sized else []
    if change == "flat":
        open_ = [
            (3, "<was> unchanged"),
            (2, "remained (stable|flat|unchanged)"),
            (1, "remained at the previous year's level"),
            (1, "did not change"),
            (1.5, IN_LINE),
        ]
        if sized:
            open_ += [(2, f"remained at {{figure.{amount}}}")]
        return open_, [(3, BARE[amount])] if sized else []
    raise ValueError(f"change: no past phrases for {change!r}")


# Two phrases that keep the change to themselves: only what is likely is left.
IN_LINE = "<was> in line with (expectations|analysts' expectations|market expectations)"
BARE = {
    "money": "(totalled|amounted to) {money} {period}",
    "per share": "<was> {eps} {period}",
    "percent": "<was> {percent} {period}",
}

# The rest of the changes, whole sentences. RISE, ROSE... are replaced by the way of the change.
CHANGE_TEMPLATES = {
    "more than expected": (
        "{co}'s N ROSE more than (expected|analysts had expected) {period?40} {aside?35}",
        "N at {co} ROSE {by}, which was more than expected {aside?35}",
        "{company} said that its N ROSE more than expected {period?40}",
        "{co}'s N <was> HIGHER than analysts had expected {period?40} {aside?35}",
    ),
    "less than expected": (
        "{co}'s N ROSE less than (expected|analysts had expected) {period?40} {aside?35}",
        "N at {co} ROSE {by}, which was less than expected {aside?35}",
        "{company} said that its N ROSE less than expected {period?40}",
    ),
    "expected": (
        "{co}'s N <is> expected to RISE {next?80} {ending?75}",
        "{company} expects its N to RISE {next?80}",
        "analysts expect {co}'s N to RISE {next?80} {aside?35}",
        "{company} estimates that its N will RISE {next?80}",
        "according to analysts, N at {co} will RISE {next?80} {aside?35}",
        "{co}'s N <is> forecast to RISE {by} {next?50} {ending?75}",
    ),
    "may": (
        "{co}'s N (may|might|could) RISE {next?80} {ending?75}",
        "{company} said that its N (may|could) RISE {next?80}",
        "N at {co} (may|could) RISE {next?50}, according to analysts {aside?35}",
        "it is possible that {co}'s N will RISE {next?80} {aside?35}",
    ),
    "did not": (
        "{co}'s N did not RISE {period?65} {ending?75}",
        "N at {co} did not RISE {period?65} {aside?35}",
        "{company} said that its N did not RISE {period?65}",
        "{period}, {co}'s N did not RISE {ending?75}",
    ),
    "not expected": (
        "{company} no longer expects its N to RISE {next?80}",
        "{company} does not expect its N to RISE {next?80}",
        "{co}'s N <is> not expected to RISE {next?80} {ending?75}",
        "analysts do not expect {co}'s N to RISE {next?80} {aside?35}",
        "{co}'s N will not RISE {next}, according to analysts {aside?35}",
    ),
    "expected flat": (
        "{co}'s N <is> expected to remain (unchanged|stable) {next?80} {ending?75}",
        "{company} expects its N to remain (unchanged|stable|at the same level) {next?80}",
        "analysts expect no change in {co}'s N {next?80} {aside?35}",
    ),
}
FAILED = {  # only for what was wanted: nobody fails to raise costs
    "up": (
        "{company} failed to (increase|raise) its N {period?75}",
        "{co}'s N failed to RISE {period?75}",
    ),
    "down": ("{company} failed to (reduce|cut) its N {period?75}",),
}
KEPT = {  # and nobody keeps a profit from rising
    "up": ("{company} kept its N from rising {period?75}",),
    "down": ("{company} kept its N from falling {period?75}",),
}
NOMINAL = (
    "{company} reported A_RISE SIZED in its N {period?75}",
    "{company} reported A_RISE in its N {period?75}",
    "{company} saw its N RISE {by} {period?75}",
)

# The templates that training never sees.
UNSEEN = {
    "moved": (
        "{co} had A_RISE in its N to report {period?75}",
        "there was A_RISE in {co}'s N {period?70}",
        (0.4, "{co}'s N <was> what analysts had expected {period?65}"),
        "for {co}, {year} was a year with <a> HIGHER N",
        "the year ended with <a> HIGHER N at {co} than the previous one",
    ),
    "moved slightly": (
        "there was a slight RISE_NOUN in {co}'s N {period?70}",
        "for {co}, {year} was a year with <a> slightly HIGHER N",
    ),
    "flat": (
        "there was no change in {co}'s N {period?70}",
        (0.8, "{co}'s N <was> what analysts had expected {period?65}"),
        "for {co}, {year} was a year with <an> unchanged N",
    ),
    "more than expected": ("the RISE_NOUN in {co}'s N was larger than expected {period?65}",),
    "less than expected": ("the RISE_NOUN in {co}'s N was smaller than expected {period?65}",),
    "expected": (
        "A_RISE in {co}'s N is expected by analysts {next?60}",
        "the forecast of analysts for {co} is <a> HIGHER N {next?60}",
    ),
    "may": ("A_RISE in {co}'s N is possible {next?80}",),
    "did not": (
        "there was no RISE_NOUN in {co}'s N {period?70}",
        "{co} had no RISE_NOUN in its N to report {period?65}",
    ),
    "not expected": ("no RISE_NOUN in {co}'s N is expected by analysts {next?80}",),
    "expected flat": ("no change in {co}'s N is expected by analysts {next?80}",),
}

WAYS = {
    "up": {
        "A_RISE": "{a_rise}",
        "RISE_NOUN": "{rise_noun}",
        "ROSE": "{rose}",
        "RISE": "{rise}",
        "HIGHER": "higher",
    },
    "down": {
        "A_RISE": "{a_fall}",
        "RISE_NOUN": "{fall_noun}",
        "ROSE": "{fell}",
        "RISE": "{fall}",
        "HIGHER": "lower",
    },
}


def figure_templates(topic: str, change: str, way: str, *, unseen: bool) -> list:
    """Every wording of "the topic changed that way", with weights."""
    entry = TOPICS.get(topic, SIDE_TOPICS)
    templates: list[tuple[float, str]] = []
    if unseen:
        templates += weighted(UNSEEN[change])
    elif change in CHANGE_TEMPLATES:
        by = "{by_points}" if entry.amount == "percent" else "{by}"
        templates += [(1, template.replace("{by}", by)) for template in CHANGE_TEMPLATES[change]]
        if change == "did not" and way == entry.better:
            templates += [(1, template) for template in FAILED[way]]
        if change == "did not" and entry.better and way != entry.better:
            templates += [(1, template) for template in KEPT[way]]
    else:
        open_, closed = past_phrases(change, way, entry.amount)
        for shells, phrases in ((SHELLS, open_), (TAILLESS, closed)):
            total = sum(weight for weight, _ in shells)
            templates += [
                (weight * shell_weight / total, shell.replace("VP", phrase))
                for shell_weight, shell in shells
                for weight, phrase in phrases
            ]
        if change == "moved":
            by, sized = (
                ("{by_points}", "{of_points}")
                if entry.amount == "percent"
                else ("{by}", "{of_pct}")
            )
            templates += [
                (1, template.replace("SIZED", sized).replace("{by}", by)) for template in NOMINAL
            ]
    return [
        (weight * share, agreed)
        for weight, template in templates
        for share, agreed in agree(directed(template, way), topic, entry)
    ]


def directed(template: str, way: str) -> str:
    """The template with its verbs going up or down."""
    for general, words in WAYS[way].items():
        template = template.replace(general, words)
    return template


def agree(template: str, topic: str, entry: Topic) -> Iterable[tuple[float, str]]:
    """The template for singular and for plural nouns, weighted by how many of each there are."""
    for number, nouns in (("singular", entry.singular), ("plural", entry.plural)):
        if nouns:
            agreed = template
            for general, verb in AGREEMENT[number].items():
                agreed = agreed.replace(general, verb)
            yield len(nouns), _NOUN.sub(f"{{{topic}.{number}}}", agreed)


def opposite(way: str) -> str:
    """Down for up and up for down."""
    return "down" if way == "up" else "up"


# change in CHANGES -> (which templates, does the figure go the way that pleases?)
REALISED = {
    "better": ("moved", True),
    "slightly better": ("moved slightly", True),
    "better than expected": ("more than expected", True),
    "expected to get better": ("expected", True),
    "may get better": ("may", True),
    "did not get better": ("did not", True),
    "not expected to get better": ("not expected", True),
    "better, but less than expected": ("less than expected", True),
    "flat": ("flat", True),
    "expected to stay flat": ("expected flat", True),
    "worse, but less than expected": ("less than expected", False),
    "not expected to get worse": ("not expected", False),
    "did not get worse": ("did not", False),
    "may get worse": ("may", False),
    "expected to get worse": ("expected", False),
    "worse than expected": ("more than expected", False),
    "slightly worse": ("moved slightly", False),
    "worse": ("moved", False),
}
SIDE_REALISED = {
    "up": ("moved", "up"),
    "down": ("moved", "down"),
    "flat": ("flat", "up"),
    "expected to go up": ("expected", "up"),
    "expected to go down": ("expected", "down"),
}


def figure_meanings(*, unseen: bool) -> list[Meaning]:
    """One meaning for each topic and each thing that can become of it."""
    meanings = []
    totals = [sum(column) for column in zip(*(t.weights for t in TOPICS.values()), strict=True)]
    for topic, entry in TOPICS.items():
        for change, weights in CHANGES.items():
            kind, pleases = REALISED[change]
            way = entry.better if pleases else opposite(entry.better)
            meanings.append(
                Meaning(
                    f"{topic}: {change}",
                    tuple(
                        a * b / total
                        for a, b, total in zip(weights, entry.weights, totals, strict=True)
                    ),
                    tuple(figure_templates(topic, kind, way, unseen=unseen)),
                )
            )
    for change, weights in SIDE_CHANGES.items():
        kind, way = SIDE_REALISED[change]
        meanings.append(
            Meaning(
                f"side topics: {change}",
                tuple(float(weight) for weight in weights),
                tuple(figure_templates("side topics", kind, way, unseen=unseen)),
            )
        )
    return meanings


def event_meanings(*, unseen: bool) -> list[Meaning]:
    """One meaning for each event, told as a sentence of its own."""
    meanings = []
    for event in EVENTS:
        templates = event.unseen if unseen else event.seen
        spoken = []
        for weight, template in weighted(templates):
            if unseen or event.tail is not None:
                tail = "" if unseen else event.tail
            elif template.startswith("{who}"):
                tail = " {said?65}"
            elif template.startswith("{whose}"):
                tail = " {ending?75}"
            else:
                tail = " {told?60}"
            spoken.append((weight, spoken_of(template, "{company}") + tail))
        meanings.append(Meaning(event.name, event.weights, tuple(spoken)))
    return meanings


def weighted(templates: Iterable) -> list[tuple[float, str]]:
    """Templates with their weights, 1 where none is given."""
    return [t if isinstance(t, tuple) else (1.0, t) for t in templates]


def spoken_of(template: str, who: str) -> str:
    """The template with the company as subject, possessor and object."""
    names = who.startswith("{co")
    return (
        template.replace("{who}", who)
        .replace("{whose}", "{co}'s" if names else "its")
        .replace("{it}", "{co}" if names else "it")
    )


# Clauses are joined so that they cannot contradict each other: of two figures one is from the
# first group and one from the second, and never are both clauses events.
GROUPS = {
    "first": ("profit", "earnings per share", "loss", "margin"),
    "second": ("sales", "costs", "debt", "trouble"),
}
PAIRS = (("first", "second"), ("second", "first"), ("figure", "event"), ("event", "figure"))
_CLAUSE = re.compile(r"\{(GOOD|BAD|good|bad|good_noun|bad_noun)\}")


def clause_rules() -> dict[str, list]:
    """{GOOD first}, {bad event}, {bad_noun figure} and so on, from the tables above."""
    rules: dict[str, list] = {}
    for tone, pleases in (("good", True), ("bad", False)):
        forms = (tone.upper(), tone, f"{tone}_noun")
        for group, topics in GROUPS.items():
            for form in forms:
                rules[f"{form} {group}"] = []
            for topic in topics:
                entry = TOPICS[topic]
                way = entry.better if pleases else opposite(entry.better)
                share = entry.weights[1]
                by, of = (
                    ("{by_points?50}", "{of_points?40}")
                    if entry.amount == "percent"
                    else ("{by?60}", "{of_pct?40}")
                )
                clauses = [
                    (tone.upper(), f"{{co}}'s {{{topic}}} ROSE {by}"),
                    (tone, f"its {{{topic}}} ROSE {by}"),
                    (f"{tone}_noun", f"A_RISE {of} in its {{{topic}}}"),
                ]
                if entry.plural:
                    clauses.append((f"{tone}_noun", f"HIGHER {{{topic}.plural}}"))
                for form, clause in clauses:
                    rules[f"{form} {group}"].append((share, directed(clause, way)))
        for form in forms:
            rules[f"{form} figure"] = [f"{{{form} first}}", f"{{{form} second}}"]
        told = [
            (weight, template)
            for event in EVENTS
            if event.tone == tone
            for weight, template in weighted(event.seen)
            if ("{who}" in template or "{whose}" in template)
            and not any(part in template for part in ("{revised}", "closed at", ", which"))
        ]
        rules[f"{tone.upper()} event"] = [(w, spoken_of(t, "{co}")) for w, t in told]
        rules[f"{tone} event"] = [(w, spoken_of(t, "{it or the company}")) for w, t in told]
    return rules


def paired(template: str) -> list[str]:
    """A two-clause template once for each pair of groups its clauses may come from."""
    filled = []
    for groups in PAIRS:
        clause = template
        for group in groups:
            # The space inside the braces keeps a filled clause from being filled again.
            clause = _CLAUSE.sub(rf"{{\1 {group}}}", clause, count=1)
        if "_noun event" not in clause:
            filled.append(clause)
    return filled


def two_clause_meanings(*, unseen: bool) -> list[Meaning]:
    """One meaning for each way of joining a pleasing and a displeasing clause."""
    meanings = []
    for name, (weights, seen_templates, unseen_templates) in TWO_CLAUSES.items():
        templates = unseen_templates if unseen else seen_templates
        words = tuple(
            (1 / len(paired(template)), filled)
            for template in templates
            for filled in paired(template)
        )
        meanings.append(Meaning(name, weights, words))
    return meanings


def noun_rules() -> dict[str, list]:
    """{profit.singular}, {profit.plural} and {profit}, either of them, for every topic."""
    rules: dict[str, list] = {}
    for topic, entry in {**TOPICS, "side topics": SIDE_TOPICS}.items():
        rules[topic] = []
        for number, nouns in (("singular", entry.singular), ("plural", entry.plural)):
            if nouns:
                rules[f"{topic}.{number}"] = list(nouns)
                rules[topic].append((len(nouns), f"{{{topic}.{number}}}"))
    return rules


def build_rules() -> dict[str, list]:
    """All rules of the wording, label-free, shared by both sets of templates."""
    return {**lexicon(), **noun_rules(), **clause_rules()}


def build_meanings(*, unseen: bool) -> list[Meaning]:
    """All meanings, each family with its share of each label."""
    families = {
        "figure": figure_meanings(unseen=unseen),
        "event": event_meanings(unseen=unseen),
        "two clauses": two_clause_meanings(unseen=unseen),
    }
    meanings = []
    for family, members in families.items():
        totals = [sum(column) for column in zip(*(m.weights for m in members), strict=True)]
        for meaning in members:
            weights = tuple(
                share * weight / total
                for share, weight, total in zip(
                    SHARES[family], meaning.weights, totals, strict=True
                )
            )
            meanings.append(Meaning(meaning.name, weights, meaning.templates))
    return meanings
