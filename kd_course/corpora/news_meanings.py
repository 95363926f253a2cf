"""What financial news says: the meanings, and how often each label says each of them.

Read from the top: PRIOR and SHARES say how often each label occurs and what it talks about;
CHANGES, EVENTS and TWO_CLAUSES say how often a negative, a neutral and a positive sentence means
each thing (columns in that order; only ratios within a column count). This is all the say the
label has: the words of a meaning do not depend on it. Where the columns overlap a reader hesitates
as well: a restructuring is bad news, good news or just news.
"""

from __future__ import annotations

from dataclasses import dataclass

PRIOR = (0.25, 0.45, 0.30)  # negative, neutral, positive

# Of the sentences of a label, how many speak of a figure, of an event, of two things at once.
SHARES = {
    "figure": (0.50, 0.34, 0.47),
    "event": (0.26, 0.61, 0.29),
    "two clauses": (0.24, 0.05, 0.24),
}

# --- Figures: a topic and what became of it -----------------------------------------------------


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
        "up",
        (28, 24, 28),
        "money",
        (
            "operating profit",
            "net profit",
            "pretax profit",
            "gross profit",
            "operating result",
            "profit before taxes",
        ),
        ("operating earnings", "pretax earnings"),
    ),
    "sales": Topic(
        "up",
        (22, 24, 24),
        "money",
        ("turnover", "revenue", "order intake", "order book", "operating cash flow"),
        ("net sales", "export sales", "new orders"),
    ),
    "earnings per share": Topic("up", (5, 5, 5), "per share", (), ("earnings per share",)),
    "margin": Topic(
        "up",
        (8, 8, 9),
        "percent",
        (
            "operating margin",
            "market share",
            "equity ratio",
            "return on capital employed",
            "gross margin",
        ),
        (),
    ),
    "loss": Topic(
        "down",
        (11, 8, 9),
        "money",
        ("operating loss", "net loss", "pretax loss", "loss before taxes"),
        ("credit losses",),
    ),
    "costs": Topic(
        "down",
        (12, 14, 12),
        "money",
        ("interest expense", "energy bill", "wage bill"),
        (
            "operating costs",
            "fixed costs",
            "staff costs",
            "raw material costs",
            "administrative expenses",
        ),
    ),
    "debt": Topic(
        "down",
        (8, 11, 8),
        "money",
        ("net debt", "interest-bearing debt"),
        ("interest-bearing liabilities",),
    ),
    "trouble": Topic(
        "down",
        (6, 6, 5),
        "none",
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
    "",
    (0, 0, 0),
    "none",
    (
        "headcount",
        "effective tax rate",
        "capital expenditure",
        "floor space",
        "export share",
        "advertising spend",
    ),
    ("research expenses", "travel expenses", "inventories"),
)
SIDE_CHANGES = {
    "up": (4, 74, 6),
    "down": (6, 74, 4),
    "flat": (1, 60, 1),
    "expected to go up": (2, 36, 2),
    "expected to go down": (2, 36, 2),
}

# --- Events -------------------------------------------------------------------------------------
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
        "contract won",
        (1, 2, 95),
        "good",
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
        "contract lost",
        (95, 1.5, 0.6),
        "bad",
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
        "order cancelled",
        (48, 1, 0.3),
        "bad",
        (
            "{customer} cancelled {an_order} {worth?60} from {it}",
            "{customer} terminated its {a_contract_noun} with {it}",
        ),
        ("{an_order} {worth?60} that {it} had received from {customer} was cancelled",),
    ),
    Event(
        "letter of intent",
        (1, 24, 24),
        "",
        (
            "{who} signed a letter of intent with {customer} on {a_contract_short} {worth?50}",
            "{who} may win {a_contract} {worth?60} from {customer}",
            "{who} is negotiating with {customer} on {a_contract_short} {worth?50}",
        ),
        ("a letter of intent on {a_contract_short} was signed by {customer} and {it}",),
    ),
    Event(
        "plant opened",
        (0.6, 3, 60),
        "good",
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
        "plant closed",
        (75, 2.5, 0.6),
        "bad",
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
        "hiring",
        (0.6, 3, 48),
        "good",
        (
            "{who} will hire {few} (people|engineers|new employees) in {city}",
            "{who} called back {few} employees to its {plant} in {city}",
            "{who} will not lay off employees in {city}",
            "{who} no longer plans to lay off employees at its {plant} in {city}",
        ),
        ("{few} new jobs are being created by {it} in {city}",),
    ),
    Event(
        "layoffs",
        (100, 2, 0.6),
        "bad",
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
        "savings",
        (4, 10, 40),
        "",
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
        "restructuring",
        (26, 26, 14),
        "",
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
        "dividend raised",
        (0.6, 2, 48),
        "good",
        (
            "{whose} board proposed a dividend of {dividend.up}",
            "{who} raised its dividend {dividend_to.up?60}",
            "{who} will pay a higher dividend than a year earlier",
        ),
        ("{whose} board wants to pay a dividend of {dividend.up}",),
    ),
    Event(
        "dividend cut",
        (62, 1.5, 0.5),
        "bad",
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
        "dividend kept",
        (3, 56, 4),
        "",
        (
            "{who} kept its dividend at {eps} per share",
            "{whose} board proposed an unchanged dividend of {eps} per share",
            "{who} will pay a dividend of {eps} per share on {date}",
        ),
        ("the same dividend as a year earlier, {eps} per share, is proposed by {whose} board",),
    ),
    Event(
        "buyback",
        (1, 10, 24),
        "",
        (
            "{who} will buy back up to {shares} of its own shares",
            "{who} will buy back its own shares for up to {money}",
            "{whose} board decided to start buying back the company's own shares",
        ),
        ("up to {shares} shares are to be bought back by {it}",),
    ),
    Event(
        "guidance raised",
        (1, 1.5, 70),
        "good",
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
        "guidance lowered",
        (105, 1.5, 1),
        "bad",
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
        "guidance kept",
        (3, 85, 5),
        "",
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
        "rating raised",
        (1, 2, 62),
        "good",
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
        "rating lowered",
        (72, 1, 0.5),
        "bad",
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
        "rating kept",
        (2, 72, 4),
        "",
        (
            "{bank} repeated its {hold} recommendation on {it}",
            "{bank} kept its target price for {it} unchanged at {price}",
            "{bank} started its coverage of {it} with a {hold} recommendation",
            (0.8, "{bank} {revised} its {opinion} on {it}"),
        ),
        ("{it} is still rated {hold} by {bank}",),
    ),
    Event(
        "shares up",
        (1, 2.5, 66),
        "good",
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
        "shares down",
        (80, 1.5, 0.5),
        "bad",
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
        "shares flat",
        (2, 56, 2),
        "",
        (
            "{whose} shares were (flat|little changed|unchanged) at {price}",
            "{whose} shares did not move {on_exchange?50}",
            (1.5, "{whose} shares closed at {price} {on_exchange?40}"),
        ),
        ("no change was recorded by {whose} shares {on_exchange?50}",),
        tail=" {aside?30}",
    ),
    Event(
        "shares volatile",
        (12, 40, 10),
        "",
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
        "court won",
        (0.6, 2, 50),
        "good",
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
        "court lost",
        (68, 1.5, 0.6),
        "bad",
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
        "sued",
        (48, 9, 1),
        "",
        (
            "{competitor} sued {it} for {money} in a {dispute}",
            "{competitor} demands {money} from {it} in a {dispute}",
            "{authority} is investigating {it}",
        ),
        ("a claim of {money} against {it} was filed by {rival}",),
    ),
    Event(
        "suing",
        (4, 40, 6),
        "",
        (
            "{who} sued {rival} for {money} in a {dispute}",
            "{who} demands {money} from {rival} in a {dispute}",
            "{authority} is investigating {competitor}, which {it} had accused of price fixing",
        ),
        ("a claim of {money} against {rival} was filed by {it}",),
    ),
    Event(
        "approval",
        (0.3, 2, 60),
        "good",
        (
            "{safety_authority} approved {whose} new {product}",
            "{who} was granted a patent for its {product} in {country}",
            "{authority} ended its investigation of {it} without a fine",
            "{who} received a permit for its {plant} in {city}",
        ),
        ("approval for {whose} new {product} was given by {safety_authority}",),
    ),
    Event(
        "refusal",
        (62, 1.5, 0.3),
        "bad",
        (
            "{safety_authority} did not approve {whose} new {product}",
            "{who} was refused a patent for its {product} in {country}",
            "{authority} fined {it} {money} after an investigation",
            "{who} did not receive a permit for its {plant} in {city}",
        ),
        ("approval for {whose} new {product} was refused by {safety_authority}",),
    ),
    Event(
        "strike",
        (52, 2, 0.4),
        "bad",
        (
            "a strike stopped {whose} {plant} in {city} for {few_days} days",
            "{who} has not reached an agreement with the union in {city}",
            "a fire damaged {whose} {plant} in {city}",
        ),
        ("work at {whose} {plant} in {city} was stopped by a strike",),
    ),
    Event(
        "strike averted",
        (0.6, 3, 36),
        "good",
        (
            "a strike at {whose} {plant} in {city} was called off",
            "{who} has reached an agreement with the union in {city}",
            "{whose} {plant} in {city} reopened after a strike of {few_days} days",
        ),
        ("an end to the strike at {whose} {plant} in {city} was agreed",),
    ),
    Event(
        "recall",
        (58, 1.2, 0.3),
        "bad",
        (
            "{who} recalled {items} {product}",
            "{who} stopped deliveries of its {product} because of a fault",
            "{who} postponed the launch of its {product}",
            "{who} wrote down the value of its {unit} by {money}",
        ),
        ("a recall of {items} {product} was announced by {it}",),
    ),
    Event(
        "financing",
        (2, 10, 30),
        "",
        (
            "{who} signed a credit facility of {money} with {bank}",
            "{who} repaid a loan of {money} ahead of schedule",
            "{bank} extended a loan of {money} to {it} by (two|three) years",
        ),
        ("a credit facility of {money} was granted to {it} by {bank}",),
    ),
    Event(
        "covenant breached",
        (48, 1, 0.3),
        "bad",
        (
            "{who} breached the terms of a loan of {money}",
            "{who} asked {bank} to postpone the repayment of a loan of {money}",
            "{bank} did not extend a loan of {money} to {it}",
            "{whose} subsidiary in {country} filed for bankruptcy",
        ),
        ("the terms of a loan of {money} from {bank} were breached by {it}",),
    ),
    Event(
        "share issue",
        (14, 32, 8),
        "",
        (
            "{who} will issue {shares} new shares {at_price?50}",
            "{who} plans to raise {money} in a share issue",
        ),
        ("a share issue of {money} is being planned by {it}",),
    ),
    Event(
        "acquisition",
        (3, 36, 36),
        "",
        (
            "{who} will acquire {rival} {for_money?50}",
            "{who} acquired {a_sector} in {city} {for_money?50}",
            "{who} raised its stake in {rival} to {percent}",
            "{who} will acquire the {unit} of {rival} {for_money?50}",
        ),
        ("{rival} is being acquired by {it} {for_money?50}",),
    ),
    Event(
        "divestment",
        (4, 68, 8),
        "",
        (
            "{who} will sell its {unit} to {rival} {for_money?50}",
            "{who} sold its {plant} in {city} {for_money?50}",
            "{who} lowered its stake in {rival} to {percent}",
            "{competitor} will acquire the {unit} of {co} {for_money?50}",
        ),
        ("{whose} {unit} is being sold to {rival} {for_money?50}",),
    ),
    Event(
        "cooperation",
        (1, 76, 13),
        "",
        (
            "{who} and {rival} will develop {product} together",
            "{who} will start selling the {product} of {rival} in {country}",
            "{who} agreed on cooperation with {rival} in {product}",
        ),
        ("{product} are being developed by {it} together with {rival}",),
    ),
    Event(
        "launch",
        (1, 90, 9),
        "",
        (
            "{who} launched new {product} in {country}",
            "{who} will start deliveries of its new {product} in {month}",
            "{who} introduced new {part} for {customers}",
        ),
        ("new {part} for {customers} are being introduced by {it}",),
    ),
    Event(
        "chief executive leaves",
        (22, 24, 2),
        "",
        (
            "{person}, {role} of {co}, resigned",
            "{he} will leave {co}, where he has been {role} since {year}",
            "{she} will leave {co}, where she has been {role} since {year}",
            (1.5, "({he} will succeed {she}|{she} will succeed {he}) as {role} of {co}"),
        ),
        ("the resignation of {person} as {role} was announced by {it}",),
    ),
    Event(
        "appointment",
        (1, 95, 3),
        "",
        (
            "{who} appointed {person} as {role}",
            "{person} has been appointed {role} of {co} as of {date}",
            "{who} appointed {person}, {age}, to its management team",
            (1.5, "({he} will succeed {she}|{she} will succeed {he}) as {role} of {co}"),
        ),
        ("the appointment of {person} as {role} was announced by {it}",),
    ),
    Event(
        "calendar",
        (0.3, 120, 0.3),
        "",
        (
            "{who} will publish its {report} at {hour} on {date}",
            "{who} will hold its annual general meeting in {city} on {date}",
            "{who} will hold a press conference in {city} at {hour} on {date}",
            "{whose} (annual|interim) report is available in "
            "(Finnish and English|Swedish and English)",
        ),
        ("on {date}, {co} will present its {report} in {city}",),
        tail=" {said?30}",
    ),
    Event(
        "description",
        (0.3, 116, 0.6),
        "",
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
        "share register",
        (0.4, 80, 0.5),
        "",
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
        "terms",
        (0.4, 76, 0.6),
        "",
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
        "office",
        (0.5, 66, 1),
        "",
        (
            "{who} will move its head office {from_to}",
            "{who} will change its name to {new_name}",
            "{who} will change its reporting currency in {month}",
            "the annual general meeting of {co} elected {person} to the board",
        ),
        ("a move of {whose} head office {from_to} is planned",),
    ),
    Event(
        "rumours",
        (4, 58, 6),
        "",
        (
            "{who} did not comment on reports that it {plans_deal}",
            "{who} denied reports that it {plans_deal}",
            "{person}, {role} of {co}, declined to comment on the {guidance}",
        ),
        ("reports that {co} {plans_deal} were denied by {person}, {role}",),
        tail="",
    ),
)

# --- Two clauses: a pleasing and a displeasing one, and which of them counts --------------------
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
    "good, but bad": (
        (200, 5, 3),
        ("{GOOD}, but {bad} {aside?35}",),
        ("{GOOD}; on the other hand, {bad}",),
    ),
    "bad, but good": (
        (3, 5, 200),
        ("{BAD}, but {good} {aside?35}",),
        ("{BAD}; on the other hand, {good}",),
    ),
    "good while bad": (
        (16, 36, 16),
        ("{GOOD}, while {bad} {aside?35}", "{BAD}, while {good} {aside?35}"),
        ("at the same time as {GOOD}, {bad}", "at the same time as {BAD}, {good}"),
    ),
    "good and good": (
        (1, 2, 200),
        ("{GOOD}, and {good} {aside?35}",),
        ("{GOOD}; what is more, {good}",),
    ),
    "bad and bad": (
        (200, 2, 1),
        ("{BAD}, and {bad} {aside?35}",),
        ("{BAD}; what is more, {bad}",),
    ),
}
