"""The words of financial news: names, places, things, sources, periods and figures.

Companies, people, banks and courts are invented.
"""

from __future__ import annotations

from collections.abc import Callable

from kd_course.corpora.grammar import Comparison, Uniform, hundredths, tenths, thousands

CURRENCY = {"EUR": 6, "USD": 2, "SEK": 2, "NOK": 1, "DKK": 1}
UNIT = {"mn": 5, "million": 4}
CHOICES = {"CURRENCY": CURRENCY, "UNIT": UNIT}
UP, DOWN = (30, 380), (-380, -30)  # thousandths of the old figure
UP_SLIGHTLY, DOWN_SLIGHTLY = (4, 19), (-19, -4)

AMOUNTS = {  # how OLD and NEW are written: words around the figure, range, digits
    "money": ("CURRENCY {} UNIT", range(100, 990), tenths),
    "per share": ("CURRENCY {}", range(100, 480), hundredths),
    "percent": ("{}%", range(100, 420), tenths),
}

NAMES = (
    "Aldermark Brennholt Castellin Dalvikson Eskilma Fennoray Granholt Halvaro Ilmatek Jokivarsi "
    "Kallanen Lindvarra Merimaa Norrvika Oulanko Pohjantek Quarnfeld Ravensund Saarimet Tuulentek "
    "Ulvmark Vantela Westerlind Ylivesi Zentrica Askarhav Bjornvik Calderholm Drevstad Ekolinja "
    "Fjordbrek Grimsvall Hakonsen Isomaki Jarlsund Kivitek Lumisto Marenta Nordavind Orrefell "
    "Pajusalo Rognheim Skaldvik Torsmark Uudenmaki Valmarin Winterholm Ahvenmeri Brandvoll "
    "Dahlerup Ebbesund Finnvarra Gullmar Harjulinna Ingelstad Koskivuo Langvarn Myllysilta "
    "Nuorela Ostavik Porvarinen Rydalen Sillanpera Tarnefors Vesirinne Aurinvest Bergslund "
    "Ekvall Hamrevik Kyrolahti"
).split()
RIVALS = (
    "Perkola Rautasalo Solvanger Tallmark Uudentek Vinterhav Walldorff Yrjana Aavasaari Borgmarin "
    "Cederstad Dunhavn Elverket Forsbacken Gavlemet Hellevaara"
).split()
MEN = (
    "Mikko Antti Lars Jens Henrik Olli Peter Erik Juha Magnus Timo Kari Nils Anders Petri Sven"
).split()
WOMEN = (
    "Anna Kirsi Maria Ingrid Hanna Karin Liisa Eva Sofia Helle Tiina Paula Marit Birgit Outi Lena"
).split()
SURNAMES = (
    "Lindqvist Virtala Korhola Nyberg Salonius Hansted Berglund Makelin Ostergard Rantala "
    "Sandelin Tervo Ekholm Ahlgren Kettunen Holmgaard Nordlund Laaksola Fagerstad Piirainen "
    "Aaltola Bjerke Dahlberg Eskelund Grahn Heikura Ivarsson Jokela Kallio Lundgren Mattila "
    "Niemela Olsson Pesonen Rinne Soderholm Tuomela Uotila Vikstrom Wallin"
).split()
CITIES_FI = "Helsinki Tampere Turku Oulu Espoo Vantaa Lahti Vaasa Kuopio Rauma Pori Kotka".split()
CITIES_ABROAD = (
    "Stockholm Gothenburg Malmo Oslo Bergen Copenhagen Aarhus Tallinn Riga Vilnius Warsaw Gdansk "
    "Hamburg Bremen Rotterdam"
).split()
CITIES = CITIES_FI + CITIES_ABROAD
NORDIC = "Finland Sweden Norway Denmark".split()
ABROAD = (
    "Estonia Latvia Lithuania Poland Germany Russia China India Brazil Canada Austria Hungary Spain"
).split()
COUNTRIES = NORDIC + ABROAD
SECTORS = (
    "engineering group;engineering company;industrial group;technology company;technology group;"
    "machinery maker;equipment maker;electronics group;machine builder;automation company;"
    "manufacturing company;equipment supplier"
).split(";")
NATIONS = "Finnish Swedish Norwegian Danish German Dutch Polish".split()


def lexicon() -> dict[str, list]:
    """The rules that are no clauses: names, places, contracts, sources, periods, figures, verbs."""
    rules: dict[str, list] = {
        "name": NAMES,
        "new_name": "Auroma Kestria Marinova Norvanta Sentria Valoris".split(),
        "co": [
            (60, "{name}"),
            (22, "{name} (Oyj|AB|ASA|Group)"),
            (12, "{nation} {sector} {name}"),
            (8, "{city_based} {name}"),
        ],
        "company": [
            (70, "{co}"),
            (6, "{name}, which employs {staff} people {in_countries?40},"),
            (6, "{name}, founded in {founded},"),
            (6, "{name}, {a_sector} with {staff} employees,"),
            (6, "{name}, {a_sector} based in {city},"),
            (6, "{name}, listed in {bourse} since {listed},"),
        ],
        "it or the company": [(2, "it"), (1, "the company")],
        "rival": [(3, "{rival_name}"), (1, "{nation} {sector} {rival_name}")],
        "competitor": ["(competitor|rival) {rival_name}"],
        "rival_name": RIVALS,
        "nation": NATIONS,
        "sector": SECTORS,
        "a_sector": [f"{article(s)} {s}" for s in SECTORS],
        "city": CITIES,
        "city_fi": CITIES_FI,
        "city_abroad": CITIES_ABROAD,
        "from_to": ["from {city_fi} to {city_abroad}", "from {city_abroad} to {city_fi}"],
        "two_countries": ["{nordic} and {abroad}"],
        "nordic": NORDIC,
        "abroad": ABROAD,
        "city_based": [f"{city}-based" for city in CITIES],
        "country": COUNTRIES,
        "customer": [
            "a (Finnish|Swedish|Norwegian|Danish|German|Polish|Chinese|Russian) customer",
            "the city of {city}",
            "a (shipyard|power plant|port|paper mill|mining company|car maker) in {country}",
            "the (Finnish|Swedish|Norwegian|Danish|Estonian) defence forces",
        ],
        "customers": [
            "the (paper|shipbuilding|mining|food|car|construction|energy|chemical) industry",
            "(shipyards|power plants|mines|ports|paper mills)",
        ],
        "a_contract": [
            "a contract {for_what?60}",
            "a (maintenance|delivery|framework|supply|service) contract",
            "a deal {for_what?80}",
        ],
        "a_contract_short": ["a (maintenance|delivery|framework|supply|service) contract"],
        "a_contract_noun": ["(maintenance|delivery|framework|supply|service) contract"],
        "an_order": ["an order for {items} {product}", "an order for {product}"],
        "for_what": ["for {product}", "for the delivery of {product}"],
        "worth": ["worth {modest_money}", "worth some {modest_money}", "valued at {modest_money}"],
        "product": (
            "lifts;cranes;paper machines;ship engines;electric motors;cables;pumps;valves;"
            "forest machines;wind turbines;steel pipes;conveyors;batteries;packaging lines;"
            "heat exchangers;compressors;measuring instruments;control systems;boilers;"
            "welding robots"
        ).split(";"),
        "part": (
            "electric motors;cables;pumps;valves;conveyors;batteries;heat exchangers;compressors;"
            "measuring instruments;control systems;boilers;welding robots"
        ).split(";"),
        "plant": [
            "(factory|assembly plant|workshop|foundry|warehouse|research centre|service centre)"
        ],
        "plants": ["(factories|workshops|warehouses|offices|service centres)"],
        "unit": ["{main_unit}", "{other_unit}"],
        "main_unit": ["(packaging|engineering|marine|paper|crane) (business|division|unit)"],
        "other_unit": ["(software|service|energy|automation|spare parts) (business|division|unit)"],
        "at_site": ["in {city}", "at its {plant} in {city}", "in {country}"],
        "at_a_cost": ["at a cost of {modest_money}", "for {modest_money}"],
        "ahead": ["ahead of schedule", "a year early"],
        "guidance": [
            "(profit guidance|sales guidance|full-year guidance|outlook|full-year forecast)"
        ],
        "guidance_for": ["for {year}", "on {date}"],
        "revised": ["(revised|updated|changed)"],
        "opinion": ["(recommendation|view|rating)"],
        "bank": ["(Carlsund Bank|Eikeland Securities|Norhaven Markets|Pikisaari Bank|Sundholm)"],
        "buy": ['"buy"', '"strong buy"', '"add"'],
        "hold": ['"hold"', '"neutral"'],
        "sell": ['"sell"', '"reduce"'],
        "court": [
            "the district court of {city}",
            "a (Finnish|Swedish|Danish|German) court",
            "the court of appeal",
        ],
        "authority": [
            (2, "the (Finnish|Swedish|Danish|German|Norwegian) competition authority"),
            (1, "the European Commission"),
        ],
        "safety_authority": ["the (Finnish|Swedish|Danish|German|Norwegian) safety authority"],
        "dispute": ["(patent dispute|contract dispute|price dispute|lawsuit)"],
        "plans_deal": [
            "plans to (acquire|merge with) {rival}",
            "will close its {plant} in {city}",
            "will sell its {unit}",
            "will lay off {few} employees",
        ],
        "person": ["{he}", "{she}"],
        "he": ["{he_first} {last}"],
        "she": ["{she_first} {last}"],
        "he_first": MEN,
        "she_first": WOMEN,
        "last": SURNAMES,
        "role": [
            "(chief executive|chief financial officer|chairman|head of research|sales director)"
        ],
        "report": [
            "(interim report|annual report|financial statements|first-quarter report|"
            "third-quarter report)"
        ],
        "bourse": ["(Helsinki|Stockholm|Oslo|Copenhagen)"],
        "street": [
            "(Satamakatu|Kauppakatu|Rantatie) {house} in {city_fi}",
            "Storgatan {house} in (Stockholm|Gothenburg|Malmo)",
            "Havnegade {house} in (Copenhagen|Aarhus)",
        ],
        "month": "January February March April May June August September October November "
        "December".split(),
        "date": ["{day} {month}"],
        "weekday": "Monday Tuesday Wednesday Thursday Friday".split(),
        "said": [  # after what a company tells about itself
            (3, ", the company said"),
            (3, ", the company said on {weekday}"),
            (2, ", the company said in a statement on {date}"),
            (2, ", the company said in its interim report, published at {hour} on {date}"),
            (3, ", said {person}, {role} of the company"),
            (2, ", said {person}, who has been {role} since {year}"),
            (2, ", according to a (statement|stock exchange release) published on {weekday}"),
        ],
        "told": [  # after what others do to it
            (2, ", according to (newspaper|press) reports"),
            (1, ", according to reports published on {weekday}"),
            (1, ", it was reported on {date}"),
            (1, ", news agencies reported on {weekday}"),
        ],
        "aside": [
            (3, "; the company employs {staff} people {in_countries?60}"),
            (2, "; the company was founded in {founded} and employs {staff} people"),
            (2, "; the company has {few_days} {plants} in {two_countries}"),
            (1, "; the company's {report} will be published on {date}"),
            (1, "; the company's shares have been listed in {bourse} since {listed}"),
        ],
        "ending": [(5, "{said}"), (3, "{aside}")],
        "period": [
            (3, "in the (first|second|third|fourth) quarter"),
            (2, "in the (first|second) half {of_year?40}"),
            (2, "in (January-March|April-June|July-September|October-December) {bare_year?30}"),
            (1, "in {year}"),
            (1, "in the financial year {year}"),
        ],
        "of_year": ["of {year}"],
        "bare_year": ["{year}"],
        "next": [
            "next year",
            "in the (second|third|fourth) quarter",
            "in the second half",
            "in {year}",
            "this year",
        ],
        "on_exchange": ["in {bourse}", "on {weekday}", "in {bourse} on {weekday}"],
        # Figures.
        "money": [
            (3, "{currency} {tens} {unit_of_money}"),
            (1, "{currency} {hundreds} (mn|million)"),
        ],
        "modest_money": ["{currency} {few_tens} {unit_of_money}"],
        "small_money": ["{currency} {units} {unit_of_money}"],
        "units": [Uniform(range(8, 70), tenths)],
        "few_tens": [Uniform(range(11, 300), tenths)],
        "currency": [(w, c) for c, w in CURRENCY.items()],
        "unit_of_money": [(w, u) for u, w in UNIT.items()],
        "tens": [Uniform(range(12, 990), tenths)],
        "hundreds": [Uniform(range(100, 990))],
        "pct": [Uniform(range(30, 390), tenths, "%")],
        "share_pct": [Uniform(range(21, 150), tenths, "%")],
        "small_pct": [Uniform(range(2, 20), tenths, "%")],
        "percent": [Uniform(range(50, 490), tenths, "%")],
        "eps": ["{currency} {cents}"],
        "cents": [Uniform(range(10, 390), hundredths)],
        "price": ["{currency} {price_figure}"],
        "price_figure": [Uniform(range(210, 4900, 5), hundredths)],
        "few": [Uniform(range(20, 400, 5))],
        "few_days": [Uniform(range(3, 30))],
        "staff": ["(some|about|over) {staff_figure}", "{staff_exact}"],
        "staff_figure": [Uniform(range(300, 9500, 100), thousands)],
        "staff_exact": [Uniform(range(120, 3000), thousands)],
        "items": [Uniform(range(12, 240, 2))],
        "shares": [Uniform(range(100_000, 9_900_000, 50_000), thousands)],
        "year": [Uniform(range(2010, 2021))],
        "listed": [Uniform(range(1985, 2010))],
        "in_countries": ["in {few_days} countries"],
        "founded": [Uniform(range(1890, 2006))],
        "age": [Uniform(range(36, 63))],
        "day": [Uniform(range(1, 29))],
        "house": [Uniform(range(1, 60))],
        "hour": ["(8|9|10|11) a.m.", "(1|2|3|4) p.m."],
        # Going up and going down.
        "rose": [(4, "rose"), (3, "increased"), (2, "grew"), (1, "climbed"), (1, "went up")],
        "rise": [(4, "rise"), (3, "increase"), (2, "grow"), (1, "climb"), (1, "go up")],
        "rise_noun": [(3, "rise"), (2, "increase")],
        "a_rise": [(3, "a rise"), (2, "an increase")],
        "fell": [(4, "fell"), (3, "decreased"), (2, "declined"), (1, "dropped"), (1, "went down")],
        "fall": [(4, "fall"), (3, "decrease"), (2, "decline"), (1, "drop"), (1, "go down")],
        "fall_noun": [(3, "fall"), (2, "decrease"), (1, "drop")],
        "a_fall": [(3, "a fall"), (2, "a decrease"), (1, "a drop")],
        "clearly": ["clearly", "markedly", "sharply", "considerably"],
        "by": ["{pct}", "by {pct}"],
        "by_points": ["by {points} percentage points"],
        "by_few_points": ["by {few_points} percentage points"],
        "points": [Uniform(range(11, 69), tenths)],
        "few_points": [Uniform(range(2, 6), tenths)],
        "of_points": ["of {points} percentage points"],
        "of_pct": ["of {pct}"],
        "by_small": ["{small_pct}", "by {small_pct}"],
        "year_on_year": ["year on year", "from a year earlier", "on the previous year"],
    }
    for direction, step in {"up": UP, "down": DOWN}.items():
        wide = (60, 600) if direction == "up" else (-600, -60)
        rules[f"dividend.{direction}"] = [
            Comparison(
                f"CURRENCY NEW per share , {direction} from CURRENCY OLD a year earlier",
                range(40, 300),
                wide,
                hundredths,
                CHOICES,
            )
        ]
        rules[f"dividend_to.{direction}"] = [
            Comparison(
                "to CURRENCY NEW per share from CURRENCY OLD",
                range(40, 300),
                wide,
                hundredths,
                CHOICES,
            )
        ]
        rules[f"price.{direction}"] = [
            Comparison(pattern, range(310, 4900, 10), step, hundredths, CHOICES)
            for pattern in (
                "to CURRENCY NEW from CURRENCY OLD",
                "from CURRENCY OLD to CURRENCY NEW",
            )
        ]
        rules[f"price_to.{direction}"] = ["to {price}"]
    rules["price_at"] = ["at {price}"]
    rules["at_price"] = ["at {price} per share"]
    rules["for_money"] = ["for {money}"]
    for amount, (around, old, write) in AMOUNTS.items():
        new_word, old_word = around.format("NEW"), around.format("OLD")
        steps = {"up": UP, "down": DOWN, "up slightly": UP_SLIGHTLY, "down slightly": DOWN_SLIGHTLY}
        for direction, step in steps.items():
            rules[f"to from.{amount}.{direction}"] = [
                comparison(f"to {new_word} from {old_word}", old, step, write),
                comparison(f"from {old_word} to {new_word}", old, step, write),
            ]
            rules[f"against.{amount}.{direction}"] = [
                comparison(f"{new_word} , {against} {old_word} a year earlier", old, step, write)
                for against in ("compared with", "against")
            ]
    rules["figure.money"] = ["{money}"]
    rules["figure.per share"] = ["{eps}"]
    rules["figure.percent"] = ["{percent}"]
    return rules


def comparison(
    pattern: str, old: range, step: tuple[int, int], write: Callable[[int], str]
) -> Comparison:
    """A `Comparison` of this grammar; percentages carry their sign inside the figure."""
    if "%" in pattern:
        return Comparison(
            pattern.replace("%", ""), old, step, lambda value: write(value) + "%", CHOICES
        )
    return Comparison(pattern, old, step, write, CHOICES)


def article(word: str) -> str:
    """The indefinite article before a word."""
    return "an" if word[0] in "aeiou" else "a"
