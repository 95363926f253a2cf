"""Who and what a passage is about: every slot of a story, filled with a phrase or a company.

A `Phrase` knows where an annotator may cut it. Its core is what every annotator marks; the pieces
to the left and to the right are what some of them leave out:

    on | 3 May            about | EUR | 45.2 million        chief executive | Anna Berg
    340 | jobs            cheap imports | from Asia         Malmo | , Sweden

Every piece has a name (`prep`, `title`, `currency`, …), for how often it is marked depends on what
it is and on the question (`annotators`). The words are in words/reading_words.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kd_course.corpora.words import read

Draw = Callable[[], float]  # a number in [0, 1)
Item = TypeVar("Item")
Piece = tuple[str, str]  # (text, name)

WORDS = read("reading_words")
KINDS = {  # what fills a slot -> the kind of question that it answers
    "person": "who", "body": "who", "date": "when", "place": "where", "spot": "where",
    "money": "how much", "count": "how much", "percent": "how much", "reason": "why",
}  # fmt: skip


@dataclass(frozen=True)
class Phrase:
    """An answer with its edges. `closes`: it ends inside a pair of commas."""

    sort: str  # a key of KINDS
    core: str
    left: tuple[Piece, ...] = ()  # outermost first
    right: tuple[Piece, ...] = ()  # innermost first
    closes: bool = False

    @property
    def text(self) -> str:
        """The whole phrase, without the comma that closes it."""
        return "".join((*(t for t, _ in self.left), self.core, *(t for t, _ in self.right)))


@dataclass(frozen=True)
class Person:
    name: str
    female: bool
    title: str  # "chief executive"
    apposition: str  # "chief executive of Halvaro"

    @property
    def last(self) -> str:
        return self.name.split()[-1]

    def phrase(self, form: str) -> Phrase:
        """The person as introduced: `title`, `appos` (behind the name) or `bare`."""
        if form == "title":
            return Phrase("person", self.name, left=((f"{self.title} ", "title"),))
        if form == "appos":
            right = ((f", {self.apposition}", "apposition"),)
            return Phrase("person", self.name, right=right, closes=True)
        return Phrase("person", self.name)


@dataclass(frozen=True)
class Company:
    name: str
    nation: str = ""
    trade: str = ""

    @property
    def introduction(self) -> str:
        return f"{self.trade} {self.name}"


Filling = Phrase | Person | Company | str  # what may stand in a slot


def choose(items: Sequence[Item], draw: Draw) -> Item:
    return items[int(draw() * len(items))]


class Cast:
    """Fills the slots of one story; no name, date or figure is given out twice.

    new_names: draw people, companies and cities from the names kept for `test_new_names`.
    """

    def __init__(self, draw: Draw, *, new_names: bool) -> None:
        self.draw = draw
        kept = "new_" if new_names else ""
        self._companies = list(WORDS[f"{kept}companies"])
        self._surnames = list(WORDS[f"{kept}surnames"])
        self._cities = WORDS[f"{kept}cities"]
        self._city_bag = list(self._cities)
        self._bags: dict[object, list] = {}
        self._figures: set[str] = set()
        self.nation = choose(tuple(WORDS["nations"].values()), draw)
        self.trade = choose(tuple(WORDS["trades"]), draw)
        self.currency = choose(("EUR", "EUR", "USD", "GBP"), draw)
        self.code_first = draw() < 0.4
        self.year = 2010 + int(draw() * 15)
        month = 3 + int(draw() * 6)  # the passage is written in month number `month`, 0 = January
        self._months = {
            "recent": [WORDS["months"][month]],
            "month": list(WORDS["months"][:month]),
            "future": list(WORDS["months"][month + 1 :]),
        }
        self._days = list(range(2, 28))
        self._past = list(range(self.year - 9, self.year - 1))
        self.thing = choose(tuple(WORDS["things"]), draw)
        self.authority = choose(tuple(WORDS["offences"]), draw)
        self.other_authority = choose(
            [name for name in WORDS["offences"] if name != self.authority], draw
        )
        self.company = ""

    def fill(self, spec: str) -> Filling:
        """What stands in a slot, by its spec: "money 20 900", "person chief", "date future" …"""
        sort, *arguments = spec.split(" ")
        return getattr(self, f"_{sort}")(*arguments)

    # Names.

    def _main(self) -> Company:
        self.company = self._take(self._companies)
        return Company(self.company, self.nation, self.trade)

    def _rival(self) -> Company:
        return Company(self._take(self._companies), self.nation, self.trade)

    def _firm(self) -> Company:
        return Company(self._take(self._companies))

    def _person(self, *words: str) -> Person:
        role = " ".join(words)
        female = self.draw() < 0.5
        first = choose(WORDS["women" if female else "men"], self.draw)
        title, apposition = self._pop(role, WORDS["roles"][role])
        if "COUNTRY" in apposition:
            country = self._pop("country", tuple(WORDS["nations"]))
            apposition = apposition.replace("COUNTRY", country)
        apposition = apposition.replace("COMPANY", self.company)
        title, apposition = (
            text.replace("MAN", "woman" if female else "man") for text in (title, apposition)
        )
        return Person(f"{first} {self._take(self._surnames)}", female, title, apposition)

    def _family(self) -> Phrase:
        if self.draw() < 0.5:
            name = f"{self._take(self._surnames)} family"
            return Phrase("body", name, left=(("the ", "article"),))
        name = self._pop("fund", WORDS["funds"])
        return Phrase("body", name, left=(("the ", "article"), ("investment firm ", "title")))

    def _customer(self) -> Phrase:
        style = self._pop("customer", ("city", "retail", "ministry", "group"))
        nation = self._pop("nation", tuple(WORDS["nations"].values()))
        if style == "city":
            city = self._take(self._city_bag)
            return Phrase("body", city, left=(("the ", "article"), ("city of ", "description")))
        if style == "ministry":
            core = f"{nation} {choose(WORDS['forces'], self.draw)}"
            return Phrase("body", core, left=(("the ", "article"),))
        title = "retail chain " if style == "retail" else "energy group "
        left = (("the ", "article"), (f"{nation} ", "nation"), (title, "title"))
        return Phrase("body", self._take(self._companies), left=left)

    def _authority(self, which: str) -> Phrase:
        name = self.authority if which == "first" else self.other_authority
        nation = self._pop("nation", tuple(WORDS["nations"].values()))
        if which == "first":
            nation = self.nation
        return Phrase("body", name, left=(("the ", "article"), (f"{nation} ", "nation")))

    def _offence(self, which: str) -> Phrase:
        name = self.authority if which == "first" else self.other_authority
        return reason(self._pop(name, WORDS["offences"][name]))

    def _prize(self) -> str:
        return self._pop("prize", WORDS["prizes"])

    def _work(self) -> str:
        return self._pop("work", WORDS["works"])

    def _city(self) -> str:
        return self._take(self._city_bag)

    def _product(self) -> str:
        return self.product

    def _thing(self) -> str:
        return self.thing

    # Answers of the other kinds.

    def _place(self) -> Phrase:
        city = self._take(self._city_bag)
        country = self._cities[city]
        style = self.draw()
        if style < 0.2:
            adjective = WORDS["nations"][country]
            left = (("in ", "prep"), (f"the {adjective} city of ", "description"))
            return Phrase("place", city, left=left)
        if style < 0.4:
            right = ((f", {country}", "country"),)
            return Phrase("place", city, left=(("in ", "prep"),), right=right, closes=True)
        return Phrase("place", city, left=(("in ", "prep"),))

    def _spot(self) -> Phrase:
        link, core, _ = self._pop(self.thing, WORDS["things"][self.thing]).split("|")
        return Phrase("spot", core, left=((link, "prep"),) if link else ())

    def _money(self, low: str, high: str, unit: str = "million") -> Phrase:
        """Tenths of a million, or thousands."""

        def write(value: int) -> str:
            if unit == "thousand":
                return f"{value},000"
            return f"{value // 10}.{value % 10} million" if value % 10 else f"{value // 10} million"

        core = self._figure(int(low), int(high), write)
        hedge = (("about ", "hedge"),) if self.draw() < 0.2 else ()
        if self.code_first:
            return Phrase("money", core, left=(*hedge, (f"{self.currency} ", "currency")))
        currency = WORDS["currencies"][self.currency]
        return Phrase("money", core, left=hedge, right=((f" {currency}", "currency"),))

    def _count(self, low: str, high: str, *words: str) -> Phrase:
        core = self._figure(int(low), int(high), lambda value: f"{value * 10:,}")
        hedge = (("about ", "hedge"),) if self.draw() < 0.3 else ()
        unit = " ".join(words).replace("PRODUCT", self.product)
        return Phrase("count", core, left=hedge, right=((f" {unit}", "unit"),))

    def _percent(self, low: str, high: str) -> Phrase:
        figure = self._figure(int(low), int(high), lambda value: f"{value // 10}.{value % 10}")
        return Phrase("percent", f"{figure} percent")  # a share without its unit is no answer

    def _date(self, when: str) -> Phrase:
        if when == "founding":
            return dated(str(1880 + int(self.draw() * (self.year - 1910))))
        if when == "old":
            return dated(str(self.year - 40 + int(self.draw() * 25)))
        if when == "past":
            return dated(str(self._take(self._past)))
        if when == "since":
            return dated(str(self._take(self._past)), "since ")
        if when == "month":
            return dated(self._take(self._months["month"]))
        if when == "recent":
            return dated(f"{self._take(self._days)} {self._months['recent'][0]}", "on ")
        style = self.draw()
        if when == "next" or when == "future" and style < 0.4:
            core = self._pop("next year", WORDS["months"][:8])
            year = ((f" {self.year + 1}", "year"),)
            return Phrase("date", core, left=(("in ", "prep"),), right=year)
        month = self._take(self._months["future"])
        if style < 0.75:
            return dated(f"{self._take(self._days)} {month}", "on ")
        return dated(month)

    def _reason(self, what: str) -> Phrase:
        if what == "fault":
            fault = self._pop("fault", WORDS["trades"][self.trade]["faults"])
            return reason(f"because |{fault}|")
        return reason(self._pop(what, WORDS["reasons"][what]))

    # Helpers.

    @property
    def product(self) -> str:
        return WORDS["trades"][self.trade]["product"]

    def _take(self, bag: list[Item]) -> Item:
        return bag.pop(int(self.draw() * len(bag)))

    def _pop(self, name: str, items: Sequence[Item]) -> Item:
        """One of the items that has not been given out under this name; again when all have."""
        if not self._bags.get(name):
            self._bags[name] = list(items)
        return self._take(self._bags[name])

    def _figure(self, low: int, high: int, write: Callable[[int], str]) -> str:
        """A number that is written unlike any other of the passage."""
        while True:
            written = write(low + int(self.draw() * (high - low)))
            digits = written.split(" ")[0]
            if digits not in self._figures:
                self._figures.add(digits)
                return written


def dated(core: str, preposition: str = "in ") -> Phrase:
    return Phrase("date", core, left=((preposition, "prep"),))


def reason(marked: str) -> Phrase:
    """A phrase from its marks: `because of |weak demand| in Asia`, `|to enter politics|`."""
    link, core, detail = marked.split("|")
    return Phrase(
        "reason",
        core,
        left=((link, "link"),) if link else (),
        right=((detail, "detail"),) if detail else (),
    )
