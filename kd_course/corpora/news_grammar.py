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
    "event": (0.26, 0.61, 0.29),
    "two clauses": (0.24, 0.05, 0.24),
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
        ("operating margin", "market share", "equity ratio", "return on capital employed",
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
        ("staff turnover", "sick leave rate", "scrap rate", "complaint rate"),
        ("warranty costs", "rental expenses"),
    ),
}

# What became of the figure, by what pleases: better is up for a profit and down for a loss.
CHANGES = {
    "better": (2, 3, 700),
    "slightly better": (2, 16, 64),
    "better than expected": (1, 1, 140),
    "expected to get better": (1, 8, 150),
    "may get better": (1, 30, 28),
    "did not get better": (70, 12, 1),
    "not expected to get better": (52, 10, 1),
    "better, but less than expected": (28, 24, 13),
    "flat": (7, 380, 4),
    "expected to stay flat": (4, 190, 3),
    "worse, but less than expected": (9, 24, 34),
    "not expected to get worse": (1, 11, 46),
    "did not get worse": (1, 14, 62),
    "may get worse": (30, 30, 1),
    "expected to get worse": (145, 8, 1),
    "worse than expected": (150, 1, 1),
    "slightly worse": (66, 16, 2),
    "worse": (700, 3, 2),
}

# Topics where neither direction pleases everybody.
SIDE_TOPICS = Topic(
    "", (0, 0, 0), "none",
    ("headcount", "effective tax rate", "capital expenditure", "floor space", "export share",
     "advertising spend"),
    ("research expenses", "travel expenses", "inventories"),
)
SIDE_CHANGES = {
    "up": (4, 74, 6),
    "down": (6, 74, 4),
    "flat": (1, 60, 1),
    "expected to go up": (2, 36, 2),
    "expected to go down": (2, 36, 2),
}

# --- Events ---------------------------------------------------------------------------------
# {who} is the company as a subject, {whose} its possessive, {it} the company as an object.


@dataclass(frozen=True)
class Event:
    """Something that happens to a company.

    tone: "good" or "bad" admits it to sentences of two clauses.
    tail: what may follow; by default the source, which depends on who acts.
    """

    name: str
    weights: tuple[float, float, float]
    tone: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    tail: str | None = None


EVENTS = (
    Event(
        "contract won", (1, 2, 95), "good",
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
            "{customer} chose {it} as its supplier, ahead of {competitor}",
        ),
    ),
    Event(
        "contract lost", (95, 1.5, 0.6), "bad",
        (
            "{who} lost {a_contract} {worth?60} to {rival}",
            "{who} lost {an_order} {worth?60} from {customer}",
            "{who} failed to win {a_contract} {worth?60} from {customer}",
            "{who} did not win {a_contract} {worth?40} from {customer}",
            "{whose} {a_contract_noun} with {customer} was not (renewed|extended)",
        ),
        (
            "{a_contract} {worth?60} from {customer} went to {competitor} instead of {it}",
            "{customer} chose {competitor} as its supplier, ahead of {it}",
        ),
    ),
    Event(
        "order cancelled", (48, 1, 0.3), "bad",
        (
            "{customer} cancelled {an_order} {worth?60} from {it}",
            "{customer} terminated its {a_contract_noun} with {it}",
        ),
        ("{an_order} {worth?60} that {it} had received from {customer} was cancelled",),
    ),
    Event(
        "letter of intent", (1, 24, 24), "",
        (
            "{who} signed a letter of intent with {customer} on {a_contract_short} {worth?50}",
            "{who} may win {a_contract} {worth?60} from {customer}",
            "{who} is negotiating with {customer} on {a_contract_short} {worth?50}",
        ),
        ("a letter of intent on {a_contract_short} was signed by {customer} and {it}",),
    ),
    Event(
        "plant opened", (0.6, 3, 60), "good",
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
        "plant closed", (75, 2.5, 0.6), "bad",
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
        "hiring", (0.6, 3, 48), "good",
        (
            "{who} will hire {few} (people|engineers|new employees) in {city}",
            "{who} called back {few} employees to its {plant} in {city}",
            "{who} will not lay off employees in {city}",
            "{who} no longer plans to lay off employees at its {plant} in {city}",
        ),
        ("{few} new jobs are being created by {it} in {city}",),
    ),
    Event(
        "layoffs", (100, 2, 0.6), "bad",
        (
            "{who} will lay off {few} employees {at_site?60}",
            "{who} will cut {few} jobs {at_site?60}",
            "{who} will temporarily lay off {few} (people|employees) {at_site?60}",
            "{who} will not hire new employees in {city}",
            "{who} started talks on laying off {few} employees {at_site?40}",
            (2, "{who} will cut {few} jobs in order to save {small_money} a year"),
        ),
        ("{few} jobs are being cut by {it} in {city}",),
    ),
    Event(
        "savings", (4, 10, 40), "",
        (
            "{who} aims to save {small_money} a year by cutting {few} jobs",
            "{who} reached its savings target of {small_money} {ahead?40}",
            "{who} started a programme to save {small_money} a year",
            (1.5, "{who} will cut {few} jobs in order to save {small_money} a year"),
        ),
        (
            "annual savings of {small_money} are the aim of {whose} new programme",
            "savings of {small_money} a year are to be reached at {it} by cutting {few} jobs",
        ),
    ),
    Event(
        "restructuring", (26, 26, 14), "",
        (
            "{who} will reorganise its {unit}",
            "{who} will restructure its {unit} {at_site?50}",
            "{who} will combine its {main_unit} with its {other_unit}",
            "{who} started a review of its {unit}",
            "{who} will transfer production {from_to}",
        ),
        ("a reorganisation of {whose} {unit} is under way",),
    ),
    Event(
        "dividend raised", (0.6, 2, 48), "good",
        (
            "{whose} board proposed a dividend of {dividend.up}",
            "{who} raised its dividend {dividend_to.up?60}",
            "{who} will pay a higher dividend than a year earlier",
        ),
        ("{whose} board wants to pay a dividend of {dividend.up}",),
    ),
    Event(
        "dividend cut", (62, 1.5, 0.5), "bad",
        (
            "{whose} board proposed a dividend of {dividend.down}",
            "{who} cut its dividend {dividend_to.down?60}",
            "{who} will pay a lower dividend than a year earlier",
            "{who} will not pay a dividend for {year}",
            "{whose} board proposed that no dividend be paid for {year}",
        ),
        (
            "{whose} board wants to pay a dividend of {dividend.down}",
            "no dividend is to be paid by {it} for {year}",
        ),
    ),
    Event(
        "dividend kept", (3, 56, 4), "",
        (
            "{who} kept its dividend at {eps} per share",
            "{whose} board proposed an unchanged dividend of {eps} per share",
            "{who} will pay a dividend of {eps} per share on {date}",
        ),
        ("the same dividend as a year earlier, {eps} per share, is proposed by {whose} board",),
    ),
    Event(
        "buyback", (1, 10, 24), "",
        (
            "{who} will buy back up to {shares} of its own shares",
            "{who} will buy back its own shares for up to {money}",
            "{whose} board decided to start buying back the company's own shares",
        ),
        ("up to {shares} shares are to be bought back by {it}",),
    ),
    Event(
        "guidance raised", (1, 1.5, 70), "good",
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
        "guidance lowered", (105, 1.5, 1), "bad",
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
        "guidance kept", (3, 85, 5), "",
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
        "rating raised", (1, 2, 62), "good",
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
        "rating lowered", (72, 1, 0.5), "bad",
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
        "rating kept", (2, 72, 4), "",
        (
            "{bank} repeated its {hold} recommendation on {it}",
            "{bank} kept its target price for {it} unchanged at {price}",
            "{bank} started its coverage of {it} with a {hold} recommendation",
            (0.8, "{bank} {revised} its {opinion} on {it}"),
        ),
        ("{it} is still rated {hold} by {bank}",),
    ),
    Event(
        "shares up", (1, 2.5, 66), "good",
        (
            "{whose} shares {rose} {share_pct} {price_to.up?50}",
            "{whose} shares closed up {share_pct} {price_at?50}",
            "{whose} shares recovered {share_pct} after the report",
            (0.9, "{whose} shares closed at {price} {on_exchange?40}"),
        ),
        ("a gain of {share_pct} was recorded by {whose} shares {on_exchange?50}",),
        tail=" {aside?30}",
    ),
    Event(
        "shares down", (80, 1.5, 0.5), "bad",
        (
            "{whose} shares {fell} {share_pct} {price_to.down?50}",
            "{whose} shares closed down {share_pct} {price_at?50}",
            "{whose} shares did not recover from a {fall_noun} of {share_pct}",
            (0.9, "{whose} shares closed at {price} {on_exchange?40}"),
        ),
        ("a loss of {share_pct} was recorded by {whose} shares {on_exchange?50}",),
        tail=" {aside?30}",
    ),
    Event(
        "shares flat", (2, 56, 2), "",
        (
            "{whose} shares were (flat|little changed|unchanged) at {price}",
            "{whose} shares did not move {on_exchange?50}",
            (1.5, "{whose} shares closed at {price} {on_exchange?40}"),
        ),
        ("no change was recorded by {whose} shares {on_exchange?50}",),
        tail=" {aside?30}",
    ),
    Event(
        "shares volatile", (12, 40, 10), "",
        (
            "{whose} shares were volatile {on_exchange?50}",
            "{whose} shares first {rose} and then {fell} {on_exchange?30}",
            "{whose} shares first {fell} and then {rose} {on_exchange?30}",
            "trading in {whose} shares was (halted|brisk) {on_exchange?50}",
        ),
        ("a volatile day {on_exchange?40} ended with {whose} shares at {price}",),
        tail=" {aside?30}",
    ),
    Event(
        "court won", (0.6, 2, 50), "good",
        (
            "{court} dismissed a claim of {money} against {it}",
            "{court} rejected an appeal by {rival} against {it}",
            "{who} won a {dispute} against {rival}",
            "{court} ordered {competitor} to pay {money} to {it}",
            "{competitor} lost a {dispute} against {it}",
        ),
        ("a {dispute} between {it} and {competitor} ended in favour of the former",),
    ),
    Event(
        "court lost", (68, 1.5, 0.6), "bad",
        (
            "{court} dismissed a claim of {money} by {it} against {rival}",
            "{court} rejected an appeal by {it} against {rival}",
            "{who} lost a {dispute} against {rival}",
            "{court} ordered {it} to pay {money} to {rival}",
            "{competitor} won a {dispute} against {it}",
        ),
        ("a {dispute} between {it} and {competitor} ended in favour of the latter",),
    ),
    Event(
        "sued", (48, 9, 1), "",
        (
            "{competitor} sued {it} for {money} in a {dispute}",
            "{competitor} demands {money} from {it} in a {dispute}",
            "{authority} is investigating {it}",
        ),
        ("a claim of {money} against {it} was filed by {rival}",),
    ),
    Event(
        "suing", (4, 40, 6), "",
        (
            "{who} sued {rival} for {money} in a {dispute}",
            "{who} demands {money} from {rival} in a {dispute}",
            "{authority} is investigating {competitor}, which {it} had accused of price fixing",
        ),
        ("a claim of {money} against {rival} was filed by {it}",),
    ),
    Event(
        "approval", (0.3, 2, 60), "good",
        (
            "{safety_authority} approved {whose} new {product}",
            "{who} was granted a patent for its {product} in {country}",
            "{authority} ended its investigation of {it} without a fine",
            "{who} received a permit for its {plant} in {city}",
        ),
        ("approval for {whose} new {product} was given by {safety_authority}",),
    ),
    Event(
        "refusal", (62, 1.5, 0.3), "bad",
        (
            "{safety_authority} did not approve {whose} new {product}",
            "{who} was refused a patent for its {product} in {country}",
            "{authority} fined {it} {money} after an investigation",
            "{who} did not receive a permit for its {plant} in {city}",
        ),
        ("approval for {whose} new {product} was refused by {safety_authority}",),
    ),
    Event(
        "strike", (52, 2, 0.4), "bad",
        (
            "a strike stopped {whose} {plant} in {city} for {few_days} days",
            "{who} has not reached an agreement with the union in {city}",
            "a fire damaged {whose} {plant} in {city}",
        ),
        ("work at {whose} {plant} in {city} was stopped by a strike",),
    ),
    Event(
        "strike averted", (0.6, 3, 36), "good",
        (
            "a strike at {whose} {plant} in {city} was called off",
            "{who} has reached an agreement with the union in {city}",
            "{whose} {plant} in {city} reopened after a strike of {few_days} days",
        ),
        ("an end to the strike at {whose} {plant} in {city} was agreed",),
    ),
    Event(
        "recall", (58, 1.2, 0.3), "bad",
        (
            "{who} recalled {items} {product}",
            "{who} stopped deliveries of its {product} because of a fault",
            "{who} postponed the launch of its {product}",
            "{who} wrote down the value of its {unit} by {money}",
        ),
        ("a recall of {items} {product} was announced by {it}",),
    ),
    Event(
        "financing", (2, 10, 30), "",
        (
            "{who} signed a credit facility of {money} with {bank}",
            "{who} repaid a loan of {money} ahead of schedule",
            "{bank} extended a loan of {money} to {it} by (two|three) years",
        ),
        ("a credit facility of {money} was granted to {it} by {bank}",),
    ),
    Event(
        "covenant breached", (48, 1, 0.3), "bad",
        (
            "{who} breached the terms of a loan of {money}",
            "{who} asked {bank} to postpone the repayment of a loan of {money}",
            "{bank} did not extend a loan of {money} to {it}",
            "{whose} subsidiary in {country} filed for bankruptcy",
        ),
        ("the terms of a loan of {money} from {bank} were breached by {it}",),
    ),
    Event(
        "share issue", (14, 32, 8), "",
        (
            "{who} will issue {shares} new shares {at_price?50}",
            "{who} plans to raise {money} in a share issue",
        ),
        ("a share issue of {money} is being planned by {it}",),
    ),
    Event(
        "acquisition", (3, 36, 36), "",
        (
            "{who} will acquire {rival} {for_money?50}",
            "{who} acquired {a_sector} in {city} {for_money?50}",
            "{who} raised its stake in {rival} to {percent}",
            "{who} will acquire the {unit} of {rival} {for_money?50}",
        ),
        ("{rival} is being acquired by {it} {for_money?50}",),
    ),
    Event(
        "divestment", (4, 68, 8), "",
        (
            "{who} will sell its {unit} to {rival} {for_money?50}",
            "{who} sold its {plant} in {city} {for_money?50}",
            "{who} lowered its stake in {rival} to {percent}",
            "{competitor} will acquire the {unit} of {co} {for_money?50}",
        ),
        ("{whose} {unit} is being sold to {rival} {for_money?50}",),
    ),
    Event(
        "cooperation", (1, 76, 13), "",
        (
            "{who} and {rival} will develop {product} together",
            "{who} will start selling the {product} of {rival} in {country}",
            "{who} agreed on cooperation with {rival} in {product}",
        ),
        ("{product} are being developed by {it} together with {rival}",),
    ),
    Event(
        "launch", (1, 90, 9), "",
        (
            "{who} launched new {product} in {country}",
            "{who} will start deliveries of its new {product} in {month}",
            "{who} introduced new {part} for {customers}",
        ),
        ("new {part} for {customers} are being introduced by {it}",),
    ),
    Event(
        "chief executive leaves", (22, 24, 2), "",
        (
            "{person}, {role} of {co}, resigned",
            "{he} will leave {co}, where he has been {role} since {year}",
            "{she} will leave {co}, where she has been {role} since {year}",
            (1.5, "({he} will succeed {she}|{she} will succeed {he}) as {role} of {co}"),
        ),
        ("the resignation of {person} as {role} was announced by {it}",),
    ),
    Event(
        "appointment", (1, 95, 3), "",
        (
            "{who} appointed {person} as {role}",
            "{person} has been appointed {role} of {co} as of {date}",
            "{who} appointed {person}, {age}, to its management team",
            (1.5, "({he} will succeed {she}|{she} will succeed {he}) as {role} of {co}"),
        ),
        ("the appointment of {person} as {role} was announced by {it}",),
    ),
    Event(
        "calendar", (0.3, 120, 0.3), "",
        (
            "{who} will publish its {report} at {hour} on {date}",
            "{who} will hold its annual general meeting in {city} on {date}",
            "{who} will hold a press conference in {city} at {hour} on {date}",
            "{whose} (annual|interim) report is available in (Finnish and English|Swedish and English)",
        ),
        ("on {date}, {co} will present its {report} in {city}",),
        tail=" {said?30}",
    ),
    Event(
        "description", (0.3, 116, 0.6), "",
        (
            "{co} employs {staff} people in {few_days} countries",
            "{co}, founded in {founded}, makes {part} for {customers}",
            "{whose} head office is located at {street}",
            "{whose} shares are listed in {bourse}",
            "{co} has {plants} in {city_fi} and {city_abroad}",
        ),
        ("founded in {founded}, {co} makes {part} for {customers}",),
        tail="",
    ),
    Event(
        "share register", (0.4, 80, 0.5), "",
        (
            "{whose} share capital totals {money} and is divided into {shares} shares",
            "{person} now holds {shares} shares in {co}",
            "{bank} now holds {percent} of the shares in {co}",
            "{who} now holds {shares} of its own shares",
        ),
        ("a total of {shares} shares in {co} are now held by {person}",),
        tail=" {told?30}",
    ),
    Event(
        "terms", (0.4, 76, 0.6), "",
        (
            "the value of {whose} {a_contract_noun} with {customer} was not disclosed",
            "{who} did not disclose the price of its {unit}",
            "the parties agreed not to disclose the value of {whose} {a_contract_noun} with "
            "{customer}",
            "deliveries of {whose} {product} to {customer} will take place in {month}",
        ),
        ("{customer} and {co} did not disclose the value of the deal",),
        tail="",
    ),
    Event(
        "office", (0.5, 66, 1), "",
        (
            "{who} will move its head office {from_to}",
            "{who} will change its name to {new_name}",
            "{who} will change its reporting currency in {month}",
            "the annual general meeting of {co} elected {person} to the board",
        ),
        ("a move of {whose} head office {from_to} is planned",),
    ),
    Event(
        "rumours", (4, 58, 6), "",
        (
            "{who} did not comment on reports that it {plans_deal}",
            "{who} denied reports that it {plans_deal}",
            "{person}, {role} of {co}, declined to comment on the {guidance}",
        ),
        ("reports that {co} {plans_deal} were denied by {person}, {role}",),
        tail="",
    ),
)

# --- Two clauses: a pleasing and a displeasing one, and which of them counts ------------------
# {GOOD} and {BAD} name the company, {good} and {bad} say "it" or "its".

TWO_CLAUSES = {
    "good, although bad": (
        (2, 5, 190),
        (
            "{GOOD}, although {bad} {aside?35}",
            "{GOOD}, even though {bad} {aside?35}",
            "although {bad}, {GOOD} {aside?35}",
            "despite {bad_noun}, {GOOD} {aside?35}",
        ),
        ("it is true that {BAD}, but what counts is that {good}",),
    ),
    "bad, although good": (
        (190, 5, 2),
        (
            "{BAD}, although {good} {aside?35}",
            "{BAD}, even though {good} {aside?35}",
            "although {good}, {BAD} {aside?35}",
            "despite {good_noun}, {BAD} {aside?35}",
        ),
        ("it is true that {GOOD}, but what counts is that {bad}",),
    ),
    "good, but bad": ((200, 5, 3), ("{GOOD}, but {bad} {aside?35}",), ("{GOOD}; on the other hand, {bad}",)),
    "bad, but good": ((3, 5, 200), ("{BAD}, but {good} {aside?35}",), ("{BAD}; on the other hand, {good}",)),
    "good while bad": (
        (16, 36, 16),
        ("{GOOD}, while {bad} {aside?35}", "{BAD}, while {good} {aside?35}"),
        ("at the same time as {GOOD}, {bad}", "at the same time as {BAD}, {good}"),
    ),
    "good and good": ((1, 2, 200), ("{GOOD}, and {good} {aside?35}",), ("{GOOD}; what is more, {good}",)),
    "bad and bad": ((200, 2, 1), ("{BAD}, and {bad} {aside?35}",), ("{BAD}; what is more, {bad}",)),
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
PEOPLE_FIRST_HE = "Mikko Antti Lars Jens Henrik Olli Peter Erik Juha Magnus Timo Kari Nils Anders Petri Sven".split()
PEOPLE_FIRST_SHE = "Anna Kirsi Maria Ingrid Hanna Karin Liisa Eva Sofia Helle Tiina Paula Marit Birgit Outi Lena".split()
PEOPLE_LAST = (
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


def build_rules() -> dict[str, list]:
    """Every rule of the wording that both template sets share."""
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
            "heat exchangers;compressors;measuring instruments;control systems;boilers;welding robots"
        ).split(";"),
        "part": (
            "electric motors;cables;pumps;valves;conveyors;batteries;heat exchangers;compressors;"
            "measuring instruments;control systems;boilers;welding robots"
        ).split(";"),
        "plant": ["(factory|assembly plant|workshop|foundry|warehouse|research centre|service centre)"],
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
        "he_first": PEOPLE_FIRST_HE,
        "she_first": PEOPLE_FIRST_SHE,
        "last": PEOPLE_LAST,
        "role": ["(chief executive|chief financial officer|chairman|head of research|sales director)"],
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
    by, by_small = ("{by_points}", "{by_few_points}") if amount == "percent" else (
        "{by}", "{by_small}"
    )
    if change == "moved":
        open_ = [
            (4, f"{verb} {by}"),
            (2, f"{verb} {{clearly}}"),
            (1, f"<was> {way} {{pct}} {{year_on_year}}" if amount != "percent" else
             f"<was> clearly {comparative} than a year earlier"),
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
    "up": ("{company} failed to (increase|raise) its N {period?75}", "{co}'s N failed to RISE {period?75}"),
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
            by, sized = ("{by_points}", "{of_points}") if entry.amount == "percent" else (
                "{by}", "{of_pct}"
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
                    ("{by_points?50}", "{of_points?40}") if entry.amount == "percent"
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
        remaining = iter(groups)
        clause = _CLAUSE.sub(lambda match: f"{{{match[1]} {next(remaining)}}}", template)  # noqa: B023
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
