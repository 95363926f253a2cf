"""What financial news says and how: the meanings, their weights per label, and the words.

Read from the top: PRIOR and SHARES say how often each label occurs and what it talks about;
CHANGES and EVENTS say how often a negative, a neutral and a positive sentence means each thing
(columns in that order; only ratios within a column count); everything below is wording, in which
the label has no say. The overlap of the columns is the ambiguity a reader feels as well: a
restructuring is bad news, good news or just news.

Companies, people, banks and courts are invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kd_course.corpora.grammar import (
    Comparison,
    Meaning,
    Uniform,
    hundredths,
    tenths,
    thousands,
)

_NOUN = re.compile(r"\bN\b")

PRIOR = (0.25, 0.45, 0.30)  # negative, neutral, positive

# Of the sentences of a label, how many speak of a figure, of an event, of two things at once.
SHARES = {
    "figure": (0.50, 0.34, 0.47),
    "event": (0.30, 0.54, 0.33),
    "two clauses": (0.20, 0.12, 0.20),
}

# --- Figures: a topic and what became of it -------------------------------------------------


@dataclass(frozen=True)
class Topic:
    """Something a company reports a figure for; `better` is the direction that pleases."""

    better: str  # "up", "down", or "" when neither direction is news
    weights: tuple[float, float, float]
    amount: str  # how the figure is written: "money", "per share", "percent" or "none"
    singular: tuple[str, ...]
    plural: tuple[str, ...]


TOPICS = {
    "profit": Topic(
        "up", (28, 24, 28), "money",
        ("operating profit", "net profit", "pretax profit", "gross profit", "operating result",
         "profit before taxes"),
        ("operating earnings", "pretax earnings"),
    ),
    "sales": Topic(
        "up", (22, 24, 24), "money",
        ("turnover", "revenue", "order intake", "order book", "operating cash flow"),
        ("net sales", "export sales", "new orders"),
    ),
    "earnings per share": Topic(
        "up", (5, 5, 5), "per share", (), ("earnings per share",)
    ),
    "margin": Topic(
        "up", (8, 8, 9), "percent",
        ("operating margin", "market share", "equity ratio", "capacity utilisation rate",
         "gross margin"),
        (),
    ),
    "loss": Topic(
        "down", (11, 8, 9), "money",
        ("operating loss", "net loss", "pretax loss", "loss before taxes"), ("credit losses",),
    ),
    "costs": Topic(
        "down", (12, 14, 12), "money",
        ("interest expense", "energy bill", "wage bill"),
        ("operating costs", "fixed costs", "staff costs", "raw material costs",
         "administrative expenses"),
    ),
    "debt": Topic(
        "down", (8, 11, 8), "money",
        ("net debt", "interest-bearing debt"), ("interest-bearing liabilities",),
    ),
    "trouble": Topic(
        "down", (6, 6, 5), "none",
        ("staff turnover", "number of customer complaints", "sick leave rate"),
        ("delivery delays", "warranty claims", "accidents at work"),
    ),
}

# What became of the figure, by what pleases: better is up for a profit and down for a loss.
CHANGES = {
    "better": (6, 9, 500),
    "slightly better": (10, 80, 90),
    "better than expected": (3, 8, 110),
    "expected to get better": (6, 45, 115),
    "may get better": (6, 60, 50),
    "did not get better": (75, 60, 6),
    "not expected to get better": (42, 40, 3),
    "better, but less than expected": (50, 40, 22),
    "flat": (28, 260, 16),
    "expected to stay flat": (16, 120, 14),
    "worse, but less than expected": (18, 40, 60),
    "not expected to get worse": (3, 42, 40),
    "did not get worse": (6, 60, 64),
    "may get worse": (50, 60, 6),
    "expected to get worse": (110, 45, 6),
    "worse than expected": (110, 8, 3),
    "slightly worse": (90, 80, 10),
    "worse": (500, 9, 6),
}

# Topics where neither direction pleases everybody.
SIDE_TOPICS = Topic(
    "", (0, 0, 0), "none",
    ("headcount", "number of shareholders", "effective tax rate", "capital expenditure",
     "number of employees", "floor space", "export share"),
    ("research expenses", "energy prices", "inventories"),
)
SIDE_CHANGES = {
    "up": (14, 60, 16),
    "down": (16, 60, 14),
    "flat": (3, 40, 3),
    "expected to go up": (5, 28, 6),
    "expected to go down": (6, 28, 5),
}

# --- Events ---------------------------------------------------------------------------------
# {who} is the company as a subject, {whose} its possessive, {it} the company as an object.


@dataclass(frozen=True)
class Event:
    """Something that happens to a company; `tone` admits it to sentences of two clauses."""

    name: str
    weights: tuple[float, float, float]
    tone: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]


EVENTS = (
    Event(
        "contract won", (2, 12, 95), "good",
        (
            "{who} won {a_contract} {worth?60} from {customer}",
            "{who} has signed {a_contract} {worth?60} with {customer}",
            "{who} received {an_order} {worth?60} from {customer}",
            "{who} took over {a_contract} {worth?40} from {rival}",
            "{whose} {a_contract_noun} with {customer} was (renewed|extended) for (two|three|five) "
            "years",
        ),
        (
            "{a_contract} {worth?60} from {customer} went to {it}",
            "{customer} chose {it} as its supplier, ahead of {rival}",
        ),
    ),
    Event(
        "contract lost", (85, 10, 2), "bad",
        (
            "{who} lost {a_contract} {worth?60} to {rival}",
            "{who} lost {an_order} {worth?60} from {customer}",
            "{who} failed to win {a_contract} {worth?60} from {customer}",
            "{who} did not win {a_contract} {worth?40} from {customer}",
            "{whose} {a_contract_noun} with {customer} was not (renewed|extended)",
        ),
        (
            "{a_contract} {worth?60} from {customer} went to {rival} instead of {it}",
            "{customer} chose {rival} as its supplier, ahead of {it}",
        ),
    ),
    Event(
        "order cancelled", (45, 7, 1), "bad",
        (
            "{customer} cancelled {an_order} {worth?60} from {it}",
            "{customer} terminated its {a_contract_noun} with {it}",
        ),
        ("{an_order} {worth?60} that {it} had received from {customer} was cancelled",),
    ),
    Event(
        "letter of intent", (1, 30, 34), "",
        (
            "{who} signed a letter of intent with {customer} on {a_contract_short} {worth?50}",
            "{who} may win {a_contract} {worth?60} from {customer}",
            "{who} is negotiating with {customer} on {a_contract_short} {worth?50}",
        ),
        ("a letter of intent on {a_contract_short} was signed by {customer} and {it}",),
    ),
    Event(
        "plant opened", (3, 24, 50), "good",
        (
            "{who} will build a new {plant} in {city}",
            "{who} opened a new {plant} in {city}",
            "{who} will expand its {plant} in {city} {at_a_cost?50}",
            "{who} decided not to close its {plant} in {city}",
            "{who} dropped its plans to close the {plant} in {city}",
        ),
        (
            "a new {plant} is being built for {it} in {city}",
            "the closure of {whose} {plant} in {city} was called off",
        ),
    ),
    Event(
        "plant closed", (60, 14, 4), "bad",
        (
            "{who} will close its {plant} in {city}",
            "{who} closed its {plant} in {city}",
            "{who} decided not to expand its {plant} in {city}",
            "{who} dropped its plans to build a new {plant} in {city}",
            "{who} plans to close the {plant} in {city}, which employs {staff} people",
        ),
        (
            "the {plant} in {city} is being closed by {it}",
            "the expansion of {whose} {plant} in {city} was called off",
        ),
    ),
    Event(
        "hiring", (3, 22, 42), "good",
        (
            "{who} will hire {few} (people|engineers|new employees) in {city}",
            "{who} called back {few} employees to its {plant} in {city}",
            "{who} will not lay off employees in {city}",
            "{who} no longer plans to lay off employees at its {plant} in {city}",
        ),
        ("{few} new jobs are being created by {it} in {city}",),
    ),
    Event(
        "layoffs", (95, 14, 3), "bad",
        (
            "{who} will lay off {few} employees {at_site?60}",
            "{who} will cut {few} jobs {at_site?60}",
            "{who} will temporarily lay off {few} (people|employees) {at_site?60}",
            "{who} will not hire new employees in {city}",
            "{who} started talks on laying off {few} employees {at_site?40}",
            (2, "{who} will cut {few} jobs in order to save {money} a year"),
        ),
        ("{few} jobs are being cut by {it} in {city}",),
    ),
    Event(
        "savings", (12, 30, 55), "",
        (
            "{who} aims to save {money} a year by cutting {few} jobs",
            "{who} reached its savings target of {money} {ahead?40}",
            "{who} started a programme to save {money} a year",
            (1.5, "{who} will cut {few} jobs in order to save {money} a year"),
        ),
        (
            "annual savings of {money} are the aim of {whose} new programme",
            "savings of {money} a year are to be reached at {it} by cutting {few} jobs",
        ),
    ),
    Event(
        "restructuring", (40, 44, 26), "",
        (
            "{who} will reorganise its {unit}",
            "{who} will restructure its {unit} {at_site?50}",
            "{who} will combine its {unit} with its {unit}",
            "{who} started a review of its {unit}",
            "{who} will transfer production from {city} to {city}",
        ),
        ("a reorganisation of {whose} {unit} is under way",),
    ),
    Event(
        "dividend raised", (2, 12, 46), "good",
        (
            "{whose} board proposed a dividend of {dividend.up}",
            "{who} raised its dividend {dividend_to.up?60}",
            "{who} will pay a higher dividend than a year earlier",
        ),
        ("a dividend of {dividend.up} is proposed by {whose} board",),
    ),
    Event(
        "dividend cut", (52, 10, 2), "bad",
        (
            "{whose} board proposed a dividend of {dividend.down}",
            "{who} cut its dividend {dividend_to.down?60}",
            "{who} will pay a lower dividend than a year earlier",
            "{who} will not pay a dividend for {year}",
            "{whose} board proposed that no dividend be paid for {year}",
        ),
        (
            "a dividend of {dividend.down} is proposed by {whose} board",
            "no dividend is to be paid by {it} for {year}",
        ),
    ),
    Event(
        "dividend kept", (5, 42, 9), "",
        (
            "{who} kept its dividend at {eps} per share",
            "{whose} board proposed an unchanged dividend of {eps} per share",
            "{who} will pay a dividend of {eps} per share on {date}",
        ),
        ("the same dividend as a year earlier, {eps} per share, is proposed by {whose} board",),
    ),
    Event(
        "buyback", (3, 26, 28), "",
        (
            "{who} will buy back up to {shares} of its own shares",
            "{who} will buy back its own shares for up to {money}",
            "{whose} board decided to start buying back the company's own shares",
        ),
        ("up to {shares} shares are to be bought back by {it}",),
    ),
    Event(
        "guidance raised", (2, 6, 70), "good",
        (
            "{who} raised its {guidance}",
            "{who} raised its {guidance} for {year}",
            "{who} now expects its {profit} to be better than it had forecast",
            "{who} withdrew its profit warning",
            (1.2, "{who} {revised} its {guidance} {guidance_for?60}"),
        ),
        ("{whose} {guidance} was raised {guidance_for?60}",),
    ),
    Event(
        "guidance lowered", (100, 6, 2), "bad",
        (
            "{who} lowered its {guidance}",
            "{who} lowered its {guidance} for {year}",
            "{who} now expects its {profit} to be worse than it had forecast",
            "{who} issued a profit warning",
            "{who} withdrew its {guidance} for {year}",
            (1.2, "{who} {revised} its {guidance} {guidance_for?60}"),
        ),
        ("{whose} {guidance} was lowered {guidance_for?60}",),
    ),
    Event(
        "guidance kept", (8, 60, 12), "",
        (
            "{who} kept its {guidance} {guidance_for?60}",
            "{who} did not raise its {guidance} {guidance_for?60}",
            "{who} repeated its {guidance} {guidance_for?60}",
            "{whose} {guidance} {guidance_for?40} was left unchanged",
            (0.8, "{who} {revised} its {guidance} {guidance_for?60}"),
        ),
        ("no change was made to {whose} {guidance} {guidance_for?60}",),
    ),
    Event(
        "rating raised", (2, 8, 60), "good",
        (
            "{bank} raised its recommendation on {it} to {buy} from {hold}",
            "{bank} raised its recommendation on {it} from {hold} to {buy}",
            "{bank} changed its recommendation on {it} from {sell} to {hold}",
            "{bank} raised its target price for {it} {price.up}",
            (1.2, "{bank} {revised} its {opinion} on {it}"),
        ),
        ("{it} is now rated {buy}, no longer {hold}, by {bank}",),
    ),
    Event(
        "rating lowered", (66, 8, 2), "bad",
        (
            "{bank} lowered its recommendation on {it} to {sell} from {hold}",
            "{bank} lowered its recommendation on {it} from {hold} to {sell}",
            "{bank} changed its recommendation on {it} from {buy} to {hold}",
            "{bank} lowered its target price for {it} {price.down}",
            (1.2, "{bank} {revised} its {opinion} on {it}"),
        ),
        ("{it} is now rated {hold}, no longer {buy}, by {bank}",),
    ),
    Event(
        "rating kept", (6, 55, 10), "",
        (
            "{bank} repeated its {hold} recommendation on {it}",
            "{bank} kept its target price for {it} unchanged at {price}",
            "{bank} started its coverage of {it} with a {hold} recommendation",
            (0.8, "{bank} {revised} its {opinion} on {it}"),
        ),
        ("{it} is still rated {hold} by {bank}",),
    ),
    Event(
        "shares up", (3, 10, 66), "good",
        (
            "{whose} shares {rose} {pct} {price_to.up?50}",
            "{whose} shares closed up {pct} {price_at?50}",
            "{whose} shares recovered {pct} after the report",
            (0.9, "{whose} shares closed at {price} {on_exchange?40}"),
        ),
        ("a gain of {pct} was recorded by {whose} shares {on_exchange?50}",),
    ),
    Event(
        "shares down", (72, 10, 3), "bad",
        (
            "{whose} shares {fell} {pct} {price_to.down?50}",
            "{whose} shares closed down {pct} {price_at?50}",
            "{whose} shares did not recover from a {fall_noun} of {pct}",
            (0.9, "{whose} shares closed at {price} {on_exchange?40}"),
        ),
        ("a loss of {pct} was recorded by {whose} shares {on_exchange?50}",),
    ),
    Event(
        "shares flat", (4, 44, 4), "",
        (
            "{whose} shares were (flat|little changed|unchanged) at {price}",
            "{whose} shares did not move {on_exchange?50}",
            (1.5, "{whose} shares closed at {price} {on_exchange?40}"),
        ),
        ("no change was recorded by {whose} shares {on_exchange?50}",),
    ),
    Event(
        "shares volatile", (26, 50, 20), "",
        (
            "{whose} shares were volatile {on_exchange?50}",
            "{whose} shares first {rose} and then {fell} {on_exchange?30}",
            "{whose} shares first {fell} and then {rose} {on_exchange?30}",
            "trading in {whose} shares was (halted|brisk) {on_exchange?50}",
        ),
        ("a volatile day {on_exchange?40} ended with {whose} shares at {price}",),
    ),
    Event(
        "court won", (3, 10, 50), "good",
        (
            "{court} dismissed a claim of {money} against {it}",
            "{court} rejected an appeal by {rival} against {it}",
            "{who} won a {dispute} against {rival}",
            "{court} ordered {rival} to pay {money} to {it}",
            "{rival} lost a {dispute} against {it}",
        ),
        ("a {dispute} between {rival} and {it} ended in favour of {it}",),
    ),
    Event(
        "court lost", (60, 10, 2), "bad",
        (
            "{court} dismissed a claim of {money} by {it} against {rival}",
            "{court} rejected an appeal by {it} against {rival}",
            "{who} lost a {dispute} against {rival}",
            "{court} ordered {it} to pay {money} to {rival}",
            "{rival} won a {dispute} against {it}",
        ),
        ("a {dispute} between {rival} and {it} ended in favour of {rival}",),
    ),
    Event(
        "sued", (42, 26, 3), "",
        (
            "{rival} sued {it} for {money} in a {dispute}",
            "{rival} demands {money} from {it} in a {dispute}",
            "{authority} is investigating {it}",
        ),
        ("a claim of {money} against {it} was filed by {rival}",),
    ),
    Event(
        "suing", (9, 34, 16), "",
        (
            "{who} sued {rival} for {money} in a {dispute}",
            "{who} demands {money} from {rival} in a {dispute}",
            "{authority} is investigating {rival}, which competes with {it}",
        ),
        ("a claim of {money} against {rival} was filed by {it}",),
    ),
    Event(
        "approval", (1, 16, 60), "good",
        (
            "{authority} approved {whose} new {product}",
            "{who} was granted a patent for its {product} in {country}",
            "{authority} ended its investigation of {it} without a fine",
            "{who} received a permit for its {plant} in {city}",
        ),
        ("approval for {whose} new {product} was given by {authority}",),
    ),
    Event(
        "refusal", (55, 10, 1), "bad",
        (
            "{authority} did not approve {whose} new {product}",
            "{who} was refused a patent for its {product} in {country}",
            "{authority} fined {it} {money} after an investigation",
            "{who} did not receive a permit for its {plant} in {city}",
        ),
        ("approval for {whose} new {product} was refused by {authority}",),
    ),
    Event(
        "strike", (44, 14, 1), "bad",
        (
            "a strike stopped {whose} {plant} in {city} for {few_days} days",
            "{who} has not reached an agreement with the union in {city}",
            "a fire damaged {whose} {plant} in {city}",
        ),
        ("work at {whose} {plant} in {city} was stopped by a strike",),
    ),
    Event(
        "strike averted", (3, 16, 34), "good",
        (
            "a strike at {whose} {plant} in {city} was called off",
            "{who} has reached an agreement with the union in {city}",
            "{whose} {plant} in {city} reopened after a strike of {few_days} days",
        ),
        ("an end to the strike at {whose} {plant} in {city} was agreed",),
    ),
    Event(
        "recall", (50, 8, 1), "bad",
        (
            "{who} recalled {items} {product}",
            "{who} stopped deliveries of its {product} because of a fault",
            "{who} postponed the launch of its {product}",
            "{who} wrote down the value of its {unit} by {money}",
        ),
        ("a recall of {items} {product} was announced by {it}",),
    ),
    Event(
        "financing", (4, 30, 34), "",
        (
            "{who} signed a credit facility of {money} with {bank}",
            "{who} repaid a loan of {money} ahead of schedule",
            "{bank} extended a loan of {money} to {it} by (two|three) years",
        ),
        ("a credit facility of {money} was granted to {it} by {bank}",),
    ),
    Event(
        "covenant breached", (44, 3, 1), "bad",
        (
            "{who} breached the terms of a loan of {money}",
            "{who} asked {bank} to postpone the repayment of a loan of {money}",
            "{bank} did not extend a loan of {money} to {it}",
            "{whose} subsidiary in {country} filed for bankruptcy",
        ),
        ("the terms of a loan of {money} from {bank} were breached by {it}",),
    ),
    Event(
        "share issue", (26, 44, 14), "",
        (
            "{who} will issue {shares} new shares {at_price?50}",
            "{who} plans to raise {money} in a share issue",
        ),
        ("a share issue of {money} is being planned by {it}",),
    ),
    Event(
        "acquisition", (8, 54, 46), "",
        (
            "{who} will acquire {rival} {for_money?50}",
            "{who} acquired {a_sector} in {city} {for_money?50}",
            "{who} raised its stake in {rival} to {percent}",
            "{who} will acquire the {unit} of {rival} {for_money?50}",
        ),
        ("{rival} is being acquired by {it} {for_money?50}",),
    ),
    Event(
        "divestment", (14, 56, 32), "",
        (
            "{who} will sell its {unit} to {rival} {for_money?50}",
            "{who} sold its {plant} in {city} {for_money?50}",
            "{who} lowered its stake in {rival} to {percent}",
            "{rival} will acquire the {unit} of {co} {for_money?50}",
        ),
        ("{whose} {unit} is being sold to {rival} {for_money?50}",),
    ),
    Event(
        "cooperation", (2, 60, 46), "",
        (
            "{who} and {rival} will develop {product} together",
            "{who} will start selling the {product} of {rival} in {country}",
            "{who} agreed on cooperation with {rival} in {product}",
        ),
        ("{product} are being developed by {it} together with {rival}",),
    ),
    Event(
        "launch", (2, 58, 40), "",
        (
            "{who} launched new {product} in {country}",
            "{who} will start deliveries of its new {product} in {month}",
            "{who} introduced new {product} for {customers}",
        ),
        ("new {product} for {customers} are being introduced by {it}",),
    ),
    Event(
        "chief executive leaves", (34, 40, 4), "",
        (
            "{person}, {role} of {co}, resigned",
            "{he} will leave {co}, where he has been {role} since {year}",
            "{she} will leave {co}, where she has been {role} since {year}",
            (1.5, "{person} will succeed {person} as {role} of {co}"),
        ),
        ("the resignation of {person} as {role} was announced by {it}",),
    ),
    Event(
        "appointment", (2, 80, 10), "",
        (
            "{who} appointed {person} as {role}",
            "{person} has been appointed {role} of {co} as of {date}",
            "{who} appointed {person}, {age}, to its management team",
            (1.5, "{person} will succeed {person} as {role} of {co}"),
        ),
        ("the appointment of {person} as {role} was announced by {it}",),
    ),
    Event(
        "calendar", (0.5, 105, 0.5), "",
        (
            "{who} will publish its {report} at {hour} on {date}",
            "{who} will hold its annual general meeting in {city} on {date}",
            "{who} will hold a press conference in {city} at {hour} on {date}",
            "{whose} {report} is available in Finnish and English",
        ),
        ("on {date}, {co} will present its {report} in {city}",),
    ),
    Event(
        "description", (0.5, 100, 2), "",
        (
            "{co} employs {staff} people in {few_days} countries",
            "{co}, founded in {founded}, makes {product} for {customers}",
            "{whose} head office is located at {street} in {city}",
            "{whose} shares are listed in {bourse}",
            "{co} has {plants} in {city} and {city}",
        ),
        ("founded in {founded}, {co} makes {product} for {customers}",),
    ),
    Event(
        "share register", (1, 62, 2), "",
        (
            "{whose} share capital totals {money} and is divided into {shares} shares",
            "{person} now holds {shares} shares in {co}",
            "{bank} now holds {percent} of the shares in {co}",
            "{who} now holds {shares} of its own shares",
        ),
        ("a total of {shares} shares in {co} are now held by {person}",),
    ),
    Event(
        "terms", (1, 60, 2), "",
        (
            "the value of {whose} {a_contract_noun} with {customer} was not disclosed",
            "{who} did not disclose the price of its {unit}",
            "the parties agreed not to disclose the value of {whose} {a_contract_noun} with "
            "{customer}",
            "deliveries of {whose} {product} to {customer} will take place in {month}",
        ),
        ("{customer} and {co} did not disclose the value of the deal",),
    ),
    Event(
        "office", (1, 46, 3), "",
        (
            "{who} will move its head office from {city} to {city}",
            "{who} will change its name to {name}",
            "{who} will change its reporting currency in {month}",
            "the annual general meeting of {co} elected {person} to the board",
        ),
        ("a move of {whose} head office from {city} to {city} is planned",),
    ),
    Event(
        "rumours", (9, 44, 10), "",
        (
            "{who} did not comment on reports that it {plans_deal}",
            "{who} denied reports that it {plans_deal}",
            "{person}, {role} of {co}, declined to comment on the {guidance}",
        ),
        ("reports that {co} {plans_deal} were denied by {person}, {role}",),
    ),
)

# --- Two clauses: a pleasing and a displeasing one, and which of them counts ------------------
# {GOOD} and {BAD} name the company, {good} and {bad} say "it" or "its".

TWO_CLAUSES = {
    "good, although bad": (
        (22, 50, 150),
        (
            "{GOOD}, although {bad}",
            "{GOOD}, even though {bad}",
            "although {bad}, {GOOD}",
            "despite {bad_noun}, {GOOD}",
        ),
        ("it is true that {BAD}, but what counts is that {good}",),
    ),
    "bad, although good": (
        (150, 50, 22),
        (
            "{BAD}, although {good}",
            "{BAD}, even though {good}",
            "although {good}, {BAD}",
            "despite {good_noun}, {BAD}",
        ),
        ("it is true that {GOOD}, but what counts is that {bad}",),
    ),
    "good, but bad": ((160, 50, 24), ("{GOOD}, but {bad}",), ("{GOOD}; on the other hand, {bad}",)),
    "bad, but good": ((24, 50, 160), ("{BAD}, but {good}",), ("{BAD}; on the other hand, {good}",)),
    "good while bad": (
        (40, 52, 40),
        ("{GOOD}, while {bad}", "{BAD}, while {good}"),
        ("at the same time as {GOOD}, {bad}", "at the same time as {BAD}, {good}"),
    ),
    "good and good": ((2, 8, 200), ("{GOOD}, and {good}",), ("not only {GOOD}: {good} as well",)),
    "bad and bad": ((200, 8, 2), ("{BAD}, and {bad}",), ("not only {BAD}: {bad} as well",)),
}

# --- Words ------------------------------------------------------------------------------------

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
    "Fjordbrek Grimsvall Hakonsen Isomaki Jarlsund Kivitek Lumisto Marenta Nordavind Orrefell"
).split()
RIVALS = (
    "Perkola Rautasalo Solvanger Tallmark Uudentek Vinterhav Walldorff Yrjana Aavasaari Borgmarin "
    "Cederstad Dunhavn Elverket Forsbacken Gavlemet Hellevaara"
).split()
PEOPLE_FIRST_HE = "Mikko Antti Lars Jens Henrik Olli Peter Erik Juha Magnus".split()
PEOPLE_FIRST_SHE = "Anna Kirsi Maria Ingrid Hanna Karin Liisa Eva Sofia Helle".split()
PEOPLE_LAST = (
    "Lindqvist Virtala Korhola Nyberg Salonius Hansted Berglund Makelin Ostergard Rantala "
    "Sandvik Tervo Ekholm Ahlgren Kettunen Holmgaard Nordlund Laaksola Fagerstad Piirainen"
).split()
CITIES = (
    "Helsinki Tampere Turku Oulu Espoo Vantaa Lahti Stockholm Gothenburg Malmo Oslo Bergen "
    "Copenhagen Aarhus Tallinn Riga Vilnius Warsaw Hamburg Rotterdam"
).split()
COUNTRIES = (
    "Finland Sweden Norway Denmark Estonia Latvia Lithuania Poland Germany Russia China India "
    "Brazil Canada"
).split()
SECTORS = (
    "paper maker;lift manufacturer;software company;steel producer;shipping company;food group;"
    "retailer;construction company;drug developer;engineering group;telecoms operator;"
    "forest company;packaging company;furniture maker;media group;logistics company"
).split(";")
NATIONS = "Finnish Swedish Norwegian Danish German Dutch Polish".split()


def build_rules() -> dict[str, list]:
    """Every rule of the wording that both template sets share."""
    rules: dict[str, list] = {
        "name": NAMES,
        "co": [
            (60, "{name}"),
            (22, "{name} (Oyj|AB|ASA|Group)"),
            (12, "{nation} {sector} {name}"),
            (8, "{city_based} {name}"),
        ],
        "company": [
            (84, "{co}"),
            (4, "{name}, which employs {staff} people,"),
            (4, "{name}, founded in {founded},"),
            (4, "{name}, {a_sector} with {staff} employees,"),
            (4, "{name}, listed in {bourse} since {founded},"),
        ],
        "it or the company": [(2, "it"), (1, "the company")],
        "rival": [(3, "{rival_name}"), (1, "{nation} {sector} {rival_name}")],
        "rival_name": RIVALS,
        "nation": NATIONS,
        "sector": SECTORS,
        "a_sector": [f"{article(s)} {s}" for s in SECTORS],
        "city": CITIES,
        "city_based": [f"{city}-based" for city in CITIES],
        "country": COUNTRIES,
        "customer": [
            "a (Finnish|Swedish|Norwegian|Danish|German|Polish|Chinese|Russian) customer",
            "the city of {city}",
            "{rival}",
            "a (shipyard|power plant|hospital|paper mill|mining company|car maker) in {country}",
            "the (Finnish|Swedish|Norwegian|Danish|Estonian) defence forces",
        ],
        "customers": [
            "the (paper|shipbuilding|mining|food|car|construction|energy) industry",
            "(hospitals|schools|farmers|shipyards|households|banks)",
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
        "worth": ["worth {money}", "worth some {money}", "valued at {money}"],
        "product": (
            "lifts;cranes;paper machines;ship engines;mobile phones;hospital beds;cables;pumps;"
            "forest machines;wind turbines;steel pipes;software licences;kitchen furniture;"
            "harvesters;batteries;packaging lines;heat exchangers;tyres"
        ).split(";"),
        "plant": ["(factory|mill|shipyard|warehouse|research centre|sawmill|assembly plant)"],
        "plants": ["(factories|mills|warehouses|offices|sales companies)"],
        "unit": [
            "(packaging|engineering|retail|software|paper|shipping|logistics|energy) "
            "(business|division|unit)"
        ],
        "at_site": ["in {city}", "at its {plant} in {city}", "in {country}"],
        "at_a_cost": ["at a cost of {money}", "for {money}"],
        "ahead": ["ahead of schedule", "a year early"],
        "guidance": [
            "(profit guidance|sales guidance|full-year guidance|outlook|full-year forecast)"
        ],
        "guidance_for": ["for {year}", "for the (first|second) half", "on {date}"],
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
            "the (Finnish|Swedish|Danish|German|Norwegian) competition authority",
            "the (Finnish|Swedish|Danish|German|Norwegian) safety authority",
            "the European Commission",
        ],
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
        "he_first": PEOPLE_FIRST_HE,
        "she_first": PEOPLE_FIRST_SHE,
        "last": PEOPLE_LAST,
        "role": ["(chief executive|chief financial officer|chairman|head of research|sales director)"],
        "report": [
            "(interim report|annual report|financial statements|first-quarter report|"
            "third-quarter report)"
        ],
        "bourse": ["(Helsinki|Stockholm|Oslo|Copenhagen)"],
        "street": ["(Satamakatu|Kauppakatu|Rantatie|Storgatan|Havnegade) {house}"],
        "month": "January February March April May June August September October November".split(),
        "date": ["{day} {month}"],
        "weekday": "Monday Tuesday Wednesday Thursday Friday".split(),
        "said": [
            (3, ", the company said"),
            (3, ", the company said on {weekday}"),
            (2, ", according to {a_source}"),
            (1, ", said {person}, {role} of the company"),
            (1, ", the company said in a statement on {date}"),
        ],
        "a_source": [
            "(its interim report|a statement|a stock exchange release|a report|newspaper reports|"
            "analysts)"
        ],
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
        "currency": [(w, c) for c, w in CURRENCY.items()],
        "unit_of_money": [(w, u) for u, w in UNIT.items()],
        "tens": [Uniform(range(12, 990), tenths)],
        "hundreds": [Uniform(range(100, 990))],
        "pct": [Uniform(range(30, 390), tenths, "%")],
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
        "founded": [Uniform(range(1890, 2006))],
        "age": [Uniform(range(36, 63))],
        "day": [Uniform(range(1, 29))],
        "house": [Uniform(range(1, 60))],
        "hour": ["(8|9|10|11) a.m.", "(1|2|3|4) p.m."],
        # Going up and going down.
        "rose": [(4, "rose"), (3, "increased"), (2, "grew"), (1, "climbed"), (1, "went up")],
        "rise": [(4, "rise"), (3, "increase"), (2, "grow"), (1, "climb"), (1, "go up")],
        "rising": ["rising", "increasing", "growing"],
        "rise_noun": [(3, "rise"), (2, "increase")],
        "a_rise": [(3, "a rise"), (2, "an increase")],
        "fell": [(4, "fell"), (3, "decreased"), (2, "declined"), (1, "dropped"), (1, "went down")],
        "fall": [(4, "fall"), (3, "decrease"), (2, "decline"), (1, "drop"), (1, "go down")],
        "falling": ["falling", "decreasing", "declining"],
        "fall_noun": [(3, "fall"), (2, "decrease"), (1, "drop")],
        "a_fall": [(3, "a fall"), (2, "a decrease"), (1, "a drop")],
        "clearly": ["clearly", "markedly", "sharply", "considerably"],
        "by": ["{pct}", "by {pct}"],
        "by_small": ["{small_pct}", "by {small_pct}"],
        "year_on_year": ["year on year", "from a year earlier", "on the previous year"],
    }
    for direction, step in {"up": UP, "down": DOWN}.items():
        wide = (60, 600) if direction == "up" else (-600, -60)
        rules[f"dividend.{direction}"] = [
            Comparison(f"CURRENCY NEW per share , {direction} from CURRENCY OLD a year earlier",
                       range(40, 300), wide, hundredths, CHOICES)
        ]
        rules[f"dividend_to.{direction}"] = [
            Comparison("to CURRENCY NEW per share from CURRENCY OLD",
                       range(40, 300), wide, hundredths, CHOICES)
        ]
        rules[f"price.{direction}"] = [
            Comparison(pattern, range(310, 4900, 10), step, hundredths, CHOICES)
            for pattern in ("to CURRENCY NEW from CURRENCY OLD",
                            "from CURRENCY OLD to CURRENCY NEW")
        ]
        rules[f"price_to.{direction}"] = ["to {price}"]
    rules["price_at"] = ["at {price}"]
    rules["at_price"] = ["at {price} per share"]
    rules["for_money"] = ["for {money}"]
    for topic, entry in {**TOPICS, "side topics": SIDE_TOPICS}.items():
        number_rules = []
        for number, nouns in (("singular", entry.singular), ("plural", entry.plural)):
            if nouns:
                rules[f"{topic}.{number}"] = list(nouns)
                number_rules.append((len(nouns), f"{{{topic}.{number}}}"))
        rules[topic] = number_rules
    for amount, (around, old, write) in AMOUNTS.items():
        new_word, old_word = around.format("NEW"), around.format("OLD")
        steps = {"up": UP, "down": DOWN, "up slightly": UP_SLIGHTLY, "down slightly": DOWN_SLIGHTLY}
        for direction, step in steps.items():
            rules[f"to from.{amount}.{direction}"] = [
                comparison(f"to {new_word} from {old_word}", old, step, write),
                comparison(f"from {old_word} to {new_word}", old, step, write),
            ]
            rules[f"against.{amount}.{direction}"] = [
                comparison(f"{new_word} , compared with {old_word} a year earlier",
                           old, step, write),
                comparison(f"{new_word} , against {old_word} a year earlier", old, step, write),
            ]
    rules["figure.money"] = ["{money}"]
    rules["figure.per share"] = ["{eps}"]
    rules["figure.percent"] = ["{percent}"]
    return rules


def comparison(pattern: str, old: range, step: tuple[int, int], write) -> Comparison:
    """A `Comparison` of this grammar; percentages carry their sign inside the figure."""
    if "%" in pattern:
        return Comparison(
            pattern.replace("%", ""), old, step, lambda value: write(value) + "%", CHOICES
        )
    return Comparison(pattern, old, step, write, CHOICES)


def article(word: str) -> str:
    """The indefinite article before a word."""
    return "an" if word[0] in "aeiou" else "a"


# --- Templates for figures --------------------------------------------------------------------
# N stands for the noun, <was> and its like agree with it. UP means the direction of the change.

AGREEMENT = {
    "singular": {"<was>": "was", "<is>": "is", "<has>": "has"},
    "plural": {"<was>": "were", "<is>": "are", "<has>": "have"},
}

# Around a verb phrase in the past: where the sentence's subject and its source go.
SHELLS = (
    (5, "{co}'s N VP {period?50} {said?20}"),
    (3, "N at {co} VP {period?50} {said?15}"),
    (3, "{company} said that its N VP {period?50}"),
    (2, "{company} said on {weekday} that its N VP {period?30}"),
    (1, "the N of {co} VP {period?50} {said?15}"),
    (2, "{period}, {co}'s N VP"),
)
TAILLESS = (
    (3, "{co}'s N VP"),
    (2, "N at {co} VP"),
    (2, "{company} said that its N VP"),
)


def past_phrases(change: str, way: str, amount: str) -> tuple[list, list]:
    """(verb phrases that a period may follow, verb phrases that end the sentence)."""
    verb = "{rose}" if way == "up" else "{fell}"
    comparative = "higher" if way == "up" else "lower"
    sized = amount != "none"
    if change == "moved":
        open_ = [
            (4, f"{verb} {{by}}"),
            (2, f"{verb} {{clearly}}"),
            (1, f"<was> {way} {{pct}} {{year_on_year}}"),
            (1, f"<was> {comparative} than a year earlier"),
        ]
        closed = []
        if sized:
            open_ += [
                (2, f"{verb} {{by}} to {{figure.{amount}}}"),
                (4, f"{verb} {{to from.{amount}.{way}}}"),
            ]
            closed += [(2, f"<was> {{against.{amount}.{way}}}"), (1.2, BARE[amount])]
        return open_, closed
    if change == "moved slightly":
        open_ = [
            (3, f"{verb} slightly"),
            (3, f"{verb} {{by_small}}"),
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
        ]
        if sized:
            open_ += [(2, f"remained at {{figure.{amount}}}")]
        return open_, [(3, BARE[amount])] if sized else []
    raise ValueError(f"change: no past phrases for {change!r}")


BARE = {
    "money": "(totalled|amounted to) {money} {period}",
    "per share": "<was> {eps} {period}",
    "percent": "<was> {percent} {period}",
}

# The rest of the changes, whole sentences. RISE, ROSE... are replaced by the way of the change.
CHANGE_TEMPLATES = {
    "more than expected": (
        "{co}'s N ROSE more than (expected|analysts had expected) {period?40}",
        "N at {co} ROSE {by}, which was more than expected",
        "{company} said that its N ROSE more than expected {period?40}",
        "{co}'s N <was> HIGHER than analysts had expected {period?40}",
    ),
    "less than expected": (
        "{co}'s N ROSE less than (expected|analysts had expected) {period?40}",
        "N at {co} ROSE {by}, which was less than expected",
        "{company} said that its N ROSE less than expected {period?40}",
    ),
    "expected": (
        "{co}'s N <is> expected to RISE {next?70} {said?15}",
        "{company} expects its N to RISE {next?70}",
        "analysts expect {co}'s N to RISE {next?70}",
        "{company} estimates that its N will RISE {next?70}",
        "according to analysts, N at {co} will RISE {next?70}",
        "{co}'s N <is> forecast to RISE {by} {next?50}",
    ),
    "may": (
        "{co}'s N (may|might|could) RISE {next?70} {said?15}",
        "{company} said that its N (may|could) RISE {next?70}",
        "N at {co} (may|could) RISE {next?50}, according to analysts",
        "it is possible that {co}'s N will RISE {next?70}",
    ),
    "did not": (
        "{co}'s N did not RISE {period?50} {said?15}",
        "N at {co} did not RISE {period?50}",
        "{company} said that its N did not RISE {period?50}",
        "{period}, {co}'s N did not RISE",
    ),
    "not expected": (
        "{company} no longer expects its N to RISE {next?70}",
        "{company} does not expect its N to RISE {next?70}",
        "{co}'s N <is> not expected to RISE {next?70} {said?15}",
        "analysts do not expect {co}'s N to RISE {next?70}",
        "{co}'s N will not RISE {next}, according to analysts",
    ),
    "expected flat": (
        "{co}'s N <is> expected to remain (unchanged|stable) {next?70} {said?15}",
        "{company} expects its N to remain (unchanged|stable|at the same level) {next?70}",
        "analysts expect no change in {co}'s N {next?70}",
    ),
}
FAILED = {  # only for what was wanted: nobody fails to raise costs
    "up": ("{company} failed to (increase|raise) its N {period?50}", "{co}'s N failed to RISE"),
    "down": ("{company} failed to (reduce|cut) its N {period?50}",),
}
KEPT = {  # and nobody keeps a profit from rising
    "up": ("{company} kept its N from rising {period?50}",),
    "down": ("{company} kept its N from falling {period?50}",),
}
NOMINAL = (
    "{company} reported A_RISE of {pct} in its N {period?60}",
    "{company} reported A_RISE in its N {period?60} {said?10}",
    "{company} saw its N RISE {by} {period?60}",
)

# The templates that training never sees.
UNSEEN = {
    "moved": (
        "A_RISE of {pct} in N was what {co} had to report {period?60}",
        "there was A_RISE in {co}'s N {period?70}",
        "for {co}, {year} was a year of HIGHER N",
        "the year ended with HIGHER N at {co} than the previous one",
    ),
    "moved slightly": (
        "there was a slight RISE_NOUN in {co}'s N {period?70}",
        "for {co}, {year} was a year of slightly HIGHER N",
    ),
    "flat": (
        "there was no change in {co}'s N {period?70}",
        "for {co}, {year} was a year of unchanged N",
    ),
    "more than expected": ("the RISE_NOUN in {co}'s N was larger than expected {period?50}",),
    "less than expected": ("the RISE_NOUN in {co}'s N was smaller than expected {period?50}",),
    "expected": (
        "A_RISE in {co}'s N is expected by analysts {next?60}",
        "the forecast of analysts for {co} is HIGHER N {next?60}",
    ),
    "may": ("A_RISE in {co}'s N is possible {next?70}",),
    "did not": (
        "there was no RISE_NOUN in {co}'s N {period?70}",
        "no RISE_NOUN in N was what {co} had to report {period?50}",
    ),
    "not expected": ("no RISE_NOUN in {co}'s N is expected by analysts {next?70}",),
    "expected flat": ("no change in {co}'s N is expected by analysts {next?70}",),
}

WAYS = {
    "up": {
        "A_RISE": "{a_rise}", "RISE_NOUN": "{rise_noun}", "ROSE": "{rose}", "RISE": "{rise}",
        "HIGHER": "higher",
    },
    "down": {
        "A_RISE": "{a_fall}", "RISE_NOUN": "{fall_noun}", "ROSE": "{fell}", "RISE": "{fall}",
        "HIGHER": "lower",
    },
}


def figure_templates(topic: str, change: str, way: str, *, unseen: bool) -> list:
    """Every wording of "the topic changed that way", with weights."""
    entry = TOPICS.get(topic, SIDE_TOPICS)
    templates: list[tuple[float, str]] = []
    if unseen:
        templates += [(1, template) for template in UNSEEN[change]]
    elif change in CHANGE_TEMPLATES:
        templates += [(1, template) for template in CHANGE_TEMPLATES[change]]
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
            templates += [(1, template) for template in NOMINAL]
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
    topic_totals = [sum(column) for column in zip(*(t.weights for t in TOPICS.values()), strict=True)]
    for topic, entry in TOPICS.items():
        for change, weights in CHANGES.items():
            kind, pleases = REALISED[change]
            way = entry.better if pleases else opposite(entry.better)
            meanings.append(
                Meaning(
                    f"{topic}: {change}",
                    tuple(a * b / t for a, b, t in
                          zip(weights, entry.weights, topic_totals, strict=True)),
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
        tail = "" if unseen else " {said?12}"
        meanings.append(
            Meaning(
                event.name,
                event.weights,
                tuple((w, spoken_of(t, "{company}") + tail) for w, t in weighted(templates)),
            )
        )
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


def clause_rules() -> dict[str, list]:
    """{GOOD}, {BAD}, {good}, {bad} and the nouns after "despite", from the tables above."""
    rules: dict[str, list] = {}
    for tone, pleases in (("good", True), ("bad", False)):
        full, short, nouns = [], [], []
        for topic, entry in TOPICS.items():
            way = entry.better if pleases else opposite(entry.better)
            verb = "ROSE {by?50}"
            share = entry.weights[1]
            full += [(share, directed(f"{{co}}'s {{{topic}}} {verb}", way))]
            short += [(share, directed(f"its {{{topic}}} {verb}", way))]
            nouns += [(share, directed(f"A_RISE in its {{{topic}}}", way))]
            nouns += [(share, directed(f"HIGHER {{{topic}}}", way))]
        half = sum(weight for weight, _ in full)
        told = [event for event in EVENTS if event.tone == tone]
        for event in told:
            usable = [
                (w, t) for w, t in weighted(event.seen)
                if ("{who}" in t or "{whose}" in t) and "{revised}" not in t
                and "closed at" not in t and ", which" not in t
            ]
            for weight, template in usable:
                share = weight * half / len(told) / len(usable)
                full.append((share, spoken_of(template, "{co}")))
                short.append((share, spoken_of(template, "{it or the company}")))
        rules[tone.upper()] = full
        rules[tone] = short
        rules[f"{tone}_noun"] = nouns
    return rules


def two_clause_meanings(*, unseen: bool) -> list[Meaning]:
    """One meaning for each way of joining a pleasing and a displeasing clause."""
    return [
        Meaning(name, weights, unseen_templates if unseen else templates)
        for name, (weights, templates, unseen_templates) in TWO_CLAUSES.items()
    ]


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
                for share, weight, total in
                zip(SHARES[family], meaning.weights, totals, strict=True)
            )
            meanings.append(Meaning(meaning.name, weights, meaning.templates))
    return meanings
